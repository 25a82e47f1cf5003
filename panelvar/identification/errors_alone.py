"""Shocks to one reduced-form error: by itself, or with what the others do on average at the same time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from panelvar.base.arrays import Array
from panelvar.base.unknown_arguments import answering

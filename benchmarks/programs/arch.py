"""Arch: unit roots."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from arch.unitroot import ADF

from benchmarks.programs.answers import Call

JOBS: dict[str, Callable[[Any], Call]] = {
    "ADF": lambda series: lambda: {"statistic": np.array([ADF(series, lags=8).stat])},
}

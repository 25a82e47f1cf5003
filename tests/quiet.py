"""Calls of which a test looks at something else than the warnings."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import panelvar as pv


def quietly(call: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Call without the library's warnings; any other fails the test."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return call(*args, **options)

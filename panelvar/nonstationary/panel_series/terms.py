"""Deterministic terms of panel tests, in words and numbers."""

from __future__ import annotations

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.nonstationary.unit_roots.one_series import check_trend

WORDS = {"n": "none", "c": "a constant by entity", "ct": "a constant and a trend by entity"}
"""What the terms of each entity are called."""

NULL = "every entity has a unit root"
SOME = "some entities are stationary"
ALL = "all entities are stationary, with one root"


def check_terms(trend: str, allowed: tuple[str, ...] = ("n", "c", "ct")) -> str:
    """Return a choice of terms, or say what was meant."""
    return check_trend(trend, allowed)


def detrend(values: Array, powers: int) -> Array:
    """Residuals of (N, T) on a constant, or a constant and a trend, entity by entity."""
    time = np.linspace(-1.0, 1.0, values.shape[1])
    terms = np.linalg.qr(time[:, None] ** np.arange(powers))[0]
    left = values - (values @ terms) @ terms.T
    # Once more: the first projection rounds on the scale of the levels.
    return np.asarray(left - (left @ terms) @ terms.T)

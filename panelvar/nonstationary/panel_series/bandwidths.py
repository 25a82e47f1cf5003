"""Bandwidths of the long-run variances of a panel's entities."""

from __future__ import annotations

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.kernels.linear.lag_windows import bandwidth_by_rule
from panelvar.nonstationary.unit_roots.one_series import read_bandwidth


def entity_bandwidths(residuals: Array, bandwidth: float | str, kernel: str) -> Array:
    """Bandwidth of each of N series (N, T): one number for all, or by a rule."""
    width = read_bandwidth(bandwidth, kernel, residuals.shape[1])
    if isinstance(width, str):
        return bandwidth_by_rule(residuals[..., None], width, kernel)
    return np.full(len(residuals), width)


def bandwidths_in_words(widths: Array, rule: float | str) -> str:
    """The bandwidths used, and by which rule."""
    low, high = float(widths.min()), float(widths.max())
    text = f"{low:g}" if low == high else f"{low:g} to {high:g}"
    return text if not isinstance(rule, str) else f"{text} ({rule})"

"""How far Brownian processes stray: the limits of fluctuation tests, by closed forms and by simulated quantiles."""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.constants import constants
from panelvar.core.base.errors import SpecificationError

WIDEST = (0.05, 0.5)
"""Shares of the sample over which the largest increments of the limits are tabulated."""


def tail(value: float, process: str, window: float | None, dimensions: int = 1) -> float:
    """P that any of so many independent processes of constant coefficients strays so far."""
    if window is None:
        outside = motion_tail(value) if process == "motion" else bridge_tail(value)
    else:
        windows, tails, quantiles = _increments()[process.split()[0]]
        at = np.array([np.interp(window, windows, column) for column in quantiles.T])
        outside = float(np.interp(value, at, tails))
    # 1 - (1 - p)^k without the digits that a small p would lose.
    return -math.expm1(dimensions * math.log1p(-outside)) if outside < 1.0 else 1.0


@cache
def _increments() -> dict[str, tuple[Array, Array, Array]]:
    """By process: windows, tail probabilities, and quantiles (windows, tails) of the largest absolute increment."""
    out = {}
    for name in ("bridge", "motion"):
        rows = [row for row in constants("systems/diagnostics", "mosum_quantiles") if row.pop("process") == name]
        cells = np.array([list(row.values()) for row in rows], dtype=np.float64)
        out[name] = (cells[:, 0], np.array(list(rows[0])[1:], dtype=np.float64), cells[:, 1:])
    return out


def height(level: float, process: str, window: float | None, dimensions: int = 1) -> float:
    """What so many independent processes of constant coefficients stay within with a probability.

    Raises
    ------
    SpecificationError
        The probability is beyond the simulated quantiles.
    """
    size = 1.0 - level
    low, high = 0.05, 4.0
    if window is not None and size < (least := tail(np.inf, process, window, dimensions)) * (1.0 - 1e-9):
        several = "" if dimensions == 1 else f" of {dimensions} processes"
        raise SpecificationError(
            f"level={level:g}: the distribution of increments{several} is known up to a probability of "
            f"{1.0 - least:.4g}. Take a lower level, or fewer coefficients."
        )
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if tail(middle, process, window, dimensions) > size else (low, middle)
    return high


def motion_tail(height: float) -> float:
    r"""P that a Brownian motion on [0, 1] leaves :math:`\pm\lambda(1 + 2t)`.

    Doob's (1949) sum of images over the distribution of the end:

    .. math:: 1 - \sum_{k=-\infty}^{\infty} (-1)^k e^{-4k^2\lambda^2}
        \left[\Phi\left((3 - 2k)\lambda\right) - \Phi\left((-3 - 2k)\lambda\right)\right]
    """
    from scipy.special import ndtr

    if height < 0.05:
        # The series has not settled yet; the motion has left the lines to more digits than there are.
        return 1.0
    k = np.arange(-150, 151)
    inside = (-1.0) ** k * np.exp(-4.0 * k**2 * height**2) * (ndtr((3 - 2 * k) * height) - ndtr((-3 - 2 * k) * height))
    return float(min(1.0, max(0.0, 1.0 - inside.sum())))


def bridge_tail(maximum: float) -> float:
    r"""P that a Brownian bridge's largest absolute value exceeds a number: :math:`2\sum_k (-1)^{k+1} e^{-2k^2x^2}`."""
    if maximum < 0.2:
        # The series has not settled yet, and the probability is one to more digits than there are.
        return 1.0
    k = np.arange(1, 101)
    return float(min(1.0, 2.0 * np.sum((-1.0) ** (k + 1) * np.exp(-2.0 * k**2 * maximum**2))))

r"""One autoregressive root for all entities of a panel without its factors, and the variances that correct it.

Of levels :math:`Y` and lagged levels :math:`Y_{-1}` (T, N), the pooled root is
:math:`\hat\rho = tr(Y_{-1}'Y) / tr(Y_{-1}'Y_{-1})`. What it leaves of each entity has a variance :math:`\sigma_i^2`, a
long-run variance :math:`\omega_i^2` and half their difference, :math:`\lambda_i`.

References: Moon and Perron (2004), Journal of Econometrics 122, 81-126; Bai and Ng (2010), Econometric Theory 26,
1088-1114.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from panelvar.base.arrays import Array
from panelvar.base.errors import choose
from panelvar.kernels.lag_windows import KERNELS, RULES
from panelvar.kernels.long_run import prewhitened_covariance
from panelvar.unit_roots.one_series import read_bandwidth


class PooledRoot(NamedTuple):
    r"""Sums over entities, and averages of their variances.

    Attributes
    ----------
    rows, entities : int
    cross, squares : float
        :math:`tr(Y_{-1}'Y)` and :math:`tr(Y_{-1}'Y_{-1})`.
    short, long, fourth : float
        Averages of :math:`\sigma_i^2`, :math:`\omega_i^2` and :math:`\omega_i^4`.
    bandwidths : array (N,)
        Of the long-run variances.
    """

    rows: int
    entities: int
    cross: float
    squares: float
    short: float
    long: float
    fourth: float
    bandwidths: Array

    @property
    def scale(self) -> float:
        r""":math:`\sqrt N\,T`."""
        return math.sqrt(self.entities) * self.rows

    @property
    def one_sided(self) -> float:
        r"""Average of :math:`\lambda_i`."""
        return 0.5 * (self.long - self.short)

    @property
    def root(self) -> float:
        r""":math:`\hat\rho`."""
        return self.cross / self.squares

    def less(self, bias: float) -> float:
        """The root without a bias of each product of a level and the one before."""
        return (self.cross - self.entities * self.rows * bias) / self.squares

    def by_variance(self, root: float, variance: float) -> float:
        """Distance of a root from one over the deviation that it has in the limit."""
        return self.scale * (root - 1.0) / math.sqrt(variance)

    def by_squares(self, root: float, precision: float) -> float:
        """Distance of a root from one, over a deviation with the panel's own sum of squares."""
        return self.scale * (root - 1.0) * math.sqrt(self.squares / self.scale**2 * precision)


def pooled_root(levels: Array, kernel: str, bandwidth: float | str, root: float | None = None) -> PooledRoot:
    """Add up what the pooled root of levels (T + 1, N) needs, with the variances of what it leaves, or another root.

    Long-run variances are prewhitened (Andrews and Monahan 1992).
    """
    before, now = levels[:-1], levels[1:]
    cross, squares = float((before * now).sum()), float(np.square(before).sum())
    residuals = now - (cross / squares if root is None else root) * before
    widths: float | str = bandwidth
    if not isinstance(bandwidth, str):
        widths = read_bandwidth(bandwidth, kernel, len(residuals))
    found = prewhitened_covariance(residuals.T[..., None], kernel, widths)
    short, long = (np.asarray(each)[:, 0, 0] for each in (found.contemporaneous, found.two_sided))
    return PooledRoot(
        len(now),
        now.shape[1],
        cross,
        squares,
        float(short.mean()),
        float(long.mean()),
        float(np.square(long).mean()),
        found.bandwidth,
    )


def check_long_run(kernel: str, bandwidth: float | str) -> None:
    """Say what a kernel or a rule for its bandwidth may be."""
    choose("kernel", kernel, KERNELS)
    if isinstance(bandwidth, str):
        choose("bandwidth", bandwidth, RULES)

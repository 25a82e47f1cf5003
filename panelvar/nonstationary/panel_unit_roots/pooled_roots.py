r"""Panels without their factors: how many these are, and one autoregressive root for all that is left.

Of levels :math:`Y` and lagged levels :math:`Y_{-1}` (T, N), the pooled root is
:math:`\hat\rho = tr(Y_{-1}'Y) / tr(Y_{-1}'Y_{-1})`. What it leaves of each entity has a variance :math:`\sigma_i^2`, a
long-run variance :math:`\omega_i^2` and half their difference, :math:`\lambda_i`. Several panels are (..., T, N): dots
stand for panels or nothing.

References: Moon and Perron (2004), Journal of Econometrics 122, 81-126; Bai and Ng (2010), Econometric Theory 26,
1088-1114.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from panelvar.core.base.arguments import read_whole
from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import (
    CollinearityError,
    InsufficientDataError,
    NumericalError,
    SpecificationError,
    choose,
)
from panelvar.kernels.linear.common_trends import counted
from panelvar.kernels.linear.lag_windows import KERNELS, RULES
from panelvar.kernels.linear.long_run import prewhitened_covariance
from panelvar.kernels.linear.principal_components import CRITERIA
from panelvar.nonstationary.panel_series.panel_series import PanelSeries
from panelvar.nonstationary.unit_roots.one_series import deterministic, read_bandwidth

MOST_FACTORS = 5
"""The most factors that a criterion may find if max_factors= is not given; fewer where entities or periods are few."""


class PooledRoot(NamedTuple):
    r"""Sums over entities, and averages of their variances.

    Attributes
    ----------
    rows, entities : int
    cross, squares : array (...)
        :math:`tr(Y_{-1}'Y)` and :math:`tr(Y_{-1}'Y_{-1})`.
    variances, long_run, bandwidths : arrays (..., N)
        :math:`\sigma_i^2`, :math:`\omega_i^2`, and the bandwidth of each.
    """

    rows: int
    entities: int
    cross: Array
    squares: Array
    variances: Array
    long_run: Array
    bandwidths: Array

    @property
    def short(self) -> Array:
        r"""Average of :math:`\sigma_i^2`."""
        return np.asarray(self.variances.mean(axis=-1))

    @property
    def long(self) -> Array:
        r"""Average of :math:`\omega_i^2`."""
        return np.asarray(self.long_run.mean(axis=-1))

    @property
    def fourth(self) -> Array:
        r"""Average of :math:`\omega_i^4`."""
        return np.asarray(np.square(self.long_run).mean(axis=-1))

    @property
    def scale(self) -> float:
        r""":math:`\sqrt N\,T`."""
        return math.sqrt(self.entities) * self.rows

    @property
    def one_sided(self) -> Array:
        r"""Average of :math:`\lambda_i`."""
        return 0.5 * (self.long - self.short)

    @property
    def root(self) -> Array:
        r""":math:`\hat\rho`."""
        return self.cross / self.squares

    def less(self, bias: Array) -> Array:
        """The root after each product of a level and the one before has lost a bias."""
        return (self.cross - self.entities * self.rows * bias) / self.squares

    def by_variance(self, root: Array, variance: Array) -> Array:
        """Distance of a root from one over the deviation that it has in the limit."""
        return self.scale * (root - 1.0) / np.sqrt(variance)

    def by_squares(self, root: Array, precision: Array) -> Array:
        """Distance of a root from one, over a deviation with the panel's own sum of squares."""
        return self.scale * (root - 1.0) * np.sqrt(self.squares / self.scale**2 * precision)


def plain_root(levels: Array) -> Array:
    r""":math:`\hat\rho` (...) of levels (..., T + 1, N), as it is."""
    before, now = levels[..., :-1, :], levels[..., 1:, :]
    return np.asarray((before * now).sum(axis=(-2, -1)) / np.square(before).sum(axis=(-2, -1)))


def pooled_root(
    levels: Array, kernel: str, bandwidth: float | str, *, root: Array | None = None, lost: int = 0
) -> PooledRoot:
    """Add up what the pooled root of levels (..., T + 1, N) needs, with the variances of what that root leaves.

    Another root may be given. Long-run variances are prewhitened (Andrews and Monahan 1992); squares are divided by
    rows less those lost.
    """
    before, now = levels[..., :-1, :], levels[..., 1:, :]
    residuals = now - (plain_root(levels) if root is None else root)[..., None, None] * before
    rows, entities = now.shape[-2:]
    widths = read_bandwidth(bandwidth, kernel, rows)
    across = np.ascontiguousarray(residuals.swapaxes(-2, -1))
    found = prewhitened_covariance(across[..., None], kernel, widths, divisor=float(rows - lost))
    return PooledRoot(
        rows,
        entities,
        (before * now).sum(axis=(-2, -1)),
        np.square(before).sum(axis=(-2, -1)),
        found.contemporaneous[..., 0, 0],
        found.two_sided[..., 0, 0],
        found.bandwidth,
    )


def check_long_run(kernel: str, bandwidth: float | str) -> None:
    """Say what a kernel or a rule for its bandwidth may be."""
    choose("kernel", kernel, KERNELS)
    if isinstance(bandwidth, str):
        choose("bandwidth", bandwidth, RULES)


def number_of_factors(
    panel: Array, rank: int, factors: int | None, criterion: str, max_factors: int | None
) -> tuple[int, str]:
    """How many factors a panel (T, N) of some rank has, and how that was found, in words."""
    counts, how = numbers_of_factors(panel, rank, factors, criterion, max_factors)
    return int(counts), how


def numbers_of_factors(
    panel: Array, rank: int, factors: int | None, criterion: str, max_factors: int | None
) -> tuple[Positions, str]:
    """How many factors panels (..., T, N) of some rank have, (...), and how that was found, in words."""
    choose("criterion", criterion, CRITERIA)
    if factors is None:
        most = (
            max(min(MOST_FACTORS, rank // 3), 1) if max_factors is None else read_whole("max_factors", max_factors, 1)
        )
        _refuse_too_many("max_factors", most, rank, panel)
        return counted(panel, most).chosen[criterion], f" ({criterion}, 0 to {most})"
    if max_factors is not None:
        raise SpecificationError(
            "max_factors= applies when a criterion finds the number of factors. You gave the number by factors=."
        )
    count = read_whole("factors", factors, 0)
    _refuse_too_many("factors", count, rank, panel)
    return np.full(panel.shape[:-2], count, dtype=np.intp), ""


def _refuse_too_many(option: str, count: int, rank: int, panel: Array) -> None:
    if count >= rank:
        rows, entities = panel.shape[-2:]
        raise InsufficientDataError(
            f"{option}={count} is too many. So many factors leave nothing of {entities} entities with {rows} changes. "
            f"Take fewer than {rank}."
        )


def refuse_without_changes(series: PanelSeries, left: Array, levels: Array) -> None:
    """Refuse entities that are rounding once their terms are out: lines."""
    text = "{entity} changes by its terms alone, so nothing is left to test."
    series.refuse(deterministic(left.T, levels.T), NumericalError, text)


def refuse_without_own_part(series: PanelSeries, own: Array, panel: Array, count: int) -> None:
    """Refuse entities that are combinations of so many factors."""
    series.refuse(
        deterministic(own.T, panel.T),
        CollinearityError,
        f"{{entity}} is a combination of {count_of(count, 'factor')}. In all, {{lost}} of {{all}} entities have no "
        "part beside the factors. Take fewer factors.",
    )

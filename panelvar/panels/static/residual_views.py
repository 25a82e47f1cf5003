"""The numbers in figures of residuals: normal scores with limits, means along fitted values, quantiles by level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import InsufficientDataError, NumericalError
from panelvar.data.formulas.design import Design

if TYPE_CHECKING:
    import pandas as pd

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_FEWEST = 5
"""The fewest rows of a mean of residuals."""


@dataclass(frozen=True, eq=False)
class NormalScores:
    """Standardised residuals in order, beside the values expected of a normal sample.

    Attributes
    ----------
    expected, observed : (n,) arrays
        Normal scores; residuals less their mean over their standard deviation.
    lower, upper : (n,) arrays
        Limits of each order statistic of a normal sample by itself.
    """

    expected: Array
    observed: Array
    lower: Array
    upper: Array


def standardised(residuals: Array) -> Array:
    """Residuals less their mean over their standard deviation.

    Raises
    ------
    InsufficientDataError
        If there are fewer than three.
    NumericalError
        If they do not vary.
    """
    if len(residuals) < 3:
        raise InsufficientDataError(
            f"{count_of(len(residuals), 'residual has', 'residuals have')} no distribution to look at. Three are "
            "needed."
        )
    deviations = residuals - residuals.mean()
    largest = np.abs(deviations).max()
    if not largest > 0.0:
        raise NumericalError("The residuals are zero, as after an exact fit, so they have no distribution to look at.")
    # In units of the largest deviation, squares stay in range.
    scaled = deviations / largest
    out: Array = scaled / np.sqrt(scaled @ scaled / (len(residuals) - 1))
    return out


def normal_scores(residuals: Array, level: float) -> NormalScores:
    r"""Put standardised residuals beside normal scores.

    The scores are :math:`\Phi^{-1}((i - 3/8) / (n + 1/4))` (Blom 1958); the i-th of n uniform values is
    Beta(i, n + 1 - i), whose quantiles give the limits.
    """
    from scipy.special import betaincinv, ndtri

    values = standardised(residuals)
    n = len(values)
    ranks = np.arange(1.0, n + 1.0)
    tails = 0.5 - 0.5 * level, 0.5 + 0.5 * level
    lower, upper = (np.asarray(ndtri(betaincinv(ranks, n + 1.0 - ranks, tail)), dtype=np.float64) for tail in tails)
    return NormalScores(ndtri((ranks - 0.375) / (n + 0.25)), np.sort(values), lower, upper)


@dataclass(frozen=True, eq=False)
class BinnedMeans:
    """Means of residuals along something.

    Attributes
    ----------
    places, means, errors : (m,) arrays
        Mean of what they lie along, mean residual, and its standard error, in each bin.
    """

    places: Array
    means: Array
    errors: Array


def binned_means(along: Array, residuals: Array) -> BinnedMeans:
    """Average residuals in bins of about equally many rows; there are as many bins as the root of the rows, at most 20.

    A bin holds five rows or more, and rows of one value are in one bin.
    """
    order = np.argsort(along, kind="stable")
    ordered = along[order]
    wanted = int(min(20, np.sqrt(len(along)), len(along) // _FEWEST))
    if wanted < 3:
        return BinnedMeans(np.empty(0), np.empty(0), np.empty(0))
    cuts = np.searchsorted(ordered, ordered[np.linspace(0, len(along), wanted + 1).astype(np.intp)[1:-1]])
    begun = [0]
    for cut in cuts.tolist():
        # Rows of one value stay together, which may leave too few on one side.
        if min(cut - begun[-1], len(along) - cut) >= _FEWEST:
            begun.append(cut)
    starts = np.array(begun)
    counts = np.diff(np.append(starts, len(along))).astype(np.float64)
    places = np.add.reduceat(ordered, starts) / counts
    means = np.add.reduceat(residuals[order], starts) / counts
    deviations = residuals[order] - np.repeat(means, counts.astype(np.intp))
    errors = np.sqrt(np.add.reduceat(np.square(deviations), starts) / (counts - 1.0) / counts)
    return BinnedMeans(places, means, errors)


@dataclass(frozen=True, eq=False)
class LevelQuantiles:
    """`QUANTILES` of residuals by the levels of a dimension.

    Attributes
    ----------
    name : str
        The dimension.
    labels : Index
        Its levels: entities in the order of their medians, periods in the order of time.
    in_time : bool
        Whether they are periods.
    quantiles : (5, G) array
    """

    name: str
    labels: pd.Index
    in_time: bool
    quantiles: Array


def quantiles_by_level(design: Design, dimension: str, residuals: Array) -> LevelQuantiles:
    """Take quantiles of residuals by ``"entity"`` or ``"time"``.

    Raises
    ------
    InsufficientDataError
        If there are fewer than two levels.
    """
    in_time, panel = dimension == "time", design.panel
    grouping = design.times if in_time else design.entities
    name = (panel.time_name if in_time else panel.entity_name) or dimension
    n_levels = grouping.n_groups
    if n_levels < 2:
        raise InsufficientDataError(f"All residuals are of one {dimension}, so there is nothing to compare.")
    found = quantiles_by(grouping.codes, n_levels, residuals)
    if in_time:
        return LevelQuantiles(name, design.time_labels, True, found)
    ranked = np.argsort(found[2], kind="stable")
    return LevelQuantiles(name, design.entity_labels.take(ranked), False, found[:, ranked])


def quantiles_by(codes: NDArray[np.integer], n_levels: int, values: Array) -> Array:
    """`QUANTILES` of the finite values of each level, shape (5, n_levels); NaN of a level without one."""
    finite = np.isfinite(values)
    codes, values = codes[finite], values[finite]
    parts = np.split(values[np.argsort(codes, kind="stable")], np.cumsum(np.bincount(codes, minlength=n_levels))[:-1])
    empty = np.full(len(QUANTILES), np.nan)
    return np.column_stack([np.quantile(part, QUANTILES) if len(part) else empty for part in parts])

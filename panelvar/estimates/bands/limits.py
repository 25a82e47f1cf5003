r"""Rules that turn draws of a statistic into limits, one cell at a time or for many cells at once.

With draws :math:`\theta^*` of an estimate :math:`\hat\theta` whose quantiles are :math:`q`, and :math:`\alpha` one less
the level:

- percentile: :math:`[q_{\alpha/2},\ q_{1-\alpha/2}]` (Efron);
- Hall: :math:`[2\hat\theta - q_{1-\alpha/2},\ 2\hat\theta - q_{\alpha/2}]`;
- studentised: the same for :math:`t^* = (\theta^* - \hat\theta)/s^*`, times the standard error of the estimate.

(Luetkepohl 2005, appendix D; Hall 1992.) A *joint* band covers all cells of a path at once: sup-t widens the
pointwise band just so far that it holds the share ``level`` of the distribution in all cells (Montiel Olea and
Plagborg-Moller 2019, J. Applied Econometrics 34; for studentised intervals their sup-t band with the
quantile of :math:`\max|t^*|`), Bonferroni divides :math:`\alpha` by the number of cells. Cells that do not vary, such
as the zeros of a recursive impact, do not count. Without draws, limits are normal: the estimate plus and minus a
critical value times its standard error.

A box fitted to draws holds more of them than of the distribution they come from: each of its sides passes through a
draw. The share is therefore that of draws inside the box the *other* draws would give, which has no such bias, and the
band between two order statistics is interpolated.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arguments import read_generator
from panelvar.core.base.arrays import Array, Mask
from panelvar.core.base.distributions import quantile
from panelvar.kernels.linear.draws import wild_multipliers

INTERVALS = ("percentile", "hall", "studentised")
JOINTS = ("sup-t", "bonferroni")
SCOPES = ("path", "all")


def limits(
    estimate: Array,
    draws: Array,
    level: float,
    interval: str,
    joint: str | None = None,
    over: str = "path",
    errors: tuple[Array, Array] | None = None,
) -> tuple[Array, Array]:
    """Return lower and upper limits.

    Parameters
    ----------
    estimate : array (H, ...)
        The statistic; its first axis is a path.
    draws : array (B, H, ...)
    level : float
    interval : {"percentile", "hall", "studentised"}
    joint : {"sup-t", "bonferroni"} or None
        Whether cells are covered at once; None covers each by itself.
    over : {"path", "all"}
        What is covered at once: the periods of one path, or every cell.
    errors : (estimate's, draws') standard errors
        For studentised intervals.
    """
    shape = estimate.shape
    cells = draws.reshape(draws.shape[0], -1)
    point = estimate.ravel()
    # A cell is compared with itself alone: units do not matter.
    varying = np.ptp(cells, axis=0) > 1e-12 * np.abs(cells).max(axis=0, initial=0.0)
    own = np.ones(point.shape)
    if interval == "studentised":
        assert errors is not None
        own = errors[0].ravel()
        each = errors[1].reshape(cells.shape)
        varying &= own > 0.0
        with np.errstate(divide="ignore", invalid="ignore"):
            cells = np.where(varying & (each > 0.0), (cells - point) / each, 0.0)
    groups = _groups(shape, over) if joint else None
    if groups is not None and joint == "sup-t":
        low, high = _sup_t(cells, level, groups, varying, symmetric=interval == "studentised")
    else:
        # One sort of contiguous columns costs a fifth of np.quantile along the first axis; same interpolation.
        ordered = np.sort(np.ascontiguousarray(cells.T), axis=1)
        tails = np.full(point.shape, (1.0 - level) / 2.0)
        if groups is not None:
            counts = np.bincount(groups, varying)
            tails /= np.maximum(counts, 1.0)[groups]
        places = tails * (ordered.shape[1] - 1)
        low, high = _between(ordered, places), _between(ordered, ordered.shape[1] - 1 - places)
    if interval == "hall":
        low, high = 2.0 * point - high, 2.0 * point - low
    elif interval == "studentised":
        low, high = point - high * own, point - low * own
    return low.reshape(shape), high.reshape(shape)


def _groups(shape: tuple[int, ...], over: str) -> npt.NDArray[np.intp]:
    """Group of each cell (flat): the paths, or one for all."""
    size = int(np.prod(shape))
    if over == "all":
        return np.zeros(size, dtype=np.intp)
    return np.arange(size) % (size // shape[0])


def _between(ordered: Array, place: Array) -> Array:
    """Entry of each row of sorted values at a place that need not be whole, interpolated linearly."""
    below = np.minimum(place.astype(np.intp), ordered.shape[1] - 2)
    rows = np.arange(len(ordered))
    left, right = ordered[rows, below], ordered[rows, below + 1]
    value: Array = left + (place - below) * (right - left)
    return value


def _sup_t(
    cells: Array, level: float, groups: npt.NDArray[np.intp], varying: npt.NDArray[np.bool_], *, symmetric: bool
) -> tuple[Array, Array]:
    """Limits that hold a share of the draws in all varying cells of a group."""
    n_draws = cells.shape[0]
    low, high = cells.min(axis=0), cells.max(axis=0)
    for group in range(int(groups.max()) + 1):
        members = np.flatnonzero((groups == group) & varying)
        if members.size == 0:
            continue
        if symmetric:
            reach = np.quantile(np.abs(cells[:, members]).max(axis=1), level)
            low[members], high[members] = -reach, reach
            continue
        order = np.argsort(cells[:, members], axis=0, kind="stable")
        ordered = np.take_along_axis(cells[:, members], order, axis=0)
        ranks = np.empty_like(order)
        np.put_along_axis(ranks, order, np.arange(n_draws)[:, None], axis=0)
        # How many draws a draw has on its shorter side, in the cell where that is fewest: it lies between the k-th
        # smallest and largest of the others, in every cell, if these are at least k.
        depth = np.sort(np.minimum(ranks, n_draws - 1 - ranks).min(axis=1))
        place = _trimming(depth, level)
        low[members] = _between(ordered.T, np.full(members.size, place))
        high[members] = _between(ordered.T, np.full(members.size, n_draws - 1 - place))
    return low, high


def _trimming(depth: Array, level: float) -> float:
    """How many draws to leave out on each side, a fraction being interpolated, so that the others' boxes hold a share.

    With ``depth`` sorted, the box between the k-th smallest and largest leaves out k - 1, and holds a further draw as
    often as draws are at least k deep. None is left out where even the outermost draws hold too few.
    """
    n_draws = len(depth)
    deepest = int(depth[-1])
    shares = 1.0 - np.searchsorted(depth, np.arange(1, deepest + 2)) / n_draws
    below = int(np.count_nonzero(shares >= level))
    if below == 0:
        return 0.0
    outer, inner = shares[below - 1 : below + 1].tolist()
    return float(below - 1 + (outer - level) / (outer - inner))


def normal_limits(
    estimate: Array, errors: Array, level: float, critical: Array | float | None = None
) -> tuple[Array, Array]:
    """The estimate plus and minus a critical value, by default that of each cell by itself, times standard errors."""
    reach = (quantile(level, np.inf) if critical is None else critical) * errors
    return estimate - reach, estimate + reach


def bonferroni_quantile(errors: Array, level: float, over: str) -> Array:
    """Normal critical values for the cells (H, ...) that vary: one for each path (...), or one for all."""
    from scipy.special import ndtri

    cells = np.maximum(_varying(errors).sum(axis=0 if over == "path" else None), 1)
    critical: Array = ndtri(1.0 - (1.0 - level) / (2.0 * cells))
    return critical


def _varying(errors: Array) -> Mask:
    """Whether cells (H, ...) vary, going by their standard errors.

    What does not vary by construction may come out as rounding of its neighbours. Cells of one path alone are in the
    same units, so that only they can tell.
    """
    varying: Mask = errors > 1e-14 * errors.max(axis=0, initial=0.0)
    return varying


def sup_t_quantile(
    gradients: Array,
    level: float,
    draws: int,
    seed: int | np.random.Generator,
    over: str,
    df: float = np.inf,
    multipliers: str = "normal",
) -> Array:
    r"""Critical values of :math:`\max |t|` for normal estimates with known derivatives, one for each cell's group.

    Parameters
    ----------
    gradients : array (D, H, ...)
        Derivatives along directions whose outer products add up to the covariance.
    draws : int
        Vectors of multipliers of the directions drawn: normal ones (Montiel Olea and Plagborg-Moller 2019).
    df : float
        Degrees of freedom of the common error variance: the ratios are then jointly t (Hothorn, Bretz and Westfall
        2008, Biometrical J. 50), each with the distribution of its t test.
    multipliers : str
        Another kind (`panelvar.kernels.linear.draws.wild_multipliers`), where directions are independent clusters.

    Returns
    -------
    array (H, ...)
    """
    shape = gradients.shape[1:]
    flat = gradients.reshape(gradients.shape[0], -1)
    sizes = np.sqrt(np.einsum("dc,dc->c", flat, flat))
    used = _varying(sizes.reshape(shape)).ravel()
    unit = flat[:, used] / sizes[used]
    every = _groups(shape, over)
    groups = every[used]
    rng = read_generator("seed", seed)
    # Also for a path of which no cell varies: its limits are the estimate, whatever the critical value.
    highest = np.zeros((draws, int(every.max(initial=0)) + 1))
    for first in range(0, draws, 1000):
        count = min(1000, draws - first)
        ratios = np.abs(wild_multipliers(multipliers, (count, flat.shape[0]), rng) @ unit)
        if np.isfinite(df):
            ratios *= np.sqrt(df / rng.chisquare(df, (count, 1)))
        for group in np.unique(groups):
            highest[first : first + count, group] = ratios[:, groups == group].max(axis=1)
    critical: Array = np.quantile(highest, level, axis=0)[every]
    return critical.reshape(shape)

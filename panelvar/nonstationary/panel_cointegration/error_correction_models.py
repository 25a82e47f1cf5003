r"""Error-correction regressions of many systems of one length.

Of a system (y, x) with T observations, the regression with p lags and q leads is

.. math:: \Delta y_t = \delta'd_t + \alpha y_{t-1} + \lambda'x_{t-1} + \sum_{j=1}^p a_j \Delta y_{t-j}
    + \sum_{j=-q}^p \gamma_j'\Delta x_{t-j} + e_t, \qquad t = p + 1, \dots, T - 1 - q.

Its columns are laid out so that one triangular factor has all that counts: :math:`y_{t-1}` is the last regressor, or,
where lag orders are compared, the lags are. Systems are stacked, (M, T, 1 + m), y first. A status says what is wrong
with a system; the others go on.

References: Westerlund (2007), Oxford Bulletin of Economics and Statistics 69; Persyn and Westerlund (2008), Stata
Journal 8.
"""

from __future__ import annotations

import math
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arguments import is_whole, read_whole
from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.errors import SpecificationError
from panelvar.core.base.quoting import shown
from panelvar.kernels.dynamics.criteria import penalty
from panelvar.kernels.linear.long_run import long_run_variance
from panelvar.kernels.linear.qr import ROUNDING
from panelvar.kernels.linear.unit_regressions import DEPENDENT, ESTIMATED, stacked_triangles
from panelvar.nonstationary.unit_roots.one_series import POWERS
from panelvar.nonstationary.unit_roots.regressions import EXACT, join_groups, pieces


class Form(NamedTuple):
    """What the regressions have, and what programs do in different ways.

    Attributes
    ----------
    over_df : bool
        Whether variances, and the length of a series, are counted in degrees of freedom, or in rows.
    own_rows : bool
        Whether long-run variances are over the rows of the regression, or over all that there are.
    centred : tuple of bool
        Whether means are taken out of the changes of y, and of the errors, before their long-run variances, if there
        is a trend.
    sample : {"common", "own", "westerlund"}
        Rows on which criteria are compared: the same for all choices; those that each has, as xtwest does, so that
        units of y matter; those that each has, by Westerlund's own criterion.
    averaged : bool
        Whether pooled regressions have the average orders.
    by_periods : bool
        Whether averages of Ga and of the length of a series weigh entities by their periods, as xtwest's do, which are
        over rows.
    moments : str
        Whose moments standardise the statistics.
    bandwidth : float or str
        Bandwidth of the long-run variances, with Bartlett's weights.
    trend : {"n", "c", "ct"}
    """

    over_df: bool
    own_rows: bool
    centred: tuple[bool, bool]
    sample: str
    averaged: bool
    by_periods: bool
    moments: str
    bandwidth: float | str
    trend: str = "c"


class Corrections(NamedTuple):
    r"""What the regression of each system says of its error correction; arrays (M,).

    Attributes
    ----------
    speed, ratio : array
        :math:`\hat\alpha` and its t ratio.
    level : array
        Length of what all other regressors leave of :math:`y_{t-1}`.
    deviation : array
        Standard deviation of the errors.
    long_run : array
        :math:`\hat\alpha(1) = \hat\omega_u / \hat\omega_y`.
    divisor : array
        Degrees of freedom or rows, as variances are counted.
    rows : array
    periods : array
        Of the series, before any is lost.
    status : integer array
        `ESTIMATED`, `DEPENDENT` or `EXACT`.
    """

    speed: Array
    ratio: Array
    level: Array
    deviation: Array
    long_run: Array
    divisor: Array
    rows: Array
    periods: Array
    status: NDArray[np.int8]

    def by_panel(self, panels: int) -> Corrections:
        """Those of the entities of so many panels, (panels, N)."""
        parts: Any = [part.reshape(panels, -1) for part in self]
        return Corrections(*parts)


def width(trend: str, regressors: int, lags: int, leads: int) -> int:
    """Coefficients of a regression."""
    return POWERS[trend] + 1 + regressors * (2 + leads) + lags * (1 + regressors)


def corrections(stack: Array, lags: Positions, leads: Positions, form: Form) -> Corrections:
    """Regress systems (M, T, 1 + m) with lags and leads of their own (M,), those of the same together.

    Rows must be more than coefficients.
    """
    parts, places = [], []
    for lag, lead in sorted(set(zip(lags.tolist(), leads.tolist(), strict=True))):
        numbers = stack.shape[1] * (width(form.trend, stack.shape[2] - 1, lag, lead) + 1)
        for units in pieces(np.flatnonzero((lags == lag) & (leads == lead)), numbers):
            parts.append(_corrections(stack[units], lag, lead, form))
            places.append(units)
    return join_groups(places, parts)


def statistics(own: Corrections, pooled: Corrections, *, by_periods: bool) -> Array:
    r"""Gt, Ga, Pt and Pa (..., 4) of corrections (..., N): of each entity's regression, and of those that are pooled.

    With :math:`\hat\alpha_i`, :math:`\hat\alpha_i(1)`, and :math:`\ell_i` the length of what is left of
    :math:`y_{i,t-1}`, the pooled :math:`\hat\alpha` weights :math:`\hat\alpha_i / \hat\alpha_i(1)` by
    :math:`\ell_i^2`. Lengths are averaged ``by_periods`` or entity by entity (see `Form`).
    """
    weights, shares = np.square(pooled.level), own.periods if by_periods else np.ones_like(own.periods)
    total, divisor = weights.sum(axis=-1), np.average(pooled.divisor, axis=-1, weights=shares)
    speed = (weights * pooled.speed / pooled.long_run).sum(axis=-1) / total
    variance = (np.square(pooled.deviation / pooled.long_run) * pooled.divisor).mean(axis=-1) / divisor
    return np.stack(
        [
            own.ratio.mean(axis=-1),
            np.average(own.divisor * own.speed / own.long_run, axis=-1, weights=shares),
            speed * np.sqrt(total / variance),
            divisor * speed,
        ],
        axis=-1,
    )


def _corrections(stack: Array, lags: int, leads: int, form: Form) -> Corrections:
    periods, m = stack.shape[1], stack.shape[2] - 1
    n, k = periods - leads - lags - 1, width(form.trend, m, lags, leads)
    block = error_correction_columns(stack, form.trend, lags, leads, (lags + 1, periods - leads))
    r = stacked_triangles(block)
    lengths = np.sqrt(np.square(r).sum(axis=1))
    diagonal = np.abs(np.diagonal(r, axis1=1, axis2=2))
    dependent = (diagonal[:, :k] <= n**0.5 * ROUNDING * lengths[:, :k]).any(axis=1)
    exact = diagonal[:, k] <= ROUNDING * (8.0 * lengths[:, k] + lengths[:, k - 1])
    # A system without a regression is computed from a triangle that has an inverse: its status says what it is.
    r[dependent] = np.eye(k + 1)
    level, divisor = np.abs(r[:, k - 1, k - 1]), float(n - k if form.over_df else n)
    deviation = np.where(exact, np.nan, np.abs(r[:, k, k]) / math.sqrt(divisor))
    own = np.linalg.solve(r[:, :k, :k], r[:, :k, k:])[:, :, 0]
    # Errors with what changes of the regressors explain: the change less all other columns, and the level.
    head = POWERS[form.trend] + m + lags
    rows = block if form.own_rows else error_correction_columns(stack, form.trend, lags, 0, (lags + 1, periods))
    kept = np.concatenate([own[:, :head], own[:, -1:]], axis=1)
    errors = rows[:, :, -1] - (rows[:, :, [*range(head), -2]] @ kept[:, :, None])[:, :, 0]
    changes = rows[:, :, -1] if form.own_rows else np.diff(stack[:, :, 0], axis=1)
    of_changes, of_errors = (
        np.sqrt(long_run_variance(_centre(each) if centre and form.trend == "ct" else each, "bartlett", form.bandwidth))
        for each, centre in zip((changes, errors), form.centred, strict=True)
    )
    status = np.select([dependent, exact], [DEPENDENT, EXACT], ESTIMATED).astype(np.int8)
    speed, whole = np.asarray(own[:, -1], dtype=np.float64), np.ones(len(stack))
    # Changes that are zero in all rows are exact, and have no long-run variance.
    ratio, long_run = speed * level / deviation, of_errors / np.where(status == ESTIMATED, of_changes, np.nan)
    counts = divisor * whole, n * whole, periods * whole
    return Corrections(speed, ratio, level, deviation, long_run, *counts, status)


def _centre(series: Array) -> Array:
    return np.asarray(series - series.mean(axis=1, keepdims=True))


def error_correction_columns(
    stack: Array, trend: str, lags: int, leads: int, span: tuple[int, int], *, compared: bool = False
) -> Array:
    """Columns (M, rows, width + 1) of the periods of a span, which are numbered from 0; the change of y is the last.

    In order: terms, lagged regressors, lags of the change of y, changes of the regressors from leads to lags, lagged
    level. Where lags are ``compared``: terms, lagged regressors, lagged level, changes of the regressors from now to
    leads, and of each lag the changes of y and of the regressors.
    """
    start, stop = span
    # The first period has no change, and none is read.
    changes = np.diff(stack, axis=1, prepend=stack[:, :1]).swapaxes(1, 2)
    before = stack[:, start - 1 : stop - 1].swapaxes(1, 2)
    time = np.arange(start, stop) / stack.shape[1] - 0.5
    terms = np.broadcast_to(time ** np.arange(POWERS[trend])[:, None], (len(stack), POWERS[trend], stop - start))
    now = [changes[:, 1:, start + lead : stop + lead] for lead in range(leads + 1)]
    past = [changes[:, :, start - lag : stop - lag] for lag in range(1, lags + 1)]
    if compared:
        parts = [terms, before[:, 1:], before[:, :1], *now, *past]
    else:
        own, others = [each[:, :1] for each in past], [each[:, 1:] for each in past]
        parts = [terms, before[:, 1:], *own, *now, *others, before[:, :1]]
    # Columns are contiguous, as LAPACK takes them.
    return np.concatenate([*parts, changes[:, :1, start:stop]], axis=1).swapaxes(1, 2)


class Range(NamedTuple):
    """The fewest and the most of lags or leads."""

    fewest: int
    most: int

    @property
    def open(self) -> bool:
        """Whether there is anything to choose."""
        return self.most > self.fewest

    @property
    def numbers(self) -> range:
        """All of them."""
        return range(self.fewest, self.most + 1)


def read_orders(option: str, value: object, fewest: int, most: int | None, usual: int) -> Range:
    """Return the number of lags or leads, or those among which a criterion chooses: the fewest to the most.

    Parameters
    ----------
    usual : int
        The most by default.

    Raises
    ------
    SpecificationError
        The value is neither a whole number nor a criterion; or there are bounds beside a number, or none between them.
    """
    if not isinstance(value, str):
        if most is not None or read_whole(f"min_{option}", fewest, 0) != 0:
            raise SpecificationError(
                f"min_{option} and max_{option} apply only when a criterion chooses {option}; you gave "
                f"{option}={shown(value)}."
            )
        if not is_whole(value):
            raise SpecificationError(
                f"{option}={shown(value)} must be a whole number, or a criterion that chooses from min_{option} to "
                f"max_{option}, such as {option}='aic'."
            )
        number = read_whole(option, value, 0)
        return Range(number, number)
    fewest = read_whole(f"min_{option}", fewest, 0)
    most = max(usual, fewest) if most is None else read_whole(f"max_{option}", most, 0)
    if fewest > most:
        raise SpecificationError(f"min_{option}={fewest} is above max_{option}={most}.")
    return Range(fewest, most)


class Choice(NamedTuple):
    """How lags and leads are chosen.

    Attributes
    ----------
    lags, leads : Range
    criterion : {"aic", "bic", "hqic"}
        Used where there is anything to choose.
    sample : str
        As in `Form`.
    unit : int
        Power of two that the unit of y is, which matters where numbers of rows differ.
    """

    lags: Range
    leads: Range
    criterion: str
    sample: str
    unit: int = 0

    @property
    def open(self) -> bool:
        """Whether there is anything to choose."""
        return self.lags.open or self.leads.open


def orders(stack: Array, trend: str, choice: Choice, *, levels: bool = True) -> tuple[Positions, Positions]:
    """Lags and leads (M,) of systems (M, T, 1 + m), of regressions with lagged levels or without."""
    pairs = list(product(choice.leads.numbers, choice.lags.numbers))
    if len(pairs) > 1:
        by_leads = [_criteria(stack, trend, choice, leads, levels) for leads in choice.leads.numbers]
        best = np.concatenate(by_leads, axis=1).argmin(axis=1)
    else:
        best = np.zeros(len(stack), dtype=np.intp)
    found = np.array(pairs, dtype=np.intp)[best]
    return found[:, 1], found[:, 0]


def _criteria(stack: Array, trend: str, choice: Choice, leads: int, levels: bool) -> Array:
    """Criteria (M, numbers of lags) of the regressions with so many leads."""
    periods, m = stack.shape[1], stack.shape[2] - 1
    numbers = np.array(choice.lags.numbers)
    ends = periods - choice.leads.most if choice.sample == "common" else periods - leads
    if choice.sample == "common":
        start = choice.lags.most + 1
        left = _squares_left(stack, trend, choice.lags.most, leads, (start, ends), levels)[:, numbers]
        rows = np.full(len(numbers), ends - start)
    else:
        left = np.stack(
            [_squares_left(stack, trend, lags, leads, (lags + 1, ends), levels)[:, -1] for lags in numbers.tolist()],
            axis=1,
        )
        rows = ends - 1 - numbers
    with np.errstate(divide="ignore"):
        fit = np.log(left / rows)
    if choice.sample == "westerlund":
        longest = periods - choice.lags.most - choice.leads.most
        return np.asarray(fit + 2.0 * (numbers + leads + POWERS[trend] + 1) / longest)
    count = np.array([width(trend, m, lags, leads) for lags in numbers.tolist()]) - (0 if levels else 1 + m)
    # The constant counts where rows differ.
    constant = 1.0 + math.log(2.0 * math.pi) + 2.0 * math.log(2.0) * choice.unit
    return np.asarray(rows * (fit + constant) + penalty(choice.criterion, rows) * count)


def _squares_left(stack: Array, trend: str, lags: int, leads: int, span: tuple[int, int], levels: bool) -> Array:
    """Sums of squares (M, lags + 1) that 0, 1, ..., lags leave of the change of y, on the same rows."""
    m, powers = stack.shape[2] - 1, POWERS[trend]
    fixed = width(trend, m, 0, leads)
    kept = [place for place in range(width(trend, m, lags, leads) + 1) if levels or not 0 <= place - powers <= m]
    ends = (fixed if levels else fixed - 1 - m) + (m + 1) * np.arange(lags + 1)
    parts = []
    for units in pieces(np.arange(len(stack)), (span[1] - span[0]) * len(kept)):
        block = error_correction_columns(stack[units], trend, lags, leads, span, compared=True)
        last = stacked_triangles(block if levels else block[:, :, kept])[:, :, -1]
        parts.append(np.square(last)[:, ::-1].cumsum(axis=1)[:, ::-1][:, ends])
    return np.concatenate(parts)

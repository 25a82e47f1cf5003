"""What remains of an effect if trends are not parallel, by how far they may depart (Rambachan and Roth 2023)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arguments import is_number, read_seed, read_whole, say_draws
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import DataError, SpecificationError, check_level, choose
from panelvar.core.base.limits import MOST_DRAWS
from panelvar.core.base.quoting import shown
from panelvar.core.base.shared_parameters import documented
from panelvar.core.faces.layout import Fact, Row, interval, words
from panelvar.core.faces.number_format import check_digits, format_number
from panelvar.core.tables.table import Presented, Table
from panelvar.estimates.sensitivity.conditional_intervals import ConditionalTest, find_interval, moments_of
from panelvar.estimates.sensitivity.fixed_length import find_fixed_length
from panelvar.estimates.sensitivity.trend_restrictions import RESTRICTIONS, bound_trends, difference_rows

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

METHODS = ("conditional-least-favorable", "conditional", "fixed-length")
_IN_WORDS = {
    "relative magnitudes": "no change of the difference in trends after the event is larger than the bound times the "
    "largest one before it",
    "relative smoothness": "no change of the slope of the difference in trends after the event is larger than the "
    "bound times the largest one before it",
    "smoothness": "the slope of the difference in trends changes by the bound at most from one period to the next",
}
# A variance this small beside the largest is rounding.
_NO_ERROR = 1e-12
# A bound beyond which none is looked for, in errors or in times the largest change before, and how closely it is found.
_FARTHEST, _CLOSE = 2.0**12, 1e-6


@dataclass(frozen=True, eq=False, repr=False)
class TrendSensitivity(Presented):
    """Intervals for an effect by how far trends may depart from parallel ones.

    Attributes
    ----------
    restriction : {"relative magnitudes", "relative smoothness", "smoothness"}
        What is bounded.
    method : {"conditional-least-favorable", "conditional", "fixed-length"}
        How intervals are made.
    level : float
        Their coverage.
    effect : str
        What it is an interval for.
    estimate, std_error : float
        Of the effect, if trends are parallel.
    original : (float, float)
        The interval for parallel trends.
    bounds : (k,) array
    limits : (k, 2) array
        The interval for each bound, not a number where the estimates contradict the bound.
    breakdown : float
        The smallest bound whose interval has zero in it: zero if no departure is needed, infinite if none was found.
    draws : str
        What was drawn, in words; empty if nothing was.

    See Also
    --------
    LinearResult.event_study : Its ``sensitivity`` makes it.
    trend_sensitivity : makes it of estimates and their covariance.

    Examples
    --------
    >>> import panelvar as pv
    >>> counties = pv.load_data("minimum_wage")
    >>> study = pv.fit_callaway_santanna(counties, "lemp", cohort="first_treat").event_study()
    >>> found = study.sensitivity(of=1)
    >>> round(found.breakdown, 2)
    0.32

    The interval for each bound:

    >>> figure = found.plot()
    """

    restriction: str
    method: str
    level: float
    effect: str
    estimate: float
    std_error: float
    original: tuple[float, float]
    bounds: Array
    limits: Array
    breakdown: float
    draws: str

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each bound.

        Returns
        -------
        DataFrame
            ``lower`` and ``upper``, by ``bound``.
        """
        import pandas as pd

        return pd.DataFrame(self.limits, columns=["lower", "upper"], index=pd.Index(self.bounds, name="bound"))

    def summary(self, *, digits: int = 4) -> Table:
        """Return a table with a row for each bound.

        Parameters
        ----------
        digits : int
            Decimals.

        Returns
        -------
        Table
        """
        digits = check_digits(digits)
        percent = f"{100.0 * self.level:g}% interval"
        body = [Row("parallel trends", (interval(*self.original, digits), words(_says(*self.original))))]
        for bound, (lower, upper) in zip(self.bounds.tolist(), self.limits.tolist(), strict=True):
            cell = words("none") if np.isnan(lower) else interval(lower, upper, digits)
            body.append(Row(f"{bound:.4g}", (cell, words(_says(lower, upper)))))
        notes = [f"Bound: {_IN_WORDS[self.restriction]}.", self._conclusion(digits)]
        if np.isnan(self.limits).any():
            notes.append("none: the estimates before the event contradict the bound.")
        if self.draws:
            notes.append(f"Least favorable critical values: {self.draws}.")
        return Table(
            title="Sensitivity to trends that are not parallel",
            facts=(
                Fact("Effect", self.effect),
                Fact("Restriction", self.restriction),
                Fact("Estimate", format_number(self.estimate, digits)),
                Fact("Intervals", self.method),
                Fact("Std. error", format_number(self.std_error, digits)),
            ),
            header=(Row("Bound", (words(percent), words("Zero"))),),
            body=tuple(body),
            statistics=(Fact("Breakdown", format_number(self.breakdown, digits)),),
            notes=tuple(notes),
        )

    def _conclusion(self, digits: int) -> str:
        if self.breakdown == 0.0:
            return "Even without any departure of this kind the interval has zero in it."
        if np.isinf(self.breakdown):
            return "No bound was found whose interval has zero in it."
        least = format_number(self.breakdown, digits)
        return f"Breakdown: the effect differs from zero for bounds below {least}, and no longer from it on."

    @documented
    def plot(
        self,
        *,
        ax: Axes | None = None,
        figure: Figure | SubFigure | None = None,
        figsize: Sequence[float] | None = None,
        title: str | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> Figure | SubFigure:
        """Draw the interval for each bound, beside the one for parallel trends.

        Parameters
        ----------
        {ax, figure, figsize, title}
        labels : mapping of str to str, optional
            What the axes are called: ``"Bound"``, ``"Effect"``.

        Returns
        -------
        Figure
        """
        from panelvar.reporting.plots_of_panels.sensitivity import draw_sensitivity

        return draw_sensitivity(self, ax, figure, figsize, title, labels)

    __repr__ = Presented.__str__


def _says(lower: float, upper: float) -> str:
    return "" if np.isnan(lower) else "inside" if lower <= 0.0 <= upper else "outside"


@documented
def trend_sensitivity(
    estimates: object,
    *,
    covariance: object,
    n_before: int,
    of: str | Sequence[float] | NDArray[Any] | None = None,
    restriction: str = "relative magnitudes",
    bounds: Sequence[float] | NDArray[Any] | None = None,
    method: str | None = None,
    level: float = 0.95,
    draws: int = 10_000,
    seed: int | np.random.Generator = 0,
) -> TrendSensitivity:
    r"""Bound how far trends depart from parallel ones, and return what is then known of an effect.

    The estimates of an event study have means :math:`\beta = \tau + \delta`, the effects, which are zero before the
    event, and the difference in trends. Parallel trends say :math:`\delta = 0`. Here :math:`\delta` need only lie in a
    set, and the interval covers the effect :math:`l'\tau` with probability ``level`` at least, in large samples,
    whatever :math:`\delta` in the set is true (Rambachan and Roth 2023, "A more credible approach to parallel trends",
    Review of Economic Studies 90(5), 2555-2591; R's and Stata's ``honestdid``).

    Restrictions, with :math:`\delta` zero in the reference period, which is period 0 here:

    * ``"relative magnitudes"``: :math:`|\delta_{t+1} - \delta_t| \le \bar M \max_{s<0} |\delta_{s+1} - \delta_s|` for
      :math:`t \ge 0`;
    * ``"smoothness"``: :math:`|(\delta_{t+1} - \delta_t) - (\delta_t - \delta_{t-1})| \le M` for all t; with a bound of
      zero the difference in trends is a line;
    * ``"relative smoothness"``: the left side of the second is at most :math:`\bar M` times its largest value before
      the event.

    ``"conditional"`` inverts the test of Andrews, Roth and Pakes (2023), given which inequality binds;
    ``"conditional-least-favorable"`` first compares with least favorable critical values at a tenth of the size, which
    gains power where several bind. ``"fixed-length"`` is the shortest interval about a linear estimator, for
    ``"smoothness"`` alone. As in R's HonestDiD, inequalities of periods before the event alone are left out.

    Parameters
    ----------
    estimates : (n,) array-like
        Effects by period, in order of time and evenly spaced, without the reference.
    covariance : (n, n) array-like
        Theirs.
    n_before : int
        How many of them lie before the reference.
    of : "average" or (q,) array-like, optional
        The effect: the average of the effects after the reference, or weights of these; the first by default.
    {restriction (trends), bounds (trends), method (trends)}
    level : float
        Coverage.
    {draws (trends)}
    seed : int or Generator
        Their seed.

    Returns
    -------
    TrendSensitivity

    Raises
    ------
    DataError
        If the estimates are not finite, or the covariance is not one of as many.
    SpecificationError
        If the restriction needs more periods before the event, has no such intervals, or a bound is negative.

    See Also
    --------
    LinearResult.event_study : Its ``sensitivity`` is the same of a fit.

    Examples
    --------
    >>> import numpy as np
    >>> import panelvar as pv
    >>> found = pv.trend_sensitivity(
    ...     [0.01, -0.02, 0.30], covariance=0.01 * np.eye(3), n_before=2, restriction="smoothness", bounds=[0, 0.1]
    ... )
    >>> found.to_frame().round(3).loc[0.1].tolist()
    [-0.02, 0.607]
    """
    values, matrix = _read_estimates(estimates, covariance, n_before)
    weights, label = _read_effect(of, len(values) - n_before)
    choose("restriction", restriction, RESTRICTIONS)
    if restriction == "relative smoothness" and n_before < 2:
        raise SpecificationError(
            "restriction='relative smoothness' needs two periods before the reference, to see how slopes change there. "
            "Use 'relative magnitudes', or 'smoothness' with bounds of your own."
        )
    default = "fixed-length" if restriction == "smoothness" else METHODS[0]
    method = choose("method", default if method is None else method, METHODS)
    if method == "fixed-length" and restriction != "smoothness":
        raise SpecificationError(
            f"method='fixed-length' is for restriction='smoothness': with {restriction!r} no interval of a fixed "
            "length covers, since the bound depends on what is estimated."
        )
    level, draws, seed = check_level(level), read_whole("draws", draws, 2, MOST_DRAWS), read_seed(seed)
    chosen = _read_bounds(bounds, restriction, values[:n_before])
    effect = np.concatenate([np.zeros(n_before), weights])
    estimate, error = float(effect @ values), float(np.sqrt(effect @ matrix @ effect))
    said = say_draws(draws, seed) if method == METHODS[0] else ""
    vectors = _draw(matrix, draws, seed) if said else None

    def tests(bound: float) -> list[ConditionalTest]:
        sets = bound_trends(n_before, len(weights), restriction, bound)
        return [ConditionalTest(moments_of(each, weights, matrix), values, matrix, level, vectors) for each in sets]

    def limits(bound: float) -> tuple[float, float]:
        if method == "fixed-length":
            found = find_fixed_length(values, matrix, weights, bound, level)
            return found.centre - found.half_length, found.centre + found.half_length
        return find_interval(tests(bound))

    def has_zero(bound: float) -> bool:
        if method == "fixed-length":
            lower, upper = limits(bound)
            return lower <= 0.0 <= upper
        return any(test.accept(np.zeros(1))[0] for test in tests(bound))

    from scipy.special import ndtri

    reach = float(ndtri((1.0 + level) / 2.0)) * error
    return TrendSensitivity(
        restriction,
        method,
        level,
        label,
        estimate,
        error,
        (estimate - reach, estimate + reach),
        chosen,
        np.array([limits(float(bound)) for bound in chosen]),
        _find_breakdown(has_zero, max(float(chosen.max()), error) if restriction == "smoothness" else 1.0),
        said,
    )


def _find_breakdown(has_zero: Callable[[float], bool], scale: float) -> float:
    """Return the smallest bound whose interval has zero in it, looked for from zero outward."""
    if has_zero(0.0):
        return 0.0
    low, high = 0.0, scale
    while not has_zero(high):
        if high >= _FARTHEST * scale:
            return np.inf
        low, high = high, 2.0 * high
    while high - low > _CLOSE * high:
        middle = (low + high) / 2.0
        if has_zero(middle):
            high = middle
        else:
            low = middle
    return high


def _draw(covariance: Array, draws: int, seed: int | np.random.Generator) -> Array:
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    drawn: Array = np.random.default_rng(seed).standard_normal((draws, len(root))) @ root.T
    return drawn


def _read_estimates(estimates: object, covariance: object, n_before: int) -> tuple[Array, Array]:
    try:
        values, matrix = np.asarray(estimates, dtype=np.float64), np.asarray(covariance, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError("estimates and covariance must be arrays of numbers.") from None
    if values.ndim != 1 or matrix.shape != (len(values), len(values)) or len(values) < 2:
        raise DataError(
            f"estimates must be a vector of two or more and covariance a square matrix of as many rows, not of shapes "
            f"{values.shape} and {matrix.shape}."
        )
    if not (np.isfinite(values).all() and np.isfinite(matrix).all()):
        raise DataError("estimates and covariance must be finite.")
    n_before = read_whole("n_before", n_before, 1, len(values) - 1)
    largest = np.abs(matrix).max()
    if np.abs(matrix - matrix.T).max() > 1e-8 * largest or np.linalg.eigvalsh(matrix)[0] < -1e-8 * largest:
        raise DataError("covariance must be symmetric and positive semidefinite.")
    if np.diag(matrix).min() <= 0.0:
        raise DataError("covariance has a variance of zero: leave the reference out.")
    for order in (1, 2):
        rows = difference_rows(n_before, len(values) - n_before, order)
        if np.einsum("ij,jk,ik->i", rows, matrix, rows).min(initial=np.inf) <= _NO_ERROR * largest:
            raise DataError(
                "covariance says that some effects move together exactly, so that a change from one period to the next "
                "has no error: no restriction on trends can be tested."
            )
    return values, (matrix + matrix.T) / 2.0


def _read_effect(of: object, count: int) -> tuple[Array, str]:
    if of is None:
        return np.eye(count)[0], "first period after the reference"
    if isinstance(of, str):
        if of != "average":
            raise SpecificationError(f"of={shown(of)} must be 'average' or weights of the effects after the reference.")
        return np.full(count, 1.0 / count), f"average of {count} periods" if count > 1 else "the one period"
    weights = np.asarray(of)
    if weights.shape != (count,) or weights.dtype.kind not in "iuf" or not np.isfinite(weights).all():
        raise SpecificationError(
            f"of={shown(of)} must be 'average' or {count} weights, one for each effect after the reference."
        )
    if not weights.any():
        raise SpecificationError("of= has weights of zero alone, which is no effect.")
    return weights.astype(np.float64), "weighted sum"


def _read_bounds(bounds: object, restriction: str, earlier: Array) -> Array:
    if bounds is None:
        multiples = np.array([0.0, 0.5, 1.0, 1.5, 2.0])
        if restriction != "smoothness":
            return multiples
        slopes = difference_rows(len(earlier), 1, 2)[:-1, :-1] @ earlier
        if not len(slopes):
            raise SpecificationError(
                "Give bounds= for restriction='smoothness': with one period before the reference, no change of slope "
                "is seen there that could suggest them."
            )
        return multiples * float(np.abs(slopes).max()) / 2.0
    given = [bounds] if is_number(bounds) else bounds
    if isinstance(given, str) or not isinstance(given, (Sequence, np.ndarray)) or not len(given):
        raise SpecificationError(f"bounds={shown(bounds)} must be numbers, such as [0.5, 1, 2].")
    if not all(is_number(each) and 0.0 <= each < np.inf for each in given):
        raise SpecificationError(f"bounds={shown(bounds)} must be finite numbers that are not negative.")
    return np.array([float(each) for each in given])

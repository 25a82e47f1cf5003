"""Vector autoregressions: `fit_var`, and what the choice of a lag order compares."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arguments import DROP_OR_RAISE, is_whole, read_whole
from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.counting import count_of, grouped
from panelvar.core.base.errors import (
    CollinearityError,
    DataError,
    InsufficientDataError,
    Note,
    NumericalError,
    SpecificationError,
    choose,
    emit,
)
from panelvar.core.base.labels import repeated
from panelvar.core.base.limits import LONGEST_HORIZON
from panelvar.core.base.quoting import shown
from panelvar.core.base.shared_parameters import documented
from panelvar.data.panel.series import VarData, read_var_data
from panelvar.kernels.dynamics.column_ranges import measured_columns, require_range
from panelvar.kernels.dynamics.gaps import rows_with_lags, run_starts
from panelvar.kernels.dynamics.lag_problem import LagProblem, stack_lags
from panelvar.kernels.dynamics.terms import TREND_POWERS, Terms, regressor_labels, terms_within
from panelvar.kernels.linear.least_squares import least_squares
from panelvar.systems.var.lag_selection import LagSelection, information_criteria, log_likelihood
from panelvar.systems.var.var_convention import VarConvention, var_convention
from panelvar.systems.var.var_result import VarResult

if TYPE_CHECKING:
    import pandas as pd

    from panelvar.data.panel.panel import Panel


CRITERION_NAMES = ("aic", "bic", "hqic", "fpe", "lr")
CROWDED = "few-rows-compared"


@documented
def fit_var(
    data: pd.DataFrame | npt.ArrayLike | Panel,
    columns: Sequence[Hashable] | None = None,
    *,
    lags: int | str = 1,
    max_lags: int | None = None,
    min_lags: int | None = None,
    trend: str = "c",
    seasons: int = 0,
    exogenous: Sequence[str] | pd.DataFrame | pd.Series | npt.ArrayLike | None = None,
    exogenous_lags: int = 0,
    missing: str = "drop",
    convention: str | VarConvention = "default",
) -> VarResult:
    r"""Estimate a vector autoregression by least squares.

    .. math:: y_t = D_t + A_1 y_{t-1} + \dots + A_p y_{t-p} + B_0 x_t + \dots + B_s x_{t-s} + u_t

    Parameters
    ----------
    {data (system), columns (system), lags (system), max_lags (system), min_lags (system), trend (system), seasons}
    {exogenous, exogenous_lags, missing (system), convention (system)}

    Returns
    -------
    VarResult

    Raises
    ------
    DataError
        The data have infinite, complex or non-numeric values, repeated periods, or more than one entity.
    InsufficientDataError
        There are fewer rows than the coefficients of an equation and the residual covariance need.
    CollinearityError
        A regressor is a linear combination of others; the message names them.

    See Also
    --------
    select_lags : compares lag orders before you fit.
    fit_restricted_var : sets some coefficients to zero.
    fit_vecm : for variables that are cointegrated.
    fit_panel_var : one system for many entities.
    System : a VAR of which only the coefficients are known.

    References
    ----------
    Luetkepohl, H. (2005). *New Introduction to Multiple Time Series Analysis*, section 3.2.

    Examples
    --------
    >>> import panelvar as pv
    >>> macro = pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]]
    >>> model = pv.fit_var(macro, lags=2)
    >>> model.nobs, model.is_stable
    (200, True)
    >>> model.params["unemp"].round(3).head(3)
    const       0.187
    L1.infl     0.003
    L1.unemp    1.615
    Name: unemp, dtype: float64
    """
    rules = var_convention(convention)
    choose("missing", missing, DROP_OR_RAISE)
    table, terms = specification(data, columns, trend, seasons, exogenous, exogenous_lags)
    chosen: tuple[Note, ...] = ()
    if isinstance(lags, str):
        as_number = f"As a number it is lags={lags}." if lags.isdecimal() else ""
        criterion = choose("lags", lags, CRITERION_NAMES, as_number)
        selection = compare_lags(table, max_lags, terms, shortest_order(terms, rules, min_lags), missing, rules)
        lags, compared = selection.order(criterion), f"{selection.orders[0]} to {selection.orders[-1]}"
        text = f"{criterion.upper()} chose {count_of(lags, 'lag')} among {compared}, on {grouped(selection.nobs)} rows."
        chosen = (Note("lags-selected", text), *notes_of_crowding(selection.notes))
    else:
        refuse_range(max_lags, min_lags)
    order = lag_order(lags, 0, chosen=True)
    refuse_nothing(order, terms)
    problem, periods, notes = _problem(table, order, terms, missing)
    require_distinct(table.names, order, terms)
    _require_rank(problem, table.names, terms)
    notes = table.notes + chosen + notes + _few_rows(problem) + _exact_fits(problem, table.names)
    emit(notes)
    return VarResult(problem, table, periods, terms, rules, notes)


def specification(
    data: object, names: Sequence[Hashable] | None, trend: str, seasons: int, exogenous: object, exogenous_lags: int
) -> tuple[VarData, Terms]:
    """Read the data and what stands beside the lags."""
    check_terms(trend, seasons, exogenous, exogenous_lags)
    table = read_var_data(data, names, exogenous)
    return table, terms_within(len(table.values), trend, seasons, table.exogenous_names, exogenous_lags)


def check_terms(trend: str, seasons: int, exogenous: object, exogenous_lags: int) -> None:
    """Refuse terms beside the lags that make no sense."""
    choose("trend", trend, TREND_POWERS)
    for option, value, least in (("seasons", seasons, 0), ("exogenous_lags", exogenous_lags, 0)):
        read_whole(option, value, least)
    if seasons == 1:
        raise SpecificationError("seasons=1 is not a pattern. Give the periods of a year, such as 4, or 0 for none.")
    if exogenous is None and exogenous_lags:
        raise SpecificationError("exogenous_lags= needs exogenous variables. Name them in exogenous=.")


def shortest_order(terms: Terms, rules: VarConvention, least: int | None = None) -> int:
    """Where a comparison begins: as asked, or the convention's order, or 1 where order 0 has no coefficients."""
    if least is not None:
        return lag_order(least, 0, "min_lags")
    return rules.smallest_order if terms.count else 1


def refuse_range(max_lags: int | None, min_lags: int | None) -> None:
    """Refuse limits of a comparison of lag orders where none is compared."""
    for option, value in (("max_lags", max_lags), ("min_lags", min_lags)):
        if value is not None:
            raise SpecificationError(f"{option}= applies when lags= names a criterion, such as lags='bic'.")


def refuse_nothing(order: int, terms: Terms) -> None:
    """Refuse equations without a regressor."""
    if order == 0 and terms.count == 0:
        raise SpecificationError("lags=0 with trend='n' leaves nothing to estimate. Ask for a lag or a constant.")


def compare_lags(
    table: VarData, max_lags: int | None, terms: Terms, smallest: int, missing: str, rules: VarConvention
) -> LagSelection:
    """Criteria of every order of data that are read already."""
    n_periods, n_vars = table.values.shape
    longest = (
        longest_within(n_periods, terms, n_vars, smallest) if max_lags is None else longest_order(max_lags, smallest)
    )
    problem, _, notes = _problem(table, longest, terms, missing)
    _require_rank(problem, table.names, terms)
    notes = table.notes + notes + _few_rows_compared(problem)
    if problem.dependent_columns:
        raise NumericalError("An equation fits exactly, so the likelihood and the criteria do not exist.")
    return compare_orders(problem.scatter_factors_by_order()[smallest:], smallest, problem.nobs, terms, rules, notes)


def longest_order(max_lags: int, smallest: int) -> int:
    """Longest order compared, as asked.

    Raises
    ------
    SpecificationError
    """
    longest = lag_order(max_lags, 1, "max_lags")
    if longest < smallest:
        raise SpecificationError(f"max_lags={max_lags} is below the shortest order, {smallest}.")
    return longest


def longest_within(n_periods: int, terms: Terms, n_vars: int, smallest: int) -> int:
    """Longest order compared where none is asked for: 12 (T / 100)^(1/4), or what the periods have room for."""
    # n_periods - p rows must cover d + pK coefficients and K residual degrees of freedom.
    room = (n_periods - terms.count - n_vars) // (n_vars + 1)
    return max(smallest, 1, min(int(12.0 * (n_periods / 100.0) ** 0.25), room))


def compare_orders(
    scatter: Array,
    smallest: int,
    nobs: int,
    terms: Terms,
    rules: VarConvention,
    notes: tuple[Note, ...] = (),
    *,
    absorbed: int = 0,
) -> LagSelection:
    """Criteria of orders from ``smallest`` on, from triangular factors (Q, K, K) of their residual cross-products.

    Effects that an equation has beside its terms are ``absorbed``.
    """
    from scipy.special import chdtrc

    n_vars, n_deterministic = scatter.shape[-1], terms.count + absorbed
    halves = np.log(np.abs(scatter.diagonal(axis1=1, axis2=2))).sum(axis=1).tolist()
    orders = np.arange(smallest, smallest + len(scatter))
    found = [
        information_criteria(rules.selection_criteria, nobs, n_vars, order, n_deterministic, half)
        for order, half in zip(orders.tolist(), halves, strict=True)
    ]
    loglik = np.array([log_likelihood(nobs, n_vars, half) for half in halves])
    ratio = np.full(orders.size, np.nan)
    ratio[1:] = 2.0 * (loglik[1:] - loglik[:-1])
    if rules.likelihood_ratio == "less-coefficients":
        ratio *= 1.0 - (n_deterministic + orders * n_vars) / nobs
    criteria, log_fpe = np.array([each[:4] for each in found]), np.array([each.log_fpe for each in found])
    if np.isinf(criteria).any():
        text = (
            "The final prediction error, a determinant, leaves the range of numbers in these units. Orders are "
            "compared by its logarithm."
        )
        notes = (*notes, Note("fpe-overflow", text))
    pvalues = chdtrc(n_vars**2, ratio)
    return LagSelection(orders, criteria, loglik, ratio, pvalues, nobs, terms.trend, notes, log_fpe)


def _problem(
    table: VarData, lags: int, terms: Terms, missing: str
) -> tuple[LagProblem, npt.NDArray[np.intp], tuple[Note, ...]]:
    """Lay out the rows whose lags are all there, and say which rows were lost and why."""
    values = table.values
    n_periods, n_vars = values.shape
    rows: npt.NDArray[np.intp] | None = None
    notes: tuple[Note, ...] = ()
    starts: tuple[int, ...] = (0,)
    beside = terms.over(n_periods, table.exogenous)
    whole = table.exogenous is None or bool(np.isfinite(beside[lags:]).all())
    if table.places is not None or not whole or not np.isfinite(values).all():
        rows, notes, starts = _usable_rows(table, lags, terms, beside, missing)
    n_rows = max(n_periods - lags, 0) if rows is None else rows.size
    n_regressors = beside.shape[1] + lags * n_vars
    if n_rows - n_regressors < n_vars:
        raise InsufficientDataError(
            f"{n_rows} usable rows are too few for {n_regressors} coefficients in each equation and the covariance "
            f"of {n_vars} errors: at least {n_regressors + n_vars} rows are needed. Use fewer lags or variables."
        )
    problem = LagProblem(stack_lags(values, lags, beside, rows), beside.shape[1], lags, n_vars, starts)
    require_range(problem.factor, problem.column_sizes, measured_columns(table.names, terms, lags))
    return problem, np.arange(lags, n_periods) if rows is None else rows, notes


def _usable_rows(
    table: VarData, lags: int, terms: Terms, beside: Array, missing: str
) -> tuple[npt.NDArray[np.intp], tuple[Note, ...], tuple[int, ...]]:
    """Periods whose values and lags are all observed; why others were dropped; where runs start."""
    values = table.values if table.exogenous is None else np.concatenate([table.values, table.exogenous], axis=1)
    names = table.names + table.exogenous_names
    places = table.observed_periods()
    # The first rows lack lags of one kind or another whatever the data hold.
    first = max(lags, terms.exogenous_lags)
    whole = np.flatnonzero(np.isfinite(table.values).all(axis=1))
    rows = whole[rows_with_lags(whole, lags)]
    rows = rows[(rows >= first) & np.isfinite(beside[rows]).all(axis=1)]
    n_unbroken = len(rows_with_lags(places, first))
    notes = list(values_missing((~np.isfinite(values[places])).sum(axis=0), names, n_unbroken - len(rows), missing))
    gaps = int(np.count_nonzero(places >= first)) - n_unbroken
    if table.places is not None:
        absent = len(values) - len(places)
        text = (
            f"{count_of(absent, 'period is', 'periods are')} absent from the data. "
            f"{count_of(gaps, 'row after a gap has', 'rows after gaps have')} no lags and "
            f"{'was' if gaps == 1 else 'were'} dropped."
        )
        if gaps:
            text += " If the rows do follow one another, as trading days do, use data.reset_index(drop=True)."
        notes.append(Note("rows-gaps", text, warn=gaps > 0))
    return rows, tuple(notes), run_starts(rows)


def values_missing(counts: Positions, names: Sequence[str], lost: int, missing: str) -> tuple[Note, ...]:
    """Say how many values of each variable are missing, and how many rows are dropped for that; or refuse them."""
    every = int(counts.sum())
    if not every:
        return ()
    where = [names[place] for place in np.flatnonzero(counts).tolist()]
    if missing == "raise":
        raise DataError(
            f"The data have {count_of(every, 'missing value')} in {where}, and missing='raise' refuses them."
        )
    text = (
        f"The data have {count_of(every, 'missing value')} in {where}. {count_of(lost, 'row was', 'rows were')} "
        "dropped, because a value is missing there or in the lags."
    )
    return (Note("rows-missing", text, warn=True),)


def require_distinct(names: tuple[str, ...], lags: int, terms: Terms) -> None:
    """Refuse exogenous variables named as another regressor is."""
    if not terms.exogenous:
        return
    if twice := repeated(regressor_labels(names, lags, terms)):
        raise SpecificationError(
            f"Several regressors would be named {', '.join(map(repr, twice))}. Rename an exogenous variable; these are "
            f"{', '.join(map(repr, terms.exogenous))}."
        )


def _require_rank(problem: LagProblem, names: tuple[str, ...], terms: Terms) -> None:
    """Refuse collinear regressors: a VAR cannot drop one lag of one variable and stay what was asked for."""
    if not problem.dependent_columns or problem.dependent_columns[0] >= problem.n_regressors:
        return
    column = problem.dependent_columns[0]
    labels = regressor_labels(names, problem.lags, terms)
    triangle = problem.factor[:column, : column + 1]
    weights = least_squares(triangle[:, :column], triangle[:, column]) if column else np.zeros(0)
    # What each column adds to the one that depends on them, in its unit.
    sizes = np.abs(weights) * np.sqrt((triangle[:, :column] ** 2).sum(axis=0))
    partners = [labels[place] for place in np.flatnonzero(sizes > 1e-8 * sizes.max(initial=0.0))]
    what = f"a linear combination of {', '.join(partners)}" if partners else "zero in every row"
    raise CollinearityError(
        f"Regressor {labels[column]!r} is {what}, so its coefficients are not identified. Leave out a variable, a lag, "
        "a dummy or the trend."
    )


def _few_rows(problem: LagProblem) -> tuple[Note, ...]:
    if problem.nobs >= 3 * problem.n_regressors:
        return ()
    text = (
        f"{problem.nobs} rows less {problem.n_regressors} coefficients in each equation leave "
        f"{count_of(problem.df_resid, 'degree')} of freedom. Estimates are biased, and asymptotic errors are "
        "unreliable."
    )
    return (Note("few-rows", text, warn=True),)


def _few_rows_compared(problem: LagProblem) -> tuple[Note, ...]:
    if problem.nobs >= 2 * problem.n_regressors:
        return ()
    text = (
        f"The longest order compared, {problem.lags}, has {problem.n_regressors} coefficients in each equation. All "
        f"orders are compared on the {problem.nobs} rows that it leaves, and criteria then favour the longest orders. "
        "Give a smaller max_lags=."
    )
    return (Note(CROWDED, text, warn=True),)


def notes_of_crowding(notes: tuple[Note, ...]) -> tuple[Note, ...]:
    """What a selection says of itself that the fit does not say again."""
    return tuple(note for note in notes if note.code == CROWDED)


def _exact_fits(problem: LagProblem, names: tuple[str, ...]) -> tuple[Note, ...]:
    if not problem.dependent_columns:
        return ()
    where = [names[column - problem.n_regressors] for column in problem.dependent_columns]
    many = len(where) > 1
    text = (
        f"{'Equations' if many else 'The equation'} of {', '.join(where)} {'fit' if many else 'fits'} exactly, or "
        f"{'their' if many else 'its'} errors are combinations of the other equations'. The residual covariance is "
        "singular, and errors, tests and orthogonalised shocks are rounding noise."
    )
    return (Note("singular-sigma", text, warn=True),)


def lag_order(lags: Any, smallest: int = 1, option: str = "lags", *, chosen: bool = False) -> int:
    """Return a lag order as int, or say what was expected; ``chosen`` where the option may name a criterion."""
    if not is_whole(lags) or not smallest <= lags <= LONGEST_HORIZON:
        other = " or a criterion (aic, bic, hqic, fpe, lr)" if chosen else ""
        some = ""
        if isinstance(lags, (list, tuple, range)):
            several = len(lags) > 1 and list(lags) == list(range(1, len(lags) + 1))
            all_of_them = f" Lags 1 to {len(lags)} are {option}={len(lags)}."
            some = all_of_them if several else " To leave out lags, use fit_restricted_var."
        most = f" and at most {LONGEST_HORIZON}" if is_whole(lags) and lags > LONGEST_HORIZON else ""
        raise SpecificationError(
            f"{option}={shown(lags)}: expected an integer of at least {smallest}{most}{other}.{some}"
        )
    return int(lags)

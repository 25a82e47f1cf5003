"""Many vector autoregressions in one call: one for each entity of a panel, or each data set of an array."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from panelvar.base.arguments import read_labels, read_names
from panelvar.base.arrays import Array, Positions
from panelvar.base.errors import (
    CollinearityError,
    DataError,
    InsufficientDataError,
    Note,
    SpecificationError,
    choose,
    emit,
)
from panelvar.base.labels import repeated
from panelvar.base.shared_parameters import documented
from panelvar.data.design import dated_panel
from panelvar.data.panel import Panel
from panelvar.data.series import refuse_infinite
from panelvar.dynamics.batched_lags import BatchFit, fit_batch, independent, triangles
from panelvar.dynamics.gaps import on_every_period, rows_with_lags
from panelvar.dynamics.lag_problem import scatter_by_order, stack_lags
from panelvar.dynamics.terms import Terms, terms_within
from panelvar.var_models.batch_result import VarBatch, Windows
from panelvar.var_models.published import check_names
from panelvar.var_models.var import (
    CRITERION_NAMES,
    CROWDED,
    check_terms,
    compared,
    lag_order,
    longest_order,
    longest_within,
    refuse_nothing,
    refuse_range,
    require_distinct,
    rows_missing,
    shortest_order,
)
from panelvar.var_models.var_convention import VarConvention, var_convention

if TYPE_CHECKING:
    import pandas as pd


@documented
def fit_var_batch(
    data: Panel | pd.DataFrame | npt.ArrayLike,
    names: Sequence[Hashable] | None = None,
    *,
    lags: int | str = 1,
    max_lags: int | None = None,
    min_lags: int | None = None,
    trend: str = "c",
    seasons: int = 0,
    exogenous: Sequence[str] | npt.ArrayLike | None = None,
    exogenous_lags: int = 0,
    convention: str | VarConvention = "default",
) -> VarBatch:
    r"""Estimate a vector autoregression for every entity of a panel, or every data set of an array, at once.

    Each member is what `fit_var` estimates from its rows alone; no parameter is shared.

    Parameters
    ----------
    data : Panel, DataFrame with a two-level (entity, time) index, or array (B, T, K)
        An array holds B data sets, such as simulated ones.
    names : sequence, optional
        Columns to use, in this order; for an array, the names of its variables.
    {lags (batch), max_lags (system), min_lags (system)}
    trend : {"n", "c", "t", "ct", "ctt"}
        Deterministic terms; the trend is 1 in a member's first period.
    {seasons}
        The first period of each member is of season 1.
    exogenous : sequence of column names, or array (T, M) or (B, T, M), optional
        Columns of the panel; for an array of data sets, exogenous variables of all of them or of each.
    {exogenous_lags, convention (system)}

    Returns
    -------
    VarBatch

    Raises
    ------
    DataError
        An array with values that are not finite, or infinite values.
    InsufficientDataError
        No member can be estimated.
    SpecificationError
        A DataFrame that does not say which rows are whose.

    Notes
    -----
    Lags never bridge a gap, and rows with a missing value or lag are left out, with a warning that counts them. Members
    with too few rows, or collinear regressors, are left out with a warning that names them.
    """
    rules = var_convention(convention)
    check_terms(trend, seasons, exogenous, exogenous_lags)
    if isinstance(data, Panel) or hasattr(data, "columns"):
        panel = dated_panel(data)
        entities, table = _entities(panel, names, exogenous, (trend, seasons, exogenous_lags))
        orders = read_orders(lags, max_lags, min_lags, table.terms, rules)
        found = fit_members(entities, orders, table, rules)
        notes = [*panel.notes, *entities.dropped([*table.names, *table.terms.exogenous], found)]
        return labelled_batch(found, orders, table, rules, notes)
    members, table = _data_sets(data, names, exogenous, (trend, seasons, exogenous_lags))
    orders = read_orders(lags, max_lags, min_lags, table.terms, rules)
    return labelled_batch(fit_members(members, orders, table, rules), orders, table, rules)


class Orders(NamedTuple):
    """What is asked of the lag order.

    Attributes
    ----------
    order : int or None
        The order; None where a criterion chooses it.
    criterion : str or None
    shortest : int
    longest : int or None
        Limits of a comparison; None for what the length of a member allows.
    """

    order: int | None
    criterion: str | None
    shortest: int
    longest: int | None


def read_orders(lags: Any, max_lags: int | None, min_lags: int | None, terms: Terms, rules: VarConvention) -> Orders:
    """Read a lag order or a criterion, and the limits of a comparison.

    Raises
    ------
    SpecificationError
    """
    if not isinstance(lags, str):
        refuse_range(max_lags, min_lags)
        order = lag_order(lags, 0, chosen=True)
        refuse_nothing(order, terms)
        return Orders(order, None, order, order)
    criterion = choose("lags", lags, CRITERION_NAMES)
    shortest = shortest_order(terms, rules, min_lags)
    refuse_nothing(shortest, terms)
    return Orders(None, criterion, shortest, None if max_lags is None else longest_order(max_lags, shortest))


class Members(Protocol):
    """Rows of many members, laid out for any lag order."""

    @property
    def periods(self) -> Positions:
        """Periods that each member spans, (B,): what limits its longest order."""

    def factors(self, order: int, some: Positions) -> tuple[Array, Positions]:
        """Triangles of [terms, lags, Y] of some members, and the rows behind each."""


class BatchData(NamedTuple):
    """What the members have in common, and how each is found again.

    Attributes
    ----------
    labels : Index
    names : tuple of str
    terms : Terms
    sample : callable
        Gives the data of one member, and its exogenous variables, from its label and lag order.
    windows : Windows or None
    """

    labels: pd.Index
    names: tuple[str, ...]
    terms: Terms
    sample: Callable[[Any, int], tuple[Any, Any]]
    windows: Windows | None = None


class MemberFits(NamedTuple):
    """Estimates of all members, with room for the longest order.

    Attributes
    ----------
    fits : BatchFit
        Zero at lags that a member does not have; NaN where it cannot be estimated.
    orders : array of int (B,)
        Negative where none could be chosen.
    crowded : int
        Members whose orders are compared on fewer rows than twice the coefficients of the longest.
    """

    fits: BatchFit
    orders: Positions
    crowded: int = 0


def fit_members(members: Members, orders: Orders, table: BatchData, rules: VarConvention) -> MemberFits:
    """Fit every member at its order.

    Raises
    ------
    InsufficientDataError
        The longest member is too short.
    """
    count, n_vars = table.terms.count, len(table.names)
    # Before anything as wide as the equations is laid out.
    _require_rows(members, orders, table)
    every = np.arange(len(members.periods))
    if orders.order is not None:
        factors, counts = members.factors(orders.order, every)
        fits = fit_batch(factors, counts, count + orders.order * n_vars)
        return MemberFits(fits, np.full(len(every), orders.order))
    chosen, nobs, crowded = _chosen(members, orders, table, rules)
    m = count + int(chosen.max(initial=orders.shortest)) * n_vars
    params, inverse = np.full((len(every), m, n_vars), np.nan), np.full((len(every), m, m), np.nan)
    scatter, estimable = np.full((len(every), n_vars, n_vars), np.nan), np.zeros(len(every), dtype=bool)
    for order in np.unique(chosen[chosen >= 0]).tolist():
        some, own = np.flatnonzero(chosen == order), count + order * n_vars
        fits = fit_batch(*members.factors(order, some), own)
        params[some], inverse[some] = 0.0, 0.0
        params[some, :own], inverse[some, :own, :own] = fits.params, fits.inverse_factor
        scatter[some], nobs[some], estimable[some] = fits.scatter_factor, fits.nobs, fits.estimable
    return MemberFits(BatchFit(params, inverse, scatter, nobs, estimable), chosen, crowded)


def _chosen(
    members: Members, orders: Orders, table: BatchData, rules: VarConvention
) -> tuple[Positions, Positions, int]:
    """The order of each member, -1 where it has none; rows behind the comparison; members with few of them."""
    terms, n_vars, periods = table.terms, len(table.names), members.periods
    longest = np.array(
        [
            longest_within(span, terms, n_vars, orders.shortest) if orders.longest is None else orders.longest
            for span in periods.tolist()
        ],
        dtype=np.intp,
    )
    chosen, nobs, crowded = np.full(len(periods), -1), np.zeros(len(periods), dtype=np.intp), 0
    for order in np.unique(longest).tolist():
        some, m = np.flatnonzero(longest == order), terms.count + order * n_vars
        factors, counts = members.factors(order, some)
        nobs[some] = counts
        # Where an equation fits exactly there is no likelihood to compare by.
        fine = fit_batch(factors, counts, m).estimable & independent(factors, counts).all(axis=1)
        crowded += int(np.count_nonzero(counts[fine] < 2 * m))
        scatter = scatter_by_order(factors, terms.count, order, n_vars)[:, orders.shortest :]
        for place in np.flatnonzero(fine).tolist():
            selection = compared(scatter[place], orders.shortest, int(counts[place]), terms, rules)
            chosen[some[place]] = selection.order(str(orders.criterion))
    return chosen, nobs, crowded


@dataclass(frozen=True, eq=False)
class _DataSets:
    """Data sets of one shape: values (B, T, K) and what stands beside their lags, (T, d) or (B, T, d)."""

    values: Array
    beside: Array
    exogenous_lags: int

    @property
    def periods(self) -> Positions:
        return np.full(len(self.values), self.values.shape[1])

    def factors(self, order: int, some: Positions) -> tuple[Array, Positions]:
        n_periods, n_vars = self.values.shape[1:]
        start, count = max(order, self.exogenous_lags), self.beside.shape[-1]
        n_rows, width = max(n_periods - start, 0), count + (order + 1) * n_vars

        def fill(first: int, stop: int, out: Array) -> None:
            # Of all of them a view will do.
            part = slice(first, stop) if len(some) == len(self.values) else some[first:stop]
            out[:, :, :count] = self.beside[start:] if self.beside.ndim == 2 else self.beside[part, start:]
            for lag in range(order + 1):
                # Lag 0, the variables themselves, stands last.
                column = width - n_vars if lag == 0 else count + (lag - 1) * n_vars
                out[:, :, column : column + n_vars] = self.values[part, start - lag : n_periods - lag]

        return triangles((len(some), n_rows, width), fill), np.full(len(some), n_rows)


def _data_sets(
    data: object, names: Sequence[Hashable] | None, exogenous: object, beside: tuple[str, int, int]
) -> tuple[_DataSets, BatchData]:
    """Read an array of data sets, and exogenous variables of all of them or of each."""
    array = np.asarray(data)
    if array.ndim != 3 or array.dtype.kind not in "fiu":
        raise SpecificationError(
            f"data of shape {array.shape}: expected a Panel, a DataFrame with a two-level index, or an array "
            "(data sets, periods, variables) of real numbers."
        )
    values = _whole(array, "array")
    n_members, n_periods, n_vars = values.shape
    labels = (
        [f"y{place + 1}" for place in range(n_vars)] if names is None else list(map(str, read_labels("names", names)))
    )
    check_names(tuple(labels), n_vars)
    if n_vars == 0:
        raise DataError(f"data of shape {values.shape} have no variables.")
    others = None if exogenous is None else _exogenous_array(exogenous, n_members, n_periods)
    width = 0 if others is None else others.shape[-1]
    terms = terms_within(n_periods, beside[0], beside[1], tuple(f"x{place + 1}" for place in range(width)), beside[2])
    if others is None or others.ndim == 2:
        rows = terms.over(n_periods, others)
    else:
        rows = np.stack([terms.over(n_periods, own) for own in others])

    import pandas as pd

    index = pd.RangeIndex(n_members, name="data set")
    table = BatchData(index, tuple(labels), terms, _DataSet(values, others))
    return _DataSets(values, rows, terms.exogenous_lags), table


def _whole(array: npt.NDArray[Any], what: str) -> Array:
    """An array as floats, without holes."""
    values = array.astype(np.float64, copy=False)
    if not np.isfinite(values).all():
        raise DataError(f"The {what} holds values that are missing or infinite; use a Panel for data with gaps.")
    return values


def _exogenous_array(exogenous: object, n_members: int, n_periods: int) -> Array:
    """Exogenous variables (T, M) of all data sets or (B, T, M) of each."""
    try:
        array = np.asarray(exogenous)
    except ValueError:
        array = np.empty((), dtype=object)
    array = array[:, None] if array.ndim == 1 else array
    shapes = ((n_periods,), (n_members, n_periods))
    if array.dtype.kind not in "fiu" or array.ndim not in (2, 3) or array.shape[:-1] != shapes[array.ndim - 2]:
        raise SpecificationError(
            f"exogenous of shape {array.shape}: expected an array of real numbers, (periods, variables) or (data sets, "
            f"periods, variables), of {n_members} data sets and {n_periods} periods as the data have."
        )
    return _whole(array, "array of exogenous variables")


@dataclass(frozen=True, eq=False)
class _DataSet:
    """One data set of an array, and its exogenous variables."""

    values: Array
    exogenous: Array | None

    def __call__(self, label: Any, order: int) -> tuple[Array, Array | None]:
        beside = self.exogenous
        return self.values[label], beside if beside is None or beside.ndim == 2 else beside[label]


@dataclass(frozen=True, eq=False)
class _Entities:
    """Entities of a panel, each on its own calendar."""

    panel: Panel
    columns: Array
    n_vars: int
    terms: Terms

    @property
    def periods(self) -> Positions:
        return np.array([len(grid) for grid, _ in self._grids])

    @cached_property
    def _grids(self) -> list[tuple[Array, Array]]:
        """Variables (T, K) and terms (T, d) of each entity in every period of its own."""
        found = []
        for first, stop in pairwise(self.panel.starts.tolist()):
            grid = on_every_period(self.columns[first:stop], self.panel.time_positions[first:stop])
            variables, others = grid[:, : self.n_vars], grid[:, self.n_vars :]
            found.append((variables, self.terms.over(len(grid), others if self.terms.exogenous else None)))
        return found

    def _stack(self, entity: int, order: int) -> Array:
        """Rows of an entity whose variables, lags and terms are all there."""
        grid, beside = self._grids[entity]
        whole = np.flatnonzero(np.isfinite(grid).all(axis=1))
        rows = whole[rows_with_lags(whole, order)]
        if self.terms.exogenous:
            rows = rows[np.isfinite(beside[rows]).all(axis=1)]
        return stack_lags(grid, order, beside, rows)

    def factors(self, order: int, some: Positions) -> tuple[Array, Positions]:
        stacks = [self._stack(one, order) for one in some.tolist()]
        counts = np.array([len(stack) for stack in stacks])

        def fill(first: int, stop: int, out: Array) -> None:
            out[:] = 0.0
            for place, stack in enumerate(stacks[first:stop]):
                out[place, : len(stack)] = stack

        width = self.terms.count + (order + 1) * self.n_vars
        return triangles((len(stacks), int(counts.max(initial=1)), width), fill), counts

    def dropped(self, names: Sequence[str], found: MemberFits) -> list[Note]:
        """Say how many rows are left out at these lag orders, for missing values and after gaps."""
        codes, positions, starts = self.panel.entity_codes, self.panel.time_positions, self.panel.starts
        places, lost, gaps = positions - positions[starts[:-1]][codes], 0, 0
        for order in np.unique(found.orders[found.orders >= 0]).tolist():
            some, first = found.orders == order, max(order, self.terms.exogenous_lags)
            unbroken = int(np.count_nonzero(some[codes[rows_with_lags(positions, first, codes)]]))
            lost += unbroken - int(found.fits.nobs[some].sum())
            gaps += int(np.count_nonzero(some[codes] & (places >= first))) - unbroken
        notes = [*rows_missing(self.columns, names, lost)]
        if gaps:
            text = f"{gaps} row(s) after periods absent from the data dropped for want of lags."
            notes.append(Note("rows-gaps", text, warn=True))
        return notes


def _entities(
    panel: Panel, names: Sequence[Hashable] | None, exogenous: object, beside: tuple[str, int, int]
) -> tuple[_Entities, BatchData]:
    """One member an entity."""
    others = [] if exogenous is None else list(map(str, read_names("exogenous", exogenous)))
    own = (panel.entity_name, panel.time_name, *others)
    listed = panel.names if names is None else read_labels("names", names)
    chosen = [str(name) for name in listed if names is not None or name not in own]
    if not chosen:
        raise DataError("No columns are left for the vector autoregressions: name them, names=.")
    if twice := repeated(chosen):
        raise SpecificationError(f"Variable names repeat: {twice}.")
    if twice := [name for name in chosen if name in others]:
        raise SpecificationError(f"{twice} are both variables of the VAR and exogenous.")
    columns = np.column_stack([panel.column(name) for name in (*chosen, *others)])
    refuse_infinite(columns, [*chosen, *others])
    spans = panel.time_positions[panel.starts[1:] - 1] - panel.time_positions[panel.starts[:-1]] + 1
    terms = terms_within(int(spans.max()), beside[0], beside[1], tuple(others), beside[2])
    table = BatchData(panel.entity_labels, tuple(chosen), terms, _Entity(panel, columns, tuple(chosen), terms))
    return _Entities(panel, columns, len(chosen), terms), table


@dataclass(frozen=True, eq=False)
class _Entity:
    """The rows of one entity of a panel, its exogenous variables apart."""

    panel: Panel
    columns: Array
    names: tuple[str, ...]
    terms: Terms

    def __call__(self, label: Any, order: int) -> tuple[pd.DataFrame, pd.DataFrame | None]:
        import pandas as pd

        panel, entity = self.panel, self.panel.entity_labels.tolist().index(label)
        part = slice(int(panel.starts[entity]), int(panel.starts[entity + 1]))
        index = panel.calendar.labels_at(panel.time_positions[part])
        frame = pd.DataFrame(self.columns[part], index=index, columns=[*self.names, *self.terms.exogenous])
        return frame[list(self.names)], frame[list(self.terms.exogenous)] if self.terms.exogenous else None


def _require_rows(members: Members, orders: Orders, table: BatchData) -> None:
    """Refuse a batch whose longest member is too short for the order, or for the longest that is compared."""
    order = orders.shortest if orders.longest is None else orders.longest
    count, longest = table.terms.count + order * len(table.names), int(members.periods.max(initial=0))
    _refuse_short(len(members.periods), longest - max(order, table.terms.exogenous_lags), count, len(table.names))


def _refuse_short(members: int, longest: int, count: int, n_vars: int) -> None:
    if members == 0 or longest < count + n_vars:
        raise InsufficientDataError(
            f"None of the {members} members can be estimated: each equation has {count} coefficients, and the "
            f"longest member has {max(longest, 0)} usable rows."
        )


def labelled_batch(
    found: MemberFits, orders: Orders, table: BatchData, rules: VarConvention, of_rows: Sequence[Note] = ()
) -> VarBatch:
    """Leave out what cannot be estimated, and say so."""
    fits, n_vars, used = found.fits, len(table.names), found.fits.estimable
    notes = tuple(of_rows)
    if not used.any():
        _refuse_short(len(used), int(fits.nobs.max(initial=0)), fits.params.shape[1], n_vars)
        raise CollinearityError(
            f"None of the {len(used)} members can be estimated: their regressors are collinear (a variable that "
            "does not vary, or a combination of others), or out of the range of floating-point numbers."
        )
    lengths = found.orders[used]
    if not used.all():
        left = table.labels[~used]
        listed = ", ".join(map(repr, left[:5].tolist())) + (", ..." if len(left) > 5 else "")
        text = (
            f"{len(left)} of {len(used)} members left out, with too few rows, collinear regressors, or numbers out of "
            f"range or too far apart: {listed}."
        )
        notes = (*notes, Note("members-dropped", text, warn=True))
        params, inverse, scatter = fits.params[used], fits.inverse_factor[used], fits.scatter_factor[used]
        fits = BatchFit(params, inverse, scatter, fits.nobs[used], used[used])
    if orders.criterion is not None:
        text = f"{lengths.min()} to {lengths.max()} lags chosen by {orders.criterion.upper()}, member by member."
        notes = (*notes, Note("lags-selected", text))
    if found.crowded:
        text = (
            f"{found.crowded} of {len(found.orders)} members compare orders on fewer rows than twice the coefficients "
            "of the longest: criteria then favour the longest orders. Give a smaller max_lags."
        )
        notes = (*notes, Note(CROWDED, text, warn=True))
    counts = table.terms.count + lengths * n_vars
    crowded = int(np.count_nonzero(fits.nobs < 3 * counts))
    if crowded:
        most = int(counts.max())
        text = (
            f"{crowded} of {len(fits.nobs)} members have fewer than {3 * most} rows, three for each of an equation's "
            f"{most} coefficients: estimates are biased and asymptotic errors unreliable."
            if counts.min() == most
            else f"{crowded} of {len(fits.nobs)} members have fewer than three rows for each coefficient of an "
            "equation: estimates are biased and asymptotic errors unreliable."
        )
        notes = (*notes, Note("few-rows", text, warn=True))
    emit(notes)
    longest = int(lengths.max())
    require_distinct(table.names, longest, table.terms)
    m = table.terms.count + longest * n_vars
    fits = fits._replace(params=fits.params[:, :m], inverse_factor=fits.inverse_factor[:, :m, :m])
    return VarBatch(
        fits, table.labels[used], table.names, longest, table.terms, rules, table.sample, notes, lengths, table.windows
    )

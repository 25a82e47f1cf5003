"""Fits of all members of a batch at lag orders given or chosen, and what is said of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.errors import CollinearityError, InsufficientDataError, Note, choose, emit
from panelvar.kernels.dynamics.batched_lags import BatchFit, fit_batch, independent
from panelvar.kernels.dynamics.lag_problem import scatter_by_order
from panelvar.kernels.dynamics.terms import Terms
from panelvar.systems.batches.batch_result import VarBatch, Windows
from panelvar.systems.var.var import (
    CRITERION_NAMES,
    CROWDED,
    compare_orders,
    lag_order,
    longest_order,
    longest_within,
    refuse_nothing,
    refuse_range,
    require_distinct,
    shortest_order,
)
from panelvar.systems.var.var_convention import VarConvention

if TYPE_CHECKING:
    import pandas as pd


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
        If the longest member is too short.
    """
    count, n_vars = table.terms.count, len(table.names)
    # Before anything as wide as the equations is laid out.
    compared = orders.shortest if orders.longest is None else orders.longest
    usable = int(members.periods.max(initial=0)) - max(compared, table.terms.exogenous_lags)
    _refuse_short(len(members.periods), usable, count + compared * n_vars, n_vars)
    every = np.arange(len(members.periods))
    if orders.order is not None:
        factors, counts = members.factors(orders.order, every)
        fits = fit_batch(factors, counts, count + orders.order * n_vars)
        return MemberFits(fits, np.full(len(every), orders.order))
    chosen, nobs, crowded = _choose_orders(members, orders, table, rules)
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


def _choose_orders(
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
            selection = compare_orders(scatter[place], orders.shortest, int(counts[place]), terms, rules)
            chosen[some[place]] = selection.order(str(orders.criterion))
    return chosen, nobs, crowded


def _refuse_short(members: int, longest: int, count: int, n_vars: int) -> None:
    if members == 0 or longest < count + n_vars:
        raise InsufficientDataError(
            f"None of the {members} members can be estimated. Each equation has {count} coefficients, and the "
            f"longest member has {max(longest, 0)} usable rows."
        )


def label_batch(
    found: MemberFits, orders: Orders, table: BatchData, rules: VarConvention, of_rows: Sequence[Note] = ()
) -> VarBatch:
    """Leave out what cannot be estimated, and say so."""
    fits, n_vars, used = found.fits, len(table.names), found.fits.estimable
    notes = tuple(of_rows)
    if not used.any():
        _refuse_short(len(used), int(fits.nobs.max(initial=0)), fits.params.shape[1], n_vars)
        raise CollinearityError(
            f"None of the {len(used)} members can be estimated. Their regressors are collinear (a variable that "
            "does not vary, or a combination of others), or their numbers are out of range or too far apart."
        )
    lengths = found.orders[used]
    if not used.all():
        left = table.labels[~used]
        listed = ", ".join(map(repr, left[:5].tolist())) + (", ..." if len(left) > 5 else "")
        text = (
            f"{len(left)} of {len(used)} members are left out, because they have too few rows, collinear "
            f"regressors, or numbers out of range or too far apart: {listed}."
        )
        notes = (*notes, Note("members-dropped", text, warn=True))
        fits = BatchFit._make(part[used] for part in fits)
    if orders.criterion is not None:
        text = f"{lengths.min()} to {lengths.max()} lags chosen by {orders.criterion.upper()}, member by member."
        notes = (*notes, Note("lags-selected", text))
    if found.crowded:
        text = (
            f"{found.crowded} of {len(found.orders)} members compare lag orders on fewer rows than twice the "
            "coefficients of the longest order. Criteria then favour the longest orders. Give a smaller max_lags."
        )
        notes = (*notes, Note(CROWDED, text, warn=True))
    counts = table.terms.count + lengths * n_vars
    crowded = int(np.count_nonzero(fits.nobs < 3 * counts))
    if crowded:
        most = int(counts.max())
        text = (
            f"{crowded} of {len(fits.nobs)} members have fewer than {3 * most} rows, which is three for each of the "
            f"{most} coefficients of an equation. Their estimates are biased and asymptotic errors are unreliable."
            if counts.min() == most
            else (
                f"{crowded} of {len(fits.nobs)} members have fewer than three rows for each coefficient of an "
                "equation. Their estimates are biased and asymptotic errors are unreliable."
            )
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

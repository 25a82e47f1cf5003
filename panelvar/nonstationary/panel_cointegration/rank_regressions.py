r"""Regressions of reduced rank of many systems of one length, and the lags of their vector autoregressions.

A system y of K variables with p lags in levels has

.. math:: \Delta y_t = \alpha\beta' z_{t-1} + \sum_{j=1}^{p-1} \Gamma_j \Delta y_{t-j} + \Phi d_t + u_t, \qquad
    t = p, \dots, T - 1,

with z the levels and, in some cases, a constant or a trend (see `panelvar.nonstationary.cointegration.cases`). Systems
are stacked, (M, T, K). A status says what is wrong with a system; the others go on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arguments import read_whole
from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import (
    CollinearityError,
    InsufficientDataError,
    NumericalError,
    PanelVarError,
    SpecificationError,
    choose,
)
from panelvar.core.base.scaling import columns_in_own_units
from panelvar.kernels.dynamics.criteria import CRITERIA, penalty
from panelvar.kernels.linear.qr import ROUNDING
from panelvar.kernels.linear.unit_regressions import DEPENDENT, ESTIMATED, stacked_triangles
from panelvar.nonstationary.cointegration.cases import CASES
from panelvar.nonstationary.cointegration.reduced_rank import canonical_correlations
from panelvar.nonstationary.panel_series.panel_system import PanelSystem
from panelvar.nonstationary.unit_roots.lag_orders import SHORTER
from panelvar.nonstationary.unit_roots.one_series import POWERS
from panelvar.nonstationary.unit_roots.regressions import EXACT, by_length, in_order, join_groups, pieces

REASONS: dict[int, tuple[type[PanelVarError], str]] = {
    DEPENDENT: (CollinearityError, "has levels, lagged changes and terms that are combinations of one another"),
    EXACT: (NumericalError, "has a combination of the variables that is an exact function of their past"),
}
"""Why an entity has no test, by status."""


class RankRegressions(NamedTuple):
    r"""What the regressions of M systems with the same lags say.

    Attributes
    ----------
    triangles : (M, w, w) array
        Triangles of the columns: unrestricted terms, lagged changes, levels and terms confined to relations, changes.
    short : int
        Columns before the levels.
    eigenvalues : (M, K) array
        Squared canonical correlations, largest first.
    left : (M, q, K) array
        Left singular vectors of `panelvar.nonstationary.cointegration.reduced_rank.canonical_correlations`.
    status : (M,) integer array
        `ESTIMATED`, `DEPENDENT` or `EXACT`.
    """

    triangles: Array
    short: int
    eigenvalues: Array
    left: Array
    status: NDArray[np.int8]


def count_coefficients(trend: str, variables: int, lags: int) -> int:
    """Coefficients of an equation."""
    return POWERS[CASES[trend].levels] + variables * lags


def fewest_rows(trend: str, variables: int, lags: int) -> int:
    """Rows without which errors have no covariance of full rank."""
    return count_coefficients(trend, variables, lags) + variables


def rank_columns(stack: Array, trend: str, lags: int, start: int) -> tuple[Array, int]:
    """Columns (M, T - start, w) of the periods from ``start`` on, and how many stand before the levels."""
    periods, case = stack.shape[1], CASES[trend]
    powers = POWERS[case.levels]
    # The first period has no change, and none is read.
    changes = np.diff(stack, axis=1, prepend=stack[:, :1])
    time = np.arange(start, periods) / periods - 0.5
    terms = np.broadcast_to(time[:, None] ** np.arange(powers), (len(stack), len(time), powers))
    beside = [place for place in range(powers) if place not in case.confined]
    past = [changes[:, start - lag : periods - lag] for lag in range(1, lags)]
    parts = [terms[..., beside], *past, stack[:, start - 1 : -1], terms[..., list(case.confined)], changes[:, start:]]
    return np.concatenate(parts, axis=2), len(beside) + stack.shape[2] * (lags - 1)


def rank_regressions(stack: Array, trend: str, lags: int) -> RankRegressions:
    """Regress systems (M, T, K) with the same lags on all rows that these leave."""
    k = stack.shape[2]
    columns, short = rank_columns(stack, trend, lags, lags)
    r = stacked_triangles(columns)
    at = r.shape[2] - k
    lengths = np.sqrt(np.square(r).sum(axis=1))
    small = np.abs(np.diagonal(r, axis1=1, axis2=2)) <= columns.shape[1] ** 0.5 * ROUNDING * lengths
    dependent, exact = small[:, :at].any(axis=1), small[:, at:].any(axis=1)
    status = np.select([dependent, exact], [DEPENDENT, EXACT], ESTIMATED).astype(np.int8)
    # What has no regression has a triangle with an inverse all the same: its status says what it is.
    r[status != ESTIMATED] = np.eye(r.shape[2])
    found = canonical_correlations(r[:, short:at, at:], r[:, at:, at:])
    # A squared correlation is one but for rounding, too, where no column is that small beside its length.
    status[(1.0 - found.eigenvalues <= columns.shape[1] ** 0.5 * ROUNDING).any(axis=1)] = EXACT
    return RankRegressions(r, short, found.eigenvalues[:, :k], found.left[..., :k], status)


def eigenvalues(stack: Array, trend: str, lags: Positions) -> tuple[Array, NDArray[np.int8]]:
    """Eigenvalues (M, K) and status of systems with lags of their own (M,), those of the same together."""
    places, parts = [], []
    for lag in sorted(set(lags.tolist())):
        for units in pieces(
            np.flatnonzero(lags == lag), stack.shape[1] * count_coefficients(trend, stack.shape[2], lag)
        ):
            found = rank_regressions(stack[units], trend, lag)
            places.append(units)
            parts.append((found.eigenvalues, found.status))
    return join_groups(places, parts)


def choose_lags(stack: Array, trend: str, criterion: str, longest: int) -> Positions:
    r"""Lags (M,), from 1 to the longest, of the vector autoregressions of systems (M, T, K).

    The smallest of :math:`n \ln |U'U| + c\,m K` on the rows that the longest leaves, with m coefficients in each
    equation and c of 2 (aic), :math:`\ln n` (bic) or :math:`2 \ln \ln n` (hqic).
    """
    periods, k = stack.shape[1:]
    n = periods - longest
    weight = float(penalty(criterion, n))
    counts = [count_coefficients(trend, k, lags) for lags in range(1, longest + 1)]
    parts = []
    for units in pieces(np.arange(len(stack)), n * (counts[-1] + k)):
        # The levels stand before the lags here: shorter models are beginnings of the longest.
        columns, short = rank_columns(stack[units], trend, longest, longest)
        terms = short - k * (longest - 1)
        at = columns.shape[2] - k
        order = [*range(terms), *range(short, at), *range(terms, short), *range(at, at + k)]
        last = stacked_triangles(columns[..., order])[:, :, at:]
        # What a model leaves of the changes: the rows of its triangle below its coefficients.
        left = [np.abs(np.diagonal(stacked_triangles(last[:, count:]), axis1=1, axis2=2)) for count in counts]
        with np.errstate(divide="ignore"):
            values = [
                2.0 * n * np.log(each).sum(axis=1) + weight * k * count
                for each, count in zip(left, counts, strict=True)
            ]
        parts.append(1 + np.argmin(np.stack(values, axis=1), axis=1))
    return np.concatenate(parts)


def variables_in_own_units(values: Sequence[Array], trend: str) -> list[Array]:
    """Variables (T, K) over powers of two of their own, about their means where regressions have a constant."""
    whole = values if trend == "n" else [own - own.mean(axis=0) for own in values]
    return [columns_in_own_units(own) for own in whole]


def read_system_lags(
    system: PanelSystem, values: Sequence[Array], trend: str, lags: int | str, max_lags: int | None
) -> Positions:
    """Lags of each entity (N,), given or chosen for its values, or say that its periods do not suffice for them."""
    k, place = 1 + system.n_regressors, int(np.argmin(system.periods))
    shortest = int(system.periods[place])
    if isinstance(lags, str):
        choose("lags", lags, CRITERIA)
        if max_lags is None:
            longest = math.ceil(SHORTER * (shortest / 100.0) ** 0.25)
            while longest > 1 and shortest - longest < fewest_rows(trend, k, longest):
                longest -= 1
        else:
            longest = read_whole("max_lags", max_lags, 1)
    else:
        if max_lags is not None:
            raise SpecificationError("max_lags= applies when lags= names a criterion, such as lags='aic'.")
        longest = read_whole("lags", lags, 1)
    rows = shortest - longest
    if rows < fewest_rows(trend, k, longest):
        raise InsufficientDataError(
            f"{system.called(place)} has {count_of(shortest, 'period')}, of which {count_of(longest, 'lag')} leave "
            f"{count_of(max(rows, 0), 'row')}. At least {fewest_rows(trend, k, longest)} are needed for {k} variables. "
            "Use fewer lags."
        )
    if not isinstance(lags, str):
        return np.full(system.n_entities, longest)
    groups = list(by_length(values))
    chosen = [choose_lags(stack, trend, lags, longest) for _, stack in groups]
    return np.asarray(in_order([places for places, _ in groups], chosen), dtype=np.intp)

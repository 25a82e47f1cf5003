r"""Least squares of the rows of a panel, or of a part of them, as a function of each entity's cross products.

With entity effects, rows :math:`v_{it} = [x_{it}', y_{it}']` lose their entity's mean. Periods' effects are dummies,
which each fit projects out. The cross products are those of regressors in the sample's own orthonormal coordinates,
:math:`\dot x_{it} R^{-1}`, and of the sample's residuals: other weights of the entities, or other data, cost no digits.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import CollinearityError, InsufficientDataError, NumericalError
from panelvar.kernels.dynamics.column_ranges import measured_columns, require_range
from panelvar.kernels.dynamics.lag_problem import LagProblem
from panelvar.kernels.linear.groups import Grouping
from panelvar.kernels.linear.least_squares import least_squares
from panelvar.systems.panel_var.rows import PanelVarRows, SystemRows

_TOLERANCE = 1e-12
"""Share of its length that demeaning and the columns before it must leave of a column."""
_PIVOTS = 1e-10
"""The smallest pivot of a draw's moments beside the largest, in coordinates in which those of the sample are one."""


class Totals(NamedTuple):
    """Least squares of B sets of weights, or of data; periods' effects are projected out.

    Attributes
    ----------
    params : array (B, m, K)
    inverse : array (B, m, m)
        Inverse cross products of the regressors in the sample's orthonormal coordinates.
    gram : array (B, m + K, m + K)
        Cross products of these coordinates and of the sample's residuals.
    rows, entities, periods : array (B,)
        How many, weighted; and how many of the periods' dummies are independent.
    paired : array (B, T, m + K, m + K) or None
        The products entity by entity, times the block's `pairs`, summed.
    """

    params: Array
    inverse: Array
    gram: Array
    rows: Array
    entities: Array
    periods: Array
    paired: Array | None = None


class Refitted(NamedTuple):
    """Estimates of B sets of weights, or of data.

    Attributes
    ----------
    params : array (B, m, K)
    sigma : array (B, K, K)
        Residual covariances.
    unsolved : int
        In how many of them the estimator's equations have no solution, and what is nearest to one stands for it.
    """

    params: Array
    sigma: Array
    unsolved: int = 0


@dataclass(frozen=True, eq=False)
class Block:
    """Rows of a panel, less their entities' means where there are effects.

    Attributes
    ----------
    problem : LagProblem
        Of [periods' dummies, terms, lags, Y].
    dummies : array of int (q,)
        Calendar positions of the periods that have a dummy.
    effects : bool
        Whether entities have effects.
    codes : array of int (n,)
        Entity of each row, of all N; sorted.
    sizes : (N,) array
        Rows of each entity.
    places : array of int (n,)
        Where the rows are among all rows of the panel.
    pairs : (N, T) array or None
        What an estimator multiplies the products of each entity with, for every distance between two of its rows.
    """

    problem: LagProblem
    dummies: Positions
    effects: bool
    codes: Positions
    sizes: Array
    places: Positions
    pairs: Array | None = None

    @property
    def n_dummies(self) -> int:
        """Periods with a dummy, q."""
        return len(self.dummies)

    @property
    def _slopes(self) -> slice:
        return slice(self.n_dummies, self.problem.n_regressors)

    @property
    def params(self) -> Array:
        """Coefficients (m, K)."""
        return self.problem.params[self.n_dummies :]

    @property
    def root(self) -> Array:
        """R (m, m): the regressors, dummies taken out, have cross products R'R."""
        return self.problem.factor[self._slopes, self._slopes]

    @property
    def root_inverse(self) -> Array:
        """R^-1."""
        return self.problem.inverse_factor[self._slopes, self._slopes]

    @cached_property
    def coordinates(self) -> Array:
        """Regressors in orthonormal coordinates (n, m), dummies taken out."""
        inverse = self.problem.inverse_factor[:, self._slopes]
        return self.problem.design[:, : self.problem.n_regressors] @ inverse

    @cached_property
    def influence(self) -> Array:
        r"""What each row adds to the coefficients (n, m, K): :math:`(X'X)^{-1}\dot x_{it} \hat u_{it}'`."""
        moved = self.coordinates @ self.root_inverse.T
        return moved[:, :, None] * self.problem.residuals[:, None, :]

    @cached_property
    def leverage(self) -> Array:
        """Leverages of the rows (n,), those of the effects included."""
        whole = self.problem.design[:, : self.problem.n_regressors] @ self.problem.inverse_factor
        own: Array = np.einsum("ij,ij->i", whole, whole)
        return own + 1.0 / self.sizes[self.codes] if self.effects else own

    @property
    def df_resid(self) -> int:
        """Rows less all coefficients of an equation, effects among them."""
        return self.problem.df_resid - int(np.count_nonzero(self.sizes)) * self.effects

    def degrees(self, total: Totals) -> Array:
        """Degrees of freedom of draws, (B,)."""
        return total.rows - len(self.params) - total.periods - total.entities * self.effects

    @cached_property
    def products(self) -> Array:
        """Cross products (N, w^2) of each entity's rows in orthonormal coordinates, and residuals."""
        whole = self.problem.design[:, : self.problem.n_regressors] @ self.problem.inverse_factor
        return entity_products(np.concatenate([whole, self.problem.residuals], axis=1), self.sizes)

    def weighted(self, weights: Array) -> Totals:
        """Least squares with weights (B, N) of the entities."""
        width = self.problem.design.shape[1]
        gram = (weights @ self.products).reshape(-1, width, width)
        paired = None
        if self.pairs is not None:
            shares = weights[:, None, :] * self.pairs.T
            paired = (shares @ self.products).reshape(*shares.shape[:2], width, width)
        return self.solved(gram, weights @ self.sizes, weights.sum(axis=1), paired)

    def solved(self, gram: Array, rows: Array, entities: Array, paired: Array | None = None) -> Totals:
        """Least squares from cross products (B, w, w) of coordinates and residuals, and these by distance.

        Raises
        ------
        NumericalError
            Regressors of a draw depend on one another.
        """
        gram, periods, turn = projected(gram, self.n_dummies)
        if paired is not None:
            paired = turn.swapaxes(1, 2)[:, None] @ paired @ turn[:, None]
        m = len(self.params)
        try:
            half = _inverse_triangle(gram[:, :m, :m])
        except np.linalg.LinAlgError:
            raise NumericalError(
                "Regressors depend on one another in a draw, because its entities are too few, or too alike, for this "
                "many coefficients. Use fewer lags, or no time effects."
            ) from None
        inverse = half.swapaxes(1, 2) @ half
        change = self.root_inverse @ (inverse @ gram[:, :m, m:])
        return Totals(self.params + change, inverse, gram, rows, entities, periods, paired)

    def scatter(self, total: Totals, params: Array) -> Array:
        """Cross products (B, K, K) of the residuals that coefficients (B, m, K) leave."""
        moved = self.root @ (params - self.params)
        turn = np.concatenate([-moved, np.broadcast_to(np.eye(moved.shape[2]), (len(moved), *[moved.shape[2]] * 2))], 1)
        found = turn.swapaxes(1, 2) @ total.gram @ turn
        return np.asarray(0.5 * (found + found.swapaxes(1, 2)))

    def period_effects(self, params: Array) -> Array:
        """Coefficients (q, K) of the dummies beside coefficients (m, K) of the regressors."""
        q, m = self.n_dummies, self.problem.n_regressors
        top = self.problem.factor[:q]
        return np.asarray(np.linalg.solve(top[:, :q], top[:, m:] - top[:, q:m] @ params))

    def residuals(self, params: Array) -> Array:
        """Residuals (n, K) that coefficients (m, K) leave."""
        return self.problem.residuals - self.coordinates @ (self.root @ (params - self.params))


def _inverse_triangle(gram: Array) -> Array:
    """Inverses of the lower factors of cross products (B, m, m), or an error where one is singular."""
    lower = np.linalg.cholesky(gram)
    pivots = lower.diagonal(axis1=1, axis2=2)
    if (pivots.min(axis=1, initial=np.inf) <= _PIVOTS * pivots.max(axis=1, initial=0.0)).any():
        raise np.linalg.LinAlgError
    return np.asarray(np.linalg.solve(lower, np.broadcast_to(np.eye(gram.shape[1]), gram.shape)))


def projected(gram: Array, count: int) -> tuple[Array, Array, Array]:
    """Take the first columns out of the others in cross products (B, w, w).

    Also how many of the first are independent, and the others less their projections as combinations of all columns,
    (B, w, w - count). A period that none of a draw's entities have has a dummy of zeros. Whichever of dependent dummies
    is left out, what they leave of the others is the same.
    """
    every = np.full(len(gram), float(count))
    others = np.broadcast_to(np.eye(gram.shape[1])[:, count:], (len(gram), gram.shape[1], gram.shape[1] - count))
    if not count:
        return gram, every, others
    top, side = gram[:, :count, :count], gram[:, :count, count:]
    try:
        whitened = _inverse_triangle(top)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(top)
        present = values > _PIVOTS * values[:, -1:]
        weights = np.where(present, 1.0 / np.sqrt(np.where(present, values, 1.0)), 0.0)
        whitened = weights[:, :, None] * vectors.swapaxes(1, 2)
        every = present.sum(axis=1).astype(np.float64)
    half = whitened @ side
    turn = others.copy()
    turn[:, :count] = -(whitened.swapaxes(1, 2) @ half)
    return np.asarray(gram[:, count:, count:] - half.swapaxes(1, 2) @ half), every, turn


def entity_products(columns: Array, sizes: Array | Positions) -> Array:
    """Cross products (N, w^2) of each entity's rows (n, w), which stand together, so many of each."""
    width = columns.shape[1]
    out = np.zeros((len(sizes), width, width))
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.intp)
    for size in np.unique(sizes[sizes > 0]).astype(np.intp):
        alike = np.flatnonzero(sizes == size)
        own = columns[starts[alike][:, None] + np.arange(size)]
        out[alike] = own.swapaxes(1, 2) @ own
    return out.reshape(len(sizes), -1)


def block_of(rows: PanelVarRows, places: Positions | None = None, *, effects: bool, time_effects: bool) -> Block:
    """Demean rows of a panel, all or some, add their periods' dummies, and factor them.

    Raises
    ------
    CollinearityError
        A regressor depends on others, or on the effects, or an equation fits exactly.
    InsufficientDataError
        There are fewer rows than coefficients.
    """
    codes = np.asarray(rows.entities.codes if places is None else rows.entities.codes[places], dtype=np.intp)
    found = np.arange(rows.nobs) if places is None else places
    whole = rows.columns if places is None else rows.columns[places]
    periods = np.arange(0)
    if time_effects:
        # The first period is what the others are compared with.
        periods = np.unique(rows.design.time_positions[found])[1:]
        dummies = rows.design.time_positions[found][:, None] == periods
        whole = np.concatenate([dummies.astype(np.float64), whole], axis=1)
    lengths = column_lengths(rows, whole)
    present = rows.entities if places is None else Grouping.from_codes(np.unique(codes, return_inverse=True)[1])
    if effects:
        whole = whole - present.means_of(whole)[present.codes]
    if len(periods):
        kept = independent(np.linalg.qr(whole[:, : len(periods)])[1], lengths, len(periods))
        whole, lengths, periods = whole[:, kept], lengths[kept], periods[kept[: len(kept) - rows.columns.shape[1]]]
    problem = LagProblem(np.asfortranarray(whole), len(periods) + rows.terms.count, rows.lags, rows.n_vars)
    sizes = np.bincount(codes, minlength=rows.n_entities).astype(np.float64)
    block = Block(problem, periods, effects, codes, sizes, found)
    require_fit(rows, block, lengths, present.n_groups)
    return block


def require_fit(rows: SystemRows, block: Block, lengths: Array, n_entities: int) -> None:
    """Refuse rows whose coefficients are not identified (see `block_of`); lengths are those before demeaning."""
    problem, periods = block.problem, block.dummies
    if block.df_resid < rows.n_vars:
        absorbed = f", {len(periods) + 1} periods" if len(periods) else ""
        absorbed += f" and the effects of {n_entities} entities" if block.effects else ""
        left = count_of(block.df_resid, "degree", "degrees") if block.df_resid > 0 else "no degrees"
        raise InsufficientDataError(
            f"{count_of(problem.nobs, 'row')} for {count_of(rows.n_regressors, 'coefficient')} per equation{absorbed} "
            f"leave {left} of freedom, and {rows.n_vars} or more are needed. Use fewer lags or regressors, or look for "
            "missing values."
        )
    require_range(problem.factor, problem.column_sizes, measured_columns(rows.names, rows.terms, rows.lags))
    _require_rank(rows, block, lengths)


def column_lengths(rows: SystemRows, whole: Array) -> Array:
    """Lengths of columns of which the last are those of the rows, or a refusal of what has no sum of squares."""
    with np.errstate(over="ignore"):
        lengths: Array = np.sqrt(np.einsum("ij,ij->j", whole, whole))
    require_range(whole, lengths, measured_columns(rows.names, rows.terms, rows.lags))
    return lengths


def independent(factor: Array, lengths: Array, count: int) -> Positions:
    """Which columns stay, given their triangular factor: all but those dummies that depend on the columns before them.

    Such dummies exist where entities do not connect the periods.
    """
    pivots = np.abs(factor.diagonal()[:count])
    return np.flatnonzero(np.append(pivots > 1e-8 * lengths[:count], np.ones(len(lengths) - count, dtype=bool)))


def _require_rank(rows: SystemRows, block: Block, lengths: Array) -> None:
    problem, labels = block.problem, (*rows.regressor_names, *rows.names)
    flat = np.flatnonzero(np.abs(problem.factor.diagonal()) <= _TOLERANCE * lengths)
    if not flat.size:
        return
    place = int(flat[0])
    name = labels[place - block.n_dummies]
    if place >= problem.n_regressors:
        raise CollinearityError(
            f"The equation of {name!r} fits exactly, or its error is a combination of the errors of the other "
            "equations. Leave a variable out."
        )
    if block.effects and problem.column_sizes[place] <= _TOLERANCE * lengths[place]:
        raise CollinearityError(
            f"{name!r} does not vary within any of {rows.n_entities} entities, so their effects take its place. Leave "
            "it out, or use method='pooled'."
        )
    triangle = problem.factor[:place, : place + 1]
    weights = least_squares(triangle[:, :place], triangle[:, place]) if place else np.zeros(0)
    sizes = np.abs(weights) * problem.column_sizes[:place]
    every = np.flatnonzero(sizes > 1e-8 * sizes.max(initial=0.0)).tolist()
    partners = [labels[each - block.n_dummies] for each in every if each >= block.n_dummies]
    what = f"a linear combination of {', '.join(partners)}" if partners else "the same for all entities in a period"
    raise CollinearityError(
        f"Regressor {name!r} is {what}, so its coefficients are not identified. Leave out a variable, a lag or "
        "the time effects."
    )

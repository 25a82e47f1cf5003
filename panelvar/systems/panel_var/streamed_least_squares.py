"""Least squares of the rows of a stream: their triangle stands for them, and entities are read again for errors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.errors import SpecificationError
from panelvar.estimates.covariance.covariances import Clustered, CovarianceEstimate
from panelvar.estimates.covariance.influenced import Influenced
from panelvar.estimates.fit.small_samples import Counts
from panelvar.kernels.dynamics.column_ranges import measured_columns, require_range
from panelvar.kernels.dynamics.lag_problem import LagProblem
from panelvar.kernels.linear.groups import Grouping
from panelvar.kernels.linear.qr import triangularize
from panelvar.panels.dynamic.weighting import StackedRows
from panelvar.systems.panel_var.blocks import Block, Totals, independent, require_fit
from panelvar.systems.panel_var.least_squares import LeastSquares
from panelvar.systems.panel_var.rows import SystemRows
from panelvar.systems.var.scored_system import RULES, equation_labels


@dataclass(frozen=True, eq=False, kw_only=True)
class SummedProblem(LagProblem):
    """A `LagProblem` whose design is the triangle of the rows.

    Attributes
    ----------
    rows : int
        How many rows there are.
    """

    rows: int

    @property
    def nobs(self) -> int:
        """Rows explained."""
        return self.rows


def read_block(rows: SystemRows, *, effects: bool, time_effects: bool) -> Block:
    """Read the rows, less their entities' means where these have effects, and factor them (see `block_of`)."""
    # The first period is what the others are compared with.
    periods = rows.periods[1:] if time_effects else np.zeros(0, dtype=np.intp)
    squares: Any = 0.0
    stacked = StackedRows()
    for raw, whole, _ in _laid(rows, periods, effects=effects):
        with np.errstate(over="ignore"):
            squares = squares + np.einsum("ij,ij->j", raw, raw)
        stacked.add(whole)
    lengths, factor = np.sqrt(squares), triangularize(stacked.rows)
    require_range(np.diag(lengths), lengths, measured_columns(rows.names, rows.terms, rows.lags))
    if len(periods):
        count = len(periods)
        kept = independent(factor, lengths, count)
        factor, lengths, periods = factor[:, kept], lengths[kept], periods[kept[kept < count]]
    first = len(periods) + rows.terms.count
    problem = SummedProblem(np.asfortranarray(factor), first, rows.lags, rows.n_vars, rows=rows.nobs)
    nowhere: Positions = np.zeros(0, dtype=np.intp)
    block = Block(problem, periods, effects, nowhere, rows.sizes.astype(np.float64), nowhere)
    require_fit(rows, block, lengths, rows.n_entities)
    return block


def _laid(rows: SystemRows, periods: Positions, *, effects: bool) -> Iterator[tuple[Array, Array, Grouping]]:
    """Read columns [dummies, terms, lags, Y] of the rows, the same less their entities' effects, and the entities."""
    for entities, own, columns in rows.parts():
        if not len(columns):
            continue
        raw = np.concatenate([(own[:, None] == periods).astype(np.float64), columns], axis=1)
        groups = Grouping.from_codes(np.unique(entities, return_inverse=True)[1])
        yield raw, raw - groups.means_of(raw)[groups.codes] if effects else raw, groups


class StreamedLeastSquares(LeastSquares):
    """Least squares of the rows of a stream."""

    @cached_property
    def sample(self) -> tuple[Totals, ...]:
        """Least squares of all rows: entities have no weights here."""
        block, rows = self.blocks[0], self.rows
        problem = block.problem
        regressors = problem.design[:, : problem.n_regressors] @ problem.inverse_factor
        both = np.concatenate([regressors, problem.residuals], axis=1)
        gram, counts = (both.T @ both)[None], np.array([[float(rows.nobs)], [float(rows.n_entities)]])
        return (block.solved(gram, *counts),)

    def meat(self) -> Array:
        """Sum over the entities of the outer products of what each adds to the coefficients, (K m, K m)."""
        block = self.blocks[0]
        problem, count = block.problem, block.problem.n_regressors
        turned = problem.inverse_factor[:, block.n_dummies : count] @ block.root_inverse.T
        total: Any = 0.0
        for _, whole, groups in _laid(self.rows, block.dummies, effects=block.effects):
            moved = whole[:, :count] @ turned
            left = whole[:, count:] - whole[:, :count] @ problem.params
            influence = (left[:, :, None] * moved[:, None, :]).reshape(len(whole), -1)
            summed = groups.sums_of(influence)
            total = total + summed.T @ summed
        return np.asarray(total)

    def clustered(self, asked: object, found: object, counts: Counts) -> CovarianceEstimate:
        """The covariance clustered by entity, which is all that rows of a stream have beside the classical one."""
        rows, block = self.rows, self.blocks[0]
        by = found.by[0] if isinstance(found, Clustered) and len(found.by) == 1 else None
        named = isinstance(by, str) and by in ("entity", rows.panel.entity_name)
        if not isinstance(found, Clustered) or not named or found.residuals not in ("HC0", "HC1"):
            raise SpecificationError(
                f"cov={asked!r} is not available for least squares of a stream, which takes 'classical' and clusters "
                "of entities. Use a Panel for others."
            )
        groups = Grouping(np.arange(rows.n_entities), rows.n_entities)
        names = equation_labels(rows.names, rows.regressor_names)
        # A row for each entity, since its influences are summed: its effect lies within it, and a period's in none.
        everybody = Grouping(np.zeros(rows.n_entities, dtype=np.intp), 1)
        levels = (groups,) * block.effects + (everybody,) * bool(block.n_dummies)
        nobody: Any = None
        fit = Influenced(names, np.zeros((0, len(names))), counts, nobody, np.zeros(0), levels)
        return found.of_meats(fit, RULES, [(groups, rows.panel.entity_name)], [groups], [self.meat()])


def streamed_least_squares(rows: SystemRows, method: str, time_effects: bool) -> StreamedLeastSquares:
    """Least squares by a method that streams have.

    Raises
    ------
    SpecificationError
        Streams do not have the method.
    """
    if method not in ("within", "pooled"):
        raise SpecificationError(
            f"method={method!r} needs the rows of all entities at once, and a stream is read a chunk at a time. Use "
            "'within', 'pooled' or 'gmm', or a Panel."
        )
    return StreamedLeastSquares(rows, (read_block(rows, effects=method == "within", time_effects=time_effects),))

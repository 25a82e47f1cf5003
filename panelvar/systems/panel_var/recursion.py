"""Data sets of a panel generated again from other errors, entity by entity, and the estimator on each of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from panelvar.core.base.arrays import Array, Positions
from panelvar.systems.panel_var.blocks import Block, Refitted, Totals, entity_products
from panelvar.systems.panel_var.least_squares import PanelLeastSquares
from panelvar.systems.panel_var.rows import PanelVarRows


@dataclass(frozen=True, eq=False)
class Recursion(ABC):
    r"""What generates data: :math:`y^*_{it} = a_{it} + B'x^*_{it} + u^*_{it}`, from the observed lags of each run.

    Effects of entities and periods, :math:`a_{it}`, are what the coefficients and residuals leave of the data. After a
    gap the recursion starts again from the observed lags.

    Attributes
    ----------
    rows : PanelVarRows
        The rows of the equations in levels.
    """

    rows: PanelVarRows

    @abstractmethod
    def residuals(self, params: Array) -> Array:
        """Residuals (n, K) that coefficients (m, K) leave, less the effects."""

    @abstractmethod
    def refit(self, data: Array) -> Refitted:
        """Estimates of data sets (B, n, m + K)."""

    @abstractmethod
    def less_effects(self, values: Array) -> Array:
        """Values (B, n, K) of data sets' rows, less the effects of entities and periods."""

    def left(self, data: Array, params: Array) -> Array:
        """Residuals (B, n, K) of data sets, less the effects."""
        m = self.rows.n_regressors
        return self.less_effects(data[:, :, m:] - data[:, :, :m] @ params)

    @cached_property
    def _depths(self) -> tuple[Positions, ...]:
        """Rows by their place in runs of adjacent periods: all first ones, all second ones, ..."""
        rows = self.rows
        codes, periods = rows.entities.codes, rows.design.time_positions
        follows = np.zeros(rows.nobs, dtype=bool)
        follows[1:] = (codes[1:] == codes[:-1]) & (np.diff(periods) == 1)
        starts = np.maximum.accumulate(np.where(follows, 0, np.arange(rows.nobs)))
        depth = np.arange(rows.nobs) - starts
        order = np.argsort(depth, kind="stable")
        return tuple(np.split(order, np.cumsum(np.bincount(depth))[:-1]))

    def data(self, innovations: Array, params: Array) -> Array:
        """Rows [terms, lags, Y] (B, n, m + K) that errors (B, n, K) make with coefficients (m, K)."""
        rows = self.rows
        m, k, first = rows.n_regressors, rows.n_vars, rows.terms.count
        out = np.empty((len(innovations), *rows.columns.shape))
        out[:, :, :m] = rows.x
        moved = innovations + (rows.y - rows.x @ params - self.residuals(params))
        # Data sets of an explosive system leave the range of numbers: whoever reads the draws says so.
        with np.errstate(over="ignore", invalid="ignore"):
            for place, now in enumerate(self._depths):
                if place:
                    before = out[:, now - 1]
                    out[:, now, first : first + k] = before[:, :, m:]
                    out[:, now, first + k : m] = before[:, :, first : m - k]
                out[:, now, m:] = moved[:, now] + out[:, now, :m] @ params
        return out


@dataclass(frozen=True, eq=False)
class LeastSquaresRecursion(Recursion):
    """The recursion of least squares, corrected or not.

    Attributes
    ----------
    estimator : PanelLeastSquares
    """

    estimator: PanelLeastSquares

    def residuals(self, params: Array) -> Array:
        """Residuals (n, K) that coefficients (m, K) leave, less the effects."""
        return self.estimator.blocks[0].residuals(params)

    def refit(self, data: Array) -> Refitted:
        """Estimates of data sets (B, n, m + K)."""
        estimator = self.estimator
        return estimator.estimates([_totals(block, data) for block in estimator.blocks])

    def less_effects(self, values: Array) -> Array:
        """Values (B, n, K) of data sets' rows, less their entities' means where there are effects."""
        return _demean(self.estimator.blocks[0], values)


def _totals(block: Block, data: Array) -> Totals:
    """Least squares of a block's rows in each data set."""
    problem, count = block.problem, len(data)
    own = _demean(block, data[:, block.places] if len(block.places) < data.shape[1] else data)
    dummies = np.broadcast_to(problem.design[:, : block.n_dummies], (count, problem.nobs, block.n_dummies))
    whole = np.concatenate([dummies, own], axis=2)
    m = problem.n_regressors
    regressors = whole[:, :, :m]
    parts = np.concatenate([regressors @ problem.inverse_factor, whole[:, :, m:] - regressors @ problem.params], axis=2)
    gram = parts.swapaxes(1, 2) @ parts
    entities = float(np.count_nonzero(block.sizes))
    paired = None
    if block.pairs is not None:
        found = [block.pairs.T @ entity_products(own, block.sizes) for own in parts]
        paired = np.stack(found).reshape(count, -1, *gram.shape[1:])
    return block.solved(gram, np.full(count, float(problem.nobs)), np.full(count, entities), paired)


def _demean(block: Block, data: Array) -> Array:
    """Data sets (B, n, w) less their entities' means, where there are effects."""
    if not block.effects:
        return data
    sizes = block.sizes[block.sizes > 0.0].astype(np.intp)
    starts = np.cumsum(sizes) - sizes
    means = np.add.reduceat(data, starts, axis=1) / sizes[:, None]
    return data - np.repeat(means, sizes, axis=1)

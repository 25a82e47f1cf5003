"""Panel vector autoregressions by moments of least squares that are freed of their bias."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import NumericalError
from panelvar.kernels.dynamics.profile_moments import ProfileMoments, Root, bias_weights, row_moments
from panelvar.systems.panel_var.blocks import Refitted, Totals, block_of, projected
from panelvar.systems.panel_var.least_squares import PanelLeastSquares
from panelvar.systems.panel_var.rows import PanelVarRows


class CorrectedMoments(PanelLeastSquares):
    r"""Least squares with entity effects whose moments are freed of their bias, however short the panel.

    .. math:: \sum_{it} y_{i,t-j}\, e_{it}' + \sum_{d \ge j}\Psi_{d-j}(A)
              \sum_i \frac{n_{id}}{T_i(T_i - 1)} \sum_t e_{it}\, e_{it}' = 0

    for each lag j, with errors e less their entity's mean; see `panelvar.kernels.dynamics.profile_moments`.
    """

    def _solved(self, total: Totals, draw: int, *, nearest: bool) -> tuple[Root, Array]:
        """The zero of one set of weights or data, or what is nearest to one; and coefficients of all, (m, K)."""
        block, first, k = self.blocks[0], self.rows.terms.count, self.rows.n_vars
        assert total.paired is not None
        # Terms, variables and lags in the coordinates of the cross products: orthonormal regressors, residuals.
        variables = np.concatenate([block.root @ block.params, np.eye(k)])
        regressors = np.concatenate([block.root, np.zeros((k, len(block.root)))])
        columns = np.concatenate([regressors[:, :first], variables, regressors[:, first:]], axis=1)
        gram, _, turn = projected((columns.T @ total.gram[draw] @ columns)[None], first)
        paired = columns.T @ total.paired[draw] @ columns
        paired = turn[0].T @ paired @ turn[0]
        profile = ProfileMoments(gram[0, k:, :k], gram[0, k:, k:], gram[0, :k, :k], paired)
        root = profile.root()
        if nearest and not root.found:
            root = Root(profile.nearest(root.lags), False)
        beside = -turn[0][:first]
        return root, np.concatenate([beside[:, :k] - beside[:, k:] @ root.lags, root.lags])

    def combined(self, totals: Sequence[Totals]) -> Array:
        """Return the coefficients; where the moments have no zero, those that are nearest to one."""
        return self.estimates(totals).params

    def estimates(self, totals: Sequence[Totals]) -> Refitted:
        """Return the estimates, and how often the moments have no zero."""
        found = [self._solved(totals[0], draw, nearest=True) for draw in range(len(totals[0].params))]
        params = np.stack([own for _, own in found])
        return Refitted(params, self._sigmas(totals[0], params), sum(not root.found for root, _ in found))

    @cached_property
    def params(self) -> Array:
        """Coefficients, (m, K).

        Raises
        ------
        NumericalError
            The moments have no zero on the branch that leaves from least squares.
        """
        root, params = self._solved(self.sample[0], 0, nearest=False)
        if not root.found:
            raise NumericalError(
                "The corrected moments have no zero that can be reached from least squares: the variables are too "
                f"persistent for {self.rows.n_entities} entities of {self.rows.average_periods:.4g} rows. Use "
                "method='gmm', or 'half-panel-jackknife'."
            )
        return params

    def influence(self) -> Array:
        """Return what each row adds to the coefficients, by the derivative of all moments."""
        block, rows = self.blocks[0], self.rows
        first, count, k = rows.terms.count, block.n_dummies, rows.n_vars
        assert block.pairs is not None
        design = block.problem.design
        columns = np.concatenate([design[:, count + first : -k], design[:, : count + first]], axis=1)
        # Lags keep the units of their variables; each of these, and all else, is near one.
        units = np.exp2(np.round(np.log2(np.sqrt(np.square(self.residuals).mean(axis=0)))))
        own = np.sqrt(np.square(columns).mean(axis=0))
        sizes = np.concatenate([np.tile(units, rows.lags), own[rows.lags * k :]])
        lags = self.params[first:] * np.tile(units, rows.lags)[:, None] / units
        found = row_moments(columns / sizes, self.residuals / units, block.codes, block.pairs, lags).influence()
        found *= units / sizes[:, None]
        return np.concatenate([found[:, rows.lags * k + count :], found[:, : rows.lags * k]], axis=1)


def corrected_moments(rows: PanelVarRows, time_effects: bool) -> CorrectedMoments:
    """Least squares with entity effects whose moments are freed of their bias."""
    block = block_of(rows, effects=True, time_effects=time_effects)
    # Only distances between rows of one entity count, so that each may have a calendar of its own.
    codes, starts = rows.entities.codes, rows.design.entity_starts[:-1]
    dates = rows.design.time_positions - rows.design.time_positions[starts][codes]
    mask = np.zeros((rows.n_entities, int(dates.max()) + 1), dtype=bool)
    mask[codes, dates] = True
    return CorrectedMoments(rows, (replace(block, pairs=bias_weights(mask)),))

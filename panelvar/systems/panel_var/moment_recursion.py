"""Data sets of a panel generated again, and estimates of them by the same moments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from panelvar.core.base.arrays import Array, Positions
from panelvar.panels.dynamic.dynamic_model import build_model
from panelvar.panels.dynamic.gmm_estimate import GmmEstimate, estimate
from panelvar.systems.panel_var.blocks import Refitted
from panelvar.systems.panel_var.recursion import Recursion


@dataclass(frozen=True, eq=False)
class MomentRecursion(Recursion):
    """The recursion of an estimate by moments: effects of entities are means of what its coefficients leave.

    Attributes
    ----------
    found : GmmEstimate
    order : (m,) integer array
        Where a system's coefficients stand among the estimate's.
    known : mapping of str to array
        The panel's columns by name, variables and regressors beside them.
    of_periods : (n, K) array or None
        Effects of the rows' periods.
    """

    found: GmmEstimate
    order: Positions
    known: Mapping[str, Array]
    of_periods: Array | None

    def residuals(self, params: Array) -> Array:
        """Residuals (n, K) that coefficients (m, K) leave, less the effects."""
        return np.asarray(self.less_effects((self.rows.y - self.rows.x @ params)[None])[0])

    def refit(self, data: Array) -> Refitted:
        """Estimates of data sets (B, n, m + K)."""
        found, rows, m = self.found, self.rows, self.rows.n_regressors
        params = np.empty((len(data), m, rows.n_vars))
        sigma = np.empty((len(data), rows.n_vars, rows.n_vars))
        columns = rows.in_panel()
        for draw, values in enumerate(data):
            columns[rows.panel_rows] = values[:, m:]
            known = {**self.known, **dict(zip(rows.names, columns.T, strict=True))}
            model = build_model(rows.panel, found.model.specification, "drop", known)
            again = estimate(model, steps=found.steps, joint=found.joint, cov_kind=found.cov_kind)
            params[draw], sigma[draw] = again.params[self.order], again.sigma
        return Refitted(params, sigma)

    def less_effects(self, values: Array) -> Array:
        """Values (B, n, K) of data sets' rows, less the effects of periods, and then their entities' means."""
        if self.of_periods is not None:
            values = values - self.of_periods
        entities = self.rows.entities
        return np.stack([own - entities.means_of(own)[entities.codes] for own in values])

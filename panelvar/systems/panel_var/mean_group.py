"""A vector autoregression of each entity, and their average."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import CollinearityError, InsufficientDataError, Note
from panelvar.core.base.labels import listed
from panelvar.kernels.dynamics.batched_lags import BatchFit, fit_batch, triangles
from panelvar.kernels.dynamics.lag_problem import coefficient_errors
from panelvar.panels.heterogeneous.random_coefficients import mean_group
from panelvar.panels.heterogeneous.unit_fits import covariance_of_average
from panelvar.systems.panel_var.blocks import Refitted, column_lengths
from panelvar.systems.panel_var.fit import EstimatedRows, PanelVarFit
from panelvar.systems.panel_var.rows import PanelVarRows
from panelvar.systems.var.scored_system import RULES


@dataclass(frozen=True, eq=False)
class MeanGroup:
    r"""The average of N vector autoregressions (Pesaran and Smith 1995).

    .. math:: \bar B = \frac1N \sum_i \hat B_i, \qquad
        \hat V = \frac{1}{N (N - 1)} \sum_i \mathrm{vec}(\hat B_i - \bar B)\,\mathrm{vec}(\hat B_i - \bar B)'

    Attributes
    ----------
    rows : PanelVarRows
        Rows of the entities in use.
    fits : BatchFit
        Their vector autoregressions, in the same order.
    """

    rows: PanelVarRows
    fits: BatchFit

    @property
    def _degrees(self) -> Positions:
        return self.fits.nobs - self.rows.n_regressors

    def refits(self, weights: Array) -> Refitted:
        """Average coefficients and residual covariances with weights (B, N) of the entities."""
        params = np.tensordot(weights, self.fits.params, axes=1) / weights.sum(axis=1)[:, None, None]
        factor = self.fits.scatter_factor
        scatter = np.tensordot(weights, factor @ factor.swapaxes(1, 2), axes=1)
        return Refitted(params, scatter / (weights @ self._degrees)[:, None, None])

    def fit(self) -> PanelVarFit:
        """Collect what a result needs."""
        rows, fits = self.rows, self.fits
        found = self.refits(np.ones((1, rows.n_entities)))
        params, sigma = found.params[0], found.sigma[0]
        own = rows.y - np.einsum("nm,nmk->nk", rows.x, fits.params[rows.entities.codes])
        stacked = fits.params.swapaxes(1, 2).reshape(rows.n_entities, -1)
        errors = coefficient_errors(fits.inverse_factor, fits.scatter_factor, self._degrees[:, None])
        return PanelVarFit(
            rows,
            "mean-group",
            "mean group: a vector autoregression of each entity, averaged",
            params,
            sigma,
            covariance_of_average(mean_group(stacked)[1], "dispersion over entities", len(stacked), RULES),
            int(self._degrees.sum()),
            rows.row_counts,
            rows.nobs,
            EstimatedRows(own, np.asarray(rows.entities.codes, dtype=np.intp), rows.design.time_positions),
            notes=rows.design.notes,
            refits=self.refits,
            individual=fits.params,
            individual_variances=np.square(errors),
        )


def fit_entities(rows: PanelVarRows) -> MeanGroup:
    """Fit every entity that can be fitted; those with too few rows or dependent regressors are left out, with a note.

    Raises
    ------
    InsufficientDataError
        Fewer than two entities have enough rows.
    CollinearityError
        Two entities have enough rows, but fewer than two can be fitted.
    """
    column_lengths(rows, rows.columns)
    sizes, width = rows.entities.sizes, rows.columns.shape[1]
    starts = np.cumsum(sizes) - sizes

    def fill(first: int, stop: int, out: Array) -> None:
        out[:] = 0.0
        for place in range(first, stop):
            part = slice(int(starts[place]), int(starts[place] + sizes[place]))
            out[place - first, : sizes[place]] = rows.columns[part]

    factors = triangles((rows.n_entities, int(sizes.max()), width), fill)
    fits = fit_batch(factors, np.asarray(sizes, dtype=np.intp), rows.n_regressors)
    kept = fits.estimable
    least = rows.n_regressors + rows.n_vars
    if kept.sum() < 2 and (sizes >= least).sum() >= 2:
        raise CollinearityError(
            "A mean group needs at least two entities that can be fitted by themselves; there are "
            f"{int(kept.sum())} of {rows.n_entities}. In the others regressors depend on one another, or are constant. "
            f"Leave one of {listed(rows.regressor_names)} out."
        )
    if kept.sum() < 2:
        raise InsufficientDataError(
            "A mean group needs at least two entities that can be fitted by themselves; there are "
            f"{int(kept.sum())} of {rows.n_entities}. An entity needs {least} rows for "
            f"{count_of(rows.n_regressors, 'coefficient')} per equation, and the longest has {sizes.max()}. Use fewer "
            "lags, or a method with the same coefficients for all."
        )
    if not kept.all():
        labels = rows.design.entity_labels[~kept].tolist()
        text = (
            f"{len(labels)} of {rows.n_entities} entities are left out, such as {labels[0]!r}, because they have fewer "
            f"than {least} rows, or regressors that depend on one another."
        )
        rows = rows.take(np.flatnonzero(kept[rows.entities.codes]), Note("entities-left-out", text, warn=True))
        fits = BatchFit._make(part[kept] for part in fits)
    return MeanGroup(rows, fits)

"""The fit of a panel vector autoregression: what its result needs, whatever the estimator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.errors import Note
from panelvar.core.faces.layout import Fact
from panelvar.data.streams.reading import no_rows
from panelvar.estimates.covariance.covariances import CovarianceEstimate
from panelvar.kernels.dynamics.reduced_form import ReducedForm
from panelvar.panels.dynamic.cube import RowCounts
from panelvar.panels.dynamic.gmm_estimate import GmmEstimate
from panelvar.systems.identification.scheme import Estimates
from panelvar.systems.panel_var.blocks import Refitted
from panelvar.systems.panel_var.recursion import Recursion
from panelvar.systems.panel_var.rows import SystemRows
from panelvar.systems.responses.sigma_moves import SigmaMoves, joint_moves

if TYPE_CHECKING:
    import pandas as pd

Refits = Callable[[Array], Refitted]
"""Estimates with weights (B, N) of the entities."""
Covariances = Callable[[object], CovarianceEstimate]
"""The covariance that a ``cov=`` asks for, of the coefficients stacked equation by equation."""

Influences = Callable[[object], tuple[Array, Array] | None]
"""What clusters of rows add, under a ``cov=``, to the coefficients, equation by equation, (G, K m), and to sigma
(G, K, K); or whatever has the same cross products. None where sigma is independent of the coefficients."""


class EstimatedRows(NamedTuple):
    """Rows that were estimated.

    Attributes
    ----------
    residuals : (r, K) array
    entities, periods : (r,) arrays
        Entity, of all N, and calendar position of each row.
    """

    residuals: Array
    entities: Positions
    periods: Positions


class TestedErrors(NamedTuple):
    """Errors in levels, and how they depend on the coefficients.

    Attributes
    ----------
    errors : (n, K) array
        Residuals of the equations in levels, effects of entities left in.
    influence : (n, m, K) array
        What each row adds to the coefficients at which they are taken.
    notes : tuple of Note
        Which coefficients these are, where they are not the model's.
    """

    errors: Array
    influence: Array
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, eq=False)
class PanelVarFit:
    """Estimates of a panel vector autoregression, from a panel or from a stream.

    Attributes
    ----------
    rows : SystemRows
        Rows of the equations in levels.
    method : str
        As `panelvar.fit_panel_var` names it.
    words : str
        The estimator in words.
    params : (m, K) array
        Coefficients of the terms beside the lags, then of lags 1 to p.
    sigma : (K, K) array
        Residual covariance.
    covariance : CovarianceEstimate
        Covariance of the coefficients, equation by equation, (K m, K m).
    df_resid : int
        Behind `sigma`, of one equation.
    row_counts : RowCounts
        Rows of the entities in the equations in levels, or in the differenced ones if there are none in levels.
    n_estimated : int
        Rows estimated, which are those of the levels unless they were differenced.
    kept : EstimatedRows or None
        These rows; None where they are those of a stream, which keeps none.
    effects : (N, K) array or None
        Effects of the entities.
    period_effects : (q, K) array or None
        Effects of the periods, their mean over the rows zero.
    periods : (q,) integer array
        Calendar positions of these periods.
    choices : tuple of Fact
        What was chosen, for the summary.
    notes : tuple of Note
    covariances : callable or None
        Other covariances of the same estimates.
    refits : callable or None
        Estimates with entities weighted; None where the estimator has none.
    recursion : Recursion or None
        Data sets generated again, and estimates from them; None where the estimator has none.
    refit_notes : tuple of Note
        What a reader of a band of such estimates should know.
    individual, individual_variances : (N, m, K) arrays or None
        Each entity's own coefficients, where these are averaged, and their variances.
    gmm : GmmEstimate or None
        The estimate by moments; None for least squares.
    cov : object
        The ``cov=`` behind ``covariance``.
    influences : callable or None
        What rows add to coefficients and sigma; None where sigma is taken as independent of the coefficients.
    tested : callable or None
        The errors that tests of serial correlation take; None where they are not kept, and for moments.
    """

    rows: SystemRows
    method: str
    words: str
    params: Array
    sigma: Array
    covariance: CovarianceEstimate
    df_resid: int
    row_counts: RowCounts
    n_estimated: int
    kept: EstimatedRows | None = None
    effects: Array | None = None
    period_effects: Array | None = None
    periods: Positions | None = None
    choices: tuple[Fact, ...] = ()
    notes: tuple[Note, ...] = ()
    covariances: Covariances | None = None
    refits: Refits | None = None
    recursion: Recursion | None = None
    refit_notes: tuple[Note, ...] = ()
    individual: Array | None = None
    individual_variances: Array | None = None
    gmm: GmmEstimate | None = None
    cov: object = None
    influences: Influences | None = None

    @cached_property
    def sigma_moves(self) -> SigmaMoves | None:
        """How sigma varies with the coefficients; None: independently of them, as that of normal errors."""
        found = None if self.influences is None else self.influences(self.cov)
        return None if found is None else joint_moves(*found)

    tested: Callable[[], TestedErrors] | None = None

    @property
    def estimated(self) -> EstimatedRows:
        """The rows estimated, which a stream does not keep."""
        if self.kept is None:
            raise no_rows("A residual")
        return self.kept

    @property
    def residuals(self) -> Array:
        """Residuals (r, K) of the rows estimated."""
        return self.estimated.residuals

    def estimates(self, form: ReducedForm) -> Estimates:
        """What a scheme of identification may look at."""
        if self.kept is None:
            return Estimates(form, self.n_estimated)
        rows = self.rows
        panel, design = rows.panel, rows.design
        # An instrument is of periods, not of rows that were differenced: of levels, less their entity's mean.
        residuals = self.level_residuals if self.transformed else self.residuals
        read = rows.panel_rows
        places = read if panel.order is None else panel.order[read]

        def labels(index: pd.Index) -> pd.Index:
            # Residuals are labelled by entity and period, whatever the index of the data.
            by_both = index.nlevels == 2 and design.index.nlevels != 2
            return self.labels_of(rows.entities.codes, design.time_positions) if by_both else design.index

        return Estimates(form, len(residuals), residuals, places, panel.nobs, labels)

    def labels_of(self, entities: Positions, periods: Positions) -> pd.MultiIndex:
        """Labels of rows: entity and period, under the names that these have in the data."""
        import pandas as pd

        panel = self.rows.panel
        return pd.MultiIndex.from_arrays(
            [self.rows.entity_labels.take(entities), panel.calendar.labels_at(periods)],
            names=[panel.entity_name or "entity", panel.time_name or "time"],
        )

    @property
    def transformed(self) -> bool:
        """Whether residuals are of other rows than those in levels."""
        return self.n_estimated != self.rows.nobs

    @property
    def level_residuals(self) -> Array:
        """Residuals (n, K) of the equations in levels, less the effects."""
        rows = self.rows
        left: Array = rows.y - rows.x @ self.params
        if self.effects is not None:
            left = left - self.effects[rows.entities.codes]
        if self.period_effects is not None and self.periods is not None:
            left = left - self.period_effects[np.searchsorted(self.periods, rows.design.time_positions)]
        return left

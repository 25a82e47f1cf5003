"""Estimates of a panel vector autoregression: coefficients with a covariance of any form, and tests of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Self

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import (
    MissingAttributeError,
    Note,
    SpecificationError,
    emit,
)
from panelvar.core.tables.test_result import TestResult
from panelvar.estimates.coefficients.wald import wald
from panelvar.estimates.covariance.covariances import Covariance
from panelvar.kernels.dynamics.lag_problem import lag_matrices
from panelvar.kernels.dynamics.reduced_form import ReducedForm
from panelvar.kernels.dynamics.terms import stacked_labels
from panelvar.panels.dynamic.gmm_estimate import GmmEstimate
from panelvar.panels.dynamic.moment_tests import MomentTests
from panelvar.systems.identification.scheme import Estimates
from panelvar.systems.panel_var.drawable_panel import DrawablePanel, RegeneratedPanel, ReweightedPanel
from panelvar.systems.panel_var.fit import PanelVarFit
from panelvar.systems.var.exclusion import Exclusion
from panelvar.systems.var.scored_system import equation_labels
from panelvar.systems.var.system_tests import Stacked, StackedInference, SystemTests

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, init=False, eq=False, repr=False)
class PanelVarEstimates(MomentTests, SystemTests):
    """What is estimated of a panel vector autoregression: coefficients, their errors of any form, tests of them.

    What `PanelVarResult` adds are the panel's rows, effects and forecasts; its documentation lists the parameters.
    """

    fit: PanelVarFit
    notes: tuple[Note, ...]

    def __init__(self, fit: PanelVarFit) -> None:
        rows = fit.rows
        count = rows.terms.count
        self._set(
            coefficients=lag_matrices(fit.params, count),
            names=rows.names,
            terms=rows.terms,
            deterministics=fit.params[:count],
            sigma=fit.sigma,
            fit=fit,
            notes=(*fit.notes, *fit.covariance.notes),
        )

    @property
    def _gmm(self) -> GmmEstimate:
        if self.fit.gmm is None:
            raise MissingAttributeError(
                f"method={self.method!r} is least squares and has no moments to test. Use method='gmm'."
            )
        return self.fit.gmm

    # ---- counts

    @property
    def method(self) -> str:
        """How it was estimated, as ``method=`` names it."""
        return self.fit.method

    @property
    def nobs(self) -> int:
        """Rows estimated, of all entities together; those of the levels where moments have a level equation."""
        return self.fit.row_counts.total

    @property
    def n_entities(self) -> int:
        """Entities in use, N."""
        return self.fit.rows.n_entities

    @property
    def n_regressors(self) -> int:
        """Coefficients in each equation, m; effects are not counted."""
        return self.fit.rows.n_regressors

    @property
    def periods_per_entity(self) -> tuple[int, float, int]:
        """Fewest, average and most rows of an entity, of those that `nobs` counts."""
        counts = self.fit.row_counts
        return counts.fewest, counts.total / self.n_entities, counts.most

    @property
    def df_resid(self) -> int:
        """Rows less all coefficients of an equation, effects among them: behind `sigma`."""
        return self.fit.df_resid

    @property
    def distribution(self) -> str:
        """Reference distribution of `tstats`: ``"t"`` or ``"normal"``."""
        return "normal" if np.isinf(self.fit.covariance.df) else "t"

    @property
    def df_inference(self) -> float | None:
        """Degrees of freedom of t tests, and of the denominator of F tests; None with the normal."""
        df = self.fit.covariance.df
        return None if np.isinf(df) else df

    # ---- coefficients

    @cached_property
    def _inference(self) -> StackedInference:
        names = equation_labels(self.names, self.regressor_names)
        exact = not self.sigma.diagonal().any()
        return StackedInference(Stacked(names, self.fit.params.T.ravel(), exact), self.fit.covariance)

    def _arranged(self, values: Array) -> pd.DataFrame:
        return self._by_equation(values.reshape(self.n_vars, -1).T)

    @cached_property
    def std_errors(self) -> pd.DataFrame:
        """Standard errors, arranged like `params`: square roots of the diagonal of `cov`."""
        return self._arranged(self._inference.std_errors.to_numpy())

    @cached_property
    def tstats(self) -> pd.DataFrame:
        """Coefficients over their standard errors."""
        return self._arranged(self._inference.tstats.to_numpy())

    @cached_property
    def pvalues(self) -> pd.DataFrame:
        """Two-sided tail probabilities of `tstats`."""
        return self._arranged(self._inference.pvalues.to_numpy())

    def conf_int(self, *, level: float | Sequence[float] = 0.95) -> pd.DataFrame:
        """Confidence intervals of the coefficients.

        Parameters
        ----------
        level : float or sequence of float
            Confidence level, at least 0.5; or several, such as ``(0.68, 0.95)``.

        Returns
        -------
        DataFrame
            Rows (equation, regressor), columns lower and upper at the highest level; lower_68, upper_68 at another.
        """
        return self._inference.conf_int(level=level).set_axis(stacked_labels(self.names, self.regressor_names))

    @cached_property
    def cov(self) -> pd.DataFrame:
        """Covariance of all coefficients; labels (equation, regressor)."""
        import pandas as pd

        index = stacked_labels(self.names, self.regressor_names)
        return pd.DataFrame(self.fit.covariance.matrix, index=index, columns=index)

    @property
    def cov_label(self) -> str:
        """How the errors of the coefficients were estimated."""
        return self.fit.covariance.label

    def with_cov(self, cov: str | Covariance) -> Self:
        """Return the same estimates with other errors of the coefficients, and of tests of them.

        Parameters
        ----------
        cov : str or covariance object
            ``"cluster"`` (by entity), ``"classical"``, ``"HC0"`` to ``"HC5"``, ``"driscoll-kraay"``,
            ``"newey-west"``, or an object such as ``Clustered("entity", "time")``. By moments: ``"robust"``,
            ``"classical"`` after one step, ``"uncorrected"`` after two.

        Returns
        -------
        PanelVarResult
            The same estimates.

        Raises
        ------
        SpecificationError
            The estimator does not have this covariance.
        """
        if self.fit.covariances is None:
            raise SpecificationError(
                f"method={self.method!r} has only one covariance, {self.cov_label}. with_cov cannot change it."
            )
        changed = self.fit.with_covariance(self.fit.covariances(cov))
        emit(changed.covariance.notes)
        return type(self)(changed)

    @property
    def _joint_df(self) -> float:
        return self.fit.covariance.df

    @property
    def _single_df(self) -> float:
        return self.fit.covariance.df

    def _stacked(self, df: float) -> StackedInference:
        del df
        return self._inference

    def _excluded(self, hypothesis: Exclusion) -> TestResult:
        rows = hypothesis.regressors(self.names, self.terms.count)
        places = [column * self.n_regressors + row for column in hypothesis.columns(self.names) for row in rows]
        matrix = np.eye(self.fit.params.size)[places]
        test = wald(self._inference, matrix, np.zeros(len(places)), hypothesis.name, hypothesis.null)
        emit(test.notes)
        return test

    # ---- bands

    @property
    def _drawable(self) -> DrawablePanel:
        """The system as the sources of bands see it."""
        refits, recursion = self.fit.refits, self.fit.recursion
        if refits is None:
            return DrawablePanel(self.fit)
        return ReweightedPanel(self.fit, refits) if recursion is None else RegeneratedPanel(self.fit, refits, recursion)

    def _estimates(self, factor: Array) -> Estimates:
        return self.fit.estimates(ReducedForm(self.coefficients, factor))

"""The result of an estimator that lets every entity have coefficients of its own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import Note
from panelvar.core.faces.layout import Fact
from panelvar.core.faces.number_format import format_number
from panelvar.core.tables.test_result import TestResult
from panelvar.data.formulas.design import Design
from panelvar.estimates.coefficients.wald import wald
from panelvar.estimates.covariance.covariances import CovarianceEstimate
from panelvar.estimates.fit.conventions import Convention
from panelvar.kernels.linear.groups import Grouping
from panelvar.kernels.linear.unit_regressions import UnitRegressions
from panelvar.panels.heterogeneous.averaged import AveragedResult

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class HeterogeneousFit:
    """Regressions of the entities and the average that was made of them.

    Attributes
    ----------
    source : Design
        The rows of the model as the caller gave them.
    design : Design
        The rows of the regressions: those of the entities in use, with the regressors the estimator added.
    units : UnitRegressions
        The regression of each entity, in the order of ``design.entity_labels``.
    unit_names : tuple of str
        Names of an entity's coefficients.
    names : tuple of str
        Names of the averaged ones.
    coefficients : (p,) array
        The averages.
    notes : tuple of Note
    period_labels : Index, optional
        Labels of the periods where these stand in the place of entities in ``design``.
    """

    source: Design
    design: Design
    units: UnitRegressions
    unit_names: tuple[str, ...]
    names: tuple[str, ...]
    coefficients: Array
    notes: tuple[Note, ...] = ()
    period_labels: pd.Index | None = None

    @cached_property
    def rss(self) -> float:
        """Sum of the entities' residual sums of squares."""
        return float(self.units.rss.sum())

    @property
    def exact(self) -> bool:
        """Whether every entity fits exactly."""
        return self.rss == 0.0


@dataclass(frozen=True, eq=False, repr=False)
class HeterogeneousResult(AveragedResult):
    r"""Averages of coefficients that differ by entity: mean group, common correlated effects, random coefficients.

    Or by period (`fit_fama_macbeth`): ``individual``, ``individual_std_errors`` and ``individual_rmse`` then have a row
    for each period.

    Attributes
    ----------
    fit : HeterogeneousFit
    covariance : CovarianceEstimate
        Covariance matrix of the averages, label, degrees of freedom.
    convention : Convention
        How results are reported.
    estimator : str
        What was estimated, in words.
    dispersion_matrix : (p, p) array or None
        Swamy's :math:`\Delta`; None for the other estimators.
    predictions : (N, p) array or None
        Best linear unbiased predictions of the entities' coefficients (random coefficients only).
    constancy : TestResult or None
        Swamy's test that all entities have the same coefficients (random coefficients only).

    See Also
    --------
    fit_mean_group : Makes one.
    fit_fama_macbeth : Makes one of averages over periods.

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("grunfeld")
    >>> fit = pv.fit_mean_group(firms, "invest ~ value + capital")
    >>> fit.std_errors.round(4).to_dict()
    {'const': 13.9534, 'value': 0.0161, 'capital': 0.0461}
    >>> fit.individual.loc["IBM"].round(4).to_dict()
    {'const': -8.6855, 'value': 0.1315, 'capital': 0.0854}

    The average slopes with their intervals:

    >>> figure = fit.plot()
    """

    fit: HeterogeneousFit
    covariance: CovarianceEstimate
    convention: Convention
    estimator: str
    dispersion_matrix: Array | None = None
    predictions: Array | None = None
    constancy: TestResult | None = None

    @property
    def df_resid(self) -> int:
        """Rows less the coefficients of all entities' regressions."""
        return int(self.fit.units.df.sum())

    @property
    def period_labels(self) -> pd.Index | None:
        """The caller's labels of the periods whose regressions are averaged; None for those of entities."""
        return self.fit.period_labels

    @property
    def _sides(self) -> tuple[Grouping, Grouping]:
        entities, times = super()._sides
        return (entities, times) if self.period_labels is None else (times, entities)

    @property
    def _own_constants(self) -> tuple[str, ...]:
        if self.period_labels is None or not self.fit.source.constant:
            return super()._own_constants
        return (str(self.fit.source.panel.time_name or "time"),)

    @property
    def rsquared_label(self) -> str:
        """Which R2 `rsquared` is."""
        return super().rsquared_label if self.period_labels is None else "R2 by period"

    def _by_entity(self, values: Array, names: tuple[str, ...]) -> pd.DataFrame:
        found = super()._by_entity(values, names)
        return found if self.period_labels is None else found.set_axis(self.period_labels)

    # ---- entities

    @cached_property
    def individual(self) -> pd.DataFrame:
        """Least-squares coefficients, with a row for each entity."""
        return self._by_entity(self.fit.units.coefficients, self.fit.unit_names)

    @cached_property
    def individual_std_errors(self) -> pd.DataFrame:
        """Classical standard errors of `individual`, each entity with its own residual variance."""
        errors = np.sqrt(np.diagonal(self.fit.units.covariances, axis1=1, axis2=2))
        return self._by_entity(errors, self.fit.unit_names)

    @cached_property
    def individual_rmse(self) -> pd.Series:
        """Residual standard deviation of each entity's regression."""
        units = self.fit.units
        return self._by_entity(np.sqrt(units.variances)[:, None], ("individual_rmse",))["individual_rmse"]

    @cached_property
    def predicted(self) -> pd.DataFrame | None:
        """Best linear unbiased predictions of each entity's coefficients (random coefficients; else None)."""
        return None if self.predictions is None else self._by_entity(self.predictions, self.names)

    @cached_property
    def dispersion(self) -> pd.DataFrame | None:
        """Covariance of the coefficients over entities in Swamy's weights (random coefficients; else None)."""
        import pandas as pd

        names = list(self.names)
        return None if self.dispersion_matrix is None else pd.DataFrame(self.dispersion_matrix, names, names)

    # ---- fit statistics

    @cached_property
    def f_slopes(self) -> TestResult | None:
        """Joint test that the averages of all regressors the caller named are zero; F, or chi2 with the normal."""
        tested = [name for name in self.names if name in self.fit.source.names]
        if not tested:
            return None
        matrix = np.eye(len(self.names))[[self.names.index(name) for name in tested]]
        return wald(self, matrix, np.zeros(len(tested)), "Joint significance", "the averages of all slopes are zero")

    # ---- rows

    @cached_property
    def _residuals(self) -> Array:
        design = self.fit.design
        own = self.fit.units.coefficients[design.entities.codes]
        out = design.y.copy()
        columns = (*((np.ones(design.nobs),) if design.constant else ()), *design.x)
        for j, column in enumerate(columns):
            out -= own[:, j] * column
        return out

    # ---- reading

    @property
    def _tests(self) -> dict[str, TestResult | None]:
        return {"All slopes zero on average": self.f_slopes, "Coefficients equal": self.constancy}

    def _statistics(self, digits: int) -> tuple[Fact, ...]:
        return (Fact(self.rsquared_label, format_number(self.rsquared, digits)),)

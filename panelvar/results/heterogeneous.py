"""The result of an estimator that lets every entity have coefficients of its own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from panelvar.conventions import Convention
from panelvar.covariances import CovarianceEstimate
from panelvar.design import Design
from panelvar.errors import Note
from panelvar.kernels.unit_regressions import UnitRegressions
from panelvar.results.inference import Inference
from panelvar.results.restrictions import wald
from panelvar.results.test_result import TestResult

if TYPE_CHECKING:
    import pandas as pd

    from panelvar.report.table import Table

FloatArray = NDArray[np.float64]


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
        One regression an entity, in the order of ``design.entity_labels``.
    unit_names : tuple of str
        Names of an entity's coefficients.
    names : tuple of str
        Names of the averaged ones.
    coefficients : (p,) array
        The averages.
    notes : tuple of Note
    """

    source: Design
    design: Design
    units: UnitRegressions
    unit_names: tuple[str, ...]
    names: tuple[str, ...]
    coefficients: FloatArray
    notes: tuple[Note, ...] = ()

    @cached_property
    def rss(self) -> float:
        """Sum of the entities' residual sums of squares."""
        return float(self.units.rss.sum())


@dataclass(frozen=True, eq=False)
class HeterogeneousResult(Inference):
    r"""Averages of coefficients that differ by entity: mean group, common correlated effects, random coefficients.

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
    """

    fit: HeterogeneousFit
    covariance: CovarianceEstimate
    convention: Convention
    estimator: str
    dispersion_matrix: FloatArray | None = None
    predictions: FloatArray | None = None
    constancy: TestResult | None = None

    # ---- counts and labels

    @property
    def design(self) -> Design:
        """The rows of the regressions."""
        return self.fit.design

    @property
    def dependent(self) -> str:
        """Name of the dependent variable."""
        return self.fit.design.dependent

    @property
    def nobs(self) -> int:
        """Rows of the entities in use."""
        return self.fit.design.nobs

    @property
    def n_entities(self) -> int:
        """Entities in use."""
        return len(self.fit.units.rss)

    @property
    def n_periods(self) -> int:
        """Distinct periods in use."""
        return self.fit.design.times.n_groups

    @property
    def periods_per_entity(self) -> tuple[int, float, int]:
        """Fewest, average and most rows of an entity."""
        sizes = self.fit.design.entities.sizes
        return int(sizes.min()), float(sizes.mean()), int(sizes.max())

    @property
    def df_resid(self) -> int:
        """Rows less the coefficients of all entities' regressions."""
        return int(self.fit.units.df.sum())

    # ---- entities

    def _by_entity(self, values: FloatArray, names: tuple[str, ...]) -> pd.DataFrame:
        import pandas as pd

        return pd.DataFrame(values, index=self.fit.design.entity_labels, columns=list(names))

    @cached_property
    def individual(self) -> pd.DataFrame:
        """Least-squares coefficients of each entity, one row an entity."""
        return self._by_entity(self.fit.units.coefficients, self.fit.unit_names)

    @cached_property
    def individual_std_errors(self) -> pd.DataFrame:
        """Classical standard errors of `individual`, each entity with its own residual variance."""
        errors = np.sqrt(np.diagonal(self.fit.units.covariances, axis1=1, axis2=2))
        return self._by_entity(errors, self.fit.unit_names)

    @cached_property
    def individual_rmse(self) -> pd.Series:
        """Residual standard deviation of each entity's regression."""
        import pandas as pd

        units = self.fit.units
        return pd.Series(np.sqrt(units.rss / units.df), index=self.fit.design.entity_labels, name="individual_rmse")

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

    @property
    def rss(self) -> float:
        """Sum of squared residuals of the entities' own regressions."""
        return self.fit.rss

    @property
    def s2(self) -> float:
        """Residual variance, ``rss / df_resid``."""
        return self.fit.rss / self.df_resid

    @property
    def rmse(self) -> float:
        """Root of the residual variance."""
        return float(np.sqrt(self.s2))

    @cached_property
    def tss(self) -> float:
        """Total sum of squares of the dependent variable, about its mean where entities have constants."""
        y = self.fit.design.y
        return float(np.square(y - y.mean() if self.fit.design.constant else y).sum())

    @property
    def rsquared(self) -> float:
        """Share of the dependent variable's variation that the entities' own regressions explain."""
        return 1.0 - self.rss / self.tss

    @property
    def rsquared_adjusted(self) -> float:
        """`rsquared` adjusted for the coefficients of all entities."""
        return 1.0 - (1.0 - self.rsquared) * (self.nobs - int(self.fit.design.constant)) / self.df_resid

    @property
    def rsquared_label(self) -> str:
        """Which R2 `rsquared` is."""
        return "R2 by entity"

    @property
    def f_statistic(self) -> TestResult | None:
        """The model's joint test: `f_slopes`."""
        return self.f_slopes

    @property
    def effects(self) -> tuple[str, ...]:
        """No effect is absorbed: entities have constants and slopes."""
        return ()

    @property
    def variance_components(self) -> None:
        """None: see `dispersion`."""
        return None

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
    def _residuals(self) -> FloatArray:
        design = self.fit.design
        own = self.fit.units.coefficients[design.entities.codes]
        out = design.y.copy()
        columns = (*((np.ones(design.nobs),) if design.constant else ()), *design.x)
        for j, column in enumerate(columns):
            out -= own[:, j] * column
        return out

    @cached_property
    def resids(self) -> pd.Series:
        """Residuals of the entities' own regressions, labelled by the caller's rows."""
        import pandas as pd

        return pd.Series(self._residuals, index=self.fit.design.index, name="resids")

    @cached_property
    def fitted_values(self) -> pd.Series:
        """Dependent variable of the regressions less residuals."""
        import pandas as pd

        return pd.Series(self.fit.design.y - self._residuals, index=self.fit.design.index, name="fitted_values")

    # ---- reading

    def summary(self) -> Table:
        """Return the summary table (text in a terminal, HTML in a notebook, Markdown, LaTeX, DataFrame)."""
        from panelvar.report.heterogeneous_summary import heterogeneous_table

        return heterogeneous_table(self)

    def __str__(self) -> str:
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary().to_html()

    def __repr__(self) -> str:
        return f"<{self.estimator}: {self.dependent} on {', '.join(self.names)}; N = {self.n_entities}>"

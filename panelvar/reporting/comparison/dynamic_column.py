"""A dynamic panel of one equation as a column of a table of results."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from panelvar.core.base.errors import Note
from panelvar.core.tables.test_result import TestResult
from panelvar.estimates.fit.conventions import Convention
from panelvar.panels.bias_corrected.corrected_result import CorrectedResult
from panelvar.panels.dynamic.dynamic_result import DynamicPanelResult

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class DynamicColumn:
    """What `panelvar.compare` shows of a result; there is no R-squared, and no count of residual degrees of freedom.

    Attributes
    ----------
    result : DynamicPanelResult or CorrectedResult
    """

    result: DynamicPanelResult | CorrectedResult

    rsquared: None = None
    rsquared_adjusted: None = None
    rsquared_label: str = ""
    variance_components: None = None
    df_resid: None = None

    @property
    def params(self) -> pd.Series:
        """Coefficients."""
        return self.result.params

    @property
    def std_errors(self) -> pd.Series:
        """Their standard errors."""
        return self.result.std_errors

    @property
    def tstats(self) -> pd.Series:
        """Their ratios."""
        return self.result.tstats

    @property
    def pvalues(self) -> pd.Series:
        """Two-sided p-values."""
        return self.result.pvalues

    def conf_int(self, *, level: float = 0.95) -> pd.DataFrame:
        """Return confidence limits."""
        return self.result.conf_int(level=level)

    @property
    def distribution(self) -> str:
        """Reference distribution of the ratios: ``"t"`` or ``"normal"``."""
        return self.result.distribution

    @property
    def dependent(self) -> str:
        """Name of the dependent variable."""
        return self.result.dependent

    @property
    def estimator(self) -> str:
        """The estimator in words."""
        return self.result.estimator

    @property
    def nobs(self) -> int:
        """Rows."""
        return self.result.nobs

    @property
    def n_entities(self) -> int:
        """Entities in use."""
        return self.result.n_entities

    @property
    def n_periods(self) -> int | None:
        """Distinct periods of the rows, where rows are levels."""
        return self.result.n_periods if isinstance(self.result, CorrectedResult) else None

    @property
    def effects(self) -> tuple[str, ...]:
        """Effects of the model, whichever way they are taken out."""
        result = self.result
        if isinstance(result, CorrectedResult):
            timed = result.fit.rows.time_effects
        else:
            timed = result.fit.estimate.model.specification.time_effects
        return ("entity", "time") if timed else ("entity",)

    @property
    def f_statistic(self) -> TestResult | None:
        """Joint test that all slopes are zero; none of estimates without errors."""
        test = self.result.f_statistic if self.result.std_errors.notna().all() else None
        return test

    @property
    def overidentification(self) -> TestResult | None:
        """Hansen's or Sargan's test of the moments, where there are more than coefficients."""
        result = self.result
        if isinstance(result, CorrectedResult) or not result.fit.estimate.spare:
            return None
        return result.overidentification

    @property
    def rmse(self) -> float:
        """Standard deviation of the errors."""
        return math.sqrt(self.result.sigma2)

    @property
    def cov_label(self) -> str:
        """How the standard errors were estimated."""
        return self.result.cov_label

    @property
    def convention(self) -> Convention:
        """The convention, by its name."""
        return Convention(self.result.convention)

    @property
    def notes(self) -> tuple[Note, ...]:
        """Facts found on the way."""
        return self.result.notes

"""A panel vector autoregression as a column of a table of results: its equations one below another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from panelvar.core.base.errors import Note
from panelvar.estimates.fit.conventions import Convention
from panelvar.systems.panel_var.result import PanelVarResult
from panelvar.systems.var.estimates import RULES
from panelvar.systems.var.scored_system import equation_labels

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class StackedColumn:
    """What `panelvar.compare` shows of a result, coefficients named ``"[equation]regressor"``.

    What is of one equation (its R-squared, its F) is None.

    Attributes
    ----------
    result : PanelVarResult
    """

    result: PanelVarResult

    rsquared: None = None
    rsquared_adjusted: None = None
    rsquared_label: str = ""
    f_statistic: None = None
    rmse: None = None
    variance_components: None = None

    def _stacked(self, values: pd.DataFrame) -> pd.Series:
        import pandas as pd

        names = equation_labels(self.result.names, self.result.regressor_names)
        return pd.Series(values.to_numpy().T.ravel(), index=list(names))

    @property
    def params(self) -> pd.Series:
        """Coefficients."""
        return self._stacked(self.result.params)

    @property
    def std_errors(self) -> pd.Series:
        """Their standard errors."""
        return self._stacked(self.result.std_errors)

    @property
    def tstats(self) -> pd.Series:
        """Their ratios."""
        return self._stacked(self.result.tstats)

    @property
    def pvalues(self) -> pd.Series:
        """Their p-values."""
        return self._stacked(self.result.pvalues)

    def conf_int(self, *, level: float = 0.95) -> pd.DataFrame:
        """Their confidence limits."""
        return self.result.conf_int(level=level).set_axis(self.params.index)

    @property
    def distribution(self) -> str:
        """Reference distribution of the ratios: ``"t"`` or ``"normal"``."""
        return self.result.distribution

    @property
    def dependent(self) -> str:
        """The variables."""
        return ", ".join(self.result.names)

    @property
    def estimator(self) -> str:
        """The method."""
        return self.result.method

    @property
    def nobs(self) -> int:
        """Rows."""
        return self.result.nobs

    @property
    def n_entities(self) -> int:
        """Entities."""
        return self.result.n_entities

    @property
    def n_periods(self) -> int:
        """Distinct periods of the rows."""
        return len(np.unique(self.result.fit.estimated.periods))

    @property
    def effects(self) -> tuple[str, ...]:
        """What has effects."""
        fit = self.result.fit
        found = (("entity", fit.effects), ("time", fit.period_effects))
        return tuple(name for name, values in found if values is not None)

    @property
    def df_resid(self) -> int:
        """Residual degrees of freedom of an equation."""
        return self.result.df_resid

    @property
    def cov_label(self) -> str:
        """How errors were estimated."""
        return self.result.cov_label

    @property
    def convention(self) -> Convention:
        """Rules of small samples."""
        return RULES

    @property
    def notes(self) -> tuple[Note, ...]:
        """Of the result."""
        return self.result.notes

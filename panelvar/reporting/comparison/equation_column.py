"""An equation of a vector autoregression as a column of a table of results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from panelvar.core.base.errors import Note
from panelvar.systems.var.restricted import RestrictedVarResult
from panelvar.systems.var.var_convention import VarConvention
from panelvar.systems.var.var_result import VarResult

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class EquationColumn:
    """What `panelvar.compare` shows of one equation of a system.

    Attributes
    ----------
    result : VarResult or RestrictedVarResult
    equation : str
    """

    result: VarResult | RestrictedVarResult
    equation: str

    f_statistic: None = None
    variance_components: None = None
    n_entities: None = None
    n_periods: None = None
    effects: tuple[str, ...] = ()

    @property
    def params(self) -> pd.Series:
        """Coefficients; those set to zero are left out."""
        values = self.result.params[self.equation]
        return values[self.result.free[self.equation]] if isinstance(self.result, RestrictedVarResult) else values

    @property
    def std_errors(self) -> pd.Series:
        """Their standard errors."""
        return self.result.std_errors[self.equation]

    @property
    def tstats(self) -> pd.Series:
        """Their ratios."""
        return self.result.tstats[self.equation]

    @property
    def pvalues(self) -> pd.Series:
        """Their p-values."""
        return self.result.pvalues[self.equation]

    def conf_int(self, *, level: float = 0.95) -> pd.DataFrame:
        """Their confidence limits."""
        limits = self.result.conf_int(level=level)
        return limits[limits.index.get_level_values(0) == self.equation].droplevel(0)

    @property
    def distribution(self) -> str:
        """Reference distribution of the ratios."""
        return self.result.distribution

    @property
    def dependent(self) -> str:
        """The variable."""
        return self.equation

    @property
    def estimator(self) -> str:
        """What the system is."""
        restricted = "restricted " if isinstance(self.result, RestrictedVarResult) else ""
        return f"{restricted}VAR({self.result.lags})"

    @property
    def nobs(self) -> int:
        """Rows."""
        return self.result.nobs

    @property
    def rsquared(self) -> float:
        """R-squared of the equation."""
        return float(self.result.rsquared[self.equation])

    @property
    def rsquared_adjusted(self) -> float:
        """The same with degrees of freedom."""
        return float(self.result.rsquared_adjusted[self.equation])

    @property
    def rsquared_label(self) -> str:
        """Which R-squared it is."""
        return "R2"

    @property
    def rmse(self) -> float:
        """Standard deviation of the errors."""
        return float(self.result.rmse[self.equation])

    @property
    def loglik(self) -> float:
        """Log-likelihood of the equation by itself."""
        return float(self.result.loglik_by_equation[self.equation])

    @property
    def df_resid(self) -> float:
        """Residual degrees of freedom."""
        return self.result.df_resid

    @property
    def cov_label(self) -> str:
        """How standard errors were estimated."""
        return self.result.cov_kind if isinstance(self.result, VarResult) else "classical"

    @property
    def convention(self) -> VarConvention:
        """Rules of small samples."""
        return self.result.convention

    @property
    def notes(self) -> tuple[Note, ...]:
        """Notes of the system."""
        return self.result.notes

"""Choice of the lag order by information criteria and likelihood ratios, on one common sample."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from panelvar.base.arrays import Array
from panelvar.base.errors import Note, check_level, choose
from panelvar.base.hints import HintsAtNames

if TYPE_CHECKING:
    import pandas as pd

    from panelvar.tables.table import Table


CRITERIA = ("aic", "bic", "hqic", "fpe")

# Other programs' names of the criteria: for messages.
CRITERIA_ELSEWHERE = dict.fromkeys(("sic", "sc", "sbc", "sbic", "schwarz", "schwartz", "bayes", "bayesian"), "bic") | {
    "hqc": "hqic",
    "hannan-quinn": "hqic",
    "akaike": "aic",
}


@dataclass(frozen=True, eq=False, repr=False)
class LagSelection(HintsAtNames):
    """Criteria of every lag order, all on the rows that the longest order can use.

    Parameters
    ----------
    orders : array of int (Q,)
        Lag orders compared.
    criteria : array (Q, 4)
        AIC, BIC (Schwarz), HQIC (Hannan-Quinn) and FPE, in this order.
    llf : array (Q,)
        Gaussian log likelihood.
    lr_statistic, lr_pvalue : array (Q,)
        Likelihood-ratio test of each order against the one below it, chi-squared with K^2 degrees of freedom; NaN in
        the first row, which has none below it. The convention says whether it is multiplied by the rows or by the rows
        less an equation's coefficients (Sims 1980; EViews).
    nobs : int
        Rows of the common sample.
    trend : str
        Deterministic terms.
    notes : tuple of Note
    """

    orders: npt.NDArray[np.intp]
    criteria: Array
    llf: Array
    lr_statistic: Array
    lr_pvalue: Array
    nobs: int
    trend: str
    notes: tuple[Note, ...] = ()

    @property
    def selected(self) -> dict[str, int]:
        """The order each criterion prefers (its minimum; the smaller order in a tie); `order` has the tests' choice."""
        return {name: int(self.orders[self.criteria[:, place].argmin()]) for place, name in enumerate(CRITERIA)}

    def order(self, criterion: str, *, level: float = 0.95) -> int:
        """The order one criterion prefers, or that sequential tests arrive at.

        Parameters
        ----------
        criterion : {"aic", "bic", "hqic", "hq", "fpe", "lr"}
            ``"lr"`` tests each order against the one below it, from the longest down, and stops at the first rejection
            (Luetkepohl 2005, section 4.2.2); the shortest order is left if there is none.
        level : float
            One less the size of each of these tests. The size of the whole procedure is larger.
        """
        allowed = (*CRITERIA, "lr")
        choice = choose("criterion", "hqic" if criterion == "hq" else criterion, allowed, CRITERIA_ELSEWHERE)
        if choice != "lr":
            return self.selected[choice]
        rejected = np.flatnonzero(self.lr_pvalue[1:] < 1.0 - check_level(level)) + 1
        return int(self.orders[rejected[-1] if rejected.size else 0])

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a lag order: llf, LR test against the order below, AIC, BIC, HQIC, FPE."""
        import pandas as pd

        columns = {"llf": self.llf, "lr": self.lr_statistic, "lr_pvalue": self.lr_pvalue}
        columns |= {name: self.criteria[:, place] for place, name in enumerate(CRITERIA)}
        return pd.DataFrame(columns, index=pd.Index(self.orders, name="lags"))

    def summary(self, **options: Any) -> Table:
        """Render the criteria as a table; see `panelvar.var_models.summary.lag_table` for the options."""
        from panelvar.var_models.summary import lag_table

        return lag_table(self, **options)

    def __repr__(self) -> str:
        choices = ", ".join(f"{name} {order}" for name, order in {**self.selected, "lr": self.order("lr")}.items())
        return f"<Lag orders {self.orders[0]} to {self.orders[-1]}: {choices}; n = {self.nobs}>"

    def __str__(self) -> str:
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()

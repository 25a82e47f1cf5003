"""Choice of the lag order by likelihood ratios and information criteria, in the forms that programs print."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import Note, check_level, choose
from panelvar.core.base.quoting import one_line
from panelvar.core.faces.layout import Cell, Fact, Row, number, probability
from panelvar.core.faces.number_format import check_digits, format_count, format_significant
from panelvar.core.tables.table import Presented, Table

if TYPE_CHECKING:
    import pandas as pd


CRITERIA = ("aic", "bic", "hqic", "fpe")
_HEADINGS = {"loglik": "Log lik.", "lr": "LR", "lr_pvalue": "p of LR", "aic": "AIC", "bic": "BIC", "hqic": "HQIC"}


@dataclass(frozen=True, eq=False, repr=False)
class LagSelection(Presented):
    """Criteria of every lag order, all on the rows that the longest order can use.

    Parameters
    ----------
    orders : array of int (Q,)
        Lag orders compared.
    criteria : array (Q, 4)
        AIC, BIC (Schwarz), HQIC (Hannan-Quinn) and FPE, in this order.
    loglik : array (Q,)
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
    log_fpe : array (Q,) or None
        Logarithm of FPE, by which orders are compared: a determinant leaves the range of numbers long before it does.
    effects : str
        Effects of a panel's equations: "entity", "time", "entity and time", or none.

    See Also
    --------
    select_lags : makes it.

    Examples
    --------
    >>> import panelvar as pv
    >>> selection = pv.select_lags(pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]], max_lags=6)
    >>> selection.order("bic"), selection.order("lr")
    (2, 6)
    """

    orders: npt.NDArray[np.intp]
    criteria: Array
    loglik: Array
    lr_statistic: Array
    lr_pvalue: Array
    nobs: int
    trend: str
    notes: tuple[Note, ...] = ()
    log_fpe: Array | None = None
    effects: str = ""

    @property
    def selected(self) -> dict[str, int]:
        """The order each criterion prefers (its minimum; the smaller order in a tie); `order` has the tests' choice."""
        compared = dict(zip(CRITERIA, self.criteria.T, strict=True))
        if self.log_fpe is not None:
            compared["fpe"] = self.log_fpe
        return {name: int(self.orders[values.argmin()]) for name, values in compared.items()}

    def order(self, criterion: str, *, level: float = 0.95) -> int:
        """The order one criterion prefers, or that sequential tests arrive at.

        Parameters
        ----------
        criterion : {"aic", "bic", "hqic", "fpe", "lr"}
            ``"lr"`` tests each order against the one below it, from the longest down, and stops at the first rejection
            (Luetkepohl 2005, chapter 4); the shortest order is left if there is none.
        level : float
            One less the size of each of these tests. The size of the whole procedure is larger.

        Returns
        -------
        int
        """
        allowed = (*CRITERIA, "lr")
        short = isinstance(criterion, str) and criterion == "hqic"
        choice = choose("criterion", "hqic" if short else criterion, allowed)
        if choice != "lr":
            return self.selected[choice]
        rejected = np.flatnonzero(self.lr_pvalue[1:] < 1.0 - check_level(level)) + 1
        return int(self.orders[rejected[-1] if rejected.size else 0])

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row for each lag order: loglik, LR test against the order below, AIC, BIC, HQIC, FPE."""
        import pandas as pd

        columns = {"loglik": self.loglik, "lr": self.lr_statistic, "lr_pvalue": self.lr_pvalue}
        columns |= {name: self.criteria[:, place] for place, name in enumerate(CRITERIA)}
        return pd.DataFrame(columns, index=pd.Index(self.orders, name="lags"))

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of `table`: a row for each lag order, at full precision."""
        return self.table.copy()

    def summary(self, *, digits: int = 4) -> Table:
        """Return a table of the criteria of every lag order, a star at each criterion's choice.

        Parameters
        ----------
        digits : int
            Decimals.

        Returns
        -------
        Table
        """
        check_digits(digits)
        columns, selected = list(self.table.columns), {**self.selected, "lr": self.order("lr")}
        body = []
        for order, values in zip(self.orders, self.table.to_numpy(), strict=True):
            cells = []
            for name, value in zip(columns, values, strict=True):
                stars = "*" if selected.get(name) == order else ""
                if name.startswith("lr") and math.isnan(value):
                    # The shortest order has none below it to be tested against.
                    cells.append(Cell())
                elif name == "lr_pvalue":
                    cells.append(probability(value, digits))
                elif name == "fpe":
                    cells.append(Cell(format_significant(value, digits), float(value), stars))
                else:
                    cells.append(number(value, digits, stars=stars))
            body.append(Row(format_count(order), tuple(cells)))
        header = Row("Lags", tuple(Cell(_HEADINGS.get(name, name.upper()), name, align="center") for name in columns))
        return Table(
            title="Lag order selection",
            facts=(
                Fact("Observations", format_count(self.nobs)),
                Fact("Effects", self.effects) if self.effects else Fact("Trend", self.trend),
            ),
            header=(header,),
            body=tuple(body),
            notes=(
                "* marks the smallest value of a criterion. For LR it marks the first order, from the longest down, at "
                "which a 5% test rejects the order below. All orders use the same rows.",
                *dict.fromkeys(note.text for note in self.notes),
            ),
        )

    def __repr__(self) -> str:
        choices = ", ".join(f"{name} {order}" for name, order in {**self.selected, "lr": self.order("lr")}.items())
        return one_line(f"<Lag orders {self.orders[0]} to {self.orders[-1]}: {choices}; n = {self.nobs}>")


class VarCriteria(NamedTuple):
    """AIC, BIC (Schwarz), HQIC (Hannan-Quinn) and FPE, infinite or zero where its logarithm alone can be held."""

    aic: float
    bic: float
    hqic: float
    fpe: float
    log_fpe: float


def log_likelihood(nobs: int, n_vars: int, log_half_determinant: float) -> float:
    r"""Concentrated Gaussian log likelihood (Luetkepohl 2005, section 3.4).

    .. math:: -\frac{n}{2}\left[K (1 + \ln 2\pi) + \ln |U'U / n|\right]

    Parameters
    ----------
    log_half_determinant : float
        Half the log determinant of U'U.
    """
    log_det = 2.0 * log_half_determinant - n_vars * math.log(nobs)
    return -0.5 * nobs * (n_vars * (1.0 + math.log(2.0 * math.pi)) + log_det)


def information_criteria(
    form: str,
    nobs: int,
    n_vars: int,
    lags: int,
    n_deterministic: int,
    log_half_determinant: float,
    n_free: int | None = None,
) -> VarCriteria:
    r"""Information criteria in one of the forms of `VarConvention.criteria` (Luetkepohl 2005, chapter 4).

    Penalties per parameter: 2 (AIC), ln n (BIC), 2 ln ln n (HQIC). ``n_free`` is the number of coefficients of all
    equations where some are restricted; the final prediction error then counts their average in an equation.
    """
    if n_free is None:
        n_free = n_vars * (n_deterministic + lags * n_vars)
    n_regressors = n_free / n_vars
    log_det = 2.0 * log_half_determinant - n_vars * math.log(nobs)
    log_fpe = log_det + n_vars * math.log((nobs + n_regressors) / (nobs - n_regressors))
    fpe = math.exp(log_fpe) if log_fpe < math.log(sys.float_info.max) else math.inf
    # ln ln n exists from n = 2 on; a fit has at least that many rows.
    penalties = (2.0, math.log(nobs), 2.0 * math.log(math.log(nobs)))
    count = n_free - (n_vars * n_deterministic if form == "lags-only" else 0)
    if form in ("log-determinant", "lags-only"):
        values = [log_det + penalty * count / nobs for penalty in penalties]
    else:
        deviance = -2.0 * log_likelihood(nobs, n_vars, log_half_determinant)
        scale = nobs if form == "per-observation" else 1
        values = [(deviance + penalty * count) / scale for penalty in penalties]
    return VarCriteria(values[0], values[1], values[2], fpe, log_fpe)

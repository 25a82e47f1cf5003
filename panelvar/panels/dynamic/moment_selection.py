r"""Choice between models estimated by moments: the criteria of Andrews and Lu (2001), and the number of lags.

Each criterion is Hansen's statistic J less a reward for the r moments beyond the coefficients, which J could reject:

.. math:: \mathrm{BIC} = J - r\ln n, \qquad \mathrm{AIC} = J - 2r, \qquad \mathrm{HQIC} = J - Qr\ln\ln n, \quad Q > 2

where n is the number of entities, or of clusters of them, since the moments are sums over an entity's periods. BIC and
HQIC find the right model as n grows; AIC may keep too many coefficients.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arguments import read_number
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import Note, SpecificationError, choose
from panelvar.core.base.quoting import one_line
from panelvar.core.faces.layout import Cell, Fact, Row, count, number, probability, words
from panelvar.core.faces.number_format import check_digits, format_count, format_number
from panelvar.core.tables.table import Presented, Table
from panelvar.core.tables.test_result import chi2_test
from panelvar.panels.dynamic.gmm_estimate import GmmEstimate

if TYPE_CHECKING:
    import pandas as pd

CRITERIA = ("bic", "aic", "hqic")
HANNAN_QUINN = 2.1
"""Q, as Andrews and Lu chose it."""


@dataclass(frozen=True, repr=False)
class MomentCriteria(Presented):
    """Criteria of Andrews and Lu (2001): the smallest is best, among models of the same rows.

    Attributes
    ----------
    bic, aic, hqic : float
    notes : tuple of Note
        Why they decide nothing, where moments are as many as entities.

    See Also
    --------
    DynamicPanelResult.moment_criteria : makes it.

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("employment")
    >>> few = pv.LagInstruments(collapse=True)
    >>> fit = pv.fit_arellano_bond(firms, "log(emp) ~ log(wage) + log(capital)", lags=2, instruments=few)
    >>> round(fit.moment_criteria().bic, 2)
    -6.65
    """

    bic: float
    aic: float
    hqic: float
    notes: tuple[Note, ...] = ()

    def __iter__(self) -> Iterator[float]:
        return iter((self.bic, self.aic, self.hqic))

    def summary(self, *, digits: int = 4) -> Table:
        """Return the criteria as a table.

        Parameters
        ----------
        digits : int
            Decimals.

        Returns
        -------
        Table
        """
        check_digits(digits)
        header = Row("", (words("BIC"), words("AIC"), words("HQIC")))
        said = tuple(note.text for note in self.notes) or ("The smallest is best.",)
        body = (Row("Criterion", tuple(number(value, digits) for value in self)),)
        return Table("Criteria of Andrews and Lu", (header,), body, notes=said)

    def __repr__(self) -> str:
        bic, aic, hqic = map(format_number, self)
        return f"<Criteria of Andrews and Lu: bic {bic}, aic {aic}, hqic {hqic}>"


def criteria_of(estimate: GmmEstimate, hq: float = HANNAN_QUINN) -> MomentCriteria:
    """Criteria of a model: of Hansen's statistic of its two-step estimates, or later ones.

    Raises
    ------
    SpecificationError
        ``hq`` is not above two.
    """
    if not read_number("hq", hq) > 2.0:
        raise SpecificationError(f"hq={hq} must be above 2. With less, HQIC does not find the right model.")
    step = estimate.hansen_step
    spare = step.rank - estimate.problem.n_equations * estimate.problem.n_regressors
    bic, hqic = math.log(estimate.n_clusters), hq * math.log(math.log(estimate.n_clusters))
    criterion = step.criterion
    return MomentCriteria(
        criterion - spare * bic, criterion - 2.0 * spare, criterion - spare * hqic, idle_criteria(estimate)
    )


def idle_criteria(estimate: GmmEstimate) -> tuple[Note, ...]:
    """Say that criteria made of Hansen's statistic decide nothing, where moments are as many as entities."""
    return tuple(
        replace(note, text=f"{note.text} Criteria made of its statistic decide nothing then.")
        for note in estimate.many_moments
    )


@dataclass(frozen=True, eq=False, repr=False)
class MomentSelection(Presented):
    """Criteria of every number of lags, all of the same rows and the same instruments.

    Parameters
    ----------
    orders : array of int (Q,)
        Numbers of lags compared.
    statistics, df, pvalues : array (Q,)
        Hansen's test.
    criteria : array (Q, 3)
        BIC, AIC and HQIC of Andrews and Lu, in this order.
    n_groups : int
        Entities, or clusters of them: the n of the criteria.
    n_instruments : int
        Moments of an equation.
    notes : tuple of Note
        Why the criteria decide nothing, where moments are as many as entities: the table then marks none.

    See Also
    --------
    DynamicPanelResult.lag_selection : makes it.

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("employment")
    >>> few = pv.LagInstruments(collapse=True)
    >>> fit = pv.fit_arellano_bond(firms, "log(emp) ~ log(wage) + log(capital)", lags=2, instruments=few)
    >>> fit.lag_selection().selected
    {'bic': 1, 'aic': 1, 'hqic': 1}
    """

    orders: npt.NDArray[np.intp]
    statistics: Array
    df: Array
    pvalues: Array
    criteria: Array
    n_groups: int
    n_instruments: int
    notes: tuple[Note, ...] = ()

    @property
    def selected(self) -> dict[str, int]:
        """The number of lags that each criterion prefers; the smaller one in a tie."""
        return {name: int(self.orders[values.argmin()]) for name, values in zip(CRITERIA, self.criteria.T, strict=True)}

    def order(self, criterion: str) -> int:
        """The number of lags that one criterion prefers.

        Parameters
        ----------
        criterion : {"bic", "aic", "hqic"}
            Andrews and Lu's (2001) criterion of moments and models.

        Returns
        -------
        int
        """
        return self.selected[choose("criterion", criterion, CRITERIA)]

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a number of lags: Hansen's statistic, its degrees of freedom and p-value, BIC, AIC, HQIC."""
        import pandas as pd

        columns = {"hansen": self.statistics, "df": self.df, "pvalue": self.pvalues}
        columns |= {name: self.criteria[:, place] for place, name in enumerate(CRITERIA)}
        return pd.DataFrame(columns, index=pd.Index(self.orders, name="lags"))

    def summary(self, *, digits: int = 3) -> Table:
        """Return a table of the criteria, a star at each criterion's choice.

        Parameters
        ----------
        digits : int
            Digits after the point.

        Returns
        -------
        Table
        """
        check_digits(digits)
        selected, body = self.selected, []
        for place, order in enumerate(self.orders):
            cells = [
                number(self.statistics[place], digits),
                count(self.df[place]),
                probability(self.pvalues[place], digits),
            ]
            for name, value in zip(CRITERIA, self.criteria[place], strict=True):
                cells.append(number(value, digits, stars="*" if selected[name] == order and not self.notes else ""))
            body.append(Row(format_count(order), tuple(cells)))
        header = ("Hansen", "df", "p", *(name.upper() for name in CRITERIA))
        return Table(
            title="Number of lags",
            facts=(
                Fact("Entities or clusters", format_count(self.n_groups)),
                Fact("Instruments", format_count(self.n_instruments)),
            ),
            header=(Row("Lags", tuple(Cell(name, name, align="center") for name in header)),),
            body=tuple(body),
            notes=(
                *(() if self.notes else ("* marks the smallest value (Andrews and Lu 2001).",)),
                "All models have the rows and instruments of the longest.",
                *(note.text for note in self.notes),
            ),
        )

    def __repr__(self) -> str:
        choices = ", ".join(f"{name} {order}" for name, order in self.selected.items())
        return one_line(f"<Numbers of lags {self.orders[0]} to {self.orders[-1]}: {choices}; n = {self.n_groups}>")


def select_lags(estimate: GmmEstimate, hq: float = HANNAN_QUINN) -> MomentSelection:
    """Compare all numbers of lags up to those of a model, on its rows and with its instruments.

    Raises
    ------
    SpecificationError
        The model has one lag.
    """
    spec, problem = estimate.model.specification, estimate.problem
    if spec.lags < 2:
        raise SpecificationError(
            "The model has one lag, so there is nothing to choose. Fit it with the largest number of lags that you "
            "consider, say lags=4."
        )
    count, m = len(spec.dependents), problem.n_regressors
    orders = np.arange(1, spec.lags + 1)
    statistics, df, pvalues, criteria = [], [], [], []
    for order in orders:
        kept = [*range(count * order), *range(count * spec.lags, m)]
        shorter = replace(estimate, problem=problem.of_regressors(kept))
        step = shorter.hansen_step
        spare = step.rank - count * len(kept)
        statistics.append(step.criterion)
        df.append(float(spare))
        pvalues.append(chi2_test("Hansen", step.criterion, spare).pvalue if spare else math.nan)
        criteria.append(tuple(criteria_of(shorter, hq)))
    return MomentSelection(
        orders,
        np.array(statistics),
        np.array(df),
        np.array(pvalues),
        np.array(criteria),
        estimate.n_clusters,
        problem.n_moments,
        idle_criteria(estimate),
    )

"""The result of an estimator of a cointegrating relation, in a panel or of one entity."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from panelvar.core.base.arguments import read_number
from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.distributions import two_sided
from panelvar.core.base.errors import MissingInformationError, Note
from panelvar.core.faces.layout import Fact
from panelvar.core.faces.number_format import format_number
from panelvar.core.tables.frame_table import PVALUE, STATISTIC, FrameTable
from panelvar.core.tables.test_result import TestResult
from panelvar.data.formulas.design import CONSTANT, Design
from panelvar.estimates.coefficients.wald import wald
from panelvar.estimates.covariance.covariances import CovarianceEstimate
from panelvar.estimates.fit.conventions import Convention
from panelvar.kernels.linear.long_run import LongRunCovariance
from panelvar.panels.heterogeneous.averaged import AveragedResult

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class RelationFit:
    """A cointegrating relation: what is shared or averaged, and each entity's own.

    Attributes
    ----------
    design : Design
        The rows in use, less the means of their periods where these were taken out.
    names : tuple of str
        Names of the coefficients.
    coefficients : (p,) array
    own_names : tuple of str
        Names of an entity's coefficients: constant, regressors, trend.
    own : (N, k) array
        Estimates of each entity by itself.
    own_errors : (N, k) array
    term_names : tuple of str
    terms : (N, d) array
        Coefficients of each entity's terms beside the slopes that the residuals are computed with.
    residuals : (n,) array
        Residuals of the long-run relation.
    parameters : int
        Coefficients of the relations of all entities.
    variances, bandwidths : (N,) arrays
        Long-run variances of what is left of the errors of each entity's own estimation, and what they were computed
        with.
    rows : (N,) integer array
        Rows of each entity's estimation.
    long_run : LongRunCovariance or None
        Long-run covariances of each entity's error and changes of regressors; None for dynamic least squares.
    orders : (N, 2) integer array or None
        Leads and lags of dynamic least squares; None for the others.
    choices : tuple of Fact
        What the summary says of the estimation.
    notes : tuple of Note
    """

    design: Design
    names: tuple[str, ...]
    coefficients: Array
    own_names: tuple[str, ...]
    own: Array
    own_errors: Array
    term_names: tuple[str, ...]
    terms: Array
    residuals: Array
    parameters: int
    variances: Array
    bandwidths: Array
    rows: Positions
    long_run: LongRunCovariance | None
    orders: Positions | None
    choices: tuple[Fact, ...]
    notes: tuple[Note, ...]

    @property
    def rss(self) -> float:
        """Sum of squared residuals of the long-run relation."""
        return float(self.residuals @ self.residuals)

    @property
    def exact(self) -> bool:
        """Whether the residuals are zero."""
        return self.rss == 0.0


@dataclass(frozen=True, eq=False, repr=False)
class CointegratingResult(AveragedResult):
    r"""A cointegrating relation estimated by fully modified or dynamic least squares, or canonical regressions.

    ``params`` are averages of the entities' coefficients (group mean; of one entity, its own), or the slopes that all
    entities share. The constants and trends are then in ``terms``.

    Attributes
    ----------
    fit : RelationFit
    covariance : CovarianceEstimate
    convention : Convention
        How results are reported.
    estimator : str
        What was estimated, in words.

    See Also
    --------
    fit_fmols, fit_dols, fit_ccr : make it.
    compare : puts several side by side.

    Examples
    --------
    >>> import panelvar as pv
    >>> relation = pv.fit_fmols(pv.load_data("grunfeld"), "invest ~ value + capital", method="pooled")
    >>> relation.std_errors.round(4)
    value      0.0451
    capital    0.0647
    Name: std_errors, dtype: float64
    >>> relation.individual.round(3).head(2)
                        const  value  capital
    firm
    American Steel    -25.464  0.160    0.332
    Atlantic Refining  16.949  0.176    0.007

    The slopes of the relation with their intervals:

    >>> figure = relation.plot()
    """

    fit: RelationFit
    covariance: CovarianceEstimate
    convention: Convention
    estimator: str

    @property
    def df_resid(self) -> int:
        """Rows less the coefficients of all entities' relations."""
        return self.nobs - self.fit.parameters

    @property
    def _residuals(self) -> Array:
        return self.fit.residuals

    # ---- entities

    @cached_property
    def individual(self) -> pd.DataFrame:
        """Estimates of each entity by itself, whatever ``params`` share: a row for each entity."""
        return self._by_entity(self.fit.own, self.fit.own_names)

    @cached_property
    def individual_std_errors(self) -> pd.DataFrame:
        """Standard errors of `individual`, from each entity's own long-run variance."""
        return self._by_entity(self.fit.own_errors, self.fit.own_names)

    @cached_property
    def terms(self) -> pd.DataFrame:
        """Each entity's constant and trend beside the slopes of the relation: the rest of the fitted values."""
        return self._by_entity(self.fit.terms, self.fit.term_names)

    @cached_property
    def long_run_variances(self) -> pd.Series:
        """Long-run variance of what is left of each entity's error."""
        return self._by_entity(self.fit.variances[:, None], ("variance",))["variance"]

    @cached_property
    def bandwidths(self) -> pd.Series:
        """Bandwidth of each entity's long-run covariances."""
        return self._by_entity(self.fit.bandwidths[:, None], ("bandwidth",))["bandwidth"]

    @property
    def long_run_covariances(self) -> pd.DataFrame:
        r""":math:`\Omega_i` of each entity's error and changes of regressors; rows have two labels.

        Raises
        ------
        MissingInformationError
            The estimator is dynamic least squares, which needs none.
        """
        return self._matrices("two_sided")

    @property
    def one_sided_covariances(self) -> pd.DataFrame:
        r""":math:`\Delta_i`, the covariances with the present and the past; rows are the present.

        Raises
        ------
        MissingInformationError
            The estimator is dynamic least squares, which needs none.
        """
        return self._matrices("one_sided")

    def _matrices(self, which: str) -> pd.DataFrame:
        import pandas as pd

        if self.fit.long_run is None:
            raise MissingInformationError(
                "Dynamic least squares uses no long-run covariances of errors and regressors. long_run_variances has "
                "the variances of the errors."
            )
        names = [self.dependent, *self.fit.design.names]
        values = getattr(self.fit.long_run, which)
        index = pd.MultiIndex.from_product([self.fit.design.entity_labels, names], names=["entity", "variable"])
        return pd.DataFrame(values.reshape(-1, len(names)), index=index, columns=names)

    @cached_property
    def orders(self) -> pd.DataFrame | None:
        """Leads and lags of each entity, for dynamic least squares; None for other estimators."""
        import pandas as pd

        labels = self.fit.design.entity_labels
        return None if self.fit.orders is None else pd.DataFrame(self.fit.orders, labels, ["leads", "lags"])

    def group_tests(self, value: float = 0.0) -> FrameTable:
        r"""Test that every entity's slope equals a value, by the sum of the entities' t ratios over :math:`\sqrt N`.

        Parameters
        ----------
        value : float
            Value of each slope under the null.

        Returns
        -------
        FrameTable
            Statistic and two-sided p-value by the normal, a row for each regressor.

        Notes
        -----
        Pedroni (2001) and Stata's ``xtpedroni`` print it beside group means. Slopes above and below the value cancel.
        """
        import pandas as pd

        value = read_number("value", value)
        places = [self.fit.own_names.index(name) for name in self.fit.design.names]
        ratios = (self.fit.own[:, places] - value) / self.fit.own_errors[:, places]
        statistics = ratios.sum(axis=0) / np.sqrt(len(ratios))
        table = {"statistic": statistics, "pvalue": two_sided(statistics, np.inf)}
        null = f"Null hypothesis: the slope of every entity is {value:g}."
        frame = pd.DataFrame(table, index=list(self.fit.design.names))
        return FrameTable(frame, {"statistic": STATISTIC.called("z"), "pvalue": PVALUE}, "Group tests", notes=(null,))

    # ---- fit statistics

    @property
    def _own_constants(self) -> tuple[str, ...]:
        own = CONSTANT in self.fit.own_names and self.n_entities > 1
        return (str(self.fit.design.panel.entity_name or "entity"),) if own else ()

    @property
    def rsquared_label(self) -> str:
        """Which R2 `rsquared` is."""
        return "R2 of levels"

    @cached_property
    def f_slopes(self) -> TestResult | None:
        """Joint test that all slopes are zero; chi2, or F where errors are from the spread over entities."""
        places = [self.names.index(name) for name in self.fit.design.names]
        matrix = np.eye(len(self.names))[places]
        return wald(self, matrix, np.zeros(len(places)), "Joint significance", "all slopes are zero")

    # ---- reading

    @property
    def _facts(self) -> tuple[Fact, ...]:
        return self.fit.choices

    @property
    def _tests(self) -> dict[str, TestResult | None]:
        return {"All slopes zero": self.f_slopes}

    def _statistics(self, digits: int) -> tuple[Fact, ...]:
        return (Fact(self.rsquared_label, format_number(self.rsquared, digits)),)

"""The result of a dynamic panel of one equation, estimated by GMM."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import Note
from panelvar.core.base.quoting import one_line
from panelvar.core.faces.layout import Fact
from panelvar.core.faces.number_format import check_digits, format_count, format_degrees, format_number
from panelvar.core.tables.coefficients import coefficient_header
from panelvar.core.tables.table import Presented, Table
from panelvar.core.tables.test_result import TestResult, tests_in_lines
from panelvar.data.formulas.design import CONSTANT
from panelvar.estimates.coefficients.coefficients import coefficient_rows
from panelvar.estimates.coefficients.questions import Questions
from panelvar.estimates.coefficients.wald import wald
from panelvar.estimates.covariance.covariances import CovarianceEstimate
from panelvar.panels.dynamic.gmm_estimate import GmmEstimate
from panelvar.panels.dynamic.moment_tests import MomentTests
from panelvar.panels.dynamic.transforms import WORDS
from panelvar.panels.static.summary import rows_per_entity

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class DynamicFit:
    """Coefficients of a dynamic panel, and the estimation behind them.

    Attributes
    ----------
    names : tuple of str
    coefficients : (m,) array
    rss : float
        Sum of squared errors of the transformed rows.
    notes : tuple of Note
    estimate : GmmEstimate
    """

    names: tuple[str, ...]
    coefficients: Array
    rss: float
    notes: tuple[Note, ...]
    estimate: GmmEstimate


@dataclass(frozen=True, eq=False, repr=False)
class DynamicPanelResult(MomentTests, Questions, Presented):
    r"""A dynamic panel estimated by GMM: `fit_arellano_bond`, `fit_blundell_bond`, `fit_anderson_hsiao`.

    Attributes
    ----------
    fit : DynamicFit
    covariance : CovarianceEstimate
        Covariance matrix of the coefficients, label, degrees of freedom.
    estimator : str
        What was estimated, in words.

    See Also
    --------
    fit_arellano_bond : Makes one.
    LinearResult : Of models without a lagged dependent variable.

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("employment")
    >>> fit = pv.fit_arellano_bond(firms, "log(emp) ~ log(wage) + log(capital)",
    ...     instruments=pv.LagInstruments(collapse=True))
    >>> fit.std_errors.round(4).to_dict()
    {'L(log(emp))': 0.1282, 'log(wage)': 0.1042, 'log(capital)': 0.0659}
    >>> fit.ar_test(2)
    <m2: z = -1.3868, p = 0.1655>
    >>> fit.n_instruments, fit.nobs, fit.n_entities
    (9, 751, 140)
    >>> fit.nonlinear("`log(capital)` / (1 - `L(log(emp))`)")
    <Functions of coefficients: `log(capital)` / (1 - `L(log(emp))`)>
    """

    fit: DynamicFit
    covariance: CovarianceEstimate
    estimator: str

    @property
    def _gmm(self) -> GmmEstimate:
        return self.fit.estimate

    # ---- counts and labels

    @property
    def dependent(self) -> str:
        """Name of the dependent variable."""
        return self.fit.estimate.model.specification.dependents[0]

    @property
    def nobs(self) -> int:
        """Number of rows: of the level equation where it is estimated too, else of the transformed one."""
        return self.fit.estimate.model.nobs

    @property
    def n_entities(self) -> int:
        """Entities in use."""
        return self.fit.estimate.model.n_entities

    @property
    def periods_per_entity(self) -> tuple[int, float, int]:
        """Fewest, average and most rows of an entity."""
        model = self.fit.estimate.model
        return model.rows.fewest, model.nobs / model.n_entities, model.rows.most

    @property
    def entity_labels(self) -> pd.Index:
        """Labels of the entities in use."""
        return self.fit.estimate.model.entity_labels

    @property
    def convention(self) -> str:
        """Name of the convention."""
        return self.fit.estimate.convention.name

    # ---- fit

    @property
    def sigma2(self) -> float:
        """Variance of the errors, from the transformed rows; halved for differences."""
        return float(self.fit.estimate.sigma[0, 0])

    @property
    def rss(self) -> float:
        """Sum of squared errors of the transformed rows."""
        return self.fit.rss

    @cached_property
    def resids(self) -> pd.Series:
        """Errors of the transformed rows, by entity and period; a deviation bears the period after its own."""
        import pandas as pd

        model = self.fit.estimate.model
        kept, rows = model.kept, model.kept.transformed
        values = kept.residuals(rows, self.fit.estimate.params)[:, :, 0].T
        used = rows.used.T
        entities, places = np.nonzero(used)
        panel = model.panel
        index = pd.MultiIndex.from_arrays(
            [model.entity_labels[entities], panel.calendar.labels_at(rows.labels[places])],
            names=[panel.entity_name, panel.time_name],
        )
        return pd.Series(values[used], index=index, name="resids")

    # ---- tests

    @cached_property
    def f_slopes(self) -> TestResult:
        """Joint test that all coefficients but the constant are zero."""
        matrix = np.eye(len(self.names))[[place for place, name in enumerate(self.names) if name != CONSTANT]]
        return wald(self, matrix, np.zeros(len(matrix)), "Joint significance", "all slopes are zero")

    @property
    def f_statistic(self) -> TestResult:
        """The model's joint test: `f_slopes`."""
        return self.f_slopes

    # ---- reading

    def summary(self, *, level: float = 0.95, digits: int = 4) -> Table:
        """Return the summary table (text in a terminal, HTML in a notebook, Markdown, LaTeX, DataFrame).

        Parameters
        ----------
        level : float
            Coverage of the confidence limits.
        digits : int
            Digits after the point.

        Returns
        -------
        Table
        """
        check_digits(digits)
        df = self.df_inference
        estimate = self.fit.estimate
        shown: dict[str, TestResult | None] = {"Joint significance": self.f_slopes, "Sargan": None, "Hansen": None}
        if estimate.spare:
            shown |= {"Sargan": self.sargan, "Hansen": self.hansen_j}
        for order in (1, 2):
            if estimate.model.census.differences.most > order:
                shown[f"Arellano-Bond m{order}"] = self.ar_test(order)
        return Table(
            title=f"{self.estimator}: {self.dependent}",
            facts=(
                Fact("Dependent", self.dependent),
                Fact("Observations", format_count(self.nobs)),
                Fact("Transform", WORDS[estimate.model.kind]),
                Fact("Entities", format_count(self.n_entities)),
                Fact("Std. errors", self.cov_label),
                Fact("Rows per entity", rows_per_entity(self.periods_per_entity)),
                Fact("Inference", "normal" if df is None else f"t({format_degrees(df)})"),
                Fact("Instruments", format_count(self.n_instruments)),
            ),
            header=(coefficient_header(self.distribution, level),),
            body=coefficient_rows(self, level, digits),
            statistics=(
                Fact("Sigma", format_number(float(np.sqrt(self.sigma2)), digits)),
                *tests_in_lines({name: test for name, test in shown.items() if test is not None}, digits),
            ),
            notes=tuple(dict.fromkeys(note.text for note in self.notes)),
        )

    def __repr__(self) -> str:
        return one_line(f"<{self.estimator}: {self.dependent} on {', '.join(self.names)}; N = {self.n_entities}>")

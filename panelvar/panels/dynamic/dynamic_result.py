"""The result of a dynamic panel of one equation, estimated by GMM."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import Note, emit, needing_rows
from panelvar.core.base.quoting import one_line
from panelvar.core.faces.layout import Fact
from panelvar.core.faces.number_format import format_count, format_number
from panelvar.core.tables.test_result import TestResult, test_or_reason
from panelvar.data.formulas.design import CONSTANT
from panelvar.estimates.coefficients.equation_estimates import EquationEstimates
from panelvar.estimates.coefficients.wald import zero_test
from panelvar.estimates.covariance.covariances import Covariance, CovarianceEstimate
from panelvar.estimates.fit.sample import Sample
from panelvar.panels.dynamic.gmm_covariance import estimated_covariance, with_other_errors
from panelvar.panels.dynamic.gmm_estimate import GmmEstimate
from panelvar.panels.dynamic.level_rows import LevelFit, level_fit, predict_levels
from panelvar.panels.dynamic.moment_tests import TESTS_OF_MOMENTS, MomentTests
from panelvar.panels.dynamic.transforms import WORDS
from panelvar.panels.static import adjusted_predictions as adjusted
from panelvar.panels.static import marginal_effects as marginal
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

    @property
    def exact(self) -> bool:
        """Whether the errors are zero."""
        return self.rss == 0.0


@dataclass(frozen=True, eq=False, repr=False)
class DynamicPanelResult(MomentTests, EquationEstimates):
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

    The coefficients with their intervals of 95%:

    >>> figure = fit.plot()
    """

    fit: DynamicFit
    covariance: CovarianceEstimate
    estimator: str

    _glance: ClassVar[Mapping[str, str]] = {
        **EquationEstimates._glance,
        "n.instruments": "n_instruments",
        **{
            f"{test.replace('_', '.')}.{column}": f"{test}.{attribute}"
            for test in TESTS_OF_MOMENTS
            for column, attribute in (("statistic", "statistic"), ("df", "df"), ("p.value", "pvalue"))
        },
    }

    @property
    def _gmm(self) -> GmmEstimate:
        return self.fit.estimate

    # ---- counts and labels

    @property
    def _sample(self) -> Sample:
        # Rows are those of the level equation where it is estimated too, else of the transformed one.
        model = self.fit.estimate.model
        rows, entities = model.rows, model.n_entities
        dependent = model.specification.dependents[0]
        return Sample(dependent, rows.total, entities, rows.fewest, rows.total / entities, rows.most)

    @property
    def entity_labels(self) -> pd.Index:
        """Labels of the entities in use."""
        return self.fit.estimate.model.entity_labels

    @property
    def convention(self) -> str:
        """Name of the convention."""
        return self.fit.estimate.convention.name

    @property
    def n_periods(self) -> int:
        """Distinct periods of the rows that `nobs` counts."""
        census = self.fit.estimate.model.census
        level = self.fit.estimate.model.specification.level_equation
        return int((census.complete if level else census.touched).sum())

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
        """Errors of the transformed rows, by entity and period; a deviation bears the period after its own.

        Errors in levels, which hold the entities' effects, are the dependent variable less `predict`.
        """
        kept = self.fit.estimate.model.kept
        return self._of_rows(kept.residuals(kept.transformed, self.fit.estimate.params)[:, :, 0]).rename("resids")

    @cached_property
    def fitted_values(self) -> pd.Series:
        """Transformed dependent variable less `resids`, labelled alike: what the regressors explain of it."""
        rows = self.fit.estimate.model.kept.transformed
        return (self._of_rows(rows.values[:, :, -1]) - self.resids).rename("fitted_values")

    def augment(self) -> pd.DataFrame:
        """Return the transformed rows with ``.fitted`` and ``.resid`` beside them, as R's broom names them.

        Columns have the names that they have in levels. Constants and dummies of periods are transformed like all
        others.

        Returns
        -------
        DataFrame
        """
        import pandas as pd

        # Asked for first: they refuse a result without rows in words.
        made = {".fitted": self.fitted_values, ".resid": self.resids}
        values = self.fit.estimate.model.kept.transformed.values
        names = (self.dependent, *self.names)
        columns = {name: self._of_rows(values[:, :, place]) for place, name in enumerate(names, start=-1)}
        return pd.DataFrame(columns).assign(**made)

    def _of_rows(self, values: Array) -> pd.Series:
        """Label values (R, N) of the transformed rows by entity and period."""
        import pandas as pd

        model = self.fit.estimate.model
        kept, panel = model.kept, model.panel
        rows = kept.transformed
        used = rows.used.T
        entities, places = np.nonzero(used)
        index = pd.MultiIndex.from_arrays(
            [model.entity_labels[entities], panel.calendar.labels_at(kept.dates[rows.labels[places]])],
            names=[panel.entity_name, panel.time_name],
        )
        return pd.Series(values.T[used], index=index)

    # ---- questions

    def predict(self, data: object = None) -> pd.Series:
        r"""Predict the dependent variable in levels, :math:`x_{it}'\hat\beta`, from its own lags and the regressors.

        The entities' effects are not in it (xtabond2's ``predict, xb``): without ``constant=True`` its level means
        nothing, and its changes are what the model predicts. Effects of periods are in it where the model has them.

        Parameters
        ----------
        data : Panel or DataFrame, optional
            New rows, with entity and time, the dependent variable (for its lags) and the regressors. By default the
            model's own: the complete rows of the entities in use.

        Returns
        -------
        Series
            A value for each row; missing where a lag is, or in a period that the model has no effect of.

        Raises
        ------
        DataError
            New rows lack a column, or do not say their entity and time.
        RowsNotKeptError
            The model is of a stream.

        Examples
        --------
        >>> import panelvar as pv
        >>> firms = pv.load_data("employment")
        >>> fit = pv.fit_blundell_bond(firms, "log(emp) ~ log(wage)", instruments=pv.LagInstruments(collapse=True))
        >>> fit.predict().head(2).round(3).to_list()
        [2.15, 2.217]
        """
        with needing_rows("predict()"):
            return predict_levels(self.fit.estimate.model, self.fit.coefficients, data)

    marginal_effects = marginal.marginal_effects
    adjusted_predictions = adjusted.adjusted_predictions

    @cached_property
    def _fit_in_levels(self) -> LevelFit:
        """The coefficients and the rows in levels, as margins see them."""
        with needing_rows("A marginal effect or adjusted prediction"):
            return level_fit(self.fit.estimate.model, self.fit.coefficients, exact=self.fit.exact)

    @property
    def _explains_changes(self) -> bool:
        """Whether differences are explained: the coefficients are those of the levels."""
        return False

    def with_cov(self, cov: str | Covariance) -> DynamicPanelResult:
        """Return the same estimates with other standard errors, without refitting.

        Parameters
        ----------
        cov : {"robust", "classical", "uncorrected"} or Clustered
            ``"robust"`` (or ``"cluster"``): by entity, after later steps with Windmeijer's correction. ``"classical"``:
            homoskedastic errors, after one step. ``"uncorrected"``: without Windmeijer's correction, after two steps or
            more. ``Clustered("region")``: coarser clusters of entities, after one step; the weights of later steps are
            made by cluster, so that the estimates would be others.

        Returns
        -------
        DynamicPanelResult
            The same estimates.

        Raises
        ------
        SpecificationError
            The estimates do not have these errors. The message says what to use.

        Examples
        --------
        >>> import panelvar as pv
        >>> firms = pv.load_data("employment")
        >>> few = pv.LagInstruments(collapse=True)
        >>> fit = pv.fit_arellano_bond(firms, "log(emp) ~ log(wage)", instruments=few)
        >>> print(round(fit.std_errors["L(log(emp))"], 4))
        0.1004
        >>> print(round(fit.with_cov("uncorrected").std_errors["L(log(emp))"], 4))
        0.0814
        """
        before = self.fit.estimate
        found = with_other_errors(before, cov)
        notes = tuple(note for note in self.fit.notes if note not in before.notes)
        added = tuple(note for note in found.notes if note not in before.notes)
        fit = replace(self.fit, estimate=found, notes=(*notes, *found.notes))
        small_sample = math.isfinite(self.covariance.df)
        result = replace(self, fit=fit, covariance=estimated_covariance(found, small_sample=small_sample))
        emit(added)
        return result

    # ---- tests

    @cached_property
    def f_slopes(self) -> TestResult:
        """Joint test that all coefficients but the constant are zero."""
        slopes = [name for name in self.names if name != CONSTANT]
        return zero_test(self, slopes, "Joint significance", "all slopes are zero")

    @property
    def f_statistic(self) -> TestResult:
        """The model's joint test: `f_slopes`."""
        return self.f_slopes

    # ---- reading

    @property
    def _head_facts(self) -> tuple[Fact, ...]:
        return (
            Fact("Dependent", self.dependent),
            Fact("Observations", format_count(self.nobs)),
            Fact("Transform", WORDS[self.fit.estimate.model.kind]),
            Fact("Entities", format_count(self.n_entities)),
            Fact("Std. errors", self.cov_label),
            Fact("Rows per entity", rows_per_entity(self.periods_per_entity)),
            Fact("Inference", self._inference_in_words),
            Fact("Instruments", format_count(self.n_instruments)),
        )

    def _statistic(self, name: str) -> Any:
        test, _, what = name.partition(".")
        if test in TESTS_OF_MOMENTS:
            found = self._test_of_moments(test)
            return getattr(found, what, None) if what else found
        if name.startswith("overidentification") and not self.fit.estimate.spare:
            return None
        own = {
            "rmse": math.sqrt(self.sigma2),
            "convention.name": self.convention,
            "effects": self.fit.estimate.model.effects,
        }
        # There is no joint test of estimates without errors.
        if name in own or (name == "f_statistic" and not self.std_errors.notna().all()):
            return own.get(name)
        return super()._statistic(name)

    @cached_property
    def _shown_tests(self) -> dict[str, TestResult | str | None]:
        """Tests for the foot of the summary, or why the data do not have them."""
        shown = {"Joint significance": test_or_reason(lambda: self.f_slopes), **super()._shown_tests}
        for order in (1, 2):
            if self.fit.estimate.model.census.differences.most > order:
                shown[f"Arellano-Bond m{order}"] = test_or_reason(partial(self.ar_test, order))
        return shown

    def _foot_facts(self, digits: int) -> tuple[Fact, ...]:
        sigma = Fact("Sigma", format_number(float(np.sqrt(self.sigma2)), digits))
        return (sigma, *self._lines_of_moments(self._shown_tests, digits))

    @property
    def _printed_notes(self) -> tuple[Note, ...]:
        return (*self.notes, *self._why_no_test)

    def __repr__(self) -> str:
        return one_line(f"<{self.estimator}: {self.dependent} on {', '.join(self.names)}; N = {self.n_entities}>")

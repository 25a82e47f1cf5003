"""The result of a linear panel estimator."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import Note, NumericalError, emit
from panelvar.core.base.quoting import one_line
from panelvar.core.base.shared_parameters import documented
from panelvar.core.faces.layout import Fact
from panelvar.core.faces.number_format import format_count
from panelvar.core.tables.test_result import TestResult, chi2_test, f_test, tests_in_lines
from panelvar.data.formulas.design import Design
from panelvar.estimates.coefficients import equation_estimates
from panelvar.estimates.coefficients.equation_estimates import EquationEstimates
from panelvar.estimates.coefficients.wald import zero_test
from panelvar.estimates.covariance.covariances import Covariance, CovarianceEstimate
from panelvar.estimates.covariance.named import covariance_of, resolve
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.fit import Fit
from panelvar.estimates.fit.sample import Sample
from panelvar.estimates.fit.small_samples import classical_df
from panelvar.panels.static import adjusted_predictions as adjusted
from panelvar.panels.static import effects as absorbed_effects
from panelvar.panels.static import marginal_effects as marginal
from panelvar.panels.static import predictions
from panelvar.panels.static.effect_variances import EffectVariances, effect_variances
from panelvar.panels.static.fit_statistics import (
    effects_and_slopes_test,
    log_likelihood,
    pooling_test,
    ratio_of_gain,
)
from panelvar.panels.static.rsquared import RSquared, rsquared_of
from panelvar.panels.static.summary import component_facts, rows_per_entity, rsquared_facts

if TYPE_CHECKING:
    import pandas as pd


_NO_SLOPES = "all slopes are zero"
_R2_LABELS = {
    "fixed": "Within R2",
    "random": "Quasi-demeaned R2",
    "between": "Between R2",
    "gls": "Transformed R2",
    "gls-within": "Transformed R2",
}


@dataclass(frozen=True, eq=False)
class LinearResult(EquationEstimates):
    r"""Estimates of a linear panel model under one covariance and one convention.

    Attributes
    ----------
    fit : Fit
        The model before any covariance.
    covariance : CovarianceEstimate
        Covariance matrix, label, degrees of freedom.
    convention : Convention
        How things are counted and reported.
    estimator : str
        What was estimated, in words.

    See Also
    --------
    compare : Several results side by side.
    plot_coefficients : Estimates with their intervals.

    Notes
    -----
    Fitted values plus residuals give y. Residuals of pooled, fixed-effects, between and first-difference models are
    those of the regression. Residuals of random effects and generalised least squares are
    :math:`y - \hat c - x'\hat\beta`: they still hold the effect.

    Examples
    --------
    >>> import panelvar as pv
    >>> men = pv.load_data("wage_panel")
    >>> fit = pv.fit_fixed_effects(men, "lwage ~ union + married", cov="cluster")
    >>> fit.summary(digits=3)
    Fixed effects (person): lwage
    ==============================================================
    Dependent        lwage                 Observations     4,360
    Convention       default               Entities         545
    Std. errors      clustered by person   Periods          8
    Inference        t(544)                Residual df      3,813
    Effects          person                Rows per entity  8
    --------------------------------------------------------------
             Estimate  Std. error        t       p  [0.025  0.975]
    --------------------------------------------------------------
    const     1.526      0.012     132.301  <0.001  1.503   1.549
    union     0.070      0.025       2.785   0.006  0.021   0.119
    married   0.242      0.022      10.990  <0.001  0.198   0.285
    --------------------------------------------------------------
    Within R2                0.050   Adjusted             -0.086
    R2 between entities      0.057   R2 overall           0.054
    R2 with dummies          0.560   Std. dev. of effect  0.379
    Std. dev. of the rest    0.378
    All slopes zero          F(2, 544) = 63.730, p < 0.001
    Slopes and effects zero  F(546, 3813) = 8.904, p < 0.001
    Effects zero             F(544, 3813) = 7.969, p < 0.001
    ==============================================================
    Clustered by person (545 clusters): small-sample factor 1.0023, counting
    3 coefficients.
    >>> fit.lincom("union + married")
    <union + married = 0.311728 (s.e. 0.03371, t = 9.247, p < 0.0001, 95% [0.245511, 0.377946])>
    >>> fit.predict(effects=True).head(2).round(3).to_list()
    [1.247, 1.317]

    The slopes, with intervals of 68% and 95%:

    >>> figure = pv.plot_coefficients(fit, level=(0.68, 0.95))
    """

    fit: Fit
    covariance: CovarianceEstimate
    convention: Convention
    estimator: str

    # ---- counts and labels

    @property
    def _design(self) -> Design:
        """The rows of the model as the caller gave them."""
        return self.fit.source

    @property
    def _sample(self) -> Sample:
        return self.fit.sample

    @property
    def n_periods(self) -> int:
        """Distinct periods in the sample."""
        return self.fit.n_periods

    @property
    def effects(self) -> tuple[str, ...]:
        """Absorbed or random dimensions."""
        return self.fit.effects

    @property
    def df_resid(self) -> int:
        """Residual degrees of freedom: rows less slopes, constant and absorbed effects."""
        return self.fit.residual_df

    @property
    def df_model(self) -> int:
        """Rows less residual degrees of freedom."""
        return self.nobs - self.df_resid

    # ---- fit statistics

    @property
    def rss(self) -> float:
        """Residual sum of squares of the regression that was run."""
        return self.fit.rss

    @property
    def tss(self) -> float:
        """Total sum of squares of the transformed dependent variable, about the constant where there is one."""
        return self.fit.tss

    @property
    def sigma2(self) -> float:
        """Residual variance, RSS over its degrees of freedom (by default ``df_resid``)."""
        return self.fit.rss / classical_df(self.convention, self.fit.counts)

    @property
    def rmse(self) -> float:
        """Root of the residual variance, with the degrees of freedom of the convention."""
        if self._leaves_effects_out:
            return float(np.sqrt(self.fit.rss / self._scale_df))
        return float(np.sqrt(self.sigma2))

    @property
    def _leaves_effects_out(self) -> bool:
        robust = self.fit.family == "fixed" and not self.covariance.classical
        return robust and self.convention.robust_scale == "effects_left_out"

    @property
    def _scale_df(self) -> int:
        """Degrees of freedom of the root mean squared error and of adjusted R2."""
        return self.nobs - len(self.fit.kept) - 1 if self._leaves_effects_out else self.df_resid

    @cached_property
    def loglik(self) -> float:
        r"""Gaussian log-likelihood of the regression's rows at the variance that maximises it.

        :math:`-\tfrac{n}{2}(\log(2\pi RSS / n) + 1)`, plus :math:`\tfrac12\sum\log w` with analytic weights and the log
        determinant of the transform for random effects, :math:`\sum_i \log(1 - \theta_i)` one-way (the likelihood of
        the data, not of the quasi-demeaned rows, at the variances that were used), as the convention's
        ``loglik_jacobian`` says. After ``variance_components="reml"`` it is the restricted log-likelihood that the
        variances maximise (Harville 1977), as lme4 and Stata's ``mixed, reml`` print it. It, and the criteria computed
        from it, compare only models with the same regressors. It is NaN where the regression fits exactly.
        """
        return log_likelihood(self.fit, self.convention)

    @property
    def aic(self) -> float:
        """Akaike's criterion, -2 log L + 2 k; k counts slopes, constant and absorbed effects (R adds the variance)."""
        return -2.0 * self.loglik + 2.0 * self._criterion_parameters

    @property
    def bic(self) -> float:
        """Schwarz's criterion, -2 log L + k log n, with the k of `aic`."""
        return -2.0 * self.loglik + float(np.log(self.nobs)) * self._criterion_parameters

    @property
    def hqic(self) -> float:
        """Hannan and Quinn's criterion, -2 log L + 2 k log log n, with the k of `aic`."""
        return -2.0 * self.loglik + 2.0 * float(np.log(np.log(self.nobs))) * self._criterion_parameters

    @property
    def _criterion_parameters(self) -> int:
        return self.df_model + int(self.convention.criteria_count_variance)

    @cached_property
    def rsquared_table(self) -> RSquared:
        """The set of R2 measures."""
        return rsquared_of(self.fit, self.convention)

    @property
    def rsquared(self) -> float:
        """The headline R2, by the convention (`rsquared_label` says which)."""
        return self._headline[0]

    @property
    def rsquared_adjusted(self) -> float:
        """The headline R2 adjusted for degrees of freedom."""
        return self._headline[1]

    @property
    def rsquared_label(self) -> str:
        """Which R2 the headline is."""
        return self._headline[2]

    @cached_property
    def _headline(self) -> tuple[float, float, str]:
        fit = self.fit
        df, centred = self._scale_df, self.nobs - int(fit.counts.constant)
        if fit.family == "fixed" and self.convention.rsquared_fixed == "with_dummies":
            return self.rsquared_table.with_dummies, self.rsquared_table.with_dummies_adjusted, "R2 with dummies"
        if fit.family == "random" and self.convention.rsquared_random == "overall":
            return self.rsquared_table.overall, 1.0 - (1.0 - self.rsquared_table.overall) * centred / df, "Overall R2"
        label = _R2_LABELS.get(fit.family, "R2")
        if self.convention.transformed_kind == "correlation":
            return self.rsquared_table.transformed, self.rsquared_table.transformed_adjusted, label
        # This does not need the whole set, which takes a pass over the rows.
        value = 1.0 - fit.rss / fit.tss if fit.tss > 0.0 else float("nan")
        if self.convention.adjusted_total == "less_effects":
            centred -= fit.counts.absorbed
        return value, 1.0 - (1.0 - value) * centred / df, label

    @cached_property
    def f_slopes(self) -> TestResult | None:
        """Joint test that every slope is zero, under the result's covariance; F, or chi2 with the normal.

        Under the classical covariance it is computed from the regression's sums of squares, with the residual variance
        of the standard errors. (That is the same number, except under EViews' rescaled random-effects covariance, where
        EViews reports this one.)
        """
        fit = self.fit
        first, slopes = int(fit.constant), len(fit.kept)
        if slopes == 0:
            return None
        likelihood = fit.components is not None and fit.components.likelihood is not None
        if self.covariance.classical and not likelihood:
            # The residual variance of the classical F has df_resid; that of the errors has what the convention counts.
            value, notes = self._classical_ratio
            scale = self.sigma2
            value *= fit.residual_variance / scale if scale > 0.0 else 1.0
            if math.isfinite(self.covariance.df):
                return f_test("Joint significance", value, slopes, self.covariance.df, _NO_SLOPES, notes)
            return chi2_test("Joint significance", slopes * value, slopes, _NO_SLOPES, notes)
        return zero_test(self, self.names[first:], "Joint significance", _NO_SLOPES)

    @cached_property
    def _classical_ratio(self) -> tuple[float, tuple[Note, ...]]:
        explained = self.fit.solution.r @ self.fit.slopes
        return ratio_of_gain(self.fit, "Classical F", float(explained @ explained), len(explained))

    @cached_property
    def f_classical(self) -> TestResult | None:
        """F that every slope is zero, from sums of squares: homoskedastic errors, whatever the result's covariance."""
        slopes = len(self.fit.kept)
        if slopes == 0:
            return None
        value, notes = self._classical_ratio
        return f_test("Classical F", value, slopes, self.fit.residual_df, _NO_SLOPES, notes)

    @cached_property
    def f_with_dummies(self) -> TestResult | None:
        """F that slopes and absorbed effects are all zero, classical (None without absorbed effects, or by 2SLS)."""
        return effects_and_slopes_test(self.fit, self.covariance)

    @cached_property
    def f_poolability(self) -> TestResult | None:
        """F that the absorbed effects are all zero, against pooled OLS; None without effects that pooled OLS lacks.

        The convention says whether pooled OLS keeps the regressors that the effects absorb. After 2SLS it is None, too.
        """
        return pooling_test(self.fit, self.covariance, self.convention)

    @property
    def effects_test(self) -> TestResult | None:
        """F of the effects where sums of squares of the caller's rows do not give it (`GLSResult`); else None."""
        return None

    @property
    def _fit_in_levels(self) -> Fit:
        """The coefficients and their rows, as margins see them."""
        return self.fit

    @property
    def _explains_changes(self) -> bool:
        """Whether differences are explained, so that a prediction says how the dependent variable changes."""
        return self.fit.family == "difference"

    @property
    def _error_words(self) -> tuple[tuple[str, str], ...]:
        """Structure of the errors in words, where it was estimated (`GLSResult`)."""
        return ()

    @property
    def f_statistic(self) -> TestResult | None:
        """The model's joint test as the convention reports it: slopes only, or slopes and effects."""
        if self.fit.family == "fixed" and self.convention.rsquared_fixed == "with_dummies":
            return self.f_with_dummies
        return self.f_slopes

    @cached_property
    def variance_components(self) -> EffectVariances | None:
        """Variances of effect and idiosyncratic error (None for pooled, between and difference models)."""
        return effect_variances(self.fit, self.convention)

    # ---- rows

    @cached_property
    def _residuals(self) -> Array:
        fit = self.fit
        if fit.generalised:
            fit.rows_or_refuse("A residual")
            out = fit.source.y - fit.coefficients[0] if fit.constant else fit.source.y.copy()
            for position, slope in zip(fit.kept, fit.slopes, strict=True):
                out = out - slope * fit.source.x[position]
            return out
        residuals = fit.transformed_residuals
        weights = fit.design.weights
        return residuals if weights is None else residuals / np.sqrt(weights)

    @cached_property
    def resids(self) -> pd.Series:
        """Residuals, labelled by the caller's rows."""
        import pandas as pd

        return pd.Series(self._residuals, index=self._explained.index, name="resids")

    @cached_property
    def fitted_values(self) -> pd.Series:
        """Dependent variable less residuals, so that they hold the absorbed effects."""
        import pandas as pd

        own = self._explained
        return pd.Series(own.y - self._residuals, index=own.index, name="fitted_values")

    @property
    def _explained(self) -> Design:
        """The rows that residuals and fitted values belong to."""
        return self.fit.source if self.fit.generalised else self.fit.design

    augment = equation_estimates.augment

    # ---- questions

    estimated_effects = absorbed_effects.estimated_effects
    predict = predictions.predict
    predict_interval = predictions.predict_interval
    marginal_effects = marginal.marginal_effects
    adjusted_predictions = adjusted.adjusted_predictions

    @documented
    def with_cov(self, cov: str | Covariance) -> LinearResult:
        """Return the same estimates under another covariance, without refitting.

        Parameters
        ----------
        {cov}

        Returns
        -------
        LinearResult
            The same estimates.

        Raises
        ------
        SpecificationError, DataError, InsufficientDataError
            If the covariance or its column is unknown, or the model or data do not allow it.
        MissingInformationError
            If rows were released.

        Examples
        --------
        >>> import panelvar as pv
        >>> states = pv.load_data("fatalities")
        >>> fit = pv.fit_fixed_effects(states, "frate ~ beertax")
        >>> clustered = fit.with_cov("cluster")
        >>> print(round(fit.std_errors["beertax"], 4), round(clustered.std_errors["beertax"], 4))
        0.1878 0.2919
        """
        estimate = covariance_of(resolve(cov, self.fit, self.convention), self.fit, self.convention)
        emit(estimate.notes)
        return replace(self, covariance=estimate)

    def without_rows(self) -> LinearResult:
        """Return the result without its rows: small to pickle, but without residuals, predictions, new covariances."""
        named = tuple(by for by in self.covariance.by if isinstance(by, str))
        by = named if len(named) == len(self.covariance.by) else ()
        light = replace(self, fit=self.fit.without_rows(), covariance=replace(self.covariance, by=by))
        for name in ("rsquared_table", "f_with_dummies", "f_poolability", "variance_components"):
            light.__dict__[name] = getattr(self, name)
        # Two random effects may be too large for their determinant to be computed.
        with suppress(NumericalError):
            light.__dict__["loglik"] = self.loglik
        return light

    # ---- reading

    @property
    def _head_facts(self) -> tuple[Fact, ...]:
        facts = [
            Fact("Dependent", self.dependent),
            Fact("Observations", format_count(self.nobs)),
            Fact("Convention", self.convention.name),
            Fact("Entities", format_count(self.n_entities)),
            Fact("Std. errors", self.cov_label),
            Fact("Periods", format_count(self.n_periods)),
            Fact("Inference", self._inference_in_words),
            Fact("Residual df", format_count(self.df_resid)),
        ]
        if self.effects:
            facts.append(Fact("Effects", ", ".join(self.effects)))
        if self.fit.source.weighted_by:
            facts.append(Fact("Weights", self.fit.source.weighted_by))
        facts.append(Fact("Rows per entity", rows_per_entity(self.periods_per_entity)))
        if self.fit.plain:
            facts = [fact for fact in facts if fact.label not in ("Entities", "Periods", "Rows per entity")]
        return (*facts, *(Fact(label, text) for label, text in self._error_words))

    def _foot_facts(self, digits: int) -> tuple[Fact, ...]:
        tests = {
            "All slopes zero": self.f_slopes,
            "Slopes and effects zero": self.f_with_dummies,
            "Effects zero": self.f_poolability or self.effects_test,
        }
        with_dummies = self.rsquared_table.with_dummies if self.f_with_dummies is not None else None
        return (
            *rsquared_facts(self._headline, self.rsquared_table, with_dummies, digits),
            *component_facts(self.variance_components, digits),
            *tests_in_lines(tests, digits),
        )

    def _statistic(self, name: str) -> Any:
        if name == "effects" and self.fit.family == "difference":
            # Differences take the entities' effects out as dummies do, and a row that says "no" would be false.
            return (*self.effects, str(self.fit.source.panel.entity_name or "entity")) if self.fit.source.panel else ()
        if self.fit.plain and name in ("n_entities", "n_periods"):
            return None
        return self.fit.source.y if name == "dependent_values" else super()._statistic(name)

    @property
    def _printed_notes(self) -> tuple[Note, ...]:
        return self.notes if self.f_slopes is None else (*self.notes, *self.f_slopes.notes)

    def __repr__(self) -> str:
        return one_line(f"<{self.estimator}: {self.dependent} on {', '.join(self.names)}; n = {self.nobs}>")

"""Statistics of the fit of a linear panel model: counts, measures, and F of slopes and effects."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from panelvar.core.base.errors import Note
from panelvar.core.tables.test_result import TestResult, chi2_test, f_test
from panelvar.data.formulas.design import Design
from panelvar.estimates.coefficients.questions import Augmented
from panelvar.estimates.coefficients.wald import wald
from panelvar.estimates.covariance.covariances import CovarianceEstimate
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.fit import Fit
from panelvar.estimates.fit.fit_checks import rounding_of
from panelvar.estimates.fit.small_samples import classical_df
from panelvar.kernels.linear.qr import solve
from panelvar.panels.static.effect_variances import EffectVariances, effect_variances
from panelvar.panels.static.rsquared import RSquared, rsquared_of, total_sum_of_squares

_NO_SLOPES = "all slopes are zero"
_R2_LABELS = {
    "fixed": "Within R2",
    "random": "Quasi-demeaned R2",
    "between": "Between R2",
    "gls": "Transformed R2",
    "gls-within": "Transformed R2",
}


@dataclass(frozen=True, eq=False)
class FitStatistics(Augmented):
    """Counts, likelihood, R2 and F statistics of a linear model.

    `LinearResult` adds rows, predictions and tables; its documentation lists the attributes.
    """

    fit: Fit
    covariance: CovarianceEstimate
    convention: Convention
    estimator: str

    # ---- counts and labels

    @property
    def design(self) -> Design:
        """The rows of the model as the caller gave them."""
        return self.fit.source

    @property
    def dependent(self) -> str:
        """Name of the dependent variable."""
        return self.fit.design.dependent

    @property
    def nobs(self) -> int:
        """Rows of the regression."""
        return self.fit.counts.rows

    @property
    def n_entities(self) -> int:
        """Entities in the sample."""
        return self.fit.sample.entities

    @property
    def n_periods(self) -> int:
        """Distinct periods in the sample."""
        return self.fit.sample.periods

    @property
    def periods_per_entity(self) -> tuple[int, float, int]:
        """Fewest, average and most rows of an entity."""
        sample = self.fit.sample
        return sample.fewest, sample.average, sample.most

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
    def s2(self) -> float:
        """Residual variance, RSS over its degrees of freedom (by default ``df_resid``)."""
        return self.fit.rss / classical_df(self.convention, self.fit.counts)

    @property
    def rmse(self) -> float:
        """Root of the residual variance, with the degrees of freedom of the convention."""
        if self._leaves_effects_out:
            return float(np.sqrt(self.fit.rss / self._scale_df))
        return float(np.sqrt(self.s2))

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
        fit, n = self.fit, self.nobs
        if fit.exact:
            return float("nan")
        likelihood = None if fit.components is None else fit.components.likelihood
        if likelihood is not None and likelihood.restricted:
            return likelihood.value
        value = -0.5 * n * (np.log(2.0 * np.pi * self.rss / n) + 1.0)
        jacobian = self.convention.loglik_jacobian
        if fit.design.weights is not None and jacobian != "none":
            value += 0.5 * np.log(fit.design.weights).sum()
        if fit.components is not None and jacobian == "full":
            value += fit.components.log_determinant
        return float(value)

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
    def r2(self) -> RSquared:
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
            return self.r2.with_dummies, self.r2.with_dummies_adjusted, "R2 with dummies"
        if fit.family == "random" and self.convention.rsquared_random == "overall":
            return self.r2.overall, 1.0 - (1.0 - self.r2.overall) * centred / df, "Overall R2"
        label = _R2_LABELS.get(fit.family, "R2")
        if self.convention.transformed_kind == "correlation":
            return self.r2.transformed, self.r2.transformed_adjusted, label
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
            scale = self.s2
            value *= fit.residual_variance / scale if scale > 0.0 else 1.0
            if math.isfinite(self.covariance.df):
                return f_test("Joint significance", value, slopes, self.covariance.df, _NO_SLOPES, notes)
            return chi2_test("Joint significance", slopes * value, slopes, _NO_SLOPES, notes)
        return wald(self, np.eye(slopes + first)[first:], np.zeros(slopes), "Joint significance", _NO_SLOPES)

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
        fit = self.fit
        numerator = len(fit.kept) + fit.counts.absorbed
        if fit.family != "fixed" or fit.instrumented is not None or numerator == 0:
            return None
        gain = total_sum_of_squares(fit) - fit.rss
        null, notes = "all slopes and effects are zero", classical_note("The F with effects", self.covariance)
        return f_of_gain(fit, "F with effects", gain, numerator, null, notes)

    @cached_property
    def f_poolability(self) -> TestResult | None:
        """F that the absorbed effects are all zero, against pooled OLS; None without effects that pooled OLS lacks.

        The convention says whether pooled OLS keeps the regressors that the effects absorb. After 2SLS it is None, too.
        """
        fit = self.fit
        if fit.family != "fixed" or fit.counts.absorbed == 0 or fit.instrumented is not None:
            return None
        moments = fit.entity_moments
        centre, _ = moments.centre()
        triangle = moments.triangle(0.0, centre=centre)
        extra = 0
        if self.convention.effects_restricted == "all":
            pooled = solve(triangle, moments.raw_norms[:-1])
            restricted, extra = pooled.rss, len(pooled.kept) - len(fit.kept)
        else:
            basis = np.linalg.qr(triangle[:, :-1][:, fit.kept])[0]
            left = triangle[:, -1] - basis @ (basis.T @ triangle[:, -1])
            restricted = float(left @ left)
        numerator = fit.counts.absorbed - extra
        if numerator <= 0:
            return None
        null = f"no {' and '.join(fit.effects)} effects"
        notes = classical_note("The poolability test", self.covariance)
        return f_of_gain(fit, "Poolability", restricted - fit.rss, numerator, null, notes)

    @property
    def effects_test(self) -> TestResult | None:
        """F of the effects where sums of squares of the caller's rows do not give it (`GLSResult`); else None."""
        return None

    @property
    def explains_changes(self) -> bool:
        """Whether differences are explained, so that a prediction says how the dependent variable changes."""
        return self.fit.family == "difference"

    @property
    def error_words(self) -> tuple[tuple[str, str], ...]:
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


def classical_note(what: str, *covariances: CovarianceEstimate) -> list[Note]:
    """Return a note that a test takes classical errors, where a result has others."""
    if all(covariance.classical for covariance in covariances):
        return []
    text = f"{what} uses classical covariances. The robust covariance of the result does not enter."
    return [Note("classical-covariances", text, warn=True)]


def f_of_gain(fit: Fit, name: str, gain: float, numerator: int, null: str, notes: Sequence[Note] = ()) -> TestResult:
    """Return the F of what restrictions add to the sum of squares, over the residual variance of the fit."""
    statistic, found = ratio_of_gain(fit, name, gain, numerator)
    return f_test(name, statistic, numerator, fit.residual_df, null, (*found, *notes))


def ratio_of_gain(fit: Fit, name: str, gain: float, numerator: int) -> tuple[float, tuple[Note, ...]]:
    """Return the statistic of `f_of_gain`, and notes on it."""
    if not fit.exact:
        return (gain / numerator) / (fit.rss / fit.residual_df), ()
    # If an exact fit explains something, it is infinitely significant; if y is constant, there is nothing to test.
    something = gain > rounding_of(float(fit.model.raw_norms[-1]))
    why = "so F is infinite" if something else "and there is nothing to test"
    note = Note("exact-fit", f"{name}: the residuals are zero, {why}.")
    return float("inf") if something else float("nan"), (note,)

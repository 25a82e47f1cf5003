"""The result of a linear panel estimator."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from panelvar.conventions import Convention
from panelvar.covariance_names import resolve
from panelvar.covariances import Covariance, CovarianceEstimate
from panelvar.design import Design
from panelvar.errors import NumericalError, check_level, emit
from panelvar.fit import Fit, FloatArray
from panelvar.results.effects import EffectVariances, effect_variances, effects_table
from panelvar.results.f_statistics import classical_f, dummies_f, joint_significance, poolability_f
from panelvar.results.inference import Inference
from panelvar.results.prediction_intervals import predict_interval
from panelvar.results.predictions import predict
from panelvar.results.rsquared import RSquared, rsquared_of
from panelvar.results.test_result import TestResult
from panelvar.small_samples import classical_df

if TYPE_CHECKING:
    import pandas as pd

    from panelvar.report.table import Table


_R2_LABELS = {
    "fixed": "Within R2",
    "random": "Quasi-demeaned R2",
    "between": "Between R2",
    "gls": "Transformed R2",
    "gls-within": "Transformed R2",
}


@dataclass(frozen=True, eq=False)
class LinearResult(Inference):
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

    Notes
    -----
    Residuals of fixed effects, pooled, between and difference models are those of the regression; of random effects and
    generalised least squares they are :math:`y - \hat c - x'\hat\beta`, the effect not taken out. Fitted values plus
    residuals give y.
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

        :math:`-\tfrac{n}{2}(\log(2\pi RSS / n) + 1)`, plus :math:`\tfrac12\sum\log w` with analytic weights and
        the log determinant of the transform for random effects, :math:`\sum_i \log(1 - \theta_i)` one-way (the
        likelihood of the data, not of the quasi-demeaned rows, at the variances that were used), as the convention's
        ``loglik_jacobian`` says.
        """
        fit, n = self.fit, self.nobs
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
        # Without the whole set, which needs a pass over the rows.
        value = 1.0 - fit.rss / fit.tss if fit.tss > 0.0 else float("nan")
        if self.convention.adjusted_total == "less_effects":
            centred -= fit.counts.absorbed
        return value, 1.0 - (1.0 - value) * centred / df, label

    @cached_property
    def f_slopes(self) -> TestResult | None:
        """Joint test that every slope is zero, under the result's covariance; F, or chi2 with the normal.

        With the classical covariance it is the F of the regression's sums of squares (the same number, except under
        EViews' rescaled random-effects covariance, where EViews reports this one).
        """
        return joint_significance(self)

    @cached_property
    def f_classical(self) -> TestResult | None:
        """F that every slope is zero, from sums of squares: homoskedastic errors, whatever the result's covariance."""
        return classical_f(self.fit)

    @cached_property
    def f_with_dummies(self) -> TestResult | None:
        """F that slopes and absorbed effects are all zero, classical (None without absorbed effects)."""
        return dummies_f(self.fit)

    @cached_property
    def f_poolability(self) -> TestResult | None:
        """F that the absorbed effects are all zero, against pooled OLS (None without effects, or if that is as large).

        The convention says whether pooled OLS keeps the regressors that the effects absorb.
        """
        return poolability_f(self.fit, self.convention)

    @property
    def effects_test(self) -> TestResult | None:
        """F of the effects where sums of squares of the caller's rows do not give it (`GLSResult`); else None."""
        return None

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
        return effect_variances(self.fit)

    # ---- rows

    @cached_property
    def _residuals(self) -> FloatArray:
        fit = self.fit
        if fit.family in ("random", "gls", "gls-within"):
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
        """Dependent variable less residuals: absorbed effects are included."""
        import pandas as pd

        own = self._explained
        return pd.Series(own.y - self._residuals, index=own.index, name="fitted_values")

    @property
    def _explained(self) -> Design:
        """The rows that residuals and fitted values belong to."""
        return self.fit.source if self.fit.family in ("gls", "gls-within") else self.fit.design

    # ---- questions

    def estimated_effects(self, *, errors: bool = True) -> pd.DataFrame:
        r"""Return the estimated effects by level, with their standard errors in level and deviation form.

        Parameters
        ----------
        errors : bool
            Add standard errors (fixed effects; refused beyond two effects and with slopes).

        Returns
        -------
        DataFrame
            Fixed effects: ``level`` :math:`\hat c + \hat\alpha_i`, ``deviation`` :math:`\hat\alpha_i`, ``std_error``
            of the level and ``std_error_deviation``. Two effects: one block an effect, and ``component``. Slopes by
            level: ``level`` is the slope. Random effects: ``effect``, the best linear unbiased predictions.

        Notes
        -----
        Two effects are identified up to one constant in each connected component. The values are those whose second
        effect has (weighted) mean zero over the rows of every component; a difference between levels means something
        only within a component. An effect f of the dummies has variance
        :math:`s^2 f'(D'WD)^+ f + \bar x_f' V \bar x_f` with V the covariance of the slopes and :math:`\bar x_f` the
        same function of the regressors; the first term is classical whatever V is, and with V classical the sum is the
        dummy-variable regression's. Deviations are from the mean over rows. The error of an effect does not shrink
        with the number of entities, only with its own rows.
        """
        return effects_table(self, errors=errors)

    def predict(self, data: object = None, *, effects: bool = False, unseen: str = "zero") -> pd.Series:
        r"""Predict the dependent variable, :math:`c + x_{it}'\hat\beta`.

        After first differences the *difference* of it is predicted, :math:`c + \Delta x_{it}'\hat\beta`: for the
        model's own rows these are the ``fitted_values``; new rows must say their entity and time, and are missing where
        the period before is. (As Stata's ``predict`` after ``regress D.y D.x``. linearmodels gives
        :math:`x_{it}'\hat\beta`, the level less an unknown effect: ``frame[names] @ result.params`` here.)

        Parameters
        ----------
        data : Panel, DataFrame or mapping of arrays, optional
            New rows; by default the model's own. They need the regressors; also the entity or time whose effects are
            added; and, for lags and differences, both entity and time, which then may not repeat.
        effects : bool
            Add the estimated effect of each entity (and period).
        unseen : {"zero", "missing", "raise"}
            What to do with levels the model has not seen when ``effects=True``: take the average effect (zero, with a
            warning), return a missing value, or refuse.
        """
        return predict(self, data, effects=effects, unseen=unseen)

    def predict_interval(
        self,
        data: object = None,
        *,
        kind: str = "confidence",
        level: float = 0.95,
        effects: bool = False,
        unseen: str = "zero",
    ) -> pd.DataFrame:
        r"""Predict the dependent variable, with limits.

        Parameters
        ----------
        data, effects, unseen
            As in `predict`.
        kind : {"confidence", "prediction"}
            Limits for the expected value, or for a new observation, whose error adds :math:`\sigma_e^2` (of a row of
            weight one).
        level : float
            Coverage, 0.5 or more.

        Returns
        -------
        DataFrame
            ``predicted``, ``std_error``, ``lower``, ``upper``.

        Notes
        -----
        With V the covariance of the coefficients, z a row with its constant, :math:`s^2` the residual variance:
        without effects, :math:`z'Vz` (the average entity; ``kind="prediction"`` adds the variance of each effect and
        of the error); with the fixed effects of seen levels f,
        :math:`s^2 f'(D'WD)^+ f + (x - \bar x_f)'V(x - \bar x_f)`; for an unseen level, the variance of its effect over
        levels (Stata's ``sigma_u`` squared) is added to that of the average. With random effects of share
        :math:`\gamma_i = T_i\sigma_\mu^2 / (\sigma_e^2 + T_i\sigma_\mu^2)`,
        :math:`(z - \gamma_i\bar z_i)'V(z - \gamma_i\bar z_i) + \sigma_\mu^2 (1 - \gamma_i)` (Henderson 1975).

        The errors are taken as independent, and variance components as known. Effects estimated from few rows have wide
        limits, and the variance of unseen effects is overstated there, since it contains their estimation error.
        """
        return predict_interval(self, data, kind=kind, level=check_level(level), effects=effects, unseen=unseen)

    def with_cov(self, cov: str | Covariance) -> LinearResult:
        """Return the same estimates under another covariance, without refitting."""
        estimate = resolve(cov, self.fit, self.convention)(self.fit, self.convention)
        emit(estimate.notes)
        return replace(self, covariance=estimate)

    def without_rows(self) -> LinearResult:
        """Return the result without its data rows: small to pickle, no residuals, new covariances or predictions."""
        light = replace(self, fit=self.fit.without_rows())
        for name in ("r2", "f_with_dummies", "f_poolability", "variance_components"):
            light.__dict__[name] = getattr(self, name)
        # Two random effects may be too large for their determinant.
        with suppress(NumericalError):
            light.__dict__["loglik"] = self.loglik
        return light

    # ---- reading

    def summary(self, *, level: float = 0.95, digits: int = 4) -> Table:
        """Return the summary table (text in a terminal, HTML in a notebook, Markdown, LaTeX, DataFrame).

        Parameters
        ----------
        level : float
            Coverage of the confidence limits.
        digits : int
            Digits after the point.
        """
        from panelvar.report.linear_summary import linear_table

        return linear_table(self, level=check_level(level), digits=digits)

    def __str__(self) -> str:
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary().to_html()

    def __repr__(self) -> str:
        return f"<{self.estimator}: {self.dependent} on {', '.join(self.names)}; n = {self.nobs}>"

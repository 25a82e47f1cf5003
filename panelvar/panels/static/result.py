"""The result of a linear panel estimator."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from panelvar.core.base.arguments import read_levels
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import Note, NumericalError, emit
from panelvar.core.base.quoting import one_line
from panelvar.core.base.shared_parameters import documented
from panelvar.core.faces.layout import Fact
from panelvar.core.faces.number_format import format_count, format_degrees
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
from panelvar.panels.static.adjusted_predictions import AdjustedPredictions, adjusted_predictions
from panelvar.panels.static.effect_variances import EffectVariances, effect_variances
from panelvar.panels.static.effects import effects_table
from panelvar.panels.static.fit_statistics import (
    effects_and_slopes_test,
    log_likelihood,
    pooling_test,
    ratio_of_gain,
)
from panelvar.panels.static.marginal_effects import MarginalEffects, marginal_effects
from panelvar.panels.static.predictions import predict, predict_interval
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
    Dependent        lwage                 Observations     4360
    Convention       default               Entities         545
    Std. errors      clustered by person   Periods          8
    Inference        t(544)                Residual df      3813
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
    def design(self) -> Design:
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

    # ---- rows

    @cached_property
    def _residuals(self) -> Array:
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

        return pd.Series(self._residuals, index=self.explained.index, name="resids")

    @cached_property
    def fitted_values(self) -> pd.Series:
        """Dependent variable less residuals, so that they hold the absorbed effects."""
        import pandas as pd

        own = self.explained
        return pd.Series(own.y - self._residuals, index=own.index, name="fitted_values")

    @property
    def explained(self) -> Design:
        """The rows that residuals and fitted values belong to."""
        return self.fit.source if self.fit.family in ("gls", "gls-within") else self.fit.design

    augment = equation_estimates.augment

    # ---- questions

    def estimated_effects(self, *, errors: bool = True) -> pd.DataFrame:
        r"""Return the estimated effects by level, with their standard errors in level and deviation form.

        Parameters
        ----------
        errors : bool
            Add standard errors. Of fixed effects they exist for one and two effects without slopes by level. Of one
            random effect they are the root of the mean squared error of its prediction.

        Returns
        -------
        DataFrame
            Fixed effects: ``level`` is :math:`\hat c + \hat\alpha_i`, ``deviation`` :math:`\hat\alpha_i`; ``std_error``
            and ``std_error_deviation`` are theirs. Two effects: a block of rows for each effect, and ``component``.
            Slopes by level: ``level`` is the slope. Random effects: ``effect`` has the best linear unbiased
            predictions, ``std_error`` (of one effect) their errors.

        Raises
        ------
        SpecificationError
            If the model has no effects, or standard errors of its effects do not exist.
        MissingInformationError
            If rows were released.

        Notes
        -----
        Two effects are identified up to one constant in each connected component: levels of different components cannot
        be compared. The values returned are those whose second effect has (weighted) mean zero over the rows of every
        component. Deviations are from the mean over rows.

        A combination f of the effects has variance :math:`s^2 f'(D'WD)^+ f + \bar x_f' V \bar x_f`, with V the
        covariance of the slopes and :math:`\bar x_f` the same combination of the regressors. The first term is
        classical whatever V is. If V is classical too, the sum is the variance of the dummy-variable regression. The
        error of an effect shrinks with its own rows, not with the number of entities.

        The prediction of a random effect with share :math:`\gamma_i` (`predict_interval`) has the mean squared error
        :math:`\sigma_\mu^2 (1 - \gamma_i) + \gamma_i^2 \bar z_i' V \bar z_i` (Henderson 1975), with the variances taken
        as known.

        Examples
        --------
        >>> import panelvar as pv
        >>> states = pv.load_data("fatalities")
        >>> fit = pv.fit_fixed_effects(states, "frate ~ beertax")
        >>> fit.estimated_effects()["level"].head(2).round(3).to_dict()
        {'al': 3.478, 'ar': 2.823}
        """
        return effects_table(self.fit, self.estimator, self.covariance.matrix, errors=errors)

    @documented
    def predict(self, data: object = None, *, effects: bool = False, unseen: str = "zero") -> pd.Series:
        r"""Predict the dependent variable, :math:`c + x_{it}'\hat\beta`.

        After first differences this predicts the *difference*, :math:`c + \Delta x_{it}'\hat\beta`, as Stata's
        ``predict`` does after ``regress D.y D.x``. For the model's own rows these are the ``fitted_values``. New rows
        must say their entity and time; a row without the period before is missing. linearmodels returns
        :math:`x_{it}'\hat\beta`, the level less an unknown effect: here that is ``frame[names] @ result.params``.

        Parameters
        ----------
        {data (prediction), effects (prediction), unseen}

        Returns
        -------
        Series
            A value for each row.

        Raises
        ------
        DataError
            If new rows lack a column, have values that are not numbers, or have unseen levels under ``unseen="raise"``.
        MissingInformationError
            If the model's own rows were released.

        Examples
        --------
        >>> import panelvar as pv
        >>> states = pv.load_data("fatalities")
        >>> fit = pv.fit_fixed_effects(states, "frate ~ beertax + unemp", cov="cluster")
        >>> fit.predict({"beertax": [0.5, 1.0], "unemp": [6.0, 6.0]}).round(3).to_list()
        [2.086, 1.88]
        """
        return predict(self.fit, self.convention, self.estimator, data, effects=effects, unseen=unseen)

    @documented
    def predict_interval(
        self,
        data: object = None,
        *,
        kind: str = "confidence",
        level: float | Sequence[float] = 0.95,
        effects: bool = False,
        unseen: str = "zero",
    ) -> pd.DataFrame:
        r"""Predict the dependent variable, with limits.

        Parameters
        ----------
        {data (prediction)}
        kind : {"confidence", "prediction"}
            Limits for the expected value, or for a new observation, whose error adds :math:`\sigma_e^2` (of a row of
            weight one).
        level : float or sequence of float
            Coverage, 0.5 or more; or several, such as ``(0.68, 0.95)``.
        {effects (prediction), unseen}

        Returns
        -------
        DataFrame
            ``predicted``, ``std_error``, ``lower`` and ``upper`` at the highest level; ``lower_68``, ``upper_68`` at
            another.

        Raises
        ------
        DataError, MissingInformationError
            As `predict`.

        Notes
        -----
        Let V be the covariance of the coefficients, z a row with its constant, :math:`s^2` the residual variance.
        Without effects the variance is :math:`z'Vz`, that of the average entity; ``kind="prediction"`` adds the
        variance of each effect and of the error. With the fixed effects of seen levels f it is
        :math:`s^2 f'(D'WD)^+ f + (x - \bar x_f)'V(x - \bar x_f)`. For an unseen level, the variance of its effect over
        levels (Stata's ``sigma_u`` squared) is added to that of the average. With random effects of share
        :math:`\gamma_i = T_i\sigma_\mu^2 / (\sigma_e^2 + T_i\sigma_\mu^2)` it is
        :math:`(z - \gamma_i\bar z_i)'V(z - \gamma_i\bar z_i) + \sigma_\mu^2 (1 - \gamma_i)` (Henderson 1975).

        Errors are taken as independent, and variance components as known. Effects estimated from few rows have wide
        limits. The variance of unseen effects is overstated there, since it contains their estimation error.

        Examples
        --------
        >>> import panelvar as pv
        >>> states = pv.load_data("fatalities")
        >>> fit = pv.fit_pooled(states, "frate ~ beertax")
        >>> found = fit.predict_interval({"beertax": [1.0]}, kind="prediction")
        >>> found[["predicted", "lower", "upper"]].round(2).iloc[0].to_list()
        [2.22, 1.15, 3.29]
        """
        return predict_interval(
            self.fit,
            self.covariance,
            self.convention,
            self.estimator,
            data,
            kind=kind,
            levels=read_levels(level),
            effects=effects,
            unseen=unseen,
        )

    def marginal_effects(
        self,
        variables: str | Sequence[str] | None = None,
        *,
        at: Mapping[str, Any] | str | None = None,
        over: str | None = None,
        lags: bool = False,
        elasticity: str | None = None,
        level: float = 0.95,
    ) -> MarginalEffects:
        r"""Return how the dependent variable moves with a variable, through every term that holds it.

        :math:`\frac{1}{n}\sum_i \partial x_i'\hat\beta / \partial v_i`, by exact derivatives of the terms (products,
        powers, logarithms, lags, polynomials), with the errors of the delta method.

        Parameters
        ----------
        variables : str or sequence of str, optional
            Columns, or lags of them such as ``"L(x)"``; all that move the model in the same period by default. Of a
            column of categories, the effect of each is the change from the reference.
        at : mapping or "mean", optional
            Hold columns at values in every row and period, ``{"x": 1.0}``; at several, ``{"x": [1, 2, 3]}``, one effect
            for each; at their mean, ``{"x": "mean"}``. ``"mean"`` holds all columns at theirs (a share, for
            categories). By default all rows are as they are.
        over : str, optional
            Average by group: a column, ``"entity"`` or ``"time"``. Means are then the groups' own.
        lags : bool
            Sum over a variable and all its lags and leads: the effect of a change that lasts. By default a variable
            moves in one period, and its lags are variables of their own.
        elasticity : {"eyex", "dyex", "eydx"}, optional
            Per cent by per cent, :math:`(v / \hat y)\, d\hat y / dv`; by a proportional change of the variable,
            :math:`v\, d\hat y / dv`; or proportional by a change of one, :math:`(1 / \hat y)\, d\hat y / dv`.
        level : float
            Coverage of the limits that are printed.

        Returns
        -------
        MarginalEffects
            Read and tested like coefficients: ``params``, ``std_errors``, ``conf_int()``, ``wald_test(...)``,
            ``to_frame()``.

        Raises
        ------
        SpecificationError
            If a variable is in no term (the error lists those that are) or its term was dropped, a column cannot have a
            value, a term is a comparison, which has no derivative, or you ask for an elasticity of categories.
        DataError
            If a derivative is infinite, as of a root at zero, or the fitted mean is zero and you ask for an elasticity.
        MissingInformationError
            If rows were released.

        Notes
        -----
        The average is over the rows of the model (of its levels, after first differences), weighted as in the fit. The
        columns are taken as given, as Stata's ``margins`` does, so that standard errors count the coefficients alone.
        ``lags=True`` follows a change through lags of regressors, not through lags of the dependent variable: with such
        a lag, the long-run effect is ``nonlinear("x / (1 - `L(y)`)")``. At zero, ``abs`` has the mean of its two
        slopes.

        Elasticities are computed row by row and averaged. They divide by the fitted mean that `predict` gives without
        effects, as Stata's ``margins`` does after ``xtreg``: every row has the average effect. Their standard errors
        count that this mean depends on the coefficients. A warning says where it is negative; the variable itself may
        have any sign.

        Examples
        --------
        >>> import panelvar as pv
        >>> men = pv.load_data("wage_panel")
        >>> fit = pv.fit_pooled(men, "lwage ~ educ + exper + I(exper**2)", cov="cluster")
        >>> fit.marginal_effects("exper", at={"exper": [1, 10]}).params.round(4).to_list()
        [0.0979, 0.0335]
        """
        return marginal_effects(
            self.fit,
            self.covariance,
            self.explains_changes,
            variables,
            at=at,
            over=over,
            lags=lags,
            elasticity=elasticity,
            level=level,
        )

    def adjusted_predictions(
        self,
        variables: str | Sequence[str] | None = None,
        *,
        at: Mapping[str, Any] | str | None = None,
        over: str | None = None,
        level: float = 0.95,
    ) -> AdjustedPredictions:
        r"""Return the fitted mean averaged over the rows, as they are or with variables held at values.

        :math:`\hat c + \frac{1}{n}\sum_i x_i(v)'\hat\beta`, where :math:`x_i(v)` are the terms of a row computed again
        with the variables held, in every row and period, at v.

        Parameters
        ----------
        variables : str or sequence of str, optional
            Columns that take several values in turn: categories all levels, numbers the minimum, the quartiles and the
            maximum. Several columns are crossed. Give values of your own in ``at``.
        at : mapping or "mean", optional
            Hold columns at values, ``{"x": 1.0}``; at several, ``{"x": [1, 2, 3]}``, one prediction for each; at their
            mean, ``{"x": "mean"}``. ``"mean"`` holds all columns at theirs (a share, for categories).
        over : str, optional
            Average by group: a column, ``"entity"`` or ``"time"``. Means are then the groups' own.
        level : float
            Coverage of the limits that are printed.

        Returns
        -------
        AdjustedPredictions
            Read and tested like coefficients: ``params``, ``std_errors``, ``conf_int()``, ``to_frame()``;
            ``wald_test("`x = 1` = `x = 2`")`` and ``lincom("`x = 2` - `x = 1`")`` are contrasts.

        Raises
        ------
        SpecificationError
            If the model is in first differences, which predict changes, or absorbs effects without a constant or with
            slopes; if a variable is in no term, or a column cannot have a value; or if the prediction needs the
            coefficient of a dropped column.
        MissingInformationError
            If rows were released.

        Notes
        -----
        Absorbed and random effects are held at their average, as in `predict` (``effects=False``) and in Stata's
        ``margins`` after ``xtreg``. Over all rows, least squares with a constant then predict the mean of the dependent
        variable; over groups, models with effects do not. Rows are weighted as in the fit. The columns are taken as
        given, so that standard errors count the coefficients alone: a new observation varies more (`predict_interval`).

        Examples
        --------
        >>> import panelvar as pv
        >>> men = pv.load_data("wage_panel")
        >>> fit = pv.fit_pooled(men, "lwage ~ educ + union", cov="cluster")
        >>> fit.adjusted_predictions("union").params.round(3).to_list()
        [1.605, 1.786]
        """
        return adjusted_predictions(
            self.fit, self.covariance, self.explains_changes, variables, at=at, over=over, level=level
        )

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
        for name in ("r2", "f_with_dummies", "f_poolability", "variance_components"):
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
            Fact("Residual df", format_degrees(self.df_resid)),
        ]
        if self.effects:
            facts.append(Fact("Effects", ", ".join(self.effects)))
        facts.append(Fact("Rows per entity", rows_per_entity(self.periods_per_entity)))
        return (*facts, *(Fact(label, text) for label, text in self.error_words))

    def _foot_facts(self, digits: int) -> tuple[Fact, ...]:
        tests = {
            "All slopes zero": self.f_slopes,
            "Slopes and effects zero": self.f_with_dummies,
            "Effects zero": self.f_poolability or self.effects_test,
        }
        with_dummies = self.r2.with_dummies if self.f_with_dummies is not None else None
        return (
            *rsquared_facts(self._headline, self.r2, with_dummies, digits),
            *component_facts(self.variance_components, digits),
            *tests_in_lines(tests, digits),
        )

    def _statistic(self, name: str) -> Any:
        return self.fit.source.y if name == "dependent_values" else super()._statistic(name)

    @property
    def _printed_notes(self) -> tuple[Note, ...]:
        return self.notes if self.f_slopes is None else (*self.notes, *self.f_slopes.notes)

    def __repr__(self) -> str:
        return one_line(f"<{self.estimator}: {self.dependent} on {', '.join(self.names)}; n = {self.nobs}>")

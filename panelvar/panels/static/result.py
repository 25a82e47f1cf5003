"""The result of a linear panel estimator."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from panelvar.core.base.arguments import read_levels
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import NumericalError, check_level, emit
from panelvar.core.base.quoting import one_line
from panelvar.core.base.shared_parameters import documented
from panelvar.core.tables.table import Presented, Table
from panelvar.data.formulas.design import Design
from panelvar.estimates.coefficients.event_study import EventStudy, event_study
from panelvar.estimates.covariance.covariances import Covariance
from panelvar.estimates.covariance.named import covariance_of, resolve
from panelvar.panels.static.adjusted_predictions import AdjustedPredictions, adjusted_predictions
from panelvar.panels.static.effects import effects_table
from panelvar.panels.static.fit_statistics import FitStatistics
from panelvar.panels.static.marginal_effects import MarginalEffects, marginal_effects
from panelvar.panels.static.predictions import predict, predict_interval
from panelvar.panels.static.summary import linear_table

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class LinearResult(FitStatistics, Presented):
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
        return predict(self, data, effects=effects, unseen=unseen)

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
        return predict_interval(self, data, kind=kind, levels=read_levels(level), effects=effects, unseen=unseen)

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
        return marginal_effects(self, variables, at=at, over=over, lags=lags, elasticity=elasticity, level=level)

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
        return adjusted_predictions(self, variables, at=at, over=over, level=level)

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

    def event_study(
        self,
        term: str | re.Pattern[str] | Mapping[Any, str] | None = None,
        *,
        reference: object = None,
        event: object = None,
        level: float = 0.95,
        draws: int = 20_000,
        seed: int | None = 0,
    ) -> EventStudy:
        r"""Put the coefficients of a term in time: effects by period about an event, with pointwise and joint limits.

        Parameters
        ----------
        term : str, pattern, or mapping of periods to coefficients, optional
            The term whose columns are periods, ``"i(since, treated, ref=-1)"``; a pattern such as ``"*:treated"``; or,
            for indicators of your own, ``{-2: "lead2", 0: "event", 1: "lag1"}``. By default the one term of ``i()`` or
            ``C()`` whose levels are periods and which says with ``ref=`` what was left out.
        reference : label or sequence of labels, optional
            The period or periods left out. By default what ``ref=`` of the term says. A reference far outside the
            others (the code of those never treated) is not shown.
        event : label, optional
            First period of treatment. By default 0 where periods run from negative numbers to 0 or beyond, else the
            period after the last reference.
        level : float
            Coverage of the limits.
        draws : int
            Vectors drawn for the sup-t critical value.
        seed : int or None
            Their seed.

        Returns
        -------
        EventStudy
            Prints as a table; ``plot()`` draws it.

        Raises
        ------
        SpecificationError
            If you name no term and several have periods, or none has; if a term fits no coefficient; or if names do not
            say their period, or which period was left out.

        Notes
        -----
        The sup-t band covers the effects of all periods at once with probability ``level`` (see `conf_int`). It
        therefore rejects whole paths, which pointwise limits do not (Freyaldenhoven, Hansen, Perez Perez and Shapiro
        2021, NBER working paper 29170). ``leads_test`` tests the periods before the event jointly.

        Examples
        --------
        >>> import panelvar as pv
        >>> counties = pv.load_data("minimum_wage").query("first_treat in (0, 2006)")
        >>> fit = pv.fit_fixed_effects(counties, "lemp ~ i(year, treat, ref=2005)", effects="twoway")
        >>> fit.event_study(event=2006).estimates.round(3).tolist()
        [-0.004, 0.003, 0.0, -0.005, -0.041]
        """
        return event_study(self, term, reference, event, level, draws, seed)

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
        return linear_table(self, check_level(level), digits)

    def __repr__(self) -> str:
        return one_line(f"<{self.estimator}: {self.dependent} on {', '.join(self.names)}; n = {self.nobs}>")

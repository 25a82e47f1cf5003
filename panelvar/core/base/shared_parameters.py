r"""Parameters that several public functions share: explained once, here, and filled into their docstrings.

A docstring that is `documented` may have, among its parameters, a line ``{data, y, x}``; the explanations below take
its place when the function is defined, in that order. If a name means different things to different models, a word in
parentheses tells them apart (``{data (series)}``); it is not filled in. Indented text after the line is added to the
last of the explanations.

Parameters
----------
data : Panel or DataFrame with a two-level (entity, time) index
    The rows. If the index does not hold entity and time, make a `Panel`, which says which columns do.
data (rows) : Panel, DataFrame, Arrow table or mapping of names to arrays
    The rows. Plain data, which do not say who a row is about and when it was, are taken as they are (of pandas, polars,
    Arrow or NumPy): each row is then a separate entity. A `Panel`, or a DataFrame with a two-level index of entity
    and time, says whose the rows are; lags, effects and clusters of entities, and tests over time need it.
y : str
    Dependent variable; or, without ``x``, a formula such as ``"y ~ x1 + L(x2)"``.
x : str or sequence of str
    Regressors.
constant : bool, optional
    Include a constant: by default yes, or as the formula says.
weights : column name, Series or array, optional
    Analytic weights: the inverse of each row's relative error variance, scaled to mean one. A Series is matched with
    the rows by label; an array has a value for each row of the data, in their order.
weights_are : {"analytic", "frequency"}
    What weights are: inverse variances of the rows' errors, which count rows as they are; or frequencies, whole numbers
    of rows that each row of plain data stands for. A fit with frequencies is that of the rows repeated so often,
    standard errors, degrees of freedom and R2 with it.
cov : str or covariance object
    ``"classical"``, ``"robust"``, ``"HC0"`` to ``"HC5"``, ``"cluster"``, ``"CR0"`` to ``"CR3J"``,
    ``"driscoll-kraay"``, ``"newey-west"``, ``"pcse"``, or an object such as ``Clustered("entity", "time")``.
cov (rows) : str or covariance object, optional
    ``"classical"``, ``"robust"``, ``"HC0"`` to ``"HC5"``, ``"cluster"``, ``"CR0"`` to ``"CR3J"``,
    ``"driscoll-kraay"``, ``"newey-west"``, ``"pcse"``, or an object such as ``Clustered("state")``. The default is
    ``"classical"`` for panels, and ``"HC1"`` for plain data.
cohort : column name, optional
    First period of treatment of each entity. Missing or infinite: never treated; zero too, where no period is zero or
    less.
treatment : column name, optional
    In place of ``cohort``: one from the first period of treatment on, zero before, and for ever.
anticipation : int
    Periods before treatment in which it may have effects already. The reference is the period before these.
convention : str or Convention
    How to count and report: ``"default"``, ``"stata"``, ``"plm"``, ``"pyfixest"``, ``"linearmodels"``,
    ``"gretl"``, ``"eviews"`` (from the documentation of EViews).
missing : {"drop", "raise"}
    What to do with rows that have a missing value.
collinear : {"drop", "raise"}
    What to do with regressors that depend on others.
effects (means) : {"entity", "time"}
    The dimension over which the means are taken that the regression uses.
wls : bool
    Weight each mean by its number of rows (Stata's ``be wls``, linearmodels' ``reweight``) instead of equally.
weights (means) : column name or array, optional
    Analytic weights. Means are weighted, and each mean counts by the sum of its weights, which is the inverse of its
    relative variance.
constant (differences) : bool, optional
    Include a constant in the differenced equation, which is a common trend. The default is no, except under the
    ``"plm"`` convention.
weights (differences) : column name or array, optional
    Analytic weights of the levels; a difference gets :math:`1 / (1/w_t + 1/w_{t-1})`, the inverse of its
    relative variance.
effects : {"entity", "time", "twoway"}, a column name, or several of them
    The effects that are absorbed, those of the entity by default. A formula may name them instead, ``"y ~ x | firm +
    year"``. ``"firm^year"`` has a level for every pair. ``"firm[t]"`` gives every firm a level and a slope on column t,
    ``"firm[[t]]"`` the slope alone, ``"firm[t, z]"`` a level and two slopes (R fixest's spelling). At least one effect
    must have a level.
constant (within) : bool, optional
    Report the constant (default) or not; slopes do not change.
y (instrumented) : str
    Dependent variable; or, without the other names, a formula. Endogenous regressors and their instruments stand in
    brackets, ``"y ~ x1 + [p ~ z1 + L(p)]"``, or after a bar, ``"y ~ x1 | p ~ z1 + L(p)"``; or all exogenous variables
    stand after the bar, ``"y ~ x1 + p | x1 + z1 + L(p)"``.
x (exogenous) : str or sequence of str
    Exogenous regressors; they are their own instruments.
endogenous : str or sequence of str
    Endogenous regressors.
instruments : str or sequence of str
    Instruments that are not regressors. There must be at least one for each endogenous regressor.
method : {"2sls", "liml", "fuller", "gmm"} or object
    Two-stage least squares; limited-information maximum likelihood; `Fuller`; `KClass`; `TwoStepGMM`.
cov (instrumented) : str or covariance object
    ``"classical"``, ``"robust"``, ``"HC0"`` to ``"HC5"``, ``"cluster"``, ``"CR0"`` to ``"CR3J"``,
    ``"driscoll-kraay"``, ``"newey-west"``, ``"pcse"``, or an object such as ``Clustered("entity", "time")``.
    HC2, HC3 and CR2, which use leverages of :math:`\hat X`, exist only after 2SLS.
cov (instrumented rows) : str or covariance object, optional
    ``"classical"``, ``"robust"``, ``"HC0"`` to ``"HC5"``, ``"cluster"``, ``"CR0"`` to ``"CR3J"``,
    ``"driscoll-kraay"``, ``"newey-west"``, ``"pcse"``, or an object such as ``Clustered("state")``. HC2, HC3 and CR2,
    which use leverages of :math:`\hat X`, exist only after 2SLS. The default is ``"classical"`` for panels, and
    ``"HC1"`` for plain data.
weights (refused) : None
    Analytic weights are not defined for this estimator and are refused.
variance_components : str
    ``"swamy-arora"`` in the convention's version for unbalanced panels, or a version by name: ``"baltagi-chang"``,
    ``"harmonic"``, ``"stata-sa"`` (they agree on balanced panels; two effects have the first only);
    ``"wallace-hussain"`` (pooled residuals), ``"amemiya"`` (within residuals), ``"nerlove"`` (estimated fixed effects);
    ``"ml"`` and ``"reml"``, maximum and restricted maximum likelihood. The formulas are in
    `panelvar.panels.random_effects.variance_components_quadratic`,
    `panelvar.panels.random_effects.variance_components_likelihood` and
    `panelvar.panels.random_effects.crossed_likelihood`.
iterate (rho) : bool
    Estimate rho again until it settles. False estimates it once (Stata's ``twostep``).
trend (entities) : {"n", "c", "t", "ct"}, optional
    Terms of each entity: none; a constant; a linear trend, in periods of the calendar from one; both. By default a
    constant, or as the formula says.
min_rows : int, optional
    Leave out entities with fewer rows. The default leaves out those without a residual degree of freedom. Averages of
    coefficients can keep entities with exactly as many rows as coefficients, as plm does by default.
unusable : {"drop", "raise"}
    What to do about entities that have too few rows or dependent regressors: leave them out, with a warning that counts
    them, or refuse.
convention (entities) : str or Convention
    How to count and report, by name or changed with ``but()``: ``heterogeneous_distribution`` says whether inference
    is by t(N - 1) or the normal (Stata, plm).
y (levels) : str
    Dependent variable, in levels; or, with ``x`` omitted, a formula such as ``"y ~ x1 + x2"``.
x (levels) : str or sequence of str
    Long-run regressors, in levels.
lags (chosen) : int, (p, q), (p, q1, ..., qk), mapping of names to int, or {"aic", "bic", "hqic"}
    Orders of the ARDL (autoregressive distributed lags): p lags of y (1 or more), q of each regressor (0 or more). A
    criterion chooses them for each entity, up to ``max_lags``, on the rows that the largest order leaves.
max_lags : int, (p, q) or (p, q1, ..., qk)
    Largest orders a criterion may choose.
common_orders : bool
    Choose one order for all entities, by the sum of their criteria.
short_run : str or sequence of str
    Further regressors of each entity's short run, taken as they are.
kernel : {"bartlett", "parzen", "quadratic-spectral"}
    Weights of the lags: :math:`1 - j / (L + 1)` in Bartlett's, with L the lags; smoother in Parzen's; those of the
    quadratic spectral kernel never end, and L is their scale.
lag_by (predecessors) : {"calendar", "rows"}, optional
    A row's predecessor is the row one calendar period earlier, never across a gap, or the row before, however far away
    (plm). The default is how the result's convention takes differences.
data (relation) : Panel, DataFrame with a two-level (entity, time) index, or DataFrame of one series indexed by time
    The rows: consecutive periods of each entity, which may differ in number. One entity is enough.
y (relation) : str
    Dependent variable, in levels; or, with ``x`` omitted, a formula such as ``"y ~ x1 + x2"``.
x (relation) : str or sequence of str
    Regressors, in levels: I(1), and not cointegrated with one another.
method (relation) : {"group-mean", "pooled", "weighted"}
    "group-mean" averages the entities' estimates, which may differ. The others let all entities share the slopes:
    "pooled" counts entities alike, "weighted" counts each by the precision of its errors. Every entity has its own
    constant and trend.
regressor_trend : {"n", "c", "ct", "ctt"}, optional
    Deterministic terms of the regressors. They are at least those of the relation, which are the default. Use "ct" for
    regressors that drift in a relation without a trend.
differenced (regressors) : bool
    Estimate the regressors' terms from their changes. False estimates them from the levels, which are then differenced
    (EViews' and arch's default). The two differ only with a trend.
prewhiten : bool
    Fit a first-order vector autoregression to the series first, and take long-run covariances of its residuals (Andrews
    and Monahan 1992). ``False`` with ``kernel="bartlett"`` and a bandwidth is what other programs do by default.
cov (relation) : {"estimated", "heterogeneous", "sandwich"}, optional
    "estimated" uses the long-run variances of the entities' errors, or their average in a pooled relation.
    "heterogeneous" (pooled only) uses each entity's own variance. "sandwich" uses how far the entities' estimates, or
    scores, lie apart, and holds for slopes that differ too. The default is "sandwich" for a group mean, "heterogeneous"
    for a pooled relation, "estimated" for a weighted one and for one entity.
small_sample (relation) : bool
    Divide the long-run variances of errors by rows less coefficients instead of by rows.
data (panel variable) : Panel, DataFrame, array (T, N)
    A Panel or a DataFrame with a two-level index, whose ``column`` is tested; or a table with a column for each entity
    and a row for each period.
column (panel variable) : label, optional
    The variable, if the data are a panel.
demean : bool
    First subtract from every observation the mean of its period over the entities. This takes out a common time effect
    (of the same size for all). A formula may say it instead, ``"y ~ x | year"``.
unusable (cointegrating regression) : {"raise", "drop"}
    What to do about an entity without values, with gaps inside its series, without variation or too short: refuse the
    panel, naming it, or leave it out, with a warning that counts.
bootstrap (panel) : PanelBootstrap, optional
    Take p-values from panels drawn under the null, see `PanelBootstrap`: for short panels, and for entities that share
    shocks. By default they are from published distributions.
unusable (panel variable) : {"raise", "drop"}
    What to do about an entity without values, with gaps inside its series, or without variation: refuse the panel,
    naming it, or leave it out, with a warning that counts. An entity that is too short for lags and terms, or follows
    its regression exactly, is refused either way. Leave it out beforehand.
unusable (relation) : {"raise", "drop"}
    What to do about an entity without complete rows, with gaps between them, with a variable that does not vary, or
    with variables that depend on one another: refuse the panel, naming it, or leave it out, with a warning that counts.
data (one series) : Series, array (T,), DataFrame, Panel of one entity
    Consecutive periods; rows of a DataFrame are put in the order of its index. For many series use `unit_root_table`.
column : label, optional
    Column of the data.
trend (terms) : {"n", "c", "ct", "ctt"}
    Deterministic terms :math:`d_t`: none; a constant; a constant and a trend; these and a squared trend.
lags (Dickey-Fuller) : int or {"aic", "bic", "hqic", "t-stat"}
    p, or a rule that chooses it among ``min_lags`` to ``max_lags`` on the rows the longest can use: the smallest
    criterion (Akaike, Schwarz, Hannan and Quinn), or the longest lag whose t ratio exceeds 1.645.
lags (table of tests) : int or {"aic", "bic", "hqic", "t-stat"}
    p, or a rule that chooses it, up to ``max_lags``, on the rows the longest can use: the smallest criterion (Akaike,
    Schwarz, Hannan and Quinn), or the longest lag whose t ratio exceeds 1.645.
max_lags (Dickey-Fuller) : int, optional
    By default :math:`\lceil 12 (T/100)^{1/4} \rceil`, Schwert's (1989) rule, rounded up as in statsmodels, or fewer if
    there are not enough rows.
max_lags (panel Dickey-Fuller) : int, optional
    By default :math:`\lceil 4 (T/100)^{1/4} \rceil`, the shorter rule of Schwert (1989). With the longer rule, the
    default for single series, entities choose too many lags, and in short panels the tables have no moments for them.
min_lags : int
    The fewest lags that a rule may choose; urca starts from 1.
rows : {"all", "common"}
    Rows of the final regression: all that the chosen lags leave (statsmodels), or those of the comparison (urca).
bandwidth : float or {"newey-west", "short", "long", "schwert", "stata", "andrews"}
    Lags of the long-run variance, or a rule. "newey-west" chooses them from the data, as Hobijn, Franses and Ooms
    (2004) do (statsmodels' and arch's "auto"). "short" and "long" are the integer part of 4 or 12 times
    :math:`(T/100)^{1/4}` (urca, tseries). "schwert" is the longer one, rounded up (statsmodels' "legacy", arch).
    "stata" is the integer part of :math:`4 (T/100)^{2/9}` (``pperron``). "andrews" chooses them from the data (Andrews
    1991).
data (system) : DataFrame, Series, array (T, K) or Panel of one entity
    Rows are periods and columns are variables. The index of a DataFrame or a Series is the calendar: rows are put in
    time order. A period without a row is a gap, which lags do not bridge; a warning counts the rows that this costs.
columns (system) : sequence, optional
    Columns to use, in this order; for an array, the names of its columns. The order is the default Cholesky
    ordering.
lags (system) : int or {"aic", "bic", "hqic", "fpe", "lr"}
    Lag order, 0 or more, or the criterion that chooses it (``"lr"``: sequential likelihood-ratio tests at 5%). Orders
    are compared on a common sample, from the convention's shortest (`VarConvention.smallest_order`) on. The fit then
    uses every row it can.
lags (batch) : int or {"aic", "bic", "hqic", "fpe", "lr"}
    Lag order, 0 or more, or the criterion that chooses it for each member, as in `fit_var`.
max_lags (system) : int, optional
    Longest lag order that a criterion compares. By default the integer part of :math:`12 (T / 100)^{1/4}`, or fewer if
    there are not enough rows.
min_lags (system) : int, optional
    Shortest lag order that a criterion compares, 0 or more; by default the convention's (1, or 0 for programs that
    print order 0).
trend (system) : {"n", "c", "t", "ct", "ctt"}
    Deterministic terms: none; a constant; a trend; both; both and a squared trend. The trend is 1 in the first period
    of the data.
trend (cointegration) : {"n", "rc", "c", "rt", "ct"}
    Deterministic terms: none; a constant in the relations only; a constant in the equations, so that levels may drift;
    the same and a trend in the relations; a constant and a trend in the equations, so that levels may have a quadratic
    trend. Other programs call them cases 1 to 5. A trend in the relations is taken at t - 1, like the levels; it is 1
    in the first period of the data.
seasons : int
    Periods of a seasonal pattern: 4 for quarters, 0 for none. They add dummies of all seasons but the last, less 1 /
    seasons so that the constant keeps its meaning. The first period of the data is season 1.
exogenous : sequence of column names, DataFrame, Series or array (T, M), optional
    Exogenous variables x, such as dummies, which make a VARX: columns of the data, or a table. A table with an index is
    matched with the rows by label; an array has as many rows as the data. Forecasts then need the future values of
    these variables.
exogenous_lags : int
    The longest lag of the exogenous variables. Lags 0 to this one enter the equations.
missing (system) : {"drop", "raise"}
    What to do about missing values: drop the rows that need them, with a warning that counts them, or refuse.
convention (system) : str or VarConvention
    Which program's choices to follow: "default", "statsmodels", "vars", "gretl", "stata", "eviews".
horizon : int
    Last period. Periods count from 0, so there are ``horizon + 1``.
identification : {"cholesky", "reduced_form", "generalised", "long_run"} or scheme
    "cholesky" orthogonalises the shocks by the Cholesky factor of sigma. "reduced_form" moves one error by itself,
    which describes an experiment only if the errors are uncorrelated. "generalised" gives generalised shocks, and
    "long_run" shocks whose summed responses are triangular. An object such as `panelvar.Cholesky` or `panelvar.LongRun`
    has options.
shock_size : {"sd", "unit"}
    One standard deviation of the shock, or the size that moves its own variable by one unit on impact.
    ``identification="reduced_form", shock_size="unit"`` gives the moving-average matrices
    :math:`\Phi_h` and needs no sigma.
ordering : sequence of str, optional
    Ordering of the triangle, the most exogenous first; the order of the variables by default.
cumulative : bool, or names of variables
    Sum the responses over periods, of all variables or of those named, such as growth rates among levels.
level (models) : float or sequence of float
    Share of the models between the limits, for schemes that leave many (`panelvar.SignRestrictions`). Several shares
    make limits inside one another.
level (band) : float or sequence of float
    Confidence level of the band at each point, at least 0.5. Several levels, such as ``(0.68, 0.95)``, make bands
    inside one another.
bands : ResidualBootstrap, MonteCarlo, DeltaMethod, ..., optional
    Where the bands come from; none by default.
normalised : bool
    Scale each row to sum to one. Raw shares of generalised shocks do not, since these shocks are correlated (Diebold
    and Yilmaz 2012).
draws : int
    Number of draws. A draw that is a data set is as long as the data.
seed : int or Generator
    A Generator is used up; the same seed gives the same band.
interval : {"percentile", "hall", "studentised"}
    How draws become limits: see `panelvar.estimates.bands.limits`. Studentised intervals need the delta method's
    formula.
joint (event study) : {"sup-t", "bonferroni"} or None
    How to make intervals that hold all periods at once, at the highest level; None for none.
style (event study) : {"points", "ribbon"}
    Marks with lines, or lines in bands.
labels (event study) : mapping of str to str, optional
    What the axes are called instead of ``"Period"`` and ``"Effect"``.
joint : {"sup-t", "bonferroni"} or None
    Cover many cells at once, or each by itself (None).
level (coefficients) : float or sequence of float
    Confidence level, at least 0.5; or several, such as ``(0.68, 0.95)``.
of (equations) : str, pattern or sequence of them, optional
    Coefficients by name, ``"[gdp]L1.cpi"``, or by pattern, ``"[gdp]*"``; all by default. A joint band covers these.
joint (coefficients) : {"sup-t", "bonferroni"} or None
    Cover all of them at once, or each by itself (None).
draws (sup-t) : int
    Vectors drawn for the sup-t critical value.
seed (sup-t) : int or Generator
    Their seed.
restriction (trends) : {"relative magnitudes", "relative smoothness", "smoothness"}
    What is bounded after the event: changes of the difference in trends by the largest one before it, changes of its
    slope by the largest one before it, or changes of its slope by a number.
bounds (trends) : sequence of float, optional
    0, .5, 1, 1.5 and 2 by default; for ``"smoothness"`` these times half the largest change of slope that is
    estimated before the event.
method (trends) : {"conditional-least-favorable", "conditional", "fixed-length"}, optional
    ``"fixed-length"`` by default for ``"smoothness"``, else ``"conditional-least-favorable"``.
draws (trends) : int
    Normal vectors drawn for least favorable critical values.
over : {"path", "all"}
    What a joint band covers: the periods of one response, or all responses together.
lags (kernel) : float or None
    L of `panelvar.kernels.linear.lag_windows.kernel_weights`: the last lag of the Bartlett and Parzen kernels
    (Stata's ``ivreg2, bw()`` is one more), the bandwidth of the quadratic spectral one. None follows the
    convention: :math:`\lfloor 4 (T/100)^{2/9} \rfloor` (Newey and West 1994; xtscc, linearmodels),
    :math:`\lfloor T^{1/4} \rfloor` (plm, pyfixest) or :math:`\lfloor \tfrac34 T^{1/3} \rfloor` (gretl).
residuals (kernel) : {"HC0", "HC1", "HC2", "HC3", "HC4", "HC4m", "HC5"}
    Row-wise adjustment of the residuals before scores are summed (plm's ``type=``).
data (prediction) : Panel, DataFrame or mapping of arrays, optional
    New rows; by default the model's own. They need the regressors, and the entity or time whose effects are added. For
    lags and differences they need both entity and time, which then may not repeat.
effects (prediction) : bool
    Add the estimated effect of each entity (and period). There are none after generalised least squares.
y (dynamic) : str
    Dependent variable; or, with ``x`` omitted, a formula of the exogenous regressors, such as ``"y ~ x1 + L(x1)"``.
x (dynamic) : str or sequence of str, optional
    Strictly exogenous regressors, columns or expressions such as ``"L(w)"``: they are their own instruments in the
    transformed equation.
lags (dynamic) : int
    Lags of the dependent variable among the regressors, ``"L(y)"``, ``"L(y, 2)"``, ...
predetermined : str or sequence of str, optional
    Regressors that past errors move. Their levels from lag 1 are instruments.
endogenous (dynamic) : str or sequence of str, optional
    Regressors that the error of their own period moves. Their levels from lag 2 are instruments.
instruments (dynamic) : LagInstruments or sequence of LagInstruments and StandardInstruments, optional
    ``LagInstruments(last=4, collapse=True)``, without columns, changes the window and the form of the lags of y and of
    predetermined and endogenous regressors. A sequence is the whole set.
transform : {"fd", "fod"}
    First differences, or forward orthogonal deviations.
time_effects : bool
    An indicator for each period but the first, transformed like the other regressors. Periods that no entity connects
    with the others have a separate first one. A formula may say it instead, ``"y ~ x | year"``.
steps : {1, 2, "iterated", "cu"}
    1: weights that assume white noise. 2: weights from the errors of the first step. "iterated": steps until the
    estimates settle. "cu": continuously updated, with weights that move with the estimates; the lowest minimum found
    from several starts, with a warning where another is hardly higher.
cov (dynamic) : {"robust", "classical", "uncorrected"} or Clustered, optional
    "robust", the default, allows an entity's errors to be heteroskedastic and correlated; two-step standard errors have
    Windmeijer's correction. "classical" assumes white noise and exists for one step only. "uncorrected" gives two-step
    standard errors without the correction, which are far too small. ``Clustered("region")`` is robust, with moments
    summed within groups of entities.
small_sample : bool
    Multiply the covariance by (n - 1) / (n - k) G / (G - 1), and use t with G - 1 degrees of freedom.
convention (dynamic) : {"default", "stata", "xtabond", "plm", "gretl"}
    Error variances and one-step weights as programs have them: see `panelvar.panels.dynamic.gmm_convention`.
    ``"stata"`` is xtabond2, ``"xtabond"`` xtabond, xtdpd and xtdpdsys. ``"gretl"`` is dpanel in panels without gaps.
missing (dynamic) : {"drop", "raise"}
    What to do with rows that miss a variable of the equation. A missing lag of an instrument is zero either way.
unseen : {"zero", "missing", "raise"}
    What to do with levels the model has not seen when ``effects=True``: take the average effect (zero, with a
    warning), return a missing value, or refuse.
of : str or sequence of str, optional
    Variables that are drawn, in this order; all by default.
shocks : str or sequence of str, optional
    Shocks that are drawn, in this order; all by default.
share_y : {"row", "all", "none"}
    Which panels share a vertical scale. All responses in a row are in the same unit, so a shared scale shows which
    shocks matter; ``"none"`` shows the shape of small responses.
ax : Axes, optional
    Axes of yours to draw in; a new figure by default.
ax (panels) : Axes or array of Axes, optional
    Axes of yours to draw in, one for each panel, row by row; a new figure by default. The title over all panels and the
    foot that says how the figure was made are then left out.
figure : Figure or SubFigure, optional
    A figure of yours to draw in.
figsize : (width, height), optional
    Size of a new figure in inches; by default what its panels need. Letters of small figures shrink, and one in which
    labels would lie upon one another is refused with the smallest size that works.
title : str, optional
    The title; ``""`` for none.
across : str, optional
    The variable along the bottom. By default it is the first one that varies and is a number or a period, or else the
    first one.
level (margins) : float or sequence of float, optional
    Coverage of the intervals: one level, or several, such as ``(0.68, 0.95)``; that of the estimates by default.
joint (margins) : {"sup-t", "bonferroni"} or None
    Add limits that hold all estimates at once, at the highest level: dashed beside a band, capped at points.
style (margins) : {"ribbon", "points"}, optional
    Lines within bands, or points with intervals side by side. The default is points for categories, for two values and
    for more than six lines.
labels (margins) : mapping of str to str, optional
    What the plot calls a variable, or a value: ``{"union": "Union", "0": "no", "1": "yes"}``. Numbers need a name for
    every value of the variable.
labels : mapping of str to str, optional
    Other words for names that the plot shows.
"""

from __future__ import annotations

import re
from functools import cache

from panelvar.core.base.unknown_arguments import F, answering

_ENTRY = re.compile(r"^(?P<key>\w+(?: \([\w -]+\))?) : (?P<text>.*\n(?: .*\n)+)", re.MULTILINE)
_LINE = re.compile(r"^(?P<indent> *)\{(?P<keys>[\w ,()-]+)\}$", re.MULTILINE)


def documented(thing: F) -> F:
    """Fill the shared explanations into the docstring of a function or class, which answers unknown keywords too.

    See `panelvar.core.base.unknown_arguments.answering`.
    """
    # Under `python -OO` there are no docstrings, and no explanations either.
    if thing.__doc__:
        thing.__doc__ = _LINE.sub(_filled, thing.__doc__)
    return answering(thing)


def _filled(line: re.Match[str]) -> str:
    entries = "".join(_explanations()[key.strip()] for key in line["keys"].split(",")).rstrip("\n")
    return "\n".join(line["indent"] + text for text in entries.split("\n"))


@cache
def _explanations() -> dict[str, str]:
    """Each entry of this module's docstring, without the word that tells it from others of the same name."""
    assert __doc__ is not None
    found = _ENTRY.finditer(__doc__)
    return {entry["key"]: f"{entry['key'].split(' ')[0]} : {entry['text']}" for entry in found}

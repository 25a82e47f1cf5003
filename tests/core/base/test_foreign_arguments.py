"""Arguments of other programs, typed at the function a user would try, are answered with what to do here."""

from __future__ import annotations

import inspect

import numpy as np
import pandas as pd
import pytest

import panelvar as pv
from panelvar.core.base.nearest import nearest

RNG = np.random.default_rng(3)
FRAME = pd.DataFrame({"firm": np.repeat(range(8), 12), "year": np.tile(range(2000, 2012), 8)})
for _name in ("x", "w", "z"):
    FRAME[_name] = RNG.standard_normal(len(FRAME))
FRAME["y"] = FRAME["x"] + RNG.standard_normal(len(FRAME))
PANEL = pv.Panel(FRAME, "firm", "year")
WALKS = RNG.standard_normal((60, 2)).cumsum(axis=0)
PLACES = {
    "fixed": pv.fit_fixed_effects(PANEL, "y", ["x"]),
    "pooled": pv.fit_pooled(PANEL, "y", ["x"]),
    "var": pv.fit_var(WALKS, lags=1),
    "responses": pv.fit_var(WALKS, lags=1).impulse_responses(2),
    "panel": PANEL,
}

# Where, the argument, and how the answer ends: after "name() has no argument 'argument'. ".
ASKED = """
fit_fixed_effects | vcov | Here it is cov.
fit_fixed_effects | vce | Here it is cov.
fit_fixed_effects | cov_type | Here it is cov.
fit_fixed_effects | se_type | Here it is cov.
fit_fixed_effects | cluster | Here it is cov=Clustered(...).
fit_fixed_effects | clusters | Here it is cov=Clustered(...).
fit_fixed_effects | cluster_entity | Here it is cov=Clustered('entity').
fit_fixed_effects | robust | Here it is cov='robust'.
fit_fixed_effects | cov_kwds | Here it is cov, an object with its options: Clustered(...), DriscollKraay(lags=...).
fit_fixed_effects | entity_effects | Here it is effects='entity'.
fit_fixed_effects | time_effects | Here it is effects='time'.
fit_fixed_effects | fe | Here it is effects.
fit_fixed_effects | absorb | Here it is effects.
fit_fixed_effects | fixef | Here it is effects.
fit_fixed_effects | fixef_rm | Here it is convention, a field of which is singletons.
fit_fixed_effects | ssc | Here it is convention, which says what is divided by.
fit_fixed_effects | debiased | Here it is convention, which says what is divided by.
fit_fixed_effects | drop_absorbed | Here it is collinear='drop' or 'raise'.
fit_fixed_effects | collin_tol | Here it is collinear='drop' or 'raise'.
fit_fixed_effects | na_action | Here it is missing='drop' or 'raise'.
fit_fixed_effects | dependent | Here it is y.
fit_fixed_effects | exog | Here it is x.
fit_fixed_effects | formula | Here it is y, which may be a formula.
fit_fixed_effects | subset | Take the rows beforehand: those of the DataFrame, or panel.where(...).
fit_fixed_effects | index | Entities and periods are named once, beforehand: Panel(data, entity=..., time=...).
fit_fixed_effects | panel_id | Entities and periods are named once, beforehand: Panel(data, entity=..., time=...).
fit_fixed_effects | family | Models are linear: there are no families and links.
fit_fixed_effects | offset | There is none: subtract it from the dependent variable.
fit_fixed_effects | use_lsdv | Effects are exact: there is no algorithm to choose.
fit_fixed_effects | verbose | Nothing is printed on the way: notes of the result say what happened.
fit_fixed_effects | reps | Bootstraps come after the fit: wild_bootstrap_test(result, ...).
fit_fixed_effects | weight | Did you mean 'weights'?
fit_fixed_effects | contrasts | A formula says it: C(x, ref=...).
fit_pooled | entity_effects | Effects are absorbed by fit_fixed_effects(..., effects=...).
fit_pooled | hac_lags | an object with its lags: DriscollKraay(lags=...) or PanelNeweyWest(lags=...).
fit_pooled | noconstant | Here it is constant=False.
fit_pooled | hasconst | Here it is constant.
fit_pooled | lags | A formula has lags: L(x), L(x, 2).
fit_random_effects | random_method | Here it is variance_components.
fit_random_effects | mle | Here it is variance_components='ml'.
fit_random_effects | sa | Here it is variance_components='stata-sa'.
fit_iv_fixed_effects | endog | Here it is endogenous.
fit_iv_fixed_effects | instrument | Here it is instruments.
fit_iv_fixed_effects | gmm | Here it is method='gmm'.
fit_iv_fixed_effects | liml | Here it is method='liml'.
fit_iv_fixed_effects | first | first_stage of the result needs no asking.
fit_mean_group | robust | Errors come from how far the entities' estimates lie apart: there is no other choice.
fit_mean_group | cce | Averages over the entities are those of fit_common_correlated_effects.
fit_var | maxlags | Here it is lags, the order; where a criterion chooses it, lags='aic' and max_lags.
fit_var | ic | Here it is lags='aic', 'bic' or another criterion.
fit_var | p | Here it is lags.
fit_var | type | Here it is trend.
fit_var | exog | Here it is exogenous.
fit_var | exogen | Here it is exogenous.
fit_var | season | Here it is seasons.
fit_var | varlist | Here it is columns.
fit_var | endog | Here it is data.
fit_var | order | Here it is lags.
fit_var | noconstant | Here it is trend='n'.
fit_var | small | Here it is convention, which says what is divided by.
fit_var | cov_type | Here it is with_cov(...) of the result.
fit_var | weights | No weights are taken here.
fit_var | dates | The index of the data is the calendar: set it, or give Panel(data, time=..., freq=...).
fit_var | entity | Entities and periods are named once, beforehand: Panel(data, entity=..., time=...).
select_lags | lag_max | Here it is max_lags.
select_lags | ic | All criteria are compared: order('bic') of the result.
fit_vecm | k_ar_diff | Here it is lags, which counts those of the levels.
fit_vecm | coint_rank | Here it is rank.
fit_vecm | deterministic | Here it is trend.
johansen_test | det_order | Here it is trend.
johansen_test | type | Both statistics are in the table: the trace and the largest eigenvalue.
adf_test | regression | Here it is trend.
adf_test | autolag | Here it is lags='aic', 'bic' or 't-stat'.
adf_test | maxlag | Here it is max_lags.
adf_test | alpha | There is no level here: p-values are given, and intervals by conf_int(level=...) of a result.
kpss_test | nlags | Here it is bandwidth.
kpss_test | lshort | Here it is bandwidth='short' or 'long'.
ips_test | exo | Here it is trend.
ips_test | pmax | Here it is max_lags.
ips_test | test | Each test is a function: llc_test, ips_test, fisher_test, hadri_test.
fit_arellano_bond | twostep | Here it is steps=2.
fit_arellano_bond | collapse | Here it is instruments, with LagInstruments(collapse=True).
fit_arellano_bond | artests | It is a method of the result: ar_test(order).
fit_arellano_bond | h | There is none: it weights the levels of fit_blundell_bond.
fit_panel_var | dependent_vars | Here it is columns.
fit_panel_var | td | Here it is time_effects.
hausman_test | sigmamore | Here it is sigma='efficient'.
hausman_test | vcov | hausman_regression_test(random, cov=...) is the robust test.
compare | se | Here it is below='std_errors', 'tstats', 'pvalues' or 'conf_int'.
compare | coef_map | Here it is labels.
compare | mtitles | A mapping says it: compare({'(1)': first, '(2)': second}).
compare | fmt | Here it is digits.
compare | coef_omit | Here it is drop.
compare | add_rows | Here it is rows.
compare | gof_omit | Here it is foot.
fit_many | split | Here it is by, a column; whole=True has the undivided sample too.
fit_many | stepwise | Here it is steps.
fit_many | cov | Here it is options={'cov': ...}.
fit_panel_batch | vcov | Here it is options={'cov': ...}.
compare | panels | stack=True, with groups of results: compare({'A': {...}, 'B': {...}}, stack=True).
compare | mean | Here it is foot, of which 'dependent_mean' is one.
compare | label | Here it is labels, names of coefficients; that of LaTeX is to_latex(label=...).
plot_coefficients | xline | The line at zero is always drawn; others by matplotlib in the axes of the figure.
plot_event_study | ref_line | Here it is event.
plot_event_study | geom_style | Here it is style='points' or 'ribbon'.
fixed.marginal_effects | dydx | Here it is variables.
fixed.marginal_effects | by | Here it is over.
fixed.marginal_effects | atmeans | Here it is at='mean'.
fixed.marginal_effects | newdata | Here it is at, values of variables; rows are those of the fit.
fixed.marginal_effects | eyex | Here it is elasticity='eyex', with the variables as variables.
fixed.marginal_effects | slope | Here it is elasticity.
fixed.adjusted_predictions | by | Here it is over.
fixed.adjusted_predictions | atmeans | Here it is at='mean'.
plot_responses | impulse | Here it is shocks.
plot_responses | response | Here it is of.
plot_coefficients | fig | Here it is figure.
plot_series | ylim | A figure is matplotlib's: it is changed after it is drawn.
wild_bootstrap_test | param | Here it is restriction.
wild_bootstrap_test | B | Here it is draws.
wild_bootstrap_test | bootcluster | Here it is bootstrap_cluster.
fit_local_projections | hor | Here it is horizon.
fit_local_projections | confint | Here it is level, a coverage such as 0.95.
portmanteau_test | lags_pt | Here it is lags.
Panel | id | Here it is entity.
Panel | panelvar | Here it is entity.
Panel | timevar | Here it is time.
Panel | index | Here it is entity= and time=.
Panel | delta | Here it is freq.
Clustered | groups | Here it is Clustered('entity', 'time'): dimensions come first, by themselves.
HC | type | Here it is kind.
DriscollKraay | maxlags | Here it is lags.
DriscollKraay | bandwidth | Here it is lags.
ResidualBootstrap | runs | Here it is draws.
ResidualBootstrap | random_state | Here it is seed.
var.impulse_responses | n_ahead | Here it is horizon.
var.impulse_responses | ortho | Here it is identification.
var.impulse_responses | boot | Here it is bands.
var.impulse_responses | runs | Here it is bands, such as ResidualBootstrap(draws=1000, seed=1).
var.impulse_responses | ci | Here it is level, a coverage such as 0.95.
var.impulse_responses | order | Here it is ordering.
var.forecast | n_ahead | Here it is steps.
var.forecast | alpha | Here it is level, a coverage such as 0.95.
var.forecast | exog_future | Here it is exogenous, future values.
var.variance_decomposition | periods | Here it is horizon.
var.granger_causality | cause | Here it is causing.
var.granger_causality | signif | Tests give p-values: there is no level to choose.
fixed.predict | newdata | Here it is data, the new rows.
fixed.predict | interval | predict_interval(...) of the result has errors and limits.
fixed.predict | xb | Here it is effects=False, the default.
fixed.predict | stdp | predict_interval(...) of the result has errors and limits.
fixed.to_latex | caption | Here it is the title of the table, which compare(..., title=...) takes.
responses.plot | orth | That was chosen before: identification= of impulse_responses().
responses.plot | level | That was chosen before: level= of impulse_responses().
plot_responses | ci | That was chosen before: level= of impulse_responses().
plot_forecast | alpha | That was chosen before: level= of forecast().
compare | names | A mapping says it: compare({'(1)': first, '(2)': second}).
compare | coef_names | Here it is labels.
fit_svar | Amat | Here it is identification=ShortRun(a=..., b=...).
fit_svar | aeq | Here it is identification=ShortRun(a=..., b=...).
fit_svar | lreq | Here it is identification=ShortRun(long_run=...).
toda_yamamoto_test | dmax | Here it is integration.
fit_mean_group | lags | Lags are terms of a formula, L(x); fit_ardl_mean_group chooses them.
fit_first_difference | effects | Differences leave no effects of entities; constant=True is a common trend.
fisher_test | kind | Here it is test, of each entity, and statistic, which combines them.
var.historical_decomposition | variable | All are computed: choose among what is returned, by plot() or to_frame().
fixed.conf_int | alpha | Here it is level, a coverage such as 0.95.
fixed.conf_int | parm | All are given: conf_int().loc['x'] is that of x.
fixed.with_cov | vcov | Here it is cov.
fixed.wald_test | r_matrix | Here it is restrictions.
fixed.wald_test | q | Here it is values.
fixed.to_latex | file | What is returned is written: save(path) of a table, savefig(path) of a figure.
fit_between | noconstant | Here it is constant=False.
fit_first_difference | model | fit_pooled, fit_fixed_effects, fit_random_effects, fit_between, fit_first_difference.
fit_hausman_taylor | endog | Here it is endogenous.
fit_fmols | bandw | Here it is bandwidth.
fit_fmols | leads | Leads of changes are those of fit_dols.
fit_dols | max_lead | Here it is max_leads.
pedroni_test | regression | Here it is trend.
llc_test | maxlags | Here it is max_lags.
fit_blundell_bond | gmm | Here it is instruments, with LagInstruments('y', 2, None).
fit_var_batch | maxlag | Here it is max_lags.
fit_restricted_var | constraints | Here it is restrictions.
serial_lm_test | nlags | Here it is lags.
panel.lag | periods | Here it is k, in periods of the calendar.
panel.difference | n | Here it is k, in periods of the calendar.
"""
ROWS = [tuple(part.strip() for part in line.split(" | ")) for line in ASKED.strip().splitlines()]


def found(where: str):
    """Return what is called."""
    place, _, method = where.partition(".")
    return getattr(PLACES[place], method) if method else getattr(pv, place)


def test_the_table_is_as_long_as_it_should_be():
    assert len(set(ROWS)) == len(ROWS) >= 90
    assert len({where for where, _, _ in ROWS}) >= 40


@pytest.mark.parametrize(("where", "argument", "answer"), ROWS)
def test_arguments_of_other_programs_are_answered(where, argument, answer):
    with pytest.raises(pv.SpecificationError) as caught:
        found(where)(**{argument: 1})
    assert f"{where.split('.')[-1]}() has no argument {argument!r}. " in str(caught.value)
    assert str(caught.value).endswith(answer)
    assert isinstance(caught.value, TypeError)


def test_several_at_once_are_answered_each():
    with pytest.raises(pv.SpecificationError, match=r"'vcov'\. Here it is cov\. .* 'fe'\. Here it is effects\.$"):
        pv.fit_fixed_effects(PANEL, "y", ["x"], vcov="HC1", fe="firm")


@pytest.mark.parametrize(
    ("call", "meant"),
    [
        (lambda: pv.fit_pooled(PANEL, "y", ["x"], constnat=True), "constant"),
        (lambda: pv.fit_pooled(PANEL, "y", ["x"], weight="w"), "weights"),
        (lambda: pv.fit_fixed_effects(PANEL, "y", ["x"], efects="entity"), "effects"),
        (lambda: PLACES["var"].impulse_responses(horzion=3), "horizon"),
        (lambda: PLACES["var"].forecast(step_=3), "steps"),
        (lambda: pv.Panel(FRAME, entitty="firm"), "entity"),
        (lambda: pv.ResidualBootstrap(draw=10), "draws"),
    ],
)
def test_misspelt_arguments_are_answered_with_the_nearest(call, meant):
    with pytest.raises(pv.SpecificationError, match=rf"Did you mean '{meant}'\?$"):
        call()


# Names of things that the library does not have, or calls otherwise: no known name may be guessed for them.
NO_GUESS = """chow_test fit_gmm fit_quantile fit_tvar fit_gvar fit_bvar fit_sar fit_sur fit_ols fit_gls fit_logit
fit_tobit fit_arima fit_garch fit_dcc fit_did fit_dfm fit_iv fit_fe fit_re fit_fd fit_ar fit_cce fit_sem sargan_test
f_test t_test lm_test lr_test reset_test vif za_test bounds_test rank_test march_test panel_test xyz unit_root
breusch_pagan_test zivot_andrews_test fit_nardl fit_panel_quantile fit_pooled_logit fit_var_garch plot_density
""".split()


@pytest.mark.parametrize("name", NO_GUESS)
def test_what_the_library_does_not_have_is_not_guessed(name):
    assert nearest(name, pv.__all__, functions=True) is None


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("fitvar", "fit_var"),
        ("fit_VAR", "fit_var"),
        ("fit_fixed_efects", "fit_fixed_effects"),
        ("fit_fixedeffects", "fit_fixed_effects"),
        ("hausmann", "hausman_test"),
        ("hausman", "hausman_test"),
        ("johanson_test", "johansen_test"),
        ("DriscolKraay", "DriscollKraay"),
        ("clustered", "Clustered"),
        ("toda_yamamoto", "toda_yamamoto_test"),
        ("fit_arellano", "fit_arellano_bond"),
        ("cross_section_test", "cross_section_dependence_test"),
    ],
)
def test_misspelt_functions_are_answered_with_the_nearest(name, meant):
    assert nearest(name, pv.__all__, functions=True) == meant


@pytest.mark.parametrize(
    ("name", "known", "meant"),
    [
        ("frm", ["firm", "year"], "firm"),
        ("yeer", ["firm", "year", "year"], "year"),
        ("entities", ["entity", "time"], "entity"),
        ("lg", ["log", "exp"], "log"),
        ("collin_tol", ["collinear"], None),
        ("group", ["group_factor"], None),
        ("ab", ["ac", "ad"], None),
        ("x", ["y"], None),
        ("gpd", ["gdp", "gpa"], None),
        ("!!", ["a"], None),
    ],
)
def test_names_of_columns_and_options(name, known, meant):
    assert nearest(name, known) == meant


def test_what_is_not_offered_is_said():
    for name in ("fit_quantile", "chow_test", "zivot_andrews_test", "fit_garch"):
        with pytest.raises(AttributeError, match="not offered"):
            getattr(pv, name)


@pytest.mark.parametrize(
    ("name", "here"), [("DK", "DriscollKraay"), ("NW", "PanelNeweyWest"), ("Robust", "HC, or cov='robust'")]
)
def test_short_names_of_covariances_are_answered(name, here):
    with pytest.raises(AttributeError, match=f"Here it is {here}"):
        getattr(pv, name)


@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
@pytest.mark.parametrize("name", ["DK", "NW", "Robust", "hc1", "CLUSTER", "Driscoll-Kraay", "IID", "cr2"])
def test_capitals_of_covariances_do_not_matter(name):
    result = pv.fit_pooled(PANEL, "y", ["x"], cov=name)
    assert result.cov_label == pv.fit_pooled(PANEL, "y", ["x"], cov=name.lower()).cov_label


def test_a_var_of_several_entities_names_what_fits_them():
    for data in (PANEL, FRAME.set_index(["firm", "year"])):
        with pytest.raises(pv.DataError, match=r"fit_var_batch .* fit_panel_var"):
            pv.fit_var(data, ["y", "x"], lags=1)


CLASSES = [owner for owner in (getattr(pv, name) for name in pv.__all__) if isinstance(owner, type)]
METHODS = {
    f"{owner.__name__}.{name}": method
    for owner in CLASSES
    if hasattr(owner, "summary") or owner is pv.Panel
    for name, method in inspect.getmembers(owner, inspect.isfunction)
    if name[0] != "_"
}


@pytest.mark.parametrize("name", METHODS)
def test_every_public_method_answers_and_keeps_its_signature(name):
    method = METHODS[name]
    assert inspect.signature(method) == inspect.signature(method.__wrapped__)
    if not any(each.kind is each.VAR_KEYWORD for each in inspect.signature(method).parameters.values()):
        with pytest.raises(pv.SpecificationError, match=r"\(\) has no argument 'zzzzzzzz'\. It has: "):
            method(zzzzzzzz=1)


CONSTRUCTED = [
    owner
    for owner in CLASSES
    if not issubclass(owner, (Exception, str)) and not hasattr(owner, "summary") and owner is not pv.Note
]


@pytest.mark.parametrize("owner", CONSTRUCTED, ids=lambda owner: owner.__name__)
def test_every_class_that_users_construct_answers(owner):
    with pytest.raises(pv.SpecificationError, match=rf"^{owner.__name__}\(\) has no argument 'zzzzzzzz'\."):
        owner(zzzzzzzz=1)


def test_attributes_are_guessed_too_and_python_adds_no_guess_of_its_own():
    with pytest.raises(AttributeError, match=r"no attribute 'parms'\. Did you mean 'params'\?$") as caught:
        PLACES["fixed"].parms  # noqa: B018
    assert caught.value.obj is None
    assert not hasattr(PLACES["fixed"], "chow")

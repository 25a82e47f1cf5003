"""What calls are given: for each parameter by its name, in order or by mistake, as source text.

A rule is for a parameter of every call (``"horizon"``) or of one (``"fit_var.lags"``). What has no rule is chosen by
what the docstring offers, or by its annotation (`fuzz.arguments`).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING

import panelvar as pv

if TYPE_CHECKING:
    from fuzz.arguments import Writer

ODD = r"""
None | True | False | 0 | 1 | -1 | 2 | 3 | 7 | 2.5 | -0.5 | 0.5 | 1e-300 | 1e300 | float('nan') | float('inf') |
10**9 | 10**30 | 10**5000 | 1j | '' | 'nonsense' | 'x1' | 'é' | '\ud800' | 'x' * 3000 | b'x1' | [] | () | {} | [3] |
['x1', 'x1'] | [None] | {'x1'} | {'x9': 'a'} | {1: 2} | range(3) | np.ones((5, 2)) | np.ones(7) | np.array([]) |
np.array(2.0) | np.int64(2) | np.float64(0.9) | np.array(['x1']) | np.nan | pd.NA | pd.NaT |
pd.Timestamp('2001-01-01') | pd.Series([1.0, 2.0]) | pd.DataFrame() | frame | series | panel | object() | object |
len | pv.Clustered | pv.HC() | pv.MonteCarlo(draws=9, seed=1) | pv.Cholesky() | pv.Convention |
decimal.Decimal(1) | 'y ~' | ['y', 1] | [['x1']]
"""
"""What somebody may pass by mistake, to any parameter."""
MISTAKES = tuple(text.strip() for text in ODD.split("|"))

FORMULAS = (
    "{y} ~ {x1} + {x2}",
    "{y} ~ {x1}",
    "{y} ~ 1",
    "{y} ~ {x1} - 1",
    "{y} ~ {x1} * {x2}",
    "{y} ~ {x1} + C({g})",
    "{y} ~ {x1} + L({x2})",
    "{y} ~ D({x1}) + I({x2}**2)",
    "{y} ~ {x1} + log({w})",
    "{y} ~ ({x1} + {x2} + {x3})**2",
    "{y} ~ L({x1}, 0:2) + {x2}",
    "{y} ~ {x1} + i({g}, {x2})",
    "{y} ~ i({g}) + poly({x1}, 2)",
    "{y} ~ np.abs({x1}) + {x2}",
)
INSTRUMENTED = (
    "{y} ~ {x1} + [{x2} ~ {z1} + {z2}]",
    "{y} ~ {x1} + {x2} | {x1} + {z1} + {z2}",
    "{y} ~ [{x2} ~ {z1}]",
    "{y} ~ {x1} | {x2} ~ {z1} + L({z2}, 1:2)",
)
BROKEN = (
    "~",
    "{y} ~ {x1} + {x2} | i",
    "{y} ~ {x1} +",
    "{y} ~ q9",
    "{y} ~ __import__('os')",
    "bs(__import__('os'), 3) ~ {x1}",
    "{y} ~ i({g}, {x1}, ref='nosuch')",
    "{y} ~ L({x1}, 3:1)",
    "{y} ~ {x1} | {g} | {x2}",
    "{y} ~ C(",
    "{y} ~ {x1}**{x2}",
    "~ {x1}",
    "{y} ~ .",
    "{y} ~ {x1} : : {x2}",
)
RESTRICTIONS = (
    "{0}",
    "{0} = 0",
    "{0} = {1}",
    "{0} + {1} = 1",
    "2*{0} - {1}/3 = 0.5",
    "{0} = 0, {1} = 0",
    "*{0}",
    "1e-200*{0} = 0",
    "{0} = 1e400",
)
FUNCTIONS = ("{0} / {1}", "{0} * {1}", "exp({0})", "2 * {0} / {1} - 1", "{0} = {1}", "{0} / 0", "log({0})", "{0} ** 2")
COMBINATIONS = (
    "{0}",
    "{0} + {1}",
    "2*{0} - {1}",
    "{0} - {0}",
    "1",
    "0*{0}",
    "1e-200*{0}",
    "-(-{0})",
    "{0}/3 + 1",
    "{0}*{1}",
    "-" * 900 + "{0}",
)

PREFERRED = {
    "effects_lm_test slope_poolability_test wooldridge_effects_test wooldridge_pooled_test wooldridge_serial_test "
    "bera_sosa_yoon_test baltagi_li_test durbin_watson_test breusch_godfrey_test cluster_diagnostics "
    "wild_bootstrap_test "
    "nested_f_test.restricted": "fit_pooled",
    "fluctuation_test plot_rolling VarBatch.plot": "fit_rolling_var",
    "wooldridge_within_test bhargava_test born_breitung_test cross_section_dependence_test cd_star_test "
    "residual_correlations modified_wald_test slope_homogeneity_test hausman_test.consistent "
    "nested_f_test.full plot_effects": "fit_fixed_effects",
    "mundlak_test hausman_test.efficient "
    "hausman_regression_test LinearResult.variance_components": "fit_random_effects",
    "wooldridge_difference_test": "fit_first_difference",
}
"""Tests to the estimator whose results they are for, where one of many makes what they take."""
MAKER = {consumer: maker for consumers, maker in PREFERRED.items() for consumer in consumers.split()}


def written(name: str) -> str:
    """A name in a formula or an equation."""
    return name if name.isidentifier() else f"`{name}`"


ONE_SERIES = ("adf_test", "dfgls_test", "kpss_test", "phillips_perron_test")
SYSTEM_FUNCTIONS = (
    "fit_var",
    "select_lags",
    "fit_vecm",
    "johansen_test",
    "engle_granger_test",
    "fit_restricted_var",
    "fit_rolling_var",
    "evaluate_forecasts",
    "fit_local_projections",
    "toda_yamamoto_test",
    "unit_root_table",
    *ONE_SERIES,
)
ALWAYS = {"seed", "draws", "models", "tries", "x", "endogenous", "starts", "bias_draws"}
"""Optional parameters that are always given: without a seed a call cannot be repeated, and defaults draw thousands."""
ALWAYS_HERE = {
    ("Panel", "entity"),
    ("Panel", "time"),
    ("PanelStream", "entity"),
    ("PanelStream", "time"),
    ("ShortRun", "b"),
    ("fit_panel_local_projections", "horizon"),
    ("fit_var_batch", "columns"),
    ("engle_granger_test", "y"),
    ("fit_var_batch", "lags"),
    ("fit_panel_var", "method"),
    ("ips_test", "lags"),
    ("fit_dols", "leads"),
    ("fit_dols", "lags"),
    ("fit_pooled_mean_group", "max_iterations"),
    ("plot_scatter", "y"),
    ("plot_event_study", "term"),
    ("plot_event_study", "reference"),
    ("LinearResult.event_study", "reference"),
    ("VecmResult.exclusion_test", "variables"),
    ("VecmResult.restriction_test", "beta"),
} | {
    (f"{kind}.exclusion_test", "variables")
    for kind in ("VarResult", "RestrictedVarResult", "FittedSystem", "PanelVarResult")
}
BOUNDS = {"max_lags": "lags", "min_lags": "lags", "max_leads": "leads", "min_leads": "leads"}
"""What bounds a choice by a rule, and what has to name the rule."""
ONLY_BESIDE = {
    "exogenous_lags": ("exogenous", "(?!None)"),
    "values": ("restrictions", "None"),
    "bera_sosa_yoon_test.one_sided": ("statistic", "'effects'"),
    "fit_local_projections.shock_lags": ("shock", "np"),
    "fit_local_projections.identification": ("shock", "None"),
    "fit_local_projections.ordering": ("shock", "None"),
    "fit_local_projections.state": ("shock", "(?!None)"),
    "fit_local_projections.instruments": ("shock", "(?!None|np)"),
    "select_lags.time_effects": ("data", "panel"),
    **dict.fromkeys(("westerlund_test.draws", "westerlund_test.seed"), ("bootstrap", "None")),
    **{
        f"{test}.{name}": ("result", "panel")
        for test in ("cross_section_dependence_test", "residual_correlations")
        for name in ("column", "changes")
    },
    **{
        f"fit_panel_var.{name}": ("method", "'gmm'")
        for name in ("transform", "steps", "instruments", "level_equation", "joint")
    },
}
"""Parameters that have a place only beside another, and how the text of that one begins ("None" where it is absent)."""
COINTEGRATING = ("'group-mean'", "'pooled'", "'weighted'")
OFTEN = {"joint": 0.4, "bands": 0.4}
"""Optional parameters on which a rule of its own depends, and how often they are given."""
NEVER = {"ax", "figure", "figsize", "tally", "rng", "accepted", "chosen", "base"}
"""Of other programs, and of the library's own rooms."""


def of(*texts: str) -> Callable[[Writer], str]:
    """One of several texts."""
    return lambda writer: writer.rng.choice(texts)


def _signs(writer: Writer) -> str:
    names, rng = writer.variables, writer.rng
    pairs = {(rng.choice(names), rng.choice(("s1", "s2"))): rng.choice("+-") for _ in range(rng.randint(1, 3))}
    return repr(pairs)


def _pattern(writer: Writer) -> str:
    size = len(writer.variables)
    lower = [["nan" if row >= column else "0" for column in range(size)] for row in range(size)]
    if writer.rng.random() < 0.2:
        lower[0][-1] = "nan"
    return f"np.array({[*lower]})".replace("'nan'", "np.nan").replace("'0'", "0.0")


def _matrix(writer: Writer) -> str:
    size = len(writer.variables)
    return repr(
        [[round(writer.rng.gauss(0, 0.3) + (row == column) * 0.3, 2) for column in range(size)] for row in range(size)]
    )


def _conditions(writer: Writer) -> str:
    if writer.rng.random() < 0.4:
        return f"{{{writer.variable()}: {writer.rng.choice(('[0.5, np.nan, 1.0]', '[0.0]', '0.25'))}}}"
    if writer.rng.random() < 0.4:
        return f"{{{writer.variable()}: {writer.rng.choice(('[0.5, np.nan, 1.0]', '[0.0]', '0.25'))}}}"
    return f"pd.DataFrame({{{writer.variable()}: {writer.rng.choice(('[0.5, np.nan, 1.0]', '[0.0]', '[1e9, 2.0]'))}}})"


def _table(writer: Writer) -> str:
    """Data of a panel; a table of Arrow where its types are those of columns there."""
    kinds = ("frame", "frame", "frame.to_dict('list')", "frame.set_index(['i', 't'])")
    plain = all(each.kind in "fiub" or str(each) in ("object", "str", "string") for each in writer.world.frame.dtypes)
    arrow = "__import__('polars').DataFrame({name: frame[name].to_list() for name in frame}, strict=False)"
    return writer.rng.choice((*kinds, arrow) if plain else kinds)


def _zeros(writer: Writer) -> str:
    names = writer.variables
    return writer.rng.choice(("'t'", "'t'", "'aic'", "'bic'", "'hqic'", repr({names[0]: [f"L1.{names[-1]}"]})))


def _long_run(writer: Writer) -> str:
    names = writer.variables
    return repr(f"{written(names[0])} = 0") if writer.rng.random() < 0.6 else repr({names[0]: 1, names[-1]: -1})


def _few_regressors(writer: Writer) -> str:
    """One regressor, mostly: short panels of systems have no rows for more."""
    return writer.roles("x1") if writer.rng.random() < 0.8 else writer.regressors()


def _effects(writer: Writer) -> str:
    panel = ("'entity'", "'entity'", "'time'", "'twoway'")
    more = (
        f"[{writer.role('g')}]",
        f"'time^{writer.names['g']}'",
        f"'entity[{writer.names['x3']}]'",
        f"['entity', {writer.role('g')}]",
    )
    return writer.rng.choice(panel if writer.rng.random() < 0.8 else more)


def _cluster(writer: Writer) -> str:
    return writer.rng.choice(
        ("'entity'", "'entity'", "'time'", writer.role("g"), "np.arange(len(frame)) % 3", "['entity', 'time']")
    )


def _dynamic_covariance(writer: Writer) -> str:
    """Errors of a dynamic panel; they are clustered by entities, or groups of them."""
    named = ("None", "'robust'", "'classical'", "'uncorrected'")
    return writer.rng.choice((*named, "pv.Clustered('entity')", f"pv.Clustered({writer.role('g')})"))


def _beside(writer: Writer) -> str:
    """A regressor that the call seldom has already, or none."""
    return "None" if writer.rng.random() < 0.6 else writer.roles("x3")


def _lag_instruments(writer: Writer) -> str:
    lags = writer.construct(pv.LagInstruments)
    alone = f"pv.LagInstruments(last={writer.rng.choice((2, 3, 4))}, collapse={writer.rng.random() < 0.5})"
    whole = f"[pv.LagInstruments({writer.roles('y')}, 2, 4), pv.StandardInstruments({writer.roles('x1', 'x2')})]"
    return writer.rng.choice(("None", alone, whole, lags, f"[{lags}]"))


def _subset(writer: Writer) -> str:
    """Moments of a dynamic panel that may be there."""
    lags = f"pv.LagInstruments({writer.roles('y')}, 2, 4)"
    own = f"pv.StandardInstruments({writer.roles('x1', 'x2')})"
    return writer.rng.choice(("'levels'", "'time effects'", lags, own, own))


def _member(writer: Writer) -> str:
    made = writer.lines[-1][1] if writer.lines else ""
    if "rolling" in made:
        return "35"
    return "panel.entity_labels[0]" if "frame" in made or "panel" in made else "0"


def _model(writer: Writer) -> str:
    kind = pv.LinearResult if writer.rng.random() < 0.75 else pv.ErrorCorrectionResult
    return writer.result(kind, "hausman_test.consistent")


def _rival(writer: Writer) -> str:
    pooled = any("mean_group" in made or "dynamic" in made for _, made in writer.lines)
    return writer.result(pv.ErrorCorrectionResult if pooled else pv.LinearResult, "hausman_test.efficient")


COMPONENTS = "swamy-arora baltagi-chang harmonic stata-sa wallace-hussain amemiya nerlove ml reml".split()

RULES: dict[str, Callable[[Writer], str]] = {
    "data": lambda writer: writer.data(),
    "y": lambda writer: writer.role("y"),
    "x": lambda writer: writer.regressors(),
    "fit_hausman_taylor.x": lambda writer: writer.roles("x1", "x2", "f1", "f2"),
    "fit_hausman_taylor.endogenous": lambda writer: writer.roles(*writer.rng.choice((("f2",), ("x2", "f2"), ("x2",)))),
    "plot_scatter.x": lambda writer: writer.role("x1", "x1", "x2"),
    "plot_scatter.labels": of("None", "{'0': 'a $b$'}"),
    "plot_responses.of": lambda writer: writer.rng.choice(("None", "None", writer.variable())),
    "plot_rolling.drop": lambda writer: repr(f"[{writer.variables[0]}]const"),
    "plot_rolling.keep": lambda writer: repr(f"[{writer.variables[0]}]L1.{writer.variables[-1]}"),
    "select_lags.data": of("series", "series", "series.to_numpy()", "panel", "panel"),
    "plot_scatter.source": lambda writer: writer.rng.choice(("panel", writer.result(pv.LinearResult, "plot_scatter"))),
    "plot_within_between.x": lambda writer: writer.role("x1", "x2"),
    "plot_event_study.source": lambda writer: writer.result(pv.LinearResult, "plot_event_study"),
    "plot_residuals.result": lambda writer: writer.result(pv.LinearResult, "plot_residuals"),
    "plot_event_study.labels": of("{'Effect': 'a $b$'}"),
    "plot_residuals.labels": of("None", "{'Residual': 'a $b$'}"),
    "plot_effects.labels": of("None", "{'i': 'a $b$'}"),
    "plot_series.labels": of("None"),
    "plot_effects.effect": of("None", "'i'"),
    "plot_coefficients.values": of("True", "False"),
    "plot_coefficients.order": lambda writer: writer.roles("x1"),
    "plot_coefficients.level": of("0.95", "(0.68, 0.95)"),
    "plot_event_study.level": of("0.95", "(0.68, 0.95)"),
    **dict.fromkeys(
        (
            *("System.impulse_responses.level", "VarResult.impulse_responses.level", "VarResult.forecast.level"),
            *("VarResult.variance_decomposition.level", "plot_constancy.level", "plot_correlogram.level"),
            *("CusumTests.plot.level", "Correlogram.plot.level", "Correlogram.limits.level"),
        ),
        of("0.95", "(0.68, 0.95)", "(0.5, 0.8, 0.9)"),
    ),
    **dict.fromkeys(
        (
            *("plot_responses.labels", "plot_decomposition.labels", "plot_historical.labels", "plot_forecast.labels"),
            *("plot_constancy.labels", "plot_correlogram.labels", "plot_system.labels", "plot.labels"),
        ),
        lambda writer: f"{{{writer.variable()}: 'a $b$'}}",
    ),
    **dict.fromkeys(
        (
            *("plot_responses.shocks", "plot_decomposition.shocks", "plot_historical.shocks", "plot.shocks"),
            *("response.shock", "joint_covariance.shock"),
        ),
        lambda writer: writer.variable(),
    ),
    "EventStudy.plot.joint": of("None", "'sup-t'"),
    "impulse_responses.cumulative": lambda writer: writer.rng.choice(("True", "False", writer.variable())),
    "plot_within_between.names": of("True", "None"),
    "plot_binned.x": lambda writer: writer.role("x1", "x2"),
    "plot_binned.controls": lambda writer: writer.rng.choice(("None", writer.roles("x2"))),
    "plot_binned.labels": of("None"),
    "bins": of("2", "5", "20"),
    "line": of("True", "False"),
    "balance_table.by": lambda writer: writer.role("g"),
    "balance_table.columns": lambda writer: writer.rng.choice(("None", writer.roles("x1", "x2"))),
    "plot_margins.estimates": lambda writer: (
        f"{writer.result(pv.LinearResult, 'plot_margins')}.marginal_effects("
        f"at={{{writer.role('x1')}: {writer.rng.choice(('[0, 1]', '[-1, 0, 2.5]', '[1, 2, 3, 4]'))}}})"
    ),
    "across": lambda writer: writer.rng.choice(("None", "None", writer.role("x1"))),
    **dict.fromkeys(
        ("plot_margins.labels", "MarginalEffects.plot.labels", "AdjustedPredictions.plot.labels"),
        lambda writer: f"{{{writer.role('x1')}: 'a $b$'}}",
    ),
    "term": lambda writer: repr({1: writer.names["x1"]}),
    "reference": of("0", "(0, -1)"),
    "event": of("None", "1"),
    "entities": of("None"),
    "drop": lambda writer: writer.roles("x2"),
    "LinearResult.conf_int.of": lambda writer: writer.roles("x1"),
    "endogenous": lambda writer: writer.roles("x2"),
    "instruments": lambda writer: writer.roles(*writer.rng.choice((("z1", "z2"), ("z1", "z2"), ("z1",), ("x3", "z2")))),
    "InstrumentalResult.difference_in_sargan.instruments": lambda writer: writer.role("z1", "z2", "x1"),
    "InstrumentalResult.endogeneity_test.variables": lambda writer: writer.role("x2"),
    "fit_local_projections.instruments": of("None", "series.iloc[:, -1]", "series.iloc[:, [0]]"),
    "weights": lambda writer: writer.role("w"),
    "weights_are": of("'analytic'", "'frequency'"),
    "wild_bootstrap_test.weights": of("'rademacher'", "'webb'", "'mammen'", "'normal'", "'gamma'"),
    "AR1.weights": of("'pairs'", "'rows'", "'equal'", "'pooled'"),
    "TwoStepGMM.weights": of("'robust'", "'HC0'", "'cluster'", "'driscoll-kraay'", "pv.Clustered('time')"),
    "cov": lambda writer: writer.covariance(("classical", "robust", "cluster", "driscoll-kraay", "newey-west", "pcse")),
    "VarResult.with_cov.cov": of("'HC0'", "'HC1'", "'HC3'", "'classical'", "'robust'", "pv.HC('HC2')"),
    "fit_local_projections.cov": lambda writer: writer.system_covariance(),
    "instrument_relevance_test.cov": of("'HC1'", "'classical'"),
    "by": _cluster,
    "cluster": _cluster,
    "bootstrap_cluster": lambda writer: writer.rng.choice(("'entity'", "'time'", "'intersection'")),
    "PanelCorrected.cluster": of("'time'", "'entity'"),
    "effects": _effects,
    "autocorrelation": lambda writer: writer.rng.choice(("'ar1'", "'psar1'", writer.construct(pv.AR1))),
    "fit_fixed_effects_ar1.autocorrelation": lambda writer: writer.construct(pv.AR1),
    "fit_random_effects_ar1.autocorrelation": lambda writer: writer.construct(pv.AR1),
    "rho": of("'regress'", "'dw'", "'tscorr'", "'theil'", "'nagar'", "'onestep'", "'freg'", "0.5"),
    "method": lambda writer: writer.rng.choice(
        ("'2sls'", "'liml'", "'fuller'", "'gmm'", *map(writer.construct, (pv.Fuller, pv.TwoStepGMM)))
    ),
    "fit_iv_random_effects.method": of("'g2sls'", "'ec2sls'"),
    "fit_hausman_taylor.method": of("'hausman-taylor'", "'amemiya-macurdy'", "'breusch-mizon-schmidt'"),
    "fit_restricted_var.method": of("'fgls'", "'ols'", "'ml'"),
    "variance_components": of(*map(repr, COMPONENTS)),
    "fit_iv_random_effects.variance_components": of(*map(repr, COMPONENTS[:4])),
    "entity": of("'i'"),
    "time": of("'t'"),
    "freq": of("1"),
    "Panel.data": _table,
    "PanelStream.data": of("frame", "[frame.head(40), frame.tail(len(frame) - 40)]"),
    "Panel.where.condition": lambda writer: writer.rng.choice(
        ("panel['t'] > panel['t'].min()", "panel['i'] == panel['i'].iloc[0]", f"frame[{writer.role('y')}] > 0")
    ),
    "Panel.to_frame.columns": lambda writer: writer.roles("y", "x1"),
    "Panel.describe.columns": lambda writer: writer.roles("y", "g"),
    "Panel.head.n": of("0", "3"),
    "lags": of("1", "1", "2"),
    "fit_fama_macbeth.lags": of("0", "1"),
    "cohort": of("'first'", "'first'", "None", "'g'"),
    "compare_methods.methods": of("('sun-abraham', 'callaway-santanna')", "('two-way', 'sun-abraham', 'imputation')"),
    "compare_methods.weights": of("None", "'w'"),
    "ComparedMethods.difference_test.first": of("'sun-abraham'"),
    "ComparedMethods.difference_test.second": of("'imputation'"),
    "EventStudyWeights.plot.since": of("0", "1", "-2"),
    "treatment": of("None", "None", "'on'"),
    "anticipation": of("0", "0", "1"),
    "trend_sensitivity.estimates": of("[0.1, -0.2, 0.1, 0.9, 1.2]", "np.arange(5.0)", "np.zeros(5)"),
    "trend_sensitivity.covariance": of("np.eye(5) + 0.5", "0.01 * np.eye(5)", "np.ones((5, 5))"),
    "trend_sensitivity.n_before": of("1", "2", "4"),
    "trend_sensitivity.of": of("None", "'average'", "[1, 0, -1]"),
    "sensitivity.of": of("None", "'average'", "1"),
    "sensitivity.bounds": of("None", "[0, 1.0]", "0.1"),
    "trend_sensitivity.bounds": of("None", "[0, 1.0]", "0.1"),
    "TreatmentEffects.aggregate.weights": of("'rows'", "'rows'", "'event'", "'cohort'"),
    "TreatmentEffects.within.window": of("(-2, 2)", "(0, 9)"),
    "fit_event_study.window": of("None", "None", "(-2, 2)"),
    "TreatmentEffects.aggregate.window": of("None", "None", "(-2, 2)"),
    "TreatmentEffects.plot.window": of("None", "(-2, 2)"),
    "fit_ardl_mean_group.lags": of("1", "(1, 0)", "'bic'", "'aic'"),
    "fit_pooled_mean_group.lags": of("1", "(1, 0)", "'bic'"),
    "westerlund_test.x": _few_regressors,
    "westerlund_test.leads": of("0", "0", "0", "1", "'aic'"),
    "johansen_fisher_test.x": _few_regressors,
    "saikkonen_luetkepohl_test.x": _few_regressors,
    "fit_var.lags": of("1", "1", "2", "'bic'", "'aic'"),
    # The last is an order that no member has rows for, as orders taken from elsewhere are.
    "fit_var_batch.lags": of("1", "1", "1", "1", "2", "2", "2", "'bic'", "'aic'", "100000"),
    "ips_test.lags": of("0", "0", "1"),
    "johansen_fisher_test.lags": of("1", "1", "2", "'aic'"),
    "saikkonen_luetkepohl_test.lags": of("1", "1", "2", "'bic'"),
    "saikkonen_luetkepohl_test.factors": of("0", "1", "None"),
    "westerlund_test.lags": of("0", "0", "1", "'aic'"),
    "leads": of("0", "1", "(0, 1)"),
    "fit_dols.leads": of("0", "0", "0", "1", "'bic'"),
    "fit_dols.lags": of("0", "0", "0", "1", "'bic'"),
    "max_leads": of("1"),
    "min_leads": of("0", "1"),
    "fit_dols.max_lags": of("1"),
    "fit_fmols.method": of(*COINTEGRATING),
    "fit_dols.method": of(*COINTEGRATING),
    "fit_ccr.method": of(*COINTEGRATING),
    "fit_dols.cov": of("None", "'estimated'", "'sandwich'", "'kernel'"),
    "fit_fmols.cov": of("None", "'estimated'", "'sandwich'"),
    "fit_ccr.cov": of("None", "'estimated'", "'sandwich'"),
    "predetermined": _beside,
    "fit_arellano_bond.endogenous": _beside,
    "fit_blundell_bond.endogenous": _beside,
    "fit_arellano_bond.instruments": _lag_instruments,
    "fit_blundell_bond.instruments": _lag_instruments,
    "fit_arellano_bond.cov": _dynamic_covariance,
    "fit_blundell_bond.cov": _dynamic_covariance,
    "fit_anderson_hsiao.cov": of("None", "'robust'", "'classical'", "pv.Clustered('entity')"),
    "fit_arellano_bond.steps": of("1", "2", "'iterated'", "'cu'"),
    "fit_blundell_bond.steps": of("1", "2", "'iterated'", "'cu'"),
    "fit_bias_corrected_moments.cov": of("'robust'", "pv.Clustered('i')", "pv.Clustered('entity')"),
    "fit_lsdvc.lags": of("1"),
    "fit_lsdvc.initial": of("'ah'", "'ab'", "'bb'", "[0.5]", "[0.4, 1.0]"),
    "fit_lsdvc.convention": of("'default'"),  # the other depends on units, as it does in Stata
    "fit_lsdvc.sigma2": of("None", "None", "1.0"),
    "fit_lsdvc.order": of("1", "2", "3"),
    "fit_lsdvc.draws": of("0", "3"),
    "LagInstruments.columns": lambda writer: writer.roles("y", "x1"),
    "LagInstruments.first": of("1", "2"),
    "LagInstruments.last": of("2", "3"),
    "StandardInstruments.columns": lambda writer: writer.roles("x1"),
    "DynamicPanelResult.ar_test.order": of("1", "2"),
    "subset": _subset,
    "nonlinear": of("None", "None", "'noserial'", "'iid'"),
    "hqic": of("2.1", "3.0"),
    "max_order": of("None", "1", "2", "3"),
    "regressor_trend": of("None", "None", "'ct'"),
    "adf_test.lags": of("0", "1", "'aic'", "'t-stat'"),
    "dfgls_test.lags": of("0", "1", "'bic'"),
    "serial_lm_test.lags": of("1", "2"),
    "portmanteau_test.lags": of("3", "6"),
    "DriscollKraay.lags": of("0", "1", "2"),
    "PanelNeweyWest.lags": of("0", "1", "2"),
    "max_lags": of("2", "3"),
    "min_lags": of("0", "1"),
    "select_lags.min_lags": of("0", "1"),
    "short_run": lambda writer: writer.roles("x3"),
    "common": lambda writer: repr(f"D({writer.names['x1']})"),
    "start": lambda writer: repr({writer.names[role]: 1.0 for role in ("x1", "x2")}),
    "max_iterations": of("1", "50"),
    "fit_pooled_mean_group.max_iterations": of("30", "300"),
    "tolerance": of("1e-6", "1e-8"),
    "min_rows": of("8", "9"),
    "order": of("1", "2"),
    "compare.order": lambda writer: writer.roles("x2"),
    "factors": of("1", "2"),
    "panel_unit_root_table.columns": lambda writer: writer.roles("x1", "y"),
    "panel_unit_root_table.tests": of("'llc'", "['ips', 'hadri']", "('cips', 'panic')", "['fisher-adf', 'breitung']"),
    "panel_unit_root_table.differences": of("0", "1", "(0, 1)", "(1, 2)"),
    "panel_unit_root_table.trend": of("'c'", "'ct'", "('ct', 'c')"),
    "panel_cointegration_table.tests": of("'pedroni'", "['kao', 'westerlund']", "'westerlund-ratio'"),
    "PanelTestTable.result.test": of("'llc'", "'ips'", "'hadri'", "'pedroni'", "'kao'"),
    "PanelTestTable.result.subject": lambda writer: writer.rng.choice(("None", writer.role("x1", "y"))),
    "PanelTestTable.result.form": of("None", "'level'", "'difference'"),
    "fit_panel_var.columns": lambda writer: writer.roles("y", "x1"),
    "fit_panel_var.method": of(
        "'within'",
        "'hahn-kuersteiner'",
        "'half-panel-jackknife'",
        "'corrected-moments'",
        "'mean-group'",
        "'pooled'",
        "'gmm'",
    ),
    "fit_panel_var.instruments": lambda writer: (
        f"pv.LagInstruments(last={writer.rng.choice((2, 3))}, collapse={writer.rng.random() < 0.7})"
    ),
    "fit_panel_var.steps": of("1", "2", "2", "'iterated'"),
    "fit_panel_var.exogenous": lambda writer: writer.roles("x2"),
    "fit_var_batch.exogenous": lambda writer: writer.roles("x2"),
    "describe_data.name": of(*map(repr, pv.load_data().names)),
    "fit_panel_var.cov": of("'cluster'", "'classical'", "'HC1'", "'driscoll-kraay'", "pv.Clustered('entity', 'time')"),
    "PanelVarResult.with_cov.cov": of("'cluster'", "'classical'", "'HC3'", "'newey-west'", "pv.Clustered('time')"),
    "panic_test.factors": of("0", "1", "2"),
    "cross_section_exponent.column": lambda writer: writer.role("x1", "y"),
    "cross_section_exponent.method": of("'averages'", "'correlations'"),
    "size": of("0.1", "0.05"),
    "tuning": of("0.5", "0.25"),
    "criterion": of("'BIC3'", "'IC2'", "'GR'"),
    "max_factors": of("1", "2"),
    "restriction": lambda writer: writer.restriction(RESTRICTIONS),
    "restrictions": lambda writer: writer.restriction(RESTRICTIONS),
    "fit_restricted_var.restrictions": _zeros,
    "values": of("0.5", "[0.0]"),
    "Panel.arrange.values": of("np.arange(len(frame)) * 1.0", "frame['t']"),
    "fit_many.fit": of("pv.fit_pooled", "pv.fit_fixed_effects", "pv.fit_between"),
    "fit_many.steps": of("None", "'cumulative'", "'separate'", "'cumulative from none'"),
    "fit_many.by": lambda writer: writer.rng.choice(("None", "None", writer.role("g"), "'time'")),
    "fit_many.whole": of("False", "True"),
    "fit_many.always": lambda writer: writer.rng.choice(("()", writer.role("x3"))),
    "fit_many.labels": of("None"),
    "fit_many.options": of("None", "{'cov': 'HC1'}", "{'cov': 'classical'}"),
    "fit_panel_batch.fit": of("pv.fit_pooled", "pv.fit_fixed_effects", "pv.fit_random_effects", "pv.fit_between"),
    "fit_panel_batch.columns": of("None"),
    "fit_panel_batch.options": of("None", "{'cov': 'HC1'}", "{'cov': 'cluster'}", "{'effects': 'time'}"),
    "expressions": lambda writer: writer.restriction(FUNCTIONS),
    "terms": lambda writer: writer.roles("x1", "x2"),
    "above": of("None", "0"),
    "below": of("None", "0"),
    "marginal_effects.variables": lambda writer: writer.rng.choice(
        ("None", writer.role("x1", "x2"), writer.roles("x1"))
    ),
    "marginal_effects.at": lambda writer: writer.rng.choice(
        ("None", "'mean'", f"{{{writer.role('x1')}: [0.5, 1]}}", f"{{{writer.role('x2')}: 'mean'}}")
    ),
    "marginal_effects.over": lambda writer: writer.rng.choice(("None", "'entity'", "'time'", writer.role("g"))),
    "marginal_effects.lags": of("False", "False", "True"),
    "marginal_effects.elasticity": of("None", "None", "'eyex'", "'dyex'", "'eydx'"),
    "adjusted_predictions.variables": lambda writer: writer.rng.choice(("None", "None", writer.role("x1", "x2"))),
    "adjusted_predictions.at": lambda writer: writer.rng.choice(
        ("None", "'mean'", f"{{{writer.role('x1')}: [0.5, 1]}}", f"{{{writer.role('x2')}: 'mean'}}")
    ),
    "adjusted_predictions.over": lambda writer: writer.rng.choice(("None", "'entity'", "'time'", writer.role("g"))),
    "expression": lambda writer: writer.restriction(COMBINATIONS),
    "draws": of("19", "29"),
    "bias_draws": of("9"),
    "DeltaMethod.draws": of("200"),
    "models": of("5", "20"),
    "tries": of("20", "50"),
    "starts": of("2", "3"),
    "AR1.starts": of("'keep'", "'drop'"),
    "seed": of("1", "7"),
    "level": of("0.95", "0.9", "0.5"),
    "conf_int.of": lambda writer: repr(writer.rng.choice(writer.coefficients())),
    "conf_int.level": of("0.95", "0.9", "(0.68, 0.95)"),
    "predict_interval.level": of("0.95", "(0.68, 0.95)"),
    "plot_rolling.level": of("0.95", "(0.68, 0.95)"),
    "horizon": of("0", "3", "8"),
    "fit_panel_local_projections.horizon": of("1", "2", "3"),
    "steps": of("1", "4"),
    "target_horizon": of("3"),
    "periods": of("0", "1"),
    "simulate.periods": of("5", "20"),
    "columns": lambda writer: repr(writer.some(writer.variables, 9)),
    "System.names": lambda writer: repr(writer.variables),
    "TestResult.name": of("'A test'"),
    "Math.source": of("'beta_1'", "'x^2'"),
    "name": lambda writer: writer.role("x1", "y"),
    "Convention.name": of("'mine'"),
    "VarConvention.name": of("'mine'"),
    "UnitRootResult.name": of("'A test'"),
    "WildBootstrapResult.name": of("'A test'"),
    "fit_var_batch.columns": lambda writer: writer.roles("y", "x1"),
    "engle_granger_test.y": lambda writer: repr(writer.variables[0]),
    "engle_granger_test.x": lambda writer: repr(writer.some(writer.variables[1:], 9)),
    "column": lambda writer: writer.role("x1", "y"),
    "adf_test.column": of("None"),
    "dfgls_test.column": of("None"),
    "kpss_test.column": of("None"),
    "phillips_perron_test.column": of("None"),
    "unit_root_table.column": of("None"),
    "unit_root_table.tests": of("'adf'", "['adf', 'kpss']", "('pp',)", "'dfgls'"),
    "k": of("1", "2", "1.0"),
    "KClass.k": of("0.0", "0.5", "1.0"),
    "panel_order": of("True", "False"),
    "Panel.with_columns.columns": of("np.arange(len(frame)) * 1.0", "frame['t']"),
    "exogenous": of("np.arange(len(series)) % 5 * 1.0", "np.sin(np.arange(len(series)))"),
    "seasons": of("0", "4"),
    "exogenous_lags": of("0", "1"),
    "integration": of("0", "1"),
    "differences": of("0", "1"),
    "hadri_test.bandwidth": of("'newey-west'", "2", "1"),
    "kao_test.bandwidth": of("'newey-west'", "2", "'andrews'"),
    "pedroni_test.bandwidth": of("'newey-west'", "2", "'andrews'"),
    "bandwidth": of("'newey-west'", "'short'", "'andrews'", "2", "1.5"),
    "rank": of("1", "0", "1"),
    "bootstrap": lambda writer: writer.construct(pv.PanelBootstrap),
    "johansen_test.bootstrap": lambda writer: writer.bands("Recursive"),
    "normalise": lambda writer: writer.variable(),
    "ordering": lambda writer: repr(writer.some(writer.variables, 9)),
    "identification": lambda writer: writer.identification(("cholesky", "reduced_form", "generalised", "long_run")),
    "fit_svar.identification": lambda writer: writer.construct(pv.ShortRun),
    "instrument_relevance_test.identification": lambda writer: writer.construct(pv.ExternalInstrument),
    "bands": lambda writer: writer.bands("BandSource"),
    "fit_local_projections.bands": lambda writer: writer.construct(
        pv.DeltaMethod if writer.rng.random() < 0.7 else pv.RecursiveWildBootstrap
    ),
    "fit_panel_local_projections.bands": lambda writer: writer.construct(pv.DeltaMethod),
    "series": of(
        "series.iloc[:, 0] * 0.5 + np.sin(np.arange(len(series)))",
        "pd.Series(np.cos(np.arange(len(series))), series.index, name='z')",
    ),
    "variable": lambda writer: writer.variable(),
    "shock": of("None"),
    "ExternalInstrument.shock": of("'money'"),
    "fit_panel_local_projections.shock": lambda writer: writer.role("x1"),
    "fit_local_projections.shock": lambda writer: writer.rng.choice(
        (writer.variable(), "np.sin(np.arange(len(series)))")
    ),
    "shocks": of("None"),
    "matrix": _matrix,
    "a": of("None"),
    "b": _pattern,
    "long_run": _pattern,
    "fit_ardl_mean_group.long_run": of("'average'", "'ratio'"),
    "signs": _signs,
    "zero": of("()"),
    "coefficients": lambda writer: f"[{_matrix(writer)}]",
    "intercept": lambda writer: repr([0.5] * len(writer.variables)),
    "trend_slopes": lambda writer: repr([0.1] * len(writer.variables)),
    "sigma": lambda writer: f"np.eye({len(writer.variables)}) + 0.2",
    "hausman_test.consistent": _model,
    "hausman_test.efficient": _rival,
    "hausman_test.sigma": of("'own'", "'efficient'", "'consistent'"),
    "VarConvention.sigma": of("'df'", "'ml'"),
    "of": lambda writer: writer.variable(),
    "equation": lambda writer: writer.variable(),
    "equations": lambda writer: writer.variable(),
    "variables": lambda writer: writer.variable(),
    "caused": lambda writer: repr(writer.rng.choice(writer.variables[:-1])),
    "causing": lambda writer: repr(writer.variables[-1]),
    "first": lambda writer: writer.variable(),
    "second": lambda writer: writer.variable(),
    "panel_granger_test.caused": lambda writer: writer.role("y"),
    "panel_granger_test.causing": lambda writer: writer.role("x1"),
    "conditions": _conditions,
    "forecast.exogenous": of("None"),
    "errors": of("True", "False"),
    "simulate.errors": of("None"),
    "llc_test.bandwidth": of("'levin-lin-chu'", "'andrews'", "3"),
    "hadri_test.errors": of("'homoskedastic'", "'heteroskedastic'", "'serial'"),
    "initial": of("None"),
    "beta": _long_run,
    "alpha": lambda writer: repr(f"{written(writer.variables[0])} = 0"),
    "Fuller.alpha": of("1.0", "4.0"),
    "known": lambda writer: repr({writer.variables[0]: 1}),
    "label": of("'tab:one'"),
    "save.label": of("None"),
    "save_tables.path": lambda writer: repr(
        str(Path(gettempdir(), f"fuzzed.{writer.rng.choice(('tex', 'html', 'md', 'txt'))}"))
    ),
    "save_tables.tables": lambda writer: f"{{'Table 1': {writer.result(pv.LinearResult, 'compare')}}}",
    "save_tables.labels": of("()"),
    "to_latex.width": of("345.0", "470", "246"),
    "save.path": lambda writer: repr(
        str(Path(gettempdir(), f"fuzzed.{writer.rng.choice(('tex', 'csv', 'html', 'md'))}"))
    ),
    "VarBatch.member.label": _member,
    "PanelBatch.member.label": of("0", "1"),
    "digits": of("2", "4"),
    "width": of("80", "120", "40"),
    "stars": of("(0.1, 0.05, 0.01)", "()"),
    "compare.stars": of("False", "(0.05,)", "{'+': 0.1, '*': 0.05}"),
    "compare.below": of("'tstats'", "('std_errors', 'pvalues')", "'conf_int'", "'none'"),
    "compare.drop": lambda writer: writer.roles("x2"),
    "HistoricalDecomposition.summary.first": of("None"),
    "HistoricalDecomposition.summary.last": of("None"),
    "VarBatch.summary.rows": of("None", "2", "20"),
    "FrameTable.summary.rows": of("None", "2", "60"),
    "compare.rows": of("None", "{'Rows': lambda result: result.nobs}"),
    "compare.stack": of("False"),
    "compare.notes": of("()", "'A <b>note</b> & more'"),
    "compare.warnings": of("True", "False"),
    "compare.estimators": of("True", "False"),
    "results": lambda writer: writer.result(pv.LinearResult, "compare"),
    "more": lambda writer: writer.result(pv.LinearResult, "compare"),
    "keep": lambda writer: writer.roles("x1"),
    "labels": lambda writer: repr({writer.names["x1"]: "First & <b>"}),
    "foot": of("('nobs',)", "('rsquared', 'f')", "()"),
    "title": of("'A <b>title</b> & more'"),
    "overlay": of("None"),
    "options": of("None"),
    "past": of("3", "10"),
    "controls": lambda writer: writer.roles("x2"),
    "fit_local_projections.state": of("None", "(series.iloc[:, 0] > 0.0).astype(float)"),
    "state": lambda writer: writer.role("s"),
    "shock_lags": of("0", "1"),
    "control_lags": of("0", "1"),
    "window": of("30", "25", "18", "18"),
    "mosum_test.window": of("0.15", "0.3"),
    "threshold": of("2.0", "0.5"),
    "regressors": lambda writer: writer.roles("x1"),
    "block_length": of("4"),
    "PanelBootstrap.scheme": of("'signs'", "'signs'", "'blocks'", "None"),
    "PanelBootstrap.block_length": of("None"),
    **dict.fromkeys(("TestResult.statistic", "UnitRootResult.statistic", "WildBootstrapResult.statistic"), of("1.5")),
    "saikkonen_luetkepohl_test.statistic": of("'Z'", "'cain'", "'P'", "'hartung'", "'lr-bar'"),
    "johansen_fisher_test.statistic": of("'P'", "'Z'", "'Pm'", "'L*'", "'lr-bar'"),
    "fisher_test.statistic": of("'Z'", "'P'", "'Pm'", "'L*'", "'hartung'"),
    "combine_pvalues.statistic": of("'Z'", "'P'", "'hartung'", "'simes'"),
    "combine_pvalues.pvalues": of(
        "[0.2, 0.04, 0.7]", "{'a': 0.1, 'b': 0.9}", "pd.Series([0.3, 0.6, 0.02])", "[0.0, 1]"
    ),
    "phillips_perron_test.statistic": of("'tau'", "'rho'"),
    "JohansenResult.chosen_rank.statistic": of("'trace'", "'max'"),
    "pvalue": of("0.25"),
    "distribution": of("'chi2'", "'f'", "'t'", "'normal'", "'none'"),
    "fit_local_projections.distribution": of("'normal'", "'t'"),
    "df": of("None", "2"),
    "BiasReduced.df": of("'satterthwaite'", "'groups'"),
    "df_denominator": of("None", "10.0"),
    "notes": of("()", "(pv.Note('a', 'A note.'),)"),
    "confidence_set": of("()", "((0.0, 1.0),)"),
    "critical_values": of("{0.05: -2.9}"),
    "source": of("'doornik'", "'mackinnon-haug-michelis'", "'osterwald-lenum'"),
    "effect": of("'i'", "'t'"),
    "code": of("'a-code'"),
    "text": of("'A text.'"),
    "null": of("'nothing'"),
    "wooldridge_difference_test.null": of("'levels'", "'differences'"),
    "centred": of("('jarque-bera',)"),
}
"""Parameter, or call and parameter, to what writes its value."""

NEAR: dict[str, tuple[str, ...]] = {
    "y": ("['y']", "'yy'", "'x1'", "'g'", "'f1'", "'w'", "0"),
    "x": (
        "['x1', 'x1']",
        "['y']",
        "['g']",
        "['x1', 'nosuch']",
        "[]",
        "['f1']",
        "['x1', 'x2', 'x3', 'z1', 'z2', 'f1', 'f2', 's', 'w']",
    ),
    "endogenous": ("['x1']", "[]", "['x2', 'x3', 'z1']", "['y']"),
    "instruments": ("[]", "['x1']", "['x2']", "['f1']", "['g']"),
    "lags": ("0", "-1", "1000", "'BIC'", "1.5", "(1, 2, 3, 4)", "[1]", "100000"),
    "horizon": ("-1", "100000", "10**8", "2.0"),
    "draws": ("0", "1", "-1", "1.5"),
    "level": ("0.05", "1.0", "1.5", "95", "0.4999"),
    "steps": ("0", "-1", "2.0"),
    "columns": ("[]", "['a']", "['v0', 'v0']", "'v0'"),
    "weights": ("[[1.0], [1.0, 2.0]]", "'g'", "'y'", "np.ones(3)", "-1.0"),
    "cov": (
        "'HC9'",
        "'hc1'",
        "'nw'",
        "'cluster '",
        "pv.Clustered('nosuch')",
        "pv.Clustered('g', 'entity', 'time')",
        "pv.DriscollKraay(lags=99)",
    ),
    "data": (
        "frame",
        "series",
        "panel",
        "frame.iloc[:0]",
        "{}",
        "series.to_numpy()",
        "frame.to_dict('list')",
        "pd.DataFrame()",
        "np.ones((30, 2))",
        "np.ones((0, 2))",
    ),
    "effects": ("'both'", "['entity', 'entity']", "'nosuch'", "'y'", "[]", "'entity[nosuch]'", "'x1'"),
    "restrictions": (
        "'nosuch = 0'",
        "'x1 = = 2'",
        "np.zeros((1, 2))",
        "np.ones((1, 9))",
        "''",
        "'0 = 1'",
        "{'x1': float('nan')}",
    ),
    "restriction": ("'nosuch'", "np.zeros((1, 2))", "''", "['x1', 'x1']", "{'x1': 1e300}"),
    "expression": ("'nosuch'", "'x1 = 0'", "''", "'x1 +'", "'1/0*x1'", "'x1**2'", "'9' * 400 + '*x1'"),
    "conditions": ("pd.DataFrame({'q': [1.0]})", "np.full((2, 2), np.nan)", "np.ones((3, 9))", "pd.DataFrame()"),
    "coefficients": (
        "np.ones((2, 3))",
        "np.full((1, 2, 2), np.nan)",
        "np.eye(2) * 1e200",
        "np.zeros((0, 2, 2))",
        "'ab'",
    ),
    "sigma": (
        "np.zeros((2, 2))",
        "-np.eye(2)",
        "np.array([[1.0, 2.0], [2.0, 1.0]])",
        "np.ones((2, 2))",
        "np.eye(2) * 1e-300",
    ),
    "signs": ("{}", "{('v0', 's1'): '?'}", "{('v0', 's1'): '+', ('v0', 's2'): 0}", "{'v0': '+'}"),
    "b": ("np.zeros((2, 2))", "np.eye(2)", "np.full((2, 2), np.nan)", "np.ones((3, 2))", "[['E', 0], ['E', 'E']]"),
    "matrix": ("np.zeros((2, 2))", "np.ones((2, 2))", "np.eye(3)", "np.full((2, 2), np.nan)"),
    "window": ("2", "1000", "0", "5"),
    "width": ("10", "0", "10**6"),
    "by": ("'nosuch'", "'g'", "np.ones(3)", "np.arange(len(frame))"),
    "cluster": ("'nosuch'", "np.zeros(len(frame))", "[]", "np.arange(len(frame))"),
    "rank": ("-1", "5", "0", "2"),
    **dict.fromkeys(("name", "title", "text", "null"), (r"'\ud800'", "'x' * 3000", "''", "7", "'<b>'")),
    "periods": ("0", "-1", "10**9", "10**8", "10**8"),
}
"""What is nearly right for a parameter of this name, and is not, or hardly."""

"""R plm (and clubSandwich): fits, covariances and tests on Grunfeld's balanced panel and Arellano and Bond's gappy one.

Everything is claimed under ``convention="plm"``. Where a number needs one choice more, it is an explicit argument or
one changed field: ``random_distribution="t"`` turns the Wald statistic of random effects into plm's F,
``transformed_total="mean"`` its R2 into plm's ``type = "rss"``.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache, partial

import numpy as np
import pandas as pd
from parity.panels import MODELS, UNBALANCED, answered
from parity.runner import Case, Comparison, Exclusion
from reference_data import table

import panelvar as pv
from panelvar.core.base.distributions import chi2_tail, f_tail
from panelvar.estimates.fit.presets import as_convention

NAMES = {"(Intercept)": "const"}
PLM = as_convention("plm")

FITS = {
    "pooling": partial(pv.fit_pooled),
    "between_individual": partial(pv.fit_between, effects="entity"),
    "between_time": partial(pv.fit_between, effects="time"),
    "within_individual": partial(pv.fit_fixed_effects, effects="entity"),
    "within_time": partial(pv.fit_fixed_effects, effects="time"),
    "within_twoways": partial(pv.fit_fixed_effects, effects="twoway"),
    "fd": partial(pv.fit_first_difference),
    "fd_nointercept": partial(pv.fit_first_difference, constant=False),
    "random_individual_swar": partial(pv.fit_random_effects, effects="entity"),
    "random_time_swar": partial(pv.fit_random_effects, effects="time"),
    "random_time_walhus": partial(pv.fit_random_effects, effects="time", variance_components="wallace-hussain"),
    "random_time_amemiya": partial(pv.fit_random_effects, effects="time", variance_components="amemiya"),
    "random_time_nerlove": partial(pv.fit_random_effects, effects="time", variance_components="nerlove"),
    "random_individual_walhus": partial(pv.fit_random_effects, variance_components="wallace-hussain"),
    "random_individual_amemiya": partial(pv.fit_random_effects, variance_components="amemiya"),
    "random_individual_nerlove": partial(pv.fit_random_effects, variance_components="nerlove"),
    "random_twoways_swar": partial(pv.fit_random_effects, effects="twoway"),
    "random_twoways_walhus": partial(pv.fit_random_effects, effects="twoway", variance_components="wallace-hussain"),
    "random_twoways_amemiya": partial(pv.fit_random_effects, effects="twoway", variance_components="amemiya"),
}


@cache
def fit(data: str, model: str, convention: pv.Convention = PLM) -> pv.LinearResult:
    """The model as plm names it; the warnings (few clusters, negative variance) are tested elsewhere."""
    panel = pv.Panel(table(data), "firm", "year")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return FITS[model](panel, *MODELS[data], convention=convention)


@cache
def robust(data: str, model: str, cov: object) -> pv.LinearResult:
    """The same fit under another covariance."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return fit(data, model).with_cov(cov)


def slope_cov(result: pv.LinearResult, model: str) -> pd.DataFrame:
    """The covariance as plm stores it: fixed effects have no constant."""
    return result.cov.iloc[1:, 1:] if model.startswith("within") else result.cov


def wald(result: pv.LinearResult, name: str) -> dict:
    """Statistic, parameters and p-value of the slopes' joint test, as R's htest."""
    test = result.f_slopes
    if name == "F":
        assert test.distribution == "f"
        parameter = {"df1": test.df, "df2": test.df_denominator}
        return {"statistic": {"F": test.statistic}, "parameter": parameter, "p.value": test.pvalue}
    if test.distribution == "chi2":
        return {"statistic": {"Chisq": test.statistic}, "parameter": {"df": test.df}, "p.value": test.pvalue}
    statistic = test.df * test.statistic
    pvalue = chi2_tail(statistic, test.df)
    return {"statistic": {"Chisq": statistic}, "parameter": {"df": test.df}, "p.value": pvalue}


def explained_share(data: str, model: str) -> float:
    """plm's ``type = "ess"``: variance of the transformed fit over that of the transformed dependent variable."""
    result = fit(data, model)
    if model.startswith("within"):
        f = result.f_slopes
        return f.statistic * f.df * result.sigma2 / result.tss
    fitted, resids = result.fitted_values, result.resids
    if model.startswith("random"):
        rows, z = result.fit.rows, result.fit.constant_column
        resids = result.fit.transformed_residuals
        fitted = rows.column(rows.n_columns - 1) + z * result.fit.centre[-1] - resids
    return float(fitted.var() / (fitted + resids).var())


def first_level_effects(data: str, dimension: str) -> dict:
    """plm's two-way effects of one dimension on a balanced panel: at the first level of the other one."""
    effects = fit(data, "within_twoways").estimated_effects()
    other = "year" if dimension == "firm" else "firm"
    return series(effects.loc[dimension, "level"] + effects.loc[other, "deviation"].iloc[0])


def series(values: pd.Series) -> dict:
    """Keys as text, as JSON has them."""
    return {str(label): value for label, value in values.items()}


def ercomp(data: str, model: str) -> dict:
    """Variances and theta; one theta if all are equal, else the distinct ones."""
    components = fit(data, model).variance_components
    if "twoways" in model:
        return twoway_ercomp(fit(data, model))
    dimension = "time" if "time" in model else "id"
    distinct = np.unique(components.theta.round(13))
    theta = distinct[0] if len(distinct) == 1 else {"distinct_sorted": distinct}
    return {"sigma2": {"idios": components.idiosyncratic, dimension: components.effect}, "theta": theta}


def twoway_ercomp(result: pv.LinearResult) -> dict:
    """Three variances, and the one-way theta of each level."""
    names = dict(zip(("id", "time"), result.variance_components.dimensions, strict=True))
    theta = {}
    for name, each in names.items():
        equal = np.ptp(each.theta) < 1e-14
        labels = result._design.entity_labels if name == "id" else result._design.time_labels
        theta[name] = each.theta[0] if equal else series(pd.Series(each.theta, index=labels))
    variances = {name: each.variance for name, each in names.items()}
    return {"sigma2": {"idios": result.variance_components.idiosyncratic, **variances}, "theta": theta}


def fit_comparisons(data: str) -> list[Comparison]:
    """Every number of ``DATA_plm_fits.json`` that this version estimates."""
    out = []
    for model in FITS:
        result = partial(fit, data, model)

        def add(path, computed, *rest, model=model):
            if not (data in UNBALANCED and "random_twoways" in model and path in WITHOUT_ERROR_VARIANCE):
                out.append(Comparison(f"{model}/{path}", computed, *rest))

        add("coef", lambda r=result: r().params)
        add("se", lambda r=result: r().std_errors)
        add("stat", lambda r=result: r().tstats)
        add("p", lambda r=result: r().pvalues)
        add("vcov", lambda r=result, m=model: slope_cov(r(), m))
        add("df_residual", lambda r=result: r().df_resid)
        add("nobs", lambda r=result: r().nobs)
        add("rss", lambda r=result: r().rss)
        add("sigma2_rss_over_dfresid", lambda r=result: r().sigma2)
        add("r2_summary", lambda r=result: {"rsq": r().rsquared, "adjrsq": r().rsquared_adjusted})
        add("r2_cor", lambda r=result: r().rsquared_table.transformed)
        about_mean = PLM.but(transformed_total="mean", transformed_kind="residual")
        if model == "fd_nointercept":
            add("r2_rss", lambda r=result: 1.0 - r().rss / ((r().fitted_values + r().resids).var() * (r().nobs - 1)))
        elif model != "fd":
            add("r2_rss", lambda d=data, m=model, c=about_mean: fit(d, m, c).rsquared_table.transformed)
        add("r2_ess", lambda d=data, m=model: explained_share(d, m))
        with_t = PLM.but(random_distribution="t")
        add("wald_F", lambda d=data, m=model, c=with_t: wald(fit(d, m, c), "F"))
        add("wald_chisq", lambda r=result: wald(r(), "Chisq"))
        if model.startswith("within"):
            constant = {"value": "params", "se": "std_errors"}
            add("within_intercept", lambda r=result, c=constant: {k: getattr(r(), v)["const"] for k, v in c.items()})
        if model in ("within_individual", "within_time"):
            add("fixef_level", lambda r=result: series(r().estimated_effects()["level"]))
            add("fixef_level_se", lambda r=result: series(r().estimated_effects()["std_error"]))
        if model == "within_twoways" and data not in UNBALANCED:
            add("fixef_level_individual", lambda d=data: first_level_effects(d, "firm"))
            add("fixef_level_time", lambda d=data: first_level_effects(d, "year"))
        if model.startswith("random"):
            add("ercomp", lambda d=data, m=model: ercomp(d, m))
        if model == "random_individual_swar":
            add("ranef", lambda r=result: series(r().estimated_effects()["effect"]))
    return out


COV_MODELS = (
    *("pooling", "within_individual", "within_time", "within_twoways", "random_individual_swar", "fd"),
    "random_twoways_swar",
)
TYPES = ("HC0", "HC1", "HC2", "HC3", "HC4")
LAGS = {"grunfeld": 5, "empluk": 3}
STATA_LIKE = {"group_factor": True, "dof_factor": "(n-1)/(n-k)"}


def cov_comparisons(data: str) -> list[Comparison]:
    """Every number of ``DATA_plm_cov.json`` that this version estimates."""
    out = []
    for model in COV_MODELS:
        if data in UNBALANCED and model == "random_twoways_swar":
            continue

        def add(path, cov, what=lambda r, m: r.std_errors, model=model):
            out.append(Comparison(f"{model}/{path}", lambda: what(robust(data, model, cov), model)))

        # With every row a cluster of its own sss is G/(G-1) (n-1)/(n-k) with G = n: HC1.
        for path, kind in [(kind, kind) for kind in TYPES] + [("sss", "HC1")]:
            if (model, path) != ("fd", "HC1"):
                add(f"vcovHC_white1/{path}", pv.HC(kind))
        for name, by in (
            ("vcovHC_arellano_group", ("entity",)),
            ("vcovHC_arellano_time", ("time",)),
            ("vcovDC", ("entity", "time")),
        ):
            for kind in TYPES:
                if (model, kind) != ("fd", "HC1"):
                    add(f"{name}/{kind}", pv.Clustered(*by, residuals=kind))
            add(f"{name}/sss", pv.Clustered(*by, **STATA_LIKE))
        for lags in range(LAGS.get(data, 3)):
            for kind, cov in (
                ("HC0", pv.DriscollKraay(lags)),
                ("HC1", pv.DriscollKraay(lags, residuals="HC1")),
                ("sss", pv.DriscollKraay(lags, factor="T/(T-1)*(n-1)/(n-k)")),
            ):
                if (model, kind) != ("fd", "HC1"):
                    add(f"vcovSCC/maxlag{lags}/{kind}", cov)
            if lags < 4:
                add(f"vcovNW/maxlag{lags}/HC0", pv.PanelNeweyWest(lags))
        add("vcovSCC/default_maxlag/HC0", "driscoll-kraay")
        # One error variance an entity is what vcovBK(diagonal = TRUE) has, too; sss with G = n is HC1.
        for path, kind in [(kind, kind) for kind in TYPES] + [("sss", "HC1")]:
            if (model, path) != ("fd", "HC1"):
                add(f"vcovHC_white2/{path}", pv.PanelCorrected(diagonal=True, residuals=kind))
        for kind in TYPES[:4]:
            for name, cluster in (("time", "time"), ("group", "entity")):
                if data in UNBALANCED and name == "group":
                    continue
                add(f"vcovBK_{name}/{kind}", pv.PanelCorrected(cluster=cluster, residuals=kind))
                add(f"vcovBK_{name}_diagonal/{kind}", pv.PanelCorrected(cluster=cluster, diagonal=True, residuals=kind))
        for name, cov in (
            ("BK_time_HC0", "pcse"),
            ("SCC_maxlag2_HC0", pv.DriscollKraay(2)),
            ("HC_white1_HC0", pv.HC("HC0")),
            ("HC_arellano_group_sss", pv.Clustered("entity", **STATA_LIKE)),
            ("DC_HC0", pv.Clustered("entity", "time")),
        ):
            add(f"full_vcov/vcov{name}", cov, lambda r, m: {"se": r.std_errors.fillna(0.0), "vcov": slope_cov(r, m)})
        if model in ("pooling", "within_individual", "within_twoways", "random_individual_swar"):
            for cluster in ("individual", "time"):
                if (model, cluster) == ("random_individual_swar", "time"):
                    continue
                by = {"individual": "entity", "time": "time"}[cluster]
                for kind in ("CR0", "CR1", "CR1p", "CR1S", "CR2", "CR3"):
                    add(
                        f"clubSandwich_{cluster}/{kind}",
                        pv.BiasReduced(by, kind=kind),
                        lambda r, m: {"se": r.std_errors, "df_satterthwaite": r.df_coefficients},
                    )
        for name in ("F", "chisq"):
            add(f"pwaldtest_{name}_arellano_HC0", pv.Clustered("entity"), lambda r, m, n=name: arellano_wald(r, n))
    return out


def arellano_wald(result: pv.LinearResult, name: str) -> dict:
    """plm's robust Wald tests; its F has G - 1 denominator degrees of freedom."""
    test = result.f_slopes
    statistic = test.statistic if test.distribution == "chi2" else test.df * test.statistic
    if name == "chisq":
        pvalue = chi2_tail(statistic, test.df)
        return {"statistic": {"Chisq": statistic}, "parameter": {"df": test.df}, "p.value": pvalue}
    groups = result.n_entities - 1
    pvalue = f_tail(statistic / test.df, test.df, groups)
    return {"statistic": {"F": statistic / test.df}, "parameter": {"df1": test.df, "df2": groups}, "p.value": pvalue}


def htest(name: str, run: Callable[..., pv.TestResult], result: pv.LinearResult, *more, **options) -> dict:
    """A test as R's htest; what it warns of is tested elsewhere."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        test = run(result, *more, **options)
    parameter = {"df": test.df, "df1": test.df, "df2": test.df_denominator}
    return {"statistic": {name: test.statistic}, "parameter": parameter, "p.value": test.pvalue}


def poolability(result: pv.LinearResult) -> dict:
    """The result's own F against pooled OLS."""
    test = result.f_poolability
    parameter = {"df1": test.df, "df2": test.df_denominator}
    return {"statistic": {"F": test.statistic}, "parameter": parameter, "p.value": test.pvalue}


def hausman_test(consistent: pv.LinearResult, efficient: pv.LinearResult) -> dict:
    """The matrix form."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        test = pv.hausman_test(consistent, efficient)
    return {"statistic": {"chisq": test.statistic}, "parameter": {"df": test.df}, "p.value": test.pvalue}


EFFECTS = {"individual": "entity", "time": "time", "twoways": "twoway"}
MULTIPLIERS = {"bp": "breusch-pagan", "honda": "honda", "kw": "king-wu", "ghm": "gourieroux-holly-monfort"}
DEPENDENCE = {"cd": "cd", "lm": "lm", "sclm": "scaled-lm", "bcsclm": "bias-corrected-lm"}


def diagnostic_comparisons(data: str) -> list[Comparison]:
    """plm's tests of one model; the first word says what plm calls the statistic."""
    out = []

    def add(path, name, run, model, *more, **options):
        out.append(Comparison(path, lambda: htest(name, run, fit(data, model), *more, **options)))

    for effect, ours in EFFECTS.items():
        for kind, named in MULTIPLIERS.items():
            if kind != "ghm" or effect == "twoways":
                name = {"bp": "chisq", "ghm": "chibarsq"}.get(kind, "normal")
                # Not plm's weights and degrees of freedom of the mixture, which are in the docstring.
                out += [
                    Comparison(
                        f"plmtest/{effect}/{kind}/{part}",
                        lambda n=name, e=ours, k=named, p=part: htest(
                            n, pv.effects_lm_test, fit(data, "pooling"), effects=e, statistic=k
                        )[p],
                    )
                    for part in ("statistic", "p.value", *(["parameter"] if kind == "bp" else []))
                ]
    out += [
        Comparison(
            f"pFtest/twoways_vs_{smaller}",
            lambda s=smaller: htest("F", pv.nested_f_test, fit(data, f"within_{s}"), fit(data, "within_twoways")),
        )
        for smaller in ("individual", "time")
    ]
    add("pooltest/within", "F", pv.slope_poolability_test, "within_individual")
    add("pooltest/pooling", "F", pv.slope_poolability_test, "pooling")
    if data not in UNBALANCED:
        add("phtest/aux", "chisq", pv.hausman_regression_test, "random_individual_swar")
        for name, cov in (
            ("HC0", pv.Clustered(group_factor=False, dof_factor="none")),
            ("sss", pv.Clustered("entity", **STATA_LIKE)),
        ):
            path = f"phtest/aux_robust_arellano_{name}"
            add(path, "chisq", pv.hausman_regression_test, "random_individual_swar", cov=cov)
        for name, one_sided in (("twosided", False), ("onesided", True)):
            statistic = "z" if one_sided else "chisq"
            add(f"pbltest/{name}", statistic, pv.baltagi_li_test, "random_individual_swar", one_sided=one_sided)
    for model in ("pooling", "within_individual", "random_individual_swar", "fd"):
        for order in (1, 2, 3):
            path = f"pbgtest/{model}/order{order}"
            add(f"{path}_Chisq", "chisq", pv.breusch_godfrey_test, model, lags=order, lag_by="stacked")
            add(f"{path}_F", "F", pv.breusch_godfrey_test, model, lags=order, statistic="f", lag_by="stacked")
        if model != "fd":
            add(f"pdwtest/{model}", "DW", pv.durbin_watson_test, model, lag_by="stacked")
    add("pwartest/default", "F", pv.wooldridge_within_test, "within_individual")
    add("pwfdtest/h0_fd", "F", pv.wooldridge_difference_test, "fd", null="differences")
    add("pwfdtest/h0_fe", "F", pv.wooldridge_difference_test, "fd", null="levels")
    add("pwtest/individual", "z", pv.wooldridge_effects_test, "pooling")
    add("pwtest/time", "z", pv.wooldridge_effects_test, "pooling", effects="time")
    for model in ("pooling", "within_individual", "within_twoways", "random_individual_swar"):
        for kind, named in DEPENDENCE.items():
            if kind != "bcsclm" or model.startswith("within"):
                name = "chisq" if kind == "lm" else "z"
                add(f"pcdtest/{model}/{kind}", name, pv.cross_section_dependence_test, model, statistic=named)
        for name, symbol, field in (("rho", "rho", "mean"), ("absrho", "|rho|", "mean_absolute")):
            out.append(
                Comparison(
                    f"pcdtest/{model}/{name}/statistic",
                    lambda m=model, s=symbol, f=field: {s: getattr(pv.residual_correlations(fit(data, m)), f)},
                )
            )
    add("pbsytest/ar", "chisq", pv.bera_sosa_yoon_test, "pooling")
    add("pbsytest/re_onesided", "z", pv.bera_sosa_yoon_test, "pooling", statistic="effects", one_sided=True)
    add("pbsytest/re_twosided", "chisq", pv.bera_sosa_yoon_test, "pooling", statistic="effects")
    add("pbsytest/j", "chisq", pv.bera_sosa_yoon_test, "pooling", statistic="joint")
    add("pbnftest/bnf", "DW", pv.bhargava_test, "within_individual")
    add("pbnftest/lbi", "LBI", pv.bhargava_test, "within_individual", statistic="lbi")
    return out


def htest_comparisons(data: str) -> list[Comparison]:
    """Every number of ``DATA_plm_tests.json`` that this version computes."""

    def model(name: str) -> pv.LinearResult:
        return fit(data, name)

    twoway = Comparison(
        "phtest/within_twoways_vs_random_twoways_swar",
        lambda: hausman_test(model("within_twoways"), model("random_twoways_swar")),
    )
    return [
        *([] if data in UNBALANCED else [twoway]),
        Comparison("pFtest/individual", lambda: poolability(model("within_individual"))),
        Comparison("pFtest/time", lambda: poolability(model("within_time"))),
        Comparison("pFtest/twoways_vs_pooling", lambda: poolability(model("within_twoways"))),
        *diagnostic_comparisons(data),
        Comparison(
            "phtest/within_vs_random_swar_chisq",
            lambda: hausman_test(model("within_individual"), model("random_individual_swar")),
        ),
        Comparison(
            "phtest/within_time_vs_random_time_swar",
            lambda: hausman_test(model("within_time"), model("random_time_swar")),
        ),
        Comparison(
            "phtest/within_vs_between", lambda: hausman_test(model("between_individual"), model("within_individual"))
        ),
        Comparison(
            "phtest/between_vs_random",
            lambda: hausman_test(model("between_individual"), model("random_individual_swar")),
        ),
    ]


# ---- what is left out, and why

TWOWAY_FIXEF = (
    "a plm error on unbalanced panels: to a level's first-row sum c + a_i + l_t it applies the other effect as "
    "ybar_t - xbar_t'b, which is c + l_t + (mean of a_i over the firms present in t), not l_t; and time effects, taken "
    "in order of first occurrence, get labels in calendar order (tests/parity/test_plm_errors.py rebuilds its numbers)"
)
FD_INTERCEPT = (
    "a plm error: its RSS of type='rss' leaves the intercept c out of the fit, so it is RSS + n c^2 "
    "(tests/parity/test_plm_errors.py)"
)
FD_HC1 = (
    "a plm error: HC1 of first differences multiplies by n_differences / (n_levels - k), which counts rows before "
    "differencing and can be below 1 (tests/parity/test_plm_errors.py)"
)
TWOWAY_RANDOM = (
    "a plm error: its covariance of unbalanced two-way random effects is (X' Omega^-1 X)^-1, without error variance, "
    "and its RSS that of untransformed residuals (tests/parity/test_plm_errors.py rebuilds both; "
    "tests/panels/random_effects/test_crossed.py derives ours)"
)


EXACT_BETWEEN = "three means fit three coefficients exactly: there is no regression to report, and ours refuses"
WITHOUT_ERROR_VARIANCE = (
    *("se", "stat", "p", "vcov", "rss", "sigma2_rss_over_dfresid", "r2_summary", "r2_cor", "r2_rss", "r2_ess"),
    *("wald_F", "wald_chisq"),
)


def fit_exclusions(data: str) -> list[Exclusion]:
    """What ``DATA_plm_fits.json`` has beyond this version."""
    out = [Exclusion("fd/r2_rss", FD_INTERCEPT)]
    if data in UNBALANCED:
        out.append(Exclusion("within_twoways/fixef_level_*", TWOWAY_FIXEF))
        out += [Exclusion(f"random_twoways_*/{path}", TWOWAY_RANDOM) for path in WITHOUT_ERROR_VARIANCE]
    if data == "threefirms":
        out.append(Exclusion("between_individual", EXACT_BETWEEN))
    return out


BK_GROUP = (
    "a plm error on unbalanced panels: vcovBK(cluster='group') lists the periods in order of first occurrence (1977 to "
    "1983, 1976, 1984) but an entity's residuals in calendar order, so those of 1976 are taken for 1977, and so on "
    "(tests/parity/test_plm_errors.py rebuilds its numbers)"
)
COV_EXCLUSIONS = [
    Exclusion("fd/vcovHC_white?/HC1", FD_HC1),
    Exclusion("fd/vcovHC_arellano_*/HC1", FD_HC1),
    Exclusion("fd/vcovDC/HC1", FD_HC1),
    Exclusion("fd/vcovSCC/*/HC1", FD_HC1),
]


def cov_exclusions(data: str) -> list[Exclusion]:
    """What is not compared of the covariances."""
    out = list(COV_EXCLUSIONS)
    if data in UNBALANCED:
        out += [Exclusion("*/vcovBK_group*", BK_GROUP), Exclusion("random_twoways_swar", TWOWAY_RANDOM)]
    return out


PLAIN_CONSTANT = (
    "a plm error on unbalanced panels: its auxiliary regression has a plain constant where quasi-demeaning makes it "
    "1 - theta_i (tests/parity/test_plm_errors.py rebuilds its number)"
)
UNBALANCED_SCORE = (
    "a plm error: Baltagi and Li's statistic is derived for balanced panels; on others plm reads the stacked residuals "
    "as N blocks of n / N rows, which is not a whole number"
)
TEST_EXCLUSIONS = [Exclusion("plmtest/*/ghm/parameter", "the weights of the mixture, which are constants")]

MOST_FIRMS = (
    "a plm error on unbalanced panels: the number of firms N in n - N adjacent pairs is the most firms of any period "
    "(tests/parity/test_plm_errors.py rebuilds its numbers)"
)
SHIFTED = (
    "a plm error: with a regressor that does not vary within, the auxiliary regression tests coefficients one place "
    "too early (tests/parity/test_plm_errors.py rebuilds its number)"
)
NO_MEANS = "three means fit three coefficients exactly: ours refuses the between regression"


def test_exclusions(data: str) -> list[Exclusion]:
    """What is not compared of the tests."""
    out = list(TEST_EXCLUSIONS)
    if data in UNBALANCED:
        out.append(Exclusion("phtest/within_twoways_vs_random_twoways_swar", TWOWAY_RANDOM))
        out.append(Exclusion("phtest/aux*", SHIFTED if data == "staggered" else PLAIN_CONSTANT))
        out.append(Exclusion("pbltest", UNBALANCED_SCORE))
    if data in ("scattered", "staggered"):
        out.append(Exclusion("pbsytest", MOST_FIRMS))
    if data == "threefirms":
        out.append(Exclusion("phtest/within_vs_between", NO_MEANS))
    return out


def case(file: str, comparisons: list[Comparison], exclusions: list[Exclusion]) -> Case:
    """A file of plm's under its convention."""
    return Case(file, answered(file, comparisons, exclusions), exclusions, "plm", NAMES)


CASES = [
    *(case(f"{data}_plm_fits", fit_comparisons(data), fit_exclusions(data)) for data in MODELS),
    *(case(f"{data}_plm_cov", cov_comparisons(data), cov_exclusions(data)) for data in MODELS),
    *(case(f"{data}_plm_tests", htest_comparisons(data), test_exclusions(data)) for data in MODELS),
]

"""gretl: panel models on Grunfeld's balanced panel and Arellano and Bond's gappy one, under ``convention="gretl"``.

gretl's time dummies are regressors, so its two-way models are refitted here as one-way models with explicit dummies
where it prints their coefficients; everything else comes from the two-way model.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from parity.panels import MODELS
from parity.runner import Case, Comparison, Exclusion, expected_tree
from reference_data import table

import panelvar as pv
from panelvar.base.distributions import chi2_tail

NO_FACTOR = {"group_factor": False, "dof_factor": "none"}

# Covariance of each group; classical if it is not listed.
COVARIANCES: dict[str, Any] = {
    **{f"pooled_HC{i}": f"HC{i}" for i in range(4)},
    "pooled_ols_cluster_entity": "cluster",
    "pooled_ols_cluster_time": pv.Clustered("time"),
    "pooled_ols_cluster_entity_nodfcorr": pv.Clustered("entity", **NO_FACTOR),
    "pooled_robust_arellano": "robust",
    "pooled_robust_pcse": "pcse",
    "pooled_robust_scc": "driscoll-kraay",
    "fe_robust_arellano": "robust",
    "fe_twoway_robust_arellano": "robust",
    "fe_robust_pcse": "pcse",
    "fe_twoway_robust_pcse": "pcse",
    "fe_robust_scc": "driscoll-kraay",
    "fe_twoway_robust_scc": "driscoll-kraay",
    "fe_cluster_time": pv.Clustered("time"),
    "fe_cluster_entity_nodfcorr": pv.Clustered("entity", **NO_FACTOR),
    "re_swar_robust": "robust",
}


@cache
def panel(data: str) -> pv.Panel:
    """The data with gretl's time dummies as columns."""
    frame = table(data)
    dummies = pd.get_dummies(frame["year"], dtype=float).iloc[:, 1:]
    dummies.columns = [f"dt_{i}" for i in range(2, dummies.shape[1] + 2)]
    return pv.Panel(pd.concat([frame, dummies], axis=1), "firm", "year")


def dummy_names(data: str) -> list[str]:
    """gretl's names of them."""
    return [name for name in panel(data).names if str(name).startswith("dt_")]


@cache
def fit(data: str, group: str, dummies: bool = False) -> pv.LinearResult:
    """The model of a group; ``dummies`` puts the time dummies among the regressors."""
    y, x = MODELS[data]
    cov = COVARIANCES.get(group, "classical")
    options: dict[str, Any] = {"cov": cov, "convention": "gretl"}
    regressors = [*x, *dummy_names(data)] if dummies else x
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        if group.startswith("pooled"):
            return pv.fit_pooled(panel(data), y, regressors, **options)
        if group.startswith("fe_twoway") and not dummies:
            return pv.fit_fixed_effects(panel(data), y, regressors, effects="twoway", **options)
        if group.startswith("fe"):
            return pv.fit_fixed_effects(panel(data), y, regressors, **options)
        if group == "between":
            return pv.fit_between(panel(data), y, regressors, **options)
        if "baltagi" in group:
            options["variance_components"] = "baltagi-chang"
        if "nerlove" in group:
            options["variance_components"] = "nerlove"
        return pv.fit_random_effects(panel(data), y, regressors, **options)


def has_dummies(group: str) -> bool:
    """Whether gretl lists time dummies among the coefficients."""
    return "twoway" in group or "timedummies" in group


def htest(test: pv.TestResult) -> dict:
    """A test as gretl's bundles have it; its dfn is the chi2's df too."""
    return {"test": test.statistic, "pvalue": test.pvalue, "dfn": test.df, "dfd": test.df_denominator}


def chi2(result: pv.LinearResult, names: list[str]) -> dict:
    """Wald chi2 that the coefficients are zero."""
    test = result.wald_test(names)
    statistic = test.statistic * (test.df if test.distribution == "f" else 1.0)
    return {"test": statistic, "dfn": test.df, "pvalue": chi2_tail(statistic, test.df)}


def matrix_difference(data: str) -> pv.TestResult:
    """Hausman's statistic from the difference of the covariances."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return pv.hausman(fit(data, "fe"), fit(data, "re_swar_matrixdiff"))


def hausman_regression(data: str, group: str) -> pv.TestResult:
    """Hausman's statistic from the auxiliary regression, robust if the model's errors are."""
    result = fit(data, group, dummies=has_dummies(group))
    cov = "robust" if group == "re_swar_robust" else "classical"
    return pv.hausman_regression(result, regressors=MODELS[data][1], cov=cov)


def answers_to_tests(data: str) -> dict[str, Callable[[], Any]]:
    """What this library says to gretl's tests after pooled OLS and fixed effects."""

    def run(model: str, test: Callable[..., pv.TestResult]) -> pv.TestResult:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pv.PanelVarWarning)
            return test(fit(data, model))

    tests = {
        "pooled_xdepend": ("pooled", pv.cross_section_dependence_test),
        "pooled_autocorr1": ("pooled", pv.wooldridge_pooled_test),
        "fe_xdepend": ("fe", pv.cross_section_dependence_test),
        "fe_groupwise_het": ("fe", pv.modified_wald_test),
        "fe_autocorr1": ("fe", pv.wooldridge_serial_test),
    }
    return {
        f"{key}_{part}": lambda m=model, t=test, f=field: [getattr(run(m, t), f)]
        for key, (model, test) in tests.items()
        for part, field in (("stat", "statistic"), ("pvalue", "pvalue"))
    }


def answers(data: str, group: str) -> dict[str, Callable[[], Any]]:
    """What this library says to each of gretl's keys, for one group."""

    def r() -> pv.LinearResult:
        return fit(data, group)

    def listed() -> pv.LinearResult:
        return fit(data, group, dummies=has_dummies(group))

    out: dict[str, Callable[[], Any]] = {
        "coeff": lambda: listed().params.to_numpy(),
        "stderr": lambda: listed().std_errors.to_numpy(),
        "vcv": lambda: listed().cov.to_numpy(),
        "ncoeff": lambda: len(listed().params),
        "T": lambda: r().nobs,
        "n_included_units": lambda: r().n_entities,
        "panel_T": lambda: r().n_periods,
        "Tmin": lambda: r().periods_per_entity[0],
        "Tmax": lambda: r().periods_per_entity[2],
        # gretl's Tbar is the harmonic mean.
        "Tbar": lambda: 1.0 / np.mean(1.0 / r().design.entities.sizes),
    }
    if has_dummies(group) and (data not in ("empluk", "staggered") or group != "fe_twoway_robust_scc"):
        out["timedum_test"] = lambda: chi2(listed(), dummy_names(data))
    if "cluster" in group or "arellano" in group or group == "re_swar_robust":
        out["n_clusters"] = lambda: r().covariance.clusters[0][1]
    if group.endswith("scc"):
        out["DKT"] = lambda: r().n_periods
    if group.startswith("re"):
        return out | {
            "ess": lambda: float((listed().resids ** 2).sum()),
            "s2e": lambda: listed().variance_components.idiosyncratic,
            "s2v": lambda: listed().variance_components.effect,
            "theta": lambda: listed().variance_components.theta[0],
            "theta_bar": lambda: listed().variance_components.theta.mean(),
            "corr_rsq": lambda: listed().r2.overall,
            "df": lambda: listed().df_resid,
            "ntdum": lambda: len(dummy_names(data)),
            "re_wald_test": lambda: chi2(listed(), MODELS[data][1]),
            "bp_test": lambda: htest(pv.effects_lm_test(listed())),
            **(
                {
                    "hausman": lambda: [matrix_difference(data).statistic, *_df_p(matrix_difference(data))],
                    "hausman_test": lambda: htest(matrix_difference(data)),
                }
                if group == "re_swar_matrixdiff"
                else {
                    "hausman": lambda: [
                        hausman_regression(data, group).statistic,
                        *_df_p(hausman_regression(data, group)),
                    ],
                    "hausman_test": lambda: htest(hausman_regression(data, group)),
                }
            ),
        }
    out |= {
        "ess": lambda: r().rss,
        "rsq": lambda: r().rsquared,
        "trsq": lambda: r().nobs * r().rsquared,
        "within_rsq": lambda: listed().r2.within,
        "lnl": lambda: r().loglik,
    }
    if not group.endswith("nodfcorr"):
        out["sigma"] = lambda: r().rmse
    if group != "fe_cluster_entity_nodfcorr":
        out |= {"aic": lambda: r().aic, "bic": lambda: r().bic, "hqc": lambda: r().hqic}
    if group not in ("pooled_ols_cluster_time", "pooled_robust_scc"):
        out["df"] = lambda: r().df_resid if r().covariance.classical or "HC" in group else r().df_inference
    if group.startswith("fe"):
        out["within_F"] = lambda: htest(r().f_slopes)
    if group in ("fe", "fe_twoway") or not group.startswith("fe"):
        out["Fstat"] = lambda: r().f_statistic.statistic
    if group in ("fe", "fe_twoway"):
        out["fixed_effects_F"] = lambda: htest(listed().f_poolability)
    if "twoway" in group:
        out["ntdum"] = lambda: len(dummy_names(data))
    return out


def _df_p(test: pv.TestResult) -> tuple[float, float]:
    return float(test.df or 0), test.pvalue


GROUPS = [
    *(f"pooled_HC{i}" for i in range(4)),
    "pooled",
    "pooled_ols_cluster_entity",
    "pooled_ols_cluster_time",
    "pooled_ols_cluster_entity_nodfcorr",
    "pooled_robust_arellano",
    "pooled_robust_pcse",
    "pooled_robust_scc",
    "fe",
    "fe_twoway",
    "fe_robust_arellano",
    "fe_twoway_robust_arellano",
    "fe_robust_pcse",
    "fe_twoway_robust_pcse",
    "fe_robust_scc",
    "fe_twoway_robust_scc",
    "fe_cluster_time",
    "fe_cluster_entity_nodfcorr",
    "re_swar",
    "re_swar_matrixdiff",
    "re_nerlove",
    "re_unbalanced_baltagi_chang",
    "re_swar_robust",
    "re_swar_timedummies",
    "between",
]


def comparisons(data: str) -> list[Comparison]:
    """Every key of every group that this version has an answer to."""
    tree = expected_tree(f"{data}_gretl")
    out = []
    for group in GROUPS:
        if (data, group) == ("threefirms", "between"):
            continue
        found = answers(data, group)
        out += [Comparison(f"{group}/{key}", found[key]) for key in tree.get(group, ()) if key in found]
    out += [Comparison(f"tests/{key}", found) for key, found in answers_to_tests(data).items()]
    return out


SETTING = "a flag of gretl's model object, not a result"
RANDOM_LIKELIHOOD = (
    "gretl's likelihood of random effects takes the residuals e = y - x'b as independent, -n/2 (log(2 pi e'e/n) + 1), "
    "leaving out their correlation and the determinant; ours is that of the model (tests/random_effects/test_random.py)"
)
WELCH = "Welch's robust test of the fixed effects comes with a later version"
NO_CORRECTION = "with --no-df-corr gretl divides the residual variance by n, which is not offered"
UNCOUNTED = "with --no-df-corr gretl's criteria do not count the fixed effects"
UNITS = (
    "a gretl error: after --cluster=year, and after Driscoll-Kraay, pooled OLS has the number of units minus one as "
    "degrees of freedom, not the number of clusters or periods minus one (its fixed effects have the latter)"
)

EXCLUSIONS = [
    *(Exclusion(f"*/{flag}", SETTING) for flag in ("asymptotic", "pooled", "vcv_xpx")),
    *(Exclusion(f"*/{key}", "residual autocorrelation comes with a later version") for key in ("rho", "dw")),
    *(Exclusion(f"re_*/{key}", RANDOM_LIKELIHOOD) for key in ("lnl", "aic", "bic", "hqc")),
    Exclusion("*_robust_*/fixed_effects_F", WELCH),
    Exclusion("fe_cluster_*/fixed_effects_F", WELCH),
    Exclusion("pooled_ols_cluster_time/df", UNITS),
    Exclusion("pooled_robust_scc/df", UNITS),
    Exclusion("*_nodfcorr/sigma", NO_CORRECTION),
    Exclusion("pooled_ols_cluster_entity_nodfcorr/chisq", NO_CORRECTION),
    *(Exclusion(f"fe_cluster_entity_nodfcorr/{key}", UNCOUNTED) for key in ("[ab]ic", "hqc")),
    Exclusion(
        "re_*/sigma", "gretl divides e'e of the untransformed residuals by n - k + 1; k is the count of coefficients"
    ),
    Exclusion("wls_unit_weights*", "groupwise-heteroskedastic FGLS comes with a later version"),
]
SINGULAR = (
    "the dummies of the years that every firm has get the same scores, so the Driscoll-Kraay covariance of the 8 "
    "dummies has rank 7: gretl's statistic of 1e15 divides by rounding; ours has 7 degrees of freedom"
)
SINGULAR_TOO = "as with empluk: three years have every firm, so that two differences of their dummies have no variance"
EXACT = "three means fit three coefficients exactly: there is no regression to report, and ours refuses"
ONLY = {
    "grunfeld": [
        Exclusion("levinlin", "panel unit-root tests come with a later version"),
    ],
    "empluk": [Exclusion("fe_twoway_robust_scc/timedum_test", SINGULAR)],
    "staggered": [Exclusion("fe_twoway_robust_scc/timedum_test", SINGULAR_TOO)],
    "threefirms": [Exclusion("between", EXACT)],
}

CASES = [Case(f"{data}_gretl", comparisons(data), [*EXCLUSIONS, *ONLY.get(data, [])], "gretl") for data in MODELS]

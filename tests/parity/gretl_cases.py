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
from panelvar.core.base.distributions import chi2_tail
from panelvar.estimates.fit.presets import as_convention

NO_FACTOR = {"group_factor": False, "dof_factor": "none"}
# --no-df-corr
UNCORRECTED = as_convention("gretl").but(classical_counts="none")

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
    options: dict[str, Any] = {"cov": cov, "convention": UNCORRECTED if group.endswith("nodfcorr") else "gretl"}
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
        return pv.hausman_test(fit(data, "fe"), fit(data, "re_swar_matrixdiff"))


def hausman_regression_test(data: str, group: str) -> pv.TestResult:
    """Hausman's statistic from the auxiliary regression, robust if the model's errors are."""
    result = fit(data, group, dummies=has_dummies(group))
    cov = "robust" if group == "re_swar_robust" else "classical"
    return pv.hausman_regression_test(result, regressors=MODELS[data][1], cov=cov)


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
        "Tbar": lambda: 1.0 / np.mean(1.0 / r()._design.entities.sizes),
        **(residual_autocorrelation(data, group) if group != "between" else {}),
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
            "corr_rsq": lambda: listed().rsquared_table.overall,
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
                        hausman_regression_test(data, group).statistic,
                        *_df_p(hausman_regression_test(data, group)),
                    ],
                    "hausman_test": lambda: htest(hausman_regression_test(data, group)),
                }
            ),
        }
    out |= {
        "ess": lambda: r().rss,
        "rsq": lambda: r().rsquared,
        "trsq": lambda: r().nobs * r().rsquared,
        "within_rsq": lambda: listed().rsquared_table.within,
        "lnl": lambda: r().loglik,
    }
    out["sigma"] = lambda: r().rmse
    if group == "pooled_ols_cluster_entity_nodfcorr":
        out["chisq"] = lambda: chi2(r().with_cov("classical"), MODELS[data][1])["test"]
    if group == "fe_cluster_entity_nodfcorr":
        # Here, and only here, gretl's criteria do not count the effects.
        rates = {"aic": lambda n: 2.0, "bic": np.log, "hqc": lambda n: 2.0 * np.log(np.log(n))}
        out |= {
            key: lambda rate=rate: -2 * r().loglik + len(r().params) * rate(r().nobs) for key, rate in rates.items()
        }
    else:
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


def residual_autocorrelation(data: str, group: str) -> dict[str, Callable[[], Any]]:
    """Durbin-Watson and first autocorrelation of within or pooled residuals, as gretl takes them.

    Its loop ends before the last row of the sample; after pooled OLS that is of the data set padded with missing rows.
    """

    def within() -> pv.LinearResult:
        """Random effects have the statistics of fixed effects."""
        return fit(data, group if not group.startswith("re") else "fe_twoway" if has_dummies(group) else "fe")

    def numbers() -> tuple[float, float]:
        result = within()
        design, u = result._design, np.asarray(result.fit.transformed_residuals)
        entities, periods = design.entities.codes, design.time_positions
        later = np.flatnonzero((np.diff(entities) == 0) & (np.diff(periods) == 1)) + 1
        d = pv.bhargava_test(result).statistic
        if not group.startswith("pooled") or periods[-1] == periods.max():
            last = len(u) - 1
            if last in later:
                d -= (u[last] - u[last - 1]) ** 2 / (u @ u)
                later = later[later != last]
            elif entities[last] == entities[last - 1]:
                d -= u[last] ** 2 / (u @ u)
        return d, float(u[later] @ u[later - 1] / (u[later - 1] @ u[later - 1]))

    return {"dw": lambda: numbers()[0], "rho": lambda: [numbers()[1]]}


def by_unit(data: str, group: str) -> dict[str, Callable[[], Any]]:
    """Weighted least squares with a variance a unit; with --iterate as many steps as gretl took, uncorrected."""
    iterations = expected_tree(f"{data}_gretl")[group].get("iters")

    @cache
    def r() -> pv.GLSResult:
        steps = {"iterate": True, "max_iterations": int(iterations), "tolerance": 1e-14} if iterations else {}
        convention = UNCORRECTED if group.endswith("iterate") else "gretl"
        y, x = MODELS[data]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pv.PanelVarWarning)
            return pv.fit_fgls(panel(data), y, x, panels="heteroskedastic", convention=convention, **steps)

    def squares() -> float:
        return float(r().resids @ r().resids)

    def likelihood() -> float:
        """Of the units' variances after the last step; of the weighted rows alone where gretl took one step."""
        if not iterations:
            return -r().nobs / 2 * (np.log(2 * np.pi * r().rss / r().nobs) + 1)
        groups, u = r()._design.entities, r().resids.to_numpy()
        variances = np.bincount(groups.codes, u**2) / groups.sizes
        return float(-(groups.sizes * (np.log(2 * np.pi * variances) + 1)).sum() / 2)

    def criterion(penalty: Callable[[int], float]) -> float:
        return float(-2 * likelihood() + len(r().params) * penalty(r().nobs))

    def equal_variances() -> dict[str, float]:
        """Likelihood ratio of one variance, with those of the last step's weights."""
        pooled, sizes = fit(data, "pooled"), r()._design.entities.sizes
        statistic = pooled.nobs * np.log(pooled.rss / pooled.nobs) - float(sizes @ np.log(r().error_variances))
        return {"test": statistic, "dfn": len(sizes) - 1, "pvalue": chi2_tail(statistic, len(sizes) - 1)}

    return {
        "result": r,
        "coeff": lambda: r().params.to_numpy(),
        "stderr": lambda: r().std_errors.to_numpy(),
        "vcv": lambda: r().cov.to_numpy(),
        "ncoeff": lambda: len(r().params),
        "T": lambda: r().nobs,
        "n_included_units": lambda: r().n_entities,
        "df": lambda: r().df_resid,
        "ess": lambda: r().rss,
        "ess_orig": squares,
        "sigma": lambda: r().rmse,
        "sigma_orig": lambda: np.sqrt(squares() / r().df_resid),
        "rsq": lambda: r().rsquared,
        "trsq": lambda: r().nobs * r().rsquared,
        "Fstat": lambda: (
            chi2(r(), MODELS[data][1])["test"] / len(MODELS[data][1]) * r().sigma2 * r().df_resid / r().rss
        ),
        "iters": lambda: r().iterations,
        "grpwise_test": equal_variances,
        "lnl": likelihood,
        "aic": lambda: criterion(lambda n: 2.0),
        "bic": lambda: criterion(np.log),
        "hqc": lambda: criterion(lambda n: 2.0 * np.log(np.log(n))),
    }


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
    for group in ("wls_unit_weights", "wls_unit_weights_iterate"):
        found = by_unit(data, group) if group in tree else {}
        out += [Comparison(f"{group}/{key}", found[key]) for key in tree.get(group, ()) if key in found]
    out += [Comparison(f"tests/{key}", found) for key, found in answers_to_tests(data).items()]
    return out


SETTING = "a flag of gretl's model object, not a result"
RANDOM_LIKELIHOOD = (
    "gretl's likelihood of random effects takes the residuals e = y - x'b as independent, -n/2 (log(2 pi e'e/n) + 1), "
    "leaving out their correlation and the determinant; ours is that of the model (test_random.py)"
)
WELCH = "Welch's test of equal means, which gretl gives for robust fixed effects, is not offered"
OFF_CENTRE = (
    "a gretl error: its Wald statistic of weighted rows takes their plain mean from the sum of squares, as if the "
    "weighted constant were one; so rebuilt from ours in test_gretl_panel_errors.py"
)
UNITS = (
    "a gretl error: after --cluster=year, and after Driscoll-Kraay, pooled OLS has the number of units minus one as "
    "degrees of freedom, not the number of clusters or periods minus one (its fixed effects have the latter)"
)

EXCLUSIONS = [
    *(Exclusion(f"*/{flag}", SETTING) for flag in ("asymptotic", "pooled", "vcv_xpx")),
    *(Exclusion(f"re_*/{key}", RANDOM_LIKELIHOOD) for key in ("lnl", "aic", "bic", "hqc")),
    Exclusion("*_robust_*/fixed_effects_F", WELCH),
    Exclusion("fe_cluster_*/fixed_effects_F", WELCH),
    Exclusion("pooled_ols_cluster_time/df", UNITS),
    Exclusion("pooled_robust_scc/df", UNITS),
    Exclusion(
        "re_*/sigma", "gretl divides e'e of the untransformed residuals by n - k + 1; k is the count of coefficients"
    ),
]
SINGULAR = (
    "the dummies of the years that every firm has get the same scores, so the Driscoll-Kraay covariance of the 8 "
    "dummies has rank 7: gretl's statistic of 1e15 divides by rounding; ours has 7 degrees of freedom"
)
SINGULAR_TOO = "as with empluk: three years have every firm, so that two differences of their dummies have no variance"
EXACT = "three means fit three coefficients exactly: there is no regression to report, and ours refuses"
ONLY = {
    "grunfeld": [
        Exclusion("levinlin", "panel unit-root tests are not offered"),
    ],
    "empluk": [Exclusion("fe_twoway_robust_scc/timedum_test", SINGULAR)],
    "staggered": [Exclusion("fe_twoway_robust_scc/timedum_test", SINGULAR_TOO)],
    "threefirms": [Exclusion("between", EXACT)],
}


def exclusions(data: str) -> list[Exclusion]:
    """Those of every panel whose file has such numbers, and its own."""
    found = [*EXCLUSIONS, *ONLY.get(data, [])]
    if "wls_unit_weights_iterate" in expected_tree(f"{data}_gretl"):
        found.append(Exclusion("wls_unit_weights_iterate/chisq", OFF_CENTRE))
    return found


CASES = [Case(f"{data}_gretl", comparisons(data), exclusions(data), "gretl") for data in MODELS]

"""linearmodels 7.1 (fit defaults: debiased, no group debiasing) on the Grunfeld and EmplUK data."""

from __future__ import annotations

import itertools
import warnings
from functools import cache

import numpy as np
from parity.panels import MODELS, UNBALANCED, answered
from parity.runner import Case, Comparison, Exclusion
from reference_data import table

import panelvar as pv
from panelvar.estimates.fit.presets import as_convention

DEBIASED = as_convention("linearmodels")
# linearmodels' debiased=False: coefficients are not counted, absorbed effects still are; z and chi2.
PLAIN = DEBIASED.but(
    classical_counts="absorbed",
    hc1_counts="absorbed",
    cluster_counts="absorbed-unless-nested",
    distribution="normal",
    random_distribution="normal",
)
CLUSTERS = {"entity": ("entity",), "time": ("time",), "both": ("entity", "time")}


@cache
def fit(data, model, debiased=True):
    y, x = MODELS[data]
    panel = pv.Panel(table(data), "firm", "year")
    options = {"convention": DEBIASED if debiased else PLAIN}
    if model.startswith("fe_"):
        effects = model.split("_")[1]
        return pv.fit_fixed_effects(panel, y, x, effects=effects, constant="noconst" not in model, **options)
    if model == "between reweighted":
        return pv.fit_between(panel, y, x, wls=True, **options)
    if model == "random small sample":
        return pv.fit_random_effects(panel, y, x, variance_components="baltagi-chang", **options)
    estimator = {
        "pooled": pv.fit_pooled,
        "between": pv.fit_between,
        "fd": pv.fit_first_difference,
        "random": pv.fit_random_effects,
    }[model]
    return estimator(panel, y, x, **options)


@cache
def robust(data, model, debiased, cov, group_debias=False):
    result = fit(data, model, debiased)
    if cov == "robust":
        return result.with_cov(cov)
    if cov.startswith("bartlett"):
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Only .* periods", pv.PanelVarWarning)
            return result.with_cov(pv.DriscollKraay(int(cov[-1])))
    # group_debias=True multiplies each term by G / (G - 1) * (n - 1) / n.
    factors = {"group_factor": True, "dof_factor": "(n-1)/(n-k)"} if group_debias else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return result.with_cov(pv.Clustered(*CLUSTERS[cov], **factors))


def robust_tree(data, model, debiased, cov, group_debias=False):
    result = robust(data, model, debiased, cov, group_debias)
    test = result.f_slopes
    return {"std_errors": result.std_errors, "f_robust": {"stat": test.statistic, "pval": test.pvalue}}


def f_tree(test):
    return {"stat": test.statistic, "df": test.df, "df_denom": test.df_denominator, "pval": test.pvalue}


def full_tree(data, model, debiased):
    result = fit(data, model, debiased)
    tree = {
        "params": result.params,
        "std_errors": result.std_errors,
        "tstats": result.tstats,
        "pvalues": result.pvalues,
        "cov": result.cov.to_numpy(),
        "s2": result.sigma2,
        "df_resid": result.df_resid,
        "df_model": result.df_model,
        "nobs": result.nobs,
        "resid_ss": result.rss,
        "total_ss": result.tss,
        "model_ss": result.tss - result.rss,
        "loglik": result.loglik,
        "rsquared": result.rsquared,
        "rsquared_within": result.rsquared_table.within,
        "rsquared_between": result.rsquared_table.between,
        "rsquared_overall": result.rsquared_table.overall,
        "f_statistic": f_tree(result.f_classical),
    }
    if model.startswith("fe_"):
        tree |= {"rsquared_inclusive": result.rsquared_table.with_dummies, "f_pooled": f_tree(result.f_poolability)}
    if model.startswith("random"):
        parts = result.variance_components
        by_firm = {str(label): value for label, value in zip(result._design.entity_labels, parts.theta, strict=True)}
        tree |= {
            "theta": {"distinct_sorted": np.unique(parts.theta)} | by_firm if data in UNBALANCED else parts.theta[0],
            "variance_decomposition": {
                "Effects": parts.effect,
                "Residual": parts.idiosyncratic,
                "Percent due to Effects": parts.rho,
            },
        }
    return tree


def comparisons(data):
    pair = (True, False)
    for model in ("pooled", "between", "fe_entity", "fe_entity_noconst", "fe_time", "fe_twoway", "fd", "random"):
        for debiased in pair:
            key = f"{model}/unadjusted_debiased{debiased}"
            yield Comparison(key, lambda m=model, d=debiased: full_tree(data, m, d))
            key = f"{model}/robust_debiased{debiased}"
            yield Comparison(key, lambda m=model, d=debiased: robust_tree(data, m, d, "robust"))
        for lags, debiased in itertools.product(range(4) if model != "between" else (), pair):
            key = f"{model}/kernel_bartlett_bw{lags}_debiased{debiased}"
            yield Comparison(key, lambda m=model, d=debiased, c=f"bartlett{lags}": robust_tree(data, m, d, c))
        by = {"between": (), "fd": ("entity",)}.get(model, CLUSTERS)
        for cluster, debiased, group in itertools.product(by, pair, pair):
            key = f"{model}/clustered_{cluster}_debiased{debiased}_groupdebias{group}"
            yield Comparison(key, lambda a=(model, debiased, cluster, group): robust_tree(data, *a))
    yield Comparison("between/reweight_True", lambda: full_tree(data, "between reweighted", True))
    yield Comparison("random/small_sample_True", lambda: full_tree(data, "random small sample", True))


EXACT = "three means fit three coefficients exactly: there is no regression to report, and ours refuses"
EXCLUSIONS = {"threefirms": [Exclusion("between", EXACT)]}
CASES = [
    Case(
        f"{data}_linearmodels",
        preset="linearmodels",
        comparisons=answered(f"{data}_linearmodels", comparisons(data), EXCLUSIONS.get(data, ())),
        exclusions=EXCLUSIONS.get(data, ()),
    )
    for data in MODELS
]

"""R plm (and pcse): heterogeneous panels and what else ``grunfeld_extra.json`` holds."""

from __future__ import annotations

import warnings
from functools import cache

import pandas as pd
from parity.runner import Case, Comparison
from reference_data import table

import panelvar as pv

NAMES = {
    "(Intercept)": "const",
    "y.bar": "mean(inv)",
    "value.bar": "mean(value)",
    "capital.bar": "mean(capital)",
}
MODELS = {
    "mg": lambda *model: pv.fit_mean_group(*model, convention="plm"),
    "dmg": lambda *model: pv.fit_mean_group(*model, demean=True, convention="plm"),
    "cmg": lambda *model: pv.fit_common_correlated_effects(*model, convention="plm"),
    "swamy": lambda *model: pv.fit_swamy(*model, convention="plm"),
}


@cache
def fit(model: str) -> pv.HeterogeneousResult:
    """The model as plm names it; on these data Swamy's unbiased dispersion is indefinite, which is tested elsewhere."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return MODELS[model](pv.Panel(table("grunfeld"), "firm", "year"), "inv", ["value", "capital"])


@cache
def corrected() -> pv.LinearResult:
    """Pooled OLS with Beck and Katz's errors."""
    panel = pv.Panel(table("grunfeld"), "firm", "year")
    return pv.fit_pooled(panel, "inv", ["value", "capital"], cov=pv.PanelCorrected(), convention="plm")


@cache
def general(model: str) -> pv.GLSResult:
    """General FGLS: 10 firms give a covariance of 20 periods rank 10, and pggls uses the first 10 periods only
    (test_plm_general_fgls.py); our "plm" convention warns and does so, the others refuse."""
    panel = pv.Panel(table("grunfeld"), "firm", "year")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return pv.fit_general_fgls(panel, "inv", ["value", "capital"], model=model, convention="plm")


def individual() -> pd.DataFrame:
    """Coefficients by firm, labelled by texts as in the reference."""
    return fit("mg").individual.rename(index=str)


def causality(causing: str, lags: int, statistic: str) -> dict:
    """Dumitrescu and Hurlin's test as R's htest."""
    kind = {"Ztilde": "z-tilde", "Zbar": "z-bar", "Wbar": "w-bar"}[statistic]
    panel = pv.Panel(table("grunfeld"), "firm", "year")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        test = pv.panel_granger_test(panel, "inv", causing, lags=lags, statistic=kind)
    return {"statistic": {statistic: test.statistic}, "p.value": test.pvalue, "individual_wald": test.wald}


CASES = [
    Case(
        "grunfeld_extra",
        preset="plm",
        names=NAMES,
        comparisons=[
            Comparison("pcse_pooled/coef", lambda: corrected().params),
            Comparison("pcse_pooled/pcse", lambda: corrected().std_errors, names={"X.Intercept.": "const"}),
            Comparison("pcse_pooled/vcov", lambda: corrected().cov.to_numpy()),
            Comparison("pvcm_within/coef", individual),
            Comparison("pvcm_random/coef", lambda: fit("swamy").params),
            Comparison("pvcm_random/se", lambda: fit("swamy").std_errors),
            Comparison("pvcm_random/Delta", lambda: fit("swamy").dispersion.to_numpy()),
            *[
                Comparison(f"pmg_{model}/{key}", lambda model=model, value=value: getattr(fit(model), value))
                for model in ("mg", "cmg", "dmg")
                for key, value in (("coef", "params"), ("se", "std_errors"))
            ],
            *[
                Comparison(f"pggls_{name}/{key}", lambda model=model, value=value: getattr(general(model), value))
                for name, model in (("pooling", "pooled"), ("within", "within"), ("fd", "difference"))
                for key, value in (("coef", "params"), ("se", "std_errors"))
            ],
            *[
                Comparison(
                    f"pgrangertest/{causing}_causes_inv_order{lags}/{statistic}",
                    lambda causing=causing, lags=lags, statistic=statistic: causality(causing, lags, statistic),
                )
                for causing in ("value", "capital")
                for lags in (1, 2)
                for statistic in ("Ztilde", "Zbar", "Wbar")
            ],
        ],
    ),
]

"""pyfixest's three effects and singletons on the NLS women, and linearmodels' CD test."""

from __future__ import annotations

import warnings
from functools import cache

from parity.runner import Case, Comparison
from reference_data import table

import panelvar as pv

MODELS = {"grunfeld": ("inv", ["value", "capital"]), "empluk": ("lemp", ["lwage", "lcapital", "loutput"])}


@cache
def women(group: str) -> pv.LinearResult:
    """The model of a group."""
    effects = {"three_effects": ("grade", "time", "south"), "singletons": "entity"}[group]
    panel = pv.Panel(table("nlswork"), "idcode", "year")
    return pv.fit_fixed_effects(
        panel, "ln_wage", ["ttl_exp", "tenure"], effects=effects, constant=False, convention="pyfixest"
    )


@cache
def dependence(data: str, model: str) -> pv.TestResult:
    """Pesaran's CD after a model."""
    estimator = {"pooled": pv.fit_pooled, "fe_entity": pv.fit_fixed_effects, "random": pv.fit_random_effects}[model]
    result = estimator(pv.Panel(table(data), "firm", "year"), *MODELS[data])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return pv.cross_section_dependence_test(result)


def of_women() -> list[Comparison]:
    """Coefficients, errors and rows."""
    return [
        Comparison(f"{group}/{part}", lambda g=group, f=field: getattr(women(g), f))
        for group in ("three_effects", "singletons")
        for part, field in (("coef", "params"), ("se", "std_errors"), ("nobs", "nobs"))
    ]


def of_dependence(data: str) -> list[Comparison]:
    """Statistic and p-value."""
    out = []
    for model in ("pooled", "fe_entity", "random"):
        out.append(Comparison(f"cd/{model}/statistic", lambda m=model: dependence(data, m).statistic))
        out.append(Comparison(f"cd/{model}/p.value", lambda m=model: dependence(data, m).pvalue))
    return out


CASES = [
    Case("nlswork_pyfixest", of_women(), (), "pyfixest"),
    *(Case(f"{data}_linearmodels_cd", of_dependence(data), (), "linearmodels") for data in MODELS),
]

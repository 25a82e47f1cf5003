"""R plm and nlme: the variance components that ``*_plm_fits.json`` leaves out, by every method, effect and panel shape;
and maximum likelihood."""

from __future__ import annotations

import warnings
from functools import cache

from parity.runner import Case, Comparison, Exclusion, expected_tree
from reference_data import table

import panelvar as pv

MODELS = {"grunfeld": ("inv", ["value", "capital"]), "empluk": ("lemp", ["lwage", "lcapital", "loutput"])}
EFFECTS = {"individual": "entity", "time": "time", "twoways": "twoway"}
METHODS = {"swar": "swamy-arora", "walhus": "wallace-hussain", "amemiya": "amemiya", "nerlove": "nerlove"}


@cache
def fit(data: str, model: str) -> pv.LinearResult:
    """The model as plm names it; negative variances are tested elsewhere."""
    _, effect, method = model.split("_")
    panel = pv.Panel(table(data), "firm", "year")
    options = {"effects": EFFECTS[effect], "variance_components": METHODS[method], "convention": "plm"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return pv.fit_random_effects(panel, *MODELS[data], **options)


def variances(result: pv.LinearResult, model: str) -> dict[str, float]:
    """plm's names of them."""
    components = result.variance_components
    if "twoways" in model:
        entity, time = components.dimensions
        return {"idios": components.idiosyncratic, "id": entity.variance, "time": time.variance}
    return {"idios": components.idiosyncratic, "id" if "individual" in model else "time": components.effect}


def comparisons(data: str) -> list[Comparison]:
    """Every number of ``DATA_plm_components.json``."""
    out = []
    for model, node in expected_tree(f"{data}_plm_components").items():
        if (data, model) == ("empluk", "random_twoways_nerlove"):
            continue
        found = {
            "coef": lambda m=model: fit(data, m).params,
            "se": lambda m=model: fit(data, m).std_errors,
            "sigma2": lambda m=model: variances(fit(data, m), m),
        }
        out += [Comparison(f"{model}/{part}", found[part]) for part in node]
    return out


TWOWAY_NERLOVE = (
    "plm's variances are those of its fixef() of the two-way within model, which errs on unbalanced panels (see "
    "empluk_plm_fits): sum n_g a_g^2 / n * G / (G - 1) of those gives its numbers; "
    "tests/panels/random_effects/test_crossed.py derives ours"
)
EXCLUSIONS = {"grunfeld": (), "empluk": (Exclusion("random_twoways_nerlove", TWOWAY_NERLOVE),)}


@cache
def likelihood(data: str) -> pv.LinearResult:
    """Maximum likelihood, as nlme has it."""
    panel = pv.Panel(table(data), "firm", "year")
    return pv.fit_random_effects(panel, *MODELS[data], variance_components="ml")


def likelihood_comparisons(data: str) -> list[Comparison]:
    """Every number of ``DATA_nlme_ml.json``."""
    return [
        Comparison("ml/coef", lambda: likelihood(data).params),
        Comparison("ml/se", lambda: likelihood(data).std_errors),
        Comparison("ml/sigma2", lambda: variances(likelihood(data), "individual")),
        Comparison("ml/loglik", lambda: likelihood(data).loglik),
    ]


NAMES = {"(Intercept)": "const"}
CASES = [
    *(Case(f"{data}_plm_components", comparisons(data), EXCLUSIONS[data], "plm", NAMES) for data in MODELS),
    *(Case(f"{data}_nlme_ml", likelihood_comparisons(data), (), "default", NAMES) for data in MODELS),
]

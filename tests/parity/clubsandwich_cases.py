"""R clubSandwich: CR0 to CR3, Satterthwaite degrees of freedom and HTZ tests on two panels with gaps.

Claimed under ``convention="plm"``: roots are taken in the untransformed rows. Of regressions with dummies by ``lm`` the
whole hat matrix is clubSandwich's, too (``leverage="full"``); of plm's within models its CR3 leaves effects out.
"""

from __future__ import annotations

import json
import warnings
from functools import cache, partial

import numpy as np
import pandas as pd
from parity.runner import FOLDER, Case, Comparison, Exclusion
from reference_data import table

import panelvar as pv
from panelvar.estimates.fit.presets import as_convention

FULL = as_convention("plm").but(leverage="full")
MODELS = {
    "fatalities": ("fatal", ["beertax", "unrate", "perinck"], "state", "year", ["region", "block"]),
    "nlswork": ("ln_wage", ["ttl_exp", "tenure", "not_smsa"], "idcode", "year", ["cohort", "block"]),
}
EFFECTS = {"pooled": None, "weighted": None, "entity_effects": "entity", "twoway_effects": "twoway"}


@cache
def frame(data: str) -> pd.DataFrame:
    """The rows the script keeps."""
    out = table(data)
    if data == "fatalities":
        out = out[((out["state"] * 3 + out["year"] * 5) % 7 > 1) & ~((out["state"] % 4 == 0) & (out["year"] > 1985))]
        out = out.assign(region=out["state"] // 12, block=(out["state"] * out["year"]) % 9)
    else:
        out = out[out["idcode"] % 37 == 3].dropna(subset=["ln_wage", "age", "tenure", "not_smsa"])
        out = out[out.groupby("idcode")["year"].transform("size") > 2]
        out = out.assign(cohort=out["idcode"] % 6, block=(out["idcode"] + out["year"] ** 2) % 11)
    row = np.arange(1, len(out) + 1)
    return out.assign(weight=0.5 + (7 * row % 11) % 5)


@cache
def fit(data: str, model: str) -> pv.LinearResult:
    """A model of the script."""
    y, x, entity, time, _ = MODELS[data]
    panel = pv.Panel(frame(data), entity, time)
    within = {"plm_within_individual": "entity", "plm_within_twoways": "twoway"}.get(model, EFFECTS.get(model))
    convention = "plm" if model.startswith("plm") else FULL
    if within is None:
        return pv.fit_pooled(panel, y, x, weights="weight" if model == "weighted" else None, convention=convention)
    return pv.fit_fixed_effects(panel, y, x, effects=within, convention=convention)


def numbers(data: str, model: str, by: str, kind: str) -> dict:
    """Errors, degrees of freedom and the joint test of the slopes."""
    x = MODELS[data][1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        result = fit(data, model).with_cov(pv.BiasReduced(by, kind=kind))
        out = {"se": result.std_errors[x], "df_satterthwaite": result.df_coefficients[x]}
        test = result.wald_test(x)
    return {**out, "htz": {"F": test.statistic, "df": test.df_denominator, "p.value": test.pvalue}}


def comparisons(data: str) -> list[Comparison]:
    """Every entry of the file."""
    expected = json.loads((FOLDER / f"{data}_clubsandwich.json").read_text(encoding="utf-8"))["expected"]
    named = {"individual": "entity"}
    return [
        Comparison(f"{name}/{kind}", partial(numbers, data, model, named.get(by, by), kind))
        for name, kinds in expected.items()
        for model, by in [name.rsplit("_by_", 1)]
        for kind in kinds
    ]


SINGULAR = (
    "clubSandwich's CR3 solves with I - H, singular where a dummy lies within a cluster: rounding decides. Refits "
    "without each cluster give our errors (tested with CR2 and CR3)"
)
BROKEN = {"fatalities": ["twoway_effects_by_year/CR3", "twoway_effects_by_block/CR3"], "nlswork": []}

CASES = [
    Case(
        f"{data}_clubsandwich",
        preset="plm",
        comparisons=[one for one in comparisons(data) if one.path not in BROKEN[data]],
        exclusions=[Exclusion(f"{path}/*", SINGULAR) for path in BROKEN[data]],
    )
    for data in MODELS
]

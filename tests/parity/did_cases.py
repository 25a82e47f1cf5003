"""R's did: cells and averages; weights, clusters, gaps, repeated cross-sections, regressors."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from parity.runner import Case, Comparison, Exclusion, load
from reference_data import table

import panelvar as pv

OPTIONS: dict[str, dict[str, Any]] = {
    "never": {"base": "varying"},
    "not_yet": {"control": "not-yet"},
    "weighted": {"base": "varying", "weights": "w"},
    "clustered": {"base": "varying", "cov": pv.Clustered("state")},
    "anticipation": {"base": "varying", "anticipation": 1},
    "rows": {"base": "varying", "unbalanced": "cross-sections"},
    "sections": {"base": "varying"},
    "drop": {"base": "varying", "unbalanced": "drop"},
}
for each in ("dr", "ipw", "reg"):
    OPTIONS[f"x_{each}"] = {"base": "varying", "control": "not-yet", "adjustment": each}
    OPTIONS[f"x_sections_{each}"] = {"base": "varying", "adjustment": each}
    OPTIONS[f"x_rows_{each}"] = {"base": "varying", "adjustment": each, "unbalanced": "cross-sections"}
    OPTIONS[f"x_drop_{each}"] = {"control": "not-yet", "adjustment": each, "weights": "w", "unbalanced": "drop"}

AVERAGES = {
    "simple": ("overall", "rows"),
    "dynamic": ("event", "rows"),
    "group": ("cohort", "rows"),
    "calendar": ("calendar", "rows"),
    "dynamic_overall": ("overall", "event"),
    "group_overall": ("overall", "cohort"),
    "calendar_overall": ("overall", "calendar"),
}


WRONG_SIGN = ("x_sections_dr", "x_rows_dr")
"""Shapes whose standard errors are off in DRDID 1.2.3."""


@cache
def frame(name: str) -> pd.DataFrame:
    """The rows."""
    if name == "castle":
        rows = table("castle").rename(columns={"year": "t", "l_homicide": "y", "effyear": "g"})
        rows["i"] = rows["state"].rank(method="dense").astype(int)
    else:
        rows = pv.load_data("minimum_wage").reset_index()
        rows = rows.rename(columns={"county": "i", "year": "t", "lemp": "y", "first_treat": "g", "lpop": "x"})
    rows["w"] = 1.0 + rows["i"] % 3
    rows["state"] = rows["i"] // (3 if name == "castle" else 1000)
    return rows


@cache
def effects(name: str, shape: str) -> pv.TreatmentEffects:
    """The fit."""
    rows = frame(name)
    if "rows" in shape or "drop" in shape:
        rows = rows[np.arange(1, len(rows) + 1) * 5 % 17 != 3]
    formula = ("y ~ x" if shape.startswith("x_") else "y ~ 1") + (" | t" if "sections" in shape else " | i + t")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return pv.fit_callaway_santanna(rows, formula, cohort="g", **OPTIONS[shape])


def numbers(name: str, shape: str, what: str) -> pd.DataFrame:
    """Estimates and errors that are to be compared, by the level that did names."""
    both = every_number(name, shape, what)
    return both[["estimate"]] if shape in WRONG_SIGN else both


def every_number(name: str, shape: str, what: str) -> pd.DataFrame:
    """Estimates and errors, by the level that did names."""
    found = effects(name, shape)
    if what == "cells":
        cells = found.to_frame().rename(columns={"std_error": "se"})[["estimate", "se"]]
        cells.index = [f"{cohort}:{period}" for cohort, period in cells.index]
        return cells
    by, weights = AVERAGES[what]
    result = found.aggregate(by, weights=weights)
    both = pd.DataFrame({"estimate": result.params, "se": result.std_errors})
    return both.rename(index=lambda label: label.partition("[")[2].rstrip("]") or label)


def case(name: str) -> Case:
    """The file of a data set."""
    expected = load(f"{name}_did")["expected"]
    comparisons = [
        Comparison(f"{shape}/{what}", lambda given=(name, shape, what): numbers(*given))
        for shape in expected
        for what in expected[shape]
    ]
    why = (
        "DRDID's drdid_rc adds the influence of the regressions before treatment in place of subtracting it; ours are "
        "the derivatives of the estimate by the weights of rows (tests/panels/treatments/test_two_by_two.py)"
    )
    excluded = [
        Exclusion(f"{shape}/{what}/se/{level}", why)
        for shape in WRONG_SIGN
        if shape in expected
        for what in expected[shape]
        for level in expected[shape][what]["se"]
    ]
    return Case(f"{name}_did", comparisons, excluded, "default")


CASES = [case("castle"), case("minimum_wage")]

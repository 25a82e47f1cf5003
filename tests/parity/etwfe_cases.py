"""R's etwfe: cells and averages under both controls; weights, clusters, gaps, regressors."""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np
import pandas as pd
from parity.did_cases import frame
from parity.runner import Case, Comparison, load

import panelvar as pv

AVERAGES = {"simple": "overall", "event": "event", "group": "cohort", "calendar": "calendar"}


@cache
def effects(name: str, shape: str) -> pv.TreatmentEffects:
    """The fit."""
    control, _, shape = shape.partition("_")
    rows = frame(name)
    if "changing" in shape:
        rows = rows.assign(x=rows["x"] + np.sin(rows["i"] * rows["t"]))
    if "gaps" in shape:
        rows = rows[np.arange(1, len(rows) + 1) * 5 % 17 != 3]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return pv.fit_extended_two_way(
            rows,
            ("y ~ x" if shape.startswith(("x", "changing")) else "y ~ 1") + " | i + t",
            cohort="g",
            control="not-yet" if control == "notyet" else control,
            weights="w" if "weighted" in shape else None,
            cov=pv.Clustered("state") if shape == "clustered" else "cluster",
            convention="pyfixest",
        )


def numbers(name: str, shape: str, what: str) -> pd.DataFrame:
    """Estimates and errors, by the level that etwfe names."""
    found = effects(name, shape)
    if what == "cells":
        both = found.to_frame().rename(columns={"std_error": "se"})[["estimate", "se"]]
        both.index = [f"{cohort}:{period}" for cohort, period in both.index]
    else:
        result = found.aggregate(AVERAGES[what])
        both = pd.DataFrame({"estimate": result.params, "se": result.std_errors})
        both = both.rename(index=lambda label: label.partition("[")[2].rstrip("]") or label)
    if "cohort_effects" in shape:
        both["se"] *= counting_cohorts(found)
    return both


def counting_cohorts(found: pv.TreatmentEffects) -> float:
    """What errors are multiplied by to count effects of cohorts, the regressor and its products with cohorts.

    Effects of units, which are nested in clusters, count for nothing.
    """
    counted = len(found.names) + len(found.fit.design.names) + found.n_periods
    more = 1 + 2 * len(found.fit.cohorts.first)
    return float(np.sqrt((found.nobs - counted) / (found.nobs - counted - more)))


CASES = [
    Case(
        f"{name}_etwfe",
        [
            Comparison(f"{shape}/{what}", lambda given=(name, shape, what): numbers(*given))
            for shape, of_shape in load(f"{name}_etwfe")["expected"].items()
            for what in of_shape
        ],
        (),
        "pyfixest",
    )
    for name in ("castle", "minimum_wage")
]

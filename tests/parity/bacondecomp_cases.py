"""Decompositions of two-way coefficients by R's bacondecomp: without regressors, and with two."""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np
import pandas as pd
from parity.runner import Case, Comparison
from reference_data import table

import panelvar as pv


@cache
def parts(name: str, formula: str) -> pv.TwoWayDecomposition:
    """The decomposition."""
    if name == "castle":
        frame = table("castle").rename(columns={"state": "i", "year": "t", "l_homicide": "y", "effyear": "g"})
    else:
        frame = pv.load_data("minimum_wage").reset_index()
        frame = frame.rename(columns={"county": "i", "year": "t", "lemp": "y", "first_treat": "g"})
    rows = np.arange(1, len(frame) + 1)
    frame["x"] = 7 * rows**2 % 101
    frame["z"] = frame["t"] * ((5 * rows**2 + rows) % 103) / 1000
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return pv.decompose_two_way_effects(frame, formula, cohort="g")


def comparisons(name: str, formula: str) -> pd.DataFrame:
    """Estimates and weights by the names of both cohorts; R's weights of those between cohorts add to one."""
    frame = parts(name, formula).to_frame().dropna(subset="treated")
    frame.index = [
        f"{treated} {other}" for treated, other in zip(frame["treated"], frame["compared_with"], strict=True)
    ]
    frame["weight"] /= frame["weight"].sum()
    return frame[["estimate", "weight"]]


def within(name: str) -> pd.Series:
    """The estimate within cohorts, and its weight."""
    frame = parts(name, "y ~ x + z | i + t").to_frame()
    return frame[frame["treated"].isna()].iloc[0][["estimate", "weight"]].astype(float)


PLAIN, REGRESSORS = "y | i + t", "y ~ x + z | i + t"

CASES = [
    Case(
        f"{name}_bacondecomp",
        [
            Comparison("plain/coefficient", lambda name=name: parts(name, PLAIN).coefficient),
            Comparison("plain/parts", lambda name=name: comparisons(name, PLAIN)),
            Comparison("regressors/coefficient", lambda name=name: parts(name, REGRESSORS).coefficient),
            Comparison("regressors/within", lambda name=name: within(name)),
            Comparison("regressors/between", lambda name=name: comparisons(name, REGRESSORS)),
        ],
        (),
        "default",
    )
    for name in ("castle", "minimum_wage")
]

"""Gardner's two stages by R's did2s: all treated rows, and by period since treatment, before it too."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import pandas as pd
from parity.did_cases import frame
from parity.runner import Case, Comparison, load

import panelvar as pv

OPTIONS: dict[str, dict[str, Any]] = {
    "weighted": {"weights": "w"},
    "clustered": {"cov": pv.Clustered("state")},
    "gaps": {"weights": "w"},
    "anticipation": {"anticipation": 1},
    "x_weighted": {"weights": "w"},
}


@cache
def effects(name: str, shape: str) -> pv.TreatmentEffects:
    """The fit."""
    rows = frame(name)
    rows = rows.assign(w=1.0 + (rows["i"] + 2 * rows["t"]) % 3)
    if shape == "gaps":
        rows = rows[(pd.RangeIndex(1, len(rows) + 1) * 5 % 17 != 3)]
    formula = "y ~ x:C(t) | i + t" if shape.startswith("x") else "y ~ 1 | i + t"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return pv.fit_two_stage(rows, formula, cohort="g", **OPTIONS.get(shape, {}))


def numbers(name: str, shape: str, by: str) -> pd.DataFrame:
    """Estimates and errors, by the level that did2s names."""
    found = effects(name, shape).aggregate(by)
    both = pd.DataFrame({"estimate": found.params, "se": found.std_errors})
    return both.rename(index=lambda label: label.partition("[")[2].rstrip("]") or label)


def case(name: str) -> Case:
    """The file of a data set."""
    expected = load(f"{name}_did2s")["expected"]
    comparisons = [
        Comparison(f"{shape}/{by}", lambda given=(name, shape, by): numbers(*given))
        for shape in expected
        for by in expected[shape]
    ]
    return Case(f"{name}_did2s", comparisons, [], "default")


CASES = [case("castle"), case("minimum_wage")]

"""Event studies of R's fixest: ``sunab``, and one effect for all cohorts; with weights and gaps."""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np
import pandas as pd
from parity.runner import Case, Comparison, load
from reference_data import table

import panelvar as pv


@cache
def panel(name: str, shape: str) -> pv.Panel:
    """The rows, with their weights."""
    if name == "castle":
        frame = table("castle").rename(columns={"state": "i", "year": "t", "l_homicide": "y", "effyear": "g"})
    else:
        frame = pv.load_data("minimum_wage").reset_index()
        frame = frame.rename(columns={"county": "i", "year": "t", "lemp": "y", "first_treat": "g"})
    rows = np.arange(1, len(frame) + 1)
    frame["w"] = 1.0 + rows % 3
    if shape == "gaps":
        frame = frame[rows * 5 % 17 != 3]
    return pv.Panel(frame, "i", "t")


@cache
def effects(name: str, shape: str, method: str) -> pv.TreatmentEffects:
    """The fit."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        weights = "w" if shape == "weighted" else None
        return pv.fit_event_study(panel(name, shape), "y", cohort="g", method=method, weights=weights)


def averages(name: str, shape: str, by: str) -> pd.DataFrame:
    """Averages and their errors, by the level that fixest names."""
    found = effects(name, shape, "two-way" if by == "two_way" else "sun-abraham")
    result = found.aggregate("event" if by == "two_way" else by)
    frame = pd.DataFrame({"estimate": result.params, "se": result.std_errors})
    return frame.rename(index=lambda label: label.partition("[")[2].rstrip("]") or label)


CASES = [
    Case(
        f"{name}_sunab",
        [
            Comparison(f"{shape}/{by}", lambda given=(name, shape, by): averages(*given))
            for shape in ("whole", "weighted", "gaps")
            for by in load(f"{name}_sunab")["expected"][shape]
        ],
        (),
        "default",
    )
    for name in ("castle", "minimum_wage")
]

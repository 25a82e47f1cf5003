"""Imputation by R's didimputation: effects of all treated rows, by period since treatment, and leads."""

from __future__ import annotations

import warnings
from functools import cache

import pandas as pd
from parity.runner import Case, Comparison, Exclusion
from reference_data import table

import panelvar as pv

LEADS = {"castle": range(-5, 0), "minimum_wage": range(-3, 0)}


@cache
def effects(name: str, formula: str = "y") -> pv.TreatmentEffects:
    """The fit."""
    if name == "castle":
        frame = table("castle").rename(columns={"state": "i", "year": "t", "l_homicide": "y", "effyear": "g"})
    else:
        frame = pv.load_data("minimum_wage").reset_index()
        frame = frame.rename(columns={"county": "i", "year": "t", "lemp": "y", "first_treat": "g"})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return pv.fit_imputation(pv.Panel(frame, "i", "t"), formula, cohort="g")


def overall(name: str, formula: str = "y") -> dict[str, float]:
    """All treated rows."""
    found = effects(name, formula).aggregate("overall")
    return {"estimate": found.params["overall"], "se": found.std_errors["overall"]}


def by_period(name: str, *, errors: bool) -> pd.Series:
    """By period since treatment; errors from treatment on."""
    found = effects(name).aggregate("event")
    series = found.std_errors if errors else found.params
    series = series.rename(index=lambda label: label[6:-1])
    return series[[label for label in series.index if not errors or int(label) >= 0]]


def case(name: str) -> Case:
    """The file of a data set."""
    comparisons = [
        Comparison("static", lambda: overall(name)),
        Comparison("horizon/estimate", lambda: by_period(name, errors=False)),
        Comparison("horizon/se", lambda: by_period(name, errors=True)),
    ]
    if name == "minimum_wage":
        comparisons.append(Comparison("static_lpop_year", lambda: overall(name, "y ~ lpop:C(t)")))
    why = "fixest multiplies clustered errors of leads by its small-sample factor; ours are joint with the effects'"
    return Case(
        f"{name}_didimputation", comparisons, [Exclusion(f"horizon/se/{lead}", why) for lead in LEADS[name]], "default"
    )


CASES = [case("castle"), case("minimum_wage")]

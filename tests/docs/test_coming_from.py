"""The commands at the head of the pages for those who come from elsewhere: what the other program printed is ours.

``printed_by_other_programs.csv`` holds what they printed when the commands were run on the data that come with the
library. Stata and EViews could not be run.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import panelvar as pv

HERE = Path(__file__).resolve().parent
PAGES = HERE.parents[1] / "docs" / "coming_from"
WITH_DUMMIES = pv.Convention("dummies").but(cluster_counts="all", distribution="normal")
CONVENTIONS = {
    "gretl": "gretl",
    "plm": "plm",
    "fixest": "pyfixest",
    "linearmodels": "linearmodels",
    "statsmodels": WITH_DUMMIES,
}
CAUSALITY = {"vars": (["infl", "unemp"], "fedfunds"), "statsmodels": ("infl", "fedfunds")}


def printed() -> dict[tuple[str, str, str], list[tuple[str, str]]]:
    """(page, program, model) -> quantities and what was printed of them."""
    found = defaultdict(list)
    with (HERE / "printed_by_other_programs.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found[row["page"], row["program"], row["of"]].append((row["quantity"], row["printed"]))
    return found


@cache
def result(page: str, of: str) -> Any:
    """The model of a page as it writes it."""
    formula = "frate ~ beertax + unemp"
    if of in ("var", "causality"):
        macro = pv.load_data("us_macro").loc["1960Q1":"2000Q4", ["infl", "unemp", "fedfunds"]]
        model = pv.fit_var(macro, lags=4, convention=page)
        return model if of == "var" else model.granger_causality(*CAUSALITY[page])
    states = pv.load_data("fatalities")
    how = CONVENTIONS[page]
    if of == "random":
        return pv.fit_random_effects(states, formula, convention=how)
    if of == "hausman":
        with pytest.warns(pv.PanelVarWarning, match="not positive definite"):
            return pv.hausman_test(pv.fit_fixed_effects(states, formula, convention=how), result(page, "random"))
    cov = {"regression": "cluster", "independent": "classical", "unequal": "HC1"}[of]
    return pv.fit_fixed_effects(states, formula, cov=cov, convention=how)


def value(of: Any, quantity: str) -> float:
    """``std_errors beertax``; of a system, in the equation of inflation, and ``response 12 unemp`` to its shock."""
    name, *where = quantity.split()
    if name == "response":
        responses = of.impulse_responses(int(where[0]))
        return float(responses.values[-1, responses.names.index(where[1]), 0])
    numbers = getattr(of, name)
    if not where:
        return float(numbers)
    return float((numbers["infl"] if numbers.ndim == 2 else numbers)[where[0]])


@pytest.mark.parametrize(("page", "program", "of"), printed())
def test_every_printed_digit_is_ours(page, program, of):
    model = result(page, of)
    wrong = {}
    for quantity, text in printed()[page, program, of]:
        unit = 10.0 ** Decimal(text).as_tuple().exponent
        ours = value(model, quantity)
        if abs(ours - float(text)) > 0.5 * unit * (1 + 1e-6):
            wrong[quantity] = (text, ours)
    assert wrong == {}


def test_the_pages_name_what_was_run():
    for page, program, _ in printed():
        name, version = program.split()
        words = " ".join((PAGES / f"{page}.md").read_text(encoding="utf-8").split())
        assert name in words
        assert version in words, f"{page} does not say that {program} was run"

"""The pages for those who come from elsewhere: what the other program printed is ours, and the calls of the tables run.

``printed_by_other_programs.csv`` holds what they printed when the commands were run on the data that come with the
library. Stata and EViews could not be run.
"""

from __future__ import annotations

import csv
import re
import warnings
from collections import defaultdict
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
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


FILES = {".tex", 'save("table.docx")', 'save("table.tex")'}
"""What a table says of the methods of a call."""


def calls(page: str) -> list[str]:
    """The code of the last column of a page's tables."""
    found = []
    for line in (PAGES / f"{page}.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("| ") and not line.endswith(" here |"):
            here = re.split(r"(?<!\\)\|", line)[-2]
            found += [code.replace("\\|", "|") for code in re.findall(r"`([^`]+)`", here)]
    return [code for code in found if code not in FILES]


@cache
def names() -> dict[str, Any]:
    """What the pages call their data and results."""
    states, employment = pv.load_data("fatalities"), pv.load_data("employment")
    formula, equation = "frate ~ beertax + unemp", "log(emp) ~ log(wage) + log(capital)"
    macro = pv.load_data("us_macro").loc["1960Q1":"2000Q4", ["infl", "unemp", "fedfunds"]]
    return {
        "pv": pv,
        "fatalities": states,
        "employment": employment,
        "wages": pv.load_data("wage_panel"),
        "states": pv.load_data("public_capital"),
        "macro": macro,
        "formula": formula,
        "equation": equation,
        "fixed": pv.fit_fixed_effects(states, formula, cov="cluster"),
        "model": pv.fit_var(macro, lags=4),
        "gmm": pv.fit_arellano_bond(employment, equation, lags=2),
        "pvar": pv.fit_panel_var(employment, ["emp", "wage"], lags=1),
    }


@pytest.mark.parametrize("page", [path.stem for path in sorted(PAGES.glob("*.md")) if path.stem != "index"])
def test_every_call_of_a_table_runs(page):
    found = calls(page)
    assert len(found) >= 10
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for code in found:
            argument = re.match(r"\w+=", code)
            assert eval(f"dict({code})" if argument else code, names()) is not None, code
    plt.close("all")


def test_the_pages_are_short():
    words = {path.stem: len(path.read_text(encoding="utf-8").split()) for path in PAGES.glob("*.md")}
    assert {page: count for page, count in words.items() if count > 900} == {}

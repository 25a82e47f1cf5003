"""The pages for those who come from elsewhere: what the other program printed is ours, and the calls of the tables run.

``printed_by_other_programs.csv`` holds what they printed when the commands were run on the data that come with the
library. Stata and EViews could not be run.
"""

from __future__ import annotations

import csv
import pkgutil
import re
import warnings
from collections import defaultdict
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
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


def named(page: str, command: str) -> list[Any]:
    """What the calls of the row that begins with a command give."""
    rows = [line for line in (PAGES / f"{page}.md").read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    row = next(line for line in rows if line.startswith(f"| `{command}"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [eval(code, names()) for code in re.findall(r"`([^`]+)`", re.split(r"(?<!\\)\|", row)[-2])]


def test_predictions_hold_the_effects_where_the_command_adds_them():
    """`predict` of fixest does; `predict, xb` of Stata does not, and `u` is what is missing."""
    fitted = names()["fixed"].fitted_values
    pd.testing.assert_series_equal(named("fixest", "fixef()")[2], fitted, check_names=False)
    without, fitted_here, _, effects = named("stata", "predict, xb")
    pd.testing.assert_series_equal(fitted_here, fitted)
    added = effects.reindex(fitted.index.get_level_values("state"))
    np.testing.assert_allclose(without + added.to_numpy(), fitted, rtol=1e-12)


def test_crv3_is_the_jackknife_over_clusters():
    (fit,) = named("fixest", 'vcov = "CRV3"')
    states, whole = names()["fatalities"], names()["fixed"].params["beertax"]
    state = states.index.get_level_values("state")
    without = [
        pv.fit_fixed_effects(states[state != each], "frate ~ beertax + unemp").params["beertax"]
        for each in state.unique()
    ]
    np.testing.assert_allclose(fit.std_errors["beertax"], np.sqrt(np.sum((np.array(without) - whole) ** 2)), rtol=1e-10)


@pytest.mark.parametrize(
    ("page", "row", "model", "place"),
    [
        ("vars", "irf`, `Psi", "model", 1),
        ("statsmodels", "res.irf(12).orth_irfs", "model", 1),
        ("stata_dynamic", "pvarirf, oirf", "pvar", 1),
    ],
)
def test_responses_without_orthogonalisation_are_powers_of_the_companion(page, row, model, place):
    calls_of_row = named(page, row)
    coefficients, sigma = names()[model].coefficients, names()[model].sigma
    powers = [np.eye(len(sigma))]
    for period in range(1, 5):
        terms = [each @ powers[period - lag] for lag, each in enumerate(coefficients, 1) if lag <= period]
        powers.append(np.sum(terms, axis=0))
    np.testing.assert_allclose(calls_of_row[place].values[:5], powers, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(calls_of_row[0].values[:5], powers @ np.linalg.cholesky(sigma), rtol=1e-9, atol=1e-12)


def test_roots_of_statsmodels_are_reciprocals():
    stable, roots = named("statsmodels", "res.is_stable()")
    assert stable == bool((np.abs(roots) > 1.0).all())


@pytest.mark.parametrize("page", [path.stem for path in sorted(PAGES.glob("*.md"))])
def test_every_name_of_ours_on_a_page_exists(page):
    text = (PAGES / f"{page}.md").read_text(encoding="utf-8")
    for path in sorted(set(re.findall(r"\bpv\.([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)", text))):
        assert pkgutil.resolve_name(f"panelvar:{path}") is not None


def test_the_pages_are_short():
    words = {path.stem: len(path.read_text(encoding="utf-8").split()) for path in PAGES.glob("*.md")}
    assert {page: count for page, count in words.items() if count > 900} == {}

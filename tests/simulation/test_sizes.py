"""Sizes of tests: every public test is in the table, the page shows the table, and a part of it is computed again."""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import pkgutil
import re

import numpy as np
import pytest
from simulation import sizes
from simulation.size_studies import PLACES, STUDIES

import panelvar as pv
from panelvar.core.tables.joint_tests import JointTests
from panelvar.core.tables.test_result import TestResult
from panelvar.estimates.sizes.known_sizes import KNOWN

CALLS = [call for study in STUDIES for call in study.calls]

ARGUED = {
    "bhargava_test": "no p-value",
    "granger_table": "VarResult.granger_causality of every pair",
    "residual_table": "each of its tests by itself",
    "serial_lm_table": "serial_lm_test at every lag",
    "unit_root_table": "the tests of one series, by column",
    "combine_pvalues": "p-values that are given",
    "result": "a test of a battery",
    "f_statistic": "f_slopes or f_with_dummies, as the convention says",
    "joint_test": "wald_test of the coefficients of a term",
    "leads_test": "wald_test of the coefficients before the event",
    "difference_test": "wald_test of effects by two methods; its rate is in treatments.md",
    "joint": "wald_test of functions that the caller writes, by the delta method",
}
"""Public tests that are not in the table by this name."""

OPTIONS = {
    ("panel_granger_test", "statistic", "w-bar"): "no p-value",
    ("bhargava_test", "statistic", "lbi"): "no p-value",
    ("demetrescu_hanck_test", "statistic", "dh"): "the default",
    ("demetrescu_hanck_test", "statistic", "hmw"): "the default with a trend",
    ("johansen_fisher_test", "statistic", "lr-bar"): "a part of the default's result",
    ("saikkonen_luetkepohl_test", "statistic", "cain"): "a part of the default's result",
    **{
        ("wild_bootstrap_test", "statistic", variant): "not run: the default with jackknifed scores, variance or both"
        for variant in ("13", "31", "33")
    },
    ("johansen_fisher_test", "correction", "doornik"): "not run: less of a correction than the default",
    **{
        (test, "statistic", name): "not run: the p-values of the default, combined as fisher_test combines its own"
        for test in ("johansen_fisher_test", "saikkonen_luetkepohl_test")
        for name in ("P", "Z", "Pm", "L*", "hartung", "lr-bar")
        if (test, name) != ("johansen_fisher_test", "lr-bar")
    },
}
"""Choices of public tests that are not in the table."""

CHOICES = ("kind", "form", "effects", "sigma", "null", "statistic", "scale", "cov", "correction")
"""Options that decide which test it is."""


def named(call: str) -> set[str]:
    """Functions, attributes and methods that a call names."""
    tree = list(ast.walk(ast.parse(call, mode="eval")))
    return {node.id for node in tree if isinstance(node, ast.Name)} | {
        node.attr for node in tree if isinstance(node, ast.Attribute)
    }


def said(call: str) -> set[tuple[str, str]]:
    """Function and text of every text that a call hands to a function."""
    return {
        (node.func.id, value.value)
        for node in ast.walk(ast.parse(call, mode="eval"))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        for value in (*node.args, *(keyword.value for keyword in node.keywords))
        if isinstance(value, ast.Constant)
    }


NAMED = set().union(*map(named, CALLS))
SAID = set().union(*map(said, CALLS))


def gives_a_test(member: object) -> bool:
    """Whether a function, a property or an attribute gives a test, by its annotation."""
    if isinstance(member, property):
        member = member.fget
    if isinstance(member, functools.cached_property):
        member = member.func
    text = str(getattr(member, "__annotations__", {}).get("return", "")) if inspect.isfunction(member) else ""
    return bool(re.search(r"(Test|Tests|TestResult|CausalityResult|UnitRootResult|WildBootstrapResult)\b", text))


def results() -> list[type]:
    """Every class of the package that is no test itself and no specification of something else."""
    modules = [importlib.import_module(info.name) for info in pkgutil.walk_packages(pv.__path__, "panelvar.")]
    found = {value for module in modules for value in vars(module).values() if inspect.isclass(value)}
    return [each for each in found if each.__module__.startswith("panelvar.") and not each.__name__.startswith("_")]


def public_tests() -> set[str]:
    """Names of functions that test, and of members of results that do."""
    functions = {name for name in pv.__all__ if inspect.isfunction(getattr(pv, name))}
    found = {name for name in functions if name.endswith("_test") or gives_a_test(getattr(pv, name))}
    for each in results():
        if not issubclass(each, TestResult | JointTests | tuple):
            found |= {name for name, member in vars(each).items() if name[0] != "_" and gives_a_test(member)}
    return found | (functions & set(ARGUED))


def test_no_public_test_is_missing():
    assert public_tests() - NAMED - set(ARGUED) == set()
    assert set(ARGUED) <= public_tests()
    assert set(ARGUED) & NAMED == set()


def test_no_choice_of_a_public_test_is_missing():
    missing = set()
    for name in sorted(public_tests() & NAMED & set(pv.__all__)):
        function = getattr(pv, name)
        parameters = inspect.signature(function).parameters
        for option, choices in re.findall(r"^    (\w+) : [^\n]*?\{(\"[^}]*)\}", function.__doc__, re.MULTILINE):
            if option in CHOICES:
                for choice in re.findall(r'"([^"]+)"', choices):
                    default = parameters[option].default == choice
                    if not default and (name, choice) not in SAID and (name, option, choice) not in OPTIONS:
                        missing.add((name, option, choice))
    assert missing == set()


def test_the_table_has_what_the_studies_have():
    keys = {(study.title, call, study.shape(n)) for study in STUDIES for call in study.calls for n in study.samples}
    rows = sizes.read()
    assert set(rows) == keys
    for study in STUDIES:
        # A run that was stopped leaves some with fewer, which the page says; `sizes.py missing` adds them.
        draws = {cell.draws for key, cell in rows.items() if key[0] == study.title}
        assert FEWEST <= min(draws) and max(draws) <= sizes.DRAWS
    assert len({study.title for study in STUDIES}) == len(STUDIES)


def test_the_sheet_shows_the_table():
    assert sizes.SHEET.read_text(encoding="utf-8") == sizes.sheet(sizes.read(), STUDIES)


def test_notes_give_the_rates_of_the_table():
    """And none where the table shows that the test is near its level."""
    rows = sizes.read()
    assert set(PLACES) == set(KNOWN)
    assert sizes.NOTES.read_text(encoding="utf-8") == sizes.notes(rows, PLACES)
    for test, (study, call, _, first, *_) in PLACES.items():
        assert rows[study, call, first].far, test


FEWEST = 2000
"""Samples that every cell has at least."""
AGAIN = 150
"""Draws of the samples that are computed again."""


@pytest.mark.slow
@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.title)
def test_a_part_of_the_table_is_found_again(study):
    """The smallest samples are drawn from another seed; a costly study draws fewer."""
    rows, shape, size = sizes.read(), study.shape(study.samples[0]), study.samples[0]
    draws = AGAIN // 4 if study.costly else AGAIN
    found = sizes.rates(study, size, study.calls, range(draws), seed=sizes.SEED + 1)
    for call, cell in found.items():
        kept = rows[study.title, call, shape]
        share = max((kept.rejected + cell.rejected) / (kept.draws + draws), 0.005)
        error = np.sqrt(share * (1.0 - share) * (1.0 / draws + 1.0 / kept.draws))
        assert abs(cell.rate - kept.rate) < 4 * error + 1.0 / draws, f"{call}: {cell.rate:.3f}, {kept.rate:.3f}"

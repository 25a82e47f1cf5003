"""Members on the pages of classes: each in one table, by one rule; what functions make has its constructor last."""

from __future__ import annotations

import inspect
import pkgutil
import re
import runpy
from pathlib import Path

import pytest
from docs.built_pages import HTML

import panelvar as pv

ROOT = Path(__file__).resolve().parents[2]
RULE = runpy.run_path(str(ROOT / "docs" / "building" / "members.py"))
PAGES = "".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs" / "api").glob("*.md"))
LISTED = re.findall(r"^ +(panelvar\.\S+)$", PAGES, re.MULTILINE)
CLASSES = {path: each for path in LISTED if inspect.isclass(each := pkgutil.resolve_name(path))}
RESULTS = {path: each for path, each in CLASSES.items() if RULE["is_result"](each)}


@pytest.mark.parametrize("path", RESULTS)
def test_each_public_member_of_a_result_stands_in_exactly_one_table(path):
    members = RULE["public_members"](RESULTS[path])
    groups = RULE["in_groups"](members, True)
    assert sorted(name for names in groups.values() for name in names) == sorted(members)
    assert set(groups) <= {"Results", "Tests", "After estimation", "Output"}
    assert "summary" in groups["Output"]


def test_a_reader_finds_members_where_they_are_sought():
    groups = RULE["in_groups"](RULE["public_members"](pv.LinearResult), True)
    assert groups["Results"][:4] == ["params", "std_errors", "tstats", "pvalues"]
    assert groups["Tests"][0] == "wald_test"
    assert {"predict", "lincom", "marginal_effects", "with_cov"} <= set(groups["After estimation"])
    assert {"summary", "tidy", "to_latex", "save", "plot"} <= set(groups["Output"])
    groups = RULE["in_groups"](RULE["public_members"](pv.VarResult), True)
    assert {"granger_causality", "lag_exclusion_tests"} <= set(groups["Tests"])
    assert {"impulse_responses", "forecast"} <= set(groups["After estimation"])
    assert set(RULE["in_groups"](RULE["public_members"](pv.Panel), False)) == {"Attributes", "Methods"}


def test_exceptions_to_the_rule_are_members_and_are_needed():
    members = {name for each in RESULTS.values() for name in RULE["public_members"](each)}
    exceptions = [*RULE["NAMED_TESTS"], *RULE["NAMED_RESULTS"], *RULE["NAMED_OUTPUT"]]
    assert len(exceptions) == len(set(exceptions))
    assert set(exceptions) - members == set()
    assert [name for name in exceptions if name.endswith(("_test", "_tests")) or name.startswith(("to_", "plot"))] == []


# Bases, which only what inherits from them is made of; and a system that the caller makes.
MADE_BY_NOTHING = {"panelvar.core.tables.table.Presented", "panelvar.FittedSystem", "panelvar.System"}


@pytest.mark.parametrize("path", RESULTS)
def test_each_result_says_what_makes_it(path):
    makers = RULE["makers_of"](RESULTS[path])
    assert bool(makers) == (path not in MADE_BY_NOTHING)
    for maker in makers:
        assert pkgutil.resolve_name(f"panelvar.{maker.partition('.')[0]}") is not None
        owner, _, member = maker.rpartition(".")
        assert not owner or member in RULE["public_members"](getattr(pv, owner))


def test_makers_are_functions_where_there_are_any():
    assert {"fit_pooled", "fit_fixed_effects"} <= set(RULE["makers_of"](pv.LinearResult))
    assert RULE["makers_of"](pv.VarResult) == ["fit_var"]
    responses = RULE["makers_of"](pkgutil.resolve_name("panelvar.systems.responses.responses.Responses"))
    assert "VarResult.impulse_responses" in responses


@pytest.mark.built
@pytest.mark.parametrize("path", RESULTS)
def test_the_page_of_a_result_leads_to_what_makes_it(path):
    page = (HTML / "api" / "generated" / f"{path}.html").read_text(encoding="utf-8")
    made = re.search(r"<p>Made by (.*?)</p>", page, re.DOTALL)
    makers = RULE["makers_of"](RESULTS[path]) if RULE["is_made_by_functions"](RESULTS[path]) else []
    assert bool(made) == bool(makers)
    if made:
        assert len(re.findall("<a ", made[1])) == min(len(makers), 8)


@pytest.mark.built
@pytest.mark.parametrize("path", RESULTS)
def test_the_page_of_a_result_has_tables_first_and_the_constructor_last(path):
    page = (HTML / "api" / "generated" / f"{path}.html").read_text(encoding="utf-8")
    titles = re.findall(r"<h2>([^<]+)<a class=\"headerlink\"", page)
    rows = re.findall(r'<tr class="row-\w+"><td><p><a class="reference[^>]*><code[^>]*><span[^>]*>(\w+)', page)
    assert len(rows) == len(set(rows))
    documented = set(re.findall(rf'id="{re.escape(path)}\.(\w+)"', page)) - {"__getitem__"}
    if "In detail" not in titles:
        assert len(documented) < 4
        return
    assert documented <= set(rows)
    if RULE["is_made_by_functions"](RESULTS[path]):
        assert titles.index("In detail") < titles.index("Constructor")
    assert titles[0] in ("Results", "Output")

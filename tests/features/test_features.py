"""Every row of the feature tables runs, says the truth about itself, and is on the page."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest
from features.commands import SOURCES, path_of
from features.commands import render as render_commands
from features.definitions import DEFINITIONS, IMPORTS
from features.feature import Feature, Namespace, disagreement, expected, matched, missing_checks, tables
from features.own_presets import CONVENTION, OWN, call_for
from features.report import DOCS, ROOT, render

import panelvar as pv

ROWS = [(table, feature) for table in tables() for feature in table.features]
SPACES = {id(table): Namespace(table.names) for table in tables()}


@pytest.mark.parametrize(("table", "feature"), ROWS, ids=[f"{row.group}-{row.name}" for _, row in ROWS])
def test_row_runs_and_gives_its_number(table, feature):
    assert disagreement(feature, SPACES[id(table)]) == ""


@pytest.mark.parametrize("table", tables(), ids=lambda table: table.title)
def test_rows_are_what_they_say(table):
    for feature in table.features:
        assert feature.group in table.groups, feature.name
        assert set(feature.programs) <= set(table.programs), feature.name
        assert set(feature.matches) <= set(feature.programs), feature.name
        assert feature.checked, f"{feature.name}: nothing checks it"
        assert list(missing_checks(feature)) == []
        for patterns in feature.matches.values():
            for pattern in patterns:
                assert matched(pattern)[1] == []
    names = [(feature.group, feature.name) for feature in table.features]
    assert len(names) == len(set(names))
    assert {group for group, _ in names} == set(table.groups)


@pytest.mark.parametrize("table", tables(), ids=lambda table: table.page)
def test_the_page_is_up_to_date(table):
    page = DOCS / f"{table.page}.md"
    text = page.read_text(encoding="utf-8") if page.exists() else ""
    assert text == render(table, tables()), "run python -m tests.features.report"


@pytest.mark.parametrize("name", SOURCES)
def test_the_page_of_the_commands_of_a_program_is_up_to_date(name):
    assert path_of(name).read_text(encoding="utf-8") == render_commands(name, tables()), (
        "run python -m tests.features.report"
    )


def test_every_program_of_the_tables_has_a_page():
    shown = {(source.table, source.column) for sources in SOURCES.values() for source in sources}
    columns = {(table.page, program) for table in tables() for program in table.programs}
    assert columns - shown == {("features_panel_roots", "tspdlib")}, "GAUSS alone has none"


def same(ours, theirs):
    """Whether two objects that calls use are alike."""
    if type(ours) is not type(theirs):
        return False
    if isinstance(ours, tuple):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(ours, pv.Panel):
        return ours.to_frame().equals(theirs.to_frame())
    if isinstance(ours, pd.DataFrame | pd.Series):
        return ours.equals(theirs)
    return repr(ours) == repr(theirs)


@pytest.mark.parametrize("table", tables(), ids=lambda table: table.page)
@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
def test_the_lines_for_readers_make_what_the_calls_run_on(table, monkeypatch):
    monkeypatch.chdir(ROOT)
    made = {}
    exec(IMPORTS, made)
    for name, expression in DEFINITIONS[table.page].items():
        made[name] = eval(expression, made)
        assert same(made[name], SPACES[id(table)][name]), name
        assert any(name in names.split(", ") for names in table.shown) or name == "nan", f"{name} is not explained"


OWN_ROWS = [
    (table, column, feature, factor)
    for table in tables()
    for (page, column), factors in OWN.items()
    for name, factor in factors.items()
    for feature in table.features
    if page == table.page and feature.name == name and column in feature.programs and CONVENTION.search(feature.call)
]


def test_every_row_with_a_preset_of_its_own_is_found():
    assert {(table.page, column, row.name) for table, column, row, _ in OWN_ROWS} == {
        (*key, name) for key, names in OWN.items() for name in names
    }


@pytest.mark.parametrize(("table", "column", "feature", "factor"), OWN_ROWS)
def test_a_program_has_its_number_under_its_own_preset(table, column, feature, factor):
    call = call_for(table.page, column, feature.name, feature.call)
    assert call != feature.call
    own = dataclasses.replace(feature, call=call, equals=expected(feature) * factor)
    assert disagreement(own, SPACES[id(table)]) == ""


# The checks themselves must be able to fail.
def test_a_wrong_number_is_reported():
    table, feature = ROWS[0]
    wrong = dataclasses.replace(feature, equals=expected(feature) * (1 + 1e-7))
    assert feature.name in disagreement(wrong, SPACES[id(table)])
    assert disagreement(dataclasses.replace(feature, equals=float("nan")), SPACES[id(table)])


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("empluk_plm_fits/random_twoways_swar/se", "is excluded"),
        ("empluk_plm_fits/random_twoways_swar", "is excluded"),
        ("grunfeld_plm_fits/no_such_model", "matches no number"),
        ("no_such_file/coef", "matches no number"),
    ],
)
def test_a_comparison_that_is_not_made_is_reported(pattern, message):
    assert message in matched(pattern)[1][0]


def test_a_comparison_that_is_made_is_counted():
    assert matched("*_plm_fits/within_individual/coef") == (
        {
            "empluk_plm_fits": 3,
            "gasoline_plm_fits": 3,
            "grunfeld_plm_fits": 2,
            "scattered_plm_fits": 2,
            "staggered_plm_fits": 2,
            "threefirms_plm_fits": 2,
        },
        [],
    )


@pytest.mark.parametrize("check", ["tests/test_nowhere.py::test_x", "tests/test_reach.py::test_no_such_thing"])
def test_a_test_that_does_not_exist_is_reported(check):
    row = Feature("group", "name", "1", float, 1.0, checked=(check,))
    assert len(list(missing_checks(row))) == 1

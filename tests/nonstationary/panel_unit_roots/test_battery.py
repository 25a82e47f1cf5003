"""Several tests of several variables of a panel, in levels and differences, in one table."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from nonstationary.panel_unit_roots.panels import panel_of, walks

import panelvar as pv
from panelvar.core.base.errors import Note
from panelvar.nonstationary.panel_series.battery import join_notes
from panelvar.nonstationary.panel_unit_roots.known_power import power_notes

# What the statistics are is tested here, in panels in which the tests reject too often.
pytestmark = pytest.mark.filterwarnings("ignore:.*of true nulls at 5%")

ALL = ("llc", "harris-tzavalis", "ips", "cips", "hadri")


def two_variables(entities: int = 12, periods: int = 40) -> pv.Panel:
    """A walk ``y`` and a stationary ``z``."""
    panel = panel_of(walks(entities, periods))
    return panel.with_columns(panel_order=True, z=walks(entities, periods, seed=5, root=0.2).ravel())


def test_every_entry_is_what_the_test_itself_says():
    panel = two_variables()
    table = pv.panel_unit_root_table(panel, ["y", "z"], tests=ALL, lags=1)
    differenced = panel.with_columns(panel_order=True, d=panel.difference("z"))
    own = {
        "llc": pv.llc_test(differenced, "d", lags=1),
        "harris-tzavalis": pv.harris_tzavalis_test(differenced, "d"),
        "ips": pv.ips_test(differenced, "d", lags=1),
        "cips": pv.cips_test(differenced, "d", lags=1),
        "hadri": pv.hadri_test(differenced, "d"),
    }
    frame = table.to_frame()
    assert list(frame.index.names) == ["variable", "form", "test"]
    for name, expected in own.items():
        found = table.result(name, "z", "difference")
        assert (found.statistic, found.pvalue) == (expected.statistic, expected.pvalue)
        row = frame.loc[("z", "difference", name)]
        assert (row.statistic, row.pvalue, row.bound) == (expected.statistic, expected.pvalue, expected.bound)
        assert (row.null, row.alternative, row.reading) == (expected.null, expected.alternative, expected.reading())
        assert (row.entities, row.periods, row.nobs) == (12, 39, expected.nobs)


def test_differences_do_not_bridge_gaps_and_follow_the_calendar_whatever_the_order_of_rows():
    frame = pd.DataFrame({"i": np.repeat([1, 2, 3], 30), "t": np.tile(np.arange(30), 3), "y": walks(3, 30).ravel()})
    shuffled = pv.Panel(frame.sample(frac=1.0, random_state=3), "i", "t")
    found = pv.panel_unit_root_table(shuffled, "y", tests="llc", lags=0, differences=2).result("llc")
    changes = pd.DataFrame(np.diff(walks(3, 30), 2, axis=1).T)
    assert found.statistic == pytest.approx(pv.llc_test(changes, lags=0).statistic, rel=1e-12)
    holed = pv.Panel(frame.drop(index=[10]), "i", "t")
    with pytest.raises(pv.DataError, match="has no value in 1 period"):
        pv.panel_unit_root_table(holed, "y", tests="llc", lags=0, unusable="raise")


def test_a_table_with_a_column_for_each_entity_is_one_variable():
    values = walks(12, 40)
    table = pv.panel_unit_root_table(values.T, tests="ips", lags=0)
    assert table.result("ips", form="level").statistic == pv.ips_test(values.T, lags=0).statistic
    assert table.result("ips", form="difference").statistic == pytest.approx(
        pv.ips_test(np.diff(values.T, axis=0), lags=0).statistic, rel=1e-13
    )


def test_terms_may_differ_between_levels_and_differences():
    panel = two_variables()
    table = pv.panel_unit_root_table(panel, "y", tests="ips", trend=("ct", "c"), lags=0)
    assert table.result("ips", form="level").statistic == pv.ips_test(panel, "y", trend="ct", lags=0).statistic
    assert "level: a constant and a trend by entity" in " ".join(str(table).split())


def test_the_printed_table_groups_tests_by_null_and_counts_those_that_reject():
    panel = two_variables()
    text = " ".join(str(pv.panel_unit_root_table(panel, ["y", "z"], tests=("llc", "cips", "hadri"), lags=0)).split())
    assert text.index("H0: every entity has a unit root") < text.index("CIPS") < text.index("H0: every entity is stat")
    assert "y, level: at 5 percent, 0 of 2 reject that every entity has a unit root" in text
    assert "z, level: at 5 percent, 2 of 2 reject that every entity has a unit root" in text
    assert "<0.0100" in text  # a bound
    assert all(len(line) <= 80 for line in str(pv.panel_unit_root_table(panel, ["y", "z"], lags=0)).splitlines())


def test_stars_of_a_bound_are_those_it_proves():
    panel = two_variables()
    found = pv.panel_unit_root_table(panel, "z", tests="cips", lags=0, differences=0)
    assert (found.result("cips").bound, found.result("cips").pvalue) == ("<", 0.01)
    (row,) = [row for row in found.summary().body if row.cells[0].stars]
    assert (row.label.strip(), row.cells[0].stars, row.cells[1].text) == ("CIPS", "***", "<0.0100")


def test_a_test_that_refuses_says_why_and_the_others_go_on():
    values = walks(4, 40)
    with pytest.warns(
        pv.PanelVarWarning, match=r"1 of 2 tests were not run\. The first says: .* begins at 10 entities"
    ):
        table = pv.panel_unit_root_table(values.T, tests=("llc", "cips"), lags=0, differences=0)
    assert (
        table.to_frame()
        .loc[("the variable", "level", "cips"), "reading"]
        .startswith("Not run: The table of Pesaran (2007)")
    )
    assert "CIPS: not run at all." in str(table)
    with pytest.raises(pv.SpecificationError, match="CIPS has no result: The table"):
        table.result("cips")
    with pytest.raises(pv.InsufficientDataError, match="begins at 10 entities"):
        pv.panel_unit_root_table(values.T, tests="cips", lags=0)


def test_a_warning_is_one_for_each_test_that_has_it_and_points_at_the_caller():
    values = walks(12, 40)
    values[3] = 5.0
    with pytest.warns(pv.PanelVarWarning) as caught:
        pv.panel_unit_root_table(values.T, tests=("llc", "ips"), lags=0, unusable="drop", differences=(0, 1))
    # The constant series is one of 40 periods in levels, and of 39 in differences.
    assert [str(each.message).split(":")[0] for each in caught] == [
        f"{label} of the variable {form}"
        for label in ("Levin-Lin-Chu", "Im-Pesaran-Shin")
        for form in ("level", "difference")
    ]
    assert {each.filename for each in caught} == {__file__}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"tests": "pedroni"}, "tests='pedroni' is not known"),
        ({"differences": (0, 0)}, "each of them once"),
        ({"differences": 4}, "differences"),
        ({"trend": ("c",)}, "terms for each of them"),
        ({"trend": "n", "tests": "ips"}, "trend='n' is not available in 'ips', which has 'c' or 'ct'"),
        ({"trend": "trend"}, "trend='trend' is not known"),
        ({"trend": 0.5}, "trend must be terms"),
        ({"columns": "x"}, "'x'"),
        ({"columns": []}, "is empty"),
        ({"columns": ["y", "y"]}, "each of them once"),
        ({"tests": []}, "is empty"),
        ({"tests": None}, "is empty"),
        ({"tests": ("llc", "llc")}, "each of them once"),
        ({"tests": 2.5}, "tests must be names of tests"),
        ({"differences": 0.5}, "differences must be numbers"),
        ({"differences": float}, "differences must be numbers"),
        ({"demean": np.ones(2)}, "demean"),
        ({"lags": 10**5000}, "^lags="),
        ({"lags": "sic"}, "^lags='sic' is not known. Did you mean 'bic'"),
        ({"max_lags": 2}, "^max_lags="),
    ],
)
def test_what_makes_no_table_is_refused(options, words):
    with pytest.raises(pv.PanelVarError, match=words):
        pv.panel_unit_root_table(two_variables(), **{"columns": "y", "lags": 0} | options)


def test_which_result_is_asked_for_must_be_clear():
    table = pv.panel_unit_root_table(two_variables(), ["y", "z"], tests=("llc", "ips"), lags=0)
    with pytest.raises(pv.SpecificationError, match="name 4 entries"):
        table.result("llc")
    for asked in ({"test": np.ones((2, 2))}, {"test": "llc", "subject": pd.DataFrame()}, {"test": "llc", "form": 1}):
        with pytest.raises(pv.SpecificationError, match="name 0 entries"):
            table.result(**asked)
    with pytest.raises(pv.SpecificationError, match="columns= is missing"):
        pv.panel_unit_root_table(two_variables())
    with pytest.raises(pv.SpecificationError, match="columns= is for panels"):
        pv.panel_unit_root_table(walks(12, 40).T, "y")


def test_a_panel_that_is_too_small_to_tell_says_so_with_the_rates_of_the_table():
    with pytest.warns(
        pv.PanelVarWarning,
        match=r"^3 entities of 13 periods are too few to tell a unit root from .* 0\.9\. In simulated panels of this",
    ):
        table = pv.panel_unit_root_table(walks(3, 13).T, tests=("llc", "harris-tzavalis"), lags=0)
    assert [note.code for note in table.notes].count("low-power") == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error", pv.PanelVarWarning)
        pv.panel_unit_root_table(walks(50, 100).T, tests=("llc", "harris-tzavalis"), lags=0)


def test_power_is_that_of_the_smallest_panel_in_the_table_that_is_not_smaller():
    (own,) = power_notes(["ips"], "ct", 10, 25)
    assert "In simulated panels of this size whose roots were all 0.9" in own.text
    (beyond,) = power_notes(["ips"], "ct", 8, 21)
    assert "In simulated panels that are larger (of 10 entities and 25 periods)" in beyond.text
    assert power_notes(["ips"], "ct", 500, 21) == ()
    assert power_notes(["hadri"], "ct", 8, 21) == ()
    assert power_notes(["ips"], "c", 50, 100) == ()


def sharing_a_factor(entities: int = 11, periods: int = 30) -> pd.DataFrame:
    """Walks that move with a common one, a column each."""
    common = np.random.default_rng(8).standard_normal((periods, 1)).cumsum(axis=0)
    columns = [f"e{place}" for place in range(entities)]
    return pd.DataFrame(2.0 * common + walks(entities, periods).T, columns=columns)


@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
def test_dependence_stands_above_the_tests_and_those_that_assume_none_are_marked():
    data = sharing_a_factor()
    table = pv.panel_unit_root_table(data, tests=("llc", "cips"), lags=0, differences=0)
    long = data.unstack().rename_axis(["entity", "time"]).to_frame("y")
    expected = pv.cross_section_exponent(long, "y", changes=True)
    facts = {fact.label: fact.text for fact in table.facts}
    assert facts["CD of changes"] == f"{expected.cd.statistic:.2f}"
    assert facts["Exponent of dependence"] == f"{expected.exponent:.2f}"
    text = " ".join(str(table).split())
    assert "Levin-Lin-Chu (i)" in text and "CIPS (i)" not in text
    assert "(i) assumes that entities are independent." in text
    assert "Entities of the variable depend on one another (Pesaran's CD: z = " in text
    assert "Tests marked (i) assume that they do not" in text
    apart = pv.panel_unit_root_table(walks(11, 30).T, tests=("llc", "cips"), lags=0, differences=0)
    assert "CD of changes" in str(apart) and "depend on one another" not in str(apart)


@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
def test_the_same_sentence_about_several_variables_is_one_that_names_them():
    wide = {name: sharing_a_factor(12, 40) for name in "abc"}
    wide["b"].iloc[:15, 3] = wide["c"].iloc[:9, 4] = np.nan
    # Ratios of series that explode are beyond the quantiles: of one entity here, of two there.
    growing = 1.3 ** np.arange(40) + wide["a"]["e0"]
    wide["b"]["e7"] = wide["c"]["e8"] = wide["c"]["e9"] = growing
    data = pd.DataFrame({name: own.unstack() for name, own in wide.items()}).rename_axis(["entity", "time"])
    table = pv.panel_unit_root_table(data, ["a", "b", "c"], tests=("llc", "fisher-adf"), lags=0, differences=0)
    beyond = {name: table.result("fisher-adf", subject=name).notes for name in "abc"}
    assert ["ratios-beyond" in [note.code for note in beyond[name]] for name in "abc"] == [False, True, True]
    text = " ".join(str(table).split())
    assert text.count("ratios are beyond the ends") == 1
    assert "Fisher ADF (Z) of b level and c level: 1 to 2 of 12 ratios are beyond" in text
    assert text.count("depend on one another") == 1
    assert "Entities of a, b and c depend on one another (Pesaran's CD of each rejects independence at 5 " in text
    assert "b level: tests that need the same periods for all entities use 40 of 40 periods of 11 of 12 ent" in text


def test_notes_that_differ_in_names_stay_apart():
    notes = [Note("n", f"{count} of 9 entities are left out: {name}.") for count, name in ((1, "x1"), (2, "x2"))]
    found = list(join_notes(zip("ab", notes, strict=True)))
    assert found == [(["a"], notes[0]), (["b"], notes[1])]
    rates = [Note("n", f"{rate}% where N x T = {cell}, with 1.5 at 5%.", warn=rate == 9) for rate, cell in RATES]
    assert list(join_notes(zip("cab", rates, strict=True))) == [
        (["c", "a", "b"], Note("n", "7.5 to 12% where N x T = 10 x 8 to 25, with 1.5 at 5%.", warn=True))
    ]


RATES = ((9, "10 x 25"), (7.5, "10 x 8"), (12, "10 x 25"))


@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
def test_an_entity_with_fewer_periods_switches_no_test_off():
    data = sharing_a_factor(12, 40)
    data.iloc[:15, 3] = np.nan
    table = pv.panel_unit_root_table(data, tests=("llc", "breitung", "ips", "cips", "hadri"), lags=0, differences=0)
    assert {entry.test for entry in table.entries if entry.result is None} == set()
    without = data.drop(columns="e3")
    for name, test in {"llc": pv.llc_test, "breitung": pv.breitung_test, "cips": pv.cips_test}.items():
        assert table.result(name).statistic == test(without, lags=0).statistic
    assert table.result("ips").n_entities == 12
    text = " ".join(str(table).split())
    assert "use 40 of 40 periods of 11 of 12 entities (without e3)." in text
    # Where most start late, the late periods of all are more.
    data.iloc[:3, 4:] = np.nan
    assert "use 37 of 40 periods of 11 of 12 entities" in " ".join(
        str(pv.panel_unit_root_table(data, tests=("llc", "ips"), lags=0, differences=0)).split()
    )
    # An entity that cannot be used is still counted where only such tests are run.
    holed = data.assign(e5=np.where(np.arange(40) == 20, np.nan, data["e5"]))
    alone = pv.panel_unit_root_table(holed, tests="llc", lags=0, differences=0)
    assert "1 of 12 entities are left out: e5" in " ".join(str(alone).split())
    with pytest.raises(pv.DataError, match="needs the same periods for every entity"):
        pv.panel_unit_root_table(data, tests="llc", lags=0, differences=0, unusable="raise")


@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
def test_all_tests_have_the_same_draws():
    data = sharing_a_factor(10, 14)
    bootstrap = pv.PanelBootstrap(draws=19, seed=4)
    tests = {"ips": pv.ips_test, "fisher-adf": pv.fisher_test, "simes": pv.simes_test, "hadri": pv.hadri_test}
    table = pv.panel_unit_root_table(data, tests=list(tests), lags=0, differences=0, bootstrap=bootstrap)
    for name, test in list(tests.items())[:3]:
        assert table.result(name).pvalue == test(data, lags=0, bootstrap=bootstrap).pvalue
        assert table.result(name).drawn
    text = " ".join(str(table).split())
    assert "bootstrap: signs common to all entities, 19 draws, seed 4" in text
    assert "Hadri (serial) (i)" in text and "Im-Pesaran-Shin (i)" not in text
    assert "Hadri (serial): not by the bootstrap, but by published distributions." in text
    # A Generator is used up once, and not by each test anew.
    rng = np.random.default_rng(0)
    generated = pv.panel_unit_root_table(
        data, tests=("ips", "fisher-adf"), lags=0, differences=0, bootstrap=pv.PanelBootstrap(19, rng)
    )
    own = pv.PanelBootstrap(19, int(np.random.default_rng(0).integers(2**31)))
    for name in ("ips", "fisher-adf"):
        assert generated.result(name).pvalue == tests[name](data, lags=0, bootstrap=own).pvalue


@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
def test_hadri_has_one_default():
    data = sharing_a_factor()
    table = pv.panel_unit_root_table(data, tests="hadri", differences=0)
    assert table.result("hadri").statistic == pv.hadri_test(data).statistic
    assert pv.hadri_test(data).choices["Errors"] == "serial"
    assert "Hadri (serial)" in str(table)


def test_sizes_are_told_once_for_each_test_with_the_variables_that_differ():
    rng = np.random.default_rng(4)
    index = pd.MultiIndex.from_product([range(25), range(12)], names=["entity", "time"])
    frame = pd.DataFrame(rng.standard_normal((300, 3)), index=index, columns=["a", "b", "c"])
    frame = frame.groupby("entity").cumsum()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        table = pv.panel_unit_root_table(frame, ["a", "b", "c"], tests=["fisher-adf", "simes"], trend="ct")
    notes = [note.text for note in table.notes if note.code == "size"]
    assert len(notes) == 2 == len([each for each in caught if "true nulls at 5%" in str(each.message)])
    for text in notes:
        assert text.count("bootstrap=pv.PanelBootstrap()") == 1
        assert "of a level, b level and c level: With 25 entities and 12 periods" in text
        assert text.count("Of a difference, b difference and c difference: ") == 1
        assert text.rstrip(".").rpartition("With 25 entities and 11 periods, ")[2].count("%") >= 1

"""What a user asks of a table of results: choice, names, rows of their own, groups; and that no row mixes two kinds."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

import panelvar as pv
from panelvar.core.tables.table import Table
from panelvar.estimates.coefficients.printed_names import PrintedNames
from panelvar.panels.static.result import LinearResult


@pytest.fixture(scope="module")
def panel() -> pv.Panel:
    rng = np.random.default_rng(7)
    n, periods = 24, 10
    i, t = np.repeat(range(n), periods), np.tile(range(periods), n)
    x, z = rng.standard_normal((2, n * periods))
    y = x + 0.5 * z + rng.standard_normal(n)[i] + rng.standard_normal(n * periods)
    region = np.array(["Asia", "Europe", "Africa"])[i % 3]
    frame = pd.DataFrame({"i": i, "t": t, "y": y, "y2": y + x, "x": x, "z": z, "region": region})
    return pv.Panel(frame, entity="i", time="t")


@pytest.fixture(scope="module")
def models(panel: pv.Panel) -> dict[str, LinearResult]:
    return {
        "plain": pv.fit_pooled(panel, "y", ["x", "z"]),
        "regions": pv.fit_pooled(panel, "y ~ x + z + C(region) + x:z"),
        "other": pv.fit_pooled(panel, "y2 ~ x + C(region):x"),
        "within": pv.fit_fixed_effects(panel, "y", ["x", "z"]),
        "twoway": pv.fit_fixed_effects(panel, "y", ["x", "z"], effects="twoway", cov="cluster"),
        "random": pv.fit_random_effects(panel, "y", ["x", "z"]),
    }


def labels(table: Table) -> list[str]:
    return [row.label for row in table.body if not row.continues]


def foot(table: Table) -> dict[str, list[str]]:
    return {row.label: [cell.text for cell in row.cells] for row in table.foot}


def test_keep_and_drop_take_terms_and_patterns(models: dict[str, LinearResult]) -> None:
    regions = ["C(region)[T.Asia]", "C(region)[T.Europe]"]
    assert labels(pv.compare(models["regions"], keep="C(region)")) == regions
    assert labels(pv.compare(models["regions"], drop=["C(region)", "const"])) == ["x", "z", "x:z"]
    assert labels(pv.compare(models["regions"], keep=re.compile("^[xz]$"))) == ["x", "z"]
    assert labels(pv.compare(models["regions"], keep="*region*", drop="*Asia*")) == regions[1:]
    assert labels(pv.compare(models["regions"], order=["const", "z:x"]))[:3] == ["const", "x:z", "x"]
    with pytest.raises(pv.SpecificationError, match=r"drop='w' matches none of the names. The names are: 'x', "):
        pv.compare(models["plain"], drop="w")
    with pytest.raises(pv.SpecificationError, match="leave no coefficient"):
        pv.compare(models["plain"], drop="*")


def test_names_of_terms_and_variables_name_their_columns(models: dict[str, LinearResult]) -> None:
    names = {"region": "Region", "x": "Income", "const": "Constant", "y": "Wage", "i": "Firm"}
    table = pv.compare(models["regions"], models["within"], labels=names)
    assert labels(table) == ["Income", "z", "Region: Asia", "Region: Europe", "Income × z", "Constant"]
    assert table.facts[0].text == "Wage"
    assert foot(table)["Effects"] == ["", "Firm"]
    assert labels(pv.compare(models["regions"], keep="C(region)", labels={"C(region)": "In"})) == [
        "In: Asia",
        "In: Europe",
    ]
    own = pv.compare(models["regions"], keep="C(region)", labels={"C(region)[T.Asia]": "Asia", "region": "Region"})
    assert labels(own) == ["Asia", "Region: Europe"]
    assert labels(pv.compare(models["regions"], keep="C(region)", labels={"*Asia*": "A"}))[0] == "A"


LABELLED = {
    "x": "Income",
    "gdp growth": "Growth",
    "since": "Years since",
    "region": "Region",
    "ref": "Reference",
    "L": "Labour",
    "Asia": "the East",
}


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("L(x)", "L(Income)"),
        ("L(x, 2)", "L(Income, 2)"),
        ("D(L(x, 2))", "D(L(Income, 2))"),
        ("log(x + 1)", "log(Income + 1)"),
        ("I(x ** 2)", "I(Income ** 2)"),
        ("poly(x, 2)[1]", "poly(Income, 2)[1]"),
        ("x:z", "Income × z"),
        ("F(x):log(z)", "F(Income) × log(z)"),
        ("L(`gdp growth`)", "L(Growth)"),
        ("L1.x", "L1.Income"),
        ("L1.gdp growth", "L1.Growth"),
        ("[x]L2.z", "[Income]L2.z"),
        ("[z]x", "[z]Income"),
        ("i(since, x, ref=-1)[T.-3]", "Years since: -3 × Income"),
        ("i(since, z, ref=-1)[T.0]", "Years since: 0 × z"),
        ("i(t, x)[T.0]", "t: 0 × Income"),
        ("i(region, ref='Asia')[T.Asia]", "Region: Asia"),
        ("C(region, ref='a,b')[T.Asia]:L(x)", "Region: Asia × L(Income)"),
        ("C(z, ref='x')[T.x]", "C(z, ref='x')[T.x]"),
        ("f(z, 'x')", "f(z, 'x')"),
        ("x1", "x1"),
        ("x.1", "x.1"),
        ("mean(xx)", "mean(xx)"),
        ("region^t", "Region^t"),
        ("log(x)", "log(Income)"),
    ],
)
def test_a_variable_is_called_by_its_label_wherever_it_stands(name: str, printed: str) -> None:
    names = PrintedNames(LABELLED, [name, "x"])
    assert names.of(name) == printed


def test_what_has_a_label_of_its_own_is_called_by_it() -> None:
    known = ["log(x)", "L(log(x))", "C(g)[T.a]", "x:z", "I(x * z)", "L(x)"]
    names = PrintedNames({"x": "X", "log(x)": "Log X", "L(x, 1)": "X before", "x:z": "Both", "C(g)": "G"}, known)
    assert list(map(names.of, known)) == ["Log X", "L(Log X)", "G: a", "Both", "I(X * z)", "X before"]
    mathematics = PrintedNames({"x": pv.Math(r"\xi")}, known).of("L(log(x))")
    assert isinstance(mathematics, pv.Math) and mathematics.latex == r"L(log($\xi$))"
    # A pattern names whole names, and nothing within one.
    assert PrintedNames({"*(x)": "Of x"}, known).of("L(log(x))") == "L(log(x))"
    assert PrintedNames({"*(x)": "Of x"}, known).of("log(x)") == "Of x"
    assert PrintedNames({"x": "X", "log(x)": "Log X", "*(x)": "Of x"}, known).of("log(x)") == "Log X"
    assert PrintedNames({"": "nothing", "x": "X"}, known).of("L(x)") == "L(X)"


def test_labels_of_variables_name_a_systems_lags() -> None:
    macro = pv.load_data("us_macro")[["infl", "unemp"]]
    table = pv.compare(pv.fit_var(macro, lags=2), labels={"infl": "Inflation"}, below="none")
    assert labels(table) == ["L1.Inflation", "L1.unemp", "L2.Inflation", "L2.unemp", "const"]
    assert [[cell.text for cell in row.cells] for row in table.header] == [["Inflation", "unemp"]]


def test_headings_that_are_dependent_variables_have_their_labels(models: dict[str, LinearResult]) -> None:
    panel = models["plain"]._design.panel
    fits = pv.fit_many(pv.fit_pooled, panel, ["y", "z"], ["x"], steps="cumulative from none")
    table = pv.compare(fits, labels={"y": "Wage"})
    assert [[cell.text for cell in row.cells] for row in table.header] == [
        ["Wage", "Wage", "z", "z"],
        ["(1)", "(2)", "(1)", "(2)"],
    ]
    other = pv.compare({"y": models["plain"], "theirs": fits[("z", "(2)")]}, labels={"y": "Wage"})
    assert [row.label for row in other.header] == ["", "Dependent"]
    assert [cell.text for cell in other.header[0].cells] == ["Wage", "theirs"]
    groups = {"A": {"y": models["plain"], "z": fits[("z", "(2)")]}, "B": {"y": models["within"]}}
    assert [cell.text for cell in pv.compare(groups, stack=True, labels={"z": "Hours"}).header[0].cells] == [
        "y",
        "Hours",
    ]
    with pytest.raises(pv.SpecificationError, match=r"Two columns of 'A' have one label, of: Same, Same\."):
        pv.compare(groups, stack=True, labels={"y": "Same", "z": "Same"})


def test_one_mapping_of_names_serves_many_tables(models: dict[str, LinearResult]) -> None:
    assert labels(pv.compare(models["plain"], labels={"x": "X", "unemployment": "Unemployment"}))[0] == "X"
    with pytest.raises(pv.SpecificationError, match="labels='constt' matches none of the names"):
        pv.compare(models["plain"], labels={"x": "X", "constt": "Constant"})
    with pytest.raises(pv.SpecificationError, match="labels='unemployment' matches none"):
        pv.compare(models["plain"], labels={"unemployment": "Unemployment"})
    with pytest.raises(pv.SpecificationError, match="takes a text; got int"):
        pv.compare(models["plain"], labels={"x": 3})  # type: ignore[dict-item]


def test_two_lines_below_and_signs_of_choice(models: dict[str, LinearResult]) -> None:
    table = pv.compare(models["plain"], below=["std_errors", "pvalues"], stars={"+": 0.1, "†": 0.05}, digits=2)
    kinds = [row.kind for row in table.body[:3]]
    assert kinds == ["estimate", "std. error", "p"]
    result = models["plain"]
    assert [row.cells[0].text for row in table.body[:3]] == [
        f"{result.params['x']:.2f}",
        f"({result.std_errors['x']:.2f})",
        "[<0.01]",
    ]
    assert table.body[0].cells[0].stars == "†"
    assert table.notes == ("Standard errors in parentheses, p-values in brackets. + p < 0.1, † p < 0.05.",)
    both = pv.compare(models["plain"], below=("conf_int", "std_errors", "tstats"), stars=False)
    assert both.notes[0] == (
        "95% confidence intervals in brackets, standard errors in parentheses, t statistics in braces."
    )
    for wrong in ("se", ["std_errors", "std_errors"], ["none", "pvalues"]):
        with pytest.raises(pv.SpecificationError, match="below="):
            pv.compare(models["plain"], below=wrong)


def test_own_rows_and_notes(models: dict[str, LinearResult]) -> None:
    own = {
        "Controls": ["yes", False, None],
        "Share": [0.25, 3, ""],
        "Slopes": lambda result: len(result.params) - 1,
    }
    table = pv.compare(models["plain"], models["regions"], models["within"], rows=own, foot=["nobs"], notes="A note.")
    assert foot(table) == {
        "Controls": ["yes", "no", ""],
        "Share": ["0.2500", "3", ""],
        "Slopes": ["2", "5", "2"],
        "N": ["240"] * 3,
    }
    assert table.notes[1:] == ("A note.",)
    for wrong, match in (([1, 2], r"3, one for each column \(\(1\), \(2\), \(3\)\)"), ([1, 2, {}], "numbers, texts")):
        with pytest.raises(pv.SpecificationError, match=match):
            pv.compare(models["plain"], models["regions"], models["within"], rows={"a": wrong})


def test_foot_rows_of_choice(models: dict[str, LinearResult], panel: pv.Panel) -> None:
    wanted = ["dependent_mean", "dependent_sd", "each_effect", "loglik", "aic", "bic", "clusters"]
    table = pv.compare(models["plain"], models["within"], models["twoway"], foot=wanted, labels={"t": "Year"})
    y = panel.column("y")
    found = foot(table)
    assert found["Mean of dependent"] == [f"{y.mean():.4f}"] * 3
    assert found["SD of dependent"] == [f"{y.std(ddof=1):.4f}"] * 3
    assert found["i effects"] == ["no", "yes", "yes"]
    assert found["Year effects"] == ["no", "no", "yes"]
    assert found["AIC"][0] == f"{models['plain'].aic:.4f}"
    assert found["Clusters"] == ["", "", "24 (i)"]
    renamed = pv.compare(models["plain"], foot={"nobs": "Observations", "rsquared": "R²"})
    assert list(foot(renamed)) == ["Observations", "R²"]
    with pytest.raises(pv.SpecificationError, match="foot='observations'"):
        pv.compare(models["plain"], foot={"observations": "N"})


def test_groups_of_columns_under_headings(models: dict[str, LinearResult]) -> None:
    groups = {"Pooled": [models["plain"], models["other"]], "Within": [models["within"]]}
    table = pv.compare(groups, foot=["nobs"])
    assert [cell.text for cell in table.header[0].cells] == ["Pooled", "Pooled", "Within"]
    assert [cell.continues for cell in table.header[0].cells] == [False, True, False]
    assert [cell.text for cell in table.header[1].cells] == ["(1)", "(2)", "(3)"]
    keyed = {("Pooled", "a"): models["plain"], ("Pooled", "b"): models["other"], "c": models["within"]}
    again = pv.compare(keyed, foot=["nobs"])
    assert again.to_frame()[("Pooled", "b")]["x", "estimate"] == models["other"].params["x"]
    assert max(map(len, str(again).splitlines())) <= 80
    with pytest.raises(pv.SpecificationError, match=r"results\['Within'\] is empty"):
        pv.compare({"Pooled": [models["plain"]], "Within": []})


def test_groups_one_below_another(models: dict[str, LinearResult]) -> None:
    groups = {
        "Wages": {"a": models["plain"], "b": models["within"]},
        "Others": {"b": models["twoway"], "c": models["random"]},
    }
    table = pv.compare(groups, stack=True, foot=["nobs", "rsquared", "cov"], keep=["x"])
    assert [cell.text for cell in table.header[0].cells] == ["a", "b", "c"]
    headings = [row for row in table.body if row.heading]
    assert [row.label for row in headings] == ["Wages", "Others"]
    assert [row.rule for row in headings] == [False, True]
    frame = table.to_frame()
    assert frame.loc[("Wages", "x", "estimate"), "b"] == models["within"].params["x"]
    assert frame.loc[("Others", "x", "estimate"), "b"] == models["twoway"].params["x"]
    # An empty cell, and a row of each block: nothing is of all columns alike.
    assert pd.isna(frame.loc[("Others", "x", "estimate"), "a"])
    assert frame.loc[("Wages", "R2", ""), "a"] == models["plain"].rsquared
    same = pv.compare({"A": [models["plain"]], "B": [models["regions"]]}, stack=True, foot=["nobs", "rsquared"])
    assert [row.label for row in same.foot] == ["N"]
    assert [fact.label for fact in same.facts] == ["Dependent", "Estimator"]
    with pytest.raises(pv.SpecificationError, match="stack=True puts groups"):
        pv.compare(models["plain"], stack=True)


def test_long_run_coefficients_are_not_in_the_rows_of_slopes(panel: pv.Panel, models: dict[str, LinearResult]) -> None:
    with pytest.warns(pv.PanelVarWarning):
        corrected = pv.fit_ardl_mean_group(panel, "y", ["x"])
    table = pv.compare({"within": models["within"], "mg": corrected}, foot=["nobs"])
    rows = {row.label: [cell.text for cell in row.cells] for row in table.body if not row.continues}
    assert rows["x"] == [f"{models['within'].params['x']:.4f}", ""]
    assert rows["x (long run)"] == ["", f"{corrected.long_run['x']:.4f}"]
    # By themselves they need no such word.
    assert "x" in labels(pv.compare(corrected))
    assert not any("long run" in label for label in labels(pv.compare(corrected)))


def test_ratios_of_two_kinds_are_told_apart(models: dict[str, LinearResult]) -> None:
    table = pv.compare({"t": models["within"], "z": models["random"]}, below="tstats", foot=["nobs"], stars=False)
    assert table.notes == ("t statistics (z in z) in parentheses.",)
    assert table.body[1].kind == "t or z"
    assert pv.compare(models["random"], below="tstats", stars=False).notes == ("z statistics in parentheses.",)


def test_warnings_can_be_left_out(panel: pv.Panel) -> None:
    with pytest.warns(pv.PanelVarWarning):
        few = pv.fit_pooled(panel, "y", ["x"], cov=pv.Clustered("region"))
    assert len(pv.compare(few).notes) > len(pv.compare(few, warnings=False).notes) == 1


@pytest.mark.parametrize("stack", [False, True])
def test_equations_of_vector_autoregressions_are_columns(stack: bool) -> None:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(rng.standard_normal((80, 2)).cumsum(axis=0), columns=["output", "prices"])
    short, long = pv.fit_var(frame, lags=1), pv.fit_var(frame, lags=2)
    alone = pv.compare(short)
    assert [cell.text for cell in alone.header[0].cells] == ["output", "prices"]
    assert [(fact.label, fact.text) for fact in alone.facts] == [("Estimator", "VAR(1)")]
    assert alone.to_frame()["prices"]["L1.output", "std. error"] == short.std_errors["prices"]["L1.output"]
    limits = pv.compare(short, below="conf_int").to_frame()["prices"]["L1.output", "interval"]
    assert limits == "[{:.4f}, {:.4f}]".format(*short.conf_int().loc[("prices", "L1.output")])
    both = pv.compare({"short": short, "long": long}, stack=stack, foot=["nobs", "rsquared", "rmse", "loglik"])
    frame = both.to_frame()
    if stack:
        assert frame.loc[("long", "L2.output", "estimate"), "output"] == long.params["output"]["L2.output"]
        assert frame.loc[("short", "R2", ""), "output"] == short.rsquared["output"]
    else:
        assert frame[("long", "output")]["L2.output", "estimate"] == long.params["output"]["L2.output"]
        assert np.isnan(frame[("short", "output")]["L2.output", "estimate"])
        assert frame[("short", "prices")]["Root MSE", ""] == short.rmse["prices"]


def test_equations_of_restricted_systems_have_what_is_free() -> None:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(rng.standard_normal((80, 2)).cumsum(axis=0), columns=["output", "prices"])
    restricted = pv.fit_restricted_var(frame, lags=2, restrictions={"output": ["L2.prices"]})
    table = pv.compare(restricted).to_frame()
    assert pd.isna(table["output"]["L2.prices", "estimate"])
    assert table["prices"]["L2.prices", "estimate"] == restricted.params["prices"]["L2.prices"]

"""Results side by side."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import panelvar as pv
from panelvar.panels.static.result import LinearResult


def test_text(pooled: LinearResult, fixed: LinearResult, fixed_value: LinearResult, few_clusters: LinearResult) -> None:
    table = pv.compare({"a": pooled, "b": fixed, "c": fixed_value, "d": few_clusters})
    assert (
        str(table)
        == """\
================================================================================
                 a               b                  c                  d
Dependent      invest         invest             invest             capital
             Pooled OLS    Fixed effects      Fixed effects       Pooled OLS
                              (firm)             (firm)
--------------------------------------------------------------------------------
value         0.3665***       0.4855***         0.5102***          -0.2064
             (0.0835)        (0.0319)          (0.0656)            (0.1057)
capital      -0.1362*        -0.2005***
             (0.0753)        (0.0252)
const         1.4149***       1.4438***         1.5085***          -0.3555*
             (0.0773)        (0.0257)          (0.0503)            (0.1162)
--------------------------------------------------------------------------------
N            24              24                24                  24
Entities      4               4                 4                   4
Effects                        firm               firm
R2            0.5569          0.9470            0.7611              0.0346
Adjusted R2   0.5147          0.9323            0.7108             -0.0092
Kind of R2     plain          within             within              plain
F            13.1949        160.8044           60.5305              3.8101
p of F        0.0002         <0.0001           <0.0001              0.1460
Std. errors  classical       classical          classical      clustered by firm
================================================================================
Standard errors in parentheses. * p < 0.1, ** p < 0.05, *** p < 0.01.
d: Only 4 clusters: clustered standard errors are biased downward and t tests
over-reject, so the p-values are too optimistic. With so few clusters, no
correction and no bootstrap makes them reliable."""
    )


def test_stars_at_the_papers_levels(pooled: LinearResult) -> None:
    lines = str(pv.compare([pooled], stars=(0.05, 0.01, 0.001))).splitlines()
    row = next(line for line in lines if line.startswith("capital"))
    assert pooled.pvalues["capital"] > 0.05
    assert "*" not in row
    assert lines[-1] == "Standard errors in parentheses. * p < 0.05, ** p < 0.01, *** p < 0.001."
    assert "*" not in str(pv.compare([pooled], stars=()))


@pytest.mark.parametrize(
    ("below", "kind", "text"),
    [
        ("std_errors", "std. error", "({:.4f})"),
        ("tstats", "t", "({:.4f})"),
        ("pvalues", "p", "({:.4f})"),
        ("none", "", ""),
    ],
)
def test_what_stands_below(pooled: LinearResult, below: str, kind: str, text: str) -> None:
    table = pv.compare([pooled], below=below)
    if below == "none":
        assert list(table.to_frame(foot=False).index) == ["value", "capital", "const"]
        return
    value = getattr(pooled, below)["capital"]
    assert text.format(value) in str(table)
    assert table.to_frame().loc[("capital", kind), "(1)"] == value


def test_intervals(pooled: LinearResult) -> None:
    lower, upper = pooled.conf_int(level=0.9).loc["value"]
    text = str(pv.compare([pooled], below="conf_int", level=0.9))
    assert f"[{lower:.4f}, {upper:.4f}]" in text
    assert "90% confidence intervals in brackets." in text


def test_keep_order_labels_and_foot(pooled: LinearResult, fixed: LinearResult) -> None:
    table = pv.compare(
        [pooled, fixed],
        order=["const", "capital"],
        keep=["capital", "const"],
        labels={"capital": "Capital stock", "invest": "Investment"},
        foot=["rmse", "nobs"],
        title="Firms",
    )
    assert list(dict.fromkeys(row.label for row in table.body)) == ["const", "Capital stock"]
    assert [row.label for row in table.foot] == ["Root MSE", "N"]
    assert table.facts[0].text == "Investment"
    assert str(table).startswith("Firms\n")


def test_one_kind_of_r2_names_the_row(fixed: LinearResult, fixed_value: LinearResult, pooled: LinearResult) -> None:
    same = pv.compare([fixed, fixed_value])
    assert "Within R2" in [row.label for row in same.foot]
    assert "Kind of R2" not in [row.label for row in same.foot]
    mixed = pv.compare([fixed, pooled])
    assert [row.label for row in mixed.foot][3:6] == ["R2", "Adjusted R2", "Kind of R2"]


def test_frame(pooled: LinearResult, fixed_value: LinearResult) -> None:
    frame = pv.compare({"a": pooled, "b": fixed_value}).to_frame(foot=False)
    assert list(frame.columns) == ["a", "b"]
    assert (frame.dtypes == np.float64).all()
    assert frame.loc[("value", "estimate"), "b"] == fixed_value.params["value"]
    assert np.isnan(frame.loc[("capital", "estimate"), "b"])


@pytest.mark.parametrize(
    ("results", "match"),
    [([], "is empty"), ({}, "is empty"), ("abc", "str"), (3, "int"), ([1.0], r"\(1\)'\] is a float")],
)
def test_what_cannot_be_compared(results: object, match: str) -> None:
    with pytest.raises(pv.SpecificationError, match=match):
        pv.compare(results)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"below": "se"}, "below='se'"),
        ({"keep": ["valu"]}, "keep='valu' matches none of the names. The names are: 'value', "),
        ({"labels": {"valu": "V"}}, "labels='valu' matches none"),
        ({"order": ["x"]}, "order='x'"),
        ({"foot": ["r2"]}, "foot='r2'"),
        ({"stars": (5,)}, "significance levels"),
        ({"digits": -1}, "digits"),
    ],
)
def test_unknown_options(pooled: LinearResult, options: dict[str, object], match: str) -> None:
    with pytest.raises(pv.SpecificationError, match=match):
        pv.compare([pooled], **options)  # type: ignore[arg-type]


def test_a_single_result_needs_no_list(pooled: LinearResult) -> None:
    assert str(pv.compare(pooled)) == str(pv.compare([pooled]))


@settings(max_examples=25, deadline=None)
@given(
    labels=st.lists(st.text(max_size=50), min_size=1, max_size=12, unique=True),
    names=st.lists(st.text(min_size=1, max_size=70), min_size=2, max_size=2, unique=True),
)
def test_never_wider_than_a_terminal(terminal_width: Callable[[str], int], labels: list[str], names: list[str]) -> None:
    assume(not {"const", "i", "t"} & set(names))
    rng = np.random.default_rng(0)
    data = {
        "i": np.repeat([1, 2], 5),
        "t": [*range(5)] * 2,
        names[0]: rng.normal(size=10),
        names[1]: rng.normal(size=10),
    }
    result = pv.fit_pooled(pv.Panel(pd.DataFrame(data), entity="i", time="t"), names[0], names[1:])
    for table in (pv.compare(dict.fromkeys(labels, result)), result.summary()):
        assert max(map(terminal_width, str(table).split("\n"))) <= 80
        assert all(view for view in (table.to_html(), table.to_latex(), table.to_markdown()))
        assert len(table.to_frame(foot=False)) >= 2


def test_one_estimator_is_said_once(fixed: LinearResult, fixed_value: LinearResult, pooled: LinearResult) -> None:
    same = pv.compare({"a": fixed, "b": fixed_value})
    assert [(fact.label, fact.text) for fact in same.facts if fact.label == "Estimator"] == [
        ("Estimator", fixed.estimator)
    ]
    assert len(same.header) == 1
    mixed = pv.compare({"a": fixed, "b": pooled})
    assert [cell.text for cell in mixed.header[-1].cells] == [fixed.estimator, pooled.estimator]
    assert not any(fact.label == "Estimator" for fact in mixed.facts)


@pytest.mark.parametrize("foot", [["rsquared"], ["rsquared_adjusted", "nobs"], ["rsquared", "rsquared_adjusted"]])
def test_a_row_of_several_kinds_of_r2_says_which(pooled: LinearResult, fixed: LinearResult, foot: list[str]) -> None:
    table = pv.compare({"plain": pooled, "within": fixed}, foot=foot)
    labels = [row.label for row in table.foot]
    assert labels.index("Kind of R2") == len([name for name in foot if name.startswith("rsquared")])
    assert [cell.text for cell in table.foot[labels.index("Kind of R2")].cells] == ["plain", "within"]


def test_a_row_of_f_tests_of_other_coefficients_says_which(pooled: LinearResult, fixed: LinearResult) -> None:
    dummies = pv.fit_fixed_effects(fixed.fit.source.panel, "invest", ["value", "capital"], convention="gretl")
    table = pv.compare({"plain": pooled, "dummies": dummies}, foot=["f", "f_pvalue", "nobs"])
    assert [row.label for row in table.foot] == ["F", "p of F", "F is of", "N"]
    assert [cell.text for cell in table.foot[2].cells] == ["slopes", "slopes and effects"]
    same = pv.compare({"a": pooled, "b": pooled}, foot=["f", "f_kind", "rsquared_kind"])
    assert [row.label for row in same.foot] == ["F"]


def test_dynamic_panels_stand_beside_static_ones() -> None:
    rng = np.random.default_rng(4)
    y, x = np.zeros((40, 8)), rng.standard_normal((40, 8))
    for t in range(1, 8):
        y[:, t] = 0.4 * y[:, t - 1] + x[:, t] + rng.standard_normal(40)
    index = pd.MultiIndex.from_product([range(40), range(2000, 2008)], names=["i", "t"])
    frame = pd.DataFrame({"y": y.ravel(), "x": x.ravel()}, index=index)
    few = pv.LagInstruments(last=3, collapse=True)
    columns = {
        "static": pv.fit_fixed_effects(frame, "y", ["x"]),
        "moments": pv.fit_arellano_bond(frame, "y", ["x"], instruments=few, time_effects=True),
        "corrected": pv.fit_bias_corrected_moments(frame, "y", ["x"]),
        "without errors": pv.fit_lsdvc(frame, "y", ["x"]),
    }
    foot = ["nobs", "effects", "rsquared", "chi2", "overidentification_pvalue", "rmse", "cov", "convention"]
    table = pv.compare(columns, keep=["x", "L(y)"], foot=foot)
    rows = {row.label: [cell.text for cell in row.cells] for row in (*table.body, *table.foot) if not row.continues}
    assert rows["L(y)"][0] == ""
    assert all(rows["L(y)"][place].startswith("0.") for place in (1, 2, 3))
    assert rows["N"] == ["320", "240", "280", "280"]
    assert rows["Effects"] == ["i", "i, t", "i", "i"]
    assert [bool(text) for text in rows["Within R2"]] == [True, False, False, False]
    # A joint test needs errors; a test of moments, more of them than coefficients.
    assert [bool(text) for text in rows["Wald chi2"]] == [False, True, True, False]
    assert [bool(text) for text in rows["p of overid. test"]] == [False, True, False, False]
    assert all(rows["Root MSE"]) and rows["Std. errors"][3] == "none (draws=0)"
    alone = pv.compare(columns["corrected"])
    assert alone.body[0].cells[0].text == rows["L(y)"][2]


@pytest.fixture
def clustered_and_dropped():
    """Two models of data whose columns have names that a table should not show; one loses rows."""
    data = pv.load_data("grunfeld").reset_index().rename(columns={"firm": "Firm Name"})
    data["R&D / v"] = data["value"].where(np.arange(len(data)) % 7 != 0)
    panel = pv.Panel(data, "Firm Name", "year")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return [
            pv.fit_fixed_effects(
                panel, "invest ~ log(`R&D / v`)", effects="twoway", cov=pv.Clustered("entity", "time")
            ),
            pv.fit_pooled(panel, "invest ~ `R&D / v`", cov="cluster"),
        ]


def test_labels_stand_in_the_head_the_foot_and_the_note_on_dropped_rows(clustered_and_dropped):
    labels = {"Firm Name": "Company", "year": "Year effects", "R&D / v": "Research"}
    foot = ["effects", "each_effect", "cov", "clusters"]
    table = pv.compare(clustered_and_dropped, labels=labels, foot=foot)
    assert [cell.text for cell in table.header[1].cells] == ["Fixed effects (Company, Year effects)", "Pooled OLS"]
    rows = {row.label: [cell.text for cell in row.cells] for row in table.foot}
    assert rows["Effects"] == ["Company, Year effects", ""]
    # What is called effects already is not called so twice.
    assert rows["Company effects"] == rows["Year effects"] == ["yes", "no"]
    assert rows["Std. errors"] == ["clustered by Company and Year effects", "clustered by Company"]
    assert rows["Clusters"] == ["11 (Company), 20 (Year effects)", "11 (Company)"]
    notes = "\n".join(table.notes)
    assert "(1): 32 of 220 rows dropped for missing values: log(Research) (32)." in notes
    assert "(2): 32 of 220 rows dropped for missing values: Research (32)." in notes
    assert "Firm Name" not in str(table) and "R&D" not in str(table)
    mathematics = pv.compare(clustered_and_dropped, labels={"Firm Name": pv.Math(r"\phi")}, foot=foot).to_latex()
    assert r"Fixed effects ($\phi$, year)" in mathematics and r"11 ($\phi$), 20 (year)" in mathematics
    plain = pv.compare(clustered_and_dropped, foot=foot)
    assert plain.header[1].cells[0].text == "Fixed effects (Firm Name, year)"
    assert [row.label for row in plain.foot][1:3] == ["Firm Name effects", "year effects"]


def test_the_head_may_leave_out_the_estimators(clustered_and_dropped):
    table = pv.compare(clustered_and_dropped, estimators=False, warnings=False, foot=["nobs"])
    assert len(table.header) == 1 and [row.label for row in table.foot] == ["N"]
    assert [fact.label for fact in table.facts] == ["Dependent"]
    assert "Pooled OLS" not in str(table) and "dropped" not in str(table)
    same = pv.compare([clustered_and_dropped[0]] * 2, estimators=False)
    assert [fact.label for fact in same.facts] == ["Dependent"]
    stacked = {"A": clustered_and_dropped[:1], "B": clustered_and_dropped[1:]}
    assert "Pooled OLS" in str(pv.compare(stacked, stack=True))
    assert "Pooled OLS" not in str(pv.compare(stacked, stack=True, estimators=False))
    with pytest.raises(pv.SpecificationError, match="estimators="):
        pv.compare(clustered_and_dropped, estimators="yes")


def test_a_function_for_a_row_is_given_the_result_itself(fixed: LinearResult) -> None:
    firms, series = pv.load_data("employment"), pv.load_data("us_macro")[["infl", "unemp"]]
    dynamic = pv.fit_arellano_bond(
        firms, "log(emp) ~ log(wage)", instruments=pv.LagInstruments(collapse=True), cov="robust"
    )
    corrected = pv.fit_bias_corrected_moments(firms, "log(emp) ~ log(wage) + log(capital)")
    system = pv.fit_var(series, lags=1)
    growth = np.log(pv.load_data("public_capital")[["gsp", "emp"]]).groupby("state").diff().dropna()
    panel_system = pv.fit_panel_var(growth, ["emp", "gsp"], method="corrected-moments")
    results = {"a": fixed, "b": dynamic, "c": corrected, "d": system, "e": panel_system}
    given: list[object] = []
    pv.compare(results, rows={"seen": lambda result: given.append(result)})
    assert len(given) == 6
    for known, seen in zip([fixed, dynamic, corrected, system, system, panel_system], given, strict=True):
        assert known is seen
    table = pv.compare([dynamic], rows={"p of m2": lambda result: result.ar_test(2).pvalue}, digits=3)
    row = next(line for line in str(table).splitlines() if line.startswith("p of m2"))
    assert float(row.split()[-1]) == pytest.approx(dynamic.ar_test(2).pvalue, abs=5e-4)


def test_a_statistic_that_cannot_be_computed_leaves_its_reason() -> None:
    """The table is printed all the same, with an empty cell."""
    grunfeld = pv.load_data("grunfeld")
    whole = pv.fit_fgls(grunfeld, "invest ~ value", autocorrelation="ar1")
    shortened = pv.fit_fgls(grunfeld, "invest ~ value", autocorrelation=pv.AR1(starts="drop"))
    table = pv.compare({"whole": whole, "first": shortened, "second": shortened}, foot=["nobs", "loglik"])
    assert [cell.text != "" for cell in table.foot[1].cells] == [True, False, False]
    assert table.notes[-1].startswith("first, second: Log-likelihood: This fit has no log-likelihood.")
    assert len([note for note in table.notes if "Log-likelihood" in note]) == 1


@pytest.fixture(scope="module")
def employment() -> dict[str, object]:
    """Fixed effects and moments of the same equation."""
    firms, formula = pv.load_data("employment"), "log(emp) ~ log(wage) + log(capital)"
    few = pv.LagInstruments(collapse=True)
    lagged = formula.replace("~", "~ L(log(emp)) +")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return {
            "FE": pv.fit_fixed_effects(firms, f"{lagged} | firm + year"),
            "dummies": pv.fit_fixed_effects(firms, f"{lagged} + i(year) | firm"),
            "FD": pv.fit_first_difference(firms, lagged),
            "AB": pv.fit_arellano_bond(firms, formula, lags=2, instruments=few),
            "BB": pv.fit_blundell_bond(firms, formula, lags=2, instruments=few, time_effects=True),
            "BC": pv.fit_bias_corrected_moments(firms, formula, time_effects=True),
        }


def foot_of(table: pv.Table) -> dict[str, list[str]]:
    return {row.label: [cell.text for cell in row.cells] for row in table.foot}


def test_one_call_prints_what_papers_print_of_moments(employment) -> None:
    tests = ("ar1", "ar2", "sargan", "hansen", "difference_in_hansen")
    foot = ["instruments", *(f"{name}{part}" for name in tests for part in ("", "_pvalue"))]
    moments = {name: employment[name] for name in ("FE", "AB", "BB")}
    rows = foot_of(pv.compare(moments, foot=foot, digits=6))
    system = moments["BB"]
    assert rows["Instruments"] == ["", "9", "17"]
    assert all(cells[0] == "" for cells in rows.values())
    one_by_one = [
        system.ar_test(1),
        system.ar_test(2),
        system.sargan,
        system.hansen_j,
        system.difference_in_hansen("levels").joint,
    ]
    names = ("AR(1)", "AR(2)", "Sargan", "Hansen", "diff.-in-Hansen")
    for name, test in zip(names, one_by_one, strict=True):
        assert float(rows[f"p of {name}"][2]) == pytest.approx(test.pvalue, abs=6e-7)
    assert rows["p of diff.-in-Hansen"][1] == ""
    # What is printed unless other rows are asked for: Hansen's stands in the row of tests of overidentification.
    plain = foot_of(pv.compare(moments))
    assert {"Instruments", "p of AR(1)", "p of AR(2)", "p of overid. test"} <= plain.keys()
    row = system.glance().iloc[0]
    assert row["n.instruments"] == 17 and row["hansen.df"] == system.hansen_j.df
    for name, test in zip(tests, one_by_one, strict=True):
        assert row[f"{name.replace('_', '.')}.p.value"] == test.pvalue


def test_what_a_short_panel_has_no_test_of_is_said_below(employment) -> None:
    rng = np.random.default_rng(1)
    index = pd.MultiIndex.from_product([range(40), range(4)], names=["i", "t"])
    short = pv.fit_arellano_bond(pd.DataFrame({"y": rng.standard_normal(160)}, index=index), "y")
    table = pv.compare(short, foot=["nobs", "ar1_pvalue", "ar2_pvalue"])
    assert "p of AR(2)" not in foot_of(table)
    assert any("p of AR(2): No entity has differences that are 2 periods apart" in note for note in table.notes)


def test_one_effect_has_one_name_in_all_families(employment) -> None:
    rows = foot_of(pv.compare(employment, foot=["each_effect"]))
    assert rows == {
        "firm effects": ["yes"] * 6,
        "year effects": ["yes", "yes", "no", "no", "yes", "yes"],
    }
    assert "C(year)[T.1980]" in employment["BB"].names
    growth = np.log(pv.load_data("public_capital")[["gsp", "emp"]]).groupby("state").diff().dropna()
    system = pv.fit_panel_var(growth, ["emp", "gsp"], method="corrected-moments", time_effects=True)
    rows = foot_of(pv.compare(system, foot=["each_effect"]))
    assert rows == {"state effects": ["yes"], "year effects": ["yes"]}


def test_indicators_written_in_two_ways_stand_in_one_row() -> None:
    firms = pv.load_data("grunfeld")
    results = [pv.fit_fixed_effects(firms, f"invest ~ value + {term}") for term in ("C(year)", "i(year)")]
    results += [
        pv.fit_fixed_effects(firms, f"invest ~ value + {term}") for term in ("i(year, 1936)", "C(year, ref=1936)")
    ]
    table = pv.compare(results, keep=["value", "i(year)[T.1937]", "C(year, ref=1936)[T.1937]"], below="conf_int")
    rows = table.to_frame()["(1)"].index.get_level_values(0)
    assert [*dict.fromkeys(rows)][:3] == ["value", "C(year)[T.1937]", "i(year, 1936)[T.1937]"]
    frame = table.to_frame().loc[("C(year)[T.1937]", "estimate")]
    assert frame["(1)"] == frame["(2)"] and not frame["(3)"]


def test_dummies_that_the_table_does_not_show_are_effects() -> None:
    firms = pv.load_data("grunfeld")
    formulas = ["invest ~ value + C(firm) + i(year)", "invest ~ i(year, value)", "invest ~ value"]
    results = [pv.fit_pooled(firms, formula) for formula in formulas]
    assert foot_of(pv.compare(results, keep=["value", "i(year, value)"], foot=["each_effect"])) == {
        "firm effects": ["yes", "no", "no"],
        "year effects": ["yes", "no", "no"],
    }
    assert foot_of(pv.compare(results, foot=["each_effect"])) == {}


def test_a_row_of_a_function_says_what_it_left_out_and_why(employment) -> None:
    results = {name: employment[name] for name in ("FE", "AB")}
    table = pv.compare(
        results,
        foot=["nobs"],
        rows={
            "AR(2)": lambda result: result.ar_test(2).pvalue,
            "guarded": lambda result: None,
            "nowhere": lambda result: result.params["foo"],
        },
    )
    rows, notes = foot_of(table), " ".join(table.notes)
    assert rows["AR(2)"][0] == "" and rows["AR(2)"][1] == "0.6453"
    assert "FE: AR(2): 'LinearResult' object has no attribute 'ar_test'" in notes
    assert "FE, AB: guarded: the function of rows= returned nothing, so this row is left out." in notes
    assert "FE, AB: nowhere: the result has no 'foo'." in notes and "nowhere" not in rows
    with pytest.raises(ZeroDivisionError):
        pv.compare(results, rows={"wrong": lambda result: 1 / 0})


def test_constants_of_their_own_are_effects() -> None:
    firms, formula = pv.load_data("grunfeld"), "invest ~ value + capital"
    results = {
        "fixed": pv.fit_fixed_effects(firms, formula, effects="twoway"),
        "mean group": pv.fit_mean_group(firms, formula),
        "no constants": pv.fit_mean_group(firms, "invest ~ 0 + value + capital"),
        "periods": pv.fit_fama_macbeth(firms, formula),
        "relation": pv.fit_fmols(firms, formula),
    }
    with pytest.warns(pv.PanelVarWarning, match="biases the speed"):
        results["dynamic"] = pv.fit_dynamic_fixed_effects(firms, formula)
    assert foot_of(pv.compare(results, foot=["each_effect"])) == {
        "firm effects": ["yes", "yes", "no", "no", "yes", "yes"],
        "year effects": ["yes", "no", "no", "yes", "no", "no"],
    }

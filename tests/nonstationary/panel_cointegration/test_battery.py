"""Tests of cointegration of one relation in one table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from nonstationary.panel_cointegration.systems import frame_of, panel_of, system

import panelvar as pv


def test_every_statistic_has_a_row_and_is_what_the_test_says():
    panel = panel_of(system(10, 40, 2, root=0.7))
    table = pv.panel_cointegration_table(panel, "y", ["x1", "x2"], lags=1)
    frame = table.to_frame()
    assert isinstance(frame.index, pd.Index) and frame.index.name == "test"
    assert len(frame) == 7 + 5 + 4
    own = {
        "pedroni": pv.pedroni_test(panel, "y", ["x1", "x2"], lags=1),
        "kao": pv.kao_test(panel, "y", ["x1", "x2"], lags=1),
        "westerlund": pv.westerlund_test(panel, "y", ["x1", "x2"]),
    }
    for name, expected in own.items():
        assert table.result(name).statistic == expected.statistic
        assert frame.loc[name, ["statistic", "pvalue"]].tolist() == [expected.statistic, expected.pvalue]
        for part in expected.parts:
            row = frame.loc[f"{name}: {part.name}"]
            assert (row.statistic, row.pvalue) == (part.statistic, part.pvalue)
    assert frame.loc["pedroni", "alternative"] == "some entities are cointegrated"
    assert frame.loc["pedroni: Pedroni panel v", "alternative"] == "all entities are cointegrated"
    assert frame.loc["westerlund: Westerlund pooled Pt", "alternative"] == "all entities are cointegrated"


def test_a_formula_names_the_relation_as_columns_do():
    panel = panel_of(system(6, 30, 1))
    by_formula = pv.panel_cointegration_table(panel, "y ~ x1", tests="pedroni", lags=0)
    by_names = pv.panel_cointegration_table(panel, "y", "x1", tests="pedroni", lags=0)
    pd.testing.assert_frame_equal(by_formula.to_frame(), by_names.to_frame())
    assert "y ~ x1" in str(by_formula)
    assert "y on x1" in str(by_names)


def test_draws_are_those_of_the_error_correction_tests():
    panel = panel_of(system(5, 25, 1))
    table = pv.panel_cointegration_table(panel, "y", "x1", tests=("westerlund", "westerlund-ratio"), draws=50, seed=3)
    expected = pv.westerlund_test(panel, "y", "x1", draws=50, seed=3)
    assert table.result("westerlund").pvalue == expected.pvalue


def test_the_printed_table_says_what_is_rejected_against_what():
    text = " ".join(str(pv.panel_cointegration_table(panel_of(system(10, 40)), "y", "x1", lags=0)).split())
    assert "H0: no entity is cointegrated" in text
    assert "reject" in text and "H1 of the others: all entities are cointegrated." in text


def test_unbalanced_panels_that_are_to_be_kept_whole_have_the_tests_that_are_for_them():
    short = pv.Panel(frame_of(system(6, 30)).iloc[4:], "i", "t")
    with pytest.warns(
        pv.PanelVarWarning, match="tests were not run. The first says: Kao's test needs the same periods"
    ):
        table = pv.panel_cointegration_table(short, "y", "x1", lags=0, unusable="raise")
    assert table.to_frame().loc["kao", "reading"].startswith("Not run: Kao's test needs the same periods")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"tests": "llc"}, "tests='llc' is not known"),
        ({"trend": "ct"}, "trend='ct' is not available in 'kao', which has 'c'"),
        ({"trend": "trend"}, "trend='trend' is not known"),
        ({"tests": []}, "is empty"),
        ({"tests": ["kao", "kao"]}, "each of them once"),
        ({"x": 0.5}, "x must be column names"),
        ({"x": None}, "Regressors are missing"),
        ({"demean": np.array([])}, "demean"),
        ({"lags": 10**5000}, "^lags="),
        ({"lags": "sic"}, "^lags='sic' is not known. Did you mean 'bic'"),
        ({"x": []}, "at least one regressor"),
    ],
)
def test_what_makes_no_table_is_refused(options, words):
    with pytest.raises(pv.PanelVarError, match=words):
        pv.panel_cointegration_table(panel_of(system(4, 20)), "y", **{"x": "x1", "lags": 0} | options)


@pytest.mark.parametrize(("trend", "case"), [("n", "n"), ("c", "rc"), ("ct", "rt")])
def test_johansens_relations_have_the_terms_of_the_others(trend, case):
    panel = panel_of(system(5, 40))
    found = pv.panel_cointegration_table(panel, "y", "x1", tests="johansen-fisher", trend=trend).result(
        "johansen-fisher"
    )
    assert found.statistic == pv.johansen_fisher_test(panel, "y", "x1", trend=case).statistic


def test_ranks_after_factors_stand_under_the_null_of_each():
    panel = panel_of(system(8, 40))
    table = pv.panel_cointegration_table(
        panel, "y", "x1", tests=["saikkonen-luetkepohl", "westerlund-ratio"], trend="ct"
    )
    expected = pv.saikkonen_luetkepohl_test(panel, "y", "x1")
    assert table.result("saikkonen-luetkepohl").statistic == expected.statistic
    assert "H0: no entity has more than 1 relation" in str(table)


def test_parts_of_one_name_say_whose_they_are():
    panel = panel_of(system(6, 40, 1))
    table = pv.panel_cointegration_table(panel, "y", "x1", tests=("johansen-fisher", "saikkonen-luetkepohl"))
    text = str(table)
    for row in ("Johansen-Fisher LR-bar (r = 0, trace)", "Saikkonen-Luetkepohl LR-bar (r = 0)"):
        assert row in text
    assert all(len(line) <= 80 for line in text.splitlines())


def holed_relation() -> pd.DataFrame:
    """Entities that share shocks, one of which starts late."""
    rng = np.random.default_rng(6)
    common = 2.0 * rng.standard_normal(30).cumsum()
    index = pd.MultiIndex.from_product([range(6), range(30)], names=["entity", "time"])
    y, x = (rng.standard_normal((6, 30)).cumsum(axis=1) + common for _ in range(2))
    frame = pd.DataFrame({"y": np.exp(0.1 * y.ravel()), "x": x.ravel()}, index=index)
    return frame.drop(index=[(2, time) for time in range(9)])


def test_kao_has_the_largest_panel_without_holes_and_dependence_is_said():
    frame = holed_relation()
    table = pv.panel_cointegration_table(frame, "log(y) ~ x", lags=1)
    own = pv.kao_test(frame.drop(index=2, level="entity"), "log(y) ~ x", lags=1)
    assert table.result("kao").statistic == pytest.approx(own.statistic, rel=1e-10)
    text = " ".join(str(table).split())
    assert "use 30 of 30 periods of 5 of 6 entities (without 2)." in text
    assert "Kao ADF (i)" in text and "depend on one another (Pesaran's CD" in text


def test_all_tests_have_the_same_draws():
    frame = holed_relation().drop(index=2, level="entity")
    bootstrap = pv.PanelBootstrap(draws=19, seed=3, scheme="signs")
    table = pv.panel_cointegration_table(frame, "y", "x", lags=1, bootstrap=bootstrap)
    for name, test in {"pedroni": pv.pedroni_test, "kao": pv.kao_test, "westerlund": pv.westerlund_test}.items():
        options = {} if name == "westerlund" else {"lags": 1}
        own = test(frame, "y", "x", bootstrap=bootstrap, **options)
        assert table.result(name).pvalue == own.pvalue
        for part in own.parts:
            assert table.result(f"{name}: {part.name}").pvalue == part.pvalue
    text = " ".join(str(table).split())
    assert "bootstrap: signs common to all entities, 19 draws, seed 3" in text and "(i)" not in text

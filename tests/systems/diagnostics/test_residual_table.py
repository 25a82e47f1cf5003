"""The table of all tests of residuals holds the tests themselves."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from quiet import quietly
from systems.panel_var.panel_var_twins import NAMES, panel_of

import panelvar as pv


def test_a_system_has_six():
    model = pv.fit_var(pv.load_data("us_macro")[["unemp", "tbilrate"]], lags=3)
    table = quietly(pv.residual_table, model, lags=2)
    tests = [
        pv.serial_lm_test(model, lags=2, statistic="f"),
        pv.portmanteau_test(model, lags=5),
        pv.arch_test(model),
        pv.white_test(model).joint,
        pv.normality_test(model, statistic="doornik-hansen").joint,
        pv.normality_test(model).joint,
    ]
    assert table.index.tolist() == [test.name for test in tests]
    assert table["pvalue"].tolist() == [test.pvalue for test in tests]
    assert table["statistic"].tolist() == [test.statistic for test in tests]
    assert table["df_denominator"].isna().tolist() == [False, True, True, True, True, True]
    assert max(map(len, str(table).splitlines())) <= 80
    assert tests[2].name == "ARCH-LM (1 lag)" and tests[1].name.endswith("5 lags)")


def test_tests_that_rows_are_too_few_for_are_said():
    rng = np.random.default_rng(1)
    model = quietly(pv.fit_var, rng.standard_normal((14, 2)), lags=2)
    table = quietly(pv.residual_table, model, lags=6)
    assert 0 < len(table) < 6
    assert "No test of serial correlation" in " ".join(str(table).split())


@pytest.mark.parametrize("method", ["within", "corrected-moments", "pooled", "gmm"])
def test_a_panel_has_those_of_each_equation(method):
    frame = panel_of(seed=4, entities=15, periods=12)
    options = {"instruments": pv.LagInstruments(last=3, collapse=True)} if method == "gmm" else {}
    model = quietly(pv.fit_panel_var, frame, NAMES, method=method, **options)
    table = quietly(pv.residual_table, model, lags=3)
    assert table.index.unique("equation").tolist() == NAMES
    for name in NAMES:
        own = table.loc[name]
        assert own.index.tolist() == ["m2", "m3", "Serial portmanteau", "Pesaran CD"]
        assert own.loc["m2", "statistic"] == model.ar_test(2, name).statistic
        expected = quietly(model.serial_portmanteau, name, max_order=3, collapse=True).statistic
        assert own.loc["Serial portmanteau", "statistic"] == expected
        assert own.loc["Pesaran CD", "statistic"] == quietly(pv.cross_section_dependence_test, model, name).statistic


def test_what_general_names_say_of_a_panel():
    """Where a test is for one series, its words can be followed."""
    frame = panel_of(seed=4)
    model = quietly(pv.fit_panel_var, frame, NAMES)
    for test in (
        pv.serial_lm_test,
        pv.portmanteau_test,
        pv.arch_test,
        pv.normality_test,
        pv.white_test,
        pv.residual_correlogram,
        pv.cusum_test,
    ):
        with pytest.raises(pv.SpecificationError, match=r"fit_var_batch\(.*\)\.member\(label\)\. residual_table has"):
            test(model)
        member = quietly(pv.fit_var_batch, frame, NAMES, lags=1).member("e00")
        quietly(test, member, **({"lags": 4} if test is pv.portmanteau_test else {}))
    with pytest.raises(pv.SpecificationError, match=r"plot_series\(model\.resids"):
        pv.plot_system(model)
    with pytest.raises(pv.SpecificationError, match="Name it: column='x'"):
        pv.cross_section_dependence_test(model)
    with pytest.raises(pv.SpecificationError, match="fit_var_batch"):
        pv.residual_table(quietly(pv.fit_panel_var, frame, NAMES, method="mean-group"))
    assert isinstance(model.resids.index, pd.MultiIndex)

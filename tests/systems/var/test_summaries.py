"""Tables of vector autoregressions and of what follows from them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import panelvar as pv
from panelvar.systems.var.var_result import VarResult


def test_var(var: VarResult) -> None:
    text = str(var.summary())
    lines = text.splitlines()
    start = next(k for k, line in enumerate(lines) if line.startswith("L2.cii"))
    for k, numbers in enumerate((var.params, var.std_errors)):
        for name in ("gdp", "cii"):
            assert f"{numbers.loc['L2.cii', name]:.4f}" in lines[start + k]
    assert f"Root moduli  {', '.join(f'{m:.4f}' for m in var.moduli)}" in text
    assert "Stability    stable" in text or "Stability  stable" in text
    frame = var.summary().to_frame(foot=False)
    assert frame.loc[("L1.gdp", "std. error"), "cii"] == var.std_errors.loc["L1.gdp", "cii"]
    assert (frame.dtypes == np.float64).all()


def test_a_published_system_has_coefficients_only() -> None:
    system = pv.System([[[0.5, 0.1], [0.2, 0.3]]], names=["x", "y"], intercept=[1.0, -2.0])
    assert (
        str(system.summary())
        == """\
Vector autoregression: x, y
===============================================
Lags           1   Deterministic  constant
Estimates      coefficients given, no data
-----------------------------------------------
         x        y
-----------------------------------------------
const  1.0000  -2.0000
L1.x   0.5000   0.2000
L1.y   0.1000   0.3000
-----------------------------------------------
Root moduli  0.5732, 0.2268   Stability  stable
==============================================="""
    )
    frame = system.summary().to_frame()
    pd.testing.assert_frame_equal(
        frame, system.params, check_names=False, check_index_type=False, check_column_type=False
    )


def test_an_equation_that_fits_exactly_is_still_printed(var: VarResult, monkeypatch: pytest.MonkeyPatch) -> None:
    def undefined(self: VarResult) -> float:
        raise pv.NumericalError("an equation fits exactly")

    for name in ("pvalues", "_criteria", "loglik"):
        monkeypatch.setattr(VarResult, name, property(undefined))
    text = str(var.summary())
    assert "AIC             n/a" in text
    assert f"{var.params.loc['L1.gdp', 'gdp']:.4f}" in text
    assert "*" not in text.rsplit("=====", 1)[0]


def test_lag_selection(var: VarResult) -> None:
    selection = pv.select_lags(pd.DataFrame(var.data.values, columns=list(var.names)), max_lags=3)
    table = selection.summary()
    frame = table.to_frame()
    assert list(frame.index) == ["1", "2", "3"]
    assert frame["bic"].to_list() == selection.table["bic"].to_list()
    for name, order in selection.selected.items():
        column = [cell.value for cell in table.header[0].cells].index(name)
        assert [row.label for row in table.body if row.cells[column].stars] == [str(order)]
    # The shortest order has nothing below it: an empty cell, not a number that failed.
    assert "n/a" not in str(table)


def test_test_result(var: VarResult) -> None:
    test = var.granger_causality("gdp", "cii")
    table = test.summary()
    assert str(table).splitlines()[-1] == "Null hypothesis: cii does not Granger-cause gdp."
    row = table.to_frame().loc["Granger causality"]
    assert row["Statistic"] == test.statistic
    assert row["p"] == test.pvalue
    assert f"F({test.df:g}, {test.df_denominator:g})" in str(table)


def test_responses(var: VarResult) -> None:
    plain = var.impulse_responses(3)
    frame = plain.summary().to_frame()
    assert list(frame.columns) == [("gdp", "gdp"), ("gdp", "cii"), ("cii", "gdp"), ("cii", "cii")]
    assert frame.columns.names == ["Shock", "Response of"]
    assert frame["gdp", "cii"].to_list() == plain.values[:, 1, 0].tolist()
    banded = var.impulse_responses(1, bands=pv.ResidualBootstrap(draws=200, seed=1))
    assert banded.lower is not None
    assert banded.upper is not None
    text = str(banded)
    assert f"[{banded.lower[1, 0, 1]:.4f}, {banded.upper[1, 0, 1]:.4f}]" in text
    assert "95%" in text
    assert max(map(len, text.splitlines())) <= 80


def test_decomposition(var: VarResult) -> None:
    shares = var.variance_decomposition(4)
    frame = shares.summary().to_frame()
    assert list(frame.index) == ["1", "2", "3", "4"]
    assert frame["cii", "gdp"].to_list() == shares.values[:, 1, 0].tolist()


def test_forecast(var: VarResult) -> None:
    forecast = var.forecast(2)
    frame = forecast.summary().to_frame()
    assert frame.loc[("61", "value"), "cii"] == forecast.values[1, 1]
    assert frame.loc[("61", "band"), "cii"] == f"[{forecast.lower[1, 1]:.4f}, {forecast.upper[1, 1]:.4f}]"


def test_forecasts_of_days_are_labelled_by_the_day() -> None:
    days = pd.date_range("2001-01-01", periods=30, freq="MS")
    frame = pd.DataFrame(np.random.default_rng(3).normal(size=(30, 2)), index=days, columns=["a", "b"])
    text = str(pv.fit_var(frame, lags=1).forecast(2).summary())
    assert "2003-08-01 " in text
    assert "00:00" not in text

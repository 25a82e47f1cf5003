"""Granger causality for all pairs, and its size."""

from __future__ import annotations

import numpy as np
import pytest

import panelvar as pv
from panelvar.core.base.errors import SpecificationError
from panelvar.systems.diagnostics.causality import granger_table


def simulate(n: int, effect: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    y = np.zeros((n, 2))
    for row in range(1, n):
        y[row] = np.array([[0.5, effect], [0.0, 0.5]]) @ y[row - 1] + rng.standard_normal(2)
    return y


def test_the_table_holds_the_single_tests():
    model = pv.fit_var(np.random.default_rng(1).standard_normal((80, 3)), ["x", "y", "z"], lags=2)
    table = granger_table(model)
    assert len(table) == 6
    assert list(table.columns) == ["statistic", "df", "df_denominator", "pvalue"]
    for caused, causing in table.index:
        test = model.granger_causality(caused, causing)
        assert table.loc[(caused, causing), "statistic"] == test.statistic
        assert table.loc[(caused, causing), "pvalue"] == test.pvalue


def test_chi_squared_has_no_denominator():
    model = pv.fit_var(simulate(80, 0.0, 2), ["x", "y"], lags=1, convention="stata")
    assert list(granger_table(model).columns) == ["statistic", "df", "pvalue"]


def test_direction():
    model = pv.fit_var(simulate(300, 0.5, 3), ["x", "y"], lags=1)
    assert model.granger_causality("x", "y").pvalue < 1e-8
    assert model.granger_causality("y", "x").pvalue > 0.01


def test_one_variable_has_no_pairs():
    model = pv.fit_var(simulate(50, 0.0, 4)[:, 0], ["x"], lags=1)
    with pytest.raises(SpecificationError, match="two variables"):
        granger_table(model)


@pytest.mark.slow
def test_size_under_no_causality():
    """1,000 samples of 200 rows at 5 %: the rejection rate is within four standard errors (0.0276) of nominal."""
    rejections = [
        pv.fit_var(simulate(200, 0.0, seed), ["x", "y"], lags=1).granger_causality("x", "y").pvalue < 0.05
        for seed in range(1000)
    ]
    assert abs(np.mean(rejections) - 0.05) < 4 * np.sqrt(0.05 * 0.95 / 1000)

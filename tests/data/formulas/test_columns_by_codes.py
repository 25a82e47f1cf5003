"""Columns of factors that share codes are those that arrays of indicators would be."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import panelvar as pv
from panelvar.data.formulas import formula as formulas
from panelvar.data.formulas.design import build_design
from panelvar.kernels.linear import columns as kernel
from panelvar.kernels.linear.columns import FactorColumn, factor_columns

RIGHT = [
    "x + C(g)",
    "C(g) - 1",
    "C(g, ref=3)",
    "i(g)",
    "i(g, x)",
    "i(g, x, ref=2)",
    "i(g, h)",
    "C(g):x",
    "C(g)*x",
    "C(g):C(h)",
    "C(g)*C(h):x",
    "x:C(g):log(z)",
    "h:g + C(g)",
    "i(g, x):C(h)",
    "i(g, L(x), ref=[1, 4])",
    "C(g):I(2*x)",
]


def _data(absent: bool) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    n = 400
    data = pd.DataFrame(
        {
            "firm": np.repeat(np.arange(40), 10),
            "year": np.tile(np.arange(10), 40),
            "g": rng.integers(0, 11, n).astype(float),
            "h": rng.choice(["u", "v", "w"], n),
            "x": rng.normal(size=n),
            "z": rng.uniform(1.0, 2.0, n),
            "y": rng.normal(size=n),
        }
    )
    if absent:
        data.loc[rng.choice(n, 20, replace=False), "g"] = np.nan
        data.loc[rng.choice(n, 20, replace=False), "x"] = np.nan
    return data


@pytest.fixture
def by_codes(monkeypatch):
    """Take codes for few rows too."""

    def switch(rows: int) -> None:
        for module in (formulas, kernel):
            monkeypatch.setattr(module, "FEW_ROWS", rows)

    return switch


@pytest.mark.parametrize("absent", [False, True], ids=["complete", "missing"])
@pytest.mark.parametrize("right", RIGHT)
@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
def test_columns_are_those_of_indicators(by_codes, right, absent):
    panel = pv.Panel(_data(absent), entity="firm", time="year")
    plain = build_design(panel, f"y ~ {right}", None)
    by_codes(10)
    coded = build_design(panel, f"y ~ {right}", None)
    assert factor_columns(coded.columns)
    assert not factor_columns(plain.columns)
    assert coded.names == plain.names
    assert [note.text for note in coded.notes] == [note.text for note in plain.notes]
    for one, other in zip(coded.columns, plain.columns, strict=True):
        np.testing.assert_allclose(one[:], other[:], rtol=1e-15)
        np.testing.assert_allclose(one[7:30], other[7:30], rtol=1e-15)
        np.testing.assert_allclose(one.sum(), other.sum(), rtol=1e-12, atol=1e-12)
    rows = np.arange(5, coded.nobs, 3)
    for one, other in zip(coded.take(rows).columns, plain.take(rows).columns, strict=True):
        np.testing.assert_allclose(one[:], other[:], rtol=1e-15)
    np.testing.assert_array_equal(coded.x[-1], coded.columns[-2][:])


def test_columns_of_one_product_share_their_codes(by_codes):
    by_codes(10)
    design = build_design(pv.Panel(_data(False), entity="firm", time="year"), "y ~ x + C(g) + i(g, z)", None)
    factors = {column.factor for column in factor_columns(design.columns)}
    assert sorted(factor.n_levels for factor in factors) == [10, 11]


def test_few_levels_and_polynomials_stay_arrays(by_codes):
    by_codes(10)
    panel = pv.Panel(_data(False), entity="firm", time="year")
    for right in ("C(h)", "poly(x, 3):C(g)"):
        assert not factor_columns(build_design(panel, f"y ~ {right}", None).columns)


def test_infinite_products_are_refused_by_name(by_codes):
    data = _data(False).assign(x=1e300, z=1e300)
    panel = pv.Panel(data, entity="firm", time="year")
    with pytest.raises(pv.DataError) as plain:
        build_design(panel, "y ~ C(g):x:z", None)
    by_codes(10)
    with pytest.raises(pv.DataError) as coded:
        build_design(panel, "y ~ C(g):x:z", None)
    assert str(coded.value) == str(plain.value)


def test_a_missing_level_is_missing_and_another_level_zero():
    factor = kernel.FactorCodes(np.array([0, -1, 2, 1]), 2, np.array([2.0, 3.0, 4.0, 5.0]))
    np.testing.assert_array_equal(FactorColumn(factor, 1)[:], [0.0, np.nan, 0.0, 5.0])
    assert np.isnan(factor.sums).all()
    np.testing.assert_array_equal(factor.take(np.array([0, 2, 3])).sums, [2.0, 5.0])

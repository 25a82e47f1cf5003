"""Fits with instruments whose factors are codes are those of arrays of indicators."""

from __future__ import annotations

import pickle
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from factor_twins import assert_same_fit, coded_and_plain

import panelvar as pv
from panelvar.estimates.fit import scores
from panelvar.kernels.absorption import factor_rows as kernel
from panelvar.kernels.linear import columns
from panelvar.kernels.linear.rows import combination

pytestmark = pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")


def _data(seed: int = 0, firms: int = 150, years: int = 8, levels: int = 12) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    n = firms * years
    z, v = rng.normal(size=n), rng.normal(size=n)
    data = pd.DataFrame(
        {
            "firm": np.repeat(np.arange(firms), years),
            "year": np.tile(np.arange(2000, 2000 + years), firms),
            "g": rng.integers(0, levels, n),
            "h": rng.choice(["u", "v", "w"], n),
            "x": rng.normal(size=n) + 4.0,
            "z": z,
            "q": 0.5 * z + rng.normal(size=n),
            "w": rng.uniform(0.5, 2.0, n),
        }
    )
    data["p"] = data["z"] + 0.3 * data["q"] + 0.1 * data["g"] + v + 3.0
    data["y"] = data["p"] + data["x"] * (1.0 + 0.1 * (data["g"] % 3)) + rng.normal(size=n) + 0.7 * v
    # Unbalanced.
    return data.drop(index=rng.choice(n, n // 10, replace=False))


def _fitted(data, effects, formula="y ~ C(g)*x + C(h) + [p ~ z + q]", **options):
    if effects is None:
        return pv.fit_iv_pooled(data, formula, **options)
    return pv.fit_iv_fixed_effects(data, formula, effects=effects, **options)


@pytest.mark.parametrize("weights", [None, "w"], ids=["plain", "weighted"])
@pytest.mark.parametrize("cov", ["classical", "HC0", "HC1", "HC3", "cluster", pv.Clustered("year")], ids=str)
@pytest.mark.parametrize("effects", [None, "entity", "twoway"], ids=str)
def test_every_covariance_is_that_of_indicators(by_codes, effects, cov, weights):
    data = pv.Panel(_data(), entity="firm", time="year")
    assert_same_fit(*coded_and_plain(by_codes, lambda: _fitted(data, effects, cov=cov, weights=weights)))


@pytest.mark.parametrize("method", ["liml", "fuller", pv.KClass(0.5), "gmm"], ids=str)
@pytest.mark.parametrize("effects", [None, "entity"], ids=str)
def test_every_method_is_that_of_indicators(by_codes, effects, method):
    data = pv.Panel(_data(1), entity="firm", time="year")
    assert_same_fit(*coded_and_plain(by_codes, lambda: _fitted(data, effects, method=method, cov="cluster")))


FORMULAS = ["y ~ C(g)*x + C(h) + [p ~ z + q]", "y ~ x + C(h) + [p ~ z + C(g)]", "y ~ C(h) + x + [p ~ C(g):z + q]"]


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("effects", [None, "entity"], ids=str)
def test_tests_of_instruments_are_those_of_indicators(by_codes, effects, formula):
    data = pv.Panel(_data(2), entity="firm", time="year")
    coded, plain = coded_and_plain(by_codes, lambda: _fitted(data, effects, formula, cov="HC1"))
    assert_same_fit(coded, plain)
    for name in ("hansen_j", "wu_hausman", "underidentification", "effective_f"):
        np.testing.assert_allclose(getattr(coded, name).statistic, getattr(plain, name).statistic, rtol=1e-12)
    np.testing.assert_allclose(coded.first_stage["f"], plain.first_stage["f"], rtol=1e-12)
    np.testing.assert_allclose(coded.fitted_values, plain.fitted_values, rtol=1e-12, atol=1e-12)
    again = pickle.loads(pickle.dumps(coded))
    np.testing.assert_array_equal(again.with_cov("HC0").std_errors, coded.with_cov("HC0").std_errors)


def _absorbed(frame):
    """Levels that do not vary within firms, and a regressor that is one of the levels."""
    frame["g"] = np.where(frame["firm"] < 60, frame["firm"] % 5 + 20, frame["g"])
    frame["x"] = (frame["g"] == 3) * 2.0


def _nearly_a_level(frame):
    frame["x"] = (frame["g"] == 3) + 1e-6 * frame["x"]


def _nearly_a_level_of_instruments(frame):
    frame["z"] = (frame["g"] == 3) + 1e-6 * frame["z"]


def _a_level_of_instruments(frame):
    frame["z"] = (frame["g"] == 3) * 2.0


@pytest.mark.parametrize("effects", [None, "entity"], ids=str)
@pytest.mark.parametrize(
    ("spoil", "formula"),
    [
        (_absorbed, "y ~ C(g) + x + [p ~ z + q]"),
        (_nearly_a_level, "y ~ C(g) + x + [p ~ z + q]"),
        (_nearly_a_level_of_instruments, "y ~ C(g) + x + [p ~ z + q]"),
        (_nearly_a_level_of_instruments, "y ~ x + [p ~ C(g) + z + q]"),
        (_a_level_of_instruments, "y ~ C(g) + x + [p ~ z + q]"),
        (_a_level_of_instruments, "y ~ x + [p ~ C(g) + z + q]"),
    ],
)
def test_what_loses_digits_is_fitted_as_before(by_codes, spoil, formula, effects):
    frame = _data(3)
    spoil(frame)
    data = pv.Panel(frame, entity="firm", time="year")
    assert_same_fit(*coded_and_plain(by_codes, lambda: _fitted(data, effects, formula, cov="cluster"), sums=False))


@pytest.mark.parametrize("cov", ["HC1", "cluster"])
def test_what_weak_instruments_explain_is_summed_row_by_row(by_codes, monkeypatch, cov):
    frame = _data(6)
    exogenous = np.column_stack([np.ones(len(frame)), pd.get_dummies(frame["g"]), frame[["x", "z", "q"]]]).astype(float)
    noise = frame["p"] - exogenous @ np.linalg.lstsq(exogenous, frame["p"], rcond=None)[0]
    # The instruments explain next to nothing, and what they explain is next to the levels.
    frame["p"] = (frame["g"] == 3) + 1e-5 * frame["z"] + noise
    data = pv.Panel(frame, entity="firm", time="year")
    kept = []

    def keeps(*sums):
        kept.append(kernel.keeps_digits(*sums))
        return kept[-1]

    monkeypatch.setattr(scores, "keeps_digits", keeps)
    coded, plain = coded_and_plain(by_codes, lambda: _fitted(data, None, "y ~ C(g) + x + [p ~ z + q]", cov=cov))
    assert not kept[0]
    explained = plain.fit.solution.r
    condition = np.linalg.cond(explained / np.linalg.norm(explained, axis=0))
    assert condition > 1e4
    assert_same_fit(coded, plain, 1e-14 * condition)


def test_levels_that_only_incomplete_rows_have_are_left_out(by_codes):
    frame = _data(4)
    frame.loc[frame["g"] == 5, "z"] = np.nan
    data = pv.Panel(frame, entity="firm", time="year")
    coded, plain = coded_and_plain(by_codes, lambda: _fitted(data, "entity", "y ~ C(g) + x + [p ~ z + q]", cov="HC1"))
    assert "C(g)[T.5]" not in coded.params
    assert_same_fit(coded, plain)


@pytest.mark.parametrize("method", ["2sls", "gmm"])
@pytest.mark.parametrize("effects", [None, "entity"], ids=str)
def test_memory_grows_with_rows_and_not_with_rows_times_levels(effects, method):
    levels = 150
    data = pv.Panel(_data(5, firms=5_000, levels=levels), entity="firm", time="year")
    formula = "y ~ C(g) + x + [p ~ z + q]"
    tracemalloc.start()
    try:
        fit = _fitted(data, effects, formula, cov="cluster", method=method)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    dense = 8 * levels * fit.nobs
    assert peak < 0.6 * dense, f"{peak / dense:.2f} of the indicators"


def test_a_combination_is_that_of_arrays():
    factor = columns.FactorCodes(np.array([0, 2, 3, 1]), 2, np.array([2.0, 3.0, 4.0, 5.0]))
    parts = [columns.FactorColumn(factor, 1), np.arange(4.0), columns.FactorColumn(factor, 0)]
    column = combination(parts, np.array([3.0, 0.5, 2.0]))
    expected = np.array([4.0, 0.5, 1.0, 16.5])
    np.testing.assert_array_equal(column[:], expected)
    np.testing.assert_array_equal(column[1:3], expected[1:3])
    assert column.sum() == 22.0
    np.testing.assert_array_equal(column.in_order(np.array([3, 0]))[:], [16.5, 4.0])
    np.testing.assert_array_equal(column.whole(), expected)
    assert combination(parts, np.array([0.0, 0.0, 1.0])) is parts[2]

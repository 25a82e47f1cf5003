"""First differences of factors that are codes: two levels a row, whose products are sums by level."""

from __future__ import annotations

import pickle
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from factor_twins import assert_same_fit, coded_and_plain

import panelvar as pv
from panelvar.data.formulas.design import build_design
from panelvar.estimates.fit.presets import as_convention
from panelvar.kernels.absorption.factor_rows import FactorRows
from panelvar.kernels.linear.columns import FactorCodes, FactorColumn, differences, factor_columns
from panelvar.kernels.linear.rows import combination
from panelvar.panels.static.first_difference import differenced_model

pytestmark = pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")


def _data(seed: int = 0, firms: int = 150, years: int = 8, levels: int = 12) -> pd.DataFrame:
    """Firms that go back to a level of their own every other year, with gaps."""
    rng = np.random.default_rng(seed)
    n = firms * years
    data = pd.DataFrame(
        {
            "firm": np.repeat(np.arange(firms), years),
            "year": np.tile(np.arange(2000, 2000 + years), firms),
            "g": np.where(
                rng.random(n) < 0.5, np.repeat(rng.integers(0, levels, firms), years), rng.integers(0, levels, n)
            ),
            "h": rng.choice(["u", "v", "w"], n),
            "x": rng.normal(size=n) + 1.0,
            "z": rng.normal(size=n),
            "w": rng.uniform(0.5, 2.0, n),
        }
    )
    data["since"] = data["year"] - np.repeat(rng.integers(2000, 2000 + years + 4, firms), years)
    data["p"] = data["z"] + rng.normal(size=n) + 0.1 * data["g"]
    data["y"] = data["x"] * (1.0 + 0.1 * (data["g"] % 3)) + data["p"] + rng.normal(size=n) * (1.0 + (data["g"] == 4))
    return data.drop(index=rng.choice(n, n // 10, replace=False))


def _panel(frame):
    return pv.Panel(frame, entity="firm", time="year")


COVS = ["classical", "HC0", "HC1", "HC3", "cluster", pv.Clustered("year"), pv.Clustered("entity", "time"), "CR2"]


@pytest.mark.parametrize("convention", ["default", "plm"])
@pytest.mark.parametrize("weights", [None, "w"], ids=["plain", "weighted"])
@pytest.mark.parametrize("cov", [*COVS, "driscoll-kraay"], ids=str)
def test_every_covariance_is_that_of_indicators(by_codes, cov, weights, convention):
    if cov == "CR2" and weights:
        pytest.skip("a covariance of the rows themselves, once is enough")
    data = _panel(_data())

    def fit():
        return pv.fit_first_difference(data, "y ~ C(g)*x + C(h)", cov=cov, weights=weights, convention=convention)

    assert_same_fit(*coded_and_plain(by_codes, fit))


@pytest.mark.parametrize("constant", [None, True], ids=["none", "constant"])
@pytest.mark.parametrize("right", ["x + C(g)", "i(g, x)", "i(g, x) + C(g):C(h) + C(h)", "x + i(since, ref=-1)"])
def test_every_formula_is_that_of_indicators(by_codes, right, constant):
    frame = _data(1)
    frame.loc[frame.index[::17], "x"] = np.nan
    data = _panel(frame)

    def fit():
        return pv.fit_first_difference(data, f"y ~ {right}", constant=constant, cov="cluster")

    # Periods since an event make the trend that a constant is among differences.
    assert_same_fit(*coded_and_plain(by_codes, fit, sums=not (constant and "since" in right)))


@pytest.mark.parametrize("weights", [None, "w"], ids=["plain", "weighted"])
def test_the_fit_is_least_squares_of_differences(by_codes, weights):
    by_codes()
    frame = _data(2)
    fit = pv.fit_first_difference(_panel(frame), "y ~ x + C(g)", cov="HC0", weights=weights)
    assert isinstance(fit.fit.rows, FactorRows)
    frame = frame.sort_values(["firm", "year"]).reset_index(drop=True)
    columns = pd.concat([frame[["x"]], pd.get_dummies(frame["g"]).iloc[:, 1:], frame["y"]], axis=1).to_numpy(float)
    after = np.flatnonzero((frame["firm"].diff() == 0) & (frame["year"].diff() == 1))
    moved = columns[after] - columns[after - 1]
    if weights:
        moved *= np.sqrt(1.0 / (1.0 / frame["w"].to_numpy()[after] + 1.0 / frame["w"].to_numpy()[after - 1]))[:, None]
    x, y = moved[:, :-1], moved[:, -1]
    params = np.linalg.lstsq(x, y, rcond=None)[0]
    inverse = np.linalg.inv(x.T @ x)
    variance = inverse @ (x.T * np.square(y - x @ params)) @ x @ inverse
    np.testing.assert_allclose(fit.params, params, rtol=1e-11)
    np.testing.assert_allclose(fit.std_errors, np.sqrt(np.diag(variance)), rtol=1e-11)


def _stays(frame):
    """A level that no firm leaves."""
    frame["g"] = np.where(frame["firm"] < 20, 3, frame["g"] + 4)


def _is_a_level(frame):
    frame["x"] = (frame["g"] == 3) * 2.0


def _is_nearly_a_level(frame):
    frame["x"] = (frame["g"] == 3) + 1e-6 * frame["x"]


def _is_nearly_exact(frame):
    frame["y"] = frame["g"] + 1e-7 * frame["y"]


def _is_far_from_zero(frame):
    frame["x"] += 1e4


@pytest.mark.parametrize(
    ("spoil", "right"),
    [
        (_stays, "C(g) + x"),
        (_is_a_level, "C(g) + x"),
        (_is_nearly_a_level, "C(g) + x"),
        (_is_nearly_exact, "C(g) + x"),
        (_is_far_from_zero, "C(g)*x"),
    ],
)
@pytest.mark.parametrize("constant", [None, True], ids=["none", "constant"])
def test_what_loses_digits_is_fitted_as_before(by_codes, spoil, right, constant):
    frame = _data(3)
    spoil(frame)
    data = _panel(frame)

    def fit():
        return pv.fit_first_difference(data, f"y ~ {right}", constant=constant, cov="cluster")

    assert_same_fit(*coded_and_plain(by_codes, fit, sums=False))


def test_all_levels_depend_on_each_other(by_codes):
    data = _panel(_data(3))
    coded, plain = coded_and_plain(by_codes, lambda: pv.fit_first_difference(data, "y ~ 0 + C(g) + x"), sums=False)
    assert_same_fit(coded, plain)
    assert len(plain.params) == 12


@pytest.mark.parametrize("method", ["2sls", "liml", "gmm"])
@pytest.mark.parametrize("formula", ["y ~ C(g) + x + [p ~ z + C(h)]", "y ~ x + [p ~ C(g)*z]"])
def test_instruments_are_those_of_indicators(by_codes, formula, method):
    data = _panel(_data(5))

    def fit():
        return pv.fit_iv_first_difference(data, formula, cov="cluster", method=method)

    assert_same_fit(*coded_and_plain(by_codes, fit))


def test_what_reads_the_rows_reads_them(by_codes):
    data = _panel(_data(6))
    coded, plain = coded_and_plain(by_codes, lambda: pv.fit_first_difference(data, "y ~ x + C(g)", cov="cluster"))
    np.testing.assert_allclose(coded.fitted_values, plain.fitted_values, atol=1e-11)
    np.testing.assert_allclose(coded.fit.leverages(True), plain.fit.leverages(True), atol=1e-12)
    again = pickle.loads(pickle.dumps(coded))
    np.testing.assert_array_equal(again.with_cov("HC1").std_errors, coded.with_cov("HC1").std_errors)
    assert str(coded.summary()) == str(plain.summary())


@pytest.mark.parametrize("weights", [None, "w"], ids=["plain", "weighted"])
def test_sums_and_sizes_are_those_of_arrays(by_codes, weights):
    by_codes()
    design = build_design(_panel(_data(7)), "y ~ i(g, x) + C(g) + z", None, weights=weights)
    model = differenced_model(design, as_convention("default"), None)
    for one in (design, model.design):
        assert len(factor_columns(one.columns)) == 23
        plain = one.with_columns(one.arrays)
        assert not factor_columns(plain.columns)
        np.testing.assert_allclose(one.means, plain.means, rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(one.norms(), plain.norms(), rtol=1e-14)
        np.testing.assert_allclose(
            [column.sum() for column in one.columns], [each.sum() for each in plain.columns], atol=1e-9
        )


def test_differences_are_those_of_arrays():
    rows, before = np.array([1, 2, 3, 5]), np.array([0, 1, 2, 4])
    codes, numbers = np.array([0, 0, 2, 1, 1, 0]), np.array([1.0, 3.0, 4.0, 6.0, 7.0, 9.0])
    for multiplier in (None, numbers):
        factor = FactorCodes(codes, 2, multiplier)
        columns = [FactorColumn(factor, 0), FactorColumn(factor, 1), numbers]
        found = differences(columns, rows, before)
        for column, moved in zip(columns, found, strict=True):
            np.testing.assert_array_equal(moved[:], column[:][rows] - column[:][before])
        assert found[0].sum() == found[0][:].sum()
        np.testing.assert_array_equal(
            found[0].factor.take(np.array([3, 0])).sums, [found[j][[3, 0]].sum() for j in (0, 1)]
        )
        np.testing.assert_array_equal(
            combination(found, np.array([2.0, 3.0, 0.5]))[:], 2.0 * found[0][:] + 3.0 * found[1][:] + 0.5 * found[2]
        )


@pytest.mark.parametrize("right", ["C(g) + x", "i(g, x) + z"])
def test_memory_grows_with_rows_and_not_with_rows_times_levels(right):
    levels = 150
    data = _panel(_data(8, firms=5_000, levels=levels))
    tracemalloc.start()
    try:
        fit = pv.fit_first_difference(data, f"y ~ {right}", cov="cluster")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert isinstance(fit.fit.rows, FactorRows)
    dense = 8 * levels * fit.nobs
    assert peak < 0.6 * dense, f"{peak / dense:.2f} of the indicators"

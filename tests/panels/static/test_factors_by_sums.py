"""Fits whose factors are codes, and products sums by level, are those of arrays of indicators."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from factor_twins import assert_same_fit, coded_and_plain

import panelvar as pv
from panelvar.estimates.fit import scores
from panelvar.kernels.absorption import factor_rows as kernel
from panelvar.kernels.absorption.factor_rows import FactorRows


def _data(seed: int = 0, firms: int = 150, years: int = 8) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    n = firms * years
    data = pd.DataFrame(
        {
            "firm": np.repeat(np.arange(firms), years),
            "year": np.tile(np.arange(2000, 2000 + years), firms),
            "g": rng.integers(0, 12, n),
            "h": rng.choice(["u", "v", "w"], n),
            "region": np.repeat(rng.integers(0, 30, firms), years),
            "x": rng.normal(size=n) + 4.0,
            "w": rng.uniform(0.5, 2.0, n),
        }
    )
    data["since"] = data["year"] - np.repeat(rng.integers(2000, 2000 + years + 4, firms), years)
    data["y"] = data["x"] * (1.0 + 0.1 * (data["g"] % 3)) + rng.normal(size=n) * (1.0 + (data["g"] == 4))
    # Unbalanced.
    return data.drop(index=rng.choice(n, n // 10, replace=False))


COVS = [
    "classical",
    "HC0",
    "HC1",
    "HC3",
    "cluster",
    pv.Clustered("region"),
    pv.Clustered("year"),
    pv.Clustered("entity", "time"),
    pv.Clustered(residuals="HC2"),
    "driscoll-kraay",
    "CR2",
]
RIGHT = ["x + C(g)", "i(g, x)", "C(g)*x + C(h)", "x + i(since, ref=-1)"]


@pytest.mark.parametrize("weights", [None, "w"], ids=["plain", "weighted"])
@pytest.mark.parametrize("cov", COVS, ids=str)
@pytest.mark.parametrize("effects", [None, "entity", "time", "twoway"], ids=str)
@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
def test_every_covariance_is_that_of_indicators(by_codes, effects, cov, weights):
    if cov == "CR2" and (weights or effects == "twoway"):
        pytest.skip("a covariance of the rows themselves, once is enough")
    data = pv.Panel(_data(), entity="firm", time="year")

    def fit():
        if effects is None:
            return pv.fit_pooled(data, "y ~ C(g)*x + C(h)", cov=cov, weights=weights)
        return pv.fit_fixed_effects(data, "y ~ C(g)*x + C(h)", effects=effects, cov=cov, weights=weights)

    assert_same_fit(*coded_and_plain(by_codes, fit))


@pytest.mark.parametrize("cov", ["classical", "HC1", "cluster"])
@pytest.mark.parametrize("effects", [None, "entity", "twoway"], ids=str)
@pytest.mark.parametrize("right", RIGHT)
@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
def test_every_formula_is_that_of_indicators(by_codes, right, effects, cov):
    frame = _data(1)
    frame.loc[frame.index[::17], "x"] = np.nan
    data = pv.Panel(frame, entity="firm", time="year")

    def fit():
        if effects is None:
            return pv.fit_pooled(data, f"y ~ {right}", cov=cov)
        return pv.fit_fixed_effects(data, f"y ~ {right}", effects=effects, cov=cov)

    assert_same_fit(*coded_and_plain(by_codes, fit, sums=not (effects == "twoway" and "since" in right)))


def test_without_a_constant(by_codes):
    data = pv.Panel(_data(2), entity="firm", time="year")
    assert_same_fit(*coded_and_plain(by_codes, lambda: pv.fit_pooled(data, "y ~ C(g) + x - 1", cov="HC1")))


def _absorbed(frame):
    """Levels that do not vary within firms, and one that is the sum of others."""
    frame["g"] = np.where(frame["firm"] < 60, frame["firm"] % 5 + 20, frame["g"])
    frame["x"] = (frame["g"] == 3) * 2.0


def _nearly_a_level(frame):
    frame["x"] = (frame["g"] == 3) + 1e-6 * frame["x"]


def _nearly_exact(frame):
    frame["y"] = frame["g"] + 1e-7 * frame["y"]


def _two_blocks(frame):
    # The firms of either half have years that the other half does not have.
    frame["year"] += np.where(frame["firm"] < 70, 0, 100)


TWINS = [_absorbed, _nearly_a_level, _nearly_exact, _two_blocks]


@pytest.mark.parametrize("effects", [None, "entity", "twoway"], ids=str)
@pytest.mark.parametrize("spoil", TWINS)
@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
def test_what_loses_digits_is_fitted_as_before(by_codes, spoil, effects):
    frame = _data(3)
    spoil(frame)
    data = pv.Panel(frame, entity="firm", time="year")

    def fit():
        if effects is None:
            return pv.fit_pooled(data, "y ~ C(g) + x", cov="cluster")
        return pv.fit_fixed_effects(data, "y ~ C(g) + x", effects=effects, cov="cluster")

    coded, plain = coded_and_plain(by_codes, fit, sums=spoil is _two_blocks and effects != "twoway")
    assert_same_fit(coded, plain)


@pytest.mark.parametrize("noise", [10.0, 1e-4])
def test_variances_that_are_small_differences_are_summed_row_by_row(by_codes, monkeypatch, noise):
    frame = _data(6)
    # Large errors only in firms whose regressors do not vary: they say nothing about the slopes.
    still = frame["firm"] < 40
    frame["y"] = frame["x"] + noise * np.random.default_rng(1).normal(size=len(frame))
    frame.loc[still, ["g", "x"]] = 3, 5.0
    frame.loc[still, "y"] = 10.0 * np.random.default_rng(2).normal(size=still.sum())
    data = pv.Panel(frame, entity="firm", time="year")
    kept = []

    def keeps(*sums):
        kept.append(kernel.keeps_digits(*sums))
        return kept[-1]

    monkeypatch.setattr(scores, "keeps_digits", keeps)
    assert_same_fit(*coded_and_plain(by_codes, lambda: pv.fit_fixed_effects(data, "y ~ x + C(g)", cov="HC1")))
    assert kept and all(kept) == (noise == 10.0)


@pytest.mark.parametrize("effects", ["entity", "twoway"])
def test_a_reference_of_one_row_is_within_the_bound(by_codes, effects):
    frame = _data(3)
    frame.loc[frame.index[0], "g"] = -1
    data = pv.Panel(frame, entity="firm", time="year")

    def fit():
        return pv.fit_fixed_effects(data, "y ~ C(g) + x", effects=effects, cov="cluster")

    assert_same_fit(*coded_and_plain(by_codes, fit))


def test_a_level_far_from_zero_costs_no_digits(by_codes):
    frame = _data(4)
    # Of so few digits that the level is added exactly.
    frame["x"] = np.rint(frame["x"] * 1024) / 1024
    near = pv.Panel(frame, entity="firm", time="year")
    far = pv.Panel(frame.assign(x=frame["x"] + 2.0**30), entity="firm", time="year")
    by_codes()
    fits = [pv.fit_fixed_effects(data, "y ~ x + C(g)", effects="entity", cov="HC1") for data in (near, far)]
    assert all(isinstance(fit.fit.rows, FactorRows) for fit in fits)
    for one, other in zip(*((fit.params[1:], fit.std_errors[1:]) for fit in fits), strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-12, atol=1e-13)


def test_what_reads_the_rows_reads_them(by_codes):
    data = pv.Panel(_data(5), entity="firm", time="year")
    coded, plain = coded_and_plain(by_codes, lambda: pv.fit_fixed_effects(data, "y ~ x + C(g)", cov="cluster"))
    np.testing.assert_allclose(coded.fitted_values, plain.fitted_values, atol=1e-11)
    np.testing.assert_allclose(coded.fit.leverages(True), plain.fit.leverages(True), atol=1e-12)
    again = pickle.loads(pickle.dumps(coded))
    np.testing.assert_array_equal(again.with_cov("HC1").std_errors, coded.with_cov("HC1").std_errors)
    assert str(coded.summary()) == str(plain.summary())

"""Models with factors of many levels, in one call, are those of transformed indicators."""

from __future__ import annotations

import numpy as np
import pytest
from factor_twins import assert_same_fit
from quiet import quietly

import panelvar as pv
from panelvar.kernels.absorption.factor_rows import FactorRows
from panelvar.panels.batches import together
from panelvar.panels.batches.shared_rows import SelectedRows

N_FIRMS, N_YEARS, LEVELS = 2_500, 7, 100
FORMULAS = ["y ~ x + C(g)", "y ~ x + z + C(g)", "v ~ z + i(g, x)"]


@pytest.fixture(scope="module")
def panel():
    rng = np.random.default_rng(5)
    n = N_FIRMS * N_YEARS
    firm, g = np.repeat(np.arange(N_FIRMS), N_YEARS), rng.integers(0, LEVELS, n)
    x, z = rng.normal(size=n) + 2.0, rng.normal(size=n)
    own = rng.normal(size=N_FIRMS)[firm]
    data = {
        "firm": firm,
        "year": np.tile(np.arange(N_YEARS), N_FIRMS),
        "g": g,
        "few": g % 4,
        "x": x,
        "z": z,
        "gap": np.where(rng.random(n) < 0.05, np.nan, z),
        "near": x + 1e-6 * rng.normal(size=n),
        "w": rng.uniform(0.5, 2.0, n),
        "y": x + 0.02 * g + own + rng.normal(size=n) * (1.0 + (g == 4)),
        "v": z - x * (g % 3) + own + rng.normal(size=n),
    }
    return pv.Panel(data, "firm", "year")


def both(monkeypatch, fit, panel, formulas, options):
    """Return the fits, and those of one pass over all columns as arrays."""
    found = quietly(pv.fit_many, fit, panel, formulas, options=options)
    with monkeypatch.context() as patch:
        patch.setattr(together, "_MOST_LEVELS", 10_000)
        dense = quietly(pv.fit_many, fit, panel, formulas, options=options)
    assert all(isinstance(each.fit.rows, SelectedRows) for each in dense.values())
    return list(zip(found.values(), dense.values(), strict=True))


@pytest.mark.parametrize(
    ("fit", "options"),
    [
        (pv.fit_pooled, {"cov": "cluster", "weights": "w"}),
        (pv.fit_fixed_effects, {}),
        (pv.fit_fixed_effects, {"cov": "HC1", "weights": "w"}),
        (pv.fit_fixed_effects, {"cov": "cluster"}),
        (pv.fit_fixed_effects, {"cov": pv.Clustered("entity", "time"), "effects": "twoway"}),
    ],
    ids=["pooled", "fixed", "fixed, robust", "fixed, clustered", "two-way"],
)
def test_products_by_level_are_those_of_all_columns(monkeypatch, panel, fit, options):
    for found, dense in both(monkeypatch, fit, panel, FORMULAS, options):
        assert isinstance(found.fit.rows, FactorRows)
        assert_same_fit(found, dense)


def test_rows_that_miss_values_are_left_out_alike(monkeypatch, panel):
    formulas = ["y ~ gap + C(g)", "v ~ gap + x + C(g)"]
    for found, dense in both(monkeypatch, pv.fit_fixed_effects, panel, formulas, {"cov": "cluster"}):
        assert isinstance(found.fit.rows, FactorRows)
        assert found.nobs < panel.nobs
        assert_same_fit(found, dense)


def test_columns_that_nearly_depend_go_the_careful_way(monkeypatch, panel):
    formulas = ["y ~ x + near + C(g)", "v ~ x + near + C(g)"]
    for found, dense in both(monkeypatch, pv.fit_fixed_effects, panel, formulas, {"cov": "HC1"}):
        assert not isinstance(found.fit.rows, FactorRows)
        assert_same_fit(found, dense)


def test_the_other_models_share_a_pass(panel):
    formulas = ["y ~ x", "y ~ x + C(g)", "y ~ x + C(few)", "v ~ z"]
    found = quietly(pv.fit_many, pv.fit_fixed_effects, panel, formulas).values()
    assert [isinstance(each.fit.rows, SelectedRows) for each in found] == [True, False, True, True]

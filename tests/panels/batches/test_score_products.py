"""Meats from one table of products are those of each model's own scores."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from quiet import quietly

import panelvar as pv
from panelvar.kernels.linear.groups import Grouping
from panelvar.panels.batches import score_products

X = ["x0", "x1", "x2", "x3", "x4"]
EVERY = [f"y ~ {' + '.join(names)}" for size in range(1, 6) for names in combinations(X, size)]


def made(balanced: bool) -> pv.Panel:
    rng = np.random.default_rng(11)
    sizes = np.full(900, 10) if balanced else rng.integers(1, 22, 900)
    firm, year = np.repeat(np.arange(900), sizes), np.concatenate([np.arange(size) for size in sizes])
    own = rng.normal(size=900)[firm]
    data = {name: rng.normal(size=len(firm)) + own + 100.0 * k for k, name in enumerate(X)}
    data["x4"] = 1e-3 * (data["x3"] + 0.4 * data["x4"])
    # Without x0 most of the outcome is left to the residuals.
    y = 8.0 * data["x0"] + data["x1"] + own + rng.normal(size=len(firm)) * (1.0 + abs(data["x1"] - 100.0))
    state = rng.integers(0, 30, len(firm))
    return pv.Panel(
        {"firm": firm, "year": year, **data, "y": y, "state": state, "w": rng.uniform(0.5, 2.0, len(firm))},
        "firm",
        "year",
    )


PANELS = {kind: made(kind == "balanced") for kind in ("balanced", "unbalanced")}


@pytest.mark.parametrize("kind", PANELS)
@pytest.mark.parametrize(
    "cov",
    [pv.Clustered("entity"), pv.Clustered("state", residuals="HC1"), pv.Clustered("entity", "time")],
    ids=["entity", "state", "both"],
)
@pytest.mark.parametrize(
    ("fit", "options"),
    [
        (pv.fit_fixed_effects, {}),
        (pv.fit_fixed_effects, {"effects": "twoway", "weights": "w"}),
        (pv.fit_pooled, {"weights": "w"}),
        (pv.fit_pooled, {"constant": False}),
    ],
    ids=["within", "two-way", "weighted", "no constant"],
)
def test_every_subset_of_the_regressors_has_its_own_errors(kind, cov, fit, options):
    assert score_products.pays(len(EVERY), len(X), Grouping.from_codes(np.repeat(np.arange(90), 10)))
    options = {**options, "cov": cov}
    found = quietly(pv.fit_many, fit, PANELS[kind], EVERY, options=options)
    for formula, result in zip(EVERY, found.values(), strict=True):
        expected = quietly(fit, PANELS[kind], formula, **options)
        scale = expected.std_errors.to_numpy()
        np.testing.assert_allclose(result.std_errors, scale, rtol=1e-10)
        np.testing.assert_allclose(result.cov, expected.cov, rtol=1e-9, atol=1e-11 * np.outer(scale, scale).max())
        assert result.notes == expected.notes


def test_a_table_pays_for_many_models_of_few_regressors():
    together = Grouping.from_codes(np.repeat(np.arange(1000), 10))
    apart = Grouping.from_codes(np.tile(np.arange(10), 1000))
    scattered = Grouping.from_codes(np.tile(np.arange(500_000), 2))
    assert score_products.pays(100, 20, together) and not score_products.pays(20, 20, together)
    assert score_products.pays(100, 20, apart) and not score_products.pays(20, 20, apart)
    assert not score_products.pays(1000, 20, scattered)


def test_products_are_mapped_to_scores():
    rng = np.random.default_rng(5)
    for lead in (0, 1):
        products = score_products.Products(lead, 3)
        rows = rng.normal(size=(7, products.width))
        loadings = np.concatenate((np.zeros(lead), rng.normal(size=3), [1.0]))
        summed = (rows[:, products.first] * rows[:, products.second]).sum(axis=0)
        np.testing.assert_allclose(summed @ products.to_scores(loadings), rows[:, :-1].T @ (rows @ loadings))

"""What is made of instruments and rows is what it would be of the products of each entity."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import panelvar as pv
from panelvar.panels.dynamic import instrument_moments
from panelvar.panels.dynamic.instrument_moments import StackedMoments


def panel(entities: int = 50, periods: int = 6) -> pd.DataFrame:
    """A panel with gaps."""
    rng = np.random.default_rng(4)
    effects = rng.standard_normal((entities, 2))
    values = [effects]
    for _ in range(periods + 10):
        values.append(0.4 * values[-1] + effects + rng.standard_normal((entities, 2)))
    index = pd.MultiIndex.from_product([range(entities), range(periods)], names=["id", "t"])
    data = pd.DataFrame(np.stack(values[-periods:], axis=1).reshape(-1, 2), index, ["y", "x"])
    return data[rng.random(len(data)) > 0.1]


FITS = {
    "differences": lambda data: pv.fit_arellano_bond(data, "y", "x").fit.estimate,
    "collapsed": lambda data: (
        pv.fit_arellano_bond(data, "y", "x", instruments=pv.LagInstruments(collapse=True)).fit.estimate
    ),
    "system": lambda data: pv.fit_blundell_bond(data, "y", "x", transform="fod").fit.estimate,
    "far from zero": lambda data: pv.fit_blundell_bond(data + 1e4, "y", "x", time_effects=True).fit.estimate,
    "equations": lambda data: pv.fit_panel_var(data, ["y", "x"], method="gmm").fit.gmm,
}


def products_of(kept):
    """Z_i'[X_i, Y_i] of each entity, row by row."""
    rows = [row for equation in kept.equations for row in equation.values]
    out = np.zeros((kept.instruments.count, rows[0].shape[1], kept.n_entities))
    for entity in range(kept.n_entities):
        for own, values in zip(kept.instruments.rows, rows, strict=True):
            for place, moment in enumerate(own.columns):
                out[moment, :, entity] += own.values[entity, place] * values[entity]
    return out


def same(found, expected):
    assert_allclose(found, expected, rtol=1e-11, atol=1e-12 * np.abs(expected).max())


@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
@pytest.mark.parametrize("numbers", [200, 2**20])
@pytest.mark.parametrize("name", FITS)
def test_factors_give_what_products_give(name, numbers, monkeypatch):
    monkeypatch.setattr(instrument_moments, "_NUMBERS", numbers)
    estimate = FITS[name](panel())
    kept, params = estimate.model.kept, estimate.params
    moments, slow = kept.moments, StackedMoments(products_of(kept))
    count, width, entities = slow.products.shape
    rng = np.random.default_rng(0)
    turn, half = rng.standard_normal((count, count)), np.arange(count) % 2 == 0
    columns = [width - 1, *range(1, width - 1), 0]
    pairs = [
        (moments, slow),
        (moments.turned(turn), slow.turned(turn)),
        (moments.of_columns(columns), slow.of_columns(columns)),
        (moments.turned(turn).only(half).of_columns(columns[1:]), slow.turned(turn).only(half).of_columns(columns[1:])),
    ]
    for fast, twin in pairs:
        same(fast.products, twin.products)
        same(fast.total, twin.products.sum(axis=2))
        own = params[: twin.products.shape[1] - params.shape[1]]
        same(fast.errors(own), twin.errors(own))
        shares, weights = rng.standard_normal(entities), rng.standard_normal((2, len(twin.products)))
        same(fast.summed(shares), twin.summed(shares))
        same(fast.combined(weights), twin.combined(weights))


@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
@pytest.mark.parametrize(
    ("name", "steps"),
    # Far from zero rounding decides whether a search for a minimum ends.
    [(name, steps) for name in FITS for steps in (1, 2, "iterated", "cu") if (name, steps) != ("far from zero", "cu")],
)
def test_many_entities_keep_factors_and_have_the_numbers_of_few(name, steps, monkeypatch):
    few = replace(FITS[name](panel(entities=150)), steps=steps)
    monkeypatch.setattr(instrument_moments, "_NUMBERS", 200)
    many = replace(FITS[name](panel(entities=150)), steps=steps)
    kept = many.model.kept
    assert isinstance(few.problem.moments, StackedMoments)
    assert many.problem.moments.instruments is kept.instruments
    assert many.problem.moments.equations is kept.equations
    doubted = np.arange(few.n_instruments) == few.n_instruments - 1
    # In standard errors; a search ends where the criterion is flat to half the digits.
    far = 1e-5 if steps == "cu" else 1e-8
    fewer = [replace(each, problem=each.problem.without(doubted)) for each in (many, few)]
    for left, right in ((many, few), fewer):
        errors = np.sqrt(right.covariance.diagonal()).reshape(right.params.T.shape).T
        assert (np.abs(left.params - right.params) < far * errors).all()
        assert_allclose(left.covariance, right.covariance, rtol=0.0, atol=far * np.abs(right.covariance).max())
        assert_allclose(left.hansen_step.criterion, right.hansen_step.criterion, rtol=1e-7)


def test_clusters_of_entities_are_summed_some_entities_at_a_time(monkeypatch):
    data = panel(entities=150)
    data["region"] = data.index.get_level_values("id") % 50
    whole, parts = [], []
    for found, numbers in ((whole, 2**20), (parts, 200)):
        monkeypatch.setattr(instrument_moments, "_NUMBERS", numbers)
        result = pv.fit_blundell_bond(data, "y", "x", cov=pv.Clustered("region"))
        found += [result.params, result.std_errors, result.hansen_j.statistic]
    for left, right in zip(parts, whole, strict=True):
        assert_allclose(left, right, rtol=1e-9)

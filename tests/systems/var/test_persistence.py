"""Systems with roots near one say what that spoils, with the rates of the nearest simulated system; others do not."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

import panelvar as pv
from panelvar.systems.var.persistence import COVERED, REJECTED, Persistence, nearest, on_bands, on_granger, simulated

SOURCES = {
    "delta": pv.DeltaMethod(),
    "monte_carlo": pv.MonteCarlo(400, seed=0),
    "residual": pv.ResidualBootstrap(400, seed=0),
    "after_bootstrap": pv.BootstrapAfterBootstrap(400, seed=0, bias_draws=50),
}


def fitted(root: float, periods: int = 100):
    rng = np.random.default_rng(0)
    values = np.zeros((periods + 50, 2))
    for t in range(1, len(values)):
        values[t] = [root * values[t - 1, 0] + 0.1 * values[t - 1, 1], 0.3 * values[t - 1, 1]]
        values[t] += rng.standard_normal(2)
    return pv.fit_var(pd.DataFrame(values[50:], columns=["a", "b"]), lags=1)


def of_roots(notes) -> list[str]:
    return [note.text for note in notes if note.code == "root-near-one"]


@pytest.fixture(scope="module")
def persistent():
    return fitted(0.99)


@pytest.fixture(scope="module")
def short_lived():
    return fitted(0.5, 400)


def test_each_simulated_system_is_nearest_to_itself():
    for cell in simulated():
        found = nearest(Persistence(cell.moduli, cell.periods, cell.lags))
        assert found.periods == cell.periods
        # Another one may have the same estimates to the last digit shown.
        assert np.abs(found.moduli - cell.moduli).max() < 0.005


@pytest.mark.parametrize(("periods", "length"), [(20, 50), (65, 50), (150, 200), (5_000, 400)])
def test_what_counts_is_the_distance_from_one_times_the_periods(periods, length):
    for root in (0.5, 0.8, 0.95, 1.0, 1.02):
        found = nearest(Persistence(np.array([root, 0.1]), periods, 1))
        gaps = {}
        for cell in simulated():
            if cell.periods == length and (cell.roots == "both" or cell.lags == 1):
                own = [math.log1p(periods * max(1.0 - each, 0.0)) for each in (root, 0.1)]
                known = [math.log1p(length * (1.0 - each)) for each in cell.moduli]
                gaps[cell[:4]] = math.dist(own, known)
        assert found[:4] == min(gaps, key=gaps.get)


def test_two_roots_near_one_are_told_from_one():
    assert nearest(Persistence(np.array([0.95, 0.45]), 100, 1)).roots == "one"
    assert nearest(Persistence(np.array([0.95, 0.9, 0.2]), 100, 3)).roots == "both"


@pytest.mark.parametrize("horizon", [0, 1, 4, 12])
@pytest.mark.parametrize("name", SOURCES)
def test_bands_say_so_where_the_nearest_system_is_held_too_rarely(persistent, short_lived, name, horizon):
    for model in (persistent, short_lived):
        cell = nearest(Persistence(model.moduli, model.nobs, model.lags))
        shares = [share for (source, h), share in cell.covered.items() if source == name and h <= horizon]
        told = of_roots(model.impulse_responses(horizon, bands=SOURCES[name]).notes)
        assert len(told) == (min(shares, default=100.0) < COVERED)
        for text in told:
            assert f"held {min(shares):.0f}% of responses" in text and f"root of {cell.persistence:g}" in text
            assert f"{cell.periods} periods" in text
            assert ("Use bands=BootstrapAfterBootstrap()" in text) == (name != "after_bootstrap")


def test_shares_say_so_and_forecasts_do_not(persistent, short_lived):
    source = SOURCES["residual"]
    assert len(of_roots(persistent.variance_decomposition(12, bands=source).notes)) == 1
    assert not of_roots(persistent.forecast(12, bands=source).notes)
    assert not of_roots(short_lived.variance_decomposition(12, bands=source).notes)


def test_sources_that_were_not_simulated_say_which_were(persistent):
    (text,) = of_roots(persistent.impulse_responses(12, bands=pv.ParametricBootstrap(400, seed=0)).notes)
    assert "bands of ResidualBootstrap held" in text and text.endswith("ParametricBootstrap was not simulated there.")


def test_granger_tests_say_so(short_lived):
    unit = fitted(1.0)
    cell = nearest(Persistence(unit.moduli, unit.nobs, unit.lags))
    assert cell.rejected > REJECTED
    (text,) = of_roots(unit.granger_causality("a", "b").notes)
    assert f"{unit.moduli[0]:.4f}" in text and f"rejected {cell.rejected:.0f}% of true nulls" in text
    assert "toda_yamamoto_test" in " ".join(pv.granger_table(unit).notes)
    assert not of_roots(short_lived.granger_causality("a", "b").notes)
    assert "toda_yamamoto_test" not in " ".join(pv.granger_table(short_lived).notes)


def test_a_system_without_lags_has_no_roots():
    system = Persistence(np.empty(0), 100, 0)
    assert on_granger(system) == on_bands(system, pv.DeltaMethod(), 12) == ()


def test_long_run_identification_says_so(persistent, short_lived):
    assert (1.0 - persistent.moduli[0]) * persistent.nobs < 8.0 < (1.0 - short_lived.moduli[0]) * short_lived.nobs
    assert len(of_roots(persistent.impulse_responses(4, identification=pv.LongRun()).notes)) == 1
    assert not of_roots(persistent.impulse_responses(4).notes)
    assert not of_roots(short_lived.impulse_responses(4, identification=pv.LongRun()).notes)


def test_imposed_unit_roots_are_no_surprise():
    data = pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]]
    responses = pv.fit_vecm(data, lags=2, rank=1).impulse_responses(4, bands=pv.DeltaMethod())
    assert not of_roots(responses.notes)


def explosive(root: float, entities: int = 1) -> pd.DataFrame:
    """Two variables of each entity, the first with a root, from a generator of its own."""
    rng = np.random.default_rng(1)
    values = np.zeros((entities, 60, 2))
    for t in range(1, 60):
        values[:, t] = values[:, t - 1] * [root, 0.3] + rng.standard_normal((entities, 2))
    index = pd.MultiIndex.from_product([range(entities), range(60)], names=["entity", "time"])
    return pd.DataFrame(values.reshape(-1, 2), columns=["a", "b"], index=index)


@pytest.mark.filterwarnings("ignore:With 59 rows per entity", "ignore:Only 12 clusters")
@pytest.mark.parametrize(
    "fit",
    [
        lambda data: pv.fit_var(data.loc[0], lags=1),
        lambda data: pv.fit_var(data.loc[0], lags=1).with_cov("HC1"),
        lambda data: pv.fit_restricted_var(data.loc[0], lags=1, restrictions={"a": ["L1.b"]}),
        lambda data: pv.fit_vecm(data.loc[0], lags=1, rank=1),
        lambda data: pv.fit_panel_var(data, ["a", "b"], lags=1),
        lambda data: pv.fit_panel_var(data, ["a", "b"], lags=1, method="mean-group"),
    ],
)
def test_an_explosive_system_says_so_when_it_is_fitted(fit):
    model = fit(explosive(1.1, 12))
    assert model.moduli[0] > 1.05
    (note,) = [note for note in model.notes if note.code == "explosive"]
    assert f"The largest root has modulus {model.moduli[0]:.4f}, outside the unit circle" in note.text
    assert " ".join(str(model).split()).count("outside the unit circle: the estimated system explodes") == 1
    assert "explosive" not in [note.code for note in fit(explosive(0.5, 12)).notes]


@pytest.mark.parametrize("trend", ["n", "c", "ct"])
def test_roots_of_one_that_are_imposed_do_not_explode(trend):
    walks = np.random.default_rng(3).standard_normal((80, 4)).cumsum(axis=0)
    for rank in range(4):
        model = pv.fit_vecm(pd.DataFrame(walks, columns=list("abcd")), lags=2, rank=rank, trend=trend)
        assert abs(model.moduli[: 4 - rank] - 1.0).max() < 1e-6
        outside = model.moduli[0] > 1.0 + 1e-6
        assert ("explosive" in [note.code for note in model.notes]) == outside
    assert not pv.fit_var(pd.DataFrame(walks), lags=0).notes


def test_no_note_advises_bands_that_hold_no_more():
    advised = 0
    for cell in simulated():
        system = Persistence(cell.moduli, cell.periods, cell.lags)
        near = nearest(system)
        for name, source in SOURCES.items():
            for horizon in (1, 4, 12):
                shares = {h: near.covered[name, h] for h in (1, 4, 12) if h <= horizon}
                worst = min(shares, key=lambda h: shares[h])
                for note in on_bands(system, source, horizon):
                    better = near.covered["after_bootstrap", worst] > shares[worst]
                    assert ("Use bands=BootstrapAfterBootstrap()" in note.text) == better
                    assert better or "differences or a VECM" in note.text
                    advised += better
    assert advised > 50

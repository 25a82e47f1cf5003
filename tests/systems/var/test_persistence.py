"""Systems whose largest root is near one say so with what that spoils, and others say nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import panelvar as pv


def fitted(root: float, periods: int = 100):
    rng = np.random.default_rng(0)
    values = np.zeros((periods + 50, 2))
    for t in range(1, len(values)):
        values[t] = [root * values[t - 1, 0] + 0.1 * values[t - 1, 1], 0.3 * values[t - 1, 1]]
        values[t] += rng.standard_normal(2)
    return pv.fit_var(pd.DataFrame(values[50:], columns=["a", "b"]), lags=1)


def codes(notes) -> list[str]:
    return [note.code for note in notes if note.code == "root-near-one"]


@pytest.fixture(scope="module")
def persistent():
    return fitted(0.99)


@pytest.fixture(scope="module")
def short_lived():
    return fitted(0.5)


def test_the_largest_root_is_near_one_by_the_number_of_periods(persistent, short_lived):
    assert (1.0 - persistent.moduli[0]) * persistent.nobs < 8.0 < (1.0 - short_lived.moduli[0]) * short_lived.nobs


def test_granger_tests_say_so(persistent, short_lived):
    test = persistent.granger_causality("a", "b")
    assert len(codes(test.notes)) == 1 and f"{persistent.moduli[0]:.4f}" in test.notes[-1].text
    assert "toda_yamamoto_test" in " ".join(pv.granger_table(persistent).notes)
    assert not codes(short_lived.granger_causality("a", "b").notes)
    assert "toda_yamamoto_test" not in " ".join(pv.granger_table(short_lived).notes)


@pytest.mark.parametrize(
    ("bands", "count"),
    [
        (pv.ResidualBootstrap(400, seed=0), 1),
        (pv.DeltaMethod(), 1),
        (pv.BootstrapAfterBootstrap(400, seed=0, bias_draws=50), 0),
    ],
)
def test_bands_say_so_but_those_that_hold(persistent, short_lived, bands, count):
    assert len(codes(persistent.impulse_responses(4, bands=bands).notes)) == count
    assert len(codes(persistent.variance_decomposition(4, bands=bands).notes)) == count
    assert not codes(short_lived.impulse_responses(4, bands=bands).notes)


def test_long_run_identification_says_so(persistent, short_lived):
    assert len(codes(persistent.impulse_responses(4, identification=pv.LongRun()).notes)) == 1
    assert not codes(persistent.impulse_responses(4).notes)
    assert not codes(short_lived.impulse_responses(4, identification=pv.LongRun()).notes)


def test_imposed_unit_roots_are_no_surprise():
    data = pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]]
    responses = pv.fit_vecm(data, lags=2, rank=1).impulse_responses(4, bands=pv.DeltaMethod())
    assert not codes(responses.notes)


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

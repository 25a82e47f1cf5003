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

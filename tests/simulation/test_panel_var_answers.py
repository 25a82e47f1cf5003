"""Sizes of serial tests, coverage of forecasts and choices of lags of panel VARs; limits of short projections."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from quiet import quietly

import panelvar as pv

pytestmark = pytest.mark.slow

LAG = np.array([[0.5, 0.1], [0.1, 0.3]])
NAMES = ["x", "y"]


def draw(rng, entities, periods, ahead=0):
    """A panel of entities with effects, after fifty periods, and what follows it."""
    shocks = rng.standard_normal((entities, periods + ahead + 50, 2))
    effects, y = rng.standard_normal((entities, 2)), np.zeros(shocks.shape)
    for t in range(1, shocks.shape[1]):
        y[:, t] = effects + y[:, t - 1] @ LAG.T + shocks[:, t]
    index = pd.MultiIndex.from_product([range(entities), range(periods)], names=["firm", "year"])
    return pd.DataFrame(y[:, 50 : 50 + periods].reshape(-1, 2), index, NAMES), y[:, 50 + periods :]


@pytest.mark.parametrize(("method", "periods"), [("within", 20), ("half-panel-jackknife", 8), ("corrected-moments", 8)])
def test_serial_tests_keep_their_level(method, periods):
    rng, rejected = np.random.default_rng(5), []
    for _ in range(60):
        model = quietly(pv.fit_panel_var, draw(rng, 50, periods)[0], NAMES, method=method)
        portmanteau = model.serial_portmanteau("x", max_order=4, collapse=True)
        tests = [model.ar_test(2, "x"), model.ar_test(3, "y"), portmanteau]
        rejected.append([test.pvalue < 0.05 for test in tests])
    # Four Monte Carlo errors are 0.11.
    assert (np.mean(rejected, axis=0) < 0.16).all()


def test_forecasts_that_count_the_error_of_effects_cover():
    rng, held = np.random.default_rng(6), {None: [], "delta": []}
    for _ in range(30):
        frame, future = draw(rng, 100, 9, ahead=4)
        model = quietly(pv.fit_panel_var, frame, NAMES, method="corrected-moments")
        for kind, bands in ((None, None), ("delta", pv.DeltaMethod())):
            lower, upper, _ = quietly(model.forecast, 4, bands=bands).limits[0]
            held[kind].append(((lower <= future) & (future <= upper)).mean(axis=(0, 2)))
    assert (np.mean(held[None], axis=0)[1:] < 0.935).all()
    assert (np.abs(np.mean(held["delta"], axis=0) - 0.95) < 0.01).all()


def test_bic_finds_one_lag_in_long_panels_and_aic_too_many():
    rng = np.random.default_rng(8)
    chosen = [quietly(pv.select_lags, draw(rng, 200, 40)[0], NAMES, max_lags=4).selected for _ in range(20)]
    assert sum(each["bic"] == 1 for each in chosen) == 20
    assert sum(each["aic"] == 1 for each in chosen) < 5


def test_limits_of_t_cover_where_three_degrees_of_freedom_are_left():
    rng, held = np.random.default_rng(77), {"normal": 0.0, None: 0.0}
    for _ in range(300):
        shocks, y = rng.standard_normal((27, 3)), np.zeros((27, 3))
        for t in range(1, 27):
            y[t] = 0.3 * y[t - 1] + shocks[t]
        for distribution in held:
            lp = quietly(
                pv.fit_local_projections,
                y,
                lags=4,
                horizon=4,
                shock_size="unit",
                identification="reduced_form",
                distribution=distribution,
            )
            held[distribution] += float(lp.lower[4, 0, 0] <= 0.3**4 <= lp.upper[4, 0, 0]) / 300
    assert lp.df_by_horizon[4] == 3
    assert held["normal"] < 0.87
    assert 0.88 < held[None] < 0.98

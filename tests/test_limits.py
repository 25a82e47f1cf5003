"""Every bound is stated once, holds where it says, and stands on the page of limits."""

from __future__ import annotations

import importlib
import re
import time
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import panelvar as pv
from panelvar.core.base import limits

PAGE = Path(__file__).resolve().parent.parent / "docs" / "guide" / "limits.md"
STATED = {
    place: int(most.replace(",", ""))
    for most, place in re.findall(r"\| ([\d,]+) \| `([\w.]+)` \|", PAGE.read_text(encoding="utf-8"))
}


@pytest.mark.parametrize("place", STATED)
def test_the_page_states_what_holds(place):
    module, name = place.rsplit(".", 1)
    assert getattr(importlib.import_module(f"panelvar.{module}"), name) == STATED[place]


def test_the_page_states_every_bound():
    own = {f"core.base.limits.{name}" for name in vars(limits) if name.isupper()}
    assert own <= STATED.keys()


@cache
def series():
    return pd.DataFrame(np.random.default_rng(0).standard_normal((60, 2)), columns=["a", "b"])


@cache
def model():
    return pv.fit_var(series(), lags=1)


@cache
def panel():
    rng = np.random.default_rng(1)
    index = {"i": np.repeat(np.arange(8), 10), "t": np.tile(np.arange(10), 8)}
    return pv.Panel({**index, **dict(zip(["y", "x"], rng.standard_normal((2, 80)), strict=True))}, "i", "t")


@cache
def pooled():
    return pv.fit_pooled(panel(), "y", ["x"])


def late(values):
    """A series whose last row is dated far beyond the others."""
    return values.set_axis([*range(len(values) - 1), 10**9])


SIGNS = {("a", "s"): "+"}
REFUSED = {
    "simulate": lambda n: model().simulate(n),
    "autocovariances": lambda n: model().autocovariances(n),
    "autocorrelations": lambda n: model().autocorrelations(n),
    "residual autocorrelations": lambda n: model().residual_autocorrelations(n),
    "responses": lambda n: model().impulse_responses(n),
    "decomposition": lambda n: model().variance_decomposition(n),
    "forecast": lambda n: model().forecast(n),
    "local projections": lambda n: pv.fit_local_projections(series(), lags=1, horizon=n),
    "panel local projections": lambda n: pv.fit_panel_local_projections(panel(), "y", "x", horizon=n),
    "residual bootstrap": lambda n: pv.ResidualBootstrap(draws=n),
    "wild": lambda n: pv.RecursiveWildBootstrap(draws=n),
    "parametric": lambda n: pv.ParametricBootstrap(draws=n),
    "blocks": lambda n: pv.MovingBlockBootstrap(draws=n),
    "panels under the null": lambda n: pv.PanelBootstrap(draws=n),
    "after bootstrap": lambda n: pv.BootstrapAfterBootstrap(draws=n),
    "bias": lambda n: pv.BootstrapAfterBootstrap(bias_draws=n),
    "monte carlo": lambda n: pv.MonteCarlo(draws=n),
    "delta": lambda n: pv.DeltaMethod(joint="sup-t", draws=n),
    "models": lambda n: pv.SignRestrictions(SIGNS, models=n),
    "tries": lambda n: pv.SignRestrictions(SIGNS, tries=n),
    "starts": lambda n: pv.ShortRun(b=[[np.nan, 0.0], [np.nan, np.nan]], starts=n),
    "wild bootstrap": lambda n: pv.wild_bootstrap_test(pooled(), "x", draws=n),
    "causality": lambda n: pv.granger_bootstrap_test(model(), "a", "b", draws=n),
    "iterations": lambda n: pv.fit_pooled_mean_group(panel(), "y", ["x"], max_iterations=n),
    "fgls iterations": lambda n: pv.fit_fgls(panel(), "y", ["x"], panels="heteroskedastic", max_iterations=n),
    "differences": lambda n: pv.unit_root_table(series(), differences=n),
    "future": lambda n: panel().calendar.future(n),
    "var": lambda n: pv.fit_var(series(), lags=n),
    "select": lambda n: pv.select_lags(series(), max_lags=n),
    "adf": lambda n: pv.adf_test(series()["a"], lags=n),
    "adf max_lags": lambda n: pv.adf_test(series()["a"], max_lags=n),
    "kpss": lambda n: pv.kpss_test(series()["a"], bandwidth=n),
    "granger": lambda n: pv.panel_granger_test(panel(), "y", "x", lags=n),
    "born-breitung": lambda n: pv.born_breitung_test(pv.fit_fixed_effects(panel(), "y", ["x"]), lags=n),
    "breusch-godfrey": lambda n: pv.breusch_godfrey_test(pooled(), lags=n),
    "portmanteau": lambda n: pv.portmanteau_test(model(), lags=n),
    "rolling": lambda n: pv.fit_rolling_var(series(), window=n, lags=1),
    "accuracy": lambda n: pv.evaluate_forecasts(series(), lags=1, window=30, steps=n),
    "spacing": lambda n: pv.Panel({"i": [0, 0], "t": [0, 1], "y": [1.0, 2.0]}, "i", "t", freq=n * 10**12),
    "average lags": lambda n: pv.fit_common_correlated_effects(panel(), "y", ["x"], average_lags=n),
}


@pytest.mark.parametrize("call", REFUSED)
@pytest.mark.parametrize("size", [10**9, 10**30])
def test_sizes_beyond_all_use_are_refused_at_once(call, size):
    start = time.perf_counter()
    with pytest.raises(pv.PanelVarError) as caught:
        REFUSED[call](size)
    assert time.perf_counter() - start < 5.0
    assert re.search(r"\d{9}", str(caught.value))


@pytest.mark.parametrize(
    "call",
    [
        lambda data: pv.fit_var(data, lags=1),
        lambda data: pv.select_lags(data, max_lags=2),
        lambda data: pv.fit_local_projections(data, lags=1, horizon=2),
        lambda data: pv.johansen_test(data, lags=1),
        lambda data: pv.adf_test(data["a"]),
        lambda data: pv.unit_root_table(data),
        lambda data: pv.fit_rolling_var(data, window=20, lags=1),
    ],
)
def test_a_calendar_of_a_billion_periods_is_refused_with_its_length(call):
    with pytest.raises(pv.DataError, match="60 rows span 1000000001 periods; the limit is 10000000"):
        call(late(series()))


def test_a_panel_with_far_dates_is_fitted():
    index = {"i": [0, 0, 1, 1], "t": [0, 10**12, 0, 10**12]}
    far = pv.Panel({**index, "y": [1.0, 3.0, 2.0, 7.0], "x": [1.0, 2.0, 3.0, 5.0]}, "i", "t")
    # Changes of 2 and 5 on changes of 1 and 2.
    assert pv.fit_fixed_effects(far, "y", ["x"]).params["x"] == pytest.approx(12.0 / 5.0, rel=1e-12)


def test_what_a_band_would_hold_is_counted():
    with pytest.raises(pv.SpecificationError, match="1000000 x 1001 x 2 x 2 = 4004000000 numbers at once"):
        model().impulse_responses(1000, bands=pv.MonteCarlo(draws=1_000_000, seed=0))


def test_what_a_horizon_would_hold_is_counted():
    system = pv.System([0.1 * np.eye(80)], sigma=np.eye(80))
    with pytest.raises(pv.SpecificationError, match="100001 x 6400"):
        system.impulse_responses(100_000)


def test_numbers_of_thousands_of_digits_are_refused_in_words():
    """Python does not write them out, and no float holds them."""
    for call in (
        lambda n: model().impulse_responses(n),
        lambda n: pv.serial_lm_test(model(), lags=n),
        lambda n: pv.adf_test(series()["a"], lags=n),
        lambda n: pv.mosum_test(model(), window=n),
        lambda n: pooled().wald_test({"x": n}),
    ):
        with pytest.raises(pv.SpecificationError, match="very many digits"):
            call(10**5000)

"""Lags, leads and horizons longer than any data are refused by their name, before anything is laid out for them."""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np
import pandas as pd
import pytest

import panelvar as pv
from panelvar.core.base.limits import LONGEST_HORIZON

PERIODS = 40


@cache
def panel():
    rng = np.random.default_rng(0)
    entities = 12
    frame = pd.DataFrame({"i": np.repeat(np.arange(entities), PERIODS), "t": np.tile(np.arange(PERIODS), entities)})
    frame["y"], frame["x"], frame["z"] = rng.standard_normal((3, len(frame)))
    return pv.Panel(frame, "i", "t")


@cache
def fixed():
    return pv.fit_fixed_effects(panel(), "y", ["x"])


@cache
def series():
    return np.random.default_rng(1).standard_normal((PERIODS, 2))


@cache
def model():
    return pv.fit_var(series(), ["a", "b"], lags=1)


OF_SERIES = {
    "seasons": [
        lambda n: pv.fit_var(series(), lags=1, seasons=n),
        lambda n: pv.fit_var(series(), lags="bic", seasons=n),
        lambda n: pv.select_lags(series(), max_lags=2, seasons=n),
        lambda n: pv.fit_restricted_var(series(), restrictions="t", lags=1, seasons=n),
        lambda n: pv.fit_vecm(series(), rank=1, lags=1, seasons=n),
        lambda n: pv.johansen_test(series(), lags=1, seasons=n),
        lambda n: pv.fit_local_projections(series(), lags=1, seasons=n),
    ],
    "exogenous_lags": [
        lambda n: pv.fit_var(series(), lags=1, exogenous=np.arange(40.0) ** 2, exogenous_lags=n),
        lambda n: pv.fit_local_projections(series(), exogenous=np.arange(40.0) ** 2, exogenous_lags=n),
    ],
    "integration": [lambda n: pv.toda_yamamoto_test(series(), "y1", "y2", lags=1, integration=n)],
    "lags": [
        lambda n: pv.fit_var(series(), lags=n),
        lambda n: pv.fit_vecm(series(), rank=1, lags=n),
        lambda n: pv.select_lags(series(), max_lags=n),
        lambda n: pv.fit_local_projections(series(), lags=n),
        lambda n: pv.toda_yamamoto_test(series(), "y1", "y2", lags=n),
        lambda n: pv.adf_test(series()[:, 0], lags=n),
        lambda n: pv.dfgls_test(series()[:, 0], lags=n),
        lambda n: pv.portmanteau_test(model(), lags=n),
        lambda n: pv.serial_lm_test(model(), lags=n),
        lambda n: pv.arch_test(model(), lags=n),
    ],
    "shock_lags": [lambda n: pv.fit_local_projections(series(), shock=series()[:, 0] ** 2, shock_lags=n)],
    "horizon": [lambda n: pv.fit_local_projections(series(), horizon=n)],
    "window": [lambda n: pv.fit_rolling_var(series(), window=n)],
    "steps": [lambda n: pv.evaluate_forecasts(series(), window=20, steps=n)],
    "bandwidth": [
        lambda n: pv.kpss_test(series()[:, 0], bandwidth=n),
        lambda n: pv.phillips_perron_test(series()[:, 0], bandwidth=n),
    ],
}
OF_PANELS = {
    "lags": [
        lambda n: pv.fit_pooled_mean_group(panel(), "y", ["x"], lags=n),
        lambda n: pv.fit_ardl_mean_group(panel(), "y", ["x"], lags=(1, n)),
        lambda n: pv.fit_dynamic_fixed_effects(panel(), "y", ["x"], lags=n),
        lambda n: pv.fit_panel_local_projections(panel(), "y", "x", lags=n),
        lambda n: pv.panel_granger_test(panel(), "y", "x", lags=n),
        lambda n: pv.fit_fixed_effects(panel(), "y", ["x"], cov=pv.DriscollKraay(lags=n)),
        lambda n: pv.fit_fama_macbeth(panel(), "y", ["x"], lags=n),
        lambda n: pv.breusch_godfrey_test(fixed(), lags=n),
        lambda n: pv.born_breitung_test(fixed(), lags=n),
    ],
    "max_lags": [
        lambda n: pv.fit_pooled_mean_group(panel(), "y", ["x"], lags="bic", max_lags=n),
        lambda n: pv.fit_ardl_mean_group(panel(), "y", ["x"], lags="bic", max_lags=(1, n)),
    ],
    "average_lags": [lambda n: pv.fit_common_correlated_effects(panel(), "y", ["x"], average_lags=n)],
    "shock_lags": [lambda n: pv.fit_panel_local_projections(panel(), "y", "x", shock_lags=n)],
    "control_lags": [lambda n: pv.fit_panel_local_projections(panel(), "y", "x", controls=["z"], control_lags=n)],
    "horizon": [lambda n: pv.fit_panel_local_projections(panel(), "y", "x", horizon=n)],
}
CALLS = [
    pytest.param(option, call, id=f"{kind} {option} {place}")
    for kind, options in {"series": OF_SERIES, "panel": OF_PANELS}.items()
    for option, calls in options.items()
    for place, call in enumerate(calls)
]


@pytest.mark.parametrize("reach", [10**9, 10**30])
@pytest.mark.parametrize(("option", "call"), CALLS)
def test_what_reaches_past_the_data_is_refused_by_name(option, call, reach):
    with warnings.catch_warnings(), pytest.raises(pv.PanelVarError, match=option):
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        call(reach)


@pytest.mark.parametrize(
    ("option", "call"),
    [
        ("average_lags", OF_PANELS["average_lags"][0]),
        ("lags", OF_PANELS["lags"][2]),
        ("max_lags", OF_PANELS["max_lags"][1]),
        ("horizon", OF_PANELS["horizon"][0]),
        ("horizon", OF_SERIES["horizon"][0]),
        ("shock_lags", OF_SERIES["shock_lags"][0]),
        ("bandwidth", OF_SERIES["bandwidth"][0]),
    ],
)
def test_the_first_that_no_row_has_is_as_many_as_periods(option, call):
    """One less may be too many for other reasons, and these are given then."""
    with pytest.raises(pv.InsufficientDataError, match=f"^{option}=40 reaches past the data, which span 40 period"):
        call(PERIODS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        try:
            call(PERIODS - 1)
        except pv.PanelVarError as error:
            assert "reaches past" not in str(error)


def test_a_pattern_of_seasons_must_have_been_seen():
    with pytest.raises(pv.InsufficientDataError, match="seasons=41 is a pattern longer than the data, which span 40"):
        pv.fit_var(series(), lags=1, seasons=41)
    with pytest.raises(pv.InsufficientDataError, match="39 usable rows are too few for 42 coefficients"):
        pv.fit_var(series(), lags=1, seasons=40)


@pytest.mark.parametrize(
    ("option", "least", "call"),
    [
        ("horizon", 0, lambda n: model().impulse_responses(n)),
        ("horizon", 0, lambda n: pv.System(np.eye(2) / 2, sigma=np.eye(2)).impulse_responses(n)),
        ("horizon", 1, lambda n: model().variance_decomposition(n)),
        ("steps", 1, lambda n: model().forecast(n)),
        ("steps", 1, lambda n: model().approximate_mse(n)),
        ("horizon", 0, lambda n: pv.fit_var(series(), lags=1, exogenous=np.arange(40.0) ** 2).multipliers(n)),
        ("horizon", 0, lambda n: pv.fit_rolling_var(series(), window=30).impulse_responses(n)),
        ("target_horizon", 0, lambda n: pv.SignRestrictions({("a", "s"): "+"}, target_horizon=n)),
    ],
)
@pytest.mark.parametrize("ahead", [LONGEST_HORIZON + 1, 10**30])
def test_horizons_that_no_memory_holds_are_refused(option, least, call, ahead):
    with pytest.raises(pv.SpecificationError, match=f"^{option}={ahead} must be a whole number from {least} to 100000"):
        call(ahead)


def test_a_lag_longer_than_the_calendar_is_missing_everywhere():
    for k in (PERIODS - 1, PERIODS, 10**9, 10**30, -PERIODS, -(10**30)):
        lagged = panel().lag("x", k)
        assert np.isfinite(lagged).sum() == (panel().n_entities if k == PERIODS - 1 else 0)
    assert np.isnan(panel().difference("x", 10**30)).all()
    with pytest.raises(pv.InsufficientDataError, match="No complete row is left"):
        pv.fit_fixed_effects(panel(), f"y ~ L(x, {10**30})")


def test_breusch_and_godfreys_regression_needs_degrees_of_freedom_in_either_form():
    """With as many lags as rows it fits exactly, and n R2 is n whatever the residuals are."""
    frame = pd.DataFrame({"i": np.repeat(range(3), 4), "t": np.tile(range(4), 3)})
    frame["y"], frame["x"] = np.random.default_rng(2).standard_normal((2, 12))
    pooled = pv.fit_pooled(pv.Panel(frame, "i", "t"), "y", ["x"])
    for kind in ("chi2", "f"):
        assert pv.breusch_godfrey_test(pooled, lags=9, statistic=kind, lag_by="stacked").df == 9
        with pytest.raises(pv.InsufficientDataError, match="12 rows leave no degrees of freedom for lags=10"):
            pv.breusch_godfrey_test(pooled, lags=10, statistic=kind, lag_by="stacked")

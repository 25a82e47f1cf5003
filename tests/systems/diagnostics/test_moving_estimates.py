"""Estimates of windows against those of the whole sample."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from quiet import quietly
from reference_data import table

import panelvar as pv
from panelvar import SpecificationError

NAMES = ["dl_realgdp", "dl_realcons"]


@pytest.fixture(scope="module")
def growth():
    return table("us_macro")[NAMES]


def written_out(frame, lags, window, expanding):
    """The processes from their definition: roots of matrices, one window at a time."""
    y = frame.to_numpy()
    n = len(y) - lags
    x = np.column_stack([np.ones(n), *(y[lags - lag : len(y) - lag] for lag in range(1, lags + 1))])
    x = x / np.sqrt((x**2).sum(axis=0))
    y = y[lags:]
    whole = np.linalg.lstsq(x, y, rcond=None)[0]
    spread = np.sqrt(((y - x @ whole) ** 2).sum(axis=0) / (n - x.shape[1]))
    paths = []
    for last in range(window, n + 1):
        rows = slice(0 if expanding else last - window, last)
        own = np.linalg.lstsq(x[rows], y[rows], rcond=None)[0]
        values, vectors = np.linalg.eigh(x[rows].T @ x[rows])
        root = vectors @ np.diag(np.sqrt(values)) @ vectors.T
        count = last if expanding else window
        paths.append(np.abs(np.sqrt(count / n) * root @ (own - whole) / spread).max(axis=0))
    return np.array(paths)


@pytest.mark.parametrize("expanding", [False, True])
@pytest.mark.parametrize(("lags", "window"), [(1, 40), (2, 60), (0, 30)])
def test_the_process_is_its_definition(growth, lags, window, expanding):
    batch = pv.fit_rolling_var(growth, window=window, lags=lags, expanding=expanding)
    found = pv.fluctuation_test(batch)
    expected = written_out(growth, lags, window, expanding)
    assert_allclose(found.paths, expected, rtol=1e-9, atol=1e-9)
    for place, name in enumerate(NAMES):
        assert found.tests[name].statistic == pytest.approx(expected[:, place].max(), rel=1e-9)
    assert list(found.paths.index) == list(batch.labels)
    assert found.dimensions == 1 + 2 * lags


def test_the_tail_is_that_of_independent_processes(growth):
    """Bridges: the series of the supremum of one, to the power of their number; also where p is tiny."""
    found = pv.fluctuation_test(pv.fit_rolling_var(growth, window=40, lags=1, expanding=True))
    for test in found.tests.values():
        terms = np.arange(1, 100)
        one = 2.0 * np.sum((-1.0) ** (terms + 1) * np.exp(-2.0 * terms**2 * test.statistic**2))
        assert test.pvalue == pytest.approx(1.0 - (1.0 - one) ** 3, rel=1e-10)
    height = found.boundary(level=0.95)
    inside = 1.0 - 2.0 * np.sum((-1.0) ** (terms + 1) * np.exp(-2.0 * terms**2 * height**2))
    assert inside**3 == pytest.approx(0.95, abs=1e-9)


def test_published_quantiles_of_moving_estimates():
    """Chu, Hornik and Kuan's tables as R's strucchange keeps them, for one to three coefficients and two windows."""
    for dimensions, window, ten, five in [(1, 0.2, 1.217, 1.316), (2, 0.2, 1.311, 1.404), (3, 0.5, 1.579, 1.698)]:
        found = pv.fluctuation_test(moving(dimensions, window))
        assert found.dimensions == dimensions
        assert found.boundary(level=0.9) == pytest.approx(ten, abs=0.02)
        assert found.boundary(level=0.95) == pytest.approx(five, abs=0.02)


def moving(coefficients, share):
    """Windows of noise, in which an equation has so many coefficients."""
    noise = np.random.default_rng(3).standard_normal((200, 2))
    width = 1 if coefficients < 3 else 2
    lags = 0 if coefficients == 1 else 1
    return pv.fit_rolling_var(noise[: 200 + lags, :width], window=int(share * (200 - lags)), lags=lags)


def test_a_break_is_seen_where_it_is():
    rng = np.random.default_rng(0)
    values = rng.standard_normal((300, 2))
    for t in range(1, 300):
        values[t, 0] += (0.8 if t >= 150 else -0.3) * values[t - 1, 0]
    frame = pd.DataFrame(values, index=pd.period_range("1950Q1", periods=300, freq="Q"), columns=["moved", "same"])
    for expanding in (False, True):
        found = pv.fluctuation_test(pv.fit_rolling_var(frame, window=60, lags=1, expanding=expanding))
        # The quantiles of moving estimates end at a thousandth a coefficient.
        assert found.tests["moved"].pvalue < 0.003
        assert found.tests["same"].pvalue > 0.05
        assert "are the same in every window" in str(found.tests["moved"])


def test_windows_with_seasons_and_exogenous_variables_are_compared(growth):
    beside = np.sin(np.arange(len(growth)))
    batch = pv.fit_rolling_var(growth, window=50, lags=1, seasons=4, exogenous=beside, exogenous_lags=1)
    found = pv.fluctuation_test(batch)
    assert found.dimensions == 1 + 3 + 2 + 2
    assert all(0.0 < test.pvalue <= 1.0 for test in found.tests.values())


def test_a_trend_among_the_regressors_is_warned_about(growth):
    batch = pv.fit_rolling_var(growth, window=50, lags=1, trend="ct")
    with pytest.warns(pv.PanelVarWarning, match="The regressors include a trend"):
        pv.fluctuation_test(batch)


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        (lambda frame: pv.fit_var(frame, lags=1), "windows= takes the result of fit_rolling_var"),
        (lambda frame: pv.fit_var_batch(np.stack([frame, frame])), "are not such windows"),
        (lambda frame: pv.fit_rolling_var(frame, window=50, lags="bic", max_lags=2), "different lag orders"),
        (lambda frame: quietly(pv.fit_rolling_var, frame, window=8), "share of 0.0398.*known from 0.05 to 0.5"),
        (lambda frame: pv.fit_rolling_var(frame, window=150), "share of 0.746"),
    ],
)
def test_what_cannot_be_compared_is_refused(growth, batch, message):
    with pytest.raises(SpecificationError, match=message):
        pv.fluctuation_test(batch(growth))


def test_an_exact_fit_has_no_statistic():
    y = np.cumsum(np.random.default_rng(1).standard_normal(80))
    batch = pv.fit_rolling_var(np.column_stack([y[1:], y[:-1]]), window=30)
    with pytest.raises(pv.NumericalError, match="it is exact"):
        pv.fluctuation_test(batch)


def test_boundaries_beyond_the_quantiles_are_refused_and_not_made_up():
    """Quantiles end at a thousandth a process: of nine coefficients 99.1% is the highest level."""
    noise = np.random.default_rng(5).standard_normal((160, 2))
    found = pv.fluctuation_test(pv.fit_rolling_var(noise, window=60, lags=4))
    assert found.dimensions == 9
    highest = 0.999**9
    assert found.boundary(level=highest) > found.boundary(level=0.95) > found.boundary(level=0.9)
    assert found.boundary(level=highest) < 3.0
    with pytest.raises(SpecificationError, match=r"increments of 9 processes is known up to .* 0\.991"):
        found.boundary(level=0.995)
    with pytest.raises(SpecificationError, match=r"level=0\.9995: the distribution of .* up to .* 0\.999"):
        pv.mosum_test(pv.fit_var(noise, lags=1)).plot(level=0.9995)
    # Closed forms have no end.
    assert 2.0 < pv.cusum_test(pv.fit_var(noise, lags=1)).boundary(level=1.0 - 1e-9) < 4.0

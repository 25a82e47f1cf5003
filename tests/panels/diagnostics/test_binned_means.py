"""Binned means against a regression written out, and where residuals of residuals go wrong."""

import numpy as np
import pandas as pd
import pytest

import panelvar as pv
from panelvar.panels.diagnostics.binned_means import binned_means


def people(n=600):
    rng = np.random.default_rng(3)
    state, year = rng.integers(0, 30, n), rng.integers(2001, 2006, n)
    w = rng.normal(size=n)
    x = w + rng.normal(size=n) + 0.1 * state
    y = np.where(x > 1.5, x, 0.0) + 2.0 * w + 0.2 * state + 0.3 * (year - 2000) + rng.normal(size=n)
    return pd.DataFrame({"y": y, "x": x, "w": w, "state": state, "year": year})


@pytest.mark.parametrize("bins", [2, 10])
def test_means_are_those_of_the_regression_with_dummies(bins):
    frame = people()
    found = binned_means(frame, "y", "x", ["w", "C(year)"], "state", bins, pv.Clustered("state"), 0.95)
    code = np.searchsorted(np.quantile(frame["x"], np.arange(1, bins) / bins), frame["x"])
    dummies = [pd.get_dummies(frame[name]).to_numpy(float)[:, 1:] for name in ("year", "state")]
    others = np.column_stack([frame["w"], *dummies])
    beta = np.linalg.lstsq(np.column_stack([np.eye(bins)[code], others]), frame["y"], rcond=None)[0]
    np.testing.assert_allclose(found.means, beta[:bins] + others.mean(axis=0) @ beta[bins:], rtol=1e-10)
    np.testing.assert_allclose(found.centres, [frame["x"][code == j].mean() for j in range(bins)], rtol=1e-12)
    # Their mean over the rows is that of y.
    assert np.bincount(code) @ found.means / len(frame) == pytest.approx(frame["y"].mean(), rel=1e-10)
    assert found.cov_label == "clustered by state"


def test_intervals_are_those_of_dense_algebra():
    frame = people()
    found = binned_means(frame, "y", "x", "w", None, 5, "classical", 0.9)
    code = np.searchsorted(np.quantile(frame["x"], np.arange(1, 5) / 5), frame["x"])
    x = np.column_stack([np.eye(5)[code], frame["w"]])
    beta = np.linalg.lstsq(x, frame["y"], rcond=None)[0]
    e = frame["y"] - x @ beta
    cov = np.linalg.inv(x.T @ x) * (e @ e) / (len(e) - 6)
    at = np.column_stack([np.eye(5), np.full(5, frame["w"].mean())])
    from scipy import stats

    reach = stats.t.ppf(0.95, len(e) - 6) * np.sqrt(np.diag(at @ cov @ at.T))
    np.testing.assert_allclose(found.high - found.means, reach, rtol=1e-9)
    np.testing.assert_allclose(found.means - found.low, reach, rtol=1e-9)


def test_a_step_is_seen_where_binned_residuals_smooth_it():
    rng = np.random.default_rng(8)
    n = 4000
    w = rng.normal(size=n)
    x = 2.0 * w + rng.normal(size=n)
    frame = pd.DataFrame({"y": (x > 0) + w + 0.1 * rng.normal(size=n), "x": x, "w": w})
    found = binned_means(frame, "y", "x", "w", None, 10, None, 0.95)
    truth = np.repeat([0.0, 1.0], 5) + w.mean()
    # The step lies within the sixth bin, a little beyond its first rows.
    assert np.abs(np.delete(found.means - truth, 5)).max() < 0.05
    # Residuals of both sides, binned: the step has become a slope.
    ry, rx = (frame[c] - np.polyval(np.polyfit(w, frame[c], 1), w) for c in ("y", "x"))
    code = np.searchsorted(np.quantile(rx, np.arange(1, 10) / 10), rx)
    residual = np.array([ry[code == j].mean() for j in range(10)]) + frame["y"].mean()
    assert np.abs(residual - truth).max() > 0.2


def test_missing_values_ties_lags_and_refusals():
    frame = people()
    frame.loc[0, "w"] = np.nan
    with pytest.warns(pv.PanelVarWarning, match="1 of 600 rows dropped"):
        some = binned_means(frame, "y", "x", "w", None, 5, None, 0.95)
    whole = binned_means(frame.iloc[1:], "y", "x", "w", None, 5, None, 0.95)
    np.testing.assert_allclose(some.means, whole.means, rtol=1e-12)
    few = binned_means(frame, "y", "year", None, None, 20, None, 0.95)
    np.testing.assert_allclose(few.means, frame.groupby("year")["y"].mean(), rtol=1e-11)
    firms = pv.load_data("grunfeld")
    with pytest.warns(pv.PanelVarWarning, match="Only 11 clusters"):
        lagged = binned_means(firms, "log(invest)", "value", "L(invest)", "firm", 4, "cluster", 0.95)
    assert lagged.nobs == 209
    with pytest.raises(pv.DataError, match="no single column of numbers"):
        binned_means(frame.assign(x=np.where(frame["x"] > 0, "a", "b")), "y", "x", None, None, 5, None, 0.95)
    with pytest.raises(pv.DataError, match="say all about 'x'"), pytest.warns(pv.PanelVarWarning, match="dropped"):
        binned_means(frame.assign(x=frame["state"] ** 2.0), "y", "x", None, "state", 5, None, 0.95)
    with pytest.raises(pv.SpecificationError, match="does not vary"):
        binned_means(frame.assign(x=1.0), "y", "x", None, None, 5, None, 0.95)
    with pytest.raises(pv.SpecificationError, match="bins"):
        binned_means(frame, "y", "x", None, None, 1, None, 0.95)


def test_the_figure_shows_them():
    pytest.importorskip("matplotlib").use("Agg")
    frame = people()
    figure = pv.plot_binned(frame, "y", "x", controls=["w"], effects=["state", "year"], bins=6)
    (ax,) = figure.axes
    found = binned_means(frame, "y", "x", ["w"], ["state", "year"], 6, None, 0.95)
    np.testing.assert_allclose(ax.containers[0][0].get_ydata(), found.means, rtol=1e-12)
    assert ax.get_title() == "6 bins of 600 rows; 95% intervals"
    line = ax.lines[-1]
    slope = np.diff(line.get_ydata())[0] / np.diff(line.get_xdata())[0]
    assert slope == pytest.approx(pv.fit_fixed_effects(frame, "y ~ x + w | state + year").params["x"], rel=1e-10)

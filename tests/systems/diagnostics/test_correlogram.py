"""Correlograms of residuals: their numbers, and standard errors that know of the estimated lags."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import panelvar as pv

mpl.use("Agg")


def series(rows: int = 120, seed: int = 2, slope: float = 0.4) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    y = np.zeros((rows, 2))
    for t in range(1, rows):
        y[t] = 0.5 + slope * y[t - 1] + rng.standard_normal(2)
    return pd.DataFrame(y, columns=["a", "b"], index=pd.period_range("1990Q1", periods=rows, freq="Q"))


def test_correlations_are_those_of_the_residuals():
    model = pv.fit_var(series(), lags=2)
    found = pv.residual_correlogram(model, lags=6)
    table = model.residual_autocorrelations(6)
    for lag in range(1, 7):
        assert_allclose(found.values[lag - 1], table.loc[lag].to_numpy(), rtol=1e-13, atol=1e-15)


def test_standard_errors_are_what_the_regressors_leave():
    model = pv.fit_var(series(), lags=2, trend="ct")
    found = pv.residual_correlogram(model, lags=5)
    x, u = model._problem.design[:, : model.n_regressors], model.resids.to_numpy()
    for lag in range(1, 6):
        earlier = np.vstack([np.zeros((lag, 2)), u[:-lag]])
        left = earlier - x @ np.linalg.lstsq(x, earlier, rcond=None)[0]
        expected = np.sqrt((left**2).sum(axis=0) / (u**2).sum(axis=0) / len(u))
        assert_allclose(found.std_errors[lag - 1], np.stack([expected, expected]), rtol=1e-9)


def test_of_a_first_order_autoregression_they_are_the_known_ones():
    """The first correlation of residuals has the variance of the squared slope over n, not 1 / n (Durbin 1970)."""
    rng = np.random.default_rng(4)
    y = np.zeros(4000)
    for t in range(1, 4000):
        y[t] = 0.3 * y[t - 1] + rng.standard_normal()
    found = pv.residual_correlogram(pv.fit_var(y, ["y"], lags=1), lags=8).std_errors[:, 0, 0] * np.sqrt(3999)
    # Var r(h) = (1 - slope^(2h - 2) (1 - slope^2)) / n.
    powers = 0.3 ** (2 * np.arange(8))
    assert_allclose(found, np.sqrt(1 - powers * (1 - 0.09)), atol=0.02)


def test_correlations_spread_as_the_errors_say():
    drawn, errors = [], []
    for seed in range(300):
        found = pv.residual_correlogram(pv.fit_var(series(100, seed), lags=1), lags=3)
        drawn.append(found.values)
        errors.append(found.std_errors)
    # The relative error of a standard deviation of 300 draws is about 4%; of twelve the largest is below 15%.
    assert_allclose(np.std(drawn, axis=0), np.mean(errors, axis=0), rtol=0.15)


def test_gaps_are_not_bridged():
    data = series(60).drop(pd.Period("1997Q1"))
    with pytest.warns(pv.PanelVarWarning, match="absent"):
        model = pv.fit_var(data, lags=1)
    found = pv.residual_correlogram(model, lags=3)
    assert_allclose(found.values[0], model.residual_autocorrelations(1).loc[1].to_numpy(), rtol=1e-13)
    first = model._problem.run_starts[1]
    u, x = model.resids.to_numpy(), model._problem.design[:, : model.n_regressors]
    earlier = np.vstack([np.zeros((1, 2)), u[:-1]])
    earlier[first] = 0.0
    left = earlier - x @ np.linalg.lstsq(x, earlier, rcond=None)[0]
    assert_allclose(found.std_errors[0, 0], np.sqrt((left**2).sum(axis=0) / (u**2).sum(axis=0) / len(u)), rtol=1e-9)


def test_restricted_coefficients_have_the_wider_errors():
    levels = series(120).cumsum()
    model = pv.fit_vecm(levels, rank=1, lags=2)
    found = pv.residual_correlogram(model, lags=3)
    assert_allclose(found.std_errors, 1.0 / np.sqrt(model.nobs))
    assert "too large at short lags" in " ".join(str(found).split())
    assert not pv.residual_correlogram(pv.fit_var(levels, lags=2), lags=3).notes


def test_frame_and_table():
    found = pv.residual_correlogram(pv.fit_var(series(), lags=1), lags=4)
    frame = found.to_frame(level=(0.68, 0.95))
    assert list(frame.columns) == ["correlation", "std_error", "lower", "upper", "lower_68", "upper_68"]
    assert_allclose(frame.loc[("a", "b"), "correlation"], found.values[:, 0, 1])
    assert_allclose(frame["upper"], 1.959963984540054 * frame["std_error"])
    assert "95% limits without serial correlation" in str(found)
    assert repr(found).startswith("<Residual correlations of a, b, lags 1 to 4: ")


@pytest.mark.parametrize("lags", [0, 500, "4", 2.5])
def test_lags_that_cannot_be(lags):
    with pytest.raises(pv.PanelVarError, match="lags"):
        pv.residual_correlogram(pv.fit_var(series(), lags=1), lags=lags)


def test_what_is_no_fit_is_refused():
    with pytest.raises(pv.PanelVarError, match="fit_var"):
        pv.residual_correlogram(pv.System([[[0.5]]]))


def test_the_picture_has_the_numbers():
    found = pv.residual_correlogram(pv.fit_var(series(), lags=1), lags=6)
    figure = found.plot(level=(0.68, 0.95))
    figure.canvas.draw()
    assert [ax.get_title() for ax in figure.axes] == [
        "a and earlier a",
        "a and earlier b",
        "b and earlier a",
        "b and earlier b",
    ]
    for place, ax in enumerate(figure.axes):
        row, column = divmod(place, 2)
        stems = ax.collections[2].get_segments()
        assert_allclose([stem[1, 1] for stem in stems], found.values[:, row, column])
        corners = ax.collections[0].get_paths()[0].vertices[:, 1]
        assert corners.max() == pytest.approx(found.limits()[0].upper[:, row, column].max())
    assert "68% and 95% limits" in figure.get_supxlabel().replace("\n", " ")
    assert len(found.plot(of="b").axes) == 1
    small = pv.plot_correlogram(found, figsize=(3.0, 3.0))
    assert small.get_suptitle().replace("\n", " ") == "Residual correlations (rows) with earlier ones (columns)"

"""Plots show what the object has: bands, other shocks, and every shock distinct from the others."""

import warnings

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_hex

import panelvar as pv
from panelvar.reporting.canvas import canvas

mpl.use("Agg")


def fitted(count, periods=90):
    rng = np.random.default_rng(3)
    values = np.zeros((periods, count))
    for t in range(1, periods):
        values[t] = 0.5 * values[t - 1] + rng.normal(size=count)
    index = pd.period_range("2000Q1", periods=periods, freq="Q")
    return pv.fit_var(pd.DataFrame(values, index=index, columns=[f"v{k}" for k in range(count)]), lags=1)


def partial(model):
    noise = np.random.default_rng(1).normal(size=model.nobs)
    series = model.resids.iloc[:, 0] + noise
    return pv.ExternalInstrument(series, "v0", shock="policy")


def styles(areas):
    """Colour and hatch of areas."""
    return [(to_hex(area.get_facecolor()), area.get_hatch()) for area in areas]


def test_shares_with_a_band_are_drawn_in_it():
    shares = fitted(3).variance_decomposition(6, bands=pv.DeltaMethod())
    figure = shares.plot()
    assert len(figure.axes) == 9
    for place, ax in enumerate(figure.axes):
        row, column = divmod(place, 3)
        (band,) = (each for each in ax.collections if isinstance(each, PolyCollection))
        corners = band.get_paths()[0].vertices[:, 1]
        assert corners.min() == pytest.approx(shares.lower[:, row, column].min())
        assert corners.max() == pytest.approx(shares.upper[:, row, column].max())
        np.testing.assert_allclose(ax.lines[0].get_ydata(), shares.values[:, row, column])
        assert ax.get_title() == f"v{column} \N{RIGHTWARDS ARROW} v{row}"
    assert "95% band: asymptotic normal (delta method)" in figure.get_supxlabel().replace("\n", " ")
    # Without a band the shares are stacked.
    assert len(fitted(3).variance_decomposition(6).plot().axes) == 3


def test_a_history_of_one_shock_draws_the_others():
    model = fitted(3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        history = model.historical_decomposition(identification=partial(model))
        ax = history.plot().axes[1]
    data = model._problem.design[:, model.n_regressors :]
    np.testing.assert_allclose(history.actual, data, atol=1e-12)
    whole = model.historical_decomposition()
    assert whole.others is None
    np.testing.assert_allclose(history.baseline, whole.baseline, atol=1e-10)
    np.testing.assert_allclose(
        history.others, (whole.contributions.sum(axis=2) - history.contributions[:, :, 0]), atol=1e-10
    )
    assert [steps.get_label() for steps in ax.patches] == ["policy", "other shocks"]
    tops, _, bottoms = ax.patches[1].get_data()
    np.testing.assert_allclose(tops - bottoms, history.others[:, 1])
    # The line is what the bars add up to: the variable less its baseline.
    np.testing.assert_allclose(ax.lines[0].get_ydata(), data[:, 1] - history.baseline[:, 1], atol=1e-12)
    frame = history.to_frame()
    assert list(frame["v1"].columns) == ["baseline", "policy", "other shocks"]
    np.testing.assert_allclose(frame["v1"].sum(axis=1), data[:, 1], atol=1e-12)


def test_shares_of_one_shock_leave_the_rest_to_the_others():
    model = fitted(3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        shares = model.variance_decomposition(4, identification=partial(model))
    ax = shares.plot().axes[0]
    assert [bars.get_label() for bars in ax.containers] == ["policy", "other shocks"]
    tops = [bar.get_y() + bar.get_height() for bar in ax.containers[1]]
    np.testing.assert_allclose(tops, 1.0)


def test_a_history_by_signs_draws_the_others_too():
    model = fitted(3)
    signs = pv.SignRestrictions({("v0", "demand"): "+", ("v1", "demand"): "+"})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        history = model.historical_decomposition(identification=signs)
    assert history.shocks == ("demand",)
    assert history.others.shape == history.baseline.shape


def test_every_shock_looks_different_from_the_others():
    model = fitted(9)
    history = model.historical_decomposition().plot(of="v0").axes[0]
    shares = model.variance_decomposition(3).plot().axes[0]
    bars = [container[0] for container in shares.containers]
    assert styles(history.patches) == styles(bars)
    assert len(set(styles(bars))) == 9
    assert len({canvas.area(place)["color"] for place in range(12)}) == 12
    assert len({(canvas.area(place)["color"], canvas.area(place)["hatch"]) for place in range(84)}) == 84

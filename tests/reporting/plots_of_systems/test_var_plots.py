"""What plots of systems offer: levels, choices, names, marks of systems that are not stable, room for any number."""

from __future__ import annotations

import inspect
import io
import warnings

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

mpl.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_hex

import panelvar as pv
from panelvar.reporting.canvas.canvas import VERMILLION

NAMES = ["output", "prices", "interest rate", "money", "exchange rate", "house prices", "stock prices", "unemployment"]
NAMES += ["wages", "oil price", "exports", "government consumption"]


def fitted(count: int, periods: int = 90) -> pv.FittedSystem:
    rng = np.random.default_rng(3)
    values = np.zeros((periods, count))
    for t in range(1, periods):
        values[t] = 0.5 * values[t - 1] + rng.normal(size=count)
    index = pd.period_range("2000Q1", periods=periods, freq="Q")
    return pv.fit_var(pd.DataFrame(values, index=index, columns=NAMES[:count]), lags=1)


def unstable() -> pv.System:
    return pv.System([[[1.03, 0.0], [0.1, 0.5]]], names=["a", "b"], sigma=np.eye(2))


def drawn(figure) -> None:
    figure.savefig(io.BytesIO(), format="png", dpi=40)


def test_every_level_is_drawn_the_widest_first():
    responses = fitted(2).impulse_responses(6, bands=pv.DeltaMethod(), level=(0.68, 0.9, 0.95))
    figure = responses.plot()
    for place, ax in enumerate(figure.axes):
        row, column = divmod(place, 2)
        bands = [each for each in ax.collections if isinstance(each, PolyCollection)]
        for band, limits in zip(bands, responses.limits, strict=True):
            corners = band.get_paths()[0].vertices[:, 1]
            assert {*limits.lower[:, row, column], *limits.upper[:, row, column]} <= set(corners)
    assert "68%, 90% and 95% bands" in figure.get_supxlabel().replace("\n", " ")
    shares = fitted(2).variance_decomposition(4, bands=pv.DeltaMethod(), level=(0.68, 0.95)).plot()
    assert len(shares.axes[0].collections) == 2


def test_shocks_are_chosen_by_their_names_everywhere():
    model = fitted(3)
    scheme = pv.Cholesky(shocks=["supply", "demand", "policy"])
    responses = model.impulse_responses(4, identification=scheme)
    assert [ax.get_title() for ax in responses.plot(of="prices", shocks=["policy", "supply"]).axes] == [
        "policy → prices",
        "supply → prices",
    ]
    shares = model.variance_decomposition(4, identification=scheme)
    bars = shares.plot(of=["prices", "output"], shocks="policy").axes[1].containers
    assert [each.get_label() for each in bars] == ["policy", "other shocks"]
    np.testing.assert_allclose([bar.get_height() for bar in bars[1]], shares.values[:, 0, :2].sum(axis=1))
    history = model.historical_decomposition(identification=scheme)
    (ax,) = history.plot(of="output", shocks=["policy", "demand"]).axes
    assert [each.get_label() for each in ax.patches] == ["policy", "demand", "other shocks"]
    tops, _, bottoms = ax.patches[2].get_data()
    np.testing.assert_allclose(tops - bottoms, history.contributions[:, 0, 0])
    for draw in (responses.plot, shares.plot, history.plot):
        with pytest.raises(pv.SpecificationError, match="'supply', 'demand', 'policy'"):
            draw(shocks="output")
        with pytest.raises(pv.SpecificationError, match="of='supply'"):
            draw(of="supply")
    for draw in (pv.plot_responses, responses.plot):
        with pytest.raises(pv.SpecificationError, match="shocks"):
            draw(**({"responses": responses} if draw is pv.plot_responses else {}), to="policy")


def test_shares_with_bands_are_stacked_on_request_and_other_way_round():
    model = fitted(2)
    banded = model.variance_decomposition(3, bands=pv.DeltaMethod())
    assert len(banded.plot(stacked=True).axes) == 2
    assert "95% bands are drawn with stacked=False" in plt.gcf().get_supxlabel().replace("\n", " ")
    assert len(model.variance_decomposition(3).plot(stacked=False).axes) == 4
    with pytest.raises(pv.SpecificationError, match="stacked="):
        banded.plot(stacked="no")


def test_other_shocks_have_a_column_beside_bands():
    model = fitted(2)
    series = model.resids.iloc[:, 0] + np.random.default_rng(1).normal(size=model.nobs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        shares = model.variance_decomposition(
            3,
            identification=pv.ExternalInstrument(series, "output", shock="policy"),
            bands=pv.MovingBlockBootstrap(60, seed=1),
        )
    figure = shares.plot()
    assert [ax.get_title() for ax in figure.axes[:2]] == ["policy → output", "other shocks → output"]
    np.testing.assert_allclose(figure.axes[3].lines[0].get_ydata(), 1.0 - shares.values[:, 1, 0])


def test_what_is_not_stable_is_marked():
    with pytest.warns(pv.PanelVarWarning, match="not stable"):
        responses = unstable().impulse_responses(8)
    title = responses.plot()._suptitle
    assert title.get_text() == "Responses to Cholesky shocks: the system is not stable"
    assert to_hex(title.get_color()) == VERMILLION.lower()
    # The mark stays where the title is another, or there is none.
    for options in ({"title": "mine"}, {"title": ""}):
        figure = responses.plot(**options)
        assert [text.get_text() for text in figure.axes[0].texts] == ["not stable"]
    _, axes = plt.subplots(1, 2)
    responses.plot(of="a", ax=axes)
    assert [text.get_text() for text in axes[0].texts] == ["not stable"]
    assert not fitted(2).impulse_responses(3).plot().axes[0].texts


def test_summed_responses_are_called_so():
    figure = fitted(2).impulse_responses(4, cumulative="prices").plot()
    assert [ax.get_title() for ax in figure.axes] == [
        "output → output",
        "prices → output",
        "output → prices, summed",
        "prices → prices, summed",
    ]
    assert figure.get_suptitle() == "Responses to Cholesky shocks"


def test_labels_rename_what_is_drawn():
    model = fitted(3)
    labels = {"output": "GDP", "prices": "$P$"}
    for figure in (
        model.impulse_responses(3).plot(labels=labels),
        model.variance_decomposition(3).plot(labels=labels),
        model.historical_decomposition().plot(labels=labels),
        model.forecast(3).plot(labels=labels),
    ):
        drawn(figure)
        assert "GDP" in figure.axes[0].get_title()
    with pytest.raises(pv.SpecificationError, match="labels=, the name='gdp'"):
        model.forecast(3).plot(labels={"gdp": "x"})


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("figsize", [None, (3.4, 3.4), (9.0, 3.0)])
def test_any_width(count, figsize):
    model = fitted(count, 40)
    for result in (
        model.impulse_responses(4, bands=pv.DeltaMethod()),
        model.variance_decomposition(4),
        model.historical_decomposition(),
        model.forecast(4, level=(0.68, 0.95)),
    ):
        drawn(result.plot(figsize=figsize))


def test_twelve_variables():
    model = fitted(12, 60)
    responses = model.impulse_responses(4)
    figure = responses.plot(of=NAMES[:2])
    drawn(figure)
    assert [ax.get_title() for ax in figure.axes[:12]] == [*NAMES[:11], "government\nconsumption"]
    assert figure.get_suptitle() == "Responses (rows) to Cholesky shocks (columns)"
    assert figure.get_figwidth() < 17.0
    for result in (model.variance_decomposition(3), model.forecast(3)):
        figure = result.plot()
        drawn(figure)
        assert len(figure.axes) == 12


def test_axes_of_ones_own():
    model = fitted(2)
    figure, axes = plt.subplots(2, 2)
    assert model.impulse_responses(3).plot(ax=axes) is figure
    assert [ax.get_title() for ax in axes.ravel()][1] == "prices → output"
    assert len(plt.get_fignums()) == 1
    for result in (model.variance_decomposition(3), model.historical_decomposition(), model.forecast(3)):
        _, pair = plt.subplots(2)
        result.plot(ax=pair)
        assert all(ax.has_data() for ax in pair)
        with pytest.raises(pv.SpecificationError, match="must hold 2 Axes, one for each panel; got 4"):
            result.plot(ax=axes)


@pytest.mark.parametrize(
    "method",
    [
        "impulse_responses().plot",
        "variance_decomposition().plot",
        "historical_decomposition().plot",
        "forecast().plot",
        "plot_roots",
    ],
)
def test_help_of_a_method_shows_its_options(method):
    found = fitted(2)
    for part in method.split("."):
        found = getattr(found, part.removesuffix("()"))
        found = found() if part.endswith("()") else found
    parameters = inspect.signature(found).parameters
    assert {"ax", "figure", "figsize", "title"} <= set(parameters)
    assert all(f"{name} : " in inspect.getdoc(found) for name in parameters)
    with pytest.raises(pv.SpecificationError, match="no argument 'sise'"):
        found(sise=3)


# ---- constancy and series


@pytest.mark.parametrize("kind", ["ols", "recursive", "squares"])
def test_processes_lie_between_their_boundaries(kind):
    tests = pv.cusum_test(fitted(3), statistic=kind)
    figure = tests.plot(level=(0.9, 0.95))
    drawn(figure)
    assert len(figure.axes) == 3
    for name, ax in zip(tests.paths, figure.axes, strict=True):
        _, upper, lower, inner, _, path = ax.lines
        np.testing.assert_array_equal(path.get_ydata(), tests.paths[name])
        np.testing.assert_allclose(upper.get_ydata(), tests.boundaries(level=0.95))
        np.testing.assert_allclose(lower.get_ydata(), -tests.boundaries(level=0.95))
        np.testing.assert_allclose(inner.get_ydata(), tests.boundaries(level=0.9))
        assert ax.get_title() == f"{name}, p = {tests.tests[name].pvalue:.4f}"
    assert "probability of 90% and 95%" in figure.get_supxlabel().replace("\n", " ")
    assert figure.get_suptitle().startswith(tests.title)


def test_moving_sums_are_drawn_too():
    tests = pv.mosum_test(fitted(2))
    figure = pv.plot_constancy(tests, of="prices", labels={"prices": "Inflation"})
    drawn(figure)
    (ax,) = figure.axes
    assert ax.get_title().startswith("Inflation, p")
    np.testing.assert_array_equal(ax.lines[-1].get_ydata(), tests.paths["prices"])
    with pytest.raises(pv.SpecificationError, match="of='rates'"):
        tests.plot(of="rates")
    with pytest.raises(pv.SpecificationError, match="level="):
        tests.plot(level=0.05)


def test_largest_components_of_windows_have_an_upper_boundary_alone():
    tests = pv.fluctuation_test(pv.fit_rolling_var(fitted(2).resids, window=20, lags=1))
    figure = tests.plot()
    drawn(figure)
    for name, ax in zip(tests.paths, figure.axes, strict=True):
        zero, boundary, path = ax.lines
        np.testing.assert_allclose(boundary.get_ydata(), tests.boundaries())
        np.testing.assert_array_equal(path.get_ydata(), tests.paths[name])
        assert set(zero.get_ydata()) == {0.0}
    assert "stays below with a probability of 95%" in figure.get_supxlabel().replace("\n", " ")
    with pytest.raises(pv.SpecificationError, match="cusum_test, mosum_test or fluctuation_test"):
        pv.plot_constancy(fitted(2))


@pytest.mark.parametrize("show", ["series", "fit", "residuals"])
def test_series_of_a_system(show):
    model = fitted(3)
    figure = pv.plot_system(model, show=show)
    drawn(figure)
    for k, ax in enumerate(figure.axes):
        lines = [line.get_ydata() for line in ax.lines]
        if show == "residuals":
            np.testing.assert_array_equal(lines[-1], model.resids.iloc[:, k])
            np.testing.assert_allclose(lines[2], 2.0 * model.resids.iloc[:, k].std(ddof=0))
        else:
            np.testing.assert_array_equal(lines[0], model.data.values[:, k])
        if show == "fit":
            np.testing.assert_array_equal(lines[1], model.fitted_values.iloc[:, k])
            assert [text.get_text() for text in figure.legends[0].get_texts()] == ["actual", "fitted"]
    (ax,) = pv.plot_system(model, show=show, of="prices", labels={"prices": "p"}, title="").axes
    assert ax.get_title() == "p"
    with pytest.raises(pv.SpecificationError, match="show='all'"):
        pv.plot_system(model, show="all")
    with pytest.raises(pv.SpecificationError, match="fitted"):
        pv.plot_system(unstable())


def test_an_absent_period_breaks_the_line():
    frame = pd.DataFrame({"x": np.arange(30.0) % 7}, pd.Index(range(1990, 2020))).drop([2004])
    with pytest.warns(pv.PanelVarWarning, match="absent"):
        model = pv.fit_var(frame, lags=1)
    (ax,) = pv.plot_system(model).axes
    years, values = ax.lines[0].get_data()
    assert years[np.isnan(values)].tolist() == [2005.0]
    assert len(values) == 30
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        history = model.historical_decomposition()
    (ax,) = history.plot().axes
    tops, edges, _ = ax.patches[0].get_data()
    assert np.isnan(tops).sum() == 1
    assert len(edges) == len(tops) + 1
    drawn(ax.figure)

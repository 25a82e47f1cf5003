"""Plots hold the numbers of the result, letter by letter names, and no surprises."""

from __future__ import annotations

import builtins
import dataclasses
import io
from typing import Any

import numpy as np
import pandas as pd
import pytest

import panelvar as pv

pytest.importorskip("matplotlib")

import matplotlib

matplotlib.use("Agg")

import matplotlib.dates as mdates
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from panelvar.reporting.canvas import canvas
from panelvar.reporting.plots_of_panels.scatter import plot_scatter
from panelvar.reporting.plots_of_systems.response_grid import plot_responses
from panelvar.reporting.plots_of_systems.roots import plot_roots
from panelvar.reporting.plots_of_systems.variance_shares import plot_decomposition
from panelvar.systems.responses.responses import Responses
from panelvar.systems.var.system import System

NASTY = r"x_1$\alpha^{2$ <b>&"


def drawn(figure: Figure) -> None:
    """Draw everything: bad text and bad layouts raise, or warn, only here."""
    figure.savefig(io.BytesIO(), format="png", dpi=40)
    figure.savefig(io.StringIO(), format="svg")


def system(n_vars: int = 2, scale: float = 0.3, names: list[str] | None = None) -> System:
    rng = np.random.default_rng(n_vars)
    matrices = rng.normal(size=(2, n_vars, n_vars))
    matrices *= scale / np.sqrt(n_vars)
    return System(matrices, names=names, sigma=np.eye(n_vars))


def banded(responses: Responses) -> Responses:
    return dataclasses.replace(
        responses, lower=responses.values - 0.1, upper=responses.values + 0.2, level=0.9, band_label="made up"
    )


def only(figure: Any) -> Any:
    """The only panel of a figure."""
    (ax,) = figure.axes
    return ax


def scattered(ax: Axes) -> np.ndarray:
    return np.concatenate([np.asarray(points.get_offsets()) for points in ax.collections])


# ---- roots


def test_roots_are_the_systems() -> None:
    model = system(3)
    assert model.is_stable
    ax = only(model.plot_roots())
    np.testing.assert_array_equal(np.sort_complex(scattered(ax) @ [1.0, 1j]), np.sort_complex(model.roots))
    circle = next(line for line in ax.lines if len(line.get_xdata()) > 100)
    np.testing.assert_allclose(np.hypot(circle.get_xdata(), circle.get_ydata()), 1.0, rtol=1e-15)
    assert ax.get_aspect() == 1.0
    assert len(ax.get_legend().get_texts()) == 1
    drawn(ax.figure)


def test_the_unit_roots_of_an_error_correction_stand_out_whatever_rounding_says() -> None:
    money = pv.load_data("danish_money")[["lrm", "lry", "ibo", "ide"]]
    for rank in (1, 2, 3):
        ax = only(pv.fit_vecm(money, lags=2, rank=rank, trend="rc").plot_roots())
        labels = [text.get_text() for text in ax.get_legend().get_texts()]
        assert labels == [f"modulus < 1 ({8 - (4 - rank)})", f"modulus \u2265 1 ({4 - rank})"]


def test_unstable_roots_stand_out() -> None:
    model = System([[[1.2, 0.0], [0.0, 0.3]]])
    ax = only(plot_roots(model))
    inside, outside = ax.collections
    assert not np.array_equal(inside.get_facecolor(), outside.get_facecolor())
    assert outside.get_offsets().tolist() == [[1.2, 0.0]]
    assert "not stable, largest modulus 1.2000" in ax.get_title()
    assert ax.get_xlim()[1] > 1.2
    drawn(ax.figure)


def test_moduli_are_written_once_a_pair() -> None:
    model = System([[[0.5, -0.5], [0.5, 0.5]]])
    assert [text.get_text() for text in only(plot_roots(model)).texts] == ["0.707"]
    assert not only(plot_roots(model, annotate=False)).texts


def test_a_root_on_the_circle_is_not_inside() -> None:
    ax = only(plot_roots(System([[[1.0]]])))
    assert "\N{GREATER-THAN OR EQUAL TO}" in ax.get_legend().get_texts()[0].get_text()


def test_given_axes_are_used() -> None:
    _, ax = plt.subplots()
    assert plot_roots(system(), ax=ax) is ax.figure
    assert len(plt.get_fignums()) == 1


# ---- responses


@pytest.mark.parametrize("n_vars", [2, 7])
def test_every_panel_shows_its_response(n_vars: int) -> None:
    responses = banded(system(n_vars).impulse_responses(8))
    figure = responses.plot()
    axes = np.array(figure.axes).reshape(n_vars, n_vars)
    for i in range(n_vars):
        for k in range(n_vars):
            path = next(line for line in axes[i, k].lines if len(line.get_xdata()) == 9)
            np.testing.assert_array_equal(path.get_ydata(), responses.values[:, i, k])
            np.testing.assert_array_equal(path.get_xdata(), np.arange(9))
            corners = axes[i, k].collections[0].get_paths()[0].vertices
            assert {*responses.lower[:, i, k], *responses.upper[:, i, k]} <= set(corners[:, 1])
            zero = next(line for line in axes[i, k].lines if len(line.get_xdata()) == 2)
            assert set(zero.get_ydata()) == {0.0}
    drawn(figure)


def test_titles_name_shock_and_response() -> None:
    figure = plot_responses(system(2, names=["cii", "gdp"]).impulse_responses(4))
    assert [ax.get_title() for ax in figure.axes] == ["cii → cii", "gdp → cii", "cii → gdp", "gdp → gdp"]
    assert all(not ax.collections for ax in figure.axes)
    small = plot_responses(system(5).impulse_responses(4))
    assert [ax.get_title() for ax in small.axes[:5]] == [f"y{k}" for k in range(1, 6)]
    assert [ax.get_ylabel() for ax in small.axes[::5]] == [f"y{k}" for k in range(1, 6)]


def test_headline_says_what_the_shocks_are() -> None:
    responses = banded(system(2).impulse_responses(4, ordering=["y2", "y1"], cumulative=True))
    figure = plot_responses(responses)
    assert figure.get_suptitle() == "Cumulative responses to Cholesky shocks"
    foot = figure.get_supxlabel().replace("\n", " ")
    assert foot == "Shocks of one standard deviation; ordering y2, y1; 90% band: made up."


def test_results_drawn_over_one_another() -> None:
    one = system(2).impulse_responses(4)
    other = system(2).impulse_responses(6, ordering=["y2", "y1"])
    figure = plot_responses({"$one": one, "_two": other}, shocks="y2")
    lines = figure.axes[0].lines
    # The line at zero first, then one a result, whatever order its own variables have.
    np.testing.assert_array_equal(lines[1].get_ydata(), one.values[:, 0, 1])
    np.testing.assert_array_equal(lines[2].get_ydata(), other.values[:, 0, 1])
    assert lines[1].get_color() != lines[2].get_color()
    assert lines[1].get_linestyle() != lines[2].get_linestyle()
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["$one", "_two"]
    figure.canvas.draw()
    assert len(one.plot(overlay={"other": other}).axes) == 4
    with pytest.raises(pv.SpecificationError, match="shock_size"):
        plot_responses({"a": one, "b": system(2).impulse_responses(4, shock_size="unit")})
    with pytest.raises(pv.SpecificationError, match="variables"):
        plot_responses({"a": one, "b": system(3).impulse_responses(4)})
    with pytest.raises(pv.SpecificationError, match="nothing to draw"):
        plot_responses({})


def test_a_choice_of_panels() -> None:
    responses = system(4).impulse_responses(4)
    figure = plot_responses(responses, of="y2", shocks=["y4", "y1"], share_y="none")
    assert [ax.get_title() for ax in figure.axes] == ["y4 → y2", "y1 → y2"]
    np.testing.assert_array_equal(figure.axes[0].lines[-1].get_ydata(), responses.values[:, 1, 3])
    with pytest.raises(pv.SpecificationError, match="of='y9'"):
        plot_responses(responses, of="y9")
    with pytest.raises(pv.SpecificationError, match="shocks is empty"):
        plot_responses(responses, shocks=[])
    with pytest.raises(pv.SpecificationError, match="share_y"):
        plot_responses(responses, share_y="column")


def test_shared_scales() -> None:
    responses = system(3).impulse_responses(4)
    rows = np.array([ax.get_ylim() for ax in plot_responses(responses).axes]).reshape(3, 3, 2)
    assert (rows == rows[:, :1]).all()
    assert not (rows == rows[:1]).all()
    everywhere = np.array([ax.get_ylim() for ax in plot_responses(responses, share_y="all").axes])
    assert (everywhere == everywhere[0]).all()


def test_a_figure_may_be_given() -> None:
    figure = plt.figure(layout="constrained")
    assert plot_responses(system().impulse_responses(2), figure=figure) is figure
    assert len(figure.axes) == 4


@pytest.mark.parametrize("scale", [1e-12, 1e12])
def test_any_magnitude_has_readable_ticks(scale: float) -> None:
    responses = system(2).impulse_responses(4)
    figure = plot_responses(dataclasses.replace(responses, values=scale * responses.values))
    drawn(figure)
    labels = [label.get_text() for ax in figure.axes for label in ax.get_yticklabels()]
    assert "0" in labels
    assert all(len(label) <= 9 for label in labels)
    assert not any(ax.yaxis.get_offset_text().get_text() for ax in figure.axes)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (12000.0, 14500.0, ["12000", "12500", "13000", "13500", "14000", "14500"]),
        (10010.0, 10020.0, ["10010", "10012", "10014", "10016", "10018", "10020"]),
        (-1.0, 1.5, ["\N{MINUS SIGN}1.0", "\N{MINUS SIGN}0.5", "0.0", "0.5", "1.0", "1.5"]),
        (1.000, 1.001, ["1.0000", "1.0002", "1.0004", "1.0006", "1.0008", "1.0010"]),
        (0.0, 1e8, ["0", "2e+07", "4e+07", "6e+07", "8e+07", "1e+08"]),
    ],
)
def test_ticks_are_told_apart_and_written_in_full(low: float, high: float, expected: list[str]) -> None:
    _, ax = plt.subplots()
    canvas.plain_ticks(ax)
    ax.set_ylim(low, high)
    ax.set_yticks(np.linspace(low, high, 6))
    assert [label.get_text() for label in ax.get_yticklabels()] == expected


# ---- variance decomposition


def test_shares_are_stacked() -> None:
    shares = system(7).variance_decomposition(5)
    figure = shares.plot()
    assert len(figure.axes) == 7
    for i, ax in enumerate(figure.axes):
        heights = np.array([bar.get_height() for bar in ax.patches]).reshape(7, 5)
        np.testing.assert_allclose(heights, shares.values[:, i].T, rtol=0, atol=1e-15)
        tops = np.array([bar.get_y() + bar.get_height() for bar in ax.patches]).reshape(7, 5)
        np.testing.assert_allclose(tops[-1], 1.0, rtol=1e-12)
    looks = {(bar[0].get_facecolor(), bar[0].get_hatch()) for bar in figure.axes[0].containers}
    assert len(looks) == 7
    drawn(figure)


# ---- scatter


def panel(n_entities: int = 3, names: tuple[str, str] = ("x", "y")) -> pv.Panel:
    rng = np.random.default_rng(0)
    n = 5 * n_entities
    frame = pd.DataFrame({"id": np.repeat(np.arange(n_entities), 5), "t": np.tile(np.arange(5), n_entities)})
    frame[names[0]] = rng.normal(size=n)
    frame[names[1]] = frame["id"] + 0.5 * frame[names[0]] + rng.normal(size=n)
    return pv.Panel(frame, entity="id", time="t")


@pytest.mark.parametrize("n_entities", [1, 3, 9])
def test_points_and_lines(n_entities: int) -> None:
    data = panel(n_entities)
    ax = only(plot_scatter(data, x="x", y="y"))
    np.testing.assert_array_equal(scattered(ax), np.column_stack([data.column("x"), data.column("y")]))
    pooled = next(line for line in ax.lines if line.get_label() == "all rows")
    fit = pv.fit_pooled(data, "y", ["x"]).params
    np.testing.assert_allclose(pooled.get_ydata(), fit["const"] + fit["x"] * pooled.get_xdata(), rtol=1e-12)
    # The lines of many entities are one path with breaks.
    paths = [path for line in ax.lines[:-1] for path in np.split(line.get_xydata(), range(3, 3 * n_entities, 3))]
    paths = [path[:2] for path in paths if len(path)]
    assert len(ax.lines) == 1 + {1: 0, 3: 3, 9: 1}[n_entities] and len(paths) == (n_entities if n_entities > 1 else 0)
    for entity, path in enumerate(paths):
        mine = data.entity_codes == entity
        slope, level = (
            np.polynomial.Polynomial.fit(data.column("x")[mine], data.column("y")[mine], 1).convert().coef[::-1]
        )
        np.testing.assert_allclose(path[:, 1], level + slope * path[:, 0], rtol=1e-10)
    drawn(ax.figure)


def test_a_frame_with_a_two_level_index_is_a_panel() -> None:
    data = panel(3)
    np.testing.assert_array_equal(
        scattered(only(plot_scatter(data.to_frame(), x="x", y="y"))), scattered(only(plot_scatter(data, x="x", y="y")))
    )
    plain = only(plot_scatter(data.to_frame().reset_index(), x="x", y="y"))
    assert plain.get_title() == "15 rows" and len(plain.lines) == 1


def test_many_entities_are_one_cloud_without_lines_unless_asked_for() -> None:
    data = panel(120)
    cloud = only(plot_scatter(data, "y", "x"))
    assert len(cloud.collections) == 1 and len(cloud.lines) == 1
    assert len(only(plot_scatter(data, "y", "x", entity_lines=True)).lines) == 2


def test_expressions_of_columns_are_drawn() -> None:
    data = panel(3)
    values = np.exp(data.column("x"))
    ax = only(plot_scatter(data, "y", "exp(x)"))
    np.testing.assert_allclose(np.sort(scattered(ax)[:, 0]), np.sort(values), rtol=1e-14)
    assert ax.get_xlabel() == "exp(x)"
    left = pv.plot_within_between(data, "y", "exp(x)").axes[0]
    assert left.get_xlabel() == "exp(x)"
    for wrong in ("C(x)", "poly(x, 2)"):
        with pytest.raises(pv.PanelVarError):
            plot_scatter(data, "y", wrong)


def test_few_entities_are_named_and_many_counted() -> None:
    few = only(plot_scatter(panel(3), x="x", y="y"))
    assert [text.get_text() for text in few.get_legend().get_texts()] == ["0", "1", "2", "all rows"]
    many = only(plot_scatter(panel(9), x="x", y="y"))
    assert [text.get_text() for text in many.get_legend().get_texts()] == ["all rows"]
    assert many.get_title().startswith("9 entities")
    bare = only(plot_scatter(panel(9), x="x", y="y", entity_lines=False, pooled_line=False))
    assert not bare.lines
    assert bare.get_legend() is None


def test_a_result_shows_its_rows() -> None:
    data = panel(3)
    gaps = data.with_columns(x=np.where(np.arange(15) == 4, np.nan, data.column("x")))
    with pytest.warns(pv.PanelVarWarning):
        result = pv.fit_pooled(gaps, "y", ["x"])
    ax = only(plot_scatter(result, x="x"))
    assert len(scattered(ax)) == 14
    assert ax.get_ylabel() == "y"
    with pytest.warns(pv.PanelVarWarning, match="1 of 15 rows lack 'x' or 'y' and are not drawn"):
        again = only(plot_scatter(gaps, x="x", y="y"))
    np.testing.assert_array_equal(scattered(again), scattered(ax))


def test_constant_entities_have_no_line() -> None:
    data = panel(3)
    flat = data.with_columns(x=np.repeat([0.1, 0.2, 0.3], 5))
    assert len(only(plot_scatter(flat, x="x", y="y")).lines) == 1


def test_refusals() -> None:
    data = panel(3)
    result = pv.fit_pooled(data, "y", ["x"])
    with pytest.raises(pv.SpecificationError, match="y is missing"):
        plot_scatter(data, x="x")
    with pytest.raises(pv.SpecificationError, match="'z' is not a regressor"):
        plot_scatter(result, x="z")
    with pytest.raises(pv.SpecificationError, match="not the dependent variable"):
        plot_scatter(result, x="x", y="x")
    empty = data.with_columns(x=np.full(15, np.nan))
    with pytest.raises(pv.DataError, match="No row"):
        plot_scatter(empty, x="x", y="y")


# ---- names


def test_names_are_shown_letter_by_letter() -> None:
    names = [NASTY, "$a$", "one\nline"]
    model = system(3, names=names)
    figures = [
        plot_responses(banded(model.impulse_responses(3))),
        plot_decomposition(model.variance_decomposition(3)),
        plot_scatter(panel(3, (NASTY, "$a$")), x=NASTY, y="$a$"),
    ]
    for figure in figures:
        drawn(figure)
        svg = io.StringIO()
        with matplotlib.rc_context({"svg.fonttype": "none"}):
            figure.savefig(svg, format="svg")
        assert "x_1$\\alpha^{2$ &lt;b&gt;&amp;" in svg.getvalue()
        assert "$a$" in svg.getvalue()


def test_long_names_are_folded_and_cut() -> None:
    assert canvas.folded("a b", 40) == "a b"
    lines = canvas.folded("word " * 50, 20).split("\n")
    assert len(lines) == 3
    assert max(map(len, lines)) <= 20
    assert lines[-1].endswith("…")
    drawn(plot_responses(system(5, names=[f"{k} " + "very long name " * 6 for k in range(5)]).impulse_responses(3)))


# ---- matplotlib


def test_without_matplotlib_the_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    original = builtins.__import__

    def missing(name: str, *rest: Any) -> Any:
        if name.startswith("matplotlib"):
            raise ModuleNotFoundError(name)
        return original(name, *rest)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(ImportError, match=r"Plots need matplotlib, which is .*-m pip install .*matplotlib>="):
        canvas.pyplot()


@pytest.mark.parametrize("n_vars", [2, 4])
def test_end_ticks_of_neighbouring_panels_do_not_read_as_one_number(n_vars):
    figure = system(n_vars).impulse_responses(10).plot()
    figure.canvas.draw()
    left, right = figure.axes[-2:]
    boxes = [[label.get_window_extent() for label in ax.get_xticklabels() if label.get_text()] for ax in (left, right)]
    gap = min(box.x0 for box in boxes[1]) - max(box.x1 for box in boxes[0])
    digit = min(box.width for box in boxes[1])
    assert gap > 1.8 * digit


def test_a_forecast_continues_the_data():
    index = pd.period_range("2000Q1", periods=40, freq="Q")
    frame = pd.DataFrame(np.random.default_rng(5).normal(size=(40, 3)), index, ["x", NASTY, "z"])
    forecast = pv.fit_var(frame).forecast(4, level=(0.68, 0.95))
    figure = forecast.plot(past=6)
    drawn(figure)
    assert len(figure.axes) == 3
    assert figure.axes[1].get_title() == NASTY
    days = mdates.date2num(pd.period_range("2008Q3", periods=10, freq="Q").to_timestamp().to_numpy())
    for k, ax in enumerate(figure.axes):
        history, _, line = ax.lines
        np.testing.assert_array_equal(history.get_xdata(), days[:6])
        np.testing.assert_array_equal(history.get_ydata(), frame.to_numpy()[-6:, k])
        np.testing.assert_array_equal(line.get_xdata(), days[5:])
        np.testing.assert_array_equal(line.get_ydata()[1:], forecast.values[:, k])
        for band, limits in zip(ax.collections, forecast.limits, strict=True):
            corners = band.get_paths()[0].vertices
            assert corners[:, 1].min() == min(limits.lower[:, k].min(), history.get_ydata()[-1])
            assert corners[:, 1].max() == max(limits.upper[:, k].max(), history.get_ydata()[-1])
    assert isinstance(figure.axes[2].xaxis.get_major_formatter(), mdates.ConciseDateFormatter)
    assert isinstance(figure.axes[2].xaxis.get_major_locator(), mdates.AutoDateLocator)
    assert figure.get_supxlabel().startswith("68% and 95% intervals: normal")


def test_a_forecast_alone_over_gaps_and_with_more_past_than_there_is():
    values = np.random.default_rng(6).normal(size=(30, 1))
    frame = pd.DataFrame(values, pd.Index(range(1990, 2020)), ["x"]).drop([2015])
    with pytest.warns(pv.PanelVarWarning, match="absent"):
        forecast = pv.fit_var(frame).forecast(1)
    figure = forecast.plot(past=100)
    drawn(figure)
    history = figure.axes[0].lines[0]
    years, path = history.get_data()
    assert years[[0, -1]].tolist() == [1990, 2019]
    # The line breaks where a year is absent.
    assert np.flatnonzero(np.isnan(path)).tolist() == [25]
    assert np.isfinite(path).sum() == 29
    labels = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert {"1990", "2000"} <= set(labels)
    bare = forecast.plot(past=0)
    drawn(bare)
    np.testing.assert_array_equal(bare.axes[0].lines[0].get_ydata(), forecast.values[:, 0])
    with pytest.raises(pv.SpecificationError, match="past=-1"):
        forecast.plot(past=-1)
    where = plt.figure()
    assert forecast.plot(figure=where) is where

"""Marginal effects and predictions are drawn where they were taken, with their own limits."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

import panelvar as pv

pytest.importorskip("matplotlib")

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.collections import LineCollection, PolyCollection


@cache
def panel() -> pv.Panel:
    rng = np.random.default_rng(4)
    rows = pd.DataFrame([(f"f{i:02d}", 2000 + t) for i in range(30) for t in range(6)], columns=["firm", "year"])
    rows["x"], rows["z"] = rng.normal(size=(2, len(rows)))
    rows["d"] = rng.integers(0, 2, len(rows))
    rows["area"] = np.array(["south", "north", "west"])[rng.integers(0, 3, len(rows))]
    rows["quarter"] = pd.PeriodIndex(rows["year"].astype(str) + "Q1", freq="Q")
    rows["y"] = 3.0 + 0.5 * rows["x"] + 0.3 * rows["x"] ** 2 * rows["d"] + rng.normal(size=len(rows))
    return pv.Panel(rows, "firm", "year")


@cache
def fit() -> pv.LinearResult:
    return pv.fit_pooled(panel(), "y ~ x*d + I(x**2)*d + z*C(area)", cov="cluster")


def bands(ax: Any) -> list[np.ndarray]:
    """Corners of the bands of a panel."""
    return [each.get_paths()[0].vertices for each in ax.collections if isinstance(each, PolyCollection)]


def segments(ax: Any) -> np.ndarray:
    found = [each.get_segments() for each in ax.collections if isinstance(each, LineCollection)]
    return np.array([segment[:, 1] for several in found for segment in several])


def lines(ax: Any, points: int) -> list[Any]:
    return [line for line in ax.lines if line.get_linestyle() == "-" and len(line.get_xdata()) == points]


def texts(ticks: Any) -> list[str]:
    return [text.get_text().replace("\n", " ") for text in ticks]


def drawn(figure: Any) -> None:
    figure.draw_without_rendering()


def test_numbers_have_a_line_within_its_band() -> None:
    found = fit().marginal_effects("x", at={"x": [1.0, -1.0, 0.5]}, level=0.9)
    figure = found.plot()
    (ax,) = figure.axes
    (line,) = lines(ax, 3)
    order = [1, 2, 0]
    np.testing.assert_array_equal(line.get_xdata(), [-1.0, 0.5, 1.0])
    np.testing.assert_array_equal(line.get_ydata(), found.params.to_numpy()[order])
    limits = found.conf_int(level=0.9).to_numpy()[order]
    (corners,) = bands(ax)
    for place, (lower, upper) in zip(line.get_xdata(), limits, strict=True):
        own = corners[corners[:, 0] == place, 1]
        assert (own.min(), own.max()) == (lower, upper)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x", "Effect of x on y")
    assert "90% intervals of each estimate" in figure.get_supxlabel()
    assert "clustered by firm, delta method" in figure.get_supxlabel()
    assert not figure.legends
    drawn(figure)


def test_a_second_variable_has_a_line_a_value() -> None:
    found = fit().marginal_effects("x", at={"x": [-1, 0, 1], "d": [0, 1]}, level=0.9)
    figure = found.plot(level=(0.68, 0.95), joint="sup-t")
    (ax,) = figure.axes
    legend = figure.legends[0]
    assert (legend.get_title().get_text(), texts(legend.get_texts())) == ("d", ["0", "1"])
    for value, line in zip((0, 1), lines(ax, 3), strict=True):
        own = [place for place, key in enumerate(found.keys) if key["d"] == value]
        np.testing.assert_array_equal(line.get_ydata(), found.params.to_numpy()[own])
    assert len(bands(ax)) == 4
    dashed = [line.get_ydata() for line in ax.lines if line.get_linestyle() == "--" and len(line.get_xdata()) == 3]
    joint = found.conf_int(level=0.95, joint="sup-t").to_numpy()
    np.testing.assert_array_equal(np.array(dashed), np.vstack([joint[::2].T, joint[1::2].T]))
    assert "dashed: 95% of all at once, sup-t" in figure.get_supxlabel().replace("\n", " ")
    # The other way round: two values are points side by side, at their values.
    other = found.plot(across="d", labels={"x": "Size", "0": "no", "1": "yes"}).axes[0]
    assert texts(other.get_xticklabels()) == ["no", "yes"]
    assert texts(other.figure.legends[0].get_texts()) == ["-1", "0", "1"]
    assert other.figure.legends[0].get_title().get_text() == "Size"
    assert other.get_ylabel() == "Effect of Size on y"
    assert segments(other).shape == (6, 2)


def test_categories_have_points_and_are_named_in_their_order() -> None:
    found = fit().adjusted_predictions("area")
    figure = found.plot(joint="bonferroni", labels={"north": "North", "y": pv.Math(r"\beta_1")})
    (ax,) = figure.axes
    names = [key["area"] for key in found.keys]
    assert texts(ax.get_xticklabels()) == [name.replace("north", "North") for name in names]
    (points,) = [line for line in ax.lines if line.get_marker() == "o"]
    np.testing.assert_array_equal(points.get_ydata(), found.params)
    both = np.vstack([found.conf_int(joint="bonferroni"), found.conf_int()])
    np.testing.assert_array_equal(segments(ax), both)
    assert ax.get_ylabel() == r"Prediction of $\beta _{1}$"
    drawn(figure)
    # In little room names stand upright.
    narrow = found.plot(figsize=(2.2, 3.0)).axes[0]
    assert {text.get_rotation() for text in narrow.get_xticklabels()} == {90.0}
    drawn(narrow.figure)


def test_periods_lie_in_time() -> None:
    found = fit().adjusted_predictions(over="quarter")
    figure = found.plot()
    (line,) = lines(figure.axes[0], 6)
    starts = pd.period_range("2000Q1", periods=6, freq="4Q").to_timestamp()
    np.testing.assert_array_equal(line.get_xdata(), mpl.dates.date2num(starts))
    drawn(figure)
    years = fit().marginal_effects("x", over="time").plot()
    np.testing.assert_array_equal(lines(years.axes[0], 6)[0].get_xdata(), np.arange(2000.0, 2006.0))


def test_several_variables_have_a_panel_each_and_contrasts_a_line() -> None:
    found = fit().marginal_effects(["x", "z", "area"], at={"x": [-1, 0, 1], "z": [0, 1]})
    figure = found.plot()
    assert [ax.get_title() for ax in figure.axes] == ["x", "z", "area"]
    contrasts = list(dict.fromkeys(key["contrast"] for key in found.keys if "contrast" in key))
    named = [f"{contrast}, z = {value}" for value in (0, 1) for contrast in contrasts]
    assert texts(figure.legends[0].get_texts()) == ["0", "1", *named]
    assert len(lines(figure.axes[2], 3)) == len(named)
    assert figure.get_suptitle() == found.title
    drawn(figure)
    drawn(found.plot(figsize=(3.0, 7.0)))


def test_elasticities_are_called_so() -> None:
    at = {"z": [0.0, 0.5, 1.0]}
    eyex = fit().marginal_effects("z", at=at, elasticity="eyex").plot()
    assert eyex.axes[0].get_ylabel() == "Elasticity of y in z"
    assert fit().marginal_effects("z", at=at, elasticity="dyex").plot().axes[0].get_ylabel().startswith("Semielast")


def test_more_lines_than_bands_can_show_are_points() -> None:
    seven = fit().marginal_effects("x", at={"x": [-1, 0, 1], "z": list(range(7))}).plot()
    assert not bands(seven.axes[0])
    assert texts(seven.axes[0].get_xticklabels()) == ["\N{MINUS SIGN}1", "0", "1"]
    with pytest.raises(pv.SpecificationError, match="13 lines are too many; you can tell at most 12 apart"):
        fit().marginal_effects("x", at={"x": [-1, 0, 1], "z": list(range(13))}).plot()


def test_values_that_are_numbers_and_the_mean_stand_one_by_one() -> None:
    ax = fit().marginal_effects("x", at={"x": [1, 2, "mean"]}).plot().axes[0]
    assert texts(ax.get_xticklabels()) == ["1", "2", "mean"]


def test_effects_along_nothing_are_drawn_one_by_one() -> None:
    found = fit().marginal_effects(["x", "z"])
    ax = found.plot(joint="sup-t", labels={"x": "Size"}).axes[0]
    assert texts(ax.get_yticklabels()) == ["Size", "z"]
    np.testing.assert_array_equal(segments(ax).shape, (4, 2))
    with pytest.raises(pv.SpecificationError, match="These estimates vary along nothing"):
        pv.plot_margins(found)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"across": "z"}, "across='z' is not known"),
        ({"style": "bars"}, "style='bars' is not known"),
        ({"joint": "scheffe"}, "joint='scheffe' is not known"),
        ({"level": 0.05}, r"did you mean level=0\.95"),
        ({"labels": {"w": "W"}}, "labels=, the name='w' is not known"),
    ],
)
def test_refusals_are_in_words(options: Any, message: str) -> None:
    found = fit().marginal_effects("x", at={"x": [0, 1, 2]})
    with pytest.raises(pv.SpecificationError, match=message):
        found.plot(**options)
    assert not plt.get_fignums()


def test_what_is_no_margin_is_refused() -> None:
    with pytest.raises(pv.SpecificationError, match="what marginal_effects or adjusted_predictions returns"):
        pv.plot_margins(fit())  # type: ignore[arg-type]


def test_entities_are_categories_even_if_they_are_numbers_and_many_have_no_names() -> None:
    rows = panel().to_frame().reset_index()
    rows["firm"] = rows["firm"].str[1:].astype(int)
    few = pv.fit_pooled(pv.Panel(rows, "firm", "year"), "y ~ x*z").marginal_effects("x", over="entity").plot()
    assert texts(few.axes[0].get_xticklabels()) == [str(k) for k in range(30)]
    drawn(few)
    several = [rows.assign(firm=rows["firm"] + 30 * k) for k in range(3)]
    many = pv.fit_pooled(pv.Panel(pd.concat(several), "firm", "year"), "y ~ x*z").marginal_effects("x", over="entity")
    ax = many.plot().axes[0]
    assert not ax.get_xticklabels()
    assert segments(ax).shape == (90, 2)

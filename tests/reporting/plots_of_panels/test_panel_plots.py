"""Plots of panels hold the numbers of their results, name what they show, and refuse what makes no sense."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

import panelvar as pv

pytest.importorskip("matplotlib")

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

NASTY = r"x_1$\alpha^{2$ <b>&"
TERM = "C(since, ref=-1):treated"


@cache
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    rows = pd.DataFrame([(f"f{i:02d}", 2000 + t) for i in range(24) for t in range(8)], columns=["firm", "year"])
    number = rows["firm"].str[1:].astype(int)
    rows["treated"] = (number < 12).astype(float)
    rows["since"] = rows["year"] - 2004
    rows["region"] = number % 3
    for name in ("x", "z", NASTY):
        rows[name] = rng.normal(size=len(rows)) + 0.2 * number
    rows["y"] = 0.4 * rows["x"] + rows["treated"] * (rows["since"] >= 0) * 0.8 + 0.1 * number
    rows["y"] += rng.normal(size=len(rows))
    return rows


def panel() -> pv.Panel:
    return pv.Panel(frame(), "firm", "year")


@cache
def fit(x: str, effects: str = "") -> pv.LinearResult:
    if effects:
        return pv.fit_fixed_effects(panel(), f"y ~ {x}", effects=effects, cov="cluster")
    return pv.fit_pooled(panel(), f"y ~ {x}", cov="cluster")


def only(figure: Any) -> Any:
    """The only panel of a figure."""
    (ax,) = figure.axes
    return ax


def drawn(ax: Any) -> None:
    """Draw everything: bad text and bad layouts raise, or warn, only here."""
    ax.figure.draw_without_rendering()


def lines_of(ax: Axes) -> list[np.ndarray]:
    """Segments of all intervals."""
    return [segment for found in ax.collections if hasattr(found, "get_segments") for segment in found.get_segments()]


def foot(ax: Axes) -> str:
    return ax.figure.get_supxlabel().replace("\n", " ").replace("\N{NO-BREAK SPACE}", " ")


# ---- coefficients


def test_coefficients_and_their_intervals_are_the_results() -> None:
    result = fit("x + z + C(region)")
    ax = only(pv.plot_coefficients(result, level=(0.68, 0.95)))
    assert [text.get_text() for text in ax.get_yticklabels()] == ["x", "z", "region", "1", "2"]
    names = ["x", "z", "C(region)[T.1]", "C(region)[T.2]"]
    marks = next(line for line in ax.lines if line.get_marker() == "o")
    np.testing.assert_array_equal(marks.get_xdata(), result.params[names])
    found = np.array([segment[:, 0] for segment in lines_of(ax)])
    expected = np.vstack([result.conf_int(level=level).loc[names] for level in (0.95, 0.68)])
    np.testing.assert_array_equal(found, expected)
    assert "68% and 95% intervals" in foot(ax)
    assert "clustered by firm" in foot(ax)
    assert "The constant is not shown" in foot(ax)
    drawn(ax)


def test_several_fits_stand_side_by_side() -> None:
    one, other = fit("x + z"), fit("x")
    ax = only(pv.plot_coefficients({"$one": one, "other": other}))
    assert [text.get_text() for text in ax.figure.legends[0].get_texts()] == ["$one", "other"]
    first, second = (line for line in ax.lines if line.get_marker() in ("o", "s"))
    np.testing.assert_array_equal(second.get_xdata(), other.params[["x"]])
    assert first.get_ydata()[0] < second.get_ydata()[0] < first.get_ydata()[1]
    assert first.get_color() != second.get_color()
    drawn(ax)


def test_twelve_fits_all_look_different() -> None:
    ax = only(pv.plot_coefficients([fit("x + z")] * 12))
    looks = {
        (line.get_color(), line.get_marker(), line.get_markerfacecolor())
        for line in ax.lines
        if line.get_linestyle() == "None"
    }
    assert len(looks) == 12
    with pytest.raises(pv.SpecificationError, match="13 fits are too many for one figure; you can tell at most 12"):
        pv.plot_coefficients([fit("x")] * 13)


def test_names_are_kept_dropped_and_ordered_by_term_and_pattern() -> None:
    result = fit("x + z + C(region)")

    def shown(**options: Any) -> list[str]:
        return [text.get_text() for text in only(pv.plot_coefficients(result, **options)).get_yticklabels()]

    assert shown(keep="C(region)", headings=False) == ["region: 1", "region: 2"]
    assert shown(drop=["C(region)", re.compile("^z")]) == ["x"]
    assert shown(order="z", drop="C(region)") == ["z", "x"]
    assert shown(keep=["x", "const"]) == ["x", "const"]
    assert shown(constant=True)[0] == "const"
    estimates = result.params[["x", "z"]]
    assert shown(sort=True, keep=["x", "z"]) == list(estimates.sort_values(ascending=False).index)
    assert shown(labels={"x": "Effort", "C(region)": "Where", "C(region)[T.2]": "South"}) == [
        "Effort",
        "z",
        "Where",
        "1",
        "South",
    ]


def test_a_joint_line_covers_what_is_shown() -> None:
    result = fit("x + z + C(region)")
    ax = only(pv.plot_coefficients(result, keep=["x", "z"], joint="sup-t"))
    found = np.array([segment[:, 0] for segment in lines_of(ax)])
    np.testing.assert_array_equal(found[:2], result.conf_int(of=["x", "z"], joint="sup-t"))
    np.testing.assert_array_equal(found[2:], result.conf_int(of=["x", "z"]))
    assert "sup-t" in foot(ax)


def test_upright_intervals_name_the_levels_of_one_term() -> None:
    ax = only(pv.plot_coefficients(fit(f"{TERM} + x", "twoway"), keep=TERM, upright=True))
    assert [text.get_text() for text in ax.get_xticklabels()] == ["-4", "-3", "-2", "0", "1", "2", "3"]
    assert ax.get_xlabel() == "since × treated"
    drawn(ax)


def test_marginal_effects_are_drawn_as_coefficients_are() -> None:
    effects = pv.fit_pooled(panel(), "y ~ x + I(x**2)").marginal_effects("x", at={"x": [0.0, 1.0, 2.0, 3.0]})
    ax = only(pv.plot_coefficients(effects, upright=True, joint="sup-t", figsize=(2.0, 3.0)))
    marks = next(line for line in ax.lines if line.get_marker() == "o")
    np.testing.assert_array_equal(marks.get_ydata(), effects.params)
    found = np.array([segment[:, 1] for segment in lines_of(ax)])
    np.testing.assert_array_equal(found[:4], effects.conf_int(joint="sup-t"))
    assert ax.get_title().replace("\n", " ").startswith("Marginal effects on y")
    assert {text.get_rotation() for text in ax.get_xticklabels()} == {40.0}
    drawn(ax)


def test_printed_values_are_the_estimates() -> None:
    result = fit("x + z")
    ax = only(pv.plot_coefficients(result, values=True))
    limits = result.conf_int()
    for text, name in zip(ax.texts, ("x", "z"), strict=True):
        printed = [float(each) for each in re.findall(r"[-\d.]+", text.get_text().replace("\N{MINUS SIGN}", "-"))]
        expected = [result.params[name], *limits.loc[name]]
        np.testing.assert_allclose(printed, expected, atol=0.05 * (limits.upper - limits.lower)[name])
    drawn(ax)


def test_coefficients_are_called_as_in_a_table() -> None:
    result = fit("L(x) + x:z + C(region)")
    labels = {"x": "Income", "z": "Age", "region": "Region", "nowhere": "Passed over"}
    ticks = [
        text.get_text() for text in only(pv.plot_coefficients(result, labels=labels, headings=False)).get_yticklabels()
    ]
    assert ticks == ["L(Income)", "Region: 1", "Region: 2", "Income × Age"]
    printed = str(pv.compare(result, labels=labels))
    assert all(name in printed for name in ticks)


def test_names_are_shown_letter_by_letter() -> None:
    result = pv.fit_pooled(panel(), "y", [NASTY, "x"])
    ax = only(pv.plot_coefficients(result, labels={"x": "a$b$ <i>"}))
    assert [text.get_text() for text in ax.get_yticklabels()] == [NASTY, "a$b$ <i>"]
    drawn(ax)
    math = only(pv.plot_coefficients(result, labels={"x": pv.Math(r"\beta_1")}))
    drawn(math)
    assert math.get_yticklabels()[1].get_text() == r"$\beta _{1}$"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pv.plot_coefficients({}), "results is empty"),
        (lambda: pv.plot_coefficients(3), "takes results that have coefficients"),
        (lambda: pv.plot_coefficients({"a": "x"}), "plot_coefficients, for 'a', takes results"),
        (lambda: pv.plot_coefficients(fit("x"), keep="w"), "keep='w' matches none of the names"),
        (lambda: pv.plot_coefficients(fit("x"), drop="*"), "leaves no coefficient to show"),
        (lambda: pv.plot_coefficients(fit("x"), labels={"w": "W"}), "labels='w' matches none of the names"),
        (lambda: pv.plot_coefficients(fit("x"), labels={"x": 3}), "a text"),
        (lambda: pv.plot_coefficients(fit("x"), level=(0.9, 5)), "level=5"),
        (lambda: pv.plot_coefficients(fit("x"), level=()), "is empty"),
        (lambda: pv.plot_coefficients(fit("x"), joint="scheffe"), "joint='scheffe' is not known"),
        (lambda: pv.plot_coefficients(fit("x"), title=3), "title= takes a text"),
    ],
)
def test_coefficients_refuse_in_words(call: Any, message: str) -> None:
    with pytest.raises(pv.SpecificationError, match=message):
        call()
    assert not plt.get_fignums()


# ---- event studies


def test_an_event_study_draws_both_bands_and_marks_the_reference() -> None:
    study = fit(f"{TERM} + x", "twoway").event_study(TERM)
    ax = only(pv.plot_event_study(fit(f"{TERM} + x", "twoway"), TERM))
    found = np.array([segment for segment in lines_of(ax)])
    np.testing.assert_array_equal(found[:8, :, 1], study.conf_int(joint="sup-t"))
    np.testing.assert_array_equal(found[8:, :, 1], study.conf_int())
    np.testing.assert_array_equal(found[:8, 0, 0], range(-4, 4))
    filled, hollow = (line for line in ax.lines if line.get_marker() == "o")
    np.testing.assert_array_equal(filled.get_ydata(), study.estimates[~study.references])
    assert (list(hollow.get_xdata()), list(hollow.get_ydata())) == ([-1.0], [0.0])
    assert hollow.get_markerfacecolor() == "white"
    event = next(line for line in ax.lines if line.get_linestyle() == "--")
    assert set(event.get_xdata()) == {-0.5}
    assert ax.get_ylabel() == "Effect relative to -1"
    assert study.leads_test.in_a_line(3) in foot(ax)
    drawn(ax)


def test_an_event_study_of_several_fits_as_a_ribbon_and_without_a_joint_band() -> None:
    both = {"two-way": fit(f"{TERM} + x", "twoway"), "pooled": fit(f"{TERM} + treated")}
    ax = only(pv.plot_event_study(both, TERM, joint=None, level=(0.68, 0.95)))
    assert len(lines_of(ax)) == 2 * 2 * 8
    assert "sup-t" not in foot(ax)
    drawn(ax)
    ribbon = only(
        pv.plot_event_study(both, TERM, style="ribbon", labels={"Period": "Years since", "Effect": "log points"})
    )
    assert (ribbon.get_xlabel(), ribbon.get_ylabel()) == ("Years since", "log points")
    drawn(ribbon)


def test_an_event_study_of_quarters_has_an_axis_of_dates() -> None:
    quarters = [f"{2000 + (year - 2000) // 4}Q{(year - 2000) % 4 + 1}" for year in frame()["year"]]
    dated = pv.Panel(frame().assign(quarter=quarters), "firm", "year")
    result = pv.fit_fixed_effects(dated, "y ~ C(quarter, ref='2001Q1'):treated", effects="twoway")
    ax = only(pv.plot_event_study(result, "C(quarter, ref='2001Q1'):treated"))
    drawn(ax)
    assert {"2000", "2001"} & {text.get_text() for text in ax.get_xticklabels()}


def test_the_one_term_of_periods_need_not_be_named() -> None:
    figure = pv.plot_event_study(fit(f"{TERM} + x", "twoway"))
    assert figure.axes[0].get_ylabel() == "Effect relative to -1"


def test_a_study_draws_itself() -> None:
    study = fit(f"{TERM} + x", "twoway").event_study(TERM)
    _, ax = plt.subplots()
    assert study.plot(ax=ax, joint=None, title="mine") is ax.figure
    assert ax.get_title() == "mine"
    assert len(lines_of(ax)) == 8


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pv.plot_event_study(fit("x + C(region)")), "needs term=: no term has a column for each"),
        (
            lambda: pv.plot_event_study(fit(f"C(year, ref=2003) + {TERM}")),
            "several terms have a column for each period",
        ),
        (lambda: pv.plot_event_study(3, TERM), "what event_study"),
        (lambda: pv.plot_event_study({}, TERM), "0 event studies"),
        (lambda: pv.plot_event_study(fit("x"), "x"), "no level in brackets"),
        (lambda: pv.plot_event_study(fit(TERM).event_study(TERM), TERM), "has its own term, reference and event"),
        (lambda: pv.plot_event_study(fit(TERM), TERM, style="bars"), "style='bars' is not known"),
        (lambda: pv.plot_event_study(fit(TERM), TERM, labels={"x": "y"}), "labels=, the name='x' is not known"),
    ],
)
def test_event_studies_refuse_in_words(call: Any, message: str) -> None:
    with pytest.raises(pv.SpecificationError, match=message):
        call()
    assert not plt.get_fignums()


# ---- residuals


@pytest.mark.parametrize("kind", ["fitted", "qq", "entity", "time", "histogram"])
@pytest.mark.parametrize("size", [(7.0, 4.5), (2.6, 2.2)])
def test_residuals_are_drawn_wide_and_narrow(kind: str, size: tuple[float, float]) -> None:
    ax = only(pv.plot_residuals(fit("x", "entity"), kind=kind, figsize=size))
    assert ax.get_title() == "Residuals: y"
    drawn(ax)


def test_residuals_against_fitted_values_are_the_results() -> None:
    result = fit("x", "entity")
    ax = only(pv.plot_residuals(result))
    points = np.asarray(ax.collections[0].get_offsets())
    np.testing.assert_array_equal(points[:, 0], result.fitted_values)
    np.testing.assert_array_equal(points[:, 1], result.resids)


def test_boxes_are_quantiles_of_each_period() -> None:
    result = fit("x", "entity")
    ax = only(pv.plot_residuals(result, kind="time"))
    by_year = result.resids.groupby(frame()["year"].to_numpy())
    for bar, (year, own) in zip(ax.patches, by_year, strict=True):
        assert bar.get_x() + bar.get_width() / 2 == pytest.approx(year)
        assert bar.get_y() == np.quantile(own, 0.25)
        assert bar.get_y() + bar.get_height() == pytest.approx(np.quantile(own, 0.75), rel=1e-12)


def test_entities_come_in_the_order_of_their_medians() -> None:
    result = fit("x")
    ax = only(pv.plot_residuals(result, kind="entity", labels={"f03": "Firm three"}))
    medians = result.resids.groupby(frame()["firm"].to_numpy()).median().sort_values()
    expected = ["Firm three" if name == "f03" else name for name in medians.index]
    assert [text.get_text() for text in ax.get_yticklabels()] == expected


def test_residuals_of_averages_over_entities() -> None:
    drawn(only(pv.plot_residuals(pv.fit_mean_group(panel(), "y", "x"), kind="time")))


def test_residuals_refuse_in_words() -> None:
    result = fit("x", "entity")
    with pytest.raises(pv.MissingInformationError, match="A residual"):
        pv.plot_residuals(result.without_rows())
    with pytest.raises(pv.SpecificationError, match="kind='box' is not known"):
        pv.plot_residuals(result, kind="box")
    with pytest.raises(pv.SpecificationError, match="takes the result of a linear panel model"):
        pv.plot_residuals(panel())
    with pytest.raises(pv.SpecificationError, match="is not known"):
        pv.plot_residuals(result, labels={"nobody": "x"})
    with pytest.raises(pv.InsufficientDataError, match="All residuals are of one time"):
        pv.plot_residuals(pv.fit_between(panel(), "y", "x"), kind="time")
    exact = panel().with_columns(w=2.0 * frame()["x"])
    with pytest.warns(pv.PanelVarWarning, match="fits exactly"):
        perfect = pv.fit_pooled(exact, "w", "x")
    with pytest.raises(pv.NumericalError, match="zero, as after an exact fit"):
        pv.plot_residuals(perfect, kind="qq")
    assert not plt.get_fignums()


# ---- effects


def test_effects_are_in_order_with_their_intervals() -> None:
    result = fit("x", "entity")
    table = result.estimated_effects().sort_values("deviation")
    ax = only(pv.plot_effects(result, labels={"f03": "Firm three"}))
    marks = next(line for line in ax.lines if line.get_marker() == "o")
    np.testing.assert_array_equal(marks.get_xdata(), table["deviation"])
    names = [text.get_text() for text in ax.get_yticklabels()]
    assert names == ["Firm three" if name == "f03" else name for name in table.index]
    found = np.array([segment[:, 0] for segment in lines_of(ax)])
    np.testing.assert_allclose(found.mean(axis=1), table["deviation"])
    drawn(ax)
    unsorted = [text.get_text() for text in only(pv.plot_effects(result, sort=False)).get_yticklabels()]
    assert unsorted == sorted(table.index)


def test_effects_and_residuals_have_intervals_at_several_levels() -> None:
    result = fit("x", "entity")
    several = only(pv.plot_effects(result, level=(0.68, 0.95)))
    single = [np.array(lines_of(only(pv.plot_effects(result, level=level)))) for level in (0.95, 0.68)]
    np.testing.assert_array_equal(lines_of(several), np.concatenate(single))
    assert "68% and 95% intervals" in foot(several)
    for kind in ("fitted", "qq"):
        both = only(pv.plot_residuals(result, kind=kind, level=(0.68, 0.95)))
        wide, narrow = (only(pv.plot_residuals(result, kind=kind, level=level)) for level in (0.95, 0.68))
        np.testing.assert_array_equal(lines_of(both), [*lines_of(wide), *lines_of(narrow)])
        bands = [
            [each.get_paths()[0].vertices for each in ax.collections if isinstance(each, PolyCollection)]
            for ax in (both, wide, narrow)
        ]
        np.testing.assert_array_equal(bands[0], [*bands[1], *bands[2]])
        assert "68% and 95%" in foot(both)


def test_effects_of_one_of_two_dimensions_and_of_many_levels() -> None:
    two = fit("x", "twoway")
    years = only(pv.plot_effects(two, "year"))
    marks = next(line for line in years.lines if line.get_marker() == "o")
    np.testing.assert_array_equal(marks.get_xdata(), range(2000, 2008))
    np.testing.assert_array_equal(marks.get_ydata(), two.estimated_effects().loc["year", "deviation"])
    drawn(years)
    ordered = [text.get_text() for text in only(pv.plot_effects(two, "year", sort=True)).get_yticklabels()]
    assert sorted(ordered) == [str(year) for year in range(2000, 2008)]
    assert ordered != sorted(ordered)
    rng = np.random.default_rng(0)
    many = pd.DataFrame({"i": np.repeat(np.arange(200), 3), "t": np.tile(np.arange(3), 200), "x": rng.normal(size=600)})
    many["y"] = many["x"] + rng.normal(size=600)
    ax = only(pv.plot_effects(pv.fit_fixed_effects(pv.Panel(many, "i", "t"), "y", "x")))
    assert "from the smallest effect to the largest" in ax.get_xlabel()
    assert len(lines_of(ax)) == 200
    drawn(ax)


def test_effects_without_errors_have_no_intervals() -> None:
    three = pv.fit_fixed_effects(panel(), "y", "x", effects=["firm", "year", "region"])
    with pytest.warns(pv.PanelVarWarning, match="one solution of many"):
        ax = only(pv.plot_effects(three, "year"))
    assert not lines_of(ax)
    assert "intervals" not in foot(ax)
    with pytest.warns(pv.PanelVarWarning, match="set to 0"):
        random = pv.fit_random_effects(panel(), "y", "x", effects="twoway")
    assert not lines_of(only(pv.plot_effects(random)))
    alone = pv.fit_random_effects(panel(), "z", "treated")
    assert len(lines_of(only(pv.plot_effects(alone)))) == 24


def test_effects_refuse_in_words() -> None:
    with pytest.raises(pv.SpecificationError, match="has no effects to estimate"):
        pv.plot_effects(fit("x"))
    with pytest.raises(pv.SpecificationError, match="effect='region' is not known"):
        pv.plot_effects(fit("x", "entity"), "region")
    with pytest.raises(pv.MissingInformationError):
        pv.plot_effects(fit("x", "entity").without_rows())
    with pytest.raises(pv.SpecificationError, match="is not known"):
        pv.plot_effects(fit("x", "entity"), labels={"f99": "x"})
    assert not plt.get_fignums()


# ---- within and between, series


def test_within_and_between_on_the_same_scales() -> None:
    figure = pv.plot_within_between(panel(), "y", "x")
    left, right = figure.axes
    assert (left.get_xlim(), left.get_ylim()) == (right.get_xlim(), right.get_ylim())
    means = frame().groupby("firm")[["x", "y"]].mean()
    np.testing.assert_allclose(np.asarray(right.collections[0].get_offsets()), means, rtol=1e-12)
    slope = pv.fit_fixed_effects(panel(), "y", "x").params["x"]
    assert f"slope {slope:.4g}".replace("-", "\N{MINUS SIGN}") in left.get_title().replace("\n", " ")
    drawn(left)


def test_names_of_means_do_not_cover_one_another() -> None:
    figure = pv.plot_within_between(panel(), "y", "x", names=True)
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in figure.axes[1].texts]
    assert 1 < len(boxes) <= 24
    overlaps = sum(a.overlaps(b) for k, a in enumerate(boxes) for b in boxes[:k])
    assert overlaps == 0


def test_within_between_takes_axes_and_refuses_in_words() -> None:
    _, axes = plt.subplots(1, 2)
    assert pv.plot_within_between(panel(), "y", "x", ax=axes) is axes[0].figure
    with pytest.raises(pv.SpecificationError, match="must hold 2 Axes, one for each panel"):
        pv.plot_within_between(panel(), "y", "x", ax=axes[0])
    with pytest.raises(pv.DataError, match="'w'"):
        pv.plot_within_between(panel(), "y", "w")


def test_series_break_where_a_period_is_missing() -> None:
    rows = pd.DataFrame({"i": ["a"] * 5 + ["b"] * 3, "t": [1, 2, 4, 5, 6, 1, 2, 3], "v": np.arange(8.0)})
    ax = only(pv.plot_series(pv.Panel(rows, "i", "t"), "v"))
    first, second = ax.lines
    np.testing.assert_array_equal(first.get_ydata(), [0, 1, np.nan, 2, 3, 4])
    np.testing.assert_array_equal(first.get_xdata(), [1, 2, 4, 4, 5, 6])
    np.testing.assert_array_equal(second.get_ydata(), [5, 6, 7])
    assert [text.get_text() for text in ax.figure.legends[0].get_texts()] == ["a", "b"]
    drawn(ax)


def test_series_of_many_entities_are_pale_with_a_median() -> None:
    ax = only(pv.plot_series(panel(), "y", entities=["f03", "f05"]))
    median = next(line for line in ax.lines if line.get_color() == "black")
    np.testing.assert_array_equal(median.get_ydata(), frame().groupby("year")["y"].median())
    assert [text.get_text() for text in ax.figure.legends[0].get_texts()] == ["f03", "f05"]
    assert "24 entities" in foot(ax)
    drawn(ax)
    banded = only(pv.plot_series(panel(), "y", spread=True))
    assert len(banded.collections) == 2
    drawn(banded)


def test_series_over_dates_have_an_axis_of_dates() -> None:
    dated = frame().assign(when=pd.PeriodIndex(frame()["year"].astype(str), freq="Y"))
    ax = only(pv.plot_series(pv.Panel(dated, "firm", "when"), "y"))
    drawn(ax)
    assert "2004" in {text.get_text() for text in ax.get_xticklabels()}


def test_series_refuse_in_words() -> None:
    with pytest.raises(pv.DataError, match=r"entities='nobody' is not an entity of the panel\. There are: 'f00'"):
        pv.plot_series(panel(), "y", entities="nobody")
    system = pv.fit_var(np.random.default_rng(0).normal(size=(60, 2)), lags=1)
    with pytest.raises(pv.SpecificationError, match="plot_system draws"):
        pv.plot_series(system, "y1")
    with pytest.raises(pv.SpecificationError, match="you can tell at most 12 apart"):
        pv.plot_series(panel(), "y", entities=[f"f{k:02d}" for k in range(13)])
    with pytest.raises(pv.DataError, match="no finite value"):
        pv.plot_series(panel().with_columns(n=np.full(192, np.nan)), "n")
    assert not plt.get_fignums()


@pytest.mark.parametrize(
    "name",
    [
        "plot_coefficients",
        "plot_event_study",
        "plot_cohorts",
        "plot_residuals",
        "plot_effects",
        "plot_within_between",
        "plot_series",
        "plot_scatter",
    ],
)
def test_every_plot_says_its_options(name: str) -> None:
    text = getattr(pv, name).__doc__
    for option in ("ax : ", "figure : ", "figsize : ", "title : ", "labels : "):
        assert option in text, (name, option)


@pytest.mark.parametrize(
    ("name", "foreign", "answer"),
    [
        ("plot_coefficients", "coord_flip", "Here it is upright"),
        ("plot_coefficients", "ci_level", "Here it is level"),
        ("plot_coefficients", "rename", "Here it is labels"),
        ("plot_coefficients", "exact_match", "Names are matched exactly"),
        ("plot_coefficients", "sup_t", "Here it is joint='sup-t'"),
        ("plot_event_study", "ref", "Here it is reference"),
        ("plot_event_study", "ci_type", "Here it is style='points' or 'ribbon'"),
        ("plot_residuals", "type", "Here it is kind"),
        ("plot_series", "ids", "Here it is entities"),
        ("plot_within_between", "yvar", "Here it is y"),
        ("plot_effects", "ylim", "A figure is matplotlib's"),
    ],
)
def test_options_of_other_programs_are_answered(name: str, foreign: str, answer: str) -> None:
    with pytest.raises(pv.SpecificationError, match=re.escape(answer)):
        getattr(pv, name)(**{foreign: 1})

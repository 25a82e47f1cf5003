"""Adjusted predictions against averages of predictions for panels whose columns are changed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from quiet import quietly

import panelvar as pv


@pytest.fixture(scope="module")
def panel(gappy_panel):
    return gappy_panel


def predicted(result, panel, rows=None, **columns):
    """The average of predictions with columns held in all periods, over the model's rows."""
    changed = panel.with_columns(
        panel_order=True, **{name: np.full(panel.nobs, value) for name, value in columns.items()}
    )
    values = quietly(result.predict, changed)[result._design.index].to_numpy()
    share = result._design.weights
    rows = slice(None) if rows is None else rows
    return np.average(values[rows], weights=None if share is None else share[rows])


FORMULAS = [
    "y ~ x*z",
    "y ~ log(x)*sqrt(z) + exp(x/4)",
    "y ~ poly(x, 3)*z + poly(z, 2, raw=True)",
    "y ~ x*C(region) + z",
    "y ~ L(x) + x + L(x*z, 2) + D(log(x)) + F(z):x",
]


@pytest.mark.parametrize(("formula", "weights"), [*zip(FORMULAS, [None, "w", None, "w", "w"], strict=True)])
def test_they_are_averages_of_predictions(gappy_panel, formula, weights):
    result = quietly(pv.fit_pooled, gappy_panel, formula, weights=weights)
    assert result.adjusted_predictions().params.tolist() == pytest.approx([predicted(result, gappy_panel)], rel=1e-12)
    found = result.adjusted_predictions(at={"x": [0.5, 2], "z": 1.25})
    assert found.names == ("x = 0.5, z = 1.25", "x = 2, z = 1.25")
    by_hand = [predicted(result, gappy_panel, x=value, z=1.25) for value in (0.5, 2.0)]
    assert found.params.tolist() == pytest.approx(by_hand, rel=1e-10)
    regions = gappy_panel.raw_column("region")[slice(None) if result._design.kept is None else result._design.kept]
    by_region = result.adjusted_predictions(over="region", at={"x": 1.5})
    by_hand = [predicted(result, gappy_panel, regions == region, x=1.5) for region in ("north", "south", "west")]
    assert by_region.params.tolist() == pytest.approx(by_hand, rel=1e-10)


def test_errors_are_those_of_the_combination(gappy_panel):
    result = pv.fit_pooled(gappy_panel, "y ~ x*z", cov=pv.BiasReduced("entity"))
    found = result.adjusted_predictions(at={"x": [1, 2], "z": 3})
    for place, x in enumerate((1, 2)):
        by_hand = result.lincom(f"const + {x}*x + 3*z + {3 * x}*`x:z`")
        assert found.params.iloc[place] == pytest.approx(by_hand.estimate, rel=1e-12)
        assert found.std_errors.iloc[place] == pytest.approx(by_hand.std_error, rel=1e-10)
        assert found.df_coefficients.iloc[place] == pytest.approx(by_hand.df, rel=1e-8)
    contrast = found.lincom("`x = 2, z = 3` - `x = 1, z = 3`")
    by_hand = result.lincom("x + 3*`x:z`")
    assert contrast.estimate == pytest.approx(by_hand.estimate, rel=1e-10)
    assert contrast.std_error == pytest.approx(by_hand.std_error, rel=1e-8)


def test_a_mean_has_the_error_of_a_mean(gappy_panel):
    result = pv.fit_pooled(gappy_panel, "y ~ x*z", cov="classical")
    found = result.adjusted_predictions()
    assert found.names == ("prediction",)
    assert found.std_errors.iloc[0] == pytest.approx(np.sqrt(result.sigma2 / result.nobs), rel=1e-10)
    assert list(found.to_frame().columns)[:2] == ["estimate", "std_error"]


def test_variables_go_through_their_values(gappy_panel):
    result = pv.fit_pooled(gappy_panel, "y ~ x*C(region) + z")
    found = result.adjusted_predictions("region")
    assert found.names == ("region = north", "region = south", "region = west")
    by_hand = [predicted(result, gappy_panel, region=name) for name in ("north", "south", "west")]
    assert found.params.tolist() == pytest.approx(by_hand, rel=1e-12)
    several = result.adjusted_predictions(["region", "x"], at={"z": [1, 2]})
    assert len(several.names) == 3 * 5 * 2 and several.axes == ("region", "x", "z")
    values, found = np.sort(gappy_panel.column("x")), several.to_frame()["x"].unique()
    assert found.tolist() == np.quantile(values, [0, 0.25, 0.5, 0.75, 1], method="inverted_cdf").tolist()
    assert several.names[0] == f"region = north, x = {values[0]:.4g}, z = 1"
    at_means = result.adjusted_predictions("region", at="mean")
    x, z = (gappy_panel.column(name).mean() for name in "xz")
    assert at_means.params.tolist() == pytest.approx(
        [predicted(result, gappy_panel, x=x, z=z, region=name) for name in ("north", "south", "west")], rel=1e-12
    )


def test_a_value_given_twice_is_one_point(gappy_panel):
    found = pv.fit_pooled(gappy_panel, "y ~ x*z").adjusted_predictions(at={"x": [1, 2, 1.0]})
    assert found.names == ("x = 1", "x = 2")


def test_values_are_written_as_long_as_tells_them_apart(gappy_panel):
    data = gappy_panel.with_columns(panel_order=True, x=gappy_panel.column("x") + 1e6)
    found = pv.fit_pooled(data, "y ~ x").adjusted_predictions("x")
    assert len(set(found.names)) == 5 and max(map(len, found.names)) <= len("x = 1000000.1")


def test_truths_go_through_both(gappy_panel):
    data = gappy_panel.with_columns(panel_order=True, high=gappy_panel.column("z") > 1.5)
    result = pv.fit_pooled(data, "y ~ x*high")
    found = result.adjusted_predictions("high")
    assert found.to_frame()["high"].tolist() == [0.0, 1.0]
    assert found.params.tolist() == pytest.approx([predicted(result, data, high=value) for value in (0.0, 1.0)])


def test_absorbed_effects_are_at_their_average(gappy_panel):
    result = pv.fit_fixed_effects(gappy_panel, "y ~ x*z", effects="twoway")
    assert result.adjusted_predictions().params.iloc[0] == pytest.approx(result._design.y.mean(), rel=1e-12)
    found = result.adjusted_predictions(at={"x": 2.0})
    assert found.params.iloc[0] == pytest.approx(predicted(result, gappy_panel, x=2.0), rel=1e-12)


def test_the_mean_of_clusters_whose_residuals_sum_to_zero_has_no_error(gappy_panel):
    result = quietly(pv.fit_fixed_effects, gappy_panel, "y ~ x*z", cov="cluster")
    found = result.adjusted_predictions()
    assert np.isnan(found.std_errors.iloc[0]) and found.cov.iloc[0, 0] == 0.0
    assert "These have no sampling variation, so they have no t statistic: prediction." in " ".join(
        found.to_text().split()
    )
    assert result.adjusted_predictions(at={"x": 2.0}).std_errors.iloc[0] > 0.0


ESTIMATORS = {
    "between": lambda p: quietly(pv.fit_between, p, "y ~ x*z"),
    "random": lambda p: quietly(pv.fit_random_effects, p, "y ~ x*z"),
    "fgls": lambda p: quietly(pv.fit_fgls, p, "y ~ x*z"),
    "instruments": lambda p: quietly(pv.fit_iv_pooled, p, "y ~ z + [x + x:z ~ L(x) + L(x):z]"),
}


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_every_linear_result_of_levels_has_them(gappy_panel, kind):
    result = ESTIMATORS[kind](gappy_panel)
    found = result.adjusted_predictions(at={"z": 2.0, "x": 1.0})
    by_hand = result.lincom("const + x + 2*z + 2*`x:z`")
    assert found.params.iloc[0] == pytest.approx(by_hand.estimate, rel=1e-12)
    assert found.std_errors.iloc[0] == pytest.approx(by_hand.std_error, rel=1e-10)


def test_means_of_correlated_effects_stay_what_they_are(gappy_panel):
    result = quietly(pv.fit_correlated_random_effects, gappy_panel, "y ~ x + z")
    found = result.adjusted_predictions(over="region", at={"x": 2.0})
    means = {name: result._design.x[result._design.names.index(f"mean({name})")] for name in "xz"}
    regions, b = gappy_panel.raw_column("region"), result.params
    for value, region in zip(found.params, ("north", "south", "west"), strict=True):
        own = regions == region
        rows = b["const"] + 2.0 * b["x"] + b["z"] * gappy_panel.column("z") + b["mean(x)"] * means["x"]
        assert value == pytest.approx((rows + b["mean(z)"] * means["z"])[own].mean(), rel=1e-12)


def test_lists_of_columns_need_no_formula(gappy_panel):
    result = pv.fit_pooled(gappy_panel, "y", ["x", "z"])
    found = result.adjusted_predictions(at={"x": 2.0})
    assert found.params.iloc[0] == pytest.approx(predicted(result, gappy_panel, x=2.0), rel=1e-12)


def test_what_is_printed_and_written(gappy_panel):
    result = pv.fit_pooled(gappy_panel, "y ~ x*z")
    found = result.adjusted_predictions(over="time", at={"x": [1, 2]}, level=0.9)
    frame = found.to_frame()
    assert list(frame.columns) == ["time", "x", "estimate", "std_error", "statistic", "pvalue", "lower", "upper"]
    assert found.axes == ("time", "x")
    text = found.to_text()
    assert text.startswith("Adjusted predictions of y, at given values") and "[0.05" in text
    assert max(map(len, text.splitlines())) <= 80
    assert "averaged over rows" in result.adjusted_predictions().to_text()
    assert "at the means" in result.adjusted_predictions(at="mean").to_latex()


REFUSED = [
    ("y ~ x*z", {"variables": "q"}, "variables names 'q', but the model's variables are 'x', 'z'"),
    ("y ~ x*z", {"variables": 3}, "variables"),
    ("y ~ x*z", {"variables": "x", "at": {"x": 1}}, "'x' is in variables and in at="),
    ("y ~ x*z", {"at": {"q": 1}}, "names no variable of the model, which has 'x', 'z'"),
    ("y ~ x*z", {"at": {"z": range(2000)}}, "predictions at more than 1000 points"),
    ("y ~ x*z", {"at": {"z": range(400)}, "over": "region"}, "more than 1000 predictions"),
    ("y ~ x*z", {"over": ["region"]}, "over"),
    ("y ~ x*region", {"variables": "region", "over": "region"}, "over='region' groups the rows by a column that"),
    ("y ~ x*z", {"level": 0.05}, "did you mean"),
    ("y ~ x*region", {"at": {"region": "east"}}, "'north', 'south', 'west'"),
    ("y ~ x + log(z)", {"at": {"z": -1.0}}, "has no finite value"),
]


@pytest.mark.parametrize(("formula", "asked", "words"), REFUSED)
def test_refused_in_words(gappy_panel, formula, asked, words):
    result = quietly(pv.fit_pooled, gappy_panel, formula)
    with pytest.raises(pv.PanelVarError) as error:
        result.adjusted_predictions(**asked)
    assert words in str(error.value)


def test_changes_have_no_level(gappy_panel):
    result = quietly(pv.fit_first_difference, gappy_panel, "y ~ x*z")
    with pytest.raises(pv.SpecificationError, match="first differences say how the dependent variable changes"):
        result.adjusted_predictions()


def test_what_was_dropped_cannot_be_moved(gappy_panel):
    absorbed = quietly(pv.fit_fixed_effects, gappy_panel, "y ~ x*C(region) + z")
    assert absorbed.adjusted_predictions(at="mean").params.iloc[0] == pytest.approx(
        quietly(pv.fit_fixed_effects, gappy_panel, "y ~ x + x:C(region) + z")
        .adjusted_predictions(at="mean")
        .params.iloc[0]
    )
    with pytest.raises(pv.SpecificationError, match=r"coefficient of 'C\(region\)\[T.south\]', which was dropped"):
        absorbed.adjusted_predictions("region")
    twice = gappy_panel.with_columns(panel_order=True, u=3.0 * gappy_panel.column("x") + 1.0)
    result = quietly(pv.fit_pooled, twice, "y ~ x + z + poly(x, 2, raw=True) + u")
    same = pv.fit_pooled(gappy_panel, "y ~ x + z + I(x**2)").adjusted_predictions(at={"x": 2.0, "z": 1.0})
    assert result.adjusted_predictions(at={"x": 2.0, "u": 7.0, "z": 1.0}).params.iloc[0] == pytest.approx(
        same.params.iloc[0]
    )
    with pytest.raises(pv.SpecificationError, match="'u', which was dropped"):
        result.adjusted_predictions(at={"x": 2.0})


def test_without_rows_there_are_none(gappy_panel):
    light = pv.fit_pooled(gappy_panel, "y ~ x*z").without_rows()
    with pytest.raises(pv.MissingInformationError, match=r"[Rr]efit the model"):
        light.adjusted_predictions()


def test_a_model_whose_regressors_are_all_dropped_predicts_zero():
    rows = pd.DataFrame({"i": np.repeat(np.arange(5), 4), "t": np.tile(np.arange(4), 5)})
    rows["y"] = np.random.default_rng(0).normal(size=20)
    result = quietly(pv.fit_pooled, pv.Panel(rows.assign(x=0.0), "i", "t"), "y ~ x - 1")
    found = result.adjusted_predictions()
    assert (found.params.to_list(), found.cov.to_numpy().tolist()) == ([0.0], [[0.0]])

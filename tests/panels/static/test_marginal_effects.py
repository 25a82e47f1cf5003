"""Marginal effects against finite differences of predictions, by columns that are changed period by period."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from quiet import quietly
from reference_data import table

import panelvar as pv


@pytest.fixture(scope="module")
def panel(gappy_panel):
    return gappy_panel


FORMULAS = [
    "y ~ x*z",
    "y ~ x + I(x**2) + I(x**3):z + z",
    "y ~ log(x)*sqrt(z) + exp(x/4)",
    "y ~ log2(x) + log10(z*x) + log1p(x):z + abs(x - 1.7)",
    "y ~ I(x/(z + x)) + I((x + z)**-1.5) + I(2**x) + I(x**z)",
    "y ~ poly(x, 3)*z + poly(z, 2, raw=True)",
    "y ~ x*C(region) + z",
    "y ~ x:region + i(year, z, ref=2004)",
    "y ~ L(x) + x + L(x*z, 2) + D(log(x)) + F(z):x",
    "y ~ I(-x + 2*z) + x:L(x):z",
]
H = 1e-3


def changed(panel, name, step, where):
    """The panel with a column moved in some rows."""
    column = panel.column(name).copy()
    column[where] += step
    return panel.with_columns(panel_order=True, **{name: column})


def differences(result, panel, name, back):
    """Derivative of each row's prediction by the column ``back`` periods before, by Richardson's differences.

    The column moves in every seventh period, and the rows that many periods later are read: no row has two of them
    among its lags and leads.
    """
    found = pd.Series(np.nan, index=result._design.index)
    for phase in range(7):
        where = panel.time_positions % 7 == phase
        rows = result._design.index[(result._design.time_positions - back) % 7 == phase]
        if len(rows):
            moved = {k: quietly(result.predict, changed(panel, name, k * H, where))[rows] for k in (-2, -1, 1, 2)}
            found[rows] = (8.0 * (moved[1] - moved[-1]) - (moved[2] - moved[-2])) / (12.0 * H)
    return found.to_numpy()


@pytest.mark.parametrize(("formula", "weights"), [*zip(FORMULAS, [None, "w"] * 5, strict=True)])
def test_averages_are_those_of_finite_differences(gappy_panel, formula, weights):
    result = quietly(pv.fit_pooled, gappy_panel, formula, weights=weights)
    share = result._design.weights
    for written, name, back in (("x", "x", 0), ("z", "z", 0), ("L(x)", "x", 1), ("L(x, 2)", "x", 2), ("F(z)", "z", -1)):
        # A lag that the model does not have moves nothing, and is no variable of it.
        rows = differences(result, gappy_panel, name, back)
        if np.abs(rows).max() < 1e-9:
            with pytest.raises(pv.SpecificationError, match="in that period"):
                result.marginal_effects(written)
            continue
        found = result.marginal_effects(written)
        assert found.params.iloc[0] == pytest.approx(np.average(rows, weights=share), rel=1e-8, abs=1e-9)
        by_region = result.marginal_effects(written, over="region")
        regions = result._design.panel.raw_column("region")[
            result._design.kept if result._design.kept is not None else slice(None)
        ]
        for region, value in zip(("north", "south", "west"), by_region.params, strict=True):
            own = regions == region
            mean = np.average(rows[own], weights=None if share is None else share[own])
            assert value == pytest.approx(mean, rel=1e-8, abs=1e-9)


def test_errors_are_those_of_the_combination(gappy_panel):
    result = quietly(pv.fit_pooled, gappy_panel, "y ~ x*z + I(x**2)", cov="cluster")
    found = result.marginal_effects("x", at={"z": 2, "x": 1.5})
    by_hand = result.lincom("x + 2*`x:z` + 3*`I(x ** 2)`")
    assert found.params.iloc[0] == pytest.approx(by_hand.estimate, rel=1e-12)
    assert found.std_errors.iloc[0] == pytest.approx(by_hand.std_error, rel=1e-12)
    assert found.pvalues.iloc[0] == pytest.approx(by_hand.pvalue, rel=1e-10)
    limits = found.conf_int(level=0.9).iloc[0]
    assert limits.tolist() == pytest.approx(
        [result.lincom("x + 2*`x:z` + 3*`I(x ** 2)`", level=0.9).lower, by_hand.estimate * 2 - limits["lower"]]
    )
    assert found.df_inference == result.df_inference


def test_degrees_of_freedom_are_those_of_the_combination(gappy_panel):
    result = pv.fit_pooled(gappy_panel, "y ~ x*z", cov=pv.BiasReduced("entity"))
    found = result.marginal_effects("x", at={"z": [1, 2]})
    for place, z in enumerate((1, 2)):
        by_hand = result.lincom(f"x + {z}*`x:z`")
        assert found.df_coefficients.iloc[place] == pytest.approx(by_hand.df, rel=1e-10)
        assert found.pvalues.iloc[place] == pytest.approx(by_hand.pvalue, rel=1e-10)
    assert found.wald_test("`x [z = 1]` = `x [z = 2]`").pvalue == pytest.approx(
        result.wald_test("`x:z` = 0").pvalue, rel=1e-8
    )


def test_columns_of_truths_are_held_at_one(gappy_panel):
    data = gappy_panel.with_columns(panel_order=True, high=gappy_panel.column("z") > 1.5)
    result = pv.fit_pooled(data, "y ~ x*high")
    found = result.marginal_effects("x", at={"high": [False, True]})
    assert found.params.tolist() == pytest.approx([result.params["x"], result.params[["x", "x:high"]].sum()])


def test_effects_of_categories_are_changes(gappy_panel):
    result = pv.fit_pooled(gappy_panel, "y ~ C(region, ref='south')*x + z")
    found = result.marginal_effects("region")
    assert found.to_frame()["contrast"].tolist() == ["north - south", "west - south"]
    mean = float(result._design.panel.column("x").mean())
    by_hand = result.lincom(f"`C(region, ref='south')[T.north]` + {mean!r}*`C(region, ref='south')[T.north]:x`")
    assert found.params.iloc[0] == pytest.approx(by_hand.estimate, rel=1e-12)
    assert found.std_errors.iloc[0] == pytest.approx(by_hand.std_error, rel=1e-12)
    held = result.marginal_effects("x", at={"region": ["south", "north"]})
    assert held.params.iloc[0] == pytest.approx(result.params["x"], rel=1e-12)
    shares = result.marginal_effects("x", at="mean")
    assert shares.params.iloc[0] == pytest.approx(result.marginal_effects("x").params.iloc[0], rel=1e-12)


def test_years_are_categories_and_numbers_at_once(gappy_panel):
    rows = table("fatalities")
    data = pv.Panel(rows.assign(trend=rows["year"] - 1982.0), "state", "year")
    result = pv.fit_pooled(data, "fatal ~ i(year, ref=[1984, 1982]) + beertax")
    found = result.marginal_effects()
    assert "year: 1983 - 1984" in found.names and "year: 1982 - 1984" not in found.names
    assert found.params["year: 1988 - 1984"] == pytest.approx(result.params["i(year, ref=[1984, 1982])[T.1988]"])


def test_means_are_of_the_rows_and_lags_have_their_own(gappy_panel):
    result = quietly(pv.fit_pooled, gappy_panel, "y ~ x*L(z)")
    place = result._design.names.index("L(z)")
    mean = float(result._design.x[place].mean())
    by_hand = result.lincom(f"x + {mean!r}*`x:L(z)`")
    found = result.marginal_effects("x", at="mean")
    assert found.params.iloc[0] == pytest.approx(by_hand.estimate, rel=1e-12)
    mixed = result.marginal_effects("x", at={"z": "mean"})
    assert mixed.params.iloc[0] == pytest.approx(by_hand.estimate, rel=1e-12)


def test_means_over_groups_are_the_groups_own(gappy_panel):
    result = pv.fit_pooled(gappy_panel, "y ~ x + I(x**2)")
    found = result.marginal_effects("x", at="mean", over="region")
    own = pd.Series(gappy_panel.column("x")).groupby(gappy_panel.raw_column("region")).mean()
    b = result.params
    assert found.params.tolist() == pytest.approx((b["x"] + 2 * b["I(x ** 2)"] * own).tolist(), rel=1e-12)


def test_a_change_that_lasts_is_the_sum_over_lags(gappy_panel):
    result = quietly(pv.fit_pooled, gappy_panel, "y ~ x + L(x) + L(x, 2) + z")
    found = result.marginal_effects("x", lags=True)
    by_hand = result.lincom("x + `L(x)` + `L(x, 2)`")
    assert found.params.iloc[0] == pytest.approx(by_hand.estimate, rel=1e-12)
    assert found.std_errors.iloc[0] == pytest.approx(by_hand.std_error, rel=1e-12)
    # A difference of a change that lasts is zero, whatever its coefficient.
    gone = quietly(pv.fit_pooled, gappy_panel, "y ~ D(x) + z").marginal_effects("x", lags=True)
    assert gone.params.iloc[0] == 0.0
    assert "These are zero whatever" in gone.to_text()


ESTIMATORS = {
    "fixed": lambda p: pv.fit_fixed_effects(p, "y ~ x*z", effects="twoway"),
    "between": lambda p: quietly(pv.fit_between, p, "y ~ x*z"),
    "differences": lambda p: quietly(pv.fit_first_difference, p, "y ~ x*z"),
    "random": lambda p: quietly(pv.fit_random_effects, p, "y ~ x*z"),
    "correlated": lambda p: quietly(pv.fit_correlated_random_effects, p, "y ~ x*z"),
    "fgls": lambda p: quietly(pv.fit_fgls, p, "y ~ x*z"),
    "instruments": lambda p: quietly(pv.fit_iv_pooled, p, "y ~ z + [x + x:z ~ L(x) + L(x):z]"),
}


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_every_linear_result_has_them(gappy_panel, kind):
    result = ESTIMATORS[kind](gappy_panel)
    found = result.marginal_effects("x", at={"z": 2.0})
    by_hand = result.lincom("x + 2*`x:z`")
    assert found.params.iloc[0] == pytest.approx(by_hand.estimate, rel=1e-12)
    assert found.std_errors.iloc[0] == pytest.approx(by_hand.std_error, rel=1e-12)
    assert ("These are held fixed" in found.to_text()) == (kind == "correlated")


def test_lists_of_columns_need_no_formula(gappy_panel):
    result = pv.fit_pooled(gappy_panel, "y", ["x", "z"])
    found = result.marginal_effects()
    assert found.params.tolist() == result.params[["x", "z"]].tolist()
    assert found.std_errors.tolist() == pytest.approx(result.std_errors[["x", "z"]].tolist(), rel=1e-14)


def test_units_change_nothing_but_units(gappy_panel):
    scaled = gappy_panel.with_columns(panel_order=True, x=gappy_panel.column("x") * 2.0**40)
    one = pv.fit_pooled(gappy_panel, "y ~ x*z").marginal_effects("x", over="region")
    other = pv.fit_pooled(scaled, "y ~ x*z").marginal_effects("x", over="region")
    assert (other.params * 2.0**40).tolist() == pytest.approx(one.params.tolist(), rel=1e-12)
    assert other.tstats.tolist() == pytest.approx(one.tstats.tolist(), rel=1e-12)


def test_what_is_printed_and_written(gappy_panel):
    result = pv.fit_pooled(gappy_panel, "y ~ x*z")
    found = result.marginal_effects("x", over="time", level=0.9)
    frame = found.to_frame()
    assert list(frame.columns) == ["variable", "time", "estimate", "std_error", "statistic", "pvalue", "lower", "upper"]
    assert max(map(len, found.to_text().splitlines())) <= 80
    assert "[0.05" in found.to_text() and "[0.025" in found.summary(level=0.95).to_text()
    assert found.jacobian.shape == (11, 4) and list(found.jacobian.columns) == list(result.names)
    assert "\\bottomrule" in found.to_latex()


REFUSED = [
    ("y ~ x*z", {"variables": "q"}, "'q' is in no term of the model, whose variables are 'x', 'z'"),
    ("y ~ x*z", {"variables": "*"}, "'x', 'z'. Leave out variables for all of them."),
    ("y ~ x*z", {"variables": "L(x)"}, "is in no term of the model in that period"),
    ("y ~ x*z", {"variables": []}, "names no variable"),
    ("y ~ x*z", {"variables": [None]}, "column names, and names are texts; got NoneType"),
    ("y ~ x*z", {"variables": "x", "at": {"q": 1}}, "names no variable of the model, which has 'x', 'z'"),
    ("y ~ x*z", {"variables": "x", "at": {"z": "a"}}, "is numeric"),
    ("y ~ x*z", {"variables": "x", "at": {"z": []}}, "names no value"),
    ("y ~ x*z", {"variables": "x", "at": {"z": float("inf")}}, "a finite number"),
    ("y ~ x*z", {"variables": "x", "at": 3}, "Give a mapping"),
    ("y ~ x*z", {"variables": "x", "at": {"z": range(2000)}}, "at more than 1000 points"),
    ("y ~ x*z", {"variables": "x", "over": "nothing"}, "nothing"),
    ("y ~ x*z", {"variables": "x", "over": ["region"]}, "over"),
    ("y ~ x*z", {"variables": "x", "over": "z", "at": {"z": 1}}, "over='z' groups the rows by a column that"),
    ("y ~ x*z", {"variables": "x", "lags": "yes"}, "must be True or False"),
    ("y ~ x*z", {"variables": "x", "level": 0.05}, "did you mean"),
    ("y ~ x*region", {"variables": "x", "at": {"region": "east"}}, "'north', 'south', 'west'"),
    ("y ~ x*region", {"variables": "region", "at": {"region": "west"}}, "change from category to category"),
    ("y ~ x + L(x)", {"variables": "L(x)", "lags": True}, "Ask for 'x'"),
    ("y ~ L(x)", {"variables": "x"}, "for the effect of a lag"),
    ("y ~ I(x > 1) + z", {"variables": "x"}, "has no derivative"),
    ("y ~ x + log(z)", {"variables": "z", "at": {"z": -1.0}}, "has no finite value"),
    ("y ~ sqrt(x) + z", {"variables": "x", "at": {"x": 0.0}}, "no finite derivative"),
    ("y ~ 1", {}, "No variable moves the model"),
]


@pytest.mark.parametrize(("formula", "asked", "words"), REFUSED)
def test_refused_in_words(gappy_panel, formula, asked, words):
    result = quietly(pv.fit_pooled, gappy_panel, formula)
    with pytest.raises(pv.PanelVarError) as error:
        result.marginal_effects(**asked)
    assert words in str(error.value)


def test_what_was_dropped_has_no_effect(gappy_panel):
    result = quietly(pv.fit_fixed_effects, gappy_panel, "y ~ x*C(region) + z")
    with pytest.raises(pv.SpecificationError, match="dropped from the model"):
        result.marginal_effects("region")
    assert set(result.marginal_effects().names) == {"x", "z"}


def test_what_was_dropped_may_be_made_up_for(gappy_panel):
    twice = gappy_panel.with_columns(panel_order=True, u=3.0 * gappy_panel.column("x"))
    result = quietly(pv.fit_pooled, twice, "y ~ x + z + poly(x, 2, raw=True) + u")
    same = pv.fit_pooled(gappy_panel, "y ~ x + z + I(x**2)")
    assert result.marginal_effects("x").params.iloc[0] == pytest.approx(same.marginal_effects("x").params.iloc[0])
    with pytest.raises(pv.SpecificationError, match="'u' was dropped"):
        result.marginal_effects("u")


def test_absorbed_slopes_are_not_estimated(gappy_panel):
    result = quietly(pv.fit_fixed_effects, gappy_panel, "y ~ x*z", effects=["entity", "region[x]"])
    with pytest.raises(pv.SpecificationError):
        result.marginal_effects("x")


def test_without_rows_there_are_none(gappy_panel):
    light = pv.fit_pooled(gappy_panel, "y ~ x*z").without_rows()
    with pytest.raises(pv.MissingInformationError, match=r"[Rr]efit the model"):
        light.marginal_effects("x")

"""Elasticities against finite differences, of predictions for the values and of the coefficients for the errors."""

from __future__ import annotations

import numpy as np
import pytest
from quiet import quietly

import panelvar as pv


@pytest.fixture(scope="module")
def panel(gappy_panel):
    return gappy_panel


H = 1e-3


def richardson(function):
    """Derivative at zero."""
    ahead, behind = ({k: function(sign * k * H) for k in (1, 2)} for sign in (1.0, -1.0))
    return (8.0 * (ahead[1] - behind[1]) - (ahead[2] - behind[2])) / (12.0 * H)


def fitted(result, panel, **columns):
    """The fitted means of the model's rows with columns replaced, in all periods."""
    changed = panel.with_columns(panel_order=True, **columns)
    return quietly(result.predict, changed)[result._design.index].to_numpy()


FORMULAS = [
    "y ~ x*z",
    "y ~ log(x)*sqrt(z) + exp(x/4)",
    "y ~ poly(x, 3)*z + I(x/(z + x))",
    "y ~ x*C(region) + z",
    "y ~ L(x) + x + L(x*z, 2) + D(log(x)) + F(z):x",
]


def positive(panel):
    return panel.with_columns(panel_order=True, y=panel.column("y") + 20.0)


@pytest.mark.parametrize(("formula", "weights"), [*zip(FORMULAS, [None, "w", None, "w", "w"], strict=True)])
def test_averages_are_those_of_finite_differences(gappy_panel, formula, weights):
    """A proportional change that lasts moves every lag in proportion: one in all periods shows it."""
    data = positive(gappy_panel)
    result = quietly(pv.fit_pooled, data, formula, weights=weights)
    share, x, own = result._design.weights, data.column("x"), fitted(result, data)
    by_proportion = richardson(lambda h: fitted(result, data, x=x * np.exp(h)))
    by_change = richardson(lambda h: fitted(result, data, x=x + h))
    expected = {"eyex": by_proportion / own, "dyex": by_proportion, "eydx": by_change / own}
    regions = data.raw_column("region")[slice(None) if result._design.kept is None else result._design.kept]
    for kind, rows in expected.items():
        found = result.marginal_effects("x", elasticity=kind, lags=True)
        assert found.params.iloc[0] == pytest.approx(np.average(rows, weights=share), rel=1e-8)
        by_region = result.marginal_effects("x", elasticity=kind, lags=True, over="region")
        for region, value in zip(("north", "south", "west"), by_region.params, strict=True):
            is_own = regions == region
            mean = np.average(rows[is_own], weights=None if share is None else share[is_own])
            assert value == pytest.approx(mean, rel=1e-8)


def test_one_period_and_its_lags_are_variables_of_their_own(gappy_panel):
    result = quietly(pv.fit_pooled, positive(gappy_panel), "y ~ x + L(x) + I(x**2)")
    now, before, both = (
        result.marginal_effects(name, elasticity="eyex", lags=lags).params.iloc[0]
        for name, lags in (("x", False), ("L(x)", False), ("x", True))
    )
    assert both == pytest.approx(now + before, rel=1e-12)
    lagged = result._design.x[result._design.names.index("L(x)")]
    assert before == pytest.approx(np.mean(result.params["L(x)"] * lagged / result.predict()), rel=1e-12)


POINTS = [{}, {"at": "mean"}, {"at": {"z": 2.0}}, {"at": {"x": 1.5, "z": "mean"}}, {"over": "region", "at": "mean"}]


@pytest.mark.parametrize("asked", POINTS)
@pytest.mark.parametrize("kind", ["eyex", "dyex", "eydx"])
def test_errors_allow_for_the_fitted_mean(gappy_panel, asked, kind):
    """The derivatives by the coefficients are those of finite differences of the formula by hand."""
    data = positive(gappy_panel)
    result = quietly(pv.fit_pooled, data, "y ~ x*z + log(x)", cov="cluster")
    assert result.names == ("const", "x", "z", "log(x)", "x:z")
    found = result.marginal_effects("x", elasticity=kind, **asked)
    b = result.params.to_numpy()
    at = asked.get("at", {})

    def elasticity(b, rows):
        columns = {name: data.column(name)[rows] for name in "xz"}
        for name in "xz":
            value = "mean" if at == "mean" else at.get(name)
            if value is not None:
                columns[name] = columns[name].mean() if value == "mean" else value
        x, z = columns["x"], columns["z"]
        mean = b[0] + b[1] * x + b[2] * z + b[3] * np.log(x) + b[4] * x * z
        change = b[1] + b[3] / x + b[4] * z
        return np.mean({"eyex": x * change / mean, "dyex": x * change, "eydx": change / mean}[kind])

    regions = data.raw_column("region")
    groups = [regions == region for region in ("north", "south", "west")] if "over" in asked else [slice(None)]
    for row, rows in enumerate(groups):
        assert found.params.iloc[row] == pytest.approx(elasticity(b, rows), rel=1e-12)
        slopes = [richardson(lambda h, unit=unit, rows=rows: elasticity(b + h * unit, rows)) for unit in np.eye(5)]
        assert found.jacobian.iloc[row].to_numpy() == pytest.approx(np.array(slopes), rel=1e-8, abs=1e-10)
        by_hand = found.jacobian.iloc[row].to_numpy()
        assert found.std_errors.iloc[row] == pytest.approx(np.sqrt(by_hand @ result.cov.to_numpy() @ by_hand))


def test_logarithms_have_the_elasticities_that_their_coefficients_are(gappy_panel):
    logs = positive(gappy_panel)
    logs = logs.with_columns(panel_order=True, y=np.log(logs.column("y")))
    result = pv.fit_fixed_effects(logs, "y ~ log(x) + z", cov="HC1")
    found = result.marginal_effects("x", elasticity="dyex")
    assert found.params.iloc[0] == pytest.approx(result.params["log(x)"], rel=1e-14)
    assert found.std_errors.iloc[0] == pytest.approx(result.std_errors["log(x)"], rel=1e-14)


def test_absorbed_effects_are_at_their_average(gappy_panel):
    """As with dummies whose effects are averaged: Stata's margins after xtreg, fe."""
    result = pv.fit_fixed_effects(positive(gappy_panel), "y ~ x*z")
    found = result.marginal_effects("x", elasticity="eyex")
    x, z = (result._design.panel.column(name) for name in "xz")
    change = result.params["x"] + result.params["x:z"] * z
    assert found.params.iloc[0] == pytest.approx(np.mean(x * change / result.predict()), rel=1e-12)


def test_units_leave_elasticities_alone(gappy_panel):
    data = positive(gappy_panel)
    scaled = data.with_columns(
        panel_order=True, x=data.column("x") * 2.0**40, y=data.column("y") * 2.0**-20, z=data.column("z") * 2.0**-9
    )
    one, other = (pv.fit_pooled(each, "y ~ x*z").marginal_effects(elasticity="eyex") for each in (data, scaled))
    assert other.params.tolist() == pytest.approx(one.params.tolist(), rel=1e-12)
    assert other.std_errors.tolist() == pytest.approx(one.std_errors.tolist(), rel=1e-12)


def test_a_mean_of_both_signs_is_warned_of(gappy_panel):
    result = pv.fit_pooled(gappy_panel, "y ~ x*z")
    assert (result.predict() < 0.0).any()
    with pytest.warns(pv.PanelVarWarning, match="negative in some rows.*: x"):
        found = result.marginal_effects("x", elasticity="eyex")
    assert any(note.code == "negative-mean" for note in found.notes)
    result.marginal_effects("x", elasticity="eyex", at="mean")


def test_categories_are_left_out(gappy_panel):
    result = pv.fit_pooled(positive(gappy_panel), "y ~ x*C(region) + z")
    found = result.marginal_effects(elasticity="eyex")
    assert found.names == ("x", "z")
    assert found.elasticity == "eyex"
    assert "Categories have no elasticity, so these are left out: region." in found.to_text()


REFUSED = [
    ({"elasticity": "exey"}, "elasticity='exey' is not known"),
    ({"variables": "region", "elasticity": "eydx"}, "'region' is a column of categories, which have no elasticity"),
]


@pytest.mark.parametrize(("asked", "words"), REFUSED)
def test_refused_in_words(gappy_panel, asked, words):
    result = pv.fit_pooled(positive(gappy_panel), "y ~ x*C(region) + z")
    with pytest.raises(pv.SpecificationError) as error:
        result.marginal_effects(**asked)
    assert words in str(error.value)


def test_a_fitted_mean_of_zero_has_no_elasticity(gappy_panel):
    through_zero = pv.fit_pooled(gappy_panel, "y ~ 0 + x + x:z")
    with pytest.raises(pv.DataError, match="The fitted mean is zero in 129 of 129 rows"):
        through_zero.marginal_effects("z", elasticity="eyex", at={"x": 0, "z": 1})
    crossing = gappy_panel.with_columns(
        panel_order=True, x=np.where(np.arange(gappy_panel.nobs) == 5, 0.0, gappy_panel.column("x"))
    )
    result = pv.fit_pooled(crossing, "y ~ 0 + x + x:z")
    with pytest.raises(pv.DataError, match=f"zero in 1 of {gappy_panel.nobs} rows"):
        quietly(result.marginal_effects, "z", elasticity="eydx")
    assert result.marginal_effects("x", elasticity="dyex").params.iloc[0] != 0.0


def general(model):
    """Generalised least squares of demeaned rows, or of differences, which have a constant under this convention."""
    return lambda p: quietly(pv.fit_general_fgls, p, "y ~ x*z", model=model, convention="plm")


LEVELS = [
    (lambda p: quietly(pv.fit_first_difference, p, "y ~ x*z"), "first differences say how"),
    (lambda p: pv.fit_fixed_effects(p, "y ~ x*z", constant=False), "Fit with constant=True"),
    (general("within"), "the level was in the means that were taken out of the rows"),
    (general("difference"), "first differences say how"),
    (lambda p: quietly(pv.fit_fixed_effects, p, "y ~ z", effects=["entity", "region[x]"]), "slopes of region[x]"),
]


@pytest.mark.parametrize(("fit", "words"), LEVELS)
def test_the_fitted_mean_must_be_known(gappy_panel, fit, words):
    result = fit(positive(gappy_panel))
    with pytest.raises(pv.SpecificationError) as error:
        result.marginal_effects("z", elasticity="eyex")
    assert words in str(error.value)
    assert result.marginal_effects("z", elasticity="dyex").std_errors.iloc[0] > 0.0

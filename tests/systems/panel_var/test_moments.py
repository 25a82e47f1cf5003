"""Panel vector autoregressions by GMM: published numbers, the algebra behind them, and what a result says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from quiet import quietly
from reference_data import table
from systems.panel_var.panel_var_twins import NAMES, panel_of

import panelvar as pv

COLLAPSED = pv.LagInstruments(collapse=True)
SHORT = panel_of(seed=5, entities=80, periods=7)


def fit(frame=SHORT, lags=1, **options):
    return quietly(pv.fit_panel_var, frame, options.pop("columns", NAMES), lags=lags, method="gmm", **options)


@pytest.fixture(scope="module")
def municipalities():
    data = pv.Panel(table("dahlberg"), "id", "year")
    return pv.fit_panel_var(data, ["grants", "revenues", "expenditures"], lags=2, transform="fod", steps=2)


def test_the_municipalities_as_statanow_prints_them(municipalities):
    """xtvar's example: two-step GMM in forward orthogonal deviations, all lags as instruments."""
    model, hansen = municipalities, municipalities.hansen_j
    assert (model.nobs, model.n_entities, 3 * model.n_instruments) == (1590, 265, 243)
    assert (round(hansen.statistic, 2), hansen.df, round(hansen.pvalue, 3)) == (261.92, 225, 0.046)
    assert round(model.granger_causality("expenditures", "grants").statistic, 2) == 71.60
    uncorrected = model.with_cov("uncorrected").granger_causality("expenditures", "grants")
    assert round(uncorrected.statistic) == 10073
    assert_allclose(model.moduli, [0.590336, 0.5026343, 0.5026343, 0.3239345, 0.3239345, 0.2382031], atol=5e-8)
    by_hand = [0.1540956, -0.0305405, 0.0142411, 0.0639641, -0.0252658, 0.0186601]
    assert_allclose(model.params["grants"], by_hand, atol=5e-8)
    errors = [0.0589697, 0.0161976, 0.0169733, 0.0535182, 0.0146918, 0.014656]
    assert_allclose(model.std_errors["grants"], errors, atol=5e-8)


@pytest.mark.parametrize("steps", [1, 2])
def test_differences_are_deviations_where_all_lags_instrument_a_balanced_panel(steps):
    frame = panel_of(seed=7, entities=90, periods=6)
    found = [fit(frame, transform=transform, steps=steps) for transform in ("fd", "fod")]
    assert 2 * found[0].n_instruments < 90
    assert_allclose(found[0].params, found[1].params, rtol=1e-8, atol=1e-10)
    assert_allclose(found[0].cov, found[1].cov, rtol=1e-7, atol=1e-12)


def test_one_step_is_each_equation_by_itself():
    """The same weight for every equation: y is Arellano and Bond's y, with x predetermined from the same lag."""
    system = fit(transform="fd", steps=1)
    frame = SHORT.assign(lagged=SHORT.groupby("firm")["x"].shift(1))
    sets = [pv.LagInstruments(["x", "y"], 2)]
    alone = quietly(pv.fit_arellano_bond, frame, "y", ["lagged"], steps=1, instruments=sets)
    assert_allclose(system.params.loc[["L1.y", "L1.x"], "y"], alone.params[["L(y)", "lagged"]], rtol=1e-10)
    assert_allclose(system.std_errors.loc[["L1.y", "L1.x"], "y"], alone.std_errors[["L(y)", "lagged"]], rtol=1e-10)
    assert system.ar_test(2, "y").statistic == pytest.approx(alone.ar_test(2).statistic, rel=1e-9)


def test_weights_of_each_equation_are_two_step_estimates_of_each():
    apart = fit(transform="fd", joint=False)
    frame = SHORT.assign(lagged=SHORT.groupby("firm")["x"].shift(1))
    alone = quietly(
        pv.fit_arellano_bond, frame, "y", ["lagged"], steps=2, instruments=[pv.LagInstruments(["x", "y"], 2)]
    )
    assert_allclose(apart.params.loc[["L1.y", "L1.x"], "y"], alone.params[["L(y)", "lagged"]], rtol=1e-9)
    assert_allclose(apart.std_errors.loc[["L1.y", "L1.x"], "y"], alone.std_errors[["L(y)", "lagged"]], rtol=1e-8)
    assert not np.allclose(fit(transform="fd").params, apart.params, rtol=1e-4)


@pytest.mark.parametrize("transform", ["fd", "fod"])
def test_sigma_is_that_of_the_errors_whatever_the_transform(transform):
    """Differences double the variance of white noise; deviations keep it."""
    frame = panel_of(seed=2, entities=1500, periods=7)
    assert_allclose(fit(frame, transform=transform, exogenous=["z"]).sigma, [[1.3, 0.3], [0.3, 1.3]], atol=0.06)


@pytest.mark.parametrize("options", [{}, {"time_effects": True}, {"level_equation": True, "transform": "fd"}])
def test_a_draw_of_entities_is_the_panel_with_some_twice(options):
    model = fit(instruments=COLLAPSED, **options)
    weights = np.random.default_rng(1).multinomial(80, np.full(80, 1 / 80)).astype(float)
    params, sigma, _ = model.fit.refits(weights[None])
    pieces = []
    for place, (label, count) in enumerate(zip(SHORT.index.levels[0], weights, strict=True)):
        pieces += [SHORT.loc[[label]].rename(index={label: f"{place}-{copy}"}) for copy in range(int(count))]
    again = fit(pd.concat(pieces), instruments=COLLAPSED, **options)
    assert_allclose(params[0], again.fit.params, rtol=1e-7, atol=1e-9)
    assert_allclose(sigma[0], again.sigma, rtol=1e-8)


def test_bands_of_more_moments_than_distinct_entities_warn(municipalities):
    with pytest.warns(pv.PanelVarWarning, match="about 168 different ones, fewer than the 243 moments"):
        municipalities.impulse_responses(2, bands=pv.EntityBootstrap(draws=50, seed=1), level=0.6)


@pytest.mark.parametrize("bands", [pv.DeltaMethod(), pv.MonteCarlo(draws=400, seed=1), pv.EntityBootstrap(400, seed=1)])
def test_bands_of_any_kind_hold_the_responses(bands):
    found = fit(instruments=COLLAPSED).impulse_responses(4, bands=bands)
    inside = (found.lower <= found.values) & (found.values <= found.upper)
    assert inside.mean() > 0.9


def test_time_effects_are_the_same_as_columns():
    """Indicators as exogenous variables, which instrument themselves."""
    frame = SHORT.copy()
    years = frame.index.get_level_values("year")
    beside = [f"d{year}" for year in range(2002, 2007)]
    for year in range(2002, 2007):
        frame[f"d{year}"] = (years == year).astype(float)
    model = fit(instruments=COLLAPSED, time_effects=True)
    other = fit(frame, instruments=COLLAPSED, exogenous=beside)
    lags = ["L1.x", "L1.y"]
    assert_allclose(model.params.loc[lags], other.params.loc[lags], rtol=1e-9)
    assert_allclose(model.std_errors.loc[lags], other.std_errors.loc[lags], rtol=1e-8)
    found = model.period_effects().diff().iloc[1:]
    expected = other.params.loc[beside].diff()
    expected.iloc[0] = other.params.loc[beside[0]]
    assert_allclose(found, expected, rtol=1e-8, atol=1e-10)


def test_exogenous_variables_and_their_lags():
    model = fit(instruments=COLLAPSED, exogenous=["z"], exogenous_lags=1)
    assert list(model.params.index) == ["z", "L1.z", "L1.x", "L1.y"]
    assert model.params.loc["z", "x"] == pytest.approx(0.5, abs=0.15)
    assert model.n_instruments == 2 * 5 + 2


def test_least_squares_has_no_moments():
    model = quietly(pv.fit_panel_var, SHORT, NAMES, method="within")
    for name in ("hansen_j", "sargan", "n_instruments", "instrument_names"):
        assert not hasattr(model, name)
    with pytest.raises(pv.MissingInformationError, match="least squares and has no moments"):
        model.moment_criteria()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"transform": "within"}, "transform='within'"),
        ({"steps": 3}, "steps=3"),
        ({"cov": "HC1"}, "cov='HC1'"),
        ({"cov": "classical"}, "one-step"),
        ({"joint": 2}, "joint"),
        ({"instruments": ["x"]}, "instruments= takes"),
        ({"steps": "iterated", "lags": 3}, "needs fewer moments than entities"),
    ],
)
def test_what_cannot_be_is_refused_in_words(options, words):
    with pytest.raises(pv.PanelVarError, match=words):
        fit(SHORT.iloc[:70], **options)


@pytest.mark.parametrize("equation", ["q", np.ones(3), 3, ["x"]])
def test_an_equation_that_there_is_not(equation):
    with pytest.raises(pv.SpecificationError, match="must be one of: 'x', 'y'"):
        fit(instruments=COLLAPSED).ar_test(2, equation)


def test_clusters_change_the_weights_and_so_are_given_to_the_fit():
    frame = SHORT.assign(region=np.repeat(np.arange(80) // 2, 7))
    model = fit(frame, instruments=COLLAPSED, cov=pv.Clustered("region"))
    assert model.cov_label == "Windmeijer, clustered by region"
    with pytest.raises(pv.SpecificationError, match="Clusters change the weights"):
        model.with_cov(pv.Clustered("region"))
    with pytest.raises(pv.SpecificationError, match="cannot be estimated with weights"):
        model.impulse_responses(2, bands=pv.EntityBootstrap(draws=10, seed=1))


def test_the_summary_fits_a_terminal(municipalities):
    text = str(municipalities.summary())
    assert max(map(len, text.splitlines())) <= 80
    for words in (
        "two-step GMM, forward orthogonal deviations",
        "chi2(225) = 261.9221",
        "Windmeijer",
        "81 per equation",
    ):
        assert words in text


def test_other_errors_of_the_same_estimates_are_refused_where_the_estimator_refuses_them():
    """Classical errors are those of one-step estimates: beside two-step ones they would be of other coefficients."""
    with pytest.raises(pv.SpecificationError, match="'classical' is for one-step estimates"):
        fit().with_cov("classical")
    with pytest.raises(pv.SpecificationError, match="'uncorrected' is for two-step estimates"):
        fit(steps=1).with_cov("uncorrected")
    assert_allclose(fit(steps=1).with_cov("classical").cov, fit(steps=1, cov="classical").cov, rtol=1e-12)


@pytest.mark.parametrize(
    ("steps", "label"),
    [(2, "two-step, uncorrected"), ("iterated", "iterated, uncorrected"), ("cu", "continuously updated, uncorrected")],
)
def test_uncorrected_errors_say_of_which_estimates_they_are(steps, label):
    assert fit(steps=steps, cov="uncorrected", instruments=COLLAPSED).cov_label == label


@pytest.mark.parametrize("transform", ["fd", "fod"])
@pytest.mark.parametrize("level_equation", [False, True])
def test_rows_are_counted_as_for_one_equation(transform, level_equation):
    """A system's moments have the levels as rows, as `fit_blundell_bond` and xtabond2 count them; others do not."""
    firms, years = (SHORT.index.get_level_values(name) for name in ("firm", "year"))
    frame = SHORT[(years > years.min()) | (firms < "e40")]
    found = fit(frame, columns=["y"], transform=transform, level_equation=level_equation)
    one = pv.fit_blundell_bond if level_equation else pv.fit_arellano_bond
    alone = quietly(one, frame, "y", transform=transform)
    assert (found.nobs, found.n_entities) == (alone.nobs, alone.n_entities)
    assert found.periods_per_entity == alone.periods_per_entity
    fewest, average, most = found.periods_per_entity
    assert fewest < average < most
    assert found.nobs == round(average * found.n_entities)


@pytest.mark.parametrize("options", [{}, {"time_effects": True}, {"level_equation": True}, {"exogenous": ["z"]}])
def test_data_are_generated_again_and_estimated_by_the_same_moments(options):
    """Its own errors make the data again; other errors make data that are estimated as a panel of them is."""
    frame = panel_of(seed=5, entities=40, periods=8, gaps=0.05)
    model = fit(frame, instruments=COLLAPSED, **options)
    recursion, params = model.fit.recursion, model.fit.params
    own = recursion.residuals(params)
    data = recursion.data(own[None], params)
    assert_allclose(data[0], recursion.rows.columns, rtol=0, atol=1e-12)
    again, sigma, _ = recursion.refit(data)
    assert_allclose(again[0], params, rtol=1e-9, atol=1e-12)
    assert_allclose(sigma[0], model.sigma, rtol=1e-9)
    data = recursion.data(own[None, ::-1] * 0.5, params)
    made = frame.copy()
    places = frame.index.get_indexer(recursion.rows.design.index)
    made.iloc[places, :2] = data[0][:, -2:]
    other = fit(made, instruments=COLLAPSED, **options)
    again, sigma, _ = recursion.refit(data)
    assert_allclose(again[0], other.fit.params, rtol=1e-8, atol=1e-11)
    assert_allclose(sigma[0], other.sigma, rtol=1e-8)


def test_wild_bootstraps_are_as_wide_as_those_of_entities():
    """In a panel whose errors are independent both speak of the same spread."""
    frame = panel_of(seed=9, entities=300, periods=7)
    model = fit(frame, instruments=COLLAPSED)
    found = [
        quietly(model.impulse_responses, 2, bands=bands).std_errors[1]
        for bands in (pv.RecursiveWildBootstrap(draws=300, seed=1), pv.EntityBootstrap(draws=300, seed=1))
    ]
    assert_allclose(found[0], found[1], rtol=0.35)


@pytest.mark.parametrize("options", [{}, {"transform": "fd", "level_equation": True}])
def test_an_instrument_finds_the_shock_from_errors_of_the_levels(options):
    """Differenced errors belong to several periods, an instrument to one."""
    model = fit(instruments=COLLAPSED, **options)
    before = SHORT[NAMES].groupby("firm").shift(1)
    left = (SHORT[NAMES] - before.to_numpy() @ model.coefficients[0].T).dropna()
    left -= left.groupby("firm").transform("mean")
    series = left["x"] + pd.Series(np.random.default_rng(2).standard_normal(len(left)), left.index)
    found = quietly(model.impulse_responses, 1, identification=pv.ExternalInstrument(series, "x"))
    covariances = left.mul(series - series.mean(), axis=0).sum()
    ratio = covariances["y"] / covariances["x"]
    assert found.values[0, 1, 0] / found.values[0, 0, 0] == pytest.approx(ratio, rel=1e-9)
    for bands in (pv.EntityBootstrap(draws=40, seed=1), pv.RecursiveWildBootstrap(draws=40, seed=1)):
        band = quietly(model.impulse_responses, 1, identification=pv.ExternalInstrument(series, "x"), bands=bands)
        assert (np.abs(band.draws.mean(axis=0) - found.values) < 3.0 * band.std_errors).all()


@pytest.mark.parametrize("identification", ["long_run", pv.SignRestrictions({("x", "x"): "+"}, models=20, seed=1)])
def test_shocks_of_other_schemes(identification):
    found = quietly(fit(instruments=COLLAPSED).impulse_responses, 2, identification=identification)
    assert np.isfinite(found.values).all()

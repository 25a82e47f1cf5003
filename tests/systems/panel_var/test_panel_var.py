"""`fit_panel_var` against regressions with dummies, loops over entities, and its own bootstraps by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from quiet import quietly
from streams import stream
from systems.panel_var.panel_var_twins import (
    NAMES,
    clustered,
    dummy_regression,
    hahn_kuersteiner,
    half_panel_jackknife,
    panel_of,
    rows_of,
    with_repeats,
)

import panelvar as pv
from panelvar.data.formulas.design import dated_panel
from panelvar.systems.panel_var.least_squares import halves
from panelvar.systems.panel_var.rows import read_system, select_rows

METHODS = ["within", "hahn-kuersteiner", "half-panel-jackknife", "corrected-moments", "pooled", "mean-group"]


def fit(frame, lags=1, method="within", **options):
    return quietly(pv.fit_panel_var, frame, options.pop("columns", NAMES), lags=lags, method=method, **options)


# ---- estimators


@pytest.mark.parametrize("lags", [1, 2])
@pytest.mark.parametrize("beside", [(), ("z",)])
@pytest.mark.parametrize("time_effects", [False, True])
@pytest.mark.parametrize("gaps", [0.0, 0.15])
def test_within_is_a_regression_with_dummies(lags, beside, time_effects, gaps):
    frame = panel_of(seed=3, gaps=gaps)
    model = fit(frame, lags, exogenous=list(beside) or None, time_effects=time_effects)
    rows = rows_of(frame, lags, beside)
    params, residuals, whole, _ = dummy_regression(rows, time_effects=time_effects)
    entities = len({row[0] for row in rows})
    assert (model.nobs, model.n_entities) == (len(rows), entities)
    assert model.df_resid == len(rows) - whole.shape[1]
    assert_allclose(model.params, params, rtol=0, atol=1e-12)
    assert_allclose(model.sigma, residuals.T @ residuals / model.df_resid, rtol=1e-11)
    assert_allclose(model.resids, residuals, rtol=0, atol=1e-12)
    counted = whole.shape[1] - entities + 1
    factor = entities / (entities - 1) * (len(rows) - 1) / (len(rows) - counted)
    expected = clustered(rows, whole, residuals, len(params), factor)
    assert_allclose(model.cov, expected, rtol=0, atol=1e-11 * expected.max())
    assert model.df_inference == entities - 1
    classical = np.kron(model.sigma, (np.linalg.pinv(whole) @ np.linalg.pinv(whole).T)[: len(params), : len(params)])
    assert_allclose(model.with_cov("classical").cov, classical, rtol=0, atol=1e-11 * classical.max())


def test_pooled_is_one_regression():
    frame = panel_of(seed=4, gaps=0.1)
    model = fit(frame, 2, "pooled")
    rows = rows_of(frame, 2)
    x = np.column_stack([np.ones(len(rows)), np.array([row[2] for row in rows])])
    params = np.linalg.lstsq(x, np.array([row[3] for row in rows]), rcond=None)[0]
    assert list(model.params.index) == ["const", "L1.x", "L1.y", "L2.x", "L2.y"]
    assert_allclose(model.params, params, rtol=0, atol=1e-12)
    residuals = np.array([row[3] for row in rows]) - x @ params
    entities = model.n_entities
    factor = entities / (entities - 1) * (len(rows) - 1) / (len(rows) - 5)
    assert_allclose(model.cov, clustered(rows, x, residuals, 5, factor), rtol=1e-9)
    assert_allclose(model.sigma, residuals.T @ residuals / (len(rows) - 5), rtol=1e-11)


@pytest.mark.parametrize("cov", ["cluster", "HC1", "HC3", "classical", pv.Clustered("time"), pv.DriscollKraay(lags=1)])
@pytest.mark.parametrize("effects", ["entity", "twoway"])
def test_errors_of_one_equation_are_those_of_fixed_effects(cov, effects):
    frame = panel_of(seed=5, entities=25, gaps=0.1)
    model = quietly(fit(frame, columns=["x"], time_effects=effects == "twoway").with_cov, cov)
    panel = quietly(pv.fit_fixed_effects, frame, "x ~ L(x)", effects=effects, cov=cov)
    assert_allclose(model.params.iloc[0, 0], panel.params["L(x)"], rtol=1e-12)
    assert_allclose(model.std_errors.iloc[0, 0], panel.std_errors["L(x)"], rtol=1e-10)
    assert_allclose(model.pvalues.iloc[0, 0], panel.pvalues["L(x)"], rtol=1e-8)


@pytest.mark.parametrize("lags", [1, 2, 3])
@pytest.mark.parametrize("gaps", [0.0, 0.1])
def test_hahn_and_kuersteiners_correction_in_companion_form(lags, gaps):
    frame = panel_of(seed=6, second=0.1, gaps=gaps, periods=20)
    model = fit(frame, lags, "hahn-kuersteiner")
    assert_allclose(model.params, hahn_kuersteiner(rows_of(frame, lags), lags, 2), rtol=0, atol=1e-11)


def test_one_variable_has_the_correction_of_textbooks():
    frame = panel_of(seed=7, periods=11)
    model, plain = fit(frame, 1, "hahn-kuersteiner", columns=["x"]), fit(frame, 1, columns=["x"])
    rho, periods = plain.params.iloc[0, 0], 10
    assert_allclose(model.params.iloc[0, 0], rho + (1.0 + rho) / periods, rtol=1e-12)


@pytest.mark.parametrize(("periods", "gaps"), [(13, 0.0), (14, 0.0), (24, 0.06)])
def test_half_panel_jackknife_by_halves(periods, gaps):
    frame = panel_of(seed=8, periods=periods, gaps=gaps)
    model = fit(frame, 1, "half-panel-jackknife")
    assert_allclose(model.params, half_panel_jackknife(rows_of(frame, 1)), rtol=0, atol=1e-11)


def test_entities_too_short_for_halves_are_left_out():
    frame = panel_of(seed=8)
    short = frame.drop(frame.index[3:14])
    with pytest.warns(pv.PanelVarWarning, match="1 of 12 entities are left out"):
        model = pv.fit_panel_var(short, NAMES, method="half-panel-jackknife", cov="classical")
    others = fit(frame.drop("e00"), 1, "half-panel-jackknife")
    assert_allclose(model.params, others.params, rtol=1e-12)
    assert model.n_entities == 11


def test_halves_share_no_row_and_miss_none():
    sizes = np.array([4, 7, 5])
    for first, second in (halves(sizes)[:2], halves(sizes)[2:]):
        assert sorted([*first, *second]) == list(range(16))
    assert [len(part) for part in halves(np.array([4, 6]))] == [5, 5]
    assert [len(part) for part in halves(sizes)] == [9, 7, 7, 9]


def test_mean_group_averages_vector_autoregressions():
    frame = panel_of(seed=9, gaps=0.05, periods=20)
    model = fit(frame, 1, "mean-group", exogenous=["z"])
    own, scatter, degrees = [], 0.0, 0
    for entity in frame.index.unique("firm"):
        one = quietly(pv.fit_var, frame.loc[entity, [*NAMES, "z"]], NAMES, lags=1, exogenous=["z"])
        own.append(one.params.to_numpy())
        scatter = scatter + one.resids.to_numpy().T @ one.resids.to_numpy()
        degrees += one.df_resid
        assert_allclose(model.individual.loc[entity], one.params.to_numpy().T.ravel(), rtol=0, atol=1e-11)
    own = np.array(own)
    assert_allclose(model.params, own.mean(axis=0), rtol=0, atol=1e-11)
    assert_allclose(model.std_errors, own.std(axis=0, ddof=1) / np.sqrt(len(own)), rtol=1e-10)
    assert_allclose(model.sigma, scatter / degrees, rtol=1e-10)
    spread = model.dispersion()
    assert_allclose(spread["std_dev"], own.std(axis=0, ddof=1).T.ravel(), rtol=1e-10)
    assert_allclose(spread["between"] ** 2, np.maximum(spread["std_dev"] ** 2 - spread["sampling"] ** 2, 0), atol=1e-12)
    assert model.df_inference == len(own) - 1


def test_mean_group_of_lags_alone_is_that_of_the_batch():
    frame = panel_of(seed=10, periods=18)
    model, batch = fit(frame, 2, "mean-group"), pv.fit_var_batch(frame, NAMES, lags=2)
    assert_allclose(model.individual, batch.params, rtol=0, atol=1e-12)
    assert_allclose(model.dispersion()["sampling"] ** 2, (batch.std_errors**2).mean(), rtol=1e-10)


def test_long_panels_are_within_by_default_and_short_ones_by_moments():
    assert quietly(pv.fit_panel_var, panel_of(periods=22), NAMES).method == "within"
    assert quietly(pv.fit_panel_var, panel_of(periods=22), NAMES, transform="fd").method == "gmm"
    assert quietly(pv.fit_panel_var, panel_of(), NAMES).method == "gmm"
    with pytest.warns(pv.PanelVarWarning, match=r"'L1.y' in the equation of 'y' is 1.3 standard errors"):
        pv.fit_panel_var(panel_of(), NAMES, method="within", cov="classical")


# ---- what a row adds


@pytest.mark.parametrize("options", [{}, {"exogenous": ["z"]}, {"time_effects": True}, {"lags": 2}])
@pytest.mark.parametrize("method", ["within", "hahn-kuersteiner", "half-panel-jackknife", "corrected-moments"])
def test_influences_are_derivatives_along_the_weights_of_entities(method, options):
    from panelvar.systems.panel_var.panel_var import LEAST_SQUARES

    frame = panel_of(seed=11, periods=15, gaps=0.04)
    panel = dated_panel(frame)
    positions = panel.calendar.n_positions
    system = read_system(positions, NAMES, options.get("lags", 1), options.get("exogenous"), 0, "n")
    rows = quietly(select_rows, panel, system, "drop")
    estimator = quietly(LEAST_SQUARES[method], rows, options.get("time_effects", False))
    influence, codes = estimator.influence(), estimator.rows.entities.codes
    step = 1e-5
    for entity in range(estimator.rows.n_entities):
        weights = np.ones((2, estimator.rows.n_entities))
        weights[:, entity] += [step, -step]
        (up, down), *_ = estimator.refits(weights)
        own = influence[codes == entity].sum(axis=0)
        assert_allclose((up - down) / (2 * step), own, rtol=0, atol=1e-7 * np.abs(influence).max())


@pytest.mark.parametrize(
    ("method", "options"),
    [
        (method, options)
        for method in METHODS
        for options in ({}, {"exogenous": ["z"]}, {"time_effects": True})
        if method != "mean-group" or "time_effects" not in options
    ],
)
def test_refits_are_fits_of_relabelled_entities(method, options):
    frame = panel_of(seed=12, entities=15, periods=16, gaps=0.03)
    model = fit(frame, 1, method, **options)
    labels = list(model.fit.rows.design.entity_labels)
    rng = np.random.default_rng(2)
    weights = rng.multinomial(len(labels), np.full(len(labels), 1 / len(labels)), size=4).astype(float)
    params, sigma, _ = model.fit.refits(weights)
    for draw, own, errors in zip(weights, params, sigma, strict=True):
        chosen = [label for label, count in zip(labels, draw, strict=True) for _ in range(int(count))]
        again = fit(with_repeats(frame, chosen), 1, method, **options)
        assert_allclose(own, again.params, rtol=0, atol=1e-10)
        assert_allclose(errors, again.sigma, rtol=1e-9)


# ---- what the result says


@pytest.mark.parametrize("method", METHODS)
def test_a_panel_var_is_a_system(method):
    frame = panel_of(seed=13, entities=20, periods=16)
    model = fit(frame, 1, method)
    published = pv.System(model.coefficients, NAMES, sigma=model.sigma)
    assert_allclose(model.roots, published.roots)
    assert_allclose(model.impulse_responses(6).values, published.impulse_responses(6).values, rtol=0, atol=1e-14)
    assert_allclose(model.fitted_values + model.resids, frame.loc[model.resids.index, NAMES], rtol=0, atol=1e-12)
    assert_allclose(model.tstats, model.params / model.std_errors)
    text = model.summary().to_text()
    assert max(map(len, text.splitlines())) <= 80
    assert "Panel vector autoregression" in text and str(model.nobs) in text
    assert repr(model).startswith("<Panel VAR(1) of x, y; ")
    limits = model.conf_int()
    assert list(limits.index.names) == ["equation", "regressor"]
    assert_allclose(limits.mean(axis=1), model.params.to_numpy().T.ravel(), rtol=0, atol=1e-12)


def test_tests_of_coefficients():
    model = fit(panel_of(seed=14, entities=40), 2)
    places = [4, 6]  # L1.x and L2.x in the equation of y
    block = model.cov.to_numpy()[np.ix_(places, places)]
    gap = model.params["y"].to_numpy()[[0, 2]]
    found = model.granger_causality("y", "x")
    assert_allclose(found.statistic, gap @ np.linalg.solve(block, gap) / 2, rtol=1e-10)
    assert (found.df, found.df_denominator) == (2, 39)
    assert_allclose(model.wald_test(["[y]L1.x", "[y]L2.x"]).statistic, found.statistic, rtol=1e-10)
    assert_allclose(pv.granger_table(model).loc[("y", "x"), "pvalue"], found.pvalue)
    assert_allclose(model.exclusion_test(equations="y", variables="x").pvalue, found.pvalue)
    combined = model.lincom("[y]L1.x + [y]L2.x")
    assert_allclose(combined.std_error**2, block.sum(), rtol=1e-10)
    assert model.lag_exclusion_tests().shape == (2, 6)


def test_effects_are_means_of_what_the_lags_leave():
    frame = panel_of(seed=15, gaps=0.1)
    model = fit(frame, 1, time_effects=True)
    rows = rows_of(frame, 1)
    left = np.array([row[3] - model.params.to_numpy().T @ row[2] for row in rows])
    effects, periods = model.estimated_effects(), model.period_effects()
    parts = np.array([effects.loc[row[0]] + periods.loc[row[1]] for row in rows])
    assert_allclose(left - parts, model.resids, rtol=0, atol=1e-11)
    assert_allclose(np.array([periods.loc[row[1]] for row in rows]).mean(axis=0), 0.0, atol=1e-12)


def test_forecasts_are_the_recursion_of_each_entity():
    frame = panel_of(seed=16, entities=6)
    # One entity ends earlier.
    frame = frame.drop(("e03", 2013))
    model = fit(frame, 2)
    table = model.forecast(3, level=0.9).to_frame()
    assert table.loc["e03"].index.tolist() == [2013, 2014, 2015]
    for entity in ("e00", "e03"):
        path = frame.loc[entity, NAMES].to_numpy()
        for year in table.loc[entity].index:
            own = model.estimated_effects().loc[entity].to_numpy()
            path = np.vstack([path, own + sum(model.coefficients[j] @ path[-1 - j] for j in range(2))])
            assert_allclose(table.loc[(entity, year)].xs("forecast", level=1), path[-1], rtol=1e-10)
    first = table.loc[("e00", 2014), "x"]
    assert_allclose(first["std_error"], np.sqrt(model.sigma.iloc[0, 0]), rtol=1e-12)
    assert_allclose(first["upper"] - first["lower"], 2 * 1.6448536269514722 * first["std_error"], rtol=1e-9)


def test_forecasts_with_exogenous_variables():
    frame = panel_of(seed=17, entities=4)
    model = fit(frame, 1, exogenous=["z"], exogenous_lags=1)
    future = pd.DataFrame(
        {"z": np.arange(8.0)}, index=pd.MultiIndex.from_product([frame.index.unique("firm"), [2014, 2015]])
    )
    table = model.forecast(2, exogenous=future.sample(frac=1.0, random_state=1)).to_frame()
    params, effects = model.params, model.estimated_effects()
    last = frame.loc["e02"].iloc[-1]
    expected = effects.loc["e02"] + params.T @ [4.0, last["z"], last["x"], last["y"]]
    assert_allclose(table.loc[("e02", 2014)].xs("forecast", level=1), expected, rtol=1e-10)
    assert model.multipliers(3).values.shape == (4, 2, 1)
    assert_allclose(model.multipliers(0).values[0, :, 0], params.loc["z"])
    with pytest.raises(pv.MissingInformationError, match="with the next 2 values of z"):
        model.forecast(2)
    with pytest.raises(
        pv.MissingInformationError, match="lacks some of 1 of 4 entities, such as those of e01 from 2014 on"
    ):
        model.forecast(2, exogenous=future.drop(("e01", 2015)))
    with pytest.raises(pv.SpecificationError, match="exogenous lacks"):
        model.forecast(2, exogenous=future.rename(columns={"z": "q"}))


def test_entities_without_their_last_periods_have_no_forecast():
    frame = panel_of(seed=18, entities=5)
    frame.loc[("e01", 2013), "y"] = np.nan
    model = fit(frame, 1)
    with pytest.warns(pv.PanelVarWarning, match="1 of 5 entities have no forecast"):
        table = model.forecast(1).to_frame()
    assert "e01" not in table.index.get_level_values(0)


def test_a_member_is_a_forecast_with_its_history():
    frame = panel_of(seed=16, entities=6).drop([("e03", 2013), ("e02", 2005)])
    frame.index.names = ["firm", "year"]
    model = fit(frame, 2)
    forecast = model.forecast(3, level=(0.5, 0.9))
    assert repr(forecast) == "<Forecasts of x, y of 6 entities: 3 steps, 50% and 90% intervals>"
    for entity in ("e00", "e02", "e03"):
        own = forecast.member(entity)
        table = forecast.to_frame().loc[entity]
        pd.testing.assert_frame_equal(own.to_frame(), table, check_names=False)
        past = frame.loc[entity, NAMES]
        history = own.data.values[own.data.observed_periods()]
        assert_allclose(history, past)
        assert own.data.labels(own.data.observed_periods()).tolist() == past.index.tolist()
        assert own.data.future(3).tolist() == own.labels.tolist()
        assert [panel.get_title() for panel in forecast.plot(entity, past=8).axes] == NAMES
    assert "e05, 2014" in str(forecast)
    with pytest.raises(pv.SpecificationError, match=r"no forecast of 'zz'.*such as of 'e00'"):
        forecast.member("zz")
    # What a table of forecasts was asked for is answered with the table.
    with pytest.raises(AttributeError, match=r"Here it is to_frame\(\)\.loc"):
        forecast.loc  # noqa: B018


@pytest.mark.parametrize(("method", "lags"), [("within", 2), ("pooled", 1)])
def test_errors_of_coefficients_and_effects_widen_forecasts(method, lags):
    frame = panel_of(seed=19, entities=10)
    model = fit(frame, lags, method)
    plain, wider = model.forecast(3), model.forecast(3, bands=pv.DeltaMethod())
    assert_allclose(wider.values, plain.values)
    params, cov, sigma = model.params.to_numpy(), model.cov.to_numpy(), model.sigma.to_numpy()
    rows, count = model.fit.rows, model.fit.rows.terms.count
    own = rows.entities.codes == 4
    history = frame.loc["e04", NAMES].to_numpy()

    def path(flat, noise=0.0):
        b = flat.reshape(2, -1).T
        effect = b[:count].sum(axis=0)
        if method == "within":
            effect = effect + (rows.y[own] - rows.x[own] @ b).mean(axis=0) + noise
        known = history[-lags:]
        for _ in range(3):
            new = effect + sum(known[-1 - j] @ b[count + 2 * j : count + 2 * j + 2] for j in range(lags))
            known = np.vstack([known, new])
        return known[lags:].ravel()

    flat, step = params.T.ravel(), 1e-6
    slopes = np.array([(path(flat + d) - path(flat - d)) / (2 * step) for d in step * np.eye(len(flat))])
    added = slopes.T @ cov @ slopes
    if method == "within":
        noise = np.array([(path(flat, d) - path(flat, -d)) / (2 * step) for d in step * np.eye(2)])
        added += noise.T @ sigma @ noise / own.sum()
    found = wider.covariance[4] - plain.covariance[4]
    expected = np.stack([added[2 * h : 2 * h + 2, 2 * h : 2 * h + 2] for h in range(3)])
    assert_allclose(found, expected, rtol=1e-5, atol=1e-9)
    with pytest.raises(pv.SpecificationError, match=r"take DeltaMethod\(\)"):
        model.forecast(3, bands=pv.EntityBootstrap(draws=100))


def test_conditions_hold_for_all_entities_or_for_each():
    frame = panel_of(seed=20, entities=5)
    model = fit(frame, 1)
    plain, given = model.forecast(3), model.conditional_forecast({"y": [0.5, 0.2]}, steps=3)
    assert_allclose(given.values[:, :2, 1], [[0.5, 0.2]] * 5)
    assert_allclose(given.std_errors[:, :2, 1], 0.0)
    # One step ahead it is the regression of an error on the other's.
    gap = 0.5 - plain.values[:, 0, 1]
    expected = plain.values[:, 0, 0] + model.sigma.iloc[0, 1] / model.sigma.iloc[1, 1] * gap
    assert_allclose(model.conditional_forecast({"y": [0.5]}).values[:, 0, 0], expected, rtol=1e-10)
    table = pd.DataFrame({"y": [0.5, 0.2]}, pd.MultiIndex.from_tuples([("e01", 2014), ("e01", 2015)]))
    one = model.conditional_forecast(table, steps=3)
    assert_allclose(one.values[1], given.values[1])
    assert_allclose(one.values[[0, 2, 3, 4]], plain.values[[0, 2, 3, 4]])
    assert_allclose(one.std_errors[0], plain.std_errors[0])
    # What was given is told from what was forecast, in the table and of an entity by itself.
    assert str(given.summary()).startswith("Conditional forecasts\n") and "values of y" in str(given.summary())
    assert "have no intervals" in str(given.summary()) and repr(given).startswith("<Conditional forecasts of x, y")
    assert str(plain.summary()).startswith("Forecasts\n")
    assert one.member("e01").conditions and not one.member("e02").conditions and not plain.member("e01").conditions
    with pytest.raises(pv.SpecificationError, match="name no entity"):
        model.conditional_forecast(table.rename(index={"e01": "zz"}))
    with pytest.raises(pv.SpecificationError, match="not variables of this system"):
        model.conditional_forecast({"q": 1.0}, steps=2)


# ---- bands


def test_entity_bootstrap_is_the_refits_it_says():
    model = fit(panel_of(seed=19, entities=35), 1, "hahn-kuersteiner")
    band = model.impulse_responses(4, bands=pv.EntityBootstrap(draws=200, seed=3), level=0.9)
    weights = stream(3).multinomial(35, np.full(35, 1 / 35), size=200).astype(float)
    paths = []
    for params, sigma in zip(*model.fit.refits(weights)[:2], strict=True):
        lag, impact = params.T, np.linalg.cholesky(sigma)
        paths.append([np.linalg.matrix_power(lag, h) @ impact for h in range(5)])
    assert_allclose(band.draws, paths, rtol=0, atol=1e-10)
    assert_allclose(band.lower, np.quantile(paths, 0.05, axis=0), rtol=0, atol=1e-10)
    summed = model.impulse_responses(4, cumulative=True, bands=pv.EntityBootstrap(draws=200, seed=3))
    assert_allclose(summed.draws, np.cumsum(paths, axis=1), rtol=0, atol=1e-10)


@pytest.mark.parametrize(
    "source",
    [
        pv.EntityBootstrap(99, 1, "hall"),
        pv.EntityBootstrap(99, 1, joint="sup-t"),
        pv.EntityBootstrap(99, 1, joint="bonferroni", over="all"),
        pv.MonteCarlo(99, 1),
        pv.DeltaMethod(joint="sup-t", draws=500),
    ],
)
def test_bands_of_every_rule_hold_the_estimate(source):
    model = fit(panel_of(seed=20, entities=40, periods=25), 1)
    for result in (
        quietly(model.impulse_responses, 5, bands=source),
        quietly(model.impulse_responses, 5, bands=source, identification="generalised", shock_size="unit"),
        quietly(model.variance_decomposition, 5, bands=source),
    ):
        assert np.isfinite(result.lower).all() and (result.lower <= result.upper).all()
        if not isinstance(result, pv.System):
            assert ((result.lower <= result.values + 1e-9) & (result.values <= result.upper + 1e-9)).mean() > 0.9


def test_delta_method_with_classical_errors_is_that_of_one_long_series():
    """Of a panel whose covariance is sigma kron (X'X)^-1, in the formula of a single system."""
    model = fit(panel_of(seed=21, entities=30, periods=30), 1, cov="classical")
    errors = model.impulse_responses(3, shock_size="unit", identification="reduced_form", bands=pv.DeltaMethod())
    first = errors.std_errors[1]
    assert_allclose(first, model.std_errors.to_numpy().T, rtol=1e-10)
    assert_allclose(model.long_run_std_errors().shape, (2, 2))


def test_monte_carlo_draws_have_the_covariance_of_the_coefficients():
    model = fit(panel_of(seed=22, entities=30, periods=12), 1)
    drawn = model.impulse_responses(
        1, shock_size="unit", identification="reduced_form", bands=pv.MonteCarlo(draws=20_000, seed=1)
    ).draws[:, 1]
    found = np.cov(drawn.reshape(len(drawn), -1).T)
    # Responses (response, shock) of period one are the coefficients, equation by equation.
    assert_allclose(found, model.cov, rtol=0.05, atol=0.02 * np.abs(model.cov.to_numpy()).max())


@pytest.mark.parametrize(
    "identification",
    ["cholesky", "generalised", "long_run", pv.SignRestrictions({("x", "s"): "+", ("y", "s"): "+"}, models=30, seed=1)],
)
def test_schemes_of_one_system_serve_panels(identification):
    model = fit(panel_of(seed=23, entities=30, periods=25), 1)
    found = quietly(
        model.impulse_responses, 4, identification=identification, bands=pv.EntityBootstrap(draws=49, seed=1)
    )
    assert np.isfinite(found.lower).all()


def test_an_instrument_identifies_a_shock_of_a_panel():
    frame = panel_of(seed=24, entities=60, periods=25)
    model = fit(frame, 1)
    series = model.resids["x"] + 0.5 * np.random.default_rng(1).standard_normal(model.nobs)
    found = quietly(model.impulse_responses, 3, identification=pv.ExternalInstrument(series, "x"))
    direction = model.resids.to_numpy().T @ (series - series.mean()).to_numpy()
    assert_allclose(found.values[0, 1, 0] / found.values[0, 0, 0], direction[1] / direction[0], rtol=1e-8)
    series[::7] = np.nan
    scheme, source = pv.ExternalInstrument(series, "x"), pv.EntityBootstrap(draws=40, seed=1)
    draws = quietly(model.impulse_responses, 2, identification=scheme, bands=source).draws
    labels = frame.index.unique("firm")
    weights = stream(1).multinomial(60, np.full(60, 1 / 60), size=40)
    for place in (0, 17):
        chosen = [label for label, count in zip(labels, weights[place], strict=True) for _ in range(count)]
        again = fit(with_repeats(frame.join(series.rename("z2")), chosen), 1)
        own = with_repeats(frame.join(series.rename("z2")), chosen)["z2"].loc[again.resids.index]
        found = quietly(again.impulse_responses, 2, identification=pv.ExternalInstrument(own, "x"))
        assert_allclose(draws[place], found.values, rtol=0, atol=1e-9)
    timed = fit(frame, 1, time_effects=True)
    with pytest.raises(pv.SpecificationError, match="cannot carry an instrument in a model with time effects"):
        quietly(timed.impulse_responses, 2, identification=scheme, bands=source)


# ---- order, units, labels


@pytest.mark.parametrize("method", METHODS)
def test_order_of_rows_labels_and_units_decide_nothing(method):
    frame = panel_of(seed=25, entities=15, periods=16, gaps=0.03)
    model = fit(frame, 1, method)
    other = frame.sample(frac=1.0, random_state=1).rename(index=lambda label: f"q{label[1:]}", level=0)
    other = other.assign(x=other["x"] * 1e6, y=other["y"] * 1e-5 + 7.0)
    again = fit(other, 1, method)
    size = np.array([1e6, 1e-5])
    lags = model.params.loc["L1.x":]
    assert_allclose(again.params.loc["L1.x":] * size[:, None] / size, lags, rtol=0, atol=1e-8)
    assert_allclose(again.tstats.loc["L1.x":], model.tstats.loc["L1.x":], rtol=1e-6)
    assert_allclose(again.sigma / np.outer(size, size), model.sigma, rtol=1e-8)
    source = pv.EntityBootstrap(49, 1)
    band, other_band = (quietly(each.impulse_responses, 3, bands=source) for each in (model, again))
    assert_allclose(other_band.upper / size[:, None], band.upper, rtol=0, atol=1e-8)


def test_time_effects_of_periods_that_no_entity_connects():
    """Two groups of entities that share no period: one more dummy is dependent, and nothing else changes."""
    early = panel_of(seed=26, entities=6)
    late = panel_of(seed=27, entities=6).rename(index=lambda label: f"l{label}", level=0)
    late.index = late.index.set_levels(late.index.levels[1] + 40, level=1)
    frame = pd.concat([early, late])
    model = fit(frame, 1, time_effects=True)
    params, residuals, whole, _ = dummy_regression(rows_of(frame, 1), time_effects=True)
    assert_allclose(model.params, params, rtol=0, atol=1e-11)
    assert model.df_resid == len(residuals) - np.linalg.matrix_rank(whole)


def test_an_instrument_is_matched_by_entity_and_period_whatever_the_index_of_the_data():
    """Residuals bear entities and periods, and instruments are made of them; other tables count their rows."""
    frame = panel_of(seed=24, entities=60, periods=25)
    indexed, counted = (
        fit(frame, 1),
        quietly(pv.fit_panel_var, pv.Panel(frame.reset_index(), "firm", "year"), ["x", "y"]),
    )
    series = indexed.resids["x"] + np.random.default_rng(1).standard_normal(indexed.nobs)
    by_number = pd.Series(series.reindex(frame.index).to_numpy())
    expected = quietly(indexed.impulse_responses, 2, identification=pv.ExternalInstrument(series, "x")).values
    for given in (series, by_number):
        found = quietly(counted.impulse_responses, 2, identification=pv.ExternalInstrument(given, "x")).values
        assert_allclose(found, expected, rtol=1e-10)

"""Rows of what is asked of a panel vector autoregression once it is estimated."""

from __future__ import annotations

from functools import cache

import numpy as np
from features.dynamic_panels_names import (
    GENERATED,
    MOMENTS,
    PANEL_VAR,
    QUESTION,
    at,
    budget,
    clustered_within,
    companion,
    entity_frame,
    grants,
    lower,
    municipalities,
    quadratic,
    quietly,
    responses,
    sigma_within,
    slopes,
    statistic,
    without_means,
)
from features.feature import Feature
from streams import stream

import panelvar as pv

STATANOW = f"{MOMENTS}::test_the_municipalities_as_statanow_prints_them"
SYSTEM_ONE = f"{PANEL_VAR}::test_a_panel_var_is_a_system"
EVERY_RULE = f"{PANEL_VAR}::test_bands_of_every_rule_hold_the_estimate"
ENTITIES = f"{PANEL_VAR}::test_entity_bootstrap_is_the_refits_it_says"
SCHEMES = f"{PANEL_VAR}::test_schemes_of_one_system_serve_panels"
COEFFICIENTS = f"{PANEL_VAR}::test_tests_of_coefficients"


@cache
def drawn_entities() -> np.ndarray:
    """Orthogonalised responses after one period of 50 draws of municipalities, each fitted again."""
    codes, x, y = without_means()
    count = codes.max() + 1
    inner, cross, squares = np.zeros((count, 3, 3)), np.zeros((count, 3, 3)), np.zeros((count, 3, 3))
    for total, left, right in ((inner, x, x), (cross, x, y), (squares, y, y)):
        np.add.at(total, codes, left[:, :, None] * right[:, None, :])
    weights = stream(1).multinomial(count, np.full(count, 1 / count), size=50)
    out = []
    for own in weights:
        a, b, c = (np.tensordot(own, each, axes=1) for each in (inner, cross, squares))
        lag = np.linalg.solve(a, b)
        sigma = (c - b.T @ lag) / (len(y) - 3 - count)
        out.append(lag.T @ np.linalg.cholesky(sigma))
    return np.array(out)


def shares() -> np.ndarray:
    """Shares of the variances of forecasts three periods ahead."""
    squares = np.square(responses(2)).sum(axis=0)
    return squares / squares.sum(axis=1, keepdims=True)


def generalised() -> np.ndarray:
    """Responses to a shock of one variable as the others move with it."""
    sigma = sigma_within()
    return responses(2, sigma / np.sqrt(sigma.diagonal()))


def lasting() -> np.ndarray:
    """What is left of unit shocks after all time, summed."""
    return np.linalg.inv(np.eye(3) - slopes().T)


def blanchard_quah() -> np.ndarray:
    """Impact whose lasting effects are triangular."""
    total = lasting()
    return np.linalg.solve(total, np.linalg.cholesky(total @ sigma_within() @ total.T))


def block() -> float:
    """F that nothing but its own lag stands in the equation of grants."""
    covariance, places = clustered_within(), [1, 2]
    gap = slopes()[places, 0]
    return float(gap @ np.linalg.solve(covariance[np.ix_(places, places)], gap) / 2)


def second_lag() -> float:
    """Wald's statistic that the older lags do not stand in the equation of grants."""
    places = [3, 4, 5]
    gap = grants().params.to_numpy()[places, 0]
    return float(gap @ np.linalg.solve(grants().cov.to_numpy()[np.ix_(places, places)], gap))


def forecast() -> float:
    """Grants of the first municipality a year ahead."""
    path = entity_frame().loc[114]
    effect = (path.to_numpy()[1:] - path.to_numpy()[:-1] @ slopes()).mean(axis=0)
    return float((effect + path.to_numpy()[-1] @ slopes())[0])


def draws_quantile(source: object) -> float:
    """The quantile of a source's draws, by another rule than the band's own."""
    found = quietly(budget().impulse_responses, 2, bands=source)
    return float(np.quantile(found.draws[:, 1, 0, 1], 0.025))


def whole_responses_inside(band: object) -> float:
    """Share of the draws of one response that stay inside in every period."""
    inside = (band.draws >= band.lower) & (band.draws <= band.upper)
    return float(inside[:, :, 1, 0].all(axis=1).mean())


def multipliers() -> float:
    """Of revenues a year before, by the recursion."""
    model = quietly(pv.fit_fixed_effects, entity_frame(), "grants ~ revenues + L(revenues) + L(grants)").params
    return float(model["L(revenues)"] + model["L(grants)"] * model["revenues"])


ROWS = [
    Feature(
        QUESTION,
        "Hansen's test",
        "by_moments.hansen_j",
        lambda test: round(test.statistic, 2),
        261.92,
        (STATANOW,),
        {"Stata": "xtvar, printed", "pvar": "overid", "panelvar": "hansen_j_test"},
        {"Stata": ("published_stata_xtvar/xtvar_lags2/hansen",), "panelvar": ("empluk_panelvar/lag*_twostep*/hansen",)},
        remark="225 degrees of freedom, p = 0.046; R's panelvar, by an inverse with a threshold, is off on these data",
    ),
    Feature(
        QUESTION,
        "Granger causality",
        'by_moments.granger_causality("expenditures", "grants")',
        lambda test: round(test.statistic, 2),
        71.60,
        (STATANOW, COEFFICIENTS),
        {"Stata": "vargranger", "pvar": "pvargranger", "panelbox": "test_granger_causality"},
        {"Stata": ("published_stata_xtvar/xtvar_lags2/granger",)},
    ),
    Feature(
        QUESTION,
        "The same without Windmeijer's correction",
        'by_moments.with_cov("uncorrected").granger_causality("expenditures", "grants")',
        statistic,
        lambda: quadratic(grants(), "expenditures", "grants", quietly(grants().with_cov, "uncorrected").cov.to_numpy()),
        (STATANOW,),
        {"pvar": "pvargranger"},
        remark="10,073 for 71.60: 243 moments of 265 municipalities make two-step errors far too small",
    ),
    Feature(
        QUESTION,
        "Several causes together",
        'by_least_squares.granger_causality("grants", ["revenues", "expenditures"])',
        statistic,
        block,
        (COEFFICIENTS,),
        {"Stata": "vargranger", "pvar": "pvargranger, ALL"},
    ),
    Feature(
        QUESTION,
        "All pairs in a table",
        'granger_table(by_moments).loc[("expenditures", "grants"), "statistic"]',
        float,
        lambda: quadratic(grants(), "expenditures", "grants", grants().cov.to_numpy()),
        (COEFFICIENTS,),
        {"Stata": "vargranger", "pvar": "pvargranger", "panelbox": "granger_causality_matrix"},
    ),
    Feature(
        QUESTION,
        "Linear restrictions across equations",
        'by_least_squares.lincom("[grants]L1.grants - [revenues]L1.revenues").std_error',
        float,
        lambda: float(
            np.sqrt(np.array([1.0, -1.0]) @ clustered_within()[np.ix_([0, 4], [0, 4])] @ np.array([1.0, -1.0]))
        ),
        (COEFFICIENTS,),
        {"Stata": "lincom, test", "pvar": "lincom, test"},
    ),
    Feature(
        QUESTION,
        "Whether a lag is needed",
        'by_moments.exclusion_test(equations="grants", lags=2)',
        statistic,
        second_lag,
        (COEFFICIENTS,),
        {"Stata": "test", "pvar": "test"},
    ),
    Feature(
        QUESTION,
        "m1, m2 of an equation",
        'fit_panel_var(*grants_alone, steps=1).ar_test(2, "grants")',
        statistic,
        lambda: (
            quietly(pv.fit_arellano_bond, municipalities(), "grants", transform="fod", steps=1).ar_test(2).statistic
        ),
        (f"{MOMENTS}::test_one_step_is_each_equation_by_itself",),
        {"xtabond2": "an equation at a time", "panelbox": "AR tests"},
    ),
    Feature(
        QUESTION,
        "Criteria of Andrews and Lu",
        "by_moments.moment_criteria().aic",
        float,
        lambda: grants().hansen_j.statistic - 2.0 * 225,
        ("tests/panels/dynamic/test_moment_selection.py::test_the_criteria_are_the_formulas_with_n_the_entities",),
        {
            "Stata": "criteria after xtvar",
            "pvar": "pvarsoc",
            "panelvar": "Andrews_Lu_MMSC",
            "panelbox": "select_lag_order",
        },
        remark="R's panelvar counts its moments otherwise; panelbox has criteria of least squares under the name",
    ),
    Feature(
        QUESTION,
        "The number of lags by them",
        "by_moments.lag_selection().table.loc[2, 'hansen']",
        float,
        lambda: grants().hansen_j.statistic,
        ("tests/panels/dynamic/test_moment_selection.py::test_every_number_of_lags_has_the_rows_of_the_longest",),
        {"Stata": "criteria after xtvar", "pvar": "pvarsoc"},
        remark="pvarsoc fixes the rows, not the instruments",
    ),
    Feature(
        QUESTION,
        "Roots",
        "by_moments.moduli[0]",
        float,
        lambda: companion(grants())[0],
        (STATANOW, SYSTEM_ONE),
        {"Stata": "varstable", "pvar": "pvarstable", "panelvar": "stability", "panelbox": "is_stable"},
        {"panelvar": ("empluk_panelvar/lag*_twostep*/stability", "dahlberg_panelvar/*_onestep/stability")},
        remark="0.5903, as StataNow's; with a plot",
    ),
    Feature(
        QUESTION,
        "Orthogonalised responses",
        "by_least_squares.impulse_responses(4)",
        at(3, 1, 0),
        lambda: responses(4)[3, 1, 0],
        (SYSTEM_ONE,),
        {"Stata": "irf after xtvar", "pvar": "pvarirf, oirf", "panelvar": "oirf", "panelbox": 'irf(method="cholesky")'},
        {"panelvar": ("empluk_panelvar/lag*_twostep*/oirf", "dahlberg_panelvar/*_onestep/oirf")},
        remark="R's panelvar does not halve the covariance of differences, and counts within residuals otherwise",
    ),
    Feature(
        QUESTION,
        "In another order",
        'by_least_squares.impulse_responses(4, identification=Cholesky(["expenditures", "revenues", "grants"]))',
        lambda result: float(np.abs(result.values[0]).sum()),
        lambda: float(np.abs(np.linalg.cholesky(sigma_within()[::-1, ::-1])).sum()),
        (SYSTEM_ONE,),
        {"pvar": "pvarirf, porder()", "panelbox": "order"},
    ),
    Feature(
        QUESTION,
        "To unit shocks of the errors",
        'by_least_squares.impulse_responses(2, identification="reduced_form", shock_size="unit")',
        at(2, 0, 1),
        lambda: responses(2, np.eye(3))[2, 0, 1],
        (SYSTEM_ONE,),
        {"Stata": "irf after xtvar", "pvar": "pvarirf"},
    ),
    Feature(
        QUESTION,
        "Cumulative responses",
        "by_least_squares.impulse_responses(4, cumulative=True)",
        at(4, 1, 0),
        lambda: responses(4)[:, 1, 0].sum(),
        (ENTITIES,),
        {"pvar": "pvarirf, cumulative", "panelbox": "cumulative=True"},
        remark="summed in every draw of a band",
    ),
    Feature(
        QUESTION,
        "Generalised responses",
        'by_least_squares.impulse_responses(2, identification="generalised")',
        at(1, 2, 0),
        lambda: generalised()[1, 2, 0],
        (SCHEMES,),
        {"panelvar": "girf", "panelbox": 'irf(method="generalized")'},
        {"panelvar": ("empluk_panelvar/lag*_twostep*/girf", "dahlberg_panelvar/*_onestep/girf")},
    ),
    Feature(
        QUESTION,
        "Long-run restrictions",
        'by_least_squares.impulse_responses(2, identification="long_run")',
        at(1, 2, 0),
        lambda: (slopes().T @ blanchard_quah())[2, 0],
        (SCHEMES,),
    ),
    Feature(
        QUESTION,
        "Sign restrictions",
        "by_least_squares.impulse_responses(2, identification=SignRestrictions("
        '{("grants", "s"): "+", ("expenditures", "s"): "+"}, models=5, seed=1))',
        lambda result: float((result.values[0, [0, 2], 0] > 0.0).all()),
        1.0,
        (SCHEMES,),
    ),
    Feature(
        QUESTION,
        "An external instrument",
        "by_least_squares.impulse_responses(1, identification=ExternalInstrument(news, 'grants'))",
        lambda result: result.values[0, 1, 0] / result.values[0, 0, 0],
        lambda: float(
            (budget().resids.to_numpy()[:, 1] @ budget().resids.to_numpy()[:, 0])
            / (budget().resids.to_numpy()[:, 0] @ budget().resids.to_numpy()[:, 0])
        ),
        (f"{PANEL_VAR}::test_an_instrument_identifies_a_shock_of_a_panel",),
    ),
    Feature(
        QUESTION,
        "Decomposition of forecast variances",
        "by_least_squares.variance_decomposition(3)",
        lambda result: result.values[2, 1, 0],
        lambda: shares()[1, 0],
        (SYSTEM_ONE, EVERY_RULE),
        {"pvar": "pvarfevd", "panelvar": "fevd_orthogonal", "panelbox": "fevd"},
        {"panelvar": ("empluk_panelvar/lag*_twostep*/fevd", "dahlberg_panelvar/*_onestep/fevd")},
    ),
    Feature(
        QUESTION,
        "Long-run effects",
        "by_least_squares.long_run_effects().iloc[1, 0]",
        float,
        lambda: lasting()[1, 0],
        (SYSTEM_ONE,),
    ),
    Feature(
        QUESTION,
        "Dynamic multipliers of exogenous variables",
        "with_rates.multipliers(2)",
        at(1, 0, 0),
        multipliers,
        (f"{PANEL_VAR}::test_forecasts_with_exogenous_variables",),
        {"pvar": "pvarirf, dm"},
    ),
    Feature(
        QUESTION,
        "Bands: entities drawn, every draw estimated again",
        "by_least_squares.impulse_responses(1, bands=EntityBootstrap(draws=50, seed=1))",
        lower(1, 2, 0),
        lambda: float(np.quantile(drawn_entities()[:, 2, 0], 0.025)),
        (ENTITIES, f"{PANEL_VAR}::test_refits_are_fits_of_relabelled_entities"),
        {"panelvar": "bootstrap_irf", "panelbox": 'ci_method="bootstrap"'},
        remark="an entity drawn twice is two entities; 500 refits of two-step estimates too",
    ),
    Feature(
        QUESTION,
        "Bands: coefficients drawn",
        "by_least_squares.impulse_responses(2, bands=MonteCarlo(draws=60, seed=1))",
        lower(1, 0, 1),
        lambda: draws_quantile(pv.MonteCarlo(draws=60, seed=1)),
        (f"{PANEL_VAR}::test_monte_carlo_draws_have_the_covariance_of_the_coefficients",),
        {"pvar": "pvarirf, mc(200)"},
    ),
    Feature(
        QUESTION,
        "Bands: the data generated again, by wild errors",
        "by_least_squares.impulse_responses(2, bands=RecursiveWildBootstrap(draws=40, seed=1))",
        lower(1, 0, 1),
        lambda: draws_quantile(pv.RecursiveWildBootstrap(draws=40, seed=1)),
        (f"{GENERATED}::test_refits_are_fits_of_the_data_generated",),
        {"Stata": "xtvar† (2011), temporal resampling"},
    ),
    Feature(
        QUESTION,
        "Bands: by resampled errors, and the bootstrap after a bootstrap",
        "by_least_squares.impulse_responses(2, bands=ResidualBootstrap(draws=40, seed=1))",
        lower(1, 0, 1),
        lambda: draws_quantile(pv.ResidualBootstrap(draws=40, seed=1)),
        (
            f"{GENERATED}::test_sources_of_one_series_serve_panels",
            f"{GENERATED}::test_bootstrap_after_bootstrap_takes_out_the_bias_of_short_panels",
        ),
    ),
    Feature(
        QUESTION,
        "Errors of responses by formula",
        'by_least_squares.impulse_responses(2, identification="reduced_form", shock_size="unit", bands=DeltaMethod())',
        lambda result: result.std_errors[1, 0, 0],
        lambda: float(np.sqrt(clustered_within()[0, 0])),
        (f"{PANEL_VAR}::test_delta_method_with_classical_errors_is_that_of_one_long_series",),
        {"panelbox": 'ci_method="analytical"'},
    ),
    Feature(
        QUESTION,
        "Bands that hold a whole response",
        'by_least_squares.impulse_responses(4, bands=EntityBootstrap(draws=399, seed=1, joint="sup-t"))',
        whole_responses_inside,
        0.95,
        (EVERY_RULE,),
        remark="sup-t or Bonferroni, over one response or all",
        tolerance=0.03,
    ),
    Feature(
        QUESTION,
        "Forecasts of every entity",
        'by_least_squares.forecast(1).to_frame().loc[(114, 1988), ("grants", "forecast")]',
        float,
        forecast,
        (f"{PANEL_VAR}::test_forecasts_are_the_recursion_of_each_entity",),
        {"panelbox": "forecast"},
    ),
    Feature(
        QUESTION,
        "Effects of the entities",
        'by_least_squares.estimated_effects().loc[114, "grants"]',
        float,
        lambda: float(
            (entity_frame().loc[114].to_numpy()[1:] - entity_frame().loc[114].to_numpy()[:-1] @ slopes()).mean(axis=0)[
                0
            ]
        ),
        (f"{PANEL_VAR}::test_effects_are_means_of_what_the_lags_leave",),
    ),
]

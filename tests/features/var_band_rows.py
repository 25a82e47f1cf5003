"""Rows of bands and forecasts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from features.feature import Feature, reference
from features.var_names import (
    BANDS,
    FORECASTS,
    US,
    at,
    coefficients,
    data_sets,
    german,
    growth,
    model,
    moving_average,
    short_run,
    statistic,
)

import panelvar as pv

ENGINE = "tests/estimates/bands/test_engine.py"
BOOTSTRAPS = "tests/estimates/bands/test_bootstraps.py"
LIMITS = "tests/estimates/bands/test_limits.py"
RESULT = "tests/systems/var/test_var_result.py"
DYNAMICS = "tests/kernels/dynamics/test_dynamics.py"
FUTURES = "tests/systems/var/test_futures.py"
COVERAGE = "tests/simulation/test_var_bands.py::test_coverage_of_response_bands"


def lower(*place: int):
    return lambda result: result.lower[place]


def draws(source, **options) -> np.ndarray:
    """Draws of the responses, to be read by another rule than the band's own."""
    return model().impulse_responses(6, bands=source, **options).draws


def quantile(source) -> float:
    return float(np.quantile(draws(source)[:, 3, 0, 1], 0.025))


def reflected(source) -> float:
    """Hall's lower limit: twice the estimate less the upper quantile."""
    estimate = model().impulse_responses(6).values[3, 0, 1]
    return float(2 * estimate - np.quantile(draws(source)[:, 3, 0, 1], 0.975))


def share_inside(result) -> float:
    """Share of the draws that stay inside the band in every period of one response."""
    inside = (result.draws >= result.lower) & (result.draws <= result.upper)
    return float(inside[:, :, 1, 0].all(axis=1).mean())


def delta(step: int) -> float:
    """Estimate less 1.96 errors, with statsmodels' error."""
    estimate = (moving_average(step)[step] @ np.linalg.cholesky(model().sigma))[0, 1]
    return float(estimate - 1.959963984540054 * reference(f"us_macro_statsmodels/var2_c/orth_irf_stderr/{step}/0/1")())


def bonferroni() -> float:
    """The impact of the second shock on the first variable is zero in every draw: six periods share the level."""
    return float(np.quantile(draws(pv.ResidualBootstrap(999, seed=1))[:, 3, 0, 1], 0.025 / 6))


def summed() -> float:
    """Quantile of sums, draw by draw: not the sum of quantiles."""
    return float(np.quantile(draws(pv.MonteCarlo(999, seed=1)).cumsum(axis=1)[:, 3, 0, 1], 0.025))


def first_shares() -> float:
    """Share of consumption's shock in output's variance, from draws of the responses."""
    paths = draws(pv.MonteCarlo(999, seed=1))[:, :4, 0]
    squares = (paths**2).sum(axis=1)
    return float(np.quantile(squares[:, 1] / squares.sum(axis=1), 0.025))


def slopes_of(question: Callable[[pv.System], Any]) -> np.ndarray:
    """How a system's answer moves along directions whose outer products are the covariance of the estimates."""
    fitted, step = model(), 1e-4
    problem, n_vars = fitted._problem, fitted.n_vars
    fixed = fitted.sigma.to_numpy()
    factor = np.linalg.cholesky(fixed)

    def answer(params: np.ndarray, sigma: np.ndarray) -> Any:
        matrices = params[1:].reshape(fitted.lags, n_vars, n_vars).swapaxes(1, 2)
        return question(pv.System(matrices, fitted.names, sigma=sigma))

    slopes = [
        answer(problem.params + step * move, fixed) - answer(problem.params - step * move, fixed)
        for move in problem.directions(factor)
    ]
    for row, column in zip(*np.tril_indices(n_vars), strict=True):
        unit = np.zeros((n_vars, n_vars))
        unit[row, column] = unit[column, row] = np.sqrt((2.0 if row == column else 1.0) / fitted.nobs)
        change = step * factor @ unit @ factor.T
        slopes.append(answer(problem.params, fixed + change) - answer(problem.params, fixed - change))
    return np.array(slopes) / (2.0 * step)


def moved_share() -> float:
    """Reach of the share of consumption's shock in output's variance, from derivatives by differences."""
    slopes = slopes_of(lambda system: float(system.variance_decomposition(4).values[3, 0, 1]))
    return float(1.959963984540054 * np.sqrt(np.square(slopes).sum()))


def moved_path() -> np.ndarray:
    """Derivatives of output's response to consumption's shock in periods 1 to 6."""
    return slopes_of(lambda system: system.impulse_responses(6).values[1:, 0, 1])


def studentised() -> float:
    """Every data set fitted by itself, with its own delta-method errors."""
    own = model().impulse_responses(6, bands=pv.DeltaMethod())
    ratios = []
    for y in data_sets(model(), pv.ResidualBootstrap(99, seed=1)):
        drawn = pv.fit_var(y, lags=2).impulse_responses(6, bands=pv.DeltaMethod())
        ratios.append((drawn.values[3, 0, 1] - own.values[3, 0, 1]) / drawn.std_errors[3, 0, 1])
    return float(own.values[3, 0, 1] - np.quantile(ratios, 0.05) * own.std_errors[3, 0, 1])


def structural_draw() -> float:
    """The fit of the eighteenth data set alone."""
    y = data_sets(model(), pv.ResidualBootstrap(20, seed=1))[17]
    return float(pv.fit_var(y, US, lags=2).impulse_responses(4, identification=short_run(over=True)).values[3, 0, 1])


def sup_t_quantile() -> float:
    """Half-width of a box that holds a normal path of six periods with 95 percent (the impact is zero for sure)."""
    from scipy.optimize import brentq
    from scipy.stats import multivariate_normal

    path = moved_path()
    covariance = path.T @ path
    correlation = covariance / np.sqrt(np.outer(covariance.diagonal(), covariance.diagonal()))
    normal = multivariate_normal(cov=correlation, allow_singular=True, seed=1)
    normal.maxpts, normal.abseps = 20000, 1e-4
    return float(brentq(lambda c: normal.cdf(np.full(6, c), lower_limit=np.full(6, -c)) - 0.95, 1.9, 3.0, xtol=1e-3))


RESIDUAL = {
    "vars": "irf(boot = TRUE)",
    "gretl": "irf(.., alpha)",
    "Stata": "irf create, bs",
    "EViews": "impulse(se=boot)",
}

BAND_ROWS = [
    Feature(
        BANDS,
        "Asymptotic (delta method)",
        "model.impulse_responses(6, bands=DeltaMethod())",
        lower(3, 0, 1),
        lambda: delta(3),
        (f"{ENGINE}::test_delta_method_is_the_numerical_delta_method", COVERAGE),
        {"statsmodels": "irf().plot()", "Stata": "irf create", "EViews": "impulse(se=a)"},
        {"statsmodels": ("us_macro_statsmodels/*/orth_irf_stderr", "canada_statsmodels/*/orth_irf_stderr")},
    ),
    Feature(
        BANDS,
        "Monte Carlo: coefficients and covariance from their posterior",
        "model.impulse_responses(6, bands=MonteCarlo(999, seed=1))",
        lower(3, 0, 1),
        lambda: quantile(pv.MonteCarlo(999, seed=1)),
        (f"{ENGINE}::test_monte_carlo_has_the_moments_of_its_distribution",),
        {"EViews": "impulse(se=mc)"},
        remark="a posterior under a flat prior; statsmodels' errband_mc is a parametric bootstrap",
    ),
    Feature(
        BANDS,
        "Residual bootstrap",
        "model.impulse_responses(6, bands=ResidualBootstrap(999, seed=1))",
        lower(3, 0, 1),
        lambda: quantile(pv.ResidualBootstrap(999, seed=1)),
        (f"{ENGINE}::test_bootstrap_draws_are_refits_of_resampled_data", f"{BOOTSTRAPS}::test_draws_are_refits"),
        RESIDUAL,
        remark="residuals centred and rescaled; all refits in batches",
    ),
    Feature(
        BANDS,
        "Parametric bootstrap",
        "model.impulse_responses(6, bands=ParametricBootstrap(999, seed=1))",
        lower(3, 0, 1),
        lambda: quantile(pv.ParametricBootstrap(999, seed=1)),
        (
            f"{BOOTSTRAPS}::test_parametric_errors_have_the_estimated_covariance_and_no_memory",
            f"{BOOTSTRAPS}::test_draws_are_refits",
        ),
        {"statsmodels": "irf().errband_mc()", "Stata": "irf create, bsp"},
        remark="normal errors",
    ),
    Feature(
        BANDS,
        "Wild bootstrap",
        'model.impulse_responses(6, identification="reduced_form", shock_size="unit", '
        "bands=RecursiveWildBootstrap(999, seed=1))",
        lower(3, 0, 1),
        lambda: np.quantile(
            draws(pv.RecursiveWildBootstrap(999, seed=1), identification="reduced_form", shock_size="unit")[:, 3, 0, 1],
            0.025,
        ),
        (f"{BOOTSTRAPS}::test_draws_are_refits", f"{BOOTSTRAPS}::test_multipliers_have_mean_zero_and_variance_one"),
        {"vars": "svars† wild.boot()"},
        remark="warns where the covariance matters, since it does not reproduce its variation",
    ),
    Feature(
        BANDS,
        "Moving block bootstrap",
        "model.impulse_responses(6, bands=MovingBlockBootstrap(999, seed=1))",
        lower(3, 0, 1),
        lambda: quantile(pv.MovingBlockBootstrap(999, seed=1)),
        (f"{BOOTSTRAPS}::test_moving_blocks_are_consecutive_and_centred", f"{BOOTSTRAPS}::test_draws_are_refits"),
        {"vars": "svars† mb.boot()"},
    ),
    Feature(
        BANDS,
        "Bootstrap after bootstrap (Kilian)",
        "model.impulse_responses(6, bands=BootstrapAfterBootstrap(999, seed=1))",
        lower(3, 0, 1),
        lambda: quantile(pv.BootstrapAfterBootstrap(999, seed=1)),
        (
            f"{BOOTSTRAPS}::test_bootstrap_after_bootstrap_is_kilians_algorithm_in_a_loop",
            f"{BOOTSTRAPS}::test_corrections_stop_at_the_unit_circle",
        ),
        {"EViews": "impulse(se=boot), Kilian's"},
    ),
    Feature(
        BANDS,
        "Percentile intervals",
        "model.impulse_responses(6, bands=ResidualBootstrap(999, seed=2))",
        lower(3, 0, 1),
        lambda: quantile(pv.ResidualBootstrap(999, seed=2)),
        (f"{ENGINE}::test_percentile_limits_are_quantiles_of_the_draws",),
        {"vars": "default", "gretl": "default", "EViews": "standard percentile"},
        remark="Stata's bs reports standard deviations of the draws and normal intervals",
    ),
    Feature(
        BANDS,
        "Hall's intervals",
        'model.impulse_responses(6, bands=ResidualBootstrap(999, seed=1, interval="hall"))',
        lower(3, 0, 1),
        lambda: reflected(pv.ResidualBootstrap(999, seed=1)),
        (f"{LIMITS}::test_hall_reflects_the_percentiles",),
        {"EViews": "Hall's percentile", "vars": "svars† sboot"},
    ),
    Feature(
        BANDS,
        "Studentised intervals",
        'model.impulse_responses(6, bands=ResidualBootstrap(99, seed=1, interval="studentised"), level=0.9)',
        lambda responses: responses.upper[3, 0, 1],
        lambda: studentised(),
        (
            f"{LIMITS}::test_studentised_limits_are_those_of_the_ratios",
            f"{LIMITS}::test_studentised_bands_of_a_var",
            f"{ENGINE}::test_errors_of_draws_are_those_of_their_derivatives",
        ),
        {"EViews": "Hall's studentized"},
        remark="each draw has its own delta-method error; EViews bootstraps the bootstrap",
    ),
    Feature(
        BANDS,
        "Simultaneous: sup-t over a path",
        'model.impulse_responses(6, bands=ResidualBootstrap(1000, seed=1, joint="sup-t"), level=0.9)',
        share_inside,
        0.9,
        (f"{LIMITS}::test_sup_t_holds_its_share_of_the_draws_and_no_more_than_needed", COVERAGE),
        remark="or over all paths; cells that do not vary do not count",
        tolerance=0.02,
    ),
    Feature(
        BANDS,
        "Simultaneous: Bonferroni",
        'model.impulse_responses(6, bands=ResidualBootstrap(999, seed=1, joint="bonferroni"))',
        lower(3, 0, 1),
        bonferroni,
        (f"{LIMITS}::test_a_constant_cell_keeps_its_value_and_does_not_count",),
    ),
    Feature(
        BANDS,
        "Sup-t of asymptotic bands",
        'model.impulse_responses(6, bands=DeltaMethod(joint="sup-t", seed=1))',
        lambda responses: (responses.values - responses.lower)[3, 0, 1] / responses.std_errors[3, 0, 1],
        lambda: sup_t_quantile(),
        (f"{LIMITS}::test_delta_method_bands_of_paths",),
        remark="the quantile is simulated",
        tolerance=0.01,
    ),
    Feature(
        BANDS,
        "Bands of cumulative responses, draw by draw",
        "model.impulse_responses(6, cumulative=True, bands=MonteCarlo(999, seed=1))",
        lower(3, 0, 1),
        summed,
        (f"{ENGINE}::test_draws_answer_the_question_asked",),
        {"statsmodels": "cum_errband_mc()", "vars": "irf(cumulative = TRUE)", "Stata": "coirf", "EViews": "impulse(a)"},
    ),
    Feature(
        BANDS,
        "Bands of variance decompositions",
        "model.variance_decomposition(4, bands=MonteCarlo(999, seed=1))",
        lower(3, 0, 1),
        first_shares,
        (f"{ENGINE}::test_decomposition_bands",),
        {"Stata": "irf create: fevd errors", "EViews": "decomp(se=mc)"},
    ),
    Feature(
        BANDS,
        "Asymptotic errors of variance decompositions",
        "model.variance_decomposition(4, bands=DeltaMethod())",
        lambda shares: shares.upper[3, 0, 1] - shares.values[3, 0, 1],
        lambda: moved_share(),
        ("tests/estimates/bands/test_asymptotic.py::test_errors_of_shares_by_differences",),
        {"Stata": "irf create: fevd errors"},
    ),
    Feature(
        BANDS,
        "Bands of structural responses",
        "model.impulse_responses(4, identification=restricted, bands=ResidualBootstrap(20, seed=1), level=0.9)",
        lambda responses: responses.draws[17, 3, 0, 1],
        lambda: structural_draw(),
        ("tests/systems/identification/test_short_run.py::test_every_source_of_bands",),
        {
            "vars": "irf(SVAR(), boot = TRUE)",
            "Stata": "irf create, bs",
            "gretl": "SVAR†",
            "EViews": "impulse(imp=struct)",
        },
        remark="every draw is fitted anew",
        # Both are found by iterations.
        tolerance=1e-6,
    ),
    Feature(
        BANDS,
        "All draws returned; the same seed gives the same band",
        "model.impulse_responses(6, bands=MonteCarlo(999, seed=1)).draws",
        lambda array: array[17, 3, 0, 1],
        lambda: draws(pv.MonteCarlo(999, seed=1))[17, 3, 0, 1],
        (f"{ENGINE}::test_the_same_seed_gives_the_same_band", f"{ENGINE}::test_chunks_do_not_change_the_draws"),
        {"statsmodels": "irf_resim()", "Stata": "bsaving()"},
    ),
]


def known_future() -> float:
    """Output next quarter given consumption: the conditional mean of two jointly normal errors."""
    plain = model().forecast(1).values[0]
    gap = 0.01 - plain[1]
    sigma = model().sigma.to_numpy()
    return float(plain[0] + sigma[0, 1] / sigma[1, 1] * gap)


def last_error() -> float:
    """Error of the last one-step forecast from all earlier quarters."""
    b = coefficients(growth().iloc[:201], 2)
    y = growth().to_numpy()
    return float(y[201, 0] - np.concatenate([[1.0], y[200], y[199]]) @ b[:, 0])


def estimated_error() -> float:
    """Two steps ahead, (3.5.11) written out: income and consumption."""
    fitted = pv.fit_var(german(), lags=2)
    x, n, sigma = fitted._problem.design[:, :7], fitted.nobs, fitted.sigma.to_numpy()
    bold, gamma = np.zeros((7, 7)), x.T @ x / n
    bold[0, 0] = 1.0
    bold[1:4] = fitted._problem.params.T
    bold[4:, 1:4] = np.eye(3)
    first = fitted.coefficients[0]
    cross = np.trace(bold)
    twice = np.trace(bold.T @ np.linalg.inv(gamma) @ bold @ gamma)
    omega = twice * sigma + cross * (first @ sigma + sigma @ first.T) + 7.0 * first @ sigma @ first.T
    return float(1e4 * (sigma + first @ sigma @ first.T + omega / n)[1, 2])


def diebold_mariano() -> float:
    """The statistic written out for one step ahead."""
    accuracy = pv.evaluate_forecasts(growth(), window=100, lags=2, benchmark="mean")
    gap = accuracy.errors[:, 0, 0] ** 2 - accuracy.benchmark_errors[:, 0, 0] ** 2
    n = len(gap)
    return float(gap.mean() / np.sqrt(gap.var() / n) * np.sqrt((n - 1) / n))


FORECAST_ROWS = [
    Feature(
        FORECASTS,
        "Point forecasts",
        "model.forecast(8)",
        at(3, 0),
        reference("us_macro_vars/var2_const/forecast/dl_realgdp/values/3/0"),
        (
            f"{RESULT}::test_forecasts_by_hand",
            "tests/kernels/dynamics/test_dynamics.py::test_forecast_path_by_the_companion_form",
        ),
        {
            "statsmodels": "forecast()",
            "vars": "predict()",
            "gretl": "fcast",
            "Stata": "fcast compute",
            "EViews": "forecast",
        },
        {
            "statsmodels": ("us_macro_statsmodels/*/forecast/point", "canada_statsmodels/*/forecast/point"),
            "vars": ("us_macro_vars/*/forecast", "wgmacro_vars/*/forecast", "canada_vars/*/forecast"),
            "gretl": ("varied_gretl/*/forecast",),
            "Stata": ("published_stata_var_wgmacro/lutkepohl_var1_exog2/forecast_1978q4_then_16_steps",),
        },
    ),
    Feature(
        FORECASTS,
        "Intervals with known coefficients",
        "model.forecast(8)",
        lower(3, 0),
        reference("us_macro_vars/var2_const/forecast/dl_realgdp/values/3/1"),
        (f"{RESULT}::test_forecasts_by_hand",),
        {
            "statsmodels": "forecast_interval()",
            "vars": "predict(ci)",
            "gretl": "fcast",
            "Stata": "fcast compute",
        },
        {
            "statsmodels": ("us_macro_statsmodels/*/forecast/lower",),
            "vars": ("us_macro_vars/*/forecast", "canada_vars/*/forecast"),
        },
        remark="Stata adds a first-order term for the estimation of the coefficients",
    ),
    Feature(
        FORECASTS,
        "Forecast error covariances",
        "model.forecast(8)",
        lambda forecast: forecast.covariance[2, 0, 1],
        reference("us_macro_statsmodels/var2_c/forecast_mse/2/0/1"),
        (f"{DYNAMICS}::test_forecast_covariance_is_the_sum_of_orthogonal_squares",),
        {"statsmodels": "mse()"},
        {"statsmodels": ("us_macro_statsmodels/*/forecast_mse",)},
    ),
    Feature(
        FORECASTS,
        "Mean squared errors with estimated coefficients",
        "fit_var(german, lags=2).approximate_mse(2)",
        lambda errors: 1e4 * errors[1, 1, 2],
        lambda: estimated_error(),
        ("tests/estimates/bands/test_asymptotic.py::test_mean_squared_errors_from_an_average_origin",),
        {"statsmodels": 'forecast_cov(method="auto")', "Stata": "fcast compute"},
        remark="from the last observations: forecast(bands=DeltaMethod()); published numbers of the textbook agree",
    ),
    Feature(
        FORECASTS,
        "Simulated intervals, coefficients estimated anew",
        "model.forecast(4, bands=ResidualBootstrap(999, seed=1))",
        lower(3, 0),
        lambda: np.quantile(model().forecast(4, bands=pv.ResidualBootstrap(999, seed=1)).draws[:, 3, 0], 0.025),
        (
            f"{BOOTSTRAPS}::test_forecast_intervals",
            f"{BOOTSTRAPS}::test_simulated_forecasts_are_the_recursion_of_each_draw",
            "tests/simulation/test_var_bands.py::test_coverage_of_forecast_intervals",
        ),
        {"Stata": "fcast compute, bs", "EViews": "stochastic forecast"},
    ),
    Feature(
        FORECASTS,
        "Conditional forecasts",
        "model.conditional_forecast([[nan, 0.01, nan]])",
        at(0, 0),
        known_future,
        (f"{FUTURES}::test_conditional_forecasts_are_conditional_normal_means",),
        remark="means and intervals given the future of some variables, whatever shocks bring it about",
    ),
    Feature(
        FORECASTS,
        "Unconditional mean",
        "model.mean()",
        lambda series: series.iloc[0],
        reference("us_macro_statsmodels/var2_c/mean/0"),
        ("tests/systems/var/test_system.py::test_mean_is_a_rest_point",),
        {"statsmodels": "mean()"},
        {"statsmodels": ("us_macro_statsmodels/var2_c/mean", "us_macro_statsmodels/var4_c/mean")},
    ),
    Feature(
        FORECASTS,
        "Evaluation as time goes by",
        "evaluate_forecasts(growth, window=100, lags=2)",
        lambda accuracy: accuracy.errors[-1, 0, 0],
        last_error,
        (f"{FUTURES}::test_forecasts_are_evaluated_as_time_goes_by",),
        {"EViews": "forecast evaluation, of given forecasts"},
        remark="rolling or expanding; root mean squared and absolute errors, bias, Theil's U",
    ),
    Feature(
        FORECASTS,
        "Diebold and Mariano's test",
        'evaluate_forecasts(growth, window=100, lags=2, benchmark="mean").diebold_mariano("dl_realgdp")',
        statistic,
        diebold_mariano,
        (f"{FUTURES}::test_diebold_mariano_written_out",),
        {"statsmodels": "diebold_mariano_test()", "vars": "forecast† dm.test()", "Stata": "dmariano†", "EViews": "yes"},
        remark="with Harvey, Leybourne and Newbold's factor",
    ),
]

ROWS = [*BAND_ROWS, *FORECAST_ROWS]

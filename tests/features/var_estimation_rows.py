"""Rows of specification, estimation and the choice of the lag order."""

from __future__ import annotations

import numpy as np
from features.feature import Feature, reference
from features.var_names import LAGS, SPECIFICATION, US, coefficients, growth, layout, model, wald
from reference_data import table

import panelvar as pv

VAR = "tests/systems/var/test_var.py"
RESULT = "tests/systems/var/test_var_result.py"
EXOGENOUS = "tests/systems/var/test_exogenous.py"
RESTRICTED = "tests/systems/var/test_restricted.py"
BATCH = "tests/systems/batches/test_batch.py"
OPTIONS = "tests/systems/batches/test_batch_options.py"
CHOICE = "tests/systems/var/test_lag_choice.py"
ROBUST = "tests/systems/diagnostics/test_residuals.py"
PROBLEM = "tests/kernels/dynamics/test_lag_problem.py"

ESTIMATES = (f"{RESULT}::test_estimates_and_errors", f"{PROBLEM}::test_estimates_are_least_squares")
STATA = "published_stata_var_us_macro/var_lags_1_2"
LUTKEPOHL = "published_stata_var_wgmacro"


def coefficient(regressor: str, equation: str):
    return lambda result: result.params.loc[regressor, equation]


def error(regressor: str, equation: str):
    return lambda result: result.std_errors.loc[regressor, equation]


def everywhere(group: str, statsmodels: str, vars_: str, gretl: str) -> dict:
    """One quantity of the constant-only models in the three programs' files."""
    return {
        "statsmodels": tuple(f"{file}_statsmodels/var2_c/{statsmodels}" for file in ("us_macro", "canada")),
        "vars": tuple(f"{file}_vars/var2_const/{vars_}" for file in ("us_macro", "wgmacro", "canada")),
        "gretl": tuple(f"{file}_gretl/var2_const/{gretl}" for file in ("us_macro", "wgmacro")),
    }


def quadratic_trend() -> float:
    t = np.arange(1.0, 203)
    return float(coefficients(growth(), 2, np.column_stack([t, t**2]))[-1, 0])


def bridging_nothing() -> float:
    """Rows whose two predecessors are there, by a loop over quarters."""
    y = growth().to_numpy()
    absent = {100, 101, 102}
    rows = [t for t in range(2, len(y)) if not absent & {t - 2, t - 1, t}]
    assert len(rows) == 195
    x = np.array([np.concatenate([[1.0], y[t - 1], y[t - 2]]) for t in rows])
    return float(np.linalg.lstsq(x, y[rows, 0], rcond=None)[0][2])


def bills(lags: int) -> np.ndarray:
    """The bill rate and its lags, beside the growth rates."""
    rate = table("us_macro")["tbilrate"].to_numpy()
    return np.column_stack([np.concatenate([np.full(lag, np.nan), rate[: len(rate) - lag]]) for lag in range(lags + 1)])


def fewest_by_bic(frame, longest: int) -> int:
    """The order of the smallest BIC, from residuals of least squares on the rows that the longest order leaves."""
    criteria = []
    for order in range(1, longest + 1):
        x, y = layout(frame.iloc[longest - order :], order)
        left, n = y - x @ np.linalg.lstsq(x, y, rcond=None)[0], len(y)
        criteria.append(np.linalg.slogdet(left.T @ left / n)[1] + np.log(n) * x.shape[1] * y.shape[1] / n)
    return 1 + int(np.argmin(criteria))


def second_multiplier() -> float:
    """Two periods after one unit of the bill rate: the recursion written out."""
    b = coefficients(growth(), 2, bills(0))
    first, second, direct = b[1:4].T, b[4:7].T, b[7]
    return float((first @ (first @ direct) + second @ direct)[0])


LEFT_OUT = {US[0]: ["L2.dl_realinv"], US[2]: ["L1.dl_realgdp", "L2.dl_realgdp"]}


def restricted_gls() -> float:
    """The constant of the first equation by dense GLS of the stacked system."""
    x, y = layout(growth(), 2)
    names = list(model().regressor_names)
    columns = [[names.index(n) for n in names if n not in LEFT_OUT.get(equation, ())] for equation in US]
    n = len(x)
    wide = np.zeros((3 * n, sum(map(len, columns))))
    first = 0
    for k, chosen in enumerate(columns):
        wide[k * n : (k + 1) * n, first : first + len(chosen)] = x[:, chosen]
        first += len(chosen)
    weight = np.linalg.inv(model().sigma_ml)
    left = np.einsum("kl,lnm->knm", weight, wide.reshape(3, n, -1)).reshape(3 * n, -1)
    return float(np.linalg.solve(left.T @ wide, left.T @ y.T.ravel())[0])


def restricted_ols() -> float:
    """The constant of the first equation without the regressor left out."""
    x, y = layout(growth(), 2)
    return float(np.linalg.lstsq(np.delete(x, 6, axis=1), y[:, 0], rcond=None)[0][0])


def eliminated() -> int:
    """Zeros left by dropping the smallest t ratio until all are at least two."""
    x, y = layout(growth(), 2)
    zeros = 0
    for k in range(3):
        chosen = list(range(7))
        while True:
            part = x[:, chosen]
            b, rss = np.linalg.lstsq(part, y[:, k], rcond=None)[:2]
            spread = np.sqrt(np.diagonal(np.linalg.inv(part.T @ part)) * rss[0] / (len(x) - len(chosen)))
            ratios = np.abs(b) / spread
            if ratios.min() >= 2.0:
                break
            chosen.pop(int(ratios.argmin()))
            zeros += 1
    return zeros


def fixed_point() -> float:
    """Feasible GLS repeated with its own residual covariance until it rests."""
    result = pv.fit_restricted_var(growth(), restrictions=LEFT_OUT, lags=2, method="ml")
    u = result.resids.to_numpy()
    x, y = layout(growth(), 2)
    weight = np.linalg.inv(u.T @ u / len(u))
    free = result._problem.free
    # First-order condition of the constant of the first equation, which no other equation's zero can hide.
    score = x.T @ u @ weight
    assert np.abs(score[free]).max() < 1e-8 * np.abs(x.T @ y @ weight).max()
    return float(-0.5 * len(u) * (3 * np.log(2 * np.pi) + np.linalg.slogdet(u.T @ u / len(u))[1] + 3))


def hc_granger() -> float:
    return reference("us_macro_vars/var2_const/causality_granger_vcovHC_HC3/dl_realcons/statistic/values/0/0")()


SPECIFICATION_ROWS = [
    Feature(
        SPECIFICATION,
        "Least squares with a constant",
        "fit_var(growth, lags=2)",
        coefficient("L1.dl_realcons", "dl_realgdp"),
        reference("us_macro_vars/var2_const/equations/dl_realgdp/coef/dl_realcons.l1"),
        ESTIMATES,
        {
            "statsmodels": "VAR(y).fit(2)",
            "vars": "VAR(y, p = 2)",
            "gretl": "var 2",
            "Stata": "var, lags(1/2)",
            "EViews": "var.ls 1 2",
        },
        {**everywhere("", "params", "equations/*/coef", "coeff"), "Stata": (f"{STATA}/coef",)},
    ),
    Feature(
        SPECIFICATION,
        "No constant",
        'fit_var(growth, lags=2, trend="n")',
        coefficient("L1.dl_realgdp", "dl_realgdp"),
        reference("us_macro_vars/var2_none/equations/dl_realgdp/coef/dl_realgdp.l1"),
        ESTIMATES,
        {
            "statsmodels": 'trend="n"',
            "vars": 'type = "none"',
            "gretl": "--nc",
            "Stata": "noconstant",
            "EViews": "no @c",
        },
        {
            "statsmodels": ("us_macro_statsmodels/var2_n/params",),
            "vars": ("us_macro_vars/var2_none/equations", "wgmacro_vars/var1_none/equations"),
            "Stata": (f"{LUTKEPOHL}/lutkepohl_var1/coef_rows",),
        },
    ),
    Feature(
        SPECIFICATION,
        "Constant and trend",
        'fit_var(growth, lags=3, trend="ct")',
        coefficient("trend", "dl_realgdp"),
        reference("us_macro_vars/var3_both/equations/dl_realgdp/coef/trend"),
        (*ESTIMATES, f"{RESULT}::test_forecasts_continue_the_trend"),
        {
            "statsmodels": 'trend="ct"',
            "vars": 'type = "both"',
            "gretl": "--trend",
            "Stata": "exog(t)",
            "EViews": "@trend as exogenous",
        },
        {
            "statsmodels": ("us_macro_statsmodels/var3_ct/params",),
            "vars": ("us_macro_vars/var3_both/equations", "canada_vars/var3_both/equations"),
            "gretl": ("wgmacro_gretl/var4_both/coeff",),
            "Stata": (f"{LUTKEPOHL}/lutkepohl_var1_exog2/coef_rows",),
        },
        remark="the trend is 1 in the first period of the data",
    ),
    Feature(
        SPECIFICATION,
        "Trend without a constant",
        'fit_var(german, lags=2, trend="t")',
        coefficient("trend", "dl_income"),
        reference("wgmacro_vars/var2_trend/equations/dl_income/coef/trend"),
        ESTIMATES,
        {"vars": 'type = "trend"', "gretl": "--nc --trend", "Stata": "noconstant exog(t)", "EViews": "@trend, no @c"},
        {"vars": ("wgmacro_vars/var2_trend/equations",)},
    ),
    Feature(
        SPECIFICATION,
        "Quadratic trend",
        'fit_var(growth, lags=2, trend="ctt")',
        coefficient("trend_squared", "dl_realgdp"),
        quadratic_trend,
        ESTIMATES,
        {"statsmodels": 'trend="ctt"', "vars": "exogen", "gretl": "; t t2", "Stata": "exog()", "EViews": "exogenous"},
        {"statsmodels": ("varied_statsmodels/*_ctt/params",)},
        tolerance=1e-6,
    ),
    Feature(
        SPECIFICATION,
        "Seasonal dummies",
        "fit_var(german, lags=3, seasons=4)",
        coefficient("season1", "dl_income"),
        reference("wgmacro_vars/var3_const_seasonal/equations/dl_income/coef/sd1"),
        (f"{EXOGENOUS}::test_estimates_equal_least_squares_written_out",),
        {
            "vars": "season = 4",
            "gretl": "--seasonals",
            "Stata": "exog(i.quarter)",
            "EViews": "@expand(@quarter)",
            "statsmodels": "exog",
        },
        {
            "vars": ("wgmacro_vars/var3_const_seasonal", "varied_vars/seatbelts_var2_ct_lags/equations"),
            "gretl": ("varied_gretl/seatbelts_var2_ct_lags/coeff",),
        },
        remark="centred as in R, carried through selection, responses, bands and forecasts",
    ),
    Feature(
        SPECIFICATION,
        "Exogenous variables",
        'fit_var(with_bills, names, lags=2, exogenous=["tbilrate"])',
        coefficient("tbilrate", "dl_realgdp"),
        lambda: coefficients(growth(), 2, bills(0))[-1, 0],
        (
            f"{EXOGENOUS}::test_estimates_equal_least_squares_written_out",
            f"{EXOGENOUS}::test_forecasts_run_the_recursion_with_the_future_given",
        ),
        {
            "statsmodels": "VAR(y, exog)",
            "vars": "exogen",
            "gretl": "var 2 ylist ; xlist",
            "Stata": "exog()",
            "EViews": "exogenous variables",
        },
        {
            "statsmodels": ("varied_statsmodels/ppp5_var2_c/params",),
            "vars": ("varied_vars/ppp5_var2_c/equations",),
            "gretl": ("varied_gretl/ppp5_var2_c/coeff",),
        },
    ),
    Feature(
        SPECIFICATION,
        "Exogenous variables with their own lags",
        'fit_var(with_bills, names, lags=2, exogenous=["tbilrate"], exogenous_lags=1)',
        coefficient("L1.tbilrate", "dl_realgdp"),
        lambda: coefficients(growth(), 2, bills(1))[-1, 0],
        (f"{EXOGENOUS}::test_estimates_equal_least_squares_written_out",),
        {
            "vars": "exogen, lags made by hand",
            "gretl": "; x(0 to -1)",
            "Stata": "exog(L(0/1).x)",
            "EViews": "x(0 to -1)",
        },
        {
            "vars": ("varied_vars/seatbelts_var2_ct_lags/equations",),
            "gretl": ("varied_gretl/seatbelts_var2_ct_lags/coeff",),
        },
        remark="elsewhere the lags are columns, and forecasts are told each of them",
    ),
    Feature(
        SPECIFICATION,
        "Dynamic multipliers of exogenous variables",
        'fit_var(with_bills, names, lags=2, exogenous=["tbilrate"]).multipliers(4)',
        lambda result: result.values[2, 0, 0],
        second_multiplier,
        (f"{EXOGENOUS}::test_multipliers_are_differences_of_forecasts",),
        {"Stata": "irf graph dm, cdm"},
    ),
    Feature(
        SPECIFICATION,
        "Zero restrictions, feasible GLS",
        f"fit_restricted_var(growth, restrictions={LEFT_OUT}, lags=2)",
        coefficient("const", "dl_realgdp"),
        restricted_gls,
        (
            f"{RESTRICTED}::test_feasible_gls_is_gls_of_the_stacked_system",
            f"{RESTRICTED}::test_bootstrap_draws_keep_the_restrictions",
        ),
        {"Stata": "var, constraints() noisure", "gretl": "system method=sur", "EViews": "linear restrictions of a VAR"},
        remark="bootstraps re-estimate under the restrictions; gretl's system is no VAR: no responses, no bands",
    ),
    Feature(
        SPECIFICATION,
        "Zero restrictions, least squares by equation",
        f'fit_restricted_var(growth, restrictions={LEFT_OUT}, lags=2, method="ols")',
        coefficient("const", "dl_realgdp"),
        restricted_ols,
        (f"{RESTRICTED}::test_ordinary_least_squares_equation_by_equation",),
        {"vars": 'restrict(method = "manual")'},
        {"vars": ("varied_vars/*/restricted",)},
    ),
    Feature(
        SPECIFICATION,
        "Zero restrictions, maximum likelihood",
        f'fit_restricted_var(growth, restrictions={LEFT_OUT}, lags=2, method="ml")',
        lambda result: result.loglik,
        fixed_point,
        (f"{RESTRICTED}::test_maximum_likelihood_is_a_fixed_point_and_the_highest",),
        {"Stata": "var, constraints()", "gretl": "system method=sur --iterate"},
    ),
    Feature(
        SPECIFICATION,
        "Zero restrictions found by sequential elimination",
        'fit_restricted_var(growth, restrictions="t", lags=2, method="ols")',
        lambda result: (~result._problem.free).sum(),
        eliminated,
        (f"{RESTRICTED}::test_sequential_elimination",),
        {"vars": 'restrict(method = "ser")', "gretl": "omit --auto, by equation"},
        {"vars": ("varied_vars/*/restricted",)},
        remark="also by AIC, BIC or HQ",
    ),
    Feature(
        SPECIFICATION,
        "Standard errors with degrees of freedom",
        "fit_var(growth, lags=2)",
        error("L1.dl_realcons", "dl_realgdp"),
        reference("us_macro_vars/var2_const/equations/dl_realgdp/se/dl_realcons.l1"),
        ESTIMATES,
        {
            "statsmodels": "default",
            "vars": "default",
            "gretl": "default",
            "Stata": "dfk",
            "EViews": "default",
        },
        everywhere("", "stderr", "equations/*/se", "stderr"),
    ),
    Feature(
        SPECIFICATION,
        "Standard errors of maximum likelihood",
        'fit_var(growth, lags=2, convention="stata")',
        error("L1.dl_realcons", "dl_realgdp"),
        lambda: reference("us_macro_vars/var2_const/equations/dl_realgdp/se/dl_realcons.l1")() * np.sqrt(193 / 200),
        ESTIMATES,
        {"Stata": "default"},
        {"Stata": (f"{STATA}/se",)},
    ),
    Feature(
        SPECIFICATION,
        "Heteroskedasticity-robust errors",
        'model.with_cov("HC1")',
        error("L1.dl_realgdp", "dl_realgdp"),
        reference("us_macro_gretl/var2_const/robust_stderr/1/0"),
        (f"{ROBUST}::test_robust_errors_equation_by_equation",),
        {"gretl": "--robust", "vars": "sandwich† vcovHC()"},
        {"gretl": ("us_macro_gretl/var2_const/robust_stderr", "canada_gretl/var2_const/robust_stderr")},
        remark="HC0 to HC3, jointly over the equations: Wald tests use the whole matrix",
    ),
    Feature(
        SPECIFICATION,
        "Coefficients of a publication, without data",
        "System([[[0.5, 0.1], [0.4, 0.5]]], names=['x', 'y'])",
        lambda system: system.moduli[0],
        0.7,
        ("tests/systems/var/test_system.py::test_what_is_missing_is_named",),
        {"statsmodels": "VARProcess(coefs, ...)"},
        remark="asks for nothing that was not published, and says what is missing",
    ),
    Feature(
        SPECIFICATION,
        "One system an entity, at once",
        "fit_var_batch(countries, names, lags=2)",
        lambda batch: batch.params.loc["b", ("dl_realgdp", "const")],
        lambda: coefficients(growth().iloc[101:], 2)[0, 0],
        (f"{BATCH}::test_entities_of_a_gappy_panel", f"{BATCH}::test_an_array_of_data_sets_equals_a_loop"),
        remark="one batched factorisation: 10,000 systems in a fraction of a second",
    ),
    Feature(
        SPECIFICATION,
        "Rolling estimation",
        "fit_rolling_var(growth, window=80, lags=2)",
        lambda batch: batch.params.iloc[10, 0],
        lambda: coefficients(growth().iloc[10:92], 2)[0, 0],
        (f"{BATCH}::test_windows_equal_fits_to_their_rows",),
        {"Stata": "rolling:", "EViews": "roll†"},
    ),
    Feature(
        SPECIFICATION,
        "Expanding estimation",
        "fit_rolling_var(growth, window=80, expanding=True, lags=2)",
        lambda batch: batch.params.iloc[10, 0],
        lambda: coefficients(growth().iloc[:92], 2)[0, 0],
        (f"{BATCH}::test_windows_equal_fits_to_their_rows",),
        {"Stata": "rolling, recursive:", "EViews": "roll†"},
    ),
    Feature(
        SPECIFICATION,
        "Lag order chosen in every window",
        'fit_rolling_var(growth, window=80, lags="bic", max_lags=4)',
        lambda batch: batch.orders[10],
        lambda: fewest_by_bic(growth().iloc[10:94], 4),
        (
            f"{OPTIONS}::test_windows_equal_fits_to_their_rows",
            f"{OPTIONS}::test_data_sets_with_everything_equal_a_loop",
            f"{OPTIONS}::test_entities_with_everything_equal_a_loop",
        ),
        remark="seasons, exogenous variables and order 0 too, of windows, entities and data sets",
    ),
    Feature(
        SPECIFICATION,
        "Gaps in the calendar",
        "fit_var(growth.drop(index=[100, 101, 102]), lags=2)",
        coefficient("L1.dl_realcons", "dl_realgdp"),
        bridging_nothing,
        (f"{VAR}::test_a_gap_is_not_bridged", "tests/properties/test_var_properties.py::test_lags_never_cross_a_gap"),
        {"Stata": "tsset gaps", "EViews": "rows with missing lags left out", "gretl": "missing values"},
        remark="lags never bridge a gap; bootstraps start again after it; statsmodels and vars take rows as periods",
    ),
]


def criteria_ours(form: str, penalty: float = 2.0) -> float:
    """AIC of the model from the determinant of its residual covariance."""
    u = model().resids.to_numpy()
    n = len(u)
    log_det = np.linalg.slogdet(u.T @ u / n)[1]
    deviance = n * (log_det + 3 * (1 + np.log(2 * np.pi)))
    forms = {"total": deviance + penalty * 21, "lags": log_det + penalty * 18 / n}
    forms["rows"] = forms["total"] / n
    return forms[form]


def common_loglik(lags: int) -> float:
    """Likelihood of an order on the rows that eight lags leave."""
    x, y = layout(growth().iloc[8 - lags :], lags)
    u = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    return float(-0.5 * len(u) * (np.linalg.slogdet(u.T @ u / len(u))[1] + 3 * (1 + np.log(2 * np.pi))))


SELECTION = (
    f"{VAR}::test_selection_equals_fits_on_the_common_rows",
    f"{PROBLEM}::test_every_shorter_order_is_read_from_one_factor",
)
SELECT_ALL = {
    "statsmodels": "VAR(y).select_order(12)",
    "vars": "VARselect(y, 12)",
    "gretl": "var 12 --lagselect",
    "Stata": "varsoc, maxlag(12)",
    "EViews": "var.laglen(12)",
}
SELECT_MATCHES = {
    "statsmodels": ("us_macro_statsmodels/*/select_order", "canada_statsmodels/*/select_order"),
    "vars": ("us_macro_vars/*/varselect", "wgmacro_vars/*/varselect", "canada_vars/*/varselect"),
    "gretl": ("us_macro_gretl/*/lagselect", "wgmacro_gretl/*/lagselect"),
}

LAG_ROWS = [
    Feature(
        LAGS,
        "AIC, BIC and Hannan-Quinn of all orders",
        "select_lags(growth, max_lags=12)",
        lambda selection: selection.table.loc[3, "aic"],
        reference("us_macro_vars/var2_const/varselect/criteria/values/0/2"),
        SELECTION,
        SELECT_ALL,
        SELECT_MATCHES,
        remark="all orders on the rows of the longest, from one triangular factor",
    ),
    Feature(
        LAGS,
        "Final prediction error",
        "select_lags(growth, max_lags=12)",
        lambda selection: selection.table.loc[3, "fpe"],
        reference("us_macro_vars/var2_const/varselect/criteria/values/3/2"),
        (*SELECTION, f"{RESULT}::test_criteria"),
        {name: SELECT_ALL[name] for name in ("statsmodels", "vars", "Stata", "EViews")},
        {name: SELECT_MATCHES[name] for name in ("statsmodels", "vars")},
    ),
    Feature(
        LAGS,
        "Order 0 in the comparison",
        "select_lags(growth, max_lags=12, min_lags=0)",
        lambda selection: selection.table.loc[0, "aic"],
        reference("us_macro_statsmodels/var2_c/select_order/ics/aic/0"),
        (f"{VAR}::test_order_zero_on_request",),
        {name: SELECT_ALL[name] for name in ("statsmodels", "Stata", "EViews")},
        {"statsmodels": ("us_macro_statsmodels/*/select_order",)},
    ),
    Feature(
        LAGS,
        "Likelihood-ratio test of each order",
        "select_lags(growth, max_lags=8)",
        lambda selection: selection.table.loc[3, "lr"],
        lambda: 2.0 * (common_loglik(3) - common_loglik(2)),
        (f"{CHOICE}::test_sequential_likelihood_ratios",),
        {"gretl": "p(LR) of --lagselect", "Stata": "LR of varsoc", "EViews": "LR of laglen"},
        {"gretl": ("us_macro_gretl/*/lagselect", "wgmacro_gretl/*/lagselect")},
    ),
    Feature(
        LAGS,
        "Likelihood ratio less the coefficients",
        'select_lags(growth, max_lags=8, convention="eviews")',
        lambda selection: selection.table.loc[3, "lr"],
        lambda: 2.0 * (common_loglik(3) - common_loglik(2)) * (1 - 10 / 194),
        (f"{CHOICE}::test_the_ratio_corrected_for_coefficients",),
        {"EViews": "LR of laglen"},
        remark="Sims's (1980) multiplier, n - m",
    ),
    Feature(
        LAGS,
        "Fit with the order chosen",
        'fit_var(growth, lags="aic", max_lags=12)',
        lambda result: result.lags,
        reference("us_macro_vars/var2_const/varselect/selection/AIC(n)"),
        (f"{VAR}::test_a_criterion_selects_on_a_common_sample_and_fits_on_all_rows",),
        {"statsmodels": 'fit(12, ic="aic")', "vars": 'VAR(lag.max = 12, ic = "AIC")'},
        {"vars": ("us_macro_vars/*/varselect/selection",)},
        remark='chosen on the common sample, then fitted on every row; also "bic", "hqic", "fpe", "lr"',
    ),
    Feature(
        LAGS,
        "Lag-exclusion tests by equation and jointly",
        'fit_var(growth, lags=2, convention="eviews").lag_exclusion_tests()',
        lambda frame: frame.loc[2, ("dl_realgdp", "statistic")],
        lambda: wald([0], [4, 5, 6]),
        (f"{CHOICE}::test_lag_exclusion_table",),
        {"Stata": "varwle", "EViews": "testlags", "gretl": "F of the longest lag"},
        remark="F by default, chi-squared under the stata and eviews presets",
    ),
    Feature(
        LAGS,
        "Joint significance of an equation, of any set of lags",
        'fit_var(growth, lags=2, convention="eviews").exclusion_test(equations="dl_realgdp")',
        lambda test: test.statistic,
        lambda: wald([0], [1, 2, 3, 4, 5, 6]),
        (f"{RESULT}::test_exclusions_of_lags", f"{PROBLEM}::test_wald_of_exclusions_is_the_quadratic_form"),
        {"Stata": "header of var; test", "vars": "F of summary()", "EViews": "wald, by equation"},
        {"Stata": (f"{STATA}/equations/*/chi2(6)",)},
    ),
    Feature(
        LAGS,
        "AIC, ln det and penalty",
        'fit_var(growth, lags=2, convention="statsmodels")',
        lambda result: result.aic,
        reference("us_macro_statsmodels/var2_c/aic"),
        (f"{RESULT}::test_criteria",),
        {"statsmodels": "aic", "vars": "VARselect()"},
        {"statsmodels": ("us_macro_statsmodels/*/aic", "us_macro_statsmodels/*/bic", "us_macro_statsmodels/*/hqic")},
        remark="each program prints another form; [the guide to VARs](../guide/var.md) has the formulas",
    ),
    Feature(
        LAGS,
        "AIC, -2 log likelihood and penalty",
        'fit_var(growth, lags=2, convention="vars")',
        lambda result: result.aic,
        lambda: criteria_ours("total"),
        (f"{RESULT}::test_criteria",),
        {"vars": "AIC()", "Stata": "estat ic"},
        {"vars": ("us_macro_vars/*/AIC", "us_macro_vars/*/BIC"), "Stata": (f"{LUTKEPOHL}/lutkepohl_var1/estat_aic",)},
    ),
    Feature(
        LAGS,
        "AIC per observation",
        'fit_var(growth, lags=2, convention="gretl")',
        lambda result: result.aic,
        lambda: criteria_ours("rows"),
        (f"{RESULT}::test_criteria",),
        {"gretl": "AIC of var", "Stata": "AIC of var", "EViews": "Akaike of var"},
        {"gretl": ("us_macro_gretl/*/aic", "us_macro_gretl/*/hqc"), "Stata": (f"{STATA}/stats/aic",)},
    ),
    Feature(
        LAGS,
        "AIC without deterministic terms (lutstats)",
        'fit_var(growth, lags=2, convention=VarConvention("lutstats", criteria="lags-only"))',
        lambda result: result.aic,
        lambda: criteria_ours("lags"),
        (f"{RESULT}::test_criteria",),
        {"Stata": "lutstats"},
        {"Stata": (f"{LUTKEPOHL}/lutkepohl_var1_lustats/aic",)},
    ),
]

ROWS = [*SPECIFICATION_ROWS, *LAG_ROWS]

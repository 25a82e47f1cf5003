"""Rows of tests: of a fitted system, of unit roots and cointegration."""

from __future__ import annotations

import numpy as np
from features.feature import Feature, reference
from features.var_names import TESTS, UNIT_ROOTS, layout, model, pvalue, statistic, wald
from reference_data import table
from streams import stream

RESIDUALS = "tests/systems/diagnostics/test_residuals.py"
RESULT = "tests/systems/var/test_var_result.py"
CORRELOGRAM = "tests/systems/diagnostics/test_correlogram.py"
WHITE = "tests/systems/diagnostics/test_white.py"
CONSTANCY = "tests/systems/diagnostics/test_constancy.py"
WINDOWS = "tests/systems/diagnostics/test_moving_estimates.py"
ROOTS = "tests/nonstationary/unit_roots/test_unit_roots.py"
VARS = "us_macro_vars/var2_const"
PROCESS = "tests/systems/var/test_process.py"
STATSMODELS = "us_macro_statsmodels/var2_c"
GRETL = "us_macro_gretl/var2_const"
FILES = ("us_macro", "wgmacro", "canada")


def in_files(program: str, path: str, *files: str) -> tuple[str, ...]:
    return tuple(f"{file}_{program}/*/{path}" for file in files or FILES)


def robust_pair() -> float:
    """Consumption in the equation of output, with White's matrix of all coefficients written out."""
    x, y = layout(table("us_macro")[list(model().names)], 2)
    u = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    inverse = np.linalg.inv(x.T @ x)
    scores = np.hstack([x * u[:, [k]] for k in range(3)])
    wide = np.kron(np.eye(3), inverse)
    return wald([0], [2, 5], wide @ (scores.T @ scores) @ wide)


def wild_causality() -> float:
    """Residuals of the equation of output without consumption, with random signs, refitted 199 times."""
    x, y = layout(table("us_macro")[list(model().names)], 2)
    y = y[:, 0]

    def statistic_of(left: np.ndarray) -> float:
        b = np.linalg.lstsq(x, left, rcond=None)[0]
        u = left - x @ b
        cov = np.linalg.inv(x.T @ x)[np.ix_([2, 5], [2, 5])] * (u @ u / 193)
        return float(b[[2, 5]] @ np.linalg.solve(cov, b[[2, 5]]))

    few = x[:, [0, 1, 3, 4, 6]]
    fit = few @ np.linalg.lstsq(few, y, rcond=None)[0]
    signs = 2.0 * stream(1).integers(0, 2, (199, 200), dtype=np.uint32) - 1.0
    above = sum(statistic_of(fit + sign * (y - fit)) >= statistic_of(y) for sign in signs)
    return (1 + above) / 200


def block() -> float:
    """Consumption and investment do not help to predict output."""
    return wald([0], [2, 3, 5, 6])


def toda_yamamoto() -> float:
    """Two lags of unemployment in the equation of the bill rate of a VAR(3) in levels."""
    x, y = layout(table("us_macro")[["unemp", "infl", "tbilrate"]], 3)
    b = np.linalg.lstsq(x, y, rcond=None)[0]
    u = y - x @ b
    cov = np.linalg.inv(x.T @ x)[np.ix_([1, 4], [1, 4])] * (u[:, 2] @ u[:, 2] / (len(x) - 10))
    return float(b[[1, 4], 2] @ np.linalg.solve(cov, b[[1, 4], 2]))


def dickey_fuller() -> float:
    """t ratio of the lagged level in the regression with a constant and three changes."""
    y = table("denmark")["lrm"].to_numpy()
    change = np.diff(y)
    n = len(change) - 3
    x = np.column_stack([np.ones(n), y[3:-1], *(change[3 - j : len(change) - j] for j in (1, 2, 3))])
    b = np.linalg.lstsq(x, change[3:], rcond=None)[0]
    u = change[3:] - x @ b
    return float(b[1] / np.sqrt(np.linalg.inv(x.T @ x)[1, 1] * (u @ u) / (n - 5)))


def one_lag() -> float:
    """Log ratio of determinants with the residuals of three quarters before, times n - 7 - 3 - 1/2."""
    x, _ = layout(table("us_macro")[list(model().names)], 2)
    u = model().resids.to_numpy()
    wide = np.column_stack([x, np.vstack([np.zeros((3, 3)), u[:-3]])])
    left = u - wide @ np.linalg.lstsq(wide, u, rcond=None)[0]
    return float((len(u) - 10.5) * np.log(np.linalg.det(u.T @ u) / np.linalg.det(left.T @ left)))


def urzua_skewness() -> float:
    """Third moments over the square root of their variance in 200 normal rows."""
    from scipy.linalg import sqrtm

    u = model().resids.to_numpy()
    u = u / u.std(axis=0)
    third = ((u @ np.linalg.inv(sqrtm(u.T @ u / 200))) ** 3).mean(axis=0)
    return float(third @ third * 201 * 203 / (6 * 198))


def normality_of_long_run_shocks() -> float:
    """Jarque and Bera's of errors in the basis in which their long-run effects are triangular."""
    u = model().resids.to_numpy()
    effects = np.linalg.inv(np.eye(3) - model().coefficients.sum(axis=0))
    factor = np.linalg.cholesky(effects @ u.T @ u @ effects.T / 200)
    white = np.linalg.solve(factor, effects @ u.T)
    skewness, kurtosis = (white**3).mean(axis=1), (white**4).mean(axis=1) - 3.0
    return float(200 * (skewness @ skewness / 6 + kurtosis @ kurtosis / 24))


def white_crossed() -> float:
    """Products of residuals on all 27 terms of second order, their covariances about mean and regression."""
    x, y = layout(table("us_macro")[list(model().names)], 2)
    u = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    z = 100.0 * x[:, 1:]
    wide = np.column_stack([x, *(z[:, i] * z[:, j] for i in range(6) for j in range(i, 6))])
    products = 1e4 * np.column_stack([u[:, i] * u[:, j] for i in range(3) for j in range(i, 3)])
    left = products - wide @ np.linalg.lstsq(wide, products, rcond=None)[0]
    gap = products - products.mean(axis=0)
    return float(len(u) * (6 - np.trace(np.linalg.solve(gap.T @ gap, left.T @ left))))


def bridge_boundary() -> float:
    """What a Brownian bridge leaves with a probability of 5%: Kolmogorov's limit."""
    from scipy.special import kolmogi

    return float(kolmogi(0.05))


def lagged_correlation() -> float:
    """Residuals of output and those of consumption two quarters before."""
    u = model().resids.to_numpy()
    return float(u[2:, 0] @ u[:-2, 1] / np.sqrt((u[:, 0] @ u[:, 0]) * (u[:, 1] @ u[:, 1])))


def cusum() -> float:
    u = model().resids.to_numpy()[:, 0]
    return float(np.abs(u.cumsum()).max() / np.sqrt(u @ u / 193 * 200))


def recursive_errors() -> np.ndarray:
    """Standardised errors of predicting output's growth from regressions on the quarters before."""
    x, y = layout(table("us_macro")[list(model().names)], 2)
    out = []
    for t in range(7, len(x)):
        b = np.linalg.lstsq(x[:t], y[:t, 0], rcond=None)[0]
        out.append((y[t, 0] - x[t] @ b) / np.sqrt(1 + x[t] @ np.linalg.inv(x[:t].T @ x[:t]) @ x[t]))
    return np.array(out)


def recursive_cusum() -> float:
    w = recursive_errors()
    return float(w.sum() / np.sqrt(w @ w))


def cusum_of_squares() -> float:
    w = recursive_errors()
    share = np.cumsum(w**2) / (w @ w) - np.arange(1, 194) / 193
    return float(np.abs(share).max() * np.sqrt(193 / 2))


TEST_ROWS = [
    Feature(
        TESTS,
        "Linear restrictions on any coefficients",
        'model.wald_test(["[dl_realgdp]L1.dl_realcons", "[dl_realgdp]L2.dl_realcons"])',
        statistic,
        reference(f"{STATSMODELS}/causality_pairwise/dl_realcons->dl_realgdp/f/statistic"),
        (
            f"{PROCESS}::test_restrictions_across_equations",
            f"{PROCESS}::test_a_wald_test_of_lags_is_the_exclusion_test",
        ),
        {"gretl": "restrict", "Stata": "test, testparm", "EViews": "Wald, of its system"},
        remark="under the errors of with_cov; lincom estimates a combination",
    ),
    Feature(
        TESTS,
        "Granger causality, F",
        'model.granger_causality("dl_realgdp", "dl_realcons")',
        statistic,
        reference(f"{STATSMODELS}/causality_pairwise/dl_realcons->dl_realgdp/f/statistic"),
        (f"{RESULT}::test_granger_by_restricted_regressions",),
        {
            "statsmodels": "test_causality()",
            "vars": "causality()$Granger",
            "gretl": "F-tests of var",
            "Stata": "vargranger after var, small",
        },
        {
            "statsmodels": in_files("statsmodels", "causality_pairwise/*/f/statistic", "us_macro", "wgmacro"),
            "vars": in_files("vars", "causality/*/granger/statistic"),
        },
        remark="denominator K(n - m) by default and in statsmodels and vars; n - m in gretl and Stata",
    ),
    Feature(
        TESTS,
        "Granger causality, chi-squared",
        'fit_var(growth, lags=2, convention="eviews").granger_causality("dl_realgdp", "dl_realcons")',
        statistic,
        reference(f"{STATSMODELS}/causality_pairwise/dl_realcons->dl_realgdp/wald/statistic"),
        (f"{RESULT}::test_granger_by_restricted_regressions",),
        {"statsmodels": 'kind="wald"', "Stata": "vargranger", "EViews": "testexog"},
        {"statsmodels": in_files("statsmodels", "causality_pairwise/*/wald/statistic", "us_macro", "wgmacro")},
    ),
    Feature(
        TESTS,
        "Granger causality of blocks",
        'fit_var(growth, lags=2, convention="eviews").granger_causality("dl_realgdp", ["dl_realcons", "dl_realinv"])',
        statistic,
        block,
        (f"{RESULT}::test_granger_by_restricted_regressions",),
        {"statsmodels": "lists of names", "vars": "cause = c()", "Stata": "vargranger, ALL", "EViews": "testexog, All"},
        {
            "statsmodels": in_files("statsmodels", "causality_one_causes_rest/*/*/statistic", "us_macro"),
            "vars": in_files("vars", "causality/*/granger/statistic"),
        },
    ),
    Feature(
        TESTS,
        "Granger causality, heteroskedasticity-robust",
        'fit_var(growth, lags=2, convention="eviews").with_cov("HC0").granger_causality("dl_realgdp", "dl_realcons")',
        statistic,
        robust_pair,
        (f"{RESIDUALS}::test_robust_errors_equation_by_equation",),
        {"vars": "causality(vcov. = vcovHC())", "gretl": "var --robust"},
        {"vars": in_files("vars", "causality_granger_vcovHC_HC3")},
    ),
    Feature(
        TESTS,
        "Granger causality, wild bootstrap",
        'granger_bootstrap_test(model, "dl_realgdp", "dl_realcons", draws=199, seed=1)',
        pvalue,
        wild_causality,
        ("tests/systems/diagnostics/test_granger_bootstrap.py::test_every_draw_is_a_fit_of_a_data_set",),
        {"vars": "causality(boot = TRUE)"},
    ),
    Feature(
        TESTS,
        "Granger causality of all pairs",
        "granger_table(model)",
        lambda frame: frame.loc[("dl_realgdp", "dl_realcons"), "pvalue"],
        reference(f"{STATSMODELS}/causality_pairwise/dl_realcons->dl_realgdp/f/pvalue"),
        ("tests/systems/diagnostics/test_causality.py::test_the_table_holds_the_single_tests",),
        {"Stata": "vargranger", "gretl": "output of var", "EViews": "testexog"},
    ),
    Feature(
        TESTS,
        "Granger causality in levels (Toda and Yamamoto)",
        'toda_yamamoto_test(rates, "tbilrate", "unemp", lags=2)',
        statistic,
        toda_yamamoto,
        (f"{RESIDUALS}::test_toda_yamamoto_leaves_the_last_lags_alone",),
        {"vars": "by hand, restrictions on VAR()", "Stata": "test after var", "EViews": "lag as exogenous"},
    ),
    Feature(
        TESTS,
        "Instantaneous causality",
        'instantaneous_causality_test(model, "dl_realgdp")',
        statistic,
        reference(f"{VARS}/causality/dl_realgdp/instant/statistic/values/0/0"),
        (f"{RESIDUALS}::test_instantaneous_causality_with_the_duplication_matrix",),
        {"statsmodels": "test_inst_causality()", "vars": "causality()$Instant"},
        {
            "statsmodels": in_files("statsmodels", "inst_causality/*/statistic"),
            "vars": in_files("vars", "causality/*/instant"),
        },
    ),
    Feature(
        TESTS,
        "Portmanteau, plain",
        'portmanteau_test(model, lags=10, statistic="plain")',
        statistic,
        reference(f"{VARS}/serial/PT.asymptotic_lags10/statistic/Chi-squared"),
        (f"{RESIDUALS}::test_portmanteau_is_a_sum_of_traces",),
        {"statsmodels": "test_whiteness()", "vars": "PT.asymptotic", "EViews": "qstats, Q"},
        {
            "statsmodels": ("us_macro_statsmodels/*/whiteness_nlags10_adjustedFalse/statistic",),
            "vars": in_files("vars", "serial/PT.asymptotic_lags10"),
        },
    ),
    Feature(
        TESTS,
        "Portmanteau, adjusted",
        "portmanteau_test(model, lags=10)",
        statistic,
        reference(f"{VARS}/serial/PT.adjusted_lags10/statistic/Chi-squared"),
        (f"{RESIDUALS}::test_portmanteau_is_a_sum_of_traces",),
        {"statsmodels": "test_whiteness(adjusted=True)", "vars": "PT.adjusted", "EViews": "qstats, adjusted Q"},
        {
            "statsmodels": ("us_macro_statsmodels/*/whiteness_nlags10_adjustedTrue/statistic",),
            "vars": in_files("vars", "serial/PT.adjusted_lags10"),
        },
    ),
    Feature(
        TESTS,
        "Portmanteau, Ljung and Box's weights",
        'portmanteau_test(model, lags=48, statistic="ljung-box")',
        statistic,
        reference(f"{GRETL}/system/Ljung_Box"),
        (f"{RESIDUALS}::test_portmanteau_is_a_sum_of_traces",),
        {"gretl": "output of var"},
        {"gretl": in_files("gretl", "system/Ljung_Box", "us_macro", "canada")},
    ),
    Feature(
        TESTS,
        "Breusch-Godfrey LM",
        "serial_lm_test(model, lags=5)",
        statistic,
        reference(f"{VARS}/serial/BG_lags5/statistic/Chi-squared"),
        (f"{RESIDUALS}::test_serial_lm_is_an_auxiliary_regression",),
        {"vars": "serial.test(BG)"},
        {"vars": in_files("vars", "serial/BG_lags5")},
    ),
    Feature(
        TESTS,
        "Breusch-Godfrey of one lag alone, corrected LR",
        'serial_lm_test(model, lags=3, statistic="lr", alone=True)',
        statistic,
        one_lag,
        (f"{RESIDUALS}::test_one_lag_alone_is_a_wider_regression",),
        {"Stata": "varlmar", "EViews": "arlm, at lag h"},
        {"Stata": ("published_stata_var_wgmacro/manual_varlmar",)},
    ),
    Feature(
        TESTS,
        "Table of lags, each alone and all together",
        'serial_lm_table(model, lags=5, statistic="f")',
        lambda frame: frame.loc[5, ("together", "statistic")],
        reference(f"{VARS}/serial/ES_lags5/statistic/F statistic"),
        (f"{RESIDUALS}::test_the_table_holds_single_tests",),
        {"Stata": "varlmar, alone", "EViews": "arlm"},
    ),
    Feature(
        TESTS,
        "Breusch-Godfrey, Rao's F",
        'serial_lm_test(model, lags=5, statistic="f")',
        statistic,
        reference(f"{VARS}/serial/ES_lags5/statistic/F statistic"),
        (f"{RESIDUALS}::test_rao_is_exact_for_one_equation",),
        {"vars": "serial.test(ES)", "gretl": "modtest --autocorr", "EViews": "arlm, Rao F"},
        {"vars": in_files("vars", "serial/ES_lags5"), "gretl": in_files("gretl", "modtest/autocorr5_stat", "us_macro")},
    ),
    Feature(
        TESTS,
        "Normality: Jarque and Bera, Cholesky",
        "normality_test(model)",
        statistic,
        reference(f"{VARS}/normality/multivariate/JB/statistic/values/0/0"),
        (f"{RESIDUALS}::test_normality_of_one_series_is_jarque_and_bera",),
        {"statsmodels": "test_normality()", "vars": "normality.test()", "Stata": "varnorm", "EViews": "jbera"},
        {
            "statsmodels": in_files("statsmodels", "normality/statistic"),
            "vars": in_files("vars", "normality/multivariate"),
        },
    ),
    Feature(
        TESTS,
        "Normality: Doornik and Hansen",
        'normality_test(model, statistic="doornik-hansen")',
        statistic,
        reference(f"{GRETL}/modtest/normality_DH_stat/0"),
        (
            f"{RESIDUALS}::test_doornik_hansen_does_not_depend_on_the_order",
            f"{RESIDUALS}::test_normal_data_have_normal_scores",
        ),
        {"gretl": "modtest --normality", "Stata": "mvtest normality", "EViews": "jbera(factor=cor)"},
        {"gretl": in_files("gretl", "modtest/normality_DH_stat", "us_macro", "wgmacro")},
    ),
    Feature(
        TESTS,
        "Normality: Urzua, all cross moments",
        'normality_test(model, statistic="urzua").skewness',
        statistic,
        urzua_skewness,
        ("tests/systems/diagnostics/test_normality.py::test_every_moment_has_the_mean_and_variance_stated",),
        {"EViews": "jbera(factor=cov)"},
    ),
    Feature(
        TESTS,
        "Normality of structural shocks",
        "normality_test(model, identification=LongRun())",
        statistic,
        normality_of_long_run_shocks,
        (f"{RESIDUALS}::test_normality_of_the_shocks_of_a_scheme",),
        {"Stata": "varnorm after svar", "EViews": "jbera(factor=svar)"},
    ),
    Feature(
        TESTS,
        "ARCH of the system",
        "arch_test(model, lags=2)",
        statistic,
        reference(f"{VARS}/arch/lags2/multivariate/statistic/Chi-squared"),
        (f"{RESIDUALS}::test_arch_of_one_equation_is_engles_regression",),
        {"vars": "arch.test()", "gretl": "modtest --arch"},
        {"vars": in_files("vars", "arch/*/multivariate"), "gretl": in_files("gretl", "modtest/arch2_stat", "us_macro")},
        remark="gretl keeps the first rows, with zeros for their lags: convention='gretl'",
    ),
    Feature(
        TESTS,
        "ARCH by equation",
        'arch_test(model, lags=2, equation="dl_realgdp")',
        statistic,
        reference(f"{VARS}/arch/lags2/univariate/dl_realgdp/statistic/Chi-squared"),
        (f"{RESIDUALS}::test_arch_of_one_equation_is_engles_regression",),
        {"vars": "arch.test(multivariate.only = FALSE)", "statsmodels": "het_arch(resid)", "Stata": "estat archlm"},
        {"vars": in_files("vars", "arch/*/univariate")},
    ),
    Feature(
        TESTS,
        "White's test of the system and of each product",
        "white_test(model)",
        statistic,
        reference("white_het_test/us_macro/var2_const/statistic"),
        (f"{WHITE}::test_white_is_an_auxiliary_regression",),
        {"vars": "het.test† whites.htest()", "Stata": "varlmhet†", "EViews": "white"},
        {"vars": ("white_het_test/us_macro", "white_het_test/wgmacro", "white_het_test/canada")},
    ),
    Feature(
        TESTS,
        "Its cross terms",
        "white_test(model, cross_terms=True)",
        statistic,
        white_crossed,
        (f"{WHITE}::test_white_is_an_auxiliary_regression",),
        {"Stata": "varlmhet†", "EViews": "white(c)"},
    ),
    Feature(
        TESTS,
        "Constancy: OLS-CUSUM",
        'cusum_test(model).tests["dl_realgdp"]',
        statistic,
        cusum,
        (f"{RESIDUALS}::test_cusum_sees_a_break",),
        {
            "vars": 'stability(type = "OLS-CUSUM")',
            "statsmodels": "breaks_cusumolsresid()",
            "Stata": "estat sbcusum, ols",
        },
        {"vars": ("varied_vars/*/cusum",)},
    ),
    Feature(
        TESTS,
        "Constancy: recursive CUSUM",
        'cusum_test(model, statistic="recursive").paths["dl_realgdp"]',
        lambda path: path.iloc[-1],
        recursive_cusum,
        (f"{CONSTANCY}::test_recursive_residuals_are_errors_of_regressions_before",),
        {
            "vars": 'stability(type = "Rec-CUSUM")',
            "statsmodels": "recursive_olsresiduals()",
            "gretl": "modtest --cusum, by equation",
            "Stata": "estat sbcusum",
            "EViews": "rls of an equation",
        },
        {"vars": ("fluctuation_strucchange/*/*/Rec-CUSUM/*/statistic",)},
    ),
    Feature(
        TESTS,
        "Constancy: CUSUM of squares",
        'cusum_test(model, statistic="squares").tests["dl_realgdp"]',
        statistic,
        cusum_of_squares,
        (f"{CONSTANCY}::test_recursive_residuals_are_errors_of_regressions_before",),
        {"EViews": "rls of an equation"},
    ),
    Feature(
        TESTS,
        "Constancy: moving sums (MOSUM)",
        'mosum_test(model, window=0.15).tests["dl_realgdp"]',
        statistic,
        reference("fluctuation_strucchange/us_macro/var2_const/OLS-MOSUM_0.15/dl_realgdp/statistic"),
        (f"{CONSTANCY}::test_moving_sums_of_residuals",),
        {"vars": 'stability(type = "OLS-MOSUM"), "Rec-MOSUM"'},
        {"vars": ("fluctuation_strucchange/*/*/*-MOSUM_*/*/statistic",)},
    ),
    Feature(
        TESTS,
        "Constancy: estimates of windows",
        'fluctuation_test(fit_rolling_var(growth, window=100, lags=2)).tests["dl_realgdp"]',
        statistic,
        reference("fluctuation_estimates_strucchange/us_macro/var2_const/ME_100/dl_realgdp/statistic"),
        (f"{WINDOWS}::test_the_process_is_its_definition", f"{WINDOWS}::test_a_break_is_seen_where_it_is"),
        {"vars": 'stability(type = "ME"), "RE"'},
        {"vars": ("fluctuation_estimates_strucchange/*/*/*/*/statistic",)},
        remark="windows that move or a sample that expands; `plot()` draws every coefficient over time",
    ),
    Feature(
        TESTS,
        "Constancy: plot of processes and boundaries",
        'plot_constancy(cusum_test(model), of="dl_realgdp")',
        lambda figure: figure.axes[0].lines[1].get_ydata()[0],
        bridge_boundary,
        ("tests/reporting/plots_of_systems/test_var_plots.py::test_processes_lie_between_their_boundaries",),
        {
            "vars": "plot(stability())",
            "statsmodels": "RecursiveLS(): plot_cusum()",
            "gretl": "modtest --cusum, by equation",
            "Stata": "estat sbcusum",
            "EViews": "rls of an equation",
        },
    ),
    Feature(
        TESTS,
        "Residual correlogram, with limits of residuals",
        'residual_correlogram(model, lags=4).to_frame().loc[("dl_realgdp", "dl_realcons", 2), "correlation"]',
        float,
        lagged_correlation,
        (f"{CORRELOGRAM}::test_standard_errors_are_what_the_regressors_leave",),
        {
            "statsmodels": "plot_acorr(), limits of errors",
            "vars": "plot(serial.test()), limits of errors",
            "EViews": "correl, limits of errors",
        },
    ),
]


def urca(path: str) -> dict:
    return {"vars": (f"denmark_unit_roots_urca/*/{path}", f"canada_unit_roots_urca/*/{path}")}


def of_statsmodels(path: str) -> dict:
    return {"statsmodels": (f"denmark_unit_roots_statsmodels/*/{path}", f"canada_unit_roots_statsmodels/*/{path}")}


UNIT_ROOT_ROWS = [
    Feature(
        UNIT_ROOTS,
        "Augmented Dickey-Fuller",
        "adf_test(money, lags=3)",
        statistic,
        dickey_fuller,
        (f"{ROOTS}::test_adf_is_the_regression_written_out",),
        {
            "statsmodels": "adfuller()",
            "vars": "urca† ur.df(), tseries† adf.test()",
            "gretl": "adf",
            "Stata": "dfuller",
            "EViews": "uroot",
        },
        {**of_statsmodels("adf_*_3"), **urca("df_*_Fixed")},
    ),
    Feature(
        UNIT_ROOTS,
        "Its lags chosen by AIC, BIC or t",
        'adf_test(money, lags="aic")',
        statistic,
        reference("denmark_unit_roots_statsmodels/lrm/adf_c_AIC/statistic"),
        (f"{ROOTS}::test_one_triangle_compares_lags_as_separate_fits_do",),
        {
            "statsmodels": 'autolag="AIC"',
            "vars": 'urca† selectlags = "AIC"',
            "gretl": "adf --test-down",
            "EViews": "uroot(info=)",
        },
        {**of_statsmodels("adf_*_AIC"), **urca("df_*_AIC")},
    ),
    Feature(
        UNIT_ROOTS,
        "MacKinnon's p-values and critical values",
        'adf_test(money, lags="aic")',
        pvalue,
        reference("denmark_unit_roots_statsmodels/lrm/adf_c_AIC/pvalue"),
        (f"{ROOTS}::test_pvalues_at_the_critical_values",),
        {"statsmodels": "adfuller()", "vars": "tables", "gretl": "adf", "Stata": "dfuller", "EViews": "uroot"},
        of_statsmodels("adf_*_AIC/pvalue"),
        tolerance=1e-7,
    ),
    Feature(
        UNIT_ROOTS,
        "DF-GLS",
        'dfgls_test(money, lags=3, trend="ct")',
        statistic,
        reference("denmark_unit_roots_arch/lrm/dfgls_ct/statistic"),
        (f"{ROOTS}::test_size_under_a_random_walk",),
        {
            "statsmodels": "arch† DFGLS",
            "vars": "urca† ur.ers()",
            "gretl": "adf --gls",
            "Stata": "dfgls",
            "EViews": "uroot(dfgls)",
        },
        {"statsmodels": ("denmark_unit_roots_arch/*/dfgls_ct/statistic",), **urca("ers_trend")},
    ),
    Feature(
        UNIT_ROOTS,
        "Phillips-Perron",
        'phillips_perron_test(money, bandwidth=5, trend="ct")',
        statistic,
        reference("denmark_unit_roots_arch/lrm/pp_ct_tau/statistic"),
        (f"{ROOTS}::test_kpss_and_phillips_perron_written_out",),
        {
            "statsmodels": "arch† PhillipsPerron",
            "vars": "urca† ur.pp(), tseries† pp.test()",
            "Stata": "pperron",
            "EViews": "uroot(pp)",
        },
        {"statsmodels": ("denmark_unit_roots_arch/*/pp_ct_tau",), **urca("pp_*")},
        remark="urca and tseries use closed forms of the trend's moments: convention=",
    ),
    Feature(
        UNIT_ROOTS,
        "KPSS",
        'kpss_test(money, trend="ct")',
        statistic,
        reference("denmark_unit_roots_statsmodels/lrm/kpss_ct_auto/statistic"),
        (f"{ROOTS}::test_kpss_and_phillips_perron_written_out", f"{ROOTS}::test_long_run_variance_as_a_double_sum"),
        {
            "statsmodels": "kpss()",
            "vars": "urca† ur.kpss(), tseries† kpss.test()",
            "gretl": "kpss",
            "Stata": "kpss†",
            "EViews": "uroot(kpss)",
        },
        {**of_statsmodels("kpss_ct_auto"), **urca("kpss_tau_short")},
    ),
    Feature(
        UNIT_ROOTS,
        "All tests of all columns, in one table",
        'unit_root_table(denmark, trend="ct")',
        lambda frame: frame.loc[("lry", "kpss"), "statistic"],
        reference("denmark_unit_roots_statsmodels/lry/kpss_ct_auto/statistic"),
        (f"{ROOTS}::test_a_table_of_series_and_of_entities",),
        {"EViews": "group unit-root test, one test"},
        remark="also of differences, and of the entities of a panel",
    ),
    Feature(
        UNIT_ROOTS,
        "Engle and Granger's cointegration test",
        'engle_granger_test(denmark, trend="c")',
        statistic,
        reference("denmark_unit_roots_statsmodels/coint/c/statistic"),
        (f"{ROOTS}::test_engle_granger_by_hand_and_its_choice_of_left_side",),
        {"statsmodels": "coint()", "gretl": "coint", "Stata": "egranger†", "EViews": "coint of a group"},
        {"statsmodels": ("denmark_unit_roots_statsmodels/coint/c/statistic",)},
    ),
]

ROWS = [*TEST_ROWS, *UNIT_ROOT_ROWS]

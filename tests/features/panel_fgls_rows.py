"""Rows of feasible generalised least squares: variances and correlations across entities, autocorrelation within."""

from __future__ import annotations

import numpy as np
from features.feature import Feature, reference
from features.panel_names import OTHER, error, grunfeld, params
from reference_data import table

import panelvar as pv

CHECKS = "tests/panels/gls/test_fgls.py"
DENSE = f"{CHECKS}::test_every_structure_is_dense_gls"
RHO = f"{CHECKS}::test_each_estimator_of_rho_is_its_loop"


def correlated() -> float:
    """The slope of value by dense GLS with the firms' covariance from pooled residuals."""
    frame = table("grunfeld")
    x = np.column_stack([np.ones(200), frame[["value", "capital"]]])
    y = frame["inv"].to_numpy()
    e = (y - x @ np.linalg.lstsq(x, y, rcond=None)[0]).reshape(10, 20)
    omega = np.kron(e @ e.T / 20, np.eye(20))
    weighted = np.linalg.solve(omega, x)
    return float(np.linalg.solve(x.T @ weighted, weighted.T @ y)[1])


def random_slope() -> float:
    """The slope of value by dense GLS with the effect's and the autoregression's variances of the result."""
    result = pv.fit_random_effects_ar1(*grunfeld())
    frame, rho = table("grunfeld"), result.rho.iloc[0]
    parts = result.variance_components
    lags = np.abs(np.subtract.outer(np.arange(20), np.arange(20)))
    block = parts.idiosyncratic / (1 - rho**2) * rho**lags + parts.effect
    x = np.column_stack([np.ones(200), frame[["value", "capital"]]])
    weighted = np.linalg.solve(np.kron(np.eye(10), block), x)
    return float(np.linalg.solve(x.T @ weighted, weighted.T @ frame["inv"].to_numpy())[1])


ROWS = [
    Feature(
        OTHER,
        "FGLS, variances by entity",
        'fit_fgls(*grunfeld, panels="heteroskedastic")',
        params("value"),
        reference("grunfeld_gretl_wls/unit_weights/coef/value"),
        (DENSE,),
        {"Stata": "xtgls, panels(hetero)", "EViews": "Cross-section weights", "gretl": "panel --unit-weights"},
        {"Stata": ("published_stata_fgls/xtgls_hetero",), "gretl": ("grunfeld_gretl_wls",)},
    ),
    Feature(
        OTHER,
        "FGLS, variances by entity, iterated to maximum likelihood",
        'fit_fgls(*grunfeld, panels="heteroskedastic", iterate=True)',
        params("value"),
        reference("grunfeld_nlme_gls/full_variances/coef/value"),
        (f"{CHECKS}::test_iterations_are_dense_gls_repeated",),
        {
            "plm": "nlme† gls(weights = varIdent())",
            "Stata": "xtgls, igls",
            "EViews": "Cross-section weights, iterated",
            "gretl": "--unit-weights --iterate",
        },
        {"plm": ("grunfeld_nlme_gls/*_variances",), "Stata": ("published_stata_fgls/xtgls_correlated_igls",)},
        tolerance=1e-4,
    ),
    Feature(
        OTHER,
        "FGLS, correlated entities (SUR)",
        'fit_fgls(*grunfeld, panels="correlated")',
        params("value"),
        correlated,
        (DENSE, f"{CHECKS}::test_casewise_covariances_come_from_complete_periods"),
        {"plm": "panelAR†", "Stata": "xtgls, panels(correlated)", "EViews": "Cross-section SUR"},
        {"plm": ("grunfeld_panelar/*_none_parks",), "Stata": ("published_stata_fgls/xtgls_correlated",)},
    ),
    Feature(
        OTHER,
        "AR(1) errors, common coefficient (Prais-Winsten)",
        'fit_fgls(*grunfeld, autocorrelation=AR1(rho="dw"))',
        params("value"),
        reference("grunfeld_panelar/full_ar1_none_t/coef/value"),
        (DENSE, RHO),
        {"plm": "panelAR†", "Stata": "xtgls, corr(ar1)"},
        {"plm": ("grunfeld_panelar/full_ar1_none_t",), "Stata": ("published_stata_fgls/xtgls_hetero_ar1",)},
    ),
    Feature(
        OTHER,
        "AR(1) errors, a coefficient an entity",
        'fit_fgls(*grunfeld, autocorrelation=AR1(by_entity=True, rho="tscorr"), cov="pcse")',
        params("value"),
        reference("grunfeld_panelar/full_psar1_pcse/coef/value"),
        (DENSE, RHO),
        {"plm": "panelAR†", "Stata": "xtgls, corr(psar1)"},
        {"plm": ("grunfeld_panelar/full_psar1_pcse",), "Stata": ("published_stata_fgls/xtgls_iid_psar1",)},
    ),
    Feature(
        OTHER,
        "Seven estimators of the coefficient",
        'fit_fgls(*grunfeld, autocorrelation=AR1(rho="nagar"), cov="pcse").rho',
        lambda rho: rho.iloc[0],
        reference("grunfeld_panelar/full_ar1_pcse_theil-nagar/rho"),
        (RHO,),
        {"plm": "panelAR†, rhotype", "Stata": "xtpcse, rhotype()"},
        {"plm": ("grunfeld_panelar/full_ar1_pcse_*/rho",)},
    ),
    Feature(
        OTHER,
        "Prais-Winsten with panel-corrected errors",
        'fit_fgls(*grunfeld, autocorrelation="ar1", cov="pcse")',
        error("value"),
        reference("grunfeld_panelar/full_ar1_pcse_breg/se/value"),
        (DENSE,),
        {"plm": "panelAR†", "Stata": "xtpcse, correlation(ar1)"},
        {
            "plm": ("grunfeld_panelar/full_ar1_pcse_*", "grunfeld_panelar/full_psar1_pcse_casewise"),
            "Stata": ("published_stata_fgls/xtpcse_ar1", "published_stata_fgls/xtpcse_psar1"),
        },
    ),
    Feature(
        OTHER,
        "AR(1) across gaps, exactly",
        'fit_fgls(*grunfeld, autocorrelation=AR1(rho=0.6, gaps="exact"), small_sample=True)',
        error("value"),
        reference("grunfeld_nlme_gls/full_ar1/se/value"),
        (f"{CHECKS}::test_exact_gaps_are_gls_with_the_stationary_covariance",),
        {"plm": "nlme† gls(correlation = corCAR1())"},
        {"plm": ("grunfeld_nlme_gls/*_ar1",)},
    ),
    Feature(
        OTHER,
        "AR(1) and correlated entities (Parks)",
        'fit_fgls(*four_firms, panels="correlated", autocorrelation=AR1(rho="tscorr"))',
        error("value"),
        reference("grunfeld_panelar/full_ar1_parks/se/value"),
        (DENSE,),
        {"plm": "panelAR†", "Stata": "xtgls, panels(correlated) corr(ar1)"},
        {"plm": ("grunfeld_panelar/full_ar1_parks", "grunfeld_panelar/full_psar1_parks")},
    ),
    Feature(
        OTHER,
        "General FGLS: any covariance within entities",
        'fit_general_fgls(*grunfeld, convention="plm")',
        params("value"),
        reference("grunfeld_extra/pggls_within/coef/value"),
        (
            f"{CHECKS}::test_general_fgls_is_a_loop_over_blocks",
            "tests/parity/test_plm_general_fgls.py::test_pggls_drops_the_periods_beyond_the_number_of_firms",
        ),
        {"plm": "pggls()", "EViews": "Period SUR"},
        {"plm": ("grunfeld_extra/pggls_*", "empluk_plm_pggls/balanced_*", "empluk_plm_pggls/unbalanced_pooling")},
        "fewer firms than periods: plm drops periods, other conventions refuse",
    ),
    Feature(
        OTHER,
        "Fixed effects with AR(1) errors",
        'fit_fixed_effects_ar1(*grunfeld, convention="stata")',
        params("value"),
        reference("published_stata_fgls/xtregar_fe/params/mvalue/b"),
        (f"{CHECKS}::test_fixed_effects_that_keep_first_rows_are_gls_with_dummies",),
        {"Stata": "xtregar, fe", "EViews": "fixed effects with AR(1)"},
        {"Stata": ("published_stata_fgls/xtregar_fe/stats", "published_stata_fgls/xtregar_fe/params/mvalue")},
        tolerance=1e-5,
    ),
    Feature(
        OTHER,
        "Random effects with AR(1) errors (Baltagi-Wu)",
        "fit_random_effects_ar1(*grunfeld)",
        params("value"),
        random_slope,
        (f"{CHECKS}::test_random_effects_are_gls_with_effect_and_autoregression",),
        {"Stata": "xtregar, re"},
        {"Stata": ("published_stata_fgls/xtregar_re",)},
    ),
]

"""Rows of classical, heteroskedasticity-consistent, serial and panel-corrected covariances."""

from __future__ import annotations

import numpy as np
from features.feature import Feature, reference
from features.panel_names import (
    COVARIANCE,
    dummy_regression,
    error,
)
from reference_data import table

PLAIN = "tests/estimates/covariance/test_covariances.py"
SERIAL = "tests/estimates/covariance/test_serial.py"
PLM_COV = "grunfeld_plm_cov"
EVIEWS_LS = "ls (not after panel effects)"


def leverage_error(power: float) -> float:
    """HC2 (power 1) or HC3 (power 2) with two-way effects, leverages of all dummies."""
    influence, residuals, leverages = dummy_regression("firm", "year")
    return float(np.sqrt(np.sum(influence**2 * residuals**2 / (1.0 - leverages) ** power)))


def bartlett(lags: int, by: str) -> float:
    """Driscoll-Kraay (one series of sums a period) or Newey-West (one a firm), pooled, without a factor."""
    frame = table("grunfeld")
    design = np.column_stack([np.ones(200), frame[["value", "capital"]]])
    inverse = np.linalg.pinv(design)
    frame["score"] = inverse[1] * (frame["inv"].to_numpy() - design @ (inverse @ frame["inv"].to_numpy()))
    wide = frame.pivot(index="year", columns="firm", values="score").to_numpy()
    series = wide.sum(axis=1, keepdims=True) if by == "time" else wide
    total = np.sum(series**2)
    for lag in range(1, lags + 1):
        total += 2.0 * (1.0 - lag / (lags + 1.0)) * np.sum(series[lag:] * series[:-lag])
    return float(np.sqrt(total))


def pairwise_gaps() -> float:
    """Pairwise Beck-Katz errors of lwage on the unbalanced panel, from the dense covariance of pairs of firms."""
    frame = table("empluk")
    design = np.column_stack([np.ones(len(frame)), frame[["lwage", "lcapital", "loutput"]]])
    inverse = np.linalg.pinv(design)
    frame["e"] = frame["lemp"].to_numpy() - design @ (inverse @ frame["lemp"].to_numpy())
    wide = frame.pivot(index="year", columns="firm", values="e")
    seen = wide.notna().to_numpy().astype(float)
    filled = wide.fillna(0.0).to_numpy()
    together = seen.T @ seen
    sigma = np.divide(filled.T @ filled, together, out=np.zeros_like(together), where=together > 0)
    codes = frame["firm"].to_numpy() - 1
    total = 0.0
    for year in np.unique(frame["year"]):
        rows = np.flatnonzero(frame["year"] == year)
        a = inverse[1, rows]
        total += a @ sigma[np.ix_(codes[rows], codes[rows])] @ a
    return float(np.sqrt(total))


HETEROSKEDASTIC = {
    "plm": 'vcovHC(method = "white1")',
    "Stata": "vce(robust)",
    "EViews": "White (diagonal)",
    "gretl": "ols --robust",
    "linearmodels": 'cov_type="robust"',
    "pyfixest": 'vcov="hetero"',
}
HC = {
    "HC0": {"plm": 'vcovHC(type = "HC0")', "EViews": EVIEWS_LS, "gretl": "set hc_version 0, not on panel data"},
    "HC1": {
        **HETEROSKEDASTIC,
        "plm": 'vcovHC(type = "HC1")',
        "gretl": "set hc_version 1, not on panel data",
        "pyfixest": 'vcov="HC1"',
    },
    "HC2": {
        "plm": 'vcovHC(type = "HC2")',
        "Stata": "vce(hc2)",
        "EViews": EVIEWS_LS,
        "gretl": "set hc_version 2, not on panel data",
        "pyfixest": 'vcov="HC2" (no effects)',
    },
    "HC3": {
        "plm": 'vcovHC(type = "HC3")',
        "Stata": "vce(hc3)",
        "EViews": EVIEWS_LS,
        "gretl": "set hc_version 3, not on panel data",
        "pyfixest": 'vcov="HC3" (no effects)',
    },
    "HC4": {"plm": 'vcovHC(type = "HC4")', "EViews": EVIEWS_LS},
    "HC4m": {"plm": 'sandwich† vcovHC(type = "HC4m")', "EViews": EVIEWS_LS},
    "HC5": {"plm": 'sandwich† vcovHC(type = "HC5")', "EViews": EVIEWS_LS},
}


def hc_row(kind: str) -> Feature:
    """Heteroskedasticity-consistent errors after pooled OLS."""
    matches = {"plm": (f"*_sandwich_lm/vcovHC/{kind}",)}
    if kind in ("HC0", "HC1", "HC2", "HC3", "HC4"):
        matches["plm"] = (*matches["plm"], f"*_plm_cov/pooling/vcovHC_white1/{kind}")
    if kind in ("HC0", "HC1", "HC2", "HC3"):
        matches["gretl"] = (f"*_gretl/pooled_{kind}/stderr",)
    if kind == "HC1":
        matches["linearmodels"] = ("*_linearmodels/pooled/robust_debiased*",)
        matches["pyfixest"] = ("*_pyfixest/pooled/hetero_HC1_ssc_default",)
        matches["Stata"] = ("published_stata_grunfeld_pooled/hc1_wls_small",)
    if kind in ("HC2", "HC3"):
        matches["pyfixest"] = (f"*_pyfixest/pooled/{kind}/se",)
    checked = f"{PLAIN}::test_heteroskedasticity_consistent"
    if kind in ("HC4", "HC4m", "HC5"):
        checked = f"{SERIAL}::test_leverage_adjusted_residuals"
    return Feature(
        COVARIANCE,
        f"{kind}, pooled",
        f'fit_pooled(*grunfeld, cov="{kind}")',
        error("value"),
        reference(f"grunfeld_sandwich_lm/vcovHC/{kind}/value"),
        (checked,),
        HC[kind],
        matches,
    )


CLASSICAL = [
    Feature(
        COVARIANCE,
        "Classical",
        'fit_fixed_effects(*grunfeld, cov="classical")',
        error("value"),
        reference("grunfeld_plm_fits/within_individual/se/value"),
        ("tests/panels/static/test_pooled.py::test_inference", "tests/panels/static/test_fixed.py::test_estimates"),
        {
            "plm": "vcov()",
            "Stata": "vce(conventional)",
            "EViews": "Ordinary",
            "gretl": "default",
            "linearmodels": 'cov_type="unadjusted"',
            "pyfixest": 'vcov="iid"',
        },
        {
            "plm": ("*_plm_fits/within_*/vcov", "*_plm_fits/pooling/vcov"),
            "Stata": ("published_stata_grunfeld_xtreg/xtreg_fe", "published_stata_grunfeld_pooled/regress_ols"),
            "gretl": ("*_gretl/fe/vcv", "*_gretl/pooled/vcv"),
            "linearmodels": ("*_linearmodels/fe_*/unadjusted_debiased*/cov",),
            "pyfixest": ("*_pyfixest/*/iid_ssc_*/se",),
        },
    ),
    *map(hc_row, HC),
    Feature(
        COVARIANCE,
        "HC0 and HC1 with absorbed effects",
        'fit_fixed_effects(*grunfeld, cov="HC1", convention="pyfixest")',
        error("value"),
        reference("grunfeld_pyfixest/fe_entity/hetero_HC1_ssc_default/se/value"),
        (
            "tests/panels/static/test_fixed.py::test_robust_covariances_with_the_full_leverage",
            f"{PLAIN}::test_hc1_counts_the_effects_unless_the_convention_does_not",
        ),
        {
            "plm": 'vcovHC(method = "white1")',
            "Stata": "areg, vce(robust)",
            "EViews": "White (diagonal)",
            "linearmodels": 'cov_type="robust"',
            "pyfixest": 'vcov="hetero"',
        },
        {
            "plm": tuple(f"*_plm_cov/within_*/vcovHC_white1/HC{i}" for i in (0, 1)),
            "linearmodels": ("*_linearmodels/fe_*/robust_debiased*",),
            "pyfixest": ("*_pyfixest/fe_*/hetero_HC1_ssc_*",),
        },
    ),
    Feature(
        COVARIANCE,
        "HC2 with absorbed effects, leverages of all dummies",
        'fit_fixed_effects(*grunfeld, effects="twoway", cov="HC2")',
        error("value"),
        lambda: leverage_error(1.0),
        (
            "tests/panels/static/test_fixed.py::test_robust_covariances_with_the_full_leverage",
            f"{PLAIN}::test_leverage_one_is_refused_with_advice",
        ),
        {"plm": "sandwich† vcovHC() of lm with dummies", "Stata": "areg, vce(hc2) (18)"},
        {"plm": ("grunfeld_plm_more/dummies_twoway_HC2",)},
        remark="plm and its copies take the leverage of demeaned regressors (convention: leverage)",
    ),
    Feature(
        COVARIANCE,
        "HC3 with absorbed effects, leverages of all dummies",
        'fit_fixed_effects(*grunfeld, effects="twoway", cov="HC3")',
        error("value"),
        lambda: leverage_error(2.0),
        ("tests/panels/static/test_slopes_and_many_effects.py::test_robust_covariances_with_the_full_leverage",),
        {"plm": "sandwich† vcovHC() of lm with dummies", "Stata": "areg, vce(hc3) (StataNow)"},
        {"plm": ("grunfeld_plm_more/dummies_twoway_HC3",)},
    ),
    Feature(
        COVARIANCE,
        "HC2 to HC4 with leverages of the transformed regressors",
        'fit_fixed_effects(*grunfeld, cov="HC3", convention="plm")',
        error("value"),
        reference(f"{PLM_COV}/within_individual/vcovHC_white1/HC3/value"),
        (f"{PLAIN}::test_leverage_of_the_transformed_regressors_alone",),
        {"plm": "vcovHC(type = )"},
        {"plm": tuple(f"*_plm_cov/within_*/vcovHC_white1/HC{i}" for i in (2, 3, 4))},
    ),
]
SERIAL_ROWS = [
    Feature(
        COVARIANCE,
        "Driscoll-Kraay",
        'fit_pooled(*grunfeld, cov=DriscollKraay(2, factor="none"))',
        error("value"),
        reference(f"{PLM_COV}/pooling/vcovSCC/maxlag2/HC0/value"),
        (
            f"{SERIAL}::test_driscoll_kraay_on_the_calendar",
            f"{SERIAL}::test_factors_and_degrees_of_freedom_of_each_program",
        ),
        {
            "plm": "vcovSCC()",
            "Stata": "xtscc†; ivreg2†, dkraay()",
            "gretl": "set panel_robust scc",
            "linearmodels": 'cov_type="kernel"',
            "pyfixest": 'vcov="DK"',
        },
        {
            "plm": ("*_plm_cov/within_*/vcovSCC", "*_plm_cov/pooling/vcovSCC", "*_sandwich_lm/vcovPL/aggregateTRUE_*"),
            "Stata": (
                "published_stata_grunfeld_pooled/xtscc_lag*",
                "published_stata_grunfeld_pooled/nw_groupsum4/params",
            ),
            "gretl": ("*_gretl/*_robust_scc/stderr",),
            "linearmodels": ("*_linearmodels/*/kernel_bartlett_*",),
            "pyfixest": ("*_pyfixest/*/DK_lag*_default_ssc",),
        },
    ),
    Feature(
        COVARIANCE,
        "Driscoll-Kraay on the calendar, across gaps",
        'fit_pooled(*grunfeld, cov=DriscollKraay(3, factor="none"))',
        error("value"),
        lambda: bartlett(3, "time"),
        (
            f"{SERIAL}::test_driscoll_kraay_on_the_calendar",
            f"{SERIAL}::test_programs_that_take_neighbours_across_a_gap_for_adjacent_periods",
        ),
        {"Stata": "ivreg2†", "plm": "vcovSCC() (takes rows)"},
        remark="kernels: Bartlett, Parzen, quadratic spectral; programs that take rows for periods: kernel_distance",
    ),
    Feature(
        COVARIANCE,
        "Newey-West within entities",
        'fit_pooled(*grunfeld, cov=PanelNeweyWest(1, factor="none"))',
        error("value"),
        lambda: bartlett(1, "entity"),
        (f"{SERIAL}::test_newey_west_within_entities_on_the_calendar",),
        {"plm": "vcovNW()", "Stata": "newey; ivreg2†, bw()", "pyfixest": 'vcov="NW"'},
        {
            "plm": ("*_plm_cov/within_*/vcovNW", "*_plm_cov/pooling/vcovNW", "*_sandwich_lm/vcovPL/aggregateFALSE_*"),
            "Stata": (
                "published_stata_grunfeld_pooled/newey_panel_lag*",
                "published_stata_grunfeld_pooled/nw_panel4/params",
            ),
            "pyfixest": ("*_pyfixest/*/NW_lag*_default_ssc",),
        },
    ),
    Feature(
        COVARIANCE,
        "Panel-corrected (Beck-Katz), balanced",
        'fit_pooled(*grunfeld, cov="pcse")',
        error("value"),
        reference("grunfeld_extra/pcse_pooled/pcse/value"),
        (f"{SERIAL}::test_panel_corrected_casewise_and_balanced",),
        {
            "plm": 'vcovBK(cluster = "time")',
            "Stata": "xtpcse",
            "EViews": "Cross-section SUR (PCSE)",
            "gretl": "set panel_robust pcse",
        },
        {
            "plm": (
                "grunfeld_extra/pcse_pooled",
                "grunfeld_plm_cov/within_*/vcovBK_time",
                "grunfeld_plm_cov/pooling/vcovBK_time",
            ),
            "Stata": ("published_stata_fgls/xtpcse",),
            "gretl": ("grunfeld_gretl/pooled_robust_pcse/stderr", "grunfeld_gretl/fe_robust_pcse/stderr"),
        },
    ),
    Feature(
        COVARIANCE,
        "Panel-corrected, unbalanced, pairwise",
        'fit_pooled(*empluk, cov="pcse")',
        error("lwage"),
        pairwise_gaps,
        (
            f"{SERIAL}::test_panel_corrected_pairwise",
            f"{SERIAL}::test_a_pairwise_matrix_that_is_not_positive_semi_definite_is_repaired_with_a_warning",
        ),
        {"plm": 'vcovBK(cluster = "time")', "Stata": "xtpcse, pairwise", "gretl": "set panel_robust pcse"},
        {
            "plm": ("empluk_plm_cov/pooling/vcovBK_time", "empluk_sandwich_lm/vcovPC/pairwiseTRUE"),
            "gretl": ("empluk_gretl/pooled_robust_pcse/stderr",),
        },
    ),
    Feature(
        COVARIANCE,
        "Panel-corrected, unbalanced, casewise",
        "fit_pooled(*empluk, cov=PanelCorrected(pairwise=False))",
        error("lwage"),
        reference("empluk_sandwich_lm/vcovPC/pairwiseFALSE/lwage"),
        (f"{SERIAL}::test_panel_corrected_casewise_and_balanced",),
        {"plm": "sandwich† vcovPC(pairwise = FALSE)", "Stata": "xtpcse, casewise"},
        {"plm": ("*_sandwich_lm/vcovPC/pairwiseFALSE",)},
    ),
    Feature(
        COVARIANCE,
        "Panel-corrected by entity (period SUR)",
        'fit_pooled(*grunfeld, cov=PanelCorrected(cluster="entity"))',
        error("value"),
        reference(f"{PLM_COV}/pooling/vcovBK_group/HC0/value"),
        (f"{SERIAL}::test_panel_corrected_with_adjusted_residuals",),
        {"plm": 'vcovBK(cluster = "group")', "EViews": "Period SUR (PCSE)"},
        {"plm": ("grunfeld_plm_cov/*/vcovBK_group",)},
        "plm errs on unbalanced panels (parity page)",
    ),
    Feature(
        COVARIANCE,
        "One error variance an entity, or a period",
        "fit_pooled(*grunfeld, cov=PanelCorrected(diagonal=True))",
        error("value"),
        reference(f"{PLM_COV}/pooling/vcovBK_time_diagonal/HC0/value"),
        (f"{SERIAL}::test_special_cases_meet_the_other_covariances",),
        {
            "plm": 'vcovHC(method = "white2")',
            "Stata": "xtpcse, hetonly",
            "EViews": "Cross-section weights (PCSE)",
        },
        {
            "plm": ("grunfeld_plm_cov/within_*/vcovBK_time_diagonal", "grunfeld_plm_cov/pooling/vcovHC_white2"),
            "Stata": ("published_stata_fgls/xtpcse_ar1_hetonly",),
        },
    ),
    Feature(
        COVARIANCE,
        "Robust covariances of random effects",
        'fit_random_effects(*grunfeld, cov=Clustered("entity"), convention="gretl")',
        error("value"),
        reference("grunfeld_gretl/re_swar_robust/stderr/1"),
        (
            "tests/panels/random_effects/test_random.py::test_clustered",
            "tests/panels/random_effects/test_random.py::test_heteroskedasticity_robust",
        ),
        {
            "plm": "vcovHC()",
            "Stata": "xtreg, re vce(cluster firm)",
            "EViews": "White (period)",
            "gretl": "--random-effects --robust",
            "linearmodels": "RandomEffects, clustered",
        },
        {
            "plm": tuple(
                f"*_plm_cov/random_individual_swar/{kind}"
                for kind in ("vcovHC_white1", "vcovHC_arellano_group", "vcovDC")
            ),
            "gretl": ("*_gretl/re_swar_robust/stderr",),
            "linearmodels": ("*_linearmodels/random/clustered_*",),
        },
    ),
]
ROWS = [*CLASSICAL, *SERIAL_ROWS]

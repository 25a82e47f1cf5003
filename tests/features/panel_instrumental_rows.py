"""Rows of instrumental variables: estimators, strength and validity of instruments, inference robust to weak ones."""

from __future__ import annotations

import numpy as np
from features.feature import Feature, reference
from features.panel_names import INSTRUMENTS, OTHER, TEST, error, lagged, params, statistic

import panelvar as pv

CHECKS = "tests/panels/instruments/test_instrumental.py"
RESULT = "tests/panels/instruments/test_result.py"
PLM = "grunfeld_iv_plm"
PYTHON = "grunfeld_iv_python"
STATA = "published_stata_ivreg2"


def pooled_columns() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Dense columns: exogenous, endogenous, instruments, and investment."""
    panel = lagged()[0]
    x = np.column_stack([np.ones(180), panel.column("capital")])
    z = np.column_stack([panel.column("value1"), panel.column("value2")])
    return x, panel.column("value")[:, None], z, panel.column("inv")


def k_class(k: float) -> float:
    """The slope of value in the k-class, by dense residual makers."""
    x, p, z, y = pooled_columns()
    both, every = np.column_stack([p, x]), np.column_stack([x, z])
    fitted = both - k * (both - every @ np.linalg.lstsq(every, both, rcond=None)[0])
    return float(np.linalg.solve(fitted.T @ both, fitted.T @ y)[0])


def left(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Least-squares residuals."""
    return y - x @ np.linalg.lstsq(x, y, rcond=None)[0]


def anderson_rubin() -> float:
    """The F of the instruments in the reduced form of y - 0.1 value."""
    x, p, z, y = pooled_columns()
    gap = y - 0.1 * p[:, 0]
    restricted, full = left(x, gap), left(np.column_stack([x, z]), gap)
    return float((restricted @ restricted - full @ full) / 2 / (full @ full / 176))


def same_as_f() -> float:
    """With one endogenous regressor and homoskedastic errors, the first-stage F."""
    return reference(f"{PYTHON}/linearmodels_2sls/first_stage_f")()


def robust_f() -> float:
    """With one endogenous regressor Kleibergen and Paap's F is the heteroskedasticity-robust first-stage F."""
    result = pv.fit_iv_pooled(*lagged(), **INSTRUMENTS, cov="HC1")
    panel = lagged()[0]
    stage = pv.fit_pooled(panel, "value", ["capital", "value1", "value2"], cov="HC1")
    assert result.nobs == stage.nobs
    return float(stage.wald_test(["value1", "value2"]).statistic)


def sargan_gain() -> float:
    """The statistic of both instruments, since one alone leaves nothing to test."""
    return reference(f"{PYTHON}/linearmodels_2sls/sargan")()


def same_everywhere(call: str, theirs: str, slope: str, checks: tuple[str, ...]) -> tuple:
    """The parts that rows with a plm number share."""
    return call, params(slope), reference(f"{PLM}/{theirs}/coef/{slope}"), checks


ESTIMATORS = [
    Feature(
        OTHER,
        "Two-stage least squares, pooled",
        *same_everywhere("fit_iv_pooled(*lagged, **iv)", "pooling", "value", (f"{CHECKS}::test_estimates",)),
        {
            "plm": "plm(y ~ x + p | x + z); AER† ivreg()",
            "Stata": "ivregress 2sls; ivreg2†",
            "EViews": "tsls",
            "gretl": "tsls",
            "linearmodels": "IV2SLS",
            "pyfixest": 'feols("y ~ x | p ~ z")',
        },
        {
            "plm": (f"{PLM}/pooling", f"{PLM}/aer_pooled", "*_plm_iv/pooling"),
            "Stata": (f"{STATA}/card_iid/params", f"{STATA}/two_iid/params"),
            "linearmodels": (f"{PYTHON}/linearmodels_2sls/coef", f"{PYTHON}/linearmodels_2sls/se*"),
        },
    ),
    Feature(
        OTHER,
        "Two-stage least squares, fixed effects",
        *same_everywhere("fit_iv_fixed_effects(*lagged, **iv)", "within", "value", (f"{CHECKS}::test_estimates",)),
        {
            "plm": 'model = "within"',
            "Stata": "xtivreg, fe; ivreghdfe†",
            "EViews": "tsls, fixed (cross-section)",
            "pyfixest": 'feols("y ~ x | firm | p ~ z")',
        },
        {"plm": (f"{PLM}/within", "*_plm_iv/within"), "pyfixest": (f"{PYTHON}/pyfixest_firm",)},
    ),
    Feature(
        OTHER,
        "Two-stage least squares, two and more effects",
        *same_everywhere(
            'fit_iv_fixed_effects(*lagged, **iv, effects="twoway")',
            "within_twoways",
            "value",
            (f"{CHECKS}::test_estimates",),
        ),
        {
            "plm": 'effect = "twoways"',
            "Stata": "ivreghdfe†",
            "EViews": "tsls, fixed (both)",
            "pyfixest": 'feols("y ~ x | a + b | p ~ z")',
        },
        {"plm": (f"{PLM}/within_twoways",), "pyfixest": ("empluk_pyfixest_iv/firm_year_iid/coef",)},
    ),
    Feature(
        OTHER,
        "Two-stage least squares, between",
        *same_everywhere("fit_iv_between(*lagged, **iv)", "between", "value", (f"{CHECKS}::test_between",)),
        {"plm": 'model = "between"', "Stata": "xtivreg, be"},
        {"plm": (f"{PLM}/between", "*_plm_iv/between")},
    ),
    Feature(
        OTHER,
        "Two-stage least squares, first differences",
        *same_everywhere(
            'fit_iv_first_difference(*lagged, **iv, convention="plm")',
            "fd",
            "value",
            (f"{CHECKS}::test_first_difference",),
        ),
        {"plm": 'model = "fd"', "Stata": "xtivreg, fd", "EViews": "tsls d(y) c d(x)"},
        {"plm": (f"{PLM}/fd", "*_plm_iv/fd")},
    ),
    Feature(
        OTHER,
        "Random effects: G2SLS",
        *same_everywhere(
            "fit_iv_random_effects(*lagged, **iv)", "random_bvk", "value", (f"{CHECKS}::test_random_effects",)
        ),
        {"plm": 'inst.method = "bvk"', "Stata": "xtivreg, re", "EViews": "tsls, random (cross-section)"},
        {"plm": (f"{PLM}/random_bvk", "*_plm_iv/bvk")},
    ),
    Feature(
        OTHER,
        "Random effects: EC2SLS (Baltagi)",
        *same_everywhere(
            'fit_iv_random_effects(*lagged, **iv, method="ec2sls")',
            "random_baltagi",
            "value",
            (f"{CHECKS}::test_random_effects",),
        ),
        {"plm": 'inst.method = "baltagi"', "Stata": "xtivreg, re ec2sls"},
        {"plm": (f"{PLM}/random_baltagi", "crime_plm_iv/baltagi/coef", "crime_plm_iv/baltagi/se")},
    ),
    Feature(
        OTHER,
        "Limited-information maximum likelihood",
        'fit_iv_pooled(*lagged, **iv, method="liml")',
        params("value"),
        reference(f"{PYTHON}/linearmodels_liml/coef/value"),
        (f"{CHECKS}::test_estimates",),
        {"Stata": "ivregress liml; ivreg2†", "EViews": "liml", "gretl": "tsls --liml", "linearmodels": "IVLIML"},
        {
            "Stata": (f"{STATA}/card_liml_overid_iid", f"{STATA}/card_liml_overid_hc1", f"{STATA}/two_liml_hc1"),
            "linearmodels": (f"{PYTHON}/linearmodels_liml", "crime_linearmodels_iv/liml_*"),
        },
    ),
    Feature(
        OTHER,
        "Fuller's estimator and any k-class",
        "fit_iv_pooled(*lagged, **iv, method=KClass(0.6))",
        params("value"),
        lambda: k_class(0.6),
        (f"{CHECKS}::test_estimates", f"{CHECKS}::test_scores_of_the_estimating_equations"),
        {"Stata": "ivreg2†, fuller() kclass()", "EViews": "liml (k-class)", "linearmodels": "IVLIML(fuller=, kappa=)"},
        {
            "Stata": (f"{STATA}/card_fuller*", f"{STATA}/card_kclass_half_*"),
            "linearmodels": ("crime_linearmodels_iv/fuller_*",),
        },
    ),
    Feature(
        OTHER,
        "Two-step GMM",
        'fit_iv_pooled(*lagged, **iv, method=TwoStepGMM("HC0"), cov="HC0", convention="linearmodels")',
        error("value"),
        reference(f"{PYTHON}/linearmodels_gmm/se/value"),
        (f"{CHECKS}::test_two_step_gmm",),
        {"Stata": "ivregress gmm; ivreg2†, gmm2s", "EViews": "gmm", "gretl": "gmm", "linearmodels": "IVGMM"},
        {
            "Stata": (f"{STATA}/card_gmm_*/params/*/b", f"{STATA}/card_gmm_*/tests"),
            "linearmodels": (f"{PYTHON}/linearmodels_gmm", "crime_linearmodels_iv/gmm_*"),
        },
        remark="ivreg2's errors keep the first step's weights",
    ),
    Feature(
        OTHER,
        "Clustered errors with instruments",
        'fit_iv_fixed_effects(*lagged, **iv, cov=Clustered("entity"), convention="pyfixest")',
        error("value"),
        reference(f"{PYTHON}/pyfixest_firm/se_clustered/value"),
        (f"{CHECKS}::test_robust_covariances",),
        {
            "plm": "vcovHC()",
            "Stata": "ivregress, vce(cluster firm)",
            "EViews": "White (period)",
            "gretl": "tsls --cluster=",
            "linearmodels": 'cov_type="clustered"',
            "pyfixest": 'vcov={"CRV1": "firm"}',
        },
        {
            "plm": ("*_plm_iv/within/arellano",),
            "Stata": (f"{STATA}/panel_cl2_small/params", f"{STATA}/panel_cl2/params"),
            "linearmodels": (f"{PYTHON}/linearmodels_2sls/se_clustered", "crime_linearmodels_iv/2sls_clustered*"),
            "pyfixest": (f"{PYTHON}/pyfixest_firm/se_clustered",),
        },
    ),
]

TESTS = [
    Feature(
        TEST,
        "First-stage F and partial R2",
        'fit_iv_pooled(*lagged, **iv).first_stage.loc["value", "f"]',
        float,
        reference(f"{PLM}/aer_tests/weak"),
        (
            f"{RESULT}::test_first_stages_are_regressions_with_dummies",
            f"{RESULT}::test_partial_and_conditional_strength",
        ),
        {
            "plm": "AER† summary(diagnostics = TRUE)",
            "Stata": "estat firststage",
            "EViews": "Weak instrument diagnostics",
            "gretl": "after tsls",
            "linearmodels": "first_stage",
            "pyfixest": "first_stage(), IV_Diag()",
        },
        {
            "plm": (f"{PLM}/aer_tests/weak", "crime_plm_iv/overidentified/weak_*"),
            "Stata": (f"{STATA}/*/first_stage",),
            "linearmodels": (f"{PYTHON}/linearmodels_2sls/first_stage_f", f"{PYTHON}/linearmodels_2sls/partial_r2"),
        },
    ),
    Feature(
        TEST,
        "First-stage F given the other endogenous regressors (Sanderson-Windmeijer), Shea's partial R2",
        'fit_iv_pooled(*lagged, **iv).first_stage.loc["value", "conditional_f"]',
        float,
        same_as_f,
        (f"{RESULT}::test_partial_and_conditional_strength",),
        {"Stata": "ivreg2†, first", "linearmodels": "first_stage (Shea)"},
        {
            "Stata": (f"{STATA}/two_*/first_stage/*/conditional_f", f"{STATA}/two_*/first_stage/*/shea_r2"),
            "linearmodels": ("crime_linearmodels_iv/first_stage/*/shea_r2",),
        },
        remark="with one endogenous regressor it is the first-stage F",
    ),
    Feature(
        TEST,
        "Cragg-Donald, with Stock and Yogo's critical values",
        "fit_iv_pooled(*lagged, **iv).cragg_donald",
        float,
        same_as_f,
        (f"{RESULT}::test_identification_of_two_regressors", f"{RESULT}::test_published_critical_values"),
        {"Stata": "estat firststage; ivreg2†", "EViews": "Weak instrument diagnostics", "gretl": "after tsls"},
        {"Stata": (f"{STATA}/*/tests/cragg_donald",)},
        remark="with one endogenous regressor it is the first-stage F",
    ),
    Feature(
        TEST,
        "Kleibergen-Paap",
        'fit_iv_pooled(*lagged, **iv, cov="HC1").kleibergen_paap',
        float,
        robust_f,
        (f"{RESULT}::test_identification_of_two_regressors",),
        {"Stata": "ivreg2†, robust"},
        {"Stata": (f"{STATA}/*/tests/kleibergen_paap", f"{STATA}/*/tests/underidentification")},
        remark="with one endogenous regressor it is the robust first-stage F",
    ),
    Feature(
        TEST,
        "Effective F (Montiel Olea-Pflueger)",
        "fit_iv_pooled(*lagged, **iv).effective_f.statistic",
        float,
        same_as_f,
        (f"{RESULT}::test_effective_f",),
        {"Stata": "weakivtest†", "pyfixest": "eff_F()"},
        remark="with homoskedastic errors it is the first-stage F; pyfixest's leaves the exogenous regressors in",
    ),
    Feature(
        TEST,
        "Sargan",
        "fit_iv_pooled(*lagged, **iv).sargan",
        statistic,
        reference(f"{PLM}/aer_tests/sargan"),
        (f"{RESULT}::test_overidentification",),
        {
            "plm": "AER† summary(diagnostics = TRUE)",
            "Stata": "estat overid; ivreg2†",
            "EViews": "J-statistic",
            "gretl": "after tsls",
            "linearmodels": "sargan",
        },
        {
            "plm": (f"{PLM}/aer_tests/sargan", "crime_plm_iv/overidentified/sargan"),
            "Stata": (f"{STATA}/card_iid/tests/J", f"{STATA}/two_iid/tests/J"),
            "linearmodels": (f"{PYTHON}/linearmodels_2sls/sargan",),
        },
    ),
    Feature(
        TEST,
        "Basmann",
        "fit_iv_pooled(*lagged, **iv).basmann",
        statistic,
        reference(f"{PYTHON}/linearmodels_2sls/basmann"),
        (f"{RESULT}::test_overidentification",),
        {"Stata": "estat overid", "linearmodels": "basmann"},
        {"linearmodels": (f"{PYTHON}/linearmodels_2sls/basmann",)},
    ),
    Feature(
        TEST,
        "Hansen's J",
        'fit_iv_pooled(*lagged, **iv, method=TwoStepGMM("HC0"), cov="HC0", convention="linearmodels").hansen_j',
        statistic,
        reference(f"{PYTHON}/linearmodels_gmm/j"),
        (f"{RESULT}::test_overidentification", f"{RESULT}::test_few_clusters_for_the_moments"),
        {"Stata": "estat overid; ivreg2†", "EViews": "J-statistic", "gretl": "after gmm", "linearmodels": "j_stat"},
        {
            "Stata": (f"{STATA}/card_hc1/tests/J", f"{STATA}/two_hc1/tests/J", f"{STATA}/panel_cl2/tests/J"),
            "linearmodels": (f"{PYTHON}/linearmodels_gmm/j",),
        },
    ),
    Feature(
        TEST,
        "Validity of some instruments (difference in Sargan)",
        'fit_iv_pooled(*lagged, **iv).difference_in_sargan("value2")',
        statistic,
        sargan_gain,
        (f"{RESULT}::test_subsets_of_instruments_and_regressors",),
        {"Stata": "ivreg2†, orthog()", "EViews": "Instrument orthogonality"},
        {"Stata": (f"{STATA}/panel_orthog",)},
        remark="with one instrument to spare it is Sargan's statistic",
    ),
    Feature(
        TEST,
        "Exogeneity (Durbin-Wu-Hausman)",
        "fit_iv_pooled(*lagged, **iv).wu_hausman",
        statistic,
        reference(f"{PLM}/aer_tests/wu_hausman"),
        (f"{RESULT}::test_exogeneity_by_residuals_and_by_durbin",),
        {
            "plm": "AER† summary(diagnostics = TRUE)",
            "Stata": "estat endogenous",
            "EViews": "Regressor endogeneity",
            "gretl": "after tsls",
            "linearmodels": "wu_hausman()",
        },
        {
            "plm": (f"{PLM}/aer_tests/wu_hausman", "crime_plm_iv/overidentified/*wu_hausman"),
            "Stata": (f"{STATA}/*/tests/endogeneity",),
            "linearmodels": (f"{PYTHON}/linearmodels_2sls/wu_hausman", "crime_linearmodels_iv/tests/durbin*"),
        },
    ),
    Feature(
        TEST,
        "Anderson-Rubin test and confidence set",
        "fit_iv_pooled(*lagged, **iv).anderson_rubin(0.1)",
        statistic,
        anderson_rubin,
        (f"{RESULT}::test_anderson_rubin", f"{RESULT}::test_the_set_is_what_the_test_accepts"),
        {"Stata": "weakiv†; ivreg2†, ffirst"},
        {"Stata": (f"{STATA}/*/tests/anderson_rubin_f", f"{STATA}/*/tests/anderson_rubin_chi2")},
    ),
]

ROWS = [*ESTIMATORS, *TESTS]

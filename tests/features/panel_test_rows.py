"""Rows of tests of effects, poolability, correlated effects, dependence, variances, slopes and causality."""

from __future__ import annotations

import numpy as np
from features.feature import Feature, reference
from features.panel_names import TEST, empluk, grunfeld, indicators, least_squares, statistic, within_residuals
from reference_data import table

import panelvar as pv

PANEL = "tests/panels/diagnostics/test_panel_tests.py"
HAUSMAN = "tests/panels/diagnostics/test_hausman.py"
SIZE = "tests/simulation/test_size_of_panel_tests.py::test_size"
PLM = "grunfeld_plm_tests"


def defactored() -> float:
    """Pesaran and Xie's CD* with one factor."""
    v = within_residuals()
    gamma = np.sqrt(10) * np.linalg.eigh(v @ v.T)[1][:, -1]
    left = v - np.outer(gamma, gamma @ v / 10)
    sigma = np.sqrt((left**2).mean(axis=1))
    theta = 1 - np.mean((1 - sigma * (gamma / sigma).mean() * gamma) ** 2)
    scaled = left / sigma[:, None]
    rho = (scaled @ scaled.T / 20)[np.triu_indices(10, 1)].sum()
    return float((np.sqrt(2 * 20 / 90) * rho + np.sqrt(20 / 2) * theta) / (1 - theta))


def homogeneity(adjusted: bool) -> float:
    """Pesaran and Yamagata's Delta."""
    frame = table("grunfeld")
    b = pv.fit_fixed_effects(*grunfeld()).params.to_numpy()[1:]
    firms = []
    for _, firm in frame.groupby("firm"):
        block = firm[["inv", "value", "capital"]].to_numpy()
        block = block - block.mean(axis=0)
        y, x = block[:, 0], block[:, 1:]
        firms.append((x, y, np.sum((y - x @ b) ** 2) / 19))
    common = np.linalg.solve(sum(x.T @ x / s for x, _, s in firms), sum(x.T @ y / s for x, y, s in firms))
    gaps = [np.linalg.lstsq(x, y, rcond=None)[0] - common for x, y, _ in firms]
    total = sum(gap @ (x.T @ x / s) @ gap for gap, (x, _, s) in zip(gaps, firms, strict=True))
    variance = 10 * 4 * (20 - 3) / (20 + 1) if adjusted else 10 * 4
    return float((total - 20) / np.sqrt(variance))


def mundlak_by_hand() -> float:
    """The Wald chi2 of the firms' means in correlated random effects, from its coefficients and covariance."""
    result = pv.fit_correlated_random_effects(*empluk())
    names = [name for name in result.names if "mean" in name]
    gaps = result.params[names].to_numpy()
    return float(gaps @ np.linalg.solve(result.cov.loc[names, names].to_numpy(), gaps))


def linear_restriction() -> float:
    """The F of equal slopes by the squared contrast."""
    result = pv.fit_pooled(*grunfeld())
    contrast = np.array([0.0, 1.0, -1.0])
    return float((contrast @ result.params) ** 2 / (contrast @ result.cov.to_numpy() @ contrast))


def poolability_of_effects() -> float:
    """F of the firms' dummies from two dense regressions."""
    frame = table("grunfeld")
    x = frame[["value", "capital"]]
    rss = []
    for block in (np.ones((200, 1)), indicators(frame["firm"])):
        fitted = np.column_stack([x, block]) @ least_squares(frame["inv"], x, block)
        rss.append(np.sum((frame["inv"].to_numpy() - fitted) ** 2))
    return float((rss[0] - rss[1]) / 9 / (rss[1] / 188))


EFFECTS = [
    Feature(
        TEST,
        "Poolability of the effects (F)",
        "within.f_poolability",
        statistic,
        poolability_of_effects,
        (
            "tests/panels/static/test_result.py::test_f_statistics_are_those_of_the_dummy_variable_regression",
            "tests/simulation/test_panel_inference.py::test_poolability_test_has_its_size",
        ),
        {
            "plm": "pFtest()",
            "Stata": "F test of xtreg, fe",
            "EViews": "Redundant fixed effects",
            "gretl": "after panel",
            "linearmodels": "f_pooled",
        },
        {
            "plm": (
                "*_plm_tests/pFtest/individual",
                "*_plm_tests/pFtest/time",
                "*_plm_tests/pFtest/twoways_vs_pooling",
            ),
            "Stata": ("published_stata_grunfeld_xtreg/xtreg_fe/stats/F_u(9,188)",),
            "gretl": ("*_gretl/fe/fixed_effects_F", "*_gretl/fe_twoway/fixed_effects_F"),
            "linearmodels": ("*_linearmodels/fe_*/unadjusted_debiased*/f_pooled",),
        },
    ),
    Feature(
        TEST,
        "One set of effects given the other (F)",
        "nested_f_test(within, twoway)",
        statistic,
        reference(f"{PLM}/pFtest/twoways_vs_individual/statistic/F"),
        (f"{PANEL}::test_poolability",),
        {"plm": "pFtest(twoways, within)", "Stata": "testparm i.year", "EViews": "Redundant fixed effects"},
        {"plm": ("*_plm_tests/pFtest/twoways_vs_individual", "*_plm_tests/pFtest/twoways_vs_time")},
    ),
    Feature(
        TEST,
        "Poolability of the slopes (F)",
        "slope_poolability_test(within)",
        statistic,
        reference(f"{PLM}/pooltest/within/statistic/F"),
        (f"{PANEL}::test_poolability", SIZE),
        {"plm": "pooltest()"},
        {"plm": ("*_plm_tests/pooltest",)},
    ),
    Feature(
        TEST,
        "Breusch-Pagan LM, by entity",
        "effects_lm_test(random)",
        statistic,
        reference(f"{PLM}/plmtest/individual/bp/statistic/chisq"),
        (f"{PANEL}::test_lagrange_multipliers_of_effects",),
        {
            "plm": 'plmtest(type = "bp")',
            "Stata": "xttest0",
            "EViews": "Omitted random effects LM",
            "gretl": "after --random-effects",
        },
        {
            "plm": ("*_plm_tests/plmtest/individual/bp",),
            "Stata": ("published_stata_fatalities/xttest0/chibar2(01)",),
            "gretl": ("*_gretl/re_swar/bp_test",),
        },
    ),
    Feature(
        TEST,
        "Breusch-Pagan LM, by time and two-way, unbalanced",
        'effects_lm_test(uk_pooled, effects="twoway")',
        statistic,
        reference("empluk_plm_tests/plmtest/twoways/bp/statistic/chisq"),
        (f"{PANEL}::test_lagrange_multipliers_of_effects", SIZE),
        {"plm": 'plmtest(effect = "twoways")', "EViews": "Omitted random effects LM"},
        {"plm": ("*_plm_tests/plmtest/time/bp", "*_plm_tests/plmtest/twoways/bp")},
    ),
    Feature(
        TEST,
        "Honda, one- and two-way",
        'effects_lm_test(uk_pooled, effects="twoway", statistic="honda")',
        statistic,
        reference("empluk_plm_tests/plmtest/twoways/honda/statistic/normal"),
        (f"{PANEL}::test_lagrange_multipliers_of_effects", SIZE),
        {"plm": 'plmtest(type = "honda")', "Stata": "xttest1†", "EViews": "Omitted random effects LM"},
        {"plm": ("*_plm_tests/plmtest/*/honda",)},
    ),
    Feature(
        TEST,
        "King-Wu, one- and two-way",
        'effects_lm_test(uk_pooled, effects="twoway", statistic="king-wu")',
        statistic,
        reference("empluk_plm_tests/plmtest/twoways/kw/statistic/normal"),
        (f"{PANEL}::test_lagrange_multipliers_of_effects",),
        {"plm": 'plmtest(type = "kw")', "EViews": "Omitted random effects LM"},
        {"plm": ("*_plm_tests/plmtest/*/kw",)},
    ),
    Feature(
        TEST,
        "Gourieroux-Holly-Monfort",
        'effects_lm_test(uk_pooled, effects="twoway", statistic="gourieroux-holly-monfort")',
        statistic,
        reference("empluk_plm_tests/plmtest/twoways/ghm/statistic/chibarsq"),
        (f"{PANEL}::test_lagrange_multipliers_of_effects",),
        {"plm": 'plmtest(type = "ghm")', "EViews": "Omitted random effects LM"},
        {"plm": ("*_plm_tests/plmtest/twoways/ghm/statistic", "*_plm_tests/plmtest/twoways/ghm/p.value")},
    ),
    Feature(
        TEST,
        "Wooldridge's test of unobserved effects",
        "wooldridge_effects_test(pooled)",
        statistic,
        reference(f"{PLM}/pwtest/individual/statistic/z"),
        (f"{PANEL}::test_wooldridge_effects", SIZE),
        {"plm": "pwtest()"},
        {"plm": ("*_plm_tests/pwtest",)},
    ),
]
CORRELATED = [
    Feature(
        TEST,
        "Hausman, by matrix",
        'hausman_test(within, random, sigma="own")',
        statistic,
        reference(f"{PLM}/phtest/within_vs_random_swar_chisq/statistic/chisq"),
        (
            f"{HAUSMAN}::test_fixed_against_random",
            "tests/simulation/test_panel_inference.py::test_hausman_has_its_size_and_power",
        ),
        {
            "plm": "phtest()",
            "Stata": "hausman (sigmamore, sigmaless)",
            "EViews": "Correlated random effects",
            "gretl": "--matrix-diff",
        },
        {
            "plm": (
                "*_plm_tests/phtest/within_vs_random_swar_chisq",
                "*_plm_tests/phtest/within_time_vs_random_time_swar",
            ),
            "Stata": (
                "published_stata_nlswork/hausman_fe_re_sa",
                "published_stata_fatalities/hausman_constant_sigmamore",
            ),
            "gretl": ("*_gretl/re_swar_matrixdiff/hausman_test",),
        },
    ),
    Feature(
        TEST,
        "Hausman with the between estimator",
        "hausman_test(between, within)",
        statistic,
        reference(f"{PLM}/phtest/within_vs_between/statistic/chisq"),
        (
            f"{HAUSMAN}::test_fixed_and_between_are_uncorrelated",
            f"{HAUSMAN}::test_three_equal_forms_on_a_balanced_panel",
        ),
        {"plm": "phtest(between, within)"},
        {"plm": ("*_plm_tests/phtest/within_vs_between", "*_plm_tests/phtest/between_vs_random")},
    ),
    Feature(
        TEST,
        "Hausman, by auxiliary regression",
        'hausman_regression_test(random, scale="rows")',
        statistic,
        reference("grunfeld_gretl/re_swar/hausman_test/test"),
        (f"{PANEL}::test_hausman_by_regression_is_the_test_of_the_means", SIZE),
        {"plm": 'phtest(method = "aux")', "gretl": "panel --random-effects"},
        {"plm": ("grunfeld_plm_tests/phtest/aux",), "gretl": ("*_gretl/re_swar/hausman_test",)},
        "plm errs on unbalanced panels (parity page)",
    ),
    Feature(
        TEST,
        "Hausman, cluster-robust regression",
        'hausman_regression_test(random, cov=Clustered(group_factor=False, dof_factor="none"))',
        statistic,
        reference(f"{PLM}/phtest/aux_robust_arellano_HC0/statistic/chisq"),
        (f"{PANEL}::test_hausman_by_regression_is_the_test_of_the_means",),
        {"plm": 'phtest(method = "aux", vcov = )', "gretl": "--random-effects --robust"},
        {
            "plm": ("grunfeld_plm_tests/phtest/aux_robust_*",),
            "gretl": ("*_gretl/re_swar_robust/hausman_test",),
        },
    ),
    Feature(
        TEST,
        "Mundlak's test of the means (xtoverid)",
        'mundlak_test(uk_random, cov="classical")',
        statistic,
        mundlak_by_hand,
        (
            "tests/panels/random_effects/test_correlated.py::test_mundlak_by_hand",
            "tests/panels/random_effects/test_correlated.py::test_classical_mundlak_is_hausmans_contrast",
        ),
        {"Stata": "xtoverid†; estat mundlak (19)"},
        {"Stata": ("published_stata_fatalities/xtoverid",)},
    ),
]
DEPENDENCE = [
    Feature(
        TEST,
        "Pesaran's CD",
        "cross_section_dependence_test(uk_within)",
        statistic,
        reference("empluk_plm_tests/pcdtest/within_individual/cd/statistic/z"),
        (f"{PANEL}::test_dependence", SIZE),
        {
            "plm": 'pcdtest(test = "cd")',
            "Stata": "xtcsd†; xtcd†",
            "EViews": "Residual cross-section dependence",
            "gretl": "modtest --xdepend",
            "linearmodels": "pesaran_cd",
        },
        {
            "plm": ("*_plm_tests/pcdtest/*/cd",),
            "gretl": ("*_gretl/tests/*_xdepend_*",),
            "linearmodels": ("*_linearmodels_cd",),
        },
    ),
    Feature(
        TEST,
        "CD after time effects: a warning that it is invalid",
        "cross_section_dependence_test(twoway).notes[0].warn",
        float,
        1.0,
        (
            f"{PANEL}::test_dependence",
            "tests/simulation/test_size_of_panel_tests.py::test_cd_after_time_effects_is_wrong_under_the_null",
        ),
        {"linearmodels": "refused"},
    ),
    Feature(
        TEST,
        "CD*, for what is left after common factors",
        "cd_star_test(within)",
        statistic,
        defactored,
        (f"{PANEL}::test_cd_star", SIZE),
        {"Stata": "xtcd2†"},
    ),
    Feature(
        TEST,
        "Breusch-Pagan LM of dependence",
        'cross_section_dependence_test(within, statistic="lm")',
        statistic,
        reference(f"{PLM}/pcdtest/within_individual/lm/statistic/chisq"),
        (f"{PANEL}::test_dependence",),
        {"plm": 'pcdtest(test = "lm")', "Stata": "xttest2†", "EViews": "Residual cross-section dependence"},
        {"plm": ("*_plm_tests/pcdtest/*/lm",)},
    ),
    Feature(
        TEST,
        "Scaled LM",
        'cross_section_dependence_test(within, statistic="scaled-lm")',
        statistic,
        reference(f"{PLM}/pcdtest/within_individual/sclm/statistic/z"),
        (f"{PANEL}::test_dependence",),
        {"plm": 'pcdtest(test = "sclm")', "EViews": "Residual cross-section dependence"},
        {"plm": ("*_plm_tests/pcdtest/*/sclm",)},
    ),
    Feature(
        TEST,
        "Bias-corrected scaled LM",
        'cross_section_dependence_test(within, statistic="bias-corrected-lm")',
        statistic,
        reference(f"{PLM}/pcdtest/within_individual/bcsclm/statistic/z"),
        (f"{PANEL}::test_dependence", SIZE),
        {"plm": 'pcdtest(test = "bcsclm")', "EViews": "Residual cross-section dependence"},
        {"plm": ("*_plm_tests/pcdtest/within_*/bcsclm",)},
    ),
    Feature(
        TEST,
        "Mean and mean absolute correlation of residuals",
        "residual_correlations(within).mean",
        float,
        reference(f"{PLM}/pcdtest/within_individual/rho/statistic/rho"),
        (f"{PANEL}::test_dependence",),
        {"plm": 'pcdtest(test = "rho")', "Stata": "xtcsd†, abs"},
        {"plm": ("*_plm_tests/pcdtest/*/rho", "*_plm_tests/pcdtest/*/absrho")},
    ),
    Feature(
        TEST,
        "Modified Wald test of groupwise variances",
        "modified_wald_test(within)",
        statistic,
        reference("grunfeld_gretl/tests/fe_groupwise_het_stat/0"),
        (f"{PANEL}::test_groupwise_variances_and_slopes",),
        {"Stata": "xttest3†", "gretl": "modtest --panel"},
        {"gretl": ("*_gretl/tests/fe_groupwise_het_stat",)},
    ),
    Feature(
        TEST,
        "Slope homogeneity (Pesaran-Yamagata), plain",
        'slope_homogeneity_test(within, statistic="plain")',
        statistic,
        lambda: homogeneity(adjusted=False),
        (f"{PANEL}::test_groupwise_variances_and_slopes",),
        {"Stata": "xthst†"},
    ),
    Feature(
        TEST,
        "Slope homogeneity (Pesaran-Yamagata), adjusted",
        "slope_homogeneity_test(within)",
        statistic,
        lambda: homogeneity(adjusted=True),
        (f"{PANEL}::test_groupwise_variances_and_slopes", SIZE),
        {"Stata": "xthst†"},
    ),
    *(
        Feature(
            TEST,
            f"Dumitrescu-Hurlin causality, {title}",
            f'panel_granger_test(grunfeld_panel, "inv", "value", statistic="{kind}")',
            statistic,
            reference(f"grunfeld_extra/pgrangertest/value_causes_inv_order1/{theirs}/statistic/{theirs}"),
            (f"{PANEL}::test_panel_causality", *((SIZE,) if kind == "z-tilde" else ())),
            {
                "plm": f'pgrangertest(test = "{theirs}")',
                "Stata": "xtgcause†",
                **({} if kind == "z-tilde" else {"EViews": "Panel causality, Dumitrescu-Hurlin"}),
            },
            {"plm": (f"grunfeld_extra/pgrangertest/*/{theirs}",)},
        )
        for title, kind, theirs in (
            ("Z-tilde", "z-tilde", "Ztilde"),
            ("Z-bar", "z-bar", "Zbar"),
            ("W-bar", "w-bar", "Wbar"),
        )
    ),
    Feature(
        TEST,
        "Linear restrictions (F or chi2), under any covariance",
        'pooled.wald_test("value = capital")',
        statistic,
        linear_restriction,
        (
            "tests/panels/static/test_result.py::test_wald_in_every_way_of_writing",
            "tests/estimates/covariance/test_covariances.py::test_joint_tests_use_the_covariance",
        ),
        {
            "plm": "pwaldtest(); car† linearHypothesis()",
            "Stata": "test",
            "EViews": "Wald test",
            "gretl": "restrict",
            "linearmodels": "wald_test()",
            "pyfixest": "wald_test()",
        },
        {
            "plm": ("grunfeld_plm_cov/*/pwaldtest_*",),
            "Stata": ("published_stata_fatalities/two_way_fe_year_test",),
            "gretl": ("*_gretl/fe/within_F",),
            "linearmodels": ("*_linearmodels/*/robust_debiased*/f_robust",),
        },
    ),
]
ROWS = [*EFFECTS, *CORRELATED, *DEPENDENCE]

"""Rows of dynamic panels by moments: steps, weights and errors, and tests of what was assumed."""

from __future__ import annotations

import numpy as np
from features.dynamic_panels_names import (
    BOND,
    CLUSTERS,
    ERRORS,
    N_LAGS,
    OWN,
    STATA,
    TEST,
    TWIN,
    criterion,
    error,
    params,
    settled,
    statistic,
    twin,
)
from features.feature import Feature, reference
from panels.dynamic.dense_gmm import Fit, LagColumns, OwnColumns
from panels.dynamic.test_arellano_bond import FRAME
from panels.dynamic.test_quadratic_moments import blind
from panels.dynamic.test_serial_portmanteau import by_hand
from scipy.optimize import minimize

import panelvar as pv

DENSE = "tests/panels/dynamic/test_dense_gmm.py"
QUADRATIC = "tests/panels/dynamic/test_quadratic_moments.py"
SHORT = LagColumns("n", 2, 4, equation="transformed")
PAIR = 'instruments=[LagInstruments("n", 2), StandardInstruments(["w", "k"], "both")]'
STEPS = f"{BOND}::test_later_steps_settle_where_they_say"


def stored(case: str, path: str):
    """What Stata leaves."""
    return reference(f"{STATA}/{case}/{path}")


def least() -> np.ndarray:
    """Where moments weighed by their own covariance are least: the lowest minimum of searches from several points."""
    found = twin(SHORT, OWN)
    starts = [found.second.coef + step for step in np.random.default_rng(0).normal(size=(30, len(found.second.coef)))]
    ends = [
        minimize(lambda at: criterion(found, at), start, method="BFGS", options={"gtol": 1e-10})
        for start in [found.second.coef, *starts]
    ]
    return min(ends, key=lambda end: end.fun).x


def third_order() -> float:
    """m3, written out."""
    found = twin(N_LAGS, OWN)
    return found.ar_test(3, 2, found.windmeijer())


def both(h: str, case: str = "") -> float:
    """Robust error of wages in the system, one step."""
    found = twin(
        LagColumns("n", 2, equation="both"),
        OwnColumns(("w", "k")),
        case=case,
        level_equation=True,
        constant=True,
        h=h,
    )
    return float(np.sqrt(found.robust()[1, 1]))


def two_lags() -> Fit:
    """Two lags of employment."""
    return twin(N_LAGS, x=("L1.n", "L2.n"))


def smallest(weight: np.ndarray, kept: range) -> float:
    """Least criterion of some of the moments, weighed by the inverse of their part."""
    rows = twin(N_LAGS, OWN).made
    zx = sum(each.z.T @ each.x for each in rows)[kept]
    zy = sum(each.z.T @ each.y for each in rows)[kept]
    inverse = np.linalg.inv(weight[np.ix_(kept, kept)])
    left = zy - zx @ np.linalg.solve(zx.T @ inverse @ zx, zx.T @ inverse @ zy)
    return float(left @ inverse @ left)


def second(kept: range) -> float:
    """Hansen's statistic."""
    return smallest(twin(N_LAGS, OWN).first.moment_covariance, kept)


def first(kept: range) -> float:
    """The criterion of one step."""
    return smallest(sum(rows.z.T @ rows.h @ rows.z for rows in twin(N_LAGS, OWN).made), kept)


def regressor_alone() -> float:
    """The criterion of lagged employment as if it were the error."""
    moments = np.array([rows.z.T @ rows.x[:, 0] for rows in twin(N_LAGS, x=("L1.n",)).made])
    total = moments.sum(axis=0)
    return float(total @ np.linalg.solve(moments.T @ moments, total))


def simulated_fit() -> pv.DynamicPanelResult:
    """The model of the simulated entities."""
    return pv.fit_arellano_bond(FRAME, "y", "x", instruments=pv.LagInstruments(collapse=True))


ERROR_ROWS = [
    Feature(
        ERRORS,
        "One step, robust errors",
        "fit_arellano_bond(*firms_alone, steps=1)",
        error("L(n)"),
        stored("A1_ar1_1step_robust", "se/L.n"),
        (TWIN,),
        {
            "Stata": "vce(robust)",
            "xtabond2": "robust",
            "xtdpdgmm": "vce(robust)",
            "plm": "vcovHC",
            "panelvar": "one-step errors",
            "gretl": "unless --asymptotic",
            "pydynpd": "the default",
            "panelbox": "robust=True",
        },
        {"Stata": (f"{STATA}/A1_*/se", f"{STATA}/B1_*/se"), "xtabond2": (f"{STATA}/D1_*/se",)}
        | {"plm": ("empluk_pgmm/*_onestep/se_robust",), "gretl": ("empluk_gretl_dpanel/ab4b_1step_dpd/stderr",)},
    ),
    Feature(
        ERRORS,
        "One step, classical errors",
        'fit_arellano_bond(*firms_alone, steps=1, cov="classical", convention="xtabond")',
        error("L(n)"),
        stored("A2_ar1_1step_classic", "se/L.n"),
        (TWIN,),
        {
            "Stata": "vce(gmm)",
            "xtabond2": "unless robust",
            "xtdpdgmm": "vce(conventional)",
            "plm": "vcov",
            "gretl": "--asymptotic",
            "panelbox": "robust=False",
        },
        {"Stata": (f"{STATA}/A2_*/se",), "gretl": ("empluk_gretl_dpanel/ab4b_1step_asy_dpd/stderr",)},
    ),
    Feature(
        ERRORS,
        "Windmeijer's correction",
        "fit_arellano_bond(*firms_alone)",
        error("L(n)"),
        stored("A4_ar1_2step_wc", "se/L.n"),
        (TWIN,),
        {
            "Stata": "twostep vce(robust)",
            "xtabond2": "twostep robust",
            "xtdpdgmm": "vce(robust)",
            "plm": "vcovHC",
            "panelvar": "the default",
            "gretl": "unless --asymptotic",
            "pydynpd": "the default",
            "panelbox": "robust=True",
        },
        {"Stata": (f"{STATA}/A4_*/se", f"{STATA}/B2_*/se"), "xtabond2": (f"{STATA}/D[58]_*/se",)}
        | {"plm": ("empluk_pgmm/*_twosteps/se_robust",)}
        | {"gretl": ("empluk_gretl_dpanel/ab4b_2step_windmeijer_*/stderr",)},
        remark="pvar has none: its two-step errors are the uncorrected ones",
    ),
    Feature(
        ERRORS,
        "Two steps without it",
        'fit_arellano_bond(*firms_alone, cov="uncorrected")',
        error("L(n)"),
        stored("A5_ar1_2step_conv", "se/L.n"),
        (TWIN,),
        {
            "Stata": "vce(gmm)",
            "xtabond2": "twostep, unless robust",
            "xtdpdgmm": "vce(conventional)",
            "pvar": "vce(unadjusted), the default",
            "plm": "vcov",
            "gretl": "--two-step --asymptotic",
            "panelbox": "robust=False",
        },
        {"Stata": (f"{STATA}/A5_*/se",), "plm": ("empluk_pgmm/*_twosteps/se_nonrobust",)}
        | {"gretl": ("empluk_gretl_dpanel/ab4b_2step_asy_dpd/stderr",)},
        remark="far too small where moments are many: for reproducing papers",
    ),
    Feature(
        ERRORS,
        "Clusters coarser than entities",
        'fit_arellano_bond(*firms, steps=1, cov=Clustered("sector"), convention="stata")',
        error("w"),
        stored("F1_x2_diff_cluster_ind", "se/w"),
        (CLUSTERS, f"{BOND}::test_clusters_of_entities_are_entities_whose_moments_are_added"),
        {"xtabond2": "cluster(ind)", "xtdpdgmm": "vce(cluster ind)", "pvar": "vce(cluster ind)"},
        {"xtabond2": (f"{STATA}/F[14]_*/se",)},
    ),
    Feature(
        ERRORS,
        "Small-sample factors and Student's t",
        "fit_arellano_bond(*firms, small_sample=True)",
        error("w"),
        lambda: float(np.sqrt(twin(N_LAGS, OWN).windmeijer()[1, 1] * (751 - 1) / (751 - 3) * 140 / 139)),
        (TWIN,),
        {"xtabond2": "small", "xtdpdgmm": "small", "gretl": "t, without a factor"},
        {"xtabond2": ("published_stata_empluk_gmm/xtabond2_twostep_system_small/params",)},
        remark="xtabond2's log is of a version that counted one row more; the factor is put back there",
    ),
    Feature(
        ERRORS,
        "Iterated until it settles",
        'fit_arellano_bond(*firms, steps="iterated", instruments=[LagInstruments("n", 2, 4), '
        'StandardInstruments(["w", "k"])])',
        params("L(n)"),
        lambda: settled(twin(SHORT, OWN))[0],
        (STEPS,),
        {"xtdpdgmm": "igmm", "panelvar": 'steps = "mstep"', "pydynpd": "iterated", "panelbox": 'gmm_type="iterative"'},
        tolerance=1e-7,
    ),
    Feature(
        ERRORS,
        "Continuously updated",
        'fit_arellano_bond(*firms, steps="cu", instruments=[LagInstruments("n", 2, 4), '
        'StandardInstruments(["w", "k"])]).hansen_j',
        statistic,
        lambda: criterion(twin(SHORT, OWN), least()),
        (STEPS,),
        {"xtdpdgmm": "cugmm", "panelbox": "ContinuousUpdatedGMM"},
    ),
    Feature(
        ERRORS,
        "One-step weight: both equations related, each entity's own gaps",
        f"fit_blundell_bond(*gapped, {PAIR}, steps=1)",
        error("w"),
        lambda: both("own", "I"),
        (TWIN,),
        {"xtabond2": "h(3), the default", "xtdpdgmm": "wmatrix(unadjusted)", "gretl": "the default"},
    ),
    Feature(
        ERRORS,
        "One-step weight: equations unrelated",
        f'fit_blundell_bond(*firms, {PAIR}, h="block", steps=1)',
        error("w"),
        lambda: both("block"),
        (TWIN,),
        {"Stata": "xtdpdsys, xtdpd", "xtabond2": "h(2)", "xtdpdgmm": "wmatrix(independent)", "gretl": "--dpdstyle"},
    ),
    Feature(
        ERRORS,
        "One-step weight: none",
        f'fit_blundell_bond(*firms, {PAIR}, h="identity", steps=1)',
        error("w"),
        lambda: both("identity"),
        (TWIN,),
        {"xtabond2": "h(1)", "xtdpdgmm": "wmatrix(separate)", "plm": 'fsm = "I"'},
    ),
    Feature(
        ERRORS,
        "xtdpdsys' classic set",
        'fit_blundell_bond(*firms_alone, steps=1, convention="xtabond")',
        error("const"),
        stored("E1_xtdpdsys_ar1_1step", "se/_cons"),
        (f"{DENSE}::test_it_reproduces_stata",),
        {"Stata": "xtdpdsys n, lags(1) vce(robust)"},
        {"Stata": (f"{STATA}/E*/se", f"{STATA}/E*/coef")},
    ),
    Feature(
        ERRORS,
        "Variance of the errors",
        'fit_arellano_bond(*firms_alone, steps=1, convention="xtabond").sigma2',
        float,
        stored("A1_ar1_1step_robust", "e/sig2"),
        (TWIN,),
        {"Stata": "e(sig2)", "xtabond2": "e(sig2)", "plm": "from residuals", "gretl": "$sigma"},
        {"Stata": (f"{STATA}/A*/e/sig2",), "xtabond2": (f"{STATA}/D*/e/sig2",)}
        | {"gretl": ("empluk_gretl_dpanel/ab*/sigma",)},
        remark="halved for differences; programs divide by different counts, which conventions name",
    ),
    Feature(
        ERRORS,
        "Covariance of all coefficients",
        'fit_arellano_bond(table_4[0], "lemp", ["lwage", "L(lwage)", "lcapital", "loutput", "L(loutput)"], lags=2)'
        '.cov.loc["L(lemp)", "L(lemp, 2)"]',
        float,
        reference("empluk_gretl_dpanel/ab_notime_noconst_2step/vcv/0/1"),
        (TWIN,),
        {name: "e(V)" for name in ("Stata", "xtabond2", "xtdpdgmm", "pvar")}
        | {"plm": "vcov", "panelvar": "vcov", "gretl": "$vcv", "panelbox": "vcov"},
        {"gretl": ("empluk_gretl_dpanel/ab_notime_noconst_2step/vcv",)},
    ),
]


TEST_ROWS = [
    Feature(
        TEST,
        "Sargan",
        'fit_arellano_bond(*firms, steps=1, convention="stata").sargan',
        statistic,
        stored("D3_x2_diff_ivwk", "e/sargan"),
        (TWIN,),
        {
            "Stata": "estat sargan",
            "xtabond2": "printed",
            "xtdpdgmm": "estat overid",
            "plm": 'sargan(weights = "onestep")',
            "gretl": "printed",
            "panelbox": "sargan_test",
        },
        {"xtabond2": (f"{STATA}/D*/e/sargan",), "Stata": (f"{STATA}/A2_*/e/sargan",)}
        | {"plm": ("empluk_pgmm/*_onestep/sargan_weights_onestep",), "gretl": ("empluk_gretl_dpanel/*nodpd/sargan",)},
        remark="programs divide the error variance differently, and so this; conventions follow each",
    ),
    Feature(
        TEST,
        "Hansen",
        f'fit_blundell_bond(*firms, {PAIR}, convention="stata").hansen_j',
        statistic,
        stored("D5_x2_sys_2step_wc", "e/hansen"),
        (TWIN,),
        {
            "Stata": "estat sargan after twostep; xtvar",
            "xtabond2": "printed",
            "xtdpdgmm": "estat overid",
            "pvar": "overid",
            "plm": "sargan",
            "panelvar": "hansen_j_test",
            "gretl": "printed",
            "pydynpd": "printed",
            "panelbox": "hansen_j",
        },
        {"xtabond2": (f"{STATA}/D*/e/hansen",), "plm": ("empluk_pgmm/*_twosteps/sargan_weights_twosteps",)}
        | {"gretl": ("empluk_gretl_dpanel/*nodpd/hansen",)},
        remark="says so where moments are as many as entities and it has no power",
    ),
    Feature(
        TEST,
        "Hansen after one step",
        f'fit_blundell_bond(*firms, {PAIR}, steps=1, convention="stata").hansen_j',
        statistic,
        stored("D4_x2_sys_1step", "e/hansen"),
        (TWIN,),
        {"xtabond2": "printed with robust", "xtdpdgmm": "estat overid"},
        {"xtabond2": (f"{STATA}/D4_*/e/hansen",)},
    ),
    Feature(
        TEST,
        "m1",
        "fit_arellano_bond(*firms_alone, steps=1).ar_test(1)",
        statistic,
        stored("A1_ar1_1step_robust", "e/arm1"),
        (TWIN,),
        {
            "Stata": "estat abond",
            "xtabond2": "printed",
            "xtdpdgmm": "estat serial",
            "plm": "mtest(order = 1)",
            "gretl": "printed",
            "pydynpd": "printed",
            "panelbox": "ar1_test",
        },
        {"Stata": (f"{STATA}/A*/e/arm1",), "xtabond2": (f"{STATA}/*_x2_*/e/ar1",)}
        | {"plm": ("empluk_pgmm/ab91_*/mtest1_robust",), "gretl": ("empluk_gretl_dpanel/*/AR1",)},
    ),
    Feature(
        TEST,
        "m2",
        f'fit_blundell_bond(*firms, {PAIR}, convention="stata").ar_test(2)',
        statistic,
        stored("D5_x2_sys_2step_wc", "e/ar2"),
        (TWIN,),
        {
            "Stata": "estat abond",
            "xtabond2": "printed",
            "xtdpdgmm": "estat serial",
            "plm": "mtest(order = 2)",
            "gretl": "printed",
            "pydynpd": "printed",
            "panelbox": "ar2_test",
        },
        {"Stata": (f"{STATA}/A*/e/arm2",), "xtabond2": (f"{STATA}/*_x2_*/e/ar2",)}
        | {"plm": ("empluk_pgmm/ab91_*/mtest2_robust",), "gretl": ("empluk_gretl_dpanel/*/AR2",)},
        remark="plm leaves a term out in systems",
    ),
    Feature(
        TEST,
        "m3 and older",
        "fit_arellano_bond(*firms).ar_test(3)",
        statistic,
        third_order,
        (TWIN,),
        {
            "Stata": "artests(3)",
            "xtabond2": "artests(3)",
            "xtdpdgmm": "estat serial, order(1/3)",
            "plm": "mtest(order = 3)",
        },
        {"Stata": ("published_stata_empluk_gmm/*/arellano_bond_z",)},
    ),
    Feature(
        TEST,
        "m under homoskedastic errors",
        'fit_arellano_bond(*firms_alone, steps=1, cov="classical", convention="xtabond").ar_test(2)',
        statistic,
        stored("A2_ar1_1step_classic", "e/arm2"),
        (TWIN,),
        {"Stata": "estat abond after vce(gmm)", "xtabond2": "without robust"},
        {"Stata": (f"{STATA}/A2_*/e/arm2",)},
    ),
    Feature(
        TEST,
        "All slopes together",
        "fit_arellano_bond(*firms_alone, steps=1).f_slopes",
        statistic,
        stored("A1_ar1_1step_robust", "e/chi2"),
        ("tests/panels/static/test_result.py::test_wald_in_every_way_of_writing",),
        {name: "printed" for name in ("Stata", "xtabond2", "xtdpdgmm", "plm", "gretl", "panelbox")},
        {"Stata": (f"{STATA}/A*/e/chi2",), "plm": ("empluk_pgmm/*/wald_coef_robust/statistic",)},
    ),
    Feature(
        TEST,
        "Effects of the periods together",
        "fit_arellano_bond(*table_4, lags=2, time_effects=True, steps=1, convention='plm').joint_test(\"C(year)\")",
        statistic,
        reference("empluk_pgmm/ab91_table4_a_onestep/wald_time_robust/statistic/chisq"),
        ("tests/panels/static/test_result.py::test_wald_in_every_way_of_writing",),
        {"Stata": "test", "xtabond2": "test", "xtdpdgmm": "test", "plm": "summary", "gretl": "printed"},
        {"plm": ("empluk_pgmm/*/wald_time_robust",), "gretl": ("empluk_gretl_dpanel/ab*/wald_time",)},
    ),
    Feature(
        TEST,
        "A combination of coefficients",
        'fit_arellano_bond(*firms_alone, ["w", "L(w)", "k"]).lincom("w + L(w)").std_error',
        float,
        lambda: float(
            np.sqrt(
                twin(N_LAGS, OwnColumns(("w", "L1.w", "k"), "transformed"), x=("L1.n", "w", "L1.w", "k"))
                .windmeijer()[1:3, 1:3]
                .sum()
            )
        ),
        ("tests/panels/static/test_result.py::test_lincom_by_hand",),
        {"Stata": "lincom", "xtabond2": "lincom", "xtdpdgmm": "lincom", "pvar": "lincom", "plm": "† multcomp"},
    ),
    Feature(
        TEST,
        "Some moments, by the difference of Hansen's statistics",
        'fit_arellano_bond(*firms).difference_in_hansen("w, k")',
        statistic,
        lambda: second(range(30)) - second(range(28)),
        (
            "tests/panels/dynamic/test_subset_tests.py::test_the_difference_is_of_two_least_criteria_under_parts_of_one_weight",
        ),
        {"xtabond2": "printed for every set", "xtdpdgmm": "estat overid, difference"},
        {"xtabond2": ("published_roodman_2009/*/difference_in_hansen",)},
        remark="both under parts of one weight, so that it is never negative",
    ),
    Feature(
        TEST,
        "Every set of instruments by itself",
        'fit_arellano_bond(*firms).instrument_tests()["w, k"]',
        statistic,
        lambda: second(range(30)) - second(range(28)),
        ("tests/panels/dynamic/test_subset_tests.py::test_every_set_is_in_the_table_by_its_name",),
        {"xtabond2": "printed", "xtdpdgmm": "estat overid, difference"},
    ),
    Feature(
        TEST,
        "Some moments, by the difference of Sargan's statistics",
        'fit_arellano_bond(*firms, steps=1).difference_in_sargan("w, k")',
        statistic,
        lambda: (first(range(30)) - first(range(28))) / twin(N_LAGS, OWN).sigma2(1, minus=3),
        ("tests/panels/dynamic/test_subset_tests.py::test_under_its_own_weight_the_smaller_model_is_fitted_by_itself",),
        {"xtabond2": "printed without robust"},
    ),
    Feature(
        TEST,
        "Quadratic moments, uncorrelated errors (Ahn and Schmidt)",
        'fit_arellano_bond(simulated, "y", "x", nonlinear="noserial", '
        "instruments=LagInstruments(collapse=True)).hansen_j",
        statistic,
        lambda: blind(FRAME, "noserial")[0].fun,
        (f"{QUADRATIC}::test_the_two_step_estimate_is_the_least_that_a_blind_search_finds",),
        {"xtdpdgmm": "nl(noserial)"},
        remark="less than half the error without them where y is persistent; the programs' one-step weights differ",
    ),
    Feature(
        TEST,
        "And of the same variance in all periods",
        'fit_arellano_bond(simulated, "y", "x", nonlinear="iid", instruments=LagInstruments(collapse=True)).hansen_j',
        statistic,
        lambda: blind(FRAME, "iid")[0].fun,
        (f"{QUADRATIC}::test_the_two_step_estimate_is_the_least_that_a_blind_search_finds",),
        {"xtdpdgmm": "nl(iid)"},
    ),
    Feature(
        TEST,
        "Underidentification, robust",
        "fit_arellano_bond(*firms_alone).underidentification",
        statistic,
        regressor_alone,
        ("tests/panels/dynamic/test_underidentification.py::test_the_statistic_is_the_least_over_all_combinations",),
        {"xtabond2": "† underid", "xtdpdgmm": "† underid"},
        remark="that the moments see no combination of the regressors; also by regressor (Sanderson and Windmeijer)",
    ),
    Feature(
        TEST,
        "Jochmans' portmanteau test",
        'fit_arellano_bond(simulated, "y", "x", instruments=LagInstruments(collapse=True)).serial_portmanteau()',
        statistic,
        lambda: by_hand(simulated_fit(), FRAME)[0],
        ("tests/panels/dynamic/test_serial_portmanteau.py::test_it_is_the_sum_of_products_one_at_a_time",),
        {"Stata": "xtserialpm†, after within estimates; xtdpdserial†", "xtdpdgmm": "estat serialpm"},
        remark="of any order, from the errors of the levels",
    ),
    Feature(
        TEST,
        "Criteria of Andrews and Lu",
        "fit_arellano_bond(*firms).moment_criteria().bic",
        float,
        lambda: twin(N_LAGS, OWN).second.criterion - 27 * np.log(140),
        ("tests/panels/dynamic/test_moment_selection.py::test_the_criteria_are_the_formulas_with_n_the_entities",),
        {"Stata": "criteria after xtvar", "xtdpdgmm": "estat mmsc", "pvar": "pvarsoc", "panelvar": "Andrews_Lu_MMSC"},
        remark="n is entities, over which moments are summed; others count rows",
    ),
    Feature(
        TEST,
        "The number of lags by them",
        "fit_arellano_bond(*firms_alone, lags=2).lag_selection().table.loc[2, 'bic']",
        float,
        lambda: two_lags().second.criterion - (two_lags().n_instruments - 2) * np.log(140),
        ("tests/panels/dynamic/test_moment_selection.py::test_every_number_of_lags_has_the_rows_of_the_longest",),
        {"Stata": "criteria after xtvar", "xtdpdgmm": "estat mmsc", "pvar": "pvarsoc, maxlag(4)"},
        remark="all orders on the rows and instruments of the longest",
    ),
]

"""Rows of cointegration: rank tests, error-correction models, restrictions."""

from __future__ import annotations

import numpy as np
from features.feature import Feature, reference
from features.var_names import NAMES, UNIT_ROOTS, data_sets

import panelvar as pv

JOHANSEN = "tests/nonstationary/cointegration/test_johansen.py"
VECM = "tests/nonstationary/cointegration/test_vecm.py"
GRETL = "denmark_cointegration_gretl"
URCA = "denmark_cointegration_urca"
SHOCKS = "tests/systems/identification/test_error_correction_shocks.py"
SVEC = "svec_vars"
STATSMODELS = "denmark_cointegration_statsmodels"


def everywhere(gretl: str = "", urca: str = "", statsmodels: str = "") -> dict[str, tuple[str, ...]]:
    found = {}
    if statsmodels:
        found["statsmodels"] = tuple(
            f"{name}_cointegration_statsmodels/{statsmodels}" for name in ("denmark", "canada")
        )
    if urca:
        found["vars"] = tuple(f"{name}_cointegration_urca/{urca}" for name in ("denmark", "finland", "canada"))
    if gretl:
        found["gretl"] = tuple(f"{name}_cointegration_gretl/{gretl}" for name in ("denmark", "finland"))
    return found


def money_demand(rank: int) -> pv.VecmResult:
    return pv.fit_vecm(NAMES["money_demand"](), rank=rank, lags=2, trend="rc")


def share_above() -> float:
    """Share of data sets without a relation whose trace is at least as large, the sample's own counted."""
    own = pv.johansen_test(NAMES["money_demand"](), lags=2, trend="rc", correction="doornik").trace[0]
    drawn = [
        pv.johansen_test(y, lags=2, trend="rc", correction="doornik").trace[0]
        for y in data_sets(money_demand(0), pv.ResidualBootstrap(99, seed=1))
    ]
    return (1 + sum(trace >= own for trace in drawn)) / 100


def drawn_response() -> float:
    """The fit of the eighteenth data set alone."""
    y = data_sets(money_demand(1), pv.ResidualBootstrap(20, seed=1))[17]
    return float(pv.fit_vecm(y, rank=1, lags=2, trend="rc").impulse_responses(8).values[3, 0, 1])


def lasting() -> float:
    """Effect of an error on a level for good, as the moving average far ahead has it."""
    first, second = money_demand(1).coefficients
    before, now = np.eye(4), first.copy()
    for _ in range(4000):
        before, now = now, first @ now + second @ before
    return float(now[0, 1])


ROWS = [
    Feature(
        UNIT_ROOTS,
        "Johansen's trace test, five deterministic cases",
        'johansen_test(money_demand, lags=2, trend="rc", correction="doornik")',
        lambda test: test.trace[0],
        reference(f"{URCA}/const_2_0/trace/0"),
        (f"{JOHANSEN}::test_against_moment_matrices", f"{JOHANSEN}::test_size_of_the_trace_test"),
        {
            "statsmodels": "coint_johansen(), two cases",
            "vars": "urca† ca.jo(), three cases",
            "gretl": "coint2",
            "Stata": "vecrank",
            "EViews": "coint",
        },
        everywhere("*/statistics", "*/trace", "johansen_*/trace"),
    ),
    Feature(
        UNIT_ROOTS,
        "Johansen's maximum-eigenvalue test",
        'johansen_test(money_demand, lags=2, trend="rc", correction="doornik")',
        lambda test: test.max_eigenvalue[1],
        reference(f"{URCA}/const_2_0/eigen/1"),
        (f"{JOHANSEN}::test_against_moment_matrices",),
        {
            "statsmodels": "coint_johansen()",
            "vars": 'urca† ca.jo(type = "eigen")',
            "gretl": "coint2",
            "Stata": "vecrank, max",
            "EViews": "coint",
        },
        everywhere("*/statistics", "*/eigen", "johansen_*/max"),
    ),
    Feature(
        UNIT_ROOTS,
        "Their p-values, and of the trace for the sample size",
        'johansen_test(money_demand, lags=2, trend="rc", correction="doornik")',
        lambda test: test.trace_pvalues[0],
        reference(f"{GRETL}/rc_2/pvalues_corrected/0/0"),
        (
            f"{JOHANSEN}::test_gamma_approximation_against_tables",
            "tests/simulation/test_trace_size.py::test_a_part_of_the_table_is_found_again",
        ),
        {"gretl": "coint2", "EViews": "coint, asymptotic"},
        everywhere("*/pvalues_corrected"),
        remark="also the correction of Reinsel and Ahn",
    ),
    Feature(
        UNIT_ROOTS,
        "Their bootstrap, under each rank",
        'johansen_test(money_demand, lags=2, trend="rc", bootstrap=ResidualBootstrap(99, seed=1))',
        lambda test: test.trace_pvalues[0],
        share_above,
        (f"{JOHANSEN}::test_bootstrap_is_a_loop_of_tests", f"{JOHANSEN}::test_size_of_the_bootstrap"),
        {},
        remark="also wild and by blocks",
    ),
    Feature(
        UNIT_ROOTS,
        "Critical values of MacKinnon, Haug and Michelis and of Osterwald-Lenum",
        'johansen_test(money_demand, lags=2, trend="rc", correction="doornik")'
        '.critical_values(source="osterwald-lenum")',
        lambda frame: frame.loc[0, "trace"],
        53.12,
        (f"{JOHANSEN}::test_gamma_approximation_against_tables",),
        {
            "statsmodels": "MacKinnon, Haug, Michelis",
            "vars": "urca† Osterwald-Lenum",
            "Stata": "vecrank",
            "EViews": "MacKinnon, Haug, Michelis",
        },
        everywhere("", "*/trace_cval", "johansen_*/trace_crit"),
    ),
    Feature(
        UNIT_ROOTS,
        "Vector error-correction model, five cases",
        'fit_vecm(money_demand, rank=1, lags=2, trend="rc")',
        lambda fit: fit.beta.loc["ibo", "ec1"],
        reference(f"{GRETL}/rc_2/vecm_1/beta/2/0"),
        (f"{VECM}::test_against_moment_matrices", f"{VECM}::test_likelihood_is_at_its_maximum"),
        {
            "statsmodels": "VECM()",
            "vars": "urca† cajorls()",
            "gretl": "vecm",
            "Stata": "vec",
            "EViews": "VEC",
        },
        everywhere("*/vecm_*/beta", "*/cajorls_*/beta", "vecm_*/beta"),
    ),
    Feature(
        UNIT_ROOTS,
        "Standard errors of the relations",
        'fit_vecm(money_demand, rank=1, lags=2, trend="rc", convention=VarConvention("ml", coefficient_sigma="ml"))',
        lambda fit: fit.beta_std_errors.loc["ibo", "ec1"],
        reference(f"{STATSMODELS}/vecm_ci_1_1_0/stderr_beta/2/0"),
        (f"{VECM}::test_against_moment_matrices", f"{VECM}::test_coverage_of_the_relations"),
        {"statsmodels": "stderr_beta", "gretl": "vecm", "Stata": "vec", "EViews": "VEC"},
        everywhere("*/vecm_*/beta_variance", "", "vecm_*_1_1_*/stderr_beta"),
        remark="statsmodels puts those of two relations in the wrong places",
    ),
    Feature(
        UNIT_ROOTS,
        "Reactions, short run and their errors",
        'fit_vecm(money_demand, rank=2, lags=2, trend="rc")',
        lambda fit: fit.short_run_std_errors.loc["ec1", "lrm"],
        reference(f"{URCA}/const_2_0/cajorls_2/se/values/0/0"),
        (f"{VECM}::test_against_moment_matrices",),
        {
            "statsmodels": "VECM()",
            "vars": "urca† cajorls()",
            "gretl": "vecm",
            "Stata": "vec",
            "EViews": "VEC",
        },
        everywhere("*/vecm_*/errors", "*/cajorls_*/se", "vecm_*/stderr_alpha"),
    ),
    Feature(
        UNIT_ROOTS,
        "Restrictions on relations",
        'fit_vecm(money_demand, rank=1, lags=2, trend="rc").restriction_test(beta="ide = 0")',
        lambda test: test.statistic,
        reference(f"{GRETL}/rc_2/vecm_1/excluded/statistic"),
        (f"{VECM}::test_restrictions_on_relations_by_search", f"{VECM}::test_known_relations"),
        {"vars": "urca† blrtest(), bh5lrtest()", "gretl": "restrict", "Stata": "bconstraints()", "EViews": "VEC"},
        everywhere("*/vecm_*/excluded", "*/blrtest_*/statistic"),
        remark="in all relations, or known relations; not relation by relation",
        tolerance=1e-7,
    ),
    Feature(
        UNIT_ROOTS,
        "Weak exogeneity and other restrictions on reactions",
        'fit_vecm(money_demand, rank=1, lags=2, trend="rc").weak_exogeneity_test("ide")',
        lambda test: test.statistic,
        reference(f"{GRETL}/rc_2/vecm_1/exogenous/statistic"),
        (f"{VECM}::test_restrictions_on_reactions_by_search",),
        {"vars": "urca† alrtest()", "gretl": "restrict", "Stata": "aconstraints()", "EViews": "VEC"},
        everywhere("*/vecm_*/exogenous", "*/alrtest_*/statistic"),
        tolerance=1e-7,
    ),
    Feature(
        UNIT_ROOTS,
        "The levels model: responses, forecasts",
        'fit_vecm(money_demand, rank=1, lags=2, trend="rc").forecast(4)',
        lambda forecast: forecast.values[3, 0],
        reference(f"{URCA}/const_2_0/vec2var/forecast/values/3/0"),
        (f"{VECM}::test_levels_model_is_the_same_model", f"{VECM}::test_all_that_a_system_does"),
        {
            "statsmodels": "irf(), predict()",
            "vars": "vec2var()",
            "gretl": "vecm",
            "Stata": "irf, fcast",
            "EViews": "VEC",
        },
        everywhere("", "*/vec2var", "vecm_*/irf"),
    ),
    Feature(
        UNIT_ROOTS,
        "Their bands, the relations estimated again in every draw",
        'fit_vecm(money_demand, rank=1, lags=2, trend="rc").impulse_responses(8, bands=ResidualBootstrap(20, seed=1))',
        lambda responses: responses.draws[17, 3, 0, 1],
        drawn_response,
        (f"{VECM}::test_bootstrap_is_a_loop_of_single_fits",),
        {"vars": "vec2var(), relations held fixed", "gretl": "irf()"},
    ),
    Feature(
        UNIT_ROOTS,
        "Where shocks lead",
        'fit_vecm(money_demand, rank=1, lags=2, trend="rc")',
        lambda fit: fit.long_run_impact.iloc[0, 1],
        lasting,
        (f"{VECM}::test_where_shocks_lead",),
        {"vars": "urca† cajools(); vars SVEC()"},
    ),
    Feature(
        UNIT_ROOTS,
        "Structural error correction: zeros on impact and of lasting effects",
        'fit_svar(fit_vecm(canada, rank=1, lags=3, trend="rt", convention=VarConvention("ml", sigma="ml")), pfaff)',
        lambda fit: fit.b.loc["prod", "U"],
        reference(f"{SVEC}/canada_just/SR/values/0/2"),
        (f"{SHOCKS}::test_against_a_general_optimiser", f"{SHOCKS}::test_restrictions_hold_where_the_responses_end"),
        {"vars": "SVEC()", "gretl": "SVAR†"},
        {"vars": tuple(f"{SVEC}/*/{part}" for part in ("SR", "LR", "irf", "fevd"))},
    ),
    Feature(
        UNIT_ROOTS,
        "Test of its overidentifying restrictions",
        'fit_svar(fit_vecm(canada, rank=1, lags=3, trend="rt"), pfaff_restricted)',
        lambda fit: fit.overidentification.statistic,
        reference(f"{SVEC}/canada_over/LRover/statistic"),
        (f"{SHOCKS}::test_the_likelihood_ratio_of_a_restriction",),
        {"vars": "SVEC(lrtest = TRUE)"},
        {"vars": (f"{SVEC}/*/LRover",)},
    ),
    Feature(
        UNIT_ROOTS,
        "Errors of its impact and lasting effects",
        'fit_svar(fit_vecm(canada, rank=1, lags=3, trend="rt"), pfaff, bands=DeltaMethod())',
        lambda fit: float((fit.long_run_std_errors.to_numpy()[0, 1:] == 0.0).all() and fit.b_std_errors.iloc[0, 0] > 0),
        1.0,
        (f"{SHOCKS}::test_errors_that_count_the_reduced_form", f"{SHOCKS}::test_against_a_general_optimiser"),
        {"vars": "SVEC(boot = TRUE), relations held fixed"},
        remark="by the information, the delta method, or bootstraps that estimate the relations again",
    ),
]

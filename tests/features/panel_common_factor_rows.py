"""Rows of tests of one variable of a panel whose entities share factors."""

from __future__ import annotations

from functools import cache

import numpy as np
from features.feature import Feature, reference
from features.panel_roots_names import (
    FACTORS,
    beside_averages,
    chosen_beside_averages,
    fuel,
    own,
    part,
    pvalue,
    ratios,
    statistic,
)
from nonstationary.panel_unit_roots.test_demetrescu_hanck import written_out as instrumented
from nonstationary.panel_unit_roots.test_moon_perron import written_out as moon_perron
from nonstationary.panel_unit_roots.test_panic import of_2010, parts, trend_statistics
from panels.diagnostics.test_cross_section_exponent import written_out as exponent
from scipy import stats

import panelvar as pv

EXPONENT = "tests/panels/diagnostics/test_cross_section_exponent.py"
CIPS = "tests/nonstationary/panel_unit_roots/test_cips.py"
DEMETRESCU_HANCK = "tests/nonstationary/panel_unit_roots/test_demetrescu_hanck.py"
MOON_PERRON = "tests/nonstationary/panel_unit_roots/test_moon_perron.py"
PANIC = "tests/nonstationary/panel_unit_roots/test_panic.py"

AVERAGES = (f"{CIPS}::test_ratios_are_those_of_regressions_with_the_averages_as_columns", f"{CIPS}::test_real_firms")
PLM_CIPS = "grunfeld_cips/inv"


@cache
def decomposed(count: int, trend: str = "c") -> tuple[np.ndarray, np.ndarray]:
    """Cumulated factors of gasoline per car, and own parts."""
    return parts(fuel(), count, trend)


def own_part_pvalues(count: int) -> np.ndarray:
    """Of Dickey and Fuller's tests without terms and with two lags."""
    return np.array([pv.adf_test(path, lags=2, trend="n").pvalue for path in decomposed(count)[1].T])


def trends(count: int, place: int) -> float:
    """MQ_c (0) or MQ_f (1) of all the factors about their means."""
    factors = decomposed(count)[0]
    about = factors - factors.mean(axis=0)
    return trend_statistics(about @ np.linalg.eigh(about.T @ about)[1][:, ::-1], 2)[place]


def bic3(most: int) -> int:
    """Number of factors by Bai and Ng's criterion: the variance left and a penalty in units of the most factors'."""
    x = np.diff(fuel().T, axis=0)
    rows, entities = x.shape
    squares = np.linalg.eigvalsh(x @ x.T)[::-1] / (rows * entities)
    left = [squares[count:].sum() for count in range(most + 1)]
    penalty = left[most] * (rows + entities) * np.log(rows * entities) / (rows * entities)
    penalties = [count * penalty * (rows + entities - count) / (rows + entities) for count in range(most + 1)]
    return int(np.argmin(np.add(left, penalties)))


def cd(values: np.ndarray) -> float:
    """Pesaran's CD, a pair of entities at a time."""
    entities, periods = values.shape
    total = sum(np.corrcoef(values[i], values[j])[0, 1] for i in range(entities) for j in range(i))
    return float(np.sqrt(2.0 * periods / (entities * (entities - 1))) * total)


def of_pairs() -> float:
    """The exponent from the number of correlated pairs of changes."""
    values = np.diff(fuel(), axis=1)
    entities, periods = values.shape
    bound = stats.norm.ppf(1.0 - 0.05 / (2.0 * (entities * (entities - 1) / 2.0) ** 0.25))
    correlated = np.sqrt(periods) * np.abs(np.corrcoef(values)) > bound
    return float(np.log(correlated.sum()) / (2.0 * np.log(entities)))


DEPENDENCE_ROWS = [
    Feature(
        FACTORS,
        "Are entities correlated? CD of a variable",
        'cross_section_dependence_test(gasoline, "lgaspcar")',
        statistic,
        lambda: cd(fuel()),
        (f"{EXPONENT}::test_a_variable_is_tested_as_the_residuals_of_its_mean",),
        {"plm": "pcdtest()", "Stata": "xtcd†, xtcd2†"},
        remark="of residuals: [features of panels](features.md)",
    ),
    Feature(
        FACTORS,
        "CD of its changes",
        'cross_section_dependence_test(gasoline, "lgaspcar", changes=True)',
        statistic,
        lambda: cd(np.diff(fuel(), axis=1)),
        (f"{EXPONENT}::test_a_variable_is_tested_as_the_residuals_of_its_mean",),
        {"plm": "pcdtest(), of differences", "Stata": "xtcd2†: D.; xtcd†, of a new variable"},
        remark="levels that wander are correlated by chance",
    ),
    Feature(
        FACTORS,
        "How strongly? The exponent of dependence (Bailey, Kapetanios and Pesaran)",
        'cross_section_exponent(gasoline, "lgaspcar", changes=True)',
        lambda result: result.exponent,
        lambda: exponent(np.diff(fuel(), axis=1).T, 4, 0.1)[2],
        (f"{EXPONENT}::test_averages_as_written_out", f"{EXPONENT}::test_the_reach_of_a_factor_is_found"),
        {"plm": "dcce†", "Stata": "xtcse2†"},
        remark="says which tests of unit roots the dependence leaves",
    ),
    Feature(
        FACTORS,
        "Its standard error",
        'cross_section_exponent(gasoline, "lgaspcar", changes=True)',
        lambda result: result.std_error,
        lambda: exponent(np.diff(fuel(), axis=1).T, 4, 0.1)[3],
        (f"{EXPONENT}::test_averages_as_written_out", f"{EXPONENT}::test_the_reach_of_a_factor_is_found"),
        {"Stata": "xtcse2†"},
    ),
    Feature(
        FACTORS,
        "The exponent from pairs that are correlated",
        'cross_section_exponent(gasoline, "lgaspcar", changes=True, method="correlations", size=0.05, tuning=0.25)',
        lambda result: result.exponent,
        of_pairs,
        (f"{EXPONENT}::test_correlations_as_written_out", f"{EXPONENT}::test_residuals_are_those_of_a_model"),
        {"Stata": "xtcse2†, residual"},
        remark="of residuals this is the default",
    ),
]

AVERAGE_ROWS = [
    Feature(
        FACTORS,
        "Pesaran's CIPS, constant",
        'cips_test(grunfeld, "inv", lags=1)',
        statistic,
        reference(f"{PLM_CIPS}/drift_cmg_lags1_truncatedFALSE/cips"),
        AVERAGES,
        {
            "plm": 'cipstest(type = "drift")',
            "Stata": "pescadf†, xtcips†, multipurt†",
            "EViews": "uroot2, CIPS",
            "tspdlib": "cips",
        },
        {"plm": ("grunfeld_cips/*/drift_cmg_*_truncatedFALSE",)},
    ),
    Feature(
        FACTORS,
        "CIPS, no terms",
        'cips_test(grunfeld, "inv", lags=1, trend="n")',
        statistic,
        reference(f"{PLM_CIPS}/none_cmg_lags1_truncatedFALSE/cips"),
        AVERAGES,
        {"plm": 'type = "none"', "EViews": "none", "tspdlib": "model = 0"},
        {"plm": ("grunfeld_cips/*/none_cmg_*_truncatedFALSE",)},
    ),
    Feature(
        FACTORS,
        "CIPS, trend",
        'cips_test(grunfeld, "inv", lags=1, trend="ct")',
        statistic,
        reference(f"{PLM_CIPS}/trend_cmg_lags1_truncatedFALSE/cips"),
        AVERAGES,
        {"plm": 'type = "trend"', "Stata": "pescadf†, trend", "EViews": "constant and trend", "tspdlib": "model = 2"},
        {"plm": ("grunfeld_cips/*/trend_cmg_*_truncatedFALSE",)},
    ),
    Feature(
        FACTORS,
        "CIPS without lags",
        'cips_test(gasoline, "lgaspcar", lags=0)',
        statistic,
        lambda: np.mean(beside_averages(fuel(), 0, "c")),
        AVERAGES,
        {"plm": "dcce† cips_test(lags = 0)", "Stata": "pescadf†, lags(0)"},
    ),
    Feature(
        FACTORS,
        "CIPS, its lags chosen by a rule",
        'cips_test(gasoline, "lgaspcar", lags="aic", max_lags=2)',
        statistic,
        lambda: np.mean(chosen_beside_averages(fuel(), 2, "c", lambda n: 2.0)),
        (f"{CIPS}::test_a_rule_chooses_by_criteria_on_common_rows",),
        {"EViews": "ADF lag selection", "tspdlib": "ic = 1, 2, 3"},
    ),
    Feature(
        FACTORS,
        "Truncated CIPS",
        'cips_test(grunfeld, "inv", lags=1, truncated=True)',
        statistic,
        reference(f"{PLM_CIPS}/drift_cmg_lags1_truncatedTRUE/cips"),
        (f"{CIPS}::test_truncated_ratios_are_cut_at_the_bounds",),
        {"plm": "truncated = TRUE", "Stata": "pescadf†"},
        {"plm": ("grunfeld_cips/*/*_cmg_*_truncatedTRUE",)},
    ),
    Feature(
        FACTORS,
        "Its p-value",
        'cips_test(grunfeld, "value", lags=1, convention="plm")',
        pvalue,
        reference("grunfeld_cips/value/drift_cmg_lags1_truncatedFALSE/p_interpolated_bounded"),
        (f"{CIPS}::test_critical_values_and_bounds", f"{CIPS}::test_conventions_read_the_table_differently"),
        {"plm": "p-value", "Stata": "critical values", "EViews": "simulated p-values"},
        {"plm": ("grunfeld_cips/*/*_cmg_*/p_interpolated_bounded",)},
        remark="between printed levels, a bound beyond them; the default interpolates normal scores, plm linearly",
    ),
    Feature(
        FACTORS,
        "Each entity's own ratio (CADF)",
        'cips_test(grunfeld, "inv", lags=2)',
        own("ratio", 3),
        reference(f"{PLM_CIPS}/drift_cmg_lags2_truncatedFALSE/individual_cadf_t/3"),
        AVERAGES,
        {"plm": "its tmods", "EViews": "uroot2, CIPS", "tspdlib": "cips"},
        {"plm": ("grunfeld_cips/*/*_cmg_*/individual_cadf_t",)},
        remark="with its own critical values",
    ),
]

FACTOR_ROWS = [
    Feature(
        FACTORS,
        "PANIC: unit roots of the entities' own parts",
        'panic_test(gasoline, "lgaspcar", factors=2, lags=2)',
        statistic,
        lambda: (-2.0 * np.log(own_part_pvalues(2)).sum() - 36.0) / np.sqrt(72.0),
        (f"{PANIC}::test_own_parts_are_tested_as_written_out", f"{PANIC}::test_own_parts_are_told_from_factors"),
        {"plm": "PANICr† panic04()", "EViews": "uroot2, PANIC", "tspdlib": "bng_panic"},
        remark="factors of differences; with a trend too",
        tolerance=1e-7,
    ),
    Feature(
        FACTORS,
        "PANIC: their p-values by the inverse normal",
        'panic_test(gasoline, "lgaspcar", factors=2, lags=2)',
        part("Choi's Z"),
        lambda: stats.norm.ppf(own_part_pvalues(2)).sum() / np.sqrt(18.0),
        (f"{PANIC}::test_own_parts_are_tested_as_written_out",),
        tolerance=1e-7,
    ),
    Feature(
        FACTORS,
        "PANIC: each entity's own part",
        'panic_test(gasoline, "lgaspcar", factors=2, trend="ct", lags=1)',
        own("ratio", 4),
        lambda: ratios(decomposed(2, "ct")[1].T, 1, "n")[4],
        (
            f"{PANIC}::test_own_parts_are_tested_as_written_out",
            f"{PANIC}::test_the_ratio_of_a_bridge_has_the_probabilities_of_cramer_and_von_mises",
        ),
        {"plm": "PANICr† panic04()", "EViews": "uroot2, PANIC", "tspdlib": "bng_panic"},
        remark="with a trend its p-values are exact ones of the reciprocal of a Brownian bridge",
    ),
    Feature(
        FACTORS,
        "PANIC: the number of factors by criteria",
        'panic_test(gasoline, "lgaspcar")',
        lambda test: test.n_factors,
        lambda: bic3(5),
        (f"{PANIC}::test_the_number_of_factors_is_found_or_said",),
        {
            "plm": "PANICr† getnfac()",
            "EViews": "factor selection",
            "pvars": "speci.factors()",
            "tspdlib": "ic_factors",
        },
        remark="PC1 to PC3, IC1 to IC3, BIC3 of Bai and Ng, the eigenvalue and growth ratios of Ahn and Horenstein",
    ),
    Feature(
        FACTORS,
        "PANIC: a single factor",
        'panic_test(gasoline, "lgaspcar", factors=1, lags=1)',
        part("Factor"),
        lambda: ratios([decomposed(1)[0][:, 0]], 1, "c")[0],
        (f"{PANIC}::test_one_factor_has_the_test_of_a_series",),
        {"plm": "PANICr† panic04()", "EViews": "uroot2, PANIC"},
    ),
    Feature(
        FACTORS,
        "PANIC: stochastic trends among factors, MQ_c",
        'panic_test(gasoline, "lgaspcar", factors=2, lags=2)',
        part("MQ_c (2)"),
        lambda: trends(2, 0),
        (f"{PANIC}::test_several_factors_are_tested_one_after_another",),
        {"EViews": "uroot2, MQC"},
        remark="one after another, until one is not rejected",
    ),
    Feature(
        FACTORS,
        "PANIC: MQ_f",
        'panic_test(gasoline, "lgaspcar", factors=2, lags=2)',
        part("MQ_f (2)"),
        lambda: trends(2, 1),
        (f"{PANIC}::test_several_factors_are_tested_one_after_another",),
        {"EViews": "uroot2, MQF"},
    ),
    *(
        Feature(
            FACTORS,
            f"PANIC of 2010: {name}",
            'panic_test(gasoline, "lgaspcar", factors=2)',
            part(name),
            lambda place=place: of_2010(decomposed(2)[1], "c")[place],
            (f"{PANIC}::test_the_pooled_tests_of_2010_as_written_out",),
            {"plm": "PANICr† panic10()", "tspdlib": "bng_panicnew"},
            remark=remark,
        )
        for place, (name, remark) in enumerate(
            [("P_a", "with a trend too; PANICr repeats a column and is no check"), ("P_b", ""), ("PMSB", "")]
        )
    ),
]

MOON_PERRON_ROWS = [
    Feature(
        FACTORS,
        "Moon and Perron's t_b, constant",
        'moon_perron_test(gasoline, "lgaspcar", factors=2)',
        statistic,
        lambda: moon_perron(fuel(), 2, "c", 1)[1],
        (f"{MOON_PERRON}::test_the_statistics_as_written_out", f"{MOON_PERRON}::test_a_factor_is_found_and_taken_out"),
        {"plm": "PANICr† panic10(demean = FALSE)", "tspdlib": "carrionlib† pu_mp04"},
        remark="without terms too; factors of the errors, their number by the criteria of PANIC",
    ),
    Feature(
        FACTORS,
        "Moon and Perron's t_a",
        'moon_perron_test(gasoline, "lgaspcar", factors=2)',
        part("t_a"),
        lambda: moon_perron(fuel(), 2, "c", 1)[0],
        (f"{MOON_PERRON}::test_the_statistics_as_written_out",),
        {"plm": "PANICr† panic10(demean = FALSE)", "tspdlib": "carrionlib† pu_mp04"},
    ),
    Feature(
        FACTORS,
        "Moon and Perron's t_b, trend",
        'moon_perron_test(gasoline, "lgaspcar", factors=2, trend="ct")',
        statistic,
        lambda: moon_perron(fuel(), 2, "ct", 3)[1],
        (
            f"{MOON_PERRON}::test_the_statistics_as_written_out",
            f"{MOON_PERRON}::test_the_divisor_decides_the_size_with_a_trend",
        ),
        {"plm": "PANICr† panic10(demean = TRUE)", "tspdlib": "carrionlib† pu_mp04"},
    ),
]

SIGNS = (
    f"{DEMETRESCU_HANCK}::test_the_statistics_as_written_out",
    f"{DEMETRESCU_HANCK}::test_changing_variances_and_common_shocks_leave_the_level",
)

SIGN_ROWS = [
    Feature(
        FACTORS,
        "Demetrescu and Hanck: signs of levels as instruments",
        'demetrescu_hanck_test(gasoline, "lgaspcar", lags=1)',
        statistic,
        lambda: instrumented(fuel(), [1] * 18, "c")["dh"],
        SIGNS,
        {"Stata": "xtpurt†, test(dh)"},
        remark="for correlated entities, and variances that change over time",
    ),
    Feature(
        FACTORS,
        "Herwartz and Siedenburg",
        'demetrescu_hanck_test(gasoline, "lgaspcar", lags=1, statistic="hs")',
        statistic,
        lambda: instrumented(fuel(), [1] * 18, "c")["hs"],
        SIGNS,
        {"Stata": "xtpurt†, test(hs)"},
    ),
    Feature(
        FACTORS,
        "Herwartz, Maxand and Walle: about trends",
        'demetrescu_hanck_test(gasoline, "lgaspcar", lags=1, trend="ct")',
        statistic,
        lambda: instrumented(fuel(), [1] * 18, "ct")["hmw"],
        SIGNS,
        {"Stata": "xtpurt†, test(hmw) trend"},
        remark="the other two with a trend as its parts",
    ),
]

ROWS = [*DEPENDENCE_ROWS, *AVERAGE_ROWS, *FACTOR_ROWS, *MOON_PERRON_ROWS, *SIGN_ROWS]

"""Rows of clustered covariances, and of what corrects them with few clusters."""

from __future__ import annotations

import itertools

import numpy as np
from features.feature import Feature, reference
from features.panel_names import (
    COVARIANCE,
    dummy_regression,
    error,
    indicators,
    statistic,
)
from reference_data import table

import panelvar as pv

PLAIN = "tests/estimates/covariance/test_covariances.py"
REDUCED = "tests/estimates/covariance/test_bias_reduced.py"
LEVERAGE = "tests/panels/few_clusters/test_cluster_leverage.py"
SIMULATED = "tests/simulation/test_few_clusters.py::test_the_table_has_every_design_and_keeps_its_promises"
PLM_COV = "grunfeld_plm_cov"


def nested_factor() -> float:
    """The clustered error with firms' effects, which the factor does not count."""
    influence, residuals, _ = dummy_regression("firm")
    sums = indicators(table("grunfeld")["firm"]).T @ (influence * residuals)
    return float(np.sqrt(sums @ sums * 10 / 9 * 199 / 197))


def three_ways() -> float:
    """Inclusion and exclusion over firm, period and decade-by-half, without factors."""
    frame = table("grunfeld")
    design = np.column_stack([np.ones(200), frame[["value", "capital"]]])
    inverse = np.linalg.pinv(design)
    scores = inverse[1] * (frame["inv"].to_numpy() - design @ (inverse @ frame["inv"].to_numpy()))
    keys = [frame["firm"], frame["year"], frame["firm"] % 3 * 10 + frame["year"] // 10]
    total = 0.0
    for size in (1, 2, 3):
        for chosen in itertools.combinations(keys, size):
            sums = scores_by(scores, chosen)
            total += (-1.0) ** (size - 1) * float(sums @ sums)
    return float(np.sqrt(total))


def scores_by(scores: np.ndarray, keys: tuple) -> np.ndarray:
    """Sums over the combinations of some labels."""
    frame = table("grunfeld").assign(score=scores, **{f"key{i}": key for i, key in enumerate(keys)})
    return frame.groupby([f"key{i}" for i in range(len(keys))])["score"].sum().to_numpy()


def jackknife() -> float:
    """CR3 of value with firms as clusters: squared changes when each firm is left out."""
    frame = table("grunfeld")
    panel = pv.Panel(frame, "firm", "year")
    full = pv.fit_pooled(panel, "inv", ["value", "capital"]).params["value"]
    changes = [
        pv.fit_pooled(pv.Panel(frame[frame["firm"] != firm], "firm", "year"), "inv", ["value", "capital"]).params[
            "value"
        ]
        - full
        for firm in frame["firm"].unique()
    ]
    return float(np.sqrt(np.sum(np.square(changes))))


def effective_clusters() -> float:
    """The effective number of firms for value after pooled OLS, from residualised columns."""
    frame = table("grunfeld")
    others = np.column_stack([np.ones(200), frame["capital"]])
    rest = frame["value"].to_numpy() - others @ (np.linalg.pinv(others) @ frame["value"].to_numpy())
    shares = indicators(frame["firm"]).T @ rest**2 / (rest @ rest)
    return float(10.0 / (1.0 + np.mean((10.0 * shares - 1.0) ** 2)))


def reduced_row(kind: str, programs: dict[str, str], matches: dict[str, tuple[str, ...]], **more: str) -> Feature:
    """CR0 to CR3 with firms as clusters."""
    return Feature(
        COVARIANCE,
        f"{kind} by cluster",
        f'fit_pooled(*grunfeld, cov=BiasReduced("entity", kind="{kind}"), convention="plm")',
        error("value"),
        reference(f"{PLM_COV}/pooling/clubSandwich_individual/{kind}/se/value"),
        (f"{REDUCED}::test_covariance_degrees_of_freedom_and_eta", *((SIMULATED,) if kind == "CR2" else ())),
        {"plm": f'clubSandwich† vcovCR(type = "{kind}")', **programs},
        {"plm": (f"*_plm_cov/*/clubSandwich_*/{kind}/se", f"*_clubsandwich/pooled_by_*/{kind}"), **matches},
        **more,
    )


CLUSTERS = [
    Feature(
        COVARIANCE,
        "Clustered by entity",
        'fit_fixed_effects(*grunfeld, cov=Clustered("entity"), convention="stata")',
        error("value"),
        reference("grunfeld_pyfixest/fe_entity/CRV1_entity_ssc_default/se/value"),
        (
            f"{PLAIN}::test_one_way_clusters",
            "tests/simulation/test_panel_inference.py::test_clustered_intervals_cover_with_fifty_entities",
        ),
        {
            "plm": 'vcovHC(method = "arellano")',
            "Stata": "vce(cluster firm)",
            "EViews": "White (period)",
            "gretl": "--robust; --cluster=",
            "linearmodels": "cluster_entity=True",
            "pyfixest": 'vcov={"CRV1": "firm"}',
        },
        {
            "plm": ("*_plm_cov/within_*/vcovHC_arellano_group", "*_plm_cov/pooling/vcovHC_arellano_group"),
            "Stata": ("published_stata_grunfeld_pooled/cluster", "published_stata_fatalities/pooled_cluster"),
            "gretl": ("*_gretl/fe_robust_arellano/stderr", "*_gretl/pooled_ols_cluster_entity/stderr"),
            "linearmodels": ("*_linearmodels/*/clustered_entity_debiased*",),
            "pyfixest": ("*_pyfixest/*/CRV1_entity_ssc_*/se",),
        },
    ),
    Feature(
        COVARIANCE,
        "Clustered by period, or by any column",
        'fit_pooled(*grunfeld, cov=Clustered("time"))',
        error("value"),
        reference("grunfeld_pyfixest/pooled/CRV1_time_ssc_default/se/value"),
        (f"{PLAIN}::test_one_way_clusters", f"{PLAIN}::test_clusters_given_as_an_array_are_in_the_callers_order"),
        {
            "plm": 'vcovHC(cluster = "time")',
            "Stata": "vce(cluster year)",
            "EViews": "White (cross-section)",
            "gretl": "--cluster=year",
            "linearmodels": "cluster_time=True; clusters=",
            "pyfixest": 'vcov={"CRV1": "year"}',
        },
        {
            "plm": ("*_plm_cov/within_*/vcovHC_arellano_time", "*_plm_cov/pooling/vcovHC_arellano_time"),
            "gretl": ("*_gretl/fe_cluster_time/stderr", "*_gretl/pooled_ols_cluster_time/stderr"),
            "linearmodels": ("*_linearmodels/*/clustered_time_debiased*",),
            "pyfixest": ("*_pyfixest/*/CRV1_time_ssc_*/se",),
        },
    ),
    Feature(
        COVARIANCE,
        "Clustered by two dimensions",
        'fit_pooled(*grunfeld, cov=Clustered("entity", "time"))',
        error("value"),
        reference("grunfeld_pyfixest/pooled/CRV1_twoway_ssc_default/se/value"),
        (
            f"{PLAIN}::test_several_dimensions_by_inclusion_and_exclusion",
            f"{PLAIN}::test_a_matrix_that_is_not_positive_is_repaired_with_a_warning",
        ),
        {
            "plm": "vcovDC()",
            "Stata": "vce(cluster firm year) (18)",
            "gretl": "--cluster=firm,year",
            "linearmodels": "cluster_entity, cluster_time",
            "pyfixest": 'vcov={"CRV1": "firm+year"}',
        },
        {
            "plm": ("*_plm_cov/within_*/vcovDC", "*_plm_cov/pooling/vcovDC", "*_sandwich_lm/vcovCL_entity_time"),
            "Stata": (
                "published_stata_grunfeld_pooled/cluster_2groups_*",
                "published_stata_boottest/areg_two_way_cluster",
            ),
            "linearmodels": ("*_linearmodels/*/clustered_both_debiased*",),
            "pyfixest": ("*_pyfixest/*/CRV1_twoway_ssc_*/se",),
        },
        "gretl 2025a gives the period-clustered errors instead",
    ),
    Feature(
        COVARIANCE,
        "Clustered by three dimensions and more",
        'fit_pooled(*thirds, cov=Clustered("entity", "time", "block", group_factor=False, dof_factor="none"))',
        error("value"),
        three_ways,
        (f"{PLAIN}::test_several_dimensions_by_inclusion_and_exclusion",),
        {"plm": "sandwich† vcovCL(cluster = ~ a + b + c)", "Stata": "vce(cluster a b c) (18); reghdfe†"},
        {"plm": ("grunfeld_plm_more/cluster_three",)},
    ),
    Feature(
        COVARIANCE,
        "Effects nested in clusters not counted by the factor",
        'fit_fixed_effects(*grunfeld, cov=Clustered("entity"))',
        error("value"),
        nested_factor,
        (
            f"{PLAIN}::test_nested_effects_are_not_counted",
            "tests/panels/static/test_slopes_and_many_effects.py::test_effects_and_slopes_nested_in_clusters_are_not_counted",
        ),
        {
            "Stata": "xtreg, fe; reghdfe†",
            "gretl": "panel --robust",
            "linearmodels": "auto_df=True",
            "pyfixest": 'ssc(k_fixef="nonnested")',
        },
        {
            "gretl": ("*_gretl/fe_robust_arellano/stderr",),
            "linearmodels": ("*_linearmodels/fe_entity/clustered_entity_debiasedTrue_*/std_errors",),
            "pyfixest": ("*_pyfixest/fe_entity/CRV1_entity_ssc_default/se",),
        },
    ),
    reduced_row("CR0", {"EViews": "ls, CR0"}, {}),
    reduced_row("CR1", {"EViews": "ls, CR1", "Stata": "vce(cluster firm)"}, {}),
    reduced_row(
        "CR2",
        {"EViews": "ls, CR2", "Stata": "vce(hc2 firm) (18); reg_sandwich†"},
        {},
    ),
    reduced_row(
        "CR3",
        {"EViews": "ls, CR3", "Stata": "vce(hc3 firm) (StataNow)", "pyfixest": 'vcov={"CRV3": "firm"}'},
        {"pyfixest": ("*_pyfixest/fe_entity/CRV3_entity_ssc_*/se", "*_pyfixest/pooled/CRV3_entity_ssc_*/se")},
    ),
]
SMALL_SAMPLES = [
    Feature(
        COVARIANCE,
        "CR3 as the jackknife over clusters",
        'fit_pooled(*grunfeld, cov=BiasReduced("entity", kind="CR3"))',
        error("value"),
        jackknife,
        (f"{REDUCED}::test_cr3_is_the_jackknife_that_refits_without_each_cluster",),
        {"Stata": "vce(jackknife, cluster()); summclust†", "pyfixest": 'vcov={"CRV3": "firm"}'},
    ),
    Feature(
        COVARIANCE,
        "Satterthwaite degrees of freedom (Bell-McCaffrey, Pustejovsky-Tipton)",
        'fit_pooled(*grunfeld, cov="CR2", convention="plm").df_coefficients["value"]',
        float,
        reference(f"{PLM_COV}/pooling/clubSandwich_individual/CR2/df_satterthwaite/value"),
        (f"{REDUCED}::test_covariance_degrees_of_freedom_and_eta", SIMULATED),
        {"plm": "clubSandwich† coef_test()", "Stata": "vce(hc2 firm, dfadjust) (18)"},
        {"plm": tuple(f"*_plm_cov/*/clubSandwich_*/{kind}/df_satterthwaite" for kind in ("CR0", "CR1", "CR2", "CR3"))},
    ),
    Feature(
        COVARIANCE,
        "Joint tests with their own degrees of freedom (HTZ)",
        'fit_pooled(*grunfeld, cov="CR2").wald_test(["value", "capital"])',
        statistic,
        reference("grunfeld_plm_more/htz_CR2/test/F"),
        (
            f"{REDUCED}::test_covariance_degrees_of_freedom_and_eta",
            f"{REDUCED}::test_a_joint_test_without_degrees_of_freedom_says_so",
        ),
        {"plm": 'clubSandwich† Wald_test(test = "HTZ")', "Stata": "reg_sandwich†, test_sandwich†"},
        {"plm": ("grunfeld_plm_more/htz_*",)},
    ),
    Feature(
        COVARIANCE,
        "Pseudo-inverse where a cluster alone identifies a coefficient",
        'fit_fixed_effects(*grunfeld, cov="CR2")',
        error("value"),
        reference(f"{PLM_COV}/within_individual/clubSandwich_individual/CR2/se/value"),
        (f"{REDUCED}::test_a_coefficient_that_one_cluster_alone_identifies_is_announced",),
        {"plm": "clubSandwich†", "Stata": "Hansen's jackknife (StataNow)"},
        {"plm": ("*_plm_cov/within_individual/clubSandwich_individual/CR2/se",)},
        "effects nested in clusters make I - H singular",
    ),
    Feature(
        COVARIANCE,
        "CR2 with crossing effects",
        'fit_fixed_effects(*grunfeld, effects="twoway", cov="CR2", convention="plm")',
        error("value"),
        reference(f"{PLM_COV}/within_twoways/clubSandwich_individual/CR2/se/value"),
        (
            f"{REDUCED}::test_gram_matrices_rows_and_batches_agree",
            f"{REDUCED}::test_the_largest_effect_may_cut_across_the_clusters",
        ),
        {"plm": "clubSandwich†", "Stata": "areg, vce(hc2 firm) (18)"},
        {"plm": ("*_plm_cov/within_twoways/clubSandwich_*/CR2", "*_clubsandwich/twoway_effects_by_*/CR2")},
    ),
    Feature(
        COVARIANCE,
        "CR2 and CR3 with several crossing effects of any size, few clusters",
        'fit_fixed_effects(*grunfeld, effects=["firm", "year"], cov=BiasReduced("time"), convention="plm")',
        error("value"),
        reference(f"{PLM_COV}/within_twoways/clubSandwich_time/CR2/se/value"),
        (
            f"{REDUCED}::test_effects_of_any_number_are_projected_cluster_by_cluster",
            f"{REDUCED}::test_effects_that_are_too_many_are_refused_with_a_reason",
        ),
        remark="one projection a cluster and step of Lanczos' method; many clusters are refused with the reason",
    ),
    Feature(
        COVARIANCE,
        "Cluster leverage and partial leverage",
        'cluster_diagnostics(pooled).table["value"].sum()',
        float,
        1.0,
        (f"{LEVERAGE}::test_leverage_and_partial_leverage",),
        {"Stata": "summclust†"},
    ),
    Feature(
        COVARIANCE,
        "Effective number of clusters",
        'cluster_diagnostics(pooled).effective_clusters["value"]',
        float,
        effective_clusters,
        (
            f"{LEVERAGE}::test_clusters_that_count_alike_all_count",
            f"{LEVERAGE}::test_warnings_say_what_cannot_be_helped",
        ),
        {"Stata": "summclust†; clusteff†"},
        remark="warns where no method can help",
    ),
]
ROWS = [*CLUSTERS, *SMALL_SAMPLES]

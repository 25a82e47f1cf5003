"""Rows of the wild cluster bootstrap."""

from __future__ import annotations

import itertools

import numpy as np
from features.feature import Feature, reference
from features.panel_names import COVARIANCE, grunfeld, indicators
from reference_data import table
from streams import stream

import panelvar as pv
from panelvar.panels.few_clusters.wild_cluster import signs

WILD = "tests/panels/few_clusters/test_wild_bootstrap.py"
VARIANTS = "tests/panels/few_clusters/test_wild_variants.py"
ALL_SIGNS = "grunfeld_wildboottest_variants"
SIMULATED = "tests/simulation/test_few_clusters.py::test_the_table_has_every_design_and_keeps_its_promises"
WILD_PROGRAMS = {"plm": "fwildclusterboot†", "Stata": "wildbootstrap (18); boottest†", "pyfixest": "wildboottest()†"}
BOOT = 'wild_bootstrap_test(insured, "post_self", cluster="year"'


def wild(weights: str = "rademacher", *, impose_null: bool = True) -> float:
    """The share of all signs, drawn by refitting, whose t is at least that of the sample (firms as clusters)."""
    frame = table("boottest_collapsed")
    years = indicators(frame["year"])
    x = np.column_stack([np.ones(16), frame[["selfemployed", "post", "post_self"]]])
    y = frame["hasinsurance"].to_numpy()
    inverse = np.linalg.pinv(x)
    start = x @ (inverse @ y)
    if impose_null:
        start = x[:, :3] @ (np.linalg.pinv(x[:, :3]) @ y)
    centre = 0.0 if impose_null else float((inverse @ y)[3])

    def squared_t(values: np.ndarray, centre: float) -> float:
        estimate = inverse @ values
        sums = years.T @ (inverse[3] * (values - x @ estimate))
        return float((estimate[3] - centre) ** 2 / (sums @ sums))

    at_least = squared_t(y, 0.0) * (1.0 - 1e-7)
    found = [
        squared_t(start + (years @ np.array(signs)) * (y - start), centre) >= at_least
        for signs in itertools.product((1.0, -1.0), repeat=8)
    ]
    return float(np.mean(found))


def redrawn(weights: str) -> float:
    """The share of drawn signs, and the sample, with a t of at least the sample's (firms as clusters, null imposed)."""
    frame = table("grunfeld")
    firms = indicators(frame["firm"])
    x = np.column_stack([np.ones(200), frame[["value", "capital"]]])
    y = frame["inv"].to_numpy() - 0.08 * frame["value"].to_numpy()
    inverse = np.linalg.pinv(x)
    start = x[:, [0, 2]] @ (np.linalg.pinv(x[:, [0, 2]]) @ y)
    _, _, chunks = signs(weights, 10, 199, stream(1))
    draws = [y, *(start + (firms @ v) * (y - start) for v in np.concatenate(list(chunks), axis=1).T)]
    squared = []
    for values in draws:
        estimate = inverse @ values
        sums = firms.T @ (inverse[1] * (values - x @ estimate))
        squared.append(estimate[1] ** 2 / (sums @ sums))
    return float(np.mean(np.array(squared) >= squared[0] * (1.0 - 1e-7)))


def drawn_row(weights: str) -> Feature:
    """Draws of one kind of weight, each refitted."""
    programs, matches, remark = WILD_PROGRAMS, {}, ""
    if weights != "rademacher":
        programs = {**WILD_PROGRAMS, "pyfixest": f'wildboottest(weights_type="{weights}")†'}
        matches = {"pyfixest": (f"grunfeld_wildboottest/*_{weights}_11_*",)}
        remark = "two samples of draws agree within their error"
    return Feature(
        COVARIANCE,
        f"Wild cluster bootstrap, {weights.title()} weights drawn",
        f'wild_bootstrap_test(pooled, "value = 0.08", weights="{weights}", draws=199, seed=1).pvalue',
        float,
        lambda: redrawn(weights),
        (
            f"{WILD}::test_drawn_signs_and_several_restrictions",
            f"{WILD}::test_signs_have_mean_zero_and_variance_one",
            SIMULATED,
        ),
        programs,
        matches,
        remark,
    )


WILD_ROWS = [
    Feature(
        COVARIANCE,
        "Wild cluster bootstrap, null imposed, all signs enumerated",
        f"{BOOT}).pvalue",
        float,
        wild,
        (f"{WILD}::test_every_enumerated_draw_is_a_refit", f"{WILD}::test_chunks_do_not_change_the_draws", SIMULATED),
        {**WILD_PROGRAMS, "Stata": "boottest†"},
        {
            "Stata": (
                "published_stata_boottest/wald_enumerated_post_self/p",
                "published_stata_boottest/wald_enumerated_post/p",
            ),
            "pyfixest": ("grunfeld_wildboottest/*_rademacher_11_imposed",),
        },
    ),
    Feature(
        COVARIANCE,
        "Wild cluster bootstrap, null not imposed",
        f"{BOOT}, impose_null=False).pvalue",
        float,
        lambda: wild(impose_null=False),
        (f"{WILD}::test_every_enumerated_draw_is_a_refit",),
        {
            "plm": "fwildclusterboot†, impose_null = FALSE",
            "Stata": "boottest†, nonull",
            "pyfixest": "wildboottest(impose_null=False)†",
        },
        {"pyfixest": ("grunfeld_wildboottest/*_rademacher_11_not_imposed",)},
    ),
    *map(drawn_row, ("rademacher", "webb", "mammen")),
    *(
        Feature(
            COVARIANCE,
            f"Wild cluster bootstrap, jackknifed {what} (variant {variant})",
            f'wild_bootstrap_test(pooled, "capital", statistic="{variant}", ties="strict", draws=1024).pvalue',
            float,
            reference(f"{ALL_SIGNS}/WCR{variant}/capital/two-tailed"),
            (f"{VARIANTS}::test_variants_leave_clusters_out_by_refitting",),
            {
                "plm": f'fwildclusterboot†, bootstrap_type = "{variant}"',
                **({"Stata": "boottest†, jackknife"} if variant == "31" else {}),
                "pyfixest": f'wildboottest(bootstrap_type="{variant}")†',
            },
            {"pyfixest": (f"{ALL_SIGNS}/WCR{variant}", f"{ALL_SIGNS}/WCU{variant}")},
        )
        for variant, what in (("31", "scores"), ("13", "variance"), ("33", "scores and variance"))
    ),
    Feature(
        COVARIANCE,
        "Wild cluster bootstrap, one-sided and equal-tailed",
        'wild_bootstrap_test(pooled, "capital", alternative="greater", ties="strict", draws=1024).pvalue',
        float,
        reference(f"{ALL_SIGNS}/WCR11/capital/greater"),
        (
            f"{VARIANTS}::test_variants_leave_clusters_out_by_refitting",
            f"{VARIANTS}::test_confidence_sets_are_the_values_that_are_not_rejected",
        ),
        {
            "plm": "fwildclusterboot†, p_val_type",
            "Stata": "boottest†, ptype(); wildbootstrap (18), ptype(equal)",
            "pyfixest": "package wildboottest†",
        },
        {"pyfixest": (f"{ALL_SIGNS}/WCR11/*/greater", f"{ALL_SIGNS}/WCR11/*/equal-tailed")},
    ),
    Feature(
        COVARIANCE,
        "Wild bootstrap with clusters of two dimensions, or signs by other clusters",
        'wild_bootstrap_test(pooled, "capital", cluster=["entity", "time"], draws=199, seed=1).statistic',
        float,
        lambda: pv.fit_pooled(*grunfeld(), cov=pv.Clustered("entity", "time")).tstats["capital"],
        (
            f"{VARIANTS}::test_two_dimensions_and_signs_of_any",
            f"{VARIANTS}::test_signs_of_the_intersection_and_of_rows",
            f"{VARIANTS}::test_few_clusters_of_the_errors_are_not_helped_by_finer_signs",
        ),
        {"plm": "fwildclusterboot†, bootcluster", "Stata": "boottest†, bootcluster()"},
    ),
    Feature(
        COVARIANCE,
        "Confidence sets of several intervals",
        'wild_bootstrap_test(pooled, "value").confidence_set',
        len,
        1.0,
        (f"{VARIANTS}::test_a_set_of_several_intervals_is_found_and_announced",),
        {"Stata": "boottest†"},
        remark="here one",
    ),
    Feature(
        COVARIANCE,
        "Wild cluster bootstrap of several restrictions",
        'wild_bootstrap_test(insured, ["post", "post_self"], cluster="year").statistic',
        float,
        72.4798,
        (f"{WILD}::test_drawn_signs_and_several_restrictions",),
        {"plm": "fwildclusterboot† (Julia)", "Stata": "boottest†"},
        {"Stata": ("published_stata_boottest/wald_joint",)},
        tolerance=1e-6,
    ),
    Feature(
        COVARIANCE,
        "Confidence sets by inverting the bootstrap test",
        f"{BOOT}).lower",
        float,
        0.03874,
        (
            f"{WILD}::test_the_confidence_set_is_the_test_inverted",
            f"{WILD}::test_boottest_limits_lie_on_the_step_of_five_percent",
        ),
        {"plm": "fwildclusterboot†", "Stata": "wildbootstrap (18); boottest†"},
        remark="boottest interpolates the p-value, a step function; the test asks for the same step",
        tolerance=0.1,
    ),
    Feature(
        COVARIANCE,
        "Three clusters: four values, smallest p 0.25, and a warning",
        'wild_bootstrap_test(three_firms, "value", cluster="entity").draws',
        float,
        4.0,
        (f"{WILD}::test_three_clusters_have_four_values_and_no_finite_set",),
        {"Stata": "boottest† (a warning)"},
    ),
]
ROWS = WILD_ROWS

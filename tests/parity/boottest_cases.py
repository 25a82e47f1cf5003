"""Stata's boottest: multi-way t after areg, and wild cluster bootstraps whose draws are all enumerated."""

from __future__ import annotations

import warnings
from functools import cache

from parity.runner import Case, Comparison, Exclusion, printed, within
from reference_data import table

import panelvar as pv
from panelvar.estimates.fit.presets import as_convention

# One factor for each term of the inclusion-exclusion, and absorbed effects counted in k.
AREG = as_convention("stata").but(multiway_factor="each", cluster_counts="all")
FOUR = printed(decimals=4)
TIED = within(
    1e-12,
    absolute=1.01 / 256,
    reason="the two draws that repeat the sample tie with it; boottest is strict, and rounding put one of them beyond",
)


@cache
def areg(weights: str | None) -> pv.LinearResult:
    """Sector effects, clustered by firm and year."""
    panel = pv.Panel(table("empluk"), "firm", "year")
    cov = pv.Clustered("entity", "time")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return pv.fit_fixed_effects(
            panel, "lemp", ["lwage", "lcapital"], effects="sector", weights=weights, cov=cov, convention=AREG
        )


@cache
def wild(restriction) -> pv.WildBootstrapResult:
    """The wild cluster bootstrap by year, ties not counted."""
    panel = pv.Panel(table("boottest_collapsed"), "selfemployed", "year")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        result = pv.fit_pooled(panel, "hasinsurance", ["selfemployed", "post", "post_self"], cov=pv.Clustered("year"))
        return pv.wild_bootstrap_test(result, list(restriction), cluster="year", ties="strict")


def areg_numbers(weights: str | None) -> dict:
    """t, its degrees of freedom and p-value of lcapital."""
    result = areg(weights)
    return {"t": result.tstats["lcapital"], "df": result.df_inference, "p": result.pvalues["lcapital"]}


JOINT = {f"post=0 and post_self={text}: F(2,7)": text for text in (".04", ".08", "0")}
LIMITS = "boottest interpolates the p-value, a step function, between grid points; tested beside the wild bootstrap"

CASES = [
    Case(
        "published_stata_boottest",
        preset="stata",
        comparisons=[
            Comparison("areg_two_way_cluster", lambda: areg_numbers(None), FOUR),
            Comparison("areg_two_way_cluster_aweight", lambda: areg_numbers("loutput"), FOUR),
            Comparison("wald_enumerated_post_self/t", lambda: wild(("post_self = 0.04",)).statistic, FOUR),
            Comparison("wald_enumerated_post_self/p", lambda: wild(("post_self = 0.04",)).pvalue, TIED),
            Comparison("wald_enumerated_post_self/df", lambda: wild(("post_self = 0.04",)).clusters - 1),
            Comparison("wald_enumerated_post/t", lambda: wild(("post",)).statistic, FOUR),
            Comparison("wald_enumerated_post/p", lambda: wild(("post",)).pvalue, FOUR),
            Comparison("wald_enumerated_post/df", lambda: wild(("post",)).clusters - 1),
            *(
                Comparison(f"wald_joint/{name}", lambda v=v: wild(("post", f"post_self = {v}")).statistic, FOUR)
                for name, v in JOINT.items()
            ),
            Comparison(
                "wald_joint/p_enumerated_first_two",
                lambda: [wild(("post", f"post_self = {v}")).pvalue for v in (".04", ".08")],
                FOUR,
            ),
        ],
        exclusions=[
            Exclusion("wald_enumerated_*/ci", LIMITS),
            Exclusion("score_test", "the score bootstrap is not offered"),
        ],
    )
]

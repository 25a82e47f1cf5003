"""Python wildboottest: wild cluster bootstraps whose sign patterns are all drawn, with jackknife variants and tails."""

from __future__ import annotations

import warnings
from functools import cache

from parity.runner import Case, Comparison
from reference_data import table

import panelvar as pv
from panelvar.estimates.fit.presets import as_convention

SCALED = as_convention("stata").but(bias_reduced_factor="(G-1)/G")


@cache
def pooled() -> pv.LinearResult:
    """Pooled OLS."""
    return pv.fit_pooled(pv.Panel(table("grunfeld"), "firm", "year"), "inv", ["value", "capital"], convention=SCALED)


def numbers(variant: str, impose_null: bool, name: str) -> dict:
    """The statistic, how many patterns there are, and the p-value of every tail."""
    tails = {"two-tailed": "two-sided", "equal-tailed": "equal-tailed", "greater": "greater", "less": "less"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        found = {
            printed: pv.wild_bootstrap_test(
                pooled(),
                name,
                cluster="firm",
                statistic=variant,
                impose_null=impose_null,
                alternative=ours,
                ties="strict",
                draws=1024,
            )
            for printed, ours in tails.items()
        }
    one = found["two-tailed"]
    # We draw half of the patterns: the others only turn the sign of t.
    return {"t": one.statistic, "draws": 2 * one.draws, **{name: test.pvalue for name, test in found.items()}}


CASES = [
    Case(
        "grunfeld_wildboottest_variants",
        preset="stata",
        comparisons=[
            Comparison(
                f"{label}{variant}/{printed}",
                lambda v=variant, n=null, name=ours: numbers(v, n, name),
            )
            for variant in ("11", "13", "31", "33")
            for label, null in (("WCR", True), ("WCU", False))
            for printed, ours in (("const", "const"), ("value", "value"), ("capital", "capital"))
        ],
    )
]

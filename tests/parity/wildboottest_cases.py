"""pyfixest's wild cluster bootstrap (package wildboottest): every sign pattern, and drawn weights."""

from __future__ import annotations

import warnings
from functools import cache

from parity.runner import Case, Comparison, expected_tree, within
from reference_data import table

import panelvar as pv

FILE = "grunfeld_wildboottest"
DRAWN = within(
    0.0,
    absolute=0.0057,
    reason="two samples of 99,999 draws: three standard errors of the difference are 0.0057 at p = 0.23",
)
# Draws whose signs are all equal repeat the sample and tie with it (3.9 % of Mammen's). wildboottest is strict, but
# here rounding put them beyond.
COUNTED = ("value_rademacher_11_imposed", "value_mammen_11_imposed")


@cache
def bootstrap(key: str) -> pv.WildBootstrapResult:
    """The test of a key, ties as they fell there."""
    param, weights, variant, *null = key.split("_")
    panel = pv.Panel(table("grunfeld"), "firm", "year")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        result = pv.fit_pooled(panel, "inv", ["value", "capital"], cov="cluster", convention="pyfixest")
        return pv.wild_bootstrap_test(
            result,
            param,
            weights=weights,
            statistic=variant,
            impose_null=null == ["imposed"],
            ties="count" if key in COUNTED else "strict",
            draws=9999 if weights == "rademacher" else 99999,
            seed=2,
        )


def comparisons() -> list[Comparison]:
    """Statistic and p-value of each key."""
    out = []
    for key in expected_tree(FILE):
        out.append(Comparison(f"{key}/t", lambda k=key: bootstrap(k).statistic))
        pvalue = [] if "rademacher" in key else [DRAWN]
        out.append(Comparison(f"{key}/p", lambda k=key: bootstrap(k).pvalue, *pvalue))
    return out


CASES = [Case(FILE, comparisons(), (), "pyfixest")]

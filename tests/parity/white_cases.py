"""White's test of vector autoregressions: R het.test."""

from __future__ import annotations

from parity.runner import Case, Comparison, expected_tree
from parity.var_cases import ONE_MINUS, fit, parse

import panelvar as pv

FILE = "white_het_test"


def white(sample: str, group: str):
    _, lags, trend = parse(sample, group)
    return pv.white_test(fit(sample, lags, trend, "vars"))


def comparisons() -> list[Comparison]:
    tree = expected_tree(FILE)
    found = []
    for sample, groups in tree.items():
        for group in groups:

            def part(name, sample=sample, group=group):
                return getattr(white(sample, group), name)

            path = f"{sample}/{group}"
            found += [
                Comparison(f"{path}/statistic", lambda part=part: part("statistic")),
                Comparison(f"{path}/df", lambda part=part: part("df")),
                Comparison(f"{path}/pvalue", lambda part=part: part("pvalue"), ONE_MINUS),
            ]
    return found


CASES = [Case(FILE, comparisons(), preset="vars")]

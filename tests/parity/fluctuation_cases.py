"""Fluctuation tests of vector autoregressions: R strucchange, as vars calls it."""

from __future__ import annotations

from functools import cache

import pandas as pd
from parity.runner import DEFAULT, Case, Comparison, Exclusion, expected_tree, within
from parity.var_cases import fit, parse
from quiet import quietly

import panelvar as pv

FILE = "fluctuation_strucchange"
ESTIMATES = "fluctuation_estimates_strucchange"
TAIL = within(1e-8, absolute=1e-7, reason="R ends the series after two terms")
# tests/systems/diagnostics/test_constancy.py has exact arithmetic on the same data.
UPDATED = within(
    1e-5,
    absolute=1e-5,
    reason="strucchange updates an inverse of X'X, here of levels; ours agree with exact arithmetic to 1e-12",
)
ROOTS = within(
    3e-7,
    reason="strucchange takes roots of X'X, here of levels, and the tail magnifies what they lose; our statistics "
    "agree with arithmetic of 50 digits to 1e-11",
)


@cache
def tests_of(sample: str, group: str, label: str):
    _, lags, trend = parse(sample, group)
    model = fit(sample, lags, trend, "vars")
    kind, _, window = label.partition("_")
    which = "ols" if kind.startswith("OLS") else "recursive"
    return (
        pv.mosum_test(model, statistic=which, window=float(window)) if window else pv.cusum_test(model, statistic=which)
    )


def equation(place: tuple[str, str, str], name: str, numbers: dict) -> list[Comparison]:
    path, cumulated = "/".join((*place, name)), place[2] == "Rec-CUSUM"
    digits = UPDATED if place[0] == "canada" and place[2].startswith("Rec") else DEFAULT

    def at(row):
        return tests_of(*place).paths[name].iloc[row]

    found = [
        Comparison(f"{path}/statistic", lambda: tests_of(*place).tests[name].statistic, digits),
        Comparison(f"{path}/last", lambda: at(-1), digits),
        # R's cumulated processes begin with a zero.
        Comparison(f"{path}/fifth", lambda: at(3 if cumulated else 4), digits),
    ]
    if cumulated and numbers["pvalue"] < 0.3:
        wanted = TAIL if digits is DEFAULT else digits
        found.append(Comparison(f"{path}/pvalue", lambda: tests_of(*place).tests[name].pvalue, wanted))
    return found


@cache
def windows_of(sample: str, group: str, label: str):
    _, lags, _ = parse(sample, group)
    kind, _, rows = label.partition("_")
    frame = fit(sample, lags, "c", "vars").data
    values = pd.DataFrame(frame.values, columns=frame.names)
    batch = quietly(pv.fit_rolling_var, values, window=int(rows), lags=lags, expanding=kind == "RE")
    return pv.fluctuation_test(batch)


def estimates(place: tuple[str, str, str], name: str, numbers: dict) -> list[Comparison]:
    path, growing = "/".join((*place, name)), place[2].startswith("RE")

    def at(row):
        return windows_of(*place).paths[name].iloc[row]

    found = [
        Comparison(f"{path}/statistic", lambda: windows_of(*place).tests[name].statistic),
        Comparison(f"{path}/fifth", lambda: at(4)),
        # The last sample that grows is the whole one, whose process is zero.
        Comparison(f"{path}/last", lambda: at(-2 if growing else -1)),
    ]
    if growing:
        digits = ROOTS if place[0] == "canada" else DEFAULT
        found.append(Comparison(f"{path}/pvalue", lambda: windows_of(*place).tests[name].pvalue, digits))
    return found


def leaves(file: str = FILE):
    for sample, groups in expected_tree(file).items():
        for group, labels in groups.items():
            for label, equations in labels.items():
                for name, numbers in equations.items():
                    yield (sample, group, label), name, numbers


CASES = [
    Case(
        FILE,
        [comparison for place, name, numbers in leaves() for comparison in equation(place, name, numbers)],
        [
            Exclusion("*/*/*-MOSUM_*/*/pvalue", "interpolated in R between a few tabulated tails"),
            *(
                Exclusion(
                    "/".join((*place, name, "pvalue")),
                    "R ends the series after two terms, and below a statistic of 0.3 has a straight line",
                )
                for place, name, numbers in leaves()
                if place[2] == "Rec-CUSUM" and numbers["pvalue"] >= 0.3
            ),
        ],
        preset="vars",
    ),
    Case(
        ESTIMATES,
        [comparison for place, name, numbers in leaves(ESTIMATES) for comparison in estimates(place, name, numbers)],
        preset="vars",
    ),
]

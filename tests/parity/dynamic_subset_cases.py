"""Tests of subsets of instruments as xtabond2 prints them in Roodman (2009), on Arellano and Bond's firms."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

from panels.dynamic.abdata import abdata
from parity.dynamic_panel_cases import LAGS_OF_BOTH, STATA_NAMES
from parity.runner import Case, Comparison, expected_tree, printed

import panelvar as pv

FILE = "published_roodman_2009"
NAMES = STATA_NAMES | {"L.n": "L(n)", "L.w": "L(w)", "L.k": "L(k)"}
OUTPUT = ["ys", "L(ys)", "L(ys, 2)"]


@cache
def fitted(case: str) -> pv.DynamicPanelResult:
    """One step, of 2009; moments are many for the firms."""
    panel = pv.Panel(abdata(), "firm", "year")
    options: dict[str, Any] = {"time_effects": True, "steps": 1, "convention": "stata"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        if case == "system":
            sets = [pv.LagInstruments(["n", "w", "k"], 2)]
            return pv.fit_blundell_bond(panel, "n", ["w", "L(w)", "k", "L(k)"], instruments=sets, **options)
        lagged, own = ("n", LAGS_OF_BOTH) if case == "difference_iv" else (["n", "w", "k"], OUTPUT)
        sets = [pv.LagInstruments(lagged, 2), pv.StandardInstruments(own)]
        return pv.fit_arellano_bond(panel, "n", LAGS_OF_BOTH, lags=2, instruments=sets, **options)


def subset(case: str, group: str) -> Any:
    """The instruments of a group: ours has the year dummies in a set of their own."""
    if case == "system":
        return "levels" if group.startswith("GMM") else "time effects"
    own = LAGS_OF_BOTH if case == "difference_iv" else OUTPUT
    return [*(f"D.{name}" for name in own), *(f"C(year)[T.{year}]" for year in range(1979, 1985))]


def statistic(case: str, label: str, group: str = "") -> float:
    """A statistic, if the degrees of freedom are those printed."""
    found = fitted(case)
    if label == "n_instruments":
        return found.n_instruments
    if group:
        tests = found.difference_in_hansen(subset(case, group))
        test = tests.joint if label.startswith("difference") else tests.remaining
    else:
        test = found.sargan if label.startswith("Sargan") else found.hansen_j
    return test.statistic if f"chi2({test.df:.0f})" in label else float("nan")


def comparisons() -> list[Comparison]:
    """Everything in the file."""
    made = []
    for case, tree in expected_tree(FILE).items():
        made += [
            Comparison(
                f"{case}/params/{name}",
                lambda case=case, name=name: fitted(case).params[NAMES.get(name, name)],
                printed(decimals=7),
            )
            for name in tree["params"]
        ]
        made += [
            Comparison(
                f"{case}/stats/{label}", lambda case=case, label=label: statistic(case, label), printed(decimals=2)
            )
            for label in tree["stats"]
        ]
        made += [
            Comparison(
                f"{case}/difference_in_hansen/{group}/{label}",
                lambda case=case, label=label, group=group: statistic(case, label, group),
                printed(decimals=2),
            )
            for group, labels in tree["difference_in_hansen"].items()
            for label in labels
        ]
    return made


CASES = [Case(FILE, comparisons(), (), "stata (xtabond2)")]

"""Dynamic panels by two-step GMM as pydynpd's author shows them, on Arellano and Bond's firms."""

from __future__ import annotations

from functools import cache
from typing import Any

from panels.dynamic.abdata import abdata
from parity.dynamic_gmm_cases import quietly
from parity.runner import Case, Comparison, Exclusion, expected_tree, printed
from parity.stata_cases import estimates

import panelvar as pv

FILE = "published_pydynpd"
NAMES = {"L1.n": "L(n)", "L2.n": "L(n, 2)", "_con": "const"} | {
    f"year_{year}": f"C(year)[T.{year}]" for year in range(1976, 1985)
}


@cache
def fitted(case: str) -> pv.DynamicPanelResult:
    system = case == "system"
    sets = [
        pv.LagInstruments("n", 2, 4),
        pv.LagInstruments("w", 1, 3),
        pv.StandardInstruments("k", "both" if system else "transformed"),
    ]
    options: dict[str, Any] = {"lags": 2, "instruments": sets, "time_effects": "time" in case}
    fit = pv.fit_blundell_bond if system else pv.fit_arellano_bond
    return quietly(fit, pv.Panel(abdata(), "firm", "year"), "n", ["w", "k"], **options)


def comparisons(case: str) -> list[Comparison]:
    tree = expected_tree(FILE)[case]
    found = lambda: fitted(case)  # noqa: E731
    made = [
        Comparison(
            f"{case}/params/{name}/{column}",
            lambda name=name, column=column: estimates(found())[NAMES.get(name, name)][column],
            printed(decimals=7),
        )
        for name, cells in tree["params"].items()
        for column in cells
    ]
    values: dict[str, tuple[Any, int]] = {
        "N_g": (lambda: found().n_entities, 0),
        "instruments": (lambda: found().n_instruments, 0),
        "hansen": (lambda: found().hansen_j.statistic, 3),
        "hansen_df": (lambda: found().hansen_j.df, 0),
        "hansenp": (lambda: found().hansen_j.pvalue, 3),
        "ar1": (lambda: found().ar_test(1).statistic, 2),
        "ar1p": (lambda: found().ar_test(1).pvalue, 3),
        "ar2": (lambda: found().ar_test(2).statistic, 2),
        "ar2p": (lambda: found().ar_test(2).pvalue, 3),
    }
    if case != "system":
        values["N"] = (lambda: found().nobs, 0)
    made += [
        Comparison(f"{case}/stats/{key}", value, printed(decimals=digits)) for key, (value, digits) in values.items()
    ]
    return made


CASES = [
    Case(
        FILE,
        [comparison for case in expected_tree(FILE) for comparison in comparisons(case)],
        [Exclusion("system/stats/N", "the rows of the differenced equation")],
        "default",
    ),
]

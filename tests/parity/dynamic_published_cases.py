"""Dynamic panels as the estimators' authors print them: Arellano and Bond's (1991) table 4, and DPD for Ox."""

from __future__ import annotations

import itertools
from functools import cache
from typing import Any

import numpy as np
from panels.dynamic.abdata import abdata
from parity.dynamic_gmm_cases import firms, lag, periods, quietly, slopes
from parity.runner import Case, Comparison, Exclusion, expected_tree, printed
from scipy import stats

import panelvar as pv
from panelvar.core.base.chosen_names import level_of

PAPER, OX = "published_arellano_bond_1991", "published_ox_dpd"
WORDS = {"n": "lemp", "w": "lwage", "k": "lcapital", "ys": "loutput"}
RICH = {"lwage": 1, "lcapital": 2, "loutput": 2}
PLAIN = {"lwage": 1, "lcapital": 0, "loutput": 1}


def lags_of(longest: dict[str, int]) -> list[str]:
    """Each variable with its lags."""
    return [lag(name, number) for name, last in longest.items() for number in range(last + 1)]


def ours(label: str) -> str:
    """``n(-1)`` in our words."""
    name, _, number = label.rstrip(")").partition("(-")
    return lag(WORDS[name], int(number or 0))


# ---- the paper


@cache
def column(case: str) -> pv.DynamicPanelResult:
    steps = 1 if case == "a1" else 2
    return quietly(
        pv.fit_arellano_bond,
        firms(),
        "lemp",
        lags_of(PLAIN if case == "b" else RICH),
        lags=2,
        time_effects=True,
        steps=steps,
        cov="robust" if steps == 1 else "uncorrected",
    )


def paper(case: str) -> list[Comparison]:
    found = lambda: column(case)  # noqa: E731
    made = []
    for label in expected_tree(PAPER)[case]["params"]:
        name, path = ours(label), f"{case}/params/{label}"
        made += [
            Comparison(f"{path}/b", lambda name=name: found().params[name], printed(decimals=3)),
            Comparison(f"{path}/se", lambda name=name: found().std_errors[name], printed(decimals=3)),
        ]
    test = "sargan" if case == "a1" else "hansen_j"
    made += [
        Comparison(f"{case}/stats/sargan", lambda: getattr(found(), test).statistic, printed(decimals=1)),
        Comparison(f"{case}/stats/sargan_df", lambda: getattr(found(), test).df),
    ]
    if case == "a1":
        made.append(Comparison("a1/stats/m2", lambda: found().ar_test(2).statistic, printed(decimals=3)))
    return made


# ---- DPD for Ox


@cache
def single() -> pv.Panel:
    """The firms as Ox reads them."""
    return pv.Panel(abdata(logarithms=np.float64).rename(columns=WORDS), "firm", "year")


@cache
def estimated(case: str) -> pv.DynamicPanelResult:
    blundell, system = case.startswith("bb98"), "system" in case
    steps = 2 if case.endswith("twostep") else 1
    if blundell:
        x, sets = (
            ["lwage", "L(lwage)", "lcapital", "L(lcapital)"],
            [pv.LagInstruments(["lemp", "lwage", "lcapital"], 2)],
        )
    else:
        x = lags_of(PLAIN)
        sets = [pv.LagInstruments("lemp", 2, 3), pv.StandardInstruments(x)]
        if case == "ab91_c_onestep":
            own = pv.StandardInstruments(["loutput", "L(loutput)"])
            sets = [pv.LagInstruments("lemp", 2), pv.LagInstruments(["lwage", "lcapital"], 2, 3), own]
    options: dict[str, Any] = {
        "lags": 1 if blundell else 2,
        "instruments": sets,
        "time_effects": True,
        "constant": system,
        "steps": steps,
    }
    if system:
        return quietly(pv.fit_blundell_bond, single(), "lemp", x, h="block", **options)
    return quietly(pv.fit_arellano_bond, single(), "lemp", x, **options)


def in_ox(case: str) -> dict[str, str]:
    """Ox's coefficients as combinations of ours: in differences a dummy has the change of its period's effect, less
    that of the first difference, which is the constant."""
    found = estimated(case)
    texts = {label: label for label in slopes(found)}
    effects = periods(found)
    if "system" in case:
        return texts | {"Constant": "const"} | {f"T{level_of(name)[1]}": name for name in effects}
    first = effects[0]
    texts["Constant"] = first
    for early, late in itertools.pairwise(effects):
        texts[f"T{level_of(late)[1]}"] = f"{late} - {early} - {first}"
    return texts


def cell(case: str, label: str, column: str) -> float:
    name = label if label == "Constant" or label.startswith("T") else ours(label)
    result = estimated(case)
    found = result.lincom(in_ox(case)[name])
    if column == "p":  # Ox takes Student's t with the rows less the coefficients
        return float(2.0 * stats.t.sf(abs(found.statistic), result.nobs - len(result.names)))
    return {"b": found.estimate, "se": found.std_error, "t": found.statistic}[column]


def ox(case: str) -> list[Comparison]:
    tree = expected_tree(OX)[case]
    found = lambda: estimated(case)  # noqa: E731
    digits = {"b": printed(significant=6), "se": printed(significant=4), "t": printed(significant=3)}
    digits["p"] = printed(decimals=3)
    made = [
        Comparison(
            f"{case}/params/{label}/{column}", (lambda label=label, column=column: cell(case, label, column)), digit
        )
        for label in tree["params"]
        for column, digit in digits.items()
    ]
    four, seven, eleven = (printed(significant=count) for count in (4, 7, 11))
    overidentified = lambda: found().sargan if case.endswith("onestep") else found().hansen_j  # noqa: E731
    levels = ["const"] if "system" in case else []
    values: dict[str, tuple[Any, Any]] = {
        "rss": (lambda: found().rss, eleven),
        "sigma2": (lambda: 2.0 * found().sigma2, seven),
        "sigma_levels": (lambda: found().sigma2 ** 0.5, seven),
        "n": (lambda: found().nobs, four),
        "parameters": (lambda: len(found().names), four),
        "wald_joint": (lambda: found().wald_test(slopes(found())).statistic, four),
        "wald_dummy": (lambda: found().wald_test(levels + periods(found())).statistic, four),
        "wald_time": (lambda: found().wald_test(periods(found())).statistic, four),
        "sargan": (lambda: overidentified().statistic, four),
        "sargan_df": (lambda: overidentified().df, four),
        "ar1": (lambda: found().ar_test(1).statistic, four),
        "ar2": (lambda: found().ar_test(2).statistic, four),
    }
    for key, (value, tolerance) in values.items():
        if key in tree["stats"] and (case, key) != ("bb98_system_onestep", "sargan"):
            made.append(Comparison(f"{case}/stats/{key}", value, tolerance))
    return made


CASES = [
    Case(
        PAPER,
        [comparison for case in expected_tree(PAPER) for comparison in paper(case)],
        [
            Exclusion(
                f"{case}/stats/{name}",
                "the authors' two-step m has one-step residuals in the variance; DPD, Stata, gretl and plm have those "
                "of the step reported (the dense twin in tests/panels/dynamic does both)",
            )
            for case, name in (("a2", "m2"), ("b", "m1"), ("b", "m2"))
        ],
        "default",
    ),
    Case(
        OX,
        [comparison for case in expected_tree(OX) for comparison in ox(case)],
        [Exclusion("bb98_system_onestep/stats/sargan", "DPD's variance in a system is of the level rows")],
        "default",
    ),
]

"""Dynamic panels by GMM as plm's pgmm and gretl's dpanel fit them, on Arellano and Bond's firms."""

from __future__ import annotations

import itertools
import re
import warnings
from functools import cache
from typing import Any

import numpy as np
from parity.runner import DEFAULT, Case, Comparison, Exclusion, expected_tree, within
from reference_data import table

import panelvar as pv

FAR_TAIL = within(1e-5, absolute=1e-15, reason="tails so far out that the eleventh digit of a statistic moves them")
PGMM, DPANEL = "empluk_pgmm", "empluk_gretl_dpanel"
R_LAG = re.compile(r"lag\((\w+), (\d+)(?::(\d+))?\)(\d*)")


def quietly(fit: Any, *arguments: Any, **options: Any) -> Any:
    """Without the warning of many moments: the models are what they are."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return fit(*arguments, **options)


def lag(name: str, number: int) -> str:
    return name if number == 0 else f"L({name})" if number == 1 else f"L({name}, {number})"


@cache
def firms() -> pv.Panel:
    return pv.Panel(table("empluk"), "firm", "year")


# ---- plm


def columns(text: str) -> list[tuple[str, int, int]]:
    """``lag(lemp, 1:2) + lcapital`` as variables with first and last lag."""
    found = []
    for word in (part.strip() for part in text.split("+")):
        match = R_LAG.fullmatch(word)
        if match is None:
            found.append((word, 0, 0))
        else:
            name, first, last, _ = match.groups()
            found.append((name, int(first), int(last or first)))
    return found


def ours(label: str) -> str:
    """A coefficient's name: ``lag(lwage, 0:1)0`` is the regressor itself, ``1979`` the dummy of a year."""
    match = R_LAG.fullmatch(label)
    if match is not None:
        name, first, last, number = match.groups()
        return lag(name, int(number) if last else int(first))
    return {"(Intercept)": "const"}.get(label, f"C(year)[T.{label}]" if label.isdigit() else label)


@cache
def pgmm(case: str, robust: bool) -> pv.DynamicPanelResult:
    tree = expected_tree(PGMM)[case]
    left, right = tree["formula"].split("~")[1].split("|")
    x = [
        lag(name, number) for name, first, last in columns(left) for number in range(first, last + 1) if name != "lemp"
    ]
    system, periods = tree["transformation"] == "ld", tree["effect"] == "twoways"
    names = columns(right)
    sets: list[Any] = [
        pv.LagInstruments(name, first, None if last == 99 else last, collapse=tree["collapse"])
        for name, first, last in names
    ]
    own = [name for name in x if not any(each[0] in name for each in names)]
    if own:
        sets.append(pv.StandardInstruments(own))
    steps = 1 if tree["model"] == "onestep" else 2
    options: dict[str, Any] = {
        "lags": next(last for name, _, last in columns(left) if name == "lemp"),
        "instruments": sets,
        "time_effects": periods,
        "constant": system and periods,
        "steps": steps,
        "cov": "robust" if robust else "classical" if steps == 1 else "uncorrected",
        "convention": "plm",
    }
    return quietly(pv.fit_blundell_bond if system else pv.fit_arellano_bond, firms(), "lemp", x, **options)


def joint(found: pv.DynamicPanelResult, names: list[str]) -> dict[str, Any]:
    test = found.wald_test(names)
    return {"statistic": {"chisq": test.statistic}, "parameter": {"df": test.df}, "p.value": test.pvalue}


def slopes(found: pv.DynamicPanelResult) -> list[str]:
    return [name for name in found.names if name != "const" and not name.startswith("C(year)[T.")]


def periods(found: pv.DynamicPanelResult) -> list[str]:
    return [name for name in found.names if name.startswith("C(year)[T.")]


def m_test(found: pv.DynamicPanelResult, order: int) -> dict[str, Any]:
    test = found.ar_test(order)
    return {"statistic": {"normal": test.statistic}, "p.value": test.pvalue}


def overidentified(test: Any) -> dict[str, Any]:
    return {"statistic": {"chisq": test.statistic}, "parameter": {"df": test.df}, "p.value": test.pvalue}


def pgmm_comparisons(case: str) -> list[Comparison]:
    tree = expected_tree(PGMM)[case]
    names = {label: ours(label) for label in tree["coef"]}
    robust, plain = (lambda: pgmm(case, True)), (lambda: pgmm(case, False))
    tail = FAR_TAIL if case.startswith("bb98") else DEFAULT
    made = [
        Comparison(f"{case}/coef", lambda: robust().params, names=names),
        Comparison(f"{case}/se_robust", lambda: robust().std_errors, names=names),
        Comparison(f"{case}/z_robust", lambda: robust().tstats, names=names),
        Comparison(f"{case}/p_robust", lambda: robust().pvalues, tail, names),
        Comparison(f"{case}/se_nonrobust", lambda: plain().std_errors, names=names),
        Comparison(f"{case}/n_instruments", lambda: robust().n_instruments),
        Comparison(f"{case}/n_entities", lambda: robust().n_entities),
        Comparison(f"{case}/wald_coef_robust/statistic", lambda: joint(robust(), slopes(robust()))["statistic"]),
        Comparison(f"{case}/wald_coef_robust/parameter", lambda: joint(robust(), slopes(robust()))["parameter"]),
        Comparison(f"{case}/wald_coef_robust/p.value", lambda: joint(robust(), slopes(robust()))["p.value"], tail),
    ]
    if tree["effect"] == "twoways":
        made.append(Comparison(f"{case}/wald_time_robust", lambda: joint(robust(), periods(robust()))))
    if tree["transformation"] == "d":
        made.append(Comparison(f"{case}/n_used_obs", lambda: robust().nobs))
        for order in (1, 2):
            made += [
                Comparison(f"{case}/mtest{order}_robust", lambda order=order: m_test(robust(), order)),
                Comparison(f"{case}/mtest{order}", lambda order=order: m_test(plain(), order)),
            ]
    if tree["model"] == "onestep":
        made.append(Comparison(f"{case}/sargan_weights_onestep", lambda: overidentified(robust().sargan)))
    else:
        made.append(Comparison(f"{case}/sargan_weights_twosteps", lambda: overidentified(robust().hansen_j)))
    return made


PGMM_EXCLUSIONS = [
    Exclusion(
        "*_onestep/sargan_weights_twosteps", "the two-step weight with the one-step residuals: no test's criterion"
    ),
    Exclusion(
        "*_twosteps/sargan_weights_onestep", "the one-step weight with the two-step residuals: no test's criterion"
    ),
    *(
        Exclusion(
            f"bb98_system*/{name}",
            "plm leaves the level rows out of the term for the error of the coefficients; gretl and xtabond2 have them "
            "(the dense twin in tests/panels/dynamic)",
        )
        for name in ("mtest1", "mtest2", "mtest1_robust", "mtest2_robust")
    ),
    Exclusion("bb98_system*/n_used_obs", "the rows of both equations added"),
]


# ---- gretl

WORDS = {"n": "lemp", "w": "lwage", "k": "lcapital", "ys": "loutput"}
X = {"ab": ["lwage", "L(lwage)", "lcapital", "loutput", "L(loutput)"]}
X["bb"] = ["lwage", "L(lwage)", "lcapital", "L(lcapital)"]


@cache
def dpanel(case: str) -> pv.DynamicPanelResult:
    first, system, as_dpd = case.startswith("ab"), "_sys_" in case, case.endswith("_dpd")
    steps = 2 if "2step" in case else 1
    uncorrected = "_asy" in case
    effects = "notime" not in case
    sets: list[Any] = [
        pv.LagInstruments(name, 2, collapse="collapse" in case)
        for name in (["lemp"] if first else ["lemp", "lwage", "lcapital"])
    ]
    if first:
        sets.append(pv.StandardInstruments(X["ab"]))
    options: dict[str, Any] = {
        "lags": 2 if first else 1,
        "instruments": sets,
        "time_effects": effects,
        "constant": system,
        "steps": steps,
        "cov": ("classical" if steps == 1 else "uncorrected") if uncorrected else "robust",
        "convention": "default" if as_dpd else "gretl",
    }
    if system:
        return quietly(pv.fit_blundell_bond, firms(), "lemp", X["bb"], h="block" if as_dpd else "cross", **options)
    return quietly(pv.fit_arellano_bond, firms(), "lemp", X["ab" if first else "bb"], **options)


def levels_of_dummies(case: str) -> list[str]:
    """The coefficients in gretl's parametrisation, as combinations of ours, in its order.

    In the style of DPD a constant and the dummies themselves stand in the differenced equation: their coefficients are
    changes of the effects of periods, less that of the first difference, which is the constant.
    """
    found = dpanel(case)
    labels = slopes(found)
    effects = periods(found)
    if "_sys_" in case:
        return [*labels, "const", *effects]
    if not case.endswith("_dpd"):
        return [*labels, *effects]
    changes = [f"{late} - {early}" for early, late in itertools.pairwise(effects)]
    return [*labels, effects[0], *(f"{change} - {effects[0]}" for change in changes)]


def combined(case: str) -> list[Any]:
    return [dpanel(case).lincom(text) for text in levels_of_dummies(case)]


def dummies_tested(case: str) -> float:
    """The joint test of the dummies: without the constant where that is a period's effect too."""
    found = dpanel(case)
    if "_sys_" in case or not case.endswith("_dpd"):
        return found.wald_test(periods(found)).statistic
    texts = levels_of_dummies(case)[len(slopes(found)) + 1 :]
    rows = np.zeros((len(texts), len(found.names)))
    for row, text in enumerate(texts):
        for sign, name in re.findall(r"(-?)\s*(C\(year\)\[T\.\d+\])", text):
            rows[row, found.names.index(name)] += -1.0 if sign else 1.0
    return found.wald_test(rows, np.zeros(len(rows))).statistic


def dpanel_comparisons(case: str) -> list[Comparison]:
    tree = expected_tree(DPANEL)[case]
    system, as_dpd = "_sys_" in case, case.endswith("_dpd")
    found = lambda: dpanel(case)  # noqa: E731
    values: dict[str, Any] = {
        "coeff": lambda: [each.estimate for each in combined(case)],
        "stderr": lambda: [each.std_error for each in combined(case)],
        "vcv": lambda: found().cov.to_numpy(),
        "T": lambda: found().nobs,
        "ninst": lambda: found().n_instruments,
        "ncoeff": lambda: len(found().names),
        "df": lambda: found().nobs - len(found().names),
        "n_included_units": lambda: found().n_entities,
        "Tmin": lambda: found().periods_per_entity[0],
        "Tmax": lambda: found().periods_per_entity[2],
        "AR1": lambda: found().ar_test(1).statistic,
        "AR2": lambda: found().ar_test(2).statistic,
        "wald": lambda: found().wald_test(slopes(found())).statistic,
        "wald_df": lambda: len(slopes(found())),
        "wald_time": lambda: dummies_tested(case),
        "wald_time_df": lambda: len(levels_of_dummies(case)) - len(slopes(found())) - (as_dpd or system),
        "hansen": lambda: found().hansen_j.statistic,
        "hansen_df": lambda: found().hansen_j.df,
        "sargan": lambda: (found().hansen_j if as_dpd and "2step" in case else found().sargan).statistic,
        "sargan_df": lambda: found().sargan.df,
    }
    if not (system and as_dpd):
        values["ess"] = lambda: found().rss
        # The variance of the differenced error in the style of DPD, of the error in levels otherwise.
        values["sigma"] = lambda: (found().sigma2 * (2.0 if as_dpd else 1.0)) ** 0.5
    if "1step" in case and system and as_dpd:
        del values["sargan"]
    if system:
        del values["Tmin"], values["Tmax"]
    return [Comparison(f"{case}/{key}", value) for key, value in values.items() if key in tree]


DPANEL_EXCLUSIONS = [
    *(Exclusion(f"bb98_sys*/{key}", "the rows of the differenced equation") for key in ("Tmin", "Tmax")),
    *(
        Exclusion(f"*/{key}", "a setting, or a place in the data set")
        for key in ("yno", "t1min", "t2max", "step", "asy", "asymptotic", "ifc", "ntdum", "collapse")
    ),
    *(
        Exclusion(f"bb98_sys_{steps}_dpd/{key}", "gretl's variance in this style is of the level rows")
        for steps, keys in (("1step", ("ess", "sigma", "sargan")), ("2step", ("ess", "sigma")))
        for key in keys
    ),
]

CASES = [
    Case(
        PGMM,
        [comparison for case in expected_tree(PGMM) for comparison in pgmm_comparisons(case)],
        PGMM_EXCLUSIONS,
        "plm",
    ),
    Case(
        DPANEL,
        [comparison for case in expected_tree(DPANEL) for comparison in dpanel_comparisons(case)],
        DPANEL_EXCLUSIONS,
        "gretl; default (--dpdstyle)",
    ),
]

"""Dynamic panels by GMM as Stata fits them: xtabond, xtdpd, xtdpdsys and xtabond2, on Arellano and Bond's firms."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

from panels.dynamic.abdata import abdata
from panels.dynamic.stata_commands import Column, Command, LagStyle, parse
from parity.runner import Case, Comparison, Exclusion, expected_tree, leaves, load, printed
from parity.stata_cases import estimates

import panelvar as pv

FITS = "published_stata_abdata_dynpanel"
COMMANDS = {group["case"]: parse(group["command"]) for group in load(FITS)["groups"]}
EXACT = [case for case, tree in expected_tree(FITS).items() if tree["e"].get("sar_df") == 0.0]


def named(column: Column) -> str:
    """A variable or its lag, in our words."""
    name, lag = column
    return name if lag == 0 else f"L({name})" if lag == 1 else f"L({name}, {lag})"


STATA_NAMES = {f"L{'' if lag == 1 else lag}.{name}": named((name, lag)) for name in "nwk" for lag in (1, 2)}
STATA_NAMES |= {f"L1.{name}": named((name, 1)) for name in ("n", "w", "k", "ys")} | {"_cons": "const"}
STATA_NAMES |= {f"L2.{name}": named((name, 2)) for name in ("n", "w", "k", "ys")}


def instruments_of(command: Command) -> list[pv.LagInstruments | pv.StandardInstruments]:
    """The sets as the command names them: ``gmm(L.n, lag(1 .))`` has lags of the column L.n."""
    made: list[pv.LagInstruments | pv.StandardInstruments] = []
    for each in command.instruments:
        equation = each.equation if command.level_equation else "transformed"
        if isinstance(each, LagStyle):
            options: dict[str, Any] = {"collapse": each.collapse, "equation": equation}
            made.append(pv.LagInstruments(named(each.column), each.first, each.last, **options))
        else:
            made.append(pv.StandardInstruments([named(column) for column in each.columns], equation))
    return made


@cache
def fitted(case: str) -> pv.DynamicPanelResult:
    command = COMMANDS[case]
    x = [named(column) for column in command.x if column[0] != command.y]
    cov: Any = "classical" if command.steps == 1 else "uncorrected"
    if command.robust:
        cov = pv.Clustered("sector") if command.cluster == "ind" else "robust"
    panel = pv.Panel(abdata(case), "firm", "year")
    if case.startswith("G"):
        instrument = "difference" if "differences" in case else "level"
        return pv.fit_anderson_hsiao(panel, command.y, x, instrument=instrument, cov=cov, convention="stata")
    options: dict[str, Any] = {
        "lags": command.lags,
        "transform": command.transform,
        "constant": command.constant,
        "steps": command.steps,
        "cov": cov,
        "convention": "stata" if command.program == "xtabond2" else "xtabond",
    }
    if command.program == "xtabond2" or case.startswith("C1"):  # the others have the estimator's own set
        options["instruments"] = instruments_of(command)
    fit = pv.fit_blundell_bond if command.level_equation else pv.fit_arellano_bond
    with warnings.catch_warnings():  # of moments that are many for the clusters: the commands are what they are
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return fit(panel, command.y, x, **options)


def stored(case: str) -> dict[str, float]:
    """What the command leaves in e()."""
    command, found = COMMANDS[case], fitted(case)
    fewest, average, most = found.periods_per_entity
    # xtabond2 tests the constant with the slopes, and does not count it.
    joint = found.wald_test(list(found.names)) if command.program == "xtabond2" else found.f_slopes
    m = [found.ar_test(order) for order in (1, 2)]
    tree = {
        "N": found.nobs,
        "N_g": found.n_entities,
        "g_min": fewest,
        "g_avg": average,
        "g_max": most,
        "sig2": found.sigma2,
        "chi2": joint.statistic,
        "df_m": found.f_slopes.df,
    }
    if command.program == "xtabond2":
        tree |= {"j": found.n_instruments, "sigma": found.sigma2**0.5}
        if not command.level_equation:
            tree["chi2p"] = joint.pvalue
        tree |= {f"ar{order}": test.statistic for order, test in zip((1, 2), m, strict=True)}
        tree |= {f"ar{order}p": test.pvalue for order, test in zip((1, 2), m, strict=True)}
        if case not in EXACT:
            sargan, hansen = found.sargan, found.hansen_j
            tree |= {"sargan": sargan.statistic, "sarganp": sargan.pvalue, "sar_df": sargan.df}
            if command.cluster != "ind":
                tree |= {"hansen": hansen.statistic, "hansenp": hansen.pvalue, "hansen_df": hansen.df}
    else:
        tree |= {"rank": len(found.names), "zrank": found.n_instruments, "rss": found.rss}
        tree |= {f"arm{order}": test.statistic for order, test in zip((1, 2), m, strict=True)}
        tree["sargan"] = (found.sargan if command.steps == 1 else found.hansen_j).statistic
    return {key: value for key, value in tree.items() if key in expected_tree(FITS)[case]["e"]}


OTHERWISE = [
    *(Exclusion(f"*/e/{key}", "the command's own setting") for key in ("artests", "h")),
    *(Exclusion(f"*/e/{key}", "the calendar of the data") for key in ("t_min", "t_max")),
    Exclusion("*/e/j0", "columns of instruments before the empty ones leave"),
    Exclusion("*/e/Nclust1", "the number of clusters"),
    *(
        Exclusion(f"{case}/e/{key}", "as many instruments as coefficients: rounding alone")
        for case in EXACT
        for key in ("sargan", "hansen", "sar_df", "hansen_df")
    ),
    *(
        Exclusion(
            f"F1_*/e/{key}",
            "30 moments of 9 clusters have a singular covariance: xtabond2 inverts a block of it, and which one "
            "depends on the units (the dense twin in tests/panels/dynamic does the same and reproduces the number)",
        )
        for key in ("hansen", "hansenp", "hansen_df")
    ),
    *(
        Exclusion(f"{case}/e/chi2p", "the tail of a statistic of one coefficient more than the degrees of freedom")
        for case, command in COMMANDS.items()
        if command.program == "xtabond2" and command.level_equation
    ),
]


# ---- printed logs

YEARS = [f"yr{year}" for year in range(1980, 1985)]
LAGS_OF_BOTH = ["w", "L(w)", "k", "L(k)", "L(k, 2)", "ys", "L(ys)", "L(ys, 2)"]
DIFFERENCE = [*LAGS_OF_BOTH, *YEARS, "year"]
SYSTEM = ["w", "L(w)", "L(w, 2)", "k", "L(k)", "L(k, 2)", *YEARS, "year"]
OWN = ["w", "L(w)", "k", "L(k)", *YEARS, "year"]


@cache
def firms() -> pv.Panel:
    rows = abdata()
    rows["calendar"] = rows["year"]
    return pv.Panel(
        rows.assign(**{f"yr{year}": (rows["year"] == year).astype(float) for year in range(1980, 1985)}),
        "firm",
        "calendar",
    )


def system_sets(first: int, level: int) -> list[pv.LagInstruments | pv.StandardInstruments]:
    """``dgmmiv(n, lag(first .)) lgmmiv(n, lag(level)) div(...)``."""
    return [
        pv.LagInstruments("n", first, equation="transformed"),
        pv.LagInstruments("n", level, level, equation="level"),
        pv.StandardInstruments(OWN, "transformed"),
    ]


FROM_LAG = {"xtabond_twostep_predetermined": (2, 3), "xtabond_twostep_endogenous": (3, 4)}
"""First lags of w and k that ``lagstruct(1, .)`` and ``lagstruct(2, .)`` leave as instruments."""
DOUBTED = {
    "gmm(n, lag(2 4))": pv.LagInstruments("n", 2, 4),
    "gmm(w, lag(1 3))": pv.LagInstruments("w", 1, 3),
    "iv(k)": pv.StandardInstruments("k"),
}


@cache
def roodman(convention: str) -> pv.DynamicPanelResult:
    """Blundell and Bond's model as Roodman (2009) has it."""
    sets = [pv.LagInstruments(["n", "w", "k"], 2)]
    options: dict[str, Any] = {"instruments": sets, "time_effects": True, "steps": 1, "small_sample": True}
    return pv.fit_blundell_bond(firms(), "n", ["w", "L(w)", "k", "L(k)"], convention=convention, **options)


@cache
def logged(case: str) -> pv.DynamicPanelResult:
    """The model of a printed log."""
    bond, system = pv.fit_arellano_bond, pv.fit_blundell_bond
    both: dict[str, Any] = {"lags": 2, "steps": 1, "convention": "xtabond"}
    one: dict[str, Any] = {"lags": 1, "steps": 1, "convention": "xtabond"}
    own = pv.StandardInstruments(DIFFERENCE)
    late = [pv.LagInstruments("n", 3), own]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        if case == "xtabond_onestep_robust":
            return bond(firms(), "n", DIFFERENCE, **both)
        if case == "xtdpd_onestep_gmm_se":
            return bond(firms(), "n", DIFFERENCE, cov="classical", **both)
        if case == "xtdpd_no_div":
            return bond(firms(), "n", DIFFERENCE, instruments=[pv.LagInstruments("n", 2)], cov="classical", **both)
        if case == "xtdpd_lag3_sargan":
            return bond(firms(), "n", DIFFERENCE, instruments=late, cov="classical", **both)
        if case == "xtdpd_system":
            return system(firms(), "n", SYSTEM, instruments=system_sets(3, 2), cov="classical", **one)
        if case == "xtdpd_system_lag2_sargan":
            return system(firms(), "n", SYSTEM, instruments=system_sets(2, 1), cov="classical", **one)
        if case == "xtdpdsys_onestep_robust":
            return system(firms(), "n", SYSTEM, **one)
        if case == "xtabond2_onestep_system_small":
            return roodman("stata")
        if case in FROM_LAG:
            w, k = FROM_LAG[case]
            x = ["ys", "L(ys)", *YEARS, "year"]
            lags = [pv.LagInstruments(name, first) for name, first in (("n", 2), ("w", w), ("k", k))]
            every = [*x, "w", "L(w)", "k", "L(k)", "L(k, 2)"]
            return bond(firms(), "n", every, instruments=[*lags, pv.StandardInstruments(x)], **both | {"steps": 2})
        if case == "xtabond2_twostep_difference":
            return bond(firms(), "n", ["w", "k"], lags=2, instruments=[*DOUBTED.values()], convention="stata")
        sets = [pv.LagInstruments("n", 2), pv.LagInstruments(["w", "k"], 1), pv.StandardInstruments(YEARS, "both")]
        x = [*LAGS_OF_BOTH, *YEARS]
        return system(firms(), "n", x, lags=2, instruments=sets, small_sample=True, convention="stata")


# With ``small`` older versions of xtabond2 (Roodman's of 2009 too) counted N / (N - k) without the constant; since then
# (N - 1) / (N - k) with it. The rows and coefficients of two such logs:
OLD = {"xtabond2_twostep_system_small": (751, 16), "xtabond2_onestep_system_small": (891, 13)}


def older(case: str) -> float:
    """What an older version's covariance is of today's."""
    if case not in OLD:
        return 1.0
    rows, count = OLD[case]
    return rows / (rows - count + 1) * (rows - count) / (rows - 1)


def shown(value: float) -> Any:
    """Stata's %9.0g of a coefficient: seven digits, no more than seven after the point."""
    return printed(significant=7) if abs(value) >= 1.0 else printed(decimals=7)


def coefficients(case: str) -> list[Comparison]:
    """The cells of a coefficient table, each in the format of its column."""
    made = []
    digits = {"z": printed(decimals=2), "t": printed(decimals=2), "p": printed(decimals=3)}
    for name, cells in expected_tree(LOGS)[case]["params"].items():
        ours = STATA_NAMES.get(name, name)
        for (column, *place), value in leaves(cells):

            def computed(ours=ours, column=column, place=tuple(place)):
                found = estimates(logged(case))[ours][column]
                if column == "se":
                    return found * older(case) ** 0.5
                return found[int(place[0])] if place else found

            path = "/".join((case, "params", name, column, *place))
            made.append(Comparison(path, computed, digits.get(column) or shown(value)))
    return made


LOGS = "published_stata_empluk_gmm"


STATISTICS = {
    "N": lambda found: found.nobs,
    "N_g": lambda found: found.n_entities,
    "n_instruments": lambda found: found.n_instruments,
    "T_avg": lambda found: found.periods_per_entity[1],
    "AR(1) z": lambda found: found.ar_test(1).statistic,
    "AR(2) z": lambda found: found.ar_test(2).statistic,
    "p": lambda found: found.sargan.pvalue,
}
FORMATS = {"T_avg": printed(significant=7), "p": printed(decimals=4)}


def statistic_of(label: str) -> tuple[Any, Any]:
    """How a printed statistic is computed, and its digits."""
    if label.startswith(("Wald", "F(")):
        return lambda found: found.f_slopes.statistic, printed(decimals=2)
    if label.startswith("estat sargan"):
        return lambda found: found.sargan.statistic, printed(decimals=5)
    if label.startswith("Sargan"):
        return lambda found: found.sargan.statistic, printed(decimals=2)
    if label.startswith("Hansen"):
        return lambda found: found.hansen_j.statistic, printed(decimals=2)
    return STATISTICS[label], FORMATS.get(label, printed(decimals=2))


SUBSETS = {"gmm(n, lag(2 4))": "lags 2 to 4 of n", "gmm(w, lag(1 3))": "lags 1 to 3 of w", "iv(k)": "k"}


def subset_statistic(case: str, group: str, label: str) -> float:
    """``difference chi2(17)``, or ``excluding chi2(15)``, of a group, if the degrees of freedom agree."""
    found = logged(case).difference_in_hansen(SUBSETS[group])
    test = found.joint if label.startswith("difference") else found.remaining
    return test.statistic if f"chi2({test.df:.0f})" in label else float("nan")


def log(case: str) -> list[Comparison]:
    """Everything that a log prints."""
    tree = expected_tree(LOGS)[case]
    made = coefficients(case) if "params" in tree else []
    for label, value in tree["stats"].items():
        if isinstance(value, str):
            continue
        function, tolerance = statistic_of(label)
        if label.startswith("F("):
            made.append(
                Comparison(f"{case}/stats/{label}", lambda: logged(case).f_slopes.statistic / older(case), tolerance)
            )
            continue
        if (case, label) == ("xtabond2_onestep_system_small", "Sargan chi2(100)"):
            # The variance over the rows of the level equation, as in gretl; since then over those of the differences.
            made.append(Comparison(f"{case}/stats/{label}", lambda: roodman("gretl").sargan.statistic, tolerance))
            continue
        if (case, label) == ("xtdpdsys_onestep_robust", "T_avg"):
            tolerance = printed(significant=4)
        made.append(Comparison(f"{case}/stats/{label}", lambda function=function: function(logged(case)), tolerance))
    for group, found in tree.get("difference_in_hansen", {}).items():
        made += [
            Comparison(
                f"{case}/difference_in_hansen/{group}/{label}",
                lambda group=group, label=label: subset_statistic(case, group, label),
                printed(decimals=2),
            )
            for label in found
        ]
    for order in tree.get("arellano_bond_z", {}):
        made.append(
            Comparison(
                f"{case}/arellano_bond_z/{order}",
                lambda order=order: logged(case).ar_test(int(order)).statistic,
                printed(significant=5 if case in ("xtabond_onestep_robust", "xtdpd_onestep_gmm_se") else 4),
            )
        )
    for label, lines in tree.get("difference_in_hansen", {}).items():
        for line in lines:

            def tested(label=label, line=line):
                found = logged(case).difference_in_hansen(DOUBTED[label])
                return (found.remaining if line.startswith("excluding") else found.joint).statistic

            made.append(Comparison(f"{case}/difference_in_hansen/{label}/{line}", tested, printed(decimals=2)))
    return made


CASES = [
    Case(
        FITS,
        [
            *(Comparison(f"{case}/coef", lambda case=case: fitted(case).params) for case in COMMANDS),
            *(Comparison(f"{case}/se", lambda case=case: fitted(case).std_errors) for case in COMMANDS),
            *(Comparison(f"{case}/e", lambda case=case: stored(case)) for case in COMMANDS),
        ],
        OTHERWISE,
        "stata (xtabond2), xtabond",
        names=STATA_NAMES,
    ),
    Case(
        LOGS,
        [comparison for case in expected_tree(LOGS) for comparison in log(case)],
        [],
        "stata (xtabond2), xtabond",
    ),
]

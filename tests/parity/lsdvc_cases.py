"""Published output of Stata's xtlsdvc: on all firms of the Arellano-Bond panel, and Bruno's (2005) log of sector 4."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

from panels.dynamic.abdata import abdata
from parity.runner import Case, Comparison, Exclusion, load, printed

import panelvar as pv

NAMES = {"L.n": "L(n)", "LD.n": "L(n)", "D.w": "w", "D.k": "k"}
YEARS = [f"yr{year}" for year in range(1977, 1984)]


@cache
def firms(sector: int | None = None) -> pv.Panel:
    rows = abdata()
    for year in YEARS:
        rows[year] = (rows["year"] == int(year[2:])).astype(float)
    return pv.Panel(rows if sector is None else rows[rows["sector"] == sector], "firm", "year")


@cache
def stored(command: str) -> dict[str, Any]:
    """What ``xtlsdvc n w k, initial(ab) bias(2)`` leaves."""
    variables, options = command.removeprefix("xtlsdvc ").split(", ")
    initial, order = options.replace("initial(", "").replace("bias(", "").replace(")", "").split()
    _, *x = variables.split()
    with warnings.catch_warnings():
        # Without regressors the corrected lag is above one.
        warnings.filterwarnings("ignore", ".*is not stable", pv.PanelVarWarning)
        found = pv.fit_lsdvc(firms(), "n", x, initial=initial, order=int(order), convention="stata")
    average = found.periods_per_entity[1]
    return {
        "coef": found.params,
        "e": {"N": found.nobs, "N_g": found.n_entities, "Tbar": average, "sigma": found.sigma2**0.5},
    }


@cache
def logged(case: str) -> Any:
    """A model of the article: least squares, its initial estimates, or what is corrected."""
    panel, x = firms(4), ["w", "k", *YEARS]
    if case == "lsdv":
        return pv.fit_lsdvc(panel, "n", x, initial="ah").within
    with warnings.catch_warnings():  # of more moments than firms: the commands are what they are
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        if case == "anderson_hsiao":
            return pv.fit_anderson_hsiao(panel, "n", x, cov="classical")
        if case == "arellano_bond_onestep":
            return pv.fit_arellano_bond(panel, "n", x, steps=1, cov="classical", convention="xtabond")
        _, initial, bias = case.split("_")
        return pv.fit_lsdvc(panel, "n", x, initial=initial, order=int(bias[-1]), convention="stata")


LOGS = [group["case"] for group in load("published_bruno2005_xtlsdvc")["groups"]]
SEVEN = printed(decimals=7)

CASES = [
    Case(
        "published_stata_abdata_xtlsdvc",
        [
            Comparison(f"{group['case']}/{what}", (lambda group=group, what=what: stored(group["command"])[what]))
            for group in load("published_stata_abdata_xtlsdvc")["groups"]
            for what in ("coef", "e")
        ],
        preset="stata",
        names=NAMES,
    ),
    Case(
        "published_bruno2005_xtlsdvc",
        [
            *(Comparison(f"{case}/coef", (lambda case=case: logged(case).params), SEVEN) for case in LOGS),
            *(
                Comparison(f"{case}/se", (lambda case=case: logged(case).std_errors), SEVEN)
                for case in LOGS
                if case in ("lsdv", "arellano_bond_onestep")
            ),
            Comparison(
                "arellano_bond_onestep/sargan",
                lambda: logged("arellano_bond_onestep").sargan.statistic,
                printed(decimals=1),
            ),
            *(
                Comparison(
                    f"arellano_bond_onestep/m{order}",
                    (lambda order=order: logged("arellano_bond_onestep").ar_test(order).statistic),
                    printed(decimals=2),
                )
                for order in (1, 2)
            ),
        ],
        [
            Exclusion(
                "anderson_hsiao/se",
                "two-stage least squares of differences, whose errors are taken as uncorrelated there",
            ),
            Exclusion(
                "arellano_bond_onestep/sargan_df", "37 moments have rank 32 in 29 firms: xtabond counts all of them"
            ),
        ],
        preset="stata",
        names=NAMES,
    ),
]

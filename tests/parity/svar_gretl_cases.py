"""Structural forms: gretl's package SVAR, with zeros in the long run beside those on impact."""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np
from parity.runner import DEFAULT, Case, Comparison, Exclusion, expected_tree, load, within
from reference_data import table

import panelvar as pv
from panelvar.core.base.distributions import chi2_tail

FILE = "svar_gretl"
END = within(2e-6, reason="the end of gretl's numerical maximisation", absolute=1e-9)


@cache
def model(group: str) -> pv.VarResult:
    described = load(FILE)["model"][group]
    data = table("canada" if "rw" in described["variables"] else "us_macro")
    return pv.fit_var(data.dropna().reset_index(drop=True)[described["variables"]], lags=described["lags"])


def scheme(group: str) -> pv.ShortRun:
    """The restrictions as matrices, NaN where an entry is free."""
    size = len(load(FILE)["model"][group]["variables"])
    parts = {code: np.full((size, size), np.nan) for code in ("A", "B", "C", "lrC")}
    for line in load(FILE)["model"][group]["restrictions"]:
        code, *rest = line.split()
        if code == "Adiag":
            np.fill_diagonal(parts["A"], 1.0)
        elif code != "Bdiag":
            row, column, value = (int(number) for number in rest)
            parts[code][row - 1, column - 1] = value
    if load(FILE)["model"][group]["type"] == "AB":
        return pv.ShortRun(parts["A"], parts["B"])
    lasting = parts["lrC"] if np.isfinite(parts["lrC"]).any() else None
    return pv.ShortRun(b=parts["C"], long_run=lasting)


@cache
def structure(group: str) -> pv.SvarResult:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return pv.fit_svar(model(group), scheme(group))


def size(group: str) -> float:
    """gretl divides by all rows less the coefficients, where rows are explained from the lags on only."""
    fit = model(group)
    return np.sqrt(fit.df_resid / (fit.df_resid + fit.lags))


def rows(group: str) -> float:
    """All rows over those explained, which errors and likelihoods are multiplied by in gretl."""
    fit = model(group)
    return (fit.nobs + fit.lags) / fit.nobs


def zeros(values: object) -> np.ndarray:
    """Errors of entries that are known are zero in gretl."""
    return np.nan_to_num(np.asarray(values, dtype=float))


def paths(group: str) -> np.ndarray:
    found = model(group).impulse_responses(8, identification=structure(group).identification)
    return found.values.swapaxes(1, 2) * size(group)


def shares(group: str) -> np.ndarray:
    return model(group).variance_decomposition(9, identification=structure(group).identification).values


def lasting(group: str) -> np.ndarray:
    found = model(group).long_run_effects(identification=structure(group).identification, shock_size="sd")
    return found.to_numpy() * size(group)


def likelihood_ratio(group: str) -> dict:
    statistic = structure(group).overidentification.statistic * rows(group)
    degrees = structure(group).overidentification.df
    return {"statistic": statistic, "df": degrees, "p": chi2_tail(statistic, degrees)}


PARTS = {
    "Sigma": lambda group: model(group).sigma * size(group) ** 2,
    "C": lambda group: np.linalg.solve(structure(group).a, structure(group).b) * size(group),
    "A": lambda group: structure(group).a,
    "B": lambda group: structure(group).b * size(group),
    "C_se": lambda group: zeros(structure(group).b_std_errors) * size(group) / np.sqrt(rows(group)),
    "A_se": lambda group: zeros(structure(group).a_std_errors) / np.sqrt(rows(group)),
    "B_se": lambda group: zeros(structure(group).b_std_errors) * size(group) / np.sqrt(rows(group)),
    "lasting": lasting,
    "irf": paths,
    "shares": shares,
    "LR": likelihood_ratio,
}
STOPPED = "ab_over"
OF_A = ("Sigma", "A")


def comparisons() -> list[Comparison]:
    found = []
    for group, node in expected_tree(FILE).items():
        for part, call in PARTS.items():
            if part in node and (group != STOPPED or part in OF_A):
                exact = group == "recursive" or part == "Sigma"
                found.append(
                    Comparison(f"{group}/{part}", lambda group=group, call=call: call(group), DEFAULT if exact else END)
                )
        if group != STOPPED:
            found.append(
                Comparison(
                    f"{group}/likelihood_less_that_of_the_reduced_form",
                    lambda group=group: (
                        -structure(group).overidentification.statistic / 2 * rows(group)
                        if structure(group).overidentification
                        else 0.0
                    ),
                    END,
                )
            )
    return found


CASES = [
    Case(
        FILE,
        comparisons(),
        [
            Exclusion(
                f"{STOPPED}/{part}",
                "gretl stops short of the maximum: `test_gretl_stops_short_of_a_maximum` has the algebra",
            )
            for part in expected_tree(FILE)[STOPPED]
            if part not in OF_A
        ],
        preset="gretl",
    )
]

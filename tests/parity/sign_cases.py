"""Shocks told apart by signs: distributions of responses by R VARsignR and by gretl's package SVAR."""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np
from parity.runner import Case, Comparison, Exclusion, expected_tree, within
from reference_data import table

import panelvar as pv

NAMES = ["infl", "unemp", "tbilrate"]
SIGNS = {"supply": "+++", "demand": "+-+", "policy": "-++"}
FULL = {(name, shock): row[place] for shock, row in SIGNS.items() for place, name in enumerate(NAMES)}
POLICY = {pair: sign for pair, sign in FULL.items() if pair[1] == "policy"}
CHANCES = (0.05, 0.16, 0.5, 0.84, 0.95)
MODELS, FEWEST = 10_000, 7_500


@cache
def model() -> pv.VarResult:
    return pv.fit_var(table("us_macro").dropna().reset_index(drop=True)[NAMES], lags=4)


def draws(signs: dict, draws: int = 0, **options) -> np.ndarray:
    """Responses of accepted models; with a posterior, of one rotation tried for each draw of it."""
    scheme = pv.SignRestrictions(signs, models=MODELS, seed=11, tries=1 if draws else 10_000, **options)
    bands = pv.MonteCarlo(draws, seed=12) if draws else None
    with warnings.catch_warnings():
        # Of the reduced forms most are left without a model, as is meant.
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        found = model().impulse_responses(8, identification=scheme, bands=bands).draws
    return found[np.isfinite(found).all(axis=(1, 2, 3))]


@cache
def accepted(group: str) -> np.ndarray:
    """Ours, (draws, period, response, shock)."""
    if group == "estimates":
        return draws(FULL)
    if group == "longer":
        return draws(FULL | {(name, "policy"): (FULL[name, "policy"], 2) for name in ("infl", "unemp")})
    if group == "posterior":
        return draws(FULL, 300_000)
    if group == "zero":
        signs = {pair: sign for pair, sign in FULL.items() if pair != ("infl", "policy")}
        return draws(signs, zero=[("infl", "policy")])
    found = draws(POLICY, 100_000, periods=1)
    if group == "uhlig":
        # Its directions are points of the ball, not of the sphere.
        found = found * np.random.default_rng(13).random((len(found), 1, 1, 1)) ** (1 / 3)
    return found


def scale(file: str, group: str) -> float:
    """gretl's degrees of freedom count the rows before the sample, four of them, as if they were explained."""
    if file != "signs_gretl":
        return 1.0
    own, theirs = model().df_resid, model().df_resid + 4
    # The mean of an inverse Wishart matrix has four degrees of freedom fewer.
    return np.sqrt((own - 4) / (theirs - 4)) if group == "posterior" else np.sqrt(own / theirs)


def below(file: str, group: str, chance: float) -> np.ndarray:
    """Share of our draws under the other program's quantiles."""
    node = expected_tree(file)[group][f"chance_{chance}"]["points"]
    points = np.array(node["values"])[:, :, None] if isinstance(node, dict) else np.array(node)
    own, found = accepted(group) * scale(file, group), np.empty(points.shape)
    assert len(own) >= FEWEST
    for place in np.ndindex(points.shape):
        found[place] = (own[(slice(None), *place)] <= points[place]).mean()
    return found[:, :, 0] if isinstance(node, dict) else found


def comparisons(file: str) -> list[Comparison]:
    found = []
    for group, node in expected_tree(file).items():
        for chance in CHANCES:
            error = np.sqrt(chance * (1 - chance) * (1 / node["models"] + 1 / FEWEST))
            tolerance = within(
                1e-12,
                absolute=4.5 * error,
                reason=f"shares of draws below a point: 4.5 standard errors of simulation at {chance:g}",
            )
            path = f"{group}/chance_{chance}/shares"
            if group == "zero":
                # One by one, as one of them is zero by construction.
                found += [
                    Comparison(
                        "/".join(map(str, (path, *place))),
                        lambda place=place, chance=chance: float(below(file, "zero", chance)[place]),
                        tolerance,
                    )
                    for place in np.ndindex(9, 3, 3)
                    if place != (0, 0, 2)
                ]
            else:
                found.append(Comparison(path, lambda group=group, chance=chance: below(file, group, chance), tolerance))
    return found


POINTS = Exclusion("*/*/points", "where the distribution is evaluated")
COUNTS = [Exclusion(f"*/{count}", "a count of the simulation") for count in ("models", "tried")]
CASES = [
    Case("signs_varsignr", comparisons("signs_varsignr"), [POINTS, COUNTS[0]], preset="default"),
    Case(
        "signs_gretl",
        comparisons("signs_gretl"),
        [POINTS, *COUNTS, Exclusion("zero/*/shares/0/0/2", "a response that is zero by construction")],
        preset="gretl",
    ),
]

"""Tests that are known not to hold their level in small samples: how far they are off, and what to use instead.

The rates are in ``constants/known_sizes.csv``, which ``tests/simulation/sizes.py`` writes with the page on sizes.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from panelvar.core.base.constants import constants
from panelvar.core.base.errors import Note


class KnownSize(NamedTuple):
    """Where a test is off.

    Attributes
    ----------
    few : str
        What there is too little of, in the plural.
    below : float
        From how many on nothing is said.
    instead : str
        What to use, in a sentence.
    warned : float
        Below how many a warning says so.
    model : str
        Of which models the rates are, where they depend on that.
    """

    few: str
    below: float
    instead: str
    warned: float = 0.0
    model: str = ""


EXACT = "durbin_watson_test holds its level where errors are normal."
POOLED = "A wald_test of the lags in fit_fixed_effects, with one slope for all, is nearer its level."
REDUCED = "mundlak_test with cov=BiasReduced(...) does not over-reject."
GIVEN = "With a number of lags that you give it is nearer its level."

KNOWN = {
    "wooldridge effects": KnownSize("groups", 100, "effects_lm_test does not do so where errors have one variance."),
    "wooldridge serial": KnownSize("entities", 20, EXACT),
    "born-breitung q": KnownSize("entities", 20, EXACT),
    "within residuals": KnownSize(
        "periods for its entities",
        10,
        "wooldridge_within_test and born_breitung_test are for short panels.",
    ),
    "modified wald": KnownSize(
        "periods", 100, "With more than 10 entities it is worse. Clustered errors need no such test.", warned=10
    ),
    "mundlak": KnownSize("groups", 100, REDUCED, model="with 2 regressors "),
    "mundlak, four": KnownSize("groups", 100, REDUCED, model="with 4 regressors "),
    "hausman, own variances": KnownSize("entities", 50, "With sigma='efficient' it does not."),
    "homogeneity": KnownSize("periods", 200, "hausman_test(mean group, pooled mean group) is nearer its level."),
    "panel granger, z-tilde": KnownSize("periods", 40, POOLED),
    "panel granger, z-bar": KnownSize("periods", 100, "With statistic='z-tilde' it is nearer its level."),
    "adf, aic, c": KnownSize("periods", 100, GIVEN),
    "adf, aic, ct": KnownSize("periods", 100, GIVEN),
    "adf, bic, ct": KnownSize("periods", 100, GIVEN),
    "adf, hqic, c": KnownSize("periods", 100, GIVEN),
    "adf, hqic, ct": KnownSize("periods", 100, GIVEN),
    "adf, t-stat, c": KnownSize("periods", 100, GIVEN),
    "adf, t-stat, ct": KnownSize("periods", 100, GIVEN),
    "dfgls, aic, ct": KnownSize("periods", 100, GIVEN),
    "dfgls, hqic, ct": KnownSize("periods", 100, GIVEN),
    "dfgls, t-stat, ct": KnownSize("periods", 100, GIVEN),
    "kpss, newey-west, ct": KnownSize(
        "periods", 60, "With bandwidth='short' it does not reject white noise too often."
    ),
    "engle-granger, aic": KnownSize("periods", 250, GIVEN),
    "engle-granger, hqic": KnownSize("periods", 100, GIVEN),
    "engle-granger, t-stat": KnownSize("periods", 100, GIVEN),
    "relations": KnownSize(
        "periods",
        200,
        "No other test of relations here is nearer its level. Take p-values near 5% lightly.",
    ),
    "exclusion beside relations": KnownSize(
        "periods", 120, "exclusion_test(lags=...) of fit_var on the levels is nearer its level."
    ),
    "exclusion, HC1": KnownSize("rows", 150, "with_cov('HC3') and granger_bootstrap_test are nearer their level."),
    "effects, autoregressive": KnownSize("periods", 60, "Effects that you keep without need do little harm."),
    "toda-yamamoto": KnownSize(
        "rows for each coefficient",
        6,
        "exclusion_test of these lags in a longer fit_var is nearer its level.",
    ),
    "diebold-mariano": KnownSize("forecasts for its horizon", 20, "One period ahead it does not."),
    "urzua": KnownSize("rows", 500, "With statistic='doornik-hansen' it does not."),
}
"""By test, and by the options that decide."""


def mundlak_size_notes(n_restrictions: int, n_groups: int) -> tuple[Note, ...]:
    """What a clustered test of the means says of its size, which worsens with the number of means."""
    return size_notes("mundlak" if n_restrictions <= 2 else "mundlak, four", n_groups)


@lru_cache(maxsize=1)
def rates() -> dict[str, list[tuple[str, int]]]:
    """By test: samples in words, and percent of true nulls that were rejected at the level of 5 there."""
    found: dict[str, list[tuple[str, int]]] = {}
    for row in constants("estimates/sizes", "known_sizes"):
        found.setdefault(row["test"], []).append((row["sample"], int(row["percent"])))
    return found


def size_notes(test: str, count: float) -> tuple[Note, ...]:
    """What a result from so many says of its size: nothing if that is enough, or the test is not known to be off."""
    known = KNOWN.get(test)
    if known is None or count >= known.below:
        return ()
    (sample, percent), *more = rates()[test]
    often = "far too often" if percent >= 15 else "too often"
    found = f"{percent}% of true nulls at 5% where {sample}" + "".join(f", {each}% where {n}" for n, each in more)
    text = f"With few {known.few} it rejects {often} ({known.model}{found}). {known.instead}"
    return (Note("size", text, count < known.warned),)

"""How often panel unit-root and cointegration tests reject true nulls, by their options and the size of the panel.

The rates are in ``constants/panel_sizes.csv``, which ``tests/simulation/short_panels.py`` writes: of random walks with
white errors, independent across entities, that are not cointegrated (of noise where stationarity is the null).
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np

from panelvar.core.base.arguments import is_whole
from panelvar.core.base.arrays import Array
from panelvar.core.base.constants import constants
from panelvar.core.base.errors import Note

ENTITIES = (5, 10, 25, 50, 100)
PERIODS = (8, 10, 15, 25, 50, 100)
"""Sizes of the panels that were simulated."""

SIZE = "size"
"""Code of the notes, or how it begins."""

NOTED, WARNED = 8, 15
"""Percent of true nulls, at the level of 5, above which a result says so, and above which it warns."""

LONG = 1.5 * PERIODS[-1]
"""Periods from which nothing is warned of: the rates are those of shorter panels."""

ROOT = 0.5
"""The root of autocorrelated errors, of which Hadri's test was simulated besides."""

BOOTSTRAPPED = (
    "breitung",
    "cips",
    "fisher",
    "ips",
    "kao",
    "llc",
    "moon_perron",
    "panic",
    "pedroni",
    "simes",
    "westerlund",
)
"""Tests that take ``bootstrap=``."""

# What an option is where a simulated call leaves it out.
_LEFT_OUT = {
    "convention": "default",
    "factors": None,
    "leads": 0,
    "robust": False,
    "test": "adf",
    "truncated": False,
}
# Options that decide what is tested, or of which data: no advice changes them.
_FIXED = ("trend", "root", "errors")


class PanelCase(NamedTuple):
    """A test with the options by which its rates differ.

    Attributes
    ----------
    test : str
        What the function is called, without ``_test``.
    options : mapping of str to object
        As they were given; those of `_LEFT_OUT` may be left out.
    instead : str
        What to do where it rejects too often, in a sentence; empty where the table or a bootstrap says.
    """

    test: str
    options: Mapping[str, object]
    instead: str = ""


class SimulatedCase(NamedTuple):
    """A call that was simulated.

    Attributes
    ----------
    written : str
        Its options as a caller writes them.
    options : dict
        The same as values.
    rates : dict of str to (5, 6) array
        By statistic: percent of true nulls rejected, by entities and periods; NaN where the test refuses.
    """

    written: str
    options: dict[str, object]
    rates: dict[str, Array]


class Rate(NamedTuple):
    """How often a statistic rejects true nulls in panels of a size, in percent.

    Attributes
    ----------
    percent : float
        Between the simulated sizes, by the logarithms of entities and periods.
    nearest : float
        In the nearest panels that were simulated.
    entities, periods : int
        Of these.
    beyond : bool
        Whether the panels are larger, or smaller, than all that were simulated.
    """

    percent: float
    nearest: float
    entities: int
    periods: int
    beyond: bool


@cache
def simulated_cases() -> dict[str, tuple[SimulatedCase, ...]]:
    """What was simulated, by test."""
    found: dict[tuple[str, str], dict[str, Array]] = {}
    for row in constants("estimates/sizes", "panel_sizes"):
        test, written, statistic, *cells = row.values()
        numbers = [float(cell) if cell else math.nan for cell in cells]
        found.setdefault((test, written), {})[statistic] = np.reshape(numbers, (len(ENTITIES), len(PERIODS)))
    out: dict[str, tuple[SimulatedCase, ...]] = {}
    for (test, written), rates in found.items():
        out[test] = (*out.get(test, ()), SimulatedCase(written, _read(written), rates))
    return out


def _read(written: str) -> dict[str, object]:
    """Options as values."""
    call = ast.parse(f"f({written})", mode="eval").body
    assert isinstance(call, ast.Call)
    return {str(each.arg): ast.literal_eval(each.value) for each in call.keywords}


def nearest_case(case: PanelCase, name: str) -> tuple[SimulatedCase, str] | None:
    """The simulated call of a statistic whose options are nearest, and what the statistic is called there."""
    return _nearest_case(case.test, tuple(case.options.items()), name)


@lru_cache(maxsize=256)
def _nearest_case(test: str, options: tuple[tuple[str, object], ...], name: str) -> tuple[SimulatedCase, str] | None:
    simulated = simulated_cases().get(test, ())
    found = [(each, statistic) for each in simulated for statistic in each.rates if _is(name, statistic)]
    if not found:
        return None
    asked = dict(options)
    return min(found, key=lambda each: _distance(asked, each[0].options))


def _is(name: str, statistic: str) -> bool:
    """Whether a statistic is the one that a result calls by a name, which may say more: of what, or whose it is."""
    return name == statistic or name.startswith(f"{statistic} of ") or name.endswith(f" {statistic}")


def _distance(asked: Mapping[str, object], simulated: Mapping[str, object]) -> float:
    """How far options are from others: what is tested counts more than how, and a rule for lags more than a lag."""
    total = 0.0
    for name in {*asked, *simulated}:
        # A statistic that does not depend on an option was simulated without it.
        own = asked.get(name, _LEFT_OUT.get(name))
        other = simulated.get(name, own if name == "lags" else _LEFT_OUT.get(name))
        if own == other:
            continue
        if is_whole(own) and is_whole(other):
            total += 1.0 + abs(own - other) / 100.0
        else:
            total += {"trend": 1000.0, "lags": 10.0, "factors": 10.0}.get(name, 100.0)
    return total


def rate_at(rates: Array, entities: int, periods: float) -> Rate | None:
    """The rate in panels of a size, of rates (5, 6); None where no panel was answered.

    Beyond the sizes that were simulated it is that of the nearest.
    """
    weights, cells = _weights(entities, periods)
    own = rates.ravel().tolist()
    near = next((cell for cell in cells if own[cell] == own[cell]), None)
    if near is None:
        return None
    row, column = divmod(near, len(PERIODS))
    nearest = percent = own[near]
    beyond = not (ENTITIES[0] <= entities <= ENTITIES[-1] and PERIODS[0] <= periods <= PERIODS[-1])
    # Where a corner that counts has no rate there is nothing to interpolate.
    if not beyond and all(own[cell] == own[cell] for cell in weights):
        percent = sum(weight * own[cell] for cell, weight in weights.items())
    return Rate(percent, nearest, ENTITIES[row], PERIODS[column], beyond)


@lru_cache(maxsize=64)
def _weights(entities: int, periods: float) -> tuple[dict[int, float], list[int]]:
    """Weights of the cells around a panel, by their places in the table, and all places, the nearest first."""
    down, across, top = _place(ENTITIES, entities)
    right, along, left = _place(PERIODS, periods)
    share = np.outer([1.0 - across, across], [1.0 - along, along])
    width = len(PERIODS)
    weights = {
        (top + row) * width + left + column: float(share[row, column])
        for row in range(2)
        for column in range(2)
        if share[row, column] > 0.0
    }
    far = np.add.outer(np.square(down), np.square(right))
    return weights, np.argsort(far, axis=None, kind="stable").tolist()


def _place(sizes: Sequence[int], size: float) -> tuple[Array, float, int]:
    """How far a size is from those simulated, what share of the way it is between two, and the first of these."""
    places = np.log(np.array(sizes, dtype=np.float64))
    at = min(max(math.log(max(size, 1.0)), places[0]), places[-1])
    lower = min(int(np.searchsorted(places, at, side="right")) - 1, len(places) - 2)
    return places - at, float((at - places[lower]) / (places[lower + 1] - places[lower])), lower


def panel_size_notes(case: PanelCase | None, names: Sequence[str], entities: int, periods: float) -> tuple[Note, ...]:
    """What a result says of its size: nothing where no statistic rejects too often in panels of its size.

    Parameters
    ----------
    case : PanelCase or None
        None says nothing.
    names : sequence of str
        Of the statistics that are printed, that of the result first: it decides whether to warn.
    entities : int
    periods : float
        Of the median entity.
    """
    if case is None:
        return ()
    found = {name: (*near, rate) for name in names for near, rate in _rates(case, name, entities, periods)}
    often = {name: each for name, each in found.items() if round(each[2].percent) > NOTED}
    if not often:
        return ()
    first = next(iter(often.values()))
    simulated, name, rate = first
    parts = [f"{statistic} {round(own.percent)}%" for _, statistic, own in often.values()]
    parts[0] = f"{name} rejects about {round(rate.percent)}% of true nulls at 5%"
    where = f"With {entities} entities and {periods:g} periods"
    cell = "Simulated"
    if rate.beyond:
        where = f"In the nearest simulated panels, of {rate.entities} entities and {rate.periods} periods"
    elif (rate.entities, rate.periods) != (entities, periods):
        cell = f"Nearest simulated panels: N = {rate.entities}, T = {rate.periods}, {round(rate.nearest)}%"
    used = simulated.written.removesuffix(f", root={ROOT}") or "any options"
    process = "independent walks"
    if case.test == "hadri":
        process = f"errors with a root of {ROOT}" if "root" in case.options else "white errors"
    text = f"{where}, {', '.join(parts)}. {cell}, with {used}, {process}. {_advice(case, first, entities, periods)}"
    headline = found.get(names[0])
    # Of much longer panels the rates are known to be lower.
    warn = headline is not None and round(headline[2].percent) > WARNED and periods < LONG
    return (Note(SIZE, text, warn),)


def _rates(
    case: PanelCase, name: str, entities: int, periods: float
) -> Iterator[tuple[tuple[SimulatedCase, str], Rate]]:
    """The rate of a statistic, where it was simulated."""
    near = nearest_case(case, name)
    rate = None if near is None else rate_at(near[0].rates[near[1]], entities, periods)
    if near is not None and rate is not None:
        yield near, rate


def _advice(case: PanelCase, found: tuple[SimulatedCase, str, Rate], entities: int, periods: float) -> str:
    """What to do: only what the table, or a bootstrap, shows to be nearer the level."""
    if case.test in BOOTSTRAPPED:
        return "Use bootstrap=pv.PanelBootstrap()."
    if case.instead:
        return case.instead
    own, statistic, _ = found
    better = []
    for changed, other in _changes(case.test, own.written):
        rate = rate_at(other.rates[statistic], entities, periods) if statistic in other.rates else None
        if rate is not None and round(rate.percent) <= NOTED:
            better.append((len(changed), abs(rate.percent - 5.0), changed, round(rate.percent)))
    if not better:
        lightly = round(found[2].percent) <= WARNED
        return "Take p-values near 5% lightly." if lightly else "Do not rely on its p-values in such panels."
    _, _, changed, percent = min(better, key=lambda each: each[:2])
    said = ", ".join(f"{name}={value!r}" for name, value in sorted(changed.items()))
    enough = ", if these suffice" if "lags" in changed else ""
    return f"With {said}{enough}: {percent}%."


@cache
def _changes(test: str, written: str) -> list[tuple[dict[str, object], SimulatedCase]]:
    """Other simulated calls of a test, and what one would change to have them."""
    simulated = simulated_cases()[test]
    own = next(each.options for each in simulated if each.written == written)
    out = []
    for other in simulated:
        both = {
            name: (own.get(name, _LEFT_OUT.get(name)), other.options.get(name, _LEFT_OUT.get(name)))
            for name in {*own, *other.options}
        }
        changed = {name: value for name, (before, value) in both.items() if value != before}
        if changed and not set(changed) & set(_FIXED):
            out.append((changed, other))
    return out

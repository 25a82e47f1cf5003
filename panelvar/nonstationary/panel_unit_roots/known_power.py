"""How often tests find a root of 0.9: what a panel's size allows them to tell.

The rates are in ``constants/known_power.csv``, which ``tests/simulation/sizes.py`` writes with the page on sizes.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from panelvar.core.base.constants import constants
from panelvar.core.base.errors import Note

ENOUGH = 50
"""Percent of rejections above which no note is made."""


class Power(NamedTuple):
    """How often a test rejected at 5 percent, in percent of the samples of a size.

    Attributes
    ----------
    entities, periods : int
    percent : int
    """

    entities: int
    periods: int
    percent: int


@cache
def _read_rates() -> dict[tuple[str, str], tuple[Power, ...]]:
    found: dict[tuple[str, str], tuple[Power, ...]] = {}
    for row in constants("nonstationary/panel_unit_roots", "known_power"):
        cell = Power(int(row["entities"]), int(row["periods"]), int(row["percent"]))
        key = (row["test"], row["trend"])
        found[key] = (*found.get(key, ()), cell)
    return found


def power_notes(tests: Iterable[str], trend: str, entities: int, periods: int) -> tuple[Note, ...]:
    """Say that a panel is too small to tell a root of one from 0.9, where it is.

    The rates are those of the smallest panel in the table with at least as many entities and periods. There is no note
    for a panel that is larger than all in the table, or for tests that are not in it.
    """
    found = {}
    for test in tests:
        enough = [each for each in _read_rates().get((test, trend), ()) if each[0] >= entities and each[1] >= periods]
        if enough:
            found[test] = min(enough, key=lambda each: (each.entities * each.periods, each.entities))
    if not found or max(each.percent for each in found.values()) >= ENOUGH:
        return ()
    cell = next(iter(found.values()))
    low, high = (end(each.percent for each in found.values()) for end in (min, max))
    same = (cell.entities, cell.periods) == (entities, periods)
    size = f"of {cell.entities} entities and {cell.periods} periods"
    text = (
        f"{entities} entities of {periods} periods are too few to tell a unit root from a root of 0.9. In simulated "
        f"panels {'of this size' if same else f'that are larger ({size})'} whose roots were all 0.9, these tests "
        f"rejected a unit root at 5 percent in {f'{low} to {high}' if low < high else low} percent of the samples. Not "
        "rejecting it says little here."
    )
    return (Note("low-power", text, warn=True),)

"""How often tests find a root of 0.9: what a panel's size allows them to tell.

The rates are in ``constants/known_power.csv``, which ``tests/simulation/sizes.py`` writes with the page on sizes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from panelvar.core.base.constants import numbers_by
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


def power_notes(tests: Iterable[str], trend: str, entities: int, periods: int) -> tuple[Note, ...]:
    """Say that a panel is too small to tell a root of one from 0.9, where it is.

    The rates are those of the smallest panel in the table with at least as many entities and periods. There is no note
    for a panel that is larger than all in the table, or for tests that are not in it.
    """
    rates = numbers_by("nonstationary/panel_unit_roots", "known_power", "test", "trend", "entities", "periods")
    found = []
    for test in tests:
        own = ((key[2:], rate) for key, rate in rates.items() if key[:2] == (test, trend))
        cells = [Power(int(size[0]), int(size[1]), int(rate[0])) for size, rate in own]
        enough = [cell for cell in cells if cell.entities >= entities and cell.periods >= periods]
        if enough:
            found.append(min(enough, key=lambda cell: (cell.entities * cell.periods, cell.entities)))
    if not found or max(cell.percent for cell in found) >= ENOUGH:
        return ()
    cell = found[0]
    low, high = (end(each.percent for each in found) for end in (min, max))
    same = (cell.entities, cell.periods) == (entities, periods)
    size = f"of {cell.entities} entities and {cell.periods} periods"
    text = (
        f"{entities} entities of {periods} periods are too few to tell a unit root from a root of 0.9. In simulated "
        f"panels {'of this size' if same else f'that are larger ({size})'} whose roots were all 0.9, these tests "
        f"rejected a unit root at 5 percent in {f'{low} to {high}' if low < high else low} percent of the samples. Not "
        "rejecting it says little here."
    )
    return (Note("low-power", text, warn=True),)

"""How often Granger tests of panel VARs by least squares reject true nulls, from panels simulated once.

The rates are in ``constants/granger_sizes.csv``, which ``tests/simulation/panel_granger_sizes.py`` writes.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from panelvar.core.base.constants import constants
from panelvar.core.base.errors import Note

SAID, WARNED = 10, 15
"""Per cent of true nulls rejected at 5% from which a note says so, and from which a warning does."""


@lru_cache(maxsize=1)
def rates() -> dict[str, dict[tuple[int, int], int]]:
    """By method, then by entities and their rows: per cent of true nulls that were rejected at 5%."""
    found: dict[str, dict[tuple[int, int], int]] = {}
    for row in constants("systems/panel_var", "granger_sizes"):
        # One of the periods observed is the first row's lag.
        cell = int(row["entities"]), int(row["periods"]) - 1
        found.setdefault(row["method"], {})[cell] = int(row["percent"])
    return found


def granger_notes(method: str, n_entities: int, periods: float) -> tuple[Note, ...]:
    """What a Granger test of a method says of its size, from the nearest simulated panel.

    Parameters
    ----------
    method : str
    n_entities : int
    periods : float
        Rows of an entity, on average.
    """
    known = rates().get(method)
    if known is None:
        return ()
    longest = max(rows for _, rows in known)
    # A bias of order 1/T over errors of order (NT)^(-1/2): beyond the longest panels N/T decides.
    entities = n_entities * min(1.0, longest / periods)
    near = min(known, key=lambda cell: np.log(cell[0] / entities) ** 2 + np.log(cell[1] / periods) ** 2)
    percent = known[near]
    if percent < SAID:
        return ()
    text = (
        f"In simulated panels of {near[0]} entities with {near[1]} rows each (one lag, roots of 0.5), the nearest to "
        f"these {n_entities} with {periods:.4g}, Granger tests by method={method!r} rejected {percent}% of true nulls "
        "at 5%: what is left of the bias is large beside the errors. By 'corrected-moments' and by 'gmm' with few, "
        "collapsed instruments they reject about 5%."
    )
    return (Note("granger-size", text, warn=percent >= WARNED),)

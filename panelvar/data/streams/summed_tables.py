"""Tables by group that partitions send to be added up: a partition has rows of few groups, and sends those alone."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias, cast

import numpy as np

from panelvar.core.base.arrays import Array, Positions

_MANY_ROWS = 1024
"""Rows from which on a table is sent without those that are zero."""


class FewRows(NamedTuple):
    """The rows of a table that are not zero.

    Attributes
    ----------
    places : (m,) array
        Which they are, ascending.
    values : (m, k) array
    rows : int
        Rows of the table.
    """

    places: Positions
    values: Array
    rows: int


Sent: TypeAlias = Array | FewRows


def pack(table: Array) -> Sent:
    """Return a table as it is sent."""
    if table.ndim != 2 or len(table) < _MANY_ROWS:
        return table
    places = np.flatnonzero(table.any(axis=1))
    return FewRows(places, table[places], len(table))


def add(first: Sent, second: Sent) -> Sent:
    """Add two tables of the same groups."""
    if isinstance(first, FewRows) and isinstance(second, FewRows):
        places = np.union1d(first.places, second.places)
        values = np.zeros((len(places), first.values.shape[1]))
        values[np.searchsorted(places, first.places)] = first.values
        values[np.searchsorted(places, second.places)] += second.values
        return FewRows(places, values, first.rows)
    # Tables of one shape are sent in one way.
    return cast(Array, first) + cast(Array, second)


def unpack(sent: Sent) -> Array:
    """Return a table that was sent, to be written to."""
    if not isinstance(sent, FewRows):
        # What came over a wire may be read alone.
        return sent if sent.flags.writeable else sent.copy(order="F")
    table = np.zeros((sent.rows, sent.values.shape[1]), order="F")
    table[sent.places] = sent.values
    return table

"""Tables that grow with the labels that come: sums, pairs that were met, and codes of integers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array, Positions

_MOST_CELLS = 2**30
"""Pairs of an entity and a period up to which each has a byte that says whether it was met."""

_MOST_BETWEEN = 2**22
"""Integers between the smallest and the largest up to which there is a table of all of them, at least."""


class GrowingTable:
    """A table with a row for each label.

    Parameters
    ----------
    columns : int
    """

    def __init__(self, columns: int) -> None:
        self._table = np.zeros((1024, columns))
        self._count = 0

    def __getstate__(self) -> dict[str, Any]:
        """The rows there are: room to grow does not travel."""
        return {"_table": self._table[: self._count], "_count": self._count}

    def rows(self, count: int) -> Array:
        """Return the table of so many rows, row-major, to be written to; no row that was there is left out."""
        if count > len(self._table):
            grown = np.zeros((max(count, 2 * len(self._table)), self._table.shape[1]))
            grown[: len(self._table)] = self._table
            self._table = grown
        self._count = max(self._count, count)
        return self._table[:count]


class PairsMet:
    """Which pairs of an entity and a period have been met."""

    def __init__(self) -> None:
        self._grid = np.zeros((1024, 16), dtype=np.bool_)
        self._cells: list[NDArray[np.int64]] = []

    def __getstate__(self) -> tuple[tuple[int, ...], NDArray[np.uint8], list[NDArray[np.int64]]]:
        """A bit for each pair: eight times less to send."""
        return self._grid.shape, np.packbits(self._grid), self._cells

    def __setstate__(self, state: tuple[tuple[int, ...], NDArray[np.uint8], list[NDArray[np.int64]]]) -> None:
        shape, bits, cells = state
        self._grid = np.unpackbits(bits, count=shape[0] * shape[1]).view(np.bool_).reshape(shape)
        self._cells = list(cells)

    def add(self, entities: Positions, times: Positions) -> None:
        """Meet pairs."""
        if len(entities) == 0:
            return
        if not self._reach(int(entities.max()), int(times.max())):
            # Entities that share few periods: the pairs themselves take less room than the grid.
            self._cells.append((entities.astype(np.int64) << 32) | times)
            return
        self._grid.reshape(-1)[entities * self._grid.shape[1] + times] = True

    def merge(self, other: PairsMet, entities: Positions, times: Positions) -> None:
        """Meet the pairs of another, whose entities and periods have these places here."""
        if len(entities) == 0:
            return
        if other._cells or not self._reach(int(entities.max()), int(times.max())):
            met_entities, met_times = other.cells()
            self.add(entities[met_entities], times[met_times])
            return
        met = np.zeros((len(entities), self._grid.shape[1]), dtype=np.bool_)
        met[:, times] = other._grid[: len(entities), : len(times)]
        self._grid[entities] |= met

    def _reach(self, entity: int, time: int) -> bool:
        """Make the grid reach as far, unless that is too large."""
        rows, columns = (
            size if most < size else max(2 * size, most + 1)
            for size, most in zip(self._grid.shape, (entity, time), strict=True)
        )
        if rows * columns > _MOST_CELLS:
            return False
        if (rows, columns) != self._grid.shape:
            grown = np.zeros((rows, columns), dtype=np.bool_)
            grown[: self._grid.shape[0], : self._grid.shape[1]] = self._grid
            self._grid = grown
        return True

    def pairs(self) -> int:
        """Number of different pairs."""
        return len(self._listed()) if self._cells else int(np.count_nonzero(self._grid))

    def cells(self) -> tuple[Positions, Positions]:
        """Return the entity and the period of each pair."""
        if not self._cells:
            entities, times = np.nonzero(self._grid)
            return entities, times
        listed = self._listed()
        return listed >> 32, listed & (2**32 - 1)

    def _listed(self) -> NDArray[np.int64]:
        """Return the different pairs, each as a number."""
        entities, times = np.nonzero(self._grid)
        return np.unique(np.concatenate([(entities.astype(np.int64) << 32) | times, *self._cells]))


class IntegerCodes:
    """Integers by number, as long as they are close together."""

    def __init__(self) -> None:
        self._first = self._lowest = self._highest = 0
        self._codes = np.zeros(0, dtype=np.intp)
        self._count = 0

    def reach(self, lowest: int, highest: int, more: int = 0) -> bool:
        """Make the table reach from one number to another, unless that is too large for what it has and ``more``."""
        if len(self._codes):
            lowest, highest = min(lowest, self._lowest), max(highest, self._highest)
        between = highest - lowest + 1
        if between > max(_MOST_BETWEEN, 8 * (self._count + more)) or max(-lowest, highest) >= 2**62:
            return False
        self._lowest, self._highest = lowest, highest
        if lowest < self._first or highest >= self._first + len(self._codes):
            # Room to grow at both ends, so that a table is copied a few times and no more.
            first = lowest - between // 2
            grown = np.full(2 * between, -1, dtype=np.intp)
            at = max(self._first, first)
            kept = self._codes[at - self._first : first + len(grown) - self._first]
            grown[at - first : at - first + len(kept)] = kept
            self._first, self._codes = first, grown
        return True

    def add(self, numbers: NDArray[np.integer], offset: int) -> None:
        """Give new numbers within reach the codes from ``offset`` on."""
        self._count += len(numbers)
        self._codes[self._places(numbers)] = offset + np.arange(len(numbers))

    def different(self, numbers: NDArray[np.integer]) -> NDArray[np.integer]:
        """Return numbers within reach that have no code, each once."""
        places, marks = self._places(numbers), -2 - np.arange(len(numbers))
        self._codes[places] = marks
        # Among equal numbers the last one has left its mark.
        once: NDArray[np.integer] = numbers[self._codes[places] == marks]
        self._codes[places] = -1
        return once

    def find(self, numbers: NDArray[np.integer]) -> Positions:
        """Return the codes of numbers within reach, -1 where there is none."""
        # mode="clip" spares a check of every number.
        found: Positions = self._codes.take(self._places(numbers), mode="clip")
        return found

    def _places(self, numbers: NDArray[np.integer]) -> NDArray[np.int64]:
        places: NDArray[np.int64] = numbers.astype(np.int64, copy=False) - self._first
        return places

    def in_order(self) -> Positions:
        """Return the codes of all numbers, from the smallest to the largest."""
        return self._codes[self._codes >= 0]


def integer_codes(labels: NDArray[np.integer]) -> IntegerCodes | None:
    """Number integers in the order in which they are, None where they are too far apart."""
    codes = IntegerCodes()
    if len(labels):
        if not codes.reach(int(labels.min()), int(labels.max()), len(labels)):
            return None
        codes.add(labels, 0)
    return codes

"""Labels that come a chunk at a time: codes that grow, and the order of the labels once all have been seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from panelvar.base.arrays import Positions
from panelvar.base.errors import DataError
from panelvar.base.quoting import shown
from panelvar.data.source import Coded, Labels
from panelvar.data.time_labels import ascending_places

if TYPE_CHECKING:
    import pandas as pd


class LocalCodes(NamedTuple):
    """Labels of a chunk by number.

    Attributes
    ----------
    codes : (n,) array
        Place of each row's label among the chunk's own, all of which occur.
    places : (m,) array
        Where the chunk's own labels stand among all labels.
    starts : (m + 1,) array or None
        Offsets of the labels' rows, where equal labels stand together in the order of ``codes``.
    """

    codes: Positions
    places: Positions
    starts: Positions | None


class GrowingLabels:
    """The distinct labels of a column in the order in which chunks bring them.

    Parameters
    ----------
    name : str
        Name of the column, for errors.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._blocks: list[tuple[pd.Index, int]] = []
        self._integers: _Integers | None = None
        self._latest = np.zeros(0, dtype=np.intp)
        self._categories: pd.Index | None = None
        self._kind = ("", "")
        self.count = 0

    def add(self, labels: Labels, place: str) -> LocalCodes:
        """Number the labels of a chunk, those that are new behind the others.

        Raises
        ------
        DataError
            Labels of another type than those of earlier chunks.
        """
        if (numbers := self._numbers_in_no_order(labels)) is not None:
            return self._by_number(numbers, place, new=True)
        codes, distinct, starts = self._distinct(labels, place)
        places = self._find(distinct)
        new = np.flatnonzero(places < 0)
        if len(new):
            places[new] = self.count + np.arange(len(new))
            self._append(distinct.take(new))
        return LocalCodes(codes, places, starts)

    def find(self, labels: Labels, place: str) -> LocalCodes:
        """Number the labels of a chunk that has been seen before.

        Raises
        ------
        DataError
            A label that was not there.
        """
        if (numbers := self._numbers_in_no_order(labels)) is not None:
            return self._by_number(numbers, place, new=False)
        codes, distinct, starts = self._distinct(labels, place)
        places = self._find(distinct)
        if len(places) and places.min() < 0:
            raise self._unknown(distinct[int(places.argmin())], place)
        return LocalCodes(codes, places, starts)

    def __getstate__(self) -> dict[str, Any]:
        """All but the scratch: those who share what was pickled must not share that."""
        return {**self.__dict__, "_latest": np.zeros(0, dtype=np.intp)}

    def merge(self, other: GrowingLabels) -> Positions:
        """Take in the labels of another, those that are new behind these; return where each of them stands here.

        Raises
        ------
        DataError
            Labels of another type.
        """
        labels = other.labels
        if len(labels) == 0:
            return np.zeros(0, dtype=np.intp)
        self._check(labels, other._kind[1])
        if self.count == 0:
            self._categories = other._categories
        elif not _same_order(self._categories, other._categories):
            self._categories = None
        places = self._find(labels)
        new = np.flatnonzero(places < 0)
        if len(new):
            places[new] = self.count + np.arange(len(new))
            self._append(labels.take(new))
        return places

    def _unknown(self, label: object, place: str) -> DataError:
        return DataError(
            f"{shown(label)} in column {self.name!r} of {place} was not there when the data were first read: they must "
            "not change while a model is fitted."
        )

    @property
    def labels(self) -> pd.Index:
        """All labels, in the order in which they came."""
        import pandas as pd

        blocks = [block for block, _ in sorted(self._blocks, key=lambda pair: pair[1])]
        if not blocks:
            return pd.Index([])
        return blocks[0].append(blocks[1:])

    def order(self) -> Positions:
        """Return the permutation that puts `labels` in their order: that of categories somebody chose, or their own."""
        labels = self.labels
        if self._categories is not None:
            return np.argsort(self._categories.get_indexer(labels), kind="stable").astype(np.intp)
        if labels.dtype.kind in "iufbM":
            return np.argsort(labels.to_numpy(), kind="stable").astype(np.intp)
        return ascending_places(labels, f"The labels in {self.name!r}").astype(np.intp)

    def _distinct(self, labels: Labels, place: str) -> tuple[Positions, pd.Index, Positions | None]:
        """Number the labels of a chunk by themselves; none of them is missing."""
        import pandas as pd

        if isinstance(labels, Coded):
            seen = np.bincount(labels.codes, minlength=len(labels.labels)) > 0
            rank = np.cumsum(seen) - 1
            codes, distinct = rank[labels.codes], labels.labels[seen]
            self._note_categories(labels, first=self.count == 0)
        elif (starts := _runs(labels)) is not None:
            heads: Any = labels[starts[:-1]]
            lengths = np.diff(starts)
            codes, distinct = np.repeat(np.arange(len(lengths)), lengths), pd.Index(heads)
            self._check(distinct, place)
            return codes.astype(np.intp, copy=False), self._in_unit(distinct), starts
        else:
            array: Any = labels
            codes, found = pd.factorize(array)
            distinct = pd.Index(found)
            self._categories = None
        self._check(distinct, place)
        return codes.astype(np.intp, copy=False), self._in_unit(distinct), None

    def _numbers_in_no_order(self, labels: Labels) -> NDArray[np.int64] | None:
        """Return integers, close enough together for a table of all between them, that no runs can be made of."""
        if not isinstance(labels, np.ndarray) or labels.dtype.kind not in "iu" or len(labels) == 0:
            return None
        if (labels[1:] >= labels[:-1]).all():
            return None
        lowest, highest = int(labels.min()), int(labels.max())
        if self._integers is None:
            if not all(block.dtype.kind in "iu" for block, _ in self._blocks):
                return None
            self._integers = _Integers(self.labels.to_numpy())
        return labels.astype(np.int64, copy=False) if self._integers.reaches(lowest, highest) else None

    def _by_number(self, numbers: NDArray[np.int64], place: str, *, new: bool) -> LocalCodes:
        """Number integers by the table of all between the smallest and the largest."""
        import pandas as pd

        assert self._integers is not None
        self._check(pd.Index(numbers[:1]), place)
        codes = self._integers.find(numbers)
        absent = codes < 0
        if absent.any():
            if not new:
                raise self._unknown(int(numbers[absent][0]), place)
            added = np.unique(numbers[absent])
            self._append(pd.Index(added))
            codes[absent] = self._integers.find(numbers[absent])
        if len(self._latest) < self.count:
            self._latest = np.zeros(2 * self.count, dtype=np.intp)
        # Each label's last row stands for it.
        rows = np.arange(len(codes))
        self._latest[codes] = rows
        # In ascending order tables are read and written from front to back, not here and there.
        places = np.sort(codes[self._latest[codes] == rows])
        self._latest[places] = np.arange(len(places))
        return LocalCodes(self._latest[codes], places, None)

    def _note_categories(self, labels: Coded, first: bool) -> None:
        """Remember an order that somebody chose, as long as every chunk has the same."""
        if labels.chosen and (first or (self._categories is not None and self._categories.equals(labels.labels))):
            self._categories = labels.labels
        else:
            self._categories = None

    def _check(self, distinct: pd.Index, place: str) -> None:
        """Refuse labels of another type than those before."""
        if len(distinct) == 0:
            return
        kind = _kind(distinct)
        if not self._kind[0]:
            self._kind = (kind, place)
        elif kind != self._kind[0]:
            raise DataError(
                f"Column {self.name!r} holds {kind} in {place} and {self._kind[0]} in {self._kind[1]}: give it one "
                "type everywhere."
            )

    @staticmethod
    def _in_unit(distinct: pd.Index) -> pd.Index:
        """Dates in one unit: those of two files may differ in it."""
        as_unit = getattr(distinct, "as_unit", None)
        return distinct if as_unit is None else as_unit("ns")

    def _find(self, distinct: pd.Index) -> Positions:
        places = np.full(len(distinct), -1, dtype=np.intp)
        open_places: slice | Positions = slice(None)
        for block, offset in self._blocks:
            wanted = distinct[open_places]
            found = block.get_indexer(wanted)
            known = found >= 0
            if isinstance(open_places, slice):
                places[known] = found[known] + offset
                open_places = np.flatnonzero(~known)
            else:
                places[open_places[known]] = found[known] + offset
                open_places = open_places[~known]
            if len(open_places) == 0:
                break
        return places

    def _append(self, new: pd.Index) -> None:
        """Add labels: blocks of like size become one, so that each label is hashed a few times and no more."""
        offset = self.count
        self.count += len(new)
        if self._integers is not None and not self._integers.add(new.to_numpy(), offset):
            self._integers = None
        while self._blocks and len(self._blocks[-1][0]) <= 4 * len(new):
            earlier, offset = self._blocks.pop()
            new = earlier.append(new)
        self._blocks.append((new, offset))


def _same_order(first: pd.Index | None, second: pd.Index | None) -> bool:
    """Whether two orders that somebody chose are one."""
    return first is not None and second is not None and first.equals(second)


_MOST_BETWEEN = 2**22
"""Integers between the smallest and the largest label up to which there is a table of all of them, at least."""


class _Integers:
    """Codes of integers by a table of all between the smallest and the largest.

    Parameters
    ----------
    labels : (G,) integer array
        Those there are, in the order of their codes.
    """

    def __init__(self, labels: NDArray[np.integer]) -> None:
        self._first = 0
        self._codes = np.zeros(0, dtype=np.intp)
        self._count = 0
        if len(labels):
            self.add(labels, 0)

    def reaches(self, lowest: int, highest: int) -> bool:
        """Make the table reach from one number to another, if that does not make it too large."""
        if len(self._codes):
            lowest, highest = min(lowest, self._first), max(highest, self._first + len(self._codes) - 1)
        if highest - lowest >= max(_MOST_BETWEEN, 8 * self._count):
            return False
        if highest - lowest + 1 > len(self._codes):
            # Room to grow, so that a table is copied a few times and no more.
            grown = np.full(2 * (highest - lowest + 1), -1, dtype=np.intp)
            grown[self._first - lowest : self._first - lowest + len(self._codes)] = self._codes
            self._first, self._codes = lowest, grown
        return True

    def add(self, labels: NDArray[np.integer], offset: int) -> bool:
        """Give new labels the codes from ``offset`` on, if they can be in the table."""
        self._count += len(labels)
        if labels.dtype.kind not in "iu" or not self.reaches(int(labels.min()), int(labels.max())):
            return False
        self._codes[labels.astype(np.int64) - self._first] = offset + np.arange(len(labels))
        return True

    def find(self, numbers: NDArray[np.int64]) -> Positions:
        """Return the codes of numbers within reach, -1 where there is none."""
        found: Positions = self._codes[numbers - self._first]
        return found


def _runs(labels: Any) -> Positions | None:
    """Offsets of runs of equal numbers that ascend, None where they do not."""
    if not isinstance(labels, np.ndarray) or labels.dtype.kind not in "iuM" or len(labels) == 0:
        return None
    if (labels[1:] < labels[:-1]).any():
        return None
    heads = np.flatnonzero(labels[1:] != labels[:-1]) + 1
    return np.concatenate(([0], heads, [len(labels)])).astype(np.intp)


_KINDS = {
    "i": "integers",
    "u": "integers",
    "f": "decimal numbers",
    "b": "true and false",
    "M": "dates",
    "m": "durations",
}


def _kind(labels: pd.Index) -> str:
    """What labels are, in a word."""
    dtype: Any = labels.dtype
    zone = getattr(dtype, "tz", None)
    if zone is not None:
        return f"dates of {zone}"
    if hasattr(dtype, "freq"):
        return f"periods of {dtype.freq}"
    if dtype.kind in _KINDS:
        return _KINDS[dtype.kind]
    from pandas.api.types import infer_dtype

    inferred = infer_dtype(labels, skipna=True)
    return {"string": "texts"}.get(inferred, f"values of type {inferred}")

"""Labels that come a chunk at a time: codes that grow, and the order of the labels once all have been seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

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
        codes, distinct, starts = self._distinct(labels, place)
        places = self._find(distinct)
        if len(places) and places.min() < 0:
            raise DataError(
                f"{shown(distinct[int(places.argmin())])} in column {self.name!r} of {place} was not there when the "
                "data were first read: they must not change while a model is fitted."
            )
        return LocalCodes(codes, places, starts)

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
        while self._blocks and len(self._blocks[-1][0]) <= 4 * len(new):
            earlier, offset = self._blocks.pop()
            new = earlier.append(new)
        self._blocks.append((new, offset))


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

"""Labels that come a chunk at a time: codes that grow, and the order of the labels once all have been seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Positions
from panelvar.core.base.errors import DataError
from panelvar.core.base.quoting import shown
from panelvar.data.calendar.time_labels import ascending_places
from panelvar.data.sources.source import Coded, Labels
from panelvar.data.streams.growing_tables import IntegerCodes, integer_codes
from panelvar.data.streams.scattered_rows import ScatteredGrouping
from panelvar.kernels.linear.groups import Grouping

if TYPE_CHECKING:
    import pandas as pd


class LabelCodes(NamedTuple):
    """Labels of a chunk by number.

    Attributes
    ----------
    places : (n,) or (m,) array
        Where the label of each row stands among all labels, or that of each run of equal labels.
    starts : (m + 1,) array or None
        Offsets of the runs, where labels ascend; None where they do not.
    """

    places: Positions
    starts: Positions | None

    @property
    def codes(self) -> Positions:
        """Where the label of each row stands, shape (n,)."""
        return self.places if self.starts is None else np.repeat(self.places, np.diff(self.starts))

    def grouping(self, count: int) -> Grouping:
        """Return the rows grouped by the labels of their runs or, scattered, by all labels, so many of them."""
        if self.starts is None:
            return ScatteredGrouping(self.places, count)
        own = len(self.places)
        return Grouping(np.repeat(np.arange(own), np.diff(self.starts)), own, self.starts)


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
        self._integers: IntegerCodes | None = None
        self._next_try = 0
        self._categories: pd.Index | None = None
        self._kind = ("", "")
        self.count = 0

    def number(self, labels: Labels, place: str, *, new: bool) -> LabelCodes:
        """Number the labels of a chunk, none of which is missing.

        Parameters
        ----------
        labels : Labels
        place : str
            What they are labels of, for errors.
        new : bool
            Whether labels that are new come behind the others; else the chunk has been seen before.

        Raises
        ------
        DataError
            If labels are of another type than those of earlier chunks, or a label of a chunk seen before was not there.
        """
        import pandas as pd

        if isinstance(labels, Coded):
            seen = np.bincount(labels.codes, minlength=len(labels.labels)) > 0
            # An order that somebody chose stays as long as every chunk has the same.
            chosen = labels.chosen and (self.count == 0 or _same_order(self._categories, labels.labels))
            self._categories = labels.labels if chosen else None
            places = np.full(len(seen), -1, dtype=np.intp)
            places[seen] = self._places(labels.labels[seen], place, new=new)
            return LabelCodes(places[labels.codes], None)
        self._categories = None
        if (starts := _runs(labels)) is not None:
            heads: Any = labels[starts[:-1]]
            return LabelCodes(self._places(pd.Index(heads), place, new=new), starts)
        array: Any = labels
        if self._within_reach(array):
            self._check(pd.Index(array[:1]), place)
            return LabelCodes(self._by_number(array, place, new=new), None)
        codes, distinct = pd.factorize(array)
        return LabelCodes(self._places(pd.Index(distinct), place, new=new)[codes], None)

    def merge(self, other: GrowingLabels) -> Positions:
        """Take in the labels of another, those that are new behind these; return where each of them stands here.

        Raises
        ------
        DataError
            If labels are of another type.
        """
        labels = other.labels
        if len(labels) == 0:
            return np.zeros(0, dtype=np.intp)
        if self.count == 0:
            self._categories = other._categories
        elif not _same_order(self._categories, other._categories):
            self._categories = None
        return self._places(labels, other._kind[1], new=True)

    def unknown(self, label: object, place: str) -> DataError:
        """Make the error for a label that no row of the model had at the first reading."""
        label = int(label) if isinstance(label, np.integer) else label
        return DataError(
            f"The data have changed while a model was fitted: {shown(label)} in column {self.name!r} of {place} was "
            "not there at the first reading."
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
        if self._categories is None and self._integers is not None:
            return self._integers.in_order()
        labels = self.labels
        if self._categories is not None:
            return np.argsort(self._categories.get_indexer(labels), kind="stable").astype(np.intp)
        if labels.dtype.kind in "iufbM":
            return np.argsort(labels.to_numpy(), kind="stable").astype(np.intp)
        return ascending_places(labels, f"The labels in {self.name!r}").astype(np.intp)

    def _places(self, distinct: pd.Index, place: str, *, new: bool) -> Positions:
        """Return where different labels stand, those that are new behind the others."""
        self._check(distinct, place)
        if hasattr(distinct, "as_unit"):
            # Dates of two files may differ in their unit.
            distinct = distinct.as_unit("ns")
        if isinstance(distinct.dtype, np.dtype) and self._within_reach(values := distinct.to_numpy()):
            return self._by_number(values, place, new=new)
        places = self._find(distinct)
        absent = np.flatnonzero(places < 0)
        if len(absent):
            if not new:
                raise self.unknown(distinct[int(absent[0])], place)
            places[absent] = self.count + np.arange(len(absent))
            self._append(distinct.take(absent))
        return places

    def _within_reach(self, labels: Any) -> bool:
        """Whether these are integers, as all before, so close together that a table of all between them is small."""
        if not isinstance(labels, np.ndarray) or labels.dtype.kind not in "iu" or len(labels) == 0:
            return False
        if self._integers is None and self.count >= self._next_try:
            # It is tried again each time there are twice as many: the more labels, the farther apart they may be.
            self._next_try = 2 * self.count + 1
            found = self.labels.to_numpy()
            self._integers = integer_codes(found) if self.count == 0 or found.dtype.kind in "iu" else None
        if self._integers is not None and not self._integers.reach(int(labels.min()), int(labels.max())):
            self._integers = None
        return self._integers is not None

    def _by_number(self, numbers: NDArray[np.integer], place: str, *, new: bool) -> Positions:
        """Return where integers within reach stand, those that are new behind the others."""
        import pandas as pd

        assert self._integers is not None
        codes = self._integers.find(numbers)
        if len(codes) and codes.min() < 0:
            absent = codes < 0
            if not new:
                raise self.unknown(numbers[absent][0], place)
            self._append(pd.Index(self._integers.different(numbers[absent])))
            codes[absent] = self._integers.find(numbers[absent])
        return codes

    def _check(self, distinct: pd.Index, place: str) -> None:
        """Refuse labels of another type than those before."""
        if len(distinct) == 0:
            return
        kind = _kind(distinct)
        if not self._kind[0]:
            self._kind = (kind, place)
        elif kind != self._kind[0]:
            raise DataError(
                f"Column {self.name!r} holds {kind} in {place} and {self._kind[0]} in {self._kind[1]}. Give it one "
                "type everywhere."
            )

    def _find(self, distinct: pd.Index) -> Positions:
        places = np.full(len(distinct), -1, dtype=np.intp)
        for block, offset in self._blocks:
            wanted = np.flatnonzero(places < 0)
            if len(wanted) == 0:
                break
            found = block.get_indexer(distinct if len(wanted) == len(places) else distinct[wanted])
            places[wanted] = np.where(found < 0, -1, found + offset)
        return places

    def _append(self, new: pd.Index) -> None:
        """Add labels: blocks of like size become one, so that each label is hashed a few times and no more."""
        offset = self.count
        self.count += len(new)
        if self._integers is not None:
            self._integers.add(new.to_numpy(), offset)
        while self._blocks and len(self._blocks[-1][0]) <= 4 * len(new):
            earlier, offset = self._blocks.pop()
            new = earlier.append(new)
        self._blocks.append((new, offset))


def _same_order(first: pd.Index | None, second: pd.Index | None) -> bool:
    """Whether two orders that somebody chose are one."""
    return first is not None and second is not None and first.equals(second)


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

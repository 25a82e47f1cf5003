"""Dimensions of a stream: which group each row of a chunk is in, with codes that do not tell the order of chunks."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from panelvar.base.arrays import Array, Positions
from panelvar.kernels.groups import Grouping
from panelvar.streams.growing_labels import GrowingLabels

if TYPE_CHECKING:
    import pandas as pd

    from panelvar.data.source import Labels


class LocalGroups(NamedTuple):
    """The groups of the rows of a chunk.

    Attributes
    ----------
    grouping : Grouping
        By the groups that the chunk has rows of.
    where : slice or (m,) array
        Their places among all groups.
    """

    grouping: Grouping
    where: slice | Positions

    @property
    def codes(self) -> Positions:
        """Place of each row's group among all groups, shape (n,)."""
        own: Positions = self.grouping.codes.astype(np.intp, copy=False)
        if isinstance(self.where, slice):
            return own + int(self.where.start)
        codes: Positions = self.where[own]
        return codes

    def part(self, table: Array) -> Array:
        """Return the rows of a table of all groups that the chunk needs, column-major."""
        return np.asfortranarray(table[self.where])


class LabelledRows(Protocol):
    """Rows of a chunk whose labels and groups can be asked for."""

    def labels(self, name: str) -> Labels:
        """Return a column as labels."""

    def local(self, dimension: Dimension) -> LocalGroups:
        """Return the groups in a dimension."""


class Dimension:
    """A column whose distinct labels are the groups.

    Attributes
    ----------
    name : str
        The column.
    columns : tuple of str
        What must be read to know a row's group.
    sizes : (G,) array
        Rows of the model in each group.
    """

    def __init__(
        self,
        name: str,
        growing: GrowingLabels,
        counts: NDArray[np.int64],
        columns: tuple[str, ...] | None = None,
    ) -> None:
        self.name = name
        self.columns = columns or (name,)
        self._growing = growing
        order = growing.order()
        order = order[counts[order] > 0]
        # From the order in which labels came to that of the labels, those without a row of the model left out.
        self._rank = np.full(growing.count, -1, dtype=np.intp)
        self._rank[order] = np.arange(len(order))
        self._order = order
        self.sizes = counts[order].astype(np.intp)

    @property
    def n_groups(self) -> int:
        """Number of groups."""
        return len(self.sizes)

    @property
    def labels(self) -> pd.Index:
        """Labels of the groups, in the order of their codes."""
        return self._growing.labels.take(self._order).rename(self.name)

    def in_order(self, table: NDArray[np.float64]) -> Array:
        """Put a table by labels as they came in the order of the groups, row-major: chunks take rows of it."""
        return np.ascontiguousarray(table[self._order])

    def labels_in(self, rows: LabelledRows) -> Labels:
        """Return the labels of the rows of a chunk."""
        return rows.labels(self.name)

    def local(self, labels: Labels, where: str) -> LocalGroups:
        """Return the groups of rows of the model, which have been seen before."""
        found = self._growing.find(labels, where)
        places = self._rank[found.places]
        count = len(places)
        if found.starts is not None and count and places[-1] - places[0] == count - 1 and (np.diff(places) == 1).all():
            return LocalGroups(
                Grouping(found.codes, count, found.starts), slice(int(places[0]), int(places[0]) + count)
            )
        return LocalGroups(Grouping(found.codes, count), places)

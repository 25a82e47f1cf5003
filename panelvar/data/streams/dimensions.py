"""Dimensions of a stream: which group each row of a chunk is in, with codes that do not tell the order of chunks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array, Positions
from panelvar.data.streams.growing_labels import GrowingLabels, LabelCodes
from panelvar.data.streams.scattered_rows import add_by_level
from panelvar.kernels.linear.columns import Column, factor_columns
from panelvar.kernels.linear.groups import Grouping
from panelvar.kernels.linear.rows import TransformedRows

if TYPE_CHECKING:
    import pandas as pd

    from panelvar.data.sources.source import Labels


class LocalGroups(NamedTuple):
    """The groups of the rows of a chunk.

    Attributes
    ----------
    grouping : Grouping
        Rows that lie sorted, by the groups that the chunk has rows of; others, by all groups.
    first : int
        Place of the first of these groups among all groups; the others follow it.
    """

    grouping: Grouping
    first: int = 0

    @property
    def codes(self) -> Positions:
        """Place of each row's group among all groups, shape (n,)."""
        own: Positions = self.grouping.codes.astype(np.intp, copy=False)
        return own + self.first if self.first else own

    def part(self, table: Array) -> Array:
        """Return the rows of a table of all groups that the grouping is about, to be written to."""
        return table[self.first : self.first + self.grouping.n_groups]

    def add_sums(self, columns: Sequence[Column], out: Array) -> None:
        """Add the sums of columns within each group to a table of all groups, row-major."""
        if factor_columns(columns):
            add_by_level(out, self.codes, columns)
            return
        rows = TransformedRows(columns)
        for start, stop, block in rows.blocks():
            self.grouping.add_sums(block, start, stop, self.part(out))


class Dimension:
    """A column whose distinct labels are the groups, or pairs of groups of two others: those that occur.

    Attributes
    ----------
    name : str
        The column.
    columns : tuple of str
        What must be read to know a row's group.
    sizes : (G,) array
        Rows of the model in each group.
    pair : pair of Dimension, or None
        Those whose groups are paired.
    """

    def __init__(
        self,
        name: str,
        growing: GrowingLabels,
        counts: NDArray[np.int64],
        pair: tuple[Dimension, Dimension] | None = None,
        order: Positions | None = None,
    ) -> None:
        self.name = name
        self.pair = pair
        self.columns: tuple[str, ...] = (name,) if pair is None else (*pair[0].columns, *pair[1].columns)
        self._growing = growing
        order = growing.order() if order is None else order
        order = order[counts[order] > 0]
        # This maps the order in which labels came to the order of the labels, without labels that no row of the model
        # has.
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

    def in_order(self, table: NDArray[np.float64], groups: slice) -> Array:
        """Return rows of a row-major table by labels as they came: those of some groups, in the order of these."""
        return table.take(self._order[groups], axis=0)

    def local(self, labels: Labels, where: str) -> LocalGroups:
        """Return the groups of rows of the model, which have been seen before.

        Raises
        ------
        DataError
            If no row of the model had a label.
        """
        found = self._growing.number(labels, where, new=False)
        places = self._rank.take(found.places)
        if len(places) and places.min() < 0:
            raise self._growing.unknown(self._growing.labels[found.places[places.argmin()]], where)
        if found.starts is None or not (places[1:] - places[:-1] == 1).all():
            found = LabelCodes(found._replace(places=places).codes, None)
            return LocalGroups(found.grouping(self.n_groups))
        return LocalGroups(found.grouping(self.n_groups), int(places[0]))

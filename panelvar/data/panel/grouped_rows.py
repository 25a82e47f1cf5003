"""Rows of a panel that a model takes: whose they are, of which period, and their groups by any column."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.errors import DataError
from panelvar.data.calendar.time_labels import as_text
from panelvar.data.panel.dimensions import crossed_dimensions, joint_codes, places_among
from panelvar.data.panel.panel import Panel
from panelvar.data.sources.alignment import may_be_called
from panelvar.kernels.linear.groups import Grouping, compact, distinct

if TYPE_CHECKING:
    import pandas as pd


class GroupedRows:
    """Some rows of a panel, or all of them, and the groups that they make.

    Attributes
    ----------
    panel : Panel
    kept : (n,) array of positions in the sorted panel, or None if every row is used
    """

    panel: Panel
    kept: NDArray[np.intp] | None

    @cached_property
    def entities(self) -> Grouping:
        """Rows grouped by entity, codes compact."""
        if self.kept is None:
            return Grouping.from_starts(self.panel.starts)
        bounds = self._entity_bounds
        if bounds is None:
            return Grouping.from_codes(*compact(self.panel.entity_codes[self.kept]))
        return Grouping.from_starts(bounds[np.append(True, bounds[1:] > bounds[:-1])])

    @cached_property
    def _entity_bounds(self) -> NDArray[np.intp] | None:
        """Offsets of the rows of all entities of the panel, of those without any too; None if rows are in no order."""
        kept = self.kept
        assert kept is not None
        return np.searchsorted(kept, self.panel.starts) if (kept[1:] > kept[:-1]).all() else None

    @property
    def entity_starts(self) -> NDArray[np.intp]:
        """Offsets of the entities' rows, which stand together, and the number of rows."""
        starts = self.entities.starts
        assert starts is not None
        return starts

    @cached_property
    def entity_labels(self) -> pd.Index:
        """Labels of the entities in use, in code order."""
        if self.kept is None:
            return self.panel.entity_labels
        bounds = self._entity_bounds
        used = np.unique(self.panel.entity_codes[self.kept]) if bounds is None else np.flatnonzero(np.diff(bounds))
        return self.panel.entity_labels[used]

    @cached_property
    def time_positions(self) -> NDArray[np.int64]:
        """Calendar position of each row."""
        positions = self.panel.time_positions
        return positions if self.kept is None else positions[self.kept]

    @property
    def period_positions(self) -> NDArray[np.int64]:
        """Calendar positions of the periods in use, ascending."""
        return distinct(self.time_positions)

    @cached_property
    def times(self) -> Grouping:
        """Rows grouped by period, codes compact (periods without a row do not count)."""
        return Grouping.from_codes(*compact(self.time_positions))

    @cached_property
    def time_labels(self) -> pd.Index:
        """Labels of the periods in use, in code order."""
        return self.panel.calendar.labels_at(self.period_positions)

    @cached_property
    def index(self) -> pd.Index:
        """The caller's row labels of the rows in use."""
        index = self.panel.index
        return index if self.kept is None else index[self.kept]

    def group_by(self, column: str | NDArray[Any] | Sequence[Any]) -> tuple[Grouping, str]:
        """Return the grouping and the label of a clustering or effect dimension.

        ``"entity"`` and ``"time"`` are the panel's own; other names are columns; ``"firm^year"`` has a group for each
        pair; an array has a value for each row of the caller's data.

        Raises
        ------
        DataError
            If the column is unknown, the length is wrong, or a value is missing among the model's rows.
        """
        panel = self.panel
        if isinstance(column, str):
            if column in ("entity", panel.entity_name):
                return self.entities, str(panel.entity_name or "entity")
            if column in ("time", panel.time_name):
                return self.times, str(panel.time_name or "time")
            parts = crossed_dimensions(column, panel.names)
            if parts is not None:
                return Grouping.from_codes(*compact(self._joint(parts))), "^".join(self.group_by(p)[1] for p in parts)
            values, label = panel.raw_column(column), column
        else:
            values = arranged(panel, column, "Groups")
            label = _own_name(panel, column, values) or "given groups"
        import pandas as pd

        if self.kept is not None:
            values = values[self.kept]
        codes, uniques = pd.factorize(np.asarray(values))
        missing = int((codes < 0).sum())
        if missing:
            raise DataError(f"{label!r} is missing in {missing} of the {len(codes)} rows of the model.")
        return Grouping.from_codes(codes.astype(np.int64, copy=False), len(uniques)), label

    def _joint(self, parts: tuple[str, ...]) -> NDArray[np.int64]:
        groups = [self.group_by(part)[0] for part in parts]
        return joint_codes([group.codes for group in groups], [group.n_groups for group in groups])

    def places_of(self, dimension: str, levels: Callable[[str], Any]) -> NDArray[np.intp]:
        """Return where levels of other rows stand among those of a dimension named as `group_by` names it.

        Parameters
        ----------
        dimension : str
        levels : callable
            Returns the level of each row in one dimension; those of pairs are asked for one after the other.

        Returns
        -------
        (n,) array, -1 where the rows of the model have no such level
        """
        parts = crossed_dimensions(dimension, self.panel.names) or (dimension,)
        places = [self.labels_of(part).get_indexer(levels(part)) for part in parts]
        if len(parts) == 1:
            return places[0].astype(np.intp)
        joint = joint_codes(places, [self.group_by(part)[0].n_groups for part in parts])
        return places_among(np.unique(self._joint(parts)), joint).astype(np.intp)

    def labels_of(self, dimension: str) -> pd.Index:
        """Return the labels, in code order, of a dimension named as `group_by` names it."""
        import pandas as pd

        panel = self.panel
        if dimension in ("entity", panel.entity_name):
            return self.entity_labels
        if dimension in ("time", panel.time_name):
            return self.time_labels
        parts = crossed_dimensions(dimension, panel.names)
        if parts is not None:
            first = np.unique(self._joint(parts), return_index=True)[1]
            each = [self.labels_of(part)[self.group_by(part)[0].codes[first]] for part in parts]
            texts = ["^".join(map(as_text, pair)) for pair in zip(*each, strict=True)]
            return pd.Index(texts, dtype=object, name=dimension)
        values = panel.raw_column(dimension)
        if self.kept is not None:
            values = values[self.kept]
        labels: pd.Index = pd.Index(pd.factorize(np.asarray(values))[1], name=dimension)
        return labels


def arranged(panel: Panel, values: Any, what: str) -> Any:
    """Put values of the caller's rows into the panel's order, or say what is wrong with which values."""
    try:
        return panel.arrange(values)
    except DataError as error:
        raise DataError(f"{what}: {error}") from None


def _own_name(panel: Panel, values: Any, arranged: Any) -> str | None:
    """The name of a Series of groups, unless it is that of a column with other groups."""
    import pandas as pd

    def holds(name: Any) -> bool:
        column, groups = (pd.factorize(np.asarray(each))[0] for each in (panel.raw_column(name), arranged))
        return np.array_equal(column, groups)

    name = getattr(values, "name", None)
    return str(name) if may_be_called(name, (*panel.names, panel.entity_name, panel.time_name), holds) else None

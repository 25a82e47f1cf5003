"""Rows that a model takes, in memory or read a chunk at a time: whose they are, of which period, and their groups."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.errors import DataError, Note
from panelvar.core.base.quoting import one_line
from panelvar.data.panel.dimensions import crossed_dimensions
from panelvar.data.panel.panel import Panel
from panelvar.data.sources.alignment import may_be_called
from panelvar.kernels.linear.groups import Grouping

if TYPE_CHECKING:
    import pandas as pd


class ModelRows(ABC):
    """What is known of a model's rows wherever they are. What has a value for each row belongs to those in memory.

    Attributes
    ----------
    panel : Panel or PanelStream
    dependent : str
    names : tuple of str
        Names of the regressors, the constant not among them.
    constant : bool
    weights : (n,) array, WeightColumn or None
        Analytic weights of mean one.
    weighted_by : str
        The column of the weights, or what they were given as; nothing where there are none.
    notes : tuple of Note
    formula : str or None
    columns : sequence of columns
        Regressors and, last, the dependent variable, for passes over the rows.
    means : (k + 1,) array
        (Weighted) mean of each column.
    """

    panel: Any
    dependent: str
    names: tuple[str, ...]
    constant: bool
    weights: Any
    weighted_by: str
    notes: tuple[Note, ...]
    formula: str | None
    columns: Any
    means: Any

    @property
    def plain(self) -> bool:
        """Whether each row is an entity of its own, since the data name none."""
        return False

    @property
    @abstractmethod
    def nobs(self) -> int:
        """Number of rows."""

    @property
    @abstractmethod
    def entities(self) -> Grouping:
        """Rows grouped by entity, codes compact."""

    @property
    @abstractmethod
    def times(self) -> Grouping:
        """Rows grouped by period, codes compact (periods without a row do not count)."""

    @property
    @abstractmethod
    def entity_labels(self) -> pd.Index:
        """Labels of the entities in use, in code order."""

    @property
    @abstractmethod
    def time_labels(self) -> pd.Index:
        """Labels of the periods in use, in code order."""

    @property
    @abstractmethod
    def period_positions(self) -> NDArray[np.int64]:
        """Calendar positions of the periods in use, ascending."""

    def group_by(self, column: str | NDArray[Any] | Sequence[Any]) -> tuple[Grouping, str]:
        """Return the grouping and the label of a clustering or effect dimension.

        ``"entity"`` and ``"time"`` are the panel's own; other names are columns; ``"firm^year"`` has a group for each
        pair; an array has a value for each row of the caller's data.

        Raises
        ------
        DataError
            If the column is unknown, the length is wrong, or a value is missing among the model's rows.
        """
        if not isinstance(column, str):
            return self._grouped(column)
        panel = self.panel
        if self._is_entity(column):
            return self.entities, str(panel.entity_name or "entity")
        if self._is_time(column):
            return self.times, str(panel.time_name or "time")
        parts = crossed_dimensions(column, panel.names)
        if parts is None:
            return self._grouped(column)
        return self._crossed(parts), "^".join(self.group_by(part)[1] for part in parts)

    def _is_entity(self, dimension: str) -> bool:
        return self._is_dimension(dimension, "entity", self.panel.entity_name)

    def _is_time(self, dimension: str) -> bool:
        return self._is_dimension(dimension, "time", self.panel.time_name)

    def _is_dimension(self, dimension: str, word: str, name: str | None) -> bool:
        # Where the data name no entity, a column may bear the word, and then means itself.
        return dimension in (word, name) and not (self.plain and dimension in self.panel.names)

    @abstractmethod
    def _grouped(self, column: str | NDArray[Any] | Sequence[Any]) -> tuple[Grouping, str]:
        """Return the grouping by a column or by given values, and its label."""

    @abstractmethod
    def _crossed(self, parts: tuple[str, ...]) -> Grouping:
        """Return the grouping by combinations of groups in several dimensions."""

    @abstractmethod
    def labels_of(self, dimension: str) -> pd.Index:
        """Return the labels, in code order, of a dimension named as `group_by` names it."""

    @abstractmethod
    def places_of(self, dimension: str, levels: Callable[[str], Any]) -> Positions:
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

    @abstractmethod
    def column(self, name: str) -> Array:
        """Return a numeric column of the data at the model's rows, (n,), whether the model has it or not."""

    @abstractmethod
    def extent(self, place: int) -> tuple[float, float]:
        """Return the smallest and the largest value of a column."""

    @abstractmethod
    def norms(self) -> Array:
        """Return the Euclidean norm of each (weighted) column, shape (k + 1,)."""

    def __repr__(self) -> str:
        return one_line(f"<{type(self).__name__}: {self.dependent} on {', '.join(self.names)}; n = {self.nobs}>")


def all_finite(name: str, values: Array) -> Array:
    """Return a column of a model's rows, or refuse it for values that are not finite."""
    if count := int(np.count_nonzero(~np.isfinite(values))):
        raise DataError(f"{name!r} is missing or infinite in {count} of the {len(values)} rows of the model.")
    return values


def arranged(panel: Panel, values: Any, what: str) -> Any:
    """Put values of the caller's rows into the panel's order, or say what is wrong with which values."""
    try:
        return panel.arrange(values)
    except DataError as error:
        raise DataError(f"{what}: {error}") from None


def name_of_groups(panel: Panel, values: Any, arranged: Any) -> str | None:
    """The name of a Series of groups, unless it is that of a column with other groups."""
    import pandas as pd

    def holds(name: Any) -> bool:
        column, groups = (pd.factorize(np.asarray(each))[0] for each in (panel.raw_column(name), arranged))
        return np.array_equal(column, groups)

    name = getattr(values, "name", None)
    return str(name) if may_be_called(name, (*panel.names, panel.entity_name, panel.time_name), holds) else None

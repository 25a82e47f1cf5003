"""One variable of a panel, read for tests of its stationarity: each entity's series on the calendar, without gaps."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from panelvar.core.base.arguments import DROP_OR_RAISE, read_flag, read_labels
from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.errors import InsufficientDataError, NumericalError, SpecificationError, choose
from panelvar.data.panel.panel import as_panel
from panelvar.data.panel.series import read_var_data
from panelvar.nonstationary.panel_series.entity_values import EntityValues, note_entities_left_out, read_usable
from panelvar.nonstationary.unit_roots.one_series import deterministic, entity_series, is_panel, stretch


@dataclass(frozen=True, eq=False)
class PanelSeries(EntityValues):
    """A variable of N entities, (T_i,) values each.

    Attributes
    ----------
    name : str
        The variable.
    """

    name: str

    @property
    def variables(self) -> tuple[str, ...]:
        """The variable."""
        return (self.name,)

    def called(self, place: int) -> str:
        """The variable, and whose it is."""
        return f"{self.name!r} of entity {self.labels[place]!r}"

    def refuse_exact(self, left: Array, values: Array) -> None:
        """Refuse entities that are nothing but rounding once their terms are taken out.

        Parameters
        ----------
        left, values : (N, T) arrays
            What terms leave of the panel, and the panel.

        Raises
        ------
        NumericalError
            There are such entities. The message counts them and names the first.
        """
        self.refuse(
            deterministic(left, values),
            NumericalError,
            "{label} follows its terms exactly, so nothing is left to test. This holds for {lost} of {all} entities.",
        )


def panel_series(data: Any, column: Hashable | None, *, demean: bool = False, unusable: str = "raise") -> PanelSeries:
    """Read one variable of a panel, or a table with a column for each entity.

    Raises
    ------
    SpecificationError
        A panel comes without ``column=``, or a table with it.
    InsufficientDataError
        Fewer than two entities can be used.
    DataError
        Under ``unusable="raise"``, an entity has no values, has gaps inside, or does not vary.
    """
    choose("unusable", unusable, DROP_OR_RAISE)
    demean = read_flag("demean", demean)
    name, labels, firsts, values = _read_entities(data, column)
    kept, refused = read_usable(labels, lambda place: stretch(values[place], f"{name} of {labels[place]}"), unusable)
    if len(kept) < 2:
        raise InsufficientDataError(
            f"A test of a panel needs at least two entities; {len(kept)} of {len(labels)} can be used."
            + (
                f" The first that cannot: {next(iter(refused.values()))}"
                if refused
                else " For one series use adf_test."
            )
        )
    series = PanelSeries(
        tuple(labels[place] for place in kept),
        tuple(kept.values()),
        np.array([firsts[place] + np.flatnonzero(~np.isnan(values[place]))[0] for place in kept], dtype=np.intp),
        name,
        notes=note_entities_left_out(refused, len(labels)),
    )
    series = replace(series, notes=(*series.notes, *series.repeats()))
    return series.demeaned() if demean else series


def _read_entities(data: Any, column: Hashable | None) -> tuple[str, list[Hashable], Positions, list[Array]]:
    """Name of the variable, labels of the entities, and of each its first period and values, NaN where it has none."""
    if is_panel(data):
        panel = as_panel(data)
        if column is None:
            raise SpecificationError("column= is missing. Name the column of the panel to test.")
        (label,) = read_labels("column", (column,), "the name of one")
        return (
            str(label),
            list(panel.entity_labels),
            panel.time_positions[panel.starts[:-1]],
            entity_series(panel, label),
        )
    if column is not None:
        raise SpecificationError(
            "column= is for panels. Name the entity and the time, with Panel(data, entity=..., time=...) or a "
            "two-level index. In a table, the columns are the entities."
        )
    table = read_var_data(data)
    return "The variable", list(table.names), np.zeros(len(table.names), dtype=np.intp), list(table.values.T)

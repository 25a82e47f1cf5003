"""One variable of a panel, read for tests of its stationarity: each entity's series on the calendar, without gaps."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from panelvar.base.arguments import read_flag, read_labels
from panelvar.base.arrays import Array, Positions
from panelvar.base.errors import (
    DataError,
    InsufficientDataError,
    Note,
    NumericalError,
    PanelVarError,
    SpecificationError,
    choose,
)
from panelvar.data.panel import Panel, as_panel
from panelvar.data.series import read_var_data
from panelvar.dynamics.gaps import on_every_period
from panelvar.unit_roots.one_series import deterministic, stretch

SHOWN = 5
"""Entities named in a message."""


@dataclass(frozen=True, eq=False)
class PanelSeries:
    """A variable of N entities.

    Attributes
    ----------
    name : str
        The variable.
    labels : tuple
        Of the entities.
    values : tuple of (T_i,) arrays
        Each entity's consecutive observations.
    starts : (N,) integer array
        Position of each entity's first observation on the calendar.
    notes : tuple of Note
    """

    name: str
    labels: tuple[Hashable, ...]
    values: tuple[Array, ...]
    starts: Positions
    notes: tuple[Note, ...] = ()

    @property
    def n_entities(self) -> int:
        """Number of entities, N."""
        return len(self.values)

    @cached_property
    def periods(self) -> Positions:
        """Observations of each entity, (N,)."""
        return np.array([len(own) for own in self.values], dtype=np.intp)

    @property
    def balanced(self) -> bool:
        """Whether all entities are observed in the same periods."""
        return bool((self.periods == self.periods[0]).all() and (self.starts == self.starts[0]).all())

    def matrix(self, what: str) -> Array:
        """The panel as (N, T), for tests derived for balanced panels.

        Raises
        ------
        DataError
            The entities are not observed in the same periods.
        """
        if not self.balanced:
            odd = int(np.argmin(self.periods))
            raise DataError(
                f"{what} needs the same periods for every entity: {self.name!r} has {self.periods.min()} to "
                f"{self.periods.max()} observations an entity, the fewest in {self.labels[odd]!r}. Keep the periods "
                "that all have, or leave entities out."
            )
        return np.stack(self.values)

    def demeaned(self) -> PanelSeries:
        """Subtract from every observation the mean of its period over the entities that have one.

        Raises
        ------
        NumericalError
            An entity that is then rounding: it follows the averages.
        """
        first, last = int(self.starts.min()), int((self.starts + self.periods).max())
        sums, counts = np.zeros(last - first), np.zeros(last - first)
        for start, own in zip(self.starts - first, self.values, strict=True):
            sums[start : start + len(own)] += own
            counts[start : start + len(own)] += 1.0
        means = sums / np.maximum(counts, 1.0)
        values = tuple(
            own - means[start : start + len(own)] for start, own in zip(self.starts - first, self.values, strict=True)
        )
        for label, own, left in zip(self.labels, self.values, values, strict=True):
            if deterministic(left - left.mean(), own):
                raise NumericalError(
                    f"{self.name!r} of {label!r} follows the averages of the periods: demean=True leaves nothing of it."
                )
        return replace(self, values=values)


def panel_series(data: Any, column: Hashable | None, *, demean: bool = False, unusable: str = "raise") -> PanelSeries:
    """Read one variable of a panel, or a table with a column for each entity.

    Raises
    ------
    SpecificationError
        A panel without ``column=``, or a table with it; one entity.
    DataError
        An entity without values, with gaps inside, or without variation, under ``unusable="raise"``.
    """
    choose("unusable", unusable, ("raise", "drop"))
    demean = read_flag("demean", demean)
    name, labels, found = _entities(data, column)
    kept: list[tuple[Hashable, Array, int]] = []
    refused: dict[Hashable, str] = {}
    for label, (first, own) in zip(labels, found, strict=True):
        try:
            inside = stretch(own, f"{name} of {label}")
        except PanelVarError as error:
            if unusable == "raise":
                raise type(error)(f"{error} unusable='drop' leaves such entities out.") from None
            refused[label] = str(error)
            continue
        kept.append((label, inside, first + int(np.flatnonzero(~np.isnan(own))[0])))
    if len(kept) < 2:
        raise InsufficientDataError(
            f"A test of a panel needs at least two entities; {len(kept)} of {len(labels)} can be used."
            + (
                f" Of {next(iter(refused))}: {next(iter(refused.values()))}"
                if refused
                else " adf_test tests one series."
            )
        )
    notes: tuple[Note, ...] = ()
    if refused:
        which, why = next(iter(refused.items()))
        text = (
            f"{len(refused)} of {len(labels)} entities left out: {', '.join(map(str, list(refused)[:SHOWN]))}. "
            f"Of {which}: {why}"
        )
        notes = (Note("entities-left-out", text, warn=True),)
    series = PanelSeries(
        name,
        tuple(label for label, _, _ in kept),
        tuple(own for _, own, _ in kept),
        np.array([start for _, _, start in kept], dtype=np.intp),
        notes,
    )
    return series.demeaned() if demean else series


def _entities(data: Any, column: Hashable | None) -> tuple[str, list[Hashable], list[tuple[int, Array]]]:
    """Name of the variable, labels of the entities, and of each its first period and values, NaN where it has none."""
    if isinstance(data, Panel) or getattr(getattr(data, "index", None), "nlevels", 1) == 2:
        panel = as_panel(data)
        if column is None:
            raise SpecificationError("column= is missing: it says which column of the panel is tested.")
        (label,) = read_labels("column", (column,), "the name of one")
        values, labels, found = panel.column(label), [], []
        for place, entity in enumerate(panel.entity_labels):
            own = slice(panel.starts[place], panel.starts[place + 1])
            positions = panel.time_positions[own]
            labels.append(entity)
            found.append((int(positions[0]), on_every_period(values[own], positions)))
        return str(label), labels, found
    if column is not None:
        raise SpecificationError(
            "column= is for panels: say who is who, Panel(data, entity=..., time=...) or a two-level index. Of a "
            "table, the columns are the entities."
        )
    table = read_var_data(data)
    return "The variable", list(table.names), [(0, own) for own in table.values.T]

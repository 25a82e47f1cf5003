"""One variable of a panel, read for tests of its stationarity: each entity's series on the calendar, without gaps."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from panelvar.core.base.arguments import DROP_OR_RAISE, read_flag, read_labels
from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.errors import (
    InsufficientDataError,
    Note,
    NumericalError,
    PanelVarError,
    SpecificationError,
    choose,
)
from panelvar.data.panel.panel import as_panel
from panelvar.data.panel.series import read_var_data
from panelvar.nonstationary.panel_series.entity_values import EntityValues
from panelvar.nonstationary.unit_roots.one_series import deterministic, entity_series, is_panel, stretch

SHOWN = 5
"""Entities named in a message."""


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
    def subject(self) -> str:
        """The variable, quoted."""
        return repr(self.name)

    def called(self, place: int) -> str:
        """The variable, and whose it is."""
        return f"{self.name!r} of {self.labels[place]!r}"

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

    def demeaned(self) -> PanelSeries:
        """Subtract from every observation the mean of its period over the entities that have one.

        Raises
        ------
        NumericalError
            An entity follows the averages, so that only rounding is left of it.
        """
        values = self.less_period_means()
        for label, own, left in zip(self.labels, self.values, values, strict=True):
            refuse_follower(self.name, label, own, left)
        return replace(self, values=values)


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
    name, labels, firsts, found = _read_entities(data, column)
    kept: list[tuple[Hashable, Array, int]] = []
    refused: dict[Hashable, str] = {}
    for label, first, own in zip(labels, firsts.tolist(), found, strict=True):
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
                f" The first that cannot: {next(iter(refused.values()))}"
                if refused
                else " For one series use adf_test."
            )
        )
    series = PanelSeries(
        tuple(label for label, _, _ in kept),
        tuple(own for _, own, _ in kept),
        np.array([start for _, _, start in kept], dtype=np.intp),
        name,
        notes=note_entities_left_out(refused, len(labels)),
    )
    series = replace(series, notes=(*series.notes, *series.repeats()))
    return series.demeaned() if demean else series


def note_entities_left_out(refused: Mapping[Hashable, object], entities: int) -> tuple[Note, ...]:
    """Say how many of the entities were left out, which, and why the first."""
    if not refused:
        return ()
    names = ", ".join(map(str, list(refused)[:SHOWN]))
    text = f"{len(refused)} of {entities} entities are left out: {names}. The first: {next(iter(refused.values()))}"
    return (Note("entities-left-out", text, warn=True),)


def refuse_follower(name: str, label: Hashable, own: Array, left: Array) -> None:
    """Refuse an entity's series of which only rounding is left once the means of its periods are subtracted."""
    if deterministic(left - left.mean(), own):
        raise NumericalError(
            f"{name!r} of {label!r} follows the averages of the periods, so demean=True leaves nothing of it."
        )


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

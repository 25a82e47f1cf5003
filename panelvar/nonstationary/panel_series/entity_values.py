"""Observations of a panel's entities as tests read them: consecutive for each, and perhaps the same periods for all."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array, Mask, Positions
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import DataError, Note, NumericalError, PanelVarError
from panelvar.kernels.linear.unit_regressions import ESTIMATED
from panelvar.nonstationary.unit_roots.one_series import deterministic

T = TypeVar("T")
SHOWN = 5
"""Entities named in a message."""
FEW_AVERAGED = 5
"""Entities up to which a note says what taking out their average does."""


class Block(NamedTuple):
    """Entities of a panel, by their places, with values (T, ...) in the same periods, from the first on."""

    places: tuple[int, ...]
    values: tuple[Array, ...]
    first: int

    def words(self, whole: EntityValues) -> str:
        """What it has of the whole panel."""
        lost = [str(label) for place, label in enumerate(whole.labels) if place not in self.places]
        names = f" (without {', '.join(lost[:SHOWN])}{' ...' * (len(lost) > SHOWN)})" if lost else ""
        periods = int((whole.starts + whole.periods).max() - whole.starts.min())
        return (
            f"tests that need the same periods for all entities use {len(self.values[0])} of {periods} periods of "
            f"{len(self.places)} of {whole.n_entities} entities{names}."
        )


@dataclass(frozen=True, eq=False)
class EntityValues(ABC):
    """Observations of N entities.

    Attributes
    ----------
    labels : tuple
        Labels of the entities.
    values : tuple of (T_i, ...) arrays
        Each entity's consecutive observations.
    starts : (N,) integer array
        Position of each entity's first observation on the calendar.
    notes : tuple of Note
    """

    labels: tuple[Hashable, ...]
    values: tuple[Array, ...]
    starts: Positions
    notes: tuple[Note, ...] = field(default=(), kw_only=True)

    @property
    @abstractmethod
    def variables(self) -> tuple[str, ...]:
        """Names of the variables."""

    @abstractmethod
    def called(self, place: int) -> str:
        """An entity's observations, the subject of a message."""

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

    def block(self) -> Block:
        """The largest panel, by its observations, whose entities have the same periods: two of them at least."""
        stops = self.starts + self.periods
        choices = (
            (np.flatnonzero((self.starts <= first) & (stops >= last)), first, last)
            for first in np.unique(self.starts).tolist()
            for last in np.unique(stops).tolist()
            if last > first
        )
        places, first, last = max(choices, key=lambda one: len(one[0]) * (one[2] - one[1]) * (len(one[0]) > 1))
        values = [self.values[place][first - self.starts[place] : last - self.starts[place]] for place in places]
        return Block(tuple(places.tolist()), tuple(values), first)

    def stack(self, what: str) -> Array:
        """The panel as (N, T, ...), for what is derived for balanced panels.

        Raises
        ------
        DataError
            The entities are not observed in the same periods.
        """
        if not self.balanced:
            odd = int(np.argmin(self.periods))
            subject = f"{self.variables[0]!r}{' with its regressors' * (len(self.variables) > 1)}"
            raise DataError(
                f"{what} needs the same periods for every entity: {subject} has {self.periods.min()} to "
                f"{self.periods.max()} observations per entity, the fewest in {self.labels[odd]!r}. Keep the periods "
                "that all have, or leave entities out."
            )
        return np.stack(self.values)

    def refuse(self, lost: Mask, kind: type[PanelVarError], text: str) -> None:
        """Refuse a panel with such entities (N,): the first is the text's {entity}, or {label}, of {lost} of {all}."""
        if lost.any():
            first = int(lost.argmax())
            label = repr(self.labels[first])
            raise kind(text.format(entity=self.called(first), label=label, lost=int(lost.sum()), all=len(lost)))

    def refuse_untested(self, status: NDArray[np.int8], reasons: Mapping[int, tuple[type[PanelVarError], str]]) -> None:
        """Refuse a panel in which an entity has no regression, naming the first and why."""
        lost = status != ESTIMATED
        kind, why = reasons.get(int(status[lost.argmax()]), (DataError, ""))
        self.refuse(
            lost,
            kind,
            f"{{entity}} {why}. In all, {{lost}} of {{all}} entities have no test. Use fewer lags, or leave these "
            "entities out.",
        )

    def repeats(self) -> tuple[Note, ...]:
        """Say which entities have the same observations as another: tests count them, and they tell nothing new."""
        firsts: dict[tuple[int, bytes], int] = {}
        found = []
        for place, (start, own) in enumerate(zip(self.starts, self.values, strict=True)):
            first = firsts.setdefault((int(start), own.tobytes()), place)
            if first != place:
                found.append((self.labels[place], self.labels[first]))
        if not found:
            return ()
        again, first_one = found[0]
        others = f", and {count_of(len(found) - 1, 'more entity repeats', 'more entities repeat')} another"
        text = (
            f"{again!r} has the same values as {first_one!r}{others * (len(found) > 1)} ({len(found)} of "
            f"{self.n_entities}). They count as entities but tell nothing new. Keep one of each."
        )
        return (Note("repeated-entities", text, warn=True),)

    def demeaned(self) -> Self:
        """Subtract from every observation the mean of its period over the entities that have one.

        Raises
        ------
        NumericalError
            A variable of an entity follows these means.
        """
        places = self.starts - self.starts.min()
        last = int((places + self.periods).max())
        inner = self.values[0].shape[1:]
        sums, counts = np.zeros((last, *inner)), np.zeros((last, *(1,) * len(inner)))
        for start, own in zip(places, self.values, strict=True):
            sums[start : start + len(own)] += own
            counts[start : start + len(own)] += 1.0
        means = sums / np.maximum(counts, 1.0)
        values = []
        for label, start, own in zip(self.labels, places, self.values, strict=True):
            values.append(own - means[start : start + len(own)])
            columns = np.atleast_2d(own.T), np.atleast_2d(values[-1].T)
            for name, before, left in zip(self.variables, *columns, strict=True):
                if deterministic(left - left.mean(), before):
                    raise NumericalError(
                        f"{name!r} of {label!r} follows the averages of the periods, so demean=True leaves nothing of "
                        "it."
                    )
        return replace(self, values=tuple(values), notes=(*self.notes, *_note_few_averaged(self.n_entities)))


def _note_few_averaged(entities: int) -> tuple[Note, ...]:
    """Warn that the average of few entities makes what is left of them dependent on one another."""
    if entities > FEW_AVERAGED:
        return ()
    text = (
        f"demean=True takes out the average of only {entities} entities, which makes what is left of them move against "
        "one another. Tests for independent entities then reject true nulls too often, above all with two or three. "
        "bootstrap=PanelBootstrap(), where a test has it, allows for that."
    )
    return (Note("few-averaged", text, warn=True),)


def read_usable(
    labels: Sequence[Hashable], read: Callable[[int], T], unusable: str
) -> tuple[dict[int, T], dict[Hashable, PanelVarError]]:
    """What is read of each entity, by its place, and why others are left out, by their labels; or refuse the panel."""
    kept: dict[int, T] = {}
    refused: dict[Hashable, PanelVarError] = {}
    for place, label in enumerate(labels):
        try:
            kept[place] = read(place)
        except PanelVarError as error:
            if unusable == "raise":
                raise type(error)(f"{error} unusable='drop' leaves such entities out.") from None
            refused[label] = error
    return kept, refused


def note_entities_left_out(refused: Mapping[Hashable, object], entities: int) -> tuple[Note, ...]:
    """Say how many of the entities were left out, which, and why the first."""
    if not refused:
        return ()
    names = ", ".join(map(str, list(refused)[:SHOWN]))
    text = f"{len(refused)} of {entities} entities are left out: {names}. The first: {next(iter(refused.values()))}"
    return (Note("entities-left-out", text, warn=True),)

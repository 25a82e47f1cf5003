"""Observations of a panel's entities as tests read them: consecutive for each, and perhaps the same periods for all."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array, Mask, Positions
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import DataError, Note, PanelVarError
from panelvar.kernels.linear.unit_regressions import ESTIMATED


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
    def subject(self) -> str:
        """What has been read, the subject of a message."""

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

    def stack(self, what: str) -> Array:
        """The panel as (N, T, ...), for what is derived for balanced panels.

        Raises
        ------
        DataError
            The entities are not observed in the same periods.
        """
        if not self.balanced:
            odd = int(np.argmin(self.periods))
            raise DataError(
                f"{what} needs the same periods for every entity: {self.subject} has {self.periods.min()} to "
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

    def less_period_means(self) -> tuple[Array, ...]:
        """Each entity's observations less the means of their periods over the entities that have one."""
        places = self.starts - self.starts.min()
        last = int((places + self.periods).max())
        inner = self.values[0].shape[1:]
        sums, counts = np.zeros((last, *inner)), np.zeros((last, *(1,) * len(inner)))
        for start, own in zip(places, self.values, strict=True):
            sums[start : start + len(own)] += own
            counts[start : start + len(own)] += 1.0
        means = sums / np.maximum(counts, 1.0)
        return tuple(own - means[start : start + len(own)] for start, own in zip(places, self.values, strict=True))

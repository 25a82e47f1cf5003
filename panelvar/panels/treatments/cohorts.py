"""Who is treated when: the cohort of each entity, as a column of first periods or an indicator of treatment says it."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import DataError, InsufficientDataError, Note, SpecificationError
from panelvar.core.base.labels import listed
from panelvar.data.calendar.calendar import read_times
from panelvar.data.calendar.time_labels import IntegerLabels
from panelvar.data.panel.panel import Panel

if TYPE_CHECKING:
    import pandas as pd

NEVER = -1
"""Cohort of an entity that is never treated."""

_NAMED = 5


@dataclass(frozen=True, eq=False)
class Cohorts:
    """The cohorts of a panel's entities.

    Attributes
    ----------
    labels : Index
        First period of treatment of each cohort, as the data write it, in the order of time (G of them).
    of_entity : (N,) array of int
        Cohort of each entity, `NEVER` for one that is never treated.
    first : (G,) array of int
        First period of each cohort, in units of the periods' labels where these are whole numbers.
    periods : (T,) array of int
        The panel's periods in the same units.
    notes : tuple of Note
        How the column was read.
    """

    labels: pd.Index
    of_entity: NDArray[np.intp]
    first: NDArray[np.int64]
    periods: NDArray[np.int64]
    notes: tuple[Note, ...] = ()

    @cached_property
    def sizes(self) -> NDArray[np.intp]:
        """Entities of each cohort, (G,)."""
        return np.bincount(self.of_entity[self.of_entity >= 0], minlength=len(self.first))

    @property
    def never(self) -> int:
        """Entities that are never treated."""
        return int(np.count_nonzero(self.of_entity == NEVER))


def read_cohorts(panel: Panel, cohort: Hashable | None, treatment: Hashable | None) -> Cohorts:
    """Read who is treated when.

    Parameters
    ----------
    panel : Panel
    cohort : column name, optional
        First period of treatment of each entity. Missing or infinite: never treated; zero too, where no period is zero
        or less.
    treatment : column name, optional
        One from the first period of treatment on, and zero before. Give one of the two.

    Raises
    ------
    SpecificationError
        If both or neither are given.
    DataError
        If the cohort of an entity changes, is no period of this calendar, or the treatment is switched off.
    InsufficientDataError
        If nobody is treated.
    """
    if (cohort is None) == (treatment is None):
        raise SpecificationError(
            "Say who is treated when: cohort='first_treated', a column with the first period of treatment (missing: "
            "never), or treatment='treated', a column that is one from that period on. Give one of the two."
        )
    found = _from_indicator(panel, treatment) if cohort is None else _from_first_periods(panel, cohort)
    if not len(found.first):
        name = treatment if cohort is None else cohort
        raise InsufficientDataError(f"By {name!r} nobody is treated, so there is no effect to estimate.")
    return found


def _from_first_periods(panel: Panel, name: Hashable) -> Cohorts:
    import pandas as pd

    values = pd.Series(panel.raw_column(name)).reset_index(drop=True)
    periods = panel.calendar.labels_at(np.unique(panel.time_positions))
    absent = values.isna().to_numpy(copy=True)
    notes: list[Note] = []
    if pd.api.types.is_numeric_dtype(values.dtype):
        numbers = values.to_numpy(dtype=float, na_value=np.nan)
        absent |= np.isinf(numbers)
        zero = numbers == 0.0
        if zero.any() and pd.api.types.is_numeric_dtype(periods.dtype) and periods.min() > 0:
            absent |= zero
            notes.append(
                Note("zero-is-never", f"{name!r} is zero for entities that are never treated: no period is zero.")
            )
    codes, labels = pd.factorize(values.where(~absent), sort=True)
    changes = codes != codes[panel.starts[:-1]][panel.entity_codes]
    if changes.any():
        wrong = panel.entity_labels[np.unique(panel.entity_codes[changes])]
        raise DataError(
            f"{name!r} is the first period of treatment, which an entity has once, but it changes over time for "
            f"{count_of(len(wrong), 'entity', 'entities')}: {listed(list(map(str, wrong)), _NAMED)}."
        )
    labels = pd.Index(labels)
    if pd.api.types.is_float_dtype(labels.dtype) and pd.api.types.is_integer_dtype(periods.dtype):
        whole = labels == np.floor(labels)
        if not whole.all():
            raise DataError(
                f"{name!r} is {labels[~whole][0]:g} in some rows, which is no period: these are whole numbers."
            )
        labels = labels.astype(np.int64)
    at, first = _on_one_calendar(periods, labels, str(name))
    return Cohorts(labels, codes[panel.starts[:-1]], first, at, tuple(notes))


def _from_indicator(panel: Panel, name: Hashable) -> Cohorts:
    treated = panel.column(name)
    wrong = ~np.isin(treated, (0.0, 1.0))
    if wrong.any():
        shown = "missing" if np.isnan(treated[wrong][0]) else f"{treated[wrong][0]:g}"
        raise DataError(
            f"treatment={name!r} must be zero before treatment and one from its first period on; it is {shown} in "
            f"{count_of(int(wrong.sum()), 'row')}. Treatments of several doses are not offered yet."
        )
    on = treated == 1.0
    entity = panel.entity_codes
    off = np.flatnonzero((entity[1:] == entity[:-1]) & on[:-1] & ~on[1:])
    if len(off):
        who = panel.entity_labels[np.unique(entity[off])]
        raise DataError(
            f"treatment={name!r} is switched off again for {count_of(len(who), 'entity', 'entities')}: "
            f"{listed(list(map(str, who)), _NAMED)}. These methods take treatment as lasting. Code it as one from its "
            "first period on to estimate effects of having been treated; a method for treatments that are switched off "
            "is not offered yet."
        )
    positions = np.where(on, panel.time_positions, np.iinfo(np.int64).max)
    firsts = np.minimum.reduceat(positions, panel.starts[:-1])
    distinct, codes = np.unique(firsts, return_inverse=True)
    codes = codes.astype(np.intp)
    if distinct[-1] == np.iinfo(np.int64).max:
        codes[codes == len(distinct) - 1] = NEVER
        distinct = distinct[:-1]
    periods = panel.calendar.labels_at(np.unique(panel.time_positions))
    labels = panel.calendar.labels_at(distinct)
    at, first = _on_one_calendar(periods, labels, str(name))
    return Cohorts(labels, codes, first, at)


def _on_one_calendar(periods: pd.Index, firsts: pd.Index, name: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the positions of periods and of cohorts, in units of the labels where these are whole numbers."""
    joined: Any = periods.append(firsts)
    try:
        if periods.dtype != joined.dtype and len(firsts):
            raise DataError("of another kind")
        positions, calendar = read_times(joined)
    except DataError as error:
        raise DataError(
            f"{name!r} has first periods such as {firsts[0]!s} ({firsts.dtype}), which are not written as the periods "
            f"are, such as {periods[0]!s} ({periods.dtype})."
        ) from error
    if isinstance(calendar.rule, IntegerLabels):
        positions = positions * calendar.step
    return positions[: len(periods)], positions[len(periods) :]

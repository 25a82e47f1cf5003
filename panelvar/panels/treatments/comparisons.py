"""The rows of which cohorts are compared with entities that are never treated."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Mask
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import InsufficientDataError, Note
from panelvar.core.base.labels import listed
from panelvar.data.calendar.time_labels import as_text
from panelvar.panels.treatments.staggered import Staggered


class Compared(NamedTuple):
    """Rows that are compared: those of cohorts with a period before treatment, and their comparison.

    Attributes
    ----------
    rows : Staggered
    treated : (n,) array of bool
        Rows of cohorts with effects.
    bases : (G,) array of int
        The reference period of each cohort, in periods since treatment.
    comparison : str
        Who cohorts are compared with, in words.
    notes : list of Note
        What was left out.
    """

    rows: Staggered
    treated: Mask
    bases: NDArray[np.int64]
    comparison: str
    notes: list[Note]


def compare_with_never(rows: Staggered, base: int) -> Compared:
    """Leave out what cannot be compared, and take the cohort treated last in place of a missing never-treated one.

    Parameters
    ----------
    rows : Staggered
    base : int
        The last period before effects of treatment, in periods since treatment: -1 without anticipation.

    Raises
    ------
    InsufficientDataError
        If no cohort with a period before its treatment is left, or no comparison.
    """
    cohorts, notes = rows.cohorts, []
    comparison = "the never treated"
    last = None
    if rows.treated.all():
        last = int(rows.cohort.max())
        name = as_text(cohorts.labels[last])
        until = cohorts.first[last] + base + 1
        kept = cohorts.periods[rows.period] < until
        comparison = f"cohort {name}"
        text = (
            f"No entity is never treated. The cohort treated last, {name}, is the comparison. "
            f"{count_of(int((~kept).sum()), 'row')} from the period on in which its own treatment may have effects are "
            "left out."
        )
        notes.append(Note("last-cohort-compares", text, warn=True))
        rows = rows.take(kept)
    treated = rows.treated if last is None else rows.treated & (rows.cohort != last)
    bases = np.full(len(cohorts.first), np.iinfo(np.int64).min)
    before = treated & (rows.since <= base)
    np.maximum.at(bases, rows.cohort[before], rows.since[before])
    always = treated & (bases[rows.cohort] == np.iinfo(np.int64).min)
    if always.any():
        who = [as_text(label) for label in cohorts.labels[np.unique(rows.cohort[always])]]
        text = (
            f"{count_of(int(always.sum()), 'row')} of cohorts that have no period before treatment are left out: "
            f"{listed(who)}. They tell nothing about their effects."
        )
        notes.append(Note("always-treated", text, warn=True))
        rows, treated = rows.take(~always), treated[~always]
    if not treated.any() or treated.all():
        raise InsufficientDataError(
            "Nobody is left to compare: there must be a cohort with a period before its treatment, and entities that "
            "are never treated or treated later."
        )
    return Compared(rows, treated, bases, comparison, notes)

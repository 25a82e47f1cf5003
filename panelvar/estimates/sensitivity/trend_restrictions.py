"""How much trends may differ after an event, given what they did before it (Rambachan and Roth 2023)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from panelvar.core.base.arrays import Array

RESTRICTIONS = ("relative magnitudes", "relative smoothness", "smoothness")
"""What is bounded: changes of the difference in trends, changes of its slope, by those before; or by a number."""


class TrendBounds(NamedTuple):
    r"""One set of differences in trends: :math:`|D \delta| \le U \delta + d`, a row for each period from the event on.

    Attributes
    ----------
    changes : (q, n) array
        D, first or second differences that involve a period after the reference.
    limits : (q, n) array
        U, a multiple of one difference before the event; zeros where limits are numbers.
    constants : (q,) array
        d.
    """

    changes: Array
    limits: Array
    constants: Array


def difference_rows(before: int, after: int, order: int) -> Array:
    """Return first or second differences of effects about the reference, which is zero and has no column.

    Returns
    -------
    (before + after + 1 - order, before + after) array
        In order of time; the last ``after`` of them involve a period after the reference.
    """
    rows = np.diff(np.eye(before + after + 1), order, axis=0)
    return np.delete(rows, before, axis=1)


def bound_trends(before: int, after: int, restriction: str, bound: float) -> list[TrendBounds]:
    r"""Return the sets whose union is the restriction (Rambachan and Roth 2023, Review of Economic Studies 90(5)).

    "smoothness" is :math:`\Delta^{SD}(M)` (their equation 8): slopes change by M at most from one period to the next.
    "relative magnitudes" is :math:`\Delta^{RM}(\bar M)` (section 2.4.1): no change after the reference is larger than
    :math:`\bar M` times the largest one before it; "relative smoothness", :math:`\Delta^{SDRM}(\bar M)`, says so of
    changes of slopes. The largest one may be any, up or down: a set each.
    """
    order = 1 if restriction == "relative magnitudes" else 2
    rows = difference_rows(before, after, order)
    earlier, changes = rows[:-after], rows[-after:]
    nothing, zeros = np.zeros_like(changes), np.zeros(after)
    if restriction == "smoothness":
        return [TrendBounds(changes, nothing, zeros + bound)]
    return [TrendBounds(changes, nothing + bound * sign * row, zeros) for row in earlier for sign in (1.0, -1.0)]

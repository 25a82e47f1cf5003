"""Values between the sizes that a table prints, by each program's rule, and what lies beyond its ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import InsufficientDataError, SpecificationError
from panelvar.core.base.quoting import shown


@dataclass(frozen=True, eq=False)
class PrintedSizes:
    r"""The sizes that a table prints, in order.

    Attributes
    ----------
    table : str
        What the table is, the subject of a refusal.
    what : str
        What is counted: rows or entities.
    sizes : array (S,)
        Increasing. The last may be infinite, a limit.
    rate : float
        From the last finite size s to a limit, values go the share :math:`1 - (s / T)^{rate}` of the way.
    """

    table: str
    what: str
    sizes: Array
    rate: float = 1.0

    def scale(self, sizes: Array) -> Array:
        """The sizes on a scale on which values are interpolated linearly: themselves up to the last finite one."""
        last = self.sizes[np.isfinite(self.sizes)][-1]
        beyond = np.maximum(sizes, last)
        return np.asarray(np.minimum(sizes, last) + 1.0 - (last / beyond) ** self.rate)

    def between(self, values: Array, at: npt.ArrayLike) -> Array:
        """Values (S, ...) at sizes (...), linear in between; those of the ends beyond them.

        A value next to a blank (NaN) is one.
        """
        scale, places = self.scale(self.sizes), self.scale(np.asarray(at, dtype=np.float64))
        lower = np.clip(np.searchsorted(scale, places, side="right") - 1, 0, len(scale) - 2)
        share = np.clip((places - scale[lower]) / (scale[lower + 1] - scale[lower]), 0.0, 1.0)
        share = share.reshape(*share.shape, *(1,) * (values.ndim - 1))
        # A printed size does not ask its neighbour, which may be blank.
        return np.where(
            share == 0.0,
            values[lower],
            np.where(share == 1.0, values[lower + 1], (1.0 - share) * values[lower] + share * values[lower + 1]),
        )

    def next_up(self, values: Array, at: npt.ArrayLike) -> Array:
        """Values (S, ...) of the first printed size that is not smaller, or of the last."""
        places = np.searchsorted(self.sizes, np.asarray(at, dtype=np.float64), side="left")
        return np.asarray(values[np.minimum(places, len(self.sizes) - 1)])

    def check(self, at: npt.ArrayLike, labels: Sequence[object] | None = None) -> Array:
        """Return sizes (...) as numbers, refusing what is below the first printed one.

        Parameters
        ----------
        at : array_like
        labels : sequence, optional
            Whose sizes they are.

        Raises
        ------
        InsufficientDataError
            Names the table, its limit and the first of those below.
        """
        sizes = np.asarray(at, dtype=np.float64)
        if not np.isfinite(sizes).all():
            raise SpecificationError(f"{self.table}: the number of {self.what} must be finite.")
        short = np.flatnonzero(sizes < self.sizes[0])
        if len(short):
            raise InsufficientDataError(
                f"{self.table} begins at {self.sizes[0]:g} {self.what}; "
                f"{whose(short[0], labels)}{sizes.flat[short[0]]:.3g}{count_others(len(short), labels)}."
            )
        return sizes


def whose(position: np.intp | int, labels: Sequence[object] | None) -> str:
    """Return the words before a size in a message: whose size it is."""
    return "there are " if labels is None else f"entity {shown(labels[int(position)])} has "


def count_others(entities: int, labels: Sequence[object] | None, than: str = "fewer") -> str:
    """Return how many more entities a message is about, in words."""
    if labels is None or entities == 1:
        return ""
    return f" (and {count_of(entities - 1, 'more entity has', 'more entities have')} {than})"

r"""Rows without the entities' effects: first differences and forward orthogonal deviations, across gaps too.

A row belongs to a period, its **label**, from which the lags of instruments count:

- a difference :math:`x_t - x_{t-1}` has the label t, and exists where t and t - 1 are complete;
- a forward orthogonal deviation :math:`\sqrt{k/(k+1)}\,\{x_s - k^{-1}\sum_{r > s} x_r\}`, over the k complete periods r
  after s (Arellano and Bover 1995), has the label s + 1: what happened up to s - 1 is as old to it as
  to the difference of that label. Differences lose two rows at a gap, deviations one;
- a level has its own period.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from panelvar.core.base.arrays import Array, Mask, Positions
from panelvar.core.base.errors import choose

TRANSFORMS = ("fd", "fod")
H_CHOICES = ("cross", "block", "identity")
_AT_ONCE = 1_000
"""Entities whose rows are transformed at once: few enough to stay in the cache."""
WORDS = {"fd": "first differences", "fod": "forward orthogonal deviations"}


@dataclass(frozen=True, eq=False)
class EquationRows:
    r"""Rows of one kind for all entities.

    Attributes
    ----------
    kind : {"fd", "fod", "level"}
    labels : (R,) integer array
        The period of each row.
    values : (R, N, C) array
        Zero where a row does not exist.
    used : (R, N) bool array
        Which rows exist.
    complete : (T, N) bool array
        The periods that the rows were made from.
    """

    kind: str
    labels: Positions
    values: Array
    used: Mask
    complete: Mask

    def loadings(self, *, balanced: bool = False) -> Array:
        """How each row is made of the periods: (R, T, N), or (R, T, 1) where all entities have the same.

        Parameters
        ----------
        balanced : bool
            Take the loadings of an entity without gaps, for all entities.
        """
        periods = len(self.complete)
        own, label = np.arange(len(self.labels)), self.labels
        if self.kind != "fod":
            out = np.zeros((len(label), periods, 1))
            out[own, label, 0] = 1.0
            if self.kind == "fd":
                out[own, label - 1, 0] = -1.0
        else:
            complete = np.ones((periods, 1), dtype=bool) if balanced else self.complete
            counts, scale = deviation_weights(complete)
            later = np.arange(periods)[None, :, None] > (label - 1)[:, None, None]
            shares = np.divide(scale, counts, out=np.zeros_like(scale), where=counts > 0.0)[label - 1]
            out = np.where(later, -shares[:, None, :] * complete[None], 0.0)
            out[own, label - 1] = scale[label - 1]
        return out


def deviation_weights(complete: Mask) -> tuple[Array, Array]:
    """Complete periods k after each period, and the weight of the period in its deviation, (T, N) both."""
    counts = np.zeros(complete.shape)
    counts[:-1] = np.cumsum(complete[:0:-1], axis=0)[::-1]
    return counts, np.where(complete, np.sqrt(counts / (counts + 1.0)), 0.0)


def transformed(transform: str, values: Array, complete: Mask) -> EquationRows:
    """Transform columns (T, N, C) that are zero, or anything, where a period is not complete (T, N)."""
    choose("transform", transform, TRANSFORMS)
    periods, entities, columns = values.shape
    used = complete[1:] & complete[:-1] if transform == "fd" else _have_later(complete)
    rows = np.empty((max(periods - 1, 0), entities, columns))
    make = _differences if transform == "fd" else _deviations
    for start in range(0, entities, _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        rows[:, part] = np.where(used[:, part, None], make(values[:, part], complete[:, part]), 0.0)
    return EquationRows(transform, np.arange(1, periods), rows, used, complete)


def _have_later(complete: Mask) -> Mask:
    """Which complete periods but the last have later ones."""
    return np.asarray((complete & (deviation_weights(complete)[0] > 0.0))[:-1])


def _differences(values: Array, complete: Mask) -> Array:
    return np.asarray(values[1:] - values[:-1])


def _deviations(values: Array, complete: Mask) -> Array:
    counts, scale = deviation_weights(complete)
    known = np.where(complete[:, :, None], values, 0.0)
    # Sums are of distances from the entity's mean: at a level far from zero they would lose the digits of the rest.
    # What does not vary in an entity is at no distance from its first value, so that rounding makes no deviation.
    sizes = np.maximum(complete.sum(axis=0), 1)[:, None]
    known = np.where(complete[:, :, None], known - known[complete.argmax(axis=0), np.arange(len(sizes))], 0.0)
    known = np.where(complete[:, :, None], known - known.sum(axis=0) / sizes, 0.0)
    later = np.zeros_like(known)
    later[:-1] = np.cumsum(known[:0:-1], axis=0)[::-1]
    means = later[:-1] / np.maximum(counts[:-1], 1.0)[:, :, None]
    return np.asarray(scale[:-1, :, None] * (known[:-1] - means))


def levels(values: Array, complete: Mask) -> EquationRows:
    """The rows as they are."""
    rows = np.where(complete[:, :, None], values, 0.0)
    return EquationRows("level", np.arange(len(values)), rows, complete, complete)


RowCovariances = dict[tuple[int, int], "Array | float"]
"""Covariances :math:`h_{i,rr'}` of the errors of pairs of rows r <= r', for all entities alike or one each."""


def row_covariances(equations: Sequence[EquationRows], h: str, *, balanced: bool = False) -> RowCovariances:
    r"""Covariances of the rows' errors, up to a factor, when the errors of the levels are white noise.

    Parameters
    ----------
    equations : sequence of EquationRows
    h : {"cross", "block", "identity"}
        "cross": :math:`H_i = D_iD_i'` with the rows' loadings D of the periods. "block": the same without the block
        between transformed rows and levels (the effects in the levels are not white noise either way). "identity": the
        identity matrix.
    balanced : bool
        In the block between transformed rows and levels, give deviations the loadings of an entity without gaps
        (xtabond2).
    """
    choose("h", h, H_CHOICES)
    out: RowCovariances = {}
    start = 0
    for equation in equations:
        count = len(equation.labels)
        for row in range(count):
            out[start + row, start + row] = 2.0 if equation.kind == "fd" and h != "identity" else 1.0
            if equation.kind == "fd" and h != "identity" and row + 1 < count:
                out[start + row, start + row + 1] = -1.0
        start += count
    if h == "cross" and len(equations) == 2:
        first, second = equations
        loadings = first.loadings(balanced=balanced)
        for row in range(len(first.labels)):
            for column, period in enumerate(second.labels):
                cross = loadings[row, period]
                if cross.any():
                    value: Array | float = float(cross[0]) if len(cross) == 1 else cross
                    out[row, len(first.labels) + column] = value
    return out

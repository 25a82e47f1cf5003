"""The calendar of a panel: time labels to integer positions and back, so that a lag is a period and not a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from panelvar.errors import DataError, Note, SpecificationError
from panelvar.source import Coded, Labels, stored

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Calendar:
    origin: int
    step: int
    n_positions: int
    notes: tuple[Note, ...] = ()
    ranked: Any = None
    name: str | None = None

    @classmethod
    def of_integers(cls, origin: int, step: int, n_positions: int) -> Calendar:
        return cls(origin, step, n_positions)

    def labels_at(self, positions: NDArray[np.int64]) -> pd.Index:
        import pandas as pd

        if self.ranked is not None:
            return self.ranked.take(positions)
        return pd.Index(self.origin + self.step * np.asarray(positions), name=self.name)

    def future(self, h: int) -> pd.Index:
        return self.labels_at(np.arange(self.n_positions, self.n_positions + h))


def read_times(labels: Labels, *, freq: int | str | None = None, name: str = "time") -> tuple[NDArray[np.int64], Calendar]:
    import pandas as pd
    if isinstance(labels, Coded):
        labels = stored(labels.labels.take(labels.codes))
    if isinstance(labels, np.ndarray) and labels.dtype.kind in "iu":
        values = labels.astype(np.int64, copy=False)
        low, high = int(values.min()), int(values.max())
        steps = values[1:] - values[:-1]
        step = 1
        if not (steps == 1).any():
            step = int(np.gcd.reduce(np.unique(values) - low)) or 1
        positions = values - low
        if step > 1:
            positions //= step
        return positions, Calendar(low, step, (high - low) // step + 1, name=name)
    codes, uniques = pd.factorize(labels, sort=True)
    return codes.astype(np.int64), Calendar(0, 1, len(uniques), ranked=pd.Index(uniques))

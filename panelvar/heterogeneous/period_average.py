"""Averages of coefficients that differ by period."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from panelvar.heterogeneous.result import HeterogeneousResult

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, repr=False)
class PeriodAverageResult(HeterogeneousResult):
    """Averages over periods: a `HeterogeneousResult` whose regressions are the periods'.

    ``individual``, ``individual_std_errors`` and ``individual_rmse`` have one row a period.
    """

    @cached_property
    def period_labels(self) -> pd.Index:
        """The caller's labels of the periods in use."""
        positions = np.asarray(self.fit.design.entity_labels)
        source = self.fit.source
        return source.time_labels[np.searchsorted(np.unique(source.time_positions), positions)]

    @property
    def n_entities(self) -> int:
        """Entities in use."""
        return self.fit.design.times.n_groups

    @property
    def n_periods(self) -> int:
        """Periods in use: the regressions averaged."""
        return self.fit.design.entities.n_groups

    @property
    def periods_per_entity(self) -> tuple[int, float, int]:
        """Fewest, average and most rows of an entity."""
        sizes = self.fit.design.times.sizes
        return int(sizes.min()), float(sizes.mean()), int(sizes.max())

    @property
    def rsquared_label(self) -> str:
        """Which R2 `rsquared` is."""
        return "R2 by period"

    def _by_entity(self, values: NDArray[np.float64], names: tuple[str, ...]) -> pd.DataFrame:
        import pandas as pd

        return pd.DataFrame(values, index=self.period_labels, columns=list(names))

    @cached_property
    def individual_rmse(self) -> pd.Series:
        """Residual standard deviation of each period's regression."""
        import pandas as pd

        units = self.fit.units
        return pd.Series(np.sqrt(units.rss / units.df), index=self.period_labels, name="individual_rmse")

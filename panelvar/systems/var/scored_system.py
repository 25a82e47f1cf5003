r"""The equations of a vector autoregression as one model that covariances read.

All equations have the same regressors: a period adds :math:`u_t \otimes (X'X)^{-1} x_t` to the stacked coefficients.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import DataError, SpecificationError
from panelvar.data.panel.series import VarData
from panelvar.data.sources.alignment import by_label, has_labels
from panelvar.estimates.covariance.influenced import Influenced
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.small_samples import Counts
from panelvar.kernels.dynamics.lag_problem import LagProblem
from panelvar.kernels.linear.groups import Grouping

RULES = Convention("default")
"""Factors of robust errors: one factor n / (n - m), of each equation alike."""


@dataclass(frozen=True, eq=False)
class Periods:
    """The periods a system explains, each a row of one entity."""

    data: VarData
    time_positions: npt.NDArray[np.int64]

    @cached_property
    def times(self) -> Grouping:
        """Every row is a period."""
        return Grouping.from_codes(np.arange(len(self.time_positions)))

    @cached_property
    def entities(self) -> Grouping:
        """All rows are of one entity."""
        return Grouping.from_codes(np.zeros(len(self.time_positions), dtype=np.intp), 1)

    def group_by(self, column: str | npt.NDArray[Any] | Sequence[Any]) -> tuple[Grouping, str]:
        """Return the grouping by ``"time"``, or by a Series matched by labels or a value for each row of the data."""
        import pandas as pd

        if isinstance(column, str):
            if column == "time":
                return self.times, column
            raise SpecificationError(
                f"{column!r} is not a dimension of one entity's periods. Cluster by 'time', or by values such as those "
                "of a column."
            )
        rows, label = self.data.observed_periods(), "given groups"
        if has_labels(column):
            groups: Any = column
            values = by_label(groups, self.data.labels(self.time_positions), "the groups").to_numpy()
            label = label if groups.name is None or groups.name in self.data.names else str(groups.name)
        elif len(column) != len(rows):
            raise DataError(f"The groups have {len(column)} values, and the data have {len(rows)} rows.")
        else:
            values = np.asarray(column)[np.searchsorted(rows, self.time_positions)]
        codes, uniques = pd.factorize(values)
        if (codes < 0).any():
            raise DataError(f"{label!r} is missing in {(codes < 0).sum()} of the {len(codes)} rows of the model.")
        return Grouping.from_codes(codes, len(uniques)), label

    def column(self, name: str) -> npt.NDArray[np.float64]:
        """Return a variable of the system in these periods."""
        if name not in self.data.names:
            raise DataError(f"{name!r} is no variable of the system; it has {', '.join(self.data.names)}.")
        return np.asarray(self.data.values[self.time_positions, self.data.names.index(name)])


def equation_labels(names: tuple[str, ...], regressors: tuple[str, ...]) -> tuple[str, ...]:
    """Labels ``"[equation]regressor"``, equation by equation."""
    return tuple(f"[{equation}]{regressor}" for equation in names for regressor in regressors)


def scored_system(problem: LagProblem, names: tuple[str, ...], data: VarData, periods: npt.NDArray[Any]) -> Influenced:
    """Return the stacked equations: what a period adds to the coefficients, counts of one equation, leverages."""
    whitened = problem.design[:, : problem.n_regressors] @ problem.inverse_factor
    leverage = np.einsum("ij,ij->i", whitened, whitened)
    return influenced(names, problem.influence(), problem.nobs - problem.df_resid, leverage, Periods(data, periods))


def influenced(names: tuple[str, ...], influence: Array, count: int, leverage: Array, periods: Periods) -> Influenced:
    """Return equations of so many coefficients each, from what the periods add to all of them."""
    counts = Counts(len(influence), count, False, coefficients=count)
    return Influenced(names, influence, counts, periods, leverage)

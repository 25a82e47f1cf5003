"""A model known by what each of its rows adds to the coefficients: all that HC, clusters and kernels need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.estimates.covariance.protocol import Dimensions
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.scores import Influences
from panelvar.estimates.fit.small_samples import Counts
from panelvar.kernels.linear.groups import Grouping


@dataclass(frozen=True, eq=False)
class Influenced:
    """Influences of rows (`panelvar.estimates.covariance.protocol.Scored`), without a constant of their own.

    Attributes
    ----------
    names : tuple of str
        Of the p coefficients.
    influence : (n, p) array
        What each row adds to each coefficient.
    counts : Counts
    design : Dimensions
        Who and when the rows are.
    leverage : (n,) array
        Zero where nothing is to be adjusted for it.
    effects : tuple of Grouping
        Levels of the effects that were taken out.
    """

    names: tuple[str, ...]
    influence: Array
    counts: Counts
    design: Dimensions
    leverage: Array
    effects: tuple[Grouping, ...] = ()
    recovery: None = None

    @property
    def longest(self) -> int:
        """Rows of the entity that has most of them."""
        return int(self.design.entities.sizes.max())

    def scores(self, multiplier: Array | None = None) -> Influences:
        """Return the influences, each row multiplied by what it is given."""
        return Influences(self.influence if multiplier is None else self.influence * multiplier[:, None])

    def sandwich(self, meat: Array) -> Array:
        """Return the meat: influences are of the coefficients themselves."""
        return meat

    def leverages(self, effects: bool) -> Array:
        """Return the leverages, whatever there is of effects in them."""
        return self.leverage

    def require_hat_matrix(self, what: str) -> None:
        """Refuse nothing."""

    def group_by(self, column: str | NDArray[Any] | Sequence[Any]) -> tuple[Grouping, str]:
        """Return the grouping and the label of a dimension."""
        return self.design.group_by(column)

    def nested(self, clusters: Sequence[Grouping]) -> tuple[tuple[bool, ...], ...]:
        """Return, for each effect and grouping, whether the levels lie within the groups."""
        return tuple(tuple(effect.lies_within(one) for one in clusters) for effect in self.effects)

    def dates(self, what: str) -> NDArray[np.int64]:
        """Return the calendar position of each row."""
        return self.design.time_positions

    def periods(self, what: str) -> NDArray[np.int64]:
        """Return the calendar positions of the periods."""
        return np.unique(self.dates(what))

    def distribution(self, convention: Convention) -> str:
        """Return the convention's distribution."""
        return convention.distribution

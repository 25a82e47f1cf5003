"""What covariances read of a model, in two tiers; a panel fit offers both, other models the first.

`Scored` is enough for what is made of sums of scores: HC, clusters, kernels over time. `Projected` adds the
transformed regression itself, for adjustments by the leverage of clusters and for panel-corrected errors.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.small_samples import Counts
from panelvar.kernels.absorption.absorb import Absorbed
from panelvar.kernels.absorption.crossed_components import CrossedComponents
from panelvar.kernels.linear.groups import Grouping
from panelvar.kernels.linear.qr import Solution
from panelvar.kernels.linear.rows import TransformedRows
from panelvar.kernels.linear.variance_components import Components


class ScoreSums(Protocol):
    """Scores of the rows of a model, (n, p)."""

    @property
    def size(self) -> int:
        """Columns p."""

    def gram(self) -> Array:
        """Return the sum of their outer products, (p, p)."""

    def sums(self, groupings: Sequence[Grouping]) -> list[Array]:
        """Return their sums within the groups of each grouping, (G, p) each."""

    def blocks(self) -> Iterator[tuple[int, int, Array]]:
        """Yield ``(start, stop, scores)``."""


class Dimensions(Protocol):
    """Who and when the rows of a model are, its design."""

    @property
    def entities(self) -> Grouping:
        """Rows by entity."""

    @property
    def times(self) -> Grouping:
        """Rows by period."""

    @property
    def time_positions(self) -> NDArray[np.int64]:
        """Calendar position of each row."""

    def group_by(self, column: str | NDArray[Any] | Sequence[Any]) -> tuple[Grouping, str]:
        """Return the grouping and the label of any dimension."""

    def column(self, name: str) -> Array:
        """Return a numeric column of the data at the rows, (n,), such as a latitude."""


class Scored(Protocol):
    """A model whose coefficients move with sums of scores."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the coefficients."""

    @property
    def counts(self) -> Counts:
        """What small-sample rules count."""

    @property
    def design(self) -> Dimensions:
        """The rows."""

    @property
    def longest(self) -> int:
        """Rows of the entity that has most of them, before differences take one."""

    @property
    def recovery(self) -> Array | None:
        """The regressors' part in a constant recovered from absorbed effects, (p - 1,); None without such a one."""

    def scores(self, multiplier: Array | None = None) -> ScoreSums:
        """Return the scores, each row's residual multiplied by what it is given."""

    def sandwich(self, meat: Array) -> Array:
        """Return the covariance of the coefficients that a covariance of the summed scores makes, (p, p)."""

    def leverages(self, effects: bool) -> Array:
        """Return the diagonal (n,) of the hat matrix, with or without the absorbed effects."""

    def require_hat_matrix(self, what: str) -> None:
        """Refuse what adjusts for leverage where coefficients are not a projection."""

    def group_by(self, column: str | NDArray[Any] | Sequence[Any]) -> tuple[Grouping, str]:
        """Return the grouping and the label of a dimension of clusters."""

    def nested(self, clusters: Sequence[Grouping]) -> tuple[tuple[bool, ...], ...]:
        """Return, for each absorbed effect and grouping, whether the levels lie within the groups."""

    def dates(self, what: str) -> NDArray[np.int64]:
        """Return the calendar position (n,) of each row, or refuse what needs it."""

    def periods(self, what: str) -> NDArray[np.int64]:
        """Return the calendar positions (T,) of the periods, ascending, or refuse what needs them."""

    def distribution(self, convention: Convention) -> str:
        """Return the distribution of a coefficient over its standard error: "t" or "normal"."""


class Projected(Scored, Protocol):
    """A model that is least squares of transformed rows."""

    @property
    def effects(self) -> Sequence[str]:
        """Labels of the effects, absorbed or random."""

    @property
    def solution(self) -> Solution:
        """The least-squares solution."""

    @property
    def exact(self) -> bool:
        """Whether the residuals are zero."""

    @property
    def rounding(self) -> float:
        """Share of a variance made of residuals that may be rounding."""

    @property
    def kept(self) -> NDArray[np.intp]:
        """Positions of the regressors in use."""

    @property
    def bread(self) -> Array:
        """Inverse cross product of the transformed regressors, (p, p)."""

    @property
    def lever(self) -> Array:
        """Coefficients of the regressors in use on the transformed constant, (k,)."""

    @property
    def constant(self) -> bool:
        """Whether a constant is among the coefficients."""

    @property
    def constant_column(self) -> Array | float | None:
        """The transformed constant."""

    @property
    def constant_mass(self) -> float:
        """Its sum of squares."""

    @property
    def absorbed(self) -> Absorbed | None:
        """The projection on absorbed effects."""

    @property
    def components(self) -> Components | CrossedComponents | None:
        """Variance components."""

    @property
    def error_variance(self) -> float | None:
        """Variance of the transformed errors where the transform has fixed it."""

    @property
    def weights(self) -> Array | None:
        """Analytic weights (n,)."""

    @property
    def generalised(self) -> bool:
        """Whether rows were transformed by a covariance of the errors."""

    @property
    def mixed(self) -> str | None:
        """Dimension whose rows the transform mixes with one another."""

    @property
    def transformed_residuals(self) -> Array:
        """Residuals of the transformed rows, (n,)."""

    def rows_or_refuse(self, what: str) -> TransformedRows:
        """Return the transformed rows, or say that they were released."""

    def require_efficiency(self) -> None:
        """Refuse a classical covariance of coefficients that are not efficient under its errors."""

    def robust(self, convention: Convention) -> str:
        """Return the name of the covariance that "robust" is under a convention."""

    def refuse_mixed(self, what: str) -> None:
        """Refuse what takes a transformed row for one row of the data where it is not."""

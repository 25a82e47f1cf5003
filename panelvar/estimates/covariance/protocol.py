"""What covariances made of sums of scores read of a model: HC, clusters, kernels over time.

A panel's `panelvar.estimates.fit.fit.Fit` offers it, and other models do. Adjustments by the leverage of clusters,
classical and panel-corrected errors take the transformed regression itself, and so a `Fit`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.small_samples import Counts
from panelvar.kernels.linear.groups import Grouping


class ScoreSums(Protocol):
    """Scores of the rows of a model, (n, p)."""

    @property
    def size(self) -> int:
        """Columns p."""

    def gram(self) -> Array:
        """Return the sum of their outer products, (p, p)."""

    def sums(self, groupings: Sequence[Grouping]) -> list[Array]:
        """Return their sums within the groups of each grouping, (G, p) each."""

    def meats(self, groupings: Sequence[Grouping]) -> list[Array]:
        """Return the sums of the outer products of these sums, (p, p) each."""

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

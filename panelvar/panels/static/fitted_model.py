"""What results of linear models of panels have in common, as their effects, predictions and margins see it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from panelvar.core.base.arrays import Array
from panelvar.data.formulas.design import Design
from panelvar.estimates.covariance.covariances import CovarianceEstimate
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.fit import Fit
from panelvar.estimates.fit.sample import Sample
from panelvar.kernels.linear.qr import Dropped


class FittedModel(Protocol):
    """A fitted linear model under one covariance and one convention."""

    @property
    def fit(self) -> Fit:
        """The model before any covariance."""

    @property
    def covariance(self) -> CovarianceEstimate:
        """Covariance of the coefficients."""

    @property
    def convention(self) -> Convention:
        """How things are counted and reported."""

    @property
    def estimator(self) -> str:
        """What was estimated, in words."""

    @property
    def _explains_changes(self) -> bool:
        """Whether differences are explained, so that a prediction says how the dependent variable changes."""


class FitInLevels(Protocol):
    """Coefficients of columns that can be computed again, as margins see them, however they were estimated."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all coefficients."""

    @property
    def coefficients(self) -> Array:
        """All coefficients, shape (p,)."""

    @property
    def constant(self) -> bool:
        """Whether one of them is a constant."""

    @property
    def slope_names(self) -> tuple[str, ...]:
        """Names of the others."""

    @property
    def added(self) -> tuple[str, ...]:
        """Names of those of columns that the model added by itself: dummies of periods, which no column moves."""

    @property
    def dropped(self) -> Sequence[Dropped]:
        """Columns of `design` that have no coefficient."""

    @property
    def effects(self) -> tuple[str, ...]:
        """Absorbed or random dimensions."""

    @property
    def family(self) -> str:
        """The kind of model: ``"fixed"`` where entities have levels that no coefficient knows."""

    @property
    def exact(self) -> bool:
        """Whether the residuals are zero."""

    @property
    def source(self) -> Design:
        """The rows of the model, in levels."""

    @property
    def design(self) -> Design:
        """The rows of the regression."""

    @property
    def sample(self) -> Sample:
        """How many rows there are."""

    def rows_or_refuse(self, what: str) -> object:
        """Say that ``what`` needs rows, where they were released."""


class HasMargins(Protocol):
    """A result with marginal effects and adjusted predictions."""

    @property
    def _fit_in_levels(self) -> FitInLevels:
        """The coefficients and their rows."""

    @property
    def covariance(self) -> CovarianceEstimate:
        """Covariance of the coefficients."""

    @property
    def _explains_changes(self) -> bool:
        """Whether differences are explained, so that a prediction says how the dependent variable changes."""

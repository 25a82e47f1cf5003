"""What results of linear panel models have in common, as their effects, predictions and margins see it."""

from __future__ import annotations

from typing import Protocol

from panelvar.estimates.covariance.covariances import CovarianceEstimate
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.fit import Fit


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

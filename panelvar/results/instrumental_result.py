"""The result of an estimator with instruments."""

from __future__ import annotations

from dataclasses import dataclass, replace

from panelvar.covariance_names import resolve
from panelvar.covariances import Covariance
from panelvar.errors import emit
from panelvar.results.linear import LinearResult
from panelvar.results.test_result import TestResult


@dataclass(frozen=True, eq=False)
class InstrumentalResult(LinearResult):
    r"""Estimates with instruments, under one covariance and one convention.

    All of `LinearResult`, whose residuals, fitted values, R2 and predictions are those of the regressors themselves,
    not of what the instruments explain of them; R2 may be negative.

    Attributes
    ----------
    specification : Covariance
        How the covariance is estimated: tests estimate theirs the same way.
    """

    specification: Covariance

    @property
    def f_with_dummies(self) -> TestResult | None:
        """None: sums of squares do not add up with instruments."""
        return None

    @property
    def f_poolability(self) -> TestResult | None:
        """None: sums of squares do not add up with instruments."""
        return None

    def with_cov(self, cov: str | Covariance) -> InstrumentalResult:
        """Return the same estimates under another covariance, without refitting."""
        specification = resolve(cov, self.fit, self.convention)
        estimate = specification(self.fit, self.convention)
        emit(estimate.notes)
        return replace(self, covariance=estimate, specification=specification)

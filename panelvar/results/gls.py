"""The result of feasible generalised least squares: a linear result that knows the covariance of its errors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from panelvar.covariances import Classical, Clustered, Covariance
from panelvar.errors import MissingInformationError, SpecificationError
from panelvar.fit import FloatArray
from panelvar.results.effects import EffectVariances
from panelvar.results.linear import LinearResult
from panelvar.results.test_result import TestResult

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class ErrorStructure:
    r"""What was estimated about the errors.

    Attributes
    ----------
    words : tuple of (label, text)
        The structure in words, for tables.
    labels : Index
        Entities (or, where the covariance is over time, periods) that the arrays below belong to.
    rho : (N,) array or None
        Autoregressive coefficient of each entity.
    variances : (N,) array or None
        Error variance of each entity, of the innovations where there is autocorrelation.
    covariance : (N, N) array or None
        Covariance between entities, or between periods.
    whitened : str or None
        The dimension, ``"time"`` or ``"entity"``, within which rows are mixed by the transform: only sums over it are
        uncorrelated with each other, so errors may be clustered by it and by nothing else.
    log_likelihood : float or None
        Gaussian log-likelihood of the data at the coefficients and the covariance that weighted them.
    iterations : int
        Times that coefficients were recomputed with a new covariance.
    converged : bool
        Whether they had settled; True without iteration.
    """

    words: tuple[tuple[str, str], ...]
    labels: pd.Index
    rho: FloatArray | None = None
    variances: FloatArray | None = None
    covariance: FloatArray | None = None
    whitened: str | None = None
    log_likelihood: float | None = None
    iterations: int = 1
    converged: bool = True


@dataclass(frozen=True, eq=False)
class GLSResult(LinearResult):
    r"""Estimates by feasible generalised least squares.

    Everything a `LinearResult` has; and what was estimated of the errors.

    Attributes
    ----------
    structure : ErrorStructure
    components : EffectVariances or None
        Variances of effects and innovations (entity effects with autoregressive errors); also `variance_components`.
    effects_test : TestResult or None
        F that all entity effects are zero (fixed effects with autoregressive errors).
    """

    structure: ErrorStructure
    components: EffectVariances | None = None
    effects_test: TestResult | None = None

    @property
    def variance_components(self) -> EffectVariances | None:
        """Variances of effects and innovations (None without effects)."""
        return self.components

    @cached_property
    def rho(self) -> pd.Series | None:
        """Autoregressive coefficient of each entity (None without autocorrelation)."""
        return self._series(self.structure.rho, "rho")

    @cached_property
    def error_variances(self) -> pd.Series | None:
        """Error variance of each entity; of the innovations where there is autocorrelation."""
        return self._series(self.structure.variances, "error_variances")

    @cached_property
    def error_covariance(self) -> pd.DataFrame | None:
        """Covariance of the errors between entities, or between periods (None where they are uncorrelated)."""
        import pandas as pd

        labels, matrix = self.structure.labels, self.structure.covariance
        return None if matrix is None else pd.DataFrame(matrix, labels, labels)

    def _series(self, values: FloatArray | None, name: str) -> pd.Series | None:
        import pandas as pd

        return None if values is None else pd.Series(values, index=self.structure.labels, name=name)

    @property
    def iterations(self) -> int:
        """Times that coefficients were recomputed with a new covariance of the errors."""
        return self.structure.iterations

    @property
    def converged(self) -> bool:
        """Whether the iterations settled (True where none were asked for)."""
        return self.structure.converged

    @property
    def loglik(self) -> float:
        """Gaussian log-likelihood of the data at the coefficients and the error covariance that weighted them.

        Raises
        ------
        MissingInformationError
            If rows were left out by the transform or the covariance is singular: the data then have no density.
        """
        if self.structure.log_likelihood is None:
            raise MissingInformationError(
                "The log-likelihood needs every row and an invertible error covariance: first rows were dropped by the "
                "transform, the covariance is singular, or effects were estimated."
            )
        return self.structure.log_likelihood

    @property
    def error_words(self) -> tuple[tuple[str, str], ...]:
        """The structure of the errors, in words."""
        return self.structure.words

    def with_cov(self, cov: str | Covariance) -> GLSResult:
        """Return the same estimates under another covariance, without refitting.

        Raises
        ------
        SpecificationError
            Where rows are mixed across entities (or periods), for anything but the GLS covariance and clustering by
            the dimension they are mixed in.
        """
        check_covariance(cov, self.structure.whitened)
        changed = super().with_cov(cov)
        assert isinstance(changed, GLSResult)
        return changed

    def without_rows(self) -> GLSResult:
        """Return the result without its data rows."""
        light = replace(self, fit=self.fit.without_rows())
        light.__dict__["r2"] = self.r2
        return light


def check_covariance(cov: str | Covariance, whitened: str | None) -> None:
    """Refuse covariances that take transformed rows for rows of an entity where they are not."""
    if whitened is None or cov in ("classical", "unadjusted", "nonrobust") or isinstance(cov, Classical):
        return
    if whitened == "entity" and cov in ("cluster", "clustered"):
        return
    if isinstance(cov, Clustered) and cov.by == (whitened,) and cov.residuals == "HC0":
        return
    raise SpecificationError(
        f"cov={cov!r} cannot be used here: the transform mixes the rows of a{'n' if whitened == 'entity' else ''} "
        f"{'entity' if whitened == 'entity' else 'period'}, so that a transformed row belongs to all of them. "
        f"Choose 'classical' (GLS) or Clustered({whitened!r}), which is valid if the error covariance is misspecified."
    )


def joint_f(name: str, rss_restricted: float, rss: float, numerator: int, df: int, null: str) -> TestResult:
    """F from two sums of squares."""
    from panelvar.kernels.distributions import f_tail

    statistic = (rss_restricted - rss) / numerator / (rss / df) if rss > 0.0 else float(np.inf)
    return TestResult(name, statistic, f_tail(statistic, numerator, df), "f", numerator, df, null)

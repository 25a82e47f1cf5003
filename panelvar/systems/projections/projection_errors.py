"""Errors of local projections: what becomes of influences under a covariance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import SpecificationError, choose
from panelvar.estimates.covariance.covariances import HC, leverage_multiplier
from panelvar.estimates.covariance.named import specification_of
from panelvar.estimates.covariance.serial import PanelNeweyWest
from panelvar.systems.projections.horizon_regressions import Projection, serial_variances


@dataclass(frozen=True)
class ErrorRule:
    """What becomes of influences: adjustment of residuals, kernel, bandwidth, factor."""

    residuals: str
    kernel: str | None = None
    lags: float | None = None
    factor: bool = True

    @property
    def label(self) -> str:
        """The errors in words."""
        if self.kernel is None:
            return self.residuals
        lags = "lags h" if self.lags is None else f"{self.lags:g} lags"
        return f"Newey-West ({lags})" if self.kernel == "bartlett" else f"HAC ({self.kernel}, {lags})"

    @property
    def corrects(self) -> bool:
        """Whether squares are scaled by rows over degrees of freedom."""
        return self.residuals == "HC1" or (self.kernel is not None and self.factor)

    @property
    def needs_leverages(self) -> bool:
        """Whether residuals are adjusted by the leverage of their own row."""
        return self.residuals not in ("HC0", "HC1")

    def adjusted(self, found: Projection) -> Array:
        """Residuals, adjusted for leverage or degrees of freedom."""
        residuals = found.residuals
        if found.leverages is not None:
            below_one = np.minimum(found.leverages, 1.0 - 1e-10)
            residuals = residuals * leverage_multiplier(self.residuals, below_one)[:, None]
        return residuals * np.sqrt(len(residuals) / found.df_resid) if self.corrects else residuals

    def bandwidths(self, horizon: int) -> Array | None:
        """Bandwidth of each horizon; None without a kernel."""
        if self.kernel is None:
            return None
        return np.arange(horizon + 1.0) if self.lags is None else np.full(horizon + 1, float(self.lags))

    def variances(self, influence: Array) -> Array:
        """Variances (H + 1, K, S) of estimates that are sums of influences (H + 1, K, S, P) over periods."""
        lags = self.bandwidths(len(influence) - 1)
        if self.kernel is None or lags is None:
            return np.asarray(np.einsum("...t,...t->...", influence, influence))
        return np.stack([serial_variances(own, self.kernel, lag) for own, lag in zip(influence, lags, strict=True)])


def error_rule(cov: Any, uncorrelated: bool) -> ErrorRule:
    """Read ``cov=``, a name or one of the covariances that apply to time series.

    By default there is a kernel, unless the controls leave scores that are ``uncorrelated`` over time.
    """
    if cov is None:
        cov = HC("HC1") if uncorrelated else PanelNeweyWest()
    cov = specification_of(cov) or HC("HC1")
    if isinstance(cov, HC):
        return ErrorRule(cov.kind)
    if isinstance(cov, PanelNeweyWest):
        choose("factor", cov.factor or "n/(n-k)", ("none", "n/(n-k)"))
        return ErrorRule(cov.residuals, cov.kernel, cov.lags, cov.factor != "none")
    raise SpecificationError(
        f"cov={cov!r}: expected 'HC0' to 'HC5', 'newey-west', HC(...) or PanelNeweyWest(...). Clustered and "
        "Driscoll-Kraay errors are for fit_panel_local_projections."
    )

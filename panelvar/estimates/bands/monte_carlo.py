"""Draws from the posterior of the parameters, without generating data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from panelvar.core.base.errors import SpecificationError
from panelvar.core.base.shared_parameters import documented
from panelvar.estimates.bands.drawable import Draws, FromPosterior
from panelvar.estimates.bands.simulated import Simulated, chunked
from panelvar.estimates.bands.target import Target


@documented
@dataclass(frozen=True)
class MonteCarlo(Simulated):
    r"""Draws from the normal-inverse-Wishart distribution of the parameters.

    :math:`\Sigma \sim IW(U'U, n - m)` and, given it, :math:`\mathrm{vec} B \sim N(\mathrm{vec} \hat B, \Sigma \otimes
    (X'X)^{-1})`: the posterior under the usual flat prior, and what is often called Monte Carlo integration (Kadiyala
    and Karlsson 1997; Sims and Zha 1999). No data set is generated, so it is the fastest simulated band.

    A panel VAR has a covariance of all coefficients of any form (clustered by entity, say), and coefficients are drawn
    from the normal distribution with it. By moments, and by least squares with a correction, estimates of
    :math:`\Sigma` and of the coefficients are correlated: both are then drawn together, from what each entity adds to
    them (the foot of a table says "normal, jointly with sigma"). Otherwise :math:`\Sigma` is drawn by itself, from the
    inverse Wishart distribution with its own degrees of freedom.

    Parameters
    ----------
    {draws, seed, joint, over}
    interval : {"percentile"}
        Quantiles of the posterior; the other rules are about sampling distributions.

    See Also
    --------
    ParametricBootstrap : what statsmodels calls Monte Carlo: data sets, refitted.
    DeltaMethod : a formula instead of draws.

    Examples
    --------
    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["unemp", "tbilrate"]], lags=2)
    >>> irf = model.impulse_responses(4, bands=pv.MonteCarlo(draws=500, seed=1))
    >>> irf.response("unemp", "tbilrate").round(3).tail(1)
             value  lower  upper  std_error
    horizon
    4        0.053 -0.037  0.142      0.045
    """

    intervals: ClassVar[tuple[str, ...]] = ("percentile",)

    @property
    def kind(self) -> str:
        """How the draws are made, in words."""
        return "Monte Carlo (normal-inverse-Wishart)"

    def kind_for(self, target: Target) -> str:
        """How the draws of a model are made, in words."""
        model = target.model
        return f"Monte Carlo ({model.distribution})" if isinstance(model, FromPosterior) else self.kind

    def chunks(self, target: Target, rng: np.random.Generator) -> Iterator[Draws]:
        """Yield draws from the normal-inverse-Wishart distribution, chunk by chunk."""
        if target.carried is not None:
            raise SpecificationError(
                "MonteCarlo draws parameters, not data, so it cannot draw how an instrument is related to the "
                "residuals. Use MovingBlockBootstrap or ResidualBootstrap."
            )
        model = target.model
        if model.restriction:
            raise SpecificationError(
                "MonteCarlo draws from the posterior of an unrestricted system, and this system is restricted. Use a "
                "bootstrap."
            )
        if not isinstance(model, FromPosterior):
            raise SpecificationError("MonteCarlo draws from a posterior, and this model has none. Use a bootstrap.")
        for count in chunked(self.draws, model.chunk_size()):
            yield model.posterior(count, target.future_steps, rng)

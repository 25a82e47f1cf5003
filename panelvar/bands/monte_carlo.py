"""Draws from the posterior of the parameters, without generating data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from panelvar.bands.simulated import Simulated, reduced_form
from panelvar.bands.target import Draws, Target
from panelvar.base.errors import SpecificationError


@dataclass(frozen=True)
class MonteCarlo(Simulated):
    r"""Draws from the normal-inverse-Wishart distribution of the parameters.

    :math:`\Sigma \sim IW(U'U, n - m)` and, given it, :math:`\mathrm{vec} B \sim N(\mathrm{vec} \hat B, \Sigma \otimes
    (X'X)^{-1})`: the posterior under the usual flat prior, and the integration most programs call Monte Carlo (Kadiyala
    and Karlsson 1997, section 2; Sims and Zha 1999). No data set is generated, so it is the fastest simulated band.

    Parameters
    ----------
    draws, seed, joint, over
        As in `ResidualBootstrap`.
    interval : {"percentile"}
        Quantiles of the posterior; the other rules are about sampling distributions.
    """

    intervals: ClassVar[tuple[str, ...]] = ("percentile",)

    @property
    def kind(self) -> str:
        """How the draws are made, in words."""
        return "Monte Carlo (normal-inverse-Wishart)"

    def chunks(self, target: Target, rng: np.random.Generator) -> Iterator[Draws]:
        """Yield draws from the normal-inverse-Wishart distribution, chunk by chunk."""
        if target.carried is not None:
            raise SpecificationError(
                "MonteCarlo draws parameters and no data, and an instrument's relation to the residuals is not among "
                "them: use MovingBlockBootstrap or ResidualBootstrap."
            )
        problem, steps = target.problem, target.future_steps
        if problem.restriction:
            raise SpecificationError("MonteCarlo draws from the posterior of an unrestricted system: use a bootstrap.")
        m, n_vars, degrees = problem.n_regressors, problem.n_vars, problem.df_resid
        size = problem.chunk_size()
        for first in range(0, self.draws, size):
            count = min(size, self.draws - first)
            # Bartlett: A A' is Wishart(I, degrees), hence C A^-T A^-1 C' is inverse Wishart with scale C C'.
            bartlett = np.tril(rng.standard_normal((count, n_vars, n_vars)), -1)
            diagonal = np.arange(n_vars)
            bartlett[:, diagonal, diagonal] = np.sqrt(rng.chisquare(degrees - diagonal, (count, n_vars)))
            scale = np.broadcast_to(problem.scatter_factor.T, bartlett.shape)
            solved = np.linalg.solve(bartlett, scale).astype(np.float64, copy=False)
            factor = np.linalg.cholesky(solved.swapaxes(1, 2) @ solved).astype(np.float64, copy=False)
            noise = rng.standard_normal((count, m, n_vars)) @ factor.swapaxes(1, 2)
            params = problem.params + problem.inverse_factor @ noise
            future = rng.standard_normal((count, steps, n_vars)) @ factor.swapaxes(1, 2) if steps else None
            yield Draws(reduced_form(problem, params, factor), None, future)

"""One band: bootstrap refits of the same resampled residuals, their responses, and the band's limits."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.kernels import Twins, kernel
from benchmarks.samples import var_series

SAMPLES = {"small": (2, 60, 1, 20), "medium": (3, 200, 2, 200), "large": (7, 200, 2, 1_000)}
"""Variables, periods, lags and draws."""
HORIZON = 10
LEVELS = (0.025, 0.975)


def _recursion(series: Any, params: Any, innovations: Any, lags: int) -> Any:
    """Data generated from a sample's first periods and other innovations."""
    out = series.copy()
    for period in range(lags, len(series)):
        past = out[period - lags : period][::-1].ravel()
        out[period] = params[0] + past @ params[1:] + innovations[period - lags]
    return out


def band(size: str) -> Twins:
    """Percentile limits of orthogonalised responses; the twin simulates and fits draw by draw."""
    from statsmodels.tsa.api import VAR

    variables, periods, lags, draws = SAMPLES[size]
    series = var_series(variables, periods).to_numpy()
    module, dynamics = kernel("kernels.dynamics.lag_problem"), kernel("kernels.dynamics.dynamics")
    problem = module.LagProblem(module.stack_lags(series, lags, np.ones((periods, 1))), 1, lags, variables)
    picked = np.random.default_rng(0).integers(0, problem.nobs, (draws, problem.nobs))
    innovations, degrees = problem.residuals[picked], problem.df_resid

    def ours() -> Any:
        chunk, drawn = problem.chunk_size(), []
        for first in range(0, draws, chunk):
            refits = problem.refit(innovations[first : first + chunk])
            coefficients = module.lag_matrices(refits.params, 1)
            drawn.append(dynamics.responses(coefficients, HORIZON, refits.scatter_factor / degrees**0.5))
        return np.quantile(np.concatenate(drawn), LEVELS, axis=0)

    def theirs() -> Any:
        samples = [_recursion(series, problem.params, each, lags) for each in innovations]
        return np.quantile([VAR(sample).fit(lags).irf(HORIZON).orth_irfs for sample in samples], LEVELS, axis=0)

    return Twins(ours, theirs, "statsmodels", 1e-8)


KERNELS = {"bootstrap band": band}


def test_speed(timed):
    timed()

"""Vector autoregressions from arrays: the fit, companion roots, orthogonalised responses."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.kernels import Twins, kernel
from benchmarks.samples import var_series

SYSTEMS = {"small": (2, 100, 2), "medium": (4, 400, 4), "large": (10, 2_000, 6)}
"""Variables, periods and lags."""
HORIZON = 20


def _problem(series: Any, lags: int) -> Any:
    module = kernel("kernels.dynamics.lag_problem")
    design = module.stack_lags(series, lags, np.ones((len(series), 1)))
    return module.LagProblem(design, 1, lags, series.shape[1])


def _system(size: str) -> tuple[Any, Any]:
    """Lag matrices and residual covariance of one sample."""
    variables, periods, lags = SYSTEMS[size]
    problem = _problem(var_series(variables, periods).to_numpy(), lags)
    return problem.coefficients, problem.residual_covariance("df")


def _flat(parts: Any) -> Any:
    return np.concatenate([np.ravel(part) for part in parts])


def fit(size: str) -> Twins:
    """Coefficients, their errors, and the residual covariance."""
    from statsmodels.tsa.api import VAR

    variables, periods, lags = SYSTEMS[size]
    series = var_series(variables, periods).to_numpy()

    def ours() -> Any:
        problem = _problem(series, lags)
        sigma = problem.residual_covariance("df")
        variances = np.square(problem.inverse_factor).sum(axis=1)
        return problem.params, np.sqrt(np.outer(variances, sigma.diagonal())), sigma

    def theirs() -> Any:
        result = VAR(series).fit(lags)
        return result.params, result.bse, result.sigma_u

    return Twins(ours, theirs, "statsmodels", 1e-8, form=_flat)


def roots(size: str) -> Twins:
    """Eigenvalues of the companion matrix; their moduli are compared."""
    from statsmodels.tsa.vector_ar.util import comp_matrix

    coefficients, dynamics = _system(size)[0], kernel("kernels.dynamics.dynamics")
    return Twins(
        lambda: dynamics.companion_roots(coefficients),
        lambda: np.linalg.eigvals(comp_matrix(coefficients)),
        "statsmodels and NumPy",
        1e-9,
        form=lambda found: np.sort(np.abs(found)),
    )


def responses(size: str) -> Twins:
    """Responses to one standard deviation of the Cholesky shocks."""
    from statsmodels.tsa.vector_ar.var_model import ma_rep

    coefficients, sigma = _system(size)
    dynamics = kernel("kernels.dynamics.dynamics")
    return Twins(
        lambda: dynamics.responses(coefficients, HORIZON, dynamics.cholesky_impact(sigma)),
        lambda: ma_rep(coefficients, HORIZON) @ np.linalg.cholesky(sigma),
        "statsmodels",
        1e-10,
    )


KERNELS = {"VAR fit": fit, "companion roots": roots, "orthogonalised responses": responses}


def test_speed(timed):
    timed()

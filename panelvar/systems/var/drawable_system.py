"""A lag problem as the sources of bands see it (`panelvar.estimates.bands.drawable`)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import NumericalError, SpecificationError
from panelvar.estimates.bands.drawable import Draws, Resampled
from panelvar.kernels.dynamics.autoregressive_bias import (
    corrected,
    largest_root,
    least_squares_bias,
    terms_beside,
    with_lags,
)
from panelvar.kernels.dynamics.lag_problem import LagProblem, lag_matrices, lower_factor
from panelvar.kernels.dynamics.reduced_form import ReducedForm


@dataclass(frozen=True, eq=False)
class DrawableSystem:
    """A vector autoregression, restricted or not, that offers draws from innovations and from a posterior.

    Parameters
    ----------
    problem : LagProblem
    divisor : int or array (K, 1)
        Sigma is U'U over this; where equations have divisors of their own, over the roots of two equations' each.
    bias : array (pK, K) or None
        What is taken out of the lag coefficients that generate data, and of those of every refit.
    """

    problem: LagProblem
    divisor: int | Array
    bias: Array | None = None

    @property
    def restriction(self) -> str:
        """What is restricted, in words."""
        return self.problem.restriction

    @property
    def nobs(self) -> int:
        """Rows explained."""
        return self.problem.nobs

    @property
    def n_free(self) -> int:
        """Coefficients estimated in all equations together."""
        return self.problem.n_free

    @property
    def df_resid(self) -> int:
        """Residual degrees of freedom of an equation."""
        return self.problem.df_resid

    def chunk_size(self) -> int:
        """Draws made at once."""
        return self.problem.chunk_size()

    def form(self, params: Array, factor: Array, carried: Array | None = None) -> ReducedForm:
        """Arrange coefficients (..., m, K), factors of sigma and what is carried along as a reduced form."""
        d = self.problem.n_deterministic
        return ReducedForm(lag_matrices(params, d), factor, params[..., :d, :], carried)

    @cached_property
    def estimate(self) -> ReducedForm:
        """The reduced form at the estimates."""
        return self.form(self.problem.params, self.problem.scatter_factor / np.sqrt(self.divisor))

    def directions(self, form: ReducedForm, spread: Array | None = None) -> Array:
        """Directions (..., D, m, K) whose outer products add up to the covariance of the coefficients."""
        return self.problem.directions(form.factor, spread)

    @cached_property
    def params(self) -> Array:
        """Coefficients (m, K) that generate data: the estimates, less their bias if it is known."""
        problem = self.problem
        if self.bias is None:
            return problem.params
        return with_lags(problem, corrected(problem.params[None, problem.n_deterministic :], self.bias)[0])

    @cached_property
    def residuals(self) -> Array:
        """Residuals (n, K) at `params`."""
        if self.bias is None:
            return self.problem.residuals
        design, m = self.problem.design, self.problem.n_regressors
        return design[:, m:] - design[:, :m] @ self.params

    def redrawn(self, drawn: Resampled, *, spreads: bool = False) -> Draws:
        """Fits to the data sets of these innovations."""
        problem, d = self.problem, self.problem.n_deterministic
        try:
            refits = problem.refit(drawn.innovations, None if self.bias is None else self.params, drawn.carried)
        except np.linalg.LinAlgError:
            raise NumericalError(
                "A bootstrap data set has linearly dependent regressors, because there are too few rows for this many "
                "coefficients. Use fewer lags."
            ) from None
        params = refits.params
        if self.bias is not None:
            moved = corrected(params[:, d:], self.bias)
            params = np.concatenate([terms_beside(problem, refits, moved), moved], axis=1)
        form = self.form(params, refits.scatter_factor / np.sqrt(self.divisor), refits.beside)
        return Draws(form, refits.spread(problem) if spreads else None, drawn.future)

    def without_bias(self, bias: Array) -> DrawableSystem:
        """The system less a bias (p, K, K) of its lag coefficients."""
        return replace(self, bias=bias.swapaxes(1, 2).reshape(-1, bias.shape[2]))

    def asymptotic_bias(self) -> Array:
        """Pope's formula for the bias (p, K, K) of the lag coefficients, refused for what it was not derived for."""
        problem, d = self.problem, self.problem.n_deterministic
        beside = problem.design[:, :d]
        found = []
        if d > 1 or (beside != beside[:1]).any():
            found.append("the model has deterministic or exogenous terms beside a constant")
        if len(problem.run_starts) > 1:
            found.append("the data have gaps")
        if largest_root(problem.params[None, d:])[0] >= 1.0:
            found.append("the estimates are not stable")
        if found:
            raise SpecificationError(
                f"bias='pope' has no formula here, because {' and '.join(found)}. Use bias='bootstrap'."
            )
        sigma = problem.residual_covariance("df")
        bias = least_squares_bias(problem.coefficients, sigma, problem.nobs, constant=bool(d))
        return lag_matrices(bias, 0)

    @property
    def distribution(self) -> str:
        """What parameters are drawn from, in words."""
        return "normal-inverse-Wishart"

    def posterior(self, draws: int, future_steps: int, rng: np.random.Generator) -> Draws:
        """Draws from the normal-inverse-Wishart distribution, and normal errors after the data."""
        problem = self.problem
        m, n_vars = problem.n_regressors, problem.n_vars
        factor = inverse_wishart_factors(problem.scatter_factor, problem.df_resid, draws, rng)
        noise = rng.standard_normal((draws, m, n_vars)) @ factor.swapaxes(1, 2)
        params = problem.params + problem.inverse_factor @ noise
        future = rng.standard_normal((draws, future_steps, n_vars)) @ factor.swapaxes(1, 2) if future_steps else None
        return Draws(self.form(params, factor), None, future)


def inverse_wishart_factors(scatter_factor: Array, df: int, draws: int, rng: np.random.Generator) -> Array:
    """Lower factors (draws, K, K) of draws from the inverse Wishart distribution with scale C C' and so many df."""
    n_vars = len(scatter_factor)
    # Bartlett: A A' is Wishart(I, df), hence C A^-T A^-1 C' is inverse Wishart with scale C C'.
    bartlett = np.tril(rng.standard_normal((draws, n_vars, n_vars)), -1)
    diagonal = np.arange(n_vars)
    bartlett[:, diagonal, diagonal] = np.sqrt(rng.chisquare(df - diagonal, (draws, n_vars)))
    solved = np.linalg.solve(bartlett, np.broadcast_to(scatter_factor.T, bartlett.shape))
    return _gram_factor(np.asarray(solved, dtype=np.float64))


def _gram_factor(matrices: Array) -> Array:
    """Lower triangles L (B, K, K) with L L' = M'M; by QR where squares of nearly dependent columns lose their rank."""
    try:
        return np.linalg.cholesky(matrices.swapaxes(1, 2) @ matrices).astype(np.float64, copy=False)
    except np.linalg.LinAlgError:
        return lower_factor(np.asarray(np.linalg.qr(matrices)[1], dtype=np.float64))

"""Kilian's bias-corrected bootstrap: a bootstrap for the bias of the coefficients, another for the band."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from panelvar.bands.resampling import (
    Recursive,
    ResidualBootstrap,
    refit_or_refuse,
)
from panelvar.bands.simulated import Simulated, reduced_form
from panelvar.bands.target import Draws, Target
from panelvar.base.arguments import read_whole
from panelvar.base.arrays import Array
from panelvar.base.errors import Note, SpecificationError, choose
from panelvar.dynamics import dynamics
from panelvar.dynamics.autoregressive_bias import least_squares_bias
from panelvar.dynamics.lag_problem import LagProblem, Refits, lag_matrices

_STEP = 0.01
"""By how much the correction shrinks at a time."""
_SQUARINGS = 7
BIASES = ("bootstrap", "pope")


@dataclass(frozen=True)
class BootstrapAfterBootstrap(Simulated):
    r"""Bias-corrected bootstrap (Kilian 1998, Review of Economics and Statistics 80, 218-230).

    1. A first bootstrap estimates the bias of the lag coefficients, :math:`\Psi = \overline{A^*} - \hat A`. Unless the
       largest root of :math:`\hat A` has modulus one or more, :math:`\tilde A = \hat A - \delta\Psi` with
       :math:`\delta = 1`, lowered by 0.01 until :math:`\tilde A` is stable.
    2. Data are generated from :math:`\tilde A`, with the deterministic terms and residuals that belong to it, and every
       refit is corrected by the same :math:`\Psi` under the same rule. The band is made of percentiles of what the
       corrected refits say.

    Parameters
    ----------
    draws, seed, joint, over
        As in `ResidualBootstrap`.
    interval : {"percentile"}
        The corrected draws are centred away from the estimate on purpose.
    bias_draws : int
        Data sets of the first bootstrap, if there is one.
    base : ResidualBootstrap, MovingBlockBootstrap, RecursiveWildBootstrap or ParametricBootstrap
        How residuals are resampled in both steps; its own draws, seed and rule do not matter.
    bias : {"bootstrap", "pope"}
        Where :math:`\Psi` comes from: a first bootstrap, or the formula of Pope (1990, J. Time Series Analysis 11,
        249-258; `panelvar.dynamics.autoregressive_bias`), which costs nothing. It is for stable systems with a
        constant, or with no deterministic term, on data without gaps.

    Raises
    ------
    SpecificationError
        With ``bias="pope"``, of other deterministic terms, of data with gaps, of an unstable system.

    Notes
    -----
    The point estimates shown with the band are the uncorrected ones; in persistent systems they can lie near the
    band's edge, or outside it, which is the bias showing. The correction is of first order, and the rule at the unit
    circle keeps explosive corrections out but makes draws bunch up under one: with several roots near one, coverage
    stays below its level.
    """

    bias_draws: int = 1000
    base: Recursive = field(default_factory=ResidualBootstrap)
    bias: str = "bootstrap"

    intervals: ClassVar[tuple[str, ...]] = ("percentile",)

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        super().__post_init__()
        read_whole("bias_draws", self.bias_draws, 2)
        if not isinstance(self.base, Recursive):
            raise SpecificationError(f"base={self.base!r}: expected a bootstrap such as ResidualBootstrap().")
        choose("bias", self.bias, BIASES, {"analytic": "pope", "asymptotic": "pope"})

    @property
    def kind(self) -> str:
        """How the draws are made, in words."""
        return f"{'bootstrap after' if self.bias == 'bootstrap' else 'Pope-corrected'} bootstrap ({self.base.kind})"

    def notes(self, target: Target) -> tuple[Note, ...]:
        """What the resampling scheme has to say."""
        return self.base.notes(target)

    def chunks(self, target: Target, rng: np.random.Generator) -> Iterator[Draws]:
        """Estimate the bias, generate data from the corrected coefficients, correct every refit."""
        problem = target.problem
        if problem.restriction:
            raise SpecificationError(
                f"The bias correction would undo a restriction: {problem.restriction.lower()}. Use ResidualBootstrap."
            )
        d = problem.n_deterministic
        bias = self.estimated_bias(problem, rng)
        centre = corrected(problem.params[None, d:], bias)[0]
        model = with_lags(problem, centre)
        residuals = problem.design[:, problem.n_regressors :] - problem.design[:, : problem.n_regressors] @ model
        for drawn in self.base.innovations(problem, residuals, self.draws, target.future_steps, rng, target.carried):
            refits = refit_or_refuse(problem, drawn.innovations, model, drawn.carried)
            moved = corrected(refits.params[:, d:], bias)
            params = np.concatenate([_beside(problem, refits, moved), moved], axis=1)
            form = reduced_form(problem, params, refits.scatter_factor / np.sqrt(target.divisor), refits.beside)
            yield Draws(form, None, drawn.future)

    def estimated_bias(self, problem: LagProblem, rng: np.random.Generator) -> Array:
        """Bias of the lag coefficients (pK, K): the refits' mean less the estimates, or the formula's."""
        d = problem.n_deterministic
        if self.bias == "pope":
            _check_pope(problem)
            sigma = problem.residual_covariance("df")
            return least_squares_bias(problem.coefficients, sigma, problem.nobs, constant=bool(d))
        total = np.zeros(problem.params[d:].shape)
        for drawn in self.base.innovations(problem, problem.residuals, self.bias_draws, 0, rng):
            total += (refit_or_refuse(problem, drawn.innovations).params[:, d:] - problem.params[d:]).sum(axis=0)
        return total / self.bias_draws


def _check_pope(problem: LagProblem) -> None:
    """Refuse what the formula was not derived for."""
    beside = problem.design[:, : problem.n_deterministic]
    found = []
    if beside.shape[1] > 1 or (beside != beside[:1]).any():
        found.append("the model has deterministic or exogenous terms beside a constant")
    if len(problem.run_starts) > 1:
        found.append("the data have gaps")
    if _largest_root(problem.params[None, problem.n_deterministic :])[0] >= 1.0:
        found.append("the estimates are not stable")
    if found:
        raise SpecificationError(f"bias='pope' has no formula, since {' and '.join(found)}. Use bias='bootstrap'.")


def corrected(lags: Array, bias: Array) -> Array:
    """Take the bias out of lag coefficients (B, pK, K), as far as each draw stays stable.

    Draws that are not stable to begin with are left alone.
    """
    full = lags - bias
    doubtful = np.flatnonzero(~(_surely_stable(full) & _surely_stable(lags)))
    if doubtful.size == 0:
        return full
    out = full
    already = _largest_root(lags[doubtful]) < 1.0
    out[doubtful[~already]] = lags[doubtful[~already]]
    left = doubtful[already]
    left = left[_largest_root(full[left]) >= 1.0]
    share = 1.0
    while left.size:
        share -= _STEP
        out[left] = lags[left] - max(share, 0.0) * bias
        if share <= 0.0:
            break
        left = left[_largest_root(out[left]) >= 1.0]
    return out


def _largest_root(lags: Array) -> Array:
    if len(lags) == 0:
        return np.zeros(0)
    moduli: Array = np.abs(dynamics.companion_roots(lag_matrices(lags, 0))[..., 0])
    return moduli


def _surely_stable(lags: Array) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether a high power of the companion matrix is small: proof of stability at a fraction of the eigenvalues."""
    power = dynamics.companion(lag_matrices(lags, 0))
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(_SQUARINGS):
            power = power @ power
        sums = np.abs(power).sum(axis=-1).max(axis=-1)
    return np.asarray(sums < 1.0)


def with_lags(problem: LagProblem, lags: Array) -> Array:
    """Coefficients (m, K) with these lags (pK, K), the deterministic terms fitted to what they leave."""
    d, m = problem.n_deterministic, problem.n_regressors
    if not d:
        return lags
    left = problem.design[:, m:] - problem.design[:, d:m] @ lags
    terms = np.linalg.lstsq(problem.design[:, :d], left, rcond=None)[0]
    return np.concatenate([terms, lags])


def _beside(problem: LagProblem, refits: Refits, lags: Array) -> Array:
    r"""Deterministic coefficients (B, d, K) of each draw's data, given other lag coefficients.

    By how much they move: :math:`-(D'D)^{-1} D'X (A - \hat A)`, with the cross products of each draw's own triangle.
    """
    d = problem.n_deterministic
    if not d:
        return refits.params[:, :0]
    m = problem.n_regressors
    root = problem.factor[:m, :m].T @ refits.triangle
    moments = root @ root.swapaxes(1, 2)
    shift = np.linalg.solve(moments[:, :d, :d], moments[:, :d, d:] @ (lags - refits.params[:, d:]))
    beside: Array = refits.params[:, :d] - shift
    return beside

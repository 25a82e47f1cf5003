r"""Granger causality with p-values of a wild bootstrap under the null.

Wald statistics of excluded regressors in wild-bootstrap data sets with the regressors kept as they are.

With X = Q R, residuals :math:`\tilde u_t` of the equations E under the null and multipliers :math:`\eta_t`, the left
sides of a data set are fits under the null plus :math:`e_t = \eta_t \tilde u_t`. Excluded regressors have zero
coefficients in the fits, so that their estimates are :math:`H'e` with H the columns of :math:`X(X'X)^{-1}` that belong
to them, and residuals are :math:`e - QQ'e`: nothing is refitted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from panelvar.core.base.arguments import read_generator, read_whole, say_draws
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import NumericalError, SpecificationError, choose
from panelvar.core.base.limits import MOST_DRAWS
from panelvar.core.base.unknown_arguments import answering
from panelvar.core.tables.test_result import TestResult
from panelvar.estimates.bands.resampling import MULTIPLIERS
from panelvar.estimates.covariance.covariances import HC, Classical
from panelvar.estimates.covariance.covariances import multiplier as residual_multiplier
from panelvar.estimates.fit.small_samples import heteroskedastic_factor
from panelvar.kernels.dynamics.dynamics import cholesky_impact
from panelvar.kernels.dynamics.lag_problem import CHUNK_BYTES
from panelvar.kernels.dynamics.unit_free_solves import lower_solve
from panelvar.kernels.linear.draws import reach, wild_multipliers
from panelvar.systems.var.exclusion import granger_hypothesis
from panelvar.systems.var.fitted_system import require_fit
from panelvar.systems.var.scored_system import RULES
from panelvar.systems.var.var_result import VarResult


@answering
def granger_bootstrap_test(
    model: VarResult,
    caused: str | Sequence[str],
    causing: str | Sequence[str],
    *,
    draws: int = 999,
    seed: int | np.random.Generator = 0,
    multiplier: str = "rademacher",
) -> TestResult:
    r"""Test Granger causality by a fixed-design wild bootstrap (Hafner and Herwartz 2009).

    The equations of ``caused`` are fitted without the lags of ``causing``, with residuals :math:`\tilde u_t`. Data sets
    keep the regressors and have errors :math:`\eta_t \tilde u_t`, with random numbers of mean zero and variance one
    common to all equations of a period; the Wald statistic of each, with its own covariance, is compared with that of
    the data:

    .. math:: p = \frac{1 + \#\{W^*_b \ge W\}}{1 + B}.

    Parameters
    ----------
    model : VarResult
        Its covariance is that of the statistics: classical, or of ``model.with_cov("HC1")`` and its kin, which makes
        the statistic pivotal under heteroskedasticity and the bootstrap more accurate.
    caused, causing : str or sequence of str
        Disjoint sets of variables.
    draws : int
        B.
    seed : int or Generator
        A Generator is used up; the same seed gives the same p-value.
    multiplier : {"rademacher", "normal", "mammen"}
        Distribution of :math:`\eta_t`: 1 or -1, the standard normal, or Mammen's two points.

    Returns
    -------
    TestResult
        The statistic of `VarResult.granger_causality` with the p-value of the bootstrap.

    Raises
    ------
    SpecificationError
        The sets overlap; or the model has restrictions, or is in error-correction form.

    See Also
    --------
    VarResult.granger_causality : the same statistic with its asymptotic p-value.
    granger_table : all pairs of variables.
    toda_yamamoto_test : levels that may have unit roots.

    Notes
    -----
    R has it as ``vars::causality(boot=TRUE)``. From memory, its multipliers are normal, and without ``vcov.`` it keeps
    the residual covariance of the data in all data sets; here each data set has its own. The test keeps its size where
    the variance of the errors changes over time, by itself or with their past. For variables that may be integrated
    use `toda_yamamoto_test`.

    References
    ----------
    Hafner, C. M. and Herwartz, H. (2009). Testing for linear vector autoregressive dynamics under multivariate
    generalized autoregressive heteroskedasticity. *Statistica Neerlandica* 63, 294-323.

    Examples
    --------
    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]], lags=2)
    >>> test = pv.granger_bootstrap_test(model.with_cov("HC1"), "unemp", "tbilrate", draws=199, seed=1)
    >>> test.in_a_line()
    'F(2, 579) = 1.1276, p = 0.3500'
    """
    require_fit(model)
    draws, rng = read_whole("draws", draws, 1, MOST_DRAWS), read_generator("seed", seed)
    choose("multiplier", multiplier, MULTIPLIERS)
    problem = model._problem
    if problem.restriction:
        raise SpecificationError(
            "The bootstrap of causality needs equations with all their regressors, but this model has "
            f"{problem.restriction}."
        )
    test = model.granger_causality(caused, causing)
    hypothesis = granger_hypothesis(model.names, problem.lags, caused, causing)
    equations = hypothesis.columns(model.names)
    tested = hypothesis.regressors(model.names, problem.n_deterministic)
    n, m = problem.nobs, problem.n_regressors
    orthonormal = problem.design[:, :m] @ problem.inverse_factor
    influence = orthonormal @ problem.inverse_factor[tested].T
    # Least squares without some regressors: the residuals, and what they take up of them.
    # Columns are scaled to length one, because regressors have units of their own.
    lengths = np.linalg.norm(influence, axis=0)
    unit = influence / lengths
    gap = problem.params[tested][:, equations] / lengths[:, None]
    under = problem.residuals[:, equations] + unit @ np.linalg.solve(unit.T @ unit, gap)
    divisor = float(problem.df_resid if model.convention.coefficient_sigma == "df" else n)
    weights = _weights(model)
    count = 1.0 if test.distribution == "chi2" else float(len(tested) * len(equations))
    width = 2 * len(equations) + (0 if weights is None else len(equations) * len(tested))
    size = max(1, CHUNK_BYTES // (8 * n * width))
    above = 0
    for start in range(0, draws, size):
        eta = wild_multipliers(multiplier, (min(size, draws - start), n), rng)
        try:
            drawn = wild_exclusion_statistics(orthonormal, influence, eta[..., None] * under, divisor, weights)
        except np.linalg.LinAlgError:
            raise NumericalError(
                "A data set of the bootstrap has a singular covariance, because there are too few rows."
            ) from None
        above += int(reach(drawn / count, test.statistic).sum())
    name = f"{test.name} (fixed-design wild bootstrap, {say_draws(draws, seed)})"
    return replace(test, name=name, pvalue=(1.0 + above) / (1.0 + draws))


def _weights(model: VarResult) -> Array | None:
    """What the residuals of a period are multiplied with in the model's robust covariance; None if it is classical."""
    specification, scored = model.specification, model._scored
    if isinstance(specification, Classical):
        return None
    if not isinstance(specification, HC):
        raise SpecificationError(
            f"The bootstrap draws every period by itself, and the errors are {model.cov_label}. Use with_cov('HC1')."
        )
    adjusted = residual_multiplier(scored, RULES, specification.kind)
    root = np.sqrt(heteroskedastic_factor(RULES, scored.counts, specification.kind))
    return np.full(model.nobs, root) if adjusted is None else root * adjusted


def wild_exclusion_statistics(
    orthonormal: Array, influence: Array, errors: Array, divisor: float, weights: Array | None
) -> Array:
    r"""Wald statistics of every data set.

    Parameters
    ----------
    orthonormal : array (n, m)
        Q.
    influence : array (n, q)
        H.
    errors : array (B, n, E)
        Errors e of each data set.
    divisor : float
        What residual cross products are divided by, for the covariance
        :math:`\hat\Sigma \otimes (X'X)^{-1}` of the estimates.
    weights : array (n,) or None
        With them the covariance is heteroskedasticity-consistent, of scores times weights.

    Returns
    -------
    array (B,)
        :math:`\mathrm{vec}(\hat b)'\hat V^{-1}\mathrm{vec}(\hat b)`.
    """
    draws, n, equations = errors.shape
    q = influence.shape[1]
    estimates = errors.swapaxes(1, 2) @ influence
    projected = errors.swapaxes(1, 2) @ orthonormal
    if weights is None:
        scatter = (errors.swapaxes(1, 2) @ errors - projected @ projected.swapaxes(1, 2)) / divisor
        # H'H is the block of (X'X)^-1; in its metric each equation's estimates are one vector.
        white = lower_solve(cholesky_impact(influence.T @ influence), estimates.swapaxes(1, 2))
        white = lower_solve(cholesky_impact(scatter), white.swapaxes(1, 2))
        return np.asarray((white**2).sum(axis=(1, 2)))
    residuals = errors - orthonormal @ projected.swapaxes(1, 2)
    weighted = influence * weights[:, None]
    scores = (residuals[..., None] * weighted[None, :, None, :]).reshape(draws, n, equations * q)
    lengths = np.sqrt(np.einsum("bnc,bnc->bc", scores, scores))
    lengths = np.where(lengths > 0.0, lengths, 1.0)
    scores /= lengths[:, None]
    stacked = (estimates.reshape(draws, equations * q) / lengths)[..., None]
    solved = np.linalg.solve(scores.swapaxes(1, 2) @ scores, stacked)
    return np.asarray((stacked * solved).sum(axis=(1, 2)))

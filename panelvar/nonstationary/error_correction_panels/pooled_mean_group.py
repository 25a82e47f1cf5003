"""The pooled mean group estimator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from panelvar.core.base.arguments import read_entity_terms, read_number, read_whole, refuse_other
from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import Note, NumericalError, SpecificationError, choose, emit
from panelvar.core.base.limits import MOST_DRAWS
from panelvar.core.base.shared_parameters import documented
from panelvar.core.tables.test_result import chi2_test
from panelvar.estimates.covariance.covariances import CovarianceEstimate
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.presets import as_convention
from panelvar.estimates.sizes.known_sizes import size_notes
from panelvar.nonstationary.error_correction_panels.ardl_fits import ArdlFits, fit_ardl
from panelvar.nonstationary.error_correction_panels.ardl_rows import Lags, ardl_rows
from panelvar.nonstationary.error_correction_panels.error_correction import ErrorCorrectionResult, Likelihood
from panelvar.nonstationary.error_correction_panels.error_correction_form import error_correction_fit
from panelvar.nonstationary.error_correction_panels.pooled_long_run import (
    LongRunProblem,
    Maximum,
    OwnInformation,
    Point,
    back_substitution,
    inverse_positive,
    inverse_triangle,
    long_run_problem,
    newton_raphson,
    own_information,
    own_short_run,
    search_from,
)
from panelvar.panels.heterogeneous.random_coefficients import mean_group
from panelvar.panels.heterogeneous.unit_fits import refuse_exact

_SEARCHES = {"newton-raphson": newton_raphson, "back-substitution": back_substitution}
# Maxima further apart than this in log-likelihood are different maxima.
_APART = 1e-6
# The most entities whose own long run is tried as a start.
_LOOKED_AT = 100


@documented
def fit_pooled_mean_group(
    data: object,
    y: str,
    x: Sequence[str] | str | None = None,
    *,
    lags: Lags = 1,
    max_lags: int | Sequence[int] = 2,
    common_orders: bool = False,
    short_run: Sequence[str] | str = (),
    common: Sequence[str] | str = (),
    trend: str | None = None,
    algorithm: str = "newton-raphson",
    information: str = "expected",
    start: Mapping[str, float] | None = None,
    max_iterations: int = 10_000,
    min_rows: int | None = None,
    unusable: str = "drop",
    convention: str | Convention = "default",
    missing: str = "drop",
) -> ErrorCorrectionResult:
    r"""Fit an ARDL panel whose entities share the long run and nothing else, by maximum likelihood.

    .. math:: \Delta y_{it} = \phi_i (y_{i,t-1} - \theta'x_{it}) + \sum_{j=1}^{p-1}\lambda_{ij}\Delta y_{i,t-j}
              + \sum_{j=0}^{q-1}\delta_{ij}'\Delta x_{i,t-j} + \mu_i + \varepsilon_{it},
              \qquad \varepsilon_{it} \sim N(0, \sigma_i^2)

    Parameters
    ----------
    {data, y (levels), x (levels), lags (chosen), max_lags, common_orders, short_run}
    common : str or sequence of str
        Short-run terms whose coefficient all entities share, such as ``"D(x1)"``.
    {trend (entities)}
    algorithm : {"newton-raphson", "back-substitution"}
        Newton steps with the analytic Hessian, or the paper's alternation between long run and short run, which is safe
        but slow. Both reach the same maximum, to 1e-10 of a standard error.
    information : {"expected", "observed"}
        Covariance from the paper's information matrix, or from the Hessian at the estimates.
    start : mapping of names to float, optional
        Where to begin: a value for each long-run regressor. By default the search begins three times: from the static
        fixed-effects regression, from the median of the entities' own long-run coefficients, and from the likeliest of
        these. The highest maximum is taken; a warning says if there are others.
    max_iterations : int
        When to give up with a `NumericalError`.
    {min_rows, unusable}
    convention : str or Convention
        How results are reported; inference is by the normal distribution, as maximum likelihood's is.
    {missing}

    Returns
    -------
    ErrorCorrectionResult
        ``long_run``, ``speed``, ``short_run``; ``individual`` coefficients with errors; ``homogeneity``, the
        likelihood-ratio test of a common long run; ``joint_cov``, the covariance of all parameters.

    Raises
    ------
    NumericalError
        If the search does not converge, the long run is not identified, or an entity fits exactly.
    DataError, SpecificationError, CollinearityError, InsufficientDataError
        See `panelvar.core.base.errors`.

    See Also
    --------
    fit_ardl_mean_group : Long runs that differ.
    fit_dynamic_fixed_effects : Everything common but the constants.
    hausman_test : Compares two of the three.
    fit_fmols : A cointegrating relation by itself.

    Notes
    -----
    The estimator is that of Pesaran, Shin and Smith (1999, Journal of the American Statistical Association 94; from
    memory). Speed and short run are averages over entities, with variance
    :math:`\frac{1}{N(N-1)}\sum_i(\hat\phi_i-\bar\phi)^2`. The covariance of ``params`` has zeros between them and the
    long run, as in Stata's xtpmg.

    The estimates are consistent, with I(0) and I(1) regressors alike, if the long run is common, errors are independent
    over time (enough lags) and over entities, and x does not depend on them. If long runs differ, they are inconsistent
    for the mean, while `fit_ardl_mean_group` is not: compare the two by `hausman_test`. Do not use it for short panels,
    nor if shocks are common to all entities.

    Examples
    --------
    >>> import panelvar as pv
    >>> import numpy as np
    >>> import pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> x = rng.standard_normal((20, 60)).cumsum(axis=1)
    >>> y = 2 * x + rng.standard_normal((20, 60))
    >>> index = pd.MultiIndex.from_product([range(20), range(60)], names=["country", "year"])
    >>> frame = pd.DataFrame({"x": x.ravel(), "y": y.ravel()}, index=index)
    >>> fit = pv.fit_pooled_mean_group(frame, "y ~ x")
    >>> fit.long_run.round(4).to_dict()
    {'x': 2.0036}
    >>> print(round(fit.speed, 4))
    -0.98
    """
    constant, trended = read_entity_terms(trend)
    chosen = as_convention(convention)
    choose("algorithm", algorithm, _SEARCHES)
    choose("information", information, ("expected", "observed"))
    most = read_whole("max_iterations", max_iterations, 1, MOST_DRAWS)
    rows = ardl_rows(data, y, x, short_run=short_run, constant=constant, trend=trended, missing=missing)
    fits = fit_ardl(
        rows, lags, max_lags=max_lags, common_orders=common_orders, pooled=common, min_rows=min_rows, unusable=unusable
    )
    refuse_exact(fits.design, fits.units.rss, "so the likelihood has no maximum. Leave such entities out.")
    units = fits.units
    problem = long_run_problem(units.triangles, units.targets, units.rss, fits.sizes, fits.k, len(fits.pooled))
    maximum, notes = _climb(problem, fits, algorithm, start, most)
    result = _assemble(fits, problem, maximum, information, algorithm, chosen, notes)
    emit(result.notes)
    return result


def _climb(
    problem: LongRunProblem, fits: ArdlFits, algorithm: str, start: Mapping[str, float] | None, most: int
) -> tuple[Maximum, tuple[Note, ...]]:
    """Climb from the given start, or from three, and take the highest maximum."""
    names = fits.rows.long_run
    if start is not None:
        refuse_other("start", start, Mapping, "a mapping of long-run regressors to numbers")
        absent = [name for name in names if name not in start]
        if absent or len(start) > len(names):
            raise SpecificationError(
                f"start= has {', '.join(map(repr, start))}. Give one number for each of {', '.join(map(repr, names))}."
            )
        starts = [problem.with_pooled(np.array([read_number(f"start[{name!r}]", start[name]) for name in names]))]
    else:
        starts = [problem.first_guess(), *map(problem.with_pooled, _own_guesses(problem, fits))]
    ends, failure = [], None
    for each in starts:
        try:
            ends.append(search_from(each, problem, _SEARCHES[algorithm], most))
        except NumericalError as error:
            # One climb may leave the region where the long run is identified while another stays in it.
            failure = error
    reached = [end for end in ends if end.converged]
    if failure is not None and not ends:
        raise failure
    if not reached:
        raise NumericalError(
            f"{count_of(max(end.iterations for end in ends), 'iteration')} of {algorithm} did not reach the maximum of "
            f"the likelihood (best log-likelihood {max(end.point.loglik for end in ends):.6g}). The long run may not "
            "be identified. Try the other algorithm=, start= near a plausible long run, or fewer regressors."
        )
    best = max(reached, key=lambda end: end.point.loglik)
    notes: tuple[Note, ...] = ()
    lower = [end for end in reached if best.point.loglik - end.point.loglik > _APART]
    if lower:
        next_best = max(lower, key=lambda end: end.point.loglik)
        other = ", ".join(f"{name} {value:.4g}" for name, value in zip(names, next_best.point.shared, strict=False))
        text = (
            "The likelihood has more than one maximum. Another one, lower by "
            f"{best.point.loglik - next_best.point.loglik:.4g}, is at {other}, and there may be more. start= says "
            "where the search begins."
        )
        notes = (Note("several-maxima", text, warn=True),)
    return best, notes


def _own_guesses(problem: LongRunProblem, fits: ArdlFits) -> list[Array]:
    """Return the median of the entities' own long runs, and the one under which the sample is likeliest."""
    levels, lagged = fits.units.coefficients[:, -1 - fits.k : -1], fits.units.coefficients[:, -1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        every = -levels / lagged
    every = every[np.isfinite(every).all(axis=1)]
    if len(every) == 0:
        return []
    looked_at = every[:: -(-len(every) // _LOOKED_AT)]
    likeliest = max(looked_at, key=lambda theta: problem.at(problem.with_pooled(theta)).loglik)
    return [np.median(every, axis=0), likeliest]


def _assemble(
    fits: ArdlFits,
    problem: LongRunProblem,
    maximum: Maximum,
    information: str,
    algorithm: str,
    convention: Convention,
    notes: tuple[Note, ...],
) -> ErrorCorrectionResult:
    """Turn the maximum into coefficients of all entities, their averages and covariances."""
    point, k, triangles = maximum.point, fits.k, fits.units.triangles
    shared_cov = _shared_covariance(problem, point, information)
    split = own_information(triangles, point, k, observed=information == "observed")
    present = np.concatenate((np.ones((len(point.speeds), 1), dtype=bool), fits.present), axis=1)
    split = OwnInformation(
        split.conditional * (present[:, :, None] & present[:, None, :]), split.loadings * present[:, :, None]
    )
    own = own_short_run(triangles, fits.units.targets, point, k)
    n, shared = len(own), len(point.shared)
    pooled = np.tile(point.shared[k:], (n, 1))
    errors = _own_errors(fits, split.marginal(shared_cov), shared_cov)
    average, spread = mean_group(np.concatenate((point.speeds[:, None], fits.short_run(own, pooled)), axis=1))
    matrix = np.zeros((len(fits.names),) * 2)
    matrix[k:, k:] = spread
    places_of_shared = [*range(k), *(fits.names.index(name) for name in fits.pooled)]
    matrix[places_of_shared[k:], :] = 0.0
    matrix[:, places_of_shared[k:]] = 0.0
    matrix[np.ix_(places_of_shared, places_of_shared)] = shared_cov
    fit = error_correction_fit(
        fits,
        coefficients=np.concatenate((point.shared[:k], average)),
        long_run=np.tile(point.shared[:k], (n, 1)),
        speeds=point.speeds,
        own=own,
        pooled=pooled,
        own_errors=errors,
        variances=point.variances,
        parameters=shared + int(present.sum()),
        notes=notes,
    )
    statistic, df = max(0.0, 2.0 * (fits.loglik - point.loglik)), (n - 1) * shared
    what = "the long-run coefficients" if shared == k else "the long-run and the shared short-run coefficients"
    few = size_notes("homogeneity", float(np.median(fits.sizes)))
    homogeneity = chi2_test("Likelihood ratio", statistic, df, f"{what} are the same for all entities", few)
    label = "information matrix; dispersion over entities"
    some = np.asarray(present.any(axis=0))
    return ErrorCorrectionResult(
        fit,
        CovarianceEstimate(matrix, label, np.inf),
        convention,
        "Pooled mean group",
        point.loglik,
        Likelihood(
            (*fits.rows.long_run, *fits.pooled), point.shared, shared_cov, split.of(some), homogeneity, algorithm,
            maximum.iterations,
        ),
    )  # fmt: skip


def _shared_covariance(problem: LongRunProblem, point: Point, information: str) -> Array:
    if information == "observed":
        inverse = inverse_positive(problem.observed(point))
        if inverse is None:
            raise NumericalError("The Hessian at the maximum is singular, so the long run is not identified.")
        return inverse
    root = inverse_triangle(problem.expected_triangle(point))
    return root @ root.T


def _own_errors(fits: ArdlFits, marginal: Array, shared: Array) -> Array:
    """Standard errors of every entity's coefficients in the order of the result, (N, p)."""
    n, k = len(marginal), fits.k
    own = np.sqrt(np.diagonal(marginal, axis1=1, axis2=2))
    common = np.tile(np.sqrt(np.diagonal(shared)), (n, 1))
    short = fits.short_run(own[:, 1:], common[:, k:])
    return np.concatenate((common[:, :k], own[:, :1], short), axis=1)

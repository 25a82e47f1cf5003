"""Regressions on the rows of a fit with instruments, under its covariance: what its tests are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import MissingInformationError, NumericalError
from panelvar.core.tables.test_result import TestResult
from panelvar.estimates.covariance.covariances import Classical, Covariance, LeverageAdjusted
from panelvar.estimates.covariance.serial import SerialCovariance
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.fit import Fit
from panelvar.estimates.fit.instrumented import Instrumented
from panelvar.estimates.fit.small_samples import without_factors
from panelvar.kernels.linear.k_class import Layout, k_class
from panelvar.kernels.linear.qr import solve, triangularize
from panelvar.panels.static.result import LinearResult


def instrumented_of(fit: Fit, what: str) -> Instrumented:
    """Return what the fit knows of its instruments, rows included.

    Raises
    ------
    MissingInformationError
        If the rows were released.
    """
    instrumented = fit.instrumented
    if instrumented is None or instrumented.rows is None:
        raise MissingInformationError(f"{what} needs the data rows, which without_rows() released. Refit the model.")
    return instrumented


def auxiliary_fit(
    fit: Fit,
    loadings: Array,
    names: Sequence[str],
    dependent: str,
    *,
    coefficients: Array | None = None,
) -> Fit:
    """Regress one combination of ``[Z, W, y]`` on others, on the rows and with the constant and effects of a fit.

    Parameters
    ----------
    fit : Fit
        A fit with instruments.
    loadings : (L + p + 1, m + 1) array
        Regressors and, last, the dependent variable.
    names, dependent
        Names of the regressors and of the dependent variable.
    coefficients : (m,) array, optional
        Keep these instead of the least-squares solution; residuals and scores are then computed from them.
    """
    base = instrumented_of(fit, "A regression of the instruments")
    rows = base.combined(loadings)
    triangle = triangularize(np.asfortranarray(base.triangle @ loadings))
    raw_norms = base.raw_norms @ np.abs(loadings)
    solution = solve(triangle, raw_norms[:-1])
    if coefficients is not None:
        left = triangle[:, -1] - triangle[:, :-1] @ coefficients
        solution = solution._replace(coefficients=coefficients, rss=float(left @ left))
    design = fit.design.of_rows(rows, names, dependent)
    counts = fit.counts
    reported = counts.coefficients - counts.slopes
    centre = base.centre @ loadings
    return replace(
        fit,
        model=replace(fit.model, source=design, design=design, rows=rows, centre=centre, moments=None),
        solution=solution,
        tss=float(np.square(triangle[:, -1]).sum()),
        counts=counts._replace(slopes=len(solution.kept), coefficients=len(solution.kept) + reported),
        notes=(),
        structural=None,
        instrumented=None,
    )


def orthonormal_moments(fit: Fit) -> Fit:
    r"""Return the fit whose scores are :math:`q_i e_i`, with q the orthonormal instruments.

    Its slopes are zero, its residuals those of ``fit``, and the slope part of its covariance is that of
    :math:`\sum_i q_i e_i`.
    """
    base = instrumented_of(fit, "A covariance of moments")
    n = base.layout.instruments
    basis = np.zeros((len(base.triangle), n + 1))
    basis[:n, :n] = np.linalg.inv(base.triangle[:n, :n])
    basis[:, -1] = base.residual()
    names = [f"moment {j}" for j in range(n)]
    out = auxiliary_fit(fit, basis, names, "residual", coefficients=np.zeros(n))
    identity = np.eye(n)
    solution = out.solution._replace(kept=np.arange(n), dropped=(), r=identity, inverse_r=identity)
    centre = out.centre.copy()
    centre[:-1] = 0.0
    return replace(out, model=replace(out.model, centre=centre), solution=solution, counts=fit.counts)


def covariance_estimator(result: LinearResult) -> Covariance:
    """Return what estimates the covariance of a result with instruments, so that tests estimate theirs the same way."""
    specification = result.covariance.specification
    assert specification is not None
    return specification


def regression(
    result: LinearResult,
    loadings: Array,
    names: Sequence[str],
    dependent: str,
    *,
    title: str,
    coefficients: Array | None = None,
    convention: Convention | None = None,
) -> LinearResult:
    """Regress one combination of ``[Z, W, y]`` on others (see `auxiliary_fit`)."""
    fit = auxiliary_fit(result.fit, loadings, names, dependent, coefficients=coefficients)
    chosen = result.convention if convention is None else convention
    return LinearResult(fit, covariance_estimator(result)(fit, chosen), chosen, title)


def on_instruments(result: LinearResult, target: Array, dependent: str, title: str = "First stage") -> LinearResult:
    """Regress a combination of ``[Z, W, y]`` on the instruments."""
    base = instrumented_of(result.fit, title)
    n = base.layout.instruments
    loadings = np.column_stack((base.units(range(n)), target))
    convention = by_own_residuals(result.convention)
    return regression(result, loadings, base.names[:n], dependent, title=title, convention=convention)


def by_own_residuals(convention: Convention) -> Convention:
    """Return the convention for regressions of anything but y: variance components are those of the errors of y."""
    return convention.but(name=convention.name, random_scale="gls")


def as_f(test: TestResult, restrictions: int, df: float) -> tuple[float, float, float]:
    """Return the F of a test with its degrees of freedom, for so many restrictions, whatever its distribution."""
    if test.distribution == "f" and test.df is not None and test.df_denominator is not None:
        return test.statistic * test.df / restrictions, float(restrictions), test.df_denominator
    return test.statistic / restrictions, float(restrictions), df


def is_classical(result: LinearResult) -> bool:
    """Whether errors are taken as homoskedastic and uncorrelated."""
    return isinstance(result.covariance.specification, Classical)


def without_leverage(specification: Covariance) -> Covariance:
    """Return the covariance without an adjustment for leverage, which moments do not have; kernels stay."""
    if isinstance(specification, LeverageAdjusted) and not isinstance(specification, SerialCovariance):
        return specification.unadjusted()
    return specification


def large_sample(result: LinearResult) -> int:
    """Rows less absorbed effects: what a residual variance is divided by in asymptotic tests."""
    counts = result.fit.counts
    return counts.rows - counts.absorbed - int(not counts.reported_constant)


def first_stage_df(fit: Fit) -> int:
    """Rows less instruments, constant and absorbed effects."""
    base = instrumented_of(fit, "A first stage")
    return fit.counts._replace(slopes=base.layout.instruments).residual_df


def recast(fit: Fit, order: Sequence[int], layout: Layout) -> Fit:
    """Return the fit by 2SLS with the columns of ``[Z, W, y]`` in other parts."""
    base = instrumented_of(fit, "A test of instruments")
    places = list(order)
    triangle = triangularize(np.asfortranarray(base.triangle[:, places]))
    estimate = k_class(triangle, layout)
    changed = replace(
        base,
        method="2sls",
        layout=layout,
        names=tuple(base.names[i] for i in places),
        rows=base.combined(base.units(places)),
        triangle=triangle,
        raw_norms=base.raw_norms[places],
        centre=base.centre[places],
        estimate=estimate,
        kappa=1.0,
        distance=None,
    )
    return replace(fit, instrumented=changed)


def moment_root(result: LinearResult, fit: Fit) -> Array:
    r"""Return the lower triangular root of the covariance of :math:`\sum_i q_i e_i` at a fit's residuals, (L, L).

    Classical: :math:`\hat\sigma^2 I` with :math:`\hat\sigma^2 = e'e` over `large_sample`.
    """
    base = instrumented_of(fit, "A test of instruments")
    n = base.layout.instruments
    residual = base.estimate.residual
    variance = float(residual @ residual) / large_sample(result)
    if fit.exact or variance == 0.0:
        raise NumericalError("The residuals are zero, so there is nothing to test the instruments by.")
    if is_classical(result):
        return np.diag(np.full(n, np.sqrt(variance)))
    moments = orthonormal_moments(fit)
    estimate = without_leverage(covariance_estimator(result))(moments, without_factors(result.convention))
    first = int(fit.constant)
    matrix = estimate.matrix[first:, first:] / variance
    root = well_conditioned_root(matrix)
    if root is None:
        raise NumericalError(
            f"The covariance ({estimate.label}) of the {n} moments is singular. The test needs more clusters (or rows, "
            "without clusters) than instruments. Use fewer instruments, or with_cov('classical')."
        )
    return np.asarray(root * np.sqrt(variance))


def well_conditioned_root(matrix: Array) -> Array | None:
    """Return the Cholesky factor of a covariance of moments, or None where it is nearly singular.

    The moments are of orthonormal instruments, so that neither units nor a base category decide.
    """
    try:
        root = np.asarray(np.linalg.cholesky(matrix), dtype=np.float64)
    except np.linalg.LinAlgError:
        return None
    return root if np.linalg.cond(root) < 1e7 else None


def smallest_distance(base: Instrumented, root: Array, kept: Sequence[int] | None = None) -> float:
    r"""Return :math:`\min_b g(b)'S^{-1}g(b)` over the moments of all instruments, or of those kept.

    Parameters
    ----------
    base : Instrumented
    root : (L, L) array
        Root of S, the covariance of the moments of the orthonormal instruments.
    kept : sequence of int, optional
        Positions of the instruments whose moments count.
    """
    n = base.layout.instruments
    projected = base.triangle[:n, [*base.layout.regressors, -1]]
    if kept is not None:
        span = np.linalg.qr(base.triangle[:n, list(kept)])[0]
        projected = span.T @ projected
        root = triangularize(np.asfortranarray((span.T @ root).T)).T
    scaled = np.linalg.solve(root, projected)
    basis = np.linalg.qr(scaled[:, :-1])[0]
    left = scaled[:, -1] - basis @ (basis.T @ scaled[:, -1])
    return float(left @ left)

r"""Inference that is valid however weak the instruments are: Anderson and Rubin's test, and the set it accepts."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np

from panelvar.core.base.arguments import read_number
from panelvar.core.base.arrays import Array
from panelvar.core.base.chosen_names import written_otherwise
from panelvar.core.base.errors import NumericalError, SpecificationError, check_level, choose
from panelvar.core.tables.test_result import TestResult
from panelvar.estimates.bands.confidence_set import ConfidenceSet
from panelvar.estimates.coefficients.wald import zero_test
from panelvar.panels.instruments.regressions import instrumented_of, on_instruments
from panelvar.panels.static.result import LinearResult

Quadratic = tuple[Array, Array, Array]


def anderson_rubin(self: LinearResult, values: Mapping[str, float] | float = 0.0) -> TestResult:
    """Test the coefficients of all endogenous regressors at once, validly however weak the instruments.

    Under the null, the excluded instruments have no coefficient in the regression of y less the hypothesis on all
    instruments (Anderson and Rubin 1949); this is tested under the result's covariance. A rejection may also mean
    that instruments are invalid.

    Parameters
    ----------
    values : mapping of name to value, or one value for all
        Values of the coefficients under the null.

    Returns
    -------
    TestResult

    Raises
    ------
    SpecificationError
        If a name is not an endogenous regressor, or one has no value.

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("grunfeld")
    >>> firms["before"] = firms.groupby("firm")["value"].shift()
    >>> fit = pv.fit_iv_pooled(firms.dropna(), "invest ~ capital + [value ~ before]")
    >>> fit.anderson_rubin({"value": 0.1})
    <Anderson-Rubin: F(1, 206) = 8.9172, p = 0.0032>
    """
    base = instrumented_of(self.fit, "The Anderson-Rubin test")
    if isinstance(values, Mapping):
        values = {written_otherwise(name, base.endogenous) or choose("values", name, base.endogenous): value
                  for name, value in values.items()}  # fmt: skip
        missing = [name for name in base.endogenous if name not in values]
        if missing:
            raise SpecificationError(
                "The Anderson-Rubin test is of all endogenous coefficients at once, but values= has none for "
                f"{', '.join(missing)}."
            )
        hypothesis = [read_number(f"values[{name!r}]", values[name]) for name in base.endogenous]
    else:
        hypothesis = [read_number("values", values)] * len(base.endogenous)
    n = base.layout.instruments
    target = base.units([len(base.names) - 1])[:, 0]
    target[n:-1] = -np.array(hypothesis)
    reduced = on_instruments(self, target, base.names[-1], "Reduced form")
    null = ", ".join(f"{name} = {value:g}" for name, value in zip(base.endogenous, hypothesis, strict=True))
    return zero_test(reduced, base.excluded, "Anderson-Rubin", null)


def anderson_rubin_set(self: LinearResult, *, level: float = 0.95) -> ConfidenceSet:
    r"""Return the values of the endogenous regressor's coefficient that `anderson_rubin` does not reject.

    With weak instruments it may be unbounded or consist of two pieces, and with invalid ones it may be empty.

    Parameters
    ----------
    level : float
        Coverage, 0.5 or more.

    Returns
    -------
    ConfidenceSet

    Raises
    ------
    SpecificationError
        If there are several endogenous regressors.

    Notes
    -----
    With :math:`\gamma(t) = \hat\gamma_y - t\hat\gamma_p` the reduced form of :math:`y - tp` and V(t) its covariance, a
    quadratic in t, the ends solve :math:`\det[cV(t) - \gamma(t)\gamma(t)'] = 0`, a quadratic eigenvalue problem.

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("grunfeld")
    >>> firms["before"] = firms.groupby("firm")["value"].shift()
    >>> fit = pv.fit_iv_pooled(firms.dropna(), "invest ~ capital + [value ~ before]")
    >>> fit.anderson_rubin_set()
    <value: 95% Anderson-Rubin set [0.106096, 0.130042]>
    """
    level = check_level(level)
    base = instrumented_of(self.fit, "The Anderson-Rubin set")
    if len(base.endogenous) > 1:
        raise SpecificationError(
            "The Anderson-Rubin set exists for one endogenous regressor only. With several, anderson_rubin tests all "
            "coefficients at once."
        )
    self.fit.refuse_exact("The Anderson-Rubin set")
    (name,) = base.endogenous
    p = base.units([base.layout.instruments])[:, 0]
    y = base.units([len(base.names) - 1])[:, 0]
    # In these units the two reduced forms have errors of one size.
    unit = float(np.linalg.norm(base.triangle[:, -1]) / np.linalg.norm(base.triangle[:, base.layout.instruments]))
    gammas, matrices, df = [], [], np.inf
    for target in (y, unit * p, y - unit * p):
        reduced = on_instruments(self, target, base.names[-1], "Reduced form")
        first = int(reduced.fit.constant) + base.layout.exogenous
        gammas.append(reduced.fit.coefficients[first:])
        matrices.append(reduced.covariance.matrix[first:, first:])
        df = reduced.covariance.df
    root = base.triangle[base.layout.exogenous : base.layout.instruments, base.layout.exogenous :]
    turn = root[:, : base.layout.excluded]
    own, other, both = (turn @ matrix @ turn.T for matrix in matrices)
    critical = _critical(base.layout.excluded, df, level)
    quadratic = (own, both - own - other, other)
    ends = _find_accepted(quadratic, turn @ gammas[0], turn @ gammas[1], critical)
    intervals = tuple((low * unit, high * unit) for low, high in ends)
    return ConfidenceSet(name, intervals, level)


def _critical(restrictions: int, df: float, level: float) -> float:
    from scipy.special import chdtri, fdtri

    if np.isinf(df):
        return float(chdtri(restrictions, 1.0 - level))
    return restrictions * float(fdtri(restrictions, df, level))


def _find_accepted(quadratic: Quadratic, y: Array, p: Array, critical: float) -> list[tuple[float, float]]:
    r"""Return where :math:`(y - tp)'V(t)^{-1}(y - tp) \le c`, with V(t) = V0 + t V1 + t^2 V2."""
    constant, linear, square = quadratic
    size = len(y)
    try:
        scale = np.linalg.cholesky(constant + square)
    except np.linalg.LinAlgError:
        raise NumericalError(
            f"The covariance of the reduced form's {size} instruments is not positive definite. The Anderson-Rubin set "
            "needs more clusters (or rows, without clusters) than instruments. Use fewer instruments, or "
            "with_cov('classical')."
        ) from None

    def whiten(matrix: Array) -> Array:
        half = np.linalg.solve(scale, matrix)
        return np.asarray(np.linalg.solve(scale, half.T).T)

    a = whiten(critical * constant - np.outer(y, y))
    b = whiten(critical * linear + np.outer(y, p) + np.outer(p, y))
    c = whiten(critical * square - np.outer(p, p))
    from scipy.linalg import eig

    left = np.block([[np.zeros((size, size)), np.eye(size)], [-a, -b]])
    right = np.block([[np.eye(size), np.zeros((size, size))], [np.zeros((size, size)), c]])
    top, bottom = eig(left, right, right=False, homogeneous_eigvals=True)
    # Both reduced forms were whitened, and t is in a unit in which their errors are of one size.
    finite = np.abs(bottom) > 1e-13 * np.abs(top)
    roots = top[finite] / bottom[finite]
    real = np.sort(roots.real[np.abs(roots.imag) <= 1e-7 * (1.0 + np.abs(roots.real))])

    def inside(t: float) -> bool:
        gap = y - t * p
        variance = constant + t * linear + t * t * square
        try:
            return float(gap @ np.linalg.solve(variance, gap)) <= critical
        except np.linalg.LinAlgError:
            raise NumericalError(
                "The covariance of the reduced form is singular, so the set cannot be found."
            ) from None

    edges = real.tolist()
    tried = [0.0]
    if edges:
        first, last = edges[0] - max(1.0, abs(edges[0])), edges[-1] + max(1.0, abs(edges[-1]))
        tried = [first, *(0.5 * (low + high) for low, high in itertools.pairwise(edges)), last]
    pieces: list[tuple[float, float]] = []
    for (low, high), t in zip(itertools.pairwise([-np.inf, *edges, np.inf]), tried, strict=True):
        if not inside(t):
            continue
        if pieces and pieces[-1][1] == low:
            pieces[-1] = (pieces[-1][0], high)
        else:
            pieces.append((low, high))
    return pieces

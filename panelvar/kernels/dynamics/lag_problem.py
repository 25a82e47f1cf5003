r"""Least squares of a vector autoregression by one QR, and thousands of refits of it at once.

The columns are laid out as [deterministics, lag 1, ..., lag p, Y]. With R the triangular factor of all of them,

.. math:: R = \begin{pmatrix} R_{11} & R_{12} \\ 0 & R_{22} \end{pmatrix}, \qquad
    \hat B = R_{11}^{-1} R_{12}, \quad (X'X)^{-1} = R_{11}^{-1} R_{11}^{-\prime}, \quad \hat U'\hat U = R_{22}' R_{22},

and the residual cross-products of every shorter lag order are read from the rows of the last K columns. Nothing is
inverted but a triangle, and no cross-product of data is ever formed.

References
----------
Luetkepohl (2005), section 3.2 for the estimator, chapter 4 for the criteria, appendix D for the residual bootstrap.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arrays import Array, Mask, Positions
from panelvar.kernels.dynamics.generated_products import GeneratedProducts, generated_products

# Memory of the rows of one chunk of bootstrap draws: larger chunks leave the cache, smaller ones pay the interpreter.
CHUNK_BYTES = 8_000_000
# Where that is a draw or two, more of them share the cost of a period, and their rows exist a stretch at a time.
FEWEST_DRAWS, MOST_BYTES = 16, 64_000_000
EPSILON = float(np.finfo(np.float64).eps)


class Refits(NamedTuple):
    """Many refits.

    Attributes
    ----------
    params : array (B, m, K)
    scatter_factor : array (B, K, K)
        Lower factor of U'U.
    triangle : array (B, m, m)
        Lower L with :math:`X'X = R_{11}' L L' R_{11}` in each draw's data, R11 being the original fit's.
    beside : array (B, K, k) or None
        Cross products of each draw's residuals with the series given beside them.
    regressors_beside : array (B, m, k) or None
        Those of each draw's regressors, in the coordinates :math:`x R_{11}^{-1}`.
    """

    params: Array
    scatter_factor: Array
    triangle: Array
    beside: Array | None = None
    regressors_beside: Array | None = None

    def spread(self, problem: LagProblem) -> Array:
        """Roots S (B, m, m) of the inverse moments of each draw's regressors, :math:`(X'X)^{-1} = S S'`."""
        inverse = np.linalg.solve(
            self.triangle.swapaxes(1, 2), np.broadcast_to(np.eye(self.triangle.shape[-1]), self.triangle.shape)
        )
        return problem.inverse_factor @ inverse

    def corrected(self, problem: LagProblem, params: Array, scatter_factor: Array, change: Array) -> Refits:
        """Other estimates from the same data sets, lower by ``change``."""
        beside = self.beside
        if beside is not None and self.regressors_beside is not None:
            gap = problem.factor[: problem.n_regressors, : problem.n_regressors] @ change
            beside = beside + gap.swapaxes(1, 2) @ self.regressors_beside
        return self._replace(params=params, scatter_factor=scatter_factor, beside=beside)


def stack_lags(y: Array, lags: int, deterministic: Array, rows: Positions | None = None) -> Array:
    """Lay out [deterministics, lag 1, ..., lag p, Y] for the rows to be explained, column-major.

    Parameters
    ----------
    y : array (T, K)
        One row a period, oldest first, without gaps (absent periods are rows of NaN).
    lags : int
    deterministic : array (T, d)
    rows : array of int (n,), optional
        Positions in ``y`` of the rows to be explained, each at least ``lags``. None takes all from ``lags`` on.

    Returns
    -------
    array (n, d + pK + K), Fortran order
    """
    n_periods, n_vars = y.shape
    n_deterministic = deterministic.shape[1]
    n_regressors = n_deterministic + lags * n_vars
    n_rows = n_periods - lags if rows is None else rows.size
    design = np.empty((n_rows, n_regressors + n_vars), order="F")
    keep: slice | Positions = slice(lags, None) if rows is None else rows
    design[:, :n_deterministic] = deterministic[keep]
    design[:, n_regressors:] = y[keep]
    for lag in range(1, lags + 1):
        first = n_deterministic + (lag - 1) * n_vars
        past: slice | Positions = slice(lags - lag, n_periods - lag) if rows is None else rows - lag
        design[:, first : first + n_vars] = y[past]
    return design


@dataclass(frozen=True, eq=False)
class LagProblem:
    """A vector autoregression's least-squares problem and everything read from its triangular factor.

    Parameters
    ----------
    design : array (n, m + K), Fortran order
        [deterministics, lags, Y] as laid out by `stack_lags`; m = d + pK regressors.
    n_deterministic, lags, n_vars : int
        d, p and K.
    run_starts : tuple of int
        Rows that do not continue the row before them by one period; row 0 always, others only after gaps.

    Examples
    --------
    >>> import numpy as np
    >>> from panelvar.kernels.dynamics.lag_problem import LagProblem, stack_lags
    >>> y = np.random.default_rng(0).standard_normal((60, 2))
    >>> problem = LagProblem(stack_lags(y, 1, np.ones((60, 1))), n_deterministic=1, lags=1, n_vars=2)
    >>> problem.params.shape, problem.df_resid, problem.residual_covariance("df").shape
    ((3, 2), 56, (2, 2))
    """

    design: Array
    n_deterministic: int
    lags: int
    n_vars: int
    run_starts: tuple[int, ...] = (0,)

    @property
    def restriction(self) -> str:
        """What is restricted, in words; empty for a system whose equations have all regressors."""
        return ""

    @property
    def nobs(self) -> int:
        """Rows explained, n."""
        return int(self.design.shape[0])

    @property
    def n_regressors(self) -> int:
        """Coefficients in each equation, m = d + pK."""
        return self.n_deterministic + self.lags * self.n_vars

    @property
    def df_resid(self) -> int:
        """Residual degrees of freedom of each equation, n - m."""
        return self.nobs - self.n_regressors

    @property
    def degrees(self) -> int | Positions:
        """Residual degrees of freedom, of all equations alike or one by one (K,)."""
        return self.df_resid

    @property
    def n_free(self) -> int:
        """Coefficients estimated in all equations together."""
        return self.n_regressors * self.n_vars

    @property
    def n_lag_parameters(self) -> int:
        """Parameters behind the lagged values, K^2 p: what portmanteau statistics lose."""
        return self.lags * self.n_vars**2

    def residual_covariance(self, kind: str) -> Array:
        """U'U over the rows (``"ml"``) or the degrees of freedom (``"df"``)."""
        factor = self.scatter_factor
        return freeze(factor @ factor.T / (self.df_resid if kind == "df" else self.nobs))

    @cached_property
    def factor(self) -> Array:
        """Upper triangular R of the design, (m + K, m + K); n is at least m + K."""
        from scipy.linalg.lapack import dgeqrf

        width = self.design.shape[1]
        return freeze(np.where(_below_diagonal(width), 0.0, dgeqrf(self.design)[0][:width]))

    @cached_property
    def params(self) -> Array:
        """Coefficients (m, K), regressors by equations: B = R11^-1 R12 (section 3.2)."""
        from scipy.linalg.lapack import dtrtrs

        m = self.n_regressors
        return freeze(dtrtrs(self.factor[:m, :m], self.factor[:m, m:])[0])

    @cached_property
    def inverse_factor(self) -> Array:
        """R11^-1, (m, m): its rows' sums of squares are the diagonal of (X'X)^-1."""
        from scipy.linalg.lapack import dtrtri

        m = self.n_regressors
        return freeze(dtrtri(self.factor[:m, :m])[0])

    @property
    def coefficients(self) -> Array:
        """Lag matrices (p, K, K), entry [j - 1, i, k] moving variable i by variable k, j periods earlier."""
        return lag_matrices(self.params, self.n_deterministic)

    @cached_property
    def scatter_factor(self) -> Array:
        """Lower triangular C (K, K) with positive diagonal and C C' = U'U."""
        corner = self.factor[self.n_regressors :, self.n_regressors :].T
        return freeze(corner * np.copysign(1.0, corner.diagonal()))

    @cached_property
    def residuals(self) -> Array:
        """Y - X B, (n, K)."""
        return freeze(self._errors(self.params))

    @property
    def tested_regressors(self) -> Array:
        """Regressors that an auxiliary regression of the residuals keeps, those they are orthogonal to."""
        return self.design[:, : self.n_regressors]

    @cached_property
    def column_sizes(self) -> Array:
        """Euclidean norms of the design's columns, infinite where a square overflows."""
        return freeze(np.sqrt(np.einsum("ij,ij->j", self.factor, self.factor)))

    @cached_property
    def dependent_columns(self) -> tuple[int, ...]:
        """Columns of the design that are linear combinations of those before them, to working precision.

        Below m: a regressor that is not identified. From m on: an equation that fits exactly, or whose error is a
        combination of the errors before it. A column's own size is the measure, so units do not matter.
        """
        pivots = zip(self.factor.diagonal().tolist(), self.column_sizes.tolist(), strict=True)
        return tuple(place for place, (pivot, size) in enumerate(pivots) if abs(pivot) <= rounding_of(self.nobs) * size)

    @property
    def exact_equations(self) -> Mask:
        """Equations (K,) whose residuals are rounding."""
        left = np.sqrt(np.einsum("ij,ij->i", self.scatter_factor, self.scatter_factor))
        sizes = self.column_sizes[-self.n_vars :]
        return np.asarray((left <= rounding_of(self.nobs) * sizes) & np.isfinite(sizes))

    def scatter_factors_by_order(self) -> Array:
        """Factors of the residual cross-products of lag orders 0, ..., p on this problem's rows.

        Leaving out the last lags adds the rows of R that belonged to them to the residuals.

        Returns
        -------
        array (p + 1, K, K)
            Upper triangular up to signs; entry [q] is F with F'F = U'U of the VAR(q).
        """
        return scatter_by_order(self.factor, self.n_deterministic, self.lags, self.n_vars)

    def influence(self) -> Array:
        """What each row adds to the coefficients, equation by equation, (n, K m): u_t kron (X'X)^-1 x_t."""
        moved = (self.design[:, : self.n_regressors] @ self.inverse_factor) @ self.inverse_factor.T
        return (self.residuals[:, :, None] * moved[:, None, :]).reshape(self.nobs, -1)

    def directions(self, factor: Array, spread: Array | None = None) -> Array:
        """Directions (..., D, m, K) whose outer products add up to the covariance of the coefficients.

        They vary as sigma kron (X'X)^-1: one direction for each pair of a column of F and one of S.

        Parameters
        ----------
        factor : array (..., K, K)
            F with F F' = sigma.
        spread : array (..., m, m), optional
            S with S S' = (X'X)^-1 of other data; this problem's by default.
        """
        own = self.inverse_factor if spread is None else spread
        m, n_vars = self.n_regressors, self.n_vars
        pairs = np.einsum("...rs,...ij->...sjri", own, factor)
        return np.asarray(pairs.reshape(*factor.shape[:-2], m * n_vars, m, n_vars))

    def chunk_size(self) -> int:
        """Draws refitted at once."""
        size = self.design.itemsize
        few = min(FEWEST_DRAWS, MOST_BYTES // (self.nobs * self.n_vars * size))
        return int(max(1, CHUNK_BYTES // (self.design.size * size), few))

    def _recursion(self, params: Array | None) -> tuple[Array, Array]:
        """Base rows [X R11^-1, U] (n, m + K) and the matrix that moves a deviation from them one period on."""
        if params is None:
            return self._own_recursion
        base = np.concatenate([self._own_recursion[0][:, : self.n_regressors], self._errors(params)], axis=1)
        return base, self._advance(params)

    @cached_property
    def _own_recursion(self) -> tuple[Array, Array]:
        whitened = self.design[:, : self.n_regressors] @ self.inverse_factor
        return np.concatenate([whitened, self.residuals], axis=1), self._advance(self.params)

    def _advance(self, params: Array) -> Array:
        d, m, n_vars = self.n_deterministic, self.n_regressors, self.n_vars
        if m == d:
            return np.zeros((n_vars, 0))
        triangle, inverse = self.factor[d:m, d:m], self.inverse_factor[d:m, d:m]
        shift = np.zeros((m - d, m - d))
        shift[:, :n_vars] = params[d:]
        shift[: m - d - n_vars, n_vars:] = np.eye(m - d - n_vars)
        return np.concatenate([triangle @ shift @ inverse, inverse[:n_vars]])

    def _stretches(self, innovations: Array, base: Array, advance: Array) -> Iterator[tuple[slice, Array]]:
        """Yield rows [Z, U*] (B, periods, m + K) of every draw, one stretch of periods after another, in one buffer."""
        d, m, n_draws, width = self.n_deterministic, self.n_regressors, innovations.shape[0], base.shape[1]
        length = min(self.nobs, max(1, CHUNK_BYTES // (8 * n_draws * width)))
        buffer = np.empty((n_draws, length, width))
        starts = set(self.run_starts)
        before = np.empty((n_draws, width - d))
        for first in range(0, self.nobs, length):
            part = slice(first, min(first + length, self.nobs))
            rows = buffer[:, : part.stop - first]
            rows[..., :d] = 0.0
            np.subtract(innovations[:, part], base[part, m:], out=rows[..., m:])
            for row in range(part.stop - first):
                if first + row in starts:
                    rows[:, row, d:m] = 0.0
                else:
                    np.matmul(rows[:, row - 1, d:] if row else before, advance, out=rows[:, row, d:m])
            before[:] = rows[:, -1, d:]
            rows += base[part]
            yield part, rows

    def _laid_out(self, innovations: Array, params: Array | None, beside: Array | None) -> tuple[Array, Array | None]:
        """Cross products of the rows [Z, U*] of each draw, and theirs with what stands beside."""
        base, advance = self._recursion(params)
        n_draws, width = len(innovations), base.shape[1]
        gram = np.zeros((n_draws, width, width))
        products = None if beside is None else np.zeros((n_draws, width, beside.shape[-1]))
        # Data sets of an explosive system leave the range of numbers: whoever reads the draws says so.
        with np.errstate(over="ignore", invalid="ignore"):
            for periods, rows in self._stretches(innovations, base, advance):
                gram += rows.swapaxes(1, 2) @ rows
                if products is not None and beside is not None:
                    products += rows.swapaxes(1, 2) @ beside[:, periods]
        return gram, products

    def _generated(self, params: Array | None) -> GeneratedProducts | None:
        """What gives the cross products of draws without their rows, if it keeps their digits."""
        if params is None:
            return self._own_generated
        return self._generated_by(params, self._errors(params))

    @cached_property
    def _own_generated(self) -> GeneratedProducts | None:
        return self._generated_by(self.params, self.residuals)

    def _generated_by(self, params: Array, residuals: Array) -> GeneratedProducts | None:
        # After a gap a row does not hold the observations of the row before.
        if self.lags == 0 or len(self.run_starts) > 1:
            return None
        return generated_products(self.design, self.n_deterministic, params, residuals, self.inverse_factor)

    def _errors(self, params: Array) -> Array:
        m = self.n_regressors
        return self.design[:, m:] - self.design[:, :m] @ params

    def refit(self, innovations: Array, params: Array | None = None, beside: Array | None = None) -> Refits:
        r"""Refit on data generated recursively from other innovations, presample values kept.

        Draw b is :math:`y^*_t = D_t + \sum_j A_j y^*_{t-j} + u^*_t` with the estimates, or with the ``params`` given;
        after a gap the recursion starts again from the observed lags. The deviation of the draw's regressors from the
        observed ones, in the coordinates :math:`z = x R_{11}^{-1}` of the original fit, follows a recursion of its own
        without deterministic terms. Least squares in z on the innovations,

        .. math:: B^* = B + R_{11}^{-1} (Z'Z)^{-1} Z'U^*,

        costs no digits on nearly integrated data: Z'Z is near the identity however ill conditioned X is. Where X is
        well conditioned the same cross products come from `generated_products`, without the rows. A draw that is ill
        conditioned all the same is solved by a QR of its own.

        Parameters
        ----------
        innovations : array (B, n, K)
        params : array (m, K), optional
            Coefficients that generate the data; the estimates by default.
        beside : array (B, n, k), optional
            Series whose cross products with each draw's residuals are wanted.

        Returns
        -------
        Refits
            The same numbers as a loop of single fits.
        """
        m, products = self.n_regressors, None
        generated = None if beside is not None else self._generated(params)
        if generated is None:
            gram, products = self._laid_out(innovations, params, beside)
            far = np.zeros(len(gram), dtype=bool)
        else:
            gram, far = generated.gram(innovations)
        lower, poor = _lower_factors(gram, m)
        for draw in np.union1d(poor, np.flatnonzero(far)):
            # Each is copied, because they share a buffer.
            alone = self._stretches(innovations[draw : draw + 1], *self._recursion(params))
            parts = [rows[0].copy() for _, rows in alone]
            upper = _upper_factor(np.concatenate(parts))
            lower[draw] = upper.T * np.where(upper.diagonal() < 0.0, -1.0, 1.0)
        change = np.linalg.solve(lower[:, :m, :m].swapaxes(1, 2), lower[:, m:, :m].swapaxes(1, 2))
        origin = self.params if params is None else params
        refits = Refits(origin + self.inverse_factor @ change, lower[:, m:, m:], lower[:, :m, :m])
        if products is None:
            return refits
        cross = products[:, m:] - change.swapaxes(1, 2) @ products[:, :m]
        return refits._replace(beside=cross, regressors_beside=products[:, :m])


@lru_cache(maxsize=64)
def _below_diagonal(width: int) -> npt.NDArray[np.bool_]:
    """Where LAPACK keeps the reflections, not the triangle. Kept: making it costs more than a small factorisation."""
    return np.tri(width, k=-1, dtype=bool).T.copy().T


def freeze(array: Array) -> Array:
    """Guard an array that results share."""
    array.setflags(write=False)
    return array


def rounding_of(rows: int) -> float:
    """What rounding leaves of a column that is a linear combination of others, beside its size."""
    return float(32.0 * EPSILON * rows**0.5)


def coefficient_errors(inverse_factor: Array, scatter_factor: Array, divisor: int | Positions) -> Array:
    r"""Roots (..., m, K) of the diagonal of :math:`(X'X)^{-1}` times that of U'U over a divisor."""
    spread = np.sqrt(np.einsum("...ij,...ij->...i", inverse_factor, inverse_factor))
    squares = np.einsum("...ij,...ij->...i", scatter_factor, scatter_factor)
    return np.asarray(spread[..., :, None] * np.sqrt(squares / divisor)[..., None, :])


def kronecker_wald(estimates: Array, spread: Array, sigma: Array) -> float:
    r"""Wald statistic of the hypothesis that coefficients B with a covariance that is a Kronecker product are zero.

    .. math:: W = \mathrm{tr}\left[\Sigma^{-1} B' (S S')^{-1} B\right]

    Parameters
    ----------
    estimates : array (q, E)
        Coefficients tested, regressors by equations.
    spread : array (q, m)
        S, with S S' the block of the inverse moments that belongs to these regressors.
    sigma : array (E, E)
        Residual covariance of these equations.

    Raises
    ------
    numpy.linalg.LinAlgError
        Sigma is singular.
    """
    from scipy.linalg import solve_triangular

    scaled = solve_triangular(_upper_factor(spread.T), estimates, trans="T")
    whitened = solve_triangular(np.linalg.cholesky(sigma), scaled.T, lower=True)
    return float(np.sum(whitened**2))


def scatter_by_order(factors: Array, n_deterministic: int, lags: int, n_vars: int) -> Array:
    """Factors (..., p + 1, K, K) of the residual cross-products of lag orders 0 to p, from triangles (..., w, w)."""
    right = factors[..., n_deterministic + lags * n_vars :]
    tails = np.zeros((*factors.shape[:-2], lags + 1, lags * n_vars + n_vars, n_vars))
    for order in range(lags + 1):
        tail = right[..., n_deterministic + order * n_vars :, :]
        tails[..., order, : tail.shape[-2], :] = tail
    return _upper_factor(tails)


def lower_factor(upper: Array) -> Array:
    """Lower factors with positive diagonals from upper triangles (..., K, K)."""
    signs = np.where(upper.diagonal(axis1=-2, axis2=-1) < 0.0, -1.0, 1.0)
    return upper.swapaxes(-1, -2) * signs[..., None, :]


def _upper_factor(matrix: Array) -> Array:
    """Triangular factor R of each matrix (..., n, w); NumPy's stubs do not say that mode "r" returns an array."""
    return np.asarray(np.linalg.qr(matrix, mode="r"), dtype=np.float64)


def _lower_factors(gram: Array, n_regressors: int) -> tuple[Array, Positions]:
    """Lower factors L (B, w, w) with L L' = W'W, and the draws that want a QR of their rows W instead."""
    try:
        lower = np.linalg.cholesky(gram).astype(np.float64, copy=False)
    except np.linalg.LinAlgError:
        return np.empty_like(gram), np.arange(len(gram))
    pivots = lower.diagonal(axis1=1, axis2=2)[:, :n_regressors]
    # Coordinates z are those of the original fit's orthonormal basis, which have no units. Forming Z'Z loses the square
    # of Z's condition; beyond a thousand a QR of the draw keeps the digits.
    return lower, np.flatnonzero(pivots.min(axis=1) < 1e-3 * pivots.max(axis=1))


def lag_matrices(params: Array, n_deterministic: int) -> Array:
    """Turn regressors-by-equations coefficients (..., m, K) into lag matrices (..., p, K, K)."""
    *batch, n_regressors, n_vars = params.shape
    lags = (n_regressors - n_deterministic) // n_vars
    return params[..., n_deterministic:, :].reshape(*batch, lags, n_vars, n_vars).swapaxes(-1, -2)

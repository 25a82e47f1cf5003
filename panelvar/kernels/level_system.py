"""The Schur complement of two crossed effects: components, solution, leverage."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from panelvar.errors import NumericalError
from panelvar.kernels.groups import FloatArray, Grouping

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# A dense Schur complement of this order takes 32 MB and a fraction of a second to factor.
DIRECT_LIMIT = 2_000
# Conjugate gradients stop at this residual, relative to the right-hand side and the size of the solution.
TOLERANCE = 1e-13
MAX_ITERATIONS = 20_000

# Cells of a cross table that is always held dense: 800 kB.
_SMALL_CROSS = 100_000
# Cost of a multiplication in a sparse product over that in a dense one.
_SPARSE_COST = 50
# Cells of the dense blocks in which a sparse cross table is handled: 8 MB.
_BLOCK_CELLS = 1_000_000


class LevelSystem:
    """Normal equations of two crossed effects after the larger is eliminated.

    In units of the square root of mass, ``C = W_1^(-1/2) N W_2^(-1/2)``, the Schur complement is ``I - C'C``. Its
    eigenvalues lie in [0, 1], and each connected component adds one null vector u. Adding ``u u'`` makes it positive
    definite without touching the solution orthogonal to u, and unlike grounding a level it never makes the
    condition worse.

    Parameters
    ----------
    large, small : Grouping
        The effect with more levels, and the other.
    weights : (n,) array or None
    """

    def __init__(self, large: Grouping, small: Grouping, weights: FloatArray | None) -> None:
        self.large = large
        self.small = small
        self.weights = weights
        self.large_mass = large.mass(weights)
        self.small_mass = small.mass(weights)

    @cached_property
    def cross(self) -> FloatArray | csr_array:
        """Cross table (G_1, G_2) of the masses of pairs: dense where it is small or well filled, else sparse."""
        n_large, n_small = self.large.n_groups, self.small.n_groups
        codes, n_rows = self.small.codes, len(self.small.codes)
        if n_large * n_small <= max(_SMALL_CROSS, 2 * n_rows):
            pairs = self.large.codes.astype(np.intp) * n_small + codes
            return np.bincount(pairs, self.weights, n_large * n_small).reshape(n_large, n_small).astype(np.float64)
        from scipy.sparse import coo_array, csr_array

        shape = (n_large, n_small)
        mass = np.ones(n_rows) if self.weights is None else self.weights
        if self.large.starts is not None:
            # Sorted rows are a compressed table as they stand; repeated pairs add up in every product.
            return csr_array((mass, codes, self.large.starts.astype(codes.dtype)), shape=shape)
        return csr_array(coo_array((mass, (self.large.codes, codes)), shape=shape))

    @cached_property
    def is_balanced(self) -> bool:
        """Whether every pair of levels carries the same mass, so that the solution is in closed form."""
        cross = self.cross
        return isinstance(cross, np.ndarray) and bool(cross.min() == cross.max())

    @cached_property
    def _components(self) -> tuple[int, NDArray[np.intp], NDArray[np.intp]]:
        n_large, n_small = self.large.n_groups, self.small.n_groups
        cross = self.cross
        if isinstance(cross, np.ndarray) and bool((cross > 0.0).all(axis=1).any()):
            # Some level meets every level of the other effect.
            return 1, np.zeros(n_large, dtype=np.intp), np.zeros(n_small, dtype=np.intp)
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import connected_components

        table = csr_array(cross)
        index = table.indices.dtype
        edges = csr_array(
            (
                np.ones(table.nnz, dtype=np.int8),
                table.indices + index.type(n_large),
                np.concatenate([table.indptr, np.full(n_small, table.nnz, dtype=index)]),
            ),
            shape=(n_large + n_small, n_large + n_small),
        )
        count, labels = connected_components(edges, directed=False)
        return int(count), labels[:n_large].astype(np.intp), labels[n_large:].astype(np.intp)

    @property
    def n_components(self) -> int:
        """Number of connected components."""
        return self._components[0]

    @property
    def large_components(self) -> NDArray[np.intp]:
        """Component (G_1,) of each level of the larger effect."""
        return self._components[1]

    @property
    def small_components(self) -> NDArray[np.intp]:
        """Component (G_2,) of each level of the smaller effect."""
        return self._components[2]

    def average_small(self, small: FloatArray) -> FloatArray:
        """Average a table of the smaller effect over each level of the larger, ``W_1^(-1) N b``: (G_1, k)."""
        average: FloatArray = self.cross @ small
        average /= self.large_mass[:, None]
        return average

    def component_means_of_large(self, large: FloatArray) -> FloatArray:
        """Average a table of the larger effect over the rows of each component: (n_components, k)."""
        return self._component_means(large, self.large_mass, self.large_components)

    def _component_means(
        self, table: FloatArray, mass: FloatArray, components: NDArray[np.intp]
    ) -> FloatArray:
        total = np.bincount(components, mass, self.n_components)
        means = np.empty((self.n_components, table.shape[1]))
        for j in range(table.shape[1]):
            means[:, j] = np.bincount(components, mass * table[:, j], self.n_components)
        return means / total[:, None]

    def solve(self, sums: FloatArray, means: FloatArray) -> FloatArray:
        """Solve ``(W_2 - N' W_1^(-1) N) b = sums`` for the table whose sum over each component is zero.

        Parameters
        ----------
        sums : (G_2, k) array
            Sums over each level of the smaller effect of the residuals from the larger.
        means : (G_1, k) array
            Means over the larger effect; they set the scale below which `sums` are rounding errors.

        Returns
        -------
        (G_2, k) array
        """
        root = np.sqrt(self.small_mass)[:, None]
        if self.is_balanced:
            table = sums / self.small_mass[:, None]
        elif self.small.n_groups <= DIRECT_LIMIT:
            from scipy.linalg import cho_solve

            table = cho_solve((self._factor, True), sums / root, check_finite=False) / root
        else:
            noise = np.sqrt(self.large_mass @ means**2)
            table = self._iterate(sums / root, noise) / root
        table -= self._component_means(table, self.small_mass, self.small_components)[self.small_components]
        return np.asfortranarray(table)

    @cached_property
    def _factor(self) -> FloatArray:
        """Lower Cholesky factor of ``I - C'C + sum_c u_c u_c'``."""
        from scipy.linalg import LinAlgError, cholesky

        schur = self._gram()
        np.negative(schur, out=schur)
        schur.flat[:: len(schur) + 1] += 1.0
        root = np.sqrt(self.small_mass)
        order = np.argsort(self.small_components, kind="stable")
        ends = np.cumsum(np.bincount(self.small_components, minlength=self.n_components))
        start = 0
        for end in ends:
            levels = order[start:end]
            null = root[levels] / np.sqrt(np.sum(self.small_mass[levels]))
            schur[np.ix_(levels, levels)] += np.outer(null, null)
            start = end
        try:
            return np.asarray(cholesky(schur, lower=True, overwrite_a=True, check_finite=False))
        except LinAlgError as error:
            raise NumericalError(
                "The two effects are too weakly connected to be told apart in double precision: the Cholesky factor "
                "of their Schur complement does not exist. Weights of very different size are the usual cause."
            ) from error

    def _gram(self) -> FloatArray:
        """``C'C`` (G_2, G_2), by whichever of a sparse and a blocked dense product is cheaper."""
        cross = self.cross
        n_large, n_small = self.large.n_groups, self.small.n_groups
        large_root = np.sqrt(self.large_mass)
        small_root = np.sqrt(self.small_mass)
        if isinstance(cross, np.ndarray):
            scaled = cross / large_root[:, None]
            gram = scaled.T @ scaled
        else:
            from scipy.sparse import csr_array

            lengths = np.diff(cross.indptr).astype(np.float64)
            if _SPARSE_COST * float(lengths @ lengths) < n_large * n_small * (n_small + _SPARSE_COST):
                data = cross.data / np.repeat(large_root, np.diff(cross.indptr))
                scaled = csr_array((data, cross.indices, cross.indptr), shape=cross.shape)
                gram = (scaled.T @ scaled).toarray()
            else:
                gram = np.zeros((n_small, n_small))
                step = max(1, _BLOCK_CELLS // n_small)
                for start in range(0, n_large, step):
                    block = cross[start : start + step].toarray()
                    block /= large_root[start : start + step, None]
                    gram += block.T @ block
        gram /= small_root[:, None]
        gram /= small_root
        return np.asarray(gram)

    def _iterate(self, target: FloatArray, noise: FloatArray) -> FloatArray:
        """Solve ``(I - C'C) z = target`` by conjugate gradients, all columns together.

        A column stops when ``|target - (I - C'C) z| <= 1e-13 max(|target|, |z|) + eps * noise``: backward stable, since
        the matrix has norm one, and below what rounding the data did to the target.
        """
        cross, transposed = self.cross, self.cross.T
        inverse_root = 1.0 / np.sqrt(self.small_mass)[:, None]
        inverse_mass = 1.0 / self.large_mass[:, None]

        def multiply(vectors: FloatArray) -> FloatArray:
            inner = cross @ (vectors * inverse_root)
            inner *= inverse_mass
            image: FloatArray = transposed @ inner
            image *= inverse_root
            return vectors - image

        # Rounding leaves a part of the target in the null space, where it would never decrease.
        by_mass = target * inverse_root
        rest = target - self._component_means(by_mass, self.small_mass, self.small_components)[
            self.small_components
        ] / inverse_root
        rest = np.ascontiguousarray(rest)
        solution = np.zeros_like(rest)
        direction = rest.copy()
        squares = np.einsum("ij,ij->j", rest, rest)
        floor = TOLERANCE * np.sqrt(squares) + np.finfo(np.float64).eps * noise
        for _ in range(MAX_ITERATIONS):
            size = np.sqrt(np.einsum("ij,ij->j", solution, solution))
            active = np.sqrt(squares) > np.maximum(floor, TOLERANCE * size)
            if not active.any():
                return solution
            image = multiply(direction)
            curvature = np.einsum("ij,ij->j", direction, image)
            active &= curvature > 0.0
            step = np.where(active, squares / np.where(active, curvature, 1.0), 0.0)
            solution += step * direction
            rest -= step * image
            updated = np.einsum("ij,ij->j", rest, rest)
            ratio = np.where(active, updated / np.where(active, squares, 1.0), 0.0)
            direction *= ratio
            direction += rest
            squares = np.where(active, updated, squares)
        raise NumericalError(
            f"Conjugate gradients did not reach a relative residual of {TOLERANCE:g} in {MAX_ITERATIONS} iterations: "
            f"the two effects, of {self.large.n_groups} and {self.small.n_groups} levels, are weakly connected. "
            "Drop levels with few rows, or restrict the sample to well connected components."
        )

    def leverage(self) -> FloatArray:
        """Diagonal (n,) of the projection on both effects, ``w_i (1/m_g + (e_t - q_g)' V (e_t - q_g))``.

        Here V is the pseudo-inverse of the Schur complement and ``q_g`` the share of each level of the smaller effect
        in level g of the larger.

        Raises
        ------
        NumericalError
            If the smaller effect has more than `DIRECT_LIMIT` levels.
        """
        if self.is_balanced:
            h = (
                (1.0 / self.large_mass)[self.large.codes]
                + (1.0 / self.small_mass)[self.small.codes]
                - 1.0 / np.sum(self.small_mass)
            )
            return h if self.weights is None else h * self.weights
        if self.small.n_groups > DIRECT_LIMIT:
            raise NumericalError(
                f"The leverages of two effects need a direct factor of the smaller, which has {self.small.n_groups} "
                f"levels; the limit is {DIRECT_LIMIT}. Use a covariance that needs no leverages, such as HC1 or "
                "clustered."
            )
        from scipy.linalg import cho_solve

        root = np.sqrt(self.small_mass)
        inverse: FloatArray = cho_solve((self._factor, True), np.eye(len(root)), check_finite=False)
        inverse /= root[:, None]
        inverse /= root
        variances = np.diagonal(inverse)
        cross = self.cross
        sparse = not isinstance(cross, np.ndarray)
        large_codes, small_codes = self.large.codes, self.small.codes
        starts = self.large.starts
        order = None
        if starts is None:
            order = np.argsort(large_codes, kind="stable")
            starts = np.concatenate([[0], np.cumsum(self.large.sizes)])
        h = np.empty(len(large_codes))
        step = max(1, _BLOCK_CELLS // len(root))
        for begin in range(0, self.large.n_groups, step):
            end = min(begin + step, self.large.n_groups)
            block = cross[begin:end]
            shares = (block.toarray() if sparse else block) / self.large_mass[begin:end, None]
            # A sparse product pays where few of the cells are filled.
            if sparse and _SPARSE_COST * block.nnz < shares.size:
                covariances = np.asarray(block @ inverse) / self.large_mass[begin:end, None]
            else:
                covariances = shares @ inverse
            own = np.einsum("ij,ij->i", covariances, shares) + 1.0 / self.large_mass[begin:end]
            rows = slice(starts[begin], starts[end]) if order is None else order[starts[begin] : starts[end]]
            level, period = large_codes[rows] - begin, small_codes[rows]
            h[rows] = own[level] + variances[period] - 2.0 * covariances[level, period]
        return h if self.weights is None else h * self.weights

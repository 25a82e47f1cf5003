"""Normal equations of two crossed effects: the Schur complement of the smaller effect, and what is solved with it.

The larger of two sets of dummies is eliminated from the normal equations. The rest is solved directly, or by conjugate
gradients, and gives level tables, variances and leverages. Everything that two effects share goes through the cross
table of their pairs of levels.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import NumericalError
from panelvar.kernels.absorption.approximate_cholesky import ApproximateCholesky, linked_levels
from panelvar.kernels.absorption.conjugate_gradients import conjugate_gradients
from panelvar.kernels.absorption.level_pairs import bipartite_components, pair_sums
from panelvar.kernels.linear.groups import Grouping

if TYPE_CHECKING:
    from scipy.sparse import csr_array


# A dense Schur complement of this order takes 32 MB and a fraction of a second to factor.
DIRECT_LIMIT = 2_000
# Conjugate gradients stop at this residual, relative to the right-hand side and the size of the solution.
TOLERANCE = 1e-13
MAX_ITERATIONS = 20_000

# Iterations without a preconditioner: well connected effects need about a dozen.
_PLAIN_ITERATIONS = 30
# Iterations with one; it is of no use where these are not enough.
_PRECONDITIONED_ITERATIONS = 200
# Products of pairs, for each cell of the cross table, worth spending on the links between levels.
_LINK_WORK = 12
# Cells of a cross table that is always held dense: 800 kB.
_SMALL_CROSS = 100_000
# Cells a row up to which a cross table is held dense: a multiplication costs a hundredth of a sparse one there.
_CELLS_A_ROW = 2
# Cost of a multiplication in a sparse product over that in a dense one.
_SPARSE_COST = 100
# Size of the dense blocks in which a cross table is multiplied: large enough for the product to run at full speed.
_BLOCK_CELLS = 100_000
_BLOCK_LEVELS = 512
# A factor of fewer multiplications, or worth fewer iterations, is made at once.
_CHEAP_FACTOR = 1e8
_MIN_ITERATIONS = 12


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

    def __init__(self, large: Grouping, small: Grouping, weights: Array | None) -> None:
        self.large = large
        self.small = small
        self.weights = weights
        self.large_mass = large.mass(weights)
        self.small_mass = small.mass(weights)

    @cached_property
    def cross(self) -> Array | csr_array:
        """Cross table (G_1, G_2) of the masses of pairs: dense where it is small or half filled, else sparse."""
        limit = max(_SMALL_CROSS, _CELLS_A_ROW * self.small.n_rows)
        return pair_sums(self.large, self.small, self.weights, limit)

    @cached_property
    def is_balanced(self) -> bool:
        """Whether every pair of levels carries the same mass, so that the solution is in closed form."""
        cross = self.cross
        return isinstance(cross, np.ndarray) and bool(cross.min() == cross.max())

    @cached_property
    def _components(self) -> tuple[int, NDArray[np.intp], NDArray[np.intp]]:
        return bipartite_components(self.cross)

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

    def average_small(self, small: Array) -> Array:
        """Average a table of the smaller effect over each level of the larger, ``W_1^(-1) N b``: (G_1, k)."""
        average: Array = self.cross @ small
        average /= self.large_mass[:, None]
        return average

    def component_means_of_large(self, large: Array) -> Array:
        """Average a table of the larger effect over the rows of each component: (n_components, k)."""
        return self._component_means(large, self.large_mass, self.large_components)

    def _component_means(self, table: Array, mass: Array, components: NDArray[np.intp]) -> Array:
        total = np.bincount(components, mass, self.n_components)
        means = np.empty((self.n_components, table.shape[1]))
        for j in range(table.shape[1]):
            means[:, j] = np.bincount(components, mass * table[:, j], self.n_components)
        return means / total[:, None]

    def solve(self, sums: Array, means: Array) -> Array:
        """Solve ``(W_2 - N' W_1^(-1) N) b = sums`` for the table whose sum over the rows of each component is zero.

        An error e in b leaves errors in the span of the dummies, and these enter a regression on the residuals only
        squared, as ``e' D'D e``: no second pass is needed.

        Parameters
        ----------
        sums : (G_2, k) array
            Sums over each level of the smaller effect of the residuals from the larger.
        means : (G_1, k) array
            Means over the larger effect; they set the scale below which `sums` are rounding errors.

        Returns
        -------
        (G_2, k) array
            Column-major.

        Raises
        ------
        NumericalError
            If the two effects are too weakly connected.
        """
        if self.is_balanced:
            table = sums / self.small_mass[:, None]
        else:
            root = np.sqrt(self.small_mass)[:, None]
            table = self._solve_scaled(sums / root, means) / root
        return np.asfortranarray(self._centre(table))

    def _centre(self, table: Array) -> Array:
        """Subtract from a table of the smaller effect its mean over the rows of each component."""
        return table - self._component_means(table, self.small_mass, self.small_components)[self.small_components]

    def _solve_scaled(self, target: Array, means: Array) -> Array:
        """Solve ``(I - C'C) z = target``, iterating first where that may cost less than the factor."""
        direct = self.small.n_groups <= DIRECT_LIMIT
        limit = _PLAIN_ITERATIONS
        if direct:
            limit = 0 if "_factor" in self.__dict__ else min(self.worthwhile_iterations(target.shape[1]), limit)
        with np.errstate(over="ignore"):  # of columns whose sums of squares overflow, which whoever asks refuses
            noise = np.finfo(np.float64).eps * np.sqrt(self.large_mass @ means**2)
        # Rounding leaves a part of the target in the null space, where no iteration reduces it.
        root = np.sqrt(self.small_mass)[:, None]
        target = self._centre(target / root) * root
        solution, solved = np.zeros_like(target), False
        if limit:
            solution, solved = conjugate_gradients(
                self._multiply,
                target,
                tolerance=TOLERANCE,
                floor=noise,
                max_iterations=limit,
                give_up=lambda _, left: left > limit,
            )
        if direct and not solved:
            from scipy.linalg import cho_solve

            return np.asarray(cho_solve((self._factor, False), target, check_finite=False))
        if not solved:
            solution, solved = self._precondition(target, noise, solution)
        if solved:
            return solution
        raise NumericalError(
            "The iterations did not converge: conjugate gradients did not reach a relative residual of "
            f"{TOLERANCE:g} in {MAX_ITERATIONS} iterations. The two effects, of {self.large.n_groups} and "
            f"{self.small.n_groups} levels, are weakly connected. Drop levels with few rows, or restrict the sample "
            "to well connected components."
        )

    def _multiply(self, vectors: Array) -> Array:
        """``(I - C'C) z`` through the cross table."""
        inverse_root = 1.0 / np.sqrt(self.small_mass)[:, None]
        inner = self.cross @ (vectors * inverse_root)
        inner /= self.large_mass[:, None]
        image: Array = self.cross.T @ inner
        image *= inverse_root
        return vectors - image

    def _precondition(self, target: Array, noise: Array, start: Array) -> tuple[Array, bool]:
        """Iterate on from `start` with an approximate factor; if that does not converge, without one."""
        multiply, solution = self._multiply, start
        if self._approximate is not None:
            links, approximate = self._approximate
            inverse_root = 1.0 / np.sqrt(self.small_mass)[:, None]
            diagonal = np.asarray(links.sum(axis=1)).reshape(-1, 1)

            def sparse(vectors: Array) -> Array:
                scaled = vectors * inverse_root
                image: Array = diagonal * scaled - links @ scaled
                image *= inverse_root
                return image

            # The links are often far fewer than the pairs they came through.
            multiply = sparse
            solution, solved = conjugate_gradients(
                sparse,
                target,
                tolerance=TOLERANCE,
                floor=noise,
                max_iterations=_PRECONDITIONED_ITERATIONS,
                precondition=lambda rest: approximate.solve(rest / inverse_root) / inverse_root,
                start=start,
            )
            if solved:
                return self._centre(solution * inverse_root) / inverse_root, True
        return conjugate_gradients(
            multiply, target, tolerance=TOLERANCE, floor=noise, max_iterations=MAX_ITERATIONS, start=solution
        )

    @cached_property
    def _approximate(self) -> tuple[csr_array, ApproximateCholesky] | None:
        """The links between levels of the smaller effect and their approximate factor, if they are few enough."""
        cross = self.cross
        if isinstance(cross, np.ndarray):
            return None
        links = linked_levels(cross, self.large_mass, _LINK_WORK * cross.nnz)
        return None if links is None else (links, ApproximateCholesky(links))

    @cached_property
    def _row_lengths(self) -> NDArray[np.intp] | None:
        """Stored cells in each row of a sparse cross table; None if it is dense."""
        cross = self.cross
        return None if isinstance(cross, np.ndarray) else np.diff(cross.indptr).astype(np.intp)

    @property
    def _sparse_work(self) -> float:
        lengths = self._row_lengths
        return np.inf if lengths is None else _SPARSE_COST * float(np.sum(lengths.astype(np.float64) ** 2))

    @property
    def _dense_work(self) -> float:
        cells = float(self.large.n_groups) * self.small.n_groups
        filling = 0 if self._row_lengths is None else _SPARSE_COST
        return cells * (self.small.n_groups + filling)

    def worthwhile_iterations(self, n_columns: int) -> int:
        """Return how many iterations cost as much as forming and factoring the Schur complement, 0 where that is cheap.

        Well connected panels need about a dozen.
        """
        work = min(self._sparse_work, self._dense_work) + self.small.n_groups**3 / 3.0
        # The cost of an iteration: in a sparse product, adding a multiple of a short row costs a quarter of a
        # multiplication.
        multiplications = 2.0 * n_columns * self.large.n_groups * self.small.n_groups
        if self._row_lengths is not None:
            multiplications = 0.5 * _SPARSE_COST * n_columns * float(np.sum(self._row_lengths))
        limit = int(work / multiplications)
        return 0 if limit < _MIN_ITERATIONS or work < _CHEAP_FACTOR else limit

    @cached_property
    def _factor(self) -> Array:
        """Upper Cholesky factor (G_2, G_2) of ``I - C'C + sum_c u_c u_c'``; the lower triangle is not used."""
        from scipy.linalg import LinAlgError, cholesky

        root = np.sqrt(self.small_mass)
        schur = self.weighted_gram(1.0 / self.large_mass)
        schur /= -root[:, None]
        schur /= root
        schur[np.diag_indices_from(schur)] += 1.0
        for levels in self._levels_by_component():
            null = root[levels] / np.sqrt(np.sum(self.small_mass[levels]))
            schur[np.ix_(levels, levels)] += np.outer(null, null)
        try:
            return np.asarray(cholesky(schur, lower=False, overwrite_a=True, check_finite=False))
        except LinAlgError as error:
            raise NumericalError(
                "Double precision cannot tell the two effects apart, because they are too weakly connected (the "
                "Cholesky factor of their Schur complement does not exist). The usual cause is weights of very "
                "different sizes. Drop levels with few rows, or rows of tiny weight."
            ) from error

    def _levels_by_component(self) -> list[NDArray[np.intp]]:
        order = np.argsort(self.small_components, kind="stable")
        ends = np.cumsum(np.bincount(self.small_components, minlength=self.n_components))
        return np.split(order, ends[:-1])

    def weighted_gram(self, large_weights: Array) -> Array:
        """``N' diag(w) N`` (G_2, G_2), column-major, upper triangle, by the cheaper of a sparse and a dense product.

        Parameters
        ----------
        large_weights : (G_1,) array
            Not negative.
        """
        cross = self.cross
        n_small = self.small.n_groups
        large_root = np.sqrt(large_weights)
        if not isinstance(cross, np.ndarray) and self._sparse_work < self._dense_work:
            from scipy.sparse import csr_array

            data = cross.data * np.repeat(large_root, np.diff(cross.indptr))
            scaled = csr_array((data, cross.indices, cross.indptr), shape=cross.shape)
            return np.asarray((scaled.T @ scaled).toarray(order="F"))
        from scipy.linalg.blas import dsyrk

        gram: Array = np.zeros((n_small, n_small), order="F")
        for begin, end in self._level_blocks():
            rows = cross[begin:end]
            block = (rows if isinstance(rows, np.ndarray) else rows.toarray()) * large_root[begin:end, None]
            gram = dsyrk(1.0, block.T, beta=1.0, c=gram, overwrite_c=1)
        return gram

    def schur_root(self, small: Array) -> Array:
        """Return r (G_2, k) with ``r'r = b' (W_2 - N' W_1^(-1) N) b`` for a table b of the smaller effect."""
        root = np.sqrt(self.small_mass)[:, None]
        centred: Array = root * self._centre(small)
        return centred if self.is_balanced else np.triu(self._factor) @ centred

    def _level_blocks(self) -> Iterator[tuple[int, int]]:
        """Yield the ends of consecutive blocks of levels of the larger effect."""
        step = max(_BLOCK_LEVELS, _BLOCK_CELLS // self.small.n_groups)
        for begin in range(0, self.large.n_groups, step):
            yield begin, min(begin + step, self.large.n_groups)

    def inverse(self, what: str, advice: str) -> Array:
        """Inverse (G_2, G_2) of the Schur complement plus one over the mass on the blocks of each component.

        For two vectors that sum to the same number in every component, it acts on their difference as the
        pseudo-inverse does.

        Raises
        ------
        NumericalError
            If the smaller effect has more than `DIRECT_LIMIT` levels. The message says that `what` needs it, and
            `advice`.
        """
        if self.small.n_groups > DIRECT_LIMIT:
            raise NumericalError(
                f"{what} need a factorisation of the smaller effect, which has {self.small.n_groups} levels; the "
                f"limit is {DIRECT_LIMIT}. {advice}"
            )
        from scipy.linalg import cho_solve

        root = np.sqrt(self.small_mass)
        # Symmetric; transposed to the row-major order that a sparse product reads without a copy.
        inverse: Array = cho_solve((self._factor, False), np.eye(len(root)), check_finite=False).T
        inverse /= root[:, None]
        inverse /= root
        return inverse

    @property
    def component_mass(self) -> Array:
        """Mass of the rows of each component (n_components,)."""
        return np.bincount(self.small_components, self.small_mass, self.n_components).astype(np.float64, copy=False)

    def leverage(self) -> Array:
        """Diagonal (n,) of the projection on both effects, ``w_i (1/m_g + (e_t - q_g)' V (e_t - q_g))``.

        Here V is the pseudo-inverse of the Schur complement and ``q_g`` the share of each level of the smaller effect
        in level g of the larger.

        Raises
        ------
        NumericalError
            If the smaller effect has more than `DIRECT_LIMIT` levels.
        """
        if self.is_balanced:
            h = self.large.spread(1.0 / self.large_mass) + self.small.spread(1.0 / self.small_mass)
            h = h - 1.0 / np.sum(self.small_mass)
            return h if self.weights is None else h * self.weights
        inverse = self.inverse(
            "The leverages of two effects", "Use a covariance that needs no leverages, such as HC1 or clustered."
        )
        large_codes, small_codes = self.large.codes, self.small.codes
        starts, order = self.large.starts, None
        if starts is None:
            order = np.argsort(large_codes, kind="stable")
            starts = np.concatenate([[0], np.cumsum(self.large.sizes)])
        # q_g' V e_t of every row; its mean over the rows of level g is q_g' V q_g.
        crossed = np.empty(len(large_codes))
        for begin, end in self._level_blocks():
            products = self.cross[begin:end] @ inverse
            rows = slice(starts[begin], starts[end]) if order is None else order[starts[begin] : starts[end]]
            crossed[rows] = products[large_codes[rows] - begin, small_codes[rows]]
        crossed /= self.large_mass[large_codes]
        own = 1.0 / self.large_mass + self.large.means(crossed, self.weights)
        h = own[large_codes] + np.diagonal(inverse)[small_codes] - 2.0 * crossed
        return h if self.weights is None else h * self.weights

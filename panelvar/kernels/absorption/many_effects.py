r"""Exact projection on three or more effects, or on slopes that differ by level, through one sparse level system.

An effect is a `Block`: a grouping and, within each of its levels, a small basis: a constant, one or several variables,
or both. The basis is made orthonormal within every level, :math:`\sum_{i \in g} w_i z_{ij} z_{ik} = \delta_{jk}`
(a function that does not vary there becomes zero), so that each block alone is projected on by sums. The block with
the most coefficients is eliminated; with C and B the (sparse) cross products of the other blocks with it and among
themselves, the rest solve

.. math:: (B - C'C)\, \theta = Z_2' W (x - Z_1 Z_1' W x), \qquad \theta_1 = Z_1' W x - C \theta .

The system is factored while it is small; beyond, `effect_iterations` solves it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.kernels.absorption.effect_iterations import solve_by_iterations
from panelvar.kernels.absorption.level_pairs import bipartite_components
from panelvar.kernels.absorption.orthonormal_block import Matrix, OrthonormalBlock, cross_products, cross_table

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# A dense system of this order is factored in about a second; its rank is then exact.
FACTOR_LIMIT = 1_500
# Multiplications worth spending to form that system; more are left to iterations.
_FACTOR_WORK = 3e10
# Pivot of the system (whose diagonal starts at one) below which a coefficient depends on those before it.
_NULL_PIVOT = 1e-10
# Products of pairs, for each cell of the couplings, worth spending to form the system's cells.
CELL_WORK = 12
# Cost of a multiplication in a sparse product over that in a dense one.
_SPARSE_FACTOR = 50
# Cells of the dense pieces in which the eliminated block is walked through.
_PIECE_CELLS = 4_000_000


def _dense(matrix: Any) -> Array:
    return matrix if isinstance(matrix, np.ndarray) else matrix.toarray()


class EffectSystem:
    """The level system of several blocks after the largest is eliminated.

    Parameters
    ----------
    blocks : sequence of OrthonormalBlock
    weights : (n,) array or None
    """

    def __init__(self, blocks: Sequence[OrthonormalBlock], weights: Array | None) -> None:
        self.weights = weights
        self.eliminated = int(np.argmax([b.block.size * b.block.grouping.n_groups for b in blocks]))
        self.first = blocks[self.eliminated]
        self._blocks = tuple(blocks)
        others = [b for i, b in enumerate(blocks) if i != self.eliminated]
        self.rest = tuple((b, j) for b in others for j in range(b.block.size))
        self._owner = [i for i, b in enumerate(others) for _ in range(b.block.size)]
        ends = np.cumsum([b.block.grouping.n_groups for b, _ in self.rest])
        self.offsets = np.concatenate([[0], ends]).astype(np.intp)
        self._found: dict[int, tuple[int, NDArray[np.intp]]] = {}
        alive = [b.alive.ravel(order="F") for b in others]
        self.alive = np.concatenate(alive) if alive else np.zeros(0, dtype=bool)

    @property
    def order(self) -> int:
        """Coefficients of the blocks that are not eliminated."""
        return int(self.offsets[-1])

    def part(self, b: int) -> slice:
        """Where the coefficients of one basis function of the rest are."""
        return slice(int(self.offsets[b]), int(self.offsets[b + 1]))

    @cached_property
    def coupling(self) -> list[list[Matrix]]:
        """C: for each basis function of the eliminated block, its cross products with every other one."""
        own = self.first
        return [[cross_products(own, i, b, j, self.weights) for b, j in self.rest] for i in range(own.block.size)]

    @cached_property
    def among(self) -> dict[tuple[int, int], Matrix]:
        """B less its diagonal, upper blocks: cross products among the blocks that are not eliminated."""
        return {
            (a, b): cross_products(*one, *other, self.weights)
            for a, one in enumerate(self.rest)
            for b, other in enumerate(self.rest)
            if a < b and self._owner[a] != self._owner[b]
        }

    def _components(self, b: int) -> tuple[int, NDArray[np.intp]]:
        """Components of the levels of function b through the eliminated block, and which is each level's."""
        if b not in self._found:
            count, _, component = bipartite_components(self.coupling[0][b])
            self._found[b] = count, component
        return self._found[b]

    def components(self, a: int, b: int) -> int:
        """Count the connected components of the graph of the groupings of two blocks, from a table that exists."""
        if not (self._blocks[a].block.level and self._blocks[b].block.level):
            grouping, other = self._blocks[a].block.grouping, self._blocks[b].block.grouping
            return bipartite_components(cross_table(grouping, other, self.weights))[0]
        # The first function of a block with levels is positive everywhere.
        others = [i for i in range(len(self._blocks)) if i != self.eliminated]
        if self.eliminated in (a, b):
            owner = others.index(b if a == self.eliminated else a)
            return self._components(self._owner.index(owner))[0]
        first, second = sorted((self._owner.index(others.index(a)), self._owner.index(others.index(b))))
        return bipartite_components(self.among[first, second])[0]

    @cached_property
    def is_direct(self) -> bool:
        """Whether the system is small enough to be formed and factored, so that its rank is exact."""
        m, own = self.order, self.first.block.grouping.n_groups * self.first.block.size
        if m > FACTOR_LIMIT:
            return False
        return min(self._sparse_work, float(own) * m * m) <= _FACTOR_WORK

    @cached_property
    def _sparse_work(self) -> float:
        # Cells of a row: at most one a row of data and basis function.
        sizes = self.first.block.grouping.sizes.astype(np.float64)
        filled = np.zeros(len(sizes))
        for block, _ in self.rest:
            filled += np.minimum(sizes, block.block.grouping.n_groups)
        return _SPARSE_FACTOR * self.first.block.size * float(filled @ filled)

    def cell(self, a: int, b: int) -> Matrix:
        """``B - C'C`` between basis functions a <= b of the rest; dense if either is coupled densely."""
        out: Any = self.among.get((a, b))
        if a == b:
            from scipy.sparse import diags_array

            alive = self.alive[self.part(a)].astype(np.float64)
            out = np.diag(alive) if isinstance(self.coupling[0][a], np.ndarray) else diags_array(alive)
        for row in self.coupling:
            product = row[a].T @ row[b]
            if isinstance(product, np.ndarray) and out is not None:
                out = _dense(out)
            out = -product if out is None else out - product
        if isinstance(out, np.ndarray):
            return out
        from scipy.sparse import csr_array

        return csr_array(out)

    @cached_property
    def wide(self) -> list[int]:
        """Basis functions that are coupled sparsely with the eliminated block."""
        return [b for b in range(len(self.rest)) if not isinstance(self.coupling[0][b], np.ndarray)]

    @cached_property
    def cells(self) -> dict[tuple[int, int], Matrix]:
        """Cells that are multiplied as they are: those with a dense coupling, few columns wide."""
        functions, wide = range(len(self.rest)), set(self.wide)
        return {(a, b): self.cell(a, b) for a in functions for b in functions[a:] if not {a, b} <= wide}

    def list_wide_cells(self) -> None:
        """Form the cells of the wide functions too, if that costs no more than some iterations."""
        wide = self.wide
        work = stored = 0.0
        for row in self.coupling:
            filled = np.zeros(self.first.block.grouping.n_groups)
            for b in wide:
                matrix: Any = row[b]
                filled += np.diff(matrix.indptr)
            work += float(filled @ filled)
            stored += float(filled.sum())
        if wide and work <= CELL_WORK * stored:
            self.cells.update({(a, b): self.cell(a, b) for a in wide for b in wide if a <= b})
            self.__dict__["wide"] = []

    def apply(self, theta: Array) -> Array:
        """Multiply coefficients (m, k) of the rest by ``B - C'C``."""
        pieces = [theta[self.part(b)] for b in range(len(self.rest))]
        out = np.zeros_like(theta)
        for (a, b), matrix in self.cells.items():
            out[self.part(a)] += matrix @ pieces[b]
            if a != b:
                out[self.part(b)] += matrix.T @ pieces[a]
        wide = self.wide
        for b in wide:
            out[self.part(b)] += pieces[b] * self.alive[self.part(b), None]
        for (a, b), matrix in self.among.items():
            if a in wide and b in wide:
                out[self.part(a)] += matrix @ pieces[b]
                out[self.part(b)] += matrix.T @ pieces[a]
        for row in self.coupling if wide else ():
            inner = self._coupled([row[b] for b in wide], [pieces[b] for b in wide])
            for b in wide:
                out[self.part(b)] -= row[b].T @ inner
        return out

    @staticmethod
    def _coupled(row: list[Matrix], pieces: list[Array]) -> Array:
        inner: Array = row[0] @ pieces[0]
        for matrix, piece in zip(row[1:], pieces[1:], strict=True):
            inner += matrix @ piece
        return inner

    def couple(self, theta: Array) -> list[Array]:
        """``C theta``, one (G, k) array for each basis function of the eliminated block."""
        pieces = [np.ascontiguousarray(theta[self.part(b)]) for b in range(len(self.rest))]
        return [self._coupled(row, pieces) for row in self.coupling]

    @cached_property
    def diagonal(self) -> Array:
        """Diagonal of ``B - C'C``; zero where a coefficient lies in the eliminated block."""
        out = self.alive.astype(np.float64)
        for row in self.coupling:
            for b, matrix in enumerate(row):
                if isinstance(matrix, np.ndarray):
                    out[self.part(b)] -= np.einsum("ij,ij->j", matrix, matrix)
                else:
                    out[self.part(b)] -= np.bincount(matrix.indices, matrix.data**2, matrix.shape[1])
        return np.where(out > _NULL_PIVOT, out, 0.0)

    @cached_property
    def factor(self) -> tuple[Array, NDArray[np.intp]]:
        """Upper Cholesky factor (r, r) of the system on a largest independent set of coefficients, and that set (r,).

        Complete pivoting (LAPACK's dpstrf) finds the rank r.
        """
        from scipy.linalg.lapack import dpstrf

        if self.order == 0:
            return np.zeros((0, 0)), np.zeros(0, dtype=np.intp)
        factored, pivots, rank, _ = dpstrf(self._dense(), tol=_NULL_PIVOT, lower=0)
        # dpstrf compares every pivot with the tolerance but the first: nothing is left where all effects are nested.
        if factored[0, 0] ** 2 <= _NULL_PIVOT:
            rank = 0
        return np.triu(factored[:rank, :rank]), (pivots[:rank] - 1).astype(np.intp)

    def _dense(self) -> Array:
        m = self.order
        out = np.zeros((m, m), order="F")
        out[np.diag_indices(m)] = self.alive
        for (a, b), matrix in self.among.items():
            block = _dense(matrix)
            out[self.part(a), self.part(b)] = block
            out[self.part(b), self.part(a)] = block.T
        own = self.first.block.grouping.n_groups * self.first.block.size
        if self._sparse_work < float(own) * m * m:
            from scipy.sparse import csr_array, hstack

            for row in self.coupling:
                joined = csr_array(hstack([csr_array(matrix) for matrix in row], format="csr"))
                # Symmetric, and its transpose lies in memory as the product does.
                out.T[:] -= (joined.T @ joined).toarray()
            return out
        for _, piece in self.pieces():
            for part in piece:
                out -= part.T @ part
        return out

    def completed(self) -> Array:
        """``B - C'C`` (m, m), plus one on what is sure to be empty: positive definite but for other dependence.

        Empty are coefficients that are not identified in their own group, and in every component the constant that a
        block of levels has in common with the eliminated one.
        """
        out = self._dense()
        out[np.diag_indices(self.order)] += ~self.alive
        for b, (block, _) in enumerate(self.rest):
            if self.level_coupling(b) is None or block.root is None:
                continue
            count, component = self._components(b)
            null = block.root / np.sqrt(np.bincount(component, block.root**2, count))[component]
            order = np.argsort(component, kind="stable")
            block_of = out[self.part(b), self.part(b)]
            for levels in np.split(order, np.cumsum(np.bincount(component, minlength=count))[:-1]):
                # Column by column: the squares of thousands of levels would be held twice more.
                for level in levels:
                    block_of[levels, level] += null[level] * null[levels]
        return out

    def coupling_table(self) -> csr_array:
        """C as one sparse table, the eliminated block's functions one under another."""
        from scipy.sparse import csr_array, hstack, vstack

        rows = [hstack([csr_array(matrix) for matrix in row]) for row in self.coupling]
        return csr_array(vstack(rows))

    def pieces(self) -> Any:
        """Yield ``(begin, [C_j[begin:end] dense])``: the eliminated block's couplings, some of its groups at a time."""
        count = self.first.block.grouping.n_groups
        step = max(1, _PIECE_CELLS // max(1, self.order))
        for begin in range(0, count, step):
            yield (
                begin,
                [np.hstack([_dense(matrix[begin : begin + step]) for matrix in row]) for row in self.coupling],
            )

    @cached_property
    def rank(self) -> int:
        """Exact rank of the system; only where `is_direct`."""
        return len(self.factor[1])

    def solve(self, target: Array, noise: Array) -> Array:
        """Solve for the coefficients (m, k) of the rest; `noise` (k,) is the size of rounding errors in the target.

        Raises
        ------
        NumericalError
            If conjugate gradients do not converge: see `effect_iterations`.
        """
        if self.is_direct:
            from scipy.linalg import solve_triangular

            r, chosen = self.factor
            out = np.zeros_like(target)
            if len(chosen):
                half = solve_triangular(r, target[chosen], trans="T", check_finite=False)
                out[chosen] = solve_triangular(r, half, check_finite=False)
            return out
        return solve_by_iterations(self, target, noise)

    def centred(self, target: Array) -> Array:
        """Take out of a target what rounding left along the constants that an effect shares with the eliminated one."""
        out = target
        for b, (block, _) in enumerate(self.rest):
            coupling, root = self.level_coupling(b), block.root
            if coupling is not None and root is not None:
                count, component = self._components(b)
                total = np.bincount(component, root * root, count)
                part = self.part(b)
                for j in range(out.shape[1]):
                    excess = np.bincount(component, root * out[part, j], count) / total
                    out[part, j] -= root * excess[component]
        return out

    def level_coupling(self, b: int) -> Matrix | None:
        """C between the levels of the eliminated block and those of function b, None unless both are levels."""
        own, j = self.rest[b]
        return self.coupling[0][b] if own.is_level(j) and self.first.block.level else None

    def block(self, functions: Sequence[int]) -> Array:
        """``B - C'C`` among some basis functions of the rest, dense."""
        widths = [int(self.offsets[b + 1] - self.offsets[b]) for b in functions]
        ends = np.concatenate([[0], np.cumsum(widths)])
        out = np.zeros((ends[-1], ends[-1]))
        for i, a in enumerate(functions):
            for j, b in enumerate(functions[: i + 1]):
                cell = _dense(self.cells[b, a] if (b, a) in self.cells else self.cell(b, a)).T
                out[ends[i] : ends[i + 1], ends[j] : ends[j + 1]] = cell
                out[ends[j] : ends[j + 1], ends[i] : ends[i + 1]] = cell.T
        return out

    @cached_property
    def inverse(self) -> Array:
        """A symmetric generalised inverse (m, m) of the system, zero outside the independent set."""
        from scipy.linalg.lapack import dpotri

        r, chosen = self.factor
        out = np.zeros((self.order, self.order))
        if len(chosen):
            upper = np.triu(dpotri(r, lower=0)[0])
            out[np.ix_(chosen, chosen)] = upper + np.triu(upper, 1).T
        return out

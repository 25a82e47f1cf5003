r"""Conjugate gradients for the level system of several effects: sweeps over the effects, or a factor of each of them.

With :math:`B = I + L + L'`, L the cross products of each effect with those before it, the system :math:`S = B - C'C` is
solved in the coordinates of a sweep,

.. math:: \hat S = (I + L)^{-1} S (I + L)^{-T}, \qquad
    \hat S z = w + (I + L)^{-1}(z - w - C'C w), \quad w = (I + L)^{-T} z .

Multiplying by it costs no more than multiplying by S (Eisenstat's trick), and half as many iterations are needed, since
S is nearer to B than to the identity. Where levels are poorly connected, sweeps are slow too. The pace of the residual
says how many are left, and where these cost more than factors of the effects, one by one, the factors are made.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import NumericalError
from panelvar.kernels.absorption.block_preconditioner import BlockPreconditioner, BlockSystem, count_links
from panelvar.kernels.absorption.conjugate_gradients import conjugate_gradients
from panelvar.kernels.absorption.orthonormal_block import Matrix

# Conjugate gradients stop at this residual, relative to the right-hand side and the size of the solution.
PRECISION = 1e-13
MOST_ITERATIONS = 10_000
# Sweeps that cost as much as the iterations with factors that take their place, which are fewer but dearer.
_SPARED_SWEEPS = 250
# Cost of factoring, for each link between two levels, over that of a multiplication in a sweep. It grows with the root
# of the links of a level, beyond a dozen.
_LINK_COST = 300
_FEW_LINKS = 12
# Sweeps to do in any case, as a share of what factors cost: iterations that begin slowly may end fast.
_RISKED = 0.2


class IteratedSystem(BlockSystem, Protocol):
    """What iterations ask of the system beyond what their preconditioner does."""

    @property
    def wide(self) -> list[int]:
        """Basis functions that are multiplied through C and B: those coupled sparsely."""

    @property
    def cells(self) -> dict[tuple[int, int], Matrix]:
        """Cells of the system, a <= b, that are multiplied as they are: those of all other functions."""

    @property
    def among(self) -> Mapping[tuple[int, int], Matrix]:
        """L': cross products among basis functions a < b of the rest."""

    @property
    def coupling(self) -> list[list[Matrix]]:
        """C: for each basis function of the eliminated block, its cross products with every other one."""

    def centred(self, target: Array) -> Array:
        """Take out of a target what rounding left in the null space."""

    def apply(self, theta: Array) -> Array:
        """Multiply by the system."""

    def list_wide_cells(self) -> None:
        """Prepare for many multiplications."""


class _Sweeps:
    """The system in the coordinates of a sweep.

    Parameters
    ----------
    system : IteratedSystem
    alive : (m,) boolean array
        Coefficients that do not lie in the eliminated block; the others are left at zero.
    """

    def __init__(self, system: IteratedSystem, alive: NDArray[np.bool_]) -> None:
        self._parts = [system.part(b) for b in range(len(system.rest))]
        self._dead = None if alive.all() else ~alive
        # Few columns with dense cells are cheaper left out of the sweep.
        self._cells, wide = dict(system.cells), list(system.wide)
        self._cut = [part for b, part in enumerate(self._parts) if b not in wide]
        self._among = [(pair, system.among[pair]) for pair in sorted(system.among) if set(pair) <= set(wide)]
        self._coupling = [[(self._parts[b], row[b]) for b in wide] for row in system.coupling if wide]
        tables = [*(table for _, table in self._among), *(table for row in self._coupling for _, table in row)]
        self.work = 2.0 * sum(float(table.size) for table in tables)

    def down(self, vectors: Array) -> Array:
        """``(I + L)^(-1)`` times vectors (m, k)."""
        out = np.array(vectors)
        for (a, b), matrix in self._among:
            out[self._parts[b]] -= matrix.T @ out[self._parts[a]]
            self._bury(out)
        return out

    def up(self, vectors: Array) -> Array:
        """``(I + L)^(-T)`` times vectors (m, k)."""
        out = np.array(vectors)
        for (a, b), matrix in reversed(self._among):
            out[self._parts[a]] -= matrix @ out[self._parts[b]]
            self._bury(out)
        return out

    def multiply(self, vectors: Array) -> Array:
        """Multiply by the system."""
        moved = self.up(vectors)
        rest = vectors - moved
        for part in self._cut:
            rest[part] -= moved[part]
        for (a, b), cell in self._cells.items():
            rest[self._parts[a]] += cell @ moved[self._parts[b]]
            if a != b:
                rest[self._parts[b]] += cell.T @ moved[self._parts[a]]
        for row in self._coupling:
            inner: Array = row[0][1] @ moved[row[0][0]]
            for part, matrix in row[1:]:
                inner += matrix @ moved[part]
            for part, matrix in row:
                rest[part] -= matrix.T @ inner
        self._bury(rest)
        out = self.down(rest)
        out += moved
        return out

    def _bury(self, vectors: Array) -> None:
        if self._dead is not None:
            vectors[self._dead] = 0.0


def solve_by_iterations(system: IteratedSystem, target: Array, noise: Array) -> Array:
    """Solve for the coefficients (m, k) of the rest.

    Parameters
    ----------
    system : IteratedSystem
    target : (m, k) array
    noise : (k,) array
        Size of rounding errors in the target.

    Raises
    ------
    NumericalError
        If conjugate gradients do not reach `PRECISION` in `MOST_ITERATIONS` steps.
    """
    alive = system.diagonal > 0.0
    target = system.centred(np.where(alive[:, None], target, 0.0))
    sweeps = _Sweeps(system, alive)

    @cache
    def sweeps_a_factor_costs() -> float:
        links = count_links(system)
        cost = _LINK_COST * np.sqrt(max(1.0, links / (_FEW_LINKS * len(target))))
        return float(cost * links / max(1.0, sweeps.work * target.shape[1]))

    def give_up(done: int, left: float) -> bool:
        # Counting links takes as long as a sweep or two.
        if left <= _SPARED_SWEEPS:
            return False
        factor = sweeps_a_factor_costs()
        return left > _SPARED_SWEEPS + factor and done > _RISKED * factor

    # Both coordinates and residual may be twice as large as those of the system.
    solution, solved = conjugate_gradients(
        sweeps.multiply,
        sweeps.down(target),
        tolerance=PRECISION / 4.0,
        floor=noise / 2.0,
        max_iterations=MOST_ITERATIONS,
        give_up=give_up,
    )
    solution = sweeps.up(solution)
    if not solved:
        system.list_wide_cells()
        solution, solved = conjugate_gradients(
            lambda vectors: np.where(alive[:, None], system.apply(vectors), 0.0),
            target,
            tolerance=PRECISION,
            floor=noise,
            max_iterations=MOST_ITERATIONS,
            precondition=BlockPreconditioner(system).solve,
            start=solution,
        )
    if not solved:
        raise NumericalError(
            "The iterations did not converge: conjugate gradients did not reach a relative residual of "
            f"{PRECISION:g} in {MOST_ITERATIONS} iterations. The effects ({len(target)} coefficients without the "
            "largest) are weakly connected. Drop levels with few rows, or one of the effects."
        )
    return solution

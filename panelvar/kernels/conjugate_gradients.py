"""Conjugate gradients for several right-hand sides of one positive semidefinite system."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from panelvar.kernels.groups import FloatArray

# Times the recursion for the residual may turn out to have drifted from the residual itself.
_MAX_RESTARTS = 5


def conjugate_gradients(
    multiply: Callable[[FloatArray], FloatArray],
    target: FloatArray,
    *,
    tolerance: float,
    floor: FloatArray,
    max_iterations: int,
) -> FloatArray | None:
    """Solve ``A z = target`` for a symmetric A with eigenvalues in [0, 1], all columns side by side.

    A column is solved when ``|target - A z| <= tolerance max(|target|, |z|) + floor``: backward stable, as A has norm
    one. The residual is recomputed before it is believed.

    Parameters
    ----------
    multiply : callable
        Maps an (m, k) array to A times it.
    target : (m, k) array
        In the range of A, up to rounding.
    tolerance : float
    floor : (k,) array
        Absolute residual below which the target itself is rounding error.
    max_iterations : int

    Returns
    -------
    (m, k) array or None
        None if the iterations ran out, or rounding stopped them.

    References
    ----------
    Saad (2003), *Iterative Methods for Sparse Linear Systems*, 2nd ed., algorithm 6.18.
    """
    target = np.ascontiguousarray(target, dtype=np.float64)
    solution = np.zeros_like(target)
    rest = target.copy()
    direction = rest.copy()
    squares = _squares(rest)
    bound = tolerance * np.sqrt(squares) + floor
    restarts = 0
    for _ in range(max_iterations):
        active = np.sqrt(squares) > np.maximum(bound, tolerance * np.sqrt(_squares(solution)))
        if not active.any():
            rest = target - multiply(solution)
            squares = _squares(rest)
            active = np.sqrt(squares) > np.maximum(bound, tolerance * np.sqrt(_squares(solution)))
            if not active.any():
                return solution
            restarts += 1
            if restarts > _MAX_RESTARTS:
                return None
            direction = rest.copy()
        image = multiply(direction)
        curvature = np.einsum("ij,ij->j", direction, image)
        if np.any(curvature[active] <= 0.0):
            return None
        step = np.where(active, squares, 0.0) / np.where(active, curvature, 1.0)
        solution += step * direction
        rest -= step * image
        updated = np.where(active, _squares(rest), squares)
        direction *= np.where(active, updated, 0.0) / np.where(active, squares, 1.0)
        direction += rest
        squares = updated
    return None


def _squares(vectors: FloatArray) -> FloatArray:
    squares: FloatArray = np.einsum("ij,ij->j", vectors, vectors)
    return squares

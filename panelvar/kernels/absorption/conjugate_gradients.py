"""Conjugate gradients for several right-hand sides of one positive semidefinite system."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from panelvar.core.base.arrays import Array

# Times the recursion for the residual may turn out to have drifted from the residual itself.
_MAX_RESTARTS = 5
# Iterations before slow progress is believed.
_TRIAL = 5


def conjugate_gradients(
    multiply: Callable[[Array], Array],
    target: Array,
    *,
    tolerance: float,
    floor: Array,
    max_iterations: int,
    precondition: Callable[[Array], Array] | None = None,
    start: Array | None = None,
    impatient: bool = False,
) -> tuple[Array, bool]:
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
    precondition : callable, optional
        Maps an (m, k) array to an approximate inverse times it, symmetric and positive on the range of A.
    start : (m, k) array, optional
        Where to begin; zero if omitted.
    impatient : bool
        Give up once the digits gained are fewer than half of what `max_iterations` would need at an even pace.

    Returns
    -------
    (m, k) array, bool
        The last iterate, and whether it solves every column.

    References
    ----------
    Saad (2003), *Iterative Methods for Sparse Linear Systems*, 2nd ed., algorithms 6.18 and 9.1.
    """
    target = np.ascontiguousarray(target, dtype=np.float64)
    solution = np.zeros_like(target) if start is None else np.array(start, dtype=np.float64, order="C")
    rest = target.copy() if start is None else target - multiply(solution)
    norm = np.sqrt(_products(target, target))
    bound = tolerance * norm + floor
    restarts, fresh = 0, True
    products = direction = rest
    for iteration in range(max_iterations):
        size = np.sqrt(_products(rest, rest))
        active = size > np.maximum(bound, tolerance * np.sqrt(_products(solution, solution)))
        if not active.any():
            rest = target - multiply(solution)
            size = np.sqrt(_products(rest, rest))
            active = size > np.maximum(bound, tolerance * np.sqrt(_products(solution, solution)))
            if not active.any():
                return solution, True
            restarts += 1
            if restarts > _MAX_RESTARTS:
                return solution, False
            fresh = True
        if impatient and iteration >= _TRIAL and _is_slow(size, norm, bound, iteration / max_iterations):
            return solution, False
        step = rest if precondition is None else precondition(rest)
        updated = _products(rest, step)
        if fresh:
            direction = step.copy()
        else:
            direction *= _ratio(updated, products, active)
            direction += step
        products, fresh = updated, False
        image = multiply(direction)
        curvature = _products(direction, image)
        if np.any(curvature[active] <= 0.0):
            return solution, False
        length = _ratio(products, curvature, active)
        solution += length * direction
        rest -= length * image
    return solution, False


def _is_slow(size: Array, norm: Array, bound: Array, elapsed: float) -> bool:
    """Whether a column has gained less than half the elapsed share of the digits it needs."""
    open_columns = (size > bound) & (norm > bound)
    size, norm, bound = size[open_columns], norm[open_columns], bound[open_columns]
    return bool(np.any(np.log(norm / size) < 0.5 * elapsed * np.log(norm / np.maximum(bound, 1e-300))))


def _products(left: Array, right: Array) -> Array:
    return np.asarray(np.einsum("ij,ij->j", left, right))


def _ratio(numerator: Array, denominator: Array, active: np.ndarray) -> Array:
    """Divide where a column is active; zero elsewhere."""
    return np.divide(numerator, denominator, out=np.zeros_like(numerator), where=active & (denominator != 0.0))

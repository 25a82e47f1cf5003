"""Conjugate gradients for several right-hand sides of one positive semidefinite system."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from panelvar.core.base.arrays import Array

# Times the recursion for the residual may turn out to have drifted from the residual itself.
_MAX_RESTARTS = 5
# Iterations before slow progress is believed.
_TRIAL = 5
# Numbers in a row that is handled at once.
_ROW = 512


def conjugate_gradients(
    multiply: Callable[[Array], Array],
    target: Array,
    *,
    tolerance: float,
    floor: Array,
    max_iterations: int,
    precondition: Callable[[Array], Array] | None = None,
    start: Array | None = None,
    give_up: Callable[[int, float], bool] | None = None,
) -> tuple[Array, bool]:
    """Solve ``A z = target`` for a symmetric A with eigenvalues in [0, 2], all columns side by side.

    A column is solved when ``|target - A z| <= tolerance max(|target|, |z|) + floor``: backward stable, as A has a norm
    near one. The residual is recomputed before it is believed.

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
    give_up : callable, optional
        Says whether to give up, told how many iterations are done, and how many are left at the pace of the later
        half of those.

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
    bound = tolerance * np.sqrt(_products(target, target)) + floor
    restarts, fresh = 0, True
    products = direction = rest
    scratch = np.empty_like(target)
    sizes: list[Array] = []
    for iteration in range(max_iterations):
        size = np.sqrt(_products(rest, rest))
        limit = np.maximum(bound, tolerance * np.sqrt(_products(solution, solution)))
        active = size > limit
        if not active.any() and fresh:
            return solution, True
        if not active.any():
            rest = target - multiply(solution)
            size = np.sqrt(_products(rest, rest))
            active = size > limit
            if not active.any():
                return solution, True
            restarts += 1
            if restarts > _MAX_RESTARTS:
                return solution, False
            fresh = True
        if give_up is not None:
            sizes.append(size)
            if iteration >= _TRIAL and give_up(iteration, _iterations_left(sizes, limit)):
                return solution, False
        step = rest if precondition is None else precondition(rest)
        updated = _products(rest, step)
        if fresh:
            direction = np.array(step, order="C")
        else:
            _scale(direction, _ratio(updated, products, active), direction)
            direction += step
        products, fresh = updated, False
        image = multiply(direction)
        curvature = _products(direction, image)
        if np.any(curvature[active] <= 0.0):
            return solution, False
        length = _ratio(products, curvature, active)
        solution += _scale(direction, length, scratch)
        rest -= _scale(image, length, scratch)
    return solution, False


def _iterations_left(sizes: list[Array], limit: Array) -> float:
    """Return the iterations that the slowest column still needs at the pace of the later half of those done."""
    middle = len(sizes) // 2
    now, before = sizes[-1], sizes[middle]
    is_open = now > limit
    now, before, limit = now[is_open], before[is_open], np.maximum(limit[is_open], np.finfo(np.float64).tiny)
    pace = np.log(before / now) / max(1, len(sizes) - 1 - middle)
    # What does not fall never ends.
    left = np.divide(np.log(now / limit), pace, out=np.full_like(pace, np.inf), where=pace > 0.0)
    return float(left.max(initial=0.0))


def _tiled(vectors: Array) -> tuple[Array, Array]:
    """View rows (m, k) as fewer and longer ones, some whole ones side by side, and the rows that are left over."""
    m, k = vectors.shape
    # NumPy pays for each row that it runs through.
    tile = max(1, _ROW // max(1, k))
    whole = m // tile * tile
    return vectors[:whole].reshape(m // tile, tile * k), vectors[whole:]


def _products(left: Array, right: Array) -> Array:
    """Inner products (k,) of the columns of two C-ordered arrays."""
    (long, last), (other, end) = _tiled(left), _tiled(right)
    tiles = np.einsum("ij,ij->j", long, other).reshape(-1, left.shape[1]) if left.size else np.zeros((1, left.shape[1]))
    return np.asarray(tiles.sum(axis=0) + np.einsum("ij,ij->j", last, end))


def _scale(vectors: Array, factors: Array, out: Array) -> Array:
    """Multiply the columns of a C-ordered array by factors (k,), into another one."""
    (long, last), (into, end) = _tiled(vectors), _tiled(out)
    if long.size:
        np.multiply(long, np.tile(factors, long.shape[1] // len(factors)), out=into)
    np.multiply(last, factors, out=end)
    return out


def _ratio(numerator: Array, denominator: Array, active: np.ndarray) -> Array:
    """Divide where a column is active; zero elsewhere."""
    return np.divide(numerator, denominator, out=np.zeros_like(numerator), where=active & (denominator != 0.0))

"""Stacks of small symmetric matrices, entries first: (r, r, s) arrays, the s matrices side by side in memory.

An entry of all matrices is a contiguous row, so that a product of thousands of small matrices is a few operations on
long rows, in place of thousands of calls.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array

_NEGLIGIBLE = 2e-17
"""Norm of the first term of a power series that is left out."""


def mirrored(stack: Array) -> Array:
    """Copy the upper triangle of each matrix to the lower one, in place."""
    for i in range(1, len(stack)):
        stack[i, :i] = stack[:i, i]
    return stack


def outer_products(rows: Array) -> Array:
    """Return ``rows rows'`` (m, m, s) of each matrix (m, q, s)."""
    out = np.empty((len(rows), len(rows), rows.shape[2]))
    for i in range(len(rows)):
        np.einsum("jag,ag->jg", rows[i:], rows[i], out=out[i, i:])
    return mirrored(out)


def product(left: Array, right: Array, out: Array | None = None) -> Array:
    """Return the products of matrices that commute, which are symmetric."""
    out = np.empty_like(left) if out is None else out
    for i in range(len(left)):
        np.einsum("jg,jbg->bg", left[i], right[:, i:], out=out[i, i:])
    return mirrored(out)


def times(stack: Array, rows: Array) -> Array:
    """Return the products (r, q, s) of matrices with the columns of others (r, q, s)."""
    out = np.empty_like(rows)
    for i in range(len(stack)):
        np.einsum("jg,jag->ag", stack[i], rows, out=out[i])
    return out


def packed_products(left: Array, right: Array) -> Array:
    """Return the upper triangles (q (q + 1) / 2, s), row by row, of ``left' right``, matrices (m, q, s) each."""
    q = left.shape[1]
    out = np.empty((q * (q + 1) // 2, left.shape[2]))
    start = 0
    for a in range(q):
        np.einsum("mg,mbg->bg", left[:, a], right[:, a:], out=out[start : start + q - a])
        start += q - a
    return out


def packed(stack: Array) -> Array:
    """Return the upper triangles (r (r + 1) / 2, s), row by row."""
    return np.concatenate([stack[i, i:] for i in range(len(stack))])


def places(size: int) -> NDArray[np.intp]:
    """Return the place of each entry of a symmetric matrix among the packed ones."""
    out = np.zeros((size, size), dtype=np.intp)
    upper = np.triu_indices(size)
    out[upper] = out.T[upper] = np.arange(len(upper[0]))
    return out


def norms(stack: Array) -> Array:
    """Return the Frobenius norms (s,)."""
    found: Array = np.sqrt(np.einsum("ijg,ijg->g", stack, stack))
    return found


def complement_power(stack: Array, power: float, norm: float) -> Array:
    """Return ``(I - V)^power`` by its power series, for V of norms up to one that is well below one.

    An odd power and the even one above it go together: a product with the square adds both.
    """
    weights = series_weights(norm, power)
    both = np.empty((2, *stack.shape))
    both[0] = stack
    square = product(stack, stack, out=both[1])
    pairs = np.reshape(weights[1:], (-1, 2)) @ both.reshape(2, -1)
    pairs = pairs.reshape(-1, *stack.shape)
    out: Array = pairs[-1]
    for pair in pairs[-2::-1]:
        out = product(out, square)
        out += pair
    diagonal = np.arange(len(stack))
    out[diagonal, diagonal] += weights[0]
    return out


def series_weights(norm: float, power: float) -> list[float]:
    """Return the weights of the powers of V in ``(I - V)^power``, up to an even one, that a norm of V needs."""
    weights, rest = [1.0], norm
    while len(weights) < 3 or len(weights) % 2 == 0 or abs(weights[-1]) * rest > _NEGLIGIBLE:
        weights.append(weights[-1] * (len(weights) - 1 - power) / len(weights))
        rest *= norm
    return weights

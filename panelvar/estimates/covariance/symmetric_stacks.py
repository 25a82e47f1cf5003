"""Stacks of small symmetric matrices, entries first: (r, r, s) arrays, the s matrices side by side in memory.

An entry of all matrices is a contiguous row, so that a product of thousands of small matrices is a few operations on
long rows, in place of thousands of calls.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from panelvar.core.base.arrays import Array

_NEGLIGIBLE = 1e-16
"""Share of a power series up to which its next term is left out: below the rounding of what is kept."""


def mirrored(stack: Array) -> Array:
    """Copy the upper triangle of each matrix to the lower one, in place."""
    for i in range(1, len(stack)):
        stack[i, :i] = stack[:i, i]
    return stack


def product(left: Array, right: Array, out: Array | None = None) -> Array:
    """Return the products of matrices that commute, which are symmetric."""
    out = np.empty_like(left) if out is None else out
    for i in range(len(left)):
        np.einsum("jg,jbg->bg", left[i], right[:, i:], out=out[i, i:])
    return mirrored(out)


def upper_entries(stack: Array, out: Array | None = None) -> Array:
    """Return the entries on and above the diagonal of each matrix, line by line, shape (r (r + 1) / 2, s)."""
    return np.concatenate([stack[i, i:] for i in range(len(stack))], out=out)


def upper_squares(stack: Array, out: Array) -> Array:
    """Return `upper_entries` of the square of each matrix."""
    first = 0
    for i in range(len(stack)):
        last = first + len(stack) - i
        np.einsum("jg,jbg->bg", stack[i], stack[:, i:], out=out[first:last])
        first = last
    return out


def cross_products(rows: Array) -> Array:
    """Return ``rows' rows`` (s, q, q) of each of some matrices (s, m, q), laid out entries first."""
    return line_products(np.ascontiguousarray(rows.transpose(1, 2, 0))).transpose(2, 0, 1)


def line_products(lines: Array) -> Array:
    """Return ``rows' rows`` (q, q, s) of matrices whose entries are lines (m, q, s)."""
    out = np.empty((lines.shape[1], *lines.shape[1:]))
    for i in range(len(out)):
        np.einsum("mg,mag->ag", lines[:, i], lines[:, i:], out=out[i, i:])
    return mirrored(out)


def multiply_complement_power(stack: Array, power: float, norm: float) -> Array:
    """Return ``V (I - V)^power`` by its power series, for V of norms up to one that is well below one.

    An odd power and the even one above it go together: a product with the square adds both.
    """
    both = np.empty((2, *stack.shape))
    both[0] = stack
    square = product(stack, stack, out=both[1])
    pairs = np.reshape(series_weights(norm, power), (-1, 2)) @ both.reshape(2, -1)
    pairs = pairs.reshape(-1, *stack.shape)
    out: Array = pairs[-1]
    for pair in pairs[-2::-1]:
        out = product(out, square)
        out += pair
    return out


def sum_series(multiply: Callable[[Array], Array], start: Array, weights: Sequence[float]) -> Array:
    """Return the weighted sum of ``start``, ``V start``, ``V V start`` and so on, by Horner's rule."""
    out = weights[-1] * start
    for weight in weights[-2::-1]:
        out = multiply(out)
        out += weight * start
    return out


def series_weights(norm: float, power: float) -> list[float]:
    """Return the weights of the powers of V in ``(I - V)^power``, an even number of them, that a norm of V needs."""
    weights, rest = [1.0], norm
    while len(weights) % 2 or abs(weights[-1]) * rest > _NEGLIGIBLE:
        weights.append(weights[-1] * (len(weights) - 1 - power) / len(weights))
        rest *= norm
    return weights

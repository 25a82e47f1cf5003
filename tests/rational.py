"""Least squares in rational numbers: what a computation in doubles is measured against."""

from __future__ import annotations

from fractions import Fraction

import numpy as np


def exact_least_squares(x, y):
    """Coefficients, residual sum of squares and inverse cross product of the doubles given, by Gauss-Jordan."""
    x = [[Fraction(float(value)) for value in row] for row in x]
    y = [Fraction(float(value)) for value in y]
    k = len(x[0])
    work = [
        [sum(row[i] * row[j] for row in x) for j in range(k)]
        + [sum(row[i] * value for row, value in zip(x, y, strict=True))]
        + [Fraction(int(i == j)) for j in range(k)]
        for i in range(k)
    ]
    for i in range(k):
        pivot = next(r for r in range(i, k) if work[r][i])
        work[i], work[pivot] = work[pivot], work[i]
        work[i] = [value / work[i][i] for value in work[i]]
        for r in range(k):
            if r != i:
                work[r] = [a - work[r][i] * b for a, b in zip(work[r], work[i], strict=True)]
    b = [work[i][k] for i in range(k)]
    rss = sum((value - sum(c * d for c, d in zip(row, b, strict=True))) ** 2 for row, value in zip(x, y, strict=True))
    inverse = np.array([[float(value) for value in row[k + 1 :]] for row in work])
    return np.array([float(value) for value in b]), float(rss), inverse

"""Intervals for an effect whose trends are bounded: tests of moment inequalities (Andrews, Roth and Pakes 2023)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from panelvar.core.base.arrays import Array, Mask
from panelvar.estimates.sensitivity.trend_restrictions import TrendBounds

# A vertex whose moment has a variance this small, in that of the effect, is a number.
_NO_VARIANCE = 1e-14
# Two moments that move together within this, of which neither overtakes the other.
_SAME = 1e-10
# Errors about the middle of a set in which ends are looked for first, points among them, and how often it doubles.
_WIDTH, _POINTS, _MOST_DOUBLINGS = 20.0, 1001, 12
# Points in a step between two of them, and how often it is narrowed: to rounding.
_BETWEEN, _NARROWINGS = 129, 8


class Moments(NamedTuple):
    r"""What is tested of one set: :math:`\eta(\theta) = \max_v (g_v'\hat\beta - c_v - s_v \theta)` is not positive.

    The dual of the linear programme of Andrews, Roth and Pakes (2023, Review of Economic Studies 90(6), equation 13),
    :math:`\max_\lambda \lambda'(A\hat\beta - d - a\theta)` over :math:`\lambda \ge 0, \lambda'X = 0, \lambda'\sigma =
    1`, has its maximum at a vertex, and these sets have few. With :math:`w` such that :math:`w'D` has the weights
    l of the effect after the event, the vertices are :math:`w` and :math:`-w`, which say that the effect lies no
    further from :math:`w'D\hat\beta` than :math:`\sum_t |w_t| (U_t \hat\beta + d_t)`, and a pair of rows for each
    period, which says that its limit is not negative.

    Attributes
    ----------
    weights : (v, n) array
        :math:`g_v`.
    constants, slopes : (v,) arrays
        :math:`c_v, s_v`.
    """

    weights: Array
    constants: Array
    slopes: Array


def moments_of(bounds: TrendBounds, effect: Array, covariance: Array) -> Moments:
    """Return the vertices of a set, in the units in which the standard errors of its rows are one.

    Parameters
    ----------
    bounds : TrendBounds
    effect : (q,) array
        Weights of the periods after the reference in the effect.
    covariance : (n, n) array
        Of the estimates.
    """
    changes, limits, constants = bounds
    combined = np.linalg.solve(changes[:, -len(effect) :].T, effect)
    point, slack = combined @ changes, np.abs(combined) @ limits
    up, down = (_errors(sign * changes - limits, covariance) for sign in (1.0, -1.0))
    positive, negative = np.maximum(combined, 0.0), np.maximum(-combined, 0.0)
    scales = np.concatenate([[positive @ up + negative @ down, negative @ up + positive @ down], (up + down) / 2.0])
    ends = np.abs(combined) @ constants
    weights = np.vstack([point - slack, -point - slack, -limits]) / scales[:, None]
    return Moments(
        weights,
        np.concatenate([[ends, ends], constants]) / scales,
        np.concatenate([[1.0, -1.0], np.zeros(len(effect))]) / scales,
    )


def _errors(rows: Array, covariance: Array) -> Array:
    errors: Array = np.sqrt(np.einsum("ij,jk,ik->i", rows, covariance, rows))
    return errors


class ConditionalTest:
    """The test that an effect is a number, given one set of differences in trends.

    Parameters
    ----------
    moments : Moments
    estimates : (n,) array
    covariance : (n, n) array
    level : float
        Coverage of the interval.
    draws : (d, n) array or None
        Normal vectors with the covariance, for a first stage with least favorable critical values, whose size is a
        tenth of the test's; without, there is no first stage.
    """

    def __init__(
        self, moments: Moments, estimates: Array, covariance: Array, level: float, draws: Array | None
    ) -> None:
        self._slopes = moments.slopes
        self._at_zero = moments.weights @ estimates - moments.constants
        self._covariance = moments.weights @ covariance @ moments.weights.T
        self._size, self._first = 1.0 - level, np.inf
        if draws is not None:
            first = (1.0 - level) / 10.0
            self._first = float(np.quantile((draws @ moments.weights.T).max(axis=1), 1.0 - first))
            self._size = (1.0 - level - first) / (1.0 - first)

    @cached_property
    def _constant(self) -> Mask:
        variances = np.diag(self._covariance)
        constant: Mask = variances <= _NO_VARIANCE * variances.max()
        return constant

    def locate(self) -> tuple[float, float]:
        """Return the value whose first two moments are equal, the middle of the set, and how far about it to look."""
        centre = float((self._at_zero[0] - self._at_zero[1]) / (self._slopes[0] - self._slopes[1]))
        errors = np.sqrt(np.diag(self._covariance)[:2]) / np.abs(self._slopes[:2])
        slack = abs(self._at_zero[0] - centre * self._slopes[0]) / self._slopes[0]
        return centre, _WIDTH * float(errors.max()) + float(slack)

    def accept(self, values: Array) -> Mask:
        """Return which values of the effect are not rejected.

        Given which vertex is the largest, and what is independent of it, its moment is a truncated normal (Andrews,
        Roth and Pakes 2023, section 4): it is compared with a quantile of that, or with zero if that is larger.
        """
        moments = self._at_zero - np.asarray(values)[:, None] * self._slopes
        largest = moments.argmax(axis=1)
        rows = np.arange(len(moments))
        statistic = moments[rows, largest]
        variance = np.where(self._constant, 1.0, np.diag(self._covariance))[largest]
        ratio = self._covariance[largest] / variance[:, None]
        rest = moments - ratio * statistic[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            crossing = rest / (1.0 - ratio)
        lower = np.where(ratio < 1.0 - _SAME, crossing, -np.inf)
        upper = np.where(ratio > 1.0 + _SAME, crossing, np.inf)
        lower[rows, largest], upper[rows, largest] = -np.inf, np.inf
        error = np.sqrt(variance)
        least = np.minimum(lower.max(axis=1), statistic) / error
        most = np.maximum(np.minimum(upper.min(axis=1), self._first), statistic) / error
        with np.errstate(invalid="ignore"):
            # Of a moment that can be one number alone nothing is rejected.
            logs = _log_mass(statistic / error, most) - _log_mass(least, most)
        rejected = (statistic > 0.0) & ((logs < np.log(self._size)) | (statistic > self._first))
        accepted: Mask = ~np.where(self._constant[largest], statistic > 0.0, rejected)
        return accepted


def _log_mass(lower: Array, upper: Array) -> Array:
    """Return the logarithm of a standard normal's mass between two numbers, exact in the tails."""
    from scipy.special import log_ndtr

    # Both in the tail below zero, where logarithms keep their digits.
    flipped = lower > 0.0
    low, high = np.where(flipped, -upper, lower), np.where(flipped, -lower, upper)
    with np.errstate(divide="ignore", invalid="ignore"):
        mass: Array = log_ndtr(high) + np.log1p(-np.exp(log_ndtr(low) - log_ndtr(high)))
    return mass


def find_interval(tests: Sequence[ConditionalTest]) -> tuple[float, float]:
    """Return the least and the largest value that one of the tests accepts, not a number if there is none.

    An end that is accepted however far out is infinite.
    """
    ends = np.array([_ends(test) for test in tests])
    found = ends[~np.isnan(ends[:, 0])]
    return (float(found[:, 0].min()), float(found[:, 1].max())) if len(found) else (np.nan, np.nan)


def _ends(test: ConditionalTest) -> tuple[float, float]:
    """Return the ends of what one test accepts, looked for about the value that it accepts most easily."""
    centre, width = test.locate()
    for _ in range(_MOST_DOUBLINGS):
        values = centre + np.linspace(-width, width, _POINTS)
        accepted = test.accept(values)
        if not (accepted[0] or accepted[-1]):
            break
        width *= 2.0
    if not accepted.any():
        return np.nan, np.nan
    first, last = np.flatnonzero(accepted)[[0, -1]]
    low = -np.inf if first == 0 else _narrow(test, values[first - 1], values[first])
    high = np.inf if last == len(values) - 1 else _narrow(test, values[last + 1], values[last])
    return low, high


def _narrow(test: ConditionalTest, outside: float, inside: float) -> float:
    """Return the end between a value that is rejected and one that is accepted, to rounding."""
    for _ in range(_NARROWINGS):
        values = np.linspace(outside, inside, _BETWEEN)
        first = int(test.accept(values)[1:].argmax()) + 1
        outside, inside = values[first - 1], values[first]
    return float(inside)

"""The shortest interval of a fixed length about a linear estimator, where changes of slopes are bounded."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.estimates.sensitivity.trend_restrictions import difference_rows

_STEPS = 60
_DIGITS = 1e-15


class FixedLength(NamedTuple):
    """An interval of a fixed length.

    Attributes
    ----------
    weights : (n,) array
        Of the estimates in its centre.
    centre, half_length : float
    bias : float
        The largest that the bounds allow.
    """

    weights: Array
    centre: float
    half_length: float
    bias: float


def find_fixed_length(estimates: Array, covariance: Array, effect: Array, bound: float, level: float) -> FixedLength:
    r"""Return the shortest interval :math:`v'\hat\beta \pm \chi` that covers the effect for all trends in the bounds.

    The centre must not move with a linear trend: its weights are combinations of second differences, :math:`v = D'w`.
    Those of :math:`w` after the reference follow from the effect's weights. The bias is :math:`M \|w\|_1` at most, and
    :math:`\chi = s \, q(b / s)` with s the standard error, b that bias and q(t) the quantile of :math:`|N(t, 1)|`
    (Rambachan and Roth 2023, section 4.1; Armstrong and Kolesar 2018). What is left of w minimises :math:`s^2 / 2 +
    \kappa \|w\|_1` for some :math:`\kappa`: it lies on the path of a lasso, along which the length is minimised.

    Parameters
    ----------
    estimates : (n,) array
    covariance : (n, n) array
    effect : (q,) array
        Weights of the periods after the reference.
    bound : float
        M.
    level : float
    """
    from scipy.optimize import minimize_scalar

    after = len(effect)
    rows = difference_rows(len(estimates) - after, after, 2)
    earlier, changes = rows[:-after], rows[-after:]
    given = np.linalg.solve(changes[:, -after:].T, effect)
    fixed, free = given @ changes, np.abs(given).sum()
    knots, path = _lasso_path(earlier @ covariance @ earlier.T, earlier @ covariance @ fixed)

    def at(share: float) -> tuple[float, float, Array]:
        chosen = np.array([np.interp(share * knots[-1], knots, each) for each in path.T])
        weights = fixed + chosen @ earlier
        error, bias = float(np.sqrt(weights @ covariance @ weights)), bound * float(free + np.abs(chosen).sum())
        return error * folded_quantile(bias / error, level), bias, weights

    # Along the path bias falls and the error rises, so that the length has one minimum, perhaps at an end.
    inside = minimize_scalar(lambda share: at(share)[0], bounds=(0.0, 1.0), method="bounded", options={"xatol": 1e-10})
    candidates = (0.0, float(inside.x), 1.0)
    half, bias, weights = min((at(share) for share in candidates), key=lambda found: found[0])
    return FixedLength(weights, float(weights @ estimates), half, bias)


def _lasso_path(square: Array, slope: Array) -> tuple[Array, Array]:
    """Return the minimisers of u'Hu / 2 + g'u + k |u|_1 at the penalties k where they bend, in ascending order.

    Between two of them they are linear in k (Osborne, Presnell and Turlach 2000).
    """
    size = len(slope)
    penalty = float(np.abs(slope).max(initial=0.0))
    current = np.zeros(size)
    knots, path = [penalty], [current]
    if penalty == 0.0:
        return np.array(knots), np.array(path)
    active = [int(np.abs(slope).argmax())]
    signs = -np.sign(slope)
    last = active[0]
    while penalty > 0.0:
        inner = square[np.ix_(active, active)]
        # u = base - k * pace on the active ones.
        base, pace = np.linalg.solve(inner, np.column_stack([-slope[active], signs[active]])).T
        gradient, tilt = slope + square[:, active] @ base, square[:, active] @ pace
        others = [each for each in range(size) if each not in active]
        steps: list[tuple[float, int, float]] = [(0.0, -1, 0.0)]
        for place, each in enumerate(active):
            if pace[place] != 0.0:
                zero = base[place] / pace[place]
                # One that has entered here is zero here, and nowhere else.
                if each != last and zero < penalty:
                    steps.append((zero, each, 0.0))
        for each in others:
            # The gradient reaches the penalty, or less it, which one that has left here does where it left.
            for sign in (1.0, -1.0):
                if tilt[each] + sign != 0.0 and not (each == last and sign == -signs[each]):
                    entry = gradient[each] / (tilt[each] + sign)
                    if entry < penalty:
                        steps.append((entry, each, -sign))
        penalty, event, sign = max(steps)
        current = np.zeros(size)
        current[active] = base - penalty * pace
        if event in active:
            current[event] = 0.0
            active.remove(event)
        elif event >= 0:
            signs[event] = sign
            active.append(event)
        last = event
        knots.append(penalty)
        path.append(current)
    return np.array(knots)[::-1], np.array(path)[::-1]


def folded_quantile(mean: float, level: float) -> float:
    """Return the quantile of the absolute value of a normal variable with a mean and a variance of one."""
    from scipy.special import ndtr, ndtri

    mean = abs(mean)
    quantile = mean + float(ndtri((1.0 + level) / 2.0))
    for _ in range(_STEPS):
        density = (np.exp(-((quantile - mean) ** 2) / 2.0) + np.exp(-((quantile + mean) ** 2) / 2.0)) / np.sqrt(
            2 * np.pi
        )
        step = (ndtr(quantile - mean) - ndtr(-quantile - mean) - level) / density
        quantile -= float(step)
        if abs(step) <= _DIGITS * quantile:
            break
    return quantile

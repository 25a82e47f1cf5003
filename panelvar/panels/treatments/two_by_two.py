"""One comparison of treated and controls, of changes or of levels in two periods, adjusted for covariates."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from panelvar.core.base.arrays import Array, Mask
from panelvar.panels.treatments.propensities import HIGHEST, Propensities, fit_propensities

ADJUSTMENTS = ("dr", "ipw", "reg")
# Controls with a propensity from here on do not count, as in R's DRDID.
_TRIMMED = 0.995
_DEPENDENT = 1e-10

NO_OVERLAP = f"no overlap: someone treated has a propensity of {HIGHEST:g} or more"
TOO_FEW = "covariates of the controls depend on each other"
TOO_FEW_TREATED = "covariates of the treated depend on each other"


class Compared2x2(NamedTuple):
    """Effects of comparisons, (q,), and what each of the units compared adds to them, (m, q)."""

    effects: Array
    influence: Array


class _Regression(NamedTuple):
    """A weighted regression on some of the units.

    ``coefficients`` are (k, q), ``fitted`` (m, q) of all units, ``scores`` the weighted residuals of those in it, and
    ``inverse`` is that of the weighted products of covariates.
    """

    coefficients: Array
    fitted: Array
    scores: Array
    inverse: Array

    @classmethod
    def of(cls, y: Array, x: Array, weights: Array) -> _Regression | None:
        """Fit it by QR; None if covariates depend on each other. Units of weight zero are outside."""
        inside = weights > 0.0
        root = np.sqrt(weights[inside])[:, None]
        if inside.sum() < x.shape[1]:
            return None
        q, r = np.linalg.qr(root * x[inside])
        diagonal = np.abs(np.diag(r))
        if diagonal.min() <= _DEPENDENT * diagonal.max():
            return None
        coefficients = np.linalg.solve(r, q.T @ (root * y[inside]))
        half = np.linalg.inv(r)
        fitted = x @ coefficients
        return cls(coefficients, fitted, weights[:, None] * (y - fitted), half @ half.T)

    def through(self, x: Array, direction: Array) -> Array:
        """Return what each unit adds to a combination of the coefficients, (m, q)."""
        added: Array = self.scores * (x @ (self.inverse @ direction))[:, None]
        return added


def compare_changes(changes: Array, x: Array, treated: Mask, weights: Array, adjustment: str) -> Compared2x2 | str:
    r"""Compare changes of the treated with those of controls.

    With :math:`u = \Delta y - x'\hat\beta`, :math:`\hat\beta` from the controls' changes, and odds :math:`c = w \hat p
    / (1 - \hat p)` of controls, the effect is :math:`\sum_{d=1} w u / \sum_{d=1} w - \sum_{d=0} c u / \sum_{d=0} c`
    ("dr": Sant'Anna and Zhao 2020, Journal of Econometrics 219(1), equation 3.1); ``"ipw"`` has :math:`\hat\beta = 0`,
    ``"reg"`` no second sum. Without covariates all are the difference of two means.

    Parameters
    ----------
    changes : (m, q) array
    x : (m, k) array
        Covariates of similar scale, a constant first.
    treated : (m,) array of bool
    weights : (m,) array
    adjustment : {"dr", "ipw", "reg"}

    Returns
    -------
    Compared2x2 or str
        The words say why there is none.
    """
    if missing := _side_missing(treated, np.ones(len(treated), dtype=bool), "both periods"):
        return missing
    if x.shape[1] == 1:
        adjustment = "reg"
    mass = weights * treated
    total = mass.sum()
    left, regression = changes, None
    if adjustment != "ipw":
        regression = _Regression.of(changes, x, weights * ~treated)
        if regression is None:
            return TOO_FEW
        left = changes - regression.fitted
    effects = mass @ left / total
    influence = mass[:, None] * (left - effects) / total
    if regression is not None:
        influence -= regression.through(x, mass @ x / total)
    if adjustment == "reg":
        return Compared2x2(effects, influence)
    propensities = fit_propensities(treated, x, weights)
    if propensities is None:
        return NO_OVERLAP
    of_controls = _weigh_controls(left, x, _odds(propensities, treated, weights), propensities, regression)
    return Compared2x2(effects - of_controls.effects, influence - of_controls.influence)


def compare_levels(y: Array, x: Array, treated: Mask, late: Mask, weights: Array, adjustment: str) -> Compared2x2 | str:
    r"""Compare levels of the treated and of controls in two periods, where the rows are those of different units.

    With a regression in each of the four groups, :math:`\delta_s = \hat\beta_{1s} - \hat\beta_{0s}` in period s, the
    effect is :math:`\bar x_1'(\delta_1 - \delta_0)`, with the mean covariates of the treated of both periods, less the
    difference between both periods in the mean residual of controls, weighted by their odds ("dr": Sant'Anna and Zhao
    2020, equation 3.2, locally efficient). ``"reg"`` takes means of the treated and the controls' regressions,
    ``"ipw"`` the four means alone.

    Parameters
    ----------
    y : (m,) array
    x : (m, k) array
        Covariates of similar scale, a constant first.
    treated, late : (m,) arrays of bool
    weights : (m,) array
    adjustment : {"dr", "ipw", "reg"}

    Returns
    -------
    Compared2x2 or str
        The words say why there is none.
    """
    for now in (late, ~late):
        if missing := _side_missing(treated, now, "each period"):
            return missing
    if x.shape[1] == 1:
        adjustment = "reg"
    column = y[:, None]
    mass = weights * treated
    centre = mass @ x / mass.sum()
    effects, influence = np.zeros(1), np.zeros((len(y), 1))
    propensities = None
    if adjustment != "reg":
        propensities = fit_propensities(treated, x, weights)
        if propensities is None:
            return NO_OVERLAP
    for sign, now in ((1.0, late), (-1.0, ~late)):
        controls, own = None, mass * now
        left = column
        if adjustment != "ipw":
            controls = _Regression.of(column, x, weights * ~treated * now)
            if controls is None:
                return TOO_FEW
            left = column - controls.fitted
        if adjustment == "dr":
            assert controls is not None
            regression = _Regression.of(column, x, own)
            if regression is None:
                return TOO_FEW_TREATED
            gap = regression.fitted - controls.fitted
            level = mass @ gap / mass.sum()
            added = mass[:, None] * (gap - level) / mass.sum()
            added += regression.through(x, centre) - controls.through(x, centre)
        else:
            level = own @ column / own.sum()
            added = own[:, None] * (column - level) / own.sum()
            if controls is not None:
                without = mass @ controls.fitted / mass.sum()
                added = added - mass[:, None] * (controls.fitted - without) / mass.sum() - controls.through(x, centre)
                level = level - without
        if propensities is not None:
            odds = _odds(propensities, treated, weights) * now
            of_controls = _weigh_controls(left, x, odds, propensities, controls)
            level, added = level - of_controls.effects, added - of_controls.influence
        effects, influence = effects + sign * level, influence + sign * added
    return Compared2x2(effects, influence)


def _side_missing(treated: Mask, now: Mask, when: str) -> str:
    """Say who is missing among the units of a period."""
    if not (treated & now).any():
        return f"nobody treated has {when}"
    return "" if (~treated & now).any() else f"no control has {when}"


def _odds(propensities: Propensities, treated: Mask, weights: Array) -> Array:
    """Return the weights of controls, which make them like the treated, (m,)."""
    values = propensities.values
    odds: Array = np.where(treated | (values >= _TRIMMED), 0.0, weights * values / (1.0 - values))
    return odds


def _weigh_controls(
    left: Array, x: Array, odds: Array, propensities: Propensities, regression: _Regression | None
) -> Compared2x2:
    """Return the weighted means of what is left of controls, (q,), with all that was estimated in the influences."""
    total = odds.sum()
    means = odds @ left / total
    departures = odds[:, None] * (left - means) / total
    influence = departures + propensities.scores @ (propensities.inverse @ (x.T @ departures))
    if regression is not None:
        influence -= regression.through(x, odds @ x / total)
    return Compared2x2(means, influence)

r"""Maximum and restricted maximum likelihood of the one-way error-components model, by its profile in one ratio.

With :math:`\phi = \sigma_\mu^2/\sigma_\varepsilon^2` the coefficients and :math:`\hat\sigma_\varepsilon^2 =
RSS(\phi)/n` are concentrated out, and

.. math:: \ell(\phi) = -\tfrac n2\left(\log\frac{2\pi RSS(\phi)}{n} + 1\right) - \tfrac12\sum_i\log(1 + T_i\phi)

(Baltagi 2013, chapter 2; Breusch 1987). The restricted likelihood has n - p for n and
:math:`-\tfrac12\log|X'\Omega^{-1}X|` besides (Patterson and Thompson 1971; Harville 1977, J. American Statistical
Association 72, 320-338). RSS is that of the quasi-demeaned rows. Its levels enter through one small triangle for each
distinct :math:`T_i`, so the cost of a value of the likelihood does not grow with the rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import InsufficientDataError, NumericalError
from panelvar.kernels.linear.moments import PanelMoments, quasi_demeaning_weight
from panelvar.kernels.linear.qr import ROUNDING, Solution, triangularize
from panelvar.kernels.linear.variance_components import Components, Likelihood

_GRID = np.concatenate(([0.0], np.logspace(-8.0, 12.0, 161)))
"""The slope of the profile is computed first at these ratios, because it may have two maxima (Maddala 1971)."""


_SINGULAR = 1e-13
"""An eigenvalue of the information, scaled to a unit diagonal, is rounding unless it exceeds this."""


class OneWayLikelihood:
    """The profile likelihood of one sample.

    Parameters
    ----------
    moments : PanelMoments
        Moments of the kept regressors and, last, the dependent variable; unweighted.
    constant : bool
        Whether the model has a constant.
    restricted : bool
        Restricted likelihood.
    """

    def __init__(self, moments: PanelMoments, *, constant: bool, restricted: bool = False) -> None:
        self.restricted = restricted
        n = float(moments.counts.sum())
        self.degrees = n - (moments.means.shape[1] - 1) - int(constant) if restricted else n
        if self.degrees < 1.0:
            raise InsufficientDataError(
                f"{count_of(int(n), 'row')} for as many coefficients leave nothing for the restricted likelihood, so "
                "it has no maximum. Use fewer regressors."
            )
        self.counts = moments.counts
        self.sizes, first = np.unique(moments.counts, return_inverse=True)
        self.groups = np.bincount(first).astype(np.float64)
        self._centre = moments.centre()[0] if constant else None
        means = moments.means
        if self._centre is not None:
            means = np.column_stack((np.ones(len(means)), means - self._centre))
        self._within, self._means = np.pad(moments.r, ((0, 0), (int(constant), 0))), means
        self._levels = [triangularize(np.asfortranarray(means[first == c])) for c in range(len(self.sizes))]

    def _triangle(self, ratio: float) -> Array:
        """R of the quasi-demeaned rows."""
        weights = np.sqrt(self.sizes / (1.0 + self.sizes * ratio))
        stack = [self._within, *(w * level for w, level in zip(weights, self._levels, strict=True))]
        return triangularize(np.asfortranarray(np.vstack(stack)))

    def variance(self, ratio: float) -> float:
        """Return the idiosyncratic variance that maximises the likelihood at a ratio."""
        return float(self._triangle(ratio)[-1, -1] ** 2) / self.degrees

    def value(self, ratio: float) -> float:
        """Return the log-likelihood at a ratio, everything else maximised."""
        triangle = self._triangle(ratio)
        variance = triangle[-1, -1] ** 2 / self.degrees
        concentrated = -0.5 * self.degrees * (np.log(2.0 * np.pi * variance) + 1.0)
        if self.restricted:
            concentrated -= np.log(np.abs(np.diagonal(triangle)[:-1])).sum()
        return float(concentrated - 0.5 * self.groups @ np.log1p(self.sizes * ratio))

    def slope(self, ratio: float) -> float:
        r"""Return the derivative, :math:`\frac{m}{2 RSS}\sum_i g_i^2 - \frac12\sum_i \frac{T_i}{1 + T_i\phi}`.

        Here :math:`g_i = T_i\bar e_i/(1 + T_i\phi)`; m is n, or n - p for the restricted likelihood, which adds
        :math:`\frac12\sum_i(\frac{T_i}{1 + T_i\phi})^2\bar x_i'(X'\Omega^{-1}X)^{-1}\bar x_i`.
        """
        triangle = self._triangle(ratio)
        k = triangle.shape[0] - 1
        direction = np.append(-np.linalg.solve(triangle[:k, :k], triangle[:k, k]), 1.0)
        squares = np.array([np.square(level @ direction).sum() for level in self._levels])
        shrink = self.sizes / (1.0 + self.sizes * ratio)
        out = 0.5 * self.degrees * float(shrink**2 @ squares) / float(triangle[k, k] ** 2)
        out -= 0.5 * float(self.groups @ shrink)
        if self.restricted and k:
            inverse = np.linalg.inv(triangle[:k, :k])
            levers = np.array([np.square(level[:, :k] @ inverse).sum() for level in self._levels])
            out += 0.5 * float(shrink**2 @ levers)
        return out

    def maximum(self) -> float:
        """Return the ratio at the global maximum; infinity if the likelihood rises without end."""
        from scipy.optimize import brentq

        slopes = np.array([self.slope(ratio) for ratio in _GRID])
        candidates: list[float] = [0.0] if slopes[0] <= 0.0 else []
        for left in np.flatnonzero((slopes[:-1] > 0.0) & (slopes[1:] <= 0.0)):
            root: Any = brentq(self.slope, _GRID[left], _GRID[left + 1], xtol=1e-300, rtol=8.9e-16)
            candidates.append(float(root))
        if slopes[-1] > 0.0:
            return float("inf")
        return max(candidates, key=self.value)

    def information(self, ratio: float) -> tuple[Array, Array]:
        r"""Invert the observed information of (log variance, ratio), coefficients profiled out; return their drift too.

        The profile is :math:`-\frac m2\log s - \frac12\sum\log(1+T_i\phi) - RSS(\phi)/(2s)`, with
        :math:`RSS' = -\sum g_i^2` and :math:`RSS'' = 2(\sum T_i g_i^2/(1+T_i\phi) - h'Ah)`, where
        :math:`h = \sum T_i\bar x_i g_i/(1+T_i\phi)` and :math:`A = (X'\Omega^{-1}X)^{-1}`. The drift is :math:`-Ah`.
        The second derivative of the determinants is minus the squared norm of :math:`D'\Omega^{-1}D`, or of
        :math:`D'\Omega^{-1}D - D'\Omega^{-1}XAX'\Omega^{-1}D` for the restricted likelihood, in which the coefficients
        have no part.
        """
        counts, means = self.counts, self._means
        shrink = counts / (1.0 + counts * ratio)
        triangle = triangularize(np.asfortranarray(np.vstack((self._within, np.sqrt(shrink)[:, None] * means))))
        k = triangle.shape[0] - 1
        root = triangle[:k, :k]
        pull = shrink * (means[:, k] - means[:, :k] @ np.linalg.solve(root, triangle[:k, k]))
        levers = shrink[:, None] * np.linalg.solve(root.T, means[:, :k].T).T
        lever = levers.T @ pull
        first = -float(pull @ pull)
        second = 2.0 * (float(shrink @ pull**2) - float(lever @ lever))
        rss = float(triangle[k, k] ** 2)
        variance = rss / self.degrees
        norm = float(shrink @ shrink)
        if self.restricted:
            norm += float(np.square(levers.T @ levers).sum()) - 2.0 * float(shrink @ np.square(levers).sum(axis=1))
        hessian = np.empty((2, 2))
        hessian[0, 0] = -0.5 * self.degrees
        hessian[0, 1] = hessian[1, 0] = 0.5 * first / variance
        hessian[1, 1] = 0.5 * norm - 0.5 * second / variance
        # The matrix is scaled to a unit diagonal because the parameters are in different units.
        units = np.sqrt(np.abs(hessian.diagonal()))
        scaled = -hessian / np.outer(units, units) if units.all() else np.zeros((2, 2))
        if np.linalg.eigvalsh(scaled)[0] <= _SINGULAR:
            raise NumericalError(
                "The information on the two variances is singular at the maximum of the likelihood, so these rows "
                "cannot tell them apart. Use variance_components='swamy-arora'."
            )
        cov: Array = np.asarray(np.linalg.inv(scaled) / np.outer(units, units), dtype=np.float64)
        drift = np.zeros((k, 1))
        if not self.restricted:
            drift[:, 0] = -np.linalg.solve(root, lever)
            if self._centre is not None:
                # This goes back from centred regressors.
                drift[0] -= self._centre[:-1] @ drift[1:]
        return cov, drift


def maximum_likelihood(
    moments: PanelMoments, within: Solution, *, constant: bool, restricted: bool = False
) -> Components:
    r"""Estimate the components by maximum likelihood (Stata's ``xtreg, mle``; nlme's ``lme(method = "ML")``).

    Parameters
    ----------
    moments : PanelMoments
        Moments of the regressors in use and, last, the dependent variable.
    within : Solution
        The within regression; it is reported, not used.
    constant : bool
        Whether the model has a constant.
    restricted : bool
        Maximise the restricted likelihood (Stata's ``mixed, reml``; the default of nlme and lme4).

    Returns
    -------
    Components
        With ``effect_raw`` equal to ``effect``: the maximum is over non-negative variances. The idiosyncratic variance
        is :math:`RSS/n`, or :math:`RSS/(n-p)`. An infinite variance (a within regression that fits exactly) is NaN.
    """
    profile = OneWayLikelihood(moments, constant=constant, restricted=restricted)
    if profile.variance(0.0) * profile.degrees <= (ROUNDING * float(moments.raw_norms[-1])) ** 2:
        raise NumericalError(
            "The regression fits exactly, so the likelihood of random effects has no maximum. Without an error there "
            "are no variance components to estimate. Use fit_pooled."
        )
    ratio = profile.maximum()
    counts = moments.counts
    slopes = moments.means.shape[1] - 1
    df_within = int(counts.sum()) - len(counts) - len(within.kept)
    df_between = len(counts) - slopes - int(constant)
    if not np.isfinite(ratio):
        return Components(float("nan"), 0.0, float("nan"), np.zeros(len(counts)), df_within, df_between)
    idiosyncratic = profile.variance(ratio)
    cov, drift = np.full((2, 2), np.nan), np.zeros((slopes + int(constant), 1))
    cov[0, 0] = 2.0 / profile.degrees
    if ratio > 0.0:
        cov, drift = profile.information(ratio)
    pooled = profile.value(0.0)
    likelihood = Likelihood(profile.value(ratio), pooled, (pooled,), cov, drift, restricted)
    effect = ratio * idiosyncratic
    theta = quasi_demeaning_weight(idiosyncratic, effect, counts)
    return Components(idiosyncratic, effect, effect, theta, df_within, df_between, likelihood)

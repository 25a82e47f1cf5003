r"""Maximum likelihood of the one-way error-components model, by its profile in one variance ratio.

With :math:`\phi = \sigma_\mu^2/\sigma_\varepsilon^2` the coefficients and :math:`\hat\sigma_\varepsilon^2 =
RSS(\phi)/n` are concentrated out, and

.. math:: \ell(\phi) = -\tfrac n2\left(\log\frac{2\pi RSS(\phi)}{n} + 1\right) - \tfrac12\sum_i\log(1 + T_i\phi)

(Baltagi 2013, section 2.3.3; Breusch 1987). RSS is that of the quasi-demeaned rows. Its levels enter through one small
triangle for each distinct :math:`T_i`, so that a value of the likelihood costs nothing that grows with the rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from panelvar.kernels.moments import PanelMoments
from panelvar.kernels.qr import Solution, triangularize
from panelvar.kernels.variance_components import Components, Likelihood, quasi_demeaning_weight

FloatArray = NDArray[np.float64]

_GRID = np.concatenate(([0.0], np.logspace(-8.0, 8.0, 129)))
"""Ratios at which the profile's slope is looked at first: it may have two maxima (Maddala 1971)."""


class Profile:
    """The profile likelihood of one sample.

    Parameters
    ----------
    moments : PanelMoments
        Of the kept regressors and, last, the dependent variable; unweighted.
    constant : bool
        Whether the model has a constant.
    """

    def __init__(self, moments: PanelMoments, *, constant: bool) -> None:
        self.n = float(moments.counts.sum())
        self.sizes, first = np.unique(moments.counts, return_inverse=True)
        self.groups = np.bincount(first).astype(np.float64)
        means = moments.means - moments.centre()[0] if constant else moments.means
        if constant:
            means = np.column_stack((np.ones(len(means)), means))
        self._within = np.pad(moments.r, ((0, 0), (int(constant), 0)))
        self._levels = [triangularize(np.asfortranarray(means[first == c])) for c in range(len(self.sizes))]

    def parts(self, ratio: float) -> tuple[float, FloatArray]:
        """Return the residual sum of squares and, for each size, the sum of squared mean residuals of its groups."""
        weights = np.sqrt(self.sizes / (1.0 + self.sizes * ratio))
        stack = [self._within, *(w * level for w, level in zip(weights, self._levels, strict=True))]
        triangle = triangularize(np.asfortranarray(np.vstack(stack)))
        k = triangle.shape[0] - 1
        slopes = np.linalg.solve(triangle[:k, :k], triangle[:k, k]) if k else np.empty(0)
        direction = np.append(-slopes, 1.0)
        squares = np.array([np.square(level @ direction).sum() for level in self._levels])
        return float(triangle[k, k] ** 2), squares

    def value(self, ratio: float) -> float:
        """Return the log-likelihood at a ratio, everything else maximised."""
        rss = self.parts(ratio)[0]
        concentrated = -0.5 * self.n * (np.log(2.0 * np.pi * rss / self.n) + 1.0)
        return float(concentrated - 0.5 * self.groups @ np.log1p(self.sizes * ratio))

    def slope(self, ratio: float) -> float:
        r"""Return the derivative, :math:`\frac{n}{2 RSS}\sum_i g_i^2 - \frac12\sum_i \frac{T_i}{1 + T_i\phi}`.

        Here :math:`g_i = T_i\bar e_i/(1 + T_i\phi)`.
        """
        rss, squares = self.parts(ratio)
        shrink = self.sizes / (1.0 + self.sizes * ratio)
        return float(0.5 * self.n * (shrink**2 @ squares) / rss - 0.5 * self.groups @ shrink)

    def maximum(self) -> float:
        """Return the ratio at the global maximum; infinity if the likelihood rises without end."""
        from scipy.optimize import brentq

        slopes = np.array([self.slope(ratio) for ratio in _GRID])
        candidates: list[float] = [0.0] if slopes[0] <= 0.0 else []
        for left in np.flatnonzero((slopes[:-1] > 0.0) & (slopes[1:] <= 0.0)):
            found: Any = brentq(self.slope, _GRID[left], _GRID[left + 1], xtol=1e-300, rtol=8.9e-16)
            candidates.append(float(found))
        if slopes[-1] > 0.0:
            return float("inf")
        return max(candidates, key=self.value)


def maximum_likelihood(moments: PanelMoments, within: Solution, *, constant: bool) -> Components:
    r"""Estimate the components by maximum likelihood (Stata's ``xtreg, mle``; nlme's ``lme(method = "ML")``).

    Parameters
    ----------
    moments : PanelMoments
        Of the regressors in use and, last, the dependent variable.
    within : Solution
        The within regression; it is reported, not used.
    constant : bool
        Whether the model has a constant.

    Returns
    -------
    Components
        With ``effect_raw`` equal to ``effect``: the maximum is over non-negative variances. The idiosyncratic variance
        is :math:`RSS/n`. An infinite variance (a within regression that fits exactly) is NaN.
    """
    profile = Profile(moments, constant=constant)
    ratio = profile.maximum()
    counts = moments.counts
    df_within = int(profile.n) - len(counts) - len(within.kept)
    df_between = len(counts) - (moments.means.shape[1] - 1) - int(constant)
    if not np.isfinite(ratio):
        return Components(float("nan"), 0.0, float("nan"), np.zeros(len(counts)), df_within, df_between)
    rss, _ = profile.parts(ratio)
    idiosyncratic = rss / profile.n
    cov, drift = np.full((2, 2), np.nan), np.zeros(moments.means.shape[1] - 1 + int(constant))
    if ratio > 0.0:
        cov, drift = _information(moments, ratio, idiosyncratic, constant)
    likelihood = Likelihood(profile.value(ratio), profile.value(0.0), cov, drift)
    effect = ratio * idiosyncratic
    theta = quasi_demeaning_weight(idiosyncratic, effect, counts)
    return Components(idiosyncratic, effect, effect, theta, df_within, df_between, likelihood)


def _information(moments: PanelMoments, ratio: float, variance: float, constant: bool) -> tuple[FloatArray, FloatArray]:
    r"""Invert the observed information of (variance, ratio), coefficients profiled out; and the coefficients' drift.

    The profile is :math:`-\frac n2\log s - \frac12\sum\log(1+T_i\phi) - RSS(\phi)/(2s)`, with
    :math:`RSS' = -\sum g_i^2` and :math:`RSS'' = 2(\sum T_i g_i^2/(1+T_i\phi) - h'Ah)`, where
    :math:`h = \sum T_i\bar x_i g_i/(1+T_i\phi)` and :math:`A = (X'\Omega^{-1}X)^{-1}`. The drift is :math:`-Ah`.
    """
    counts = moments.counts
    shrink = counts / (1.0 + counts * ratio)
    means = moments.means - moments.centre()[0] if constant else moments.means
    within = moments.r
    if constant:
        means = np.column_stack((np.ones(len(means)), means))
        within = np.pad(within, ((0, 0), (1, 0)))
    triangle = triangularize(np.asfortranarray(np.vstack((within, np.sqrt(shrink)[:, None] * means))))
    k = triangle.shape[0] - 1
    slopes = np.linalg.solve(triangle[:k, :k], triangle[:k, k]) if k else np.empty(0)
    pull = shrink * (means[:, k] - means[:, :k] @ slopes)
    lever = np.linalg.solve(triangle[:k, :k].T, means[:, :k].T @ (shrink * pull)) if k else np.empty(0)
    first = -float(pull @ pull)
    second = 2.0 * (float(shrink @ pull**2) - float(lever @ lever))
    n, rss = float(counts.sum()), float(triangle[k, k] ** 2)
    hessian = np.empty((2, 2))
    hessian[0, 0] = 0.5 * n / variance**2 - rss / variance**3
    hessian[0, 1] = hessian[1, 0] = 0.5 * first / variance**2
    hessian[1, 1] = 0.5 * float(np.square(shrink).sum()) - 0.5 * second / variance
    drift: FloatArray = np.asarray(-np.linalg.solve(triangle[:k, :k], lever) if k else lever, dtype=np.float64)
    if constant:
        # Back from centred regressors.
        drift[0] -= moments.centre()[0][:-1] @ drift[1:]
    cov: FloatArray = np.asarray(np.linalg.inv(-hessian), dtype=np.float64)
    return cov, drift

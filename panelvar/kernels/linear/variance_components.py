r"""Variance components of the one-way error-components model :math:`u_{it} = \mu_i + \varepsilon_{it}`."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.kernels.linear.moments import PanelMoments, quasi_demeaning_weight, triangle_of_means
from panelvar.kernels.linear.qr import Solution, solve


class Likelihood(NamedTuple):
    """What maximum likelihood knows beyond the estimates, of one effect or two (D).

    Attributes
    ----------
    value, pooled : float
        Maximised log-likelihood, with the effects' variances free and all at zero.
    without : tuple of float
        The same with the variance of each effect at zero and the other's free.
    variance_cov : (1 + D, 1 + D) array
        Covariance of the logarithm of the idiosyncratic variance and of the ratios of the effects' variances to it,
        none of which has units, from the observed information; NaN where a ratio is estimated at its boundary, zero.
    drift : (p, D) array
        Derivatives of the coefficients, the constant first, with respect to the ratios; zero for the restricted
        likelihood, which does not have the coefficients as parameters.
    restricted : bool
        Whether the likelihood is the restricted one.
    """

    value: float
    pooled: float
    without: tuple[float, ...]
    variance_cov: Array
    drift: Array
    restricted: bool

    @property
    def coefficient_spread(self) -> Array:
        """Covariance (p, p) of the coefficients that comes from estimated ratios; zero for a ratio at its boundary."""
        free = np.flatnonzero(np.isfinite(np.diagonal(self.variance_cov)[1:]))
        moved = self.drift[:, free]
        return moved @ self.variance_cov[np.ix_(free + 1, free + 1)] @ moved.T


class Components(NamedTuple):
    """Estimated variances and what they were estimated from.

    Attributes
    ----------
    idiosyncratic : float
        Variance of the idiosyncratic error.
    effect : float
        Variance of the individual effect used (never negative).
    effect_raw : float
        The estimate before truncation at zero; NaN where it does not exist (``df_between`` is 0).
    theta : (G,) array
        Quasi-demeaning weight of each group.
    df_within, df_between : int
        Residual degrees of freedom of the two regressions.
    likelihood : Likelihood or None
        Set by maximum likelihood.
    """

    idiosyncratic: float
    effect: float
    effect_raw: float
    theta: Array
    df_within: int
    df_between: int
    likelihood: Likelihood | None = None

    @property
    def log_determinant(self) -> float:
        r"""Logarithm of the determinant of the transform, :math:`\sum_i \log(1 - \theta_i)`."""
        return float(np.log1p(-self.theta).sum())


def between_solution(moments: PanelMoments, raw_norms: Array, *, weighted: bool, constant: bool) -> Solution:
    """Regress group means on group means.

    Parameters
    ----------
    moments : PanelMoments
    raw_norms : (k,) array
        Of the regressors' columns, as in `panelvar.kernels.linear.qr.solve`.
    weighted : bool
        Whether a group counts by its weight, else each alike.
    constant : bool
        Whether the regression has a constant.
    """
    root = np.sqrt(moments.weights) if weighted else np.ones(len(moments.weights))
    centre = (root**2 @ moments.means) / float(root @ root) if constant else None
    return solve(triangle_of_means(moments.means, root, centre), raw_norms)


def swamy_arora(
    moments: PanelMoments,
    within: Solution,
    raw_norms: Array,
    *,
    version: str,
    constant: bool,
    between: Solution | None = None,
) -> Components:
    r"""Estimate the components by Swamy and Arora (1972), in one of three unbalanced versions.

    The idiosyncratic variance is always :math:`\hat\sigma_\varepsilon^2 = RSS_W / (n - G - K_W)` of the within
    regression. With :math:`k` between coefficients (constant included) the effect's variance is

    ``"baltagi-chang"``
        :math:`(SSR_B - (G - k)\hat\sigma_\varepsilon^2) / (n - \mathrm{tr})` where :math:`SSR_B` is the residual sum
        of squares of the between regression weighted by :math:`T_i` and
        :math:`\mathrm{tr} = \mathrm{tr}[(\sum T_i \bar x_i \bar x_i')^{-1} \sum T_i^2 \bar x_i \bar x_i']`
        (Baltagi and Chang 1994).
    ``"harmonic"``
        :math:`SSR_b / (G - k) - \hat\sigma_\varepsilon^2 / \bar T`, :math:`SSR_b` unweighted and :math:`\bar T` the
        harmonic mean of the :math:`T_i`.
    ``"stata-sa"``
        the Baltagi-Chang formula with the residuals of the *unweighted* between regression weighted by :math:`T_i`.

    All three agree on balanced panels. With :math:`G = k` the between regression fits exactly and the variance is
    not estimable: ``effect_raw`` is NaN and ``effect`` is 0.

    With instruments, ``within`` and ``between`` are two-stage least squares (Baltagi 1981, J. Econometrics 17(2),
    189-200); the trace stays that of the regressors.

    Parameters
    ----------
    moments : PanelMoments
    within : Solution
        Of the within regression.
    raw_norms : (k,) array
        As in `between_solution`.
    version : {"baltagi-chang", "harmonic", "stata-sa"}
    constant : bool
    between : Solution, optional
        Of the between regression, weighted by :math:`T_i` for ``"baltagi-chang"``; computed if omitted.
    """
    counts = moments.counts
    n = float(counts.sum())
    groups = len(counts)
    df_within = int(n) - groups - len(within.kept)
    idiosyncratic = within.rss / df_within if df_within > 0 else np.nan
    weighted = version == "baltagi-chang"
    if between is None:
        between = between_solution(moments, raw_norms, weighted=weighted, constant=constant)
    df_between = groups - len(between.kept) - int(constant)
    if df_between <= 0 or not df_within > 0:
        effect_raw = np.nan
    elif version == "harmonic":
        effect_raw = between.rss / df_between - idiosyncratic * float(np.mean(1.0 / counts))
    else:
        ssr = between.rss
        if not weighted:
            x = moments.means[:, between.kept]
            x_centred = x - x.mean(axis=0) if constant else x
            y = moments.means[:, -1]
            y_centred = y - y.mean() if constant else y
            ssr = float(counts @ (y_centred - x_centred @ between.coefficients[between.kept]) ** 2)
        if (counts == counts[0]).all():
            # The trace of T times an identity: no factorization needed.
            trace = float(counts[0]) * (len(between.kept) + int(constant))
        else:
            x = moments.means[:, between.kept]
            if constant:
                # The trace is invariant to a nonsingular change of regressors: centring keeps its digits.
                x = np.column_stack((np.ones(groups), x - counts @ x / n))
            q = np.linalg.qr(np.sqrt(counts)[:, None] * x)[0]
            trace = float(np.sum(counts[:, None] * q**2))
        effect_raw = (ssr - df_between * idiosyncratic) / (n - trace)
    effect = effect_raw if effect_raw > 0.0 else 0.0
    theta = quasi_demeaning_weight(idiosyncratic, effect, counts)
    return Components(idiosyncratic, effect, float(effect_raw), theta, df_within, df_between)

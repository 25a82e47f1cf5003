r"""The long-run variance of a series, and bandwidths chosen from the data.

.. math:: \lambda^2 = c_0 + 2 \sum_{j \ge 1} w(j)\, c_j, \qquad c_j = \frac1n \sum_{t > j} u_t u_{t-j}

With w Bartlett's or the quadratic spectral kernel it is never negative. Nothing is taken out of the series first.

References: Newey and West (1987), Econometrica 55, and (1994), Review of Economic Studies 61; Andrews (1991),
Econometrica 59; Hobijn, Franses and Ooms (2004), Statistica Neerlandica 58.
"""

from __future__ import annotations

import numpy as np

from panelvar.base.arrays import Array
from panelvar.covariance.serial_scores import kernel_weights


def autocovariances(series: Array, lags: int) -> Array:
    """c_0, ..., c_lags, divisor n."""
    n = len(series)
    return np.array([series[lag:] @ series[: n - lag] for lag in range(lags + 1)]) / n


def long_run_variance(series: Array, kernel: str, bandwidth: float) -> float:
    """Long-run variance.

    Parameters
    ----------
    series : array (n,)
    kernel : {"bartlett", "parzen", "quadratic-spectral"}
    bandwidth : float
        Lags L with weight for the first two, :math:`1 - j / (L + 1)` in Bartlett's; the scale of the quadratic spectral
        kernel, whose weights never end.
    """
    reach = len(series) - 1 if kernel == "quadratic-spectral" else min(int(bandwidth), len(series) - 1)
    covariances = autocovariances(series, reach if bandwidth > 0 else 0)
    weights = kernel_weights(np.arange(1, len(covariances)), kernel, bandwidth)
    return float(covariances[0] + 2.0 * weights @ covariances[1:])


def newey_west_bandwidth(series: Array, kernel: str) -> float:
    r"""Bandwidth of Newey and West (1994), nonparametric, as Hobijn, Franses and Ooms (2004) use it for a series.

    :math:`1.1447\,[(s_1/s_0)^2 n]^{1/3}` from :math:`n^{2/9}` autocovariances for Bartlett's kernel (whole lags), and
    :math:`1.3221\,[(s_2/s_0)^2 n]^{1/5}` from :math:`n^{2/25}` for the quadratic spectral one, where
    :math:`s_q = 2\sum_j j^q c_j` and :math:`s_0 = c_0 + 2\sum_j c_j`.
    """
    n, spectral = len(series), kernel == "quadratic-spectral"
    order = 2 if spectral else 1
    covariances = autocovariances(series, min(int(n ** (2.0 / (25.0 if spectral else 9.0))), n - 1))
    steps = np.arange(1, len(covariances), dtype=np.float64)
    ratio = 2.0 * (steps**order @ covariances[1:]) / (covariances[0] + 2.0 * covariances[1:].sum())
    scale = 1.3221 if spectral else 1.1447
    width = scale * (ratio**2) ** (1.0 / (2 * order + 1)) * n ** (1.0 / (2 * order + 1))
    return float(min(width if spectral else int(width), n - 1))


def andrews_bandwidth(series: Array, kernel: str) -> float:
    r"""Bandwidth of Andrews (1991, eq. 6.2 and 6.4) with a first-order autoregression as the pilot.

    :math:`1.1447\,(\alpha_1 n)^{1/3}`, :math:`\alpha_1 = 4\rho^2/[(1-\rho)^2(1+\rho)^2]` for Bartlett's kernel (whole
    lags), :math:`1.3221\,(\alpha_2 n)^{1/5}`, :math:`\alpha_2 = 4\rho^2/(1-\rho)^4` for the quadratic spectral one. The
    root is kept within 0.97 (Andrews and Monahan 1992).
    """
    n = len(series)
    rho = float(np.clip(series[1:] @ series[:-1] / (series[:-1] @ series[:-1]), -0.97, 0.97))
    if kernel == "quadratic-spectral":
        return float(1.3221 * (4.0 * rho**2 / (1.0 - rho) ** 4 * n) ** 0.2)
    return float(min(int(1.1447 * (4.0 * rho**2 / (1.0 - rho**2) ** 2 * n) ** (1.0 / 3.0)), n - 1))

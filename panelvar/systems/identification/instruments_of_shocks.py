r"""Series from outside a vector autoregression, correlated with one of its shocks.

With :math:`E z_t \varepsilon_{1t} \ne 0` and :math:`E z_t \varepsilon_{st} = 0` for all others,
:math:`E u_t z_t' = b_1 E \varepsilon_{1t} z_t'`: residuals' covariances with z are proportional to the impact of the
shock (Stock and Watson 2018; Mertens and Ravn 2013).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import Note
from panelvar.kernels.dynamics.orthonormal_instruments import orthonormal_instruments, own_rows
from panelvar.kernels.dynamics.unit_free_solves import lower_solve
from panelvar.kernels.linear.quadratic_form import quadratic_form

WEAK = 10.0
"""First-stage F below which an instrument is called weak (Stock and Yogo 2005; Montiel Olea and Pflueger 2013)."""


class FirstStage(NamedTuple):
    """Regression of a residual on a constant and the instruments.

    Attributes
    ----------
    classical, robust : float
        F statistic that all slopes are zero, with classical and with HC1 covariance.
    nobs : int
    n_instruments : int
    rsquared : float
    """

    classical: float
    robust: float
    nobs: int
    n_instruments: int
    rsquared: float


def note_strength(text: str, robust: float) -> tuple[Note, ...]:
    """Say how strong instruments are, and warn if they are weak."""
    weak = robust < WEAK
    if weak:
        text += f" Below {WEAK:g} the instrument is weak: estimates are biased, and bands cover the truth too rarely."
    return (Note("first-stage", text, warn=weak),)


def impact_column(cross: Array, own: int, factor: Array) -> Array:
    r"""Impact (..., K, 1) of one standard deviation of the shock.

    .. math:: c = U'P_z u_1, \qquad b_1 = c / \sqrt{c' \Sigma^{-1} c}

    with :math:`P_z` the projection on the instruments: two-stage least squares of each residual on that of the shock's
    own variable, whose response is positive. The scale follows from :math:`b_1' \Sigma^{-1} b_1 = 1`.

    Parameters
    ----------
    cross : array (..., K, k)
        Residuals' cross products with orthonormal instruments.
    own : int
        Position of the shock's own variable.
    factor : array (..., K, K)
        Lower factor of the residual covariance.
    """
    column = cross @ cross[..., own, :, None]
    whitened = lower_solve(factor, column)
    return np.asarray(column / np.sqrt(np.einsum("...ij,...ij->...j", whitened, whitened))[..., None, :])


def first_stage(residual: Array, instruments: Array) -> FirstStage:
    """Regress the residual (n,) of the shock's own variable on a constant and the instruments (n, k)."""
    rows = own_rows(instruments)
    basis = orthonormal_instruments(instruments)[rows]
    left = residual[rows] - residual[rows].mean()
    nobs, count = basis.shape
    degrees = nobs - count - 1
    slopes = basis.T @ left
    rest = left - basis @ slopes
    explained, unexplained = float(slopes @ slopes), float(rest @ rest)
    scores = basis * rest[:, None]
    robust = float(quadratic_form(slopes, scores.T @ scores * (nobs / degrees)).statistic) / count
    return FirstStage(
        explained / count / (unexplained / degrees), robust, nobs, count, explained / (explained + unexplained)
    )

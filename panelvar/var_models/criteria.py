"""Likelihood and information criteria of a vector autoregression, in the forms that programs print."""

from __future__ import annotations

import math
import sys
from typing import NamedTuple


class VarCriteria(NamedTuple):
    """AIC, BIC (Schwarz), HQIC (Hannan-Quinn) and FPE."""

    aic: float
    bic: float
    hqic: float
    fpe: float


def log_likelihood(nobs: int, n_vars: int, log_half_determinant: float) -> float:
    r"""Concentrated Gaussian log likelihood (Luetkepohl 2005, section 3.4).

    .. math:: -\frac{n}{2}\left[K (1 + \ln 2\pi) + \ln |U'U / n|\right]

    Parameters
    ----------
    log_half_determinant : float
        Half the log determinant of U'U.
    """
    log_det = 2.0 * log_half_determinant - n_vars * math.log(nobs)
    return -0.5 * nobs * (n_vars * (1.0 + math.log(2.0 * math.pi)) + log_det)


def information_criteria(
    form: str,
    nobs: int,
    n_vars: int,
    lags: int,
    n_deterministic: int,
    log_half_determinant: float,
    n_free: int | None = None,
) -> VarCriteria:
    r"""Information criteria in one of the forms of `VarConvention.criteria` (Luetkepohl 2005, section 4.3).

    Penalties per parameter: 2 (AIC), ln n (BIC), 2 ln ln n (HQIC). ``n_free`` is the number of coefficients of all
    equations where some are restricted; the final prediction error then counts their average in an equation.
    """
    whole = n_vars * (n_deterministic + lags * n_vars)
    n_free = whole if n_free is None else n_free
    n_regressors = n_free / n_vars
    log_det = 2.0 * log_half_determinant - n_vars * math.log(nobs)
    log_fpe = log_det + n_vars * math.log((nobs + n_regressors) / (nobs - n_regressors))
    fpe = math.exp(log_fpe) if log_fpe < math.log(sys.float_info.max) else math.inf
    # ln ln n exists from n = 2 on; a fit has at least that many rows.
    penalties = (2.0, math.log(nobs), 2.0 * math.log(math.log(nobs)))
    count = n_free - (n_vars * n_deterministic if form == "lags-only" else 0)
    if form in ("log-determinant", "lags-only"):
        values = [log_det + penalty * count / nobs for penalty in penalties]
    else:
        deviance = -2.0 * log_likelihood(nobs, n_vars, log_half_determinant)
        scale = nobs if form == "per-observation" else 1
        values = [(deviance + penalty * count) / scale for penalty in penalties]
    return VarCriteria(values[0], values[1], values[2], fpe)

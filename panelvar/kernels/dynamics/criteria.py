"""Information criteria that choose lags."""

from __future__ import annotations

import numpy as np

from panelvar.core.base.arrays import Array

CRITERIA = ("aic", "bic", "hqic")


def penalty(criterion: str, rows: float | Array) -> Array:
    r"""Return what each coefficient adds to :math:`n \ln \hat\sigma^2`: 2, :math:`\ln n` or :math:`2 \ln \ln n`.

    Parameters
    ----------
    criterion : {"aic", "bic", "hqic"}
        Akaike's, Schwarz's, or Hannan and Quinn's.
    rows : float or array
        n.
    """
    size = np.log(rows)
    return np.asarray({"aic": 2.0 + 0.0 * size, "bic": size, "hqic": 2.0 * np.log(size)}[criterion])

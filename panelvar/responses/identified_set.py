"""Limits of a set of models that fit equally well: no sampling error, only what a scheme leaves open."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from panelvar.bands.target import Band


def identified_set(values: npt.NDArray[np.float64], level: float) -> Band:
    """Limits that hold the middle share of many models at each point.

    Parameters
    ----------
    values : array (N, ...)
        A statistic of each model.
    level : float
    """
    lower, upper = np.quantile(values, [(1.0 - level) / 2.0, (1.0 + level) / 2.0], axis=0)
    return Band(lower, upper, level, f"{len(values)} models at the estimates", None, values)

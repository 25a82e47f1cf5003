"""All coefficients of a system in one vector, for tests and combinations of any of them."""

from __future__ import annotations

from dataclasses import dataclass

from panelvar.base.arrays import Array
from panelvar.base.errors import Note
from panelvar.covariance.covariances import CovarianceEstimate
from panelvar.static_panels.inference import Inference


@dataclass(frozen=True, eq=False)
class Stacked:
    """Coefficients of all equations.

    Attributes
    ----------
    names : tuple of str
        ``"[equation]regressor"``, equation by equation, such as ``"[gdp]L1.cpi"``.
    coefficients : array (K m,)
    rss : float
        Residual sum of squares of all equations.
    notes : tuple of Note
    """

    names: tuple[str, ...]
    coefficients: Array
    rss: float
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, eq=False)
class StackedInference(Inference):
    """Tests and linear combinations of coefficients of any equations."""

    fit: Stacked
    covariance: CovarianceEstimate


def equation_labels(names: tuple[str, ...], regressors: tuple[str, ...]) -> tuple[str, ...]:
    """Labels ``"[equation]regressor"``, equation by equation."""
    return tuple(f"[{equation}]{regressor}" for equation in names for regressor in regressors)

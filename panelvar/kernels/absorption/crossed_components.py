"""Variance components of two crossed effects, with the equations of the transform that they make."""

from __future__ import annotations

from dataclasses import dataclass, replace

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import MissingInformationError
from panelvar.kernels.absorption.crossed_effects import CrossedEquations
from panelvar.kernels.linear.variance_components import Likelihood


@dataclass(frozen=True, eq=False)
class CrossedComponents:
    """Estimated variances of a two-way model.

    Attributes
    ----------
    idiosyncratic : float
        Variance of the idiosyncratic error.
    effects, effects_raw : (2,) arrays
        Variances of the two effects used (never negative), and before truncation; NaN where not estimable.
    thetas : tuple of (G_d,) arrays
        The one-way quasi-demeaning weight of each level of each effect.
    df_within : int
    df_between : tuple of int
        Residual degrees of freedom of the regressions, as the method counts them.
    equations : CrossedEquations or None
        Of the transform; None once the rows are released.
    likelihood : Likelihood or None
        Set by maximum likelihood.
    """

    idiosyncratic: float
    effects: Array
    effects_raw: Array
    thetas: tuple[Array, ...]
    df_within: int
    df_between: tuple[int, ...]
    equations: CrossedEquations | None
    likelihood: Likelihood | None = None

    @property
    def effect(self) -> float:
        """Sum of both variances."""
        return float(self.effects.sum())

    @property
    def log_determinant(self) -> float:
        """Logarithm of the determinant of the transform.

        Raises
        ------
        MissingInformationError
            If the rows are released.
        NumericalError
            If there are more levels than can be factored (`panelvar.kernels.absorption.crossed_effects`).
        """
        if self.equations is None:
            raise MissingInformationError(
                "The likelihood of two-way random effects needs the data rows, which this result no longer has. "
                "Refit the model."
            )
        return -0.5 * self.equations.log_determinant

    def without_rows(self) -> CrossedComponents:
        """Return the components without the equations, which hold a number for each row."""
        return replace(self, equations=None)

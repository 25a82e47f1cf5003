r"""What identification is: a rule that makes structural shocks of the errors of a reduced form.

.. math:: u_t = B \varepsilon_t, \qquad E \varepsilon_t \varepsilon_t' = I,

so that column s of B, the *impact matrix*, is the immediate effect of one standard deviation of shock s. A scheme
turns reduced forms, one or a batch of draws, into impact matrices. Everything after that (responses, decompositions,
bands) is the same for all schemes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from panelvar.errors import SpecificationError

Array = npt.NDArray[np.float64]
Names = tuple[str, ...]


class ReducedForm(NamedTuple):
    """Parameters of a vector autoregression, or of many draws of one.

    Attributes
    ----------
    coefficients : array (..., p, K, K)
        Lag matrices.
    factor : array (..., K, K)
        F with F F' = sigma, lower triangular.
    beside : array (..., d, K) or None
        Coefficients of the terms beside the lags; None where the system has none or they do not matter.
    """

    coefficients: Array
    factor: Array
    beside: Array | None = None

    @property
    def sigma(self) -> Array:
        """Residual covariances, (..., K, K)."""
        return self.factor @ self.factor.swapaxes(-1, -2)


class Identification(ABC):
    """A scheme; a small frozen object, callable on `ReducedForm` for any number of draws.

    Attributes
    ----------
    name : str
        One word, as `panelvar.results.responses.Responses` keeps it.
    orthogonal : bool
        Whether the shocks are uncorrelated and there are K of them, so that they share out every forecast error.
    needs_sigma : bool
        Whether the residual covariance enters at all for shocks of one unit.
    """

    name: ClassVar[str]
    orthogonal: ClassVar[bool] = True
    needs_sigma: ClassVar[bool] = True

    @property
    @abstractmethod
    def words(self) -> str:
        """The scheme in words, as in "responses to Cholesky shocks"."""

    def check(self, names: Names) -> None:
        """Raise a SpecificationError if the scheme does not fit these variables; most fit any."""
        del names

    def shocks(self, names: Names) -> Names:
        """Names of the shocks; those of the variables unless the scheme names its own."""
        return names

    def ordering_of(self, names: Names) -> Names | None:
        """Causal ordering of the variables, None where the scheme has none."""
        return None

    @abstractmethod
    def impact(self, form: ReducedForm, names: Names) -> Array:
        """Impact matrices (..., K, S) of one-standard-deviation shocks.

        Raises
        ------
        numpy.linalg.LinAlgError
            A covariance is not positive definite.
        """

    def derivatives(self, form: ReducedForm, names: Names, steps: Array, sigma_steps: Array) -> Array | None:
        """Directional derivatives of `impact`, (..., D, K, S); None if the scheme has no formula.

        Parameters
        ----------
        form, names
            As in `impact`.
        steps : array (..., D, p, K, K)
            Directions of the coefficients.
        sigma_steps : array (..., D, K, K)
            Symmetric directions of sigma.
        """
        return None


def of_unit_size(impact: Array) -> Array:
    """Scale each shock so that it moves its own variable, that of its column, by one unit on impact.

    Raises
    ------
    SpecificationError
        There are not as many shocks as variables, so that no variable is a shock's own.
    """
    if impact.shape[-1] != impact.shape[-2]:
        raise SpecificationError("shock_size='unit' needs a shock for each variable; use shock_size='sd'.")
    scaled: Array = impact / impact.diagonal(axis1=-2, axis2=-1)[..., None, :]
    return scaled


def unit_size_derivatives(impact: Array, change: Array) -> Array:
    """Derivatives of `of_unit_size` (..., D, K, K) from those of the impact matrix (..., K, K)."""
    sizes = impact.diagonal(axis1=-2, axis2=-1)[..., None, None, :]
    scaled = impact[..., None, :, :] / sizes
    shifted: Array = (change - scaled * change.diagonal(axis1=-2, axis2=-1)[..., None, :]) / sizes
    return shifted


def factor_derivative(factor: Array, directions: Array) -> Array:
    r"""Derivatives of lower Cholesky factors P (..., K, K) along symmetric directions of P P', (..., D, K, K).

    :math:`dP = P\,\Phi(P^{-1}\, d\Sigma\, P^{-\prime})`, where :math:`\Phi` keeps the lower triangle and halves the
    diagonal.
    """
    own = factor[..., None, :, :]
    half = np.linalg.solve(own, np.linalg.solve(own, directions).swapaxes(-1, -2))
    change: Array = own @ (np.tril(half) - 0.5 * half * np.eye(factor.shape[-1]))
    return change


def position(names: Names, name: str, what: str = "variable") -> int:
    """Place of a variable (or a shock) among the names.

    Raises
    ------
    SpecificationError
        No such name; all are listed.
    """
    try:
        return names.index(name)
    except ValueError:
        raise SpecificationError(f"{name!r} is not a {what} of this system. Its {what}s: {list(names)}.") from None

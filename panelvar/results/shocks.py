"""Identification: how shocks are made from the residual covariance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from panelvar.errors import MissingInformationError, NumericalError, SpecificationError, choose
from panelvar.kernels import dynamics
from panelvar.results.responses import position

Array = npt.NDArray[np.float64]

IDENTIFICATIONS = ("cholesky", "reduced_form")
SHOCK_SIZES = ("sd", "unit")

# Other programs' words, for messages. A generalised response is the Cholesky response to a variable ordered first.
_GENERALISED = "The generalised response to a variable is its Cholesky response with the variable first in ordering=."
IDENTIFICATIONS_ELSEWHERE = dict.fromkeys(
    ("orth", "ortho", "oirf", "orthogonal", "orthogonalized", "orthogonalised", "recursive"), "cholesky"
)
IDENTIFICATIONS_ELSEWHERE |= dict.fromkeys(("girf", "generalized", "generalised", "pesaran-shin"), _GENERALISED)
IDENTIFICATIONS_ELSEWHERE |= dict.fromkeys(("none", "irf", "simple", "forecast_error", "residual"), "reduced_form")
SIZES_ELSEWHERE = {"std": "sd", "stdev": "sd", "one": "unit", "1": "unit", "none": "unit"}


@dataclass(frozen=True, eq=False)
class Shocks:
    """How the columns of the impact matrix are made from sigma.

    Parameters
    ----------
    order : array of int or None
        Causal ordering for Cholesky; None for reduced-form shocks.
    ordering : tuple of str or None
        The same, by name.
    unit : bool
        Whether each shock moves its own variable by one unit on impact, rather than by one standard deviation.
    """

    order: npt.NDArray[np.intp] | None
    ordering: tuple[str, ...] | None
    unit: bool

    def impact(self, sigma: Array) -> Array:
        """Impact matrices (..., K, K) for covariances (..., K, K)."""
        n_vars = sigma.shape[-1]
        if self.order is None:
            if self.unit:
                return np.broadcast_to(np.eye(n_vars), sigma.shape)
            deviations = np.sqrt(sigma.diagonal(axis1=-2, axis2=-1))
            return deviations[..., None, :] * np.eye(n_vars)
        identity = np.array_equal(self.order, np.arange(n_vars))
        return self.scale(dynamics.cholesky_impact(sigma, None if identity else self.order))

    def system_impact(self, sigma: Array | None, n_vars: int) -> Array:
        """Impact matrix (K, K) of one system; without sigma only unit reduced-form shocks, the identity, are left.

        Raises
        ------
        NumericalError
            Sigma is singular and orthogonalised shocks were asked for.
        """
        if sigma is None:
            return np.eye(n_vars)
        try:
            return self.impact(sigma)
        except np.linalg.LinAlgError:
            raise NumericalError(
                "The residual covariance is not positive definite: the equations' errors are linearly dependent, and "
                "orthogonalised shocks do not exist."
            ) from None

    def scale(self, impact: Array) -> Array:
        """Bring each column to the size asked for."""
        if not self.unit:
            return impact
        scaled: Array = impact / impact.diagonal(axis1=-2, axis2=-1)[..., None, :]
        return scaled

    def impact_from_factor(self, factor: Array) -> Array:
        """Impact matrices from factors F with F F' = sigma; a triangular F in the natural order is used as it is."""
        n_vars = factor.shape[-1]
        lower = not np.triu(factor, 1).any()
        if lower and self.order is not None and np.array_equal(self.order, np.arange(n_vars)):
            return self.scale(factor)
        return self.impact(factor @ factor.swapaxes(-1, -2))

    def derivatives(self, sigma: Array, directions: Array) -> Array:
        r"""Derivatives of the impact matrix along symmetric directions dSigma (D, K, K).

        For the Cholesky factor :math:`dP = P\,\Phi(P^{-1} d\Sigma P^{-\prime})`, where :math:`\Phi` keeps the lower
        triangle and halves the diagonal.
        """
        n_vars = sigma.shape[-1]
        if self.order is None:
            if self.unit:
                return np.zeros(directions.shape)
            deviations = np.sqrt(sigma.diagonal())
            moved = directions.diagonal(axis1=-2, axis2=-1) / (2.0 * deviations)
            return moved[:, None, :] * np.eye(n_vars)
        place: Any = (..., self.order[:, None], self.order)
        factor = np.linalg.cholesky(sigma[place])
        half = np.linalg.solve(factor, np.linalg.solve(factor, directions[place]).swapaxes(-1, -2))
        change = np.empty(directions.shape)
        change[place] = factor @ (np.tril(half) - 0.5 * half * np.eye(n_vars))
        if not self.unit:
            return change
        impact = dynamics.cholesky_impact(sigma, self.order)
        sizes = impact.diagonal()
        shifted: Array = (change - impact / sizes * change.diagonal(axis1=-2, axis2=-1)[:, None, :]) / sizes
        return shifted


def choose_shocks(
    names: tuple[str, ...],
    sigma: Array | None,
    identification: str,
    shock_size: str,
    ordering: Sequence[str] | None,
    purpose: str = "",
) -> Shocks:
    """Check a request for shocks against what a system has.

    Raises
    ------
    SpecificationError
        Unknown options, or an ordering that does not name every variable once.
    MissingInformationError
        The shocks need sigma and there is none; ``purpose`` begins the message.
    """
    choose("identification", identification, IDENTIFICATIONS, IDENTIFICATIONS_ELSEWHERE)
    choose("shock_size", shock_size, SHOCK_SIZES, SIZES_ELSEWHERE)
    orthogonal = identification == "cholesky"
    if ordering is not None and not orthogonal:
        raise SpecificationError("ordering= applies to identification='cholesky' only.")
    if sigma is None and (orthogonal or shock_size == "sd"):
        asked = purpose or f"identification={identification!r} with shock_size={shock_size!r}"
        raise MissingInformationError(
            f"{asked} needs the residual covariance, and this system has none. Give sigma=, or ask for "
            "impulse_responses(identification='reduced_form', shock_size='unit')."
        )
    if not orthogonal:
        return Shocks(None, None, shock_size == "unit")
    order = check_ordering(names, ordering)
    return Shocks(order, tuple(names[place] for place in order), shock_size == "unit")


def check_ordering(names: tuple[str, ...], ordering: Sequence[str] | None) -> npt.NDArray[np.intp]:
    """Positions of a causal ordering, which must name every variable once."""
    if ordering is None:
        return np.arange(len(names))
    if isinstance(ordering, str):
        raise SpecificationError(f"ordering={ordering!r}: expected a sequence of all variables, {list(names)}.")
    order = [position(names, name) for name in ordering]
    if sorted(order) != list(range(len(names))):
        raise SpecificationError(f"ordering={list(ordering)} must name every variable once: {list(names)}.")
    return np.array(order, dtype=np.intp)

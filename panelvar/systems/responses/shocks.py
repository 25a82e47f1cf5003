"""A request for shocks: an identification scheme, a size, and the system they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arguments import is_number, read_flag
from panelvar.core.base.arrays import Array, Mask
from panelvar.core.base.errors import MissingInformationError, NumericalError, SpecificationError, choose
from panelvar.core.base.quoting import shown
from panelvar.kernels.dynamics import dynamics
from panelvar.kernels.dynamics.reduced_form import ReducedForm
from panelvar.systems.identification.named import scheme_of
from panelvar.systems.identification.scheme import (
    Estimates,
    Identification,
    Names,
    of_unit_size,
    unit_size_derivatives,
    variables_of,
)

SHOCK_SIZES = ("sd", "unit")

_DEPENDENT = (
    "The residual covariance is not positive definite, because the equations' errors are linearly dependent. "
    "Orthogonalised shocks do not exist."
)


@dataclass(frozen=True, eq=False)
class Shocks:
    """Shocks of a scheme, of a size.

    Parameters
    ----------
    scheme : Identification
    unit : bool
        Whether each shock moves its own variable by one unit on impact, rather than by one standard deviation.
    variables : tuple of str
    """

    scheme: Identification
    unit: bool
    variables: Names

    @property
    def names(self) -> Names:
        """Names of the shocks."""
        return self.scheme.shocks(self.variables)

    @property
    def ordering(self) -> Names | None:
        """Causal ordering of the variables, None where the scheme has none."""
        return self.scheme.ordering_of(self.variables)

    @property
    def size(self) -> str:
        """``"unit"`` or ``"sd"``."""
        return "unit" if self.unit else "sd"

    def impact(self, form: ReducedForm) -> Array:
        """Impact matrices (..., K, S) of reduced forms."""
        if self.unit and not self.scheme.needs_sigma:
            return np.broadcast_to(np.eye(len(self.variables)), form.factor.shape)
        return self._sized(self.scheme.impact(form, self.variables))

    def drawn(self, form: ReducedForm) -> Array:
        """Impact matrices (N, K, S) of draws; NaN where a set-valued scheme finds none."""
        if self.unit and not self.scheme.needs_sigma:
            return self.impact(form)
        return self._sized(self.scheme.drawn(form, self.variables))

    def _sized(self, impact: Array) -> Array:
        return of_unit_size(impact, self._moved(impact)) if self.unit else impact

    def _moved(self, impact: Array) -> npt.NDArray[np.intp]:
        """Return the place of each shock's own variable; refuse shocks of unit size that do not move it."""
        own = self.scheme.own(self.variables)
        still = np.flatnonzero((impact[..., own, np.arange(own.size)] == 0.0).reshape(-1, own.size).any(axis=0))
        if still.size:
            shock, variable = self.names[still[0]], self.variables[own[still[0]]]
            raise SpecificationError(
                f"The shock {shock!r} does not move {variable!r} on impact, so it has no size of one unit. Use "
                "shock_size='sd'."
            )
        return own

    @property
    def uses_sigma(self) -> bool:
        """Whether the residual covariance enters."""
        return not self.scheme.fixed and (self.scheme.needs_sigma or not self.unit)

    @property
    def models(self) -> Array | None:
        """Impact matrices (N, K, S) of all models of a set-valued scheme at the estimates; None for others."""
        models = self.scheme.accepted_models
        return None if models is None else self._sized(models)

    @property
    def complete(self) -> bool:
        """Whether the shocks are uncorrelated and as many as variables, so that they share out every error."""
        return self.scheme.orthogonal and len(self.names) == len(self.variables)

    def bound(self, estimates: Estimates) -> Shocks:
        """The same shocks of a scheme that has seen the estimates."""
        return replace(self, scheme=self.scheme.bound(estimates, self.variables))

    def system_impact(self, coefficients: Array, sigma: Array | None) -> Array:
        """Impact matrix (K, S) of one system; without sigma a given one, or the identity of unit reduced-form shocks.

        Raises
        ------
        NumericalError
            Sigma is singular.
        """
        if sigma is None:
            n_vars = len(self.variables)
            if not self.scheme.fixed:
                return np.eye(n_vars)
            return self.impact(ReducedForm(coefficients, np.eye(n_vars)))
        return self.impact(ReducedForm(coefficients, positive_factor(sigma)))

    def derivatives(self, form: ReducedForm, steps: Array, sigma_steps: Array) -> Array | None:
        """Directional derivatives of the impact matrices (..., D, K, S), None if the scheme has no formula."""
        if self.unit and not self.scheme.needs_sigma:
            return np.zeros(sigma_steps.shape)
        change = self.scheme.derivatives(form, self.variables, steps, sigma_steps)
        if change is None or not self.unit:
            return change
        impact = self.scheme.impact(form, self.variables)
        return unit_size_derivatives(impact, change, self._moved(impact))

    def date_moves(
        self, form: ReducedForm, residuals: Array, controls: Array, carried: Array, sigma_steps: Array
    ) -> Array | None:
        """What each date adds to the impact matrix (..., n, K, S) of a scheme that carries series; None for others."""
        change = self.scheme.date_moves(form, self.variables, residuals, controls, carried, sigma_steps)
        if change is None or not self.unit:
            return change
        impact = self.scheme.impact(form._replace(carried=residuals.swapaxes(-1, -2) @ carried), self.variables)
        return unit_size_derivatives(impact, change, self._moved(impact))


def read_cumulative(cumulative: bool | str | Sequence[str], names: Names) -> Mask:
    """Which variables' responses are summed over periods (K,): all, none, or those named.

    Raises
    ------
    SpecificationError
        A name is not a variable, or there is no name.
    """
    if isinstance(cumulative, (bool, np.bool_)) or is_number(cumulative):
        return np.full(len(names), read_flag("cumulative", cumulative))
    try:
        chosen = variables_of(names, "cumulative", cumulative)
    except SpecificationError as error:
        text = f"cumulative={shown(cumulative)} must be True, False or names of variables. {error}"
        raise SpecificationError(text) from None
    return np.isin(names, chosen)


def said_cumulative(summed: Mask, names: Names) -> bool | Names:
    """What a result keeps of it: True for all, False for none, or the names of those that are summed."""
    if summed.all() or not summed.any():
        return bool(summed.any())
    return tuple(name for name, chosen in zip(names, summed, strict=True) if chosen)


def cumulated(values: Array, axis: int, summed: Mask) -> Array:
    """Running sums over periods of some variables, which are the axis after that of the periods.

    Past the range of floating-point numbers they are not finite, without a warning.
    """
    if not summed.any():
        return values
    with np.errstate(over="ignore", invalid="ignore"):
        sums: Array = np.cumsum(values, axis=axis)
    if summed.all():
        return sums
    across = summed.reshape(-1, *(1,) * (values.ndim - axis % values.ndim - 2))
    return np.where(across, sums, values)


def positive_factor(sigma: Array) -> Array:
    """Lower Cholesky factor of a residual covariance.

    Raises
    ------
    NumericalError
        It is singular.
    """
    try:
        return dynamics.cholesky_impact(sigma)
    except np.linalg.LinAlgError:
        raise NumericalError(_DEPENDENT) from None


def factor_of_root(root: Array) -> Array:
    """Lower factor (..., K, K) of the residual covariance whose root is given, without the squares of its entries.

    Raises
    ------
    NumericalError
        The root is singular, or not finite.
    """
    if np.isfinite(root).all():
        factor = dynamics.ordered_impact(root, np.arange(root.shape[-1]))
        if factor.diagonal(axis1=-2, axis2=-1).all():
            return factor
    raise NumericalError(_DEPENDENT)


def choose_shocks(
    names: Names,
    sigma: Array | None,
    identification: str | Identification,
    shock_size: str,
    ordering: Sequence[str] | None,
    purpose: str = "",
) -> Shocks:
    """Check a request for shocks against what a system has.

    Raises
    ------
    SpecificationError
        An option is unknown, or the ordering does not name every variable once.
    MissingInformationError
        The shocks need sigma and there is none; ``purpose`` begins the message.
    """
    unit = choose("shock_size", shock_size, SHOCK_SIZES) == "unit"
    shocks = Shocks(scheme_of(identification, ordering, names), unit, names)
    if sigma is None and shocks.uses_sigma:
        asked = purpose or f"identification={shocks.scheme.name!r} with shock_size={shocks.size!r}"
        raise MissingInformationError(
            f"{asked} needs the residual covariance, and this system has none. Give sigma=, or ask for "
            "impulse_responses(identification='reduced_form', shock_size='unit')."
        )
    return shocks

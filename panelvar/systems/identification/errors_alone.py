"""Shocks to one reduced-form error: by itself, or with what the others do on average at the same time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.unknown_arguments import answering
from panelvar.kernels.dynamics.reduced_form import ReducedForm
from panelvar.systems.identification.named_shocks import NamedShocks
from panelvar.systems.identification.scheme import Names


@answering
@dataclass(frozen=True, init=False, repr=False)
class ReducedFormErrors(NamedShocks):
    r"""One reduced-form error moved by itself, :math:`B = \mathrm{diag}(\sigma_{kk}^{1/2})`.

    With ``shock_size="unit"`` the responses are the moving-average matrices :math:`\Phi_h`. They describe an experiment
    only if the errors are uncorrelated.

    Parameters
    ----------
    shocks : sequence of str, or mapping of variables to names, optional
        Names of the shocks, in the order of the variables; by default they are called like the variables.

    See Also
    --------
    Generalised : the other errors move as they do on average.
    Cholesky : orthogonal shocks.

    Examples
    --------
    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]], lags=2)
    >>> irf = model.impulse_responses(4, identification=pv.ReducedFormErrors(), shock_size="unit")
    >>> irf.response("unemp", "tbilrate").round(3).tail(1)
             value
    horizon
    4         0.03
    """

    name: ClassVar[str] = "reduced_form"
    words: ClassVar[str] = "reduced-form"
    orthogonal: ClassVar[bool] = False
    needs_coefficients: ClassVar[bool] = False
    needs_sigma: ClassVar[bool] = False

    def impact(self, form: ReducedForm, names: Names) -> Array:
        """Diagonal matrices of the errors' standard deviations."""
        return form.sizes[..., None, :] * np.eye(len(names))

    def derivatives(self, form: ReducedForm, names: Names, steps: Array, sigma_steps: Array) -> Array:
        """Derivatives of the standard deviations."""
        deviations = np.sqrt(form.sigma.diagonal(axis1=-2, axis2=-1))
        moved: Array = sigma_steps.diagonal(axis1=-2, axis2=-1) / (2.0 * deviations)[..., None, :]
        return moved[..., None, :] * np.eye(len(names))


@answering
@dataclass(frozen=True, init=False, repr=False)
class Generalised(NamedShocks):
    r"""Generalised shocks: one error moves, and the others by what they do on average when it does.

    :math:`B e_k = \Sigma e_k / \sigma_{kk}^{1/2}` (Pesaran and Shin 1998, Economics Letters 58): the Cholesky
    response to variable k with k ordered first. No ordering is needed.

    Parameters
    ----------
    shocks : sequence of str, or mapping of variables to names, optional
        Names of the shocks, in the order of the variables; by default they are called like the variables.

    See Also
    --------
    Cholesky : orthogonal shocks, by an ordering.
    ReducedFormErrors : one error moves, and the others do not.

    Notes
    -----
    The shocks are correlated: their effects cannot be added up, and shares in forecast error variances do not sum to
    one (`variance_decomposition` offers both the raw and the normalised ones). They are statistics of the reduced form
    and say nothing about causes.

    Examples
    --------
    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]], lags=2)
    >>> irf = model.impulse_responses(4, identification=pv.Generalised())
    >>> irf.response("unemp", "tbilrate").round(3).tail(1)
             value
    horizon
    4       -0.147
    """

    name: ClassVar[str] = "generalised"
    words: ClassVar[str] = "generalised"
    orthogonal: ClassVar[bool] = False
    needs_coefficients: ClassVar[bool] = False

    def impact(self, form: ReducedForm, names: Names) -> Array:
        """Columns of sigma over the errors' standard deviations."""
        sigma = form.sigma
        return sigma / np.sqrt(sigma.diagonal(axis1=-2, axis2=-1))[..., None, :]

    def derivatives(self, form: ReducedForm, names: Names, steps: Array, sigma_steps: Array) -> Array:
        """Derivatives of the scaled columns."""
        sigma = form.sigma
        variances = sigma.diagonal(axis1=-2, axis2=-1)[..., None, None, :]
        own = sigma_steps.diagonal(axis1=-2, axis2=-1)[..., None, :]
        return (sigma_steps - sigma[..., None, :, :] * (own / (2.0 * variances))) / np.sqrt(variances)

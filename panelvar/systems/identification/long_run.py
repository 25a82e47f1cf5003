"""Long-run identification: shocks told apart by which of them have lasting effects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import NumericalError
from panelvar.core.base.unknown_arguments import answering
from panelvar.kernels.dynamics import dynamics
from panelvar.kernels.dynamics.lasting_effects import lasting_effects
from panelvar.kernels.dynamics.reduced_form import ReducedForm
from panelvar.kernels.dynamics.unit_free_solves import summed_solve
from panelvar.systems.identification.cholesky import Cholesky
from panelvar.systems.identification.scheme import Names


@answering
@dataclass(frozen=True, init=False, repr=False)
class LongRun(Cholesky):
    r"""Long-run restrictions of Blanchard and Quah (1989): the summed responses are lower triangular.

    With :math:`\Xi = (I - A_1 - \dots - A_p)^{-1}` the sum of all moving-average matrices, :math:`\Xi B` is the lower
    Cholesky factor of :math:`\Xi \Sigma \Xi'`, so that

    .. math:: B = \Xi^{-1} \operatorname{chol}(\Xi \Sigma \Xi').

    The shock of the first variable may move every cumulated variable for good. The shock of the last one moves only its
    own for good (Luetkepohl 2005).

    Parameters
    ----------
    ordering : sequence of str, optional
        The variables, in the order of the triangle; their own order by default.
    shocks : sequence of str, or mapping of variables to names, optional
        Names of the shocks, in the same order, such as ``["supply", "demand"]``; a mapping may name some of them. By
        default they are called like the variables.

    Raises
    ------
    SpecificationError
        The ordering does not name every variable once, or names of shocks do not fit. This is found when the scheme is
        used.
    NumericalError
        The system has a root of one, so its responses do not add up to a finite effect. This is found when the scheme
        is used.

    See Also
    --------
    ShortRun : long-run and short-run restrictions together (``long_run=``).
    Cholesky : a triangle on impact instead.

    Notes
    -----
    Variables whose long-run response is restricted must enter in differences. The restrictions rest on the sum of all
    lag coefficients, which short samples hardly determine (Faust and Leeper 1997): look at the bands.

    Examples
    --------
    >>> import panelvar as pv
    >>> macro = pv.load_data("us_macro")
    >>> macro = macro.assign(growth=100 * macro["realgdp"].pct_change())[["growth", "unemp"]].dropna()
    >>> scheme = pv.LongRun(shocks=["supply", "demand"])
    >>> effects = pv.fit_var(macro, lags=8).long_run_effects(identification=scheme, shock_size="sd")
    >>> effects.round(2)
            supply  demand
    growth    0.72    0.00
    unemp    -2.50    6.07
    """

    name: ClassVar[str] = "long_run"
    words: ClassVar[str] = "long-run"
    sums_responses: ClassVar[bool] = True

    def impact(self, form: ReducedForm, names: Names) -> Array:
        """Impact matrices whose summed responses are triangular."""
        total = dynamics.lag_sum(form.coefficients)
        try:
            effects = summed_solve(total, form.factor, form.sizes)
        except np.linalg.LinAlgError:
            raise NumericalError(
                "The system has a unit root, so responses do not add up to a finite long-run effect."
            ) from None
        if not np.isfinite(effects).all():
            raise NumericalError("Long-run effects overflow, because the system has a root near one.")
        factor = dynamics.ordered_impact(effects, np.arange(len(names)))
        return total @ super().impact(ReducedForm(form.coefficients, factor), names)

    def derivatives(self, form: ReducedForm, names: Names, steps: Array, sigma_steps: Array) -> Array:
        r"""Derivatives through both factors of :math:`B = \Xi^{-1} L`, with :math:`d\Xi^{-1} = -\sum_j dA_j`."""
        total = dynamics.lag_sum(form.coefficients)
        inverse = lasting_effects(form.coefficients, 0, form.sizes)
        moved = -steps.sum(axis=-3)
        sigma, left, right = form.sigma[..., None, :, :], inverse[..., None, :, :], inverse.swapaxes(-1, -2)
        half = -left @ moved @ left @ sigma @ right[..., None, :, :]
        directions = half + half.swapaxes(-1, -2) + left @ sigma_steps @ right[..., None, :, :]
        place = ReducedForm(form.coefficients, dynamics.ordered_impact(inverse @ form.factor, np.arange(len(names))))
        triangle, turned = super().impact(place, names), super().derivatives(place, names, steps, directions)
        return np.asarray(moved @ triangle[..., None, :, :] + total[..., None, :, :] @ turned)

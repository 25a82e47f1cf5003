"""Recursive identification: the Cholesky factor of the residual covariance in a causal ordering."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arguments import read_sequence
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import SpecificationError
from panelvar.core.base.unknown_arguments import answering
from panelvar.kernels.dynamics import dynamics
from panelvar.kernels.dynamics.reduced_form import ReducedForm
from panelvar.systems.identification.named_shocks import NamedShocks
from panelvar.systems.identification.scheme import Names, factor_derivative, position


@answering
@dataclass(frozen=True, repr=False)
class Cholesky(NamedShocks):
    r"""Orthogonalised shocks: a variable moves at once with its own shock and those of the variables before it.

    :math:`B = P` lower triangular with :math:`P P' = \Sigma` once rows and columns are in the ordering (Luetkepohl
    2005, section 2.3.2; Sims 1980).

    Parameters
    ----------
    ordering : sequence of str, optional
        The variables, the most exogenous first; their own order by default.
    shocks : sequence of str, or mapping of variables to names, optional
        Names of the shocks, in the same order, such as ``["supply", "demand"]``; a mapping may name some of them. By
        default they are called like the variables.

    Raises
    ------
    SpecificationError
        The ordering does not name every variable once, or names of shocks do not fit. This is found when the scheme is
        used.

    See Also
    --------
    ShortRun : other zeros than those of a triangle.
    Generalised : shocks without an ordering.
    SignRestrictions : signs in place of zeros.

    Notes
    -----
    When to use something else: if you cannot defend an ordering, responses that change with it say nothing about
    causes. `panelvar.Generalised` responses do not depend on an ordering, but their shocks are correlated.

    Examples
    --------
    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["unemp", "infl", "tbilrate"]], lags=2)
    >>> scheme = pv.Cholesky(["infl", "unemp", "tbilrate"], shocks={"tbilrate": "policy"})
    >>> model.impulse_responses(4, identification=scheme).response("unemp", "policy").round(3).tail(1)
             value
    horizon
    4        0.022
    """

    name: ClassVar[str] = "cholesky"
    words: ClassVar[str] = "Cholesky"
    needs_coefficients: ClassVar[bool] = False
    ordering: tuple[str, ...] | None = None

    def __init__(
        self, ordering: Sequence[str] | None = None, *, shocks: Sequence[str] | Mapping[str, str] | None = None
    ) -> None:
        named = read_sequence("ordering", ordering, "all variables")
        super().__init__(shocks=shocks)
        self._set(ordering=None if named is None else tuple(map(str, named)))

    def check(self, names: Names) -> None:
        """Raise a SpecificationError unless the ordering, and the names of the shocks, fit the variables."""
        self._order(names)
        super().check(names)

    def ordering_of(self, names: Names) -> Names:
        """Causal ordering of the variables."""
        return names if self.ordering is None else self.ordering

    def _order(self, names: Names) -> npt.NDArray[np.intp] | None:
        if self.ordering is None or self.ordering == names:
            return None
        order = [position(names, name) for name in self.ordering]
        if sorted(order) != list(range(len(names))):
            raise SpecificationError(f"ordering={list(self.ordering)} must name every variable once: {list(names)}.")
        return np.array(order, dtype=np.intp)

    def impact(self, form: ReducedForm, names: Names) -> Array:
        """Factors of sigma in the ordering; a factor that is there already is used as it is."""
        order = self._order(names)
        return form.factor if order is None else dynamics.ordered_impact(form.factor, order)

    def derivatives(self, form: ReducedForm, names: Names, steps: Array, sigma_steps: Array) -> Array:
        """Derivatives of the factor; the coefficients do not move it."""
        order = self._order(names)
        if order is None:
            return factor_derivative(form.factor, sigma_steps)
        place: Any = (..., order[:, None], order)
        change = np.empty(sigma_steps.shape)
        change[place] = factor_derivative(dynamics.ordered_impact(form.factor, order)[place], sigma_steps[place])
        return change

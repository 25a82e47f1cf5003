r"""What identification is: a rule that makes structural shocks of the errors of a reduced form.

.. math:: u_t = B \varepsilon_t, \qquad E \varepsilon_t \varepsilon_t' = I,

so that column s of B, the *impact matrix*, is the immediate effect of one standard deviation of shock s. A scheme
turns reduced forms, one or a batch of draws, into impact matrices. Everything after that (responses, decompositions,
bands) is the same for all schemes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import Note, SpecificationError
from panelvar.core.base.quoting import shown
from panelvar.kernels.dynamics.reduced_form import ReducedForm
from panelvar.kernels.dynamics.unit_free_solves import lower_inverse

Names = tuple[str, ...]


class Estimates(NamedTuple):
    """What a scheme may look at before it is used: the estimates and, if there are data, the residuals.

    Attributes
    ----------
    form : ReducedForm
        Without an axis for draws.
    nobs : int or None
        Rows explained; None for a published system.
    residuals : array (n, K) or None
    rows : array of int (n,) or None
        Which of the data's rows are explained.
    n_rows : int
        Rows of the data.
    labels : callable or None
        Labels of the rows explained, when called with the index of a series that is to be matched with them.
    unit_roots : int
        Roots of one that the system has by construction: K - r in an error-correction model of rank r.
    """

    form: ReducedForm
    nobs: int | None = None
    residuals: Array | None = None
    rows: npt.NDArray[np.intp] | None = None
    n_rows: int = 0
    labels: Callable[[Any], Any] | None = None
    unit_roots: int = 0


class Identification(ABC):
    """A scheme; a small frozen object, callable on `ReducedForm` for any number of draws.

    A result calls `check`, then `bound` with its estimates, and uses what that returns. Most schemes return themselves;
    one that fits parameters, aligns a series or draws random numbers returns a copy that holds them.

    Attributes
    ----------
    name : str
        One word, as `panelvar.systems.responses.responses.Responses` keeps it.
    needs_sigma : bool
        Whether the residual covariance enters at all for shocks of one unit.
    set_valued : bool
        Whether many models fit the restrictions: `impact` is then one of them, `drawn` one at random for each form.
    needs_coefficients : bool
        Whether the impact matrix depends on the lag coefficients.
    fixed : bool
        Whether the impact matrix is known, whatever the reduced form: sigma does not enter.
    takes_unit_roots : bool
        Whether what the scheme says of summed responses is said of their limits in a system with unit roots
        (`Estimates.unit_roots`).
    """

    name: ClassVar[str]
    needs_sigma: ClassVar[bool] = True
    set_valued: ClassVar[bool] = False
    needs_coefficients: ClassVar[bool] = True
    fixed: ClassVar[bool] = False
    takes_unit_roots: ClassVar[bool] = False

    @property
    @abstractmethod
    def words(self) -> str:
        """The scheme in words, as in "responses to Cholesky shocks"."""

    def _set(self, **values: Any) -> Self:
        """Set fields of a scheme that is being made, and return it."""
        for name, value in values.items():
            object.__setattr__(self, name, value)
        return self

    def check(self, names: Names) -> None:
        """Raise a SpecificationError if the scheme does not fit these variables; most fit any."""
        del names

    def bound(self, estimates: Estimates, names: Names) -> Self:
        """Return the scheme ready for these estimates and for draws around them."""
        del estimates, names
        return self

    @property
    def orthogonal(self) -> bool:
        """Whether the shocks are uncorrelated: K of them share out every forecast error."""
        return True

    @property
    def shares_out(self) -> bool:
        """Whether shares of the shocks in forecast error variances have a meaning."""
        return self.needs_sigma

    @property
    def sums_responses(self) -> bool:
        """Whether the sum of all responses is restricted, which only a stable system has."""
        return False

    @property
    def notes(self) -> tuple[Note, ...]:
        """What a reader of responses should know; asked for after the draws."""
        return ()

    @property
    def carried(self) -> Array | None:
        """Series (n, k), NaN where missing, that bootstraps resample along with the residuals; None for most."""
        return None

    @property
    def accepted_models(self) -> Array | None:
        """Impact matrices (N, K, S) of a set-valued scheme's models at the estimates; None for others."""
        return None

    def own(self, names: Names) -> npt.NDArray[np.intp]:
        """Position of each shock's own variable, which a shock of one unit moves by one."""
        return np.arange(len(self.shocks(names)))

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

    def drawn(self, form: ReducedForm, names: Names) -> Array:
        """Impact matrices (N, K, S) of N draws; of a set-valued scheme one at random each, NaN where there is none."""
        return self.impact(form, names)

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

    def date_moves(
        self, form: ReducedForm, names: Names, residuals: Array, controls: Array, carried: Array, sigma_steps: Array
    ) -> Array | None:
        """What each date adds to the `impact` of a scheme that carries series, (..., n, K, S); None for others.

        Parameters
        ----------
        form, names
            As in `impact`.
        residuals : array (..., n, K)
        controls : array (..., n, m)
            Columns that span the regressors of the residuals, of like sizes.
        carried : array (..., n, k)
            The series, demeaned and orthonormal over the rows that have them, zero in the others.
        sigma_steps : array (..., n, K, K)
            What each date adds to sigma.
        """
        return None


def of_unit_size(impact: Array, own: npt.NDArray[np.intp]) -> Array:
    """Scale each shock so that it moves its own variable by one unit on impact.

    Parameters
    ----------
    impact : array (..., K, S)
    own : array of int (S,)
        Position of each shock's own variable.
    """
    return impact / impact[..., own, np.arange(own.size)][..., None, :]


def unit_size_derivatives(impact: Array, change: Array, own: npt.NDArray[np.intp]) -> Array:
    """Derivatives of `of_unit_size` (..., D, K, S) from those of the impact matrix (..., K, S)."""
    place = np.arange(own.size)
    sizes = impact[..., own, place][..., None, None, :]
    scaled = impact[..., None, :, :] / sizes
    return (change - scaled * change[..., own, place][..., None, :]) / sizes


def factor_derivative(factor: Array, directions: Array) -> Array:
    r"""Derivatives of lower Cholesky factors P (..., K, K) along symmetric directions of P P', (..., D, K, K).

    :math:`dP = P\,\Phi(P^{-1}\, d\Sigma\, P^{-\prime})`, where :math:`\Phi` keeps the lower triangle and halves the
    diagonal.
    """
    n_vars = factor.shape[-1]
    inverse = lower_inverse(factor)
    half = inverse[..., None, :, :] @ directions @ inverse.swapaxes(-1, -2)[..., None, :, :]
    return factor[..., None, :, :] @ (np.tril(half) - 0.5 * half * np.eye(n_vars))


def position(names: Names, name: Hashable, what: str = "variable") -> int:
    """Place of a variable (or a shock) among the names; a label that is no text is known by its text.

    Raises
    ------
    SpecificationError
        The name does not exist; the message lists all.
    """
    try:
        return names.index(str(name))
    except ValueError:  # Python does not write out thousands of digits
        raise SpecificationError(f"{shown(name)} is not a {what} of this system. Its {what}s: {list(names)}.") from None


def variables_of(names: Names, option: str, chosen: Any) -> list[str]:
    """One variable or several, by name, each once.

    Raises
    ------
    SpecificationError
        There is no name, or one that does not exist.
    """
    several = isinstance(chosen, Iterable) and not isinstance(chosen, str) and getattr(chosen, "ndim", 1) > 0
    group = list(chosen) if several else [chosen]
    if not group:
        raise SpecificationError(f"{option}= is empty: name at least one variable.")
    return list(dict.fromkeys(names[position(names, name)] for name in group))

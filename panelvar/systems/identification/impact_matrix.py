"""Shocks whose immediate effects the caller knows: an impact matrix as it is."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arguments import read_sequence
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import Note, SpecificationError
from panelvar.core.base.labels import is_frame, places_of
from panelvar.core.base.quoting import shown
from panelvar.core.base.unknown_arguments import answering
from panelvar.kernels.dynamics.reduced_form import ReducedForm
from panelvar.kernels.dynamics.unit_free_solves import lower_solve
from panelvar.systems.identification.scheme import Estimates, Identification, Names

_REPRODUCES = 1e-6
"""How far covariances of the shocks may be from those of one standard deviation each."""


@answering
@dataclass(frozen=True, eq=False)
class ImpactMatrix(Identification):
    r"""Shocks with given effects in period 0: column s of the matrix is what shock s does at once.

    If :math:`P'\Sigma^{-1}P = I` (of a square matrix: :math:`PP' = \Sigma`), the columns are orthogonal shocks of one
    standard deviation: shares, histories and the shocks themselves exist too. Other matrices describe an experiment,
    and give responses only.

    Parameters
    ----------
    matrix : array (K, S) or DataFrame
        Rows are variables, columns shocks, at most K. The rows of a DataFrame are put in the order of the variables,
        and its columns name the shocks.
    shocks : sequence of str, optional
        Names of the shocks; by default the columns of a DataFrame, else the variables in their order.

    Raises
    ------
    SpecificationError
        The shape does not fit, names do not exist, or entries are not numbers. You ask for shocks of one unit, and one
        does not move its own variable. You ask for variance shares or histories, and the shocks are not orthogonal.

    See Also
    --------
    ShortRun : an impact matrix that is estimated under restrictions.
    Cholesky : the triangular one.

    Notes
    -----
    Bands hold the matrix fixed: it is known, while sigma and the coefficients are estimated. If you computed the matrix
    from the estimates, ask for it by its name (`Cholesky`, `ShortRun`) instead, so that its own uncertainty counts.

    A shock of one unit moves the variable of the same name by one, or else the variable in the same place.

    Examples
    --------
    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]], lags=2)
    >>> scheme = pv.ImpactMatrix([[0.0], [0.0], [1.0]], shocks=["policy"])
    >>> model.impulse_responses(4, identification=scheme).response("unemp", "policy").round(3).tail(1)
             value
    horizon
    4         0.03
    """

    name: ClassVar[str] = "impact_matrix"
    words: ClassVar[str] = "given"
    needs_coefficients: ClassVar[bool] = False
    fixed: ClassVar[bool] = True
    matrix: Any
    shock_names: tuple[str, ...] | None = None
    gap: float | None = field(default=None, repr=False)

    def __init__(self, matrix: Any, *, shocks: Sequence[str] | None = None) -> None:
        shocks = read_sequence("shocks", shocks, "names")
        if is_frame(matrix):
            matrix = matrix.copy()
            shocks = list(map(str, matrix.columns)) if shocks is None else shocks
        else:
            matrix = _numbers(matrix)
        self._set(matrix=matrix, shock_names=None if shocks is None else tuple(shocks))

    @property
    def orthogonal(self) -> bool:
        """Whether the shocks are uncorrelated and of one standard deviation, with the residual covariance at hand."""
        return self.gap is not None and self.gap <= _REPRODUCES

    @property
    def shares_out(self) -> bool:
        """Whether the shocks have shares in forecast error variances."""
        return self.orthogonal

    @property
    def notes(self) -> tuple[Note, ...]:
        """Whether the shocks are those of the residual covariance."""
        if self.gap is None or self.orthogonal:
            return ()
        text = (
            "The shocks of the given impact matrix P are not uncorrelated shocks of one standard deviation in "
            f"this model: P' inv(sigma) P differs from the identity by up to {self.gap:.3g}. Responses describe "
            "the experiment you gave. Variance shares, historical decompositions and series of shocks do not exist "
            "for it."
        )
        return (Note("not-orthogonal", text),)

    def check(self, names: Names) -> None:
        """Raise a SpecificationError if the matrix does not fit the variables."""
        self._read(names)

    def shocks(self, names: Names) -> Names:
        """Names of the shocks."""
        return names[: self.matrix.shape[1]] if self.shock_names is None else self.shock_names

    def own(self, names: Names) -> npt.NDArray[np.intp]:
        """Position of each shock's own variable."""
        shocks = self.shocks(names)
        return np.array([names.index(name) if name in names else place for place, name in enumerate(shocks)])

    def bound(self, estimates: Estimates, names: Names) -> Self:
        """Compare the matrix with the residual covariance."""
        white = lower_solve(estimates.form.factor, self._read(names))
        return copy(self)._set(gap=float(np.abs(white.T @ white - np.eye(white.shape[1])).max()))

    def _read(self, names: Names) -> Array:
        given = self.matrix
        if is_frame(given):
            given = _numbers(given.iloc[places_of("matrix has rows", given.index, names)])
        if given.ndim != 2 or given.shape[0] != len(names) or not 1 <= given.shape[1] <= len(names):
            raise SpecificationError(
                f"matrix has shape {given.shape}; expected {len(names)} rows, one for each variable, and 1 to "
                f"{len(names)} columns, one for each shock."
            )
        shocks = self.shocks(names)
        if len(set(shocks)) != len(shocks) or len(shocks) != given.shape[1]:
            raise SpecificationError(f"shocks={list(shocks)}: expected {given.shape[1]} different names.")
        return np.asarray(given)

    def impact(self, form: ReducedForm, names: Names) -> Array:
        """The matrix, for every draw."""
        matrix = self._read(names)
        return np.broadcast_to(matrix, (*form.coefficients.shape[:-3], *matrix.shape))

    def derivatives(self, form: ReducedForm, names: Names, steps: Array, sigma_steps: Array) -> Array:
        """Zeros: nothing moves the matrix."""
        return np.zeros((*sigma_steps.shape[:-1], self.matrix.shape[1]))


def _numbers(matrix: Any) -> Array:
    try:
        values = np.array(matrix, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise SpecificationError(f"matrix must hold numbers; got {shown(matrix)}.") from None
    if not np.isfinite(values).all():
        raise SpecificationError(
            "matrix has missing or infinite entries. Use ShortRun to estimate entries that you leave open."
        )
    return values

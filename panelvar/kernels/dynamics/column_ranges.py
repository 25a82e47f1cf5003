"""Which columns of a lag problem can be computed with: sums of squares in range, units not too far apart."""

from __future__ import annotations

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import NumericalError
from panelvar.core.base.scaling import NEAR_ONE, refuse_far_apart
from panelvar.kernels.dynamics.terms import Terms

SMALLEST, LARGEST = 1e-150, 1e150
"""Lengths of columns between which sums of squares can be held."""


def require_range(factor: Array, sizes: Array, names: tuple[str, ...]) -> None:
    """Refuse columns whose sums of squares overflow or vanish, and variables in units too far apart.

    Parameters
    ----------
    factor : array (r, c)
        Triangular factor of the columns.
    sizes : array (c,)
        The columns' Euclidean norms.
    names : tuple of str
        Of the last columns: those that have units.

    Raises
    ------
    NumericalError
    """
    found = sizes.tolist()
    if NEAR_ONE[0] < min(found) and max(found) < NEAR_ONE[1]:
        return
    extreme = [not SMALLEST < size < LARGEST for size in found]
    if any(extreme) and factor[:, extreme].any():
        raise NumericalError(
            "Sums of squares of the data leave the range of floating-point numbers. Rescale the variables, for example "
            "by a power of ten."
        )
    refuse_far_apart(names, sizes[len(found) - len(names) :])


def measured_columns(names: tuple[str, ...], terms: Terms, lags: int) -> tuple[str, ...]:
    """Variables whose units the columns of a `LagProblem` have: exogenous ones, those of each lag, the dependent."""
    return (*terms.labels[terms.n_deterministic :], *names * (lags + 1))

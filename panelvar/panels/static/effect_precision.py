r"""Variances of the estimated levels of two crossed effects, exact, for a unit error variance.

The levels of two effects are identified up to one constant for each connected component. With the second effect's
(weighted) sum over the rows of every component set to zero, both are estimable functions: with :math:`S^+` the
pseudo-inverse of the Schur complement of the smaller effect, :math:`q_g` the shares of its levels in level g of the
larger and :math:`M_c` the mass of the component,

.. math::
    V(b_t) = S^+_{tt}, \qquad V(a_g) = 1 / m_g + q_g' S^+ q_g

and a mean over the component's rows, of variance :math:`1/M_c`, moves from one effect to the other where the larger one
is the one whose sum is zero.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.kernels.absorption.level_system import LevelSystem

_ADVICE = "Ask for the values alone (errors=False)."
# So many rows of the cross table are made dense at a time.
_BLOCK = 500


def _dense(system: LevelSystem, levels: NDArray[np.intp]) -> Array:
    rows = system.cross[levels]
    return rows if isinstance(rows, np.ndarray) else rows.toarray()


def level_variances(system: LevelSystem, *, larger_is_centred: bool) -> tuple[Array, Array]:
    """Return the variances of the levels of the larger effect (G_1,) and of the smaller (G_2,).

    Parameters
    ----------
    system : LevelSystem
    larger_is_centred : bool
        Whether the larger effect is the one whose sum over the rows of each component is zero.

    Raises
    ------
    NumericalError
        If the smaller effect has more than `level_system.DIRECT_LIMIT` levels.
    """
    inverse = system.inverse("Standard errors of two effects", _ADVICE)
    per_row = 1.0 / system.component_mass
    large = 1.0 / system.large_mass
    for begin in range(0, system.large.n_groups, _BLOCK):
        levels = np.arange(begin, min(begin + _BLOCK, system.large.n_groups))
        cross = _dense(system, levels)
        large[levels] += np.einsum("ij,ij->i", cross @ inverse, cross) / system.large_mass[levels] ** 2
    # The inverse contains one over the mass for each component, which is taken out again here.
    large -= per_row[system.large_components]
    small = np.diagonal(inverse).copy()
    if larger_is_centred:
        large -= per_row[system.large_components]
    else:
        small -= per_row[system.small_components]
    return large, small


def sum_variances(system: LevelSystem, large: NDArray[np.intp], small: NDArray[np.intp]) -> Array:
    """Return the variance of the sum of a level of the larger and a level of the smaller effect, pair by pair.

    Parameters
    ----------
    system : LevelSystem
    large, small : (m,) arrays
        Levels, of the same component in every pair.

    Returns
    -------
    (m,) array

    Raises
    ------
    NumericalError
        If the smaller effect has more than `level_system.DIRECT_LIMIT` levels.
    """
    inverse = system.inverse("Errors of sums of two effects", "Predict without intervals, or without effects.")
    out = np.empty(len(large))
    for begin in range(0, len(large), _BLOCK):
        part = slice(begin, begin + _BLOCK)
        shares = _dense(system, large[part]) / system.large_mass[large[part], None]
        gap = -shares
        gap[np.arange(len(gap)), small[part]] += 1.0
        out[part] = 1.0 / system.large_mass[large[part]] + np.einsum("ij,ij->i", gap @ inverse, gap)
    return out

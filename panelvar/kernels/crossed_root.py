r"""The exact root of the two-way error covariance, as level tables.

The errors :math:`u_{it} = \mu_i + \lambda_t + \varepsilon_{it}` have covariance :math:`\sigma_\varepsilon^2\Omega` with
:math:`\Omega = I + \phi_1 D_1 D_1' + \phi_2 D_2 D_2'` and :math:`\phi_d = \sigma_d^2/\sigma_\varepsilon^2`. Taking the
first effect out, :math:`R_1 = I - D_1\,\mathrm{diag}(\theta_i/T_i)\,D_1'` (quasi-demeaning), leaves
:math:`R_1\Omega R_1' = I + \phi_2 CC'` with :math:`C = R_1 D_2`, whose root needs the eigenvectors of the small matrix
:math:`C'C = V\Lambda V'` alone:

.. math:: R = (I - C S C')\,R_1,\quad S = V\,\mathrm{diag}\!\Big(\frac{1-(1+\phi_2\lambda_l)^{-1/2}}{\lambda_l}\Big)V',
   \qquad R'R = \Omega^{-1}.

So :math:`Rv = v - a_{1,i} - a_{2,t}`: least squares of transformed rows is GLS exactly, unbalanced panels included
(Wansbeek and Kapteyn 1989, J. Econometrics 41, 341-361, invert the same :math:`\Omega`). When every pair of levels
occurs once, R is the symmetric root, quasi-demeaning in both directions (Baltagi 2013, eq. 3.10).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from panelvar.errors import NumericalError
from panelvar.kernels.groups import Grouping
from panelvar.kernels.level_system import DIRECT_LIMIT, LevelSystem
from panelvar.kernels.variance_components import quasi_demeaning_weight

FloatArray = NDArray[np.float64]


class CrossedRoot:
    """The root for given variances.

    Parameters
    ----------
    groupings : two Grouping
        Effects in any order; the one with fewer levels pays the eigenvalue problem.
    idiosyncratic : float
        Positive variance of the idiosyncratic error.
    effects : (2,) array
        Variances of the effects, zero allowed.

    Raises
    ------
    NumericalError
        If both effects have more than `level_system.DIRECT_LIMIT` levels.
    """

    def __init__(self, groupings: Sequence[Grouping], idiosyncratic: float, effects: FloatArray) -> None:
        first, second = groupings
        self._swapped = first.n_groups < second.n_groups
        large, small = (second, first) if self._swapped else (first, second)
        if small.n_groups > DIRECT_LIMIT:
            raise NumericalError(
                f"Two-way random effects need the eigenvectors of the smaller effect, which has {small.n_groups} "
                f"levels; the limit is {DIRECT_LIMIT}. Make one effect fixed, or random effects one-way."
            )
        self._system = LevelSystem(large, small, None)
        large_variance, small_variance = effects[::-1] if self._swapped else effects
        self._mass = self._system.large_mass
        self._theta = quasi_demeaning_weight(idiosyncratic, float(large_variance), self._mass)
        self._phi = float(small_variance) / idiosyncratic
        self._large, self._small = large, small
        cross = self._system.cross
        shares = (1.0 - (1.0 - self._theta) ** 2) / self._mass
        # C'C = D_2'D_2 - N' diag((1 - (1 - theta)^2) / T) N.
        if isinstance(cross, np.ndarray):
            gram: FloatArray = -(cross.T @ (shares[:, None] * cross))
        else:
            from scipy.sparse import diags_array

            gram = -(cross.T @ (diags_array(shares) @ cross)).toarray()
        gram[np.diag_indices_from(gram)] += self._system.small_mass
        self._values, self._vectors = np.linalg.eigh(0.5 * (gram + gram.T))
        self._values = np.maximum(self._values, 0.0)

    def tables(self, columns: Sequence[FloatArray], centre: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the level tables that the root subtracts from ``columns - centre``, in the order of the groupings.

        Parameters
        ----------
        columns : sequence of (n,) arrays
        centre : (k,) array
            Subtracted from the columns before anything else, so that their level costs no digits.
        """
        means = self._large.means_of(columns) - centre
        sums = self._small.sums_of(columns) - self._system.small_mass[:, None] * centre
        return self._tables(means, sums)

    def constant_tables(self) -> tuple[FloatArray, FloatArray]:
        """Return the level tables of a column of ones, each of shape (G_d,)."""
        first, second = self._tables(np.ones((len(self._mass), 1)), self._system.small_mass[:, None])
        return first[:, 0], second[:, 0]

    def _tables(self, means: FloatArray, sums: FloatArray) -> tuple[FloatArray, FloatArray]:
        growth = np.sqrt(1.0 + self._phi * self._values)
        # (1 - (1 + phi l)^(-1/2)) / l without the difference, which loses digits where phi l is small.
        weights = self._phi / (growth * (growth + 1.0))
        small = self._vectors @ (weights[:, None] * (self._vectors.T @ self._projected(means, sums)))
        large = self._theta[:, None] * (means - self._system.average_small(small))
        return self._ordered(np.asfortranarray(large), np.asfortranarray(small))

    def _projected(self, means: FloatArray, sums: FloatArray) -> FloatArray:
        """C' R_1 v from the means of v over the larger and its sums over the smaller effect."""
        taken = (1.0 - (1.0 - self._theta) ** 2)[:, None] * means
        out: FloatArray = sums - self._system.cross.T @ taken
        return out

    def _ordered(self, large: FloatArray, small: FloatArray) -> tuple[FloatArray, FloatArray]:
        return (small, large) if self._swapped else (large, small)

    def predictions(self, residuals: FloatArray) -> tuple[FloatArray, FloatArray]:
        r"""Return the best linear unbiased predictions of the effects, :math:`\phi_d D_d'\Omega^{-1} e`.

        They solve Henderson's equations :math:`(D'D + \Phi^{-1})b = D'e`; the larger effect is eliminated.

        Parameters
        ----------
        residuals : (n,) array
            Of the untransformed rows, effects not taken out.
        """
        means = self._large.means_of([residuals])
        target = self._vectors.T @ self._projected(means, self._small.sums_of([residuals]))
        small = self._vectors @ (target * (self._phi / (1.0 + self._phi * self._values))[:, None])
        shrink = 1.0 - (1.0 - self._theta) ** 2
        large = shrink[:, None] * (means - self._system.average_small(small))
        first, second = self._ordered(large, small)
        return first[:, 0], second[:, 0]

    @property
    def log_determinant(self) -> float:
        r"""Logarithm of the determinant of R, :math:`-\tfrac12\log|\Omega|`."""
        return float(np.log1p(-self._theta).sum() - 0.5 * np.log1p(self._phi * self._values).sum())

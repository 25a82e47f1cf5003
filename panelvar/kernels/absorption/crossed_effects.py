r"""Generalised least squares with two crossed random effects: Henderson's equations.

The errors :math:`u_{it} = \mu_i + \lambda_t + \varepsilon_{it}` have covariance :math:`\sigma_\varepsilon^2\Omega`,
:math:`\Omega = I + D\Phi D'` with the dummies :math:`D = (D_1, D_2)` of both effects and
:math:`\Phi = \mathrm{diag}(\phi_d)`, :math:`\phi_d = \sigma_d^2/\sigma_\varepsilon^2`. For a column v let b be the
level tables that solve Henderson's equations

.. math:: (D'D + \Phi^{-1})\,b_v = D'v, \qquad\text{the minimum over b of}\quad
   \lVert v - Db\rVert^2 + b'\Phi^{-1}b.

Then :math:`\Omega^{-1}v = v - Db_v` and, for two columns,

.. math:: v'\Omega^{-1}w = (v - Db_v)'(w - Db_w) + b_v'\Phi^{-1}b_w,

so that GLS is least squares of the rows :math:`v - Db_v` with the rows :math:`\Phi^{-1/2}b_v` under them. Being a
minimum, the cross products feel an error of b only squared. The larger effect is eliminated; what is left has the size
of the smaller one and is factored, or solved by conjugate gradients, one right-hand side a column.

Henderson (1950), Annals of Mathematical Statistics 21, 309-310 (the equations); Searle, Casella and McCulloch (1992),
*Variance Components* (:math:`\Omega^{-1}` from them); Wansbeek and Kapteyn (1989), J. Econometrics 41, 341-361 (the
same :math:`\Omega` in unbalanced panels).

Coefficients need no more than that. Robust covariances and tests take rows :math:`Rv` with :math:`R'R = \Omega^{-1}`
(`panelvar.kernels.absorption.crossed_rows`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import NumericalError
from panelvar.kernels.absorption import level_system
from panelvar.kernels.absorption.conjugate_gradients import conjugate_gradients
from panelvar.kernels.absorption.level_system import LevelSystem
from panelvar.kernels.linear.columns import Column
from panelvar.kernels.linear.groups import Grouping

DETERMINANT_LIMIT = 6_000
"""Levels of the smaller effect beyond which the determinant of the covariance matrix is refused: a factor of 290 MB."""


class Crossing:
    """Two crossed effects, the one with more levels first.

    Parameters
    ----------
    groupings : two Grouping
        In the caller's order. A pair of levels meets at most once.
    system : LevelSystem, optional
        The same pair, unweighted, if it is there already.
    """

    def __init__(self, groupings: Sequence[Grouping], system: LevelSystem | None = None) -> None:
        first, second = groupings
        self.groupings = (first, second)
        if system is None:
            large, small = (second, first) if first.n_groups < second.n_groups else (first, second)
            system = LevelSystem(large, small, None)
        self.system = system
        self.swapped = system.large is not first

    def ordered(self, large: Array, small: Array) -> tuple[Array, Array]:
        """Put what belongs to the larger and to the smaller effect in the caller's order, or the reverse."""
        return (small, large) if self.swapped else (large, small)

    def equations(self, ratios: Array) -> CrossedEquations:
        """Return the equations for variance ratios (2,) in the caller's order."""
        large, small = ratios[::-1] if self.swapped else ratios
        return CrossedEquations(self.system, float(large), float(small))

    def levels_of(self, columns: Sequence[Column], centre: Array) -> tuple[Array, Array]:
        """Return means over the larger and sums over the smaller effect of columns less their centre, a column each."""
        first, second = self.groupings
        return self.levels_from((first.means_of(columns), second.means_of(columns)), centre)

    def levels_from(self, means: Sequence[Array], centre: Array) -> tuple[Array, Array]:
        """Return the same from the means of the columns over either effect, in the caller's order."""
        large, small = self.ordered(means[0], means[1])
        return large - centre, self.system.small_mass[:, None] * (small - centre)

    @property
    def constant_levels(self) -> tuple[Array, Array]:
        """The same of a column of ones."""
        return np.ones((len(self.system.large_mass), 1)), self.system.small_mass[:, None]


class CrossedEquations:
    """Henderson's equations for given ratios.

    Parameters
    ----------
    system : LevelSystem
        The pair of effects, unweighted.
    large_ratio, small_ratio : float
        Variance of each effect over the idiosyncratic variance, zero allowed.
    """

    def __init__(self, system: LevelSystem, large_ratio: float, small_ratio: float) -> None:
        self.system = system
        self.large_ratio = large_ratio
        self.small_ratio = small_ratio
        self.kept = 1.0 / (1.0 + system.large_mass * large_ratio)
        # How much of a level's mean its prediction is, T phi / (1 + T phi).
        self._shrink = system.large_mass * large_ratio * self.kept

    def solve(self, means: Array, sums: Array) -> tuple[Array, Array]:
        """Return the tables b of columns, the larger effect's first, column-major.

        Parameters
        ----------
        means : (G_1, k) array
            Of the columns over the levels of the larger effect.
        sums : (G_2, k) array
            Over the levels of the smaller one.

        Raises
        ------
        NumericalError
            If the idiosyncratic variance is lost in the effects', or conjugate gradients do not converge.
        """
        system = self.system
        small = np.zeros_like(sums)
        if self.small_ratio > 0.0:
            small = self._solve_small(sums - system.cross.T @ (self._shrink[:, None] * means), means)
        large = self._shrink[:, None] * (means - system.average_small(small))
        return np.asfortranarray(large), np.asfortranarray(small)

    def _solve_small(self, target: Array, means: Array) -> Array:
        """Solve ``(W_2 + 1/phi_2 - N' diag(shrink / T) N) b = target``."""
        system, phi = self.system, self.small_ratio
        diagonal = system.small_mass + 1.0 / phi
        if system.is_balanced:
            # A multiple of ones ones' beside a multiple of the identity.
            left = 1.0 / phi + float(system.large_mass @ self.kept) / len(diagonal)
            mean = target.mean(axis=0)
            return np.asarray((target - mean) / diagonal[0] + mean / left)
        root = np.sqrt(diagonal)[:, None]
        limit = level_system.MAX_ITERATIONS
        direct = system.small.n_groups <= level_system.DIRECT_LIMIT
        if direct:
            limit = 0 if "_factor" in self.__dict__ else system.worthwhile_iterations(target.shape[1])
        if limit:
            noise = np.finfo(np.float64).eps * np.sqrt(system.large_mass @ means**2)
            solution, solved = self._iterate(target / root, root, noise, limit)
            if solved:
                return solution / root
        if not direct:
            raise NumericalError(
                "The iterations did not converge: conjugate gradients did not reach a relative residual of "
                f"{level_system.TOLERANCE:g} in {level_system.MAX_ITERATIONS} iterations. The two random effects, "
                f"of {system.large.n_groups} and {system.small.n_groups} levels, are weakly connected and their "
                "variances are large. Drop levels with few rows, or make one effect fixed."
            )
        from scipy.linalg import cho_solve

        return phi * np.asarray(cho_solve((self._factor, False), target, check_finite=False))

    def _iterate(self, target: Array, root: Array, noise: Array, limit: int) -> tuple[Array, bool]:
        cross, transposed = self.system.cross, self.system.cross.T
        inverse_root, share = 1.0 / root, (self._shrink / self.system.large_mass)[:, None]

        def multiply(vectors: Array) -> Array:
            inner = cross @ (vectors * inverse_root)
            inner *= share
            image: Array = transposed @ inner
            image *= inverse_root
            return vectors - image

        return conjugate_gradients(
            multiply,
            target,
            tolerance=level_system.TOLERANCE,
            floor=noise,
            max_iterations=limit,
            # Where a factor is at hand, slow iterations are not waited for.
            give_up=(lambda _, left: left > limit) if limit < level_system.MAX_ITERATIONS else None,
        )

    @cached_property
    def gram(self) -> Array:
        r"""G, :math:`D_2'(I + \phi_1D_1D_1')^{-1}D_2`, both triangles, (G_2, G_2)."""
        gram = -self.weighted_gram(self._shrink / self.system.large_mass)
        gram[np.diag_indices_from(gram)] += self.system.small_mass
        return gram

    def weighted_gram(self, weights: Array) -> Array:
        """``N' diag(w) N``, both triangles, for weights (G_1,) that are not negative."""
        upper = self.system.weighted_gram(weights)
        return np.triu(upper) + np.triu(upper, 1).T

    @cached_property
    def _factor(self) -> Array:
        """Upper Cholesky factor of ``I + phi_2 G``."""
        from scipy.linalg import LinAlgError, cholesky

        matrix = self.small_ratio * self.gram
        matrix[np.diag_indices_from(matrix)] += 1.0
        try:
            return np.asarray(cholesky(matrix, lower=False, overwrite_a=True, check_finite=False))
        except LinAlgError as error:
            raise NumericalError(
                "The idiosyncratic variance is so small beside the variances of the effects that their covariance "
                "matrix has no inverse in double precision. Random effects have nothing to weigh here. Use "
                "fit_fixed_effects."
            ) from error

    @cached_property
    def log_determinant(self) -> float:
        r"""Logarithm of the determinant of :math:`\Omega`.

        Raises
        ------
        NumericalError
            If the smaller effect has more than `DETERMINANT_LIMIT` levels.
        """
        system = self.system
        value = float(np.log1p(system.large_mass * self.large_ratio).sum())
        if self.small_ratio == 0.0:
            return value
        levels = system.small.n_groups
        if system.is_balanced:
            growth = self.small_ratio * system.small_mass[0]
            mean = self.small_ratio * float(system.large_mass @ self.kept) / levels
            return value + (levels - 1) * float(np.log1p(growth)) + float(np.log1p(mean))
        if levels > DETERMINANT_LIMIT:
            raise NumericalError(
                "The likelihood of two-way random effects needs a factorisation of the smaller effect. That effect "
                f"has {levels} levels; the limit is {DETERMINANT_LIMIT}. The coefficients, standard errors and "
                "effects of the moment estimators do not need it."
            )
        return value + 2.0 * float(np.log(np.diagonal(self._factor)).sum())

    def inverse_factor_product(self, matrix: Array) -> Array:
        """``(I + phi_2 G)^(-1)`` times a matrix with G_2 rows."""
        from scipy.linalg import cho_solve

        return np.asarray(cho_solve((self._factor, False), matrix, check_finite=False))

    def total(self, large: Array, small: Array, means: Array) -> Array:
        r"""Return :math:`1'\Omega^{-1}v` (k,) of columns from their tables b and their means over the larger effect."""
        for table, phi in ((large, self.large_ratio), (small, self.small_ratio)):
            if phi > 0.0:
                # phi D'Omega^-1 v is what b is: nothing cancels.
                return np.asarray(table.sum(axis=0) / phi)
        return np.asarray(self.system.large_mass @ means)

    def penalty_rows(self, large: Array, small: Array) -> Array:
        r"""Return the rows :math:`\Phi^{-1/2}b`; an effect without variance has none."""
        pairs = ((large, self.large_ratio), (small, self.small_ratio))
        return np.vstack([np.empty((0, large.shape[1])), *(b / np.sqrt(phi) for b, phi in pairs if phi > 0.0)])

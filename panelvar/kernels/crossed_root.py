r"""The symmetric root of the inverse two-way error covariance, as level tables.

Robust covariances and tests of a transformed model need rows :math:`Rv` with :math:`R'R = \Omega^{-1}`
(`panelvar.kernels.crossed_equations`). Any orthogonal matrix times R does as well, and changes them; the symmetric root
:math:`\Omega^{-1/2}` is the one that the data alone define, whatever the order of rows, labels and effects. On a
balanced panel it is quasi-demeaning in both directions (Baltagi 2013, eq. 3.10). On an unbalanced one

.. math:: \Omega^{-1/2} = \frac2\pi\int_0^\infty (t^2I + \Omega)^{-1}\,dt \approx \sum_j w_j\,(t_j^2I + \Omega)^{-1},

and :math:`t^2I + \Omega` is :math:`1 + t^2` times a matrix of the same kind with ratios :math:`\phi_d/(1 + t^2)`. The
nodes and weights make the error fall as :math:`\exp(-2\pi^2 J/(\log\kappa + 3))` (Hale, Higham and Trefethen 2008, SIAM
J. Numerical Analysis 46, 2505-2523, method 3): some thirty nodes for every digit. As :math:`Rv = v - a_{1,i} -
a_{2,t}`, only tables are added up.
"""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np

from panelvar.base.arrays import Array
from panelvar.kernels.crossed_equations import Crossing
from panelvar.kernels.variance_components import quasi_demeaning_weight

_DIGITS = 1e-16


class CrossedRoot:
    """The root for given variance ratios.

    Parameters
    ----------
    crossing : Crossing
    ratios : (2,) array
        Variance of each effect over the idiosyncratic variance, in the order of the groupings.
    """

    def __init__(self, crossing: Crossing, ratios: Array) -> None:
        self._crossing = crossing
        self._ratios = ratios

    def tables(self, means: Array, sums: Array) -> tuple[Array, Array]:
        """Return the level tables that the root subtracts, in the order of the groupings.

        Parameters
        ----------
        means : (G_1, k) array
            Of the columns over the larger effect.
        sums : (G_2, k) array
            Over the smaller one.
        """
        system = self._crossing.system
        if system.is_balanced:
            return self._balanced_tables(means, sums)
        large, small = np.zeros_like(means), np.zeros_like(sums)
        for squared, weight in zip(*self._rule, strict=True):
            equations = self._crossing.equations(self._ratios / (1.0 + squared))
            first, second = equations.solve(means, sums)
            large += weight * first
            small += weight * second
        return self._crossing.ordered(np.asfortranarray(large), np.asfortranarray(small))

    def _balanced_tables(self, means: Array, sums: Array) -> tuple[Array, Array]:
        """Quasi-demeaning in both directions, the grand mean given back."""
        system = self._crossing.system
        mass = np.array([system.large_mass[0], system.small_mass[0]])
        ratios = np.array(self._crossing.ordered(*self._ratios))
        theta = quasi_demeaning_weight(1.0, ratios, mass)
        both = 1.0 - (1.0 + float(mass @ ratios)) ** -0.5
        large: Array = theta[0] * means
        small = theta[1] * (sums / mass[1]) + (both - theta[0] - theta[1]) * means.mean(axis=0)
        return self._crossing.ordered(np.asfortranarray(large), np.asfortranarray(small))

    @cached_property
    def _rule(self) -> tuple[Array, Array]:
        r"""Squares of the nodes and weights :math:`w_j/(1 + t_j^2)`, for eigenvalues from 1 to a bound of the largest.

        With :math:`t = \mathrm{sc}(u, k')`, :math:`k^2 = 1/\kappa`, the midpoint rule over :math:`(0, K(k'))`.
        """
        from scipy.special import ellipj, ellipkm1

        masses = self._crossing.ordered(self._crossing.system.large_mass, self._crossing.system.small_mass)
        bound = 1.0 + sum(float(phi * mass.max()) for phi, mass in zip(self._ratios, masses, strict=True))
        nodes = 2 + math.ceil(-math.log(_DIGITS) * (math.log(bound) + 3.0) / (2.0 * math.pi**2))
        period = float(ellipkm1(1.0 / bound))
        sn, cn, dn, _ = ellipj((np.arange(nodes) + 0.5) * (period / nodes), 1.0 - 1.0 / bound)
        squared = np.square(sn / cn, dtype=np.float64)
        return squared, (2.0 * period / (math.pi * nodes)) * dn / (cn**2 * (1.0 + squared))

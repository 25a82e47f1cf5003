r"""Polynomials that are orthogonal over given values, and their values elsewhere.

With :math:`z = x - \bar x`, :math:`p_0 = 1` and :math:`p_1 = z`,

.. math:: p_{k+1}(z) = (z - \alpha_k)\, p_k(z) - \frac{\|p_k\|^2}{\|p_{k-1}\|^2}\, p_{k-1}(z),
   \qquad \alpha_k = \frac{\sum z p_k^2}{\|p_k\|^2},

and the columns are :math:`p_k / \|p_k\|`: orthogonal to a constant and to one another, of length one over the values
they were made of, with positive leading coefficients, as R's ``poly`` has them.

References: Kennedy and Gentle (1980), *Statistical Computing*, 343-344.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.scaling import exponents


@dataclass(frozen=True, eq=False)
class OrthogonalPolynomials:
    """Polynomials of degree 1 to k; call them with values.

    Attributes
    ----------
    centre : float
        Mean of the values they were made of, in units of ``2**unit``.
    unit : int
    alphas, squares : (k,), (k + 1,) array
        The recurrence, and the squared lengths from degree 0 on.
    """

    centre: float
    unit: int
    alphas: Array
    squares: Array

    @classmethod
    def over(cls, values: Array, degree: int) -> OrthogonalPolynomials:
        """Make them of finite values; more than ``degree`` of them differ."""
        unit = int(exponents(values))
        scaled = np.ldexp(values, -unit)
        centre = float(scaled.mean())
        z = scaled - centre
        alphas, squares = np.zeros(degree), np.zeros(degree + 1)
        before, now = np.zeros_like(z), np.ones_like(z)
        squares[0] = len(z)
        for k in range(degree):
            # The first alpha, the mean of deviations, is zero but for rounding, which is not kept.
            alphas[k] = (z * now) @ now / squares[k] if k else 0.0
            ratio = squares[k] / squares[k - 1] if k else 0.0
            before, now = now, (z - alphas[k]) * now - ratio * before
            squares[k + 1] = now @ now
        return cls(centre, unit, alphas, squares)

    def __call__(self, values: Array) -> list[Array]:
        """Return the k columns at values, (n,) each; NaN where a value is missing."""
        z = np.ldexp(values, -self.unit) - self.centre
        out = []
        # Arithmetic alone is used, so that values may carry their derivatives.
        before, now = 0.0 * z, 0.0 * z + 1.0
        for k in range(len(self.alphas)):
            ratio = self.squares[k] / self.squares[k - 1] if k else 0.0
            before, now = now, (z - self.alphas[k]) * now - ratio * before
            out.append(now / np.sqrt(self.squares[k + 1]))
        return out

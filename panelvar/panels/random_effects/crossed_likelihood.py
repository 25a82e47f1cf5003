r"""Likelihood of two crossed random effects, by its profile in the two variance ratios.

With :math:`\phi_d = \sigma_d^2/\sigma_\varepsilon^2` and :math:`\Omega = I + \sum_d\phi_dD_dD_d'` the coefficients and
:math:`\hat\sigma_\varepsilon^2 = RSS/m` are concentrated out,

.. math:: \ell(\phi) = -\tfrac m2\Big(\log\frac{2\pi RSS(\phi)}m + 1\Big) - \tfrac12\log|\Omega|
   \;\Big[-\tfrac12\log|X'\Omega^{-1}X|\Big],

m being n, or n - p for the restricted likelihood, to which the bracket belongs (Patterson and Thompson 1971; Harville
1977, J. American Statistical Association 72, 320-338; Searle, Casella and McCulloch 1992, *Variance Components*). Every
column is its within part and dummies times the tables of the fixed-effects regression, and :math:`\Omega^{-1}` leaves
the within part alone. A value of the likelihood therefore works on tables, and its cost does not grow with the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import NumericalError
from panelvar.kernels.absorption import level_system
from panelvar.kernels.absorption.crossed_effects import CrossedEquations, Crossing
from panelvar.kernels.linear.qr import triangularize
from panelvar.kernels.linear.variance_components import Components, Likelihood

_GRID = np.logspace(-4.0, 4.0, 7)
"""The best few pairs of these ratios start the search, because the likelihood may have several maxima."""
_NEGLIGIBLE = 1e-9
"""A variance counts as zero if its ratio, times the rows of the largest level, is below this."""
_LARGEST = 1e12
"""The idiosyncratic variance counts as zero if a ratio, times the rows of a level, exceeds this."""
_NO_MAXIMUM = (
    "The likelihood has no maximum: it still rises where an effect's variance is a trillion times the idiosyncratic "
    "one. The effects and regressors fit the data exactly, or nearly. Use fit_fixed_effects."
)


class CrossedSample:
    """What the likelihood needs of the data.

    Parameters
    ----------
    crossing : Crossing
    within : (k + 1, k + 1) array
        R of ``[X, y]`` with both effects taken out.
    tables : two (G_d, k + 1) arrays
        The level tables that this takes out, in the order of the groupings.
    n_rows : int
    constant : bool
        Whether the model has a constant.
    restricted : bool
        Restricted likelihood.
    """

    def __init__(
        self,
        crossing: Crossing,
        within: Array,
        tables: Sequence[Array],
        n_rows: int,
        *,
        constant: bool,
        restricted: bool,
    ) -> None:
        self.crossing = crossing
        self.system = crossing.system
        large, small = crossing.ordered(*tables)
        lead = int(constant)
        centre = self.system.large_mass @ large / n_rows if constant else np.zeros(large.shape[1])
        self.centre = centre
        self.within = np.pad(within, ((0, 0), (lead, 0)))
        self.large = np.column_stack([*[np.ones(len(large))] * lead, large - centre])
        self.small = np.column_stack([*[np.zeros(len(small))] * lead, small])
        self.n_rows = n_rows
        self.coefficients = self.large.shape[1] - 1
        self.restricted = restricted
        self.degrees = n_rows - self.coefficients if restricted else n_rows
        self.means, self.sums = self.levels(self.large, self.small)

    def levels(self, large: Array, small: Array) -> tuple[Array, Array]:
        """Means over the larger and sums over the smaller effect of the columns that tables make."""
        system = self.system
        sums: Array = system.cross.T @ large + system.small_mass[:, None] * small
        return large + system.average_small(small), sums


class CrossedLikelihood:
    """The profile likelihood at one pair of ratios, with its derivatives.

    Tables and derivatives are in the order of the groupings.

    Parameters
    ----------
    sample : CrossedSample
    ratios : (2,) array
        Not negative.
    """

    def __init__(self, sample: CrossedSample, ratios: Array) -> None:
        self.sample = sample
        self.ratios = ratios
        self.equations: CrossedEquations = sample.crossing.equations(ratios)
        system = sample.system
        large, small = self.equations.solve(sample.means, sample.sums)
        left_large, left_small = sample.large - large, sample.small - small
        level = np.sqrt(system.large_mass)[:, None] * (left_large + system.average_small(left_small))
        penalty = self.equations.penalty_rows(large, small)
        stack = np.vstack((sample.within, level, system.schur_root(left_small), penalty))
        self.triangle = triangularize(np.asfortranarray(stack))
        self._tables = large, small
        k = sample.coefficients
        self.rss = float(self.triangle[k, k] ** 2)
        slopes = np.linalg.solve(self.triangle[:k, :k], self.triangle[:k, k]) if k else np.empty(0)
        self.direction = np.append(-slopes, 1.0)

    @property
    def value(self) -> float:
        """Log-likelihood, coefficients and error variance maximised."""
        sample = self.sample
        m = sample.degrees
        out = -0.5 * m * (np.log(2.0 * np.pi * self.rss / m) + 1.0) - 0.5 * self.equations.log_determinant
        if sample.restricted:
            out -= float(np.log(np.abs(np.diagonal(self.triangle)[: sample.coefficients])).sum())
        return float(out)

    @property
    def variance(self) -> float:
        """The idiosyncratic variance that maximises the likelihood."""
        return self.rss / self.sample.degrees

    def project(self, large: Array, small: Array) -> tuple[Array, Array]:
        """Return ``D_d' Omega^-1 D a`` of each effect for tables a of the larger and the smaller one."""
        means, sums = self.sample.levels(large, small)
        return self._ordered_projection(means, sums, *self.equations.solve(means, sums))

    def _ordered_projection(self, means: Array, sums: Array, large: Array, small: Array) -> tuple[Array, Array]:
        equations, system = self.equations, self.sample.system
        ratios = equations.large_ratio, equations.small_ratio
        # phi D'Omega^-1 v is the prediction; where phi is zero, the sums of the residuals take its place.
        first = large / ratios[0] if ratios[0] else system.large_mass[:, None] * (means - system.average_small(small))
        second = small / ratios[1] if ratios[1] else sums - system.cross.T @ large
        return self.sample.crossing.ordered(first, second)

    @cached_property
    def _column_projections(self) -> tuple[Array, Array]:
        return self._ordered_projection(self.sample.means, self.sample.sums, *self._tables)

    @cached_property
    def pulls(self) -> list[Array]:
        r""":math:`g_d = D_d'\Omega^{-1}\hat u`, (G_d,) each: minus the slope of RSS is their square."""
        return [projection @ self.direction for projection in self._column_projections]

    @cached_property
    def _levers(self) -> list[Array]:
        r""":math:`D_d'\Omega^{-1}XA^{1/2}`, (G_d, p) each, :math:`A = (X'\Omega^{-1}X)^{-1}`."""
        k = self.sample.coefficients
        root = np.linalg.inv(self.triangle[:k, :k]) if k else np.empty((0, 0))
        return [projection[:, :k] @ root for projection in self._column_projections]

    @cached_property
    def _inverse(self) -> Array:
        """``K^(-1)``, K the identity plus phi_2 times G."""
        return self.equations.inverse_factor_product(np.eye(len(self.sample.system.small_mass)))

    @cached_property
    def _cross_gram(self) -> Array:
        """``M'M`` with ``M = D_1'(I + phi_1 D_1 D_1')^(-1) D_2``."""
        return self.equations.weighted_gram(self.equations.kept**2)

    @cached_property
    def slope(self) -> Array:
        r"""Derivative, :math:`\frac m2\frac{g_d'g_d}{RSS} - \frac12\mathrm{tr}(D_d'VD_d)`, (2,).

        V is :math:`\Omega^{-1}`, or P, less its part that X explains, for the restricted likelihood.
        """
        equations, system = self.equations, self.sample.system
        large = float(system.large_mass @ equations.kept) - equations.small_ratio * np.sum(
            self._inverse * self._cross_gram
        )
        small = np.sum(self._inverse * equations.gram)
        traces = np.array(self.sample.crossing.ordered(np.array(large), np.array(small)))
        if self.sample.restricted:
            traces = traces - np.array([np.square(lever).sum() for lever in self._levers])
        squares = np.array([pull @ pull for pull in self.pulls])
        out: Array = 0.5 * self.sample.degrees * squares / self.rss - 0.5 * traces
        return out

    @cached_property
    def parts(self) -> tuple[Array, Array, Array]:
        r"""Return derivatives of RSS (2,), second derivatives of RSS and of the log determinants, (2, 2) each.

        :math:`RSS_{de} = 2g_d'D_d'PD_eg_e`, and the second derivative of the determinants is minus the squared norm of
        :math:`D_d'\Omega^{-1}D_e`, or of :math:`D_d'PD_e` for the restricted likelihood.
        """
        sample, levers, pulls = self.sample, self._levers, self.pulls
        zero = [np.zeros((len(pull), 1)) for pull in pulls]
        curvature = np.empty((2, 2))
        norms = self._squared_norms.copy()
        for e in range(2):
            moved = [pulls[d][:, None] if d == e else zero[d] for d in range(2)]
            image = self.project(*sample.crossing.ordered(*moved))
            for d in range(2):
                direct = float(pulls[d] @ image[d][:, 0])
                curvature[d, e] = 2.0 * (direct - float((levers[d].T @ pulls[d]) @ (levers[e].T @ pulls[e])))
            if sample.restricted:
                columns = [levers[d] if d == e else np.zeros_like(levers[d]) for d in range(2)]
                spread = self.project(*sample.crossing.ordered(*columns))
                for d in range(2):
                    both = (levers[d].T @ levers[d]) * (levers[e].T @ levers[e])
                    norms[d, e] += float(both.sum()) - 2.0 * float((levers[d] * spread[d]).sum())
        first = -np.array([pull @ pull for pull in pulls])
        return first, 0.5 * (curvature + curvature.T), -norms

    @cached_property
    def _squared_norms(self) -> Array:
        r"""Squared Frobenius norms of :math:`D_d'\Omega^{-1}D_e`, (2, 2)."""
        equations, phi = self.equations, self.equations.small_ratio
        inverse, cross = self._inverse, self._cross_gram
        left = self.sample.system.large_mass * equations.kept
        turned = inverse @ cross
        mixed = equations.weighted_gram(equations.kept**2 * left)
        large = float(left @ left) - 2.0 * phi * np.sum(inverse * mixed) + phi**2 * np.sum(turned * turned.T)
        both = np.sum(turned * inverse)
        image = inverse @ equations.gram
        small = np.sum(image * image.T)
        first, second = self.sample.crossing.ordered(np.array(large), np.array(small))
        return np.array([[float(first), float(both)], [float(both), float(second)]])

    @property
    def curvature(self) -> Array:
        """Second derivative of the profile, (2, 2)."""
        first, second, determinants = self.parts
        relative = second / self.rss - np.outer(first / self.rss, first / self.rss)
        out: Array = -0.5 * self.sample.degrees * relative - 0.5 * determinants
        return out

    def information(self, free: NDArray[np.intp]) -> Array:
        """Covariance of the log error variance and the ratios, (3, 3), from the information of those not fixed."""
        first, second, determinants = self.parts
        s = self.variance
        hessian = np.empty((3, 3))
        hessian[0, 0] = -0.5 * self.sample.degrees
        hessian[0, 1:] = hessian[1:, 0] = 0.5 * first / s
        hessian[1:, 1:] = -0.5 * second / s - 0.5 * determinants
        used = np.concatenate(([0], free + 1))
        cov = np.full((3, 3), np.nan)
        cov[np.ix_(used, used)] = np.linalg.inv(-hessian[np.ix_(used, used)])
        return cov

    @property
    def drift(self) -> Array:
        r"""Derivatives of the coefficients, constant first, :math:`-AX'\Omega^{-1}D_dg_d`: (p, 2)."""
        k, sample = self.sample.coefficients, self.sample
        out = np.zeros((k, 2))
        if k:
            levers = np.column_stack([lever.T @ pull for lever, pull in zip(self._levers, self.pulls, strict=True)])
            out[:] = -np.linalg.solve(self.triangle[:k, :k], levers)
        lead = k + 1 - len(sample.centre)
        if lead:
            # This goes back from centred regressors.
            out[0] -= sample.centre[:-1] @ out[1:]
        return out


def find_maximum(sample: CrossedSample, starts: Sequence[Array]) -> CrossedLikelihood | None:
    """Return the likelihood at the best local maximum with both ratios positive, None without one.

    Newton's method in the logarithms of the ratios, from given starts and the best pairs of a grid.
    """
    values = np.array([[CrossedLikelihood(sample, np.array([a, b])).value for b in _GRID] for a in _GRID])
    padded = np.pad(values, 1, constant_values=-np.inf)
    size = len(_GRID)
    around = [padded[i : i + size, j : j + size] for i in range(3) for j in range(3) if (i, j) != (1, 1)]
    peaks = np.argwhere(values >= np.max(around, axis=0))
    tried = [*starts, *(np.array([_GRID[i], _GRID[j]]) for i, j in peaks)]
    ends = [end for end in (_climb(sample, start) for start in tried) if end is not None]
    return max(ends, key=lambda end: end.value, default=None)


def _climb(sample: CrossedSample, start: Array) -> CrossedLikelihood | None:
    """Newton's method from one start; None where a ratio becomes negligible."""
    masses = sample.crossing.ordered(sample.system.large_mass, sample.system.small_mass)
    largest = np.array([mass.max() for mass in masses])
    here, previous = CrossedLikelihood(sample, start), np.inf
    for _ in range(200):
        phi = here.ratios
        if (phi * largest < _NEGLIGIBLE).any():
            return None
        if (phi * largest > _LARGEST).any():
            raise NumericalError(_NO_MAXIMUM)
        slope = phi * here.slope
        lengths, axes = np.linalg.eigh(phi[:, None] * here.curvature * phi + np.diag(slope))
        # The step goes uphill whatever the signs: it leaves a saddle, and meets a maximum with quadratic speed. The
        # curvature of a vanishing ratio is as small as the ratio, but it is not zero.
        floor = 1e-14 * max(1.0, float(np.abs(lengths).max()))
        step = axes @ ((axes.T @ slope) / np.maximum(np.abs(lengths), floor))
        step *= min(1.0, 3.0 / max(float(np.abs(step).max()), 3.0))
        reach = float(np.abs(step).max())
        if lengths[-1] < 0.0 and reach < 1e-3:
            # This near, the rounding of the value hides any gain, so the step alone says when to stop.
            if reach < 1e-12 or reach >= previous:
                return here
            here, previous = CrossedLikelihood(sample, phi * np.exp(step)), reach
            continue
        share = 1.0
        while True:
            there = CrossedLikelihood(sample, phi * np.exp(share * step))
            if there.value >= here.value or share < 1e-10:
                break
            share *= 0.5
        here = there
    raise NumericalError(
        "Newton's method did not find the maximum of the likelihood of the variances in 200 steps. Use "
        "variance_components='swamy-arora'."
    )


def crossed_maximum_likelihood(sample: CrossedSample, one_way: Sequence[Components]) -> tuple[Array, float, Likelihood]:
    """Return the ratios and the idiosyncratic variance at the global maximum, and what is known of them."""
    levels = len(sample.system.small_mass)
    if levels > level_system.DIRECT_LIMIT:
        raise NumericalError(
            "Maximum likelihood of two-way random effects factors a matrix of the size of the smaller effect at every "
            f"step. That effect has {levels} levels, and the limit is {level_system.DIRECT_LIMIT}. Use "
            "variance_components='swamy-arora', or make one effect fixed."
        )
    edges = [component.likelihood for component in one_way]
    if edges[0] is None or edges[1] is None:
        raise NumericalError(_NO_MAXIMUM)
    alone = np.array([component.effect / component.idiosyncratic for component in one_way])
    highest = find_maximum(sample, [np.where(alone > 0.0, alone, 0.1)])
    values = [-np.inf if highest is None else highest.value, edges[0].value, edges[1].value]
    best = int(np.argmax(values))
    if highest is None or best > 0:
        highest = CrossedLikelihood(sample, alone * (np.arange(2) == best - 1))
    free = np.flatnonzero(highest.ratios)
    drift = np.zeros((sample.coefficients, 2))
    if not sample.restricted:
        drift[:, free] = highest.drift[:, free]
    # Without the first effect, the second is alone.
    without = (edges[1].value, edges[0].value)
    likelihood = Likelihood(
        max(values), edges[0].pooled, without, highest.information(free), drift, restricted=sample.restricted
    )
    return highest.ratios, highest.variance, likelihood

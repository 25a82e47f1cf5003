r"""Factors of a balanced panel by principal components, and how many there are.

:math:`X_{ti} = \lambda_i' F_t + e_{ti}` for periods t = 1 to T and series i = 1 to N. Least squares over factors and
loadings takes the r largest singular values of X. The k-th factor explains :math:`\mu_k`, the k-th largest eigenvalue
of :math:`XX'/(NT)`, and

.. math:: V(k) = \frac{1}{NT} \sum_{t,i} (X_{ti} - \hat\lambda_i'\hat F_t)^2 = \sum_{j > k} \mu_j

is what k factors leave.

References: Bai and Ng (2002), Econometrica 70, 191-221; Ahn and Horenstein (2013), Econometrica 81, 1203-1227.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.errors import DataError, NumericalError, SpecificationError, choose
from panelvar.core.base.scaling import exponents
from panelvar.kernels.linear.qr import ROUNDING

NORMALISATIONS = ("factors", "loadings")
TRANSFORMS = ("none", "demeaned", "standardised")
CRITERIA = ("PC1", "PC2", "PC3", "IC1", "IC2", "IC3", "BIC3", "ER", "GR")


@dataclass(frozen=True, eq=False)
class PrincipalComponents:
    r"""Factors and loadings of a panel, the most important first.

    Attributes
    ----------
    factors : (..., T, r) array
        :math:`\hat F`.
    loadings : (..., N, r) array
        :math:`\hat\Lambda`. The largest loading of each factor, in absolute value, is positive; otherwise signs would
        be arbitrary.
    eigenvalues : (..., m) array
        All :math:`\mu_k`, decreasing, in squares of the units of the panel that was decomposed. m is the smaller of N
        and T, or T - 1 where means were taken out. What is rounding beside the largest is zero.
    """

    factors: Array
    loadings: Array
    eigenvalues: Array

    @property
    def common(self) -> Array:
        r"""Common components :math:`\hat F \hat\Lambda'` (..., T, N), in the units of the panel that was decomposed."""
        return self.factors @ self.loadings.swapaxes(-2, -1)


def transformed(panel: Array, transform: str) -> Array:
    """Return a panel as it is, its series less their means, or these over their standard deviations.

    Parameters
    ----------
    panel : (..., T, N) array
    transform : {"none", "demeaned", "standardised"}
        Standard deviations have divisor T: their units then do not matter to factors and their number.

    Raises
    ------
    DataError
        If a value is missing or infinite, or a series to be standardised does not vary.
    """
    choose("transform", transform, TRANSFORMS)
    values = np.asarray(panel, dtype=np.float64)
    if not np.isfinite(values).all():
        raise DataError("Principal components need a balanced panel. Here values are missing or infinite.")
    if transform == "none":
        return values
    units = exponents(values, axis=-2)[..., None, :]
    scaled = np.ldexp(values, -units)
    left = scaled - scaled.mean(axis=-2, keepdims=True)
    if transform == "demeaned":
        return np.asarray(np.ldexp(left, units))
    spread = np.sqrt(np.square(left).mean(axis=-2, keepdims=True))
    flat = (spread <= ROUNDING).nonzero()[-1]
    if flat.size:
        raise DataError(f"Series {int(flat[0]) + 1} of {values.shape[-1]} does not vary, so it cannot be standardised.")
    return np.asarray(left / spread)


def principal_components(
    panel: Array, count: int, *, normalisation: str = "factors", transform: str = "none"
) -> PrincipalComponents:
    r"""Factors and loadings of a panel, by a singular value decomposition.

    Parameters
    ----------
    panel : (..., T, N) array
        Periods by series, balanced; leading axes are panels apart.
    count : int
        Number of factors r, zero to the smaller of T and N.
    normalisation : {"factors", "loadings"}
        :math:`\hat F'\hat F / T = I` with :math:`\hat\Lambda'\hat\Lambda` diagonal and decreasing, or
        :math:`\hat\Lambda'\hat\Lambda / N = I` with :math:`\hat F'\hat F` diagonal: the two forms of Bai and Ng
        (2002), with the same common components.
    transform : {"none", "demeaned", "standardised"}
        What is done to every series first, see `transformed`.

    Returns
    -------
    PrincipalComponents

    Raises
    ------
    SpecificationError
        If there cannot be so many factors.
    DataError
        As `transformed`.
    NumericalError
        If an eigenvalue leaves the range of numbers.

    Notes
    -----
    Where eigenvalues are equal the space of their factors is determined, and not the factors. Factors beyond the rank
    of the panel explain nothing: the matrix that is not normalised has columns of zeros for them.
    """
    choose("normalisation", normalisation, NORMALISATIONS)
    values = transformed(panel, transform)
    periods, series = values.shape[-2:]
    if not 0 <= count <= min(periods, series):
        raise SpecificationError(
            f"You asked for {count} factors; {periods} periods of {series} series have 0 to {min(periods, series)}."
        )
    units = exponents(values, axis=(-2, -1))
    left, sizes, right = np.linalg.svd(np.ldexp(values, -units[..., None, None]), full_matrices=False)
    sizes = sizes[..., : min(periods - (transform != "none"), series)]
    sizes = np.where(sizes > ROUNDING * np.sqrt(periods * series) * sizes[..., :1], sizes, 0.0)
    eigenvalues = _eigenvalues(sizes, units, periods * series)
    factors, loadings = left[..., :count], right[..., :count, :].swapaxes(-2, -1)
    # A factor of a panel of rank T - 1 that is beyond it has no size.
    weights = np.zeros((*sizes.shape[:-1], 1, count))
    weights[..., 0, : sizes.shape[-1]] = np.ldexp(sizes, units[..., None])[..., :count]
    largest = np.abs(loadings).argmax(axis=-2)[..., None, :] if count else np.empty(weights.shape, dtype=np.intp)
    signs = np.where(np.take_along_axis(loadings, largest, axis=-2) < 0.0, -1.0, 1.0)
    factors, loadings = factors * signs, loadings * signs
    if normalisation == "factors":
        root = np.sqrt(float(periods))
        factors, loadings = factors * root, loadings * (weights / root)
    else:
        root = np.sqrt(float(series))
        factors, loadings = factors * (weights / root), loadings * root
    return PrincipalComponents(factors, loadings, eigenvalues)


def _eigenvalues(sizes: Array, units: Positions, cells: int) -> Array:
    """Squares of singular values over NT, or a refusal where they leave the range of numbers."""
    scaled = np.square(sizes) / cells
    with np.errstate(over="ignore"):
        found = np.asarray(np.ldexp(scaled, 2 * units[..., None]))
    if not np.isfinite(found).all() or ((scaled[..., :1] > 0.0) & (found[..., :1] == 0.0)).any():
        raise NumericalError("Squares of this panel leave the range of floating-point numbers. Rescale it.")
    return found


@dataclass(frozen=True, eq=False)
class FactorCounts:
    """How many factors each criterion finds.

    Attributes
    ----------
    criteria : dict of str to (..., most + 1) array
        Values for zero factors to `most`, by the names in `CRITERIA`.
    chosen : dict of str to (...) integer array
        Where each is smallest (PC, IC, BIC3) or largest (ER, GR); of equal values that of the fewest factors.
    """

    criteria: dict[str, Array]
    chosen: dict[str, Positions]


def count_factors(eigenvalues: Array, periods: int, series: int, most: int, *, fewest: int = 0) -> FactorCounts:
    r"""Number of factors by the criteria of Bai and Ng (2002) and the ratios of Ahn and Horenstein (2013).

    With :math:`\hat\sigma^2 = V(k_{max})`, :math:`C^2 = \min(N, T)` and

    .. math:: g_1 = \frac{N+T}{NT}\ln\frac{NT}{N+T}, \quad g_2 = \frac{N+T}{NT}\ln C^2, \quad g_3 = \frac{\ln C^2}{C^2},

    the smallest of (Bai and Ng 2002)

    .. math:: PC_i(k) &= V(k) + k\,\hat\sigma^2 g_i, \\
       IC_i(k) &= \ln V(k) + k\,g_i, \\
       BIC_3(k) &= V(k) + k\,\hat\sigma^2\,\frac{(N + T - k)\ln(NT)}{NT},

    and the largest of (Ahn and Horenstein 2013)

    .. math:: ER(k) &= \frac{\mu_k}{\mu_{k+1}}, \\
       GR(k) &= \frac{\ln[V(k-1)/V(k)]}{\ln[V(k)/V(k+1)]} = \frac{\ln(1 + \mu_k/V(k))}{\ln(1 + \mu_{k+1}/V(k+1))}.

    That there may be no factor they allow for by a mock eigenvalue :math:`\mu_0 = V(0)/\ln m`, m being the number of
    eigenvalues, with :math:`V(-1) = V(0) + \mu_0`.

    Parameters
    ----------
    eigenvalues : (..., m) array
        :math:`\mu_1, ..., \mu_m`, decreasing, all there are: those of `principal_components`.
    periods, series : int
        T and N.
    most : int
        :math:`k_{max}`, at least one and below m. ``PC`` and ``BIC3`` depend on it through :math:`\hat\sigma^2`.
    fewest : int
        Numbers below it are not considered: with one, there is a factor.

    Returns
    -------
    FactorCounts

    Raises
    ------
    SpecificationError
        If `most` or `fewest` are out of place.

    Notes
    -----
    With fewer than some 40 periods or series the PC criteria find too many factors, PC3 and IC3 in larger panels too;
    where errors are strongly correlated, over time or across series, all of PC and IC do, often `most`. Ahn and
    Horenstein take the means of periods as well as of series out first. Where factors explain a panel exactly, every
    criterion finds the rank.
    """
    mu = np.asarray(eigenvalues, dtype=np.float64)
    m = mu.shape[-1]
    if not 1 <= most < m:
        raise SpecificationError(f"most={most} must be at least 1 and below the number of eigenvalues, {m}.")
    if not 0 <= fewest <= most:
        raise SpecificationError(f"fewest={fewest} must be from 0 to most={most}.")
    # Sums start from the smallest, so that what is left after many factors keeps its digits. V(0) to V(m).
    left = np.concatenate((np.cumsum(mu[..., ::-1], axis=-1)[..., ::-1], np.zeros((*mu.shape[:-1], 1))), axis=-1)
    k = np.arange(most + 1)
    remaining, variance = left[..., : most + 1], left[..., most, None]
    cells, both, smaller = float(periods * series), float(periods + series), float(min(periods, series))
    penalties = (both / cells * np.log(cells / both), both / cells * np.log(smaller), np.log(smaller) / smaller)
    criteria = {f"PC{i}": remaining + k * variance * g for i, g in enumerate(penalties, 1)}
    with np.errstate(divide="ignore"):
        logs = np.log(remaining)
    criteria |= {f"IC{i}": logs + k * g for i, g in enumerate(penalties, 1)}
    criteria["BIC3"] = remaining + k * variance * ((both - k) * np.log(cells) / cells)
    mock = left[..., :1] / np.log(m)
    padded = np.concatenate((mock, mu), axis=-1)
    criteria["ER"] = _ratio(padded[..., : most + 1], padded[..., 1 : most + 2])
    # ln(1 + mu_k / V(k)) for k = 0 to most + 1.
    growth = np.log1p(_ratio(padded[..., : most + 2], left[..., : most + 2]))
    criteria["GR"] = _ratio(growth[..., :-1], growth[..., 1:])
    chosen = {
        name: fewest + (values[..., fewest:].argmax(-1) if name in ("ER", "GR") else values[..., fewest:].argmin(-1))
        for name, values in criteria.items()
    }
    return FactorCounts(criteria, chosen)


def _ratio(numerator: Array, denominator: Array) -> Array:
    """Quotient, infinite over zero, and zero where there is nothing to compare."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found = numerator / denominator
    return np.asarray(np.where((numerator == 0.0) | np.isinf(denominator), 0.0, found))

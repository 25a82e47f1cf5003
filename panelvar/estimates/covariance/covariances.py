"""Covariance estimators: small frozen specifications, callable on a model of `panelvar.estimates.covariance.protocol`.

All are :math:`L M L'` with the map L of `panelvar.estimates.fit.fit` and a meat M: a variant supplies the meat and its
factor. This file has the classical one, HC and clusters. Errors correlated over time or across entities and few
clusters have files of their own. All of them use HC's adjustments of residuals for the leverage of their rows.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arguments import read_flag
from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import Note, NumericalError, choose
from panelvar.core.base.unknown_arguments import answering
from panelvar.estimates.covariance.cluster_terms import (
    dimensions_of,
    in_one_line,
    mended,
    signs,
    term_factors,
    with_intersections,
    without_rounding,
)
from panelvar.estimates.covariance.protocol import Scored, ScoreSums
from panelvar.estimates.fit.conventions import Convention, DofFactor
from panelvar.estimates.fit.fit import Fit
from panelvar.estimates.fit.small_samples import classical_df, heteroskedastic_factor
from panelvar.kernels.linear.groups import Grouping

FEW_CLUSTERS = 20
"""Below this many clusters the asymptotics of clustered errors are a poor guide; a warning says so."""

HOPELESS_CLUSTERS = 5
"""With no more clusters than this no method is reliable: 2^4 patterns of signs cannot reject at 5 per cent."""

BETTER_WITH_FEW = "BiasReduced and wild_bootstrap_test keep closer to their level; use them where the model has them."
"""What to do about few clusters."""


@dataclass(frozen=True, eq=False)
class CovarianceEstimate:
    """A covariance matrix and the inference that goes with it.

    Attributes
    ----------
    matrix : (p, p) array
    label : str
        How the errors were estimated, in words.
    df : float
        Degrees of freedom of the t distribution; infinite for the normal.
    factor : float
        Small-sample factor the sandwich was multiplied by (1 for the classical matrix).
    clusters : tuple of (label, count)
        Dimensions clustered on.
    by : tuple
        The same dimensions as they were given: names, or values for each row.
    notes : tuple of Note
    classical : bool
        Whether the matrix is a residual variance times the inverse cross product.
    degrees : callable or None
        Degrees of freedom of one contrast (p, 1), or HTZ's eta of several (p, r), where they differ by contrast; ``df``
        is then the smallest of a single coefficient.
    specification : Covariance or None
        What made the estimate, where a result's tests estimate theirs the same way.
    """

    matrix: Array
    label: str
    df: float
    factor: float = 1.0
    clusters: tuple[tuple[str, int], ...] = ()
    notes: tuple[Note, ...] = ()
    classical: bool = False
    degrees: Callable[[Array], float] | None = None
    by: tuple[Any, ...] = ()
    specification: Covariance | None = None

    def df_of(self, weights: Array) -> float:
        """Return the degrees of freedom of a linear combination (p,) of the coefficients."""
        return self.df if self.degrees is None else self.degrees(weights[:, None])

    @cached_property
    def coefficient_df(self) -> Array:
        """Degrees of freedom of each coefficient, shape (p,)."""
        return np.array([self.df_of(unit) for unit in np.eye(len(self.matrix))])


class Covariance(Protocol):
    """Anything that turns a fit into a `CovarianceEstimate` under a convention."""

    def __call__(self, fit: Fit, convention: Convention) -> CovarianceEstimate:
        """Estimate the covariance."""


@runtime_checkable
class LeverageAdjusted(Protocol):
    """A covariance that says what it is without adjustment for leverage, for models whose rows have none."""

    def unadjusted(self) -> Covariance:
        """Return the covariance without adjustment."""


class ScoredCovariance(ABC):
    """A covariance made of sums of scores: vector autoregressions and joint inference over horizons take it too.

    A covariance that reads no more than `panelvar.estimates.covariance.protocol.Scored` says so by deriving from this
    class.

    Attributes
    ----------
    over_time : bool
        Whether errors may be correlated at lags of time, as kernels have it.
    """

    over_time: ClassVar[bool] = False

    @abstractmethod
    def __call__(self, fit: Scored, convention: Convention) -> CovarianceEstimate:
        """Estimate the covariance."""

    def unadjusted(self) -> ScoredCovariance:
        """Return the covariance without adjustment of residuals for leverage: itself, where it has none."""
        return self


@answering
@dataclass(frozen=True)
class Classical:
    r"""Covariance of homoskedastic, uncorrelated errors: :math:`s^2 (Z'Z)^{-1}` with :math:`s^2 = RSS / df`.

    In panels errors are nearly always correlated within entities: use `Clustered` there.

    See Also
    --------
    HC : Variances that differ.
    Clustered : Errors correlated within entities.

    Examples
    --------
    >>> import panelvar as pv
    >>> states = pv.load_data("fatalities")
    >>> fit = pv.fit_fixed_effects(states, "frate ~ beertax + unemp", cov=pv.Classical())
    >>> fit.std_errors.round(4).to_dict()
    {'const': 0.0958, 'beertax': 0.1885, 'unemp': 0.0064}
    """

    over_time: ClassVar[bool] = False

    def __call__(self, fit: Fit, convention: Convention) -> CovarianceEstimate:
        """Estimate the covariance; random effects may take the within residual variance (``random_scale``).

        Raises
        ------
        SpecificationError
            If the fit is by GMM, whose coefficients are not efficient under these errors.
        """
        fit.require_efficiency()
        scale = fit.solution.rss / classical_df(convention, fit.counts)
        label = "classical" if fit.error_variance is None else "GLS"
        df = inference_df(fit, convention, fit.counts.residual_df)
        if scale == 0.0:
            # An exact fit, whatever rounding left of variances estimated before it.
            return CovarianceEstimate(np.zeros_like(fit.bread), label, df, classical=True)
        if fit.error_variance is not None and convention.gls_scale == "known":
            return CovarianceEstimate(fit.error_variance * fit.bread, "GLS", df)
        if fit.components is not None and convention.random_scale == "within":
            scale = fit.components.idiosyncratic
            label = "classical (within residual variance)"
        if fit.components is not None and fit.components.likelihood is not None:
            scale = fit.components.idiosyncratic
            label = "classical (maximum likelihood)"
            likelihood = fit.components.likelihood
            if convention.likelihood_information == "observed" and not likelihood.restricted:
                # The inverse of the whole Hessian: what is not known of the variance ratios moves the coefficients.
                matrix = scale * fit.bread + likelihood.coefficient_spread
                label = "observed information (maximum likelihood)"
                return CovarianceEstimate(matrix, label, df, classical=True)
            label = "classical (restricted maximum likelihood)" if likelihood.restricted else label
        return CovarianceEstimate(scale * fit.bread, label, df, classical=True)


@answering
@dataclass(frozen=True)
class HC(ScoredCovariance):
    r"""Heteroskedasticity-consistent covariance.

    The residual of row i is multiplied by :math:`(1-h_i)^{-d_i}`, with :math:`h_i` its leverage; HC1 multiplies the
    covariance by n / (n - k). The leverage counts absorbed effects, unless the convention says otherwise. With k the
    sum of the leverages and :math:`r_i = n h_i / k`:

    =========  =====================================================================================================
    HC0, HC1   :math:`d_i = 0` (White 1980)
    HC2        :math:`d_i = 1/2` (Horn, Horn and Duncan 1975)
    HC3        :math:`d_i = 1` (MacKinnon and White 1985)
    HC4        :math:`d_i = \min(4, r_i) / 2` (Cribari-Neto 2004)
    HC4m       :math:`d_i = (\min(1, r_i) + \min(3/2, r_i)) / 2` (Cribari-Neto and da Silva 2011)
    HC5        :math:`d_i = \min(r_i, \max(4, 0.7\, r_{max})) / 4` (Cribari-Neto, Souza and Vasconcellos 2007)
    =========  =====================================================================================================

    HC4, HC4m and HC5 are for regressors with a few rows of high leverage. With fixed effects and T > 2 these standard
    errors are inconsistent (Stock and Watson 2008): cluster by entity.

    Parameters
    ----------
    kind : {"HC0", "HC1", "HC2", "HC3", "HC4", "HC4m", "HC5"}
        A row of the table.

    See Also
    --------
    Clustered : Errors correlated within entities.
    BiasReduced : Leverage of whole clusters.

    Examples
    --------
    >>> import panelvar as pv
    >>> states = pv.load_data("fatalities")
    >>> fit = pv.fit_pooled(states, "frate ~ beertax + unemp", cov=pv.HC("HC3"))
    >>> fit.std_errors.round(4).to_dict()
    {'const': 0.0815, 'beertax': 0.0549, 'unemp': 0.0103}
    """

    kind: str = "HC1"

    def __post_init__(self) -> None:
        """Refuse an unknown kind."""
        choose("kind", self.kind, KINDS)

    def __call__(self, fit: Scored, convention: Convention) -> CovarianceEstimate:
        """Estimate the covariance."""
        matrix = fit.sandwich(scores(fit, convention, self.kind).gram())
        factor = heteroskedastic_factor(convention, fit.counts, self.kind)
        notes = [Note("factor", f"{self.kind}: small-sample factor {factor:.6g}.")]
        if fit.counts.effect_levels:
            notes.append(
                Note(
                    "hc-inconsistent",
                    "Heteroskedasticity-only errors are inconsistent for fixed effects with T > 2 "
                    "(Stock and Watson 2008); cov='cluster' is consistent.",
                )
            )
        label = f"heteroskedasticity-robust ({self.kind})"
        df = inference_df(fit, convention, fit.counts.residual_df)
        return CovarianceEstimate(symmetric(factor * matrix), label, df, factor, (), tuple(notes))

    def unadjusted(self) -> HC:
        """Return HC0."""
        return HC("HC0")


@answering
@dataclass(frozen=True, init=False, repr=False)
class Clustered(ScoredCovariance):
    r"""Covariance clustered by one or several dimensions.

    With one dimension, :math:`M = \sum_g s_g s_g'`, where :math:`s_g` sums the scores of cluster g (Liang and Zeger
    1986; Arellano 1987). With several, the matrices of all dimensions and their intersections are added and subtracted
    (Cameron, Gelbach and Miller 2011). A matrix that is then not positive semi-definite is repaired, with a warning.

    Parameters
    ----------
    *by : str or array
        ``"entity"``, ``"time"``, a column, a Series matched with the rows by label, or an array with a value for each
        row of the data. Default: entity. A list of names is taken as several dimensions.
    residuals : {"HC0", "HC1", "HC2", "HC3", "HC4", "HC4m", "HC5"}
        Row-wise adjustment of the residuals before scores are summed, as in plm's ``vcovHC(type=)``; HC1 multiplies
        by n / (n - k).
    group_factor : bool or None
        Multiply by G / (G - 1). None follows the convention.
    dof_factor : {"none", "n/(n-k)", "(n-1)/(n-k)", "(n-1)/n"} or None
        The other factor. None follows the convention.

    See Also
    --------
    BiasReduced : For few or unequal clusters.
    DriscollKraay : Errors correlated across entities too, in long panels.
    wild_bootstrap_test : Tests for few clusters.

    Notes
    -----
    By default t has the smallest G minus one degrees of freedom. With few clusters (say under 20), or very unequal
    ones, tests over-reject whatever the factor: use `BiasReduced` or `wild_bootstrap_test`.

    Examples
    --------
    >>> import panelvar as pv
    >>> states = pv.load_data("fatalities")
    >>> fit = pv.fit_fixed_effects(states, "frate ~ beertax + unemp", cov=pv.Clustered())
    >>> fit.std_errors.round(4).to_dict()
    {'const': 0.1192, 'beertax': 0.2563, 'unemp': 0.0072}
    >>> fit.cov_label
    'clustered by state'
    """

    by: tuple[Any, ...]
    residuals: str
    group_factor: bool | None
    dof_factor: DofFactor | None

    def __init__(
        self,
        *by: str | NDArray[Any] | Sequence[Any],
        residuals: str = "HC0",
        group_factor: bool | None = None,
        dof_factor: DofFactor | None = None,
    ) -> None:
        choose("residuals", residuals, KINDS)
        if group_factor is not None:
            group_factor = read_flag("group_factor", group_factor)
        if dof_factor is not None:
            choose("dof_factor", dof_factor, ("none", "n/(n-k)", "(n-1)/(n-k)", "(n-1)/n"))
        if len(by) == 1 and isinstance(by[0], (list, tuple)) and all(isinstance(name, str) for name in by[0]):
            # A list of names: several dimensions, not one value for each row.
            by = tuple(by[0])
        vars(self).update(by=by or ("entity",), residuals=residuals, group_factor=group_factor, dof_factor=dof_factor)

    __repr__ = in_one_line

    def __call__(self, fit: Scored, convention: Convention) -> CovarianceEstimate:
        """Estimate the covariance."""
        dimensions, _, _ = dimensions_of(fit, self.by, "Clustering")
        groupings = with_intersections(dimensions)
        own = scores(fit, convention, self.residuals)
        # Where each row is a group of its own there is nothing to sum.
        alone = [grouping.n_groups == fit.counts.rows for grouping in groupings]
        grams = iter(own.meats([grouping for grouping, one in zip(groupings, alone, strict=True) if not one]))
        meats = [own.gram() if one else next(grams) for one in alone]
        return self.of_meats(fit, convention, dimensions, groupings, meats)

    def of_meats(
        self,
        fit: Scored,
        convention: Convention,
        dimensions: Sequence[tuple[Grouping, str]],
        groupings: Sequence[Grouping],
        meats: Sequence[Array],
    ) -> CovarianceEstimate:
        """Estimate the covariance from the sums over clusters of the outer products of their summed scores.

        Parameters
        ----------
        fit : Scored
            The model.
        convention : Convention
            How things are counted.
        dimensions : sequence of (grouping, label)
            `dimensions_of` the clusters.
        groupings : sequence of Grouping
            `with_intersections` of the dimensions.
        meats : sequence of (p, p) arrays
            One a grouping.
        """
        labels = " and ".join(label for _, label in dimensions)
        smallest = min(grouping.n_groups for grouping, _ in dimensions)
        factors, k = term_factors(fit, convention, dimensions, groupings, self.group_factor, self.dof_factor)
        if self.residuals == "HC1":
            factors = [factor * heteroskedastic_factor(convention, fit.counts, "HC1") for factor in factors]
        meat, gross = np.zeros((2, *(len(fit.names),) * 2))
        for one, factor, sign in zip(meats, factors, signs(len(dimensions)), strict=True):
            meat += sign * factor * one
            gross += factor * one
        matrix = symmetric(fit.sandwich(meat))
        clusters = tuple((label, grouping.n_groups) for grouping, label in dimensions)
        notes = [
            Note(
                "factor",
                f"Clustered by {labels} ({', '.join(str(count) for _, count in clusters)} clusters): "
                f"small-sample factor {factors[0]:.6g}, counting {k} coefficients.",
            )
        ]
        if len(dimensions) > 1:
            matrix = without_rounding(matrix, fit.sandwich(gross))
            matrix, found = mended(fit, convention, matrix, "multi-way clustered")
            notes.extend(found)
        if smallest < FEW_CLUSTERS:
            notes.append(
                Note(
                    "few-clusters",
                    f"Only {smallest} clusters: clustered standard errors are biased downward and t tests "
                    "over-reject, so the p-values are too optimistic. "
                    + (
                        "With so few clusters, no correction and no bootstrap makes them reliable."
                        if smallest <= HOPELESS_CLUSTERS
                        else BETTER_WITH_FEW
                    ),
                    warn=True,
                )
            )
        df = smallest - 1 if convention.cluster_df == "groups" else fit.counts.residual_df
        return CovarianceEstimate(
            matrix,
            f"clustered by {labels}",
            inference_df(fit, convention, df),
            factors[0],
            clusters,
            tuple(notes),
            by=self.by,
        )

    def unadjusted(self) -> Clustered:
        """Return the same clusters of the residuals as they are."""
        return Clustered(*self.by, group_factor=self.group_factor, dof_factor=self.dof_factor)


def inference_df(fit: Scored, convention: Convention, df: float) -> float:
    """Return the degrees of freedom, or infinity where the convention takes the normal distribution."""
    return np.inf if fit.distribution(convention) == "normal" else float(df)


def symmetric(matrix: Array) -> Array:
    """Return the matrix with the rounding of its two halves averaged."""
    return 0.5 * (matrix + matrix.T)


KINDS = ("HC0", "HC1", "HC2", "HC3", "HC4", "HC4m", "HC5")
"""Adjustments of residuals; HC1 is a factor and leaves them alone."""


def scores(fit: Scored, convention: Convention, kind: str) -> ScoreSums:
    """Return the scores of a fit, each residual multiplied by its `multiplier`."""
    return fit.scores(multiplier(fit, convention, kind))


def multiplier(fit: Scored, convention: Convention, kind: str) -> Array | None:
    """Return what HC of a kind multiplies residuals by, (n,), or None where it is one."""
    if kind in ("HC0", "HC1"):
        return None
    fit.require_hat_matrix(kind)
    return leverage_multiplier(kind, fit.leverages(convention.leverage == "full"))


def leverage_multiplier(kind: str, leverage: Array) -> Array:
    r"""Return :math:`(1 - h_i)^{-d_i}` of HC2 and above (`panelvar.HC` lists the exponents).

    Raises
    ------
    NumericalError
        If a leverage is one: the row is fitted exactly and its residual carries no information.
    """
    remaining = 1.0 - leverage
    if remaining.min() < 1e-10:
        where = int((remaining < 1e-10).sum())
        raise NumericalError(
            f"{kind} divides by 1 - leverage, and the leverage is 1 in {count_of(where, 'row')} (singletons, or "
            "dummies for one row). Drop these rows or use HC1."
        )
    exponent: Array | float
    # The sum is the rank of the regression; rounding it leaves no error of the leverages behind.
    relative = leverage * (len(leverage) / max(round(float(leverage.sum())), 1))
    if kind == "HC2":
        exponent = 0.5
    elif kind == "HC3":
        exponent = 1.0
    elif kind == "HC4":
        exponent = 0.5 * np.minimum(4.0, relative)
    elif kind == "HC4m":
        exponent = 0.5 * (np.minimum(1.0, relative) + np.minimum(1.5, relative))
    else:
        exponent = 0.25 * np.minimum(relative, max(4.0, 0.7 * float(relative.max())))
    return remaining**-exponent

"""Clustered covariances for few clusters: CR0 to CR3 with Satterthwaite degrees of freedom."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import InsufficientDataError, Note, NumericalError, SpecificationError, choose
from panelvar.core.base.unknown_arguments import answering
from panelvar.estimates.covariance.cell_sums import refuse_pairs
from panelvar.estimates.covariance.cluster_adjustment import Adjusted, adjust, satterthwaite
from panelvar.estimates.covariance.cluster_basis import ClusterBasis
from panelvar.estimates.covariance.cluster_terms import (
    dimensions_of,
    in_one_line,
    mended,
    one_way_factor,
    signs,
    with_intersections,
    without_rounding,
)
from panelvar.estimates.covariance.covariances import (
    HOPELESS_CLUSTERS,
    Clustered,
    CovarianceEstimate,
    scores,
    symmetric,
)
from panelvar.estimates.covariance.crossing_basis import CrossingBasis, cluster_basis
from panelvar.estimates.covariance.local_blocks import (
    Piece,
    adjust_local,
    adjusted_rows,
    remaining,
    working_power,
)
from panelvar.estimates.covariance.projected_blocks import ProjectedBlocks
from panelvar.estimates.covariance.summed_clusters import CoefficientSums, ProductSums, sum_adjusted
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.fit import Fit
from panelvar.kernels.linear.groups import Grouping
from panelvar.kernels.linear.variance_components import Components

KINDS = ("CR0", "CR1", "CR1p", "CR1S", "CR2", "CR3", "CR3J")
FACTORS = ("none", "clustered", "(G-1)/G")
LARGEST_BLOCK = 3000
"""Rows of a cluster beyond which a rows x rows root is too large."""

MANY = 400
"""Clusters from which sums over them are kept in place of what belongs to each."""

FEW_DEGREES = 4.0
"""Below this the Satterthwaite approximation itself is unreliable (Tipton 2015, Psychol. Methods 20(3), 375-393)."""


@dataclass(frozen=True, eq=False)
class Satterthwaite:
    """Degrees of freedom of contrasts, from the adjusted scores under independent transformed errors."""

    adjusted: Adjusted | ProductSums | CoefficientSums

    def __call__(self, contrasts: Array) -> float:
        """Return the degrees of freedom of one contrast (p, 1), or HTZ's eta of several (p, r)."""
        used = np.flatnonzero(contrasts)
        if contrasts.shape[1] == 1 and len(used) == 1:
            return float(self.adjusted.degrees[used[0]])
        return satterthwaite(self.adjusted.expected, self.adjusted.total_variance, contrasts)


@answering
@dataclass(frozen=True, init=False, repr=False)
class BiasReduced:
    r"""Clustered covariance adjusted for the leverage of clusters, with Satterthwaite degrees of freedom.

    .. math:: V = f \sum_g \delta_g\delta_g', \qquad \delta_g = (Z'Z)^{-1} Z_g' A_g \tilde e_g,
              \qquad A_g = (I - H_{gg})^{+\alpha},

    Here :math:`\alpha` is 0 (CR0, CR1, CR1p, CR1S), 1/2 (CR2) or 1 (CR3, CR3J), and :math:`H` the hat matrix of the
    transformed regression, absorbed effects included. Where :math:`I - H_{gg}` is singular (dummies of one cluster),
    its pseudo-inverse is taken. CR2 is unbiased if transformed errors are independent with one variance. CR3 without
    factor is exactly the jackknife :math:`\sum_g (\hat\beta_{(g)} - \hat\beta)(\hat\beta_{(g)} - \hat\beta)'`, with
    :math:`\hat\beta_{(g)}` the coefficients without cluster g.

    ====  =============================================
    kind  factor f
    ====  =============================================
    CR0   1
    CR1   G / (G - 1)
    CR1p  G / (G - p)
    CR1S  G / (G - 1) * (n - 1) / (n - p)
    CR2   by ``factor``
    CR3   by ``factor``
    CR3J  (G - 1) / G, centred on the jackknife's mean
    ====  =============================================

    p counts the columns of the transformed regression, absorbed effects not among them.

    Parameters
    ----------
    *by : str or array
        ``"entity"``, ``"time"``, a column, or an array with a value for each row of the data. Default: entity.
        Several dimensions combine by inclusion and exclusion, with t(min G - 1).
    kind : {"CR2", "CR3", "CR3J", "CR0", "CR1", "CR1p", "CR1S"}
        A row of the table; CR2 and CR3 protect best against few or unequal clusters.
    factor : {"none", "clustered", "(G-1)/G"} or None
        What CR2 and CR3 are multiplied by: nothing (clubSandwich; sandwich's ``vcovCL`` with ``cadjust=TRUE``), the
        convention's factor of clustered covariances (pyfixest's CRV3), or (G - 1) / G (``cadjust=FALSE``; CV3 of
        MacKinnon, Nielsen and Webb). None follows the convention.
    df : {"satterthwaite", "groups"} or None
        Use t with Satterthwaite's degrees of freedom, coefficient by coefficient (joint tests: HTZ), or with G - 1.
        None follows the convention.

    See Also
    --------
    Clustered : For many clusters.
    wild_bootstrap_test : Another way with few clusters.
    cluster_diagnostics : Says how unequal clusters are.

    Notes
    -----
    With many clusters, none of which dominates, `Clustered` gives the same answer. With degrees of freedom below about
    4 even these tests are unreliable: see `wild_bootstrap_test` and `cluster_diagnostics`.

    CR2 and the degrees of freedom take transformed errors as independent with one variance: they trust analytic weights
    and the random-effects structure. With weights, clubSandwich's CR2 differs by default:
    ``bias_reduced_root="original"`` of the convention is its root, with inverse-variance weights.

    Effects nested in the clusters cost nothing. Of effects that cut across the clusters, the largest may have any
    number of levels. The others join a basis of at most `panelvar.estimates.covariance.crossing_basis.LEVEL_LIMIT`
    columns. Beyond that, each cluster is projected on its own, which is possible for few clusters and refused for many.

    References
    ----------
    Bell and McCaffrey (2002), Survey Methodology 28(2), 169-181; Pustejovsky and Tipton (2018), JBES 36(4), 672-683,
    sections 2 and 3; MacKinnon, Nielsen and Webb (2023), J. of Applied Econometrics 38(5), 671-694, on the jackknife.

    Examples
    --------
    >>> import panelvar as pv
    >>> states = pv.load_data("fatalities")
    >>> fit = pv.fit_fixed_effects(states, "frate ~ beertax + unemp", cov=pv.BiasReduced(kind="CR2"))
    >>> fit.std_errors.round(4).to_dict()
    {'const': 0.1233, 'beertax': 0.2641, 'unemp': 0.0073}
    >>> fit.conf_int().round(3).loc["beertax"].to_list()
    [-1.03, 0.203]
    """

    by: tuple[Any, ...]
    kind: str
    factor: str | None
    df: str | None

    def __init__(
        self,
        *by: str | NDArray[Any] | Sequence[Any],
        kind: str = "CR2",
        factor: str | None = None,
        df: str | None = None,
    ) -> None:
        choose("kind", kind, KINDS)
        if factor is not None:
            choose("factor", factor, FACTORS)
            if kind not in ("CR2", "CR3"):
                raise SpecificationError(f"{kind!r} has its own factor. factor= is for CR2 and CR3.")
        if df is not None:
            choose("df", df, ("satterthwaite", "groups"))
        vars(self).update(by=by or ("entity",), kind=kind, factor=factor, df=df)

    __repr__ = in_one_line

    def __call__(self, fit: Fit, convention: Convention) -> CovarianceEstimate:
        """Estimate the covariance."""
        fit.require_hat_matrix(self.kind)
        dimensions, labels, smallest = dimensions_of(fit, self.by, self.kind)
        rule = self.df or convention.bias_reduced_df
        if len(dimensions) > 1 or self.kind == "CR3J":
            if self.df == "satterthwaite":
                raise SpecificationError(
                    "Satterthwaite degrees of freedom are defined for one cluster dimension, and not for CR3J. Use "
                    "df='groups'."
                )
            rule = "groups"
        notes: list[Note] = []
        if len(dimensions) == 1:
            adjusted, factor, found = self._one_way(fit, convention, dimensions[0][0], degrees=rule == "satterthwaite")
            moves = adjusted.moves
            if self.kind == "CR3J":
                moves = moves - moves.mean(axis=0)
            matrix = factor * (moves.T @ moves)
            notes += found
        else:
            matrix, factor, notes = self._several(fit, convention, dimensions)
        degrees = Satterthwaite(adjusted) if rule == "satterthwaite" else None
        counts = tuple((label, grouping.n_groups) for grouping, label in dimensions)
        notes.insert(0, Note("factor", f"{self.kind} by {labels} ({smallest} clusters): factor {factor:.6g}."))
        df = float(smallest - 1)
        if degrees is not None:
            of_coefficients = degrees.adjusted.degrees
            df = float(np.nanmin(of_coefficients)) if np.isfinite(of_coefficients).any() else df
            notes.append(Note("satterthwaite", f"Satterthwaite degrees of freedom from {df:.4g}."))
            if df < FEW_DEGREES:
                notes.append(_few_degrees(fit, of_coefficients, smallest))
        return CovarianceEstimate(
            matrix, f"{self.kind}, clustered by {labels}", df, factor, counts, tuple(notes), degrees=degrees, by=self.by
        )

    def unadjusted(self) -> Clustered:
        """Return the clusters without adjustment."""
        return Clustered(*self.by)

    def _one_way(
        self, fit: Fit, convention: Convention, clusters: Grouping, *, degrees: bool = False
    ) -> tuple[Adjusted | ProductSums | CoefficientSums, float, list[Note]]:
        basis = cluster_basis(fit, clusters)
        power = {"CR2": -0.5, "CR3": -1.0, "CR3J": -1.0}.get(self.kind, 0.0)
        crossing = isinstance(basis, CrossingBasis)
        original = (
            self.kind == "CR2"
            and convention.bias_reduced_root == "original"
            and (fit.generalised or fit.weights is not None)
        )
        # With absorbed effects the constant lies in them, so nothing is lost of what one cluster alone knows of it.
        weigh = partial(adjusted_rows, power=power, lead=int(crossing and fit.constant))

        adjusted: Adjusted | ProductSums | CoefficientSums
        if isinstance(basis, CrossingBasis) and (why := basis.obstacle) is not None:
            # No basis of the effects can be formed. Each of a few clusters is projected once in every step.
            if original:
                raise why
            blocks = ProjectedBlocks(fit, clusters)
            blocks.check(len(fit.names), why)
            adjusted = blocks.adjust(power)
            return adjusted, self._factor(fit, convention, clusters), _singular(adjusted)
        if degrees and isinstance(basis, CrossingBasis):
            # Before the work that they would come after.
            refuse_pairs(basis.pairs)
        if original:
            adjusted = adjust_local(basis.batches(), _working_root(fit, basis))
        elif self.kind == "CR3" and crossing and convention.leverage == "transformed":
            # clubSandwich leaves the absorbed effects out of CR3's leverage blocks, but not out of its degrees.
            adjusted = adjust_local(basis.batches(), partial(_without_effects, len(fit.kept), weigh))
        elif not basis.compact:
            adjusted = adjust_local(basis.batches(), weigh)
        elif basis.clusters.n_groups >= max(MANY, basis.size):
            adjusted = sum_adjusted(basis.runs, clusters.n_groups, basis.targets, power)
        else:
            adjusted = adjust(basis.parts, basis.targets, power)
        return adjusted, self._factor(fit, convention, clusters), _singular(adjusted)

    def _several(
        self, fit: Fit, convention: Convention, dimensions: list[tuple[Grouping, str]]
    ) -> tuple[Array, float, list[Note]]:
        matrix, gross = np.zeros((2, *(len(fit.names),) * 2))
        factors, notes = [], []
        for grouping, sign in zip(with_intersections(dimensions), signs(len(dimensions)), strict=True):
            if grouping.n_groups == fit.counts.rows and self.kind in ("CR2", "CR3"):
                # Every row its own cluster: HC2 and HC3, whose leverages are known without a basis.
                term = fit.sandwich(scores(fit, convention, f"HC{self.kind[-1]}").gram())
                factor = self._factor(fit, convention, grouping)
            else:
                adjusted, factor, found = self._one_way(fit, convention, grouping)
                term = adjusted.moves.T @ adjusted.moves
                notes += found
            factors.append(factor)
            matrix += sign * factor * term
            gross += factor * term
        matrix = without_rounding(symmetric(matrix), gross)
        matrix, found = mended(fit, convention, matrix, "multi-way clustered")
        return matrix, factors[0], notes + found

    def _factor(self, fit: Fit, convention: Convention, clusters: Grouping) -> float:
        n, p, groups = fit.counts.rows, fit.counts.number("slopes"), clusters.n_groups
        if self.kind == "CR0":
            return 1.0
        if self.kind == "CR1p":
            if groups <= p:
                raise InsufficientDataError(
                    f"CR1p needs more clusters than coefficients; there are {groups} clusters and {p} coefficients."
                )
            return groups / (groups - p)
        if self.kind in ("CR1", "CR1S"):
            return groups / (groups - 1) * ((n - 1) / (n - p) if self.kind == "CR1S" else 1.0)
        rule = "(G-1)/G" if self.kind == "CR3J" else self.factor or convention.bias_reduced_factor
        if rule == "(G-1)/G":
            return (groups - 1) / groups
        return 1.0 if rule == "none" else one_way_factor(fit, convention, clusters, groups)


def _singular(adjusted: Adjusted | ProductSums | CoefficientSums) -> list[Note]:
    """Say how many clusters alone identify some coefficient."""
    if not adjusted.singular:
        return []
    text = (
        f"{count_of(adjusted.singular, 'cluster alone identifies', 'clusters alone identify')} some "
        "coefficient. The block of I - H of such a cluster is singular, and it is inverted only where it can be. The "
        "other clusters say nothing about the variance of such a coefficient."
    )
    return [Note("cluster-leverage-one", text, warn=True)]


def _few_degrees(fit: Fit, each: Array, groups: int) -> Note:
    where = ", ".join(f"{fit.names[i]} ({each[i]:.3g})" for i in np.flatnonzero(~(each >= FEW_DEGREES)))
    return Note(
        "few-degrees-of-freedom",
        f"Some coefficients have fewer than {FEW_DEGREES:g} Satterthwaite degrees of freedom: {where}. Few "
        "clusters carry these estimates, so the t approximation is poor, however many rows there are."
        + (f" No bootstrap does better with {groups} clusters." if groups <= HOPELESS_CLUSTERS else ""),
        warn=True,
    )


def _without_effects(
    kept: int, weigh: Callable[[Piece, Sequence[int]], tuple[Array, int]], piece: Piece, edges: Sequence[int]
) -> tuple[Array, int]:
    """Adjust by the block of the regressors alone."""
    partial_hat = piece._replace(basis=piece.basis[:, piece.basis.shape[1] - kept :], cells=piece.cells[:, :0])
    return weigh(partial_hat, edges)


def _working_root(fit: Fit, basis: ClusterBasis) -> Callable[[Piece, Sequence[int]], tuple[Array, int]]:
    """Return the adjustment whose root is taken of the untransformed block."""
    largest = int(basis.clusters.sizes.max())
    if largest > LARGEST_BLOCK:
        raise NumericalError(
            "bias_reduced_root='original' takes the root of a square matrix with a row for each row of a cluster. "
            f"The largest cluster has {largest} rows; the limit is {LARGEST_BLOCK}. Use 'transformed', the default."
        )

    def weigh(piece: Piece, edges: Sequence[int]) -> tuple[Array, int]:
        out = np.empty_like(piece.direction)
        numbers = np.arange(fit.counts.rows)[piece.where]
        for low, high in itertools.pairwise(edges):
            own = piece.rows(low, high)
            working = _working_block(fit, numbers[low:high])
            out[low:high] = working_power(remaining(own), own.direction, working)
        return out, 0

    return weigh


def _working_block(fit: Fit, index: NDArray[np.intp]) -> Array:
    """Working covariance of the errors of a cluster's rows, up to a factor."""
    if not fit.generalised:
        return np.diag(1.0 / (np.ones(len(index)) if fit.weights is None else fit.weights[index]))
    groupings = fit.rows_or_refuse("A clustered covariance").groupings
    if not isinstance(fit.components, Components) or len(groupings) != 1:
        raise SpecificationError("bias_reduced_root='original' is defined for one-way random effects only.")
    grouping = groupings[0]
    ratio = ((1.0 - fit.components.theta) ** -2 - 1.0) / grouping.sizes
    codes = grouping.codes[index]
    return np.eye(len(index)) + np.where(codes[:, None] == codes[None, :], ratio[codes][:, None], 0.0)

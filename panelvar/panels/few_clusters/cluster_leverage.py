"""How much each cluster matters: leverage, partial leverage, and the number of clusters that effectively count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import InsufficientDataError, Note, emit
from panelvar.core.base.quoting import one_line, printable
from panelvar.core.base.unknown_arguments import answering
from panelvar.core.faces.layout import Fact, Row, number, words
from panelvar.core.faces.number_format import check_digits, format_count, format_significant
from panelvar.core.tables.table import Presented, Table
from panelvar.estimates.covariance.covariances import HOPELESS_CLUSTERS
from panelvar.estimates.covariance.crossing_basis import cluster_basis
from panelvar.panels.diagnostics.auxiliary import linear_result
from panelvar.panels.static.result import LinearResult

if TYPE_CHECKING:
    import pandas as pd


FEW_EFFECTIVE = 10.0
"""With fewer effective clusters, t(G - 1) is a poor guide (Carter, Schnepel and Steigerwald 2017)."""


@dataclass(frozen=True, eq=False, repr=False)
class ClusterDiagnostics(Presented):
    """Sizes and leverages of the clusters of a fit.

    Attributes
    ----------
    table : DataFrame
        A row for each cluster, with ``rows``, ``leverage``, and the partial leverage of each slope. The columns add up
        to the number of rows, the number of columns of the regression, and 1.
    effective_clusters : Series
        The effective number by slope. It is at most the number of clusters, and equal to it when all count alike.
    clusters : int
        Number of clusters G.
    notes : tuple of Note

    See Also
    --------
    cluster_diagnostics : Makes it.

    Examples
    --------
    >>> import panelvar as pv
    >>> fit = pv.fit_pooled(pv.load_data("wage_panel"), "lwage ~ union + exper + educ", cov="cluster")
    >>> pv.cluster_diagnostics(fit).effective_clusters.round(1).tolist()
    [297.3, 484.6, 144.1]
    """

    table: pd.DataFrame
    effective_clusters: pd.Series
    clusters: int
    notes: tuple[Note, ...] = ()

    def __repr__(self) -> str:
        fewest = self.effective_clusters.min()
        return one_line(f"<Cluster leverages: {self.clusters} clusters, effective number at least {fewest:.3g}>")

    def summary(self, *, digits: int = 4) -> Table:
        """Return the effective number of clusters of each slope, and its largest partial leverage, as a table.

        Parameters
        ----------
        digits : int
            Decimals.

        Returns
        -------
        Table
        """
        check_digits(digits)
        return Table(
            title="Leverage of clusters",
            facts=self._facts,
            header=(Row("", (words("Effective number", "right"), words("Largest share", "right"))),),
            body=tuple(
                Row(str(name), (number(value, digits), number(self.table[name].max(), digits)))
                for name, value in self.effective_clusters.items()
            ),
            notes=tuple(note.text for note in self.notes),
        )

    @property
    def _facts(self) -> tuple[Fact, ...]:
        sizes, leverage = self.table["rows"], self.table["leverage"]
        least, most, mean = map(format_significant, (leverage.min(), leverage.max(), leverage.mean()))
        return (
            Fact("Clusters", format_count(self.clusters)),
            Fact("Rows", f"{format_count(sizes.min())} to {format_count(sizes.max())}"),
            Fact("Leverage", f"{least} to {most} (mean {mean})"),
        )

    def __str__(self) -> str:
        clusters, rows, leverage = (fact.text for fact in self._facts)
        counts = ", ".join(f"{name} {value:.3g}" for name, value in self.effective_clusters.items())
        first = f"{clusters} clusters; rows {rows}; leverage {leverage}\nEffective number of clusters: {counts}"
        return printable("\n".join([first, *(note.text for note in self.notes)]))


@answering
def cluster_diagnostics(
    result: LinearResult,
    *,
    cluster: str | NDArray[Any] | None = None,
) -> ClusterDiagnostics:
    r"""Measure how unequal clusters are, coefficient by coefficient.

    Let :math:`H_{gg}` be a cluster's block of the hat matrix, with effects nested in the clusters left out, and
    :math:`\dot x_j` the regressor j less its projection on all others and the effects. Then

    .. math:: L_g = tr(H_{gg}), \qquad L_{gj} = \frac{\dot x_{gj}'\dot x_{gj}}{\dot x_j'\dot x_j}, \qquad
              G^*_j = \frac{G}{1 + \frac{1}{G}\sum_g (G L_{gj} - 1)^2}

    (MacKinnon, Nielsen and Webb 2023, Stata Journal 23(4), 942-982; Carter, Schnepel and Steigerwald 2017, REStat
    99(4), 698-709, with independent errors).

    Parameters
    ----------
    result : LinearResult
        Any linear model of a panel.
    cluster : str, array or None
        ``"entity"``, ``"time"``, a column, a Series matched with the rows by label, or an array with a value for each
        row of the data. None takes the dimension of the result's own covariance, of several the one with the fewest
        clusters; without any, the entities.

    Returns
    -------
    ClusterDiagnostics

    Raises
    ------
    InsufficientDataError
        If there are fewer than two clusters.
    NumericalError
        If several large effects cut across the clusters, so that their leverage is not known.

    See Also
    --------
    BiasReduced : Errors for few or unequal clusters.
    wild_bootstrap_test : Tests for few clusters.

    Notes
    -----
    These numbers describe regressors, not errors: they do not show clusters whose errors have a large variance. A
    cluster with partial leverage near 1 decides a coefficient alone. No small-sample method can then estimate its
    variance.

    Examples
    --------
    >>> import panelvar as pv
    >>> men = pv.load_data("wage_panel")
    >>> fixed = pv.fit_fixed_effects(men, "lwage ~ union + married")
    >>> found = pv.cluster_diagnostics(fixed)
    >>> found
    <Cluster leverages: 545 clusters, effective number at least 222>
    >>> found.effective_clusters.round(1).to_dict()
    {'union': 222.1, 'married': 283.9}
    """
    import pandas as pd

    linear_result("The leverage of clusters", result)
    fit = result.fit
    fit.rows_or_refuse("The leverage of clusters")
    fit.refuse_instruments("The leverage of clusters", "the coefficients without a cluster need another first stage.")
    fit.refuse_mixed("The leverage of clusters")
    if cluster is None:
        own = result.covariance.by or ("entity",)
        cluster = min(own, key=lambda by: fit.design.group_by(by)[0].n_groups)
    clusters, label = fit.design.group_by(cluster)
    groups = clusters.n_groups
    if groups < 2:
        raise InsufficientDataError(
            f"Cluster leverages by {label} need at least two clusters, and there {'is' if groups == 1 else 'are'} "
            f"{groups}."
        )
    basis = cluster_basis(fit, clusters)
    leverage, shares = np.zeros(groups), np.zeros((groups, len(fit.slope_names)))
    for piece in basis.pieces():
        codes = clusters.codes[piece.where]
        rows = np.square(piece.basis).sum(axis=1) + np.square(piece.cells).sum(axis=1)
        leverage += np.bincount(codes, rows, groups)
        for j, column in enumerate(piece.direction[:, int(fit.constant) :].T):
            shares[:, j] += np.bincount(codes, np.square(column), groups)
    shares /= shares.sum(axis=0)
    effective = groups / (1.0 + np.square(groups * shares - 1.0).mean(axis=0))
    index = fit.design.labels_of(cluster) if isinstance(cluster, str) else pd.RangeIndex(groups, name=label)
    table = pd.DataFrame(shares, columns=list(fit.slope_names), index=index)
    table.insert(0, "rows", clusters.sizes)
    table.insert(1, "leverage", leverage)
    notes = _notes(fit.slope_names, shares, effective, groups, label)
    emit(notes)
    return ClusterDiagnostics(table, pd.Series(effective, index=list(fit.slope_names)), groups, notes)


def _notes(names: tuple[str, ...], shares: Array, effective: Array, groups: int, label: str) -> tuple[Note, ...]:
    notes = []
    if groups <= HOPELESS_CLUSTERS:
        text = (
            f"There are {groups} clusters by {label}, and no covariance and no bootstrap makes inference from so few "
            f"reliable. (Rademacher signs give {2 ** (groups - 1)} distinct values of |t|, so the smallest p-value is "
            f"{0.5 ** (groups - 1):.4g}.)"
        )
        notes.append(Note("no-method-can-help", text, warn=True))
    alone = [f"{names[j]} ({share:.3g})" for j, share in enumerate(shares.max(axis=0)) if share > 0.9]
    if alone:
        text = (
            f"A single cluster has nearly all the partial leverage of {', '.join(alone)}. The other clusters cannot "
            "tell the variance of that estimate, whatever the method."
        )
        notes.append(Note("one-cluster-decides", text, warn=True))
    few = [f"{names[j]} ({value:.3g} of {groups})" for j, value in enumerate(effective) if value < FEW_EFFECTIVE]
    if few and groups > HOPELESS_CLUSTERS:
        text = (
            f"Few clusters effectively count for {', '.join(few)}. "
            "Prefer BiasReduced or wild_bootstrap_test to Clustered."
        )
        notes.append(Note("few-effective-clusters", text, warn=True))
    return tuple(notes)

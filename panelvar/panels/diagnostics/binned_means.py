"""Means of one variable by bins of another, with controls and effects held fixed: what a binned scatter shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arguments import read_names, read_whole
from panelvar.core.base.arrays import Array
from panelvar.core.base.distributions import quantile
from panelvar.core.base.errors import DataError, SpecificationError
from panelvar.core.base.quoting import in_backticks
from panelvar.data.formulas.design import Design, build_design
from panelvar.data.panel.plain_rows import rows_of
from panelvar.estimates.covariance.covariances import Covariance
from panelvar.estimates.fit.presets import as_convention
from panelvar.estimates.fit.transformed_model import TransformedModel
from panelvar.panels.static.finish import finish, solved
from panelvar.panels.static.fixed import within_model
from panelvar.panels.static.pooled import centred_model

_MOST_BINS = 200


class BinnedMeans(NamedTuple):
    """Adjusted means of y by bins of x.

    Attributes
    ----------
    centres, means, low, high : (J,) arrays
        Mean of x in each bin; mean of y there at the means of controls and effects; its interval.
    slope, x_mean, y_mean : float
        The least-squares line with the same controls and effects, through the means of the rows.
    nobs : int
    cov_label : str
    """

    centres: Array
    means: Array
    low: Array
    high: Array
    slope: float
    x_mean: float
    y_mean: float
    nobs: int
    cov_label: str


def binned_means(
    data: object,
    y: str,
    x: str,
    controls: str | Sequence[str] | None,
    effects: str | Sequence[str] | None,
    bins: int,
    cov: str | Covariance | None,
    level: float,
) -> BinnedMeans:
    r"""Regress y on indicators of bins of x and on the controls and effects, and evaluate at their means.

    The mean of bin j is :math:`\hat\beta_j + \bar w'\hat\gamma` (Cattaneo, Crump, Farrell and Feng 2024),
    with the mean effect in the place of absorbed ones.
    """
    n_bins = read_whole("bins", bins, 2, _MOST_BINS)
    rows = rows_of(data)
    terms = [
        in_backticks(term) if term in rows and not term.isidentifier() else term
        for term in (y, x, *read_names("controls", controls))
    ]
    design = build_design(rows, f"{terms[0]} ~ {' + '.join(terms[1:])}", None, plain=True)
    if design.names[:1] != (x,):
        raise DataError(f"{x!r} makes no single column of numbers, so there are no bins of it.")
    values = design.x[0]
    codes, n_bins = _bins(values, n_bins, x)
    names = tuple(f"bin {place}" for place in range(2, n_bins + 1))
    indicators = [(codes == place).astype(np.float64) for place in range(1, n_bins)]
    columns = [*indicators, *design.columns[1:]]
    steps = design.with_columns(columns, names=(*names, *design.names[1:]), formula=None, constant=True)
    convention = as_convention("default")

    def modelled(one: Design) -> TransformedModel:
        return centred_model(one) if effects is None else within_model(one, effects, convention)

    stepped = finish(modelled(steps), cov, convention, "drop")
    # The line has the rows of the steps, which have said what is to be said of them.
    line = solved(modelled(design.with_columns(design.columns, constant=True)), "drop")
    missing = [name for name in names if name not in stepped.names]
    if missing or x not in line.slope_names:
        raise DataError(
            f"The controls or effects say all about {x!r} in {len(missing) or n_bins} of {n_bins} bins. Take fewer "
            "bins, or leave some of them out."
        )
    where = list(stepped.names)
    weights = np.zeros((n_bins, len(where)))
    weights[:, 0] = 1.0
    for place, name in enumerate(steps.names):
        if name in where and name not in names:
            weights[:, where.index(name)] = steps.means[place]
    for place, name in enumerate(names, start=1):
        weights[place, where.index(name)] = 1.0
    means = weights @ stepped.params.to_numpy()
    variances = np.einsum("ij,jk,ik->i", weights, stepped.cov.to_numpy(), weights)
    reach = quantile(level, stepped.covariance.df) * np.sqrt(np.maximum(variances, 0.0))
    return BinnedMeans(
        np.bincount(codes, values) / np.bincount(codes),
        means,
        means - reach,
        means + reach,
        float(line.slopes[line.slope_names.index(x)]),
        float(values.mean()),
        float(design.y.mean()),
        stepped.nobs,
        stepped.cov_label,
    )


def _bins(values: Array, n_bins: int, x: str) -> tuple[NDArray[np.intp], int]:
    """Return the bin of each value, with as many values in each as ties allow, and the number of bins."""
    distinct = np.unique(values)
    if len(distinct) < 2:
        raise SpecificationError(f"{x!r} does not vary, so there are no bins of it.")
    if len(distinct) <= n_bins:
        return np.searchsorted(distinct, values), len(distinct)
    edges = np.unique(np.quantile(values, np.arange(1, n_bins) / n_bins))
    found, codes = np.unique(np.searchsorted(edges, values, side="left"), return_inverse=True)
    if len(found) < 2:
        return (values > edges[0]).astype(np.intp), 2
    return codes, len(found)

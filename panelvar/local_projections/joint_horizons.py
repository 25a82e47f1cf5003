"""The joint covariance of one coefficient's estimates in several panel regressions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from panelvar.base.arrays import Array
from panelvar.base.errors import SpecificationError
from panelvar.covariance.bias_reduced import BiasReduced
from panelvar.covariance.cluster_terms import signs, with_intersections
from panelvar.covariance.covariances import HC, Classical, Clustered, Covariance, scores
from panelvar.covariance.serial import DriscollKraay, PanelNeweyWest
from panelvar.data.design import Design
from panelvar.data.panel import Panel
from panelvar.fit.conventions import Convention
from panelvar.fit.fit import Fit
from panelvar.kernels.groups import Grouping
from panelvar.local_projections.horizon_regressions import serial_covariance


def row_influences(fit: Fit, convention: Convention, names: Sequence[str]) -> Array:
    """What each row of the panel adds to coefficients, (coefficients, panel rows); zero for rows not used."""
    own = scores(fit, convention, "HC0")
    places = [fit.names.index(name) for name in names]
    out = np.zeros((len(names), fit.design.panel.nobs))
    values = np.empty((fit.design.nobs, len(names)))
    for start, stop, block in own.blocks():
        values[start:stop] = block @ fit.spread[places].T
    out[:, slice(None) if fit.design.kept is None else fit.design.kept] = values.T
    return out


def joint_covariance(influence: Array, cov: Covariance, panel: Panel, errors: Array) -> Array:
    """Covariance (C, C) of C estimates: correlations from the rows' influences, scaled to their standard errors.

    Parameters
    ----------
    influence : (C, panel rows) array
    cov : Covariance
        How rows are correlated: `Classical` and `HC` (not), `Clustered`, `BiasReduced`, `DriscollKraay`,
        `PanelNeweyWest`.
    panel : Panel
    errors : (C,) array
        Standard errors, small-sample factors and all.

    Raises
    ------
    SpecificationError
        Another covariance.
    """
    raw = _raw(influence, cov, panel)
    scale = np.sqrt(np.maximum(raw.diagonal(), 0.0))
    correlation = raw / np.outer(*[np.where(scale > 0.0, scale, 1.0)] * 2)
    joint: Array = correlation * np.outer(errors, errors)
    return joint


def _raw(influence: Array, cov: Covariance, panel: Panel) -> Array:
    if isinstance(cov, (Classical, HC)):
        return influence @ influence.T
    dates = panel.time_positions - panel.time_positions.min()
    if isinstance(cov, DriscollKraay):
        sums = _summed(influence, dates, int(dates.max()) + 1)
        return serial_covariance(sums, cov.kernel, float(cov.lags or 0.0))
    if isinstance(cov, PanelNeweyWest):
        total = np.zeros((len(influence),) * 2)
        for first, last in zip(panel.starts[:-1].tolist(), panel.starts[1:].tolist(), strict=True):
            own = _summed(influence[:, first:last], dates[first:last], int(dates[last - 1]) + 1)
            total += serial_covariance(own, cov.kernel, float(cov.lags or 0.0))
        return total
    if isinstance(cov, (Clustered, BiasReduced)):
        by = cov.by if isinstance(cov.by, tuple) else (cov.by,)
        whole = Design(panel, "", (), np.zeros(panel.nobs), ())
        groupings: list[Grouping] = with_intersections([whole.group_by(column) for column in by])
        total = np.zeros((len(influence),) * 2)
        for grouping, sign in zip(groupings, signs(len(by)), strict=True):
            sums = _summed(influence, grouping.codes, grouping.n_groups)
            total += sign * (sums @ sums.T)
        return total
    raise SpecificationError(
        f"cov={cov!r} has no joint covariance over horizons: use Clustered, DriscollKraay, PanelNeweyWest, BiasReduced "
        "or HC."
    )


def _summed(influence: Array, codes: NDArray[np.integer], count: int) -> Array:
    return np.stack([np.bincount(codes, row, count) for row in influence])

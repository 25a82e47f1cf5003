"""The joint covariance of one coefficient's estimates in several panel regressions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from panelvar.base.arrays import Array
from panelvar.base.errors import SpecificationError
from panelvar.covariance.covariances import HC, Classical, Clustered, Covariance
from panelvar.covariance.influenced import Influenced
from panelvar.covariance.serial import DriscollKraay, PanelNeweyWest
from panelvar.data.design import Design
from panelvar.data.panel import Panel
from panelvar.fit.fit import Fit
from panelvar.fit.presets import as_convention
from panelvar.fit.small_samples import Counts, without_factors
from panelvar.instruments.regressions import unadjusted


def row_influences(fit: Fit, names: Sequence[str]) -> Array:
    """What each row of the panel adds to coefficients, (coefficients, panel rows); zero for rows not used."""
    places = [fit.names.index(name) for name in names]
    out = np.zeros((len(names), fit.design.panel.nobs))
    values = np.empty((fit.design.nobs, len(names)))
    for start, stop, block in fit.scores().blocks():
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
    bare = HC("HC0") if isinstance(cov, Classical) else unadjusted(cov)
    if isinstance(bare, (DriscollKraay, PanelNeweyWest)):
        bare = replace(bare, residuals="HC0")
    elif not isinstance(bare, (HC, Clustered)):
        raise SpecificationError(
            f"cov={cov!r} has no joint covariance over horizons: use Clustered, DriscollKraay, PanelNeweyWest, "
            "BiasReduced or HC."
        )
    rows, none = Design(panel, "", (), np.zeros(panel.nobs), ()), np.zeros(panel.nobs)
    model = Influenced(("",) * len(influence), influence.T, Counts(panel.nobs, 0, False), rows, none)
    raw = bare(model, without_factors(as_convention("default").but(repair_multiway=False))).matrix
    scale = np.sqrt(np.maximum(raw.diagonal(), 0.0))
    correlation = raw / np.outer(*[np.where(scale > 0.0, scale, 1.0)] * 2)
    joint: Array = correlation * np.outer(errors, errors)
    return joint

"""Pooled ordinary least squares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import Note
from panelvar.core.base.shared_parameters import documented
from panelvar.data.formulas.design import Design, build_design
from panelvar.data.formulas.frequencies import Frequencies
from panelvar.estimates.covariance.covariances import Covariance
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.presets import as_convention
from panelvar.estimates.fit.transformed_model import Family, TransformedModel, ones_column
from panelvar.kernels.absorption.factor_rows import factor_rows
from panelvar.kernels.linear.groups import Grouping
from panelvar.kernels.linear.rows import MakesRows, Transform, TransformedRows, restored_norms, transformed_rows
from panelvar.panels.static.finish import finish
from panelvar.panels.static.result import LinearResult


@documented
def fit_pooled(
    data: object,
    y: str,
    x: Sequence[str] | str | None = None,
    *,
    constant: bool | None = None,
    weights: str | NDArray[Any] | None = None,
    weights_are: str = "analytic",
    cov: str | Covariance | None = None,
    convention: str | Convention = "default",
    missing: str = "drop",
    collinear: str = "drop",
) -> LinearResult:
    r"""Fit pooled OLS, :math:`y_{it} = c + x_{it}'\beta + u_{it}`.

    Parameters
    ----------
    {data (rows), y, x, constant, weights, weights_are, cov (rows), convention, missing, collinear}

    Returns
    -------
    LinearResult

    Raises
    ------
    DataError, SpecificationError, CollinearityError, InsufficientDataError
        See `panelvar.core.base.errors`.

    See Also
    --------
    fit_fixed_effects : Takes the entity effects out.
    fit_random_effects : Effects uncorrelated with the regressors, by GLS.
    effects_lm_test : Tests whether there are effects.

    Notes
    -----
    The estimates are consistent only if the regressors are uncorrelated with the entity effects: otherwise use
    `fit_fixed_effects`. Classical standard errors ignore that an entity's errors are correlated over time: use
    ``cov="cluster"``.

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("grunfeld")
    >>> fit = pv.fit_pooled(firms, "invest ~ value + capital")
    >>> fit.params.round(4).to_dict()
    {'const': -38.4101, 'value': 0.1145, 'capital': 0.2275}
    >>> fit.with_cov("HC1").std_errors.round(4).to_dict()
    {'const': 10.4274, 'value': 0.0068, 'capital': 0.0489}
    """
    counts = Frequencies(data, weights, weights_are)
    design = build_design(counts.data, y, x, constant=constant, weights=counts.weights, missing=missing, plain=True)
    design = counts.repeated(design)
    return finish(centred_model(design), cov, as_convention(convention), collinear)


def centred_model(
    design: Design,
    *,
    family: Family = "pooled",
    estimator: str | None = None,
    source: Design | None = None,
    raw_norms: Array | None = None,
    notes: Sequence[Note] = (),
    factor: Callable[[TransformedRows], Array] | None = None,
) -> TransformedModel:
    """Take the grand means out of a design with a constant, and leave one without as it is.

    The rows may be made from those of a ``source``; rank is then judged on its scale. ``factor`` computes their
    triangle in another way.
    """
    weight = design.weights
    n = design.nobs
    centre = design.means
    columns, options = design.columns, Transform(weights=weight, constant=ones_column(design))
    if design.constant:
        options["shift"] = centre
    rows: TransformedRows | None = None
    if factor is None and not isinstance(columns, MakesRows):
        whole = Grouping.from_starts(np.array([0, n])) if design.constant else None
        rows = factor_rows(columns, whole, **options)
    if rows is None:
        rows = transformed_rows(columns, **options)
    triangle = rows.triangle() if factor is None else factor(rows)
    if raw_norms is None:
        mass = np.array([float(n if design.constant else 0)])
        raw_norms = restored_norms(triangle, [(mass, centre[None, :])])
    return TransformedModel(
        family=family,
        estimator=estimator or ("Pooled OLS" if weight is None else "Pooled WLS"),
        source=design if source is None else source,
        design=design,
        rows=rows,
        triangle=triangle,
        raw_norms=raw_norms,
        centre=centre,
        constant_mass=float(n),
        notes=tuple(notes),
    )

"""From whitened columns to a transformed model: the constant, and entity effects, are taken out along one column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import Note, NumericalError
from panelvar.data.formulas.design import Design
from panelvar.estimates.fit.fit_checks import check_scale
from panelvar.estimates.fit.transformed_model import TransformedModel
from panelvar.kernels.linear.groups import Grouping
from panelvar.kernels.linear.qr import RANK_TOLERANCE, solve, triangularize
from panelvar.kernels.linear.rows import TransformedRows, column_norms
from panelvar.panels.gls.ar1 import FreedRows


def whitened_model(
    source: Design,
    rows: FreedRows,
    *,
    estimator: str,
    share: Array | float | None = None,
    total: str = "constant",
    error_variance: float | None = None,
    mixed: str | None = None,
    notes: tuple[Note, ...] = (),
) -> TransformedModel:
    r"""Take the transformed constant, and a share of each entity's effect, out of transformed columns.

    With g the transformed constant, :math:`a_i = \sum_t g_{it} v_{it} / \sum_t g_{it}^2` and the share
    :math:`\theta_i`, rows are :math:`v_{it} - g_{it}(\theta_i a_i + (1 - \theta_i) m)`: orthogonal to what is left of
    the constant, :math:`(1 - \theta_i) g_{it}`, whose coefficient is m. A share of one takes the effects out (within),
    and the constant is recovered as their mean, weighted by :math:`g_{it}^2`.

    Parameters
    ----------
    source : Design
    rows : FreedRows
        Its columns are the regressors and, last, the dependent variable.
    estimator, error_variance, mixed, notes
        As in `TransformedModel`.
    share : (N,) array, float or None
        :math:`\theta_i`, by entity of the rows left; None for no effects at all.
    total : {"constant", "mean"}
        The centre of the total sum of squares.
    """
    columns, ones, kept = rows.columns, rows.ones, source.kept
    if source.constant:
        require_levels(ones)
    if len(rows.rows) < source.nobs:
        kept = rows.rows if kept is None else kept[rows.rows]
    design = replace(source, y=columns[-1], x=tuple(columns[:-1]), kept=kept, weights=None)
    groups = Grouping.from_codes(np.zeros(len(ones), dtype=np.intp), 1) if share is None else design.entities
    theta = np.broadcast_to(np.asarray(0.0 if share is None else share, dtype=np.float64), groups.n_groups)
    mass = groups.sums(ones * ones)
    levels = (
        np.column_stack([groups.sums(ones * column) for column in columns]) / np.where(mass > 0.0, mass, 1.0)[:, None]
    )
    within = bool((theta == 1.0).all())
    left = mass if within else (1.0 - theta) ** 2 * mass
    centre = left @ levels / left.sum() if design.constant else np.zeros(len(columns))
    table = theta[:, None] * levels + (1.0 - theta)[:, None] * centre
    z = ones if within else ones * (1.0 - theta)[groups.codes]
    moved = TransformedRows(
        columns,
        groupings=(groups,),
        tables=(np.asfortranarray(table),),
        slopes=(ones,),
        constant=z if design.constant else None,
    )
    tss = None
    if total == "mean" and design.constant and share is None:
        tss = float(np.square(design.y - design.y.mean()).sum())
    return TransformedModel(
        family="gls-within" if within else "gls",
        estimator=estimator,
        source=source,
        design=design,
        rows=moved,
        triangle=moved.triangle(),
        raw_norms=column_norms(columns),
        centre=centre,
        constant_mass=float(left.sum()) if design.constant else 0.0,
        absorbed_rank=groups.n_groups - int(design.constant) if within else 0,
        effects=() if share is None else (str(source.panel.entity_name or "entity"),),
        error_variance=error_variance,
        mixed=mixed,
        generalised=True,
        asymptotic=not within,
        tss=tss,
        notes=notes,
    )


def check_levels(source: Design) -> None:
    """Refuse columns that leave the range of numbers before they are transformed."""
    check_scale(source, column_norms(source.columns))


def require_levels(ones: Array) -> None:
    """Refuse rows whose transformed constant is zero: they say nothing about a constant, nor about effects."""
    if not ones.any():
        raise NumericalError(
            "rho is 1, so rows freed of autocorrelation are differences, which leave no constant and no effect. "
            "fit_first_difference removes a unit root; AR1(rho='tscorr') stays inside (-1, 1)."
        )


def coefficients_of(columns: Sequence[Array], ones: Array | None) -> tuple[Array, Array]:
    """Least squares of the last column on the others, after the constant's column if there is one.

    Returns
    -------
    (p,) array
        Coefficients, the constant first; zero where a column depends on those before it.
    (p,) array
        Standard errors of the coefficients for errors of unit variance; infinite where dropped.
    """
    parts = list(columns) if ones is None else [ones, *columns]
    solution = solve(triangularize(np.column_stack(parts)), column_norms(parts[:-1]))
    scale = np.full(len(parts) - 1, np.inf)
    scale[solution.kept] = np.sqrt(np.square(solution.inverse_r).sum(axis=1))
    return solution.coefficients, scale


def residuals_of(columns: Sequence[Array], ones: Array | None, b: Array | None = None) -> Array:
    """Dependent variable less its fit by coefficients in the order of `coefficients_of`, or by these themselves."""
    b = coefficients_of(columns, ones)[0] if b is None else b
    parts = list(columns) if ones is None else [ones, *columns]
    out = parts[-1].copy()
    for column, coefficient in zip(parts[:-1], b, strict=True):
        out -= coefficient * column
    return out


def demean(columns: Sequence[Array], groups: Grouping) -> list[Array]:
    """Take group means out of columns; what is left of a column that does not vary within groups is set to zero."""
    out = []
    for column in columns:
        moved = column - groups.means(column)[groups.codes]
        rounding = np.sqrt(moved @ moved) <= RANK_TOLERANCE * np.sqrt(column @ column)
        out.append(np.zeros_like(moved) if rounding else moved)
    return out

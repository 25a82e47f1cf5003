"""The one end of every linear estimator: solve, refine, check, attach a covariance, warn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from panelvar.conventions import Convention, Counts
from panelvar.covariance_names import resolve
from panelvar.covariances import Covariance
from panelvar.design import Design
from panelvar.errors import Note, choose, emit
from panelvar.fit import Family, Fit, FloatArray, check_fit, check_scale, check_variation
from panelvar.kernels.moments import PanelMoments
from panelvar.kernels.qr import Solution, solve
from panelvar.kernels.refinement import Products, cross_products, polish
from panelvar.kernels.rows import TransformedRows
from panelvar.results.linear import LinearResult

if TYPE_CHECKING:
    from panelvar.kernels.absorb import Absorbed
    from panelvar.kernels.variance_components import Components, CrossedComponents


def finish(
    family: Family,
    *,
    source: Design,
    design: Design,
    rows: TransformedRows,
    triangle: FloatArray,
    raw_norms: FloatArray,
    centre: FloatArray,
    constant: bool,
    constant_column: FloatArray | float | None,
    constant_mass: float,
    estimator: str,
    cov: str | Covariance,
    convention: Convention,
    collinear: str,
    tss: float | None = None,
    absorbed_rank: int = 0,
    effects: tuple[str, ...] = (),
    absorbed: Absorbed | None = None,
    components: Components | CrossedComponents | None = None,
    moments: PanelMoments | None = None,
    notes: tuple[Note, ...] = (),
) -> LinearResult:
    """Solve the triangle of ``[X, y]`` and wrap everything into a result (see `panelvar.fit.Fit` for the arguments)."""
    choose("collinear", collinear, ("drop", "raise"))
    check_scale(design, raw_norms)
    solution = _polished(solve(triangle, raw_norms[:-1]), rows, centre, constant_column if constant else None)
    counts = Counts(
        rows=design.nobs,
        slopes=len(solution.kept),
        constant=constant or absorbed is not None,
        absorbed=absorbed_rank,
        effect_levels=() if absorbed is None else absorbed.counts,
        reported_constant=absorbed is None,
        coefficients=len(solution.kept) + int(constant),
    )
    found = check_fit(design, solution, counts, collinear)
    total = float(np.square(triangle[:, -1]).sum()) if tss is None else tss
    total, degenerate = check_variation(design.dependent, total, solution.rss, float(raw_norms[-1]))
    fit = Fit(
        family=family,
        source=source,
        design=design,
        rows=rows,
        solution=solution,
        tss=total,
        centre=centre,
        constant=constant,
        constant_column=constant_column,
        constant_mass=constant_mass,
        counts=counts,
        effects=effects,
        absorbed=absorbed,
        components=components,
        moments=moments,
        notes=(*source.notes, *notes, *found, *degenerate),
    )
    estimate = resolve(cov, fit, convention)(fit, convention)
    result = LinearResult(fit=fit, covariance=estimate, convention=convention, estimator=estimator)
    emit(result.notes)
    return result


def _polished(
    solution: Solution,
    rows: TransformedRows,
    centre: FloatArray,
    constant_column: FloatArray | float | None,
) -> Solution:
    """Recompute the solution in extended precision where rounding may have cost digits that matter."""

    def products() -> Products:
        columns, slopes = list(rows.columns), rows.slopes
        tables: list[tuple[NDArray[Any] | None, FloatArray]] = [
            (grouping.codes, table) for grouping, table in zip(rows.groupings, rows.tables, strict=True)
        ]
        if rows.shift is not None:
            tables.append((None, rows.shift[None, :]))
            slopes = (*slopes, None)
        if constant_column is not None:
            # The transformed constant goes first; nothing is subtracted from it.
            z = constant_column if rows.weights is None else constant_column / np.sqrt(rows.weights)
            columns.insert(0, np.broadcast_to(z, rows.n_rows))
            tables = [(codes, np.insert(table, 0, 0.0, axis=1)) for codes, table in tables]
        return cross_products(columns, tables, rows.weights, slopes=slopes)

    return polish(solution, products, rows.n_rows, None if constant_column is None else centre)

"""The one end of every linear estimator: solve, refine, check, attach a covariance, warn."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from panelvar.conventions import Convention
from panelvar.covariance_names import resolve
from panelvar.covariances import Covariance
from panelvar.errors import choose, emit
from panelvar.estimators.transformed_model import TransformedModel
from panelvar.fit import Fit, FloatArray, check_fit, check_scale, check_variation
from panelvar.kernels.qr import Solution, solve
from panelvar.kernels.refinement import Products, cross_products, polish
from panelvar.kernels.rows import TransformedRows
from panelvar.results.linear import LinearResult


def finish(model: TransformedModel, cov: str | Covariance, convention: Convention, collinear: str) -> LinearResult:
    """Solve the triangle of ``[X, y]`` and wrap everything into a result."""
    choose("collinear", collinear, ("drop", "raise"))
    design, rows, absorbed = model.design, model.rows, model.absorbed
    check_scale(design, model.raw_norms)
    solution = _polished(solve(model.triangle, model.raw_norms[:-1]), rows, model.centre, model.constant_column)
    counts = model.counts(len(solution.kept))
    found = check_fit(design, solution, counts, collinear)
    total = float(np.square(model.triangle[:, -1]).sum()) if model.tss is None else model.tss
    total, degenerate = check_variation(design.dependent, total, solution.rss, float(model.raw_norms[-1]))
    fit = Fit(
        family=model.family,
        source=model.source,
        design=design,
        rows=rows,
        solution=solution,
        tss=total,
        centre=model.centre,
        constant=design.constant,
        constant_column=model.constant_column,
        constant_mass=model.constant_mass,
        counts=counts,
        effects=model.effects,
        absorbed=absorbed,
        components=model.components,
        moments=model.moments,
        error_variance=model.error_variance,
        notes=(*model.source.notes, *model.notes, *found, *degenerate),
    )
    estimate = resolve(cov, fit, convention)(fit, convention)
    result = LinearResult(fit=fit, covariance=estimate, convention=convention, estimator=model.estimator)
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

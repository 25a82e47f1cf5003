"""The one end of every linear estimator: solve, refine, check, attach a covariance, warn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from panelvar.conventions import Convention, Counts
from panelvar.covariances import Covariance, resolve
from panelvar.design import Design
from panelvar.errors import Note, choose, emit
from panelvar.fit import Family, Fit, FloatArray, check_fit
from panelvar.kernels.moments import PanelMoments
from panelvar.kernels.qr import Solution, cross_products, estimated_error, refine, solve
from panelvar.kernels.rows import TransformedRows
from panelvar.results.linear import LinearResult

if TYPE_CHECKING:
    from panelvar.kernels.absorb import Absorbed
    from panelvar.kernels.variance_components import Components


# Refinement costs a pass in extended precision: only a fit that is both ill-conditioned and inaccurate pays for it.
_WELL_CONDITIONED = 50.0
_ACCURATE = 1e-13


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
    absorbed_rank: int = 0,
    effects: tuple[str, ...] = (),
    absorbed: Absorbed | None = None,
    components: Components | None = None,
    moments: PanelMoments | None = None,
    notes: tuple[Note, ...] = (),
) -> LinearResult:
    """Solve the triangle of ``[X, y]`` and wrap everything into a result (see `panelvar.fit.Fit` for the arguments)."""
    choose("collinear", collinear, ("drop", "raise"))
    solution = _refined(solve(triangle, raw_norms[:-1]), rows)
    counts = Counts(
        rows=design.nobs,
        slopes=len(solution.kept),
        constant=constant or absorbed is not None,
        absorbed=absorbed_rank,
        effect_levels=() if absorbed is None else tuple(g.n_groups for g in absorbed.groupings),
        reported_constant=absorbed is None,
    )
    found = check_fit(design, solution, raw_norms, counts, collinear)
    fit = Fit(
        family=family,
        source=source,
        design=design,
        rows=rows,
        solution=solution,
        tss=float(np.square(triangle[:, -1]).sum()),
        centre=centre,
        constant=constant,
        constant_column=constant_column,
        constant_mass=constant_mass,
        counts=counts,
        effects=effects,
        absorbed=absorbed,
        components=components,
        moments=moments,
        notes=(*source.notes, *notes, *found),
    )
    estimate = resolve(cov, fit, convention)(fit, convention)
    result = LinearResult(fit=fit, covariance=estimate, convention=convention, estimator=estimator)
    emit(result.notes)
    return result


def _refined(solution: Solution, rows: TransformedRows) -> Solution:
    """Polish the solution in extended precision where rounding may have cost digits that matter."""
    if solution.condition < _WELL_CONDITIONED or estimated_error(solution).coefficients < _ACCURATE:
        return solution
    tables = [
        (grouping.codes.astype(np.intp, copy=False), table)
        for grouping, table in zip(rows.groupings, rows.tables, strict=True)
    ]
    if rows.shift is not None:
        tables.append((None, rows.shift[None, :]))
    return refine(solution, cross_products(rows.columns, tables, rows.weights))

"""The last step of every linear estimator: solve, refine, check, attach a covariance, warn."""

from __future__ import annotations

from panelvar.core.base.arguments import DROP_OR_RAISE
from panelvar.core.base.errors import choose, emit
from panelvar.estimates.covariance.covariances import Covariance
from panelvar.estimates.covariance.named import covariance_of, resolve
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.fit import Fit
from panelvar.estimates.fit.fit_checks import check_fit, check_scale, without_rounding
from panelvar.estimates.fit.transformed_model import TransformedModel
from panelvar.kernels.linear.qr import solve
from panelvar.kernels.linear.refinement import polish
from panelvar.panels.static.result import LinearResult


def finish(
    model: TransformedModel, cov: str | Covariance | None, convention: Convention, collinear: str
) -> LinearResult:
    """Solve the triangle of ``[X, y]`` and wrap everything into a result."""
    fit = solved(model, collinear)
    estimate = covariance_of(resolve(cov, fit, convention), fit, convention)
    result = LinearResult(fit=fit, covariance=estimate, convention=convention, estimator=model.estimator)
    emit(result.notes)
    return result


def solved(model: TransformedModel, collinear: str) -> Fit:
    """Solve the triangle of ``[X, y]``, refine the solution and check it."""
    choose("collinear", collinear, DROP_OR_RAISE)
    design, rows = model.design, model.rows
    assert rows is not None
    check_scale(design, model.raw_norms)
    centre = model.centre if design.constant else None
    solution = polish(solve(model.triangle, model.raw_norms[:-1]), rows.products, rows.n_rows, centre)
    counts = model.counts(len(solution.kept))
    found = check_fit(design, solution, counts, collinear)
    explained = model.triangle[:, -1]
    total = float(explained.dot(explained)) if model.tss is None else model.tss
    solution, total, degenerate = without_rounding(design.dependent, solution, total, model.raw_norms)
    notes = (*model.source.notes, *model.notes, *found, *degenerate)
    return Fit(model, solution, total, counts, notes)

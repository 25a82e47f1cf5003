"""The last step of every estimator with instruments: from transformed ``[Z, W, y]`` to a result."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from panelvar.core.base.arguments import DROP_OR_RAISE
from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import CollinearityError, InsufficientDataError, Note, NumericalError, choose, emit
from panelvar.data.formulas.design import Design
from panelvar.estimates.covariance.covariances import Covariance
from panelvar.estimates.covariance.named import covariance_of, resolve
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.fit import Fit
from panelvar.estimates.fit.fit_checks import check_fit, check_scale, combination, without_rounding
from panelvar.estimates.fit.instrumented import Instrumented
from panelvar.estimates.fit.small_samples import without_factors
from panelvar.estimates.fit.transformed_model import TransformedModel
from panelvar.kernels.linear.k_class import Estimate, Layout, k_class, liml_kappa, minimum_distance
from panelvar.kernels.linear.qr import Solution, solve, triangularize
from panelvar.kernels.linear.rows import transformed_rows
from panelvar.panels.instruments.methods import Fuller, KClass, Method, TwoStepGMM, as_method
from panelvar.panels.instruments.regressions import instrumented_of, orthonormal_moments, well_conditioned_root
from panelvar.panels.instruments.result import InstrumentalResult, with_strength_judged

LABELS = {"2sls": "2SLS", "liml": "LIML", "fuller": "Fuller", "k-class": "k-class", "gmm": "two-step GMM"}


def finish_instrumental(
    model: TransformedModel,
    layout: Layout,
    method: Method,
    cov: str | Covariance | None,
    convention: Convention,
    collinear: str,
    label: str = "",
    *,
    derived: bool = False,
) -> InstrumentalResult:
    """Estimate a model whose design holds exogenous regressors, excluded instruments and endogenous regressors.

    Instruments that are ``derived`` from others may add nothing; such ones are left out without a warning.
    """
    choose("collinear", collinear, DROP_OR_RAISE)
    chosen = as_method(method)
    fit = two_stage_fit(model, layout, chosen, collinear, convention, derived=derived)
    if isinstance(chosen, TwoStepGMM):
        fit = _two_step(fit, chosen.weights, convention)
    name = instrumented_of(fit, "An estimate").method
    specification = resolve(cov, fit, convention)
    result = InstrumentalResult(
        fit=fit,
        covariance=replace(covariance_of(specification, fit, convention), specification=specification),
        convention=convention,
        estimator=_name_estimator(model.estimator, label or LABELS[name]),
    )
    result = with_strength_judged(result)
    emit(result.notes)
    return result


def two_stage_fit(
    model: TransformedModel,
    layout: Layout,
    method: Method,
    collinear: str,
    convention: Convention,
    *,
    derived: bool = False,
) -> Fit:
    """Find the columns in use and make the k-class fit (see `finish_instrumental`)."""
    rows = model.rows
    assert rows is not None
    check_scale(model.design, model.raw_norms)
    first = layout.instruments
    regressors = np.concatenate((np.arange(layout.exogenous), np.arange(first, first + layout.endogenous)))
    outcome = len(model.raw_norms) - 1
    # Collinearity of regressors is judged as in least squares, that of instruments by what each adds to the others.
    alone = solve(_part(model.triangle, [*regressors, outcome]), model.raw_norms[regressors])
    used = regressors[alone.kept]
    exogenous, endogenous = used[used < first], used[used >= first]
    candidates = np.concatenate((exogenous, np.arange(layout.exogenous, first)))
    instruments = solve(_part(model.triangle, [*candidates, outcome]), model.raw_norms[candidates])
    kept = candidates[instruments.kept]
    notes = _note_dropped(model.design, candidates, instruments, collinear, derived)
    final = Layout(len(exogenous), len(kept) - len(exogenous), len(endogenous))
    order = np.concatenate((kept, endogenous, [outcome])).astype(np.intp)
    triangle = _part(model.triangle, order)
    _check_identified(model, final, order, triangle)
    free = model.counts(final.instruments).residual_df
    if free <= 0:
        raise InsufficientDataError(
            f"{model.design.nobs} rows are too few for {final.instruments} instruments (exogenous regressors "
            f"included), which leave the first stage {free} degrees of freedom. Use fewer instruments."
        )
    kappa, name = _kappa(method, triangle, final, free)
    estimate = k_class(triangle, final, kappa)
    names = (*model.design.names, model.design.dependent)
    base = Instrumented(
        method=name,
        layout=final,
        names=tuple(names[i] for i in order),
        rows=rows.combined(np.eye(len(names))[:, order]),
        triangle=triangle,
        raw_norms=model.raw_norms[order],
        centre=model.centre[order],
        estimate=estimate,
        kappa=kappa,
        fuller=method.alpha if isinstance(method, Fuller) else None,
    )
    places = [*regressors, outcome]
    design = model.design.select(regressors)
    coefficients = np.zeros(len(regressors))
    coefficients[alone.kept] = estimate.coefficients
    solution = alone._replace(coefficients=coefficients, constant=None)
    moments = model.moments
    if moments is not None:
        moments = moments._replace(means=moments.means[:, places], r=moments.r[:, places])
    counts = model.counts(len(alone.kept))
    fit_notes = check_fit(design, alone, counts, collinear)
    changed = replace(
        model,
        source=model.source.select(regressors),
        design=design,
        rows=None,
        centre=model.centre[places],
        moments=moments,
    )
    structural = rows.combined(np.eye(len(names))[:, places])
    fit = Fit(changed, solution, 0.0, counts, (*model.source.notes, *model.notes, *fit_notes, *notes), structural, base)
    total = float(np.square(triangle[:, -1]).sum()) if model.tss is None else model.tss
    scored = k_class(triangle, final).fitted if convention.k_class_scores == "projection" else estimate.fitted
    fit = _with_estimate(fit, estimate, scored)
    solution, total, degenerate = without_rounding(design.dependent, fit.solution, total, model.raw_norms[places])
    return replace(fit, solution=solution, tss=total, notes=(*fit.notes, *degenerate))


def _with_estimate(fit: Fit, estimate: Estimate, scored: Array) -> Fit:
    """Put an estimate into a fit: its coefficients, bread and the rows that give its scores, combined by ``scored``."""
    base = instrumented_of(fit, "An estimate")
    kept, k = fit.kept, len(fit.solution.coefficients)
    coefficients = np.zeros(k)
    coefficients[kept] = estimate.coefficients
    # Regressors that are not in use keep a column of zeros, so that positions stay those of the design.
    loadings = np.zeros((len(base.triangle), k + 1))
    loadings[:, kept] = scored
    loadings[-1, -1] = 1.0
    loadings[base.layout.regressors, -1] = -estimate.coefficients
    loadings[:, -1] += scored @ estimate.coefficients
    solution = fit.solution._replace(
        coefficients=coefficients,
        r=estimate.root,
        inverse_r=estimate.inverse_root,
        rss=float(estimate.residual @ estimate.residual),
    )
    return replace(fit, model=replace(fit.model, rows=base.combined(loadings)), solution=solution)


def _two_step(fit: Fit, weights: str | Covariance, convention: Convention) -> Fit:
    """Replace the 2SLS estimate by the efficient GMM one."""
    base = instrumented_of(fit, "GMM")
    if fit.exact:
        raise NumericalError("The 2SLS residuals are zero, so GMM has no moments to weigh. Use method='2sls'.")
    moments = orthonormal_moments(fit)
    plain = without_factors(convention)
    covariance = resolve(weights, fit, plain)(moments, plain)
    first = int(fit.constant)
    scale = fit.rss / fit.counts.rows
    matrix = covariance.matrix[first:, first:] / scale
    root = well_conditioned_root(matrix)
    if root is None:
        raise NumericalError(
            f"The covariance ({covariance.label}) of the {len(matrix)} moments is singular. GMM needs more rows (or "
            "clusters) than instruments. Use fewer instruments, other weights, or method='2sls'."
        )
    estimate, distance = minimum_distance(base.triangle, base.layout, root)
    fit = _with_estimate(fit, estimate, estimate.fitted)
    new = replace(base, method="gmm", estimate=estimate, distance=distance / scale)
    note = Note("gmm-weights", f"The weights of two-step GMM come from the 2SLS residuals ({covariance.label}).")
    fit = replace(fit, instrumented=new, notes=(*fit.notes, note))
    if not fit.constant or fit.absorbed is not None:
        return fit
    loading = np.asarray(np.linalg.solve(matrix, covariance.matrix[0, first:] / scale), dtype=np.float64)
    return _with_gmm_constant(fit, loading * fit.constant_mass)


def _with_gmm_constant(fit: Fit, loading: Array) -> Fit:
    r"""Give the constant its GMM estimate.

    The constant is an instrument too. GMM does not set its own moment to zero, but that of
    :math:`z_0 - Q S_{11}^{-1} S_{10}`. The slopes do not depend on it.

    Parameters
    ----------
    fit : Fit
        A fit with the constant of least squares.
    loading : (L,) array
        :math:`S_{11}^{-1} S_{10}`.
    """
    base, rows = instrumented_of(fit, "GMM"), fit.rows
    assert rows is not None
    assert rows.shift is not None
    assert fit.constant_column is not None
    n, mass = base.layout.instruments, fit.constant_mass
    weights = np.zeros((len(base.triangle), 1))
    weights[:n, 0] = np.linalg.solve(base.triangle[:n, :n], loading)
    column = fit.constant_column - base.combined(weights).column(0)
    centre = fit.centre.copy()
    centre[[*fit.kept, -1]] -= loading @ base.triangle[:n, [*base.layout.regressors, -1]] / mass
    # The residuals keep what the constant leaves of their mean.
    gap = float(loading @ base.estimate.residual[:n]) / mass
    shift = rows.shift.copy()
    shift[-1] -= gap
    moved = transformed_rows(rows.columns, shift=shift, weights=rows.weights, constant=column)
    solution = fit.solution._replace(rss=fit.rss + mass * gap**2)
    return replace(fit, model=replace(fit.model, rows=moved, centre=centre), solution=solution)


def _kappa(method: Method, triangle: Array, layout: Layout, df: int) -> tuple[float, str]:
    if isinstance(method, KClass):
        return float(method.k), "k-class"
    if isinstance(method, Fuller):
        return liml_kappa(triangle, layout) - method.alpha / df, "fuller"
    if method == "liml":
        return liml_kappa(triangle, layout), "liml"
    return 1.0, "2sls"


def _part(triangle: Array, columns: list[int] | Positions) -> Array:
    return triangularize(np.asfortranarray(triangle[:, columns]))


def _name_estimator(estimator: str, label: str) -> str:
    for name in ("OLS", "WLS"):
        if name in estimator:
            return estimator.replace(name, label)
    head, bracket, tail = estimator.partition(" (")
    return f"{head} {label}{bracket}{tail}"


def _note_dropped(
    design: Design, candidates: Positions, solution: Solution, collinear: str, derived: bool
) -> list[Note]:
    notes = []
    for item in solution.dropped:
        name = design.names[candidates[item.index]]
        if item.absorbed:
            reason = "no variation is left once the constant or the effects are taken out"
        else:
            on = combination([(design.names[candidates[place]], value) for place, value in item.on])
            reason = f"equal to {on}, up to the constant and the absorbed effects"
        if collinear == "raise" and not derived:
            raise CollinearityError(f"Instrument {name!r} adds nothing: {reason}.")
        notes.append(Note("instrument-redundant", f"Instrument {name!r} dropped: {reason}.", warn=not derived))
    return notes


def _check_identified(model: TransformedModel, layout: Layout, order: Positions, triangle: Array) -> None:
    """Refuse fewer instruments than endogenous regressors, and instruments that do not explain them."""
    names = model.design.names
    excluded = [names[i] for i in order[layout.exogenous : layout.instruments]]
    endogenous = [names[i] for i in order[layout.instruments : -1]]
    if not endogenous:
        raise CollinearityError(
            "No endogenous regressor is left: all are absorbed, or depend on the exogenous regressors."
        )
    if len(excluded) < len(endogenous):
        raise CollinearityError(
            f"The model is not identified. It has {count_of(len(endogenous), 'endogenous regressor')} "
            f"({', '.join(endogenous)}), but only {count_of(len(excluded), 'instrument')} "
            f"({', '.join(excluded) or 'none'}) once the constant, the effects and the exogenous regressors are taken "
            "out."
        )
    columns = layout.regressors
    explained = solve(
        _part(triangle[: layout.instruments], [*columns, len(triangle) - 1]), model.raw_norms[order][columns]
    )
    if len(explained.kept) < len(columns):
        lost = ", ".join(repr(names[order[columns[item.index]]]) for item in explained.dropped)
        raise CollinearityError(
            f"The model is not identified. What the instruments ({', '.join(excluded)}) explain of {lost} depends on "
            "the other regressors. Each endogenous regressor needs its own instrument."
        )

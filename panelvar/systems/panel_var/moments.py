"""Panel vector autoregressions by GMM: from the moments of `panelvar.panels.dynamic.gmm` to a fit of a system."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.errors import SpecificationError, choose
from panelvar.core.faces.layout import Fact
from panelvar.core.faces.number_format import format_count
from panelvar.data.panel.panel import Panel
from panelvar.estimates.covariance.covariances import Covariance, CovarianceEstimate
from panelvar.panels.dynamic.gmm_covariance import estimated_covariance, read_covariance
from panelvar.panels.dynamic.gmm_estimate import STEP_WORDS, GmmEstimate, estimate, refuse_covariance
from panelvar.panels.dynamic.lag_instruments import Instruments, LagInstruments, Specification, read_instruments
from panelvar.panels.dynamic.transforms import TRANSFORMS, WORDS
from panelvar.panels.dynamic.weighting import StackedRows
from panelvar.systems.panel_var.drawn_moments import WeightedRefits, bootstrap_notes
from panelvar.systems.panel_var.fit import EstimatedRows, PanelVarFit
from panelvar.systems.panel_var.moment_recursion import MomentRecursion
from panelvar.systems.panel_var.rows import PanelVarRows, SystemRows, estimate_effects


@dataclass(frozen=True)
class MomentOptions:
    """How a panel vector autoregression is estimated by moments.

    Attributes
    ----------
    transform : {"fd", "fod"}
    steps : {1, 2, "iterated", "cu"}
    instruments : LagInstruments, sequence of instruments, or None
    level_equation : bool
    joint : bool
    """

    transform: str = "fod"
    steps: int | str = 2
    instruments: LagInstruments | Sequence[Instruments] | None = None
    level_equation: bool = False
    joint: bool = True


def fit_by_moments(
    rows: SystemRows, options: MomentOptions, *, time_effects: bool, cov: str | Covariance | None
) -> PanelVarFit:
    """Estimate the rows' system by GMM.

    Raises
    ------
    SpecificationError, InsufficientDataError, CollinearityError, NumericalError
        As `panelvar.fit_arellano_bond`.
    """
    choose("transform", options.transform, TRANSFORMS)
    kind, by = read_covariance(cov)
    model = rows.moment_model(_specification(rows, options, time_effects), partial(_known, rows))
    found = estimate(model, steps=options.steps, joint=options.joint, cov_kind=kind, by=by)
    return _fit(rows, found, time_effects, cov)


def _known(rows: SystemRows, panel: Panel) -> dict[str, Array]:
    """A panel's columns by name: variables, and the regressors beside their lags."""
    terms, columns = rows.terms, [panel.column(name) for name in rows.sources]
    exogenous = columns[rows.n_vars :]
    shifted = [panel.lag(column, lag) for lag in range(terms.exogenous_lags + 1) for column in exogenous]
    beside = dict(zip(rows.regressor_names[: terms.count], shifted, strict=True))
    return dict(zip(rows.names, columns[: rows.n_vars], strict=True)) | beside


def _specification(rows: SystemRows, options: MomentOptions, time_effects: bool) -> Specification:
    names = rows.names
    lag_names = tuple(f"L{lag}.{name}" for lag in range(1, rows.lags + 1) for name in names)
    beside = rows.regressor_names[: rows.terms.count]
    sets = read_instruments(names, beside, (), (), options.instruments)
    in_levels = options.level_equation
    return Specification(
        names, lag_names, rows.lags, beside, sets, options.transform, in_levels, in_levels, time_effects
    )


def _fit(rows: SystemRows, found: GmmEstimate, time_effects: bool, cov: object) -> PanelVarFit:
    model = found.model
    count, lags = rows.terms.count, len(model.specification.lag_names)
    # Terms come first in a system, then lags; the constant and the periods are no terms but part of the effects.
    order = np.r_[lags : lags + count, :lags]
    width = model.n_regressors
    places = np.concatenate([order + equation * width for equation in range(rows.n_vars)])
    own = estimated_covariance(found, small_sample=False)
    covariance = replace(own, matrix=own.matrix[np.ix_(places, places)])
    params = found.params[order]
    system = "system " if model.specification.level_equation else ""
    words = f"{STEP_WORDS[found.steps]} {system}GMM, {WORDS[model.kind]}"
    choices = (Fact("Instruments", f"{format_count(found.n_instruments)} per equation"),)
    used = np.zeros(rows.panel.n_entities, dtype=bool)
    used[model.entities] = True
    raw: Array | None = None
    if time_effects:
        raw = np.zeros((len(model.periods), rows.n_vars))
        raw[~model.bases] = found.params[width - int((~model.bases).sum()) :]
    rows, effects, period_effects = estimate_effects(rows, used, model.periods, params, raw)
    fit = PanelVarFit(
        rows,
        "gmm",
        words,
        params,
        found.sigma,
        covariance,
        model.n_transformed - width,
        rows.row_counts if model.specification.level_equation else model.census.transformed,
        model.n_transformed,
        effects=effects,
        period_effects=period_effects,
        periods=model.periods if time_effects else None,
        choices=choices,
        notes=(*rows.notes, *found.notes),
        covariances=partial(_estimate_covariance, found, places),
        gmm=found,
        cov=cov,
        influences=partial(joint_influences, found, places),
    )
    if not isinstance(rows, PanelVarRows):
        return fit
    transformed = model.kept.transformed
    left = model.kept.residuals(transformed, found.params)
    entities, periods = np.nonzero(transformed.used.T)
    codes = np.searchsorted(model.periods, rows.design.time_positions) if time_effects else None
    of_rows = None if period_effects is None or codes is None else period_effects[codes]
    return replace(
        fit,
        kept=EstimatedRows(
            left.swapaxes(0, 1)[entities, periods],
            np.searchsorted(rows.used_entities, model.entities)[entities],
            model.kept.dates[transformed.labels[periods]],
        ),
        refits=None if found.problem.clustered else WeightedRefits(found, order),
        refit_notes=bootstrap_notes(found),
        recursion=MomentRecursion(rows, found, order, _known(rows, rows.panel), of_rows),
    )


def _estimate_covariance(found: GmmEstimate, places: Positions, asked: object) -> CovarianceEstimate:
    """Estimate the covariance that a ``cov=`` asks for, in the order (places) of a system's coefficients."""
    kind, by = read_covariance(asked)
    if by:
        raise SpecificationError(
            "Clusters change the weights of the moments, and so the estimates. Give cov=Clustered(...) to "
            "fit_panel_var."
        )
    refuse_covariance(kind, found.steps)
    other = estimated_covariance(replace(found, cov_kind=kind), small_sample=False)
    return replace(other, matrix=other.matrix[np.ix_(places, places)])


def joint_influences(found: GmmEstimate, places: Positions, asked: object) -> tuple[Array, Array]:
    r"""What each entity, or cluster of them, adds to the coefficients (G, K m), in places, and to sigma (G, K, K).

    Of a stream's entities, rows with the same cross products.

    .. math:: \hat\Sigma = \frac{1}{n - m}\sum_i \hat e_i'\hat e_i, \qquad
        \psi_i^\Sigma = \frac{1}{n - m}\Big[\hat e_i'\hat e_i - n_i\hat\Sigma - \psi_i^{B\prime} X'\hat e
        - \hat e'X\psi_i^B\Big]

    with transformed rows of entity i, halved where they are differences. Residuals of least squares are orthogonal to
    the regressors, so that the last terms are zero; those of GMM are orthogonal to instruments, and in short panels the
    transformed regressors are correlated with them.
    """
    found = replace(found, cov_kind=read_covariance(asked)[0])
    model, params, sigma = found.model, found.params, found.sigma
    count, equations = params.shape
    halved = 2.0 if model.kind == "fd" else 1.0
    rows = halved * (model.n_transformed - count)
    left = found.sums.rows @ np.concatenate([-params, np.eye(equations)])
    cross = found.sums.rows[:, :count].T @ left
    stacked = StackedRows(found.n_clusters)
    for part, errors, clusters in found.pieces(found.weighted_at):
        own = errors @ found.influence_of_moments.T
        through = own.reshape(len(own), equations, count) @ cross
        residuals = part.residuals(part.transformed, params).swapaxes(0, 1)
        sizes = halved * part.transformed.used.sum(axis=0)
        products = residuals.swapaxes(1, 2) @ residuals - sizes[:, None, None] * sigma
        moved = (products - through - through.swapaxes(1, 2)) / rows
        stacked.add(np.concatenate([own[:, places], moved.reshape(len(own), -1)], axis=1), clusters)
    every = stacked.rows
    return every[:, : len(places)], every[:, len(places) :].reshape(-1, equations, equations)

"""Fixed effects: the within (least-squares dummy-variable) estimator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from panelvar.conventions import Convention, as_convention
from panelvar.covariances import Covariance
from panelvar.design import Design, build_design
from panelvar.errors import InsufficientDataError, Note, SpecificationError
from panelvar.estimators.finish import finish
from panelvar.kernels.absorb import absorb
from panelvar.kernels.groups import Grouping
from panelvar.kernels.moments import PanelMoments
from panelvar.kernels.rows import TransformedRows, restored_norms
from panelvar.results.linear import LinearResult


def fit_fixed_effects(
    data: object,
    y: str,
    x: Sequence[str] | str | None = None,
    *,
    effects: str | Sequence[str] = "entity",
    constant: bool | None = None,
    weights: str | NDArray[Any] | None = None,
    cov: str | Covariance = "classical",
    convention: str | Convention = "default",
    missing: str = "drop",
    collinear: str = "drop",
) -> LinearResult:
    r"""Fit fixed effects, :math:`y_{it} = c + \alpha_i + \lambda_t + x_{it}'\beta + u_{it}`.

    Slopes are those of the regression with a dummy for every level; two effects are projected out exactly on
    unbalanced, gappy and disconnected panels. The constant is the grand-mean form
    :math:`\hat c = \bar y - \bar x'\hat\beta` (Baltagi 2013, eq. 2.8), with its standard error under every covariance.

    Parameters
    ----------
    data, y, x, weights, cov, convention, missing, collinear
        As in `fit_pooled`.
    effects : {"entity", "time", "twoway"} or one or two column names
        What is absorbed.
    constant : bool, optional
        Report the constant (default) or not; slopes do not change.

    Returns
    -------
    LinearResult

    Notes
    -----
    Residual degrees of freedom are n minus the slopes minus the exact rank of the absorbed effects. Regressors
    that do not vary within the effects are dropped with a warning. Classical and HC errors ignore serial correlation
    within entities: prefer ``cov="cluster"``.
    """
    chosen = as_convention(convention)
    design = build_design(data, y, x, constant=constant, weights=weights, missing=missing)
    source = design
    names = _effect_names(effects)
    notes: list[Note] = []
    if chosen.singletons == "drop":
        design, dropped = _without_singletons(design, names)
        source = design
        if dropped:
            notes.append(Note("singletons-dropped", f"{dropped} singleton row(s) dropped ({chosen.name} convention)."))
    groupings, labels = _groupings(design, names)
    alone = sum(int((grouping.sizes == 1).sum()) for grouping in groupings)
    if alone:
        notes.append(
            Note(
                "singletons-kept",
                f"{alone} effect level(s) have a single row: it is fitted exactly and does not inform the slopes, "
                "but counts as a row.",
            )
        )
    columns, weight = design.columns, design.weights
    absorbed = absorb(groupings, weight)
    centre = design.means
    tables = absorbed.tables(columns)
    rows = TransformedRows(columns, groupings=groupings, tables=tables, weights=weight)
    triangle = rows.triangle()
    raw_norms = restored_norms(
        triangle, [(grouping.mass(weight), table) for grouping, table in zip(groupings, tables, strict=True)]
    )
    moments = None
    if groupings == (design.entities,):
        counts = design.entities.sizes.astype(np.float64)
        moments = PanelMoments(counts, design.entities.mass(weight), tables[0], triangle)
    if len(groupings) > 1 and absorbed.n_components > 1:
        notes.append(
            Note(
                "disconnected",
                f"The two effects form {absorbed.n_components} unconnected blocks; the rank of the effects "
                f"is {absorbed.rank}.",
            )
        )
    levels = sum(grouping.n_groups - 1 for grouping in groupings) + 1
    rank = absorbed.rank if chosen.effects_rank == "exact" else levels
    return finish(
        "fixed",
        source=source,
        design=design,
        rows=rows,
        triangle=triangle,
        raw_norms=raw_norms,
        centre=centre,
        constant=design.constant,
        constant_column=(1.0 if weight is None else np.sqrt(weight)) if design.constant else None,
        constant_mass=float(design.nobs),
        estimator=f"Fixed effects ({', '.join(labels)})",
        cov=cov,
        convention=chosen,
        collinear=collinear,
        absorbed_rank=rank - 1,
        effects=tuple(labels),
        absorbed=absorbed,
        moments=moments,
        notes=tuple(notes),
    )


def _effect_names(effects: str | Sequence[str]) -> tuple[str, ...]:
    if effects == "twoway":
        return ("entity", "time")
    if effects is None or effects in ("two-way", "two_way", "twoways", "both"):
        raise SpecificationError(
            f"effects={effects!r} is not known: use 'entity', 'time', 'twoway', or one or two column names."
        )
    names = (effects,) if isinstance(effects, str) else tuple(effects)
    if not 1 <= len(names) <= 2:
        raise SpecificationError(
            f"effects={effects!r}: one or two effects can be absorbed. Use 'entity', 'time', 'twoway' or column names."
        )
    if len(set(names)) < len(names):
        raise SpecificationError(f"effects={effects!r} names the same effect twice.")
    return names


def _groupings(design: Design, names: tuple[str, ...]) -> tuple[tuple[Grouping, ...], tuple[str, ...]]:
    found = [design.group_by(name) for name in names]
    return tuple(grouping for grouping, _ in found), tuple(label for _, label in found)


def _without_singletons(design: Design, names: tuple[str, ...]) -> tuple[Design, int]:
    """Drop rows that are alone in a level, again and again until none is."""
    before = design.nobs
    while True:
        groupings, _ = _groupings(design, names)
        alone = np.zeros(design.nobs, dtype=bool)
        for grouping in groupings:
            alone |= (grouping.sizes == 1)[grouping.codes]
        if not alone.any():
            return design, before - design.nobs
        if alone.all():
            raise InsufficientDataError("Every row is a singleton of an effect: nothing is left to estimate.")
        design = design.take(np.flatnonzero(~alone))

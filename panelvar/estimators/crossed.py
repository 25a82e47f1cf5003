"""Two-way random effects: the components and the exact GLS of rows transformed in both dimensions."""

from __future__ import annotations

import numpy as np

from panelvar.conventions import Convention
from panelvar.design import Design
from panelvar.errors import InsufficientDataError, Note, SpecificationError
from panelvar.estimators.random_notes import amemiya_refuses, nerlove_notes, variance_notes
from panelvar.estimators.transformed_model import TransformedModel
from panelvar.fit import FloatArray, check_scale
from panelvar.kernels.absorb import absorb
from panelvar.kernels.crossed_root import CrossedRoot
from panelvar.kernels.moments import PanelMoments, panel_moments
from panelvar.kernels.qr import solve
from panelvar.kernels.rows import TransformedRows, restored_norms
from panelvar.kernels.variance_components import CrossedComponents, quasi_demeaning_weight
from panelvar.kernels.variance_components_quadratic import (
    Levels,
    Variances,
    amemiya,
    nerlove,
    pooled_solution,
    swamy_arora_quadratic,
    wallace_hussain,
)

_ONE_WAY_ONLY = {
    "harmonic": "the harmonic-mean version exists one-way only: use 'swamy-arora'",
    "stata-sa": "Stata's sa version exists one-way only: use 'swamy-arora'",
    "ml": "maximum likelihood is offered one-way only",
}


def crossed_model(
    design: Design, method: str, method_label: str, convention: Convention, kind: str
) -> TransformedModel:
    """Estimate the three variances and transform the rows by them (see `panelvar.fit_random_effects`)."""
    if method in _ONE_WAY_ONLY:
        raise SpecificationError(f"variance_components={method!r} with effects='twoway': {_ONE_WAY_ONLY[method]}.")
    (first, first_label), (second, second_label) = design.group_by("entity"), design.group_by("time")
    groupings, labels = (first, second), (first_label, second_label)
    for grouping, label in zip(groupings, labels, strict=True):
        if grouping.n_groups < 2:
            raise InsufficientDataError(
                f"Random effects need at least two levels of {label!r}; found {grouping.n_groups}."
            )
    columns = design.columns
    moments = panel_moments(columns, first)
    raw_norms = restored_norms(moments.r, [(moments.weights, moments.means)])
    check_scale(design, raw_norms)
    by_rows = convention.unbalanced_nerlove == "rows"
    variances, notes = _estimate(design, method, labels, moments, raw_norms[:-1], by_rows)
    raw = variances.effects
    for d, (grouping, label) in enumerate(zip(groupings, labels, strict=True)):
        df = variances.df_between[d]
        instead = f"one-way random effects of the {labels[1 - d]}"
        notes += variance_notes(label, grouping.n_groups, float(raw[d]), df, df <= 0, instead)
    effects = np.where(raw > 0.0, raw, 0.0)
    root = CrossedRoot(groupings, variances.idiosyncratic, effects)
    counts = [g.sizes.astype(np.float64) for g in groupings]
    thetas = tuple(
        quasi_demeaning_weight(variances.idiosyncratic, float(v), size) for v, size in zip(effects, counts, strict=True)
    )
    components = CrossedComponents(
        variances.idiosyncratic,
        effects,
        raw,
        thetas,
        variances.df_within,
        variances.df_between,
        root.log_determinant,
    )
    centre = moments.centre()[0] if design.constant else np.zeros(len(columns))
    tables = root.tables(columns, centre)
    rows = TransformedRows(columns, shift=centre if design.constant else None, groupings=groupings, tables=tables)
    z: FloatArray | None = None
    mass = 0.0
    if design.constant:
        ones = root.constant_tables()
        z = 1.0 - ones[0][first.codes] - ones[1][second.codes]
        mass = float(z @ z)
        # The transformed constant is taken out of every transformed column.
        gap = np.array([rows.column(j) @ z for j in range(len(columns))]) / mass
        centre = centre + gap
        left = [np.asfortranarray(t - o[:, None] * gap) for t, o in zip(tables, ones, strict=True)]
        rows = TransformedRows(columns, shift=centre, groupings=groupings, tables=left)
    triangle = rows.triangle()
    tss = None
    if z is not None and convention.transformed_total == "mean":
        outcome = rows.column(len(columns) - 1) + z * centre[-1]
        tss = float(np.square(outcome - outcome.mean()).sum())
    return TransformedModel(
        family="random",
        estimator=f"{kind} ({first_label} and {second_label}; {method_label})",
        source=design,
        design=design,
        rows=rows,
        triangle=triangle,
        raw_norms=raw_norms,
        centre=centre,
        constant_column=z,
        constant_mass=mass,
        effects=labels,
        components=components,
        moments=moments,
        tss=tss,
        notes=tuple(notes),
    )


def _estimate(
    design: Design, method: str, labels: tuple[str, str], moments: PanelMoments, raw_norms: FloatArray, by_rows: bool
) -> tuple[Variances, list[Note]]:
    """Estimate the three variances from the regression that absorbs both effects, and others."""
    columns, constant = design.columns, design.constant
    groupings = (design.entities, design.times)
    absorbed = absorb(groupings)
    tables = absorbed.tables(columns)
    triangle = TransformedRows(columns, groupings=groupings, tables=tables).triangle()
    within = solve(triangle, raw_norms)
    levels = Levels(columns, groupings, moments.centre()[0] if constant else np.zeros(len(columns)))
    notes: list[Note] = []
    both = f"{labels[0]} and {labels[1]}"
    if method in ("swamy-arora", "baltagi-chang"):
        variances = swamy_arora_quadratic(levels, within, absorbed.rank, raw_norms, constant=constant)
    else:
        pooled = pooled_solution(moments, raw_norms, constant=constant)
        if method == "wallace-hussain":
            variances = wallace_hussain(levels, triangle, pooled, absorbed.rank, constant=constant)
        elif method == "amemiya":
            amemiya_refuses(design, pooled, within, both)
            variances = amemiya(levels, within, absorbed.rank, constant=constant)
        else:
            notes += nerlove_notes(design, pooled, within, both)
            variances = nerlove(levels, within, tables, absorbed.rank, by_rows=by_rows)
    if variances.df_within <= 0 or not np.isfinite(variances.idiosyncratic):
        raise InsufficientDataError(
            f"The two-way within regression has {variances.df_within} degrees of freedom: two-way random effects need "
            "more rows than levels of both effects plus regressors that vary in both."
        )
    if variances.idiosyncratic <= 0.0:
        raise InsufficientDataError(
            f"The idiosyncratic variance is estimated at {variances.idiosyncratic:.6g}: the effects and regressors fit "
            "the data exactly, or the moment equations have no admissible solution. Use fit_fixed_effects."
        )
    return variances, notes

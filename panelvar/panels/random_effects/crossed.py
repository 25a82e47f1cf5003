"""Two-way random effects: the components and the exact GLS of rows transformed in both dimensions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import InsufficientDataError, SpecificationError
from panelvar.data.formulas.design import Design
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.fit_checks import check_scale
from panelvar.estimates.fit.transformed_model import TransformedModel
from panelvar.kernels.absorption.absorb import absorb
from panelvar.kernels.absorption.crossed_components import CrossedComponents
from panelvar.kernels.absorption.crossed_effects import Crossing
from panelvar.kernels.absorption.crossed_rows import CrossedRows
from panelvar.kernels.linear.moments import PanelMoments, panel_moments, quasi_demeaning_weight
from panelvar.kernels.linear.qr import solve, triangularize
from panelvar.kernels.linear.rows import TransformedRows
from panelvar.kernels.linear.variance_components import Likelihood
from panelvar.panels.random_effects.crossed_likelihood import CrossedSample, crossed_maximum_likelihood
from panelvar.panels.random_effects.random_notes import boundary_note, refuse_single_level, variance_notes
from panelvar.panels.random_effects.variance_components_likelihood import maximum_likelihood
from panelvar.panels.random_effects.variance_components_quadratic import (
    ComponentEstimates,
    WithinRegression,
    pooled_solution,
)

_ONE_WAY_ONLY = {
    "harmonic": "the harmonic-mean version is for one effect only. Use 'swamy-arora'",
    "stata-sa": "Stata's sa version is for one effect only. Use 'swamy-arora'",
}


def crossed_model(
    design: Design, method: str, method_label: str, convention: Convention, kind: str
) -> TransformedModel:
    """Estimate the three variances and transform the rows by them (see `panelvar.fit_random_effects`)."""
    if method in _ONE_WAY_ONLY:
        raise SpecificationError(
            f"variance_components={method!r} does not go with effects='twoway': {_ONE_WAY_ONLY[method]}."
        )
    (first, first_label), (second, second_label) = design.group_by("entity"), design.group_by("time")
    groupings, labels = (first, second), (first_label, second_label)
    for grouping, label in zip(groupings, labels, strict=True):
        refuse_single_level(grouping, label)
    columns = design.columns
    moments = panel_moments(columns, first)
    raw_norms = moments.raw_norms
    check_scale(design, raw_norms)
    near = moments.centre()[0] if design.constant else np.zeros(len(columns))
    level_means = moments.means, second.means_of(columns)
    regression = _absorb_both(design, moments, level_means, near)
    assert regression.crossing is not None
    likelihood: Likelihood | None = None
    if method in ("ml", "reml"):
        variances, likelihood = _maximise_likelihood(regression, restricted=method == "reml")
        notes = boundary_note(labels, variances.effects)
    else:
        both = f"{first_label} and {second_label}"
        variances, notes = regression.estimate(method, both, by_rows=convention.unbalanced_nerlove == "rows")
        if not variances.idiosyncratic > 0.0:
            raise InsufficientDataError(
                f"The estimate of the idiosyncratic variance is {variances.idiosyncratic:.6g}. The effects and "
                "regressors fit the data exactly, or the moment equations have no admissible solution. Use "
                "fit_fixed_effects."
            )
    raw = variances.effects
    for d, (grouping, label) in enumerate(zip(groupings, labels, strict=True)):
        instead = f"one-way random effects of the {labels[1 - d]}"
        notes += variance_notes(label, grouping.n_groups, float(raw[d]), variances.df_between[d], instead, likelihood)
    effects = np.where(raw > 0.0, raw, 0.0)
    rows = CrossedRows(
        columns,
        regression.crossing,
        effects / variances.idiosyncratic,
        near,
        constant=design.constant,
        level_means=level_means,
    )
    thetas = tuple(
        quasi_demeaning_weight(variances.idiosyncratic, float(v), g.sizes.astype(np.float64))
        for v, g in zip(effects, groupings, strict=True)
    )
    components = CrossedComponents(
        variances.idiosyncratic,
        effects,
        raw,
        thetas,
        variances.df_within,
        variances.df_between,
        rows.equations,
        likelihood,
    )
    tss = None
    if design.constant and convention.transformed_total == "mean":
        outcome = rows.column(len(columns) - 1) + rows.constant * rows.centre[-1]
        tss = float(np.square(outcome - outcome.mean()).sum())
    return TransformedModel(
        family="random",
        estimator=f"{kind} ({first_label} and {second_label}; {method_label})",
        source=design,
        design=design,
        rows=rows,
        triangle=rows.triangle(),
        raw_norms=raw_norms,
        centre=rows.centre,
        constant_mass=rows.constant_mass,
        effects=labels,
        components=components,
        moments=moments,
        generalised=True,
        asymptotic=True,
        tss=tss,
        notes=tuple(notes),
    )


def _absorb_both(
    design: Design, moments: PanelMoments, level_means: Sequence[Array], centre: Array
) -> WithinRegression:
    """Regress with both effects absorbed: from this every method estimates the three variances."""
    groupings, raw_norms = (design.entities, design.times), moments.raw_norms[:-1]
    absorbed = absorb(groupings)
    tables = absorbed.tables(design.columns)
    triangle = TransformedRows(design.columns, groupings=groupings, tables=tables).triangle()
    within = solve(triangle, raw_norms)
    df_within = design.nobs - absorbed.rank - len(within.kept)
    if df_within <= 0:
        raise InsufficientDataError(
            f"The two-way within regression has {df_within} degrees of freedom. Two-way random effects need "
            "more rows than levels of both effects plus regressors that vary in both."
        )
    pooled = pooled_solution(moments, raw_norms, constant=design.constant)
    crossing = Crossing(groupings, absorbed.pair)
    means = [levels - centre for levels in level_means]
    return WithinRegression(
        design, groupings, means, tables, absorbed.rank, raw_norms, triangle, within, pooled, crossing
    )


def _maximise_likelihood(regression: WithinRegression, *, restricted: bool) -> tuple[ComponentEstimates, Likelihood]:
    """Maximise the likelihood, and compare it with those of either effect alone."""
    design, crossing = regression.design, regression.crossing
    assert crossing is not None
    kept = np.append(regression.pooled.kept, len(design.names))
    chosen = [design.columns[i] for i in kept]
    alone = [
        maximum_likelihood(panel_moments(chosen, g), regression.within, constant=design.constant, restricted=restricted)
        for g in regression.groupings
    ]
    sample = CrossedSample(
        crossing,
        triangularize(np.asfortranarray(regression.triangle[:, kept])),
        [table[:, kept] for table in regression.tables],
        design.nobs,
        constant=design.constant,
        restricted=restricted,
    )
    ratios, idiosyncratic, likelihood = crossed_maximum_likelihood(sample, alone)
    df_within = design.nobs - regression.rank - len(regression.within.kept)
    df_between = tuple(component.df_between for component in alone)
    return ComponentEstimates(idiosyncratic, ratios * idiosyncratic, df_within, df_between), likelihood

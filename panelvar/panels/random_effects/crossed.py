"""Two-way random effects: the components and the exact GLS of rows transformed in both dimensions."""

from __future__ import annotations

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import InsufficientDataError, Note, SpecificationError
from panelvar.data.formulas.design import Design
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.fit_checks import check_scale
from panelvar.estimates.fit.transformed_model import TransformedModel
from panelvar.kernels.absorption.absorb import absorb
from panelvar.kernels.absorption.crossed_components import CrossedComponents
from panelvar.kernels.absorption.crossed_effects import Crossing
from panelvar.kernels.absorption.crossed_rows import CrossedRows
from panelvar.kernels.linear.moments import PanelMoments, panel_moments, quasi_demeaning_weight
from panelvar.kernels.linear.qr import Solution, solve, triangularize
from panelvar.kernels.linear.rows import TransformedRows
from panelvar.kernels.linear.variance_components import Likelihood
from panelvar.panels.random_effects.crossed_likelihood import CrossedSample, crossed_maximum_likelihood
from panelvar.panels.random_effects.random_notes import boundary_note, refuse_single_level, variance_notes
from panelvar.panels.random_effects.variance_components_likelihood import maximum_likelihood
from panelvar.panels.random_effects.variance_components_quadratic import (
    Levels,
    Variances,
    from_residuals,
    pooled_solution,
    swamy_arora_quadratic,
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
    sample = _Crossed(design, labels, moments, raw_norms[:-1])
    likelihood: Likelihood | None = None
    if method in ("ml", "reml"):
        variances, likelihood = sample.maximum_likelihood(restricted=method == "reml")
        notes = boundary_note(labels, variances.effects)
    else:
        variances, notes = sample.quadratic(method, near, by_rows=convention.unbalanced_nerlove == "rows")
    raw = variances.effects
    for d, (grouping, label) in enumerate(zip(groupings, labels, strict=True)):
        instead = f"one-way random effects of the {labels[1 - d]}"
        notes += variance_notes(label, grouping.n_groups, float(raw[d]), variances.df_between[d], instead, likelihood)
    effects = np.where(raw > 0.0, raw, 0.0)
    rows = CrossedRows(
        columns,
        sample.crossing,
        effects / variances.idiosyncratic,
        near,
        constant=design.constant,
        level_means=sample.level_means,
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
        tss=tss,
        notes=tuple(notes),
    )


class _Crossed:
    """The regression that absorbs both effects, from which every method estimates the three variances."""

    def __init__(self, design: Design, labels: tuple[str, str], moments: PanelMoments, raw_norms: Array) -> None:
        self.design = design
        self.both = f"{labels[0]} and {labels[1]}"
        self.moments = moments
        self.raw_norms = raw_norms
        self.groupings = (design.entities, design.times)
        self.level_means = (moments.means, design.times.means_of(design.columns))
        absorbed = absorb(self.groupings)
        self.rank = absorbed.rank
        self.tables = absorbed.tables(design.columns)
        self.crossing = Crossing(self.groupings, absorbed.pair)
        self.triangle = TransformedRows(design.columns, groupings=self.groupings, tables=self.tables).triangle()
        self.within = solve(self.triangle, raw_norms)
        self.df_within = len(design.y) - self.rank - len(self.within.kept)
        if self.df_within <= 0:
            raise InsufficientDataError(
                f"The two-way within regression has {self.df_within} degrees of freedom. Two-way random effects need "
                "more rows than levels of both effects plus regressors that vary in both."
            )

    @property
    def pooled(self) -> Solution:
        return pooled_solution(self.moments, self.raw_norms, constant=self.design.constant)

    def quadratic(self, method: str, centre: Array, *, by_rows: bool) -> tuple[Variances, list[Note]]:
        """Equate quadratic forms to their expectations."""
        design, within, rank = self.design, self.within, self.rank
        levels = Levels(design.columns, self.groupings, centre, self.crossing, self.level_means)
        notes: list[Note] = []
        if method in ("swamy-arora", "baltagi-chang"):
            variances = swamy_arora_quadratic(levels, within, rank, self.raw_norms, constant=design.constant)
        else:
            variances, notes = from_residuals(
                method, design, levels, self.triangle, within, self.pooled, self.tables, rank, self.both, by_rows
            )
        if not variances.idiosyncratic > 0.0:
            raise InsufficientDataError(
                f"The estimate of the idiosyncratic variance is {variances.idiosyncratic:.6g}. The effects and "
                "regressors fit the data exactly, or the moment equations have no admissible solution. Use "
                "fit_fixed_effects."
            )
        return variances, notes

    def maximum_likelihood(self, *, restricted: bool) -> tuple[Variances, Likelihood]:
        """Maximise the likelihood, and compare it with those of either effect alone."""
        constant, columns = self.design.constant, self.design.columns
        kept = np.append(self.pooled.kept, len(columns) - 1)
        chosen = [columns[i] for i in kept]
        alone = [
            maximum_likelihood(panel_moments(chosen, g), self.within, constant=constant, restricted=restricted)
            for g in self.groupings
        ]
        sample = CrossedSample(
            self.crossing,
            triangularize(np.asfortranarray(self.triangle[:, kept])),
            [table[:, kept] for table in self.tables],
            len(self.design.y),
            constant=constant,
            restricted=restricted,
        )
        ratios, idiosyncratic, likelihood = crossed_maximum_likelihood(sample, alone)
        df_between = tuple(component.df_between for component in alone)
        return Variances(idiosyncratic, ratios * idiosyncratic, self.df_within, df_between), likelihood

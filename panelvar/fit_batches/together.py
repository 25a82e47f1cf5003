"""Linear models of one panel fitted together: their columns are read, transformed and multiplied once.

Models that have the same rows, constant, effects and weights share one pass. Each then has the triangle of its own
columns, and the end of every linear estimator makes its result. What is out of the ordinary in a model (rows that miss
values, a regressor that cannot be read, an option of another estimator) leaves it to be fitted by itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from operator import itemgetter
from typing import Any

import numpy as np

from panelvar.base.arguments import DROP_OR_RAISE, read_names
from panelvar.base.arrays import Array, Positions
from panelvar.base.errors import PanelVarError, choose
from panelvar.covariance.cluster_terms import dimensions_of, with_intersections
from panelvar.covariance.covariances import Clustered, CovarianceEstimate
from panelvar.covariance.named import covariance_of, resolve
from panelvar.data.design import Design, complete, every_row
from panelvar.data.factors import Factors
from panelvar.data.formula_parts import with_effects
from panelvar.data.panel import Panel
from panelvar.fit.conventions import Convention
from panelvar.fit.fit import Fit
from panelvar.fit.presets import as_convention
from panelvar.fit.transformed_model import TransformedModel
from panelvar.fit_batches.cluster_meats import cluster_meats
from panelvar.fit_batches.shared_rows import SelectedRows, SharedProducts, factored
from panelvar.kernels.columns import Column
from panelvar.kernels.rows import BLOCK_ROWS, TransformedRows
from panelvar.static_panels.finish import solved
from panelvar.static_panels.fixed import fit_fixed_effects, within_model
from panelvar.static_panels.pooled import centred_model, fit_pooled
from panelvar.static_panels.result import LinearResult

_OPTIONS = {"constant", "weights", "cov", "convention", "missing", "collinear"}
_SHARED = ("entities", "times", "time_positions", "entity_labels", "time_labels", "index")
"""What designs of the same rows know alike."""


def fit_together(
    fit: Callable[..., Any], panel: Panel, models: Sequence[tuple[Any, ...]], options: Mapping[str, Any]
) -> dict[int, LinearResult]:
    """Fit those models that can share a pass over the panel.

    Parameters
    ----------
    fit : callable
        An estimator: `fit_pooled` and `fit_fixed_effects` are known here.
    panel : Panel
    models : sequence of tuples
        What the estimator takes after the data: a formula, or a dependent variable and regressors.
    options : mapping
        Further arguments of the estimator.

    Returns
    -------
    dict
        Results by the place of the model; whose place is missing is left to the estimator, and so are its warnings.
    """
    within = fit is fit_fixed_effects
    if not within and fit is not fit_pooled:
        return {}
    if len(models) < 2 or panel.nobs <= BLOCK_ROWS or not set(options) <= _OPTIONS | ({"effects"} if within else set()):
        return {}
    try:
        convention = as_convention(options.get("convention", "default"))
        for name in ("missing", "collinear"):
            choose(name, options.get(name, "drop"), DROP_OR_RAISE)
    except PanelVarError:
        return {}
    groups: dict[Any, list[tuple[int, Design]]] = {}
    factors, sums = Factors(panel), _Sums()
    for i, model in enumerate(models):
        y, x = model if len(model) == 2 else (*model, None)
        effects = None
        try:
            if within:
                y, effects = with_effects(y, x, options.get("effects"))
                effects = read_names("effects", effects)
            design = every_row(panel, y, x, options.get("constant"), options.get("weights"), factors)
        except PanelVarError:
            continue
        if design.names and all(math.isfinite(sums(column)) for column in design.columns):
            groups.setdefault((design.constant, effects), []).append((i, design))
    found: dict[int, LinearResult] = {}
    for (_, effects), members in groups.items():
        if len(members) > 1:
            shared = _Shared.of([design for _, design in members], effects, convention, sums)
            if shared is not None:
                results = shared.results([i for i, _ in members], convention, options)
                found.update(results)
    return found


class _Sums:
    """Sums of columns, each column read once."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[float, Column]] = {}

    def __call__(self, column: Column) -> float:
        """Return the sum, which is finite if no value is missing or infinite."""
        # The column is kept with its sum, so that no other can have its identity.
        if id(column) not in self._known:
            with np.errstate(over="ignore", invalid="ignore"):
                self._known[id(column)] = (float(column.sum()), column)
        return self._known[id(column)][0]


@dataclass(frozen=True, eq=False)
class _Shared:
    """Models on the same rows, and the model of all their columns.

    Attributes
    ----------
    designs : list of Design
        The models.
    places : list of (k + 1,) arrays
        Their columns among those of all, the dependent variable last.
    whole : TransformedModel
        All columns, transformed; its triangle holds their lengths alone.
    products : SharedProducts
    """

    designs: list[Design]
    places: list[Positions]
    whole: TransformedModel
    products: SharedProducts

    @classmethod
    def of(cls, designs: list[Design], effects: Any, convention: Convention, sums: _Sums) -> _Shared | None:
        """Transform the columns of all models; None where the rows are not the same, or cannot be transformed."""
        columns: dict[int, tuple[int, Array]] = {}
        for each in (*(column for design in designs for column in design.x), *(design.y for design in designs)):
            columns.setdefault(id(each), (len(columns), each))
        regressors = len({id(column) for design in designs for column in design.x})
        places = [np.array([columns[id(each)][0] for each in design.columns]) for design in designs]
        every = [column for _, column in columns.values()]
        first = designs[0]
        union = replace(first, names=("",) * (len(every) - 1), x=tuple(every[:-1]), y=every[-1])
        products = SharedProducts(regressors)
        try:
            if union.weights is None:
                union.__dict__["means"] = np.array([*map(sums, every)]) / union.nobs
            elif not np.isfinite(union.weights).all():
                return None
            else:
                union = complete(union, "raise")
            if effects is None:
                whole = centred_model(union, factor=products.lengths)
            else:
                whole = within_model(union, effects, convention, factor=products.lengths)
        except PanelVarError:
            return None
        return cls(designs, places, whole, products)

    def results(
        self, numbers: Sequence[int], convention: Convention, options: Mapping[str, Any]
    ) -> dict[int, LinearResult]:
        """Return the results of the models that can be fitted, by the numbers they bear."""
        made = {i: self.products.triangle(places) for i, places in enumerate(self.places)}
        triangles = {i: triangle for i, triangle in made.items() if triangle is not None}
        careful = [i for i in made if i not in triangles]
        if careful:
            by_qr = factored(self._rows, [self.places[i] for i in careful])
            triangles.update(zip(careful, by_qr, strict=True))
        # Found once, before the models take them over.
        for name in ("entities", "times"):
            getattr(self.whole.design, name)
        fits: dict[int, Fit] = {}
        for i, triangle in sorted(triangles.items(), key=itemgetter(0)):
            try:
                fits[i] = solved(self._model(i, triangle), options.get("collinear", "drop"))
            except PanelVarError:
                continue
        estimates = self._estimates(fits, options.get("cov", "classical"), convention)
        return {
            numbers[i]: LinearResult(
                fit=fits[i], covariance=estimate, convention=convention, estimator=fits[i].model.estimator
            )
            for i, estimate in estimates.items()
        }

    @property
    def _rows(self) -> TransformedRows:
        rows = self.whole.rows
        assert rows is not None
        return rows

    def _model(self, i: int, triangle: Array) -> TransformedModel:
        whole, own, places = self.whole, self.designs[i], self.places[i]
        union, rows = whole.design, SelectedRows(self._rows, places)
        design = own.with_columns(rows.columns, weights=union.weights, kept=union.kept, notes=union.notes)
        design.__dict__.update({name: union.__dict__[name] for name in _SHARED if name in union.__dict__})
        design.__dict__["means"] = union.means[places]
        return replace(
            whole,
            source=design,
            design=design,
            rows=rows,
            triangle=triangle,
            raw_norms=whole.raw_norms[places],
            centre=whole.centre[places],
            moments=None,
        )

    def _estimates(self, fits: Mapping[int, Fit], cov: Any, convention: Convention) -> dict[int, CovarianceEstimate]:
        """Return the covariances of the fits, left out where one is refused."""
        found: dict[int, CovarianceEstimate] = {}
        clustered: list[int] = []
        specification = None
        for i, fit in fits.items():
            try:
                specification = resolve(cov, fit, convention)
                if isinstance(specification, Clustered) and specification.residuals in ("HC0", "HC1") and not fit.exact:
                    clustered.append(i)
                else:
                    found[i] = covariance_of(specification, fit, convention)
            except PanelVarError:
                continue
        if clustered:
            assert isinstance(specification, Clustered)
            found.update(self._clustered({i: fits[i] for i in clustered}, specification, convention))
        return found

    def _clustered(
        self, fits: Mapping[int, Fit], specification: Clustered, convention: Convention
    ) -> dict[int, CovarianceEstimate]:
        first = next(iter(fits.values()))
        found: dict[int, CovarianceEstimate] = {}
        try:
            dimensions, _, _ = dimensions_of(first, specification.by, "Clustering")
        except PanelVarError:
            return {}
        groupings = with_intersections(dimensions)
        by_grouping = [cluster_meats(self._rows, self.products, fits, self.places, grouping) for grouping in groupings]
        meats = {i: [found[i] for found in by_grouping] for i in fits if all(i in found for found in by_grouping)}
        for i, fit in fits.items():
            try:
                if i not in meats:
                    found[i] = covariance_of(specification, fit, convention)
                    continue
                known = partial(specification.of_meats, dimensions=dimensions, groupings=groupings, meats=meats[i])
                found[i] = covariance_of(known, fit, convention)
            except PanelVarError:
                continue
        return found

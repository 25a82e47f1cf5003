"""Linear models of one panel fitted together: their columns are read, transformed and multiplied once.

Models that have the same rows, constant, effects and weights share one pass. Each then has the triangle of its own
columns, and the end of every linear estimator makes its result. What is out of the ordinary in a model (rows that miss
values, a regressor that cannot be read, an option of another estimator, a factor of many levels) leaves it to be fitted
by itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

import numpy as np

from panelvar.core.base.arguments import DROP_OR_RAISE, read_names
from panelvar.core.base.arrays import Array, Mask, Positions
from panelvar.core.base.errors import PanelVarError, choose
from panelvar.data.formulas.design import Design, complete, every_row, only_first, rows_dropped
from panelvar.data.formulas.factors import Factors
from panelvar.data.formulas.formula_parts import with_effects
from panelvar.data.panel.panel import Panel
from panelvar.estimates.covariance.cluster_terms import dimensions_of, with_intersections
from panelvar.estimates.covariance.covariances import Clustered, CovarianceEstimate
from panelvar.estimates.covariance.named import covariance_of, resolve
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.fit import Fit
from panelvar.estimates.fit.presets import as_convention
from panelvar.estimates.fit.transformed_model import TransformedModel
from panelvar.kernels.linear.columns import factor_columns
from panelvar.kernels.linear.moments import PanelMoments
from panelvar.kernels.linear.rows import BLOCK_ROWS, TransformedRows
from panelvar.panels.batches.cluster_meats import cluster_meats
from panelvar.panels.batches.shared_rows import SelectedRows, SharedProducts, factor_by_qr
from panelvar.panels.random_effects.random import components_model, fit_random_effects
from panelvar.panels.static.finish import solved
from panelvar.panels.static.fixed import fit_fixed_effects, within_model
from panelvar.panels.static.pooled import centred_model, fit_pooled
from panelvar.panels.static.result import LinearResult

Record = TypeVar("Record", Design, TransformedModel)

_OPTIONS = {"constant", "weights", "cov", "convention", "missing", "collinear"}
_KNOWN: dict[Callable[..., Any], set[str]] = {
    fit_pooled: set(),
    fit_fixed_effects: {"effects"},
    fit_random_effects: {"effects", "variance_components"},
}
"""Estimators whose models are fitted together, and what each takes beside."""
_SHARED = ("entities", "times", "time_positions", "entity_labels", "time_labels", "index")
"""What designs of the same rows know alike."""
_MOST_LEVELS = 90
"""Most columns of factors that are transformed as others are. The variance inflation factors of more, about two each
where levels have as many rows, add up to what keeps a model from cross products: a QR is then made for each, and its
estimator, which sums products by level, takes a tenth of the time."""


def fit_together(
    fit: Callable[..., Any], panel: Panel, models: Sequence[tuple[Any, ...]], options: Mapping[str, Any]
) -> dict[int, LinearResult]:
    """Fit those models that can share a pass over the panel.

    Parameters
    ----------
    fit : callable
        An estimator: `fit_pooled`, `fit_fixed_effects` and `fit_random_effects` are known here.
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
    if (
        fit not in _KNOWN
        or panel.plain
        or len(models) < 2
        or panel.nobs <= BLOCK_ROWS
        or not set(options) <= _OPTIONS | _KNOWN[fit]
    ):
        return {}
    random = None
    if fit is fit_random_effects:
        random = (options.get("effects", "entity"), options.get("variance_components", "swamy-arora"))
        if random[0] not in ("entity", "time") or options.get("weights") is not None:
            return {}
    try:
        convention = as_convention(options.get("convention", "default"))
        for name in ("missing", "collinear"):
            choose(name, options.get(name, "drop"), DROP_OR_RAISE)
    except PanelVarError:
        return {}
    groups: dict[Any, list[tuple[int, Design]]] = {}
    reader = _Reader(panel, options, fit is fit_fixed_effects)
    for i, model in enumerate(models):
        read = reader(model)
        if read is not None:
            design, effects, absent = read
            groups.setdefault((design.constant, effects, absent), []).append((i, design))
    found: dict[int, LinearResult] = {}
    for (_, effects, absent), members in groups.items():
        if len(members) > 1:
            designs = [reader.with_counts(design) for _, design in members] if absent else [own for _, own in members]
            shared = _Shared.of(designs, effects, convention, None if absent else reader.sum, random)
            if shared is not None:
                results = shared.results([i for i, _ in members], convention, options)
                found.update(results)
    return found


class _Reader:
    """Reads models as designs on all rows of a panel; each column is read, and looked through, once."""

    def __init__(self, panel: Panel, options: Mapping[str, Any], within: bool) -> None:
        self._panel = panel
        self._options = options
        self._within = within
        self._factors = Factors(panel)
        # Columns are kept with their sums, so that no other can have their identity.
        self._known: dict[int, tuple[float, Array]] = {}
        self._alike: dict[tuple[str, ...], tuple[Design, Any]] = {}
        self._absent: dict[int, Mask] = {}
        self._numbers: dict[bytes, int] = {b"": 0}

    def __call__(self, model: tuple[Any, ...]) -> tuple[Design, Any, int] | None:
        """Return the design of a model, its effects, and which rows it misses; None where it is left to the estimator.

        Which rows are missed is a number, alike for the same rows and zero for none.
        """
        y, x = model if len(model) == 2 else (*model, None)
        names = None if x is None else tuple(x)
        try:
            if names in self._alike and y not in names:
                # Another outcome of regressors that have been read.
                like, effects = self._alike[names]
                design = replaced(like, dependent=y, y=self._factors.column(y))
            else:
                effects = None
                if self._within:
                    y, effects = with_effects(y, x, self._options.get("effects"))
                    effects = read_names("effects", effects)
                constant, weights = self._options.get("constant"), self._options.get("weights")
                design = every_row(self._panel, y, x, constant, weights, self._factors)
        except PanelVarError:
            return None
        if not design.names or len(factor_columns(design.columns)) > _MOST_LEVELS:
            return None
        # Models know a column that they share by its array.
        design = design.with_columns(design.arrays)
        if names is not None:
            self._alike[names] = design, effects
        absent = self._missed(design)
        return None if absent is None else (design, effects, absent)

    def _missed(self, design: Design) -> int | None:
        """Return a number for the rows that a model misses; None where it is left to the estimator."""
        wanting = [column for column in design.arrays if not math.isfinite(self.sum(column))]
        if not wanting:
            return 0
        if self._options.get("missing") == "raise":
            return None
        masks = []
        for column in wanting:
            if id(column) not in self._absent:
                self._absent[id(column)] = np.isnan(column)
            masks.append(self._absent[id(column)])
        # Infinite values, or a sum that leaves the range of numbers.
        if not all(mask.any() for mask in masks):
            return None
        missed = masks[0] if len(masks) == 1 else np.logical_or.reduce(masks)
        return self._numbers.setdefault(np.packbits(missed).tobytes(), len(self._numbers))

    def with_counts(self, design: Design) -> Design:
        """Return a design with the note on the rows that it misses."""
        named = zip((design.dependent, *design.names), (design.y, *design.x), strict=True)
        masks = [(name, self._absent[id(column)]) for name, column in named if id(column) in self._absent]
        absent = np.logical_or.reduce([mask for _, mask in masks])
        counts = [(name, int(mask.sum())) for name, mask in masks]
        return design.with_notes(
            rows_dropped(int(absent.sum()), design.nobs, counts, first=only_first(design.panel, absent))
        )

    def sum(self, column: Array) -> float:
        """Return the sum of a column, which is finite if no value is missing or infinite."""
        if id(column) not in self._known:
            total = self._factors.sums.get(id(column))
            if total is None:
                with np.errstate(over="ignore", invalid="ignore"):
                    total = float(column.sum())
            self._known[id(column)] = total, column
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
        Of random effects, less the means of their levels.
    products : SharedProducts
    convention : Convention
    random : (str, str) or None
        Of random effects, the dimension and how variances are estimated.
    """

    designs: list[Design]
    places: list[Positions]
    whole: TransformedModel
    products: SharedProducts
    convention: Convention
    random: tuple[str, str] | None

    @classmethod
    def of(
        cls,
        designs: list[Design],
        effects: Any,
        convention: Convention,
        sums: Callable[[Array], float] | None,
        random: tuple[str, str] | None,
    ) -> _Shared | None:
        """Transform the columns of all models; None where they cannot be.

        ``sums`` gives those of columns without missing values; None where rows miss some, the same in all models.
        """
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
            if union.weights is not None and not np.isfinite(union.weights).all():
                return None
            if sums is None:
                union = complete(union, "drop")
            elif union.weights is None:
                union.__dict__["means"] = np.array([*map(sums, every)]) / union.nobs
            else:
                union = complete(union, "raise")
            if random is not None:
                # Levels with a single row have a mean as others have.
                kept = convention.but(name=convention.name, singletons="keep")
                whole = within_model(union, random[0], kept, products.add_up)
            elif effects is None:
                whole = centred_model(union, factor=products.add_up)
            else:
                whole = within_model(union, effects, convention, products.add_up)
        except PanelVarError:
            return None
        return cls(designs, places, whole, products, convention, random)

    def results(
        self, numbers: Sequence[int], convention: Convention, options: Mapping[str, Any]
    ) -> dict[int, LinearResult]:
        """Return the results of the models that can be fitted, by the numbers they bear."""
        # Found once, before the models take them over.
        for name in ("entities", "times"):
            getattr(self.whole.design, name)
        collinear = options.get("collinear", "drop")
        triangles = [self.products.triangle(places) for places in self.places]
        careful = [places for places, triangle in zip(self.places, triangles, strict=True) if triangle is None]
        by_qr = iter(factor_by_qr(self._rows, careful) if careful else [])
        fits: dict[int, Fit] = {}
        for i, triangle in enumerate(triangles):
            triangle = next(by_qr) if triangle is None else triangle
            try:
                fits[i] = solved(self._model(i, triangle), collinear)
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
        design = replaced(own, weights=union.weights, kept=union.kept)
        # Arrays are made of them for who asks.
        del design.__dict__["x"], design.__dict__["y"]
        design.__dict__["columns"] = rows.columns
        design.__dict__.update({name: union.__dict__[name] for name in _SHARED if name in union.__dict__})
        design.__dict__["means"] = union.means[places]
        if self.random is not None:
            (levels,), (grouping,) = rows.tables, rows.groupings
            moments = PanelMoments(grouping.sizes.astype(np.float64), grouping.mass(), levels, triangle)
            return components_model(design, *self.random, self.convention, moments=moments)
        return replaced(
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
        estimates: dict[int, CovarianceEstimate] = {}
        clustered: dict[int, Fit] = {}
        specification = None
        for i, fit in fits.items():
            try:
                specification = resolve(cov, fit, convention)
                plain = isinstance(specification, Clustered) and specification.residuals in ("HC0", "HC1")
                if plain and self.random is None and not fit.exact:
                    clustered[i] = fit
                else:
                    estimates[i] = covariance_of(specification, fit, convention)
            except PanelVarError:
                continue
        if not clustered:
            return estimates
        assert isinstance(specification, Clustered)
        try:
            dimensions, _, _ = dimensions_of(next(iter(clustered.values())), specification.by, "Clustering")
        except PanelVarError:
            return estimates
        groupings = with_intersections(dimensions)
        by_grouping = [cluster_meats(self._rows, self.products, clustered, self.places, one) for one in groupings]
        for i, fit in clustered.items():
            known: Any = specification
            if all(i in meats for meats in by_grouping):
                meats = [meats[i] for meats in by_grouping]
                known = partial(specification.of_meats, dimensions=dimensions, groupings=groupings, meats=meats)
            try:
                estimates[i] = covariance_of(known, fit, convention)
            except PanelVarError:
                continue
        return estimates


def replaced(record: Record, **changes: Any) -> Record:
    """Return a record with other fields, and nothing of what it has found out: `dataclasses.replace`, but faster."""
    new: Record = object.__new__(type(record))
    fields = type(record).__dataclass_fields__
    new.__dict__.update({name: value for name, value in record.__dict__.items() if name in fields}, **changes)
    return new

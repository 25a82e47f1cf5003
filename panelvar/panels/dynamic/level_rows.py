"""The rows of a dynamic panel in levels: what its coefficients predict there, and what margins ask of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.core.base.chosen_names import level_of
from panelvar.core.base.quoting import in_backticks
from panelvar.data.formulas.design import CONSTANT, Design
from panelvar.data.panel.panel import Panel
from panelvar.data.streams.reading import no_rows
from panelvar.estimates.fit.sample import Sample, sample_of
from panelvar.kernels.linear.qr import Dropped
from panelvar.panels.dynamic.cube import read_columns
from panelvar.panels.dynamic.dynamic_model import DynamicModel
from panelvar.panels.static.predictions import caller_index, dated_like, read_rows

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class LevelFit:
    """Coefficients of a dynamic panel beside its rows in levels (`panelvar.panels.static.fitted_model.FitInLevels`).

    Attributes
    ----------
    source : Design
        The complete rows of the entities in use; columns are named as a formula computes them.
    names, added : tuple of str
        All coefficients, and those of the dummies of periods.
    coefficients : (m,) array
    constant : bool
    effects : tuple of str
    exact : bool
    """

    source: Design
    names: tuple[str, ...]
    added: tuple[str, ...]
    coefficients: Array
    constant: bool
    effects: tuple[str, ...]
    exact: bool

    family = "fixed"
    dropped: tuple[Dropped, ...] = ()

    @property
    def slope_names(self) -> tuple[str, ...]:
        """Names of the coefficients but the constant."""
        return self.source.names

    @property
    def design(self) -> Design:
        """The rows."""
        return self.source

    @property
    def sample(self) -> Sample:
        """How many rows there are."""
        return sample_of(self.source.dependent, self.source.nobs, self.source.entities)

    def rows_or_refuse(self, what: str) -> None:
        """Rows are always there: a model of a stream has no such fit."""


def level_fit(model: DynamicModel, coefficients: Array, *, exact: bool) -> LevelFit:
    """Lay coefficients (m,) beside the rows in levels.

    Raises
    ------
    RowsNotKeptError
        The rows are those of a stream.
    """
    from panelvar.data.formulas.formula import regressors

    panel = _panel_of(model)
    spec, dependent = model.specification, model.specification.dependents[0]
    kept = _complete_rows(model, panel)
    columns, names = _columns(model, panel), list(model.regressors)
    texts = (*lag_terms(panel, dependent, spec.lags), *(in_formula(panel, name) for name in spec.regressors))
    for place, text in enumerate(texts):
        names[place] = regressors(f"y ~ 0 + {text}", panel)[0][0]
    slopes = [place for place, name in enumerate(names) if not (spec.constant and name == CONSTANT)]
    source = Design(
        panel,
        dependent,
        tuple(names[place] for place in slopes),
        read_columns(panel, (dependent,))[0][kept],
        tuple(columns[place][kept] for place in slopes),
        constant=spec.constant,
        kept=kept,
        formula=f"y ~ 0 + {' + '.join(texts)}",
    )
    return LevelFit(source, tuple(names), _dummies(model), coefficients, spec.constant, model.effects, exact)


def lag_terms(panel: Panel, dependent: str, lags: int) -> tuple[str, ...]:
    """Write the lags of a dependent variable, a column or an expression of columns, as a formula takes them."""
    own = in_formula(panel, dependent)
    return tuple(f"L({own}, {lag})" for lag in range(1, lags + 1))


def in_formula(panel: Panel, name: str) -> str:
    """Write a column or an expression of columns as a formula takes it."""
    return in_backticks(name) if name in panel.names else name


def predict_levels(model: DynamicModel, coefficients: Array, data: object) -> pd.Series:
    """Predict the dependent variable in levels, without the entities' effects, for the model's own rows or others."""
    import pandas as pd

    own = _panel_of(model)
    if data is None:
        panel, kept = own, _complete_rows(model, own)
        values = _columns(model, own)[:, kept].T @ coefficients
        return pd.Series(values, index=panel.index[kept], name="predicted")
    panel = data if isinstance(data, Panel) else dated_like(own, data)
    rows = read_rows(panel, data)
    return pd.Series(rows.arranged(_columns(model, panel).T @ coefficients), index=caller_index(rows), name="predicted")


def _panel_of(model: DynamicModel) -> Panel:
    if not isinstance(model.panel, Panel):
        raise no_rows("A prediction")
    return model.panel


def _complete_rows(model: DynamicModel, panel: Panel) -> NDArray[np.intp]:
    """Places of the complete rows of entities in use, among the rows of the panel."""
    place = np.full(panel.n_entities, -1, dtype=np.intp)
    place[model.entities] = np.arange(len(model.entities))
    own = place[panel.entity_codes]
    complete = model.kept.levels.used[np.searchsorted(model.kept.dates, panel.time_positions), own]
    return np.flatnonzero(complete & (own >= 0))


def _columns(model: DynamicModel, panel: Panel) -> Array:
    """All regressors (m, rows) of the rows of a panel, in levels; NaN where one is missing.

    A period that the model has no effect of has none to add: its rows are missing.
    """
    spec = model.specification
    outcome, *others = read_columns(panel, (spec.dependents[0], *spec.regressors))
    columns = [*(panel.lag(outcome, lag) for lag in range(1, spec.lags + 1)), *others]
    if spec.constant:
        columns.append(np.ones(panel.nobs))
    if spec.time_effects:
        known = set(map(str, _panel_of(model).calendar.labels_at(model.periods)))
        texts = np.array(list(map(str, panel.calendar.labels_at(panel.time_positions))), dtype=object)
        unseen = np.array([text not in known for text in texts], dtype=bool)
        columns += [np.where(unseen, np.nan, texts == level_of(name)[1]) for name in _dummies(model)]
    return np.array(columns, dtype=np.float64)


def _dummies(model: DynamicModel) -> tuple[str, ...]:
    """Names of the coefficients of periods, which stand last."""
    spec = model.specification
    return model.regressors[spec.lags + len(spec.regressors) + spec.constant :]

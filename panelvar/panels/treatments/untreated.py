"""Rows without treatment: which there are, their regression, and what it takes from averages of other rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array, Mask
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import InsufficientDataError, Note
from panelvar.core.base.labels import listed
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.fit import Fit
from panelvar.panels.static.effects import level_tables
from panelvar.panels.static.finish import solved
from panelvar.panels.static.fixed import within_model
from panelvar.panels.treatments.group_time import Cells
from panelvar.panels.treatments.staggered import Staggered

# Notes of the regression of untreated rows that say nothing about the effects.
_OF_NO_USE = ("no-slopes", "singletons-kept")
_NAMED = 5


def imputable(rows: Staggered, early: int) -> tuple[Staggered, Mask, list[Note]]:
    """Return the rows that are untreated or can be imputed, which of them are untreated, and what was left out."""
    notes: list[Note] = []
    untreated = ~rows.treated
    untreated[rows.treated] = rows.since[rows.treated] < -early
    if not untreated.any():
        raise InsufficientDataError("Every row is treated, so there is nothing to impute from.")
    entities, periods = rows.design.entities, rows.period
    known = np.zeros(entities.n_groups, dtype=bool)
    known[entities.codes[untreated]] = True
    seen = np.zeros(len(rows.cohorts.periods), dtype=bool)
    seen[periods[untreated]] = True
    alone, late = ~known[entities.codes], ~seen[periods]
    if alone.any():
        who = list(map(str, rows.design.entity_labels[~known]))
        text = (
            f"{count_of(int(alone.sum()), 'row')} of {count_of(len(who), 'entity', 'entities')} without an untreated "
            f"row are left out: {listed(who, _NAMED)}."
        )
        notes.append(Note("always-treated", text, warn=True))
    if (late & ~alone).any():
        labels = rows.design.panel.calendar.labels_at(np.unique(rows.design.panel.time_positions))[~seen]
        text = (
            f"{count_of(int((late & ~alone).sum()), 'row')} of periods in which all are treated are left out: "
            f"{listed(list(map(str, labels)), _NAMED)}."
        )
        notes.append(Note("no-comparison", text, warn=True))
    kept = ~alone & ~late
    if untreated[kept].all():
        raise InsufficientDataError(
            "No treated row can be imputed: there must be untreated rows of its entity and period."
        )
    return rows.take(kept), untreated[kept], notes


def treated_cells(rows: Staggered, untreated: Mask) -> tuple[Cells, NDArray[np.intp]]:
    """Return the cells of the treated rows, and the cell of each of these."""
    chosen = ~untreated
    joint = rows.cohort[chosen] * len(rows.cohorts.periods) + rows.period[chosen]
    distinct, codes = np.unique(joint, return_inverse=True)
    at, when = np.divmod(distinct, len(rows.cohorts.periods))
    weights = rows.design.weights
    mass = np.bincount(codes, None if weights is None else weights[chosen]).astype(np.float64)
    return Cells(at, when, rows.cohorts.periods[when] - rows.cohorts.first[at], mass), codes


class Weighed(NamedTuple):
    """What the regression of the untreated rows takes from averages over rows.

    Attributes
    ----------
    taken : (N, cells) array
        By the residuals of each entity.
    squares : (cells,) array
        The sum of squares of the weights, over the weights of rows, that the untreated rows have by it.
    """

    taken: Array
    squares: Array


@dataclass(frozen=True, eq=False)
class Untreated:
    """The regression of the untreated rows.

    Attributes
    ----------
    staggered : Staggered
        All rows.
    rows : (n,) array of bool
        Which of them are untreated.
    fit : Fit
    differences : (n,) array
        What the outcomes of all rows differ from those without treatment: of untreated rows their residuals.
    """

    staggered: Staggered
    rows: Mask
    fit: Fit
    differences: Array

    @classmethod
    def of(cls, rows: Staggered, untreated: Mask, convention: Convention) -> Untreated:
        """Fit it, and refuse rows whose effects cannot be compared."""
        design = rows.design
        entity, period = design.entities.codes[untreated], rows.period[untreated]
        fit = solved(within_model(design.take(np.flatnonzero(untreated)), "twoway", convention), "drop")
        absorbed = fit.absorbed
        assert absorbed is not None
        if absorbed.n_components != 1:
            raise InsufficientDataError(
                f"The untreated rows fall into {absorbed.n_components} parts that share neither an entity nor a "
                "period. Effects of entities and periods of different parts cannot be compared, so nothing can be "
                "imputed."
            )
        of_entities, of_periods = (
            table[grouping.codes] for table, grouping in zip(level_tables(fit), absorbed.groupings, strict=True)
        )
        entity_effects = np.full(design.entities.n_groups, np.nan)
        period_effects = np.full(len(rows.cohorts.periods), np.nan)
        entity_effects[entity], period_effects[period] = of_entities, of_periods
        x = _regressors(rows, fit)
        differences = design.y - entity_effects[design.entities.codes] - period_effects[rows.period] - fit.slopes @ x
        return cls(rows, untreated, fit, differences)

    @property
    def notes(self) -> tuple[Note, ...]:
        """What the regression says of the effects."""
        return tuple(note for note in self.fit.notes if note.code not in _OF_NO_USE)

    def weigh_residuals(self, chosen: Mask, of_row: NDArray[np.intp], weights: Array) -> Weighed:
        r"""Return what the residuals of each entity's untreated rows take from averages of differences.

        With F the indicators of periods and the regressors, less their entity's means over its untreated rows, the
        weights of the untreated rows in an effect are :math:`-\Omega F (F'\Omega F)^{-1} F_1'w`, but for a number an
        entity, which its residuals do not see.

        Parameters
        ----------
        chosen : (n,) array of bool
            The rows that are averaged, treated or not.
        of_row : (m,) array of int
            The average that each of these is in.
        weights : (m,) array
            Its weight there.
        """
        untreated, (gram, shares, within, places) = self.rows, self._products
        entities = self.staggered.design.entities
        n, last, cells = entities.n_groups, shares.shape[1], int(of_row.max()) + 1
        target = np.zeros((len(gram), cells))
        entity = entities.codes[chosen]
        target[:last] = np.bincount(places[chosen] * cells + of_row, weights, last * cells).reshape(last, cells)
        for j, share in enumerate(shares.T):
            target[j] -= np.bincount(of_row, weights * share[entity], cells)
        for j, column in enumerate(within[:, chosen], last):
            target[j] = np.bincount(of_row, weights * column, cells)
        # The indicators of all periods add up to the entity's, so that one is left out.
        loadings = np.zeros_like(target)
        loadings[1:] = np.linalg.solve(gram[1:, 1:], target[1:])
        left, own = self._weights[untreated] * self.differences[untreated], entities.codes[untreated]
        by_period = np.bincount(own * last + places[untreated], left, n * last).reshape(n, last)
        sums = [np.bincount(own, left * column, n) for column in within[:, untreated]]
        return Weighed(np.column_stack([by_period, *sums]) @ loadings, np.einsum("jc,jc->c", target, loadings))

    @cached_property
    def _weights(self) -> Array:
        design = self.staggered.design
        return np.ones(design.nobs) if design.weights is None else design.weights

    @cached_property
    def _products(self) -> tuple[Array, Array, Array, NDArray[np.intp]]:
        """Return the products of F, shares of periods in an entity, regressors and periods of all rows.

        F has the indicators of periods first. Its regressors are orthonormal in the untreated rows and orthogonal to
        the indicators.
        """
        untreated, entities = self.rows, self.staggered.design.entities
        n, own = entities.n_groups, entities.codes[untreated]
        present = np.unique(self.staggered.period[untreated])
        last, places = len(present), np.searchsorted(present, self.staggered.period)
        omega, x = self._weights[untreated], _regressors(self.staggered, self.fit)
        mass = np.bincount(own, omega, n)
        shares = np.bincount(own * last + places[untreated], omega, n * last).reshape(n, last) / mass[:, None]
        centres = [np.bincount(own, omega * column[untreated], n) / mass for column in x]
        within = np.array([column - centre[entities.codes] for column, centre in zip(x, centres, strict=True)])
        within = within.reshape(x.shape)
        periods = np.diag(np.bincount(places[untreated], omega, last)) - shares.T @ (shares * mass[:, None])
        # Less what periods explain and orthonormal, which spans the same: a regressor may be close to periods' effects.
        # Twice, since the first time leaves rounding of the size of what it takes out.
        for _ in range(2):
            for column in within:
                slopes = np.zeros(last)
                sums = np.bincount(places[untreated], omega * column[untreated], last)
                slopes[1:] = np.linalg.solve(periods[1:, 1:], sums[1:])
                column -= slopes[places] - (shares @ slopes)[entities.codes]
        _, triangle = np.linalg.qr((np.sqrt(omega) * within[:, untreated]).T)
        within = np.linalg.solve(triangle.T, within)
        gram = np.zeros((last + len(x),) * 2)
        gram[:last, :last] = periods
        gram[last:, last:] = np.eye(len(x))
        return gram, shares, within, places


def _regressors(rows: Staggered, fit: Fit) -> Array:
    """Return the regressors that the regression of the untreated rows has slopes of, on all rows, (k, n)."""
    return np.array([rows.design.x[place] for place in fit.kept]).reshape(-1, rows.design.nobs)

"""Entities of a panel as the members of a batch: their rows for any lag order, each on its own calendar."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from panelvar.core.base.arguments import read_labels, read_names
from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import DataError, Note, SpecificationError
from panelvar.core.base.labels import repeated
from panelvar.data.panel.panel import Panel
from panelvar.data.panel.series import refuse_infinite
from panelvar.kernels.dynamics.batched_lags import triangles
from panelvar.kernels.dynamics.gaps import on_every_period, rows_with_lags
from panelvar.kernels.dynamics.lag_problem import stack_lags
from panelvar.kernels.dynamics.terms import Terms, terms_within
from panelvar.systems.batches.member_fits import BatchData, MemberFits
from panelvar.systems.var.var import values_missing

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Entities:
    """Entities of a panel, each on its own calendar."""

    panel: Panel
    columns: Array
    n_vars: int
    terms: Terms

    @property
    def periods(self) -> Positions:
        """Periods from the first row of each entity to its last."""
        return np.array([len(grid) for grid, _ in self._grids])

    @cached_property
    def _grids(self) -> list[tuple[Array, Array]]:
        """Variables (T, K) and terms (T, d) of each entity in every period of its own."""
        found = []
        for first, stop in pairwise(self.panel.starts.tolist()):
            grid = on_every_period(self.columns[first:stop], self.panel.time_positions[first:stop])
            variables, others = grid[:, : self.n_vars], grid[:, self.n_vars :]
            found.append((variables, self.terms.over(len(grid), others if self.terms.exogenous else None)))
        return found

    def _stack(self, entity: int, order: int) -> Array:
        """Rows of an entity whose variables, lags and terms are all there."""
        grid, beside = self._grids[entity]
        whole = np.flatnonzero(np.isfinite(grid).all(axis=1))
        rows = whole[rows_with_lags(whole, order)]
        if self.terms.exogenous:
            rows = rows[np.isfinite(beside[rows]).all(axis=1)]
        return stack_lags(grid, order, beside, rows)

    def factors(self, order: int, some: Positions) -> tuple[Array, Positions]:
        """Triangles of [terms, lags, Y] of some entities, and the rows behind each."""
        stacks = [self._stack(one, order) for one in some.tolist()]
        counts = np.array([len(stack) for stack in stacks])

        def fill(first: int, stop: int, out: Array) -> None:
            out[:] = 0.0
            for place, stack in enumerate(stacks[first:stop]):
                out[place, : len(stack)] = stack

        width = self.terms.count + (order + 1) * self.n_vars
        return triangles((len(stacks), int(counts.max(initial=1)), width), fill), counts

    def dropped(self, names: Sequence[str], found: MemberFits) -> list[Note]:
        """Say how many rows are left out at these lag orders, for missing values and after gaps."""
        codes, positions, starts = self.panel.entity_codes, self.panel.time_positions, self.panel.starts
        places, lost, gaps = positions - positions[starts[:-1]][codes], 0, 0
        for order in np.unique(found.orders[found.orders >= 0]).tolist():
            some, first = found.orders == order, max(order, self.terms.exogenous_lags)
            unbroken = int(np.count_nonzero(some[codes[rows_with_lags(positions, first, codes)]]))
            lost += unbroken - int(found.fits.nobs[some].sum())
            gaps += int(np.count_nonzero(some[codes] & (places >= first))) - unbroken
        notes = [*values_missing((~np.isfinite(self.columns)).sum(axis=0), names, lost, "drop")]
        if gaps:
            text = (
                f"{count_of(gaps, 'row after a gap has', 'rows after gaps have')} no lags and "
                f"{'was' if gaps == 1 else 'were'} dropped."
            )
            notes.append(Note("rows-gaps", text, warn=True))
        return notes


def entities_of(
    panel: Panel, names: Sequence[Hashable] | None, exogenous: object, beside: tuple[str, int, int]
) -> tuple[Entities, BatchData]:
    """One member an entity."""
    others = [] if exogenous is None else list(map(str, read_names("exogenous", exogenous)))
    own = (panel.entity_name, panel.time_name, *others)
    listed = panel.names if names is None else read_labels("columns", names)
    chosen = [str(name) for name in listed if names is not None or name not in own]
    if not chosen:
        raise DataError("No columns are left for the vector autoregressions. Name them with columns=.")
    if twice := repeated(chosen):
        raise SpecificationError(f"Variable names repeat: {twice}.")
    if twice := [name for name in chosen if name in others]:
        raise SpecificationError(f"{twice} are both variables of the VAR and exogenous. Name them once.")
    columns = np.column_stack([panel.column(name) for name in (*chosen, *others)])
    refuse_infinite(columns, [*chosen, *others])
    spans = panel.time_positions[panel.starts[1:] - 1] - panel.time_positions[panel.starts[:-1]] + 1
    terms = terms_within(int(spans.max()), beside[0], beside[1], tuple(others), beside[2])
    table = BatchData(panel.entity_labels, tuple(chosen), terms, _Entity(panel, columns, tuple(chosen), terms))
    return Entities(panel, columns, len(chosen), terms), table


@dataclass(frozen=True, eq=False)
class _Entity:
    """The rows of one entity of a panel, its exogenous variables apart."""

    panel: Panel
    columns: Array
    names: tuple[str, ...]
    terms: Terms

    def __call__(self, label: Any, order: int) -> tuple[pd.DataFrame, pd.DataFrame | None]:
        import pandas as pd

        panel, entity = self.panel, self.panel.entity_labels.tolist().index(label)
        part = slice(int(panel.starts[entity]), int(panel.starts[entity + 1]))
        index = panel.calendar.labels_at(panel.time_positions[part])
        frame = pd.DataFrame(self.columns[part], index=index, columns=[*self.names, *self.terms.exogenous])
        return frame[list(self.names)], frame[list(self.terms.exogenous)] if self.terms.exogenous else None

"""A dependent variable and regressors of a panel, read for cointegration: each entity's columns without gaps."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from panelvar.core.base.arguments import DROP_OR_RAISE, read_flag
from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import (
    CollinearityError,
    DataError,
    InsufficientDataError,
    PanelVarError,
    SpecificationError,
    choose,
)
from panelvar.data.formulas.design import Design, build_design
from panelvar.data.formulas.effects_after_bar import read_period_effects
from panelvar.kernels.linear.qr import ROUNDING
from panelvar.kernels.linear.unit_regressions import stacked_triangles
from panelvar.nonstationary.panel_series.entity_values import EntityValues, note_entities_left_out, read_usable
from panelvar.nonstationary.unit_roots.one_series import stretch

SERIES = "the series"
"""What one series is called among entities."""


def called(label: Hashable) -> str:
    """Name an entity at the beginning of a message, where a label alone may be read as a number."""
    return "The series" if label == SERIES else f"Entity {label!r}"


@dataclass(frozen=True, eq=False)
class PanelSystem(EntityValues):
    """A dependent variable and m regressors of N entities, (T_i, 1 + m) values each, the dependent variable first.

    Attributes
    ----------
    design : Design
        The rows in use, sorted by entity, then time.
    """

    design: Design

    @property
    def variables(self) -> tuple[str, ...]:
        """The dependent variable and the regressors."""
        return (self.dependent, *self.names)

    def called(self, place: int) -> str:
        """The entity."""
        return called(self.labels[place])

    @property
    def dependent(self) -> str:
        """Name of the dependent variable."""
        return self.design.dependent

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the regressors."""
        return self.design.names

    @property
    def n_regressors(self) -> int:
        """Number of regressors, m."""
        return len(self.design.names)

    def leaving_out(self, refused: Mapping[int, PanelVarError], unusable: str) -> PanelSystem:
        """Leave entities out, by their places, with a note that counts them; or refuse the panel.

        Raises
        ------
        PanelVarError
            ``unusable="raise"``, or no entity is left. The message is the first of the reasons.
        """
        if not refused:
            return self
        first = next(iter(refused.values()))
        if unusable == "raise":
            raise type(first)(f"{first} unusable='drop' leaves such entities out.")
        kept = [place for place in range(self.n_entities) if place not in refused]
        if not kept:
            raise type(first)(f"No entity can be used. {first}")
        ends = np.cumsum(self.periods)
        rows = np.concatenate([np.arange(ends[place] - self.periods[place], ends[place]) for place in kept])
        named = {self.labels[place]: why for place, why in refused.items()}
        return PanelSystem(
            tuple(self.labels[place] for place in kept),
            tuple(self.values[place] for place in kept),
            self.starts[kept],
            self.design.take(rows),
            notes=(*self.notes, *note_entities_left_out(named, self.n_entities)),
        )


def panel_system(
    data: object,
    y: str,
    x: Sequence[str] | str | None = None,
    *,
    demean: bool | None = None,
    unusable: str = "raise",
    missing: str = "drop",
    fewest: int = 2,
) -> PanelSystem:
    """Read a dependent variable and regressors of a panel with at least so many entities.

    The formula may name periods after its bar unless ``demean`` is None.

    Raises
    ------
    SpecificationError
        There is no regressor, or the formula has no constant: terms are chosen by ``trend=``.
    DataError, CollinearityError
        Under ``unusable="raise"``, an entity has gaps between its complete rows, a variable that does not vary, or a
        variable that is a combination of the others and a constant.
    InsufficientDataError
        Fewer entities can be used.
    """
    choose("unusable", unusable, DROP_OR_RAISE)
    if demean is not None:
        data, y, demean = read_period_effects(data, y, x, read_flag("demean", demean))
    design = build_design(data, y, x, missing=missing)
    if not design.names:
        raise SpecificationError("Cointegration needs at least one regressor.")
    if not design.constant:
        raise SpecificationError("The formula leaves the constant out. Say by trend= which terms the relation has.")
    rows = np.column_stack([design.y, *design.x])
    labels, bounds, positions = tuple(design.entity_labels), design.entity_starts, design.time_positions
    absent = {
        label: DataError(f"{called(label)} has no complete row.")
        for label in design.panel.entity_labels.difference(design.entity_labels, sort=False)
    }
    if absent and unusable == "raise":
        raise DataError(f"{next(iter(absent.values()))} unusable='drop' leaves such entities out.")

    def read(place: int) -> tuple[int, int]:
        first, last = int(bounds[place]), int(bounds[place + 1])
        _check(labels[place], (design.dependent, *design.names), rows[first:last], positions[first:last])
        return first, last

    spans, unsuitable = read_usable(labels, read, unusable)
    refused = {**absent, **unsuitable}
    if fewest == 1 == len(refused) and not spans:
        # One series: what is wrong with it is all there is to say.
        raise next(iter(refused.values()))
    if len(spans) < fewest:
        raise InsufficientDataError(
            f"Cointegration in a panel needs at least {'two entities' if fewest > 1 else 'one entity'}; "
            f"{len(spans)} of {len(spans) + len(refused)} can be used."
            + (
                f" The first that cannot: {next(iter(refused.values()))}"
                if refused
                else " For one entity use engle_granger_test or johansen_test."
            )
        )
    system = PanelSystem(
        tuple(labels[place] for place in spans),
        tuple(rows[first:last] for first, last in spans.values()),
        np.array([positions[first] for first, _ in spans.values()], dtype=np.intp),
        design.take(np.concatenate([np.arange(*span) for span in spans.values()])) if refused else design,
        notes=(*design.notes, *note_entities_left_out(refused, len(spans) + len(refused))),
    )
    system = replace(system, notes=(*system.notes, *system.repeats()))
    return system.demeaned() if demean else system


def _check(label: Hashable, names: tuple[str, ...], rows: Array, positions: Positions) -> None:
    """Refuse an entity whose rows are not consecutive, or whose variables do not vary or depend on one another."""
    holes = int(positions[-1] - positions[0] + 1 - len(positions))
    if holes:
        raise DataError(
            f"{called(label)} lacks {count_of(holes, 'period')} between its first complete row and its last. "
            "Consecutive periods are needed."
        )
    for name, column in zip(names, rows.T, strict=True):
        stretch(column, f"{name} of {label}")
    if len(rows) <= len(names):
        raise InsufficientDataError(
            f"{called(label)} has {count_of(len(rows), 'complete row')} for {len(names)} variables, and needs more."
        )
    centred = rows - rows.mean(axis=0)
    size = np.abs(centred).max(axis=0)
    r = stacked_triangles(centred / size)
    lengths = np.sqrt(np.square(r).sum(axis=0))
    # What is left of a column after those before it, beside its own length before centring.
    rounding = ROUNDING * lengths * (1.0 + np.abs(rows).max(axis=0) / size)
    flat = np.flatnonzero(np.abs(np.diagonal(r)) <= rounding)
    if flat.size:
        raise CollinearityError(
            f"{names[int(flat[0])]!r} of {label!r} is a combination of its other variables and a constant, so there is "
            "no error to test."
        )

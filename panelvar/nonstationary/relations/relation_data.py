"""From data to every entity's relation: its terms, regressors and dependent variable, in stacks of one length."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from panelvar.core.base.arrays import Array, Mask, Positions
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import (
    CollinearityError,
    InsufficientDataError,
    Note,
    NumericalError,
    PanelVarError,
    SpecificationError,
    choose,
)
from panelvar.core.base.scaling import exponents
from panelvar.data.formulas.design import CONSTANT, Design
from panelvar.data.panel.panel import Panel
from panelvar.estimates.fit.fit_checks import check_scale
from panelvar.kernels.linear.lag_windows import KERNELS
from panelvar.kernels.linear.long_run import LongRunCovariance
from panelvar.kernels.linear.qr import ROUNDING
from panelvar.kernels.linear.rows import column_norms
from panelvar.nonstationary.panel_series.panel_system import SERIES, PanelSystem, panel_system
from panelvar.nonstationary.relations.moments import LongRunChoices, RelationMoments, Stack, least_squares_moments
from panelvar.nonstationary.unit_roots.one_series import POWERS, check_trend, read_bandwidth
from panelvar.nonstationary.unit_roots.regressions import by_length, join_groups

TERM_NAMES = (CONSTANT, "trend", "trend_squared")


@dataclass(frozen=True, eq=False)
class RelationData:
    """The entities of a panel in stacks of one length, in powers of two of the columns' sizes.

    Attributes
    ----------
    system : PanelSystem
        The entities in use, in the caller's units.
    trend, unusable : str
        Terms, and what is done with entities that cannot be used.
    stacks : tuple of Stack
        Scaled: y over ``2 ** units[0]``, the regressors over ``2 ** units[1:]``.
    units : (1 + m,) integer array
    first_stage : RelationMoments
        Least squares of every entity, scaled.
    """

    system: PanelSystem
    trend: str
    unusable: str
    stacks: tuple[Stack, ...]
    units: Positions
    first_stage: RelationMoments

    @property
    def powers(self) -> int:
        """Number of terms, d."""
        return POWERS[self.trend]

    @property
    def term_names(self) -> tuple[str, ...]:
        """Names of the terms."""
        return TERM_NAMES[: self.powers]

    @property
    def coefficient_units(self) -> Positions:
        """Exponents that take coefficients of terms and regressors back to the caller's units, (d + m,)."""
        return np.concatenate((np.full(self.powers, self.units[0]), self.units[0] - self.units[1:]))

    def in_units(self, long_run: LongRunCovariance) -> LongRunCovariance:
        """Long-run covariances of errors and changes of the regressors in the caller's units."""
        powers = self.units[:, None] + self.units
        return long_run._replace(
            contemporaneous=np.ldexp(long_run.contemporaneous, powers),
            strictly_one_sided=np.ldexp(long_run.strictly_one_sided, powers),
            two_sided=np.ldexp(long_run.two_sided, powers),
        )

    def design(self) -> Design:
        """The rows, as they are used: less the means of their periods, say."""
        y, *x = np.concatenate(self.system.values).T
        return replace(self.system.design, y=y, x=tuple(x), constant=self.powers > 0)

    def dropping(self, refused: Mapping[int, PanelVarError]) -> RelationData:
        """Leave entities out, by their places, or refuse the panel."""
        if not refused:
            return self
        return stack_entities(self.system.leaving_out(refused, self.unusable), self.trend, self.unusable)


def read_relations(
    data: object,
    y: str,
    x: Sequence[str] | str | None,
    trend: str,
    demean: bool,
    unusable: str,
    missing: str,
    fewest: Callable[[int, int], int],
) -> RelationData:
    """Read the panel, or one entity, and refuse or leave out entities too short or without an error.

    Parameters
    ----------
    fewest : callable
        Periods that an entity must have, of the number of terms and of regressors.
    """
    powers = POWERS[check_trend(trend)]
    panel, notes = _as_entities(data)
    system = panel_system(panel, y, x, demean=demean, unusable=unusable, missing=missing, fewest=1)
    clash = set(system.names) & set(TERM_NAMES[:powers])
    if clash:
        raise SpecificationError(f"A regressor has the name of a term, {clash.pop()!r}. Rename it.")
    check_scale(system.design, column_norms(system.design.columns, None))
    least = fewest(powers, system.n_regressors)
    short = {
        place: InsufficientDataError(
            f"{system.called(place)} has {count_of(count, 'period')}, but {least} are needed to estimate "
            f"{count_of(powers, 'term')}, {count_of(system.n_regressors, 'regressor')} and their adjustment."
        )
        for place, count in enumerate(system.periods)
        if count < least
    }
    if short and notes is not None:
        raise short[0]
    system = system.leaving_out(short, unusable)
    system = replace(system, notes=(*system.notes, *(notes or ())))
    return stack_entities(system, trend, unusable)


def _as_entities(data: Any) -> tuple[object, tuple[Note, ...] | None]:
    """The data, or one series as a panel of one entity, and then what a reader should know; None if it is a panel."""
    if isinstance(data, Panel) or not hasattr(data, "iloc") or not hasattr(data, "columns") or data.index.nlevels > 1:
        return data, None
    panel = Panel(data, np.full(len(data), SERIES), data.index) if len(data) else Panel(data)
    counted = list(data.index) == list(range(len(data)))
    text = (
        "The rows are taken as consecutive periods of one series, since their index only counts them. If they are of "
        "several entities, give Panel(data, entity=..., time=...)."
    )
    return panel, (Note("one-series", text, warn=True),) if counted else ()


def stack_entities(system: PanelSystem, trend: str, unusable: str) -> RelationData:
    """Stack the entities and run the first stage, without entities whose columns depend on one another."""
    units = exponents(np.concatenate(system.values), axis=0)
    stacks = []
    for places, values in by_length(system.values):
        scaled = np.ldexp(values, -units)
        time = system.starts[places, None] + np.arange(1.0, values.shape[1] + 1.0)
        terms = time[..., None] ** np.arange(float(POWERS[trend]))
        stacks.append(Stack(places, scaled[..., 0], scaled[..., 1:], terms))
    first = join_groups([stack.places for stack in stacks], [least_squares_moments(stack) for stack in stacks])
    found = RelationData(system, trend, unusable, tuple(stacks), units, first)
    refused = find_dependent(
        first.triangles,
        range(system.n_entities),
        system,
        f"The regressors of {{label!r}} and its terms (trend={trend!r}) are combinations of one another.",
        "{y!r} of {label!r} is a combination of its regressors and terms, so the relation has no error to adjust for.",
    )
    return found.dropping(refused)


def find_dependent(
    triangles: Array, places: Positions | range, system: PanelSystem, of_regressors: str, of_y: str
) -> dict[int, PanelVarError]:
    """Entities whose regressors depend on one another, or y on them, with the text of a message for either."""
    flat = dependent_columns(triangles)
    refused: dict[int, PanelVarError] = {}
    for row in np.flatnonzero(flat.any(axis=1)):
        place = int(places[row])
        kind, text = (CollinearityError, of_regressors) if flat[row, :-1].any() else (NumericalError, of_y)
        refused[place] = kind(text.format(y=system.dependent, label=system.labels[place]))
    return refused


def dependent_columns(triangles: Array) -> Mask:
    """Which columns of triangles (N, k, k) are rounding once those before them are taken out, (N, k)."""
    sizes = np.sqrt(np.square(triangles).sum(axis=-2))
    return np.asarray(np.abs(np.diagonal(triangles, axis1=-2, axis2=-1)) <= 10.0 * ROUNDING * sizes)


def read_long_run(kernel: str, bandwidth: float | str, prewhiten: bool, periods: Positions) -> LongRunChoices:
    """Check how long-run covariances are to be estimated, of entities with so many rows."""
    choose("kernel", kernel, KERNELS)
    return LongRunChoices(kernel, read_bandwidth(bandwidth, kernel, int(periods.min())), prewhiten)

"""Effects by cohort and period, and how they are averaged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arguments import is_number
from panelvar.core.base.arrays import Array, Mask
from panelvar.core.base.errors import InsufficientDataError, Note, SpecificationError
from panelvar.core.base.quoting import shown
from panelvar.data.calendar.time_labels import as_text
from panelvar.data.formulas.design import Design
from panelvar.estimates.covariance.covariances import Covariance, CovarianceEstimate
from panelvar.panels.treatments.cohorts import Cohorts

if TYPE_CHECKING:
    import pandas as pd
    from scipy.sparse import csr_array

KINDS = ("event", "cohort", "calendar", "overall")
"""Over what effects are averaged, for `panelvar.panels.treatments.result.TreatmentEffects.aggregate`."""

WEIGHTS = ("rows", "event", "cohort", "calendar")
"""What an average over all effects weighs equally, or by cohorts' shares."""

ALL = -1
"""Cohort and period of an effect that all cohorts share."""


class Cells(NamedTuple):
    """Cohorts and periods that have an effect each.

    Attributes
    ----------
    cohort : (p,) array of int
        Place of the cohort among those of the panel, or `ALL`.
    period : (p,) array of int
        Place of the period among those of the panel, or `ALL`.
    since : (p,) array of int
        Periods since the first of treatment, negative before it.
    mass : (p,) array
        Rows of the cohort in the period, or the sum of their weights: what an average weighs effects by.
    """

    cohort: NDArray[np.intp]
    period: NDArray[np.intp]
    since: NDArray[np.int64]
    mass: Array

    @property
    def shared(self) -> bool:
        """Whether cohorts share their effects from the first period of treatment on."""
        return bool((self.cohort[self.since >= 0] == ALL).any())

    def joined(self, other: Cells) -> Cells:
        """Return these and others after them."""
        cohort, period, since, mass = (np.concatenate(pair) for pair in zip(self, other, strict=True))
        return Cells(cohort, period, since, mass)

    def take(self, chosen: Mask | NDArray[np.intp]) -> Cells:
        """Return some of them."""
        return Cells(self.cohort[chosen], self.period[chosen], self.since[chosen], self.mass[chosen])


@dataclass(frozen=True, eq=False)
class GroupTimeFit:
    """Effects by cohort and period, as a method estimated them.

    Attributes
    ----------
    design : Design
        The rows of the estimate.
    cohorts : Cohorts
    cells : Cells
    coefficients : (p,) array
        The effect of each cell.
    references : (r,) array of int
        Periods since treatment whose effects are zero by definition.
    exact : bool
        Whether all residuals are zero.
    influence : (N, p) array
        What each entity adds to each effect.
    estimate_covariance : callable
        Estimates the covariance of the effects, given its name or specification.
    notes : tuple of Note
    shares : (N, p) csr_array, optional
        What each entity adds to the masses of cells, where averages weigh cells by estimated shares. Without, weights
        are taken as known.
    residual_leads : bool
        Whether effects before treatment are residuals, which are measured from no period.
    """

    design: Design
    cohorts: Cohorts
    cells: Cells
    coefficients: Array
    references: NDArray[np.int64]
    exact: bool
    influence: Array
    estimate_covariance: Callable[[str | Covariance | None], CovarianceEstimate]
    notes: tuple[Note, ...]
    shares: csr_array | None = None
    residual_leads: bool = False

    @property
    def period_labels(self) -> pd.Index:
        """Labels of the panel's periods."""
        return period_labels(self.design)

    @property
    def shared(self) -> bool:
        """Whether cohorts share their effects from the first period of treatment on."""
        return self.cells.shared

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the cells."""
        return name_cells(self.cells, self.cohorts, self.design)


def period_labels(design: Design) -> pd.Index:
    """Return the labels of the panel's periods."""
    panel = design.panel
    return panel.calendar.labels_at(np.unique(panel.time_positions))


def name_cells(cells: Cells, cohorts: Cohorts, design: Design) -> tuple[str, ...]:
    """Return ``cohort[2004]:period[2006]`` for each cell; ``since[2]`` for an effect that all cohorts share."""
    labels, periods = (list(map(as_text, each)) for each in (cohorts.labels, period_labels(design)))
    return tuple(
        f"since[{since}]" if cohort == ALL else f"cohort[{labels[cohort]}]:period[{periods[period]}]"
        for cohort, period, since, _ in zip(*cells, strict=True)
    )


class Average(NamedTuple):
    """Averages of effects.

    Attributes
    ----------
    names : tuple of str
        ``since[0]``, ``cohort[2004]``, ``period[2006]`` or ``overall``.
    labels : Index
        What they are averages for.
    weights : (q, p) array
        Weights of the cells in each; every row adds up to one.
    slopes : (q, p) array
        Derivatives of the averages by the masses of the cells.
    """

    names: tuple[str, ...]
    labels: pd.Index
    weights: Array
    slopes: Array


def average_cells(fit: GroupTimeFit, by: str, window: Sequence[int] | None, weights: str = "rows") -> Average:
    """Average effects over the cells of each period since treatment, cohort or period, or over all after treatment.

    Parameters
    ----------
    fit : GroupTimeFit
    by : {"event", "cohort", "calendar", "overall"}
        All but ``"event"`` take the cells from the first period of treatment on.
    window : (first, last) or None
        Periods since treatment of which cells count.
    weights : {"rows", "event", "cohort", "calendar"}
        For ``"overall"``, which averages are averaged: those of each period since treatment from the first on, of each
        cohort or of each period, in place of all cells.

    Raises
    ------
    SpecificationError
        If averages of averages are not of all, or cohorts share their effects, and it is to be by cohort or period.
    InsufficientDataError
        If no cell is left.
    """
    import pandas as pd

    if weights != "rows":
        if by != "overall":
            raise SpecificationError(
                f"weights={weights!r} averages averages to one number: aggregate('overall', weights={weights!r})."
            )
        return _average_averages(fit, weights, window)
    if fit.shared and by in ("cohort", "calendar"):
        raise SpecificationError(
            f"by={by!r} needs effects of each cohort. This regression has one effect for each period since treatment, "
            "whatever the cohort: aggregate by 'event' or 'overall', or use fit_sun_abraham."
        )
    cells = fit.cells
    used = np.ones(len(cells.since), dtype=bool) if by == "event" else cells.since >= 0
    if window is not None:
        first, last = read_window(window)
        used &= (cells.since >= first) & (cells.since <= last)
    if not used.any():
        raise InsufficientDataError(
            f"No effect is estimated {'from the first period of treatment on' if by != 'event' else ''}"
            f"{f' within window={tuple(window)}' if window is not None else ''}."
        )
    label: dict[str, tuple[NDArray[np.signedinteger], str, pd.Index | None]] = {
        "event": (cells.since, "since", None),
        "cohort": (cells.cohort, "cohort", fit.cohorts.labels),
        "calendar": (cells.period, "period", fit.period_labels),
        "overall": (np.zeros_like(cells.since), "", None),
    }
    of_cell, word, written = label[by]
    levels = np.unique(of_cell[used])
    chosen = used & (of_cell == levels[:, None])
    mass = np.where(chosen, cells.mass, 0.0)
    total = mass.sum(axis=1, keepdims=True)
    shares = mass / total
    slopes = np.where(chosen, fit.coefficients - (shares @ fit.coefficients)[:, None], 0.0) / total
    labels = pd.Index(levels) if written is None else written.take(levels)
    names = tuple(f"{word}[{as_text(each)}]" for each in labels) if word else ("overall",)
    return Average(names, labels, shares, slopes)


def _average_averages(fit: GroupTimeFit, by: str, window: Sequence[int] | None) -> Average:
    """Average the averages over cells from treatment on: equally, or those of cohorts by the cohorts' mean mass."""
    import pandas as pd

    first, last = (0, int(max(fit.cells.since.max(), 0))) if window is None else read_window(window)
    inner = average_cells(fit, by, (max(first, 0), max(last, 0)))
    chosen = inner.weights > 0.0
    count = chosen.sum(axis=1, keepdims=True)
    mass = (chosen * fit.cells.mass).sum(axis=1) / count[:, 0] if by == "cohort" else np.ones(len(count))
    shares = mass / mass.sum()
    slopes = shares @ inner.slopes
    if by == "cohort":
        means = inner.weights @ fit.coefficients
        slopes += ((means - shares @ means) / mass.sum()) @ (chosen / count)
    return Average(("overall",), pd.Index([0]), (shares @ inner.weights)[None], slopes[None])


def influence_of_average(fit: GroupTimeFit, average: Average) -> Array:
    """Return what each entity adds to averages, (N, q): through the effects, and through shares that are estimated."""
    influence: Array = fit.influence @ average.weights.T
    if fit.shares is not None:
        influence += fit.shares @ average.slopes.T
    return influence


def read_window(window: Sequence[int]) -> tuple[int, int]:
    """Read the first and the last period since treatment.

    Raises
    ------
    SpecificationError
        If these are not two whole numbers in their order.
    """
    pair = tuple(window) if isinstance(window, (Sequence, np.ndarray)) and not isinstance(window, str) else ()
    if len(pair) != 2 or not all(is_number(each) and each == int(each) for each in pair) or pair[0] > pair[1]:
        raise SpecificationError(
            f"window={shown(window)} must be the first and the last period since treatment, such as (-5, 5)."
        )
    return int(pair[0]), int(pair[1])

"""Callaway and Sant'Anna's comparisons of each cohort and period with controls."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array, Mask
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import InsufficientDataError, Note, SpecificationError, choose, emit
from panelvar.core.base.labels import listed
from panelvar.core.base.shared_parameters import documented
from panelvar.estimates.covariance.covariances import Covariance
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.presets import as_convention
from panelvar.panels.treatments.cohorts import NEVER
from panelvar.panels.treatments.comparisons import Compared, compare_with_never
from panelvar.panels.treatments.group_time import Cells, GroupTimeFit, name_cells
from panelvar.panels.treatments.influences import covariance_of_influences
from panelvar.panels.treatments.result import TreatmentEffects
from panelvar.panels.treatments.staggered import Staggered, note_small_cohorts, read_anticipation, read_staggered
from panelvar.panels.treatments.two_by_two import ADJUSTMENTS, Compared2x2, compare_changes, compare_levels

CONTROLS = ("never", "not-yet")
BASES = ("universal", "varying")
UNBALANCED = ("pairs", "drop", "cross-sections")
_IN_WORDS = {"dr": "doubly robust", "ipw": "inverse probability weights", "reg": "regression of controls"}
_NAMED = 5


@documented
def fit_callaway_santanna(
    data: object,
    y: str,
    *,
    cohort: Hashable | None = None,
    treatment: Hashable | None = None,
    control: str = "never",
    adjustment: str = "dr",
    base: str = "universal",
    unbalanced: str = "pairs",
    anticipation: int = 0,
    weights: str | NDArray[Any] | None = None,
    cov: str | Covariance = "cluster",
    convention: str | Convention = "default",
    missing: str = "drop",
) -> TreatmentEffects:
    r"""Compare the change of each cohort up to each period with that of controls.

    .. math:: ATT(g, t) = E[y_t - y_{g-1} \mid g_i = g] - E[y_t - y_{g-1} \mid C]

    with controls C that are never treated, or not yet in either period (Callaway and Sant'Anna 2021, Journal of
    Econometrics 225(2), 200-230). Each effect uses two periods and two groups alone. With regressors, trends need be
    parallel only among entities with the same values of them: in the earlier of the two periods, whatever becomes of
    them later.

    Parameters
    ----------
    data : Panel or DataFrame
        A DataFrame without a two-level index needs a formula with effects, which name its entity and period; with the
        period alone, ``"y ~ x | year"``, its rows are repeated cross-sections, each row an entity.
    y : str
        The outcome, ``"y"``, or a formula, ``"y ~ x | entity + time"``.
    {cohort, treatment}
    control : {"never", "not-yet"}
        Whom a cohort is compared with. Those not yet treated include the never treated.
    adjustment : {"dr", "ipw", "reg"}
        How regressors enter: both in a propensity of treatment and a regression of the controls' changes, which is
        right if one of the two is (doubly robust); in the propensity alone (inverse probability weights); or in the
        regression alone. Without regressors they are the same.
    base : {"universal", "varying"}
        What periods before treatment are compared with: the last before treatment, as the later ones are; or each with
        the period before it (the default of R's did). The effects from treatment on are the same.
    unbalanced : {"pairs", "drop", "cross-sections"}
        What to do with entities that lack periods: compare changes of those that have both periods (Stata's csdid);
        leave these entities out (R's did); or compare levels of all rows (did's ``allow_unbalanced_panel``).
    {anticipation, weights}
    cov : str or covariance object
        ``"cluster"``, by entity, or ``Clustered(column)``, by a column in which entities lie.
    {convention, missing}

    Returns
    -------
    TreatmentEffects
        Effects by cohort and period. Averages weigh cohorts by their share of entities; as these are estimated, their
        influence is in the standard errors. Tests are normal.

    Raises
    ------
    DataError, SpecificationError, InsufficientDataError
        See `panelvar.core.base.errors`; if the cohort of an entity changes, the treatment is switched off, or no effect
        can be estimated.

    See Also
    --------
    fit_sun_abraham : A regression, equal to this with the never treated and without regressors in a balanced panel.
    fit_imputation : Uses all untreated rows, with smaller errors where outcomes are not persistent.

    Examples
    --------
    >>> import panelvar as pv
    >>> counties = pv.load_data("minimum_wage")
    >>> effects = pv.fit_callaway_santanna(counties, "lemp ~ lpop", cohort="first_treat")
    >>> effects.aggregate("overall").params.round(4).to_dict()
    {'overall': -0.0418}
    """
    chosen, early = as_convention(convention), read_anticipation(anticipation)
    for option, value, known in (
        ("control", control, CONTROLS),
        ("adjustment", adjustment, ADJUSTMENTS),
        ("base", base, BASES),
        ("unbalanced", unbalanced, UNBALANCED),
    ):
        choose(option, value, known)
    rows = read_staggered(data, y, cohort, treatment, weights, missing, cross_sections=True)
    if treatment is not None and rows.design.entities.n_groups == rows.design.nobs:
        raise SpecificationError(
            "treatment= says when an entity was treated first only where it is observed before. Rows of repeated "
            "cross-sections are seen once: give cohort=, a column with the first period of treatment."
        )
    compared = compare_with_never(_never_until(rows, early), -1 - early)
    notes = [*rows.cohorts.notes, *compared.notes]
    if unbalanced == "drop":
        compared, lost = _balanced(compared)
        notes += lost
    pieces = _Pieces.of(compared, early, control, adjustment, base)
    estimates = pieces.compare_rows() if unbalanced == "cross-sections" or pieces.single else pieces.compare_pairs()
    fit = _collect(compared, estimates, base, notes)
    others = "" if control == "never" else ", and those not treated yet"
    adjusted = f", {_IN_WORDS[adjustment]}" if fit.design.names else ""
    result = TreatmentEffects(
        fit,
        fit.estimate_covariance(cov),
        chosen,
        f"Callaway-Sant'Anna{adjusted}",
        f"{compared.comparison}{others}",
    )
    emit(result.notes)
    return result


def _never_until(rows: Staggered, early: int) -> Staggered:
    """Take cohorts whose treatment has no effect yet in the last period as never treated."""
    late = rows.treated & (rows.cohorts.first[rows.cohort] > rows.cohorts.periods[rows.period].max() + early)
    return rows._replace(cohort=np.where(late, NEVER, rows.cohort))


def _balanced(compared: Compared) -> tuple[Compared, list[Note]]:
    """Leave out entities that lack a period."""
    design = compared.rows.design
    full = design.entities.sizes == len(np.unique(compared.rows.period))
    if full.all():
        return compared, []
    if not full.any():
        raise InsufficientDataError(
            "No entity has all periods, so unbalanced='drop' leaves none. Use unbalanced='pairs'."
        )
    who = list(map(str, design.entity_labels[~full]))
    text = f"{count_of(len(who), 'entity is', 'entities are')} left out for a lack of periods: {listed(who, _NAMED)}."
    kept = full[design.entities.codes]
    left = compared._replace(rows=compared.rows.take(kept), treated=compared.treated[kept])
    return left, [Note("incomplete-entities", text, warn=True)]


class _Pair(NamedTuple):
    """A cell to be estimated: places of its cohort, its period and the period it is compared with."""

    cohort: int
    period: int
    base: int


class _Estimate(NamedTuple):
    """A cell's effect and the influences of all entities, or the words why there is none."""

    pair: _Pair
    effect: float
    influence: Array
    failure: str


class _Pieces(NamedTuple):
    """What all comparisons use.

    Attributes
    ----------
    compared : Compared
    pairs : list of _Pair
    entity : (n,) array of int
    treated_from : (N,) array
        First period of treatment of each entity, infinity without.
    x : (n, k) array
        Regressors, scaled, after a constant.
    weights : (n,) array
    early : int
    not_yet : bool
    adjustment : str
    """

    compared: Compared
    pairs: list[_Pair]
    entity: NDArray[np.intp]
    treated_from: Array
    x: Array
    weights: Array
    early: int
    not_yet: bool
    adjustment: str

    @classmethod
    def of(cls, compared: Compared, early: int, control: str, adjustment: str, base: str) -> _Pieces:
        """Collect them."""
        rows, design = compared.rows, compared.rows.design
        columns = np.array(design.x, dtype=float).reshape(-1, design.nobs)
        centred = columns - columns.mean(axis=1, keepdims=True)
        scale = np.sqrt(np.square(centred).mean(axis=1, keepdims=True))
        scaled = np.divide(centred, scale, out=np.zeros_like(centred), where=scale > 0.0)
        own = rows.cohort[design.entity_starts[:-1]]
        cohorts, treated = rows.cohorts, np.zeros(len(rows.cohorts.first), dtype=bool)
        treated[np.unique(rows.cohort[compared.treated])] = True
        # A cohort that stands in for the never treated is one of the controls in all periods that are left.
        first = np.where((own != NEVER) & treated[own], cohorts.first[own].astype(float), np.inf)
        weights = np.ones(design.nobs) if design.weights is None else design.weights
        pairs = list(_pairs(compared, np.flatnonzero(treated), base))
        x = np.vstack([np.ones(design.nobs), scaled]).T
        return cls(
            compared, pairs, design.entities.codes.astype(np.intp), first, np.ascontiguousarray(x), weights, early,
            control == "not-yet", adjustment,
        )  # fmt: skip

    @property
    def single(self) -> bool:
        """Whether no entity has two rows."""
        design = self.compared.rows.design
        return bool(design.entities.n_groups == design.nobs)

    def members(self, pair: _Pair) -> tuple[Mask, Mask]:
        """Return which entities are in the cell's cohort, and which are its controls, (N,) each."""
        cohorts = self.compared.rows.cohorts
        own = self.treated_from == cohorts.first[pair.cohort]
        if not self.not_yet:
            return own, np.isinf(self.treated_from)
        until = max(cohorts.periods[pair.period], cohorts.periods[pair.base]) + self.early
        return own, (self.treated_from > until) & ~own

    def compare_pairs(self) -> Iterator[_Estimate]:
        """Compare changes of entities that have both periods.

        Cells that share their entities and regressors are estimated together: the propensity is the same.
        """
        rows, entities = self.compared.rows, len(self.treated_from)
        at = np.full((entities, len(rows.cohorts.periods)), -1, dtype=np.intp)
        at[self.entity, rows.period] = np.arange(len(self.entity))
        used = np.unique(rows.period)
        full = (at[:, used] >= 0).all()
        steady = bool(full) and self._steady(at[:, used])
        shared: dict[tuple[object, ...], list[_Pair]] = {}
        for pair in self.pairs:
            own, controls = self.members(pair)
            key = (own.tobytes(), controls.tobytes(), None if steady else min(pair.period, pair.base))
            shared.setdefault(key if full else (pair,), []).append(pair)
        for pairs in shared.values():
            own, controls = self.members(pairs[0])
            periods, bases = (np.array([getattr(pair, which) for pair in pairs]) for which in ("period", "base"))
            both = (own | controls) & (at[:, periods] >= 0).all(axis=1) & (at[:, bases] >= 0).all(axis=1)
            units = np.flatnonzero(both)
            earlier = at[units, min(periods[0], bases[0])]
            y = rows.design.y
            changes = y[at[np.ix_(units, periods)]] - y[at[np.ix_(units, bases)]]
            found = compare_changes(changes, self.x[earlier], own[units], self.weights[earlier], self.adjustment)
            yield from _spread(pairs, found, units, entities)

    def _steady(self, at: NDArray[np.intp]) -> bool:
        """Whether regressors and weights are the same in all periods of each entity of a panel without gaps."""
        first = at[:, :1]
        return bool((self.weights[at] == self.weights[first]).all() and (self.x[at] == self.x[first]).all())

    def compare_rows(self) -> Iterator[_Estimate]:
        """Compare levels of all rows of the two periods."""
        rows, entities = self.compared.rows, len(self.treated_from)
        for pair in self.pairs:
            own, controls = self.members(pair)
            late = rows.period == pair.period
            units = np.flatnonzero((late | (rows.period == pair.base)) & (own | controls)[self.entity])
            treated, now = own[self.entity[units]], late[units]
            found = compare_levels(
                rows.design.y[units], self.x[units], treated, now, self.weights[units], self.adjustment
            )
            yield from _spread([pair], found, self.entity[units], entities)


def _spread(
    pairs: list[_Pair], found: Compared2x2 | str, units: NDArray[np.intp], entities: int
) -> Iterator[_Estimate]:
    """Return the estimate of each cell with the influences of all entities."""
    for place, pair in enumerate(pairs):
        if isinstance(found, str):
            yield _Estimate(pair, np.nan, np.zeros(0), found)
            continue
        influence: Array = np.bincount(units, found.influence[:, place], entities).astype(np.float64)
        yield _Estimate(pair, float(found.effects[place]), influence, "")


def _pairs(compared: Compared, treated: NDArray[np.intp], base: str) -> Iterator[_Pair]:
    """Return the cells, and the period each is compared with."""
    cohorts = compared.rows.cohorts
    seen = np.unique(compared.rows.period)
    for cohort in treated.tolist():
        reference = int(np.searchsorted(cohorts.periods, cohorts.first[cohort] + compared.bases[cohort]))
        for place, period in enumerate(seen.tolist()):
            late = cohorts.periods[period] >= cohorts.first[cohort]
            if late or base == "universal":
                if period != reference:
                    yield _Pair(cohort, period, reference)
            elif place > 0:
                yield _Pair(cohort, period, int(seen[place - 1]))


def _collect(compared: Compared, estimates: Iterator[_Estimate], base: str, notes: list[Note]) -> GroupTimeFit:
    """Put the estimates in order, and say which could not be made."""
    from scipy.sparse import csr_array

    rows, design = compared.rows, compared.rows.design
    cohorts = rows.cohorts
    every = sorted(estimates, key=lambda each: each.pair)
    made, failed = ([each for each in every if bool(each.failure) == bad] for bad in (False, True))
    weights = np.ones(design.nobs) if design.weights is None else design.weights
    starts, sizes = design.entity_starts[:-1], design.entities.sizes
    balanced = (sizes == len(np.unique(rows.period))).all()
    of_entity = weights[starts] if balanced else np.add.reduceat(weights, starts) / sizes
    of_cohort = rows.cohort[starts]
    some = np.flatnonzero(of_cohort != NEVER)
    mass: Array = np.bincount(of_cohort[some], of_entity[some], len(cohorts.first)).astype(np.float64)

    def cells_of(estimates: list[_Estimate]) -> Cells:
        cohort, period = (
            np.array([getattr(each.pair, which) for each in estimates], dtype=np.intp) for which in ("cohort", "period")
        )
        return Cells(cohort, period, cohorts.periods[period] - cohorts.first[cohort], mass[cohort])

    if failed:
        names = name_cells(cells_of(failed), cohorts, design)
        reasons = [f"{name} ({each.failure})" for name, each in zip(names, failed, strict=True)]
        if not made:
            raise InsufficientDataError(f"No effect can be estimated: {listed(reasons, _NAMED)}.")
        text = f"{count_of(len(failed), 'effect')} could not be estimated: {listed(reasons, _NAMED)}."
        notes.append(Note("effects-left-out", text, warn=True))
    cells = cells_of(made)
    influence = np.column_stack([each.influence for each in made])
    members = csr_array((of_entity[some], (some, of_cohort[some])), shape=(len(starts), len(cohorts.first)))
    references = np.zeros(0, dtype=np.int64)
    if base == "universal":
        references = np.setdiff1d(compared.bases[np.unique(cells.cohort)], cells.since)
    else:
        text = (
            "Before treatment, each period is compared with the one before it (base='varying'): these are changes from "
            "period to period, not distances from the last period before treatment."
        )
        notes.append(Note("varying-base", text))
    return GroupTimeFit(
        design,
        cohorts,
        cells,
        np.array([each.effect for each in made]),
        references,
        False,
        influence,
        partial(covariance_of_influences, influence, design, ""),
        (*notes, *note_small_cohorts(rows)),
        # An entity adds to all cells of its cohort.
        members @ csr_array(np.arange(len(cohorts.first))[:, None] == cells.cohort),
    )

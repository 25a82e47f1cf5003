"""One rule, for every test that compares two models, on whether they are models of the same thing."""

from __future__ import annotations

import numpy as np

from panelvar.core.base.errors import Note, SpecificationError
from panelvar.panels.heterogeneous.averaged import AveragedResult
from panelvar.panels.static.result import LinearResult


def refuse_other_dependent(first: LinearResult | AveragedResult, second: LinearResult | AveragedResult) -> None:
    """Refuse models of different variables."""
    if first.dependent != second.dependent:
        raise SpecificationError(
            f"The two results explain different variables, {first.dependent!r} and {second.dependent!r}."
        )


def differences(first: LinearResult, second: LinearResult, what: str, *, nested: bool = False) -> list[Note]:
    """Say where two linear models differ by more than what is tested: rows, weights, regressors, effects.

    Parameters
    ----------
    first, second : LinearResult
    what : str
        Name of what is compared: "estimates", "sums of squares".
    nested : bool
        Whether the second may have more regressors and effects than the first, because these are what is tested.
    """
    one, other = first.fit.sample, second.fit.sample
    counts = round(one.entities * one.average), round(other.entities * other.average)
    # The rows of the caller count: those of a between regression are means over them.
    as_many = one[2:] == other[2:] and first.n_periods == second.n_periods
    notes = samples_note(*counts, as_many and same_rows(first, second), what)
    if not _same_weights(first, second):
        text = f"The two results have different weights, so their {what} may differ for that reason."
        notes.append(Note("compared-weights", text, warn=True))
    pairs = ((first, second),) if nested else ((first, second), (second, first))
    listing = []
    for result, beside in pairs:
        extra = [name for name in result.fit.source.names if name not in beside.fit.source.names]
        extra = [name for name in extra if not _absorbed_by(beside, result, name)]
        if extra:
            listing.append(f"{', '.join(map(repr, extra))} only in {result.estimator}")
    if listing:
        text = (
            f"The two results have different regressors ({'; '.join(listing)}). Their {what} may differ for that "
            "reason, so the test is not of the effects alone."
        )
        notes.append(Note("compared-regressors", text, warn=True))
    lacking = [name for result, beside in pairs for name in _effects_without(result, beside, nested)]
    if lacking:
        sides = [f"{' and '.join(_effects_of(result)) or 'none'} in {result.estimator}" for result in (first, second)]
        text = (
            f"The two results have different effects ({'; '.join(sides)}), so their {what} may differ for that reason. "
            f"Fit both with {' and '.join(dict.fromkeys(lacking))} effects, or neither."
        )
        notes.append(Note("compared-effects", text, warn=True))
    return notes


def samples_note(rows: int, others: int, same: bool, what: str) -> list[Note]:
    """Say that two results were estimated on different rows."""
    if rows == others and same:
        return []
    counts = f"{rows} and {others} rows" if rows != others else f"different {rows} rows"
    text = (
        f"The two results were estimated on {counts}, so their {what} may differ because the samples do. Fit both on "
        "the same rows."
    )
    return [Note("compared-samples", text, warn=True)]


def same_rows(first: LinearResult, second: LinearResult) -> bool:
    """Whether two results are of the same entities and periods, as far as their rows have been kept."""
    one, other = first.fit.source, second.fit.source
    if first.fit.rows is None or second.fit.rows is None:
        return True
    if one.panel is other.panel and one.kept is None and other.kept is None:
        return True
    if one.plain or other.plain:
        return one.index.equals(other.index)
    return (
        np.array_equal(one.entities.codes, other.entities.codes)
        and np.array_equal(one.times.codes, other.times.codes)
        and one.entity_labels.equals(other.entity_labels)
        and one.time_labels.equals(other.time_labels)
    )


def _same_weights(first: LinearResult, second: LinearResult) -> bool:
    if first.fit.rows is None or second.fit.rows is None:
        return True
    one, other = first.fit.source.weights, second.fit.source.weights
    if one is None or other is None:
        return one is other
    # Weights of different rows are not compared, because another note says that the rows differ.
    return one.shape != other.shape or np.allclose(one, other, rtol=1e-9, atol=0.0)


def _effects_of(result: LinearResult) -> tuple[str, ...]:
    """Effects that a model takes out, in part or whole; differences take out those of entities."""
    fit = result.fit
    if fit.family == "difference":
        return (str(fit.source.panel.entity_name or "entity") if fit.rows is not None else "entity",)
    return tuple(fit.effects)


def _effects_without(result: LinearResult, beside: LinearResult, nested: bool) -> list[str]:
    """Return the effects of one model that the other has neither as such nor as regressors that span them.

    A model without any effects need not have them, because their absence is what is tested.
    """
    own, others = _effects_of(result), _effects_of(beside)
    if not (others or nested) or beside.fit.family == "between" or result.fit.family == "between":
        return []
    return [name for name in own if name not in others and not _spanned(result, beside, name)]


def _spanned(result: LinearResult, beside: LinearResult, effect: str) -> bool:
    """Whether enough regressors of a model vary only between the levels of an effect to span it."""
    if result.fit.rows is None or beside.fit.rows is None or effect not in result.fit.effects:
        return False
    source = beside.fit.source
    levels = source.group_by(effect)[0].n_groups
    return sum(_varies_between(beside, name, effect) for name in source.names) >= levels - 1


def _varies_between(result: LinearResult, name: str, dimension: str) -> bool:
    """Whether a regressor does not vary within a level of a dimension."""
    source = result.fit.source
    column = source.x[source.names.index(name)]
    grouping = source.group_by(dimension)[0]
    some = np.empty(grouping.n_groups)
    some[grouping.codes] = column
    return np.array_equal(column, some[grouping.codes])


def _absorbed_by(absorber: LinearResult, result: LinearResult, name: str) -> bool:
    """Whether a regressor of ``result`` does not vary within a level of an effect that ``absorber`` absorbs."""
    fit = absorber.fit
    if fit.rows is None or result.fit.rows is None:
        return False
    absorbed = fit.effects if fit.absorbed is not None else ()
    return any(
        _varies_between(result, name, dimension)
        for dimension in (("entity",) if fit.family == "difference" else absorbed)
    )

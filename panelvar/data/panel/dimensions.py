"""The two dimensions of a panel: their labels in the caller's data, and the order of rows that they make.

Labels of entities become keys that compare as the labels do. By these keys and the positions in time, rows are in order
of entity and then time, or a permutation puts them in order. Rows that repeat an entity and period are refused.
"""

from __future__ import annotations

import math
from collections.abc import Container, Hashable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.counting import count_of, grouped, noun_after
from panelvar.core.base.errors import DataError, SpecificationError
from panelvar.core.base.quoting import shown
from panelvar.data.calendar.time_labels import as_text, ascending_places
from panelvar.data.sources.source import Coded, Labels, Source, as_labels, missing, one_dimensional

if TYPE_CHECKING:
    import pandas as pd

    from panelvar.data.calendar.calendar import Calendar


_FEW_LABELS = 2000
"""Labels up to which comparing neighbours as Python objects is cheaper than a hash table."""


def crossed_dimensions(name: str, columns: Container[object]) -> tuple[str, ...] | None:
    """Return the dimensions that are crossed in ``"firm^year"``; None for a name without ``^``, or of a column.

    Raises
    ------
    SpecificationError
        If a part is empty, or the same part is given twice.
    """
    if "^" not in name or name in columns:
        return None
    parts = tuple(part.strip() for part in name.split("^"))
    if not all(parts) or len(set(parts)) < len(parts):
        raise SpecificationError(
            f"{name!r} cannot be read. Write 'firm^year' for an effect of each pair of the two columns."
        )
    return parts


def joint_codes(codes: Sequence[NDArray[Any]], widths: Sequence[int]) -> NDArray[np.int64]:
    """Return one code for each combination of codes, in their order; -1 where one of them is.

    Raises
    ------
    SpecificationError
        If there are more combinations than whole numbers can count.
    """
    if math.prod(widths) >= 2**62:
        raise SpecificationError(
            f"The dimensions have too many combinations of levels: {' x '.join(map(str, widths))}."
        )
    out, absent = np.zeros(len(codes[0]), dtype=np.int64), np.zeros(len(codes[0]), dtype=bool)
    for part, width in zip(codes, widths, strict=True):
        out = out * width + part
        absent |= part < 0
    out[absent] = -1
    return out


def places_among(known: NDArray[np.int64], codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where codes stand among ascending ones; -1 where they do not, as -1 does not."""
    places = np.searchsorted(known, codes)
    found = np.append(known, -1)[places] == codes
    return np.where(found & (codes >= 0), places, -1)


def find_dimensions(source: Source, entity: Any, time: Any) -> tuple[Labels | None, Hashable, Labels | None, Hashable]:
    """Find the labels and names of the two dimensions."""
    levels = source.levels
    if entity is None and time is None:
        if len(levels) > 2:
            raise DataError(
                f"The index has {len(levels)} levels ({', '.join(map(repr, levels))}). Name the two that you mean: "
                "Panel(data, entity=..., time=...)."
            )
        if len(levels) == 2:
            return source.level(0), levels[0], source.level(1), levels[1]
        if len(levels) == 1:
            return None, None, source.level(0), levels[0]
        return None, None, None, None
    entities, entity_key, entity_level = _role(source, "entity", entity)
    times, time_key, time_level = _role(source, "time", time)
    if len(levels) == 2:
        if times is None and entity_level is not None:
            times, time_key = source.level(1 - entity_level), levels[1 - entity_level]
        elif entities is None and time_level is not None:
            entities, entity_key = source.level(1 - time_level), levels[1 - time_level]
    elif times is None and len(levels) == 1 and source.has_dated_rows:
        times, time_key = source.level(0), levels[0]
    if entity_key is not None and entity_key == time_key:
        raise SpecificationError(f"entity and time are both {entity_key!r}. Name two different columns.")
    return entities, entity_key, times, time_key


def _role(source: Source, what: str, given: Any) -> tuple[Labels | None, Hashable, int | None]:
    if given is None:
        return None, None, None
    if given in source:
        return source.labels(given), given, None
    if isinstance(given, Hashable) and not isinstance(given, tuple):
        if given in source.levels:
            number = source.levels.index(given)
            return source.level(number), given, number
        raise source.unknown(f"The {what} column", given, source.levels)
    values = source.beside(one_dimensional(given, what), what)
    if len(values) != source.n_rows:
        names = [*source.names, *source.levels]
        both = [name for each in values for name in names if name == each] if len(values) == 2 else []
        hint = (
            (f" Name the two columns separately: entity={shown(both[0])}, time={shown(both[1])}.")
            if len(both) == 2
            else ""
        )
        raise DataError(f"{what} has {len(values)} labels for {source.n_rows} rows of data.{hint}")
    return as_labels(values), getattr(values, "name", None), None


def refuse_missing(source: Source, labels: Labels, what: str, name: str | None) -> None:
    """Raise a DataError that counts missing labels and names the first rows, if there are any."""
    mask = missing(labels)
    if mask is None or not mask.any():
        return
    where = f"Column {name!r}" if name is not None else what.capitalize()
    absent = int(mask.sum())
    raise DataError(
        f"{where} ({what}) is missing in {grouped(absent)} of {grouped(source.n_rows)} rows, first in "
        f"{noun_after(absent, 'row')} {source.rows(mask)}. Drop these rows or fill in their {what}."
    )


def comparable_keys(labels: Labels, name: str | None) -> tuple[NDArray[Any], pd.Index | NDArray[Any] | None]:
    """Return keys that compare as the labels do, and the labels by key, or None if the keys are labels themselves."""
    if isinstance(labels, np.ndarray) and labels.dtype.kind in "iufbmM":
        return labels, None
    if isinstance(labels, Coded):
        codes, lookup = labels.codes, labels.labels
        return (codes, lookup) if labels.ordered else _rank_codes(codes, lookup, name)
    if len(labels) <= _FEW_LABELS:
        blocks = _ascending_blocks(np.asarray(labels, dtype=object))
        if blocks is not None:
            return blocks
    import pandas as pd

    array: Any = labels
    codes, distinct = pd.factorize(array)
    lookup = pd.Index(distinct)
    return (codes, lookup) if lookup.is_monotonic_increasing else _rank_codes(codes, lookup, name)


def _ascending_blocks(labels: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]] | None:
    """Return codes and distinct labels if equal labels are adjacent and ascending; cheaper than hashing a few."""
    changes = labels[1:] != labels[:-1]
    heads = labels[np.flatnonzero(np.concatenate(([True], changes)))]
    try:
        if not (heads[1:] > heads[:-1]).all():
            return None
    except TypeError:
        return None
    codes = np.zeros(len(labels), dtype=np.intp)
    np.cumsum(changes, out=codes[1:])
    return codes, heads


def _rank_codes(codes: NDArray[Any], lookup: pd.Index, name: str | None) -> tuple[NDArray[Any], pd.Index]:
    """Renumber codes so that their labels ascend."""
    ascending = ascending_places(lookup, f"The entity labels{'' if name is None else f' in {name!r}'}")
    rank = np.empty(len(ascending), dtype=np.intp)
    rank[ascending] = np.arange(len(ascending))
    return rank[codes], lookup.take(ascending)


def number_keys(keys: NDArray[Any]) -> tuple[NDArray[np.int64], int]:
    """Number the keys from 0 in their order; numbers may be left out if the keys are integers close together."""
    if keys.dtype.kind in "iu":
        low, high = int(keys.min()), int(keys.max())
        if high - low <= 4 * len(keys) + 1024:
            codes = keys.astype(np.int64)
            codes -= low
            return codes, high - low + 1
    import pandas as pd

    codes, distinct = pd.factorize(keys, sort=True)
    return codes.astype(np.int64, copy=False), len(distinct)


def seem_swapped(keys: NDArray[Any] | None, lookup: pd.Index | NDArray[Any] | None, calendar: Calendar) -> bool:
    """Whether entities are called as years or dates are, and periods are not."""
    entities: Any = keys if lookup is None else lookup
    kind = entities.dtype.kind
    if kind in "iu":
        low, high = int(entities.min()), int(entities.max())
        named_as_times = _FIRST_YEAR <= low < high <= _LAST_YEAR
    else:
        named_as_times = kind == "M" or str(entities.dtype).startswith(("datetime", "period"))
    if not named_as_times:
        return False
    labels = calendar.labels_at(np.array([0, calendar.n_positions - 1])).tolist()
    if all(isinstance(label, int) for label in labels):
        return not _FIRST_YEAR <= labels[0] <= labels[-1] <= _LAST_YEAR
    return all(isinstance(label, str) and label[:1].isalpha() for label in labels)


_FIRST_YEAR, _LAST_YEAR = 1850, 2100
"""Whole numbers that are taken for years."""


def duplicates_error(
    source: Source,
    keys: NDArray[Any] | None,
    lookup: pd.Index | NDArray[Any] | None,
    positions: NDArray[np.signedinteger[Any]],
    calendar: Calendar,
    order: NDArray[np.signedinteger[Any]],
    names: tuple[Hashable, Hashable],
) -> DataError:
    """Make the error for rows that repeat an entity and period; the rows are in the order ``order``."""
    same = positions[1:] == positions[:-1]
    if keys is not None:
        same &= keys[1:] == keys[:-1]
    later = np.flatnonzero(same) + 1
    offenders = []
    for row in later[:3]:
        label = as_text(calendar.labels_at(positions[row : row + 1])[0])
        places = np.sort(order[[row - 1, row]])
        labels = source.index[places]
        # An index that repeats its labels does not tell the rows apart: their places do.
        told = [*map(repr, labels)] if labels[0] != labels[1] else [*map(str, places)]
        where = " and ".join(told) + (", counted from 0" if labels[0] == labels[1] else "")
        if keys is None:
            offenders.append(f"{label} (rows {where})")
        else:
            entity = keys[row] if lookup is None else lookup[keys[row]]
            offenders.append(f"({entity}, {label}) (rows {where})")
    listing = ", ".join(offenders) + (", ..." if len(later) > 3 else "")
    repeats = count_of(len(later), "row repeats", "rows repeat")
    if keys is None:
        return DataError(
            f"{repeats} a period: {listing}. Without an entity every period may occur once. If the data are a "
            "panel, name its entity column: Panel(data, entity=..., time=...)."
        )
    entity, time = (f"{each}" for each in names)
    given = "data.reset_index()" if source.levels == [*names] else "data"
    return DataError(
        f"{repeats} an entity and period: {listing}. {ONE_ROW} If each row is of somebody else (repeated "
        f"cross-sections), there is no panel to make. Give the rows as they are: fit_fixed_effects({given}, "
        f"'y ~ x | {entity} + {time}', cov=Clustered({entity!r})). If the same row stands there twice, drop one."
    )


ONE_ROW = "Every entity of a panel has one row a period."
"""What a panel's rows must be."""


def undated(what: str) -> SpecificationError:
    """Make the error for data that do not name their entities and periods, where something needs them."""
    return SpecificationError(
        f"{what} needs to know which rows belong to one entity, and when they were. The data do not say so: make a "
        "panel of them, Panel(data, entity=..., time=...), with the names of two columns, and give it in their place. "
        "(A DataFrame with a two-level index, entity and then time, says so too.)"
    )


def undated_groups(dimension: str) -> SpecificationError:
    """Make the error for effects of, or clusters by, entities or periods that the data do not name."""
    missing = "which rows belong to one entity" if dimension == "entity" else "when the rows were"
    return SpecificationError(
        f"The data do not say {missing}, so each row counts as a separate entity. To absorb or to cluster by a "
        "column, name it: effects=['state', 'year'], cov=Clustered('state'). If the rows are a panel, say so, with "
        "Panel(data, entity=..., time=...) in place of the data."
    )


_SPARSE = 8
"""Cells of the entity-by-period grid per row up to which the grid is filled in rather than the rows sorted."""


def starts_if_sorted(entities: NDArray[Any] | None, times: NDArray[np.signedinteger[Any]]) -> NDArray[np.intp] | None:
    """Return the row offsets of the entities if the rows are sorted by entity, then strictly by time.

    Parameters
    ----------
    entities : (n,) array or None
        Entity of each row, of any type that compares; None if there is one entity. n >= 1.
    times : (n,) integer array
        Time of each row.

    Returns
    -------
    (G + 1,) array or None
        First row of each of the G entities, and n; None if the rows are not in order or a time repeats.
    """
    n = len(times)
    rising = times[1:] > times[:-1]
    if entities is None:
        return np.array([0, n]) if rising.all() else None
    changes = np.flatnonzero(entities[1:] != entities[:-1])
    rising[changes] = True
    # Counted, which costs less than asking for all or any of them where rows are few.
    if np.count_nonzero(rising) < n - 1:
        return None
    if np.count_nonzero(entities[changes + 1] > entities[changes]) < len(changes):
        return None
    starts = np.empty(len(changes) + 2, dtype=np.intp)
    starts[0] = 0
    np.add(changes, 1, out=starts[1:-1])
    starts[-1] = n
    return starts


def sorting_permutation(
    entities: NDArray[np.int64], n_entities: int, times: NDArray[np.signedinteger[Any]], n_times: int
) -> NDArray[np.signedinteger[Any]]:
    """Return the permutation that sorts rows by entity, then time; rows with equal keys keep their order.

    Parameters
    ----------
    entities, times : (n,) integer arrays
        In ``0..n_entities - 1`` and ``0..n_times - 1``; not every value need occur.

    Returns
    -------
    (n,) array
        ``entities[order]`` is nondecreasing, and so is ``times[order]`` within an entity.
    """
    n, n_cells = len(entities), n_entities * n_times
    if n_cells >= 2**62:
        return np.lexsort((times, entities))
    short = np.int32 if max(n, n_cells) < 2**31 else np.int64
    cell = np.multiply(entities, n_times, dtype=short, casting="same_kind")
    cell += times.astype(short, copy=False)
    if n_cells <= _SPARSE * n + 1024:
        # The panel fills a good part of its grid: dropping the rows into their cells is a sort in linear time.
        grid: NDArray[Any] = np.full(n_cells, -1, dtype=short)
        grid[cell] = np.arange(n, dtype=short)
        order: NDArray[Any] = grid[grid >= 0]
        if len(order) == n:
            return order
    return np.argsort(cell, kind="stable")

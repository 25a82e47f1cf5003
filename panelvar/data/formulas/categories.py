"""Categorical factors of a formula: levels, references, indicators of them, and which a product of factors needs."""

from __future__ import annotations

import datetime
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array, Mask, Positions
from panelvar.core.base.errors import DataError, SpecificationError, choose
from panelvar.core.base.limits import MOST_COLUMNS
from panelvar.core.base.quoting import in_backticks, shown
from panelvar.data.calendar.time_labels import as_text
from panelvar.data.panel.dimensions import joint_codes, places_among
from panelvar.data.panel.panel import Panel
from panelvar.data.sources.source import is_marked, reader_of

# From how many levels on, and from which share of the rows, a text column is taken for a slip.
_MANY_LEVELS, _LEVELS_BY_ROW = 10, 0.9
# Rows whose levels are looked at together.
_AT_ONCE = 1 << 16
_LISTED = 12

Subterm = tuple[tuple[Hashable, bool], ...]
"""Categorical factors of a product, each with whether it keeps all its levels."""


class HasLevels(Protocol):
    """What knows the levels of columns: the rows that a model uses, in memory or of a stream.

    Attributes
    ----------
    panel : Panel or None
        Their panel, None of a stream.
    names : sequence
        Names of the columns.
    """

    @property
    def panel(self) -> Panel | None:
        """The panel, None of a stream."""

    @property
    def names(self) -> Sequence[Hashable]:
        """Names of the columns."""

    def raw_column(self, name: Hashable) -> Any:
        """Return a column that has every level, as it is stored."""

    def used_rows(self, name: Hashable) -> Positions | None:
        """Return the places in this column of the rows whose levels the model has; None for all."""


@dataclass(frozen=True, eq=False)
class RowsUsed:
    """The rows of a panel that a model uses: a level that none of them has is no level of the model.

    Attributes
    ----------
    panel : Panel
    kept : (n,) array of positions or None
        None if every row is used.
    """

    panel: Panel
    kept: Positions | None = None

    @property
    def names(self) -> Sequence[Hashable]:
        """Names of the columns."""
        return self.panel.names

    def raw_column(self, name: Hashable) -> Any:
        """Return a column of all rows as it is stored."""
        return self.panel.raw_column(name)

    def used_rows(self, name: Hashable) -> Positions | None:
        """Return the positions of the rows in use; None for all."""
        return self.kept


@dataclass(frozen=True, eq=False)
class Categories:
    """A categorical factor: the level of each row and the levels, references first.

    Levels that the formula names as references are left out of every product, whatever else the model has.

    Attributes
    ----------
    codes : (n,) array
        -1 where the level is missing; as many as there are levels where it is none of the model's.
    levels : tuple of str
    n_named : int
        How many levels the formula names as references.
    fitted : (m,) array or None
        Codes of the rows that the levels are those of; None if they are rows of ``codes``.
    used : array of positions or None
        Which rows of ``codes``, if they are; None if all.
    """

    codes: NDArray[np.int64]
    levels: tuple[str, ...]
    n_named: int = 0
    fitted: NDArray[np.int64] | None = None
    used: Positions | None = None

    @property
    def codes_in_use(self) -> NDArray[np.int64]:
        """Codes of the rows that the levels are those of."""
        if self.fitted is not None:
            return self.fitted
        return self.codes if self.used is None else self.codes[self.used]

    def left_out(self, full: bool) -> int:
        """How many levels, the first, have no indicator in a product that keeps all of them or not."""
        return self.n_named or (0 if full else 1)

    def indicator(self, level: int) -> Array:
        """Return 1 where a row has the level, else 0; NaN where it is missing."""
        column: Array = (self.codes == level).astype(np.float64)
        column[self.codes < 0] = np.nan
        return column

    @property
    def unknown(self) -> Mask:
        """Where a row has a level that is none of the model's."""
        return self.codes >= len(self.levels)

    def without(self, places: Sequence[int]) -> Categories:
        """Return the factor with the levels at these places as its references."""
        if not places:
            return self
        n = len(self.levels)
        order = [*places, *(place for place in range(n) if place not in set(places))]
        rank = np.append(np.empty(n, dtype=np.int64), [n, -1])
        rank[order] = np.arange(n)
        levels = tuple(self.levels[place] for place in order)
        fitted = None if self.fitted is None else rank[self.fitted]
        return replace(self, codes=rank[self.codes], levels=levels, n_named=len(places), fitted=fitted)


class Levels:
    """The levels of a column in the rows that a model uses, and which of them each row of a panel has.

    Parameters
    ----------
    name : str
    panel : Panel
        The rows.
    like : RowsUsed or levels of a stream
        Whose levels there are: the rows the model is fitted on.
    numbers_as_text : bool
        Whether numbers that are stored as text are levels; by default they are refused.

    Attributes
    ----------
    values, absent : list
        The levels, in their order, and those that only rows have which the model does not use.
    categories : Categories

    Raises
    ------
    DataError
        If numbers are stored as text, nearly every row of a column of texts has a different value, or values have no
        order.
    SpecificationError
        If there are more levels than a model can have columns.
    """

    def __init__(self, name: str, panel: Panel, like: HasLevels, *, numbers_as_text: bool = False) -> None:
        import pandas as pd

        self.name = name
        values: Any = like.raw_column(name)
        if str(values.dtype) == "category":
            values = values.remove_unused_categories()
            codes, levels = values.codes, values.categories.tolist()
        else:
            try:
                codes, distinct = pd.factorize(values, sort=True)
            except TypeError:  # lists, say, or complex numbers
                kind = type(next((value for value in values.tolist() if value is not None), None)).__name__
                raise DataError(
                    f"Column {name!r} holds values of type {kind}, which cannot be categories. Categories are "
                    "texts, numbers, dates, True and False."
                ) from None
            # An array of dates gives other scalars than a series of them, in which old versions of pandas do not find
            # those.
            levels = pd.Index(distinct).astype(object).tolist()
            if not numbers_as_text:
                _refuse_numbers_as_text(name, levels)
                if like.panel is panel:
                    _refuse_a_level_a_row(name, levels, codes)
        codes = np.asarray(codes, dtype=np.int64)
        self.values, self.absent = levels, []
        used = like.used_rows(name)
        if used is not None and not (met := _levels_met(codes, used, len(levels))).all():
            self.values = [level for level, some in zip(levels, met, strict=True) if some]
            self.absent = [level for level, some in zip(levels, met, strict=True) if not some]
            codes = np.append(np.where(met, np.cumsum(met) - 1, len(self.values)), -1)[codes]
        if len(self.values) > MOST_COLUMNS + 1:
            raise SpecificationError(
                f"The categories of {name!r} would make {len(self.values) - 1} columns of {panel.nobs} rows; the limit "
                f"is {MOST_COLUMNS} columns. Absorb so many effects with effects= instead of estimating them."
            )
        fitted = None
        if like.panel is not panel:
            fitted, used = codes if used is None else codes[used], None
            own = pd.Series(panel.raw_column(name)).astype(object)
            codes = pd.Index(self.values, dtype=object).get_indexer(own).astype(np.int64)
            codes[(codes < 0) & own.notna().to_numpy()] = len(self.values)
        texts = tuple(as_text(level) for level in self.values)
        self.categories = Categories(codes, texts, fitted=fitted, used=used)

    def places(self, option: str, wanted: object) -> list[int]:
        """Return where levels stand: given as a value, a text or a date, or as a list of them; True is the first.

        Of several, those without a row in use are left out.

        Raises
        ------
        SpecificationError
            If a value is not a level, or none of them has a row in use. The message lists the levels.
        """
        if wanted is True and not any(isinstance(level, (bool, np.bool_)) for level in self.values):
            return [0] if self.values else []
        several = wanted if isinstance(wanted, (list, tuple, set)) else [wanted]
        found = [place for one in several if (place := self._place(option, one)) is not None]
        if several and not found:
            texts = self.categories.levels
            more = ", ..." if len(texts) > _LISTED else ""
            raise SpecificationError(
                f"{option}={shown(wanted)} names a level of {self.name!r} that no row of the model has: the rows with "
                f"it miss another value, or are left out. Levels with rows: {', '.join(texts[:_LISTED])}{more}."
            )
        return list(dict.fromkeys(found))

    def _place(self, option: str, wanted: object) -> int | None:
        """Return where a level stands, None if no row in use has it."""
        place = _place_among(self.values, wanted)
        if place is None and _place_among(self.absent, wanted) is None:
            text = as_text(wanted)
            texts = self.categories.levels
            return texts.index(text if text in texts else choose(option, wanted, texts))
        return place


def _place_among(levels: Sequence[Any], wanted: object) -> int | None:
    """Return where a level stands that is given as a value, a text or a date."""
    for place, level in enumerate(levels):
        if level == wanted and isinstance(level, bool) == isinstance(wanted, bool):
            return place
    texts = [as_text(level) for level in levels]
    if as_text(wanted) in texts:
        return texts.index(as_text(wanted))
    return next((at for at, level in enumerate(levels) if isinstance(wanted, str) and _is_date(level, wanted)), None)


def pairs(first: Categories, second: Categories) -> Categories:
    """Return the pairs of levels of two factors that occur together in the rows that a model uses.

    Those of the first factor's references come first.
    """
    width = len(second.levels) + 1
    widths = len(first.levels) + 1, width
    own = joint_codes([first.codes, second.codes], widths)
    inside = first.fitted is None and second.fitted is None
    if inside:
        fitted = own if first.used is None else own[first.used]
    else:
        fitted = joint_codes([first.codes_in_use, second.codes_in_use], widths)
    known = np.unique(fitted[fitted >= 0])
    known = known[(known // width < len(first.levels)) & (known % width < len(second.levels))]
    levels = tuple(f"{first.levels[pair // width]}:{second.levels[pair % width]}" for pair in known.tolist())
    n_named = int((known < first.n_named * width).sum())
    codes = _codes_among(known, own)
    return Categories(codes, levels, n_named, None if inside else _codes_among(known, fitted), first.used)


def _levels_met(codes: NDArray[np.int64], used: Positions, n_levels: int) -> Mask:
    """Return which levels some rows have; most are met in the first of them."""
    met: Mask = np.zeros(n_levels, dtype=bool)
    for start in range(0, len(used), _AT_ONCE):
        some = codes[used[start : start + _AT_ONCE]]
        met[some[some >= 0]] = True
        if met.all():
            break
    return met


def _codes_among(known: NDArray[np.int64], codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where codes stand among those known: -1 where they are missing, the number of known ones if none."""
    return np.where((places := places_among(known, codes)) < 0, np.where(codes < 0, -1, len(known)), places)


def _is_date(level: object, text: str) -> bool:
    """Whether a text is another way to write a level that is a date or a period."""
    import pandas as pd

    if not isinstance(level, (pd.Period, datetime.date)):
        return False
    try:
        if isinstance(level, pd.Period):
            return bool(level == pd.Period(text, freq=level.freqstr))
        date = pd.Timestamp(text)
        return bool(level == (date if isinstance(level, datetime.datetime) else date.date()))
    except (ValueError, TypeError, OverflowError):  # no date, or one without the other's time zone
        return False


def _refuse_numbers_as_text(name: str, levels: list[Any]) -> None:
    """Refuse a column of numbers that is stored as text: it would become an indicator for each of them."""
    import pandas as pd

    distinct = [level for level in levels if not isinstance(level, bool)]
    known = pd.to_numeric(pd.Series(distinct, dtype=object), errors="coerce").notna().to_numpy()
    others = [level for level, number in zip(distinct, known, strict=True) if not number]
    marked = [level for level in others if is_marked(level)]
    others = [level for level in others if not is_marked(level)]
    # A few texts among many numbers are how a file writes what is missing.
    if not (known.any() or marked) or len(others) > 0.1 * len(distinct):
        return
    but = f", but for {', '.join(map(repr, others[:3]))}" if others else ""
    if marked:
        makes = f", such as {marked[0]!r}{but}: {reader_of(marked)}"
    else:
        coerce = ", errors='coerce'" if others else ""
        makes = f"{but}: pandas.to_numeric(data[{name!r}]{coerce}) makes numbers of it"
    raise DataError(
        f"Column {name!r} holds numbers stored as {'text' if isinstance(distinct[0], str) else 'objects'}{makes}; "
        f"C({in_backticks(name)}) in the formula makes its {len(distinct)} values categories."
    )


def _refuse_a_level_a_row(name: str, levels: list[Any], codes: Any) -> None:
    """Refuse a column of texts of which nearly every row has its own: its indicators would take up all rows."""
    rows = int((np.asarray(codes) >= 0).sum())
    if len(levels) < _MANY_LEVELS or len(levels) <= _LEVELS_BY_ROW * rows or not isinstance(levels[0], str):
        return
    raise DataError(
        f"Column {name!r} holds text, such as {shown(levels[0])}, with {len(levels)} different values in {rows} rows: "
        "each value would get an indicator. If they are numbers, make them so first, by pandas.read_csv(..., "
        f"decimal=',') or pandas.to_numeric. If they are categories, write C({in_backticks(name)}) in the formula."
    )


def full_rank_codings(
    terms: Sequence[tuple[frozenset[Hashable], tuple[Hashable, ...]]],
) -> list[list[Subterm]]:
    """Split each term into products of full and reduced dummies that repeat nothing earlier terms span.

    The dummies of a factor A span the constant and A's contrasts, those of A:B the constant, A, B and A:B. Whatever an
    earlier term with the same numeric factors has spanned is left out, and what remains is joined again into as few
    products as possible: a reduced factor f beside its absence is f in full.

    Parameters
    ----------
    terms : sequence of (numeric factors, categorical factors)
        In the order of the model; the constant is a term without factors.

    Returns
    -------
    list of list of Subterm
        For each term, the products to build; empty if all is spanned already.

    References
    ----------
    N. J. Smith and others, *patsy: describing statistical models in Python*, "How formulas work: technical details".
    """
    spanned: dict[frozenset[Hashable], set[frozenset[Hashable]]] = {}
    codings = []
    for numeric, categorical in terms:
        seen = spanned.setdefault(numeric, set())
        needed = [
            frozenset(subset)
            for size in range(len(categorical) + 1)
            for subset in combinations(categorical, size)
            if frozenset(subset) not in seen
        ]
        seen.update(needed)
        products = _join_levels([dict.fromkeys(subset, False) for subset in needed])
        codings.append([tuple((name, full[name]) for name in categorical if name in full) for full in products])
    return codings


def _join_levels(products: list[dict[Hashable, bool]]) -> list[dict[Hashable, bool]]:
    """Join pairs of products that differ in one reduced factor, until none is left."""
    for short in products:
        for long in products:
            extra = long.keys() - short.keys()
            if len(extra) == 1 and len(long) == len(short) + 1 and all(long[name] == short[name] for name in short):
                name = extra.pop()
                if not long[name]:
                    rest = [product for product in products if product is not short]
                    long[name] = True
                    return _join_levels(rest)
    return products

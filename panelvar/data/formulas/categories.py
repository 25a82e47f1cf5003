"""Categorical factors of a formula: levels, references, indicators of them, and which a product of factors needs."""

from __future__ import annotations

import datetime
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import DataError, SpecificationError, choose
from panelvar.core.base.limits import MOST_COLUMNS
from panelvar.core.base.quoting import in_backticks, shown
from panelvar.data.calendar.time_labels import as_text
from panelvar.data.panel.dimensions import joint_codes, places_among
from panelvar.data.panel.panel import Panel
from panelvar.data.panel.panel_rows import rows_where
from panelvar.data.sources.source import is_marked, reader_of

# From how many levels on, and from which share of the rows, a text column is taken for a slip.
_MANY_LEVELS, _LEVELS_BY_ROW = 10, 0.9

Subterm = tuple[tuple[Hashable, bool], ...]
"""Categorical factors of a product, each with whether it keeps all its levels."""


class HasLevels(Protocol):
    """What knows the levels of columns: a panel, or a stream whose levels have been read."""

    @property
    def names(self) -> Sequence[Hashable]:
        """Names of the columns."""

    def raw_column(self, name: Hashable) -> Any:
        """Return a column that has every level, as it is stored."""


@dataclass(frozen=True, eq=False)
class Categories:
    """A categorical factor: the level of each row, -1 where missing, and the levels, references first.

    Levels that the formula names as references are left out of every product, whatever else the model has.
    """

    codes: NDArray[np.int64]
    levels: tuple[str, ...]
    n_named: int = 0

    def left_out(self, full: bool) -> int:
        """How many levels, the first, have no indicator in a product that keeps all of them or not."""
        return self.n_named or (0 if full else 1)

    def indicator(self, level: int) -> Array:
        """Return 1 where a row has the level, else 0; NaN where it is missing."""
        column: Array = (self.codes == level).astype(np.float64)
        column[self.codes < 0] = np.nan
        return column

    def without(self, places: Sequence[int]) -> Categories:
        """Return the factor with the levels at these places as its references."""
        if not places:
            return self
        order = [*places, *(place for place in range(len(self.levels)) if place not in set(places))]
        rank = np.empty(len(order) + 1, dtype=np.int64)
        rank[order] = np.arange(len(order))
        rank[-1] = -1
        levels = tuple(self.levels[place] for place in order)
        return replace(self, codes=rank[self.codes], levels=levels, n_named=len(places))


class Levels:
    """The levels of a column, as another panel has them.

    Parameters
    ----------
    name : str
    panel : Panel
        The rows.
    like : Panel or PanelStream
        Whose levels there are: the data the model was fitted on.
    numbers_as_text : bool
        Whether numbers that are stored as text are levels; by default they are refused.

    Raises
    ------
    DataError
        If numbers are stored as text, nearly every row of a column of texts has a value of its own, values have no
        order, or ``like`` does not have a level.
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
                if like is panel:
                    _refuse_a_level_a_row(name, levels, codes)
        if len(levels) > MOST_COLUMNS + 1:
            raise SpecificationError(
                f"The categories of {name!r} would make {len(levels) - 1} columns of {panel.nobs} rows; the limit "
                f"is {MOST_COLUMNS} columns. Absorb so many effects with effects= instead of estimating them."
            )
        if like is not panel:
            values = pd.Series(panel.raw_column(name)).astype(object)
            codes = pd.Index(levels, dtype=object).get_indexer(values)
            unseen = (codes < 0) & values.notna().to_numpy()
            if unseen.any():
                new = ", ".join(repr(value) for value in values[unseen].unique()[:3].tolist())
                rows = rows_where(panel, unseen)
                raise DataError(f"{name!r} has categories that the model has not seen ({new}) in {rows}.")
        self.values = levels
        self.categories = Categories(np.asarray(codes, dtype=np.int64), tuple(as_text(level) for level in levels))

    def places(self, option: str, wanted: object) -> list[int]:
        """Return where levels stand: given as a value, a text or a date, or as a list of them; True is the first.

        Raises
        ------
        SpecificationError
            If a value is not a level. The message lists the levels.
        """
        if wanted is True and not any(isinstance(level, (bool, np.bool_)) for level in self.values):
            return [0] if self.values else []
        several = wanted if isinstance(wanted, (list, tuple, set)) else [wanted]
        return list(dict.fromkeys(self._place(option, one) for one in several))

    def _place(self, option: str, wanted: object) -> int:
        for place, level in enumerate(self.values):
            if level == wanted and isinstance(level, bool) == isinstance(wanted, bool):
                return place
        texts = self.categories.levels
        if isinstance(wanted, str) and wanted not in texts:
            for place, level in enumerate(self.values):
                if _is_date(level, wanted):
                    return place
        text = as_text(wanted)
        return texts.index(text if text in texts else choose(option, wanted, texts))


def pairs(name: str, first: tuple[Categories, Categories], second: tuple[Categories, Categories]) -> Categories:
    """Return the pairs of levels of two factors that occur together, those of the first factor's references first.

    Parameters
    ----------
    name : str
        What the pairs are, the subject of messages.
    first, second : tuple of (Categories, Categories)
        Each factor in the rows, and in the panel whose pairs there are.

    Raises
    ------
    DataError
        If rows have a pair that the panel does not have.
    """
    width = len(second[1].levels)
    widths = len(first[1].levels), width
    own, theirs = (joint_codes([one.codes, other.codes], widths) for one, other in zip(first, second, strict=True))
    known = np.unique(theirs[theirs >= 0])
    codes = places_among(known, own)
    unseen = int(((codes < 0) & (own >= 0)).sum())
    if unseen:
        raise DataError(f"{name} has pairs of categories that the model has not seen, in {count_of(unseen, 'row')}.")
    levels = tuple(f"{first[1].levels[pair // width]}:{second[1].levels[pair % width]}" for pair in known.tolist())
    return Categories(codes, levels, int((known < first[1].n_named * width).sum()))


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

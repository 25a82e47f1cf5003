"""The calendar of a panel: time labels to integer positions and back, so that a lag is a period and not a row."""

from __future__ import annotations

import operator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from panelvar.core.base.arrays import Integers
from panelvar.core.base.errors import DataError, Note, SpecificationError
from panelvar.core.base.limits import LARGEST_WHOLE, LONGEST_CALENDAR
from panelvar.core.base.quoting import shown
from panelvar.data.calendar.periods import Clock, Dates, Unit, parse_freq, suggest_unit
from panelvar.data.calendar.time_labels import (
    DateLabels,
    DateWriter,
    IntegerLabels,
    LabelRule,
    Periods,
    RankLabels,
    Texts,
    Timestamps,
    as_text,
    ascending_places,
)
from panelvar.data.calendar.time_texts import DatedTexts, MonthStyle, read_digits, read_texts
from panelvar.data.sources.source import Coded, Labels

if TYPE_CHECKING:
    import pandas as pd


_SPARSE = 20
"""Positions per distinct label above which the calendar is probably not the one meant."""


@dataclass(frozen=True, eq=False)
class Calendar:
    """Equally spaced periods: position p stands for the ordinal ``origin + step * p`` of a unit of time.

    Attributes
    ----------
    origin, step : int
        Ordinal of position 0, and ordinals from one position to the next.
    n_positions : int
        Periods from the first to the last that has a row, gaps included.
    rule : LabelRule
        How ordinals are written where the data have no label.
    observed : Index or None
        Distinct labels of the data in the order of time; None if the rule writes them exactly.
    observed_positions : (m,) array or None
        Their positions, increasing.
    name : str or None
        Name of the labels.
    notes : tuple of Note
        How the labels were read, where it matters.
    """

    origin: int
    step: int
    n_positions: int
    rule: LabelRule
    observed: pd.Index | None = None
    observed_positions: Integers | None = None
    name: str | None = None
    notes: tuple[Note, ...] = ()

    @classmethod
    def of_integers(cls, origin: int, step: int, n_positions: int, name: str | None = None) -> Calendar:
        """Make the calendar of the integers ``origin, origin + step, ...``."""
        return cls(origin, step, n_positions, IntegerLabels(), name=name)

    def labels_at(self, positions: ArrayLike) -> pd.Index:
        """Return the labels of positions, the data's own where they have one.

        Parameters
        ----------
        positions : (m,) array of int
            May lie in gaps, before the first or beyond the last position.
        """
        wanted = np.atleast_1d(np.asarray(positions, dtype=np.int64))
        ordinals = self.origin + self.step * wanted
        if self.observed is None or self.observed_positions is None:
            return self.rule.labels(ordinals).rename(self.name)
        place = np.searchsorted(self.observed_positions, wanted).clip(max=len(self.observed_positions) - 1)
        known = self.observed_positions[place] == wanted
        if known.all():
            return self.observed.take(place).rename(self.name)
        written = self.rule.labels(ordinals[~known])
        if not known.any():
            return written.rename(self.name)
        pool = self.observed.append(written)
        place[~known] = len(self.observed) + np.arange(len(written))
        return pool.take(place).rename(self.name)

    def between(self, first: int, last: int) -> Calendar:
        """Return the same calendar from one position to another, which are its first and last."""
        if (first, last) == (0, self.n_positions - 1):
            return self
        observed, places = self.observed, self.observed_positions
        if observed is not None and places is not None:
            kept = (first <= places) & (places <= last)
            observed, places = observed[kept], places[kept] - first
        return replace(
            self,
            origin=self.origin + self.step * first,
            n_positions=last - first + 1,
            observed=observed,
            observed_positions=places,
        )

    def future(self, h: int) -> pd.Index:
        """Return the labels of the ``h`` periods after the last.

        Raises
        ------
        SpecificationError
            If ``h`` is not an integer from 0 to `LONGEST_CALENDAR`.
        """
        try:
            horizon = operator.index(h)
        except TypeError:
            horizon = -1
        if not 0 <= horizon <= LONGEST_CALENDAR:
            raise SpecificationError(f"h must be a number of periods from 0 to {LONGEST_CALENDAR}; got {shown(h)}.")
        return self.labels_at(np.arange(self.n_positions, self.n_positions + horizon))


def read_times(labels: Labels, *, freq: int | str | None = None, name: str | None = None) -> tuple[Integers, Calendar]:
    """Read time labels as positions on a calendar.

    - Integers, and floats that are whole, are themselves, in steps of their greatest common divisor: with every second
      year observed a lag is two years. Integers such as 200112, 20014 or 20011231 that span several years are months,
      quarters or days.
    - Dates are years, quarters, months, weeks, business days, days or clock time
      (`panelvar.data.calendar.periods.suggest_unit`).
    - Periods have their own unit.
    - Texts of one form are what they write: ``"1980Q1"``, ``"2001-05"``, ``"May 2001"``, ``"2001-W05"``,
      ``"2001-05-17"``, ``"1999"``, ``"wave 3"``.
    - Names of months without a year are the months of one year, with a warning where the rows are not in that order.
    - Anything else that can be sorted is its rank among the labels that occur: gaps cannot be seen. Texts are then in
      the order of their categories (`pandas.Categorical`), or else of the alphabet, with a warning.

    Parameters
    ----------
    labels : (n,) array, extension array or Coded
        Without missing values; n >= 1.
    freq : int or str, optional
        Overrides the spacing: a number of units from one period to the next, or a frequency as pandas writes it, such
        as ``"Y"``, ``"QE-NOV"``, ``"2M"``, ``"W-WED"``, ``"B"``.
    name : str, optional
        Name of the labels, for messages.

    Returns
    -------
    positions : (n,) array
        From 0.
    calendar : Calendar

    Raises
    ------
    DataError
        If labels cannot be put in order, texts such as ``"01/02/2001"`` may mean two dates, or years have two digits.
    SpecificationError
        If ``freq`` is not a frequency, or does not fit the labels.
    """
    if isinstance(labels, np.ndarray):
        kind = labels.dtype.kind
        if kind == "f":
            whole = np.isfinite(labels).all() and labels == np.floor(labels)
            if np.all(whole) and np.abs(labels).max() < 2.0**53:
                labels, kind = labels.astype(np.int64), "i"
        if kind in "iu":
            return _read_integers(labels.astype(np.int64, copy=False), freq, name)
    distinct, codes, ordered = _distinct(labels)
    chosen = isinstance(labels, Coded) and labels.chosen
    positions, calendar = _read_distinct(distinct, ordered, chosen, freq, name)
    if isinstance(calendar.rule, IntegerLabels) and isinstance(calendar.rule.style, MonthStyle):
        import pandas as pd

        calendar = _noting(calendar, "time-read", "are names of months without a year, and are taken for the months of "
                           "one year; if they are of several, write the year as well",
                           warn=bool((np.diff(positions[pd.unique(codes)]) < 0).any()))  # fmt: skip
    return positions[codes], calendar


def _read_integers(values: Integers, freq: int | str | None, name: str | None) -> tuple[Integers, Calendar]:
    low, high = int(values.min()), int(values.max())
    if isinstance(freq, str) or (low >= 15001 and high <= 29991231):
        distinct, codes = np.unique(values, return_inverse=True)
        dated = read_digits([str(value) for value in distinct.tolist()], sure=isinstance(freq, str))
        if dated is not None:
            import pandas as pd

            read = _read_dates(dated.dates, dated.unit, Texts(dated.style, as_integers=True), freq, name)
            positions, calendar = _observing(*read, pd.Index(distinct))
            return positions[codes], _noting(calendar, "time-read", f"are read as dates, one a {calendar.rule.noun}")
    multiple = _multiple_of_years(freq, low, high, name) if isinstance(freq, str) else freq
    return _place(values, IntegerLabels(), multiple, name, (low, high))


def _multiple_of_years(freq: str, low: int, high: int, name: str | None) -> int:
    """Return the years a step of ``freq`` has, where the labels are integers."""
    multiple, unit = parse_freq(freq)
    if unit.noun != "year" or not 1000 <= low <= high <= 9999:
        raise SpecificationError(
            f"freq={shown(freq)} does not fit {_title(name)}, integers from {low} to {high}; give freq as a number of "
            "units, or convert the labels to dates."
        )
    return multiple


def _distinct(labels: Labels) -> tuple[pd.Index, NDArray[Any], bool]:
    """Return the distinct labels, the number of each row's among them, and whether they come in their order."""
    import pandas as pd

    if isinstance(labels, Coded):
        counts = np.bincount(labels.codes)
        used = np.flatnonzero(counts)
        return labels.labels.take(used), (np.cumsum(counts > 0) - 1)[labels.codes], labels.ordered
    array: Any = labels
    codes, uniques = pd.factorize(array)
    if isinstance(uniques, np.ndarray) and uniques.dtype == object:
        # Timestamps, periods or texts held as objects are what they are.
        return pd.Index(uniques.tolist()), codes, False
    return pd.Index(uniques), codes, False


def _read_distinct(
    distinct: pd.Index, ordered: bool, chosen: bool, freq: int | str | None, name: str | None
) -> tuple[Integers, Calendar]:
    """Read distinct labels of any type."""
    import pandas as pd

    kind = distinct.inferred_type
    if kind == "date":
        distinct = pd.DatetimeIndex(distinct.tolist())
    if isinstance(distinct, pd.DatetimeIndex):
        dates = distinct.tz_localize(None).to_numpy()
        times_of_day = dates - dates.astype("M8[D]")
        # Clocks put forward would leave a gap in hours, so these are counted in universal time.
        universal = distinct.tz is not None and bool((times_of_day != times_of_day[0]).any())
        if universal:
            dates = distinct.tz_convert("UTC").tz_localize(None).to_numpy()
        writer: DateWriter = Timestamps(np.datetime_data(dates.dtype)[0], distinct.tz, universal)
        return _observing(*_read_dates(dates, None, writer, freq, name), distinct)
    if isinstance(distinct, pd.PeriodIndex):
        own = str(distinct.freqstr)
        unit = parse_freq(own)[1]
        if isinstance(freq, str):
            freq, asked = parse_freq(freq)
            if asked.noun != unit.noun:
                raise SpecificationError(
                    f"freq asks for {asked.noun}s, but {_title(name)} are periods of {own}. Convert them with "
                    ".asfreq first."
                )
        dates = distinct.to_timestamp(how="start").to_numpy()
        return _observing(*_read_dates(dates, unit, Periods(own), freq, name), distinct)
    if kind == "integer":
        return _read_integers(distinct.to_numpy(dtype=np.int64), freq, name)
    if kind == "string":
        read = _read_texts(distinct, chosen, freq, name)
        if read is not None:
            return read
    return _read_ranks(distinct, ordered, freq, name, alphabetical=kind == "string" and not chosen)


def _read_texts(
    distinct: pd.Index, chosen: bool, freq: int | str | None, name: str | None
) -> tuple[Integers, Calendar] | None:
    texts = [text.strip() for text in distinct.tolist()]
    read = read_digits(texts, sure=isinstance(freq, str)) or read_texts(texts, ordered=chosen)
    if read is None:
        return None
    if isinstance(read, DatedTexts):
        placed = _read_dates(read.dates, read.unit, Texts(read.style), freq, name)
        text = f"are read as dates, one a {placed[1].rule.noun}"
    else:
        low, high = int(read.numbers.min()), int(read.numbers.max())
        multiple = _multiple_of_years(freq, low, high, name) if isinstance(freq, str) else freq
        placed = _place(read.numbers, IntegerLabels(read.style), multiple, name)
        text = "are read as the numbers in them"
    positions, calendar = _observing(*placed, distinct)
    if not isinstance(read, DatedTexts) and isinstance(read.style, MonthStyle):
        return positions, calendar
    return positions, _noting(calendar, "time-read", text)


def _read_ranks(
    distinct: pd.Index, ordered: bool, freq: int | str | None, name: str | None, alphabetical: bool
) -> tuple[Integers, Calendar]:
    import pandas as pd

    if freq is not None:
        raise SpecificationError(
            f"freq={shown(freq)} needs labels that are integers, dates, periods or texts such as '1980Q1'; "
            f"{_title(name)} are of type {distinct.dtype}, first {distinct[0]!r}."
        )
    ascending = np.arange(len(distinct))
    if not ordered:
        ascending = ascending_places(distinct, _title(name, "T"))
    positions = np.empty(len(distinct), dtype=np.int64)
    positions[ascending] = np.arange(len(distinct))
    observed = pd.Index(distinct.take(ascending))
    if observed.dtype == "category":
        observed = observed.astype(object)
    rule = RankLabels(observed[0], observed[-1], len(observed))
    calendar = Calendar(0, 1, len(observed), rule, observed, np.arange(len(observed)), name)
    if alphabetical and len(observed) > 1:
        listing = ", ".join(repr(label) for label in observed[:3]) + (", ..." if len(observed) > 3 else "")
        text = (
            f"are texts in no known form, so they are taken in alphabetical order ({listing}). A lag is then the "
            "label before, and a period that no entity has goes unnoticed. Give dates, numbers, texts such as "
            "'2001-05', or an ordered pandas.Categorical"
        )
        return positions, _noting(calendar, "time-ranked", text, warn=True)
    return positions, _noting(calendar, "time-ranked", (
        "have an order but no spacing. A lag is the label before, and a period that no entity has goes unnoticed"
    ))  # fmt: skip


def _read_dates(
    dates: Dates, unit: Unit | None, writer: DateWriter, freq: int | str | None, name: str | None
) -> tuple[Integers, Calendar]:
    """Place distinct dates; ``unit`` is the one their labels name, if they do."""
    regular = True
    multiple = freq if not isinstance(freq, str) else None
    if isinstance(freq, str):
        multiple, unit = parse_freq(freq)
        unit = unit.placed_as(dates)
    elif unit is None:
        unit, regular = suggest_unit(np.sort(dates))
    offset = dates[0] - dates[0].astype(f"M8[{unit.unit if isinstance(unit, Clock) else 'D'}]")
    positions, calendar = _place(unit.ordinals(dates), DateLabels(unit, writer, offset), multiple, name)
    if not regular:
        calendar = _noting(calendar, "time-read", f"fall on different days and are taken for one a {unit.noun}")
    return positions, calendar


def _place(
    values: Integers, rule: LabelRule, multiple: int | None, name: str | None, extent: tuple[int, int] | None = None
) -> tuple[Integers, Calendar]:
    """Number ordinals, from the lowest to the highest, in steps of ``multiple`` or of their greatest common divisor."""
    low, high = extent or (int(values.min()), int(values.max()))
    if high - low >= 2**63 - 1:
        raise DataError(
            f"{_title(name, 'T')} span {high - low} {rule.noun}s, which are too many for a calendar. Give a longer "
            "freq=."
        )
    step = _common_step(values, low) if multiple is None else _whole_step(multiple)
    positions = values - low
    if step > 1:
        off = np.flatnonzero(positions % step)
        if len(off):
            first, other = map(as_text, rule.labels(np.array([low, int(values[off[0]])])))
            raise SpecificationError(
                f"freq asks for steps of {step} {rule.noun}s, but {_title(name)} have {other}, which is not a whole "
                f"number of such steps after {first}."
            )
        positions //= step
    calendar = Calendar(low, step, (high - low) // step + 1, rule, name=name)
    if step > 1 and multiple is None:
        text = f"advance in steps of {step} {rule.noun}s, and so do lags; freq=1 makes them steps of one"
        calendar = _noting(calendar, "time-step", text)
    if calendar.n_positions > _SPARSE * len(values):
        text = (
            f"occur in only {len(np.unique(values))} of the {calendar.n_positions} {rule.noun}s they span, so most "
            "lags are missing; if your periods are longer, say so with freq="
        )
        calendar = _noting(calendar, "time-sparse", text, warn=True)
    return positions, calendar


def _common_step(values: Integers, low: int) -> int:
    # Most panels have neighbouring rows one unit apart, which settles it; often within the first few.
    for part in (values[:1000], values):
        if np.count_nonzero(part[1:] - part[:-1] == 1):
            return 1
    return int(np.gcd.reduce(np.unique(values) - low)) or 1


def _whole_step(multiple: object) -> int:
    try:
        step = 0 if isinstance(multiple, bool) else operator.index(multiple)  # type: ignore[arg-type]
    except TypeError:
        step = 0
    if not 1 <= step <= LARGEST_WHOLE:
        raise SpecificationError(
            f"freq={shown(multiple)} must be a number of units, 1 or more, or a frequency such as 'Y'."
        )
    return step


def _observing(positions: Integers, calendar: Calendar, distinct: pd.Index) -> tuple[Integers, Calendar]:
    """Let the calendar give the data's own labels at the positions of distinct labels."""
    at, first = np.unique(positions, return_index=True)
    return positions, replace(calendar, observed=distinct.take(first), observed_positions=at)


def _title(name: str | None, article: str = "t") -> str:
    return f"{article}he time labels" if name is None else f"{article}he labels of {name!r}"


def _noting(calendar: Calendar, code: str, text: str, warn: bool = False) -> Calendar:
    note = Note(code, f"{_title(calendar.name, 'T')} {text}.", warn)
    return replace(calendar, notes=(*calendar.notes, note))

"""Units of dates: the period a date falls in, the date that stands for a period, the unit a set of dates suggests."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Integers
from panelvar.core.base.errors import SpecificationError, choose
from panelvar.core.base.quoting import shown

Dates = NDArray[np.datetime64]
Placement: TypeAlias = Literal["last", "first business", "last business"] | int

_MONTH_ENDS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_CLOCK = {"h": "h", "H": "h", "min": "m", "T": "m", "s": "s", "S": "s", "ms": "ms", "L": "ms", "us": "us", "U": "us",
          "ns": "ns", "N": "ns"}  # fmt: skip
_HALF_FULL = 0.5
"""Share of periods that must be observed before dates at odd days of theirs are taken for one a period."""


@dataclass(frozen=True, slots=True)
class Months:
    """Months, or runs of ``length`` months such as quarters and years.

    Attributes
    ----------
    length : int
        Months in a period: 1, 3, 6 or 12.
    shift : int
        Month (from January 1970 = 0) in which some period starts.
    month : int
        Which month of its period a period's date lies in.
    day : int, "last", "first business" or "last business"
        Which day of that month it is.
    """

    length: int = 1
    shift: int = 0
    month: int = 0
    day: Placement = "last"

    @property
    def noun(self) -> str:
        """What one period is called."""
        return {1: "month", 3: "quarter", 6: "half-year", 12: "year"}[self.length]

    def ordinals(self, dates: Dates) -> Integers:
        """Number the periods of dates."""
        return (dates.astype("M8[M]").astype(np.int64) - self.shift) // self.length

    def dates(self, ordinals: Integers) -> Dates:
        """Return the date that stands for each period."""
        months = (ordinals * self.length + self.shift + self.month).astype("M8[M]")
        return _days_of(months, self.day)

    def placed_as(self, dates: Dates) -> Months:
        """Return the unit with its dates placed as these are, or at the end of the period if they differ."""
        months = dates.astype("M8[M]")
        within = (months.astype(np.int64) - self.shift) % self.length
        day = _placement(dates, months)
        if day is None or (within != within[0]).any():
            return replace(self, month=self.length - 1, day="last")
        return replace(self, month=int(within[0]), day=day)


@dataclass(frozen=True, slots=True)
class Days:
    """Days, or weeks starting on any weekday.

    Attributes
    ----------
    length : int
        Days in a period: 1 or 7.
    shift : int
        Day (from 1 January 1970 = 0) on which some period starts.
    day : int
        Which day of its period a period's date is.
    """

    length: int = 1
    shift: int = 0
    day: int = 0

    @property
    def noun(self) -> str:
        """What one period is called."""
        return "day" if self.length == 1 else "week"

    def ordinals(self, dates: Dates) -> Integers:
        """Number the periods of dates."""
        return (dates.astype("M8[D]").astype(np.int64) - self.shift) // self.length

    def dates(self, ordinals: Integers) -> Dates:
        """Return the date that stands for each period."""
        return (ordinals * self.length + self.shift + self.day).astype("M8[D]")

    def placed_as(self, dates: Dates) -> Days:
        """Return the unit with its dates placed as these are, or at the end of the period if they differ."""
        within = (dates.astype("M8[D]").astype(np.int64) - self.shift) % self.length
        return replace(self, day=int(within[0]) if (within == within[0]).all() else self.length - 1)


@dataclass(frozen=True, slots=True)
class BusinessDays:
    """Mondays to Fridays; holidays count as days without a row."""

    noun = "business day"

    def ordinals(self, dates: Dates) -> Integers:
        """Number the business days; a weekend counts as the Friday before it."""
        days = np.busday_offset(dates.astype("M8[D]"), 0, roll="backward")
        return np.asarray(np.busday_count(np.datetime64("1970-01-01"), days), dtype=np.int64)

    def dates(self, ordinals: Integers) -> Dates:
        """Return the date of each business day."""
        return np.busday_offset(np.datetime64("1970-01-01"), ordinals)

    def placed_as(self, dates: Dates) -> BusinessDays:
        """Return the unit itself: a day has one place."""
        return self


@dataclass(frozen=True, slots=True)
class Clock:
    """A unit of the clock, as NumPy names it: ``"h"``, ``"m"``, ``"s"``, ``"ms"``, ``"us"``, ``"ns"``."""

    unit: str

    @property
    def noun(self) -> str:
        """What one period is called."""
        return {"h": "hour", "m": "minute", "s": "second", "ms": "millisecond", "us": "microsecond"}.get(
            self.unit, "nanosecond"
        )

    def ordinals(self, dates: Dates) -> Integers:
        """Number the hours, minutes, ... of times."""
        return dates.astype(f"M8[{self.unit}]").astype(np.int64)

    def dates(self, ordinals: Integers) -> Dates:
        """Return the start of each hour, minute, ..."""
        return ordinals.astype(f"M8[{self.unit}]")

    def placed_as(self, dates: Dates) -> Clock:
        """Return the unit itself."""
        return self


Unit: TypeAlias = Months | Days | BusinessDays | Clock


def parse_freq(freq: object) -> tuple[int, Unit]:
    """Read a frequency as pandas writes it: ``"Y"``, ``"QE-NOV"``, ``"2M"``, ``"W-WED"``, ``"B"``, ``"h"``.

    Whether a month's date is its first or last day (``"MS"``, ``"ME"``) makes no difference to which month it is.

    Returns
    -------
    multiple : int
        Units from one period to the next.
    unit : Unit

    Raises
    ------
    SpecificationError
        If it is not a frequency.
    """
    found = re.fullmatch(r"(\d*)([A-Za-z]+)(?:-([A-Z]{3}))?", freq) if isinstance(freq, str) else None
    if found is None or found[1] == "0":
        raise SpecificationError(
            f"freq={shown(freq)} must be a frequency such as 'Y', 'Q', 'M', 'W', 'B', 'D', 'h', '2Y', 'W-WED'."
        )
    multiple, base, anchor = int(found[1] or 1), found[2], found[3]
    if base in _CLOCK:
        return multiple, Clock(_CLOCK[base])
    starts = base.endswith("S")
    root = re.sub(r"(?<=.)[ES]$", "", base.removeprefix("B") if len(base) > 1 else base)
    root = choose("freq", "Y" if root == "A" else root, ("Y", "Q", "M", "W", "B", "D", "h", "min", "s"))
    if root == "W":
        weekday = _WEEKDAYS.index(choose("freq", anchor or "SUN", _WEEKDAYS))
        return multiple, Days(7, (weekday - 2) % 7, 6)
    if root in ("Y", "Q"):
        length = 12 if root == "Y" else 3
        month = _MONTH_ENDS.index(choose("freq", anchor or ("JAN" if starts else "DEC"), _MONTH_ENDS))
        return multiple, Months(length, (month if starts else month + 1) % length)
    if root == "M":
        return multiple, Months()
    return multiple, Days() if root == "D" else BusinessDays()


def suggest_unit(dates: Dates) -> tuple[Unit, bool]:
    """Find the unit that a set of dates suggests.

    Dates at one place in their month (the same day, the last day, the first or last business day) are months, quarters
    or years, the longest that their months fit; dates on one weekday are weeks. Failing that, years, quarters, months
    or weeks are taken if no two dates share one and at least half have a date. Otherwise business days if no date is
    at a weekend, else days; and with a time of day that varies, the clock.

    Parameters
    ----------
    dates : (m,) datetime64 array
        Distinct, increasing.

    Returns
    -------
    unit : Unit
    regular : bool
        Whether the dates lie at one place in their periods.
    """
    days = dates.astype("M8[D]")
    if (dates - days != (dates - days)[0]).any():
        return _largest_clock(dates), True
    months = days.astype("M8[M]")
    if _placement(days, months) is not None:
        numbers = months.astype(np.int64)
        spacing = int(np.gcd.reduce(numbers - numbers[0]))
        length = next(length for length in (12, 3, 1) if spacing % length == 0)
        return Months(length).placed_as(days), True
    weekly = Days(7, 4)
    spacing = int(np.gcd.reduce((days - days[0]).astype(np.int64)))
    if spacing % 7 == 0:
        return weekly.placed_as(days), True
    if len(days) > 2:
        units: tuple[Unit, ...] = (Months(12), Months(3), Months(1), weekly)
        for unit in units:
            gaps = np.diff(unit.ordinals(days))
            if gaps.all() and len(days) >= _HALF_FULL * (gaps.sum() + 1):
                return unit.placed_as(days), False
    return (BusinessDays() if np.is_busday(days).all() else Days()), True


def _largest_clock(dates: Dates) -> Clock:
    """Return the longest unit of the clock that the intervals between the dates are multiples of."""
    spacing = np.gcd.reduce(np.diff(dates).astype(np.int64))
    own = np.datetime_data(dates.dtype)[0]
    for unit in ("h", "m", "s", "ms", "us"):
        length = int(np.timedelta64(1, unit).astype(f"m8[{own}]").astype(np.int64))
        if length and spacing % length == 0:
            return Clock(unit)
    return Clock(own)


def _placement(days: Dates, months: Dates) -> Placement | None:
    """Where in their months the dates lie, if all at the same place."""
    days = days.astype("M8[D]")
    first = int((days[0] - months[0].astype("M8[D]")).astype(np.int64)) + 1
    # The last day comes before the 30th: June 30 and September 30 are followed by December 31.
    places: tuple[Placement, ...] = ("last", first, "last business", "first business")
    return next((place for place in places if (_days_of(months, place) == days).all()), None)


def _days_of(months: Dates, place: Placement) -> Dates:
    first = months.astype("M8[D]")
    after = (months.astype(np.int64) + 1).astype("M8[M]").astype("M8[D]")
    last = (after.astype(np.int64) - 1).astype("M8[D]")
    if place == "last":
        return last
    if place == "first business":
        return np.busday_offset(first, 0, roll="forward")
    if place == "last business":
        return np.busday_offset(last, 0, roll="backward")
    day: Any = np.minimum(first + np.timedelta64(place - 1, "D"), last)
    return np.asarray(day)

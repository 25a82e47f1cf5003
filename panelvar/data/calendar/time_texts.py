"""Time labels written as text: recognising the form all of them share, and writing further labels in it."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.errors import DataError
from panelvar.data.calendar.periods import Dates, Days, Months, Unit

_NAMES = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
          "November", "December")  # fmt: skip
_MONTH_OF = {form.lower(): number for number, name in enumerate(_NAMES, 1) for form in (name, name[:3])}

# Every piece between two labels of a form may vary except the literal text; y year, p part of the year, n name, d day.
_FORMS: tuple[tuple[str, Unit | None], ...] = (
    (r"(?P<y>\d{4})[-/: ]?[Qq](?P<p>[1-4])", Months(3, day=1)),
    (r"[Qq](?P<p>[1-4])[-/ ]?(?P<y>\d{4})", Months(3, day=1)),
    (r"(?P<y>\d{4}):(?P<p>[1-4])", Months(3, day=1)),
    (r"(?P<y>\d{4}):(?P<p>0[1-9]|1[0-2])", Months(1, day=1)),
    (r"(?P<y>\d{4})[-/ ]?[HhSs](?P<p>[12])", Months(6, day=1)),
    (r"(?P<y>\d{4})(?:[-/ ]?[Mm]|[-/])(?P<p>0?[1-9]|1[0-2])", Months(1, day=1)),
    (r"(?P<p>0?[1-9]|1[0-2])[-/](?P<y>\d{4})", Months(1, day=1)),
    (r"(?P<n>[A-Za-z]{3,9})[-/ ]?(?P<y>\d{4})", Months(1, day=1)),
    (r"(?P<y>\d{4})[-/ ]?(?P<n>[A-Za-z]{3,9})", Months(1, day=1)),
    (r"(?P<y>\d{4})-?[Ww](?P<w>\d\d?)", Days(7, 4)),
    (r"(?P<y>\d{4})[-/.](?P<p>0[1-9]|1[0-2])[-/.](?P<d>\d\d)", None),
)
_DIGITS: dict[int, tuple[str, Unit | None]] = {
    5: (r"(?P<y>\d{4})(?P<p>[1-4])", Months(3, day=1)),
    6: (r"(?P<y>\d{4})(?P<p>0[1-9]|1[0-2])", Months(1, day=1)),
    8: (r"(?P<y>\d{4})(?P<p>0[1-9]|1[0-2])(?P<d>\d\d)", None),
}
_EITHER_WAY = re.compile(r"\d{1,2}([-/.])\d{1,2}\1(\d{4}|\d\d)")
_SHORT_YEARS = tuple(
    re.compile(form)
    for form in (
        r"(?P<n>[A-Za-z]{3,9})[-/ ]?'?\d\d",
        r"'?\d\d[-/ ]?(?P<n>[A-Za-z]{3,9})",
        r"'?\d\d[-/: ]?[QqMmHhSs]\d\d?",
        r"[Qq][1-4][-/ ]?'?\d\d",
    )
)
_FIRST_YEAR, _LAST_YEAR = 1500, 2999


@dataclass(frozen=True, slots=True)
class DateStyle:
    """How a date is written.

    Attributes
    ----------
    pieces : tuple of (str, int)
        Literal text with -1, or a field (``"y"``, ``"p"``, ``"n"``, ``"w"``, ``"d"``) with its least width.
    months : int
        Months in the part ``"p"`` of the year.
    """

    pieces: tuple[tuple[str, int], ...]
    months: int = 1

    def write(self, date: datetime.date) -> str:
        """Write a date."""
        iso = date.isocalendar()
        weekly = any(piece == ("w", width) for piece in self.pieces for width in (1, 2))
        fields = {
            "y": iso.year if weekly else date.year,
            "p": (date.month - 1) // self.months + 1,
            "w": iso.week,
            "d": date.day,
        }
        return "".join(self._piece(text, width, fields, date) for text, width in self.pieces)

    @staticmethod
    def _piece(text: str, width: int, fields: dict[str, int], date: datetime.date) -> str:
        if width < 0:
            return text
        if text == "n":
            return _NAMES[date.month - 1][: 3 if width == 3 else None]
        return f"{fields[text]:0{width}d}"


@dataclass(frozen=True, slots=True)
class NumberStyle:
    """How a number is written: between a prefix and a suffix, in at least ``width`` digits."""

    prefix: str
    suffix: str
    width: int

    def write(self, number: int) -> str:
        """Write a number."""
        return f"{self.prefix}{number:0{self.width}d}{self.suffix}"


@dataclass(frozen=True, slots=True)
class MonthStyle:
    """How a month without a year is written: by its name, in three letters or all of them."""

    short: bool

    def write(self, number: int) -> str:
        """Write a month, 1 to 12; one of another year with the number of years from the first, ``"Jan+1y"``."""
        years, month = divmod(number - 1, 12)
        name = _NAMES[month][: 3 if self.short else None]
        return f"{name}{years:+d}y" if years else name


@dataclass(frozen=True, slots=True)
class DatedTexts:
    """Texts read as dates.

    Attributes
    ----------
    dates : (m,) datetime64 array
        First day of the period each text names.
    unit : Unit or None
        The period they name; None for days, whose spacing is left to be found.
    style : DateStyle
    """

    dates: Dates
    unit: Unit | None
    style: DateStyle


@dataclass(frozen=True, slots=True)
class NumberedTexts:
    """Texts that differ in one whole number, or name months without a year."""

    numbers: NDArray[np.int64]
    style: NumberStyle | MonthStyle


ReadTexts: TypeAlias = DatedTexts | NumberedTexts


def read_texts(texts: Sequence[str], ordered: bool = False) -> ReadTexts | None:
    """Read texts that all have one of the known forms; None if they have not.

    Parameters
    ----------
    texts : sequence of str
        Distinct, at least one.
    ordered : bool
        Whether their order is known, so that names of months without a year need not be taken for those of one year.

    Raises
    ------
    DataError
        If they look like ``"01/02/2001"``, which is a day in January or in February, or have years of two digits:
        ``"Jan 98"``, ``"98Q4"``, ``"99"`` and ``"00"``.
    """
    if all(map(_EITHER_WAY.fullmatch, texts)):
        raise DataError(
            f"Times such as {texts[0]!r} could have the day or the month first. Convert them with "
            "pandas.to_datetime and its format=."
        )
    for pattern, unit in _FORMS:
        dated = _dated(texts, pattern, unit)
        if dated is not None:
            return dated
    if not ordered and all(text.lower() in _MONTH_OF for text in texts):
        months = np.array([_MONTH_OF[text.lower()] for text in texts], dtype=np.int64)
        if len(np.unique(months)) == len(months):
            return NumberedTexts(months, MonthStyle(all(len(text) == 3 for text in texts)))
    numbered = _numbered(texts)
    if _short_years(texts, numbered):
        raise DataError(
            f"Times such as {texts[0]!r} seem to have years of two digits, which leave the century open. Write "
            "years with four digits."
        )
    return numbered


def _short_years(texts: Sequence[str], numbered: NumberedTexts | None) -> bool:
    """Whether texts that are not dates look like dates with years of two digits."""
    if numbered is None:
        return any(
            all(
                (match := form.fullmatch(text)) and match.groupdict().get("n", "may").lower() in _MONTH_OF
                for text in texts
            )
            for form in _SHORT_YEARS
        )
    if not all(re.fullmatch(r"\D*\d\d\D*", text) for text in texts):
        return False
    # 98, 99, 00, 01: more than half a century without a label, between labels that are otherwise close.
    return bool(np.diff(np.sort(numbered.numbers)).max(initial=0) > 50)


def read_digits(texts: Sequence[str], sure: bool = False) -> DatedTexts | None:
    """Read 20014 as a quarter, 200112 as a month, 20011231 as a day.

    Parameters
    ----------
    texts : sequence of str
        Distinct, at least one.
    sure : bool
        Whether they are known to be dates. If not, they must also span several years and parts of the year.
    """
    form = _DIGITS.get(len(texts[0]))
    dated = None if form is None else _dated(texts, *form)
    if dated is None or sure:
        return dated
    months = dated.dates.astype("M8[M]").astype(np.int64)
    several = len(np.unique(months // 12)) > 1 and len(np.unique(months % 12)) > 1
    return dated if several else None


def _dated(texts: Sequence[str], pattern: str, unit: Unit | None) -> DatedTexts | None:
    compiled = re.compile(pattern)
    fields = list(compiled.groupindex)
    length = unit.length if isinstance(unit, Months) else 1
    found, dates = [], []
    for text in texts:
        match = compiled.fullmatch(text)
        date = None if match is None else _date(match.groupdict(), length)
        if match is None or date is None:
            return None
        found.append(match)
        dates.append(date)
    first, pieces, at = found[0], [], 0
    for field in sorted(fields, key=first.start):
        if first.start(field) > at:
            pieces.append((first.string[at : first.start(field)], -1))
        pieces.append((field, min(match.end(field) - match.start(field) for match in found)))
        at = first.end(field)
    if "n" in fields and any(match.end("n") - match.start("n") > 3 for match in found):
        pieces = [(text, 4 if text == "n" and width == 3 else width) for text, width in pieces]
    return DatedTexts(np.array(dates, dtype="M8[D]"), unit, DateStyle(tuple(pieces), length))


def _date(fields: dict[str, str], length: int) -> datetime.date | None:
    year, month = int(fields["y"]), 1
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return None
    if "n" in fields:
        month = _MONTH_OF.get(fields["n"].lower(), 0)
    elif "p" in fields:
        month = (int(fields["p"]) - 1) * length + 1
    try:
        if "w" in fields:
            return datetime.date.fromisocalendar(year, int(fields["w"]), 1)
        return datetime.date(year, month, int(fields.get("d", 1)))
    except ValueError:
        return None


def _numbered(texts: Sequence[str]) -> NumberedTexts | None:
    if all(re.fullmatch(r"[+-]?\d{1,18}", text) for text in texts):
        width = min(map(len, texts)) if any(text.startswith("0") for text in texts) else 1
        return NumberedTexts(np.array([int(text) for text in texts], dtype=np.int64), NumberStyle("", "", width))
    found = [re.fullmatch(r"(\D*)(\d{1,18})(\D*)", text) for text in texts]
    first = found[0]
    numbers, widths = [], []
    for match in found:
        if match is None or first is None or (match[1], match[3]) != (first[1], first[3]):
            return None
        numbers.append(int(match[2]))
        widths.append(len(match[2]))
    assert first is not None
    return NumberedTexts(np.array(numbers, dtype=np.int64), NumberStyle(first[1], first[3], min(widths)))

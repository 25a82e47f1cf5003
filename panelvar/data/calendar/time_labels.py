"""Labels in order, and how positions of a calendar are written as them: integers, timestamps, periods, texts, ranks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Integers
from panelvar.core.base.errors import DataError
from panelvar.data.calendar.periods import Dates, Unit
from panelvar.data.calendar.time_texts import DateStyle, MonthStyle, NumberStyle

if TYPE_CHECKING:
    import pandas as pd


def ascending_places(labels: pd.Index, what: str) -> NDArray[np.intp]:
    """Places of the labels, of any one type, in ascending order.

    Raises
    ------
    DataError
        If labels are of types that cannot be compared; ``what`` begins the message.
    """
    import pandas as pd

    if isinstance(labels.dtype, pd.StringDtype) and not labels.hasnans:
        # Texts as pandas keeps them, which Arrow sorts without making Python's of them, in the same order.
        return np.asarray(labels.array.argsort(), dtype=np.intp)
    try:
        return np.argsort(np.asarray(labels, dtype=object), kind="stable")
    except TypeError:
        kinds = sorted({type(label).__name__ for label in labels})
        raise DataError(
            f"{what} cannot be put in order, because they are of types {', '.join(kinds)}. Convert them to one type."
        ) from None


def as_text(label: object) -> str:
    """Write a label, a date without a time of day where that is midnight."""
    return re.sub(r"[ T]00:00:00(\.0+)?([+-]\d\d:\d\d)?$", "", str(label))


@dataclass(frozen=True, slots=True)
class IntegerLabels:
    """Integers, or texts that differ in one integer."""

    style: NumberStyle | MonthStyle | None = None
    noun: ClassVar[str] = "unit"

    def labels(self, ordinals: Integers) -> pd.Index:
        """Write ordinals as they are, or in the style of the texts."""
        import pandas as pd

        if self.style is None:
            return pd.Index(ordinals)
        return pd.Index([self.style.write(int(ordinal)) for ordinal in ordinals])


@dataclass(frozen=True, slots=True)
class DateLabels:
    """A date for each period of a unit."""

    unit: Unit
    writer: DateWriter
    offset: np.timedelta64

    @property
    def noun(self) -> str:
        """What one ordinal is called."""
        return self.unit.noun

    def labels(self, ordinals: Integers) -> pd.Index:
        """Write the date of each period."""
        return self.writer.write(self.unit.dates(ordinals) + self.offset)


@dataclass(frozen=True, slots=True)
class RankLabels:
    """Labels known only by their order: further ones are the last one plus a number, or the first one minus."""

    first: object
    last: object
    n_labels: int
    noun: ClassVar[str] = "label"

    def labels(self, ordinals: Integers) -> pd.Index:
        """Write ordinals outside the labels."""
        import pandas as pd

        texts = [f"{self.first}{r}" if r < 0 else f"{self.last}+{r - self.n_labels + 1}" for r in ordinals.tolist()]
        return pd.Index(texts, dtype=object)


@dataclass(frozen=True, slots=True)
class Timestamps:
    """Dates as pandas timestamps, in one time zone.

    Attributes
    ----------
    resolution : str
        NumPy's unit of the timestamps.
    timezone : tzinfo or None
    universal : bool
        Whether the dates are in universal time, to be converted, rather than what clocks there show.
    """

    resolution: str
    timezone: Any = None
    universal: bool = False

    def write(self, dates: Dates) -> pd.Index:
        """Return the timestamps."""
        import pandas as pd

        index = pd.DatetimeIndex(dates.astype(f"M8[{self.resolution}]"))
        if self.timezone is None:
            return index
        if self.universal:
            return index.tz_localize("UTC").tz_convert(self.timezone)
        return index.tz_localize(self.timezone)


@dataclass(frozen=True, slots=True)
class Periods:
    """Dates as pandas periods."""

    freq: str

    def write(self, dates: Dates) -> pd.Index:
        """Return the periods."""
        import pandas as pd

        return pd.DatetimeIndex(dates.astype("M8[ns]")).to_period(self.freq)


@dataclass(frozen=True, slots=True)
class Texts:
    """Dates as texts, or as the integers these texts are."""

    style: DateStyle
    as_integers: bool = False

    def write(self, dates: Dates) -> pd.Index:
        """Return the texts or integers."""
        import pandas as pd

        texts = [self.style.write(date) for date in dates.astype("M8[D]").tolist()]
        return pd.Index([int(text) for text in texts] if self.as_integers else texts)


DateWriter: TypeAlias = Timestamps | Periods | Texts
"""How dates are written as labels."""
LabelRule: TypeAlias = IntegerLabels | DateLabels | RankLabels
"""How positions of a calendar are written as labels."""

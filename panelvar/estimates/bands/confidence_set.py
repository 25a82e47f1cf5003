"""A set of values that a test does not reject: an interval, what lies outside one, the whole line, or nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass

from panelvar.core.base.quoting import one_line
from panelvar.core.faces.layout import Row, number, words
from panelvar.core.faces.number_format import check_digits
from panelvar.core.tables.table import Presented, Table


@dataclass(frozen=True, repr=False)
class ConfidenceSet(Presented):
    """The values of one quantity that a test does not reject.

    Attributes
    ----------
    name : str
        The quantity.
    intervals : tuple of (lower, upper)
        In ascending order; infinite ends where the set is unbounded, none where it is empty.
    level : float
        Coverage.
    method : str
        Whose test it is.

    See Also
    --------
    InstrumentalResult.anderson_rubin_set : makes one.

    Examples
    --------
    >>> import panelvar as pv
    >>> fit = pv.fit_iv_pooled(pv.load_data("public_capital"), "gsp ~ emp + [pcap ~ pc]")
    >>> confidence = fit.anderson_rubin_set()
    >>> confidence.bounded, confidence.level
    (True, 0.95)
    """

    name: str
    intervals: tuple[tuple[float, float], ...]
    level: float
    method: str = "Anderson-Rubin"

    @property
    def bounded(self) -> bool:
        """Whether the set has both ends."""
        return all(math.isfinite(end) for interval in self.intervals for end in interval)

    @property
    def empty(self) -> bool:
        """Whether every value is rejected. In Anderson and Rubin's test the model's restrictions then fail."""
        return not self.intervals

    @property
    def in_words(self) -> str:
        """What kind of set it is."""
        if self.empty:
            return "empty: every value is rejected"
        if self.bounded:
            return "an interval" if len(self.intervals) == 1 else f"{len(self.intervals)} intervals"
        if len(self.intervals) == 1 and self.intervals[0] == (-math.inf, math.inf):
            return "the whole line: no value is rejected"
        return "unbounded: the values outside an interval" if len(self.intervals) == 2 else "unbounded"

    def __contains__(self, value: float) -> bool:
        return any(low <= value <= high for low, high in self.intervals)

    def summary(self, *, digits: int = 4) -> Table:
        """Return the set as a table, a row for each interval.

        Parameters
        ----------
        digits : int
            Decimals.

        Returns
        -------
        Table
        """
        check_digits(digits)
        body = tuple(Row(self.name, (number(low, digits), number(high, digits))) for low, high in self.intervals)
        said = f"{self.in_words[0].upper()}{self.in_words[1:]}."
        return Table(
            title=f"{100 * self.level:g}% {self.method} set",
            header=(Row("", (words("Lower", "right"), words("Upper", "right"))),),
            body=body,
            notes=() if self.bounded and body else (said,),
        )

    def __repr__(self) -> str:
        return f"<{self}>"

    def __str__(self) -> str:
        return one_line(f"{self.name}: {100 * self.level:g}% {self.method} set {self.in_a_line}")

    @property
    def in_a_line(self) -> str:
        """The intervals, one after another."""
        return " and ".join(f"[{low:.6g}, {high:.6g}]" for low, high in self.intervals) or "empty"

"""Comparison with printed numbers, to the last printed digit."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal

from panelvar.core.faces.layout import Cell, Fact, Row, count, pairs
from panelvar.core.tables.table import Table

EXACT, NEAR, FAR = "=", "~", "!"
OURS_AND_PAPER = ("ours", "paper")
LEGEND = f"{EXACT} agrees to the printed digit, {NEAR} one off in the last digit, {FAR} further off."


def units_apart(ours: float, printed: float, digits: int) -> int:
    """Difference in units of the last printed digit, after rounding ours as it would be printed."""
    unit = Decimal(1).scaleb(-digits)
    rounded = Decimal(ours).quantize(unit, rounding=ROUND_HALF_EVEN)
    return int(abs(rounded - Decimal(str(printed)).quantize(unit)) / unit)


@dataclass(frozen=True)
class Compared:
    """One number of the paper beside ours.

    Parameters
    ----------
    where : str
        Part of the paper it belongs to.
    what : str
        Column and row, for the list of those that differ.
    ours, printed : float
    digits : int
        Decimals in print.
    repeats : bool
        A random-effects column's copy of a number of the pooled column.
    """

    where: str
    what: str
    ours: float
    printed: float
    digits: int
    repeats: bool = False

    @property
    def apart(self) -> int:
        """Units of the last printed digit between the two."""
        return units_apart(self.ours, self.printed, self.digits)

    @property
    def mark(self) -> str:
        """How well the two agree."""
        return EXACT if self.apart == 0 else NEAR if self.apart == 1 else FAR

    @property
    def truncated(self) -> bool:
        """Whether a probability is printed as zero: an upper bound, not a number that can agree."""
        return self.printed == 0.0 and self.what.endswith(("p-value", "Prob (F)"))

    @property
    def independent(self) -> bool:
        """Whether the number says something no other printed number says."""
        return not (self.repeats or self.truncated)


@dataclass
class Agreement:
    """All numbers compared so far."""

    numbers: list[Compared] = field(default_factory=list)

    def add(
        self, where: str, what: str, ours: float, printed: float, digits: int = 4, *, repeats: bool = False
    ) -> Compared:
        """Compare one number."""
        compared = Compared(where, what, float(ours), float(printed), digits, repeats)
        self.numbers.append(compared)
        return compared

    def tally(self, *, independent: bool) -> tuple[int, int, int]:
        """How many numbers there are, agree exactly, and are one off in the last digit."""
        chosen = [number for number in self.numbers if number.independent or not independent]
        marks = [number.mark for number in chosen]
        return len(chosen), marks.count(EXACT), marks.count(NEAR)

    def table(self) -> Table:
        """Count by part of the paper, all numbers and the independent ones, and list those that differ."""
        kinds = ("all", "independent")
        counted = ("printed", "exact", "one off")

        def row(label: str, chosen: list[Compared]) -> Row:
            cells = []
            for part in (chosen, [number for number in chosen if number.independent]):
                marks = [number.mark for number in part]
                cells += [count(len(part)), count(marks.count(EXACT)), count(marks.count(NEAR))]
            return Row(label, tuple(cells))

        places = dict.fromkeys(number.where for number in self.numbers)
        different = [number for number in self.numbers if number.mark != EXACT]
        return Table(
            title="Agreement with the printed numbers",
            header=pairs(kinds, counted),
            body=tuple(row(place, [number for number in self.numbers if number.where == place]) for place in places),
            foot=(row("All", self.numbers),),
            statistics=tuple(
                Fact(f"{n.where}: {n.what}", f"ours {n.ours:.{n.digits + 2}f}, printed {n.printed:.{n.digits}f}")
                for n in different
            ),
            notes=(
                "Independent: without what the random-effects columns of Tables 2 and 3 repeat from the pooled ones "
                "(coefficients, R2, F) and without probabilities printed as zero.",
            ),
        )


def pair(compared: Compared) -> tuple[Cell, Cell]:
    """Two cells: our number, and the printed one with its mark."""
    ours = Cell(f"{compared.ours:.{compared.digits}f}", compared.ours)
    return ours, Cell(f"{compared.printed:.{compared.digits}f} {compared.mark}", compared.printed)

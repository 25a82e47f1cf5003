"""Which columns of a table stand side by side, and how wide each is, where not all of them fit.

A terminal counts in characters, a printed page in points: ``unit`` is the width of a character in either.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from typing import TYPE_CHECKING

from panelvar.core.faces.characters import wrap

if TYPE_CHECKING:
    from panelvar.core.faces.layout import Cell, Layout, Row

# In characters: a column of words may be squeezed to this before the table is cut into panels, or to its longest word
# up to a limit.
_WORDS = 12
_LONGEST_WORD = 20

Measure = Callable[[str], int]


def split_at_point(text: str) -> tuple[str, str]:
    """Cut a printed number before its decimal point, or after its last digit if it has none."""
    point = text.find(".")
    if point < 0:
        point = max((k + 1 for k, character in enumerate(text) if character.isdigit()), default=len(text))
    return text[:point], text[point:]


@dataclass(frozen=True)
class Measured:
    """What a column asks for: the room for its numbers, its widest cell of words, its longest word."""

    numerals: int
    words: int
    longest: int
    unit: int = 1

    @property
    def loose(self) -> int:
        """Width at which nothing is folded."""
        return max(self.numerals, self.words, self.unit)

    @property
    def tight(self) -> int:
        """Width below which the table is rather cut into panels."""
        word = max(_WORDS * self.unit, min(self.longest, _LONGEST_WORD * self.unit))
        return max(self.numerals, min(self.words, word), self.unit)


@dataclass(frozen=True)
class Panel:
    """The columns printed side by side, with the width of each and of the labels before them."""

    stub: int
    which: tuple[int, ...]
    widths: tuple[int, ...]
    gap: int

    @property
    def width(self) -> int:
        """Width of the whole."""
        return self.stub + sum(width + self.gap for width in self.widths)

    def room(self, run: Sequence[int]) -> int:
        """Width of columns that are one."""
        return sum(self.widths[self.which.index(j)] for j in run) + self.gap * (len(run) - 1)


def arranged(table: Layout, measured: Sequence[Measured], stub: int, room: int, gap: int, unit: int = 1) -> list[Panel]:
    """Lay columns side by side in as few panels as fit.

    Parameters
    ----------
    table : Layout
    measured : sequence of Measured
        One for each column.
    stub : int
        Width of the widest label.
    room : int
        Width of the terminal or the page.
    gap : int
        Room between columns.
    unit : int
        Width of a character.
    """
    loose = [column.loose for column in measured]
    everything = tuple(range(len(measured)))
    if stub + sum(loose) + gap * len(loose) <= room:
        return [Panel(stub, everything, tuple(loose), gap)]
    narrow_stub = min(stub, max(_WORDS * unit, room * 3 // 10))
    widths = [min(column.tight, room - narrow_stub - gap) for column in measured]
    shortest = min(stub, (_WORDS + 4) * unit)
    spare = room - shortest - sum(widths) - gap * len(widths)
    if spare >= 0:
        # First the labels get their room back, then the columns of words.
        growth = min(spare, stub - shortest)
        return [Panel(shortest + growth, everything, _grown(widths, loose, spare - growth), gap)]
    panels = []
    for which in _pack(widths, room - narrow_stub, _together(table), gap):
        narrow, wide = [widths[j] for j in which], [loose[j] for j in which]
        spare = room - narrow_stub - sum(narrow) - gap * len(narrow)
        panels.append(Panel(narrow_stub, which, _grown(narrow, wide, spare), gap))
    return panels


def _grown(widths: Sequence[int], wanted: Sequence[int], spare: int) -> tuple[int, ...]:
    """Share out spare room, one by one, to the columns that still want some."""
    grown = list(widths)
    while squeezed := [j for j, width in enumerate(grown) if width < wanted[j]][:spare]:
        for j in squeezed:
            grown[j] += 1
        spare -= len(squeezed)
    return tuple(grown)


def _together(table: Layout) -> list[list[int]]:
    """Columns that a heading holds together, from left to right."""
    groups: list[list[int]] = []
    for j in range(table.n_columns):
        if j and any(row.cells[j].continues for row in table.header):
            groups[-1].append(j)
        else:
            groups.append([j])
    return groups


def _pack(widths: Sequence[int], room: int, together: Sequence[Sequence[int]], gap: int) -> list[tuple[int, ...]]:
    """Cut columns into few panels that fit; columns under one heading stay in one panel.

    Columns that do not fit have panels of their own, under their heading again.
    """
    panels = []
    for too_wide, parts in groupby(together, lambda group: sum(widths[j] + gap for j in group) > room):
        if too_wide:
            for group in parts:
                panels += _fill(widths, room, [[j] for j in group], gap)
        else:
            panels += _fill(widths, room, list(parts), gap)
    return panels


def _fill(widths: Sequence[int], room: int, together: Sequence[Sequence[int]], gap: int) -> list[tuple[int, ...]]:
    """Fill few panels with groups that fit, an equal number in each: a table has one form from top to bottom."""
    count = len(together)
    for parts in range(1, count + 1):
        each = math.ceil(count / parts)
        panels = [tuple(chain(*together[k : k + each])) for k in range(0, count, each)]
        if all(sum(widths[j] + gap for j in panel) <= room for panel in panels):
            return panels
    return [tuple(group) for group in together]


def folded_label(label: str, room: int, measure: Measure, unit: int = 1) -> list[tuple[bool, str]]:
    """Fold a label; whether each line is indented, and its text."""
    lines = wrap(label, room, measure)
    if len(lines) > 1 and room > _WORDS * unit // 2:
        lines = wrap(label, room - 2 * unit, measure)
        return [(k > 0, line) for k, line in enumerate(lines)]
    return [(False, line) for line in lines]


def groups(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Rows, each with those that continue it."""
    group: list[Row] = []
    for row in rows:
        if group and not row.continues:
            yield group
            group = []
        group.append(row)
    if group:
        yield group


def shown_groups(rows: Iterable[Row], panel: Panel) -> Iterator[list[Row]]:
    """Rows that a panel shows: a regressor none of the panel's models has is left out of it."""
    for group in groups(rows):
        blank = not any(row.cells[j].text for row in group for j in panel.which)
        if group[0].heading or not blank or not any(cell.text for row in group for cell in row.cells):
            yield group


Piece = tuple[list[int], "Cell | None", str]
"""Places of the columns that are one, the cell there, and what of its text stands on a line; no cell: nothing does."""


def lines_of(
    group: Sequence[Row],
    panel: Panel,
    fold_label: Callable[[str], list[tuple[bool, str]]],
    fold_cell: Callable[[Cell, list[int]], list[str]],
) -> list[tuple[tuple[bool, str], list[Piece]]]:
    """Lay a row, and those that continue it, in lines: what is long is folded, a label runs down beside the cells."""
    values: list[list[Piece]] = []
    for row in group:
        runs = row.runs(panel.which)
        blocks = [fold_cell(row.cells[run[0]], run) for run in runs]
        height = max(map(len, blocks), default=1)
        # Headings stand on what they are headings of.
        low = any(len(run) > 1 for run in runs)
        for k in range(height):
            line: list[Piece] = []
            for run, block in zip(runs, blocks, strict=True):
                at = k - (height - len(block)) * low
                there = 0 <= at < len(block)
                line.append((run, row.cells[run[0]] if there else None, block[at] if there else ""))
            values.append(line)
    labels = [(False, "")] if group[0].continues else fold_label(group[0].label)
    empty: list[Piece] = [([j], None, "") for j in panel.which]
    height = max(len(labels), len(values))
    labels += [(False, "")] * (height - len(labels))
    values += [empty] * (height - len(values))
    return list(zip(labels, values, strict=True))

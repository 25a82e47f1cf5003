"""A table as plain text that fits the terminal."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from panelvar.base.errors import SpecificationError
from panelvar.base.quoting import NO_BREAK, printable, shown
from panelvar.tables.characters import display_width, pad, wrap

if TYPE_CHECKING:
    from panelvar.tables.layout import Cell, Fact, Layout, Row

_GAP = 2
_NARROWEST = 40
# A column of words may be squeezed to this before the table is cut into panels, or to its longest word up to a limit.
_WORDS = 12
_LONGEST_WORD = 20


def split_at_point(text: str) -> tuple[str, str]:
    """Cut a printed number before its decimal point, or after its last digit if it has none."""
    point = text.find(".")
    if point < 0:
        point = max((k + 1 for k, character in enumerate(text) if character.isdigit()), default=len(text))
    return text[:point], text[point:]


@dataclass(frozen=True)
class _Column:
    """How one column is laid out: its width, and the room left of the decimal point (None: nothing lines up)."""

    width: int
    left: int | None
    right: int = 0

    def lines(self, cell: Cell) -> list[str]:
        text = printable(cell.text) + cell.stars
        if cell.align == "decimal" and self.left is not None:
            before, after = split_at_point(text)
            numeral = pad(before, self.left, "right") + pad(after, self.right, "left")
            spare = self.width - self.left - self.right
            # The block of aligned numbers sits in the middle of a column widened by its words.
            return [" " * (spare // 2) + numeral + " " * (spare - spare // 2)]
        return [pad(line, self.width, cell.align) for line in wrap(text, self.width)]


@dataclass(frozen=True)
class _Measured:
    """What a column asks for: columns around the point, its widest cell of words, its longest word."""

    left: int
    right: int
    words: int
    longest: int

    @property
    def numerals(self) -> int:
        return self.left + self.right

    @property
    def loose(self) -> int:
        return max(self.numerals, self.words, 1)

    @property
    def tight(self) -> int:
        return max(self.numerals, min(self.words, max(_WORDS, min(self.longest, _LONGEST_WORD))), 1)

    def column(self, width: int) -> _Column:
        if self.numerals > width:
            return _Column(width, None)
        return _Column(width, self.left, self.right)


def _measure(rows: Sequence[Row], column: int) -> _Measured:
    left = right = widest = longest = 0
    for row in rows:
        cell = row.cells[column]
        if cell.continues or (column + 1 < len(row.cells) and row.cells[column + 1].continues):
            # A heading over several columns folds in the room that they have together.
            continue
        text = printable(cell.text) + cell.stars
        if cell.align == "decimal":
            before, after = split_at_point(text)
            left, right = max(left, display_width(before)), max(right, display_width(after))
        else:
            widest = max(widest, display_width(text))
            longest = max([longest, *map(display_width, text.split(" "))])
    return _Measured(left, right, widest, longest)


@dataclass(frozen=True)
class _Panel:
    """The columns printed side by side, with the width of the labels before them."""

    stub: int
    which: tuple[int, ...]
    columns: tuple[_Column, ...]

    @property
    def width(self) -> int:
        return self.stub + sum(column.width + _GAP for column in self.columns)


def _panels(table: Layout, width: int) -> list[_Panel]:
    rows = list(table.rows())
    if not rows:
        return []
    stub = max(0 if row.continues or row.heading else display_width(printable(row.label)) for row in rows)
    measured = [_measure(rows, j) for j in range(table.n_columns)]
    everything = tuple(range(table.n_columns))

    def panel(stub_width: int, which: tuple[int, ...], widths: Sequence[int]) -> _Panel:
        return _Panel(stub_width, which, tuple(measured[j].column(w) for j, w in zip(which, widths, strict=True)))

    loose = [column.loose for column in measured]
    if stub + sum(loose) + _GAP * len(loose) <= width:
        return [panel(stub, everything, loose)]
    narrow_stub = min(stub, max(_WORDS, width * 3 // 10))
    widths = [min(column.tight, width - narrow_stub - _GAP) for column in measured]
    spare = width - min(stub, _WORDS + 4) - sum(widths) - _GAP * len(widths)
    if spare >= 0:
        # First the labels get their room back, then the columns of words.
        growth = min(spare, stub - min(stub, _WORDS + 4))
        widths = _grown(widths, loose, spare - growth)
        return [panel(min(stub, _WORDS + 4) + growth, everything, widths)]
    room = width - narrow_stub
    panels = []
    for which in _packed(widths, room, _together(table)):
        narrow, wide = [widths[j] for j in which], [loose[j] for j in which]
        panels.append(panel(narrow_stub, which, _grown(narrow, wide, room - sum(narrow) - _GAP * len(narrow))))
    return panels


def _grown(widths: Sequence[int], wanted: Sequence[int], spare: int) -> list[int]:
    """Share out spare room, one by one, to the columns that still want some."""
    grown = list(widths)
    while squeezed := [j for j, width in enumerate(grown) if width < wanted[j]][:spare]:
        for j in squeezed:
            grown[j] += 1
        spare -= len(squeezed)
    return grown


def _together(table: Layout) -> list[list[int]]:
    """Columns that a heading holds together, from left to right."""
    groups: list[list[int]] = []
    for j in range(table.n_columns):
        if j and any(row.cells[j].continues for row in table.header):
            groups[-1].append(j)
        else:
            groups.append([j])
    return groups


def _packed(widths: Sequence[int], room: int, together: Sequence[Sequence[int]]) -> list[tuple[int, ...]]:
    """Cut columns into the fewest panels that fit, of equal number of columns where that fits too.

    Columns under one heading stay together where they fit into a panel.
    """
    needed = [sum(widths[j] + _GAP for j in group) for group in together]
    if max(needed) > room:
        together = [[j] for j in range(len(widths))]
        needed = [width + _GAP for width in widths]
    greedy: list[list[int]] = [[]]
    used = 0
    for k, width in enumerate(needed):
        if greedy[-1] and used + width > room:
            greedy.append([])
            used = 0
        greedy[-1].append(k)
        used += width
    each = math.ceil(len(needed) / len(greedy))
    even = [list(range(k, min(k + each, len(needed)))) for k in range(0, len(needed), each)]
    fits = all(sum(needed[k] for k in group) <= room for group in even)
    return [tuple(j for k in group for j in together[k]) for group in (even if fits else greedy)]


def _group_lines(rows: Sequence[Row], panel: _Panel) -> list[str]:
    """Print a row and those that continue it; a long label runs down beside them."""
    label = _label_lines("" if rows[0].continues else printable(rows[0].label), max(panel.stub, 1))
    values: list[str] = []
    for row in rows:
        blocks, widths = [], []
        for run in row.runs(panel.which):
            columns = [panel.columns[panel.which.index(j)] for j in run]
            width = sum(column.width for column in columns) + _GAP * (len(run) - 1)
            block = (columns[0] if len(run) == 1 else _Column(width, None)).lines(row.cells[run[0]])
            if len(run) > 1 and row.cells[run[0]].text:
                block.append("-" * width)
            blocks.append(block)
            widths.append(width)
        # Headings stand on what they are headings of.
        height = max(map(len, blocks), default=1)
        low = any(len(run) > 1 for run in row.runs(panel.which))
        for k in range(height):
            line = [
                block[at] if 0 <= (at := k - (height - len(block)) * low) < len(block) else " " * width
                for block, width in zip(blocks, widths, strict=True)
            ]
            values.append("".join(" " * _GAP + part for part in line))
    height = max(len(label), len(values))
    label += [""] * (height - len(label))
    values += [""] * (height - len(values))
    return [(pad(left, panel.stub, "left") + right).rstrip() for left, right in zip(label, values, strict=True)]


def _label_lines(label: str, width: int) -> list[str]:
    """Fold a label, its further lines indented where there is room."""
    lines = wrap(label, width)
    indented = wrap(label, width - 2) if len(lines) > 1 and width > _WORDS // 2 else lines
    return [indented[0], *("  " + line for line in indented[1:])] if indented is not lines else lines


def _groups(rows: Sequence[Row]) -> Iterator[list[Row]]:
    group: list[Row] = []
    for row in rows:
        if group and not row.continues:
            yield group
            group = []
        group.append(row)
    if group:
        yield group


def _blank(rows: Sequence[Row], which: Sequence[int]) -> bool:
    return not any(row.cells[j].text for row in rows for j in which)


def _panel_lines(table: Layout, panel: _Panel, rule: str) -> Iterator[str]:
    """Print the columns of a panel, and the headings of rows as wide as the rule."""
    for group in _groups(table.header):
        yield from _group_lines(group, panel)
    if table.header and (table.body or table.foot):
        yield rule
    for section in (table.body, table.foot):
        if section is table.foot and section and table.body:
            yield rule
        for k, group in enumerate(_groups(section)):
            if k and group[0].rule:
                yield rule
            if group[0].heading:
                yield from wrap(printable(group[0].label), len(rule))
            # A regressor none of the panel's models has is left out of that panel.
            elif not _blank(group, panel.which) or _blank(group, range(table.n_columns)):
                yield from _group_lines(group, panel)


def _fact_lines(facts: Sequence[Fact], width: int) -> list[str]:
    """Lay facts out two a line, long ones on lines of their own below."""
    pairs = [(printable(fact.label), printable(fact.text)) for fact in facts]
    stub = min(max((display_width(label) for label, _ in pairs), default=0), width // 2)
    half = (width - 3) // 2
    short = [pair for pair in pairs if stub + _GAP + display_width(pair[1]) <= half]
    lines = []
    left, right = short[0::2], short[1::2]
    value = max((display_width(text) for _, text in left), default=0)
    second = max((display_width(label) for label, _ in right), default=0)
    for k, (label, text) in enumerate(left):
        line = pad(label, stub + _GAP, "left") + pad(text, value, "left")
        if k < len(right):
            line += "   " + pad(right[k][0], second + _GAP, "left") + right[k][1]
        lines.append(line.rstrip())
    for label, text in (pair for pair in pairs if pair not in short):
        starts, ends = wrap(label, max(stub, 1)), wrap(text, width - stub - _GAP)
        for k in range(max(len(starts), len(ends))):
            start = pad(starts[k] if k < len(starts) else "", stub + _GAP, "left")
            lines.append((start + (ends[k] if k < len(ends) else "")).rstrip())
    return lines


def render_text(table: Layout, width: int = 80) -> str:
    """Render a table as plain text; see `Table.to_text`."""
    if isinstance(width, bool) or not isinstance(width, int) or width < _NARROWEST:
        raise SpecificationError(f"width={shown(width)}: expected a whole number of columns, at least {_NARROWEST}.")
    panels = _panels(table, width)
    facts, statistics = _fact_lines(table.facts, width), _fact_lines(table.statistics, width)
    extent = max(
        [_NARROWEST, *(panel.width for panel in panels), *(display_width(line) for line in (*facts, *statistics))]
    )
    heavy, light = "=" * extent, "-" * extent
    blocks = [facts, *(list(_panel_lines(table, panel, light)) for panel in panels), statistics]
    lines = wrap(printable(table.title), width) if table.title else []
    lines.append(heavy)
    for k, block in enumerate(block for block in blocks if block):
        if k:
            lines.append(light)
        lines.extend(block)
    lines.append(heavy)
    # A narrow table does not force its notes into a narrow column.
    measure = min(width, max(extent, 72))
    for note in table.notes:
        lines.extend(wrap(printable(note), measure))
    return "\n".join(line.replace(NO_BREAK, " ").rstrip() for line in lines)

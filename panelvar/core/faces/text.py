"""A table as plain text that fits the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from panelvar.core.base.errors import SpecificationError
from panelvar.core.base.quoting import NO_BREAK, printable, shown
from panelvar.core.faces.characters import display_width, pad, wrap
from panelvar.core.faces.page_layout import (
    Measured,
    Panel,
    arranged,
    folded_label,
    groups,
    lines_of,
    shown_groups,
    split_at_point,
)

if TYPE_CHECKING:
    from panelvar.core.faces.layout import Cell, Fact, Layout, Row

_GAP = 2
_NARROWEST = 40


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


def _measure(rows: Sequence[Row], column: int) -> tuple[Measured, int, int]:
    """What a column asks for, and the room left and right of its decimal point."""
    left = right = widest = longest = 0
    for row in rows:
        cell = row.cells[column]
        if row.spans(column):
            # A heading over several columns folds in the room that they have together.
            continue
        text = printable(cell.text) + cell.stars
        if cell.align == "decimal":
            before, after = split_at_point(text)
            left, right = max(left, display_width(before)), max(right, display_width(after))
        else:
            widest = max(widest, display_width(text))
            longest = max([longest, *map(display_width, text.split(" "))])
    return Measured(left + right, widest, longest), left, right


def _panels(table: Layout, width: int) -> list[tuple[Panel, dict[int, _Column]]]:
    """Arrange the columns in panels, and lay out each."""
    rows = list(table.rows())
    if not rows:
        return []
    stub = max(0 if row.continues or row.heading else display_width(printable(row.label)) for row in rows)
    measured = [_measure(rows, j) for j in range(table.n_columns)]
    panels = arranged(table, [each for each, _, _ in measured], stub, width, _GAP)

    def column(place: int, given: int) -> _Column:
        numerals, left, right = measured[place]
        return _Column(given, None) if numerals.numerals > given else _Column(given, left, right)

    return [
        (panel, {j: column(j, given) for j, given in zip(panel.which, panel.widths, strict=True)}) for panel in panels
    ]


def _group_lines(rows: Sequence[Row], panel: Panel, columns: dict[int, _Column]) -> list[str]:
    """Print a row and those that continue it; a long label runs down beside them."""

    def fold(cell: Cell, run: list[int]) -> list[str]:
        if len(run) == 1:
            return columns[run[0]].lines(cell)
        lines = _Column(panel.room(run), None).lines(cell)
        return [*lines, "-" * panel.room(run)] if cell.text else lines

    def fold_label(label: str) -> list[tuple[bool, str]]:
        return folded_label(printable(label), max(panel.stub, 1), display_width)

    lines = []
    for (indented, label), pieces in lines_of(rows, panel, fold_label, fold):
        cells = (" " * _GAP + (text if cell is not None else " " * panel.room(run)) for run, cell, text in pieces)
        lines.append((pad("  " * indented + label, panel.stub, "left") + "".join(cells)).rstrip())
    return lines


def _panel_lines(table: Layout, panel: Panel, columns: dict[int, _Column], rule: str) -> Iterator[str]:
    """Print the columns of a panel, and the headings of rows as wide as the rule."""
    for group in groups(table.header):
        yield from _group_lines(group, panel, columns)
    sections = [list(shown_groups(section, panel)) for section in (table.body, table.foot)]
    if table.header and any(sections):
        yield rule
    for section in sections:
        if section is sections[1] and all(sections):
            yield rule
        for k, group in enumerate(section):
            if k and group[0].rule:
                yield rule
            if group[0].heading:
                yield from wrap(printable(group[0].label), len(rule))
            else:
                yield from _group_lines(group, panel, columns)


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
        [
            _NARROWEST,
            *(panel.width for panel, _ in panels),
            *(display_width(line) for line in (*facts, *statistics)),
            *(min(display_width(printable(row.label)), width) for row in table.body if row.heading),
        ]
    )
    heavy, light = "=" * extent, "-" * extent
    blocks = [facts, *(list(_panel_lines(table, *printed, light)) for printed in panels), statistics]
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

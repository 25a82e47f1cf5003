"""A table in Markdown, with pipes, which people and programs read: counts are written without commas."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from panelvar.core.base.counting import ungrouped
from panelvar.core.base.quoting import printable

if TYPE_CHECKING:
    from panelvar.core.faces.characters import Alignment
    from panelvar.core.faces.layout import Cell, Fact, Layout, Row

_SPECIAL = re.compile(r"[\\`*_\[\]|~$^]")
# At the start of a paragraph these would open a heading, a list or a rule.
_OPENING = re.compile(r"^([0-9]{0,9})([#+=.)-])")
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_ALIGNMENT = {"decimal": "---:", "right": "---:", "center": ":---:", "left": ":---"}


def escape_markdown(text: str) -> str:
    """Escape a string so that a Markdown reader shows it letter by letter, also inside a table cell."""
    text = _SPECIAL.sub(r"\\\g<0>", printable(text).strip())
    return "".join(_HTML.get(character, character) for character in text)


def _paragraph(text: str) -> str:
    return _OPENING.sub(r"\1\\\2", escape_markdown(text))


def _line(label: str, cells: tuple[Cell, ...]) -> str:
    return "| " + " | ".join([label, *(escape_markdown(_plain(cell) + cell.stars) for cell in cells)]) + " |"


def _plain(cell: Cell) -> str:
    return cell.text if isinstance(cell.value, str) else ungrouped(cell.text)


def _label(row: Row) -> str:
    if row.heading:
        return f"**{escape_markdown(row.label)}**"
    return "" if row.continues else escape_markdown(row.label)


def _facts(facts: tuple[Fact, ...]) -> list[str]:
    if not facts:
        return []
    return ["", *(f"- {_paragraph(fact.label)}: {escape_markdown(ungrouped(fact.text))}" for fact in facts)]


def render_markdown(table: Layout) -> str:
    """Render a table in Markdown; see `Table.to_markdown`."""
    lines: list[str] = []
    if table.title:
        lines.append(f"**{escape_markdown(table.title)}**")
    lines.extend(_facts(table.facts))
    first, *further = (*table.header, *table.body, *table.foot) or (None,)
    if first is not None:
        alignments: list[Alignment] = ["left", *(table.column_alignment(j) for j in range(table.n_columns))]
        lines += ["", _line(_label(first), first.cells)]
        lines.append("| " + " | ".join(_ALIGNMENT[align] for align in alignments) + " |")
        lines += [_line(_label(row), row.cells) for row in further]
    lines.extend(_facts(table.statistics))
    for note in table.notes:
        lines += ["", _paragraph(note)]
    return "\n".join(lines).strip("\n") + "\n"

"""A table in HTML that looks the same on a page of its own and in a notebook.

A notebook has rules for every table it shows, and they are stronger than those of a class: sides and alignments are
therefore written on the cells themselves, where no rule of the page overrides them. Title, facts and notes stand
outside the columns, so that only these are moved where a table is wider than the page; labels stay where they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from panelvar.core.base.quoting import printable
from panelvar.core.faces.characters import display_width
from panelvar.core.faces.layout import centred_counts
from panelvar.core.faces.mathematics import Math
from panelvar.core.faces.page_layout import groups, split_at_point

if TYPE_CHECKING:
    from panelvar.core.faces.layout import Cell, Fact, Layout, Row

# A space as wide as a point.
_POINT_SPACE = "\u2008"
# Widths in digits.
_WIDTHS = {
    ".": 0.5,
    ",": 0.5,
    "-": 0.7,
    "<": 1.35,
    ">": 1.35,
    "(": 0.65,
    ")": 0.65,
    "[": 0.65,
    "]": 0.65,
    "*": 0.8,
    " ": 0.5,
}
_WIDEST_LABEL = 24
# A long name breaks after these.
_JOINTS = re.compile(r"(?<=[-_/.:|])(?=\w)")
_SCOPE = ".panelvar.panelvar.panelvar"
_STYLE = f"""\
<style>
{_SCOPE} {{ font-variant-numeric: tabular-nums; line-height: 1.35; text-align: left; }}
{_SCOPE} .columns {{ overflow-x: auto; max-width: 100%; }}
{_SCOPE} table {{ border-collapse: collapse; margin: 0.3em 0; table-layout: auto; font-size: inherit; }}
{_SCOPE} th, {_SCOPE} td {{ padding: 1px 9px; border: none; font-weight: normal; vertical-align: top;
  white-space: nowrap; line-height: inherit; max-width: none; }}
{_SCOPE} thead th {{ vertical-align: bottom; white-space: normal; }}
{_SCOPE} td.words {{ white-space: normal; min-width: 5em; }}
{_SCOPE} tr, {_SCOPE} tr:nth-child(n), {_SCOPE} tr:hover {{ background: none; border: none; }}
{_SCOPE} .columns th.label {{ position: sticky; left: 0; padding-left: 2px; white-space: normal;
  overflow-wrap: anywhere; background: var(--jp-layout-color0, var(--vscode-editor-background, Canvas)); }}
{_SCOPE} .columns table {{ border-top: 2px solid currentColor; border-bottom: 2px solid currentColor; }}
{_SCOPE} .columns thead, {_SCOPE} .columns tbody + tbody {{ border-bottom: none; }}
{_SCOPE} .columns tbody tr.rule > *, {_SCOPE} .columns tbody tr:first-child > * {{
  border-top: 1px solid currentColor; }}
{_SCOPE} .columns thead th.over {{ border-bottom: 1px solid currentColor; }}
{_SCOPE} .columns th.heading {{ font-style: italic; max-width: none; }}
{_SCOPE} .title {{ font-weight: bold; margin: 0.2em 0; }}
{_SCOPE} .facts {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 19em), 1fr));
  max-width: 48em; gap: 0 2em; margin: 0.2em 0; padding: 0; width: auto; }}
{_SCOPE} .facts div {{ display: flex; gap: 1em; }}
{_SCOPE} .facts div.long {{ grid-column: 1 / -1; }}
{_SCOPE} .facts dt, {_SCOPE} .facts dd {{ display: block; float: none; margin: 0; padding: 0; width: auto;
  font-weight: normal; overflow-wrap: anywhere; }}
{_SCOPE} .facts dt {{ opacity: 0.75; }}
{_SCOPE} .notes {{ font-size: 90%; max-width: 56em; margin: 0.2em 0; overflow-wrap: anywhere; }}
</style>"""
_SIDE = {"decimal": "right", "right": "right", "center": "center", "left": "left"}
# A fact longer than this, or with its label longer than half a line, has a line of its own.
_LONG_FACT, _HALF_LINE = 28, 44


def escape_html(text: str) -> str:
    """Escape a string for HTML text and attributes; a `Math` is set as mathematics."""
    return text.html if isinstance(text, Math) else escape(printable(text), quote=True)


def _label(text: str) -> str:
    """Escape a label; a word that is wider than the column of labels may break at its joints."""
    if isinstance(text, Math):
        return text.html
    words = printable(text).split(" ")
    return " ".join(
        "<wbr>".join(map(escape_html, _JOINTS.split(word))) if len(word) > _WIDEST_LABEL - 4 else escape_html(word)
        for word in words
    )


def _digits(text: str) -> float:
    """Width of a printed number, in digits."""
    return sum(_WIDTHS.get(character, 1.0) for character in text)


def _hanging(text: str) -> tuple[str, str]:
    """Cut a printed number after its last digit: brackets that close it hang out like stars."""
    last = max((k + 1 for k, character in enumerate(text) if character.isdigit()), default=len(text))
    return text[:last], text[last:]


@dataclass(frozen=True)
class _Column:
    """How the numbers of a column line up: decimals, and widths in digits of the whole and of what hangs out."""

    decimals: int
    hanging: float
    width: float
    words: bool

    @classmethod
    def of(cls, rows: Sequence[Row], place: int) -> _Column:
        cells = [row.cells[place] for row in rows if row.cells[place].text]
        numbers = [(*_hanging(printable(cell.text)), cell.stars) for cell in cells if cell.align == "decimal"]
        decimals = max((len(split_at_point(number)[1]) for number, _, _ in numbers), default=0)
        hanging = max((_digits(after + stars) for _, after, stars in numbers), default=0.0)
        whole = max((_digits(split_at_point(number)[0]) for number, _, _ in numbers), default=0.0)
        width = whole + decimals - 0.5 * (decimals > 0) + hanging
        return cls(decimals, hanging, width, any(cell.align != "decimal" for cell in cells))

    def cell(self, cell: Cell) -> str:
        if cell.align != "decimal":
            return (
                f'<td class="words" {_style(_SIDE[cell.align])}>{escape_html(cell.text)}{escape_html(cell.stars)}</td>'
            )
        if not cell.text:
            return "<td></td>"
        number, after = _hanging(printable(cell.text))
        behind = len(split_at_point(number)[1])
        point = behind == 0 < self.decimals
        hanging = escape_html(after + cell.stars)
        # Brackets and stars stand where the digits end; room for what other numbers have more stands behind them.
        if room := self.hanging + self.decimals - behind - point:
            hanging = f"<span {_style('left', room)}>{hanging}</span>"
        text = escape_html(number) + hanging + _POINT_SPACE * point
        if not self.words:
            return f"<td {_style('right')}>{text}</td>"
        # If words make a column wider, its numbers are a block in the middle.
        return f"<td {_style('center')}><span {_style('right', self.width)}>{text}</span></td>"


def _style(side: str, width: float | None = None) -> str:
    block = "" if width is None else f"; display: inline-block; width: {width:.5g}ch"
    return f'style="text-align: {side}{block}"'


def _heading(row: Row, stub: str) -> str:
    cells = ""
    for run in row.runs():
        cell = row.cells[run[0]]
        over = f' scope="colgroup" colspan="{len(run)}"' if len(run) > 1 else ' scope="col"'
        kind = ' class="over"' if len(run) > 1 and cell.text else ""
        cells += f"<th{over}{kind} {_style(_SIDE[cell.align])}>{escape_html(cell.text)}</th>"
    return f'<tr><th scope="col" {stub}>{escape_html(row.label)}</th>{cells}</tr>'


def _group(rows: Sequence[Row], columns: Sequence[_Column], stub: str) -> list[str]:
    """Write a row and those that continue it: the label stands beside all of them."""
    first = rows[0]
    rule = ' class="rule"' if first.rule else ""
    if first.heading:
        over = f'colspan="{len(columns) + 1}" class="label heading" {_style("left")}'
        return [f'<tr{rule}><th scope="rowgroup" {over}>{escape_html(first.label)}</th></tr>']
    over = f'scope="rowgroup" rowspan="{len(rows)}"' if len(rows) > 1 else 'scope="row"'
    label = f"<th {over} {stub}>{'' if first.continues else _label(first.label)}</th>"
    lines = []
    for row in rows:
        cells = "".join(column.cell(cell) for column, cell in zip(columns, row.cells, strict=True))
        lines.append(f"<tr{rule}>{label}{cells}</tr>")
        rule = label = ""
    return lines


def _label_width(labels: Iterable[str]) -> int:
    """Width of a column of labels, in digits: longer ones are folded."""
    return min(max(map(display_width, labels), default=0), _WIDEST_LABEL)


def _facts(facts: Sequence[Fact]) -> list[str]:
    # One more than the label has: its letters may be wider than the digit that ``ch`` is.
    width = _label_width(printable(fact.label) for fact in facts) + 1
    lines = []
    for fact in facts:
        length = display_width(printable(fact.text))
        long = ' class="long"' if length > min(_LONG_FACT, _HALF_LINE - width) else ""
        label = f'<dt style="flex: 0 0 {width}ch">{escape_html(fact.label)}</dt>'
        lines.append(f"<div{long}>{label}<dd>{escape_html(fact.text)}</dd></div>")
    return ['<dl class="facts">', *lines, "</dl>"] if facts else []


def _section(tag: str, lines: Sequence[str]) -> list[str]:
    return [f"<{tag}>", *lines, f"</{tag}>"] if lines else []


def render_html(table: Layout) -> str:
    """Render a table in HTML; see `Table.to_html`."""
    table = centred_counts(table)
    columns = [_Column.of((*table.body, *table.foot), j) for j in range(table.n_columns)]
    width = _label_width(printable(row.label) for row in table.rows() if not (row.heading or row.continues))
    stub = f'class="label" style="text-align: left; min-width: {width}ch"'
    # Notebooks set what stands between dollars as a formula, unless they are told not to. A name is not a formula.
    lines = ['<div class="panelvar tex2jax_ignore mathjax_ignore">', _STYLE]
    if table.title:
        lines.append(f'<div class="title">{escape_html(table.title)}</div>')
    lines += _facts(table.facts)
    if table.header or table.body or table.foot:
        named = f' aria-label="{escape(printable(table.title), quote=True)}"' if table.title else ""
        lines += ['<div class="columns">', f"<table{named}>"]
        lines += _section("thead", [_heading(row, stub) for row in table.header])
        lines += _section("tbody", [line for rows in groups(table.body) for line in _group(rows, columns, stub)])
        lines += _section("tbody", [line for rows in groups(table.foot) for line in _group(rows, columns, stub)])
        lines += ["</table>", "</div>"]
    lines += _facts(table.statistics)
    if table.notes:
        lines.append(f'<div class="notes">{"<br>".join(map(escape_html, table.notes))}</div>')
    return "\n".join([*lines, "</div>"]) + "\n"


def render_page(tables: Sequence[Layout]) -> str:
    """Render tables as a whole page, to be opened in a browser."""
    title = escape(printable(next((table.title for table in tables if table.title), "Table")), quote=True)
    between = '<hr style="border: none; margin: 1.5em 0">\n'
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n"
        "<style>:root { color-scheme: light dark; } body { font-family: system-ui, sans-serif; margin: 2em; }</style>\n"
        f"</head>\n<body>\n{between.join(map(render_html, tables))}</body>\n</html>\n"
    )

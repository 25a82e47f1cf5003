"""A table in HTML, styled in place so that a notebook shows it as it is."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from panelvar.base.quoting import printable
from panelvar.tables.text import split_at_point

if TYPE_CHECKING:
    from panelvar.tables.layout import Cell, Fact, Layout, Row

# As wide as a digit where digits are all of one width, so that decimal points line up.
_FIGURE_SPACE = "\u2007"
_STYLE = """\
<style>
.panelvar { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.panelvar caption { caption-side: top; text-align: left; font-weight: bold; }
.panelvar th, .panelvar td { padding: 2px 10px; border: none; font-weight: normal; vertical-align: top; }
.panelvar .left, .panelvar tfoot td { text-align: left; }
.panelvar .center { text-align: center; }
.panelvar .right { text-align: right; }
.panelvar .head tr:last-child th { border-bottom: 2px solid currentColor; }
.panelvar tbody tr:last-child th, .panelvar tbody tr:last-child td { border-bottom: 1px solid currentColor; }
.panelvar .rule th, .panelvar .rule td { border-top: 1px solid currentColor; }
.panelvar .head .over { border-bottom: 1px solid currentColor; }
.panelvar .heading { font-style: italic; }
.panelvar tfoot td { font-size: 90%; }
</style>"""
_CLASS = {"decimal": "right", "right": "right", "center": "center", "left": "left"}


def escape_html(text: str) -> str:
    """Escape a string for HTML text and attributes."""
    return escape(printable(text), quote=True)


def _tails(table: Layout) -> list[int]:
    """Length of the longest text after the decimal point in each column."""
    tails = [0] * table.n_columns
    for row in (*table.body, *table.foot):
        for j, cell in enumerate(row.cells):
            if cell.align == "decimal" and cell.text:
                tails[j] = max(tails[j], len(split_at_point(printable(cell.text))[1]) + len(cell.stars))
    return tails


def _cell(cell: Cell, tail: int) -> str:
    text = printable(cell.text)
    padding = ""
    if cell.align == "decimal" and text:
        padding = _FIGURE_SPACE * (tail - len(split_at_point(text)[1]) - len(cell.stars))
    return f'<td class="{_CLASS[cell.align]}">{escape_html(text + cell.stars)}{padding}</td>'


def _heading(row: Row) -> str:
    cells = ""
    for run in row.runs():
        cell = row.cells[run[0]]
        over = f' scope="colgroup" colspan="{len(run)}"' if len(run) > 1 else ' scope="col"'
        kind = _CLASS[cell.align] + (" over" if len(run) > 1 and cell.text else "")
        cells += f'<th{over} class="{kind}">{escape_html(cell.text)}</th>'
    return f'<tr><th scope="col" class="left">{escape_html(row.label)}</th>{cells}</tr>'


def _row(row: Row, tails: Sequence[int]) -> str:
    rule = ' class="rule"' if row.rule else ""
    if row.heading:
        over = f'colspan="{len(row.cells) + 1}" class="left heading"'
        return f'<tr{rule}><th scope="rowgroup" {over}>{escape_html(row.label)}</th></tr>'
    label = "" if row.continues else escape_html(row.label)
    cells = "".join(_cell(cell, tail) for cell, tail in zip(row.cells, tails, strict=True))
    return f'<tr{rule}><th scope="row" class="left">{label}</th>{cells}</tr>'


def _fact(fact: Fact, span: int) -> str:
    return (
        f'<tr><th scope="row" class="left">{escape_html(fact.label)}</th>'
        f'<td class="left" colspan="{span}">{escape_html(fact.text)}</td></tr>'
    )


def _section(tag: str, lines: Sequence[str], kind: str = "") -> list[str]:
    return [f"<{tag}{kind}>", *lines, f"</{tag}>"] if lines else []


def render_html(table: Layout) -> str:
    """Render a table in HTML; see `Table.to_html`."""
    span, tails = max(table.n_columns, 1), _tails(table)
    lines = ["<div>", _STYLE, '<table class="panelvar">']
    if table.title:
        lines.append(f"<caption>{escape_html(table.title)}</caption>")
    lines += _section("tbody", [_fact(fact, span) for fact in table.facts])
    # A thead may not follow the facts.
    lines += _section("tbody" if table.facts else "thead", [_heading(row) for row in table.header], ' class="head"')
    lines += _section("tbody", [_row(row, tails) for row in table.body])
    lines += _section("tbody", [_row(row, tails) for row in table.foot])
    lines += _section("tbody", [_fact(fact, span) for fact in table.statistics])
    if table.notes:
        notes = "<br>".join(map(escape_html, table.notes))
        lines += _section("tfoot", [f'<tr><td colspan="{span + 1}">{notes}</td></tr>'])
    return "\n".join([*lines, "</table>", "</div>"]) + "\n"

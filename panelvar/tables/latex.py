r"""A table in LaTeX with the rules of booktabs and nothing else to load."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from panelvar.base.errors import SpecificationError
from panelvar.base.quoting import printable, shown
from panelvar.tables.characters import display_width, wrap
from panelvar.tables.latex_characters import escape_latex

if TYPE_CHECKING:
    from panelvar.tables.layout import Cell, Fact, Layout, Row

_SCIENTIFIC = re.compile(r"(?P<mantissa>-?[0-9.]+)e(?P<sign>[+-])(?P<exponent>[0-9]+)")
_NOT_IN_LABELS = re.compile(r"[\\{}%#~^&$]")
# A cell of words longer than this is stacked in lines: LaTeX columns do not fold, and run off the page instead.
_LONG_WORDS = 18
_COLUMN = {"decimal": "r", "right": "r", "center": "c", "left": "l"}


def _label(text: str) -> str:
    """Escape a text that opens a line of a table: the end of the line before would take a bracket as its option."""
    escaped = escape_latex(text)
    return "{}" + escaped if escaped.lstrip().startswith(("[", "*")) else escaped


def _numeral(cell: Cell) -> str:
    """Set a number; what follows its digits hangs out to the right, so that the digits of a column line up."""
    text = printable(cell.text)
    scientific = _SCIENTIFIC.search(text)
    if scientific:
        exponent = int(scientific["sign"] + scientific["exponent"])
        before, after = text[: scientific.start()], text[scientific.end() :]
        body = f"{escape_latex(before)}${scientific['mantissa']}\\times 10^{{{exponent}}}$"
    else:
        digits = re.search(r"[0-9](?=[^0-9]*$)", text)
        end = digits.end() if digits else len(text)
        after = text[end:]
        body = re.sub(r"-(?=[0-9])", "$-$", escape_latex(text[:end])).replace(r"\textless{}", "$<$")
    hanging = escape_latex(after)
    if cell.stars:
        hanging += r"\textsuperscript{" + escape_latex(cell.stars) + "}"
    return body + (rf"\rlap{{{hanging}}}" if hanging else "")


def _words(text: str) -> str:
    shown = printable(text)
    # Broken at blanks only: an interval is one word.
    lines = wrap(shown, max(_LONG_WORDS, *map(display_width, shown.split(" "))))
    if len(lines) == 1:
        return escape_latex(text)
    return r"\shortstack{" + r"\\".join(map(_label, lines)) + "}"


def _cell(cell: Cell, column: str) -> str:
    if not cell.text:
        return ""
    if cell.align == "decimal":
        text, wanted = _numeral(cell), "r"
    else:
        text, wanted = _words(cell.text) + escape_latex(cell.stars), _COLUMN[cell.align]
    return text if wanted == column else rf"\multicolumn{{1}}{{{wanted}}}{{{text}}}"


def _row(row: Row, columns: Sequence[str]) -> str:
    rule = "\\midrule\n" if row.rule else ""
    if row.heading:
        return rf"{rule}\multicolumn{{{len(columns) + 1}}}{{l}}{{\textit{{{_label(row.label)}}}}} \\"
    cells, under = ["" if row.continues else _label(row.label)], ""
    for run in row.runs():
        cell = row.cells[run[0]]
        if len(run) == 1:
            cells.append(_cell(cell, columns[run[0]]))
            continue
        cells.append(rf"\multicolumn{{{len(run)}}}{{c}}{{{escape_latex(cell.text)}}}")
        if cell.text:
            under += rf"\cmidrule(lr){{{run[0] + 2}-{run[-1] + 2}}}"
    return rule + " & ".join(cells) + r" \\" + ("\n" + under if under else "")


def _facts(facts: Sequence[Fact], span: int) -> list[str]:
    return [rf"{_label(fact.label)} & \multicolumn{{{span}}}{{l}}{{{escape_latex(fact.text)}}} \\" for fact in facts]


def _read_label(label: object) -> str:
    r"""Return what ``\ref`` is to find, which LaTeX reads as it stands: no sign that means something to it."""
    if not isinstance(label, str) or not label.strip() or _NOT_IN_LABELS.search(label) or printable(label) != label:
        raise SpecificationError(
            f"label={shown(label)} is no LaTeX label: letters, digits and signs such as ':', '-' and '_', without any "
            r"of \ { } % # ~ ^ & $."
        )
    return label


def render_latex(table: Layout, label: str | None = None) -> str:
    """Render a table in LaTeX; see `Table.to_latex`."""
    span = max(table.n_columns, 1)
    columns = [_COLUMN[table.column_alignment(j)] for j in range(table.n_columns)]
    blocks = [
        _facts(table.facts, span),
        [_row(row, columns) for row in table.header],
        [_row(row, columns) for row in table.body],
        [_row(row, columns) for row in table.foot],
        _facts(table.statistics, span),
    ]
    lines = [r"\begin{table}[htbp]", r"\centering"]
    if table.title:
        lines.append(rf"\caption{{{escape_latex(table.title)}}}")
    if label is not None:
        lines.append(rf"\label{{{_read_label(label)}}}")
    lines += [rf"\begin{{tabular}}{{l{''.join(columns) or 'l'}}}", r"\toprule"]
    for k, block in enumerate(block for block in blocks if block):
        lines += [r"\midrule"] * bool(k) + block
    lines += [r"\bottomrule", r"\end{tabular}"]
    if table.notes:
        lines += ["", r"\medskip", r"\begin{minipage}{\linewidth}", r"\footnotesize"]
        lines += [escape_latex(note) + r"\par" for note in table.notes]
        lines.append(r"\end{minipage}")
    lines.append(r"\end{table}")
    return "\n".join(lines) + "\n"

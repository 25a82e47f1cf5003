r"""A table in LaTeX as wide as the page, with the rules of booktabs and nothing else to load.

What a row of a `tabular` cannot fold is folded here: labels and words in lines of their own, columns that do not fit
into further tabulars below, rows that fill a page into further floats. Facts and notes stand outside the columns.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from panelvar.core.base.arguments import is_number
from panelvar.core.base.errors import SpecificationError
from panelvar.core.base.quoting import printable, shown
from panelvar.core.faces.latex_characters import latex_with_numerals, width_with_numerals
from panelvar.core.faces.latex_columns import (
    DIGIT,
    GAP,
    SIZES,
    Columns,
    Numeral,
    arranged_in_points,
    fold_latex,
    lines_up,
    set_latex,
    side_by_side,
    star_width,
    starred,
)
from panelvar.core.faces.layout import centred_counts
from panelvar.core.faces.mathematics import Math
from panelvar.core.faces.page_layout import folded_label, groups, lines_of, shown_groups

if TYPE_CHECKING:
    from panelvar.core.faces.layout import Cell, Fact, Layout, Row

TEXT_WIDTH = 345.0
"""Points between the margins of LaTeX's ``article`` at ten points."""
_NARROWEST, _WIDEST = 240.0, 5000.0
# Lines of a table that a page takes at each size, besides its caption; a page of twelve points has 36 lines.
_LINES = dict(zip((size for size, _ in SIZES), (33.0, 40.0, 44.0, 51.0), strict=True))
# Letters of the notes in a document of any size.
_SMALL = r"\fontsize{8}{9.5}\selectfont"
_NOTES_WIDTH = 0.6
_NOT_IN_LABELS = re.compile(r"[\\{}%#~^&$]")
_JOINTS = re.compile(r"(?<=[-_/.:|,)\]])(?=\w)")


def _opening(text: str) -> str:
    """Guard a text that opens a line of a table: the end of the line before would take a bracket as its option."""
    return "{}" + text if text.lstrip().startswith(("[", "*")) else text


@dataclass
class _Block:
    """Lines of one tabular: its head, and the groups of lines below it that stay together."""

    columns: Columns
    head: list[str]
    groups: list[list[str]] = field(default_factory=list)


def _group(group: Sequence[Row], columns: Columns) -> list[str]:
    panel = columns.panel

    def fold(cell: Cell, run: list[int]) -> list[str]:
        if lines_up(cell) and len(run) == 1:
            return [Numeral.read(cell).write(columns.columns[run[0]].decimals) if cell.text else ""]
        lines = fold_latex(cell.text, panel.room(run) - math.ceil(star_width(cell.stars)))
        return [*lines[:-1], lines[-1] + starred(cell.stars)]

    def fold_label(label: str) -> list[tuple[bool, str]]:
        if isinstance(label, Math):
            return [(False, label.latex)]
        folded = folded_label(printable(label), max(panel.stub, DIGIT), width_with_numerals, DIGIT)
        return [(indented, latex_with_numerals(line)) for indented, line in folded]

    lines = []
    for (indented, label), pieces in lines_of(group, panel, fold_label, fold):
        label = rf"\quad {label}" if indented else _opening(label)
        lines.append(" & ".join([label, *(columns.cell(*piece) for piece in pieces)]) + r" \\")
    return lines


def _heading(row: Row, columns: Columns) -> list[str]:
    count, lines = len(columns.columns) + 1, fold_latex(row.label, columns.panel.width)
    return [rf"\multicolumn{{{count}}}{{l}}{{\textit{{{line}}}}} \\" for line in lines]


def _under(rows: Sequence[Row], columns: Columns) -> list[str]:
    """Rules under headings over several columns."""
    which = columns.panel.which
    runs = [run for run in rows[-1].runs(which) if len(run) > 1 and rows[-1].cells[run[0]].text]
    rules = [rf"\cmidrule{{{which.index(run[0]) + 2}-{which.index(run[-1]) + 2}}}" for run in runs]
    return ["".join(rules)] if rules else []


def _block(table: Layout, columns: Columns) -> _Block:
    head = [line for rows in groups(table.header) for line in (*_group(rows, columns), *_under(rows, columns))]
    block = _Block(columns, head)
    for section in (table.body, table.foot):
        for k, rows in enumerate(shown_groups(section, columns.panel)):
            rule = block.groups and (rows[0].rule if k else True)
            lines = _heading(rows[0], columns) if rows[0].heading else _group(rows, columns)
            block.groups.append([r"\midrule"] * bool(rule) + lines)
    return block


def _tabular(block: _Block, lines: Sequence[str], *, stretched: bool = True) -> list[str]:
    """Write a tabular as wide as what is around it, or as its columns."""
    between = [r"\midrule"] if block.head and lines else []
    # A rule that set rows apart from those of the page before sets them apart from nothing.
    lines = lines[1:] if lines and lines[0] == r"\midrule" else lines
    environment, wide = ("tabular*", r"{\linewidth}") if stretched else ("tabular", "")
    return [
        rf"\begin{{{environment}}}{wide}{{{block.columns.specification}}}",
        *(r"\toprule", *block.head, *between, *lines, r"\bottomrule"),
        rf"\end{{{environment}}}",
    ]


def _height(lines: Sequence[str]) -> float:
    """Lines of text that lines of a table take; a rule takes half a one."""
    return sum(0.5 if line.startswith((r"\midrule", r"\cmidrule")) else 1.0 for line in lines)


def _pages(blocks: Sequence[_Block], lines: float, taken: float, *, stretched: bool) -> Iterator[list[str]]:
    """Fill page after page with tabulars, the groups of a block on several where it is too long for one."""
    page: list[str] = []
    left = lines - taken
    for block in blocks:
        rest = list(block.groups)
        frame = _height(block.head) + 2.0
        if page and frame + sum(map(_height, rest)) > left:
            yield page
            page, left = [], lines
        while True:
            fitting, room = 0, left - frame
            while fitting < len(rest) and (not fitting or _height(rest[fitting]) <= room):
                room -= _height(rest[fitting])
                fitting += 1
            page += [r"\par\medskip"] * bool(page)
            page += _tabular(block, [line for group in rest[:fitting] for line in group], stretched=stretched)
            rest, left = rest[fitting:], room
            if not rest:
                break
            yield page
            page, left = [], lines
    if page:
        yield page


def _facts(facts: Sequence[Fact], room: int) -> list[str]:
    """Lay facts out two a line where they are short, in a tabular of their own."""
    if not facts:
        return []
    stub = min(max(width_with_numerals(printable(fact.label)) for fact in facts), room // 2)
    half = (room - 2 * GAP) // 2
    short = [
        fact
        for fact in facts
        if max(stub, width_with_numerals(printable(fact.label))) + GAP + width_with_numerals(printable(fact.text))
        <= half
    ]
    lines = []
    for left, right in zip(short[0::2], [*short[1::2], None], strict=False):
        cells = [_opening(set_latex(left.label)), set_latex(left.text)]
        cells += [set_latex(right.label), set_latex(right.text)] if right is not None else []
        lines.append(" & ".join(cells) + r" \\")
    for fact in facts:
        if fact not in short:
            labels, texts = fold_latex(fact.label, stub), fold_latex(fact.text, room - stub - GAP)
            for k in range(max(len(labels), len(texts))):
                label, text = (part[k] if k < len(part) else "" for part in (labels, texts))
                lines.append(rf"{_opening(label)} & \multicolumn{{3}}{{l}}{{{text}}} \\")
    columns = r"l@{\hspace{1em}}l@{\extracolsep{\fill}}l@{\extracolsep{0pt}\hspace{1em}}l"
    return [rf"\begin{{tabular*}}{{\linewidth}}{{{columns}}}", *lines, r"\end{tabular*}"]


def _note(note: str, room: int) -> str:
    """Write a sentence; a word as long as half a line may break at its joints, or anywhere."""
    words = []
    for word in printable(note).split(" "):
        if width_with_numerals(word) * 2 > room:
            parts = [fold_latex(part, room // 2) for part in _JOINTS.split(word)]
            words.append(r"\allowbreak{}".join(piece for part in parts for piece in part))
        else:
            words.append(latex_with_numerals(word))
    return " ".join(words) + r"\par"


def _read_label(label: object) -> str:
    r"""Return what ``\ref`` is to find, which LaTeX reads as it stands: no sign that means something to it."""
    if not isinstance(label, str) or not label.strip() or _NOT_IN_LABELS.search(label) or printable(label) != label:
        raise SpecificationError(
            f"label={shown(label)} cannot be a LaTeX label. Use letters, digits and signs such as ':', '-' and '_', "
            "without any of \\ { } % # ~ ^ & $."
        )
    return label


def _read_width(width: object) -> float:
    if not is_number(width) or not _NARROWEST <= width <= _WIDEST:
        raise SpecificationError(
            f"width={shown(width)} must be a number of points from {_NARROWEST:g} to {_WIDEST:g}: the width of the "
            f"text, as LaTeX's \\the\\textwidth prints it; {TEXT_WIDTH:g} is that of the class article."
        )
    return float(width)


@dataclass(frozen=True)
class _Pages:
    """A table at one size: how wide, what stands over and under its columns, and these on one page or several."""

    size: str
    wide: float
    inside: int
    above: list[str]
    below: list[str]
    pages: list[list[str]]

    @property
    def extent(self) -> str:
        """The width as LaTeX reads it: it grows with the letters where these are the document's."""
        return f"{self.wide:.0f}pt" if self.size else f"{self.inside / 10:.1f}em"

    @property
    def small(self) -> str:
        """Letters of the notes."""
        return _SMALL if self.size else r"\footnotesize"


def _lay_out(table: Layout, room: float, size: str, parts: Sequence[Columns], *, stretched: bool) -> _Pages:
    scale = dict(SIZES)[size]
    extents = [math.ceil((columns.panel.width + GAP // 2) * scale) for columns in parts]
    wide = min(room, max(_NOTES_WIDTH * room, *extents))
    inside = int(wide / scale)
    above, below = _facts(table.facts, inside), _facts(table.statistics, inside)
    taken = len(above) + len(below) + 2.0 * len(table.notes)
    blocks = [_block(table, columns) for columns in parts]
    pages = list(_pages(blocks, _LINES[size], taken, stretched=stretched))
    return _Pages(size, wide, inside, above, below, pages or [[]])


def render_fragment(table: Layout) -> str:
    """Render the columns alone, as wide as they are; see `Table.to_latex`."""
    table = centred_counts(table)
    block = _block(table, side_by_side(table))
    lines = _tabular(block, [line for group in block.groups for line in group], stretched=False)
    return "\n".join([r"{\setlength{\tabcolsep}{0pt}", *lines]) + "}\n"


def render_latex(
    table: Layout,
    label: str | None = None,
    width: float = TEXT_WIDTH,
    *,
    captioned: bool = False,
    threeparttable: bool = False,
) -> str:
    """Render a table in LaTeX; see `Table.to_latex`. Without a title the caption is the number alone, if asked for."""
    table = centred_counts(table)
    captioned = captioned or bool(table.title)
    room = _read_width(width)
    sized = arranged_in_points(table, room)
    found = [_lay_out(table, room, size, parts, stretched=not threeparttable) for size, parts in sized]
    # Smaller letters where these bring a long table on one page.
    laid = next((each for each in found if len(each.pages) == 1), found[0])
    write = _write_three_parts if threeparttable else _write_page
    out = []
    for k, page in enumerate(laid.pages):
        first, last = k == 0, k == len(laid.pages) - 1
        head = []
        if not first:
            head.append(r"\tablename~\thetable{} (continued)" if captioned else "(continued)")
        elif captioned:
            head.append(rf"\caption{{{set_latex(table.title)}}}")
        if first and label is not None:
            head.append(rf"\label{{{_read_label(label)}}}")
        out += [r"\begin{table}[htbp]", r"\centering"]
        out += write(table, laid, page, head, first=first, last=last)
        out.append(r"\end{table}")
    return "\n".join(out) + "\n"


def _write_page(table: Layout, laid: _Pages, page: list[str], head: list[str], *, first: bool, last: bool) -> list[str]:
    """Write a float: the caption, and in a box as wide as the columns facts, columns and notes."""
    out = [*head, *([r"\par\smallskip"] if head and not head[0].startswith(r"\label") else [])]
    out += [rf"\begin{{minipage}}{{{laid.extent}}}", r"\setlength{\tabcolsep}{0pt}", *filter(None, [laid.size])]
    sections = [laid.above if first else [], page, laid.below if last else []]
    out += [line for section in sections if section for line in (r"\par\smallskip", *section)][1:]
    if table.notes and last:
        out += [rf"\par\smallskip{laid.small}\raggedright", *(_note(note, laid.inside) for note in table.notes)]
    return [*out, r"\end{minipage}"]


def _write_three_parts(
    table: Layout, laid: _Pages, page: list[str], head: list[str], *, first: bool, last: bool
) -> list[str]:
    """Write a float in the parts of the package threeparttable: facts stand before the notes."""
    out = [r"\begin{threeparttable}", *head, r"\setlength{\tabcolsep}{0pt}", *filter(None, [laid.size]), *page]
    said = [
        f"{set_latex(fact.label)}: {set_latex(fact.text)}".removesuffix(".") + "."
        for fact in (*table.facts, *table.statistics)
    ]
    notes = [*([" ".join(said)] if said else []), *(_note(note, laid.inside) for note in table.notes)]
    if notes and last:
        items = [rf"\item {note}" for note in notes]
        out += [r"\begin{tablenotes}[flushleft]", laid.small, *items, r"\end{tablenotes}"]
    return [*out, r"\end{threeparttable}"]

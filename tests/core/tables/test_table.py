"""The table and its five views."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from latex_structure import check_latex_structure

from panelvar.core.base.errors import SpecificationError
from panelvar.core.faces.html import render_page
from panelvar.core.faces.layout import (
    Cell,
    Fact,
    Row,
    count,
    interval,
    number,
    printed,
    printed_interval,
    probability,
    spanning,
    words,
)
from panelvar.core.tables.table import Table

Width = Callable[[str], int]


def small() -> Table:
    return Table(
        title="Income on internet use",
        header=(Row("", (words("(1)"), words("(2)"))),),
        body=(
            Row("cii", (number(8.4548, stars="***"), number(-0.31, stars="*")), "estimate"),
            Row("cii", (number(0.6777, brackets="()"), number(12.5, brackets="()")), "std. error", continues=True),
            Row("gdp", (number(1e-9), Cell()), "estimate"),
            Row("gdp", (number(2e-9, brackets="()"), Cell()), "std. error", continues=True),
        ),
        foot=(Row("N", (count(39), count(1170))), Row("Errors", (words("classical"), words("by firm")))),
        notes=("* p < 0.1",),
    )


def test_text() -> None:
    assert (
        str(small())
        == """\
Income on internet use
========================================
            (1)          (2)
----------------------------------------
cii      8.4548***      -0.3100*
        (0.6777)       (12.5000)
gdp      1.000e-09
        (2.000e-09)
----------------------------------------
N       39           1,170
Errors   classical     by firm
========================================
* p < 0.1"""
    )


def test_repr_is_the_text() -> None:
    assert repr(small()) == small().to_text()


def test_frame_keeps_full_precision_and_types() -> None:
    table = Table(
        header=(Row("", (Cell("Estimate", "estimate"), Cell("df", "df"))),),
        body=(Row("x", (number(1.23456789), count(3))), Row("y", (number(np.nan), count(4)))),
        foot=(Row("Errors", (words("a"), Cell())),),
    )
    body = table.to_frame(foot=False)
    assert list(body.columns) == ["estimate", "df"]
    assert body["estimate"].dtype == np.float64
    assert body["df"].dtype == np.int64
    assert body.loc["x", "estimate"] == 1.23456789
    assert list(table.to_frame().index) == ["x", "y", "Errors"]
    two_levels = small().to_frame()
    assert isinstance(two_levels.index, pd.MultiIndex)
    assert two_levels.loc[("cii", "std. error"), "(2)"] == 12.5
    assert Table().to_frame().empty


def test_rows_of_unequal_length_are_refused() -> None:
    with pytest.raises(SpecificationError, match="row 'b' has 2 cells"):
        Table(body=(Row("a", (Cell(),)), Row("b", (Cell(), Cell()))))


@pytest.mark.parametrize("width", [39, 0, 80.0, True])
def test_width_is_checked(width: object) -> None:
    with pytest.raises(SpecificationError, match="at least 40"):
        small().to_text(width)  # type: ignore[arg-type]


def test_decimal_points_line_up() -> None:
    values = (1.5, -22.25, 1234.0, 3e-7, np.nan)
    lines = str(Table(body=tuple(Row(f"x{k}", (number(v),)) for k, v in enumerate(values)))).splitlines()
    points = {line.index(".") for line in lines if "." in line}
    assert len(points) == 1


def wide_table(columns: int = 12) -> Table:
    return Table(
        header=(Row("", tuple(words(f"model {j}") for j in range(columns))),),
        body=(
            *(Row(f"x{i}", tuple(number(i + j / 10) for j in range(columns))) for i in range(2)),
            Row("only in the last", (*[Cell()] * (columns - 1), number(7.0))),
        ),
    )


def test_too_many_columns_are_stacked() -> None:
    columns = 12
    table = wide_table(columns)
    text = str(table)
    assert max(map(len, text.splitlines())) <= 80
    assert text.count("x1") == 2
    assert text.count("only in the last") == 1
    shown = [f"{i + j / 10:.4f}" for i in range(2) for j in range(columns)]
    assert all(value in text for value in shown)
    # Panels of equal size, not a full one and a rest.
    assert [line.count("model") for line in text.splitlines() if "model" in line] == [6, 6]


def test_wide_characters_count_double(terminal_width: Width) -> None:
    table = Table(body=(Row("城镇居民收入", (number(1.0),)), Row("abc", (number(2.0),))))
    lines = [line for line in str(table).splitlines() if "." in line]
    assert len({terminal_width(line[: line.index(".")]) for line in lines}) == 1


def test_long_labels_run_beside_their_rows() -> None:
    label = "the logarithm of income per head of township residents in constant prices of the year 2000"
    table = Table(
        header=(Row("", tuple(words(f"({j})") for j in range(5))),),
        body=(
            Row(label, tuple(number(j, stars="***") for j in range(5))),
            Row(label, tuple(number(j, brackets="()") for j in range(5)), continues=True),
        ),
    )
    text = table.to_text()
    lines = text.splitlines()
    assert max(map(len, lines)) <= 80
    assert any("(4.0000)" in line and not line.startswith(" " * 8) for line in lines)
    assert " ".join(re.sub(r"[-=0-9.*()]|2000", " ", text).split()) == " ".join(label.replace("2000", "").split())


def test_control_characters_are_shown_not_sent() -> None:
    text = Table(body=(Row("a\x1b[31mred\x00\n\u202egnp", (Cell("1\r2", align="left"),)),)).to_text()
    assert "\x1b" not in text
    assert "a\\u001b[31mred\\u0000 \\u202egnp  1 2" in text
    assert "1 2" in text


# ---- escaping

NASTY = r"""a|b_c$x^2$ <b>&"quote"</b> {d}\e #1 50% ~t~ *s* `code` [l](u) --dash"""


def nasty() -> Table:
    return Table(
        title=NASTY,
        header=(Row(NASTY, (words(NASTY),)),),
        body=(Row(NASTY, (number(1.0, stars="**"),)), Row("[x]", (words(NASTY),))),
        foot=(Row(NASTY, (count(1),)),),
        facts=(Fact(NASTY, NASTY),),
        statistics=(Fact(NASTY, NASTY),),
        notes=(NASTY,),
    )


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in ("br", "wbr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def read_html(text: str) -> _Reader:
    reader = _Reader()
    reader.feed(text)
    reader.close()
    assert not reader.open
    return reader


def test_html_shows_names_as_they_are() -> None:
    table = nasty()
    reader = read_html(table.to_html())
    assert reader.tags == {"div", "style", "dl", "dt", "dd", "table", "thead", "tbody", "tr", "th", "td", "span"}
    assert sum(text == NASTY for text in reader.texts) == 11
    assert table._repr_html_() == table.to_html()


def test_html_says_sides_on_the_cells_where_no_rule_of_a_notebook_is_stronger() -> None:
    html = small().to_html()
    for tag, attributes in re.findall(r"<(t[hd])\b([^>]*)>", html):
        assert 'style="text-align: ' in attributes or (tag, attributes) == ("td", "")
    labels = re.findall(r"<th [^>]*scope=\"row[^>]*>", html)
    assert len(labels) == 4 and all("text-align: left" in label for label in labels)
    assert '<th scope="rowgroup" rowspan="2" class="label" style="text-align: left; min-width: 6ch">cii</th>' in html


def test_html_gives_the_labels_of_facts_more_room_than_as_many_digits_take() -> None:
    html = Table("t", (Row("", (words("x"),)),), (), facts=(Fact("Benchmark", "mean"),)).to_html()
    assert int(re.search(r"flex: 0 0 (\d+)ch", html)[1]) > len("Benchmark")


def test_html_keeps_title_facts_and_notes_outside_of_what_is_moved_sideways() -> None:
    html = nasty().to_html()
    columns = html[html.index('<div class="columns">') : html.index("</table>")]
    for outside in ('class="title"', 'class="facts"', 'class="notes"'):
        assert outside in html.replace(columns, "")
        assert outside not in columns


def test_html_numbers_line_up() -> None:
    rows = (
        Row("x", (number(8.4548, stars="***"),)),
        Row("x", (number(0.6777, brackets="()"),), continues=True),
        Row("y", (number(-12.5),)),
        Row("N", (count(39),)),
    )
    html = Table(body=rows).to_html()
    # What hangs out is as wide in every cell, and what is missing behind the point is filled.
    cells = re.findall(
        r'<td style="text-align: right">(.*?)<span style="text-align: left; (.*?)">(.*?)</span>(.*?)</td>', html
    )
    hanging = "display: inline-block; width: 2.4ch"
    assert cells == [
        ("8.4548", hanging, "***", ""), ("(0.6777", hanging, ")", ""), ("-12.5000", hanging, "", ""),
        ("39", hanging.replace("2.4", "6.4"), "", "\u2008"),
    ]  # fmt: skip


def test_html_numbers_are_a_block_in_the_middle_of_a_column_widened_by_words() -> None:
    html = Table(body=(Row("x", (number(8.4548),)), Row("Errors", (words("heteroskedasticity-robust"),)))).to_html()
    block = '<td style="text-align: center"><span style="text-align: right; display: inline-block; width: 5.5ch">8.4548'
    assert block in html


def test_a_page_says_how_it_is_written() -> None:
    page = render_page([nasty()])
    assert page.startswith("<!DOCTYPE html>") and '<meta charset="utf-8">' in page
    assert "<b>" not in page


def unescaped_latex(text: str) -> str:
    """Read what LaTeX would set, refusing any active character left over."""
    commands = {
        "textbackslash": "\\", "textasciitilde": "~", "textasciicircum": "^", "textless": "<", "textgreater": ">",
        "textbar": "|",
    }  # fmt: skip
    out, position = [], 0
    while position < len(text):
        rest = text[position:]
        command = re.match(r"\\([a-z]+)\{\}", rest)
        if command:
            out.append(commands[command[1]])
            position += command.end()
        elif re.match(r"\\[&%$#_{}]", rest):
            out.append(rest[1])
            position += 2
        elif rest.startswith("{}"):
            position += 2
        else:
            assert rest[0] not in "\\&%$#_{}~^", rest
            out.append(rest[0])
            position += 1
    return "".join(out)


def test_latex_shows_names_as_they_are() -> None:
    latex = nasty().to_latex(width=2000)
    lines = latex.splitlines()
    caption = next(line for line in lines if line.startswith(r"\caption"))
    assert unescaped_latex(caption[len(r"\caption{") : -1]) == NASTY
    row = next(line for line in lines if r"1.0000\rlap{\textsuperscript{**}} \\" in line)
    assert unescaped_latex(row.split(" & ")[0]) == NASTY
    # After a line end a bracket would be taken for an optional argument.
    assert any(line.startswith("{}[x] & ") for line in lines)
    assert not re.search(r"^[\[*]", latex, re.MULTILINE)


def test_latex_structure() -> None:
    check_latex_structure(nasty().to_latex(label="tab:x"), 1)
    latex = small().to_latex(label="tab:x")
    check_latex_structure(latex, 2)
    assert r"\label{tab:x}" in latex
    assert [latex.count(rule) for rule in (r"\toprule", r"\midrule", r"\bottomrule")] == [1, 2, 1]
    assert r"cii & 8.4548\rlap{\textsuperscript{***}} & $-$0.3100\rlap{\textsuperscript{*}} \\" in latex
    assert r" & (0.6777\rlap{)} & (12.5000\rlap{)} \\" in latex
    assert r"$1.000\times 10^{-9}$" in latex
    # Counts stand in the middle of their columns; in a row of other numbers too, points line up.
    assert re.search(r"N & \\multicolumn\{1\}\{c.*\}\{39\} & \\multicolumn\{1\}\{c.*\}\{1,170\} ", latex)
    mixed = replace(small(), foot=(Row("Share", (count(39), number(0.5))),)).to_latex()
    assert r"Share & 39\phantom{.0000} & 0.5000 \\" in mixed


def test_stars_of_a_page_stand_at_their_numbers() -> None:
    values = (8.4548, -0.0004042, 3.1e-12)
    table = Table(
        body=tuple(Row(f"x{k}", (printed(f"{v:.{4 + 3 * k}f}", v, stars="***"),)) for k, v in enumerate(values))
    )
    cells = re.findall(r"<td[^>]*>(.*?)</td>", table.to_html())
    assert [re.match(r"-?[\d.]+<span [^>]*>\*\*\*</span>", cell) is not None for cell in cells] == [True] * 3


def test_counts_are_centred_in_pages() -> None:
    html = small().to_html()
    for count_ in ("39", "1,170"):
        assert f'<td class="words" style="text-align: center">{count_}</td>' in html
    assert 'style="text-align: center">8.4548' not in html


def test_latex_makes_room_for_long_integers_and_for_many_decimals_of_others() -> None:
    pair = (number(123456.0, 0), number(0.5, 12))
    table = Table(body=tuple(Row("x", (each,) * 4) for each in pair))
    check_latex_structure(table.to_latex(), 4)
    assert r"123456\phantom{.000000000000}" in table.to_latex()


def test_latex_is_no_wider_than_the_page() -> None:
    table = wide_table()
    latex = table.to_latex()
    check_latex_structure(latex, table.n_columns)
    assert latex.count(r"\toprule") > 1
    assert latex.count("model ") == table.n_columns
    wide = table.to_latex(width=1500)
    check_latex_structure(wide, table.n_columns, 1500.0)
    assert wide.count(r"\toprule") == 1
    check_latex_structure(table.to_latex(width=246), table.n_columns, 246.0)


def size_of(latex: str) -> str | None:
    """Points of a table's letters; None where these are as large as the document's."""
    found = re.search(r"^\\fontsize\{(\d+)\}\{[\d.]+\}\\selectfont$", latex, re.MULTILINE)
    return found and found[1]


def test_latex_makes_letters_smaller_before_it_cuts() -> None:
    def table(columns: int) -> str:
        row = Row("x", tuple(number(1.5, stars="***") for _ in range(columns)))
        return Table(header=(Row("", tuple(words(f"({k})") for k in range(columns))),), body=(row,)).to_latex()

    assert [size_of(table(columns)) for columns in (5, 6, 7, 8, 12)] == [None, "10", "9", "8", "8"]
    assert [table(columns).count(r"\toprule") for columns in (5, 6, 7, 8, 12)] == [1, 1, 1, 1, 2]


def test_latex_continues_what_is_longer_than_a_page() -> None:
    rows = tuple(Row(f"lag {k}", (number(k / 7),)) for k in range(100))
    table = Table("Weights", (Row("", (words("weight"),)),), rows, facts=(Fact("N", "9"),), notes=("All of them.",))
    latex = table.to_latex(label="tab:w")
    floats = latex.split(r"\begin{table}")[1:]
    assert len(floats) == 4
    assert [r"\caption" in each for each in floats] == [True, False, False, False]
    assert [r"\tablename~\thetable{} (continued)" in each for each in floats] == [False, True, True, True]
    assert [each.count("weight}") for each in floats] == [1, 1, 1, 1]
    assert "All of them." in floats[-1] and latex.count("All of them.") == 1
    # A page of twelve points has 36 lines.
    assert max(each.count(r"\\") for each in floats) < 36
    assert all(latex.count(f"lag {k} &") == 1 for k in range(100))


def test_latex_makes_letters_smaller_to_keep_a_table_on_a_page() -> None:
    def table(lines: int) -> str:
        return Table(body=tuple(Row(f"lag {k}", (number(k / 7),)) for k in range(lines))).to_latex()

    assert [size_of(table(lines)) for lines in (30, 37, 41, 48, 60)] == [None, "10", "9", "8", None]
    assert [table(lines).count(r"\begin{table}") for lines in (30, 37, 41, 48, 60)] == [1, 1, 1, 1, 2]


def test_intervals_of_latex_are_never_folded_where_columns_can_be_stacked() -> None:
    limits = [printed_interval(f"-0.{k}004042", f"-0.{k}000791") for k in range(1, 8)]
    header = (Row("", tuple(words(f"({k})") for k in range(7))),)
    for width in (345.0, 470.0):
        latex = Table(header=header, body=(Row("I(exper ** 2)", tuple(limits)),)).to_latex(width=width)
        check_latex_structure(latex, 7, width)
        assert latex.count("$-$0.") == 2 * len(re.findall(r"\[\$-\$0\.\d+,~\$-\$0\.\d+\]", latex)) == 14


def test_panels_of_a_table_have_as_many_groups_each() -> None:
    spans = spanning([("first", 2), ("second", 2), ("third", 2), ("fourth", 2)])
    cells = [number(1e6 + k / 7) for k in range(4)] + [number(k / 7) for k in range(4)]
    table = Table(header=(Row("of", spans, groups=True), Row("to", (words("m"),) * 8)), body=(Row("x", tuple(cells)),))
    lines = table.to_text(50).splitlines()
    assert [line.count("m") for line in lines if line.startswith("to")] == [2, 2, 2, 2]


def test_a_fragment_is_the_tabular_alone() -> None:
    latex = small().to_latex(fragment=True)
    assert re.findall(r"\\begin\{(\w+\*?)\}", latex) == ["tabular"]
    assert "Income" not in latex and "p \\textless" not in latex
    assert r"cii & 8.4548\rlap{\textsuperscript{***}} & $-$0.3100\rlap{\textsuperscript{*}} \\" in latex
    assert wide_table(40).to_latex(fragment=True).count(r"\begin{tabular}") == 1
    with pytest.raises(SpecificationError, match=r"neither a label nor notes. Leave out label="):
        small().to_latex(fragment=True, label="tab:x")
    with pytest.raises(SpecificationError, match=r"Leave out threeparttable="):
        small().to_latex(fragment=True, threeparttable=True)


def test_three_parts_are_caption_tabular_and_notes() -> None:
    table = replace(small(), facts=(Fact("Dependent", "gdp_pc"), Fact("N", "80")))
    latex = table.to_latex(label="tab:x", threeparttable=True)
    assert re.findall(r"\\begin\{(\w+\*?)\}", latex) == ["table", "threeparttable", "tabular", "tablenotes"]
    parts = [latex.index(each) for each in (r"\caption{", r"\label{tab:x}", r"\begin{tabular}", r"\item Dependent")]
    assert parts == sorted(parts)
    assert r"\item Dependent: gdp\_pc. N: 80." in latex and r"\item * p \textless{} 0.1\par" in latex


def test_latex_facts_and_notes_stand_outside_the_columns() -> None:
    moduli = ", ".join(["0.6932"] * 30)
    table = Table(
        "System", (Row("", (words("y"), words("x"))),), (Row("const", (number(-0.1), number(2.0))),),
        facts=(Fact("Log likelihood", "-123.4"), Fact("N", "80")), statistics=(Fact("Root moduli", moduli),),
    )  # fmt: skip
    latex = table.to_latex()
    check_latex_structure(latex, 2)
    tabulars = re.findall(r"\\begin\{tabular\*\}.*?\\end\{tabular\*\}", latex, re.DOTALL)
    assert ["Log likelihood" in each for each in tabulars] == [True, False, False]
    assert ["moduli" in each for each in tabulars] == [False, False, True]
    assert "$-$123.4" in latex
    assert max(map(len, tabulars[-1].splitlines())) < 120


@pytest.mark.parametrize("width", [0, 239, -1, "345pt", True, None, float("nan"), float("inf"), 1e9])
def test_a_page_that_no_table_fits_is_refused(width) -> None:
    with pytest.raises(SpecificationError, match=r"width=.*textwidth"):
        small().to_latex(width=width)


def test_markdown() -> None:
    assert (
        small().to_markdown()
        == r"""**Income on internet use**

|  | (1) | (2) |
| :--- | ---: | ---: |
| cii | 8.4548\*\*\* | -0.3100\* |
|  | (0.6777) | (12.5000) |
| gdp | 1.000e-09 |  |
|  | (2.000e-09) |  |
| N | 39 | 1170 |
| Errors | classical | by firm |

\* p &lt; 0.1
"""
    )


def test_markdown_shows_names_as_they_are() -> None:
    markdown = nasty().to_markdown()
    rows = [line for line in markdown.splitlines() if line.startswith("|")]
    assert all(len(re.findall(r"(?<!\\)\|", line)) == 3 for line in rows)
    assert not re.search(r"(?<!\\)[_$`]", markdown)
    assert "<" not in markdown
    assert Table(notes=("# h",)).to_markdown() == "\\# h\n"
    assert Table(notes=("1. one",)).to_markdown() == "1\\. one\n"
    assert Table(notes=("- one",)).to_markdown() == "\\- one\n"


# ---- anything goes

NAMES = st.text(max_size=60) | st.sampled_from([NASTY, "x" * 200, "收入" * 40, "", " ", "\u0301" * 9, "n/a"])
NUMBERS = st.builds(
    number,
    st.floats(),
    st.integers(0, 15),
    stars=st.sampled_from(["", "*", "***"]),
    brackets=st.sampled_from(["", "()"]),
)
CELLS = NUMBERS | st.builds(probability, st.floats(0, 1)) | st.builds(words, NAMES) | st.just(Cell())


@st.composite
def tables(draw: st.DrawFn) -> Table:
    columns = draw(st.integers(0, 15))
    cells = st.tuples(*[CELLS] * columns)
    rows = st.lists(st.builds(Row, NAMES, cells, NAMES, st.booleans()), max_size=4).map(tuple)
    facts = st.lists(st.builds(Fact, NAMES, NAMES), max_size=4).map(tuple)
    return draw(st.builds(Table, NAMES, rows, rows, rows, facts, facts, st.lists(NAMES, max_size=3).map(tuple)))


@settings(max_examples=60, deadline=None)
@given(table=tables(), width=st.integers(40, 120))
@example(table=Table(body=(Row("0", tuple(map(words, [NASTY] * 4)), continues=True),)), width=40)
def test_no_table_is_wider_than_asked(terminal_width: Width, table: Table, width: int) -> None:
    for text, room in ((str(table), 80), (table.to_text(width), width)):
        lines = text.split("\n")
        assert text.splitlines() in (lines, lines[:-1])
        assert max(map(terminal_width, lines)) <= room, lines


@settings(max_examples=40, deadline=None)
@given(tables())
def test_every_table_renders_everywhere(table: Table) -> None:
    read_html(table.to_html())
    check_latex_structure(table.to_latex(), table.n_columns)
    for line in table.to_markdown().splitlines():
        if line.startswith("|"):
            assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) == table.n_columns + 2
    assert table.to_frame().shape == (len(table.body) + len(table.foot), table.n_columns)


def test_latex_folds_long_words_and_keeps_intervals_whole() -> None:
    limits = interval(-123456.7891, 123456.7891)
    table = Table(
        header=(Row("", (words("Random effects (firm & year; Swamy-Arora)"), words("Pooled"))),),
        body=(Row("x", (limits, limits)),),
    )
    latex = table.to_latex(width=300)
    assert r" & Random effects (firm \& year; & Pooled \\" + "\n" + r" & Swamy-Arora) &  \\" in latex
    assert latex.count(r"[$-$123456.7891,~123456.7891]") == 2


@pytest.mark.parametrize("label", ["", " ", "a}b", "50%", r"\input{x}", "a\nb", "\x1b[31m", "#1", "x" * 9 + "~", 3])
def test_what_latex_would_not_take_for_a_label_is_refused(label) -> None:
    with pytest.raises(SpecificationError, match="cannot be a LaTeX label"):
        small().to_latex(label=label)


def test_labels_are_written_as_they_are() -> None:
    assert r"\label{tab:main_results-2 (b)}" in small().to_latex(label="tab:main_results-2 (b)")


@pytest.mark.parametrize("column", [-1, 9, "first", None, 0.0])
def test_the_alignment_of_a_column_that_is_not_there_is_refused(column):
    table = Table("t", (), (Row("a", (number(1.0), words("b"))),))
    with pytest.raises(SpecificationError, match="column"):
        table.column_alignment(column)


def grouped() -> Table:
    none = (Cell(),) * 3
    return Table(
        header=(
            Row("", spanning([("Sales & costs", 2), ("", 1)])),
            Row("", (words("(1)"), words("(2)"), words("(3)"))),
        ),
        body=(
            Row("A. [All] firms", none, heading=True),
            Row("x", (number(1.5, stars="+"), number(2.5), number(3.5)), "estimate"),
            Row("x", (number(0.5, brackets="()"), number(0.25, brackets="()"), Cell()), "std. error", continues=True),
            Row("N", (count(10), count(20), count(30)), rule=True),
            Row("B. Large ones", none, heading=True, rule=True),
            Row("x", (number(4.5), number(5.5), number(6.5)), "estimate"),
        ),
        foot=(Row("Firms", (count(1), count(2), count(3))),),
    )


def test_headings_over_columns_and_over_rows_as_text() -> None:
    assert (
        str(grouped())
        == """\
========================================
         Sales & costs
       ------------------
         (1)       (2)       (3)
----------------------------------------
A. [All] firms
x       1.5000+   2.5000    3.5000
       (0.5000)  (0.2500)
----------------------------------------
N      10        20        30
----------------------------------------
B. Large ones
x       4.5000    5.5000    6.5000
----------------------------------------
Firms   1         2         3
========================================"""
    )


def test_columns_under_one_heading_stay_together() -> None:
    cells = tuple(words(f"model {k}") for k in range(6))
    spans = Row("", spanning([("a", 1), ("b", 3), ("c", 2)]))
    table = Table(header=(spans, Row("", cells)), body=(Row("x", (number(1e6),) * 6),))
    lines = [line.split() for line in table.to_text(60).splitlines() if "model" in line]
    assert [line[1::2] for line in lines] == [["0", "1", "2", "3"], ["4", "5"]]
    # Those that do not fit together are cut, each part under its heading; others stay whole.
    narrow = table.to_text(40).splitlines()
    assert sum(line.endswith("b") for line in narrow) == 2
    lines = [line.split() for line in narrow if "model" in line]
    assert [line[1::2] for line in lines] == [["0"], ["1", "2"], ["3"], ["4", "5"]]


def test_a_group_too_wide_for_a_panel_has_even_panels_of_its_own() -> None:
    spans = spanning([("first", 2), ("second", 7), ("third", 2), ("fourth", 2)])
    table = Table(
        header=(Row("of", spans, groups=True), Row("to", tuple(words(f"m{k}") for k in range(13)))),
        body=(Row("x", tuple(number(1e5 + k) for k in range(13))),),
    )
    wide = [("first", 2), ("second", 4), ("second", 3), ("third fourth", 4)]
    narrow = [("first", 2), *[("second", 2)] * 3, ("second", 1), ("third", 2), ("fourth", 2)]
    for width, panels in ((80, wide), (60, wide), (40, narrow)):
        lines = table.to_text(width).splitlines()
        assert max(map(len, lines)) <= width
        headings = [" ".join(line.split()[1:]) for line in lines if line.startswith("of")]
        columns = [line.count("m") for line in lines if line.startswith("to")]
        assert list(zip(headings, columns, strict=True)) == panels


def test_names_of_columns_are_those_of_their_groups_and_their_own() -> None:
    row = Row("1", (number(1.0), number(2.0)))
    for sizes in ((1, 1), (2,)):
        over = spanning([(f"shock {k}", size) for k, size in enumerate(sizes)])
        frame = Table(header=(Row("Shock", over, groups=True), Row("Response", (words("a"), words("b")))), body=(row,))
        columns = frame.to_frame().columns
        assert columns.names == ["Shock", "Response"]
        assert columns.to_list() == [("shock 0", "a"), (f"shock {len(sizes) - 1}", "b")]
    # Further lines under names, such as the estimator, name nothing.
    plain = Table(header=(Row("", (words("(1)"), words("(2)"))), Row("of", (words("a"), words("b")))), body=(row,))
    assert plain.to_frame().columns.to_list() == ["(1)", "(2)"]


def test_words_at_the_right_over_narrow_numbers_need_no_room_of_theirs_in_latex() -> None:
    header = (Row("", (words("Std. error", "right"), words("p", "right"))),)
    latex = Table(header=header, body=(Row("x", (number(0.5), number(0.25))),)).to_latex()
    assert r" & \multicolumn{1}{r}{Std. error} & p \\" in latex
    assert r"r@{\hspace{" in latex
    check_latex_structure(latex, 2)


def test_no_rule_is_drawn_twice_where_columns_have_no_body() -> None:
    cells = [words(f"a long heading {k}") for k in range(4)]
    body = (Row("x", (number(1.0), number(2.0), Cell(), Cell())),)
    foot = (Row("N", (count(3), count(4), count(5), count(6))),)
    lines = Table(header=(Row("", tuple(cells)),), body=body, foot=foot).to_text(40).splitlines()
    assert not any(first.startswith("---") and second.startswith("---") for first, second in pairwise(lines))


def test_headings_in_other_forms() -> None:
    table = grouped()
    latex = table.to_latex()
    assert r" & \multicolumn{2}{c}{Sales \& costs} &  \\" + "\n" + r"\cmidrule{2-3}" in latex
    assert r"\multicolumn{4}{l}{\textit{A. [All] firms}} \\" in latex
    assert r"\midrule" + "\n" + r"\multicolumn{4}{l}{\textit{B. Large ones}} \\" in latex
    html = table.to_html()
    assert '<th scope="colgroup" colspan="2" class="over" style="text-align: center">Sales &amp; costs</th>' in html
    heading = '<th scope="rowgroup" colspan="4" class="label heading" style="text-align: left">B. Large ones</th>'
    assert f'<tr class="rule">{heading}</tr>' in html
    markdown = table.to_markdown()
    assert "| **B. Large ones** |  |  |  |" in markdown
    assert markdown.startswith("|  | Sales &amp; costs | Sales &amp; costs |  |\n")
    frame = table.to_frame()
    assert frame.loc[("A. [All] firms", "x", "std. error"), ("Sales & costs", "(2)")] == 0.25
    assert frame.loc[("B. Large ones", "x", "estimate"), ("", "(3)")] == 6.5
    assert frame.index[-1] == ("", "Firms", "")

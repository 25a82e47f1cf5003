"""Tables in files: each kind is read again, and no name becomes a formula, a command or markup in any of them."""

from __future__ import annotations

import csv
import io
import os
import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from docx import Document
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

import panelvar as pv
from panelvar.core.base.quoting import printable
from panelvar.core.faces.files import render_csv
from panelvar.core.faces.layout import Cell, Fact, Row, count, interval, number, probability, spanning, words
from panelvar.core.tables.table import Table

ENDINGS = ("tex", "html", "md", "txt", "csv", "xlsx", "docx")


def shown() -> Table:
    return Table(
        title="Income on internet use",
        header=(
            Row("", spanning((("Sales & costs", 2), ("", 1)))),
            Row("", (words("(1)"), words("(2)"), words("(3)"))),
        ),
        body=(
            Row("A. All firms", (Cell(),) * 3, heading=True),
            Row("cii", (number(8.45481234, stars="***"), number(-0.31, stars="*"), Cell()), "estimate"),
            Row("cii", (number(0.6777, brackets="()"), number(-12.5, brackets="()"), Cell()), "error", continues=True),
            Row(pv.Math(r"\hat\beta_1"), (number(1e-9), interval(-0.5, 0.5), probability(1e-9)), "estimate"),
        ),
        foot=(
            Row("N", (count(39), count(1170), count(8))),
            Row("Share", (Cell("12.5%", 0.125), Cell("8%", 0.08), Cell())),
            Row("Errors", (words("classical"), words("by firm"), words("=1+1"))),
        ),
        facts=(Fact("Dependent", "income"), Fact("N", "39"), Fact("Log likelihood", "-12.50")),
        statistics=(Fact("F test", "F(2, 36) = 90.2041, p < 0.0001"),),
        notes=("* p < 0.1", "=SUM(A1:A9)"),
    )  # fmt: skip


@pytest.mark.parametrize("ending", ENDINGS)
def test_every_kind_of_file_is_written(tmp_path: Path, ending: str) -> None:
    for path in (tmp_path / f"table.{ending}", str(tmp_path / f"TABLE.{ending.upper()}")):
        assert shown().save(path) is None  # type: ignore[func-returns-value]
        assert Path(path).stat().st_size > 100


LIMITED = """
import resource, sys, tempfile
import panelvar as pv
fit = pv.fit_pooled(pv.load_data("grunfeld"), "invest ~ value + capital")
fit.save(sys.argv[1])
# Every write beyond the limit fails from here on, as on a full disk.
import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))
for path in sys.argv[1:]:
    try:
        fit.save(path)
    except pv.SpecificationError as error:
        print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of file sizes are of POSIX")
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_disk_that_fills_up_leaves_the_file_that_was_there(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"table.{ending}"
    ran = subprocess.run([sys.executable, "-c", LIMITED, str(path)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "cannot be written" in ran.stdout
    assert path.stat().st_size > 300
    assert os.listdir(tmp_path) == [path.name]


def test_a_saved_table_keeps_rights_and_links_and_knows_the_home_folder(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    shown().save("~/table.md")
    real, link = tmp_path / "table.md", tmp_path / "link.md"
    real.chmod(0o640)
    link.symlink_to(real)
    before = real.read_text(encoding="utf-8")
    real.write_text("", encoding="utf-8")
    shown().save(link)
    assert link.is_symlink()
    assert real.read_text(encoding="utf-8") == before
    assert real.stat().st_mode & 0o777 == 0o640


def test_texts_are_the_views_of_the_table(tmp_path: Path) -> None:
    def written(name: str, **options: str) -> str:
        shown().save(tmp_path / name, **options)  # type: ignore[arg-type]
        return (tmp_path / name).read_text(encoding="utf-8")

    assert written("a.tex", label="tab:a").split("\n", 1) == [
        r"% \usepackage{booktabs}",
        shown().to_latex(label="tab:a"),
    ]
    assert written("a.md") == shown().to_markdown()
    assert written("a.txt") == shown().to_text() + "\n"
    assert shown().to_html() in written("a.html")
    assert written("a.csv") == render_csv(shown())


def test_csv_holds_full_precision_under_one_line_of_names() -> None:
    rows = list(csv.reader(io.StringIO(render_csv(shown()))))
    assert rows[0] == ["group", "row", "kind", "Sales & costs: (1)", "Sales & costs: (2)", "(3)"]
    assert rows[1] == ["A. All firms", "cii", "estimate", "8.45481234", "-0.31", ""]
    assert rows[2][:4] == ["A. All firms", "cii", "error", "0.6777"]
    assert rows[-1] == ["", "Errors", "", "classical", "by firm", "'=1+1"]
    assert {len(row) for row in rows} == {6}
    written = render_csv(Table(body=(Row("x", (number(0.1 + 0.2), number(float("nan")))),)))
    assert list(csv.reader(io.StringIO(written))) == [["row", "0", "1"], ["x", repr(0.1 + 0.2), ""]]


# ---- workbooks


def workbook(table: Table):
    with TemporaryDirectory() as folder:
        path = os.path.join(folder, "table.xlsx")
        table.save(path)
        with zipfile.ZipFile(path) as parts:
            xml = parts.read("xl/worksheets/sheet1.xml").decode()
        return load_workbook(path).active, xml


def column(sheet, label: str) -> list:
    found = next(row for row in sheet.iter_rows() if row[0].value == label)
    return list(found[1:])


def test_numbers_in_a_workbook_are_numbers_printed_as_the_table_prints_them() -> None:
    sheet, _ = workbook(shown())
    assert sheet["A1"].value == sheet.title == "Income on internet use"
    estimates, errors = column(sheet, "cii"), None
    assert [cell.value for cell in estimates] == [8.45481234, -0.31, None]
    assert estimates[0].number_format == '0.0000"***"'
    # A star less leaves room for it, so that points line up.
    assert estimates[1].number_format == '0.0000"*"'
    errors = [cell for cell in next(sheet.iter_rows(min_row=estimates[0].row + 1))][1:]
    assert [cell.value for cell in errors] == [0.6777, -12.5, None]
    assert errors[0].number_format == '"("0.0000")"_*_*;"(-"0.0000")"_*_*'
    small = column(sheet, "β̂₁")
    assert (small[0].value, small[0].number_format) == (1e-9, "0.000E+00_0_*_*_*")
    assert small[1].value == "[-0.5000,\xa00.5000]"
    assert (small[2].value, small[2].number_format) == (1e-9, '"<0.0001"')
    assert (column(sheet, "Share")[0].value, column(sheet, "Share")[0].number_format) == (0.125, "0.0%_0_0_0_*_*_*")
    assert column(sheet, "N")[0].value == 39 and sheet["A3"].value == "N"
    assert (sheet["B4"].value, sheet["B4"].number_format) == (-12.5, "0.00")
    assert [str(merged) for merged in sheet.merged_cells.ranges] == ["B6:C6"]
    # A rule under the heading says which columns it is over.
    assert [sheet.cell(6, place).border.bottom.style for place in range(1, 5)] == [None, "thin", "thin", None]
    assert [sheet.cell(6, place).border.top.style for place in range(1, 5)] == ["medium"] * 4


def test_a_sheet_is_printed_on_one_page_across() -> None:
    narrow, _ = workbook(shown())
    cells = tuple(number(0.123456789 + k) for k in range(9))
    wide, _ = workbook(Table(header=(Row("", tuple(words(f"Model {k}") for k in range(9))),), body=(Row("x", cells),)))
    for sheet, orientation in ((narrow, None), (wide, "landscape")):
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)
        assert sheet.page_setup.orientation == orientation


def test_a_number_that_is_not_what_is_printed_stays_a_text() -> None:
    cells = (Cell("1.5", 2.5), Cell("two", 2.0), Cell("1.5", "1.5"), Cell("2000", 2000.2), Cell("<0.01", 0.5))
    sheet, _ = workbook(Table(body=(Row("x", cells),)))
    assert [cell.value for cell in column(sheet, "x")] == ["1.5", "two", "1.5", 2000.2, "<0.01"]


HOSTILE = (
    "=1+1", "=HYPERLINK(\"http://a.b\",\"x\")", "+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "#N/A", "\t=1", "TRUE",
    "2024-01-01", "1e5", "<b>&amp;</b>", "]]>", r"\input{x}", "$x$", "_x0041_", "{=1}", "'", '"', "\x00\x1b", "a\r\nb",
)  # fmt: skip
NAMES = st.sampled_from(HOSTILE) | st.text(max_size=30)


def hostile(name: str, other: str) -> Table:
    return Table(
        title=name,
        header=(Row(other, (words(name), words(other))),),
        body=(
            Row(
                name,
                (words(other, "left"), Cell(name, name, "*")),
            ),
            Row(other, (number(1.5), words(name))),
        ),
        facts=(Fact(name, other),),
        statistics=(Fact(other, name),),
        notes=(name, other),
    )


@settings(max_examples=60, deadline=None)
@given(NAMES, NAMES)
def test_no_name_is_a_formula_in_a_workbook(name: str, other: str) -> None:
    sheet, xml = workbook(hostile(name, other))
    assert "<f>" not in xml and "<f " not in xml and "hyperlink" not in xml
    texts = [cell.value for row in sheet.iter_rows() for cell in row if cell.value is not None]
    expected = {printable(text).strip(): text for text in (name, other)}
    for text in texts:
        if isinstance(text, str):
            assert text.strip() in {*expected, *(f"{each}*" for each in expected), f"{printable(name)}*".strip()}
    for row in sheet.iter_rows():
        for cell in row:
            assert cell.data_type in ("s", "n")
            assert cell.hyperlink is None
            if isinstance(cell.value, str):
                assert cell.quotePrefix


@settings(max_examples=60, deadline=None)
@given(NAMES, NAMES)
def test_no_cell_of_a_csv_is_computed(name: str, other: str) -> None:
    for row in csv.reader(io.StringIO(render_csv(hostile(name, other)))):
        for cell in row:
            assert not re.match(r"\s*[=+\-@]", cell)


# ---- Word


def document(table: Table):
    with TemporaryDirectory() as folder:
        path = os.path.join(folder, "table.docx")
        table.save(path)
        with zipfile.ZipFile(path) as parts:
            xml = parts.read("word/document.xml").decode()
        return Document(path), xml


def test_a_document_holds_the_table_between_its_title_and_its_notes() -> None:
    read, _ = document(shown())
    texts = [paragraph.text for paragraph in read.paragraphs if paragraph.text]
    assert texts[0] == "Income on internet use"
    assert texts[-2:] == ["* p < 0.1", "=SUM(A1:A9)"]
    facts, table, statistics = read.tables
    assert [cell.text for cell in facts.rows[2].cells] == ["Log likelihood", "−12.50"]
    assert statistics.rows[0].cells[1].text == "F(2, 36) = 90.2041, p < 0.0001"
    lines = [[cell.text for cell in row.cells] for row in table.rows]
    assert lines[0] == ["", "Sales & costs", "Sales & costs", ""]
    rules = [re.findall(r"<w:(top|bottom) ", cell.xml) for cell in table.rows[0]._tr.tc_lst]
    assert rules == [["top"], ["top", "bottom"], ["top"]]
    assert lines[2] == ["A. All firms"] * 4
    assert lines[3] == ["cii", "8.4548***", "−0.3100*", ""]
    assert lines[4] == ["", "(0.6777)", "(−12.5000)", ""]


def test_properties_of_cells_stand_in_the_order_that_word_reads() -> None:
    table = shown()
    _, xml = document(replace(table, foot=table.foot[1:]))
    order = ["tcW", "gridSpan", "vMerge", "tcBorders", "shd", "noWrap", "vAlign"]
    found = re.findall(r"<w:tcPr>(.*?)</w:tcPr>", xml, re.DOTALL)
    assert any("noWrap" in each and "tcBorders" in each for each in found)
    for each in found:
        names = [order.index(name) for name in re.findall(r"<w:(\w+)", each) if name in order]
        assert names == sorted(names)
        assert set(re.findall(r"<w:(\w+)", each)) <= {*order, "top", "bottom"}


def test_no_number_of_a_document_is_wider_than_its_cell() -> None:
    values = (-0.0004042, -3.1e-13, 8.4548, -12.5, 1170.25)
    body = tuple(Row(f"x{k}", (number(v, stars="*" * (k % 4)), number(-v))) for k, v in enumerate(values))
    read, _ = document(Table(header=(Row("", (words("(1)"), words("(2)"))),), body=body))
    points: dict[int, set[float]] = {}
    for line in read.tables[0].rows[1:]:
        for place, cell in enumerate(line.cells[1:]):
            paragraph = cell.paragraphs[0]
            # Blanks after a number would be letters to Word, which folds the line where they do not fit.
            assert paragraph.text == paragraph.text.strip("\u2007\u2008 ")
            before, _, behind = paragraph.text.partition(".")
            # Times New Roman at ten points: 5 a digit or star, 5.64 a minus, 4.4 an e.
            tail = 2.5 + 5.0 * len(behind) + 0.64 * behind.count("-") - 0.6 * behind.count("e")
            indent = paragraph.paragraph_format.right_indent.pt
            points.setdefault(place, set()).add(round(indent + tail))
            width = 5.0 * len(before) + 0.64 * before.count("\N{MINUS SIGN}") + tail + indent
            # Word leaves 5.4 points at either side of a cell.
            assert width <= cell.width.pt - 10.8
    assert all(max(each) - min(each) <= 1 for each in points.values())


def test_mathematics_in_a_document_is_italic_raised_and_lowered() -> None:
    read, _ = document(Table(body=(Row(pv.Math(r"\sigma_1^2"), (number(1.0),)),)))
    runs = read.tables[0].rows[0].cells[0].paragraphs[0].runs
    assert [(run.text, bool(run.italic), bool(run.font.subscript), bool(run.font.superscript)) for run in runs] == [
        ("σ", True, False, False), ("1", False, True, False), ("2", False, False, True),
    ]  # fmt: skip


def test_a_document_is_no_wider_than_its_page() -> None:
    columns = 14
    row = Row("income", tuple(number(j + 0.5, stars="***") for j in range(columns)))
    read, _ = document(Table(header=(Row("", tuple(words(f"({j})") for j in range(columns))),), body=(row,)))
    section = read.sections[0]
    room = section.page_width.pt - section.left_margin.pt - section.right_margin.pt
    assert len(read.tables) == 3
    shown_cells = [cell.text for table in read.tables for cell in table.rows[1].cells]
    assert all(any(f"{j}.5000" in text for text in shown_cells) for j in range(columns))
    for table in read.tables:
        assert sum(column.width.pt for column in table.columns) <= room


@settings(max_examples=40, deadline=None)
@given(NAMES, NAMES)
def test_no_name_is_a_field_or_markup_in_a_document(name: str, other: str) -> None:
    read, xml = document(hostile(name, other))
    assert not re.search(r"<w:(fldSimple|instrText|hyperlink|object|drawing|altChunk)\b", xml)
    minus = str.maketrans({"\N{MINUS SIGN}": "-"})
    texts = {cell.text.translate(minus) for table in read.tables for row in table.rows for cell in row.cells}
    assert {printable(name).translate(minus), printable(other).translate(minus)} <= texts


# ---- what is refused


@pytest.mark.parametrize("path", ["table", "table.pdf", "table.xls", ".tex", "", 3, None, b"table.tex"])
def test_an_ending_that_says_nothing_is_refused_with_those_there_are(path) -> None:
    with pytest.raises(
        pv.SpecificationError, match=r"path=.*(\.tex, \.html, \.md, \.txt, \.csv, \.xlsx|name of a file)"
    ):
        shown().save(path)


def test_a_path_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(pv.SpecificationError, match="is in a folder that does not exist"):
        shown().save(tmp_path / "nowhere" / "table.md")
    (tmp_path / "folder.md").mkdir()
    with pytest.raises(pv.SpecificationError, match="cannot be written: Is a directory"):
        shown().save(tmp_path / "folder.md")
    with pytest.raises(pv.SpecificationError, match="cannot be written"):
        shown().save("a\x00b.md")


def test_what_cannot_be_rendered_empties_no_file(tmp_path: Path) -> None:
    path = tmp_path / "table.tex"
    shown().save(path)
    before = path.read_text()
    with pytest.raises(pv.SpecificationError, match="cannot be a LaTeX label"):
        shown().save(path, label="50%")
    with pytest.raises(pv.SpecificationError, match="label= is for LaTeX"):
        shown().save(tmp_path / "table.md", label="tab:x")
    assert path.read_text() == before and not (tmp_path / "table.md").exists()


@pytest.mark.parametrize(
    ("ending", "package", "name"), [("xlsx", "openpyxl", "openpyxl"), ("docx", "docx", "python-docx")]
)
def test_a_package_that_is_not_installed_is_answered_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str, package: str, name: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=rf"needs {name}, which is not installed\. .* -m pip install .*{name}>="):
        shown().save(tmp_path / f"table.{ending}")
    assert not (tmp_path / f"table.{ending}").exists()
    shown().save(tmp_path / "table.csv")

"""The tables that are photographed: structure and widths in every form, and what the photographs found."""

from __future__ import annotations

import importlib.util
import re
import warnings
from pathlib import Path
from zipfile import ZipFile

import pytest
from docx import Document
from latex_structure import check_latex_structure
from openpyxl import load_workbook

PICTURES = Path(__file__).resolve().parents[3] / "docs" / "pictures"


@pytest.fixture(scope="module")
def shown():
    spec = importlib.util.spec_from_file_location("shown_tables", PICTURES / "shown_tables.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return module.shown_tables()


@pytest.mark.parametrize("width", [246, 345, 470])
def test_no_table_is_wider_than_a_page_of_latex(shown, width):
    for table in shown.values():
        check_latex_structure(table.to_latex(width=width), table.summary().n_columns, width)


def test_each_says_its_sides_where_no_notebook_overrides_them(shown):
    for table in shown.values():
        html = table.to_html()
        labels = re.findall(r'<th [^>]*class="label[^>]*>', html)
        assert labels and all("text-align: left" in label for label in labels)
        columns = html[html.index('<div class="columns">') : html.index("</table>")]
        assert not re.search('class="(facts|title|notes)"', columns)
        assert not re.search("<(script|a|img|iframe)[ >]", html)


def test_each_is_written_as_a_workbook_and_a_document(shown, tmp_path):
    for name, table in shown.items():
        table.save(tmp_path / f"{name}.xlsx")
        table.save(tmp_path / f"{name}.docx")
        cells = [cell for row in load_workbook(tmp_path / f"{name}.xlsx").active.iter_rows() for cell in row]
        assert {cell.data_type for cell in cells} <= {"n", "s"}
        assert any(isinstance(cell.value, float) for cell in cells)
        read = Document(tmp_path / f"{name}.docx")
        section = read.sections[0]
        room = section.page_width.pt - section.left_margin.pt - section.right_margin.pt
        assert all(sum(column.width.pt for column in grid.columns) <= room for grid in read.tables)
        with ZipFile(tmp_path / f"{name}.docx") as parts:
            assert not re.search(r"<w:(fldSimple|instrText|hyperlink)\b", parts.read("word/document.xml").decode())


def test_the_report_is_of_these_tables_and_found_nothing_wrong(shown):
    report = (PICTURES / "report.md").read_text(encoding="utf-8")
    listed = re.search(r"^Tables: (.*)\.$", report, re.MULTILINE)[1].split(", ")
    assert listed == [name.replace("_", " ") for name in shown]
    notebook = re.findall(r"^\| (?:light|dark) \|(.*)\|$", report, re.MULTILINE)
    assert len(notebook) == 4
    for line in notebook:
        # Window and number of tables before what is wrong, tables moved sideways after it.
        counts = [float(count) for count in line.split("|")]
        assert counts[1] == len(shown)
        assert counts[2:8] == [0.0] * 6
    latex = re.findall(r"^\| [a-z ]+ \| \d+ \| \d+ \| \d+ \|((?: \d+ \|){2} \d+ )\|$", report, re.MULTILINE)
    assert len(latex) == 7
    assert all([int(count) for count in line.split("|")] == [0, 0, 0] for line in latex)
    assert " 0 formulas or errors." in report and " 0 grids wider than the page, 0 fields or links." in report

"""Several tables in one file: all of them are in it, under names that tell them apart."""

from __future__ import annotations

import re
from functools import cache

import pytest
from docx import Document
from openpyxl import load_workbook

import panelvar as pv
from panelvar.core.faces.layout import Row, number, words
from panelvar.core.tables.table import Table


@cache
def models():
    return pv.fit_many(
        pv.fit_fixed_effects, pv.load_data("grunfeld"), "invest", ["value", "capital"], steps="cumulative"
    )


@cache
def tables():
    return {"Table 1": pv.compare(models()), "Main": models()["(2)"], "Table 3. Test": models()["(2)"].f_statistic}


def small(title=""):
    return Table(title=title, header=(Row("", (words("x"),)),), body=(Row("a", (number(1.5),)),))


# ---- forms


def test_a_workbook_has_a_sheet_for_each(tmp_path):
    pv.save_tables(tmp_path / "paper.xlsx", tables())
    book = load_workbook(tmp_path / "paper.xlsx")
    assert book.sheetnames == ["Table 1", "Main", "Table 3. Test"]
    assert [sheet["A1"].value for sheet in book] == ["Table 1", "Main: Fixed effects (firm): invest", "Table 3. Test"]
    values = [cell.value for row in book["Main"].iter_rows() for cell in row]
    assert models()["(2)"].params["capital"] in values
    assert {cell.value for row in book["Table 1"].iter_rows() for cell in row} >= {"(1)", "(2)"}


def test_names_of_sheets_are_names_that_excel_takes(tmp_path):
    long = "The determinants of gross investment"
    names = ["History", "a/b", "A b", f"{long}, first", f"{long}, second", "''", "'quoted'"]
    pv.save_tables(tmp_path / "sheets.xlsx", {name: small() for name in names})
    found = load_workbook(tmp_path / "sheets.xlsx").sheetnames
    assert len({name.casefold() for name in found}) == len(names) and "history" not in map(str.casefold, found)
    assert all(len(name) <= 31 and not re.search(r"[\[\]:*?/\\']", name) for name in found)
    assert found[1:3] == ["a b", "A b (2)"] and found[4].endswith(" (2)")
    pv.save_tables(tmp_path / "sheets.xlsx", [small("Same"), small("Same"), small()])
    assert load_workbook(tmp_path / "sheets.xlsx").sheetnames == ["Same", "Same (2)", "Table 3"]


def test_a_document_has_them_one_after_another(tmp_path):
    pv.save_tables(tmp_path / "paper.docx", tables())
    read = Document(str(tmp_path / "paper.docx"))
    titles = [paragraph.text for paragraph in read.paragraphs if any(run.bold for run in paragraph.runs)]
    assert titles == ["Table 1", "Main: Fixed effects (firm): invest", "Table 3. Test"]
    alone = []
    for place, table in enumerate(tables().values()):
        table.save(tmp_path / f"{place}.docx")
        alone += Document(str(tmp_path / f"{place}.docx")).tables
    assert [[cell.text for cell in table._cells] for table in read.tables] == [
        [cell.text for cell in table._cells] for table in alone
    ]


@pytest.mark.parametrize(("ending", "view"), [("md", "to_markdown"), ("txt", "to_text"), ("html", "to_html")])
def test_texts_are_the_views_of_the_tables(tmp_path, ending, view):
    pv.save_tables(tmp_path / f"all.{ending}", [table.summary() for table in tables().values()])
    written = (tmp_path / f"all.{ending}").read_text(encoding="utf-8")
    places = [written.index(getattr(table, view)()) for table in tables().values()]
    assert places == sorted(places)
    pv.save_tables(tmp_path / f"all.{ending}", tables())
    assert "Main: Fixed effects (firm): invest" in (tmp_path / f"all.{ending}").read_text().replace("\\", "")


def test_latex_counts_tables_itself(tmp_path):
    pv.save_tables(tmp_path / "paper.tex", tables(), labels=["tab:a", "tab:b", "tab:c"])
    written = (tmp_path / "paper.tex").read_text()
    assert re.findall(r"\\caption\{(.*)\}", written) == ["", "Main: Fixed effects (firm): invest", "Test"]
    assert re.findall(r"\\label\{(.*)\}", written) == ["tab:a", "tab:b", "tab:c"]
    assert written.startswith("% \\usepackage{booktabs}\n") and written.count("usepackage") == 1
    assert written.count(r"\begin{table}") == written.count(r"\end{table}") == 3


@pytest.mark.parametrize(
    ("name", "title", "caption"),
    [
        ("Table 2", "Roots", "Roots"),
        ("table A.1: Roots of it", "", "Roots of it"),
        ("Tab. IV", "", ""),
        ("Roots", "Roots", "Roots"),
        ("Roots", "Roots: all", "Roots: all"),
        ("A", "A test", "A: A test"),
        ("Table of roots", "", "Table of roots"),
        (pv.Math(r"\beta"), "Roots", r"$\beta$: Roots"),
    ],
)
def test_a_name_stands_before_the_title(tmp_path, name, title, caption):
    pv.save_tables(tmp_path / "one.tex", {name: small(title)})
    assert f"\\caption{{{caption}}}\n" in (tmp_path / "one.tex").read_text()


def test_fits_are_a_table_each(tmp_path):
    fits = pv.fit_many(pv.fit_pooled, pv.load_data("grunfeld"), ["invest", "value"], ["capital"])
    pv.save_tables(tmp_path / "fits.xlsx", fits)
    assert load_workbook(tmp_path / "fits.xlsx").sheetnames == [
        ", ".join(label) if isinstance(label, tuple) else label for label in fits
    ]


# ---- what is refused


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "tables is empty"),
        ([], "tables is empty"),
        (None, "must be a list of tables, or a mapping of names"),
        ("table", "must be a list of tables, or a mapping of names"),
        ({1: small()}, "the name 1, must be a text"),
        ({" ": small()}, "must be a text"),
        ([small(), 3], "table 2 is 3: expected a table"),
        ({"A": "text"}, "tables\\['A'\\] is 'text': expected a table"),
        (small(), "tables is one Table. Write it with its own save"),
    ],
)
def test_what_is_no_table_is_refused_by_its_place(tmp_path, given, said):
    with pytest.raises(pv.SpecificationError, match=said):
        pv.save_tables(tmp_path / "a.md", given)
    assert not (tmp_path / "a.md").exists()


def test_files_that_cannot_hold_them_are_refused(tmp_path):
    two = [small("One"), small("Two")]
    with pytest.raises(pv.SpecificationError, match="such a file holds one table"):
        pv.save_tables(tmp_path / "a.csv", two)
    with pytest.raises(pv.SpecificationError, match=r"must end in one of \.tex"):
        pv.save_tables(tmp_path / "a.pdf", two)
    with pytest.raises(pv.SpecificationError, match="labels has 1 labels for 2 tables"):
        pv.save_tables(tmp_path / "a.tex", two, labels="tab:a")
    with pytest.raises(pv.SpecificationError, match="labels= is for LaTeX"):
        pv.save_tables(tmp_path / "a.md", two, labels=["tab:a", "tab:b"])
    with pytest.raises(pv.SpecificationError, match="Here it is tables, a mapping of names to tables"):
        pv.save_tables(tmp_path / "a.xlsx", two, sheet_names=["A", "B"])
    assert list(tmp_path.iterdir()) == []

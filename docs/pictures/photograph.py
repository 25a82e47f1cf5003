"""Photograph the library's tables where people read them, and write down what was found.

``python docs/pictures/photograph.py FOLDER`` executes a notebook of the tables in `shown_tables` and has Chromium open
it with the notebook's own style sheet, light and dark, wide and narrow; has pdfLaTeX compile them at three widths of
the text; has them written as workbooks and Word documents, and printed by LibreOffice where that is installed.
Pictures go to FOLDER, to be looked at; what can be counted (cells on the wrong side, points that do not line up, boxes
wider than the page, formulas) goes to ``docs/pictures/report.md``.

Needs ``panelvar-econ[pictures]``, and in Debian ``chromium``, ``texlive-latex-recommended`` and ``poppler-utils``.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import warnings
import zipfile
from collections import Counter
from html import unescape
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPORT = HERE / "report.md"
# Windows of Chromium in points of the screen, and widths of the text in points of LaTeX with what makes them.
WINDOWS = {"wide": 1200, "narrow": 700}
PAGES = {
    "article": (345, r"\documentclass{article}"),
    "margins of an inch": (470, r"\documentclass{article}\usepackage[margin=1in]{geometry}"),
    "two columns": (246, r"\documentclass[twocolumn]{article}\usepackage[textwidth=502pt]{geometry}"),
    "eleven points": (345, r"\documentclass[11pt]{article}"),
    "eleven points with margins": (470, r"\documentclass[11pt]{article}\usepackage[margin=1in]{geometry}"),
    "twelve points": (345, r"\documentclass[12pt]{article}"),
    "twelve points with margins": (470, r"\documentclass[12pt]{article}\usepackage[margin=1in]{geometry}"),
}
PROBE = """
<script>
window.addEventListener("load", () => {
  const found = [];
  for (const shown of document.querySelectorAll(".panelvar")) {
    const side = (cell) => getComputedStyle(cell).textAlign;
    const beyond = (part) => part.getBoundingClientRect().right > document.documentElement.clientWidth + 1;
    const points = {};
    for (const line of shown.querySelectorAll("tbody tr")) {
      const cells = [...line.querySelectorAll("td")];
      cells.forEach((cell, place) => {
        const letters = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT).nextNode();
        const at = letters && !cell.classList.contains("words") ? letters.data.indexOf(".") : -1;
        if (at < 0 || letters.data.includes("e")) return;
        const range = document.createRange();
        range.setStart(letters, at);
        range.setEnd(letters, at + 1);
        (points[place] ??= []).push(range.getBoundingClientRect().left);
      });
    }
    const columns = shown.querySelector(".columns");
    found.push({
      labels: [...shown.querySelectorAll("th.label")].filter((cell) => side(cell) !== "left").length,
      numbers: [...shown.querySelectorAll("tbody td:not(.words)")]
        .filter((cell) => cell.textContent && !["right", "center"].includes(side(cell))).length,
      points: Math.max(0, ...Object.values(points).map((each) => Math.max(...each) - Math.min(...each))),
      beyond: [...shown.querySelectorAll(".title, .facts, .notes, .columns")].filter(beyond).length,
      moved: columns && columns.scrollWidth > columns.clientWidth + 1 ? 1 : 0,
      cut: columns && getComputedStyle(columns).overflowX !== "auto" ? 1 : 0,
      striped: [...shown.querySelectorAll("tr")]
        .filter((line) => getComputedStyle(line).backgroundColor !== "rgba(0, 0, 0, 0)").length,
      scripts: shown.querySelectorAll("script, a, img, mjx-container").length,
    });
  }
  const result = { found, title: document.title, wide: document.documentElement.scrollWidth - window.innerWidth };
  const holder = document.createElement("pre");
  holder.id = "probe";
  holder.textContent = JSON.stringify(result);
  document.body.append(holder);
});
</script>
"""


def run(*command: str, folder: Path | None = None, seconds: int = 300) -> str:
    """Run a program and return what it prints."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=seconds)
    return done.stdout


def version(program: str) -> str:
    """First line of what a program says of itself."""
    return run(program, "--version").strip().splitlines()[0]


# ---- a notebook


def notebook_page(theme: str, names: list[str]) -> str:
    """Execute a notebook with a table in each cell; return its page, with the notebook's own style sheet."""
    import nbformat.v4
    from nbclient import NotebookClient
    from nbconvert import HTMLExporter

    first = f"import sys, warnings\nwarnings.simplefilter('ignore')\nsys.path.insert(0, {str(HERE)!r})\n"
    first += "from shown_tables import shown_tables\ntables = shown_tables()"
    cells = [nbformat.v4.new_code_cell(first)]
    cells += [nbformat.v4.new_code_cell(f"tables[{name!r}]") for name in names]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    page, _ = HTMLExporter(template_name="lab", theme=theme).from_notebook_node(notebook)
    return page


def chromium(page: Path, *options: str) -> str:
    """Have Chromium open a page, without a screen."""
    return run("chromium", "--headless", "--no-sandbox", "--disable-gpu", *options, page.as_uri())


def photograph_notebook(folder: Path, names: list[str]) -> list[str]:
    """Photograph the executed notebook and count what is wrong with its tables."""
    lines = [
        "| theme | window | tables | labels not at the left | numbers not at the right | points apart (px) "
        "| beyond the window | striped | scripts, links | moved sideways |",
        "| :--- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for theme in ("light", "dark"):
        page = folder / f"notebook_{theme}.html"
        page.write_text(notebook_page(theme, names), encoding="utf-8")
        probed = folder / f"probed_{theme}.html"
        probed.write_text(page.read_text(encoding="utf-8").replace("</body>", f"{PROBE}</body>"), encoding="utf-8")
        for window, width in WINDOWS.items():
            chromium(page, "--hide-scrollbars", f"--window-size={width},9000",
                     f"--screenshot={folder / f'notebook_{theme}_{window}.png'}")  # fmt: skip
            dom = chromium(probed, f"--window-size={width},2000", "--virtual-time-budget=20000", "--dump-dom")
            result = json.loads(unescape(re.search(r'<pre id="probe">(.*?)</pre>', dom, re.DOTALL)[1]))
            found = result["found"]
            total = {key: sum(each[key] for each in found) for key in found[0]}
            apart = max(each["points"] for each in found)
            beyond = total["beyond"] + total["cut"] + (result["wide"] > 0)
            scripts = total["scripts"] + (result["title"] == "broken")
            counts = (len(found), total["labels"], total["numbers"], f"{apart:.1f}", beyond, total["striped"], scripts)
            lines.append(f"| {theme} | {width} | " + " | ".join(map(str, (*counts, total["moved"]))) + " |")
        probed.unlink()
    return lines


# ---- LaTeX


def photograph_latex(folder: Path, tables: dict) -> list[str]:
    """Compile the tables at several widths of the text and read what pdfLaTeX says of them."""
    lines = [
        "| text | points | tables | pages | errors | overfull boxes | floats too large |",
        "| :--- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, (width, opening) in PAGES.items():
        stem = "latex_" + name.replace(" ", "_")
        floats = "\n\\clearpage\n".join(table.to_latex(width=width) for table in tables.values())
        source = f"{opening}\n\\usepackage{{booktabs}}\n\\begin{{document}}\n{floats}\n\\end{{document}}\n"
        (folder / f"{stem}.tex").write_text(source, encoding="utf-8")
        run("pdflatex", "-interaction=nonstopmode", "-no-shell-escape", f"{stem}.tex", folder=folder)
        log = (folder / f"{stem}.log").read_text(encoding="utf-8", errors="replace")
        pages = re.search(r"Output written on .*?\((\d+) pages?", log, re.DOTALL)
        counts = Counter(
            errors=len(re.findall(r"^!", log, re.MULTILINE)),
            overfull=len(re.findall(r"^Overfull", log, re.MULTILINE)),
            floats=log.count("Float too large"),
        )
        run("pdftoppm", "-r", "80", "-png", f"{stem}.pdf", stem, folder=folder)
        shown = (name, width, len(tables), pages[1] if pages else "none", *counts.values())
        lines.append("| " + " | ".join(map(str, shown)) + " |")
    return lines


# ---- workbooks and documents


def photograph_files(folder: Path, tables: dict) -> list[str]:
    """Write workbooks and Word documents, read them again, and have LibreOffice print them."""
    from docx import Document
    from openpyxl import load_workbook

    counts = Counter(dict.fromkeys(("numbers", "texts", "formulas", "wide", "fields"), 0))
    for name, table in tables.items():
        book, document = folder / f"{name}.xlsx", folder / f"{name}.docx"
        table.save(book)
        table.save(document)
        for row in load_workbook(book).active.iter_rows():
            for cell in row:
                kind = {"n": "numbers", "s": "texts"}.get(cell.data_type, "formulas")
                counts[kind] += cell.value is not None
        read = Document(document)
        section = read.sections[0]
        room = section.page_width.pt - section.left_margin.pt - section.right_margin.pt
        counts["wide"] += sum(sum(each.width.pt for each in grid.columns) > room for grid in read.tables)
        with zipfile.ZipFile(document) as parts:
            xml = parts.read("word/document.xml").decode()
        counts["fields"] += len(re.findall(r"<w:(?:fldSimple|instrText|hyperlink)\b", xml))
    lines = [
        f"{len(tables)} workbooks: {counts['numbers']} numbers, {counts['texts']} texts, {counts['formulas']} formulas "
        f"or errors. {len(tables)} Word documents: {counts['wide']} grids wider than the page, {counts['fields']} "
        "fields or links.",
    ]
    if shutil.which("soffice"):
        names = [path.name for ending in ("docx", "xlsx") for path in sorted(folder.glob(f"*.{ending}"))]
        printed = folder / "printed"
        for ending in ("docx", "xlsx"):
            wanted = [name for name in names if name.endswith(ending)]
            run(
                "soffice",
                "--headless",
                "--convert-to",
                "pdf",
                "--outdir",
                str(printed / ending),
                *wanted,
                folder=folder,
            )
            for pdf in sorted((printed / ending).glob("*.pdf")):
                run("pdftoppm", "-r", "70", "-png", pdf.name, pdf.stem, folder=pdf.parent)
        made = len(list(printed.glob("*/*.pdf")))
        lines.append(f"{version('soffice').rsplit(' ', 1)[0]} opened and printed {made} of {len(names)} of them.")
    return lines


def main() -> None:
    """Photograph everything; write the report."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp(prefix="pictures_")).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    warnings.simplefilter("ignore")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (os.environ.get("PYTHONPATH"), str(HERE))))
    sys.path.insert(0, str(HERE))
    from importlib.metadata import version as installed

    from shown_tables import shown_tables

    tables = shown_tables()
    programs = [version("chromium"), version("pdflatex"), f"nbconvert {installed('nbconvert')}"]
    programs += [f"openpyxl {installed('openpyxl')}", f"python-docx {installed('python-docx')}"]
    text = [
        "---",
        "orphan: true",
        "---",
        "# Tables, photographed",
        "",
        "Written by `python docs/pictures/photograph.py FOLDER`, which makes the pictures too. Zero is what is wanted",
        "in each column that counts what is wrong.",
        "",
        f"Tables: {', '.join(name.replace('_', ' ') for name in tables)}.",
        "",
        f"With Python {platform.python_version()}, {', '.join(' '.join(each.split()) for each in programs)}.",
        "",
        "## In an executed notebook, under JupyterLab's style sheet",
        "",
        *photograph_notebook(folder, list(tables)),
        "",
        "Tables moved sideways are wider than the window: their columns scroll; labels, title, facts and notes stay.",
        "",
        "## In LaTeX documents",
        "",
        *photograph_latex(folder, tables),
        "",
        "## In workbooks and Word documents",
        "",
        *photograph_files(folder, tables),
    ]
    REPORT.write_text("\n".join(text) + "\n", encoding="utf-8")
    print(f"{REPORT}\npictures: {folder}")


if __name__ == "__main__":
    main()

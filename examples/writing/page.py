"""A page that is printed and written to a folder: prose, tables in text and LaTeX, figures, and what the library warns.

Nothing here is about one example; `Page` is what keeps both of them short.
"""

from __future__ import annotations

import re
import sys
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import panelvar as pv

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from panelvar.core.tables.table import Table
    from writing.equations import Equation

WIDTH = 80
UNNUMBERED = r"\makeatletter\long\def\@makecaption#1#2{\vskip\abovecaptionskip\centering #2\par}\makeatother"
# A part of a page of the documentation that the program writes: marker, fenced text, marker.
GENERATED = re.compile(
    r"(?P<head><!-- generated: (?P<name>[\w-]+) -->\n)(?P<body>.*?)(?P<foot><!-- end -->)", flags=re.S
)


class Page:
    """Collects what an example has to say, prints it as it comes, and keeps it in a folder.

    Parameters
    ----------
    folder : Path
        Made if it does not exist. Receives ``<name>.txt``, ``<name>.tex`` (the whole page, ready to compile), and for
        each table a ``.tex`` and for each figure a ``.png``.
    name : str
        Of the page.
    provenance : str
        One sentence about the data; stands under every table and figure unless another is given.
    short : bool
        Print only what is said to be `shown`. All is written.
    numbered : bool
        Have LaTeX number tables and figures; not where captions bring the numbers of a paper.
    """

    def __init__(self, folder: Path, name: str, provenance: str, *, short: bool = False, numbered: bool = True) -> None:
        self.folder = folder
        self.name = name
        self.provenance = provenance
        self.short = short
        self.numbered = numbered
        self.blocks: dict[str, str] = {}
        self.figures: list[str] = []
        self._text: list[str] = []
        self._latex: list[str] = []
        self._warned: set[str] = set()
        self._noted: list[str] = []
        self._title = name
        self._sections = 0
        folder.mkdir(parents=True, exist_ok=True)
        self._found = {path.name for path in folder.iterdir()}
        self._written: set[str] = set()

    def title(self, text: str) -> None:
        """Head the page."""
        self._title = " ".join(text.split())
        self._say(f"{'=' * WIDTH}\n{textwrap.fill(text, WIDTH)}\n{'=' * WIDTH}")

    @contextmanager
    def section(self, heading: str, *, shown: bool = True) -> Iterator[None]:
        """Number and head a section; at its end, say what the library warned about inside it and no table did."""
        self._sections += 1
        line = f"{self._sections}. {heading}"
        self._say(f"{line}\n{'-' * len(line)}", shown)
        # Floats of a section stay in it: LaTeX gives up when too many are pending.
        self._latex += [r"\clearpage"] * (self._sections > 1) + [rf"\section{{{_latex(heading)}}}"]
        self._noted.clear()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", pv.PanelVarWarning)
            yield
        texts = []
        for warning in caught:
            if not issubclass(warning.category, pv.PanelVarWarning):
                warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
            else:
                texts.append(str(warning.message))
        # What stands among a table's notes is not said twice, and nothing twice on one page.
        fresh = [text for text in dict.fromkeys(texts) if text not in self._warned]
        fresh = [text for text in fresh if not any(text in note for note in self._noted)]
        self._warned.update(fresh)
        for text in fresh:
            self.prose(f"The library warns: {text}", hanging=True, shown=not self.short)
        if fresh and self.short and shown:
            firsts = " ".join(f"{text.partition('. ')[0].rstrip('.')}." for text in fresh)
            print("\n" + textwrap.fill(f"The library warns: {firsts}", WIDTH, subsequent_indent="  "))

    def prose(self, text: str, *, block: str | None = None, hanging: bool = False, shown: bool = True) -> None:
        """Print a paragraph, folded to the width of a terminal."""
        paragraph = " ".join(text.split())
        folded = textwrap.fill(paragraph, WIDTH, subsequent_indent="  " * hanging, break_on_hyphens=False)
        self._say(folded, shown)
        self._latex.append(_latex(paragraph) + "\n")
        if block:
            self.blocks[block] = folded

    def equations(self, equations: Sequence[Equation], *, block: str | None = None, shown: bool = True) -> None:
        """Print equations, each on as many lines as it needs; on paper and on the web they are mathematics."""
        self._say("\n".join(equation.to_text(WIDTH) for equation in equations), shown)
        lines = r" \\ ".join(equation.to_latex() for equation in equations)
        aligned = rf"\begin{{aligned}} {lines} \end{{aligned}}"
        self._latex.append(f"\\[\n{aligned}\n\\]\n")
        if block:
            self.blocks[block] = f"$${aligned}$$"

    def table(self, table: Table, name: str, *, provenance: str | None = None, shown: bool = True) -> None:
        """Print a table with the provenance of its numbers among its notes, and write it in LaTeX."""
        noted = replace(table, notes=(*table.notes, provenance or self.provenance))
        self._noted += noted.notes
        text = noted.to_text(WIDTH)
        self._say(text, shown)
        self.blocks[name] = text
        self._write(f"{name}.tex", noted.to_latex(label=f"tab:{name}"))
        self._latex.append(rf"\input{{{name}.tex}}")

    def figure(self, figure: Figure | SubFigure, name: str, caption: str, *, provenance: str | None = None) -> None:
        """Write a figure with its caption and provenance below it, and say where it went."""
        import matplotlib.pyplot as plt
        from matplotlib.figure import Figure as Whole

        assert isinstance(figure, Whole), "a page takes whole figures"
        source = provenance or self.provenance
        # About sixteen characters an inch at this size. Both texts hang below the figure; a tight box makes room.
        width, line = int(figure.get_figwidth() * 15.5), 0.14 / figure.get_figheight()
        below = -0.015
        for part, colour in ((caption, "#444444"), (source, "#B34700")):
            folded = textwrap.fill(part, width, break_on_hyphens=False)
            figure.text(0.01, below, folded, ha="left", va="top", fontsize=8, color=colour).set_parse_math(False)
            below -= line * (folded.count("\n") + 1)
        figure.savefig(self.folder / f"{name}.png", dpi=150, bbox_inches="tight", pad_inches=0.12)
        plt.close(figure)
        self.figures.append(f"{name}.png")
        listed = textwrap.fill(f"{name}.png: {caption}", WIDTH, subsequent_indent="  ", break_on_hyphens=False)
        self._say(listed, shown=not self.short)
        self._latex += [
            r"\begin{figure}[htbp]\centering",
            rf"\includegraphics[width=\linewidth]{{{name}.png}}",
            rf"\caption{{{_latex(caption)} {_latex(source)}}}",
            r"\end{figure}",
        ]

    def close(self) -> None:
        """Write the whole page, as text and as a LaTeX document."""
        self._write(f"{self.name}.txt", "\n\n".join(self._text) + "\n")
        document = [
            r"\documentclass[11pt]{article}",
            r"\usepackage[margin=1.5cm]{geometry}",
            r"\usepackage{amsmath,booktabs,graphicx}",
            # Marks and stars hang to the right of their numbers.
            r"\setlength{\tabcolsep}{7pt}",
            *([] if self.numbered else [UNNUMBERED]),
            rf"\title{{{_latex(self._title)}}}\author{{}}\date{{}}",
            r"\begin{document}\maketitle",
            *self._latex,
            r"\end{document}",
        ]
        self._write(f"{self.name}.tex", "\n".join(document) + "\n")
        closing = (
            f"{self.folder} has {self.name}.txt (all of this page), {self.name}.tex and {', '.join(self.figures)}."
        )
        others = len(self._found - self._written - set(self.figures))
        closing += f" Its other {'file stays' if others == 1 else f'{others} files stay'} as before." if others else ""
        print("\n" + textwrap.fill(closing, WIDTH, break_on_hyphens=False, break_long_words=False))

    def _write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")
        self._written.add(name)

    def _say(self, text: str, shown: bool = True) -> None:
        if shown or not self.short:
            if self._text:
                print()
            print(text)
        self._text.append(text)


def _latex(text: str) -> str:
    from panelvar.core.faces.latex_characters import escape_latex

    return escape_latex(text)


def in_markdown(block: str) -> str:
    """Return a block as it stands on a page of the documentation: mathematics as it is, text fenced."""
    return block if block.startswith("$$") else f"```text\n{block}\n```"


def refresh(document: Path, blocks: dict[str, str]) -> str:
    """Return a Markdown document with its generated parts replaced by what the program prints now.

    Raises
    ------
    KeyError
        The document has a part the program does not print.
    """

    def part(match: re.Match[str]) -> str:
        return f"{match['head']}{in_markdown(blocks[match['name']])}\n{match['foot']}"

    return GENERATED.sub(part, document.read_text(encoding="utf-8"))


def use_utf8() -> None:
    """Print letters beyond ASCII also where the console's encoding has none."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")


def draw_to_files() -> None:
    """Let matplotlib draw without a window system."""
    import matplotlib

    matplotlib.use("Agg")

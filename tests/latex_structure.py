"""Whether the LaTeX of a table is whole and fits its page, read without LaTeX."""

from __future__ import annotations

import re

from panelvar.core.faces.latex_characters import latex_width

SCALES = {10: 1.0, 9: 0.925, 8: 0.85}
# How much larger letters of a document of twelve points are than those of ten.
TWELVE = 1.175
CELL = re.compile(r"\\multicolumn\{(\d+)\}\{([lcr])(@\{\\hspace\{([\d.]+)em\}\})?\}\{(.*)\}$", re.DOTALL)


def set_width(latex: str) -> float:
    """Points that a cell takes at ten points: what hangs out takes none."""
    latex = re.sub(r"\\rlap\{(?:[^{}]|\{(?:[^{}]|\{\})*\})*\}", "", latex)
    latex = re.sub(r"\\(?:phantom|textit)\{([^{}]*)\}", r"\1", latex).replace(r"\quad ", "00")
    latex = re.sub(r"\\times 10\^\{(-?\d+)\}", r"=10\1", latex)
    latex = re.sub(r"\\text(?:super|sub)script\{([^{}]*)\}", r"\1", latex)
    latex = re.sub(r"\\text(?:less|greater)\{\}", "<", latex)
    latex = re.sub(r"\\[a-z]+\{\}", "0", latex)
    latex = re.sub(r"\\[a-zA-Z]+ ?", "A", latex)
    plain = re.sub(r"\\(.)", "\\1", latex.replace("$-$", "=").replace("$", "").replace("{}", "")).replace("~", " ")
    return latex_width(plain)


def check_latex_structure(latex: str, columns: int, width: float = 345.0) -> None:
    """Every line has as many cells as its tabular has columns, and no tabular is wider than the page."""
    bare = re.sub(r"\\[\\&%$#_{}]", "", latex.replace(r"\\" + "\n", "\n"))
    depth = 0
    for character in bare:
        depth += (character == "{") - (character == "}")
        assert depth >= 0
    assert depth == 0
    assert bare.count("$") % 2 == 0
    begun = re.findall(r"\\begin\{(\w+\*?)\}", latex)
    assert begun[:2] == ["table", "minipage"]
    assert sorted(begun) == sorted(re.findall(r"\\end\{(\w+\*?)\}", latex))
    shown = set()
    for float_ in latex.split(r"\begin{minipage}")[1:]:
        extent, unit = re.match(r"\{([\d.]+)(pt|em)\}", float_).groups()
        size = re.search(r"^\\fontsize\{(\d+)\}\{[\d.]+\}\\selectfont$", float_, re.MULTILINE)
        # Letters of the document's size are narrow enough where it has twelve points; others have a size of their own.
        assert (unit == "em") == (size is None)
        wide = 10.0 * TWELVE * float(extent) if size is None else float(extent)
        assert wide <= width
        room = wide / (TWELVE if size is None else SCALES[int(size[1])])
        for template, tabular in re.findall(
            r"\\begin\{tabular\*\}\{\\linewidth\}\{([^\n]*)\}\n(.*?)\\end\{tabular\*\}", float_, re.DOTALL
        ):
            parts = re.findall(r"([lcr])((?:@\{(?:[^{}]|\{[^{}]*\})*\})*)", template)
            widths = [0.0] * len(parts)
            for line in tabular.splitlines():
                if not line.endswith(r" \\"):
                    assert re.match(r"\\(toprule|midrule|bottomrule|cmidrule)", line), line
                    continue
                place = 0
                for cell in re.split(r"(?<!\\) & ", line.removesuffix(r" \\")):
                    spanned = CELL.match(cell)
                    count, text = (int(spanned[1]), spanned[5]) if spanned else (1, cell)
                    if count == 1:
                        closing = spanned[4] if spanned else hspace(parts[place][1])
                        widths[place] = max(widths[place], set_width(text) + 10.0 * float(closing or 0.0))
                    place += count
                # The last fact of a line has no other beside it.
                assert place == len(parts) or (len(parts) == 4 and place == 2), line
            assert sum(widths) + 12.0 * (len(parts) - 1) <= room + 1.0 or len(parts) == 4, (widths, room)
            shown.add(len(parts) - 1)
    assert max(shown, default=0) <= max(columns, 3)


def hspace(template: str) -> str:
    found = re.search(r"\\hspace\{([\d.]+)em\}", template)
    return found[1] if found and "extracolsep" not in template else "0"

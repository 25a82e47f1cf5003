"""The pages of commands in ``docs/evidence``: commands of another program, and what they are here.

They are made from the feature rows, whose calls the tests run and whose numbers they compare.
``python -m tests.features.report`` writes them. ``docs/coming_from`` has the commands that are used most, by hand.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from features.definitions import IMPORTS, lines_for
from features.feature import Feature, FeatureTable, matched
from features.own_presets import call_for
from parity.programs import Program, program_of

PAGES = Path(__file__).resolve().parent.parent.parent / "docs" / "evidence"
INTRODUCTION = """\
<!-- `python -m tests.features.report` makes this page from `tests/features/`. Do not edit it. -->

# Commands of {program}, row by row

The commands that are used most, and what differs by default, are in [Coming from {program}](../coming_from/{page}.md).

Unfold a subject; the number beside it counts its rows. The tests run the call of each row. A dagger (†) marks
what does not come with the program itself. *Equal* counts the numbers of that program that the tests compare with ours,
none left out. *Not compared* means that there was no output to compare with, or that the program errs there. {digits}
Where a call names the convention of another program, the number of that program was checked: the preset of this page's
program gives another number there, or the function has no such preset.
"""
TO_DEFINE = "At the root of the repository these lines define most of them, and calls then run as they stand:"
SPOKEN = {
    "stata": "Stata",
    "stata_dynamic": "Stata's dynamic panels",
    "plm": "R's plm",
    "fixest": "pyfixest",
    "linearmodels": "linearmodels",
    "statsmodels": "statsmodels",
    "vars": "R's vars",
    "gretl": "gretl",
    "eviews": "EViews",
}
"""Page -> the program as its heading calls it."""
SECTIONS = {
    "features": "static panel models",
    "features_var": "vector autoregressions",
    "features_dynamic_panels": "dynamic panels and panel VARs",
    "features_panel_roots": "panel unit roots and cointegration",
}


@dataclass(frozen=True)
class Source:
    """One column of a feature table, and how a page speaks of it."""

    table: str
    column: str
    spoken: str


def _of(spoken: str, column: str, *tables: str) -> list[Source]:
    return [Source(table, column, spoken) for table in tables]


SOURCES: dict[str, list[Source]] = {
    "stata": [
        *_of("Stata", "Stata", "features", "features_var", "features_panel_roots"),
    ],
    "stata_dynamic": [
        *_of("Stata", "Stata", "features_dynamic_panels"),
        *_of("xtabond2", "xtabond2", "features_dynamic_panels"),
        *_of("xtdpdgmm", "xtdpdgmm", "features_dynamic_panels"),
        *_of("pvar", "pvar", "features_dynamic_panels"),
    ],
    "plm": [
        *_of("plm", "plm", "features", "features_dynamic_panels", "features_panel_roots"),
        *_of("R's package panelvar", "panelvar", "features_dynamic_panels"),
        *_of("R's package pvars", "pvars", "features_panel_roots"),
    ],
    "fixest": _of("pyfixest", "pyfixest", "features"),
    "linearmodels": [
        *_of("linearmodels", "linearmodels", "features"),
        *_of("pydynpd", "pydynpd", "features_dynamic_panels"),
        *_of("panelbox", "panelbox", "features_dynamic_panels"),
    ],
    "statsmodels": [
        *_of("statsmodels", "statsmodels", "features_var"),
        *_of("arch and Westerlund", "Python", "features_panel_roots"),
    ],
    "vars": _of("vars", "vars", "features_var"),
    "gretl": _of("gretl", "gretl", "features", "features_var", "features_dynamic_panels", "features_panel_roots"),
    "eviews": _of("EViews", "EViews", "features", "features_var", "features_panel_roots"),
}
"""Page -> the columns that its tables show, in their order."""


def version_of(source: Source, table: FeatureTable) -> str:
    """The program with its version, and how its column was filled."""
    text = table.programs[source.column]
    return f"{source.spoken} {text}" if text[0].isdigit() else f"{source.spoken}: {text}"


def as_html(text: str) -> str:
    """Text of a row with its code and links as HTML."""
    escaped = html.escape(text, quote=False)
    linked = re.sub(r"\[([^]]*)\]\(([^)]*)\.md([^)]*)\)", r'<a href="\2.html\3">\1</a>', escaped)
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", linked)


def as_code(text: str) -> str:
    """Text of a cell as code."""
    return f"<code>{html.escape(text, quote=False)}</code>"


def numbers_of(feature: Feature, column: str) -> str:
    """How many of the program's numbers equal ours, and what the row remarks."""
    total = sum(sum(matched(pattern)[0].values()) for pattern in dict.fromkeys(feature.matches.get(column, ())))
    said = f"{total:,} number{'' if total == 1 else 's'} equal" if total else "not compared"
    return f"{said}; {as_html(feature.remark)}" if feature.remark else said


def compared_on(sources: Sequence[Source], by_page: Mapping[str, FeatureTable]) -> list[Program]:
    """The pages of agreement that the numbers of a page stand on, that with the most first."""
    counts: Counter[Program] = Counter()
    for source in sources:
        for row in by_page[source.table].features:
            for pattern in row.matches.get(source.column, ()):
                for file, count in matched(pattern)[0].items():
                    counts[program_of(file)] += count
    return [program for program, _ in counts.most_common()]


def where_the_digits_are(programs: Sequence[Program]) -> str:
    """A sentence that leads to the pages of agreement."""
    if not programs:
        return "No row of this page says *equal*."
    links = [f"[{program.title}](parity/{program.page}.md)" for program in programs]
    listed = " and ".join(filter(None, [", ".join(links[:-1]), links[-1]]))
    return f"To how many digits the numbers agree is in the evidence, under {listed}."


def used(names: str, calls: str) -> bool:
    """Whether calls use one of the names that an explanation is of."""
    return any(re.search(rf"\b{name}\b", calls) for name in names.split(", "))


def rows_of(table: FeatureTable, source: Source) -> list[str]:
    """The tables of one column, folded, a group each: HTML, of which Sphinx would make four times as much."""
    lines: list[str] = []
    for group in table.groups:
        rows = [row for row in table.features if row.group == group and source.column in row.programs]
        if not rows:
            continue
        lines += [f":::{{dropdown}} {group} ({len(rows)})", ":class-container: rows", ""]
        lines += ['<table class="docutils">', f"<tr><th>{source.spoken}<th>here<th>numbers"]
        for row in rows:
            there = row.programs[source.column]
            there = html.escape(there, quote=False) if source.column == "EViews" else as_code(there)
            call = call_for(source.table, source.column, row.name, row.call)
            cells = (f"{there}<br>{as_html(row.name)}", as_code(call), numbers_of(row, source.column))
            lines.append(f"<tr><td>{'<td>'.join(cells)}")
        lines += ["</table>", ":::", ""]
    return lines


def render(page: str, tables: Sequence[FeatureTable]) -> str:
    """The page of one program."""
    by_page = {table.page: table for table in tables}
    digits = where_the_digits_are(compared_on(SOURCES[page], by_page))
    lines = [INTRODUCTION.format(program=SPOKEN[page], page=page, digits=digits)]
    for source in SOURCES[page]:
        table = by_page[source.table]
        lines += [
            f"## {source.spoken}: {SECTIONS[source.table]}",
            "",
            f"{version_of(source, table)}.",
            "",
        ]
        calls = " ".join(row.call for row in table.features if source.column in row.programs)
        shown = [f"- `{names}`: {text}" for names, text in table.shown.items() if used(names, calls)]
        if shown:
            lines += [":::{dropdown} Names in the calls", *shown, ""]
            defined = lines_for(source.table, re.findall(r"\w+", calls))
            if defined:
                lines += [TO_DEFINE, "", "```python", IMPORTS, "", *defined, "```"]
            lines += [":::", ""]
        lines += rows_of(table, source)
    return "\n".join(lines).rstrip() + "\n"


def path_of(page: str) -> Path:
    """The file of a program's page."""
    return PAGES / f"commands_{page}.md"


def write_pages(tables: Sequence[FeatureTable]) -> None:
    """Write all pages."""
    for page in SOURCES:
        path_of(page).write_text(render(page, tables), encoding="utf-8")

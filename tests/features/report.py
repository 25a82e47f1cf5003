"""Write the feature pages: every feature, who has it, whose number it matches, and where it is checked.

Run from the project's root: ``python -m tests.features.report``.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from features.commands import write_pages  # noqa: E402
from features.feature import Feature, FeatureTable, matched, tables  # noqa: E402
from parity.programs import address, program_of  # noqa: E402

DOCS = ROOT / "docs" / "evidence"

HEAD = """\
<!-- `python -m tests.features.report` makes this page from `tests/features/`. Do not edit it. -->

Every row is a call that the test run makes on public data; its number must equal the same number got another way (from
another program's output, or by an identity). How to read the tables:

- A cell names the command or option by which that program has the feature. A dagger (†) marks what does not come with
  the program: another R package, a community-contributed Stata command, a gretl function package. An empty cell means
  that nothing was found in the program's documentation; it is not a proof that nobody has written it.
- ✓ beside it: numbers of that program are compared with ours, none left out; the mark leads to the first file in
  [agreement with other programs](parity.md). No mark: the program has the feature, but there is no output of it to
  compare with, or it errs there (the row says so).
- *Checked* names the tests that derive the result a second, slow way, or simulate it, whatever the programs say; the
  functions are folded under each table.
"""


def row(cells: Sequence[object]) -> str:
    """One line of a Markdown table."""
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def files_of(feature: Feature, program: str) -> list[str]:
    """Reference files in which the program's numbers are compared."""
    found = [file for pattern in feature.matches.get(program, ()) for file in matched(pattern)[0]]
    return list(dict.fromkeys(found))


def program_cell(feature: Feature, program: str) -> str:
    """How the program is asked, and a mark for each page with files that were compared."""
    pages: dict[str, list[str]] = {}
    for file in files_of(feature, program):
        pages.setdefault(program_of(file).page, []).append(file)
    marks = "".join(f' [✓]({address(files[0])} "{", ".join(files)}")' for files in pages.values())
    return feature.programs.get(program, "") + marks


def folded(summary: str, lines: Sequence[str]) -> list[str]:
    """Lines that few readers need, behind their heading; lighter than a dropdown, of which the pages have many."""
    return ["<details>", f"<summary>{summary}</summary>", "", *lines, "", "</details>", ""]


def check_files(feature: Feature) -> str:
    """The files that check a row, in short."""
    files = dict.fromkeys(check.partition("::")[0] for check in feature.checked)
    return "<br>".join(Path(file).stem.removeprefix("test_").replace("_", " ") for file in files)


def table_of(table: FeatureTable, group: str) -> list[str]:
    """One group's rows, and the tests behind them."""
    rows = [feature for feature in table.features if feature.group == group]
    lines = [f"## {group}", "", table.groups[group], "", row(["feature", *table.programs, "checked"])]
    lines.append("|---" * (len(table.programs) + 2) + "|")
    for feature in rows:
        remark = f"<br>*{feature.remark}*" if feature.remark else ""
        first = f"**{feature.name}**<br>`{feature.call}`{remark}"
        lines.append(row([first, *(program_cell(feature, name) for name in table.programs), check_files(feature)]))
    functions: dict[str, set[str]] = defaultdict(set)
    for feature in rows:
        for check in feature.checked:
            file, _, function = check.partition("::")
            functions[file].add(function)
    checks = [f"- `{file}`: {', '.join(f'`{name}`' for name in sorted(functions[file]))}" for file in sorted(functions)]
    return [*lines, "", *folded(f"Checks of {group[0].lower()}{group[1:]}", checks)]


def counts(table: FeatureTable) -> list[str]:
    """How many rows each program has, and how many of its numbers are compared."""
    lines = [row(["program", "has", "number matched", "version, and how its column was filled"]), "|---|---:|---:|---|"]
    for name, source in table.programs.items():
        has = sum(name in feature.programs for feature in table.features)
        same = sum(bool(files_of(feature, name)) for feature in table.features)
        lines.append(row([name, has, same, source]))
    anyone = sum(bool(feature.programs) for feature in table.features)
    matches = sum(bool(feature.matches) for feature in table.features)
    return [*lines, row(["**any of them**", anyone, matches, f"of {len(table.features)} rows"]), ""]


def contents(table: FeatureTable) -> list[str]:
    """Links to the groups, each with the number of its rows."""
    sizes = Counter(feature.group for feature in table.features)
    anchors = {
        group: "".join(c for c in group.lower() if c.isalnum() or c in " -").replace(" ", "-") for group in sizes
    }
    return [
        "Subjects, with their numbers of rows:",
        "",
        *(f"- [{group}](#{anchors[group]}) ({sizes[group]})" for group in table.groups),
        "",
    ]


def alone(table: FeatureTable) -> list[str]:
    """Rows whose number was compared with no program."""
    rows = [feature for feature in table.features if not feature.matches]
    if not rows:
        return []
    lines = ["## No outside number", ""]
    lines.append(
        "For these no program's output was at hand, or what there is is wrong. They rest on the derivations and "
        "simulations of the tests named:"
    )
    lines.append("")
    for group in table.groups:
        names = [feature.name for feature in rows if feature.group == group]
        if names:
            lines.append(f"- {group}: {'; '.join(names)}.")
    return [*lines, ""]


def render(table: FeatureTable, all_tables: Sequence[FeatureTable]) -> str:
    """The page of one table, with links to the others."""
    others = [f"[those of {other.title}]({other.page}.md)" for other in all_tables if other is not table]
    rest = f"{', '.join(others[:-1])} and {others[-1]}"
    lines = [f"# Features: {table.title}", "", f"{table.introduction} There are also {rest}.", "", HEAD]
    lines += counts(table)
    lines += folded("Names in the calls", [f"- `{name}`: {text}" for name, text in table.shown.items()])
    lines += contents(table)
    for group in table.groups:
        lines += table_of(table, group)
    lines += alone(table)
    return "\n".join(lines).rstrip() + "\n"


def main() -> int:
    """Write the pages."""
    found = tables()
    for table in found:
        (DOCS / f"{table.page}.md").write_text(render(table, found), encoding="utf-8")
        print(f"docs/evidence/{table.page}.md: {len(table.features)} rows")
    write_pages(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())

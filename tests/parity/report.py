"""Write the pages of agreement: what was compared with which program, how well it agrees, what was left out, why.

Run from the project's root: ``python -m tests.parity.report``. With ``--check`` it says whether the pages are up to
date in everything that does not depend on the machine.
"""

from __future__ import annotations

import difflib
import re
import sys
import warnings
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from parity.counts_in_prose import PAGES, paragraph, with_counts  # noqa: E402
from parity.programs import PROGRAMS, Program, anchor, program_of  # noqa: E402
from parity.runner import DEFAULT, Account, Case, all_cases, audit, groups, load  # noqa: E402

EVIDENCE = ROOT / "docs" / "evidence"

HEAD = """\
# Agreement with other programs (parity)

<!-- `python -m tests.parity.report` makes these pages from `tests/reference/` and `tests/parity/`. Do not edit. -->

Do the numbers match those of your other program? Each reference file holds what another program printed for a model on
public data. The tests compare every number in it with ours under the convention named, or exclude it for a reason that
the page of the program gives.

The columns count:

- *compared*: numbers with decimals, given with 15 or more digits, each of which must agree to a relative difference of
  1e-8 of its own (plus 1e-11 of the largest entry of its vector, or of the two standard errors in a covariance matrix);
  *worst* is the largest such difference. The tests change each of them by 3e-7 in turn, and see that it is noticed.
- *wholes*: whole numbers, such as rows, lags, degrees of freedom and zeros, compared as closely.
- *wider*: numbers compared with a wider tolerance, for a reason stated under the file.
- *printed*: numbers of which the program gives few digits; every printed digit agrees.
- *skipped*: p-values that underflow to zero in the reference.
"""


Audited = dict[str, dict[str, Account]]


def accounts() -> Audited:
    """Every file's groups, audited."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {file: {group: audit(case, group) for group in groups(file)} for file, case in all_cases().items()}


def row(cells: list[object]) -> str:
    """One line of a Markdown table."""
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


@dataclass(frozen=True)
class Measures:
    """What a row of the page counts."""

    compared: int = 0
    worst: float = 0.0
    wholes: int = 0
    wider: int = 0
    printed: int = 0
    skipped: int = 0
    excluded: int = 0

    @classmethod
    def of(cls, account: Account) -> Measures:
        """Count one group."""
        live = [outcome for outcome in account.outcomes if not outcome.skipped]
        strict = [outcome for outcome in live if outcome.tolerance == DEFAULT]
        wholes = sum(float(outcome.expected).is_integer() for outcome in strict)
        wider = sum(bool(outcome.tolerance.reason) for outcome in live)
        return cls(
            compared=len(strict) - wholes,
            worst=max((outcome.difference for outcome in strict), default=0.0),
            wholes=wholes,
            wider=wider,
            printed=len(live) - len(strict) - wider,
            skipped=len(account.outcomes) - len(live),
            excluded=sum(account.excluded.values()),
        )

    def __add__(self, other: Measures) -> Measures:
        counts = {
            name: getattr(self, name) + getattr(other, name)
            for name in ("compared", "wholes", "wider", "printed", "skipped", "excluded")
        }
        return Measures(worst=max(self.worst, other.worst), **counts)

    def cells(self) -> list[object]:
        """The columns."""
        worst = f"{self.worst:.0e}" if self.compared or self.wholes else ""
        others = (self.wholes, self.wider, self.printed, self.skipped, self.excluded)
        return [f"{self.compared:,}", worst, *(f"{count:,}" for count in others)]


COLUMNS = ["compared", "worst", "wholes", "wider", "printed", "skipped", "excluded"]


def measured(by_group: dict[str, Account]) -> Measures:
    """What a file's row counts."""
    return sum(map(Measures.of, by_group.values()), Measures())


def overview(audited: Audited) -> str:
    """The first page: a line for each program, and where its files are."""
    lines = [
        HEAD,
        "```{toctree}\n:hidden:\n",
        *(f"parity/{program.page}" for program in PROGRAMS),
        "```\n",
        row(["program", "files", *COLUMNS]),
        "|---|---:|" + "---:|" * len(COLUMNS),
    ]
    total = Measures()
    for program in PROGRAMS:
        files = files_of(program, audited)
        measures = sum(map(measured, files.values()), Measures())
        total += measures
        lines.append(row([f"[{program.title}](parity/{program.page}.md)", len(files), *measures.cells()]))
    lines.append(row(["**all**", len(audited), *total.cells()]))
    failures = [line for by_group in audited.values() for account in by_group.values() for line in account.failures]
    if failures:
        lines += ["", "## Disagreements", "", *(f"- `{line}`" for line in failures)]
    return "\n".join(lines) + "\n"


def files_of(program: Program, audited: Audited) -> Audited:
    """The files that stand on a program's page."""
    return {file: by_group for file, by_group in audited.items() if program_of(file) is program}


def page_of(program: Program, audited: Audited) -> str:
    """A program's page: a line for each file, then each file's models."""
    lines = [
        f"# Agreement with {program.title}\n",
        "[What the columns mean, and the other programs](../parity.md).\n",
        row(["reference", "convention", *COLUMNS]),
        "|---|---|" + "---:|" * len(COLUMNS),
    ]
    files = files_of(program, audited)
    for file, by_group in files.items():
        lines.append(row([f"[{file}](#{anchor(file)})", all_cases()[file].preset, *measured(by_group).cells()]))
    lines += ["", "## Models", ""]
    for file, by_group in files.items():
        lines += details(file, all_cases()[file], by_group)
    return "\n".join(lines).rstrip() + "\n"


def numbers(count: int) -> str:
    """How many numbers, in words."""
    return f"{count} number{'' if count == 1 else 's'}"


def details(file: str, case: Case, by_group: dict[str, Account]) -> list[str]:
    """A file's groups, its looser tolerances, its exclusions."""
    heading = file.replace("_", " ")
    convention = f"; `{case.preset}`" if case.preset else ""
    lines = [f"({anchor(file)})=", f"### {heading}", "", f"{load(file)['software']}{convention}.", ""]
    lines += [row(["model", *COLUMNS]), "|---|" + "---:|" * len(COLUMNS)]
    lines += [row([f"`{group}`", *Measures.of(account).cells()]) for group, account in by_group.items()]
    wider: dict[str, list[float]] = defaultdict(list)
    excluded_reasons: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for group, account in by_group.items():
        for outcome in account.outcomes:
            if outcome.tolerance.reason and not outcome.skipped:
                wider[outcome.tolerance.reason].append(outcome.difference)
        for reason, count in account.excluded.items():
            excluded_reasons[reason].append((group, count))
    if wider:
        lines += ["", "Compared with a wider tolerance:", ""]
        lines += [f"- {reason}: {numbers(len(found))}, worst {max(found):.0e}" for reason, found in wider.items()]
    if excluded_reasons:
        lines += ["", "Excluded:", ""]
        for reason, found in excluded_reasons.items():
            where = ", ".join(f"`{group}`" for group, _ in found[:6]) + (", ..." if len(found) > 6 else "")
            lines.append(f"- {reason}: {numbers(sum(count for _, count in found))} ({where})")
    return [*lines, ""]


def render(audited: Audited) -> dict[Path, str]:
    """Every page with its text."""
    programs = {EVIDENCE / "parity" / f"{program.page}.md": page_of(program, audited) for program in PROGRAMS}
    total = sum(map(measured, audited.values()), Measures())
    counted = paragraph(total.compared, total.wholes, total.wider, total.printed)
    faces = {path: with_counts(path.read_text(encoding="utf-8"), counted) for path in PAGES}
    return {EVIDENCE / "parity.md": overview(audited), **programs, **faces}


def without_rounding(page: str) -> str:
    """The page without its differences, whose last digits depend on the machine."""
    return re.sub(r"\b\d+e[-+]\d+\b", "#", page)


def changes(pages: dict[Path, str]) -> list[str]:
    """The lines in which the pages as they stand are not what they should be."""
    found = []
    for path, page in pages.items():
        before = without_rounding(path.read_text(encoding="utf-8")).splitlines() if path.exists() else []
        found += difflib.unified_diff(before, without_rounding(page).splitlines(), path.name, n=0, lineterm="")
    return found


def main(arguments: list[str]) -> int:
    """Write the pages, or with --check compare them; the exit code says whether everything agrees."""
    audited = accounts()
    pages = render(audited)
    failures = sum(len(account.failures) for by_group in audited.values() for account in by_group.values())
    compared = sum(len(account.outcomes) for by_group in audited.values() for account in by_group.values())
    print(f"{len(pages)} pages: {len(audited)} files, {compared} numbers compared, {failures} failures")
    if "--check" in arguments:
        stale = changes(pages)
        print("\n".join(stale[:20]))
        print("the pages are out of date: run python -m tests.parity.report" if stale else "the pages are up to date")
        return 1 if stale or failures else 0
    (EVIDENCE / "parity").mkdir(exist_ok=True)
    for path, page in pages.items():
        path.write_text(page, encoding="utf-8")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Write ``docs/evidence/parity.md``: what was compared with which program, how well it agrees, what was left out, why.

Run from the project's root: ``python -m tests.parity.report``. With ``--check`` it says whether the page is up to date
in everything that does not depend on the machine.
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

from parity.runner import DEFAULT, Account, Case, all_cases, audit, groups, load  # noqa: E402

PAGE = ROOT / "docs" / "evidence" / "parity.md"

HEAD = """\
# Agreement with other programs

Made by `python -m tests.parity.report` from `tests/reference/` and `tests/parity/`; the test run checks the same
numbers. Do not edit.

Each reference file holds what another program printed for a model on public data. Every number in it is either
compared with ours under the convention named, or excluded for the reason listed.

- *compared*: numbers given with 15 or more digits, each of which must agree to a relative difference of 1e-8 of its own
  (plus 1e-11 of the largest entry of its vector, or of the two standard errors in a covariance matrix); *worst* is the
  largest such difference. The tests change each of them by 3e-7 in turn, and see that it is noticed.
- *wider*: numbers compared with a wider tolerance, for a reason stated under the file.
- *printed*: numbers of which the program gives few digits; every printed digit agrees.
- *skipped*: p-values that underflow to zero in the reference.
"""


def accounts() -> dict[str, dict[str, Account]]:
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
    wider: int = 0
    printed: int = 0
    skipped: int = 0
    excluded: int = 0

    @classmethod
    def of(cls, account: Account) -> Measures:
        """Count one group."""
        live = [outcome for outcome in account.outcomes if not outcome.skipped]
        strict = [outcome.difference for outcome in live if outcome.tolerance == DEFAULT]
        wider = sum(bool(outcome.tolerance.reason) for outcome in live)
        return cls(
            compared=len(strict),
            worst=max(strict, default=0.0),
            wider=wider,
            printed=len(live) - len(strict) - wider,
            skipped=len(account.outcomes) - len(live),
            excluded=sum(account.excluded.values()),
        )

    def __add__(self, other: Measures) -> Measures:
        counts = {
            name: getattr(self, name) + getattr(other, name)
            for name in ("compared", "wider", "printed", "skipped", "excluded")
        }
        return Measures(worst=max(self.worst, other.worst), **counts)

    def cells(self) -> list[object]:
        """The six columns."""
        worst = f"{self.worst:.0e}" if self.compared else ""
        return [self.compared, worst, self.wider, self.printed, self.skipped, self.excluded]


COLUMNS = ["compared", "worst", "wider", "printed", "skipped", "excluded"]


def overview(audited: dict[str, dict[str, Account]]) -> list[str]:
    """One line per file."""
    lines = [
        "## Files",
        "",
        row(["reference", "convention", *COLUMNS]),
        "|---|---|" + "---:|" * len(COLUMNS),
    ]
    total = Measures()
    for file, by_group in audited.items():
        measures = sum(map(Measures.of, by_group.values()), Measures())
        total += measures
        link = f"[{file}](#{file.replace('_', '-')})"
        lines.append(row([link, all_cases()[file].preset, *measures.cells()]))
    lines.append(row(["**all**", "", *total.cells()]))
    return [*lines, ""]


def details(file: str, case: Case, by_group: dict[str, Account]) -> list[str]:
    """A file's groups, its looser tolerances, its exclusions."""
    heading = file.replace("_", " ")
    lines = [f"({file.replace('_', '-')})=", f"### {heading}", "", f"{load(file)['software']}; `{case.preset}`.", ""]
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
        lines += [f"- {reason}: {len(found)} numbers, worst {max(found):.0e}" for reason, found in wider.items()]
    if excluded_reasons:
        lines += ["", "Excluded:", ""]
        for reason, found in excluded_reasons.items():
            where = ", ".join(f"`{group}`" for group, _ in found[:6]) + (", ..." if len(found) > 6 else "")
            lines.append(f"- {reason}: {sum(count for _, count in found)} numbers ({where})")
    return [*lines, ""]


def render(audited: dict[str, dict[str, Account]]) -> str:
    """The page."""
    lines = [HEAD, *overview(audited), "## Models", ""]
    for file, by_group in audited.items():
        lines += details(file, all_cases()[file], by_group)
    failures = [line for by_group in audited.values() for account in by_group.values() for line in account.failures]
    if failures:
        lines += ["## Disagreements", "", *(f"- `{line}`" for line in failures), ""]
    return "\n".join(lines).rstrip() + "\n"


def without_rounding(page: str) -> str:
    """The page without its differences, whose last digits depend on the machine."""
    return re.sub(r"\b\d+e[-+]\d+\b", "#", page)


def main(arguments: list[str]) -> int:
    """Write the page, or with --check compare it; the exit code says whether everything agrees."""
    audited = accounts()
    page = render(audited)
    failures = sum(len(account.failures) for by_group in audited.values() for account in by_group.values())
    compared = sum(len(account.outcomes) for by_group in audited.values() for account in by_group.values())
    print(f"{PAGE.relative_to(ROOT)}: {len(audited)} files, {compared} numbers compared, {failures} failures")
    if "--check" in arguments:
        before = without_rounding(PAGE.read_text(encoding="utf-8")).splitlines() if PAGE.exists() else []
        changes = list(difflib.unified_diff(before, without_rounding(page).splitlines(), n=0, lineterm=""))
        print("\n".join(changes[:20]))
        print("the page is out of date: run python -m tests.parity.report" if changes else "the page is up to date")
        return 1 if changes or failures else 0
    PAGE.write_text(page, encoding="utf-8")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

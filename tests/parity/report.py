"""Write ``docs/parity.md``: what was compared with which program, how well it agrees, and what was left out, why.

Run from the project's root: ``python -m tests.parity.report``
"""

from __future__ import annotations

import sys
import warnings
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from parity.runner import Account, Case, all_cases, audit, groups, load  # noqa: E402

PAGE = ROOT / "docs" / "parity.md"

HEAD = """\
# Agreement with other programs

Made by `python -m tests.parity.report` from `tests/reference/` and `tests/parity/`; the test run checks the same numbers. Do not edit.

Each reference file holds what another program printed for a model on public data. Every number in it is either compared with ours
under the convention named, or excluded for the reason listed. *Compared* counts numbers; *worst* is the largest relative difference
among those with 15 or more digits (for an entry near zero in a vector or a covariance matrix, relative to the size of the vector, or to the two standard
errors); *printed* counts those where the program gives few digits and every printed digit agrees. *Skipped* counts p-values that underflow.
"""


def accounts() -> dict[str, dict[str, Account]]:
    """Every file's groups, audited."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {file: {group: audit(case, group) for group in groups(file)} for file, case in all_cases().items()}


def row(cells: list[object]) -> str:
    """One line of a Markdown table."""
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def measures(account: Account) -> tuple[int, float, int, int, int]:
    """Numbers compared at full precision, worst difference, printed, skipped, excluded."""
    full = [outcome for outcome in account.outcomes if not outcome.skipped and not outcome.tolerance.is_printed]
    shown = [outcome for outcome in account.outcomes if not outcome.skipped and outcome.tolerance.is_printed]
    skipped = sum(outcome.skipped for outcome in account.outcomes)
    worst = max((outcome.difference for outcome in full), default=0.0)
    return len(full), worst, len(shown), skipped, sum(account.excluded.values())


def overview(audited: dict[str, dict[str, Account]]) -> list[str]:
    """One line per file."""
    lines = [
        "## Files",
        "",
        row(["reference", "program", "convention", "compared", "worst", "printed", "skipped", "excluded"]),
        "|---|---|---|---:|---:|---:|---:|---:|",
    ]
    totals = [0, 0, 0, 0]
    for file, by_group in audited.items():
        parts = [measures(account) for account in by_group.values()]
        compared, shown, skipped, excluded = (sum(part[i] for part in parts) for i in (0, 2, 3, 4))
        worst = max((part[1] for part in parts), default=0.0)
        totals = [a + b for a, b in zip(totals, (compared, shown, skipped, excluded), strict=True)]
        link = f"[{file}](#{file.replace('_', '-')})"
        worst_shown = f"{worst:.0e}" if compared else ""
        cells = [link, load(file)["software"], all_cases()[file].preset, compared, worst_shown, shown, skipped, excluded]
        lines.append(row(cells))
    lines.append(row(["**all**", "", "", totals[0], "", totals[1], totals[2], totals[3]]))
    return [*lines, ""]


def details(file: str, case: Case, by_group: dict[str, Account]) -> list[str]:
    """A file's groups, its looser tolerances, its exclusions."""
    heading = file.replace("_", " ")
    lines = [f"({file.replace('_', '-')})=", f"### {heading}", "", f"{load(file)['software']}; `{case.preset}`.", ""]
    lines += [row(["model", "compared", "worst", "printed", "skipped", "excluded"]), "|---|---:|---:|---:|---:|---:|"]
    for group, account in by_group.items():
        compared, worst, shown, skipped, excluded = measures(account)
        lines.append(row([f"`{group}`", compared, f"{worst:.0e}" if compared else "", shown, skipped, excluded]))
    looser: dict[str, list[float]] = defaultdict(list)
    excluded_reasons: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for group, account in by_group.items():
        for outcome in account.outcomes:
            if outcome.tolerance.reason and not outcome.skipped:
                looser[outcome.tolerance.reason].append(outcome.difference)
        for reason, count in account.excluded.items():
            excluded_reasons[reason].append((group, count))
    if looser:
        lines += ["", "Compared with a wider tolerance:", ""]
        lines += [f"- {reason}: {len(found)} numbers, worst {max(found):.0e}" for reason, found in looser.items()]
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


def main() -> int:
    """Write the page; the exit code says whether everything agrees."""
    audited = accounts()
    PAGE.write_text(render(audited), encoding="utf-8")
    failures = sum(len(account.failures) for by_group in audited.values() for account in by_group.values())
    compared = sum(len(account.outcomes) for by_group in audited.values() for account in by_group.values())
    print(f"{PAGE.relative_to(ROOT)}: {len(audited)} files, {compared} numbers compared, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

"""Fuzz all that is public: ``python -m tests.fuzz --draw 3 --calls 20000 --least 50``, ``--case 3:9``."""

from __future__ import annotations

import argparse
import itertools
import os
import re
import secrets
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

os.environ.setdefault("MPLBACKEND", "Agg")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from fuzz.mutants import MUTANTS, hunted, put_back, sound


def seeds(text: str) -> list[int]:
    """Numbers of ``"1-5"`` or ``"1,2,7"``."""
    return [
        number for part in text.split(",") for number in range(int(part.split("-")[0]), int(part.split("-")[-1]) + 1)
    ]


def cases(chosen: list[int], calls: int, first: int) -> Iterator[tuple[int, int]]:
    """Cases of several seeds."""
    return ((seed, number) for seed in chosen for number in range(first, first + calls))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seeds", default="1", help="such as 1-5")
    parser.add_argument("--draw", type=int, metavar="N", help="draw so many seeds now, and print them")
    parser.add_argument("--calls", type=int, default=5000, help="calls of each seed")
    parser.add_argument("--first", type=int, default=0, help="number of the first case of each seed")
    parser.add_argument("--minutes", type=float, help="run so long instead, through all seeds from the first on")
    parser.add_argument("--case", help="seed:number: show the program of one case, and what is wrong with it")
    parser.add_argument("--least", type=int, default=0, help="fail where a public function returned fewer times")
    parser.add_argument("--table", type=Path, help="write here how often everything public returned and refused")
    parser.add_argument("--progress", action="store_true", help="say how far it has come, and every failure at once")
    parser.add_argument("--examples", type=int, default=2, help="cases shown for each cause of failure")
    parser.add_argument("--mutants", action="store_true", help="put mended defects back, one at a time")
    parser.add_argument("--mutant", help="put one back and stop at the first call that finds it")
    options = parser.parse_args()
    if options.draw:
        options.seeds = ",".join(str(secrets.randbelow(10**6)) for _ in range(options.draw))
        print(f"--seeds {options.seeds}", flush=True)
    if options.mutants:
        return prove(options.seeds, options.calls)
    if options.mutant:
        put_back(options.mutant)
        return hunt(options.mutant, cases(seeds(options.seeds), options.calls, options.first))
    if options.case:
        return show(*map(int, options.case.split(":")))
    from fuzz.campaign import campaign

    until = None if options.minutes is None else time.perf_counter() + 60 * options.minutes
    chosen = cases(seeds(options.seeds), options.calls, options.first)
    if until is not None:
        first = seeds(options.seeds)[0]
        chosen = ((seed, number) for seed in itertools.count(first) for number in range(20_000))
    tally = campaign(chosen, until, partial(print, flush=True) if options.progress else None)
    if options.table:
        options.table.write_text(tally.table(), encoding="utf-8")
    print(tally.report(options.examples, options.least))
    return 1 if tally.failures or tally.rarely_returned(options.least) else 0


def prove(seeds: str, calls: int) -> int:
    """Put every mended defect back; say which were found."""
    missed = []
    for name, found in hunted([mutant.name for mutant in MUTANTS], seeds, calls, 600.0):
        print(f"{name:36}{found or 'NOT FOUND'}", flush=True)
        missed += [] if found else [name]
    print(f"{len(MUTANTS) - len(missed)} of {len(MUTANTS)} found")
    return 1 if len(missed) > len(MUTANTS) // 10 else 0


def hunt(name: str, cases: Iterator[tuple[int, int]]) -> int:
    """Run the cases that reach a defect put back, up to the first that fails, and passes without the defect."""
    from fuzz import case
    from fuzz.campaign import failures_of

    touches = re.compile(next(mutant.touches for mutant in MUTANTS if mutant.name == name))
    ran = 0
    with case.limits():
        for seed, number in cases:
            if not touches.search(case.write(seed, number).text()):
                continue
            ran += 1
            failures = failures_of(seed, number)[2]
            if failures and sound(seed, number):
                print(f"FOUND {seed}:{number}, call {ran} of those that reach it: {failures[0].problem}")
                return 0
    print(f"not found by {ran} calls")
    return 1


def show(seed: int, number: int) -> int:
    """Print the program of a case and how it ended."""
    from fuzz import case
    from fuzz.campaign import failures_of

    print(case.write(seed, number).text())
    with case.limits():
        _, outcome, failures = failures_of(seed, number)
    print(f"# {outcome.kind}: {type(outcome.error).__name__ if outcome.error else type(outcome.value).__name__}")
    for line in str(outcome.error or "")[:2000].splitlines():
        print("#", line)
    for failure in failures:
        print("# FAILURE", failure.problem)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

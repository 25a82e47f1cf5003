"""Many cases: what was called, how it ended, and what failed, by cause."""

from __future__ import annotations

import re
import time
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from fuzz import case, checks, relations, surface
from fuzz.case import Outcome, Program

PRINTED_OF = 4
"""Of so many results that are no tables, one is printed in every form."""


@dataclass(frozen=True)
class Failure:
    """A case that failed."""

    seed: int
    number: int
    target: str
    problem: str

    @property
    def cause(self) -> str:
        """The problem, without what differs between cases."""
        return re.sub(r"(?<![:\w])\d+(\.\d+)?", "#", self.problem)


@dataclass
class Tally:
    """What a campaign has seen."""

    calls: int = 0
    seconds: float = 0.0
    ended: Counter[tuple[str, str]] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)

    def add(self, target: str, kind: str, failures: Iterable[Failure]) -> None:
        self.calls += 1
        self.ended[target, kind] += 1
        self.failures.extend(failures)

    def least(self, kind: str) -> tuple[int, str]:
        """The public function that ended so most rarely, and how often."""
        return min((self.ended[name, kind], name) for name in surface.functions())

    def report(self, examples: int = 2) -> str:
        """Calls of public functions, and failures by cause."""
        lines = [f"{self.calls} calls in {self.seconds:.0f} s, {len(self.failures)} failures", ""]
        lines.append(f"{'public function':36}{'returned':>10}{'refused':>10}{'unreached':>11}")
        for name in surface.functions():
            counts = [self.ended[name, kind] for kind in ("returned", "refused", "unreached")]
            lines.append(f"{name:36}{counts[0]:10}{counts[1]:10}{counts[2]:11}")
        members = Counter({kind: 0 for kind in ("returned", "refused", "unreached")})
        for (name, kind), count in self.ended.items():
            if name not in surface.functions():
                members[kind] += count
        lines.append(f"{'everything else':36}{members['returned']:10}{members['refused']:10}{members['unreached']:11}")
        for kind in ("returned", "refused"):
            count, name = self.least(kind)
            lines.append(f"fewest {kind}: {name}, {count}")
        return "\n".join([*lines, "", *self.causes(examples)])

    def causes(self, examples: int) -> Iterator[str]:
        """Failures, those of one cause together, the most frequent first."""
        groups: dict[str, list[Failure]] = {}
        for failure in self.failures:
            groups.setdefault(failure.cause, []).append(failure)
        for cause, found in sorted(groups.items(), key=lambda item: -len(item[1])):
            targets = ", ".join(
                f"{name} {count}" for name, count in Counter(one.target for one in found).most_common(4)
            )
            yield f"{len(found):5}  {cause}\n       {targets}"
            yield from (f"       python -m tests.fuzz --case {one.seed}:{one.number}" for one in found[:examples])


def failures_of(seed: int, number: int) -> tuple[Program, Outcome, list[Failure]]:
    """Run a case, and say what is wrong with it."""
    program = case.write(seed, number)
    program.world.intact()
    outcome = case.run(program)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = list(checks.problems(program, outcome))
        if outcome.kind == "returned" and number % PRINTED_OF == 1:
            found += checks.printed(outcome.value)
    found += checks.of_warnings(caught)
    found += relations.problems(program, outcome, seed, number)
    if not program.world.intact():
        found.append("the caller's data changed")
        case.world_of.cache_clear()
    close_figures(program)
    target = program.target.label
    return program, outcome, [Failure(seed, number, target, problem) for problem in dict.fromkeys(found)]


def close_figures(program: Program) -> None:
    if program.target.draws or "plot" in program.call:
        from matplotlib import pyplot

        pyplot.close("all")


def campaign(cases: Iterable[tuple[int, int]], until: float | None = None) -> Tally:
    """Run cases, at most until a time of the clock."""
    tally, began = Tally(), time.perf_counter()
    with case.limits():
        for seed, number in cases:
            if until is not None and time.perf_counter() > until:
                break
            program, outcome, failures = failures_of(seed, number)
            tally.add(program.target.label, outcome.kind, failures)
    tally.seconds = time.perf_counter() - began
    return tally

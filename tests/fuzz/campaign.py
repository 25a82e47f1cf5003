"""Many cases: what was called, how it ended, and what failed, by cause."""

from __future__ import annotations

import re
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from fuzz import case, checks, relations, surface
from fuzz.case import Outcome, Program

PRINTED_OF = 4
"""Of so many results, one is printed in every form, and of another every attribute is read."""
KINDS = ("returned", "refused", "unreached")
SLOWEST = 10
"""Calls listed as the slowest."""
PROGRESS = 1000
"""Calls after which a campaign says how far it has come."""


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
    slowest: list[tuple[float, str]] = field(default_factory=list)

    def add(self, target: str, kind: str, failures: Iterable[Failure]) -> None:
        self.calls += 1
        self.ended[target, kind] += 1
        self.failures.extend(failures)

    def time(self, seconds: float, words: str) -> None:
        """Remember a call that is among the slowest."""
        self.slowest = sorted([*self.slowest, (seconds, words)], reverse=True)[:SLOWEST]

    def least(self, kind: str) -> tuple[int, str]:
        """The public function that ended so most rarely, and how often."""
        return min((self.ended[name, kind], name) for name in surface.functions())

    def rarely_returned(self, least: int) -> list[tuple[int, str]]:
        """Public functions that returned fewer times than this, and how often."""
        return sorted(
            (self.ended[name, "returned"], name) for name in surface.functions() if self.ended[name, "returned"] < least
        )

    def counts(self, label: str) -> list[int]:
        """How often a target returned, refused, and was not reached."""
        return [self.ended[label, kind] for kind in KINDS]

    def table(self) -> str:
        """The counts of everything public as comma-separated values."""
        labels = dict.fromkeys(target.label for target in surface.targets())
        return "\n".join(
            [",".join(("name", *KINDS)), *(",".join((label, *map(str, self.counts(label)))) for label in labels), ""]
        )

    def report(self, examples: int = 2, least: int = 0) -> str:
        """Calls of public functions, what hardly returned, the slowest calls, and failures by cause."""
        lines = [f"{self.calls} calls in {self.seconds:.0f} s of computing, {len(self.failures)} failures", ""]
        lines.append(f"{'public function':36}{'returned':>10}{'refused':>10}{'unreached':>11}")
        named = {name: self.counts(name) for name in surface.functions()}
        others = {label for target in surface.targets() if (label := target.label) not in named}
        named["everything else"] = [sum(each) for each in zip(*map(self.counts, others), strict=True)]
        lines += [f"{name:36}{counts[0]:10}{counts[1]:10}{counts[2]:11}" for name, counts in named.items()]
        for kind in ("returned", "refused"):
            count, name = self.least(kind)
            lines.append(f"fewest {kind}: {name}, {count}")
        rare = self.rarely_returned(least)
        if rare:
            listed = ", ".join(f"{name} {count}" for count, name in rare)
            lines.append(f"{len(rare)} public functions returned fewer than {least} times: {listed}")
        never = sorted(label for label in others if not self.ended[label, "returned"])
        lines += ["", f"{len(never)} of {len(others)} classes and members never returned: {some_of(never)}"]
        lines += ["", "slowest calls", *(f"{seconds:7.2f} s  {words}" for seconds, words in self.slowest)]
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
        if outcome.kind == "returned" and number % PRINTED_OF == 2:
            found += checks.readable(outcome.value)
    found += checks.of_warnings(caught)
    found += relations.problems(program, outcome, seed, number)
    if not program.world.intact():
        found.append("the caller's data changed")
        case.world_of.cache_clear()
    close_figures(program)
    target = program.target.label
    return program, outcome, [Failure(seed, number, target, problem) for problem in dict.fromkeys(found)]


def some_of(names: list[str], most: int = 40) -> str:
    """Names, as many as somebody reads."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def close_figures(program: Program) -> None:
    if program.target.draws or "plot" in program.call:
        from matplotlib import pyplot

        pyplot.close("all")


def campaign(
    cases: Iterable[tuple[int, int]], until: float | None = None, say: Callable[[str], None] | None = None
) -> Tally:
    """Run cases, at most until a time of the clock, and say now and then how far they have come."""
    tally, began = Tally(), time.process_time()
    with case.limits():
        for seed, number in cases:
            if until is not None and time.perf_counter() > until:
                break
            program, outcome, failures = failures_of(seed, number)
            tally.add(program.target.label, outcome.kind, failures)
            tally.time(outcome.seconds, f"{program.target.label} {seed}:{number}")
            tally.seconds = time.process_time() - began
            if say is not None:
                for failure in failures:
                    say(f"{failure.target} {seed}:{number}: {failure.problem}")
                if tally.calls % PROGRESS == 0:
                    say(f"{tally.calls} calls, {tally.seconds:.0f} s, {len(tally.failures)} failures")
    return tally

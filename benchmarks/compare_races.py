"""``python -m benchmarks compare --races OLD.json NEW.json``: what a profile has written at two commits.

The files are `docs/evidence/speed.json`, or copies of it. Other programs took turns with ours in both runs: by how much
their times moved is what the machine did, and is taken off. A race is slower, or heavier, if the ratio exceeds
`benchmarks.compare.RATIO` and the difference `benchmarks.compare.SECONDS` or `BYTES`, and the ratio's excess over one
twice its spread: the distance of the quartiles, and by how much others' times typically moved apart.
"""

from __future__ import annotations

import json
import math
import statistics
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.compare import RATIO, SECONDS, SPREADS, changed
from benchmarks.harness import human

BYTES = 5e6
"""Differences of memory up to here are left to chance."""

Programs = dict[str, dict[str, Any]]


class Verdict(NamedTuple):
    """A race, our time or our memory in it at two commits, and what follows."""

    race: str
    what: str
    old: float
    new: float
    machine: float
    change: str


def races_of(path: str) -> dict[str, Programs]:
    """Read what programs took, by race."""
    races = json.loads(Path(path).read_text(encoding="utf-8"))["races"]
    return {f"{race['job']}, {race['shape']}": race["programs"] for race in races}


def moves(old: Programs, new: Programs) -> list[float]:
    """Return the logarithms of the ratios of others' times."""
    first = next(iter(new))
    return [
        math.log(each["seconds"] / old[name]["seconds"])
        for name, each in new.items()
        if name != first and "seconds" in each and "seconds" in old.get(name, {})
    ]


def verdicts(old_file: str, new_file: str) -> list[Verdict]:
    """Judge the races that both files have, by the first program of each."""
    old, new = races_of(old_file), races_of(new_file)
    shared = [race for race in new if new[race] and old.get(race)]
    everywhere = [move for race in shared for move in moves(old[race], new[race])]
    typical = statistics.median(everywhere or [0.0])
    apart = math.expm1(statistics.median(abs(move - typical) for move in everywhere or [0.0]))
    found = []
    for race in shared:
        first = next(iter(new[race]))
        before, after = old[race].get(first, {}), new[race][first]
        own = moves(old[race], new[race])
        machine = math.exp(statistics.median(own) if own else typical)
        if "seconds" in before and "seconds" in after:
            own_apart = [(each["quartiles"][1] - each["quartiles"][0]) / each["seconds"] for each in (before, after)]
            change = changed(before["seconds"], after["seconds"] / machine, SECONDS, max(apart, *own_apart))
            found.append(Verdict(race, "time", before["seconds"], after["seconds"], machine, change))
        if "peak" in before and "peak" in after:
            change = changed(before["peak"], after["peak"], BYTES, 0.0)
            found.append(Verdict(race, "memory", before["peak"], after["peak"], 1.0, change))
    return found


def table(found: list[Verdict]) -> str:
    """Lay out the verdicts."""
    lines = []
    for what in ("time", "memory"):
        lines.append(f"{what:<62}{'old':>9}{'new':>9}{'ratio':>8}{'machine':>9}")
        for each in (one for one in found if one.what == what):
            old, new = (human(size) if what == "time" else f"{size / 1e6:.0f} MB" for size in (each.old, each.new))
            name = each.race if len(each.race) < 62 else f"{each.race[:58]}..."
            word = "" if each.change == "same" else each.change.upper()
            numbers = f"{old:>9}{new:>9}{each.new / each.old if each.old else 1.0:>8.2f}{each.machine:>9.2f}"
            lines.append(f"{name:<62}{numbers}  {word}".rstrip())
    slower = sum(each.change == "slower" for each in found)
    lines.append(
        f"\n{slower} of {len(found)} worse: ratio above {RATIO:.2f} once the machine's is taken off, difference\n"
        f"above {human(SECONDS)} or {BYTES / 1e6:.0f} MB, excess above {SPREADS:g} times the spread."
    )
    return "\n".join(lines)


def main(old_file: str, new_file: str) -> int:
    """Compare; the exit code is 1 if a race is slower or takes more memory."""
    found = verdicts(old_file, new_file)
    print(table(found))
    return int(any(each.change == "slower" for each in found))

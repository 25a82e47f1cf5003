"""From what a profile has measured to every race, target and picture: `docs/developers/speed_targets.md`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.harness import human
from benchmarks.race import OURS
from benchmarks.speed_page import FILE, STATIC, machine, wrapped
from benchmarks.targets import NUMBERS, Found, Number, quantity

FLOORS = {"read": ":", "Gram matrix": "--", "QR": "-."}
"""What no fit can undercut, and how its line is drawn."""
COLOURS = {
    OURS: "#0b5394",
    "linearmodels": "#cc4125",
    "pyfixest": "#e69138",
    "statsmodels": "#6aa84f",
    "lstsq": "#8e7cc3",
    "plm": "#a64d79",
    "decode": "0.6",
    "read whole": "#674ea7",
    "duckreg": "#b45f06",
}
CURVES = (*STATIC, FILE)
LARGE = 10_000
"""Rows from which a time is that of the rows, and not of the call."""
GROWING = (*CURVES, "Parquet, fixed effects, clustered")

HEAD = """# Speed targets and all races

`python -m benchmarks --profile {profile}` measured every number on this page and wrote it. What the numbers mean
for a user is on the page [Speed](../evidence/speed.md), with how they were timed. Times depend on the machine;
compare ratios.

- **Floors** are what no fit can undercut: reading the columns once, one Gram matrix of them, one QR in blocks.
  All are bound by reading memory. That is why there is no version for graphics processors: the data would first
  have to travel there.
- **Memory** is the most that a call took from the system beyond what it had before, as a share of the model's
  columns in doubles. What is allocated outside Python counts too.
- **Difference** is the largest difference from our answer, relative to the largest entry. A program that differs
  by more than its tolerance has no time.
"""
BY_SIZE = """\
## Time and memory by size

Each panel is a job, each line a program. Both axes are logarithmic; broken grey lines are floors.
"""
ALT = {
    "speed_times": "Seconds that each program takes, by rows times columns, a panel for each job",
    "speed_memory": "Memory that each program takes beyond the data, by rows times columns, a panel for each job",
}


def page(everything: dict[str, Any], pictures: list[str]) -> str:
    """Write the page for developers."""
    races = everything["races"]
    of = machine(everything["machine"])
    loads = [each["load"] for each in races]
    parts = [
        HEAD.format(profile=everything["profile"]),
        wrapped(
            f"The machine: {of} Its load was {min(loads):.0f} to {max(loads):.0f}: what is above one is other work. "
            f"The {len(loads)} races took {sum(each['took'] for each in races) / 60:.0f} minutes, "
            f"at {', '.join(dict.fromkeys(each['commit'] for each in races))}."
        )
        + "\n",
        numbers(races),
        *([BY_SIZE] if pictures else []),
        *(f"![{ALT[name]}]({name}.png)\n" for name in pictures),
        growth(races),
        tables(races),
    ]
    return "\n".join(parts)


def numbers(races: list[Found]) -> str:
    """Lay out the numbers to reach, what was tried for those that are missed, and what limits those given up."""
    lines = [
        "## Numbers to reach",
        "",
        "| number | sample | target | reached | |",
        "|---|---|---|---|---|",
    ]
    outcomes = list(judged(races))
    missed: dict[str, None] = {}
    limited: dict[str, None] = {}
    for number, shape, value in outcomes:
        if value is None:
            lines.append(f"| {number.text} | {shape} | {number.goal()} | not measured | |")
            continue
        met = number.met(value)
        lines.append(
            f"| {number.text} | {shape} | {number.goal()} | {quantity(value, number.unit)} | "
            f"{'met' if met else 'limit' if number.limit else '**missed**'} |"
        )
        if not met and number.limit:
            limited[wrapped(f"- {number.text}: {number.limit}", "  ")] = None
        elif not met and number.tried:
            missed[wrapped(f"- {number.text}: {number.tried}", "  ")] = None
    wanted = [(number, value) for number, _, value in outcomes if value is not None]
    wanted = [(number, value) for number, value in wanted if number.met(value) or not number.limit]
    met_count = sum(number.met(value) for number, value in wanted)
    lines += ["", f"{met_count} of {len(wanted)} are met.", ""]
    if missed:
        lines += ["What was tried for those that are missed:", "", *missed, ""]
    if limited:
        lines += ["What limits the others, which are no targets any more:", "", *limited, ""]
    return "\n".join(lines)


def judged(races: list[Found]) -> Iterator[tuple[Number, str, float | None]]:
    """Read every number off the races it is about; one without any has no value."""
    for number in NUMBERS:
        about = [race for race in races if race["job"] == number.job and race["programs"] and number.shapes(race)]
        read = [(number, race["shape"], number.read(race)) for race in about]
        yield from [each for each in read if each[2] is not None] or [(number, "", None)]


def growth(races: list[Found]) -> str:
    """Lay out by which power of the rows our time and our memory grow from each sample of a kind to the next."""
    lines = [
        "## Growth",
        "",
        "Our time and our memory by rows: a power of one is a cost that is linear, of zero one that does not grow.",
        "",
        "| job | columns | rows | time | power | memory | power |",
        "|---|---|---|---|---|---|---|",
    ]
    for (job, kind), points in _kinds(races).items():
        for place, (rows, ours) in enumerate(points):
            before = points[place - 1] if place else None
            cells = [
                *(_grown(before, (rows, ours), "seconds", human) or ["", ""]),
                *(_grown(before, (rows, ours), "peak", lambda size: f"{size / 1e6:.0f} MB") or ["", ""]),
            ]
            lines.append(f"| {'' if place else job} | {'' if place else kind} | {rows:,} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


_Point = tuple[int, dict[str, Any]]
"""Rows, and what we took."""


def _kinds(races: list[Found]) -> dict[tuple[str, str], list[_Point]]:
    """Our points by job and kind of sample, those of two sizes and more."""
    found: dict[tuple[str, str], dict[int, dict[str, Any]]] = {}
    for race in races:
        ours = race["programs"].get(OURS, {})
        if race["job"] in GROWING and "seconds" in ours and race["size"] >= LARGE:
            width = race["columns"] // (8 * race["size"])
            rest = race["shape"].partition(f"x {width - 1}, ")[2]
            found.setdefault((race["job"], f"{width}{', ' * bool(rest)}{rest}"), {})[race["size"]] = ours
    return {kind: sorted(points.items()) for kind, points in found.items() if len(points) > 1}


def _grown(before: _Point | None, now: _Point, what: str, shown: Callable[[float], str]) -> list[str] | None:
    """Return what was taken and the power by which it grew, None where it was not measured."""
    rows, ours = now
    if what not in ours:
        return None
    power = ""
    if before is not None and what in before[1]:
        power = f"{math.log(ours[what] / before[1][what]) / math.log(rows / before[0]):.2f}"
    return [shown(ours[what]), power]


def tables(races: list[Found]) -> str:
    """Lay out every race, a table a job."""
    lines: list[str] = []
    for job in dict.fromkeys(race["job"] for race in races):
        lines += [
            f"## {job[0].upper()}{job[1:]}",
            "",
            "| sample | program | time | times the first | memory | difference |",
            "|---|---|---|---|---|---|",
        ]
        for race in (each for each in races if each["job"] == job):
            if "ended" in race:
                lines.append(f"| {race['shape']} | the race ended: {race['ended']} | | | | |")
            for place, (name, each) in enumerate(race["programs"].items()):
                lines.append(f"| {'' if place else race['shape']} | {_cells(name, each, race)} |")
        lines.append("")
    return "\n".join(lines)


def cost(each: dict[str, Any]) -> str:
    """Print what a program took: bytes where it weighs something, otherwise its time."""
    return f"{each['bytes'] / 1e6:.3g} MB" if "bytes" in each else human(each["seconds"])


def _cells(name: str, each: dict[str, Any], race: Found) -> str:
    if "seconds" not in each:
        return f"{name} | {each.get('missing', 'no answer').replace('|', '/')} | | | "
    first = next(iter(race["programs"]))
    taken = race["programs"][first].get("seconds")
    times = f"{each['seconds'] / taken:.3g}" if taken and name != first else ""
    if each.get("ended"):
        memory = each["ended"]
    else:
        memory = f"{each['peak'] / race['columns']:.2f}" if "peak" in each and race["columns"] else ""
    difference = f"{each['accuracy']:.0e}" if "accuracy" in each else ""
    return f"{name} | {cost(each)} | {times} | {memory} | {difference}"


def draw(races: list[Found], folder: Path) -> list[str]:
    """Draw times and memory by the numbers in the columns, on logarithmic axes; return the names of the pictures."""
    import matplotlib as mpl

    mpl.use("Agg")
    folder.mkdir(parents=True, exist_ok=True)
    return [
        name
        for name, what, unit in (
            ("speed_times", "seconds", "seconds"),
            ("speed_memory", "peak", "bytes beyond the data"),
        )
        if _panels(races, folder / f"{name}.png", what, unit)
    ]


def _panels(races: list[Found], path: Path, what: str, unit: str) -> bool:
    import matplotlib.pyplot as plt

    shown = [job for job in CURVES if len(set(_sizes(races, job, what))) >= 2]
    if not shown:
        return False
    across = min(3, len(shown))
    down = -(-len(shown) // across)
    figure, axes = plt.subplots(
        down, across, figsize=(max(4 * across, 8), 3.4 * down), squeeze=False, layout="constrained"
    )
    for axis in axes.flat[len(shown) :]:
        axis.set_visible(False)
    handles: dict[str, Any] = {}
    for axis, job in zip(axes.flat, shown, strict=False):
        for name, points in _curves(races, job, what).items():
            style = {"marker": "o", "ms": 3, "color": COLOURS.get(name)}
            if name in FLOORS:
                style = {"color": "0.6", "linestyle": FLOORS[name]}
            (handles[name],) = axis.plot(*zip(*points, strict=True), lw=2 if name == OURS else 1.2, **style)
        axis.set(xscale="log", yscale="log", title=job)
        axis.set_xlabel("rows times columns")
        axis.grid(alpha=0.3)
    for axis in axes[:, 0]:
        axis.set_ylabel(unit)
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=4, frameon=False)
    figure.savefig(path, dpi=110, metadata={"Software": None})
    plt.close(figure)
    return True


def _sizes(races: list[Found], job: str, what: str) -> list[int]:
    return [_cells_of(race) for race in races if race["job"] == job and what in race["programs"].get(OURS, {})]


def _cells_of(race: Found) -> int:
    """Count the numbers in the model's columns."""
    cells: int = race["columns"] // 8
    return cells


def _curves(races: list[Found], job: str, what: str) -> dict[str, list[tuple[int, float]]]:
    """Points of every program of a job, by the numbers in the columns; of two samples with as many, the last."""
    curves: dict[str, dict[int, float]] = {}
    for race in races:
        for name, each in race["programs"].items():
            if race["job"] == job and what in each and not (what == "peak" and name in FLOORS):
                curves.setdefault(name, {})[_cells_of(race)] = each[what]
    return {name: sorted(points.items()) for name, points in curves.items()}

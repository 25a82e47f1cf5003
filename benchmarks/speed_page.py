"""From what a profile has measured to the page that users see, `docs/evidence/speed.md`: ratios, and what they mean."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

from benchmarks.harness import human
from benchmarks.race import OURS
from benchmarks.targets import Found

PEERS = (
    "linearmodels",
    "pyfixest",
    "pyfixest, LSMR",
    "statsmodels",
    "arch",
    "pydynpd",
    "duckreg",
    "plm",
    "fixest",
    "vars",
)
"""Other programs; what else takes turns in a race is a part of the work, or our own work done another way."""
STATIC = (
    "pooled",
    "fixed effects",
    "fixed effects, clustered",
    "fixed effects, Driscoll-Kraay",
    "random effects",
    "two-way",
)
DYNAMIC = ("Arellano-Bond as plm", "Arellano-Bond as pydynpd", "panel VAR as pydynpd")
SMALL = 10_000
"""Rows from which a static model is large enough for its speed to matter."""
FILE = "Parquet, fixed effects"

PAGE = """\
# Speed

```{{eval-rst}}
.. plot::
   :alt: Bars on a logarithmic axis show how many times as long as panelvar other programs take for the same answer

   from building.speed_picture import draw

   draw()
```

Each bar is one call: how many times as long as panelvar another program takes for the same answer, on one machine
and one thread. We timed the way from a DataFrame to everything that a regression table shows: estimates, standard
errors, p-values, R² and F.
{conclusion}
Times depend on the machine; compare ratios.

With a few hundred rows every program answers within milliseconds, and speed is no reason to choose one. It matters
for millions of rows, for simulations and bootstraps, and where one model is fitted many times.

## How it was timed

- **Equal answers first.** A program has a time only if its answer agrees with ours.
- **In turns.** The programs take turns on one sample in one process, and the order changes. The first call counts
  only if it takes 0.2 s or more. Times are medians.
- **One thread for all**, for linear algebra and for compiled solvers.
- **What is left out.** Setting the index of linearmodels, and reading files into R, are not counted.
- **Memory** is the most that a call took from the system beyond what it had before.

## Times beside other programs

What panelvar takes, and how many times as long each program takes, on the smallest and on the largest sample that
was timed.
"1e6 x 10" is a million rows and ten regressors; K and T are the numbers of variables and periods. plm, fixest and
vars are R packages.

{times}

{slower}

## Memory beside other programs

What panelvar takes beyond the data, and how many times as much memory each program takes, on the largest sample that
was weighed.

{memory}

{parquet}

## Many models in one call

`fit_many` and `fit_panel_batch` share the work that models have in common.
{many}

## The machine

{machine}

[Speed targets and all races](../developers/speed_targets.md) has every race, how times grow with the rows, and what
was tried where a target is missed. Quartiles and numbers of calls are in `docs/evidence/speed.json`. `python -m
benchmarks --profile {profile}` measures everything again and writes both pages.
"""


def page(everything: dict[str, Any]) -> str:
    """Write the page."""
    races = everything["races"]
    return PAGE.format(
        conclusion=wrapped(conclusion(races)),
        times="\n".join(table(races, "seconds", ends=True)),
        slower=wrapped(slower(races)),
        memory="\n".join(table(races, "peak", ends=False)),
        parquet=wrapped(parquet(races)),
        many=wrapped(many(races)),
        machine=wrapped(machine(everything["machine"])),
        profile=everything["profile"],
    )


def wrapped(text: str, indent: str = "") -> str:
    """Break a paragraph into lines that an editor shows."""
    return textwrap.fill(text, 120, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def shown(times: float) -> str:
    """Print a ratio as a reader needs it: two digits, or whole."""
    return f"{times:.2g}" if times < 100 else f"{times:.0f}"


def beside(race: Found, what: str, peers: Iterable[str] = PEERS) -> dict[str, float]:
    """How many times what panelvar took each of the peers took."""
    programs = race["programs"]
    ours = programs.get(OURS, {}).get(what)
    return {name: programs[name][what] / ours for name in peers if ours and what in programs.get(name, {})}


def span(races: list[Found], jobs: Iterable[str], peers: Iterable[str], least: int = 0) -> str:
    """The smallest and the largest ratio of times over some jobs and peers."""
    chosen = [race for race in races if race["job"] in set(jobs) and race["size"] >= least]
    ratios = [ratio for race in chosen for ratio in beside(race, "seconds", peers).values()]
    if not ratios:
        return "(not measured)"
    lowest, highest = shown(min(ratios)), shown(max(ratios))
    return lowest if lowest == highest else f"{lowest} to {highest}"


def conclusion(races: list[Found]) -> str:
    """Say what follows from the picture and the table."""
    by_linearmodels = span(races, STATIC, ["linearmodels"], SMALL)
    by_pyfixest = span(races, STATIC, ["pyfixest"], SMALL)
    return (
        f"From {SMALL:,} rows on, static panel models take {by_linearmodels} times as long in linearmodels and "
        f"{by_pyfixest} times as long in pyfixest; dynamic panels and panel VARs take {span(races, DYNAMIC, PEERS)} "
        f"times as long in plm and pydynpd; a VAR takes {span(races, ['VAR'], ['statsmodels'])} times as long in "
        "statsmodels."
    )


def slower(races: list[Found]) -> str:
    """Name what another program does faster."""
    found: dict[str, list[float]] = {}
    for race in races:
        for name, ratio in beside(race, "seconds").items():
            if ratio < 1.0:
                found.setdefault(f"{race['job']} in {name}", []).append(ratio)
    if not found:
        return "No program is faster than panelvar in these races."
    parts = [f"{what} ({' and '.join(shown(each) for each in ratios)} of our time)" for what, ratios in found.items()]
    return f"Faster than panelvar: {'; '.join(parts)}."


def table(races: list[Found], what: str, *, ends: bool) -> Iterator[str]:
    """Lay out ours and ratios, a row a sample: the largest of each job, and with ``ends`` the smallest before it."""
    yield "| job | sample | panelvar | others |"
    yield "|---|---|---|---|"
    for job in dict.fromkeys(race["job"] for race in races):
        of_job = [(race, beside(race, what)) for race in races if race["job"] == job]
        known = [(race, ratios) for race, ratios in of_job if ratios]
        chosen = [*known[:1], *known[-1:]] if ends and len(known) > 1 else known[-1:]
        for place, (race, ratios) in enumerate(chosen):
            taken = race["programs"][OURS][what]
            ours = human(taken) if what == "seconds" else f"{taken / 1e6:.3g} MB"
            others = ", ".join(f"{name} {shown(ratio)}" for name, ratio in ratios.items())
            yield f"| {'' if place else job[0].upper() + job[1:]} | {race['shape']} | {ours} | {others} |"


def parquet(races: list[Found]) -> str:
    """Say what a file larger than memory takes, and what a second worker brings."""
    weighed = [race for race in races if race["job"] == FILE and "peak" in race["programs"].get(OURS, {})]
    if not weighed:
        return "No file was read."
    largest = max(weighed, key=lambda race: race["size"])
    kind = largest["shape"].partition(", ")[2]
    smallest = min(
        (race for race in weighed if race["shape"].partition(", ")[2] == kind), key=lambda race: race["size"]
    )
    ours = largest["programs"][OURS]
    text = (
        f"A Parquet file is read a block at a time: fixed effects on {largest['size'] / 1e6:.3g} million rows and ten "
        f"regressors took {ours['peak'] / 1e6:.0f} MB, where the columns are {largest['columns'] / 1e9:.1f} GB of "
        f"doubles. {largest['size'] / smallest['size']:.3g} times the rows took "
        f"{shown(ours['seconds'] / smallest['programs'][OURS]['seconds'])} times as long."
    )
    workers = [
        1.0 / ratio
        for race in races
        if race["job"].startswith("two Dask workers")
        for ratio in beside(race, "seconds", ["one process"]).values()
    ]
    if workers:
        text += (
            f" Two Dask workers on this machine took {shown(min(workers))} to {shown(max(workers))} times as long as "
            "one process."
        )
    return text


def many(races: list[Found]) -> str:
    """Say how long a loop over single fits takes."""
    parts = [
        f"{shown(ratio)} times as long for {race['shape']}" + ", clustered" * race["job"].endswith("clustered")
        for race in races
        if race["job"].startswith("many ")
        for ratio in beside(race, "seconds", ["one by one"]).values()
    ]
    return f"A loop over single fits takes {'; '.join(parts)}." if parts else "No loop was timed."


def machine(of: dict[str, Any]) -> str:
    """Say what it was measured on."""
    packages = ", ".join(f"{name} {number}" for name, number in of["packages"].items())
    return f"{of['processor'] or of['machine']}, {of['cores']} cores, Python {of['python']}; {packages}."

"""How often tests reject a true null: ``python tests/simulation/sizes.py`` rewrites sizes.csv and sizes.md.

A study is a process under which nulls hold, and the calls that test them: the page prints what is run. Words after the
command choose the studies and calls that contain one of them: only these are run, and only their rows are replaced.
``missing`` adds the samples that the table lacks; ``missing 500 hausman`` adds them up to 500, of calls with that word.
``page`` runs nothing.
Seeds belong to a study, a sample size and a draw: a call finds the same data in every run, and runs can be stopped.
"""

from __future__ import annotations

import csv
import re
import sys
import time
import warnings
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import panelvar as pv

TABLE = Path(__file__).with_name("sizes.csv")
SHEET = TABLE.with_suffix(".md")
NOTES = TABLE.parents[2] / "panelvar" / "estimates" / "sizes" / "constants" / "known_sizes.csv"
POWER = TABLE.parents[2] / "panelvar" / "nonstationary" / "panel_unit_roots" / "constants" / "known_power.csv"
LEVEL = 0.05
DRAWS = 2000
SEED = 20260
FAR = 1.5
"""A rate above this many times the level, or below the level over it, is set in bold."""
PARTS = {
    "A stable vector autoregression": "tests of series",
    "Panel unit roots: independent random walks": "long panels",
}
"""The studies before which the pages of the documentation divide the tables."""


class Study(NamedTuple):
    """Where samples come from, and what tests a true null there."""

    title: str
    process: str
    samples: tuple[tuple[int, ...], ...]
    build: Callable[..., object]
    calls: tuple[str, ...]
    unit: str = "T"
    costly: bool = False
    """Whether a sample takes long, so that the slow tests draw few again."""
    power: bool = False
    """Whether the nulls are false, so that rates are power."""
    warp: bool = False
    """Whether a call gives a statistic and one that was drawn under the null, which all samples share."""

    def shape(self, sizes: tuple[int, ...]) -> str:
        """Sizes of a sample in words: ``15 x 5`` of a panel, ``T = 60`` of series, ``n = 100`` of rows."""
        return f"{self.unit} = {sizes[0]}" if len(sizes) == 1 else " x ".join(map(str, sizes))


class Names(dict[str, Any]):
    """What a call may name: what the sample offers, or else what the library does."""

    def __init__(self, sample: object) -> None:
        self.sample = sample

    def __missing__(self, name: str) -> Any:
        found = getattr(self.sample, name) if hasattr(self.sample, name) else getattr(pv, name)
        self[name] = found
        return found


class Cell(NamedTuple):
    """How many samples there are, in how many a call rejected, and in how many it had no p-value."""

    draws: int
    rejected: int
    unanswered: int

    @property
    def rate(self) -> float:
        """Share of samples in which the null was rejected."""
        return self.rejected / self.draws

    @property
    def error(self) -> float:
        """Monte Carlo standard error of the rate; at least that of a share of half a percent."""
        share = max(self.rate, 0.005)
        return float(np.sqrt(share * (1.0 - share) / self.draws))

    @property
    def far(self) -> bool:
        """Whether the rate is far from the level."""
        return not LEVEL / FAR <= self.rate <= LEVEL * FAR


PART = re.compile(r"(?P<whole>.*)\.parts\[(?P<place>\d+)\]")


def pvalues(calls: Sequence[str], names: Names) -> list[float]:
    """The p-values of calls; NaN where there is none or a test is refused. A test with several parts is run once."""
    results: dict[str, Any] = {}
    out = []
    for call in calls:
        part = PART.fullmatch(call)
        whole = part["whole"] if part else call
        if whole not in results:
            try:
                results[whole] = eval(whole, {"__builtins__": {"min": min}}, names)
            except pv.PanelVarError:
                results[whole] = None
        found = results[whole]
        if found is not None and part:
            found = found.parts[int(part["place"])]
        out.append(float("nan") if found is None else float(getattr(found, "pvalue", found)))
    return out


def sample_of(study: Study, sizes: tuple[int, ...], draw: int, seed: int = SEED) -> Names:
    """One sample, in whose names calls are evaluated."""
    rng = np.random.default_rng([seed, zlib.crc32(study.title.encode()), *sizes, draw])
    return Names(study.build(rng, *sizes))


def rates(
    study: Study, sizes: tuple[int, ...], calls: Sequence[str], draws: Sequence[int], seed: int = SEED
) -> dict[str, Cell]:
    """How often calls reject in samples of a size."""
    if study.warp:
        return warped(study, sizes, calls, draws, seed)
    rejected, unanswered = np.zeros(len(calls), int), np.zeros(len(calls), int)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        for draw in draws:
            names = sample_of(study, sizes, draw, seed)
            found = np.array(pvalues(calls, names))
            rejected += found <= LEVEL
            unanswered += np.isnan(found)
    return {
        call: Cell(len(draws), int(one), int(other))
        for call, one, other in zip(calls, rejected, unanswered, strict=True)
    }


def warped(
    study: Study, sizes: tuple[int, ...], calls: Sequence[str], draws: Sequence[int], seed: int
) -> dict[str, Cell]:
    """How often statistics are below the 5 percent quantile of those that were drawn, one for each sample."""
    pairs = np.empty((len(draws), len(calls), 2))
    for place, draw in enumerate(draws):
        names = sample_of(study, sizes, draw, seed)
        pairs[place] = [eval(call, {"__builtins__": {}}, names) for call in calls]
    below = pairs[..., 0] <= np.quantile(pairs[..., 1], LEVEL, axis=0)
    return {call: Cell(len(draws), int(count), 0) for call, count in zip(calls, below.sum(axis=0), strict=True)}


Rows = dict[tuple[str, str, str], Cell]
"""Cells by study, call and shape of the sample."""


def read() -> Rows:
    """The committed table."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {
            (row["study"], row["call"], row["sample"]): Cell(*(int(row[name]) for name in Cell._fields))
            for row in csv.DictReader(file)
        }


def ordered(rows: Rows, studies: Sequence[Study]) -> Rows:
    """The rows that the studies have, in their order; rows that no study has are dropped."""
    keys = [(study.title, call, study.shape(n)) for study in studies for call in study.calls for n in study.samples]
    return {key: rows[key] for key in keys if key in rows}


def write(rows: Rows) -> None:
    """Write the table."""
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["study", "call", "sample", *Cell._fields])
        writer.writerows([*key, *cell] for key, cell in rows.items())


def percent(cell: Cell, *, power: bool = False) -> str:
    """A rate as the page prints it."""
    text = f"{100 * cell.rate:.1f}"
    return f"**{text}**" if cell.far and not power else text


def sheet(rows: Rows, studies: Sequence[Study]) -> str:
    """The page's part: a table a study, with the process under which its nulls are true."""
    out = [
        "Made by `python tests/simulation/sizes.py`: percent of samples in which a true null is rejected at 5 percent. "
        f"{DRAWS:,} samples a cell unless a table says otherwise, Monte Carlo standard error "
        f"{100 * np.sqrt(LEVEL * (1 - LEVEL) / DRAWS):.1f} at 5; in bold what is more than {FAR} times 5, or less than "
        f"5 over {FAR}. Errors are independent standard normal unless the text says otherwise.",
    ]
    for study in studies:
        shapes = [study.shape(sizes) for sizes in study.samples]
        if study.title in PARTS:
            out += ["", f"<!-- {PARTS[study.title]} -->"]
        out += ["", f"## {study.title}", "", study.process]
        draws = min(rows[study.title, call, each].draws for call in study.calls for each in shapes)
        if draws != DRAWS:
            error = 100 * np.sqrt(LEVEL * (1 - LEVEL) / draws)
            out[-1] += f" {draws:,} samples a cell, Monte Carlo standard error {error:.1f}."
        out += ["", f"| call | {' | '.join(shapes)} |", f"|---|{'---|' * len(shapes)}"]
        missing = []
        for call in study.calls:
            cells = [rows[study.title, call, each] for each in shapes]
            out.append(f"| `{call}` | {' | '.join(percent(cell, power=study.power) for cell in cells)} |")
            missing += [
                f"`{call}` at {each}: {cell.unanswered}"
                for each, cell in zip(shapes, cells, strict=True)
                if cell.unanswered
            ]
        if missing:
            out += ["", f"Samples without a p-value, which count as not rejected: {'; '.join(missing)}."]
    return "\n".join(out) + "\n"


NOTHING = Cell(0, 0, 0)


def jobs(
    words: Sequence[str], rows: Rows, studies: Sequence[Study]
) -> Iterator[tuple[Study, tuple[int, ...], list[str], range]]:
    """What the words ask for: a study, a sample size, calls, and the draws they lack."""
    adds, page = "missing" in words[:1], "page" in words[:1]
    chosen = words[2:] if adds else words
    for study in () if page else studies:
        most = min(DRAWS, int(words[1])) if adds and len(words) > 1 else DRAWS
        for sizes in study.samples:
            groups: dict[int, list[str]] = {}
            for call in study.calls:
                done = rows.get((study.title, call, study.shape(sizes)), NOTHING).draws if adds else 0
                if done < most and (not chosen or any(word in study.title + call for word in chosen)):
                    groups.setdefault(done, []).append(call)
            for done, calls in groups.items():
                yield study, sizes, calls, range(done, most)


def notes(rows: Rows, places: Mapping[str, Sequence[str]]) -> str:
    """The rates that notes on results give, in whole percent."""
    out = [
        "# Percent of true nulls that a test rejected at the level of 5, by sample, for the notes on its results;",
        "# python tests/simulation/sizes.py made them, with its table.",
        "test,sample,percent",
    ]
    for test, (study, call, few, *shapes) in places.items():
        for shape in shapes:
            size = {"N": shape.split(" x ")[0], "N x T": shape}.get(few, re.split(" x | = ", shape)[-1])
            sample = f"{few} = {size}" if shape == shapes[0] else size
            out.append(f'"{test}",{sample},{100 * rows[study, call, shape].rate:.0f}')
    return "\n".join(out) + "\n"


def power(rows: Rows, places: Mapping[tuple[str, str], tuple[str, str]]) -> str:
    """The rates that batteries of panel tests give of their power, in whole percent: by test and terms."""
    out = [
        "# Percent of samples in which a test rejected a unit root at 5 percent where every root was 0.9, for notes",
        "# on batteries; python tests/simulation/sizes.py made them, with its table.",
        "test,trend,entities,periods,percent",
    ]
    for (test, trend), (study, call) in places.items():
        for (title, tried, shape), cell in rows.items():
            if (title, tried) == (study, call):
                out.append(f"{test},{trend},{shape.replace(' x ', ',')},{100 * cell.rate:.0f}")
    return "\n".join(out) + "\n"


def main(words: Sequence[str]) -> int:
    """Run what the words name, all without words; write the table and the page's part."""
    sys.path.insert(0, str(TABLE.parents[1]))
    from simulation.size_studies import PLACES, POWER_PLACES, STUDIES

    rows = read() if TABLE.exists() else {}
    begun = time.process_time()
    for study, sizes, calls, draws in list(jobs(words, rows, STUDIES)):
        for call, cell in rates(study, sizes, calls, draws).items():
            key = (study.title, call, study.shape(sizes))
            before = rows[key] if draws[0] else NOTHING
            rows[key] = Cell(*(old + new for old, new in zip(before, cell, strict=True)))
        write(ordered(rows, STUDIES))
        print(f"{study.title}, {study.shape(sizes)}: {time.process_time() - begun:.0f} s", flush=True)
    write(ordered(rows, STUDIES))
    SHEET.write_text(sheet(rows, STUDIES), encoding="utf-8")
    NOTES.write_text(notes(rows, PLACES), encoding="utf-8")
    POWER.write_text(power(rows, POWER_PLACES), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Coverage of 90% bands of orthogonalised responses. ``python tests/simulation/var_coverage.py`` rewrites the tables.

A VAR(1) of three variables, y_t = A y_{t-1} + u_t, whose errors have variance 1 and correlations 0.3, fitted with a
constant and one lag to T periods; responses of periods 0 to 12. The largest root is the design's persistence:

- "one" root is that large: A = S diag(persistence, 0.4, 0.2) S^-1, the first column of S being (1, 1, 1), so that every
  shock moves the persistent component;
- "all" are: A = persistence times I, in whatever basis.

Every method sees the same samples, and rules of one method the same draws. The run can be stopped: what is done is
kept beside the table's name in the folder for temporary files and not done again.
"""

from __future__ import annotations

import csv
import json
import sys
import tempfile
import time
import warnings
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import NamedTuple

import numpy as np

import panelvar as pv
from panelvar.core.base.arguments import read_generator
from panelvar.estimates.bands.limits import limits
from panelvar.estimates.bands.simulated import drawn_errors, own_errors
from panelvar.estimates.bands.target import Band, Limits

TABLE = Path(__file__).with_name("var_coverage.csv")
SHEET = TABLE.with_suffix(".md")
LEVEL = 0.9
HORIZON = 12
DRAWS = 1000
SEED = 1998
BLOCK = 25
WORKERS = 2
SIGMA = np.full((3, 3), 0.3) + 0.7 * np.eye(3)
BASIS = np.array([[1.0, 1.0, 0.0], [1.0, -1.0, 1.0], [1.0, 0.0, -1.0]])
SHOWN = (0, 1, 4, 8, 12)
"""Periods whose coverage is in the table."""
JOINTS = (None, "sup-t", "bonferroni")


class Design(NamedTuple):
    """Where samples come from."""

    periods: int
    persistence: float
    roots: str

    @property
    def coefficients(self) -> np.ndarray:
        """Lag matrices (1, 3, 3)."""
        if self.roots == "all":
            return self.persistence * np.eye(3)[None]
        return (BASIS @ np.diag([self.persistence, 0.4, 0.2]) @ np.linalg.inv(BASIS))[None]

    @property
    def truth(self) -> np.ndarray:
        """Orthogonalised responses, (13, 3, 3)."""
        return pv.System(self.coefficients, ["x", "y", "z"], sigma=SIGMA).impulse_responses(HORIZON).values

    def sample(self, rng: np.random.Generator) -> np.ndarray:
        """Return T periods (T, 3), after a run-in that forgets the start."""
        before = 300
        shocks = rng.standard_normal((before + self.periods, 3)) @ np.linalg.cholesky(SIGMA).T
        advance, path = self.coefficients[0].T, np.zeros_like(shocks)
        for period in range(1, len(path)):
            path[period] = path[period - 1] @ advance + shocks[period]
        return path[before:]


DESIGNS = {
    Design(periods, persistence, roots): 500 if periods == 100 else 300
    for persistence in (0.5, 0.97, 0.9)
    for roots in ("one", "all")
    for periods in (1000, 100)
}
"""Samples of each design."""


class Method(NamedTuple):
    """A source of draws, and an interval made of them."""

    source: str
    interval: str


SOURCES = {
    "residual": (pv.ResidualBootstrap, ("percentile", "hall", "studentised")),
    "after bootstrap": (pv.BootstrapAfterBootstrap, ("percentile",)),
    "wild": (pv.RecursiveWildBootstrap, ("percentile", "hall")),
    "moving block": (pv.MovingBlockBootstrap, ("percentile", "hall")),
    "Monte Carlo": (pv.MonteCarlo, ("percentile",)),
}
METHODS = tuple(Method(name, rule) for name, (_, rules) in SOURCES.items() for rule in rules)
METHODS += (Method("delta method", "normal"),)


class Every:
    """A source of bands that draws once and applies every interval, alone and jointly."""

    def __init__(self, source, intervals) -> None:
        self.source, self.intervals, self.bands = source, intervals, {}

    def band(self, target, level) -> Band:
        """Keep all bands; return one of them."""
        values, errors = [], []
        for chunk in self.source.chunks(target, read_generator("seed", self.source.seed)):
            values.append(target.statistic(chunk))
            if chunk.spread is not None:
                errors.append(drawn_errors(target, chunk.form, chunk.spread))
        draws = np.concatenate(values)
        for interval in self.intervals:
            pair = (own_errors(target), np.concatenate(errors)) if interval == "studentised" else None
            for joint in JOINTS:
                self.bands[interval, joint] = limits(
                    target.estimate, draws, level, interval, joint, self.source.over, pair
                )
        lower, upper = self.bands[self.intervals[0], None]
        return Band([Limits(lower, upper, level)], self.source.label, None, draws)


def bands(series: np.ndarray, seed: int, draws: int = DRAWS) -> np.ndarray:
    """Limits of every method and joint rule for one sample, (methods, joints, 2, 13, 3, 3)."""
    model = pv.fit_var(series, lags=1)
    out = []
    for source, intervals in SOURCES.values():
        more = {"bias_draws": draws} if source is pv.BootstrapAfterBootstrap else {}
        # Only a studentised source makes the errors that studentised intervals need; its draws are the same.
        rule = "studentised" if "studentised" in intervals else "percentile"
        every = Every(source(draws, seed=seed, interval=rule, **more), intervals)
        model.impulse_responses(HORIZON, bands=every, level=LEVEL)
        out += [[every.bands[interval, joint] for joint in JOINTS] for interval in intervals]
    normal = [
        model.impulse_responses(HORIZON, bands=pv.DeltaMethod(joint=joint, seed=seed), level=LEVEL) for joint in JOINTS
    ]
    out.append([(band.lower, band.upper) for band in normal])
    return np.array(out)


def block(design: Design, first: int, count: int, draws: int = DRAWS) -> dict[str, list]:
    """Sums over samples: of each cell's and each path's coverage, of shares covered and their squares, of widths."""
    truth, seed = design.truth, [SEED, design.periods, round(1000 * design.persistence), len(design.roots)]
    varying = np.ones(truth.shape, dtype=bool)
    varying[0] = np.tril(np.ones((3, 3)))
    sums = {}
    for sample in range(first, first + count):
        rng = np.random.default_rng([*seed, sample])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pv.PanelVarWarning)
            found = bands(design.sample(rng), int(rng.integers(2**31)), draws)
        lower, upper = found[:, :, 0], found[:, :, 1]
        inside = (lower <= truth + 1e-12) & (truth - 1e-12 <= upper)
        share = inside[..., varying].mean(axis=-1)
        paths = inside.all(axis=2).mean(axis=(-2, -1))
        parts = {
            "cells": inside[:, 0],
            "share": share,
            "share squared": share**2,
            "paths": paths,
            "paths squared": paths**2,
            "width": (upper - lower)[..., varying].mean(axis=-1),
        }
        for name, part in parts.items():
            sums[name] = sums.get(name, 0.0) + part
    return {name: np.asarray(value).tolist() for name, value in sums.items()}


def rows(design: Design, sums: dict[str, np.ndarray], count: int) -> list[dict[str, str]]:
    """Rows of the table, one a method."""
    varying = np.ones((HORIZON + 1, 3, 3), dtype=bool)
    varying[0] = np.tril(np.ones((3, 3)))
    out = []
    for place, method in enumerate(METHODS):
        cells = np.where(varying, sums["cells"][place] / count, np.nan)
        mean, squares = sums["share"][place, 0] / count, sums["share squared"][place, 0] / count
        paths, path_squares = sums["paths"][place] / count, sums["paths squared"][place] / count
        widths = sums["width"] / sums["width"][0, 0]
        numbers = {
            "pointwise": mean,
            "pointwise_error": np.sqrt((squares - mean**2) / count),
            "lowest_cell": np.nanmin(cells),
            "path_of_pointwise": paths[0],
            "path_of_sup_t": paths[1],
            "path_of_bonferroni": paths[2],
            "path_error": np.sqrt((path_squares[1] - paths[1] ** 2) / count),
            "width": widths[place, 0],
            "sup_t_width": widths[place, 1],
            "bonferroni_width": widths[place, 2],
        } | {f"period_{period}": np.nanmean(cells[period]) for period in SHOWN}
        keys = design._asdict() | {"samples": count} | method._asdict()
        out.append({key: str(value) for key, value in keys.items()} | {k: f"{v:.4f}" for k, v in numbers.items()})
    return out


def read() -> list[dict[str, str]]:
    """The committed table."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def row(design: Design, method: Method) -> dict[str, float]:
    """Numbers of one row of the committed table."""
    named = {key: str(value) for key, value in (design._asdict() | method._asdict()).items()}
    (found,) = [line for line in read() if all(line[key] == value for key, value in named.items())]
    return {key: float(value) for key, value in found.items() if key not in named}


PARTS = {
    "pointwise": "**Pointwise bands: coverage of a response in a period**, averaged over all that vary",
    "path_of_sup_t": "**sup-t bands: coverage of a path** of thirteen periods, averaged over the nine responses",
    "path_of_bonferroni": "**Bonferroni bands: coverage of a path**",
    "period_12": "**Pointwise bands: coverage in period 12**",
    "width": "**Average width of the pointwise bands**, that of the residual bootstrap's percentiles being 1",
}
"""Columns of the table that are shown, and what they are."""


def sheet(lines: list[dict[str, str]]) -> str:
    """The page's part: a table a number and length of the data; methods in rows, designs in columns."""
    worst = {name: max(float(line[name]) for line in lines) for name in ("pointwise_error", "path_error")}
    out = [
        f"Made by `python tests/simulation/var_coverage.py`; {DRAWS:,} draws a band, nominal coverage {LEVEL}. Monte "
        f"Carlo standard errors are at most {worst['pointwise_error']:.3f} (pointwise) and "
        f"{worst['path_error']:.3f} (paths).",
    ]
    columns = [(persistence, roots) for persistence in ("0.5", "0.9", "0.97") for roots in ("one", "all")]
    found = {
        tuple(line[key] for key in ("periods", "persistence", "roots", "source", "interval")): line for line in lines
    }
    for name, title in PARTS.items():
        for periods in ("100", "1000"):
            head = " | ".join(f"{persistence}, {roots}" for persistence, roots in columns)
            out += ["", f"{title}, T = {int(periods):,}:", "", f"| method | {head} |", f"|---|{'---|' * len(columns)}"]
            for method in METHODS:
                cells = [f"{float(found[periods, *column, *method][name]):.2f}" for column in columns]
                out.append(f"| {method.source}, {method.interval} | {' | '.join(cells)} |")
            if name == "pointwise":
                counts = [found[periods, *column, *METHODS[0]]["samples"] for column in columns]
                out.append(f"| samples | {' | '.join(counts)} |")
    return "\n".join(out) + "\n"


def total(parts: list[dict[str, list]]) -> dict[str, np.ndarray]:
    """Add up blocks."""
    return {name: sum(np.array(part[name], dtype=float) for part in parts) for name in parts[0]}


def main() -> int:
    """Compute what is not done yet; write the table and the page's part."""
    kept = Path(tempfile.gettempdir()) / f"var_coverage_{SEED}_{DRAWS}_{BLOCK}.jsonl"
    done = {}
    if kept.exists():
        for line in kept.read_text(encoding="utf-8").splitlines():
            stored = json.loads(line)
            done[Design(*stored["design"]), stored["first"]] = stored["sums"]
    wanted = [(design, first) for design, count in DESIGNS.items() for first in range(0, count, BLOCK)]
    begun = time.monotonic()
    with ProcessPoolExecutor(WORKERS) as pool, kept.open("a", encoding="utf-8") as file:
        jobs = {pool.submit(block, *job, BLOCK): job for job in wanted if job not in done}
        for number, job in enumerate(as_completed(jobs), 1):
            design, first = jobs[job]
            done[design, first] = job.result()
            file.write(json.dumps({"design": design, "first": first, "sums": done[design, first]}) + "\n")
            file.flush()
            print(f"{number} of {len(jobs)}: {design}, {time.monotonic() - begun:.0f} s", flush=True)
    lines = []
    for design, count in DESIGNS.items():
        lines += rows(design, total([done[design, first] for first in range(0, count, BLOCK)]), count)
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)
    SHEET.write_text(sheet(lines), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

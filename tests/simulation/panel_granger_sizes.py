"""Sizes of Granger tests of panel VARs by least squares. ``cd tests && python -m simulation.panel_granger_sizes``.

Panels of N entities and T observed periods of a VAR(1) of two variables with effects, as in
`simulation.sizes_of_panel_vars`: y does not move x, x moves y, both roots are 0.5. The share of tests that y does not
Granger-cause x that reject at 5%.
"""

from __future__ import annotations

import csv
import itertools
import sys
import warnings
from pathlib import Path

import numpy as np
from simulation.sizes_of_panel_vars import SystemSample

import panelvar as pv

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "panelvar" / "systems" / "panel_var" / "constants" / "granger_sizes.csv"
PAGE = Path(__file__).with_suffix(".md")
SAMPLES = 200
SEED = 4646
ENTITIES = (25, 50, 100, 200, 500)
PERIODS = (6, 8, 10, 15, 20, 40)
METHODS = ("within", "hahn-kuersteiner", "half-panel-jackknife", "mean-group")
HEAD = ("method", "entities", "periods", "percent")


def simulated(entities: int, periods: int, samples: int) -> dict[str, float]:
    """Per cent of true nulls that each method rejects."""
    rng = np.random.default_rng([SEED, entities, periods])
    rejected = dict.fromkeys(METHODS, 0)
    for _ in range(samples):
        frame = SystemSample(rng, entities, periods).frame
        for method in METHODS:
            model = pv.fit_panel_var(frame, ["x", "y"], method=method)
            rejected[method] += model.granger_causality("x", "y").pvalue < 0.05
    return {method: 100.0 * count / samples for method, count in rejected.items()}


def read() -> list[dict[str, str]]:
    """The table as it was written."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


def page(rows: list[dict[str, str]]) -> str:
    """The table as the documentation prints it."""
    known = {(row["method"], int(row["entities"]), int(row["periods"])): row["percent"] for row in rows}
    lines = [
        f"Made by `cd tests && python -m simulation.panel_granger_sizes`; {SAMPLES} panels a cell, whose Monte Carlo "
        f"standard error is {100.0 * np.sqrt(0.05 * 0.95 / SAMPLES):.1f} points at 5%. Per cent of true nulls that "
        "a Granger test rejects at 5%, by entities N and observed periods T.",
        "",
        "| method | N | " + " | ".join(f"T = {periods}" for periods in PERIODS) + " |",
        "|---|---|" + "---|" * len(PERIODS),
    ]
    for method, entities in itertools.product(METHODS, ENTITIES):
        cells = [known[method, entities, periods] for periods in PERIODS]
        lines.append(f"| {method} | {entities} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def main(words: list[str]) -> None:
    """Simulate all cells, and write the table and the page."""
    warnings.simplefilter("ignore")
    samples = next((int(word) for word in words if word.isdigit()), SAMPLES)
    rows = []
    for entities, periods in itertools.product(ENTITIES, PERIODS):
        found = simulated(entities, periods, samples)
        rows += [(method, entities, periods, round(percent)) for method, percent in found.items()]
        print(entities, periods, found, flush=True)
    rows.sort(key=lambda row: METHODS.index(row[0]))
    TABLE.parent.mkdir(exist_ok=True)
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        file.write("# Percent of true nulls that Granger tests of panel VARs reject at the level of 5;\n")
        file.write("# python -m simulation.panel_granger_sizes, in tests/, made them.\n")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([HEAD, *rows])
    PAGE.write_text(page(read()), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])

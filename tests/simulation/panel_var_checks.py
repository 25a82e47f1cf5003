"""Serial tests and forecasts of panel VARs by their method. ``cd tests && python -m simulation.panel_var_checks``.

Panels of N entities and T observed periods of `simulation.panel_vars`, whose VAR(1) has the roots 0.5 and 0.3. Errors
are not correlated over time: the share of tests of both equations that reject that at 5%. Four more periods are drawn
and forecast: the share of values in nominal 95% intervals, of all entities and variables.
"""

from __future__ import annotations

import csv
import itertools
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from simulation.panel_vars import NAMES, WINDOW, Cell

import panelvar as pv

TABLE = Path(__file__).with_suffix(".csv")
PAGE = Path(__file__).with_suffix(".md")
SAMPLES, FORECAST = 120, 12
"""Panels of a cell, and those of the first of them whose future is forecast."""
SEED = 5757
AHEAD = (1, 4)
CELLS = tuple(Cell(n, t, 0.5) for n, t in itertools.product((50, 200), (8, 20)))
METHODS: dict[str, dict[str, Any]] = {
    "within": {"method": "within"},
    "corrected-moments": {"method": "corrected-moments"},
    "gmm": {"method": "gmm", "instruments": WINDOW},
}
CHECKS = {
    "m2": "`ar_test(2)`",
    "portmanteau": "`serial_portmanteau(collapse=True)`",
    "known_1": "forecast, h = 1",
    "known_4": "forecast, h = 4",
    "delta_1": "`DeltaMethod`, h = 1",
    "delta_4": "`DeltaMethod`, h = 4",
}
HEAD = ["method", "entities", "periods", *CHECKS]


def rejected(model: Any) -> list[float]:
    """Shares of the tests of a model that reject."""
    tests = (lambda name: model.ar_test(2, name), lambda name: model.serial_portmanteau(name, collapse=True))
    return [float(np.mean([test(name).pvalue < 0.05 for name in NAMES])) for test in tests]


def held(model: Any, future: np.ndarray) -> list[float]:
    """Shares of future values (N, 4, 2) that the intervals of a model hold."""
    out = []
    for bands in (None, pv.DeltaMethod()):
        found = model.forecast(max(AHEAD), bands=bands).limits[0]
        inside = (found.lower <= future) & (future <= found.upper)
        out += [float(inside[:, ahead - 1].mean()) for ahead in AHEAD]
    return out


def simulated(cell: Cell, samples: int) -> dict[str, np.ndarray]:
    """Averages of what is checked, by method."""
    rng = np.random.default_rng([SEED, cell.entities, cell.periods])
    longer = cell._replace(periods=cell.periods + max(AHEAD))
    tests: dict[str, list[list[float]]] = {method: [] for method in METHODS}
    forecasts: dict[str, list[list[float]]] = {method: [] for method in METHODS}
    for sample in range(samples):
        frame = longer.sample(rng).to_frame()
        known = frame.index.get_level_values("t") < cell.periods
        panel = pv.Panel(frame[known])
        future = frame.loc[~known, list(NAMES)].to_numpy().reshape(cell.entities, max(AHEAD), 2)
        for method, options in METHODS.items():
            model = pv.fit_panel_var(panel, NAMES, lags=1, **options)
            tests[method].append(rejected(model))
            if sample < FORECAST:
                forecasts[method].append(held(model, future))
    return {each: np.concatenate([np.mean(known[each], axis=0) for known in (tests, forecasts)]) for each in METHODS}


def read() -> list[dict[str, str]]:
    """The table as it was written."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def page(rows: list[dict[str, str]]) -> str:
    """The table as the documentation prints it."""
    error = 100.0 * np.sqrt(0.05 * 0.95 / SAMPLES)
    lines = [
        f"Made by `cd tests && python -m simulation.panel_var_checks`; {SAMPLES} panels a cell, roots of 0.5 and 0.3. "
        "Tests: per cent of true nulls that are rejected at 5%, over both equations, with a Monte Carlo standard error "
        f"of at most {error:.1f} points. Forecasts: per cent of values in nominal 95% intervals, of all entities of "
        f"{FORECAST} panels.",
        "",
        "| method | N | T | " + " | ".join(CHECKS.values()) + " |",
        "|---|---|---|" + "---|" * len(CHECKS),
    ]
    for row in rows:
        cells = [f"{float(row[name]):.0f}" for name in CHECKS]
        lines.append(f"| {row['method']} | {row['entities']} | {row['periods']} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def main(words: list[str]) -> None:
    """Simulate all cells, and write the table and the page."""
    warnings.simplefilter("ignore")
    samples = next((int(word) for word in words if word.isdigit()), SAMPLES)
    rows = []
    for cell in CELLS:
        for method, shares in simulated(cell, samples).items():
            numbers = [f"{100.0 * share:.1f}" for share in shares]
            rows.append([method, str(cell.entities), str(cell.periods), *numbers])
            print(*rows[-1], flush=True)
    rows.sort(key=lambda row: list(METHODS).index(row[0]))
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([HEAD, *rows])
    PAGE.write_text(page(read()), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])

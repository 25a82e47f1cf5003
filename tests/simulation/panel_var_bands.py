"""Coverage of bands of panel VARs by GMM. ``cd tests && python -m simulation.panel_var_bands``.

Panels of N entities and T observed periods as in `simulation.panel_vars`, whose VAR has the roots 0.7 and 0.5 here, or
0.9 and 0.7. Responses to Cholesky shocks of one standard deviation, nominal 95%. "apart" takes sigma as independent of
the coefficients, as other programs do. A number sets how many panels a cell has; further words choose cells
(``n200 t7``), whose rows of the table are replaced.
"""

from __future__ import annotations

import csv
import itertools
import sys
import warnings
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from simulation.panel_vars import NAMES, WINDOW, Cell

import panelvar as pv

TABLE = Path(__file__).with_suffix(".csv")
PAGE = Path(__file__).with_suffix(".md")
SAMPLES = 500
SEED = 2626
HORIZON = 8
CELLS = (
    *(Cell(n, t, 0.7) for t, n in itertools.product((7, 12), (50, 200, 800))),
    Cell(200, 7, 0.9),
)
ESTIMATORS: dict[str, dict[str, Any]] = {
    "differences (FD)": {"transform": "fd"},
    "deviations (FOD)": {},
    "system": {"level_equation": True},
}
APART, DELTA, DRAWN = "delta method, apart", "delta method", "Monte Carlo"
BANDS = (APART, DELTA, DRAWN)
FACTOR = np.linalg.cholesky([[1.0, 0.3], [0.3, 1.0]])


class Found(NamedTuple):
    """Shares of panels whose limits hold the truth: by horizon, and of the whole path at once."""

    cell: Cell
    estimator: str
    band: str
    samples: int
    shares: np.ndarray
    path: float

    def row(self) -> list[str]:
        """A row of the table."""
        shares = [f"{share:.4f}" for share in self.shares]
        return [*map(str, self.cell), self.estimator, self.band, str(self.samples), *shares, f"{self.path:.4f}"]


HEAD = [
    "entities",
    "periods",
    "persistence",
    "estimator",
    "band",
    "samples",
    *(f"h{h}" for h in range(HORIZON + 1)),
    "path",
]


def fitted(panel: pv.Panel, estimator: str) -> Any:
    """A panel VAR by GMM, lags 2 to 4 collapsed as instruments."""
    return pv.fit_panel_var(panel, NAMES, method="gmm", instruments=WINDOW, **ESTIMATORS[estimator])


def held(model: Any, truth: np.ndarray, seed: int) -> dict[str, tuple[np.ndarray, float]]:
    """For each band, the share of responses whose limits hold the truth by horizon, and of paths held whole."""
    apart = type(model)(replace(model.fit, influences=None))
    asked = {
        APART: (apart, lambda joint: pv.DeltaMethod(joint=joint, draws=1000)),
        DELTA: (model, lambda joint: pv.DeltaMethod(joint=joint, draws=1000)),
        DRAWN: (model, lambda joint: pv.MonteCarlo(draws=500, seed=seed, joint=joint)),
    }
    moving = np.ones(truth.shape, dtype=bool)
    moving[0, 0, 1] = False
    out = {}
    for name, (system, source) in asked.items():
        alone, whole = (system.impulse_responses(HORIZON, bands=source(joint)) for joint in (None, "sup-t"))
        inside = (alone.lower <= truth) & (truth <= alone.upper) & moving
        path = ((whole.lower <= truth) & (truth <= whole.upper) | ~moving).all(axis=0)
        out[name] = inside.sum(axis=(1, 2)) / moving.sum(axis=(1, 2)), float(path.mean())
    return out


def simulated(cell: Cell, samples: int) -> Iterable[Found]:
    """Coverage of a cell's bands."""
    truth = np.stack([np.linalg.matrix_power(cell.lag, h) @ FACTOR for h in range(HORIZON + 1)])
    rng = np.random.default_rng([SEED, cell.entities, cell.periods, round(10 * cell.persistence)])
    total = {(estimator, band): np.zeros(HORIZON + 2) for estimator in ESTIMATORS for band in BANDS}
    for sample in range(samples):
        panel = cell.sample(rng)
        for estimator in ESTIMATORS:
            for band, (shares, path) in held(fitted(panel, estimator), truth, sample).items():
                total[estimator, band] += [*shares, path]
    for (estimator, band), sums in total.items():
        yield Found(cell, estimator, band, samples, sums[:-1] / samples, sums[-1] / samples)


def read() -> list[dict[str, str]]:
    """The table as it was written."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def shares_of(row: dict[str, str]) -> np.ndarray:
    """Coverage by horizon of a row of the table."""
    return np.array([float(row[f"h{h}"]) for h in range(HORIZON + 1)])


def cell_of(row: dict[str, str]) -> Cell:
    """The cell that a row of the table is of."""
    return Cell(int(row["entities"]), int(row["periods"]), float(row["persistence"]))


def page(rows: list[dict[str, str]]) -> str:
    """The table as the documentation prints it."""
    samples = sorted({int(row["samples"]) for row in rows})
    error = 100.0 * np.sqrt(0.95 * 0.05 / samples[0])
    horizons = (0, 1, 2, 4, 6, 8)
    lines = [
        f"Made by `cd tests && python -m simulation.panel_var_bands`; {samples[0]} panels a cell"
        f"{' or more' * (len(samples) > 1)}, two-step GMM with lags 2 to 4 collapsed as instruments. Coverage in per "
        "cent of nominal 95% limits of responses to Cholesky shocks, the average over the responses, h periods after "
        "the shock; the last column is that of sup-t bands of whole paths. The Monte Carlo standard error of one "
        f'response is {error:.1f} points at 95%, or less. "Apart" takes sigma as independent of the coefficients.',
        "",
    ]
    for cell in CELLS:
        lines += [
            f"{cell.entities} entities, T = {cell.periods}, larger root {cell.persistence}:",
            "",
            "| estimator | band | " + " | ".join(f"h = {h}" for h in horizons) + " | path |",
            "|---|---|" + "---|" * (len(horizons) + 1),
        ]
        for row in rows:
            if cell_of(row) == cell:
                cells = [f"{100.0 * float(row[name]):.0f}" for name in (*(f"h{h}" for h in horizons), "path")]
                lines.append(f"| {row['estimator']} | {row['band']} | {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines)


def main(words: list[str]) -> None:
    """Simulate the cells that are asked for, and write the table and the page."""
    warnings.simplefilter("ignore")
    samples = next((int(word) for word in words if word.isdigit()), SAMPLES)
    chosen = {word for word in words if not word.isdigit()}
    for cell in CELLS:
        if chosen <= set(cell.words):
            rows = {tuple(row[name] for name in HEAD[:5]): row for row in (read() if TABLE.exists() else [])}
            for found in simulated(cell, samples):
                line = found.row()
                rows[tuple(line[:5])] = dict(zip(HEAD, line, strict=True))
                print(*line, flush=True)
            order = sorted(rows.values(), key=lambda row: CELLS.index(cell_of(row)))
            with TABLE.open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, HEAD, lineterminator="\n")
                writer.writeheader()
                writer.writerows(order)
    PAGE.write_text(page(read()), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])

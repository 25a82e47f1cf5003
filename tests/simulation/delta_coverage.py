"""When bands of panel VARs by GMM are said to be too narrow. ``cd tests && python -m simulation.delta_coverage``.

The panels and estimators of `simulation.panel_var_bands`, other samples of them. For each period after the shock: the
share of panels whose responses by the delta method carry the note from that period on, or from an earlier one.
"""

from __future__ import annotations

import csv
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from simulation import panel_var_bands as bands

import panelvar as pv
from panelvar.estimates.bands.delta_coverage import TOO_RARELY, delta_coverage

TABLE = Path(__file__).with_suffix(".csv")
PAGE = Path(__file__).with_suffix(".md")
SAMPLES = 25
SEED = 3636
HEAD = ["entities", "periods", "persistence", "estimator", "what", *(f"h{h}" for h in range(bands.HORIZON + 1))]
HELD, TOLD = "estimated", "told"


class Kept(pv.DeltaMethod):
    """Bands of the delta method that keep the coverage estimated for the responses."""

    def band(self, target: Any, level: Any) -> Any:
        """Keep it."""
        found = delta_coverage(target)
        assert found is not None
        object.__setattr__(self, "coverage", found)
        return super().band(target, level)


def coverage(model: Any) -> tuple[np.ndarray, str]:
    """Coverage estimated for the responses of a model (H,), and what is said of them."""
    source = Kept()
    responses = model.impulse_responses(bands.HORIZON, bands=source)
    told = [note.text for note in responses.notes if note.code == "delta-skewed"]
    return source.coverage, "".join(told)


def simulated(cell: bands.Cell, samples: int) -> list[list[str]]:
    """Rows of the table: of each estimator the average coverage, and the shares of panels."""
    rng = np.random.default_rng([SEED, cell.entities, cell.periods, round(10 * cell.persistence)])
    found: dict[str, list[np.ndarray]] = {estimator: [] for estimator in bands.ESTIMATORS}
    for _ in range(samples):
        panel = cell.sample(rng)
        for estimator, rows in found.items():
            rows.append(coverage(bands.fitted(panel, estimator))[0])
    out = []
    for estimator, rows in found.items():
        told = np.maximum.accumulate(np.array(rows) < TOO_RARELY, axis=1).mean(axis=0)
        for what, shares in ((HELD, np.mean(rows, axis=0)), (TOLD, told)):
            out.append([*map(str, cell), estimator, what, *(f"{share:.3f}" for share in shares)])
    return out


def read() -> list[dict[str, str]]:
    """The table as it was written."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def page(rows: list[dict[str, str]]) -> str:
    """The table as the documentation prints it, beside the coverage that was simulated."""
    horizons = (1, 2, 3, 4, 5, 6, 7, 8)
    known = {
        (bands.cell_of(row), row["estimator"]): bands.shares_of(row)
        for row in bands.read()
        if row["band"] == bands.DELTA
    }
    lines = [
        f"Made by `cd tests && python -m simulation.delta_coverage`; {SAMPLES} panels a cell. In per cent: how many of "
        "the responses nominal 95% bands of the delta method hold (of the table of bands above), how many the note "
        f"estimates (on average), and how many panels carry the note, which appears where the estimate is below "
        f"{100 * TOO_RARELY:.1f}, from a period up to h on.",
        "",
        "| N, T, root | estimator | | " + " | ".join(f"h = {h}" for h in horizons) + " |",
        "|---|---|---|" + "---|" * len(horizons),
    ]
    for row in rows:
        key = bands.cell_of(row), row["estimator"]
        parts = [("held", known[key])] if row["what"] == HELD else []
        parts.append(({HELD: "estimated", TOLD: "with the note"}[row["what"]], bands.shares_of(row)))
        for name, shares in parts:
            cells = " | ".join(f"{100.0 * shares[h]:.0f}" for h in horizons)
            lines.append(f"| {', '.join(map(str, key[0]))} | {key[1]} | {name} | {cells} |")
    return "\n".join([*lines, ""])


def main(words: list[str]) -> None:
    """Simulate all cells, and write the table and the page."""
    warnings.simplefilter("ignore")
    samples = next((int(word) for word in words if word.isdigit()), SAMPLES)
    rows = []
    for cell in bands.CELLS:
        rows += simulated(cell, samples)
        print(*rows[-6:], sep="\n", flush=True)
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([HEAD, *rows])
    PAGE.write_text(page(read()), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])

"""Bias, error and coverage of panel VAR estimators. ``cd tests && python -m simulation.panel_vars``.

Panels of N entities and T observed periods of a VAR(1) of two variables in its long run, whose matrix has
``persistence`` as its larger root and 0.2 less as the other. Effects have the standard deviation one in the long-run
means, errors of variance one are correlated 0.3. A number sets how many panels a cell has; further words choose cells
(``n200 t8 0.9``).
"""

from __future__ import annotations

import csv
import itertools
import sys
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

import panelvar as pv

TABLE = Path(__file__).with_suffix(".csv")
PAGE = Path(__file__).with_suffix(".md")
SAMPLES = 1000
SEED = 1212
BURN = 100
NAMES = ("x", "y")
COLLAPSED = pv.LagInstruments(collapse=True)
WINDOW = pv.LagInstruments(last=4, collapse=True)


class Cell(NamedTuple):
    """A design: entities, observed periods, the larger root."""

    entities: int
    periods: int
    persistence: float

    @property
    def words(self) -> tuple[str, ...]:
        """What chooses it on the command line."""
        return f"n{self.entities}", f"t{self.periods}", f"{self.persistence}"

    @property
    def lag(self) -> np.ndarray:
        """The matrix of the first lag."""
        return (self.persistence - 0.1) * np.eye(2) + 0.1 * np.eye(2)[::-1]

    def sample(self, rng: np.random.Generator) -> pv.Panel:
        """One panel."""
        n, t = self.entities, self.periods
        effects = rng.standard_normal((n, 2)) @ (np.eye(2) - self.lag).T
        shocks = rng.standard_normal((t + BURN, n, 2)) @ np.linalg.cholesky([[1.0, 0.3], [0.3, 1.0]]).T
        values = np.zeros((t + BURN, n, 2))
        for period in range(1, t + BURN):
            values[period] = effects + values[period - 1] @ self.lag.T + shocks[period]
        kept = values[BURN:].swapaxes(0, 1).reshape(-1, 2)
        columns = {"i": np.repeat(np.arange(n), t), "t": np.tile(np.arange(t), n), "x": kept[:, 0], "y": kept[:, 1]}
        return pv.Panel(pd.DataFrame(columns), "i", "t")


CELLS = tuple(Cell(n, t, root) for root, n, t in itertools.product((0.5, 0.9), (50, 200), (8, 20, 40)))
Fit = Callable[[pv.Panel], Any]


def by(method: str, **options: Any) -> Fit:
    """A call of `fit_panel_var`."""
    return lambda panel: pv.fit_panel_var(panel, NAMES, lags=1, method=method, **options)


ESTIMATORS: dict[str, Fit] = {
    "pooled": by("pooled"),
    "within": by("within"),
    "Hahn-Kuersteiner": by("hahn-kuersteiner"),
    "half-panel jackknife": by("half-panel-jackknife"),
    "corrected moments": by("corrected-moments"),
    "mean group": by("mean-group"),
    "GMM, all lags": by("gmm"),
    "GMM, collapsed": by("gmm", instruments=COLLAPSED),
    "GMM, collapsed, lags 2-4": by("gmm", instruments=WINDOW),
    "GMM, collapsed, one step": by("gmm", instruments=COLLAPSED, steps=1),
    "GMM in differences, collapsed": by("gmm", instruments=COLLAPSED, transform="fd"),
    "system GMM, collapsed": by("gmm", instruments=COLLAPSED, level_equation=True),
    "system GMM, collapsed, lags 2-4": by("gmm", instruments=WINDOW, level_equation=True),
}
TESTED = {"GMM, collapsed": "hansen m2".split(), "system GMM, collapsed, lags 2-4": "hansen m2".split()}


def too_many(name: str, cell: Cell) -> bool:
    """Whether an estimator has as many moments as entities, so that its weights cannot be estimated."""
    if "GMM" not in name or "one step" in name:
        return False
    lags = cell.periods - 2
    each = lags * (lags + 1) // 2 if "all" in name else min(lags, 3) if "2-4" in name else lags
    return 2 * (2 * each + (3 if "system" in name else 0)) >= cell.entities


class Found(NamedTuple):
    """Of one cell and estimator, means over samples: of both own lags, and coverage of lags of the other variable."""

    cell: Cell
    name: str
    samples: int
    failed: int
    bias: float
    rmse: float
    coverage: float
    others: float
    hansen: float
    m2: float


def simulated(cell: Cell, samples: int) -> Iterable[Found]:
    """Every estimator on the same panels."""
    truth = cell.lag.T
    chosen = [name for name in ESTIMATORS if not too_many(name, cell)]
    values = {name: np.full((samples, 2, 2), np.nan) for name in chosen}
    covered = {name: np.full((samples, 2, 2), np.nan) for name in chosen}
    tests = {name: np.full((samples, 2), np.nan) for name in chosen}
    for sample in range(samples):
        key = [SEED, cell.entities, cell.periods, round(10 * cell.persistence), sample]
        panel = cell.sample(np.random.default_rng(key))
        for name in chosen:
            try:
                result = ESTIMATORS[name](panel)
            except pv.PanelVarError:
                continue
            values[name][sample] = result.params.loc[["L1.x", "L1.y"]]
            limits = result.conf_int()
            inside = [[limits.loc[(equation, f"L1.{by}")] for equation in NAMES] for by in NAMES]
            lower, upper = np.moveaxis(np.array(inside), 2, 0)
            covered[name][sample] = (lower <= truth) & (truth <= upper)
            if name in TESTED:
                rejects = [result.hansen_j.pvalue < 0.05, result.ar_test(2, "x").pvalue < 0.05]
                tests[name][sample] = rejects
    for name in ESTIMATORS:
        if name not in chosen:
            yield Found(cell, name, 0, 0, *[float("nan")] * 6)
            continue
        there = ~np.isnan(values[name][:, 0, 0])
        apart = np.einsum("sii->si", values[name][there] - truth)
        own = np.eye(2, dtype=bool)
        shares = tests[name][there].mean(axis=0) if name in TESTED else (float("nan"),) * 2
        yield Found(
            cell,
            name,
            int(there.sum()),
            int(samples - there.sum()),
            float(apart.mean()),
            float(np.sqrt(np.square(apart).mean())),
            float(covered[name][there][:, own].mean()),
            float(covered[name][there][:, ~own].mean()),
            *map(float, shares),
        )


def rows_of(found: Iterable[Found]) -> list[list[object]]:
    """The table's rows."""
    return [[*each.cell, each.name, each.samples, each.failed, *(round(v, 4) for v in each[4:])] for each in found]


HEAD = "entities periods persistence estimator samples failed bias rmse coverage others hansen m2".split()


def read() -> list[dict[str, str]]:
    """The committed table."""
    with TABLE.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def page(rows: Iterable[dict[str, str]]) -> str:
    """Bias and error of own lags in thousandths, coverage in percent; a table for each persistence and N."""
    rows = list(rows)
    out = [
        f"Made by `cd tests && python -m simulation.panel_vars`; {SAMPLES} panels a cell. Bias and, in brackets, root "
        "mean squared error of a variable's own lag, in thousandths; coverage of nominal 95% limits of own lags / of "
        "lags of the other variable, whose Monte Carlo standard error is "
        f"{100.0 * np.sqrt(0.05 * 0.95 / SAMPLES):.1f} points at 95%. A last line says of how many panels, where an "
        "estimator refuses the others. Not estimable: as many moments as entities.",
        "",
    ]
    for root, n in itertools.product((0.5, 0.9), (50, 200)):
        periods = (8, 20, 40)
        out += [f"Larger root {root}, {n} entities:", "", f"| estimator | {' | '.join(f'T = {t}' for t in periods)} |"]
        out.append(f"|---|{'---|' * len(periods)}")
        for name in ESTIMATORS:
            cells = []
            for t in periods:
                row = next(
                    each
                    for each in rows
                    if (each["estimator"], each["entities"], each["periods"], each["persistence"])
                    == (name, str(n), str(t), str(root))
                )
                if not int(row["samples"]):
                    cells.append("not estimable")
                    continue
                bias, error, own, others = (float(row[key]) for key in ("bias", "rmse", "coverage", "others"))
                text = f"{1000 * bias:.0f} ({1000 * error:.0f})<br>{100 * own:.0f}% / {100 * others:.0f}%"
                made = int(row["samples"]) / (int(row["samples"]) + int(row["failed"]))
                cells.append(text if made == 1.0 else f"{text}<br>of {100 * made:.0f}%")
            out.append(f"| {name} | {' | '.join(cells)} |")
        out.append("")
    return "\n".join(out)


def main(arguments: list[str]) -> int:
    """Simulate the cells that the words choose, and write the table and the page."""
    warnings.simplefilter("ignore", pv.PanelVarWarning)
    samples = next((int(word) for word in arguments if word.isdigit()), SAMPLES)
    words = [word for word in arguments if not word.isdigit()]
    known = {}
    if TABLE.exists():
        known = {tuple(row[key] for key in HEAD[:4]): [row[key] for key in HEAD] for row in read()}
    for cell in CELLS:
        if any(word not in cell.words for word in words):
            continue
        for row in rows_of(simulated(cell, samples)):
            known[tuple(map(str, row[:4]))] = row
            print(*row, flush=True)
        with TABLE.open("w", encoding="utf-8", newline="") as lines:
            csv.writer(lines, lineterminator="\n").writerows([HEAD, *known.values()])
    if len(known) == len(CELLS) * len(ESTIMATORS):
        PAGE.write_text(page(read()), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

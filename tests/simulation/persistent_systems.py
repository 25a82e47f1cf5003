"""Granger tests and bands of systems with roots near one. ``cd tests && python -m simulation.persistent_systems``.

Two autoregressions without influence on one another, whose errors are normal with a correlation of 0.5: the first has
the largest root, and the second a root of 0.5 ("one") or the same ("both"). With two lags each has another root of 0.3.
A vector autoregression with a constant and the right number of lags is fitted to T periods.

- "first", "second": per cent of true nulls that Granger tests reject at 5%, that the first does not help to predict the
  second and the other way round.
- "delta" and others: coverage in per cent of nominal 95% bands of orthogonalised responses 1, 4 and 12 periods after
  the shock, the average over the four responses of y1 + y2 and y1 - y2 / 2, both of which hold the largest root.
- "root_1", "root_2": medians of the two largest estimated moduli.

A number sets how many samples a cell has; further words choose cells (``both t100 lags1 root0.95``), whose rows of the
table are replaced.
"""

from __future__ import annotations

import csv
import sys
import warnings
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.signal import lfilter
from scipy.stats import f as f_law

import panelvar as pv

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "panelvar" / "systems" / "var" / "constants" / "persistent_systems.csv"
PAGE = Path(__file__).with_suffix(".md")
SAMPLES = 200
TESTS = 1000
"""Samples of the tests, the first of which are those of the bands."""
DRAWS = 199
SEED = 1515
PERIODS = (50, 100, 200, 400)
PERSISTENCE = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 1.0)
SHOWN = (1, 4, 12)
BEFORE = 1000
FACTOR = np.linalg.cholesky([[1.0, 0.5], [0.5, 1.0]])
MIXED = np.array([[1.0, 1.0], [1.0, -0.5]])
"""Variables whose responses are drawn, of those that do not influence one another."""
SOURCES = {
    "delta": lambda seed: pv.DeltaMethod(),
    "monte_carlo": lambda seed: pv.MonteCarlo(DRAWS, seed=seed),
    "residual": lambda seed: pv.ResidualBootstrap(DRAWS, seed=seed),
    "after_bootstrap": lambda seed: pv.BootstrapAfterBootstrap(DRAWS, seed=seed, bias_draws=DRAWS),
}
HEAD = (
    *("roots", "lags", "periods", "persistence", "root_1", "root_2", "first", "second"),
    *(f"{name}_{period}" for name, period in product(SOURCES, SHOWN)),
)


class Cell(NamedTuple):
    """Where samples come from."""

    roots: str
    lags: int
    periods: int
    persistence: float

    @property
    def words(self) -> set[str]:
        """What chooses the cell."""
        return {self.roots, f"lags{self.lags}", f"t{self.periods}", f"root{self.persistence}"}

    @property
    def polynomials(self) -> list[np.ndarray]:
        """Lag polynomials of the two series."""
        more = [1.0] if self.lags == 1 else [1.0, -0.3]
        second = 0.5 if self.roots == "one" else self.persistence
        return [np.convolve([1.0, -root], more) for root in (self.persistence, second)]

    @property
    def truth(self) -> np.ndarray:
        """Orthogonalised responses of the mixed series in the periods shown, (periods, 2, 2)."""
        impulse = np.zeros(SHOWN[-1] + 1)
        impulse[0] = 1.0
        own = np.array([lfilter([1.0], polynomial, impulse) for polynomial in self.polynomials])
        moved = np.linalg.cholesky(MIXED @ FACTOR @ FACTOR.T @ MIXED.T)
        return np.array([MIXED @ np.diag(own[:, h]) @ np.linalg.solve(MIXED, moved) for h in SHOWN])

    def sample(self, rng: np.random.Generator) -> np.ndarray:
        """T periods of the two series, (T, 2), after a run-in that forgets the start unless a root is one."""
        before = BEFORE if self.persistence < 1.0 else 0
        shocks = rng.standard_normal((before + self.periods, 2)) @ FACTOR.T
        each = [lfilter([1.0], polynomial, shocks[:, j]) for j, polynomial in enumerate(self.polynomials)]
        return np.column_stack(each)[before:]


FEWER = (0.5, 0.8, 0.95, 1.0)
"""Largest roots with two lags, and the last two of both variables."""
CELLS = tuple(
    Cell(roots, lags, periods, persistence)
    for roots, lags, some in (("one", 1, PERSISTENCE), ("one", 2, FEWER), ("both", 1, FEWER[2:]))
    for persistence, periods in product(some, PERIODS)
)


def tested(samples: np.ndarray, lags: int) -> tuple[np.ndarray, np.ndarray]:
    """Moduli (B, 2) of the two largest roots, and p-values (B, 2) that neither series helps to predict the other."""
    n = samples.shape[1] - lags
    past = [samples[:, lags - lag : -lag] for lag in range(1, lags + 1)]
    x = np.concatenate([np.ones((len(samples), n, 1)), *past], axis=2)
    products = np.linalg.inv(x.swapaxes(1, 2) @ x)
    coefficients = products @ (x.swapaxes(1, 2) @ samples[:, lags:])
    errors = samples[:, lags:] - x @ coefficients
    variances = np.square(errors).sum(axis=1) / (n - 1 - 2 * lags)
    companion = np.zeros((len(samples), 2 * lags, 2 * lags))
    companion[:, :2], companion[:, 2:, : 2 * lags - 2] = coefficients[:, 1:].swapaxes(1, 2), np.eye(2 * lags - 2)
    moduli = np.sort(np.abs(np.linalg.eigvals(companion)), axis=1)[:, :-3:-1]
    pvalues = []
    for causing, caused in ((0, 1), (1, 0)):
        places = 1 + causing + 2 * np.arange(lags)
        some, middle = coefficients[:, places, caused], products[:, places[:, None], places]
        statistic = (some[:, None] @ np.linalg.solve(middle, some[:, :, None]))[:, 0, 0] / variances[:, caused] / lags
        pvalues.append(f_law.sf(statistic, lags, 2 * (n - 1 - 2 * lags)))
    return moduli, np.column_stack(pvalues)


def held(series: np.ndarray, cell: Cell, seed: int) -> np.ndarray:
    """Shares of responses that bands hold, (sources, periods)."""
    model, truth, out = pv.fit_var(series @ MIXED.T, ["x", "y"], lags=cell.lags), cell.truth, []
    for source in SOURCES.values():
        found = model.impulse_responses(SHOWN[-1], bands=source(seed))
        lower, upper = found.lower[list(SHOWN)], found.upper[list(SHOWN)]
        out.append(((lower <= truth) & (truth <= upper)).mean(axis=(1, 2)))
    return np.array(out)


def simulated(cell: Cell, samples: int, tests: int) -> list[Any]:
    """A row of the table."""
    code = [SEED, len(cell.roots), cell.lags, cell.periods, round(100 * cell.persistence)]
    series = [cell.sample(np.random.default_rng([*code, number])) for number in range(tests)]
    moduli, pvalues = tested(np.array(series), cell.lags)
    covered = np.mean([held(series[number], cell, number) for number in range(samples)], axis=0)
    roots = [f"{root:.4f}" for root in np.median(moduli, axis=0)]
    shares = [*(pvalues < 0.05).mean(axis=0), *covered.ravel()]
    return [*cell, *roots, *(f"{100.0 * share:.1f}" for share in shares)]


def read() -> list[dict[str, str]]:
    """The table as it was written."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


def cell_of(row: dict[str, str]) -> Cell:
    """The cell that a row of the table is of."""
    return Cell(row["roots"], int(row["lags"]), int(row["periods"]), float(row["persistence"]))


def page(rows: list[dict[str, str]]) -> str:
    """The table as the documentation prints it."""
    errors = [100.0 * np.sqrt(share * (1.0 - share) / count) for share, count in ((0.05, TESTS), (0.95, SAMPLES))]
    lines = [
        f"Made by `cd tests && python -m simulation.persistent_systems`; {TESTS:,} samples a cell for tests and "
        f"{SAMPLES} for bands of {DRAWS} draws, whose Monte Carlo standard errors are {errors[0]:.1f} points at 5% and "
        f"at most {errors[1]:.1f} at 95%. Two autoregressions that do not influence one another, with errors "
        "correlated by 0.5; the first has the largest root, the second 0.5 or, in the last table, the same root. "
        "*Tests*: per cent of true nulls rejected at 5%, that the first does not help to predict the second, and the "
        "other way round. *Bands*: coverage in per cent of nominal 95% bands of orthogonalised responses of two "
        "mixtures of the series, h periods after the shock. *Estimated*: the median of the largest estimated root.",
    ]
    titles = {
        ("one", 1): "One lag, one root near one",
        ("one", 2): "Two lags, one root near one",
        ("both", 1): "One lag, both roots near one",
    }
    columns = [f"{name.replace('_', ' ')}, h = {period}" for name, period in product(SOURCES, SHOWN)]
    for kind, title in titles.items():
        lines += [
            "",
            f"**{title}:**",
            "",
            f"| T | root | estimated | tests | {' | '.join(columns)} |",
            "|---|---|---|---|" + "---|" * len(columns),
        ]
        for row in rows:
            if (row["roots"], int(row["lags"])) == kind:
                cells = [f"{float(row[name]):.0f}" for name in HEAD[8:]]
                tests = ", ".join(f"{float(row[name]):.0f}" for name in ("first", "second"))
                root = f"{float(row['root_1']):.2f}"
                lines.append(f"| {row['periods']} | {row['persistence']} | {root} | {tests} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def main(words: list[str]) -> None:
    """Simulate the cells that are asked for, and write the table and the page."""
    warnings.simplefilter("ignore")
    samples = next((int(word) for word in words if word.isdigit()), SAMPLES)
    chosen = {word for word in words if not word.isdigit()}
    rows = {cell_of(row): row for row in (read() if TABLE.exists() else [])}
    for cell in CELLS:
        if chosen <= cell.words:
            line = simulated(cell, samples, samples * TESTS // SAMPLES)
            rows[cell] = dict(zip(HEAD, map(str, line), strict=True))
            print(*line, flush=True)
            TABLE.parent.mkdir(exist_ok=True)
            with TABLE.open("w", encoding="utf-8", newline="") as file:
                file.write("# Granger tests and bands of systems with roots near one, in per cent;\n")
                file.write("# python -m simulation.persistent_systems, in tests/, made them.\n")
                writer = csv.DictWriter(file, HEAD, lineterminator="\n")
                writer.writeheader()
                writer.writerows(sorted(rows.values(), key=lambda row: CELLS.index(cell_of(row))))
    PAGE.write_text(page(read()), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])

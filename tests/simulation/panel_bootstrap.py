"""How often panel unit-root and cointegration tests with ``bootstrap=`` reject true nulls in short panels.

``PYTHONPATH=tests python -m simulation.panel_bootstrap > tests/simulation/panel_bootstrap.md`` makes the first table
anew (a quarter of an hour); with the word ``longer`` it prints the second, ``panel_bootstrap_longer.md`` (as long).
19 draws suffice in the first: at 5 percent a p-value of theirs rejects as often as one of more draws.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

import panelvar as pv

TABLE = Path(__file__).with_suffix(".md")
LONGER = TABLE.with_name("panel_bootstrap_longer.md")
DRAWS = 19
ROOTS = (0.0, 0.4)
"""Of the first-order autoregressions that the changes follow."""

CALLS = {
    "fisher": "fisher_test(y, lags=0, trend={trend!r})",
    "fisher, pp": 'fisher_test(y, test="pp", trend={trend!r})',
    "simes": "simes_test(y, lags=0, trend={trend!r})",
    "fisher, bic": "fisher_test(y, trend={trend!r})",
    "simes, bic": "simes_test(y, trend={trend!r})",
    "llc": "llc_test(y, trend={trend!r})",
    "ips": "ips_test(y, trend={trend!r})",
    "breitung": "breitung_test(y, trend={trend!r})",
    "cips": "cips_test(y, trend={trend!r})",
    "panic": "panic_test(y, trend={trend!r})",
    "moon-perron": "moon_perron_test(y, trend={trend!r})",
    "pedroni": 'pedroni_test(relation, "y", "x", trend={trend!r})',
    "kao": 'kao_test(relation, "y", "x")',
    "westerlund": 'westerlund_test(relation, "y", "x", lags=0, trend={trend!r})',
}


class Cell(NamedTuple):
    """Calls that are made of the same samples."""

    entities: int
    periods: int
    samples: int
    calls: tuple[str, ...]


OF_SHORT = ("fisher", "fisher, pp", "simes")
CELLS = (
    Cell(30, 6, 500, ("fisher", "simes")),
    Cell(25, 10, 500, ("fisher, bic", "simes, bic", "pedroni")),
    Cell(25, 10, 300, ("panic", "moon-perron", "westerlund")),
    Cell(30, 8, 300, ("fisher", "fisher, pp", "simes")),
    Cell(25, 10, 300, ("ips", "llc", "breitung", "cips", "kao")),
)


def walks(rng: np.random.Generator, entities: int, periods: int, root: float | np.ndarray) -> np.ndarray:
    """Sums (N, T) of an autoregression, whose root may be each entity's."""
    changes = rng.standard_normal((entities, periods + 30))
    for period in range(1, periods + 30):
        changes[:, period] += root * changes[:, period - 1]
    return changes[:, -periods:].cumsum(axis=1)


def sample(rng: np.random.Generator, entities: int, periods: int, root: float | np.ndarray) -> dict[str, pd.DataFrame]:
    """A variable as a table, and with a regressor that has nothing to do with it."""
    y, x = walks(rng, entities, periods, root), walks(rng, entities, periods, 0.0)
    index = pd.MultiIndex.from_product([range(entities), range(periods)], names=["entity", "time"])
    return {"y": pd.DataFrame(y.T), "relation": pd.DataFrame({"y": y.ravel(), "x": x.ravel()}, index=index)}


def rates(cell: Cell, trend: str, root: float) -> Iterator[tuple[str, float]]:
    """Percent of samples that each call rejects."""
    rng = np.random.default_rng([cell.entities, cell.periods, len(trend), int(10 * root)])
    found: dict[str, list[bool]] = {name: [] for name in cell.calls}
    for number in range(cell.samples):
        names = {"pv": pv, **sample(rng, cell.entities, cell.periods, root)}
        names["bootstrap"] = pv.PanelBootstrap(draws=DRAWS, seed=number)
        for name in cell.calls:
            call = f"pv.{CALLS[name].format(trend=trend)[:-1]}, bootstrap=bootstrap)"
            try:
                test = eval(call, names)
            except pv.InsufficientDataError:
                # PANIC may find a factor that has too few periods for its own test.
                continue
            found[name].append(test.pvalue <= 0.05)
            if name.startswith("fisher"):
                found.setdefault(f"{name}, P", []).append(test.parts[0].pvalue <= 0.05)
    for name, rejected in found.items():
        yield name, 100.0 * float(np.mean(rejected))


def read() -> dict[tuple[str, int, int], tuple[float, ...]]:
    """The committed table: percent by call, entities and periods."""
    found = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| `"):
            found[cells[0].strip("`"), int(cells[1]), int(cells[2])] = tuple(float(cell) for cell in cells[4:])
    return found


WAYS = {"signs, periods changing places": 7, "signs": 9, "blocks of 5": 30, "blocks of 6": 50}
"""How panels of so many periods are drawn."""
LONGER_CALLS = ("fisher, bic", "ips", "pedroni")
MORE_DRAWS, MORE_SAMPLES = 199, 500
ENTITIES = (10, 25)
FACTOR, ROOTS_BY_ENTITY = "a factor", "roots by entity"
MORE = {FACTOR: (9,), ROOTS_BY_ENTITY: (9, 20)}
"""Periods of more panels of 25 entities: moved by one walk, or whose changes have a root each."""


def longer(entities: int, periods: int, kind: str) -> dict[str, float]:
    """Percent of samples of a kind that default calls reject."""
    rng = np.random.default_rng([entities, periods, ["", *MORE].index(kind), 4])
    found: dict[str, list[bool]] = {name: [] for name in LONGER_CALLS}
    for number in range(MORE_SAMPLES):
        root = rng.uniform(-0.4, 0.7, entities) if kind == ROOTS_BY_ENTITY else 0.0
        data = sample(rng, entities, periods, root)
        if kind == FACTOR:
            shared = rng.standard_normal((periods, 1)).cumsum(axis=0) * (1.0 + rng.standard_normal(entities))
            data["y"] += shared
            data["relation"]["y"] += shared.T.ravel()
        names = {"pv": pv, **data, "bootstrap": pv.PanelBootstrap(draws=MORE_DRAWS, seed=number)}
        for name in LONGER_CALLS:
            call = CALLS[name].replace(", trend={trend!r}", "").replace("trend={trend!r}", "")
            found[name].append(eval(f"pv.{call[:-1]}, bootstrap=bootstrap)", names).pvalue <= 0.05)
    return {name: 100.0 * float(np.mean(rejected)) for name, rejected in found.items()}


def write_longer() -> None:
    """Print the second table."""
    print(f"The same of {MORE_SAMPLES} samples with {MORE_DRAWS} draws each and white changes, by periods and so by")
    print("how panels are drawn (standard error at 5: 1.0). A factor is a random walk that moves all entities, with")
    print("loadings N(1, 1). Roots by entity are uniform between -0.4 and 0.7: signs take one autoregression for")
    print("all entities, blocks take none. `tests/simulation/panel_bootstrap.py` made it.\n")
    calls = [CALLS[name].replace(", trend={trend!r}", "") for name in LONGER_CALLS]
    print(f"| draws | N | T | {' | '.join(f'`{call}`' for call in calls)} |")
    print("|---|---|---|---|---|---|", flush=True)
    cells = [(way, n, periods, "") for way, periods in WAYS.items() for n in ENTITIES]
    cells += [(f"{way_of(periods)}, {kind}", 25, periods, kind) for kind, each in MORE.items() for periods in each]
    for way, entities, periods, kind in cells:
        rates = longer(entities, periods, kind).values()
        print(f"| {way} | {entities} | {periods} | {' | '.join(f'{rate:.1f}' for rate in rates)} |", flush=True)


def way_of(periods: int) -> str:
    """How panels of so many periods are drawn: as the next shorter ones of `WAYS`."""
    return max((least, way) for way, least in WAYS.items() if least <= periods)[1]


def main() -> None:
    """Print the table."""
    print("How often panel tests with `bootstrap=` reject true nulls:\n")
    print(f"Percent of panels with true nulls that are rejected at 5 percent, by {DRAWS} draws each (standard errors")
    print("at 5: 1.0 with 500 samples, 1.3 with 300). Changes are white noise, or follow an autoregression with the")
    print("root 0.4.")
    print("`tests/simulation/panel_bootstrap.py` made it.\n")
    print("| call | N | T | samples | white, c | root 0.4, c | white, ct | root 0.4, ct |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    warnings.simplefilter("ignore")
    for cell in CELLS:
        columns = [dict(rates(cell, trend, root)) for trend in ("c", "ct") for root in ROOTS]
        for name in columns[0]:
            own = [column[name] for column in columns]
            of_part = name.endswith(", P")
            call = CALLS[name.removesuffix(", P")].replace(", trend={trend!r}", "") + ".parts[0]" * of_part
            print(f"| `{call}` | {' | '.join(map(str, cell[:3]))} | {' | '.join(f'{each:.1f}' for each in own)} |")
        print(end="", flush=True)


if __name__ == "__main__":
    if "longer" in sys.argv[1:]:
        warnings.simplefilter("ignore")
        write_longer()
    else:
        main()

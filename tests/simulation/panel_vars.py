"""Bias and coverage of vector autoregressions of panels. ``cd tests && python -m simulation.panel_vars``.

Two variables, one lag, whose matrix has the persistence and that less 0.2 as roots, in panels that began long ago, with
effects and correlated normal errors. T counts the rows that have their lag.
"""

from __future__ import annotations

import itertools
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

import panelvar as pv

TABLE = Path(__file__).with_suffix(".md")
SAMPLES = 300
SEED = 2002
BURN = 100
NAMES = ["x", "y"]
IMPACT = np.linalg.cholesky(np.array([[1.0, 0.3], [0.3, 1.0]]))


class Design(NamedTuple):
    """The larger root, entities and rows of each."""

    root: float
    entities: int
    periods: int

    @property
    def lag(self) -> np.ndarray:
        """The lag matrix."""
        return np.array([[self.root - 0.1, 0.1], [0.1, self.root - 0.1]])

    def sample(self, rng: np.random.Generator) -> pd.DataFrame:
        """One panel."""
        values = np.zeros((self.entities, BURN + self.periods + 1, 2))
        effects = (1.0 - self.root) * rng.standard_normal((self.entities, 2))
        shocks = rng.standard_normal(values.shape) @ IMPACT.T
        for t in range(1, values.shape[1]):
            values[:, t] = effects + values[:, t - 1] @ self.lag.T + shocks[:, t]
        index = pd.MultiIndex.from_product([range(self.entities), range(self.periods + 1)], names=["i", "t"])
        return pd.DataFrame(values[:, BURN:].reshape(-1, 2), index=index, columns=NAMES)


DESIGNS = tuple(itertools.starmap(Design, itertools.product((0.5, 0.9), (50, 200), (8, 20, 40))))


def estimator(method: str, cov: str | None = None) -> Callable[[pd.DataFrame], pv.PanelVarResult]:
    """A fit by a method of `fit_panel_var`."""
    return lambda frame: pv.fit_panel_var(frame, NAMES, method=method, cov=cov)


ESTIMATORS: dict[str, Callable[[pd.DataFrame], pv.PanelVarResult]] = {
    "within": estimator("within"),
    "hahn-kuersteiner": estimator("hahn-kuersteiner"),
    "half-panel-jackknife": estimator("half-panel-jackknife"),
    'half-panel-jackknife, `cov="classical"`': estimator("half-panel-jackknife", "classical"),
    "corrected-moments": estimator("corrected-moments"),
    "mean-group": estimator("mean-group"),
}


def draws(design: Design, samples: int, first: int = 0) -> np.ndarray:
    """Estimates less the truth, and whether 95% limits hold it: (2, samples, estimators, 2, 2); NaN if refused."""
    found = np.zeros((2, samples, len(ESTIMATORS), 2, 2))
    for sample in range(samples):
        key = [SEED, round(100 * design.root), design.entities, design.periods, first + sample]
        frame = design.sample(np.random.default_rng(key))
        for place, fit in enumerate(ESTIMATORS.values()):
            try:
                result = fit(frame)
            except pv.NumericalError:
                found[:, sample, place] = np.nan
                continue
            limits = result.conf_int()
            lower, upper = (limits[side].to_numpy().reshape(2, -1)[:, -2:] for side in ("lower", "upper"))
            found[0, sample, place] = result.coefficients[0] - design.lag
            found[1, sample, place] = (lower <= design.lag) & (design.lag <= upper)
    return found


def sheet(found: dict[Design, np.ndarray]) -> str:
    """The page's part: bias and root mean squared error of own lags in thousandths, coverage of own and cross lags."""
    samples = next(iter(found.values())).shape[1]
    out = [
        f"Made by `cd tests && python -m simulation.panel_vars`; {samples} panels a design. Bias and, in brackets, "
        "root mean squared error of a variable's own lag, in thousandths; coverage of nominal 95% limits of own lags / "
        f"of lags of the other variable, whose Monte Carlo standard error is at most {50.0 / np.sqrt(2 * samples):.1f} "
        f"points, and {100.0 * np.sqrt(0.05 * 0.95 / (2 * samples)):.1f} at 95%. A last line says of how many panels, "
        "where an estimator refuses the others.",
        "",
        f"| root, N, T | {' | '.join(ESTIMATORS)} |",
        f"|---|{'---|' * len(ESTIMATORS)}",
    ]
    own = np.eye(2, dtype=bool)
    for design, (apart, covered) in found.items():
        cells = []
        for place in range(len(ESTIMATORS)):
            made = np.isfinite(apart[:, place, 0, 0])
            errors = 1000.0 * apart[made, place][:, own]
            rates = [100.0 * covered[made, place][:, mask].mean() for mask in (own, ~own)]
            share = "" if made.all() else f"<br>of {100.0 * made.mean():.0f}%"
            size = f"{errors.mean():.0f} ({np.sqrt(np.square(errors).mean()):.0f})"
            cells.append(f"{size}<br>{rates[0]:.0f}% / {rates[1]:.0f}%{share}")
        out.append(f"| {design.root}, {design.entities}, {design.periods} | {' | '.join(cells)} |")
    return "\n".join(out) + "\n"


def main() -> int:
    """Write the table."""
    warnings.simplefilter("ignore", pv.PanelVarWarning)
    found = {design: draws(design, SAMPLES) for design in DESIGNS}
    TABLE.write_text(sheet(found), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

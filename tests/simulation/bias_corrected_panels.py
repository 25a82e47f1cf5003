"""Bias of autoregressions of panels with fixed effects. ``cd tests && python -m simulation.bias_corrected_panels``.

One lag, one exogenous regressor that is correlated with the effects, panels that began long ago, normal errors. T
counts the rows that have their lag.
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
SEED = 2005
BURN = 80


class Design(NamedTuple):
    """The lag's coefficient, entities and rows of each."""

    lag: float
    entities: int
    periods: int

    def sample(self, rng: np.random.Generator) -> pv.Panel:
        """One panel."""
        shape = self.entities, self.periods + 1 + BURN
        effects = rng.standard_normal(self.entities)
        x = rng.standard_normal(shape) + 0.5 * effects[:, None]
        y = np.zeros(shape)
        errors = rng.standard_normal(shape)
        for t in range(1, shape[1]):
            y[:, t] = self.lag * y[:, t - 1] + (1.0 - self.lag) * effects + 0.5 * x[:, t] + errors[:, t]
        index = pd.MultiIndex.from_product([range(self.entities), range(self.periods + 1)], names=["i", "t"])
        return pv.Panel(pd.DataFrame({"y": y[:, BURN:].ravel(), "x": x[:, BURN:].ravel()}, index=index))


DESIGNS = tuple(itertools.starmap(Design, itertools.product((0.5, 0.9), (20, 100), (5, 10, 20))))


def expansion(initial: str) -> Callable[[pv.Panel], pv.CorrectedResult]:
    """Kiviet and Bruno's estimates from an initial estimator."""
    return lambda panel: pv.fit_lsdvc(panel, "y", "x", initial=initial)


ESTIMATORS: dict[str, Callable[[pv.Panel], pv.CorrectedResult]] = {
    'LSDVC, `"ah"`': expansion("ah"),
    '`"ab"`': expansion("ab"),
    '`"bb"`': expansion("bb"),
    "corrected moments": lambda panel: pv.fit_bias_corrected_moments(panel, "y", "x"),
}


def draws(design: Design, samples: int, first: int = 0) -> np.ndarray:
    """Errors of the lag's estimates, least squares first; last, the standard error of corrected moments (NaN: none)."""
    found = np.zeros((samples, len(ESTIMATORS) + 2))
    for sample in range(samples):
        panel = design.sample(np.random.default_rng([SEED, round(100 * design.lag), *design[1:], first + sample]))
        for place, fit in enumerate(ESTIMATORS.values(), start=1):
            result = fit(panel)
            found[sample, place] = result.params.iloc[0] - design.lag
        found[sample, 0] = result.within.params.iloc[0] - design.lag
        found[sample, -1] = result.std_errors.iloc[0]
    return found


def sheet(found: dict[Design, np.ndarray]) -> str:
    """The page's part: bias and root mean squared error in thousandths; coverage and share of corrected moments."""
    samples = len(next(iter(found.values())))
    out = [
        f"Made by `cd tests && python -m simulation.bias_corrected_panels`; {samples} panels a design. Bias and, in "
        "brackets, root mean squared error of the lag's coefficient, in thousandths. Last, how many panels have a zero "
        "of the corrected moments, and how often nominal 95% limits then hold the coefficient.",
        "",
        f"| lag, N, T | within | {' | '.join(ESTIMATORS)} | zeros, coverage |",
        f"|---|{'---|' * (len(ESTIMATORS) + 2)}",
    ]
    for design, errors in found.items():
        apart = 1000.0 * errors[:, :-1]
        cells = [f"{own.mean():.0f} ({np.sqrt(np.square(own).mean()):.0f})" for own in apart.T]
        solved = np.isfinite(errors[:, -1])
        covered = np.abs(errors[solved, -2]) < 1.96 * errors[solved, -1]
        cells.append(f"{100.0 * solved.mean():.0f}%, {100.0 * covered.mean():.0f}%")
        out.append(f"| {design.lag}, {design.entities}, {design.periods} | {' | '.join(cells)} |")
    return "\n".join(out) + "\n"


def main() -> int:
    """Write the table."""
    warnings.simplefilter("ignore", pv.PanelVarWarning)
    TABLE.write_text(sheet({design: draws(design, SAMPLES) for design in DESIGNS}), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Bias and coverage of cointegrating regressions. ``cd tests && python -m simulation.cointegrating_regressions``.

Panels of 20 entities and 50 periods with a slope of one: the regressor's changes have an autoregressive root of 0.3 and
shocks correlated 0.5 with those of the relation's error, whose root is the design's. Entities may differ in the size of
their errors, or in their slopes (one on average).
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

import panelvar as pv

TABLE = Path(__file__).with_suffix(".md")
SAMPLES = 300
SEED = 2000
ENTITIES, PERIODS, BURN = 20, 50, 50


class Design(NamedTuple):
    """The root of the error, the standard deviation of its log size over entities, and that of the slopes."""

    root: float
    sizes: float = 0.0
    slopes: float = 0.0

    @property
    def words(self) -> str:
        """Its head in the table."""
        apart = f", sizes {self.sizes}" if self.sizes else f", slopes {self.slopes}" if self.slopes else ""
        return f"{self.root}{apart}"

    def sample(self, rng: np.random.Generator) -> pv.Panel:
        """One panel."""
        shocks = rng.standard_normal((ENTITIES, PERIODS + BURN, 2))
        error = shocks[..., 0].copy()
        change = 0.5 * shocks[..., 0] + np.sqrt(0.75) * shocks[..., 1]
        for t in range(1, PERIODS + BURN):
            error[:, t] += self.root * error[:, t - 1]
            change[:, t] += 0.3 * change[:, t - 1]
        error *= np.exp(self.sizes * rng.standard_normal((ENTITIES, 1)))
        slopes = 1.0 + self.slopes * rng.standard_normal((ENTITIES, 1))
        x = change.cumsum(axis=1)
        columns = {
            "i": np.repeat(np.arange(ENTITIES), PERIODS),
            "t": np.tile(np.arange(PERIODS), ENTITIES),
            "y": (slopes * x + error)[:, BURN:].ravel(),
            "x": x[:, BURN:].ravel(),
        }
        return pv.Panel(pd.DataFrame(columns), "i", "t")


DESIGNS = (Design(0.0), Design(0.5), Design(0.7), Design(0.5, sizes=0.7), Design(0.5, slopes=0.1))


def estimator(fit: Callable[..., Any], **options: Any) -> Callable[[pv.Panel], Any]:
    """A fit of y on x with options."""
    return lambda panel: fit(panel, "y", "x", **options)


PROGRAMS = {"kernel": "bartlett", "bandwidth": "stata", "prewhiten": False, "small_sample": False, "cov": "estimated"}
ESTIMATORS = {
    "`fit_fixed_effects`, clustered": lambda panel: pv.fit_fixed_effects(panel, "y", ["x"], cov="cluster"),
    "`fit_mean_group`": estimator(pv.fit_mean_group),
    "FMOLS, group mean": estimator(pv.fit_fmols),
    'FMOLS, group mean, `cov="estimated"`': estimator(pv.fit_fmols, cov="estimated"),
    "FMOLS, group mean, as programs": estimator(pv.fit_fmols, **PROGRAMS),
    "FMOLS, pooled": estimator(pv.fit_fmols, method="pooled"),
    "FMOLS, pooled, as programs": estimator(pv.fit_fmols, method="pooled", **PROGRAMS),
    "FMOLS, weighted": estimator(pv.fit_fmols, method="weighted"),
    "CCR, group mean": estimator(pv.fit_ccr),
    "CCR, pooled": estimator(pv.fit_ccr, method="pooled"),
    "CCR, weighted": estimator(pv.fit_ccr, method="weighted"),
    "DOLS, group mean": estimator(pv.fit_dols),
    'DOLS, group mean, `cov="estimated"`': estimator(pv.fit_dols, cov="estimated"),
    "DOLS, group mean, as programs, one lead and lag": estimator(pv.fit_dols, leads=1, lags=1, **PROGRAMS),
    "DOLS, group mean, two leads, four lags": estimator(pv.fit_dols, leads=2, lags=4),
    'DOLS, group mean, by "aic"': estimator(pv.fit_dols, leads="aic", lags="aic"),
    'DOLS, group mean, by "bic"': estimator(pv.fit_dols, leads="bic", lags="bic"),
    "DOLS, pooled": estimator(pv.fit_dols, method="pooled"),
    'DOLS, pooled, `cov="sandwich"`': estimator(pv.fit_dols, method="pooled", cov="sandwich"),
    "DOLS, weighted": estimator(pv.fit_dols, method="weighted"),
    "`fit_pooled_mean_group`, ARDL(1, 1)": lambda panel: pv.fit_pooled_mean_group(panel, "y", ["x"], lags=(1, 1)),
}


def draws(design: Design, samples: int, first: int = 0) -> np.ndarray:
    """Estimate, its error, and whether the 95% limits hold one, of each sample and estimator: (3, samples, k)."""
    found = np.zeros((3, samples, len(ESTIMATORS)))
    for sample in range(samples):
        key = [SEED, round(1000 * design.root), round(1000 * design.sizes), round(1000 * design.slopes), first + sample]
        panel = design.sample(np.random.default_rng(key))
        for place, fit in enumerate(ESTIMATORS.values()):
            result = fit(panel)
            lower, upper = result.conf_int().loc["x"]
            found[:, sample, place] = result.params["x"], result.std_errors["x"], lower <= 1.0 <= upper
    return found


def sheet(found: dict[Design, np.ndarray]) -> str:
    """The page's part: bias and root mean squared error in thousandths, and coverage in percent."""
    samples = next(iter(found.values())).shape[1]
    out = [
        f"Made by `cd tests && python -m simulation.cointegrating_regressions`; {samples} panels of {ENTITIES} "
        f"entities and {PERIODS} periods a design (the root of the error). Bias and, in brackets, root mean squared "
        "error, in thousandths of the slope; coverage of nominal 95% limits, whose Monte Carlo standard error is at "
        f"most {100.0 * 0.5 / np.sqrt(samples):.1f} points, and {100.0 * np.sqrt(0.05 * 0.95 / samples):.1f} at 95%.",
        "",
        f"| estimator | {' | '.join(design.words for design in found)} |",
        f"|---|{'---|' * len(found)}",
    ]
    for place, name in enumerate(ESTIMATORS):
        cells = []
        for values, _, covered in found.values():
            apart = 1000.0 * (values[:, place] - 1.0)
            root = np.sqrt(np.square(apart).mean())
            cells.append(f"{apart.mean():.1f} ({root:.1f})<br>{100.0 * covered[:, place].mean():.1f}%")
        out.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(out) + "\n"


def main() -> int:
    """Write the table."""
    warnings.simplefilter("ignore", pv.PanelVarWarning)
    found = {}
    for design in DESIGNS:
        found[design] = draws(design, SAMPLES)
        print(design, found[design][2].mean(axis=0).round(3), flush=True)
    TABLE.write_text(sheet(found), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Vector autoregressions of panels in which the nulls of their tests are true."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pandas as pd
from simulation.sizes import Study

import panelvar as pv

WINDOW = pv.LagInstruments(last=4, collapse=True)
BURN = 50


class SystemSample:
    """A panel of two variables, y of which does not move x, and the models of it that calls name."""

    def __init__(self, rng: np.random.Generator, entities: int, periods: int) -> None:
        lag = np.array([[0.5, 0.0], [0.2, 0.5]])
        effects = 0.5 * rng.standard_normal((entities, 2))
        values = np.zeros((BURN + periods, entities, 2))
        for t in range(1, len(values)):
            values[t] = effects + values[t - 1] @ lag.T + rng.standard_normal((entities, 2))
        index = pd.MultiIndex.from_product([range(entities), range(periods)], names=["i", "t"])
        kept = values[BURN:].swapaxes(0, 1).reshape(-1, 2)
        self.frame = pd.DataFrame(kept, index=index, columns=["x", "y"])

    @cached_property
    def moments(self) -> pv.PanelVarResult:
        """By moments of lags 2 to 4, collapsed."""
        return pv.fit_panel_var(self.frame, ["x", "y"], lags=1, instruments=WINDOW)

    @cached_property
    def levels(self) -> pv.PanelVarResult:
        """The same with the levels."""
        return pv.fit_panel_var(self.frame, ["x", "y"], lags=1, instruments=WINDOW, level_equation=True)

    @cached_property
    def within(self) -> pv.PanelVarResult:
        """Least squares with effects."""
        return pv.fit_panel_var(self.frame, ["x", "y"], lags=1, method="within")

    @cached_property
    def jackknife(self) -> pv.PanelVarResult:
        """Corrected by halves."""
        return pv.fit_panel_var(self.frame, ["x", "y"], lags=1, method="half-panel-jackknife")

    @cached_property
    def corrected(self) -> pv.PanelVarResult:
        """Corrected moments."""
        return pv.fit_panel_var(self.frame, ["x", "y"], lags=1, method="corrected-moments")


STUDIES = (
    Study(
        "Panel vector autoregressions",
        "Two variables with effects; y does not move x, x moves y. `moments` are two-step estimates with collapsed "
        "moments of lags 2 to 4, `levels` have the level equation too, the others are least squares, corrected or not. "
        "Samples are entities x periods.",
        ((50, 8), (200, 8), (200, 20)),
        SystemSample,
        (
            "moments.hansen_j",
            "levels.hansen_j",
            'moments.ar_test(2, "x")',
            'levels.ar_test(2, "x")',
            'moments.granger_causality("x", "y")',
            'moments.with_cov("uncorrected").granger_causality("x", "y")',
            'levels.granger_causality("x", "y")',
            'within.granger_causality("x", "y")',
            'jackknife.granger_causality("x", "y")',
            'corrected.granger_causality("x", "y")',
        ),
    ),
)

"""Processes under which the nulls of the tests of dynamic panels are true."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from simulation.sizes import Study
from simulation.sizes_of_panel_tests import Sample

import panelvar as pv

COLLAPSED = pv.LagInstruments(collapse=True)


class DynamicSample(Sample):
    """A panel of y on its lag and x1, and the models of it that calls name."""

    @cached_property
    def two_step(self) -> pv.DynamicPanelResult:
        return pv.fit_arellano_bond(self.panel, "y", "x1", instruments=COLLAPSED)

    @cached_property
    def all_lags(self) -> pv.DynamicPanelResult:
        return pv.fit_arellano_bond(self.panel, "y", "x1")

    @cached_property
    def system(self) -> pv.DynamicPanelResult:
        return pv.fit_blundell_bond(self.panel, "y", "x1", instruments=COLLAPSED)

    @cached_property
    def quadratic(self) -> pv.DynamicPanelResult:
        return pv.fit_arellano_bond(self.panel, "y", "x1", instruments=COLLAPSED, nonlinear="noserial")


def dynamic(
    rng: np.random.Generator, entities: int, periods: int, root: float = 0.5, shared: float = 0.5
) -> DynamicSample:
    """y from its long run; the variance of its errors grows with time and differs between entities."""
    start = 50
    effects, sizes = rng.standard_normal((entities, 1)), np.exp(0.3 * rng.standard_normal(entities))
    x = rng.standard_normal((entities, start + periods)) + shared * effects
    y = np.zeros_like(x)
    for period in range(1, start + periods):
        errors = sizes * (1.0 + 0.01 * period) * rng.standard_normal(entities)
        y[:, period] = root * y[:, period - 1] + 0.5 * x[:, period] + (1.0 - root) * effects[:, 0] + errors
    return DynamicSample(y=y[:, start:], x1=x[:, start:])


def wandering(rng: np.random.Generator, entities: int, periods: int) -> DynamicSample:
    """y a random walk: its levels say nothing of its later changes."""
    return dynamic(rng, entities, periods, root=1.0, shared=0.0)


STUDIES = (
    Study(
        "Dynamic panels",
        "y is 0.5 times its last value, plus 0.5 times a regressor, plus an effect that moves the regressor too, in "
        "its long run; the variance of its errors grows with time and differs between entities. two_step and system: "
        "Arellano and Bond's and Blundell and Bond's two-step estimates with collapsed instruments; all_lags: the "
        "first with all of them, 22 moments; quadratic: the first with the moments of Ahn and Schmidt. Tests of many "
        "moments for the entities reject too seldom.",
        ((50, 8), (200, 8)),
        dynamic,
        (
            "two_step.ar_test(2)",
            "two_step.hansen_j",
            "all_lags.hansen_j",
            "system.hansen_j",
            "quadratic.hansen_j",
            'system.difference_in_hansen("levels")',
            'quadratic.instrument_tests()["quadratic"]',
            "two_step.serial_portmanteau()",
            "two_step.serial_portmanteau(collapse=True)",
            "two_step.serial_portmanteau(collapse=True, max_order=2)",
        ),
    ),
    Study(
        "Dynamic panels that are not identified",
        "y is a random walk plus 0.5 times a regressor: past levels say nothing of later changes, and the lag has no "
        "instrument.",
        ((50, 8), (200, 8)),
        wandering,
        ("two_step.underidentification",),
    ),
)

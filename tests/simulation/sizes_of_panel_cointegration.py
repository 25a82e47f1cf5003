"""Processes under which no entity of a panel is cointegrated."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pandas as pd
from simulation.sizes import Study
from simulation.sizes_of_panel_tests import stationary
from simulation.sizes_of_panel_unit_roots import PANELS, POWER

import panelvar as pv


class Relation:
    """A panel with y and x, and what a bootstrap by warp speed needs of a result."""

    def __init__(self, rng: np.random.Generator, y: np.ndarray, x: np.ndarray) -> None:
        self.values = y, x
        self.draw = int(rng.integers(1 << 31))

    @cached_property
    def panel(self) -> pv.Panel:
        y, x = self.values
        entities, periods = y.shape
        index = {"i": np.repeat(np.arange(entities), periods), "t": np.tile(np.arange(periods), entities)}
        return pv.Panel(pd.DataFrame(index | {"y": y.ravel(), "x": x.ravel()}), "i", "t")

    @cached_property
    def by_draws(self) -> pv.WesterlundResult:
        return pv.westerlund_test(self.panel, "y", "x", draws=1, seed=self.draw)

    @cached_property
    def by_draws_with_trend(self) -> pv.WesterlundResult:
        return pv.westerlund_test(self.panel, "y", "x", trend="ct", draws=1, seed=self.draw)

    @staticmethod
    def warp(result: pv.WesterlundResult, name: str) -> tuple[float, float]:
        """A statistic, and the one of the only panel that was drawn."""
        return result.values[name], float(result.drawn[name][0])


def walks(rng: np.random.Generator, entities: int, periods: int) -> np.ndarray:
    return rng.standard_normal((entities, periods)).cumsum(axis=1)


def unrelated(rng: np.random.Generator, entities: int, periods: int) -> Relation:
    return Relation(rng, walks(rng, entities, periods), walks(rng, entities, periods))


def drifting(rng: np.random.Generator, entities: int, periods: int) -> Relation:
    y, x = (walks(rng, entities, periods) + rng.standard_normal((entities, 1)) * np.arange(periods) for _ in "yx")
    return Relation(rng, y, x)


def shocked(rng: np.random.Generator, entities: int, periods: int) -> Relation:
    y, x = (
        walks(rng, entities, periods) + rng.uniform(1.0, 3.0, (entities, 1)) * rng.standard_normal(periods).cumsum()
        for _ in "yx"
    )
    return Relation(rng, y, x)


def autocorrelated(rng: np.random.Generator, entities: int, periods: int) -> Relation:
    y, x = (stationary(rng, entities, periods, 0.4).cumsum(axis=1) for _ in "yx")
    return Relation(rng, y, x)


def related(rng: np.random.Generator, entities: int, periods: int) -> Relation:
    x = walks(rng, entities, periods)
    return Relation(rng, x + stationary(rng, entities, periods, 0.9), x)


def every(call: str, parts: int) -> tuple[str, ...]:
    """A call, and the parts of its result."""
    return (call, *(f"{call}.parts[{place}]" for place in range(parts)))


RATIOS = every('westerlund_variance_ratio_test(panel, "y", "x")', 1)
MODELS = every('westerlund_test(panel, "y", "x")', 3)
KAO = every('kao_test(panel, "y", "x", lags=1)', 4)
PEDRONI = every('pedroni_test(panel, "y", "x", lags=1)', 6)
CHOSEN = (
    'pedroni_test(panel, "y", "x", lags="bic")',
    'pedroni_test(panel, "y", "x", lags="bic").parts[2]',
    'kao_test(panel, "y", "x", lags="bic")',
    'kao_test(panel, "y", "x", lags=1, convention="published")',
)

NAMES = ("Gt", "Ga", "Pt", "Pa")
DRAWN = tuple(f'warp(by_draws, "{name}")' for name in NAMES)
DRAWN_WITH_TREND = tuple(f'warp(by_draws_with_trend, "{name}")' for name in NAMES)

RANKS = (
    'johansen_fisher_test(panel, "y", "x")',
    'johansen_fisher_test(panel, "y", "x").parts[1]',
    'johansen_fisher_test(panel, "y", "x").parts[3]',
    'johansen_fisher_test(panel, "y", "x", trend="rc")',
    'johansen_fisher_test(panel, "y", "x", correction=None)',
)
AFTER_FACTORS = (
    'saikkonen_luetkepohl_test(panel, "y", "x")',
    'saikkonen_luetkepohl_test(panel, "y", "x").parts[1]',
)

BY_DRAWS = (
    ' `by_draws` is `westerlund_test(panel, "y", "x", draws=1)`, by warp speed: a panel is drawn without cointegration '
    "for each sample, and a statistic rejects if it is below the 5 percent quantile of all that were drawn (Giacomini, "
    "Politis and White 2013)."
)

STUDIES = (
    Study(
        "Panel cointegration: unrelated random walks",
        "y and x are independent random walks. Parts of Pedroni's test: group PP, group rho, panel ADF, panel PP, "
        "panel rho, panel v; of Kao's: DF rho*, DF t*, DF rho, DF t; of Westerlund's: Ga, Pt, Pa; 1 and 3 "
        "of Johansen-Fisher's: max, LR-bar; 1 of Saikkonen and Luetkepohl's: CAIN.",
        PANELS,
        unrelated,
        (*PEDRONI, *KAO, *CHOSEN, *MODELS, *RATIOS, *RANKS, *AFTER_FACTORS),
    ),
    Study(
        "Panel cointegration: unrelated random walks with drifts",
        "Each with a drift of its own, standard normal.",
        PANELS,
        drifting,
        (
            *every('pedroni_test(panel, "y", "x", lags=1, trend="ct")', 6),
            'pedroni_test(panel, "y", "x", lags="bic", trend="ct")',
            *every('westerlund_test(panel, "y", "x", trend="ct")', 3),
            *every('westerlund_variance_ratio_test(panel, "y", "x", trend="ct")', 1),
            'johansen_fisher_test(panel, "y", "x")',
            'johansen_fisher_test(panel, "y", "x", trend="c")',
            'saikkonen_luetkepohl_test(panel, "y", "x")',
        ),
    ),
    Study(
        "Panel cointegration: unrelated variables with autocorrelated changes",
        "Changes of y and x are first-order autoregressions of root 0.4.",
        PANELS,
        autocorrelated,
        (*PEDRONI, *KAO, *CHOSEN, *MODELS, *RATIOS),
    ),
    Study(
        "Panel cointegration: unrelated variables with strong common factors",
        "y and x are random walks of their own, and a common one of each times a loading, uniform between 1 and 3.",
        PANELS,
        shocked,
        (PEDRONI[0], KAO[0], *MODELS, *RATIOS, *AFTER_FACTORS),
    ),
    Study(
        "Panel cointegration by draws: unrelated random walks",
        "y and x are independent random walks." + BY_DRAWS,
        PANELS,
        unrelated,
        (*DRAWN, *DRAWN_WITH_TREND),
        warp=True,
    ),
    Study(
        "Panel cointegration by draws: strong common factors",
        "y and x are random walks of their own, and a common one of each times a loading, uniform between 1 and 3."
        + BY_DRAWS,
        PANELS,
        shocked,
        DRAWN,
        warp=True,
    ),
    Study(
        "Power of panel cointegration tests: errors of root 0.9",
        "x is a random walk, and y is x and a stationary first-order autoregression of root 0.9.",
        POWER,
        related,
        (*PEDRONI, *KAO, *MODELS, *RATIOS, RANKS[0]),
        power=True,
    ),
)

"""Size of the tests of panel models where theory promises it; tolerances as in test_panel_inference.py."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy import stats

import panelvar as pv

pytestmark = pytest.mark.slow

REPLICATIONS = 400
LEVEL = 0.05


def panel_of(rng, entities, periods, *, effect=0.0, factor=0.0, spread=0.0):
    """One regressor; errors with entity effects, a common factor and variances that differ by entity, as asked."""
    x = rng.normal(size=(entities, periods))
    scale = np.exp(spread * rng.normal(size=(entities, 1)))
    y = x + effect * rng.normal(size=(entities, 1)) + scale * rng.normal(size=(entities, periods))
    y += factor * (1 + 0.5 * rng.normal(size=(entities, 1))) * rng.normal(size=(1, periods))
    index = {"i": np.repeat(np.arange(entities), periods), "t": np.tile(np.arange(periods), entities)}
    return pv.Panel({**index, "y": y.ravel(), "x": x.ravel()}, "i", "t")


def pooled(panel):
    return pv.fit_pooled(panel, "y", "x")


def fixed(panel):
    return pv.fit_fixed_effects(panel, "y", "x")


def random(panel):
    return pv.fit_random_effects(panel, "y", "x")


def gappy(panel, rng):
    """The same panel with a fifth of its rows gone, some entities shorter than others."""
    frame = {name: panel.raw_column(name) for name in ("i", "t", "y", "x")}
    kept = rng.random(panel.nobs) > 0.2
    kept &= frame["t"] < 3 + (frame["i"] % 5)
    return pv.Panel({name: values[kept] for name, values in frame.items()}, "i", "t")


# Name: entities, periods, data, test.
CELLS = {
    "Breusch-Pagan": (100, 5, {}, lambda p: pv.effects_lm_test(pooled(p), effects="twoway")),
    "Honda": (100, 8, {}, lambda p: pv.effects_lm_test(pooled(p), statistic="honda")),
    "Wooldridge effects": (200, 5, {"spread": 0.5}, lambda p: pv.wooldridge_effects_test(pooled(p))),
    "Bera-Sosa-Yoon": (100, 6, {}, lambda p: pv.bera_sosa_yoon_test(pooled(p))),
    "poolability": (10, 8, {"effect": 1.0}, lambda p: pv.slope_poolability_test(fixed(p))),
    "Hausman": (100, 6, {"effect": 1.0}, lambda p: pv.hausman_regression_test(pv.fit_random_effects(p, "y", "x"))),
    "xtserial": (150, 6, {"effect": 1.0, "spread": 0.5}, lambda p: pv.wooldridge_serial_test(fixed(p))),
    "Wooldridge within": (150, 5, {"effect": 1.0}, lambda p: pv.wooldridge_within_test(fixed(p))),
    "Baltagi-Li": (80, 6, {"effect": 1.0}, lambda p: pv.baltagi_li_test(pooled(p))),
    "Durbin-Watson": (60, 6, {"effect": 1.0}, lambda p: pv.durbin_watson_test(fixed(p))),
    "Born-Breitung Q": (200, 6, {"effect": 1.0, "spread": 0.3}, lambda p: pv.born_breitung_test(fixed(p))),
    "Born-Breitung HR": (200, 6, {"effect": 1.0}, lambda p: pv.born_breitung_test(fixed(p), statistic="hr")),
    "CD": (30, 20, {"effect": 1.0, "spread": 0.3}, lambda p: pv.cross_section_dependence_test(fixed(p))),
    "bias-corrected LM": (
        20,
        40,
        {"effect": 1.0},
        lambda p: pv.cross_section_dependence_test(fixed(p), statistic="bias-corrected-lm"),
    ),
    "Honda, two-way": (40, 40, {}, lambda p: pv.effects_lm_test(pooled(p), effects="twoway", statistic="honda")),
    "King-Wu": (40, 40, {}, lambda p: pv.effects_lm_test(pooled(p), effects="twoway", statistic="king-wu")),
    "Gourieroux-Holly-Monfort": (
        40,
        40,
        {},
        lambda p: pv.effects_lm_test(pooled(p), effects="twoway", statistic="gourieroux-holly-monfort"),
    ),
    "Bera-Sosa-Yoon effects": (100, 6, {}, lambda p: pv.bera_sosa_yoon_test(pooled(p), statistic="effects")),
    "Bera-Sosa-Yoon joint": (100, 6, {}, lambda p: pv.bera_sosa_yoon_test(pooled(p), statistic="joint")),
    "Baltagi-Li joint": (100, 6, {}, lambda p: pv.baltagi_li_test(pooled(p), statistic="joint")),
    # Its mean is off by the root of N / T: it wants long panels.
    "Baltagi-Li fixed": (5, 400, {"effect": 1.0}, lambda p: pv.baltagi_li_test(fixed(p), statistic="fixed")),
    "poolability of effects": (30, 6, {}, lambda p: pv.nested_f_test(pooled(p), fixed(p))),
    "Hausman, matrix": (100, 6, {"effect": 1.0}, lambda p: pv.hausman_test(fixed(p), random(p))),
    "Hausman, clustered": (150, 5, {"effect": 1.0, "spread": 0.5}, lambda p: pv.mundlak_test(random(p))),
    # Unequal variances leave few effective clusters: 8 percent at 150 entities and spread 0.5.
    "Wooldridge difference": (
        300,
        6,
        {"effect": 1.0},
        lambda p: pv.wooldridge_difference_test(pv.fit_first_difference(p, "y", "x")),
    ),
    "Wooldridge pooled": (200, 6, {"spread": 0.3}, lambda p: pv.wooldridge_pooled_test(pooled(p))),
    "Breusch-Godfrey": (60, 8, {}, lambda p: pv.breusch_godfrey_test(pooled(p), lags=2)),
    "Breusch-Godfrey F": (60, 8, {}, lambda p: pv.breusch_godfrey_test(pooled(p), lags=2, statistic="f")),
    "LM of Breusch and Pagan": (
        5,
        200,
        {"effect": 1.0, "spread": 0.3},
        lambda p: pv.cross_section_dependence_test(fixed(p), statistic="lm"),
    ),
    "modified Wald": (5, 400, {"effect": 1.0}, lambda p: pv.modified_wald_test(fixed(p))),
    "CD*": (100, 100, {"factor": 1.0}, lambda p: pv.cd_star_test(fixed(p))),
    "slope homogeneity": (50, 30, {"effect": 1.0, "spread": 0.3}, lambda p: pv.slope_homogeneity_test(fixed(p))),
    "Dumitrescu-Hurlin": (40, 25, {"effect": 1.0}, lambda p: pv.panel_granger_test(p, "y", "x")),
}


@pytest.mark.parametrize("name", CELLS)
def test_size(name):
    entities, periods, options, run = CELLS[name]
    rng = np.random.default_rng([20240701, list(CELLS).index(name)])
    rejected = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        for _ in range(REPLICATIONS):
            rejected += run(panel_of(rng, entities, periods, **options)).pvalue < LEVEL
    allowed = stats.norm.ppf(1 - 0.001 / (2 * len(CELLS))) * np.sqrt(LEVEL * (1 - LEVEL) / REPLICATIONS)
    assert abs(rejected / REPLICATIONS - LEVEL) <= allowed, f"{name}: {rejected / REPLICATIONS:.3f}"


# The same promise on unbalanced, gappy panels.
UNBALANCED = {
    "Breusch-Pagan": (150, {}, lambda p: pv.effects_lm_test(pooled(p))),
    "Honda, two-way": (150, {}, lambda p: pv.effects_lm_test(pooled(p), effects="twoway", statistic="honda")),
    "Hausman": (150, {"effect": 1.0}, lambda p: pv.hausman_regression_test(random(p))),
    "Hausman, clustered": (150, {"effect": 1.0, "spread": 0.5}, lambda p: pv.mundlak_test(random(p))),
    "poolability of effects": (60, {}, lambda p: pv.nested_f_test(pooled(p), fixed(p))),
    "Wooldridge within": (200, {"effect": 1.0}, lambda p: pv.wooldridge_within_test(fixed(p))),
    "Wooldridge pooled": (200, {"spread": 0.3}, lambda p: pv.wooldridge_pooled_test(pooled(p))),
    "Breusch-Godfrey": (150, {}, lambda p: pv.breusch_godfrey_test(pooled(p), lags=1)),
    "xtserial": (200, {"effect": 1.0}, lambda p: pv.wooldridge_serial_test(fixed(p))),
}


@pytest.mark.parametrize("name", UNBALANCED)
def test_size_on_unbalanced_panels(name):
    entities, options, run = UNBALANCED[name]
    rng = np.random.default_rng([20240702, list(UNBALANCED).index(name)])
    rejected = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        for _ in range(REPLICATIONS):
            rejected += run(gappy(panel_of(rng, entities, 8, **options), rng)).pvalue < LEVEL
    allowed = stats.norm.ppf(1 - 0.001 / (2 * len(UNBALANCED))) * np.sqrt(LEVEL * (1 - LEVEL) / REPLICATIONS)
    assert abs(rejected / REPLICATIONS - LEVEL) <= allowed, f"{name}: {rejected / REPLICATIONS:.3f}"


def test_cd_after_time_effects_is_wrong_under_the_null():
    """Why cross_section_dependence_test warns: independent errors with loadings that differ, time effects out."""
    rng = np.random.default_rng(11)
    rejected = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        for _ in range(50):
            panel = panel_of(rng, 60, 60, spread=0.5)
            twoway = pv.fit_fixed_effects(panel, "y", "x", effects="twoway")
            rejected += pv.cross_section_dependence_test(twoway).pvalue < LEVEL
    assert rejected / 50 > 0.3

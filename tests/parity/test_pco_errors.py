"""Where R's pco departs from Pedroni (1999); rebuilt, number by number."""

from __future__ import annotations

import numpy as np
import pytest
from parity.panel_cointegration_cases import BANDWIDTH, PERIODS, TRENDS
from parity.runner import expected_tree
from reference_data import table

from panelvar.nonstationary.panel_cointegration.moments import pedroni_moments
from panelvar.nonstationary.panel_cointegration.pedroni import STATISTICS

EXPECTED = expected_tree("grunfeld_pco")


def left(columns: np.ndarray, y: np.ndarray) -> np.ndarray:
    return y - columns @ np.linalg.lstsq(columns, y, rcond=None)[0]


def one_sided(series: np.ndarray) -> float:
    steps = range(1, BANDWIDTH + 1)
    return sum((1.0 - s / (BANDWIDTH + 1)) * (series[s:] @ series[:-s]) for s in steps) / len(series)


def panel_statistics(y: np.ndarray, x: np.ndarray, powers: int) -> dict[str, float]:
    """Rows are periods. Two departures: squared weights, and what stands on the right of the augmented regression."""
    terms = np.arange(1.0, PERIODS + 1)[:, None] ** np.arange(powers)
    level, nonparametric, parametric, long_run, error = [], [], [], [], []
    for own_y, own_x in zip(y.T, x.T, strict=True):
        e = left(np.column_stack([terms, own_x]), own_y)
        eta = left(np.diff(own_x)[:, None], np.diff(own_y))
        weight = (eta @ eta / len(eta) + 2.0 * one_sided(eta)) ** -2
        mu = left(e[:-1, None], e[1:])
        level.append(weight * (e[:-1] @ e[:-1]))
        parametric.append(weight * (e[:-1] @ np.diff(e)))
        nonparametric.append(parametric[-1] - weight * (PERIODS - 1) * one_sided(mu))
        long_run.append(weight * (mu @ mu / len(mu) + 2.0 * one_sided(mu)))
        # The second column is the change over two periods, which holds the dependent variable itself.
        star = left(np.column_stack([e[1:-1], e[2:] - e[:-2]]), e[2:])
        error.append(star @ star / len(star))
    n, total = len(level), sum(level)
    return {
        "panel_v": PERIODS**2 * n**1.5 / total,
        "panel_rho": PERIODS * np.sqrt(n) * sum(nonparametric) / total,
        "panel_t": sum(nonparametric) / np.sqrt(np.mean(long_run) * total),
        "panel_adf": sum(parametric) / np.sqrt(np.mean(error) * total),
    }


@pytest.mark.parametrize("model", EXPECTED)
def test_weights_are_squared_and_the_residual_is_on_both_sides(model):
    y, x, terms = model.split("_")
    wide = table("grunfeld").pivot(index="year", columns="firm").sort_index()
    powers = {"n": 0, "c": 1, "ct": 2}[TRENDS[terms]]
    found = panel_statistics(wide[y].to_numpy(float), wide[x].to_numpy(float), powers)
    theirs = {name: EXPECTED[model]["empirical"][name] for name in found}
    assert found == pytest.approx(theirs, rel=1e-9)
    # In other units of both variables, other answers: panel v by their square, panel ADF t by the inverse of it.
    pence = panel_statistics(100.0 * wide[y].to_numpy(float), 100.0 * wide[x].to_numpy(float), powers)
    assert pence["panel_v"] == pytest.approx(1e4 * found["panel_v"])
    assert pence["panel_adf"] == pytest.approx(found["panel_adf"] / 1e4)


@pytest.mark.parametrize("model", EXPECTED)
def test_moments_are_those_of_two_regressors(model):
    trend = TRENDS[model.split("_")[2]]
    two = pedroni_moments(trend, 2, "published")
    for name, like in STATISTICS.items():
        raw, standardised = (EXPECTED[model][kind][name] for kind in ("empirical", "standardized"))
        assert standardised == pytest.approx((raw - 10**0.5 * two[like].mean) / two[like].variance ** 0.5, rel=1e-9)

"""Size and coverage by simulation: what theory promises for the panel estimators, within Monte Carlo error.

Tolerances allow for the number of cells checked: with m cells, a share p over R replications may miss by
``z_m * sqrt(p (1 - p) / R)`` where z_m is the normal quantile at ``1 - 0.001 / (2 m)``.
"""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy import stats

import panelvar as pv

pytestmark = pytest.mark.slow

REPLICATIONS = 1000


def allowed(share: float, cells: int) -> float:
    return stats.norm.ppf(1 - 0.001 / (2 * cells)) * np.sqrt(share * (1 - share) / REPLICATIONS)


def draw(rng: np.random.Generator, entities: int, periods: int, *, serial: float, correlated: float) -> dict:
    """Two regressors, entity effects (correlated with x1 if asked), errors AR(1) within entities; slopes 1 and -0.5."""
    n = entities * periods
    effect = rng.normal(size=entities)
    x1 = rng.normal(size=(entities, periods)) + correlated * effect[:, None] + rng.normal(size=(entities, 1))
    x2 = np.cumsum(rng.normal(size=(entities, periods)), axis=1) * 0.3
    shocks = rng.normal(size=(entities, periods))
    errors = shocks.copy()
    errors[:, 0] /= np.sqrt(1 - serial**2)
    for t in range(1, periods):
        errors[:, t] += serial * errors[:, t - 1]
    y = effect[:, None] + x1 - 0.5 * x2 + errors
    return {
        "i": np.repeat(np.arange(entities), periods),
        "t": np.tile(np.arange(periods), entities),
        "y": y.reshape(n),
        "x1": x1.reshape(n),
        "x2": x2.reshape(n),
    }


def covers(result, name: str, truth: float) -> bool:
    limits = result.conf_int(level=0.95).loc[name]
    return bool(limits["lower"] <= truth <= limits["upper"])


@pytest.mark.parametrize("serial", [0.0, 0.6])
def test_clustered_intervals_cover_with_fifty_entities(serial):
    rng = np.random.default_rng(20240611)
    hits = np.zeros((2, 2))
    estimates = []
    for _ in range(REPLICATIONS):
        panel = pv.Panel(draw(rng, 50, 8, serial=serial, correlated=1.0), "i", "t")
        clustered = pv.fit_fixed_effects(panel, "y", ["x1", "x2"], cov="cluster")
        classical = clustered.with_cov("classical")
        estimates.append(clustered.params[["x1", "x2"]].to_numpy())
        for row, result in enumerate((clustered, classical)):
            hits[row] += [covers(result, "x1", 1.0), covers(result, "x2", -0.5)]
    shares = hits / REPLICATIONS
    # Cluster-robust t intervals with 50 clusters: within Monte Carlo error and two points of small-sample shortfall.
    assert (np.abs(shares[0] - 0.95) < 0.02 + allowed(0.95, 4)).all()
    if serial == 0.0:
        assert (np.abs(shares[1] - 0.95) < allowed(0.95, 4)).all()
    else:
        # What the warning about classical errors is for: x2 is persistent, so serial correlation bites.
        assert shares[1, 1] < 0.90
    mean, spread = np.mean(estimates, axis=0), np.std(estimates, axis=0) / np.sqrt(REPLICATIONS)
    assert (np.abs(mean - [1.0, -0.5]) < 4 * spread).all()


def test_hausman_has_its_size_and_power():
    rng = np.random.default_rng(7)
    rejections = np.zeros(2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        for _ in range(REPLICATIONS):
            for case, correlated in enumerate((0.0, 1.0)):
                panel = pv.Panel(draw(rng, 60, 5, serial=0.0, correlated=correlated), "i", "t")
                fixed = pv.fit_fixed_effects(panel, "y", ["x1", "x2"])
                random = pv.fit_random_effects(panel, "y", ["x1", "x2"])
                rejections[case] += pv.hausman_test(fixed, random).pvalue < 0.05
    shares = rejections / REPLICATIONS
    assert abs(shares[0] - 0.05) < 0.01 + allowed(0.05, 2)
    assert shares[1] > 0.95


def test_random_effects_recover_their_variances():
    rng = np.random.default_rng(11)
    estimates = []
    for _ in range(300):
        panel = pv.Panel(draw(rng, 80, 6, serial=0.0, correlated=0.0), "i", "t")
        parts = pv.fit_random_effects(panel, "y", ["x1", "x2"]).variance_components
        estimates.append((parts.effect_raw, parts.idiosyncratic))
    mean, error = np.mean(estimates, axis=0), np.std(estimates, axis=0) / np.sqrt(300)
    assert (np.abs(mean - 1.0) < 4 * error).all()


def test_poolability_test_has_its_size():
    rng = np.random.default_rng(3)
    rejections = 0
    for _ in range(REPLICATIONS):
        data = draw(rng, 20, 6, serial=0.0, correlated=0.0)
        data["y"] = data["x1"] - 0.5 * data["x2"] + rng.normal(size=120)
        rejections += pv.fit_fixed_effects(pv.Panel(data, "i", "t"), "y", ["x1", "x2"]).f_poolability.pvalue < 0.05
    assert abs(rejections / REPLICATIONS - 0.05) < allowed(0.05, 1)

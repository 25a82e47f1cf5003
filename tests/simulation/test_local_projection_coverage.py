"""Coverage of 90% intervals of local projections near a unit root, with and without lag augmentation."""

import warnings

import numpy as np
import pytest

import panelvar as pv

pytestmark = pytest.mark.slow

REPLICATIONS = 1000
PERIODS, HORIZON = 240, 24


def coverage(rho: float, seed: int, **options) -> np.ndarray:
    """Share of intervals that hold rho to the power h, at horizons 0 to 24."""
    rng = np.random.default_rng(seed)
    truth = rho ** np.arange(HORIZON + 1)
    held = np.zeros(HORIZON + 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        for _ in range(REPLICATIONS):
            shocks = rng.standard_normal(PERIODS)
            y = np.empty((PERIODS, 1))
            level = 0.0
            for t in range(PERIODS):
                level = rho * level + shocks[t]
                y[t] = level
            lp = pv.fit_local_projections(
                y, lags=1, horizon=HORIZON, identification="reduced_form", shock_size="unit", level=0.9, **options
            )
            held += (lp.lower[:, 0, 0] <= truth) & (truth <= lp.upper[:, 0, 0])
    return held / REPLICATIONS


@pytest.mark.parametrize("rho", [0.95, 1.0])
def test_lag_augmentation_keeps_the_level_near_a_unit_root(rho):
    """Montiel Olea and Plagborg-Moller (2021), section 4 and table I: near 0.9, where the plain one is far below."""
    augmented = coverage(rho, 1)
    plain = coverage(rho, 1, lag_augmented=False, cov="HC1")
    kernel = coverage(rho, 1, lag_augmented=False)
    print(rho, augmented[[1, 6, 12, 24]], plain[[1, 6, 12, 24]], kernel[[1, 6, 12, 24]])
    # Four Monte Carlo errors are 0.04; the small sample itself costs some at long horizons.
    assert (augmented[[1, 6, 12]] > 0.85).all()
    assert augmented[24] > 0.82
    assert (plain[[6, 12, 24]] < 0.72).all()
    assert (kernel[[6, 12, 24]] < augmented[[6, 12, 24]] - 0.05).all()

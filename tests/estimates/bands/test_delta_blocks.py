"""Delta-method errors are the same however many directions are differentiated at once, and need memory for a few."""

from __future__ import annotations

import numpy as np
import pytest

import panelvar as pv
from panelvar.estimates.bands import simulated


def model(n_vars, lags=2, seed=0):
    errors = np.random.default_rng(seed).standard_normal((300, n_vars))
    for t in range(1, 300):
        errors[t] += 0.4 * errors[t - 1]
    return pv.fit_var(errors, lags=lags)


DELTA = pv.DeltaMethod()
CALLS = {
    "responses": lambda m: m.impulse_responses(6, bands=DELTA),
    "cumulated": lambda m: m.impulse_responses(6, bands=DELTA, cumulative=True),
    "bonferroni": lambda m: m.impulse_responses(6, bands=pv.DeltaMethod(joint="bonferroni")),
    "generalised": lambda m: m.impulse_responses(6, identification="generalised", bands=DELTA),
    "long run": lambda m: m.impulse_responses(6, identification="long_run", bands=DELTA),
    "shares": lambda m: m.variance_decomposition(6, bands=DELTA),
    "shares of generalised shocks": lambda m: m.variance_decomposition(6, identification="generalised", bands=DELTA),
    "forecast": lambda m: m.forecast(4, bands=DELTA),
    "structure": lambda m: pv.fit_svar(m, pv.ShortRun(b=np.where(np.tri(3) > 0, np.nan, 0.0)), bands=DELTA),
}


@pytest.mark.parametrize("call", CALLS)
def test_blocks_of_directions_add_up(call, monkeypatch):
    fitted = model(3)

    def limits():
        result = CALLS[call](fitted)
        return np.asarray(result.upper) if hasattr(result, "upper") else result.b_std_errors.to_numpy()

    whole = limits()
    for size in (1, 2000):
        monkeypatch.setattr(simulated, "_BLOCK_BYTES", size)
        np.testing.assert_allclose(limits(), whole, rtol=1e-10, atol=1e-12)


def test_memory_of_many_variables(peak_megabytes):
    """30 variables have 2,265 directions and 9,900 cells: 180 MB of derivatives, and several times that on the way."""
    fitted = model(30)
    assert peak_megabytes(lambda: fitted.impulse_responses(10, bands=DELTA)) < 150.0

"""Vector autoregressions against statsmodels: fit, lag selection, bands of orthogonalised responses.

``errband_mc`` simulates from the fitted Gaussian system and refits; ours resamples residuals and refits. The comparison
is of the time for the same number of draws.
"""

from __future__ import annotations

import panelvar as pv
from benchmarks.harness import equal, median_seconds, ratio
from benchmarks.samples import var_series


def main(*, smoke: bool = False) -> None:
    """Time the three."""
    from statsmodels.tsa.api import VAR

    budget = 0.05 if smoke else 2.0
    for variables, periods in ((2, 100), (3, 200), (3, 500)):
        frame = var_series(variables, periods)

        def ours(frame: object = frame) -> object:
            result = pv.fit_var(frame, lags=2)
            result.params, result.std_errors, result.pvalues, result.sigma  # noqa: B018
            return result

        def theirs(frame: object = frame) -> object:
            result = VAR(frame).fit(2)
            result.params, result.bse, result.pvalues, result.sigma_u  # noqa: B018
            return result

        mine, peer = pv.fit_var(frame, lags=2), VAR(frame).fit(2)
        equal("fit", mine.params, peer.params)
        equal("fit", mine.std_errors, peer.bse)
        equal("fit", mine.sigma, peer.sigma_u)
        label = f"K = {variables}, T = {periods}"
        ratio(
            f"fit, {label}",
            median_seconds(ours, budget=budget),
            "statsmodels",
            median_seconds(theirs, budget=budget),
            10,
        )
        chosen, other = pv.select_lags(frame, 8), VAR(frame).select_order(8)
        equal("selection", chosen.table["aic"], other.ics["aic"][1:])
        ratio(
            f"selection of 8 lags, {label}",
            median_seconds(lambda frame=frame: pv.select_lags(frame, 8), budget=budget),
            "statsmodels",
            median_seconds(lambda frame=frame: VAR(frame).select_order(8), budget=budget),
            15,
        )
    draws = 50 if smoke else 1000
    for variables, target in ((3, 75), (7, 30)):
        frame = var_series(variables, 200)
        mine, peer = pv.fit_var(frame, lags=2), VAR(frame).fit(2)
        equal("responses", mine.impulse_responses(10).values, peer.irf(10).orth_irfs)
        seconds = median_seconds(
            lambda mine=mine: mine.impulse_responses(10, bands=pv.ResidualBootstrap(draws=draws, seed=1)),
            budget=budget,
        )
        slow = median_seconds(
            lambda peer=peer: peer.irf_errband_mc(orth=True, repl=draws, steps=10, seed=1), budget=budget, least=1
        )
        label = f"{draws} draws of bands, K = {variables}, T = 200"
        ratio(label, seconds, "statsmodels", slow, None if smoke else target)

"""Bands of orthogonalised responses against statsmodels, and what better ones cost beside a plain bootstrap.

``errband_mc`` simulates from the fitted Gaussian system and refits; ours resamples residuals and refits. The comparison
is of the time for the same number of draws; where the peer's would take minutes it is that of fewer, scaled.
"""

from __future__ import annotations

from benchmarks.harness import equal, limit, median_seconds, ratio
from benchmarks.samples import var_series
from panelvar import BootstrapAfterBootstrap, MovingBlockBootstrap, RecursiveWildBootstrap, ResidualBootstrap, fit_var


def main(*, smoke: bool = False) -> None:
    """Time draws by the size of the system, then by the kind of band."""
    from statsmodels.tsa.api import VAR

    budget = 0.05 if smoke else 2.0
    print("(draws: ours resamples residuals, statsmodels simulates normal errors; both refit)")
    sizes = ((3, 200, 2, 1000, 75), (7, 200, 2, 1000, 30), (20, 5000, 4, 10, 8))
    for variables, periods, lags, peers, target in sizes[:2] if smoke else sizes:
        frame = var_series(variables, periods)
        mine, peer = fit_var(frame, lags=lags), VAR(frame).fit(lags)
        equal("responses", mine.impulse_responses(10).values, peer.irf(10).orth_irfs)
        draws, drawn = (50, 50) if smoke else (1000, peers)
        source = ResidualBootstrap(draws, seed=1)
        ours = median_seconds(lambda m=mine, b=source: m.impulse_responses(10, bands=b), budget=budget)
        theirs = median_seconds(
            lambda p=peer, n=drawn: p.irf_errband_mc(orth=True, repl=n, steps=10, seed=1), budget=budget, least=1
        )
        of = "" if drawn == draws else f" ({drawn} of the peer's)"
        ratio(
            f"{draws} draws, K = {variables}, T = {periods}{of}",
            ours,
            "statsmodels",
            theirs * draws / drawn,
            None if smoke else target,
        )
    draws = 50 if smoke else 1000
    plain = ResidualBootstrap(draws, seed=1)
    kinds = {
        "bootstrap after bootstrap": BootstrapAfterBootstrap(draws, seed=1, bias_draws=draws),
        "studentised": ResidualBootstrap(draws, seed=1, interval="studentised"),
        "sup-t": ResidualBootstrap(draws, seed=1, joint="sup-t"),
        "moving blocks": MovingBlockBootstrap(draws, seed=1),
        "wild": RecursiveWildBootstrap(draws, seed=1),
    }
    for variables, periods, lags in ((3, 200, 2), (7, 200, 2)):
        model = fit_var(var_series(variables, periods), lags=lags)
        base = median_seconds(lambda m=model: m.impulse_responses(10, bands=plain), budget=budget)
        for name, source in kinds.items():
            times = median_seconds(lambda m=model, b=source: m.impulse_responses(10, bands=b), budget=budget) / base
            label = f"{name}, K = {variables}, T = {periods}"
            if name == "bootstrap after bootstrap" and not smoke:
                limit(label, times, f"{times:.2f}x the plain bootstrap's time, at most 3x", 3.0)
            else:
                print(f"{label:<46} {times:.2f}x the plain bootstrap's time")

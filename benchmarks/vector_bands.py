"""Bands of orthogonalised responses against statsmodels, and what better ones cost beside a plain bootstrap.

``errband_mc`` simulates from the fitted Gaussian system and refits; ours resamples residuals and refits. The comparison
is of the time for the same number of draws; where the peer's would take minutes it is that of fewer, scaled.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from benchmarks.harness import Row, equal, limit, median_seconds, ratio
from benchmarks.samples import var_series
from panelvar import BootstrapAfterBootstrap, MovingBlockBootstrap, RecursiveWildBootstrap, ResidualBootstrap, fit_var

SYSTEMS = ((3, 200, 2), (7, 200, 2), (20, 5000, 4))
"""Variables, periods and lags."""
# Of each system, how many draws of the peer's are timed, and the target.
_PEERS = {(3, 200, 2): (1000, 75), (7, 200, 2): (1000, 30), (20, 5000, 4): (10, 8)}


@lru_cache(maxsize=1)
def _model(variables: int, periods: int, lags: int) -> Any:
    return fit_var(var_series(variables, periods), lags=lags)


def _systems(*, most: int = len(SYSTEMS)) -> Iterator[tuple[str, tuple[int, int, int]]]:
    for variables, periods, lags in SYSTEMS[:most]:
        yield f"K = {variables}, T = {periods}", (variables, periods, lags)


def _kinds(draws: int) -> dict[str, Any]:
    return {
        "bootstrap after bootstrap": BootstrapAfterBootstrap(draws, seed=1, bias_draws=draws),
        "studentised": ResidualBootstrap(draws, seed=1, interval="studentised"),
        "sup-t": ResidualBootstrap(draws, seed=1, joint="sup-t"),
        "moving blocks": MovingBlockBootstrap(draws, seed=1),
        "wild": RecursiveWildBootstrap(draws, seed=1),
    }


def rows(*, smoke: bool = False) -> Iterator[Row]:
    """List our side of each timing."""
    draws = 50 if smoke else 1000

    def prepare(system: tuple[int, int, int], source: Any) -> Any:
        model = _model(*system)
        return lambda: model.impulse_responses(10, bands=source)

    plain = ResidualBootstrap(draws, seed=1)
    for label, system in _systems(most=2 if smoke else len(SYSTEMS)):
        yield Row(f"{draws} draws, {label}", lambda system=system: prepare(system, plain))
    for label, system in _systems(most=2):
        for name, source in _kinds(draws).items():
            yield Row(f"{name}, {label}", lambda system=system, source=source: prepare(system, source))


def main(*, smoke: bool = False) -> None:
    """Time draws by the size of the system, then by the kind of band."""
    from statsmodels.tsa.api import VAR

    budget = 0.05 if smoke else 2.0
    print("(draws: ours resamples residuals, statsmodels simulates normal errors; both refit)")
    for size, (variables, periods, lags) in _systems(most=2 if smoke else len(SYSTEMS)):
        peers, target = _PEERS[variables, periods, lags]
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
            f"{draws} draws, {size}{of}",
            ours,
            "statsmodels",
            theirs * draws / drawn,
            None if smoke else target,
        )
    draws = 50 if smoke else 1000
    plain = ResidualBootstrap(draws, seed=1)
    for size, system in _systems(most=2):
        model = _model(*system)
        base = median_seconds(lambda m=model: m.impulse_responses(10, bands=plain), budget=budget)
        for name, source in _kinds(draws).items():
            times = median_seconds(lambda m=model, b=source: m.impulse_responses(10, bands=b), budget=budget) / base
            label = f"{name}, {size}"
            if name == "bootstrap after bootstrap" and not smoke:
                limit(label, times, f"{times:.2f}x the plain bootstrap's time, at most 3x", 3.0)
            else:
                print(f"{label:<46} {times:.2f}x the plain bootstrap's time")

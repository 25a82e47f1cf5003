"""Vector autoregressions against statsmodels: fit, lag selection, responses, and many small ones at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

import panelvar as pv
from benchmarks.harness import Row, compare, equal, median_seconds, ratio
from benchmarks.samples import var_series

SYSTEMS = ((2, 100), (3, 200), (3, 500))
"""Variables and periods."""


def _fit(frame: pd.DataFrame) -> pv.VarResult:
    result = pv.fit_var(frame, lags=2)
    result.params, result.std_errors, result.pvalues, result.sigma  # noqa: B018
    return result


def _fit_many(array: Any, lags: int) -> Any:
    result = pv.fit_var_batch(array, lags=lags)
    result.params, result.std_errors, result.sigma  # noqa: B018
    return result


def _many_samples(smoke: bool) -> tuple[Any, Any]:
    """Samples to loop over, and all of them."""
    count, looped = (200, 5) if smoke else (10_000, 200)
    samples = np.array([var_series(3, 100, seed=seed).to_numpy() for seed in range(looped)])
    # The others are the same numbers, scaled: what they are does not matter to the time.
    return samples, np.concatenate([samples * (1.0 + copy) for copy in range(count // looped)])


def rows(*, smoke: bool = False) -> Iterator[Row]:
    """List our side of each timing."""
    for variables, periods in SYSTEMS:
        frame = var_series(variables, periods)
        model = pv.fit_var(frame, lags=2)
        label = f"K = {variables}, T = {periods}"
        yield Row(f"fit, {label}", lambda frame=frame: lambda: _fit(frame))
        yield Row(f"selection of 8 lags, {label}", lambda frame=frame: lambda: pv.select_lags(frame, max_lags=8))
        yield Row(
            f"orthogonalised responses to 20 steps, {label}",
            lambda model=model: lambda: model.impulse_responses(20).values,
        )

    def prepare() -> Any:
        array = _many_samples(smoke)[1]
        return lambda: _fit_many(array, 2)

    yield Row("many fits, K = 3, T = 100, 2 lags", prepare)


def main(*, smoke: bool = False) -> None:
    """Time the four."""
    from statsmodels.tsa.api import VAR

    budget = 0.1 if smoke else 4.0
    for variables, periods in SYSTEMS:
        frame = var_series(variables, periods)

        def theirs(frame: pd.DataFrame = frame) -> object:
            result = VAR(frame).fit(2)
            result.params, result.bse, result.pvalues, result.sigma_u  # noqa: B018
            return result

        mine, peer = pv.fit_var(frame, lags=2), VAR(frame).fit(2)
        equal("fit", mine.params, peer.params)
        equal("fit", mine.std_errors, peer.bse)
        equal("fit", mine.sigma, peer.sigma_u)
        label = f"K = {variables}, T = {periods}"
        compare(f"fit, {label}", lambda frame=frame: _fit(frame), "statsmodels", theirs, 10, budget=budget)
        chosen, other = pv.select_lags(frame, max_lags=8), VAR(frame).select_order(8)
        equal("selection", chosen.table["aic"], other.ics["aic"][1:])
        compare(
            f"selection of 8 lags, {label}",
            lambda frame=frame: pv.select_lags(frame, max_lags=8),
            "statsmodels",
            lambda frame=frame: VAR(frame).select_order(8),
            15,
            budget=budget,
        )
        equal("responses", mine.impulse_responses(20).values, peer.irf(20).orth_irfs)
        compare(
            f"orthogonalised responses to 20 steps, {label}",
            lambda mine=mine: mine.impulse_responses(20).values,
            "statsmodels",
            lambda peer=peer: peer.irf(20).orth_irfs,
            3,
            budget=budget,
        )
    many(smoke=smoke)


def many(*, smoke: bool) -> None:
    """Many small systems in one call, against a loop over some of them, whose time is scaled."""
    from statsmodels.tsa.api import VAR

    lags = 2
    samples, array = _many_samples(smoke)
    count, looped = len(array), len(samples)

    def theirs() -> object:
        results = [VAR(sample).fit(lags) for sample in samples]
        return [(result.params, result.bse, result.sigma_u) for result in results]

    batch, peers = pv.fit_var_batch(array, lags=lags), theirs()
    for place, (params, errors, sigma) in enumerate(peers):
        equal("batch", batch.fits.params[place], params)
        equal("batch", batch.std_errors.to_numpy()[place], errors.T.ravel())
        equal("batch", batch.sigma[place], sigma)
    budget = 0.05 if smoke else 2.0
    ratio(
        f"{count:,} fits, K = 3, T = 100, 2 lags ({looped} looped)",
        median_seconds(lambda: _fit_many(array, lags), budget=budget),
        "statsmodels loop",
        median_seconds(theirs, budget=budget, least=1) * count / looped,
        None if smoke else 50,
    )

"""Widths of Monte Carlo bands over those of refitted normal data, and where the difference comes from.

``python tests/estimates/bands/posterior_widths.py`` prints the tables of ``docs/guide/var_bands.md``.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

if __name__ == "__main__":
    ROOT = Path(__file__).resolve().parents[3]
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import numpy as np
from reference_data import table

import panelvar as pv

GROWTH = ["dl_realgdp", "dl_realcons", "dl_realinv"]
HORIZON = 10
ROOTS, PERIODS = (0.5, 0.97), (100, 500)
SYSTEMS = {
    "United States growth, VAR(2)": ("us_macro", GROWTH, 2),
    "inflation, unemployment, interest, VAR(4)": ("us_macro", ["infl", "unemp", "tbilrate"], 4),
    "West German growth, VAR(2)": ("wgmacro", ["dl_investment", "dl_income", "dl_consumption"], 2),
}


def fitted(system: str) -> pv.VarResult:
    """One of the systems; of the German data, the years to 1978, as in the textbook."""
    name, columns, lags = SYSTEMS[system]
    data = table(name)[columns].dropna().reset_index(drop=True)
    return pv.fit_var(data.iloc[:75] if name == "wgmacro" else data, lags=lags)


def simulated(root: float, periods: int, seed: int, size: int = 3) -> pv.VarResult:
    """A VAR(1) fitted to data of one, all of whose roots are the same."""
    rng = np.random.default_rng(seed)
    lag = root * np.eye(size) + 0.1 * np.triu(rng.standard_normal((size, size)), 1)
    data = np.zeros((periods + 101, size))
    for t in range(1, len(data)):
        data[t] = lag @ data[t - 1] + rng.standard_normal(size)
    return pv.fit_var(data[100:], lags=1)


def refits(model: pv.VarResult, draws: int, burn: int = 100) -> tuple[np.ndarray, np.ndarray]:
    """Lags and covariances of models fitted to normal data generated from the estimate, as statsmodels does it."""
    rng = np.random.default_rng(2)
    lags, (order, size) = np.asarray(model.coefficients), (model.lags, model.n_vars)
    constant, factor = model.params.loc["const"].to_numpy(), np.linalg.cholesky(np.asarray(model.sigma))
    rows = model.nobs
    data = np.zeros((draws, rows + order + burn, size))
    data[:, :order] = constant
    for t in range(order, rows + order + burn):
        past = sum(data[:, t - 1 - lag] @ lags[lag].T for lag in range(order))
        data[:, t] = constant + past + rng.standard_normal((draws, size)) @ factor.T
    data = data[:, burn:]
    past = [data[:, order - 1 - lag : rows + order - 1 - lag] for lag in range(order)]
    x, y = np.concatenate([np.ones((draws, rows, 1)), *past], axis=2), data[:, order:]
    estimates = np.linalg.solve(x.transpose(0, 2, 1) @ x, x.transpose(0, 2, 1) @ y)
    errors = y - x @ estimates
    sigma = errors.transpose(0, 2, 1) @ errors / (rows - 1 - size * order)
    return estimates[:, 1:].reshape(draws, order, size, size).swapaxes(2, 3), sigma


def responses(lags: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """Responses to orthogonal shocks, draw by draw."""
    found = [np.linalg.cholesky(sigma)]
    for horizon in range(1, HORIZON + 1):
        reach = range(min(lags.shape[1], horizon))
        found.append(sum(lags[:, lag] @ found[horizon - 1 - lag] for lag in reach))
    return np.stack(found, axis=1)


def ratio(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Average ratio of the widths of two 95 percent bands, by horizon; the zeros at impact left out."""
    one, two = (np.diff(np.quantile(draws, [0.025, 0.975], axis=0), axis=0)[0] for draws in (first, second))
    return np.array([(a[b > 0] / b[b > 0]).mean() for a, b in zip(one, two, strict=True)])


@dataclass(frozen=True)
class Comparison:
    """Both kinds of draws of one system."""

    model: pv.VarResult
    draws: int

    @cached_property
    def posterior(self) -> np.ndarray:
        return self.model.impulse_responses(HORIZON, bands=pv.MonteCarlo(self.draws, seed=1)).draws

    @cached_property
    def _refits(self) -> tuple[np.ndarray, np.ndarray]:
        return refits(self.model, self.draws)

    @cached_property
    def refitted(self) -> np.ndarray:
        return responses(*self._refits)

    def _moved(self, signs: np.ndarray | float) -> np.ndarray:
        lags, sigma = self._refits
        around = lags - lags.mean(axis=0)
        return responses(np.asarray(self.model.coefficients) + signs * around, sigma)

    @cached_property
    def unbiased(self) -> np.ndarray:
        """Refits moved so that the mean of their lags is the estimate."""
        return self._moved(1.0)

    @cached_property
    def symmetric(self) -> np.ndarray:
        """The same with half of the deviations, drawn by chance, reversed."""
        signs = np.where(np.random.default_rng(3).random(self.draws) < 0.5, -1.0, 1.0)
        return self._moved(signs[:, None, None, None])

    def row(self) -> list[float]:
        """Ratios at periods 1, 4, 8 and 10, their average over 0 to 10, and its three factors."""
        whole = ratio(self.posterior, self.refitted)
        average = whole.mean()
        after_bias = ratio(self.posterior, self.unbiased).mean()
        after_both = ratio(self.posterior, self.symmetric).mean()
        return [*whole[[1, 4, 8, 10]], average, average / after_bias, after_bias / after_both, after_both]


def main() -> None:
    for system in SYSTEMS:
        model = fitted(system)
        print(system, model.nobs, *(f"{number:.2f}" for number in Comparison(model, 8000).row()))
    for root in ROOTS:
        for periods in PERIODS:
            found = [Comparison(simulated(root, periods, seed), 4000).row()[2] for seed in range(5)]
            print(f"roots of {root}, {periods} periods: {min(found):.2f} to {max(found):.2f} at period 8")


if __name__ == "__main__":
    main()

"""Size of Johansen's trace test. ``python tests/simulation/trace_size.py`` rewrites trace_size.md.

Independent random walks (rank 0), with a drift in cases "c" and "rt"; two lags are estimated, one more than there are.
Shares of 20,000 samples in which rank 0 is rejected at 5%, by p-values as `johansen_test` computes them: plain, with
the correction of Reinsel and Ahn, and with Doornik's distributions for the sample size. By the residual bootstrap of
199 draws (trace_size_bootstrap.md), of 2,000 samples of case "rc".
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np

import panelvar as pv
from panelvar.nonstationary.cointegration.johansen_distribution import gamma_moments
from panelvar.nonstationary.cointegration.reduced_rank import canonical_correlations, likelihood_terms

TABLE = Path(__file__).with_name("trace_size.md")
BOOTSTRAP_TABLE = Path(__file__).with_name("trace_size_bootstrap.md")
BOOTSTRAP_REPLICATIONS = 2_000
BOOTSTRAP_CELLS = ((2, 13), (2, 25), (2, 50), (4, 25), (4, 50), (4, 100))
REPLICATIONS = 20_000
AT_ONCE = 2_000
SEED = 4711
METHODS = ("plain", "reinsel-ahn", "doornik")
PERIODS = (13, 25, 50, 100, 200, 400)
DESIGNS = tuple((trend, n_vars) for trend in ("rc", "c", "rt") for n_vars in (2, 4))


def traces(rng: np.random.Generator, trend: str, n_vars: int, periods: int, count: int) -> np.ndarray:
    """Trace statistics of rank 0 over the rows, n sum ln(1 - lambda), of a batch of samples."""
    y = np.cumsum(rng.standard_normal((count, periods, n_vars)), axis=1)
    if trend != "rc":
        y += 0.5 * np.arange(periods)[:, None]
    change = np.diff(y, axis=1)
    n = periods - 2
    one = np.ones((count, n, 1))
    time = np.broadcast_to(np.arange(n)[:, None] + 0.0, (count, n, 1))
    beside = [change[:, :-1]] if trend == "rc" else [one, change[:, :-1]]
    inside = {"rc": [y[:, 1:-1], one], "c": [y[:, 1:-1]], "rt": [y[:, 1:-1], time]}[trend]
    upper = np.asarray(np.linalg.qr(np.concatenate([*beside, *inside, change[:, 1:]], axis=2), mode="r"))
    short, m = n_vars + (trend != "rc"), upper.shape[-1] - n_vars
    found = canonical_correlations(upper[:, short:m, m:], upper[:, m:, m:])
    return likelihood_terms(found.eigenvalues[:, :n_vars]).sum(axis=1)


def rejected(trend: str, n_vars: int, periods: int, count: int, seed: int) -> dict[str, float]:
    """Share of samples in which each method rejects."""
    from scipy.special import gammaincc

    rng = np.random.default_rng([seed, n_vars, periods, DESIGNS.index((trend, n_vars))])
    parts = [traces(rng, trend, n_vars, periods, min(AT_ONCE, count - first)) for first in range(0, count, AT_ONCE)]
    raw = np.concatenate(parts)
    n, used = periods - 2, 2 * n_vars
    m = used + (2 if trend == "rt" else 1)
    out = {}
    for method, scale, rows in (("plain", n, None), ("reinsel-ahn", n - used, None), ("doornik", n, float(n - m))):
        mean, variance = gamma_moments("trace", trend, np.array([n_vars]), rows)
        out[method] = float((gammaincc(mean**2 / variance, scale * raw * mean / variance) < 0.05).mean())
    return out


def rejected_by_bootstrap(n_vars: int, periods: int, count: int, seed: int) -> float:
    """Share of samples of case "rc" in which the bootstrap rejects rank 0."""
    hits = 0
    for place in range(count):
        rng = np.random.default_rng([seed, n_vars, periods, place])
        y = np.cumsum(rng.standard_normal((periods, n_vars)), axis=0)
        source = pv.ResidualBootstrap(draws=199, seed=place)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pv.PanelVarWarning)
            result = pv.johansen_test(y, lags=2, trend="rc", bootstrap=source)
        hits += int(result.trace_pvalues[0] <= 0.05)
    return hits / count


def possible(n_vars: int, periods: int) -> bool:
    """Whether the rows cover the coefficients and the residual covariance in every case."""
    return periods - 2 - (2 * n_vars + 2) >= n_vars


def read() -> dict[tuple[str, int, int], dict[str, float]]:
    """The committed table."""
    found = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines()[2:]:
        trend, n_vars, periods, *shares = (cell.strip() for cell in line.strip("|").split("|"))
        values = dict(zip(METHODS, map(float, shares), strict=True))
        found[trend, int(n_vars), int(periods)] = values
    return found


def main() -> None:
    """Compute and write the table."""
    lines = ["| case | K | periods | plain | reinsel-ahn | doornik |", "|---|---|---|---|---|---|"]
    for trend, n_vars in DESIGNS:
        for periods in PERIODS:
            if possible(n_vars, periods):
                shares = rejected(trend, n_vars, periods, REPLICATIONS, SEED)
                cells = " | ".join(f"{shares[method]:.3f}" for method in METHODS)
                lines.append(f"| {trend} | {n_vars} | {periods} | {cells} |")
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    lines = ["| K | periods | bootstrap |", "|---|---|---|"]
    for n_vars, periods in BOOTSTRAP_CELLS:
        share = rejected_by_bootstrap(n_vars, periods, BOOTSTRAP_REPLICATIONS, SEED)
        lines.append(f"| {n_vars} | {periods} | {share:.3f} |")
    BOOTSTRAP_TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

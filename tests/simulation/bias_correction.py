"""Variants of the bias-corrected bootstrap. ``cd tests && python -m simulation.bias_correction`` rewrites the table.

What programs and papers that cite Kilian (1998) do differently, on samples of `var_coverage`: pointwise 90% bands of
orthogonalised responses, periods 0 to 12, of a VAR(1) of three variables with a constant. Every variant sees the same
samples and draws the same rows of residuals. The last two variants are not Kilian's: draws that may be explosive, and
symmetric studentised limits around the corrected estimate.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
from simulation.var_coverage import HORIZON, LEVEL, Design

from panelvar.estimates.bands.limits import limits
from panelvar.kernels.dynamics import dynamics
from panelvar.kernels.dynamics.autoregressive_bias import least_squares_bias

TABLE = Path(__file__).with_suffix(".md")
SAMPLES = 300
DRAWS = 500
SEED = 1990
DESIGNS = (
    Design(100, 0.5, "one"),
    Design(100, 0.5, "all"),
    Design(100, 0.9, "all"),
    Design(100, 0.97, "one"),
    Design(100, 0.97, "all"),
    Design(200, 0.97, "all"),
    Design(100, 0.99, "all"),
)


class Variant(NamedTuple):
    """Choices: the bias of the estimates, that of a draw, what keeps draws stable, and what data are made of.

    Attributes
    ----------
    first : {"bootstrap", "pope"}
    each : {"first", "pope", "none"}
        A draw is corrected by the estimates' bias, by its own, or not at all.
    shrink : {"steps", "products", "none"}
        The correction times 0.99, 0.98, 0.97, ...; times 0.99, 0.99 * 0.98, ...; or whole, if a draw is stable to
        begin with (the estimates' own correction is shrunk by steps).
    blocks : bool
        Data start at a period drawn from the sample, not at the observed one.
    own : bool
        Residuals belong to the corrected coefficients and are times the root of n / (n - m); or are the estimates'.
    """

    first: str = "bootstrap"
    each: str = "first"
    shrink: str = "steps"
    blocks: bool = False
    own: bool = True


VARIANTS = {
    "`BootstrapAfterBootstrap()`: Kilian (1998)": Variant(),
    '`bias="pope"`: the formula in place of the first bootstrap': Variant(first="pope"),
    "the formula, in every draw anew": Variant(first="pope", each="pope"),
    "Kilian's programs of 1997": Variant(first="pope", each="pope", blocks=True, own=False),
    "draws not corrected": Variant(each="none"),
    "shrunk by products": Variant(shrink="products"),
    "data start at a drawn period": Variant(blocks=True),
    "draws' corrections not shrunk": Variant(shrink="none"),
}


class Fits(NamedTuple):
    """Least squares of a batch: lags (B, K, K), regressors by equations, and residual cross products (B, K, K)."""

    lags: np.ndarray
    scatter: np.ndarray


def fit(data: np.ndarray) -> Fits:
    """Fit a constant and a lag to each data set (B, T, K)."""
    past, now = data[:, :-1], data[:, 1:]
    past, now = past - past.mean(axis=1, keepdims=True), now - now.mean(axis=1, keepdims=True)
    lags = np.linalg.solve(past.swapaxes(1, 2) @ past, past.swapaxes(1, 2) @ now)
    left = now - past @ lags
    return Fits(lags, left.swapaxes(1, 2) @ left)


def data_sets(lags: np.ndarray, constant: np.ndarray, shocks: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Data (B, n + 1, K) from shocks (B, n, K), a period at a time."""
    data = np.empty((shocks.shape[0], shocks.shape[1] + 1, shocks.shape[2]))
    data[:, 0] = start
    for period in range(shocks.shape[1]):
        data[:, period + 1] = constant + data[:, period] @ lags + shocks[:, period]
    return data


def pope(fits: Fits, nobs: int) -> np.ndarray:
    """The formula's bias in each draw; none where a draw is not stable."""
    stable = np.abs(np.linalg.eigvals(fits.lags)).max(axis=1) < 1.0
    bias = np.zeros(fits.lags.shape)
    bias[stable] = least_squares_bias(fits.lags[stable].swapaxes(1, 2)[:, None], fits.scatter[stable], nobs)
    return bias


def shrunk(lags: np.ndarray, bias: np.ndarray, shrink: str) -> np.ndarray:
    """Correct draws that are stable, and keep them so."""

    def largest(matrices):
        return np.abs(np.linalg.eigvals(matrices)).max(axis=1)

    bias = np.broadcast_to(bias, lags.shape)
    out = np.where((largest(lags) < 1.0)[:, None, None], lags - bias, lags)
    if shrink == "none":
        return out
    left, share, step = np.flatnonzero((largest(lags) < 1.0) & (largest(out) >= 1.0)), 1.0, 1.0
    while left.size:
        step -= 0.01
        share = max(step if shrink == "steps" else share * step, 0.0)
        out[left] = lags[left] - share * bias[left]
        left = left[largest(out[left]) >= 1.0] if share > 0.0 else left[:0]
    return out


def draws(series: np.ndarray, variant: Variant, places: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, Fits]:
    """Corrected lags of every draw, and its fit; ``places`` (2, B, n) are the rows of residuals of both bootstraps."""
    nobs, n_vars = len(series) - 1, series.shape[1]
    series = series - series.mean(axis=0)
    whole = fit(series[None])
    raise_to = np.sqrt(nobs / (nobs - n_vars - 1))

    def parts(lags):
        constant = series[1:].mean(axis=0) - series[:-1].mean(axis=0) @ lags
        left = series[1:] - constant - series[:-1] @ lags
        return constant, left - left.mean(axis=0)

    constant, left = parts(whole.lags[0])
    first = series[starts] if variant.blocks else series[0]
    if variant.first == "pope":
        bias = pope(whole, nobs)[0]
    else:
        refits = fit(data_sets(whole.lags[0], constant, raise_to * left[places[0]], first))
        bias = refits.lags.mean(axis=0) - whole.lags[0]
    centre = shrunk(whole.lags, bias, "products" if variant.shrink == "products" else "steps")[0]
    if variant.own:
        constant, left = parts(centre)
        left = raise_to * left
    fits = fit(data_sets(centre, constant, left[places[1]], first))
    if variant.each == "none":
        return fits.lags, fits
    return shrunk(fits.lags, bias if variant.each == "first" else pope(fits, nobs), variant.shrink), fits


def band(series: np.ndarray, variant: Variant, places: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pointwise limits (13, K, K) of a variant."""
    lags, fits = draws(series, variant, places, starts)
    impact = np.linalg.cholesky(fits.scatter / (len(series) - 2 - series.shape[1]))
    responses = dynamics.responses(lags.swapaxes(1, 2)[:, None], HORIZON, impact)
    return limits(responses[0], responses, LEVEL, "percentile")


def shares(design: Design, samples: int, first: int = 0) -> np.ndarray:
    """Share of responses covered in each sample by each variant, and the average width: (2, samples, variants)."""
    truth, varying = design.truth, np.ones((HORIZON + 1, 3, 3), dtype=bool)
    varying[0] = np.tril(np.ones((3, 3)))
    found = np.zeros((2, samples, len(VARIANTS)))
    for sample in range(samples):
        key = [SEED, design.periods, round(1000 * design.persistence), len(design.roots), first + sample]
        rng = np.random.default_rng(key)
        series = design.sample(rng)
        places = rng.integers(0, design.periods - 1, (2, DRAWS, design.periods - 1))
        starts = rng.integers(0, design.periods, DRAWS)
        for place, variant in enumerate(VARIANTS.values()):
            lower, upper = band(series, variant, places, starts)
            inside = (lower <= truth + 1e-12) & (truth - 1e-12 <= upper)
            found[:, sample, place] = inside[varying].mean(), (upper - lower)[varying].mean()
    return found


def sheet(found: dict[Design, np.ndarray]) -> str:
    """The page's part: coverage and, in brackets, its difference from the first row, with that one's error."""
    head = " | ".join(f"{design.periods}: {design.persistence}, {design.roots}" for design in found)
    worst = max((each[0].std(axis=0) / np.sqrt(SAMPLES)).max() for each in found.values())
    out = [
        f"Made by `cd tests && python -m simulation.bias_correction`; {DRAWS} draws a band, {SAMPLES} samples a design "
        f"(periods: persistence, roots), nominal coverage {LEVEL}. Monte Carlo standard errors of a coverage are at "
        f"most {worst:.3f}; below it stand its difference from the first row's on the same samples, with its standard "
        "error, and the width over the first row's.",
        "",
        f"| variant | {head} |",
        f"|---|{'---|' * len(found)}",
    ]
    for place, name in enumerate(VARIANTS):
        cells = []
        for each in found.values():
            covered, wide = each
            cell = f"{covered[:, place].mean():.3f}"
            if place:
                apart = covered[:, place] - covered[:, 0]
                error, width = apart.std() / np.sqrt(SAMPLES), wide[:, place].mean() / wide[:, 0].mean()
                cell += f"<br>{apart.mean():+.3f} ({error:.3f})<br>{width:.2f}"
            cells.append(cell)
        out.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(out) + "\n"


def main() -> int:
    """Write the table."""
    found = {}
    for design in DESIGNS:
        found[design] = shares(design, SAMPLES)
        print(design, found[design][0].mean(axis=0).round(3), flush=True)
    TABLE.write_text(sheet(found), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

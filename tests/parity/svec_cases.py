"""Structural error-correction models: R vars."""

from __future__ import annotations

from functools import cache

import numpy as np
from parity.cointegration_cases import IN_URCA, ML
from parity.runner import DEFAULT, Case, Comparison, expected_tree, load, within
from reference_data import table

import panelvar as pv

FILE = "svec_vars"
SCORING = within(5e-8, reason="the end of R's scoring iterations")
LONG_RUN = within(5e-7, reason="the end of R's scoring iterations; a small entry of a sum of responses")
UPPER = within(1e-8, absolute=1e-15, reason="R computes 1 - pchisq")


def pattern(node) -> np.ndarray:
    """A matrix of the file, NaN where it marks an entry as free."""
    values = np.array(node["values"], dtype=float)
    return np.where(values == 99.0, np.nan, values)


@cache
def model(group: str) -> pv.VecmResult:
    described = load(FILE)["model"][group]
    return pv.fit_vecm(
        table(group.split("_")[0])[described["variables"]],
        rank=described["rank"],
        lags=described["lags"],
        trend=IN_URCA[described["ecdet"]],
        convention=ML,
    )


@cache
def structure(group: str) -> pv.SvarResult:
    described = load(FILE)["model"][group]
    scheme = pv.ShortRun(b=pattern(described["SR"]), long_run=pattern(described["LR"]))
    return pv.fit_svar(model(group), scheme)


def paths(group: str) -> dict[str, np.ndarray]:
    found = model(group).impulse_responses(12, identification=structure(group).identification)
    return {name: found.values[:, :, place] for place, name in enumerate(found.shocks)}


def shares(group: str) -> dict[str, np.ndarray]:
    found = model(group).variance_decomposition(12, identification=structure(group).identification)
    return {name: found.values[:, place] for place, name in enumerate(model(group).names)}


def counts(group: str) -> list[int]:
    reading = structure(group).identification.fit.restrictions
    return [reading.held, int(np.isfinite(reading.known[1]).sum())]


def comparisons() -> list[Comparison]:
    out = []
    for group, node in expected_tree(FILE).items():

        def own(path, value, rule=DEFAULT, group=group):
            out.append(Comparison(f"{group}/{path}", lambda: value(group), rule))

        own("SR", lambda g: structure(g).b.to_numpy(), SCORING)
        own("LR", lambda g: structure(g).long_run.to_numpy(), LONG_RUN)
        own("Sigma_U", lambda g: structure(g).sigma.to_numpy())
        own("log_likelihood", lambda g: structure(g).loglik)
        own("restrictions", counts)
        own("irf", paths, SCORING)
        own("fevd", shares, SCORING)
        if "LRover" in node:
            own("LRover/statistic", lambda g: structure(g).overidentification.statistic)
            own("LRover/df", lambda g: structure(g).overidentification.df)
            own("LRover/pval", lambda g: structure(g).overidentification.pvalue, UPPER)
    return out


CASES = [Case(FILE, comparisons(), [], preset="default")]

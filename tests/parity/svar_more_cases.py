"""Structural forms on two further data sets: R vars."""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np
from parity.runner import Case, Comparison, Exclusion, expected_tree, load
from reference_data import table

import panelvar as pv

FILE = "svar_more_vars"
LOWER = "money_loop"


def pattern(node) -> np.ndarray | None:
    """A matrix of the file, NaN where it marks an entry as free."""
    if node == "none":
        return None
    values = np.array(node["values"], dtype=float)
    return np.where(values == 99.0, np.nan, values)


@cache
def model(group: str) -> pv.VarResult:
    described = load(FILE)["model"][group]
    data = table("germanm1" if group.startswith("money") else "macro_growth")
    return pv.fit_var(data[described["variables"]], lags=described["lags"], convention="vars")


@cache
def structure(group: str) -> pv.SvarResult:
    described = load(FILE)["model"][group]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return pv.fit_svar(model(group), pv.ShortRun(pattern(described["a"]), pattern(described["b"])))


def scheme(group: str):
    return pv.LongRun() if group.endswith("_bq") else structure(group).identification


def paths(group: str, horizon: int, cumulative: bool):
    found = model(group).impulse_responses(horizon, identification=scheme(group), cumulative=cumulative)
    return {name: found.values[:, :, place] for place, name in enumerate(model(group).names)}


def comparisons() -> list[Comparison]:
    out = []
    for group, node in expected_tree(FILE).items():
        if group == LOWER:
            continue
        horizon = 12 if group.endswith("_bq") else 8

        def own(path, value, group=group):
            out.append(Comparison(f"{group}/{path}", lambda: value(group)))

        own("irf", lambda g, h=horizon: paths(g, h, False))
        own("irf_cumulative", lambda g, h=horizon: paths(g, h, True))
        own(
            "fevd",
            lambda g, h=horizon: dict(
                zip(
                    model(g).names,
                    model(g).variance_decomposition(h, identification=scheme(g)).values.swapaxes(0, 1),
                    strict=True,
                )
            ),
        )
        if group.endswith("_bq"):
            own("B", lambda g: model(g).impulse_responses(0, identification=pv.LongRun()).values[0])
            own("LRIM", lambda g: model(g).long_run_effects(identification=pv.LongRun(), shock_size="sd").to_numpy())
            own("Sigma_U", lambda g: model(g).sigma)
            continue
        own("A", lambda g: structure(g).a.to_numpy())
        own("B", lambda g: structure(g).b.to_numpy())
        own("A_se", lambda g: structure(g).a_std_errors.to_numpy())
        own("B_se", lambda g: structure(g).b_std_errors.to_numpy())
        own("Sigma_U", lambda g: structure(g).sigma.to_numpy())
        if "LR" in node:
            own("LR/statistic", lambda g: structure(g).overidentification.statistic)
            own("LR/df", lambda g: structure(g).overidentification.df)
    return out


CASES = [
    Case(
        FILE,
        comparisons(),
        [
            Exclusion(
                LOWER,
                "R stops at a lower maximum of the likelihood from its one start; "
                "`test_a_lower_maximum_elsewhere` has the algebra",
            )
        ],
        preset="vars",
    )
]

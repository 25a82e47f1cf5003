"""Local projections: R lpirfs (lp_lin, lp_lin_iv, lp_lin_panel)."""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np
from parity.runner import Case, Comparison, expected_tree
from reference_data import table

import panelvar as pv

GROWTH = ["dl_realgdp", "dl_realcons", "dl_realinv"]
SYSTEMS = {"lin_unit": (2, "c", None, "none"), "lin_sd": (2, "c", None, "none"), "lin_trend": (4, "ct", 3, "n/(n-k)")}
# Lags, trend, lags of the kernel, its factor, instruments.
SHOCKS = {
    "observed": (3, "c", 4, "none", None),
    "observed_trend": (2, "ctt", 6, "n/(n-k)", None),
    "instrumented": (3, "c", 4, "none", ["dl_realgdp"]),
    "overidentified": (2, "c", 4, "none", ["dl_realgdp", "dl_realinv"]),
}
PANELS = {
    "classical": {"lags": 2, "shock_lags": 0, "cov": "classical"},
    "arellano": {"lags": 2},
    "twoways": {"lags": 1, "shock_lags": 0, "effects": "twoway"},
    "driscoll_kraay": {"lags": 1, "shock_lags": 0, "cov": pv.DriscollKraay(lags=3)},
    "long_difference": {"lags": 0, "long_difference": True},
    "unbalanced": {"lags": 1, "shock_lags": 0},
    "instrumented": {"lags": 0, "instruments": "loutput"},
}


def us():
    return table("us_macro").dropna().reset_index(drop=True)


@cache
def system(group: str, scheme: str) -> pv.ProjectedResponses:
    lags, trend, width, factor = SYSTEMS[group]
    return pv.fit_local_projections(
        us()[GROWTH],
        lags=lags,
        horizon=8,
        trend=trend,
        identification=scheme,
        shock_size="unit",
        lag_augmented=False,
        cov=pv.PanelNeweyWest(lags=width, factor=factor),
    )


def means(group: str, shock: int) -> np.ndarray:
    """Responses to a shock, in its size: lpirfs' standard deviation is that of the reduced form's error."""
    lp = system(group, "cholesky")
    size = 1.0
    if group == "lin_sd":
        size = float(lp.var.resids.iloc[:, shock].std())
    return lp.values[:, :, shock].T * size


def halves(group: str, shock: int) -> np.ndarray:
    """What lpirfs draws: errors of the reduced form's coefficients, added up with the weights of the impact."""
    impact = system(group, "cholesky").values[0]
    size = float(system(group, "cholesky").var.resids.iloc[:, shock].std()) if group == "lin_sd" else 1.0
    errors = system(group, "reduced_form").std_errors.copy()
    errors[0] = 0.0
    return (errors @ impact[:, shock]).T * size


@cache
def shocked(group: str) -> pv.ProjectedResponses:
    lags, trend, width, factor, tools = SHOCKS[group]
    data = us()
    # With an instrument the shock would be a variable of the system; lpirfs has it outside.
    names, shock = (["infl", "unemp"], data["tbilrate"])
    with warnings.catch_warnings():
        # The instruments are no good ones: only the arithmetic is compared.
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return pv.fit_local_projections(
            data,
            names,
            shock=shock,
            instruments=tools,
            lags=lags,
            horizon=7,
            trend=trend,
            shock_lags=0,
            cov=pv.PanelNeweyWest(lags=width, factor=factor),
        )


@cache
def panelled(group: str) -> pv.ProjectedResponses:
    gas = group not in ("unbalanced", "instrumented")
    data = pv.Panel(table("gasoline" if gas else "empluk"), "firm", "year")
    y, shock, control, horizon = ("lgaspcar", "lrpmg", "lincomep", 4) if gas else ("lemp", "lwage", "lcapital", 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return pv.fit_panel_local_projections(
            data, y, shock, controls=control, horizon=horizon, convention="plm", **PANELS[group]
        )


def comparisons() -> list[Comparison]:
    out = []
    for group in SYSTEMS:
        for shock in range(3):
            out += [
                Comparison(f"{group}/mean/{shock}/values", lambda g=group, s=shock: means(g, s)),
                Comparison(f"{group}/half/{shock}/values", lambda g=group, s=shock: halves(g, s)),
            ]
    for group in SHOCKS:
        out += [
            Comparison(f"{group}/mean/values", lambda g=group: shocked(g).values[:, :, 0].T),
            Comparison(f"{group}/se/values", lambda g=group: shocked(g).std_errors[:, :, 0].T),
        ]
    for group in PANELS:
        count = len(expected_tree("lpirfs")["panel"][group]["mean"])
        out += [
            Comparison(f"panel/{group}/mean", lambda g=group, c=count: panelled(g).values[:c, 0, 0]),
            Comparison(f"panel/{group}/se", lambda g=group, c=count: panelled(g).std_errors[:c, 0, 0]),
        ]
    return out


CASES = [Case("lpirfs", preset="plm", comparisons=comparisons())]

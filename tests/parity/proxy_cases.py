"""Shocks identified by an external instrument: R varexternalinstrument and pvars, the VAR Toolbox under Octave."""

from __future__ import annotations

from functools import cache

import numpy as np
from parity.runner import DEFAULT, Case, Comparison, expected_tree, within
from quiet import quietly
from reference_data import table

import panelvar as pv

# Variables, the first of them the shock's own; lags; instruments.
MODELS = {
    "rates": (["tbilrate", "infl", "unemp"], 4, ["dl_realgdp"]),
    "two": (["tbilrate", "infl", "unemp"], 4, ["dl_realgdp", "dl_realinv"]),
    "growth": (["dl_realinv", "dl_realgdp", "dl_realcons"], 2, ["unemp"]),
    "german": (["m", "p", "y"], 5, ["R"]),
    "late": (["tbilrate", "infl", "unemp"], 4, ["dl_realgdp"]),
    "late_two": (["tbilrate", "infl", "unemp"], 4, ["dl_realgdp", "dl_realinv"]),
}


SCHEMES = {"short": pv.Cholesky(), "long": pv.LongRun()}
GROWTH = ["dl_realgdp", "dl_realcons", "dl_realinv"]
MISSING = 80
TOOLBOX = {True: within(5e-8, reason="the VAR Toolbox solves the normal equations, here of levels"), False: DEFAULT}


def data(group: str):
    return table("germanm1" if group == "german" else "us_macro").dropna().reset_index(drop=True)


@cache
def model(group: str) -> pv.VarResult:
    names, lags = (GROWTH, 2) if group in SCHEMES else MODELS[group][:2]
    return pv.fit_var(data(group)[names], lags=lags)


@cache
def scheme(group: str) -> pv.ExternalInstrument:
    names, _, tools = MODELS[group]
    series = data(group)[tools].astype(float)
    if group.startswith("late"):
        series.iloc[:MISSING] = np.nan
    return pv.ExternalInstrument(series, names[0])


@cache
def responses(group: str, size: str) -> np.ndarray:
    found = quietly(model(group).impulse_responses, 12, identification=scheme(group), shock_size=size)
    return found.values[:, :, 0]


def scaled(group: str, centred: bool) -> np.ndarray:
    """Responses in the others' scale, which is of the residuals' covariance over the rows that have the instrument."""
    names, lags, _ = MODELS[group]
    rows = model(group).resids.to_numpy()[MISSING - lags :]
    if centred:
        rows = rows - rows.mean(axis=0)
    sigma = rows.T @ rows / (len(rows) - len(names) * lags - 1)
    column = responses(group, "unit")[0]
    return responses(group, "unit") / np.sqrt(column @ np.linalg.solve(sigma, column))


def deviation(group: str, centred: bool) -> np.ndarray:
    return scaled(group, centred) if group.startswith("late") else responses(group, "sd")


def signed(group: str) -> np.ndarray:
    """In Jentsch and Lunsford's form the sign is that of the correlation with the instrument."""
    fit = model(group)
    tool = scheme(group).series.to_numpy()[MODELS[group][1] :, 0]
    sign = np.sign(np.corrcoef(tool, fit.resids.iloc[:, 0])[0, 1])
    return sign * responses(group, "sd")[0]


def of_r() -> list[Comparison]:
    found = []
    for group, programs in expected_tree("proxy_r").items():
        own, names = "varexternalinstrument", MODELS[group][0]
        found += [
            Comparison(
                f"{group}/{own}/impact",
                lambda group=group, names=names: dict(zip(names, deviation(group, False)[0], strict=True)),
            ),
            Comparison(f"{group}/{own}/irf", lambda group=group: deviation(group, False)),
        ]
        if "pvars_MR" in programs:
            found += [
                Comparison(f"{group}/pvars_MR/impact", lambda group=group: responses(group, "sd")[0]),
                Comparison(f"{group}/pvars_JL/impact", lambda group=group: signed(group)),
            ]
    return found


def first_stage(group: str) -> dict:
    test = quietly(pv.instrument_relevance_test, model(group), scheme(group), cov="classical")
    odds = test.statistic * test.df / test.df_denominator
    return {"F": test.statistic, "rsqr": odds / (1 + odds)}


def of_scheme(group: str) -> list[Comparison]:
    def coefficients():
        fit = model(group)
        return fit.params.to_numpy().T

    def paths(horizon=12):
        return model(group).impulse_responses(horizon, identification=SCHEMES[group]).values

    def shares():
        found = model(group).variance_decomposition(13, identification=SCHEMES[group]).values
        return 100 * found.swapaxes(1, 2)

    def history():
        found = model(group).historical_decomposition(identification=SCHEMES[group])
        return found.contributions[-1].T

    return [
        Comparison(f"{group}/sigma", lambda: model(group).sigma),
        Comparison(f"{group}/F", coefficients),
        Comparison(f"{group}/B", lambda: paths(0)[0]),
        Comparison(f"{group}/irf", paths),
        Comparison(f"{group}/shares", shares),
        Comparison(f"{group}/history_last", history),
    ]


def of_toolbox() -> list[Comparison]:
    found = [part for group in SCHEMES for part in of_scheme(group)]
    for group in MODELS:
        found += [
            Comparison(f"{group}/unit", lambda group=group: responses(group, "unit"), TOOLBOX[group == "german"]),
            Comparison(f"{group}/sd", lambda group=group: deviation(group, True), TOOLBOX[group == "german"]),
            Comparison(f"{group}/first_stage", lambda group=group: first_stage(group)),
        ]
    return found


CASES = [Case("proxy_r", of_r(), preset="vars"), Case("var_toolbox", of_toolbox(), preset="default")]

"""R PooledMeanGroup: long run, speeds and short run on Grunfeld's data, balanced and with gaps."""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np
from parity.runner import Case, Comparison, Exclusion
from reference_data import table

import panelvar as pv

SHORT = {
    "ardl_1_1_1": ["D(value)", "D(capital)"],
    "ardl_1_1_1_lower_maximum": ["D(value)", "D(capital)"],
    "ardl_2_2_1": ["L(D(inv))", "D(value)", "L(D(value))", "D(capital)"],
    "gappy_ardl_1_1_1": ["D(value)", "D(capital)"],
}
# The likelihood has several maxima on these data: R's search is begun where it was begun there.
STARTS = {
    "ardl_1_1_1": {"value": 0.25, "capital": 0.16},
    "ardl_1_1_1_lower_maximum": {"value": 0.03, "capital": 0.12},
    "ardl_2_2_1": {"value": 0.09, "capital": 0.3},
    "gappy_ardl_1_1_1": {"value": 0.17, "capital": 0.14},
}


@cache
def fit(name: str) -> pv.ErrorCorrectionResult:
    """One of the models."""
    data = table("grunfeld")
    if name.startswith("gappy"):
        data = data[(3 * data["firm"] + data["year"]) % 17 != 0]
        data = data[(data["firm"] != 4) | (data["year"] >= 1938)]
    lags = (2, 2, 1) if name == "ardl_2_2_1" else 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return pv.fit_pooled_mean_group(
            pv.Panel(data, "firm", "year"), "inv", ["value", "capital"], lags=lags, start=STARTS[name]
        )


def own(name: str) -> list[str]:
    """The entities' coefficients in R's order."""
    return ["ec", *SHORT[name], "const"]


def comparisons(name: str) -> list[Comparison]:
    """What is compared of one model; a column of a table at a time, so that each has a scale of its own."""
    found = [
        Comparison(f"{name}/nobs", lambda: fit(name).nobs),
        Comparison(f"{name}/rows", lambda: np.asarray(fit(name)._design.entities.sizes)),
        Comparison(f"{name}/LR/coef", lambda: fit(name).long_run.to_numpy()),
        Comparison(f"{name}/LR/se", lambda: fit(name).std_errors.to_numpy()[:2]),
        Comparison(f"{name}/sigma2", lambda: fit(name).individual_variances.to_numpy()),
        Comparison(f"{name}/SR_coef", lambda: fit(name).individual[own(name)].to_numpy()),
        Comparison(f"{name}/SR_se", lambda: fit(name).individual_std_errors[own(name)].to_numpy()),
    ]
    if not name.startswith("gappy"):
        found.append(Comparison(f"{name}/LogL", lambda: fit(name).loglik))
    return found


CASES = [
    Case(
        "grunfeld_pooled_mean_group",
        preset="default",
        comparisons=[comparison for name in SHORT for comparison in comparisons(name)],
        exclusions=[
            Exclusion("*/iterations", "steps of another search"),
            Exclusion(
                "gappy_ardl_1_1_1/LogL", "an R error: every firm's term is multiplied by the last firm's number of rows"
            ),
        ],
    ),
]

"""Local projections: statsmodels' LocalProjections."""

from __future__ import annotations

from functools import cache, partial

from parity.runner import DEFAULT, Case, Comparison, Exclusion, load, within
from reference_data import table

import panelvar as pv

FILE = "us_macro_statsmodels_lp"
ZERO = within(1e-8, absolute=1e-13, reason="zeros at impact by construction, which statsmodels estimates")


@cache
def projected(group: str, width: int, cumulative: bool = False) -> pv.ProjectedResponses:
    model = load(FILE)["model"][group]
    data = table("us_macro").dropna().reset_index(drop=True)
    return pv.fit_local_projections(
        data,
        model["names"],
        lags=model["lags"],
        horizon=8,
        trend=model["trend"],
        exogenous=[model["exog"]] if "exog" in model else None,
        shock_size="unit",
        sample="common",
        cumulative=cumulative,
        cov=pv.PanelNeweyWest(lags=width, factor="none"),
        level=0.9,
    )


def widths(group: str) -> list[int]:
    """Lags of the kernel by period."""
    fixed = load(FILE)["model"][group]["nw_lags"]
    return [max(period, 2) for period in range(9)] if fixed is None else [fixed] * 9


PARTS = {
    "irfs": lambda lp: lp.values,
    "stderr": lambda lp: lp.std_errors,
    "lower": lambda lp: lp.lower,
    "upper": lambda lp: lp.upper,
}


def cell(group: str, part: str, period: int, place: int, shock: int) -> float:
    width = widths(group)[period]
    if part == "cumulative":
        return float(projected(group, width, True).values[period, place, shock])
    return float(PARTS[part](projected(group, width))[period, place, shock])


def comparisons() -> list[Comparison]:
    found = []
    for group, model in load(FILE)["model"].items():
        # Two shocks enter at once there: the second is that of a recursive order, the first is not.
        shock = len(model["shock_idx"]) - 1
        found += [
            Comparison(
                f"{group}/{part}/{period}/{place}/{shock}",
                partial(cell, group, part, period, place, shock),
                DEFAULT if period else ZERO,
            )
            for part in (*PARTS, "cumulative")
            for period in range(9)
            for place in range(3)
        ]
        found.append(Comparison(f"{group}/nobs", partial(rows, group)))
    return found


def rows(group: str) -> int:
    return projected(group, widths(group)[0]).nobs_by_horizon[-1]


CASES = [
    Case(
        FILE,
        comparisons(),
        [
            Exclusion(
                f"second/{part}/*/*/0",
                "of two variables that enter at once, the first given the second: no shock of a recursive order",
            )
            for part in ("irfs", "stderr", "lower", "upper", "cumulative")
        ],
        preset="statsmodels",
    )
]

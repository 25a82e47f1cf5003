"""Weights of effects in two-way coefficients by R's TwoWayFEWeights: all rows, treated states, doses."""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np
from parity.runner import Case, Comparison
from reference_data import table

import panelvar as pv

SHAPES = ("all", "ever", "doses")


@cache
def weights(shape: str) -> pv.TwoWayWeights:
    """The weights."""
    frame = table("castle")
    rows = np.arange(1, len(frame) + 1)
    frame["number"] = np.unique(frame["state"], return_inverse=True)[1] + 1
    frame["x"] = 7 * rows**2 % 101
    frame["dose"] = frame["post"] * ((5 * rows**2 + rows) % 4)
    if shape != "all":
        frame = frame[frame["effyear"] > 0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        if shape == "doses":
            return pv.weigh_two_way_effects(frame, "l_homicide ~ x | number + year", treatment="dose")
        return pv.weigh_two_way_effects(frame, "l_homicide | number + year", cohort="effyear")


def answer(shape: str) -> dict[str, object]:
    """Everything, as R names it."""
    found = weights(shape)
    n = len(found.weights)
    # R's spread for zero has n - 1 in place of n.
    spread = {"zero": found.spread_for_zero * np.sqrt((n - 1) / n), "opposite": found.spread_for_opposite_signs}
    return {
        "coefficient": found.coefficient,
        "rows": n,
        "negative": {"count": found.n_negative, "sum": found.sum_negative},
        "spread": spread,
        "weights": {f"{state} {year}": weight for (state, year), weight in found.to_frame()["weight"].items()},
    }


CASES = [
    Case(
        "castle_twowayfeweights",
        [
            Comparison(f"{shape}/{part}", lambda shape=shape, part=part: answer(shape)[part])
            for shape in SHAPES
            for part in ("coefficient", "rows", "negative", "spread", "weights")
        ],
        (),
        "default",
    )
]

"""R's HonestDiD: intervals for trends that are not parallel, at the points of its grid."""

from __future__ import annotations

import numpy as np
from parity.runner import Case, Comparison, load, within

import panelvar as pv

FILE = "benzarti_carloni_honestdid"
METHODS = {"ARP": "conditional", "LF": "conditional-least-favorable"}
POINTS, WIDTH = 800, 35


def interval(name: str) -> dict[str, float]:
    """The least and the largest value of R's grid that lie in our interval."""
    given = load(FILE)["input"]
    estimates, covariance, before = np.array(given["betahat"]), np.array(given["sigma"]), given["numPre"]
    restriction, flag, effect, bound = name.split(", ")
    found = pv.trend_sensitivity(
        estimates,
        covariance=covariance,
        n_before=before,
        of="average" if effect == "average" else None,
        restriction=restriction,
        bounds=[float(bound) * (0.02 if restriction == "smoothness" else 1.0)],
        method=METHODS[flag],
    )
    reach = WIDTH * found.std_error
    grid = np.linspace(found.estimate - reach, found.estimate + reach, POINTS)
    lower, upper = found.limits[0]
    inside = grid[(grid >= lower) & (grid <= upper)]
    return {end: value for end, value in (("lower", inside[0]), ("upper", inside[-1])) if end in expected[name]}


def tolerance(name: str):
    """A step of the grid, where R's critical values are simulated."""
    given = load(FILE)["input"]
    covariance, before = np.array(given["sigma"]), given["numPre"]
    weights = np.full(4, 0.25) if ", average, " in name else np.eye(4)[0]
    step = 2 * WIDTH / (POINTS - 1) * np.sqrt(weights @ covariance[before:, before:] @ weights)
    return within(1e-8, absolute=1.001 * step, reason="R simulates 1,000 critical values: a step of its grid")


expected = load(FILE)["expected"]
CASES = [
    Case(
        FILE,
        [
            Comparison(name, lambda name=name: interval(name), *((tolerance(name),) if ", LF, " in name else ()))
            for name in expected
        ],
        (),
        "default",
    )
]

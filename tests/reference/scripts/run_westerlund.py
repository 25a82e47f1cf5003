"""Error-correction tests of Grunfeld's panel by PyPI's Westerlund 0.1.2, a port of Stata's xtwest.

usage, where it is installed: python run_westerlund.py grunfeld.csv grunfeld_westerlund.json
"""

import contextlib
import io
import json
import sys
import warnings

import pandas as pd
from Westerlund.main import WesterlundTest

warnings.filterwarnings("ignore")
source, target = sys.argv[1:]
frame = pd.read_csv(source)
X = {"value": ["value"], "both": ["value", "capital"]}
TERMS = {"n": (False, False), "c": (True, False), "ct": (True, True)}
ORDERS = {"lags0_leads0_window2": (0, 0, 2), "lags1_leads1_window3": (1, 1, 3), "lags2_leads0_window1": (2, 0, 1)}
RANGES = {"lags0-2_leads0-1_window2": ((0, 2), (0, 1), 2)}


def run(x: list[str], trend: str, lags: object, leads: object, window: int, **options: bool) -> dict[str, object]:
    constant, line = TERMS[trend]
    with contextlib.redirect_stdout(io.StringIO()):
        found = WesterlundTest(
            data=frame,
            y_var="inv",
            x_vars=x,
            id_var="firm",
            time_var="year",
            constant=constant,
            trend=line,
            lags=lags,
            leads=leads,
            lrwindow=window,
            **options,
        ).run()
    units = found["indiv_data"]
    return {
        **{
            name: {key: float(value) for key, value in found[name].items()}
            for name in ("test_stats", "z_scores", "p_values")
        },
        "speed": [float(unit["ai"]) for unit in units],
        "lags": [int(unit["blag"]) for unit in units],
        "leads": [int(unit["blead"]) for unit in units],
    }


expected: dict[str, object] = {}
for name, x in X.items():
    for trend in TERMS:
        cells = (
            ORDERS | RANGES
            if name == "value"
            else {"lags1_leads0_window2": (1, 0, 2), "lags0-1_leads0-1_window2": ((0, 1), (0, 1), 2)}
        )
        expected[f"{name}_{trend}"] = {key: run(x, trend, *order) for key, order in cells.items()}
for trend in ("c", "ct"):
    expected[f"option_{trend}"] = {
        key: run(X["value"], trend, *order, westerlund=True) for key, order in (ORDERS | RANGES).items()
    }
document = {
    "case": "grunfeld_westerlund",
    "software": "Python 3.11; Westerlund 0.1.2 (a port of Stata's xtwest)",
    "data": "grunfeld.csv",
    "script": "run_westerlund.py",
    "model": {"entity": "firm", "time": "year", "y": "inv"},
    "conventions": {"option": "xtwest's option westerlund", "window": "lrwindow, the last lag with a weight"},
    "expected": expected,
}
with open(target, "w", encoding="utf-8") as file:
    json.dump(document, file, indent=1)
    file.write("\n")

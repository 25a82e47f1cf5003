"""Wild cluster bootstrap by the Python package wildboottest, on Grunfeld's data: every sign pattern once.

Run where the JSON is to be written: ``python run_wildboottest_variants.py FOLDER_OF_THE_DATA``. Version 0.3.2; its CRV3 code
assigns a one-element array to a number, which NumPy refuses since 2.0: there ``.item()`` was added.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from wildboottest.wildboottest import WildboottestCL

frame = pd.read_csv(Path(sys.argv[1]) / "grunfeld.csv")
names = ["const", "value", "capital"]
x = np.column_stack((np.ones(len(frame)), frame[names[1:]]))
firms = frame["firm"].to_numpy()
expected = {}
for variant in ("11", "13", "31", "33"):
    for null in (True, False):
        for number, name in enumerate(names):
            restriction = np.zeros(3)
            restriction[number] = 1.0
            test = WildboottestCL(
                X=x, Y=frame["inv"].to_numpy(), cluster=firms, R=restriction, B=99_999, bootcluster=firms, seed=1
            )
            test.get_weights("rademacher")
            test.get_scores(variant, null)
            test.get_numer()
            test.get_denom()
            test.get_tboot()
            test.get_vcov()
            test.get_tstat()
            t = float(np.ravel(test.t_stat)[0])
            draws = np.ravel(test.t_boot)
            # Draws equal to the statistic up to rounding count on neither side.
            slack = 1e-9 * abs(t)
            upper, lower = float(np.mean(draws > t + slack)), float(np.mean(draws < t - slack))
            expected.setdefault(("WCR" if null else "WCU") + variant, {})[name] = {
                "t": t,
                "draws": len(draws),
                "two-tailed": float(np.mean(np.abs(draws) > abs(t) + slack)),
                "equal-tailed": 2.0 * min(upper, lower),
                "greater": upper,
                "less": lower,
            }
case = {
    "case": "grunfeld_wildboottest_variants",
    "software": "Python wildboottest 0.3.2",
    "data": "grunfeld.csv",
    "script": "scripts/run_wildboottest_variants.py",
    "model": {"formula": "inv ~ value + capital", "cluster": "firm", "weights": "Rademacher, all 2^10 patterns"},
    "conventions": "t: (N-1)/(N-k) G/(G-1) for variants 11 and 31, (G-1)/G for 13 and 33; strict inequality",
    "expected": expected,
}
Path("grunfeld_wildboottest_variants.json").write_text(json.dumps(case, indent=1) + "\n", encoding="utf-8")

"""Johansen's statistics of eight series by jplv, the econometrics toolbox of J. LeSage for Matlab, as statsmodels' tests keep them.
usage: read_jplv.py (needs statsmodels; writes the data and a JSON file where it is run)"""
import json
from pathlib import Path
import numpy as np, statsmodels
from statsmodels.tsa.vector_ar.tests import test_coint
names = [f"y{place}" for place in range(1, 9)]
rows = [",".join(f"{value:.17g}" for value in row) for row in test_coint.dta]
Path("eight_series.csv").write_text(",".join(names) + "\n" + "\n".join(rows) + "\n")
expected = {}
for name, differences in (("TestCointJohMin18", 8), ("TestCointJoh09", 9), ("TestCointJoh12", 2)):
    case = getattr(test_coint, name); case.setup_class()
    order = {"TestCointJohMin18": -1, "TestCointJoh09": 0, "TestCointJoh12": 1}[name]
    trace, largest = (np.reshape(getattr(case, part), (8, 4), order="F") for part in ("res1_m", "res2_m"))
    expected[f"order_{order}_differences_{differences}"] = dict(trace=trace[:, 0].tolist(), max=largest[:, 0].tolist(), trace_crit=trace[:, 1:].tolist(), max_crit=largest[:, 1:].tolist())
with np.errstate(all="ignore"):
    test_coint.TestCointJoh25.setup_class()
trace, largest = (np.asarray(getattr(test_coint.TestCointJoh25, part)).ravel()[:8] for part in ("res1_m", "res2_m"))
expected["order_2_differences_5"] = dict(trace=trace.tolist(), max=largest.tolist())
document = dict(case="eight_series_jplv", software="jplv, Spatial Econometrics Toolbox for Matlab, as kept in the tests of statsmodels " + statsmodels.__version__, data="eight_series.csv", script="scripts/read_jplv.py",
    model=dict(names="deterministic order: -1 none, 0 constant, 1 trend, 2 squared trend taken out beforehand; lagged differences"), conventions=dict(crit="90, 95, 99 percent"), expected=expected)
Path("eight_series_jplv.json").write_text(json.dumps(document, indent=1))

"""pydynpd, in the Python that ``PYDYNPD_PYTHON`` names: it needs an older NumPy."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pandas as pd

from benchmarks.dynamic_peers import TABLE_4
from benchmarks.programs.answers import Call
from benchmarks.programs.outside import outside

if "PYDYNPD_PYTHON" not in os.environ:
    raise ImportError("PYDYNPD_PYTHON names no Python that has pydynpd")

# A call fits, tests and prints; what it prints is made but not shown.
_SCRIPT = f"""
import contextlib, io, json, sys, time, warnings
warnings.simplefilter("ignore")
import pandas as pd
from pydynpd import regression
frame = pd.read_csv(sys.argv[1])
def run():
    with contextlib.redirect_stdout(io.StringIO()):
        start = time.perf_counter()
        model = regression.abond({TABLE_4!r}, frame, ["firm", "year"]).models[0]
        return time.perf_counter() - start, model.step_results[1]
step = run()[1]
print(json.dumps({{"params": step.beta.ravel().tolist()[:10], "std_errors": step.std_err.tolist()[:10]}}), flush=True)
for line in sys.stdin:
    print(run()[0], flush=True)
"""


def table_4(frame: pd.DataFrame) -> Call:
    return outside([os.environ["PYDYNPD_PYTHON"]], _SCRIPT, ".py", frame)


JOBS: dict[str, Callable[[Any], Call]] = {"Arellano-Bond as pydynpd": table_4}

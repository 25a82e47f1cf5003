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

# A call fits, tests and prints; what it prints is made but not shown. Of each equation the first slopes are told.
_SCRIPT = """
import contextlib, io, json, sys, time, warnings
warnings.simplefilter("ignore")
import pandas as pd
from pydynpd import regression
frame = pd.read_csv(sys.argv[1])
def run():
    with contextlib.redirect_stdout(io.StringIO()):
        start = time.perf_counter()
        steps = [regression.abond(command, frame, %(index)s).models[0].step_results[1] for command in %(commands)s]
        return time.perf_counter() - start, steps
steps = run()[1]
print(json.dumps({name: sum((getattr(step, field).ravel().tolist()[:%(slopes)s] for step in steps), [])
                  for name, field in (("params", "beta"), ("std_errors", "std_err"))}), flush=True)
for line in sys.stdin:
    print(run()[0], flush=True)
"""
# Each equation of a panel VAR, its own lag first.
_EQUATIONS = [
    f"{own} L(1:1).{own} {' '.join(f'L(1:1).{other}' for other in 'abc' if other != own)} | gmm(a b c, 2:99) | nolevel"
    for own in "abc"
]


def fit(commands: list[str], index: list[str], slopes: int) -> Callable[[pd.DataFrame], Call]:
    script = _SCRIPT % {"commands": commands, "index": index, "slopes": slopes}
    return lambda frame: outside([os.environ["PYDYNPD_PYTHON"]], script, ".py", frame)


JOBS: dict[str, Callable[[Any], Call]] = {
    "Arellano-Bond as pydynpd": fit([TABLE_4], ["firm", "year"], 10),
    "panel VAR as pydynpd": fit(_EQUATIONS, ["entity", "time"], 3),
}

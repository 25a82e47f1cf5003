"""What ``import panelvar`` costs beyond ``import numpy``, in fresh interpreters."""

from __future__ import annotations

import statistics
import subprocess
import sys

from benchmarks.harness import human, limit

_PROBE = "import time; t = time.perf_counter(); import {}; print(time.perf_counter() - t)"


def seconds(module: str, times: int) -> float:
    """Median import time over fresh interpreters."""
    out = []
    for _ in range(times):
        done = subprocess.run([sys.executable, "-c", _PROBE.format(module)], capture_output=True, text=True, check=True)
        out.append(float(done.stdout))
    return statistics.median(out)


def main(*, smoke: bool = False) -> None:
    """Time both imports."""
    times = 1 if smoke else 15
    numpy, ours = seconds("numpy", times), seconds("panelvar", times)
    limit("import panelvar", ours - numpy, f"{human(ours)}, numpy alone {human(numpy)}; at most 50 ms more", 0.05)

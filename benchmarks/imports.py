"""What ``import panelvar`` costs beyond ``import numpy``, in fresh interpreters."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import panelvar as pv
from benchmarks.harness import Row, human, limit

MOST = 0.02
"""Seconds."""
# The package timed is the one that was imported here, wherever the interpreter would look for it.
_PROBE = f"""
import sys, time
sys.path.insert(0, {str(Path(pv.__file__).resolve().parent.parent)!r})
start = time.perf_counter()
import numpy
middle = time.perf_counter()
import panelvar
print(middle - start, time.perf_counter() - middle)
"""


def probe() -> Callable[[], tuple[float, float]]:
    """Return what starts an interpreter and tells the seconds of NumPy, and of panelvar after it.

    Bytecode is compiled beforehand, into a place of its own: an import from source would time the compiler.
    """
    cache = tempfile.TemporaryDirectory()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def run() -> tuple[float, float]:
        done = subprocess.run(
            [sys.executable, "-P", "-c", _PROBE],
            env=environment | {"PYTHONPYCACHEPREFIX": cache.name},
            capture_output=True,
            text=True,
            check=True,
        )
        numpy, ours = map(float, done.stdout.split())
        return numpy, ours

    run()
    return run


def rows(*, smoke: bool = False) -> Iterator[Row]:
    """List the import as what is timed."""

    def prepare() -> Callable[[], float]:
        run = probe()
        return lambda: run()[1]

    yield Row("import panelvar, beyond NumPy", prepare, clocked=True)


def main(*, smoke: bool = False) -> None:
    """Time both imports."""
    run = probe()
    times = [run() for _ in range(3 if smoke else 15)]
    numpy, ours = (statistics.median(each) for each in zip(*times, strict=True))
    text = f"{human(ours)} beyond NumPy's {human(numpy)}; at most {human(MOST)}"
    limit("import panelvar", ours, text, MOST)

"""What times the rows of one tree for ``python -m benchmarks compare``: a process that answers on its standard output.

It is run by its path. The benchmarks are those beside this file, whatever tree of the package they time.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import importlib.util
import json
import os
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks.harness import Row

HERE = Path(__file__).resolve().parent
GROUPS = {
    "small": "small",
    "large": "large",
    "twoway": "twoway",
    "random": "random",
    "dynamic": "dynamic_panels",
    "var": "vector",
    "bands": "vector_bands",
    "kernels": "kernels",
    "import": "imports",
}
"""The modules that list rows."""


def use(tree: str) -> str:
    """Put one tree's package before all others, and the benchmarks beside this file; say where it was found."""
    spec = importlib.util.spec_from_file_location(
        "benchmarks", HERE / "__init__.py", submodule_search_locations=[str(HERE)]
    )
    assert spec is not None and spec.loader is not None
    benchmarks = importlib.util.module_from_spec(spec)
    sys.modules["benchmarks"] = benchmarks
    spec.loader.exec_module(benchmarks)
    sys.path.insert(0, tree)
    import panelvar

    return str(Path(panelvar.__file__).resolve().parent.parent)


def listed(groups: list[str], *, smoke: bool) -> Iterator[tuple[str, Row]]:
    """List the rows of some groups."""
    for group in groups:
        for row in importlib.import_module(f"benchmarks.{GROUPS[group]}").rows(smoke=smoke):
            yield group, row


class Clock:
    """The row that is timed at present."""

    def __init__(self) -> None:
        self._row: Row | None = None
        self._run: Callable[[], Any] | None = None

    def prepare(self, row: Row) -> float:
        """Make the sample, call twice, and return how long the second call took from outside."""
        self._run = None
        gc.collect()
        self._row, self._run = row, row.prepare()
        self._once()
        start = time.perf_counter()
        self._once()
        return time.perf_counter() - start

    def _once(self) -> float:
        assert self._row is not None and self._run is not None
        start = time.perf_counter()
        found = self._run()
        taken = time.perf_counter() - start
        return float(found) if self._row.clocked else taken

    def sample(self, repeats: int, *, warm: bool) -> float:
        """Return the median seconds of some calls, after one that finds the caches filled by others."""
        if warm:
            self._once()
        return statistics.median(self._once() for _ in range(repeats))


def main(tree: str, groups: list[str], *, smoke: bool) -> None:
    """Answer one request a line: which rows there are, make one ready, time it."""
    answers = os.fdopen(os.dup(1), "w")
    # What a package prints is not an answer.
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    clock = Clock()

    def answer(**found: Any) -> None:
        print(json.dumps(found), file=answers, flush=True)

    place = use(tree)
    rows = list(listed(groups, smoke=smoke))
    answer(place=place, rows=[(group, row.label) for group, row in rows])
    for line in sys.stdin:
        request = json.loads(line)
        if "prepare" in request:
            try:
                answer(seconds=clock.prepare(rows[request["prepare"]][1]))
            except Exception as error:
                # A kernel that one tree does not have, or has with other arguments, is not compared.
                answer(missing=f"{type(error).__name__}: {error}")
        else:
            answer(seconds=clock.sample(request["repeats"], warm=request["warm"]))


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        main(sys.argv[1], sys.argv[3:], smoke=sys.argv[2] == "smoke")

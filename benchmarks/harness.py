"""How things are timed: medians after warm-up, ratios in one run, every target printed with whether it was met."""

from __future__ import annotations

import platform
import statistics
import time
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

_outcomes: list[tuple[str, bool]] = []


class Row(NamedTuple):
    """One timing of ours alone, as ``python -m benchmarks compare`` takes it.

    ``prepare`` makes the sample and returns the call that is timed; where ``clocked``, that returns its own seconds.
    """

    label: str
    prepare: Callable[[], Callable[[], Any]]
    clocked: bool = False


def environment() -> str:
    """Say what the numbers were measured on."""
    import pandas
    import scipy

    return (
        f"Python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}, "
        f"pandas {pandas.__version__}; {platform.machine()}, one BLAS thread; medians"
    )


def median_seconds(
    run: Callable[[], Any],
    *,
    budget: float = 2.0,
    least: int = 3,
    most: int = 400,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """Median time of one call: one warm-up, then as many calls as fit the budget."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        start = time.perf_counter()
        run()
        first = time.perf_counter() - start
        count = int(min(max(budget / max(first, 1e-6), least), most))
        times = []
        for _ in range(count):
            start = clock()
            run()
            times.append(clock() - start)
    return statistics.median(times)


def equal(label: str, ours: Any, theirs: Any, rtol: float = 1e-7) -> None:
    """Refuse to compare the speed of two programs that do not compute the same thing."""
    ours, theirs = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
    scale = float(np.abs(theirs).max())
    worst = float(np.abs(ours - theirs).max()) / scale
    if not worst <= rtol:
        raise AssertionError(f"{label}: results differ by {worst:.1e} of their scale; timings would mean nothing")


def human(seconds: float) -> str:
    """Print a duration with a unit that suits it."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def ratio(label: str, ours: float, peer: str, theirs: float, target: float | None) -> None:
    """Print and remember how many times faster we are than a peer."""
    times = theirs / ours
    verdict = "" if target is None else f" (target {target:g}x: {'met' if times >= target else 'MISSED'})"
    if target is not None:
        _outcomes.append((f"{label}: {times:.1f}x {peer}, target {target:g}x", times >= target))
    print(f"{label:<46} {human(ours):>9}   {peer:<18} {human(theirs):>9}  {times:6.1f}x{verdict}")


def compare(
    label: str,
    ours: Callable[[], Any],
    peer: str,
    theirs: Callable[[], Any],
    target: float | None,
    *,
    budget: float = 2.0,
    turn: float = 0.02,
) -> None:
    """Time short calls of both in turns, so that what else the machine does meanwhile meets both; print the ratio.

    Each repeats its call for ``turn`` seconds before the other has its turn, and its first call in a turn, which finds
    the caches filled by the other, does not count. ``budget`` is for both together.
    """
    times: dict[Callable[[], Any], list[float]] = {ours: [], theirs: []}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        end = time.perf_counter() + budget
        while not times[theirs] or time.perf_counter() < end:
            for run, kept in times.items():
                run()
                start = time.perf_counter()
                stop = start + turn
                while start < stop:
                    run()
                    now = time.perf_counter()
                    kept.append(now - start)
                    start = now
    ratio(label, statistics.median(times[ours]), peer, statistics.median(times[theirs]), target)


def limit(label: str, value: float, text: str, bound: float) -> None:
    """Print and remember whether a value stays within a bound."""
    met = value <= bound
    _outcomes.append((f"{label}: {text}", met))
    print(f"{label:<46} {text} ({'met' if met else 'MISSED'})")


def summary() -> str:
    """Count the targets met and list those missed."""
    missed = [text for text, met in _outcomes if not met]
    lines = [f"\n{len(_outcomes) - len(missed)} of {len(_outcomes)} targets met."]
    lines += [f"missed: {text}" for text in missed]
    return "\n".join(lines)

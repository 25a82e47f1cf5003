"""One race: programs that do the same job on the same sample take turns, once their answers are equal.

A race runs in a process of its own, forked before any other program is imported, so that one that ends badly ends its
race alone. Memory is weighed in a further process each, forked once the sample is there: what the system gave out at
most during a call, beyond what it had given out before. What a program allocates outside of Python counts too.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from benchmarks.programs.answers import Answer, Call, Told, accuracy

OURS = "panelvar"
TURN = 0.02
"""Seconds that a program repeats a short call before the next has its turn."""
COLD = 0.2
"""Seconds from which a call does not care what the caches held before it."""


class Entry(NamedTuple):
    """A program in a race: the module that has it, its name for the job, and how equal its answer must be."""

    module: str
    job: str
    tolerance: float = 1e-7


class Race(NamedTuple):
    """A job on a sample.

    ``make`` gives the sample and ``tiny`` a small one of its kind, which warms a program up before it is weighed.
    ``columns`` are the bytes of the model's columns in doubles. The first entry is the one that others must equal.
    """

    job: str
    shape: str
    size: int
    make: Callable[[], Any]
    tiny: Callable[[], Any]
    entries: Mapping[str, Entry]
    columns: int = 0
    weigh: bool = False
    threads: int = 1
    budget: float = 1.0


class Times:
    """Seconds of one program."""

    def __init__(self, call: Call, last: float) -> None:
        self.call, self.last = call, last
        self.samples: list[float] = []

    def take(self) -> None:
        """Have a turn: one call that finds the caches filled by others, then as many as fit in the turn."""
        gc.collect()
        if self.last < COLD:
            self.last = clocked(self.call)[0]
        spent = 0.0
        while spent < TURN:
            self.last = clocked(self.call)[0]
            # Seconds that a program tells may be far from those it took, and none at all.
            spent += max(self.last, 1e-9)
            self.samples.append(self.last)


def clocked(call: Call) -> tuple[float, Answer | Told | None]:
    """Run once: the seconds, by the program's own clock if it tells them, and what it found."""
    start = time.perf_counter()
    found = call()
    taken = time.perf_counter() - start
    if isinstance(found, float):
        return found, None
    return taken, found


def prepared(entry: Entry, sample: Any) -> Call:
    """Import a program and give it the sample."""
    jobs: dict[str, Callable[[Any], Call]] = importlib.import_module(f"benchmarks.programs.{entry.module}").JOBS
    return jobs[entry.job](sample)


def run(race: Race, *, once: bool = False) -> dict[str, Any]:
    """Weigh, compare, then time; each program ends with its numbers or with the reason why it has none."""
    sample = race.make()
    found: dict[str, dict[str, Any]] = {name: {} for name in race.entries}
    if race.weigh:
        for name, entry in race.entries.items():
            found[name] |= forked(lambda entry=entry: {"peak": weighed(entry, race.tiny(), sample)})
    running: dict[str, Times] = {}
    reference: Answer | None = None
    for name, entry in race.entries.items():
        try:
            call = prepared(entry, sample)
            taken, told = clocked(call)
            answer = told() if callable(told) else told
            if answer is not None and "bytes" in answer:
                found[name]["bytes"] = float(answer["bytes"])
            if answer is not None:
                if reference is None:
                    reference = answer
                else:
                    found[name]["accuracy"] = accuracy(reference, answer)
                    if not found[name]["accuracy"] <= entry.tolerance:
                        raise ArithmeticError(f"differs by {found[name]['accuracy']:.1e} of the largest entry")
            running[name] = Times(call, taken)
        except Exception as error:
            found[name]["missing"] = said(error)
    turns(list(running.values()), race.budget, once=once)
    for name, times in running.items():
        found[name] |= {
            "seconds": statistics.median(times.samples),
            "quartiles": [float(each) for each in np.quantile(times.samples, [0.25, 0.75])],
            "calls": len(times.samples),
        }
    return {
        "job": race.job,
        "shape": race.shape,
        "size": race.size,
        "columns": race.columns,
        "threads": race.threads,
        "programs": found,
    }


def turns(running: list[Times], budget: float, *, once: bool) -> None:
    """Take turns until the budget is spent; whoever began last time begins last.

    There are three turns at least, unless they would take four times the budget, and one in any case.
    """
    start = time.perf_counter()
    rounds = 0
    while running:
        spent = time.perf_counter() - start
        if rounds and (once or (spent >= budget and (rounds >= 3 or spent >= 4.0 * budget))):
            break
        for times in running:
            times.take()
        running.append(running.pop(0))
        rounds += 1


def weighed(entry: Entry, tiny: Any, sample: Any) -> int:
    """Return the bytes that a call adds at most, after one on a small sample."""
    clocked(prepared(entry, tiny))
    call = prepared(entry, sample)
    gc.collect()
    # What earlier work left to the allocator would hide as much of the call's memory.
    ctypes.CDLL(None).malloc_trim(0)
    with open("/proc/self/clear_refs", "w", encoding="ascii") as refs:
        refs.write("5")
    before = status("VmRSS")
    kept = call()
    peak = status("VmHWM") - before
    del kept
    return peak


def status(name: str) -> int:
    """Read bytes of memory off what the system tells about this process."""
    with open("/proc/self/status", encoding="ascii") as lines:
        for line in lines:
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
    raise LookupError(name)


def forked(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Do something in a process of its own, and say what it found or how it ended."""
    reader, writer = os.pipe()
    # What waits to be printed would be printed by both.
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            warnings.simplefilter("ignore")
            try:
                told = work()
            except Exception as error:
                told = {"ended": said(error)}
            with os.fdopen(writer, "w", encoding="utf-8") as pipe:
                json.dump(told, pipe)
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as pipe:
        heard = pipe.read()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    found: dict[str, Any] = json.loads(heard) if heard else {"ended": f"status {code}"}
    return found


def said(error: Exception) -> str:
    """Say in a line what went wrong."""
    return "not installed" if isinstance(error, ImportError) else f"{type(error).__name__}: {error}".splitlines()[0]

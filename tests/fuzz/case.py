"""One fuzzed call: a program of a few lines, made from a seed and a number, run and looked at."""

from __future__ import annotations

import decimal
import random
import resource
import signal
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pandas as pd
from fuzz import surface
from fuzz.arguments import Writer
from fuzz.surface import Target
from fuzz.worlds import SAME, Change, World

import panelvar as pv

CALLS_A_WORLD = 16
"""Cases that share their data."""
TURNS_OF_A_FUNCTION = 40
"""How often a public function has its turn while an attribute of a result has it once."""
MOST_TURNS_OF_A_METHOD = 8
SLOW = 2.0
"""Seconds of computing after which a call of this size counts as one without limits."""
PATIENCE = 20
MEMORY = 6 << 30


class TooSlow(BaseException):
    """A call that did not end; no Exception, so that no handler swallows it."""


@dataclass(frozen=True)
class Program:
    """What is run: lines that make what a call needs, and the call itself.

    Attributes
    ----------
    world : World
    target : Target
    lines : tuple of (name, expression)
    call : str
    mistaken : bool
        Whether an argument is wrong on purpose.
    """

    world: World
    target: Target
    lines: tuple[tuple[str, str], ...]
    call: str
    mistaken: bool = False

    @property
    def owner(self) -> str:
        """The name of the result whose member is asked for."""
        return "" if self.target.owner is None else self.call.split(".")[0]

    def text(self) -> str:
        """The program as a person would paste it."""
        head = [
            "import decimal",
            "import numpy as np, pandas as pd, panelvar as pv",
            "import sys; sys.path.insert(0, 'tests')  # from the root of the project",
            "from fuzz.worlds import World",
            f"frame, series = {self.world.source()}  # {', '.join(self.world.ailments) or 'in good order'}",
        ]
        return "\n".join([*head, *(f"{name} = {expression}" for name, expression in self.lines), f"out = {self.call}"])


@dataclass
class Outcome:
    """What came of a program.

    Attributes
    ----------
    value : object
        What the call returned.
    error : BaseException or None
    reached : bool
        Whether the call itself was reached, or a line before it failed.
    warned : list of warnings
    seconds : float
        Of the call itself, of this thread.
    owner : object
        The result whose member was asked for.
    """

    value: Any = None
    error: BaseException | None = None
    reached: bool = False
    warned: list[warnings.WarningMessage] = field(default_factory=list)
    seconds: float = 0.0
    space: dict[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """How it ended: "returned", "refused", or "unreached"."""
        if not self.reached:
            return "unreached"
        return "returned" if self.error is None else "refused"


@cache
def schedule() -> tuple[Target, ...]:
    """Every target in its turn, functions more often than members, and methods of many options than those of few."""
    turns = [target for target in surface.targets() for _ in range(turns_of(target))]
    random.Random(0).shuffle(turns)
    return tuple(turns)


def turns_of(target: Target) -> int:
    """How many turns a target has in every round."""
    if target.name in surface.functions() and target.owner is None:
        return TURNS_OF_A_FUNCTION
    return 1 if target.call is None else min(1 + len(surface.parameters(target.call)), MOST_TURNS_OF_A_METHOD)


@lru_cache(maxsize=64)
def world_of(seed: int, number: int, change: Change = SAME) -> World:
    """The world of a case."""
    return World(seed, number, awkward=number % 2 == 1, change=change)


def write(seed: int, number: int, change: Change = SAME) -> Program:
    """Write the program of a case: the same for any change of its world, but for names.

    Half of the worlds are in good order. In these, one of four calls has a mistaken argument; in the others,
    three of twenty.
    """
    turns = schedule()
    target = turns[number % len(turns)]
    rng = random.Random(f"{seed}:{number}")
    # Turns and worlds go round at different speeds, so that every target meets every kind of world.
    world = world_of(seed, number // CALLS_A_WORLD, change)
    mistaken = rng.random() < (0.15 if world.awkward else 0.25)
    writer = Writer(rng, world)
    call = writer.target(target, (1 if rng.random() < 0.8 else 2) if mistaken else 0)
    lines = writer.lines
    if any("panel" in expression.replace("_panel", "") for _, expression in [*lines, ("", call)]) or call.startswith(
        "panel"
    ):
        lines = [("panel", "pv.Panel(frame, 'i', 't')"), *lines]
    return Program(world, target, tuple(lines), call, mistaken)


@cache
def modules() -> dict[str, Any]:
    """What a program may name."""
    return {"np": np, "pd": pd, "pv": pv, "decimal": decimal, "World": World}


@contextmanager
def limits() -> Iterator[None]:
    """Stop what takes for ever, and what takes all memory."""

    def stop(signum: int, frame: FrameType | None) -> None:
        raise TooSlow(f"not done after {PATIENCE} s")

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    # Besides what the process has mapped already: after other tests that is much.
    mapped = Path("/proc/self/statm")
    used = int(mapped.read_text().split()[0]) * resource.getpagesize() if mapped.exists() else 0
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, hard))
    before = signal.signal(signal.SIGALRM, stop)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def computing() -> float:
    """Seconds that the process has computed, without those in which the system found memory for it."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_utime


def run(program: Program, alarm: bool = True) -> Outcome:
    """Run a program, one line after the other."""
    frame, series = program.world.tables()
    outcome = Outcome(space=modules() | {"frame": frame, "series": series})
    owner = program.target.owner or object
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for name, expression in (*program.lines, ("out", program.call)):
            outcome.reached = name == "out"
            began = computing()
            if alarm:
                signal.alarm(PATIENCE)
            try:
                if outcome.reached and program.owner and not isinstance(outcome.space[program.owner], owner):
                    # A call that returns one of several things has returned another.
                    outcome.reached = False
                    break
                value = eval(expression, outcome.space)
            except (Exception, TooSlow) as error:
                outcome.error = error
                break
            finally:
                if alarm:
                    signal.alarm(0)
                outcome.seconds = computing() - began
            outcome.space[name] = value
        else:
            outcome.value = value
        outcome.warned = list(caught)
    return outcome


def value_of(program: Program) -> Any:
    """What a program gives, without any watch over it; for threads."""
    frame, series = program.world.tables()
    space = modules() | {"frame": frame, "series": series}
    for name, expression in program.lines:
        space[name] = eval(expression, space)
    return eval(program.call, space)


def place(error: BaseException) -> traceback.FrameSummary:
    """Where an error was raised."""
    return traceback.extract_tb(error.__traceback__)[-1]

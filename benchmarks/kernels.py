"""Kernels to be timed: each at three sizes, each beside a twin that must first give the same numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from benchmarks.harness import Row, equal

SIZES = ("small", "medium", "large")
FILES = ("groups", "transforms", "qr", "meats", "var", "bands")
"""The ``bench_*.py`` beside this file."""


class Twins(NamedTuple):
    """One calculation done twice.

    ``form`` brings both answers to one form before they are compared (signs, order); ``rtol`` is what they may differ
    by, relative to the largest entry.
    """

    ours: Callable[[], Any]
    theirs: Callable[[], Any]
    peer: str
    rtol: float
    form: Callable[[Any], Any] = np.asarray

    def check(self, label: str) -> None:
        """Refuse twins that do not agree."""
        equal(label, self.form(self.ours()), self.form(self.theirs()), self.rtol)


FLAT = {
    "kernels.linear": "kernels",
    "kernels.absorption": "absorption",
    "kernels.dynamics": "dynamics",
    "estimates.fit": "fit",
}
"""Rooms of kernels as trees older than the wings name them."""


@cache
def kernel(path: str) -> ModuleType:
    """Import a module of kernels, in whichever place the tree that is timed has it.

    Calls that are timed ask for it too: a search that fails first would be counted against older trees.
    """
    room, _, module = path.rpartition(".")
    try:
        return import_module(f"panelvar.{path}")
    except ModuleNotFoundError:
        return import_module(f"panelvar.{FLAT[room]}.{module}")


def rows(*, smoke: bool = False) -> Iterator[Row]:
    """List our side of every kernel in ``bench_*.py``, at all sizes or at the smallest."""
    for file in FILES:
        kernels: dict[str, Callable[[str], Twins]] = import_module(f"benchmarks.bench_{file}").KERNELS
        for name, twins in kernels.items():
            for size in SIZES[:1] if smoke else SIZES:
                yield Row(f"{name}, {size}", lambda twins=twins, size=size: twins(size).ours)

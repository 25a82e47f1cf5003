"""Kernels whose work is done twice: in one thread, in two, and in two processes, which share no lock.

What two processes gain a second thread could, were it not for the interpreter's lock.
"""

from __future__ import annotations

import contextlib
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
from scipy.linalg import lapack

from benchmarks.programs.answers import Answer, Call

REPEATS = 20
"""Calls of a kernel that make one piece of work."""


class Sample:
    """A block of rows, in and out of order by group."""

    def __init__(self, rows: int, columns: int) -> None:
        rng = np.random.default_rng(0)
        self.block = np.asfortranarray(rng.normal(size=(rows, columns)))
        self.codes = rng.integers(0, rows // 10, rows)
        self.groups = rows // 10


def dot(sample: Sample) -> np.ndarray:
    return np.dot(sample.block.T, sample.block)


def matmul(sample: Sample) -> np.ndarray:
    found: np.ndarray = sample.block.T @ sample.block
    return found


def dgeqrf(sample: Sample) -> np.ndarray:
    factor: np.ndarray = lapack.dgeqrf(sample.block)[0][: sample.block.shape[1]]
    return np.abs(np.triu(factor))


def bincount(sample: Sample) -> np.ndarray:
    return np.array([np.bincount(sample.codes, column, sample.groups) for column in sample.block.T])


def add_at(sample: Sample) -> np.ndarray:
    out = np.zeros(sample.groups)
    for column in sample.block.T:
        np.add.at(out, sample.codes, column)
    return out


def repeat(sample: Sample) -> np.ndarray:
    return np.repeat(sample.block[: len(sample.block) // 2], 2, axis=0)[:8]


KERNELS = {
    "np.dot": dot,
    "@": matmul,
    "dgeqrf": dgeqrf,
    "bincount": bincount,
    "add.at": add_at,
    "repeat": repeat,
}


def piece(kernel: str, sample: Sample) -> np.ndarray:
    """Do one piece of work."""
    found = KERNELS[kernel](sample)
    for _ in range(REPEATS - 1):
        found = KERNELS[kernel](sample)
    return found


def _serve(kernel: str, sample: Sample, asked: Connection, asking: list[Connection]) -> None:
    """Do a piece of work whenever asked, until nobody can ask any more."""
    for one in asking:
        # Held here, too, it would keep itself and its neighbour waiting for ever.
        one.close()
    with contextlib.suppress(EOFError):
        while True:
            asked.recv()
            asked.send(piece(kernel, sample))


def one_thread(kernel: str, sample: Sample) -> Call:
    def run() -> Answer:
        return {"found": np.array([piece(kernel, sample), piece(kernel, sample)])}

    return run


def two_threads(kernel: str, sample: Sample) -> Call:
    pool = ThreadPoolExecutor(2)

    def run() -> Answer:
        return {"found": np.array(list(pool.map(partial(piece, kernel), [sample, sample])))}

    return run


def two_processes(kernel: str, sample: Sample) -> Call:
    """Start two processes; they end with the process of the race."""
    context = multiprocessing.get_context("fork")
    asking: list[Connection] = []
    for _ in range(2):
        here, there = context.Pipe()
        asking.append(here)
        context.Process(target=_serve, args=(kernel, sample, there, asking), daemon=True).start()
        there.close()

    def run() -> Answer:
        for one in asking:
            one.send(None)
        return {"found": np.array([one.recv() for one in asking])}

    return run


JOBS: dict[str, Callable[[Any], Call]] = {
    f"{kernel}, {how}": partial(way, kernel)
    for kernel in KERNELS
    for how, way in (("one thread", one_thread), ("two threads", two_threads), ("two processes", two_processes))
}

"""What no fit can undercut: reading the columns once, one Gram matrix of them, one QR."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from scipy.linalg import lapack

from benchmarks.programs.answers import Call, regressors_of

BLOCK = 8192


def _columns(frame: pd.DataFrame) -> np.ndarray:
    return np.asfortranarray(frame[[*regressors_of(frame), "y"]].to_numpy(float))


def read(frame: pd.DataFrame) -> Call:
    columns = _columns(frame)

    def run() -> None:
        columns.sum()

    return run


def gram(frame: pd.DataFrame) -> Call:
    columns = _columns(frame)

    def run() -> None:
        columns.T @ columns

    return run


def qr(frame: pd.DataFrame) -> Call:
    """Triangularise block by block, each block under the triangle so far."""
    columns = _columns(frame)
    width = columns.shape[1]

    def run() -> None:
        scratch = np.zeros((BLOCK + width, width), order="F")
        for start in range(0, len(columns), BLOCK):
            block = columns[start : start + BLOCK]
            scratch[width : width + len(block)] = block
            scratch[width + len(block) :] = 0.0
            factor = lapack.dgeqrf(scratch, overwrite_a=True)[0]
            scratch[:width] = np.triu(factor[:width])

    return run


JOBS: dict[str, Callable[[Any], Call]] = {"read": read, "Gram matrix": gram, "QR": qr}

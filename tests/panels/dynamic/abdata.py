"""Arellano and Bond's panel of British firms as Stata and Ox store it: in single precision."""

from __future__ import annotations

import functools

import numpy as np
import pandas as pd
from reference_data import table

LOGARITHMS = {"n": "emp", "w": "wage", "k": "capital", "ys": "output"}


@functools.cache
def _read(logarithms: type) -> pd.DataFrame:
    rows = table("empluk")
    for name, level in LOGARITHMS.items():
        single = rows[level].astype(np.float32).astype(float)
        rows[name] = np.log(single).astype(logarithms).astype(float)
    return rows[["firm", "year", "sector", *LOGARITHMS]]


def abdata(case: str = "", logarithms: type = np.float32) -> pd.DataFrame:
    """The rows of a case: those named I* lack the year 1980 of every third firm.

    Stata stores the logarithms in single precision too; Ox takes them of the stored levels in double precision.
    """
    rows = _read(logarithms).copy()
    return rows[~((rows["firm"] % 3 == 0) & (rows["year"] == 1980))] if case.startswith("I") else rows

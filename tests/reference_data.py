"""The reference data and numbers, as the tests read them."""

from __future__ import annotations

import functools
from pathlib import Path

import pandas as pd

REFERENCE = Path(__file__).resolve().parent / "reference"


@functools.cache
def _read(name: str) -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "data" / f"{name}.csv")


def table(name: str) -> pd.DataFrame:
    """A fresh copy of ``tests/reference/data/NAME.csv``."""
    return _read(name).copy()

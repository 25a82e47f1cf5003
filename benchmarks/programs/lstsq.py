"""What one writes by hand: means by pandas, then numpy.linalg.lstsq, coefficients and classical errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.programs.answers import Answer, Call, regressors_of


def _least_squares(x: np.ndarray, y: np.ndarray, df: int) -> Answer:
    params, rss, *_ = np.linalg.lstsq(x, y, rcond=None)
    return {"params": params, "std_errors": np.sqrt(rss[0] / df * np.diag(np.linalg.inv(x.T @ x)))}


def pooled(frame: pd.DataFrame) -> Call:
    names = regressors_of(frame)

    def run() -> Answer:
        x = np.column_stack((np.ones(len(frame)), frame[names]))
        found = _least_squares(x, frame["y"].to_numpy(), len(x) - x.shape[1])
        return {name: values[1:] for name, values in found.items()}

    return run


def fixed_effects(frame: pd.DataFrame) -> Call:
    names = regressors_of(frame)

    def run() -> Answer:
        columns = frame[[*names, "y"]]
        demeaned = (columns - columns.groupby(frame["entity"]).transform("mean")).to_numpy()
        df = len(frame) - len(names) - frame["entity"].nunique()
        return _least_squares(demeaned[:, :-1], demeaned[:, -1], df)

    return run


JOBS: dict[str, Callable[[Any], Call]] = {"pooled": pooled, "fixed effects": fixed_effects}

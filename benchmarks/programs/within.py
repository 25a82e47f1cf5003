"""within-py, the solver of pyfixest's many effects: projections alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from within import solve_batch

from benchmarks.programs.answers import Answer, Call, regressors_of


def projection(effects: tuple[str, ...]) -> Callable[[pd.DataFrame], Call]:
    def prepare(frame: pd.DataFrame) -> Call:
        columns = np.asfortranarray(frame[[*regressors_of(frame), "y"]].to_numpy())
        design = np.asfortranarray(frame[list(effects)].to_numpy().astype(np.uint32))

        def run() -> Answer:
            found = solve_batch(design, columns)
            if not all(found.converged):
                raise ArithmeticError("has not converged")
            return {"demeaned": found.demeaned}

        return run

    return prepare


JOBS: dict[str, Callable[[Any], Call]] = {"projection": projection(("worker", "firm"))}

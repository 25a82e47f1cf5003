"""R's vars."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from benchmarks.programs.answers import Answer, Call
from benchmarks.programs.r import require, start

require("vars")

# Ours has the constant first and one equation a column.
_FIT = """
run <- function() {
  model <- VAR(data, p = 2, type = "const")
  tables <- lapply(summary(model)$varresult, function(each) coef(each))
  order <- c(nrow(tables[[1]]), seq_len(nrow(tables[[1]]) - 1))
  list(params = t(sapply(tables, function(each) each[order, 1])),
       std_errors = t(sapply(tables, function(each) each[order, 2])))
}
"""


def var(frame: pd.DataFrame) -> Call:
    call = start("vars", _FIT, frame)

    def run() -> Answer | float | None:
        told = call()
        if not isinstance(told, dict):
            return told if isinstance(told, float) else None
        return {name: values.reshape(-1, frame.shape[1]) for name, values in told.items()}

    return run


JOBS: dict[str, Callable[[Any], Call]] = {"VAR": var}

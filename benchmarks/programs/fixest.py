"""R's fixest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from benchmarks.programs.answers import Call, regressors_of
from benchmarks.programs.r import require, start

require("fixest")

_FIT = """
setFixest_nthreads(1)
slopes <- c(%(slopes)s)
run <- function() {
  model <- feols(y ~ %(right)s, data, vcov = %(vcov)s, notes = FALSE, fixef.tol = 1e-10)
  table <- coeftable(model)
  list(params = table[slopes, 1], std_errors = table[slopes, 2])
}
"""


def fit(effects: str, vcov: str) -> Callable[[pd.DataFrame], Call]:
    def prepare(frame: pd.DataFrame) -> Call:
        names = regressors_of(frame)
        slopes = ", ".join(f'"{name}"' for name in names)
        return start("fixest", _FIT % {"slopes": slopes, "right": " + ".join(names) + effects, "vcov": vcov}, frame)

    return prepare


JOBS: dict[str, Callable[[Any], Call]] = {
    "pooled": fit("", '"iid"'),
    "fixed effects": fit(" | entity", '"iid"'),
    "fixed effects, clustered": fit(" | entity", "~entity"),
    "two-way": fit(" | entity + time", '"iid"'),
}

"""R's plm."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.programs.answers import Call, regressors_of
from benchmarks.programs.r import require, start

require("plm")

_FIT = """
slopes <- c(%(slopes)s)
formula <- y ~ %(right)s
run <- function() {
  frame <- pdata.frame(data, index = c("entity", "time"))
  model <- plm(formula, frame, model = "%(model)s", effect = "%(effect)s")
  covariance <- %(covariance)s
  errors <- sqrt(diag(covariance))
  list(params = coef(model)[slopes], std_errors = errors[slopes])
}
"""

_IPS = """
run <- function() {
  found <- purtest(data, test = "ips", exo = "intercept", lags = "SIC", pmax = 8)
  list(statistic = found$statistic$statistic)
}
"""

_TABLE_4 = """
firms <- pdata.frame(data, index = c("firm", "year"))
run <- function() {
  model <- pgmm(lemp ~ lag(lemp, 1:2) + lag(lwage, 0:1) + lag(lcapital, 0:2) + lag(loutput, 0:2) | lag(lemp, 2:99),
                firms, effect = "twoways", model = "twosteps", transformation = "d")
  list(params = coef(model)[1:10], std_errors = sqrt(diag(vcovHC(model)))[1:10])
}
"""


def fit(model: str, effect: str, covariance: str) -> Callable[[pd.DataFrame], Call]:
    def prepare(frame: pd.DataFrame) -> Call:
        names = regressors_of(frame)
        given = {
            "slopes": ", ".join(f'"{name}"' for name in names),
            "right": " + ".join(names),
            "model": model,
            "effect": effect,
            "covariance": covariance,
        }
        return start("plm", _FIT % given, frame)

    return prepare


def im_pesaran_shin(series: np.ndarray) -> Call:
    return start("plm", _IPS, pd.DataFrame(series))


JOBS: dict[str, Callable[[Any], Call]] = {
    "pooled": fit("pooling", "individual", "vcov(model)"),
    "fixed effects": fit("within", "individual", "vcov(model)"),
    "two-way": fit("within", "twoways", "vcov(model)"),
    "IPS": im_pesaran_shin,
    "Arellano-Bond as plm": partial(start, "plm", _TABLE_4),
}

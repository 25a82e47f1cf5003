"""Panel unit roots and cointegration: time limits of the largest calls, and R plm's ``purtest`` where R has it."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

import panelvar as pv
from benchmarks.harness import equal, human, limit, median_seconds, ratio

# One statistic and the median of three times a test; plm's Maddala-Wu has p-values of another table and is left out.
_R = """
suppressMessages(library(plm))
y <- read.csv(commandArgs(TRUE)[1])
for (test in c("ips", "levinlin", "hadri")) {
  run <- function() {
    if (test == "hadri") purtest(y, test = test, exo = "intercept")
    else purtest(y, test = test, exo = "intercept", lags = "SIC", pmax = 8)
  }
  found <- run()
  seconds <- median(sapply(1:3, function(i) system.time(run())[["elapsed"]]))
  cat(test, format(found$statistic$statistic, digits = 17), seconds, "\\n")
}
"""


def walks(entities: int, periods: int) -> np.ndarray:
    """Random walks (T, N)."""
    return np.random.default_rng(entities + periods).standard_normal((entities, periods)).cumsum(axis=1).T


def as_plm(series: np.ndarray) -> dict[str, Callable[[], pv.PanelTestResult]]:
    """The calls that answer as ``purtest`` does."""
    options = {"lags": "bic", "max_lags": 8, "convention": "plm"}
    return {
        "ips": lambda: pv.ips_test(series, **options),
        "levinlin": lambda: pv.llc_test(series, **options),
        "hadri": lambda: pv.hadri_test(series, errors="heteroskedastic"),
    }


def beside_plm(budget: float, *, smoke: bool) -> None:
    """Time purtest in R on the same series, once the statistics are equal."""
    if (
        shutil.which("Rscript") is None
        or subprocess.run(["Rscript", "-e", "library(plm)"], capture_output=True).returncode
    ):
        print("R's plm is not installed: purtest is not timed.")
        return
    for entities, periods in ((5, 30),) if smoke else ((25, 50), (100, 100), (1000, 100)):
        series = walks(entities, periods)
        with tempfile.TemporaryDirectory() as folder:
            data, script = Path(folder, "y.csv"), Path(folder, "time.R")
            pd.DataFrame(series).to_csv(data, index=False, float_format="%.17g")
            script.write_text(_R, encoding="utf-8")
            told = subprocess.run(["Rscript", script, data], capture_output=True, text=True, check=True).stdout
        calls = as_plm(series)
        for line in told.splitlines():
            name, statistic, seconds = line.split()
            equal(f"{name}, {entities} x {periods}", calls[name]().statistic, float(statistic))
            ours = median_seconds(calls[name], budget=budget)
            # Hadri's statistic is a few sums in either program.
            target = 20.0 if name != "hadri" and not smoke else None
            ratio(f"{name}, {entities} x {periods}", ours, "plm", float(seconds), target)


def largest(budget: float, *, smoke: bool) -> None:
    """Time tests of many entities, each within its limit."""
    many, half = walks(*((40, 50) if smoke else (1000, 100))), walks(*((20, 50) if smoke else (500, 100)))
    calls = {
        "IPS, lags by BIC up to 8": (lambda: pv.ips_test(many, lags="bic", max_lags=8), many, 1.0),
        "LLC, lags by BIC up to 8": (lambda: pv.llc_test(many, lags="bic", max_lags=8), many, 1.0),
        "Fisher, lags by BIC up to 8": (lambda: pv.fisher_test(many, lags="bic", max_lags=8), many, 1.0),
        "CIPS, one lag": (lambda: pv.cips_test(half, lags=1), half, 1.0),
        "PANIC": (lambda: pv.panic_test(half), half, 1.0),
    }
    for label, (run, series, bound) in calls.items():
        taken = median_seconds(run, budget=budget)
        periods, entities = series.shape
        limit(f"{label}, {entities} x {periods}", taken, human(taken), np.inf if smoke else bound)
    entities, periods = 25, 50
    y, x = walks(entities, periods), walks(entities, periods + 1)[1:]
    frame = pd.DataFrame(
        {
            "i": np.repeat(np.arange(entities), periods),
            "t": np.tile(np.arange(periods), entities),
            "y": y.T.ravel(),
            "x": x.T.ravel(),
        }
    )
    panel, draws = pv.Panel(frame, "i", "t"), 19 if smoke else 999
    taken = median_seconds(lambda: pv.westerlund_test(panel, "y", "x", draws=draws, seed=1), budget=budget, least=1)
    limit(f"Westerlund, {draws} draws, {entities} x {periods}", taken, human(taken), np.inf if smoke else 10.0)


def main(*, smoke: bool = False) -> None:
    """Time all of it."""
    budget = 0.05 if smoke else 2.0
    largest(budget, smoke=smoke)
    beside_plm(budget, smoke=smoke)

"""Dynamic panels in other programs: R's plm in a process of R, pydynpd in a Python with an older NumPy.

Programs that are timed one after another tell their processor time: what else the machine does then is not in it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# A line a model: coefficients, errors, and the median of some times. Coefficients and Windmeijer's errors are timed.
_PLM = """
suppressMessages(library(plm))
given <- commandArgs(TRUE)
firms <- pdata.frame(read.csv(given[1]), index = c("firm", "year"))
system_formula <- lemp ~ lag(lemp, 1) + lag(lwage, 0:1) + lag(lcapital, 0:1) |
  lag(lemp, 2:99) + lag(lwage, 2:99) + lag(lcapital, 2:99)
table_formula <- lemp ~ lag(lemp, 1:2) + lag(lwage, 0:1) + lag(lcapital, 0:2) + lag(loutput, 0:2) | lag(lemp, 2:99)
for (collapse in c(FALSE, TRUE)) for (transformation in c("d", "ld")) {
  formula <- if (transformation == "d") table_formula else system_formula
  run <- function() {
    model <- pgmm(formula, firms, effect = "twoways", model = "twosteps", transformation = transformation,
                  collapse = collapse)
    list(coef(model), sqrt(diag(vcovHC(model))))
  }
  found <- run()
  seconds <- median(sapply(seq_len(as.integer(given[2])), function(i) sum(system.time(run())[1:2])))
  cat("[", seconds, ",[", paste(format(found[[1]], digits = 17), collapse = ","), "],[",
      paste(format(found[[2]], digits = 17), collapse = ","), "]]\\n")
}
"""

# A call of pydynpd fits, tests and prints; what it prints is made but not shown.
_PYDYNPD = """
import contextlib, io, json, statistics, sys, time, warnings
warnings.simplefilter("ignore")
import pandas as pd
from pydynpd import regression
frame = pd.read_csv(sys.argv[1])
for command in sys.argv[3:]:
    times = []
    for _ in range(int(sys.argv[2]) + 1):
        with contextlib.redirect_stdout(io.StringIO()):
            start = time.process_time()
            model = regression.abond(command, frame, ["firm", "year"]).models[0]
            times.append(time.process_time() - start)
    step = model.step_results[1]
    print(json.dumps([statistics.median(times[1:]), step.beta.ravel().tolist(), step.std_err.tolist()]))
"""
TABLE_4 = (
    "lemp L(1:2).lemp L(0:1).lwage L(0:2).lcapital L(0:2).loutput "
    "| gmm(lemp, 2:99) iv(L(0:1).lwage L(0:2).lcapital L(0:2).loutput) | timedumm nolevel"
)
# Dummies of years would instrument both of its equations, and only the levels of the other programs.
_SYSTEM = "lemp L(1:1).lemp L(0:1).lwage L(0:1).lcapital | gmm(lemp lwage lcapital, 2:99)"


class Peer(NamedTuple):
    """A model as another program estimates it."""

    seconds: float
    params: NDArray[np.float64]
    std_errors: NDArray[np.float64]


def _read(lines: str) -> list[Peer]:
    found = [json.loads(line) for line in lines.splitlines()]
    return [Peer(seconds, np.array(params), np.array(errors)) for seconds, params, errors in found]


def plm(firms: Path, repeats: int) -> list[Peer] | None:
    """Table 4 and the system, then both collapsed, with effects of years; None where R has no plm."""
    if (
        shutil.which("Rscript") is None
        or subprocess.run(["Rscript", "-e", "library(plm)"], capture_output=True).returncode
    ):
        return None
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "time.R")
        script.write_text(_PLM, encoding="utf-8")
        command = ["Rscript", str(script), str(firms), str(repeats)]
        return _read(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def pydynpd(firms: Path, repeats: int) -> list[Peer] | None:
    """The same four, the systems without effects of years; None where ``PYDYNPD_PYTHON`` names no Python."""
    python = os.environ.get("PYDYNPD_PYTHON")
    if python is None:
        return None
    commands = [TABLE_4, _SYSTEM, f"{TABLE_4} collapse", f"{_SYSTEM} | collapse"]
    command = [python, "-c", _PYDYNPD, str(firms), str(repeats), *commands]
    return _read(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

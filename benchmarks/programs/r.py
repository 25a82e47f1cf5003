"""What a program in R needs of it: a process that loads a package and does a job again and again."""

from __future__ import annotations

import shutil
import subprocess

import pandas as pd

from benchmarks.programs.answers import Call
from benchmarks.programs.outside import outside

_SCRIPT = """
suppressMessages(library(%s))
data <- read.csv(commandArgs(TRUE)[1])
%s
found <- run()
array <- function(x) paste0("[", paste(format(x, digits = 17), collapse = ","), "]")
cat("{", paste0('"', names(found), '": ', sapply(found, array), collapse = ", "), "}\\n", sep = "")
turns <- file("stdin", "r")
while (length(readLines(turns, 1)) > 0) cat(system.time(run())[["elapsed"]], "\\n")
"""


def require(package: str) -> None:
    """Refuse to go on where R, or a package of it, is not installed.

    Raises
    ------
    ImportError
    """
    ask = ["Rscript", "-e", f"library({package})"]
    if shutil.which("Rscript") is None or subprocess.run(ask, capture_output=True).returncode:
        raise ImportError(f"R has no {package} here")


def start(package: str, run: str, data: pd.DataFrame) -> Call:
    """Start R with a package and a frame called ``data``; ``run`` defines a function of that name, a list its value."""
    return outside(["Rscript"], _SCRIPT % (package, run), ".R", data)

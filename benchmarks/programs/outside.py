"""A program in a process of its own, R or another Python, that takes its turns with ours and clocks itself.

The script is given the file of its data as an argument. It prints one line of JSON, its answer, and then a line with
the seconds of one run for every line that it reads.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import weakref
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.programs.answers import Answer, Call


def outside(command: list[str], script: str, suffix: str, data: pd.DataFrame) -> Call:
    """Start a process and return what has it run once."""
    folder = tempfile.TemporaryDirectory()
    table, code = Path(folder.name, "data.csv"), Path(folder.name, f"script{suffix}")
    data.to_csv(table, index=False, float_format="%.17g")
    code.write_text(script, encoding="utf-8")
    process = subprocess.Popen(
        [*command, str(code), str(table)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )

    def heard() -> str:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"{command[0]} ended with status {process.wait()}")
        return line

    answer: Answer | None = {name: np.array(each, float) for name, each in json.loads(heard()).items()}

    def run() -> Answer | float:
        nonlocal answer
        if answer is not None:
            told, answer = answer, None
            return told
        assert process.stdin is not None
        process.stdin.write("again\n")
        process.stdin.flush()
        return float(heard())

    # The process ends when nobody can ask it any more.
    weakref.finalize(run, _end, process, folder)
    return run


def _end(process: subprocess.Popen[str], folder: tempfile.TemporaryDirectory[str]) -> None:
    assert process.stdin is not None and process.stdout is not None
    process.stdin.close()
    process.wait()
    process.stdout.close()
    folder.cleanup()

"""The benchmarks' kernels give the numbers of their twins; benchmarks refuse processes that disturb each other."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

pytest.importorskip("pytest_benchmark")
pytest.importorskip("statsmodels")


def benchmarks(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run them as the README does, in a process of their own."""
    command = [sys.executable, "-P", "-m", "pytest", "-p", "no:cacheprovider", "benchmarks"]
    command += ["-o", "python_files=bench_*.py", "--benchmark-disable", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_every_kernel_agrees_with_its_twin():
    files = sorted(path.stem for path in (ROOT / "benchmarks").glob("bench_*.py"))
    done = benchmarks("-k", "small and panelvar")
    assert done.returncode == 0, done.stdout + done.stderr
    assert files
    assert [name for name in files if f"{name}.py" not in done.stdout] == []


def test_parallel_runs_are_refused_with_the_reason():
    pytest.importorskip("xdist")
    done = benchmarks("-n", "2")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "disturb each other" in done.stderr


def test_the_files_that_are_compared_are_those_that_exist():
    source = (ROOT / "benchmarks" / "kernels.py").read_text(encoding="utf-8")
    (line,) = [line for line in source.splitlines() if line.startswith("FILES = ")]
    named = set(line.partition("=")[2].strip(" ()").replace('"', "").split(", "))
    assert named == {path.stem.removeprefix("bench_") for path in (ROOT / "benchmarks").glob("bench_*.py")}


def test_a_slow_down_counts_by_its_share_its_microseconds_and_the_spread(tmp_path):
    times = {  # microseconds before and after, and the quartiles' distance before
        "a share too small": (1000.0, 1090.0, 0.0),
        "microseconds too few": (20.0, 35.0, 0.0),
        "within twice the spread": (1000.0, 1300.0, 200.0),
        "slow": (1000.0, 1300.0, 100.0),
        "fast": (1300.0, 1000.0, 100.0),
    }
    files = []
    for side in (0, 1):
        rows = [
            {
                "extra_info": {"kernel": name, "size": "small", "side": "panelvar"},
                "stats": {"median": each[side] * 1e-6, "iqr": each[2] * 1e-6},
            }
            for name, each in times.items()
        ]
        files.append(tmp_path / f"{side}.json")
        files[-1].write_text(json.dumps({"benchmarks": rows}), encoding="utf-8")
    command = [sys.executable, "-m", "benchmarks", "compare", "--saved", *map(str, files)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    changed = {line.split(",")[0]: line.split()[-1] for line in done.stdout.splitlines() if line.endswith("ER")}
    assert changed == {"slow": "SLOWER", "fast": "FASTER"}

"""``python -m benchmarks --profile smoke|standard|full``: every race of a profile, one after another, into one file."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import time
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.harness import human
from benchmarks.race import Race, forked, run
from benchmarks.speed_report import draw, page

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"
DOCS = HERE.parent / "docs"
PACKAGES = ("numpy", "scipy", "pandas", "statsmodels", "linearmodels", "pyfixest", "within-py", "arch", "duckreg")
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
OTHERS_THREADS = ("RAYON_NUM_THREADS", "NUMBA_NUM_THREADS", "POLARS_MAX_THREADS")


def machine() -> dict[str, Any]:
    """Say what the numbers were measured on."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=HERE, capture_output=True, text=True)
    model = ""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "processor": model,
        "cores": os.cpu_count(),
        "commit": commit.stdout.strip(),
        "packages": versions,
    }


def measured(listed: Iterable[Race], *, once: bool = False) -> list[dict[str, Any]]:
    """Run races, each in a process of its own, and print what each found."""
    found = []
    for race in listed:
        for name in OTHERS_THREADS:
            # Read by a program when it is imported, which is in the race's process.
            os.environ[name] = str(race.threads)
        began = time.perf_counter()
        result = forked(lambda race=race: run(race, once=once))
        if "programs" not in result:
            result = {"job": race.job, "shape": race.shape, "size": race.size, "programs": {}} | result
        result["took"] = time.perf_counter() - began
        found.append(result)
        print(line(result), flush=True)
    return found


def line(result: dict[str, Any]) -> str:
    """Print a race in a line."""
    parts = []
    for name, each in result["programs"].items():
        what = human(each["seconds"]) if "seconds" in each else each.get("missing", "ended")[:60]
        if "peak" in each and result["columns"]:
            what += f" +{each['peak'] / result['columns']:.2f}"
        parts.append(f"{name} {what}")
    if "ended" in result:
        parts.append(f"ended with status {result['ended']}")
    return f"{result['job']}, {result['shape']}: {'; '.join(parts)} [{result['took']:.0f} s]"


def main(profile: str) -> int:
    """Run a profile, write its numbers and, unless it is only a trial, the page; the exit code says whether all ran."""
    from benchmarks.races import races

    load = os.getloadavg()[0]
    began = time.perf_counter()
    found = measured(races(profile), once=profile == "smoke")
    everything = {
        "profile": profile,
        "machine": machine() | {"load": [load, os.getloadavg()[0]]},
        "seconds": time.perf_counter() - began,
        "races": found,
    }
    where = RESULTS / f"{profile}.json"
    RESULTS.mkdir(parents=True, exist_ok=True)
    where.write_text(json.dumps(everything, indent=1), encoding="utf-8")
    print(f"{len(found)} races in {everything['seconds']:.0f} s, written to {where}.")
    write(where, RESULTS if profile == "smoke" else DOCS)
    return int(any("ended" in each for each in found))


def write(measurements: Path, docs: Path) -> None:
    """Write the page and its pictures from the file of a run."""
    everything = json.loads(measurements.read_text(encoding="utf-8"))
    pictures = draw(everything["races"], docs / "_static")
    path = docs / "speed.md"
    path.write_text(page(everything, pictures), encoding="utf-8")
    print(f"The page is {path}.")

"""``python -m benchmarks --profile smoke|standard|full``: every race of a profile, one after another, into one file."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks import speed_page, speed_report
from benchmarks.race import Race, forked, run

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"
DOCS = HERE.parent / "docs" / "evidence"
DEVELOPERS = HERE.parent / "docs" / "developers"
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
        "packages": versions,
    }


def measured(listed: Iterable[Race], *, once: bool = False) -> Iterator[dict[str, Any]]:
    """Run races, each in a process of its own; print and yield what each found."""
    told = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=HERE, capture_output=True, text=True)
    commit = told.stdout.strip()
    for race in listed:
        for name in OTHERS_THREADS:
            # Read by a program when it is imported, which is in the race's process.
            os.environ[name] = str(race.threads)
        began = time.perf_counter()
        with tempfile.TemporaryDirectory() as scratch:
            # A race ends without tidying up: what it wrote goes with this folder.
            tempfile.tempdir = scratch
            result = forked(lambda race=race: run(race, once=once))
            tempfile.tempdir = None
        if "programs" not in result:
            result = {"job": race.job, "shape": race.shape, "size": race.size, "programs": {}} | result
        result |= {"took": time.perf_counter() - began, "load": os.getloadavg()[0], "commit": commit}
        print(line(result), flush=True)
        yield result


def line(result: dict[str, Any]) -> str:
    """Print a race in a line."""
    parts = []
    for name, each in result["programs"].items():
        what = speed_report.cost(each) if "seconds" in each else each.get("missing", "ended")[:60]
        if "peak" in each and result["columns"]:
            what += f" +{each['peak'] / result['columns']:.2f}"
        parts.append(f"{name} {what}")
    if "ended" in result:
        parts.append(f"ended: {result['ended']}")
    return f"{result['job']}, {result['shape']}: {'; '.join(parts)} [{result['took']:.0f} s]"


def main(profile: str, only: str = "") -> int:
    """Run a profile, write its numbers and the page; the exit code says whether all ran and agreed.

    ``only`` is how the names of the races to run begin; what the others found in earlier runs stays.
    """
    from benchmarks.races import races

    docs = RESULTS if profile == "smoke" else DOCS
    where = docs / "speed.json"
    where.parent.mkdir(parents=True, exist_ok=True)
    if not only:
        where.unlink(missing_ok=True)
    listed = list(races(profile))
    found = []
    for each in measured(
        (race for race in listed if f"{race.job}, {race.shape}".startswith(only)), once=profile == "smoke"
    ):
        found.append(each)
        # After each race: a run that is interrupted keeps what it has measured.
        earlier = json.loads(where.read_text(encoding="utf-8")) if where.exists() else {"machine": {}, "races": []}
        known = {(race["job"], race["shape"]): race for race in [*earlier["races"], each]}
        kept = [known[race.job, race.shape] for race in listed if (race.job, race.shape) in known]
        now = machine()
        # Programs that only the earlier races had are not forgotten.
        now["packages"] = earlier["machine"].get("packages", {}) | now["packages"]
        everything = {"profile": profile, "machine": now, "races": kept}
        where.write_text(json.dumps(everything, indent=1), encoding="utf-8")
    print(f"{len(found)} races, written to {where}.")
    write(where, docs, DEVELOPERS if docs == DOCS else docs)
    return int(any(failed(each) for each in found))


def failed(race: dict[str, Any]) -> bool:
    """Whether a race ended early, or a program that is installed has no time."""
    reasons = [each["missing"] for each in race["programs"].values() if "missing" in each]
    return "ended" in race or any(reason != "not installed" for reason in reasons)


def write(measurements: Path, docs: Path, developers: Path) -> None:
    """Write the page of users, and the page of developers with its pictures, from the file of a run."""
    everything = json.loads(measurements.read_text(encoding="utf-8"))
    pages = {
        docs / "speed.md": speed_page.page(everything),
        developers / "speed_targets.md": speed_report.page(
            everything, speed_report.draw(everything["races"], developers)
        ),
    }
    for path, text in pages.items():
        path.write_text(text, encoding="utf-8")
    print(f"The pages are {' and '.join(map(str, pages))}.")

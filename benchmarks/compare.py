"""``python -m benchmarks compare OLD [GROUP ...]``: our side of the benchmarks in two trees, in interleaved pairs.

OLD is a directory with another tree of the project, or a revision that git knows. Three processes take turns at every
row: one of the old tree, one of the new, and one of the old tree again, which shows what chance does. They are started
anew several times, since where a process happens to lie in memory moves its times for as long as it lives. A row is
slower if the ratio of medians exceeds `RATIO`, the difference `SECONDS`, and the ratio's excess over one twice what the
old tree strays from itself.

``--saved OLD.json [OLD.json ...] NEW.json`` compares what ``--benchmark-autosave`` has saved instead; the files before
the last are of one commit. Runs at different times of a day are a weaker comparison. ``--races OLD.json NEW.json``
compares what ``--profile`` has written at two commits (see `benchmarks.compare_races`).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import Any

from benchmarks.harness import human
from benchmarks.worker import GROUPS, HERE

RATIO = 1.10
"""Slow-downs up to here are left to chance."""
SECONDS = 20e-6
"""So are differences up to here."""
SPREADS = 2.0
"""How many times the old tree's own spread a slow-down must exceed."""
FEWEST = 5
"""Rows with fewer samples are printed and not judged."""
SIDES = ("old", "new", "again")
RESULTS = HERE / "results"
_COLD = 0.2
# Seconds from which a call does not care what the caches held before it.


class Worker:
    """A process that times one tree."""

    def __init__(self, tree: Path, groups: list[str], *, smoke: bool) -> None:
        size = "smoke" if smoke else "full"
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(HERE / "worker.py"), str(tree), size, *groups],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # Same order of sets in both.
            env=os.environ | {"PYTHONHASHSEED": "0"},
        )
        started = self._answer()
        if Path(started["place"]) != tree:
            raise SystemExit(f"{tree} was to be timed, but panelvar was found in {started['place']}.")
        self.rows = [(group, label) for group, label in started["rows"]]

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"A worker ended with status {self._process.wait()}; what it said stands above.")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def ask(self, **request: Any) -> dict[str, Any]:
        """Send a request and wait for its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def stop(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


class Times:
    """Samples of one row by the old tree, the new one and the old one again: a list a start, of a sample a turn."""

    def __init__(self, group: str, label: str) -> None:
        self.group, self.label = group, label
        self.samples: dict[str, list[list[float]]] = {side: [] for side in SIDES}
        self.missing = ""

    def verdict(self) -> dict[str, Any]:
        """Medians, their ratio, the old tree's spread, and what follows."""
        old, new, again = (list(chain.from_iterable(self.samples[side])) for side in SIDES)
        strays = spread(self.samples["old"], self.samples["again"])
        found = judged(self.group, self.label, statistics.median(old + again), statistics.median(new), strays)
        if len(new) < FEWEST:
            found["change"] = "too few"
        return found | {"pairs": len(new)}


def judged(group: str, label: str, old: float, new: float, strays: float) -> dict[str, Any]:
    """Say whether a row became slower or faster: by a share, by microseconds, and by more than the old one strays."""
    return {
        "group": group,
        "row": label,
        "old": old,
        "new": new,
        "ratio": new / old,
        "spread": strays,
        "change": changed(old, new, SECONDS, strays),
    }


def changed(old: float, new: float, least: float, strays: float) -> str:
    """Say what became of something that is better when it is less."""
    excess = max(RATIO - 1.0, SPREADS * strays)
    if new - old > least and new > old * (1.0 + excess):
        return "slower"
    if old - new > least and old > new * (1.0 + excess):
        return "faster"
    return "same"


def spread(old: list[list[float]], again: list[list[float]], draws: int = 400) -> float:
    """Return how far two medians of one tree stray from each other: nine of ten ratios lie within it of one.

    Starts are drawn with replacement, then turns within them, the same for both.
    """
    import numpy as np

    rng = np.random.default_rng(0)
    ratios = []
    for _ in range(draws):
        picked: tuple[list[float], list[float]] = ([], [])
        for start in rng.integers(0, len(old), len(old)):
            turns = rng.integers(0, len(old[start]), len(old[start]))
            picked[0].extend(old[start][turn] for turn in turns)
            picked[1].extend(again[start][turn] for turn in turns)
        ratios.append(statistics.median(picked[0]) / statistics.median(picked[1]))
    return float(np.quantile([max(ratio, 1.0 / ratio) for ratio in ratios], 0.9)) - 1.0


@contextlib.contextmanager
def tree_of(given: str) -> Iterator[Path]:
    """A directory as it is, or what git has under a revision, in a directory for the time being."""
    if (Path(given) / "panelvar" / "__init__.py").is_file():
        yield Path(given).resolve()
        return
    done = subprocess.run(["git", "archive", given], cwd=HERE.parent, capture_output=True)
    if done.returncode:
        raise SystemExit(f"{given!r} is neither a tree with a panelvar folder nor a revision that git knows.")
    with tempfile.TemporaryDirectory() as place:
        with tarfile.open(fileobj=BytesIO(done.stdout)) as archive:
            archive.extractall(place, filter="data")
        yield Path(place).resolve()


def time_row(times: Times, number: int, workers: dict[str, Worker], share: int, options: argparse.Namespace) -> None:
    """Take one start's turns at a row."""
    answers = {side: worker.ask(prepare=number) for side, worker in workers.items()}
    for side, answer in answers.items():
        if "missing" in answer:
            times.missing = f"{side} tree: {answer['missing']}"
            return
    seconds = max(answer["seconds"] for answer in answers.values())
    repeats = int(min(max(options.turn / max(seconds, 1e-9), 1), 1000))
    warm = seconds < _COLD
    turn = len(SIDES) * seconds * (repeats + warm)
    # Rows of many seconds get fewer turns, but one a start.
    turns = max(1, min(share, int(options.row_seconds / options.starts / turn)))
    taken: dict[str, list[float]] = {side: [] for side in SIDES}
    for place in range(turns):
        first = place % len(SIDES)
        for side in (*SIDES[first:], *SIDES[:first]):
            taken[side].append(workers[side].ask(repeats=repeats, warm=warm)["seconds"])
    for side, samples in taken.items():
        times.samples[side].append(samples)


def run(old_tree: Path, new_tree: Path, options: argparse.Namespace) -> list[Times]:
    """Time all rows in every start of the workers."""
    began = time.perf_counter()
    collected: list[Times] = []
    trees = {"old": old_tree, "new": new_tree, "again": old_tree}
    starts = min(options.starts, options.pairs)
    for start in range(starts):
        workers = {side: Worker(trees[side], options.groups, smoke=options.smoke) for side in SIDES}
        rows = workers["new"].rows
        if any(worker.rows != rows for worker in workers.values()):
            raise SystemExit("The two trees list different rows.")
        collected = collected or [Times(group, label) for group, label in rows]
        share = options.pairs * (start + 1) // starts - options.pairs * start // starts
        for number, times in enumerate(collected):
            if not times.missing:
                time_row(times, number, workers, share, options)
        for worker in workers.values():
            worker.stop()
        print(f"start {start + 1} of {starts}, {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    return collected


def table(found: list[dict[str, Any]]) -> str:
    """Lay out the verdicts."""
    lines = [f"{'':<58}{'old':>9}{'new':>9}{'ratio':>8}{'old itself':>12}  change"]
    group = ""
    for row in found:
        if row["group"] != group:
            group = row["group"]
            lines.append(f"-- {group}")
        change = {"same": "", "too few": "(too few samples)"}.get(row["change"], row["change"].upper())
        times = f"{human(row['old']):>9}{human(row['new']):>9}{row['ratio']:>8.3f}{row['spread']:>11.1%}"
        lines.append(f"{row['row']:<58}{times}   {change}".rstrip())
    slower = [row for row in found if row["change"] == "slower"]
    lines.append(
        f"\n{len(slower)} of {len(found)} rows slower: ratio of medians above {RATIO:.2f}, difference above "
        f"{human(SECONDS)}, excess above {SPREADS:g} times the old tree's own spread."
    )
    if found:
        typical = statistics.geometric_mean(row["ratio"] for row in found)
        lines.append(f"Geometric mean of the ratios: {typical:.3f}.")
    return "\n".join(lines)


def saved(files: list[str]) -> list[dict[str, Any]]:
    """Compare kernels in files that pytest-benchmark has saved, our side only."""
    runs = []
    for name in files:
        benchmarks = json.loads(Path(name).read_text(encoding="utf-8"))["benchmarks"]
        ours = [each for each in benchmarks if each["extra_info"].get("side") == "panelvar"]
        runs.append({f"{e['extra_info']['kernel']}, {e['extra_info']['size']}": e["stats"] for e in ours})
    *before, after = runs
    found = []
    for label, stats in after.items():
        old = [run[label] for run in before if label in run]
        if not old:
            continue
        medians = [each["median"] for each in old]
        # One run tells of its own rounds only; several, how far runs of the same commit lie apart.
        strays = max(medians) / min(medians) - 1.0 if len(old) > 1 else old[0]["iqr"] / old[0]["median"]
        found.append(judged("kernels", label, statistics.median(medians), stats["median"], strays))
    return found


def main(arguments: list[str]) -> int:
    """Compare; the exit code is 1 if a row is slower."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks compare", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("old", nargs="?", metavar="OLD", help="a directory with another tree, or a revision")
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"any of: {', '.join(GROUPS)} (default: all)")
    parser.add_argument("--new", default=str(HERE.parent), help="the tree to judge (default: this one)")
    parser.add_argument("--pairs", type=int, default=30, help="samples a row of each tree (default: 30)")
    parser.add_argument("--starts", type=int, default=5, help="starts of the workers (default: 5)")
    parser.add_argument("--turn", type=float, default=0.02, help="seconds of one sample of a fast row (default: 0.02)")
    parser.add_argument(
        "--row-seconds", type=float, default=60.0, help="most seconds of a row; slow ones get fewer pairs (default: 60)"
    )
    parser.add_argument("--smoke", action="store_true", help="small sizes")
    parser.add_argument("--json", help="where to write everything, samples included (default: benchmarks/results/)")
    parser.add_argument("--saved", nargs="+", metavar="JSON", help="files of pytest-benchmark instead of trees")
    parser.add_argument("--races", nargs=2, metavar="JSON", help="two files of a profile instead of trees")
    options = parser.parse_args(arguments)
    if options.races:
        from benchmarks.compare_races import main as compare_races

        return compare_races(*options.races)
    if options.saved:
        if len(options.saved) < 2 or options.old:
            parser.error("--saved takes at least two files, the old commit's before the new one's, and no trees")
        found = saved(options.saved)
        print(table(found))
        return int(any(row["change"] == "slower" for row in found))
    if options.old is None:
        parser.error("name a tree or a revision to compare with")
    unknown = sorted(set(options.groups) - set(GROUPS))
    if unknown:
        parser.error(f"unknown group {unknown[0]!r}; choose from {', '.join(GROUPS)}")
    if options.pairs < 1 or options.starts < 1:
        parser.error("--pairs and --starts are at least 1")
    options.groups = options.groups or list(GROUPS)
    began = time.perf_counter()
    with tree_of(options.old) as old, tree_of(options.new) as new:
        collected = run(old, new, options)
    found = [times.verdict() for times in collected if not times.missing]
    print(table(found))
    missing = [(times.label, times.missing) for times in collected if times.missing]
    for label, reason in missing:
        print(f"not compared: {label} ({reason})")
    path = Path(options.json or RESULTS / f"compare_{time.strftime('%Y%m%d_%H%M%S')}.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    everything = {
        "old": options.old,
        "new": options.new,
        "seconds": time.perf_counter() - began,
        "limits": {"ratio": RATIO, "seconds": SECONDS, "spreads": SPREADS},
        "rows": found,
        "missing": missing,
        "samples": [{"row": times.label} | times.samples for times in collected],
    }
    path.write_text(json.dumps(everything, indent=1), encoding="utf-8")
    print(f"Written to {path}.")
    return int(any(row["change"] == "slower" for row in found))

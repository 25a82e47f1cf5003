"""The picture that opens the page of speed, drawn from the committed results beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent.parent / "evidence" / "speed.json"
OURS = "panelvar"
# Words for a job and a sample, and the programs beside us.
SHOWN = (
    ("Fixed effects, clustered errors, a million rows", "fixed effects, clustered", "1e6 x 10"),
    ("Random effects, a million rows", "random effects", "1e6 x 10"),
    ("Two-way effects, 1.1 million rows", "two-way", "110,000 entities, 10 periods, unbalanced"),
    ("Arellano-Bond, 1,120 firms", "Arellano-Bond as plm", "1,120 firms"),
    ("", "Arellano-Bond as pydynpd", "1,120 firms"),
    ("Panel VAR by GMM, 3,000 entities", "panel VAR as pydynpd", "K = 3, 3,000 entities, 8 periods"),
    ("VAR, 3 variables, 200 periods", "VAR", "K = 3, T = 200"),
    ("Simulated bands, 20 variables, 5,000 periods", "bands", "1,000 draws, K = 20, T = 5,000"),
    ("Dickey-Fuller test, 10,000 periods", "ADF", "8 lags, T = 1e4"),
    ("KPSS test, 10,000 periods", "KPSS", "T = 1e4"),
)
PEERS = ("linearmodels", "pyfixest", "statsmodels", "arch", "vars", "plm", "pydynpd")
INK, PEER, WE = "#333333", "#a9c4dc", "#b5482a"
TICKS = (0.5, 1, 2, 5, 10, 20, 50, 100)


def bars(races: list[dict[str, Any]]) -> Iterator[tuple[str, str, float]]:
    """The words of each job, a program and how many times as long as ours it takes."""
    programs = {(race["job"], race["shape"]): race["programs"] for race in races}
    for words, job, shape in SHOWN:
        of_race = programs[job, shape]
        for name in PEERS:
            if name in of_race:
                yield words, name, of_race[name]["seconds"] / of_race[OURS]["seconds"]


def draw() -> None:
    """Draw a bar for each program, below the words of its job, on a logarithmic axis."""
    import matplotlib.pyplot as plt

    races = json.loads(RESULTS.read_text(encoding="utf-8"))["races"]
    lines: list[tuple[str, float | None]] = []
    for words, name, times in bars(races):
        if words and (words, None) not in lines:
            lines.append((words, None))
        lines.append((name, times))
    _, axis = plt.subplots(figsize=(4.6, 0.21 * len(lines) + 0.7), layout="constrained")
    for place, (words, times) in enumerate(lines):
        if times is None:
            axis.text(1.07, place, words, va="center", weight="bold", color=INK, size=9)
            continue
        axis.barh(place, times - 1.0, left=1.0, height=0.8, color=PEER)
        axis.text(1.07, place, f"{words} {times:.2g}", va="center", color=INK, size=9)
    axis.axvline(1.0, color=WE, lw=2)
    axis.set(xscale="log", xlim=(0.45, 120.0), ylim=(len(lines) - 0.4, -0.6), yticks=[])
    axis.set_xticks(TICKS, [f"{tick:g}" for tick in TICKS])
    axis.minorticks_off()
    axis.tick_params(labelsize=9)
    axis.xaxis.tick_top()
    axis.set_xlabel("times as long as panelvar (the red line), log scale", size=9)
    axis.xaxis.set_label_position("top")
    axis.spines[["left", "right", "bottom"]].set_visible(False)

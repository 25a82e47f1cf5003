"""Dynamic panels and panel vector autoregressions: beside R's plm and pydynpd, within limits, and beside the floor.

pydynpd needs an older NumPy than this package runs on: it is timed where ``PYDYNPD_PYTHON`` names a Python that has it
(``python -m venv OLD && OLD/bin/pip install pydynpd "numpy<2"``, then ``PYDYNPD_PYTHON=OLD/bin/python``).
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import panelvar as pv
from benchmarks.dynamic_peers import plm, pydynpd
from benchmarks.harness import Row, equal, human, limit, median_seconds, ratio

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "tests" / "reference" / "data"
TABLE_4 = ["lwage", "L(lwage)", "lcapital", "L(lcapital)", "L(lcapital, 2)", "loutput", "L(loutput)", "L(loutput, 2)"]
SYSTEM = ["lwage", "L(lwage)", "lcapital", "L(lcapital)"]
FISCAL = ["expenditures", "revenues", "grants"]
SIMULATED = (10_000, 10)
"""Entities and periods of the panel simulated."""


def firms(copies: int = 1) -> pd.DataFrame:
    """Read Arellano and Bond's 140 firms; copies of them are other firms, with noise."""
    frame = pd.read_csv(DATA / "empluk.csv")
    rng = np.random.default_rng(0)
    found = [frame]
    for copy in range(1, copies):
        other = frame.copy()
        other["firm"] += 1000 * copy
        for name in ("lemp", "lwage", "lcapital", "loutput"):
            other[name] += 0.1 * rng.standard_normal(len(frame))
        found.append(other)
    return pd.concat(found, ignore_index=True)


@lru_cache(maxsize=1)
def municipalities() -> pv.Panel:
    """Read Dahlberg and Johansson's municipalities."""
    return pv.Panel(pd.read_csv(DATA / "dahlberg.csv"), "id", "year")


def simulated_frame(entities: int, periods: int) -> pd.DataFrame:
    """Draw entities with effects from one stable system of three variables, ``a``, ``b`` and ``c``."""
    rng = np.random.default_rng(0)
    slopes = np.array([[0.5, 0.1, 0.0], [0.1, 0.4, 0.1], [0.0, 0.1, 0.3]])
    effects = rng.standard_normal((entities, 3))
    values = np.zeros((periods + 20, entities, 3))
    for t in range(1, len(values)):
        values[t] = effects + values[t - 1] @ slopes.T + rng.standard_normal((entities, 3))
    frame = pd.DataFrame(values[20:].swapaxes(0, 1).reshape(-1, 3), columns=["a", "b", "c"])
    frame["entity"], frame["time"] = np.repeat(np.arange(entities), periods), np.tile(np.arange(periods), entities)
    return frame


def simulated(entities: int, periods: int) -> pv.Panel:
    """Return such a panel."""
    return pv.Panel(simulated_frame(entities, periods), "entity", "time")


def table_4(data: Any, *, collapse: bool = False, convention: str = "default") -> pv.DynamicPanelResult:
    """Fit Arellano and Bond's (1991) table 4 in two steps, with Windmeijer's errors."""
    return _estimated(
        pv.fit_arellano_bond(
            data,
            "lemp",
            TABLE_4,
            lags=2,
            instruments=pv.LagInstruments(collapse=collapse),
            time_effects=True,
            convention=convention,
        )
    )


def system(
    data: Any, *, collapse: bool = False, convention: str = "default", time_effects: bool = True
) -> pv.DynamicPanelResult:
    """Fit Blundell and Bond's (1998) system in two steps, with Windmeijer's errors."""
    return _estimated(
        pv.fit_blundell_bond(
            data,
            "lemp",
            SYSTEM,
            instruments=[pv.LagInstruments(["lemp", "lwage", "lcapital"], 2, collapse=collapse)],
            time_effects=time_effects,
            convention=convention,
        )
    )


def panel_var(data: pv.Panel, columns: list[str], lags: int = 1, *, collapse: bool = False) -> pv.PanelVarResult:
    """Fit a panel VAR by two-step GMM in deviations, with Windmeijer's errors."""
    return _estimated(
        pv.fit_panel_var(data, columns, lags=lags, method="gmm", instruments=pv.LagInstruments(collapse=collapse))
    )


def lsdvc(data: pv.Panel, draws: int) -> pv.CorrectedResult:
    """Fit by least squares less its bias, with errors from draws."""
    return _estimated(pv.fit_lsdvc(data, "lemp", ["lwage", "lcapital"], draws=draws, seed=1))


def corrected_moments(data: pv.Panel) -> pv.CorrectedResult:
    """Fit by moments freed of their bias."""
    return _estimated(pv.fit_bias_corrected_moments(data, "lemp", ["lwage", "lcapital"]))


def refits(model: pv.PanelVarResult, draws: int) -> Any:
    """Estimate again from entities drawn, with a band of the responses."""
    return model.impulse_responses(10, bands=pv.EntityBootstrap(draws, seed=1))


def _estimated(result: Any) -> Any:
    result.params, result.std_errors  # noqa: B018
    return result


def _calls(*, smoke: bool) -> dict[str, Callable[[], Callable[[], Any]]]:
    """What is timed, by its label: the call, once its sample is made."""
    draws, entities = (20, 300) if smoke else (500, SIMULATED[0])
    calls: dict[str, Callable[[], Callable[[], Any]]] = {}

    def firm_panel() -> pv.Panel:
        return pv.Panel(firms(), "firm", "year")

    def add(label: str, make: Callable[[], Any], call: Callable[[Any], Any]) -> None:
        def prepare() -> Callable[[], Any]:
            sample = make()
            return lambda: call(sample)

        calls[label] = prepare

    for collapse, word in ((False, ""), (True, ", collapsed")):
        add(f"Arellano-Bond, table 4{word}", firm_panel, lambda data, c=collapse: table_4(data, collapse=c))
        add(f"Blundell-Bond{word}", firm_panel, lambda data, c=collapse: system(data, collapse=c))
    add("LSDVC, 200 draws, EmplUK", firm_panel, lambda data: lsdvc(data, 200))
    add("corrected moments, EmplUK", firm_panel, corrected_moments)
    for lags in (1, 2):
        add(f"panel VAR({lags}), dahlberg", municipalities, lambda data, p=lags: panel_var(data, FISCAL, p))
    add(
        f"{draws} entity refits, panel VAR(1), dahlberg",
        lambda: panel_var(municipalities(), FISCAL),
        lambda model: refits(model, draws),
    )
    add(
        f"panel VAR(1), K = 3, collapsed, {entities} x {SIMULATED[1]}",
        lambda: simulated(entities, SIMULATED[1]),
        lambda data: panel_var(data, ["a", "b", "c"], collapse=True),
    )
    return calls


def rows(*, smoke: bool = False) -> Iterator[Row]:
    """List our side of each timing."""
    for label, prepare in _calls(smoke=smoke).items():
        yield Row(label, prepare)


def beside(name: str, frame: pd.DataFrame, budget: float, repeats: int, *, smoke: bool) -> None:
    """Compare the four models of firms with another program's, once coefficients and errors are equal."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder, "firms.csv")
        frame.to_csv(data, index=False, float_format="%.17g")
        peers = {"plm": plm, "pydynpd": pydynpd}[name](data, repeats)
    if peers is None:
        print(f"{name} is not installed: it is not timed.")
        return
    panel = pv.Panel(frame, "firm", "year")

    def ours(place: int) -> pv.DynamicPanelResult:
        collapse, levels = place > 1, place % 2 == 1
        if name == "plm":
            return (system if levels else table_4)(panel, collapse=collapse, convention="plm")
        # pydynpd is given a frame, and tests what it has estimated.
        own = pv.Panel(frame, "firm", "year")
        if levels:
            result = system(own, collapse=collapse, time_effects=False)
        else:
            result = table_4(own, collapse=collapse)
        result.pvalues, result.hansen_j, result.ar_test(1), result.ar_test(2)
        return result

    for place, peer in enumerate(peers):
        label = f"{'Blundell-Bond' if place % 2 else 'Arellano-Bond'}{', collapsed' if place > 1 else ''}"
        label = f"{label}, {panel.n_entities} firms"
        result = ours(place)
        equal(label, result.params, peer.params, 1e-8)
        equal(label, result.std_errors, peer.std_errors, 1e-8)
        seconds = median_seconds(lambda place=place: ours(place), budget=budget, clock=time.process_time)
        target = None if smoke else 50.0 if name == "plm" else 10.0
        ratio(label, seconds, name, peer.seconds, target)


def within_limits(budget: float, *, smoke: bool) -> None:
    """Time our side alone, within limits where there are some."""
    bounds = {"panel VAR(1), dahlberg": 0.3, "panel VAR(2), dahlberg": 0.3, "500 entity": 30.0, "panel VAR(1), K": 5.0}
    for label, prepare in _calls(smoke=smoke).items():
        taken = median_seconds(prepare(), budget=budget, least=1)
        bound = next((bound for start, bound in bounds.items() if label.startswith(start)), None)
        if bound is None or smoke:
            print(f"{label:<46} {human(taken):>9}")
        else:
            limit(label, taken, f"{human(taken)}, at most {bound:g} s", bound)


_WEIGH = """
import resource, sys
from benchmarks.dynamic_panels import panel_var, simulated
panel_var(simulated(int(sys.argv[1]), int(sys.argv[2])), ["a", "b", "c"], collapse=True)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def memory(*, smoke: bool) -> None:
    """Weigh a process that makes the largest panel and fits it: all of it, the interpreter too."""
    entities = 300 if smoke else SIMULATED[0]
    command = [sys.executable, "-W", "ignore", "-c", _WEIGH, str(entities), str(SIMULATED[1])]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    peak = float(told) * (1.0 if sys.platform == "darwin" else 1024.0) / 1e6
    limit(f"its whole process, {entities} x {SIMULATED[1]}", peak, f"{peak:.0f} MB, at most 1000 MB", 1000.0)


def floor(budget: float, *, smoke: bool) -> None:
    """Beside one pass over the entities' moments and one QR of those of the errors."""
    entities = 300 if smoke else SIMULATED[0]
    for label, panel, columns, collapse in (
        ("panel VAR(1), dahlberg", municipalities(), FISCAL, False),
        (f"panel VAR(1), K = 3, {entities} x {SIMULATED[1]}", simulated(entities, SIMULATED[1]), ["a", "b", "c"], True),
    ):
        result = panel_var(panel, columns, collapse=collapse)
        count = len(columns)
        moments = np.random.default_rng(0).standard_normal((result.n_entities, result.n_instruments, 2 * count))
        errors = moments[:, :, :count].swapaxes(1, 2).reshape(len(moments), -1)
        least = median_seconds(lambda m=moments, e=errors: (m.sum(axis=0), np.linalg.qr(e, mode="r")), budget=budget)
        taken = median_seconds(lambda p=panel, c=columns, k=collapse: panel_var(p, c, collapse=k), budget=budget)
        print(f"{label:<46} {human(taken)}, the floor {human(least)}: {taken / least:.1f} times")


def main(*, smoke: bool = False) -> None:
    """Time all of it."""
    budget = 0.05 if smoke else 2.0
    repeats = 1 if smoke else 5
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        for copies in (1,) if smoke else (1, 8):
            for name in ("plm", "pydynpd"):
                beside(name, firms(copies), budget, max(repeats // copies, 1), smoke=smoke)
        within_limits(budget, smoke=smoke)
        memory(smoke=smoke)
        floor(budget, smoke=smoke)

"""Panels in Parquet files: our streams, our fit of the file read whole, and what reading alone takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pandas as pd

import panelvar as pv
from benchmarks.large_files import ParquetPanel
from benchmarks.programs.answers import Call, Told, estimates


def fit(source: Callable[[ParquetPanel], Any], cov: str) -> Callable[[ParquetPanel], Call]:
    def prepare(panel: ParquetPanel) -> Call:
        names = panel.names()

        def run() -> Told:
            result = pv.fit_fixed_effects(source(panel), "y", names, cov=cov)
            result.params, result.std_errors, result.pvalues, result.rsquared, result.f_statistic.pvalue  # noqa: B018
            return lambda: estimates(result.params, result.std_errors, names)

        return run

    return prepare


def moments(source: Callable[[ParquetPanel], Any]) -> Callable[[ParquetPanel], Call]:
    """Estimate a dynamic model by two-step moments, with Windmeijer's errors and the tests of its moments."""

    def prepare(panel: ParquetPanel) -> Call:
        names = panel.names()

        def run() -> Told:
            lagged = pv.LagInstruments(last=4, collapse=True)
            result = pv.fit_arellano_bond(source(panel), "y", names, instruments=lagged)
            result.params, result.std_errors, result.pvalues, result.hansen_j, result.ar_test(1), result.ar_test(2)
            return lambda: estimates(result.params, result.std_errors, names)

        return run

    return prepare


def streamed(panel: ParquetPanel) -> Any:
    return pv.PanelStream(panel.path, "entity", "time")


def whole(panel: ParquetPanel) -> pv.Panel:
    return pv.Panel(pd.read_parquet(panel.path), "entity", "time")


def cold(prepare: Callable[[ParquetPanel], Call]) -> Callable[[ParquetPanel], Call]:
    """Have the file forgotten before each run, which does not count."""

    def prepare_cold(panel: ParquetPanel) -> Call:
        run = prepare(panel)

        def forgotten() -> float:
            panel.forget()
            start = time.perf_counter()
            run()
            return time.perf_counter() - start

        return forgotten

    return prepare_cold


def decode(panel: ParquetPanel) -> Call:
    """Read every column once, as pyarrow decodes them, a batch at a time."""
    import pyarrow.parquet as pq

    def run() -> None:
        with pq.ParquetFile(panel.path, pre_buffer=False) as file:
            for _ in file.iter_batches(use_threads=False):
                pass

    return run


def disk(panel: ParquetPanel) -> Call:
    """Read the bytes of the file."""
    buffer = bytearray(1 << 20)

    def run() -> None:
        with open(panel.path, "rb", buffering=0) as file:
            while file.readinto(buffer):
                pass

    return run


JOBS: dict[str, Callable[[Any], Call]] = {
    "fixed effects": fit(streamed, "classical"),
    "fixed effects, clustered": fit(streamed, "cluster"),
    "in memory": fit(whole, "classical"),
    "in memory, clustered": fit(whole, "cluster"),
    "Arellano-Bond": moments(streamed),
    "Arellano-Bond, in memory": moments(whole),
    "decode": decode,
    "fixed effects, cold": cold(fit(streamed, "classical")),
    "disk, cold": cold(disk),
}

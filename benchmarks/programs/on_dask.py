"""Our streams of Dask frames on the workers of a cluster."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import dask
import dask.dataframe
from distributed import Client, LocalCluster

import panelvar as pv
from benchmarks.large_files import ParquetPanel
from benchmarks.programs.answers import Call
from benchmarks.programs.streams import fit


def two_workers(cov: str, panel: ParquetPanel) -> Call:
    """Start two processes of one thread each, which keep their memory; they end with the process of the race."""
    environment = "distributed.nanny.pre-spawn-environ.MALLOC"
    keep = {f"{environment}_MMAP_THRESHOLD_": 2**25, f"{environment}_TRIM_THRESHOLD_": 2**28}
    dask.config.set({"distributed.admin.log-length": 0} | keep)
    cluster = LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None)
    client = Client(cluster)

    def source(given: ParquetPanel) -> Any:
        # Columns that are not laid side by side: a copy less.
        kept_apart = {"split_blocks": True}
        frame = dask.dataframe.read_parquet(given.path, split_row_groups=4, arrow_to_pandas=kept_apart)
        return pv.PanelStream(frame, "entity", "time")

    run = fit(source, cov)(panel)

    def with_client() -> Any:
        with client.as_current():
            return run()

    return with_client


JOBS: dict[str, Callable[[Any], Call]] = {
    "two workers": partial(two_workers, "classical"),
    "two workers, clustered": partial(two_workers, "cluster"),
}

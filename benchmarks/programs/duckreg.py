"""duckreg: compression in DuckDB, errors by a bootstrap of clusters; entity effects by Mundlak's device."""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Callable
from typing import Any

import ibis
import numpy as np
from duckreg.estimators import DuckMundlak

from benchmarks.large_files import ParquetPanel
from benchmarks.programs.answers import Answer, Call

DRAWS = 100
DRAWN = 2
"""Draws that are timed; each regroups all rows, since numbers that differ in every row compress to themselves."""


def _estimator(panel: ParquetPanel) -> DuckMundlak:
    connection = ibis.duckdb.connect(threads=1)
    connection.raw_sql(f"CREATE VIEW panel AS SELECT * FROM read_parquet('{panel.path}')")
    return DuckMundlak(
        db_name=":memory:",
        table_name="panel",
        outcome_var="y",
        covariates=panel.names(),
        unit_col="entity",
        cluster_col="entity",
        seed=0,
        n_bootstraps=DRAWN,
        connection=connection,
    )


def fit(panel: ParquetPanel, *, errors: bool) -> Call:
    """Estimate, and where errors are wanted draw a few samples, whose time is scaled; the slopes are told once."""
    told = False

    def run() -> Answer | float:
        nonlocal told
        start = time.perf_counter()
        estimator = _estimator(panel)
        with contextlib.redirect_stderr(io.StringIO()):
            estimator.prepare_data()
            estimator.compress_data()
            slopes = np.ravel(estimator.estimate())[1 : 1 + panel.regressors]
            middle = time.perf_counter()
            if not told:
                told = True
                return {"params": slopes}
            if errors:
                estimator.bootstrap()
            return middle - start + (time.perf_counter() - middle) * DRAWS / DRAWN

    return run


JOBS: dict[str, Callable[[Any], Call]] = {
    "fixed effects": lambda panel: fit(panel, errors=False),
    "fixed effects, clustered": lambda panel: fit(panel, errors=True),
}

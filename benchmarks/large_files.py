"""Parquet files of panels larger than what one would hold: written a million rows at a time, in any order."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

CHUNK = 1_000_000


class ParquetPanel(NamedTuple):
    """A file, and how many regressors are in it."""

    path: Path
    regressors: int

    def names(self) -> list[str]:
        return [f"x{j}" for j in range(self.regressors)]

    def forget(self) -> None:
        """Have the system drop what it keeps of the file in memory, so that it is read from the disk."""
        handle = os.open(self.path, os.O_RDONLY)
        os.fsync(handle)
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(handle)


def parquet_panel(
    entities: int, periods: int, regressors: int, *, ordered: bool = False, compression: str = "none", seed: int = 0
) -> ParquetPanel:
    """Write a balanced panel, sorted by entity and period or in no order, in a file of the temporary folder."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(seed)
    effects = rng.normal(size=entities)
    total = entities * periods
    order = np.arange(total) if ordered else rng.permutation(total)
    path = Path(tempfile.mkdtemp(), "panel.parquet")
    writer = None
    for start in range(0, total, CHUNK):
        entity, time = np.divmod(order[start : start + CHUNK], periods)
        effect = effects[entity]
        y = effect + rng.normal(size=len(entity))
        columns = {"entity": entity, "time": time}
        for j in range(regressors):
            x = rng.normal(size=len(entity)) + 0.5 * effect
            columns[f"x{j}"] = x
            y += (j + 1) / regressors * x
        table = pa.table(columns | {"y": y})
        # Random doubles have no dictionary worth the name.
        writer = writer or pq.ParquetWriter(path, table.schema, compression=compression, use_dictionary=False)
        writer.write_table(table, row_group_size=CHUNK // 8)
    assert writer is not None
    writer.close()
    return ParquetPanel(path, regressors)

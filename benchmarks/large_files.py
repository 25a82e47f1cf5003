"""Parquet files of panels larger than what one would hold: written a million rows at a time, in any order."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

CHUNK = 1_000_000


WRITERS = {
    "plain": {"compression": "none", "use_dictionary": False},
    "Snappy": {"compression": "snappy", "use_dictionary": False},
    "pandas": {"compression": "snappy", "use_dictionary": True},
    "polars": {"compression": "zstd", "compression_level": 3, "use_dictionary": ["entity", "time"]},
}
"""How columns are packed: random doubles have no dictionary worth the name, but pandas tries one."""
GROUPS = {"pandas": 1 << 20}
"""Rows in a group of rows, where these are not an eighth of a million, as polars had them for two million rows."""


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
    entities: int, periods: int, regressors: int, *, ordered: bool = False, writer: str = "plain", seed: int = 0
) -> ParquetPanel:
    """Write a balanced panel, sorted by entity and period or in no order, in a file of the temporary folder.

    ``writer`` is one of `WRITERS`; those of pandas and polars are their defaults.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(seed)
    effects = rng.normal(size=entities)
    total = entities * periods
    order = np.arange(total) if ordered else rng.permutation(total)
    path = Path(tempfile.mkdtemp(), "panel.parquet")
    group = GROUPS.get(writer, CHUNK // 8)
    chunk, file = max(CHUNK, group), None
    for start in range(0, total, chunk):
        entity, time = np.divmod(order[start : start + chunk], periods)
        effect = effects[entity]
        y = effect + rng.normal(size=len(entity))
        columns = {"entity": entity, "time": time}
        for j in range(regressors):
            x = rng.normal(size=len(entity)) + 0.5 * effect
            columns[f"x{j}"] = x
            y += (j + 1) / regressors * x
        table = pa.table(columns | {"y": y})
        file = file or pq.ParquetWriter(path, table.schema, **WRITERS[writer])
        file.write_table(table, row_group_size=group)
    assert file is not None
    file.close()
    return ParquetPanel(path, regressors)

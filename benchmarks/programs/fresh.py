"""What an installation costs: imports in fresh interpreters, and the size of its wheel."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import panelvar as pv
from benchmarks.imports import probe
from benchmarks.programs.answers import Answer, Call


def _probed(place: int) -> Call:
    run = probe()
    return lambda: run()[place]


def wheel() -> Answer:
    """Weigh the files as a wheel packs them, one by one."""
    folder = Path(pv.__file__).parent
    files = [path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {"bytes": np.array(sum(len(zlib.compress(path.read_bytes(), 6)) for path in files))}


JOBS: dict[str, Callable[[Any], Call]] = {
    "import numpy": lambda sample: _probed(0),
    "import panelvar": lambda sample: _probed(1),
    "wheel": lambda sample: wheel,
}

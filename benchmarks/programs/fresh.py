"""What an installation costs: imports in fresh interpreters, and the size of its wheel."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
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
    """Weigh the package as a wheel packs it: its files, and the list of them with their hashes."""
    folder = Path(pv.__file__).parent
    files = sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        record = []
        for path in files:
            content, name = path.read_bytes(), str(path.relative_to(folder.parent))
            archive.writestr(name, content)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
            record.append(f"{name},sha256={digest},{len(content)}")
        archive.writestr("RECORD", "\n".join(record))
    return {"bytes": np.array(packed.tell())}


JOBS: dict[str, Callable[[Any], Call]] = {
    "import numpy": lambda sample: _probed(0),
    "import panelvar": lambda sample: _probed(1),
    "wheel": lambda sample: wheel,
}

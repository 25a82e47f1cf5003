"""Files that are there when they are whole, or not at all: written beside their place, then put there."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def written_whole(path: str) -> Iterator[str]:
    """Give the name of a file to be written beside a path; it takes the path's place when all is written.

    A file that is there stays as it was if anything fails, such as a disk that is full. Each use has a name of its own,
    so that threads and processes may write to one path, and the last one stays. A link goes on pointing where it did.
    What is there and is no regular file, such as a pipe, is written itself.

    Parameters
    ----------
    path : str

    Yields
    ------
    str

    Raises
    ------
    OSError
        If the file cannot be put there.
    """
    place = os.path.realpath(path)
    if os.path.exists(place) and not os.path.isfile(place):
        yield place
        return
    beside = f"{place}.{uuid.uuid4().hex[:12]}.partial"
    try:
        yield beside
        if os.path.exists(place):
            shutil.copymode(place, beside)
        os.replace(beside, place)
    finally:
        # Half a file would pass for a whole one.
        with suppress(OSError):
            os.remove(beside)

"""The few classes of NumPy, pandas, matplotlib and Python to which the reference links, and where they are explained.

The inventories that intersphinx reads are written here, so that a build asks the network for nothing.
"""

from __future__ import annotations

import zlib
from pathlib import Path

# Program, address of its documentation, and where each of its classes stands below that address.
ELSEWHERE = {
    "numpy": ("https://numpy.org/doc/stable/", {"numpy.ndarray": "reference/generated/numpy.ndarray.html"}),
    "pandas": (
        "https://pandas.pydata.org/docs/",
        {
            "pandas.DataFrame": "reference/api/pandas.DataFrame.html",
            "pandas.Series": "reference/api/pandas.Series.html",
            "pandas.Index": "reference/api/pandas.Index.html",
        },
    ),
    "matplotlib": (
        "https://matplotlib.org/stable/",
        {
            "matplotlib.axes.Axes": "api/_as_gen/matplotlib.axes.Axes.html",
            "matplotlib.figure.Figure": "api/_as_gen/matplotlib.figure.Figure.html",
        },
    ),
    "python": ("https://docs.python.org/3/", {"pathlib.Path": "library/pathlib.html#pathlib.Path"}),
}


def mapping(folder: Path) -> dict[str, tuple[str, str]]:
    """Write an inventory for each program; what ``intersphinx_mapping`` takes."""
    folder.mkdir(parents=True, exist_ok=True)
    found = {}
    for program, (address, classes) in ELSEWHERE.items():
        head = f"# Sphinx inventory version 2\n# Project: {program}\n# Version: \n# The rest is compressed with zlib.\n"
        lines = "".join(f"{name} py:class 1 {where} -\n" for name, where in classes.items())
        (folder / f"{program}.inv").write_bytes(head.encode() + zlib.compress(lines.encode()))
        found[program] = (address, str(folder / f"{program}.inv"))
    return found


def short_names() -> dict[str, str]:
    """Each class by the name that it has in Parameters and Returns."""
    listed = {name.rpartition(".")[2]: name for _, classes in ELSEWHERE.values() for name in classes}
    return {**listed, "array": "numpy.ndarray"}

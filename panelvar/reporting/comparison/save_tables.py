"""Several tables in one file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from panelvar.core.base.arguments import read_names
from panelvar.core.base.errors import SpecificationError
from panelvar.core.base.quoting import shown
from panelvar.core.base.unknown_arguments import answering
from panelvar.core.faces.files import Filed, save_filed
from panelvar.core.tables.table import Presented


@answering
def save_tables(
    path: str | os.PathLike[str],
    tables: Mapping[str, Presented] | Sequence[Presented],
    *,
    labels: Sequence[str] = (),
) -> None:
    r"""Write several tables to one file; the ending of its name says how.

    Parameters
    ----------
    path : str or path
        ``.xlsx`` (a sheet each), ``.docx``, ``.tex``, ``.html``, ``.md`` or ``.txt`` (one after another); the first two
        need the extra ``panelvar-econ[files]``. A file that is there is replaced.
    tables : mapping of name to table, or sequence of tables
        Tables, results, tests: whatever has a ``summary()`` here. A name is the name of the sheet and stands before the
        title of its table. LaTeX counts tables itself, so a name such as "Table 1" is left out there.
    labels : sequence of str
        For cross references in LaTeX, one for each table.

    Returns
    -------
    None
        The file is written.

    Raises
    ------
    SpecificationError
        If there are no tables, one is something else, the ending is another, or the path cannot be written.
    ImportError
        If openpyxl or python-docx is missing. The message says how to install it.

    See Also
    --------
    compare : Makes a table of several results.
    LinearResult.to_latex : One table as a text.

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("grunfeld")
    >>> models = pv.fit_many(pv.fit_fixed_effects, firms, "invest", ["value", "capital"], steps="cumulative")
    >>> pv.save_tables("paper.tex", {"Table 1": pv.compare(models), "Table 2": models["(2)"]})  # doctest: +SKIP
    """
    read = _read_tables(tables)
    crossed = read_names("labels", labels, "labels of LaTeX")
    if crossed and len(crossed) != len(read):
        raise SpecificationError(
            f"labels has {len(crossed)} labels for {len(read)} tables. Give one for each, or none."
        )
    save_filed(
        [
            Filed(table.summary(), name, label)
            for (name, table), label in zip(read, crossed or [None] * len(read), strict=True)
        ],
        path,
    )


def _read_tables(tables: object) -> list[tuple[str, Presented]]:
    """Names and tables; no name where a sequence gives none."""
    if isinstance(tables, Mapping):
        pairs = [(_name(key), value) for key, value in tables.items()]
    elif isinstance(tables, Presented):
        raise SpecificationError(
            f"tables is one {type(tables).__name__}. Write it with its own save(path), or give several tables in a "
            "list or a mapping of names to tables."
        )
    elif isinstance(tables, Sequence) and not isinstance(tables, (str, bytes)):
        pairs = [("", value) for value in tables]
    else:
        raise SpecificationError(
            f"tables={shown(tables)} must be a list of tables, or a mapping of names to tables, such as {{'Table "
            "1': table}."
        )
    if not pairs:
        raise SpecificationError("tables is empty: give at least one table.")
    for place, (name, value) in enumerate(pairs, start=1):
        if not isinstance(value, Presented):
            which = f"tables[{name!r}]" if name else f"table {place}"
            raise SpecificationError(
                f"{which} is {shown(value)}: expected a table, or a result or test of this library, which has one."
            )
    return pairs


def _name(key: object) -> str:
    """Read a name; labels of `fit_many` are of several texts where there are several outcomes."""
    if isinstance(key, tuple) and key and all(isinstance(part, str) for part in key):
        return ", ".join(key)
    if not isinstance(key, str) or not key.strip():
        raise SpecificationError(f"tables, the name {shown(key)}, must be a text.")
    return key

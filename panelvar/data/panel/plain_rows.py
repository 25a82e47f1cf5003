"""Rows of which the data do not say whose they are and of when: each is an entity of its own."""

from __future__ import annotations

from typing import Any

import numpy as np

from panelvar.data.panel.panel import Panel, as_panel
from panelvar.data.sources.source import Source, refuse_text, stored


def rows_of(data: object) -> Panel:
    """Return the panel of data that name their entities and periods, and plain rows of those that do not.

    This is how functions read data that need neither entities nor an order of time.

    Raises
    ------
    SpecificationError, DataError
        If ``data`` are none that `Panel` takes.
    """
    refuse_text(data)
    if isinstance(data, Panel) or getattr(getattr(data, "index", None), "nlevels", 1) == 2:
        return as_panel(data)
    return plain_rows(data)


def plain_rows(data: Any) -> Panel:
    """Return rows as a cross-section has them, or several cross-sections one after the other.

    Columns, formulas, groups by column and labels of rows are those of any panel. What asks who a row is about, or when
    it was, is refused in words: `panelvar.data.panel.dimensions.undated`. Named levels of the index are columns too.
    """
    source = Source(data)
    rows = Panel(data if source.frame is None else source.frame, entity=np.arange(source.n_rows))
    rows.plain, rows.notes = True, ()
    for number, name in enumerate(source.levels):
        if name is not None and name not in source:
            rows._added[name] = stored(source.index.get_level_values(number))
    return rows

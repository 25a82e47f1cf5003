"""Unit-root tests of many series at once: columns of a table, or the entities of a panel."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from panelvar.base.arguments import read_labels, read_whole
from panelvar.base.arrays import Array
from panelvar.base.errors import Note, PanelVarError, SpecificationError, choose, emit
from panelvar.base.limits import MOST_DIFFERENCES
from panelvar.data.panel import Panel, as_panel
from panelvar.data.series import read_var_data
from panelvar.dynamics.gaps import on_every_period
from panelvar.unit_roots.dickey_fuller import adf_test, dfgls_test
from panelvar.unit_roots.long_run import kpss_test, phillips_perron_test
from panelvar.unit_roots.result import UnitRootResult

if TYPE_CHECKING:
    import pandas as pd


TESTS: dict[str, Callable[..., UnitRootResult]] = {
    "adf": adf_test,
    "dfgls": dfgls_test,
    "pp": phillips_perron_test,
    "kpss": kpss_test,
}

COLUMNS = ("statistic", "pvalue", "bound", "lags", "nobs", "null")


def unit_root_table(
    data: Any,
    tests: str | Sequence[str] = ("adf", "pp", "kpss"),
    *,
    column: Hashable | None = None,
    trend: str = "c",
    differences: int = 0,
) -> pd.DataFrame:
    """Run unit-root tests on every column of a table, or on one column of every entity of a panel.

    Parameters
    ----------
    data : DataFrame, array (T, K) or Panel
        A DataFrame with a two-level index is a panel.
    tests : sequence of {"adf", "dfgls", "pp", "kpss"}
        Each with its default choice of lags. The null of the first three is a unit root, that of KPSS none.
    column : label
        With a panel: which column.
    trend : {"c", "ct"}
        Also "n" and "ctt", with tests that have them.
    differences : int
        Test the series differenced so many times: for the order of integration.

    Returns
    -------
    DataFrame
        Index (series or entity, test); columns statistic, pvalue, bound ("<" or ">" where the p-value is one), lags,
        nobs and null. Series that cannot be tested (gaps, too short) are left out, with a warning that names them.

    Raises
    ------
    SpecificationError
        A panel without ``column=``, or a table with it; an unknown test.

    Notes
    -----
    No correction is made for the number of tests, and the entities of a panel are not independent: for one answer
    about a panel use a panel unit-root test.
    """
    import pandas as pd

    names = read_labels("tests", tests, "names of tests")
    for name in names:
        choose("tests", name, TESTS)
    differences = read_whole("differences", differences, 0, MOST_DIFFERENCES)
    rows: dict[tuple[Any, str], dict[str, Any]] = {}
    refused: dict[Any, str] = {}
    kind, series = _each(data, column)
    for key, values in series:
        try:
            found = [TESTS[name](np.diff(values, differences), trend=trend) for name in names]
        except SpecificationError:
            raise
        except PanelVarError as error:
            refused[key] = str(error)
            continue
        for name, test in zip(names, found, strict=True):
            rows[key, name] = {each: getattr(test, each) for each in COLUMNS}
    if refused:
        first, why = next(iter(refused.items()))
        text = f"{len(refused)} {kind}(s) not tested: {', '.join(map(str, list(refused)[:5]))}. Of {first}: {why}"
        emit((Note("series-refused", text, warn=True),))
    index = pd.MultiIndex.from_tuples(list(rows), names=[kind, "test"]) if rows else None
    return pd.DataFrame(list(rows.values()), index=index)


def _each(data: Any, column: Hashable | None) -> tuple[str, Iterator[tuple[Any, Array]]]:
    """What is tested: its kind, and names with values on the calendar."""
    index = getattr(data, "index", None)
    if isinstance(data, Panel) or getattr(index, "nlevels", 1) == 2:
        panel = as_panel(data)
        if panel.n_entities > 1 or column is not None:
            if column is None:
                raise SpecificationError("Of a panel, column= says which column is tested in every entity.")
            return "entity", _entities(panel, column)
    if column is not None:
        raise SpecificationError("column= is for panels; select the columns of a table: data[['x', 'y']].")
    table = read_var_data(data)
    return "series", ((name, table.values[:, place]) for place, name in enumerate(table.names))


def _entities(panel: Panel, column: Hashable) -> Iterator[tuple[Any, Array]]:
    values = panel.column(column)
    for place, label in enumerate(panel.entity_labels):
        own = slice(panel.starts[place], panel.starts[place + 1])
        yield label, on_every_period(values[own], panel.time_positions[own])

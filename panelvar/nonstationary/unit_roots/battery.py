"""Unit-root tests of many series at once: columns of a table, or the entities of a panel."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from panelvar.core.base.arguments import read_labels, read_whole
from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import Note, PanelVarError, SpecificationError, choose, emit
from panelvar.core.base.limits import MOST_DIFFERENCES
from panelvar.core.base.quoting import shown
from panelvar.core.base.unknown_arguments import answering
from panelvar.core.faces.layout import Fact
from panelvar.core.tables.frame_table import COUNT, DEGREES, PVALUE, STATISTIC, FrameTable
from panelvar.data.panel.panel import as_panel
from panelvar.data.panel.series import read_var_data
from panelvar.kernels.linear.unit_regressions import ESTIMATED
from panelvar.nonstationary.unit_roots.dickey_fuller import adf_tests, dfgls_tests
from panelvar.nonstationary.unit_roots.long_run import kpss_tests, phillips_perron_tests
from panelvar.nonstationary.unit_roots.one_series import (
    POWERS,
    check_trend,
    entity_series,
    is_panel,
    refusal,
    stretch,
    testable,
)
from panelvar.nonstationary.unit_roots.regressions import by_length
from panelvar.nonstationary.unit_roots.result import STATIONARY, UNIT_ROOT, SeriesTests


class SeriesTest(NamedTuple):
    """A test of the table.

    Attributes
    ----------
    run : callable
        The test of every row of an array (N, T) under a trend, by its default options.
    nulls : mapping of str to str
        The hypothesis in words, by the trends that the test has.
    lags : type
        Type of its number of lags: a bandwidth may be a fraction.
    """

    run: Callable[[Array, str], SeriesTests]
    nulls: Mapping[str, str]
    lags: type


TESTS = {
    "adf": SeriesTest(adf_tests, dict.fromkeys(POWERS, UNIT_ROOT), int),
    "dfgls": SeriesTest(dfgls_tests, dict.fromkeys(("c", "ct"), UNIT_ROOT), int),
    "pp": SeriesTest(phillips_perron_tests, dict.fromkeys(POWERS, UNIT_ROOT), float),
    "kpss": SeriesTest(kpss_tests, STATIONARY, float),
}
_FORMATS = {
    "statistic": STATISTIC,
    "pvalue": PVALUE,
    "lags": DEGREES.called("Lags"),
    "nobs": COUNT,
}


@answering
def unit_root_table(
    data: Any,
    column: Hashable | None = None,
    *,
    tests: str | Sequence[str] = ("adf", "pp", "kpss"),
    trend: str = "c",
    differences: int = 0,
) -> FrameTable:
    """Run unit-root tests on every column of a table, or on one column of every entity of a panel.

    Parameters
    ----------
    data : DataFrame, array (T, K) or Panel
        A DataFrame with a two-level index is a panel.
    column : label
        With a panel: which column.
    tests : sequence of {"adf", "dfgls", "pp", "kpss"}
        Each has its default choice of lags. The null of the first three is a unit root; that of KPSS is none.
    trend : {"c", "ct"}
        Also "n" and "ctt", with tests that have them.
    differences : int
        Test the series differenced so many times: for the order of integration.

    Returns
    -------
    FrameTable
        Index (series or entity, test); columns statistic, pvalue, bound ("<" or ">" where the p-value is one), lags,
        nobs and null. Series that cannot be tested (gaps, too short) are left out, with a warning that names them.

    Raises
    ------
    SpecificationError
        A panel comes without ``column=``, a table comes with it, or a test is unknown.

    See Also
    --------
    adf_test, dfgls_test, phillips_perron_test, kpss_test : the tests.
    panel_unit_root_table : tests of a whole panel.

    Notes
    -----
    No correction is made for the number of tests, and the entities of a panel are seldom independent. For one answer
    about a panel use a panel unit-root test.

    Examples
    --------
    >>> import panelvar as pv
    >>> macro = pv.load_data("us_macro")[["unemp", "tbilrate"]]
    >>> pv.unit_root_table(macro, tests=["adf", "dfgls"])[["statistic", "pvalue"]].round(3)
                    statistic  pvalue
    series   test
    unemp    adf       -2.520   0.111
             dfgls     -2.187   0.035
    tbilrate adf       -2.014   0.280
             dfgls     -1.639   0.118
    """
    import pandas as pd

    names = read_labels("tests", tests, "names of tests")
    for name in names:
        choose("tests", name, TESTS)
    differences = read_whole("differences", differences, 0, MOST_DIFFERENCES)
    for name in names:
        check_trend(trend, tuple(TESTS[name].nulls))
    kind, keys, series = _read_series(data, column)
    refused: dict[int, PanelVarError] = {}
    found = np.full((4, len(keys), len(names)), np.nan)
    bounds = np.full((len(keys), len(names)), "")
    for places, alike in _testable(keys, series, differences, refused):
        for at, name in enumerate(names):
            run = TESTS[name].run(alike, trend)
            for answers, answer in zip(found, (run.statistic, run.pvalue, run.lags, run.nobs), strict=True):
                answers[places, at] = answer
            if run.bound is not None:
                bounds[places, at] = run.bound
            for row in np.flatnonzero(run.status != ESTIMATED).tolist():
                place = int(places[row])
                refused.setdefault(place, refusal(run, row, str(keys[place])))
    if refused:
        left_out = [keys[place] for place in sorted(refused)]
        some = count_of(len(refused), kind, "series" if kind == "series" else "entities")
        text = f"{some} could not be tested: {', '.join(map(str, left_out[:5]))}. The first: {refused[min(refused)]}"
        emit((Note("series-refused", text, warn=True),))
    kept = [place for place in range(len(keys)) if place not in refused]
    index = pd.MultiIndex.from_product([[keys[place] for place in kept], names], names=[kind, "test"])
    statistic, pvalue, lags, nobs = found[:, kept].reshape(4, -1)
    nulls = [TESTS[name].nulls[trend] for name in names]
    whole = all(TESTS[name].lags is int for name in names)
    frame = pd.DataFrame(
        {
            "statistic": statistic,
            "pvalue": pvalue,
            "bound": bounds[kept].ravel().tolist(),
            "lags": lags.astype(np.int64) if whole else lags,
            "nobs": nobs.astype(np.int64),
            "null": nulls * len(kept),
        },
        index,
    )
    facts = (Fact("Trend", trend), *((Fact("Differences", str(differences)),) if differences else ()))
    said = (
        f"Null hypothesis of {', '.join(name for name, own in zip(names, nulls, strict=True) if own == null)}: {null}."
        for null in dict.fromkeys(nulls)
    )
    return FrameTable(frame, _FORMATS, "Unit-root tests", facts, tuple(said))


def _testable(
    keys: Sequence[Hashable], series: Sequence[Array], differences: int, refused: dict[int, PanelVarError]
) -> Iterator[tuple[Positions, Array]]:
    """Series that can be tested, those of one length at a time, with their places; notes down why others cannot."""
    cut: dict[int, Array] = {}
    for places, alike in by_length(series):
        changes = np.diff(alike, differences)
        whole = testable(changes)
        if whole.any():
            yield places[whole], changes[whole]
        for place, values in zip(places[~whole].tolist(), changes[~whole], strict=True):
            try:
                cut[place] = stretch(values, str(keys[place]))
            except PanelVarError as error:
                refused[place] = error
    for places, alike in by_length(list(cut.values())):
        yield np.array(list(cut))[places], alike


def _read_series(data: Any, column: Hashable | None) -> tuple[str, list[Any], list[Array]]:
    """What is tested: its kind, and names and values on the calendar."""
    if is_panel(data):
        panel = as_panel(data)
        if panel.n_entities > 1 or column is not None:
            if column is None:
                raise SpecificationError("column= is missing. Name the column of the panel to test.")
            return "entity", list(panel.entity_labels), entity_series(panel, column)
    if column is not None:
        raise SpecificationError(
            f"column={shown(column)} is for panels. Select the columns of a table by data[['x', 'y']]."
        )
    table = read_var_data(data)
    return "series", list(table.names), list(table.values.T)

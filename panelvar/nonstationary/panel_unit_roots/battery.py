"""Panel unit-root tests of several variables, of their levels and differences, in one call."""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from panelvar.core.base.arguments import DROP_OR_RAISE, is_whole, read_flag, read_labels, read_whole
from panelvar.core.base.errors import Note, PanelVarError, PanelVarWarning, SpecificationError, choose
from panelvar.core.base.shared_parameters import documented
from panelvar.data.panel.panel import Panel, as_panel
from panelvar.data.panel.series import read_var_data
from panelvar.nonstationary.panel_series.battery import (
    BatteryEntry,
    Dependence,
    ListedTest,
    PanelTestTable,
    attempt,
    common_facts,
    dependence_facts,
    dependence_of,
    enumerate_words,
    join_notes,
    make_table,
    read_some,
    read_tests,
)
from panelvar.nonstationary.panel_series.bootstrap import PanelBootstrap, fixed_draws, read_bootstrap
from panelvar.nonstationary.panel_series.panel_series import PanelSeries, panel_series
from panelvar.nonstationary.panel_series.terms import WORDS, check_terms
from panelvar.nonstationary.panel_unit_roots.breitung import breitung_test
from panelvar.nonstationary.panel_unit_roots.cips import cips_test
from panelvar.nonstationary.panel_unit_roots.demetrescu_hanck import demetrescu_hanck_test
from panelvar.nonstationary.panel_unit_roots.fisher import fisher_test, simes_test
from panelvar.nonstationary.panel_unit_roots.hadri import hadri_test
from panelvar.nonstationary.panel_unit_roots.harris_tzavalis import harris_tzavalis_test
from panelvar.nonstationary.panel_unit_roots.ips import ips_test
from panelvar.nonstationary.panel_unit_roots.known_power import power_notes
from panelvar.nonstationary.panel_unit_roots.llc import llc_test
from panelvar.nonstationary.panel_unit_roots.moon_perron import moon_perron_test
from panelvar.nonstationary.panel_unit_roots.panic import panic_test
from panelvar.nonstationary.unit_roots.lag_orders import read_lags
from panelvar.nonstationary.unit_roots.one_series import is_panel

_APART = ("trend", "unusable")
_PLAIN = ("trend", "demean", "unusable")
_DRAWN = (*_PLAIN, "bootstrap")
_LAGGED = (*_DRAWN, "lags", "max_lags")

TESTS = {
    "llc": ListedTest(llc_test, "Levin-Lin-Chu", _LAGGED, independent=True, balanced=True),
    "harris-tzavalis": ListedTest(harris_tzavalis_test, "Harris-Tzavalis", _PLAIN, independent=True, balanced=True),
    "breitung": ListedTest(breitung_test, "Breitung", _LAGGED, independent=True, balanced=True),
    "ips": ListedTest(ips_test, "Im-Pesaran-Shin", _LAGGED, trends=("c", "ct"), independent=True),
    "fisher-adf": ListedTest(fisher_test, "Fisher ADF (Z)", _LAGGED, {"test": "adf"}, independent=True),
    "fisher-pp": ListedTest(fisher_test, "Fisher PP (Z)", _DRAWN, {"test": "pp"}, independent=True),
    "simes": ListedTest(simes_test, "Simes", _LAGGED),
    "cips": ListedTest(cips_test, "CIPS", (*_APART, "bootstrap", "lags", "max_lags"), balanced=True),
    "panic": ListedTest(panic_test, "PANIC", (*_APART, "bootstrap"), trends=("c", "ct"), balanced=True),
    "moon-perron": ListedTest(moon_perron_test, "Moon-Perron", (*_APART, "bootstrap"), balanced=True),
    "demetrescu-hanck": ListedTest(
        demetrescu_hanck_test, "Demetrescu-Hanck", (*_APART, "lags", "max_lags"), balanced=True
    ),
    "hadri": ListedTest(hadri_test, "Hadri (serial)", _PLAIN, trends=("c", "ct"), independent=True, balanced=True),
}
"""By name."""

USUAL = ("llc", "breitung", "ips", "fisher-adf", "fisher-pp", "cips", "hadri")

FORMS = ("level", "difference", "2nd difference", "3rd difference")
"""By the number of differences."""


@documented
def panel_unit_root_table(
    data: Any,
    columns: Hashable | Sequence[Hashable] | None = None,
    *,
    tests: str | Sequence[str] = USUAL,
    trend: str | Sequence[str] = "c",
    differences: int | Sequence[int] = (0, 1),
    lags: int | str = "bic",
    max_lags: int | None = None,
    bootstrap: PanelBootstrap | None = None,
    demean: bool = False,
    unusable: str = "drop",
) -> PanelTestTable:
    r"""Run panel unit-root tests on variables of a panel, in levels and differences, and print them as papers do.

    Parameters
    ----------
    data : Panel, DataFrame, array (T, N)
        A Panel or a DataFrame with a two-level index, of which ``columns`` are tested; or one variable as a table with
        a column for each entity and a row for each period.
    columns : label or sequence of labels
        With a panel: the variables.
    tests : sequence of str
        In the order of the table: "llc", "harris-tzavalis", "breitung", "ips", "fisher-adf", "fisher-pp", "simes", for
        independent entities; "cips", "panic", "moon-perron", "demetrescu-hanck", for entities that share shocks;
        "hadri", whose null is stationarity. By default all but "harris-tzavalis", "simes", and the last three for
        shared shocks.
    trend : {"n", "c", "ct"} or a sequence of them
        Terms of each entity: one choice for all, or one for each of ``differences``.
    differences : int or sequence of int
        How often variables are differenced, up to 3: by default not at all, and once.
    {lags (table of tests), max_lags (panel Dickey-Fuller), bootstrap (panel), demean}
        They apply to tests that have them: CIPS has averages in its regressions instead of demeaned series, and PANIC
        chooses its own lags. All tests have the same draws; "harris-tzavalis", "demetrescu-hanck" and "hadri" have no
        bootstrap, and keep their published distributions.
    {unusable (panel variable)}
        Where entities have different periods and are to be dropped, tests that need the same periods for all have
        the entities and periods of the largest panel without holes; a note says which.

    Returns
    -------
    PanelTestTable
        ``print`` shows the table; ``to_frame()`` has a row for each variable, form and test, with its null, its
        alternative and what it says; ``result(test, column, form)`` the whole result.

    Raises
    ------
    SpecificationError
        A test is unknown, or one of the tests does not have the terms.
    PanelVarError
        None of the tests can be run on the data. The message is that of the first.

    Warns
    -----
    PanelVarWarning
        What the tests warn of, once; tests that refuse the data, of which the table says why; and a panel that is too
        small to tell a unit root from a root of 0.9.

    See Also
    --------
    unit_root_table : one series at a time.
    panel_cointegration_table : relations between variables that have unit roots.
    PanelTestTable.result : one test in full.

    Notes
    -----
    Pesaran's CD and the exponent of dependence across entities stand above the tests (`cross_section_exponent`, of the
    changes of the first form), and (i) marks those that assume independent entities. The null of Hadri's test, here
    with long-run variances (``errors="serial"``), is the reverse of that of the others. No correction is made for the
    number of tests: the more tests you run, the more true nulls are rejected somewhere.

    Examples
    --------
    >>> import panelvar as pv
    >>> grunfeld = pv.load_data("grunfeld")
    >>> table = pv.panel_unit_root_table(grunfeld, "value", tests=["ips", "cips"], lags=1, differences=0)
    >>> table.to_frame()[["statistic", "pvalue", "bound"]].round(3)
                         statistic  pvalue bound
    variable form  test
    value    level ips      -0.804   0.211
                   cips     -1.484   0.100     >
    """
    demean = read_flag("demean", demean)
    # What is no number of lags and no rule is a mistake, and no reason why some of the tests cannot be run.
    read_lags(lags, (0, max_lags), 0, 0)
    orders = [
        read_whole("differences", each, 0, len(FORMS) - 1)
        for each in ((differences,) if is_whole(differences) else read_labels("differences", differences, "numbers"))
    ]
    trends = [trend] * len(orders) if isinstance(trend, str) else list(read_labels("trend", trend, "terms"))
    if not orders or len(set(orders)) < len(orders) or len(trends) != len(orders):
        raise SpecificationError(
            f"differences={list(orders)} must be numbers, each of them once, and trend={trends} must have terms for "
            "each of them."
        )
    for own in trends:
        check_terms(own)
    names = read_tests(tests, TESTS, trends)
    choose("unusable", unusable, DROP_OR_RAISE)
    options: dict[str, Any] = {"lags": lags, "max_lags": max_lags, "demean": demean, "unusable": unusable}
    options["bootstrap"] = fixed_draws(read_bootstrap(bootstrap))
    entries: list[BatteryEntry] = []
    notes: list[Note] = []
    without_holes: list[tuple[str, Note]] = []
    dependence: dict[str, Dependence | None] = {}
    for subject, forms in _read_variables(data, columns, orders):
        for source, order, own in zip(forms, orders, trends, strict=True):
            series, whole = _read_series(source), source
            if order == min(orders):
                dependence[subject] = None if series is None else dependence_of(series, changes=order == 0)
            if unusable == "drop" and series is not None and not series.balanced:
                whole, said = _without_holes(series)
                if any(TESTS[name].balanced for name in names):
                    notes += series.notes
                    without_holes.append((f"{subject} {FORMS[order]}", said))
            found = [
                entry
                for name in names
                for entry in attempt(
                    name,
                    TESTS[name],
                    whole if TESTS[name].balanced else source,
                    options | {"trend": own},
                    subject=subject,
                    form=FORMS[order],
                )
            ]
            entries += found
            # Differences have a period less: what holds of levels holds of them.
            sizes = [(each.result.n_entities, each.result.n_periods) for each in found if each.result is not None]
            if sizes and order == min(orders):
                notes += power_notes(names, own, *sizes[0])
    notes += [Note(own.code, f"{enumerate_words(where)}: {own.text}") for where, own in join_notes(without_holes)]
    terms = WORDS[trends[0]]
    if len(set(trends)) > 1:
        terms = "; ".join(f"{FORMS[order]}: {WORDS[own]}" for order, own in zip(orders, trends, strict=True))
    facts = (*common_facts(terms, lags, demean), *dependence_facts(dependence))
    return make_table("Panel unit roots", entries, facts, notes, dependence)


def _read_series(source: tuple[Any, Hashable | None]) -> PanelSeries | None:
    """The entities of a variable that can be used; None where a panel cannot be read, which the tests say."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PanelVarWarning)
            return panel_series(*source, unusable="drop")
    except PanelVarError:
        return None


def _without_holes(series: PanelSeries) -> tuple[tuple[Any, None], Note]:
    """The largest panel with the same periods for all entities, as a table, and a note on what it leaves out."""
    import pandas as pd

    block = series.block()
    table = pd.DataFrame({series.labels[place]: own for place, own in zip(block.places, block.values, strict=True)})
    return (table, None), Note("without-holes", block.words(series))


def _read_variables(
    data: Any, columns: Hashable | Sequence[Hashable] | None, orders: Sequence[int]
) -> list[tuple[str, list[tuple[Any, Hashable | None]]]]:
    """Of each variable its name, and data and column of each of its forms."""
    if is_panel(data):
        panel = as_panel(data)
        if columns is None:
            raise SpecificationError("columns= is missing. Name the columns of the panel to test.")
        labels = read_some("columns", columns, "names of columns")
        return [(str(label), [_of_panel(panel, label, order) for order in orders]) for label in labels]
    if columns is not None:
        raise SpecificationError(
            "columns= is for panels. Name the entity and the time, with Panel(data, entity=..., time=...) or a "
            "two-level index. In a table, the columns are the entities."
        )
    import pandas as pd

    table = read_var_data(data)
    forms = [(pd.DataFrame(np.diff(table.values, order, axis=0), columns=list(table.names)), None) for order in orders]
    return [("the variable", list(forms))]


def _of_panel(panel: Panel, label: Hashable, order: int) -> tuple[Panel, Hashable]:
    values = panel.column(label)
    if order == 0:
        return panel, label
    for _ in range(order):
        values = panel.difference(values)
    name = f"{'D' * order}.{label}"
    return panel.with_columns(panel_order=True, **{name: values}), name

"""Panel tests say how often they reject true nulls in panels of their size, by the table, and advise what is nearer."""

from __future__ import annotations

import inspect
import math
import re
import warnings

import numpy as np
import pandas as pd
import pytest
from simulation import many_panels as many
from simulation import short_panels as study

import panelvar as pv
from panelvar.estimates.sizes import panel_sizes
from panelvar.estimates.sizes.panel_sizes import (
    ENTITIES,
    NOTED,
    PERIODS,
    WARNED,
    PanelCase,
    nearest_case,
    panel_size_notes,
    rate_at,
    simulated_cases,
)
from panelvar.nonstationary.panel_series.panel_system import panel_system

CASES = [(case, options) for case in study.cases() if (options := many.options_of(case)).get("root") is None]
NAMES = dict.fromkeys(case.test for case, _ in CASES)


def sizes(notes):
    return [note for note in notes if note.code == panel_sizes.SIZE]


@pytest.fixture(scope="module")
def panels():
    rng = np.random.default_rng(11)
    return {
        (n, t, relation): many.as_data(rng.standard_normal((n, t, 1 + relation)).cumsum(axis=1))
        for n, t in ((10, 10), (25, 25))
        for relation in (False, True)
    }


@pytest.fixture
def read_once(monkeypatch):
    """Relations are read the first time that a test is run on them: reading is most of what these calls cost."""
    known = {}

    def read(data, *arguments, **options):
        if id(data) not in known:
            known[id(data)] = panel_system(data, "y", "x")
        return known[id(data)]

    for name in many.OF_RELATIONS:
        module = inspect.getmodule(getattr(pv, f"{name}_test"))
        monkeypatch.setattr(module, "panel_system", read)


def run(case, options, data):
    """A test with its warnings, or None where it refuses the panel."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            test = getattr(pv, f"{case.test}_test")(*data, **options)
        except pv.PanelVarError:
            return None
    return test, [str(each.message) for each in caught]


def said_of(statistic, names):
    """Which of the printed names the statistic of the table has."""
    return [name for name in names if panel_sizes._is(name, statistic)]


@pytest.mark.parametrize("name", NAMES)
def test_every_option_says_what_the_table_has(name, panels, read_once):
    """At sizes that were simulated, with the options that were: the numbers of the table, and where they are from."""
    rows = {each.written: each for each in simulated_cases()[name]}
    for case, options in CASES:
        if case.test != name:
            continue
        for n, t in ((10, 10), (25, 25)):
            found = run(case, options, panels[n, t, name in many.OF_RELATIONS])
            if found is None:
                continue
            test, told = found
            printed = [many.plain_name(test), *(part.name for part in test.parts)]
            rates = {
                statistic: grid[ENTITIES.index(n), PERIODS.index(t)]
                for statistic, grid in rows[case.options].rates.items()
                if said_of(statistic, printed)
            }
            assert rates, case
            often = {statistic: rate for statistic, rate in rates.items() if rate > NOTED}
            notes = sizes(test.notes)
            if not often:
                # Statistics that these options do not decide have their rates in another row.
                assert not notes or case.only or "lags=" in notes[0].text or name == "panic", case
                continue
            (note,) = notes
            assert note.text.startswith(f"With {n} entities and {t} periods, "), case
            for statistic, rate in often.items():
                assert re.search(re.escape(statistic) + rf"( rejects about)? {rate:.0f}%", note.text), (case, note.text)
            headline = [rate for statistic, rate in rates.items() if said_of(statistic, printed[:1])]
            if headline:
                assert note.warn == (headline[0] > WARNED), case
                assert (note.text in told) == note.warn
            first = next(iter(re.findall(r"Simulated, with (.*?), (?:independent|white)", note.text)))
            assert first in (case.options, "any options") or case.only or name == "panic", (case, first)


def test_what_is_asked_for_exists():
    """No test asks for rates that were not simulated: its name, its terms and what else decides them."""
    assert set(NAMES) == set(simulated_cases())
    for (case, options), trend in ((each, trend) for each in CASES for trend in ("n", "c", "ct")):
        if options.get("trend") != trend:
            continue
        for each in simulated_cases()[case.test]:
            if each.written == case.options:
                break
        else:
            pytest.fail(f"{case} has no row")
    public = {name.removesuffix("_test") for name in pv.__all__ if name.endswith("_test")}
    assert set(NAMES) <= public
    for name in NAMES:
        source = inspect.getsource(inspect.getmodule(getattr(pv, f"{name}_test")))
        assert f'"{name}"' in source and "PanelCase(" in source


def test_the_tests_that_take_a_bootstrap_are_those_that_have_it():
    having = {name for name in NAMES if "bootstrap" in inspect.signature(getattr(pv, f"{name}_test")).parameters}
    assert set(panel_sizes.BOOTSTRAPPED) == having


def test_advice_is_nearer_the_level():
    """Of every option, statistic and cell: a bootstrap, or options whose rate in the table is near the level."""
    advised = set()
    cells = [(n, t) for n in ENTITIES for t in PERIODS]
    for name, rows in simulated_cases().items():
        for row in rows:
            for statistic, rates in row.rates.items():
                often = [cell for cell, rate in zip(cells, rates.ravel(), strict=True) if rate > NOTED]
                # A bootstrap is advised whatever the rate.
                for n, t in often[:1] if name in panel_sizes.BOOTSTRAPPED else often:
                    (note,) = panel_size_notes(PanelCase(name, row.options), (statistic,), n, t)
                    assert not re.search(r"[a-z]_test", note.text)
                    if name in panel_sizes.BOOTSTRAPPED:
                        assert note.text.endswith("Use bootstrap=pv.PanelBootstrap().")
                        continue
                    said = re.search(r"\. With ([^.:]*?)(?:, if these suffice)?: (\d+)%\.$", note.text)
                    if said is None:
                        assert note.text.endswith(("Take p-values near 5% lightly.", "p-values in such panels."))
                        continue
                    advised.add(name)
                    options = row.options | dict(eval(f"dict({said[1]})"))
                    other, as_named = nearest_case(PanelCase(name, options), statistic)
                    rate = rate_at(other.rates[as_named], n, t)
                    assert round(rate.percent) == int(said[2]) <= NOTED
    assert "johansen_fisher" in advised


def test_rates_are_interpolated_between_sizes():
    rates = np.add.outer(np.log(ENTITIES), 2.0 * np.log(PERIODS))
    assert rate_at(rates, 25, 25).percent == pytest.approx(rates[2, 3])
    found = rate_at(rates, 40, 12)
    assert found.percent == pytest.approx(math.log(40.0) + 2.0 * math.log(12.0))
    assert (found.entities, found.periods, found.beyond) == (50, 10, False)
    assert found.nearest == rates[3, 1]
    beyond = rate_at(rates, 30, 400)
    assert (beyond.entities, beyond.periods, beyond.beyond) == (25, 100, True)
    assert beyond.percent == pytest.approx(rates[2, 5]) and beyond.nearest == rates[2, 5]
    rates[0, 0] = math.nan
    assert rate_at(rates, 5, 10).percent == pytest.approx(rates[0, 1])
    assert rate_at(rates, 6, 9).percent == pytest.approx(rates[0, 1])
    assert rate_at(np.full(rates.shape, math.nan), 5, 10) is None


def walk(entities, periods, seed=5):
    return pd.DataFrame(np.random.default_rng(seed).standard_normal((periods, entities)).cumsum(axis=0))


def test_other_options_have_the_rates_of_the_nearest_and_say_so():
    y = walk(25, 10)
    with pytest.warns(pv.PanelVarWarning, match="lags='bic', trend='ct'"):
        pv.fisher_test(y, trend="ct", demean=True, convention="stata")
    near, _ = nearest_case(PanelCase("fisher", {"lags": 3, "trend": "ct"}), "Maddala-Wu P (Fisher)")
    assert near.written == "lags=1, trend='ct'"
    near, _ = nearest_case(PanelCase("panic", {"lags": "aic", "trend": "c", "factors": None}), "P_a")
    assert near.written == "lags='bai-ng', trend='c'"


def test_a_bootstrap_says_nothing_of_sizes_and_other_draws_neither():
    y = walk(25, 10)
    assert not sizes(pv.fisher_test(y, trend="ct", bootstrap=pv.PanelBootstrap(draws=19)).notes)
    panel = many.as_data(np.random.default_rng(2).standard_normal((10, 10, 2)).cumsum(axis=1))
    assert not sizes(pv.westerlund_test(*panel, lags=0, draws=19).notes)


def test_unbalanced_panels_have_the_rates_of_the_median_entity():
    y = walk(25, 50)
    for place in range(25):
        y.iloc[: 25 if place < 13 else 0, place] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        (note,) = sizes(pv.fisher_test(y, lags="aic", trend="ct").notes)
    assert note.text.startswith("With 25 entities and 25 periods")


def test_long_panels_are_told_of_the_longest_that_were_simulated_without_a_warning():
    (note,) = panel_size_notes(PanelCase("pedroni", {"lags": 1, "trend": "ct"}), ("Pedroni panel PP t",), 25, 400)
    assert note.text.startswith("In the nearest simulated panels, of 25 entities and 100 periods, ")
    assert not note.warn
    assert not panel_size_notes(PanelCase("fisher", {"lags": 0, "trend": "c"}), ("Choi's Z (inverse normal)",), 25, 400)

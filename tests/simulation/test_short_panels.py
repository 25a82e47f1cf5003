"""Sizes of panel tests: many panels at once have what public calls find, and a part of the table is found again."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from simulation import many_panels as many
from simulation import short_panels as study

import panelvar as pv
from panelvar.estimates.sizes.panel_sizes import ENTITIES, PERIODS, simulated_cases

SMALL = 400
"""Entities that these tests draw."""


@pytest.fixture(autouse=True)
def small_pool(monkeypatch):
    monkeypatch.setattr(many, "POOL", SMALL)
    for each in (many.pool, many.canonical, many.rank_zero_of_pool, many.traces):
        each.cache_clear()
    yield
    for each in (many.pool, many.canonical, many.rank_zero_of_pool, many.traces):
        each.cache_clear()


EACH = (
    ("llc", "lags='bic', trend='ct'"),
    ("ips", "lags=0, trend='c'"),
    ("fisher", "lags='aic', trend='ct'"),
    ("simes", "test='pp', trend='c'"),
    ("breitung", "lags='bic', trend='c', robust=True"),
    ("cips", "lags=1, trend='c', truncated=True"),
    ("panic", "lags='aic', trend='c'"),
    ("moon_perron", "trend='c'"),
    ("harris_tzavalis", "trend='c'"),
    ("demetrescu_hanck", "lags='bic', trend='ct'"),
    ("pedroni", "lags='bic', trend='c'"),
    ("kao", "lags='bic'"),
    ("westerlund", "lags=1, trend='c'"),
    ("westerlund_variance_ratio", "trend='c'"),
    ("johansen_fisher", "lags='aic', trend='rc', correction='doornik'"),
    ("saikkonen_luetkepohl", "lags=2, trend='c'"),
)


@pytest.mark.parametrize("test, written", EACH)
def test_many_panels_at_once_are_tested_as_one_by_one(test, written):
    case = many.Case(test, written)
    panels = many.walks(10, 15, test in many.OF_RELATIONS, 8, seed=3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        found = many.OWN.get(test, many.by_bootstrap)(case, panels, 3)
        tests = [getattr(pv, f"{test}_test")(*many.as_data(each), **many.options_of(case)) for each in panels]
    assert found
    public = [{many.plain_name(part): part.pvalue <= many.LEVEL for part in (each, *each.parts)} for each in tests]
    for statistic, rejected in found.items():
        names = [each for each in public[0] if each == statistic or each.endswith(f" {statistic}")]
        # Some combinations are printed if they are asked for.
        assert names or statistic.startswith("Z (r = 0")
        for name in names:
            assert sorted(rejected) == sorted(each[name] for each in public)


def test_hadris_noise_is_tested_as_one_by_one():
    case = many.Case("hadri", "errors='homoskedastic', trend='c'")
    panels = many.walks(10, 15, False, 40, seed=3)
    noise = np.diff(panels, axis=2, prepend=0.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        (rejected,) = many.of_hadri(case, panels, 3).values()
        tests = [pv.hadri_test(*many.as_data(each), errors="homoskedastic") for each in noise]
    assert list(rejected) == [each.pvalue <= many.LEVEL for each in tests]


AGAIN = (
    ("fisher", "lags='bic', trend='c'", 10, 10, 30),
    ("simes", "lags='bic', trend='ct'", 10, 10, 30),
    ("pedroni", "trend='c'", 5, 25, 60),
    ("llc", "lags=0, trend='c'", 10, 25, 30),
    ("panic", "lags='bai-ng', trend='c'", 10, 10, 30),
    ("johansen_fisher", "lags='aic', trend='rt', correction=None", 10, 25, 30),
    ("hadri", "errors='serial', trend='ct', root=0.5", 10, 25, 30),
)


@pytest.mark.parametrize("test, written, entities, periods, draws", AGAIN)
def test_a_part_of_the_table_is_found_again(test, written, entities, periods, draws):
    (row,) = (each for each in simulated_cases()[test] if each.written == written)
    (case,) = (each for each in study.cases() if each[:2] == (test, written))
    for name, cell in many.rejections(case, entities, periods, draws, seed=1).items():
        statistic = name.split(" of ")[0]
        share = row.rates[statistic][ENTITIES.index(entities), PERIODS.index(periods)] / 100.0
        error = math.sqrt(max(share * (1.0 - share), 0.02) * (1.0 / draws + 1.0 / 500.0))
        assert abs(cell.rate - share) < 4.0 * error + 0.5 / draws + 0.005, statistic


def test_the_page_shows_the_table():
    assert study.SHEET.read_text(encoding="utf-8") == study.sheet()
    # What is installed with the library is small.
    assert study.NOTES.stat().st_size < 130_000

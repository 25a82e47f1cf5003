"""Long calendars with few rows: what no entity has takes no memory, and changes no number."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import panelvar as pv
from panelvar.core.base.limits import MOST_MOMENTS
from panelvar.panels.bias_corrected import bias_corrected_moments, lsdvc
from panelvar.panels.dynamic import dynamic_model

FEW = pv.LagInstruments(collapse=True)
pytestmark = pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")


def windows(apart: int, *, entities: int = 60, count: int = 4, periods: int = 8) -> pd.DataFrame:
    """Entities that are observed for some periods, in windows that are far apart; one is seen in two of them."""
    rng = np.random.default_rng(5)
    rows = []
    for entity in range(entities):
        value, effect = rng.standard_normal(2)
        for period in range(-10, periods * (1 + (entity == 0))):
            x = rng.standard_normal()
            value = 0.5 * value + x + effect + rng.standard_normal()
            if period >= 0:
                window = entity % count + period // periods
                rows.append((entity, window * apart + period % periods, value, x))
    return pd.DataFrame(rows, columns=["id", "t", "y", "x"])


def indexed(data: pd.DataFrame) -> pd.DataFrame:
    return data.set_index(["id", "t"])


FITS = {
    "differences": lambda data: pv.fit_arellano_bond(data, "y", "x"),
    "deviations": lambda data: pv.fit_arellano_bond(data, "y", predetermined="x", transform="fod"),
    "quadratic": lambda data: pv.fit_arellano_bond(data, "y", "x", steps=1, instruments=FEW, nonlinear="noserial"),
    "system": lambda data: pv.fit_blundell_bond(data, "y", "x"),
    "one lag": lambda data: pv.fit_anderson_hsiao(data, "y", "x", instrument="difference"),
    "several equations": lambda data: pv.fit_panel_var(data, ["y", "x"], method="gmm"),
    "corrected moments": lambda data: pv.fit_panel_var(data, ["y", "x"], method="corrected-moments"),
}


@pytest.mark.parametrize("name", FITS)
def test_a_calendar_with_empty_stretches_gives_the_numbers_of_the_whole_one(name, monkeypatch):
    fit, data = FITS[name], indexed(windows(30))
    short = fit(data)
    monkeypatch.setattr(dynamic_model, "dates_in_use", lambda positions, count: np.arange(count))
    whole = fit(data)
    assert_allclose(short.params, whole.params, rtol=1e-9)
    assert_allclose(short.std_errors, whole.std_errors, rtol=1e-9)
    if name == "corrected moments":
        return
    assert short.instrument_names == whole.instrument_names
    assert_allclose(short.hansen_j.statistic, whole.hansen_j.statistic, rtol=1e-9)
    pd.testing.assert_index_equal(short.resids.index, whole.resids.index)
    equation = {"equation": "y"} if name == "several equations" else {}
    for order in (1, 2):
        assert_allclose(short.ar_test(order, **equation).statistic, whole.ar_test(order, **equation).statistic)
    if name != "quadratic":
        left, right = (each.serial_portmanteau(**equation, collapse=True) for each in (short, whole))
        assert_allclose(left.statistic, right.statistic, rtol=1e-9)
        assert left.df == right.df


def test_memory_grows_with_rows_and_not_with_the_calendar():
    data = indexed(windows(1_000, entities=40))
    for fit in (FITS["differences"], FITS["system"], lambda data: pv.fit_lsdvc(data, "y", "x")):
        tracemalloc.start()
        fit(data)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 100e6


STREAMED = {
    "differences": lambda data: pv.fit_arellano_bond(data, "y", "x", steps=1),
    "system": lambda data: pv.fit_blundell_bond(data, "y", "x", steps=1),
    "several equations": lambda data: pv.fit_panel_var(data, ["y", "x"], method="gmm", steps=1),
}


@pytest.mark.parametrize("name", STREAMED)
def test_a_stream_takes_the_memory_of_its_rows(name):
    data = windows(1_000, entities=32)
    stream = pv.PanelStream([data.iloc[start : start + 99] for start in range(0, len(data), 99)], entity="id", time="t")
    found, peaks = [], []
    for source in (indexed(data), stream):
        tracemalloc.start()
        found.append(STREAMED[name](source))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert_allclose(found[1].params, found[0].params, rtol=1e-8)
    assert_allclose(found[1].std_errors, found[0].std_errors, rtol=1e-8)
    assert peaks[1] < 3.0 * peaks[0]


@pytest.mark.parametrize("room", [bias_corrected_moments, lsdvc])
def test_least_squares_less_its_bias_needs_no_period_outside_of_all_entities(room, monkeypatch):
    def fit():
        if room is lsdvc:
            return pv.fit_lsdvc(data, "y", "x", draws=3, seed=2)
        return pv.fit_bias_corrected_moments(data, "y", "x")

    # One entity is seen in two windows: the periods between them count for it, and those elsewhere for nobody.
    data = indexed(windows(30))
    short, make = fit(), room.within_cube
    monkeypatch.setattr(room, "within_cube", lambda rows, **options: make(rows, whole=True))
    whole = fit()
    assert_allclose(short.params, whole.params, rtol=1e-9)
    if room is bias_corrected_moments:
        assert_allclose(short.std_errors, whole.std_errors, rtol=1e-9)


def test_more_instruments_than_weights_hold_are_refused_with_their_number():
    rng = np.random.default_rng(1)
    index = pd.MultiIndex.from_product([range(8), range(120)], names=["id", "t"])
    data = pd.DataFrame({"y": rng.standard_normal(960), "x": rng.standard_normal(960)}, index=index)
    # Row t of 2 to 119 has t - 1 older levels, from the second lag on.
    counted = sum(t - 1 for t in range(2, 120))
    assert counted > MOST_MOMENTS
    for fit in (pv.fit_arellano_bond, pv.fit_blundell_bond):
        with pytest.raises(pv.SpecificationError, match=f"make {counted} moments") as refused:
            fit(data, "y", "x")
    text = str(refused.value)
    assert "118 here" in text
    assert "last=4 makes 351" in text
    assert pv.fit_arellano_bond(data, "y", instruments=FEW, steps=1).n_instruments == 118
    assert pv.fit_arellano_bond(data, "y", instruments=pv.LagInstruments(last=4), steps=1).n_instruments == 351
    with pytest.raises(pv.SpecificationError, match=f"make {2 * counted} moments"):
        pv.fit_panel_var(data, ["y", "x"], method="gmm")
    with pytest.raises(pv.SpecificationError, match="initial='ah'"):
        pv.fit_lsdvc(data, "y", "x")
    assert np.isfinite(pv.fit_lsdvc(data, "y", "x", initial="ah").params).all()


def test_a_calendar_that_the_bias_of_another_program_needs_whole_is_refused_in_words():
    with pytest.raises(pv.SpecificationError, match="response of 45007 periods"):
        pv.fit_lsdvc(indexed(windows(15_000)), "y", "x", convention="stata")

"""Dynamic panels of streams: the results of the same rows in memory, however they are cut into chunks."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import panelvar as pv
from panelvar.panels.dynamic.weighting import StackedRows

pytestmark = pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")

FEW = pv.LagInstruments(last=3, collapse=True)
COLLAPSED = pv.LagInstruments(collapse=True)
FITS = {
    "differences": lambda data: pv.fit_arellano_bond(data, "y", ["w"]),
    "one step": lambda data: pv.fit_arellano_bond(data, "y", "w", steps=1, instruments=COLLAPSED),
    "white noise": lambda data: pv.fit_arellano_bond(data, "y", "w", steps=1, cov="classical", convention="plm"),
    "deviations": lambda data: pv.fit_arellano_bond(data, "y", ["w", "L(k)"], transform="fod", time_effects=True),
    "constant": lambda data: pv.fit_arellano_bond(
        data, "y", "w", predetermined="k", constant=True, instruments=COLLAPSED
    ),
    "iterated": lambda data: pv.fit_arellano_bond(data, "y", "w", steps="iterated", instruments=COLLAPSED),
    "quadratic": lambda data: pv.fit_arellano_bond(data, "y", "w", nonlinear="iid", instruments=COLLAPSED),
    "quadratic, clusters": lambda data: pv.fit_arellano_bond(
        data, "y", "w", nonlinear="noserial", instruments=FEW, cov=pv.Clustered("region")
    ),
    "formula": lambda data: pv.fit_arellano_bond(data, "y ~ w + L(k)", lags=2),
    "system": lambda data: pv.fit_blundell_bond(
        data, "y", "w", endogenous="k", instruments=COLLAPSED, time_effects=True, small_sample=True
    ),
    "clusters": lambda data: pv.fit_blundell_bond(data, "y", "w", instruments=FEW, cov=pv.Clustered("region")),
    "one instrument": lambda data: pv.fit_anderson_hsiao(data, "y", "w"),
}
TESTS = {
    "m3": lambda result: result.ar_test(3),
    "portmanteau": lambda result: result.serial_portmanteau(collapse=True),
    "sets": lambda result: result.instrument_tests(),
    "sargan of sets": lambda result: result.instrument_tests("sargan"),
    "levels": lambda result: result.difference_in_hansen("time effects", weight="own"),
    "underidentified": lambda result: result.underidentification,
    "lags": lambda result: result.lag_selection(),
    "f": lambda result: result.wald_test("w = 0.2"),
}


def make(entities=60, periods=8, seed=0):
    """Firms with gaps, missing values and few periods; their rows together and in no order."""
    rng = np.random.default_rng(seed)
    names = rng.permutation(entities) * 3
    size = entities * periods
    frame = pd.DataFrame(
        {"firm": np.repeat(names, periods), "year": np.tile(np.arange(2000, 2000 + periods), entities)}
    )
    effects = rng.normal(size=entities)
    frame["w"] = rng.normal(size=size) + 0.3 * np.repeat(effects, periods)
    frame["k"] = rng.normal(size=size)
    y = np.zeros((entities, periods))
    for t in range(periods):
        y[:, t] = (0.5 * y[:, t - 1] if t else 0.0) + 0.4 * frame["w"].to_numpy().reshape(y.shape)[:, t] + effects
        y[:, t] += rng.normal(size=entities)
    frame["y"] = y.ravel()
    frame["region"] = np.array(list("abcdefghijkl"))[frame["firm"] // 3 % 12]
    frame.loc[rng.choice(size, 9, replace=False), "w"] = np.nan
    frame = frame.sample(int(0.95 * size), random_state=seed)
    return frame.sort_values("firm", kind="stable").reset_index(drop=True)


FRAME = make()


def stream_of(frame, places):
    bounds = [0, *sorted(places), len(frame)]
    return pv.PanelStream([frame.iloc[a:b] for a, b in itertools.pairwise(bounds)], entity="firm", time="year")


def assert_same(streamed, held):
    for name in ("params", "std_errors", "cov"):
        ours, theirs = np.asarray(getattr(streamed, name)), np.asarray(getattr(held, name))
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-10 * np.abs(theirs).max())
    for name in ("nobs", "n_entities", "n_instruments", "instrument_names", "names", "notes"):
        assert getattr(streamed, name) == getattr(held, name)
    for name in ("periods_per_entity", "sigma2", "rss"):
        assert getattr(streamed, name) == pytest.approx(getattr(held, name), rel=1e-11)
    pd.testing.assert_index_equal(streamed.entity_labels, held.entity_labels)
    assert type(streamed) is type(held)
    assert str(streamed) == str(held)


def asked(test, result):
    try:
        return str(test(result))
    except pv.PanelVarError as error:
        return str(error)


@given(places=st.lists(st.integers(0, len(FRAME)), max_size=20), name=st.sampled_from(sorted(FITS)))
def test_a_stream_is_the_panel_it_holds_however_it_is_cut(places, name):
    assert_same(FITS[name](stream_of(FRAME, places)), FITS[name](pv.Panel(FRAME, "firm", "year")))


@pytest.mark.parametrize("name", FITS)
def test_what_is_asked_of_moments_is_answered_from_the_stream(name):
    held = FITS[name](pv.Panel(FRAME, "firm", "year"))
    streamed = FITS[name](stream_of(FRAME, [1, 2, 50, 300]))
    assert {each: asked(test, streamed) for each, test in TESTS.items()} == {
        each: asked(test, held) for each, test in TESTS.items()
    }
    again = stream_of(FRAME, [1, 2, 50, 300])
    assert asked(TESTS["portmanteau"], FITS[name](again)) == asked(TESTS["portmanteau"], streamed)


def test_a_search_ends_where_it_ends_in_memory():
    def fit(data):
        return pv.fit_arellano_bond(data, "y", "w", steps="cu", instruments=COLLAPSED)

    held, streamed = fit(pv.Panel(FRAME, "firm", "year")), fit(stream_of(FRAME, [100]))
    # The search ends where the criterion's slope is small, not at a point that is known to the last digits.
    np.testing.assert_allclose(streamed.params, held.params, rtol=1e-7)
    assert str(streamed) == str(held)


def test_moments_of_many_entities_are_no_more_than_their_triangle():
    frame = make(entities=1500, seed=4)
    held = pv.fit_arellano_bond(pv.Panel(frame, "firm", "year"), "y", "w")
    streamed = pv.fit_arellano_bond(stream_of(frame, range(500, len(frame), 500)), "y", "w")
    assert_same(streamed, held)
    assert len(streamed.fit.estimate.problem.products.transpose(2, 0, 1)) < held.n_entities / 2


def test_stacked_rows_have_the_cross_products_of_all():
    rng = np.random.default_rng(0)
    blocks = [rng.normal(size=(count, 3)) * [1e-6, 1.0, 1e6] for count in (1, 4, 0, 30, 2)]
    stacked = StackedRows()
    for block in blocks:
        stacked.add(block)
        assert len(stacked.rows) <= 6
    whole = np.concatenate(blocks)
    np.testing.assert_allclose(stacked.rows.T @ stacked.rows, whole.T @ whole, rtol=1e-12)


def test_what_needs_all_rows_or_lacks_them_is_refused_by_name():
    stream, frame = stream_of(FRAME, [200]), FRAME
    with pytest.raises(pv.SpecificationError, match="needs all rows at once"):
        pv.fit_lsdvc(stream, "y", "w")
    with pytest.raises(pv.MissingInformationError, match="A residual has a value for each row"):
        _ = FITS["differences"](stream).resids
    with pytest.raises(pv.DataError, match="'ww' is not in the data"):
        pv.fit_arellano_bond(stream, "y", "ww")
    with pytest.raises(pv.SpecificationError, match=r"'k' changes within \d+ entities"):
        pv.fit_arellano_bond(stream, "y", "w", cov=pv.Clustered("k"))
    with pytest.raises(pv.SpecificationError, match="clustered by a column"):
        pv.fit_arellano_bond(stream, "y", "w", cov=pv.Clustered(frame["region"].to_numpy()))
    with pytest.raises(pv.DataError, match="comes again in row"):
        pv.fit_arellano_bond(stream_of(frame.sample(frac=1.0, random_state=0), [50]), "y", "w")
    with pytest.raises(pv.DataError, match=r"9 of 456 rows have missing values: w \(9\)"):
        pv.fit_arellano_bond(stream, "y", "w", missing="raise")
    with pytest.raises(pv.CollinearityError, match="'still' does not vary within entities"):
        pv.fit_arellano_bond(stream_of(frame.assign(still=frame["firm"] * 1.0), [9]), "y", "still")
    with pytest.raises(pv.NumericalError, match="of the size 1e\\+40"):
        pv.fit_arellano_bond(stream_of(frame.assign(w=1e40), [9]), "y", "w")

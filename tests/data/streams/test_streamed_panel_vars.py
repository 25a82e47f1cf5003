"""Panel vector autoregressions of streams: the results of the same rows in memory, however they are cut into chunks."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import panelvar as pv

pytestmark = pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")

FEW = pv.LagInstruments(last=3, collapse=True)
NAMES = ["a", "b"]
FITS = {
    "deviations": lambda data: pv.fit_panel_var(data, NAMES, instruments=FEW),
    "differences": lambda data: pv.fit_panel_var(data, NAMES, lags=2, transform="fd", steps=1, instruments=FEW),
    "beside": lambda data: pv.fit_panel_var(
        data, NAMES, time_effects=True, exogenous="w", exogenous_lags=1, instruments=FEW
    ),
    "system": lambda data: pv.fit_panel_var(
        data, NAMES, level_equation=True, time_effects=True, instruments=FEW, joint=False
    ),
    "clusters": lambda data: pv.fit_panel_var(
        data, NAMES, cov=pv.Clustered("region"), instruments=pv.LagInstruments(last=2, collapse=True)
    ),
    "within": lambda data: pv.fit_panel_var(data, NAMES, method="within"),
    "within, periods": lambda data: pv.fit_panel_var(data, NAMES, method="within", time_effects=True, exogenous="w"),
    "within, classical": lambda data: pv.fit_panel_var(data, NAMES, lags=2, method="within", cov="classical"),
    "pooled": lambda data: pv.fit_panel_var(data, NAMES, method="pooled", time_effects=True, exogenous="w"),
}
QUESTIONS = {
    "hansen": lambda result: result.hansen_j,
    "m2": lambda result: result.ar_test(2, "a"),
    "portmanteau": lambda result: result.serial_portmanteau("b", collapse=True),
    "causality": lambda result: result.granger_causality("a", "b"),
    "roots": lambda result: result.root_table(),
    "responses": lambda result: result.impulse_responses(4, bands=pv.MonteCarlo(draws=40, seed=1)).summary(),
    "shares": lambda result: result.variance_decomposition(4).summary(),
    "classical": lambda result: result.with_cov("classical"),
    "periods": lambda result: result.period_effects().round(8),
}


def make(entities=60, periods=9, seed=0):
    """Two variables that drive each other; entities' rows together and in no order, with gaps and missing values."""
    rng = np.random.default_rng(seed)
    size, years = entities * periods, np.arange(2000, 2000 + periods)
    frame = pd.DataFrame({"firm": np.repeat(rng.permutation(entities) * 3, periods), "year": np.tile(years, entities)})
    effects, w = rng.normal(size=(entities, 2)), rng.normal(size=(entities, periods))
    y = np.zeros((entities, periods, 2))
    for t in range(periods):
        y[:, t] = (y[:, t - 1] @ [[0.5, 0.2], [0.1, 0.3]] if t else 0.0) + effects + rng.normal(size=(entities, 2))
        y[:, t] += 0.3 * w[:, t, None]
    frame["a"], frame["b"], frame["w"] = y[:, :, 0].ravel(), y[:, :, 1].ravel(), w.ravel()
    frame["region"] = np.array(list("abcdefghijkl"))[frame["firm"] // 3 % 12]
    frame.loc[rng.choice(size, 9, replace=False), "a"] = np.nan
    frame = frame.sample(int(0.95 * size), random_state=seed)
    return frame.sort_values("firm", kind="stable").reset_index(drop=True)


FRAME = make()


def stream_of(places):
    bounds = [0, *sorted(places), len(FRAME)]
    return pv.PanelStream([FRAME.iloc[a:b] for a, b in itertools.pairwise(bounds)], entity="firm", time="year")


def assert_same(streamed, held):
    for name in ("params", "std_errors", "cov", "sigma"):
        ours, theirs = np.asarray(getattr(streamed, name)), np.asarray(getattr(held, name))
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-10 * np.abs(theirs).max())
    for name in ("nobs", "n_entities", "df_resid", "names", "notes", "periods_per_entity"):
        assert getattr(streamed, name) == getattr(held, name)
    if held.fit.effects is not None:
        pd.testing.assert_frame_equal(streamed.estimated_effects(), held.estimated_effects(), rtol=1e-9)
    assert type(streamed) is type(held)
    assert str(streamed) == str(held)


def asked(question, result):
    try:
        return str(question(result))
    except (pv.PanelVarError, AttributeError) as error:
        return str(error)


@given(places=st.lists(st.integers(0, len(FRAME)), max_size=20), name=st.sampled_from(sorted(FITS)))
def test_a_stream_is_the_panel_it_holds_however_it_is_cut(places, name):
    assert_same(FITS[name](stream_of(places)), FITS[name](pv.Panel(FRAME, "firm", "year")))


@pytest.mark.parametrize("name", FITS)
def test_what_is_asked_of_a_system_is_answered(name):
    held, streamed = FITS[name](pv.Panel(FRAME, "firm", "year")), FITS[name](stream_of([1, 2, 50, 300]))
    ours, theirs = (
        {each: asked(question, result) for each, question in QUESTIONS.items()} for result in (streamed, held)
    )
    if held.fit.gmm is None:
        # Without its rows a stream has no errors to test.
        for question, begins in (("m2", "m2: z"), ("portmanteau", "Serial portmanteau")):
            assert ours.pop(question).startswith("A stream keeps no rows")
            assert theirs.pop(question).startswith(begins)
    assert ours == theirs


@pytest.mark.parametrize("name", ["deviations", "within", "pooled"])
def test_forecasts_go_on_from_the_last_rows_of_every_entity(name):
    fit = FITS[name] if name != "pooled" else lambda data: pv.fit_panel_var(data, NAMES, lags=2, method="pooled")
    held, streamed = fit(pv.Panel(FRAME, "firm", "year")), fit(stream_of([1, 2, 50, 300]))
    pd.testing.assert_frame_equal(streamed.forecast(3).to_frame(), held.forecast(3).to_frame(), rtol=1e-9)


def test_forecasts_beside_exogenous_variables():
    def fit(data):
        return pv.fit_panel_var(data, NAMES, method="within", exogenous="w", exogenous_lags=1)

    held, streamed = fit(pv.Panel(FRAME, "firm", "year")), fit(stream_of([1, 2, 50, 300]))
    index = pd.MultiIndex.from_product([sorted(FRAME["firm"].unique()), range(2000, 2012)])
    future = pd.DataFrame({"w": np.linspace(-1.0, 1.0, len(index))}, index=index)
    ours, theirs = (each.forecast(2, exogenous=future).to_frame() for each in (streamed, held))
    pd.testing.assert_frame_equal(ours, theirs, rtol=1e-9)


def test_what_has_a_value_for_each_row_or_needs_all_of_them_is_refused_by_name():
    stream = stream_of([200])
    system = FITS["within"](stream)
    with pytest.raises(pv.MissingInformationError, match="A residual has a value for each row"):
        _ = system.resids
    with pytest.raises(pv.MissingInformationError, match="A residual or fitted value has a value for each row"):
        _ = system.fitted_values
    with pytest.raises(pv.SpecificationError, match="to generate data, which this model cannot do"):
        system.impulse_responses(3, bands=pv.ResidualBootstrap(draws=20))
    with pytest.raises(pv.SpecificationError, match="EntityBootstrap draws the entities of a panel"):
        system.impulse_responses(3, bands=pv.EntityBootstrap(draws=20))
    with pytest.raises(pv.SpecificationError, match="method='mean-group' needs the rows of all entities at once"):
        pv.fit_panel_var(stream, NAMES, method="mean-group")
    for cov in ("HC1", "driscoll-kraay", pv.Clustered("region"), pv.Clustered("entity", "time")):
        with pytest.raises(pv.SpecificationError, match="takes 'classical' and clusters of entities"):
            pv.fit_panel_var(stream, NAMES, method="within", cov=cov)
    with pytest.raises(pv.DataError, match="'c' is not in the data"):
        pv.fit_panel_var(stream, ["a", "c"])
    with pytest.raises(pv.DataError, match=r"9 missing values in \['a'\], and missing='raise'"):
        pv.fit_panel_var(stream, NAMES, missing="raise")
    scattered = FRAME[FRAME["year"] % 4 == FRAME["firm"] % 4]
    with pytest.raises(pv.InsufficientDataError, match=r"None of the \d+ entities has a row with 1 lag"):
        pv.fit_panel_var(pv.PanelStream(scattered, entity="firm", time="year"), NAMES)

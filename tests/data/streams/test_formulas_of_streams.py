"""Formulas of streams: computed a chunk at a time, the columns are those of the same rows in memory."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from data.streams.chunked_panels import assert_same, cut, make, panel_of, stream_of
from hypothesis import given
from hypothesis import strategies as st

import panelvar as pv

pytestmark = pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")

BY_ROW = [
    "y ~ x + log(w)",
    "log(w) ~ x*z + I(x**2)",
    "y ~ x + region",
    "y ~ region:x + C(year, ref=2003)",
    "y ~ i(region, z, ref='b') + x",
    "y ~ i(region, i.year)",
    "y ~ 0 + region + poly(w, 2, raw=True)",
    "y ~ `odd name` + I(w > 1)",
]
ALONG_TIME = [
    "y ~ L(x) + z",
    "D(y) ~ D(x) + L(z, 2) + C(year)",
    "y ~ x + C(region):L(log(w), 1:2)",
]
INSTRUMENTED = ["y ~ x + [z ~ v + log(w)]", "y ~ region | z ~ v + w", "y ~ x + z | x + v + L(w)"]


def world():
    """The panel of the other tests, with texts that are missing here and there, sorted by entity alone."""
    frame = make()
    frame["w"] = frame["w"].abs() + 0.1
    frame["odd name"] = frame["v"]
    frame.loc[[3, 17, 60], "region"] = None
    return frame.sort_values("firm", kind="stable").reset_index(drop=True)


@pytest.mark.parametrize("formula", BY_ROW + ALONG_TIME)
def test_a_formula_of_a_stream_is_that_of_the_panel(formula):
    frame = world()
    held = pv.fit_fixed_effects(panel_of(frame), formula, cov="cluster")
    assert_same(pv.fit_fixed_effects(stream_of(cut(frame, [1, 50, 51, 120])), formula, cov="cluster"), held)


@pytest.mark.parametrize("formula", INSTRUMENTED)
def test_instruments_in_a_formula_are_those_of_the_panel(formula):
    frame = world()
    for fit in (pv.fit_iv_pooled, pv.fit_iv_first_difference):
        held = fit(panel_of(frame), formula, cov="cluster")
        assert_same(fit(stream_of(cut(frame, [40, 41])), formula, cov="cluster"), held)


@given(
    places=st.lists(st.integers(0, 180), max_size=6),
    seed=st.integers(0, 1000),
    formula=st.sampled_from(BY_ROW + ALONG_TIME),
)
def test_neither_chunks_nor_the_order_of_rows_show_in_a_formula(places, seed, formula):
    frame = world()
    held = pv.fit_pooled(panel_of(frame), formula, cov=pv.Clustered("firm"))
    shuffled = frame.sample(frac=1.0, random_state=seed)
    if formula in ALONG_TIME:
        # Entities in any order and the rows of each in any order, but together.
        place = pd.Series(np.random.default_rng(seed).permutation(30), index=frame["firm"].unique())
        shuffled = shuffled.sort_values("firm", key=place.get)
    assert_same(pv.fit_pooled(stream_of(cut(shuffled, places)), formula, cov=pv.Clustered("firm")), held)


@given(
    places=st.lists(st.integers(0, 170), max_size=6),
    seed=st.integers(0, 1000),
    convention=st.sampled_from(["default", "plm"]),
    cov=st.sampled_from(["classical", "HC3", "cluster", pv.Clustered("kind"), pv.DriscollKraay()]),
)
def test_differences_of_a_stream_are_those_of_the_panel(places, seed, convention, cov):
    frame = world().drop(index=[5, 9, 60])
    frame["kind"] = frame["firm"] % 3
    held = pv.fit_first_difference(panel_of(frame), "y", ["x", "z"], cov=cov, convention=convention)
    mixed = frame.sample(frac=1.0, random_state=seed).sort_values("firm", ascending=False, kind="stable")
    streamed = pv.fit_first_difference(stream_of(cut(mixed, places)), "y", ["x", "z"], cov=cov, convention=convention)
    assert_same(streamed, held)
    assert streamed.n_periods == held.n_periods


def test_differences_of_a_formula_and_their_constant():
    frame = world()
    for formula in ("y ~ log(w) + x", "y ~ L(x) + z", "y ~ x + z"):
        held = pv.fit_first_difference(panel_of(frame), formula, constant=True)
        assert_same(pv.fit_first_difference(stream_of(cut(frame, [20, 61])), formula, constant=True), held)
    alone = frame.drop_duplicates("firm")
    with pytest.raises(pv.InsufficientDataError, match="nothing to difference"):
        pv.fit_first_difference(stream_of(cut(alone, [3])), "y ~ x")


def test_dates_of_differences_lie_on_the_calendar_of_all_rows():
    # Differences are there every second year alone: their own calendar would have other steps.
    frame = make(missing=0)
    frame = frame.sort_values(["firm", "year"])
    frame = frame[~((frame["year"] % 2 == 0) & (frame["firm"] % 7 == 0))]
    cov = pv.DriscollKraay(lags=1)
    held = pv.fit_first_difference(panel_of(frame), "y", ["x", "z"], cov=cov)
    assert_same(pv.fit_first_difference(stream_of(cut(frame, [7])), "y", ["x", "z"], cov=cov), held)


@pytest.mark.parametrize("kind", ["chosen", "category"])
def test_categories_are_in_the_order_that_somebody_chose(kind):
    frame = world()
    labels = ["d", "b", "a", "c"] if kind == "chosen" else None
    frame["region"] = pd.Categorical(frame["region"], categories=labels, ordered=kind == "chosen")
    held = pv.fit_pooled(panel_of(frame), "y ~ x + region")
    assert_same(pv.fit_pooled(stream_of(cut(frame, [3, 70])), "y ~ x + region"), held)
    # Files may name other categories than one another.
    parts = [part.assign(region=part["region"].cat.remove_unused_categories()) for part in cut(frame, [2])]
    names = set(pv.fit_pooled(stream_of(parts), "y ~ x + region").params.index)
    assert len(names) == 5
    assert {name for name in names if name.startswith("region")} <= {f"region[T.{level}]" for level in "abcd"}


def test_levels_that_come_late_are_regressors_all_the_same():
    frame = world().assign(region=lambda data: np.where(data.index < 100, "a", "z"))
    held = pv.fit_pooled(panel_of(frame), "y ~ x + region")
    assert_same(pv.fit_pooled(stream_of(cut(frame, [50])), "y ~ x + region"), held)


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("y ~ log(x)", r"'log\(x\)' has no finite value: 'x' is zero or negative in .*rows? \d+ of chunk 0"),
        ("y ~ x + log(late)", r"'late' is zero or negative in 1 of 100 rows, first in row 150 of chunk 1"),
        ("y ~ xx", r"'xx' is not in the data\. Did you mean 'x'"),
        ("y ~ poly(x, 2)", "'x' is needed whole, and a stream reads one chunk at a time"),
        ("y ~ scale(x)", "function='scale' is not known"),
        ("y ~ x | z ~ v", "are instruments, and this function takes none"),
        ("y ~ L(x)", r"firm .* comes again in row \d+ of chunk 0, after another"),
    ],
)
def test_what_a_formula_cannot_have_of_a_stream_is_refused_in_words(formula, message):
    frame = world().sample(frac=1.0, random_state=1).reset_index(drop=True)
    frame["late"] = np.where(np.arange(len(frame)) == 150, 0.0, 1.0)
    with pytest.raises(pv.PanelVarError, match=message):
        pv.fit_pooled(stream_of(cut(frame, [80])), formula)


def test_predictions_of_a_formula_are_written(tmp_path):
    frame = world()
    for formula in ("y ~ x + region + log(w)", "y ~ L(x) + region"):
        stream = stream_of(cut(frame, [20, 61]))
        fitted = pv.fit_fixed_effects(stream, formula)
        path = tmp_path / "predicted.parquet"
        assert stream.write_predictions(fitted, path, effects=True, residuals=True) == len(frame)
        held = pv.fit_fixed_effects(panel_of(frame), formula)
        written = pd.read_parquet(path).merge(frame[["firm", "year"]].assign(row=frame.index)).set_index("row")
        np.testing.assert_allclose(
            written["predicted"], held.predict(panel_of(frame), effects=True).loc[written.index], rtol=1e-9
        )
        residuals = written["residual"].loc[held.resids.index]
        np.testing.assert_allclose(residuals, held.resids, rtol=1e-9, atol=1e-12)


def test_residuals_that_are_not_written_are_refused(tmp_path):
    frame = world()
    stream = stream_of(cut(frame, [20]))
    with pytest.raises(pv.SpecificationError, match="Residuals of first differences cannot be written"):
        stream.write_predictions(pv.fit_first_difference(stream, "y", "x"), tmp_path / "residuals", residuals=True)
    assert not (tmp_path / "residuals").exists()

"""Columns of factors stay codes in the chunks of a stream; the second way has a column of each level in the data."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from data.streams.chunked_panels import cut, stream_of

import panelvar as pv
from panelvar.kernels.linear.columns import FactorCodes, FactorColumn

pytestmark = pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")

# So many that cross products of them are factored only where they are counts.
LEVELS = 120
# Chunks in which entities begin and end, of few rows too.
PLACES = [4_003, 9_001, 9_400]


@pytest.fixture(autouse=True)
def _codes_in_short_chunks(monkeypatch):
    monkeypatch.setattr("panelvar.data.formulas.formula.FEW_ROWS", 500)


def make(seed=0, *, order=None, missing=False):
    """A panel whose last level is in the last chunk alone."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"firm": np.repeat(np.arange(1_500), 8), "year": np.tile(np.arange(2000, 2008), 1_500)})
    n = len(frame)
    frame["g"] = rng.integers(0, LEVELS - 1, n)
    frame.loc[PLACES[-1] + 1 :: 7, "g"] = LEVELS - 1
    frame["x"] = rng.normal(size=n) + 3.0 + frame["firm"] % 5
    frame["z"] = rng.normal(size=n) + frame["g"] % 3
    frame["region"] = frame["firm"] % 90
    frame["weight"] = rng.uniform(0.5, 2.0, n)
    frame["y"] = frame["x"] - frame["z"] + np.sin(frame["g"]) + frame["firm"] % 11 + rng.normal(size=n)
    if missing:
        frame["g"] = frame["g"].astype(float)
        for place, name in enumerate("gxzy"):
            frame.loc[rng.choice(n, 40 + place, replace=False), name] = np.nan
    return frame if order is None else frame.sample(n, random_state=order).reset_index(drop=True)


def with_columns(frame, made):
    """Return the frame with the columns of the levels but the first, or of all of them times x, and their names."""
    columns = {}
    for level in range(0 if made == "i(g, x)" else 1, LEVELS):
        own = (frame["g"] == level).astype(float).where(frame["g"].notna())
        columns[f"level{level}"] = own * frame["x"] if made == "i(g, x)" else own
    return pd.concat([frame, pd.DataFrame(columns)], axis=1), list(columns)


def assert_same(found, dense, digits=1e-12):
    assert found.nobs == dense.nobs
    assert found.df_resid == dense.df_resid
    scale = np.abs(np.asarray(dense.params)).max()
    np.testing.assert_allclose(found.params, dense.params.to_numpy(), rtol=digits, atol=digits * scale)
    np.testing.assert_allclose(found.std_errors, dense.std_errors.to_numpy(), rtol=digits)
    np.testing.assert_allclose(found.rsquared, dense.rsquared, rtol=digits)


@pytest.mark.parametrize("cov", ["classical", "HC1", "cluster"])
@pytest.mark.parametrize(("missing", "order"), [(False, None), (True, 3)])
@pytest.mark.parametrize("fit", [pv.fit_fixed_effects, pv.fit_pooled, pv.fit_random_effects])
def test_factors_are_as_columns_of_their_levels(fit, missing, order, cov):
    frame = make(missing=missing, order=order)
    dense, names = with_columns(frame, "C(g)")
    options = {"effects": "entity"} if fit is pv.fit_fixed_effects else {}
    found = fit(stream_of(cut(frame, PLACES)), "y ~ x + z + C(g)", cov=cov, **options)
    assert_same(found, fit(stream_of(cut(dense, PLACES)), "y", ["x", "z", *names], cov=cov, **options))
    held = fit(pv.Panel(frame, "firm", "year"), "y ~ x + z + C(g)", cov=cov, **options)
    np.testing.assert_allclose(found.params, held.params, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("cov", ["classical", "cluster"])
@pytest.mark.parametrize("effects", ["entity", "twoway", "region"])
@pytest.mark.parametrize("weights", [None, "weight"])
@pytest.mark.parametrize("made", ["C(g)", "i(g, x)"])
def test_factors_with_effects_and_weights(made, weights, effects, cov):
    frame = make(1, missing=True)
    dense, names = with_columns(frame, made)
    options = {"effects": effects, "cov": cov, "weights": weights}
    found = pv.fit_fixed_effects(stream_of(cut(frame, PLACES)), f"y ~ z + {made}", **options)
    assert_same(found, pv.fit_fixed_effects(stream_of(cut(dense, PLACES)), "y", ["z", *names], **options))


@pytest.mark.parametrize("far", [1e2, 1e4, 1e6])
def test_numbers_far_from_zero_by_level_lose_no_digits(far):
    # Levels are those of entities, whose means leave nearly nothing of the columns; what is left is well conditioned.
    frame = make(2, missing=True)
    frame["g"] = frame["firm"] % LEVELS
    frame["x"] += far
    dense, names = with_columns(frame, "i(g, x)")
    options = {"effects": "entity", "cov": "classical"}
    found = pv.fit_fixed_effects(stream_of(cut(frame, PLACES)), "y ~ z + i(g, x)", **options)
    other = pv.fit_fixed_effects(stream_of(cut(dense, PLACES)), "y", ["z", *names], **options)
    kept = ["z", *names]
    # The values themselves are rounded at their distance from zero.
    digits = max(1e-12, 1e-15 * far)
    np.testing.assert_allclose(found.params[-LEVELS:], other.params[kept[1:]].to_numpy(), rtol=digits, atol=digits)
    np.testing.assert_allclose(found.std_errors[-LEVELS:], other.std_errors[kept[1:]].to_numpy(), rtol=digits)


@pytest.mark.parametrize("apart", [1e-1, 1e-2, 1e-3, 1e-5])
@pytest.mark.parametrize("fit", [pv.fit_fixed_effects, pv.fit_pooled])
def test_columns_close_to_levels_lose_no_digits(fit, apart):
    frame = make(4)
    frame["z"] = (frame["g"] == 3) + apart * frame["z"]
    dense, names = with_columns(frame, "C(g)")
    found = fit(stream_of(cut(frame, PLACES)), "y ~ x + z + C(g)", cov="classical")
    other = fit(stream_of(cut(dense, PLACES)), "y", ["x", "z", *names], cov="classical")
    # What rounding of the values themselves does to the coefficients.
    assert_same(found, other, max(1e-12, 3e-15 / apart))


@pytest.mark.parametrize("order", [None, 5])
def test_no_column_of_a_level_is_made(monkeypatch, order):
    def refuse(self, part):
        raise AssertionError("A column of a level is made.")

    monkeypatch.setattr(FactorColumn, "__getitem__", refuse)
    # Nor where the last chunk has so few rows that its columns are none of codes.
    stream = stream_of(cut(make(order=order, missing=True), [*PLACES[:2], 11_800]))
    pv.fit_fixed_effects(stream, "y ~ x + z + C(g)", effects="entity", cov="classical").std_errors  # noqa: B018
    pv.fit_pooled(stream, "y ~ x + z + C(g)", cov="classical").std_errors  # noqa: B018


def test_a_first_chunk_of_few_rows_has_columns():
    frame = make(missing=True)
    dense, names = with_columns(frame, "C(g)")
    places = [300, *PLACES]
    found = pv.fit_fixed_effects(stream_of(cut(frame, places)), "y ~ x + C(g)", effects="entity")
    assert_same(found, pv.fit_fixed_effects(stream_of(cut(dense, places)), "y", ["x", *names], effects="entity"))


def test_infinite_numbers_by_level_are_refused():
    frame = make()
    frame.loc[5_000, "x"] = np.inf
    with pytest.raises(pv.DataError, match="infinite"):
        pv.fit_pooled(stream_of(cut(frame, PLACES)), "y ~ z + i(g, x)")


@pytest.mark.parametrize("multiplied", [False, True])
@pytest.mark.parametrize("levels", [1, 5])
def test_limits_of_levels_are_those_of_the_columns(multiplied, levels):
    rng = np.random.default_rng(6)
    codes = rng.integers(0, levels + 1, 40)
    if levels == 1:
        codes[:] = 0
    factor = FactorCodes(codes, levels, rng.normal(size=40) + 3.0 if multiplied else None)
    columns = [FactorColumn(factor, level)[:] for level in range(levels)]
    np.testing.assert_array_equal(factor.limits, [np.min(columns, axis=1), np.max(columns, axis=1)])
    factor = FactorCodes(np.where(np.arange(40) == 3, -1, codes), levels)
    assert np.isnan(factor.limits).all()

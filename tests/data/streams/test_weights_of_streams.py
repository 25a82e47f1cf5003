"""Analytic weights of streams, clusters of entity means, GMM: numbers that the same rows in memory give."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from data.streams.chunked_panels import assert_same, cut, make, panel_of, stream_of
from hypothesis import given
from hypothesis import strategies as st

import panelvar as pv

pytestmark = pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")

FITS = {
    "pooled": lambda data, **options: pv.fit_pooled(data, "y", ["x", "z"], **options),
    "no constant": lambda data, **options: pv.fit_pooled(data, "y", ["x", "z"], constant=False, **options),
    "its own weights": lambda data, **options: pv.fit_pooled(data, "y", ["x", "size"], **options),
    "entity": lambda data, **options: pv.fit_fixed_effects(data, "y", ["x", "z"], **options),
    "time": lambda data, **options: pv.fit_fixed_effects(data, "y", ["x", "z"], effects="time", **options),
    "twoway": lambda data, **options: pv.fit_fixed_effects(data, "y", ["x", "z"], effects="twoway", **options),
    "between": lambda data, **options: pv.fit_between(data, "y", ["x", "z"], **options),
    "formula": lambda data, **options: pv.fit_fixed_effects(data, "log(size) ~ x + L(z) + C(region)", **options),
    "difference": lambda data, **options: pv.fit_first_difference(data, "y ~ x + I(z**2)", **options),
    "iv": lambda data, **options: pv.fit_iv_fixed_effects(data, "y ~ x + [z ~ v + w]", **options),
}


def world():
    """A panel whose entities stand together, and weights, some of which are missing."""
    frame = make()
    frame["size"] = np.exp(frame["w"] / 2)
    frame.loc[[7, 60], "size"] = np.nan
    return frame.sort_values("firm", kind="stable").reset_index(drop=True)


@pytest.mark.parametrize("cov", ["classical", "HC1", "cluster", pv.Clustered("region")], ids=str)
@pytest.mark.parametrize("name", FITS)
def test_weighted_fits_of_a_stream_are_those_of_the_panel(name, cov):
    frame = world()
    held = FITS[name](panel_of(frame), weights="size", cov=cov)
    streamed = FITS[name](stream_of(cut(frame, [1, 50, 51])), weights="size", cov=cov)
    assert_same(streamed, held)
    for quantity in ("rsquared", "loglik", "df_resid"):
        assert getattr(streamed, quantity) == pytest.approx(getattr(held, quantity), rel=1e-10)


@given(places=st.lists(st.integers(0, 180), max_size=5), seed=st.integers(0, 999), name=st.sampled_from(sorted(FITS)))
def test_neither_chunks_nor_the_order_of_rows_show_with_weights(places, seed, name):
    frame = world()
    cov = pv.Clustered("region") if name == "between" else "HC3" if name in ("pooled", "entity") else "cluster"
    held = FITS[name](panel_of(frame), weights="size", cov=cov)
    mixed = frame.sample(frac=1.0, random_state=seed).sort_values("firm", kind="stable")
    assert_same(FITS[name](stream_of(cut(mixed, places)), weights="size", cov=cov), held)


@pytest.mark.parametrize("cov", ["CR2", "CR3", pv.BiasReduced("region")], ids=str)
@pytest.mark.parametrize("name", ["pooled", "entity"])
def test_leverages_of_clusters_with_weights(name, cov):
    frame = world()
    held = FITS[name](panel_of(frame), weights="size", cov=cov)
    assert_same(FITS[name](stream_of(cut(frame, [9, 61])), weights="size", cov=cov), held)


def test_weights_may_have_any_name_and_must_be_positive():
    frame = world().rename(columns={"size": "weights"})
    held = pv.fit_pooled(panel_of(frame), "y", ["x", "z"], weights="weights")
    assert_same(pv.fit_pooled(stream_of(cut(frame, [20])), "y", ["x", "z"], weights="weights"), held)
    frame.loc[[3, 30], "weights"] = [0.0, -1.0]
    with pytest.raises(pv.DataError, match="strictly positive; 2 are not"):
        pv.fit_pooled(stream_of(cut(frame, [20])), "y", ["x", "z"], weights="weights")
    with pytest.raises(pv.DataError, match=r"'weight' is not in the data\. Did you mean 'weights'"):
        pv.fit_pooled(stream_of(cut(frame, [20])), "y", ["x", "z"], weights="weight")


@pytest.mark.parametrize("weights", [None, "size"])
def test_means_of_entities_are_clustered_by_what_does_not_vary_within_them(weights):
    frame = world()
    frame["group"] = frame["firm"] % 5
    held = pv.fit_between(panel_of(frame), "y", ["x", "z"], cov=pv.Clustered("group"), weights=weights)
    stream = stream_of(cut(frame.sample(frac=1.0, random_state=3), [20, 90]))
    assert_same(pv.fit_between(stream, "y", ["x", "z"], cov=pv.Clustered("group"), weights=weights), held)
    with pytest.raises(pv.DataError, match="'year' varies within 30 of the 30 levels of 'firm'"):
        pv.fit_between(stream, "y", ["x", "z"], cov=pv.Clustered("year"))


@pytest.mark.parametrize("weights", [None, "size"])
@pytest.mark.parametrize("moments", ["HC1", "cluster"])
def test_two_step_gmm_has_its_constant(moments, weights):
    frame = world()

    def fit(data):
        method = pv.TwoStepGMM(moments)
        return pv.fit_iv_pooled(data, "y ~ x + [z ~ v + w + x:v]", method=method, cov=moments, weights=weights)

    held = fit(panel_of(frame))
    assert_same(fit(stream_of(cut(frame.sample(frac=1.0, random_state=1), [20, 61]))), held)


INSTRUMENTED = {
    "between": lambda data: pv.fit_iv_between(data, "y ~ x + [z ~ v]"),
    "between, lists": lambda data: pv.fit_iv_between(data, "y", ["x"], endogenous="z", instruments=["v", "w"]),
    "effects by GMM": lambda data: pv.fit_iv_fixed_effects(
        data, "y ~ x | firm | z ~ v + w", method="gmm", cov="cluster"
    ),
    "differences by GMM": lambda data: pv.fit_iv_first_difference(
        data, "y ~ x + [z ~ v + w]", method="gmm", cov="cluster"
    ),
    "Fuller": lambda data: pv.fit_iv_fixed_effects(data, "y ~ x + [z ~ v + w]", method=pv.Fuller(1), cov="cluster"),
    "random": lambda data: pv.fit_iv_random_effects(data, "y ~ x + [z ~ v + w]", cov="cluster"),
}


@pytest.mark.parametrize("name", INSTRUMENTED)
def test_instruments_of_other_estimators(name):
    frame = world()
    held = INSTRUMENTED[name](panel_of(frame))
    assert_same(INSTRUMENTED[name](stream_of(cut(frame, [9, 61]))), held)


def test_effects_of_each_row_are_refused_in_words():
    with pytest.raises(pv.InsufficientDataError, match="a level for each of the 166 rows"):
        pv.fit_fixed_effects(stream_of(cut(make(), [30])), "y ~ x | firm^year")


def many_rows():
    rng = np.random.default_rng(5)
    entities, periods = 30_000, 5
    frame = pd.DataFrame({
        "firm": np.repeat(np.arange(entities), periods), "year": np.tile(np.arange(periods), entities)
    })  # fmt: skip
    for name in "abcdefgh":
        frame[name] = rng.normal(size=len(frame))
    frame["y"] = frame["a"] - frame["b"] + frame["firm"] % 3 + rng.normal(size=len(frame))
    return frame


def test_what_is_read_once_is_enough_for_fits_of_one_reading():
    frame, names = many_rows(), list("abcdefgh")
    for fit in (pv.fit_pooled, pv.fit_fixed_effects, pv.fit_random_effects):
        stream = stream_of(iter(cut(frame, [50_000, 100_000])))
        assert not stream.repeatable
        streamed, held = fit(stream, "y", names), fit(panel_of(frame), "y", names)
        np.testing.assert_allclose(streamed.params, held.params, rtol=1e-9)
        np.testing.assert_allclose(streamed.std_errors, held.std_errors, rtol=1e-10)
        with pytest.raises(pv.SpecificationError, match="can be read only once, and they are needed again"):
            streamed.with_cov("cluster")
    stream = stream_of(iter(cut(frame, [50_000, 100_000])))
    with pytest.raises(pv.SpecificationError, match="can be read only once"):
        pv.fit_fixed_effects(stream, "y ~ a + b + c + L(d)")


def test_few_rows_that_are_read_once_are_kept():
    frame = make()
    stream = stream_of(iter(cut(frame, [30, 90])))
    assert stream.repeatable
    held = pv.fit_fixed_effects(panel_of(frame), "y ~ x + z | firm + year", cov="cluster")
    assert_same(pv.fit_fixed_effects(stream, "y ~ x + z | firm + year", cov="cluster"), held)


@pytest.mark.parametrize("convention", ["stata", "plm", "pyfixest", "linearmodels", "gretl", "eviews"])
@pytest.mark.parametrize("weights", [None, "size"])
def test_conventions_print_of_a_stream_what_they_print_of_a_panel(convention, weights):
    frame = world().dropna()
    frame = frame[frame.groupby("firm")["year"].transform("size") > 1]
    options = {"convention": convention} | ({} if weights is None else {"weights": weights})
    fits = ["pooled", "entity", "time", "twoway", "between", "difference", "iv"]
    for fit in [FITS[name] for name in fits] + [pv.fit_random_effects] * (weights is None):
        arguments = ("y", ["x", "z"]) if fit is pv.fit_random_effects else ()
        streamed, held = (
            fit(data, *arguments, **options) for data in (stream_of(cut(frame, [40, 41])), panel_of(frame))
        )
        assert str(streamed) == str(held)
        assert str(streamed.rsquared_table) == str(held.rsquared_table)
        if held.variance_components is not None:
            assert str(streamed.variance_components) == str(held.variance_components)


def test_singletons_of_a_stream_are_refused_where_a_convention_drops_them():
    frame = world()
    frame.loc[0, "firm"] = -1
    with pytest.raises(pv.MissingInformationError, match="convention 'pyfixest', which drops singletons, needs all"):
        pv.fit_fixed_effects(stream_of(cut(frame, [40])), "y", ["x", "z"], convention="pyfixest")

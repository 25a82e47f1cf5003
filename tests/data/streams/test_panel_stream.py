"""Panels read a chunk at a time: the results of the same rows in memory, whatever the chunks and the order."""

from __future__ import annotations

import itertools
import pickle

import numpy as np
import pandas as pd
import pytest
from data.streams.chunked_panels import assert_same, cut, make, panel_of, stream_of
from hypothesis import given
from hypothesis import strategies as st

import panelvar as pv

pytestmark = pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")

COVARIANCES = [
    "classical",
    "HC1",
    "cluster",
    pv.Clustered("region"),
    pv.Clustered("entity", "time"),
    pv.DriscollKraay(),
]
FITS = {
    "pooled": lambda data, **options: pv.fit_pooled(data, "y", ["x", "z"], **options),
    "entity": lambda data, **options: pv.fit_fixed_effects(data, "y", ["x", "z"], **options),
    "time": lambda data, **options: pv.fit_fixed_effects(data, "y", ["x", "z"], effects="time", **options),
    "region": lambda data, **options: pv.fit_fixed_effects(data, "y", ["x", "z"], effects="region", **options),
    "twoway": lambda data, **options: pv.fit_fixed_effects(data, "y", ["x", "z"], effects="twoway", **options),
    "random": lambda data, **options: pv.fit_random_effects(data, "y", ["x", "z"], **options),
    "iv pooled": lambda data, **options: pv.fit_iv_pooled(
        data, "y", ["x"], endogenous=["z"], instruments=["v", "w"], **options
    ),
    "iv entity": lambda data, **options: pv.fit_iv_fixed_effects(
        data, "y", ["x"], endogenous=["z"], instruments=["v", "w"], **options
    ),
}


@pytest.mark.parametrize("cov", COVARIANCES, ids=str)
@pytest.mark.parametrize("name", FITS)
def test_a_stream_is_the_panel_it_holds(name, cov):
    frame = make()
    held = FITS[name](pv.Panel(frame, "firm", "year"), cov=cov)
    streamed = FITS[name](stream_of(cut(frame, [1, 50, 51, 120])), cov=cov)
    assert_same(streamed, held)
    for quantity in ("rsquared", "rsquared_adjusted", "df_resid", "nobs", "n_entities", "n_periods", "loglik"):
        assert getattr(streamed, quantity) == pytest.approx(getattr(held, quantity), rel=1e-11)


def test_instruments_that_are_weak_by_clusters_alone_have_the_note_of_the_panel():
    frame = make()
    # Instrument and regressor hardly change within a firm: many rows, few firms.
    rng = np.random.default_rng(1)
    firm = frame["firm"].rank(method="dense").astype(int)
    own, of_firms = (rng.normal(size=firm.max() + 1)[firm] for _ in range(2))
    frame["v"] = of_firms + 0.05 * rng.normal(size=len(frame))
    frame["z"] = 0.5 * frame["v"] + own + 0.1 * rng.normal(size=len(frame))
    results = [
        pv.fit_iv_pooled(data, "y", ["x"], endogenous="z", instruments="v", cov="cluster")
        for data in (pv.Panel(frame, "firm", "year"), stream_of(cut(frame, [50, 120])))
    ]
    held, streamed = ([note.text for note in result.notes if note.code == "weak-instruments"] for result in results)
    assert results[0].cragg_donald > 10.0
    assert held == streamed
    assert "the effective F is" in held[0]


@given(places=st.lists(st.integers(0, 180), max_size=6), seed=st.integers(0, 1000), name=st.sampled_from(sorted(FITS)))
def test_neither_chunks_nor_the_order_of_rows_show(places, seed, name):
    frame = make()
    held = FITS[name](pv.Panel(frame, "firm", "year"), cov="cluster")
    shuffled = frame.sample(frac=1.0, random_state=seed)
    assert_same(FITS[name](stream_of(cut(shuffled, places)), cov="cluster"), held)


def test_the_between_regression_and_what_is_asked_of_fits():
    frame = make()
    panel, stream = pv.Panel(frame, "firm", "year"), stream_of(cut(frame, [40, 90]))
    assert_same(pv.fit_between(stream, "y", ["x", "z"]), pv.fit_between(panel, "y", ["x", "z"]))
    fits = {}
    for data in (panel, stream):
        fixed, random = pv.fit_fixed_effects(data, "y", ["x", "z"]), pv.fit_random_effects(data, "y", ["x", "z"])
        fits[data] = fixed, random
        assert str(fixed.with_cov("cluster")) == str(pv.fit_fixed_effects(data, "y", ["x", "z"], cov="cluster"))
    (held, held_random), (streamed, random) = fits[panel], fits[stream]
    assert str(pv.hausman_test(streamed, random)) == str(pv.hausman_test(held, held_random))
    assert str(pv.compare([streamed, random])) == str(pv.compare([held, held_random]))
    assert str(streamed.wald_test("x = z")) == str(held.wald_test("x = z"))
    pd.testing.assert_frame_equal(streamed.estimated_effects(), held.estimated_effects(), rtol=1e-9)
    pd.testing.assert_frame_equal(streamed.glance(), held.glance(), rtol=1e-9)
    assert str(streamed.f_poolability) == str(held.f_poolability)
    assert str(streamed.variance_components) == str(held.variance_components)
    light = pickle.loads(pickle.dumps(streamed.without_rows()))
    assert str(light) == str(streamed)


@pytest.mark.parametrize("formula", ["y ~ np.log(1 + x ** 2) + [z ~ v + w]", "y ~ x + [z ~ v + L(w)]"])
def test_a_streamed_fit_with_instruments_pickles_whole(formula):
    frame = make().sort_values(["firm", "year"])
    frame = frame.assign(v=frame["z"] + np.sin(np.arange(len(frame))), w=np.cos(frame["x"] * frame["z"]))
    streamed = pv.fit_iv_pooled(pv.PanelStream([frame], entity="firm", time="year"), formula)
    back = pickle.loads(pickle.dumps(streamed))
    assert_same(back.with_cov("cluster"), streamed.with_cov("cluster"))


def test_many_rows_take_the_path_of_cross_products():
    rng = np.random.default_rng(3)
    entities, periods = 4000, 6
    frame = pd.DataFrame({
        "firm": np.repeat(np.arange(entities), periods), "year": np.tile(np.arange(periods), entities)
    })  # fmt: skip
    for name in "xzvw":
        frame[name] = rng.normal(size=len(frame)) + frame["firm"] % 5
    frame["y"] = frame["x"] - frame["z"] + frame["v"] + rng.normal(size=len(frame))
    names = ["x", "z", "v", "w"]
    held = pv.fit_fixed_effects(pv.Panel(frame, "firm", "year"), "y", names, cov="cluster")
    for places in ([], [7], [9000, 18000]):
        assert_same(pv.fit_fixed_effects(stream_of(cut(frame, places)), "y", names, cov="cluster"), held)
    # Nearly collinear columns need QR, and so a further pass; the level of the data costs no digits.
    frame["w"] = frame["x"] + 1e-5 * frame["w"] + 1e6
    frame["y"] += 1e6
    held = pv.fit_fixed_effects(pv.Panel(frame, "firm", "year"), "y", names)
    streamed = pv.fit_fixed_effects(stream_of(cut(frame, [11, 5000])), "y", names)
    np.testing.assert_allclose(streamed.params, held.params, rtol=1e-8)
    np.testing.assert_allclose(streamed.std_errors, held.std_errors, rtol=1e-9)


def test_regressors_that_carry_nothing_are_dropped_with_the_same_words():
    frame = make(missing=0)
    frame["still"] = frame["firm"] * 1.0
    frame["sum"] = frame["x"] + frame["z"]
    # Each chunk is collinear where the whole is not, and constant where the whole varies.
    frame["late"] = np.where(np.arange(len(frame)) < 100, 1.0, frame["x"])
    names = ["x", "z", "still", "sum", "late"]
    held = pv.fit_fixed_effects(pv.Panel(frame, "firm", "year"), "y", names)
    assert_same(pv.fit_fixed_effects(stream_of(cut(frame, [100])), "y", names), held)
    with pytest.raises(pv.PanelVarError, match="still"):
        pv.fit_fixed_effects(stream_of([frame]), "y", names, collinear="raise")


@pytest.mark.parametrize("kind", ["text", "category", "chosen", "date", "period", "float"])
def test_labels_of_any_kind_are_in_their_own_order(kind):
    frame = make()
    labels = {
        "text": lambda codes: ("f" + codes.astype(str).str.zfill(3)).astype(object),
        "category": lambda codes: pd.Categorical("f" + codes.astype(str).str.zfill(3)),
        "chosen": lambda codes: pd.Categorical(codes, categories=sorted(codes.unique(), reverse=True), ordered=True),
        "date": lambda codes: pd.Timestamp("2020-01-01") + pd.to_timedelta(codes, unit="D"),
        "period": lambda codes: pd.PeriodIndex([pd.Period(ordinal=code, freq="M") for code in codes]),
        "float": lambda codes: codes / 2,
    }[kind]
    frame["firm"] = labels(frame["firm"])
    held = pv.fit_fixed_effects(pv.Panel(frame, "firm", "year"), "y", ["x", "z"])
    streamed = pv.fit_fixed_effects(stream_of(cut(frame, [3, 70, 140])), "y", ["x", "z"])
    assert_same(streamed, held)
    pd.testing.assert_frame_equal(
        streamed.estimated_effects(), held.estimated_effects(), rtol=1e-9, check_index_type=False, check_freq=False
    )


def test_times_are_read_on_the_calendar_of_all_chunks():
    frame = make(missing=0)
    frame["year"] = pd.to_datetime(frame["year"].astype(str) + "-01-01")
    frame = frame[frame["year"].dt.year != 2003]
    held = pv.fit_pooled(pv.Panel(frame, "firm", "year"), "y", ["x", "z"], cov=pv.DriscollKraay(lags=2))
    chunks = cut(frame, [20, 60])
    # Files may differ in the unit of their dates.
    chunks[1] = chunks[1].assign(year=chunks[1]["year"].dt.as_unit("s"))
    assert_same(pv.fit_pooled(stream_of(chunks), "y", ["x", "z"], cov=pv.DriscollKraay(lags=2)), held)


@pytest.mark.parametrize("write", ["{0.year}M{0.month}", "{0:%b %Y}", "{0.month}/{0.year}"])
def test_texts_are_periods_in_the_order_of_time(write):
    frame = make(missing=0)
    # The order of the alphabet is another one.
    months = {
        year: write.format(pd.Timestamp(2001, 8, 1) + pd.DateOffset(months=year - 2000)) for year in range(2000, 2008)
    }
    frame["year"] = frame["year"].map(months)
    for effects, cov in (("time", pv.DriscollKraay(lags=2)), ("entity", pv.DriscollKraay(lags=1))):
        held = pv.fit_fixed_effects(panel_of(frame), "y", ["x", "z"], effects=effects, cov=cov)
        streamed = pv.fit_fixed_effects(stream_of(cut(frame, [5, 70])), "y", ["x", "z"], effects=effects, cov=cov)
        assert_same(streamed, held)
        pd.testing.assert_frame_equal(
            streamed.estimated_effects(), held.estimated_effects(), rtol=1e-9, check_index_type=False, check_freq=False
        )
    ordered = frame.sort_values("firm")
    held = pv.fit_first_difference(panel_of(ordered), "y", ["x", "z"], cov=pv.DriscollKraay(lags=2))
    chunks = cut(ordered, [5, 70])
    assert_same(pv.fit_first_difference(stream_of(chunks), "y", ["x", "z"], cov=pv.DriscollKraay(lags=2)), held)


def test_a_period_that_is_written_in_two_ways_is_refused():
    frame = pd.DataFrame({"firm": [1, 1, 2, 2], "year": ["2001M1", "2001M2", "2001-01", "2001M2"], "x": 1.0, "y": 2.0})
    with pytest.raises(pv.DataError, match="'2001M1' and '2001-01' in column 'year' are one period"):
        pv.fit_pooled(stream_of(frame), "y", "x")


def test_missing_values_are_counted_and_may_be_refused():
    frame = make()
    stream = stream_of(cut(frame, [30, 130]))
    with pytest.warns(pv.PanelVarWarning, match=r"rows dropped for missing values: y \(7\), x \(7\)"):
        pv.fit_pooled(stream, "y", ["x", "z"])
    with pytest.raises(pv.DataError, match=r"missing values in 1\d of 180 rows, first in row .*: y \(7\), x \(7\)\."):
        pv.fit_pooled(stream, "y", ["x", "z"], missing="raise")
    with pytest.raises(pv.InsufficientDataError, match="No complete row"):
        pv.fit_pooled(stream_of([frame.assign(x=np.nan)]), "y", ["x"])


def spoilt(column, value, row=77):
    frame = make(missing=0)
    frame[column] = frame[column].astype(object if value is None else float)
    frame.loc[row, column] = value
    return cut(frame, [50, 100])


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        (spoilt("x", np.inf), r"'x' is infinite in 1 of the rows of chunk 1, first in row 77 of chunk 1"),
        (spoilt("firm", None), r"'firm' \(entity\) is missing in 1 of the rows of chunk 1, first in row 77 of chunk 1"),
        (cut(make(missing=0).assign(x="text"), [60]), "'x' has dtype .*expected real numbers"),
        ([make().drop(columns="x"), make()], "'x' is not in the data"),
        ([make(), make().drop(columns="x")], "'x' is missing in chunk 1, whose columns are"),
        ([make(missing=0), make(missing=0).head(3)], r"3 rows repeat an entity and period, the first .*of chunk 0"),
        ([make().head(0)], "no rows"),
        (
            [make().head(20), make().tail(20).assign(firm=lambda frame: frame["firm"].astype(str))],
            "'firm' holds texts in chunk 1 and integers in chunk 0",
        ),
    ],
    ids=["infinite", "no entity", "text", "first lacks", "second lacks", "repeated", "empty", "types"],
)
def test_bad_chunks_are_refused_with_their_place(frames, message):
    with pytest.raises(pv.DataError, match=message):
        pv.fit_pooled(stream_of(frames), "y", ["x", "z"])


def test_what_is_no_stream_or_no_column_is_refused():
    frame = make()
    with pytest.raises(pv.SpecificationError, match="A stream takes paths of Parquet files"):
        pv.PanelStream(3, entity="firm", time="year")
    with pytest.raises(pv.DataError, match="Did you mean 'firm'"):
        pv.PanelStream(frame, entity="frim", time="year")
    with pytest.raises(pv.SpecificationError, match="both 'firm'"):
        pv.PanelStream(frame, entity="firm", time="firm")
    with pytest.raises(pv.SpecificationError, match="name of a column"):
        pv.PanelStream(frame, entity=frame["firm"], time="year")
    stream = stream_of(frame)
    assert repr(stream).startswith("PanelStream(entities by firm, periods by year")
    with pytest.raises(pv.DataError, match=r"'xx' is not in the data\. Did you mean 'x'"):
        pv.fit_pooled(stream, "y", ["xx"])
    with pytest.raises(pv.DataError, match=r"zero or negative in .* first in rows? \d+ of chunk 0, "):
        pv.fit_pooled(stream, "y ~ x + log(z)")
    with pytest.raises(pv.SpecificationError, match="weights of a stream must be the name of a column"):
        pv.fit_pooled(stream, "y", "x", weights=frame["z"])
    with pytest.raises(pv.SpecificationError, match="must be the name of a column"):
        pv.fit_pooled(stream, "y", "x", cov=pv.Clustered(frame["region"].to_numpy()))
    for make_result in (lambda r: r.resids, lambda r: r.fitted_values, lambda r: r.augment(), lambda r: r.predict()):
        with pytest.raises(pv.MissingInformationError, match="stream does not keep its rows"):
            make_result(pv.fit_pooled(stream, "y", "x"))


def test_formulas_of_plain_columns_are_read():
    frame = make(missing=0)
    stream, panel = stream_of(frame), pv.Panel(frame, "firm", "year")
    assert_same(pv.fit_pooled(stream, "y ~ x + z"), pv.fit_pooled(panel, "y", ["x", "z"]))
    assert_same(pv.fit_pooled(stream, "y ~ 0 + x"), pv.fit_pooled(panel, "y", ["x"], constant=False))
    assert_same(pv.fit_fixed_effects(stream, "y ~ x | firm + year"), pv.fit_fixed_effects(panel, "y ~ x | firm + year"))


def test_data_that_change_between_readings_are_noticed():
    calls = []

    def frames():
        calls.append(1)
        frame = make(missing=0)
        return [frame if len(calls) < 3 else frame.head(100)]

    with pytest.raises(pv.DataError, match="180 complete rows at the first reading, and have 100 now"):
        pv.fit_fixed_effects(stream_of(frames), "y", "x")
    calls.clear()

    def labels():
        calls.append(1)
        frame = make(missing=0)
        return [frame if len(calls) < 3 else frame.assign(firm=frame["firm"] + 1)]

    with pytest.raises(pv.DataError, match="was not there at the first reading"):
        pv.fit_fixed_effects(stream_of(labels), "y", "x")


def test_memory_does_not_grow_with_the_rows(peak_megabytes):
    def frames(count):
        def chunks():
            rng = np.random.default_rng(4)
            for number in range(count):
                n = 20_000
                yield pd.DataFrame({
                    "firm": np.arange(n) // 2 % 1000,
                    "year": number * 100 + np.arange(n) % 2 + 2 * (np.arange(n) // 2000),
                    "x": rng.normal(size=n), "y": rng.normal(size=n),
                })  # fmt: skip

        return chunks

    def fit(count):
        return lambda: pv.fit_fixed_effects(stream_of(frames(count)), "y", "x", cov="cluster")

    fit(1)()
    few, many = peak_megabytes(fit(2)), peak_megabytes(fit(16))
    assert many < 2.0 * few + 1.0


def test_one_reading_is_enough_where_it_loses_no_digits():
    rng = np.random.default_rng(8)
    entities, periods = 3000, 5
    frame = pd.DataFrame({
        "firm": np.repeat(np.arange(entities), periods), "year": np.tile(np.arange(periods), entities)
    })  # fmt: skip
    for name in "xzv":
        frame[name] = rng.normal(size=len(frame)) + rng.normal(size=entities).repeat(periods) + 1e5
    frame["y"] = frame["x"] - frame["z"] + rng.normal(size=len(frame))
    readings = []

    def frames():
        readings.append(1)
        return cut(frame, [4000, 9000])

    names, panel = ["x", "z", "v"], pv.Panel(frame, "firm", "year")
    fits = (pv.fit_fixed_effects, pv.fit_random_effects, pv.fit_pooled, pv.fit_between)
    for fit, regressors in itertools.product(fits, (names, names[:2], names[:1], [])):
        if fit is pv.fit_between and not regressors:
            continue
        stream = stream_of(frames)
        readings.clear()
        streamed, held = fit(stream, "y", regressors), fit(panel, "y", regressors)
        assert str(streamed) == str(held)
        assert len(readings) == 1
        np.testing.assert_allclose(streamed.params, held.params, rtol=1e-9)
        np.testing.assert_allclose(streamed.std_errors, held.std_errors, rtol=1e-10)
    # Hardly anything of a column is left within: a second reading subtracts before it multiplies.
    frame["z"] = 1e4 * rng.normal(size=entities).repeat(periods) + rng.normal(size=len(frame))
    stream = stream_of(frames)
    readings.clear()
    streamed, held = pv.fit_fixed_effects(stream, "y", names), pv.fit_fixed_effects(panel_of(frame), "y", names)
    assert len(readings) == 2
    np.testing.assert_allclose(streamed.params, held.params, rtol=1e-9)
    np.testing.assert_allclose(streamed.std_errors, held.std_errors, rtol=1e-10)


@pytest.mark.parametrize("labels", [[5, 3, 9, 3, 5], [10**12, -(10**12), 0, 10**12, 7], [2**62, -(2**62), 1, 1, 2**62]])
def test_integers_are_numbered_whatever_lies_between_them(labels):
    frame = make(missing=0)
    frame["firm"] = np.array(labels)[frame["firm"] % 5] + 20 * (frame["firm"] // 5)
    frame = frame.drop_duplicates(["firm", "year"])
    held = pv.fit_fixed_effects(panel_of(frame), "y", ["x", "z"], cov="cluster")
    for seed in range(3):
        chunks = cut(frame.sample(frac=1.0, random_state=seed), [10, 11, 60])
        assert_same(pv.fit_fixed_effects(stream_of(chunks), "y", ["x", "z"], cov="cluster"), held)


@pytest.mark.parametrize("size", [1e200, 1e-200, 1e307])
def test_columns_out_of_range_are_refused_as_in_memory(size):
    frame = make(missing=0)
    frame["x"] *= size
    for fit in (pv.fit_pooled, pv.fit_fixed_effects, pv.fit_random_effects):
        with pytest.raises(pv.PanelVarError) as held:
            fit(panel_of(frame), "y", ["x", "z"])
        with pytest.raises(type(held.value)) as streamed:
            fit(stream_of(cut(frame, [50])), "y", ["x", "z"])
        assert str(streamed.value) == str(held.value)


@pytest.mark.parametrize(
    "by",
    [("firm^year",), ("entity", "time", "region"), ("region", "firm^year"), ("firm^year", "region"), ("firm^region",)],
    ids=" and ".join,
)
@pytest.mark.parametrize("effects", [None, "entity", "region^year"])
def test_clusters_of_a_row_each_are_crossed_and_nested_as_in_memory(by, effects):
    frame = make()
    fits = [
        pv.fit_pooled(data, "y", ["x", "z"], cov=pv.Clustered(*by))
        if effects is None
        else pv.fit_fixed_effects(data, "y", ["x", "z"], effects=effects, cov=pv.Clustered(*by))
        for data in (stream_of(cut(frame, [50, 60])), panel_of(frame))
    ]
    assert_same(*fits)


@pytest.mark.parametrize("cov", ["HC2", "HC3", "CR2", "CR3"])
@pytest.mark.parametrize("name", FITS)
def test_leverages_are_those_in_memory_or_refused(name, cov):
    frame = make()
    stream = stream_of(cut(frame, [50]))
    refused = name in (("twoway",) if cov in ("HC2", "HC3") else ("twoway", "time", "region"))
    if refused:
        with pytest.raises(pv.MissingInformationError, match="stream does not keep its rows"):
            FITS[name](stream, cov=cov)
    else:
        assert_same(FITS[name](stream, cov=cov), FITS[name](panel_of(frame), cov=cov))


def test_leverages_of_two_effects_of_a_balanced_panel():
    frame = make(rows=240, missing=0)
    for cov in ("HC2", "HC3"):
        assert_same(FITS["twoway"](stream_of(cut(frame, [7])), cov=cov), FITS["twoway"](panel_of(frame), cov=cov))


def test_what_goes_along_time_within_entities_is_refused_in_words():
    stream = stream_of(make())
    for ask in (
        lambda: pv.born_breitung_test(pv.fit_fixed_effects(stream, "y", ["x", "z"])),
        lambda: pv.fit_common_correlated_effects(stream, "y", ["x", "z"]),
    ):
        with pytest.raises(pv.PanelVarError, match=r"[Uu]se a Panel|stream does not keep its rows"):
            ask()


REFUSED = {
    "effects=['firm', 'year', 'region^year']": lambda data: pv.fit_fixed_effects(
        data, "y", ["x", "z"], effects=["firm", "year", "region^year"]
    ),
    "cov='HC3' with effects of firm and year": lambda data: FITS["twoway"](data, cov="HC3"),
    "cov='CR2' with effects of region": lambda data: FITS["region"](data, cov="CR2"),
    "cov='newey-west'": lambda data: FITS["pooled"](data, cov="newey-west"),
    "cov=PanelNeweyWest(lags=2, kernel='bartlett', residuals='HC0', factor=None)": lambda data: FITS["pooled"](
        data, cov=pv.PanelNeweyWest(2)
    ),
    "cov='pcse'": lambda data: FITS["pooled"](data, cov="pcse"),
    "variance_components='swamy-arora' with effects='twoway'": lambda data: FITS["random"](data, effects="twoway"),
    "method='ec2sls'": lambda data: pv.fit_iv_random_effects(
        data, "y", ["x"], endogenous=["z"], instruments=["v", "w"], method="ec2sls"
    ),
    "fit_mean_group()": lambda data: pv.fit_mean_group(data, "y", ["x"]),
    "fit_fgls()": lambda data: pv.fit_fgls(data, "y", ["x", "z"]),
    "cluster_diagnostics()": lambda data: pv.cluster_diagnostics(FITS["pooled"](data)),
    "wild_bootstrap_test()": lambda data: pv.wild_bootstrap_test(FITS["pooled"](data), "x"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_needs_all_rows_is_refused_by_its_name(what):
    with pytest.raises(pv.MissingInformationError) as refused:
        REFUSED[what](stream_of(cut(make(), [50])))
    needs = "needs all rows at once, and a stream does not keep its rows: use a DataFrame or a Panel."
    assert str(refused.value) == f"{what} {needs}"


@pytest.mark.parametrize("method", ["nerlove", "amemiya", "wallace-hussain"])
def test_variance_components_by_any_quadratic_method_are_those_of_the_panel(method):
    frame = make()
    streamed = FITS["random"](stream_of(cut(frame, [50])), variance_components=method)
    held = FITS["random"](panel_of(frame), variance_components=method)
    np.testing.assert_allclose(streamed.params, held.params, rtol=1e-11)
    np.testing.assert_allclose(streamed.std_errors, held.std_errors, rtol=1e-11)


def test_predictions_are_refused_with_what_writes_them():
    with pytest.raises(pv.MissingInformationError, match=r"predict\(\) needs all rows.*write_predictions"):
        FITS["pooled"](stream_of(make())).predict()

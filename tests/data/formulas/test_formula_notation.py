"""What economists write in formulas: i() as in fixest, ranges of lags, polynomials, NumPy's names, parts after bars."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

import panelvar as pv
from panelvar.core.base.errors import DataError, SpecificationError
from panelvar.data.formulas.formula import parse, regressors
from panelvar.data.formulas.formula_parts import split_formula
from panelvar.data.panel.panel import Panel


@pytest.fixture
def frame():
    """Eight firms in twelve periods, with a date, an event in period 6 and texts."""
    rng = np.random.default_rng(3)
    n = 96
    frame = pd.DataFrame({"firm": np.repeat(np.arange(8), 12), "t": np.tile(np.arange(12), 8)})
    frame["since"] = frame["t"] - 6
    frame["day"] = pd.to_datetime("2020-01-01") + pd.to_timedelta(frame["t"], unit="D")
    frame["quarter"] = pd.PeriodIndex(np.tile(pd.period_range("2019Q1", periods=12, freq="Q"), 8))
    frame["treated"] = frame["firm"] % 2
    frame["x"] = rng.uniform(1.0, 2.0, n)
    frame["z"] = rng.normal(size=n)
    frame["region"] = np.where(frame["firm"] < 3, "north", np.where(frame["firm"] < 6, "south", "west"))
    frame["size"] = np.where(frame["firm"] % 4 == 0, "large", "small")
    frame["y"] = rng.normal(size=n)
    return frame


@pytest.fixture
def panel(frame):
    return Panel(frame, "firm", "t")


def names(formula, panel):
    return list(regressors(formula, panel)[0])


def columns(formula, panel):
    found = regressors(formula, panel)
    return dict(zip(found[0], found[1], strict=True))


@pytest.mark.parametrize(
    ("reference", "left_out"),
    [
        ("ref=-1", ["-1"]),
        ("ref='-1'", ["-1"]),
        ("-1", ["-1"]),
        ("ref=[-1, 5]", ["-1", "5"]),
        ("ref=(-6, -1)", ["-6", "-1"]),
        ("ref=True", ["-6"]),
    ],
)
def test_references_are_left_out_of_an_event_study(frame, panel, reference, left_out):
    for written in (f"i(since, treated, {reference})", f"i(since, {reference})"):
        found = columns(f"y ~ {written}", panel)
        levels = [str(level) for level in range(-6, 6) if str(level) not in left_out]
        assert [name.rpartition("[T.")[2].rstrip("]") for name in found] == levels
        for level, column in zip(levels, found.values(), strict=True):
            times = frame["treated"] if "treated" in written else 1
            np.testing.assert_array_equal(column, (frame["since"] == int(level)) * times)


def test_the_name_of_a_column_is_the_term_and_its_level(panel):
    assert names("y ~ i(since,treated,ref=-1)", panel)[0] == "i(since, treated, ref=-1)[T.-6]"
    assert names("y ~ i(region, x)", panel) == ["i(region, x)[north]", "i(region, x)[south]", "i(region, x)[west]"]
    assert names("y ~ i(region)", panel) == ["i(region)[T.south]", "i(region)[T.west]"]
    assert names("y ~ 0 + i(region)", panel) == ["i(region)[north]", "i(region)[south]", "i(region)[west]"]


@pytest.mark.parametrize(
    ("column", "reference", "label"),
    [
        ("day", "'2020-01-03'", "2020-01-03"),
        ("day", "'3 January 2020'", "2020-01-03"),
        ("day", "'2020-01-03 00:00'", "2020-01-03"),
        ("quarter", "'2019Q3'", "2019Q3"),
        ("quarter", "'2019-08'", "2019Q3"),
        ("region", "'south'", "south"),
    ],
)
def test_a_reference_may_be_a_text_or_a_date(panel, column, reference, label):
    for written in (
        f"i({column}, ref={reference})",
        f"C({column}, ref={reference})",
        f"i({column}, x, ref={reference})",
    ):
        found = names(f"y ~ {written}", panel)
        assert found and not any(name.endswith(f"[T.{label}]") for name in found)
        assert len(found) == len(names(f"y ~ 0 + C({column})", panel)) - 1


def test_interactions_leave_the_main_effect_to_the_formula(frame, panel):
    found = columns("y ~ x + i(region, x, ref='west')", panel)
    assert list(found) == ["x", "i(region, x, ref='west')[T.north]", "i(region, x, ref='west')[T.south]"]
    np.testing.assert_array_equal(found["i(region, x, ref='west')[T.north]"], (frame["region"] == "north") * frame["x"])
    product = columns("y ~ i(region, ref='west'):log(x)", panel)
    same = columns("y ~ i(region, log(x), ref='west')", panel)
    for one, other in zip(product.values(), same.values(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_keep_leaves_out_all_other_levels(panel):
    assert names("y ~ i(since, treated, keep=[1, 2])", panel) == [
        "i(since, treated, keep=[1, 2])[T.1]",
        "i(since, treated, keep=[1, 2])[T.2]",
    ]
    assert names("y ~ i(since, ref=1, keep=[1, 2])", panel) == ["i(since, ref=1, keep=[1, 2])[T.2]"]


def test_two_factors_make_an_indicator_of_each_pair_that_occurs(frame, panel):
    frame = frame[~((frame["region"] == "west") & (frame["size"] == "large"))]
    panel = Panel(frame, "firm", "t")
    found = columns("y ~ 0 + i(region, size)", panel)
    assert list(found) == [
        f"i(region, size)[{pair}]"
        for pair in ("north:large", "north:small", "south:large", "south:small", "west:small")
    ]
    np.testing.assert_array_equal(
        found["i(region, size)[south:small]"], (frame["region"] == "south") & (frame["size"] == "small")
    )
    # With a constant the first pair is the reference, as in fixest.
    assert names("y ~ i(region, size)", panel)[0] == "i(region, size)[T.north:small]"
    assert names("y ~ i(region, size, ref='south')", panel) == [
        f"i(region, size, ref='south')[T.{pair}]" for pair in ("north:large", "north:small", "west:small")
    ]
    assert len(names("y ~ 0 + i(region, i.treated)", panel)) == 6


def test_missing_values_stay_missing(frame):
    frame.loc[[4, 7], "region"] = None
    frame.loc[[7, 9], "x"] = np.nan
    panel = Panel(frame, "firm", "t")
    for formula, absent in (("i(region)", [4, 7]), ("i(region, x)", [4, 7, 9]), ("i(region, size)", [4, 7])):
        for column in columns(f"y ~ {formula}", panel).values():
            assert np.flatnonzero(np.isnan(column)).tolist() == absent
    for column in columns("y ~ poly(x, 2) + poly(x, 2, raw=True)", panel).values():
        assert np.flatnonzero(np.isnan(column)).tolist() == [7, 9]


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        (
            "i(region, ref='wst')",
            r"ref='wst' is not known\. Did you mean 'west'\? Choose one of: 'north', 'south', 'west'",
        ),
        ("i(since, treated, ref=-7)", "ref=-7 is not known.*'-6', '-5'"),
        ("i(since, treated, ref=[-1, 7])", "ref=7 is not known.*'-6', '-5'"),
        ("i(since, keep=[-7])", "keep=-7 is not known"),
        ("C(day, ref='2021-01-01')", "ref='2021-01-01' is not known.*'2020-01-01'"),
        ("i(since, bin=2)", "bin is not offered. Put the levels together in a column"),
        ("i(region, size, ref2='small')", r"ref2 is not offered. Write C\(f, ref=\.\.\.\)"),
        ("i()", "i takes a column"),
        ("i(since + 1)", "i takes a column"),
        ("i(since, x, z)", "i takes a column"),
        ("i(since, x, ref=z)", "i takes a column"),
        ("i(since, x, -1, ref=2)", "i takes a column"),
        ("i(since, x, refs=2)", "i takes a column"),
        ("i(nothing)", "'nothing' is not in the data"),
        ("i(since, nothing)", "'nothing' is not in the data"),
        ("i(treated, x, ref=[0, 1])", "leaves out all levels of 'treated'"),
        ("i(treated, ref=[0, 1])", "leaves out all of its 2 levels"),
        ("C(treated, ref=[0, 1])", "leaves out all of its 2 levels"),
        ("i(treated, ref=7)", "ref=7 is not known"),
        ("log(i(since))", "must stand alone or in a product"),
        ("poly(x)", "poly takes a column or expression and a degree"),
        ("poly(x, z)", "poly takes a column"),
        ("poly(x, 1.5)", "poly takes a column"),
        ("poly(x, 2, raw=3)", "poly takes a column"),
        ("poly(x, 0)", "from 1 to 20"),
        ("poly(x, 21)", "from 1 to 20"),
        ("poly(treated, 2)", "needs more than 2 different values of 'treated'; there are 2"),
        ("poly(region, 2)", "dtype"),
        ("L(x, 3:1)", "from its smaller to its larger number"),
        ("L(x, [1, 1])", "names 1 twice"),
        ("log(L(x, 1:2))", "stands alone or in a product"),
        ("L(L(x, 1:2))", "stands alone or in a product"),
        ("L(L(x, 1:2), 1:3)", "stands alone or in a product"),
        ("{L(x, 1:2) + 1}", "stands alone or in a product"),
        ("L(x, 1:100000)", "would make 100000 columns"),
        ("L(x, 1:)", "cannot be read"),
        ("lag(x, 1:3)", r"Several lags are written L\(x, 1:3\)"),
        ("np.sin(x)", "not allowed"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_there_is(panel, formula, message):
    with pytest.raises((SpecificationError, DataError), match=message):
        parse(f"y ~ {formula}", panel)


def test_a_dependent_variable_is_one_column(panel):
    for left in ("L(y, 1:2)", "poly(y, 2)", "i(region, y)"):
        with pytest.raises(SpecificationError, match="one dependent variable"):
            parse(f"{left} ~ x", panel)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("L(x, 1:3)", "L(x) + L(x, 2) + L(x, 3)"),
        ("L(x, 0:2)", "x + L(x) + L(x, 2)"),
        ("L(x, [1, 4])", "L(x) + L(x, 4)"),
        ("L(x, k=[2])", "L(x, 2)"),
        ("L(log(x), 0:1)", "log(x) + L(log(x))"),
        ("L(I(x + z), 0:1)", "I(x + z) + L(I(x + z))"),
        ("L(x * z, 0:1)", "I(x * z) + L(x * z)"),
        ("F(x, 1:2) + D(x, 1:2)", "F(x) + F(x, 2) + D(x) + D(x, 2)"),
        ("L(x, -1:1)", "L(x, -1) + x + L(x)"),
        ("z:L(x, 1:2)", "z:L(x) + z:L(x, 2)"),
        ("C(region):L(x, 1:2)", "C(region):L(x) + C(region):L(x, 2)"),
        ("L(x, 1:2)*z", "(L(x) + L(x, 2))*z"),
        ("np.log(x) + numpy.sqrt(x)", "log(x) + sqrt(x)"),
        ("I(np.log(x)**2)", "I(log(x)**2)"),
    ],
)
def test_short_notation_is_what_it_stands_for(panel, written, meant):
    short, long = regressors(f"y ~ {written}", panel), regressors(f"y ~ {meant}", panel)
    assert short[0] == long[0]
    for one, other in zip(short[1], long[1], strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_column_called_like_notation_is_a_column(frame):
    panel = Panel(frame.assign(**{"L(x, 1:2)": 1.0, "a|b": 2.0, "np.log": 3.0}), "firm", "t")
    assert names("y ~ `L(x, 1:2)` + `a|b` + np.log", panel) == ["L(x, 1:2)", "a|b", "np.log"]


def test_polynomials_are_those_of_r(frame, panel):
    """R 4.5: ``poly(c(1, 2, 4, 7, 11, 16), 3)``."""
    small = Panel({"f": np.zeros(6), "t": np.arange(6), "y": np.zeros(6), "x": [1.0, 2, 4, 7, 11, 16]}, "f", "t")
    expected = [
        [-0.45162230233094541, 0.44249767886871011, -0.42220033092074977],
        [-0.374201336217069302, 0.189641862372304126, 0.084440066184150786],
        [-0.21935940398931641, -0.20544535090332955, 0.52775041365093589],
        [0.01290349435231270, -0.52151512152383650, 0.23221018200641166],
        [0.32258735880781814, -0.42669419033768435, -0.65441051292716090],
        [0.70969218937720013, 0.52151512152383650, 0.23221018200641194],
    ]
    found = np.column_stack(list(columns("y ~ poly(x, 3)", small).values()))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-14)
    assert names("y ~ poly(x, 3)", small) == ["poly(x, 3)[1]", "poly(x, 3)[2]", "poly(x, 3)[3]"]
    raw = columns("y ~ poly(x, 3, raw=True)", small)
    assert list(raw) == [f"poly(x, 3, raw=True)[{power}]" for power in (1, 2, 3)]
    for power, column in enumerate(raw.values(), start=1):
        np.testing.assert_array_equal(column, small.column("x") ** power)


@pytest.mark.parametrize("scale", [1.0, 1e-200, 1e200, 1e6])
def test_polynomials_are_orthogonal_in_any_units(frame, scale):
    panel = Panel(frame.assign(x=frame["x"] * scale), "firm", "t")
    made = np.column_stack([np.ones(96), *columns("y ~ poly(x, 5)", panel).values()])
    np.testing.assert_allclose(made.T @ made, np.diag([96.0] + 5 * [1.0]), atol=1e-11)


PREDICTED = [
    "i(since, treated, ref=-1)",
    "i(day, ref='2020-01-03')",
    "i(region, x)",
    "i(region, size)",
    "poly(x, 3)",
    "poly(x, 2, raw=True):i(region, ref='west')",
    "poly(log(x), 2)",
    "poly(L(x), 2)",
    "L(x, 0:2)",
    "np.log(x) + C(region, ref=['north', 'west']):x",
]


@pytest.mark.parametrize("terms", PREDICTED)
def test_new_data_are_predicted_by_the_fit_they_are_put_into(frame, panel, terms):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)  # lags lose the first periods
        result = pv.fit_pooled(panel, f"y ~ {terms}")
    own = result.predict()
    new = frame[frame["firm"].isin([3, 6, 7]) & (frame["t"] > 3)]
    predicted = result.predict(new)
    lost = 2 if "2)" in terms and "0:2" in terms else 1 if "L(" in terms else 0
    for firm in (3, 6, 7):
        rows = new.index[new["firm"] == firm][lost:]
        np.testing.assert_allclose(predicted[rows], own[rows], rtol=1e-10, atol=1e-10)
    limits = result.predict_interval(new)
    np.testing.assert_allclose(limits["predicted"].dropna(), predicted.dropna(), rtol=1e-12)


def test_pairs_that_the_model_has_not_seen_are_refused(frame):
    seen = frame[~((frame["region"] == "west") & (frame["size"] == "large"))]
    result = pv.fit_pooled(Panel(seen, "firm", "t"), "y ~ i(region, size)")
    with pytest.raises(DataError, match=r"'i\(region, size\)' has pairs of categories .* not seen, in 96 of 96 rows"):
        result.predict(frame.assign(region="west", size="large"))


@pytest.mark.parametrize(
    ("formula", "parts"),
    [
        ("y ~ x", ("y ~ x", None, None)),
        ("y ~ x | firm + year", ("y ~ x", "firm + year", None)),
        ("y ~ x|firm^year+`a|b`", ("y ~ x", "firm^year+`a|b`", None)),
        ("y ~ x | firm[t, z] + year[[t]]", ("y ~ x", "firm[t, z] + year[[t]]", None)),
        ("y ~ x | p ~ z1 + z2", ("y ~ x", None, ("p", "z1 + z2"))),
        ("y ~ x | firm | p + q ~ z1 + L(z2, [1, 2])", ("y ~ x", "firm", ("p + q", "z1 + L(z2, [1, 2])"))),
        ("y ~ C(r, ref='a|b')", ("y ~ C(r, ref='a|b')", None, None)),
        ("y ~ I(x | z)", ("y ~ I(x | z)", None, None)),
    ],
)
def test_a_formula_is_split_at_its_bars(formula, parts):
    assert split_formula(formula) == parts

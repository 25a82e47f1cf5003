"""Time labels become positions: every kind of label, its spacing, its gaps, its next labels."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import pytest

from panelvar.core.base.errors import DataError, SpecificationError
from panelvar.data.calendar.calendar import Calendar, read_times
from panelvar.data.calendar.periods import BusinessDays, Clock, Days, Months, parse_freq, suggest_unit
from panelvar.data.calendar.time_labels import ascending_places
from panelvar.data.calendar.time_texts import read_digits, read_texts
from panelvar.data.panel.panel import Panel
from panelvar.data.sources.source import as_labels


def read(values, freq=None):
    if isinstance(values, list):
        values = pd.Series(values)
    positions, calendar = read_times(as_labels(values), freq=freq, name="t")
    return positions.tolist(), calendar


def codes(calendar):
    return [note.code for note in calendar.notes]


def dates(*days):
    return pd.DatetimeIndex(days)


# pandas renamed its frequencies in 2.2; both names are read here, but date_range takes only its own.
NEW_NAMES = tuple(int(part) for part in pd.__version__.split(".")[:2]) >= (2, 2)


def alias(new, old):
    return new if NEW_NAMES else old


@pytest.mark.parametrize(
    ("values", "positions", "step", "future"),
    [
        ([2000, 2001, 2003], [0, 1, 3], 1, [2004, 2005]),
        ([2004, 2000, 2002], [2, 0, 1], 2, [2006, 2008]),
        ([-3, -1, 5], [0, 1, 4], 2, [7, 9]),
        ([7, 7, 7], [0, 0, 0], 1, [8, 9]),
        ([1995.0, 1996.0], [0, 1], 1, [1997, 1998]),
        (np.array([3, 1], dtype=np.uint8), [1, 0], 2, [5, 7]),
        (pd.Series([3, 2], dtype="Int64"), [1, 0], 1, [4, 5]),
        (pd.Series([3, 2], dtype=object), [1, 0], 1, [4, 5]),
    ],
)
def test_integers_are_their_own_calendar(values, positions, step, future):
    got, calendar = read(values)
    assert got == positions
    assert calendar.step == step
    assert calendar.future(2).tolist() == future
    assert ("time-step" in codes(calendar)) == (step > 1)
    assert calendar.labels_at(got).tolist() == list(values)
    assert calendar.labels_at([calendar.n_positions - 1])[0] == max(values)


def test_integer_step_can_be_given():
    positions, calendar = read([2000, 2002, 2004], freq=1)
    assert positions == [0, 2, 4]
    assert codes(calendar) == []
    assert read([2000, 2004], freq=2)[0] == [0, 2]
    assert read([2000, 2004], freq="2Y")[0] == [0, 2]
    with pytest.raises(SpecificationError, match="steps of 2 units, but the labels of 't' have 2005"):
        read([2000, 2002, 2005], freq=2)


@pytest.mark.parametrize("freq", [0, -1, True, 1.5, (1,)])
def test_a_step_is_a_positive_integer(freq):
    with pytest.raises(SpecificationError, match="freq="):
        read([1, 2], freq=freq)


def test_frequency_that_does_not_fit_integers():
    with pytest.raises(SpecificationError, match="'M' does not fit the labels of 't'"):
        read([2000, 2001], freq="M")
    with pytest.raises(SpecificationError, match="number of units"):
        read([1, 2], freq="Y")


@pytest.mark.parametrize(
    ("values", "positions", "noun", "future"),
    [
        ([200011, 200012, 200101, 200103], [0, 1, 2, 4], "month", [200104, 200105]),
        ([20004, 20011, 20013], [0, 1, 3], "quarter", [20014, 20021]),
        ([20001229, 20010101, 20010104], [0, 1, 4], "business day", [20010105, 20010108]),
        ([20001230, 20010101, 20010104], [0, 2, 5], "day", [20010105, 20010106]),
    ],
)
def test_integers_that_write_dates(values, positions, noun, future):
    got, calendar = read(values)
    assert got == positions
    assert calendar.rule.noun == noun
    assert "time-read" in codes(calendar)
    assert calendar.future(2).tolist() == future
    assert calendar.labels_at(got).tolist() == values
    assert read([str(value) for value in values])[0] == positions


@pytest.mark.parametrize(
    "values",
    [
        [200101, 200102, 200103],  # one year: could be numbers
        [200100, 200201, 200302],  # no month 0
        [15001, 15011, 15021],  # always the first quarter
        [15001, 15002, 15005],
        [99999, 100000, 100001],
        [20010230, 20020101, 20030405],
        [45000101, 45010202],
    ],
)
def test_integers_that_do_not(values):
    positions, calendar = read(values)
    step = np.gcd.reduce(np.subtract(values, values[0]))
    assert positions == ((np.array(values) - values[0]) // step).tolist()
    assert calendar.rule.noun == "unit"


def test_integers_of_one_year_are_months_when_said_to_be():
    assert read([200101, 200104], freq="M")[0] == [0, 3]
    assert read([20012, 20014], freq="Q")[0] == [0, 2]
    assert read([200101, 200112, 200201], freq="Q")[0] == [0, 3, 4]


@pytest.mark.parametrize(
    ("freq", "noun", "step"),
    [
        (alias("YE", "A"), "year", 1),
        (alias("YS", "AS"), "year", 1),
        (alias("YE-JUN", "A-JUN"), "year", 1),
        (alias("QE", "Q"), "quarter", 1),
        ("QS", "quarter", 1),
        (alias("QE-NOV", "Q-NOV"), "quarter", 1),
        (alias("BQE", "BQ"), "quarter", 1),
        (alias("ME", "M"), "month", 1),
        ("MS", "month", 1),
        (alias("BME", "BM"), "month", 1),
        ("BMS", "month", 1),
        ("W-WED", "week", 1),
        ("W", "week", 1),
        ("B", "business day", 1),
        ("D", "day", 1),
        (alias("h", "H"), "hour", 1),
        (alias("15min", "15T"), "minute", 15),
        (alias("2YE", "2A"), "year", 2),
        (alias("6ME", "6M"), "quarter", 2),
        ("2W", "week", 2),
        ("2D", "day", 2),
    ],
)
def test_spacing_of_dates_is_found_through_gaps(freq, noun, step):
    full = pd.date_range("2001-01-01", periods=14, freq=freq)
    seen = [0, 1, 2, 3, 5, 6, 9]
    positions, calendar = read(full[seen])
    assert (positions, calendar.rule.noun, calendar.step) == (seen, noun, step)
    assert calendar.labels_at(np.arange(10)).tolist() == full[:10].tolist()
    assert calendar.future(4).tolist() == full[10:].tolist()
    # Said outright, in pandas' own words, it is the same calendar.
    positions, calendar = read(full[seen], freq=freq)
    assert positions == seen
    assert calendar.future(4).tolist() == full[10:].tolist()


def test_dates_on_odd_days_are_one_a_quarter():
    days = dates("2001-03-29", "2001-06-28", "2001-09-27", "2001-12-30", "2002-09-27")
    positions, calendar = read(days)
    assert positions == [0, 1, 2, 3, 6]
    assert codes(calendar) == ["time-read"]
    assert calendar.future(1).tolist() == [pd.Timestamp("2002-12-31")]
    assert calendar.labels_at([0, 4]).tolist() == [days[0], pd.Timestamp("2002-03-31")]


def test_scattered_dates_are_days_with_a_warning():
    days = dates("2001-01-05", "2001-01-09", "2004-11-20", "2009-02-03")
    positions, calendar = read(days)
    assert positions == (days - days[0]).days.tolist()
    assert [note.warn for note in calendar.notes] == [True]
    assert "4 of the" in calendar.notes[0].text
    assert read(days, freq="Y")[0] == [0, 0, 3, 8]


def test_dates_of_several_kinds_agree():
    days = ["2001-01-31", "2001-02-28", "2001-04-30"]
    stamps = dates(*days)
    for values in (
        stamps,
        stamps.to_numpy().astype("M8[D]").astype("M8[s]"),
        pd.Series(stamps, dtype=object),
        pd.Series([day.date() for day in stamps], dtype=object),
        stamps.tz_localize("Europe/Berlin"),
        pd.Categorical(stamps),
        stamps + pd.Timedelta(hours=17),
    ):
        positions, calendar = read(values)
        assert positions == [0, 1, 3]
        assert calendar.rule.noun == "month"
    assert calendar.future(1)[0] == pd.Timestamp("2001-05-31 17:00")


def test_days_and_hours_across_a_clock_change():
    days = pd.date_range("2001-03-22", periods=9, freq="D", tz="Europe/Berlin")
    positions, calendar = read(days[:6])
    assert positions == list(range(6))
    assert calendar.future(3).tolist() == days[6:].tolist()
    hours = pd.date_range("2001-03-24 20:00", periods=12, freq=alias("h", "H"), tz="Europe/Berlin")
    positions, calendar = read(hours[:8])
    assert positions == list(range(8))
    assert calendar.future(4).tolist() == hours[8:].tolist()


def test_clock_times_keep_their_minutes():
    times = pd.date_range("2001-01-01 09:30", periods=6, freq=alias("h", "H"))
    positions, calendar = read(times[[0, 1, 3]])
    assert (positions, calendar.rule.noun) == ([0, 1, 3], "hour")
    assert calendar.labels_at(np.arange(6)).tolist() == times.tolist()


@pytest.mark.parametrize("freq", ["M", "Q", "Q-NOV", alias("Y", "A"), "W", "W-TUE", "D", alias("h", "H")])
def test_periods_are_their_own_calendar(freq):
    full = pd.period_range("2001-01-01", periods=9, freq=freq)
    seen = [0, 1, 4, 6]
    for values in (full[seen], pd.Series(list(full[seen]), dtype=object)):
        positions, calendar = read(values)
        assert positions == seen
        assert calendar.future(2).tolist() == full[7:].tolist()
        assert calendar.labels_at(np.arange(7)).tolist() == full[:7].tolist()


def test_frequency_of_periods():
    quarters = pd.period_range("2001Q1", periods=5, freq="Q")[[0, 2, 4]]
    assert read(quarters)[1].step == 2
    assert read(quarters, freq="Q")[0] == [0, 2, 4]
    assert read(quarters, freq="2Q")[0] == [0, 1, 2]
    with pytest.raises(SpecificationError, match="asfreq"):
        read(quarters, freq="M")


@pytest.mark.parametrize(
    ("values", "positions", "future"),
    [
        (["1980Q1", "1980Q2", "1981Q1"], [0, 1, 4], ["1981Q2", "1981Q3"]),
        (["1980-q3", "1981-q1"], [0, 1], ["1981-q3", "1982-q1"]),
        (["Q4 2001", "Q1 2002", "Q3 2002"], [0, 1, 3], ["Q4 2002", "Q1 2003"]),
        (["2001H1", "2001H2", "2002H2"], [0, 1, 3], ["2003H1", "2003H2"]),
        (["2001-11", "2001-12", "2002-02"], [0, 1, 3], ["2002-03", "2002-04"]),
        (["2001M9", "2001M10", "2001M12"], [0, 1, 3], ["2002M1", "2002M2"]),
        (["11/2001", "12/2001"], [0, 1], ["01/2002", "02/2002"]),
        (["Apr 2001", "Dec 2001", "May 2001"], [0, 8, 1], ["Jan 2002", "Feb 2002"]),
        (["March 2001", "September 2001", "October 2001"], [0, 6, 7], ["November 2001", "December 2001"]),
        (["2001-W51", "2001-W52", "2002-W02"], [0, 1, 3], ["2002-W03", "2002-W04"]),
        (["2001-05-30", "2001-05-31", "2001-06-02"], [0, 1, 3], ["2001-06-03", "2001-06-04"]),
        (["1999", "2000", "2002"], [0, 1, 3], ["2003", "2004"]),
        (["9", "10", "12"], [0, 1, 3], ["13", "14"]),
        (["08", "09", "11"], [0, 1, 3], ["12", "13"]),
        (["-1", "0", "1"], [0, 1, 2], ["2", "3"]),
        (["wave 8", "wave 9", "wave 11"], [0, 1, 3], ["wave 12", "wave 13"]),
        (["t01", "t02"], [0, 1], ["t03", "t04"]),
    ],
)
@pytest.mark.parametrize("dtype", ["object", "string", "category"])
def test_texts_of_one_form_are_read(values, positions, future, dtype):
    got, calendar = read(pd.Series(values, dtype=dtype))
    assert got == positions
    assert "time-read" in codes(calendar)
    assert calendar.future(2).tolist() == future
    assert calendar.labels_at(got).tolist() == values


def test_gap_labels_are_written_like_the_others():
    _, calendar = read(["1980Q1", "1980Q4", "1981Q1"])
    assert calendar.labels_at([1, 2]).tolist() == ["1980Q2", "1980Q3"]
    assert calendar.labels_at([-1, 0]).tolist() == ["1979Q4", "1980Q1"]


def test_anything_else_is_ranked():
    positions, calendar = read(["late", "early", "late", "middle"])
    assert positions == [1, 0, 1, 2]
    assert codes(calendar) == ["time-ranked"]
    assert calendar.future(2).tolist() == ["middle+1", "middle+2"]
    assert calendar.labels_at([-1, 1]).tolist() == ["early-1", "late"]
    assert read([0.5, 0.25])[0] == [1, 0]
    assert read(["2001-02-30", "2001-02-31"])[1].rule.noun == "label"
    # Mixed forms have no common reading, but can be sorted.
    assert read(["1980Q1", "1980-02"])[0] == [1, 0]


MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


@pytest.mark.parametrize("dtype", ["object", "string", "category"])
def test_texts_in_alphabetical_order_are_warned_about(dtype):
    _, calendar = read(pd.Series(["late", "early", "middle"], dtype=dtype))
    (note,) = calendar.notes
    assert note.warn
    assert "alphabetical order ('early', 'late', 'middle')" in note.text
    rows = pd.MultiIndex.from_product([["a", "b"], ["late", "early"]], names=["i", "t"])
    (note,) = Panel(pd.DataFrame({"x": range(4)}, index=rows)).notes
    assert note.warn


def test_an_order_that_was_chosen_is_not_warned_about():
    order = ["late", "early", "middle"]
    for labels in (pd.Categorical(order, order), pd.Categorical(order, sorted(order), ordered=True), ["late"], [0.5]):
        assert not any(note.warn for note in read(labels)[1].notes)


@pytest.mark.parametrize("dtype", ["object", "category"])
def test_months_without_a_year_come_in_the_order_of_months(dtype):
    positions, calendar = read(pd.Series(MONTHS, dtype=dtype))
    assert positions == list(range(12))
    assert not calendar.notes[0].warn
    assert calendar.future(2).tolist() == ["Jan+1y", "Feb+1y"]
    positions, calendar = read(["march", "January", "June"])
    assert positions == [2, 0, 5]
    assert calendar.labels_at([1, 2, 3]).tolist() == ["February", "march", "April"]
    # A year that starts in April, or rows in no order: nobody knows.
    (note,) = read(pd.Series(MONTHS[3:] + MONTHS[:3], dtype=dtype))[1].notes
    assert note.warn
    assert "write the year" in note.text
    fiscal = MONTHS[3:] + MONTHS[:3]
    positions, calendar = read(pd.Categorical(fiscal, fiscal, ordered=True))
    assert positions == list(range(12))
    assert not calendar.notes[0].warn


@pytest.mark.parametrize(
    "values",
    [
        ["98", "99", "00", "01"],
        ["y98", "y99", "y00"],
        ["Jan 98", "Feb 98"],
        ["Jan-98", "Jan-99", "Jan-00"],
        ["98-Jan", "98-Mar"],
        ["Mar '98", "Apr '98"],
        ["98Q4", "99Q1"],
        ["Q4 98", "Q1 99"],
        ["98M11", "98M12"],
    ],
)
def test_years_of_two_digits_are_refused(values):
    with pytest.raises(DataError, match=r"years of two digits.*four digits"):
        read(values)


@pytest.mark.parametrize("values", [["Jan 01", "Jan 02"], ["01", "02", "12"], ["00", "50", "99"], ["wk 1", "wk 99"]])
def test_numbers_of_two_digits_are_numbers(values):
    assert read(values)[1].rule.noun == "unit"


def test_categories_keep_their_order():
    order = pd.CategoricalDtype(["low", "high", "unused", "top"], ordered=True)
    positions, calendar = read(pd.Series(["top", "low", "high"], dtype=order))
    assert positions == [2, 0, 1]
    assert calendar.labels_at([0, 1, 2]).tolist() == ["low", "high", "top"]


def test_ranks_have_no_frequency():
    with pytest.raises(SpecificationError, match="needs labels that are integers, dates"):
        read(["a", "b"], freq="Y")


def test_dates_that_could_be_either_are_refused():
    with pytest.raises(DataError, match="day or the month first"):
        read(["01/02/2001", "01/03/2001"])


def test_labels_that_do_not_compare_are_refused():
    with pytest.raises(DataError, match="of types int, str"):
        read(pd.Series([1, "a"], dtype=object))


def test_sparse_integers_warn():
    _, calendar = read(np.array([1, 2, 100_000]))
    (note,) = calendar.notes
    assert note.warn and "3 of the 100000 units" in note.text


@pytest.mark.parametrize("h", [-1, 1.5, "2"])
def test_future_takes_a_count(h):
    with pytest.raises(SpecificationError, match="number of periods"):
        Calendar.of_integers(2000, 1, 3).future(h)


def test_future_of_nothing_is_empty():
    assert len(Calendar.of_integers(2000, 1, 3).future(0)) == 0
    assert len(read(["1980Q1", "1980Q2"])[1].future(0)) == 0


def test_labels_carry_their_name():
    for values in ([2000, 2001], ["a", "b"], list(pd.period_range("2001", periods=2, freq="Q"))):
        _, calendar = read(values)
        assert calendar.labels_at([0, 3]).name == calendar.future(1).name == "t"


@pytest.mark.parametrize(
    ("freq", "expected"),
    [
        ("Y", (1, Months(12))),
        ("A-DEC", (1, Months(12))),
        ("YE-JUN", (1, Months(12, 6))),
        ("YS-JUL", (1, Months(12, 6))),
        ("BYE", (1, Months(12))),
        ("2Q", (2, Months(3))),
        ("QE-NOV", (1, Months(3, 2))),
        ("QS", (1, Months(3))),
        ("M", (1, Months())),
        ("BMS", (1, Months())),
        ("W", (1, Days(7, 4, 6))),
        ("W-WED", (1, Days(7, 0, 6))),
        ("B", (1, BusinessDays())),
        ("3D", (3, Days())),
        ("H", (1, Clock("h"))),
        ("15min", (15, Clock("m"))),
        ("ms", (1, Clock("ms"))),
    ],
)
def test_frequencies(freq, expected):
    assert parse_freq(freq) == expected


@pytest.mark.parametrize("freq", ["Z", "", "0M", "M2", "YE-FOO", "W-JAN", "BH", "-1Y", "quarterly please", None])
def test_no_frequencies(freq):
    with pytest.raises(SpecificationError, match="freq"):
        parse_freq(freq)


UNITS = [Months(1), Months(3, 2), Months(12, 6), Days(), Days(7, 2), BusinessDays(), Clock("h")]


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_numbers_consecutive_periods(unit):
    days = np.arange("1999-12-01", "2002-02-01", dtype="M8[D]")
    ordinals = unit.ordinals(days)
    steps = np.diff(ordinals)
    assert (steps == 24).all() if isinstance(unit, Clock) else set(steps.tolist()) <= {0, 1}
    distinct = np.unique(ordinals)
    np.testing.assert_array_equal(unit.ordinals(unit.dates(distinct)), distinct)


def test_month_ends_come_before_a_day_of_the_month():
    # June 30 and September 30 are month ends: December's is the 31st.
    unit, regular = suggest_unit(np.array(["2001-06-30", "2001-09-30"], dtype="M8[D]"))
    assert (unit, regular) == (Months(3, 0, 2, "last"), True)


def test_text_forms_must_be_shared():
    assert read_texts(["1980Q1", "1980-02"]) is None
    assert read_texts(["wave 1", "round 2"]) is None
    assert read_digits(["20011", "20012"]) is None
    assert read_digits(["20011", "20012"], sure=True).dates.tolist() == [
        datetime.date(2001, 1, 1),
        datetime.date(2001, 4, 1),
    ]


@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_midnight_is_not_printed(zone):
    days = pd.date_range("2001-01-01", periods=3, freq="MS", tz=zone)
    frame = pd.DataFrame({"t": days, "x": [1.0, 2.0, 4.0]})
    panel = Panel(frame, time="t")
    assert "from 2001-01-01 to 2001-03-01, balanced" in repr(panel)
    assert "3, 2001-01-01 to 2001-03-01" in str(panel.describe())
    with pytest.raises(DataError, match=r"repeats? a period: 2001-01-01 \(rows"):
        Panel(pd.concat([frame, frame[:1]]), time="t")
    with pytest.raises(SpecificationError, match="have 2001-02-01, which"):
        Panel(frame, time="t", freq="2M")
    noon = Panel(frame.assign(t=days + pd.Timedelta(hours=12)), time="t")
    assert "2001-01-01 12:00:00" in repr(noon)


def test_quarters_and_months_with_a_colon():
    for labels, ahead in (
        (["1990:1", "1990:2", "1990:3", "1990:4", "1991:2"], "1991:3"),
        (["1990:01", "1990:02", "1990:11", "1991:01"], "1991:02"),
    ):
        positions, calendar = read_times(np.array(labels))
        assert positions.tolist() == ([0, 1, 2, 3, 5] if ahead == "1991:3" else [0, 1, 10, 12])
        assert list(calendar.future(1)) == [ahead]
        assert not any(note.warn for note in calendar.notes)


@pytest.mark.parametrize("kind", ["str", "string", object])
def test_texts_ascend_as_python_has_them_however_pandas_keeps_them(kind):
    texts = [
        "b",
        "",
        "Z",
        "\N{GREEK SMALL LETTER ALPHA}",
        "a10",
        "a9",
        "\N{FULLWIDTH LATIN SMALL LETTER A}",
        "a",
        "é",
        "𝐚",
    ]
    places = ascending_places(pd.Index(texts, dtype=kind), "The labels")
    assert [texts[place] for place in places] == sorted(texts)

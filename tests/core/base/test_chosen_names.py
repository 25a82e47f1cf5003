"""Names of coefficients as a person writes them."""

from __future__ import annotations

import re

import pytest

from panelvar.core.base.chosen_names import canonical, chosen_names, column_of_levels, in_a_text, written_otherwise
from panelvar.core.base.errors import SpecificationError

KNOWN = (
    "const",
    "x",
    "L(x)",
    "L(x, 2)",
    "L(x, 3)",
    "log(income)",
    "I(x ** 2)",
    "gdp per capita",
    "C(region)[T.Asia]",
    "C(region)[T.New York]",
    "i(year, ref=2000)[T.2001]",
    "i(year, ref=2000)[T.2002]",
    "i(since, treat, ref=[-1, 5])[T.3]",
    "poly(x, 2)[1]",
    "poly(x, 2)[2]",
    "a:b",
    "C(region)[T.Asia]:x",
    "C(region)[T.New York]:x",
    "kind['a'].y",
)


@pytest.mark.parametrize("name", KNOWN)
def test_a_name_is_itself(name: str) -> None:
    assert chosen_names("keep", name, KNOWN) == [name]


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("I(x**2)", "I(x ** 2)"),
        ("I( x**2 )", "I(x ** 2)"),
        ("np.log(income)", "log(income)"),
        ("numpy.log( income )", "log(income)"),
        ("L(x,1)", "L(x)"),
        ("L(x, k=1)", "L(x)"),
        ("L(x,2)", "L(x, 2)"),
        ("i(region)[T.Asia]", "C(region)[T.Asia]"),
        ("C(year, ref=2000)[T.2001]", "i(year, ref=2000)[T.2001]"),
        ("i(year, 2000)[T.2001]", "i(year, ref=2000)[T.2001]"),
        ("x:i(region)[T.Asia]", "C(region)[T.Asia]:x"),
        ("`gdp per capita`", "gdp per capita"),
        ("gdp  per capita", "gdp per capita"),
        ("b:a", "a:b"),
        ("`b` : a", "a:b"),
        ("x:C(region)[T.Asia]", "C(region)[T.Asia]:x"),
        ("i(since,treat,ref=[-1,5])[T.3]", "i(since, treat, ref=[-1, 5])[T.3]"),
        ('kind["a"].y', "kind['a'].y"),
    ],
)
def test_a_name_may_be_written_otherwise(written: str, name: str) -> None:
    assert chosen_names("keep", written, KNOWN) == [name]
    assert written_otherwise(written, KNOWN) == name


def test_indicators_are_those_of_one_reference_and_slopes_by_level_are_none() -> None:
    assert canonical("i(year)[T.2001]") != canonical("i(year, ref=2000)[T.2001]")
    assert canonical("i(year, x)[2001]") == "i(year,x)[2001]"
    assert chosen_names("keep", "i(region)", KNOWN) == ["C(region)[T.Asia]", "C(region)[T.New York]"]
    found = in_a_text("C(region)[T.Asia]", "2 * i( region )[T.Asia] - x = 0")
    assert found is not None and found.search("2 * i( region )[T.Asia] - x = 0")
    assert column_of_levels("i(`the year`, ref=2000)[T.2001]") == "the year"
    assert column_of_levels("region[T.Asia]") == "region"
    for other in ("i(year, x)[2001]", "poly(x, 2)[1]", "C(region)[T.Asia]:x", "x", "L(x)"):
        assert column_of_levels(other) is None


def test_blanks_between_words_are_part_of_a_name() -> None:
    assert written_otherwise("gdppercapita", KNOWN) is None
    assert canonical("gdp per capita") != canonical("gdppercapita")


def test_one_name_is_not_guessed_between_two_that_are_written_alike() -> None:
    known = ("a:b", "b:a")
    assert written_otherwise("a : b", known) is None
    assert chosen_names("keep", "a : b", known) == ["a:b", "b:a"]


@pytest.mark.parametrize(
    ("term", "names"),
    [
        ("C(region)", ["C(region)[T.Asia]", "C(region)[T.New York]"]),
        ("i(year, ref=2000)", ["i(year, ref=2000)[T.2001]", "i(year, ref=2000)[T.2002]"]),
        ("i(year,ref=2000)", ["i(year, ref=2000)[T.2001]", "i(year, ref=2000)[T.2002]"]),
        ("i(since, treat, ref=[-1,5])", ["i(since, treat, ref=[-1, 5])[T.3]"]),
        ("poly(x,2)", ["poly(x, 2)[1]", "poly(x, 2)[2]"]),
        ("L(x, 1:3)", ["L(x)", "L(x, 2)", "L(x, 3)"]),
        ("L(x, [0, 2])", ["x", "L(x, 2)"]),
        ("C(region):x", ["C(region)[T.Asia]:x", "C(region)[T.New York]:x"]),
        ("x:C(region)", ["C(region)[T.Asia]:x", "C(region)[T.New York]:x"]),
    ],
)
def test_a_term_names_all_its_columns(term: str, names: list[str]) -> None:
    assert chosen_names("keep", term, KNOWN) == names


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("L(*)", ["L(x)", "L(x, 2)", "L(x, 3)"]),
        ("L(x, ?)", ["L(x, 2)", "L(x, 3)"]),
        ("L(x,?)", ["L(x, 2)", "L(x, 3)"]),
        ("*[T.Asia]", ["C(region)[T.Asia]"]),
        ("poly(*)[?]", ["poly(x, 2)[1]", "poly(x, 2)[2]"]),
        ("*:*", ["a:b", "C(region)[T.Asia]:x", "C(region)[T.New York]:x"]),
    ],
)
def test_a_pattern_names_what_fits_and_brackets_mean_themselves(pattern: str, names: list[str]) -> None:
    assert chosen_names("keep", pattern, KNOWN) == names


def test_a_regular_expression_is_searched() -> None:
    assert chosen_names("drop", re.compile(r"\d{4}\)\[T"), KNOWN) == [
        "i(year, ref=2000)[T.2001]",
        "i(year, ref=2000)[T.2002]",
    ]


def test_the_order_is_that_asked_for_and_no_name_comes_twice() -> None:
    wanted = ["L(x, 2)", re.compile("^x$"), "L(x, 1:3)", "x"]
    assert chosen_names("order", wanted, KNOWN) == ["L(x, 2)", "x", "L(x)", "L(x, 3)"]


def test_what_fits_nothing_is_answered_with_the_nearest_first() -> None:
    with pytest.raises(
        SpecificationError, match=r"keep='log\(incme\)' matches none of the names\. The names are: 'log\(inc"
    ):
        chosen_names("keep", "log(incme)", KNOWN)
    with pytest.raises(SpecificationError, match=r"and 7 more\.$"):
        chosen_names("keep", ["x", "zzz*"], KNOWN)
    with pytest.raises(SpecificationError, match=r"The names are: none\."):
        chosen_names("keep", "x", ())


@pytest.mark.parametrize("text", ["^x", "year.*", "x$", r"\d+"])
def test_a_regular_expression_in_a_text_is_told_how_it_is_meant(text: str) -> None:
    with pytest.raises(SpecificationError, match=r"re\.compile\(\.\.\.\) makes a regular expression"):
        chosen_names("keep", text, KNOWN)


@pytest.mark.parametrize("wanted", [3, ["x", 3], None, ["x", ["L(x)"]]])
def test_what_is_no_text_is_refused(wanted: object) -> None:
    with pytest.raises(SpecificationError, match="must be the name of a coefficient"):
        chosen_names("keep", wanted, KNOWN)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        ("L(x, 3:1)", "from its smaller to its larger number"),
        ("L(x, [1, 1])", "names 1 twice"),
        ("L(x, 1:100000)", "would make 100000 columns"),
    ],
)
def test_a_range_of_lags_that_is_none_is_refused(call: str, problem: str) -> None:
    with pytest.raises(SpecificationError, match=problem):
        chosen_names("keep", call, KNOWN)

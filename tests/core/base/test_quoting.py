"""What a message repeats of the caller's: on one line, escaped, and cut."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import panelvar as pv
from panelvar.core.base.errors import Note, choose
from panelvar.core.base.limits import LONGEST_MESSAGE, QUOTED
from panelvar.core.base.quoting import one_line, shown

RED = "\x1b[31mred\x1b[0m"


def test_a_short_message_stays_as_it_is():
    text = "Column 'gdp' is not in the data: the program's own 'x(1)' is."
    assert one_line(text) == text


def test_quoted_texts_are_cut_and_the_words_about_them_stay():
    text = one_line(f"The cluster's column {'q' * 5000!r} is not 'L(x)' but the other's; {'z' * 3000} neither.")
    assert len(text) < 3 * QUOTED
    assert text.startswith("The cluster's column 'qqq")
    assert "q...' is not 'L(x)' but the other's; zzz" in text
    assert text.endswith("z... neither.")


def test_words_between_two_quotations_are_not_taken_for_one():
    words = "and " * 60
    assert one_line(f"'L(x)' {words}'(y)'.") == f"'L(x)' {words}'(y)'."


def test_the_middle_of_a_long_list_is_left_out():
    text = one_line(f"None of {', '.join(f'x{i}' for i in range(3000))} is there. Rename a column.")
    assert len(text) <= LONGEST_MESSAGE
    assert text.startswith("None of x0, x1")
    assert text.endswith("Rename a column.")


@pytest.mark.parametrize("odd", [RED, "\ud800", "a\nb", "a\x00b", "\u202eabc", "\x07"])
def test_errors_and_notes_are_one_printable_line(odd):
    for text in (str(pv.DataError(f"Column {odd} is not there.")), Note("code", f"Column {odd} dropped.").text):
        assert text.isprintable()
        text.encode()


def test_errors_survive_pickling():
    import pickle

    error = pickle.loads(pickle.dumps(pv.SpecificationError("x" * 5000)))
    assert str(error) == str(pv.SpecificationError("x" * 5000))


def test_values_are_shown_short():
    for value in (10**5000, "x" * 5000, ["x" * 5000], list(range(10**6)), {"a": 10**5000}, b"y" * 900):
        assert len(shown(value)) <= QUOTED


def test_an_option_of_thousands_of_digits_is_refused_in_words():
    with pytest.raises(pv.SpecificationError, match="very many digits"):
        choose("kind", 10**5000, ("a", "b"))


@pytest.fixture(scope="module")
def panel():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.standard_normal((60, 3)), columns=["y", RED, "w" * 5000])
    frame["i"], frame["t"] = np.repeat(np.arange(6), 10), np.tile(np.arange(10), 6)
    return pv.Panel(frame, "i", "t")


def test_names_do_not_reach_the_terminal_raw(panel):
    result = pv.fit_pooled(panel, "y", [RED])
    series = pd.DataFrame(np.random.default_rng(1).standard_normal((50, 2)), columns=[RED, "b"])
    system = pv.fit_var(series, lags=1)
    for thing in (result, result.fit, result.fit.design, system, system.impulse_responses(3), system.forecast(2)):
        assert repr(thing).isprintable()
        assert RED not in str(thing)


@pytest.mark.parametrize(
    "call",
    [
        lambda p: pv.fit_pooled(p, "y", ["v" * 5000]),
        lambda p: pv.fit_pooled(p, "y ~ " + "v" * 5000),
        lambda p: pv.fit_pooled(p, "y ~ I(" + "v" * 5000 + ")"),
        lambda p: pv.fit_pooled(p, "y", ["w" * 5000], cov="v" * 5000),
        lambda p: pv.fit_pooled(p, "y", ["w" * 5000]).wald_test("v" * 5000),
        lambda p: pv.fit_pooled(p, "y", ["w" * 5000]).lincom("v" * 5000),
        lambda p: pv.fit_fixed_effects(p, "y", ["w" * 5000], effects="v" * 5000),
        lambda p: pv.fit_pooled(p, "y", ["w" * 5000], convention="v" * 5000),
    ],
)
def test_what_is_not_found_is_quoted_short(panel, call):
    with pytest.raises(pv.PanelVarError) as caught:
        call(panel)
    assert len(str(caught.value)) <= LONGEST_MESSAGE
    assert "v" * (QUOTED + 1) not in str(caught.value)

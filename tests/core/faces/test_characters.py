"""Width, folding and printability of names."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panelvar.core.base.quoting import NO_BREAK, printable
from panelvar.core.faces.characters import display_width, pad, wrap


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("", 5, [""]),
        ("one two three", 7, ["one two", "three"]),
        ("heteroskedasticity-robust (HC1)", 20, ["heteroskedasticity-", "robust (HC1)"]),
        ("abcdefgh", 3, ["abc", "def", "gh"]),
        ("-abcdef", 4, ["-abc", "def"]),
        ("收入收入", 5, ["收入", "收入"]),
        (f"[1,{NO_BREAK}2] x", 6, [f"[1,{NO_BREAK}2]", "x"]),
        (f"[-4.480e-05,{NO_BREAK}7.782e-06]", 22, [f"[-4.480e-05,{NO_BREAK}", "7.782e-06]"]),
    ],
)
def test_wrap(text: str, width: int, lines: list[str]) -> None:
    assert wrap(text, width) == lines


@given(st.text(max_size=80), st.integers(2, 40))
def test_wrapping_loses_nothing_but_blanks(terminal_width: Callable[[str], int], text: str, width: int) -> None:
    shown = printable(text)
    lines = wrap(shown, width)
    assert "".join(lines).replace(" ", "") == shown.replace(" ", "")
    assert all(terminal_width(line) <= width for line in lines)
    assert len(shown.splitlines()) <= 1
    assert display_width(shown) == terminal_width(shown)


@pytest.mark.parametrize(
    ("align", "text"), [("left", "ab   "), ("right", "   ab"), ("center", " ab  "), ("decimal", "   ab")]
)
def test_pad(align: str, text: str) -> None:
    assert pad("ab", 5, align) == text  # type: ignore[arg-type]

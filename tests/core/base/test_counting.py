"""Counts in messages."""

from __future__ import annotations

import pytest

from panelvar.core.base.counting import count_of, kind_of


@pytest.mark.parametrize(("number", "text"), [(0, "0 lags"), (1, "1 lag"), (2, "2 lags")])
def test_only_one_is_singular(number, text):
    assert count_of(number, "lag") == text


def test_a_plural_of_its_own():
    assert count_of(1, "entity", "entities") == "1 entity"
    assert count_of(3, "entity", "entities") == "3 entities"


@pytest.mark.parametrize(("value", "text"), [(3, "an int"), ("x", "a str"), ([], "a list"), (None, "a NoneType")])
def test_a_kind_has_its_article(value, text):
    assert kind_of(value) == text

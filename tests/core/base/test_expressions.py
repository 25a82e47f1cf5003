"""Expressions have a length and a depth, and what passes either is refused in words, however it is written."""

from __future__ import annotations

import numpy as np
import pytest

import panelvar as pv
from panelvar.core.base.expressions import number, spine, syntax_tree
from panelvar.core.base.limits import DEEPEST_EXPRESSION, LONGEST_EXPRESSION, LONGEST_MESSAGE


@pytest.fixture(scope="module")
def panel():
    rng = np.random.default_rng(0)
    columns = dict(zip(["y", "x1", "x2"], rng.standard_normal((3, 60)), strict=True))
    return pv.Panel({"i": np.repeat(np.arange(6), 10), "t": np.tile(np.arange(10), 6), **columns}, "i", "t")


@pytest.fixture(scope="module")
def result(panel):
    return pv.fit_pooled(panel, "y", ["x1", "x2"])


# Refused whatever Python makes of them: too deep for its parser, its own numbers, or its encoding.
BEYOND = {
    "a sum of thousands": "x1 + " * 3000 + "x2",
    "thousands of signs": "-" * 3000 + "x1",
    "hundreds of signs": "-" * (DEEPEST_EXPRESSION + 1) + "x1",
    "hundreds of brackets": "(" * 300 + "x1" + ")" * 300,
    "400 digits": "9" * 400 + "*x1",
    "5,000 digits": "9" * 5000 + "*x1",
    "a lone surrogate": "x1 + \ud800",
    "a null": "x1\x00",
    "too long": "x1" + " " * LONGEST_EXPRESSION + "+ x2 +",
    "a power of powers": "x1" + "**9" * 1000,
}


@pytest.mark.parametrize("kind", BEYOND)
@pytest.mark.parametrize("call", ["lincom", "wald_test"])
def test_hypotheses_that_cannot_be_walked_are_refused(result, kind, call):
    with pytest.raises(pv.SpecificationError) as caught:
        getattr(result, call)(BEYOND[kind])
    assert len(str(caught.value)) <= LONGEST_MESSAGE
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("kind", BEYOND)
def test_factors_that_cannot_be_walked_are_refused(panel, kind):
    with pytest.raises(pv.PanelVarError) as caught:
        pv.fit_pooled(panel, f"y ~ I({BEYOND[kind]})")
    assert len(str(caught.value)) <= LONGEST_MESSAGE
    assert str(caught.value).isprintable()


def test_a_sum_of_hundreds_counts_as_one_level(result):
    found = result.lincom(" + ".join(["x1"] * 500))
    assert found.estimate == pytest.approx(500.0 * result.params["x1"], rel=1e-12)


def test_signs_and_brackets_up_to_the_limit_are_read(result):
    assert result.lincom("-" * 90 + "x1").estimate == pytest.approx(result.params["x1"])


def test_a_chain_of_operations_is_taken_from_the_left():
    tree = syntax_tree("a - b * c + d", "a - b * c + d")
    first, chain = spine(tree)
    assert first.id == "a"
    assert [type(step.op).__name__ for step in chain] == ["Sub", "Add"]


def test_numbers_beyond_floats_are_infinite():
    assert number(syntax_tree("1" + "0" * 400, "")) == np.inf
    assert number(syntax_tree("True", "")) is None

"""Habits from other programs: names that are others here, and names that would mean two things."""

from __future__ import annotations

import re

import numpy as np
import pytest
from panels.dynamic.abdata import abdata

import panelvar as pv

FIRMS = pv.Panel(abdata(), "firm", "year")


@pytest.mark.parametrize(
    ("call", "argument", "words"),
    [
        (pv.fit_arellano_bond, "nolevel", "fit_arellano_bond has no level equation"),
        (pv.fit_arellano_bond, "level_equation", "fit_blundell_bond estimates the levels too"),
        (pv.fit_arellano_bond, "h", "the levels of fit_blundell_bond"),
        (pv.fit_blundell_bond, "artests", "a method of the result: ar_test(order)"),
        (pv.fit_arellano_bond, "effect", "time_effects=True"),
        (pv.fit_panel_var, "td", "time_effects"),
        (pv.fit_panel_var, "ic", "lag_selection() of the result"),
    ],
)
def test_arguments(call, argument, words):
    with pytest.raises(pv.PanelVarError, match=re.escape(words)):
        call(FIRMS, "n", **{argument: True})


def test_functions():
    with pytest.raises(AttributeError, match=r"Here it is fit_panel_var\(...\).lag_selection\(\)"):
        pv.pvarsoc  # noqa: B018


@pytest.mark.parametrize(
    ("foreign", "ours"),
    [
        ("ar1", "ar_test(1)"),
        ("ar_tests", "ar_test(order)"),
        ("mtest", "ar_test(order)"),
        ("hansen_test", "hansen_j"),
        ("sargan_test", "sargan"),
        ("n_groups", "n_entities"),
        ("vcov", "cov, or with_cov()"),
    ],
)
def test_attributes(foreign, ours):
    result = pv.fit_anderson_hsiao(FIRMS, "n", "w")
    with pytest.raises(AttributeError, match=re.escape(f"Here it is {ours}")):
        getattr(result, foreign)


@pytest.mark.parametrize("call", [pv.fit_arellano_bond, pv.fit_blundell_bond, pv.fit_bias_corrected_moments])
def test_arithmetic_is_no_list_of_regressors(call):
    """A formula's ``w + k`` is two regressors; as a name it would be their sum, without a word."""
    for name in ("w + k", "w*k", "w**2"):
        with pytest.raises(pv.SpecificationError, match=re.escape(f"{name!r} would be read as one column")):
            call(FIRMS, "n", name)
    frame = abdata().assign(**{"w + k": lambda f: f["w"]})
    named = pv.fit_arellano_bond(pv.Panel(frame, "firm", "year"), "n", "w + k")
    assert np.array_equal(named.params, pv.fit_arellano_bond(FIRMS, "n", "w").params)
    added = pv.Panel(abdata().assign(both=lambda f: f["w"] + f["k"]), "firm", "year")
    summed = pv.fit_arellano_bond(FIRMS, "n", "I(w + k)")
    assert np.array_equal(summed.params, pv.fit_arellano_bond(added, "n", "both").params)


@pytest.mark.parametrize("name", ["-" * 100_000 + "w", "w" + "+w" * 3000])
def test_expressions_too_long_to_read_end_in_words(name):
    # Python 3.13 reads sums that exhaust the stack of older versions: they are then refused as arithmetic.
    with pytest.raises(pv.SpecificationError, match=r"too long|as one column"):
        pv.fit_arellano_bond(FIRMS, "n", name)


def test_a_column_called_as_the_constant_or_a_period():
    """Two coefficients of one name: the joint test left both out."""
    frame = abdata().assign(**{"const": lambda f: f["k"], "C(year)[T.1979]": lambda f: f["k"]})
    panel = pv.Panel(frame, "firm", "year")
    with pytest.raises(pv.SpecificationError, match=r"to regressors that the model adds: 'const'"):
        pv.fit_blundell_bond(panel, "n", "const")
    with pytest.raises(pv.SpecificationError, match=r"to regressors that the model adds: 'C\(year\)\[T.1979\]'"):
        pv.fit_arellano_bond(panel, "n", "C(year)[T.1979]", time_effects=True)
    assert pv.fit_blundell_bond(panel, "n", "const", constant=False).names == ("L(n)", "const")


def test_a_formula_that_cannot_be_read_is_no_file():
    with pytest.raises(pv.SpecificationError, match=r"cannot be read: 'L\(n, 1:\)' is not an expression\.$"):
        pv.fit_arellano_bond(FIRMS, "n ~ L(n, 1:) + w")

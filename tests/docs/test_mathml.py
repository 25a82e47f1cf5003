"""Formulas are set as TeX sets them, where browsers and the converter would not."""

from __future__ import annotations

import importlib.util
import re

import pytest
from docs.built_pages import ROOT

# They need the packages that build the pages.
pytestmark = pytest.mark.built


@pytest.fixture(scope="module")
def mathml():
    spec = importlib.util.spec_from_file_location("mathml", ROOT / "docs" / "building" / "mathml.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return lambda tex: re.sub(r"^<math[^>]*><mrow>|</mrow></math>$", "", module.mathml(tex, "inline"))


SPACE = '<mspace width="0.1667em"></mspace>'


@pytest.mark.parametrize(
    ("tex", "set_as"),
    [
        (r"2\ln\ln n", f"<mn>2</mn>{SPACE}<mi>ln</mi>{SPACE}<mi>ln</mi>{SPACE}<mi>n</mi>"),
        (
            r"\max(a)",
            '<mo lspace="0" rspace="0">max</mo><mo stretchy="false">(</mo><mi>a</mi><mo stretchy="false">)</mo>',
        ),
        (r"a/b", '<mi>a</mi><mo lspace="0" rspace="0">/</mo><mi>b</mi>'),
        (r"X'y", '<mrow><mi>X</mi><mo lspace="0" rspace="0">′</mo></mrow><mi>y</mi>'),
        (r"x_i'", '<msub><mrow><mi>x</mi><mo lspace="0" rspace="0">′</mo></mrow><mi>i</mi></msub>'),
        (r"r_\max", '<msub><mi>r</mi><mo lspace="0" rspace="0">max</mo></msub>'),
        (r"z \sim N", "<mi>z</mi><mo>∼</mo><mi>N</mi>"),
    ],
)
def test_formulas_are_spaced_as_tex_does(mathml, tex, set_as):
    assert mathml(tex) == set_as


@pytest.mark.parametrize("tex", [r"a &= b \\ c &= d", r"\begin{aligned} a &= b \\ c &= d \end{aligned}"])
def test_lines_of_a_formula_are_rows_of_a_table(mathml, tex):
    made = mathml(tex)
    assert made.count("<mtr>") == 2 and made.count('columnalign="right"') == 2
    assert "&" not in made and "newline" not in made

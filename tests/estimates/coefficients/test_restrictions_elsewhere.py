"""Restrictions as other programs write them: read where it is notation, answered where it is not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

import panelvar as pv
from panelvar.estimates.coefficients.restrictions import restriction_matrix

RNG = np.random.default_rng(12)
INDEX = pd.MultiIndex.from_product([range(10), range(8)], names=["i", "t"])
DATA = pd.DataFrame(RNG.standard_normal((80, 4)), INDEX, ["y", "x", "z", "w v"])
RESULT = pv.fit_pooled(DATA, "y", ["x", "z", "w v"], cov="classical")
SYSTEM = pv.fit_var(RNG.standard_normal((60, 2)), ["infl", "rate"], lags=1)


@pytest.mark.parametrize(
    ("written", "here"),
    [
        ("_b[x] = 2 * _b[z]", "x = 2 * z"),
        ("_b[w v] - 1 = 0", "`w v` = 1"),
        ("_b[ x ] == _b[z] = 0", "x = z = 0"),
    ],
)
def test_notation_of_other_programs_is_read(written, here):
    (matrix, target, _), (ours, values, _) = (restriction_matrix(each, None, RESULT.names) for each in (written, here))
    assert_array_equal(matrix, ours)
    assert_array_equal(target, values)
    assert RESULT.wald_test(written).statistic == RESULT.wald_test(here).statistic


def test_stata_s_coefficients_are_read_wherever_expressions_are():
    assert RESULT.lincom("_b[x] - _b[z]").estimate == RESULT.lincom("x - z").estimate
    product = RESULT.nonlinear("_b[x] * _b[w v]")
    assert product.params.iloc[0] == RESULT.nonlinear("x * `w v`").params.iloc[0]


@pytest.mark.parametrize(
    ("ask", "answer"),
    [
        (lambda: RESULT.wald_test("_cons = 0"), " Did you mean 'const'?"),
        (lambda: RESULT.wald_test("x z"), " Separate several restrictions by commas: 'x, z'."),
        (lambda: RESULT.wald_test("(x = 1) (z = 0)"), " Separate several restrictions by commas: 'x = 1, z = 0'."),
        (
            lambda: SYSTEM.wald_test("L1.infl = 0"),
            " Each equation has a coefficient of that name: [infl]L1.infl, [rate]L1.infl.",
        ),
        (
            lambda: SYSTEM.lincom("const"),
            " Each equation has a coefficient of that name: [infl]const, [rate]const.",
        ),
        (
            lambda: SYSTEM.wald_test({"L1.rate": 0.0}),
            " Each equation has a coefficient of that name: [infl]L1.rate, [rate]L1.rate.",
        ),
    ],
)
def test_what_is_not_read_is_answered(ask, answer):
    with pytest.raises(pv.SpecificationError) as caught:
        ask()
    assert str(caught.value).endswith(answer)


def test_the_answers_are_right():
    assert RESULT.wald_test("x, z").df == RESULT.wald_test("x = 1, z = 0").df == 2
    assert SYSTEM.wald_test("[infl]L1.infl, [rate]const").df == 2

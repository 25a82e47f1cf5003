"""A formula is refused for what it would cost before anything of it is computed, with the count."""

from __future__ import annotations

import time

import numpy as np
import pytest

import panelvar as pv
from panelvar.core.base.limits import LONGEST_FORMULA, MOST_CATEGORICAL, MOST_COLUMNS
from panelvar.data.formulas.formula import parse


@pytest.fixture(scope="module")
def panel():
    rng = np.random.default_rng(0)
    columns = {f"x{j}": rng.standard_normal(200) for j in range(12)}
    groups = {f"g{j}": rng.integers(0, 2, 200) for j in range(10)}
    index = {"i": np.repeat(np.arange(20), 10), "t": np.tile(np.arange(10), 20)}
    return pv.Panel({**index, "y": rng.standard_normal(200), **columns, **groups}, "i", "t")


@pytest.mark.parametrize(
    ("right", "count"),
    [
        ("(x1 + x2 + x3)**12", "531441 products"),
        ("x1**999999999", "999999999 products"),
        ("x1^999999999", "999999999 products"),
        ("(x1 + x2)**99999999999999999999999", "more than 1e.18 products"),
        ("(x1 + x2)**" + "9" * 5000, "more than 1e.18 products"),
        ("*".join(f"x{j}" for j in range(12)), "2047 products"),
        ("(" + "+".join(["x1"] * 50) + "):(" + "+".join(["x2"] * 50) + ")", "2500 products"),
        (" + ".join(f"I(x1 ** {power})" for power in range(2, 2003)), "more than 2000 terms"),
        ("C(x1):C(x2):C(x3)", "7999999 columns of 200 rows"),
        ("C(x1) + C(x2)*C(x3)", "39601 columns of 200 rows"),
        (":".join(f"C(g{j})" for j in range(MOST_CATEGORICAL + 1)), "9 categorical variables; the limit is 8"),
        ("x1 + " * (LONGEST_FORMULA // 5) + "x2", "characters is too long"),
    ],
)
def test_what_a_formula_would_cost_is_counted_first(panel, right, count):
    start = time.perf_counter()
    with pytest.raises(pv.SpecificationError, match=count):
        parse(f"y ~ {right}", panel)
    # An expansion would take minutes.
    assert time.perf_counter() - start < 10.0


def test_a_column_of_too_many_categories_is_refused_before_they_are_written(panel):
    many = {"i": np.arange(MOST_COLUMNS + 2), "t": np.zeros(MOST_COLUMNS + 2, dtype=int)}
    wide = pv.Panel({**many, "y": 1.0 * many["i"], "x": 1.0 * many["i"]}, "i", "t")
    with pytest.raises(pv.SpecificationError, match=f"categories of 'x' would make {MOST_COLUMNS + 1}"):
        parse("y ~ C(x)", wide)


def test_a_list_of_too_many_regressors_is_refused_too():
    names = [f"x{j}" for j in range(MOST_COLUMNS + 1)]
    column = np.arange(6.0)
    panel = pv.Panel(
        {"i": [0, 0, 0, 1, 1, 1], "t": [0, 1, 2] * 2, "y": column, **dict.fromkeys(names, column)}, "i", "t"
    )
    with pytest.raises(pv.SpecificationError, match=f"{MOST_COLUMNS + 1} regressors"):
        pv.fit_pooled(panel, "y", names)


def test_crossings_within_the_limits_are_made(panel):
    assert len(parse("y ~ " + "*".join(f"x{j}" for j in range(8)), panel).x) == 255
    assert len(parse("y ~ (x1 + x2 + x3)**3", panel).x) == 7
    assert len(parse("y ~ " + ":".join(f"C(g{j})" for j in range(4)), panel).x) == 15


def test_more_regressors_than_rows_are_dropped_in_few_steps(panel):
    start = time.perf_counter()
    with pytest.raises(pv.InsufficientDataError, match="residual degrees of freedom"):
        pv.fit_pooled(panel, "y ~ " + "*".join(f"x{j}" for j in range(10)))
    # One factorisation for each of 823 columns took minutes.
    assert time.perf_counter() - start < 30.0

"""Brackets of a result are answered with the attribute that takes them, and make nothing iterable."""

from __future__ import annotations

import pickle
from collections.abc import Iterable

import numpy as np
import pandas as pd
import pytest

import panelvar as pv
from panelvar.core.base.errors import CallError

RNG = np.random.default_rng(8)
MODEL = pv.fit_var(RNG.standard_normal((60, 2)), ["infl", "rate"], lags=1)
INDEX = pd.MultiIndex.from_product([range(8), range(9)], names=["i", "t"])
POOLED = pv.fit_pooled(pd.DataFrame(RNG.standard_normal((72, 2)), INDEX, ["y", "x"]), "y", "x", cov="classical")


@pytest.mark.parametrize(
    ("result", "key", "answer"),
    [
        (
            MODEL,
            "infl",
            "An equation is a column of a table, as in params['infl'], std_errors['infl'] and resids['infl'], or an "
            "entry, as in rsquared['infl'].",
        ),
        (MODEL, "params", "Here it is an attribute: params."),
        (MODEL, "llf", "Here it is an attribute: loglik."),
        (POOLED, "x", "For one coefficient, use params['x'], std_errors['x'] or pvalues['x']."),
        (POOLED, "{key}", "For one coefficient, use params['{key}'], std_errors['{key}'] or pvalues['{key}']."),
        (
            MODEL.impulse_responses(2),
            ("infl", "rate"),
            "response(variable, shock) gives one response, and to_frame() a table of all.",
        ),
        (MODEL.forecast(2), "infl", "Its numbers are in a table: to_frame()."),
        (pv.adf_test(RNG.standard_normal(50)), 0, "A test has named numbers: statistic, pvalue, df."),
    ],
)
def test_brackets_are_answered(result, key, answer):
    with pytest.raises(CallError) as caught:
        result[key]
    assert str(caught.value) == f"{type(result).__name__!r} object takes no brackets. {answer}"
    # What Python calls it.
    assert isinstance(caught.value, TypeError)


def test_what_is_named_in_the_answers_is_there():
    for table in (MODEL.params, MODEL.std_errors, MODEL.resids):
        assert "infl" in table.columns
    assert "infl" in MODEL.rsquared.index
    assert "x" in POOLED.params.index and "x" in POOLED.std_errors.index and "x" in POOLED.pvalues.index
    assert len(MODEL.impulse_responses(2).response("infl", "rate")) == 3


def test_nothing_becomes_iterable():
    for result in (MODEL, POOLED):
        assert not isinstance(result, Iterable)
        with pytest.raises(TypeError, match="not iterable"):
            list(result)
        with pytest.raises(TypeError):
            "x" in result  # noqa: B015
        assert np.asarray(result).shape == ()
        assert pd.Series([result, result]).size == 2
        assert type(pickle.loads(pickle.dumps(result))) is type(result)

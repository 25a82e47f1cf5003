"""Keywords that functions do not have are answered, and nothing else of a function changes."""

from __future__ import annotations

import inspect
import pickle

import numpy as np
import pandas as pd
import pytest

import panelvar as pv

WALKS = np.random.default_rng(0).standard_normal((40, 5)).cumsum(axis=0)
FUNCTIONS = {name: getattr(pv, name) for name in pv.__all__ if inspect.isfunction(getattr(pv, name))}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_public_function_answers_and_keeps_its_signature(name):
    function = FUNCTIONS[name]
    assert inspect.signature(function) == inspect.signature(function.__wrapped__)
    assert (function.__name__, function.__doc__) == (name, function.__wrapped__.__doc__)
    assert pickle.loads(pickle.dumps(function)) is function
    with pytest.raises(pv.SpecificationError, match=rf"{name}\(\) has no argument 'zzzzzzzz'\. It has: "):
        function(zzzzzzzz=1)


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        (lambda: pv.select_lags(WALKS, maxlags=4), "Here it is max_lags."),
        (lambda: pv.fit_pooled(None, "y", "x", vcov="HC1"), "Here it is cov."),
        (lambda: pv.fit_fixed_effects(None, "y", "x", entity_effects=True), "Here it is effects='entity'."),
        (lambda: pv.ips_test(WALKS, max_lgas=2), "Did you mean 'max_lags'?"),
        (lambda: pv.fit_var(WALKS).impulse_responses(10, periods=3), "Here it is horizon."),
    ],
)
def test_names_of_other_programs_are_answered_with_ours(call, answer):
    with pytest.raises(pv.SpecificationError) as caught:
        call()
    assert str(caught.value).endswith(answer)
    # What Python calls it, too.
    assert isinstance(caught.value, TypeError)


def test_an_error_from_inside_is_not_about_the_call():
    class Broken:
        shape = (3, 3)

        def __array__(self, dtype=None, copy=None):
            raise TypeError("inside")

    with pytest.raises(TypeError, match="inside") as caught:
        pv.fit_var(Broken(), lags=1)
    assert not isinstance(caught.value, pv.SpecificationError)


def test_warnings_still_point_at_the_caller():
    frame = pd.DataFrame(
        {"i": [1, 1, 2, 2, 3, 3], "t": [0, 1] * 3, "y": [1.0, 2, 3, 5, 4, np.nan], "x": [1.0, 3, 2, 2, 5, 1]}
    )
    with pytest.warns(pv.PanelVarWarning) as caught:
        pv.fit_pooled(pv.Panel(frame, "i", "t"), "y", "x", cov="classical")
    assert {each.filename for each in caught} == {__file__}

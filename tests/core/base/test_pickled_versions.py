"""What is pickled carries the version of the library, and another version refuses it in words."""

from __future__ import annotations

import copy
import pickle

import pytest

import panelvar as pv


@pytest.fixture(scope="module")
def firms():
    return pv.load_data("grunfeld")


MADE = {
    "result": lambda firms: pv.fit_pooled(firms, "invest ~ value"),
    "system": lambda firms: pv.fit_var(pv.load_data("us_macro")[["infl", "unemp"]], lags=1),
    "panel": pv.Panel,
    "table": lambda firms: pv.fit_pooled(firms, "invest ~ value").summary(),
    "test": lambda firms: pv.fit_pooled(firms, "invest ~ value").wald_test("value"),
}


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_a_pickle_is_read_by_the_version_that_wrote_it(firms, monkeypatch, make):
    thing = make(firms)
    written = pickle.dumps(thing)
    assert str(pickle.loads(written)) == str(thing)
    assert str(copy.copy(thing)) == str(copy.deepcopy(thing)) == str(thing)
    monkeypatch.setattr(pv, "__version__", "9.1")
    with pytest.raises(pv.DataError, match=r"was pickled by version \d\S+ of panelvar, and this is version 9\.1"):
        pickle.loads(written)


def test_a_pickle_without_a_version_is_refused(firms):
    test = MADE["test"](firms)
    fresh = object.__new__(type(test))
    with pytest.raises(pv.DataError, match="by a version of panelvar that did not say which"):
        fresh.__setstate__(dict(vars(test)))

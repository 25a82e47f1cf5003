"""Instruments that the errors of their own equation move are warned of, whatever makes them."""

import warnings

import numpy as np
import pandas as pd
import pytest

import panelvar as pv

Y = pv.LagInstruments("y", collapse=True)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(2)
    entities, periods = 90, 7
    effects, y = rng.standard_normal((2, entities))
    rows, w = [], np.zeros(entities)
    for _ in range(periods):
        error = rng.standard_normal(entities)
        w = 0.5 * w + 0.5 * error + rng.standard_normal(entities)
        y = 0.5 * y + 0.3 * w + effects + error
        rows.append((y, w, rng.standard_normal(entities)))
    values = np.array(rows).transpose(2, 0, 1).reshape(-1, 3)
    index = pd.MultiIndex.from_product([range(entities), range(periods)], names=["id", "t"])
    return pd.DataFrame(values, index=index, columns=["y", "w", "x"])


def said(fit):
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        return [note.text for note in fit().notes if note.code == "invalid-lag"]


def single(data, *sets, system=False, **options):
    fit = pv.fit_blundell_bond if system else pv.fit_arellano_bond
    kinds = {"endogenous": "w"} if "predetermined" not in options else {}
    return fit(data, "y", "x", **kinds, **options, instruments=[*sets, pv.StandardInstruments("x")])


INVALID = {
    "endogenous w from lag 1": (
        lambda data: single(data, Y, pv.LagInstruments("w", 1, 3)),
        "Lag 1 of 'w'.*first valid lag is 2",
    ),
    "predetermined w from lag 0": (
        lambda data: single(data, Y, pv.LagInstruments("w", 0, 3), predetermined="w"),
        "Lag 0 of 'w'.*first valid lag is 1",
    ),
    "w itself": (lambda data: single(data, Y, pv.StandardInstruments("w")), "'w' is its own instrument.*first=2"),
    "a lag of y itself": (
        lambda data: single(data, Y, pv.StandardInstruments("L(y)"), pv.LagInstruments("w")),
        r"'L\(y\)' is its own instrument in the transformed.*first=2",
    ),
    "a function of y": (
        lambda data: single(data, Y, pv.StandardInstruments("I(y ** 2)"), pv.LagInstruments("w")),
        "is its own instrument in the transformed",
    ),
    "an old y in deviations": (
        lambda data: single(data, Y, pv.StandardInstruments("L(y, 3)"), pv.LagInstruments("w"), transform="fod"),
        "is its own instrument in the transformed",
    ),
    "changes of the same period in the levels": (
        lambda data: single(
            data, Y, pv.LagInstruments("w"), pv.LagInstruments("y", 0, 0, equation="level"), system=True
        ),
        "change of 'y' at lag 0.*first valid lag is 1",
    ),
    "levels of y in the levels": (
        lambda data: single(
            data, Y, pv.LagInstruments("w"), pv.StandardInstruments("L(y, 2)", equation="level"), system=True
        ),
        "is its own instrument in the levels.*effects",
    ),
    "a panel VAR from lag 1": (
        lambda data: pv.fit_panel_var(
            data, ["y", "w"], method="gmm", instruments=[pv.LagInstruments(["y", "w"], 1, 3, collapse=True)]
        ),
        "Lag 1 of 'y', 'w'.*first valid lag is 2",
    ),
}
VALID = {
    "the estimator's own": lambda data: pv.fit_arellano_bond(data, "y", "x", endogenous="w"),
    "its own in a system": lambda data: pv.fit_blundell_bond(data, "y", "x", predetermined="w"),
    "predetermined from lag 1": lambda data: single(data, Y, pv.LagInstruments("w", 1, 3), predetermined="w"),
    "a lag of y, moved": lambda data: single(data, Y, pv.LagInstruments("L(w)", 1, 3)),
    "an old y itself": lambda data: single(data, Y, pv.LagInstruments("w"), pv.StandardInstruments("L(y, 2)")),
    "changes of y in the levels": lambda data: single(
        data, Y, pv.LagInstruments("w"), pv.StandardInstruments("L(D(y))", equation="level"), system=True
    ),
    "a panel VAR": lambda data: pv.fit_panel_var(data, ["y", "w"], method="gmm"),
    "one lag": lambda data: pv.fit_anderson_hsiao(data, "y", "x", instrument="difference"),
}


@pytest.mark.parametrize("name", INVALID)
def test_what_is_not_valid_is_warned_of(name, data):
    fit, words = INVALID[name]
    with pytest.warns(pv.PanelVarWarning, match=words):
        fit(data)


@pytest.mark.parametrize("name", VALID)
def test_what_is_valid_is_not(name, data):
    assert said(lambda: VALID[name](data)) == []

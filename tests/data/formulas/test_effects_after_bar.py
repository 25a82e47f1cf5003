"""``| year`` in a formula says what ``time_effects``, ``demean`` or ``effects`` say, in every function that has one."""

from __future__ import annotations

import inspect

import numpy as np
import pandas as pd
import pytest
from quiet import quietly

import panelvar as pv

MODEL = "y ~ x"


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(8)
    index = pd.MultiIndex.from_product([range(30), range(2000, 2016)], names=["firm", "year"])
    shock, effect = rng.standard_normal(16)[index.codes[1]], rng.standard_normal(30)[index.codes[0]]
    x = rng.standard_normal(480).reshape(30, 16).cumsum(axis=1).ravel() + shock
    z = x + rng.standard_normal(480)
    return pd.DataFrame({"y": x + shock + effect + rng.standard_normal(480), "x": x, "z": z, "w": 1.0}, index=index)


def numbers(result) -> list[float]:
    if isinstance(result, pv.TestResult):
        return [result.statistic]
    return [*result.params, *np.asarray(result.std_errors, dtype=float)]


def functions(option: str) -> list:
    """Public functions of one equation with an option of this name; a battery's tests are among them one by one."""
    found = [getattr(pv, name) for name in pv.__all__ if inspect.isfunction(getattr(pv, name))]
    battery = pv.panel_cointegration_table
    return [
        each for each in found if {option, "y", "x"} <= {*inspect.signature(each).parameters} and each is not battery
    ]


@pytest.mark.parametrize("fit", functions("time_effects") + functions("demean"))
@pytest.mark.parametrize("bar", ["year", "firm + year", "time"])
def test_periods(frame, fit, bar):
    option = "time_effects" if "time_effects" in inspect.signature(fit).parameters else "demean"
    draws = {"draws": 0} if fit is pv.fit_lsdvc else {}
    said, asked, plain = (
        numbers(quietly(fit, frame, formula, **options, **draws))
        for formula, options in ((f"{MODEL} | {bar}", {}), (MODEL, {option: True}), (MODEL, {}))
    )
    np.testing.assert_array_equal(said, asked)
    assert said != plain


@pytest.mark.parametrize("fit", [pv.fit_random_effects, pv.fit_between, pv.fit_correlated_random_effects])
@pytest.mark.parametrize(("bar", "effects"), [("year", "time"), ("firm", "entity"), ("entity + year", "twoway")])
def test_one_or_two_effects(frame, fit, bar, effects):
    if effects == "twoway" and fit is not pv.fit_random_effects:
        with pytest.raises(pv.SpecificationError, match="effects='twoway'"):
            fit(frame, f"{MODEL} | {bar}")
        return
    said, asked = quietly(fit, frame, f"{MODEL} | {bar}"), quietly(fit, frame, MODEL, effects=effects)
    np.testing.assert_array_equal(numbers(said), numbers(asked))
    with pytest.raises(pv.SpecificationError, match="Give them once"):
        fit(frame, f"{MODEL} | {bar}", effects="time")


@pytest.mark.parametrize("fit", [pv.fit_iv_random_effects, pv.fit_iv_between])
def test_with_instruments(frame, fit):
    said = quietly(fit, frame, "y ~ [x ~ z] | year")
    asked = quietly(fit, frame, "y ~ [x ~ z]", effects="time")
    np.testing.assert_array_equal(numbers(said), numbers(asked))


def test_dynamic_fixed_effects(frame):
    said = quietly(pv.fit_dynamic_fixed_effects, frame, f"{MODEL} | firm + year")
    asked = quietly(pv.fit_dynamic_fixed_effects, frame, MODEL, effects="twoway")
    np.testing.assert_allclose(numbers(said), numbers(asked), rtol=1e-10)


def test_other_effects_are_refused(frame):
    for fit in (pv.fit_mean_group, pv.fit_random_effects, pv.fit_arellano_bond, pv.kao_test):
        with pytest.raises(pv.SpecificationError, match="'w' after the bar is neither the entity nor the time"):
            fit(frame, f"{MODEL} | w")
    with pytest.raises(pv.SpecificationError, match="this function takes none"):
        pv.saikkonen_luetkepohl_test(frame, f"{MODEL} | year")

"""Levels far from zero: with effects of periods, a number added to y or x changes no slope, and no digit of it."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import panelvar as pv
from panelvar.panels.dynamic import cube

FEW = pv.LagInstruments(last=3, collapse=True)
SPELLED = [pv.LagInstruments("y", last=3, collapse=True)]
CALLS = {
    "one step": lambda data: pv.fit_arellano_bond(data, "y", "x", steps=1, time_effects=True, instruments=FEW),
    "every lag": lambda data: pv.fit_arellano_bond(data, "y", "x", time_effects=True),
    "constant": lambda data: pv.fit_arellano_bond(data, "y", "x", constant=True, time_effects=True, instruments=FEW),
    "predetermined": lambda data: pv.fit_arellano_bond(data, "y", predetermined="x", time_effects=True),
    "deviations": lambda data: pv.fit_arellano_bond(data, "y", "x", transform="fod", time_effects=True),
    "untransformed": lambda data: pv.fit_arellano_bond(
        data, "y", "x", time_effects=True, instruments=[*SPELLED, pv.StandardInstruments("x", transform=False)]
    ),
    "quadratic": lambda data: pv.fit_arellano_bond(
        data, "y", "x", time_effects=True, instruments=FEW, nonlinear="noserial"
    ),
    "Anderson-Hsiao": lambda data: pv.fit_anderson_hsiao(data, "y", "x", time_effects=True),
    "system": lambda data: pv.fit_blundell_bond(data, "y", "x", time_effects=True, instruments=FEW),
    "system without a constant": lambda data: pv.fit_blundell_bond(
        data, "y", "x", time_effects=True, constant=False, instruments=FEW
    ),
    "system of deviations": lambda data: pv.fit_blundell_bond(
        data, "y", "x", time_effects=True, transform="fod", instruments=FEW
    ),
    "own levels": lambda data: pv.fit_blundell_bond(
        data, "y", "x", time_effects=True, instruments=[*SPELLED, pv.StandardInstruments("x", "both")]
    ),
}


def panel_of(level: float = 0.0, *, gaps: bool = False) -> pd.DataFrame:
    """A panel whose periods have effects, with variables at some level."""
    rng = np.random.default_rng(3)
    entities, periods = 120, 7
    effects, shocks = rng.standard_normal(entities), rng.standard_normal(periods + 30)
    x, y = np.zeros((2, periods + 30, entities))
    for t in range(1, len(y)):
        x[t] = 0.5 * x[t - 1] + rng.standard_normal(entities)
        y[t] = 0.3 * y[t - 1] + 0.5 * x[t] + effects + shocks[t] + rng.standard_normal(entities)
    index = pd.MultiIndex.from_product([range(entities), range(periods)], names=["id", "t"])
    data = pd.DataFrame({"y": y[30:].T.ravel() + level, "x": x[30:].T.ravel() + level}, index=index)
    return data[rng.random(len(data)) > 0.1] if gaps else data


@pytest.mark.parametrize("call", CALLS)
def test_a_level_changes_no_slope(call):
    near = CALLS[call](panel_of())
    for level in (1e3, 1e5, 1e7):
        far = CALLS[call](panel_of(level))
        assert_allclose(far.params[["L(y)", "x"]], near.params[["L(y)", "x"]], rtol=1e-8)
        assert_allclose(far.std_errors[["L(y)", "x"]], near.std_errors[["L(y)", "x"]], rtol=1e-8)
        assert far.n_instruments == near.n_instruments
        assert_allclose(far.hansen_j.statistic, near.hansen_j.statistic, rtol=1e-6)
        assert_allclose(far.ar_test(2).statistic, near.ar_test(2).statistic, rtol=1e-6)


@pytest.mark.parametrize("levels", [False, True])
def test_a_level_changes_no_slope_of_a_system_of_equations(levels):
    near, far = (
        pv.fit_panel_var(panel_of(level), ["y", "x"], method="gmm", time_effects=True, level_equation=levels)
        for level in (0.0, 1e6)
    )
    assert_allclose(far.params, near.params, rtol=1e-8)
    assert_allclose(far.std_errors, near.std_errors, rtol=1e-8)


@pytest.mark.parametrize("system", [False, True])
def test_a_stream_at_a_level_has_the_numbers_of_the_panel(system):
    data = panel_of(1e5).reset_index()
    fit = pv.fit_blundell_bond if system else pv.fit_arellano_bond
    whole = fit(data.set_index(["id", "t"]), "y", "x", time_effects=True, instruments=FEW)
    stream = pv.PanelStream([data.iloc[start : start + 70] for start in range(0, len(data), 70)], entity="id", time="t")
    read = fit(stream, "y", "x", time_effects=True, instruments=FEW)
    assert_allclose(read.params, whole.params, rtol=1e-8)
    assert_allclose(read.std_errors, whole.std_errors, rtol=1e-8)


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("call", CALLS)
def test_other_coordinates_of_the_moments_give_the_same_numbers(call, gaps, monkeypatch):
    data = panel_of(5.0, gaps=gaps)
    plain = CALLS[call](data)
    monkeypatch.setattr(cube, "HIGH", 0.0)
    turned = CALLS[call](data)
    assert_allclose(turned.params, plain.params, rtol=1e-7, atol=1e-9)
    assert_allclose(turned.std_errors, plain.std_errors, rtol=1e-7)
    assert turned.instrument_names == plain.instrument_names
    left, right = turned.instrument_tests(), plain.instrument_tests()
    assert list(left.tests) == list(right.tests)
    for name, test in right.tests.items():
        assert_allclose(left[name].statistic, test.statistic, rtol=1e-6, atol=1e-8)
        assert left[name].df == test.df


def test_moments_without_those_of_periods_are_what_their_names_say():
    near, far = (CALLS["one step"](panel_of(level)) for level in (0.0, 1e3))
    for found, level in ((near, 0.0), (far, 1e3)):
        problem = found.fit.estimate.problem
        kept = np.array([origin.kind == "period" for origin in problem.origins])
        values = panel_of(level)["y"].unstack("t").to_numpy()
        # The collapsed second lag of y times the differences of its first lag.
        by_hand = sum(values[:, t - 2] @ (values[:, t - 1] - values[:, t - 2]) for t in range(2, values.shape[1]))
        place = problem.without(kept).labels.index("L2.y")
        assert_allclose(problem.without(kept).total[place, 0], by_hand, rtol=1e-9)

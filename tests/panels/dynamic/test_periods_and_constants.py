"""Effects of periods that no entity connects, and regressors that do not vary within entities."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import panelvar as pv

FEW = pv.LagInstruments(last=3, collapse=True)


def panel_of(seed: int = 4, entities: int = 200, periods: int = 10) -> pd.DataFrame:
    """y with effects of periods, x exogenous, z constant in each entity and uncorrelated with its effect."""
    rng = np.random.default_rng(seed)
    effects, z, y = rng.standard_normal((3, entities))
    rows = []
    for t in range(-20, periods):
        x = rng.standard_normal(entities)
        y = 0.4 * y + x + z + effects + 0.3 * t + rng.standard_normal(entities)
        rows.append((y, x, z))
    values = np.array(rows[20:]).transpose(2, 0, 1).reshape(-1, 3)
    index = pd.MultiIndex.from_product([range(entities), range(periods)], names=["id", "t"])
    return pd.DataFrame(values, index=index, columns=["y", "x", "z"])


@pytest.mark.parametrize("transform", ["fd", "fod"])
@pytest.mark.parametrize("case", ["a period without rows", "two cohorts"])
def test_periods_that_no_entity_connects_have_a_base_each(case, transform):
    data = panel_of()
    when, who = data.index.get_level_values("t"), data.index.get_level_values("id")
    if case == "a period without rows":
        data = data[when != 5]
        groups = 2 if transform == "fd" else 1
    else:
        data = data[np.where(who < 100, when < 5, when >= 5)]
        groups = 2
    fit = pv.fit_arellano_bond(data, "y", "x", transform=transform, time_effects=True, instruments=FEW)
    assert_allclose(fit.params[["L(y)", "x"]], [0.4, 1.0], atol=0.15)
    notes = [note.text for note in fit.notes if note.code == "period-groups"]
    assert len(notes) == groups - 1
    # Every row of differences has an effect of its own, so that these are means of what the slopes leave, with y's lag
    # and x as exogenous as their instruments: the moments of periods hold exactly.
    problem, params = fit.fit.estimate.problem, fit.fit.estimate.problem.one_step.params
    own = np.array([origin.kind == "period" for origin in problem.origins])
    assert own.sum() == sum(name.startswith("C(t)[") for name in fit.names)
    assert_allclose(problem.residual_total(params)[own], 0.0, atol=1e-7)


def test_a_panel_var_of_two_cohorts_has_effects_of_periods():
    data = panel_of()
    when, who = data.index.get_level_values("t"), data.index.get_level_values("id")
    data = data[np.where(who < 100, when < 5, when >= 5)]
    model = pv.fit_panel_var(data, ["y", "x"], method="gmm", time_effects=True, instruments=FEW)
    assert np.isfinite(model.std_errors.to_numpy()).all()


def test_without_a_constant_every_period_of_a_system_has_an_effect():
    with_constant, without = (
        pv.fit_blundell_bond(panel_of(), "y", "x", time_effects=True, constant=constant, instruments=FEW)
        for constant in (True, False)
    )
    assert_allclose(without.params[["L(y)", "x"]], with_constant.params[["L(y)", "x"]], rtol=1e-7)
    first = without.params["C(t)[T.1]"]
    assert_allclose(first, with_constant.params["const"], rtol=1e-6)
    assert_allclose(without.params["C(t)[T.2]"] - first, with_constant.params["C(t)[T.2]"], rtol=1e-6, atol=1e-8)
    assert_allclose(without.hansen_j.statistic, with_constant.hansen_j.statistic, rtol=1e-7)


@pytest.mark.parametrize("transform", ["fd", "fod"])
def test_a_regressor_that_lost_its_only_instrument_is_warned_of_and_the_advice_helps(transform):
    data = panel_of()
    # Sums and means of a tenth are not exact, and rounding is no instrument either.
    data["z"] = np.where(data["z"] > 0.0, 0.1, 0.7)
    data["y"] += data["z"]
    with pytest.warns(pv.PanelVarWarning, match="'z' does not vary within entities.*StandardInstruments.'z', equation"):
        blind = pv.fit_blundell_bond(data, "y", ["x", "z"], transform=transform, instruments=FEW)
    assert not any(name.endswith("z") for name in blind.instrument_names)
    sets = [
        pv.LagInstruments("y", last=3, collapse=True),
        pv.StandardInstruments("x"),
        pv.StandardInstruments("z", equation="level"),
    ]
    found = pv.fit_blundell_bond(data, "y", ["x", "z"], transform=transform, instruments=sets)
    assert found.std_errors["z"] < blind.std_errors["z"] / 3.0
    assert not [note for note in found.notes if note.code == "no-own-instrument"]


def test_an_untransformed_instrument_of_a_deviation_is_of_the_next_period_and_zero_at_a_gap():
    data = panel_of().drop([(entity, 4) for entity in range(0, 200, 2)])
    plain = [FEW.__class__("y", last=3, collapse=True), pv.StandardInstruments("x", transform=False)]
    fit = pv.fit_arellano_bond(data, "y", "x", transform="fod", instruments=plain)
    problem = fit.fit.estimate.problem
    by_hand = 0.0
    for _, own in data.reset_index("id").groupby("id"):
        y, x = own["y"], own["x"]
        complete = [t for t in y.index if t - 1 in y.index]
        for place, t in enumerate(complete[:-1]):
            later = complete[place + 1 :]
            deviation = np.sqrt(len(later) / (len(later) + 1)) * (y[t] - y[later].mean())
            by_hand += x.get(t + 1, 0.0) * deviation
    assert_allclose(problem.total[problem.labels.index("x"), -1], by_hand, rtol=1e-9)
    # The row before the gap is there: entities with a gap lose the period after it, and nothing else.
    assert fit.nobs == 100 * 8 + 100 * 6

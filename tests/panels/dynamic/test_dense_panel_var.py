"""Vector autoregressions of panels by moments: the dense twin is panelvar's, and the kernel is the twin's."""

from __future__ import annotations

import functools

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from panels.dynamic.dense_gmm import Fit, LagColumns, Model, OwnColumns, fit, fit_equations, with_lags
from parity.panelvar_cases import DATA, exact
from parity.runner import expected_tree
from quiet import quietly
from reference_data import table

import panelvar as pv


def entities_of(frame: pd.DataFrame, entity: str, period: str, columns: list[str]) -> list[dict[str, np.ndarray]]:
    calendar = range(frame[period].min(), frame[period].max() + 1)
    rows = [group.set_index(period).reindex(calendar) for _, group in frame.groupby(entity)]
    return [with_lags({name: each[name].to_numpy(dtype=float) for name in columns}, 2) for each in rows]


@functools.cache
def reference_entities(data: str) -> list[dict[str, np.ndarray]]:
    index, columns = DATA[data]
    return entities_of(table(data), *index, columns)


def on_reference(data: str, *, lags: int, transform: str, last: int | None = None, collapse: bool = False) -> Fit:
    columns = DATA[data][1]
    x = tuple(f"L{lag}.{name}" for lag in range(1, lags + 1) for name in columns)
    instruments = tuple(LagColumns(name, 2, last, collapse) for name in columns)
    return fit_equations(reference_entities(data), columns, Model(columns[0], x, instruments, transform))


@pytest.mark.parametrize(("data", "case"), [(data, case) for data in DATA for case in exact(data)])
def test_the_twin_reproduces_panelvar(data, case):
    expected = expected_tree(f"{data}_panelvar")[case]
    spec = expected["spec"]
    found = on_reference(
        data,
        lags=spec["lags"],
        transform=spec["transformation"],
        last=spec.get("max_instr"),
        collapse=spec["collapse"],
    )
    steps = 1 if spec["steps"] == "onestep" else 2
    covariance = found.robust() if steps == 1 else found.windmeijer()
    assert found.n_instruments == expected["hansen"]["nof_instruments"]
    assert found.step(steps).criterion == pytest.approx(expected["hansen"]["statistic"], rel=5e-9)
    assert found.step(steps).coef == pytest.approx(np.ravel(expected["coef"]["values"]), rel=1e-8)
    assert np.sqrt(np.diag(covariance)) == pytest.approx(np.ravel(expected["se"]["values"]), rel=1e-8)


def test_without_a_threshold_both_transforms_have_one_second_step():
    """R's panelvar prints J of 263.008 in deviations and 262.531 in differences."""
    found = [on_reference("dahlberg", lags=1, transform=transform).second for transform in ("fd", "fod")]
    assert [each.criterion for each in found] == pytest.approx([264.1598020] * 2, rel=1e-8)
    assert found[0].coef == pytest.approx(found[1].coef, rel=1e-6)


def rows_of(seed: int) -> pd.DataFrame:
    """Two variables of 60 entities and eight periods, with gaps, late entries and early exits."""
    rng = np.random.default_rng(seed)
    entities, periods = 60, 8
    effect = rng.standard_normal((entities, 2))
    values = np.zeros((entities, periods, 2))
    level = effect + rng.standard_normal((entities, 2))
    for t in range(periods):
        level = level @ np.array([[0.5, 0.1], [0.2, 0.4]]) + effect + rng.standard_normal((entities, 2))
        values[:, t] = level
    place = np.indices((entities, periods))
    rows = pd.DataFrame({"i": place[0].ravel(), "t": place[1].ravel() + 2000})
    rows = rows.assign(y=values[..., 0].ravel(), x=values[..., 1].ravel())
    first, last = rng.integers(0, 3, entities), rng.integers(periods - 2, periods, entities)
    time = rows["t"] - 2000
    return rows[(rng.random(len(rows)) > 0.06) & (time >= first[rows["i"]]) & (time <= last[rows["i"]])]


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    transform=st.sampled_from(["fd", "fod"]),
    lags=st.integers(1, 2),
    system=st.booleans(),
    time_effects=st.booleans(),
    steps=st.sampled_from([1, 2]),
)
def test_the_kernel_is_the_twin(seed, transform, lags, system, time_effects, steps):
    rows = rows_of(seed)
    window = pv.LagInstruments(last=4, collapse=True)
    found = quietly(
        pv.fit_panel_var,
        pv.Panel(rows, "i", "t"),
        ["y", "x"],
        lags=lags,
        method="gmm",
        transform=transform,
        steps=steps,
        instruments=window,
        level_equation=system,
        time_effects=time_effects,
    )
    entities = entities_of(rows, "i", "t", ["y", "x"])
    places_of_periods = [] if found.fit.periods is None else list(found.fit.periods)[1:]
    periods = tuple(f"period {place}" for place in places_of_periods)
    for each in entities:
        length = len(each["y"])
        each |= {name: np.eye(length)[place] for name, place in zip(periods, places_of_periods, strict=True)}
    x = (*(f"L{lag}.{name}" for lag in range(1, lags + 1) for name in ("y", "x")), *periods)
    instruments: tuple[LagColumns | OwnColumns, ...] = (LagColumns("y", 2, 4, True), LagColumns("x", 2, 4, True))
    if periods:
        instruments = (*instruments, OwnColumns(periods, "level" if system else "transformed"))
    twin = fit_equations(entities, ["y", "x"], Model("y", x, instruments, transform, system, system))
    spread = twin.first.moment_covariance / np.sqrt(np.outer(*[np.diag(twin.first.moment_covariance)] * 2))
    assume(np.linalg.cond(spread) < 1e7)
    covariance = twin.robust() if steps == 1 else twin.windmeijer()
    names = twin.model.names
    places = [names.index(name) for name in found.params.index]
    step = twin.step(steps)
    coef = step.coef.reshape(2, -1)[:, places]
    errors = np.sqrt(np.diag(covariance)).reshape(2, -1)[:, places]
    assert np.abs((found.params.to_numpy().T - coef) / errors).max() < 1e-8
    assert found.std_errors.to_numpy().T == pytest.approx(errors, rel=1e-8)
    assert found.n_instruments * 2 == twin.n_instruments
    assert found.hansen_j.statistic == pytest.approx(twin.second.criterion, rel=1e-8)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6), transform=st.sampled_from(["fd", "fod"]), system=st.booleans())
def test_equations_weighted_by_themselves_and_an_exogenous_variable(seed, transform, system):
    rows = rows_of(seed)
    rows = rows.assign(z=np.random.default_rng(seed).standard_normal(len(rows)))
    found = quietly(
        pv.fit_panel_var,
        pv.Panel(rows, "i", "t"),
        ["y", "x"],
        method="gmm",
        transform=transform,
        joint=False,
        exogenous="z",
        instruments=pv.LagInstruments(last=4, collapse=True),
        level_equation=system,
    )
    entities = entities_of(rows, "i", "t", ["y", "x", "z"])
    instruments = (LagColumns("y", 2, 4, True), LagColumns("x", 2, 4, True), OwnColumns(("z",), "transformed"))
    for name in ("y", "x"):
        twin = fit(entities, Model(name, ("L1.y", "L1.x", "z"), instruments, transform, system, system))
        places = [twin.model.names.index(each) for each in found.params.index]
        errors = np.sqrt(np.diag(twin.windmeijer()))[places]
        assert np.abs((found.params[name].to_numpy() - twin.second.coef[places]) / errors).max() < 1e-8
        assert found.std_errors[name].to_numpy() == pytest.approx(errors, rel=1e-8)

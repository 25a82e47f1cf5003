"""What must hold for every way of estimating random effects, on unbalanced, gappy, disconnected panels."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from twins import X, indicator

import panelvar as pv
from panelvar.kernels.absorption import level_system

TWO_WAY = ["swamy-arora", "wallace-hussain", "amemiya", "nerlove", "ml", "reml"]
ONE_WAY = [*TWO_WAY, "harmonic", "stata-sa"]
CASES = [(effects, method) for effects in ("entity", "time") for method in ONE_WAY]
CASES += [("twoway", method) for method in TWO_WAY]
ROBUST = pv.Clustered("entity", "time", group_factor=False, dof_factor="none")


@st.composite
def frames(draw):
    """Unbalanced and shuffled, both effects large enough for variances that are rarely at their boundary."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    entities, periods = draw(st.integers(8, 14)), draw(st.integers(8, 12))
    met = rng.random((entities, periods)) < draw(st.sampled_from([0.6, 0.8, 1.0]))
    met[:, :2] |= ~met.any(axis=1)[:, None]
    met[:2] |= ~met.any(axis=0)
    entity, year = np.nonzero(met)
    n = len(entity)
    effect, shock = 1.5 * rng.standard_normal(entities)[entity], 1.2 * rng.standard_normal(periods)[year]
    frame = pd.DataFrame({"entity": entity, "year": year + 2000, "row": np.arange(n)})
    for name in X:
        frame[name] = rng.standard_normal(n) + 0.4 * effect + 0.3 * shock
    frame["y"] = frame[X] @ [1.0, -0.5] + effect + shock + rng.standard_normal(n)
    return frame.iloc[rng.permutation(n)]


def fit(frame, effects, method, entity="entity", time="year", **options):
    """What it warns about does not matter here; samples without degrees of freedom are dropped."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        try:
            return pv.fit_random_effects(
                pv.Panel(frame, entity, time), "y", X, effects=effects, variance_components=method, **options
            )
        except (pv.InsufficientDataError, pv.NumericalError):
            assume(False)


def with_cov(result, cov=ROBUST):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return result.with_cov(cov)


def same(first, second, factor=1.0, tolerance=1e-8):
    """Coefficients (in the units of y) and two kinds of standard errors agree."""
    errors = second.std_errors.to_numpy()
    gaps = np.abs(first.params.to_numpy() / factor - second.params.to_numpy())
    np.testing.assert_array_less(gaps, tolerance * (errors + np.abs(second.params.to_numpy())))
    np.testing.assert_allclose(first.std_errors / factor, errors, rtol=tolerance)
    # Two-way clustering subtracts; what is left is judged by what it was subtracted from.
    robust = [with_cov(result).cov.to_numpy() for result in (first, second)]
    scale = np.sqrt(np.outer(np.diag(second.cov), np.diag(second.cov)))
    np.testing.assert_allclose(robust[0] / factor**2 / scale, robust[1] / scale, atol=100 * tolerance)


@pytest.mark.parametrize(("effects", "method"), CASES)
@given(frames())
@settings(max_examples=5, deadline=None)
def test_order_labels_and_units(effects, method, frame):
    """Rows in any order, entities relabelled in reverse, y in other units and regressors too."""
    reference = fit(frame, effects, method)
    moved = frame.sort_values("row").assign(entity=-7 * frame["entity"], y=1000.0 * frame["y"], x1=0.5 * frame["x1"])
    other = fit(moved, effects, method)
    params = other.params.to_numpy() * np.where(other.params.index == "x1", 0.5, 1.0)
    np.testing.assert_allclose(params / 1000.0, reference.params, rtol=1e-7, atol=1e-9)
    same(fit(frame.assign(y=1000.0 * frame["y"]).sort_values("row"), effects, method), reference, 1000.0)
    first, second = (result.variance_components for result in (other, reference))
    np.testing.assert_allclose(
        [d.variance for d in first.dimensions],
        [1e6 * d.variance for d in second.dimensions],
        rtol=1e-6,
        atol=1e-3 * second.idiosyncratic,
    )


@pytest.mark.parametrize(("effects", "method"), CASES)
@given(frames())
@settings(max_examples=5, deadline=None)
def test_entity_and_time_may_change_places(effects, method, frame):
    """The same two dimensions under each other's names: only labels change."""
    swapped = {"entity": "time", "time": "entity", "twoway": "twoway"}[effects]
    first, second = fit(frame, effects, method), fit(frame, swapped, method, entity="year", time="entity")
    same(first, second)
    ours, theirs = (result.variance_components for result in (first, second))
    variances = {d.label: d.variance for d in theirs.dimensions}
    for dimension in ours.dimensions:
        close = pytest.approx(variances[dimension.label], rel=1e-6, abs=1e-9 * ours.idiosyncratic)
        assert dimension.variance == close


@pytest.mark.parametrize(("effects", "method"), CASES)
@given(frames())
@settings(max_examples=4, deadline=None)
def test_standard_errors_are_those_of_dense_gls(effects, method, frame):
    """Whatever the variances: coefficients and s^2 (X' Omega^-1 X)^-1 by the n x n matrix."""
    result = fit(frame, effects, method)
    components = result.variance_components
    omega = np.eye(len(frame))
    for dimension in components.dimensions:
        dummies = indicator(frame[dimension.label])
        omega += dimension.variance / components.idiosyncratic * dummies @ dummies.T
    x, y = np.column_stack((np.ones(len(frame)), frame[X])), frame["y"].to_numpy()
    bread = np.linalg.inv(x.T @ np.linalg.solve(omega, x))
    params = bread @ x.T @ np.linalg.solve(omega, y)
    errors = y - x @ params
    variance = errors @ np.linalg.solve(omega, errors) / (len(y) - (0 if method == "ml" else 3))
    np.testing.assert_allclose(result.params, params, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(result.std_errors, np.sqrt(variance * np.diag(bread)), rtol=1e-8)


@pytest.mark.parametrize("effects", ["entity", "time"])
@pytest.mark.parametrize("method", [method for method in ONE_WAY if method != "amemiya"])
@given(frames())
@settings(max_examples=3, deadline=None)
def test_correlated_random_effects(effects, method, frame):
    """Slopes of fixed effects whatever the variances; order and units do not matter, and dimensions change places."""

    def wide(data, entity="entity", time="year", effects=effects):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pv.PanelVarWarning)
            try:
                return pv.fit_correlated_random_effects(
                    pv.Panel(data, entity, time), "y", X, effects=effects, variance_components=method
                )
            except (pv.InsufficientDataError, pv.NumericalError):
                assume(False)

    first = wide(frame)
    within = pv.fit_fixed_effects(pv.Panel(frame, "entity", "year"), "y", X, effects=effects)
    np.testing.assert_allclose(first.params[X], within.params[X], rtol=1e-7, atol=1e-9)
    same(wide(frame.sort_values("row").assign(y=1000.0 * frame["y"])), first, 1000.0)
    same(wide(frame, "year", "entity", {"entity": "time", "time": "entity"}[effects]), first)


@given(frames())
@settings(max_examples=10, deadline=None)
def test_beyond_the_direct_limit_iterations_give_the_same(frame):
    """Coefficients, errors, robust errors and predictions without a factor of either side."""
    direct = fit(frame, "twoway", "swamy-arora")
    limit = level_system.DIRECT_LIMIT
    level_system.DIRECT_LIMIT = 3
    try:
        iterated = fit(frame, "twoway", "swamy-arora")
        same(iterated, direct)
        np.testing.assert_allclose(
            iterated.estimated_effects()["effect"], direct.estimated_effects()["effect"], rtol=1e-7, atol=1e-9
        )
    finally:
        level_system.DIRECT_LIMIT = limit

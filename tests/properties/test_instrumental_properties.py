"""What instrumental variables must not depend on, over random unbalanced panels."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from instrumental_twins import COLUMNS, ENDOGENOUS, EXOGENOUS, INSTRUMENTS, instrumented_frame

import panelvar as pv

SEEDS = st.integers(0, 10_000)
KINDS = {
    "pooled": pv.fit_iv_pooled,
    "within": pv.fit_iv_fixed_effects,
    "difference": pv.fit_iv_first_difference,
    "random": pv.fit_iv_random_effects,
}
pytestmark = pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")


def fit(frame, kind, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        panel = pv.Panel(frame, "entity", "year")
        return KINDS[kind](panel, "y", EXOGENOUS, **(COLUMNS | {"cov": "HC1"} | options))


def same(one, other, scale=1.0):
    rounding = 1e-9 * max(1.0, one.fit.solution.condition)
    np.testing.assert_allclose(np.asarray(one.params) * scale, other.params, rtol=rounding, atol=1e-9)
    np.testing.assert_allclose(np.asarray(one.std_errors) * scale, other.std_errors, rtol=rounding, atol=1e-9)


@settings(max_examples=8, deadline=None)
@given(seed=SEEDS, kind=st.sampled_from(list(KINDS)), method=st.sampled_from(["2sls", "liml"]))
def test_row_order_and_labels(seed, kind, method):
    frame = instrumented_frame(seed, entities=14)
    options = {} if kind == "random" else {"method": method}
    moved = frame.sample(frac=1.0, random_state=seed + 1)
    moved["entity"] = moved["entity"].map(lambda label: f"z{99 - int(label[1:])}")
    same(fit(frame, kind, **options), fit(moved, kind, **options))


@settings(max_examples=8, deadline=None)
@given(seed=SEEDS, kind=st.sampled_from(list(KINDS)), power=st.integers(-20, 20))
def test_units(seed, kind, power):
    frame = instrumented_frame(seed, entities=14)
    scaled = frame.copy()
    unit = 10.0**power
    scaled["p"] *= unit
    scaled["z1"] *= 10.0 ** (-power / 2)
    base, other = fit(frame, kind), fit(scaled, kind)
    factor = np.where(np.array(base.names) == "p", 1.0 / unit, 1.0)
    np.testing.assert_allclose(base.params * factor, other.params, rtol=1e-7, atol=0.0)
    np.testing.assert_allclose(base.std_errors * factor, other.std_errors, rtol=1e-7, atol=0.0)
    assert other.cragg_donald == pytest.approx(base.cragg_donald, rel=1e-8)


@settings(max_examples=8, deadline=None)
@given(seed=SEEDS, kind=st.sampled_from(list(KINDS)))
def test_instruments_count_by_what_they_span(seed, kind):
    frame = instrumented_frame(seed, entities=14)
    rng = np.random.default_rng(seed)
    mixed = frame.copy()
    turn = rng.standard_normal((3, 3)) + 3.0 * np.eye(3)
    mixed[INSTRUMENTS] = frame[INSTRUMENTS].to_numpy() @ turn
    mixed["z1"] += 2.0 * mixed["x1"]
    one, other = fit(frame, kind), fit(mixed, kind)
    same(one, other)
    assert other.hansen_j.statistic == pytest.approx(one.hansen_j.statistic, rel=1e-6, abs=1e-9)
    assert other.kleibergen_paap == pytest.approx(one.kleibergen_paap, rel=1e-6)


@settings(max_examples=8, deadline=None)
@given(seed=SEEDS, kind=st.sampled_from(["pooled", "within", "difference"]))
def test_just_identified_every_method_is_one(seed, kind):
    frame = instrumented_frame(seed, entities=14)
    options = {"instruments": INSTRUMENTS[:2]}
    base = fit(frame, kind, **options)
    for method in ("liml", pv.TwoStepGMM("HC0")):
        other = fit(frame, kind, method=method, **options)
        same(base, other)


@settings(max_examples=8, deadline=None)
@given(seed=SEEDS, weighted=st.booleans())
def test_regressors_as_their_own_instruments_are_least_squares(seed, weighted):
    frame = instrumented_frame(seed, entities=14)
    frame[["c1", "c2"]] = frame[ENDOGENOUS].to_numpy() @ np.array([[2.0, 1.0], [-1.0, 1.0]])
    weights = "w" if weighted else None
    panel = pv.Panel(frame, "entity", "year")
    plain = pv.fit_fixed_effects(panel, "y", [*EXOGENOUS, *ENDOGENOUS], weights=weights, cov="HC1")
    same(plain, fit(frame, "within", instruments=["c1", "c2"], weights=weights))

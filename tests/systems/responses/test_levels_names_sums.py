"""Several levels at once, shocks with names of their own, and sums over periods of some variables alone."""

import warnings

import numpy as np
import pandas as pd
import pytest

import panelvar as pv
from panelvar.core.base.arguments import read_levels

NAMES = ["output", "prices", "rate"]


@pytest.fixture(scope="module")
def model():
    rng = np.random.default_rng(5)
    values = np.zeros((140, 3))
    for t in range(1, 140):
        values[t] = values[t - 1] @ [[0.5, 0.1, 0.0], [0.0, 0.4, 0.2], [0.1, 0.0, 0.3]] + rng.normal(size=3)
    index = pd.period_range("1990Q1", periods=140, freq="Q")
    return pv.fit_var(pd.DataFrame(values, index, NAMES), lags=1)


# ---- levels


def test_levels_are_read_the_highest_first():
    assert read_levels(0.9) == (0.9,)
    assert read_levels((0.68, 0.95, 0.68)) == (0.95, 0.68)
    assert read_levels(np.array([0.9, 0.95])) == (0.95, 0.9)
    for wrong in ((), 0.05, (0.95, 0.05), "0.95", (0.95, "a"), None, True):
        with pytest.raises(pv.SpecificationError, match="level="):
            read_levels(wrong)


@pytest.mark.parametrize(
    "bands",
    [
        pv.DeltaMethod(),
        pv.DeltaMethod(joint="sup-t"),
        pv.ResidualBootstrap(199, seed=1),
        pv.ResidualBootstrap(199, seed=1, interval="studentised", joint="sup-t"),
    ],
)
def test_bands_at_several_levels_are_those_of_each(model, bands):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        both = model.impulse_responses(5, bands=bands, level=(0.68, 0.95))
        wide, narrow = (model.impulse_responses(5, bands=bands, level=level) for level in (0.95, 0.68))
    assert both.level == 0.95
    assert [each.level for each in both.limits] == [0.95, 0.68]
    for found, alone in zip(both.limits, (wide, narrow), strict=True):
        np.testing.assert_array_equal(found.lower, alone.lower)
        np.testing.assert_array_equal(found.upper, alone.upper)
    assert (both.inner[0].lower >= both.lower).all()
    frame = both.response("prices", "output")
    assert list(frame.columns) == ["value", "lower", "upper", "lower_68", "upper_68", "std_error"]
    np.testing.assert_array_equal(frame["upper_68"], narrow.upper[:, 1, 0])
    assert list(both.to_frame().columns) == list(frame.columns)


def test_tables_have_a_row_for_each_level(model):
    both = model.impulse_responses(2, bands=pv.DeltaMethod(), level=(0.68, 0.95))
    text = str(both)
    assert "68% and 95%, asymptotic normal (delta method)" in text
    lower, upper = both.inner[0].lower[1, 0, 0], both.inner[0].upper[1, 0, 0]
    assert f"[{lower:.4f}, {upper:.4f}]".replace("-", "\N{MINUS SIGN}") in text.replace("-", "\N{MINUS SIGN}")
    assert text.index("[") > 0
    one = model.impulse_responses(2, bands=pv.DeltaMethod())
    count = [len([row for row in table.summary().body if row.continues]) for table in (one, both)]
    assert count == [3, 6]
    assert "68% and 95% band" in repr(both)


def test_shares_at_several_levels(model):
    both = model.variance_decomposition(3, bands=pv.DeltaMethod(), level=(0.68, 0.9))
    frame = both.to_frame()
    assert frame.columns.names == ["shock", None]
    assert list(frame["rate"].columns) == ["value", "lower", "upper", "lower_68", "upper_68"]
    np.testing.assert_array_equal(frame.loc["prices"]["rate", "lower_68"], both.inner[0].lower[:, 1, 2])
    np.testing.assert_array_equal(frame.loc["prices"]["rate", "value"], both.values[:, 1, 2])
    # Without a band the frame is one column a shock.
    assert list(model.variance_decomposition(3).to_frame().columns) == NAMES


@pytest.mark.parametrize("bands", [None, pv.DeltaMethod(), pv.ResidualBootstrap(99, seed=1)])
def test_forecasts_at_several_levels(model, bands):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        both = model.forecast(4, level=(0.5, 0.9), bands=bands)
        alone = model.forecast(4, level=0.5, bands=bands)
    np.testing.assert_array_equal(both.inner[0].lower, alone.lower)
    assert "lower_50" in both.to_frame()["rate"].columns
    assert "50% and 90%" in repr(both)
    assert "50% and 90%" in str(both)


def test_conditions_hold_at_every_level(model):
    given = pd.DataFrame({"rate": [1.0, 1.0]})
    both = model.conditional_forecast(given, level=(0.68, 0.95))
    for limits, level in zip(both.limits, (0.95, 0.68), strict=True):
        alone = model.conditional_forecast(given, level=level)
        np.testing.assert_array_equal(limits.upper, alone.upper)
        np.testing.assert_array_equal(limits.upper[:, 2], 1.0)


def test_local_projections_at_several_levels(model):
    data = model.resids
    both = pv.fit_local_projections(data, lags=1, horizon=3, level=(0.68, 0.95), distribution="t")
    alone = pv.fit_local_projections(data, lags=1, horizon=3, level=0.68, distribution="t")
    np.testing.assert_array_equal(both.inner[0].lower, alone.lower)
    drawn = both.with_bands(pv.ResidualBootstrap(120, seed=2), level=(0.6, 0.9))
    assert [each.level for each in drawn.limits] == [0.9, 0.6]
    assert "60% and 90% band" in repr(drawn)


def test_sets_at_several_levels(model):
    signs = pv.SignRestrictions({("output", "demand"): "+", ("prices", "demand"): "+"}, models=60, seed=1)
    both = model.impulse_responses(3, identification=signs, level=(0.68, 0.9))
    alone = model.impulse_responses(3, identification=signs, level=0.68)
    np.testing.assert_array_equal(both.inner[0].upper, alone.upper)


# ---- names of shocks


@pytest.mark.parametrize("kind", [pv.Cholesky, pv.LongRun])
def test_shocks_are_named_in_the_order_of_the_triangle(model, kind):
    order = ["rate", "output", "prices"]
    named = model.impulse_responses(
        4, identification=kind(order, shocks=["policy", "supply", "demand"]), bands=pv.DeltaMethod()
    )
    plain = model.impulse_responses(4, identification=kind(order), bands=pv.DeltaMethod())
    assert named.shocks == ("supply", "demand", "policy")
    np.testing.assert_array_equal(named.values, plain.values)
    np.testing.assert_array_equal(
        named.response("output", "policy")["lower"], plain.response("output", "rate")["lower"]
    )
    assert "policy" in named.to_frame().index.get_level_values("impulse")
    assert "policy" in str(named)


@pytest.mark.parametrize("kind", [pv.Cholesky, pv.LongRun, pv.Generalised, pv.ReducedFormErrors])
def test_some_shocks_may_be_named(model, kind):
    scheme = kind(shocks={"rate": "policy"})
    assert model.impulse_responses(2, identification=scheme).shocks == ("output", "prices", "policy")
    unit = model.impulse_responses(2, identification=scheme, shock_size="unit")
    np.testing.assert_allclose(unit.values[0].diagonal(), 1.0)
    for wrong, words in (
        (["a", "b"], "expected 3 names"),
        (["a", "a", "b"], "must differ"),
        ({"rate": "output"}, "must differ"),
        ({"interest": "policy"}, "'interest' is not a variable"),
        ("abc", "expected a sequence"),
        ([1, 2, 3], "not a name for a shock"),
        ({"rate": ""}, "not a name for a shock"),
    ):
        with pytest.raises(pv.SpecificationError, match=words):
            model.impulse_responses(2, identification=kind(shocks=wrong))


def test_schemes_are_shown_as_they_are_written():
    for text in ("Cholesky()", "LongRun(ordering=('a', 'b'), shocks=('s', 'd'))", "Generalised(shocks={'a': 's'})"):
        assert repr(eval(f"pv.{text}")) == text


def test_names_go_through_shares_histories_and_shocks(model):
    scheme = pv.Cholesky(shocks=["supply", "demand", "policy"])
    assert list(model.variance_decomposition(3, identification=scheme).to_frame().columns) == [*scheme.shock_names]
    history = model.historical_decomposition(identification=scheme)
    assert list(history.to_frame()["rate"].columns) == ["baseline", "supply", "demand", "policy"]
    projected = pv.fit_local_projections(model.resids, lags=1, horizon=2, identification=scheme)
    assert projected.shocks == scheme.shock_names
    assert projected.joint_covariance("rate", shock="policy").shape == (3, 3)


def test_another_word_for_a_shock_is_answered(model):
    with pytest.raises(pv.SpecificationError, match="shock"):
        model.impulse_responses(2).response("rate", to="output")


# ---- other shocks


def test_shares_of_other_shocks_are_in_frames_and_tables(model):
    series = model.resids.iloc[:, 2] + np.random.default_rng(1).normal(size=model.nobs)
    scheme = pv.ExternalInstrument(series, "rate", shock="policy")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        shares = model.variance_decomposition(3, identification=scheme)
        banded = model.variance_decomposition(3, identification=scheme, bands=pv.MovingBlockBootstrap(99, seed=1))
    frame = shares.to_frame()
    assert list(frame.columns) == ["policy", "other shocks"]
    np.testing.assert_allclose(frame.sum(axis=1), 1.0)
    assert "other shocks" in str(shares)
    assert list(banded.to_frame().columns)[-1] == ("other shocks", "value")
    assert "other shocks" in str(banded)
    assert model.variance_decomposition(3).others is None
    # Scaled to one, the share of one shock would be everything.
    with pytest.raises(pv.SpecificationError, match="fewer instrumented shocks than variables"):
        model.variance_decomposition(3, identification=scheme, normalised=True)


# ---- sums over periods


def test_some_responses_are_summed(model):
    some = model.impulse_responses(5, cumulative=["prices"], bands=pv.DeltaMethod())
    every = model.impulse_responses(5, cumulative=True, bands=pv.DeltaMethod())
    none = model.impulse_responses(5, bands=pv.DeltaMethod())
    for place, whole in enumerate((none, every, none)):
        for part in ("values", "lower", "std_errors"):
            np.testing.assert_allclose(
                getattr(some, part)[:, place], getattr(whole, part)[:, place], rtol=1e-12, atol=1e-14
            )
    assert some.cumulative == ("prices",)
    assert model.impulse_responses(2, cumulative=NAMES).cumulative is True
    assert model.impulse_responses(2, cumulative="prices").cumulative == ("prices",)
    assert "Summed over periods prices" in " ".join(str(some).split())
    assert str(every).strip().startswith("Cumulative")


@pytest.mark.parametrize("bands", [pv.ResidualBootstrap(99, seed=3, interval="studentised"), pv.MonteCarlo(99, seed=3)])
def test_draws_of_sums(model, bands):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        some = model.impulse_responses(4, cumulative=["output", "rate"], bands=bands)
        every = model.impulse_responses(4, cumulative=True, bands=bands)
        none = model.impulse_responses(4, bands=bands)
    for place, whole in enumerate((every, none, every)):
        np.testing.assert_allclose(some.draws[:, :, place], whole.draws[:, :, place], rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(some.lower[:, place], whole.lower[:, place], rtol=1e-12, atol=1e-14)


def test_projections_sum_some(model):
    data = model.resids
    options = {"lags": 1, "horizon": 3}
    source = pv.ResidualBootstrap(200, seed=4, interval="studentised")
    some, every, none = (
        pv.fit_local_projections(data, cumulative=which, bands=source, **options) for which in ("rate", True, False)
    )
    for place, whole in enumerate((none, none, every)):
        for part in ("values", "std_errors", "lower"):
            np.testing.assert_allclose(
                getattr(some, part)[:, place], getattr(whole, part)[:, place], rtol=1e-12, atol=1e-14
            )
    assert some.cumulative == ("rate",)


def test_multipliers_and_batches_sum_some(model):
    rng = np.random.default_rng(2)
    data = pd.DataFrame(rng.normal(size=(80, 3)), columns=["x", "y", "z"])
    varx = pv.fit_var(data[["x", "y"]], lags=1, exogenous=data[["z"]])
    some, every, none = (varx.multipliers(3, cumulative=which) for which in (["y"], True, False))
    np.testing.assert_array_equal(some.values[:, 0], none.values[:, 0])
    np.testing.assert_array_equal(some.values[:, 1], every.values[:, 1])
    rolling = pv.fit_rolling_var(data, window=40)
    part, whole, plain = (rolling.impulse_responses(3, cumulative=which) for which in ("y", True, False))
    np.testing.assert_array_equal(part[:, :, 1], whole[:, :, 1])
    np.testing.assert_array_equal(part[:, :, 0], plain[:, :, 0])
    with pytest.raises(pv.SpecificationError, match="'q' is not a variable"):
        rolling.impulse_responses(3, cumulative="q")

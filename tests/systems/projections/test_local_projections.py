"""Local projections against loops of dense least squares, vector autoregressions and stacked moment conditions."""

import warnings

import numpy as np
import pandas as pd
import pytest
from reference_data import table

import panelvar as pv
from panelvar.kernels.linear.lag_windows import kernel_weights

US = ["dl_realgdp", "dl_realcons", "dl_realinv"]


def us() -> pd.DataFrame:
    return table("us_macro")[US].dropna().reset_index(drop=True)


def lagged(values, lags, rows):
    return np.column_stack([np.ones(len(rows)), *(values[rows - lag] for lag in range(1, lags + 1))])


def ols(x, y):
    inverse = np.linalg.inv(x.T @ x)
    b = inverse @ (x.T @ y)
    return b, y - x @ b, inverse


def test_the_impact_is_that_of_the_vector_autoregression_with_its_error():
    model, lp = pv.fit_var(us(), lags=3), pv.fit_local_projections(us(), lags=3, horizon=4)
    np.testing.assert_array_equal(lp.values[0], model.impulse_responses(4).values[0])
    # The error is a sandwich of u u' - sigma, without normality: here by hand, for the first variable's own shock.
    u = model.resids.to_numpy()[:, 0]
    moves = (u**2 - (u**2).mean()) / model.df_resid / (2.0 * np.sqrt(model.sigma.iloc[0, 0]))
    by_hand = np.sqrt((moves**2).sum() * model.nobs / model.df_resid)
    assert lp.std_errors[0, 0, 0] == pytest.approx(by_hand, rel=1e-12)


@pytest.mark.parametrize("scheme", ["cholesky", "reduced_form", "generalised", "long_run"])
def test_the_first_horizon_without_augmentation_is_the_vector_autoregressions(scheme):
    expected = pv.fit_var(us(), lags=3).impulse_responses(1, identification=scheme).values
    lp = pv.fit_local_projections(us(), lags=3, horizon=3, identification=scheme, lag_augmented=False)
    np.testing.assert_allclose(lp.values[:2], expected, rtol=0, atol=1e-14)


def test_the_first_horizon_with_augmentation_is_that_of_one_more_lag():
    data = us()
    lp = pv.fit_local_projections(data, lags=2, horizon=3, identification="reduced_form", shock_size="unit")
    longer = pv.fit_var(data, lags=3)
    np.testing.assert_allclose(lp.values[1], longer.coefficients[0], rtol=0, atol=1e-12)


@pytest.mark.parametrize("cov", ["HC0", "HC1", "HC2", "HC3"])
@pytest.mark.parametrize("augmented", [True, False])
def test_every_horizon_is_a_loop_of_least_squares(cov, augmented):
    data, p = us(), 2
    y = data.to_numpy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        lp = pv.fit_local_projections(
            data, lags=p, horizon=5, identification="reduced_form", shock_size="unit", cov=cov, lag_augmented=augmented
        )
    q = p if augmented else p - 1
    for h in range(1, 6):
        rows = np.arange(q, len(y) - h)
        x = np.column_stack([lagged(y, q, rows), y[rows]])
        hat = np.einsum("ij,jk,ik->i", x, np.linalg.inv(x.T @ x), x)
        for i in range(3):
            b, e, inverse = ols(x, y[rows + h, i])
            power = {"HC2": 0.5, "HC3": 1.0}.get(cov, 0.0)
            scores = x * (e / (1.0 - hat) ** power)[:, None]
            v = inverse @ scores.T @ scores @ inverse
            v *= len(rows) / (len(rows) - x.shape[1]) if cov == "HC1" else 1.0
            np.testing.assert_allclose(lp.values[h, i], b[-3:], rtol=1e-9, atol=1e-12)
            np.testing.assert_allclose(lp.std_errors[h, i], np.sqrt(v.diagonal()[-3:]), rtol=1e-9)
        assert lp.nobs_by_horizon[h] == len(rows)
        assert lp.df_by_horizon[h] == len(rows) - x.shape[1]


@pytest.mark.parametrize("kernel", ["bartlett", "parzen", "quadratic-spectral"])
def test_newey_west_is_the_dense_double_sum(kernel):
    data = us().iloc[:80]
    y = data.to_numpy()
    lp = pv.fit_local_projections(
        data,
        lags=2,
        horizon=4,
        identification="reduced_form",
        shock_size="unit",
        lag_augmented=False,
        cov=pv.PanelNeweyWest(lags=3, kernel=kernel, factor="none"),
    )
    for h in (1, 4):
        rows = np.arange(1, len(y) - h)
        x = np.column_stack([lagged(y, 1, rows), y[rows]])
        _, e, inverse = ols(x, y[rows + h, 0])
        scores = x * e[:, None]
        distance = np.abs(rows[:, None] - rows)
        weights = np.where(
            distance > 0, kernel_weights(np.maximum(distance, 1).ravel(), kernel, 3).reshape(distance.shape), 1.0
        )
        v = inverse @ scores.T @ weights @ scores @ inverse
        np.testing.assert_allclose(lp.std_errors[h, 0], np.sqrt(v.diagonal()[-3:]), rtol=1e-9)


def test_newey_west_has_as_many_lags_as_the_horizon():
    data = us()
    options = {"lags": 2, "horizon": 5, "lag_augmented": False, "impact": "known"}
    own = pv.fit_local_projections(data, **options)
    for h in (1, 3, 5):
        fixed = pv.fit_local_projections(data, **options, cov=pv.PanelNeweyWest(lags=h))
        np.testing.assert_allclose(own.std_errors[h], fixed.std_errors[h], rtol=1e-12)


def test_recursive_responses_are_projections_on_the_shock_given_what_is_before_it():
    """On one sample, Cholesky shocks times projections are recursive projections: estimates and errors to rounding.

    By Frisch and Waugh, the coefficient of y_j given the variables before it is B_h times the column of the factor
    scaled to one; the errors agree only if those of the factor count.
    """
    data, p, horizon = us(), 3, 5
    y = data.to_numpy()
    lp = pv.fit_local_projections(data, lags=p, horizon=horizon, sample="common", cov="HC0", shock_size="unit")
    rows = np.arange(p, len(y) - horizon)
    for j in range(3):
        x = np.column_stack([lagged(y, p, rows), y[rows][:, : j + 1]])
        for h in range(horizon + 1):
            for i in range(j + 1 if h == 0 else 0, 3):
                b, e, inverse = ols(x, y[rows + h, i])
                scores = x * e[:, None]
                v = inverse @ scores.T @ scores @ inverse
                assert lp.values[h, i, j] == pytest.approx(b[-1], rel=1e-9, abs=1e-12)
                assert lp.std_errors[h, i, j] == pytest.approx(np.sqrt(v[-1, -1]), rel=1e-9)
    known = pv.fit_local_projections(
        data, lags=p, horizon=horizon, sample="common", cov="HC0", shock_size="unit", impact="known"
    )
    # The last shock's scaled column is a unit vector: nothing of the impact is estimated there.
    np.testing.assert_allclose(known.std_errors[1:, :, 2], lp.std_errors[1:, :, 2], rtol=1e-10)
    assert (np.abs(known.std_errors[1:, :, 0] / lp.std_errors[1:, :, 0] - 1.0) > 1e-3).any()


def test_the_joint_covariance_is_that_of_stacked_moment_conditions():
    """All horizons as one just-identified system, its sandwich dense."""
    rng = np.random.default_rng(3)
    y = rng.standard_normal((60, 2)).cumsum(axis=0)
    shock = rng.standard_normal(60)
    lp = pv.fit_local_projections(y, shock=shock, lags=1, horizon=3, cov="HC0")
    inverses, scores = [], np.zeros((60, 0))
    for h in range(4):
        rows = np.arange(1, 60 - h)
        x = np.column_stack([shock[rows], np.ones(len(rows)), y[rows - 1], shock[rows - 1]])
        _, e, inverse = ols(x, y[rows + h, 1])
        block = np.zeros((60, x.shape[1]))
        block[rows] = x * e[:, None]
        scores, inverses = np.hstack([scores, block]), [*inverses, inverse]
    bread = np.zeros((20, 20))
    for h, inverse in enumerate(inverses):
        bread[5 * h : 5 * h + 5, 5 * h : 5 * h + 5] = inverse
    dense = (bread @ scores.T @ scores @ bread)[::5, ::5]
    np.testing.assert_allclose(lp.joint_covariance("y2", "shock"), dense, rtol=1e-9, atol=1e-15)
    # The path's sup-t band is wider than the pointwise one and narrower than Bonferroni's.
    widths = [
        (band.upper - band.lower)[0, 1, 0]
        for band in (lp.with_bands(pv.DeltaMethod(joint=joint), level=0.9) for joint in (None, "sup-t", "bonferroni"))
    ]
    assert widths[0] < widths[1] < widths[2]


def test_cumulative_responses_are_projections_of_sums_on_one_sample():
    data = us()
    y = data.to_numpy()
    rng = np.random.default_rng(5)
    shock = rng.standard_normal(len(y))
    lp = pv.fit_local_projections(data, shock=shock, lags=2, horizon=4, cumulative=True, sample="common", cov="HC0")
    rows = np.arange(2, len(y) - 4)
    x = np.column_stack([shock[rows], lagged(y, 2, rows), shock[rows - 1], shock[rows - 2]])
    total = sum(y[rows + h, 0] for h in range(5))
    b, e, inverse = ols(x, total)
    scores = x * e[:, None]
    v = inverse @ scores.T @ scores @ inverse
    assert lp.values[4, 0, 0] == pytest.approx(b[0], rel=1e-10)
    assert lp.std_errors[4, 0, 0] == pytest.approx(np.sqrt(v[0, 0]), rel=1e-10)


def test_an_instrumented_shock_is_two_stage_least_squares():
    data = us()
    y = data.to_numpy()
    rng = np.random.default_rng(7)
    z = y[:, [0, 2]] + 0.02 * rng.standard_normal((len(y), 2))
    lp = pv.fit_local_projections(data, shock="dl_realgdp", instruments=z, lags=2, horizon=3, cov="HC0")
    assert lp.values[0, 0, 0] == 1.0
    assert lp.std_errors[0, 0, 0] == 0.0
    for h in (1, 3):
        rows = np.arange(2, len(y) - h)
        w = lagged(y, 2, rows)
        tools, x = np.column_stack([w, z[rows]]), np.column_stack([w, y[rows, 0]])
        fitted = tools @ np.linalg.lstsq(tools, x, rcond=None)[0]
        inverse = np.linalg.inv(fitted.T @ fitted)
        for i in range(3):
            b = inverse @ fitted.T @ y[rows + h, i]
            scores = fitted * (y[rows + h, i] - x @ b)[:, None]
            v = inverse @ scores.T @ scores @ inverse
            assert lp.values[h, i, 0] == pytest.approx(b[-1], rel=1e-8)
            assert lp.std_errors[h, i, 0] == pytest.approx(np.sqrt(v[-1, -1]), rel=1e-8)
    assert "first-stage" in {note.code for note in lp.notes}


def test_a_weak_instrument_is_warned_about():
    noise = np.random.default_rng(1).standard_normal(len(us()))
    with pytest.warns(pv.PanelVarWarning, match="instrument is weak"):
        pv.fit_local_projections(us(), shock="dl_realgdp", instruments=noise, lags=2, horizon=2)


def test_a_gap_is_never_bridged():
    """Dropping one period costs every horizon the rows that need it, and no others."""
    data = us().iloc[:60]
    data.index = pd.period_range("1990Q1", periods=60, freq="Q")
    gap = data.drop(data.index[30])
    with pytest.warns(pv.PanelVarWarning, match="1 period"):
        lp = pv.fit_local_projections(
            gap, lags=1, horizon=3, identification="reduced_form", shock_size="unit", cov="HC0"
        )
    y = data.to_numpy()
    for h in (1, 3):
        rows = np.array([t for t in range(1, 60 - h) if not {t, t - 1, t + h} & {30}])
        x = np.column_stack([lagged(y, 1, rows), y[rows]])
        b, _, _ = ols(x, y[rows + h, 2])
        assert lp.nobs_by_horizon[h] == len(rows)
        np.testing.assert_allclose(lp.values[h, 2], b[-3:], rtol=1e-9)
    data.iloc[3, 0] = np.nan
    with pytest.raises(pv.DataError, match="missing='raise'"):
        pv.fit_local_projections(data, lags=1, horizon=3, missing="raise")


def test_units_scale_responses_and_change_nothing_else():
    data = us()
    scale = np.array([1e-6, 1.0, 1e7])
    one = pv.fit_local_projections(data, lags=2, horizon=4)
    other = pv.fit_local_projections(data * scale, lags=2, horizon=4)
    for name in ("values", "std_errors", "lower"):
        np.testing.assert_allclose(getattr(other, name), getattr(one, name) * scale[:, None], rtol=1e-8, atol=1e-18)


def test_a_named_shock_and_a_series_are_the_same():
    data = us()
    index = pd.period_range("1959Q3", periods=len(data), freq="Q")
    data.index = index
    shock = pd.Series(np.random.default_rng(2).standard_normal(len(data)), index, name="news")
    series = pv.fit_local_projections(data, shock=shock, lags=2, horizon=3)
    column = pv.fit_local_projections(data.assign(news=shock), shock="news", lags=2, horizon=3)
    longer = pd.concat([pd.Series([9.0], [index[0] - 1]), shock]).rename("news")
    matched = pv.fit_local_projections(data, shock=longer, lags=2, horizon=3)
    for other in (column, matched):
        np.testing.assert_array_equal(series.values, other.values)
    assert series.shocks == ("news",)
    standardised = pv.fit_local_projections(data, shock=shock, lags=2, horizon=3, shock_size="sd")
    y = data.to_numpy()
    rows = np.arange(2, len(y))
    x = np.column_stack([lagged(y, 2, rows), shock.to_numpy()[rows - 1], shock.to_numpy()[rows - 2]])
    _, e, _ = ols(x, shock.to_numpy()[rows])
    assert standardised.values[2, 0, 0] == pytest.approx(series.values[2, 0, 0] * np.sqrt(e @ e / (len(rows) - 9)))


def test_t_and_normal_limits():
    from scipy import stats

    lp = pv.fit_local_projections(us(), lags=2, horizon=3, distribution="t", level=0.9)
    reach = stats.t.ppf(0.95, lp.df_by_horizon)[:, None, None] * lp.std_errors
    np.testing.assert_allclose(lp.upper, lp.values + reach, rtol=1e-12)
    many = lp.with_bands(pv.DeltaMethod(joint="bonferroni", over="all"), level=0.9)
    cells = np.count_nonzero(lp.std_errors > 0)
    assert cells == 4 * 9 - 3
    reach = stats.t.ppf(1 - 0.05 / cells, lp.df_by_horizon)[:, None, None] * lp.std_errors
    np.testing.assert_allclose(many.upper, lp.values + reach, rtol=1e-12)


def newey_west(scores, lags):
    total = scores.T @ scores
    for lag in range(1, lags + 1):
        cross = scores[lag:].T @ scores[:-lag]
        total += (1.0 - lag / (lags + 1.0)) * (cross + cross.T)
    return total


@pytest.mark.parametrize("kept", [None, 1, 0])
def test_an_observed_shock_keeps_its_lags_whatever_the_errors(kept):
    data, p = us(), 3
    options = {"lags": p, "horizon": 4, "shock": "dl_realinv", "shock_lags": kept}
    textbook = pv.fit_local_projections(data, lag_augmented=False, **options)
    np.testing.assert_array_equal(textbook.values, pv.fit_local_projections(data, **options).values)
    assert textbook.covariance == "Newey-West (lags h)"
    y, s = data[US[:2]].to_numpy(), data[["dl_realinv"]].to_numpy()
    for h in range(5):
        rows = np.arange(p, len(y) - h)
        own = [s[rows - lag] for lag in range(1, (p if kept is None else kept) + 1)]
        x = np.column_stack([lagged(y, p, rows), *own, s[rows]])
        for place in range(2):
            b, e, inverse = ols(x, y[rows + h, place])
            v = inverse @ newey_west(x * e[:, None], h) @ inverse * len(rows) / (len(rows) - x.shape[1])
            assert textbook.values[h, place, 0] == pytest.approx(b[-1], rel=1e-8)
            assert textbook.std_errors[h, place, 0] == pytest.approx(np.sqrt(v[-1, -1]), rel=1e-8)


def test_lags_of_the_shock_that_are_left_out_are_said():
    data = us().assign(rate=np.cumsum(np.random.default_rng(3).standard_normal(len(us()))))
    options = {"columns": US[:2], "shock": "rate", "lags": 2, "horizon": 2}

    def codes(lp):
        return {note.code for note in lp.notes}

    kept = pv.fit_local_projections(data, **options)
    assert kept.covariance == "HC1"
    assert "lag-augmented" in codes(kept)
    assert "no-shock-lags" not in codes(kept)
    without = pv.fit_local_projections(data, shock_lags=0, **options)
    assert without.covariance == "Newey-West (lags h)"
    assert "no-shock-lags" in codes(without)
    assert "lag-augmented" not in codes(without)
    with pytest.warns(pv.PanelVarWarning, match=r"correlation with the period before is 0\.9.*cov='newey-west'"):
        pv.fit_local_projections(data, shock_lags=0, cov="HC1", **options)
    news = data.assign(rate=np.random.default_rng(2).standard_normal(len(data)))
    quiet = pv.fit_local_projections(news, shock_lags=0, cov="HC1", **options)
    assert {"no-shock-lags", "no-kernel"} <= codes(quiet)
    tools = pv.fit_local_projections(data, instruments=data["rate"].diff().fillna(0.0), **options)
    assert "lag-augmented" not in codes(tools)
    assert "no-kernel" in codes(tools)


@pytest.mark.parametrize("trend", ["c", "n"])
def test_two_states_are_regressions_on_the_rows_of_each(trend):
    data, p = us(), 2
    growth = data["dl_realgdp"].rolling(4).mean().shift(1)
    state = (growth < growth.median()).astype(float).rename("slack")
    state.iloc[:4] = np.nan
    lp = pv.fit_local_projections(
        data, shock="dl_realinv", state=state, lags=p, horizon=3, trend=trend, lag_augmented=False
    )
    assert lp.shocks == ("dl_realinv (slack = 1)", "dl_realinv (slack = 0)")
    y, s = data[US[:2]].to_numpy(), data[["dl_realinv"]].to_numpy()
    first = 0 if trend == "c" else 1
    for h in range(4):
        for place, value in enumerate((1.0, 0.0)):
            rows = np.flatnonzero(state.to_numpy() == value)
            rows = rows[(rows >= p) & (rows < len(y) - h)]
            x = np.column_stack([lagged(y, p, rows), *(s[rows - lag] for lag in (1, 2)), s[rows]])[:, first:]
            b = ols(x, y[rows + h])[0]
            np.testing.assert_allclose(lp.values[h, :, place], b[-1], rtol=1e-8)


def test_states_share_the_trend_and_the_size_of_the_shock_and_not_the_controls():
    data = us().assign(oil=np.random.default_rng(8).standard_normal(len(us())))
    state = pd.Series(np.arange(len(data)) // 10 % 2, data.index, name="boom")
    options = {"lags": 1, "horizon": 2, "trend": "ct", "exogenous": "oil", "cov": "HC0"}
    lp = pv.fit_local_projections(data, US[:2], shock="dl_realinv", state=state, shock_size="sd", **options)
    y, s, oil = data[US[:2]].to_numpy(), data[["dl_realinv"]].to_numpy(), data[["oil"]].to_numpy()
    on = state.to_numpy()[:, None]
    controls = np.column_stack([oil[1:], y[:-1], s[:-1]])
    both = np.column_stack([controls * on[1:], controls * (1 - on[1:])])
    both = np.column_stack([np.ones(len(both)), np.arange(len(both)), on[1:], both])
    shocks = np.column_stack([s[1:] * on[1:], s[1:] * (1 - on[1:])])
    left = s[1:] - both @ np.linalg.lstsq(both, s[1:], rcond=None)[0]
    size = np.sqrt((left**2).sum() / (len(left) - both.shape[1]))
    x = np.column_stack([both, shocks])
    for h in range(3):
        rows = slice(None, len(x) - h)
        b, e, inverse = ols(x[rows], y[1 + h :])
        np.testing.assert_allclose(lp.values[h], size * b[-2:].T, rtol=1e-8)
        for place in range(2):
            scores = x[rows] * e[:, [place]]
            v = inverse @ scores.T @ scores @ inverse
            np.testing.assert_allclose(lp.std_errors[h, place], size * np.sqrt(v.diagonal()[-2:]), rtol=1e-8)


def test_states_with_instruments_are_two_stage_least_squares_of_each():
    data, rng = us(), np.random.default_rng(11)
    tool = data["dl_realinv"] + data["dl_realinv"].std() * pd.Series(rng.standard_normal(len(data)), data.index)
    state = pd.Series(rng.integers(0, 2, len(data)), data.index, name="war")
    lp = pv.fit_local_projections(
        data, US[:2], shock=data["dl_realinv"], instruments=tool, state=state, lags=1, horizon=1, shock_lags=0
    )
    texts = [note.text for note in lp.notes if note.code == "first-stage"]
    assert [text.split(":")[0] for text in texts] == ["dl_realinv (war = 1)", "dl_realinv (war = 0)"]
    for place, value in enumerate((1, 0)):
        rows = np.flatnonzero(state.to_numpy() == value)
        rows = rows[(rows >= 1) & (rows < len(data) - 1)]
        y, w = data[US[:2]].to_numpy(), lagged(data[US[:2]].to_numpy(), 1, rows)
        x, z = (np.column_stack([w, each.to_numpy()[rows]]) for each in (data["dl_realinv"], tool))
        np.testing.assert_allclose(lp.values[1, :, place], np.linalg.solve(z.T @ x, z.T @ y[rows + 1])[-1], rtol=1e-8)


def test_limits_are_those_of_t_where_few_degrees_of_freedom_are_left():
    data = us().iloc[:48]
    lp = pv.fit_local_projections(data, lags=4, horizon=4, level=0.9)
    few = lp.df_by_horizon < 30
    assert few.tolist() == [False, True, True, True, True]
    for explicit, rows in (("normal", ~few), ("t", few)):
        other = pv.fit_local_projections(data, lags=4, horizon=4, level=0.9, distribution=explicit)
        np.testing.assert_array_equal(lp.upper[rows], other.upper[rows])
        assert not any(note.code == "few-degrees" for note in other.notes)
    assert "At 4 horizons, the first of them 1," in str(lp.notes)
    path = lp.with_bands(pv.DeltaMethod(joint="bonferroni"))
    assert (path.upper[few] - path.values[few] > lp.upper[few] - lp.values[few]).all()
    with pytest.warns(pv.PanelVarWarning, match="the fewest: 3"):
        pv.fit_local_projections(us().iloc[:27], lags=4, horizon=4)


def test_what_is_said():
    data = us()
    lp = pv.fit_local_projections(data, lags=2, horizon=3, level=0.9)
    assert {"rows", "lag-augmented"} <= {note.code for note in lp.notes}
    assert "90% band: HC1 errors" in repr(lp)
    assert "Local-projection responses" in str(lp)
    assert lp.to_frame().columns.tolist() == ["value", "lower", "upper", "std_error"]
    assert lp.var.nobs == pv.fit_var(data, lags=2).nobs
    with pytest.warns(pv.PanelVarWarning, match="lag_augmented=True"):
        pv.fit_local_projections(data, lags=2, horizon=3, lag_augmented=False, cov="HC1")


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"cov": pv.DriscollKraay()}, pv.SpecificationError, "fit_panel_local_projections"),
        ({"cov": "hac"}, pv.SpecificationError, "newey-west"),
        ({"instruments": "dl_realinv"}, pv.SpecificationError, "shock="),
        ({"shock_lags": 1}, pv.SpecificationError, "observed shock"),
        ({"state": "dl_realinv"}, pv.SpecificationError, "shock="),
        ({"shock": "dl_realinv", "state": "dl_realgdp"}, pv.DataError, "zeros and ones"),
        ({"shock": "dl_realinv", "state": np.ones(len(us()))}, pv.DataError, "never changes"),
        ({"shock": "dl_realinv", "state": np.ones((len(us()), 2))}, pv.SpecificationError, "one state at a time"),
        (
            {"shock": "dl_realinv", "identification": pv.LongRun()},
            pv.SpecificationError,
            "identification= makes shocks",
        ),
        ({"shock": "dl_realinv", "ordering": US[::-1]}, pv.SpecificationError, "ordering= makes shocks"),
        ({"sample": "same"}, pv.SpecificationError, "sample"),
        ({"lags": 60}, pv.InsufficientDataError, "usable rows"),
        ({"horizon": 197}, pv.InsufficientDataError, "horizon"),
        ({"bands": pv.MonteCarlo()}, pv.SpecificationError, "MonteCarlo"),
        (
            {"identification": pv.SignRestrictions({("dl_realgdp", "s"): "+"}, seed=1)},
            pv.SpecificationError,
            "impact",
        ),
        ({"shock": "nothing"}, pv.SpecificationError, r"shock columns \['nothing'\]"),
        ({"instruments": "nothing", "shock": "dl_realinv"}, pv.SpecificationError, "instrument columns"),
        ({"exogenous_lags": 1}, pv.SpecificationError, "exogenous"),
        ({"level": 0.05}, pv.SpecificationError, "level"),
    ],
)
def test_what_is_refused(options, error, match):
    with pytest.raises(error, match=match):
        pv.fit_local_projections(us(), **({"lags": 2} | options))


def test_a_dependent_regressor_is_named():
    data = us()
    data["twice"] = 2.0 * data["dl_realgdp"]
    with pytest.raises(pv.CollinearityError, match="twice"):
        pv.fit_local_projections(data, lags=2, horizon=2)


def test_a_shock_that_is_not_always_observed():
    data = us()
    shock = pd.Series(np.random.default_rng(4).standard_normal(150), data.index[-150:], name="news")
    lp = pv.fit_local_projections(data, shock=shock, lags=2, shock_lags=0, horizon=2)
    assert any(note.text.startswith(f"news is missing in {len(data) - 150} of") for note in lp.notes)
    holed = shock.copy()
    holed.iloc[40] = np.nan
    with pytest.warns(pv.PanelVarWarning, match=r"news is missing in \d+ of"):
        pv.fit_local_projections(data, shock=holed, lags=2, shock_lags=0, horizon=2)
    assert lp.nobs_by_horizon.tolist() == [150, 149, 148]
    inside = pv.fit_local_projections(
        data.iloc[-152:], shock=shock.reindex(data.index[-152:]).fillna(0.0), lags=2, shock_lags=0, horizon=2
    )
    np.testing.assert_allclose(lp.values, inside.values, rtol=1e-9)
    with pytest.raises(pv.DataError, match="missing='raise'"):
        pv.fit_local_projections(data, shock=shock, lags=2, horizon=2, missing="raise")


def test_horizon_zero_and_an_entity_of_a_panel():
    data = us()
    only = pv.fit_local_projections(data, lags=2, horizon=0, bands=pv.DeltaMethod(joint="sup-t"))
    np.testing.assert_array_equal(only.values[0], pv.fit_local_projections(data, lags=2, horizon=2).values[0])
    panel = pv.Panel(data.assign(quarter=np.arange(len(data))), time="quarter")
    one = pv.fit_local_projections(panel, US[:2], shock=US[2], lags=2, horizon=3)
    other = pv.fit_local_projections(data, US[:2], shock=US[2], lags=2, horizon=3)
    np.testing.assert_array_equal(one.values, other.values)
    chosen = pv.fit_local_projections(data, lags="bic", horizon=2)
    np.testing.assert_array_equal(chosen.var.lags, pv.fit_var(data, lags="bic").lags)


def at_one_end(values):
    """Denormal numbers, and one large one in the last row: only some horizons' columns are out of range."""
    out = values * [1e-310, 1.0, 1.0]
    out[-1, 0] = 1e9
    return out


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("options", [{}, {"lag_augmented": True}, {"shock": "a"}, {"shock": "a", "sample": "common"}])
@pytest.mark.parametrize(
    "moved",
    [lambda v: v * 1e300, lambda v: v * 1e-160, lambda v: v * 1e-300, at_one_end],
    ids=["large", "small", "smallest", "one end"],
)
def test_squares_out_of_range_are_refused(moved, options):
    values = moved(np.random.default_rng(5).standard_normal((60, 3)))
    with pytest.raises(pv.NumericalError, match=r"leave the range of floating-point numbers\. Rescale"):
        pv.fit_local_projections(values, ["a", "b", "c"], lags=1, horizon=4, **options)


@pytest.mark.parametrize("options", [{}, {"shock": "a"}, {"shock": "s"}, {"shock": "a", "instruments": "s"}])
def test_units_too_far_apart_are_refused_by_name(options):
    frame = pd.DataFrame(np.random.default_rng(6).standard_normal((60, 3)), columns=["a", "b", "s"])
    names = ["a", "b"]
    for far in ("a", "b", *(("s",) if "s" in options.values() else ())):
        scaled = frame.assign(**{far: frame[far] * 1e140})
        with pytest.raises(pv.NumericalError, match=f"sizes of '{far}' and '.' are"):
            pv.fit_local_projections(scaled, names, lags=1, horizon=2, **options)

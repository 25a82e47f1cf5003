"""Local projections of a shock that an external instrument identifies, against loops and derivatives by weights."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from streams import stream

import panelvar as pv

NAMES = ["x", "y", "z"]
IMPACT = np.array([[1.0, 0.5, -0.4], [0.6, 1.0, 0.3], [-0.5, 0.4, 0.8]])
FIRST = np.array([[0.5, 0.1, 0.0], [0.2, 0.3, 0.1], [0.0, 0.2, 0.4]])
HORIZON = 4


def generated(rows=90, seed=5):
    """Data, and two instruments of the second shock."""
    rng = np.random.default_rng(seed)
    shocks = rng.standard_normal((rows, 3))
    y = np.zeros((rows, 3))
    for t in range(1, rows):
        y[t] = 0.3 + FIRST @ y[t - 1] + IMPACT @ shocks[t]
    return y, 2.0 + 0.5 * shocks[:, [1]] + 0.5 * rng.standard_normal((rows, 2))


def instruments(kind):
    """One or two instruments, of every period or not of the first thirty and one more."""
    z = generated()[1]
    if "two" not in kind:
        z = z[:, :1]
    if "partly" in kind:
        z = z.copy()
        z[:30], z[50] = np.nan, np.nan
    return z


def weighted(z, lags, unit, divisor, weights, first=None):
    """The whole estimate (H + 1, K), every date with a weight of its own wherever it enters, by loops.

    ``first`` is the first stage, to be found if it is not given.
    """
    y = generated()[0]
    n_periods = len(y)

    def past(t):
        return np.concatenate([[1.0], *(y[t - lag] for lag in range(1, lags + 1))])

    def least_squares(regressors, left, own):
        return np.linalg.solve((regressors * own[:, None]).T @ regressors, (regressors * own[:, None]).T @ left)

    dates = np.arange(lags, n_periods)
    x, w = np.array([past(t) for t in dates]), weights[dates]
    u = y[dates] - x @ least_squares(x, y[dates], w)
    sigma = (u * w[:, None]).T @ u / w.sum() * len(dates) / divisor
    seen = np.isfinite(z[dates]).all(axis=1)
    v = w[seen][:, None]
    d = z[dates][seen] - (v * z[dates][seen]).sum(axis=0) / v.sum()
    first = first_stage(z, u, seen, w) if first is None else first
    c = (v * u[seen]).T @ (d @ first)
    impact = c / c[1] if unit else c / np.sqrt(c @ np.linalg.solve(sigma, c))
    out = [impact]
    for lead in range(1, HORIZON + 1):
        rows = np.arange(lags, n_periods - lead)
        x = np.array([np.concatenate([past(t), y[t]]) for t in rows])
        out.append(least_squares(x, y[rows + lead], weights[rows])[-3:].T @ impact)
    return np.array(out)


def first_stage(z, u, seen, w):
    """Coefficients of the instruments in the residual of the shock's own variable."""
    d = z[-len(u) :][seen]
    x = np.column_stack([np.ones(len(d)), d])
    return np.linalg.solve((x * w[seen][:, None]).T @ x, (x * w[seen][:, None]).T @ u[seen][:, 1])[1:]


def projected(z, unit=True, **options):
    scheme = pv.ExternalInstrument(z, "y", shock="supply")
    with warnings.catch_warnings():
        # The first stages are weak here and there.
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return pv.fit_local_projections(
            generated()[0],
            NAMES,
            lags=2,
            horizon=HORIZON,
            identification=scheme,
            shock_size="unit" if unit else "sd",
            **options,
        )


KINDS = ["one", "one, partly", "two", "two, partly"]


@pytest.mark.parametrize("unit", [True, False], ids=["unit", "sd"])
@pytest.mark.parametrize("kind", KINDS)
def test_estimates_are_covariances_with_the_instrument_carried_on_by_projections(kind, unit):
    z = instruments(kind)
    lp = projected(z, unit)
    divisor = lp.var.df_resid
    assert_allclose(lp.values[:, :, 0], weighted(z, 2, unit, divisor, np.ones(90)), rtol=1e-9, atol=1e-12)
    assert lp.shocks == ("supply",)
    assert lp.values[0, 1, 0] == pytest.approx(1.0) or not unit
    summed = projected(z, unit, cumulative=True)
    assert_allclose(summed.values, lp.values.cumsum(axis=0), rtol=1e-12)


@pytest.mark.parametrize("unit", [True, False], ids=["unit", "sd"])
@pytest.mark.parametrize("kind", KINDS)
def test_influences_are_derivatives_by_the_weights_of_dates(kind, unit):
    """What a date adds to an estimate is how it moves when the date counts a little more: everything re-estimated.

    Errors of two-stage least squares leave out what several instruments' first stage adds, since the residuals of the
    second are uncorrelated with valid instruments: it is held there.
    """
    z = instruments(kind)
    lp = projected(z, unit, cov="HC0")
    residuals = lp.var.resids.to_numpy()
    held = first_stage(z, residuals, np.isfinite(z[2:]).all(axis=1), np.ones(88)) if "two" in kind else None
    step = 1e-4
    for date in (2, 3, 29, 31, 50, 51, 60, 86, 88, 89):
        moved = []
        for sign in (1.0, -1.0):
            weights = np.ones(90)
            weights[date] += sign * step
            moved.append(weighted(z, 2, unit, lp.var.df_resid, weights, held))
        slopes = (moved[0] - moved[1]) / (2.0 * step)
        assert_allclose(lp.influence[:, :, 0, date], slopes, rtol=1e-5, atol=1e-8)
    assert_allclose(lp.std_errors, np.sqrt((lp.influence**2).sum(axis=-1)), rtol=1e-12)
    corrected = projected(z, unit, cov="HC1")
    assert_allclose(corrected.std_errors[0], lp.std_errors[0] * np.sqrt(88 / 81), rtol=1e-12)


def test_on_impact_it_is_two_stage_least_squares_with_the_autoregressions_lags_as_controls():
    """The instrument less its regression on the lags, whatever is on the left: estimates and errors of LP-IV."""
    z = instruments("two")
    lp = projected(z, cov="HC0")
    iv = pv.fit_local_projections(generated()[0], NAMES, lags=2, horizon=0, shock="y", instruments=z, cov="HC0")
    # Two instruments have another first stage once the lags are taken out of them.
    one = projected(z[:, :1], cov="HC0")
    alone = pv.fit_local_projections(
        generated()[0], NAMES, lags=2, horizon=0, shock="y", instruments=z[:, :1], cov="HC0"
    )
    assert_allclose(one.values[0], alone.values[0], rtol=1e-9)
    assert_allclose(one.std_errors[0, [0, 2]], alone.std_errors[0, [0, 2]], rtol=1e-9)
    assert np.abs(lp.values[0] - iv.values[0]).max() < 0.1


def test_the_impact_may_count_as_known():
    z = instruments("one")
    known, estimated = (projected(z, impact=impact) for impact in ("known", "estimated"))
    assert (known.std_errors[0] == 0.0).all()
    assert (estimated.std_errors[0, [0, 2]] > 0.01).all()
    assert_allclose(known.values, estimated.values, rtol=1e-12)
    assert np.abs(estimated.std_errors[1:] / known.std_errors[1:] - 1.0).max() > 0.05
    assert "impact-known" in [note.code for note in known.notes]
    assert "impact-known" not in [note.code for note in estimated.notes]
    assert "first-stage" in [note.code for note in estimated.notes]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("source", "options"),
    [
        (pv.MovingBlockBootstrap, {}),
        (pv.ResidualBootstrap, {"unit": False, "cov": "HC0"}),
        (pv.MovingBlockBootstrap, {"impact": "known", "cumulative": True}),
    ],
)
def test_every_draw_is_a_projection_of_generated_data_with_the_instrument_of_its_errors(kind, source, options):
    z = instruments(kind)
    lp = projected(z, **options)
    draws = source(draws=6, seed=3)
    values, errors, truth = lp.bootstrap.draws(draws)
    problem, y = lp.var._problem, generated()[0]
    chunks = list(draws.innovations(problem, 6, stream(3), carried=z[2:]))
    innovations, carried = (np.concatenate([getattr(c, name) for c in chunks]) for name in ("innovations", "carried"))
    for b in range(6):
        own = y.copy()
        for t in range(2, len(y)):
            own[t] = problem.params[0] + innovations[b, t - 2]
            own[t] += own[t - 1] @ problem.params[1:4] + own[t - 2] @ problem.params[4:]
        proxy = np.full(z.shape, np.nan)
        proxy[2:] = np.where((carried[b] != 0.0).any(axis=1)[:, None], carried[b], np.nan)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pv.PanelVarWarning)
            settings = {name: value for name, value in options.items() if name != "unit"}
            one = pv.fit_local_projections(
                own,
                NAMES,
                lags=2,
                horizon=HORIZON,
                identification=pv.ExternalInstrument(proxy, "y"),
                shock_size="unit" if options.get("unit", True) else "sd",
                **settings,
            )
        assert_allclose(values[b], one.values, rtol=1e-7, atol=1e-9)
        assert_allclose(errors[b], one.std_errors, rtol=1e-7, atol=1e-9)
    plain = lp.var.impulse_responses(
        HORIZON,
        identification=pv.ExternalInstrument(z, "y"),
        shock_size="unit" if options.get("unit", True) else "sd",
        cumulative=options.get("cumulative", False),
    )
    assert_allclose(truth, plain.values, rtol=1e-9, atol=1e-12)


def test_bands_hold_the_estimate_and_a_wild_bootstrap_is_warned_of():
    z = instruments("one")
    lp = projected(z)
    band = lp.with_bands(pv.MovingBlockBootstrap(199, seed=1, interval="studentised", block_length=5), level=0.9)
    assert (band.upper[0, [0, 2]] - band.lower[0, [0, 2]] > 0.02).all()
    # The one-unit response of the shock's own variable is no estimate.
    assert_allclose(band.draws[:, 0, 1], 1.0, rtol=1e-12)
    with pytest.warns(pv.PanelVarWarning, match="far too narrow"):
        lp.with_bands(pv.RecursiveWildBootstrap(199, seed=1), level=0.9)


def test_an_instrument_with_labels_is_matched_by_them():
    y, z = generated()
    index = pd.period_range("1990Q1", periods=90, freq="Q")
    series = pd.Series(z[40:, 0], index=index[40:])
    whole = z[:, :1].copy()
    whole[:40] = np.nan
    frame = pd.DataFrame(y, columns=NAMES, index=index)
    labelled = pv.fit_local_projections(
        frame, lags=2, horizon=HORIZON, identification=pv.ExternalInstrument(series, "y"), shock_size="unit"
    )
    assert_allclose(labelled.values, projected(whole).values, rtol=1e-12)
    assert_allclose(labelled.std_errors, projected(whole).std_errors, rtol=1e-12)

"""Panel vector autoregressions by corrected moments: zeros, one variable, short panels, what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from quiet import quietly
from streams import stream
from systems.panel_var.panel_var_twins import NAMES, panel_of

import panelvar as pv


def fit(frame, lags=1, columns=NAMES, **options):
    return quietly(pv.fit_panel_var, frame, columns, lags=lags, method="corrected-moments", **options)


def moments(model) -> np.ndarray:
    """Moments (N, m, K) of the entities, each from the inverse of a matrix of all periods and variables."""
    rows, k, p = model.fit.rows, len(model.names), model.lags
    first, codes, periods = rows.terms.count, rows.entities.codes, rows.design.time_positions
    span = int(np.ptp(periods)) + 1
    whole = np.eye(span * k)
    params = model.params.to_numpy()
    for j in range(p):
        whole -= np.kron(np.eye(span, k=-1 - j), params[first + j * k : first + (j + 1) * k].T)
    inverse = np.linalg.inv(whole)
    out = np.zeros((rows.n_entities, *params.shape))
    for i in range(rows.n_entities):
        own = codes == i
        x, e = rows.x[own] - rows.x[own].mean(axis=0), model.resids.to_numpy()[own]
        e = e - e.mean(axis=0)
        out[i] = x.T @ e
        if (count := int(own.sum())) < 2:
            continue
        present = np.zeros(span)
        present[periods[own] - periods.min()] = 1.0
        centre = np.diag(present) - np.outer(present, present) / count
        for j in range(p):
            moved = (np.kron(np.eye(span, k=-1 - j), np.eye(k)) @ inverse).reshape(span, k, span, k)
            bias = np.einsum("ts,sltq->lq", centre, moved) @ (e.T @ e) / (count - 1)
            out[i, first + j * k : first + (j + 1) * k] -= bias
    return out


@pytest.mark.parametrize("options", [{}, {"exogenous": ["z"]}, {"lags": 2}, {"lags": 2, "exogenous": ["z"]}])
@pytest.mark.parametrize("gaps", [0.0, 0.06])
def test_the_written_out_moments_are_zero(options, gaps):
    own = moments(fit(panel_of(seed=41, entities=30, periods=14, gaps=gaps), **options))
    assert_allclose(own.sum(axis=0), 0.0, atol=1e-10 * np.abs(own).sum(axis=0).max())


def test_time_effects_are_dummies():
    frame = panel_of(seed=42, entities=30, periods=10)
    years = frame.index.get_level_values(1)
    dummies = pd.DataFrame({f"d{year}": (years == year).astype(float) for year in sorted(set(years))[2:]}, frame.index)
    model = fit(frame, time_effects=True)
    written = fit(frame.join(dummies), exogenous=list(dummies))
    assert_allclose(model.params, written.params.iloc[-2:], rtol=0, atol=1e-10)
    assert_allclose(model.resids, written.resids, rtol=0, atol=1e-9)


def test_one_variable_is_the_single_equation():
    frame = panel_of(seed=43, entities=40, periods=10, gaps=0.05)
    single = quietly(pv.fit_bias_corrected_moments, frame, "x", "z", lags=2)
    model = fit(frame, 2, ["x"], exogenous=["z"])
    assert_allclose(model.params["x"], single.params[["z", "L(x)", "L(x, 2)"]], rtol=1e-9)
    ratios = model.std_errors["x"].to_numpy() / single.std_errors[["z", "L(x)", "L(x, 2)"]].to_numpy()
    # One small-sample factor of clusters, the same for all.
    assert_allclose(ratios, ratios[0], rtol=1e-7)
    assert 1.0 < ratios[0] < 1.05


def test_persistent_variables_of_few_entities_are_refused():
    walks = np.cumsum(np.random.default_rng(3).standard_normal((12, 6, 2)), axis=1)
    index = pd.MultiIndex.from_product([range(12), range(6)], names=["i", "t"])
    frame = pd.DataFrame(walks.reshape(-1, 2), index=index, columns=NAMES)
    with pytest.raises(pv.NumericalError, match="too persistent for 12 entities of 5 rows"):
        fit(frame)


@pytest.mark.parametrize(("root", "many"), [(0.6, True), (0.1, False)])
def test_draws_that_have_no_zero_are_counted(root, many):
    """Each draw is a panel in which an entity occurs so often: where its fit is refused, the band says so."""
    rng, entities, draws = np.random.default_rng(2), 60, 6
    values = np.zeros((40, entities, 2))
    for t in range(1, 40):
        values[t] = root * values[t - 1] + rng.standard_normal((entities, 2))
    index = pd.MultiIndex.from_product([range(entities), range(7)], names=["i", "t"])
    frame = pd.DataFrame(values[-7:].swapaxes(0, 1).reshape(-1, 2), index=index, columns=NAMES)
    model = fit(frame)
    weights = stream(5).multinomial(entities, np.full(entities, 1 / entities), size=draws)
    refused = 0
    for own in weights:
        drawn = np.repeat(np.arange(entities), own)
        again = frame.to_numpy().reshape(entities, 7, 2)[drawn].reshape(-1, 2)
        try:
            fit(pd.DataFrame(again, index=index, columns=NAMES))
        except pv.NumericalError:
            refused += 1
    assert (refused > 0) == many
    bands = pv.EntityBootstrap(draws=draws, seed=5)
    found = quietly(model.impulse_responses, 2, bands=bands)
    notes = [note for note in found.notes if note.code == "unsolved-draws"]
    assert len(notes) == many
    if many:
        assert f"In {refused} of 6 draws the estimator's equations have no solution" in notes[0].text
        assert notes[0].warn and "method='gmm'" in notes[0].text


@pytest.mark.parametrize("apart", [0.0, 1e-14, 1e-8])
def test_variables_that_are_the_same_but_for_rounding_are_refused(apart):
    """Cross products of lags that differ in the eighth digit have no digit of their difference."""
    frame = panel_of(seed=5)[["x", "y"]]
    frame["y"] = 3.0 * frame["x"] + apart * frame["y"]
    with pytest.raises(pv.PanelVarError, match=r"combinations? of"):
        fit(frame)


@pytest.mark.slow
@pytest.mark.parametrize(("periods", "persistence"), [(8, 0.5), (20, 0.8)])
def test_short_panels_have_no_bias_and_intervals_cover(periods, persistence):
    rng, samples, entities, burn = np.random.default_rng(18), 200, 200, 100
    matrix = np.array([[persistence, 0.1], [0.0, persistence - 0.2]])
    mix = np.linalg.cholesky([[1.0, 0.3], [0.3, 1.0]])
    index = pd.MultiIndex.from_product([range(entities), range(periods + 1)], names=["i", "t"])
    found = []
    for _ in range(samples):
        y = np.zeros((entities, periods + 1 + burn, 2))
        effects = rng.standard_normal((entities, 2)) * (1.0 - persistence)
        for t in range(1, y.shape[1]):
            y[:, t] = y[:, t - 1] @ matrix.T + effects + rng.standard_normal((entities, 2)) @ mix.T
        frame = pd.DataFrame(y[:, burn:].reshape(-1, 2), index=index, columns=NAMES)
        try:
            model = fit(frame)
        except pv.NumericalError:
            continue
        found.append([model.params.to_numpy(), model.std_errors.to_numpy()])
    assert len(found) > 0.9 * samples
    estimates, errors = np.array(found)[:, 0], np.array(found)[:, 1]
    spread = estimates.std(axis=0) / np.sqrt(len(found))
    assert (np.abs(estimates.mean(axis=0) - matrix.T) < 3.5 * spread).all()
    covered = (np.abs(estimates - matrix.T) < 1.96 * errors).mean(axis=0)
    assert covered.min() > 0.90 and covered.max() < 0.99 and 0.92 < covered.mean() < 0.98

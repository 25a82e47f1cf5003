"""Corrected moments of vector autoregressions against matrices of all periods at once and numerical derivatives."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from panelvar.kernels.dynamics.dynamics import moving_average
from panelvar.kernels.dynamics.lag_problem import lag_matrices
from panelvar.kernels.dynamics.profile_moments import ProfileMoments, bias_weights, row_moments

CASES = [(1, 1), (1, 3), (2, 1), (2, 2), (3, 1)]
ENTITIES, PERIODS = 60, 8


class Sample:
    """Rows less the means of their entities, zero where there is no row; one regressor beside the lags."""

    def __init__(self, k: int, p: int, seed: int = 3) -> None:
        rng = np.random.default_rng(seed)
        self.k, self.p = k, p
        self.blocks = np.zeros((p, k, k))
        self.blocks[0] = 0.4 * np.eye(k) + 0.1 * rng.uniform(-1.0, 1.0, (k, k))
        if p > 1:
            self.blocks[-1] = 0.15 * np.eye(k)
        mix = np.linalg.cholesky(0.6 * np.eye(k) + 0.4)
        burn = 40
        y = np.zeros((ENTITIES, PERIODS + p + burn, k))
        x = rng.standard_normal((ENTITIES, PERIODS + p + burn))
        effects = rng.standard_normal((ENTITIES, k))
        sizes = np.exp(0.4 * rng.standard_normal(ENTITIES))
        for t in range(p, y.shape[1]):
            past = sum(y[:, t - 1 - j] @ self.blocks[j].T for j in range(p))
            y[:, t] = (
                past + effects + 0.5 * x[:, t, None] + sizes[:, None] * (rng.standard_normal((ENTITIES, k)) @ mix.T)
            )
        y, x = y[:, burn:], x[:, burn + p :]
        self.mask = rng.random((ENTITIES, PERIODS)) > 0.15
        self.mask[0] = np.arange(PERIODS) == 3
        self.y = self.demeaned(y[:, p:])
        self.lagged = np.concatenate([self.demeaned(y[:, p - 1 - j : PERIODS + p - 1 - j]) for j in range(p)], axis=2)
        self.x = self.demeaned(x[:, :, None])

    def demeaned(self, values: np.ndarray) -> np.ndarray:
        inside = np.where(self.mask[:, :, None], values, 0.0)
        counts = np.maximum(self.mask.sum(axis=1), 1)[:, None, None]
        return np.where(self.mask[:, :, None], inside - inside.sum(axis=1, keepdims=True) / counts, 0.0)

    @property
    def profile(self) -> ProfileMoments:
        flat = self.x.reshape(-1, 1)
        columns = np.concatenate([self.y, self.lagged], axis=2)
        left = columns - (flat @ np.linalg.lstsq(flat, columns.reshape(len(flat), -1), rcond=None)[0]).reshape(
            columns.shape
        )
        return ProfileMoments.of(left.swapaxes(1, 2) @ left, bias_weights(self.mask), self.k)

    def moments(self, theta: np.ndarray) -> np.ndarray:
        """Moments of every entity (N, p k + 1, k), from the inverse of the whole system's matrix."""
        k, p = self.k, self.p
        whole = np.eye(PERIODS * k)
        for j in range(p):
            whole -= np.kron(np.eye(PERIODS, k=-1 - j), theta[j * k : (j + 1) * k].T)
        inverse = np.linalg.inv(whole)
        columns = np.concatenate([self.lagged, self.x], axis=2)
        out = np.zeros((ENTITIES, *theta.shape))
        for i in range(ENTITIES):
            count = int(self.mask[i].sum())
            if count < 2:
                continue
            errors = self.y[i] - columns[i] @ theta
            own = self.mask[i].astype(float)
            centre = np.diag(own) - np.outer(own, own) / count
            out[i] = columns[i].T @ errors
            variance = errors.T @ errors / (count - 1)
            for j in range(p):
                moved = (np.kron(np.eye(PERIODS, k=-1 - j), np.eye(k)) @ inverse).reshape(PERIODS, k, PERIODS, k)
                bias = np.einsum("ts,sltq->lq", centre, moved) @ variance
                out[i, j * k : (j + 1) * k] -= bias
        return out


def numerical(function, at: np.ndarray) -> np.ndarray:
    """Derivatives of a function of a matrix, the last two axes those of the matrix."""
    step, out = 1e-6, []
    for place in np.ndindex(at.shape):
        change = np.zeros(at.shape)
        change[place] = step
        out.append((function(at + change) - function(at - change)) / (2 * step))
    return np.moveaxis(np.array(out), 0, -1).reshape(*at.shape, *at.shape)


@pytest.mark.parametrize(("k", "p"), CASES)
def test_the_root_makes_the_written_out_moments_zero(k, p) -> None:
    sample = Sample(k, p)
    root = sample.profile.root()
    assert root.found
    flat = sample.x.reshape(-1, 1)
    left = (sample.y - sample.lagged @ root.lags).reshape(len(flat), k)
    theta = np.concatenate([root.lags, np.linalg.lstsq(flat, left, rcond=None)[0]])
    moments = sample.moments(theta)
    assert_allclose(moments.sum(axis=0), 0.0, atol=1e-11 * np.abs(moments).sum(axis=0).max())
    # Nearer to the truth than least squares.
    truth = sample.blocks.swapaxes(1, 2).reshape(p * k, k)
    assert np.abs(root.lags - truth).max() < np.abs(sample.profile.least_squares - truth).max()


@pytest.mark.parametrize(("k", "p"), CASES)
def test_derivatives_are_exact(k, p) -> None:
    sample = Sample(k, p)
    profile = sample.profile
    at = profile.least_squares + 0.05
    for share in (0.4, 1.0):
        found = profile.at(at, share)[1]
        assert_allclose(
            found, numerical(lambda lags, s=share: profile.at(lags, s)[0], at), atol=1e-7 * np.abs(found).max()
        )


@pytest.mark.parametrize(("k", "p"), CASES)
def test_rows_add_up_to_the_written_out_moments(k, p) -> None:
    sample = Sample(k, p)
    columns = np.concatenate([sample.lagged, sample.x], axis=2).reshape(ENTITIES * PERIODS, -1)
    entities, weights = np.repeat(np.arange(ENTITIES), PERIODS), bias_weights(sample.mask)
    theta = np.concatenate([sample.profile.least_squares + 0.03, np.full((1, k), 0.45)])

    def rows(at: np.ndarray):
        errors = sample.y.reshape(len(columns), k) - columns @ at
        return row_moments(columns, errors, entities, weights, at[: p * k])

    found = rows(theta)
    own = found.scores.reshape(ENTITIES, PERIODS, *theta.shape).sum(axis=1)
    assert_allclose(own, sample.moments(theta), atol=1e-11 * np.abs(own).max())
    expected = numerical(lambda at: sample.moments(at).sum(axis=0), theta)
    assert_allclose(found.derivatives, expected, atol=1e-7 * np.abs(expected).max())
    step = found.influence().sum(axis=0)
    assert_allclose(np.einsum("amce,ce->am", found.derivatives, step), -own.sum(axis=0), rtol=1e-8, atol=1e-9)


def test_units_of_the_variables_do_not_matter() -> None:
    sample = Sample(2, 2)
    expected = sample.profile.root().lags
    scale = np.array([1e6, 1e-4])
    sample.y, sample.lagged = sample.y * scale, sample.lagged * np.tile(scale, 2)
    assert_allclose(sample.profile.root().lags, expected * scale / np.tile(scale, 2)[:, None], rtol=1e-10)


def test_responses_are_powers_of_the_companion_matrix() -> None:
    lags = np.random.default_rng(1).uniform(-0.3, 0.3, (4, 2))
    companion = np.zeros((4, 4))
    companion[:2], companion[2:, :2] = lags.T, np.eye(2)
    psi = moving_average(lag_matrices(lags, 0), 6)
    for d in range(7):
        assert_allclose(psi[d], np.linalg.matrix_power(companion, d)[:2, :2], atol=1e-15)

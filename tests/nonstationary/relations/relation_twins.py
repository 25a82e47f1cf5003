"""Textbook forms of cointegrating regressions, row by row, for the tests of this room."""

from __future__ import annotations

import numpy as np
import pandas as pd

import panelvar as pv

POWERS = {"n": 0, "c": 1, "ct": 2}


def endogenous(
    entities: int, periods: int, regressors: int = 1, *, root: float = 0.5, common: float = 0.5, seed: int = 0
) -> np.ndarray:
    """Walks x whose changes the error of y follows, and an autoregressive error: (N, T, 1 + m), slopes all one."""
    rng = np.random.default_rng(seed)
    shocks = rng.standard_normal((entities, periods + 50, 1 + regressors))
    changes = common * shocks[..., :1] + np.sqrt(1.0 - common**2) * shocks[..., 1:]
    errors = shocks[..., 0].copy()
    for t in range(1, periods + 50):
        errors[:, t] += root * errors[:, t - 1]
    x = changes.cumsum(axis=1)[:, 50:]
    y = x.sum(axis=2) + errors[:, 50:] + np.arange(entities)[:, None]
    return np.concatenate([y[..., None], x], axis=2)


def ragged(values: np.ndarray) -> pd.DataFrame:
    """Long form in which every second entity starts two periods later and the last ends three earlier."""
    entities, periods, width = values.shape
    rows = []
    for i in range(entities):
        first, last = (2 if i % 2 else 0), periods - (3 if i == entities - 1 else 0)
        rows += [(f"e{i}", 2000 + t, *values[i, t]) for t in range(first, last)]
    return pd.DataFrame(rows, columns=["i", "t", "y", *(f"x{j}" for j in range(1, width))])


def panel(frame: pd.DataFrame) -> pv.Panel:
    return pv.Panel(frame, "i", "t")


def terms_of(times: np.ndarray, trend: str) -> np.ndarray:
    return np.array([[float(t - 1999) ** power for power in range(POWERS[trend])] for t in times]).reshape(
        len(times), POWERS[trend]
    )


def ols(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.linalg.inv(x.T @ x) @ x.T @ y


def projected(columns: np.ndarray, off: np.ndarray) -> np.ndarray:
    return columns - off @ ols(off, columns) if off.shape[1] else columns


def bartlett(u: np.ndarray, lags: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sigma, Delta and Omega of the rows of u, by Bartlett's kernel, a product of rows at a time."""
    n, k = u.shape
    gammas = [np.zeros((k, k)) for _ in range(lags + 1)]
    for j in range(lags + 1):
        for t in range(j, n):
            gammas[j] += np.outer(u[t], u[t - j]) / n
    weighted = sum(((1.0 - j / (lags + 1.0)) * gammas[j] for j in range(1, lags + 1)), np.zeros((k, k)))
    return gammas[0], gammas[0] + weighted, gammas[0] + weighted + weighted.T


class Entity:
    """One entity's columns, first stage and modified columns."""

    def __init__(self, rows: pd.DataFrame, trend: str, lags: int, slopes: np.ndarray | None = None) -> None:
        self.terms = terms_of(rows["t"].to_numpy(), trend)
        self.y = rows["y"].to_numpy()
        self.x = rows.filter(like="x").to_numpy()
        d = self.terms.shape[1]
        self.first = ols(np.column_stack([self.terms, self.x]), self.y)[d:] if slopes is None else slopes
        u1 = projected((self.y - self.x @ self.first)[:, None], self.terms)[1:, 0]
        changes = np.array([self.x[t] - self.x[t - 1] for t in range(1, len(self.x))])
        u2 = changes - changes.mean(axis=0) if trend == "ct" else changes
        self.u = np.column_stack([u1, u2])
        self.covariances = bartlett(self.u, lags)

    def modified(self, kind: str, covariances: tuple[np.ndarray, ...] | None = None):
        """Terms, x*, y*, shift and the variance of what is left of the error."""
        sigma, delta, omega = self.covariances if covariances is None else covariances
        gamma = np.linalg.inv(omega[1:, 1:]) @ omega[1:, 0]
        terms, x, y = self.terms[1:], self.x[1:], self.y[1:]
        weights = np.concatenate([[1.0], -gamma])
        variance = weights @ self.covariances[2] @ weights
        if kind == "fmols":
            return terms, x, y - self.u[:, 1:] @ gamma, len(y) * (delta[0, 1:] - gamma @ delta[1:, 1:]), variance
        moved = self.u @ np.linalg.inv(sigma) @ delta[:, 1:]
        star = y - moved @ self.first - self.u[:, 1:] @ gamma
        return terms, x - moved, star, np.zeros(x.shape[1]), variance

    def fitted(self, kind: str) -> tuple[np.ndarray, np.ndarray]:
        """Own coefficients of terms and regressors, and their covariance."""
        terms, x, y, shift, variance = self.modified(kind)
        z = np.column_stack([terms, x])
        inverse = np.linalg.inv(z.T @ z)
        return inverse @ (z.T @ y - np.concatenate([np.zeros(terms.shape[1]), shift])), variance * inverse

    def products(self, kind: str, covariances: tuple[np.ndarray, ...] | None = None):
        """M, q and the variance: what shared slopes take of the entity."""
        terms, x, y, shift, variance = self.modified(kind, covariances)
        left = projected(x, terms)
        return left.T @ left, left.T @ y - shift, variance


class DynamicEntity:
    """One entity's columns on the rows that leads and lags leave."""

    def __init__(self, rows: pd.DataFrame, trend: str, leads: int, lags: int) -> None:
        times, y, x = rows["t"].to_numpy(), rows["y"].to_numpy(), rows.filter(like="x").to_numpy()
        used = range(1 + lags, len(y) - leads)
        self.y, self.x = y[used], x[used]
        self.terms = terms_of(times[used], trend)
        self.changes = np.array(
            [np.concatenate([x[t - j] - x[t - j - 1] for j in range(-leads, lags + 1)]) for t in used]
        )

    def fitted(self, lags: int, *, scores: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """Coefficients of terms and regressors, and their covariance, with a Bartlett kernel of so many lags."""
        z = np.column_stack([self.terms, self.x, self.changes])
        coefficients, inverse = ols(z, self.y), np.linalg.inv(z.T @ z)
        e = self.y - z @ coefficients
        meat = z.T @ z * bartlett(e[:, None], lags)[2][0, 0]
        if scores:
            meat = len(e) * bartlett(z * e[:, None], lags)[2]
        keep = slice(0, self.terms.shape[1] + self.x.shape[1])
        return coefficients[keep], (inverse @ meat @ inverse)[keep, keep]

    def products(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """M, q, and what everything of the entity's own leaves of x and y."""
        off = np.column_stack([self.terms, self.changes])
        x, y = projected(self.x, off), projected(self.y[:, None], off)[:, 0]
        return x.T @ x, x.T @ y, x, y

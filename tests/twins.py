"""Slow readable twins: panels with gaps, and what the library must reproduce, on dense matrices and by loops."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

EPS = np.finfo(float).eps
X = ["x1", "x2"]


def gappy_frame(seed=1, entities=9, periods=7, kept=0.7, shuffled=True):
    """A panel with text entities, years, gaps, a cluster column and weights; at least two rows an entity, shuffled."""
    rng = np.random.default_rng(seed)
    rows = []
    for entity in range(entities):
        years = np.flatnonzero(rng.random(periods) < kept)
        if len(years) < 2:
            years = np.array([0, periods - 1])
        rows += [(f"e{entity:02d}", 2000 + int(year), entity) for year in years]
    frame = pd.DataFrame(rows, columns=["entity", "year", "number"])
    n = len(frame)
    effect = rng.standard_normal(entities)[frame["number"]]
    shock = rng.standard_normal(periods)[frame["year"] - 2000]
    frame["x1"] = rng.standard_normal(n) + 0.5 * effect + 2.0
    frame["x2"] = rng.standard_normal(n) * np.exp(0.3 * effect) + 0.3 * shock - 1.0
    noise = rng.standard_normal(n) * np.exp(0.4 * frame["x1"] - 0.8)
    frame["y"] = 1.0 + 0.7 * frame["x1"] - 0.4 * frame["x2"] + effect + 0.5 * shock + noise
    frame["w"] = rng.uniform(0.3, 3.0, n)
    frame["region"] = np.array(["north", "south", "west"])[frame["number"] % 3]
    frame["batch"] = rng.integers(0, 5, n)
    return frame.sample(frac=1.0, random_state=seed).reset_index(drop=True) if shuffled else frame


def autocorrelated_frame(seed=1, entities=5, periods=30, kept=0.85, rho=0.5):
    """An unbalanced, gappy panel with autocorrelated errors of different sizes, and a shock common to all."""
    out = gappy_frame(seed, entities, periods, kept, shuffled=False)
    rng = np.random.default_rng(seed + 50)
    errors = np.zeros((entities, periods))
    shocks = rng.standard_normal((entities, periods)) + 0.6 * rng.standard_normal(periods)
    for t in range(periods):
        errors[:, t] = rho * errors[:, t - 1] + shocks[:, t]
    sizes = np.exp(0.4 * rng.standard_normal(entities))
    number, year = out["number"].to_numpy(), out["year"].to_numpy() - 2000
    out["y"] = 1.0 + 0.7 * out["x1"] - 0.4 * out["x2"] + sizes[number] * errors[number, year]
    return out.sample(frac=1.0, random_state=seed).reset_index(drop=True)


@dataclass(frozen=True)
class Dense:
    """Least squares of y on a dense design, possibly rank deficient, with analytic weights scaled to mean one.

    ``report`` holds the linear combinations of the coefficients that are looked at (one a row).
    """

    design: np.ndarray
    y: np.ndarray
    report: np.ndarray
    weights: np.ndarray | None = None

    def __post_init__(self):
        root = (
            np.ones(len(self.y)) if self.weights is None else np.sqrt(np.asarray(self.weights) / np.mean(self.weights))
        )
        z = root[:, None] * np.asarray(self.design, dtype=float)
        inverse = np.linalg.pinv(z, rcond=1e-11)
        target = root * np.asarray(self.y, dtype=float)
        singular = np.linalg.svd(z, compute_uv=False)
        for name, value in {
            "z": z,
            "target": target,
            "inverse": inverse,
            "coefficients": inverse @ target,
            "residuals": target - z @ (inverse @ target),
            "rank": int((singular > 1e-11 * singular[0]).sum()),
            "leverage": np.einsum("ij,ji->i", z, inverse),
        }.items():
            object.__setattr__(self, name, value)

    @property
    def params(self):
        """The combinations asked for."""
        return self.report @ self.coefficients

    @property
    def rss(self):
        """Residual sum of squares."""
        return float(self.residuals @ self.residuals)

    @property
    def df(self):
        """Rows less rank."""
        return len(self.y) - self.rank

    @property
    def influence(self):
        """What each row's transformed error adds to each reported combination, (p, n)."""
        return self.report @ self.inverse

    def classical(self):
        """s2 times the inverse cross product."""
        return self.rss / self.df * self.influence @ self.influence.T

    def adjusted(self, kind):
        """Residuals as HC2 and HC3 adjust them."""
        power = {"HC0": 0.0, "HC1": 0.0, "HC2": 0.5, "HC3": 1.0}[kind]
        return self.residuals / (1.0 - self.leverage) ** power if power else self.residuals

    def hc(self, kind):
        """Row by row."""
        out = np.zeros((len(self.report),) * 2)
        for column, residual in zip(self.influence.T, self.adjusted(kind), strict=True):
            out += residual**2 * np.outer(column, column)
        return out * (len(self.y) / self.df if kind == "HC1" else 1.0)

    def clustered(self, clusters, kind="HC0"):
        """Cluster by cluster, without a factor."""
        clusters = np.asarray(clusters)
        out = np.zeros((len(self.report),) * 2)
        for cluster in np.unique(clusters):
            rows = clusters == cluster
            move = self.influence[:, rows] @ self.adjusted(kind)[rows]
            out += np.outer(move, move)
        return out


def indicator(labels):
    """Dense dummies of a column."""
    labels = np.asarray(labels)
    return (labels[:, None] == np.unique(labels)[None, :]).astype(float)


def pooled_twin(frame, constant=True, weights=None):
    """Pooled OLS."""
    design = frame[X].to_numpy()
    if constant:
        design = np.column_stack((np.ones(len(frame)), design))
    return Dense(design, frame["y"].to_numpy(), np.eye(design.shape[1]), weights)


def dummy_twin(frame, effects, weights=None):
    """The dummy-variable regression; reported: the constant (the mean of the effects over rows) and the slopes."""
    dummies = np.hstack([indicator(frame[effect]) for effect in effects])
    k = dummies.shape[1]
    report = np.zeros((1 + len(X), k + len(X)))
    report[0, :k] = np.average(dummies, axis=0, weights=weights)
    report[1:, k:] = np.eye(len(X))
    return Dense(np.hstack([dummies, frame[X]]), frame["y"].to_numpy(), report, weights)


def allowed(twin, factor=1000.0):
    """Rounding that a dense computation on this design may have."""
    singular = np.linalg.svd(twin.z, compute_uv=False)
    return factor * EPS * singular[0] / singular[twin.rank - 1]


def assert_matrix(ours, theirs, tolerance=1e-10):
    """Covariances are compared entry by entry on the scale of their variances."""
    scale = np.sqrt(np.outer(np.diagonal(theirs), np.diagonal(theirs)))
    np.testing.assert_array_less(np.abs(np.asarray(ours) - theirs), tolerance * scale)

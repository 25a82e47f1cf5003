"""Slow readable twins of estimators with instruments: explicit projections on dense matrices with dummies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from twins import EPS, gappy_frame, indicator

EXOGENOUS, ENDOGENOUS, INSTRUMENTS = ["x1", "x2"], ["p", "q"], ["z1", "z2", "z3"]
COLUMNS = {"endogenous": ENDOGENOUS, "instruments": INSTRUMENTS}


def instrumented_frame(seed=1, **options):
    """A gappy panel with two endogenous regressors and three instruments."""
    frame = gappy_frame(seed, **options)
    rng = np.random.default_rng(seed + 100)
    n = len(frame)
    frame["z1"] = rng.standard_normal(n) + 0.3 * frame["x1"]
    frame["z2"], frame["z3"] = rng.standard_normal(n), rng.standard_normal(n)
    frame["p"] = (
        0.6 * frame["z1"] + 0.4 * frame["z2"] + 0.3 * frame["z3"] + 0.5 * rng.standard_normal(n) + 0.4 * frame["y"]
    )
    frame["q"] = 0.6 * frame["z2"] - 0.4 * frame["z3"] + 0.5 * rng.standard_normal(n) + 0.1 * frame["y"]
    frame["y"] += 0.5 * frame["p"] - 0.2 * frame["q"]
    return frame


@dataclass(frozen=True)
class DenseInstruments:
    """The k-class on dense X = [D, x, p] and Z = [D, x, z]; D a constant or dummies, ``report`` what is looked at."""

    fixed: np.ndarray
    x: np.ndarray
    p: np.ndarray
    z: np.ndarray
    y: np.ndarray
    report: np.ndarray
    weights: np.ndarray | None = None
    kappa: float | str = 1.0
    scores: str = "projection"

    def __post_init__(self):
        w = np.ones(len(self.y)) if self.weights is None else np.asarray(self.weights) / np.mean(self.weights)
        root = np.sqrt(w)[:, None]
        X = root * np.column_stack((self.fixed, self.x, self.p))
        Z = root * np.column_stack((self.fixed, self.x, self.z))
        own = root * np.column_stack((self.fixed, self.x))
        y = root[:, 0] * self.y
        project = Z @ np.linalg.pinv(Z, rcond=1e-11)
        off = np.eye(len(y)) - project
        rank = np.linalg.matrix_rank(Z, tol=1e-9)
        kappa = self.kappa
        if isinstance(kappa, str):
            both = np.column_stack((root * self.p, y))
            off_own = np.eye(len(y)) - own @ np.linalg.pinv(own, rcond=1e-11)
            ratio = np.linalg.solve(both.T @ off @ both, both.T @ off_own @ both)
            kappa = np.linalg.eigvals(ratio).real.min()
            if self.kappa == "fuller":
                kappa -= 1.0 / (len(y) - rank)
        fitted = X - kappa * off @ X
        inverse = np.linalg.pinv(fitted.T @ X, rcond=1e-13)
        coefficients = inverse @ fitted.T @ y
        residuals = y - X @ coefficients
        singular = np.linalg.svd(project @ X, compute_uv=False)
        rank_x = int((singular > 1e-9 * singular[0]).sum())
        for name, value in {
            "X": X, "Z": Z, "target": y, "fitted": fitted, "inverse": inverse, "coefficients": coefficients,
            "residuals": residuals, "k": kappa, "df": len(y) - rank_x, "df_first": len(y) - rank,
            "condition": singular[0] / singular[rank_x - 1], "project": project,
        }.items():  # fmt: skip
            object.__setattr__(self, name, value)

    @property
    def params(self):
        """The combinations asked for."""
        return self.report @ self.coefficients

    @property
    def rss(self):
        """Of the structural residuals."""
        return float(self.residuals @ self.residuals)

    def classical(self):
        """s2 times the bread."""
        return self.rss / self.df * self.report @ self.inverse @ self.report.T

    def clustered(self, clusters):
        """Cluster by cluster, without a factor; a cluster a row is HC0."""
        clusters = np.asarray(clusters)
        rows = self.project @ self.X if self.scores == "projection" else self.fitted
        move = self.report @ self.inverse @ (rows * self.residuals[:, None]).T
        sums = move @ indicator(clusters)
        return sums @ sums.T

    def gmm(self, clusters):
        """Two-step GMM with weights by cluster: coefficients, J, and the sandwich covariance at the final residuals."""
        groups = indicator(clusters).T
        scores = groups @ (self.Z * self.residuals[:, None])
        weight = np.linalg.inv(scores.T @ scores)
        cross = self.Z.T @ self.X
        bread = np.linalg.inv(cross.T @ weight @ cross)
        b = bread @ cross.T @ weight @ self.Z.T @ self.target
        left = self.target - self.X @ b
        moment = self.Z.T @ left
        final = groups @ (self.Z * left[:, None])
        lever = bread @ cross.T @ weight
        return b, float(moment @ weight @ moment), lever @ (final.T @ final) @ lever.T

    def allowed(self, factor=100.0):
        """Rounding that the projections may have."""
        return factor * EPS * self.condition**2


def instrumented_twin(frame, effects=(), weights=None, kappa=1.0, constant=True, scores="projection"):
    """Pooled (no effects) or within; reported: the constant (the mean of the effects over rows) and the slopes."""
    n = len(frame)
    fixed = np.hstack([indicator(frame[effect]) for effect in effects]) if effects else np.ones((n, int(constant)))
    k, m = fixed.shape[1], len(EXOGENOUS) + len(ENDOGENOUS)
    report = np.zeros((m + int(constant), k + m))
    if constant:
        report[0, :k] = np.average(fixed, axis=0, weights=weights)
    report[int(constant) :, k:] = np.eye(m)
    parts = (frame[names].to_numpy() for names in (EXOGENOUS, ENDOGENOUS, INSTRUMENTS))
    return DenseInstruments(fixed, *parts, frame["y"].to_numpy(), report, weights, kappa, scores)

"""Corrected least squares written out: projection matrices, inverses and loops over entities."""

from __future__ import annotations

import numpy as np
import pandas as pd


def sample(
    entities: int = 30,
    periods: int = 9,
    *,
    lags: tuple[float, ...] = (0.5,),
    seed: int = 1,
    gaps: bool = True,
    spread: float = 0.6,
) -> pd.DataFrame:
    """An autoregression with effects, two regressors, unlike variances; some entities start late, stop or pause."""
    rng = np.random.default_rng(seed)
    burn, p = 40, len(lags)
    effects = rng.standard_normal(entities)
    x = rng.standard_normal((entities, periods + burn, 2)) + 0.5 * effects[:, None, None]
    sizes = np.exp(spread * rng.standard_normal(entities))
    y = np.zeros((entities, periods + burn))
    for t in range(p, periods + burn):
        past = sum(value * y[:, t - 1 - j] for j, value in enumerate(lags))
        y[:, t] = past + effects + x[:, t] @ [0.6, -0.3] + sizes * rng.standard_normal(entities)
    rows = [
        {"i": f"e{i:02d}", "t": 2000 + t, "y": y[i, burn + t], "x": x[i, burn + t, 0], "z": x[i, burn + t, 1]}
        for i in range(entities)
        for t in range(periods)
        if not gaps or ((i % 4 != 1 or t >= 2) and (i % 4 != 2 or t < periods - 1) and (i % 4 != 3 or t != 4))
    ]
    return pd.DataFrame(rows).assign(g=lambda f: f["i"].str[1:].astype(int) // 3)


class Cube:
    """Values by entity and period, NaN where there is no row; rows are periods whose lags were observed too."""

    def __init__(self, frame: pd.DataFrame, x: list[str], lags: int = 1) -> None:
        wide = frame.pivot(index="i", columns="t", values=["y", *x])
        wide = wide.reindex(columns=range(frame["t"].min(), frame["t"].max() + 1), level=1)
        shape = len(wide), frame["t"].max() - frame["t"].min() + 1
        self.lags = lags
        columns = [wide[name].to_numpy().reshape(shape) for name in ("y", *x)]
        lagged = []
        for lag in range(1, lags + 1):
            moved = np.full(shape, np.nan)
            moved[:, lag:] = columns[0][:, :-lag]
            lagged.append(moved)
        # The first periods have no row.
        self.y = columns[0][:, lags:]
        self.w = np.stack([*lagged, *columns[1:]], axis=2)[:, lags:]
        self.rows = np.isfinite(self.y) & np.isfinite(self.w).all(axis=2)

    def entity(self, i: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """M, W and y of an entity over all periods, zero where there is no row."""
        own = self.rows[i].astype(float)
        centre = np.diag(own) - np.outer(own, own) / max(own.sum(), 1.0)
        return centre, np.where(self.rows[i][:, None], self.w[i], 0.0), np.where(self.rows[i], self.y[i], 0.0)

    def within(self) -> np.ndarray:
        """Least squares with a dummy for every entity."""
        parts = [self.entity(i) for i in range(len(self.y)) if self.rows[i].any()]
        inner = sum(w.T @ m @ w for m, w, _ in parts)
        return np.linalg.solve(inner, sum(w.T @ m @ y for m, w, y in parts))


def responses(lags: np.ndarray, j: int, periods: int) -> np.ndarray:
    """C_j: what the errors do to the j-th lag, from the inverse of the autoregression's matrix."""
    back = np.eye(periods, k=-1)
    left = np.eye(periods) - sum(value * np.linalg.matrix_power(back, k + 1) for k, value in enumerate(lags))
    return np.linalg.matrix_power(back, j) @ np.linalg.inv(left)


def kiviet(cube: Cube, initial: np.ndarray, order: int, *, variance: float | None = None, stata: bool = False):
    """Least squares less its bias, and the error variance that the bias was evaluated at."""
    periods, k = cube.y.shape[1], cube.w.shape[2]
    c = responses(initial[:1], 1, periods)
    inner, first, second = np.zeros((k, k)), np.zeros((k, k)), np.zeros((k, k))
    squares, free = 0.0, -k
    trace = {"p": 0.0, "pp": 0.0, "ppp": 0.0, "pppp": 0.0}
    for i in range(len(cube.y)):
        if not cube.rows[i].any():
            continue
        m, w, y = cube.entity(i)
        errors = m @ (y - w @ initial)
        squares, free = squares + errors @ errors, free + int(cube.rows[i].sum()) - 1
        bar = w.copy()
        bar[:, 0] -= c @ errors
        # xtlsdvc lets errors before the first row count.
        p = m @ c if stata else m @ c @ np.diag(cube.rows[i].astype(float))
        inner, first, second = (
            inner + bar.T @ m @ bar,
            first + bar.T @ p @ m @ bar,
            second + bar.T @ p @ p.T @ bar,
        )
        trace["p"] += np.trace(p)
        trace["pp"] += np.trace(p.T @ p)
        trace["ppp"] += np.trace(p.T @ p @ p)
        trace["pppp"] += np.trace(p.T @ p @ p.T @ p)
    s2 = squares / free if variance is None else variance
    inner[0, 0] += s2 * trace["pp"]
    inverse = np.linalg.inv(inner)
    q = inverse[:, 0]
    bias = s2 * trace["p"] * q
    if order >= 2:
        moved = inverse @ first
        bias = bias - s2 * (moved + (np.trace(moved) + 2 * s2 * q[0] * trace["ppp"]) * np.eye(k)) @ q
    if order >= 3:
        moved = inverse @ second
        level = q @ second @ q + q[0] * np.trace(moved) + 2 * (1.0 if stata else s2) * trace["pppp"] * q[0] ** 2
        bias = bias + s2**2 * trace["p"] * (2 * q[0] * moved + level * np.eye(k)) @ q
    return cube.within() - bias, s2


def corrected_moments(cube: Cube, theta: np.ndarray) -> np.ndarray:
    """Moments of each entity with two rows or more, (N, p + k)."""
    p, periods = cube.lags, cube.y.shape[1]
    out = []
    for i in range(len(cube.y)):
        count = int(cube.rows[i].sum())
        if count < 2:
            continue
        m, w, y = cube.entity(i)
        errors = m @ (y - w @ theta)
        own = w.T @ errors
        for j in range(1, p + 1):
            own[j - 1] -= np.trace(m @ responses(theta[:p], j, periods)) * (errors @ errors) / (count - 1)
        out.append(own)
    return np.array(out)


def sandwich(cube: Cube, theta: np.ndarray) -> np.ndarray:
    """Covariance from the moments and their numerical derivatives."""
    step = 1e-6
    slopes = np.stack(
        [
            (corrected_moments(cube, theta + change).sum(axis=0) - corrected_moments(cube, theta - change).sum(axis=0))
            / (2 * step)
            for change in step * np.eye(len(theta))
        ],
        axis=1,
    )
    pulled = np.linalg.solve(slopes, corrected_moments(cube, theta).T)
    return pulled @ pulled.T

"""Panel vector autoregressions by dummies, loops and Kronecker products, and panels to try them on."""

from __future__ import annotations

import numpy as np
import pandas as pd

NAMES = ["x", "y"]
LAG = np.array([[0.4, 0.1], [0.2, 0.3]])


def panel_of(seed=0, entities=12, periods=14, second=0.0, gaps=0.0, names=("x", "y"), spread=1.0):
    """Rows of entities with effects, an exogenous z, and perhaps some absent."""
    rng = np.random.default_rng(seed)
    k = len(names)
    lag = LAG if k == 2 else np.full((k, k), 0.1) + 0.3 * np.eye(k)
    values = np.zeros((entities, periods + 30, k))
    effects = spread * rng.standard_normal((entities, k))
    z = rng.standard_normal((entities, periods + 30))
    for t in range(2, periods + 30):
        shocks = rng.standard_normal((entities, k)) @ np.linalg.cholesky(np.eye(k) + 0.3).T
        values[:, t] = effects + values[:, t - 1] @ lag.T + second * values[:, t - 2] + shocks
        values[:, t, 0] += 0.5 * z[:, t]
    index = pd.MultiIndex.from_product([[f"e{i:02d}" for i in range(entities)], range(2000, 2000 + periods)])
    index.names = ["firm", "year"]
    frame = pd.DataFrame(values[:, 30:].reshape(-1, k), index=index, columns=list(names))
    frame["z"] = z[:, 30:].ravel()
    return frame[rng.random(len(frame)) >= gaps]


def rows_of(frame, lags, beside=()):
    """Every row that has its lags: entity, period, terms, lags of all variables, variables."""
    names = [name for name in frame.columns if name != "z"]
    known = {label: row for label, row in zip(frame.index, frame[names].to_numpy(), strict=True)}
    out = []
    for entity, year in frame.index:
        before = [known.get((entity, year - lag)) for lag in range(1, lags + 1)]
        if any(row is None or np.isnan(row).any() for row in before) or np.isnan(known[entity, year]).any():
            continue
        terms = frame.loc[(entity, year), list(beside)].to_numpy()
        out.append((entity, year, np.concatenate([terms, *before]), known[entity, year]))
    return out


def dummy_regression(rows, *, time_effects=False, effects=True):
    """Coefficients, residuals and all regressors of least squares with a dummy for every entity, and period."""
    entities, years = sorted({row[0] for row in rows}), sorted({row[1] for row in rows})
    x = np.array([row[2] for row in rows])
    y = np.array([row[3] for row in rows])
    dummies = [[float(row[0] == entity) for entity in entities] for row in rows] if effects else [[1.0]] * len(rows)
    parts = [x, np.array(dummies)]
    if time_effects:
        parts.append(np.array([[float(row[1] == year) for year in years[1:]] for row in rows]))
    whole = np.concatenate(parts, axis=1)
    found = np.linalg.lstsq(whole, y, rcond=None)[0]
    return found[: x.shape[1]], y - whole @ found, whole, found


def clustered(rows, whole, residuals, width, factor):
    """Covariance clustered by entity of the first coefficients of every equation, equation by equation."""
    bread = np.linalg.pinv(whole)
    k = residuals.shape[1]
    total = np.zeros((width * k, width * k))
    for entity in {row[0] for row in rows}:
        own = [place for place, row in enumerate(rows) if row[0] == entity]
        score = np.concatenate([bread[:width, own] @ residuals[own, j] for j in range(k)])
        total += np.outer(score, score)
    return factor * total


def hahn_kuersteiner(rows, lags, k):
    """The correction in companion form, with the Kronecker products of the paper."""
    within, _, _, _ = dummy_regression(rows)
    entities = sorted({row[0] for row in rows})
    moments = np.zeros((k * lags, k * lags))
    for entity in entities:
        own = np.array([row[2] for row in rows if row[0] == entity])
        own = own - own.mean(axis=0)
        moments += own.T @ own
    moments /= len(rows)
    periods = len(rows) / len(entities)
    companion = np.zeros((k * lags, k * lags))
    companion[:k] = within.T
    companion[k:, :-k] = np.eye(k * (lags - 1))
    implied = (moments - companion @ moments @ companion.T)[:k, :k]
    below = np.zeros((k * lags, k))
    below[:k] = implied
    eye = np.eye(k)
    bias = np.kron(eye, np.linalg.inv(moments)) @ np.kron(eye, np.linalg.inv(np.eye(k * lags) - companion))
    return within + (bias @ below.T.ravel() / periods).reshape(k, -1).T


def half_panel_jackknife(rows):
    """Twice all rows' estimates less those of halves, of either way to halve an odd number."""
    whole, _, _, _ = dummy_regression(rows)
    corrected = []
    for bigger_first in (True, False):
        halves = ([], [])
        for entity in sorted({row[0] for row in rows}):
            own = [row for row in rows if row[0] == entity]
            middle = (len(own) + bigger_first) // 2
            halves[0].extend(own[:middle])
            halves[1].extend(own[middle:])
        average = sum(len(half) / len(rows) * dummy_regression(half)[0] for half in halves)
        corrected.append(2.0 * whole - average)
    return (corrected[0] + corrected[1]) / 2.0


def with_repeats(frame, chosen):
    """A panel of the entities chosen, each occurrence under a label of its own."""
    parts = []
    for place, entity in enumerate(chosen):
        own = frame.loc[[entity]].reset_index()
        own["firm"] = f"{place:03d}"
        parts.append(own)
    return pd.concat(parts).set_index(["firm", "year"])

"""Simulated panels and series, the same for every program."""

from __future__ import annotations

import numpy as np
import pandas as pd


def panel_frame(
    entities: int, periods: int, regressors: int, *, keep: float = 1.0, correlation: float = 0.5, seed: int = 0
) -> pd.DataFrame:
    """Make a long frame with integer ``entity`` and ``time``, ``x0..`` and ``y`` with entity and time effects.

    ``correlation`` times the entity's effect is in every regressor.
    """
    rng = np.random.default_rng(seed)
    n = entities * periods
    columns = {"entity": np.repeat(np.arange(entities), periods), "time": np.tile(np.arange(periods), entities)}
    effect = np.repeat(rng.normal(size=entities), periods)
    y = effect + np.tile(rng.normal(size=periods), entities) + rng.normal(size=n)
    for j in range(regressors):
        x = rng.normal(size=n) + correlation * effect
        columns[f"x{j}"] = x
        y = y + (j + 1) / regressors * x
    columns["y"] = y
    frame = pd.DataFrame(columns)
    if keep < 1.0:
        frame = frame[rng.random(n) < keep].reset_index(drop=True)
    return frame


def panel_sets(sets: int, entities: int, periods: int, regressors: int, *, seed: int = 0) -> dict[str, np.ndarray]:
    """Make arrays (R, N, T) of many panels of one shape: ``x0..`` and ``y`` with entity effects."""
    rng = np.random.default_rng(seed)
    effect = rng.normal(size=(sets, entities, 1))
    x = {f"x{j}": rng.normal(size=(sets, entities, periods)) + 0.5 * effect for j in range(regressors)}
    return x | {"y": sum(x.values()) + effect + rng.normal(size=(sets, entities, periods))}


def outcomes_frame(entities: int, periods: int, regressors: int, outcomes: int, *, seed: int = 0) -> pd.DataFrame:
    """Make a balanced panel of many outcomes ``y0..`` of the same regressors, all columns at a level of 1e4."""
    frame = panel_frame(entities, periods, regressors, seed=seed)
    frame.iloc[:, 2:] += 1e4
    rng = np.random.default_rng(seed + 1)
    y = frame.pop("y").to_numpy()
    columns = {f"y{j}": y + rng.normal(size=len(y)) for j in range(outcomes)}
    return pd.concat([frame, pd.DataFrame(columns)], axis=1)


def factor_frame(entities: int, periods: int, levels: int, *, seed: int = 0) -> pd.DataFrame:
    """Make a panel with three regressors, an ``instrument`` of the first, a ``factor`` and periods since an ``event``.

    The factor has so many levels. The event of half of the panel is in the middle period; those without one have -1,
    the period before it.
    """
    frame = panel_frame(entities, periods, 3, seed=seed)
    rng = np.random.default_rng(seed + 1)
    since = np.where(frame["entity"] % 2, frame["time"] - periods // 2, -1)
    frame = frame.assign(factor=rng.integers(0, levels, len(frame)), event=since)
    return frame.assign(instrument=frame["x0"] + rng.normal(size=len(frame)))


def staggered_frame(entities: int, periods: int, *, seed: int = 0) -> pd.DataFrame:
    """Make a panel of eight cohorts, treated from ``first`` on, and entities that never are (0).

    ``cell`` numbers what each cohort is in each period but the last before its treatment; -1 stands for all the rest.
    """
    rng = np.random.default_rng(seed)
    first = rng.choice([0, *range(3, 11)], entities)
    entity, time = np.repeat(np.arange(entities), periods), np.tile(np.arange(1, periods + 1), entities)
    since = time - first[entity]
    on = (first[entity] > 0) & (since >= 0)
    y = rng.standard_normal(entities)[entity] + 0.1 * time + 0.5 * on + rng.standard_normal(len(entity))
    cell = np.where((first[entity] > 0) & (since != -1), first[entity] * periods + time, -1)
    return pd.DataFrame({"entity": entity, "time": time, "y": y, "first": first[entity], "cell": cell})


def crossed_frame(entities: int, periods: int, rows: int, *, seed: int = 0) -> pd.DataFrame:
    """Make entities seen in some ``rows`` periods each, of many; effects have nothing to do with ``x0..x2``."""
    rng = np.random.default_rng(seed)
    drawn = np.repeat(np.arange(entities, dtype=np.int64), rows) * periods + rng.integers(0, periods, entities * rows)
    entity, time = np.divmod(np.unique(drawn), periods)
    n = len(entity)
    effect = rng.normal(size=entities)[entity] + rng.normal(size=periods)[time]
    columns = {"entity": entity, "time": time}
    y = effect + rng.normal(size=n)
    for j in range(3):
        columns[f"x{j}"] = rng.normal(size=n)
        y = y + (j + 1) / 3 * columns[f"x{j}"]
    return pd.DataFrame(columns | {"y": y})


def worker_frame(
    workers: int, firms: int, years: int, *, moves: float, reach: int | None, seed: int = 0
) -> pd.DataFrame:
    """Make workers who change firms: in the share ``moves`` of years, to any firm or within ``reach`` of their own.

    Everyone moving anywhere is a well connected sample; few moves to near firms, a poorly connected one. Effects of
    ``worker``, ``firm`` and ``year`` are in ``y`` and in ``x0..x2``.
    """
    rng = np.random.default_rng(seed)
    n = workers * years
    worker, year = np.repeat(np.arange(workers), years), np.tile(np.arange(years), workers)
    moving = rng.random(n) < moves
    moving[year == 0] = True
    if reach is None:
        firm = rng.integers(0, firms, n)
    else:
        firm = (worker * firms // workers + rng.integers(-reach, reach + 1, n)) % firms
    firm = firm[np.maximum.accumulate(np.where(moving, np.arange(n), 0))]
    effect = rng.normal(size=workers)[worker] + rng.normal(size=firms)[firm] + rng.normal(size=years)[year]
    columns = {"worker": worker, "year": year, "firm": firm}
    return _with_outcome(columns, effect, rng)


def three_effects_frame(rows: int, levels: tuple[int, int, int], *, reach: int | None, seed: int = 0) -> pd.DataFrame:
    """Make rows of a ``worker``, a ``firm`` and a ``year`` drawn at random, with effects in ``y`` and in ``x0..x2``.

    Any level meets any other one, which connects all of them well; or each row has a place, and levels at most
    ``reach`` from it, which connects them poorly.
    """
    rng = np.random.default_rng(seed)
    place = rng.random(rows)
    codes = [
        rng.integers(0, count, rows)
        if reach is None
        else ((place * count).astype(np.int64) + rng.integers(-reach, reach + 1, rows)) % count
        for count in levels
    ]
    effect = sum(rng.normal(size=count)[code] for count, code in zip(levels, codes, strict=True))
    columns = dict(zip(("worker", "firm", "year"), codes, strict=True))
    return _with_outcome(columns, effect, rng)


def ring_frame(workers: int, firms: int, years: int, *, seed: int = 0) -> pd.DataFrame:
    """Make workers each of whom passes through consecutive firms of a ring, as in fixest's difficult benchmark."""
    rng = np.random.default_rng(seed)
    n = workers * years
    worker, year, firm = np.repeat(np.arange(workers), years), np.tile(np.arange(years), workers), np.arange(n) % firms
    effect = rng.normal(size=workers)[worker] + rng.normal(size=firms)[firm] + rng.normal(size=years)[year]
    columns = {"worker": worker, "year": year, "firm": firm}
    return _with_outcome(columns, effect, rng)


def _with_outcome(columns: dict[str, np.ndarray], effect: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """Add ``x0..x2`` and ``y``, all with the rows' effect."""
    y = effect + rng.normal(size=len(effect))
    for j in range(3):
        columns[f"x{j}"] = rng.normal(size=len(effect)) + 0.5 * effect
        y = y + (j + 1) / 3 * columns[f"x{j}"]
    return pd.DataFrame(columns | {"y": y})


def var_series(variables: int, periods: int, *, persistence: float = 0.6, seed: int = 0) -> pd.DataFrame:
    """Make a stable first-order system with correlated errors."""
    rng = np.random.default_rng(seed)
    rotation = np.linalg.qr(rng.normal(size=(variables, variables)))[0]
    slopes = rotation @ np.diag(np.linspace(0.1, persistence, variables)) @ rotation.T
    mix = np.tril(rng.normal(size=(variables, variables)), -1) * 0.3 + np.eye(variables)
    out = np.zeros((periods + 100, variables))
    for t in range(1, len(out)):
        out[t] = slopes @ out[t - 1] + mix @ rng.normal(size=variables)
    return pd.DataFrame(out[100:], columns=[f"y{i}" for i in range(variables)])

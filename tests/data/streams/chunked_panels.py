"""A panel in no order, cut into chunks, and what it means that two results are the same."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd

import panelvar as pv


def make(rows=180, missing=7, seed=0):
    """An unbalanced panel with missing values, its rows in no order."""
    rng = np.random.default_rng(seed)
    entities, periods = 30, 8
    frame = pd.DataFrame({
        "firm": np.repeat(np.arange(entities) * 7 + 3, periods),
        "year": np.tile(np.arange(2000, 2000 + periods), entities),
    })  # fmt: skip
    frame["region"] = np.array(list("cabd"))[frame["firm"] % 4]
    n = len(frame)
    for name in "xzvw":
        frame[name] = rng.normal(size=n) + frame["firm"] % 5
    frame["z"] += 1.5 * frame["v"] + 1.2 * frame["w"]
    frame["y"] = frame["x"] - 2 * frame["z"] + frame["firm"] % 11 + rng.normal(size=n)
    frame = frame.sample(rows, random_state=seed).reset_index(drop=True)
    for name in ("x", "y"):
        frame.loc[rng.choice(rows, missing, replace=False), name] = np.nan
    return frame


def cut(frame, places):
    """Cut a frame into chunks."""
    bounds = [0, *sorted(places), len(frame)]
    return [frame.iloc[a:b] for a, b in itertools.pairwise(bounds)]


def stream_of(frames):
    return pv.PanelStream(frames, entity="firm", time="year")


def assert_same(streamed, held):
    for name in ("params", "std_errors", "cov"):
        ours, theirs = getattr(streamed, name), getattr(held, name)
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12 * np.abs(np.asarray(theirs)).max())
    assert [note.text for note in streamed.notes] == [note.text for note in held.notes]
    assert str(streamed) == str(held)


def panel_of(frame):
    return pv.Panel(frame, "firm", "year")

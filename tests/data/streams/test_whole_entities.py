"""Streams whose entities' rows stand together, read as panels of whole entities."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import panelvar as pv
from panelvar.data.chunks import read_once
from panelvar.data.streams.whole_entities import WholeEntities


def make(seed=0):
    """An unbalanced panel with a gap in the calendar: entities in no order, their rows together and in no order."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"firm": np.repeat(rng.permutation(30) * 7, 8), "year": np.tile(np.arange(2000, 2008), 30)})
    frame["x"] = rng.normal(size=len(frame))
    frame["group"] = np.array(list("ab"))[frame["firm"] % 2]
    frame = frame[frame["year"] != 2003].sample(180, random_state=seed)
    return frame.sort_values("firm", kind="stable").reset_index(drop=True)


def cut(frame, places):
    return [frame.iloc[a:b] for a, b in itertools.pairwise([0, *sorted(places), len(frame)])]


def entities_of(frames):
    return WholeEntities(pv.PanelStream(frames, entity="firm", time="year"))


@given(places=st.lists(st.integers(0, 180), max_size=8), most=st.sampled_from([None, 1, 4]))
def test_panels_hold_whole_entities_on_the_calendar_of_all(places, most):
    frame = make()
    panel = pv.Panel(frame, "firm", "year")
    entities = entities_of(cut(frame, places))
    parts = list(entities.panels(["x", "group"], most))
    assert (entities.nobs, entities.n_entities) == (panel.nobs, panel.n_entities)
    assert sum(part.n_entities for part in parts) == panel.n_entities
    assert all(part.calendar.n_positions == panel.calendar.n_positions for part in parts)
    for read in (
        lambda part: part.column("x"),
        lambda part: part.lag("x", 2),
        lambda part: part.time_positions,
        lambda part: part.raw_column("group"),
        lambda part: part.entity_labels.take(part.entity_codes),
    ):
        np.testing.assert_array_equal(np.concatenate([read(part) for part in parts]), read(panel))
    assert [part.first for part in parts] == np.cumsum([0, *(part.n_entities for part in parts[:-1])]).tolist()


def test_entities_may_come_in_any_order():
    frame = make()
    shuffled = pd.concat([frame[frame["firm"] == firm] for firm in [70, *sorted(set(frame["firm"]) - {70})]])
    entities = entities_of(cut(shuffled, [5, 11]))
    labels = np.concatenate([part.entity_labels for part in entities.panels(["x"])])
    np.testing.assert_array_equal(labels, entities.labels)
    assert labels[0] == 70
    np.testing.assert_array_equal(labels[entities.order], np.unique(frame["firm"]))


def test_an_entity_that_comes_again_is_refused_with_its_place():
    frame = make()
    late = pd.concat([frame.iloc[2:], frame.iloc[:2]]).reset_index(drop=True)
    first = frame["firm"].iloc[0]
    for places in ([], [10, 60], [178]):
        number = len(places)
        with pytest.raises(pv.DataError, match=rf"firm {first} comes again in row 178 of chunk {number}, after"):
            entities_of(cut(late, places))


def test_rows_that_repeat_or_change_are_refused(monkeypatch):
    frame = make()
    twice = pd.concat([frame.iloc[:3], frame.iloc[2:]]).reset_index(drop=True)
    year = frame["year"].iloc[2]
    with pytest.raises(
        pv.DataError, match=rf"repeats? an entity and period: 0, {year} \(row 2 of chunk 0 and row 3 of"
    ):
        list(entities_of(cut(twice, [3])).panels(["x"]))
    readings = iter([frame, frame, frame.iloc[:100]])
    changing = WholeEntities(pv.PanelStream(lambda: iter([next(readings)]), entity="firm", time="year"))
    with pytest.raises(pv.DataError, match="not those of the first reading"):
        list(changing.panels(["x"]))
    with pytest.raises(pv.DataError, match="no rows"):
        entities_of(frame.head(0))
    monkeypatch.setattr(read_once, "CHUNK_ROWS", 10)
    with pytest.raises(pv.SpecificationError, match="can be read only once"):
        entities_of(iter([frame]))


def test_rows_are_named_by_where_they_are_read_from():
    frame = make()
    frame.loc[77, "x"] = np.inf
    part = next(p for p in entities_of(cut(frame, [50])).panels(["x"]) if np.isinf(p.column("x")).any())
    assert "77 of chunk 1" in repr(part.index[np.isinf(part.column("x"))].tolist())

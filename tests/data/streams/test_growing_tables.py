"""Tables by label: what was merged is what would have been added, and room to grow does not travel."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from panelvar.data.streams import growing_tables
from panelvar.data.streams.growing_tables import GrowingTable, PairsMet


def met(entities, times):
    pairs = PairsMet()
    pairs.add(np.asarray(entities), np.asarray(times))
    return pairs


@pytest.mark.parametrize("most", [2**30, 2**15, 2**10], ids=["a grid", "a grid that is left", "pairs"])
def test_pairs_of_others_are_met_where_they_stand_here(most, monkeypatch):
    monkeypatch.setattr(growing_tables, "_MOST_CELLS", most)
    rng = np.random.default_rng(0)
    here = met(rng.integers(0, 900, 500), rng.integers(0, 12, 500))
    # Each of the other's labels was met there at least once.
    entities, times = rng.permutation(np.tile(np.arange(400), 3)), rng.permutation(np.repeat(np.arange(40), 30))
    where_entities, where_times = rng.permutation(5000)[:400], rng.permutation(60)[:40]
    other = pickle.loads(pickle.dumps(met(entities, times)))
    both = pickle.loads(pickle.dumps(here))
    both.merge(other, where_entities, where_times)
    here.add(where_entities[entities], where_times[times])
    assert both.pairs() == here.pairs()
    assert set(zip(*both.cells(), strict=True)) == set(zip(*here.cells(), strict=True))
    both.merge(PairsMet(), np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp))
    assert both.pairs() == here.pairs()


def test_room_to_grow_is_not_sent():
    table = GrowingTable(3)
    table.rows(1500)[:] = 1.0
    table.rows(700)[:] += 1.0
    sent = pickle.dumps(table, protocol=5)
    assert len(sent) < 1500 * 3 * 8 + 500
    again = pickle.loads(sent)
    np.testing.assert_array_equal(again.rows(1500), table.rows(1500))
    again.rows(4000)[1500:] = 2.0
    assert again.rows(4000).sum() == table.rows(1500).sum() + 2500 * 6.0

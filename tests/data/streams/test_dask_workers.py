"""Partitions of a Dask frame that workers make moments of: the results of the same rows in memory."""

from __future__ import annotations

import itertools
import pickle
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import panelvar as pv
from panelvar.data.chunks import dask_chunks
from panelvar.data.streams.streamed_groups import StreamedGrouping

dask = pytest.importorskip("dask")
cloudpickle = pytest.importorskip("cloudpickle")
dask_frames = pytest.importorskip("dask.dataframe")

pytestmark = pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")

READ = dask_chunks.DaskChunks.read
FITS = {"pooled": pv.fit_pooled, "fixed effects": pv.fit_fixed_effects, "random effects": pv.fit_random_effects}
COVARIANCES = [
    "classical",
    "HC1",
    "cluster",
    pv.Clustered("region"),
    pv.DriscollKraay(),
    pv.Clustered("entity", "time"),
]
NAMES = ["x", "z", "v"]


def make(entities=60, periods=6, missing=20, seed=0):
    """An unbalanced panel with missing values, its rows in no order, so that entities straddle partitions."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({
        "firm": np.repeat(np.arange(entities) * 7 + 3, periods), "year": np.tile(np.arange(periods) + 2000, entities)
    })  # fmt: skip
    frame["region"] = np.array(list("cabdefgh"))[frame["firm"] % 8]
    for name in NAMES:
        frame[name] = rng.normal(size=len(frame)) + frame["firm"] % 5
    frame["y"] = frame["x"] - 2 * frame["z"] + frame["firm"] % 11 + rng.normal(size=len(frame))
    frame = frame.sample(frac=0.9, random_state=seed).reset_index(drop=True)
    for name in ("x", "y"):
        frame.loc[rng.choice(len(frame), missing, replace=False), name] = np.nan
    return frame


def pieces_of(frame, places):
    """Rows up to each place; some pieces may have none."""
    return [frame.iloc[a:b] for a, b in itertools.pairwise([0, *sorted(places), len(frame)])]


def parted(frame, places, load=None):
    """A Dask frame of such pieces, each of which a function loads."""
    from dask.delayed import delayed

    load = delayed(load or (lambda piece: piece), pure=False)
    return dask_frames.from_delayed(
        [load(piece) for piece in pieces_of(frame, places)], meta=frame.iloc[:0], verify_meta=False
    )


def stream_of(data):
    return pv.PanelStream(data, entity="firm", time="year")


def panel_of(frame):
    return pv.Panel(frame, "firm", "year")


def assert_same(streamed, held):
    for name in ("params", "std_errors", "cov"):
        ours, theirs = getattr(streamed, name), getattr(held, name)
        np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12 * np.abs(np.asarray(theirs)).max())
    assert [note.text for note in streamed.notes] == [note.text for note in held.notes]
    assert str(streamed) == str(held)


class WorkerHere:
    """A client whose one worker is this process; what it is sent, and what it sends, is pickled as on the way."""

    asynchronous = False
    threads = 3

    def nthreads(self):
        return {"here": self.threads}

    def compute(self, wanted):
        return dask.compute(*wanted, scheduler="sync")

    def gather(self, found):
        return pickle.loads(pickle.dumps(found))

    def cancel(self, found):
        pass


def work_here(monkeypatch):
    monkeypatch.setattr(dask_chunks, "_client", WorkerHere)
    here = SimpleNamespace(wait=lambda found, timeout: None, TimeoutError=TimeoutError)
    monkeypatch.setitem(sys.modules, "distributed", here)


@pytest.fixture
def worker_here(monkeypatch):
    """Partitions are worked on as by workers, and reading one after another fails; which work was done, by name."""
    done = []

    def worker(name):
        work_on = getattr(dask_chunks, name)

        def sent(work, *rest):
            done.append(name)
            given = cloudpickle.loads(cloudpickle.dumps((work, *rest)))
            return pickle.loads(pickle.dumps(work_on(*given)))

        return sent

    work_here(monkeypatch)
    for name in ("_on_share", "_on_partition"):
        monkeypatch.setattr(dask_chunks, name, worker(name))
    monkeypatch.setattr(dask_chunks.DaskChunks, "read", refuse)
    return done


def refuse(chunks, columns):
    raise AssertionError(f"columns {columns} are read here")


@pytest.mark.parametrize("cov", COVARIANCES, ids=str)
@pytest.mark.parametrize("name", FITS)
def test_partitions_worked_on_apart_are_the_panel_they_hold(name, cov, worker_here):
    frame, fit = make(), FITS[name]
    held = fit(panel_of(frame), "y", NAMES, cov=cov)
    for places in ([], [1, 50, 50, 51, 200]):
        assert_same(fit(stream_of(parted(frame, places)), "y", NAMES, cov=cov), held)


@pytest.mark.usefixtures("worker_here")
class TestAnyPartitions:
    """Neither how the rows are cut nor their order shows."""

    @given(
        places=st.lists(st.integers(0, 324), max_size=6), seed=st.integers(0, 1000), name=st.sampled_from(sorted(FITS))
    )
    def test_of_any_rows(self, places, seed, name):
        frame, fit = make(), FITS[name]
        held = fit(panel_of(frame), "y", NAMES, cov="cluster")
        shuffled = frame.sample(frac=1.0, random_state=seed)
        assert_same(fit(stream_of(parted(shuffled, places)), "y", NAMES, cov="cluster"), held)


LABELS = {
    "texts": lambda firm: "f" + firm.astype(str),
    "categories": lambda firm: pd.Categorical(firm, categories=sorted(set(firm), key=lambda one: -one), ordered=True),
    "dates": lambda firm: pd.Timestamp("2000-01-01") + pd.to_timedelta(firm, unit="D"),
    "decimal numbers": lambda firm: firm / 4,
    "integers far apart": lambda firm: firm * 2**50,
}


@pytest.mark.parametrize("threads", [0, 1, 2, 9])
def test_each_thread_reads_a_share_of_the_partitions(threads, worker_here, monkeypatch):
    monkeypatch.setattr(WorkerHere, "threads", threads)
    frame = make()
    held = pv.fit_fixed_effects(panel_of(frame), "y", NAMES, cov="cluster")
    assert_same(pv.fit_fixed_effects(stream_of(parted(frame, [90, 180, 250])), "y", NAMES, cov="cluster"), held)
    # Three readings of four partitions.
    assert worker_here == ["_on_share"] * (3 * (threads if 0 < threads < 4 else 4))


@pytest.mark.parametrize("weights", [None, "size"])
@pytest.mark.parametrize("most", [None, 100], ids=["dense", "sparse"])
def test_pairs_of_groups_are_counted_apart(most, weights, worker_here, monkeypatch):
    if most is not None:
        count = StreamedGrouping.pair_counts
        monkeypatch.setattr(StreamedGrouping, "pair_counts", lambda one, other, _, *of: count(one, other, most, *of))
    if weights is not None:
        # The weights' own sums are made here.
        monkeypatch.setattr(dask_chunks.DaskChunks, "read", READ)
    frame = make().assign(size=lambda frame: 1.0 + frame["firm"] % 3 + frame["year"] % 2)
    options = {"effects": "twoway", "cov": pv.Clustered("region", "time"), "weights": weights}
    held = pv.fit_fixed_effects(panel_of(frame), "y", NAMES, **options)
    assert_same(pv.fit_fixed_effects(stream_of(parted(frame, [0, 90, 250])), "y", NAMES, **options), held)


def test_what_makes_several_partitions_is_done_once(worker_here):
    frame = make()
    means = frame[NAMES].mean()
    held = pv.fit_fixed_effects(panel_of(frame.assign(**(frame[NAMES] - means))), "y", NAMES, cov="cluster")
    parts = parted(frame, [90, 180, 250])
    parts = parts.assign(**{name: parts[name] - parts[name].mean() for name in NAMES})
    streamed = pv.fit_fixed_effects(stream_of(parts), "y", NAMES, cov="cluster")
    assert worker_here == ["_on_partition"] * 12
    np.testing.assert_allclose(streamed.params, held.params, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(streamed.cov, held.cov, rtol=1e-10, atol=1e-15)


@pytest.mark.parametrize("kind", LABELS)
def test_labels_of_any_kind(kind, worker_here):
    frame = make()
    frame["firm"] = LABELS[kind](frame["firm"])
    held = pv.fit_fixed_effects(panel_of(frame), "y", NAMES, cov="cluster")
    streamed = pv.fit_fixed_effects(stream_of(parted(frame, [3, 100, 260])), "y", NAMES, cov="cluster")
    assert_same(streamed, held)
    assert list(streamed.estimated_effects().index) == list(held.estimated_effects().index)


@pytest.mark.parametrize(("level", "names"), [(0.0, FITS), (1e5, FITS), (1e9, ["fixed effects"])])
def test_many_entities_whose_columns_stand_at_any_level(level, names, worker_here):
    frame = make(entities=3000, missing=40)
    frame["x"] += level
    frame["y"] += level
    # Means of partitions that lie apart: each is surveyed about its own.
    frame = frame.sort_values("x", kind="stable")
    for name in names:
        held = FITS[name](panel_of(frame), "y", NAMES, cov="cluster")
        streamed = FITS[name](stream_of(parted(frame, [2000, 2001, 9000])), "y", NAMES, cov="cluster")
        for what in ("params", "std_errors"):
            # The constant of columns that stand high is their level's, to the digits that leaves.
            slopes, others = (getattr(fit, what)["x":] for fit in (streamed, held))
            np.testing.assert_allclose(slopes, others, rtol=1e-10)


def test_nearly_collinear_columns_are_factored_apart_and_stacked(worker_here):
    frame = make(entities=2000)
    frame["v"] = frame["x"] + 1e-5 * frame["v"]
    held = pv.fit_fixed_effects(panel_of(frame), "y", NAMES)
    streamed = pv.fit_fixed_effects(stream_of(parted(frame, [2000, 5000])), "y", NAMES)
    np.testing.assert_allclose(streamed.params, held.params, rtol=1e-8)
    np.testing.assert_allclose(streamed.std_errors, held.std_errors, rtol=1e-9)


def test_what_workers_find_wrong_is_said_here(monkeypatch):
    work_here(monkeypatch)
    frame = make(missing=0)
    spoiled = frame.copy()
    spoiled.loc[150, "z"] = np.inf
    with pytest.raises(pv.DataError, match=r"'z' is infinite in 1 of the rows of chunk 1, first in row 150 of chunk 1"):
        pv.fit_pooled(stream_of(parted(spoiled, [100, 200])), "y", NAMES)
    twice = pd.concat((frame, frame.iloc[[7]]), ignore_index=True)
    with pytest.raises(pv.DataError, match=r"1 row repeats an entity and period.* of chunk 0 and row 324 of chunk 2"):
        pv.fit_pooled(stream_of(parted(twice, [100, 200])), "y", NAMES)
    mixed = parted(frame, [100, 250], lambda piece: piece.astype({"firm": float}) if piece.index[0] == 250 else piece)
    with pytest.raises(pv.DataError, match=r"'firm' holds decimal numbers in chunk 2 and integers in chunk 0"):
        pv.fit_pooled(stream_of(mixed), "y", NAMES)
    frame.loc[3, "region"] = None
    with pytest.raises(pv.DataError, match=r"'region' is missing in 1 of the 324 rows"):
        pv.fit_pooled(stream_of(parted(frame, [100, 200])), "y", NAMES, cov=pv.Clustered("region"))


def test_data_that_change_between_two_readings_are_an_error(worker_here, tmp_path):
    def load(piece):
        loads = len(list(tmp_path.iterdir()))
        (tmp_path / str(loads)).touch()
        return piece if loads < 2 else piece.iloc[1:]

    with pytest.raises(pv.DataError, match="complete rows at the first reading"):
        pv.fit_fixed_effects(stream_of(parted(make(missing=0), [100], load)), "y", NAMES)


def lose_workers(monkeypatch, left):
    """Every pass waits in vain at first, and then finds these workers."""
    waited = []

    def wait(found, timeout):
        waited.append(timeout)
        if len(waited) % 2:
            raise TimeoutError

    monkeypatch.setattr(sys.modules["distributed"], "wait", wait)
    monkeypatch.setattr(WorkerHere, "nthreads", lambda self: {left(len(waited)): 2} if left(len(waited)) else {})
    return waited


def test_work_of_workers_that_are_all_lost_is_done_again_by_those_that_come(worker_here, monkeypatch):
    frame = make()
    data = stream_of(parted(frame, [100, 200]))
    waited = lose_workers(monkeypatch, lambda times: f"worker {times}")
    found = pv.fit_pooled(data, "y", NAMES)
    assert len(waited) > 2
    np.testing.assert_allclose(found.params, pv.fit_pooled(panel_of(frame), "y", NAMES).params, rtol=1e-10)


def test_work_waits_for_workers_no_longer_than_it_says(worker_here, monkeypatch):
    monkeypatch.setattr(dask_chunks, "_PATIENCE", -1.0)
    lose_workers(monkeypatch, lambda times: "worker" if times == 0 else "")
    with pytest.raises(pv.DataError, match="All workers of the Dask cluster are lost"):
        pv.fit_pooled(stream_of(parted(make(), [100, 200])), "y", NAMES)


CLUSTER = """
import os, signal, sys, tempfile
import numpy as np
import dask
import distributed
import panelvar as pv
sys.path.insert(0, {folder!r})
from test_dask_workers import *

def killer(folder, number):
    def load(piece):
        # The partition with the first row has its worker killed the time it is loaded by this number.
        import os, signal
        if len(piece) and piece.index[0] == 0:
            times = len(os.listdir(folder))
            open(os.path.join(folder, str(times)), "w").close()
            if times == number:
                os.kill(os.getpid(), signal.SIGKILL)
        return piece
    return load

def main():
    # Who asks a worker that is dead for what it had gives up soon.
    dask.config.set({{"distributed.comm.timeouts.connect": "2s"}})
    frame = make(entities=2500)
    places = [1, 3000, 3000, 7000, 9000]
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        with distributed.Client(cluster) as client:
            dask_chunks.DaskChunks.read = refuse
            for name, fit in FITS.items():
                for cov in COVARIANCES:
                    held = fit(panel_of(frame), "y", NAMES, cov=cov)
                    assert_same(fit(stream_of(parted(frame, places)), "y", NAMES, cov=cov), held)
            held = pv.fit_fixed_effects(panel_of(frame), "y", NAMES, effects="twoway", cov="cluster")
            kept = parted(frame, places).persist()
            assert_same(pv.fit_fixed_effects(stream_of(kept), "y", NAMES, effects="twoway", cov="cluster"), held)
            whole = pv.fit_fixed_effects(stream_of(parted(frame, places)), "y", NAMES, cov="cluster")
            for number in range(2):
                with tempfile.TemporaryDirectory() as folder:
                    # As many shares as before.
                    client.wait_for_workers(2)
                    data = parted(frame, places, killer(folder, number))
                    again = pv.fit_fixed_effects(stream_of(data), "y", NAMES, cov="cluster")
                    assert len(os.listdir(folder)) > number + 1, "no worker was killed"
                for what in ("params", "cov"):
                    assert np.array_equal(getattr(again, what), getattr(whole, what)), (number, what)
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster:
        with distributed.Client(cluster) as client:
            whole = pv.fit_fixed_effects(stream_of(parted(frame, places)), "y", NAMES, cov="cluster")
            with tempfile.TemporaryDirectory() as folder:
                # The only worker is lost, and another comes in its place.
                data = parted(frame, places, killer(folder, 1))
                again = pv.fit_fixed_effects(stream_of(data), "y", NAMES, cov="cluster")
                assert len(os.listdir(folder)) > 2, "no worker was killed"
            for what in ("params", "cov"):
                assert np.array_equal(getattr(again, what), getattr(whole, what)), what
            cluster.scale(0)
            dask_chunks._PATIENCE = 3.0
            try:
                pv.fit_pooled(stream_of(parted(frame, places)), "y", NAMES)
            except pv.DataError as error:
                assert "none has come for 3 seconds" in str(error)
            else:
                raise AssertionError("fitted without workers")
    print("the same numbers")

if __name__ == "__main__":
    main()
"""


@pytest.mark.slow
def test_workers_of_a_cluster_one_of_which_is_killed(tmp_path):
    pytest.importorskip("distributed")
    script = tmp_path / "cluster.py"
    script.write_text(CLUSTER.format(folder=str(Path(__file__).parent)))
    run = subprocess.run([sys.executable, str(script)], capture_output=True, text=True)
    assert run.stdout.strip() == "the same numbers", run.stderr[-3000:]

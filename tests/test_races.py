"""Races of the benchmarks: nothing is timed that is not equal, and the page says what was met and what was not."""

from __future__ import annotations

import json
import sys
from types import ModuleType

import numpy as np
import pytest

if not hasattr(sys.modules["os"], "fork"):
    pytest.skip("races fork", allow_module_level=True)


@pytest.fixture
def benchmarks(monkeypatch, request):
    monkeypatch.syspath_prepend(str(request.config.rootpath))
    from benchmarks import race

    return race


@pytest.fixture
def program(monkeypatch):
    """Programs that do the job "sum" well, slightly wrong, wrong, or not at all."""

    def add(name, run):
        module = ModuleType(f"benchmarks.programs.{name}")
        module.JOBS = {"sum": lambda sample: lambda: run(sample)}
        monkeypatch.setitem(sys.modules, module.__name__, module)

    def dies(sample):
        raise ValueError("no such\nsum")

    add("panelvar", lambda sample: {"sum": np.array([sample.sum()])})
    add("close", lambda sample: {"sum": np.array([sample.sum() * (1 + 1e-9)])})
    add("wrong", lambda sample: {"sum": np.array([sample.sum() * 1.01])})
    add("floor", lambda sample: None)
    add("dies", dies)
    add("clocks", lambda sample: 5.0)


def sums(race, *programs, **options):
    entries = {name: race.Entry(name, "sum") for name in programs}
    return race.Race("sum", "four", 4, lambda: np.arange(4.0), lambda: np.arange(2.0), entries, 32, **options)


def test_only_what_is_equal_has_a_time(benchmarks, program):
    found = benchmarks.run(
        sums(benchmarks, "panelvar", "close", "wrong", "floor", "dies", "clocks", "absent"), once=True
    )
    programs = found["programs"]
    assert {name for name, each in programs.items() if "seconds" in each} == {"panelvar", "close", "floor", "clocks"}
    assert programs["close"]["accuracy"] == pytest.approx(1e-9, rel=1e-5)
    assert programs["wrong"]["missing"] == "ArithmeticError: differs by 1.0e-02 of the largest entry"
    assert programs["dies"]["missing"] == "ValueError: no such"
    assert programs["absent"]["missing"] == "not installed"
    assert programs["clocks"]["seconds"] == 5.0


def test_a_process_that_ends_badly_ends_its_race_alone(benchmarks):
    import os

    assert benchmarks.forked(lambda: {"a": 1}) == {"a": 1}
    assert benchmarks.forked(lambda: os._exit(9)) == {"ended": "status 9"}
    assert benchmarks.forked(lambda: os.kill(os.getpid(), 9)) == {"ended": "status -9"}


def test_answers_that_cannot_be_compared_are_refused(benchmarks):
    from benchmarks.programs.answers import accuracy

    with pytest.raises(ValueError, match="nothing in common"):
        accuracy({"a": np.ones(1)}, {"b": np.ones(1)})
    with pytest.raises(ValueError, match="shapes"):
        accuracy({"a": np.ones(1)}, {"a": np.ones(2)})
    assert np.isnan(accuracy({"a": np.ones(2)}, {"a": np.array([1.0, np.nan])}))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="weighs by /proc")
def test_memory_is_what_a_call_adds_at_most(benchmarks, monkeypatch):
    module = ModuleType("benchmarks.programs.heavy")
    module.JOBS = {"sum": lambda sample: lambda: {"sum": np.array([(sample + 1.0).sum()])}}
    monkeypatch.setitem(sys.modules, module.__name__, module)
    sample, tiny = np.zeros(4_000_000), np.zeros(4)
    entry = benchmarks.Entry("heavy", "sum")
    found = benchmarks.forked(lambda: {"peak": benchmarks.weighed(entry, tiny, sample)})
    assert 0.9 < found["peak"] / sample.nbytes < 1.2


def test_a_run_fails_where_a_program_that_is_there_does_not_agree(benchmarks, program):
    from benchmarks.profiles import failed

    assert not failed(benchmarks.run(sums(benchmarks, "panelvar", "close", "absent"), once=True))
    assert failed(benchmarks.run(sums(benchmarks, "panelvar", "wrong"), once=True))
    assert failed({"ended": "status -9", "programs": {}})


def measured(job, shape, size, **programs):
    return {"job": job, "shape": shape, "size": size, "columns": 8 * size, "programs": programs}


def test_the_page_says_what_is_met_missed_and_not_measured(benchmarks):
    from benchmarks.speed_report import numbers, tables

    races = [
        measured(
            "fixed effects",
            "1e5 x 10",
            100_000,
            panelvar={"seconds": 0.01, "peak": 400_000},
            linearmodels={"seconds": 0.31, "accuracy": 1e-12},
            pyfixest={"missing": "not installed: a | b"},
        ),
        measured("VAR", "K = 2, T = 100", 200, panelvar={"seconds": 1e-3}, statsmodels={"seconds": 11e-3}),
        measured("wheel", "packed", 1, panelvar={"bytes": 2e6}),
    ]
    page = numbers(races)
    assert "| fixed effects, beside linearmodels | 1e5 x 10 | at least 30x | 31x | met |" in page
    assert "| fixed effects, beside pyfixest |  | at least 10x | not measured | |" in page
    assert "| VAR | K = 2, T = 100 | at least 12x | 11x | **missed** |" in page
    assert "| wheel | packed | at most 1.5 MB | 2 MB | limit |" in page
    assert "1 of 2 are met." in page
    targets, limits = page.split("What limits the others, which are no targets any more:")
    assert "- wheel: 2 MB." in limits and "- wheel" not in targets
    assert "| 1e5 x 10 | panelvar | 10 ms |  | 0.50 |  |" in tables(races)
    assert "|  | pyfixest | not installed: a / b | | |  |" in tables(races)


def test_every_program_has_the_jobs_that_races_ask_of_it(benchmarks):
    import importlib

    from benchmarks.races import races
    from benchmarks.sizes import PROFILES
    from benchmarks.targets import NUMBERS

    listed = {profile: list(races(profile)) for profile in PROFILES}
    entries = {entry for of_profile in listed.values() for race in of_profile for entry in race.entries.values()}
    for module, job, _ in entries:
        try:
            jobs = importlib.import_module(f"benchmarks.programs.{module}").JOBS
        except ImportError:
            continue
        assert job in jobs, module
    full = {(race.job, race.shape) for race in listed["full"]}
    assert {(race.job, race.shape) for race in listed["standard"]} <= full
    shapes = [{"job": race.job, "shape": race.shape, "size": race.size} for race in listed["full"]]
    for number in NUMBERS:
        assert [each for each in shapes if each["job"] == number.job and number.shapes(each)], number.text


def profile(path, **times):
    """A file of two races: ours beside a peer, and ours alone, which weighs."""
    races = []
    for job, programs in (("beside", ("panelvar", "peer")), ("alone", ("panelvar",))):
        found = {
            name: {"seconds": times[f"{job}_{name}"], "quartiles": [times[f"{job}_{name}"]] * 2} for name in programs
        }
        if job == "alone":
            found["panelvar"]["peak"] = times["bytes"]
        races.append({"job": job, "shape": "1e6 x 10", "programs": found})
    path.write_text(json.dumps({"races": races}), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("after", "changes"),
    [
        # The whole machine was slower.
        ({"beside_panelvar": 2.0, "beside_peer": 4.0, "alone_panelvar": 2.0, "bytes": 1e8}, ["same", "same", "same"]),
        ({"beside_panelvar": 1.3, "beside_peer": 2.0, "alone_panelvar": 1.3, "bytes": 1.3e8}, ["slower"] * 3),
        (
            {"beside_panelvar": 0.7, "beside_peer": 2.0, "alone_panelvar": 1.0, "bytes": 1.04e8},
            ["faster"] + ["same"] * 2,
        ),
    ],
)
def test_two_files_of_races_are_compared_less_what_the_machine_did(benchmarks, tmp_path, capsys, after, changes):
    from benchmarks.compare_races import main, verdicts

    old = profile(tmp_path / "old.json", beside_panelvar=1.0, beside_peer=2.0, alone_panelvar=1.0, bytes=1e8)
    new = profile(tmp_path / "new.json", **after)
    assert [each.change for each in verdicts(old, new)] == changes
    assert main(old, new) == ("slower" in changes)
    assert "beside, 1e6 x 10" in capsys.readouterr().out


def test_growth_is_told_by_kind_of_sample(benchmarks):
    from benchmarks.speed_report import growth

    def taken(rows, seconds, peak, job="fixed effects", shape=""):
        race = measured(job, f"{rows} x 10{shape}", rows, panelvar={"seconds": seconds, "peak": peak})
        return race | {"columns": 88 * rows}

    races = [taken(10_000, 0.001, 1e6), taken(1_000_000, 0.1, 1e8), taken(57, 1.0, 1.0)]
    races += [taken(n, n / 1e6, 2e8, "Parquet, fixed effects", ", 50 entities") for n in (100_000, 10_000_000)]
    lines = growth(races).splitlines()
    assert "| fixed effects | 11 | 10,000 | 1 ms |  | 1 MB |  |" in lines
    assert "|  |  | 1,000,000 | 100 ms | 1.00 | 100 MB | 1.00 |" in lines
    assert "|  |  | 10,000,000 | 10 s | 1.00 | 200 MB | 0.00 |" in lines
    assert sum("57" in line for line in lines) == 0


def test_the_pages_of_speeds_are_made_of_the_numbers_beside_them(benchmarks, request):
    from benchmarks import speed_page, speed_report

    docs = request.config.rootpath / "docs"
    developers = docs / "developers"
    pictures = [name for name in ("speed_times", "speed_memory") if (developers / f"{name}.png").is_file()]
    measured = json.loads((docs / "evidence" / "speed.json").read_text(encoding="utf-8"))
    assert speed_page.page(measured) == (docs / "evidence" / "speed.md").read_text(encoding="utf-8")
    assert speed_report.page(measured, pictures) == (developers / "speed_targets.md").read_text(encoding="utf-8")


def test_the_page_of_speeds_compares_programs_and_names_those_that_are_faster(benchmarks):
    from benchmarks.speed_page import page, slower, table

    races = [
        measured("KPSS", "T = 200", 200, panelvar={"seconds": 2e-3}, arch={"seconds": 1e-3}, QR={"seconds": 1e-9}),
        measured("KPSS", "T = 1e4", 200, panelvar={"seconds": 1e-3}, arch={"seconds": 12.3e-3}, vars={"missing": "R"}),
        measured("alone", "57 x 2", 57, panelvar={"seconds": 1e-3}),
    ]
    assert list(table(races, "seconds", ends=True))[2:] == [
        "| KPSS | T = 200 | 2 ms | arch 0.5 |",
        "|  | T = 1e4 | 1 ms | arch 12 |",
    ]
    weighed = [measured("KPSS", "T = 1e6", 200, panelvar={"peak": 12.34e6}, arch={"peak": 1234e6})]
    assert list(table(weighed, "peak", ends=False))[2:] == ["| KPSS | T = 1e6 | 12.3 MB | arch 100 |"]
    assert slower(races) == "Faster than panelvar: KPSS in arch (0.5 of our time)."
    machine = {"processor": "", "machine": "x86_64", "cores": 2, "python": "3.11", "packages": {"numpy": "2"}}
    assert "(not measured)" in page({"profile": "smoke", "machine": machine, "races": races})


def test_the_picture_of_speeds_finds_its_races(request):
    import runpy

    root = request.config.rootpath / "docs"
    picture = runpy.run_path(str(root / "building" / "speed_picture.py"))
    races = json.loads((root / "evidence" / "speed.json").read_text(encoding="utf-8"))["races"]
    bars = list(picture["bars"](races))
    assert len(bars) > len(picture["SHOWN"])
    assert {name for _, name, _ in bars} == set(picture["PEERS"])

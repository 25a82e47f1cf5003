"""The fuzzer sees the whole surface, can say what each call is given, and repeats itself."""

from __future__ import annotations

import ast
import inspect
import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from fuzz import case, surface
from fuzz.arguments import NEVER, Writer
from fuzz.campaign import SLOWEST, Tally, campaign
from fuzz.mutants import MUTANTS, hunted
from fuzz.surface import Target

import panelvar as pv


def test_every_public_name_is_fuzzed():
    """Read off the stub, which is not how the fuzzer finds them."""
    stub = Path(pv.__file__).with_name("__init__.pyi").read_text(encoding="utf-8")
    names = {alias.name for node in ast.parse(stub).body if isinstance(node, ast.ImportFrom) for alias in node.names}
    errors = {
        name
        for name in names
        if inspect.isclass(getattr(pv, name)) and issubclass(getattr(pv, name), Warning | Exception)
    }
    alone = {target.name for target in case.schedule() if target.owner is None}
    owners = {target.owner for target in case.schedule() if target.owner is not None}
    for name in sorted(names - errors - alone):
        kind = getattr(pv, name)
        assert inspect.isclass(kind) and any(issubclass(owner, kind) for owner in owners), f"{name} has no turn"


def test_every_member_of_every_result_has_its_turn():
    turns = {(target.owner, target.name) for target in case.schedule()}
    for kind in surface.results():
        missed = [name for name in dir(kind) if not name.startswith("_") and (kind, name) not in turns]
        assert [name for name in missed if not hasattr(tuple, name)] == [], kind


def test_results_that_calls_return_are_found():
    """Some that no name of the package leads to but annotations."""
    found = {kind.__name__ for kind in surface.results()}
    assert found >= {
        "Responses",
        "Forecast",
        "HistoricalDecomposition",
        "LagSelection",
        "RSquared",
        "ConfidenceSet",
        "RelationTest",
    }


@pytest.mark.parametrize(
    "target", [target for target in surface.targets() if target.call], ids=lambda target: target.label
)
def test_every_parameter_has_a_rule(target):
    for name, found in surface.parameters(target.call).items():
        if name not in NEVER:
            writer = Writer(random.Random(1), case.world_of(1, 0))
            writer.where = target.label
            assert writer.argument(target.call, name, found)


def test_a_case_is_a_function_of_its_numbers():
    texts = [case.write(3, number).text() for number in range(200)]
    case.world_of.cache_clear()
    assert [case.write(3, number).text() for number in range(200)] == texts
    assert len(set(texts)) > 190


@pytest.mark.slow
def test_a_case_is_the_same_in_every_process():
    """Python hashes texts differently from one process to the next, and orders sets by it."""
    program = "from fuzz import case; print([case.write(3, number).text() for number in range(200)])"
    texts = set()
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
        )
        texts.add(done.stdout)
    assert len(texts) == 1


def causes(tally):
    return "\n".join(tally.causes(examples=2))


def test_a_few_hundred_calls_end_as_they_should():
    said = []
    tally = campaign(((11, number) for number in range(300)), say=said.append)
    assert tally.calls == 300
    assert not tally.failures, causes(tally)
    assert said == [] and len(tally.slowest) == SLOWEST


def test_a_campaign_says_what_hardly_returned():
    """Of functions, members and classes: what returned too rarely is named, and all are in the table."""
    tally = Tally()
    for name in surface.functions():
        for _ in range(2 if name == "fit_var" else 3):
            tally.add(name, "returned", ())
    tally.add("VarResult.params", "refused", ())
    assert tally.rarely_returned(3) == [(2, "fit_var")] and tally.rarely_returned(2) == []
    assert "1 public functions returned fewer than 3 times: fit_var 2" in tally.report(least=3)
    rows = tally.table().splitlines()
    assert {"fit_var,2,0,0", "VarResult.params,0,1,0", "Panel,0,0,0"} <= set(rows)
    assert len(rows) == 1 + len({target.label for target in surface.targets()})


def test_a_member_of_another_class_is_not_asked_for():
    """What returns one of two classes may return the other, whose members are others."""
    program = case.write(3, 0)
    owner = Target("pvalues", next(kind for kind in surface.results() if kind.__name__ == "MomentSelection"), None)
    lines = (("r1", "pv.fit_var(series)"), ("r2", "pv.select_lags(series, max_lags=2)"))
    assert case.run(replace(program, target=owner, lines=lines, call="r2.pvalues")).kind == "unreached"


def turns(name, first, last):
    """The numbers of the cases that call a function."""
    schedule = case.schedule()
    return [number for number in range(first, last) if schedule[number % len(schedule)].label == name]


@pytest.mark.slow
def test_some_thousand_calls_end_as_they_should():
    """Some minutes of one core; every public function both returns and refuses."""
    tally = campaign((12, number) for number in range(4000))
    assert not tally.failures, causes(tally)
    for name in surface.functions():
        if name.startswith("plot"):
            continue
        for kind in ("returned", "refused"):
            if not tally.ended[name, kind]:
                # How often a function has had its turn is chance; that it never ends so is not.
                further = campaign((12, number) for number in turns(name, 4000, 24_000))
                assert not further.failures, causes(further)
                assert further.ended[name, kind], f"{name} never {kind}"


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["engle-granger-units", "orderings-that-are-no-sequences", "labels-that-label-nothing"]
)
def test_the_fuzzer_finds_a_defect_put_back(name):
    # One call in a dozen of those that reach a defect meets it, and six of a seed's calls do: twelve seeds all but
    # surely find it, and the first that does ends the search.
    ((_, found),) = hunted([name], "1-12", 20_000, 600.0)
    assert found


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_defect_can_be_put_back(mutant):
    source = Path(pv.__file__).parent.joinpath(*mutant.module.split(".")).with_suffix(".py")
    text = source.read_text(encoding="utf-8")
    assert text.count(mutant.now) == 1
    compile(text.replace(mutant.now, mutant.then), str(source), "exec")

"""Every reference number is reproduced, or left out for a stated reason (see ``runner.py``)."""

from __future__ import annotations

import pytest
from parity.panels import answered
from parity.runner import (
    CHANGE,
    FOLDER,
    Case,
    Comparison,
    Exclusion,
    all_cases,
    audit,
    groups,
    idle,
    own_size,
    printed,
    unnoticed,
    within,
)

# Not reproduced from a tree of comparisons: their own tests read them.
OTHER_TESTS = {"nist_strd_linear": "tests/accuracy/test_nist.py"}

GROUPS = [(file, group) for file in sorted(all_cases()) for group in groups(file)]


@pytest.mark.filterwarnings("ignore:.*of true nulls at 5%")
@pytest.mark.parametrize(("file", "group"), GROUPS, ids=[f"{file}-{group}" for file, group in GROUPS])
def test_every_number_is_reproduced_or_excluded(file, group):
    account = audit(all_cases()[file], group)
    failures = account.failures
    assert not failures, f"{len(failures)} failures, the first 40:\n" + "\n".join(failures[:40])
    # Each of them changed by 3e-7 is reported, unless fewer digits are printed or a wider tolerance says why.
    for outcome in unnoticed(all_cases()[file], account):
        excused = outcome.tolerance.is_printed or outcome.tolerance.reason
        allowed = outcome.tolerance.allowed(outcome.expected, outcome.scale)
        wide = allowed > 0.9 * CHANGE * own_size(outcome.expected, outcome.scale)
        assert outcome.skipped or (excused and wide), f"nobody would see this number wrong: {outcome}"


@pytest.mark.parametrize("file", sorted(all_cases()))
def test_no_exclusion_or_comparison_is_idle(file):
    assert idle(all_cases()[file]) == []


def test_every_reference_file_has_a_case():
    files = {path.stem for path in FOLDER.glob("*.json")}
    assert files == set(all_cases()) | set(OTHER_TESTS)


# The runner itself must be able to fail.
TREE = {
    "m": {
        "coef": {"(Intercept)": 2.0, "x": 1e-3},
        "vcov": {"names": ["a", "b"], "values": [[4.0, 1e-12], [1e-12, 1e-6]]},
        "path": [[1.0, 0.0], [0.5, 0.25]],
        "beside": [100.0, 1.0],
        "pvalue": 0.0,
        "n": 10,
        "exact": True,
        "df": "Inf",
    }
}


def account(monkeypatch, comparisons, exclusions=()):
    monkeypatch.setattr("parity.runner.expected_tree", lambda file: TREE)
    return audit(Case("toy", comparisons, exclusions, names={"(Intercept)": "const"}), "m")


RIGHT = [
    Comparison("m/coef", lambda: {"const": 2.0, "x": 1e-3}),
    Comparison("m/vcov", lambda: [[4.0, 1.01e-12], [1.01e-12, 1e-6]]),
    Comparison("m/path", lambda: [[1.0, 1e-12], [0.5, 0.25]]),
    Comparison("m/beside", lambda: [100.0, 1.0]),
    Comparison("m/pvalue", lambda: 1e-40),
    Comparison("m/df", lambda: float("inf")),
]


def test_runner_accepts_a_full_account(monkeypatch):
    result = account(monkeypatch, RIGHT, [Exclusion("m/n", "a setting")])
    assert result.failures == []
    assert result.excluded == {"a setting": 1}
    assert sum(outcome.skipped for outcome in result.outcomes) == 1
    assert len(result.outcomes) == 2 + 4 + 4 + 2 + 1 + 1


def test_runner_reports_an_unaccounted_leaf(monkeypatch):
    assert any("m/n: unaccounted" in line for line in account(monkeypatch, RIGHT).failures)


def test_runner_reports_a_leaf_compared_and_excluded(monkeypatch):
    failures = account(monkeypatch, RIGHT, [Exclusion("m/n", "a setting"), Exclusion("**/x", "why")]).failures
    assert failures == ["m/coef/x: both compared and excluded"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("m/coef", {"const": 2.0, "x": 1e-3 * (1 + 3e-8)}),  # small beside its neighbour: judged on its own scale
        ("m/beside", [100.0, 1.0 + 3e-8]),  # in a list too
        ("m/beside", [100.0 + 1.2e-6, 1.0]),
        ("m/coef", {"const": float("nan"), "x": 1e-3}),
        ("m/vcov", [[4.0, 1e-10], [1e-10, 1e-6]]),
        ("m/path", [[1.0, 2e-8], [0.5, 0.25]]),
        ("m/path", [[1.0, 0.0, 0.0], [0.5, 0.25, 0.0]]),
        ("m/df", 1e300),
        ("m/nowhere", 1.0),
        ("m/n", 10.0 + 1e-6),
        ("m/coef", {"const": None, "x": 1e-3}),
    ],
)
def test_runner_reports_a_wrong_value(monkeypatch, path, value):
    result = account(monkeypatch, [Comparison(path, lambda: value)])
    assert [line for line in result.failures if "unaccounted" not in line]


def test_a_changed_number_is_noticed_wherever_it_stands(monkeypatch):
    """In objects, lists, covariance matrices; what is left has a wide tolerance."""
    wide = Comparison("m/beside", lambda: [100.0, 1.0], within(1e-6, reason="for this test"))
    comparisons = [item for item in RIGHT if item.path != "m/beside"] + [wide]
    result = account(monkeypatch, comparisons, [Exclusion("m/n", "a setting")])
    left = unnoticed(Case("toy", comparisons, names={"(Intercept)": "const"}), result)
    assert ["/".join(outcome.path) for outcome in left] == ["m/beside/0", "m/beside/1"]
    assert TREE["m"]["beside"] == [100.0, 1.0]


def test_paths_through_lists_are_compared(monkeypatch):
    """What a program answered inside a list is kept; what it refused there is left out."""
    monkeypatch.setattr("parity.panels.expected_tree", lambda file: TREE)
    inside, refused = (Comparison(path, lambda: 0.5) for path in ("m/path/1/0", "m/path/7"))
    assert answered("toy", [inside, refused]) == [inside]
    assert answered("toy", [inside], [Exclusion("m/path/1", "why")]) == []


def test_labelled_matrices_are_matched_by_label(monkeypatch):
    import pandas as pd

    frame = pd.DataFrame([[1e-6, 1e-12], [1e-12, 4.0]], index=["b", "a"], columns=["b", "a"])
    result = account(monkeypatch, [Comparison("m/vcov", lambda: frame)])
    assert not [line for line in result.failures if "unaccounted" not in line]


@pytest.mark.parametrize(("value", "agrees"), [(0.80601, True), (0.80596, True), (0.80606, False), (0.8059, False)])
def test_printed_digits(value, agrees):
    assert (abs(value - 0.806) <= printed(decimals=4).allowed(0.806, 0.806)) is agrees
    assert (abs(value - 0.806) <= printed(significant=4).allowed(0.806, 0.806)) is agrees


def test_a_looser_tolerance_needs_a_reason():
    with pytest.raises(ValueError, match="reason"):
        within(1e-4, reason="")
    with pytest.raises(ValueError, match="reason"):
        printed(decimals=3, units=2)

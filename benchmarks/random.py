"""Random effects: one-way against linearmodels, unbalanced two-way against one-way, likelihood."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import panelvar as pv
from benchmarks.harness import Row, equal, human, limit, median_seconds, ratio
from benchmarks.samples import crossed_frame, panel_frame

REGRESSORS = ["x0", "x1", "x2"]
RATIO = 10.0
"""Most that an unbalanced two-way fit may take of a one-way fit's time."""


_panel_frame = lru_cache(maxsize=1)(panel_frame)
_crossed_frame = lru_cache(maxsize=1)(crossed_frame)


def _layouts(smoke: bool) -> Iterator[tuple[str, tuple[int, int]]]:
    for entities, periods in [(150, 8), (40, 30)] if smoke else [(111_000, 10), (11_100, 100), (1_110, 1_000)]:
        yield f"{entities} entities, {periods} periods, unbalanced", (entities, periods)


def _crossed_layouts(smoke: bool) -> Iterator[tuple[str, tuple[int, int, int]]]:
    """Few of the pairs of levels occur, and both effects have more levels than are factored."""
    for entities, periods, seen in [(60, 50, 6)] if smoke else [(100_000, 5_000, 10), (20_000, 20_000, 50)]:
        yield f"{entities} by {periods} levels, {seen} rows each", (entities, periods, seen)


def _frame(entities: int, periods: int) -> Any:
    return _panel_frame(entities, periods, len(REGRESSORS), keep=0.9, correlation=0.0)


def _likelihoods(smoke: bool) -> Iterator[tuple[str, tuple[int, int], str, str]]:
    entities, periods = (60, 12) if smoke else (11_100, 10)
    for effects in ("entity", "twoway"):
        for method in ("ml", "reml"):
            label = f"{method}, {effects}, {entities} entities, {periods} periods"
            yield label, (entities, periods), effects, method


def rows(*, smoke: bool = False) -> Iterator[Row]:
    """List our side of each timing."""

    def prepare(make: Callable[..., Any], layout: tuple[int, ...], *options: Any) -> Callable[[], Any]:
        data = make(*layout)
        return lambda: _fit(data, *options)

    def row(label: str, *given: Any) -> Row:
        return Row(label, lambda: prepare(*given))

    clustered = ("twoway", "swamy-arora", pv.Clustered("entity"))
    for size, layout in _layouts(smoke):
        yield row(f"one-way, {size}", _frame, layout, "entity")
        yield row(f"two-way, {size}", _frame, layout, "twoway")
        yield row(f"two-way, clustered, {size}", _frame, layout, *clustered)
    for size, crossed in _crossed_layouts(smoke):
        yield row(f"one-way, {size}", _crossed_frame, crossed, "entity")
        yield row(f"two-way, {size}", _crossed_frame, crossed, "twoway")
        yield row(f"two-way, clustered, {size}", _crossed_frame, crossed, *clustered)
    for label, layout, effects, method in _likelihoods(smoke):
        yield row(label, _frame, layout, effects, method)


def main(*, smoke: bool = False) -> None:
    """Time entity effects, both effects, and both where neither side can be factored."""
    budget = 0.05 if smoke else 2.0
    for size, layout in _layouts(smoke):
        frame = _frame(*layout)
        seconds = _one_way(frame, size, budget, target=None if smoke else 10)
        _two_way(frame, size, seconds, budget, bound=None if smoke else RATIO)
    for size, crossed in _crossed_layouts(smoke):
        frame = _crossed_frame(*crossed)
        panel = pv.Panel(frame, "entity", "time")
        seconds = median_seconds(lambda panel=panel: _fit(panel, "entity"), budget=budget)
        _two_way(frame, size, seconds, budget, bound=None)
    for label, layout, effects, method in _likelihoods(smoke):
        frame = _frame(*layout)
        seconds = median_seconds(lambda f=frame, e=effects, m=method: _fit(f, e, m), budget=budget)
        print(label.ljust(46), human(seconds))


def _fit(data: Any, effects: str, method: str = "swamy-arora", cov: Any = "classical") -> pv.LinearResult:
    panel = data if isinstance(data, pv.Panel) else pv.Panel(data, "entity", "time")
    with warnings.catch_warnings():
        # Eight periods are few.
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        result = pv.fit_random_effects(panel, "y", REGRESSORS, effects=effects, variance_components=method, cov=cov)
    result.params, result.std_errors, result.pvalues  # noqa: B018
    return result


def _one_way(frame: Any, size: str, budget: float, target: float | None) -> float:
    """Compare with linearmodels' estimator with the same variance components; return our seconds."""
    from linearmodels.panel import RandomEffects

    indexed = frame.set_index(["entity", "time"]).assign(const=1.0)

    def peer() -> Any:
        result = RandomEffects(indexed["y"], indexed[["const", *REGRESSORS]]).fit(small_sample=True)
        result.params, result.std_errors, result.pvalues  # noqa: B018
        return result

    mine, theirs = _fit(frame, "entity"), peer()
    equal("one-way", mine.params, theirs.params[mine.params.index], 1e-7)
    equal("one-way", mine.std_errors, theirs.std_errors[mine.params.index], 1e-7)
    seconds = median_seconds(lambda: _fit(frame, "entity"), budget=budget)
    ratio(f"one-way, {size}", seconds, "linearmodels", median_seconds(peer, budget=budget), target)
    return seconds


def _two_way(frame: Any, size: str, one_way: float, budget: float, bound: float | None) -> None:
    """Time both effects, and what the symmetric root adds where robust errors want it."""
    variances = _fit(frame, "twoway").variance_components
    assert variances is not None
    if min(d.variance for d in variances.dimensions) == 0.0:
        raise AssertionError(f"{size}: a variance is zero, and timings would mean nothing")
    seconds = median_seconds(lambda: _fit(frame, "twoway"), budget=budget)
    times = seconds / one_way
    text = f"two-way {human(seconds)}, {times:.1f}x one-way"
    if bound is None:
        print(f"{size:<46} {text}")
    else:
        limit(size, times, f"{text}, at most {bound:g}x", bound)
    robust = median_seconds(lambda: _fit(frame, "twoway", cov=pv.Clustered("entity")), budget=budget)
    print(f"{size:<46} clustered by entity {human(robust)}")

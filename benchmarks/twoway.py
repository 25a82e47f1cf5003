"""Two-way fixed effects on unbalanced panels; two and three effects on workers who change firms."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np

import panelvar as pv
from benchmarks.harness import Row, equal, median_seconds, ratio
from benchmarks.kernels import kernel
from benchmarks.samples import panel_frame, ring_frame, worker_frame

REGRESSORS = ["x0", "x1", "x2"]
_panel_frame = lru_cache(maxsize=1)(panel_frame)


def _layouts(smoke: bool) -> Iterator[tuple[str, tuple[int, int]]]:
    for entities, periods in [(200, 12)] if smoke else [(11_000, 10), (110_000, 10), (11_000, 100)]:
        yield f"{entities} entities, {periods} periods", (entities, periods)


def _frame(entities: int, periods: int) -> Any:
    return _panel_frame(entities, periods, len(REGRESSORS), keep=0.9)


@lru_cache(maxsize=1)
def _workers(connection: str, smoke: bool) -> Any:
    workers, firms = (500, 40) if smoke else (100_000, 5_000)
    if connection == "a ring":
        return ring_frame(workers, firms - 1, 10)
    moves, reach = (1.0, None) if connection == "well connected" else (0.1, 3)
    return worker_frame(workers, firms, 10, moves=moves, reach=reach)


def _samples() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Names, connections and effects of the samples of workers."""
    for connection in ("well connected", "poorly connected", "a ring"):
        for effects in (("worker", "firm"), ("worker", "firm", "year")):
            yield f"{len(effects)} effects, {connection}", connection, effects


def _ours(frame: Any) -> Any:
    result = pv.fit_fixed_effects(pv.Panel(frame, "entity", "time"), "y", REGRESSORS, effects="twoway")
    joint = result.f_statistic
    result.params, result.std_errors, result.pvalues, result.rsquared, joint.pvalue  # noqa: B018
    return result


def _our_many(frame: Any, effects: tuple[str, ...]) -> Any:
    result = pv.fit_fixed_effects(pv.Panel(frame, "worker", "year"), "y", REGRESSORS, effects=effects)
    result.params, result.std_errors, result.pvalues  # noqa: B018
    return result


def _our_projection(columns: Any, codes: list[Any]) -> Any:
    absorb, grouping = kernel("kernels.absorption.absorb").absorb, kernel("kernels.linear.groups").Grouping
    absorbed = absorb([grouping.from_codes(c) for c in codes])
    tables = absorbed.tables(columns)
    return kernel("kernels.linear.rows").subtract_tables(columns, list(zip(codes, tables, strict=True)), slice(None))


def _columns(frame: Any, effects: tuple[str, ...]) -> tuple[Any, list[Any]]:
    columns = np.asfortranarray(frame[[*REGRESSORS, "y"]].to_numpy())
    return columns, [frame[effect].to_numpy() for effect in effects]


def _columns_of(connection: str, smoke: bool, effects: tuple[str, ...]) -> tuple[Any, list[Any]]:
    return _columns(_workers(connection, smoke), effects)


def rows(*, smoke: bool = False) -> Iterator[Row]:
    """List our side of each timing."""

    def prepare(run: Callable[..., Any], make: Callable[..., tuple[Any, ...]], *options: Any) -> Callable[[], Any]:
        given = make(*options)
        return lambda: run(*given)

    for size, layout in _layouts(smoke):
        yield Row(size, lambda layout=layout: prepare(_ours, lambda: (_frame(*layout),)))
    for name, connection, effects in _samples():
        given = (connection, smoke, effects)
        yield Row(name, lambda g=given: prepare(_our_many, lambda c, s, e: (_workers(c, s), e), *g))
        yield Row(f"projection, {name}", lambda g=given: prepare(_our_projection, _columns_of, *g))


def main(*, smoke: bool = False) -> None:
    """Time the exact solve against linearmodels' and pyfixest's iterations."""
    from linearmodels.panel import PanelOLS
    from pyfixest import feols

    budget = 0.05 if smoke else 3.0
    regressors = REGRESSORS
    for size, layout in _layouts(smoke):
        frame = _frame(*layout)
        indexed = frame.set_index(["entity", "time"])
        formula = f"y ~ {' + '.join(regressors)} | entity + time"

        def peer(indexed: Any = indexed, regressors: Any = regressors) -> Any:
            model = PanelOLS(indexed["y"], indexed[regressors], entity_effects=True, time_effects=True)
            result = model.fit()
            result.params, result.std_errors, result.pvalues, result.rsquared, result.f_statistic  # noqa: B018
            return result

        def fixest(frame: Any = frame, formula: str = formula) -> Any:
            result = feols(formula, frame, vcov="iid")
            result.coef(), result.se(), result.pvalue()
            return result

        mine, theirs, third = _ours(frame), peer(), fixest()
        equal("two-way", mine.params[regressors], theirs.params[regressors], 1e-6)
        equal("two-way", mine.std_errors[regressors], theirs.std_errors[regressors], 1e-6)
        equal("two-way", mine.params[regressors], third.coef()[regressors], 1e-6)
        seconds = median_seconds(lambda frame=frame: _ours(frame), budget=budget)
        ratio(size, seconds, "linearmodels", median_seconds(peer, budget=budget), None if smoke else 20)
        ratio(size, seconds, "pyfixest", median_seconds(fixest, budget=budget), None if smoke else 3)
    for name, connection, effects in _samples():
        # Targets are for well connected samples; on the others the ratio is reported whatever it is.
        targets = not smoke and connection == "well connected"
        _many(_workers(connection, smoke), effects, name, budget, targets=targets)


def _many(frame: Any, effects: tuple[str, ...], name: str, budget: float, *, targets: bool) -> None:
    """Time a regression against pyfixest's two demeaners, and the projection alone against within-py."""
    from pyfixest import feols
    from pyfixest.demeaners import LsmrDemeaner, MapDemeaner

    regressors = REGRESSORS
    formula = f"y ~ {' + '.join(regressors)} | {' + '.join(effects)}"
    seconds = median_seconds(lambda: _our_many(frame, effects), budget=budget)
    # Alternating projections are its default; without a preconditioner they stop at its limit of iterations.
    for peer, demeaner in (("pyfixest", MapDemeaner()), ("pyfixest, within", LsmrDemeaner())):

        def fixest(demeaner: Any = demeaner) -> Any:
            result = feols(formula, frame, vcov="iid", demeaner=demeaner)
            result.coef(), result.se(), result.pvalue()
            return result

        try:
            theirs = fixest()
        except ValueError as error:
            print(f"{name:<46} ours {seconds:.3g} s   {peer}: {error}")
            continue
        try:
            equal(name, _our_many(frame, effects).params[regressors], theirs.coef()[regressors], 1e-6)
        except AssertionError as error:
            # Iterations that stop at a looser tolerance stop early where levels are poorly connected.
            if targets:
                raise
            print(f"{name:<46} ours {seconds:.3g} s   {peer}: {error}")
            continue
        ratio(name, seconds, peer, median_seconds(fixest, budget=budget), 3 if targets else None)
    _projection(frame, effects, name, budget, targets=targets)


def _projection(frame: Any, effects: tuple[str, ...], name: str, budget: float, *, targets: bool) -> None:
    """Time the projection of four columns, each to its own tolerance; we run on one core.

    within-py runs on every core unless ``RAYON_NUM_THREADS=1`` is set (which holds pyfixest to one as well).
    """
    threads = os.environ.get("RAYON_NUM_THREADS") or f"{os.cpu_count()}"
    try:
        from within import solve_batch
    except ImportError:
        print(f"{name:<46} within-py is not installed")
        return
    columns, codes = _columns(frame, effects)
    design = np.asfortranarray(np.column_stack([c.astype(np.uint32) for c in codes]))

    def theirs() -> Any:
        return solve_batch(design, columns)

    found = theirs()
    if all(found.converged):
        equal(name, _our_projection(columns, codes), found.demeaned, 1e-5)
    else:
        print(f"{name:<46} within-py says that it has not converged")
    seconds = median_seconds(lambda: _our_projection(columns, codes), budget=budget)
    peer = f"within-py, {threads} threads"
    ratio(f"projection, {name}", seconds, peer, median_seconds(theirs, budget=budget), 2 if targets else None)

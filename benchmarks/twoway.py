"""Two-way fixed effects on unbalanced panels; two and three effects on workers who change firms."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

import panelvar as pv
from benchmarks.harness import equal, median_seconds, ratio
from benchmarks.samples import panel_frame, ring_frame, worker_frame
from panelvar.kernels.absorb import absorb, subtract_tables
from panelvar.kernels.groups import Grouping


def main(*, smoke: bool = False) -> None:
    """Time the exact solve against linearmodels' and pyfixest's iterations."""
    from linearmodels.panel import PanelOLS
    from pyfixest import feols

    budget = 0.05 if smoke else 3.0
    layouts = [(200, 12)] if smoke else [(11_000, 10), (110_000, 10), (11_000, 100)]
    for entities, periods in layouts:
        k = 3
        frame = panel_frame(entities, periods, k, keep=0.9)
        regressors = [f"x{j}" for j in range(k)]
        indexed = frame.set_index(["entity", "time"])
        size = f"{entities} entities, {periods} periods"
        formula = f"y ~ {' + '.join(regressors)} | entity + time"

        def ours(frame: Any = frame, regressors: Any = regressors) -> Any:
            result = pv.fit_fixed_effects(pv.Panel(frame, "entity", "time"), "y", regressors, effects="twoway")
            joint = result.f_statistic
            result.params, result.std_errors, result.pvalues, result.rsquared, joint.pvalue  # noqa: B018
            return result

        def peer(indexed: Any = indexed, regressors: Any = regressors) -> Any:
            model = PanelOLS(indexed["y"], indexed[regressors], entity_effects=True, time_effects=True)
            result = model.fit()
            result.params, result.std_errors, result.pvalues, result.rsquared, result.f_statistic  # noqa: B018
            return result

        def fixest(frame: Any = frame, formula: str = formula) -> Any:
            result = feols(formula, frame, vcov="iid")
            result.coef(), result.se(), result.pvalue()
            return result

        mine, theirs, third = ours(), peer(), fixest()
        equal("two-way", mine.params[regressors], theirs.params[regressors], 1e-6)
        equal("two-way", mine.std_errors[regressors], theirs.std_errors[regressors], 1e-6)
        equal("two-way", mine.params[regressors], third.coef()[regressors], 1e-6)
        seconds = median_seconds(ours, budget=budget)
        ratio(size, seconds, "linearmodels", median_seconds(peer, budget=budget), None if smoke else 20)
        ratio(size, seconds, "pyfixest", median_seconds(fixest, budget=budget), None if smoke else 3)
    workers, firms = (500, 40) if smoke else (100_000, 5_000)
    samples = (
        ("well connected", worker_frame(workers, firms, 10, moves=1.0, reach=None)),
        ("poorly connected", worker_frame(workers, firms, 10, moves=0.1, reach=3)),
        ("a ring", ring_frame(workers, firms - 1, 10)),
    )
    for label, frame in samples:
        for effects in (("worker", "firm"), ("worker", "firm", "year")):
            # Targets are for well connected samples; on the others the ratio is reported whatever it is.
            _many(frame, effects, label, budget, targets=not smoke and label == "well connected")


def _many(frame: Any, effects: tuple[str, ...], label: str, budget: float, *, targets: bool) -> None:
    """Time a regression against pyfixest's two demeaners, and the projection alone against within-py."""
    from pyfixest import feols
    from pyfixest.demeaners import LsmrDemeaner, MapDemeaner

    regressors = ["x0", "x1", "x2"]
    formula = f"y ~ {' + '.join(regressors)} | {' + '.join(effects)}"

    def ours() -> Any:
        result = pv.fit_fixed_effects(pv.Panel(frame, "worker", "year"), "y", regressors, effects=effects)
        result.params, result.std_errors, result.pvalues  # noqa: B018
        return result

    name = f"{len(effects)} effects, {label}"
    seconds = median_seconds(ours, budget=budget)
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
            equal(name, ours().params[regressors], theirs.coef()[regressors], 1e-6)
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
    columns = np.asfortranarray(frame[["x0", "x1", "x2", "y"]].to_numpy())
    codes = [frame[effect].to_numpy() for effect in effects]
    design = np.asfortranarray(np.column_stack([c.astype(np.uint32) for c in codes]))

    def ours() -> Any:
        absorbed = absorb([Grouping.from_codes(c) for c in codes])
        tables = absorbed.tables(columns)
        return subtract_tables(columns, list(zip(codes, tables, strict=True)), slice(None))

    def theirs() -> Any:
        return solve_batch(design, columns)

    found = theirs()
    if all(found.converged):
        equal(name, ours(), found.demeaned, 1e-5)
    else:
        print(f"{name:<46} within-py says that it has not converged")
    seconds = median_seconds(ours, budget=budget)
    peer = f"within-py, {threads} threads"
    ratio(f"projection, {name}", seconds, peer, median_seconds(theirs, budget=budget), 2 if targets else None)

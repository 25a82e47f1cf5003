"""Estimates of draws of a panel's entities: all of them at once, and one by one with a QR decomposition of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

import panelvar as pv
from benchmarks import dynamic_panels
from benchmarks.programs.answers import Answer, Call
from panelvar.panels.dynamic.gmm_estimate import GmmEstimate
from panelvar.panels.dynamic.instrument_moments import StackedMoments
from panelvar.systems.panel_var.drawn_moments import WeightedRefits

DRAWS = 50


def _drawn(frame: pd.DataFrame) -> tuple[GmmEstimate, np.ndarray]:
    """Fit a panel VAR by two-step GMM, and draw how often each entity counts."""
    model = dynamic_panels.panel_var(pv.Panel(frame, "entity", "time"), ["a", "b", "c"])
    entities = model.n_entities
    counts = np.random.default_rng(0).multinomial(entities, np.full(entities, 1.0 / entities), size=DRAWS)
    return model.fit.gmm, counts.astype(float)


def at_once(frame: pd.DataFrame) -> Call:
    found, counts = _drawn(frame)
    # What draws share is made in each run, too.
    return lambda: {"params": WeightedRefits(found, np.arange(found.model.n_regressors))(counts).params}


def one_by_one(frame: pd.DataFrame) -> Call:
    found, counts = _drawn(frame)
    products = found.problem.products

    def run() -> Answer:
        estimates = []
        for own in counts:
            weight = found.model.kept.instruments.weight(found.row_covariances(), own)
            moments = StackedMoments(products * np.sqrt(own))
            problem = replace(found.problem, moments=moments, total=products @ own, weight=weight)
            estimates.append(replace(found, problem=problem).params)
        return {"params": np.array(estimates)}

    return run


JOBS: dict[str, Callable[[pd.DataFrame], Call]] = {"draws of entities": at_once, "draws of entities, by QR": one_by_one}

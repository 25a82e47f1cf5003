"""Consistent estimates of a first-order autoregression of a panel, to evaluate a bias at."""

from __future__ import annotations

from panelvar.base.arrays import Array
from panelvar.dynamic_panels.dynamic_model import Specification, build_model
from panelvar.dynamic_panels.gmm_convention import gmm_convention
from panelvar.dynamic_panels.gmm_estimate import estimate
from panelvar.dynamic_panels.lag_instruments import Instruments, LagInstruments, StandardInstruments
from panelvar.dynamic_panels.lagged_rows import LaggedRows

INITIAL_WORDS = {"ah": "Anderson-Hsiao", "ab": "Arellano-Bond, one-step", "bb": "Blundell-Bond, one-step"}


def initial_estimates(rows: LaggedRows, kind: str, outcome: Array) -> Array:
    """One-step GMM estimates of the lag and the slopes, (1 + m,).

    Anderson and Hsiao's instrument is the level two periods before; Arellano and Bond's are all levels from there on;
    Blundell and Bond's system has the regressors as instruments of both equations and no constant, as ``xtlsdvc``
    has it.

    Parameters
    ----------
    rows : LaggedRows
    kind : {"ah", "ab", "bb"}
    outcome : (n,) array
        The dependent variable in every row of the panel, in its order.
    """
    dependent, regressors = rows.design.dependent, rows.names[1:]
    panel = rows.design.panel.with_columns(
        panel_order=True, **{dependent: outcome}, **dict(zip(regressors, rows.regressors, strict=True))
    )
    sets: tuple[Instruments, ...] = (LagInstruments(dependent, 2, 2 if kind == "ah" else None, collapse=kind == "ah"),)
    if regressors:
        sets = (*sets, StandardInstruments(regressors, "both" if kind == "bb" else "transformed"))
    specification = Specification(
        (dependent,),
        rows.names[:1],
        1,
        regressors,
        sets,
        level_equation=kind == "bb",
        time_effects=rows.time_effects,
    )
    found = estimate(
        build_model(panel, specification, "drop"),
        gmm_convention("default"),
        steps=1,
        joint=True,
        cov_kind="robust",
        h=None,
        groups=None,
        group_label="entities",
    )
    return found.params[: len(rows.names), 0]

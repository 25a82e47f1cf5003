"""The table of vector autoregressions against statsmodels, vars, gretl, Stata and EViews."""

from __future__ import annotations

from features import (
    var_band_rows,
    var_cointegration_rows,
    var_estimation_rows,
    var_projection_rows,
    var_response_rows,
    var_test_rows,
)
from features.feature import FeatureTable
from features.var_names import (
    BANDS,
    FORECASTS,
    IDENTIFICATION,
    LAGS,
    NAMES,
    RESPONSES,
    SHOWN,
    SPECIFICATION,
    TESTS,
    UNIT_ROOTS,
)

PROGRAMS = {
    "statsmodels": "0.15; run for the reference numbers",
    "vars": (
        "1.6-1, with the R packages it works with or beside (sandwich, urca, tseries, svars, lpirfs); run for the "
        "reference numbers, where marked"
    ),
    "gretl": "2025a; run for the reference numbers",
    "Stata": "19, read in its documentation; its numbers come from published logs, since it cannot be run here",
    "EViews": (
        "13, read in its documentation; no published output but [the paper's](../studies/paper.md), compared there"
    ),
}

GROUPS = {
    SPECIFICATION: "What stands in the equations, how it is estimated, and many systems at once.",
    LAGS: "How the order is chosen, and the forms of the criteria.",
    IDENTIFICATION: "Stability, and what tells shocks from errors.",
    RESPONSES: "What a shock does, when, and how much of the variance or of history it explains.",
    BANDS: "Sources of draws, rules that make limits of them, and what they are put around.",
    FORECASTS: "The future, given everything or something, and how well it was forecast before.",
    TESTS: "Causality, residuals, constancy.",
    UNIT_ROOTS: "Whether series wander, and whether they wander together.",
}

TABLE = FeatureTable(
    page="features_var",
    title="vector autoregressions",
    introduction="Vector autoregressions, their structure, bands, forecasts and tests.",
    programs=PROGRAMS,
    groups=GROUPS,
    features=[
        *var_estimation_rows.ROWS,
        *var_response_rows.ROWS,
        *var_projection_rows.ROWS,
        *var_band_rows.ROWS,
        *var_test_rows.ROWS,
        *var_cointegration_rows.ROWS,
    ],
    names=NAMES,
    shown=SHOWN,
)

"""The table of static panel estimation against plm, Stata, EViews, gretl, linearmodels and pyfixest."""

from __future__ import annotations

from features import (
    panel_cluster_rows,
    panel_comparison_rows,
    panel_covariance_rows,
    panel_data_rows,
    panel_error_correction_rows,
    panel_fgls_rows,
    panel_fixed_rows,
    panel_formula_rows,
    panel_hausman_taylor_rows,
    panel_instrumental_rows,
    panel_other_rows,
    panel_picture_rows,
    panel_question_rows,
    panel_random_rows,
    panel_serial_test_rows,
    panel_test_rows,
    panel_wild_rows,
)
from features.feature import FeatureTable
from features.panel_names import (
    COVARIANCE,
    DATA,
    FIXED,
    FORMULA,
    NAMES,
    OTHER,
    PICTURE,
    QUESTION,
    RANDOM,
    SHOWN,
    SIDE_BY_SIDE,
    TEST,
)

PROGRAMS = {
    "plm": (
        "2.6-5, with the R packages that work on its models or data (sandwich, clubSandwich, nlme, panelAR, AER); run "
        "for the reference numbers"
    ),
    "Stata": "19, read in its documentation; its numbers come from published logs, since it cannot be run here",
    "EViews": (
        "13, read in its documentation; no published output with usable data was found but "
        "[the paper's](../studies/paper.md), which is compared on that page, so nothing is marked here"
    ),
    "gretl": "2025a; run for the reference numbers",
    "linearmodels": "7.1; run for the reference numbers",
    "pyfixest": "0.60; run for the reference numbers",
}

GROUPS = {
    RANDOM: "Variance components by method, dimension and shape of the panel; likelihood; correlated effects.",
    FIXED: "Any number of effects and slopes, their exact rank, their estimates and errors, predictions, weights.",
    FORMULA: "What a formula and the name of a coefficient may say.",
    COVARIANCE: "What the standard errors are robust to, and what to do with few clusters.",
    OTHER: "Pooled, between and differenced regressions; panels whose slopes differ by entity; error correction.",
    QUESTION: "Marginal effects, functions of coefficients, tests by term, results as frames.",
    TEST: "Effects, poolability, correlated effects, serial correlation, dependence, variances, slopes, causality.",
    SIDE_BY_SIDE: "Several fits in one table, as journals print it.",
    DATA: "What data may be, and how rows are chosen and matched.",
    PICTURE: "Pictures of coefficients, residuals, effects and series, and the limits that stand in them.",
}

TABLE = FeatureTable(
    page="features",
    title="static panel models",
    introduction="Linear panel models, their covariances and tests.",
    programs=PROGRAMS,
    groups=GROUPS,
    features=[
        *panel_random_rows.ROWS,
        *panel_question_rows.ROWS,
        *panel_hausman_taylor_rows.ROWS,
        *panel_fixed_rows.ROWS,
        *panel_formula_rows.ROWS,
        *panel_covariance_rows.ROWS,
        *panel_cluster_rows.ROWS,
        *panel_wild_rows.ROWS,
        *panel_other_rows.ROWS,
        *panel_fgls_rows.ROWS,
        *panel_instrumental_rows.ROWS,
        *panel_error_correction_rows.ROWS,
        *panel_test_rows.ROWS,
        *panel_serial_test_rows.ROWS,
        *panel_comparison_rows.ROWS,
        *panel_data_rows.ROWS,
        *panel_picture_rows.ROWS,
    ],
    names=NAMES,
    shown=SHOWN,
)

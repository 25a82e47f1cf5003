"""The table of dynamic panels and panel vector autoregressions against Stata, plm, panelvar, gretl and Python."""

from __future__ import annotations

from features import (
    bias_corrected_rows,
    dynamic_gmm_rows,
    dynamic_test_rows,
    panel_var_question_rows,
    panel_var_rows,
)
from features.dynamic_panels_names import (
    CORRECTED,
    ERRORS,
    ESTIMATOR,
    INSTRUMENT,
    NAMES,
    QUESTION,
    SHOWN,
    SYSTEM,
    TEST,
)
from features.feature import FeatureTable

PROGRAMS = {
    "Stata": (
        "18 and StataNow: xtabond, xtdpd, xtdpdsys, xtvar, their documentation, and output that others published; with "
        "community commands marked †. Stata cannot be run here, nor can the next three"
    ),
    "xtabond2": "3.7, for Stata: its help file, and output that others published",
    "xtdpdgmm": "2.6.2, for Stata: its help file; no output on usable data, so nothing is marked",
    "pvar": "for Stata (Abrigo and Love 2016): its article and help file; no output on usable data",
    "plm": "2.6-5 (R), pgmm, run for the reference numbers",
    "panelvar": "0.5.6 (R), run for the reference numbers",
    "gretl": "2025a, dpanel, run for the reference numbers",
    "pydynpd": "0.2.2 (Python): its documentation. It stops with NumPy 2.4, and errs across gaps, so nothing is marked",
    "panelbox": "1.0.2 (Python): its documentation; its system estimates match no weight matrix, so nothing is marked",
}

GROUPS = {
    ESTIMATOR: "One equation, few periods, many entities: older levels and differences as instruments.",
    INSTRUMENT: "How effects are taken out, gaps included, and which lags instrument what.",
    ERRORS: "One step or more, what weighs the moments, and errors that can be believed.",
    TEST: "Whether moments and errors are what they are taken to be.",
    CORRECTED: "Few entities, or none of the trouble with instruments: exogenous regressors are the price.",
    SYSTEM: "Several variables that move one another, in many entities.",
    QUESTION: "Causality, dynamics, bands and forecasts: all that a system of one entity has.",
}

TABLE = FeatureTable(
    page="features_dynamic_panels",
    title="dynamic panels and panel vector autoregressions",
    introduction="Panels whose past is among the regressors, of one variable or several.",
    programs=PROGRAMS,
    groups=GROUPS,
    features=[
        *dynamic_gmm_rows.ESTIMATOR_ROWS,
        *dynamic_gmm_rows.INSTRUMENT_ROWS,
        *dynamic_test_rows.ERROR_ROWS,
        *dynamic_test_rows.TEST_ROWS,
        *bias_corrected_rows.ROWS,
        *panel_var_rows.ROWS,
        *panel_var_question_rows.ROWS,
    ],
    names=NAMES,
    shown=SHOWN,
)

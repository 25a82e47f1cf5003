"""The table of panel unit roots and cointegration against plm, Stata, EViews, gretl, arch, pvars and tspdlib."""

from __future__ import annotations

from features import (
    panel_battery_rows,
    panel_cointegration_rows,
    panel_common_factor_rows,
    panel_individual_root_rows,
    panel_rank_rows,
    panel_relation_rows,
    panel_unit_root_rows,
)
from features.feature import FeatureTable
from features.panel_roots_names import (
    BATTERIES,
    COINTEGRATION,
    FACTORS,
    INDEPENDENT,
    NAMES,
    RELATIONS,
    SHOWN,
    STATIONARY,
)

PROGRAMS = {
    "plm": (
        "2.6-5, with pco 1.0.1, run for the reference numbers; and R packages that test panels or fit relations, by "
        "their manuals (punitroots 0.0-2, PANICr 1.0.0, dcce 0.4.2, Westerlund, cointReg 0.2.0, pdolsms 0.2)"
    ),
    "Stata": (
        "19, read in the documentation of xtunitroot and xtcointtest, and the help files of community commands; there "
        "was no output of them on data that may be had here, so nothing is marked"
    ),
    "EViews": "13, read in its documentation; no output on usable data, so nothing is marked",
    "gretl": "2025a, run for the reference numbers; its cointegration tests refuse panels",
    "Python": (
        "arch 8.0.0, a series at a time, and Westerlund 0.1.2, a port of Stata's xtwest; run for the reference numbers"
    ),
    "pvars": "1.1.1 (R), run for the reference numbers; tests of cointegration alone",
    "tspdlib": "3.0.0 (GAUSS), read in its documentation; it cannot be run here",
}

GROUPS = {
    INDEPENDENT: "One root for all entities or one for each; what decides which test it is.",
    FACTORS: "Entities that react, each in its way, to the same shocks.",
    STATIONARY: "Beside the tests of the other null hypothesis.",
    COINTEGRATION: "Whether variables that wander do so together.",
    RELATIONS: "The slopes of variables that wander together.",
    BATTERIES: "As papers print them.",
}

TABLE = FeatureTable(
    page="features_panel_roots",
    title="panel unit roots and cointegration",
    introduction="Do variables of a panel wander for good, and do they do so together?",
    programs=PROGRAMS,
    groups=GROUPS,
    features=[
        *panel_unit_root_rows.COMMON_ROOT_ROWS,
        *panel_individual_root_rows.ROWS,
        *panel_common_factor_rows.ROWS,
        *panel_unit_root_rows.HADRI_ROWS,
        *panel_cointegration_rows.ROWS,
        *panel_rank_rows.ROWS,
        *panel_relation_rows.ROWS,
        *panel_battery_rows.ROWS,
    ],
    names=NAMES,
    shown=SHOWN,
)

"""Rows whose call names another program's convention, where a reader's own program has the same number or its own.

A row has one call for all programs. ``docs/evidence/commands_*`` shows it with the preset of the page's program for the
rows listed here, and the tests run it so.
"""

from __future__ import annotations

import re

CONVENTION = re.compile(r"convention=([\"'])\w+\1")

PRESETS = {
    "Stata": "stata",
    "plm": "plm",
    "pyfixest": "pyfixest",
    "linearmodels": "linearmodels",
    "gretl": "gretl",
    "EViews": "eviews",
}
"""Column of the tables -> the preset of that program."""

MAXIMUM_LIKELIHOOD = 200 / 193
"""What a statistic of ``growth`` with two lags is multiplied by where the errors' covariance is divided by the rows."""

OWN: dict[tuple[str, str], dict[str, float]] = {
    ("features_dynamic_panels", "gretl"): {
        "The same, two steps": 1.0,
        "Effects of the periods": 1.0,
        "Blundell-Bond, one step": 1.0,
        "Blundell-Bond, two steps": 1.0,
        "A window of lags": 1.0,
        "Collapsed": 1.0,
        "Sargan": 1.0,
        "Hansen": 1.0,
        "m2": 1.0,
        "Effects of the periods together": 1.0,
    },
    ("features_dynamic_panels", "Stata"): {
        "Effects of the periods": 1.0,
        "Blundell and Bond (1998), every variable with lags as instruments": 1.0,
        "A window of lags": 1.0,
        "Effects of the periods together": 1.0,
    },
    ("features_dynamic_panels", "plm"): {
        "Blundell-Bond, one step": 1.0,
        "Blundell-Bond, two steps": 1.0,
        "Blundell and Bond (1998), every variable with lags as instruments": 1.0,
        "Hansen": 1.0,
        "m2": 1.0,
    },
    ("features_panel_roots", "Stata"): {
        "Its p-value": 1.0,
    },
    ("features", "Stata"): {
        "Swamy-Arora, by entity, unbalanced, harmonic mean of T": 1.0,
        "Pairs of levels that occur": 1.0,
        "HC0 and HC1 with absorbed effects": 1.0,
        "Robust covariances of random effects": 1.0,
        "CR1 by cluster": 1.0,
        "CR2 by cluster": 1.0,
        "CR3 by cluster": 1.0,
        "Satterthwaite degrees of freedom (Bell-McCaffrey, Pustejovsky-Tipton)": 1.0,
        "CR2 with crossing effects": 1.0,
        "Averages over periods (Fama-MacBeth)": 1.0,
        "Swamy's random coefficients": 1.0,
        "Test that coefficients do not differ (Swamy)": 1.0,
        "Two-step GMM": 1.0,
        "Clustered errors with instruments": 1.0,
        "Hansen's J": 1.0,
    },
    ("features", "linearmodels"): {
        "Swamy-Arora, by entity, unbalanced, harmonic mean of T": 1.0,
        "HC0 and HC1 with absorbed effects": 1.0,
    },
    ("features", "gretl"): {
        "Swamy-Arora, by entity, Stata's small-sample version": 1.0,
        "Nerlove, by entity, balanced": 1.0,
        "Clustered by entity": 1.0,
        "Two-step GMM": 1.0,
        "Clustered errors with instruments": 1.0,
        "Hansen's J": 1.0,
    },
    ("features", "EViews"): {
        "Swamy-Arora, by time, balanced": 1.0,
        "Swamy-Arora, by time, unbalanced": 1.0,
        "Swamy-Arora, two-way, balanced": 1.0,
        "Wallace-Hussain, by entity, balanced": 1.0,
        "Wallace-Hussain, by entity, unbalanced": 1.0,
        "Wallace-Hussain, by time, balanced": 1.0,
        "Wallace-Hussain, by time, unbalanced": 1.0,
        "Wallace-Hussain, two-way, balanced": 1.0,
        "Amemiya, by entity, balanced": 1.0,
        "Amemiya, by entity, unbalanced": 1.0,
        "Amemiya, by time, balanced": 1.0,
        "Amemiya, by time, unbalanced": 1.0,
        "Amemiya, two-way, balanced": 1.0,
        "HC0 and HC1 with absorbed effects": 1.0,
        "Robust covariances of random effects": 1.0,
        "Clustered by entity": 1.0,
        "CR0 by cluster": 1.0,
        "CR1 by cluster": 1.0,
        "CR2 by cluster": 1.0,
        "CR3 by cluster": 1.0,
        "Fixed effects with AR(1) errors": 1.0,
        "Two-step GMM": 1.0,
        "Clustered errors with instruments": 1.0,
        "Hansen's J": 1.0,
    },
    ("features", "plm"): {
        "Standard errors of two-way effects, unbalanced, equal to dense GLS": 1.0,
        "Instruments in the last part": 1.0,
        "Orthogonal polynomials": 1.0,
        "Averages over periods (Fama-MacBeth)": 1.0,
    },
    ("features", "pyfixest"): {
        "Clustered by entity": 1.0,
    },
    ("features_var", "Stata"): {
        "AIC per observation": 1.0,
        "Lag-exclusion tests by equation and jointly": MAXIMUM_LIKELIHOOD,
        "Joint significance of an equation, of any set of lags": MAXIMUM_LIKELIHOOD,
        "Granger causality, chi-squared": MAXIMUM_LIKELIHOOD,
        "Granger causality of blocks": MAXIMUM_LIKELIHOOD,
    },
    ("features_var", "EViews"): {
        "AIC per observation": 1.0,
    },
}
"""Table and column -> name of a row -> its number under the program's own preset, as a multiple of the row's."""


def call_for(table: str, column: str, name: str, call: str) -> str:
    """A row's call as the page of a program shows it."""
    if name not in OWN.get((table, column), ()):
        return call
    return CONVENTION.sub(f'convention="{PRESETS[column]}"', call)

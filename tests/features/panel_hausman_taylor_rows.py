"""Rows of regressors that are correlated with the entity effects, with instruments from inside the model."""

from __future__ import annotations

from features.feature import Feature, reference
from features.panel_names import RANDOM, params

CHECKS = "tests/panels/random_effects/test_hausman_taylor.py"
ROWS = [
    Feature(
        RANDOM,
        "Hausman-Taylor",
        'fit_hausman_taylor(*wages, endogenous=["exp", "exp2", "wks", "married", "union", "ed"])',
        params("ed"),
        reference("wages_plm_ht/balanced/baltagi/coef/ed"),
        (
            f"{CHECKS}::test_against_dense_projections",
            f"{CHECKS}::test_the_effect_of_what_does_not_vary_is_estimated_without_bias",
        ),
        {
            "plm": 'random.method = "ht", inst.method = "baltagi"',
            "Stata": "xthtaylor",
            "gretl": "hausman_taylor†",
        },
        {"plm": ("wages_plm_ht/balanced/baltagi", "wages_plm_ht/unbalanced/baltagi")},
    ),
    Feature(
        RANDOM,
        "Amemiya-MaCurdy",
        'fit_hausman_taylor(*wages, endogenous=["exp", "exp2", "wks", "married", "union", "ed"], '
        'method="amemiya-macurdy")',
        params("ed"),
        reference("wages_plm_ht/balanced/am/coef/ed"),
        (f"{CHECKS}::test_against_dense_projections",),
        {"plm": 'random.method = "ht", inst.method = "am"', "Stata": "xthtaylor, amacurdy"},
        {"plm": ("wages_plm_ht/balanced/am", "wages_plm_ht/unbalanced/am")},
    ),
    Feature(
        RANDOM,
        "Breusch-Mizon-Schmidt",
        'fit_hausman_taylor(*wages, endogenous=["exp", "exp2", "wks", "married", "union", "ed"], '
        'method="breusch-mizon-schmidt")',
        params("ed"),
        reference("wages_plm_ht/balanced/bms/coef/ed"),
        (f"{CHECKS}::test_against_dense_projections",),
        {"plm": 'random.method = "ht", inst.method = "bms"'},
        {"plm": ("wages_plm_ht/balanced/bms", "wages_plm_ht/unbalanced/bms")},
    ),
]

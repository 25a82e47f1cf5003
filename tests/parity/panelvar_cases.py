"""Vector autoregressions of a panel as R's panelvar fits them, on Swedish municipalities."""

from __future__ import annotations

import warnings
from functools import cache

import pandas as pd
from parity.runner import Case, Comparison, Exclusion
from reference_data import table

import panelvar as pv

NAMES = ["expenditures", "revenues", "grants"]
LABELS = {f"demeaned_lag1_{name}": f"L1.{name}" for name in NAMES} | {f"demeaned_{name}": name for name in NAMES}


@cache
def within(lags: int) -> pv.PanelVarResult:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return pv.fit_panel_var(table("dahlberg").set_index(["id", "year"]), NAMES, lags, method="within")


def by_equation(values: pd.DataFrame) -> pd.DataFrame:
    """A row for each equation, as panelvar prints them."""
    return values.T


CASES = [
    Case(
        "dahlberg_panelvar",
        preset="default",
        names=LABELS,
        comparisons=[Comparison("pvarfeols_lag1/coef", lambda: by_equation(within(1).params))],
        exclusions=[
            *(
                Exclusion(
                    f"pvarfeols_lag1/{key}",
                    "panelvar's residuals keep a mean in every entity: y is demeaned over other rows than its lags; "
                    "and effects cost no degrees of freedom (rebuilt in tests/parity/test_panelvar_errors.py)",
                )
                for key in ("se", "oirf", "fevd")
            ),
            Exclusion(
                "pvarfeols_lag2",
                "panelvar demeans every column over its own rows, which with two lags changes the coefficients too "
                "(rebuilt in tests/parity/test_panelvar_errors.py)",
            ),
            *(
                Exclusion(key, "panel vector autoregressions by moments are not offered yet")
                for key in ("lag1_*", "lag2_*", "sys_*")
            ),
        ],
    ),
]

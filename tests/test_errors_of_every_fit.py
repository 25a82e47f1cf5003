"""What the page on standard errors says of `cov=` and `with_cov` holds of every function that fits."""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

import panelvar as pv

PAGE = Path(__file__).resolve().parents[1] / "docs" / "choose" / "standard_errors.md"
FORMULA = "invest ~ value + capital"
SMALL = "log(emp) ~ log(wage)"
GRUNFELD, FIRMS = pv.load_data("grunfeld"), pv.load_data("employment")
COUNTIES = pv.load_data("minimum_wage")
SERIES = pv.load_data("us_macro").loc["1960Q1":"2000Q4", ["infl", "unemp", "fedfunds"]]
ONE_EQUATION = [
    *("fit_pooled", "fit_between", "fit_first_difference", "fit_fixed_effects", "fit_random_effects"),
    *("fit_correlated_random_effects", "fit_fgls", "fit_fixed_effects_ar1", "fit_random_effects_ar1"),
    *("fit_mean_group", "fit_swamy", "fit_fama_macbeth", "fit_dynamic_fixed_effects", "fit_pooled_mean_group"),
    *("fit_ardl_mean_group", "fit_fmols", "fit_dols", "fit_ccr"),
]
INSTRUMENTED = ["fit_iv_pooled", "fit_iv_between", "fit_iv_first_difference", "fit_iv_fixed_effects"]
DYNAMIC = ["fit_anderson_hsiao", "fit_arellano_bond", "fit_blundell_bond", "fit_bias_corrected_moments", "fit_lsdvc"]
CALLS: dict[str, Callable[[], object]] = {
    **{name: lambda name=name: getattr(pv, name)(GRUNFELD, FORMULA) for name in ONE_EQUATION},
    **{
        name: lambda name=name: getattr(pv, name)(
            FIRMS, "emp", ["capital"], endogenous=["wage"], instruments=["output"]
        )
        for name in (*INSTRUMENTED, "fit_iv_random_effects")
    },
    **{name: lambda name=name: getattr(pv, name)(FIRMS, SMALL) for name in DYNAMIC},
    "fit_common_correlated_effects": lambda: pv.fit_common_correlated_effects(GRUNFELD, "invest ~ value"),
    "fit_general_fgls": lambda: pv.fit_general_fgls(pv.load_data("wage_panel"), "lwage ~ exper + union"),
    "fit_hausman_taylor": lambda: pv.fit_hausman_taylor(
        pv.load_data("wage_panel"), "lwage ~ exper + union + married + educ", endogenous=["educ"]
    ),
    **{
        name: lambda name=name: getattr(pv, name)(COUNTIES, "lemp", cohort="first_treat")
        for name in (
            "fit_event_study",
            "fit_sun_abraham",
            "fit_callaway_santanna",
            "fit_imputation",
            "fit_two_stage",
            "fit_extended_two_way",
            "fit_two_way_event_study",
        )
    },
    "fit_var": lambda: pv.fit_var(SERIES, lags=2),
    "fit_restricted_var": lambda: pv.fit_restricted_var(SERIES, lags=2, restrictions={"infl": ["L1.unemp"]}),
    "fit_vecm": lambda: pv.fit_vecm(SERIES, rank=1, lags=2),
    "fit_svar": lambda: pv.fit_svar(pv.fit_var(SERIES, lags=2), pv.ShortRun(a=[[1, 0, 0], ["a", 1, 0], ["b", "c", 1]])),
    "fit_var_batch": lambda: pv.fit_var_batch(FIRMS, ["emp", "wage"], lags=1),
    "fit_rolling_var": lambda: pv.fit_rolling_var(SERIES, lags=1, window=80),
    "fit_local_projections": lambda: pv.fit_local_projections(SERIES, lags=2, horizon=4),
    "fit_panel_local_projections": lambda: pv.fit_panel_local_projections(
        GRUNFELD, "invest", shock="value", lags=1, horizon=2
    ),
    "fit_panel_var": lambda: pv.fit_panel_var(FIRMS, ["emp", "wage"], lags=1),
}
PASSED_ON = {"fit_many", "fit_panel_batch"}
"""Pass ``options={"cov": ...}`` on to the estimator that they are given."""


def test_every_function_that_fits_is_called():
    assert set(CALLS) | PASSED_ON == {name for name in pv.__all__ if name.startswith("fit_")}


def takes_cov(name: str) -> bool:
    return "cov" in inspect.signature(getattr(pv, name)).parameters


def changes_afterwards(name: str) -> bool:
    """Whether ``with_cov`` of what it returns gives a result."""
    result = CALLS[name]()
    if not hasattr(type(result), "with_cov"):
        return False
    for cov in ("HC1", "cluster", "robust"):
        try:
            result.with_cov(cov)
        except pv.SpecificationError:
            continue
        return True
    return False


@pytest.fixture(scope="module")
def exceptions() -> dict[str, tuple[bool, bool]]:
    """The table of exceptions on the page: a function -> whether it has ``cov=``, and ``with_cov``."""
    rows = re.findall(r"^\| (`fit_.*?) \| (yes|no) \| (yes|no) \|", PAGE.read_text(encoding="utf-8"), re.M)
    return {
        name: (cov == "yes", afterwards == "yes")
        for names, cov, afterwards in rows
        for name in re.findall(r"`(fit_\w+)`", names)
    }


def test_the_page_lists_exactly_the_exceptions(exceptions):
    found = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in CALLS:
            has = takes_cov(name), changes_afterwards(name)
            if has != (True, True):
                found[name] = has
    assert exceptions == found

"""Rows of estimators of cointegrating relations in panels."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from features.feature import Feature
from features.panel_roots_names import RELATIONS
from nonstationary.relations.relation_twins import DynamicEntity, Entity
from parity.runner import expected_tree
from reference_data import table

TEXTBOOK = "tests/nonstationary/relations/test_against_textbook.py"
ARCH = "grunfeld_cointegrating_arch"
OWN = f"{TEXTBOOK}::test_each_entity_is_what_the_textbook_gives"
SHARED = f"{TEXTBOOK}::test_shared_slopes_are_sums_over_entities"
DYNAMIC = f"{TEXTBOOK}::test_dynamic_entities_are_what_the_textbook_gives"
DYNAMIC_SHARED = f"{TEXTBOOK}::test_dynamic_shared_slopes_are_sums_over_entities"
DIFFERENT = f"{TEXTBOOK}::test_weights_that_scale_the_regressors_too_would_depend_on_units"


def of_arch(model: str, kind: str = "params") -> np.ndarray:
    """Value's coefficient, or its error, of each firm."""
    return np.array([models[model][kind]["value"] for models in expected_tree(ARCH).values()])


@cache
def firms() -> list[pd.DataFrame]:
    """Rows of each firm, named as the twins name them."""
    frame = table("grunfeld").rename(columns={"firm": "i", "year": "t", "inv": "y", "value": "x1", "capital": "x2"})
    return [rows for _, rows in frame.groupby("i")]


def shared(kind: str, weighted: bool) -> float:
    """Value's slope, the same for all firms: sums of products, columns modified by averages or by each firm's own."""
    first = [Entity(rows, "c", 3) for rows in firms()]
    within = [(each.x - each.x.mean(axis=0), each.y - each.y.mean()) for each in first]
    start = np.linalg.solve(sum(x.T @ x for x, _ in within), sum(x.T @ y for x, y in within))
    entities = [Entity(rows, "c", 3, start) for rows in firms()]
    average = tuple(np.mean([each.covariances[place] for each in entities], axis=0) for place in range(3))
    products = [each.products(kind, None if weighted else average) for each in entities]
    m = sum(m / (w if weighted else 1.0) for m, _, w in products)
    q = sum(q / (w if weighted else 1.0) for _, q, w in products)
    return float(np.linalg.solve(m, q)[0])


def dynamic_shared(weighted: bool) -> float:
    """The same with a lead and a lag of each firm's own."""
    products = [DynamicEntity(rows, "c", 1, 1).products() for rows in firms()]
    weights = np.ones(10)
    if weighted:
        slopes = np.linalg.solve(sum(m for m, *_ in products), sum(q for _, q, *_ in products))
        weights = np.array([1.0 / bartlett(y - x @ slopes) for *_, x, y in products])
    m = sum(w * m for w, (m, *_) in zip(weights, products, strict=True))
    q = sum(w * q for w, (_, q, *_) in zip(weights, products, strict=True))
    return float(np.linalg.solve(m, q)[0])


def bartlett(e: np.ndarray) -> float:
    """Long-run variance with three lags."""
    return float(e @ e + 2.0 * sum((1.0 - j / 4.0) * (e[j:] @ e[:-j]) for j in (1, 2, 3))) / len(e)


def slope(result: Any) -> float:
    """Of value."""
    return result.params["value"]


def error(result: Any) -> float:
    """Of value's slope."""
    return result.std_errors["value"]


def mean_of(model: str) -> Callable[[], float]:
    """Average of arch's slopes."""
    return lambda: of_arch(model).mean()


def mean_error(model: str) -> Callable[[], float]:
    """Error of an average of independent slopes."""
    return lambda: np.sqrt(np.square(of_arch(model, "std_errors")).sum()) / 10.0


def in_arch(*models: str, what: str = "params") -> dict[str, tuple[str, ...]]:
    return {"Python": tuple(f"{ARCH}/*/{model}/{what}" for model in models)}


FMOLS, CCR, DOLS = "fmols_c_bartlett_3", "ccr_c_bartlett_3", "dols_c_1_1_bartlett_3"

MODIFIED_ROWS = [
    Feature(
        RELATIONS,
        "Fully modified least squares, group mean",
        "fit_fmols(*firms, **plain)",
        slope,
        mean_of(FMOLS),
        (OWN,),
        {
            "plm": "cointReg† cointRegFM(), by entity",
            "Stata": "xtgmcoint†, method(fmols); xtcointreg†, est(fmols)",
            "EViews": "cointreg(method=fmols), grouped",
            "Python": "FullyModifiedOLS, by entity",
        },
        in_arch("fmols_c_bartlett_3", "fmols_n_parzen_4"),
        remark="by default with Andrews's bandwidth and a quadratic spectral kernel of prewhitened residuals",
    ),
    Feature(
        RELATIONS,
        "Its terms: none, a trend, a quadratic trend",
        'fit_fmols(*firms, trend="ct", kernel="bartlett", bandwidth=2, prewhiten=False)',
        slope,
        mean_of("fmols_ct_bartlett_2_counted"),
        (OWN,),
        {
            "plm": "cointReg† deter",
            "Stata": "xtgmcoint†, trend; xtcointreg†, eqtrend(#)",
            "EViews": "trend=",
            "Python": 'trend="ct"',
        },
        in_arch("fmols_ct_bartlett_2_counted", "fmols_ctt_bartlett_0"),
    ),
    Feature(
        RELATIONS,
        "Regressors with terms of their own",
        'fit_fmols(*firms, regressor_trend="ct", **plain)',
        slope,
        mean_of("fmols_c_ct_bartlett_3"),
        (f"{TEXTBOOK}::test_regressors_with_drift_have_terms_of_their_own",),
        {"Stata": "xtcointreg†, xtrend(#)", "EViews": "regtrend=", "Python": 'x_trend="ct"'},
        in_arch("fmols_c_ct_bartlett_3"),
    ),
    Feature(
        RELATIONS,
        "Errors of independent entities' mean",
        'fit_fmols(*firms, cov="estimated", **plain)',
        error,
        mean_error(FMOLS),
        (OWN,),
        {"EViews": "coefficient covariance", "Python": "std_errors, by entity"},
        in_arch("fmols_c_bartlett_3", what="std_errors"),
        remark="the default is the spread over entities",
    ),
    Feature(
        RELATIONS,
        "Errors from the spread over entities",
        "fit_fmols(*firms, **plain)",
        error,
        lambda: of_arch(FMOLS).std(ddof=1) / np.sqrt(10.0),
        (f"{TEXTBOOK}::test_spread_over_entities_is_the_default_of_a_mean_and_has_its_distribution",),
    ),
    Feature(
        RELATIONS,
        "The sum of the entities' t ratios",
        "fit_fmols(*firms, **plain).group_tests()",
        lambda frame: frame.loc["value", "statistic"],
        lambda: (of_arch(FMOLS) / of_arch(FMOLS, "std_errors")).sum() / np.sqrt(10.0),
        (OWN,),
        {"Stata": "xtpedroni†, xtgmcoint†"},
        remark="of the other estimators too",
    ),
    Feature(
        RELATIONS,
        "Fully modified least squares, pooled",
        'fit_fmols(*firms, method="pooled", **plain)',
        slope,
        lambda: shared("fmols", weighted=False),
        (SHARED,),
        {"EViews": "cointreg(method=fmols), pooled"},
    ),
    Feature(
        RELATIONS,
        "Fully modified least squares, weighted",
        'fit_fmols(*firms, method="weighted", **plain)',
        slope,
        lambda: shared("fmols", weighted=True),
        (SHARED, DIFFERENT),
        {"EViews": "cointreg(method=fmols), pooled weighted"},
        remark="by the precision of each entity's error; EViews scales regressors too, so that units count: the guide",
    ),
    Feature(
        RELATIONS,
        "Canonical cointegrating regressions, group mean",
        "fit_ccr(*firms, **plain)",
        slope,
        mean_of(CCR),
        (OWN,),
        {"Stata": "xtcointreg†, est(ccr)", "Python": "CanonicalCointegratingReg, by entity"},
        in_arch("ccr_c_bartlett_3", "ccr_n_parzen_4"),
        remark="of a single series, also EViews",
    ),
    Feature(
        RELATIONS,
        "Canonical cointegrating regressions, pooled",
        'fit_ccr(*firms, method="pooled", **plain)',
        slope,
        lambda: shared("ccr", weighted=False),
        (SHARED,),
    ),
    Feature(
        RELATIONS,
        "Canonical cointegrating regressions, weighted",
        'fit_ccr(*firms, method="weighted", **plain)',
        slope,
        lambda: shared("ccr", weighted=True),
        (SHARED,),
    ),
]

DYNAMIC_ROWS = [
    Feature(
        RELATIONS,
        "Dynamic least squares, group mean",
        "fit_dols(*firms, leads=1, lags=1, **plain)",
        slope,
        mean_of(DOLS),
        (DYNAMIC,),
        {
            "plm": "cointReg† cointRegD(), by entity",
            "Stata": "xtpedroni†; xtgmcoint†, method(dols); xtcointreg†, est(dols)",
            "EViews": "cointreg(method=dols), grouped",
            "Python": "DynamicOLS, by entity",
        },
        in_arch("dols_c_1_1_bartlett_3", "dols_ct_0_2_qs_2.5_counted"),
    ),
    Feature(
        RELATIONS,
        "Its leads and lags by a criterion",
        'fit_dols(*firms, leads="aic", lags="aic", max_leads=2, max_lags=2, **plain)',
        slope,
        mean_of("dols_c_aic"),
        (f"{TEXTBOOK}::test_a_criterion_chooses_leads_and_lags_on_common_rows",),
        {
            "plm": "cointReg† info.crit",
            "Stata": "xtcointreg†, dic()",
            "EViews": "automatic leads and lags",
            "Python": 'method="aic"',
        },
        in_arch("dols_c_aic", "dols_ct_bic"),
    ),
    Feature(
        RELATIONS,
        "Its errors under variances that change",
        'fit_dols(*firms, leads=1, lags=1, cov="kernel", **(plain | {"bandwidth": 2}))',
        error,
        mean_error("dols_c_1_1_robust_bartlett_2"),
        (DYNAMIC,),
        {"Stata": "xtcointreg†, dvce()", "Python": 'cov_type="robust"'},
        in_arch("dols_c_1_1_robust_bartlett_2", "dols_n_1_0_robust_parzen_3_counted", what="std_errors"),
    ),
    Feature(
        RELATIONS,
        "Dynamic least squares, pooled",
        'fit_dols(*firms, leads=1, lags=1, method="pooled", **plain)',
        slope,
        lambda: dynamic_shared(weighted=False),
        (DYNAMIC_SHARED,),
        {"plm": "pdolsms† pdols()", "Stata": "xtdolshm†", "EViews": "cointreg(method=dols), pooled"},
    ),
    Feature(
        RELATIONS,
        "Dynamic least squares, weighted",
        'fit_dols(*firms, leads=1, lags=1, method="weighted", **plain)',
        slope,
        lambda: dynamic_shared(weighted=True),
        (DYNAMIC_SHARED,),
        {"EViews": "cointreg(method=dols), pooled weighted"},
    ),
]

ROWS = [*MODIFIED_ROWS, *DYNAMIC_ROWS]

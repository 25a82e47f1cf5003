"""Rows of error-correction panels: pooled mean group, mean group, dynamic fixed effects, and tests between them."""

from __future__ import annotations

import numpy as np
from features.feature import Feature, reference
from features.panel_names import OTHER, TEST, indicators, params, statistic
from reference_data import table

CHECKS = "tests/nonstationary/error_correction_panels/test_error_correction.py"
R_START = 'start={"value": 0.25, "capital": 0.16}'


def regressions() -> list[tuple[np.ndarray, np.ndarray]]:
    """Each firm's rows: differenced investment; levels, lagged investment, differences, a constant."""
    found = []
    for _, firm in table("grunfeld").groupby("firm"):
        levels, y = firm[["value", "capital"]].to_numpy(), firm["inv"].to_numpy()
        z = np.column_stack((levels[1:], y[:-1], np.diff(levels, axis=0), np.ones(19)))
        found.append((np.diff(y), z))
    return found


def long_runs() -> np.ndarray:
    """Each firm's own long-run coefficients."""
    own = np.array([np.linalg.lstsq(z, dy, rcond=None)[0] for dy, z in regressions()])
    return -own[:, :2] / own[:, 2:3]


def pooled_long_run() -> float:
    """The long run of value in the dense dummy-variable regression."""
    dy, z = (np.concatenate(parts) for parts in zip(*regressions(), strict=True))
    design = np.column_stack((z[:, :-1], indicators(np.repeat(np.arange(10), 19))))
    b = np.linalg.lstsq(design, dy, rcond=None)[0]
    return -b[0] / b[2]


def likelihood_ratio() -> float:
    """Twice the gain of own long runs over R's pooled ones."""
    free = sum(
        -9.5 * (np.log(2.0 * np.pi * np.sum((dy - z @ np.linalg.lstsq(z, dy, rcond=None)[0]) ** 2) / 19.0) + 1.0)
        for dy, z in regressions()
    )
    return 2.0 * (free - reference("grunfeld_pooled_mean_group/ardl_1_1_1/LogL")())


def hausman_test() -> float:
    """The quadratic form in firms' own long runs and those of dynamic fixed effects."""
    dy, z = (np.concatenate(parts) for parts in zip(*regressions(), strict=True))
    design = np.column_stack((z[:, :-1], indicators(np.repeat(np.arange(10), 19))))
    b = np.linalg.lstsq(design, dy, rcond=None)[0]
    left = dy - design @ b
    cov = (left @ left / (190 - 15) * np.linalg.inv(design.T @ design))[:3, :3]
    theta = -b[:2] / b[2]
    jacobian = -np.column_stack((np.eye(2), theta)) / b[2]
    own = long_runs()
    gap = own.mean(axis=0) - theta
    return float(gap @ np.linalg.solve(np.cov(own.T) / 10.0 - jacobian @ cov @ jacobian.T, gap))


def first_order() -> float:
    """Lags of investment that bic chooses for the second firm, all twelve orders compared."""
    firm = table("grunfeld").query("firm == 2")
    y, x = firm["inv"].to_numpy(), firm[["value", "capital"]].to_numpy()
    dy, dx = np.diff(y), np.diff(x, axis=0)
    best = (np.inf, 0)
    for p in (1, 2):
        for q in np.ndindex(3, 3):
            lags = [dy[:-1]] * (p - 1) + [dx[1 - j : len(dx) - j, k] for k in (0, 1) for j in range(q[k])]
            z = np.column_stack((x[2:], y[1:-1], np.ones(18), *lags))
            rss = np.sum((dy[1:] - z @ np.linalg.lstsq(z, dy[1:], rcond=None)[0]) ** 2)
            best = min(best, (18.0 * np.log(rss / 18.0) + np.log(18.0) * z.shape[1], p))
    return float(best[1])


ROWS = [
    Feature(
        OTHER,
        "Pooled mean group",
        f"fit_pooled_mean_group(*grunfeld, {R_START})",
        params("value"),
        reference("grunfeld_pooled_mean_group/ardl_1_1_1/LR/coef/0"),
        (
            f"{CHECKS}::test_the_maximum_of_the_likelihood",
            f"{CHECKS}::test_observed_information_is_the_hessian_of_the_whole_likelihood",
        ),
        {"Stata": "xtpmg†", "EViews": "Panel ARDL (PMG)"},
        remark="R's archived package PooledMeanGroup is reproduced; Grunfeld's likelihood has a higher maximum.",
    ),
    Feature(
        OTHER,
        "Pooled mean group, orders chosen by entity",
        'fit_pooled_mean_group(*grunfeld, lags="bic").orders',
        lambda orders: orders.loc[2, "inv"],
        first_order,
        (
            f"{CHECKS}::test_orders_chosen_entity_by_entity",
            f"{CHECKS}::test_entities_of_different_orders_share_the_long_run",
        ),
        {},
        remark="EViews chooses one order for all, as `common_orders=True` does.",
    ),
    Feature(
        OTHER,
        "Mean group of long runs",
        "fit_ardl_mean_group(*grunfeld)",
        params("value"),
        lambda: float(long_runs()[:, 0].mean()),
        (f"{CHECKS}::test_mean_group", f"{CHECKS}::test_mean_group_by_the_ratio_of_averages"),
        {"Stata": "xtpmg†, mg"},
    ),
    Feature(
        OTHER,
        "Dynamic fixed effects solved for the long run",
        "fit_dynamic_fixed_effects(*grunfeld)",
        params("value"),
        pooled_long_run,
        (f"{CHECKS}::test_dynamic_fixed_effects",),
        {"Stata": "xtpmg†, dfe"},
    ),
    Feature(
        TEST,
        "Common long run: likelihood ratio",
        f"fit_pooled_mean_group(*grunfeld, {R_START}).homogeneity",
        statistic,
        likelihood_ratio,
        (f"{CHECKS}::test_the_maximum_of_the_likelihood",),
        {},
    ),
    Feature(
        TEST,
        "Common long run: Hausman",
        "hausman_test(fit_ardl_mean_group(*grunfeld), fit_dynamic_fixed_effects(*grunfeld))",
        statistic,
        hausman_test,
        (f"{CHECKS}::test_hausman_of_the_long_run",),
        {"Stata": "hausman after xtpmg†"},
    ),
]

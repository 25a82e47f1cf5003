"""Rows of local projections."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from features.feature import Feature, reference
from features.var_names import RESPONSES, growth, instrument, model, two_countries
from reference_data import table

import panelvar as pv

SERIES = "tests/systems/projections/test_local_projections.py"
INSTRUMENTS = "tests/systems/projections/test_projected_instruments.py"
PANELS = "tests/systems/projections/test_panel_local_projections.py"
COVERAGE = "tests/simulation/test_local_projection_coverage.py"


def value(*place: int):
    return lambda result: result.values[place]


def error(*place: int):
    return lambda result: result.std_errors[place]


@cache
def projected(lead: int, lags: int) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients of growth now in growth later, and HC1 errors in output's equation, written out."""
    y = growth().to_numpy()
    rows = np.arange(lags, len(y) - lead)
    x = np.column_stack([y[rows], np.ones(len(rows)), *(y[rows - lag] for lag in range(1, lags + 1))])
    inverse = np.linalg.inv(x.T @ x)
    b = inverse @ x.T @ y[rows + lead]
    scores = x * (y[rows + lead, 0] - x @ b[:, 0])[:, None]
    v = inverse @ scores.T @ scores @ inverse * len(rows) / (len(rows) - x.shape[1])
    return b[:3], np.sqrt(v.diagonal()[:3])


def cholesky() -> float:
    return float((projected(3, 2)[0].T @ np.linalg.cholesky(model().sigma))[1, 0])


def normal() -> float:
    """Bonferroni over the seven horizons of a path, by hand."""
    from scipy.stats import norm

    lp = pv.fit_local_projections(growth(), lags=2, horizon=6)
    return float(lp.values[4, 0, 0] + norm.ppf(1 - 0.025 / 7) * lp.std_errors[4, 0, 0])


def lead_regression() -> float:
    panel = two_countries()
    ahead, past = panel.lead("dl_realgdp", 2), panel.lag("dl_realgdp", 1)
    own = panel.with_columns(panel_order=True, ahead=ahead, past=past, before=panel.lag("dl_realinv", 1))
    frame = pd.DataFrame({name: own.column(name) for name in ("ahead", "dl_realinv", "past", "before")})
    frame = frame.assign(country=own.entity_codes, quarter=own.time_positions).dropna()
    fit = pv.fit_fixed_effects(
        pv.Panel(frame, "country", "quarter"), "ahead", ["dl_realinv", "past", "before"], cov=pv.DriscollKraay(lags=4)
    )
    return float(fit.std_errors["dl_realinv"])


def studentised() -> float:
    """Draws of t against the autoregression's response, by hand."""
    source = pv.ResidualBootstrap(99, seed=1, interval="studentised")
    lp = pv.fit_local_projections(growth(), lags=2, horizon=6)
    values, errors, _ = lp.bootstrap.draws(source)
    ratios = (values[:, 3, 0, 0] - lp.var.impulse_responses(6).values[3, 0, 0]) / errors[:, 3, 0, 0]
    return float(lp.values[3, 0, 0] - np.quantile(ratios, 0.05) * lp.std_errors[3, 0, 0])


def two_stages() -> float:
    """Two-stage least squares three quarters ahead: consumption on output, instrumented by the bill rate."""
    y, rate = growth().to_numpy(), table("us_macro")["tbilrate"].to_numpy()
    rows = np.arange(2, len(y) - 3)
    controls = np.column_stack([np.ones(len(rows)), y[rows - 1], y[rows - 2]])
    instruments = np.column_stack([controls, rate[rows]])
    fitted = instruments @ np.linalg.lstsq(instruments, y[rows, 0], rcond=None)[0]
    stage = np.column_stack([controls, fitted])
    return float(np.linalg.lstsq(stage, y[rows + 3, 1], rcond=None)[0][-1])


def carried_on() -> float:
    """Covariances of residuals with the instrument, over that of output's, and the projection of what they move."""
    u, z = model().resids.to_numpy(), instrument().to_numpy()
    seen = np.isfinite(z)
    impact = u[seen].T @ (z[seen] - z[seen].mean())
    return float((projected(3, 2)[0].T @ impact / impact[0])[1])


def projected_line(figure: Any) -> float:
    """What the second line of a panel shows three quarters after the shock."""
    lines = [line.get_ydata() for line in figure.axes[3].lines if len(line.get_ydata()) == 7]
    return float(lines[1][3]) if len(lines) == 2 and len(figure.axes) == 9 else np.nan


LPIRFS = "lpirfs† lp_lin()"

ROWS = [
    Feature(
        RESPONSES,
        "Local projections of the shocks of a scheme",
        "fit_local_projections(growth, lags=2, horizon=6)",
        value(3, 1, 0),
        cholesky,
        (f"{SERIES}::test_every_horizon_is_a_loop_of_least_squares",),
        {"statsmodels": "LocalProjections", "vars": LPIRFS, "Stata": "lpirf (18)", "EViews": "impulse(irtype=lp)"},
        {
            "statsmodels": ("us_macro_statsmodels_lp/growth/irfs", "us_macro_statsmodels_lp/trend/irfs"),
            "vars": ("lpirfs/lin_unit/mean", "lpirfs/lin_trend/mean"),
        },
    ),
    Feature(
        RESPONSES,
        "Lag-augmented local projections, HC0 to HC3",
        'fit_local_projections(growth, lags=2, horizon=6, identification="reduced_form", shock_size="unit")',
        error(3, 0, 1),
        lambda: float(projected(3, 2)[1][1]),
        (
            f"{SERIES}::test_every_horizon_is_a_loop_of_least_squares",
            f"{COVERAGE}::test_lag_augmentation_keeps_the_level_near_a_unit_root",
        ),
        {"Stata": "lpirf with one lag more, vce(robust) (18)"},
        remark="valid at every horizon, with roots up to one; errors count the impact matrix as estimated",
    ),
    Feature(
        RESPONSES,
        "Local projections with Newey-West errors",
        'fit_local_projections(growth, lags=2, horizon=8, lag_augmented=False, identification="reduced_form", '
        'shock_size="unit", cov=PanelNeweyWest(factor="none"))',
        error(3, 0, 2),
        # The last shock's column of the impact is a unit vector, so that lpirfs' band is an error there.
        reference("lpirfs/lin_unit/half/2/values/0/3"),
        (f"{SERIES}::test_newey_west_is_the_dense_double_sum",),
        {
            "statsmodels": "LocalProjections",
            "vars": LPIRFS,
            "Stata": "lpirf, vce(hac nwest #) (18)",
            "EViews": "impulse(irtype=lp), HAC",
        },
        {
            "statsmodels": ("us_macro_statsmodels_lp/growth/stderr", "us_macro_statsmodels_lp/default/stderr"),
            "vars": ("lpirfs/observed/se", "lpirfs/lin_unit/half"),
        },
        remark="lags of the horizon by default",
    ),
    Feature(
        RESPONSES,
        "Local projections on an observed shock",
        'fit_local_projections(rates, ["infl", "unemp"], shock="tbilrate", lags=3, shock_lags=0, horizon=7)',
        value(2, 1, 0),
        reference("lpirfs/observed/mean/values/1/2"),
        (f"{SERIES}::test_a_named_shock_and_a_series_are_the_same",),
        {"vars": "lpirfs† lp_lin_iv()", "Stata": "lpirf, exog() (18)"},
        {"vars": ("lpirfs/observed/mean", "lpirfs/observed_trend/mean")},
    ),
    Feature(
        RESPONSES,
        "Local projections on an instrumented shock (LP-IV)",
        'fit_local_projections(with_bills, names, shock="dl_realgdp", instruments="tbilrate", lags=2, horizon=6)',
        value(3, 1, 0),
        two_stages,
        (f"{SERIES}::test_an_instrumented_shock_is_two_stage_least_squares",),
        {"vars": "lpirfs† lp_lin_iv(use_twosls = TRUE)", "Stata": "ivlpirf (StataNow)"},
        {"vars": ("lpirfs/instrumented", "lpirfs/overidentified")},
    ),
    Feature(
        RESPONSES,
        "Local projections of the shock of an external instrument",
        'fit_local_projections(growth, lags=2, horizon=6, identification=proxy, shock_size="unit")',
        value(3, 1, 0),
        carried_on,
        (
            f"{INSTRUMENTS}::test_influences_are_derivatives_by_the_weights_of_dates",
            f"{INSTRUMENTS}::test_every_draw_is_a_projection_of_generated_data_with_the_instrument_of_its_errors",
        ),
        remark="errors count the estimate of the impact; bootstraps resample the instrument",
    ),
    Feature(
        RESPONSES,
        "Bands of local projections that hold a whole path",
        'fit_local_projections(growth, lags=2, horizon=6, bands=DeltaMethod(joint="bonferroni"))',
        lambda result: result.upper[4, 0, 0],
        normal,
        (f"{SERIES}::test_the_joint_covariance_is_that_of_stacked_moment_conditions",),
        {"EViews": "impulse(irtype=lpjoint), Scheffé and conditional"},
        remark="sup-t and Bonferroni, from the joint covariance over horizons",
    ),
    Feature(
        RESPONSES,
        "Studentised bootstrap bands of local projections",
        'fit_local_projections(growth, lags=2, horizon=6, bands=ResidualBootstrap(99, seed=1, interval="studentised"), '
        "level=0.9)",
        lambda result: result.upper[3, 0, 0],
        studentised,
        ("tests/systems/projections/test_bootstrap.py::test_every_draw_is_a_projection_of_a_generated_data_set",),
        remark="the autoregression generates the data, as Montiel Olea and Plagborg-Møller (2021) recommend",
    ),
    Feature(
        RESPONSES,
        "Panel local projections, any effects, clustered or Driscoll-Kraay",
        'fit_panel_local_projections(countries, "dl_realgdp", "dl_realinv", horizon=2, cov=DriscollKraay(lags=4))',
        error(2, 0, 0),
        lead_regression,
        (
            f"{PANELS}::test_a_horizon_is_a_regression_of_a_lead",
            f"{PANELS}::test_the_joint_covariance_over_horizons_is_that_of_stacked_scores",
        ),
        {"vars": "lpirfs† lp_lin_panel()", "Stata": "locproj†"},
        {"vars": ("lpirfs/panel",)},
        remark="leads and lags never cross gaps; instruments, two states, sums, long differences",
    ),
    Feature(
        RESPONSES,
        "Responses of several estimators in one figure",
        'plot_responses({"VAR": model.impulse_responses(6), "LP": fit_local_projections(growth, lags=2, horizon=6)})',
        projected_line,
        cholesky,
        ("tests/reporting/plots_of_panels/test_plots.py::test_results_drawn_over_one_another",),
        {"Stata": "irf ograph"},
    ),
]

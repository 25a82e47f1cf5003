"""Rows of panel vector autoregressions: how they are estimated."""

from __future__ import annotations

from functools import cache

import numpy as np
from features.dynamic_panels_names import (
    MOMENTS,
    PANEL_VAR,
    PURSE,
    SYSTEM,
    budget_rows,
    cell,
    clustered_within,
    entity_frame,
    error_cell,
    municipalities,
    quietly,
    sigma_within,
    slopes,
    without_means,
)
from features.feature import Feature, reference
from reference_data import table
from systems.panel_var.panel_var_twins import hahn_kuersteiner, half_panel_jackknife

import panelvar as pv

R_PANELVAR = "dahlberg_panelvar/pvarfeols_lag1/coef"
MUNICIPALITIES = "tests/systems/panel_var/test_municipalities.py::test_printed_digits"
COMPANION = f"{PANEL_VAR}::test_hahn_and_kuersteiners_correction_in_companion_form"
JACKKNIFE = f"{PANEL_VAR}::test_half_panel_jackknife_by_halves"
MEAN_GROUP = f"{PANEL_VAR}::test_mean_group_averages_vector_autoregressions"
DUMMIES = f"{PANEL_VAR}::test_within_is_a_regression_with_dummies"
STATANOW = f"{MOMENTS}::test_the_municipalities_as_statanow_prints_them"
SHORT_ROW = "L1.grants"


@cache
def own_coefficients() -> np.ndarray:
    """A vector autoregression with a constant of every municipality, (N, 4, 3)."""
    found = []
    for _, rows in table("dahlberg").groupby("id"):
        values = rows[PURSE].to_numpy()
        x = np.column_stack([np.ones(len(values) - 1), values[:-1]])
        found.append(np.linalg.lstsq(x, values[1:], rcond=None)[0])
    return np.array(found)


def timed() -> float:
    """Grants on their lag with dummies of municipalities and years."""
    rows = budget_rows()
    _, x, y = without_means()
    years = np.unique([row[1] for row in rows], return_inverse=True)[1]
    dummies = (years[:, None] == np.arange(years.max() + 1)).astype(float)
    # The panel is balanced: means of the dummies by municipality are all the same.
    beside = np.column_stack([x, (dummies - dummies.mean(axis=0))[:, 1:]])
    return float(np.linalg.lstsq(beside, y, rcond=None)[0][0, 0])


def alone(transform: str = "fod", steps: int | str = 1, **options: object) -> pv.DynamicPanelResult:
    """The equation of grants as a dynamic panel of one equation."""
    sets = [pv.LagInstruments(PURSE, 2, **options)]
    x = ["L(revenues)", "L(expenditures)"]
    return quietly(
        pv.fit_arellano_bond, municipalities(), "grants", x, transform=transform, steps=steps, instruments=sets
    )


def jointly(per_entity: np.ndarray, params: np.ndarray) -> np.ndarray:
    """Coefficients under the weights that others imply, one matrix of all equations."""
    count = per_entity.shape[2] - len(params)
    zx, zy = per_entity[:, :, :-count].sum(axis=0), per_entity[:, :, -count:].sum(axis=0)
    left = per_entity[:, :, -count:] - per_entity[:, :, :-count] @ params
    errors = left.swapaxes(1, 2).reshape(len(per_entity), -1)
    weight = np.linalg.inv(errors.T @ errors)
    wide = np.kron(np.eye(count), zx)
    found = np.linalg.solve(wide.T @ weight @ wide, wide.T @ weight @ zy.T.ravel())
    return found.reshape(count, -1).T


def later_steps(steps: int, **window: object) -> float:
    """So many steps from the first one on, or until nothing changes."""
    window = {"collapse": True, **window}
    first = quietly(pv.fit_panel_var, municipalities(), PURSE, steps=1, instruments=pv.LagInstruments(**window))
    params = first.params.to_numpy()
    for _ in range(steps):
        params = jointly(first.fit.gmm.problem.products.transpose(2, 0, 1), params)
    return float(params[0, 0])


ROWS = [
    Feature(
        SYSTEM,
        "Least squares with entity effects",
        'fit_panel_var(*purse, method="within")',
        cell("grants", SHORT_ROW),
        reference("dahlberg_panelvar/pvarfeols_lag1/coef/values/2/2"),
        (DUMMIES, MUNICIPALITIES),
        {
            "Stata": "xtvar† (2011), a program of the same name",
            "panelvar": "pvarfeols",
            "panelbox": 'PanelVAR.fit(method="ols")',
        },
        {"panelvar": (R_PANELVAR,)},
        remark="the default from 20 rows an entity on; with two lags R's panelvar demeans rows that it does not use",
    ),
    Feature(
        SYSTEM,
        "Errors clustered by entity, of all equations together",
        'fit_panel_var(*purse, method="within")',
        error_cell("grants", SHORT_ROW),
        lambda: float(np.sqrt(clustered_within()[0, 0])),
        (DUMMIES, f"{PANEL_VAR}::test_errors_of_one_equation_are_those_of_fixed_effects"),
        {"panelbox": 'cov_type="clustered", an equation at a time'},
        remark="R's panelvar has classical ones without degrees of freedom for the effects",
    ),
    Feature(
        SYSTEM,
        "Classical errors",
        'fit_panel_var(*purse, method="within", cov="classical")',
        error_cell("grants", SHORT_ROW),
        lambda: float(np.sqrt(sigma_within()[0, 0] * np.linalg.inv(without_means()[1].T @ without_means()[1])[0, 0])),
        (DUMMIES,),
        {"panelvar": "pvarfeols", "panelbox": 'cov_type="nonrobust"'},
    ),
    Feature(
        SYSTEM,
        "Driscoll-Kraay, two-way clusters, HC0 to HC5",
        'fit_panel_var(*purse[:1], "grants", method="within", cov="driscoll-kraay")',
        error_cell("grants", SHORT_ROW),
        lambda: quietly(pv.fit_fixed_effects, entity_frame(), "grants ~ L(grants)", cov="driscoll-kraay").std_errors[
            "L(grants)"
        ],
        (f"{PANEL_VAR}::test_errors_of_one_equation_are_those_of_fixed_effects",),
        {"panelbox": 'cov_type="driscoll_kraay"'},
    ),
    Feature(
        SYSTEM,
        "Residual covariance",
        'fit_panel_var(*purse, method="within").sigma.iloc[0, 1]',
        float,
        lambda: sigma_within()[0, 1],
        (DUMMIES,),
        {"Stata": "e(Sigma)", "pvar": "e(Sigma)", "panelvar": "residuals", "panelbox": "Sigma"},
        remark="effects cost degrees of freedom",
    ),
    Feature(
        SYSTEM,
        "Hahn and Kuersteiner's correction",
        'fit_panel_var(*purse, method="hahn-kuersteiner")',
        cell("grants", SHORT_ROW),
        lambda: hahn_kuersteiner(budget_rows(), 1, 3)[0, 0],
        (COMPANION, MUNICIPALITIES),
        {"panelvar": "pvarhk"},
        remark="pvarhk's coefficients to its eight printed digits; its t values are no ratios of its errors. "
        "panelbox's BiasCorrectedGMM, named after the same article, takes Nickell's formula over N off GMM",
    ),
    Feature(
        SYSTEM,
        "The same for any number of lags",
        'fit_panel_var(*purse, lags=2, method="hahn-kuersteiner")',
        cell("grants", "L2.revenues"),
        lambda: hahn_kuersteiner(budget_rows(2), 2, 3)[4, 0],
        (COMPANION,),
        remark="by the companion form; R's panelvar has one lag",
    ),
    Feature(
        SYSTEM,
        "Half-panel jackknife",
        'fit_panel_var(*purse, method="half-panel-jackknife")',
        cell("grants", SHORT_ROW),
        lambda: half_panel_jackknife(budget_rows())[0, 0],
        (JACKKNIFE, MUNICIPALITIES),
        {"Stata": "xtspj†, of one equation"},
    ),
    Feature(
        SYSTEM,
        "Corrected moments",
        'fit_panel_var(*grants_alone, method="corrected-moments")',
        cell("grants", SHORT_ROW),
        lambda: quietly(pv.fit_bias_corrected_moments, municipalities(), "grants").params["L(grants)"],
        (
            "tests/systems/panel_var/test_corrected_moments.py::test_the_written_out_moments_are_zero",
            "tests/systems/panel_var/test_corrected_moments.py::test_one_variable_is_the_single_equation",
        ),
    ),
    Feature(
        SYSTEM,
        "Mean group",
        'fit_panel_var(*purse, method="mean-group")',
        cell("grants", SHORT_ROW),
        lambda: own_coefficients().mean(axis=0)[1, 0],
        (MEAN_GROUP,),
        {"Stata": "xtvar† (2011), unless pooled"},
        remark="each entity its own system; errors are the spread over entities",
    ),
    Feature(
        SYSTEM,
        "How entities differ",
        'fit_panel_var(*purse, method="mean-group").dispersion().loc[("grants", "L1.grants"), "std_dev"]',
        float,
        lambda: own_coefficients().std(axis=0, ddof=1)[1, 0],
        (MEAN_GROUP, f"{PANEL_VAR}::test_mean_group_of_lags_alone_is_that_of_the_batch"),
    ),
    Feature(
        SYSTEM,
        "Pooled, one constant for all",
        'fit_panel_var(*purse, method="pooled")',
        cell("grants", SHORT_ROW),
        lambda: float(
            np.linalg.lstsq(
                np.column_stack([np.ones(len(budget_rows())), [row[2] for row in budget_rows()]]),
                np.array([row[3] for row in budget_rows()]),
                rcond=None,
            )[0][1, 0]
        ),
        (f"{PANEL_VAR}::test_pooled_is_one_regression",),
        {"Stata": "xtvar† (2011), pooled"},
    ),
    Feature(
        SYSTEM,
        "Effects of the periods",
        'fit_panel_var(*purse, method="within", time_effects=True)',
        cell("grants", SHORT_ROW),
        timed,
        (DUMMIES, f"{PANEL_VAR}::test_time_effects_of_periods_that_no_entity_connects"),
        {"pvar": "td"},
        remark="exact in unbalanced panels too; by moments dummies instrument themselves",
    ),
    Feature(
        SYSTEM,
        "Exogenous variables and their lags",
        'fit_panel_var(purse[0], "grants", method="within", exogenous=["revenues"], exogenous_lags=1)',
        cell("grants", "L1.revenues"),
        lambda: quietly(pv.fit_fixed_effects, entity_frame(), "grants ~ revenues + L(revenues) + L(grants)").params[
            "L(revenues)"
        ],
        (DUMMIES, f"{MOMENTS}::test_exogenous_variables_and_their_lags"),
        {"Stata": "xtvar", "pvar": "exog()", "panelvar": "exog_vars", "panelbox": "exog_vars"},
    ),
    Feature(
        SYSTEM,
        "Moments in one step",
        'fit_panel_var(*purse, method="gmm", steps=1)',
        cell("grants", SHORT_ROW),
        lambda: alone().params["L(grants)"],
        (f"{MOMENTS}::test_one_step_is_each_equation_by_itself",),
        {"Stata": "xtvar", "pvar": "gmmopts(onestep)", "panelvar": 'pvargmm(steps = "onestep")'}
        | {"panelbox": "estimate_panel_var_gmm"},
        {"panelvar": ("*_panelvar/*_onestep/coef", "*_panelvar/*_onestep/se")},
    ),
    Feature(
        SYSTEM,
        "Moments in two steps, weighed jointly",
        'fit_panel_var(*purse, method="gmm", instruments=LagInstruments(collapse=True))',
        cell("grants", SHORT_ROW),
        lambda: later_steps(1),
        (STATANOW,),
        {"Stata": "xtvar", "pvar": "the default", "panelvar": 'steps = "twostep"', "panelbox": "the default"},
        {"panelvar": ("empluk_panelvar/lag1_fod_twostep/coef", "empluk_panelvar/lag1_fod_twostep/se")},
        remark="deviations by default; on the municipalities R's panelvar is off, by an inverse with a threshold; "
        "panelbox regresses on lags of deviations, not on deviations of lags, and all equations have the same errors, "
        "its Windmeijer correction being a factor n / (n - k)",
    ),
    Feature(
        SYSTEM,
        "xtvar's example: two lags, all instruments",
        "by_moments",
        lambda result: round(result.params.loc["L1.grants", "grants"], 7),
        0.1540956,
        (STATANOW,),
        {"Stata": "xtvar grants revenues expenditures, lags(2)"},
        {"Stata": ("published_stata_xtvar/xtvar_lags2",)},
        remark="243 moments, 1,590 rows",
    ),
    Feature(
        SYSTEM,
        "First differences",
        'fit_panel_var(*purse, transform="fd", steps=1)',
        cell("grants", SHORT_ROW),
        lambda: alone("fd").params["L(grants)"],
        (f"{MOMENTS}::test_differences_are_deviations_where_all_lags_instrument_a_balanced_panel",),
        {"Stata": "xtvar", "pvar": "fd", "panelvar": 'transformation = "fd"'},
        {"panelvar": ("empluk_panelvar/lag2_fd_twostep/coef", "dahlberg_panelvar/lag2_fd_onestep/coef")},
    ),
    Feature(
        SYSTEM,
        "Each equation weighed by itself",
        'fit_panel_var(*purse, method="gmm", joint=False, transform="fd")',
        cell("grants", SHORT_ROW),
        lambda: alone("fd", 2).params["L(grants)"],
        (f"{MOMENTS}::test_weights_of_each_equation_are_two_step_estimates_of_each",),
        {"xtabond2": "an equation at a time", "plm": "an equation at a time", "gretl": "an equation at a time"},
        {"plm": ("empluk_pvar_pgmm/twosteps_eq_*",)},
    ),
    Feature(
        SYSTEM,
        "Collapsed instruments",
        "fit_panel_var(*purse, steps=1, instruments=LagInstruments(collapse=True))",
        cell("revenues", SHORT_ROW),
        lambda: quietly(
            pv.fit_arellano_bond,
            municipalities(),
            "revenues",
            ["L(grants)", "L(expenditures)"],
            transform="fod",
            steps=1,
            instruments=[pv.LagInstruments(PURSE, 2, collapse=True)],
        ).params["L(grants)"],
        (f"{MOMENTS}::test_one_step_is_each_equation_by_itself",),
        {"pvar": "unless gmmstyle", "panelvar": "collapse = TRUE"},
        {"panelvar": ("empluk_panelvar/lag1_fd_twostep_collapse/coef",)},
    ),
    Feature(
        SYSTEM,
        "A window of lags",
        "fit_panel_var(*purse, steps=1, instruments=LagInstruments(last=4))",
        cell("grants", SHORT_ROW),
        lambda: alone(last=4).params["L(grants)"],
        (f"{MOMENTS}::test_one_step_is_each_equation_by_itself",),
        {"Stata": "xtvar", "pvar": "instlags(1/4)", "panelvar": "max_instr_dependent_vars"},
        {"panelvar": ("empluk_panelvar/lag1_fod_twostep_max4/coef", "dahlberg_panelvar/*_max4_collapse/coef")},
    ),
    Feature(
        SYSTEM,
        "With the level equation",
        'fit_panel_var(*purse, transform="fd", steps=1, level_equation=True)',
        cell("grants", SHORT_ROW),
        lambda: quietly(
            pv.fit_blundell_bond,
            municipalities(),
            "grants",
            ["L(revenues)", "L(expenditures)"],
            steps=1,
            instruments=[pv.LagInstruments(PURSE, 2)],
        ).params["L(grants)"],
        (f"{MOMENTS}::test_a_draw_of_entities_is_the_panel_with_some_twice",),
        {"panelvar": "system_instruments = TRUE"},
    ),
    Feature(
        SYSTEM,
        "Iterated",
        'fit_panel_var(*purse, steps="iterated", instruments=LagInstruments(last=3, collapse=True))'
        '.params.loc["L1.grants", "grants"]',
        float,
        lambda: later_steps(400, last=3),
        ("tests/panels/dynamic/test_arellano_bond.py::test_later_steps_settle_where_they_say",),
        {"pvar": "gmmopts(igmm)", "panelvar": 'steps = "mstep"'},
    ),
    Feature(
        SYSTEM,
        "Methods beside one another",
        'compare({"within": fit_panel_var(*purse, method="within")}).to_frame().iloc[0, 0]',
        float,
        lambda: slopes()[0, 0],
        ("tests/systems/panel_var/test_side_by_side.py::test_methods_stand_side_by_side",),
        {"Stata": "etable, estimates table", "panelvar": "texreg", "panelbox": "a report"},
    ),
]

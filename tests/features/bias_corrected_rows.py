"""Rows of autoregressions of panels by least squares freed of their bias."""

from __future__ import annotations

from functools import cache

import numpy as np
from features.dynamic_panels_names import CORRECTED, error, firms_cube, params
from features.feature import Feature, reference
from panels.bias_corrected.corrected_twins import corrected_moments, kiviet, sandwich
from panels.dynamic.test_arellano_bond import FRAME
from scipy.optimize import root
from streams import stream

import panelvar as pv

LSDVC = "tests/panels/bias_corrected/test_lsdvc.py"
FORMULA = f"{LSDVC}::test_every_order_is_that_of_the_written_out_matrices"
MOMENTS = "tests/panels/bias_corrected/test_bias_corrected_moments.py"
ZERO = f"{MOMENTS}::test_moments_are_zero_and_errors_those_of_the_written_out_sandwich"
ALL_FIRMS = "published_stata_abdata_xtlsdvc"
SECTOR_4 = "published_bruno2005_xtlsdvc"
GIVEN = np.array([0.6, -0.4, 0.3])


@cache
def zero(*x: str, lags: int = 1) -> np.ndarray:
    """Coefficients at which the written-out moments of the firms are zero, sought from least squares."""
    cube = firms_cube(*x, lags=lags)
    found = root(lambda at: corrected_moments(cube, at).sum(axis=0), cube.within(), options={"xtol": 1e-14})
    return found.x


def drawn() -> float:
    """Spread of the slope over data generated again, one after another."""
    point = pv.fit_lsdvc(FRAME, "y", "x", initial=[0.5, 0.5])
    wide = FRAME["y"].unstack().to_numpy()
    x = FRAME["x"].unstack().to_numpy()
    shocks = np.sqrt(point.sigma2) * stream(1).standard_normal((20, 60, 7))
    effects = point.estimated_effects().to_numpy()
    found = []
    for shock in shocks:
        y = wide.copy()
        for t in range(1, 8):
            y[:, t] = point.params["L(y)"] * y[:, t - 1] + point.params["x"] * x[:, t] + effects + shock[:, t - 1]
        found.append(pv.fit_lsdvc(FRAME.assign(y=y.ravel()), "y", "x", initial=[0.5, 0.5]).params["x"])
    return float(np.std(found, ddof=1))


def stored(case: str, name: str = "L.n"):
    """What xtlsdvc leaves."""
    return reference(f"{ALL_FIRMS}/{case}/coef/{name}")


ROWS = [
    Feature(
        CORRECTED,
        "Least squares with dummies, the bias left in",
        'fit_lsdvc(*firms, initial="ah").within',
        params("L(n)"),
        lambda: firms_cube("w", "k").within()[0],
        (FORMULA,),
        {"Stata": "xtreg, fe; xtlsdvc†, lsdv", "xtdpdgmm": "iv(..., model(mdev))", "plm": 'plm(model = "within")'}
        | {"gretl": "panel", "panelbox": "FixedEffects"},
        {"Stata": (f"{SECTOR_4}/lsdv",)},
    ),
    Feature(
        CORRECTED,
        "Kiviet and Bruno to order 1/T",
        'fit_lsdvc(*firms, order=1, convention="stata")',
        params("L(n)"),
        stored("H4_lsdvc_ab_b1"),
        (FORMULA,),
        {"Stata": "xtlsdvc†, initial(ab) bias(1)"},
        {"Stata": (f"{ALL_FIRMS}/H4_*/coef", f"{SECTOR_4}/lsdvc_ah_bias1/coef")},
    ),
    Feature(
        CORRECTED,
        "To order 1/(NT)",
        'fit_lsdvc(*firms, order=2, convention="stata")',
        params("L(n)"),
        stored("H1_lsdvc_ab_b2"),
        (FORMULA,),
        {"Stata": "bias(2)"},
        {"Stata": (f"{ALL_FIRMS}/H1_*/coef", f"{SECTOR_4}/lsdvc_ah_bias2/coef")},
    ),
    Feature(
        CORRECTED,
        "To order 1/(NT²)",
        "fit_lsdvc(*firms, initial=[0.6, -0.4, 0.3])",
        params("L(n)"),
        lambda: kiviet(firms_cube("w", "k"), GIVEN, 3)[0][0],
        (FORMULA,),
        {"Stata": "bias(3)"},
        {"Stata": (f"{SECTOR_4}/lsdvc_a*_bias3/coef",)},
        remark="Stata's third order depends on the units of y, and is there under convention='stata'",
    ),
    Feature(
        CORRECTED,
        "Bias at Anderson and Hsiao's estimates",
        'fit_lsdvc(*firms, initial="ah", order=2, convention="stata")',
        params("w"),
        stored("H2_lsdvc_ah_b2", "w"),
        (f"{LSDVC}::test_initial_estimators_are_the_public_ones", FORMULA),
        {"Stata": "initial(ah)"},
        {"Stata": (f"{ALL_FIRMS}/H2_*/coef",)},
    ),
    Feature(
        CORRECTED,
        "At Blundell and Bond's",
        'fit_lsdvc(*firms, initial="bb", order=2, convention="stata")',
        params("w"),
        stored("H3_lsdvc_bb_b2", "w"),
        (f"{LSDVC}::test_initial_estimators_are_the_public_ones", FORMULA),
        {"Stata": "initial(bb)"},
        {"Stata": (f"{ALL_FIRMS}/H3_*/coef",)},
    ),
    Feature(
        CORRECTED,
        "The lag alone",
        'fit_lsdvc(*firms_alone, order=2, convention="stata")',
        params("L(n)"),
        stored("H6_lsdvc_ar1_only"),
        (f"{LSDVC}::test_the_lag_may_stand_alone",),
        {"Stata": "xtlsdvc† n, initial(ab) bias(2)"},
        {"Stata": (f"{ALL_FIRMS}/H6_*/coef",)},
    ),
    Feature(
        CORRECTED,
        "At given numbers, across gaps",
        "fit_lsdvc(*gapped, initial=[0.6, -0.4, 0.3], order=2)",
        params("k"),
        lambda: kiviet(firms_cube("w", "k", case="I"), GIVEN, 2)[0][2],
        (FORMULA,),
        {"Stata": "initial(my)"},
    ),
    Feature(
        CORRECTED,
        "Standard errors of drawn data",
        'fit_lsdvc(simulated, "y", "x", initial=[0.5, 0.5], draws=20, seed=1)',
        error("x"),
        drawn,
        (f"{LSDVC}::test_draws_are_those_of_a_loop",),
        {"Stata": "vcov(50)"},
        remark="a parametric bootstrap; none by default",
    ),
    Feature(
        CORRECTED,
        "Corrected moments",
        "fit_bias_corrected_moments(*firms)",
        params("L(n)"),
        lambda: zero("w", "k")[0],
        (ZERO, f"{MOMENTS}::test_the_root_is_the_first_one_above_least_squares_and_the_moments_fall_there"),
        {"Stata": "xtdpdbc†, fe"},
        remark="no instruments, no initial estimates, any number of lags, gaps; errors by formula",
    ),
    Feature(
        CORRECTED,
        "Of two lags",
        "fit_bias_corrected_moments(*firms, lags=2)",
        params("L(n, 2)"),
        lambda: zero("w", "k", lags=2)[1],
        (ZERO,),
        {"Stata": "xtdpdbc†, lags(2)"},
    ),
    Feature(
        CORRECTED,
        "Their errors",
        "fit_bias_corrected_moments(*firms)",
        error("w"),
        lambda: float(np.sqrt(sandwich(firms_cube("w", "k"), zero("w", "k"))[1, 1])),
        (ZERO,),
        {"Stata": "xtdpdbc†, vce(robust)"},
        tolerance=1e-6,
    ),
    Feature(
        CORRECTED,
        "How much was corrected",
        'fit_bias_corrected_moments(*firms).bias["L(n)"]',
        float,
        lambda: firms_cube("w", "k").within()[0] - zero("w", "k")[0],
        (ZERO,),
        {"Stata": "xtlsdvc†, first lsdv"},
    ),
]

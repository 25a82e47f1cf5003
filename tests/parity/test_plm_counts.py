"""Where plm 2.6-5 counts coefficients that do not exist, or periods that an entity does not have; rebuilt by algebra.

The numbers are plm's for the data files of the reference: ``pooltest(plm(model = "pooling"), pvcm(model = "within"))``
and ``pcce(model = "p")``.
"""

from __future__ import annotations

import numpy as np
import pytest
from reference_data import table

import panelvar as pv

REGRESSORS = ["exp", "wks", "union", "ed"]


@pytest.fixture(scope="module")
def wages():
    """The first 150 people; schooling never varies within a person, and union membership seldom."""
    frame = table("wages")
    return frame[frame["id"] <= 150]


def with_constant(frame, names):
    return np.column_stack([np.ones(len(frame)), frame[names]])


def residual_squares(x, y):
    left = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    return float(left @ left)


def test_poolability_counts_coefficients_that_do_not_exist(wages):
    """plm takes N(k + 1) coefficients of the entities' own regressions; those of ``ed`` cannot be estimated."""
    panel = pv.Panel(wages, "id", "year")
    pooled = pv.fit_pooled(panel, "lwage", REGRESSORS, convention="plm")
    test = pv.slope_poolability_test(pooled)
    squares, rank = 0.0, 0
    for _, own in wages.groupby("id"):
        x = with_constant(own, REGRESSORS)
        squares += residual_squares(x, own["lwage"].to_numpy())
        rank += np.linalg.matrix_rank(x)
    n, k, entities = len(wages), len(REGRESSORS) + 1, 150
    assert (test.df, test.df_denominator) == (rank - k, n - rank)
    assert test.statistic == pytest.approx((pooled.rss - squares) / test.df / (squares / test.df_denominator), rel=1e-9)
    wrong = (entities - 1) * k, n - entities * k
    assert wrong == (745, 300)
    statistic = (pooled.rss - squares) / wrong[0] / (squares / wrong[1])
    assert statistic == pytest.approx(7.19513166876139, rel=1e-9)


def test_pooled_common_correlated_effects_divide_by_the_shortest_entity():
    """plm's errors are n / (N min T) times those of Pesaran's equation 69: the same only if the panel is balanced."""
    frame = table("gasoline")
    frame = frame[np.arange(7, 7 * len(frame) + 7, 7) % 11 > 2]
    panel = pv.Panel(frame, "firm", "year")
    result = pv.fit_common_correlated_effects(
        panel, "lgaspcar", ["lincomep", "lrpmg", "lcarpcap"], pooled=True, convention="plm"
    )
    np.testing.assert_allclose(result.params, [0.251522349811418, -0.240850884697426, -0.55816795258755], rtol=1e-9)
    sizes = frame.groupby("firm").size()
    factor = len(frame) / (len(sizes) * sizes.min())
    assert factor > 1.05
    np.testing.assert_allclose(
        result.std_errors * factor, [0.114663570316423, 0.0715802499840535, 0.0635722583296192], rtol=1e-9
    )

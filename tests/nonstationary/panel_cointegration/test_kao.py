"""Against every step by pooled least squares, what decides nothing, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from nonstationary.panel_cointegration.systems import frame_of, panel_of, system

import panelvar as pv

# What the statistics are is tested here, in panels in which the tests reject too often.
pytestmark = pytest.mark.filterwarnings("ignore:.*of true nulls at 5%")

ORDER = ("ADF", "DF rho*", "DF t*", "DF rho", "DF t")


def dummies(values: np.ndarray) -> np.ndarray:
    return np.kron(np.eye(len(values)), np.ones((values.shape[1], 1)))


def regression(columns: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Coefficients, residuals, and the t ratio of the first coefficient."""
    b = np.linalg.lstsq(columns, y, rcond=None)[0]
    e = y - columns @ b
    variance = e @ e / (len(y) - columns.shape[1]) * np.linalg.inv(columns.T @ columns)[0, 0]
    return b, e, b[0] / np.sqrt(variance)


def bartlett(rows: np.ndarray, lags: int) -> np.ndarray:
    n = len(rows)
    out = rows.T @ rows / n
    for j in range(1, lags + 1):
        moved = rows[j:].T @ rows[:-j] / n
        out = out + (1.0 - j / (lags + 1)) * (moved + moved.T)
    return out


def given(matrix: np.ndarray) -> float:
    return matrix[0, 0] - matrix[0, 1:] @ np.linalg.solve(matrix[1:, 1:], matrix[1:, 0])


def pooled(e: np.ndarray, p: int, start: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Columns of the pooled Dickey-Fuller regression, from period ``start`` on, and changes."""
    first = p if start is None else start
    de = np.diff(e, axis=1)
    columns = [e[:, first:-1], *(de[:, first - j : de.shape[1] - j] for j in range(1, p + 1))]
    return np.column_stack([each.ravel() for each in columns]), de[:, first:].ravel()


def slow(values: np.ndarray, p: int, width: int, *, published: bool = False) -> dict[str, float]:
    """Kao (1999), with dummies for the entities."""
    n, periods, _ = values.shape
    flat = values.reshape(-1, values.shape[2])
    e = regression(np.hstack([flat[:, 1:], dummies(values)]), flat[:, 0])[1].reshape(n, periods)
    b, _, t = regression(*pooled(e, 0))
    t_adf = regression(*pooled(e, p))[2]
    w = np.diff(values, axis=1)
    short, long = (given(np.mean([bartlett(rows, lags) for rows in w], axis=0)) for lags in (0, width))
    r = short / long
    bias = np.sqrt(n) * periods * b[0]
    t_star = lambda ratio: (ratio + np.sqrt(6 * n * r) / 2) / np.sqrt(1 / (2 * r) + 3 * r / 10)  # noqa: E731
    plain = lambda ratio: np.sqrt(1.25) * ratio + np.sqrt(1.875 * n)  # noqa: E731
    return {
        "ADF": t_star(t_adf) if published else plain(t_adf),
        "DF rho*": (bias + 3 * np.sqrt(n) * r) / np.sqrt(3 + 36 * r**2 / 5),
        "DF t*": t_star(t),
        "DF rho": (bias + 3 * np.sqrt(n)) / np.sqrt(10.2),
        "DF t": plain(t),
    }


def statistics(result: pv.PanelTestResult) -> dict[str, float]:
    return {test.name.removeprefix("Kao "): test.statistic for test in (result, *result.parts)}


@pytest.mark.parametrize("regressors", [1, 3])
@pytest.mark.parametrize("convention", ["default", "published"])
@pytest.mark.parametrize("lags", [0, 2])
def test_every_step_by_pooled_least_squares(regressors, convention, lags):
    values = system(6, 40, regressors, root=0.9, seed=3) * np.array([3.0] + [0.1] * regressors)
    names = [f"x{place}" for place in range(1, regressors + 1)]
    found = pv.kao_test(panel_of(values), "y", names, lags=lags, bandwidth=3, convention=convention)
    expected = slow(values, lags, 3, published=convention == "published")
    assert tuple(statistics(found)) == ORDER
    assert statistics(found) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("rule", "weight"), [("aic", 2.0), ("bic", np.log(5 * 45))])
def test_one_order_is_chosen_for_all_on_common_rows(rule, weight):
    rng = np.random.default_rng(5)
    values = system(5, 50, root=1.0, seed=5)
    values[..., 0] += rng.standard_normal((5, 50))
    found = pv.kao_test(panel_of(values), "y", "x1", lags=rule, max_lags=4)
    flat = values.reshape(-1, 2)
    e = regression(np.hstack([flat[:, 1:], dummies(values)]), flat[:, 0])[1].reshape(5, 50)
    fits = [regression(*pooled(e, p, 4))[1] for p in range(5)]
    criteria = [5 * 45 * np.log(each @ each) + weight * (p + 1) for p, each in enumerate(fits)]
    order = int(np.argmin(criteria))
    assert order > 0
    assert found.choices["Lags"] == f"{order} ({rule}, 0 to 4)"
    given_order = pv.kao_test(panel_of(values), "y", "x1", lags=order)
    assert found.statistic == given_order.statistic


def test_the_lower_tail_rejects():
    related = pv.kao_test(panel_of(system(20, 60, root=0.5, seed=2)), "y", "x1", lags=1)
    assert all(test.statistic < -3.0 and test.pvalue < 0.001 for test in (related, *related.parts))
    assert "all entities are cointegrated, in one relation" in related.reading()
    apart = pv.kao_test(panel_of(system(20, 60, root=1.1, seed=2)), "y", "x1", lags=1)
    assert all(test.statistic > 3.0 and test.pvalue > 0.999 for test in (apart, *apart.parts))


def test_lags_and_variance_ratios_do_not_correct_twice():
    """Changes follow a moving average of 0.4: Kao's own ADF rejects what the lags have put right."""
    rng = np.random.default_rng(7)
    published, default = 0, 0
    for _ in range(20):
        u = rng.standard_normal((40, 101, 2))
        panel = panel_of((u[:, 1:] + 0.4 * u[:, :-1]).cumsum(axis=1))
        published += pv.kao_test(panel, "y", "x1", lags=4, convention="published").pvalue < 0.05
        default += pv.kao_test(panel, "y", "x1", lags=4).pvalue < 0.05
    assert published >= 8
    assert default <= 4


def test_signs_units_and_orders_decide_nothing():
    values = system(6, 30, 2, root=0.9, seed=7)
    found = statistics(pv.kao_test(panel_of(values), "y", ["x1", "x2"], lags=1))
    turned = values[::-1, :, [0, 2, 1]] * np.array([-1e-6, 1e5, -3.0]) + np.array([1.0, 0.0, 2.0])
    assert statistics(pv.kao_test(panel_of(turned), "y", ["x1", "x2"], lags=1)) == pytest.approx(found, rel=1e-7)
    mixed = values @ np.array([[1.0, 0.0, 0.0], [0.3, 1.0, 1.0], [-0.2, 1.0, 1.0 + 1e-6]])
    assert statistics(pv.kao_test(panel_of(mixed), "y", ["x1", "x2"], lags=1)) == pytest.approx(found, rel=1e-5)


def test_an_entity_effect_and_a_time_effect_are_taken_out():
    values = system(8, 40, seed=9)
    shocked = values + 10.0 * system(1, 40, seed=10) + np.random.default_rng(3).normal(0.0, 50.0, (8, 1, 2))
    found, moved = (pv.kao_test(panel_of(each), "y", "x1", lags=1, demean=True) for each in (values, shocked))
    assert statistics(moved) == pytest.approx(statistics(found), rel=1e-8)


WALKS = system(4, 20, seed=6)


@pytest.mark.parametrize(
    ("change", "options", "error", "match"),
    [
        (lambda f: f, {"lags": 19}, pv.InsufficientDataError, "20 periods are too few for 19 lags"),
        (lambda f: f, {"kernel": "square"}, pv.SpecificationError, "kernel"),
        (lambda f: f, {"bandwidth": 40}, pv.PanelVarError, "bandwidth"),
        (lambda f: f, {"convention": "stata"}, pv.SpecificationError, "convention"),
        (lambda f: f.query("not (i == 'e1' and t < 2003)"), {}, pv.DataError, "Kao's test needs the same periods"),
        (lambda f: f.assign(y=f.x1 * 2.0 + 1.0), {}, pv.CollinearityError, "'e0'"),
        (lambda f: f.query("t < 2003 and i < 'e2'"), {"lags": 1}, pv.InsufficientDataError, "3 periods are too few"),
    ],
)
def test_panels_that_cannot_be_tested_are_refused(change, options, error, match):
    panel = pv.Panel(change(frame_of(WALKS)), "i", "t")
    with pytest.raises(error, match=match):
        pv.kao_test(panel, "y", "x1", **options)


def test_residuals_that_follow_their_regression_exactly_are_refused():
    turns, x = np.array([1.0, -1.0, 1.0, -1.0]), np.array([1.0, 1.0, -1.0, -1.0])
    values = np.stack([np.column_stack([sign * turns + x, x]) for sign in (1.0, -1.0)])
    with pytest.raises(pv.NumericalError, match="residuals of the relation follow their regression with 0 lags"):
        pv.kao_test(panel_of(values), "y", "x1", lags=0)

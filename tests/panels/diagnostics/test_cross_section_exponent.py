"""Dependence of a variable between entities: against loops and matrices, and what factors of known reach give."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest

import panelvar as pv


def panel_of(values: np.ndarray) -> pv.Panel:
    """A panel with the column ``y`` from values (T, N)."""
    periods, entities = values.shape
    frame = pd.DataFrame(
        {
            "i": np.repeat([f"e{place}" for place in range(entities)], periods),
            "t": np.tile(np.arange(periods), entities),
            "y": values.T.ravel(),
        }
    )
    return pv.Panel(frame.dropna(), "i", "t")


def moved(entities: int, periods: int, reach: float, seed: int = 0) -> np.ndarray:
    """Values (T, N) of which a factor moves so many by slopes between 0.5 and 1.5."""
    rng = np.random.default_rng(seed)
    slopes = np.zeros(entities)
    slopes[: round(entities**reach)] = rng.uniform(0.5, 1.5, round(entities**reach))
    return np.outer(rng.standard_normal(periods), slopes) + rng.standard_normal((periods, entities))


def written_out(x: np.ndarray, factors: int, size: float) -> tuple[float, float, float, float, int]:
    """Three estimates, the last one's standard error and the entities chosen, by matrices, entity by entity."""
    periods, entities = x.shape
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    average = np.array([np.mean(row) for row in x])
    variance = np.mean((average - average.mean()) ** 2)
    first = 1.0 + 0.5 * np.log(variance) / np.log(entities)
    vectors = np.linalg.eigh(x @ x.T)[1][:, ::-1][:, :factors]
    errors = x - vectors @ vectors.T @ x
    second = first - np.var(np.sqrt(entities) * errors.mean(axis=1)) / (2.0 * np.log(entities) * entities * variance)
    design = np.column_stack([np.ones(periods), average / np.sqrt(variance)])
    slopes, ratios = [], []
    for unit in range(entities):
        coefficients = np.linalg.lstsq(design, x[:, unit], rcond=None)[0]
        residuals = x[:, unit] - design @ coefficients
        spread = residuals @ residuals / (periods - 2) * np.linalg.inv(design.T @ design)[1, 1]
        slopes.append(coefficients[1])
        ratios.append(abs(coefficients[1]) / np.sqrt(spread))
    chosen = []
    for step, unit in enumerate(np.argsort(ratios)[::-1]):
        if ratios[unit] < NormalDist().inv_cdf(1.0 - size / (entities - step) / 2.0):
            break
        chosen.append(unit)
    own = np.mean(x[:, chosen].mean(axis=1) ** 2)
    third = second - 0.5 * np.log(own) / np.log(entities)
    squares = design[:, 1] ** 2 - np.mean(design[:, 1] ** 2)
    lags = math.ceil(periods ** (1.0 / 3.0))
    past = np.array([[squares[t - j] for j in range(1, lags + 1)] for t in range(lags, periods)])
    weights = np.linalg.lstsq(past, squares[lags:], rcond=None)[0]
    left = squares[lags:] - past @ weights
    long_run = left @ left / len(left) / (1.0 - weights.sum()) ** 2
    largest = sorted(slopes, key=abs)[::-1][: round(entities**third)]
    total = long_run / periods + 4.0 / entities**third * np.var(largest, ddof=1) / own
    return first, second, third, np.sqrt(total) / (2.0 * np.log(entities)), len(chosen)


@pytest.mark.parametrize("reach", [0.7, 0.9, 1.0])
@pytest.mark.parametrize(("factors", "size"), [(4, 0.1), (1, 0.01)])
def test_averages_as_written_out(reach, factors, size):
    values = moved(40, 60, reach, seed=2) * np.linspace(0.1, 5.0, 40) + 7.0
    found = pv.cross_section_exponent(panel_of(values), "y", factors=factors, size=size)
    first, second, third, error, chosen = written_out(values, factors, size)
    assert (found.uncorrected, found.without_errors, found.exponent) == pytest.approx((first, second, third), rel=1e-10)
    assert found.std_error == pytest.approx(error, rel=1e-8)
    assert (found.chosen, found.n_entities, found.n_periods, found.method) == (chosen, 40, 60, "averages")
    low, high = found.conf_int(level=0.9)
    assert (high - low) / 2.0 == pytest.approx(NormalDist().inv_cdf(0.95) * error)


def test_correlations_as_written_out():
    values = moved(15, 30, 0.8, seed=3)
    values[:4, 2] = np.nan
    found = pv.cross_section_exponent(panel_of(values), "y", method="correlations", size=0.05, tuning=0.25)
    bound = NormalDist().inv_cdf(1.0 - 0.05 / (2.0 * 105**0.25))
    count = 15
    for i in range(15):
        for j in range(15):
            both = ~np.isnan(values[:, i] + values[:, j])
            rho = np.corrcoef(values[both, i], values[both, j])[0, 1]
            count += i != j and math.sqrt(both.sum()) * abs(rho) > bound
    assert found.exponent == pytest.approx(math.log(count) / (2.0 * math.log(15)))
    assert found.chosen == (count - 15) // 2
    assert math.isnan(found.std_error)
    assert "Std. error" not in str(found.summary())
    with pytest.raises(pv.MissingInformationError, match="method='averages' has one"):
        found.conf_int()


@pytest.mark.parametrize("reach", [0.7, 0.85, 1.0])
def test_the_reach_of_a_factor_is_found(reach):
    found = [pv.cross_section_exponent(panel_of(moved(100, 100, reach, seed)), "y") for seed in range(20)]
    assert np.mean([each.exponent for each in found]) == pytest.approx(reach, abs=0.015)
    assert np.mean([abs(each.exponent - reach) < 1.96 * each.std_error for each in found]) > 0.9
    counted = pv.cross_section_exponent(panel_of(moved(100, 100, reach)), "y", method="correlations")
    assert counted.exponent == pytest.approx(reach, abs=0.04)


def test_what_it_leaves_is_said():
    strong, weak = (moved(40, 60, reach, seed=5) for reach in (1.0, 0.5))
    none = np.random.default_rng(1).standard_normal((60, 40))
    readings = [pv.cross_section_exponent(panel_of(each), "y").reading() for each in (strong, weak, none)]
    assert "cips_test, panic_test, moon_perron_test" in readings[0]
    assert "demetrescu_hanck_test" in readings[1]
    assert readings[2].startswith("CD does not find dependence")
    assert readings[0] in pv.cross_section_exponent(panel_of(strong), "y").summary().notes


def test_residuals_are_those_of_a_model():
    values = moved(12, 40, 1.0, seed=6)
    panel = panel_of(values)
    model = pv.fit_pooled(panel, "y ~ 1")
    by_model, by_column = pv.cross_section_exponent(model), pv.cross_section_exponent(panel, "y", method="correlations")
    assert by_model.exponent == by_column.exponent
    assert by_model.method == "correlations"
    assert pv.cross_section_exponent(model, method="averages").exponent == pytest.approx(
        pv.cross_section_exponent(panel, "y").exponent, rel=1e-10
    )


@pytest.mark.parametrize("kind", ["cd", "lm", "scaled-lm"])
@pytest.mark.parametrize(("changes", "formula"), [(False, "y ~ 1"), (True, "D(y) ~ 1")])
@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
def test_a_variable_is_tested_as_the_residuals_of_its_mean(kind, changes, formula):
    values = moved(6, 30, 0.5, seed=7)
    values[3:7, 1] = np.nan
    panel = panel_of(values)
    found = pv.cross_section_dependence_test(panel, "y", statistic=kind, changes=changes)
    model = pv.fit_pooled(panel, formula)
    assert found.statistic == pytest.approx(pv.cross_section_dependence_test(model, statistic=kind).statistic, rel=1e-9)
    assert found.null == "the variable is uncorrelated between entities"
    frame = pd.DataFrame(
        {"y": [1.0, 2.0, 4.0, 2.0, 1.0, 5.0]}, index=pd.MultiIndex.from_product([["a", "b"], [1, 2, 3]])
    )
    assert pv.residual_correlations(frame, "y").mean == pytest.approx(np.corrcoef([1, 2, 4], [2, 1, 5])[0, 1])
    assert pv.residual_correlations(panel, "y", changes=changes).mean == pytest.approx(
        pv.residual_correlations(model).mean, rel=1e-9
    )


def test_the_bias_correction_is_for_a_variable_too():
    """Its entities are in deviations from their means, as under fixed effects."""
    panel = panel_of(moved(6, 30, 0.5, seed=7))
    scaled, corrected = (
        pv.cross_section_dependence_test(panel, "y", statistic=kind).statistic
        for kind in ("scaled-lm", "bias-corrected-lm")
    )
    assert scaled - corrected == pytest.approx(6 / 58)


def flat() -> np.ndarray:
    values = moved(12, 20, 0.5)
    values[:, 4] = 0.1
    return values


def centred() -> np.ndarray:
    values = moved(12, 20, 0.5)
    values = (values - values.mean(axis=0)) / values.std(axis=0)
    paired = np.hstack([values, -values])
    return paired


def unbounded() -> np.ndarray:
    values = moved(12, 20, 0.5)
    values[3, 2] = np.inf
    return values


def holed() -> np.ndarray:
    values = moved(12, 20, 0.5)
    values[3, 2] = np.nan
    return values


@pytest.mark.parametrize(
    ("values", "options", "error", "match"),
    [
        (flat(), {}, pv.DataError, "Values of 'y' of 'e4' are all the same"),
        (np.cumsum(np.ones((20, 12)), axis=0), {"changes": True}, pv.DataError, "Changes of 'y' of 'e0'"),
        (unbounded(), {}, pv.DataError, r"Column 'y' is infinite in 1 of \d+ rows, first in row 43"),
        (unbounded(), {"changes": True}, pv.DataError, "infinite"),
        (centred(), {}, pv.DataError, "averages over the entities are zero"),
        (holed(), {}, pv.DataError, "needs the same periods for every entity"),
        (moved(9, 20, 0.5), {}, pv.InsufficientDataError, "10 entities and 10 periods, and there are 9 and 20"),
        (moved(12, 20, 0.5), {"factors": 12}, pv.InsufficientDataError, "factors=12 leaves nothing"),
        (moved(12, 20, 0.5), {"factors": -1}, pv.SpecificationError, "factors=-1"),
        (moved(12, 20, 0.5), {"size": 1.0}, pv.SpecificationError, "size=1 must lie between"),
        (moved(12, 20, 0.5), {"tuning": 2.0}, pv.SpecificationError, "tuning=2 must lie between"),
        (moved(12, 20, 0.5), {"method": "pairs"}, pv.SpecificationError, "method"),
        (moved(1, 20, 0.5), {}, pv.InsufficientDataError, "compares entities, but 1 entity has"),
        (moved(5, 2, 0.5), {"method": "correlations"}, pv.InsufficientDataError, "three periods in common"),
    ],
)
def test_what_cannot_be_compared_is_refused(values, options, error, match):
    with pytest.raises(error, match=match):
        pv.cross_section_exponent(panel_of(values), "y", **options)


def test_models_and_panels_are_told_apart():
    panel = panel_of(moved(12, 20, 0.5))
    model = pv.fit_pooled(panel, "y ~ 1")
    for function in (pv.cross_section_dependence_test, pv.residual_correlations, pv.cross_section_exponent):
        with pytest.raises(pv.SpecificationError, match="or a panel with column="):
            function(panel)
        with pytest.raises(pv.SpecificationError, match="are for a panel"):
            function(model, "y")
        with pytest.raises(pv.SpecificationError, match="are for a panel"):
            function(model, changes=True)

"""Principal components and the number of factors: eigenvalue problems, loops, known factors, statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from reference_data import table

import panelvar as pv
from panelvar.kernels.linear.principal_components import CRITERIA, count_factors, principal_components, transformed

SHAPES = [(30, 12), (12, 30), (20, 20)]


def with_factors(periods, series, count, noise=1.0, seed=0):
    rng = np.random.default_rng(seed)
    common = rng.standard_normal((periods, count)) @ rng.standard_normal((count, series))
    return common + noise * rng.standard_normal((periods, series))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("transform", ["none", "demeaned", "standardised"])
def test_factors_solve_the_eigenvalue_problem(shape, transform):
    """F is the root of T times the eigenvectors of XX', and the loadings are its regression coefficients."""
    periods, series = shape
    panel = 5.0 + with_factors(*shape, 2)
    x = panel.copy()
    if transform != "none":
        x -= x.mean(axis=0)
    if transform == "standardised":
        x /= x.std(axis=0)
    found = principal_components(panel, 3, transform=transform)
    values, vectors = np.linalg.eigh(x @ x.T / (periods * series))
    factors = np.sqrt(periods) * vectors[:, ::-1][:, :3]
    loadings = x.T @ factors / periods
    signs = np.sign(loadings[np.abs(loadings).argmax(axis=0), [0, 1, 2]])
    assert_allclose(found.factors, factors * signs, atol=1e-10)
    assert_allclose(found.loadings, loadings * signs, atol=1e-10)
    m = min(periods - (transform != "none"), series)
    assert found.eigenvalues.shape == (m,)
    assert_allclose(found.eigenvalues, values[::-1][:m], atol=1e-12 * values[-1])
    assert_allclose(found.factors.T @ found.factors / periods, np.eye(3), atol=1e-12)
    other = principal_components(panel, 3, normalisation="loadings", transform=transform)
    assert_allclose(other.loadings.T @ other.loadings / series, np.eye(3), atol=1e-12)
    assert_allclose(other.common, found.common, atol=1e-11)
    spread = other.factors.T @ other.factors
    assert_allclose(spread, np.diag(spread.diagonal()), atol=1e-9)
    assert (np.abs(other.factors).max(axis=0) > 0.0).all()
    assert_array_equal(transformed(panel, transform).shape, shape)
    assert_allclose(transformed(panel, transform), x, atol=1e-13)


@pytest.mark.parametrize("shape", SHAPES)
def test_no_factors_explain_more(shape):
    """The common part is the nearest matrix of its rank; what is left is the rest of the eigenvalues."""
    panel = with_factors(*shape, 2)
    rng = np.random.default_rng(1)
    for count in range(4):
        found = principal_components(panel, count)
        left = np.square(panel - found.common).mean()
        assert left == pytest.approx(found.eigenvalues[count:].sum(), rel=1e-10)
        for _ in range(5):
            factors = found.factors + 0.1 * rng.standard_normal(found.factors.shape)
            fit = factors @ np.linalg.lstsq(factors, panel, rcond=None)[0] if count else 0.0 * panel
            assert np.square(panel - fit).mean() >= left * (1 - 1e-12)


def criteria_by_loops(x, most):
    """Each from regressions of the series on k factors."""
    periods, series = x.shape
    values, vectors = np.linalg.eigh(x @ x.T / (periods * series))
    mu, factors = values[::-1][: min(x.shape)], vectors[:, ::-1]

    def left(k):
        if k == -1:
            return left(0) + left(0) / np.log(min(x.shape))
        total = 0.0
        for i in range(series):
            f = factors[:, :k]
            total += np.square(x[:, i] - f @ (f.T @ x[:, i])).sum()
        return total / (periods * series)

    nt, plus, least = periods * series, periods + series, min(periods, series)
    penalties = [plus / nt * np.log(nt / plus), plus / nt * np.log(least), np.log(least) / least]
    out = {name: [] for name in CRITERIA}
    for k in range(most + 1):
        for i, g in enumerate(penalties, 1):
            out[f"PC{i}"].append(left(k) + k * left(most) * g)
            out[f"IC{i}"].append(np.log(left(k)) + k * g)
        out["BIC3"].append(left(k) + k * left(most) * (plus - k) * np.log(nt) / nt)
        out["ER"].append((mu[k - 1] if k else left(0) / np.log(min(x.shape))) / mu[k])
        out["GR"].append(np.log(left(k - 1) / left(k)) / np.log(left(k) / left(k + 1)))
    return out


@pytest.mark.parametrize("shape", SHAPES)
def test_criteria_by_loops(shape):
    x = with_factors(*shape, 2, seed=3)
    found = count_factors(principal_components(x, 0).eigenvalues, *shape, 6)
    assert set(found.criteria) == set(CRITERIA)
    for name, expected in criteria_by_loops(x, 6).items():
        assert_allclose(found.criteria[name], expected, rtol=1e-9, atol=1e-11)
        best = np.argmax(expected) if name in ("ER", "GR") else np.argmin(expected)
        assert found.chosen[name] == best
        tail = expected[3:]
        without = count_factors(principal_components(x, 0).eigenvalues, *shape, 6, fewest=3)
        assert without.chosen[name] == 3 + (np.argmax(tail) if name in ("ER", "GR") else np.argmin(tail))


# statsmodels 0.15, multivariate.pca.PCA(data, ncomp=3).ic, of the changes of canada.csv.
IN_STATSMODELS = [
    [5.805134968916488, 5.805134968916488, 5.805134968916488],
    [5.359478921238256, 5.371812877396824, 5.355110535696585],
    [5.00373598428797, 5.0284038966051074, 4.994999213204628],
    [3.492801024914881, 3.5298028933905865, 3.479695868289868],
]


def test_criteria_as_in_statsmodels():
    """It takes the logarithm of the sum of squares, not of their mean."""
    data = np.diff(table("canada")[["e", "prod", "rw", "U"]].to_numpy(), axis=0)
    eigenvalues = principal_components(data, 0, transform="standardised").eigenvalues
    found = count_factors(eigenvalues, *data.shape, 3)
    ours = np.column_stack([found.criteria[f"IC{i}"] for i in (1, 2, 3)])
    assert_allclose(ours + np.log(data.size), IN_STATSMODELS, rtol=1e-12)


@pytest.mark.parametrize("shape", [(100, 60), (60, 100), (100, 100)])
@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_number_of_factors_is_found(shape, count):
    """In every one of 20 panels; PC3's penalty is too small for these yet."""
    panels = np.stack([with_factors(*shape, count, noise=0.7, seed=seed) for seed in range(20)])
    found = count_factors(principal_components(panels, 0, transform="demeaned").eigenvalues, *shape, 8)
    for name in set(CRITERIA) - {"PC3"}:
        assert_array_equal(found.chosen[name], np.full(20, count), err_msg=name)
    assert (found.chosen["PC3"] >= count).all()


@pytest.mark.parametrize("shape", [(60, 25), (25, 60)])
def test_in_small_panels_some_criteria_find_too_many_factors(shape):
    panels = np.stack([with_factors(*shape, 1, noise=0.7, seed=seed) for seed in range(20)])
    found = count_factors(principal_components(panels, 0, transform="demeaned").eigenvalues, *shape, 8)
    assert (found.chosen["PC1"] > 1).all()
    for name in ("IC1", "IC2", "BIC3", "ER", "GR"):
        assert_array_equal(found.chosen[name], np.ones(20), err_msg=name)


@pytest.mark.parametrize("shape", SHAPES)
def test_of_an_exact_structure_every_criterion_finds_the_rank(shape):
    panel = with_factors(*shape, 3, noise=0.0)
    found = principal_components(panel, 5)
    assert_array_equal(found.eigenvalues[3:], 0.0)
    assert_array_equal(found.loadings[:, 3:], 0.0)
    assert_allclose(found.factors.T @ found.factors / shape[0], np.eye(5), atol=1e-12)
    assert_allclose(found.common, panel, atol=1e-12)
    assert set(count_factors(found.eigenvalues, *shape, 8).chosen.values()) == {3}
    assert set(count_factors(np.zeros(9), 9, 9, 8).chosen.values()) == {0}


def test_of_equal_values_the_fewest_factors_are_taken():
    """A panel with orthogonal series of one size: every ratio is one but that of the mock eigenvalue."""
    eigenvalues = principal_components(np.eye(8), 0).eigenvalues
    assert_allclose(eigenvalues, 1 / 64)
    found = count_factors(eigenvalues, 8, 8, 6)
    assert_allclose(found.criteria["ER"][1:], 1.0)
    assert count_factors(np.full(8, 0.125), 8, 8, 6, fewest=1).chosen["ER"] == 1
    assert found.chosen["ER"] == 0


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(-400, 400), st.sampled_from(SHAPES), st.booleans())
def test_units_change_no_digit(seed, power, shape, own):
    """One unit for the panel, or, of standardised series, one for each."""
    panel = with_factors(*shape, 2, seed=seed)
    powers = np.random.default_rng(seed).integers(-400, 400, shape[1]) if own else power
    transform = "standardised" if own else "demeaned"
    plain = principal_components(panel, 2, transform=transform)
    moved = principal_components(np.ldexp(panel, powers), 2, transform=transform)
    shift = 0 if own else power
    assert_array_equal(moved.factors, plain.factors)
    assert_array_equal(moved.loadings, np.ldexp(plain.loadings, shift))
    assert_array_equal(moved.eigenvalues, np.ldexp(plain.eigenvalues, 2 * shift))
    one, other = (count_factors(each.eigenvalues, *shape, 5).chosen for each in (plain, moved))
    assert one == other


def test_panels_of_a_stack_are_apart():
    panels = np.stack([with_factors(15, 9, 2, seed=seed) for seed in range(6)]).reshape(2, 3, 15, 9)
    together = principal_components(panels, 2, transform="demeaned")
    counts = count_factors(together.eigenvalues, 15, 9, 4)
    for i, j in np.ndindex(2, 3):
        alone = principal_components(panels[i, j], 2, transform="demeaned")
        assert_allclose(together.factors[i, j], alone.factors, atol=1e-12)
        assert_allclose(together.loadings[i, j], alone.loadings, atol=1e-12)
        for name, value in count_factors(alone.eigenvalues, 15, 9, 4).chosen.items():
            assert counts.chosen[name][i, j] == value


def test_what_cannot_be_decomposed_is_refused():
    panel = with_factors(10, 6, 1)
    for count in (-1, 7):
        with pytest.raises(pv.SpecificationError, match="have 0 to 6"):
            principal_components(panel, count)
    for option in ({"normalisation": "F"}, {"transform": "standardized"}):
        with pytest.raises(pv.SpecificationError, match=next(iter(option))):
            principal_components(panel, 1, **option)
    panel[3, 2] = np.nan
    with pytest.raises(pv.DataError, match="missing or infinite"):
        principal_components(panel, 1)
    panel[:, 2] = 0.1
    with pytest.raises(pv.DataError, match="Series 3 of 6 does not vary"):
        principal_components(panel, 1, transform="standardised")
    for power in (600, -600):
        with pytest.raises(pv.NumericalError, match="Rescale"):
            principal_components(np.ldexp(panel, power), 1)
    for most, fewest in ((0, 0), (6, 0), (3, 4), (3, -1)):
        with pytest.raises(pv.SpecificationError, match="must"):
            count_factors(np.ones(6), 10, 6, most, fewest=fewest)

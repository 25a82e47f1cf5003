"""Instrumental variables against explicit projections on dense dummies, quasi-demeaned rows, means and differences."""

import numpy as np
import pandas as pd
import pytest
from instrumental_twins import (
    COLUMNS,
    ENDOGENOUS,
    EXOGENOUS,
    INSTRUMENTS,
    DenseInstruments,
    instrumented_frame,
    instrumented_twin,
)
from twins import assert_matrix

import panelvar as pv

pytestmark = pytest.mark.filterwarnings("ignore:Weak instruments")
BARE = pv.Convention("bare", cluster_group_factor=False, cluster_dof_factor="none")
EFFECTS = {"pooled": [], "entity": ["entity"], "time": ["year"], "twoway": ["entity", "year"]}
METHODS = {"2sls": 1.0, "liml": "liml", "fuller": "fuller", "k": 0.6}
ALL = [*EXOGENOUS, *ENDOGENOUS]


def fitted(frame, effects, **options):
    panel = pv.Panel(frame, "entity", "year")
    options = COLUMNS | options
    if options.get("method") == "k":
        options["method"] = pv.KClass(0.6)
    if effects == "pooled":
        return pv.fit_iv_pooled(panel, "y", EXOGENOUS, **options)
    return pv.fit_iv_fixed_effects(panel, "y", EXOGENOUS, effects=effects, **options)


def both(effects, weighted, method="2sls", **options):
    frame = instrumented_frame(entities=20, kept=0.8)
    result = fitted(frame, effects, method=method, weights="w" if weighted else None, **options)
    return frame, result, instrumented_twin(frame, EFFECTS[effects], frame["w"] if weighted else None, METHODS[method])


@pytest.mark.parametrize("effects", EFFECTS)
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("method", METHODS)
def test_estimates(effects, weighted, method):
    frame, result, twin = both(effects, weighted, method)
    assert result.names == ("const", *ALL)
    np.testing.assert_allclose(result.params, twin.params, rtol=twin.allowed())
    assert_matrix(result.cov, twin.classical())
    assert (result.nobs, result.df_resid) == (len(frame), twin.df)
    assert result.rss == pytest.approx(twin.rss, rel=1e-11)
    assert result.fit.instrumented.kappa == pytest.approx(twin.k, rel=1e-11)
    assert isinstance(result, pv.InstrumentalResult)


@pytest.mark.parametrize("effects", EFFECTS)
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("method", METHODS)
def test_robust_covariances(effects, weighted, method):
    frame, result, twin = both(effects, weighted, method, cov="HC0", convention=BARE)
    assert_matrix(result.cov, twin.clustered(np.arange(len(frame))))
    assert_matrix(result.with_cov("cluster").cov, twin.clustered(frame["entity"]))


@pytest.mark.parametrize("k", [0.0, 0.6])
def test_scores_of_the_estimating_equations(k):
    frame = instrumented_frame(entities=20, kept=0.8)
    exact = BARE.but(k_class_scores="equations")
    result = fitted(frame, "entity", method=pv.KClass(k), cov="HC0", convention=exact)
    twin = instrumented_twin(frame, ["entity"], None, k, scores="equations")
    assert_matrix(result.cov, twin.clustered(np.arange(len(frame))))
    if k == 0.0:
        plain = pv.fit_fixed_effects(pv.Panel(frame, "entity", "year"), "y", ALL, cov="HC0", convention=exact)
        assert_matrix(result.cov, plain.cov.to_numpy())


@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("effects", ["pooled", "entity"])
@pytest.mark.parametrize("weights", ["HC0", "cluster"])
def test_two_step_gmm(weighted, effects, weights):
    frame = instrumented_frame(entities=40, kept=0.8)
    w = "w" if weighted else None
    result = fitted(frame, effects, method=pv.TwoStepGMM(weights), weights=w, cov=weights, convention=BARE)
    twin = instrumented_twin(frame, (), frame["w"] if weighted else None)
    if effects == "entity":
        # Dummies of one cluster have singular moments: partialled out, they leave a model without a constant.
        mass = frame["w"] if weighted else pd.Series(1.0, frame.index)
        names = [*ALL, *INSTRUMENTS, "y"]
        sums = frame[names].mul(mass, axis=0).groupby(frame["entity"]).transform("sum")
        less = frame[names] - sums.div(mass.groupby(frame["entity"]).transform("sum"), axis=0)
        twin = instrumented_twin(less, (), frame["w"] if weighted else None, constant=False)
    clusters = frame["entity"] if weights == "cluster" else np.arange(len(frame))
    coefficients, distance, covariance = twin.gmm(clusters)
    first = int(effects == "entity")
    np.testing.assert_allclose(result.params.to_numpy()[first:], coefficients, rtol=1e-10)
    assert result.fit.instrumented.distance == pytest.approx(distance, rel=1e-9)
    assert_matrix(result.cov.to_numpy()[first:, first:], covariance, 1e-9)
    np.testing.assert_allclose((result.resids + result.fitted_values).loc[frame.index], frame["y"], atol=1e-12)


def means(frame, by, names, weights=None):
    mass = pd.Series(1.0, frame.index) if weights is None else frame[weights]
    return frame[names].mul(mass, axis=0).groupby(frame[by]).sum().div(mass.groupby(frame[by]).sum(), axis=0)


@pytest.mark.parametrize("wls", [True, False])
def test_between(wls):
    frame = instrumented_frame(entities=20, kept=0.8)
    panel = pv.Panel(frame, "entity", "year")
    result = pv.fit_iv_between(panel, "y", EXOGENOUS, wls=wls, **COLUMNS)
    table = means(frame, "entity", [*ALL, *INSTRUMENTS, "y"])
    twin = instrumented_twin(table, (), frame.groupby("entity").size() if wls else None)
    np.testing.assert_allclose(result.params, twin.params, rtol=twin.allowed())
    assert_matrix(result.cov, twin.classical())
    assert_matrix(result.with_cov("HC0").cov, twin.clustered(np.arange(len(table))))


@pytest.mark.parametrize("constant", [True, False])
def test_first_difference(constant):
    frame = instrumented_frame(entities=20, kept=0.8)
    panel = pv.Panel(frame, "entity", "year")
    result = pv.fit_iv_first_difference(panel, "y", EXOGENOUS, constant=constant, **COLUMNS)
    ordered = frame.sort_values(["entity", "year"])
    adjacent = ordered.groupby("entity")["year"].diff() == 1
    table = ordered[[*ALL, *INSTRUMENTS, "y"]].diff()[adjacent]
    twin = instrumented_twin(table, constant=constant)
    np.testing.assert_allclose(result.params, twin.params, rtol=twin.allowed())
    assert_matrix(result.cov, twin.classical())


def dense_components(frame):
    """Swamy-Arora's variances, as Baltagi and Chang, from two-stage residuals on dense matrices."""
    within = instrumented_twin(frame, ["entity"])
    table = means(frame, "entity", [*ALL, *INSTRUMENTS, "y"])
    counts = frame.groupby("entity").size()
    between = instrumented_twin(table, (), counts)
    idiosyncratic = within.rss / within.df
    x = np.column_stack((np.ones(len(table)), table[ALL]))
    trace = np.trace(np.linalg.solve((x.T * counts.to_numpy()) @ x, (x.T * counts.to_numpy() ** 2) @ x))
    ssr = between.rss * counts.mean()
    return idiosyncratic, (ssr - between.df * idiosyncratic) / (len(frame) - trace)


@pytest.mark.parametrize("method", ["g2sls", "ec2sls"])
def test_random_effects(method):
    frame = instrumented_frame(entities=20, kept=0.8)
    panel = pv.Panel(frame, "entity", "year")
    result = pv.fit_iv_random_effects(panel, "y", EXOGENOUS, method=method, **COLUMNS)
    idiosyncratic, effect = dense_components(frame)
    assert result.variance_components.idiosyncratic == pytest.approx(idiosyncratic, rel=1e-11)
    assert result.variance_components.effect == pytest.approx(effect, rel=1e-10)
    # A root of the inverse covariance matrix, written out.
    dummies = frame["entity"].to_numpy()[:, None] == frame["entity"].to_numpy()[None, :]
    values, vectors = np.linalg.eigh(np.eye(len(frame)) + effect / idiosyncratic * dummies)
    root = vectors @ np.diag(values**-0.5) @ vectors.T
    average = dummies / dummies.sum(axis=1, keepdims=True)
    exogenous = frame[[*EXOGENOUS, *INSTRUMENTS]].to_numpy()
    star = exogenous if method == "g2sls" else np.column_stack((average @ exogenous, exogenous - average @ exogenous))
    ones = root @ np.ones((len(frame), 1))
    first = root @ frame[EXOGENOUS].to_numpy()
    twin = DenseInstruments(
        ones, first, root @ frame[ENDOGENOUS].to_numpy(), root @ star, root @ frame["y"].to_numpy(), np.eye(5)
    )
    np.testing.assert_allclose(result.params, twin.params, rtol=10 * twin.allowed())
    assert_matrix(result.cov, twin.classical())
    assert_matrix(
        result.with_cov(pv.Clustered(group_factor=False, dof_factor="none")).cov, twin.clustered(frame["entity"])
    )
    plain = frame["y"] - result.params["const"] - frame[ALL] @ result.params[ALL]
    np.testing.assert_allclose(result.resids.loc[frame.index], plain, atol=1e-12)


def test_effects_and_predictions_are_those_of_the_regressors_themselves():
    frame, result, _ = both("entity", False)
    gap = frame["y"] - frame[ALL] @ result.params[ALL]
    levels = gap.groupby(frame["entity"]).mean()
    table = result.estimated_effects()
    np.testing.assert_allclose(table["level"], levels.loc[table.index], rtol=1e-11)
    lever = means(frame, "entity", ALL)
    slopes = result.cov.loc[ALL, ALL].to_numpy()
    moved = np.einsum("ij,jk,ik->i", lever, slopes, lever)
    expected = np.sqrt(result.sigma2 / frame.groupby("entity").size() + moved)
    np.testing.assert_allclose(table["std_error"], expected.loc[table.index], rtol=1e-10)
    predicted = result.predict(frame, effects=True)
    np.testing.assert_allclose(predicted, result.fitted_values.loc[frame.index], atol=1e-11)


def test_formulas_in_both_spellings():
    frame = instrumented_frame(entities=20)
    panel = pv.Panel(frame, "entity", "year")
    listed = pv.fit_iv_fixed_effects(panel, "y", EXOGENOUS, **COLUMNS)
    for formula in (
        "y ~ x1 + x2 + [p + q ~ z1 + z2 + z3]",
        "y ~ x1 + [p + q ~ z1 + z2 + z3] + x2",
        "y ~ x1 + x2 + p + q | x1 + x2 + z1 + z2 + z3",
        "y ~ x1 + x2 + p + q | . - p - q + z1 + z2 + z3",
    ):
        result = pv.fit_iv_fixed_effects(panel, formula)
        assert result.names == listed.names
        np.testing.assert_allclose(result.params, listed.params, rtol=1e-13)
        assert result.fit.instrumented.excluded == ("z1", "z2", "z3")


@pytest.mark.filterwarnings("ignore:.*rows dropped")
def test_lags_and_categories_in_a_formula():
    frame = instrumented_frame(entities=20)
    panel = pv.Panel(frame, "entity", "year")
    result = pv.fit_iv_pooled(panel, "D(y) ~ 0 + [L(D(y)) ~ L(y, 2) + L(p, 2)]")
    assert result.names == ("L(D(y))",)
    assert result.fit.instrumented.excluded == ("L(y, 2)", "L(p, 2)")
    result = pv.fit_iv_pooled(panel, "y ~ x1 + C(region) + [p ~ z1 + C(batch)]")
    assert result.names == ("const", "x1", "C(region)[T.south]", "C(region)[T.west]", "p")
    assert len(result.fit.instrumented.excluded) == 5
    assert result.predict(panel).notna().all()


def test_an_instrument_that_equals_its_regressor_gives_least_squares():
    frame = instrumented_frame(entities=12)
    frame["copy"] = 2.0 * frame["p"] + 1.0
    panel = pv.Panel(frame, "entity", "year")
    for effects in (None, "entity", "twoway"):
        more = {} if effects is None else {"effects": effects}
        plain = (pv.fit_fixed_effects if effects else pv.fit_pooled)(panel, "y", [*EXOGENOUS, "p"], cov="HC3", **more)
        result = (pv.fit_iv_fixed_effects if effects else pv.fit_iv_pooled)(
            panel, "y", EXOGENOUS, endogenous="p", instruments="copy", cov="HC3", **more
        )
        np.testing.assert_allclose(result.params, plain.params, rtol=1e-12)
        assert_matrix(result.cov, plain.cov.to_numpy())


def test_redundant_instruments_are_dropped_and_named():
    frame = instrumented_frame(entities=12)
    frame["z4"] = frame["z1"] - 2.0 * frame["x1"] + 3.0
    frame["fixed"] = frame["number"].astype(float)
    panel = pv.Panel(frame, "entity", "year")
    options = {"endogenous": ENDOGENOUS, "instruments": [*INSTRUMENTS, "z4", "fixed"]}
    with pytest.warns(pv.PanelVarWarning) as caught:
        result = pv.fit_iv_fixed_effects(panel, "y", EXOGENOUS, **options)
    texts = " ".join(str(item.message) for item in caught)
    assert "Instrument 'z4' dropped: equal to -2 * x1 + z1" in texts
    assert "Instrument 'fixed' dropped: no variation" in texts
    expected = pv.fit_iv_fixed_effects(panel, "y", EXOGENOUS, **COLUMNS)
    np.testing.assert_allclose(result.params, expected.params, rtol=1e-12)
    with pytest.raises(pv.CollinearityError, match="'z4' adds nothing"):
        pv.fit_iv_fixed_effects(panel, "y", EXOGENOUS, collinear="raise", **options)


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        (
            {"endogenous": ["p", "q"], "instruments": ["z1"]},
            pv.SpecificationError,
            "2 endogenous .* and 1 such instrument \\(z1\\)",
        ),
        ({"endogenous": [], "instruments": ["z1"]}, pv.SpecificationError, "No endogenous regressor"),
        ({"endogenous": "p", "instruments": ["z1", "x1"]}, pv.SpecificationError, "'x1' is both an exogenous"),
        ({"endogenous": "p", "instruments": ["z1", "p"]}, pv.SpecificationError, "'p' is both"),
        ({"endogenous": ["p", "p"], "instruments": ["z1", "z2"]}, pv.SpecificationError, "'p' is an endogenous"),
        ({"endogenous": "y", "instruments": ["z1"]}, pv.SpecificationError, "'y' is both the dependent"),
        ({"endogenous": "p", "instruments": ["missing"]}, pv.DataError, "missing"),
        ({"endogenous": "p", "instruments": "fixed"}, pv.CollinearityError, "1 endogenous regressor.* 0 instrument"),
        ({"endogenous": ["p", "q"], "instruments": ["z1", "twice"]}, pv.CollinearityError, "not identified"),
        ({"endogenous": "p", "instruments": "z1", "method": "2SLSS"}, pv.SpecificationError, "2sls"),
        ({"endogenous": "p", "instruments": "z1", "method": pv.Fuller}, pv.SpecificationError, "is a class"),
        ({"endogenous": "p", "instruments": ["z1", "z2"], "method": pv.KClass(50.0)}, pv.NumericalError, "too large"),
        (
            {"endogenous": "p", "instruments": ["z1", "z2"], "method": "liml", "cov": "HC3"},
            pv.SpecificationError,
            "HC3",
        ),
        ({"endogenous": "p", "instruments": ["z1", "z2"], "method": "gmm"}, pv.SpecificationError, "classical"),
    ],
)
@pytest.mark.filterwarnings("ignore:Instrument")
def test_bad_input(options, error, match):
    frame = instrumented_frame(entities=12)
    frame["twice"] = 2.0 * frame["z1"]
    frame["fixed"] = frame["number"].astype(float)
    with pytest.raises(error, match=match):
        pv.fit_iv_fixed_effects(pv.Panel(frame, "entity", "year"), "y", EXOGENOUS, **options)


@pytest.mark.parametrize(
    ("formula", "match"),
    [
        ("y ~ x1 + [p ~ z1] + [q ~ z2]", "one pair of brackets"),
        ("y ~ x1 [p ~ z1]", "plus sign"),
        ("y ~ x1 + [p ~ ]", "no instruments"),
        ("y ~ x1 + [ ~ z1]", "no endogenous"),
        ("y ~ x1 + [p ~ x1 + z1]", "'x1' is both an exogenous regressor and an instrument"),
        ("y ~ x1 + p", "no instruments that can be read"),
        ("y ~ x1 | entity | p ~ z1", "'entity' after the bar are effects.* fit_iv_fixed_effects absorbs them"),
        ("y ~ x1 + [p ~ z1] | entity", "'entity' after the bar are effects.* fit_iv_fixed_effects absorbs them"),
        ("y ~ x1 + [p ~ z1] | q ~ z2", "in brackets and after a bar. Give them once"),
        ("y ~ x1 | p ~ x1 + z1", "'x1' is both an exogenous regressor and an instrument"),
        ("y ~ x1 + p - 1 | x1 + z1", "constant stands on one side"),
        ("y ~ x1 + p | x1 + z1 | z2", "the effects after the first bar"),
    ],
)
def test_formulas_that_cannot_be_read(formula, match):
    panel = pv.Panel(instrumented_frame(), "entity", "year")
    with pytest.raises(pv.SpecificationError, match=match):
        pv.fit_iv_pooled(panel, formula)
    with pytest.raises(pv.SpecificationError, match="not both"):
        pv.fit_iv_pooled(panel, "y ~ x1 + [p ~ z1]", endogenous="q")


@pytest.mark.parametrize(("method", "option"), [(pv.Fuller, "alpha"), (pv.KClass, "k")])
@pytest.mark.parametrize("value", [pytest.param(10**5000, id="huge"), -1.0, np.inf, np.nan, True, "1"])
def test_numbers_of_a_method_are_finite_and_none_is_negative(method, option, value):
    """A whole number beyond all floats cannot be computed with, and one of thousands of digits not even be printed."""
    with pytest.raises(pv.SpecificationError, match=f"{option}=.* must be a finite number, zero or larger"):
        method(value)

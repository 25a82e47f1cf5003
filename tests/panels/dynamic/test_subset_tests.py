"""Tests of some of the moments: against a slow twin, what decides nothing, what is refused."""

from __future__ import annotations

import re

import numpy as np
import pytest
from panels.dynamic.test_arellano_bond import FRAME
from scipy import stats

import panelvar as pv

SETS = [pv.LagInstruments("y", 2, 4), pv.StandardInstruments(["x", "w"], "both")]


def system(frame=FRAME, **options):
    return pv.fit_blundell_bond(frame, "y", ["x", "w"], instruments=SETS, **options)


def criterion(moments, weight, m):
    """The smallest criterion of a linear model in given moments, by the formula."""
    total = moments.sum(axis=0)
    inverse = np.linalg.inv(weight)
    slopes, target = total[:, :m], total[:, m]
    params = np.linalg.solve(slopes.T @ inverse @ slopes, slopes.T @ inverse @ target)
    left = target - slopes @ params
    return float(left @ inverse @ left)


def split(found, doubted):
    """The problem, and which moments are not in doubt."""
    problem = found.fit.estimate.problem
    kept = np.array([name not in doubted for name in found.instrument_names])
    return problem, kept


def level_names(found):
    return [name for name in found.instrument_names if ".D." in name]


@pytest.mark.parametrize("steps", [1, 2])
def test_the_difference_is_of_two_least_criteria_under_parts_of_one_weight(steps):
    found = system(steps=steps)
    problem, kept = split(found, level_names(found))
    moments = problem.products.transpose(2, 0, 1)
    m = len(found.names)
    errors = moments[:, :, m] - moments[:, :, :m] @ problem.one_step.params[:, 0]
    weight = errors.T @ errors
    whole = criterion(moments, weight, m)
    rest = criterion(moments[:, kept], weight[np.ix_(kept, kept)], m)
    test = found.difference_in_hansen("levels")
    assert test.statistic == pytest.approx(whole - rest, rel=1e-8)
    assert test.remaining.statistic == pytest.approx(rest, rel=1e-8)
    assert (test.df, test.remaining.df) == ((~kept).sum(), kept.sum() - m)
    assert test.pvalue == pytest.approx(stats.chi2.sf(whole - rest, (~kept).sum()), rel=1e-8)


def test_under_its_own_weight_the_smaller_model_is_fitted_by_itself():
    found = pv.fit_arellano_bond(FRAME, "y", "x", instruments=[pv.LagInstruments("y", 2), pv.LagInstruments("x", 0, 1)])
    alone = pv.fit_arellano_bond(FRAME, "y", "x", instruments=[pv.LagInstruments("y", 2)])
    test = found.difference_in_hansen(pv.LagInstruments("x", 0, 1), weight="own")
    assert test.remaining.statistic == pytest.approx(alone.hansen_j.statistic, rel=1e-8)
    assert test.statistic == pytest.approx(found.hansen_j.statistic - alone.hansen_j.statistic, rel=1e-7)
    sargan = found.difference_in_sargan("lags 0 to 1 of x", weight="own")
    assert sargan.statistic == pytest.approx(found.sargan.statistic - alone.sargan.statistic, rel=1e-7)
    held = found.difference_in_sargan("lags 0 to 1 of x")
    ratio = alone.fit.estimate.one_step_sigma[0, 0] / found.fit.estimate.one_step_sigma[0, 0]
    assert held.remaining.statistic == pytest.approx(alone.sargan.statistic * ratio, rel=1e-8)


@pytest.mark.parametrize("steps", [1, 2, "iterated", "cu"])
def test_no_difference_under_one_weight_is_negative(steps):
    frame = FRAME.copy()
    sets = [pv.LagInstruments("y", 2, 3, collapse=True), pv.StandardInstruments("x"), pv.LagInstruments("w", 1, 2)]
    found = pv.fit_arellano_bond(frame, "y", "x", instruments=sets, steps=steps)
    names = found.instrument_names
    rng = np.random.default_rng(0)
    for _ in range(20):
        doubted = list(rng.choice(names, size=rng.integers(1, 8), replace=False))
        try:
            assert found.difference_in_hansen(doubted).statistic > 0.0
        except pv.PanelVarError as refused:
            assert "identif" in str(refused) or "No instrument" in str(refused)


def test_every_set_is_in_the_table_by_its_name():
    found = system(time_effects=True)
    tests = found.instrument_tests()
    assert list(tests.table.index) == ["x, w, in both", "time effects", "levels"]
    assert list(tests.untested) == ["lags 2 to 4 of y"]
    assert tests["levels"].statistic == tests.table.loc["levels", "statistic"]
    assert tests["x, w, in both"].df == 2.0
    assert found.difference_in_hansen(SETS[1]).statistic == tests["x, w, in both"].statistic
    assert found.difference_in_hansen(["x", "w"]).statistic == tests["x, w, in both"].statistic
    assert "levels: the lagged differences" in str(tests)
    assert max(map(len, str(tests).splitlines())) <= 80
    plain = pv.fit_arellano_bond(FRAME, "y", "x").instrument_tests("sargan")
    assert list(plain.untested) == ["lags 2 and older of y"]
    assert "not identified" in str(plain) and "Not tested: lags 2 and older of y." in str(plain)
    nothing = pv.fit_arellano_bond(FRAME, "y").instrument_tests()
    assert not nothing.tests
    assert "Hansen without" not in str(nothing)
    assert str(nothing).startswith("No set of instruments can be tested by itself")


def test_units_and_labels_decide_nothing():
    plain = system().instrument_tests().table
    scaled = FRAME.assign(y=FRAME["y"] * 1e6, x=FRAME["x"] * 1e-4)
    np.testing.assert_allclose(system(scaled).instrument_tests().table, plain, rtol=1e-7)
    moved = FRAME.sample(frac=1.0, random_state=3).rename(index=lambda i: f"e{999 - i}", level="i")
    np.testing.assert_allclose(system(moved).instrument_tests().table, plain, rtol=1e-8)


def test_moments_that_others_imply_are_not_tested():
    """A column given twice: the second says nothing more."""
    sets = [pv.LagInstruments("y", 2), pv.StandardInstruments("x"), pv.StandardInstruments("x")]
    with pytest.warns(pv.PanelVarWarning, match="23 moments. Their covariance has only rank 22"):
        found = pv.fit_arellano_bond(FRAME, "y", "x", instruments=sets)
    tests = found.instrument_tests()
    assert np.isnan(tests["x"].statistic)
    assert np.isnan(tests["x (2)"].statistic)
    assert "imply these" in tests["x (2)"].joint.notes[0].text


@pytest.mark.parametrize(
    ("subset", "words"),
    [
        (
            "nothing",
            "'nothing' is neither a set of instruments nor a moment of this model. Its sets are 'lags 2 to 4 of y'",
        ),
        ([], "names no moments"),
        (pv.StandardInstruments("x"), "is not among this model's sets of instruments"),
        (3, "subset"),
        ("lags 2 to 4 of y", "Without these moments the model has 2 moments for 3 coefficients"),
    ],
)
def test_what_is_no_subset_is_refused_in_words(subset, words):
    found = pv.fit_arellano_bond(FRAME, "y", ["x", "w"], instruments=[SETS[0], pv.StandardInstruments(["x", "w"])])
    with pytest.raises(pv.PanelVarError, match=re.escape(words)):
        found.difference_in_hansen(subset)
    with pytest.raises(pv.SpecificationError, match="weight='none'"):
        found.difference_in_hansen("x, w", weight="none")


@pytest.mark.slow
def test_the_size_of_the_test_of_the_levels():
    """200 entities, eight periods, a long-run start: the nominal 5%, or a little less with 20 moments."""
    rng = np.random.default_rng(5)
    rejected, draws = 0, 400
    for _ in range(draws):
        effect = rng.standard_normal(200)
        values = effect / 0.5 + rng.standard_normal(200) / np.sqrt(0.75)
        rows = [values]
        for _ in range(7):
            values = 0.5 * values + effect + rng.standard_normal(200)
            rows.append(values)
        panel = FRAME.iloc[:0].reindex(
            index=FRAME.index.__class__.from_product([range(200), range(8)], names=["i", "t"])
        )
        panel = panel.assign(y=np.array(rows).T.ravel())[["y"]]
        found = pv.fit_blundell_bond(panel, "y", instruments=pv.LagInstruments(collapse=True))
        rejected += found.difference_in_hansen("levels").pvalue < 0.05
    assert 0.03 <= rejected / draws <= 0.075

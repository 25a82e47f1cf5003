"""Dynamic panels by GMM: what they refuse, what they warn of, and what decides nothing."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from quiet import quietly

import panelvar as pv

CALLS = (pv.fit_arellano_bond, pv.fit_blundell_bond, pv.fit_anderson_hsiao)


def simulated(entities=60, periods=8, rho=0.5, seed=1):
    """A dynamic panel in its long run, with an exogenous regressor that the effect moves."""
    rng = np.random.default_rng(seed)
    effect = rng.standard_normal(entities)
    rows = np.zeros((periods + 50, entities))
    x = rng.standard_normal(rows.shape) + effect
    for t in range(1, len(rows)):
        rows[t] = rho * rows[t - 1] + 0.5 * x[t] + effect + rng.standard_normal(entities)
    index = pd.MultiIndex.from_product([range(entities), range(2000, 2000 + periods)], names=["i", "t"])
    frame = pd.DataFrame({"y": rows[-periods:].T.ravel(), "x": x[-periods:].T.ravel()}, index=index)
    frame["w"] = rng.standard_normal(len(frame)) + frame["y"].groupby("i").shift(1).fillna(0.0)
    frame["fixed"] = np.repeat(effect, periods)
    frame["region"] = np.repeat(np.arange(entities) // 3, periods)
    return frame


FRAME = simulated()


@pytest.mark.parametrize("call", CALLS)
def test_two_periods_are_too_few(call):
    with pytest.raises(pv.InsufficientDataError, match=r"spans 2 periods.*needs at least 3"):
        call(FRAME.query("t < 2002"), "y")


@pytest.mark.parametrize("call", CALLS)
def test_no_entity_with_consecutive_periods(call):
    with pytest.raises(pv.InsufficientDataError, match="None of the 60 entities has a row"):
        call(FRAME.query("t in (2000, 2001, 2004, 2007)"), "y")


@pytest.mark.parametrize("lags", [8, 10**15])
@pytest.mark.parametrize("fit", [pv.fit_arellano_bond, pv.fit_blundell_bond, pv.fit_anderson_hsiao])
def test_lags_longer_than_the_panel(fit, lags):
    with pytest.raises(pv.InsufficientDataError, match=f"lags={lags} reaches past the data, which span 8 period"):
        fit(FRAME, "y", lags=lags)


def test_a_window_that_no_row_has():
    with pytest.raises(pv.InsufficientDataError, match=r"No row has lag 9 of y: the panel spans 8 periods"):
        pv.fit_arellano_bond(FRAME, "y", instruments=[pv.LagInstruments("y", 9, 12)])


def test_an_empty_window():
    with pytest.raises(pv.SpecificationError, match=r"window of lags is empty: last=2 is before first=3"):
        pv.LagInstruments("y", 3, 2)
    with pytest.raises(pv.SpecificationError, match=r"window of lags is empty: last=1 is before first=2"):
        pv.fit_arellano_bond(FRAME, "y", instruments=pv.LagInstruments(last=1))


def test_a_regressor_that_is_constant_in_time_is_named():
    with pytest.raises(
        pv.CollinearityError, match="'fixed' does not vary within entities, so first differences leave nothing of it"
    ):
        pv.fit_arellano_bond(FRAME, "y", ["x", "fixed"])
    found = pv.fit_blundell_bond(
        FRAME,
        "y",
        ["x", "fixed"],
        instruments=[pv.LagInstruments("y", 2), pv.StandardInstruments(["x", "fixed"], "both")],
    )
    assert np.isfinite(found.std_errors["fixed"])


def test_more_moments_than_entities_warn_with_both_counts():
    few = FRAME.loc[:19]
    with pytest.warns(
        pv.PanelVarWarning, match=r"22 moments for 20 entities.*rank 20.*LagInstruments\(collapse=True\)"
    ):
        found = pv.fit_arellano_bond(few, "y", "x", steps=2)
    assert "almost no power" in found.hansen_j.notes[0].text


def test_a_lag_that_the_error_moves_warns():
    with pytest.warns(pv.PanelVarWarning, match=r"Lag 1 of 'y' is an instrument.*first valid lag is 2"):
        pv.fit_arellano_bond(FRAME, "y", instruments=[pv.LagInstruments("y", 1, 3)])


def test_missing_values_are_counted_or_refused():
    frame = FRAME.copy()
    frame.iloc[5, 0] = np.nan
    with pytest.warns(pv.PanelVarWarning, match=r"1 of 480 rows have missing values.*y \(1\)"):
        found = pv.fit_arellano_bond(frame, "y", "x")
    assert found.nobs == pv.fit_arellano_bond(FRAME, "y", "x").nobs - 3
    with pytest.raises(pv.DataError, match=r"1 of 480 rows have missing values: y \(1\)"):
        pv.fit_arellano_bond(frame, "y", "x", missing="raise")


@pytest.mark.parametrize("keyword", ["gmmstyle", "laglimits", "orthogonal", "gmmiv", "twostep", "collapse", "iv"])
def test_keywords_of_other_programs_are_answered(keyword):
    with pytest.raises(pv.SpecificationError, match=re.compile("has no argument.*Here it is", re.DOTALL)):
        pv.fit_arellano_bond(FRAME, "y", **{keyword: True})


def test_names_of_other_programs_are_answered():
    for name in ("xtabond2", "pgmm", "xtdpdsys"):
        with pytest.raises(AttributeError, match="fit_"):
            getattr(pv, name)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"steps": 3}, "steps=3"),
        ({"steps": True}, "steps=True"),
        ({"cov": "classical"}, "one-step"),
        ({"steps": 1, "cov": "uncorrected"}, "two-step"),
        ({"cov": "HC1"}, "cov='HC1'"),
        ({"cov": pv.HC("HC1")}, "cov is a HC"),
        ({"transform": "within"}, "transform='within'"),
        ({"instruments": "y"}, "instruments="),
        ({"instruments": [pv.LagInstruments()]}, "must name columns"),
        ({"x": ["L(y)"]}, "twice"),
        ({"x": ["x"], "predetermined": "x"}, "twice"),
        ({"cov": pv.Clustered("w")}, "changes within"),
        ({"instruments": [pv.LagInstruments("y", 2, equation="level")]}, "needs a level equation"),
        (
            {"instruments": [pv.LagInstruments("y", 2, 2, collapse=True)], "lags": 3},
            "1 instrument cannot identify 3",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_words(options, words):
    with pytest.raises(pv.PanelVarError, match=re.escape(words)):
        pv.fit_arellano_bond(FRAME, "y", **options)


@pytest.mark.parametrize("call", CALLS)
def test_order_of_rows_labels_and_units_decide_nothing(call):
    plain = call(FRAME, "y", "x")
    moved = FRAME.sample(frac=1.0, random_state=3).rename(index=lambda i: f"e{999 - i}", level="i")
    moved = call(moved, "y", "x")
    np.testing.assert_allclose(moved.params, plain.params, rtol=1e-9)
    np.testing.assert_allclose(moved.std_errors, plain.std_errors, rtol=1e-8)
    scaled = FRAME.assign(y=FRAME["y"] * 1e6, x=FRAME["x"] * 1e-4)
    scaled = call(scaled, "y", "x")
    np.testing.assert_allclose(scaled.params["L(y)"], plain.params["L(y)"], rtol=1e-9)
    np.testing.assert_allclose(scaled.params["x"], plain.params["x"] * 1e10, rtol=1e-9)
    np.testing.assert_allclose(scaled.std_errors["x"], plain.std_errors["x"] * 1e10, rtol=1e-8)
    if plain.n_instruments > 2:
        np.testing.assert_allclose(scaled.hansen_j.statistic, plain.hansen_j.statistic, rtol=1e-8)


@pytest.mark.parametrize("steps", [1, 2])
def test_differences_are_deviations_where_all_lags_instrument_a_balanced_panel(steps):
    """Arellano and Bover (1995): the transforms span the same space, and the weights are those of each."""
    difference = pv.fit_arellano_bond(FRAME, "y", steps=steps)
    deviation = pv.fit_arellano_bond(FRAME, "y", steps=steps, transform="fod")
    np.testing.assert_allclose(deviation.params, difference.params, rtol=1e-8)
    np.testing.assert_allclose(deviation.std_errors, difference.std_errors, rtol=1e-8)


def test_clusters_of_entities_are_entities_whose_moments_are_added():
    alone = pv.fit_arellano_bond(FRAME, "y", "x", steps=1, cov=pv.Clustered("i"))
    np.testing.assert_allclose(alone.cov, pv.fit_arellano_bond(FRAME, "y", "x", steps=1).cov, rtol=1e-12)
    with pytest.warns(pv.PanelVarWarning, match="22 moments for 20 clusters by 'region'"):
        coarse = pv.fit_arellano_bond(FRAME, "y", "x", steps=1, cov=pv.Clustered("region"))
    np.testing.assert_allclose(coarse.params, alone.params, rtol=1e-12)
    assert coarse.cov_label == "robust, clustered by region"
    assert not np.allclose(coarse.std_errors, alone.std_errors)


@pytest.mark.parametrize("steps", ["iterated", "cu"])
def test_later_steps_settle_where_they_say(steps):
    """The iterated estimate is a fixed point of the second step; the continuously updated one is a minimum."""
    window = pv.LagInstruments(collapse=True)
    found = pv.fit_arellano_bond(FRAME, "y", "x", steps=steps, instruments=window)
    problem = found.fit.estimate.problem
    if steps == "iterated":
        again = problem.two_step(found.fit.estimate.params)
        np.testing.assert_allclose(again.params, found.fit.estimate.params, rtol=1e-8)
        return

    def criterion(values):
        errors = problem.errors(values[:, None])
        total = problem.residual_total(values[:, None])
        return total @ np.linalg.solve(errors.T @ errors, total)

    best = np.asarray(found.params)
    at = criterion(best)
    assert at == pytest.approx(found.hansen_j.statistic, rel=1e-8)
    for move in np.vstack([np.eye(2), -np.eye(2)]) * 1e-3:
        assert criterion(best + move) > at


def test_the_formula_is_the_list():
    listed = pv.fit_arellano_bond(FRAME, "y", ["x", "L(x)"])
    np.testing.assert_array_equal(pv.fit_arellano_bond(FRAME, "y ~ x + L(x)").params, listed.params)


def test_the_summary_fits_a_terminal():
    text = str(pv.fit_blundell_bond(FRAME, "y", "x", time_effects=True).summary())
    assert max(map(len, text.splitlines())) <= 80
    for words in ("Hansen", "Sargan", "Arellano-Bond m2", "Windmeijer", "C(t)[T.2003]"):
        assert words in text


@pytest.mark.parametrize("call", CALLS[:2])
def test_lags_that_do_not_die_out_are_said(call):
    """A root outside the unit circle, which the coefficients of two lags hide, stands below the table."""
    frame = simulated(rho=0.4)
    frame["y"] = frame["y"] * 1.4 ** frame.index.get_level_values("t").map(lambda year: year - 2000)
    result = call(frame, "y", lags=2, instruments=pv.LagInstruments(collapse=True))
    first, second = result.params[["L(y)", "L(y, 2)"]]
    modulus = max(abs(np.roots([1.0, -first, -second])))
    assert modulus > 1.0
    assert [f"root of modulus {modulus:.4f}" in note.text for note in result.notes] == [True]
    assert ("started around their long-run means" in str(result).replace("\n", " ")) == (call is pv.fit_blundell_bond)
    stable = call(FRAME, "y", instruments=pv.LagInstruments(collapse=True))
    assert not [note for note in stable.notes if note.code == "not-stable"]


@pytest.mark.parametrize("steps", [1, 2])
def test_deviations_are_instrumented_least_squares_of_their_rows(steps):
    """Deviations of white noise are white noise: the room of instruments, with the same rows and columns, agrees."""
    window = pv.LagInstruments(last=4, collapse=True)
    found = pv.fit_arellano_bond(FRAME, "y", "x", transform="fod", steps=steps, cov=None, instruments=window)
    model = found.fit.estimate.model.kept
    rows = model.transformed
    table = []
    for place, own in enumerate(model.instruments.rows):
        for entity in np.flatnonzero(rows.used[place]):
            instruments = np.zeros(model.instruments.count)
            instruments[own.columns] = own.values[entity]
            table.append([entity, place, *rows.values[place, entity], *instruments])
    names = [f"z{k}" for k in range(model.instruments.count)]
    frame = pd.DataFrame(table, columns=["i", "t", "lag", "x", "y", *names])
    lags = [name for name, label in zip(names, model.instruments.labels, strict=True) if label != "x"]
    plain = pv.Clustered("entity", group_factor=False, dof_factor="none")
    method = "2sls" if steps == 1 else pv.TwoStepGMM(plain)
    data = pv.Panel(frame, "i", "t")
    parts = {"x": ["x"], "endogenous": ["lag"], "instruments": lags, "constant": False}
    other = quietly(pv.fit_iv_pooled, data, "y", **parts, method=method, cov=plain)
    np.testing.assert_allclose(other.params[["lag", "x"]], found.params, rtol=1e-9)
    if steps == 1:
        np.testing.assert_allclose(other.std_errors[["lag", "x"]], found.std_errors, rtol=1e-9)
    else:
        np.testing.assert_allclose(other.hansen_j.statistic, found.hansen_j.statistic, rtol=1e-8)


@pytest.mark.parametrize("call", CALLS)
def test_gaps_are_said_and_late_beginnings_are_none(call):
    years = FRAME.index.get_level_values("t")
    holed = FRAME[(years != 2004) | (FRAME.index.get_level_values("i") >= 7)]
    notes = [note.text for note in call(holed, "y").notes]
    assert "7 of 60 entities have gaps. Lags and differences do not reach across a gap." in notes
    late = FRAME[(years > 2001) | (FRAME.index.get_level_values("i") >= 7)]
    assert not [note for note in call(late, "y").notes if note.code == "gaps"]


def test_a_weight_that_an_outlier_makes_singular_is_explained():
    frame = FRAME.copy()
    frame.iloc[:3, 0] = 1e10
    with pytest.warns(pv.PanelVarWarning, match=r"covariance has only rank 1.* Outliers, and levels that are large"):
        pv.fit_arellano_bond(frame, "y", instruments=pv.LagInstruments(collapse=True))


def test_few_entities_are_warned_of_however_few_the_moments():
    few = simulated(entities=12)
    window = pv.LagInstruments(last=3, collapse=True)
    for steps in (1, 2):
        with pytest.warns(
            pv.PanelVarWarning, match="sums over only 12 entities, so the estimate of their variance is rough"
        ):
            found = pv.fit_arellano_bond(few, "y", instruments=window, steps=steps)
        assert [note.code for note in found.notes] == ["few-clusters"]
    classical = pv.fit_arellano_bond(few, "y", instruments=window, steps=1, cov="classical")
    assert not classical.notes


@pytest.mark.parametrize("fit", [pv.fit_arellano_bond, pv.fit_blundell_bond])
def test_what_plm_leaves_out_has_units_and_says_so(fit):
    """plm's Sargan is N s² times the chi-squared one, its classical errors white noise's over the root of it."""
    options = {"cov": "classical", "steps": 1}
    white = quietly(fit, FRAME, "y", "x", **options)
    with pytest.warns(pv.PanelVarWarning, match="leaves the error variance out"):
        plms = fit(FRAME, "y", "x", convention="plm", **options)
    factor = plms.n_entities * white.sigma2
    assert plms.sargan.statistic == pytest.approx(factor * white.sargan.statistic, rel=1e-12)
    assert plms.std_errors.to_numpy() == pytest.approx(white.std_errors.to_numpy() / factor**0.5, rel=1e-12)
    eight = quietly(fit, FRAME.assign(y=8.0 * FRAME["y"]), "y", "x", convention="plm", **options)
    assert eight.sargan.statistic == pytest.approx(64.0 * plms.sargan.statistic, rel=1e-12)
    told = next(note for note in plms.notes if note.code == "no-error-variance")
    assert f"is {factor:.4g} times the one that is chi-squared" in told.text
    doubted = plms.difference_in_sargan("x")
    assert all(told in test.notes for test in (plms.sargan, doubted.joint, doubted.remaining))
    assert "leaves the error variance out" in str(plms.instrument_tests("sargan"))
    assert "no-error-variance" not in {note.code for note in (*white.notes, *white.sargan.notes, *plms.hansen_j.notes)}


@pytest.mark.parametrize("cov", ["robust", "classical"])
def test_small_samples_too_small_to_count(cov):
    """One entity has no spread of moments between clusters; classical errors need rows alone."""
    one = FRAME.loc[[0]]
    options = {"steps": 1, "cov": cov, "small_sample": True, "instruments": [pv.LagInstruments("y", collapse=True)]}
    if cov == "classical":
        assert np.isfinite(quietly(pv.fit_arellano_bond, one, "y", **options).std_errors).all()
    else:
        with pytest.raises(pv.InsufficientDataError, match=r"two clusters of entities; .* and 1 cluster"):
            quietly(pv.fit_arellano_bond, one, "y", **options)


def test_a_convention_says_where_its_programs_rows_are_others():
    """gretl differences across a gap; the note is there in panels with gaps alone, and for differences alone."""
    firms = pv.load_data("employment")
    whole = {"instruments": pv.LagInstruments(last=3, collapse=True), "convention": "gretl"}

    def noted(frame, **options):
        result = quietly(pv.fit_arellano_bond, frame, "log(emp) ~ log(wage)", **whole | options)
        return [note for note in result.notes if note.code == "gretl-gaps"]

    first = firms.index.get_level_values(0)[0]
    years = firms.loc[first].index
    gap = firms.drop([(first, years[3])])
    assert not noted(firms) and not noted(gap, convention="default") and not noted(gap, transform="fod")
    (note,) = noted(gap)
    assert note.warn and note.text.startswith("1 of 140 entities have gaps. gretl's dpanel")

"""What is printed where moments are as many as entities, or the data are too few for a test: a table never raises."""

import warnings

import numpy as np
import pandas as pd
import pytest

import panelvar as pv


def drawn(n_entities: int, n_periods: int, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    index = pd.MultiIndex.from_product([range(n_entities), range(2000, 2000 + n_periods)], names=["i", "t"])
    y, x = np.zeros((n_entities, n_periods)), rng.standard_normal((n_entities, n_periods))
    for t in range(1, n_periods):
        y[:, t] = 0.5 * y[:, t - 1] + x[:, t] + rng.standard_normal(n_entities)
    return pd.DataFrame({"y": y.ravel(), "x": x.ravel(), "w": rng.standard_normal(y.size)}, index=index)


def quietly(fit, *args, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return fit(*args, **options)


@pytest.fixture(scope="module")
def many() -> pv.DynamicPanelResult:
    return quietly(pv.fit_blundell_bond, drawn(20, 8), "y", "x", lags=2)


def test_hansens_line_counts_moments_and_entities(many):
    said = f"({many.n_instruments} moments, 20 entities)"
    assert many.n_instruments >= 20
    line = next(fact.text for fact in many.summary().statistics if fact.label == "Hansen")
    assert line == f"{many.hansen_j.in_a_line()} {said}"
    assert all(said not in fact.text for fact in many.summary().statistics if fact.label != "Hansen")
    few = quietly(pv.fit_blundell_bond, drawn(20, 8), "y", "x", lags=2, instruments=pv.LagInstruments(collapse=True))
    fewer = f"LagInstruments(collapse=True) would make {few.n_instruments} of the {many.n_instruments} moments"
    assert fewer in str(many.hansen_j.notes[0].text)
    assert fewer in " ".join(note.text for note in many.notes)
    assert "moments, 20 entities" not in str(few) and not few.hansen_j.notes


@pytest.mark.parametrize("transform", ["fd", "fod"])
def test_the_collapsed_alternative_is_counted_as_it_would_be(transform):
    sets = [pv.LagInstruments("y", 2, 4), pv.LagInstruments("x", 0, 2), pv.StandardInstruments("w")]
    collapsed = [pv.LagInstruments("y", 2, 4, True), pv.LagInstruments("x", 0, 2, True), sets[2]]
    for frame in (drawn(60, 8), drawn(60, 8).query("not (i % 3 == 0 and t == 2003)")):
        every = quietly(pv.fit_arellano_bond, frame, "y", ["x"], instruments=sets, transform=transform)
        few = quietly(pv.fit_arellano_bond, frame, "y", ["x"], instruments=collapsed, transform=transform)
        assert every._gmm.collapsed_moments == few.n_instruments < every.n_instruments
        assert few._gmm.collapsed_moments == few.n_instruments


def test_differences_have_as_many_degrees_as_moments_in_doubt_or_are_refused(many):
    doubted = sum(".D." in name or name.startswith("D.") for name in many.instrument_names)
    with pytest.raises(pv.InsufficientDataError, match=r"entities has rank 20, so that \d+ degree") as told:
        many.difference_in_hansen("levels")
    assert "would make" in str(told.value) and "difference_in_sargan" in str(told.value)
    assert many.difference_in_sargan("levels").df == doubted - 1.0
    table = many.instrument_tests()
    assert "levels" in table.untested and "Not tested: levels. The covariance of" in str(table).replace("\n", " ")
    wide = pv.fit_blundell_bond(drawn(200, 8), "y", "x", lags=2)
    tests = wide.instrument_tests()
    for name, each in tests.tests.items():
        mask = [origin.kind == "changes" for origin in wide._gmm.problem.origins]
        assert each.df == (sum(mask) if name == "levels" else 1.0) and not each.joint.notes


def test_no_stars_where_criteria_decide_nothing(many):
    assert "*" not in str(many.lag_selection())
    assert "Criteria made of its statistic decide nothing" in str(many.lag_selection()).replace("\n", " ")
    assert "smallest is best" not in str(many.moment_criteria()) and many.moment_criteria().notes
    few = pv.fit_arellano_bond(drawn(60, 8), "y", "x", lags=2, instruments=pv.LagInstruments(collapse=True))
    assert "*" in str(few.lag_selection()) and "The smallest is best." in str(few.moment_criteria())


@pytest.mark.parametrize("cov", ["robust", "classical"])
@pytest.mark.parametrize("fit", [pv.fit_arellano_bond, pv.fit_blundell_bond])
def test_fewer_entities_than_coefficients_have_a_table(fit, cov):
    found = quietly(fit, drawn(2, 12), "y", ["x", "w"], steps=1, cov=cov)
    with pytest.raises(pv.InsufficientDataError, match="cannot identify"):
        found.hansen_j  # noqa: B018
    facts = {fact.label: fact.text for fact in found.summary().statistics}
    assert facts["Hansen"].startswith("not available") and facts["Sargan"].startswith("chi2")
    assert "Hansen is not available. 2 independent moments cannot identify" in str(found).replace("\n", " ")
    assert found.summary().to_html() and "hansen.p.value" not in found.glance()
    table = str(pv.compare(found, foot=["nobs", "hansen_pvalue"])).replace("\n", " ")
    assert "p of Hansen: 2 independent moments cannot identify" in table


def test_panel_vars_have_a_table_too():
    found = quietly(pv.fit_panel_var, drawn(3, 12), ["y", "x", "w"], method="gmm", steps=1)
    text = str(found).replace("\n", " ")
    assert "not available" in text and "Hansen is not available. 3 independent moments cannot" in " ".join(text.split())


def test_an_order_that_no_entity_has_is_refused_in_words():
    found = pv.fit_anderson_hsiao(drawn(40, 4), "y", "x")
    with pytest.raises(pv.InsufficientDataError, match="No entity has differences that are 2 periods apart"):
        found.ar_test(2)
    assert "ar2.p.value" not in found.glance()


@pytest.mark.parametrize("seed", range(6))
def test_searches_that_fail_say_so(seed):
    """Singular equations on the way were bare errors of linear algebra."""
    frame = drawn(3, 5, seed)
    try:
        found = quietly(pv.fit_arellano_bond, frame, "y", "x", nonlinear="noserial", steps=1)
    except pv.PanelVarError:
        return
    assert str(found) and str(found.instrument_tests())

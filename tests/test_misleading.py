"""Answers that would mislead in silence: each is refused, warned about, or has another number now."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import panelvar as pv
from panelvar.kernels.linear.ols import ols


def frame(seed: int = 0, entities: int = 30, periods: int = 6) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    n = entities * periods
    i = np.repeat(np.arange(entities), periods)
    data = pd.DataFrame({"i": i, "t": np.tile(np.arange(periods), entities), "region": i % 4, "state": i % 7})
    data["x"], data["z"] = rng.normal(size=n), rng.normal(size=n)
    data["y"] = data["x"] + rng.normal(size=entities)[i] + rng.normal(size=n)
    return data


def panel(data: pd.DataFrame) -> pv.Panel:
    return pv.Panel(data, "i", "t")


@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
def test_a_constant_outcome_has_no_f():
    data = frame().assign(y=3.0)
    for fit in (pv.fit_pooled, pv.fit_fixed_effects, pv.fit_first_difference):
        test = fit(panel(data), "y", ["x"]).f_slopes
        assert np.isnan(test.statistic) and np.isnan(test.pvalue)
    assert np.isnan(ols(data[["x"]].to_numpy(), np.full(len(data), 3.0)).f_statistic)


@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
def test_an_exact_fit_with_effects_can_be_read():
    data = frame()
    result = pv.fit_fixed_effects(panel(data.assign(y=2.0 * data["x"] + data["i"])), "y", ["x"])
    assert result.f_with_dummies.statistic > 1e20
    assert "Within R2" in str(result.summary())
    result.without_rows()


@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
def test_an_indefinite_covariance_is_inverted_as_the_programs_that_leave_it_do():
    for seed in range(200):
        result = pv.fit_fixed_effects(
            panel(frame(seed)), "y", ["x", "z"], cov=pv.Clustered("region", "state"), convention="linearmodels"
        )
        slopes = result.covariance.matrix[1:, 1:]
        if np.linalg.eigvalsh(slopes)[0] < -1e-6 * np.abs(slopes).max():
            break
    else:
        pytest.fail("no draw gave an indefinite matrix")
    b = result.fit.slopes
    test = result.f_slopes
    assert test.statistic == pytest.approx(b @ np.linalg.solve(slopes, b) / 2, rel=1e-8)
    assert test.df == 2
    assert "indefinite-test" in {note.code for note in test.notes}
    flat = " ".join(str(result.summary()).split())
    assert "the statistic has no valid p-value" in flat


@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
def test_the_pyfixest_preset_leaves_a_multiway_matrix_alone():
    for seed in range(200):
        fixed = pv.fit_fixed_effects(panel(frame(seed)), "y", ["x", "z"], constant=False, convention="pyfixest")
        raw = fixed.with_cov(pv.Clustered("region", "state"))
        if np.linalg.eigvalsh(raw.covariance.matrix)[0] < 0.0:
            return
    pytest.fail("every matrix was positive: the preset repairs, or the draws do not test it")


@pytest.mark.parametrize("scale", [1e-100, 1e-80, 1e100])
def test_r2_does_not_depend_on_the_units_of_y(scale):
    data = frame()
    base = pv.fit_random_effects(panel(data), "y", ["x"]).rsquared_table
    scaled = pv.fit_random_effects(panel(data.assign(y=data["y"] * scale)), "y", ["x"]).rsquared_table
    for name in ("within", "between", "overall"):
        assert getattr(scaled, name) == pytest.approx(getattr(base, name), rel=1e-13)


def test_the_array_entry_refuses_what_underflows():
    rng = np.random.default_rng(0)
    with pytest.raises(pv.DataError, match="too small to square"):
        ols(rng.normal(size=(20, 1)) * 1e-160, rng.normal(size=20))


def test_the_array_entry_says_what_is_too_small_and_keeps_errors_in_range():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(20, 2)), rng.normal(size=20)
    for unit in (1e-160, 1e-170):
        with pytest.raises(pv.DataError, match=r"^y is too small to square"):
            ols(x, y * unit)
    plain, far = ols(x, y), ols(x * 2.0**-400, y * 2.0**400)
    np.testing.assert_array_equal(far.std_errors[1:] * 2.0**-400 * 2.0**-400, plain.std_errors[1:])
    np.testing.assert_allclose(far.tstats, plain.tstats, rtol=1e-14)
    assert ols(x, np.zeros(20)).rss == 0.0


def test_random_effects_refuse_a_within_regression_that_fits_exactly():
    data = frame()
    with pytest.raises(pv.NumericalError, match="within regression fits exactly"):
        pv.fit_random_effects(panel(data.assign(y=data["i"].astype(float))), "y", ["x"])


def test_compare_keeps_chi2_out_of_the_row_of_f():
    data = panel(frame())
    table = pv.compare(pv.fit_pooled(data, "y", ["x"]), pv.fit_random_effects(data, "y", ["x"]))
    rows = {row.label: [cell.text for cell in row.cells] for row in table.foot}
    assert rows["Wald chi2"][0] == rows["F"][1] == ""
    assert rows["Wald chi2"][1] and rows["F"][0]
    assert "*" not in str(pv.compare(pv.fit_pooled(data, "y", ["x"]), stars=False)).split("N ")[0]


@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
def test_friendly_mistakes_are_understood_or_explained():
    data = panel(frame())
    listed = pv.fit_pooled(data, "y", ["x"], cov=pv.Clustered(["i", "t"]))
    named = pv.fit_pooled(data, "y", ["x"], cov=pv.Clustered("i", "t"))
    pd.testing.assert_series_equal(listed.std_errors, named.std_errors)
    with pytest.raises(pv.SpecificationError, match=r"cov=HC\(\.\.\.\)"):
        pv.fit_pooled(data, "y", ["x"], cov=pv.HC)
    with pytest.raises(pv.SpecificationError, match="'twoway'"):
        pv.fit_fixed_effects(data, "y", ["x"], effects="two-way")
    with pytest.raises(pv.SpecificationError, match="coverage"):
        named.conf_int(level="0.95")
    assert "[0.05" in str(named.summary(level=0.9, digits=3))


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("bse", "std_errors"),
        ("rsquared_within", "rsquared_table.within"),
        ("theta", "variance_components.theta"),
        ("resid", "resids"),
    ],
)
def test_other_programs_names_are_answered(theirs, ours):
    result = pv.fit_random_effects(panel(frame()), "y", ["x"])
    with pytest.raises(AttributeError, match=ours):
        getattr(result, theirs)
    assert not hasattr(result, theirs)

"""Means by group against SciPy and regressions, and the refusals."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import panelvar as pv


def people(n=300):
    rng = np.random.default_rng(11)
    school = rng.integers(0, 25, n)
    treated = school < 9
    x = rng.normal(size=25)[school] + 0.4 * treated + rng.normal(size=n) * np.where(treated, 2.0, 1.0)
    frame = pd.DataFrame({"x": x, "z": rng.gamma(2.0, size=n), "treated": treated, "school": school})
    return frame.assign(arm=pd.Series(rng.choice(["a", "b", "c"], n)))


def test_two_groups_have_welchs_t_and_the_normalised_difference():
    frame = people()
    frame.loc[4, "x"] = np.nan
    table = pv.balance_table(frame, ["x", "log(z)"], by="treated")
    for name, values in (("x", frame["x"]), ("log(z)", np.log(frame["z"]))):
        one, other = (values[frame["treated"] == which].dropna() for which in (True, False))
        welch = stats.ttest_ind(one, other, equal_var=False)
        row = table.loc[name]["Difference"]
        assert row["difference"] == pytest.approx(one.mean() - other.mean(), rel=1e-12)
        assert row["statistic"] == pytest.approx(welch.statistic, rel=1e-11)
        assert row["df"] == pytest.approx(welch.df, rel=1e-11)
        assert row["pvalue"] == pytest.approx(welch.pvalue, rel=1e-10)
        assert row["std_error"] == pytest.approx(row["difference"] / row["statistic"], rel=1e-12)
        scale = np.sqrt((one.var() + other.var()) / 2.0)
        assert row["normalised"] == pytest.approx((one.mean() - other.mean()) / scale, rel=1e-11)
        assert table.loc[name]["treated = True"]["n"] == len(one)
    text = str(table)
    assert "unequal variances" in text and "treated = True less treated = False" in text
    assert r"\begin{tabular" in table.to_latex() and len(table.to_frame()) == 2


def test_clustered_differences_are_those_of_the_regression():
    frame = people()
    table = pv.balance_table(frame, ["x", "z"], by="treated", cov=pv.Clustered("school"))
    for name in ("x", "z"):
        fit = pv.fit_pooled(frame.assign(d=frame["treated"].astype(float)), name, ["d"], cov=pv.Clustered("school"))
        row = table.loc[name]["Difference"]
        assert row["std_error"] == pytest.approx(fit.std_errors["d"], rel=1e-11)
        assert row["pvalue"] == pytest.approx(fit.pvalues["d"], rel=1e-10)
        assert row["df"] == 24
    assert "clustered by school" in str(table)
    panel = pv.balance_table(pv.load_data("wage_panel"), "lwage", by="union", cov="cluster")
    assert "clustered by person" in str(panel)


def test_more_groups_have_welchs_f():
    frame = people()
    table = pv.balance_table(frame, "x", by="arm")
    # Welch (1951), written out.
    groups = [frame["x"][frame["arm"] == arm] for arm in "abc"]
    w = np.array([len(g) / g.var() for g in groups])
    means = np.array([g.mean() for g in groups])
    centre = (w * means).sum() / w.sum()
    spread = sum((1 - each / w.sum()) ** 2 / (len(g) - 1) for each, g in zip(w, groups, strict=True))
    f = (w * (means - centre) ** 2).sum() / 2 / (1 + 2 * 1 / 8 * spread)
    row = table.loc["x"]["All means equal"]
    assert row["statistic"] == pytest.approx(f, rel=1e-11)
    assert row["df"] == pytest.approx(8 / (3 * spread), rel=1e-11)
    assert row["pvalue"] == pytest.approx(stats.f.sf(f, 2, row["df"]), rel=1e-10)
    clustered = pv.balance_table(frame, "x", by="arm", cov=pv.Clustered("school")).loc["x"]["All means equal"]
    fit = pv.fit_pooled(frame, "x ~ C(arm)", cov=pv.Clustered("school")).f_slopes
    assert clustered["statistic"] == pytest.approx(fit.statistic, rel=1e-10)


def test_all_numeric_columns_by_default_and_what_is_refused():
    frame = people()
    assert list(pv.balance_table(frame, by="treated").index) == ["x", "z", "school"]
    constant = pv.balance_table(frame.assign(one=1.0), ["one", "x"], by="treated")
    assert np.isnan(constant["Difference", "statistic"]["one"])
    assert constant.notes[-1] == "No test, because the column does not vary within groups or clusters: one."
    with pytest.raises(pv.SpecificationError, match="has 300 values; groups to compare are 2 to 20"):
        pv.balance_table(frame, "x", by="z")
    with pytest.raises(pv.InsufficientDataError, match="a group needs two"):
        pv.balance_table(frame.head(3).assign(g=[0, 0, 1]), "x", by="g")
    with pytest.raises(pv.DataError, match="'y' is not in the data"):
        pv.balance_table(frame, "y", by="treated")

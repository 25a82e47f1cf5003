"""Tests of instruments against textbook formulas on dense matrices, and Stata's ivreg2 in the parity tests."""

import pickle

import numpy as np
import pandas as pd
import pytest
from instrumental_twins import COLUMNS, ENDOGENOUS, EXOGENOUS, INSTRUMENTS, instrumented_frame
from scipy import stats
from twins import indicator

import panelvar as pv

BARE = pv.Convention(
    "bare", cluster_group_factor=False, cluster_dof_factor="none", classical_counts="none", hc1_counts="none"
)


def demeaned(frame):
    names = [*EXOGENOUS, *ENDOGENOUS, *INSTRUMENTS, "y"]
    return frame[names] - frame.groupby("entity")[names].transform("mean")


def off(columns, target):
    """Residuals of least squares on dense columns."""
    return target - columns @ np.linalg.lstsq(columns, target, rcond=None)[0]


class Parts:
    """Dense demeaned matrices with the exogenous regressors taken out."""

    def __init__(self, frame):
        less = demeaned(frame)
        own = less[EXOGENOUS].to_numpy()
        self.own = own
        self.z, self.p, self.y = (off(own, less[names].to_numpy()) for names in (INSTRUMENTS, ENDOGENOUS, "y"))
        self.project = self.z @ np.linalg.inv(self.z.T @ self.z) @ self.z.T
        self.pi = np.linalg.solve(self.z.T @ self.z, self.z.T @ self.p)
        self.b = np.linalg.solve(self.p.T @ self.project @ self.p, self.p.T @ self.project @ self.y)
        self.e = self.y - self.p @ self.b
        self.v = self.p - self.z @ self.pi
        self.groups = indicator(frame["entity"]).T

    def meat(self, rows, residuals, clustered):
        scores = rows * residuals[:, None]
        sums = self.groups @ scores if clustered else scores
        return sums.T @ sums


@pytest.fixture(scope="module")
def frame():
    return instrumented_frame(entities=40, kept=0.8)


@pytest.fixture(scope="module")
def parts(frame):
    return Parts(frame)


def fit(frame, cov="classical", **options):
    panel = pv.Panel(frame, "entity", "year")
    return pv.fit_iv_fixed_effects(panel, "y", EXOGENOUS, cov=cov, convention=BARE, **(COLUMNS | options))


def large(frame):
    return len(frame) - frame["entity"].nunique()


def test_first_stages_are_regressions_with_dummies(frame):
    result = fit(frame)
    panel = pv.Panel(frame, "entity", "year")
    for name in ENDOGENOUS:
        expected = pv.fit_fixed_effects(panel, name, [*EXOGENOUS, *INSTRUMENTS], cov="HC1")
        stage = result.with_cov("HC1").first_stages[name]
        np.testing.assert_allclose(stage.params, expected.params, rtol=1e-11)
        plain = pv.fit_fixed_effects(panel, name, [*EXOGENOUS, *INSTRUMENTS], convention=BARE, cov="HC1")
        test = plain.wald_test(INSTRUMENTS)
        assert result.with_cov("HC1").first_stage.loc[name, "f"] == pytest.approx(test.statistic, rel=1e-10)
        assert str(stage.summary())


@pytest.mark.parametrize("clustered", [True, False])
def test_identification_of_two_regressors(frame, parts, clustered):
    """Kleibergen and Paap's statistic by its definition: the quadratic form in vec(Pi) along the smallest vectors."""
    result = fit(frame, cov="cluster" if clustered else "HC0")
    q, p = len(INSTRUMENTS), len(ENDOGENOUS)
    root_z = np.linalg.cholesky(parts.z.T @ parts.z).T
    root_p = np.linalg.cholesky(parts.p.T @ parts.p).T
    theta = root_z @ parts.pi @ np.linalg.inv(root_p)
    left, values, right = np.linalg.svd(theta)
    for residuals, name in ((parts.p, "lm"), (parts.v, "wald")):
        scores = np.concatenate([parts.z * residuals[:, [j]] for j in range(p)], axis=1)
        sums = parts.groups @ scores if clustered else scores
        inverse = np.kron(np.eye(p), np.linalg.inv(parts.z.T @ parts.z))
        covariance = inverse @ (sums.T @ sums) @ inverse
        turn = np.kron(np.linalg.inv(root_p).T, root_z)
        covariance = turn @ covariance @ turn.T
        along = np.kron(right[p - 1 :], left[:, p - 1 :].T)
        gap = along @ theta.T.reshape(-1)
        statistic = gap @ np.linalg.solve(along @ covariance @ along.T, gap)
        if name == "lm":
            assert result.underidentification.statistic == pytest.approx(statistic, rel=1e-9)
            assert result.underidentification.df == q - p + 1
        else:
            assert result.kleibergen_paap == pytest.approx(statistic / q, rel=1e-9)
    df = large(frame) - len(EXOGENOUS) - q
    assert result.cragg_donald == pytest.approx(values[-1] ** 2 / (1 - values[-1] ** 2) * df / q, rel=1e-10)
    classical = fit(frame)
    assert classical.underidentification.statistic == pytest.approx(large(frame) * values[-1] ** 2, rel=1e-10)


def test_partial_and_conditional_strength(frame, parts):
    table = fit(frame).first_stage
    df = large(frame) - len(EXOGENOUS) - len(INSTRUMENTS)
    for j, name in enumerate(ENDOGENOUS):
        own, other = parts.p[:, j], parts.p[:, 1 - j]
        explained = parts.project @ own
        assert table.loc[name, "partial_r2"] == pytest.approx(explained @ explained / (own @ own), rel=1e-11)
        # Shea: the share of what is left of it, given the other, that is left of its fitted values.
        fitted = parts.project @ parts.p
        own_left = off(parts.p[:, [1 - j]], own)
        fitted_left = off(fitted[:, [1 - j]], fitted[:, j])
        shea = (fitted_left @ fitted_left) / (own_left @ own_left)
        assert table.loc[name, "shea_r2"] == pytest.approx(shea, rel=1e-10)
        delta = (other @ parts.project @ own) / (other @ parts.project @ other)
        gap = own - delta * other
        explained = gap @ parts.project @ gap
        # The convention divides residual variances by all rows.
        conditional = explained / (len(INSTRUMENTS) - 1) / ((gap @ gap - explained) / len(frame))
        assert table.loc[name, "conditional_f"] == pytest.approx(conditional, rel=1e-10)
    assert df > 0


@pytest.mark.parametrize("clustered", [True, False])
def test_overidentification(frame, parts, clustered):
    result = fit(frame)
    n, q, p = large(frame), len(INSTRUMENTS), len(ENDOGENOUS)
    explained = parts.e @ parts.project @ parts.e
    assert result.sargan.statistic == pytest.approx(n * explained / (parts.e @ parts.e), rel=1e-10)
    assert result.sargan.df == q - p
    free = n - len(EXOGENOUS) - q
    expected = explained / (q - p) / ((parts.e @ parts.e - explained) / free)
    assert result.basmann.statistic == pytest.approx(expected, rel=1e-10)
    robust = result.with_cov("cluster" if clustered else "HC0")
    weight = np.linalg.inv(parts.meat(parts.z, parts.e, clustered))
    cross = parts.z.T @ parts.p
    b = np.linalg.solve(cross.T @ weight @ cross, cross.T @ weight @ parts.z.T @ parts.y)
    moment = parts.z.T @ (parts.y - parts.p @ b)
    assert robust.hansen_j.statistic == pytest.approx(moment @ weight @ moment, rel=1e-9)
    assert robust.overidentification.name == "Hansen J"
    gmm = fit(frame, cov="cluster" if clustered else "HC0", method=pv.TwoStepGMM("cluster" if clustered else "HC0"))
    assert gmm.hansen_j.statistic == pytest.approx(moment @ weight @ moment, rel=1e-9)


def smallest(z, p, y, weight):
    cross = z.T @ p
    b = np.linalg.solve(cross.T @ weight @ cross, cross.T @ weight @ z.T @ y)
    moment = z.T @ (y - p @ b)
    return moment @ weight @ moment


@pytest.mark.parametrize("clustered", [True, False])
def test_subsets_of_instruments_and_regressors(frame, parts, clustered):
    result = fit(frame, cov="cluster" if clustered else "HC0")
    meat = parts.meat(parts.z, parts.e, clustered)
    kept = [0, 1]
    expected = smallest(parts.z, parts.p, parts.y, np.linalg.inv(meat)) - smallest(
        parts.z[:, kept], parts.p, parts.y, np.linalg.inv(meat[np.ix_(kept, kept)])
    )
    test = result.difference_in_sargan("z3")
    assert test.statistic == pytest.approx(expected, rel=1e-8)
    # q is exogenous under the null: an instrument for itself.
    both = np.column_stack((parts.p[:, 1], parts.z))
    project = both @ np.linalg.inv(both.T @ both) @ both.T
    b = np.linalg.solve(parts.p.T @ project @ parts.p, parts.p.T @ project @ parts.y)
    meat = parts.meat(both, parts.y - parts.p @ b, clustered)
    expected = smallest(both, parts.p, parts.y, np.linalg.inv(meat)) - smallest(
        parts.z, parts.p, parts.y, np.linalg.inv(meat[1:, 1:])
    )
    test = result.endogeneity_test("q", statistic="difference")
    assert test.statistic == pytest.approx(expected, rel=1e-8)
    assert test.df == 1


def test_exogeneity_by_residuals_and_by_durbin(frame, parts):
    panel = pv.Panel(frame, "entity", "year")
    frame = frame.copy()
    result = fit(frame, cov="HC1")
    for j, name in enumerate(ENDOGENOUS):
        frame[f"v_{name}"] = parts.v[:, j]
    panel = pv.Panel(frame, "entity", "year")
    names = [*EXOGENOUS, *ENDOGENOUS, "v_p", "v_q"]
    augmented = pv.fit_fixed_effects(panel, "y", names, cov="HC1", convention=BARE)
    test = augmented.wald_test(["v_p", "v_q"])
    assert result.wu_hausman.statistic == pytest.approx(test.statistic, rel=1e-9)
    assert result.wu_hausman.pvalue == pytest.approx(test.pvalue, rel=1e-7, abs=1e-300)
    # Durbin: the least-squares residuals explained by first-stage residuals, with the least-squares variance.
    ols = off(parts.p, parts.y)
    fitted = np.column_stack((parts.project @ parts.p, parts.p))
    gap = ols @ (ols - off(fitted, ols))
    durbin = fit(frame).endogeneity_test(statistic="difference")
    assert durbin.statistic == pytest.approx(large(frame) * gap / (ols @ ols), rel=1e-9)
    assert durbin.name == "Durbin"


def test_one_of_two_regressors_tested_by_regression(frame, parts):
    frame = frame.copy()
    frame["fitted"] = frame["q"] - parts.v[:, 1]
    frame["left"] = parts.v[:, 0]
    panel = pv.Panel(frame, "entity", "year")
    augmented = pv.fit_fixed_effects(panel, "y", [*EXOGENOUS, "p", "fitted", "left"], cov="HC1", convention=BARE)
    test = fit(frame, cov="HC1").endogeneity_test("p")
    assert test.statistic == pytest.approx(augmented.wald_test(["left"]).statistic, rel=1e-9)


def test_anderson_rubin(frame, parts):
    result = fit(frame, cov="HC1")
    panel = pv.Panel(frame, "entity", "year")
    for values in ({"p": 0.5, "q": -0.2}, 0.0):
        b = values if isinstance(values, dict) else dict.fromkeys(ENDOGENOUS, values)
        left = frame["y"] - frame[ENDOGENOUS] @ [b[name] for name in ENDOGENOUS]
        with_left = panel.with_columns(left=left)
        reduced = pv.fit_fixed_effects(with_left, "left", [*EXOGENOUS, *INSTRUMENTS], cov="HC1", convention=BARE)
        expected = reduced.wald_test(INSTRUMENTS)
        test = result.anderson_rubin(values)
        assert test.statistic == pytest.approx(expected.statistic, rel=1e-9)
        assert test.df_denominator == expected.df_denominator
    assert len(parts.y) == len(frame)


@pytest.mark.filterwarnings("ignore:Weak instruments")
@pytest.mark.parametrize("strength", [1.0, 0.06, 0.0])
@pytest.mark.parametrize("cov", ["classical", "HC1", "cluster"])
@pytest.mark.parametrize("unit", [1.0, 1e-6])
def test_the_set_is_what_the_test_accepts(strength, cov, unit):
    frame = instrumented_frame(seed=5, entities=25, kept=0.9)
    rng = np.random.default_rng(0)
    noise = rng.standard_normal(len(frame))
    frame["r"] = unit * (strength * frame["z1"] + 0.5 * strength * frame["z2"] + noise)
    frame["y"] = frame["r"] / unit + 0.5 * noise + rng.standard_normal(len(frame)) + frame["x1"]
    panel = pv.Panel(frame, "entity", "year")
    result = pv.fit_iv_fixed_effects(panel, "y", ["x1"], endogenous="r", instruments=["z1", "z2", "z3"], cov=cov)
    found = result.anderson_rubin_set(level=0.9)
    centre = result.params["r"]
    grid = np.concatenate((np.linspace(-4.0, 6.0, 161) / unit, [-1e5 / unit, 1e5 / unit, centre]))
    for value in grid:
        pvalue = result.anderson_rubin(float(value)).pvalue
        if abs(pvalue - 0.1) > 1e-9:
            assert (pvalue > 0.1) == (value in found), (value, pvalue, str(found))
    for low, high in found.intervals:
        for end in (low, high):
            if np.isfinite(end):
                assert result.anderson_rubin(end).pvalue == pytest.approx(0.1, rel=1e-6)
    assert found.bounded == all(np.isfinite(end) for pair in found.intervals for end in pair)
    if strength == 1.0:
        assert found.bounded and not found.empty and "90%" in str(found)


def test_effective_f(frame):
    options = {"endogenous": "p", "instruments": INSTRUMENTS}
    classical = fit(frame, **options)
    # Under homoskedasticity it is the F itself.
    assert classical.effective_f.statistic == pytest.approx(classical.first_stage.loc["p", "f"], rel=1e-11)
    robust = fit(frame, cov="cluster", **options)
    less = demeaned(frame)
    z = off(less[EXOGENOUS].to_numpy(), less[INSTRUMENTS].to_numpy())
    p = off(less[EXOGENOUS].to_numpy(), less["p"].to_numpy())
    sums = indicator(frame["entity"]).T @ (z * off(z, p)[:, None])
    values, vectors = np.linalg.eigh(z.T @ z)
    half = vectors @ np.diag(values**-0.5) @ vectors.T
    weight = half @ (sums.T @ sums) @ half
    pi = np.linalg.lstsq(z, p, rcond=None)[0]
    assert robust.effective_f.statistic == pytest.approx((z @ pi) @ (z @ pi) / np.trace(weight), rel=1e-10)
    eigen = np.linalg.eigvalsh(weight)
    x = 10.0
    k = eigen.sum() ** 2 * (1 + 2 * x) / ((eigen**2).sum() + 2 * x * eigen.sum() * eigen.max())
    assert robust.effective_f.degrees[0.1] == pytest.approx(k, rel=1e-9)
    critical = stats.ncx2.ppf(0.95, k, k * x) / k
    assert robust.effective_f.critical_values[0.1] == pytest.approx(critical, rel=1e-6)
    one = fit(frame, cov="cluster", endogenous="p", instruments="z1")
    assert one.effective_f.critical_values[0.1] == pytest.approx(23.1, abs=0.05)
    assert fit(frame).effective_f is None


def test_published_critical_values(frame):
    one = fit(frame, endogenous="p", instruments=INSTRUMENTS).stock_yogo.set_index(["criterion", "threshold"])
    assert one.loc[("size", 0.1), "critical_value"] == 22.30
    assert one.loc[("bias", 0.05), "critical_value"] == 13.91
    liml = fit(frame, method="liml").stock_yogo.set_index(["criterion", "threshold"])["critical_value"]
    assert liml.to_dict() == {("size", 0.1): 5.44, ("size", 0.15): 3.81, ("size", 0.2): 3.32, ("size", 0.25): 3.09}
    assert fit(frame, cov="HC0", method="gmm").stock_yogo.empty
    # The published table is of Fuller's estimator with an alpha of one.
    assert not fit(frame, method=pv.Fuller(1.0)).stock_yogo.empty
    assert fit(frame, method=pv.Fuller(4.0)).stock_yogo.empty


def test_just_identified(frame):
    result = fit(frame, instruments=["z1", "z2"])
    assert result.sargan is None and result.basmann is None and result.hansen_j is None
    assert result.overidentification is None
    for method in ("liml", pv.TwoStepGMM("HC0")):
        other = fit(frame, cov="HC0", instruments=["z1", "z2"], method=method)
        np.testing.assert_allclose(other.params, result.params, rtol=1e-10)
    assert "Overidentification" not in str(result)


def test_weak_instruments_are_warned_about(frame):
    with pytest.warns(pv.PanelVarWarning, match=r"the first-stage F is 0\.\d+.*anderson_rubin"):
        fit(
            frame.assign(noise=np.random.default_rng(3).standard_normal(len(frame))),
            endogenous="p",
            instruments="noise",
        )


def herds(endogenous):
    """Instruments and regressors that hardly change within an entity: strong by rows, weak by entities."""
    rng = np.random.default_rng(1)
    firms, years = 60, 12
    frame = pd.DataFrame({"entity": np.repeat(np.arange(firms), years), "year": np.tile(np.arange(years), firms)})
    for j in range(endogenous):
        shock = np.repeat(rng.standard_normal(firms), years)
        frame[f"z{j}"] = np.repeat(rng.standard_normal(firms), years) + 0.1 * rng.standard_normal(len(frame))
        frame[f"p{j}"] = 0.4 * frame[f"z{j}"] + shock + 0.3 * rng.standard_normal(len(frame))
    frame["y"] = frame.filter(like="p").sum(axis=1) + rng.standard_normal(len(frame))
    return frame


@pytest.mark.parametrize(("endogenous", "which"), [(1, "effective F"), (2, "Kleibergen-Paap F")])
def test_instruments_that_are_weak_by_clusters_alone_are_warned_about(endogenous, which):
    frame = herds(endogenous)
    regressors, instruments = (" + ".join(f"{letter}{j}" for j in range(endogenous)) for letter in "pz")
    formula = f"y ~ [{regressors} ~ {instruments}]"
    panel = pv.Panel(frame, "entity", "year")
    quiet = pv.fit_iv_pooled(panel, formula, cov="classical")
    assert quiet.cragg_donald > 10.0
    assert all(note.code != "weak-instruments" for note in quiet.notes)
    said = rf"the {which} is (\d+\.\d+) with errors clustered by entity.*anderson_rubin"
    with pytest.warns(pv.PanelVarWarning, match=said):
        clustered = pv.fit_iv_pooled(panel, formula, cov="cluster")
    with pytest.warns(pv.PanelVarWarning, match=said):
        changed = quiet.with_cov("cluster")
    strength = clustered.kleibergen_paap if endogenous == 2 else clustered.effective_f.statistic
    assert 0.0 < strength < 10.0
    for result in (clustered, changed):
        (note,) = (note for note in result.notes if note.code == "weak-instruments")
        assert f"is {strength:.2f} with" in note.text
        assert f"Weak instruments: the {which}" in " ".join(str(result.summary()).split())
    # Other errors, other strength: the note goes with the covariance.
    assert all(note.code != "weak-instruments" for note in changed.with_cov("classical").notes)


def test_one_warning_is_enough_where_every_f_is_low(frame):
    noise = frame.assign(noise=np.random.default_rng(3).standard_normal(len(frame)))
    with pytest.warns(pv.PanelVarWarning, match="the effective F is"):
        result = fit(noise, cov="cluster", endogenous="p", instruments="noise")
    assert [note.code for note in result.notes].count("weak-instruments") == 1


def test_the_f_of_other_errors_warns_of_nothing():
    # Noise that grows where the instrument is silent: the classical F is low, that of these errors is not.
    rng = np.random.default_rng(5)
    firms, years = 60, 12
    frame = pd.DataFrame({"entity": np.repeat(np.arange(firms), years), "year": np.tile(np.arange(years), firms)})
    z = rng.standard_normal(len(frame))
    frame["z"] = np.where(np.abs(z) > 1.5, z, 0.0)
    frame["p"] = 0.35 * frame["z"] + rng.standard_normal(len(frame)) * np.where(frame["z"] == 0.0, 3.5, 0.7)
    frame["y"] = frame["p"] + rng.standard_normal(len(frame))
    panel = pv.Panel(frame, "entity", "year")
    with pytest.warns(pv.PanelVarWarning, match="the first-stage F is"):
        classical = pv.fit_iv_pooled(panel, "y ~ [p ~ z]", cov="classical")
    assert classical.cragg_donald < 10.0
    # Warnings are errors here.
    robust = pv.fit_iv_pooled(panel, "y ~ [p ~ z]", cov="HC1")
    assert robust.effective_f.statistic > 10.0
    assert all(
        note.code != "weak-instruments" for result in (robust, classical.with_cov("HC1")) for note in result.notes
    )


def test_an_endogenous_regressor_the_instruments_explain_exactly(frame):
    frame = frame.assign(s=frame["z1"] + frame["z2"] - frame["x1"])
    panel = pv.Panel(frame, "entity", "year")
    result = pv.fit_iv_pooled(panel, "y", EXOGENOUS, endogenous="s", instruments=["z1", "z2"])
    plain = pv.fit_pooled(panel, "y", [*EXOGENOUS, "s"])
    np.testing.assert_allclose(result.params, plain.params, rtol=1e-10)
    assert result.cragg_donald > 1e20
    assert np.isnan(result.wu_hausman.statistic)
    assert "as exogenous as they are" in result.wu_hausman.notes[0].text
    assert str(result.summary())


def test_a_constant_dependent_variable(frame):
    panel = pv.Panel(frame.assign(y=2.0), "entity", "year")
    with pytest.warns(pv.PanelVarWarning, match="does not vary"):
        result = pv.fit_iv_pooled(panel, "y", EXOGENOUS, **COLUMNS)
    assert np.isnan(result.sargan.statistic)
    assert str(result.summary())
    with pytest.raises(pv.NumericalError, match="residuals are zero"):
        result.difference_in_sargan("z3")


def test_as_many_instruments_as_rows(frame):
    with pytest.raises(pv.InsufficientDataError, match="6 rows are too few for 5 instruments"):
        pv.fit_iv_pooled(pv.Panel(frame.head(6), "entity", "year"), "y", EXOGENOUS, **COLUMNS)


def test_few_clusters_for_the_moments(frame):
    frame = frame.copy()
    panel = pv.Panel(frame, "entity", "year")
    with pytest.warns(pv.PanelVarWarning, match="clusters"):
        result = pv.fit_iv_pooled(panel, "y", EXOGENOUS, cov=pv.Clustered("region"), **COLUMNS)
    assert np.isnan(result.hansen_j.statistic)
    assert "more clusters" in result.hansen_j.notes[0].text
    with pytest.raises(pv.NumericalError, match="more clusters"):
        result.difference_in_sargan("z3")
    with pytest.raises(pv.NumericalError, match="singular"):
        fit(frame, method=pv.TwoStepGMM(pv.Clustered("region")), cov="HC0")
    with pytest.warns(pv.PanelVarWarning, match="3 clusters give it no higher"):
        assert "so none is given" in str(result.summary())


def test_results_without_rows_and_refusals(frame):
    result = fit(frame, cov="cluster")
    light = result.without_rows()
    assert str(light) == str(result)
    assert len(pickle.dumps(light)) < 60_000
    assert light.first_stage.equals(result.first_stage.to_frame())
    with pytest.raises(pv.MissingInformationError, match="released"):
        light.anderson_rubin()
    with pytest.raises(pv.SpecificationError, match="one endogenous regressor"):
        result.anderson_rubin_set()
    with pytest.raises(pv.SpecificationError, match="values= has none for q"):
        result.anderson_rubin({"p": 1.0})
    with pytest.raises(pv.SpecificationError, match=r"values=1 is not known\. Choose one of: 'p', 'q'"):
        result.anderson_rubin({1: 2.0})
    with pytest.raises(pv.SpecificationError, match="z3"):
        result.difference_in_sargan("z9")
    with pytest.raises(pv.SpecificationError, match="needs enough other instruments"):
        result.difference_in_sargan(["z2", "z3"])
    with pytest.raises(pv.SpecificationError, match="statistic"):
        result.endogeneity_test(statistic="durbin")
    assert result.f_poolability is None and result.f_with_dummies is None
    assert result.instruments == tuple(INSTRUMENTS) and result.endogenous == tuple(ENDOGENOUS)


def test_comparison_and_summary_show_the_instruments(frame):
    result = fit(frame)
    text = str(result)
    assert "Endogenous: p, q. Instruments: z1, z2, z3." in text
    assert all(len(line) <= 80 for line in text.splitlines())
    plain = pv.fit_fixed_effects(pv.Panel(frame, "entity", "year"), "y", [*EXOGENOUS, *ENDOGENOUS])
    table = str(pv.compare({"OLS": plain, "IV": result}))
    assert "First-stage F" in table and "p of overid. test" in table
    assert "First-stage F" not in str(pv.compare(plain))


@pytest.mark.filterwarnings("ignore:Only 2 clusters")
def test_a_first_stage_with_fewer_clusters_than_instruments_has_no_f():
    rng = np.random.default_rng(4)
    data = pd.DataFrame({"i": np.repeat(np.arange(20), 5), "t": np.tile(np.arange(5), 20)})
    data["q1"], data["q2"], error = rng.standard_normal((3, 100))
    data["p"] = data["q1"] + data["q2"] + error
    data["y"] = data["p"] + error + rng.standard_normal(100)
    data["half"] = data["i"] % 2
    panel = pv.Panel(data, "i", "t")
    result = pv.fit_iv_pooled(panel, "y", endogenous="p", instruments=["q1", "q2"], cov=pv.Clustered("half"))
    with pytest.warns(pv.PanelVarWarning, match="2 clusters give it no higher"):
        assert np.isnan(result.first_stage.loc["p", "f"])


@pytest.mark.parametrize("cov", ["classical", "HC1"])
def test_first_stages_have_variances_of_their_own_residuals(frame, cov):
    """Under "eviews" the errors of y have the within variance, which says nothing of another variable's errors."""
    frame = frame.assign(y=frame["y"] * 1e-3)
    panel = pv.Panel(frame, "entity", "year")
    options = {"endogenous": "p", "instruments": ["z1", "z2"], "cov": cov}
    plain, other = (
        pv.fit_iv_random_effects(
            panel, "y", EXOGENOUS, convention=pv.Convention("own").but(random_scale=scale), **options
        )
        for scale in ("gls", "within")
    )
    np.testing.assert_allclose(other.first_stage.to_numpy(float), plain.first_stage.to_numpy(float), rtol=1e-12)
    assert other.effective_f.statistic == pytest.approx(plain.effective_f.statistic, rel=1e-12)
    assert other.underidentification.statistic == pytest.approx(plain.underidentification.statistic, rel=1e-12)
    sets = (result.anderson_rubin_set().intervals for result in (plain, other))
    np.testing.assert_allclose(*sets, rtol=1e-9)
    # What EViews's choice is about stays what it is.
    assert (other.std_errors["p"] != plain.std_errors["p"]) == (cov == "classical")


@pytest.mark.filterwarnings("ignore:The covariance .* has rank 0")
def test_a_first_stage_without_any_variance_has_no_effective_f():
    """An instrument that is the regressor itself may leave residuals of exactly zero, or of rounding."""
    refused = 0
    for seed in range(20, 40):
        rng = np.random.default_rng(seed)
        data = pd.DataFrame({"i": np.repeat(range(4), 4), "t": np.tile(range(4), 4), "z": rng.integers(0, 3, 16) * 1.0})
        panel = pv.Panel(data.assign(p=data["z"], y=rng.standard_normal(16)), "i", "t")
        result = pv.fit_iv_pooled(panel, "y ~ [p ~ z]", cov="HC1")
        try:
            assert result.effective_f.statistic > 1e20
        except pv.NumericalError as error:
            refused += 1
            assert "no variance" in str(error)
            assert "Effective F: The first-stage coefficients of the instruments have no variance" in " ".join(
                str(result).split()
            )
    assert refused

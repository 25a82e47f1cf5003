"""Fully modified, canonical and dynamic least squares against textbook loops."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from nonstationary.panel_cointegration.systems import frame_of
from nonstationary.relations.relation_twins import DynamicEntity, Entity, bartlett, endogenous, panel, ragged

import panelvar as pv

PLAIN = {"kernel": "bartlett", "bandwidth": 3, "prewhiten": False, "small_sample": False}
FITS = {"fmols": pv.fit_fmols, "ccr": pv.fit_ccr}


def rows_of(frame: pd.DataFrame) -> list[pd.DataFrame]:
    return [rows for _, rows in frame.groupby("i")]


def names_of(trend: str, regressors: int) -> list[str]:
    """In the order of the twins: terms, then regressors."""
    return [*("const", "trend")[: {"n": 0, "c": 1, "ct": 2}[trend]], *(f"x{j + 1}" for j in range(regressors))]


@pytest.mark.parametrize("kind", ["fmols", "ccr"])
@pytest.mark.parametrize(("trend", "regressors"), [("n", 1), ("c", 2), ("ct", 2)])
def test_each_entity_is_what_the_textbook_gives(kind, trend, regressors) -> None:
    frame = ragged(endogenous(4, 30, regressors, seed=1))
    found = FITS[kind](panel(frame), "y", list(frame.filter(like="x")), trend=trend, cov="estimated", **PLAIN)
    names = names_of(trend, regressors)
    own = [Entity(rows, trend, 3).fitted(kind) for rows in rows_of(frame)]
    np.testing.assert_allclose(found.individual[names], [b for b, _ in own], rtol=1e-9)
    np.testing.assert_allclose(found.individual_std_errors[names], [np.sqrt(np.diag(v)) for _, v in own], rtol=1e-9)
    np.testing.assert_allclose(found.params[names], np.mean([b for b, _ in own], axis=0), rtol=1e-9)
    np.testing.assert_allclose(found.cov.loc[names, names], sum(v for _, v in own) / 16.0, rtol=1e-8)
    ratios = np.array([b / np.sqrt(np.diag(v)) for b, v in own])
    slopes = [f"x{j + 1}" for j in range(regressors)]
    np.testing.assert_allclose(
        found.group_tests()["statistic"][slopes], ratios[:, -regressors:].sum(axis=0) / 2.0, rtol=1e-8
    )
    np.testing.assert_allclose(
        found.long_run_covariances.loc["e1"], Entity(rows_of(frame)[1], trend, 3).covariances[2], rtol=1e-9
    )
    np.testing.assert_allclose(
        found.one_sided_covariances.loc["e1"], Entity(rows_of(frame)[1], trend, 3).covariances[1], rtol=1e-9
    )


@pytest.mark.parametrize("kind", ["fmols", "ccr"])
@pytest.mark.parametrize("trend", ["c", "ct"])
def test_shared_slopes_are_sums_over_entities(kind, trend) -> None:
    frame = ragged(endogenous(5, 30, 2, seed=2))
    first = [Entity(rows, trend, 3) for rows in rows_of(frame)]
    # The first stage of shared slopes: within the terms of each entity.
    left = [(rows, each.terms) for rows, each in zip(rows_of(frame), first, strict=True)]
    m = sum(x.T @ x - x.T @ t @ np.linalg.inv(t.T @ t) @ t.T @ x for x, t in ((e.x, e.terms) for e in first))
    q = sum(e.x.T @ (e.y - e.terms @ np.linalg.inv(e.terms.T @ e.terms) @ e.terms.T @ e.y) for e in first)
    start = np.linalg.inv(m) @ q
    entities = [Entity(rows, trend, 3, start) for rows, _ in left]
    average = tuple(np.mean([e.covariances[part] for e in entities], axis=0) for part in range(3))

    pooled = [e.products(kind, average) for e in entities]
    bread = np.linalg.inv(sum(m for m, _, _ in pooled))
    slopes = bread @ sum(q for _, q, _ in pooled)
    found = FITS[kind](panel(frame), "y", ["x1", "x2"], method="pooled", trend=trend, **PLAIN)
    np.testing.assert_allclose(found.params, slopes, rtol=1e-9)
    np.testing.assert_allclose(found.cov, bread @ sum(w * m for m, _, w in pooled) @ bread, rtol=1e-8)
    alike = FITS[kind](panel(frame), "y", ["x1", "x2"], method="pooled", trend=trend, cov="estimated", **PLAIN)
    np.testing.assert_allclose(alike.cov, np.mean([w for _, _, w in pooled]) * bread, rtol=1e-8)
    spread = FITS[kind](panel(frame), "y", ["x1", "x2"], method="pooled", trend=trend, cov="sandwich", **PLAIN)
    scores = [q - m @ slopes for m, q, _ in pooled]
    np.testing.assert_allclose(spread.cov, 1.25 * bread @ sum(np.outer(s, s) for s in scores) @ bread, rtol=1e-7)

    weighted = [e.products(kind) for e in entities]
    bread = np.linalg.inv(sum(m / w for m, _, w in weighted))
    found = FITS[kind](panel(frame), "y", ["x1", "x2"], method="weighted", trend=trend, **PLAIN)
    np.testing.assert_allclose(found.params, bread @ sum(q / w for _, q, w in weighted), rtol=1e-9)
    np.testing.assert_allclose(found.cov, bread, rtol=1e-8)


@pytest.mark.parametrize("scores", [False, True])
@pytest.mark.parametrize(("trend", "regressors"), [("n", 1), ("c", 2), ("ct", 1)])
def test_dynamic_entities_are_what_the_textbook_gives(trend, regressors, scores) -> None:
    frame = ragged(endogenous(4, 40, regressors, seed=3))
    cov = "kernel" if scores else "estimated"
    found = pv.fit_dols(panel(frame), "y", list(frame.filter(like="x")), leads=1, lags=2, trend=trend, cov=cov, **PLAIN)
    names = names_of(trend, regressors)
    own = [DynamicEntity(rows, trend, 1, 2).fitted(3, scores=scores) for rows in rows_of(frame)]
    np.testing.assert_allclose(found.individual[names], [b for b, _ in own], rtol=1e-8)
    np.testing.assert_allclose(found.individual_std_errors[names], [np.sqrt(np.diag(v)) for _, v in own], rtol=1e-7)
    np.testing.assert_allclose(found.cov.loc[names, names], sum(v for _, v in own) / 16.0, rtol=1e-7)


def test_dynamic_shared_slopes_are_sums_over_entities() -> None:
    frame = ragged(endogenous(5, 40, 2, seed=4))
    own = [DynamicEntity(rows, "c", 1, 1).products() for rows in rows_of(frame)]
    bread = np.linalg.inv(sum(m for m, *_ in own))
    slopes = bread @ sum(q for _, q, *_ in own)
    variances = [bartlett((y - x @ slopes)[:, None], 3)[2][0, 0] for *_, x, y in own]
    options = {"leads": 1, "lags": 1, **PLAIN}
    found = pv.fit_dols(panel(frame), "y", ["x1", "x2"], method="pooled", **options)
    np.testing.assert_allclose(found.params, slopes, rtol=1e-8)
    meat = sum(w * m for w, (m, *_) in zip(variances, own, strict=True))
    np.testing.assert_allclose(found.cov, bread @ meat @ bread, rtol=1e-7)
    kernel = pv.fit_dols(panel(frame), "y", ["x1", "x2"], method="pooled", cov="kernel", **options)
    meat = sum(len(y) * bartlett(x * (y - x @ slopes)[:, None], 3)[2] for *_, x, y in own)
    np.testing.assert_allclose(kernel.cov, bread @ meat @ bread, rtol=1e-7)
    found = pv.fit_dols(panel(frame), "y", ["x1", "x2"], method="weighted", **options)
    bread = np.linalg.inv(sum(m / w for w, (m, *_) in zip(variances, own, strict=True)))
    np.testing.assert_allclose(
        found.params, bread @ sum(q / w for w, (_, q, *_) in zip(variances, own, strict=True)), rtol=1e-8
    )
    np.testing.assert_allclose(found.cov, bread, rtol=1e-7)


@pytest.mark.parametrize(
    ("rule", "weight"), [("aic", lambda n: 2.0), ("bic", np.log), ("hqic", lambda n: 2.0 * np.log(np.log(n)))]
)
def test_a_criterion_chooses_leads_and_lags_on_common_rows(rule, weight) -> None:
    frame = frame_of(endogenous(6, 50, 1, root=0.8, seed=5))
    found = pv.fit_dols(panel(frame), "y", "x1", leads=rule, lags=rule, max_leads=2, max_lags=3)
    for place, rows in enumerate(rows_of(frame)):
        values = {}
        for leads in range(3):
            for lags in range(4):
                # The rows of the most of both, so that a shorter order drops columns and no rows.
                y, x, t = (rows[name].to_numpy() for name in ("y", "x1", "t"))
                used = range(1 + 3, len(y) - 2)
                z = np.array([[1.0, x[s], *(x[s - j] - x[s - j - 1] for j in range(-leads, lags + 1))] for s in used])
                e = y[used] - z @ np.linalg.lstsq(z, y[used], rcond=None)[0]
                values[leads, lags] = np.log(e @ e / len(e)) + z.shape[1] * weight(len(e)) / len(e)
                assert len(t) == 50
        assert tuple(found.orders.iloc[place]) == min(values, key=values.get)
    fixed = pv.fit_dols(panel(frame), "y", "x1", leads=1, lags=rule, max_lags=3)
    assert (fixed.orders["leads"] == 1).all()


def test_one_entity_is_a_panel_of_one() -> None:
    frame = frame_of(endogenous(3, 40, 2, seed=6))
    alone = frame[frame["i"] == "e1"]
    for fit in (pv.fit_fmols, pv.fit_ccr, pv.fit_dols):
        every, one = fit(panel(frame), "y", ["x1", "x2"]), fit(panel(alone), "y", ["x1", "x2"])
        np.testing.assert_allclose(one.params[every.individual.columns], every.individual.loc["e1"], rtol=1e-11)
        np.testing.assert_allclose(one.std_errors, every.individual_std_errors.loc["e1"], rtol=1e-11)
        assert one.distribution == "normal"
        assert "(" not in one.estimator
        # Shared slopes of one entity are its own.
        np.testing.assert_allclose(
            fit(panel(alone), "y", ["x1", "x2"], method="weighted").params, one.params[["x1", "x2"]], rtol=1e-9
        )
        with pytest.raises(pv.InsufficientDataError, match="needs several entities, and there is one"):
            fit(panel(alone), "y", ["x1", "x2"], cov="sandwich")


def test_residuals_are_those_of_the_relation_in_levels() -> None:
    frame = ragged(endogenous(4, 30, 2, seed=7))
    for fit in (pv.fit_fmols, pv.fit_ccr, pv.fit_dols):
        for method in ("group-mean", "pooled", "weighted"):
            found = fit(panel(frame), "y", ["x1", "x2"], method=method, trend="ct")
            for label, rows in frame.groupby("i"):
                slopes = found.params if method != "group-mean" else found.individual.loc[label]
                own = found.terms.loc[label]
                left = rows["y"] - own["const"] - own["trend"] * (rows["t"] - 1999)
                left -= rows[["x1", "x2"]] @ slopes[["x1", "x2"]]
                np.testing.assert_allclose(found.resids.loc[rows.index], left, atol=1e-9)
            assert found.rsquared == pytest.approx(
                1.0 - (found.resids**2).sum() / ((frame["y"] - frame["y"].mean()) ** 2).sum()
            )


def test_spread_over_entities_is_the_default_of_a_mean_and_has_its_distribution() -> None:
    frame = frame_of(endogenous(6, 30, 1, seed=8))
    found = pv.fit_dols(panel(frame), "y", "x1")
    own = found.individual["x1"].to_numpy()
    assert found.std_errors["x1"] == pytest.approx(own.std(ddof=1) / np.sqrt(6.0), rel=1e-10)
    assert found.df_inference == 5.0
    assert pv.fit_dols(panel(frame), "y", "x1", convention="stata").df_inference is None
    assert pv.fit_dols(panel(frame), "y", "x1", method="pooled").df_inference is None


def test_degrees_of_freedom_are_counted_by_entity_or_together() -> None:
    frame = frame_of(endogenous(4, 30, 2, seed=9))
    options = PLAIN | {"small_sample": True}
    plain = pv.fit_fmols(panel(frame), "y", ["x1", "x2"], **PLAIN)
    counted = pv.fit_fmols(panel(frame), "y", ["x1", "x2"], **options)
    np.testing.assert_allclose(counted.individual_std_errors**2 / plain.individual_std_errors**2, 29 / 26, rtol=1e-10)
    plain = pv.fit_fmols(panel(frame), "y", ["x1", "x2"], method="pooled", **PLAIN)
    counted = pv.fit_fmols(panel(frame), "y", ["x1", "x2"], method="pooled", **options)
    np.testing.assert_allclose(counted.cov / plain.cov, 4 * 29 / (4 * 29 - 4 - 2), rtol=1e-10)


@pytest.mark.filterwarnings("ignore:demean=True takes out the average of only 5")
def test_means_of_periods_are_taken_out_first() -> None:
    frame = frame_of(endogenous(5, 30, 1, seed=10))
    shocks = np.random.default_rng(0).standard_normal(30).cumsum()
    shifted = frame.assign(y=frame["y"] + np.tile(shocks, 5))
    for fit in (pv.fit_fmols, pv.fit_ccr, pv.fit_dols):
        plain, moved = fit(panel(frame), "y", "x1", demean=True), fit(panel(shifted), "y", "x1", demean=True)
        np.testing.assert_allclose(plain.params["x1"], moved.params["x1"], rtol=1e-9)
        np.testing.assert_allclose(moved.fitted_values + moved.resids, moved._design.y, atol=1e-12)


@pytest.mark.parametrize("fit", [pv.fit_fmols, pv.fit_ccr, pv.fit_dols])
@pytest.mark.parametrize("method", ["group-mean", "pooled", "weighted"])
def test_units_levels_and_order_decide_nothing(fit, method) -> None:
    frame = ragged(endogenous(4, 30, 2, seed=11))
    options = {"method": method, "trend": "ct", "cov": "sandwich"}
    found = fit(panel(frame), "y", ["x1", "x2"], **options)
    moved = frame.assign(y=1e6 * frame["y"] + 3e6, x1=1e-5 * frame["x1"] + 1.0, i="z" + frame["i"])
    other = fit(panel(moved.sample(frac=1.0, random_state=2)), "y", ["x2", "x1"], **options)
    units = pd.Series({"x1": 1e11, "x2": 1e6})
    for what in ("params", "std_errors"):
        np.testing.assert_allclose(
            getattr(other, what)[["x1", "x2"]] / units, getattr(found, what)[["x1", "x2"]], rtol=1e-7
        )
    np.testing.assert_allclose(other.long_run_variances / 1e12, found.long_run_variances, rtol=1e-7)


def test_weights_that_scale_the_regressors_too_would_depend_on_units() -> None:
    """The form of Kao and Chiang (2000) and Pedroni (2000), with a slope known beforehand, of one regressor."""
    frame = frame_of(endogenous(5, 40, 1, seed=12))
    frame["y"] += frame["i"].str[1:].astype(int) * np.random.default_rng(1).standard_normal(len(frame))

    def theirs(data: pd.DataFrame) -> tuple[float, float]:
        entities = [Entity(rows, "c", 3) for rows in rows_of(data)]
        start = float(np.mean([e.first[0] for e in entities]))
        top = bottom = root = 0.0
        for e in entities:
            m, q, w = e.products("fmols")
            size = e.covariances[2][1, 1]
            # x over its own root; y over its own, less what this changes at the starting slope.
            scaled = q[0] / np.sqrt(w * size) - (m[0, 0] / np.sqrt(w * size) - m[0, 0] / size) * start
            top, bottom, root = top + scaled, bottom + m[0, 0] / size, root + m[0, 0] / np.sqrt(w * size)
        return top / bottom, start

    (here, start), (there, _) = theirs(frame), theirs(frame.assign(y=10.0 * frame["y"]))
    assert abs(there / 10.0 - here) > 0.5 * abs(here - start) > 1e-3
    ours = [pv.fit_fmols(panel(frame.assign(y=k * frame["y"])), "y", "x1", method="weighted") for k in (1.0, 10.0)]
    assert ours[1].params["x1"] / 10.0 == pytest.approx(ours[0].params["x1"], rel=1e-9)


def test_regressors_with_drift_have_terms_of_their_own() -> None:
    values = endogenous(1, 40, 1, seed=13)
    values[..., 1] += 0.5 * np.arange(40)
    frame = frame_of(values)
    own = Entity(frame, "c", 3)
    u = own.u.copy()
    u[:, 1] -= u[:, 1].mean()
    own.u, own.covariances = u, bartlett(u, 3)
    found = pv.fit_fmols(panel(frame), "y", "x1", regressor_trend="ct", **PLAIN)
    np.testing.assert_allclose(found.params, own.fitted("fmols")[0], rtol=1e-9)
    with pytest.raises(pv.SpecificationError, match="fewer terms than the relation"):
        pv.fit_fmols(panel(frame), "y", "x1", trend="ct", regressor_trend="c")


def test_results_stand_side_by_side_and_in_summaries() -> None:
    frame = frame_of(endogenous(5, 40, 1, seed=14))
    results = {
        "FMOLS": pv.fit_fmols(panel(frame), "y", "x1"),
        "CCR": pv.fit_ccr(panel(frame), "y", "x1", method="pooled"),
        "DOLS": pv.fit_dols(panel(frame), "y", "x1", method="weighted", leads="aic", lags="aic"),
        "MG": pv.fit_mean_group(panel(frame), "y", "x1"),
    }
    text = str(pv.compare(results))
    for word in ("FMOLS", "Canonical", "(pooled,", "of levels", "dispersion over"):
        assert word in text
    summary = " ".join(str(results["DOLS"].summary()).split())
    for word in (
        "Leads, lags",
        "(aic)",
        "Bandwidth",
        "quadratic-spectral, prewhitened",
        "which the estimator does not",
    ):
        assert word in summary
    assert results["FMOLS"].wald_test("x1 = 1").df_denominator == 4
    assert results["DOLS"].wald_test("x1 = 1").distribution == "chi2"
    assert results["CCR"].lincom("2*x1").estimate == pytest.approx(2.0 * results["CCR"].params["x1"])
    with pytest.raises(pv.MissingInformationError, match="uses no long-run covariances"):
        results["DOLS"].long_run_covariances  # noqa: B018
    assert results["FMOLS"].orders is None
    assert results["FMOLS"].group_tests(1.0)["pvalue"].between(0.0, 1.0).all()

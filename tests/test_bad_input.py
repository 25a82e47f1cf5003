"""What arrives broken is refused or announced: every rule about bad input, through the public functions."""

from __future__ import annotations

import copy
import warnings
from functools import cache

import numpy as np
import pandas as pd
import pytest
from quiet import quietly
from twins import X, gappy_frame

import panelvar as pv

FITS = {
    "pooled": pv.fit_pooled,
    "between": pv.fit_between,
    "difference": pv.fit_first_difference,
    "fixed": pv.fit_fixed_effects,
    "random": pv.fit_random_effects,
}
every_estimator = pytest.mark.parametrize("name", FITS)


@cache
def frame():
    return gappy_frame(entities=25)


def panel(**columns):
    return pv.Panel(frame().assign(**columns), "entity", "year")


def fit(name, dependent="y", x=X, options=None, **columns):
    return FITS[name](panel(**columns), dependent, list(x), **(options or {}))


def warned(match, function, *args, **options):
    """Result of a call that must warn, once, pointing at this file."""
    with pytest.warns(pv.PanelVarWarning, match=match) as caught:
        result = function(*args, **options)
    assert [warning.filename for warning in caught] == [__file__]
    return result


def spoiled(column, value, rows=(3, 5, 8, 13)):
    out = frame()[column].astype(type(value) if isinstance(value, complex) else float).copy()
    out.iloc[list(rows)] = value
    return out


def test_errors_are_value_errors():
    for error in (
        pv.DataError,
        pv.SpecificationError,
        pv.CollinearityError,
        pv.InsufficientDataError,
        pv.MissingInformationError,
        pv.NumericalError,
    ):
        assert issubclass(error, pv.PanelVarError)
    assert issubclass(pv.PanelVarError, ValueError)
    assert issubclass(pv.PanelVarWarning, UserWarning)


# ---- unknown columns, types, duplicates, lengths, nothing


@every_estimator
@pytest.mark.parametrize(
    ("y", "x", "options", "message"),
    [
        ("y", ["x1", "x22"], {}, "'x22' is not in the data. Did you mean 'x2'"),
        ("yy", X, {}, "'yy' is not in the data. Did you mean 'y'"),
        ("y", X, {"cov": pv.Clustered("regoin")}, "'regoin' is not in the data. Did you mean 'region'"),
    ],
)
def test_unknown_columns_are_named_with_the_nearest(name, y, x, options, message):
    if name == "between" and options:
        message = "'regoin' is not in the data"
    with pytest.raises(pv.DataError, match=message):
        fit(name, y, x, options)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pv.Panel(frame(), "entitty", "year"), "entity column 'entitty' is not.*Did you mean 'entity'"),
        (lambda: pv.Panel(frame(), "entity", "yaer"), "time column 'yaer' is not.*Did you mean 'year'"),
        (lambda: pv.fit_fixed_effects(panel(), "y", X, effects="regoin"), "'regoin'.*Did you mean 'region'"),
        (lambda: pv.fit_pooled(panel(), "y", X, weights="wt"), "'wt' is not in the data. Columns: '"),
    ],
)
def test_unknown_columns_elsewhere(call, message):
    with pytest.raises(pv.DataError, match=message):
        call()


@every_estimator
@pytest.mark.parametrize(
    ("values", "message"),
    [
        (lambda: frame()["region"], "'x1' has dtype.*expected real numbers"),
        (lambda: frame()["x1"].astype(str), "'x1' has dtype.*to_numeric"),
        (lambda: spoiled("x1", 1j), "'x1' has dtype complex128"),
        (lambda: pd.to_datetime(frame()["year"].astype(str)), "'x1' has dtype datetime64"),
    ],
    ids=["text", "numbers as text", "complex", "dates"],
)
def test_a_column_that_is_not_numbers_is_named(name, values, message):
    with pytest.raises(pv.DataError, match=message):
        fit(name, x1=values())


def test_duplicated_rows_are_counted_and_named():
    twice = pd.concat([frame(), frame().iloc[:5]], ignore_index=True)
    first = frame().iloc[:5].sort_values(["entity", "year"]).iloc[0]
    message = rf"5 rows repeat an entity and period: \({first['entity']}, {first['year']}\)"
    with pytest.raises(pv.DataError, match=message):
        pv.Panel(twice, "entity", "year")
    with pytest.raises(pv.DataError, match=message):
        pv.fit_pooled(twice.set_index(["entity", "year"]), "y", X)


def test_lengths_must_agree():
    n = len(frame())
    with pytest.raises(pv.DataError, match=r"differ in length.*'y' .3.*'x1' .4"):
        pv.Panel({"y": np.ones(3), "x1": np.ones(4)}, np.arange(3), np.arange(3))
    with pytest.raises(pv.DataError, match=rf"2 labels for {n} rows"):
        pv.Panel(frame(), np.array(["a", "b"]), "year")
    with pytest.raises(pv.DataError, match=rf"Groups: 3 values were given for a panel of {n} rows"):
        fit("pooled", options={"cov": pv.Clustered(np.ones(3))})
    with pytest.raises(pv.DataError, match=rf"Weights: 3 values were given for a panel of {n} rows"):
        fit("pooled", options={"weights": np.ones(3)})


@pytest.mark.parametrize("option", ["groups", "weights"])
def test_a_series_in_another_order_is_not_taken_by_position(option):
    def using(values):
        return fit("pooled", options={"weights": values} if option == "weights" else {"cov": pv.Clustered(values)})

    values = frame()["w" if option == "weights" else "entity"]
    shuffled = values.sample(frac=1.0, random_state=1)
    np.testing.assert_array_equal(using(shuffled).cov, using(values).cov)
    np.testing.assert_array_equal(using(values).cov, using(values.to_numpy()).cov)


def test_no_rows():
    with pytest.raises(pv.DataError, match="no rows"):
        pv.Panel(frame().iloc[:0], "entity", "year")
    with pytest.raises(pv.DataError, match="no rows"):
        pv.fit_pooled(frame().iloc[:0].set_index(["entity", "year"]), "y", X)


@pytest.mark.parametrize("data", [lambda: frame(), lambda: {"y": [1.0], "x1": [2.0]}, lambda: [1, 2], lambda: None])
def test_data_that_do_not_say_who_and_when(data):
    with pytest.raises(pv.SpecificationError, match=r"which column is the entity and which is the time. Pass Panel"):
        pv.fit_random_effects(data(), "y", ["x1"])


# ---- missing, infinite, too large


@every_estimator
def test_missing_values_are_dropped_counted_and_warned_about(name):
    gaps = spoiled("x1", np.nan), spoiled("y", np.nan, rows=(3, 4))
    n = len(frame())
    message = rf"^5 of {n} rows dropped for missing values: y \(2\), x1 \(4\)\.$"
    result = warned(message, fit, name, x1=gaps[0], y=gaps[1])
    kept = frame().drop(index=[3, 4, 5, 8, 13])
    fresh = FITS[name](pv.Panel(kept, "entity", "year"), "y", X)
    assert result.nobs == fresh.nobs
    np.testing.assert_allclose(result.params, fresh.params, rtol=1e-12)
    assert [note.code for note in result.notes].count("rows-dropped") == 1


@every_estimator
def test_missing_values_may_be_refused(name):
    with pytest.raises(
        pv.DataError, match=r"missing values in 4 of \d+ rows, first in rows .*: x1 \(4\)\. missing='drop'"
    ):
        fit(name, x1=spoiled("x1", np.nan), options={"missing": "raise"})
    with pytest.raises(pv.SpecificationError, match=r"missing='drp' is not known. Did you mean 'drop'"):
        fit(name, options={"missing": "drp"})


@every_estimator
def test_nothing_complete_is_left(name):
    with pytest.raises(pv.InsufficientDataError, match="No complete row is left for 'y' on x1, x2"):
        fit(name, x2=np.nan)


def test_missing_is_decided_after_lags_on_the_full_calendar():
    # The lag of a complete row may be a row that misses another variable.
    data = pv.Panel(frame().assign(x2=spoiled("x2", np.nan)), "entity", "year")
    result = quietly(pv.fit_pooled, data, "y ~ x2 + L(x1)")
    held = frame().set_index(["entity", "year"])["x1"].to_dict()
    lags = [held.get((entity, year - 1)) for entity, year in frame()[["entity", "year"]].to_numpy()]
    complete = pd.Series(lags).notna().to_numpy() & spoiled("x2", np.nan).notna().to_numpy()
    assert result.nobs == complete.sum()


def test_missing_groups_are_refused():
    gaps = frame()["region"].where(frame().index > 3)
    with pytest.raises(pv.DataError, match=r"'region' is missing in 4 of the \d+ rows"):
        fit("pooled", region=gaps, options={"cov": pv.Clustered("region")})
    with pytest.raises(pv.DataError, match=r"'region' is missing in 4 of the \d+ rows"):
        fit("fixed", region=gaps, options={"effects": "region"})
    with pytest.raises(pv.DataError, match=r"'entity' \(entity\) is missing in 4 of \d+ rows"):
        pv.Panel(frame().assign(entity=frame()["entity"].where(frame().index > 3)), "entity", "year")


@every_estimator
@pytest.mark.parametrize("column", ["y", "x1"])
@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_infinite_values_are_located(name, column, value):
    with pytest.raises(
        pv.DataError, match=rf"'{column}' is infinite in 4 of \d+ rows, first in rows \d+, \d+, \d+\. Remove"
    ):
        fit(name, **{column: spoiled(column, value)})


def test_infinities_of_both_signs_do_not_cancel():
    with pytest.raises(pv.DataError, match=r"'x1' is infinite in 2 of"):
        fit("pooled", x1=spoiled("x1", np.inf, rows=(1,)).mask(frame().index == 2, -np.inf))


@every_estimator
@pytest.mark.parametrize("column", ["y", "x1"])
@pytest.mark.parametrize(("unit", "what"), [(1e200, "overflows"), (1e307, "overflows"), (1e-200, "underflows")])
def test_sums_of_squares_out_of_range_are_refused(name, column, unit, what):
    with pytest.raises(pv.NumericalError, match=f"sum of squares of '{column}' {what}. Rescale"):
        fit(name, **{column: frame()[column] * unit})


@every_estimator
def test_large_units_within_range_change_only_units(name):
    plain, scaled = fit(name), fit(name, x1=frame()["x1"] * 2.0**300)
    np.testing.assert_allclose(scaled.params["x1"] * 2.0**300, plain.params["x1"], rtol=1e-12)
    np.testing.assert_allclose(scaled.tstats, plain.tstats, rtol=1e-9)


# ---- gaps


def test_differences_never_bridge_a_gap_and_count_what_they_lose():
    result = fit("difference")
    ordered = frame().sort_values(["entity", "year"])
    same = ordered["entity"].eq(ordered["entity"].shift())
    adjacent = same & ordered["year"].diff().eq(1)
    assert result.nobs == adjacent.sum()
    lost = int(same.sum() - adjacent.sum())
    assert lost > 5
    assert any(note.code == "gaps" and note.text.startswith(f"{lost} rows after a gap") for note in result.notes)


def test_lags_never_bridge_a_gap():
    result = quietly(pv.fit_pooled, panel(), "y ~ L(x1)")
    held = set(map(tuple, frame()[["entity", "year"]].to_numpy()))
    assert result.nobs == sum((entity, year - 1) in held for entity, year in held)
    assert any(note.code == "rows-dropped" and "L(x1)" in note.text for note in result.notes)


# ---- collinear and absorbed regressors


@every_estimator
def test_a_collinear_regressor_is_dropped_with_what_it_depends_on(name):
    extra = 2.0 * frame()["x1"] - frame()["x2"]
    result = warned(r"Regressor 'x3' dropped: equal to 2 \* x1 - x2", fit, name, x=[*X, "x3"], x3=extra)
    plain = fit(name)
    assert result.names == plain.names
    assert result.df_resid == plain.df_resid
    np.testing.assert_allclose(result.params, plain.params, rtol=1e-9)
    np.testing.assert_allclose(result.std_errors, plain.std_errors, rtol=1e-9)
    with pytest.raises(pv.CollinearityError, match=r"'x3' cannot be estimated: equal to 2 \* x1 - x2"):
        fit(name, x=[*X, "x3"], x3=extra, options={"collinear": "raise"})


@every_estimator
@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
def test_collinearity_is_a_matter_of_direction_not_of_units(name, unit):
    with pytest.warns(pv.PanelVarWarning, match="'x3' dropped"):
        fit(name, x=[*X, "x3"], x3=unit * (2.0 * frame()["x1"] - frame()["x2"]))
    rng = np.random.default_rng(0)
    assert "x3" in fit(name, x=[*X, "x3"], x3=unit * rng.standard_normal(len(frame()))).names


@every_estimator
def test_a_constant_regressor_is_absorbed(name):
    message = "Regressor 'x3' dropped: no variation is left"
    assert warned(message, fit, name, x=[*X, "x3"], x3=7.0).names == fit(name).names
    with pytest.raises(pv.CollinearityError, match="'x3' cannot be estimated: no variation"):
        fit(name, x=[*X, "x3"], x3=7.0, options={"collinear": "raise"})


@every_estimator
def test_a_regressor_whose_level_swamps_its_variation_is_told_so(name):
    """Something is left of it, only not enough: it is not called constant."""
    rng = np.random.default_rng(0)
    swamped = 2.0**42 + rng.standard_normal(len(frame()))
    message = r"'x3' dropped: its variation is \de-1[34] of its level.*fewer than [234] digits.*subtract a constant"
    assert warned(message, fit, name, x=[*X, "x3"], x3=swamped).names == fit(name).names
    assert "x3" in fit(name, x=[*X, "x3"], x3=swamped - 2.0**42).names


@pytest.mark.parametrize("name", ["fixed", "difference"])
def test_a_regressor_that_is_constant_in_time_is_absorbed(name):
    assert warned("'number' dropped: no variation is left", fit, name, x=[*X, "number"]).names == fit(name).names
    with pytest.raises(pv.CollinearityError, match="'number' cannot be estimated"):
        fit(name, x=[*X, "number"], options={"collinear": "raise"})


def test_two_effects_absorb_a_sum_of_both():
    both = frame()["number"] + frame()["year"]
    options = {"effects": "twoway"}
    result = warned("'x3' dropped: no variation is left", fit, "fixed", x=[*X, "x3"], x3=both, options=options)
    assert result.names == ("const", *X)


def test_several_absorbed_regressors_share_a_warning():
    result = warned(
        "Regressors 'number', 'x3' dropped", fit, "fixed", x=[*X, "number", "x3"], x3=frame()["number"] ** 2
    )
    assert result.names == ("const", *X)


def test_regressors_named_twice_or_explained_by_themselves():
    with pytest.raises(pv.SpecificationError, match="named twice: 'x1'"):
        fit("pooled", x=["x1", "x2", "x1"])
    with pytest.raises(pv.SpecificationError, match="'y' is both the dependent variable and a regressor"):
        fit("pooled", x=["x1", "y"])


# ---- nothing to explain, nothing left to explain


@every_estimator
def test_what_does_not_vary_has_no_r2_and_says_so(name):
    result = warned(r"'y' does not vary.*R2 is undefined", quiet_of_variances, name, y=np.full(len(frame()), 5.0))
    assert np.isnan(result.rsquared)
    assert "no-variation" in {note.code for note in result.notes}


def quiet_of_variances(name, **columns):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The (estimated )?variance of", pv.PanelVarWarning)
        return fit(name, **columns)


@every_estimator
def test_an_exact_fit_is_announced(name):
    exact = 3.0 + 2.0 * frame()["x1"] - frame()["x2"]
    result = warned("fits exactly", quiet_of_variances, name, y=exact)
    np.testing.assert_allclose(result.params[X], [2.0, -1.0], rtol=1e-10)


# ---- too little


@pytest.mark.parametrize(
    ("name", "rows", "message"),
    [
        ("pooled", 3, "3 rows cannot identify 2 slope.*0 residual degrees of freedom"),
        ("between", 3, r"3 rows cannot identify 2 slope"),
        ("difference", 3, "No entity has two adjacent periods"),
        ("fixed", 3, "rows cannot identify.*absorbed effects"),
        ("random", 3, "within regression has .*degrees of freedom"),
    ],
)
def test_too_few_rows(name, rows, message):
    few = frame().drop_duplicates("entity").iloc[:rows]
    with pytest.raises(pv.InsufficientDataError, match=message):
        FITS[name](pv.Panel(few, "entity", "year"), "y", X)


@pytest.mark.parametrize(
    ("name", "message"), [("between", "at least two levels of 'entity'"), ("random", "at least two levels of 'entity'")]
)
def test_too_few_entities(name, message):
    with pytest.raises(pv.InsufficientDataError, match=message):
        FITS[name](pv.Panel(frame()[frame()["entity"] == "e00"], "entity", "year"), "y", ["x1"])


def test_too_few_entities_for_the_between_variance_warn():
    few = frame()[frame()["number"] < 3]
    message = "variance of the entity effect is not estimable: 3 levels and 3 between coefficients"
    result = warned(message, pv.fit_random_effects, pv.Panel(few, "entity", "year"), "y", X)
    assert result.variance_components.effect == 0.0
    assert np.isnan(result.variance_components.effect_raw)
    pooled = pv.fit_pooled(pv.Panel(few, "entity", "year"), "y", X)
    np.testing.assert_allclose(result.params, pooled.params, rtol=1e-10)


def test_too_few_clusters():
    with pytest.raises(
        pv.InsufficientDataError, match="needs at least two clusters in each dimension; one dimension has only 1"
    ):
        fit("pooled", everyone=1, options={"cov": pv.Clustered("everyone")})
    with pytest.raises(pv.InsufficientDataError, match="has only 1"):
        fit("pooled", everyone=1, options={"cov": pv.Clustered("entity", "everyone")})


@pytest.mark.parametrize("by", ["region", "time"])
def test_few_clusters_warn(by):
    count = {"region": 3, "time": 7}[by]
    result = warned(f"Only {count} clusters", fit, "pooled", options={"cov": pv.Clustered(by)})
    assert result.df_inference == count - 1
    assert "few-clusters" in {note.code for note in result.notes}


def test_enough_clusters_do_not_warn():
    assert "few-clusters" not in {note.code for note in fit("pooled", options={"cov": "cluster"}).notes}


# ---- singletons


def test_singletons_are_kept_or_dropped_and_counted():
    alone = pd.concat([frame(), frame().iloc[:3].assign(entity=["s1", "s2", "s3"])], ignore_index=True)
    data = pv.Panel(alone, "entity", "year")
    kept = pv.fit_fixed_effects(data, "y", X)
    assert kept.nobs == len(alone)
    assert any(n.code == "singletons-kept" and n.text.startswith("3 effect levels") for n in kept.notes)
    dropped = pv.fit_fixed_effects(data, "y", X, convention="pyfixest")
    assert dropped.nobs == len(frame())
    assert any(n.code == "singletons-dropped" and n.text.startswith("3 singleton rows dropped") for n in dropped.notes)
    with pytest.raises(pv.NumericalError, match="the leverage is 1 in 3 rows"):
        pv.fit_fixed_effects(data, "y", X, cov="HC3")


def test_nothing_but_singletons():
    alone = pv.Panel(frame().drop_duplicates("entity"), "entity", "year")
    with pytest.raises(pv.InsufficientDataError, match="residual degrees of freedom"):
        pv.fit_fixed_effects(alone, "y", X)
    with pytest.raises(pv.InsufficientDataError, match="Every row is a singleton"):
        pv.fit_fixed_effects(alone, "y", X, convention="pyfixest")


# ---- weights


@pytest.mark.parametrize("name", ["pooled", "between", "difference", "fixed"])
@pytest.mark.parametrize(("value", "count"), [(0.0, 4), (-1.0, 4)])
def test_weights_are_positive(name, value, count):
    with pytest.raises(pv.DataError, match=rf"strictly positive; {count} are not"):
        fit(name, w=spoiled("w", value), options={"weights": "w"})


@pytest.mark.parametrize("name", ["pooled", "between", "difference", "fixed"])
def test_weights_are_finite_and_may_be_missing(name):
    with pytest.raises(pv.DataError, match="'weights' is infinite in 4"):
        fit(name, w=spoiled("w", np.inf), options={"weights": "w"})
    warned(r"4 of \d+ rows dropped.*weights \(4\)", fit, name, w=spoiled("w", np.nan), options={"weights": "w"})


def test_random_effects_have_no_weights():
    with pytest.raises(pv.SpecificationError, match="not defined for random effects"):
        fit("random", options={"weights": "w"})


# ---- requests that contradict themselves


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pv.fit_pooled(panel(), "y"), "Regressors are missing"),
        (lambda: pv.fit_pooled(panel(), frame()["y"], X), "y must be a column name or a formula; got Series"),
        (lambda: pv.fit_pooled(panel(), "y", frame()[X].to_numpy()), "x must be column names"),
        (lambda: pv.fit_pooled(panel(), "y", [], constant=False), "neither regressors nor a constant"),
        (lambda: pv.fit_pooled(panel(), "y", X, constant="yes"), "constant='yes' must be True, False or None"),
        (lambda: fit("pooled", x=["const"], const=1.0), "A regressor is called 'const', as the constant is"),
        (
            lambda: pv.fit_pooled(panel(), "y", X, cov="HC9"),
            "cov='HC9' is not known. Choose one of: 'classical', 'robust', 'HC0'",
        ),
        (lambda: pv.fit_pooled(panel(), "y", X, cov=7), "cov must be a name or a covariance object; got int"),
        (lambda: pv.HC("hc3"), "kind='hc3' is not known. Did you mean 'HC3'"),
        (lambda: pv.Clustered("entity", residuals="HC9"), "residuals='HC9' is not known"),
        (lambda: pv.fit_pooled(panel(), "y", X, collinear="keep"), "collinear='keep' is not known"),
        (lambda: pv.fit_between(panel(), "y", X, effects="region"), "effects='region' is not known"),
        (lambda: pv.fit_fixed_effects(panel(), "y", X, effects=("entity", "entity")), "names the same effect twice"),
        (lambda: pv.fit_fixed_effects(panel(), "y", X, effects=()), "names no effect"),
        (
            lambda: pv.fit_random_effects(panel(), "y", X, variance_components="swamy"),
            "variance_components='swamy' is not known. Did you mean 'swamy-arora'",
        ),
        (lambda: pv.Panel(panel(), "entity", "year"), "got Panel"),
    ],
)
def test_requests_that_make_no_sense_are_refused(call, message):
    with pytest.raises(pv.PanelVarError, match=message):
        call()


def test_unknown_keywords_are_refused():
    with pytest.raises(TypeError, match="covariance"):
        pv.fit_pooled(panel(), "y", X, covariance="HC1")


# ---- the caller's data


@every_estimator
def test_the_callers_data_are_never_modified(name):
    data = frame().assign(x3=2.0 * frame()["x1"], x1=spoiled("x1", np.nan))
    before = copy.deepcopy(data)
    weights = np.linspace(1.0, 2.0, len(data))
    result = quietly(FITS[name], pv.Panel(data, "entity", "year"), "y", [*X, "x3"])
    for cov in ("HC1", "cluster"):
        quietly(result.with_cov, cov)
    if name in ("pooled", "fixed", "random"):
        quietly(result.predict, data)
        quietly(result.predict)
    if name != "random":
        quietly(FITS[name], pv.Panel(data, "entity", "year"), "y", X, weights=weights)
    pd.testing.assert_frame_equal(data, before)
    np.testing.assert_array_equal(weights, np.linspace(1.0, 2.0, len(data)))


def test_sorted_arrays_are_not_modified_although_they_are_not_copied():
    ordered = frame().sort_values(["entity", "year"])
    arrays = {name: np.array(ordered[name], dtype=float) for name in ("y", *X)}
    before = copy.deepcopy(arrays)
    data = pv.Panel(arrays, ordered["entity"].to_numpy(), ordered["year"].to_numpy())
    for name in FITS:
        quietly(FITS[name], data, "y", X, cov="HC1" if name == "between" else "cluster")
    for column, values in arrays.items():
        np.testing.assert_array_equal(values, before[column])
    assert all(values.flags.writeable for values in arrays.values())


# ---- warnings


def test_every_warning_is_also_a_note_and_comes_once():
    data = {"x1": spoiled("x1", np.nan), "x3": 1.0}
    with pytest.warns(pv.PanelVarWarning) as caught:
        result = fit("fixed", x=[*X, "x3"], options={"cov": pv.Clustered("time")}, **data)
    texts = [str(warning.message) for warning in caught]
    assert len(texts) == len(set(texts)) == 3
    assert set(texts) == {note.text for note in result.notes if note.warn}
    assert {warning.filename for warning in caught} == {__file__}


def test_warnings_point_at_the_line_that_called():
    with pytest.warns(pv.PanelVarWarning) as caught:
        pv.fit_pooled(panel(x1=spoiled("x1", np.nan)), "y", X)
    with open(__file__, encoding="utf-8") as source:
        line = source.readlines()[caught[0].lineno - 1]
    assert "pv.fit_pooled(panel(x1=spoiled" in line


def test_sound_data_give_no_warning():
    # Warnings are errors in the test run.
    for name in FITS:
        fit(name)
        fit(name, options={"cov": "robust"})

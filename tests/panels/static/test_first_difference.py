"""First differences against a loop that looks each row's predecessor up."""

import contextlib
import itertools

import numpy as np
import pytest
from twins import Dense, X, assert_matrix, gappy_frame

import panelvar as pv


def loop_differences(frame, across_gaps=False):
    """Differences of y and x, the weights of the two rows, and the entity, in entity and time order."""
    rows = {(row.entity, row.year): row for row in frame.itertuples()}
    out = []
    for entity in sorted(frame["entity"].unique()):
        years = sorted(year for name, year in rows if name == entity)
        for earlier, year in itertools.pairwise(years):
            if year - earlier == 1 or across_gaps:
                now, before = rows[entity, year], rows[entity, earlier]
                change = [getattr(now, name) - getattr(before, name) for name in ["y", *X]]
                out.append([*change, 1.0 / (1.0 / now.w + 1.0 / before.w), int(entity[1:]), year])
    return np.array(out)


@pytest.mark.parametrize("convention", ["default", "plm"])
@pytest.mark.parametrize("constant", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
def test_against_a_loop(convention, constant, weighted):
    frame = gappy_frame(seed=4)
    panel = pv.Panel(frame, "entity", "year")
    with pytest.warns(pv.PanelVarWarning, match="bridge a gap") if convention == "plm" else contextlib.nullcontext():
        result = pv.fit_first_difference(
            panel, "y", X, constant=constant, weights="w" if weighted else None, convention=convention
        )
    table = loop_differences(frame, across_gaps=convention == "plm")
    design = np.column_stack((np.ones(len(table)), table[:, 1:3])) if constant else table[:, 1:3]
    twin = Dense(design, table[:, 0], np.eye(design.shape[1]), table[:, 3] if weighted else None)
    np.testing.assert_allclose(result.params, twin.params, rtol=1e-10)
    assert_matrix(result.cov, twin.classical())
    assert (result.nobs, result.df_resid) == (len(table), twin.df)
    by_entity = pv.Clustered("entity", group_factor=False, dof_factor="none")
    with pytest.warns(pv.PanelVarWarning, match="clusters"):
        clustered = result.with_cov(by_entity)
    assert_matrix(clustered.cov, twin.clustered(table[:, 4]))
    by_time = pv.Clustered("time", group_factor=False, dof_factor="none", residuals="HC3")
    with pytest.warns(pv.PanelVarWarning, match="clusters"):
        clustered = result.with_cov(by_time)
    assert_matrix(clustered.cov, twin.clustered(table[:, 5], "HC3"))


def test_rows_after_a_gap_are_counted():
    frame = gappy_frame(seed=4)
    result = pv.fit_first_difference(pv.Panel(frame, "entity", "year"), "y", X)
    lost = len(loop_differences(frame, across_gaps=True)) - len(loop_differences(frame))
    assert lost > 0
    (note,) = [note for note in result.notes if note.code == "gaps"]
    assert note.text.startswith(f"{lost} rows after a gap")


def test_the_intercept_is_asked_for_or_a_convention():
    panel = pv.Panel(gappy_frame(seed=4, kept=1.0), "entity", "year")
    assert "const" not in pv.fit_first_difference(panel, "y", X).params
    assert "const" in pv.fit_first_difference(panel, "y", X, constant=True).params
    assert "const" in pv.fit_first_difference(panel, "y", X, convention="plm").params
    assert "const" not in pv.fit_first_difference(panel, "y", X, constant=False, convention="plm").params


def test_squared_correlation_of_a_regression_without_intercept():
    frame = gappy_frame(seed=4, kept=1.0)
    panel = pv.Panel(frame, "entity", "year")
    result = pv.fit_first_difference(panel, "y", X, constant=False, convention="plm")
    table = loop_differences(frame)
    fitted = table[:, 1:3] @ result.params.to_numpy()
    correlation = np.corrcoef(table[:, 0], fitted)[0, 1] ** 2
    assert result.rsquared == pytest.approx(correlation, rel=1e-11)
    assert result.rsquared_adjusted == pytest.approx(
        1 - (1 - correlation) * (len(table) - 1) / (len(table) - 2), rel=1e-11
    )
    uncentred = pv.fit_first_difference(panel, "y", X, constant=False)
    assert uncentred.rsquared == pytest.approx(1 - result.rss / float(table[:, 0] @ table[:, 0]), rel=1e-11)


def test_a_regressor_constant_in_time_is_differenced_away():
    frame = gappy_frame(seed=4, kept=1.0)
    frame["size"] = 1e6 + frame["number"] / 3
    with pytest.warns(pv.PanelVarWarning, match="'size' dropped"):
        result = pv.fit_first_difference(pv.Panel(frame, "entity", "year"), "y", [*X, "size"])
    assert list(result.params.index) == X


def test_two_periods_equal_the_within_regression():
    """With T = 2 the differences are the demeaned rows times root two."""
    panel = pv.Panel(gappy_frame(seed=6, entities=12, periods=2, kept=1.0), "entity", "year")
    difference = pv.fit_first_difference(panel, "y", X)
    within = pv.fit_fixed_effects(panel, "y", X)
    np.testing.assert_allclose(difference.params, within.params[X], rtol=1e-11)
    np.testing.assert_allclose(difference.std_errors, within.std_errors[X], rtol=1e-11)


def test_no_adjacent_periods_is_refused():
    frame = gappy_frame(seed=4, kept=1.0)
    every_second = frame[frame["year"] % 2 == frame["number"] % 2]
    with pytest.raises(pv.InsufficientDataError, match="nothing to difference"):
        pv.fit_first_difference(pv.Panel(every_second, "entity", "year"), "y", X)

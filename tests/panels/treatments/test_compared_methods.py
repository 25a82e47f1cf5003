"""Methods on the same rows: their influences side by side give the covariance of all."""

from __future__ import annotations

import numpy as np
import pytest
from panels.treatments.test_cell_regressions import staggered

import panelvar as pv

pytestmark = pytest.mark.filterwarnings("ignore:Some cohorts have fewer")


def rows():
    frame = staggered(units=80)
    frame["state"] = frame["unit"] // 2
    return frame


@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
@pytest.mark.parametrize("cov", ["cluster", pv.Clustered("state")])
def test_the_covariance_is_made_of_the_influences_of_all(cov):
    frame = rows()
    compared = pv.compare_methods(frame, "y ~ x | unit + year", cohort="first", cov=cov)
    effects = list(compared.effects.values())
    assert len({each.nobs for each in effects}) == 1
    blocks = []
    for each in effects:
        cells = each.fit.cells
        for since in np.unique(cells.since):
            weights = np.where(cells.since == since, cells.mass, 0.0)
            blocks.append(each.influence.to_numpy() @ (weights / weights.sum()))
        weights = np.where(cells.since >= 0, cells.mass, 0.0)
        blocks.append(each.influence.to_numpy() @ (weights / weights.sum()))
    influence = np.array(blocks).T
    if cov != "cluster":
        states = frame.groupby("unit")["state"].first().loc[effects[0].influence.index].to_numpy()
        influence = np.array([influence[states == state].sum(axis=0) for state in np.unique(states)])
    np.testing.assert_allclose(compared.joint.cov, influence.T @ influence, rtol=1e-10, atol=1e-14)
    test = compared.difference_test("sun-abraham", "imputation")
    late = [each for each in compared._since("imputation") if each >= 0]
    pairs = [(f"[sun-abraham]since[{each}]", f"[imputation]since[{each}]") for each in late]
    gap = np.array([compared.joint.params[one] - compared.joint.params[other] for one, other in pairs])
    covariance = compared.joint.cov
    spread = np.array([
        [covariance.loc[a, c] - covariance.loc[a, d] - covariance.loc[b, c] + covariance.loc[b, d] for c, d in pairs]
        for a, b in pairs
    ])  # fmt: skip
    np.testing.assert_allclose(test.statistic, gap @ np.linalg.solve(spread, gap), rtol=1e-7)
    assert test.df == len(late)


def test_rows_that_one_method_cannot_use_are_counted():
    frame = rows()
    always = frame["first"] == 2002
    frame.loc[always, "first"] = 2000
    with pytest.warns(pv.PanelVarWarning) as said:
        compared = pv.compare_methods(frame, "y | unit + year", cohort="first")
    (text,) = [str(each.message) for each in said if "all of them use" in str(each.message)]
    assert f"two-way {always.sum()}, sun-abraham 0, imputation 0" in text
    alone = pv.fit_two_way_event_study(frame[~always], "y | unit + year", cohort="first")
    np.testing.assert_allclose(compared.effects["two-way"].params, alone.params, rtol=1e-12)


def test_tables_figures_and_questions():
    frame = rows()
    frame = frame[frame["first"] != 2002]
    compared = pv.compare_methods(frame, "y | unit + year", cohort="first", methods=("sun-abraham", "imputation"))
    text = str(compared)
    assert max(map(len, text.splitlines())) <= 80
    assert "sun-abraham = imputation" in text
    table = compared.to_frame()
    overall = compared.effects["imputation"].aggregate("overall").params["overall"]
    np.testing.assert_allclose(table.loc["overall", ("imputation", "estimate")], overall, rtol=1e-12)
    assert np.isnan(table.loc[-1, ("sun-abraham", "estimate")])
    assert len(compared.plot().axes) == 1
    for pair, match in ((("imputation", "imputation"), "both"), (("two-way", "imputation"), "first")):
        with pytest.raises(pv.SpecificationError, match=match):
            compared.difference_test(*pair)
    for methods in (("imputation",), ("imputation", "imputation"), ("imputation", "none"), 3):
        with pytest.raises(pv.SpecificationError, match="methods"):
            pv.compare_methods(frame, "y | unit + year", cohort="first", methods=methods)


def test_methods_with_the_same_effects_have_no_difference_to_test():
    compared = pv.compare_methods(
        rows(), "y | unit + year", cohort="first", methods=("imputation", "two-stage", "sun-abraham")
    )
    with pytest.raises(pv.InsufficientDataError, match="there is nothing to test"):
        compared.difference_test("two-stage", "imputation")
    # Errors of averages are those of the fit, with shares that are estimated.
    name = "[two-stage]overall"
    own = compared.effects["two-stage"].aggregate("overall").std_errors["overall"]
    np.testing.assert_allclose(compared.joint.std_errors[name], own, rtol=1e-12)

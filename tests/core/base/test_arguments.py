"""Sequences of names, decimals and levels are read by one rule each, which names the option."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import panelvar as pv
from panelvar.core.base.arguments import read_sequence


def system() -> pd.DataFrame:
    return pd.DataFrame(np.random.default_rng(0).standard_normal((60, 2)).cumsum(axis=0), columns=["a", "b"])


def test_a_sequence_keeps_its_order():
    assert read_sequence("ordering", ["b", "a"], "names") == ("b", "a")
    assert read_sequence("ordering", pd.Index(["b", "a"]), "names") == ("b", "a")
    assert read_sequence("ordering", None, "names") is None


@pytest.mark.parametrize("scheme", [pv.Cholesky, pv.LongRun, lambda text: pv.ShortRun(b=np.eye(2), shocks=text)])
def test_a_text_is_not_taken_letter_by_letter(scheme):
    with pytest.raises(pv.SpecificationError, match="'ab': expected a sequence"):
        scheme("ab")


@pytest.mark.parametrize("wrong", [1, True, 2.5, len, {"a", "b"}, {"a": 1}, pd.Timestamp("2001-01-01"), object()])
@pytest.mark.parametrize(
    ("option", "call"),
    [
        ("ordering", lambda wrong: pv.Cholesky(wrong)),
        ("ordering", lambda wrong: pv.LongRun(wrong)),
        ("shocks", lambda wrong: pv.ShortRun(b=np.eye(2), shocks=wrong)),
        ("shocks", lambda wrong: pv.ImpactMatrix(np.eye(2), shocks=wrong)),
        ("zero", lambda wrong: pv.SignRestrictions({("a", "s"): "+"}, zero=wrong)),
        ("centred", lambda wrong: pv.VarConvention("mine", centred=wrong)),
        ("names", lambda wrong: pv.fit_var_batch(np.ones((2, 9, 2)), wrong)),
        ("names", lambda wrong: pv.fit_local_projections(system(), wrong)),
        ("tests", lambda wrong: pv.unit_root_table(system(), tests=wrong)),
    ],
)
def test_what_is_no_sequence_is_refused_by_its_option(option, call, wrong):
    with pytest.raises(pv.PanelVarError, match=option):
        call(wrong)


@pytest.mark.parametrize("digits", [None, "two", 2.0, -1, 99, len])
def test_decimals_of_a_line_are_checked(digits):
    test = pv.adf_test(system()["a"])
    panel = pd.DataFrame({"i": np.repeat(range(6), 5), "t": np.tile(range(5), 6)})
    panel["y"], panel["x"] = np.random.default_rng(1).standard_normal((2, 30))
    fit = pv.fit_pooled(pv.Panel(panel, "i", "t"), "y", ["x"])
    for each in (test, pv.wild_bootstrap_test(fit, "x", draws=99, seed=1)):
        with pytest.raises(pv.SpecificationError, match="digits"):
            each.in_a_line(digits)


@pytest.mark.parametrize("fit", [pv.fit_pooled, pv.fit_anderson_hsiao])
@pytest.mark.parametrize("wrong", [[None], ["b", None], [1.5]])
def test_what_is_no_name_among_names_is_refused(fit, wrong):
    index = pd.MultiIndex.from_product([range(6), range(10)], names=["i", "t"])
    with pytest.raises(
        pv.SpecificationError, match=r"x must be column names, and names are texts; got (NoneType|float)"
    ):
        fit(system().set_index(index), "a", wrong)

"""What the library itself calls otherwise than before answers in words."""

from __future__ import annotations

import pytest

import panelvar as pv
from panelvar.core.base import elsewhere
from panelvar.core.base.elsewhere import Renamed

SAMPLE = (
    Renamed("function", "pooled", "pooled", "fit_pooled", "estimators begin with fit_"),
    Renamed("argument", "fit_pooled", "how", "cov", "one word"),
    Renamed("attribute", "LinearResult", "rsq", "rsquared", "one word"),
    Renamed("private", "LinearResult", "inner", "fit", "not for callers"),
    Renamed("value", "*", "two-way", "twoway", "one spelling"),
    Renamed("position", "fit_pooled", "data, y, x, cov", "data, y, x", "all else by name"),
    Renamed("position", "fit_var", "data, lags", "data, names", "all else by name"),
    Renamed("default", "fit_pooled.cov", "robust", "classical", "for the documentation alone"),
)


@pytest.fixture(autouse=True)
def _sample(monkeypatch):
    monkeypatch.setattr(elsewhere, "renames", lambda: SAMPLE)
    elsewhere.attribute_hint.cache_clear()
    yield
    elsewhere.attribute_hint.cache_clear()


@pytest.fixture(scope="module")
def firms():
    return pv.load_data("grunfeld")


def test_a_function(firms):
    with pytest.raises(AttributeError, match=r"no attribute 'pooled'. It is called fit_pooled now\."):
        pv.pooled(firms, "invest ~ value")


def test_an_argument(firms):
    with pytest.raises(pv.SpecificationError, match=r"has no argument 'how'. It is called cov now: one word\."):
        pv.fit_pooled(firms, "invest ~ value", how="HC1")
    # Only where it was: another function answers as ever.
    with pytest.raises(pv.SpecificationError, match=r"has no argument 'how'. It has"):
        pv.fit_between(firms, "invest ~ value", how="HC1")


def test_attributes(firms):
    result = pv.fit_pooled(firms, "invest ~ value")
    with pytest.raises(AttributeError, match=r"It is called rsquared now\."):
        _ = result.rsq
    with pytest.raises(AttributeError, match=r"It is internal now, and nothing public takes its place\."):
        _ = result.inner


def test_a_value(firms):
    with pytest.raises(pv.SpecificationError, match=r"It is called 'twoway' now\."):
        pv.effects_lm_test(pv.fit_pooled(firms, "invest ~ value"), effects="two-way")


def test_positions(firms):
    with pytest.raises(pv.SpecificationError, match=r"given by name now: cov='HC1'\."):
        pv.fit_pooled(firms, "invest", "value", "HC1")
    # What stands there now is another argument, which the value does not fit.
    macro = pv.load_data("us_macro")
    with pytest.raises(pv.PanelVarError, match=r"given by name now: lags=2\."):
        pv.fit_var(macro, 2)
    # A call that fits the new places, and fails for another reason, is let alone.
    with pytest.raises(pv.PanelVarError) as refused:
        pv.fit_var(macro["infl"].iloc[:3], "infl")
    assert "by name now" not in str(refused.value)
    with pytest.raises(pv.PanelVarError) as refused:
        pv.fit_pooled(firms, "invest", "nothing")
    assert "by name now" not in str(refused.value)


def test_a_misspelled_variable_is_no_option_that_has_moved(monkeypatch, firms):
    monkeypatch.undo()
    panel = pv.Panel(firms)
    with pytest.raises(pv.PanelVarError) as refused:
        pv.adf_test(panel, "invst")
    assert "by name now" not in str(refused.value)
    with pytest.raises(pv.PanelVarError, match=r"given by name now: lags='aic'\."):
        pv.adf_test(firms["invest"].to_numpy(), "aic")


def test_every_rename_is_of_one_kind_and_says_why(monkeypatch):
    monkeypatch.undo()
    kinds = {"function", "argument", "value", "attribute", "position", "default", "private"}
    assert [row for row in elsewhere.renames() if row.kind not in kinds or not all(row)] == []
    assert len(set(elsewhere.renames())) == len(elsewhere.renames())


def test_what_counted_lags_says_so_where_their_number_stands_now(firms):
    with pytest.raises(pv.SpecificationError, match=r"How lags are counted is lag_by='rows'\."):
        pv.breusch_godfrey_test(pv.fit_pooled(firms, "invest ~ value"), lags="rows")

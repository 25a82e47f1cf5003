"""Columns that have numbers for names get the same answer alone and in a list."""

from __future__ import annotations

import pytest

import panelvar as pv


@pytest.mark.parametrize("x", [0, [0]])
def test_a_number_as_the_name_of_a_column(x):
    data = pv.load_data("grunfeld").rename(columns={"value": 0})
    with pytest.raises(pv.SpecificationError, match=r"numbers for names get texts by data\.rename\(columns=str\)"):
        pv.fit_pooled(data, "invest", x)


def test_other_options_say_nothing_of_columns():
    with pytest.raises(pv.SpecificationError) as refusal:
        pv.panel_unit_root_table(pv.load_data("grunfeld"), "invest", tests=2)
    assert "rename" not in str(refusal.value)

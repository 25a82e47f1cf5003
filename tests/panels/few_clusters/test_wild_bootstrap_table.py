"""The table of a wild cluster bootstrap test: what its line says, and no distribution that it does not use."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from quiet import quietly

import panelvar as pv


@pytest.fixture(scope="module")
def fitted():
    data = pv.load_data("grunfeld")
    return quietly(pv.fit_fixed_effects, data, "invest", ["value", "capital"], cov="cluster")


def test_one_restriction(fitted):
    test = quietly(pv.wild_bootstrap_test, fitted, "value", draws=99, seed=1)
    text, ((low, high),) = test.to_text(), test.confidence_set
    assert "bootstrap(" not in text and "value = 0" in text
    assert f"[{low:.4f}, {high:.4f}]" in text and "95% confidence set" in text
    frame = test.summary().to_frame()
    np.testing.assert_array_equal(frame.iloc[0], [test.estimate, test.statistic, test.pvalue])
    assert max(map(len, text.splitlines())) <= 80


def test_several_restrictions_have_no_set(fitted):
    test = quietly(pv.wild_bootstrap_test, fitted, ["value", "capital"], draws=99, seed=1)
    assert list(test.summary().to_frame().columns) == ["F", "p"]
    assert "confidence set" not in test.to_text()


def test_no_draw_beyond_is_no_p_of_zero(fitted):
    test = replace(quietly(pv.wild_bootstrap_test, fitted, "value", draws=99, seed=1), pvalue=0.0, draws=2000)
    assert "<0.0005" in test.to_text()

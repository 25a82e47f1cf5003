"""Fits of few rows taken as those of many are."""

from __future__ import annotations

import pytest

from panelvar.data.formulas import formula as formulas
from panelvar.kernels.absorption import factor_rows
from panelvar.kernels.linear import columns


@pytest.fixture
def by_codes(monkeypatch):
    """From its call on, factors are codes and products sums by level for few rows too, in several steps."""

    def switch() -> None:
        for module in (formulas, columns):
            monkeypatch.setattr(module, "FEW_ROWS", 10)
        monkeypatch.setattr(factor_rows, "BLOCK_ROWS", 10)
        monkeypatch.setattr(factor_rows, "_ROWS", 400)

    return switch

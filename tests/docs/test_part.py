"""A few pages built alone: one of them stands for the root."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        ({"guide/var.md", "index.md"}, "index"),
        ({"guide/var.md", "guide/panel.md"}, "guide/panel"),
        ({"guide/var.md", "api/generated/panelvar.fit_var.rst"}, "api/generated/panelvar.fit_var"),
    ],
)
def test_a_page_of_either_kind_can_be_the_root(pages, expected):
    assert runpy.run_path(str(ROOT / "docs" / "building" / "part.py"))["root"](pages) == expected

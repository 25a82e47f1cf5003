"""A page of each kind in a browser: nothing asks for a network or overflows, and axe-core has no complaint."""

from __future__ import annotations

import runpy
import shutil
import subprocess
import sys

import pytest
from docs.built_pages import HTML, ROOT

KINDS = runpy.run_path(str(ROOT / "docs" / "building" / "look.py"))["KINDS"]


def has_chromium() -> bool:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return False
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome", own)))


@pytest.mark.built
@pytest.mark.parametrize("half", [KINDS[::2], KINDS[1::2]], ids=["one half", "the other"])
def test_pages_are_for_everybody(half):
    if not has_chromium():
        pytest.skip("no Chromium is installed")
    assert HTML.is_dir()
    found = subprocess.run(
        [sys.executable, "-m", "docs.building.look", "--check", *half],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr

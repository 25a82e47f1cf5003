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


@pytest.mark.built
def test_the_landing_shows_two_examples_and_figures_at_first_sight():
    """On a window of 1400 by 900, without scrolling: name, sentence, installation, code and both figures."""
    if not has_chromium():
        pytest.skip("no Chromium is installed")
    from playwright.sync_api import sync_playwright

    chromium = runpy.run_path(str(ROOT / "docs" / "building" / "look.py"))["chromium"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(playwright), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.goto((HTML / "index.html").as_uri(), wait_until="load")
        boxes = [each.bounding_box() for each in page.locator(".cell_output img").all() if each.is_visible()]
        codes = [each.bounding_box() for each in page.locator("article pre").all()]
        browser.close()
    assert len(boxes) == 2
    assert len(codes) == 3
    for box in (*boxes, *codes):
        assert box["y"] + box["height"] <= 900

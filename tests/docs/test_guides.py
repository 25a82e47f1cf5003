"""The reference leads back to the guides that use a name: what is read in their sources."""

from __future__ import annotations

import runpy
from pathlib import Path

import panelvar as pv

ROOT = Path(__file__).resolve().parents[2]
READER = runpy.run_path(str(ROOT / "docs" / "building" / "guides.py"))


def test_code_prose_and_links_count_as_uses():
    page = (
        "Fit it by {py:func}`~panelvar.fit_pooled`, or by {py:func}`ordinary least squares <panelvar.fit_pooled>`.\n"
        "`pv.Panel(frame)` is a {py:class}`panelvar.Panel`.\n"
        "```{code-cell} python\nresult = pv.fit_pooled(panel, 'y', ['x'], covariance=pv.Clustered())\n```\n"
    )
    assert READER["names_used"](page) == {"fit_pooled": 3, "Panel": 2, "Clustered": 1}


def test_links_of_stories_count_as_uses():
    story = "pv.fit_var()\n# :func:`panelvar.fit_var`, :class:`results <panelvar.VarResult>`, :func:`~numpy.diff`\n"
    assert READER["names_used"](story) == {"fit_var": 2, "VarResult": 1}


def test_the_four_stories_that_use_a_name_most_are_kept(tmp_path):
    (tmp_path / "gallery").mkdir()
    for times, letter in enumerate("abcde", 1):
        (tmp_path / "gallery" / f"plot_{letter}.py").write_text("pv.fit_var()\n" * times, encoding="utf-8")
    kept = READER["stories_by_name"](tmp_path)["panelvar.fit_var"]
    assert kept == [f"gallery/plot_{letter}.py" for letter in "edcb"]


def test_what_is_not_of_the_package_is_not_read():
    page = (
        "`npv.rate`, `pv_of(x)`, `panelvar.core.tables.table`, {doc}`/stories/plot_macro_var`, {py:func}`~numpy.diff`"
    )
    assert READER["names_used"](page) == {}


def test_the_page_that_uses_a_name_most_comes_first(tmp_path):
    for folder, text in (("start", "pv.fit_var"), ("guide", "pv.fit_var and pv.fit_var"), ("studies", "pv.fit_var")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "page.md").write_text(text, encoding="utf-8")
    assert READER["guides_by_name"](tmp_path) == {"panelvar.fit_var": ["/guide/page", "/start/page"]}


def test_every_guide_uses_only_names_that_there_are():
    found = READER["guides_by_name"](ROOT / "docs")
    assert [name for name in found if not hasattr(pv, name.removeprefix("panelvar."))] == []
    used = {page for pages in found.values() for page in pages}
    assert [page.stem for page in (ROOT / "docs" / "how_to").glob("*.md") if f"/how_to/{page.stem}" not in used] == []

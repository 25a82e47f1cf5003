"""The tree of pages, made once and seen from each page."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
pytest.importorskip("furo")
ROOT = """\
<ul><li class="toctree-l1 has-children"><a class="reference internal" href="guide/of_panels.html">Panels</a>\
<input class="toctree-checkbox" type="checkbox"/><label><svg><use href="#arrow"></use></svg></label><ul>\
<li class="toctree-l2"><a class="reference internal" href="guide/var.html">VAR</a></li></ul></li>\
<li class="toctree-l1"><a class="reference external" href="https://x.org">Out</a></li></ul>"""


@pytest.fixture
def tree(monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS))
    monkeypatch.delitem(sys.modules, "building.tree", raising=False)
    from building.tree import read

    return read(ROOT)


def test_the_root_sees_the_tree_as_it_is(tree):
    assert tree.of("index") == ROOT


def test_a_page_in_a_folder_sees_addresses_from_there(tree):
    seen = tree.of("_modules/a/b")
    assert 'href="../../guide/var.html"' in seen
    assert 'href="https://x.org"' in seen
    assert 'href="#arrow"' in seen
    assert "current" not in seen


def test_the_way_to_a_page_is_marked_and_open(tree):
    seen = tree.of("guide/var")
    assert '<li class="toctree-l2 current current-page"><a class="current reference internal" href="#">VAR' in seen
    assert '<li class="toctree-l1 has-children current"><a class="reference internal" href="../guide/of_panels' in seen
    assert 'type="checkbox" checked=""/>' in seen
    assert seen.count("<ul class=") == 2


def test_a_page_above_others_is_open(tree):
    seen = tree.of("guide/of_panels")
    assert (
        '<li class="toctree-l1 has-children current current-page"><a class="current reference internal" href="#">'
        in seen
    )
    assert 'checked=""' in seen
    assert seen.count("<ul class=") == 1


def test_a_page_of_the_reference_has_the_tree_of_the_reference(tree, monkeypatch):
    from building.tree import read

    caption = '<p class="caption">Guides</p>'
    api = ROOT.replace("guide/var", "api/generated/x").replace("guide/of_panels", "api/index")
    seen = read(f"{caption}{ROOT}<p>API</p>{api}").of("api/generated/x")
    assert "Guides" not in seen
    assert "of_panels" not in seen
    assert seen.startswith('<p>API</p><ul class="current"><li class="toctree-l1 has-children current">')
    assert seen.endswith("</ul>")

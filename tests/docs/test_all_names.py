"""The reference's table of all names: each public name once, under the path where its page documents it."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import panelvar as pv

ROOT = Path(__file__).resolve().parents[2]


def test_names_stand_by_subject_and_every_subject_is_named(tmp_path):
    building = runpy.run_path(str(ROOT / "docs" / "building" / "all_names.py"))
    building["write_all_names"](tmp_path)
    text = (tmp_path / "all_names.md").read_text(encoding="utf-8")
    assert text.startswith("## ")
    pages = sorted(page.name for page in (ROOT / "docs" / "api").glob("*.md") if page.name != "index.md")
    assert sorted(re.findall(r"^### \[.*\]\((\w+\.md)\)$", text, re.MULTILINE)) == pages
    panels = text[text.index("(static_panels.md)") : text.index("(random_effects.md)")]
    assert "~panelvar.fit_fixed_effects" in panels
    assert len(re.findall(r"^## ", text, re.MULTILINE)) == len(building["subjects"]())


def test_the_table_has_every_public_name_once_under_a_path_that_the_reference_lists(tmp_path):
    write = runpy.run_path(str(ROOT / "docs" / "building" / "all_names.py"))["write_all_names"]
    write(tmp_path)
    paths = re.findall(r"^   ~(\S+)$", (tmp_path / "all_names.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(path.rpartition(".")[2] for path in paths) == sorted(set(pv.__all__) - {"__version__"})
    pages = "".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs" / "api").glob("*.md"))
    listed = set(re.findall(r"^ +(panelvar\.\S+)$", pages, re.MULTILINE))
    assert [path for path in paths if path not in listed and path.rpartition(".")[0] not in listed] == []

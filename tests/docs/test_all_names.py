"""The reference's table of all names: each public name once, under the path where its page documents it."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import panelvar as pv

ROOT = Path(__file__).resolve().parents[2]


def test_the_table_has_every_public_name_once_under_a_path_that_the_reference_lists(tmp_path):
    write = runpy.run_path(str(ROOT / "docs" / "building" / "all_names.py"))["write_all_names"]
    write(tmp_path)
    paths = re.findall(r"^   ~(\S+)$", (tmp_path / "all_names.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(path.rpartition(".")[2] for path in paths) == sorted(set(pv.__all__) - {"__version__"})
    pages = "".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs" / "api").glob("*.md"))
    listed = set(re.findall(r"^ +(panelvar\.\S+)$", pages, re.MULTILINE))
    assert [path for path in paths if path not in listed and path.rpartition(".")[0] not in listed] == []

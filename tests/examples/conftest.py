"""Run each example once, into a temporary folder."""

from __future__ import annotations

import contextlib
import importlib
import io
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="session")
def run_example(tmp_path_factory):
    """A function that runs ``main`` of an example and returns its module, what it returned, printed and wrote."""
    pytest.importorskip("matplotlib")
    pytest.importorskip("formulaic")
    sys.path.insert(0, str(ROOT / "examples"))

    def run(name, *options):
        module = importlib.import_module(name)
        folder = tmp_path_factory.mktemp(name)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            returned = module.main(["--output", str(folder), *options])
        return module, returned, printed.getvalue(), folder

    yield run
    sys.path.remove(str(ROOT / "examples"))


@pytest.fixture(scope="session")
def stale_blocks():
    """A function that names the generated blocks of a page that are not what the program prints."""
    from writing.page import GENERATED, in_markdown

    def stale(document, blocks):
        found = list(GENERATED.finditer(document.read_text(encoding="utf-8")))
        assert found
        return [match["name"] for match in found if match["body"] != f"{in_markdown(blocks[match['name']])}\n"]

    return stale

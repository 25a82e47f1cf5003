"""Build a few pages alone, to look at while writing: ``python -m docs.building.part docs/guide/var.md ...``.

Links to pages that are not built lead nowhere, and are not complained of; the whole build is in the README.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection
from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent


def root(pages: Collection[str]) -> str:
    """The page that Sphinx takes for the root of all, without its ending: the landing page if it is among them."""
    page = "index.md" if "index.md" in pages else min(pages)
    return Path(page).with_suffix("").as_posix()


def main(pages: list[str]) -> int:
    """Build the pages named by their paths into ``docs/_build/part/html``."""
    from sphinx.cmd.build import main as build

    names = [Path(page).resolve().relative_to(DOCS).as_posix() for page in pages]
    os.environ["PANELVAR_DOCS_PART"] = "\n".join(names)
    where = DOCS / "_build" / "part"
    code = build(["-q", "-b", "html", "-d", str(where / "doctrees"), str(DOCS), str(where / "html")])
    for name in names:
        print(where / "html" / Path(name).with_suffix(".html"))
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

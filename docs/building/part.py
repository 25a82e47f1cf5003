"""Build a few pages alone, to look at while writing: ``python -m docs.building.part docs/guide/var.md ...``.

Links to pages that are not built lead nowhere, and are not complained of; the whole build is in the README.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from sphinx.cmd.build import main as build

DOCS = Path(__file__).resolve().parent.parent


def main(pages: list[str]) -> int:
    """Build the pages named by their paths into ``docs/_build/part/html``."""
    names = [Path(page).resolve().relative_to(DOCS).as_posix() for page in pages]
    os.environ["PANELVAR_DOCS_PART"] = "\n".join(names)
    where = DOCS / "_build" / "part"
    code = build(["-q", "-b", "html", "-d", str(where / "doctrees"), str(DOCS), str(where / "html")])
    for name in names:
        print(where / "html" / Path(name).with_suffix(".html"))
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

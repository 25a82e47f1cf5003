"""Draw the README's figures from the README's own code: ``python -m docs.building.readme_figures``.

Each block of the README that ends with a figure makes the picture that follows it. A picture keeps the digest of all
code down to it, so that a test can tell when the code has changed and the picture has not.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
BLOCK_OR_PICTURE = re.compile(r"^```python\n(?P<code>.*?)^```|^!\[[^\]]+\]\((?P<picture>[^)]+\.svg)\)", re.M | re.S)


def pictures() -> dict[str, str]:
    """The pictures of the README, each with the code that makes it."""
    code, found = "", {}
    for match in BLOCK_OR_PICTURE.finditer(README.read_text(encoding="utf-8")):
        if match["picture"]:
            found[match["picture"]] = code
        else:
            code += match["code"]
    return found


def digest(code: str) -> str:
    """What a picture keeps of the code that made it."""
    return f"code {hashlib.sha256(code.encode()).hexdigest()[:16]}"


def main() -> None:
    """Run the code and write the pictures."""
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "panelvar"
    os.chdir(ROOT)
    for picture, code in pictures().items():
        namespace: dict[str, object] = {}
        exec(code, namespace)
        namespace["figure"].savefig(  # type: ignore[attr-defined]
            ROOT / picture, bbox_inches="tight", metadata={"Date": None, "Description": digest(code)}
        )


if __name__ == "__main__":
    main()

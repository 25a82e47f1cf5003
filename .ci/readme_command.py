"""Print the one README command that contains a given text, so that CI runs what a reader pastes."""

from __future__ import annotations

import re
import sys
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"


def main(wanted: str) -> int:
    blocks = re.findall(r"^```sh\n(.*?)^```", README.read_text(encoding="utf-8"), flags=re.M | re.S)
    found = [line for block in blocks for line in block.splitlines() if wanted in line]
    if len(found) != 1:
        print(f"README.md has {len(found)} commands with {wanted!r}, not one", file=sys.stderr)
        return 1
    print(found[0])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

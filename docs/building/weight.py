"""What is copied into the site and can weigh less without a difference that one sees: pictures."""

from __future__ import annotations

import re
from pathlib import Path

from PIL import Image
from sphinx.application import Sphinx

COLOURS = 64
# Coordinates to a tenth of a point; factors of scale have fewer digits before the point.
LONG = re.compile(r"(\d\d\.\d)\d+")
# Who made a picture, and comments on its letters.
ABOUT = re.compile(r"<metadata>.*?</metadata>|<!--.*?-->", re.DOTALL)


def lighten(app: Sphinx, problem: Exception | None) -> None:
    """Store the pictures of the site with as many colours and digits as are seen."""
    if problem is not None or app.builder.format != "html":
        return
    pictures = Path(app.outdir) / "_images"
    for path in pictures.glob("*.png"):
        with Image.open(path) as found:
            if found.mode == "P":
                continue
            flat = Image.new("RGB", found.size, "white")
            flat.paste(found, mask=found.getchannel("A") if "A" in found.getbands() else None)
        flat.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    for path in pictures.glob("*.svg"):
        text = path.read_text(encoding="utf-8")
        path.write_text(LONG.sub(r"\1", ABOUT.sub("", text)), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Come last."""
    app.connect("build-finished", lighten, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

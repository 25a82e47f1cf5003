"""The tables of every public name by subject, written from the package and its reference, so that none is missing."""

from __future__ import annotations

import re
from pathlib import Path

API = Path(__file__).resolve().parent.parent / "api"
TOCTREE = re.compile(r"^```\{toctree\}\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def subjects() -> list[tuple[str, list[Path]]]:
    """The pages of the reference under the headings that its first page gives them."""
    found = []
    for body in TOCTREE.findall((API / "index.md").read_text(encoding="utf-8")):
        caption = next(iter(re.findall(r"^:caption: (.*)$", body, re.MULTILINE)))
        pages = [API / f"{line.strip()}.md" for line in body.splitlines() if line.strip() and not line.startswith(":")]
        found.append((caption, pages))
    return found


def listed(page: Path, names: set[str]) -> list[str]:
    """Paths of the public names that a page lists, in its order; a page of errors stands for its module's."""
    from panelvar.core.base import errors

    paths: list[str] = []
    for path in re.findall(r"^ +(panelvar\.\S+)$", page.read_text(encoding="utf-8"), re.MULTILINE):
        if path == errors.__name__:
            paths += [f"{path}.{name}" for name in sorted(vars(errors)) if name in names]
        elif path.removeprefix("panelvar.") in names:
            paths.append(path)
    return paths


def write_all_names(folder: Path) -> None:
    """Write a table for each subject; the names lead to the pages that the subjects make."""
    import panelvar

    names = {name for name in panelvar.__all__ if not name.startswith("_")}
    parts: list[str] = []
    for caption, pages in subjects():
        parts.append(f"## {caption}")
        for page in pages:
            title, first, *_ = page.read_text(encoding="utf-8").split("\n\n")
            parts.append(f"### [{title.removeprefix('# ')}]({page.name})")
            if paths := listed(page, names):
                rows = "\n".join(f"   ~{path}" for path in paths)
                parts.append(f"```{{eval-rst}}\n.. autosummary::\n   :nosignatures:\n\n{rows}\n```")
            else:
                parts.append(f"{first.partition('. ')[0]}.")
    folder.mkdir(parents=True, exist_ok=True)
    text = "\n\n".join(parts) + "\n"
    page = folder / "all_names.md"
    # A page that includes an unchanged table need not be read again.
    if not page.exists() or page.read_text(encoding="utf-8") != text:
        page.write_text(text, encoding="utf-8")

"""Words that a colleague would not say aloud stand nowhere that a user reads: pages, docstrings, messages."""

from __future__ import annotations

import ast
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import panelvar as pv

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
# "Lags of its own" says less than "its own lags"; before a noun ("the error of its own period") the words are plain.
FOLLOWS = (
    r"and|or|but|that|which|whose|in|on|is|are|has|have|to|for|as|from|where|with|by|here|when|because|except|each|so"
)
AVOIDED = re.compile(
    rf"\bwander\w*|\bof (?:its|their) own(?! (?!(?:{FOLLOWS})\b)\w)|\bhand(?:s|ed)? out\b|\bnothing but\b"
    r"|\bread the columns so\b",
    re.IGNORECASE,
)
# A page -> words around one that stays, and why.
EXCEPTIONS: dict[str, dict[str, str]] = {}
MADE_BY_THE_BUILD = {"_build", "generated", "presets", "stories", "pictures"}
PAGES = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    *(
        path
        for path in [*sorted(DOCS.rglob("*.md")), *sorted((DOCS / "gallery").glob("*.py"))]
        if not (MADE_BY_THE_BUILD | {"developers", "evidence"}) & set(path.relative_to(DOCS).parts)
    ),
]


def found_in(text: str) -> list[str]:
    """Words to avoid, with what is around them."""
    flat = " ".join(text.split())
    return [flat[max(0, each.start() - 50) : each.end() + 20] for each in AVOIDED.finditer(flat)]


def prose(path: Path) -> str:
    """A page without its code."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return "\n".join(re.findall(r"^# ?(.*)$", text, re.MULTILINE)) + (ast.get_docstring(ast.parse(text)) or "")
    return re.sub(r"`[^`\n]+`", "", re.sub(r"^```(?:\{code-cell\}|python|sh).*?^```$", "", text, flags=re.M | re.S))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_pages_are_in_plain_english(page):
    allowed = EXCEPTIONS.get(page.relative_to(ROOT).as_posix(), {})
    assert [words for words in found_in(prose(page)) if not any(each in words for each in allowed)] == []


def documented() -> Iterator[tuple[str, str]]:
    """What the reference shows: docstrings of its names and of their public members."""
    listed = "".join(page.read_text(encoding="utf-8") for page in (DOCS / "api").glob("*.md"))
    names = {f"panelvar.{name}" for name in pv.__all__} | set(re.findall(r"^ +(panelvar\.\S+)$", listed, re.MULTILINE))
    for name in sorted(names):
        thing = pkgutil.resolve_name(name)
        yield name, inspect.getdoc(thing) or ""
        if inspect.isclass(thing):
            members = [member for member in dir(thing) if not member.startswith("_")]
            yield from ((f"{name}.{each}", inspect.getdoc(getattr(thing, each, None)) or "") for each in members)


def test_docstrings_are_in_plain_english():
    found = {name: words for name, text in documented() if (words := found_in(text))}
    assert found == {}


def messages(tree: ast.Module) -> Iterator[str]:
    """Texts of a module that are no docstrings."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    strings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    pieces = {id(piece) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for piece in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(piece.value) if isinstance(piece, ast.Constant) else "_" for piece in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in strings | pieces:
            yield node.value


def test_messages_are_in_plain_english():
    found = {}
    for path in sorted((ROOT / "panelvar").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        words = [each for message in messages(ast.parse(text)) for each in found_in(message)] if found_in(text) else []
        if words:
            found[path.relative_to(ROOT).as_posix()] = words
    for path in sorted((ROOT / "panelvar").rglob("*.csv")):
        if words := found_in(path.read_text(encoding="utf-8")):
            found[path.relative_to(ROOT).as_posix()] = words
    assert found == {}


def test_the_words_are_found_where_they_stand():
    assert found_in("Series wander; each has lags of its own, and it hands out rows. It is nothing but noise.")
    assert found_in("The error of its own period, and the end of its own rows.") == []

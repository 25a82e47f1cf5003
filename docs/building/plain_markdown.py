"""A page's Markdown without what only Sphinx understands, for the notebooks that readers take home.

Roles become their text, directives a heading in bold and what they hold, links to other pages their words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

FENCE = re.compile(r"(?P<indent> *)(?P<fence>`{3,}|:{3,})(?:\{(?P<name>[\w:-]+)\}(?P<title>.*)|.*)")
OPTION = re.compile(r" *:[\w-]+:( .*)?")
INLINE = re.compile(
    r"<!--.*?-->\n?"
    r"|\{(?P<role>[\w:-]+)\}(?P<ticks>`+)(?P<content>(?:(?!\n\n).)+?)(?P=ticks)"
    r"|(?P<code>(?P<quotes>`+)(?!`)(?:(?!\n\n).)+?(?<!`)(?P=quotes)(?!`))"
    r"|!?\[(?P<text>(?:[^\[\]`]|`[^`]*`|\[[^\[\]]*\])*)\]\((?P<target>[^()\s]*)\)",
    re.DOTALL,
)
ABSOLUTE = re.compile(r"[a-z]+:")
# What a notebook has no use for: lists of pages, and styles.
DROPPED = {"toctree", "raw", "index"}
BOXES = {"admonition", "caution", "important", "note", "tip", "warning"}


class Words(NamedTuple):
    """What roles and directives stand for.

    Parameters
    ----------
    authors_and_years : mapping
        Of each key of the references.
    title : function
        The title of the page that a ``doc`` role names.
    included : function
        The text of the file that ``include`` names.
    """

    authors_and_years: Mapping[str, tuple[str, str]]
    title: Callable[[str], str]
    included: Callable[[str], str]

    def of(self, role: str, content: str) -> str:
        """The text of a role."""
        if role == "cite:t":
            return ", ".join("{} ({})".format(*self.authors_and_years[key.strip()]) for key in content.split(","))
        if role == "cite:p":
            cited = [self.authors_and_years[key.strip()] for key in content.split(",")]
            return "({})".format("; ".join(f"{authors}, {year}" for authors, year in cited))
        words, own, target = content.rpartition(" <")
        text = " ".join((words if own else target).split())
        if role.startswith("py:"):
            return text if own else f"`{text.rpartition('.')[2] if text.startswith('~') else text}`"
        return text if own or role != "doc" else self.title(text)


def plain(text: str, words: Words) -> str:
    """Return the text in plain Markdown."""
    return re.sub(r"\n{3,}", "\n\n", "\n".join(_blocks(iter(text.splitlines()), words))).strip("\n")


def _blocks(lines: Iterator[str], words: Words) -> Iterator[str]:
    """The text between fences in plain words, code as it is, directives opened."""
    prose: list[str] = []
    for line in lines:
        fence = FENCE.fullmatch(line)
        if not fence:
            prose.append(line)
            continue
        yield _inline("\n".join(prose), words)
        prose.clear()
        body = list(_until(fence["fence"], lines))
        if fence["name"]:
            yield from _opened(fence["name"], fence["title"].strip(), body, words)
        else:
            yield from (line, *body, fence["indent"] + fence["fence"])
    yield _inline("\n".join(prose), words)


def _until(fence: str, lines: Iterator[str]) -> Iterator[str]:
    """The lines before the one that closes a fence; directives within it close their own, shorter or equal ones."""
    inner: list[str] = []
    for line in lines:
        found = FENCE.fullmatch(line)
        if found and found["fence"][0] == (inner or [fence])[-1][0]:
            closes = line.strip() == found["fence"] and len(found["fence"]) >= len((inner or [fence])[-1])
            if closes and not inner:
                return
            if closes:
                inner.pop()
            elif found["name"]:
                inner.append(found["fence"])
        yield line


def _opened(name: str, title: str, body: list[str], words: Words) -> Iterator[str]:
    """What a directive holds, under its title."""
    if name in DROPPED:
        return
    if name == "include":
        yield from ("", plain(words.included(title), words), "")
        return
    while body and OPTION.fullmatch(body[0]):
        del body[0]
    title = title or (name.capitalize() if name in BOXES else "")
    heading = f"**{_inline(title, words)}**" if title else ""
    held = f"{heading}\n\n{plain(chr(10).join(body), words)}".strip("\n").splitlines()
    yield ""
    yield from (f"> {line}".rstrip() for line in held) if name in BOXES else held
    yield ""


def _inline(text: str, words: Words) -> str:
    """Roles and links of a stretch of text as words; code in it as it is."""

    def worded(found: re.Match[str]) -> str:
        if found["role"]:
            return words.of(found["role"], found["content"])
        if found["code"]:
            return found["code"]
        if found["text"] is None:  # a comment
            return ""
        return found[0] if ABSOLUTE.match(found["target"]) else _inline(found["text"], words)

    return INLINE.sub(worded, text)

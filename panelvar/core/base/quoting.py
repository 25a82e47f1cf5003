"""The caller's texts in a message: escaped, and cut to a line."""

from __future__ import annotations

import numbers
import re
import unicodedata
from itertools import islice
from typing import Any

from panelvar.core.base.limits import LONGEST_MESSAGE, QUOTED

NO_BREAK = "\N{NO-BREAK SPACE}"
# Controls that reverse the reading direction, and the soft hyphen, which terminals do not agree on.
_INVISIBLE = frozenset("\u00ad\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Quotation marks open after a blank or a bracket; an apostrophe follows a letter.
_QUOTATION = re.compile(r"""(?<!\w)'(?:[^'\\]|\\.)*'(?!\w)|(?<!\w)"(?:[^"\\]|\\.)*"(?!\w)""", re.DOTALL)
_WORD = re.compile(rf"(?<!\S)\S{{{QUOTED + 1},}}")
_MARKS = "'\""
_SHOWN = 60


def in_backticks(name: str) -> str:
    """Return the name of a column as a formula takes it."""
    return name if name.isidentifier() else f"`{name}`"


def printable(text: str) -> str:
    """Make a string safe for one line: white space becomes blanks, control characters their escapes.

    A no-break space stays what it is, so that lines are not broken there.
    """
    if text.isascii() and text.isprintable():
        return text
    out = []
    for character in text:
        if character == NO_BREAK:
            out.append(character)
        elif character.isspace():
            out.append(" ")
        elif unicodedata.category(character) in ("Cc", "Cs", "Cn") or character in _INVISIBLE:
            out.append(f"\\u{ord(character):04x}")
        else:
            out.append(character)
    return "".join(out)


def one_line(text: str) -> str:
    """Return what is said of a caller's request on one line: texts quoted in it are escaped and cut.

    What stands in quotation marks, and words without a blank, have at most `QUOTED` characters; of a whole beyond
    `LONGEST_MESSAGE` (a list of very many names) the middle is left out.
    """
    if len(text) <= QUOTED and text.isascii() and text.isprintable():
        return text
    text = printable(_middle_out(text, 20 * LONGEST_MESSAGE))
    # Most messages quote nothing that is long: they are not searched.
    if text.count("'") > 1 or text.count('"') > 1:
        text = _QUOTATION.sub(_cut, text)
    if max(map(len, text.split(" "))) > QUOTED:
        text = _WORD.sub(_cut, text)
    return _middle_out(text, LONGEST_MESSAGE)


def _middle_out(text: str, most: int) -> str:
    """Leave out the middle of a long text: what is wrong stands before it, what to do after it."""
    if len(text) <= most:
        return text
    return f"{text[: most // 2]} ... {text[-most // 2 + 5 :]}"


def _cut(match: re.Match[str]) -> str:
    found = match[0]
    if len(found) <= QUOTED:
        return found
    closing = found[0] if found[0] in _MARKS else ""
    return f"{found[: QUOTED - 10]}...{closing}"


def shown(value: Any) -> str:
    """A value in a message: its own text where that is short, else its type."""
    if isinstance(value, (str, bytes, numbers.Number, type(None), list, tuple, set, dict)):
        kind = type(value).__name__
        if isinstance(value, (list, tuple, set, dict)) and len(value) > _SHOWN:
            # Sixty members are as many characters or more.
            value = list(islice(value, _SHOWN))
        try:
            text = repr(value)
        except ValueError:  # Python does not write out thousands of digits
            return f"<{kind} of very many digits>"
        return text if len(text) <= _SHOWN else f"{text[:50]}... ({kind})"
    return f"<{type(value).__name__}>"

r"""Mathematics in a label: written in LaTeX's notation, read from a list of commands, shown everywhere.

A label that is a plain text is set letter by letter in every output; only a `Math` opens mathematics. What it writes is
made again from what was read, so that no command that is not in the list reaches a document.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape

from panelvar.core.base.errors import SpecificationError
from panelvar.core.base.quoting import printable, shown
from panelvar.core.faces.latex_characters import GREEK, SIGNS, escape_latex

_LONGEST = 200
_DEEPEST = 8

_WORDS = ("log", "ln", "exp", "min", "max", "sup", "inf", "lim", "det", "Pr")
# A sign that stands over a letter, as the character that Unicode puts behind it.
_ACCENTS = {"hat": "\u0302", "tilde": "\u0303", "bar": "\u0304", "dot": "\u0307", "ddot": "\u0308", "vec": "\u20d7"}
_ALPHABETS = ("mathrm", "mathbf", "mathit")
_SPACES = {",": "\u2009", ";": " ", " ": " ", "quad": "  "}
_ESCAPED = frozenset("%&#$_{}")
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-*/=()[]|.,:;!<>")
# What stands apart from its neighbours, as LaTeX sets it.
_RELATIONS = frozenset("=<>≤≥≠≈≡∼∝∈→←∣|") | frozenset("+-×±∓")
_SUBSCRIPTS = dict(zip("0123456789+-=()aehijklmnoprstuvxβγρφχ,", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ,", strict=True))
_SUPERSCRIPTS = dict(
    zip(
        "0123456789+-=()abcdefghijklmnoprstuvwxyzβγδθφχ∗*′,",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᵝᵞᵟᶿᵠᵡ**′,",
        strict=True,
    )
)
_LETTERS = {letter: name for name, letter in GREEK.items()}


@dataclass(frozen=True, slots=True)
class _Set:
    """A piece of mathematics as each output sets it."""

    text: str
    latex: str
    html: str
    # A sum or a quotient wants brackets where it becomes part of another.
    compound: bool = False

    def in_brackets(self) -> str:
        return f"({self.text})" if self.compound else self.text


def _join(pieces: list[_Set]) -> _Set:
    return _Set(
        "".join(piece.text for piece in pieces),
        "".join(piece.latex for piece in pieces),
        "".join(piece.html for piece in pieces),
        len(pieces) > 1,
    )


def _script(text: str, characters: dict[str, str], mark: str) -> str:
    """Write a subscript or a superscript with the characters that Unicode has, or after its mark."""
    if all(character in characters for character in text):
        return "".join(characters[character] for character in text)
    return mark + (text if len(text) == 1 else f"({text})")


class _Reader:
    """Reads one label from left to right."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.place = 0
        self.depth = 0

    def refuse(self, reason: str) -> SpecificationError:
        return SpecificationError(f"Math({shown(self.source)}) cannot be read: {reason}")

    @property
    def next(self) -> str:
        return self.source[self.place : self.place + 1]

    def take(self) -> str:
        character = self.next
        self.place += 1
        return character

    def command(self) -> str:
        """Read the name of a command, after its backslash."""
        start = self.place
        while self.next.isascii() and self.next.isalpha():
            self.place += 1
        return self.source[start : self.place] or self.take()

    def everything(self) -> list[_Set | str]:
        """Read the label: runs of mathematics, and texts between them."""
        runs: list[_Set | str] = []
        pieces: list[_Set] = []
        while self.next:
            if self.source.startswith(r"\text{", self.place):
                self.place += len(r"\text{")
                if pieces:
                    runs.append(_join(pieces))
                pieces = []
                runs.append(self.words())
            else:
                pieces += self.scripted()
        if pieces:
            runs.append(_join(pieces))
        return runs

    def words(self) -> str:
        """Read a text up to its closing brace."""
        end = self.source.find("}", self.place)
        text = self.source[self.place : end]
        if end < 0 or "{" in text or "\\" in text:
            raise self.refuse(r"\text{...} takes letters and signs up to the next brace, and no commands.")
        self.place = end + 1
        return printable(text)

    def group(self) -> _Set:
        """Read what a command or a script applies to: a group in braces, or one sign."""
        while self.next == " ":
            self.place += 1
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self.refuse(f"groups are nested more than {_DEEPEST} deep.")
        read = self.braces() if self.next == "{" else self.atom()
        self.depth -= 1
        return read

    def braces(self) -> _Set:
        """Read a group in braces."""
        self.place += 1
        pieces: list[_Set] = []
        while self.next != "}":
            if not self.next:
                raise self.refuse("a brace is not closed.")
            pieces += self.scripted()
        self.place += 1
        if not pieces:
            raise self.refuse("a group in braces is empty.")
        return _join(pieces)

    def scripted(self) -> list[_Set]:
        """Read a sign with its subscript and its superscript; a blank means nothing in mathematics."""
        if self.next == " ":
            self.place += 1
            return []
        grouped = self.next == "{"
        base = self.group()
        text, latex, html = base.text, f"{{{base.latex}}}" if grouped else base.latex, base.html
        found: set[str] = set()
        while self.next in ("_", "^", "'") and self.next:
            mark = self.take()
            kind = "_" if mark == "_" else "^"
            if kind in found:
                raise self.refuse(f"{mark!r} comes twice after {base.text!r}: put it in one group, as in x^{{ab}}.")
            found.add(kind)
            if mark == "'":
                text, latex, html = text + "′", latex + "'", html + "′"
                continue
            script = self.group()
            characters, tag = (_SUBSCRIPTS, "sub") if mark == "_" else (_SUPERSCRIPTS, "sup")
            text += _script(script.text.replace(" ", ""), characters, mark)
            latex += f"{mark}{{{script.latex}}}"
            html += f"<{tag}>{script.html}</{tag}>"
        return [_Set(text, latex, html, base.compound and not found)]

    def atom(self) -> _Set:
        """Read one sign or one command with what it applies to."""
        character = self.take()
        if character == "\\":
            return self.applied(self.command())
        if character in _LETTERS:
            return _sign(_LETTERS[character], character)
        if not character or character not in _PLAIN:
            raise self.refuse(_unreadable(character))
        # Two hyphens, or a sign before a backquote, are not ligatures in mathematics.
        if character in _RELATIONS:
            return _Set(f" {character} " if character in "=<>" else character, character, _apart(escape(character)))
        return _Set(character, character, f"<i>{character}</i>" if character.isalpha() else escape(character))

    def applied(self, name: str) -> _Set:
        if name in GREEK or name in SIGNS:
            return _sign(name, GREEK.get(name) or SIGNS[name])
        if name in _WORDS:
            return _Set(f"{name} ", rf"\{name} ", f"{name} ")
        if name in _ESCAPED:
            return _Set(name, rf"\{name}", escape(name))
        if name in _SPACES:
            latex = rf"\{name} " if name.isalpha() else rf"\{name}"
            return _Set(_SPACES[name], latex, _SPACES[name])
        apply = _APPLIED.get(name)
        if apply is None:
            close = difflib.get_close_matches(name, COMMANDS, n=1)
            hint = rf" Did you mean \{close[0]}?" if close else ""
            raise self.refuse(
                rf"\{printable(name)} is none of the commands it may hold.{hint} They are: "
                + ", ".join(rf"\{command}" for command in COMMANDS)
                + r", and \text{...} outside braces."
            )
        return apply(name, self)


def _sign(name: str, character: str) -> _Set:
    spaced = f" {character} " if character in _RELATIONS and character not in "×±∓" else character
    html = _apart(character) if character in _RELATIONS else character
    return _Set(spaced, rf"\{name} ", f"<i>{html}</i>" if character.islower() else html)


def _apart(html: str) -> str:
    return f"\u2009{html}\u2009".replace("-", "\u2212")


def _unreadable(character: str) -> str:
    if not character:
        return "it ends where a sign is expected."
    if character == "}":
        return "a brace closes that was not opened."
    if character in "_^'":
        return f"{character!r} follows nothing."
    return f"{printable(character)!r} is not a mathematical sign. Put words in \\text{{...}}."


def _accent(name: str, reader: _Reader) -> _Set:
    over = reader.group()
    text = over.text[:1] + _ACCENTS[name] + over.text[1:] if not over.compound else f"{name}({over.text})"
    html = over.html if over.compound else over.html.replace(over.text[:1], over.text[:1] + _ACCENTS[name], 1)
    return _Set(unicodedata.normalize("NFC", text), rf"\{name}{{{over.latex}}}", unicodedata.normalize("NFC", html))


def _alphabet(name: str, reader: _Reader) -> _Set:
    inner = reader.group()
    upright = inner.html.replace("<i>", "").replace("</i>", "")
    html = {"mathrm": upright, "mathbf": f"<b>{upright}</b>", "mathit": inner.html}[name]
    return _Set(inner.text, rf"\{name}{{{inner.latex}}}", html)


def _fraction(name: str, reader: _Reader) -> _Set:
    above, below = reader.group(), reader.group()
    html = "/".join(f"({part.html})" if part.compound else part.html for part in (above, below))
    latex = rf"\{name}{{{above.latex}}}{{{below.latex}}}"
    return _Set(f"{above.in_brackets()}/{below.in_brackets()}", latex, html, True)


def _root(name: str, reader: _Reader) -> _Set:
    inner = reader.group()
    html = f"√({inner.html})" if inner.compound else f"√{inner.html}"
    return _Set(f"√{inner.in_brackets()}", rf"\{name}{{{inner.latex}}}", html)


_APPLIED: dict[str, Callable[[str, _Reader], _Set]] = {
    **dict.fromkeys(_ACCENTS, _accent),
    **dict.fromkeys(_ALPHABETS, _alphabet),
    "frac": _fraction,
    "sqrt": _root,
}
COMMANDS = (*GREEK, *SIGNS, *_WORDS, *_APPLIED, "quad")
r"""The commands that a `Math` may hold, besides ``\text{...}``, escaped signs (``\%``) and spaces (``\,``)."""


class Math(str):
    r"""A label in the notation of mathematics: ``Math(r"\beta_1")`` is printed β₁ and set :math:`\beta_1` in LaTeX.

    Use it wherever you give a label (``labels={"x1": Math(r"\beta_1")}``). As text it is Unicode; LaTeX, HTML and
    figures show it as mathematics. A label that is a plain text is never mathematics: its dollars and backslashes are
    shown as they are.

    Parameters
    ----------
    source : str
        What LaTeX takes between two dollars: letters, digits, signs, subscripts, superscripts and
        commands of a list: Greek letters; signs such as ``\times``, ``\leq``, ``\to``, ``\infty``; ``\hat``, ``\bar``,
        ``\tilde``, ``\dot``, ``\ddot``, ``\vec``; ``\frac``, ``\sqrt``; ``\log``, ``\exp`` and their like;
        ``\mathrm``, ``\mathbf``, ``\mathit``. Words stand in ``\text{...}``, outside braces.

    Attributes
    ----------
    source : str
        As it was given.
    latex : str
        For a LaTeX document, dollars included; needs no package.
    mathtext : str
        For matplotlib, dollars included.
    html : str
        For a page: letters in italics, scripts raised and lowered.

    Raises
    ------
    SpecificationError
        If it is anything else. The error lists the commands.

    See Also
    --------
    compare : Takes such labels.
    plot_coefficients : Likewise.

    Examples
    --------
    >>> from panelvar import Math
    >>> print(Math(r"\hat\beta_1"), Math(r"\text{Elasticity } \eta_{t-1}"))
    β̂₁ Elasticity ηₜ₋₁
    """

    __slots__ = ("html", "latex", "mathtext", "source")
    source: str
    latex: str
    mathtext: str
    html: str

    def __new__(cls, source: str) -> Math:  # noqa: D102
        if not isinstance(source, str):
            raise SpecificationError(f"Math takes a text in LaTeX's notation; got {type(source).__name__}.")
        if isinstance(source, Math):
            return source
        if len(source) > _LONGEST:
            raise SpecificationError(f"Math takes at most {_LONGEST} characters; got {len(source)}.")
        if not source.strip():
            raise SpecificationError("Math takes a text in LaTeX's notation; got an empty one.")
        return _concatenate(_Reader(source).everything(), source)

    def __str__(self) -> str:
        # str(label) is how labels are read: it must not turn mathematics into plain text.
        return self

    def __repr__(self) -> str:
        return f"Math({self.source!r})"

    # A label with words before or behind it is mathematics still.
    def __add__(self, other: str) -> str:
        return joined("", (self, other)) if isinstance(other, str) else NotImplemented

    def __radd__(self, other: str) -> str:
        return joined("", (other, self)) if isinstance(other, str) else NotImplemented

    def __reduce__(self) -> tuple[Callable[..., Math], tuple[str, ...]]:
        return _made, (str.__str__(self), self.source, self.latex, self.mathtext, self.html)


def _made(text: str, source: str, latex: str, mathtext: str, html: str) -> Math:
    label = str.__new__(Math, text)
    label.source, label.latex, label.mathtext, label.html = source, latex, mathtext, html
    return label


def shown_as(text: str, source: str) -> Math:
    r"""Mathematics that is a text of the keyboard to programs and terminals: ``r <= 1`` for :math:`r \leq 1`."""
    label = Math(source)
    return _made(text, label.source, label.latex, label.mathtext, label.html)


def _concatenate(parts: Iterable[_Set | Math | str], source: str) -> Math:
    """Put mathematics and texts behind one another; a text is set letter by letter."""
    text = latex = mathtext = html = ""
    for part in parts:
        if isinstance(part, _Set):
            dollars = f"${part.latex.strip()}$"
            text, html, latex, mathtext = text + part.text, html + part.html, latex + dollars, mathtext + dollars
        elif isinstance(part, Math):
            text, html = text + str.__str__(part), html + part.html
            latex, mathtext = latex + part.latex, mathtext + part.mathtext
        else:
            text, html = text + part, html + escape(printable(part))
            latex, mathtext = latex + escape_latex(part), mathtext + part.replace("$", r"\$")
    return _made(" ".join(text.split()), source, latex, mathtext, html)


def joined(separator: str, parts: Sequence[str]) -> str:
    """Join labels as `str.join` does; where one of them is a `Math`, the whole is one."""
    if not any(isinstance(part, Math) for part in parts):
        return separator.join(parts)
    pieces = [piece for part in parts for piece in (separator, part)][1:]
    return _concatenate(pieces, " ".join(getattr(part, "source", part) for part in parts))

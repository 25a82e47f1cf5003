r"""Letters and signs as LaTeX takes them: what means something to it is escaped, what its fonts lack is named."""

from __future__ import annotations

import math
import re
import unicodedata

from panelvar.core.base.quoting import NO_BREAK, printable
from panelvar.core.faces.characters import display_width

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ϵ", "varepsilon": "ε", "zeta": "ζ", "eta": "η",
    "theta": "θ", "vartheta": "ϑ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π",
    "rho": "ρ", "sigma": "σ", "tau": "τ", "upsilon": "υ", "phi": "ϕ", "varphi": "φ", "chi": "χ", "psi": "ψ",
    "omega": "ω", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ",
    "Upsilon": "Υ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω",
}  # fmt: skip
"""Greek letters by LaTeX's names."""
SIGNS = {
    "times": "×", "cdot": "·", "pm": "±", "mp": "∓", "leq": "≤", "geq": "≥", "neq": "≠", "approx": "≈", "equiv": "≡",
    "sim": "∼", "propto": "∝", "infty": "∞", "partial": "∂", "nabla": "∇", "sum": "∑", "prod": "∏", "int": "∫",
    "in": "∈", "mid": "∣", "perp": "⊥", "to": "→", "leftarrow": "←", "ell": "ℓ", "ldots": "…", "cdots": "⋯",
    "ast": "∗", "circ": "∘", "prime": "′",
}  # fmt: skip
"""Signs by LaTeX's names."""
_ESCAPES = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    NO_BREAK: "~",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    # Signs that a text font of pdfLaTeX does not have.
    "\N{MINUS SIGN}": "$-$",
    **{character: f"$\\{name}$" for table in (GREEK, SIGNS) for name, character in table.items()},
    **{digit: f"\\textsuperscript{{{k}}}" for k, digit in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
    **{digit: f"\\textsubscript{{{k}}}" for k, digit in enumerate("₀₁₂₃₄₅₆₇₈₉")},
}
# Accents that stand behind their letter in Unicode: in text, and in mathematics.
_ACCENTS = {
    "\u0300": ("`", "grave"), "\u0301": ("'", "acute"), "\u0302": ("^", "hat"), "\u0303": ("~", "tilde"),
    "\u0304": ("=", "bar"), "\u0307": (".", "dot"), "\u0308": ('"', "ddot"),
}  # fmt: skip
# Pairs that fonts set as one sign: dashes, quotation marks, inverted punctuation.
_LIGATURE = re.compile(r"([-'`,])(?=\1)|[?!](?=`)")
# A hyphen that is a minus: before a digit, and not between two parts of a word, a date or a range.
_OF_NUMBER = r"(?<![\w)\]}.-])-"
# A minus of an expression: where it opens one, and between two parts of one.
_OF_EXPRESSION = r"(?:\A|(?<=\())-(?=[A-Za-z(`])|(?<![^ ])-(?![^ ])"
MINUS = re.compile(rf"{_OF_NUMBER}(?=[0-9.])|{_OF_EXPRESSION}")
"""Hyphens that are set as minus signs."""
_NUMERAL = re.compile(
    rf"(?P<minus>{_OF_NUMBER})?(?<![\w.])(?P<digits>(?:[0-9]+\.?[0-9]*|\.[0-9]+))"
    r"(?:e(?P<sign>[+-])(?P<exponent>[0-9]+)(?![\w.]))?"
    rf"|(?P<operator>{_OF_EXPRESSION})"
)


def escape_latex(text: str) -> str:
    """Escape a string so that LaTeX sets it letter by letter."""
    text = printable(text)
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    out: list[str] = []
    for character in text:
        if character in _ACCENTS and out and (accented := _accented(out[-1], *_ACCENTS[character])):
            out[-1] = accented
        else:
            out.append(_ESCAPES.get(character, character))
    return _LIGATURE.sub(r"\g<0>{}", "".join(out))


def _accented(letter: str, accent: str, name: str) -> str | None:
    """Put an accent on a letter; None if the character takes none."""
    if letter.startswith("$\\") and "{" not in letter:
        return f"$\\{name}{{{letter[1:-1]}}}$"
    return f"\\{accent}{{{letter}}}" if len(letter) == 1 and letter.isalpha() else None


def latex_with_numerals(text: str) -> str:
    """Escape a string in which numbers and expressions are set as such: with a true minus, and powers of ten."""
    out, end = [], 0
    text = printable(text)
    for found in _set_apart(text):
        out += [escape_latex(text[end : found.start()]), _numeral(found)]
        end = found.end()
    return "".join([*out, escape_latex(text[end:])])


def _set_apart(text: str) -> list[re.Match[str]]:
    """Find what is set otherwise than letter by letter."""
    return [found for found in _NUMERAL.finditer(text) if found["minus"] or found["exponent"] or found["operator"]]


def _numeral(found: re.Match[str]) -> str:
    if found["operator"]:
        return "$-$"
    minus = "-" if found["minus"] else ""
    if found["exponent"]:
        return f"${minus}{found['digits']}\\times 10^{{{int(found['sign'] + found['exponent'])}}}$"
    return f"$-${found['digits']}"


# Widths in points of the letters of Computer Modern at ten points, as TeX gives them; other text fonts are near.
_WIDTHS = {
    character: width
    for width, characters in {
        2.78: "!',.:;[]`il|",
        3.34: "fj- ",
        3.95: "_I()trs",
        4.45: "cez",
        5.0: '"$*/0123456789\\^ago{}~?',
        5.56: "kqvxySbdhnpuJ",
        6.53: "ZLF",
        7.5: "EPBCTwRAHNUVXY",
        7.85: "&+<=>@KOQDG",
        8.34: "#%m",
        9.17: "M",
        10.28: "W",
    }.items()
    for character in characters
}
_OTHER_WIDTH = 8.0
# How much wider a minus is than a hyphen, and a power of ten than the letters it is printed with.
_MINUS, _POWER = 5, 16
_WIDE = 10.5


def latex_width(text: str) -> int:
    """Points that a printable string takes at ten points, rather too many than too few."""
    width = 0.0
    for character in text:
        known = _WIDTHS.get(character)
        if known is None:
            columns = display_width(character)
            known = (0.0, _OTHER_WIDTH, _WIDE)[columns]
        width += known
    return math.ceil(width)


def width_with_numerals(text: str) -> int:
    """Points that a printable string takes where its numbers are set as numbers."""
    if "-" not in text and "e" not in text:
        return latex_width(text)
    wider = (
        _MINUS * bool(each["minus"] or each["operator"]) + _POWER * bool(each["exponent"]) for each in _set_apart(text)
    )
    return latex_width(text) + sum(wider)

"""Estimated equations with lags, as lines of text and as mathematics."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

# Terms of a line of mathematics: more do not fit beside the text of a page.
_TERMS = 4
# No line is broken between a coefficient and what it belongs to.
_JOINED = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class Equation:
    """One equation of a system.

    Parameters
    ----------
    label : str
        What stands before it.
    left : str
        The variable explained, such as ``log GDP``.
    terms : tuple of (float, str, int)
        Coefficient, variable (empty for the constant) and lag.
    """

    label: str
    left: str
    terms: tuple[tuple[float, str, int], ...]

    def to_text(self, width: int) -> str:
        """Write it in lines of at most ``width`` characters, such as ``log GDP = 1.0322 + 0.1318 log CII(-1)``."""
        right = [f"{number}{f' {name}({-lag})' if name else ''}" for number, name, lag in self._signed()]
        text = " ".join([f"{self.label:4} {self.left} =", *(term.replace(" ", _JOINED) for term in right)])
        return textwrap.fill(text, width, subsequent_indent=" " * 8, break_on_hyphens=False).replace(_JOINED, " ")

    def to_latex(self) -> str:
        r"""Write it as lines of an ``aligned`` environment."""
        right = [
            number + (rf"\,{_mathematics(name)}_{{t-{lag}}}" if name else "") for number, name, lag in self._signed()
        ]
        lines = [" ".join(right[k : k + _TERMS]) for k in range(0, len(right), _TERMS)]
        return rf"\text{{{self.label}}}\quad {_mathematics(self.left)}_t &= " + r" \\ &\quad ".join(lines)

    def _signed(self) -> list[tuple[str, str, int]]:
        """Terms with their coefficients as they are read in a row: a sign, a space, and four decimals."""
        signed = []
        for place, (value, name, lag) in enumerate(self.terms):
            sign = "-" if value < 0 else "+"
            start = f"{sign} " if place else ("-" if value < 0 else "")
            signed.append((f"{start}{abs(value):.4f}", name, lag))
        return signed


def _mathematics(name: str) -> str:
    function, _, variable = name.partition(" ")
    return rf"\{function} \mathrm{{{variable}}}"

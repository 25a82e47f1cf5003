"""The commands of Stata that fit dynamic panels, read into the model that each of them means."""

from __future__ import annotations

import re
from dataclasses import dataclass

Column = tuple[str, int]
"""A variable and its lag."""


@dataclass(frozen=True)
class LagStyle:
    """``gmm(L.n, lag(1 .) collapse)``: the variable as named, lags of it, where they instrument."""

    column: Column
    first: int
    last: int | None
    collapse: bool
    equation: str


@dataclass(frozen=True)
class OwnStyle:
    """``iv(w k, equation(diff))``."""

    columns: tuple[Column, ...]
    equation: str


@dataclass(frozen=True)
class Command:
    """What a command estimates, and what it prints of it."""

    program: str
    y: str
    x: tuple[Column, ...]
    instruments: tuple[LagStyle | OwnStyle, ...]
    transform: str
    level_equation: bool
    constant: bool
    steps: int
    robust: bool
    cluster: str | None

    @property
    def lags(self) -> int:
        """Lags of the dependent variable among the regressors."""
        return max(lag for name, lag in self.x if name == self.y)


def columns(text: str) -> tuple[Column, ...]:
    """``n L.n l(0/2).k`` as variables with lags."""
    found: list[Column] = []
    for word in text.split():
        match = re.fullmatch(r"(?:[lL](\d*|\(\d+/\d+\))\.)?(\w+)", word)
        if match is None:
            raise ValueError(word)
        shift, name = match.groups()
        if shift is None:
            found.append((name, 0))
        elif shift.startswith("("):
            first, last = map(int, shift[1:-1].split("/"))
            found.extend((name, lag) for lag in range(first, last + 1))
        else:
            found.append((name, int(shift or 1)))
    return tuple(found)


def options_of(text: str) -> list[tuple[str, str]]:
    """``noconstant gmm(n, lag(2 .))`` as pairs of a word and what its brackets hold."""
    found, depth, word, inside = [], 0, "", ""
    for sign in f"{text} ":
        if sign == "(":
            depth += 1
            if depth == 1:
                continue
        elif sign == ")":
            depth -= 1
            if depth == 0:
                continue
        if depth:
            inside += sign
        elif sign != " ":
            word += sign
        elif word:
            found.append((word, inside))
            word, inside = "", ""
    return found


EQUATIONS = {"diff": "transformed", "level": "level", "both": "both"}


def lag_style(text: str) -> list[LagStyle]:
    names, _, rest = text.partition(",")
    words = dict(options_of(rest))
    first, last = words["lag"].split()
    equation = EQUATIONS[words.get("equation", "both")]
    return [
        LagStyle(column, int(first), None if last == "." else int(last), "collapse" in words, equation)
        for column in columns(names)
    ]


def own_style(text: str) -> OwnStyle:
    names, _, rest = text.partition(",")
    return OwnStyle(columns(names), EQUATIONS[dict(options_of(rest)).get("equation", "both")])


def parse(text: str) -> Command:
    """A command of xtabond, xtdpdsys or xtabond2."""
    head, _, tail = text.partition(",")
    program, y, *words = head.split()
    options = options_of(tail)
    named = dict(options)
    x = list(columns(" ".join(words)))
    instruments: list[LagStyle | OwnStyle] = []
    if program == "xtabond2":
        level = "noleveleq" not in named
        for word, inside in options:
            if word == "gmm":
                instruments.extend(lag_style(inside))
            elif word == "iv":
                instruments.append(own_style(inside))
    else:
        level = program == "xtdpdsys"
        own = tuple(x)
        x = [*((y, lag) for lag in range(1, int(named["lags"]) + 1)), *x]
        equation = "both" if level else "transformed"
        instruments.append(LagStyle((y, 0), 2, None, False, equation))
        for word, inside in options:
            if word == "pre":
                name, _, rest = inside.partition(",")
                lags, longest = (part.strip() for part in dict(options_of(rest))["lagstruct"].split(","))
                x.extend((name, lag) for lag in range(int(lags) + 1))
                last = None if longest == "." else int(lags) + int(longest)
                instruments.append(LagStyle((name, 0), 1 + int(lags), last, False, equation))
        if own:
            instruments.append(OwnStyle(own, "transformed"))
    return Command(
        program,
        y,
        tuple(x),
        tuple(instruments),
        "fod" if "orthogonal" in named else "fd",
        level,
        "noconstant" not in named,
        2 if "twostep" in named else 1,
        "robust" in named or named.get("vce") == "robust" or "cluster" in named,
        named.get("cluster"),
    )

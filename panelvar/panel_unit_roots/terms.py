"""Deterministic terms of panel tests, in words and numbers."""

from __future__ import annotations

from panelvar.base.errors import choose

WORDS = {"n": "none", "c": "a constant an entity", "ct": "a constant and a trend an entity"}
"""What the terms of each entity are called."""

NULL = "every entity has a unit root"
SOME = "some entities are stationary"
ALL = "all entities are stationary, with one root"


def check_terms(trend: str, allowed: tuple[str, ...] = ("n", "c", "ct")) -> str:
    """Return a choice of terms, or say what was meant."""
    return choose("trend", trend, allowed)


def stationary(trend: str) -> str:
    """What a series is stationary about."""
    return "stationary" + {"n": "", "c": " about a level", "ct": " about a trend"}[trend]

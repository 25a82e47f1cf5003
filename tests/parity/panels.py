"""The panels of static models that several programs were run on: what is regressed on what, and their shape.

Every data set has the entities in ``firm`` and the periods in ``year``.
"""

from __future__ import annotations

MODELS: dict[str, tuple[str, list[str]]] = {
    "grunfeld": ("inv", ["value", "capital"]),
    "empluk": ("lemp", ["lwage", "lcapital", "loutput"]),
}
UNBALANCED = {"empluk"}

"""The panels of static models that several programs were run on: what is regressed on what, and their shape.

Every data set has the entities in ``firm`` and the periods in ``year``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from parity.runner import Comparison, Exclusion, descend, expected_tree

MODELS: dict[str, tuple[str, list[str]]] = {
    "grunfeld": ("inv", ["value", "capital"]),
    "empluk": ("lemp", ["lwage", "lcapital", "loutput"]),
    "gasoline": ("lgaspcar", ["lincomep", "lrpmg", "lcarpcap"]),
    "scattered": ("y", ["x1", "x2"]),
    "staggered": ("y", ["x1", "x2", "z"]),
    "threefirms": ("y", ["x1", "x2"]),
}
"""What is regressed on what.

Three panels are simulated (``tests/reference/scripts/make_panels.py``): scattered has gaps and firms with one row; in
staggered firms come and go, and z does not vary within them; threefirms is three long series.
"""
UNBALANCED = {"empluk", "scattered", "staggered"}


def answered(file: str, comparisons: Iterable[Comparison], exclusions: Sequence[Exclusion] = ()) -> list[Comparison]:
    """Leave out the comparisons with what the program refused, or what is excluded.

    Nothing escapes by this: a number that is neither compared nor excluded fails the audit.
    """
    out = []
    for comparison in comparisons:
        path = tuple(comparison.path.split("/"))
        try:
            node = descend(expected_tree(file), path)
        except LookupError:
            continue
        if node is not None and not any(exclusion.matches(path) for exclusion in exclusions):
            out.append(comparison)
    return out

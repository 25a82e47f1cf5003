"""Which categorical factors of a model's terms keep all their levels, so that no column is redundant by design."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import combinations

Subterm = tuple[tuple[Hashable, bool], ...]
"""Categorical factors of a product, each with whether it keeps all its levels."""


def full_rank_codings(
    terms: Sequence[tuple[frozenset[Hashable], tuple[Hashable, ...]]],
) -> list[list[Subterm]]:
    """Split each term into products of full and reduced dummies that repeat nothing earlier terms span.

    The dummies of a factor A span the constant and A's contrasts, those of A:B the constant, A, B and A:B. Whatever an
    earlier term with the same numeric factors has spanned is left out, and what remains is joined again into as few
    products as possible: a reduced factor f beside its absence is f in full.

    Parameters
    ----------
    terms : sequence of (numeric factors, categorical factors)
        In the order of the model; the constant is a term without factors.

    Returns
    -------
    list of list of Subterm
        For each term, the products to build; empty if all is spanned already.

    References
    ----------
    N. J. Smith and others, *patsy: describing statistical models in Python*, "How formulas work: technical details".
    """
    spanned: dict[frozenset[Hashable], set[frozenset[Hashable]]] = {}
    codings = []
    for numeric, categorical in terms:
        seen = spanned.setdefault(numeric, set())
        needed = [
            frozenset(subset)
            for size in range(len(categorical) + 1)
            for subset in combinations(categorical, size)
            if frozenset(subset) not in seen
        ]
        seen.update(needed)
        products = _joined([dict.fromkeys(subset, False) for subset in needed])
        codings.append([tuple((name, full[name]) for name in categorical if name in full) for full in products])
    return codings


def _joined(products: list[dict[Hashable, bool]]) -> list[dict[Hashable, bool]]:
    """Join pairs of products that differ in one reduced factor, until none is left."""
    for short in products:
        for long in products:
            extra = long.keys() - short.keys()
            if len(extra) == 1 and len(long) == len(short) + 1 and all(long[name] == short[name] for name in short):
                name = extra.pop()
                if not long[name]:
                    rest = [product for product in products if product is not short]
                    long[name] = True
                    return _joined(rest)
    return products

"""Small samples: a convention and the counts of a model become factors and degrees of freedom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from panelvar.core.base.errors import InsufficientDataError
from panelvar.estimates.fit.conventions import Convention, Counted


class Counts(NamedTuple):
    """Everything about a model that a small-sample rule may count.

    Attributes
    ----------
    rows : int
        Rows of the regression.
    slopes : int
        Estimated slopes.
    constant : bool
        Whether a constant is estimated (or implied by absorbed effects).
    absorbed : int
        Rank of the absorbed effects beyond the constant they contain.
    effect_levels : tuple of int
        Levels of each absorbed effect.
    reported_constant : bool
        Whether the constant is a column of the transformed regression, not one recovered from absorbed effects.
    coefficients : int
        Estimated coefficients: slopes, and the constant if it is reported, however it was found.
    """

    rows: int
    slopes: int
    constant: bool
    absorbed: int = 0
    effect_levels: tuple[int, ...] = ()
    reported_constant: bool = True
    coefficients: int = 0

    @property
    def residual_df(self) -> int:
        """Rows minus slopes, constant and absorbed effects."""
        return self.rows - self.number("all")

    def number(self, what: Counted) -> int:
        """Return how many parameters there are of a kind (`Convention.classical_counts` says which)."""
        if what in ("constant", "none"):
            return int(what == "constant")
        if what == "slopes":
            return self.slopes + int(self.constant and self.reported_constant)
        everything = self.slopes + int(self.constant) + self.absorbed
        return everything - self.coefficients if what == "absorbed" else everything


def without_factors(convention: Convention) -> Convention:
    """Return the convention with every small-sample factor one, as asymptotic test statistics have it."""
    return convention.but(
        name=convention.name,
        classical_counts="none",
        hc1_counts="none",
        hc23_factor=False,
        cluster_group_factor=False,
        cluster_dof_factor="none",
        kraay_factor="none",
        newey_west_factor="none",
    )


def classical_df(convention: Convention, counts: Counts) -> int:
    """Return what the residual sum of squares is divided by."""
    return _positive(counts.rows - counts.number(convention.classical_counts), "a residual variance")


def heteroskedastic_factor(convention: Convention, counts: Counts, kind: str) -> float:
    """Return what HC0 to HC5 are multiplied by."""
    if kind != "HC1" and not (kind in ("HC2", "HC3") and convention.hc23_factor):
        return 1.0
    k = counts.number(convention.hc1_counts)
    return counts.rows / _positive(counts.rows - k, "HC1")


def counted(convention: Convention, counts: Counts, nested: Sequence[Sequence[bool]]) -> int:
    """Return the k of a clustered covariance.

    Parameters
    ----------
    convention : Convention
        Supplies ``cluster_counts``.
    counts : Counts
        The model's counts.
    nested : sequence of sequences of bool
        For each absorbed effect and each cluster dimension, whether the effect's levels lie within clusters.
    """
    rule = convention.cluster_counts
    if rule == "slopes" or rule == "all":
        return counts.number(rule)
    if rule == "beyond-first":
        first = counts.effect_levels[0] - 1 if counts.effect_levels else 0
        return counts.number("all") - first
    if rule == "nonnested":
        outside = zip(counts.effect_levels, nested, strict=True)
        free = sum(levels - 1 for levels, inside in outside if not any(inside))
        return counts.slopes + int(counts.constant) + min(free, counts.absorbed)
    absorbed = 0 if len(nested) == 1 and all(nested[0]) else counts.number("absorbed")
    return absorbed if rule == "absorbed-unless-nested" else counts.coefficients + absorbed


def clustered_factor(counts: Counts, k: int, groups: int, *, group_factor: bool, dof_factor: str) -> float:
    """Return the factor of a clustered covariance with ``groups`` clusters and ``k`` counted coefficients."""
    n = counts.rows
    factor = groups / _positive(groups - 1, "a clustered covariance") if group_factor else 1.0
    if dof_factor == "n/(n-k)":
        factor *= n / _positive(n - k, "a clustered covariance")
    elif dof_factor == "(n-1)/(n-k)":
        factor *= (n - 1) / _positive(n - k, "a clustered covariance")
    elif dof_factor == "(n-1)/n":
        factor *= (n - 1) / n
    return factor


def _positive(value: int, what: str) -> int:
    if value <= 0:
        raise InsufficientDataError(f"{what} has too few rows or clusters: the degrees of freedom are {value}.")
    return value

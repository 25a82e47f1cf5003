"""Notes on variance components that a user should read before using them."""

from __future__ import annotations

from collections.abc import Sequence

from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import InsufficientDataError, Note
from panelvar.kernels.linear.groups import Grouping
from panelvar.kernels.linear.variance_components import Likelihood

FEW_DEGREES = 5
"""With fewer degrees of freedom than this, the standard error of a variance is more than two thirds of it."""


def refuse_single_level(grouping: Grouping, label: str) -> None:
    """Refuse a dimension of one level, because its effect has no variance."""
    if grouping.n_groups < 2:
        raise InsufficientDataError(f"Random effects need at least two levels of {label!r}; found {grouping.n_groups}.")


def variance_notes(
    label: str, groups: int, raw: float, df_between: int, instead: str, likelihood: Likelihood | None
) -> list[Note]:
    """Say that a negative or inestimable variance was set to zero, or that few levels make it a guess."""
    if likelihood is None and df_between <= 0:
        text = (
            f"The variance of the {label} effect is not estimable: {groups} levels and "
            f"{count_of(groups - df_between, 'between coefficient')} leave no degrees of freedom. It is set to 0, so "
            f"the coefficients equal {instead}."
        )
        return [Note("effect-variance-inestimable", text, warn=True)]
    if likelihood is None and raw <= 0.0:
        text = (
            f"The estimated variance of the {label} effect is {raw:.6g}. It is set to 0, so the coefficients equal "
            f"{instead}."
        )
        return [Note("effect-variance-negative", text, warn=True)]
    if df_between < FEW_DEGREES:
        text = (
            f"The variance of the {label} effect comes from {groups} levels, with "
            f"{count_of(max(df_between, 0), 'degree', 'degrees')} of freedom left. It is little more than a guess, and "
            f"so are the standard errors. Fixed effects of the {label} need no variance."
        )
        return [Note("effect-variance-few-levels", text, warn=True)]
    return []


def boundary_note(labels: Sequence[str], effects: Array) -> list[Note]:
    """Say that the likelihood is highest where variances are zero."""
    zero = [label for label, variance in zip(labels, effects, strict=True) if variance == 0.0]
    if not zero:
        return []
    left = [label for label in labels if label not in zero]
    instead = f"one-way random effects of the {left[0]}" if left else "pooled OLS"
    text = (
        f"The likelihood is highest where the variance of the {' and the '.join(zero)} effect is 0, so the "
        f"coefficients equal {instead}."
    )
    return [Note("effect-variance-boundary", text, warn=True)]

"""What a user should know about estimated variance components before using them."""

from __future__ import annotations

import numpy as np

from panelvar.design import Design
from panelvar.errors import Note, SpecificationError
from panelvar.kernels.qr import Solution


def variance_notes(label: str, groups: int, raw: float, df_between: int, inestimable: bool, instead: str) -> list[Note]:
    """Say that a variance was set to zero, because it came out negative or cannot be estimated."""
    if inestimable:
        text = (
            f"The variance of the {label} effect is not estimable: {groups} levels and {groups - df_between} between "
            f"coefficients leave no degrees of freedom. It is set to 0, so the coefficients equal {instead}."
        )
        return [Note("effect-variance-inestimable", text, warn=True)]
    if raw <= 0.0:
        text = (
            f"The estimated variance of the {label} effect is {raw:.6g}; it is set to 0, so the coefficients equal "
            f"{instead}."
        )
        return [Note("effect-variance-negative", text, warn=True)]
    return []


def _without_variation(design: Design, pooled: Solution, within: Solution) -> str:
    """List the regressors that pooled OLS uses and the within regression cannot."""
    return ", ".join(repr(design.names[i]) for i in np.setdiff1d(pooled.kept, within.kept))


def amemiya_refuses(design: Design, pooled: Solution, within: Solution, label: str) -> None:
    """Refuse Amemiya's components where a regressor does not vary within.

    Raises
    ------
    SpecificationError
        Naming the regressors.
    """
    names = _without_variation(design, pooled, within)
    if names:
        raise SpecificationError(
            f"Amemiya's components come from within residuals, to which {names} would add their whole contribution: "
            f"they do not vary within {label}. Use variance_components='swamy-arora' or 'wallace-hussain'."
        )


def nerlove_notes(design: Design, pooled: Solution, within: Solution, label: str) -> list[Note]:
    """Warn where Nerlove's fixed effects hold the contribution of regressors that do not vary within."""
    names = _without_variation(design, pooled, within)
    if not names:
        return []
    text = (
        f"{names} do not vary within {label}: their contribution is part of the fixed effects whose variance Nerlove's "
        "method takes, so the variance of the effect is too large."
    )
    return [Note("nerlove-time-invariant", text, warn=True)]

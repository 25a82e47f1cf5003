"""Matrices as printed in a paper, with the labels they bring along."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arguments import finite_array, read_sequence
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import SpecificationError
from panelvar.core.base.labels import in_order, is_frame, only_counted, repeated
from panelvar.kernels.dynamics.terms import Terms

_MEANING = ": a row for each equation and a column for each variable"
# Trend of a system by whether it has an intercept, and how many deterministic terms.
_TRENDS = {(False, 0): "n", (True, 1): "c", (False, 1): "t", (True, 2): "ct", (True, 3): "ctt"}


def read_published(
    coefficients: Any, names: Sequence[str] | None, intercept: Any, trend_slopes: Any, sigma: Any
) -> dict[str, object]:
    """Read what a paper prints of a system, into arrays that cannot be written to; see `panelvar.System`.

    Raises
    ------
    SpecificationError
        Shapes do not fit, labels are not the names, names repeat, values are not numbers, or sigma is not symmetric
        positive definite.
    """
    given = read_sequence("names", names, "names")
    labels = (labels_of(coefficients) or labels_of(sigma)) if given is None else tuple(map(str, given))
    if labels is not None:
        coefficients = in_order("coefficients", coefficients, labels, _MEANING)
        intercept = in_order("intercept", intercept, labels, _MEANING)
        sigma = in_order("sigma", sigma, labels, _MEANING)
    lag_matrices = finite_array("coefficients", coefficients)
    if lag_matrices.ndim == 2:
        lag_matrices = lag_matrices[None]
    if lag_matrices.ndim != 3 or lag_matrices.shape[1] != lag_matrices.shape[2] or lag_matrices.size == 0:
        raise SpecificationError(
            f"coefficients have shape {lag_matrices.shape}; expected (lags, K, K), which is one square matrix for each "
            "lag, with a row for each equation."
        )
    n_vars = lag_matrices.shape[1]
    if labels is None:
        labels = tuple(f"y{place + 1}" for place in range(n_vars))
    check_names(labels, n_vars)
    rows = []
    if intercept is not None:
        rows.append(finite_array("intercept", intercept, (n_vars,))[None])
    if trend_slopes is not None:
        slopes = np.atleast_2d(finite_array("trend_slopes", trend_slopes))
        if slopes.shape[1] != n_vars or slopes.shape[0] > 1 + (intercept is not None):
            raise SpecificationError(
                f"trend_slopes have shape {slopes.shape}; expected ({n_vars},), or (2, {n_vars}) beside an intercept."
            )
        rows.append(slopes)
    deterministics = np.concatenate(rows) if rows else np.zeros((0, n_vars))
    covariance = None if sigma is None else check_covariance(sigma, n_vars)
    for array in (lag_matrices, deterministics, covariance):
        if array is not None:
            array.setflags(write=False)
    return {
        "coefficients": lag_matrices,
        "names": labels,
        "terms": Terms(_TRENDS[intercept is not None, deterministics.shape[0]]),
        "deterministics": deterministics,
        "_sigma": covariance,
    }


def labels_of(matrices: Any) -> tuple[str, ...] | None:
    """Variables named by the columns of a DataFrame, or of the first in a sequence of them; None for plain arrays."""
    first = matrices[0] if isinstance(matrices, (list, tuple)) and matrices else matrices
    return tuple(map(str, first.columns)) if is_frame(first) and not only_counted(first.columns) else None


def check_names(names: tuple[str, ...], n_vars: int) -> None:
    """Refuse names that are too few, too many, or repeated."""
    if len(names) != n_vars:
        raise SpecificationError(f"{len(names)} names for {n_vars} variables: {list(names)}.")
    if twice := repeated(names):
        raise SpecificationError(f"Variable names repeat: {twice}.")


def check_covariance(sigma: npt.ArrayLike, n_vars: int) -> Array:
    """Return a symmetric positive definite (K, K) array, or say what is wrong with it."""
    array = finite_array("sigma", sigma, (n_vars, n_vars))
    deviations = np.sqrt(np.abs(array.diagonal()))
    scale = np.outer(deviations, deviations)
    if (np.abs(array - array.T) > 1e-8 * scale).any():
        raise SpecificationError("sigma is not symmetric.")
    try:
        np.linalg.cholesky(array)
    except np.linalg.LinAlgError:
        raise SpecificationError("sigma is not positive definite.") from None
    return array

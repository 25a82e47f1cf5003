"""The middle of the sandwich, scores included: of independent rows and of clusters."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.kernels import Twins, kernel

SHAPES = {"small": (57, 2, 3), "medium": (10_000, 5, 1_000), "large": (500_000, 10, 5_000)}
"""Rows, regressors and clusters."""


def _model(size: str) -> tuple[Any, Any, Any, Any, Any]:
    """Centred columns ``[X, y]``, slopes, the basis that makes X orthonormal, codes of clusters in no order."""
    rows, regressors, clusters = SHAPES[size]
    rng = np.random.default_rng(0)
    columns = rng.normal(size=(rows, regressors + 1))
    columns[:, -1] += columns[:, :-1].sum(axis=1)
    columns = np.asfortranarray(columns - columns.mean(axis=0))
    x, y = columns[:, :-1], columns[:, -1]
    slopes = np.linalg.lstsq(x, y)[0]
    basis = np.linalg.inv(np.linalg.qr(x, mode="r"))
    return columns, slopes, basis, rng.permutation(np.arange(rows) % clusters), clusters


def _ours(columns: Any, slopes: Any, basis: Any) -> Any:
    """Return the scores of a model with a constant."""
    rows = kernel("kernels.linear.rows").TransformedRows(list(columns.T))
    return kernel("estimates.fit.scores").Scores(rows, np.arange(len(slopes)), slopes, 1.0, basis)


def _theirs(columns: Any, slopes: Any, basis: Any) -> Any:
    x, y = columns[:, :-1], columns[:, -1]
    return np.column_stack((np.ones(len(y)), x @ basis)) * (y - x @ slopes)[:, None]


def _method(name: str) -> Any:
    """Return a method of scores, a function of them in older trees."""
    module = kernel("estimates.fit.scores")
    return getattr(module.Scores, name, None) or getattr(module, f"score_{name}")


def robust(size: str) -> Twins:
    """Every row for itself."""
    from statsmodels.stats.sandwich_covariance import S_white_simple

    model, gram = _model(size)[:3], _method("gram")
    return Twins(lambda: gram(_ours(*model)), lambda: S_white_simple(_theirs(*model)), "statsmodels", 1e-10)


def clustered(size: str) -> Twins:
    """Scores summed within clusters first."""
    from statsmodels.stats.sandwich_covariance import S_crosssection

    *model, codes, clusters = _model(size)
    score_sums, groups = _method("sums"), kernel("kernels.linear.groups")

    def ours() -> Any:
        (sums,) = score_sums(_ours(*model), [groups.Grouping.from_codes(codes, clusters)])
        return sums.T @ sums

    return Twins(ours, lambda: S_crosssection(_theirs(*model), codes), "statsmodels", 1e-10)


KERNELS = {"robust meat": robust, "clustered meat": clustered}


def test_speed(timed):
    timed()

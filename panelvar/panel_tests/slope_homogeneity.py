"""Pesaran and Yamagata's test that slopes are the same in every entity."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from panelvar.base.errors import InsufficientDataError, Note, SpecificationError, choose, emit
from panelvar.panel_tests.auxiliary import least_squares, level_columns, normal_tail, unweighted
from panelvar.static_panels.result import LinearResult
from panelvar.tables.test_result import TestResult


def slope_homogeneity_test(result: LinearResult, *, kind: str = "adjusted") -> TestResult:
    r"""Test slope homogeneity when N is large (Pesaran and Yamagata 2008; Stata ``xthst``).

    With :math:`\tilde\sigma_i^2` the error variance of entity i at the fixed-effects slopes (divisor
    :math:`T_i - 1`) and :math:`\tilde\beta` the fixed-effects slopes weighted by its inverse,

    .. math:: d_i = (\hat\beta_i - \tilde\beta)' \frac{X_i' M X_i}{\tilde\sigma_i^2} (\hat\beta_i - \tilde\beta), \qquad
              \tilde\Delta = \frac{\sum_i (d_i - k)}{\sqrt{2 k N}}, \qquad
              \tilde\Delta_{adj} = \frac{\sum_i (d_i - k)}{\sqrt{\sum_i 2k (T_i - k - 1) / (T_i + 1)}}

    (Pesaran and Yamagata 2008; unbalanced: Bersvendsen and Ditzen 2021), M taking entity means out.

    Parameters
    ----------
    result : LinearResult
        One-way entity fixed effects.
    kind : {"adjusted", "plain"}
        With the small-sample variance of :math:`d_i`, or its limit.

    Returns
    -------
    TestResult
        Standard normal, upper tail: differing slopes make the statistic large. (``xthst`` prints both tails.)

    Raises
    ------
    SpecificationError
        For other models.
    InsufficientDataError
        If fewer than two entities have more than k + 1 rows.

    Notes
    -----
    Derived for strictly exogenous regressors and errors uncorrelated over time and across entities; serial correlation
    makes it over-reject. With few entities and long T use `slope_poolability_test`.
    """
    design = unweighted(result, "The slope homogeneity test", ("fixed",))
    choose("kind", kind, ("adjusted", "plain"))
    fit = result.fit
    if fit.absorbed is None or fit.absorbed.groupings != (design.entities,):
        raise SpecificationError("The slope homogeneity test takes one-way entity fixed effects.")
    columns = level_columns(result)
    k = len(columns)
    if k == 0:
        raise SpecificationError("The model has no slope.")
    entities = design.entities
    moved = [column - entities.means(column)[entities.codes] for column in (*columns, design.y)]
    units = np.array([np.linalg.norm(column) / math.sqrt(design.nobs) for column in moved[:-1]])
    x = np.column_stack(moved[:-1]) / units
    residuals = np.asarray(fit.transformed_residuals)
    starts = entities.starts
    assert starts is not None
    # Measured from the fixed-effects slopes: y less their fit, so that nothing large cancels.
    products, scores, sizes = [], [], []
    left_out = 0
    for start, stop in pairwise(starts):
        rows = slice(int(start), int(stop))
        size = int(stop - start)
        own = least_squares(x[rows], residuals[rows]) if size > k + 1 else None
        if own is None or own.rank < k:
            left_out += 1
            continue
        variance = float(residuals[rows] @ residuals[rows]) / (size - 1)
        products.append(x[rows].T @ x[rows] / variance)
        scores.append(x[rows].T @ residuals[rows] / variance)
        sizes.append(size)
    if len(sizes) < 2:
        raise InsufficientDataError(f"Fewer than two entities have more than {k + 1} rows and regressors that vary.")
    notes = []
    if left_out:
        text = f"{left_out} entities have too few rows, or regressors that do not vary, for slopes of their own."
        notes.append(Note("entities-left-out", text, warn=True))
    emit(notes)
    common = np.linalg.solve(np.sum(products, axis=0), np.sum(scores, axis=0))
    total = 0.0
    for product, score in zip(products, scores, strict=True):
        gap = np.linalg.solve(product, score) - common
        total += float(gap @ product @ gap) - k
    lengths = np.array(sizes, dtype=np.float64)
    variances = 2.0 * k * (lengths - k - 1.0) / (lengths + 1.0) if kind == "adjusted" else np.full(len(sizes), 2.0 * k)
    statistic = total / math.sqrt(float(variances.sum()))
    name = f"Slope homogeneity (delta{', adjusted' if kind == 'adjusted' else ''})"
    null = "all entities have the same slopes"
    return TestResult(name, statistic, normal_tail(statistic, sides=1), "normal", None, None, null, tuple(notes))

"""Tests of the rank of each entity's system, made one test of all entities."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.tables.test_result import TestResult, z_test
from panelvar.nonstationary.panel_cointegration.hypotheses import rank_at_most
from panelvar.nonstationary.panel_series.pvalue_combinations import combine


class RankTests(NamedTuple):
    """Statistics (N, K) of one kind for ranks 0, 1, ..., K - 1, their p-values, and their moments under the null.

    P-values are strictly between zero and one: those that rounding makes either have no logarithm or normal quantile.
    """

    statistics: Array
    pvalues: Array
    mean: Array
    variance: Array


def rank_tests(statistics: Array, pvalues: Array, mean: Array, variance: Array) -> RankTests:
    """Tests whose p-values may be zero or one by rounding."""
    return RankTests(statistics, np.clip(pvalues, np.finfo(float).tiny, 1.0 - 2.0**-53), mean, variance)


def over_entities(tests: RankTests, statistic: str, rank: int, kind: str = "") -> TestResult:
    """The test that no entity has a rank above one: p-values combined, or the average statistic (lr-bar)."""
    null, name = rank_at_most(rank), name_of_test(statistic, rank, kind)
    if statistic == "lr-bar":
        gap = (tests.statistics - tests.mean)[:, rank].mean()
        score = math.sqrt(len(tests.mean)) * float(gap / np.sqrt(tests.variance[:, rank].mean()))
        return z_test(name, score, null, sides=1)
    (test,) = combine(tests.pvalues[:, rank], statistic, (), null)
    return replace(test, name=name)


def name_of_test(statistic: str, rank: int, kind: str = "") -> str:
    """What a test of a rank is called."""
    name = {"lr-bar": "LR-bar", "hartung": "Hartung's t", "cain": "CAIN"}.get(statistic, statistic)
    return f"{name} (r {'<=' if rank else '='} {rank}{kind and f', {kind}'})"


def first_kept(pvalues: Sequence[float], level: float = 0.05) -> int:
    """The first rank, from 0 up, that is not rejected; the number of variables if all are."""
    return [*(pvalue <= level for pvalue in pvalues), False].index(False)

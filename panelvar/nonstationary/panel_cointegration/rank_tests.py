"""Tests of the rank of each entity's system, made one test of all entities."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.distributions import normal_tail
from panelvar.core.tables.test_result import TestResult
from panelvar.nonstationary.panel_cointegration.hypotheses import rank_at_most
from panelvar.nonstationary.panel_series.pvalue_combinations import COMBINATIONS


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
    null, name = rank_at_most(rank), titled(statistic, rank, kind)
    if statistic == "lr-bar":
        gap = (tests.statistics - tests.mean)[:, rank].mean()
        score = math.sqrt(len(tests.mean)) * float(gap / np.sqrt(tests.variance[:, rank].mean()))
        return TestResult(name, score, normal_tail(score, sides=1), "normal", null=null)
    found = COMBINATIONS[statistic](tests.pvalues[:, rank], null)
    return TestResult(name, found.statistic, found.pvalue, found.distribution, found.df, null=null)


def titled(statistic: str, rank: int, kind: str = "") -> str:
    """What a test of a rank is called."""
    name = {"lr-bar": "LR-bar", "hartung": "Hartung's t", "cain": "CAIN"}.get(statistic, statistic)
    return f"{name} (r {'<=' if rank else '='} {rank}{kind and f', {kind}'})"


def first_kept(pvalues: Sequence[float], level: float = 0.05) -> int:
    """The first rank, from 0 up, that is not rejected; the number of variables if all are."""
    return [*(pvalue <= level for pvalue in pvalues), False].index(False)

"""Arch: unit roots."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from arch.unitroot import ADF, DFGLS, KPSS, PhillipsPerron

from benchmarks.programs.answers import Call


def test(kind: Any, **options: Any) -> Callable[[np.ndarray], Call]:
    return lambda series: lambda: {"statistic": np.array([kind(series, **options).stat])}


JOBS: dict[str, Callable[[Any], Call]] = {
    "ADF": test(ADF, lags=8),
    "ADF, lags by BIC": test(ADF, method="bic", max_lags=12),
    "DF-GLS": test(DFGLS, lags=8),
    "KPSS": test(KPSS, lags=8),
    "Phillips-Perron": test(PhillipsPerron, lags=8),
}

"""Where JMulTi computes something else: its numbers rebuilt, so that the exclusions are proved."""

from __future__ import annotations

import numpy as np
import pytest
from parity import jmulti_cases, jmulti_var_cases
from parity.runner import expected_tree

EVERY = [
    *((jmulti_var_cases, case) for case in jmulti_var_cases.TRENDS),
    *((jmulti_cases, case) for case in jmulti_cases.TRENDS),
]


@pytest.mark.parametrize(("cases", "case"), EVERY)
def test_doornik_and_hansen_are_moments_without_their_transformation(cases, case):
    errors = cases.model(case).resids.to_numpy()
    rows, centred = len(errors), errors - errors.mean(axis=0)
    values, vectors = np.linalg.eigh(centred.T @ centred / rows)
    standard = centred @ (vectors / np.sqrt(values)) @ vectors.T
    skewness, kurtosis = (standard**3).mean(axis=0), (standard**4).mean(axis=0) - 3.0
    printed = expected_tree(cases.FILE)[case]["doornik_hansen"]
    assert rows * skewness @ skewness / 6 == pytest.approx(printed["skewness"], abs=6e-5)
    assert rows * kurtosis @ kurtosis / 24 == pytest.approx(printed["kurtosis"], abs=6e-5)


@pytest.mark.parametrize("case", jmulti_cases.UNCENTRED)
def test_portmanteau_without_a_constant_has_centred_autocovariances_over_uncentred_variances(case):
    errors = jmulti_cases.model(case).resids.to_numpy()
    rows, centred = len(errors), errors - errors.mean(axis=0)
    inverse = np.linalg.inv(errors.T @ errors / rows)
    plain = adjusted = 0.0
    for lag in range(1, 17):
        moment = centred[lag:].T @ centred[:-lag] / rows
        term = np.trace(moment.T @ inverse @ moment @ inverse)
        plain += rows * term
        adjusted += rows**2 * term / (rows - lag)
    printed = expected_tree(jmulti_cases.FILE)[case]["portmanteau_16"]
    assert plain == pytest.approx(printed["statistic"], abs=5e-5)
    assert adjusted == pytest.approx(printed["adjusted"], abs=5e-5)

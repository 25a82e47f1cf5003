"""CR2 after weighted least squares: three working models and roots, two of which are offered, as the guide says."""

from __future__ import annotations

import numpy as np
import pytest
from parity.clubsandwich_cases import MODELS, frame

import panelvar as pv

ERRORS = {"transformed": 0.12628, "original": 0.12608, "identity": 0.12644}


def dense(form: str) -> np.ndarray:
    """Standard errors with dense blocks, the adjustment of each cluster a symmetric root of its own."""
    data = frame("fatalities")
    y, x, entity, _, _ = MODELS["fatalities"]
    weights = data["weight"].to_numpy() / data["weight"].mean()
    x = np.column_stack([np.ones(len(data)), *(data[name] for name in x)])
    inverse = np.linalg.inv((x.T * weights) @ x)
    residuals = data[y].to_numpy() - x @ (inverse @ ((x.T * weights) @ data[y].to_numpy()))
    middle = inverse @ ((x.T * weights**2) @ x) @ inverse
    cov = np.zeros_like(inverse)
    for state in data[entity].unique():
        own = np.flatnonzero(data[entity] == state)
        block, w = x[own], weights[own]
        hat = block @ inverse @ (block.T * w)
        if form == "identity":
            root, b = np.ones(len(own)), np.eye(len(own)) - hat - hat.T + block @ middle @ block.T
        else:
            # Errors of variance 1 / w; the root of the weighted rows' I - H, or of D (I - H) W^-1 D', D D' = W^-1.
            root = np.sqrt(w) if form == "transformed" else 1 / np.sqrt(w)
            b = np.eye(len(own)) - np.sqrt(w)[:, None] * (block @ inverse @ block.T) * np.sqrt(w)
            if form == "original":
                b = root[:, None] * b * root
                b = root[:, None] * b * root
        values, vectors = np.linalg.eigh(b)
        adjust = (vectors / np.sqrt(values)) @ vectors.T
        if form == "transformed":
            score = (block.T * root) @ (adjust @ (root * residuals[own]))
        else:
            score = (block.T * w) @ (root * (adjust @ (root * residuals[own])))
        cov += np.outer(inverse @ score, inverse @ score)
    return np.sqrt(np.diag(cov))


def ours(**options) -> float:
    y, x, entity, time, _ = MODELS["fatalities"]
    panel = pv.Panel(frame("fatalities"), entity, time)
    return float(
        pv.fit_pooled(panel, y, x, weights="weight", cov=pv.BiasReduced("entity"), **options).std_errors["beertax"]
    )


def test_ours_and_those_of_inverse_variances():
    assert dense("transformed")[1] == pytest.approx(ours(), rel=1e-9)
    assert dense("original")[1] == pytest.approx(ours(convention="plm"), rel=1e-9)


@pytest.mark.parametrize("form", list(ERRORS))
def test_the_numbers_of_the_guide(form):
    assert dense(form)[1] == pytest.approx(ERRORS[form], abs=5e-6)

"""When bands of the delta method are said to be too narrow, against one draw at a time."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from quiet import quietly
from simulation.delta_coverage import Kept, coverage
from simulation.panel_var_bands import Cell, fitted

import panelvar as pv
from panelvar.core.base.arguments import read_generator
from panelvar.estimates.bands import delta_coverage as owner
from panelvar.estimates.bands.delta_coverage import FEWEST, TOO_RARELY, delta_coverage


@cache
def model(entities: int, seed: int = 5) -> Any:
    return quietly(fitted, Cell(entities, 7, 0.9).sample(np.random.default_rng(seed)), "differences (FD)")


def told(result) -> list[str]:
    return [note.text for note in result.notes if note.code == "delta-skewed"]


class Caught(pv.DeltaMethod):
    """Keeps what a band is wanted for."""

    def band(self, target: Any, level: Any) -> Any:
        object.__setattr__(self, "target", target)
        return super().band(target, level)


@pytest.mark.parametrize("scheme", [{}, {"identification": "reduced_form", "shock_size": "unit"}])
def test_draws_are_held_one_by_one(scheme):
    source = Caught()
    model(60).impulse_responses(6, bands=source, **scheme)
    target = source.target
    drawn = target.model.posterior(120, 0, read_generator("seed", 0))
    inside = np.zeros((7, 2, 2))
    for place in range(120):
        form = type(drawn.form)(*(None if part is None else part[place] for part in drawn.form))
        slopes = target.gradients(form, target.model.directions(form))
        one = drawn._replace(form=type(form)(*(None if part is None else part[None] for part in form)))
        gap = target.statistic(one)[0] - target.estimate
        inside += np.abs(gap) <= 1.959963984540054 * np.sqrt(np.square(slopes).sum(axis=0))
    # What is zero by construction, or one, has no band: the impact of unit shocks, and the upper corner of a factor.
    expected = [1.0 if scheme else (inside[0].sum() - inside[0, 0, 1]) / 360.0, *inside[1:].mean(axis=(1, 2)) / 120.0]
    assert delta_coverage(target, 120) == pytest.approx(expected, abs=1e-12)


def test_the_note_names_the_first_period_and_the_last():
    shares, text = coverage(model(200))
    first = int(np.argmax(shares < TOO_RARELY))
    assert first > 3 and shares[8] < shares[first]
    assert f"From {first} periods after the shock on" in text
    assert f"hold {shares[first]:.0%} of responses after {first} periods and {shares[8]:.0%} after 8" in text
    assert "Use bands=MonteCarlo()" in text
    earlier = model(200).impulse_responses(first - 1, bands=pv.DeltaMethod())
    assert not told(earlier)
    (alone,) = told(model(200).impulse_responses(first, bands=pv.DeltaMethod(joint="sup-t", draws=500)))
    assert f"hold {shares[first]:.0%} of responses after {first} periods. Use" in alone


def test_nothing_is_said_of_many_entities_of_draws_and_of_shares():
    assert not told(model(1500).impulse_responses(8, bands=pv.DeltaMethod()))
    assert not told(model(200).impulse_responses(8, bands=pv.MonteCarlo(draws=400)))
    assert not told(model(200).variance_decomposition(8, bands=pv.DeltaMethod()))


def test_too_many_responses_for_a_quick_answer_are_not_asked(monkeypatch):
    source = Kept()
    model(200).impulse_responses(8, bands=source)
    size = 9 * 4 * (4 + 4)
    monkeypatch.setattr(owner, "_MOST_SLOPES", FEWEST * size - 1)
    assert not told(model(200).impulse_responses(8, bands=pv.DeltaMethod()))
    monkeypatch.setattr(owner, "_MOST_SLOPES", FEWEST * size)
    assert told(model(200).impulse_responses(8, bands=pv.DeltaMethod()))

"""Constants of panel tests are drawn again, a few cells of each table: within Monte Carlo error of what is kept."""

from __future__ import annotations

import numpy as np
import pytest
from simulation.panel_test_moments import TABLES, chosen, estimates, main

FAR = 4.0 * 2.0**0.5
"""Four standard errors of a difference, where kept numbers are from at least as many draws; some 150 are compared."""


def far(name: str, draws: int, unit: float, **options: str) -> dict[tuple[str, str], float]:
    """Drawn numbers that are far from kept ones, which are rounded to a unit: distances in standard errors."""
    compared, found = 0, {}
    for cell, kept in chosen(name, options):
        drawn = estimates(name, cell, draws, seed=2)
        for key in kept:
            value, error = drawn[key]
            distance = max(abs(value - kept[key]) - 0.5 * unit, 0.0) / error
            compared += 1
            if distance > FAR:
                found[str(cell), key] = distance
    assert compared
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "draws", "unit", "options"),
    [
        ("im_pesaran_shin", 50_000, 0.001, {"trend": "c,ct", "lags": "1,4", "rows": "15,50"}),
        ("im_pesaran_shin_ratios", 50_000, 0.001, {"rows": "7,30"}),
        ("im_pesaran_shin_critical", 20_000, 0.01, {"rows": "10", "entities": "5,25"}),
        ("pesaran", 10_000, 0.01, {"entities": "10", "periods": "10,30"}),
        ("pedroni", 20_000, 0.001, {"trend": "c", "regressors": "2,3"}),
        ("error_correction", 10_000, 0.0, {"trend": "c", "regressors": "1,3"}),
        ("variance_ratio", 20_000, 0.0, {"trend": "c,ct", "regressors": "2"}),
        ("bai_ng_trends", 20_000, 0.5, {"trend": "c,ct", "trends": "1,2,5"}),
        ("levin_lin_chu_short", 50_000, 0.001, {"rows": "12,20"}),
    ],
)
def test_kept_numbers_are_drawn_again(name, draws, unit, options):
    assert far(name, draws, unit, **options) == {}


@pytest.mark.slow
def test_the_adjustments_of_levin_lin_and_chu_fit_changes_that_are_not_centred():
    """They were smoothed, so that more draws do not come closer; other centring is ten times as far."""
    for cell, kept in chosen("levin_lin_chu", {"trend": "c,ct", "rows": "25,50"}):
        found = estimates("levin_lin_chu", cell, 100_000)
        assert found["mean"].value == pytest.approx(kept["mean"], abs=0.01)
        assert found["sd"].value == pytest.approx(kept["sd"], abs=0.015)


def test_the_command(capsys):
    main([])
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(TABLES)
    main(["pedroni", "m=1", "trend=ct", "draws=400", "steps=50"])
    shown = capsys.readouterr().out
    assert shown.startswith("trend=ct regressors=1\n") and "panel_v variance" in shown and "kept 122.8 " in shown
    main(["pedroni", "m=1", "trend=ct", "draws=400", "steps=50", "published"])
    assert "kept 101.68" in capsys.readouterr().out
    main(["levin_lin_chu", "trend=c", "T=9", "draws=400", "csv"])
    assert capsys.readouterr().out.startswith("c,9,-0.")


def test_draws_are_the_same_in_every_run():
    first, again = (estimates("error_correction", {"trend": "c", "regressors": 1}, 200, steps=30) for _ in range(2))
    assert first == again
    assert np.isfinite([value.error for value in first.values()]).all()

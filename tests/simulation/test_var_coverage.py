"""Coverage of bands of responses: the committed table keeps its promises, and a part of it is computed again."""

from __future__ import annotations

import numpy as np
import pytest
from simulation import var_coverage as study

from panelvar import DeltaMethod, ResidualBootstrap, fit_var

PLAIN = study.Method("residual", "percentile")
CORRECTED = study.Method("after bootstrap", "percentile")


def test_the_sheet_shows_the_table():
    lines = study.read()
    assert len(lines) == len(study.DESIGNS) * len(study.METHODS)
    assert study.SHEET.read_text(encoding="utf-8") == study.sheet(lines)
    for design, count in study.DESIGNS.items():
        assert study.row(design, PLAIN)["samples"] == count


@pytest.mark.parametrize("method", [PLAIN, CORRECTED])
@pytest.mark.parametrize("roots", ["one", "all"])
def test_sup_t_bands_of_many_periods_hold_paths(method, roots):
    """At low persistence paths are covered as often as said; a little more often where responses are zero."""
    found = study.row(study.Design(1000, 0.5, roots), method)
    assert found["path_of_sup_t"] >= study.LEVEL - 2 * found["path_error"]
    if roots == "one":
        assert found["path_of_sup_t"] <= study.LEVEL + 2 * found["path_error"]


def test_the_correction_helps_where_the_plain_bootstrap_fails():
    """And falls short of 0.87 in one design of three: a hundred periods of three roots near one, as the page says."""
    poor, short = [], []
    for periods in (100, 1000):
        for roots in ("one", "all"):
            design = study.Design(periods, 0.97, roots)
            if study.row(design, PLAIN)["pointwise"] < 0.83:
                poor.append(design)
                if study.row(design, CORRECTED)["pointwise"] < 0.87:
                    short.append(design)
    assert len(poor) == 3
    assert short == [study.Design(100, 0.97, "all")]
    assert study.row(short[0], CORRECTED)["pointwise"] > study.row(short[0], PLAIN)["pointwise"] + 0.2


def test_bands_are_those_of_the_public_call():
    """What the study evaluates at once is what a user gets one by one."""
    series = study.Design(100, 0.9, "one").sample(np.random.default_rng(0))
    found = study.bands(series, 7, draws=200)
    model = fit_var(series, lags=1)
    for place, method in enumerate(study.METHODS):
        if method.source not in ("residual", "delta method"):
            continue
        for number, joint in enumerate(study.JOINTS):
            if method.source == "delta method":
                source = DeltaMethod(joint=joint, seed=7)
            else:
                source = ResidualBootstrap(200, seed=7, interval=method.interval, joint=joint)
            band = model.impulse_responses(study.HORIZON, bands=source, level=study.LEVEL)
            np.testing.assert_allclose(found[place, number, 0], band.lower, rtol=1e-12, atol=1e-14)
            np.testing.assert_allclose(found[place, number, 1], band.upper, rtol=1e-12, atol=1e-14)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("design", "count"), [(study.Design(1000, 0.5, "one"), 40), (study.Design(100, 0.97, "one"), 80)]
)
def test_a_part_of_the_table_is_found_again(design, count):
    """Other samples of two designs, within four standard errors of the difference; and what the table promises."""
    sums = study.total([study.block(design, 100_000, count)])
    again = {study.Method(line["source"], line["interval"]): line for line in study.rows(design, sums, count)}
    for method in study.METHODS:
        found = {key: float(value) for key, value in again[method].items() if key not in ("roots", *method._fields)}
        table = study.row(design, method)
        for name, error in (("pointwise", "pointwise_error"), ("path_of_sup_t", "path_error")):
            # The samples' own error is estimated from few; the table's, scaled, is not.
            spread = table[error] * np.sqrt(1.0 + table["samples"] / count)
            assert abs(found[name] - table[name]) < 4 * spread, (method, name)
    plain, corrected = (
        {key: float(again[method][key]) for key in ("pointwise", "path_of_sup_t")} for method in (PLAIN, CORRECTED)
    )
    if design.persistence == 0.5:
        for line, method in ((plain, PLAIN), (corrected, CORRECTED)):
            error = study.row(design, method)["path_error"] * np.sqrt(table["samples"] / count)
            assert abs(line["path_of_sup_t"] - study.LEVEL) < 3 * error
    else:
        error = study.row(design, CORRECTED)["pointwise_error"] * np.sqrt(table["samples"] / count)
        assert plain["pointwise"] < 0.83
        assert corrected["pointwise"] > 0.87 - 3 * error

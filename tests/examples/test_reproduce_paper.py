"""The reproduction of the paper: what agrees, what is written, and the numbers of the audit."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import panelvar

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def paper(run_example):
    return run_example("reproduce_paper")


@pytest.fixture(scope="module")
def source(paper):
    from paper.source import Paper

    return Paper.read()


def test_75_of_78_numbers_agree_exactly_and_the_others_within_one_last_digit(paper):
    _, (_, agreement), _, _ = paper
    assert agreement.tally(independent=True) == (78, 75, 3)
    assert agreement.tally(independent=False) == (94, 90, 4)
    off = {(number.where, number.what): number.apart for number in agreement.numbers if number.apart}
    assert off == {
        ("PCIV", "Random CII"): 1,
        ("PCIV", "Random CII std. error"): 1,
        ("PCIV", "Random Constant std. error"): 1,
        ("LGR", "Fixed R2"): 1,
    }


def test_every_published_number_is_compared(paper, source):
    _, (_, agreement), _, _ = paper

    def numbers(node):
        if isinstance(node, dict):
            return [value for child in node.values() for value in numbers(child)]
        return [node] if isinstance(node, (int, float)) else []

    blocks = ("panel_gdp_on_cii", "panel_tables_2_and_3", "var_gdp_cii")
    expected = [value for block in blocks for value in numbers(source.published[block])]
    assert sorted(expected) == sorted(number.printed for number in agreement.numbers)


@pytest.mark.parametrize(
    ("ours", "printed", "digits", "apart"),
    [
        (0.98924959, 0.9893, 4, 1),
        (0.98925001, 0.9893, 4, 0),
        (-29.53204, -29.532, 4, 0),
        (-29.53206, -29.532, 4, 1),
        (1718.66849, 1718.668, 3, 0),
        (0.00004, 0.0, 4, 0),
        (0.7, -0.7, 1, 14),
    ],
)
def test_agreement_is_judged_at_the_last_printed_digit(paper, ours, printed, digits, apart):
    from paper.agreement import units_apart

    assert units_apart(ours, printed, digits) == apart


def test_text_latex_and_figures_are_written(paper):
    _, (page, _), printed, folder = paper
    written = {path.name: path for path in folder.iterdir()}
    figures = {f"responses_{count}_{kind}.png" for count in ("two", "three") for kind in ("printed", "estimated")}
    tables = {"table_2_pcir", "table_2_pciv", "table_3_lgr", "gdp_on_cii", "robustness_pcir", "roots", "agreement"}
    assert {"paper.txt", "paper.tex", "roots.png", "gdp_on_cii.png"} | figures <= written.keys()
    assert {f"{name}.tex" for name in tables} <= written.keys()
    for name in figures | {"roots.png"}:
        assert written[name].read_bytes().startswith(b"\x89PNG")
    document = written["paper.tex"].read_text(encoding="utf-8")
    for line in document.splitlines():
        if line.startswith((r"\input{", r"\includegraphics")):
            assert line[line.rindex("{") + 1 : line.rindex("}")] in written
    assert written["paper.txt"].read_text(encoding="utf-8").rstrip() in printed
    assert page.blocks.keys() >= tables


def test_output_fits_a_terminal_and_shows_warnings_once(paper):
    _, _, printed, folder = paper
    text = (folder / "paper.txt").read_text(encoding="utf-8")
    assert max(map(len, text.splitlines())) <= 80
    flat = " ".join(printed.split())
    assert flat.count("The library warns: The variance of the prefecture effect is not estimable") == 1
    assert flat.count("The library warns: Only 3 clusters") == 1
    assert "PanelVarWarning" not in printed


def test_every_table_says_what_its_numbers_come_from(paper):
    _, (_, _), _, folder = paper
    tables = [path for path in folder.glob("*.tex") if path.name != "paper.tex"]
    assert len(tables) > 20
    for path in tables:
        latex = path.read_text(encoding="utf-8")
        assert ("RECONSTRUCTED DATA" in latex) != ("printed numbers alone" in latex), path.name
    alone = {path.stem for path in tables if "printed numbers alone" in path.read_text(encoding="utf-8")}
    assert alone == {"audit_rows", "audit_r2", "audit_levels"}


def test_numbers_derived_from_print_are_found_again(paper, source):
    from paper.audit import published_facts

    derived = source.published["derived_by_us"]
    facts = published_facts(source)
    assert facts.keys() == derived.keys() - {"note"}
    for name, values in facts.items():
        digits = 4 if "response" in name else 8
        np.testing.assert_allclose(values, derived[name], rtol=0, atol=0.51 * 10.0**-digits, err_msg=name)


def test_only_39_rows_suit_every_f_and_r2(paper, source):
    from paper.audit import columns, implied_means_of_gdp, sample_size

    assert sample_size(source)[1] == 39
    for column in columns(source):
        # The definition, from the other side: at 39 rows F gives back the printed R2, and at 57 it does not.
        for rows, agrees in ((39, True), (57, False)):
            q, k = column.numerator, column.numerator + 1
            plain = q * column.f / (q * column.f + rows - k)
            value = 1 - (1 - plain) * (rows - 1) / (rows - k) if column.adjusted else plain
            assert (abs(value - column.r2) < 5.1e-5) == agrees, (column, rows)
    implied, cii, official = implied_means_of_gdp(source)
    assert implied == pytest.approx(official, abs=2e-3)
    assert official == pytest.approx(458.18, abs=5e-3)
    assert cii == pytest.approx(source.frame["cii"].mean(), abs=1e-5)


def test_which_r2_is_printed(paper, source):
    from paper.audit import rounded_twice, which_r2

    frame = which_r2(source, 39).to_frame()
    adjusted = frame.index[frame["printed is"] == "adjusted"]
    assert list(adjusted) == ["LGR Pooled", "LGR Fixed"]
    assert (frame["printed is"] != "neither").all()
    printed, implied = rounded_twice(source, 39)
    assert f"{implied:.4f}" == "0.9892"
    assert f"{float(f'{implied:.6f}') + 1e-12:.4f}" == f"{printed:.4f}" == "0.9893"


def test_random_effects_are_pooled_ols_with_errors_of_the_within_variance(paper, source):
    from paper.audit import random_is_pooled
    from paper.regressions import TABLES, three_estimators

    with pytest.warns(UserWarning, match="not estimable: 3 levels and 3 between coefficients"):
        results = {y: three_estimators(source, y, ["cii", "gdp"]) for y in TABLES}
    for fits in results.values():
        pooled, fixed, random = fits.values()
        np.testing.assert_allclose(random.params, pooled.params, rtol=1e-9)
        ratio = math.sqrt(fixed.s2 / pooled.s2)
        np.testing.assert_allclose(random.std_errors, ratio * pooled.std_errors, rtol=1e-9)
    with pytest.warns(UserWarning, match="not estimable"):
        frame = random_is_pooled(source, 39).to_frame()
    for _, row in frame.iterrows():
        low, high = json.loads(row["random / pooled"])
        assert low - 5e-5 <= row["s ratio, from F"] <= high + 5e-5
        assert row["theta, ours"] == 0.0
        assert row["between df"] == 0


def test_dynamics_of_the_printed_coefficients(paper, source):
    from paper.audit import printed_dynamics, unit_impulses
    from paper.source import THREE, TWO

    found = printed_dynamics(source)
    assert (found.peak_year, found.negative_years, found.trough_year) == (1, (4, 10), 10)
    assert found.peak == pytest.approx(0.1318)
    assert found.largest_if_minus == pytest.approx(0.8774, abs=5e-5)
    assert found.largest_if_plus == pytest.approx(1.00036, abs=5e-6)
    assert source.system(THREE).is_stable
    # The years in which an orthogonalised impulse can peak, by trying many.
    responses = unit_impulses(source.system(TWO))
    direct = responses.response("log_gdp", "log_cii")["value"].to_numpy()
    own = responses.response("log_gdp", "log_gdp")["value"].to_numpy()
    tried = {int((direct + b * own).argmax()) for b in np.linspace(-20, 20, 40001)}
    assert tried == set(found.peaks_possible)
    assert not {5, 6} & tried


def test_printed_three_variable_system_settles_at_no_share(paper, source):
    from paper.audit import where_it_settles
    from paper.source import THREE, TWO

    cii = where_it_settles(source).cii
    assert cii[THREE][0] > 1000
    assert 0.2 < cii[TWO][0] < cii[TWO][1] < 0.3


def test_what_eleven_rows_and_three_clusters_say(paper, source):
    from paper.audit import eleven_rows, three_clusters

    with pytest.warns(UserWarning, match="5 coefficients in each equation from 11 rows"):
        eleven = eleven_rows(source)
    assert (eleven.rows, eleven.coefficients, eleven.df, eleven.slopes) == (11, 5, 6, 8)
    assert eleven.years_off_zero == 0
    assert eleven.lower < 0 < eleven.upper
    assert eleven.significant == ("L1.log_cii in the equation of log_cii",)
    with pytest.warns(UserWarning, match="Only 3 clusters"):
        frame = three_clusters(source).to_frame()
    assert (frame["width ratio"] > 4).all()


@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
def test_what_thirteen_years_say(paper, source):
    from paper.autoregressions import HORIZON, estimated
    from paper.short_sample import bands, cointegration, power, residual_tests, unit_roots
    from paper.source import THREE, TWO

    found = bands(source)
    # The sentences of the page: no year of GDP, a few cells pointwise, none as a path.
    pointwise, path, corrected, both = found.off_zero.values()
    assert found.cells == 3 * (HORIZON + 1)
    assert (path, both) == (0, 0)
    assert min(pointwise, corrected) > 0
    assert found.wider > 1.3
    assert found.largest_root > 1
    assert found.peak_in_text < 0.05 < found.peak_first < 0.6
    frame = found.table.to_frame()
    assert len(frame) == 12
    models = [estimated(source, names) for names in (TWO, THREE)]
    assert [model.df_resid for model in models] == [6, 4]
    text = str(residual_tests(source))
    # Of three variables: the LM test in both forms, and ARCH.
    assert text.count("too few rows") == 2
    decisions = unit_roots(source).to_frame()
    assert decisions.loc["GDP", "unit root"] == "not rejected"
    assert decisions.loc["GDP", "no unit root"] == "rejected"
    simulated = power(13)
    assert 0.03 < simulated.rejected[1.0] < 0.08 < simulated.by_pvalue
    assert max(simulated.rejected.values()) < 0.2
    relations = cointegration(source)
    plain, corrected, drawn, wild = relations.two
    assert 0.1 < plain < min(corrected, drawn, wild)
    plain, corrected, drawn, wild = relations.three
    # The sentence of the page: a relation by the asymptotic distribution, none against samples as short.
    assert plain < 0.001
    assert min(corrected, drawn, wild) > 0.2
    assert relations.table.to_frame()["rank"].tolist() == [0] * 4 + [1] + [0] * 3


def test_the_page_of_the_documentation_is_what_the_program_prints(paper, stale_blocks):
    _, (page, _), _, _ = paper
    assert stale_blocks(ROOT / "docs" / "paper.md", page.blocks) == []


def test_the_data_are_those_of_the_description(source):
    assert source.frame.shape == (39, 7)
    assert sorted(source.frame["prefecture"].unique()) == ["Aba", "Ganzi", "Liangshan"]
    assert (source.frame["year"].min(), source.frame["year"].max()) == (2006, 2018)


def test_the_command_prints_no_warnings_and_writes_where_it_is_run(tmp_path):
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(panelvar.__file__).resolve().parent.parent),
        "PYTHONIOENCODING": "ascii",
        "MPLBACKEND": "TkAgg",
    }
    command = [sys.executable, "-W", "error", str(ROOT / "examples" / "reproduce_paper.py")]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8", timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "output" / "paper" / "paper.txt").is_file()

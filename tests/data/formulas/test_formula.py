"""Formulas: what they compute, that they are coded as formulaic codes them, and that they run nothing."""

from __future__ import annotations

import re
import sys
import warnings

import formulaic
import numpy as np
import pandas as pd
import pytest

import panelvar as pv
from panelvar.core.base.errors import DataError, SpecificationError
from panelvar.data.formulas.categories import RowsUsed, full_rank_codings
from panelvar.data.formulas.formula import parse, regressors
from panelvar.data.panel.panel import Panel


@pytest.fixture
def frame():
    """Four firms and six years in order, less two rows."""
    rng = np.random.default_rng(7)
    n = 24
    frame = pd.DataFrame(
        {
            "firm": np.repeat([1, 2, 3, 4], 6),
            "year": np.tile(np.arange(2000, 2006), 4),
            "y": rng.uniform(1, 2, n),
            "x": rng.normal(size=n),
            "w": rng.uniform(1, 2, n),
            "r": rng.choice(["a", "b", "c"], n),
            "q": rng.choice(["u", "v"], n),
            "flag": rng.random(n) > 0.5,
            "odd `name`! [~]".replace("`", "'"): rng.random(n),
            "gdp.pc": rng.random(n),
        }
    )
    return frame.drop([3, 16])


@pytest.fixture
def panel(frame):
    return Panel(frame.sample(frac=1, random_state=2), "firm", "year")


@pytest.mark.parametrize(
    "terms",
    [
        "x",
        "x + w",
        "x - 1",
        "0 + x",
        "1",
        "x:w",
        "x*w",
        "x/w",
        "(x + w + flag)**2",
        "flag",
        "gdp.pc",
        "`odd 'name'! [~]`",
        "`odd 'name'! [~]`:r",
        "r",
        "r - 1",
        "C(r) + C(q)",
        "C(r) + C(q) - 1",
        "C(year)",
        "r:q",
        "r*q",
        "q:r - 1",
        "C(q):C(r)",
        "x:r",
        "x + x:r",
        "r:x - 1",
        "r:q:x",
        "r*q*x",
        "r*x + q*w - 1",
        "x/r",
        "(r + q + x)**2",
        "0 + r:q",
        "I(x**2) + I(x*w - 1) + I(-x / w)",
        "{x + w}",
        "log(w) + exp(x) + sqrt(w) + log10(w) + r:log(w)",
    ],
)
def test_columns_are_those_of_formulaic(frame, panel, terms):
    expected = formulaic.model_matrix(terms, frame, context={"sqrt": np.sqrt})
    names, columns, constant = regressors(f"y ~ {terms}", panel)
    assert constant == ("Intercept" in expected.columns)
    wanted = [name for name in expected.columns if name != "Intercept"]
    # Older versions of formulaic mark every level with T.
    assert [name.replace("[T.", "[") for name in names] == [name.replace("[T.", "[") for name in wanted]
    for column, name in zip(columns, wanted, strict=True):
        np.testing.assert_allclose(column, expected[name].to_numpy(float), rtol=1e-14)
    parsed = parse(f"y ~ {terms}", panel)
    assert (parsed.x_names, parsed.constant, parsed.y_name) == (names, constant, "y")
    np.testing.assert_array_equal(parsed.y, frame["y"])


def test_lags_use_the_calendar_of_all_rows(panel):
    parsed = parse("D(log(y)) ~ L(x) + L(x, 2) + F(x) + D(x) + D(x, k=2) + L(log(w)) + L(I(x*w)) + L(x):w", panel)
    log_y, log_w = np.log(panel.column("y")), np.log(panel.column("w"))
    expected = {
        "L(x)": panel.lag("x"),
        "L(x, 2)": panel.lag("x", 2),
        "F(x)": panel.lead("x"),
        "D(x)": panel.difference("x"),
        "D(x, k=2)": panel.difference("x", 2),
        "L(log(w))": panel.lag(log_w),
        "L(I(x * w))": panel.lag(panel.column("x") * panel.column("w")),
        "L(x):w": panel.lag("x") * panel.column("w"),
    }
    assert parsed.x_names == tuple(expected)
    for name, column in zip(parsed.x_names, parsed.x, strict=True):
        np.testing.assert_array_equal(column, expected[name], err_msg=name)
        assert np.isnan(column).any()
    np.testing.assert_array_equal(parsed.y, panel.difference(log_y))


def test_backticks_inside_functions(panel):
    _, (column,), _ = regressors("y ~ L(`odd 'name'! [~]`, 2)", panel)
    np.testing.assert_array_equal(column, panel.lag("odd 'name'! [~]", 2))
    _, (column,), _ = regressors("y ~ log(gdp.pc)", panel)
    np.testing.assert_array_equal(column, np.log(panel.column("gdp.pc")))


def test_reference_level_is_the_first_or_the_one_named(frame, panel):
    assert regressors("y ~ C(r)", panel)[0] == ("C(r)[T.b]", "C(r)[T.c]")
    names, columns, _ = regressors("y ~ C(r, ref='b')", panel)
    assert names == ("C(r, ref='b')[T.a]", "C(r, ref='b')[T.c]")
    np.testing.assert_array_equal(columns[1], frame["r"] == "c")
    assert regressors("y ~ C(year, ref=2003)", panel)[0][0] == "C(year, ref=2003)[T.2000]"
    order = pd.CategoricalDtype(["c", "unused", "a", "b"])
    ordered = Panel(frame.astype({"r": order}), "firm", "year")
    assert regressors("y ~ r", ordered)[0] == ("r[T.a]", "r[T.b]")
    with pytest.raises(SpecificationError, match=r"ref='z' is not known\. Choose one of: 'a', 'b', 'c'"):
        regressors("y ~ C(r, ref='z')", panel)


def test_missing_categories_are_missing_not_zero(frame):
    frame["r"] = frame["r"].astype(object)
    frame.iloc[[2, 9], frame.columns.get_loc("r")] = None
    for dtype in (object, "category", "string"):
        _, columns, _ = regressors("y ~ r + r:x", Panel(frame.astype({"r": dtype}), "firm", "year"))
        for column in columns:
            assert np.flatnonzero(np.isnan(column)).tolist() == [2, 9]


def test_comparisons_are_zero_one_or_missing(frame):
    frame.iloc[4, frame.columns.get_loc("x")] = np.nan
    panel = Panel(frame, "firm", "year")
    cases = (("x > 0.1", frame["x"] > 0.1), ("w <= y", frame["w"] <= frame["y"]), ("x != x", 0 * frame["x"]))
    for text, expected in cases:
        _, (column,), _ = regressors(f"y ~ I({text})", panel)
        bad = [4] if "x" in text else []
        assert np.flatnonzero(np.isnan(column)).tolist() == bad
        np.testing.assert_array_equal(np.delete(column, bad), np.delete(expected.to_numpy(float), bad))


def test_numbers_alone_fill_the_rows(panel):
    parsed = parse("I(2) ~ I(3.5):x", panel)
    np.testing.assert_array_equal(parsed.y, np.full(panel.nobs, 2.0))
    np.testing.assert_array_equal(parsed.x[0], 3.5 * panel.column("x"))
    np.testing.assert_array_equal(regressors("y ~ 2:x", panel)[1][0], 2 * panel.column("x"))


def test_the_dependent_variable_may_be_absent_from_new_data(frame):
    panel = Panel(frame.drop(columns="y"), "firm", "year")
    assert regressors("log(y) ~ x", panel)[0] == ("x",)
    with pytest.raises(DataError, match="'y' is not in the data"):
        parse("log(y) ~ x", panel)


def test_new_data_are_coded_as_the_model_was(frame, panel):
    few = Panel(frame[frame["r"] == "b"], "firm", "year")
    names, columns, _ = regressors("y ~ r + r:x + C(q, ref='v')", few, RowsUsed(panel))
    assert names == regressors("y ~ r + r:x + C(q, ref='v')", panel)[0]
    assert (columns[0] == 1).all() and (columns[1] == 0).all()
    frame.loc[[0, 5], "r"] = "new"
    with pytest.raises(DataError, match=r"categories that the model has not seen \('new'\) in 2 of 22 rows"):
        regressors("y ~ r", Panel(frame, "firm", "year"), RowsUsed(panel))


def test_a_panel_made_wider_can_be_used(panel):
    wider = panel.with_columns(panel_order=True, z=panel.lag("x"), group=np.where(panel.column("x") > 0, "up", "down"))
    names, columns, _ = regressors("y ~ L(z) + group", wider)
    assert names == ("L(z)", "group[T.up]")
    # The lag of a lag needs the period between; a lag of two does not.
    np.testing.assert_array_equal(columns[0], panel.lag(panel.lag("x")))


class Trap:
    """Set off by any code that a formula manages to run."""

    sprung = False


def spring(*_):
    Trap.sprung = True


@pytest.mark.parametrize(
    "attack",
    [
        "__import__('os').system('touch sprung')",
        "__import__('os')",
        "I(__import__('os').system('touch sprung'))",
        "eval('spring()')",
        "exec('spring()')",
        "open('sprung', 'w')",
        "spring()",
        "spring()(x)",
        "spring()[0](x)",
        "spring().tofile(x)",
        "spring(x)",
        "bs(spring(), df=3)",
        "{bs(spring(), df=3)}",
        "I(poly(spring(), 2))",
        "Q(spring())",
        "x %{spring()}% w",
        "`x`(spring())",
        "x (spring())",
        "3(spring())",
        "np.log(spring())",
        "C(x, contr.treatment(spring()))",
        "I(spring(x))",
        "L(spring(x))",
        "log(spring(x))",
        "x.__class__",
        "I(x.__class__)",
        "x.__class__.__base__.__subclasses__()",
        "I(x.tofile('sprung'))",
        "L(x).tofile('sprung')",
        "np.save('sprung', x)",
        "I((lambda: spring())())",
        "I([spring(i) for i in x])",
        "I({i: spring(i) for i in x})",
        "I((spring(i) for i in x))",
        "x[0]",
        "I(x[spring()])",
        "I(f'{spring()}')",
        "I(spring() if x else x)",
        "I(x and spring())",
        "I((z := spring()))",
        "log(*spring())",
        "log(x, out=spring())",
        "L(x, spring())",
        "L(x, k=spring())",
        "C(r, ref=spring())",
        "C(r, contr=spring())",
        "C(spring())",
        "getattr(x, 'T')",
        "globals()",
        "{spring()}",
        "{__import__('os').system('touch sprung')}",
        "L(x)(spring())",
        "(lambda: spring())",
        "I('spring')",
        "I(await spring())",
        "poly(spring(), 2)",
        "poly(x, spring())",
        "i(r, ref=spring())",
        "i(r, spring())",
        "i(spring(), x)",
        "L(spring(), 1:2)",
        "L(x, spring():2)",
        "np.spring(x)",
        "bs(x, df=3)",
        "hashed(r)",
        "Q('x')",
        "I(x @ w)",
        "I(x < w < y)",
        "I(not x)",
        "I(True)",
        "I(1j)",
        "I(...)",
    ],
)
@pytest.mark.parametrize("side", ["{} ~ x", "y ~ {}", "y ~ x:{}"])
def test_formulas_run_nothing(panel, tmp_path, monkeypatch, attack, side):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Trap, "sprung", False)
    monkeypatch.setattr("builtins.spring", spring, raising=False)
    with pytest.raises((SpecificationError, DataError)):
        parse(side.format(attack), panel)
    assert not Trap.sprung
    assert not list(tmp_path.iterdir())


def test_a_column_named_like_an_attack_is_only_a_column(frame):
    name = "__import__('os').system('touch sprung')"
    panel = Panel(frame.assign(**{name: 1.5}), "firm", "year")
    names, (column,), _ = regressors(f"y ~ `{name}`", panel)
    assert names == (name,) and (column == 1.5).all()


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("y ~ x | w", "'w' after the bar are effects, and this function takes none. fit_fixed_effects"),
        ("y ~ x | x ~ w", "'x ~ w' after the bar are instruments.* fit_iv_pooled, fit_iv_fixed_effects"),
        ("y ~ x | r | x ~ w", "are instruments"),
        ("y ~ x | r | q", "effects after the first bar"),
        ("y ~ x | x ~ w | r", "effects after the first bar"),
        ("y ~ x | r | x ~", "effects after the first bar"),
        ("y", "one '~'"),
        ("~ x", "one '~'"),
        ("", "one '~'"),
        ("y ~ x ~ w", "cannot be read"),
        ("y ~ x +", "cannot be read"),
        ("y ~ I(x", "cannot be read: a bracket is not closed"),
        ("y ~ {x", "cannot be read: a bracket is not closed"),
        ("y ~ w{x}", r"cannot be read: Missing operator between `w` and `x`"),
        ("y ~ L(x)w", r"cannot be read: Missing operator between `L\(x\)` and `w`"),
        ("y ~ {}", "cannot be read: '' is not an expression"),
        ("y ~ 'x'", "String literals are not valid"),
        ("y ~ 3", "cannot be read: Numeric"),
        ("y ~ .", "name the regressors"),
        ("y + x ~ w", "one dependent variable left of '~'; got y \\+ x"),
        ("1 ~ x", "got 1"),
        ("0 ~ x", "got nothing"),
        ("y:x ~ w", "got y:x"),
        ("y ~ lg(x)", "function='lg' is not known. Did you mean 'log'"),
        ("y ~ log(x, 2)", "log takes one argument"),
        ("y ~ log()", "log takes one argument"),
        ("y ~ L()", "whole number of periods"),
        ("y ~ L(x, 1.5)", "whole number of periods"),
        ("y ~ L(x, 1, 2)", "whole number of periods"),
        ("y ~ L(x, lag=1)", "whole number of periods"),
        ("y ~ D(x, 0)", "at least 1"),
        ("y ~ C(x + 1)", "C takes a column"),
        ("y ~ C(r, q)", "C takes a column"),
        ("y ~ I(C(r) + 1)", "must stand alone"),
        ("y ~ L(C(r))", "must stand alone"),
        ("y ~ I(" + "(" * 300 + "x" + ")" * 300 + ")", "too deeply nested"),
        ("y ~ I(" + "-" * 5000 + "x)", "too long or too deeply nested"),
        ("y ~ x:w + `x:w`", "Two terms of the formula are called 'x:w'"),
    ],
)
def test_formulas_that_are_refused(frame, formula, message):
    panel = Panel(frame.assign(**{"x:w": 1.0}), "firm", "year")
    with pytest.raises(SpecificationError, match=message):
        parse(formula, panel)


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("y ~ z", "Column 'z' is not in the data"),
        ("y ~ L(yeer)", "Did you mean 'year'"),
        ("r ~ x", "'r' is not numeric"),
        ("y ~ log(r)", "Column 'r' has dtype"),
        ("y ~ log(zero)", r"'log\(zero\)' has no finite value: 'zero' is zero or negative in 1 of 22 .* row 5"),
        ("y ~ log(I(w - 3))", r"'I\(w - 3\)' is zero or negative in 22 of 22 rows, first in rows 0, 1, 2"),
        ("y ~ L(log(zero))", "zero or negative in 1 of 22"),
        ("y ~ sqrt(-w)", "'-w' is negative in 22"),
        ("y ~ log1p(-w)", "'-w' is -1 or less"),
        ("y ~ exp(I(1000*w))", "'I\\(1000 \\* w\\)' is too large"),
        ("y ~ I(1/zero)", "'1 / zero' has no finite value in 1 of 22 rows"),
        ("y ~ I((0-w)**0.5)", "no finite value in 22"),
        ("y ~ I(9**9**9**9)", "no finite value"),
        ("y ~ I(10**400*x)", "no finite value"),
        ("y ~ inf", "'inf' is infinite in 1 of 22 rows, first in row 1"),
        ("y ~ exp(-inf)", "'inf' is infinite"),
    ],
)
def test_nothing_becomes_missing_silently(frame, formula, message):
    zero = np.ones(22)
    zero[4] = 0.0
    inf = np.ones(22)
    inf[1] = np.inf
    panel = Panel(frame.assign(zero=zero, inf=inf), "firm", "year")
    with pytest.raises(DataError, match=message):
        parse(formula, panel)


def test_missing_values_pass_through(frame):
    frame.iloc[3, frame.columns.get_loc("w")] = np.nan
    panel = Panel(frame, "firm", "year")
    _, columns, _ = regressors("y ~ log(w) + I(w + x) + I(1 / w) + w:x", panel)
    for column in columns:
        assert np.flatnonzero(np.isnan(column)).tolist() == [3]


def test_too_many_levels_are_refused_before_memory_is_gone():
    n = 40_000
    panel = Panel({"i": np.arange(n), "t": np.zeros(n, dtype=int), "y": np.zeros(n)}, "i", "t")
    with pytest.raises(SpecificationError, match="39999 columns of 40000 rows"):
        parse("y ~ C(i)", panel)


def test_without_formulaic_the_package_is_named(panel, monkeypatch):
    monkeypatch.setitem(sys.modules, "formulaic", None)
    with pytest.raises(
        SpecificationError, match=r"Name y and x instead, or install it: .* -m pip install '?\"?formulaic>="
    ):
        parse("y ~ x", panel)


def test_codings_span_each_product_once():
    """Against the definition: with two levels a factor, the columns built are independent and span all dummies."""
    names = ["a", "b", "c"]
    cells = np.array([[i, j, k] for i in range(2) for j in range(3) for k in range(2)])
    levels = {"a": 2, "b": 3, "c": 2}
    models = [
        [(), ("a",), ("b",), ("a", "b")],
        [("a", "b")],
        [(), ("a", "b", "c")],
        [("a",), ("b", "c"), ("a", "c")],
        [(), ("b", "c"), ("a",), ("a", "b", "c")],
    ]
    for terms in models:
        codings = full_rank_codings([(frozenset(), term) for term in terms])
        built, full = [], []
        for term, products in zip(terms, codings, strict=True):
            for product in products:
                built += dummies(cells, [(names.index(name), levels[name], keep) for name, keep in product])
            full += dummies(cells, [(names.index(name), levels[name], True) for name in term])
        built, full = np.array(built).T, np.array(full).T
        rank = np.linalg.matrix_rank(full)
        assert built.shape[1] == np.linalg.matrix_rank(built) == rank
        assert np.linalg.matrix_rank(np.hstack([built, full])) == rank


def dummies(cells, factors):
    columns = [np.ones(len(cells))]
    for position, n_levels, keep in factors:
        columns = [
            column * (cells[:, position] == level) for column in columns for level in range(0 if keep else 1, n_levels)
        ]
    return columns


@pytest.mark.parametrize(
    ("formula", "advice"),
    [
        ("y ~ x**2", r"x\*\*2 in .* is the same as x, .*I\(x\*\*2\)"),
        ("y ~ w + x^2", r"I\(x\*\*2\)"),
        ("y ~ w + (log(w))**2", r"I\(log\(w\)\*\*2\)"),
        ("y ~ `gdp.pc`**2", r"I\(`gdp.pc`\*\*2\)"),
        ("y ~ -x", r"never put in.*I\(-x\)"),
        ("y ~ w - x", r"x is taken out.*I\(-x\)"),
        ("y ~ x*w - w:q", "w:q is taken out"),
        ("y ~", "For a constant alone, write 'y ~ 1'"),
        ("y ~  ", "For a constant alone, write 'y ~ 1'"),
        ("y ~ x + y", "dependent variable is among the regressors"),
        ("`y` ~ x*y", "dependent variable is among the regressors"),
        ("y ~ x | firm + year", r"fit_fixed_effects and fit_iv_fixed_effects absorb them"),
        ("y ~ x + EntityEffects", r"effects='entity'"),
        ("y ~ x + TimeEffects", r"effects='time'"),
    ],
)
def test_slips_of_the_grammar_are_refused_with_advice(frame, formula, advice):
    with pytest.raises(SpecificationError, match=advice):
        parse(formula, Panel(frame, "firm", "year"))


@pytest.mark.parametrize(
    ("formula", "names"),
    [
        ("y ~ 1", ()),
        ("y ~ x - 1", ("x",)),
        ("y ~ -1 + x", ("x",)),
        ("y ~ x*w - w:x", ("x", "w")),
        ("y ~ (x + w)**2", ("x", "w", "x:w")),
        ("y ~ (x + w)^2 - w", ("x", "x:w")),
        ("y ~ I(x**2) + I(-x)", ("I(x ** 2)", "I(-x)")),
        ("y ~ x + L(y)", ("x", "L(y)")),
    ],
)
def test_powers_and_removals_that_mean_something_are_kept(frame, formula, names):
    assert parse(formula, Panel(frame, "firm", "year")).x_names == names


def test_a_column_may_be_called_as_linearmodels_calls_effects(frame):
    panel = Panel(frame.assign(TimeEffects=frame["x"]), "firm", "year")
    assert parse("y ~ TimeEffects", panel).x_names == ("TimeEffects",)


def test_indicators_of_dates_are_named_by_the_day(frame):
    frame = frame.assign(day=pd.Timestamp("2001-01-01") + pd.to_timedelta(np.arange(len(frame)) % 2, unit="D"))
    panel = Panel(frame, "firm", "year")
    assert parse("y ~ C(day)", panel).x_names == ("C(day)[T.2001-01-02]",)
    assert parse("y ~ C(day, ref='2001-01-02')", panel).x_names == ("C(day, ref='2001-01-02')[T.2001-01-01]",)


def test_a_formula_of_many_terms_is_read():
    """One deeper than Python's stack."""
    panel = Panel({"t": [1, 2, 3], **{f"x{j}": np.arange(3.0) for j in range(1200)}}, time="t")
    assert len(parse("x0 ~ " + " + ".join(f"x{j}" for j in range(1, 1200)), panel).x) == 1199


# ---- a reference that is named


def event_study(seed=2):
    """Twelve periods since an event at 6; half the firms are treated."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"firm": np.repeat(np.arange(30), 12), "t": np.tile(np.arange(12), 30)})
    frame["tr"] = (frame["firm"] % 2).astype(float)
    frame["rel"] = frame["t"] - 6
    frame["y"] = rng.normal(size=360) + (frame["t"] >= 6) * frame["tr"]
    return frame


@pytest.mark.parametrize("written", ["C(rel, ref=-1):tr", "tr:C(rel, ref=-1)", "C(rel, ref='-1'):tr"])
def test_an_event_study_is_relative_to_the_period_named(written):
    """Without a constant among its factors the product would keep all its levels, and collinearity drop another."""
    frame = event_study()
    result = pv.fit_fixed_effects(Panel(frame, "firm", "t"), f"y ~ {written}", effects="twoway")
    levels = [int(re.search(r"\[T\.(-?\d+)\]", name)[1]) for name in result.params.index[1:]]
    assert levels == [level for level in range(-6, 6) if level != -1]
    columns = [((frame["rel"] == level) * frame["tr"]).to_numpy(float) for level in levels]
    firms, periods = (pd.get_dummies(frame[name], dtype=float).to_numpy() for name in ("firm", "t"))
    design = np.column_stack([*columns, firms, periods[:, 1:]])
    expected = np.linalg.lstsq(design, frame["y"], rcond=None)[0][: len(levels)]
    np.testing.assert_allclose(result.params.to_numpy()[1:], expected, atol=1e-10)


def test_a_named_reference_is_left_out_whatever_the_model_has():
    panel = Panel(event_study().astype({"rel": float}), "firm", "t")
    for formula in ("y ~ C(rel, ref=2)", "y ~ 0 + C(rel, ref=2)", "y ~ C(rel, ref=2):tr", "y ~ tr + C(rel, ref=2):tr"):
        names = [name for name in regressors(formula, panel)[0] if name != "tr"]
        assert len(names) == 11
        assert not any("[T.2.0]" in name or "[2.0]" in name for name in names)
    # Without ref= the coding is that of the other terms.
    assert len(regressors("y ~ 0 + C(rel)", panel)[0]) == 12
    with pytest.raises(SpecificationError, match="C takes a column, and optionally ref='level'"):
        regressors("y ~ C(rel, ref=[])", panel)
    with pytest.raises(SpecificationError, match="C takes a column, and optionally ref='level'"):
        regressors("y ~ C(rel, ref=-tr)", panel)


def test_coefficients_with_an_equality_sign_in_their_name_can_be_tested():
    result = pv.fit_pooled(Panel(event_study(), "firm", "t"), "y ~ tr + C(rel, ref=-1):tr")
    first, second = (name for name in result.params.index if "[T.0]" in name or "[T.3]" in name)
    assert "ref=-1" in first
    place = [list(result.params.index).index(name) for name in (first, second)]
    for written, rows, target in (
        (first, [[1.0, 0.0]], 0.0),
        (f"{first} = 0", [[1.0, 0.0]], 0.0),
        (f"{first} = {second}", [[1.0, -1.0]], 0.0),
        (f"2*{first} - {second} = 0.5", [[2.0, -1.0]], 0.5),
        (f"`{first}` = 1", [[1.0, 0.0]], 1.0),
        (f"{first}, {second} = 1", np.eye(2), [0.0, 1.0]),
        ([first, f"{second} = 1"], np.eye(2), [0.0, 1.0]),
        ({first: 0.0, second: 1.0}, np.eye(2), [0.0, 1.0]),
    ):
        matrix = np.zeros((len(rows), len(result.params)))
        matrix[:, place] = rows
        assert result.wald_test(written).statistic == pytest.approx(
            result.wald_test(matrix, target).statistic, rel=1e-10
        )
    assert result.wald_test(first).null == f"{first} = 0"
    assert result.wald_test(f"{first}, {second} = 1").null == f"{first} = 0, {second} = 1"
    combined = result.lincom(f"{first} - {second}")
    assert combined.estimate == pytest.approx(result.params.iloc[place[0]] - result.params.iloc[place[1]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        test = pv.wild_bootstrap_test(result, f"{first} = 0", draws=99, seed=1)
        assert test.pvalue == pv.wild_bootstrap_test(result, {first: 0.0}, draws=99, seed=1).pvalue
    assert test.null == f"{first} = 0"
    with pytest.raises(SpecificationError, match=r"'C\(rel, ref=-2\)\[T.0\]:tr' is not an expr"):
        result.wald_test("C(rel, ref=-2)[T.0]:tr = 0")


# ---- what would become categories, or nothing, without a word


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            lambda x: x.astype(str),
            r"'z' holds numbers stored as text: pandas.to_numeric\(data\['z'\]\) makes numbers",
        ),
        (lambda x: x.astype(object), "'z' holds numbers stored as objects"),
        (lambda x: x.astype("string"), "'z' holds numbers stored as text"),
        (lambda x: x.astype(str).where(x.index != 4, "n/a"), r"stored as text, but for 'n/a'.*errors='coerce'"),
        (lambda x: x.astype(str).where(x.index != 4, None), "'z' holds numbers stored as text"),
    ],
)
@pytest.mark.parametrize("formula", ["y ~ z", "y ~ x:z", "z ~ x"])
def test_numbers_stored_as_text_do_not_become_categories(frame, values, words, formula):
    panel = Panel(frame.assign(z=values(frame["w"])), "firm", "year")
    with pytest.raises(DataError, match=words):
        parse(formula, panel)
    # Asked for as categories, they are.
    assert len(regressors("y ~ C(z)", panel)[0]) >= 20


@pytest.mark.parametrize(
    ("write", "advice"),
    [
        (lambda v: f"{v:.2f}".replace(".", ","), r"such as '-?\d+,\d\d': pandas.read_csv\(\.\.\., decimal=','\) reads"),
        (lambda v: f"{1000 + v:.0f},{abs(v):.3f}"[:-4] + "125", r"decimal=','\) reads them as numbers"),
        (lambda v: f"1 {abs(v):03.0f},5", r"decimal=',', thousands=' '\) reads"),
        (lambda v: f"1\u202f{abs(v):03.0f}", r"csv\(\.\.\., thousands='\\u202f'\) reads"),
        (lambda v: f"1.{abs(v):03.0f},5", r"decimal=',', thousands='\.'\) reads"),
        (lambda v: f"1.000.{abs(v):03.0f}", r"csv\(\.\.\., thousands='\.'\) reads"),
        (lambda v: f"1,{abs(v):03.0f}.5", r"csv\(\.\.\., thousands=','\) reads"),
        (lambda v: f"1,{abs(v):03.0f}", "decimal=','\\) reads them where the comma .* thousands=',' where it parts"),
    ],
)
def test_numbers_with_decimal_commas_or_thousands_do_not_become_categories(frame, write, advice):
    values = [write(value) for value in np.linspace(-700.0, 650.0, len(frame))]
    panel = Panel(frame.assign(**{"the z": values}), "firm", "year")
    with pytest.raises(DataError, match=advice):
        parse("y ~ x + `the z`", panel)
    with pytest.raises(DataError, match=r"'the z' holds numbers stored as text.*C\(`the z`\) in the formula makes"):
        parse("`the z` ~ x", panel)
    values[3] = "n/a"
    with pytest.raises(DataError, match=r"stored as text, such as .*, but for 'n/a': "):
        parse("y ~ `the z`", Panel(frame.assign(**{"the z": values}), "firm", "year"))
    assert len(regressors("y ~ C(`the z`)", panel)[0]) > 10


def test_a_text_of_its_own_in_nearly_every_row_is_no_category(frame):
    panel = Panel(frame.assign(share=[f"{row} %" for row in range(len(frame))]), "firm", "year")
    with pytest.raises(DataError, match="'share' holds text, such as '0 %', with 22 different values in 22 rows: each"):
        parse("y ~ x + share", panel)
    assert len(regressors("y ~ C(share)", panel)[0]) == len(frame) - 1
    # Two rows a level are effects that somebody may want to see.
    halves = Panel(frame.assign(share=[f"{row // 2} %" for row in range(len(frame))]), "firm", "year")
    assert len(regressors("y ~ share", halves)[0]) == len(frame) // 2 - 1


MESSY = ("Firm Name", "Fiscal-Year", "Sales (EUR m)", "Capital stock", "R&D / Sales %", "2nd quarter", "3rd", "1", "u")


@pytest.mark.parametrize(
    ("formula", "named"),
    [
        ("u ~ Capital stock", "'Capital stock' is a column of the data. Write the name in backticks: `Capital stock`."),
        ("u ~ Sales (EUR m)", "'Sales (EUR m)' is a column"),
        ("u ~ log(Sales (EUR m))", "'Sales (EUR m)' is a column"),
        ("Sales (EUR m) ~ u", "'Sales (EUR m)' is a column"),
        ("u ~ R&D / Sales %", "'R&D / Sales %' is a column"),
        ("u ~ v + Fiscal-Year", "'Fiscal-Year' is a column"),
        ("u ~ I(Fiscal-Year)", "'Fiscal-Year' is a column"),
        ("u ~ C(Fiscal-Year)", "'Fiscal-Year' is a column"),
        ("u ~ L(Capital stock, 2)", "'Capital stock' is a column"),
        (
            "u ~ Capital stock + log(Sales (EUR m)) + `2nd quarter`",
            "'Capital stock' and 'Sales (EUR m)' are columns of the data. Write the name in backticks: `Capital stock`"
            ", `Sales (EUR m)`.",
        ),
    ],
)
def test_a_column_that_needs_backticks_is_named(formula, named):
    rng = np.random.default_rng(3)
    data = pd.DataFrame({name: rng.uniform(1.0, 2.0, 12) for name in MESSY})
    panel = Panel(data.assign(i=np.repeat([1, 2], 6), **{"Fiscal-Year": [*range(6)] * 2}), "i", "Fiscal-Year")
    with pytest.raises((SpecificationError, DataError), match=re.escape(named)):
        parse(formula, panel)
    with pytest.raises((SpecificationError, DataError), match=re.escape(named)):
        pv.fit_iv_pooled(panel, f"{formula} + [`3rd` ~ `2nd quarter`]")


@pytest.mark.parametrize("formula", ["u ~ nothing + 1", "u ~ log(`Capital stock` - 9)", "u ~ v v", "u ~ 3rd 1"])
def test_names_in_backticks_are_not_spoken_of(formula):
    panel = Panel({name: np.arange(1.0, 5.0) for name in (*MESSY, "v", "t")} | {"i": [1] * 4}, "i", "t")
    with pytest.raises((SpecificationError, DataError)) as caught:
        parse(formula, panel)
    assert "in backticks" not in str(caught.value)


def test_texts_and_flags_are_categories(frame):
    marks = frame.assign(code=np.where(frame["x"] > 0.0, "a1", "b2"), yes=(frame["x"] > 0.0).astype(object))
    panel = Panel(marks, "firm", "year")
    assert regressors("y ~ code + yes", panel)[0] == ("code[T.b2]", "yes[T.True]")
    assert len(regressors("y ~ q", Panel(frame.assign(q=frame["q"].astype("category")), "firm", "year"))[0]) == 1


@pytest.mark.parametrize("value", [[1], 1j])
def test_values_without_an_order_are_no_categories(frame, value):
    kind = type(value).__name__
    odd = pd.Series([value] * len(frame), dtype=object, index=frame.index)
    odd.iloc[0] = [2] if kind == "list" else 2j
    with pytest.raises(DataError, match=f"Column 'r' holds values of type {kind}, which cannot be categories"):
        parse("y ~ x + C(r)", Panel(frame.assign(r=odd), "firm", "year"))


@pytest.mark.parametrize("formula", ["y ~ r", "y ~ x + C(r)", "y ~ x + r:x"])
def test_a_factor_of_one_category_does_not_vanish(frame, formula):
    """With its missing rows it would leave the model, and the rows would stay, without a word."""
    panel = Panel(frame.assign(r=np.where(frame["x"] > 0.0, "a", None)), "firm", "year")
    absent = int((frame["x"] <= 0.0).sum())
    with pytest.raises(DataError, match=rf"one category only, 'a', and is missing in {absent} of 22 rows. It adds"):
        parse(formula, panel)
    with pytest.raises(DataError, match=r"has no category, and is missing in 22 of 22 rows"):
        parse("y ~ r", Panel(frame.assign(r=pd.Series(None, index=frame.index, dtype=object)), "firm", "year"))
    # Where it stands for the constant its indicator is a column, and its missing rows are missing.
    assert regressors("y ~ 0 + r", panel)[0] == ("r[a]",)

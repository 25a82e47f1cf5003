"""Labels in the notation of mathematics: what each output shows, and what no label can open."""

from __future__ import annotations

import copy
import pickle
import re

import pytest
from docx import Document
from hypothesis import given, settings
from hypothesis import strategies as st

import panelvar as pv
from panelvar.core.faces.latex_characters import MINUS, escape_latex, latex_with_numerals
from panelvar.core.faces.layout import Row, number
from panelvar.core.faces.mathematics import COMMANDS, joined, shown_as
from panelvar.core.tables.table import Table


@pytest.mark.parametrize(
    ("source", "text", "latex", "html"),
    [
        (r"\beta_1", "β₁", r"$\beta _{1}$", "<i>β</i><sub>1</sub>"),
        (r"\hat\beta_{t-1}", "β̂ₜ₋₁", r"$\hat{\beta }_{t-1}$", None),
        (r"\sigma^2", "σ²", r"$\sigma ^{2}$", "<i>σ</i><sup>2</sup>"),
        (r"\sigma_{uv}^{2}", "σᵤᵥ²", r"$\sigma _{uv}^{2}$", None),
        (r"R^2_{\mathrm{Q}}", "R²_Q", r"$R^{2}_{\mathrm{Q}}$", "<i>R</i><sup>2</sup><sub>Q</sub>"),
        (r"\Delta y_{it}", "Δyᵢₜ", r"$\Delta y_{it}$", "Δ<i>y</i><sub><i>i</i><i>t</i></sub>"),
        (r"\frac{1}{1-\rho}", "1/(1-ρ)", r"$\frac{1}{1-\rho }$", None),
        (r"\text{Price elasticity, } \eta", "Price elasticity, η", r"Price elasticity, $\eta$", None),
        (r"\log y", "log y", r"$\log y$", None),
        (r"100\%", "100%", r"$100\%$", None),
        ("x'", "x′", "$x'$", None),
        ("β", "β", r"$\beta$", "<i>β</i>"),
        ("a < b", "a < b", "$a<b$", None),
        (r"\sqrt{x+1}", "√(x+1)", r"$\sqrt{x+1}$", None),
        (r"\mathbf{x}'\beta", "x′β", r"$\mathbf{x}'\beta$", None),
    ],
)
def test_each_output_sets_it_in_its_own_way(source, text, latex, html):
    label = pv.Math(source)
    assert label == text
    assert label.latex == latex
    if html is not None:
        assert label.html == html


def test_it_stays_mathematics_when_it_is_read_as_a_text_or_copied():
    label = pv.Math(r"\beta_1")
    for same in (str(label), copy.copy(label), copy.deepcopy(label), pickle.loads(pickle.dumps(label)), pv.Math(label)):
        assert isinstance(same, pv.Math)
        assert (same, same.latex, same.mathtext, same.html) == (label, label.latex, label.mathtext, label.html)
    assert repr(label) == r"Math('\\beta_1')"
    assert {label: 1}["β₁"] == 1


def test_labels_that_are_joined_stay_mathematics():
    assert type(joined(" × ", ["a", "b"])) is str
    label = joined(" × ", ["50% $x$", pv.Math(r"\beta_1"), "<b>"])
    assert label == "50% $x$ × β₁ × <b>"
    assert label.latex == r"50\% \$x\$ $\times$ $\beta _{1}$ $\times$ \textless{}b\textgreater{}"
    assert label.html == "50% $x$ × <i>β</i><sub>1</sub> × &lt;b&gt;"
    assert label.mathtext == r"50% \$x\$ × $\beta _{1}$ × <b>"
    again = pickle.loads(pickle.dumps(label))
    assert isinstance(again, pv.Math) and (again, again.latex) == (label, label.latex)
    assert joined("", [pv.Math("x")]).latex == (pv.Math("x") + "").latex == "$x$"
    assert ("5% of " + pv.Math("x") + " (log)").latex == r"5\% of $x$ (log)"
    with pytest.raises(TypeError):
        pv.Math("x") + 1


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (r"\input{x}", r"\\input is none of the commands"),
        (r"\bta", r"Did you mean \\beta\?"),
        (r"\href{javascript:alert(1)}{x}", "none of the commands"),
        (r"\def\x{y}", "none of the commands"),
        ("a$b", "'\\$' is not a mathematical sign"),
        ("a % b", "'%' is not a mathematical sign"),
        ("a&b", "'&' is not a mathematical sign"),
        ("a#1", "'#' is not a mathematical sign"),
        ("a~b", "'~' is not a mathematical sign"),
        ("a\\\\b", "none of the commands"),
        ("x_1_2", "twice"),
        ("x^2'", "twice"),
        ("_1", "follows nothing"),
        ("{a", "not closed"),
        ("a}", "was not opened"),
        ("{}", "empty"),
        ("x^", "it ends"),
        ("\\", "none of the commands"),
        (r"\text{a", r"\\text"),
        (r"\text{\input}", r"\\text"),
        (r"x_{\text{a}}", r"\\text is none"),
        ("收入", "Put words in"),
        ("{" * 30 + "a" + "}" * 30, "deep"),
        (r"\hat " * 20 + "a", "deep"),
        ("x" * 201, "at most 200"),
        (" ", "empty"),
        (3, "int"),
    ],
)
def test_what_is_not_on_the_list_is_refused(source, said):
    with pytest.raises(pv.SpecificationError, match=said):
        pv.Math(source)


def balanced(latex: str) -> bool:
    depth = 0
    for sign in re.sub(r"\\[\\{}]", "", latex):
        depth += (sign == "{") - (sign == "}")
        if depth < 0:
            return False
    return depth == 0


TAKE_ONE = ("hat", "tilde", "bar", "dot", "ddot", "vec", "sqrt", "mathrm", "mathbf", "mathit")
PIECES = st.sampled_from(
    [
        *(f"\\{name}" for name in COMMANDS),
        *"abxyz0123+-=<>|*' ^_{}()[].,:;!\\$%&#~`\"/",
        r"\text{",
        "β",
        "\x00",
        "收",
        "\n",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=20))
def test_whatever_is_read_writes_nothing_but_the_listed_commands(source):
    try:
        label = pv.Math(source)
    except pv.SpecificationError:
        return
    assert balanced(label.latex)
    parts = re.split(r"(?<!\\)\$", label.latex)
    assert len(parts) % 2 == 1
    for inside in parts[1::2]:
        assert set(re.findall(r"\\([a-zA-Z]+)", inside)) <= {*COMMANDS, "quad"}
        assert not re.search(r"(?<!\\)[%&#~]", inside)
        assert "\\\\" not in inside
    assert set(re.findall(r"<(?!/)([^>]*)>", label.html)) <= {"i", "b", "sub", "sup"}
    assert label.isprintable() or not source.isprintable()


@pytest.mark.parametrize("command", COMMANDS)
def test_matplotlib_knows_every_command(command):
    from matplotlib.mathtext import MathTextParser

    arguments = {"frac": "{a}{b}", "quad": " x"}.get(
        command,
        "{a}" if command in ("hat", "tilde", "bar", "dot", "ddot", "vec", "sqrt", "mathrm", "mathbf", "mathit") else "",
    )
    label = pv.Math(rf"x \{command}{arguments}")
    MathTextParser("path").parse(label.mathtext)


def test_a_plain_text_opens_no_mathematics_and_its_greek_letters_compile():
    assert escape_latex(r"$\beta$") == r"\$\textbackslash{}beta\$"
    assert escape_latex("β\u0302 x\u0304 e\u0301 \u0302") == "$\\hat{\\beta}$ \\={x} é \u0302"
    assert escape_latex("β₁ ≤ ∞") == r"$\beta$\textsubscript{1} $\leq$ $\infty$"


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("-0.31", "$-$0.31"),
        ("[-0.5, -1e-06]", r"[$-$0.5, $-1\times 10^{-6}$]"),
        ("ref=-1", "ref=$-$1"),
        ("chi2(2) = 1.5e+07", r"chi2(2) = $1.5\times 10^{7}$"),
        ("2000-01", "2000-01"),
        ("Mann-Whitney", "Mann-Whitney"),
        ("x-1", "x-1"),
        ("lags 1-4", "lags 1-4"),
        ("log likelihood -123.4", "log likelihood $-$123.4"),
        ("HC1, 1e-6x", "HC1, 1e-6x"),
        ("-exper / (2 * b)", "$-$exper / (2 * b)"),
        ("log(-x)", "log($-$x)"),
        ("a - b", "a $-$ b"),
        ("1e-05 - x", r"$1\times 10^{-5}$ $-$ x"),
        ("-inf", "$-$inf"),
        ("x-ray -y", "x-ray -y"),
        ("--x", "-{}-x"),
    ],
)
def test_a_minus_is_no_hyphen(text, latex):
    assert latex_with_numerals(text) == latex
    minuses = latex.count("$-$") + len(re.findall(r"\$-[0-9]", latex))
    assert len(MINUS.findall(text)) == minuses


def test_an_expression_has_true_minus_signs_in_documents(tmp_path):
    table = Table(title="a - b", body=(Row("-exper / (2 * b)", (number(-1.5),)), Row("x-ray", (number(2.0),))))
    table.save(tmp_path / "a.docx")
    read = Document(str(tmp_path / "a.docx"))
    assert read.paragraphs[0].text == "a \N{MINUS SIGN} b"
    assert [row.cells[0].text for row in read.tables[0].rows] == ["\N{MINUS SIGN}exper / (2 * b)", "x-ray"]


def test_mathematics_may_be_a_text_of_the_keyboard_to_programs(tmp_path):
    label = shown_as("r <= 1", r"r \leq 1")
    assert label == "r <= 1" and label.latex == r"$r\leq 1$" and label.mathtext == r"$r\leq 1$" and "≤" in label.html
    assert pickle.loads(pickle.dumps(label)).latex == label.latex
    table = Table(body=(Row(label, (number(1.5),)),))
    assert "r <= 1" in table.to_text() and r"$r\leq 1$ & 1.5000" in table.to_latex()
    assert type(table.to_frame().index[0]) is str

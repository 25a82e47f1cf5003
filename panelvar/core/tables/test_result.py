"""The one result type of every test in the library."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, TypeVar

from panelvar.core.base.arguments import is_number
from panelvar.core.base.distributions import chi2_tail, f_tail, normal_tail, t_tail
from panelvar.core.base.errors import Note, PanelVarError, SpecificationError
from panelvar.core.base.quoting import one_line, printable, shown
from panelvar.core.faces.layout import Fact, Row, number, probability, words
from panelvar.core.faces.number_format import check_digits, format_degrees, format_number, pvalue_text
from panelvar.core.tables.table import Presented, Table

T = TypeVar("T")

Notes = Iterable[Note]

# What a distribution is called by itself, and before a statistic that is referred to it.
_DISTRIBUTIONS = {
    "chi2": ("chi2", "chi2"),
    "f": ("F", "F"),
    "t": ("t", "t"),
    "normal": ("N(0, 1)", "z"),
    "chibar2": ("chibar2(01)", "chibar2(01)"),
    "chibar2-two": ("chibar2(012)", "chibar2(012)"),
    "none": ("its own", "statistic"),
}


@dataclass(frozen=True, repr=False)
class TestResult(Presented):
    """A test statistic with its reference distribution.

    Parameters
    ----------
    name : str
        The test, such as ``"Hausman"``.
    statistic, pvalue : float
        The value and its tail probability.
    distribution : {"chi2", "f", "t", "normal", "chibar2", "chibar2-two", "none"}
        Reference distribution under the null; chibar2 is zero with probability one half, else chi2(1); chibar2-two is
        zero, chi2(1), chi2(2) with probabilities 1/4, 1/2, 1/4; none stands for any other distribution (and perhaps no
        p-value).
    df : float or None
        Degrees of freedom (numerator, for F).
    df_denominator : float or None
        Denominator degrees of freedom of an F.
    null : str
        The hypothesis tested, in words.
    notes : tuple of Note
        What a reader should know before using the p-value.

    See Also
    --------
    hausman_test : Returns one, as all tests do.
    WildBootstrapResult : With a confidence set.

    Examples
    --------
    >>> import panelvar as pv
    >>> states = pv.load_data("fatalities")
    >>> test = pv.effects_lm_test(pv.fit_pooled(states, "frate ~ beertax"))
    >>> test
    <Breusch-Pagan LM (entity effects): chi2(1) = 754.5667, p < 0.0001>
    >>> print(round(test.statistic, 1), test.df, test.pvalue < 0.001)
    754.6 1 True
    >>> test.null
    'no entity effects'
    """

    __test__ = False  # keeps pytest from collecting the class

    _in_brackets: ClassVar[str] = "A test has named numbers: statistic, pvalue, df."

    name: str
    statistic: float
    pvalue: float
    distribution: str
    df: float | None = None
    df_denominator: float | None = None
    null: str = ""
    notes: tuple[Note, ...] = field(default=())

    def __post_init__(self) -> None:
        """Refuse what cannot be printed: results are made by hand too."""
        if not (is_number(self.statistic) and is_number(self.pvalue)):
            raise SpecificationError(
                f"statistic={shown(self.statistic)} and pvalue={shown(self.pvalue)} must be numbers (NaN: none)."
            )
        for option, value in (("df", self.df), ("df_denominator", self.df_denominator)):
            if value is not None and not is_number(value):
                raise SpecificationError(f"{option}={shown(value)} must be a number or None.")
        for option, text in (("name", self.name), ("distribution", self.distribution), ("null", self.null)):
            if not isinstance(text, str):
                raise SpecificationError(f"{option}={shown(text)} must be a text.")
        if not (isinstance(self.notes, tuple) and all(isinstance(n, Note) for n in self.notes)):
            raise SpecificationError(f"notes={shown(self.notes)} must be a tuple of Note.")

    def summary(self) -> Table:
        """Return statistic, reference distribution and p-value as a table, the null hypothesis below."""
        return table_of_tests(self)

    @property
    def reference(self) -> str:
        """The reference distribution with its degrees of freedom, such as ``F(2, 36)``."""
        return _DISTRIBUTIONS.get(self.distribution, (self.distribution, ""))[0] + self._degrees

    def in_a_line(self, digits: int = 4) -> str:
        """Print the test without its name: ``F(2, 36) = 90.2041, p < 0.0001``.

        Parameters
        ----------
        digits : int
            Decimals.

        Returns
        -------
        str
        """
        check_digits(digits)
        symbol = _DISTRIBUTIONS.get(self.distribution, ("", "statistic"))[1]
        return f"{symbol}{self._degrees} = {format_number(self.statistic, digits)}, {self._tail(digits)}"

    @property
    def _degrees(self) -> str:
        degrees = [format_degrees(df) for df in (self.df, self.df_denominator) if df is not None]
        return f"({', '.join(degrees)})" if degrees else ""

    def _tail(self, digits: int) -> str:
        return pvalue_text(self.pvalue, digits)

    def __repr__(self) -> str:
        return one_line(f"<{self.name}: {self.in_a_line()}>")

    def __str__(self) -> str:
        return printable(f"{self.name}: {self.in_a_line()}. Null: {self.null}")


def table_of_tests(*results: TestResult, digits: int = 4) -> Table:
    """Tabulate one test or several: statistic, reference distribution, p-value, and the null hypotheses below."""
    body = tuple(
        Row(
            each.name,
            (number(each.statistic, digits), words(each.reference, "right"), probability(each.pvalue, digits)),
        )
        for each in results
    )
    notes = []
    for each in results:
        if each.null:
            which = "" if len(results) == 1 else f" of {each.name}"
            notes.append(f"Null hypothesis{which}: {each.null}.".replace("..", "."))
        notes.extend(note.text for note in each.notes)
    header = Row("", (words("Statistic", "right"), words("Distribution", "right"), words("p", "right")))
    return Table(header=(header,), body=body, notes=tuple(dict.fromkeys(notes)))


def tests_in_lines(tests: Mapping[str, TestResult | str | None], digits: int = 4) -> tuple[Fact, ...]:
    """Print the tests there are, a line each, for the foot of a summary; a text is why there is none."""
    return tuple(
        Fact(label, "not available" if isinstance(test, str) else test.in_a_line(digits))
        for label, test in tests.items()
        if test is not None
    )


def test_or_reason(test: Callable[[], T]) -> T | str:
    """Compute a test or statistic for a table, which never raises: where the data do not have it, return the reason."""
    try:
        return test()
    except PanelVarError as error:
        return str(error)


def chi2_test(name: str, statistic: float, df: float, null: str = "", notes: Notes = ()) -> TestResult:
    """Refer a statistic to the chi-squared distribution."""
    return TestResult(name, statistic, chi2_tail(statistic, df), "chi2", df, None, null, tuple(notes))


def chibar2_test(name: str, statistic: float, bounds: int, null: str) -> TestResult:
    """Refer a statistic to the mixture of chi-squareds of one or two parameters on the boundary of their space."""
    pvalue = 1.0
    if statistic > 0.0:
        pvalue = 0.5 * chi2_tail(statistic, 1.0) + (0.25 * chi2_tail(statistic, 2.0) if bounds > 1 else 0.0)
    kind = "chibar2" if bounds == 1 else "chibar2-two"
    return TestResult(name, statistic, pvalue, kind, null=null)


def own_test(name: str, statistic: float, pvalue: float, null: str, notes: Notes = ()) -> TestResult:
    """A statistic with another distribution: its p-value, or NaN."""
    return TestResult(name, statistic, pvalue, "none", null=null, notes=tuple(notes))


def f_test(
    name: str, statistic: float, df: float, df_denominator: float, null: str = "", notes: Notes = ()
) -> TestResult:
    """Refer a statistic to the F distribution."""
    pvalue = f_tail(statistic, df, df_denominator)
    return TestResult(name, statistic, pvalue, "f", df, df_denominator, null, tuple(notes))


def t_test(name: str, statistic: float, df: float, null: str = "", notes: Notes = ()) -> TestResult:
    """Refer a statistic to both tails of the t distribution."""
    return TestResult(name, statistic, t_tail(statistic, df), "t", df, None, null, tuple(notes))


def z_test(name: str, statistic: float, null: str = "", notes: Notes = (), *, sides: int = 2) -> TestResult:
    """Refer a statistic to the normal distribution: both tails, or the upper one."""
    return TestResult(name, statistic, normal_tail(statistic, sides=sides), "normal", None, None, null, tuple(notes))

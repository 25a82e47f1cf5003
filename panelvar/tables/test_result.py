"""The one result type of every test in the library."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from panelvar.base.errors import Note

if TYPE_CHECKING:
    from panelvar.tables.table import Table


@dataclass(frozen=True, repr=False)
class TestResult:
    """A test statistic with its reference distribution.

    Parameters
    ----------
    name : str
        The test, such as ``"Hausman"``.
    statistic, pvalue : float
        The value and its tail probability.
    distribution : {"chi2", "f", "t", "normal", "chibar2", "chibar2-two", "none"}
        Reference distribution under the null; chibar2 is zero with probability one half, else chi2(1); chibar2-two is
        zero, chi2(1), chi2(2) with probabilities 1/4, 1/2, 1/4; none stands for a statistic with a distribution of its
        own (and perhaps no p-value).
    df : float or None
        Degrees of freedom (numerator, for F).
    df_denominator : float or None
        Denominator degrees of freedom of an F.
    null : str
        The hypothesis tested, in words.
    notes : tuple of Note
        What a reader should know before using the p-value.
    """

    __test__ = False  # keeps pytest from collecting the class

    name: str
    statistic: float
    pvalue: float
    distribution: str
    df: float | None = None
    df_denominator: float | None = None
    null: str = ""
    notes: tuple[Note, ...] = field(default=())

    def summary(self) -> Table:
        """Render the test as a small table (text, Markdown, HTML, LaTeX, DataFrame)."""
        from panelvar.tables.test_table import test_table

        return test_table(self)

    def __repr__(self) -> str:
        return f"<{self._outcome()}>"

    def __str__(self) -> str:
        return f"{self._outcome()}. Null: {self.null}"

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()

    def _outcome(self) -> str:
        reference = {
            "chi2": f"chi2({self.df:g})" if self.df is not None else "chi2",
            "f": f"F({self.df:g}, {self.df_denominator:g})" if self.df_denominator is not None else "F",
            "t": f"t({self.df:g})" if self.df is not None else "t",
            "normal": "z",
            "chibar2": "chibar2(01)",
            "chibar2-two": "chibar2(012)",
            "none": "statistic",
        }[self.distribution]
        tail = "p < 0.0001" if self.pvalue < 0.0001 else f"p = {self.pvalue:.4f}"
        if math.isnan(self.pvalue):
            tail = "no p-value"
        return f"{self.name}: {reference} = {self.statistic:.4f}, {tail}"

"""What a test of a panel's stationarity or cointegration returns, and how it is put together."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arguments import read_size
from panelvar.core.base.arrays import Mask
from panelvar.core.base.distributions import normal_tail
from panelvar.core.base.errors import Note, emit
from panelvar.core.faces.layout import Fact
from panelvar.core.faces.number_format import format_count, format_number
from panelvar.core.tables.table import Table
from panelvar.core.tables.test_result import TestResult, table_of_tests
from panelvar.estimates.sizes.panel_sizes import PanelCase, panel_size_notes
from panelvar.nonstationary.panel_series.bootstrap import DrawnStatistics
from panelvar.nonstationary.panel_series.entity_values import EntityValues
from panelvar.nonstationary.panel_series.terms import WORDS

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, repr=False)
class PanelTestResult(TestResult):
    """A `TestResult` of a panel, with its parts, what each entity contributed, and the choices made.

    Parameters
    ----------
    alternative : str
        What a small p-value speaks for.
    parts : tuple of TestResult
        Other statistics from the same regressions, of the same hypothesis unless they say another.
    values : mapping of str to float
        Statistics before they are standardised, by name, where ``statistic`` and ``parts`` have them standardised.
    choices : mapping of str to str
        What was chosen, in words: terms, lags, kernel, bandwidth.
    columns : mapping of str to (N,) array
        What each entity contributed.
    labels : tuple
        Labels of the entities.
    n_entities, n_periods : int
        Entities used, and the longest of their series (0 where no series were given).
    nobs : int
        Observations used.
    critical_values : dict of float to float
        By significance level; empty where none are published.
    bound : str
        ``"<"`` or ``">"`` where the p-value is a bound because the published table ends there, else empty.
    drawn : mapping of str to (B,) array
        With ``bootstrap=``, statistics of the panels drawn under the null, by name; else empty.
    published_pvalues : mapping of str to float
        With ``bootstrap=``, the p-values of these statistics by their published distributions, where there are any
        for so many periods; else empty.

    See Also
    --------
    TestResult : what all tests share.
    panel_unit_root_table, panel_cointegration_table : many tests side by side.

    Examples
    --------
    >>> import panelvar as pv
    >>> test = pv.ips_test(pv.load_data("grunfeld"), "value", lags=1)
    >>> test.rejects(0.05), test.n_entities
    (False, 11)
    >>> test.individual.round(3).head(2)
                       ratio  lags  rows  coefficient
    entity
    American Steel    -2.512     1    18       -0.745
    Atlantic Refining  0.060     1    18        0.009
    """

    alternative: str = ""
    parts: tuple[TestResult, ...] = ()
    values: Mapping[str, float] = field(default_factory=dict)
    choices: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    labels: tuple[Hashable, ...] = ()
    n_entities: int = 0
    n_periods: int = 0
    nobs: int = 0
    critical_values: dict[float, float] = field(default_factory=dict)
    bound: str = ""
    drawn: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    published_pvalues: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def individual(self) -> pd.DataFrame:
        """What each entity contributed: a row for each."""
        import pandas as pd

        return pd.DataFrame(dict(self.columns), index=pd.Index(list(self.labels), name="entity", tupleize_cols=False))

    def rejects(self, level: float = 0.05) -> bool:
        """Whether the null is rejected at a level of significance.

        Parameters
        ----------
        level : float
            Significance level, at most one half.

        Returns
        -------
        bool
        """
        size = read_size(level)
        # A p-value of draws may be the level itself, which rejects; one above a bound is not that low.
        return self.bound != ">" and (self.pvalue < size or math.isclose(self.pvalue, size))

    def reading(self, level: float = 0.05) -> str:
        """What the test says at a level of significance, in a sentence.

        Parameters
        ----------
        level : float
            Significance level, below one half.

        Returns
        -------
        str
        """
        size = read_size(level)
        if self.rejects(size):
            return f"Rejected at {100 * size:.3g} percent: {self.alternative}."
        if not self.pvalue <= 1.0:
            return "There is no p-value, so the test says nothing."
        if self.bound == ">" and self.pvalue < size:
            return f"The published table ends at {100 * self.pvalue:.3g} percent, so the test says nothing at more."
        if self.bound == "<" and self.pvalue > size:
            return f"The published table begins at {100 * self.pvalue:.3g} percent, so the test says nothing at less."
        return f"Not rejected at {100 * size:.3g} percent, which does not prove that {self.null}."

    def summary(self) -> Table:
        """Return the statistics as a table: choices above them, null, alternative and what the test says below."""
        found = table_of_tests(self, *self.parts)
        facts = (
            Fact("Entities", format_count(self.n_entities)),
            *((Fact("Periods", format_count(self.n_periods)),) if self.n_periods else ()),
            *(Fact(label, text) for label, text in self.choices.items()),
            *(Fact(f"{name}, before standardisation", format_number(value, 4)) for name, value in self.values.items()),
        )
        notes = [
            f"Null hypothesis: {self.null}. Alternative: {self.alternative}.",
            self.reading(),
            *self._disagreement(),
        ]
        notes += [note.text for note in self.notes]
        notes += [f"Null hypothesis of {part.name}: {part.null}." for part in self.parts if part.null != self.null]
        notes += [
            f"Alternative of {part.name}: {part.alternative}."
            for part in self.parts
            if isinstance(part, PanelTestResult) and part.alternative != self.alternative
        ]
        notes += [f"{part.name}: {note.text}" for part in self.parts for note in part.notes]
        return Table(header=found.header, body=found.body, facts=facts, notes=tuple(dict.fromkeys(notes)))

    def _disagreement(self) -> Iterator[str]:
        """Say which statistics of the same null reject, where not all or none of them do."""
        others = [part for part in self.parts if part.null == self.null and part.pvalue <= 1.0]
        rejecting = [part.name for part in others if part.pvalue < 0.05 or math.isclose(part.pvalue, 0.05)]
        title = self.name.partition(" (trend")[0]
        if self.pvalue <= 1.0 and len(rejecting) != len(others) * self.rejects():
            those = [title] * self.rejects() + rejecting
            yield (
                f"That is about {title}. At 5 percent, {len(those)} of {1 + len(others)} statistics of this null "
                f"reject: {', '.join(those)}."
            )

    def _tail(self, digits: int) -> str:
        return f"p {self.bound} {self.pvalue:g}" if self.bound else super()._tail(digits)


def lower_test(name: str, statistic: float, null: str) -> TestResult:
    """Refer a statistic that is low where the null is not true to the normal distribution."""
    return TestResult(name, statistic, normal_tail(-statistic, sides=1), "normal", null=null)


def panel_test(
    test: TestResult,
    panel: EntityValues,
    alternative: str,
    *,
    nobs: int,
    trend: str = "",
    parts: Iterable[TestResult] = (),
    choices: Mapping[str, str],
    columns: Mapping[str, NDArray[Any]] = MappingProxyType({}),
    notes: Iterable[Note] = (),
    size: PanelCase | None = None,
    drawn: DrawnStatistics | None = None,
) -> PanelTestResult:
    """Make a test one of a panel, with what is known of its entities, and warn of what its reader should know.

    Parameters
    ----------
    test : TestResult
        Name, statistic, p-value, null hypothesis and notes.
    panel : EntityValues
        What was read, with its notes.
    trend : str, optional
        Terms of every entity, which go into the name and the choices.
    size : PanelCase, optional
        The test and its options among those whose rates are known, which are those of the median entity's periods.
    drawn : DrawnStatistics, optional
        Of a bootstrap, whose p-values take the place of those of the test and its first parts.
    """
    parts, by_name, published = tuple(parts), {}, {}
    if drawn is not None:
        size, notes = None, ()
        published = {test.name: test.pvalue, **{part.name: part.pvalue for part in parts}}
        by_name = dict(zip(published, drawn.values.T, strict=False))
        published = {name: published[name] for name in by_name if not math.isnan(published[name])}
        choices = {**choices, "P-values": drawn.words}
        undrawn = [part.name for part in parts[len(by_name) - 1 :]]
        if undrawn:
            # Such as the number of trends among factors: nothing is drawn under their null.
            notes = (Note("published", f"{', '.join(undrawn)}: not by the bootstrap, but by published distributions."),)
        test, *parts = _by_bootstrap((test, *parts), drawn)
    names = [each.name for each in (test, *parts)]
    often = panel_size_notes(size, names, panel.n_entities, float(np.median(panel.periods)))
    told = (*panel.notes, *test.notes, *notes, *often)
    emit(told)
    return PanelTestResult(
        f"{test.name} (trend {trend!r})" if trend else test.name,
        test.statistic,
        test.pvalue,
        test.distribution,
        test.df,
        null=test.null,
        notes=told,
        alternative=alternative,
        parts=tuple(parts),
        choices={"Terms": WORDS[trend], **choices} if trend else choices,
        columns=dict(columns),
        labels=panel.labels,
        n_entities=panel.n_entities,
        n_periods=int(panel.periods.max()),
        nobs=nobs,
        drawn=by_name,
        published_pvalues=published,
    )


def _by_bootstrap(tests: Sequence[TestResult], drawn: DrawnStatistics) -> Iterator[TestResult]:
    """The tests with the p-values of the draws, where these have their statistics."""
    count = drawn.values.shape[1]
    pvalues = drawn.pvalues(np.array([each.statistic for each in tests[:count]]))
    for each, pvalue in zip(tests, pvalues.tolist(), strict=False):
        # What is said of a published distribution is not said of the draws.
        yield replace(each, pvalue=pvalue, distribution="none", df=None, notes=())
    yield from tests[count:]


def end_notes(beyond: Mask, known: str = "MacKinnon's polynomials") -> tuple[Note, ...]:
    """Return a note on the entities' Dickey-Fuller ratios that lie beyond the range of known p-values."""
    count = int(np.count_nonzero(beyond))
    if not count:
        return ()
    text = (
        f"{count} of {len(beyond)} ratios are beyond the ends of {known}, and have the ends' p-values, which are "
        "bounds."
    )
    return (Note("ratios-beyond", text),)

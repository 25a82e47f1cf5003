"""Several tests of a panel in one table, as papers print them."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from panelvar.core.base.arguments import read_labels
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import Note, PanelVarError, PanelVarWarning, SpecificationError, choose, emit
from panelvar.core.base.quoting import one_line, shown
from panelvar.core.faces.layout import Cell, Fact, Row, number, spanning, words
from panelvar.core.faces.number_format import (
    DEFAULT_STARS,
    Levels,
    Stars,
    check_digits,
    check_stars,
    format_number,
    format_pvalue,
    star_legend,
    stars_for,
)
from panelvar.core.tables.table import Presented, Table
from panelvar.core.tables.test_result import TestResult
from panelvar.data.panel.panel import as_panel
from panelvar.estimates.sizes.panel_sizes import SIZE
from panelvar.nonstationary.panel_series.entity_values import EntityValues
from panelvar.nonstationary.panel_series.result import PanelTestResult
from panelvar.nonstationary.unit_roots.result import BOUND
from panelvar.panels.diagnostics.cross_section_dependence import cross_section_dependence_test
from panelvar.panels.diagnostics.cross_section_exponent import cross_section_exponent

if TYPE_CHECKING:
    import pandas as pd

LEVEL = 0.05
"""Significance level at which entities are found to depend on one another."""
# What notes of one test on several variables differ in: "1 of 11", "10%", "10 x 25".
_MEASURE = re.compile(r"\b\d+ (?:of|x) \d+\b|\b\d+(?:\.\d+)?%")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


class ListedTest(NamedTuple):
    """A test that a battery offers.

    Attributes
    ----------
    run : callable
        The public function.
    label : str
        What the table calls it.
    options : tuple of str
        Which of the battery's options it has.
    given : mapping
        Options that make it this test.
    trends : tuple of str
    whole : bool
        Whether the test's parts have separate rows in the table.
    independent : bool
        Whether it assumes that entities are independent, unless its p-values are from draws.
    balanced : bool
        Whether all entities need the same periods.
    """

    run: Callable[..., PanelTestResult]
    label: str
    options: tuple[str, ...]
    given: Mapping[str, Any] = MappingProxyType({})
    trends: tuple[str, ...] = ("n", "c", "ct")
    whole: bool = False
    independent: bool = False
    balanced: bool = False


@dataclass(frozen=True, eq=False)
class BatteryEntry:
    """What a test says of one variable, or why it says nothing.

    Attributes
    ----------
    subject : str
        The variable, or the relation, tested.
    form : str
        ``"level"``, ``"difference"`` and so on; empty where there is one form.
    test : str
        Name of the test among the choices of ``tests=``.
    label : str
        What the table calls it.
    result : PanelTestResult or None
        None where the test refuses the data.
    refusal : PanelVarError or None
        Why it does.
    independent : bool
        Whether it assumes that entities are independent.
    """

    subject: str
    form: str
    test: str
    label: str
    result: PanelTestResult | None
    refusal: PanelVarError | None = None
    independent: bool = False


@dataclass(frozen=True, eq=False, repr=False)
class PanelTestTable(Presented):
    """Tests of a panel side by side: one entry for each variable, form and test.

    Attributes
    ----------
    title : str
    entries : tuple of BatteryEntry
        In the order of the table.
    facts : tuple of Fact
        What holds for all tests: terms, lags.
    notes : tuple of Note

    See Also
    --------
    panel_unit_root_table, panel_cointegration_table : make it.
    PanelTestResult : one of its tests.

    Examples
    --------
    >>> import panelvar as pv
    >>> grunfeld = pv.load_data("grunfeld")
    >>> table = pv.panel_unit_root_table(grunfeld, "value", tests=["llc", "ips"], lags=1, differences=0)
    >>> table.result("ips").in_a_line()
    'z = -0.8042, p = 0.2106'
    >>> table.to_frame()[["statistic", "pvalue"]].round(3)
                         statistic  pvalue
    variable form  test
    value    level llc       2.397   0.992
                   ips      -0.804   0.211
    """

    title: str
    entries: tuple[BatteryEntry, ...]
    facts: tuple[Fact, ...] = ()
    notes: tuple[Note, ...] = field(default=())

    def result(self, test: str, subject: str | None = None, form: str | None = None) -> PanelTestResult:
        """Return the result of one test.

        Parameters
        ----------
        test : str
            Its name, as in ``tests=``.
        subject : str, optional
            The variable; may be left out where there is one.
        form : str, optional
            ``"level"``, ``"difference"`` ...; may be left out where there is one.

        Returns
        -------
        PanelTestResult

        Raises
        ------
        SpecificationError
            The table has no such entry, or several of them; or the test refused the data, and the message says why.
        """
        found = [
            entry
            for entry in self.entries
            if isinstance(test, str)
            and entry.test == test
            and _is_asked_for(subject, entry.subject)
            and _is_asked_for(form, entry.form)
        ]
        if len(found) != 1:
            there = [tuple(filter(None, (entry.test, entry.subject, entry.form))) for entry in found or self.entries]
            raise SpecificationError(
                f"test={shown(test)}, subject={shown(subject)}, form={shown(form)} name "
                f"{count_of(len(found), 'entry', 'entries')} of the table, and should name one of: "
                f"{', '.join(map(shown, there[:12]))}{' ...' if len(there) > 12 else ''}."
            )
        (entry,) = found
        if entry.result is None:
            raise SpecificationError(f"{entry.label} has no result: {entry.refusal}")
        return entry.result

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each variable, form and test.

        Returns
        -------
        DataFrame
            Columns statistic, pvalue, bound ("<" or ">" where the p-value is one), entities, periods, nobs, null,
            alternative, and reading: what the test says at 5 percent, or why it was not run.
        """
        import pandas as pd

        index = pd.MultiIndex.from_tuples(
            [(entry.subject, entry.form, entry.test) for entry in self.entries], names=["variable", "form", "test"]
        )
        names = ("statistic", "pvalue", "bound", "entities", "periods", "nobs", "null", "alternative", "reading")
        rows = [
            (
                *(each.statistic, each.pvalue, each.bound, each.n_entities, each.n_periods, each.nobs),
                *(each.null, each.alternative, each.reading()),
            )
            if (each := entry.result) is not None
            else (float("nan"), float("nan"), "", 0, 0, 0, "", "", f"Not run: {entry.refusal}")
            for entry in self.entries
        ]
        frame = pd.DataFrame(rows, index=index, columns=pd.Index(names))
        told = {"variable": (entry.subject for entry in self.entries), "form": (entry.form for entry in self.entries)}
        return frame.droplevel([level for level, values in told.items() if not any(values)])

    def summary(self, *, digits: int = 4, stars: Levels = DEFAULT_STARS) -> Table:
        """Return the table as papers print it: a block for each variable and null, forms side by side.

        Parameters
        ----------
        digits : int
            Digits after the point.
        stars : sequence of float, mapping of str to float, or False
            Levels of significance, one star each; or signs and their levels. False for no stars.

        Returns
        -------
        Table
        """
        check_digits(digits)
        levels = check_stars(stars)
        forms = tuple(dict.fromkeys(entry.form for entry in self.entries))
        subjects = tuple(dict.fromkeys(entry.subject for entry in self.entries))
        header = [Row("", tuple(cell for _ in forms for cell in (words("Statistic", "right"), words("p", "right"))))]
        if any(forms):
            header.insert(0, Row("", spanning((form[:1].upper() + form[1:], 2) for form in forms)))
        body: list[Row] = []
        blank = (Cell(),) * (2 * len(forms))
        for subject in subjects:
            own = [entry for entry in self.entries if entry.subject == subject]
            for null in dict.fromkeys(_null_of(entry, own) for entry in own):
                heading = [subject] if len(subjects) > 1 else []
                heading.append(f"H0: {null}" if null else "Not run")
                body.append(Row(". ".join(heading), blank, heading=True, rule=bool(body)))
                for label in dict.fromkeys(entry.label for entry in own if _null_of(entry, own) == null):
                    results = {entry.form: entry.result for entry in own if entry.label == label}
                    cells = [cell for form in forms for cell in _cells(results.get(form), digits, levels)]
                    marked = any(entry.independent for entry in own if entry.label == label)
                    body.append(Row(f"{label} (i)" if marked else label, tuple(cells)))
        notes = ["(i) assumes that entities are independent."] if any(e.independent for e in self.entries) else []
        for subject, form in product(subjects, forms):
            run = [
                (entry.label, entry.result)
                for entry in self.entries
                if entry.subject == subject and entry.form == form and entry.result is not None
            ]
            if run:
                where = ", ".join(filter(None, (subject if len(subjects) > 1 else "", form)))
                notes.append(_count_rejections(run, where))
        alternatives = self._alternatives()
        most = max(alternatives, key=lambda alternative: len(alternatives[alternative]))
        notes += [f"H1 of {enumerate_words(own)}: {said}." for said, own in alternatives.items() if said != most]
        notes.append(f"H1{' of the others' if len(alternatives) > 1 else ''}: {most}.")
        notes += [f"{star_legend(levels)}."] if levels else []
        notes += self._refusals()
        notes += [note.text for note in self.notes]
        return Table(self.title, tuple(header), tuple(body), facts=self.facts, notes=tuple(dict.fromkeys(notes)))

    def _alternatives(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for entry in self.entries:
            if entry.result is not None and entry.label not in found.setdefault(entry.result.alternative, []):
                found[entry.result.alternative].append(entry.label)
        return found

    def _refusals(self) -> Iterator[str]:
        """Of each test that refused: how often, and why the first time."""
        for label in dict.fromkeys(entry.label for entry in self.entries if entry.result is None):
            tried = [entry for entry in self.entries if entry.label == label]
            reasons = [entry.refusal for entry in tried if entry.result is None]
            often = "at all" if len(reasons) == len(tried) else f"{len(reasons)} of {len(tried)} times"
            yield f"{label}: not run {often}. {reasons[0]}"

    def __repr__(self) -> str:
        return one_line(f"<{self.title}: {len(self.entries)} tests>")


def common_facts(terms: str, lags: int | str, demean: bool) -> tuple[Fact, ...]:
    """What holds for all tests of a battery."""
    facts = (Fact("Terms", terms), Fact("Lags", str(lags)))
    return (*facts, Fact("Periods", "means subtracted")) if demean else facts


def read_tests(tests: object, offered: Mapping[str, ListedTest], trends: Iterable[object]) -> tuple[str, ...]:
    """Return the names of the tests of a battery.

    Raises
    ------
    SpecificationError
        There is none, one is unknown or named twice, or one does not have the terms.
    """
    names = read_some("tests", tests, "names of tests")
    for name in names:
        choose("tests", name, offered)
    for name in names:
        for trend in trends:
            if trend not in (own := offered[name].trends):
                have = " or ".join(map(repr, own))
                raise SpecificationError(
                    f"trend={shown(trend)} is not available in {name!r}, which has {have}. Choose other terms, or "
                    "leave the test out of tests=."
                )
    return names


def read_some(option: str, value: object, what: str) -> tuple[Any, ...]:
    """Return what is listed: one thing or more, none of them twice.

    Raises
    ------
    SpecificationError
        Nothing is listed, or something twice.
    """
    found = read_labels(option, value, what)
    if not found:
        raise SpecificationError(f"{option}= is empty. It must be {what}.")
    if len(set(found)) < len(found):
        raise SpecificationError(f"{option}={shown(list(found))} must be {what}, each of them once.")
    return found


def attempt(
    name: str,
    offered: ListedTest,
    data: Sequence[Any],
    options: Mapping[str, Any],
    *,
    subject: str = "",
    form: str = "",
) -> list[BatteryEntry]:
    """Run a test with those of the battery's options that it has; `make_table` passes its warnings on.

    The first entry is that of the test. Those of its parts follow where they have separate rows.
    """
    chosen = {key: value for key, value in options.items() if key in offered.options}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PanelVarWarning)
            result = offered.run(*data, **chosen, **offered.given)
    except PanelVarError as error:
        return [BatteryEntry(subject, form, name, offered.label, None, error)]
    if not offered.whole:
        return [BatteryEntry(subject, form, name, offered.label, result, independent=_assumes(offered, result))]
    # A headline's name ends with its terms, which the table has above.
    assumed = _assumes(offered, result)
    title = result.name.partition(" (trend")[0]
    entries = [BatteryEntry(subject, form, name, title, result, independent=assumed)]
    for part in result.parts:
        alone = replace(
            result,
            name=part.name,
            statistic=part.statistic,
            pvalue=part.pvalue,
            null=part.null,
            notes=part.notes,
            alternative=part.alternative if isinstance(part, PanelTestResult) else result.alternative,
            parts=(),
            bound="",
        )
        # Two tests of a table may have a part of one name: it says whose it is.
        owner = offered.label.split()[0]
        label = part.name if part.name.startswith(owner) else f"{owner} {part.name}"
        entries.append(BatteryEntry(subject, form, f"{name}: {part.name}", label, alone, independent=assumed))
    return entries


def _assumes(offered: ListedTest, result: PanelTestResult) -> bool:
    """Whether a result is right for independent entities alone: draws keep what entities share."""
    return offered.independent and not result.drawn


class Dependence(NamedTuple):
    """How entities depend on one another: Pesaran's CD, and the exponent; None where there are too few for one."""

    cd: TestResult
    exponent: float | None


def dependence_of(panel: EntityValues, *, changes: bool) -> Dependence | None:
    """That of a variable, or of the first of several; None where there is none.

    Of a panel with holes, it is that of the largest without.
    """
    import pandas as pd

    block = panel.block()
    columns = [own.reshape(len(own), -1)[:, 0] for own in block.values]
    index = pd.MultiIndex.from_product([block.places, range(len(columns[0]))], names=["entity", "time"])
    entities = as_panel(pd.DataFrame({"value": np.concatenate(columns)}, index=index))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PanelVarWarning)
        try:
            found = cross_section_exponent(entities, "value", changes=changes)
        except PanelVarError:
            pass
        else:
            return Dependence(found.cd, found.exponent)
        try:
            return Dependence(cross_section_dependence_test(entities, "value", changes=changes), None)
        except PanelVarError:
            return None


def dependence_facts(found: Mapping[str, Dependence | None]) -> tuple[Fact, ...]:
    """Pesaran's CD and the exponent of dependence, variable by variable."""
    cd, exponents = [], []
    for subject, own in found.items():
        lead = f"{subject}: " if len(found) > 1 else ""
        if own is not None:
            cd.append(f"{lead}{format_number(own.cd.statistic, 2)}")
            if own.exponent is not None:
                exponents.append(f"{lead}{format_number(own.exponent, 2)}")
    facts = (("CD of changes", cd), ("Exponent of dependence", exponents))
    return tuple(Fact(label, "; ".join(texts)) for label, texts in facts if texts)


def _dependence_notes(entries: Sequence[BatteryEntry], found: Mapping[str, Dependence | None]) -> Iterator[Note]:
    """Say where entities depend on one another, and tests in the table assume that they do not."""
    marked = {entry.subject for entry in entries if entry.independent}
    dependent = {
        subject: result
        for subject, result in found.items()
        if result is not None and subject in marked and result.cd.pvalue < LEVEL
    }
    if not dependent:
        return
    first = next(iter(dependent.values()))
    if len(dependent) > 1:
        measured = "Pesaran's CD of each rejects independence at 5 percent"
    else:
        exponent = "" if first.exponent is None else f"; exponent {format_number(first.exponent, 2)}"
        measured = f"Pesaran's CD: {first.cd.in_a_line()}{exponent}"
    remedy = " bootstrap=PanelBootstrap() has p-values that allow for it."
    if any(entry.result is not None and entry.result.drawn for entry in entries):
        remedy = ""
    text = (
        f"Entities of {enumerate_words([subject or 'the relation' for subject in dependent])} depend on one another "
        f"({measured}). Tests marked (i) assume that they do not, and reject too often.{remedy}"
    )
    yield Note("dependent-entities", text)


def make_table(
    title: str,
    entries: Sequence[BatteryEntry],
    facts: tuple[Fact, ...],
    notes: Iterable[Note] = (),
    dependence: Mapping[str, Dependence | None] = MappingProxyType({}),
) -> PanelTestTable:
    """Make the table of a battery, and give the warnings of its tests once, with one for tests that were not run.

    Raises
    ------
    PanelVarError
        All tests refuse the data. The message is that of the first.
    """
    refused = [entry.refusal for entry in entries if entry.refusal is not None]
    if len(refused) == len(entries):
        raise refused[0]
    found = [*_collect_notes(entries), *_dependence_notes(entries, dependence), *notes]
    words = dict.fromkeys(each.result.choices["P-values"] for each in entries if each.result and each.result.drawn)
    if words:
        facts = (*facts, Fact("P-values", "; ".join(words)))
        others = [each.label for each in entries if each.result is not None and not each.result.drawn]
        if others:
            text = (
                f"{enumerate_words(list(dict.fromkeys(others)))}: not by the bootstrap, but by published distributions."
            )
            found.append(Note("without-draws", text))
    if refused:
        text = f"{len(refused)} of {len(entries)} tests were not run. The first says: {refused[0]}"
        found.append(Note("tests-refused", text, True))
    told = tuple(dict.fromkeys(found))
    emit(told)
    return PanelTestTable(title, tuple(entries), facts, told)


def _collect_notes(entries: Sequence[BatteryEntry]) -> Iterator[Note]:
    """The notes of the tests, each once, with the variables and forms that it is about if these are not all.

    A test says once how often it rejects true nulls; of panels of other sizes it gives the rates alone.
    """
    found: dict[str, list[tuple[str, Note]]] = {}
    runs = Counter(entry.label for entry in entries if entry.result is not None)
    for entry in entries:
        for note in entry.result.notes if entry.result is not None else ():
            # The table shows a bound.
            if note.code != BOUND:
                where = " ".join(filter(None, (entry.subject, entry.form)))
                found.setdefault(entry.label, []).append((where, note))
    for label, own in found.items():
        joined: dict[str, Note] = {}
        for place, (wheres, note) in enumerate(join_notes(own)):
            key = note.code if note.code.startswith(SIZE) else f"{place}"
            before = joined.get(key)
            if before is None:
                which = f" of {enumerate_words(wheres)}" if len(wheres) < runs[label] else ""
                joined[key] = Note(note.code, f"{label}{which}: {note.text}", note.warn)
            else:
                text = f"{before.text} Of {enumerate_words(wheres)}: {note.text.partition('. ')[0]}."
                joined[key] = Note(note.code, text, before.warn or note.warn)
        yield from joined.values()


def join_notes(found: Iterable[tuple[str, Note]]) -> Iterator[tuple[list[str], Note]]:
    """Join notes that differ in what they count or measure alone: what each is about, and the note with the ranges."""
    groups: dict[tuple[str, str], list[tuple[str, Note]]] = {}
    for where, note in found:
        groups.setdefault((note.code, _MEASURE.sub("#", note.text)), []).append((where, note))
    for (code, _), own in groups.items():
        note = Note(code, _join_measures([note.text for _, note in own]), any(note.warn for _, note in own))
        yield list(dict.fromkeys(where for where, _ in own)), note


def _join_measures(texts: Sequence[str]) -> str:
    """One text of several that differ in their measures alone: each number that differs becomes its range."""
    measures = zip(*([_NUMBER.findall(measure) for measure in _MEASURE.findall(text)] for text in texts), strict=True)
    ranges = iter([[_range(numbers) for numbers in zip(*same, strict=True)] for same in measures])

    def put(measure: re.Match[str]) -> str:
        numbers = iter(next(ranges))
        return _NUMBER.sub(lambda _: next(numbers), measure.group())

    return _MEASURE.sub(put, texts[0])


def _range(numbers: Sequence[str]) -> str:
    ordered = sorted(set(numbers), key=float)
    return ordered[0] if len(ordered) == 1 else f"{ordered[0]} to {ordered[-1]}"


def _is_asked_for(asked: object, own: str) -> bool:
    """Whether an entry's own name is the one asked for, or none was asked for."""
    return asked is None or (isinstance(asked, str) and asked == own)


def _null_of(entry: BatteryEntry, own: Sequence[BatteryEntry]) -> str:
    """The null of a test, even where one of its forms was refused; empty where all were."""
    return next((other.result.null for other in own if other.test == entry.test and other.result is not None), "")


def _cells(result: PanelTestResult | None, digits: int, levels: Stars) -> tuple[Cell, Cell]:
    """Statistic and p-value; both empty where the test was not run."""
    if result is None:
        return Cell(), Cell()
    # A bound is not reached: p < 0.01 earns the stars of 0.01, p > 0.1 none of it.
    reached = result.pvalue * (1.0 - 1e-12) if result.bound == "<" else result.pvalue
    text = format_pvalue(result.pvalue, digits)
    tail = Cell(f"{result.bound}{text}" if result.bound else text, result.pvalue)
    return number(result.statistic, digits, stars=stars_for(reached, levels)), tail


def _count_rejections(own: Sequence[tuple[str, PanelTestResult]], where: str) -> str:
    """Which tests reject at 5 percent, null by null."""
    parts = []
    for null in dict.fromkeys(result.null for _, result in own):
        under = [(label, result) for label, result in own if result.null == null]
        rejecting = [label for label, result in under if result.rejects()]
        others = [label for label, _ in under if label not in rejecting]
        which = ""
        if rejecting and others:
            which = (
                f" ({enumerate_words(rejecting)})"
                if len(rejecting) <= len(others)
                else f" (all but {enumerate_words(others)})"
            )
        parts.append(f"{len(rejecting)} of {len(under)} reject{which} that {null}")
    return f"{where + ': at' if where else 'At'} 5 percent, {'; '.join(parts)}."


def enumerate_words(labels: Sequence[str]) -> str:
    """Write ``a``, ``a and b``, ``a, b and c``."""
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"

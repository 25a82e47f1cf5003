"""What every result estimated by moments says of them: how many, which, and whether they are valid."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from panelvar.core.base.errors import Note, SpecificationError
from panelvar.core.base.quoting import shown
from panelvar.core.faces.layout import Fact
from panelvar.core.tables.test_result import TestResult, test_or_reason, tests_in_lines
from panelvar.panels.dynamic.gmm_estimate import GmmEstimate
from panelvar.panels.dynamic.moment_selection import (
    HANNAN_QUINN,
    MomentCriteria,
    MomentSelection,
    criteria_of,
    select_lags,
)
from panelvar.panels.dynamic.overidentification import (
    LEVELS,
    InstrumentTests,
    Subset,
    SubsetTest,
    difference_test,
    hansen,
    instrument_sets,
    instrument_tests,
    read_subset,
    sargan,
)
from panelvar.panels.dynamic.serial_correlation import serial_correlation, serial_portmanteau
from panelvar.panels.dynamic.underidentification import UnderidentificationTest, underidentification

TESTS_OF_MOMENTS = ("ar1", "ar2", "sargan", "hansen", "difference_in_hansen")
"""What tables of results show of the moments, beside how many they are."""


def place_of_equation(names: Sequence[str], equation: object) -> int:
    """Return the place of an equation; without a name, the place of the only one."""
    if equation is None and len(names) == 1:
        return 0
    if equation is None:
        raise SpecificationError(
            f"The model has several equations. Name one of them by equation=: {', '.join(map(repr, names))}."
        )
    if not isinstance(equation, str) or equation not in names:
        raise SpecificationError(f"equation={shown(equation)} must be one of: {', '.join(map(repr, names))}.")
    return names.index(equation)


class MomentTests(ABC):
    """Counts and tests of the moments of an estimate by GMM."""

    @property
    @abstractmethod
    def _gmm(self) -> GmmEstimate:
        """The estimate; an error where the model was estimated by least squares."""

    def _place_of(self, equation: object) -> int:
        return place_of_equation(self._gmm.model.specification.dependents, equation)

    @property
    def n_instruments(self) -> int:
        """Number of moments of an equation, without those that are zero for every entity."""
        return self._gmm.n_instruments

    @property
    def instrument_names(self) -> tuple[str, ...]:
        """What each moment is: ``"L2.n (1979)"`` is the level two periods before, in the equation of 1979."""
        return self._gmm.problem.labels

    @cached_property
    def sargan(self) -> TestResult:
        """Sargan's test of the moments, valid under homoskedasticity."""
        return sargan(self._gmm)

    @cached_property
    def hansen_j(self) -> TestResult:
        """Hansen's test of the moments, from the two-step weights (also after one step)."""
        return hansen(self._gmm)

    @property
    def overidentification(self) -> TestResult:
        """Hansen's test; Sargan's under classical errors."""
        return self.sargan if self._gmm.cov_kind == "classical" else self.hansen_j

    @cached_property
    def _shown_tests(self) -> dict[str, TestResult | str | None]:
        """Tests for the foot of a summary, or why the data do not have them."""
        shown: dict[str, TestResult | str | None] = {}
        if self._gmm.spare:
            shown |= {"Sargan": test_or_reason(lambda: self.sargan), "Hansen": test_or_reason(lambda: self.hansen_j)}
        return shown

    def _lines_of_moments(self, tests: Mapping[str, TestResult | str | None], digits: int) -> tuple[Fact, ...]:
        """Print tests a line each, Hansen's with the moments and entities where it has no power."""
        gmm = self._gmm
        counts = f" ({gmm.n_instruments * gmm.problem.n_equations} moments, {gmm.n_clusters} {gmm.clusters_in_words})"
        many = bool(gmm.many_moments)
        return tuple(
            replace(fact, text=f"{fact.text}{counts}") if many and fact.label == "Hansen" else fact
            for fact in tests_in_lines(tests, digits)
        )

    @property
    def _why_no_test(self) -> tuple[Note, ...]:
        """What stands under the table of tests that it does not have."""
        reasons = {label: test for label, test in self._shown_tests.items() if isinstance(test, str)}
        return tuple(Note("no-test", f"{label} is not available. {reason}") for label, reason in reasons.items())

    def _test_of_moments(self, name: str) -> TestResult | None:
        """Give a test by the name that tables of results have for it; None where the model has no such test."""
        if name in ("ar1", "ar2"):
            several = len(self._gmm.model.specification.dependents) > 1
            return None if several else self.ar_test(int(name[-1]))
        if name == "difference_in_hansen":
            levels = self._gmm.model.specification.level_equation and LEVELS in instrument_sets(self._gmm)
            return self.difference_in_hansen(LEVELS).joint if levels else None
        return {"sargan": lambda: self.sargan, "hansen": lambda: self.hansen_j}[name]()

    def difference_in_hansen(self, subset: Subset, *, weight: str = "full") -> SubsetTest:
        """Test some of the moments, the others being taken as valid, by the difference of Hansen's statistics.

        Parameters
        ----------
        subset : str, LagInstruments, StandardInstruments or sequence of str
            A set of instruments, as you gave it or by its name in `instrument_tests`; ``"levels"`` for the lagged
            differences that instrument the level equation; ``"time effects"``; ``"quadratic"``; or moments by their
            `instrument_names`.
        weight : {"full", "own"}
            Weights of the model without them: their part of the whole model's, so that the difference is never negative
            (xtabond2; ``estat overid, difference`` of xtdpdgmm); or those of its own estimates.

        Returns
        -------
        SubsetTest

        Raises
        ------
        SpecificationError
            There are no such moments.
        InsufficientDataError, CollinearityError
            The moments that are left do not identify the coefficients.
        """
        return difference_test(self._gmm, read_subset(self._gmm, subset), "hansen", weight)

    def difference_in_sargan(self, subset: Subset, *, weight: str = "full") -> SubsetTest:
        """Test some of the moments by the difference of Sargan's statistics: valid under homoskedasticity.

        Parameters
        ----------
        subset : str, LagInstruments, StandardInstruments or sequence of str
            A set of instruments, or moments by name: see `difference_in_hansen`.
        weight : {"full", "own"}
            Error variance of the model without them: that of the whole model, or its own.

        Returns
        -------
        SubsetTest

        Raises
        ------
        SpecificationError, InsufficientDataError, CollinearityError
            As `difference_in_hansen`.
        """
        return difference_test(self._gmm, read_subset(self._gmm, subset), "sargan", weight)

    def instrument_tests(self, statistic: str = "hansen") -> InstrumentTests:
        """Test every set of instruments by itself, the other sets being taken as valid.

        Parameters
        ----------
        statistic : {"hansen", "sargan"}
            Hansen's statistic, robust to heteroskedasticity; or Sargan's, which many moments do not weaken.

        Returns
        -------
        InstrumentTests
        """
        return instrument_tests(self._gmm, statistic)

    @cached_property
    def underidentification(self) -> UnderidentificationTest:
        """Test that the moments do not identify the coefficients, robust to heteroskedasticity; it should reject."""
        return underidentification(self._gmm)

    def moment_criteria(self, hq: float = HANNAN_QUINN) -> MomentCriteria:
        """Return BIC, AIC and HQIC of Andrews and Lu (2001), where n is the number of entities.

        The smallest is best among models of the same rows.

        Parameters
        ----------
        hq : float
            Factor of HQIC's penalty, above two.

        Returns
        -------
        MomentCriteria
        """
        return criteria_of(self._gmm, hq)

    def lag_selection(self, hq: float = HANNAN_QUINN) -> MomentSelection:
        """Compare all numbers of lags up to those of this model, on its rows and with its instruments.

        Parameters
        ----------
        hq : float
            Factor of HQIC's penalty, above two.

        Returns
        -------
        MomentSelection

        Raises
        ------
        SpecificationError
            The model has one lag: fit it with the most lags to consider.
        """
        return select_lags(self._gmm, hq)

    def ar_test(self, order: int = 2, equation: str | None = None) -> TestResult:
        """Arellano and Bond's m1, m2, ...: serial correlation of the differenced errors of an equation.

        After least squares, corrected or not, the errors of the coefficients count by what each entity adds to them.
        After ``method="within"`` errors are those at coefficients freed of most of the bias. In panels of few periods
        and many entities what is left of it moves the test too: take a corrected method.

        Parameters
        ----------
        order : int
            Order 1 is expected to reject, since differences share an error. If order 2 or more does, the model has too
            few lags, and after moments lags of that age are no valid instruments.
        equation : str, optional
            The dependent variable, where there are several.

        Returns
        -------
        TestResult

        Raises
        ------
        InsufficientDataError
            No entity has differences so far apart.
        SpecificationError
            Entities have different coefficients, or the rows are those of a stream by least squares.

        Examples
        --------
        >>> import panelvar as pv
        >>> firms = pv.load_data("employment")
        >>> collapsed = pv.LagInstruments(collapse=True)
        >>> fit = pv.fit_arellano_bond(firms, "log(emp) ~ log(wage)", instruments=collapsed)
        >>> fit.ar_test(1)
        <m1: z = -3.0316, p = 0.0024>
        >>> fit.ar_test(2)
        <m2: z = -2.2117, p = 0.0270>

        Of a panel VAR by least squares:

        >>> import numpy as np
        >>> states = pv.load_data("public_capital")
        >>> growth = np.log(states[["gsp", "emp"]]).groupby("state").diff().dropna()
        >>> model = pv.fit_panel_var(growth, ["emp", "gsp"], lags=2, method="corrected-moments")
        >>> model.ar_test(2, "emp")
        <m2: z = 0.8483, p = 0.3963>
        """
        return self._serial_correlation(order, self._place_of(equation))

    def serial_portmanteau(
        self, equation: str | None = None, *, max_order: int | None = None, collapse: bool = False
    ) -> TestResult:
        """Jochmans' portmanteau test: correlation of the errors of the levels of an equation, of any order.

        Parameters
        ----------
        equation : str, optional
            The dependent variable, where there are several.
        max_order : int, optional
            Highest order of correlation to look for; by default any.
        collapse : bool
            Add up the covariances of each lag over periods. One for each lag keeps the power in longer panels.

        Returns
        -------
        TestResult

        Raises
        ------
        InsufficientDataError
            No entity has three periods in a row, or there are as many covariances as entities.
        SpecificationError
            Entities have different coefficients, or the rows are those of a stream by least squares.
        """
        return self._serial_portmanteau(self._place_of(equation), max_order, collapse)

    def _serial_correlation(self, order: int, place: int) -> TestResult:
        return serial_correlation(self._gmm, order, place)

    def _serial_portmanteau(self, place: int, max_order: int | None, collapse: bool) -> TestResult:
        return serial_portmanteau(self._gmm, place, max_order=max_order, collapse=collapse)

r"""Overidentification of dynamic-panel GMM: tests of all moments, and of some, the others being taken as valid.

With :math:`J(L)` the criterion of all moments and :math:`J(L_0)` that of the moments which are not in doubt,
:math:`J(L) - J(L_0)` is chi-squared with as many degrees of freedom as there are moments in doubt (Newey 1985;
Eichenbaum, Hansen and Singleton 1988). Both have the weights of the whole model: those of :math:`L_0` are the inverse
of its part of the moments' covariance. The difference is then never negative. Continuously updated estimates have their
own weights in both models, and their difference is never negative either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from panelvar.core.base.arguments import read_labels
from panelvar.core.base.arrays import Array, Mask
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import (
    CollinearityError,
    InsufficientDataError,
    Note,
    NumericalError,
    SpecificationError,
    choose,
)
from panelvar.core.base.labels import listed
from panelvar.core.base.quoting import shown
from panelvar.core.faces.layout import Cell, Row, count, number, probability, words
from panelvar.core.faces.number_format import check_digits
from panelvar.core.tables.joint_tests import JointTests
from panelvar.core.tables.table import Presented, Table
from panelvar.core.tables.test_result import TestResult, chi2_test
from panelvar.panels.dynamic.gmm import GmmProblem
from panelvar.panels.dynamic.gmm_estimate import GmmEstimate
from panelvar.panels.dynamic.lag_instruments import Instruments, LagInstruments, StandardInstruments

if TYPE_CHECKING:
    import pandas as pd

Subset = str | Instruments | Sequence[str]
LEVELS, TIME, QUADRATIC = "levels", "time effects", "quadratic"
WEIGHTS = ("full", "own")
KINDS = ("hansen", "sargan")
NULL = "all moments are valid"


@dataclass(frozen=True, repr=False)
class SubsetTest(JointTests):
    """Test of some of the moments: the difference, and the test of the moments that are left.

    Attributes
    ----------
    joint : TestResult
        The difference: whether the moments in doubt are valid.
    remaining : TestResult
        Overidentification of the model without them.

    See Also
    --------
    DynamicPanelResult.difference_in_hansen, DynamicPanelResult.difference_in_sargan : make it.

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("employment")
    >>> few = pv.LagInstruments(collapse=True)
    >>> fit = pv.fit_arellano_bond(firms, "log(emp) ~ log(wage) + log(capital)", lags=2, instruments=few)
    >>> fit.instrument_tests()["log(wage), log(capital)"].joint.in_a_line()
    'chi2(2) = 12.2855, p = 0.0021'
    """

    remaining: TestResult

    @property
    def parts(self) -> tuple[TestResult, ...]:
        """The test of the moments that are left."""
        return (self.remaining,)


@dataclass(frozen=True, eq=False, repr=False)
class InstrumentTests(Presented):
    """Tests of every set of instruments of a model, each set taken to be in doubt by itself.

    Attributes
    ----------
    tests : dict of str to SubsetTest
        By what the sets are called.
    untested : dict of str to str
        Sets that cannot be tested, and why: without them the coefficients are not identified, say.
    kind : {"hansen", "sargan"}

    See Also
    --------
    DynamicPanelResult.instrument_tests : makes it.

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("employment")
    >>> few = pv.LagInstruments(collapse=True)
    >>> fit = pv.fit_arellano_bond(firms, "log(emp) ~ log(wage) + log(capital)", lags=2, instruments=few)
    >>> list(fit.instrument_tests().tests)
    ['log(wage), log(capital)']
    """

    tests: dict[str, SubsetTest]
    untested: dict[str, str]
    kind: str

    def __getitem__(self, name: str) -> SubsetTest:
        """The test of one set."""
        if name not in self.tests:
            raise SpecificationError(
                f"{shown(name)} is not among the sets that were tested: {', '.join(map(repr, self.tests))}."
            )
        return self.tests[name]

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a set: difference, its degrees of freedom and p-value; the same of the model without the set."""
        import pandas as pd

        rows = [
            (each.statistic, each.df, each.pvalue, each.remaining.statistic, each.remaining.df, each.remaining.pvalue)
            for each in self.tests.values()
        ]
        columns = ["statistic", "df", "pvalue", "statistic_without", "df_without", "pvalue_without"]
        return pd.DataFrame(rows, index=pd.Index(list(self.tests), name="instruments"), columns=columns)

    def summary(self, *, digits: int = 3) -> Table:
        """Return the tests as a table.

        Parameters
        ----------
        digits : int
            Digits after the point.

        Returns
        -------
        Table
        """
        check_digits(digits)
        body = []
        for name, each in self.tests.items():
            cells: list[Cell] = []
            for test in (each.joint, each.remaining):
                cells += [number(test.statistic, digits), count(test.df or 0.0), probability(test.pvalue, digits)]
            body.append(Row(name, tuple(cells)))
        word = self.kind.capitalize()
        header = ("Difference", "df", "p", f"{word} without", "df", "p")
        notes = [
            f"Null hypothesis of difference-in-{word}: the instruments of the row are valid. All others are taken as "
            "valid."
        ]
        if LEVELS in self.tests:
            notes.append("levels: the lagged differences that instrument the level equation.")
        notes += [f"Not tested: {name}. {reason}" for name, reason in self.untested.items()]
        notes += [f"{name}: {note.text}" for name, each in self.tests.items() for note in each.joint.notes]
        return Table(
            title="" if body else "No set of instruments can be tested by itself",
            header=(Row("", tuple(words(each, "right") for each in header)),) if body else (),
            body=tuple(body),
            notes=tuple(dict.fromkeys(notes)),
        )

    def __repr__(self) -> str:
        return f"<Difference-in-{self.kind.capitalize()} tests of {len(self.tests)} sets of instruments>"


def sargan(estimate: GmmEstimate) -> TestResult:
    r"""Sargan's test: the one-step criterion over the error variance, chi-squared if errors are homoskedastic.

    :math:`\mathrm{tr}\,\hat\Sigma^{-1}M'(\sum_i Z_i'H_iZ_i)^{-1}M` with :math:`M = Z'\hat U` of the one-step estimates.
    It is not robust to heteroskedasticity, and not weakened by many moments.
    """
    return overidentification("Sargan", sargan_statistic(estimate), estimate.spare, estimate.in_units)


def sargan_statistic(estimate: GmmEstimate, sigma: Array | None = None) -> float:
    """Sargan's statistic under the error variance (K, K) of the one-step estimates, or another."""
    problem = estimate.problem.linear
    first = problem.one_step
    half = problem.initial_root.divided(problem.residual_total(first.params).reshape(problem.n_equations, -1).T)
    if estimate.convention.classical_scale == "entities":
        return float(np.square(half).sum()) * estimate.model.n_entities
    try:
        shares = np.linalg.solve(estimate.one_step_sigma if sigma is None else sigma, half.T @ half)
    except np.linalg.LinAlgError:
        raise NumericalError("The covariance of the errors is singular, so Sargan's statistic has no value.") from None
    return float(np.trace(shares))


def hansen(estimate: GmmEstimate) -> TestResult:
    r"""Hansen's test: the criterion of the two-step estimates (or later ones), chi-squared under heteroskedasticity.

    After a one-step fit it is that of the two-step estimates, as xtabond2 reports it. It loses its power, and its
    p-values approach one, where moments are many for the entities (Roodman 2009).
    """
    step, problem = estimate.hansen_step, estimate.problem
    spare = step.rank - problem.n_equations * problem.n_regressors
    return overidentification("Hansen", step.criterion, spare, estimate.many_moments)


def overidentification(name: str, statistic: float, df: int, notes: tuple[Note, ...] = ()) -> TestResult:
    """Refer a criterion to the chi-squared distribution, if there are more moments than coefficients."""
    text = "There are as many moments as coefficients, so there is nothing to test."
    return _refer(name, statistic, df, NULL, notes, Note("exactly-identified", text))


def instrument_sets(estimate: GmmEstimate) -> dict[str, Mask]:
    """Moments that may be in doubt, by name: of each set, of the periods, and of the differences in the levels."""
    origins, sets = estimate.problem.origins, estimate.model.specification.sets
    kinds, places = np.array([each.kind for each in origins]), np.array([each.place for each in origins])
    out: dict[str, Mask] = {}
    for place, each in enumerate(sets):
        name, number = set_words(each), 1
        while name in out:
            number += 1
            name = f"{set_words(each)} ({number})"
        out[name] = places == place
    out |= {TIME: kinds == "period", LEVELS: kinds == "changes", QUADRATIC: kinds == "quadratic"}
    return {name: mask for name, mask in out.items() if mask.any()}


def set_words(each: Instruments) -> str:
    """What a set of instruments is called: ``"lags 2 to 4 of n"``."""
    where = {"level": ", in the levels", "both": ", in both"}.get(each.equation or "", "")
    if isinstance(each, StandardInstruments):
        return f"{listed(each.names, 4)}{where}"
    first = 2 if each.first is None else each.first
    if each.last is None:
        window = f"lags {first} and older"
    else:
        window = f"lag {first}" if each.last == first else f"lags {first} to {each.last}"
    return f"{window} of {listed(each.names, 4)}{', collapsed' if each.collapse else ''}{where}"


def read_subset(estimate: GmmEstimate, subset: object) -> Mask:
    """Which moments a caller means.

    Raises
    ------
    SpecificationError
        No moment is named, or a name is neither a set nor a moment.
    """
    sets = instrument_sets(estimate)
    names = estimate.problem.labels
    if isinstance(subset, (LagInstruments, StandardInstruments)):
        given = estimate.model.specification.sets
        if subset not in given:
            raise SpecificationError(
                f"{subset} is not among this model's sets of instruments: {', '.join(map(str, given))}."
            )
        places = [place for place, each in enumerate(given) if each == subset]
        return np.array([origin.place in places for origin in estimate.problem.origins])
    if isinstance(subset, str) and subset in sets:
        return sets[subset]
    wanted = read_labels("subset", subset, "a set of instruments, or names of moments")
    if not wanted:
        raise SpecificationError(f"subset names no moments. The sets of this model are {', '.join(map(repr, sets))}.")
    unknown = [name for name in wanted if name not in names]
    if unknown:
        raise SpecificationError(
            f"subset={shown(unknown[0])} is neither a set of instruments nor a moment of this model. Its sets are "
            f"{', '.join(map(repr, sets))}; instrument_names lists its moments."
        )
    return np.array([name in wanted for name in names])


def instrument_tests(estimate: GmmEstimate, kind: str = "hansen") -> InstrumentTests:
    """Test every set of instruments by itself."""
    choose("kind", kind, KINDS)
    tests, untested = {}, {}
    for name, mask in instrument_sets(estimate).items():
        try:
            tests[name] = difference_test(estimate, mask, kind)
        except (InsufficientDataError, CollinearityError, NumericalError) as refused:
            untested[name] = str(refused)
    return InstrumentTests(tests, untested, kind)


def difference_test(estimate: GmmEstimate, doubted: Mask, kind: str, weight: str = "full") -> SubsetTest:
    r"""Difference of Hansen's or Sargan's statistics with and without some moments.

    Under ``"full"`` the smaller model has its part of the whole model's covariance of moments (xtabond2, and xtdpdgmm's
    ``estat overid, difference``), or its error variance; under ``"own"`` it is estimated by itself (``estat overid``
    with a stored model), and the difference may be negative.
    """
    choose("weight", weight, WEIGHTS)
    problem = estimate.problem
    kept, m = int((~doubted).sum()), problem.n_regressors
    if kept < m:
        raise InsufficientDataError(
            f"Without these moments the model has {count_of(kept, 'moment')} for {count_of(m, 'coefficient')}, which "
            "are then not identified. Test fewer moments."
        )
    smaller = problem.without(doubted)
    coefficients = problem.n_equations * m
    alone = replace(estimate, problem=smaller)
    if kind == "sargan":
        whole = sargan_statistic(estimate)
        rank, left = (problem.n_equations * each.linear.initial_root.rank for each in (problem, smaller))
        rest = sargan_statistic(alone) if weight == "own" else sargan_statistic(alone, estimate.one_step_sigma)
    else:
        step = estimate.hansen_step
        free = weight == "own" or estimate.steps == "cu"
        held = alone.hansen_step if free else smaller.two_step(estimate.weighted_at, joint=estimate.joint)
        whole, rank, rest, left = step.criterion, step.rank, held.criterion, held.rank
        _refuse_lost_degrees(estimate, smaller, rank, left)
    word = kind.capitalize()
    names = [label for label, doubt in zip(problem.labels, doubted, strict=True) if doubt]
    notes = estimate.in_units if kind == "sargan" else ()
    remaining = overidentification(f"{word} without them", rest, left - coefficients, notes)
    if kind == "hansen":
        notes = estimate.many_moments
    null = f"valid moments: {', '.join(names)}" if len(names) < 4 else f"{len(names)} moments are valid"
    name, difference = f"Difference-in-{word}", whole - rest
    if difference < 0.0:
        text = f"{name} is negative, since the two models do not share their weights. The test says nothing here."
        notes = (*notes, Note("negative-difference", text))
    implied = Note("implied-moments", "In this sample the other moments imply these, so there is nothing to test.")
    return SubsetTest(_refer(name, difference, rank - left, null, notes, implied), remaining)


def _refuse_lost_degrees(estimate: GmmEstimate, smaller: GmmProblem, rank: int, left: int) -> None:
    """Refuse a difference whose degrees of freedom are not those of the moments in doubt.

    Raises
    ------
    InsufficientDataError
        The covariance of the moments has too low a rank, mostly since they are as many as entities.
    """
    problem = estimate.problem
    whole, rest = (
        each.n_equations * (each.linear.initial_root.rank + each.n_moments - each.linear.n_moments)
        for each in (problem, smaller)
    )
    if rank - left == whole - rest:
        return
    raise InsufficientDataError(
        f"The covariance of {problem.n_moments * problem.n_equations} moments of {estimate.n_clusters} "
        f"{estimate.clusters_in_words} has rank {rank}, so that {count_of(rank - left, 'degree')} of freedom would "
        f"stand for the {whole - rest} moments in doubt. {estimate.with_fewer} Sargan's statistics have no such "
        "limit (difference_in_sargan)."
    )


def _refer(name: str, statistic: float, df: int, null: str, notes: tuple[Note, ...], idle: Note) -> TestResult:
    """Refer a statistic to chi-squared, or say in a note why there is nothing to test."""
    if df == 0:
        return TestResult(name, float("nan"), float("nan"), "chi2", 0.0, None, null, (idle,))
    return chi2_test(name, statistic, df, null, notes)

"""Panel cointegration tests of one relation, in one call."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from panelvar.core.base.arguments import DROP_OR_RAISE, read_flag, read_labels
from panelvar.core.base.errors import Note, PanelVarError, PanelVarWarning, choose
from panelvar.core.base.shared_parameters import documented
from panelvar.core.faces.layout import Fact
from panelvar.nonstationary.panel_cointegration.error_correction import westerlund_test
from panelvar.nonstationary.panel_cointegration.johansen_fisher import johansen_fisher_test
from panelvar.nonstationary.panel_cointegration.kao import kao_test
from panelvar.nonstationary.panel_cointegration.pedroni import pedroni_test
from panelvar.nonstationary.panel_cointegration.saikkonen_luetkepohl import saikkonen_luetkepohl_test
from panelvar.nonstationary.panel_cointegration.variance_ratio import westerlund_variance_ratio_test
from panelvar.nonstationary.panel_series.battery import (
    ListedTest,
    PanelTestTable,
    attempt,
    common_facts,
    dependence_facts,
    dependence_of,
    make_table,
    read_tests,
)
from panelvar.nonstationary.panel_series.bootstrap import PanelBootstrap, fixed_draws, read_bootstrap
from panelvar.nonstationary.panel_series.panel_system import PanelSystem, panel_system
from panelvar.nonstationary.panel_series.result import PanelTestResult
from panelvar.nonstationary.panel_series.terms import WORDS, check_terms
from panelvar.nonstationary.unit_roots.lag_orders import read_lags

_PLAIN = ("trend", "demean", "unusable", "missing")
_LAGGED = (*_PLAIN, "bootstrap", "lags", "max_lags")
_LAGGED_WITHOUT_TERMS = tuple(option for option in _LAGGED if option != "trend")

_CASES = {"n": "n", "c": "rc", "ct": "rt"}
"""Johansen's cases whose relations have the terms that the other tests give them."""


def _johansen_fisher(*data: Any, trend: str, **options: Any) -> PanelTestResult:
    return johansen_fisher_test(*data, trend=_CASES[trend], **options)


TESTS = {
    "pedroni": ListedTest(pedroni_test, "Pedroni", _LAGGED, whole=True, independent=True),
    "kao": ListedTest(
        kao_test, "Kao", _LAGGED_WITHOUT_TERMS, trends=("c",), whole=True, independent=True, balanced=True
    ),
    "westerlund": ListedTest(
        westerlund_test, "Westerlund", (*_PLAIN, "bootstrap", "draws", "seed"), whole=True, independent=True
    ),
    "johansen-fisher": ListedTest(_johansen_fisher, "Johansen-Fisher", _PLAIN, whole=True, independent=True),
    "saikkonen-luetkepohl": ListedTest(
        saikkonen_luetkepohl_test,
        "Saikkonen-Luetkepohl",
        ("trend", "unusable", "missing"),
        trends=("c", "ct"),
        whole=True,
    ),
    "westerlund-ratio": ListedTest(
        westerlund_variance_ratio_test, "Westerlund variance ratio", _PLAIN, whole=True, independent=True
    ),
}
"""By name."""

USUAL = ("pedroni", "kao", "westerlund")


@documented
def panel_cointegration_table(
    data: object,
    y: str,
    x: Sequence[str] | str | None = None,
    *,
    tests: str | Sequence[str] = USUAL,
    trend: str = "c",
    lags: int | str = "bic",
    max_lags: int | None = None,
    draws: int | None = None,
    seed: int | np.random.Generator = 0,
    bootstrap: PanelBootstrap | None = None,
    demean: bool = False,
    unusable: str = "drop",
    missing: str = "drop",
) -> PanelTestTable:
    r"""Run panel cointegration tests of one relation, one row for each statistic.

    Parameters
    ----------
    {data, y (levels), x (levels)}
    tests : sequence of str
        In the order of the table: "pedroni"; "kao"; "westerlund", the error-correction tests of 2007;
        "westerlund-ratio", the variance ratios of 2005; "johansen-fisher", with its constant or trend in the relations
        ("rc", "rt"); "saikkonen-luetkepohl", after common factors. By default the first three.
    trend : {"n", "c", "ct"}
        Terms of each entity's relation.
    {lags (table of tests), max_lags (panel Dickey-Fuller)}
        They apply to the residuals' Dickey-Fuller regressions; Westerlund's error-correction models have one lag.
    draws : int, optional
        Take p-values of Westerlund's error-correction tests from so many panels drawn without cointegration. Shocks
        that entities share do not upset these p-values.
    seed : int or Generator
        Seed of the draws.
    {bootstrap (panel)}
        Pedroni's, Kao's and Westerlund's tests have the same draws; the others keep their published distributions.
    {demean, unusable (relation), missing}

    Returns
    -------
    PanelTestTable
        ``print`` shows the table; ``to_frame()`` has a row for each statistic, with its null, its alternative and what
        it says; ``result(test)`` the whole result.

    Raises
    ------
    SpecificationError
        A test is unknown, or one of the tests does not have the terms.
    PanelVarError
        None of the tests can be run on the data. The message is that of the first.

    Warns
    -----
    PanelVarWarning
        What the tests warn of, once; and tests that refuse the data, of which the table says why.

    See Also
    --------
    panel_unit_root_table : whether the variables have unit roots.
    fit_fmols, fit_dols : the relation.
    PanelTestTable.result : one test in full.

    Notes
    -----
    Pesaran's CD and the exponent of dependence across entities, of the changes of y, stand above the tests, and (i)
    marks those that assume independent entities. Where entities have different periods and are to be dropped, Kao's
    test (and Westerlund's with draws) has the entities and periods of the largest panel without holes. The tests
    presuppose that the variables have unit roots (`panel_unit_root_table`). No correction is made for the number of
    statistics: the more you read, the more true nulls are rejected somewhere.

    Examples
    --------
    >>> import panelvar as pv
    >>> table = pv.panel_cointegration_table(pv.load_data("grunfeld"), "invest ~ value", tests=["kao"], lags=1)
    >>> table.to_frame()[["statistic", "pvalue"]].round(3)
                      statistic  pvalue
    test
    kao                   1.726   0.958
    kao: Kao DF rho*     -0.824   0.205
    kao: Kao DF t*        1.047   0.852
    kao: Kao DF rho      -0.116   0.454
    kao: Kao DF t         1.546   0.939
    """
    demean = read_flag("demean", demean)
    choose("unusable", unusable, DROP_OR_RAISE)
    # What is no number of lags and no rule is a mistake, and no reason why some of the tests cannot be run.
    read_lags(lags, (0, max_lags), 0, 0)
    check_terms(trend)
    names = read_tests(tests, TESTS, (trend,))
    regressors = ", ".join(map(str, read_labels("x", x)))
    options: dict[str, Any] = {"trend": trend, "lags": lags, "max_lags": max_lags, "draws": draws, "seed": seed}
    options["bootstrap"] = fixed_draws(read_bootstrap(bootstrap))
    options |= {"demean": demean, "unusable": unusable, "missing": missing}
    system, notes = _read_system(data, y, x, missing), tuple[Note, ...]()
    whole: tuple[Any, ...] = (data, y, x)
    alike = {name for name in names if TESTS[name].balanced or (name == "westerlund" and draws is not None)}
    if alike and unusable == "drop" and system is not None and not system.balanced:
        whole, notes = _without_holes(system)
    entries = [
        entry
        for name in names
        for entry in attempt(name, TESTS[name], whole if name in alike else (data, y, x), options)
    ]
    dependence = {} if system is None else {"": dependence_of(system, changes=True)}
    relation = Fact("Relation", y if x is None else f"{y} on {regressors}")
    facts = (relation, *common_facts(WORDS[trend], lags, demean), *dependence_facts(dependence))
    return make_table("Panel cointegration", entries, facts, notes, dependence)


def _read_system(data: object, y: str, x: Sequence[str] | str | None, missing: str) -> PanelSystem | None:
    """The entities of a relation that can be used; None where a panel cannot be read, which the tests say."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PanelVarWarning)
            return panel_system(data, y, x, demean=False, unusable="drop", missing=missing)
    except PanelVarError:
        return None


def _without_holes(system: PanelSystem) -> tuple[tuple[Any, str, list[str]], tuple[Note, ...]]:
    """The largest panel with the same periods for all entities, and a note on what it leaves out."""
    import pandas as pd

    block = system.block()
    # Names may be expressions, which have been computed.
    names = ["y", *(f"x{place}" for place in range(1, 1 + system.n_regressors))]
    tables = [pd.DataFrame(own, columns=names) for own in block.values]
    keys = [system.labels[place] for place in block.places]
    frame = pd.concat(tables, keys=keys, names=["entity", "time"])
    return (frame, names[0], names[1:]), (*system.notes, Note("without-holes", f"The relation: {block.words(system)}"))

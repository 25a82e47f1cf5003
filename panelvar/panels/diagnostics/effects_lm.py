"""Lagrange multiplier tests of random effects: Breusch-Pagan, Honda, King-Wu, Gourieroux-Holly-Monfort."""

from __future__ import annotations

import math

import numpy as np

from panelvar.core.base.arguments import ONE_OR_TWO_WAY
from panelvar.core.base.errors import InsufficientDataError, SpecificationError, choose
from panelvar.core.base.unknown_arguments import answering
from panelvar.core.tables.test_result import TestResult, chi2_test, chibar2_test, z_test
from panelvar.panels.diagnostics.auxiliary import level_rows, pooled_residuals
from panelvar.panels.static.result import LinearResult

KINDS = {
    "breusch-pagan": "Breusch-Pagan LM",
    "honda": "Honda",
    "king-wu": "King-Wu",
    "gourieroux-holly-monfort": "Gourieroux-Holly-Monfort",
}


@answering
def effects_lm_test(
    result: LinearResult,
    *,
    effects: str = "entity",
    statistic: str = "breusch-pagan",
) -> TestResult:
    r"""Test for random effects from the residuals of pooled OLS (plm ``plmtest``, Stata ``xttest0``).

    With :math:`\hat u` the pooled residuals, n rows and :math:`M = \sum_g n_g^2` over the levels g of a dimension,

    .. math:: LM = \frac{n}{\sqrt{2 (M - n)}}
              \left(\frac{\sum_g (\sum_{it \in g} \hat u_{it})^2}{\sum_{it} \hat u_{it}^2} - 1\right)

    is standard normal under the null (Baltagi and Li 1990; Baltagi 2013, chapters 4 and 9). With
    :math:`LM_1` for entities and :math:`LM_2` for time:

    ================================ ============================ ==================================================
    kind                             one dimension                two dimensions
    ================================ ============================ ==================================================
    ``"breusch-pagan"`` (1980)       LM squared, chi2(1)          sum of the squares, chi2(2)
    ``"honda"`` (1985)               LM, upper tail of N(0, 1)    (LM1 + LM2) / root 2, upper tail
    ``"king-wu"`` (1997)             LM, upper tail               weights root (M1 - n), root (M2 - n), upper tail
    ``"gourieroux-holly-monfort"``   none                         squares of the positive parts, chi-bar-squared
    ================================ ============================ ==================================================

    Parameters
    ----------
    result : LinearResult
        Pooled OLS; any other model in levels is refitted by pooled OLS first, as ``xttest0`` does.
    effects : {"entity", "time", "twoway"}
        The dimension whose effects are tested, or both.
    statistic : {"breusch-pagan", "honda", "king-wu", "gourieroux-holly-monfort"}
        A row of the table.

    Returns
    -------
    TestResult
        Stata prints the two-sided statistic against a half-and-half mixture, so its p-value is Honda's.

    Raises
    ------
    SpecificationError
        If you ask for Gourieroux-Holly-Monfort in one dimension, or the model is a between or first-difference
        regression or has weights.
    InsufficientDataError
        If no level of the dimension has two rows.

    See Also
    --------
    bera_sosa_yoon_test : Allows for serial correlation.
    wooldridge_effects_test : Asks for no distribution.
    nested_f_test : Fixed effects against none.

    Notes
    -----
    The variance of an effect cannot be negative, so that the two-sided Breusch-Pagan test wastes power; it also rejects
    when residuals within entities are *negatively* correlated. All four react to serial correlation too (use
    `bera_sosa_yoon_test`) and assume homoskedastic errors.

    Examples
    --------
    >>> import panelvar as pv
    >>> states = pv.load_data("fatalities")
    >>> pooled = pv.fit_pooled(states, "frate ~ beertax + unemp")
    >>> pv.effects_lm_test(pooled)
    <Breusch-Pagan LM (entity effects): chi2(1) = 676.2314, p < 0.0001>
    >>> pv.effects_lm_test(pooled, effects="twoway", statistic="gourieroux-holly-monfort")
    <Gourieroux-Holly-Monfort (entity and time effects): chibar2(012) = 676.2314, p < 0.0001>
    """
    design = level_rows(result, "The LM test of effects", ("pooled", "fixed", "random"))
    choose("effects", effects, ONE_OR_TWO_WAY)
    choose("statistic", statistic, KINDS)
    if statistic == "gourieroux-holly-monfort" and effects != "twoway":
        raise SpecificationError("The Gourieroux-Holly-Monfort test is of both effects. Use effects='twoway'.")
    residuals = pooled_residuals(result)
    n = len(residuals)
    total = float(residuals @ residuals)
    scores, masses = [], []
    for name, grouping in (("entity", design.entities), ("time", design.times)):
        if effects not in (name, "twoway"):
            continue
        mass = float(np.square(grouping.sizes.astype(np.float64)).sum()) - n
        if mass <= 0.0:
            raise InsufficientDataError(f"Every {name} has a single row, so its effect cannot be told from the error.")
        squares = float(np.square(grouping.sums(residuals)).sum())
        scores.append(n / math.sqrt(2.0 * mass) * (squares / total - 1.0))
        masses.append(mass)
    label = {"entity": "entity", "time": "time", "twoway": "entity and time"}[effects]
    title = f"{KINDS[statistic]} ({label} effects)"
    null = f"no {label} effects"
    if statistic == "breusch-pagan":
        observed = sum(score**2 for score in scores)
        return chi2_test(title, observed, len(scores), null)
    if statistic == "gourieroux-holly-monfort":
        observed = sum(max(score, 0.0) ** 2 for score in scores)
        return chibar2_test(title, observed, 2, null)
    weights = np.ones(len(scores)) if statistic == "honda" else np.sqrt(masses)
    observed = float(weights @ np.array(scores) / np.sqrt(weights @ weights))
    return z_test(title, observed, null, sides=1)

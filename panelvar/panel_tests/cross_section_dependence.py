"""Tests that the residuals of different entities are uncorrelated: CD, CD*, LM, scaled and bias-corrected LM."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from panelvar.base.arguments import read_whole
from panelvar.base.errors import InsufficientDataError, Note, SpecificationError, choose, emit
from panelvar.kernels.pair_correlations import PairSums, pair_sums
from panelvar.panel_tests.auxiliary import own_residuals, unweighted
from panelvar.static_panels.result import LinearResult
from panelvar.tables.test_result import TestResult, chi2_test, z_test

KINDS = {
    "cd": "Pesaran CD",
    "lm": "Breusch-Pagan LM (dependence)",
    "scaled-lm": "Scaled LM",
    "bias-corrected-lm": "Bias-corrected scaled LM",
}
_NULL = "the errors of different entities are uncorrelated"


class PairCorrelations(NamedTuple):
    """Summary of the correlations of residuals over pairs of entities.

    Attributes
    ----------
    mean, mean_absolute : float
        Averages of the correlations and of their absolute values (plm's "rho" and "absrho").
    pairs, pairs_left_out : int
        Pairs with enough common periods (three; two where the convention keeps them), and pairs with fewer.
    """

    mean: float
    mean_absolute: float
    pairs: int
    pairs_left_out: int


def cross_section_dependence_test(result: LinearResult, *, kind: str = "cd") -> TestResult:
    r"""Test that residuals are uncorrelated across entities (plm ``pcdtest``, Stata ``xtcsd`` and ``xttest2``).

    With :math:`\hat\rho_{ij}` the correlation of two entities' residuals over their :math:`T_{ij}` common periods, and
    sums over the pairs i < j of N entities:

    ========================= ================================================================== =============
    kind                      statistic                                                          distribution
    ========================= ================================================================== =============
    ``"cd"``                  :math:`\sqrt{2/(N(N-1))} \sum \sqrt{T_{ij}} \hat\rho_{ij}`         N(0, 1)
    ``"lm"``                  :math:`\sum T_{ij} \hat\rho_{ij}^2`                                chi2(pairs)
    ``"scaled-lm"``           :math:`\sqrt{1/(N(N-1))} \sum (T_{ij} \hat\rho_{ij}^2 - 1)`        N(0, 1)
    ``"bias-corrected-lm"``   scaled LM :math:`- N / (2(T - 1))`                                 N(0, 1)
    ========================= ================================================================== =============

    On unbalanced panels :math:`N(N-1)/2` is the number of pairs summed, and T the most periods that an entity has.

    (Pesaran 2004, 2015; Breusch and Pagan 1980; Baltagi, Feng and Kao 2012 for fixed effects.)

    Parameters
    ----------
    result : LinearResult
        Pooled, fixed, random effects or first differences; its residuals are used.
    kind : {"cd", "lm", "scaled-lm", "bias-corrected-lm"}
        A row of the table.

    Returns
    -------
    TestResult

    Raises
    ------
    InsufficientDataError
        If no pair of entities has enough common periods.

    Warns
    -----
    PanelVarWarning
        With time effects, under which CD is not standard normal, and with LM statistics where N is not small.

    Notes
    -----
    Invalid: **CD after time effects or estimated factors**, which make the correlations average to about zero whatever
    the dependence, so that CD diverges under the null (Juodis and Reese 2022; Pesaran and Xie 2021): use
    `cd_star_test`. CD has power only if the correlations do not average to zero. **LM** needs N small against T; the
    scaled form over-rejects when N / T is not small, and the bias-corrected one is derived for balanced one-way fixed
    effects. Serial correlation invalidates all of them.

    Correlations are of the residuals about their means over the common periods. Two periods make them 1 or -1, with
    twice the variance that CD reckons with: such pairs are left out, unless the convention keeps them (plm, gretl).
    gretl also divides by all pairs of the entities that overlap with a later one, and one more entity.
    """
    unweighted(
        result, "The test of cross-section dependence", ("pooled", "fixed", "random", "difference"), instruments=True
    )
    choose("kind", kind, KINDS)
    fit = result.fit
    notes = []
    if kind == "bias-corrected-lm" and fit.family != "fixed":
        raise SpecificationError("The bias correction is derived for fixed effects: fit the model with entity effects.")
    if fit.absorbed is not None and fit.design.times in fit.absorbed.groupings:
        text = (
            "The model has time effects: residuals then sum to zero in every period, their correlations average "
            "to about -1/(N-1), and CD is not standard normal under the null. See cd_star_test."
        )
        notes.append(Note("cd-time-effects", text, warn=kind == "cd"))
    periods, entities = fit.design.times.n_groups, fit.design.entities.n_groups
    if kind in ("lm", "scaled-lm") and entities > periods:
        text = f"{entities} entities and {periods} periods: the LM statistics over-reject unless N is small against T."
        notes.append(Note("lm-many-entities", text, warn=True))
    sums = _sums(result)
    pairs = sums.pairs
    notes += _pairs_used(result, pairs, sums.left_out)
    emit(notes)
    name = KINDS[kind]
    if kind == "lm":
        return chi2_test(name, sums.squared, pairs, _NULL, notes)
    if kind == "cd":
        possible = sums.leading * (sums.leading + 1) // 2
        statistic = sums.signed / math.sqrt(possible if result.convention.pairs_scale == "all" else pairs)
    else:
        statistic = (sums.squared - pairs) / math.sqrt(2.0 * pairs)
    if kind == "bias-corrected-lm":
        statistic -= entities / (2.0 * (float(fit.design.entities.sizes.max()) - 1.0))
    return z_test(name, statistic, _NULL, notes)


def _fewest(result: LinearResult) -> int:
    """Fewest common periods of a pair that counts."""
    return 2 if result.convention.short_pairs == "kept" else 3


def _pairs_used(result: LinearResult, pairs: int, left_out: int) -> list[Note]:
    """Say how many pairs share too few periods; refuse if all do."""
    words = {2: "two", 3: "three"}[_fewest(result)]
    if pairs == 0:
        raise InsufficientDataError(f"No two entities have {words} periods in common.")
    if left_out:
        return [Note("pairs-left-out", f"{left_out} pair(s) of entities have fewer than {words} common periods.")]
    return []


def residual_correlations(result: LinearResult) -> PairCorrelations:
    """Average the correlations of residuals, and their absolute values, over the pairs of entities.

    Parameters
    ----------
    result : LinearResult
        Pooled, fixed, random effects or first differences; its residuals are used.

    Returns
    -------
    PairCorrelations

    Notes
    -----
    A mean absolute correlation far above the mean says that dependence has both signs, which CD does not see.
    """
    unweighted(result, "The average correlation", ("pooled", "fixed", "random", "difference"), instruments=True)
    sums = _sums(result, absolute=True)
    _pairs_used(result, sums.pairs, sums.left_out)
    return PairCorrelations(sums.total / sums.pairs, sums.absolute / sums.pairs, sums.pairs, sums.left_out)


def cd_star_test(result: LinearResult, *, factors: int = 1) -> TestResult:
    r"""Pesaran and Xie's bias-corrected CD, valid when the errors have common factors.

    From the residuals, m principal components are taken out; with :math:`\hat\gamma_i` the loadings
    (:math:`N^{-1}\sum \hat\gamma_i\hat\gamma_i' = I`) and :math:`\hat\sigma_i` the deviation of what is left,

    .. math:: CD^* = \frac{CD + \sqrt{T/2}\, \hat\theta}{1 - \hat\theta}, \qquad
              \hat\theta = 1 - \frac{1}{N}\sum_i (1 - \hat\sigma_i \hat\varphi'\hat\gamma_i)^2, \qquad
              \hat\varphi = \frac{1}{N}\sum_i \hat\gamma_i / \hat\sigma_i

    (Pesaran and Xie 2021), CD being that of what is left.

    Parameters
    ----------
    result : LinearResult
        Pooled or fixed effects, whose slopes must be consistent in spite of the factors.
    factors : int
        Number m of factors; at least the true number.

    Returns
    -------
    TestResult
        Standard normal, both tails.

    Raises
    ------
    SpecificationError
        If the panel is not balanced, or there are not two entities, and two periods less one, more than factors.

    Notes
    -----
    Needs N and T large, of similar order. The null is that the errors are weakly correlated once m factors are out.
    Stata's ``xtcd2`` standardises the residuals before it extracts components; the paper does not, nor does this.
    """
    design = unweighted(result, "CD*", ("pooled", "fixed", "random"))
    entities, periods = design.entities.n_groups, design.times.n_groups
    if design.nobs != entities * periods:
        raise SpecificationError("CD* is derived for balanced panels.")
    factors = read_whole("factors", factors, 1)
    # In one dimension residuals are proportional: their correlations are one or minus one, whatever the errors.
    if factors > min(entities, periods - 1) - 2:
        raise SpecificationError(
            f"{factors} factor{'s leave nothing' if factors > 1 else ' leaves nothing'} to correlate of {entities} "
            f"entities and {periods} periods: both, the periods less one, must be two more. Take fewer, or "
            "cross_section_dependence_test."
        )
    matrix = own_residuals(result).reshape(entities, periods)
    matrix = matrix - matrix.mean(axis=1, keepdims=True)
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    loadings = math.sqrt(entities) * left[:, :factors]
    remainder = matrix - (left[:, :factors] * values[:factors]) @ right[:factors]
    deviations = np.sqrt(np.square(remainder).mean(axis=1))
    # Both are residuals of the same variable.
    if deviations.min() <= 1e-10 * deviations.max():
        raise InsufficientDataError("The factors explain an entity's residuals entirely: take fewer.")
    phi = (loadings / deviations[:, None]).mean(axis=0)
    kept = float(np.square(1.0 - deviations * (loadings @ phi)).mean())
    if kept <= 1e-13:
        raise InsufficientDataError(
            f"Once {factors} factor{'s are' if factors > 1 else ' is'} taken out of {entities} entities, their "
            "correlation is the same whatever the errors: CD* needs more entities."
        )
    standard = remainder / deviations[:, None]
    # The sum over pairs of the correlations, from the sum over entities.
    total = 0.5 * (float(np.square(standard.sum(axis=0)).sum()) / periods - entities)
    cd = math.sqrt(2.0 * periods / (entities * (entities - 1.0))) * total
    statistic = (cd + math.sqrt(periods / 2.0) * (1.0 - kept)) / kept
    null = f"weakly correlated errors once {factors} factor{'s are' if factors > 1 else ' is'} taken out"
    return z_test(f"CD* ({factors} factor{'s' * (factors > 1)})", statistic, null)


def _sums(result: LinearResult, *, absolute: bool = False) -> PairSums:
    """Sums over the pairs of entities of their residuals' correlations."""
    design = result.fit.design
    return pair_sums(own_residuals(result), design.entities, design.times, _fewest(result), absolute=absolute)

"""Tests that entities are uncorrelated, in residuals or a variable: CD, CD*, LM, scaled and bias-corrected LM."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from panelvar.core.base.arguments import read_flag, read_whole, refuse_other
from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import DataError, InsufficientDataError, Note, SpecificationError, choose, emit
from panelvar.core.base.scaling import in_own_units
from panelvar.core.base.unknown_arguments import answering
from panelvar.core.faces.layout import Fact, Row, number, words
from panelvar.core.faces.number_format import check_digits, format_count, format_number
from panelvar.core.tables.table import Presented, Table
from panelvar.core.tables.test_result import TestResult, chi2_test, z_test
from panelvar.data.panel.panel import Panel, as_panel
from panelvar.data.panel.panel_rows import refuse_infinite
from panelvar.kernels.linear.groups import Grouping
from panelvar.kernels.linear.pair_correlations import PairSums, pair_sums
from panelvar.panels.diagnostics.auxiliary import level_rows, own_residuals
from panelvar.panels.static.result import LinearResult

KINDS = {
    "cd": "Pesaran CD",
    "lm": "Breusch-Pagan LM (dependence)",
    "scaled-lm": "Scaled LM",
    "bias-corrected-lm": "Bias-corrected scaled LM",
}
_NULL = "the errors of different entities are uncorrelated"
_NULL_OF_VARIABLE = "the variable is uncorrelated between entities"
FLAT_SHARE = 1e-13
"""Deviations from an entity's mean below this share of its values are rounding."""
FAMILIES = ("pooled", "fixed", "random", "difference")


@dataclass(frozen=True, repr=False)
class PairCorrelations(Presented):
    """Summary of the correlations of residuals over pairs of entities.

    Attributes
    ----------
    mean, mean_absolute : float
        Averages of the correlations and of their absolute values (plm's "rho" and "absrho").
    pairs, pairs_left_out : int
        Pairs with enough common periods (three; two where the convention keeps them), and pairs with fewer.

    See Also
    --------
    residual_correlations : Makes it.
    cross_section_dependence_test : Tests that they are zero.

    Examples
    --------
    >>> import panelvar as pv
    >>> fit = pv.fit_fixed_effects(pv.load_data("grunfeld"), "invest ~ value + capital")
    >>> correlations = pv.residual_correlations(fit)
    >>> round(correlations.mean, 4), round(correlations.mean_absolute, 4)
    (0.1756, 0.4204)
    """

    mean: float
    mean_absolute: float
    pairs: int
    pairs_left_out: int

    def summary(self, *, digits: int = 4) -> Table:
        """Return a table of the averages and of the number of pairs.

        Parameters
        ----------
        digits : int
            Decimals.

        Returns
        -------
        Table
        """
        check_digits(digits)
        cells = (number(self.mean, digits), number(self.mean_absolute, digits))
        facts = (Fact("Pairs", format_count(self.pairs)), Fact("Pairs left out", format_count(self.pairs_left_out)))
        header = Row("", (words("Mean"), words("Mean absolute value")))
        return Table("Correlations over pairs of entities", (header,), (Row("Correlation", cells),), facts=facts)

    def __repr__(self) -> str:
        mean, size = format_number(self.mean), format_number(self.mean_absolute)
        return f"<Correlations of {self.pairs} pairs: mean {mean}, mean absolute {size}>"


class ComparedValues(NamedTuple):
    """What is correlated between entities.

    Attributes
    ----------
    values : array (n,)
        At most one for each entity and period.
    entities, times : Grouping
    fewest : int
        Common periods that a pair needs to count.
    """

    values: Array
    entities: Grouping
    times: Grouping
    fewest: int

    def sums(self, *, absolute: bool = False, bound: float | None = None) -> PairSums:
        """Sums over the pairs of entities."""
        return pair_sums(self.values, self.entities, self.times, self.fewest, absolute=absolute, bound=bound)


@answering
def cross_section_dependence_test(
    result: LinearResult | Panel,
    column: Hashable | None = None,
    *,
    statistic: str = "cd",
    changes: bool = False,
) -> TestResult:
    r"""Test that residuals, or a variable, are uncorrelated across entities (``pcdtest``, ``xtcsd``, ``xtcd``).

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
    result : LinearResult, PanelVarResult, Panel or DataFrame
        Pooled, fixed, random effects or first differences, whose residuals are used; or with ``column`` a panel vector
        autoregression, a panel, or a DataFrame with a two-level index.
    column : label, optional
        The variable of a panel, or the equation of a system.
    statistic : {"cd", "lm", "scaled-lm", "bias-corrected-lm"}
        A row of the table.
    changes : bool
        Compare the changes of a variable from period to period. Non-stationary levels are correlated by chance.

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

    See Also
    --------
    cd_star_test : Stays valid with common factors.
    residual_correlations : How large the correlations are.
    cross_section_exponent : How strong the dependence is.
    DriscollKraay : Errors that allow for it.

    Notes
    -----
    **CD is invalid after time effects or estimated factors.** They make the correlations average to about zero whatever
    the dependence is, so that CD diverges under the null (Juodis and Reese 2022; Pesaran and Xie 2021): use
    `cd_star_test`. CD has power only if the correlations do not average to zero. **LM** needs N small against T. Its
    scaled form over-rejects when N / T is not small, and the bias-corrected one is derived for balanced one-way fixed
    effects. Serial correlation invalidates all of them.

    Correlations are of the residuals about their means over the common periods. Two periods make them 1 or -1, with
    twice the variance that CD counts on: such pairs are left out, unless the convention keeps them (plm, gretl). gretl
    also divides by all pairs of the entities that overlap with a later one, and one more entity.

    Examples
    --------
    >>> import panelvar as pv
    >>> states = pv.load_data("public_capital")
    >>> fixed = pv.fit_fixed_effects(states, "log(gsp) ~ log(pc) + log(emp)")
    >>> pv.cross_section_dependence_test(fixed)
    <Pesaran CD: z = 39.4952, p < 0.0001>
    >>> pv.cross_section_dependence_test(states, "unemp", changes=True)
    <Pesaran CD: z = 88.9036, p < 0.0001>
    """
    compared = read_values("The test of cross-section dependence", result, column, changes)
    choose("statistic", statistic, KINDS)
    notes = _doubt_model(result, statistic) if isinstance(result, LinearResult) else []
    periods, entities = compared.times.n_groups, compared.entities.n_groups
    if statistic in ("lm", "scaled-lm") and entities > periods:
        text = (
            f"The LM statistics over-reject unless N is small against T, and here there are {entities} entities and "
            f"{count_of(periods, 'period')}."
        )
        notes.append(Note("lm-many-entities", text, warn=True))
    sums = compared.sums()
    pairs = sums.pairs
    notes += note_pairs(compared.fewest, pairs, sums.left_out)
    emit(notes)
    name, null = KINDS[statistic], _NULL if column is None or hasattr(result, "resids") else _NULL_OF_VARIABLE
    if statistic == "lm":
        return chi2_test(name, sums.squared, pairs, null, notes)
    if statistic == "cd":
        possible = sums.leading * (sums.leading + 1) // 2
        by_all = isinstance(result, LinearResult) and result.convention.pairs_scale == "all"
        observed = sums.signed / math.sqrt(possible if by_all else pairs)
    else:
        observed = (sums.squared - pairs) / math.sqrt(2.0 * pairs)
    if statistic == "bias-corrected-lm":
        observed -= entities / (2.0 * (float(compared.entities.sizes.max()) - 1.0))
    return z_test(name, observed, null, notes)


def read_values(what: str, result: object, column: Hashable | None, changes: bool) -> ComparedValues:
    """Read residuals of a model, or a variable of a panel.

    Raises
    ------
    DataError
        If the variable does not vary within an entity.
    """
    changes = read_flag("changes", changes)
    if isinstance(result, LinearResult) and (column is not None or changes):
        raise SpecificationError(
            "column= and changes= are for a panel. The residuals of a model are taken as they are."
        )
    residuals: Any = getattr(result, "resids", None)
    if not isinstance(result, LinearResult) and getattr(getattr(residuals, "index", None), "nlevels", 1) == 2:
        # A system of a panel: its residuals are a panel, one column an equation.
        if column is None:
            raise SpecificationError(
                f"{what} takes one equation of a system. Name it: column={residuals.columns[0]!r}."
            )
        result = residuals
    if column is not None:
        return _read_variable(what, as_panel(result), column, changes)
    refuse_other(what, result, LinearResult, "the result of a linear panel model, or a panel with column=")
    assert isinstance(result, LinearResult)
    level_rows(result, what, FAMILIES, instruments=True)
    fewest = 2 if result.convention.short_pairs == "kept" else 3
    return ComparedValues(own_residuals(result), result.fit.design.entities, result.fit.design.times, fewest)


def _read_variable(what: str, panel: Panel, column: Hashable, changes: bool) -> ComparedValues:
    values = panel.column(column)
    refuse_infinite(panel, column, values)
    if changes:
        values = panel.difference(column)
    rows = np.flatnonzero(~np.isnan(values))
    owners, entities = np.unique(panel.entity_codes[rows], return_inverse=True)
    _, times = np.unique(panel.time_positions[rows], return_inverse=True)
    if len(owners) < 2:
        raise InsufficientDataError(
            f"{what} compares entities, but {count_of(len(owners), 'entity has', 'entities have')} values of "
            f"{str(column)!r}."
        )
    groups = Grouping.from_codes(entities, len(owners))
    scaled = in_own_units(values[rows])
    left = np.abs(scaled - groups.means(scaled)[entities])
    flat = groups.sums(left) <= FLAT_SHARE * groups.sums(np.abs(scaled)) * (groups.sizes > 1)
    if flat.any():
        label = panel.entity_labels[owners[int(np.flatnonzero(flat)[0])]]
        kind = "Changes of" if changes else "Values of"
        raise DataError(f"{kind} {str(column)!r} of {label!r} are all the same, so they are correlated with nothing.")
    return ComparedValues(scaled, groups, Grouping.from_codes(times), 3)


def _doubt_model(result: LinearResult, kind: str) -> list[Note]:
    """Return notes on what a model's effects mean for a test of its residuals."""
    fit = result.fit
    if kind == "bias-corrected-lm" and fit.family != "fixed":
        raise SpecificationError("The bias correction is derived for fixed effects. Fit the model with entity effects.")
    if fit.absorbed is None or fit.design.times not in fit.absorbed.groupings:
        return []
    text = (
        "The model has time effects, so its residuals sum to zero in every period, their correlations average to about "
        "-1/(N-1), and CD is not standard normal under the null. Use cd_star_test."
    )
    return [Note("cd-time-effects", text, warn=kind == "cd")]


def note_pairs(fewest: int, pairs: int, left_out: int) -> list[Note]:
    """Say how many pairs share too few periods; refuse if all do."""
    words = {2: "two", 3: "three"}[fewest]
    if pairs == 0:
        raise InsufficientDataError(f"No two entities have {words} periods in common.")
    if left_out:
        text = (
            f"{count_of(left_out, 'pair of entities has', 'pairs of entities have')} fewer than {words} common periods."
        )
        return [Note("pairs-left-out", text)]
    return []


@answering
def residual_correlations(
    result: LinearResult | Panel, column: Hashable | None = None, *, changes: bool = False
) -> PairCorrelations:
    """Average the correlations of residuals, or of a variable, and their absolute values, over the pairs of entities.

    Parameters
    ----------
    result : LinearResult, Panel or DataFrame
        Pooled, fixed, random effects or first differences, whose residuals are used; or with ``column`` a panel, or a
        DataFrame with a two-level index.
    column : label, optional
        The variable of a panel.
    changes : bool
        Compare the changes of a variable from period to period.

    Returns
    -------
    PairCorrelations

    Raises
    ------
    SpecificationError
        If the model is a between regression or has weights, a panel comes without a column, or a column comes with a
        result.
    InsufficientDataError
        If no two entities have three periods in common.

    See Also
    --------
    cross_section_dependence_test : The test.
    cross_section_exponent : How strong the dependence is.

    Notes
    -----
    A mean absolute correlation far above the mean says that dependence has both signs, which CD does not see.

    Examples
    --------
    >>> import panelvar as pv
    >>> states = pv.load_data("public_capital")
    >>> pv.residual_correlations(states, "unemp", changes=True)
    <Correlations of 1128 pairs: mean 0.6618, mean absolute 0.6619>
    """
    compared = read_values("The average correlation", result, column, changes)
    sums = compared.sums(absolute=True)
    note_pairs(compared.fewest, sums.pairs, sums.left_out)
    return PairCorrelations(sums.total / sums.pairs, sums.absolute / sums.pairs, sums.pairs, sums.left_out)


@answering
def cd_star_test(result: LinearResult, *, factors: int = 1) -> TestResult:
    r"""Test cross-section dependence beyond common factors: Pesaran and Xie's bias-corrected CD.

    The first m principal components are taken out of the residuals. With :math:`\hat\gamma_i` their loadings
    (:math:`N^{-1}\sum \hat\gamma_i\hat\gamma_i' = I`) and :math:`\hat\sigma_i` the standard deviation of what is left,

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
        If the panel is not balanced, or has too few entities or periods for so many factors.

    See Also
    --------
    cross_section_dependence_test : Without factors.
    fit_common_correlated_effects : Takes common factors out.

    Notes
    -----
    The null hypothesis is that errors are weakly correlated once m factors are out. N and T must be large, and of
    similar order. Stata's ``xtcd2`` standardises the residuals before it extracts components. The paper does not, nor
    does this function.

    Examples
    --------
    >>> import panelvar as pv
    >>> states = pv.load_data("public_capital")
    >>> fixed = pv.fit_fixed_effects(states, "log(gsp) ~ log(pc) + log(emp)")
    >>> pv.cd_star_test(fixed, factors=2)
    <CD* (2 factors): z = 1.2183, p = 0.2231>
    """
    design = level_rows(result, "CD*", ("pooled", "fixed", "random"))
    entities, periods = design.entities.n_groups, design.times.n_groups
    if design.nobs != entities * periods:
        raise SpecificationError("CD* is derived for balanced panels.")
    factors = read_whole("factors", factors, 1)
    # In one dimension all residuals are proportional, so their correlations are one or minus one whatever the errors
    # are.
    if factors > min(entities, periods - 1) - 2:
        raise SpecificationError(
            f"{count_of(factors, 'factor leaves', 'factors leave')} nothing to correlate of {entities} entities and "
            f"{periods} periods. There must be at least {factors + 2} entities and {factors + 3} periods. Take fewer "
            "factors, or use cross_section_dependence_test."
        )
    matrix = own_residuals(result).reshape(entities, periods)
    matrix = matrix - matrix.mean(axis=1, keepdims=True)
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    loadings = math.sqrt(entities) * left[:, :factors]
    remainder = matrix - (left[:, :factors] * values[:factors]) @ right[:factors]
    deviations = np.sqrt(np.square(remainder).mean(axis=1))
    # Both are residuals of the same variable.
    if deviations.min() <= 1e-10 * deviations.max():
        raise InsufficientDataError("The factors explain an entity's residuals entirely. Take fewer factors.")
    phi = (loadings / deviations[:, None]).mean(axis=0)
    kept = float(np.square(1.0 - deviations * (loadings @ phi)).mean())
    if kept <= 1e-13:
        raise InsufficientDataError(
            f"Once {count_of(factors, 'factor is', 'factors are')} taken out of {entities} entities, their correlation "
            "is the same whatever the errors are. CD* needs more entities."
        )
    standard = remainder / deviations[:, None]
    # The sum of the correlations over pairs follows from the sum over entities.
    total = 0.5 * (float(np.square(standard.sum(axis=0)).sum()) / periods - entities)
    cd = math.sqrt(2.0 * periods / (entities * (entities - 1.0))) * total
    statistic = (cd + math.sqrt(periods / 2.0) * (1.0 - kept)) / kept
    null = f"weakly correlated errors once {count_of(factors, 'factor is', 'factors are')} taken out"
    return z_test(f"CD* ({factors} factor{'s' * (factors > 1)})", statistic, null)

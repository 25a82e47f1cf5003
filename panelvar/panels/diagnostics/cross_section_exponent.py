r"""How strongly the entities of a panel depend on one another: the exponent of cross-section dependence.

References: Bailey, Kapetanios and Pesaran (2016), Journal of Applied Econometrics 31, 929-960; Bailey, Kapetanios and
Pesaran (2019), Sankhya B 81, 46-102.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass, field

import numpy as np

from panelvar.core.base.arguments import read_number, read_size, read_whole
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import (
    DataError,
    InsufficientDataError,
    MissingInformationError,
    Note,
    SpecificationError,
    check_level,
    choose,
    emit,
)
from panelvar.core.base.unknown_arguments import answering
from panelvar.core.faces.layout import Fact, Row, number, words
from panelvar.core.faces.number_format import format_count, format_number
from panelvar.core.tables.table import Presented, Table
from panelvar.core.tables.test_result import TestResult, z_test
from panelvar.data.panel.panel import Panel
from panelvar.kernels.linear.least_squares import least_squares
from panelvar.kernels.linear.principal_components import principal_components, transformed
from panelvar.panels.diagnostics.cross_section_dependence import ComparedValues, note_pairs, read_values
from panelvar.panels.static.result import LinearResult

METHODS = {"averages": "variance of the averages", "correlations": "pairs that are correlated"}
NO_ERROR = "The exponent has no standard error with method='correlations'. method='averages' has one."
FEWEST = 10
"""The fewest entities, and periods, from which the variance of averages is estimated."""


@dataclass(frozen=True, eq=False, repr=False)
class ExponentResult(Presented):
    r"""Exponent of cross-section dependence: with N entities, their average varies by :math:`N^{2(\alpha - 1)}`.

    Parameters
    ----------
    exponent : float
        :math:`\alpha`: one where a factor moves all entities, about one half or less where none moves more than a few.
    std_error : float
        NaN where none is derived (``method="correlations"``).
    method : str
        ``"averages"`` or ``"correlations"``.
    uncorrected, without_errors : float
        With averages, the first estimate, and the one without the variance of the entities' own errors; NaN otherwise.
    chosen : int
        Entities that move with the average, or pairs that are correlated.
    cd : TestResult
        Pesaran's CD of the same values.
    n_entities, n_periods : int
        Numbers of entities and periods.
    notes : tuple of Note
        Notes for the reader.

    See Also
    --------
    cross_section_exponent : Makes one.

    Examples
    --------
    >>> import panelvar as pv
    >>> states = pv.load_data("public_capital")
    >>> found = pv.cross_section_exponent(states, "unemp", changes=True)
    >>> print(round(found.exponent, 3), round(found.std_error, 3))
    0.997 0.024
    >>> found.cd
    <Pesaran CD: z = 88.9036, p < 0.0001>
    """

    exponent: float
    std_error: float
    method: str
    uncorrected: float
    without_errors: float
    chosen: int
    cd: TestResult
    n_entities: int
    n_periods: int
    notes: tuple[Note, ...] = field(default=())

    def conf_int(self, *, level: float = 0.95) -> tuple[float, float]:
        """Return confidence limits of the exponent.

        Parameters
        ----------
        level : float
            Coverage, 0.5 or more.

        Returns
        -------
        tuple of float
            The lower and the upper limit.

        Raises
        ------
        MissingInformationError
            If it has no standard error.
        """
        from scipy.special import ndtri

        covered = check_level(level)
        if math.isnan(self.std_error):
            raise MissingInformationError(NO_ERROR)
        reach = float(ndtri(0.5 + 0.5 * covered)) * self.std_error
        return self.exponent - reach, self.exponent + reach

    def reading(self, level: float = 0.05) -> str:
        """Say in a sentence which tests of unit roots the dependence allows.

        Parameters
        ----------
        level : float
            Significance level of CD, below one half.

        Returns
        -------
        str
        """
        size = read_size(level)
        if not self.cd.pvalue < size:
            return (
                "CD does not find dependence, so it does not speak against tests for independent entities (ips_test, "
                "fisher_test, llc_test)."
            )
        if self.exponent < 0.75:
            return (
                "The entities are correlated, but no factor moves most of them. demetrescu_hanck_test and "
                "breitung_test(robust=True) allow for that."
            )
        return (
            "A factor moves most entities. Use tests that allow for it (cips_test, panic_test, moon_perron_test), not "
            "those for independent entities."
        )

    def summary(self) -> Table:
        """Return a table of the exponent, its limits and CD, with the tests that they allow in its foot."""
        shown = {"Exponent": self.exponent}
        if not math.isnan(self.std_error):
            low, high = self.conf_int()
            shown |= {"Std. error": self.std_error, "2.5%": low, "97.5%": high}
        header = tuple(words(figure, "right") for figure in shown)
        cells = tuple(number(figure) for figure in shown.values())
        facts = (
            Fact("Entities", format_count(self.n_entities)),
            Fact("Periods", format_count(self.n_periods)),
            Fact("From", METHODS[self.method]),
            Fact("Entities chosen" if self.method == "averages" else "Pairs chosen", format_count(self.chosen)),
            Fact("CD", self.cd.in_a_line()),
        )
        notes = (self.reading(), *(note.text for note in self.notes))
        return Table(header=(Row("", header),), body=(Row("Dependence", cells),), facts=facts, notes=notes)

    def __repr__(self) -> str:
        error = "" if math.isnan(self.std_error) else f" ({format_number(self.std_error, 4)})"
        return f"<Cross-section exponent: {format_number(self.exponent, 4)}{error}, from {METHODS[self.method]}>"


@answering
def cross_section_exponent(
    data: LinearResult | Panel,
    column: Hashable | None = None,
    *,
    method: str | None = None,
    changes: bool = False,
    factors: int = 4,
    size: float = 0.1,
    tuning: float = 0.5,
) -> ExponentResult:
    r"""Estimate how strongly entities depend on one another: the exponent :math:`\alpha` (Stata's ``xtcse2``).

    Where a factor moves :math:`N^\alpha` of N entities, the average of all varies by :math:`\mu^2 N^{2(\alpha - 1)}`.
    With entities in deviations from their means over their standard deviations, :math:`\hat\sigma_{\bar x}^2` the
    variance of their average over time, :math:`\hat c/N` that of the average of what some principal components leave,
    and :math:`\hat\mu^2` that of the average of the entities that move with it (Bailey, Kapetanios and Pesaran 2016),

    .. math:: \hat\alpha = 1 + \frac{\ln\hat\sigma_{\bar x}^2}{2\ln N} - \frac{\hat c}{2 N \ln N\,\hat\sigma_{\bar x}^2}
        - \frac{\ln\hat\mu^2}{2\ln N}.

    For residuals, with n pairs of entities and R of them correlated (2019),

    .. math:: \hat\alpha = \frac{\ln(N + 2R)}{2\ln N}, \qquad
        \sqrt{T_{ij}}\,|\hat\rho_{ij}| > \Phi^{-1}\Bigl(1 - \frac{p}{2 n^\delta}\Bigr).

    Parameters
    ----------
    data : LinearResult, Panel or DataFrame
        A model whose residuals are looked at; or, with ``column``, a panel or a DataFrame with a two-level index.
    column : label, optional
        The variable of a panel.
    method : {"averages", "correlations"}, optional
        By default averages for a variable, correlations for residuals.
    changes : bool
        Take the changes of a variable from period to period. Non-stationary levels depend on one another by chance.
    factors : int
        Principal components that are taken out for :math:`\hat c`.
    size : float
        p: of averages, entities are chosen by tests of their slopes on the average at this level for all (Holm 1979).
    tuning : float
        :math:`\delta`; for correlations alone.

    Returns
    -------
    ExponentResult
        With a standard error for ``"averages"``, and CD.

    Raises
    ------
    DataError
        If an entity does not vary or, for averages, entities are observed in different periods.
    InsufficientDataError
        If, for averages, there are fewer than ten entities or periods.

    See Also
    --------
    cross_section_dependence_test : Tests whether there is dependence.
    fit_common_correlated_effects : Models strong dependence.

    Notes
    -----
    An exponent below one half cannot be told from one half: CD says whether there is dependence at all. The standard
    error is conservative: what the factor happened to do in these periods is in both variances, so it cancels.
    ``xtcse2`` does not divide the spread of slopes in it by :math:`\hat\mu^2`. It also goes on choosing entities after
    one that fails, and adds up absolute correlations where the paper counts them, which makes that exponent smaller.

    Examples
    --------
    >>> import panelvar as pv
    >>> states = pv.load_data("public_capital")
    >>> pv.cross_section_exponent(states, "unemp", changes=True)
    <Cross-section exponent: 0.9966 (0.0237), from variance of the averages>
    """
    used = method if method is not None else ("averages" if column is not None else "correlations")
    choose("method", used, tuple(METHODS))
    share = read_number("size", size)
    power = read_number("tuning", tuning)
    if not 0.0 < share < 1.0:
        raise SpecificationError(f"size={share:g} must lie between 0 and 1.")
    if not 0.0 <= power <= 1.0:
        raise SpecificationError(f"tuning={power:g} must lie between 0 and 1.")
    compared = read_values("The exponent of cross-section dependence", data, column, changes)
    entities, periods = compared.entities.n_groups, compared.times.n_groups
    pairs = entities * (entities - 1) / 2.0
    sums = compared.sums(bound=_quantile(share / pairs**power))
    notes = tuple(note_pairs(compared.fewest, sums.pairs, sums.left_out))
    cd = z_test("Pesaran CD", sums.signed / math.sqrt(sums.pairs), "entities are uncorrelated")
    if used == "correlations":
        notes = (*notes, Note("no-std-error", NO_ERROR))
        emit(notes)
        exponent = math.log(entities + 2.0 * sums.large) / (2.0 * math.log(entities))
        missing = math.nan
        return ExponentResult(exponent, missing, used, missing, missing, sums.large, cd, entities, periods, notes)
    exponent, std_error, uncorrected, without_errors, chosen = _estimate_from_averages(
        _standardise(compared), read_whole("factors", factors, 0), share
    )
    if chosen == 0:
        text = (
            "No entity moves with the average, so the last term of the exponent, which measures how far entities move "
            "with it, is left out."
        )
        notes = (*notes, Note("none-chosen", text))
    emit(notes)
    return ExponentResult(exponent, std_error, used, uncorrected, without_errors, chosen, cd, entities, periods, notes)


def _quantile(tails: float) -> float:
    """Return the standard normal quantile with this probability beyond it, both tails together."""
    from scipy.special import ndtri

    return float(-ndtri(0.5 * tails))


def _standardise(compared: ComparedValues) -> Array:
    """Return values (T, N): each entity less its mean, over its standard deviation."""
    entities, periods = compared.entities.n_groups, compared.times.n_groups
    if len(compared.values) != entities * periods:
        raise DataError("method='averages' needs the same periods for every entity. method='correlations' does not.")
    if min(entities, periods) < FEWEST:
        raise InsufficientDataError(
            f"method='averages' needs at least {FEWEST} entities and {FEWEST} periods, and there are {entities} and "
            f"{periods}."
        )
    values = np.empty((periods, entities))
    values[compared.times.codes, compared.entities.codes] = compared.values
    return transformed(values, "standardised")


def _estimate_from_averages(values: Array, factors: int, size: float) -> tuple[float, float, float, float, int]:
    """Estimate from standardised values (T, N).

    Returns the exponent, its standard error, the exponent uncorrected and without errors, and how many entities move
    with the average.
    """
    periods, entities = values.shape
    if factors >= min(entities, periods - 1):
        raise InsufficientDataError(
            f"factors={factors} leaves nothing of {entities} entities and {periods} periods. Take fewer factors."
        )
    logarithm = math.log(entities)
    average = values.mean(axis=1)
    variance = float(np.square(average).mean())
    if variance <= np.finfo(np.float64).eps:
        raise DataError(
            "The averages over the entities are zero in every period, as they are once period means have been "
            "subtracted. Use the values before that."
        )
    left = values - principal_components(values, factors).common
    errors = entities * float(np.square(left.mean(axis=1)).mean())
    first = 1.0 + 0.5 * math.log(variance) / logarithm
    second = first - errors / (2.0 * logarithm * entities * variance)
    factor = average / math.sqrt(variance)
    slopes = factor @ values / periods
    chosen = _choose_entities(values, factor, slopes, size)
    of_chosen = float(np.square(values[:, chosen].mean(axis=1)).mean()) if len(chosen) else 1.0
    exponent = second - 0.5 * math.log(of_chosen) / logarithm
    moved = int(np.clip(round(entities**exponent), 2, entities))
    largest = slopes[np.argsort(-np.abs(slopes), kind="stable")[:moved]]
    spread = float(largest.var(ddof=1)) / of_chosen
    total = _long_run_variance(np.square(factor)) / periods + 4.0 * entities**-exponent * spread
    return exponent, math.sqrt(total) / (2.0 * logarithm), first, second, len(chosen)


def _choose_entities(values: Array, factor: Array, slopes: Array, size: float) -> Array:
    """Return the entities whose slopes on the standardised average differ from zero, by Holm's steps at one level."""
    periods, entities = values.shape
    residuals = values - np.outer(factor, slopes)
    # An entity that is the average has no residuals.
    with np.errstate(divide="ignore"):
        ratios = np.abs(slopes) / np.sqrt(np.square(residuals).sum(axis=0) / (periods - 2) / periods)
    order = np.argsort(-ratios, kind="stable")
    bounds = np.array([_quantile(size / left) for left in range(entities, 0, -1)])
    fails = ratios[order] < bounds
    return np.asarray(order[: int(fails.argmax()) if fails.any() else entities])


def _long_run_variance(squares: Array) -> float:
    """Return the long-run variance of a series (T,) by an autoregression with the cube root of T (rounded up) lags."""
    about = squares - squares.mean()
    lags = math.ceil(len(about) ** (1.0 / 3.0))
    rows = len(about) - lags
    past = np.column_stack([about[lags - lag : len(about) - lag] for lag in range(1, lags + 1)])
    slopes = least_squares(past, about[lags:])
    left = about[lags:] - past @ slopes
    return float(left @ left / rows / np.square(1.0 - slopes.sum()))

"""The coefficient of a two-way effects regression as a weighted mean of comparisons (Goodman-Bacon 2021)."""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import DataError, InsufficientDataError, Note, emit
from panelvar.core.base.shared_parameters import documented
from panelvar.core.faces.layout import Fact, Row, count, number, words
from panelvar.core.faces.number_format import check_digits, format_count, format_number
from panelvar.core.tables.table import Presented, Table
from panelvar.data.calendar.time_labels import as_text
from panelvar.data.formulas.design import Design
from panelvar.estimates.fit.fit import Fit
from panelvar.estimates.fit.presets import as_convention
from panelvar.panels.static.finish import solved
from panelvar.panels.static.fixed import within_model
from panelvar.panels.treatments.cohorts import NEVER
from panelvar.panels.treatments.group_time import period_labels
from panelvar.panels.treatments.staggered import Staggered, read_staggered

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

ALWAYS_TREATED, NEVER_TREATED = "always", "never"

EARLIER_LATER = "earlier vs later treated"
LATER_EARLIER = "later vs earlier treated"
WITH_NEVER = "treated vs never treated"
WITH_ALWAYS = "treated vs always treated"
BOTH_TREATED = "two treated cohorts"
ALWAYS_NEVER = "always vs never treated"
WITHIN = "within cohorts"
KINDS = (WITH_NEVER, EARLIER_LATER, LATER_EARLIER, BOTH_TREATED, WITH_ALWAYS, ALWAYS_NEVER, WITHIN)
_TREATED_ALREADY = (LATER_EARLIER, WITH_ALWAYS)

TREATMENT = "the treatment"
# Shares of a sum of squares that are rounding: differences within cohorts where regressors have none.
_ROUNDING = (1e3 * np.finfo(np.float64).eps) ** 2
_NAMED = 5


class Comparison(NamedTuple):
    """One comparison.

    Attributes
    ----------
    treated, compared_with : label
        Cohorts, by their first period of treatment; ``"always"`` and ``"never"`` for entities that are treated in all
        periods and in none. Both are missing for differences within cohorts.
    kind : str
    estimate, weight : float
    """

    treated: Any
    compared_with: Any
    kind: str
    estimate: float
    weight: float


@dataclass(frozen=True, eq=False, repr=False)
class TwoWayDecomposition(Presented):
    """The coefficient of a two-way effects regression, and the comparisons that it is the weighted mean of.

    Attributes
    ----------
    coefficient : float
        Of the treatment, by the regression.
    comparisons : tuple of Comparison
        Their weights add to one, and the weighted sum of their estimates is the coefficient.
    dependent : str
    regressors : tuple of str
    nobs, n_entities, n_periods : int
    notes : tuple of Note

    See Also
    --------
    decompose_two_way_effects : makes it.

    Examples
    --------
    >>> import panelvar as pv
    >>> counties = pv.load_data("minimum_wage")
    >>> parts = pv.decompose_two_way_effects(counties, "lemp", cohort="first_treat")
    >>> parts.by_kind().round(4).loc["later vs earlier treated"].to_dict()
    {'weight': 0.0539, 'estimate': 0.0046, 'comparisons': 3.0}

    Each comparison, its estimate against its weight:

    >>> figure = parts.plot()
    """

    coefficient: float
    comparisons: tuple[Comparison, ...]
    dependent: str
    regressors: tuple[str, ...]
    nobs: int
    n_entities: int
    n_periods: int
    notes: tuple[Note, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each comparison.

        Returns
        -------
        DataFrame
            ``treated``, ``compared_with``, ``kind``, ``estimate`` and ``weight``.
        """
        import pandas as pd

        frame = pd.DataFrame(list(self.comparisons), columns=list(Comparison._fields))
        # Periods that are whole numbers stay so beside words and what is missing.
        frame["treated"], frame["compared_with"] = (
            pd.Series([each[place] for each in self.comparisons], dtype=object) for place in (0, 1)
        )
        return frame

    def by_kind(self) -> pd.DataFrame:
        """Return the weight of each kind of comparison, and the weighted mean of its estimates.

        Returns
        -------
        DataFrame
            ``weight``, ``estimate`` and ``comparisons`` (how many), by kind.
        """
        import pandas as pd

        found = {}
        for kind in KINDS:
            own = [each for each in self.comparisons if each.kind == kind]
            if own:
                weight, estimate = _mean(own)
                found[kind] = (weight, estimate, len(own))
        return pd.DataFrame.from_dict(found, orient="index", columns=["weight", "estimate", "comparisons"])

    def summary(self, *, digits: int = 4) -> Table:
        """Return a table of the kinds of comparisons.

        Parameters
        ----------
        digits : int
            Decimals.

        Returns
        -------
        Table
        """
        digits = check_digits(digits)
        body = [
            Row(str(kind), (number(weight, digits), number(estimate, digits), count(many)))
            for kind, weight, estimate, many in self.by_kind().itertuples()
        ]
        whole = (number(1.0, digits), number(self.coefficient, digits), count(len(self.comparisons)))
        return Table(
            title="Two-way effects as a mean of comparisons",
            facts=(
                Fact("Dependent", self.dependent),
                Fact("Observations", format_count(self.nobs)),
                Fact("Regressors", ", ".join(self.regressors) or "none"),
                Fact("Entities", format_count(self.n_entities)),
                Fact("Source", "Goodman-Bacon (2021)"),
                Fact("Periods", format_count(self.n_periods)),
            ),
            header=(Row("", (words("Weight"), words("Estimate"), words("Comparisons"))),),
            body=tuple(body),
            foot=(Row("Two-way coefficient", whole),),
            notes=(*self._conclusions(digits), *(note.text for note in self.notes)),
        )

    def _conclusions(self, digits: int) -> list[str]:
        """What follows from the weights, in words."""
        found = []
        late = [each for each in self.comparisons if each.kind in _TREATED_ALREADY]
        others = [each for each in self.comparisons if each.kind not in _TREATED_ALREADY]
        share = _mean(late)[0]
        if late and not self.regressors:
            text = (
                f"{100.0 * share:.1f}% of the weight lies on comparisons with entities that are treated already. They "
                "take changes of an effect for a trend: where effects grow with time, they are too low and may have "
                "the wrong sign."
            )
            if others:
                text += f" Without them the weighted mean is {format_number(_mean(others)[1], digits)}."
            found.append(f"{text} fit_sun_abraham and fit_imputation make no such comparison.")
        elif late or any(each.kind == BOTH_TREATED for each in self.comparisons):
            share = sum(each.weight for each in self.comparisons if each.kind in (*_TREATED_ALREADY, BOTH_TREATED))
            found.append(
                f"{100.0 * share:.1f}% of the weight lies on comparisons in which both are treated at some time. With "
                "regressors, those with entities treated already cannot be told apart from others; where effects grow "
                "with time, they are too low. fit_sun_abraham and fit_imputation make no such comparison."
            )
        elif not self.regressors:
            found.append("No comparison is with entities that are treated already.")
        if within := [each for each in self.comparisons if each.kind == WITHIN]:
            found.append(
                f"{100.0 * within[0].weight:.1f}% of the weight lies on differences within cohorts, whose entities are "
                "all treated at once: the regressors alone make these."
            )
        return found

    @documented
    def plot(
        self,
        *,
        ax: Axes | None = None,
        figure: Figure | SubFigure | None = None,
        figsize: Sequence[float] | None = None,
        title: str | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> Figure | SubFigure:
        """Draw the estimate of each comparison against its weight, and the coefficient as a line.

        Parameters
        ----------
        {ax, figure, figsize, title}
        labels : mapping of str to str, optional
            What the axes are called: ``"Weight"``, ``"Estimate"``.

        Returns
        -------
        Figure
        """
        from panelvar.reporting.plots_of_panels.two_way import draw_comparisons

        return draw_comparisons(self, ax, figure, figsize, title, labels)

    __repr__ = Presented.__str__


@documented
def decompose_two_way_effects(
    data: object,
    y: str,
    *,
    cohort: Hashable | None = None,
    treatment: Hashable | None = None,
    missing: str = "drop",
) -> TwoWayDecomposition:
    r"""Say which comparisons the two-way effects coefficient of a treatment averages (the Bacon decomposition).

    In :math:`y_{it} = \alpha_i + \lambda_t + \delta D_{it} + u_{it}`, cohorts k (earlier) and l (later) are compared
    twice: before l is treated, k against l, and from the treatment of k on, l against k, which is treated already. With
    :math:`\bar y` the mean of a cohort over a window of periods,

    .. math:: \hat\delta = \sum_{kl} s_{kl} \hat\delta_{kl}, \qquad
              \hat\delta_{kl} = (\bar y_k^{post} - \bar y_k^{pre}) - (\bar y_l^{post} - \bar y_l^{pre}),

    .. math:: s_{kl} \propto n_k n_l (\bar D_k - \bar D_l)(1 - \bar D_k), \qquad
              s_{lk} \propto n_k n_l \bar D_l (\bar D_k - \bar D_l),

    where n counts entities and :math:`\bar D` is the share of periods with treatment: 0 for the never treated, 1 for
    those always treated (Goodman-Bacon 2021, Journal of Econometrics 225(2), 254-277, theorem 1). The weights add to
    one.

    With regressors, D is replaced by its residual d from them and both effects. Its cohort means
    :math:`\bar d_{kt}` make the comparisons of each pair of cohorts, both windows in one, with weights
    :math:`n_k n_l \sum_t (\bar d_{kt} - \bar d_{lt})^2`; what is left of d varies within cohorts and makes one more
    estimate (the same article, on controls).

    Parameters
    ----------
    data : Panel or DataFrame
        A DataFrame without a two-level index needs a formula with effects, which name its entity and period.
    y : str
        The outcome, ``"y"``, or a formula, ``"y ~ x | entity + time"``.
    {cohort, treatment, missing}

    Returns
    -------
    TwoWayDecomposition

    Raises
    ------
    DataError
        If a row is missing: the identity holds where every entity has every period. Stata's and R's ``bacondecomp``
        refuse such panels too.
    InsufficientDataError
        If all entities have the same treatment, or regressors explain it.
    SpecificationError
        If both or neither of cohort and treatment are given.

    See Also
    --------
    fit_sun_abraham, fit_imputation : Effects without comparisons with entities that are treated already.

    Notes
    -----
    R: ``bacondecomp::bacon``; Stata: ``bacondecomp``, ``estat bdecomp``.

    Examples
    --------
    >>> import panelvar as pv
    >>> counties = pv.load_data("minimum_wage")
    >>> parts = pv.decompose_two_way_effects(counties, "lemp", cohort="first_treat")
    >>> parts.by_kind()["weight"].round(3).to_dict()
    {'treated vs never treated': 0.863, 'earlier vs later treated': 0.083, 'later vs earlier treated': 0.054}
    >>> round(parts.coefficient, 4)
    -0.0365
    """
    rows = read_staggered(data, y, cohort, treatment, None, missing)
    groups = _group(rows)
    design = rows.design
    treated = np.arange(groups.n_periods) >= groups.starts[groups.of_entity][:, None]
    outcome = np.asarray(design.y).reshape(treated.shape)
    fit, residual = regress_two_way(design, treated.ravel().astype(np.float64))
    means = np.array([outcome[groups.of_entity == place].mean(axis=0) for place in range(len(groups.starts))])
    if not design.names:
        found = _two_by_two(groups, means)
    else:
        found = _of_residuals(groups, means, outcome, residual.reshape(outcome.shape))
    total = sum(each.weight for each in found)
    result = TwoWayDecomposition(
        float(fit.coefficients[fit.names.index(TREATMENT)]),
        tuple(each._replace(weight=each.weight / total) for each in found if each.weight > _ROUNDING * total),
        design.dependent,
        design.names,
        design.nobs,
        len(treated),
        groups.n_periods,
        tuple(dict.fromkeys((*rows.cohorts.notes, *fit.notes))),
    )
    emit(result.notes)
    return result


class _Groups(NamedTuple):
    """Entities by the first of the periods in use in which they are treated.

    ``starts`` (G,), in the order of time, are places among the periods: 0 for always, ``n_periods`` for never.
    """

    starts: NDArray[np.intp]
    labels: list[Any]
    of_entity: NDArray[np.intp]
    n_periods: int

    @property
    def sizes(self) -> NDArray[np.intp]:
        return np.bincount(self.of_entity)

    @property
    def shares(self) -> Array:
        """Share of the periods with treatment."""
        shares: Array = 1.0 - self.starts / self.n_periods
        return shares

    def kind(self, treated: int, other: int) -> str:
        """Name the comparison of two groups of which one changes its treatment."""
        if self.starts[other] == self.n_periods:
            return WITH_NEVER if self.starts[treated] else ALWAYS_NEVER
        if self.starts[other] == 0:
            return WITH_ALWAYS
        return EARLIER_LATER if treated < other else LATER_EARLIER


def _group(rows: Staggered) -> _Groups:
    """Group entities; refuse panels with gaps, and those in which nothing can be compared."""
    design, cohorts = rows.design, rows.cohorts
    _refuse_gaps(rows)
    used = np.unique(rows.period)
    of_entity = rows.cohort[design.entity_starts[:-1]]
    firsts = np.where(of_entity == NEVER, np.iinfo(np.int64).max, cohorts.first[of_entity])
    starts, codes = np.unique(np.searchsorted(cohorts.periods[used], firsts), return_inverse=True)
    periods = period_labels(design).take(used)
    labels = [ALWAYS_TREATED if not at else NEVER_TREATED if at == len(used) else periods[at] for at in starts.tolist()]
    if not any(0 < at < len(used) for at in starts.tolist()):
        who = " and ".join(f"{word} treated" for word in labels)
        raise InsufficientDataError(
            f"Every entity is {who} in the periods of these rows, so no treatment begins. There must be entities with "
            "periods before their treatment."
        )
    if len(starts) == 1:
        raise InsufficientDataError(
            f"All entities ({some_labels(design.entity_labels)}) are treated from {as_text(labels[0])} on, so effects "
            "of treatment and of periods cannot be told apart. There must be entities that are treated later, or never."
        )
    return _Groups(starts, labels, codes.astype(np.intp), len(used))


def _refuse_gaps(rows: Staggered) -> None:
    """Refuse a panel in which entities lack periods, and name these."""
    design = rows.design
    entities, used = design.entities, np.unique(rows.period)
    if design.nobs == entities.n_groups * len(used):
        return
    present = np.zeros((entities.n_groups, len(used)), dtype=bool)
    present[entities.codes, np.searchsorted(used, rows.period)] = True
    short = np.flatnonzero(~present.all(axis=1))
    labels, periods = design.entity_labels, period_labels(design).take(used)
    shown = "; ".join(f"{as_text(labels[at])}: {some_labels(periods[~present[at]])}" for at in short[:_NAMED].tolist())
    more = "; ..." if len(short) > _NAMED else ""
    raise DataError(
        "The coefficient is a weighted mean of comparisons where every entity has every period. "
        f"{count_of(len(short), 'entity lacks', 'entities lack')} periods ({shown}{more}). Leave out these entities, "
        "or these periods; or ask fit_sun_abraham or fit_imputation for the effects, which take such panels."
    )


def some_labels(labels: pd.Index) -> str:
    """Write the first few labels."""
    return ", ".join([*map(as_text, labels[:_NAMED]), *(["..."] if len(labels) > _NAMED else [])])


def regress_two_way(design: Design, treatment: Array) -> tuple[Fit, Array]:
    """Regress on a treatment beside the design's regressors and both effects, and the treatment on these.

    Returns
    -------
    tuple
        The fit, in which the treatment is called `TREATMENT`, and what is left of the treatment, (n,).

    Raises
    ------
    InsufficientDataError
        If the effects and the regressors explain the treatment.
    """
    *regressors, dependent = design.columns
    # The treatment stands last, where it is the one left out if regressors explain it.
    fit = _two_way(design.with_columns((*regressors, treatment, dependent), names=(*design.names, TREATMENT)))
    if TREATMENT not in fit.names:
        regressed = f" and the regressors ({', '.join(design.names)})" if design.names else ""
        raise InsufficientDataError(
            f"The effects{regressed} explain the treatment, so there is no coefficient. It must change within entities "
            "at different times, and not be made of the regressors."
        )
    explained = _two_way(design.with_columns((*regressors, treatment), dependent=TREATMENT))
    return fit, explained.transformed_residuals


def _two_way(design: Design) -> Fit:
    return solved(within_model(design, "twoway", as_convention("default")), "drop")


def _two_by_two(groups: _Groups, means: Array) -> list[Comparison]:
    """Compare cohorts two by two: before the later is treated, and from the treatment of the earlier on."""
    found = []
    shares, sizes, starts = groups.shares, groups.sizes.astype(np.float64), groups.starts
    for early, late in itertools.combinations(range(len(starts)), 2):
        scale = sizes[early] * sizes[late] * (shares[early] - shares[late])
        first, second = int(starts[early]), int(starts[late])
        for treated, other, begin, change, end, weight in (
            (early, late, 0, first, second, scale * (1.0 - shares[early])),
            (late, early, first, second, groups.n_periods, scale * shares[late]),
        ):
            if not begin < change < end:
                # The always treated have no change, and the never treated none either.
                continue
            gap = means[treated] - means[other]
            estimate = gap[change:end].mean() - gap[begin:change].mean()
            found.append(_compare(groups, treated, other, groups.kind(treated, other), estimate, weight))
    return found


def _of_residuals(groups: _Groups, means: Array, outcome: Array, residual: Array) -> list[Comparison]:
    """Compare cohorts pair by pair by the residual of treatment, and entities within cohorts."""
    found = []
    sizes = groups.sizes.astype(np.float64)
    of_group = np.array([residual[groups.of_entity == place].mean(axis=0) for place in range(len(sizes))])
    for early, late in itertools.combinations(range(len(sizes)), 2):
        gap, difference = of_group[early] - of_group[late], means[early] - means[late]
        spread = float(gap @ gap)
        kind = groups.kind(early, late)
        treated, other = (late, early) if groups.starts[early] == 0 and kind != ALWAYS_NEVER else (early, late)
        kind = BOTH_TREATED if kind == EARLIER_LATER and groups.starts[early] else groups.kind(treated, other)
        # The sum over pairs counts each cohort once for every entity.
        weight = sizes[early] * sizes[late] / sizes.sum() * spread
        estimate = float(gap @ (difference - difference.mean())) / spread if spread else 0.0
        found.append(_compare(groups, treated, other, kind, estimate, weight))
    left = residual - of_group[groups.of_entity]
    spread = float((left * left).sum())
    deviation = outcome - outcome.mean(axis=1, keepdims=True)
    if spread:
        found.append(Comparison(None, None, WITHIN, float((left * deviation).sum()) / spread, spread))
    return found


def _compare(groups: _Groups, treated: int, other: int, kind: str, estimate: float, weight: float) -> Comparison:
    return Comparison(groups.labels[treated], groups.labels[other], kind, float(estimate), float(weight))


def _mean(comparisons: Sequence[Comparison]) -> tuple[float, float]:
    """Return the sum of the weights and the weighted mean of the estimates."""
    weight = sum(each.weight for each in comparisons)
    return weight, sum(each.weight * each.estimate for each in comparisons) / weight if weight else float("nan")

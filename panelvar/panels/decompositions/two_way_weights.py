"""The weight of each treated row's effect in a two-way coefficient (de Chaisemartin and D'Haultfoeuille 2020)."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import DataError, Note, SpecificationError, emit
from panelvar.core.base.shared_parameters import documented
from panelvar.core.faces.layout import Fact, Row, count, number, words
from panelvar.core.faces.number_format import check_digits, format_count, format_number
from panelvar.core.tables.table import Presented, Table
from panelvar.data.formulas.design import build_design
from panelvar.panels.decompositions.two_way_comparisons import TREATMENT, regress_two_way
from panelvar.panels.treatments.staggered import panel_of_formula, read_staggered

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

# A weight this much smaller than the largest is rounding, and has no sign.
_ROUNDING = 1e-12


@dataclass(frozen=True, eq=False, repr=False)
class TwoWayWeights(Presented):
    """The weights of the effects of treated rows in the coefficient of a two-way effects regression.

    Attributes
    ----------
    coefficient : float
        Of the treatment, by the regression.
    index : MultiIndex
        Entity and period of each treated row (n of them).
    treatment : (n,) array
        Its treatment, not zero.
    weights : (n,) array
        They add to one.
    dependent : str
    regressors : tuple of str
    nobs, n_entities, n_periods : int
        Of all rows of the regression.
    notes : tuple of Note

    See Also
    --------
    weigh_two_way_effects : makes it.

    Examples
    --------
    >>> import panelvar as pv
    >>> counties = pv.load_data("minimum_wage")
    >>> found = pv.weigh_two_way_effects(counties, "lemp", cohort="first_treat")
    >>> found.n_negative, round(found.sum_negative, 3)
    (20, -0.011)

    The weights by period, as multiples of equal ones:

    >>> figure = found.plot()
    """

    coefficient: float
    index: pd.MultiIndex
    treatment: Array
    weights: Array
    dependent: str
    regressors: tuple[str, ...]
    nobs: int
    n_entities: int
    n_periods: int
    notes: tuple[Note, ...]

    @property
    def n_negative(self) -> int:
        """Treated rows with a negative weight."""
        return int(np.count_nonzero(self.weights < 0.0))

    @property
    def sum_negative(self) -> float:
        """Sum of the negative weights."""
        return float(self.weights[self.weights < 0.0].sum())

    @property
    def shares(self) -> Array:
        """Share of each row in the sum of treatments, (n,): the weights of the average effect on the treated."""
        shares: Array = self.treatment / self.treatment.sum()
        return shares

    @property
    def multiples(self) -> Array:
        """Weights as multiples of those of the average effect on the treated, (n,)."""
        multiples: Array = self.weights / self.shares
        return multiples

    @cached_property
    def spread_for_zero(self) -> float:
        """Smallest standard deviation of effects whose average is zero, and which give the coefficient.

        NaN where a treatment is negative.
        """
        if self.treatment.min() < 0.0:
            return float("nan")
        deviation = self.multiples - 1.0
        with np.errstate(divide="ignore", invalid="ignore"):
            return float(abs(self.coefficient) / np.sqrt(np.float64(self.shares @ deviation**2)))

    @cached_property
    def spread_for_opposite_signs(self) -> float:
        """Smallest standard deviation of effects which all have the sign opposite to that of the coefficient.

        NaN where no weight is negative, so that this cannot be, or a treatment is negative.
        """
        if self.treatment.min() < 0.0 or not self.n_negative:
            return float("nan")
        order = np.argsort(-self.multiples, kind="stable")
        multiples, shares = self.multiples[order], self.shares[order]
        # Sums over each row and those after it.
        share, weight, square = (
            np.cumsum(each[::-1])[::-1] for each in (shares, shares * multiples, shares * multiples**2)
        )
        # The first row stands for all, with nothing before it.
        rest = 1.0 - share[1:]
        first = 1 + int(np.flatnonzero(multiples[1:] < -weight[1:] / rest)[0])
        spread = square[first] + weight[first] ** 2 / (1.0 - share[first])
        return float(abs(self.coefficient) / np.sqrt(spread))

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each treated row of the data.

        Returns
        -------
        DataFrame
            ``treatment``, ``weight`` and ``multiple`` (of the weight in the average effect on the treated), by entity
            and period.
        """
        import pandas as pd

        columns = {"treatment": self.treatment, "weight": self.weights, "multiple": self.multiples}
        return pd.DataFrame(columns, index=self.index)

    def summary(self, *, digits: int = 4) -> Table:
        """Return a table of the weights by their sign, with what effects the coefficient may come from.

        Parameters
        ----------
        digits : int
            Decimals.

        Returns
        -------
        Table
        """
        digits = check_digits(digits)
        body = []
        for label, chosen in (("Positive", self.weights > 0.0), ("Negative", self.weights < 0.0)):
            body.append(Row(label, (count(int(chosen.sum())), number(float(self.weights[chosen].sum()), digits))))
        opposite = self.spread_for_opposite_signs
        return Table(
            title="Weights of effects in a two-way coefficient",
            facts=(
                Fact("Dependent", self.dependent),
                Fact("Observations", format_count(self.nobs)),
                Fact("Regressors", ", ".join(self.regressors) or "none"),
                Fact("Entities", format_count(self.n_entities)),
                Fact("Coefficient", format_number(self.coefficient, digits)),
                Fact("Periods", format_count(self.n_periods)),
            ),
            header=(Row("Weights", (words("Treated rows"), words("Sum"))),),
            body=tuple(body),
            foot=(Row("All", (count(len(self.weights)), number(float(self.weights.sum()), digits))),),
            statistics=(
                Fact("Spread for an average of zero", _shown(self.spread_for_zero, digits)),
                Fact("Spread for opposite signs", _shown(opposite, digits)),
            ),
            notes=(*self._conclusions(digits), *(note.text for note in self.notes)),
        )

    def _conclusions(self, digits: int) -> list[str]:
        """What follows from the weights, in words."""
        found = []
        if self.n_negative:
            found.append(
                f"{count_of(self.n_negative, 'treated row')} of {format_count(len(self.weights))} count negatively, "
                f"with {format_number(self.sum_negative, digits)} in sum: the larger their effects, the lower the "
                "coefficient, which may have the sign that no effect has. fit_sun_abraham and fit_imputation have no "
                "negative weights."
            )
        else:
            found.append(
                "No weight is negative: if all effects have one sign, the coefficient has it. It is still no average "
                "over the treated rows, unless their weights are the same."
            )
        if np.isfinite(self.spread_for_zero):
            found.append(
                "Spread: the smallest standard deviation of effects over treated rows with which the average effect "
                "can be zero, or all effects have the other sign. If effects may well differ by that much, the "
                "coefficient does not say which sign they have."
            )
        elif self.treatment.min() < 0.0:
            found.append("Treatment is negative in some rows, for which no spread is defined.")
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
        """Draw the weights of treated rows by period, as multiples of those of the average effect on the treated.

        Parameters
        ----------
        {ax, figure, figsize, title}
        labels : mapping of str to str, optional
            What the axes are called: ``"Period"``, ``"Weight"``.

        Returns
        -------
        Figure
        """
        from panelvar.reporting.plots_of_panels.two_way import draw_weights

        return draw_weights(self, ax, figure, figsize, title, labels)

    __repr__ = Presented.__str__


@documented
def weigh_two_way_effects(
    data: object,
    y: str,
    *,
    cohort: Hashable | None = None,
    treatment: Hashable | None = None,
    missing: str = "drop",
) -> TwoWayWeights:
    r"""Say how much the effect on each treated row counts in the two-way effects coefficient of a treatment.

    If trends without treatment are parallel, the coefficient of D in :math:`y_{it} = \alpha_i + \lambda_t + \delta
    D_{it} + x_{it}'\beta + u_{it}` is

    .. math:: E\hat\delta = E \sum_{it: D_{it} \ne 0} w_{it} \Delta_{it}, \qquad
              w_{it} = \frac{\hat e_{it} D_{it}}{\sum_{js} \hat e_{js} D_{js}},

    with :math:`\Delta_{it}` the effect on a row per unit of treatment, and :math:`\hat e` the residual of D from the
    effects and the regressors. Weights can be negative (de Chaisemartin and D'Haultfoeuille 2020, American Economic
    Review 110(9), 2964-2996, theorem 1). With :math:`s_{it} = D_{it} / \sum D` and :math:`m_{it} = w_{it} / s_{it}`,
    effects of average zero over the treated give the coefficient if their standard deviation is

    .. math:: \underline\sigma = |\hat\delta| \Big/ \sqrt{\textstyle\sum s_{it} (m_{it} - 1)^2}

    or more, and effects that all have the other sign if it is

    .. math:: \underline{\underline\sigma} = |\hat\delta| \Big/
              \sqrt{T_k + S_k^2 / (1 - P_k)},

    where rows stand in falling order of m, P, S and T sum :math:`s`, :math:`s m` and :math:`s m^2` over row k and those
    after it, and k is the first row with :math:`m_k < -S_k / (1 - P_k)` (corollary 1).

    Parameters
    ----------
    data : Panel or DataFrame
        A DataFrame without a two-level index needs a formula with effects, which name its entity and period.
    y : str
        The outcome, ``"y"``, or a formula, ``"y ~ x | entity + time"``.
    cohort : column name, optional
        First period of treatment of each entity. Missing or infinite: never treated; zero too, where no period is zero
        or less.
    treatment : column name, optional
        In place of ``cohort``: the treatment of each row. It may go up and down, and have doses.
    {missing}

    Returns
    -------
    TwoWayWeights

    Raises
    ------
    SpecificationError
        If both or neither of cohort and treatment are given.
    DataError
        If the treatment is missing in a row.
    InsufficientDataError
        If the effects and the regressors explain the treatment.

    See Also
    --------
    decompose_two_way_effects : The comparisons behind the coefficient.
    fit_sun_abraham, fit_imputation : Effects without negative weights.

    Notes
    -----
    R and Stata: ``twowayfeweights``, type ``feTR``. Their first spread is that of the article, which stands
    here, times :math:`\sqrt{(n - 1) / n}` with n treated rows.

    Examples
    --------
    >>> import panelvar as pv
    >>> counties = pv.load_data("minimum_wage")
    >>> found = pv.weigh_two_way_effects(counties, "lemp", cohort="first_treat")
    >>> round(found.spread_for_zero, 4)
    0.0828
    """
    import pandas as pd

    panel, formula = panel_of_formula(data, y)
    notes: tuple[Note, ...] = ()
    if cohort is None and treatment is not None:
        design = build_design(panel, formula, None, missing=missing)
        values = np.asarray(panel.column(treatment), dtype=np.float64)
        values = values if design.kept is None else values[design.kept]
        if lost := int(np.count_nonzero(~np.isfinite(values))):
            raise DataError(
                f"treatment={treatment!r} is missing or infinite in {count_of(lost, 'row')}. Leave these out."
            )
    elif treatment is None and cohort is not None:
        rows = read_staggered(panel, formula, cohort, None, None, missing)
        design, notes = rows.design, rows.cohorts.notes
        values = (rows.treated & (rows.since >= 0)).astype(np.float64)
    else:
        raise SpecificationError(
            "Say who is treated when: cohort='first_treated', a column with the first period of treatment (missing: "
            "never), or treatment='treated', a column with the treatment of each row. Give one of the two."
        )
    fit, residual = regress_two_way(design, values)
    treated = values != 0.0
    product = residual[treated] * values[treated]
    product[np.abs(product) <= _ROUNDING * np.abs(product).max()] = 0.0
    entities = design.entity_labels.take(design.entities.codes[treated])
    periods = design.time_labels.take(design.times.codes[treated])
    result = TwoWayWeights(
        float(fit.coefficients[fit.names.index(TREATMENT)]),
        pd.MultiIndex.from_arrays([entities, periods], names=["entity", "period"]),
        values[treated],
        product / product.sum(),
        design.dependent,
        design.names,
        design.nobs,
        design.entities.n_groups,
        design.times.n_groups,
        tuple(dict.fromkeys((*notes, *fit.notes))),
    )
    emit(result.notes)
    return result


def _shown(spread: float, digits: int) -> str:
    return format_number(spread, digits) if np.isfinite(spread) else "none"

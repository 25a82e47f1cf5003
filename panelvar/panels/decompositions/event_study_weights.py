"""What each coefficient of a two-way event study is made of: weights of all cohorts and periods (Sun, Abraham 2021)."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import InsufficientDataError, Note, SpecificationError, emit
from panelvar.core.base.quoting import shown
from panelvar.core.base.shared_parameters import documented
from panelvar.core.faces.layout import Fact, Row, number, words
from panelvar.core.faces.number_format import check_digits, format_count
from panelvar.core.tables.table import Presented, Table
from panelvar.estimates.fit.fit import Fit
from panelvar.estimates.fit.presets import as_convention
from panelvar.panels.decompositions.two_way_comparisons import some_labels
from panelvar.panels.treatments.cell_regressions import cells_since_treatment, regress_on_cells
from panelvar.panels.treatments.group_time import name_cells
from panelvar.panels.treatments.staggered import read_anticipation, read_staggered

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure


@dataclass(frozen=True, eq=False, repr=False)
class EventStudyWeights(Presented):
    """The weights of the effects of all cohorts and periods in each coefficient of a two-way event study.

    Attributes
    ----------
    since : (m,) array of int
        Period since treatment of each coefficient.
    coefficients : (m,) array
    cohort : (c,) Index
        Cohort of each effect, by its first period of treatment.
    cell_since : (c,) array of int
        Its period since treatment.
    weights : (c, m) array
        Of each effect in each coefficient.
    references : (r,) array of int
        Periods since treatment without a coefficient.
    dependent : str
    nobs, n_entities, n_periods : int
    notes : tuple of Note

    See Also
    --------
    weigh_event_study : makes it.

    Examples
    --------
    >>> import panelvar as pv
    >>> counties = pv.load_data("minimum_wage")
    >>> found = pv.weigh_event_study(counties, "lemp", cohort="first_treat")
    >>> found.by_coefficient()["others"].round(2).to_dict()[0]
    0.13

    The weights in the coefficient of the first period of treatment:

    >>> figure = found.plot(since=0)
    """

    since: NDArray[np.int64]
    coefficients: Array
    cohort: pd.Index
    cell_since: NDArray[np.int64]
    weights: Array
    references: NDArray[np.int64]
    dependent: str
    nobs: int
    n_entities: int
    n_periods: int
    notes: tuple[Note, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return the weights, a row for each effect and a column for each coefficient.

        Returns
        -------
        DataFrame
            By ``cohort`` and ``since``; columns are the coefficients' periods since treatment. In each column the
            weights of the coefficient's own period add to one, those of each other coefficient's period to zero, and
            those of periods without a coefficient to -1.
        """
        import pandas as pd

        index = pd.MultiIndex.from_arrays([self.cohort, self.cell_since], names=["cohort", "since"])
        return pd.DataFrame(self.weights, index=index, columns=pd.Index(self.since, name="coefficient"))

    def by_coefficient(self) -> pd.DataFrame:
        """Return how much of each coefficient comes from where.

        Returns
        -------
        DataFrame
            By period since treatment: ``estimate``; ``own_negative``, the sum of the negative weights of its own
            period; ``others``, the sum of absolute weights of the periods of other coefficients, zero where these do
            not enter; ``left_out``, that of periods without a coefficient, which add to -1.
        """
        import pandas as pd

        own = self.cell_since[:, None] == self.since
        left_out = np.isin(self.cell_since, self.references)[:, None]
        size = np.abs(self.weights)
        columns = {
            "estimate": self.coefficients,
            "own_negative": np.where(own, np.minimum(self.weights, 0.0), 0.0).sum(axis=0),
            "others": np.where(own | left_out, 0.0, size).sum(axis=0),
            "left_out": np.where(left_out, size, 0.0).sum(axis=0),
        }
        return pd.DataFrame(columns, index=pd.Index(self.since, name="since"))

    def summary(self, *, digits: int = 4) -> Table:
        """Return a table of the coefficients and what enters them.

        Parameters
        ----------
        digits : int
            Decimals.

        Returns
        -------
        Table
        """
        digits = check_digits(digits)
        frame = self.by_coefficient()
        body = [
            Row(str(since), tuple(number(float(each), digits) for each in row))
            for since, row in zip(frame.index, frame[["estimate", "own_negative", "others"]].to_numpy(), strict=True)
        ]
        worst = int(np.argmax(frame["others"].to_numpy()))
        return Table(
            title="Weights of effects in a two-way event study",
            facts=(
                Fact("Dependent", self.dependent),
                Fact("Observations", format_count(self.nobs)),
                Fact("Left out", ", ".join(map(str, self.references))),
                Fact("Entities", format_count(self.n_entities)),
                Fact("Source", "Sun and Abraham (2021)"),
                Fact("Periods", format_count(self.n_periods)),
            ),
            header=(Row("Since", tuple(map(words, ("Estimate", "Own, negative", "Others")))),),
            body=tuple(body),
            notes=(
                "Own, negative: sum of the negative weights of effects in the same period since treatment; all weights "
                "of these add to one. Others: sum of absolute weights of effects in the periods of other "
                "coefficients, which add to zero in each.",
                f"Others enter most in the coefficient of {self.since[worst]}: if effects there differ by cohort, they "
                "do not cancel. A coefficient before treatment may then differ from zero without any trend. "
                "fit_sun_abraham has weights of one period alone.",
                *(note.text for note in self.notes),
            ),
        )

    @documented
    def plot(
        self,
        *,
        since: int = 0,
        ax: Axes | None = None,
        figure: Figure | SubFigure | None = None,
        figsize: Sequence[float] | None = None,
        title: str | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> Figure | SubFigure:
        """Draw the weights of all effects in one coefficient, by their period since treatment.

        Parameters
        ----------
        since : int
            Period since treatment of the coefficient.
        {ax, figure, figsize, title}
        labels : mapping of str to str, optional
            What the axes are called: ``"Period"``, ``"Weight"``.

        Returns
        -------
        Figure

        Raises
        ------
        SpecificationError
            If that period has no coefficient.
        """
        from panelvar.reporting.plots_of_panels.two_way import draw_event_weights

        at = np.flatnonzero(self.since == since) if isinstance(since, (int, np.integer)) else np.empty(0, dtype=int)
        if not len(at):
            raise SpecificationError(
                f"since={shown(since)} has no coefficient. These have: {', '.join(map(str, self.since))}."
            )
        return draw_event_weights(self, int(at[0]), ax, figure, figsize, title, labels)

    __repr__ = Presented.__str__


@documented
def weigh_event_study(
    data: object,
    y: str,
    *,
    cohort: Hashable | None = None,
    treatment: Hashable | None = None,
    anticipation: int = 0,
    missing: str = "drop",
) -> EventStudyWeights:
    r"""Say how much each cohort's effect in each period counts in the coefficients of a two-way event study.

    The coefficient of period l since treatment, of `fit_two_way_event_study`, is under parallel trends

    .. math:: E\hat\delta_l = E \sum_{g,e} \omega^l_{g,e} CATT_{g,e},

    with :math:`CATT_{g,e}` the mean effect on cohort g in its period e, before treatment too. The weight
    :math:`\omega^l_{g,e}` is the coefficient of :math:`1\{t - g_i = l\}` in the regression of :math:`1\{g_i = g, t - g
    = e\}` on all regressors and both effects of the event study (Sun and Abraham 2021, Journal of Econometrics 225(2),
    175-199, propositions 1 to 3). Over cohorts, weights add to one in the own period, to zero in each other
    period with a coefficient, and to -1 in the periods without one.

    Parameters
    ----------
    data : Panel or DataFrame
        A DataFrame without a two-level index needs a formula with effects, which name its entity and period.
    y : str
        The outcome, ``"y"``, or a formula, ``"y ~ x | entity + time"``.
    {cohort, treatment, anticipation, missing}

    Returns
    -------
    EventStudyWeights

    Raises
    ------
    DataError, SpecificationError, InsufficientDataError
        As of `fit_two_way_event_study`.

    See Also
    --------
    fit_two_way_event_study : The coefficients, with their errors.
    fit_sun_abraham : Effects of each period without those of others.

    Notes
    -----
    Stata: ``eventstudyweights``.

    Examples
    --------
    >>> import panelvar as pv
    >>> counties = pv.load_data("minimum_wage")
    >>> found = pv.weigh_event_study(counties, "lemp", cohort="first_treat")
    >>> found.to_frame()[0].round(3).loc[2004].loc[[-1, 0, 1]].to_dict()
    {-1: -0.131, 0: 0.106, 1: 0.025}
    """
    anticipated = read_anticipation(anticipation)
    rows = read_staggered(data, y, cohort, treatment, None, missing)
    cells, of_row, references, said = cells_since_treatment(rows, anticipated)
    design, cohorts = rows.design, rows.cohorts
    names = name_cells(cells, cohorts, design)
    regression, found, kept = regress_on_cells(design, of_row, names, as_convention("default"))
    if not len(found):
        raise InsufficientDataError(
            f"Entities ({some_labels(design.entity_labels)}) do not differ in the periods since their treatment, so no "
            "coefficient is left. There must be entities that are treated at another time, or never."
        )
    inside = rows.treated
    joint = rows.cohort * len(cohorts.periods) + rows.period
    distinct, codes = np.unique(joint[inside], return_inverse=True)
    at, when = np.divmod(distinct, len(cohorts.periods))
    of_cell = np.full(len(joint), len(distinct), dtype=np.intp)
    of_cell[inside] = codes
    result = EventStudyWeights(
        cells.since[kept],
        regression.coefficients[found],
        cohorts.labels.take(at),
        cohorts.periods[when] - cohorts.first[at],
        _weights(regression, of_cell, len(distinct))[:, found],
        references,
        design.dependent,
        design.nobs,
        design.entities.n_groups,
        design.times.n_groups,
        tuple(dict.fromkeys((*cohorts.notes, *said, *regression.notes))),
    )
    emit(result.notes)
    return result


def _weights(regression: Fit, of_cell: NDArray[np.intp], count: int) -> Array:
    """Regress the indicator of each cell on the regression's regressors and effects: one pass for all, (cells, k)."""
    rows = regression.rows_or_refuse("A weight")
    kept = regression.kept
    # An indicator need not be transformed, since the regressors are.
    products = np.zeros((count + 1, len(kept)))
    for start, stop, block in rows.blocks():
        np.add.at(products, of_cell[start:stop], block[:, kept])
    basis = regression.solution.inverse_r
    weights: Array = products[:count] @ basis @ basis.T
    return weights

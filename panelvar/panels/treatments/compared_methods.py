"""Several methods on the same rows: their effects side by side, with the joint covariance of all."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from panelvar.core.base.arguments import read_names
from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import InsufficientDataError, Note, PanelVarWarning, SpecificationError, choose, emit
from panelvar.core.base.quoting import shown
from panelvar.core.base.shared_parameters import documented
from panelvar.core.faces.layout import Cell, Fact, Row, printed, words
from panelvar.core.faces.number_format import check_digits, format_count, format_estimates
from panelvar.core.tables.table import Presented, Table
from panelvar.core.tables.test_result import TestResult
from panelvar.estimates.coefficients.stacked_estimates import StackedCoefficients, StackedInference
from panelvar.estimates.coefficients.wald import wald
from panelvar.estimates.covariance.covariances import Covariance
from panelvar.estimates.fit.conventions import Convention
from panelvar.panels.treatments.event_studies import METHODS, fit_event_study
from panelvar.panels.treatments.group_time import average_cells, influence_of_average
from panelvar.panels.treatments.influences import covariance_of_influences
from panelvar.panels.treatments.result import TreatmentEffects
from panelvar.panels.treatments.staggered import panel_of_formula

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

_OVERALL = "overall"
# A difference of effects this small beside their errors is rounding.
_ROUNDING = 1e-10


@dataclass(frozen=True, eq=False, repr=False)
class ComparedMethods(Presented):
    """Effects of one treatment by several methods, on the same rows.

    Attributes
    ----------
    effects : mapping of str to TreatmentEffects
        The fit of each method.
    joint : StackedInference
        All effects by period since treatment, ``"[imputation]since[2]"``, and the averages, ``"[imputation]overall"``,
        with the covariance of all: sums of squares of influences, without a small-sample factor. ``joint.wald_test``
        and ``joint.lincom`` ask for more.
    notes : tuple of Note

    See Also
    --------
    compare_methods : makes it.

    Examples
    --------
    >>> import panelvar as pv
    >>> counties = pv.load_data("minimum_wage")
    >>> compared = pv.compare_methods(counties, "lemp", cohort="first_treat")
    >>> compared.difference_test("sun-abraham", "imputation").in_a_line()
    'chi2(4) = 6.8762, p = 0.1426'

    The effects by period since treatment, by all methods:

    >>> figure = compared.plot()
    """

    effects: Mapping[str, TreatmentEffects]
    joint: StackedInference
    notes: tuple[Note, ...]

    def difference_test(self, first: str, second: str) -> TestResult:
        """Test that two methods have the same effects in every period from treatment on.

        Parameters
        ----------
        first, second : str
            Names of methods, as they were given.

        Returns
        -------
        TestResult
            Chi-squared.

        Raises
        ------
        SpecificationError
            If a method was not fitted, or both are the same.
        InsufficientDataError
            If their effects are equal but for rounding in every period, as those of Sun and Abraham and of Callaway and
            Sant'Anna are in a balanced panel: there is nothing to test.
        """
        for option, method in (("first", first), ("second", second)):
            choose(option, method, tuple(self.effects))
        if first == second:
            raise SpecificationError(f"first and second are both {first!r}.")
        names = self.joint.names
        late = [name for name in self._since(first) if name >= 0 and name in self._since(second)]
        matrix = np.zeros((len(late), len(names)))
        for row, since in enumerate(late):
            matrix[row, names.index(f"[{first}]since[{since}]")] = 1.0
            matrix[row, names.index(f"[{second}]since[{since}]")] = -1.0
        # Where both are one estimator, the difference is rounding in every sample.
        errors = np.abs(matrix) @ self.joint.std_errors.to_numpy()
        matrix = matrix[np.abs(matrix @ self.joint.params.to_numpy()) > _ROUNDING * errors]
        if not len(matrix):
            raise InsufficientDataError(
                f"The effects by {first} and by {second} are equal in every period from the first of treatment on: "
                "there is nothing to test."
            )
        null = f"the effects by {first} and by {second} are the same"
        test = wald(self.joint, matrix, np.zeros(len(matrix)), "Wald", null)
        emit(test.notes)
        return test

    def _difference_in_words(self, first: str, second: str, digits: int) -> str:
        try:
            return self.difference_test(first, second).in_a_line(digits)
        except InsufficientDataError:
            return "equal"

    def _since(self, method: str) -> list[int]:
        return [int(each) for each in np.unique(self.effects[method].fit.cells.since)]

    def to_frame(self) -> pd.DataFrame:
        """Return estimates and standard errors by period since treatment, and their averages.

        Returns
        -------
        DataFrame
            A row for each period and ``"overall"``; ``estimate`` and ``std_error`` of each method.
        """
        import pandas as pd

        periods = sorted({since for method in self.effects for since in self._since(method)})
        values = {
            (method, what): [series.get(f"[{method}]since[{since}]", np.nan) for since in periods]
            + [series[f"[{method}]{_OVERALL}"]]
            for method in self.effects
            for what, series in (("estimate", self.joint.params), ("std_error", self.joint.std_errors))
        }
        return pd.DataFrame(values, index=pd.Index([*periods, _OVERALL], name="since", dtype=object))

    def summary(self, *, digits: int = 4) -> Table:
        """Return a table with a column for each method.

        Parameters
        ----------
        digits : int
            Decimals.

        Returns
        -------
        Table
        """
        digits, frame = check_digits(digits), self.to_frame()
        body = []
        for label, row in frame.iterrows():
            estimates: list[Cell] = []
            errors: list[Cell] = []
            for method in self.effects:
                estimate, error = row[method]
                if np.isnan(estimate):
                    estimates.append(Cell())
                    errors.append(Cell())
                    continue
                ((first, second),) = format_estimates([(estimate, error)], [error], digits)
                estimates.append(printed(first, estimate))
                errors.append(printed(second, error, brackets="()"))
            name = "Average" if label == _OVERALL else str(label)
            body += [Row(name, tuple(estimates)), Row("", tuple(errors))]
        some = next(iter(self.effects.values()))
        tests = tuple(
            Fact(f"{one} = {other}", self._difference_in_words(one, other, digits))
            for one, other in itertools.combinations(self.effects, 2)
        )
        return Table(
            title="Methods compared",
            facts=(
                Fact("Dependent", some.dependent),
                Fact("Observations", format_count(some.nobs)),
                Fact("Std. errors", self.joint.cov_label),
                Fact("Entities", format_count(some.n_entities)),
            ),
            header=(Row("", tuple(map(words, self.effects))),),
            body=tuple(body),
            statistics=tests,
            notes=(
                "Effects by period since treatment, and their average over treated rows. The tests are of those from "
                "the first period of treatment on.",
                *dict.fromkeys(note.text for note in self.notes),
            ),
        )

    @documented
    def plot(
        self,
        *,
        joint: str | None = None,
        style: str = "points",
        ax: Axes | None = None,
        figure: Figure | SubFigure | None = None,
        figsize: Sequence[float] | None = None,
        title: str | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> Figure | SubFigure:
        """Draw the effects of all methods by period since treatment (`panelvar.plot_event_study`).

        Parameters
        ----------
        {joint (event study), style (event study), ax, figure, figsize, title, labels (event study)}

        Returns
        -------
        Figure
        """
        from panelvar.reporting.plots_of_panels.event_study import plot_event_study

        return plot_event_study(
            dict(self.effects), joint=joint, style=style, ax=ax, figure=figure, figsize=figsize, title=title,
            labels=labels,
        )  # fmt: skip

    __repr__ = Presented.__str__


@documented
def compare_methods(
    data: object,
    y: str,
    *,
    cohort: Hashable | None = None,
    treatment: Hashable | None = None,
    methods: Sequence[str] = ("two-way", "sun-abraham", "imputation"),
    anticipation: int = 0,
    weights: str | None = None,
    cov: str | Covariance = "cluster",
    convention: str | Convention = "default",
    missing: str = "drop",
) -> ComparedMethods:
    r"""Fit several methods to the rows that all of them use, and test whether their effects differ.

    With :math:`\psi_i^a` what entity i adds to the effects of method a (its influence), :math:`\sum_i \psi_i^a
    \psi_i^{b\prime}` is the covariance of two methods' effects. That of imputation is the conservative one;
    those of Callaway and Sant'Anna and of two stages count the shares of cohorts as estimated.

    Parameters
    ----------
    data : Panel or DataFrame
        A DataFrame without a two-level index needs a formula with effects, which name its entity and period.
    y : str
        The outcome, ``"y"``, or a formula, ``"y ~ x | entity + time"``.
    {cohort, treatment}
    methods : sequence of str
        Two or more of ``"two-way"``, ``"sun-abraham"``, ``"callaway-santanna"``, ``"imputation"``,
        ``"two-stage"`` and ``"extended-two-way"``, as of `fit_event_study`. Imputation and two stages have the same
        effects, so there is no test of their difference.
    {anticipation}
    weights : str, optional
        A column of analytic weights.
    cov : str or covariance object
        ``"cluster"``, by entity, or ``Clustered(column)``, by a column in which entities lie.
    {convention, missing}

    Returns
    -------
    ComparedMethods

    Raises
    ------
    SpecificationError
        If fewer than two methods are named, or one is unknown.
    InsufficientDataError
        If no row is used by all.

    See Also
    --------
    fit_event_study : One method.

    Examples
    --------
    >>> import panelvar as pv
    >>> counties = pv.load_data("minimum_wage")
    >>> compared = pv.compare_methods(counties, "lemp", cohort="first_treat")
    >>> compared.to_frame().xs("estimate", axis=1, level=1).loc["overall"].round(4).to_dict()
    {'two-way': -0.0363, 'sun-abraham': -0.04, 'imputation': -0.0477}
    """
    names = read_names("methods", methods, "names of methods")
    for name in names:
        choose("methods", name, METHODS)
    if len(set(names)) < max(2, len(names)):
        raise SpecificationError(f"methods={shown(methods)} must name two or more methods, each once.")
    panel, y = panel_of_formula(data, y)

    def fit_all(rows: Any) -> dict[str, TreatmentEffects]:
        with warnings.catch_warnings():
            # What is said of the final fits is said of the comparison.
            warnings.simplefilter("ignore", PanelVarWarning)
            return {
                name: fit_event_study(
                    rows,
                    y,
                    cohort=cohort,
                    treatment=treatment,
                    method=name,
                    anticipation=anticipation,
                    weights=weights,
                    cov=cov,
                    convention=convention,
                    missing=missing,
                )
                for name in names
            }

    effects, notes = fit_all(panel), list[Note]()
    used = {name: _rows_used(each) for name, each in effects.items()}
    shared = np.logical_and.reduce(list(used.values()))
    if not shared.any():
        raise InsufficientDataError("No row is used by all methods.")
    lost = {name: int(np.count_nonzero(rows & ~shared)) for name, rows in used.items()}
    if any(lost.values()):
        counted = ", ".join(f"{name} {count}" for name, count in lost.items())
        text = f"The methods are fitted to the rows that all of them use. So many others do not count here: {counted}."
        notes.append(Note("rows-of-all-methods", text, warn=True))
        effects = fit_all(panel.where(shared, panel_order=True))
        if len({each.nobs for each in effects.values()}) > 1:
            counted = ", ".join(f"{name} {count_of(found.nobs, 'row')}" for name, found in effects.items())
            raise InsufficientDataError(
                f"Of the rows that all methods use, they use different ones again: {counted}. Compare fewer methods."
            )
    labels, values, influences = [], [], []
    for name, each in effects.items():
        for by in ("event", _OVERALL):
            average = average_cells(each.fit, by, None)
            labels += [f"[{name}]{label}" for label in average.names]
            values.append(average.weights @ each.fit.coefficients)
            influences.append(influence_of_average(each.fit, average))
        notes += each.fit.notes
    some = next(iter(effects.values()))
    covariance = covariance_of_influences(np.hstack(influences), some.fit.design, "", cov)
    exact = all(each.fit.exact for each in effects.values())
    stacked = StackedCoefficients(tuple(labels), np.concatenate(values), exact)
    result = ComparedMethods(effects, StackedInference(stacked, covariance), tuple(dict.fromkeys(notes)))
    emit(result.notes)
    return result


def _rows_used(effects: TreatmentEffects) -> Array:
    """Which rows of the panel a fit uses, (n,) of bool."""
    design = effects.fit.design
    used = np.zeros(design.panel.nobs, dtype=bool)
    used[slice(None) if design.kept is None else design.kept] = True
    return used

"""Effects of a treatment by cohort and period, and their averages."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arguments import read_seed, read_whole
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import InsufficientDataError, SpecificationError, check_level, choose, emit
from panelvar.core.base.limits import MOST_DRAWS
from panelvar.core.base.quoting import one_line, shown
from panelvar.core.base.shared_parameters import documented
from panelvar.core.faces.layout import Fact
from panelvar.core.faces.number_format import (
    Levels,
    check_digits,
    check_stars,
    format_count,
    format_estimates,
    pvalue_text,
)
from panelvar.core.tables.table import Table
from panelvar.core.tables.test_result import TestResult
from panelvar.data.calendar.time_labels import as_text
from panelvar.data.formulas.design import Design
from panelvar.estimates.bands.resampling import MULTIPLIERS
from panelvar.estimates.coefficients.equation_estimates import EquationEstimates
from panelvar.estimates.coefficients.event_study import EventStudy
from panelvar.estimates.coefficients.nonlinear import through
from panelvar.estimates.coefficients.stacked_estimates import StackedCoefficients
from panelvar.estimates.coefficients.wald import zero_test
from panelvar.estimates.covariance.covariances import Covariance, CovarianceEstimate
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.sample import Sample, sample_of
from panelvar.panels.static.summary import rows_per_entity
from panelvar.panels.treatments.group_time import (
    ALL,
    KINDS,
    WEIGHTS,
    Average,
    GroupTimeFit,
    average_cells,
    influence_of_average,
    read_window,
)
from panelvar.panels.treatments.influences import covariance_of_influences, sum_by_cluster

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure


_NO_OUTCOMES = dict.fromkeys(
    ("predict", "fitted_values", "resids", "augment", "marginal_effects"),
    "These are effects of a treatment, which predict no outcome: aggregate() averages them, to_frame() lists them.",
)


@dataclass(frozen=True, eq=False, repr=False)
class AverageEffects(EquationEstimates):
    """Averages of a treatment's effects, by period since treatment, cohort or period, or over all.

    Attributes
    ----------
    fit : StackedCoefficients
    covariance : CovarianceEstimate
    convention : Convention
    estimator : str
        The method, and over what it averages.
    design : Design
        The rows of the estimate.
    since : (q,) array of int, or None
        Periods since treatment of averages by period since treatment.
    references : (r,) array of int
        Periods since treatment whose effects are zero by definition.
    influence : (N, q) array
        What each entity adds to each average.
    residual_leads : bool
        Whether effects before treatment are residuals, which are measured from no period.
    multipliers : {"normal", "rademacher", "mammen"}
        What multiplies the influences of clusters in the draws of sup-t limits.

    See Also
    --------
    TreatmentEffects.aggregate : makes it.

    Examples
    --------
    >>> import panelvar as pv
    >>> counties = pv.load_data("minimum_wage")
    >>> by_year = pv.fit_sun_abraham(counties, "lemp", cohort="first_treat").aggregate("calendar")
    >>> by_year.params.round(3).to_dict()
    {'period[2004]': -0.011, 'period[2005]': -0.07, 'period[2006]': -0.049, 'period[2007]': -0.037}

    The averages of each year with their intervals:

    >>> figure = by_year.plot()
    """

    _not_offered: ClassVar[Mapping[str, str]] = {
        "with_cov": "These are averages of effects: ask the effects, effects.with_cov(...).aggregate(...).",
        **_NO_OUTCOMES,
    }

    fit: StackedCoefficients
    covariance: CovarianceEstimate
    convention: Convention
    estimator: str
    design: Design
    since: NDArray[np.int64] | None
    references: NDArray[np.int64]
    influence: Array
    residual_leads: bool = False
    multipliers: str = "normal"

    def _directions(self, places: NDArray[np.intp]) -> tuple[Array, str]:
        if self.multipliers == "normal":
            return super()._directions(places)
        sums = sum_by_cluster(self.influence, self.design, self.covariance.specification).sums
        return sums[:, places], self.multipliers

    @property
    def _sample(self) -> Sample:
        return sample_of(self.design.dependent, self.design.nobs, self.design.entities)

    @property
    def n_periods(self) -> int:
        """Distinct periods in use."""
        return self.design.times.n_groups

    @cached_property
    def f_slopes(self) -> TestResult | None:
        """Joint test that all averages are zero."""
        return zero_test(self, list(self.names), "Wald", "no effects")

    @documented
    def event_study(
        self,
        term: str | re.Pattern[str] | Mapping[Any, str] | None = None,
        *,
        reference: object = None,
        event: object = None,
        level: float = 0.95,
        draws: int = 10_000,
        seed: int | np.random.Generator = 0,
        multipliers: str = "normal",
    ) -> EventStudy:
        """Put averages by period since treatment in time, with pointwise and joint limits.

        Parameters
        ----------
        term, reference, event
            Not used: the periods, and those left out, are known.
        level : float
            Coverage of the limits.
        {draws (sup-t), seed (sup-t)}
        multipliers : {"normal", "rademacher", "mammen"}
            What the influences of clusters are multiplied by in a draw (multiplier bootstrap). Normal ones are those of
            a vector with the covariance of the averages; R's did takes Rademacher's, 1 or -1, Stata's csdid Mammen's.

        Returns
        -------
        EventStudy

        Raises
        ------
        SpecificationError
            If a term, a reference or an event is named, the errors are not clustered by one dimension and other
            multipliers than normal ones are asked for, or the averages are not by period since treatment.
        """
        import pandas as pd

        for option, given in (("term", term), ("reference", reference), ("event", event)):
            if given is not None:
                raise SpecificationError(
                    f"{option}={shown(given)} has no use here: which periods there are, and which were left out, is "
                    "known from the fit."
                )
        if self.since is None:
            raise SpecificationError("An event study has averages by period since treatment: aggregate('event').")
        level, draws, seed = check_level(level), read_whole("draws", draws, 2, MOST_DRAWS), read_seed(seed)
        choose("multipliers", multipliers, MULTIPLIERS)
        averages = replace(self, multipliers=multipliers)
        averages._directions(np.arange(len(self.names)))
        periods = np.concatenate([self.references, self.since])
        order = np.argsort(periods, kind="stable")
        names = np.array([*[""] * len(self.references), *self.names], dtype=object)[order]
        return EventStudy(
            averages,
            "periods since treatment",
            tuple(names),
            pd.Index(periods[order]),
            names == "",
            periods[order] < 0,
            level,
            draws,
            seed,
            multipliers,
            self.residual_leads,
        )

    @property
    def _head_facts(self) -> tuple[Fact, ...]:
        return _sample_facts(self, self.design)

    def _foot_facts(self, digits: int) -> tuple[Fact, ...]:
        test = self.f_slopes
        return () if test is None or len(self.names) == 1 else (Fact("No effects", test.in_a_line(digits)),)

    def __repr__(self) -> str:
        return one_line(f"<{self.estimator}: {self.dependent} on {', '.join(self.names)}>")


@dataclass(frozen=True, eq=False, repr=False)
class TreatmentEffects(EquationEstimates):
    """Effects of a treatment on each cohort in each period.

    A cohort is all entities that are treated from the same period on. Its effect in a period is the mean of what
    treatment changed for its entities; before treatment it is the difference that trends alone have made since the
    cohort's reference period.

    Attributes
    ----------
    fit : GroupTimeFit
    covariance : CovarianceEstimate
    convention : Convention
    estimator : str
        The method.
    comparison : str
        Who the cohorts are compared with, in words.

    See Also
    --------
    fit_sun_abraham : makes one.

    Examples
    --------
    >>> import panelvar as pv
    >>> counties = pv.load_data("minimum_wage")
    >>> effects = pv.fit_sun_abraham(counties, "lemp", cohort="first_treat")
    >>> effects.aggregate("overall").params.round(4).to_dict()
    {'overall': -0.04}
    >>> effects.event_study().estimates.round(3).tolist()
    [0.003, 0.025, 0.024, 0.0, -0.02, -0.051, -0.137, -0.101]

    The effects by period since treatment, with pointwise and joint intervals:

    >>> figure = effects.plot()
    """

    _not_offered: ClassVar[Mapping[str, str]] = _NO_OUTCOMES

    fit: GroupTimeFit
    covariance: CovarianceEstimate
    convention: Convention
    estimator: str
    comparison: str

    @property
    def _sample(self) -> Sample:
        design = self.fit.design
        return sample_of(design.dependent, design.nobs, design.entities)

    @property
    def n_periods(self) -> int:
        """Distinct periods in use."""
        return self.fit.design.times.n_groups

    @cached_property
    def f_slopes(self) -> TestResult | None:
        """Joint test that no cohort has an effect from its first period of treatment on."""
        names = [name for name, since in zip(self.names, self.fit.cells.since, strict=True) if since >= 0]
        return zero_test(self, names, "Wald", "no effects from the first period of treatment on") if names else None

    @property
    def influence(self) -> pd.DataFrame:
        """What each entity adds to each effect, a row for each entity: errors are sums of squares of these."""
        import pandas as pd

        return pd.DataFrame(self.fit.influence, index=self.fit.design.entity_labels, columns=list(self.names))

    # ---- averages

    def aggregate(
        self, by: str = "event", *, window: Sequence[int] | None = None, weights: str = "rows"
    ) -> AverageEffects:
        r"""Average the effects, weighted by the rows of each cohort and period.

        The weights are taken as known, but for methods that estimate them (`fit_callaway_santanna`, `fit_two_stage`).

        Parameters
        ----------
        by : {"event", "cohort", "calendar", "overall"}
            By periods since treatment; or over the effects from the first period of treatment on: by cohort, by
            period, or all in one number.
        window : (first, last), optional
            Periods since treatment that count, such as ``(-5, 5)``.
        weights : {"rows", "event", "cohort", "calendar"}
            For ``"overall"``: whether all treated rows count alike; or all periods since treatment, cohorts by their
            size, or periods, however many rows they have. R's did calls the first ``"simple"``, and its ``"group"``,
            which it recommends, is ``"cohort"`` here.

        Returns
        -------
        AverageEffects

        Raises
        ------
        SpecificationError
            If weights are given for averages that are not overall, or cohorts share their effects, and it is to be by
            cohort or period.
        InsufficientDataError
            If no effect is left to average.
        """
        choose("by", by, KINDS)
        choose("weights", weights, WEIGHTS)
        average = average_cells(self.fit, by, window, weights)
        fit = StackedCoefficients(
            average.names, average.weights @ self.fit.coefficients, self.fit.exact, self.fit.notes
        )
        label = {"event": "period since treatment", "cohort": "cohort", "calendar": "period", "overall": ""}[by]
        return AverageEffects(
            fit,
            self._covariance_of(average),
            self.convention,
            f"{self.estimator}, effects by {label}" if label else f"{self.estimator}, average effect",
            self.fit.design,
            np.asarray(average.labels) if by == "event" else None,
            self.fit.references,
            influence_of_average(self.fit, average),
            self.fit.residual_leads,
        )

    def _covariance_of(self, average: Average) -> CovarianceEstimate:
        if self.fit.shares is None:
            return through(self.covariance, average.weights)
        influence = influence_of_average(self.fit, average)
        return covariance_of_influences(influence, self.fit.design, "", self.covariance.specification)

    @documented
    def event_study(
        self,
        term: str | re.Pattern[str] | Mapping[Any, str] | None = None,
        *,
        reference: object = None,
        event: object = None,
        level: float = 0.95,
        draws: int = 10_000,
        seed: int | np.random.Generator = 0,
        multipliers: str = "normal",
    ) -> EventStudy:
        """Return the effects by period since treatment with pointwise and joint limits.

        Parameters
        ----------
        term, reference, event
            Not used: the periods, and those left out, are known.
        level : float
            Coverage of the limits.
        {draws (sup-t), seed (sup-t)}
        multipliers : {"normal", "rademacher", "mammen"}
            What the influences of clusters are multiplied by in a draw (`AverageEffects.event_study`).

        Returns
        -------
        EventStudy

        Raises
        ------
        SpecificationError
            If a term, a reference or an event is named, or multipliers have no clusters to multiply.
        """
        averages = self.aggregate("event")
        return averages.event_study(
            term, reference=reference, event=event, level=level, draws=draws, seed=seed, multipliers=multipliers
        )

    def with_cov(self, cov: str | Covariance) -> TreatmentEffects:
        """Return the same effects with standard errors estimated in another way.

        Parameters
        ----------
        cov : str or covariance object
            As of the function that fitted.

        Returns
        -------
        TreatmentEffects
        """
        result = replace(self, covariance=self.fit.estimate_covariance(cov))
        emit(result.covariance.notes)
        return result

    def within(self, window: Sequence[int]) -> TreatmentEffects:
        """Return the effects of some periods since treatment, as they were estimated with the others.

        Parameters
        ----------
        window : (first, last)
            Periods since treatment, such as ``(-5, 5)``.

        Returns
        -------
        TreatmentEffects

        Raises
        ------
        SpecificationError, InsufficientDataError
            If these are not two whole numbers in their order, or no effect lies between them.
        """
        first, last = read_window(window)
        cells, references = self.fit.cells, self.fit.references
        kept = np.flatnonzero((cells.since >= first) & (cells.since <= last))
        if not len(kept):
            raise InsufficientDataError(f"No effect lies within window={tuple(window)}.")
        fit = replace(
            self.fit,
            cells=cells.take(kept),
            coefficients=self.fit.coefficients[kept],
            references=references[(references >= first) & (references <= last)],
            influence=self.fit.influence[:, kept],
            shares=None if self.fit.shares is None else self.fit.shares[:, kept],
            estimate_covariance=partial(_covariance_of_kept, self.fit, kept),
        )
        return replace(self, fit=fit, covariance=through(self.covariance, np.eye(len(cells.since))[kept]))

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each effect by cohort and period, or by period since treatment where cohorts share them.

        Returns
        -------
        DataFrame
            By cohort and period: ``since`` (periods since treatment), ``estimate``, ``std_error``, ``lower``,
            ``upper`` and ``rows``, what averages weigh it by. Differences before treatment that cohorts share, as
            `fit_imputation` and `fit_two_stage` estimate them, are in `event_study`.
        """
        import pandas as pd

        cells = self.fit.cells
        columns = {"since": cells.since, "estimate": np.asarray(self.params), "std_error": np.asarray(self.std_errors)}
        frame = pd.DataFrame(columns)
        frame[["lower", "upper"]] = np.asarray(self.conf_int())
        frame["rows"] = cells.mass
        if self.fit.shared:
            return frame.set_index("since")
        own = cells.cohort != ALL
        labels = [self.fit.cohorts.labels.take(cells.cohort[own]), self.fit.period_labels.take(cells.period[own])]
        cohorts: pd.DataFrame = frame[own]
        return cohorts.set_index(pd.MultiIndex.from_arrays(labels, names=["cohort", "period"]))

    # ---- reading

    @documented
    def plot(  # type: ignore[override]
        self,
        *,
        window: Sequence[int] | None = None,
        level: float | Sequence[float] | None = None,
        joint: str | None = "sup-t",
        style: str = "points",
        ax: Axes | None = None,
        figure: Figure | SubFigure | None = None,
        figsize: Sequence[float] | None = None,
        title: str | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> Figure | SubFigure:
        """Draw the effects by period since treatment (`panelvar.plot_event_study`).

        Parameters
        ----------
        window : (first, last), optional
            Periods since treatment that are drawn.
        level : float or sequence of float, optional
            Coverage: one level, or several, the lower drawn the thicker; 0.95 by default.
        {joint (event study), style (event study), ax, figure, figsize, title, labels (event study)}

        Returns
        -------
        Figure
        """
        return (
            self.aggregate("event", window=window)
            .event_study()
            .plot(
                level=level,
                joint=joint,
                style=style,
                ax=ax,
                figure=figure,
                figsize=figsize,
                title=title,
                labels=labels,
            )
        )

    def summary(self, *, level: float = 0.95, stars: Levels = False, digits: int = 4) -> Table:
        """Return a table of the effects by period since treatment, with their average and tests.

        Parameters
        ----------
        level : float
            Coverage of the confidence limits.
        stars : bool or levels
            Only False: p-values stand beside the intervals. `panelvar.compare` of ``aggregate()`` has stars.
        digits : int
            Digits after the point.

        Returns
        -------
        Table
        """
        digits = check_digits(digits)
        if check_stars(stars):
            raise SpecificationError(
                f"stars={shown(stars)} is not offered in this table, which has p-values and intervals. "
                "compare(effects.aggregate('event')) has stars."
            )
        table = self.event_study(level=level).summary(digits=digits)
        overall = self.aggregate("overall")
        limits = overall.conf_int(level=level).to_numpy()[0]
        numbers = (overall.params.iloc[0], overall.std_errors.iloc[0], *limits)
        ((estimate, error, low, high),) = format_estimates([numbers], [numbers[1]], digits)
        text = f"{estimate} ({error}), {pvalue_text(overall.pvalues.iloc[0], digits)}, {100 * level:g}% [{low}, {high}]"
        return replace(
            table,
            title=f"{self.estimator}: {self.dependent}",
            facts=self._head_facts,
            statistics=(
                *(fact for fact in table.statistics if fact.label != "Average effect"),
                Fact("Average over treated rows", text),
            ),
            notes=(*table.notes, *dict.fromkeys(note.text for note in self._printed_notes)),
        )

    @property
    def _head_facts(self) -> tuple[Fact, ...]:
        cohorts = self.fit.cohorts
        return (
            *_sample_facts(self, self.fit.design),
            Fact(
                "Cohorts", ", ".join(f"{as_text(k)}: {n}" for k, n in zip(cohorts.labels, cohorts.sizes, strict=True))
            ),
            Fact("Never treated", format_count(cohorts.never)),
            Fact("Compared with", self.comparison),
        )

    def _foot_facts(self, digits: int) -> tuple[Fact, ...]:
        return ()

    def __repr__(self) -> str:
        return one_line(f"<{self.estimator}: {self.dependent}, {len(self.names)} effects by cohort and period>")


def _covariance_of_kept(fit: GroupTimeFit, kept: NDArray[np.intp], cov: str | Covariance | None) -> CovarianceEstimate:
    return through(fit.estimate_covariance(cov), np.eye(len(fit.coefficients))[kept])


def _sample_facts(result: TreatmentEffects | AverageEffects, design: Design) -> tuple[Fact, ...]:
    return (
        Fact("Dependent", result.dependent),
        Fact("Observations", format_count(result.nobs)),
        Fact("Convention", result.convention.name),
        Fact("Entities", format_count(result.n_entities)),
        Fact("Std. errors", result.cov_label),
        Fact("Periods", format_count(design.times.n_groups)),
        Fact("Inference", result._inference_in_words),
        Fact("Rows per entity", rows_per_entity(result.periods_per_entity)),
    )

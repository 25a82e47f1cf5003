"""Estimates of a dynamic panel by GMM, with their covariances and what is tested of them; one equation or several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from panelvar.core.base.arguments import is_whole
from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import InsufficientDataError, Note, SpecificationError
from panelvar.core.base.labels import listed
from panelvar.core.base.quoting import shown
from panelvar.estimates.covariance.covariances import FEW_CLUSTERS
from panelvar.panels.dynamic.dynamic_model import DynamicModel, RowSums
from panelvar.panels.dynamic.entity_equations import EntityEquations
from panelvar.panels.dynamic.gmm import GmmProblem, Step
from panelvar.panels.dynamic.gmm_convention import PRESETS, GmmConvention
from panelvar.panels.dynamic.instrument_moments import Origin
from panelvar.panels.dynamic.lag_instruments import LagInstruments, StandardInstruments, invalid_instruments
from panelvar.panels.dynamic.transforms import WORDS, RowCovariances, row_covariances

STEPS = (1, 2, "iterated", "cu")
STEP_WORDS = {1: "one-step", 2: "two-step", "iterated": "iterated", "cu": "continuously updated"}


class SerialSums(NamedTuple):
    """Sums over the entities for each equation, of its differenced errors and their lags.

    Attributes
    ----------
    found : (K,) bool array
        Whether there is a lag that is not zero.
    total : (K,) array
        Sums of products of errors and lags.
    slopes : (K, m) array
        Sums of products of lags and regressors.
    spread : (K,) array
        Sums of the lags' squares, as white noise in levels would have them.
    common : (K, L) array
        Sums of products of the instruments and of what the lags and the rows' errors have in common under white noise.
    squares : (K,) array
        Sums of the squared products of entities, or of clusters.
    middle : (K, K L) array
        Sums of products of these and the moments of the errors.
    """

    found: Array
    total: Array
    slopes: Array
    spread: Array
    common: Array
    squares: Array
    middle: Array


@dataclass(frozen=True, eq=False)
class GmmEstimate:
    """A dynamic panel model estimated by GMM.

    Attributes
    ----------
    model : DynamicModel
    problem : GmmProblem
    sums : RowSums
    convention : GmmConvention
    steps : {1, 2, "iterated", "cu"}
    joint : bool
        Whether the weights of later steps are of all equations together.
    cov_kind : {"robust", "classical", "uncorrected"}
    groups : (N,) integer array or None
        Clusters of entities, within which errors may be correlated; None: each entity by itself.
    group_label : str
        What the errors are clustered by.
    """

    model: DynamicModel
    problem: GmmProblem
    sums: RowSums
    convention: GmmConvention
    steps: int | str
    joint: bool
    cov_kind: str
    groups: Positions | None
    group_label: str

    def row_covariances(self) -> RowCovariances:
        """Covariances of the errors of pairs of rows behind the one-step weight."""
        h = self.model.specification.h
        return row_covariances(self.model.kept.equations, h, balanced=self.convention.balanced_deviations)

    def pieces(self, at: Array) -> Iterator[tuple[EntityEquations, Array, Positions | None]]:
        """Yield entities' equations, moments (N, K L) of their errors at coefficients (m, K), and their clusters."""
        if isinstance(self.model.parts, tuple) and self.groups is None:
            yield self.model.kept, self.problem.errors(at), None
            return
        for part, clusters in self.model.by_part(self.groups):
            narrow = part.of_problem(self.problem.linear)
            yield narrow, narrow.errors(self.problem, self.sums.level_means, at), clusters

    @cached_property
    def step(self) -> Step:
        """The estimates."""
        if self.steps == 1:
            return self.problem.one_step
        if self.steps == 2:
            return self.second_step
        return self.problem.update_continuously() if self.steps == "cu" else self.problem.iterate(joint=self.joint)

    @cached_property
    def second_step(self) -> Step:
        """Two-step estimates."""
        return self.problem.two_step(self.problem.one_step.params, joint=self.joint)

    @property
    def hansen_step(self) -> Step:
        """The estimates whose criterion is Hansen's statistic: after one step, the two-step ones."""
        return self.second_step if self.steps == 1 else self.step

    @property
    def params(self) -> Array:
        """Coefficients (m, K)."""
        return self.step.params

    @property
    def n_clusters(self) -> int:
        """Clusters of entities: the entities by themselves unless others were asked for."""
        return self.problem.n_clusters

    # Covariances

    @cached_property
    def covariance(self) -> Array:
        """Covariance of the coefficients, equation by equation, (K m, K m)."""
        if self.cov_kind == "classical":
            bread = self.problem.one_step.bread[: self.problem.n_regressors, : self.problem.n_regressors]
            if self.convention.classical_scale == "entities":
                own = np.eye(self.problem.n_equations) / self.model.n_entities
            else:
                own = self.one_step_sigma
            return np.asarray(np.kron(own, bread), dtype=np.float64)
        return np.asarray(self.influence.T @ self.influence)

    @cached_property
    def influence(self) -> Array:
        """What each cluster adds to the errors of the coefficients, equation by equation, (G, K m).

        Two-step ones count that the estimates behind their weights have errors too (Windmeijer 2005); iterated
        estimates moved their own weights, b = A e + D b.
        """
        of_moments = self.influence_of_moments
        return np.asarray(self.problem.errors(self.weighted_at) @ of_moments.T)

    @cached_property
    def influence_of_moments(self) -> Array:
        """What the moments of errors at `weighted_at` add to the errors of the coefficients, (K m, K L)."""
        step = self.step
        if self.steps in (1, "cu") or self.cov_kind == "uncorrected":
            return step.pull
        moved = self.problem.correction(step, self.weighted_at)
        if self.steps == "iterated":
            return np.asarray(np.linalg.solve(np.eye(len(moved)) - moved, step.pull))
        return np.asarray(step.pull + moved @ self.problem.one_step.pull)

    @property
    def weighted_at(self) -> Array:
        """The estimates that the last weight was made at."""
        return self.problem.one_step.params if self.steps == 2 else self.step.params

    @cached_property
    def serial_sums(self) -> dict[int, SerialSums]:
        """Sums that tests of serial correlation are made of, by order, once the entities have been read for them."""
        return {}

    # Error variances

    def sigma_at(self, params: Array) -> Array:
        """Covariance (K, K) of the errors, from the transformed rows; halved for differences."""
        model = self.model
        rows = {
            "rows": model.n_transformed,
            "df": model.n_transformed - model.n_regressors,
            "printed": model.nobs,
        }[self.convention.sigma]
        return np.asarray(self.sums.residual_products(params) / rows / (2.0 if model.kind == "fd" else 1.0))

    @cached_property
    def sigma(self) -> Array:
        """Covariance (K, K) of the errors at the estimates."""
        return self.sigma_at(self.params)

    @cached_property
    def one_step_sigma(self) -> Array:
        """Covariance (K, K) of the errors at the one-step estimates: behind Sargan's test and classical errors."""
        return self.sigma_at(self.problem.linear.one_step.params)

    # Counts

    @property
    def n_instruments(self) -> int:
        """Moments of an equation."""
        return self.problem.n_moments

    @cached_property
    def collapsed_moments(self) -> int:
        """Moments of an equation that ``LagInstruments(collapse=True)`` would leave, one for each variable and lag."""
        sets = self.model.specification.sets
        kept = set()
        for place, (label, origin) in enumerate(zip(self.problem.labels, self.problem.origins, strict=True)):
            own = sets[origin.place] if origin.kind in ("lags", "changes") else None
            by_period = isinstance(own, LagInstruments) and not own.collapse
            kept.add((origin, label.rpartition(" (")[0]) if by_period else (origin, place))
        return len(kept)

    @property
    def with_fewer(self) -> str:
        """What a caller can do about many moments, in words."""
        fewer, count = self.collapsed_moments, self.n_instruments
        if fewer < count:
            return f"LagInstruments(collapse=True) would make {fewer} of the {count} moments; last= makes fewer, too."
        return "Give LagInstruments(last=...) a shorter window, or name fewer variables."

    @property
    def many_moments(self) -> tuple[Note, ...]:
        """Say that tests of the moments have no power, where there are as many as entities (or clusters of them)."""
        every, equations = self.n_instruments * self.problem.n_equations, self.problem.n_equations
        if every < self.n_clusters:
            return ()
        of = f"{every} moments ({equations} equations)" if equations > 1 else f"{every} moments"
        text = (
            f"With {of} for {self.n_clusters} {self.clusters_in_words}, Hansen's test has almost no power, whatever "
            f"its p-value. {self.with_fewer}"
        )
        return (Note("many-moments", text),)

    @property
    def clusters_in_words(self) -> str:
        """What moments are summed by."""
        return f"clusters by {self.group_label!r}" if self.problem.clustered else "entities"

    @property
    def spare(self) -> int:
        """Independent moments of all equations less coefficients."""
        return self.problem.n_equations * (self.problem.initial_root.rank - self.problem.n_regressors)

    @cached_property
    def notes(self) -> tuple[Note, ...]:
        """What a reader should know of the moments and their weights."""
        out = [*invalid_instruments(self.model.specification), *self._lost_instruments, *self._period_groups]
        count, linear = self.n_instruments, self.problem.linear
        first, rank = linear.n_moments, linear.initial_root.rank
        if rank < first:
            text = (
                f"The {first} moments have rank {rank} in this sample: the rest repeats these and adds nothing. "
                "Degrees of freedom count the rank."
            )
            out.append(Note("dependent-moments", text))
        every = count * (self.problem.n_equations if self.joint else 1)
        full = every * (1 if self.joint else self.problem.n_equations)
        generalised = (
            f" Their covariance has only rank {self.step.rank}. It has no inverse, so a generalised one takes its "
            "place, for moments scaled to unit variance. Programs differ here."
            if self.steps != 1 and self.step.rank < full
            else ""
        )
        what = self.clusters_in_words
        if every >= self.n_clusters:
            of = f"{every} moments ({self.problem.n_equations} equations)" if every != count else f"{count} moments"
            text = (
                f"There are {of} for {self.n_clusters} {what}. Estimates lean towards those without instruments, "
                f"and Hansen's test loses its power.{generalised} {self.with_fewer}"
            )
            out.append(Note("many-moments", text, warn=True))
        elif generalised:
            text = (
                f"There are {every} moments.{generalised} Fewer of them (LagInstruments(collapse=True), last=) may "
                "have full rank. Outliers, and levels that are large beside their changes, also lower the rank."
            )
            out.append(Note("singular-weight", text, warn=True))
        if self.n_clusters < FEW_CLUSTERS and self.cov_kind != "classical":
            text = (
                f"The moments are sums over only {self.n_clusters} {what}, so the estimate of their variance is "
                "rough and tests reject too often."
            )
            out.append(Note("few-clusters", text, warn=True))
        if self.steps == "cu" and self.cov_kind == "robust":
            text = (
                "The standard errors of continuously updated estimates hold for many entities. They have no "
                "correction for few."
            )
            out.append(Note("uncorrected", text))
        if self.convention.name == "gretl" and self.model.kind == "fd" and self.model.census.pausing:
            text = (
                f"{self.model.census.pausing} of {self.model.n_entities} entities have gaps. gretl's dpanel takes the "
                "difference of rows on both sides of a gap; here none reaches across one, as in the other programs. So "
                "convention='gretl' does not give gretl's numbers in this panel."
            )
            out.append(Note("gretl-gaps", text, warn=True))
        if self.step.rivals:
            out.append(self._rival_minima)
        return (*out, *self.in_units)

    @property
    def _lost_instruments(self) -> tuple[Note, ...]:
        """Warn of regressors of levels whose only instrument is zero, because they do not vary within entities."""
        spec = self.model.specification
        if not spec.level_equation:
            return ()
        there = set(zip(self.problem.labels, self.problem.origins, strict=True))
        standard = [(place, each) for place, each in enumerate(spec.sets) if isinstance(each, StandardInstruments)]
        levels = {name for _, each in standard if each.equation in ("level", "both") for name in each.names}
        lost = []
        for place, each in standard:
            prefix = "D." if self.model.kind == "fd" and each.transform else ""
            for name in each.names:
                kept = (f"{prefix}{name}", Origin("standard", place)) in there
                if not kept and name in spec.regressors and name not in levels:
                    lost.append(name)
        if not lost:
            return ()
        names, one = listed([repr(name) for name in lost], 3), len(lost) == 1
        text = (
            f"{names} {'does' if one else 'do'} not vary within entities, so {WORDS[self.model.kind]} leave nothing of "
            f"{'it' if one else 'them'} and only the other instruments tell of {'its' if one else 'their'} "
            f"coefficient{'' if one else 's'}, mostly very little. If entities' effects are uncorrelated with "
            f"{'it' if one else 'them'}, name the whole set in instruments=, with "
            f"StandardInstruments({shown(lost[0] if one else lost)}, equation='level') among it."
        )
        return (Note("no-own-instrument", text, warn=True),)

    @property
    def _period_groups(self) -> tuple[Note, ...]:
        """Say that no entity connects some periods with others, so that their effects are compared in groups."""
        model = self.model
        count = int(model.bases.sum())
        if count < 2:
            return ()
        firsts = [str(label) for label in model.panel.calendar.labels_at(model.periods[model.bases])]
        text = (
            f"The periods fall into {count} groups that {WORDS[model.kind]} of no entity connect. Effects of "
            f"periods are compared with the first of their own group: {listed(firsts, 4)}."
        )
        return (Note("period-groups", text),)

    @property
    def _rival_minima(self) -> Note:
        """Say where else the criterion of continuously updated estimates is almost as low."""
        nearest = self.step.rivals[0]
        errors = np.sqrt(self.step.bread.diagonal()).reshape(self.problem.n_equations, -1).T
        row, column = np.unravel_index(int(np.abs((nearest.params - self.params) / errors).argmax()), errors.shape)
        equation = (
            "" if errors.shape[1] == 1 else f" in the equation of {self.model.specification.dependents[column]!r}"
        )
        also = count_of(len(self.step.rivals), "other minimum", "other minima")
        text = (
            f"The criterion has {also} hardly higher than the least one: the nearest is "
            f"{nearest.criterion:.4g}, where the coefficient of {self.problem.regressors[row]!r}{equation} is "
            f"{nearest.params[row, column]:.4g}; the least is {self.step.criterion:.4g}, at "
            f"{self.params[row, column]:.4g}. The moments do not tell them apart, and the standard errors know only of "
            "one. Use steps=2, or fewer lags as instruments."
        )
        return Note("several-minima", text, warn=True)

    @cached_property
    def in_units(self) -> tuple[Note, ...]:
        """Say that a convention leaves the error variance out of Sargan's statistic and of classical errors.

        With N the entities and s² the error variance, plm's statistic is N times the one-step criterion, which Sargan
        divides by s²; and its classical covariance is 1 / N times the inverse, before which s² belongs.
        """
        if self.convention.classical_scale == "sigma":
            return ()
        factor = self.model.n_entities * float(self.one_step_sigma[0, 0])
        classical = self.cov_kind == "classical"
        errors = (
            f" The standard errors are the classical ones divided by {factor**0.5:.4g}, the square root of that "
            "factor, and tests of coefficients and of serial correlation change with them."
        )
        text = (
            f"convention={self.convention.name!r} leaves the error variance out, so Sargan's statistic is "
            f"{factor:.4g} times the one that is chi-squared. That factor is the number of entities times the error "
            "variance. The statistic has the units of y squared, so its p-value means "
            f"nothing.{errors * classical}"
        )
        return (Note("no-error-variance", text, warn=classical),)


def estimate(
    model: DynamicModel,
    *,
    steps: object,
    convention: GmmConvention = PRESETS["default"],
    joint: bool = True,
    cov_kind: str = "robust",
    by: Sequence[object] = (),
    nonlinear: str | None = None,
) -> GmmEstimate:
    """Set up the moments of a model and estimate it.

    Parameters
    ----------
    model : DynamicModel
    steps, convention, joint, cov_kind
        See `GmmEstimate`.
    by : sequence
        What clusters the entities: one column at most.
    nonlinear : {"noserial", "iid"}, optional
        Quadratic moments to add.

    Raises
    ------
    SpecificationError
        Such steps or clusters do not exist, or classical errors are asked for after later steps.
    CollinearityError, InsufficientDataError, NumericalError
        The coefficients are not identified.
    """
    groups, group_label = entity_groups(model, by)
    steps = int(steps) if is_whole(steps) else steps
    if isinstance(steps, bool) or not isinstance(steps, (int, str)) or steps not in STEPS:
        raise SpecificationError(f"steps={shown(steps)} is not known. Choose one of: 1, 2, 'iterated', 'cu'.")
    refuse_covariance(cov_kind, steps)
    if model.n_transformed <= model.n_regressors:
        raise InsufficientDataError(
            f"The error variance cannot be estimated: the model has {count_of(model.n_transformed, 'transformed row')} "
            f"for {count_of(model.n_regressors, 'coefficient')}. Use fewer lags or regressors."
        )
    problem, sums = model.sum_moments(balanced=convention.balanced_deviations, groups=groups)
    if nonlinear is not None:
        if steps == "cu" or cov_kind == "classical":
            raise SpecificationError(
                f"nonlinear={nonlinear!r} is available with steps=1, 2 or 'iterated', and with cov='robust' or "
                "'uncorrected'."
            )
        problem = model.add_quadratic_moments(problem, nonlinear, groups, sums.level_means)
    every = problem.n_moments * (problem.n_equations if joint or steps == "cu" else 1)
    if steps in ("iterated", "cu") and every >= problem.n_clusters:
        raise InsufficientDataError(
            f"steps={steps!r} needs fewer moments than entities (or clusters of them), but there are {every} "
            f"moments for {problem.n_clusters}, so the criterion does not depend on the coefficients. Use "
            "LagInstruments(collapse=True), or steps=2."
        )
    found = GmmEstimate(model, problem, sums, convention, steps, joint, cov_kind, groups, group_label)
    found.step  # noqa: B018 - estimated now, so that what is not identified is refused here
    return found


def refuse_covariance(kind: str, steps: int | str) -> None:
    """Refuse errors that estimates of so many steps do not have.

    Raises
    ------
    SpecificationError
        Classical errors are asked for after later steps, or uncorrected ones after one step.
    """
    if kind == "classical" and steps != 1:
        raise SpecificationError(
            "cov='classical' is for one-step estimates: the weights of later steps allow for heteroskedasticity. Use "
            "'robust' (Windmeijer's correction) or 'uncorrected'."
        )
    if kind == "uncorrected" and steps == 1:
        raise SpecificationError("cov='uncorrected' is for two-step estimates: one-step errors need no correction.")


def entity_groups(model: DynamicModel, by: Sequence[object]) -> tuple[Positions | None, str]:
    """Clusters of entities: None for the entities themselves, or the codes of a column that is constant in each.

    Raises
    ------
    SpecificationError
        There are several dimensions, or entities move between groups.
    """
    if len(by) > 1:
        raise SpecificationError(
            "Give Clustered one dimension here: the moments are summed within one dimension of clusters."
        )
    column = by[0] if by else "entity"
    if isinstance(column, str) and column in ("entity", model.panel.entity_name):
        return None, "entities"
    return model.clusters(column)

r"""A fitted linear model before any covariance: the only input of covariances, R2 sets, effects and predictions.

Every estimator reduces to ordinary least squares of transformed rows :math:`\tilde x_{it}` that are orthogonal to the
transformed constant :math:`z_{it}`. The constant then follows by algebra,

.. math:: \hat c = m_y - m_x'\hat\beta, \qquad m = \sum w z v^* / \sum w z^2,

and with :math:`A = (\tilde X'\tilde X)^{-1}` both get their covariance from one map of the scores
:math:`s = (z e, \tilde x e)`:

.. math:: \hat\gamma - \gamma = L \sum s, \qquad L = \begin{pmatrix} 1/\sum w z^2 & -m_x'A \\ 0 & A \end{pmatrix}.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import (
    InsufficientDataError,
    MissingInformationError,
    Note,
    NumericalError,
    SpecificationError,
)
from panelvar.core.base.quoting import one_line
from panelvar.data.formulas.design import CONSTANT, Design
from panelvar.data.panel.dimensions import undated
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.fit_checks import rounding_of
from panelvar.estimates.fit.sample import Sample, sample_of
from panelvar.estimates.fit.scores import Scores, leverage
from panelvar.estimates.fit.small_samples import Counts
from panelvar.estimates.fit.transformed_model import Family, TransformedModel
from panelvar.kernels.absorption.absorb import Absorbed
from panelvar.kernels.absorption.crossed_components import CrossedComponents
from panelvar.kernels.absorption.factor_rows import moments_of
from panelvar.kernels.linear.groups import Grouping
from panelvar.kernels.linear.moments import PanelMoments
from panelvar.kernels.linear.rows import TransformedRows
from panelvar.kernels.linear.variance_components import Components

if TYPE_CHECKING:
    from panelvar.estimates.fit.instrumented import Instrumented
    from panelvar.kernels.linear.qr import Dropped, Solution

T = TypeVar("T")

SMALLEST_SHARE = 1e-20
"""A variance below this share of the variance that homoskedastic errors would have is rounding of sums."""


class OfModel(Generic[T]):
    """An attribute of the model of a fit, kept with the fit once it has been read."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, fit: Fit, owner: type) -> T:
        value: T = getattr(fit.model, self.name)
        fit.__dict__[self.name] = value
        return value


@dataclass(frozen=True, eq=False, repr=False)
class Fit:
    """A transformed model and its least-squares solution; what is known of the model is an attribute here too.

    Attributes
    ----------
    model : TransformedModel
        Of it ``family``, ``source``, ``design``, ``rows``, ``centre``, ``constant_mass``, ``effects``, ``absorbed``,
        ``components``, ``moments``, ``error_variance``, ``mixed`` and ``generalised``.
    solution : Solution
        Coefficients, kept and dropped regressors, triangle and residual sum of squares.
    tss : float
        Sum of squares of the transformed dependent variable, orthogonal to the constant where there is one.
    counts : Counts
        What small-sample rules count.
    notes : tuple of Note
        Facts found on the way.
    structural : TransformedRows or None
        Of a fit with instruments, the transformed rows of ``design``: those of ``rows`` are then the regressors as the
        instruments explain them, and a dependent variable that leaves the structural residuals
        (`panelvar.estimates.fit.instrumented`).
    instrumented : Instrumented or None
        The instruments, where there are any.
    """

    model: TransformedModel
    solution: Solution
    tss: float
    counts: Counts
    notes: tuple[Note, ...] = ()
    structural: TransformedRows | None = None
    instrumented: Instrumented | None = None

    family = OfModel[Family]()
    source = OfModel[Design]()
    design = OfModel[Design]()
    rows = OfModel[TransformedRows | None]()
    centre = OfModel[Array]()
    constant_mass = OfModel[float]()
    effects = OfModel[tuple[str, ...]]()
    absorbed = OfModel[Absorbed | None]()
    components = OfModel[Components | CrossedComponents | None]()
    moments = OfModel[PanelMoments | None]()
    error_variance = OfModel[float | None]()
    mixed = OfModel[str | None]()
    generalised = OfModel[bool]()

    def __repr__(self) -> str:
        return one_line(f"<Fit ({self.family}): {self.design.dependent} on {', '.join(self.slope_names)}>")

    @property
    def constant(self) -> bool:
        """Whether a constant is among the coefficients."""
        return self.design.constant

    @property
    def constant_column(self) -> Array | float | None:
        """The transformed constant z, times the root of the weights; None without one, or without rows."""
        return None if self.rows is None else self.rows.constant

    @property
    def kept(self) -> NDArray[np.intp]:
        """Positions of the regressors in use."""
        return self.solution.kept

    @cached_property
    def slope_names(self) -> tuple[str, ...]:
        """Names of the regressors in use."""
        return tuple(self.design.names[i] for i in self.kept)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Coefficient names, the constant first."""
        return (CONSTANT, *self.slope_names) if self.constant else self.slope_names

    @property
    def added(self) -> tuple[str, ...]:
        """Regressors that the model added by itself: none."""
        return ()

    @property
    def dropped(self) -> tuple[Dropped, ...]:
        """Columns of `design` that carry nothing of their own."""
        return self.solution.dropped

    @cached_property
    def slopes(self) -> Array:
        """Slopes in use, shape (k,)."""
        return self.solution.coefficients[self.kept]

    @cached_property
    def coefficients(self) -> Array:
        """All coefficients, shape (p,)."""
        if not self.constant:
            return self.slopes
        if self.solution.constant is not None:
            return np.concatenate(([self.solution.constant], self.slopes))
        slopes = self.slopes
        out = np.empty(len(slopes) + 1)
        out[1:] = slopes
        # Summed in extended precision: the level of the data cancels here.
        out[0] = np.longdouble(self.centre[-1]) - self.lever.astype(np.longdouble).dot(slopes)
        return out

    @cached_property
    def lever(self) -> Array:
        """Coefficients of the regressors in use on the transformed constant, shape (k,)."""
        return self.centre[:-1][self.kept]

    @cached_property
    def spread(self) -> Array:
        r"""The map K from summed scores in the orthonormal basis to coefficients, shape (p, p).

        Covariances are :math:`K M K'`. For the slopes it is :math:`R^{-1}`, R being the factor of the transformed
        regressors.
        """
        root = self.solution.inverse_r
        if not self.constant:
            return root
        k = len(self.kept)
        out = np.zeros((k + 1, k + 1))
        out[0, 0] = 1.0 / self.constant_mass
        out[1:, 1:] = root
        np.negative(self.lever @ root, out=out[0, 1:])
        return out

    @cached_property
    def bread(self) -> Array:
        """Inverse cross product of all transformed regressors, the constant included, shape (p, p)."""
        # A root times its transpose, so that the matrix is exactly symmetric and positive.
        root = self.spread
        if self.constant:
            root = root.copy()
            root[0, 0] = 1.0 / math.sqrt(self.constant_mass)
        return root @ root.T

    @property
    def rss(self) -> float:
        """Residual sum of squares of the transformed rows."""
        return self.solution.rss

    @property
    def exact(self) -> bool:
        """Whether nothing is left to the residuals: they are zero (`panelvar.estimates.fit.fit_checks`)."""
        return self.solution.rss == 0.0

    @property
    def rounding(self) -> float:
        """Share of the residual sum of squares, and of a variance made of residuals, that may be rounding."""
        return max(SMALLEST_SHARE, rounding_of(float(self.model.raw_norms[-1])) / self.rss)

    @property
    def residual_df(self) -> int:
        """Residual degrees of freedom."""
        return self.counts.residual_df

    @property
    def residual_variance(self) -> float:
        """RSS over its degrees of freedom."""
        return self.rss / self.residual_df

    def rows_or_refuse(self, what: str) -> TransformedRows:
        """Return the rows, or say that ``what`` needs them."""
        if self.rows is None:
            raise MissingInformationError(
                f"{what} needs the data rows, which without_rows() released. Refit the model."
            )
        return self.rows

    def regressor_rows(self, what: str) -> TransformedRows:
        """Return the transformed rows of the design itself, whatever stands in for them in the regression."""
        rows = self.rows_or_refuse(what)
        return rows if self.structural is None else self.structural

    # What covariances ask (`panelvar.estimates.covariance.protocol`)

    def scores(self, multiplier: Array | None = None) -> Scores:
        """Return the scores of the rows, each residual multiplied by what it is given."""
        rows = self.rows_or_refuse("A robust covariance")
        constant = self.constant_column if self.constant else None
        if self.exact:
            multiplier = np.zeros(rows.n_rows)
        return Scores(rows, self.kept, self.solution.coefficients, constant, self.solution.inverse_r, multiplier)

    @property
    def longest(self) -> int:
        """Rows of the entity that has most of them, before first differences take one."""
        return self.sample.most

    def sandwich(self, meat: Array) -> Array:
        """Return the covariance of the coefficients that a covariance of the summed scores makes, shape (p, p)."""
        return self.spread @ meat @ self.spread.T

    def leverages(self, effects: bool) -> Array:
        """Return the diagonal of the hat matrix, with or without the absorbed effects, shape (n,)."""
        out = leverage(self.rows_or_refuse("A robust covariance"), self.kept, self.solution.inverse_r)
        if self.absorbed is not None:
            if effects:
                out += self.absorbed.leverage()
        elif self.constant_column is not None:
            out += np.square(self.constant_column) / self.constant_mass
        return out

    @property
    def recovery(self) -> Array | None:
        """The regressors' part in a constant recovered from absorbed effects, shape (k,); None without such a one."""
        return self.lever if self.constant and self.absorbed is not None else None

    @property
    def weights(self) -> Array | None:
        """Analytic weights of the rows, shape (n,)."""
        return self.design.weights

    def group_by(self, column: str | NDArray[Any] | Sequence[Any]) -> tuple[Grouping, str]:
        """Return the grouping and the label of a dimension of clusters (see `Design.group_by`)."""
        self.rows_or_refuse("A clustered covariance")
        return self.design.group_by(column)

    def nested(self, clusters: Sequence[Grouping]) -> tuple[tuple[bool, ...], ...]:
        """Return, for each absorbed effect and grouping, whether the effect's levels lie within the groups."""
        effects = () if self.absorbed is None else self.absorbed.groupings
        return tuple(tuple(effect.lies_within(one) for one in clusters) for effect in effects)

    def dates(self, what: str) -> NDArray[np.int64]:
        """Return the calendar position of each row, shape (n,).

        Raises
        ------
        SpecificationError
            If it is a between regression, whose rows are means over the periods or the entities.
        InsufficientDataError
            If there is a single period.
        """
        self._require_dates(what)
        return self.design.time_positions

    def periods(self, what: str) -> NDArray[np.int64]:
        """Return the calendar positions of the periods, ascending, shape (T,); refused as `dates` are."""
        self._require_dates(what)
        return self.design.period_positions

    def _require_dates(self, what: str) -> None:
        self.rows_or_refuse(what)
        if self.plain:
            raise undated(what)
        if self.family == "between":
            raise SpecificationError(f"{what} needs rows with dates, and the rows of a between regression are means.")
        if self.design.times.n_groups < 2:
            raise InsufficientDataError(f"{what} needs at least two periods.")

    def distribution(self, convention: Convention) -> str:
        """Return the distribution of a coefficient over its standard error: "t" or "normal"."""
        if self.instrumented is not None and convention.instrumental_distribution == "normal":
            return "normal"
        return convention.random_distribution if self.model.asymptotic else convention.distribution

    def robust(self, convention: Convention) -> str:
        """Return the name of the covariance that "robust" is under a convention."""
        panel_model = self.generalised or self.family == "fixed"
        by_entity = convention.robust == "cluster" or (convention.robust == "cluster-panel-models" and panel_model)
        # Rows of which the data name no entities are clusters of their own.
        return "cluster" if by_entity and self.family != "between" and not self.plain else "HC1"

    def require_hat_matrix(self, what: str) -> None:
        """Refuse adjustments for leverage after LIML, other k-class estimators and GMM."""
        if self.instrumented is not None and self.instrumented.method != "2sls":
            self.refuse_instruments(
                f"{what}, except by 2SLS,",
                "these estimators have no hat matrix. Use HC0, HC1, or errors clustered without adjustment.",
            )

    def require_efficiency(self) -> None:
        """Refuse a classical covariance after GMM, whose coefficients are not efficient under its errors."""
        if self.instrumented is not None and self.instrumented.method == "gmm":
            self.refuse_instruments(
                "A classical covariance by GMM",
                "its weights were made for errors of another kind. Use the covariance that the weights were made "
                "from, such as 'HC0' or 'cluster', or 2SLS.",
            )

    def refuse_instruments(self, what: str, instead: str) -> None:
        """Refuse what is not defined, or not derived, for a fit with instruments.

        Raises
        ------
        SpecificationError
            The message says what to use instead.
        """
        if self.instrumented is not None:
            raise SpecificationError(f"{what} is not available after instrumental variables: {instead}")

    def refuse_exact(self, what: str) -> None:
        """Refuse what needs residuals where the model fits exactly."""
        if self.exact:
            raise NumericalError(f"{what} needs residuals, but the model fits exactly.")

    def refuse_mixed(self, what: str) -> None:
        """Refuse what takes transformed rows for rows of one entity where they are not.

        Raises
        ------
        SpecificationError
            The message says what to use instead.
        """
        if self.mixed is not None:
            one = "an entity" if self.mixed == "entity" else "a period"
            raise SpecificationError(
                f"{what} cannot be used here. The transform mixes the rows of {one}, so a transformed row belongs "
                f"to all of them. Use cov='classical' (GLS) or Clustered({self.mixed!r}), which is valid even if "
                "the error covariance is misspecified."
            )

    @cached_property
    def transformed_residuals(self) -> Array:
        """Residuals of the transformed (weighted) rows, shape (n,)."""
        rows = self.rows_or_refuse("A residual")
        return np.zeros(rows.n_rows) if self.exact else rows.residuals(self.solution.coefficients)

    @cached_property
    def sample(self) -> Sample:
        """Rows of the regression, and entities of the source with their rows."""
        if self.plain:
            return Sample(self.design.dependent, self.counts.rows, self.source.nobs, 1, 1.0, 1)
        return sample_of(self.design.dependent, self.counts.rows, self.source.entities)

    @cached_property
    def plain(self) -> bool:
        """Whether each row of the source is an entity of its own, since the data name none."""
        return self.source.plain

    @property
    def moment_groups(self) -> Grouping:
        """Groups of the source's rows whose means R2 tells apart: entities, or all rows where the data name none."""
        return Grouping.from_starts(np.array([0, self.source.nobs])) if self.plain else self.source.entities

    @cached_property
    def n_periods(self) -> int:
        """Distinct periods of the source; 1 where the data name none."""
        return 1 if self.plain else self.source.times.n_groups

    def without_rows(self) -> Fit:
        """Return the fit with everything that has a value for each row released."""
        components = self.components
        model = replace(
            self.model,
            source=self.source.without_rows(),
            design=self.design.without_rows(),
            rows=None,
            absorbed=None,
            components=components.without_rows() if isinstance(components, CrossedComponents) else components,
        )
        instrumented = None if self.instrumented is None else replace(self.instrumented, rows=None)
        light = replace(self, model=model, structural=None, instrumented=instrumented)
        # Small summaries survive: they are what R2 sets and poolability tests are made of.
        for name in ("entity_moments", "sample", "n_periods", "plain"):
            light.__dict__[name] = getattr(self, name)
        return light

    @cached_property
    def entity_moments(self) -> PanelMoments:
        """Moments of the source rows by entity."""
        if self.moments is not None:
            return self.moments
        rows, source, groups = self.rows, self.source, self.moment_groups
        if self.family == "fixed" and self.structural is None and rows and rows.groupings == (groups,):
            # The means were taken out, and the within rows are left.
            sizes = groups.sizes.astype(np.float64)
            return PanelMoments(sizes, groups.mass(source.weights), rows.tables[0], self.model.triangle)
        return moments_of(self.source.columns, groups, self.source.weights)

"""The result of an ARDL panel in error-correction form: long run, speed of adjustment, short run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import MissingInformationError, Note, SpecificationError
from panelvar.core.base.shared_parameters import documented
from panelvar.core.faces.layout import Fact
from panelvar.core.faces.number_format import format_count, format_number
from panelvar.core.tables.test_result import TestResult
from panelvar.data.formulas.design import Design
from panelvar.estimates.coefficients.result_column import ResultColumn
from panelvar.estimates.coefficients.wald import wald
from panelvar.estimates.covariance.covariances import Covariance, CovarianceEstimate
from panelvar.estimates.fit.conventions import Convention
from panelvar.nonstationary.error_correction_panels.pooled_long_run import OwnInformation
from panelvar.nonstationary.error_correction_panels.solved_long_run import solved_for_long_run
from panelvar.panels.heterogeneous.averaged import AveragedResult
from panelvar.panels.static.result import LinearResult

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class ErrorCorrectionFit:
    """Coefficients by entity and their summary.

    Attributes
    ----------
    source : Design
        The rows of the model before any lag.
    design : Design
        The rows of the regressions, the differenced dependent variable with them.
    names : tuple of str
        Long-run regressors; ``"ec"``; short-run regressors; the constant.
    coefficients : (p,) array
        Long run, and averages over entities of the rest.
    long_run : (N, k) array
        Long-run coefficients of each entity.
    own : (N, 1 + w) array
        Speed and short-run coefficients of each entity.
    own_errors : (N, k + 1 + w) array or None
        Standard errors of ``long_run`` and ``own``; None for dynamic fixed effects.
    variances : (N,) array
        Residual variances by entity.
    roots : (N,) array
        Largest modulus of the autoregressive roots of each entity.
    orders : (N, 1 + k) array
        Lags of the dependent variable and of each long-run regressor.
    residuals : (n,) array
    parameters : int
        Coefficients of all entities, variances aside.
    notes : tuple of Note
    """

    source: Design
    design: Design
    names: tuple[str, ...]
    coefficients: Array
    long_run: Array
    own: Array
    own_errors: Array | None
    variances: Array
    roots: Array
    orders: NDArray[np.intp]
    residuals: Array
    parameters: int
    notes: tuple[Note, ...] = ()

    @property
    def rss(self) -> float:
        """Residual sum of squares over all rows."""
        return float(self.residuals @ self.residuals)

    @property
    def exact(self) -> bool:
        """Whether the residuals are zero."""
        return self.rss == 0.0

    @property
    def k(self) -> int:
        """Number of long-run coefficients."""
        return int(self.long_run.shape[1])


@dataclass(frozen=True, eq=False)
class Likelihood:
    """What maximum likelihood adds.

    Attributes
    ----------
    shared : tuple of str
        Names of the coefficients that entities share.
    estimates : (s,) array
    covariance : (s, s) array
    information : OwnInformation
        The entities' own part.
    homogeneity : TestResult
        Likelihood-ratio test that the shared coefficients are the same for all entities.
    algorithm : str
    iterations : int
    """

    shared: tuple[str, ...]
    estimates: Array
    covariance: Array
    information: OwnInformation
    homogeneity: TestResult
    algorithm: str
    iterations: int


@dataclass(frozen=True, eq=False, repr=False)
class ErrorCorrectionResult(AveragedResult):
    r"""Pooled mean group, mean group or dynamic fixed effects of an ARDL panel.

    ``params`` holds the long-run coefficients under the regressors' names, ``"ec"`` (the speed of error correction),
    the short-run coefficients (``"D(x)"``) and ``"const"``. Where entities have their own, the last three are averages
    over them.

    Attributes
    ----------
    fit : ErrorCorrectionFit
    covariance : CovarianceEstimate
        Covariance matrix of ``params``.
    convention : Convention
    estimator : str
    loglik : float
        Gaussian log-likelihood: the sum over entities, each with its own variance; with one variance for dynamic fixed
        effects.
    likelihood : Likelihood or None
        Results of maximum likelihood for the pooled mean group; None for the others.
    reduced_form : LinearResult or None
        The fixed-effects regression behind dynamic fixed effects; None for the others.

    See Also
    --------
    fit_pooled_mean_group : Makes one.
    hausman_test : Compares two.

    Examples
    --------
    >>> import panelvar as pv
    >>> import numpy as np
    >>> import pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> x = rng.standard_normal((20, 60)).cumsum(axis=1)
    >>> y = 2 * x + rng.standard_normal((20, 60))
    >>> index = pd.MultiIndex.from_product([range(20), range(60)], names=["country", "year"])
    >>> frame = pd.DataFrame({"x": x.ravel(), "y": y.ravel()}, index=index)
    >>> fit = pv.fit_pooled_mean_group(frame, "y ~ x")
    >>> fit.params.round(4).to_dict()
    {'x': 2.0036, 'ec': -0.98, 'D(x)': 0.0408, 'const': 0.0214}
    >>> fit.homogeneity
    <Likelihood ratio: chi2(19) = 18.7963, p = 0.4700>

    Long run, speed and short run, with their intervals:

    >>> figure = fit.plot()
    """

    fit: ErrorCorrectionFit
    covariance: CovarianceEstimate
    convention: Convention
    estimator: str
    loglik: float
    likelihood: Likelihood | None = None
    reduced_form: LinearResult | None = None

    @property
    def df_resid(self) -> int:
        """Rows less the coefficients of all entities."""
        return self.nobs - self.fit.parameters

    @property
    def _residuals(self) -> Array:
        return self.fit.residuals

    @documented
    def with_cov(self, cov: str | Covariance) -> ErrorCorrectionResult:
        """Return the same estimates of dynamic fixed effects under another covariance, without refitting.

        Parameters
        ----------
        {cov}

        Returns
        -------
        ErrorCorrectionResult
            The same estimates.

        Raises
        ------
        SpecificationError
            Each entity has its own coefficients (pooled mean group, mean group), whose averages have one covariance;
            or as `LinearResult.with_cov`.
        """
        if self.reduced_form is None:
            raise SpecificationError(
                f"{self.estimator}: the errors come from maximum likelihood or from how much entities differ, not from "
                "scores of rows, so there is no other covariance. fit_dynamic_fixed_effects has one."
            )
        reduced, k = self.reduced_form.with_cov(cov), self.fit.k
        order = [reduced.names.index(name) for name in (*self.fit.design.names, *self.names[k + 1 :])]
        moved = solved_for_long_run(reduced.fit.coefficients[order], reduced.covariance.matrix[np.ix_(order, order)], k)
        changed = replace(reduced.covariance, matrix=moved[1], degrees=None)
        return replace(self, covariance=changed, reduced_form=reduced)

    # ---- parts

    @property
    def long_run(self) -> pd.Series:
        """Long-run coefficients."""
        return self.params.iloc[: self.fit.k]

    @property
    def speed(self) -> float:
        """Speed of error correction (average over entities where they have their own); negative where errors shrink."""
        return float(self.fit.coefficients[self.fit.k])

    @property
    def short_run(self) -> pd.Series:
        """Short-run coefficients and constant (averages over entities where they have their own)."""
        return self.params.iloc[self.fit.k + 1 :]

    # ---- entities

    @cached_property
    def individual(self) -> pd.DataFrame:
        """Coefficients of each entity: long run, speed, short run; zero where its order has no such lag."""
        return self._by_entity(np.concatenate((self.fit.long_run, self.fit.own), axis=1), self.names)

    @cached_property
    def individual_std_errors(self) -> pd.DataFrame:
        """Standard errors of `individual`: from the information matrix (pooled mean group) or by the delta method.

        Raises
        ------
        MissingInformationError
            After dynamic fixed effects, whose entities share all coefficients but the constants.
        """
        if self.fit.own_errors is None:
            raise MissingInformationError(
                "Dynamic fixed effects have the same coefficients for all entities. See std_errors, and "
                "reduced_form.estimated_effects() for the constants."
            )
        return self._by_entity(self.fit.own_errors, self.names)

    @cached_property
    def individual_variances(self) -> pd.Series:
        """Residual variance of each entity: over its rows (maximum likelihood) or over its degrees of freedom."""
        return self._by_entity(self.fit.variances[:, None], ("variance",))["variance"]

    @cached_property
    def moduli(self) -> pd.Series:
        """Largest modulus of each entity's autoregressive roots: below one where deviations die out."""
        return self._by_entity(self.fit.roots[:, None], ("modulus",))["modulus"]

    @cached_property
    def orders(self) -> pd.DataFrame:
        """Lag orders of each entity: of the dependent variable, and of each long-run regressor."""
        import pandas as pd

        names = [self.fit.source.dependent, *self.names[: self.fit.k]]
        return pd.DataFrame(self.fit.orders, index=self.fit.design.entity_labels, columns=names)

    # ---- likelihood

    def _maximum(self, what: str) -> Likelihood:
        if self.likelihood is None:
            raise MissingInformationError(
                f"{what} belongs to the maximum likelihood of fit_pooled_mean_group, but this is "
                f"{self.estimator.lower()}."
            )
        return self.likelihood

    @property
    def homogeneity(self) -> TestResult:
        """Likelihood-ratio test that all entities have the same long-run (and shared short-run) coefficients.

        Raises
        ------
        MissingInformationError
            For estimators other than the pooled mean group.
        """
        return self._maximum("The likelihood-ratio test").homogeneity

    @cached_property
    def joint_params(self) -> pd.Series:
        """Shared coefficients, then speed, constant and short-run coefficients of each entity, with two labels each."""
        import pandas as pd

        ml = self._maximum("The joint parameter vector")
        keys, values = [("shared", name) for name in ml.shared], [ml.estimates]
        own = self._own_names(ml)
        for label, row in zip(self.fit.design.entity_labels, self.individual[own].to_numpy(), strict=True):
            keys += [(label, name) for name in own]
            values.append(row)
        index = pd.MultiIndex.from_tuples(keys, names=["entity", "coefficient"])
        return pd.Series(np.concatenate(values), index=index, name="joint_params")

    @cached_property
    def joint_cov(self) -> pd.DataFrame:
        """Covariance of `joint_params`, the inverse of the whole information matrix: dense, for few entities."""
        import pandas as pd

        ml = self._maximum("The joint covariance")
        index = self.joint_params.index
        return pd.DataFrame(ml.information.joint(ml.covariance), index=index, columns=index)

    def _own_names(self, ml: Likelihood) -> list[str]:
        """Names of the entities' own coefficients in the order of the information matrix: speed, constant, the rest."""
        rest = [name for name in self.names[self.fit.k + 1 :] if name not in ml.shared]
        constant = rest[-1:] if self.fit.design.constant else []
        return [self.names[self.fit.k], *constant, *rest[: len(rest) - len(constant)]]

    # ---- fit statistics

    @property
    def rsquared_label(self) -> str:
        """Which R2 `rsquared` is."""
        return "R2 of the difference"

    @cached_property
    def f_slopes(self) -> TestResult | None:
        """Joint test that all long-run coefficients are zero; F, or chi2 with the normal."""
        k = self.fit.k
        return wald(self, np.eye(len(self.names))[:k], np.zeros(k), "Joint significance", "no long-run relation")

    # ---- rows

    @cached_property
    def error_correction(self) -> pd.Series:
        r"""Deviation from the long run, :math:`y_{i,t-1} - \hat\theta_i'x_{it}`, of the rows in use."""
        import pandas as pd

        design = self.fit.design
        theta = self.fit.long_run[design.entities.codes]
        gap = design.x[-1].copy()
        for j, column in enumerate(design.x[:-1]):
            gap -= theta[:, j] * column
        return pd.Series(gap, index=design.index, name="error_correction")

    # ---- reading

    @property
    def _own_constants(self) -> tuple[str, ...]:
        return super()._own_constants if self.reduced_form is None else self.reduced_form.effects

    def _table_columns(self) -> list[ResultColumn]:
        return [replace(column, long_run=self.long_run.index) for column in super()._table_columns()]

    @property
    def _facts(self) -> tuple[Fact, ...]:
        orders = self.orders.drop_duplicates()
        text = f"({', '.join(map(str, orders.iloc[0]))})"
        if len(orders) > 1:
            text = f"{format_count(len(orders))} different"
        return (Fact("Lag orders", text),)

    @property
    def _tests(self) -> dict[str, TestResult | None]:
        homogeneity = None if self.likelihood is None else self.likelihood.homogeneity
        return {"No long-run relation": self.f_slopes, "Same long run for all": homogeneity}

    def _statistics(self, digits: int) -> tuple[Fact, ...]:
        return (Fact("Log-likelihood", format_number(self.loglik, digits)),)

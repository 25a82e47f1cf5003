"""Responses estimated horizon by horizon, whose errors are known jointly over the horizons."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arguments import read_levels
from panelvar.core.base.arrays import Array
from panelvar.core.base.chosen_names import chosen_names
from panelvar.core.base.distributions import quantile, quantiles, two_sided
from panelvar.core.base.errors import SpecificationError, emit
from panelvar.core.base.labels import listed
from panelvar.core.base.quoting import one_line
from panelvar.core.base.shared_parameters import documented
from panelvar.estimates.bands.bootstrap_after_bootstrap import BootstrapAfterBootstrap
from panelvar.estimates.bands.delta_method import DeltaMethod
from panelvar.estimates.bands.limits import normal_limits
from panelvar.estimates.bands.resampling import Recursive
from panelvar.estimates.bands.simulated import finite_errors
from panelvar.estimates.bands.target import Band, limit_columns, nested, said_levels
from panelvar.estimates.coefficients import stacked_estimates
from panelvar.estimates.coefficients.stacked_estimates import (
    NUMBERS,
    StackedCoefficients,
    StackedInference,
    TestedTerm,
    index_columns,
    with_known,
)
from panelvar.estimates.coefficients.wald import zero_test
from panelvar.estimates.covariance.covariances import CovarianceEstimate
from panelvar.estimates.covariance.serial_scores import lagged_gram
from panelvar.kernels.linear.least_squares import covariance_root
from panelvar.systems.identification.scheme import position
from panelvar.systems.responses.responses import Responses

if TYPE_CHECKING:
    import pandas as pd

    from panelvar.panels.static.result import LinearResult
    from panelvar.systems.projections.bootstrap import ProjectionBootstrap
    from panelvar.systems.var.var_result import VarResult

FEW_DEGREES = 30
"""Degrees of freedom below which limits are by default those of t: at 30 they are 4% further out than normal ones."""


@dataclass(frozen=True, eq=False, repr=False)
class ProjectedResponses(Responses):
    r"""Responses by local projections: a regression for each horizon.

    All of `Responses` is here (``values``, ``std_errors``, ``lower``, ``upper``, ``to_frame()``, ``response()``,
    ``plot()``). Errors are known jointly: every estimate is a sum of *influences*, one for each date or cluster, and
    their products add up to the covariance of a whole path.

    Parameters
    ----------
    influence : array (horizon + 1, K, S, G)
        What each date (or cluster), on the last axis, adds to each estimate; small-sample factors are in it.
    nobs_by_horizon : array of int (horizon + 1,)
        Rows of each horizon's regression.
    df_by_horizon : array (horizon + 1,)
        Degrees of freedom of the t distribution.
    covariance : str
        How the errors were estimated, in words.
    kernel : str or None
        Kernel for pairs of dates; None where influences are uncorrelated.
    kernel_lags : array (horizon + 1,) or None
        Its bandwidth at each horizon. The joint covariance has one for all, the largest.
    distribution : {"normal", "t"} or None
        Distribution of an estimate over its standard error. None is t at horizons with fewer than 30 degrees of
        freedom, and normal at the others.
    var : VarResult or None
        The vector autoregression whose impact matrix defines the shocks.
    fits : tuple of LinearResult
        The regression of each horizon, for panels.
    bootstrap : ProjectionBootstrap or None
        What bootstrap bands need; only lag-augmented projections of a scheme's shocks on data without gaps have it.

    See Also
    --------
    fit_local_projections, fit_panel_local_projections : make it.
    plot_responses : draws it, beside the responses of a VAR too.

    Examples
    --------
    >>> import panelvar as pv
    >>> lp = pv.fit_local_projections(pv.load_data("us_macro")[["unemp", "tbilrate"]], lags=4, horizon=4)
    >>> lp.std_errors[:, 0, 1].round(3).tolist()
    [0.0, 0.026, 0.054, 0.071, 0.084]
    >>> lp.with_bands(pv.DeltaMethod(joint="sup-t", seed=1)).response("unemp", "tbilrate").round(2).tail(1)
             value  lower  upper  std_error
    horizon
    4         0.03  -0.16   0.21       0.08

    The projected responses, with bands of 95%:

    >>> figure = lp.plot()
    """

    influence: Array = field(default_factory=lambda: np.empty((0, 0, 0, 0)))
    nobs_by_horizon: npt.NDArray[np.intp] = field(default_factory=lambda: np.empty(0, dtype=np.intp))
    df_by_horizon: Array = field(default_factory=lambda: np.empty(0))
    covariance: str = ""
    kernel: str | None = None
    kernel_lags: Array | None = None
    distribution: str | None = "normal"
    var: VarResult | None = None
    fits: tuple[LinearResult, ...] = ()
    bootstrap: ProjectionBootstrap | None = None

    _not_offered: ClassVar[Mapping[str, str]] = {
        "with_cov": (
            "Projections keep what dates or clusters add to the estimates and no rows. Say cov= when you fit them; "
            "with_bands() changes the limits."
        ),
        "predict": "Projections are of responses. Forecasts are those of fit_var(...).forecast().",
    }

    wald_test = stacked_estimates.wald_test
    lincom = stacked_estimates.lincom
    nonlinear = stacked_estimates.nonlinear
    joint_tests = stacked_estimates.joint_tests
    tidy = stacked_estimates.tidy
    glance = stacked_estimates.glance

    @property
    def subject(self) -> str:
        """What tables and figures call them."""
        return "Local-projection responses"

    # ---- the responses as coefficients

    @property
    def nobs(self) -> int:
        """Rows of the regression of the first horizon; `nobs_by_horizon` has those of all."""
        return int(self.nobs_by_horizon[0])

    @property
    def cov_label(self) -> str:
        """How the errors were estimated."""
        return self.covariance

    @property
    def params(self) -> pd.Series:
        """Responses by (response, shock, horizon). Tests name them ``"[unemp]h4.rate"``: of unemp to rate, at 4."""
        import pandas as pd

        return pd.Series(self._flat(self.values), index=self._index)

    @property
    def tstats(self) -> pd.Series:
        """`params` over their errors; missing where a response is known."""
        return self._stacked.tstats.set_axis(self._index)

    @property
    def pvalues(self) -> pd.Series:
        """Two-sided tail probabilities of `tstats`, of the normal or of t where degrees of freedom are few."""
        tstats = self.tstats
        tstats[:] = two_sided(tstats.to_numpy(), self._degrees)
        return tstats

    @property
    def cov(self) -> pd.DataFrame:
        """Covariance of `params`: correlations are those of `joint_covariance`, errors those of each horizon."""
        import pandas as pd

        return pd.DataFrame(self._stacked.covariance.matrix, self._index, self._index)

    @property
    def _index(self) -> pd.MultiIndex:
        import pandas as pd

        return pd.MultiIndex.from_product(
            [self.names, self.shocks, range(self.horizon + 1)], names=["response", "shock", "horizon"]
        )

    @staticmethod
    def _flat(values: Array) -> Array:
        """Numbers (horizon + 1, K, S, ...) in the order of `params`."""
        return np.moveaxis(values, 0, 2).reshape(-1, *values.shape[3:])

    @property
    def _nobs(self) -> int:
        return self.nobs

    @property
    def _joint_df(self) -> float:
        return np.inf

    _single_df = _joint_df

    @property
    def _degrees(self) -> Array:
        """Degrees of freedom of each estimate in the order of `params`, infinite where its limits are normal."""
        df = np.asarray(self.df_by_horizon, dtype=np.float64)
        if self.distribution != "t":
            df = np.where((df < FEW_DEGREES) & (self.distribution is None), df, np.inf)
        return np.tile(df, len(self.names) * len(self.shocks))

    def _df_for(self, weights: Array, df: float) -> float:
        """The fewest of the horizons that are part of combinations."""
        return float(self._degrees[weights.any(axis=0)].min(initial=df))

    @property
    def _stacked(self) -> StackedInference:
        return self._stacked_with(np.inf)

    def _stacked_with(self, df: float) -> StackedInference:
        assert self.std_errors is not None
        errors = finite_errors(self._flat(self.std_errors))
        joint = self._covariance(self._flat(self.influence))
        scale = np.divide(errors, np.sqrt(joint.diagonal()), out=np.zeros_like(errors), where=joint.diagonal() > 0.0)
        names = tuple(f"[{response}]h{horizon}.{shock}" for response, shock, horizon in self._index)
        fit = StackedCoefficients(names, self._flat(self.values), not errors.any())
        return StackedInference(fit, CovarianceEstimate(joint * np.outer(scale, scale), self.covariance, df))

    def _labels(self) -> dict[str, list[Any]]:
        return index_columns(self._index)

    def _numbers(self, level: float) -> dict[str, Array]:
        stacked, limits = self._stacked, self.conf_int(level=level)
        assert self.std_errors is not None
        errors = self._flat(self.std_errors)
        columns = (stacked.params, errors, stacked.tstats, self.pvalues, limits["lower"], limits["upper"])
        return dict(zip(NUMBERS, map(np.asarray, columns), strict=True))

    def _tested_terms(self) -> list[TestedTerm]:
        found, whole = [], self._stacked
        known = dict(zip(whole.names, whole.covariance.matrix.diagonal() == 0.0, strict=True))
        for response in self.names:
            for shock in self.shocks:
                path = [f"[{response}]h{horizon}.{shock}" for horizon in range(self.horizon + 1)]
                names = [name for name in path if not known[name]]
                if names:
                    weights = np.array([[float(name in names) for name in whole.names]])
                    stacked = self._stacked_with(self._df_for(weights, np.inf))
                    test = zero_test(stacked, names, "Joint test", f"{response} does not respond to {shock}")
                    found.append(TestedTerm(response, shock, test))
        if not found:
            raise SpecificationError("All of these responses are known, so there is nothing to test.")
        return found

    @documented
    def conf_int(
        self,
        *,
        level: float | Sequence[float] = 0.95,
        of: str | re.Pattern[str] | Sequence[str | re.Pattern[str]] | None = None,
        joint: str | None = None,
        draws: int = 10_000,
        seed: int | np.random.Generator = 0,
    ) -> pd.DataFrame:
        """Confidence limits of the responses by their errors, each by itself or several at once.

        Limits of a bootstrap are in ``to_frame()`` of `with_bands`.

        Parameters
        ----------
        {level (coefficients)}
        of : str, pattern or sequence of them, optional
            Responses by name, ``"[unemp]h4.rate"``, or by pattern, ``"[unemp]*.rate"``; all by default.
        {joint (coefficients), draws (sup-t), seed (sup-t)}

        Returns
        -------
        DataFrame
            Rows (response, shock, horizon), columns lower and upper at the highest level; lower_68, upper_68 at
            another.

        Raises
        ------
        SpecificationError
            If a level is below 0.5, a name or pattern fits no response, or an option is unknown.
        """
        import pandas as pd

        names = self._stacked.names
        places = np.arange(len(names)) if of is None else [names.index(each) for each in chosen_names("of", of, names)]
        chosen = np.zeros((1, len(names)))
        chosen[0, places] = 1.0
        stacked = self._stacked_with(self._df_for(chosen, np.inf) if joint else np.inf)
        found = stacked.conf_int(level=level, of=of, joint=joint, draws=draws, seed=seed)
        index = self._index[places]
        assert self.std_errors is not None
        values, errors = self._flat(self.values)[places], self._flat(self.std_errors)[places]
        if joint is not None:
            return with_known(found.set_axis(index), values, errors)
        df = self._degrees[places]
        columns = nested(read_levels(level), lambda each: normal_limits(values, errors, each, quantiles(each, df)))
        return pd.DataFrame(limit_columns(columns), index=index)

    # ---- joint errors and bands

    def joint_covariance(self, of: str, shock: str) -> pd.DataFrame:
        """Covariance of the estimates of one path, a row and a column for each horizon.

        With a kernel the bandwidth is the largest of all horizons, so that the matrix is positive semi-definite; the
        squares of ``std_errors``, whose bandwidths are those of each horizon, can then differ from its diagonal.

        Parameters
        ----------
        of, shock : str
            The responding variable and the shock.

        Returns
        -------
        DataFrame
            Horizons by horizons.
        """
        import pandas as pd

        row, column = position(self.names, of), position(self.shocks, shock, "shock")
        path = self.influence[:, row, column]
        index = pd.RangeIndex(self.horizon + 1, name="horizon")
        return pd.DataFrame(self._covariance(path), index=index, columns=index)

    def _covariance(self, influence: Array) -> Array:
        if self.kernel is None or self.kernel_lags is None:
            return influence @ influence.T
        bandwidth = float(self.kernel_lags.max())
        return lagged_gram(np.ascontiguousarray(influence.T), np.arange(influence.shape[1]), self.kernel, bandwidth)

    def _directions(self) -> Array:
        """Directions (D, horizon + 1, K, S) whose outer products add up to the joint covariance."""
        flat = self.influence.reshape(self.values.size, -1)
        if self.kernel is not None:
            directions = covariance_root(self._covariance(flat)).T
        elif flat.shape[1] > flat.shape[0]:
            directions = np.asarray(np.linalg.qr(flat.T, mode="r"), dtype=np.float64)
        else:
            directions = flat.T
        return directions.reshape(-1, *self.values.shape)

    def with_bands(self, bands: Any = None, *, level: float | Sequence[float] = 0.95) -> ProjectedResponses:
        """Return the same responses with another band.

        Parameters
        ----------
        bands : DeltaMethod or a bootstrap source, optional
            ``DeltaMethod()`` (default) is the estimate plus and minus a critical value times its standard error, with
            ``joint=`` and ``over=`` for bands that hold many cells at once. `ResidualBootstrap`,
            `RecursiveWildBootstrap`, `MovingBlockBootstrap`: data sets of the vector autoregression, in each of which
            the projections are estimated again; take ``interval="studentised"``. `BootstrapAfterBootstrap`: the same
            from an autoregression corrected for its bias, always studentised.
        level : float or sequence of float
            Confidence level, at least 0.5; several make bands inside one another.

        Returns
        -------
        ProjectedResponses
            The same estimates.
        """
        levels = read_levels(level)
        source = DeltaMethod() if bands is None else bands
        if isinstance(source, DeltaMethod):
            return self._normal_band(source, levels)
        if not isinstance(source, (Recursive, BootstrapAfterBootstrap)):
            raise SpecificationError(
                f"Local projections have no bands={type(source).__name__}(...). Use DeltaMethod(), or a bootstrap such "
                "as RecursiveWildBootstrap(interval='studentised')."
            )
        if self.bootstrap is None:
            raise SpecificationError(
                "A bootstrap needs lag-augmented projections of a scheme's shocks with HC0 or HC1 errors, on data "
                "without gaps, because a vector autoregression generates its data sets. Use bands=DeltaMethod()."
            )
        band = self.bootstrap.band(source, levels)
        emit(band.notes)
        return replace(self, **band.kept(), notes=self.notes + band.notes)

    def _normal_band(self, source: DeltaMethod, levels: Sequence[float]) -> ProjectedResponses:
        from scipy.special import ndtr, stdtrit

        assert self.std_errors is not None
        errors = finite_errors(self.std_errors)

        def limits_at(level: float) -> tuple[Array, Array]:
            critical = source.critical(errors, level, self._directions)
            degrees = self.df_by_horizon[:, None, None]
            if self.distribution == "t" or (self.distribution is None and (degrees < FEW_DEGREES).any()):
                normal = np.asarray(quantile(level, np.inf) if critical is None else critical)
                student = np.asarray(stdtrit(degrees, ndtr(normal)), dtype=np.float64)
                critical = student if self.distribution == "t" else np.where(degrees < FEW_DEGREES, student, normal)
            return normal_limits(self.values, errors, level, critical)

        band = Band(nested(levels, limits_at), f"{self.covariance} errors{source.covered}", errors)
        return replace(self, **band.kept())

    def __repr__(self) -> str:
        what = "Cumulative local-projection responses" if self.cumulative is True else "Local-projection responses"
        band = f"; {said_levels(self.limits)} band: {self.band_label}" if self.limits else ""
        return one_line(f"<{what} of {listed(self.names)} to {listed(self.shocks)}, periods 0 to {self.horizon}{band}>")

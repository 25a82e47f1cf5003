"""Responses estimated horizon by horizon, whose errors are known jointly over the horizons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arguments import read_levels
from panelvar.core.base.arrays import Array
from panelvar.core.base.distributions import quantile
from panelvar.core.base.errors import SpecificationError, emit
from panelvar.core.base.labels import listed
from panelvar.core.base.quoting import one_line
from panelvar.estimates.bands.bootstrap_after_bootstrap import BootstrapAfterBootstrap
from panelvar.estimates.bands.delta_method import DeltaMethod
from panelvar.estimates.bands.limits import normal_limits
from panelvar.estimates.bands.resampling import Recursive
from panelvar.estimates.bands.simulated import finite_errors
from panelvar.estimates.bands.target import Band, nested, said_levels
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

    @property
    def subject(self) -> str:
        """What tables and figures call them."""
        return "Local-projection responses"

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

"""Estimates of one model from many panels, such as simulated ones."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arguments import read_levels
from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.distributions import quantile, quantiles, ratios, two_sided
from panelvar.core.base.errors import DataError, Note, SpecificationError
from panelvar.core.base.quoting import one_line, shown
from panelvar.core.faces.layout import Fact
from panelvar.core.faces.number_format import check_digits, format_count
from panelvar.core.tables.frame_table import OPTIONAL, FrameTable
from panelvar.core.tables.table import Presented, Table
from panelvar.estimates.bands.limits import normal_limits
from panelvar.estimates.bands.target import limit_columns, nested

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, repr=False)
class PanelBatch(Presented):
    """Estimates of one model from many panels, as tables with a row for each.

    Attributes
    ----------
    estimates, errors : (R, p) arrays
        Coefficients and their standard errors; NaN where a panel's model has no such coefficient.
    names : tuple of str
        Names of the coefficients.
    labels : Index
        Numbers of the panels that can be estimated.
    nobs : (R,) array of int
        Rows behind each.
    df_resid : (R,) array
        Residual degrees of freedom.
    df_inference : (R,) array
        Degrees of freedom of the t tests; infinite for the normal.
    rsquared : (R,) array
        The R2 of each; NaN where an estimator has none.
    estimator, dependent, cov_label : str
        What was estimated, of what, and how its errors were.
    one : callable
        Fits the panel of a number by itself.
    notes : tuple of Note

    See Also
    --------
    fit_panel_batch : Makes one.

    Examples
    --------
    >>> import panelvar as pv
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> x, u = rng.normal(size=(50, 5)), rng.normal(size=(200, 50, 5))
    >>> batch = pv.fit_panel_batch(pv.fit_pooled, dict(y=x + u, x=x), "y", "x")
    >>> rejected = batch.pvalues["x"] < 0.05
    >>> rejected.shape, batch.params.shape
    ((200,), (200, 2))
    >>> batch.member(3)
    <Pooled OLS: y on const, x; n = 250>
    """

    _in_brackets: ClassVar[str] = (
        "member({key}) is the result of one panel. params, std_errors and so on are those of all panels."
    )

    estimates: Array
    errors: Array
    names: tuple[str, ...]
    labels: pd.Index
    nobs: Positions
    df_resid: Array
    df_inference: Array
    rsquared: Array
    estimator: str
    dependent: str
    cov_label: str
    one: Callable[[int], Any]
    notes: tuple[Note, ...]

    def __len__(self) -> int:
        return len(self.estimates)

    def __repr__(self) -> str:
        return one_line(
            f"<{len(self)} fits of one model, {self.estimator}: {self.dependent} on {', '.join(self.names)}>"
        )

    @cached_property
    def params(self) -> pd.DataFrame:
        """Coefficients: a row for each panel, a column for each coefficient."""
        return self._by_panel(self.estimates)

    @cached_property
    def std_errors(self) -> pd.DataFrame:
        """Standard errors, arranged like `params`."""
        return self._by_panel(self.errors)

    @cached_property
    def _ratios(self) -> Array:
        return ratios(self.estimates, self.errors)

    @cached_property
    def tstats(self) -> pd.DataFrame:
        """Coefficients over their standard errors, arranged like `params`; NaN where there is no error."""
        return self._by_panel(self._ratios)

    @cached_property
    def pvalues(self) -> pd.DataFrame:
        """Two-sided p-values of zero coefficients, arranged like `params`."""
        out = np.empty(self.estimates.shape)
        normal = np.isinf(self.df_inference)
        out[normal] = two_sided(self._ratios[normal], np.inf)
        out[~normal] = two_sided(self._ratios[~normal], self.df_inference[~normal, None])
        return self._by_panel(out)

    def conf_int(self, *, level: float | Sequence[float] = 0.95) -> pd.DataFrame:
        """Confidence intervals of every panel's coefficients, by itself.

        Parameters
        ----------
        level : float or sequence of float
            Confidence level, at least 0.5; or several, such as ``(0.68, 0.95)``.

        Returns
        -------
        DataFrame
            Columns (limit, coefficient): ``conf_int()["lower"]`` is arranged like `params`. Limits are lower and upper
            at the highest level, and lower_68, upper_68 at another.
        """
        import pandas as pd

        normal = np.isinf(self.df_inference)

        def limits_at(each: float) -> tuple[Array, Array]:
            critical = np.full((len(self), 1), quantile(each, np.inf))
            critical[~normal, 0] = quantiles(each, self.df_inference[~normal])
            return normal_limits(self.estimates, self.errors, each, critical)

        limits = limit_columns(nested(read_levels(level), limits_at))
        return pd.concat({name: self._by_panel(values) for name, values in limits.items()}, axis=1, names=["limit"])

    def _by_panel(self, values: npt.NDArray[Any]) -> pd.DataFrame:
        import pandas as pd

        return pd.DataFrame(values, index=self.labels, columns=list(self.names))

    def summary(self, *, digits: int = 4) -> Table:
        """Return a table of the coefficients: mean, standard deviation and range over panels, and mean standard error.

        Parameters
        ----------
        digits : int
            Decimals.

        Returns
        -------
        Table
        """
        import pandas as pd

        check_digits(digits)
        estimates = self.params
        columns = {
            "mean": (estimates.mean(), "Mean"),
            "sd": (estimates.std(), "Std. dev."),
            "error": (self.std_errors.mean(), "Mean std. err."),
            "least": (estimates.min(), "Smallest"),
            "most": (estimates.max(), "Largest"),
        }
        least, most = int(self.nobs.min()), int(self.nobs.max())
        rows = format_count(least) if least == most else f"{format_count(least)} to {format_count(most)}"
        return FrameTable(
            pd.DataFrame({name: values for name, (values, _) in columns.items()}).rename_axis("Coefficient"),
            {name: OPTIONAL.called(heading) for name, (_, heading) in columns.items()},
            f"{self.estimator}: {self.dependent}",
            (Fact("Panels", format_count(len(self))), Fact("Observations", rows), Fact("Std. errors", self.cov_label)),
            tuple(dict.fromkeys(map(str, self.notes))),
        ).summary(digits=digits)

    def member(self, label: Hashable) -> Any:
        """The full result of one panel.

        Parameters
        ----------
        label : int
            Number of the panel, from 0.

        Returns
        -------
        LinearResult
            As the estimator itself returns it.

        Raises
        ------
        SpecificationError
            If there is no such panel.
        DataError
            If the panel's data are no longer those that were fitted.
        """
        try:
            hash(label)
            place = self.labels.get_loc(label)
        except (KeyError, TypeError, ValueError):
            place = None
        if not isinstance(place, int) or isinstance(label, bool):
            such = ", ".join(map(repr, self.labels[:5].tolist()))
            raise SpecificationError(f"{shown(label)} is not one of the panels; there are {len(self)}, such as {such}.")
        result = self.one(int(self.labels[place]))
        # The data are the caller's: a simulation may have written the next panels over them.
        found = result.params.reindex(list(self.names)).to_numpy(float)
        own = self.estimates[place]
        size = np.abs(own) + np.nan_to_num(self.errors[place])
        if not ((np.abs(found - own) <= 1e-6 * size) | (np.isnan(found) & np.isnan(own))).all():
            raise DataError(
                f"The data of panel {label} have changed since it was fitted. Leave the arrays as they are, or fit "
                "a copy of them."
            )
        return result

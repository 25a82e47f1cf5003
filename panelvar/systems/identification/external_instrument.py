"""Identification of one shock by series from outside the system."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import (
    DataError,
    InsufficientDataError,
    MissingInformationError,
    Note,
    SpecificationError,
)
from panelvar.core.base.quoting import one_line, shown
from panelvar.core.base.unknown_arguments import answering
from panelvar.data.sources.alignment import by_label, has_labels
from panelvar.kernels.dynamics.orthonormal_instruments import orthonormal_instruments, own_rows
from panelvar.kernels.dynamics.reduced_form import ReducedForm
from panelvar.kernels.dynamics.unit_free_solves import lower_solve
from panelvar.systems.identification.instruments_of_shocks import (
    FirstStage,
    first_stage,
    impact_column,
    note_strength,
)
from panelvar.systems.identification.scheme import Estimates, Identification, Names, position


@answering
@dataclass(frozen=True, eq=False, repr=False)
class ExternalInstrument(Identification):
    r"""One shock identified by an instrument (a proxy): a series correlated with it and with no other shock.

    .. math:: E\, u_t z_t' = b_1\, E\, \varepsilon_{1t} z_t', \qquad \hat b_1 \propto \hat U' P_z \hat u_1

    (Mertens and Ravn 2013; Stock and Watson 2018). With one instrument the impact is the vector of
    residuals' covariances with it; several are combined by two-stage least squares. The scale of one standard deviation
    is that of :math:`b_1' \Sigma^{-1} b_1 = 1`.

    Parameters
    ----------
    series : Series, DataFrame or array (T, k)
        The instrument, or several. A Series or DataFrame is matched with the periods of the model by label; an array
        has a value for each row of the data. Missing values and periods outside the model are left out of the
        covariances only.
    variable : str
        The shock's own variable: its response is positive, and ``shock_size="unit"`` moves it by one.
    shock : str, optional
        Name of the shock; the variable's by default.

    Raises
    ------
    DataError
        Labels do not match, values are infinite, or instruments are collinear or constant.
    InsufficientDataError
        There are fewer periods with an instrument than it takes.
    MissingInformationError
        The system has no data.

    See Also
    --------
    instrument_relevance_test : the first-stage F.
    MovingBlockBootstrap : bands that count the instrument.
    fit_local_projections : the same instrument in local projections (LP-IV).

    Notes
    -----
    A note gives the first-stage F, with heteroskedasticity-robust covariance; below 10 there is a warning. With a weak
    instrument estimates are biased towards those of least squares, and bands do not cover. Bands come from bootstraps
    that resample the instrument with the residuals: `MovingBlockBootstrap` is consistent (Jentsch and Lunsford 2019,
    American Economic Review 109, 2655-2678); a wild bootstrap is not.

    When to use something else: an instrument that other shocks move too identifies none of the shocks.

    Examples
    --------
    >>> import numpy as np
    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]], lags=2)
    >>> proxy = model.resids["tbilrate"] + np.random.default_rng(1).standard_normal(model.nobs)
    >>> irf = model.impulse_responses(4, identification=pv.ExternalInstrument(proxy, "tbilrate"))
    >>> irf.response("unemp", "tbilrate").round(3).tail(1)
             value
    horizon
    4        -0.09
    """

    name: ClassVar[str] = "external_instrument"
    words: ClassVar[str] = "instrumented"
    series: Any
    variable: str
    shock: str | None = None
    instruments: Array | None = None
    cross: Array | None = None
    stage: FirstStage | None = None

    def __init__(self, series: Any, variable: str, *, shock: str | None = None) -> None:
        if isinstance(series, str):
            raise SpecificationError(f"series={shown(series)}: expected the values, such as data[{series!r}].")
        if not isinstance(variable, str):
            raise SpecificationError(f"variable={shown(variable)}: expected the name of a variable of the system.")
        if shock is not None and not isinstance(shock, str):
            raise SpecificationError(f"shock={shown(shock)}: expected a name for the shock.")
        self._set(series=series, variable=variable, shock=shock)

    def __repr__(self) -> str:
        named = "" if self.shock is None else f", shock={self.shock!r}"
        return one_line(f"ExternalInstrument(<{type(self.series).__name__}>, {self.variable!r}{named})")

    def check(self, names: Names) -> None:
        """Raise a SpecificationError if the variable is not in the system."""
        position(names, self.variable)

    def shocks(self, names: Names) -> Names:
        """The one shock."""
        return (self.shock or self.variable,)

    def own(self, names: Names) -> npt.NDArray[np.intp]:
        """Position of the shock's own variable."""
        return np.array([position(names, self.variable)])

    @property
    def carried(self) -> Array | None:
        """The instruments in the model's rows."""
        return self.instruments

    @property
    def notes(self) -> tuple[Note, ...]:
        """How strong the instrument is."""
        if self.stage is None:
            return ()
        stage = self.stage
        text = (
            f"First stage: F({stage.n_instruments}, {stage.nobs - stage.n_instruments - 1}) = {stage.robust:.2f} "
            f"(robust), {stage.classical:.2f} (classical), R2 {stage.rsquared:.3f}, over {stage.nobs} periods with the "
            "instrument."
        )
        return note_strength(text, stage.robust)

    def bound(self, estimates: Estimates, names: Names) -> Self:
        """Put the instruments into the model's rows and measure their strength."""
        if estimates.residuals is None:
            raise MissingInformationError(
                "An external instrument needs residuals, and this system has coefficients only: use fit_var."
            )
        instruments = self._aligned(estimates)
        count, used = instruments.shape[1], int(own_rows(instruments).sum())
        if used < count + 3:
            raise InsufficientDataError(
                f"The instruments are observed together in {count_of(used, 'period')} of the model. "
                f"{count_of(count, 'instrument needs', 'instruments need')} at least {count + 3}."
            )
        try:
            basis = orthonormal_instruments(instruments)
        except np.linalg.LinAlgError:
            raise DataError("The instruments do not vary over the model's periods, or are collinear.") from None
        stage = first_stage(estimates.residuals[:, position(names, self.variable)], instruments)
        return copy(self)._set(instruments=instruments, cross=estimates.residuals.T @ basis, stage=stage)

    def _aligned(self, estimates: Estimates) -> Array:
        """Instruments (n, k) in the rows explained, NaN where missing."""
        series = self.series
        labelled = has_labels(series)
        if labelled:
            import pandas as pd

            assert estimates.labels is not None
            series = by_label(pd.DataFrame(series), estimates.labels(series.index), "the instrument")
        try:
            values = series.to_numpy(np.float64, na_value=np.nan) if labelled else np.asarray(series, np.float64)
        except (TypeError, ValueError, OverflowError):
            raise DataError("The instrument holds values that are not numbers.") from None
        if not labelled:
            values = values[:, None] if values.ndim == 1 else values
            if values.ndim != 2 or len(values) != estimates.n_rows:
                raise DataError(
                    f"The instrument has shape {np.shape(series)}; expected a value for each of the data's "
                    f"{estimates.n_rows} rows (NaN where it is missing), or a Series with their labels."
                )
            values = values[estimates.rows]
        if np.isinf(values).any():
            raise DataError(f"The instrument has {count_of(int(np.isinf(values).sum()), 'infinite value')}.")
        return values

    def impact(self, form: ReducedForm, names: Names) -> Array:
        """Impact (..., K, 1) at the estimates, or of draws that carry the instrument."""
        cross = self.cross if form.carried is None else form.carried
        if cross is None:
            raise MissingInformationError(
                "An external instrument identifies shocks of a fitted model, and this is not one. Use fit_var."
            )
        return impact_column(cross, position(names, self.variable), form.factor)

    def date_moves(
        self, form: ReducedForm, names: Names, residuals: Array, controls: Array, carried: Array, sigma_steps: Array
    ) -> Array:
        r"""What each date adds to the impact: two-stage least squares of the residuals, and the scale.

        With w the fitted first stage :math:`P_z \hat u_1` and :math:`e_k = \hat u_k - b_k \hat u_1`, the shock of one
        unit moves by :math:`(w_t - x_t'(X'X)^{-1}X'w)\, e_{kt} / w'\hat u_1`: the second term is what the coefficients
        behind the residuals add.
        """
        first = residuals[..., position(names, self.variable)]
        fitted = np.einsum("...nk,...mk,...m->...n", carried, carried, first)
        strength = (fitted * first).sum(axis=-1)
        unit = np.einsum("...nk,...n->...k", residuals, fitted) / strength[..., None]
        left = residuals - first[..., None] * unit[..., None, :]
        # Over the rows of the instruments the second stage has a constant. (A row at their mean has no weight anyway.)
        seen = (carried != 0.0).any(axis=-1)[..., None]
        centred = left - (left * seen).sum(axis=-2, keepdims=True) / seen.sum(axis=-2, keepdims=True)
        gram = controls.swapaxes(-1, -2) @ controls
        explained = (controls @ np.linalg.solve(gram, controls.swapaxes(-1, -2) @ fitted[..., None]))[..., 0]
        moves = (fitted[..., None] * centred - explained[..., None] * left) / strength[..., None, None]
        whitened = lower_solve(form.factor, unit[..., None])
        weights = np.linalg.solve(form.factor.swapaxes(-1, -2), whitened)[..., 0]
        scale = np.sqrt(np.square(whitened).sum(axis=(-1, -2)))[..., None, None]
        along = np.einsum("...nk,...k->...n", moves, weights)
        along -= 0.5 * np.einsum("...nij,...i,...j->...n", sigma_steps, weights, weights)
        sized: Array = moves / scale - along[..., None] * unit[..., None, :] / scale**3
        return sized[..., None]

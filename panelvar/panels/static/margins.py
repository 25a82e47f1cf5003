"""The common part of marginal effects and adjusted predictions: where they were taken, and their figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from panelvar.core.base.shared_parameters import documented
from panelvar.estimates.coefficients.nonlinear import DerivedEstimates

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure


@dataclass(frozen=True, eq=False, repr=False)
class Margins(DerivedEstimates):
    """Averages of a model's effects or predictions over rows, as they are or with variables held at values.

    Attributes
    ----------
    dependent : str
        The dependent variable.
    axes : tuple of str
        Columns of `to_frame` that say where an estimate is taken: the group, then the variables held at values.
    """

    dependent: str = ""
    axes: tuple[str, ...] = ()

    @property
    def varying(self) -> tuple[str, ...]:
        """The `axes` that differ among the estimates, along which `plot` draws them."""
        return tuple(name for name in self.axes if any(key[name] != self.keys[0][name] for key in self.keys))

    @documented
    def plot(
        self,
        *,
        across: str | None = None,
        level: float | Sequence[float] | None = None,
        joint: str | None = None,
        style: str | None = None,
        ax: Axes | Sequence[Axes] | npt.NDArray[Any] | None = None,
        figure: Figure | SubFigure | None = None,
        figsize: Sequence[float] | None = None,
        title: str | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> Figure | SubFigure:
        """Draw the estimates along the values they were taken at (`panelvar.plot_margins`).

        Where no value varies, each estimate stands by itself (`panelvar.plot_coefficients`).

        Parameters
        ----------
        {across, level (margins), joint (margins), style (margins), ax (panels), figure, figsize, title}
        {labels (margins)}

        Returns
        -------
        Figure
        """
        from panelvar.reporting.plots_of_panels.coefficients import plot_coefficients
        from panelvar.reporting.plots_of_panels.margins import plot_margins

        where: dict[str, Any] = {"ax": ax, "figure": figure, "figsize": figsize, "title": title, "labels": labels}
        if not self.varying and across is None and style is None:
            return plot_coefficients(self, level=self.level if level is None else level, joint=joint, **where)
        return plot_margins(self, across=across, level=level, joint=joint, style=style, **where)

"""Historical decompositions: what each shock contributed to what happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from panelvar.base.arrays import Array
from panelvar.base.errors import Note
from panelvar.base.hints import HintsAtNames
from panelvar.base.labels import listed

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False, repr=False)
class HistoricalDecomposition(HintsAtNames):
    r"""Each variable as a baseline and the accumulated effects of the shocks since the start of the sample.

    .. math:: y_t = b_t + \sum_s c_t^{(s)}, \qquad
        c_t^{(s)} = \sum_{h=0}^{t - t_0} \Theta_h e_s\, \varepsilon_{s,t-h}

    Parameters
    ----------
    contributions : array (n, K, S)
        Entry [t, i, s]: what shock s has contributed to variable i by the t-th row.
    baseline : array (n, K)
        What the deterministic terms, exogenous variables and initial values give without shocks.
    names, shocks : tuple of str
    shock_values : array (n, S)
        The shocks themselves, of variance one.
    index : Index
        Period of each row.
    scheme : str
        Identification, in words.
    notes : tuple of Note
    """

    contributions: Array
    baseline: Array
    names: tuple[str, ...]
    shocks: tuple[str, ...]
    shock_values: Array
    index: pd.Index
    scheme: str
    notes: tuple[Note, ...] = ()

    @property
    def actual(self) -> Array:
        """The data, (n, K): baseline and contributions together."""
        total: Array = self.baseline + self.contributions.sum(axis=2)
        return total

    def to_frame(self) -> pd.DataFrame:
        """Table by period: for each variable the baseline and each shock's contribution."""
        import pandas as pd

        columns = pd.MultiIndex.from_product([self.names, ("baseline", *self.shocks)], names=["variable", "part"])
        parts = np.concatenate([self.baseline[:, :, None], self.contributions], axis=2)
        return pd.DataFrame(parts.reshape(len(parts), -1), index=self.index, columns=columns)

    def plot(self, **options: Any) -> Figure:
        """Draw stacked contributions; see `panelvar.plots.contributions.plot_historical` for the options."""
        from panelvar.plots.contributions import plot_historical

        return plot_historical(self, **options)

    def __repr__(self) -> str:
        return (
            f"<Historical decomposition of {listed(self.names)} into {self.scheme} shocks, {len(self.index)} periods>"
        )

"""Roots of an autoregression in the unit circle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from panelvar.core.base.arguments import read_flag, refuse_other
from panelvar.core.base.shared_parameters import documented
from panelvar.kernels.dynamics.dynamics import inside_the_circle
from panelvar.reporting.canvas.canvas import BLUE, GREY, PALE, VERMILLION, Canvas, open_canvas, tidy
from panelvar.systems.var.system import System

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

# Labels nearer to each other than this, in units of the half-width of the picture, would overlap.
_APART = 0.13


@documented
def plot_roots(
    system: System,
    *,
    annotate: bool = True,
    ax: Axes | None = None,
    figure: Figure | SubFigure | None = None,
    figsize: Sequence[float] | None = None,
    title: str | None = None,
) -> Figure | SubFigure:
    r"""Draw the eigenvalues of the companion matrix; the system is stable if all lie inside the unit circle.

    Parameters
    ----------
    system : System
        A system or fitted VAR; its ``roots`` are drawn as they are.
    annotate : bool
        Whether to write each modulus beside its root: once for a conjugate pair, the larger one where two labels
        would overlap.
    {ax, figure, figsize, title}

    Returns
    -------
    Figure

    Raises
    ------
    SpecificationError
        If it is not a system, or where to draw is given twice.

    See Also
    --------
    System : its ``roots`` and ``moduli``.
    plot_rolling : the largest root over time.

    Notes
    -----
    These are eigenvalues, as EViews plots them. Programs that solve :math:`\det(I - A_1 z - \dots - A_p z^p) = 0`
    report their inverses, which lie outside the circle when the system is stable.

    Examples
    --------
    The roots of a VAR lie inside the unit circle:

    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]], lags=2)
    >>> figure = pv.plot_roots(model)
    """
    refuse_other("plot_roots", system, System, "a system or a fitted vector autoregression")
    annotate = read_flag("annotate", annotate)
    roots = np.asarray(system.roots, dtype=complex)
    moduli = np.abs(roots)
    canvas = open_canvas(ax, figure, figsize, title, size=(5.2, 5.2))
    ax = canvas.panels[0]
    angle = np.linspace(0.0, 2.0 * np.pi, 361)
    ax.axhline(0.0, color=PALE, linewidth=0.8, zorder=0)
    ax.axvline(0.0, color=PALE, linewidth=0.8, zorder=0)
    ax.plot(np.cos(angle), np.sin(angle), color=GREY, linewidth=1.2, zorder=1)
    inside = inside_the_circle(moduli)
    for chosen, colour, marker, sign in ((inside, BLUE, "o", "<"), (~inside, VERMILLION, "X", "\u2265")):
        if chosen.any():
            ax.scatter(
                roots.real[chosen],
                roots.imag[chosen],
                s=46 if marker == "o" else 80,
                color=colour,
                marker=marker,
                edgecolors="white",
                linewidths=0.6,
                label=f"modulus {sign} 1 ({int(chosen.sum())})",
                # Above the labels of others.
                zorder=5,
            )
    reach = 1.18 * max(1.0, float(moduli.max(initial=0.0)))
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xlabel="Real part", ylabel="Imaginary part")
    for axis in (ax.xaxis, ax.yaxis):
        axis.label.set_fontsize(10 * canvas.scale)
    if annotate:
        _write_moduli(canvas, roots, reach)
    largest = float(moduli.max(initial=0.0))
    verdict = "stable" if system.is_stable else "not stable"
    canvas.name(f"Companion roots: {verdict}, largest modulus {largest:.4f}")
    if moduli.size:
        ax.legend(frameon=False, loc="upper left", fontsize=9 * canvas.scale, borderaxespad=0.0, handletextpad=0.2)
    tidy(ax)
    return canvas.figure


def _write_moduli(canvas: Canvas, roots: np.ndarray, reach: float) -> None:
    from matplotlib.patheffects import withStroke

    placed: list[complex] = []
    for root in sorted(roots[roots.imag >= 0.0], key=abs, reverse=True):
        if any(
            abs((root - other).real) < 2 * _APART * reach and abs((root - other).imag) < _APART * reach / 2
            for other in placed
        ):
            continue
        placed.append(root)
        canvas.panels[0].annotate(
            f"{abs(root):.3f}",
            (root.real, root.imag),
            xytext=(0, 7),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=8 * canvas.scale,
            path_effects=[withStroke(linewidth=2.5, foreground="white")],
            zorder=4,
        )

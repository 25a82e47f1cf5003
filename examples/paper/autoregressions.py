"""The paper's two printed vector autoregressions: as printed, and estimated on the reconstructed series."""

from __future__ import annotations

from typing import TYPE_CHECKING

import panelvar as pv
from panelvar.core.faces.layout import Cell, Fact, Row, interval, number, pairs, words
from panelvar.core.tables.table import Table
from paper.agreement import LEGEND, OURS_AND_PAPER, Agreement, pair
from paper.source import THREE, TWO, printed_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from panelvar.systems.responses.responses import Responses
    from panelvar.systems.var.var_result import VarResult
    from paper.source import Paper

HORIZON = 10
BANDS = pv.ResidualBootstrap(draws=2000, seed=2021)


def estimated(paper: Paper, names: tuple[str, ...]) -> VarResult:
    """A VAR(2) with a constant on Liangshan's logarithms."""
    model: VarResult = pv.fit_var(paper.liangshan, names, lags=2, convention="eviews")
    return model


def printed_equations(paper: Paper, names: tuple[str, ...]) -> str:
    """The printed equations, in the order in which the paper prints them."""
    lines = dict(zip(names, paper.system(names).equations().splitlines(), strict=True))
    return "\n".join(lines[name] for name in paper.equations(names))


def equations_beside(paper: Paper, names: tuple[str, ...], agreement: Agreement | None = None) -> Table:
    """Printed coefficients beside those estimated on the reconstructed series, standard errors below.

    With an `Agreement` each printed number is marked and counted.
    """
    printed, model = paper.equations(names), estimated(paper, names)
    rows = []
    # Variable by variable, as the paper writes its equations.
    order = ["const", *(f"L{lag}.{name}" for name in names for lag in (1, 2))]
    for regressor in order:
        above: list[Cell] = []
        below: list[Cell] = []
        for name in names:
            ours, value = float(model.params[name][regressor]), printed[name][printed_name(regressor)]
            if agreement is not None:
                above += pair(agreement.add("Two-variable VAR", f"{name}, {regressor}", ours, value))
            else:
                above += [number(ours), number(value)]
            below += [number(float(model.std_errors[name][regressor]), brackets="()"), Cell()]
        rows.append(Row(regressor, tuple(above), "estimate"))
        rows.append(Row(regressor, tuple(below), "std. error", continues=True))
    fit = (("R2", model.rsquared), ("Root MSE", model.rmse))
    return Table(
        title=f"VAR(2) of {', '.join(names)}, Liangshan, natural logarithms",
        facts=(Fact("Observations", str(model.nobs)), Fact("Residual df", str(model.df_resid))),
        header=pairs(names, OURS_AND_PAPER, "Equation"),
        body=tuple(rows),
        foot=tuple(
            Row(label, tuple(cell for value in values for cell in (number(value), Cell()))) for label, values in fit
        ),
        notes=(
            "Ours: least squares on the reconstructed series, standard errors in parentheses. Paper: as printed, "
            "without standard errors.",
            *(
                [LEGEND]
                if agreement is not None
                else ["The reconstruction did not aim at this model: no agreement is expected."]
            ),
        ),
    )


def roots_table(paper: Paper) -> Table:
    """Moduli of the companion roots of every system, largest first."""
    systems = {
        "printed": paper.system(TWO),
        "if +0.7111": paper.system(TWO, plus=True),
        "estimated": estimated(paper, TWO),
        "printed, three": paper.system(THREE),
        "estimated, three": estimated(paper, THREE),
    }
    depth = max(system.lags * system.n_vars for system in systems.values())
    rows = []
    for rank in range(depth):
        moduli = [system.moduli[rank : rank + 1] for system in systems.values()]
        rows.append(Row(str(rank + 1), tuple(number(m[0]) if m.size else Cell() for m in moduli)))
    names = [" ".join(name.removeprefix("log_") for name in system.names) for system in systems.values()]
    kinds = [Cell(label.partition(",")[0], label, align="center") for label in systems]
    return Table(
        title="Moduli of the companion roots",
        header=(Row("Coefficients", tuple(kinds)), Row("Variables", tuple(words(name) for name in names))),
        body=tuple(rows),
        foot=(Row("Stable", tuple(words("yes" if system.is_stable else "no") for system in systems.values())),),
        notes=(
            "printed: the paper's coefficients. if +0.7111: GDP's first lag in the CII equation read with a plus. "
            "estimated: on the reconstructed series.",
        ),
    )


def roots_figure(paper: Paper) -> Figure:
    """The roots in the unit circle, printed and estimated, of both autoregressions."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 2, figsize=(9.0, 9.4), layout="constrained")
    for row, names in zip(axes, (TWO, THREE), strict=True):
        joined = ", ".join(names)
        kinds = {
            "coefficients as printed": paper.system(names),
            "estimated, reconstructed series": estimated(paper, names),
        }
        for ax, (kind, system) in zip(row, kinds.items(), strict=True):
            system.plot_roots(ax=ax)
            verdict = "stable" if system.is_stable else "NOT stable"
            ax.set_title(f"{joined}\n{kind}: {verdict}, largest {system.moduli[0]:.4f}", fontsize=10)
    return figure


def shocks(model: VarResult) -> Responses:
    """Responses to one-standard-deviation Cholesky shocks, CII first, with bootstrap bands."""
    return model.impulse_responses(HORIZON, identification="cholesky", shock_size="sd", bands=BANDS, level=0.95)


def unit_impulses(system: pv.System, horizon: int = HORIZON) -> Responses:
    """Responses to one error moved by one unit: all that printed coefficients determine."""
    responses: Responses = system.impulse_responses(horizon, identification="reduced_form", shock_size="unit")
    return responses


def responses_to_cii(paper: Paper, names: tuple[str, ...]) -> Table:
    """Responses of the other variables to CII: printed coefficients beside estimates with bands."""
    printed = unit_impulses(paper.system(names))
    bands = shocks(estimated(paper, names))
    others = [name for name in names if name != "log_cii"]
    rows = []
    for h in range(HORIZON + 1):
        above: list[Cell] = []
        below: list[Cell] = []
        for name in others:
            exact = printed.response(name, "log_cii")["value"].to_numpy()[h]
            ours = bands.response(name, "log_cii").to_numpy()[h]
            above += [Cell("0.0000", 0.0) if exact == 0.0 else number(exact), number(ours[0])]
            below += [Cell(), interval(ours[1], ours[2], 3)]
        rows.append(Row(str(h), tuple(above), "value"))
        rows.append(Row(str(h), tuple(below), "band", continues=True))
    kinds = ("printed, unit", "estimated, one s.d.")
    return Table(
        title=f"Responses to an impulse of CII, VAR(2) of {', '.join(names)}",
        facts=(Fact("Band", f"95%, {BANDS.label}"), Fact("Ordering", ", ".join(names))),
        header=pairs(others, kinds, "Response of", "Year"),
        body=tuple(rows),
        notes=(
            "printed: the paper's coefficients, CII's error alone moved by 1 (the covariance is not printed). "
            "estimated: one standard deviation of the Cholesky shock, on the reconstructed series. The ordering is "
            "ours: the paper states none.",
        ),
    )

"""The paper's two printed vector autoregressions: as printed, and estimated on the reconstructed series."""

from __future__ import annotations

from typing import TYPE_CHECKING

from writing.equations import Equation

import panelvar as pv
from panelvar.core.faces.layout import Cell, Fact, Row, interval, number, pairs, words
from panelvar.core.tables.table import Table
from paper.agreement import LEGEND, OURS_AND_PAPER, Agreement, Compared, pair
from paper.source import NINE, NUMBERED, SPELLED, THREE, TWO, printed_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from panelvar.systems.responses.responses import Responses
    from panelvar.systems.var.system import System
    from panelvar.systems.var.var_result import VarResult
    from paper.source import Paper

HORIZON = 10
BANDS = pv.ResidualBootstrap(draws=2000, seed=2021)


def estimated(paper: Paper, names: tuple[str, ...]) -> VarResult:
    """A VAR(2) with a constant on Liangshan's logarithms."""
    model: VarResult = pv.fit_var(paper.liangshan, names, lags=2, convention="eviews")
    return model


def equations(paper: Paper, names: tuple[str, ...]) -> tuple[list[Equation], list[Equation]]:
    """The printed equations in the paper's order, and the same ones estimated on the reconstructed series."""
    printed, ours = paper.system(names), estimated(paper, names)
    order = NUMBERED[names].items()
    return (
        [_equation(printed, name, f"({number})") for name, number in order],
        [_equation(ours, name, "ours") for name, _ in order],
    )


def equation_nine(paper: Paper) -> list[Equation]:
    """Equation 9, estimated: the paper prints no coefficients of it."""
    return [_equation(estimated(paper, NINE), name, "ours") for name in NINE[1:] + NINE[:1]]


def _equation(system: System, name: str, label: str) -> Equation:
    place = system.names.index(name)
    terms = [(float(system.intercept[place]), "", 0)]
    terms += [
        (float(system.coefficients[lag, place, j]), SPELLED[other], lag + 1)
        for j, other in enumerate(system.names)
        for lag in range(system.lags)
    ]
    return Equation(label, SPELLED[name], tuple(terms))


def compare_equations(paper: Paper, agreement: Agreement) -> dict[tuple[str, str], Compared]:
    """Compare equations 3 and 4 with the estimates: by equation and regressor."""
    printed, model = paper.equations(TWO), estimated(paper, TWO)
    return {
        (name, regressor): agreement.add(
            "Two-variable VAR",
            f"{name}, {regressor}",
            float(model.params[name][regressor]),
            printed[name][printed_name(regressor)],
        )
        for regressor in _regressors(TWO)
        for name in TWO
    }


def _regressors(names: tuple[str, ...]) -> list[str]:
    """The constant, then variable by variable, as the paper writes its equations."""
    return ["const", *(f"L{lag}.{name}" for name in names for lag in (1, 2))]


def equations_beside(paper: Paper, names: tuple[str, ...]) -> Table:
    """Printed coefficients beside those estimated on the reconstructed series, standard errors below.

    Those of equations 3 and 4 are marked: the reconstruction aimed at them.
    """
    printed, model = paper.equations(names), estimated(paper, names)
    compared = compare_equations(paper, Agreement()) if names == TWO else {}
    rows = []
    for regressor in _regressors(names):
        above: list[Cell] = []
        below: list[Cell] = []
        for name in names:
            ours, value = float(model.params[name][regressor]), printed[name][printed_name(regressor)]
            above += pair(compared[name, regressor]) if compared else (number(ours), number(value))
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
            *([LEGEND] if compared else ["The reconstruction did not aim at this model: no agreement is expected."]),
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

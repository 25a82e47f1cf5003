"""What the printed autoregressions imply: roots, peaks of responses, levels at rest. Their coefficients suffice.

An orthogonalised impulse that moves CII by one may move other variables on impact too, by amounts that depend on the
residual covariance. That is not printed, so every amount is tried.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

import panelvar as pv
from panelvar.core.faces.layout import Row, number, words
from panelvar.core.tables.table import Table
from paper.autoregressions import HORIZON, estimated, unit_impulses
from paper.source import HALF, LABELS, THREE, TWO

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from paper.source import Paper

    Array = NDArray[np.float64]
    Limits = tuple[tuple[float, float], ...]


class Signs(NamedTuple):
    """Largest modulus of the two-variable system by the sign of 0.7111, and its limits over the printed rounding."""

    minus: float
    plus: float
    plus_limits: tuple[float, float]


def sign_of_gdp(paper: Paper) -> Signs:
    """Whether the system is stable with each sign."""
    plus = paper.system(TWO, plus=True)
    corners = (
        np.reshape(corner, plus.coefficients.shape) for corner in product((-HALF, HALF), repeat=plus.coefficients.size)
    )
    moduli = [float(pv.System(plus.coefficients + corner, names=TWO).moduli[0]) for corner in corners]
    return Signs(float(paper.system(TWO).moduli[0]), float(plus.moduli[0]), (min(moduli), max(moduli)))


def responses_of(paper: Paper, names: tuple[str, ...], name: str) -> dict[str, Array]:
    """Responses of a variable to one unit of each error, by the variable whose error it is."""
    responses = unit_impulses(paper.system(names))
    return {shock: responses.response(name, shock)["value"].to_numpy() for shock in names}


def peaks_when(*wanted: tuple[Array, tuple[Array, ...], int]) -> Limits | None:
    """Limits of the impacts with which every one of several responses is largest in its year.

    Parameters
    ----------
    *wanted : tuple of response, responses, year
        The response to CII's own error, those to the errors that move with it, and the year; the response is the first
        plus impacts times the others.

    Returns
    -------
    tuple of (lower, upper) for each impact, or None
        None if no impacts will do.
    """
    from scipy.optimize import linprog

    lead = np.concatenate([direct[year] - direct for direct, _, year in wanted])
    slope = np.concatenate([[other[year] - other for other in others] for _, others, year in wanted], axis=1).T
    impacts = slope.shape[1]
    free = [(None, None)] * impacts

    def least(weights: Array) -> float:
        found = linprog(weights, A_ub=-slope, b_ub=lead, bounds=free)
        return float(found.fun) if found.status == 0 else -np.inf

    if linprog(np.zeros(impacts), A_ub=-slope, b_ub=lead, bounds=free).status != 0:
        return None
    return tuple((least(one), -least(-one)) for one in np.eye(impacts))


def possible_peaks(direct: Array, *others: Array) -> dict[int, Limits]:
    """The years in which some impacts make a response largest, with the limits of those impacts."""
    return {year: limits for year in range(len(direct)) if (limits := peaks_when((direct, others, year))) is not None}


class GdpResponse(NamedTuple):
    """The response of GDP to CII: to CII's error alone, and with every impact b on GDP.

    ``negative_years`` are the first and last year of a negative response; ``plain`` and ``accumulated`` the years in
    which some impact puts the peak, with the limits of b.
    """

    values: Array
    negative_years: tuple[int, int]
    plain: dict[int, Limits]
    accumulated: dict[int, Limits]

    @property
    def peak_year(self) -> int:
        return int(self.values.argmax())

    @property
    def trough_year(self) -> int:
        return int(self.values.argmin())

    @property
    def accumulated_peak_year(self) -> int:
        return int(self.values.cumsum().argmax())


def response_of_gdp(paper: Paper) -> GdpResponse:
    """Study the printed two-variable system."""
    direct, own = (responses_of(paper, TWO, "log_gdp")[shock] for shock in TWO)
    negative = np.flatnonzero(direct < 0.0)
    return GdpResponse(
        values=direct,
        negative_years=(int(negative[0]), int(negative[-1])),
        plain=possible_peaks(direct, own),
        accumulated=possible_peaks(direct.cumsum(), own.cumsum()),
    )


class Reconstructed(NamedTuple):
    """Impact b of the reconstructed series on GDP per unit of CII, and where it puts the accumulated peak."""

    impact: float
    accumulated_peak_year: int


def impact_on_the_reconstruction(paper: Paper) -> Reconstructed:
    """What the residual covariance would be on the reconstructed series: theirs, not the paper's."""
    model = estimated(paper, TWO)
    accumulated = model.impulse_responses(HORIZON, shock_size="unit", cumulative=True).response("log_gdp", "log_cii")
    sigma = np.asarray(model.sigma)
    gdp, cii = TWO.index("log_gdp"), TWO.index("log_cii")
    return Reconstructed(float(sigma[gdp, cii] / sigma[cii, cii]), int(accumulated["value"].to_numpy().argmax()))


class ThreeResponses(NamedTuple):
    """Peaks of PCIR's and LGR's responses to CII, the printed three-variable coefficients.

    ``unit`` is the year of the peak when CII's error alone moves; ``figure_order`` the years possible where PCIR stands
    before CII and LGR after, ``cii_first`` where both stand after; ``both`` the impacts on LGR and PCIR with which both
    peak in the year of the text, or None.
    """

    unit: dict[str, int]
    figure_order: dict[str, dict[int, Limits]]
    cii_first: dict[str, dict[int, Limits]]
    both: Limits | None


def responses_of_three(paper: Paper) -> ThreeResponses:
    """Study the printed three-variable system."""
    text = paper.published["text"]["figure_8"]
    responses = {name: responses_of(paper, THREE, name) for name in ("log_pcir", "log_lgr")}
    moved = ("log_lgr", "log_pcir")
    wanted = [
        (shocks["log_cii"], tuple(shocks[name] for name in moved), int(text[f"peak_year_of_{name}"]))
        for name, shocks in ((name.removeprefix("log_"), shocks) for name, shocks in responses.items())
    ]
    return ThreeResponses(
        unit={name: int(shocks["log_cii"].argmax()) for name, shocks in responses.items()},
        figure_order={name: possible_peaks(r["log_cii"], r["log_lgr"]) for name, r in responses.items()},
        cii_first={name: possible_peaks(r["log_cii"], *(r[other] for other in moved)) for name, r in responses.items()},
        both=peaks_when(*wanted),
    )


class Settled(NamedTuple):
    """Where a printed system settles: its table, and the level of each variable by system."""

    table: Table
    levels: dict[tuple[str, ...], dict[str, float]]


def where_it_settles(paper: Paper) -> Settled:
    """Levels at which the printed equations come to rest: exponentials of the unconditional mean."""
    rng = np.random.default_rng(1)
    rows: list[Row] = []
    levels: dict[tuple[str, ...], dict[str, float]] = {}
    for names in (TWO, THREE):
        system = paper.system(names)
        assert system.intercept is not None
        draws = []
        for _ in range(500):
            # A coefficient printed to four decimals may be off by half a unit of the last one.
            lags = system.coefficients + rng.uniform(-HALF, HALF, system.coefficients.shape)
            moved = pv.System(lags, names=names, intercept=system.intercept + rng.uniform(-HALF, HALF, len(names)))
            if moved.is_stable:
                draws.append(np.exp(moved.mean().to_numpy()))
        lower, upper = np.min(draws, axis=0), np.max(draws, axis=0)
        level = np.exp(system.mean().to_numpy())
        levels[names] = dict(zip(names, map(float, level), strict=True))
        for k, name in enumerate(names):
            cells = (words(len(names)), number(level[k], 2), number(lower[k], 2), number(upper[k], 2))
            rows.append(Row(LABELS[name.removeprefix("log_")], cells))
    heads = ("variables", "settles at", "lowest", "highest")
    table = Table(
        title="Levels at which the printed equations come to rest",
        header=(Row("", tuple(words(head) for head in heads)),),
        body=tuple(rows),
        notes=(
            "Exponential of the unconditional mean, in the units of the equations. lowest, highest: over 500 draws of "
            "all coefficients within their printed rounding.",
        ),
    )
    return Settled(table, levels)


def published_facts(paper: Paper) -> dict[str, Any]:
    """The facts that the file of published numbers derives, computed again here."""
    two, three, plus = paper.system(TWO), paper.system(THREE), paper.system(TWO, plus=True)
    response = unit_impulses(two, 9).response("log_gdp", "log_cii")["value"]
    return {
        "var_gdp_cii_companion_moduli": two.moduli.tolist(),
        "var_gdp_cii_companion_moduli_if_plus_0.7111": plus.moduli.tolist(),
        "var_cii_lgr_pcir_companion_moduli": three.moduli.tolist(),
        "gdp_response_to_unit_cii_h0_to_h9": response.tolist(),
    }

"""The stars of Tables 2 and 3: which of them the printed coefficients and standard errors allow."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from panelvar.core.faces.layout import Row, number, probability, words
from panelvar.core.faces.number_format import check_stars, stars_for
from panelvar.core.tables.table import Table
from paper.regressions import ESTIMATORS, TABLES
from paper.source import HALF, LABELS, STARS

if TYPE_CHECKING:
    from paper.source import Paper

# The levels usual in economics: what most of the printed stars fit.
USUAL = (0.1, 0.05, 0.01)


class Starred(NamedTuple):
    """One coefficient of Tables 2 and 3 with its standard error and stars, all as printed."""

    label: str
    coefficient: float
    error: float
    printed: str
    df: int

    def pvalue(self, rounding: float = 0.0, *, normal: bool = False) -> float:
        """Two-sided p-value of the printed numbers, or of others that round to them.

        ``rounding`` is what the coefficient gains in size and its error loses.
        """
        from scipy import stats

        error = self.error - rounding
        if error <= 0.0:
            return 0.0
        t = max(abs(self.coefficient) + rounding, 0.0) / error
        return float(2.0 * (stats.norm.sf(t) if normal else stats.t.sf(t, self.df)))

    def possible(self, levels: tuple[float, ...], *, normal: bool = False) -> set[str]:
        """Stars at these levels of all coefficients and errors that round to the printed ones."""
        stars = check_stars(levels)
        fewest, most = (len(stars_for(self.pvalue(way * HALF, normal=normal), stars)) for way in (-1, 1))
        return {"*" * stars for stars in range(fewest, most + 1)}

    def fits(self, levels: tuple[float, ...], *, normal: bool = False) -> bool:
        """Whether the printed stars are among them."""
        return self.printed in self.possible(levels, normal=normal)


def starred(paper: Paper, rows: int) -> list[Starred]:
    """The 27 coefficients of Tables 2 and 3; ``rows`` gives the degrees of freedom of t."""
    found = []
    for outcome in (LABELS[y] for y in TABLES):
        for key, block in paper.published["panel_tables_2_and_3"][outcome].items():
            # A constant and two slopes, and under fixed effects two dummies.
            df = rows - 3 - 2 * (key == "fixed_effects")
            for name, coefficient in block["coef"].items():
                label = f"{outcome} {ESTIMATORS[key]} {LABELS[name]}"
                found.append(Starred(label, coefficient, block["se"][name], block["stars"][name], df))
    return found


class Stars(NamedTuple):
    """Cells whose stars are not those of the printed legend, and what else they might be.

    ``usual`` and ``usual_normal`` are the labels of all cells that 10, 5 and 1% do not fit, with t and with the normal
    distribution.
    """

    table: Table
    cells: int
    legend: tuple[str, ...]
    usual: tuple[str, ...]
    usual_normal: tuple[str, ...]


def which_stars(paper: Paper, rows: int) -> Stars:
    """Compare the printed stars with the printed numbers, rounding allowed for."""
    cells = starred(paper, rows)
    wrong = [cell for cell in cells if not cell.fits(STARS)]
    df = sorted({cell.df for cell in cells})
    body = []
    for cell in wrong:
        (at_legend,), (at_usual,) = (cell.possible(levels) for levels in (STARS, USUAL))
        t = cell.coefficient / cell.error
        shown = (words(stars or "none") for stars in (cell.printed, at_legend, at_usual))
        body.append(Row(cell.label, (number(t, 2), probability(cell.pvalue()), *shown)))
    heads = ("t", "p-value", "printed", "at 5, 1, 0.1%", "at 10, 5, 1%")
    table = Table(
        title="Stars that the printed legend does not give",
        header=(Row("", tuple(words(head) for head in heads)),),
        body=tuple(body),
        notes=(
            f"t: printed coefficient over printed standard error; p-value from t with {' or '.join(map(str, df))} "
            f"degrees of freedom. No rounding of the two changes a star in these rows.",
        ),
    )
    return Stars(
        table=table,
        cells=len(cells),
        legend=tuple(cell.label for cell in wrong),
        usual=tuple(cell.label for cell in cells if not cell.fits(USUAL)),
        usual_normal=tuple(cell.label for cell in cells if not cell.fits(USUAL, normal=True)),
    )

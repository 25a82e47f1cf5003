"""The five deterministic cases of a cointegrated system, and the levels model each belongs to."""

from __future__ import annotations

from typing import NamedTuple

from panelvar.core.base.errors import SpecificationError
from panelvar.nonstationary.cointegration.vecm_problem import VecmProblem
from panelvar.systems.var.var_result import VarResult


class Case(NamedTuple):
    """A deterministic case.

    Attributes
    ----------
    levels : str
        Trend of the vector autoregression in levels.
    confined : tuple of int
        Which of its terms enters the relations only.
    word : str
        Its name in a relation, or nothing.
    description : str
        The case in words.
    """

    levels: str
    confined: tuple[int, ...]
    word: str
    description: str


CASES = {
    "n": Case("n", (), "", "no deterministic terms (case 1)"),
    "rc": Case("c", (0,), "const", "constant in the relations only (case 2)"),
    "c": Case("c", (), "", "constant (case 3)"),
    "rt": Case("ct", (1,), "trend", "constant, trend in the relations only (case 4)"),
    "ct": Case("ct", (), "", "constant, trend (case 5)"),
}


def problem_at_rank(model: VarResult, case: Case, rank: int) -> VecmProblem:
    """The least-squares problem of a levels model, at a rank.

    Raises
    ------
    SpecificationError
        The model has no lag.
    """
    base = model._problem
    if base.lags == 0:
        raise SpecificationError(
            "A cointegration model needs at least one lag of the levels: lags= must be at least 1, got 0."
        )
    return VecmProblem(
        base.design,
        base.n_deterministic,
        base.lags,
        base.n_vars,
        base.run_starts,
        rank=rank,
        confined=case.confined,
    )

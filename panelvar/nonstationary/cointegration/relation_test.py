"""Likelihood-ratio tests of restrictions on cointegrating relations and on the reactions to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.distributions import chi2_tail
from panelvar.core.base.errors import NumericalError, SpecificationError
from panelvar.core.base.labels import places_of
from panelvar.core.base.quoting import shown
from panelvar.core.base.scaling import equilibrated
from panelvar.core.tables.test_result import TestResult
from panelvar.estimates.coefficients.restrictions import restriction_matrix
from panelvar.estimates.sizes.known_sizes import size_notes
from panelvar.nonstationary.cointegration.reduced_rank import likelihood_terms, relations_beside, restricted_relations

if TYPE_CHECKING:
    import pandas as pd

    from panelvar.nonstationary.cointegration.vecm_problem import VecmProblem


@dataclass(frozen=True, repr=False)
class RelationTest(TestResult):
    """A `TestResult` with the estimates under the restrictions.

    Parameters
    ----------
    eigenvalues : array
        Squared canonical correlations under the restrictions, those of known relations first.
    beta : DataFrame
        Restricted relations, normalised as the model's are if the restrictions allow it, and otherwise to a largest
        coefficient of one.
    alpha : DataFrame
        Reactions that belong to them.

    See Also
    --------
    VecmResult.restriction_test : makes it.

    Examples
    --------
    >>> import panelvar as pv
    >>> money = pv.load_data("danish_money")[["lrm", "lry", "ibo", "ide"]]
    >>> model = pv.fit_vecm(money, rank=1, lags=2, trend="rc", seasons=4)
    >>> test = model.restriction_test(beta="lrm + lry = 0, ibo + ide = 0")
    >>> test.in_a_line()
    'chi2(2) = 0.9288, p = 0.6285'
    >>> test.beta.iloc[:, 0].round(2).tolist()
    [1.0, -1.0, 5.88, -5.88, -6.21]
    """

    eigenvalues: Array = field(default_factory=lambda: np.zeros(0))
    beta: pd.DataFrame = None  # type: ignore[assignment]
    alpha: pd.DataFrame = None  # type: ignore[assignment]


def relation_test(
    problem: VecmProblem,
    names: tuple[str, ...],
    relation_names: tuple[str, ...],
    normalised_on: Sequence[int] | None,
    beta: Any,
    alpha: Any,
    known: Any,
) -> RelationTest:
    """Test restrictions; see `VecmResult.restriction_test`."""
    import pandas as pd

    if beta is None and alpha is None and known is None:
        raise SpecificationError("Nothing is restricted: give beta=, alpha= or known=.")
    if known is not None and (beta is not None or alpha is not None):
        raise SpecificationError("Give known= alone: a test of known relations takes no further restrictions.")
    rank = problem.rank
    if rank == 0:
        raise SpecificationError("A model of rank 0 has no relations to restrict.")
    if rank == problem.n_vars and known is None and beta is None:
        raise SpecificationError(
            "At full rank the levels are stationary, and every equation reacts to all of them. Test restrictions of "
            "fit_var on the levels instead."
        )
    # Levels and differences in units of their own sizes: relations mix them.
    sizes = np.linalg.norm(problem.blocks[0], axis=0)
    moves = np.hypot(np.linalg.norm(problem.blocks[1], axis=0), np.linalg.norm(problem.blocks[2], axis=0))
    triangle, right, corner = problem.blocks[0] / sizes, problem.blocks[1] / moves, problem.blocks[2] / moves
    free = likelihood_terms(problem.canonical.eigenvalues[:rank]).sum()
    if not np.isfinite(free):
        raise NumericalError("A relation fits exactly, so the likelihood and the likelihood ratio do not exist.")
    words = []
    if known is not None:
        given = _relations_given(known, relation_names)
        count = given.shape[1]
        if count > rank:
            raise SpecificationError(f"{count} known relations; the rank is {rank}.")
        first, found = relations_beside(triangle, right, corner, given * sizes[:, None])
        values = np.concatenate([first[:count], found.eigenvalues[: rank - count]])
        vectors = np.concatenate([given, found.beta[:, : rank - count] / sizes[:, None]], axis=1)
        reactions = problem.conditional(vectors)[0][problem.n_short :].T
        df = count * (problem.n_levels - rank)
        words.append(" and ".join(_spell(column, relation_names) for column in given.T) + " stationary")
    else:
        spans, df = [], 0
        for option, restrictions, labels, units in (
            ("beta", beta, relation_names, 1.0 / sizes),
            ("alpha", alpha, names, moves),
        ):
            if restrictions is None:
                spans.append(np.eye(len(labels)))
                continue
            span, lost, text = _span(option, restrictions, labels, rank, units)
            spans.append(span)
            df += rank * lost
            words.append(f"{option}: {text}")
        found = restricted_relations(triangle, right, corner, *spans)
        values, vectors, reactions = found.eigenvalues[:rank], found.beta[:, :rank], found.alpha[:, :rank]
        vectors, reactions = _normalise(vectors, reactions, normalised_on, sizes, moves)
    value = float(problem.nobs * (free - likelihood_terms(values).sum()))
    columns = [f"ec{place + 1}" for place in range(rank)]
    return RelationTest(
        "Likelihood ratio",
        value,
        chi2_tail(value, df),
        "chi2",
        df,
        None,
        "; ".join(words),
        size_notes("relations", problem.nobs),
        eigenvalues=values,
        beta=pd.DataFrame(vectors, index=list(relation_names), columns=columns),
        alpha=pd.DataFrame(reactions, index=list(names), columns=columns),
    )


def _span(option: str, restrictions: Any, labels: tuple[str, ...], rank: int, units: Array) -> tuple[Array, int, str]:
    """Directions left free by restrictions, how many are lost, and the restrictions in words.

    The directions are those of coefficients divided by ``units``.
    """
    if isinstance(restrictions, Mapping) and not hasattr(restrictions, "iloc"):
        raise SpecificationError(f"{option}= takes equations such as 'x = 0' or 'x + y = 0', or a matrix of them.")
    matrix, target, text = restriction_matrix(restrictions, None, labels)
    if target.any():
        raise SpecificationError(
            f"{option}: restrictions must be homogeneous ('x + y = 0'), because a relation may be multiplied by any "
            "number."
        )
    lost = len(matrix)
    if len(labels) - lost < rank:
        raise SpecificationError(
            f"{lost} restrictions on {option} are too many: they leave fewer directions than the rank, {rank}."
        )
    scaled = matrix * units
    _, _, rows = np.linalg.svd(scaled / np.linalg.norm(scaled, axis=1, keepdims=True))
    return rows[lost:].T, lost, "R b = 0" if text == "R b = q" else text


def _relations_given(known: Any, labels: tuple[str, ...]) -> Array:
    """Known relations as columns (q, k)."""
    listed = [known] if isinstance(known, Mapping) and not hasattr(known, "iloc") else known
    if isinstance(listed, (list, tuple)) and listed and all(isinstance(each, Mapping) for each in listed):
        columns = np.zeros((len(labels), len(listed)))
        for place, each in enumerate(listed):
            for name, value in each.items():
                if name not in labels:
                    raise SpecificationError(
                        f"{shown(name)} is not a variable of the relations. Their variables are {list(labels)}."
                    )
                columns[labels.index(name), place] = float(value)
    else:
        if hasattr(known, "iloc"):
            known = known.iloc[places_of("known has rows", known.index, labels)]
        columns = np.asarray(known, dtype=np.float64)
        columns = columns[:, None] if columns.ndim == 1 else columns
        if columns.ndim != 2 or len(columns) != len(labels):
            raise SpecificationError(
                f"known has shape {columns.shape}; expected a mapping such as {{{labels[0]!r}: 1.0}}, a list of them, "
                f"or an array of {len(labels)} rows: {', '.join(labels)}."
            )
    if not np.isfinite(columns).all() or np.linalg.matrix_rank(equilibrated(columns)) < columns.shape[1]:
        raise SpecificationError("The known relations must be finite, not zero, and not combinations of one another.")
    return columns


def _normalise(
    scaled: Array, reactions: Array, on: Sequence[int] | None, sizes: Array, moves: Array
) -> tuple[Array, Array]:
    """Ones where the model has them if that is possible; else the largest coefficient of each relation one.

    What is possible, and which is largest, is a matter of the relations in units of the levels' sizes; what is returned
    is in the units of the data.
    """
    beta, alpha = scaled / sizes[:, None], reactions * moves[:, None]
    if on is not None:
        square, rows = scaled[list(on)], sizes[list(on)]
        if np.linalg.cond(square / np.linalg.norm(scaled, axis=0)) < 1e8:
            own = np.linalg.solve(square.T, scaled.T).T * rows / sizes[:, None]
            return np.asarray(own, dtype=np.float64), alpha @ (square / rows[:, None]).T
    largest = beta[np.abs(scaled).argmax(axis=0), np.arange(beta.shape[1])]
    return beta / largest, alpha * largest


def _spell(column: Array, labels: tuple[str, ...]) -> str:
    """A relation as one would write it."""
    text = ""
    for value, label in zip(column, labels, strict=True):
        if value == 0.0:
            continue
        sign = ("- " if value < 0 else "+ ") if text else ("-" if value < 0 else "")
        factor = "" if abs(value) == 1.0 else f"{abs(value):g} "
        text += f"{' ' if text else ''}{sign}{factor}{label}"
    return text

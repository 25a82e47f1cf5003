"""Likelihood-ratio tests of restrictions on cointegrating relations and on the reactions to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from panelvar.base.arrays import Array
from panelvar.base.distributions import chi2_tail
from panelvar.base.errors import SpecificationError
from panelvar.base.labels import places_of
from panelvar.cointegration.reduced_rank import likelihood_terms, relations_beside, restricted_relations
from panelvar.static_panels.restrictions import restriction_matrix
from panelvar.tables.test_result import TestResult

if TYPE_CHECKING:
    import pandas as pd

    from panelvar.cointegration.vecm_problem import VecmProblem


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
        raise SpecificationError("known= is tested by itself: restrictions beside known relations are not offered.")
    rank = problem.rank
    if rank == 0:
        raise SpecificationError("A model of rank 0 has no relations to restrict.")
    if rank == problem.n_vars and known is None and beta is None:
        raise SpecificationError("At full rank the levels are stationary, and every equation reacts to all of them.")
    triangle, right, corner = problem.blocks
    free = likelihood_terms(problem.canonical.eigenvalues[:rank]).sum()
    words = []
    if known is not None:
        given = _relations_given(known, relation_names)
        count = given.shape[1]
        if count > rank:
            raise SpecificationError(f"{count} known relations; the rank is {rank}.")
        first, found = relations_beside(triangle, right, corner, given)
        values = np.concatenate([first[:count], found.eigenvalues[: rank - count]])
        vectors = np.concatenate([given, found.beta[:, : rank - count]], axis=1)
        reactions = problem.conditional(vectors)[0][problem.n_short :].T
        df = count * (problem.n_levels - rank)
        words.append(" and ".join(_spelled(column, relation_names) for column in given.T) + " stationary")
    else:
        spans, df = [], 0
        for option, restrictions, labels in (("beta", beta, relation_names), ("alpha", alpha, names)):
            if restrictions is None:
                spans.append(np.eye(len(labels)))
                continue
            span, lost, text = _span(option, restrictions, labels, rank)
            spans.append(span)
            df += rank * lost
            words.append(f"{option}: {text}")
        found = restricted_relations(triangle, right, corner, *spans)
        values, vectors, reactions = found.eigenvalues[:rank], found.beta[:, :rank], found.alpha[:, :rank]
        vectors, reactions = _normalised(vectors, reactions, normalised_on)
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
        eigenvalues=values,
        beta=pd.DataFrame(vectors, index=list(relation_names), columns=columns),
        alpha=pd.DataFrame(reactions, index=list(names), columns=columns),
    )


def _span(option: str, restrictions: Any, labels: tuple[str, ...], rank: int) -> tuple[Array, int, str]:
    """Directions left free by restrictions, how many are lost, and the restrictions in words."""
    if isinstance(restrictions, Mapping) and not hasattr(restrictions, "iloc"):
        raise SpecificationError(f"{option}= takes equations such as 'x = 0' or 'x + y = 0', or a matrix of them.")
    matrix, target, text = restriction_matrix(restrictions, None, labels)
    if target.any():
        raise SpecificationError(
            f"{option}: restrictions must be homogeneous ('x + y = 0'), as a relation may be multiplied by anything."
        )
    lost = len(matrix)
    if len(labels) - lost < rank:
        raise SpecificationError(f"{lost} restrictions on {option} leave fewer directions than the rank, {rank}.")
    _, _, rows = np.linalg.svd(matrix)
    return rows[lost:].T, lost, "R b = 0" if text == "R b = q" else text


def _relations_given(known: Any, labels: tuple[str, ...]) -> Array:
    """Known relations as columns (q, k)."""
    listed = [known] if isinstance(known, Mapping) and not hasattr(known, "iloc") else known
    if isinstance(listed, (list, tuple)) and listed and all(isinstance(each, Mapping) for each in listed):
        columns = np.zeros((len(labels), len(listed)))
        for place, each in enumerate(listed):
            for name, value in each.items():
                if name not in labels:
                    raise SpecificationError(f"{name!r} is not a variable of the relations; they are {list(labels)}.")
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
    if not np.isfinite(columns).all() or np.linalg.matrix_rank(columns) < columns.shape[1]:
        raise SpecificationError("The known relations must be finite, not zero, and not combinations of one another.")
    return columns


def _normalised(beta: Array, alpha: Array, on: Sequence[int] | None) -> tuple[Array, Array]:
    """Ones where the model has them if that is possible; else the largest coefficient of each relation one."""
    square = None if on is None else beta[list(on)]
    if square is not None:
        size = np.linalg.norm(beta, axis=0)
        if np.linalg.cond(square / size) < 1e8:
            return np.asarray(np.linalg.solve(square.T, beta.T).T, dtype=np.float64), alpha @ square.T
    largest = beta[np.abs(beta).argmax(axis=0), np.arange(beta.shape[1])]
    return beta / largest, alpha * largest


def _spelled(column: Array, labels: tuple[str, ...]) -> str:
    """A relation as one would write it."""
    text = ""
    for value, label in zip(column, labels, strict=True):
        if value == 0.0:
            continue
        sign = ("- " if value < 0 else "+ ") if text else ("-" if value < 0 else "")
        factor = "" if abs(value) == 1.0 else f"{abs(value):g} "
        text += f"{' ' if text else ''}{sign}{factor}{label}"
    return text

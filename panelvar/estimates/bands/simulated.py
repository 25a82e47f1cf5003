"""Sources that deliver draws: how many, from which seed, and the rule that reads them."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import ClassVar

import numpy as np

from panelvar.core.base.arguments import read_generator, read_levels, read_seed, read_whole, refuse_cells, say_draws
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import Note, NumericalError, SpecificationError, choose
from panelvar.core.base.limits import MOST_DRAWS
from panelvar.estimates.bands.drawable import Draws
from panelvar.estimates.bands.limits import INTERVALS, JOINTS, SCOPES, limits
from panelvar.estimates.bands.target import Band, Target, nested
from panelvar.kernels.dynamics.reduced_form import ReducedForm

MANY_UNSOLVED = 0.05
"""Share of draws without a solution from which a band is warned of."""
_PATIENCE = 2.0
"""Seconds before a progress bar appears."""
_GRADIENT_BYTES = 2_000_000
"""Memory of the derivatives of the draws differentiated at once."""
_BLOCK_BYTES = 16_000_000
"""Memory of the derivatives at the estimates that are formed at once."""


@dataclass(frozen=True)
class Simulated(ABC):
    """Sources that deliver draws.

    Attributes
    ----------
    intervals : tuple of str
        Rules that make sense for the source's draws.
    """

    draws: int = 1000
    seed: int | np.random.Generator = 0
    interval: str = "percentile"
    joint: str | None = None
    over: str = "path"

    intervals: ClassVar[tuple[str, ...]] = INTERVALS

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        read_whole("draws", self.draws, 2, MOST_DRAWS)
        read_seed(self.seed)
        choose("interval", self.interval, INTERVALS)
        if self.interval not in self.intervals:
            raise SpecificationError(
                f"interval={self.interval!r} has no meaning for {type(self).__name__}: it is for draws around the "
                f"estimate. Use {' or '.join(map(repr, self.intervals))}."
            )
        check_joint(self.joint, self.over)

    @property
    @abstractmethod
    def kind(self) -> str:
        """How the draws are made, in words."""

    @property
    def label(self) -> str:
        """One line for the foot of a table or figure."""
        return self._labelled(self.kind)

    def _labelled(self, kind: str) -> str:
        return f"{kind}, {say_draws(self.draws, self.seed)}, {described_limits(self.interval, self.joint, self.over)}"

    def kind_for(self, target: Target) -> str:
        """How the draws of a model are made, in words."""
        del target
        return self.kind

    @abstractmethod
    def chunks(self, target: Target, rng: np.random.Generator) -> Iterator[Draws]:
        """Yield the draws chunk by chunk."""

    def notes(self, target: Target) -> tuple[Note, ...]:
        """What a reader of the band should know."""
        del target
        return ()

    def band(self, target: Target, level: float | Sequence[float]) -> Band:
        """Evaluate the statistic on every draw and apply the rule.

        Raises
        ------
        SpecificationError
            You ask for studentised intervals, and the statistic has no delta-method formula.
        NumericalError
            Draws are not finite, because the system is explosive.
        """
        levels = read_levels(level)
        refuse_cells(f"draws={self.draws}", self.draws, *target.estimate.shape)
        studentised = self.interval == "studentised"
        if target.set_valued and self.interval != "percentile":
            raise SpecificationError(
                f"interval={self.interval!r} is for draws around one estimate, but these draws come from many "
                "models. Use interval='percentile'."
            )
        if studentised and target.gradients is None:
            raise SpecificationError(
                "Studentised intervals need a standard error in every draw, but this statistic has no formula for "
                "one. Use interval='percentile' or 'hall'."
            )
        values, errors, unsolved = [], [], 0
        for chunk in _with_progress(self.chunks(target, read_generator("seed", self.seed)), self.draws):
            values.append(target.statistic(chunk))
            unsolved += chunk.unsolved
            if studentised and chunk.spread is not None:
                errors.append(drawn_errors(target, chunk.form, chunk.spread))
        draws = np.concatenate(values)
        if target.set_valued:
            draws = draws[~np.isnan(draws.reshape(draws.shape[0], -1)).any(axis=1)]
            if len(draws) < 2:
                raise NumericalError(
                    "No draw of the reduced form has a model with the signs you asked for. Raise tries=, or "
                    "loosen a sign."
                )
        broken = int(np.count_nonzero(~np.isfinite(draws.reshape(draws.shape[0], -1)).all(axis=1)))
        if broken:
            raise NumericalError(
                f"In {broken} of {draws.shape[0]} draws the responses are not finite, because the system is explosive. "
                "Shorten the horizon, or model the data in differences."
            )
        pair = (own_errors(target), np.concatenate(errors)) if studentised else None
        found = nested(
            levels, lambda each: limits(target.estimate, draws, each, self.interval, self.joint, self.over, pair)
        )
        with np.errstate(over="ignore", invalid="ignore"):
            spread = draws.std(axis=0, ddof=1)
        # The spread of models is no sampling error.
        errors_shown = None if target.set_valued else finite_errors(spread)
        notes = (*self._doubts(levels[0], unsolved), *self.notes(target))
        return Band(found, self._labelled(self.kind_for(target)), errors_shown, draws, notes)

    def _doubts(self, level: float, unsolved: int = 0) -> tuple[Note, ...]:
        notes = []
        if self.draws * (1.0 - level) < 10.0:
            text = (
                f"A {level:.0%} band from {self.draws} draws rests on only {self.draws * (1.0 - level) / 2.0:.1f} "
                "draws in each tail. Ask for more draws."
            )
            notes.append(Note("few-draws", text, warn=True))
        if unsolved:
            text = (
                f"In {unsolved} of {self.draws} draws the estimator's equations have no solution: it would refuse such "
                "data. The band takes what is nearest to a solution in their place."
            )
            many = unsolved > MANY_UNSOLVED * self.draws
            advice = " So many mean that these data have one by luck. Use another method, such as method='gmm'."
            notes.append(Note("unsolved-draws", text + advice * many, warn=many))
        return tuple(notes)


def chunked(draws: int, size: int) -> Iterator[int]:
    """How many draws are made in each chunk."""
    for first in range(0, draws, size):
        yield min(size, draws - first)


def check_joint(joint: str | None, over: str) -> None:
    """Refuse unknown ways to cover cells at once."""
    if joint is not None:
        choose("joint", joint, JOINTS)
    choose("over", over, SCOPES)


def described_limits(interval: str, joint: str | None, over: str) -> str:
    """The rule in words."""
    if joint is None:
        return f"{interval} limits"
    scope = "of each path" if over == "path" else "of all paths at once"
    return f"{'sup-t' if joint == 'sup-t' else 'Bonferroni'} {interval} limits {scope}"


def own_errors(target: Target) -> Array:
    """Delta-method standard errors of the statistic at the estimates; of many cells some directions at a time."""
    assert target.gradients is not None
    form = target.model.estimate
    moves = target.model.directions(form)
    size = max(1, _BLOCK_BYTES // (8 * target.estimate.size))
    if len(moves) <= size:
        return delta_errors(target.gradients(form, moves))
    squares = np.zeros(target.estimate.shape)
    for first in range(0, len(moves), size):
        slopes = target.gradients(form, moves[first : first + size], slice(0))
        squares += np.einsum("d...,d...->...", slopes, slopes)
    first = 0
    while len(slopes := target.gradients(form, moves[:0], slice(first, first + size))):
        squares += np.einsum("d...,d...->...", slopes, slopes)
        first += size
    return finite_errors(np.sqrt(squares))


def delta_errors(slopes: Array) -> Array:
    """Standard errors of a statistic with these derivatives (D, ...), or say that they overflow."""
    return finite_errors(np.sqrt(np.einsum("d...,d...->...", slopes, slopes)))


def drawn_errors(target: Target, form: ReducedForm, spread: Array) -> Array:
    """Delta-method standard errors of the statistic in every draw."""
    if target.draw_errors is not None:
        return target.draw_errors(form, spread)
    return errors_by_gradients(target, form, spread)


def errors_by_gradients(target: Target, form: ReducedForm, spread: Array | None) -> Array:
    """The same from the derivatives in every draw; without a spread, with the covariance of the estimates."""
    assert target.gradients is not None
    errors = np.empty((len(form.factor), *target.estimate.shape))
    directions = target.model.n_free + form.factor.shape[-1] ** 2
    size = max(1, _GRADIENT_BYTES // (8 * directions * target.estimate.size))
    for first in range(0, len(errors), size):
        part = slice(first, first + size)
        own = ReducedForm(
            form.coefficients[part], form.factor[part], None if form.beside is None else form.beside[part]
        )
        slopes = target.gradients(own, target.model.directions(own, None if spread is None else spread[part]))
        errors[part] = np.sqrt(np.einsum("bd...,bd...->b...", slopes, slopes))
    return errors


def estimated_gradients(target: Target) -> Array:
    """Derivatives of the statistic at the estimates, along directions that add up to their covariance."""
    assert target.gradients is not None
    form = target.model.estimate
    return target.gradients(form, target.model.directions(form))


def finite_errors(errors: Array) -> Array:
    """Return standard errors, or say that they overflow."""
    if not np.isfinite(errors).all():
        raise NumericalError(
            "The variances of the responses overflow, because the system is explosive. Shorten the horizon."
        )
    return errors


def _with_progress(chunks: Iterator[Draws], total: int) -> Iterator[Draws]:
    """Show a progress bar over draws, if they take long, someone is watching, and tqdm is installed."""
    # A process that has only imported ipykernel is no notebook.
    kernel = sys.modules.get("ipykernel.kernelapp")
    notebook = kernel is not None and kernel.IPKernelApp.initialized()
    if not notebook and not getattr(sys.stderr, "isatty", lambda: False)():
        yield from chunks
        return
    try:
        # Without widgets tqdm's own choice of a bar warns, in red; so does whatever a notebook writes to stderr.
        if notebook and find_spec("ipywidgets") is not None:
            from tqdm.notebook import tqdm
        else:
            from tqdm import tqdm
    except ImportError:
        yield from chunks
        return
    where = sys.stdout if notebook else sys.stderr
    with tqdm(total=total, desc="draws", delay=_PATIENCE, leave=False, file=where) as bar:
        for chunk in chunks:
            yield chunk
            bar.update(len(chunk.form.coefficients))
